/* SPDX-License-Identifier: MIT */
/*
 * Opening a minidump: map or decompress, recognise what was given by mistake, read the header and
 * then every stream. MINIDUMP_HEADER of minidumpapiset.h.
 */
#include "base/limits.h"
#include "base/memory.h"
#include "base/unpack.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t default_max_unpacked = UINT64_C(64) << 30;
static const uint64_t max_stdin = UINT64_C(4) << 30;
/* Names that small dumps may spend whatever their size: some writers share one text. */
static const uint64_t spare_text = UINT64_C(1) << 20;

/* What else comes under the name of a dump, by its first bytes. */
static const struct {
    const char *magic;
    size_t size;
    const char *text;
} mistaken[] = {
    {"PAGEDUMP", 8,
     "a 32-bit Windows kernel dump, not a minidump of a process; open it with "
     "WinDbg or the Windows kernel debugger"},
    {"PAGEDU64", 8,
     "a 64-bit Windows kernel dump, not a minidump of a process; open it with "
     "WinDbg or the Windows kernel debugger"},
    {"\x7f"
     "ELF",
     4,
     "an ELF file (a Linux core dump or program), not a minidump; open it with "
     "gdb or lldb"},
    {"\xcf\xfa\xed\xfe", 4, "a Mach-O file, not a minidump; open it with lldb"},
    {"MSCF", 4, "a CAB archive; extract the dump first (cabextract FILE)"},
    {"PK\x03\x04", 4, "a zip archive; extract the dump first (unzip FILE)"},
    {"7z\xbc\xaf\x27\x1c", 6, "a 7z archive; extract the dump first (7z x FILE)"},
    {"Rar!\x1a\x07", 6, "a RAR archive; extract the dump first"},
    {"\xfd"
     "7zXZ",
     5, "an xz file; decompress it first (xz -d FILE)"},
    {"\x28\xb5\x2f\xfd", 4, "a zstd file; decompress it first (zstd -d FILE)"},
    {"BZh", 3, "a bzip2 file; decompress it first (bzip2 -d FILE)"},
    {"Microsoft C/C++", 15, "a PDB symbol file, not a minidump"},
    {"MZ", 2, "a Windows program or library, not a minidump"},
    {"PMDM", 4,
     "a big-endian minidump, which no tool of today writes for "
     "Windows; not supported"},
    {"{", 1, "JSON text, not a minidump"},
    {"<?xml", 5, "an XML file, not a minidump; the dump usually lies beside it"},
};

/* A microdump is log text of an Android device between two marker lines (Breakpad's
 * microdump_processor). */
static bool is_microdump(struct avd_view v)
{
    static const char marker[] = "-----BEGIN BREAKPAD MICRODUMP-----";
    static const char record[] = "google-breakpad";
    size_t limit = v.size < 65536 ? v.size : 65536;
    size_t i;

    for (i = 0; i + sizeof record - 1 <= limit; i++) {
        if (v.data[i] == '-' && i + sizeof marker - 1 <= limit &&
            memcmp(v.data + i, marker, sizeof marker - 1) == 0)
            return true;
        if (v.data[i] == 'g' && memcmp(v.data + i, record, sizeof record - 1) == 0)
            return true;
    }
    return false;
}

static enum avd_status refuse(struct avd_view v, struct avd_error *err)
{
    size_t i;

    for (i = 0; i < sizeof mistaken / sizeof mistaken[0]; i++)
        if (v.size >= mistaken[i].size && memcmp(v.data, mistaken[i].magic, mistaken[i].size) == 0)
            return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "header", "this is %s",
                                 mistaken[i].text);
    if (v.size >= 262 && memcmp(v.data + 257, "ustar", 5) == 0)
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "header",
                             "this is a tar archive; extract the dump first (tar xf FILE)");
    if (is_microdump(v))
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "header",
                             "this is a Breakpad microdump (log text of a device), not a minidump; "
                             "read it with Breakpad's microdump_stackwalk");
    if (v.size < 4)
        return avd_error_set(err, AVD_E_FORMAT, 0, "header",
                             "file has %zu bytes, a minidump has at least %d", v.size,
                             (int)MINIDUMP_HEADER_SIZE);
    return avd_error_set(err, AVD_E_FORMAT, 0, "header",
                         "signature is %02x %02x %02x %02x, expected 4d 44 4d 50 (MDMP); this is "
                         "no minidump",
                         v.data[0], v.data[1], v.data[2], v.data[3]);
}

static enum avd_status read_header(struct avd_dump *dump, uint32_t *stream_count,
                                   uint32_t *directory, struct avd_error *err)
{
    struct avd_cursor c = avd_cursor_at(dump->bytes, 0);
    uint32_t signature = avd_cursor_u32(&c);
    uint32_t version = avd_cursor_u32(&c);

    if (dump->bytes.size == 0)
        return avd_error_set(err, AVD_E_FORMAT, 0, "header", "file is empty");
    if (signature != MINIDUMP_SIGNATURE)
        return refuse(dump->bytes, err);
    *stream_count = avd_cursor_u32(&c);
    *directory = avd_cursor_u32(&c);
    dump->checksum = avd_cursor_u32(&c);
    dump->timestamp = avd_cursor_u32(&c);
    dump->flags = avd_cursor_u64(&c);
    if (c.failed)
        return avd_error_set(err, AVD_E_FORMAT, 0, "header",
                             "file has %zu bytes, the header of a minidump %d", dump->bytes.size,
                             (int)MINIDUMP_HEADER_SIZE);
    dump->version_high = (uint16_t)(version >> 16);
    if ((version & 0xffff) != MINIDUMP_VERSION)
        avd_note_add(&dump->notes, "header", 4,
                     "version is 0x%04" PRIx32 ", expected 0x%04x; read as usual", version & 0xffff,
                     (unsigned)MINIDUMP_VERSION);
    return AVD_OK;
}

