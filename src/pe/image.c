/* SPDX-License-Identifier: MIT */
/*
 * PE headers, RVA to bytes, and the debug directory, as Microsoft's "PE Format" describes them.
 * Image files are read as the loader would map them, without relocations: those do not matter to
 * the tables that are looked at.
 */
#include "pe/image.h"

#include "base/utf.h"

#include <string.h>

enum {
    DOS_HEADER_SIZE = 64,
    DOS_LFANEW = 0x3c,                           /* e_lfanew */
    COFF_SIZE = 24,                              /* "PE\0\0" and IMAGE_FILE_HEADER */
    OPTIONAL_SIZE_MAX = 112 + 8 * AVD_DIR_COUNT, /* PE32+, the larger one */
    SECTION_SIZE = 40,                           /* IMAGE_SECTION_HEADER */
    DEBUG_ENTRY_SIZE = 28,                       /* IMAGE_DEBUG_DIRECTORY */
    RSDS_HEADER_SIZE = 24,                       /* signature, GUID, age */
    MAGIC_PE32 = 0x10b,
    MAGIC_PE32_PLUS = 0x20b,
    DEBUG_TYPE_CODEVIEW = 2
};

#define DOS_MAGIC      0x5a4dU     /* "MZ" */
#define PE_MAGIC       0x4550U     /* "PE\0\0" */
#define RSDS_MAGIC     0x53445352U /* "RSDS" */
#define LFANEW_CEILING 0x10000000U /* from there on Windows's loader refuses, too */

/* Bytes of the headers, which lie alike in a file and in memory; returns how many are there. */
static size_t read_headers(const struct avd_image *image, uint64_t offset, void *buffer,
                           size_t size)
{
    struct avd_view v;

    if (image->memory != NULL) {
        if (offset > UINT64_MAX - image->base)
            return 0;
        return avd_memory_read(image->memory, image->base + offset, buffer, size);
    }
    if (!avd_view_clip(image->file.view, offset, size, &v))
        return 0;
    memcpy(buffer, v.data, v.size);
    return v.size;
}

/* Headers that are not there: in memory that is how small dumps are, in a file it is damage. */
static enum avd_status headers_missing(const struct avd_image *image, uint64_t offset,
                                       size_t wanted, size_t got, struct avd_error *err)
{
    if (image->memory != NULL)
        return avd_error_set(err, AVD_NOT_FOUND, 0, "image headers",
                             "the dump has %zu of %zu bytes at 0x%llx", got, wanted,
                             (unsigned long long)(image->base + offset));
    return avd_error_set(err, AVD_E_FORMAT, offset, "image headers",
                         "%zu bytes expected at 0x%llx, the file has %zu", wanted,
                         (unsigned long long)offset, got);
}

/* IMAGE_OPTIONAL_HEADER; `c` stands behind its magic. Fields that it is too short for stay 0. */
static void decode_optional_header(struct avd_image *image, struct avd_cursor *c)
{
    uint32_t count;
    uint32_t i;

    avd_cursor_skip(c, 14);
    image->entry_point = avd_cursor_u32(c);
    avd_cursor_skip(c, 36); /* PE32 has BaseOfData and 4 bytes of ImageBase instead of 8 */
    image->size_of_image = avd_cursor_u32(c);
    image->size_of_headers = avd_cursor_u32(c);
    image->checksum = avd_cursor_u32(c);
    avd_cursor_skip(c, image->pe32_plus ? 40 : 24);
    count = avd_cursor_u32(c); /* NumberOfRvaAndSizes */
    if (count > AVD_DIR_COUNT)
        count = AVD_DIR_COUNT;
    for (i = 0; i < count; i++) {
        struct avd_data_directory directory;

        directory.rva = avd_cursor_u32(c);
        directory.size = avd_cursor_u32(c);
        if (c->failed)
            break; /* half an entry is none */
        image->directories[i] = directory;
    }
    if (c->failed)
        image->partial = true;
}

