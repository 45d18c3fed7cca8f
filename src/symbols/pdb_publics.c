/* SPDX-License-Identifier: MIT */
/*
 * Public symbols: the linker's own list of names, decorated, in which every PDB agrees, stripped
 * ones too. The address map, which is sorted by place, is searched where it lies; the hash table
 * for names is not needed. Format: LLVM's docs/PDB/PublicStream.rst, GlobalsStream.cpp.
 */
#include "symbols/pdb_private.h"

#include "base/bisect.h"

#include <string.h>

enum {
    NO_STREAM = 0xffff,
    PUBLICS_HEADER = 28,
    S_PUB32 = 0x110e,

    /* Offsets behind the kind. */
    PUBLIC_FLAGS = 0,
    PUBLIC_OFFSET = 4,
    PUBLIC_SECTION = 8,
    PUBLIC_NAME = 10,

    PUBLIC_IS_CODE = 1,
    PUBLIC_IS_FUNCTION = 2
};

static void open_publics(struct avd_pdb *pdb)
{
    struct avd_pdb_range *map = &pdb->address_map;
    uint8_t buffer[PUBLICS_HEADER];
    struct avd_view head;
    uint64_t left;

    pdb->publics_opened = true;
    if (pdb->publics_stream == NO_STREAM ||
        !avd_msf_stream(&pdb->msf, pdb->publics_stream, &map->stream))
        return;
    if (!avd_msf_view(&map->stream, 0, sizeof buffer, buffer, &head)) {
        avd_pdb_damaged(pdb,
                        "public symbols in stream %u: expected %d bytes, found %u; they are "
                        "not read",
                        (unsigned)pdb->publics_stream, PUBLICS_HEADER, (unsigned)map->stream.size);
        return;
    }
    if (avd_view_u32(head, 8) != 0) {
        pdb->thunk_table.section = avd_view_u16(head, 16);
        pdb->thunk_table.offset = avd_view_u32(head, 20);
    }
    map->offset = PUBLICS_HEADER + (uint64_t)avd_view_u32(head, 0);
    map->size = avd_view_u32(head, 4);
    left = map->stream.size > map->offset ? map->stream.size - map->offset : 0;
    if (map->size > left) {
        avd_pdb_damaged(pdb,
                        "public symbols at 0x%llx: the address map needs %u bytes, the stream "
                        "has %llu left; the last ones are not known",
                        (unsigned long long)head.offset, (unsigned)map->size,
                        (unsigned long long)left);
        map->size = (uint32_t)left;
    }
}

bool avd_pdb_thunk_table(struct avd_pdb *pdb, struct avd_pdb_place *start)
{
    if (!pdb->publics_opened)
        open_publics(pdb);
    *start = pdb->thunk_table;
    return start->section != 0;
}

/* Number `index` in the order of places. A damaged entry sorts before all others. */
static bool public_at(struct avd_pdb *pdb, size_t index, struct avd_pdb_place *place,
                      struct avd_pdb_record *record)
{
    uint32_t offset =
        avd_msf_u32(&pdb->address_map.stream, pdb->address_map.offset + (uint64_t)index * 4);

    place->section = 0;
    place->offset = 0;
    if (!avd_pdb_record_read(pdb, &pdb->symbol_records, offset, pdb->symbol_records.size, record) ||
        record->kind != S_PUB32) {
        avd_pdb_damaged(pdb,
                        "public symbols: entry %u of the address map refers to offset 0x%x, "
                        "where no public symbol is",
                        (unsigned)index, (unsigned)offset);
        return false;
    }
    place->offset = avd_view_u32(record->data, PUBLIC_OFFSET);
    place->section = avd_view_u16(record->data, PUBLIC_SECTION);
    return true;
}

/* The index of the first public symbol at or behind `place`, in the order of places. */
static size_t first_public(struct avd_pdb *pdb, struct avd_pdb_place place)
{
    struct avd_pdb_record record;
    struct avd_pdb_place other;
    struct avd_bisect b;

    if (!pdb->publics_opened)
        open_publics(pdb);
    b = avd_bisect_start(pdb->symbol_records.msf != NULL ? pdb->address_map.size / 4 : 0);
    while (avd_bisect_next(&b)) {
        (void)public_at(pdb, b.middle, &other, &record);
        avd_bisect_answer(&b, avd_pdb_place_compare(other, place) < 0);
    }
    return b.low;
}

enum avd_status avd_pdb_public_get(struct avd_pdb *pdb, size_t index, struct avd_pdb_place *start,
                                   const char **name)
{
    struct avd_pdb_record record;
    struct avd_view text;

    *name = NULL;
    if (!pdb->publics_opened)
        open_publics(pdb);
    if (pdb->symbol_records.msf == NULL || index >= pdb->address_map.size / 4)
        return AVD_NOT_FOUND;
    if (!public_at(pdb, index, start, &record) ||
        !avd_view_clip(record.data, PUBLIC_NAME, record.data.size, &text) || text.data[0] == 0)
        return AVD_OK;
    *name = avd_pdb_text(pdb, text);
    return *name != NULL ? AVD_OK : AVD_E_NOMEM;
}

enum avd_status avd_pdb_public_find(struct avd_pdb *pdb, struct avd_pdb_place place,
                                    struct avd_pdb_place *start, const char **name)
{
    const uint32_t code = PUBLIC_IS_CODE | PUBLIC_IS_FUNCTION;
    struct avd_pdb_place behind = place;
    struct avd_pdb_record record;
    struct avd_pdb_place other;
    size_t best;
    size_t low;
    size_t i;

    *name = NULL;
    behind.offset++;
    if (behind.offset == 0)
        return AVD_NOT_FOUND;
    low = first_public(pdb, behind);
    if (low == 0 || !public_at(pdb, low - 1, start, &record) || start->section != place.section)
        return AVD_NOT_FOUND;
    /* Of several names of one place the last that is marked as code. */
    best = low - 1;
    for (i = low; i > 0 && low - i < AVD_MAX_PDB_LOOK_BACK; i--) {
        if (!public_at(pdb, i - 1, &other, &record) || avd_pdb_place_compare(other, *start) != 0)
            break;
        if ((avd_view_u32(record.data, PUBLIC_FLAGS) & code) != 0) {
            best = i - 1;
            break;
        }
    }
    return avd_pdb_public_get(pdb, best, &other, name) == AVD_E_NOMEM ? AVD_E_NOMEM
           : *name != NULL                                            ? AVD_OK
                                                                      : AVD_NOT_FOUND;
}

size_t avd_pdb_seek(struct avd_pdb *pdb, uint64_t rva)
{
    struct avd_pdb_place place;
    uint32_t original;

    if (!avd_pdb_rva_to_source(pdb, rva, &original) || !avd_pdb_place_of(pdb, original, &place))
        return SIZE_MAX;
    return first_public(pdb, place);
}

enum avd_status avd_pdb_item(struct avd_pdb *pdb, size_t index, struct avd_symbol *out)
{
    struct avd_pdb_place place;
    enum avd_status status;

    memset(out, 0, sizeof *out);
    pdb->out_of_memory = false;
    status = avd_pdb_public_get(pdb, index, &place, &out->function);
    if (pdb->out_of_memory)
        status = AVD_E_NOMEM;
    if (out->function != NULL && !avd_pdb_place_to_rva(pdb, place, &out->function_rva))
        out->function = NULL; /* nothing of it is in the image */
    return status;
}
