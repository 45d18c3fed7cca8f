/* SPDX-License-Identifier: MIT */
/*
 * The PDB info stream (1): GUID, named streams, features; and the string table "/names", which
 * holds the names of source files and the programs of frame data.
 * Format: LLVM's docs/PDB/PdbStream.rst and HashTable.rst.
 */
#include "symbols/pdb_private.h"

#include <string.h>

enum {
    INFO_STREAM = 1,
    INFO_SIZE = 28,            /* version, signature, age, GUID */
    VERSION_VC70 = 20000404,   /* older ones have no GUID */
    FEATURE_VC110 = 20091201,  /* nothing follows it */
    FEATURE_MINI = 0x494e494d, /* "MINI": /DEBUG:FASTLINK */
    NAMES_HEADER = 12          /* signature, version, bytes of text */
};

static const uint32_t names_signature = 0xeffeeffe;

/*
 * Walks the map of named streams, a serialised hash table, without hashing. *end is where it ends.
 */
static bool read_named_streams(struct avd_pdb *pdb, const struct avd_msf_stream *stream,
                               uint64_t *end)
{
    static const char wanted[] = "/names";
    uint64_t text = INFO_SIZE + 4;
    uint32_t text_size = avd_msf_u32(stream, INFO_SIZE);
    uint64_t at = text + text_size;
    uint32_t count = avd_msf_u32(stream, at);
    uint32_t i;

    at += 8;                /* count, capacity */
    for (i = 0; i < 2; i++) /* bit vectors: present, deleted */
        at += 4 + (uint64_t)avd_msf_u32(stream, at) * 4;
    if (at > stream->size || count > (stream->size - at) / 8)
        return false;
    for (i = 0; i < count; i++, at += 8) {
        uint32_t offset = avd_msf_u32(stream, at);
        uint8_t buffer[sizeof wanted];
        struct avd_view name;

        if (text_size < sizeof wanted || offset > text_size - sizeof wanted ||
            !avd_msf_view(stream, text + offset, sizeof wanted, buffer, &name) ||
            memcmp(name.data, wanted, sizeof wanted) != 0)
            continue;
        pdb->info.names_stream = avd_msf_u32(stream, at + 4);
        pdb->info.has_names = true;
    }
    *end = at;
    return true;
}

/* Whether one of the feature words from `at` on says that this PDB only points at object files. */
static bool is_fastlink(const struct avd_msf_stream *stream, uint64_t at)
{
    for (; at + 4 <= stream->size; at += 4) {
        uint32_t feature = avd_msf_u32(stream, at);

        if (feature == FEATURE_VC110)
            return false;
        if (feature == FEATURE_MINI)
            return true;
    }
    return false;
}

enum avd_status avd_pdb_info_open(struct avd_pdb *pdb, struct avd_error *err)
{
    uint8_t buffer[INFO_SIZE];
    struct avd_msf_stream stream;
    struct avd_view head;
    uint32_t version;
    uint64_t end;

    if (!avd_msf_stream(&pdb->msf, INFO_STREAM, &stream) ||
        !avd_msf_view(&stream, 0, sizeof buffer, buffer, &head))
        return avd_error_set(err, AVD_E_FORMAT, avd_msf_offset(&stream, 0), "info stream",
                             "expected %d bytes, found %u or pages outside the file; the PDB has "
                             "no identity",
                             INFO_SIZE, (unsigned)stream.size);
    version = avd_view_u32(head, 0);
    if (version < VERSION_VC70)
        return avd_error_set(err, AVD_E_UNSUPPORTED, head.offset, "info stream",
                             "version %u has no GUID, expected %d or newer; not supported",
                             (unsigned)version, VERSION_VC70);
    pdb->identity.signature = avd_view_u32(head, 4);
    pdb->identity.age = avd_view_u32(head, 8); /* until the DBI stream says its own */
    memcpy(pdb->identity.guid, head.data + 12, sizeof pdb->identity.guid);
    if (!read_named_streams(pdb, &stream, &end)) {
        avd_pdb_damaged(pdb,
                        "info stream at 0x%llx: the map of named streams does not fit in %u "
                        "bytes; source files have no names",
                        (unsigned long long)head.offset, (unsigned)stream.size);
        return AVD_OK;
    }
    if (is_fastlink(&stream, end))
        return avd_error_set(err, AVD_E_UNSUPPORTED, head.offset, "info stream",
                             "linked with /DEBUG:FASTLINK: symbols and lines are in the object "
                             "files; make a full PDB with mspdbcmf, or link with /DEBUG:FULL");
    return AVD_OK;
}

static void open_names(struct avd_pdb *pdb)
{
    struct avd_pdb_info *info = &pdb->info;

    info->names_opened = true;
    if (!info->has_names)
        return;
    if (!avd_msf_stream(&pdb->msf, info->names_stream, &info->names) ||
        info->names.size < NAMES_HEADER || avd_msf_u32(&info->names, 0) != names_signature) {
        avd_pdb_damaged(pdb,
                        "string table in stream %u: its signature is missing; source files "
                        "have no names",
                        (unsigned)info->names_stream);
        return;
    }
    info->names_size = avd_msf_u32(&info->names, 8);
    if (info->names_size > info->names.size - NAMES_HEADER) {
        avd_pdb_damaged(pdb, "string table at 0x%llx: expected %u bytes of text, found %u",
                        (unsigned long long)avd_msf_offset(&info->names, 0),
                        (unsigned)info->names_size, (unsigned)(info->names.size - NAMES_HEADER));
        info->names_size = info->names.size - NAMES_HEADER;
    }
}

const char *avd_pdb_name_at(struct avd_pdb *pdb, uint32_t offset)
{
    if (!pdb->info.names_opened)
        open_names(pdb);
    if (offset == 0 || offset >= pdb->info.names_size)
        return NULL;
    return avd_pdb_stream_text(pdb, &pdb->info.names, NAMES_HEADER + (uint64_t)offset,
                               NAMES_HEADER + (uint64_t)pdb->info.names_size);
}