static void decode_section(struct avd_section *section, struct avd_cursor *c)
{
    struct avd_view name = avd_cursor_bytes(c, 8);
    size_t i;

    for (i = 0; i < name.size && name.data[i] != 0; i++)
        section->name[i] = name.data[i] >= 0x20 && name.data[i] < 0x7f ? (char)name.data[i] : '?';
    section->virtual_size = avd_cursor_u32(c);
    section->rva = avd_cursor_u32(c);
    section->raw_size = avd_cursor_u32(c);
    section->raw_offset = avd_cursor_u32(c);
    avd_cursor_skip(c, 12);
    section->characteristics = avd_cursor_u32(c);
}

static void decode_sections(struct avd_image *image, uint64_t offset, unsigned count)
{
    uint8_t bytes[AVD_MAX_SECTIONS * SECTION_SIZE];
    struct avd_view v = {bytes, 0, offset};
    struct avd_cursor c;
    unsigned i;

    if (count > AVD_MAX_SECTIONS) {
        image->partial = true;
        count = AVD_MAX_SECTIONS;
    }
    v.size = read_headers(image, offset, bytes, (size_t)count * SECTION_SIZE);
    if (v.size < (size_t)count * SECTION_SIZE) {
        image->partial = true;
        count = (unsigned)(v.size / SECTION_SIZE);
    }
    c = avd_cursor_at(v, 0);
    for (i = 0; i < count; i++)
        decode_section(&image->sections[i], &c);
    image->section_count = count;
}

static enum avd_status decode_headers(struct avd_image *image, struct avd_error *err)
{
    uint8_t bytes[COFF_SIZE + OPTIONAL_SIZE_MAX];
    struct avd_view v = {bytes, 0, 0};
    struct avd_view optional;
    struct avd_cursor c;
    uint32_t pe_offset;
    unsigned section_count;
    unsigned optional_size;
    unsigned magic;

    v.size = read_headers(image, 0, bytes, DOS_HEADER_SIZE);
    if (v.size >= 2 && avd_view_u16(v, 0) != DOS_MAGIC)
        return avd_error_set(err, AVD_E_FORMAT, 0, "image headers",
                             "no 'MZ' at the start, found 0x%04x", (unsigned)avd_view_u16(v, 0));
    if (v.size < DOS_HEADER_SIZE)
        return headers_missing(image, 0, DOS_HEADER_SIZE, v.size, err);
    pe_offset = avd_view_u32(v, DOS_LFANEW);
    if (pe_offset >= LFANEW_CEILING)
        return avd_error_set(err, AVD_E_FORMAT, DOS_LFANEW, "image headers",
                             "PE header at 0x%lx, expected below 0x%lx", (unsigned long)pe_offset,
                             (unsigned long)LFANEW_CEILING);

    v.offset = pe_offset;
    v.size = read_headers(image, pe_offset, bytes, sizeof bytes);
    if (v.size >= 4 && avd_view_u32(v, 0) != PE_MAGIC)
        return avd_error_set(err, AVD_E_FORMAT, pe_offset, "image headers",
                             "no 'PE' at 0x%lx, found 0x%08lx", (unsigned long)pe_offset,
                             (unsigned long)avd_view_u32(v, 0));
    if (v.size < COFF_SIZE + 2)
        return headers_missing(image, pe_offset, COFF_SIZE + 2, v.size, err);
    c = avd_cursor_at(v, 4);
    image->machine = avd_cursor_u16(&c);
    section_count = avd_cursor_u16(&c);
    image->timestamp = avd_cursor_u32(&c);
    avd_cursor_skip(&c, 8);
    optional_size = avd_cursor_u16(&c);