static bool read_streams(struct avd_dump *dump)
{
    /* System information first: it decides how addresses and contexts are read. Memory takes in
     * the stacks of threads. */
    return avd_read_system(dump) && avd_read_misc(dump) && avd_read_threads(dump) &&
           avd_read_memory(dump) && avd_read_modules(dump) && avd_read_unloaded(dump) &&
           avd_read_exception(dump) && avd_read_handles(dump) && avd_read_function_tables(dump) &&
           avd_read_tokens(dump) && avd_read_comments(dump) && avd_read_counters(dump) &&
           avd_read_breakpad(dump) && avd_read_crashpad(dump);
}

/* Takes over dump->file, decompresses it when needed, and reads everything. */
static enum avd_status open_bytes(struct avd_dump *dump, uint64_t limit, struct avd_error *err)
{
    enum avd_status status;
    uint32_t stream_count = 0;
    uint32_t directory = 0;

    dump->bytes = dump->file.view;
    if (avd_unpack_is_gzip(dump->bytes)) {
        bool truncated;

        dump->packed = dump->file;
        memset(&dump->file, 0, sizeof dump->file);
        status = avd_unpack_gzip(dump->packed.view, limit, &dump->file, &truncated, err);
        if (status != AVD_OK)
            return status;
        dump->compressed = true;
        dump->bytes = dump->file.view;
        if (truncated)
            avd_note_add(&dump->notes, "gzip", dump->packed.view.size,
                         "the compressed file is damaged or cut off; reading the %zu bytes that "
                         "could be unpacked",
                         dump->bytes.size);
    }
    dump->bytes.offset = 0;
    dump->memory.bytes = dump->bytes;
    status = read_header(dump, &stream_count, &directory, err);
    if (status != AVD_OK)
        return status;
    dump->text_budget = spare_text + 4 * (uint64_t)dump->bytes.size;
    if (dump->text_budget > AVD_MAX_NAMES_BYTES)
        dump->text_budget = AVD_MAX_NAMES_BYTES;
    if (!avd_read_directory(dump, stream_count, directory) || !read_streams(dump) ||
        dump->arena.failed)
        return avd_error_nomem(err);
    if (dump->texts_refused != 0)
        avd_note_add(&dump->notes, "names", AVD_NO_OFFSET,
                     "texts need more bytes than the file could hold once; %zu are not read",
                     dump->texts_refused);
    return AVD_OK;
}

static struct avd_dump *new_dump(const char *name)
{
    struct avd_dump *dump = avd_mem_calloc(1, sizeof *dump);

    if (dump == NULL)
        return NULL;
    avd_arena_init(&dump->arena);
    avd_notes_init(&dump->notes, &dump->arena);
    dump->name = avd_arena_strdup(&dump->arena, name);
    if (dump->name == NULL) {
        avd_dump_close(dump);
        return NULL;
    }
    return dump;
}

enum avd_status avd_dump_open(const char *utf8_path, const struct avd_open_options *options,
                              struct avd_dump **out, struct avd_error *err)
{
    uint64_t limit = default_max_unpacked;
    struct avd_dump *dump;
    enum avd_status status;

    if (out != NULL)
        *out = NULL;
    if (utf8_path == NULL || out == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no path or no place for the result");
    if (options != NULL && options->max_unpacked_size != 0)
        limit = options->max_unpacked_size;
    dump = new_dump(strcmp(utf8_path, "-") == 0 ? "standard input" : utf8_path);
    if (dump == NULL)
        return avd_error_nomem(err);
    if (strcmp(utf8_path, "-") == 0)
        status = avd_file_read_stdin(max_stdin, &dump->file, err);
    else
        status = avd_file_map(utf8_path, &dump->file, err);
    if (status == AVD_OK)
        status = open_bytes(dump, limit, err);
    if (status != AVD_OK) {
        avd_dump_close(dump);
        return status;
    }
    *out = dump;
    return AVD_OK;
}

enum avd_status avd_dump_open_memory(const void *data, size_t size, const char *name,
                                     struct avd_dump **out, struct avd_error *err)
{
    struct avd_dump *dump;
    enum avd_status status;

    if (out != NULL)
        *out = NULL;
    if (out == NULL || (data == NULL && size != 0))
        return avd_error_set(err, AVD_E_ARG, 0, "", "no bytes or no place for the result");
    dump = new_dump(name != NULL ? name : "memory");
    if (dump == NULL)
        return avd_error_nomem(err);
    dump->file.view.data = data;
    dump->file.view.size = size;
    status = open_bytes(dump, default_max_unpacked, err);
    if (status != AVD_OK) {
        avd_dump_close(dump);
        return status;
    }
    *out = dump;
    return AVD_OK;
}

void avd_dump_close(struct avd_dump *dump)
{
    if (dump == NULL)
        return;
    avd_file_close(&dump->file);
    avd_file_close(&dump->packed);
    avd_arena_deinit(&dump->arena);
    avd_mem_free(dump);
}

size_t avd_dump_thread_count(const struct avd_dump *dump)
{
    return dump->thread_count;
}

size_t avd_dump_module_count(const struct avd_dump *dump)
{
    return dump->module_count;
}

size_t avd_dump_stream_count(const struct avd_dump *dump)
{
    return dump->stream_count;
}

size_t avd_dump_read(const struct avd_dump *dump, uint64_t addr, void *buffer, size_t size)
{
    return avd_memory_read(&dump->memory, addr, buffer, size);
}