    magic = avd_view_u16(v, COFF_SIZE);
    if (magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS)
        return avd_error_set(err, AVD_E_FORMAT, (uint64_t)pe_offset + COFF_SIZE, "image headers",
                             "optional header magic 0x%x, expected 0x10b or 0x20b", magic);
    image->pe32_plus = magic == MAGIC_PE32_PLUS;
    /* What the optional header does not reach belongs to the section table. */
    (void)avd_view_clip(v, COFF_SIZE, optional_size, &optional);
    c = avd_cursor_at(optional, 0);
    avd_cursor_skip(&c, 2);
    decode_optional_header(image, &c);
    decode_sections(image, (uint64_t)pe_offset + COFF_SIZE + optional_size, section_count);
    return AVD_OK;
}

enum avd_status avd_image_from_memory(struct avd_image *image, const struct avd_memory *memory,
                                      uint64_t base, struct avd_error *err)
{
    memset(image, 0, sizeof *image);
    image->memory = memory;
    image->base = base;
    return decode_headers(image, err);
}

enum avd_status avd_image_from_file(struct avd_image *image, const char *path,
                                    struct avd_error *err)
{
    enum avd_status status;

    memset(image, 0, sizeof *image);
    status = avd_file_map(path, &image->file, err);
    if (status != AVD_OK)
        return status;
    status = decode_headers(image, err);
    if (status != AVD_OK)
        avd_image_close(image);
    return status;
}

void avd_image_close(struct avd_image *image)
{
    if (image->memory == NULL)
        avd_file_close(&image->file);
    memset(image, 0, sizeof *image);
}

/* How far a section reaches. Linkers round the raw size up, so it may be the larger one; some
 * leave the virtual size 0. */
static uint32_t section_extent(const struct avd_section *section)
{
    return section->virtual_size > section->raw_size ? section->virtual_size : section->raw_size;
}

const struct avd_section *avd_image_section(const struct avd_image *image, uint32_t rva)
{
    unsigned i;

    for (i = 0; i < image->section_count; i++) {
        const struct avd_section *section = &image->sections[i];

        if (rva >= section->rva && rva - section->rva < section_extent(section))
            return section;
    }
    return NULL;
}

/* Up to `size` bytes at `rva` of an image file, without leaving its section. */
static size_t read_file_piece(const struct avd_image *image, uint64_t rva, uint8_t *buffer,
                              size_t size)
{
    const struct avd_section *section;
    struct avd_view v;
    uint64_t offset;
    uint64_t left;

    if (rva > UINT32_MAX)
        return 0;
    section = avd_image_section(image, (uint32_t)rva);
    if (section == NULL) {
        if (rva >= image->size_of_headers)
            return 0;
        left = image->size_of_headers - rva;
        if (!avd_view_clip(image->file.view, rva, size < left ? size : left, &v))
            return 0;
        memcpy(buffer, v.data, v.size);
        return v.size;
    }
    offset = rva - section->rva;
    if (offset >= section->raw_size) {
        left = section_extent(section) - offset;
        if (size > left)
            size = (size_t)left;
        memset(buffer, 0, size);
        return size;
    }
    left = section->raw_size - offset;
    if (!avd_view_clip(image->file.view, section->raw_offset + offset, size < left ? size : left,
                       &v))
        return 0; /* the file was cut short: that is not the same as zeros */
    memcpy(buffer, v.data, v.size);
    return v.size;
}

/* NOLINTNEXTLINE(misc-no-recursion): what backs an image is a file, and nothing backs that */
size_t avd_image_read(const struct avd_image *image, uint32_t rva, void *buffer, size_t size)
{
    uint8_t *bytes = buffer;
    size_t used = 0;

    if (image->memory != NULL) {
        /* Behind its end begins another module's memory. */
        if (image->size_of_image != 0) {
            if (rva >= image->size_of_image)
                return 0;
            if (size > image->size_of_image - rva)
                size = image->size_of_image - rva;
        }
        used = read_headers(image, rva, buffer, size);
        if (used < size && image->backing != NULL)
            used += avd_image_read(image->backing, rva + (uint32_t)used, bytes + used, size - used);
        return used;
    }
    /* Every turn leaves the headers or one section for good. */
    while (used < size) {
        size_t got = read_file_piece(image, (uint64_t)rva + used, bytes + used, size - used);

        if (got == 0)
            break;
        used += got;
    }
    return used;
}

bool avd_image_u32(const struct avd_image *image, uint32_t rva, uint32_t *out)
{
    uint8_t bytes[4];

    *out = 0;
    if (avd_image_read(image, rva, bytes, sizeof bytes) != sizeof bytes)
        return false;
    *out = avd_le32(bytes);
    return true;
}

/* ---- the debug directory ---- */

/* Copies the path behind an RSDS header; leaves "" when its end is not there or does not fit,
 * because a path that was cut names another file. */
static void copy_path(struct avd_pdb_id *out, struct avd_view v)
{
    size_t size = 0;
    size_t i = 0;

    while (size < v.size && v.data[size] != 0)
        size++;
    if (size == v.size || size >= sizeof out->path)
        return;
    memcpy(out->path, v.data, size);
    while (i < size) {
        size_t length = avd_utf8_length(out->path + i, size - i);

        if (length == 0) {
            out->path[i] = '?';
            length = 1;
        }
        i += length;
    }
}

/* One IMAGE_DEBUG_DIRECTORY; whether it leads to an RSDS record. */
static bool decode_debug_entry(const struct avd_image *image, struct avd_view entry,
                               struct avd_pdb_id *out)
{
    uint8_t bytes[RSDS_HEADER_SIZE + sizeof out->path];
    struct avd_view record = {bytes, 0, 0};
    struct avd_view guid;
    struct avd_cursor c = avd_cursor_at(entry, 12);
    uint32_t type = avd_cursor_u32(&c);
    uint32_t size = avd_cursor_u32(&c);
    uint32_t rva = avd_cursor_u32(&c);
    uint32_t offset = avd_cursor_u32(&c);

    if (c.failed || type != DEBUG_TYPE_CODEVIEW)
        return false;
    if (size > sizeof bytes)
        size = sizeof bytes;
    if (rva != 0)
        record.size = avd_image_read(image, rva, bytes, size);
    else if (image->memory == NULL) /* not mapped by the loader, but the file has it */
        record.size = read_headers(image, offset, bytes, size);
    c = avd_cursor_at(record, 0);
    if (avd_cursor_u32(&c) != RSDS_MAGIC)
        return false;
    guid = avd_cursor_bytes(&c, sizeof out->guid);
    memset(out, 0, sizeof *out);
    out->age = avd_cursor_u32(&c);
    if (c.failed)
        return false;
    memcpy(out->guid, guid.data, guid.size);
    copy_path(out, avd_cursor_bytes(&c, record.size - RSDS_HEADER_SIZE));
    return true;
}

enum avd_status avd_image_pdb_id(const struct avd_image *image, struct avd_pdb_id *out)
{
    struct avd_data_directory directory = image->directories[AVD_DIR_DEBUG];
    uint8_t bytes[AVD_MAX_DEBUG_ENTRIES * DEBUG_ENTRY_SIZE];
    struct avd_view table = {bytes, 0, 0};
    struct avd_view entry;
    size_t size = directory.size;
    uint64_t i;

    memset(out, 0, sizeof *out);
    if (directory.rva == 0)
        return AVD_NOT_FOUND;
    if (size > sizeof bytes)
        size = sizeof bytes;
    table.size = avd_image_read(image, directory.rva, bytes, size);
    for (i = 0; avd_view_slice(table, i * DEBUG_ENTRY_SIZE, DEBUG_ENTRY_SIZE, &entry); i++)
        if (decode_debug_entry(image, entry, out))
            return AVD_OK;
    memset(out, 0, sizeof *out);
    return AVD_NOT_FOUND;
}
