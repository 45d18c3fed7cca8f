/* SPDX-License-Identifier: MIT */
/* The PE image builder; written from the PE format's tables alone, not from src/pe. */
#include "support/pe_image.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void pe_put16(uint8_t *bytes, size_t offset, unsigned value)
{
    bytes[offset] = (uint8_t)value;
    bytes[offset + 1] = (uint8_t)(value >> 8);
}

void pe_put32(uint8_t *bytes, size_t offset, uint32_t value)
{
    pe_put16(bytes, offset, value & 0xffff);
    pe_put16(bytes, offset + 2, value >> 16);
}

size_t pe_directory_offset(const struct pe_image *image, unsigned index)
{
    return PE_OPTIONAL + (image->plus ? 112U : 96U) + 8U * index;
}

size_t pe_section_offset(const struct pe_image *image, unsigned index)
{
    return pe_directory_offset(image, 16) + 40U * index;
}

static void put_section(struct pe_image *image, unsigned index, const char *name, uint32_t rva,
                        uint32_t virtual_size, uint32_t raw_offset, uint32_t raw_size,
                        uint32_t characteristics)
{
    size_t at = pe_section_offset(image, index);
    size_t i;

    memcpy(image->file + at, name, strlen(name));
    pe_put32(image->file, at + 8, virtual_size);
    pe_put32(image->file, at + 12, rva);
    pe_put32(image->file, at + 16, raw_size);
    pe_put32(image->file, at + 20, raw_offset);
    pe_put32(image->file, at + 36, characteristics);
    if (index != 1) /* .rdata stays zero: it takes the tables */
        for (i = 0; i < raw_size; i++)
            image->file[raw_offset + i] = (uint8_t)(i + 1);
}

void pe_build(struct pe_image *image, bool plus)
{
    uint8_t *f = image->file;

    memset(image, 0, sizeof *image);
    image->plus = plus;
    memcpy(f, "MZ", 2);
    pe_put32(f, 0x3c, PE_OFFSET);
    memcpy(f + PE_OFFSET, "PE\0\0", 4);
    pe_put16(f, PE_OFFSET + 4, plus ? 0x8664 : 0x14c);
    pe_put16(f, PE_OFFSET + 6, PE_SECTION_COUNT);
    pe_put32(f, PE_OFFSET + 8, PE_TIMESTAMP);
    pe_put16(f, PE_OFFSET + 20, plus ? 240 : 224);
    pe_put16(f, PE_OPTIONAL, plus ? 0x20b : 0x10b);
    pe_put32(f, PE_OPTIONAL + 16, PE_TEXT + 0x10); /* entry point */
    pe_put32(f, PE_OPTIONAL + 56, PE_IMAGE_SIZE);
    pe_put32(f, PE_OPTIONAL + 60, PE_HEADERS_SIZE);
    pe_put32(f, PE_OPTIONAL + 64, PE_CHECKSUM);
    pe_put32(f, PE_OPTIONAL + (plus ? 108 : 92), 16);
    put_section(image, 0, ".text", PE_TEXT, 0x300, PE_TEXT_RAW, 0x200, 0x60000020);
    put_section(image, 1, ".rdata", PE_RDATA, PE_RDATA_SIZE, PE_RDATA_RAW, PE_RDATA_SIZE,
                0x40000040);
    put_section(image, 2, ".data", PE_DATA, 0x1000, PE_DATA_RAW, 0x200, 0xc0000040);
}

uint8_t *pe_rdata(struct pe_image *image, uint32_t rva)
{
    ck_assert_uint_ge(rva, PE_RDATA);
    ck_assert_uint_lt(rva, PE_RDATA + PE_RDATA_SIZE);
    return image->file + PE_RDATA_RAW + (rva - PE_RDATA);
}

/* Puts a text at *rva and moves *rva behind it. */
static uint32_t put_text(struct pe_image *image, uint32_t *rva, const char *text)
{
    uint32_t start = *rva;
    size_t size = strlen(text) + 1;

    ck_assert_uint_le(start + size, PE_RDATA + PE_RDATA_SIZE);
    memcpy(pe_rdata(image, start), text, size);
    *rva += (uint32_t)size;
    return start;
}

void pe_set_exports(struct pe_image *image, uint32_t functions_rva, uint32_t ordinal_base,
                    const struct pe_export *exports, uint32_t count)
{
    uint8_t *directory = pe_rdata(image, PE_RDATA);
    uint32_t named = 0;
    uint32_t names_rva = functions_rva + 4 * count;
    uint32_t ordinals_rva;
    uint32_t text_rva;
    uint32_t i;

    for (i = 0; i < count; i++)
        named += exports[i].name != NULL;
    ordinals_rva = names_rva + 4 * named;
    text_rva = ordinals_rva + 2 * named;
    pe_put32(directory, 16, ordinal_base);
    pe_put32(directory, 20, count);
    pe_put32(directory, 24, named);
    pe_put32(directory, 28, functions_rva);
    pe_put32(directory, 32, names_rva);
    pe_put32(directory, 36, ordinals_rva);
    named = 0;
    for (i = 0; i < count; i++) {
        uint32_t rva = exports[i].rva;

        if (exports[i].forwarder != NULL)
            rva = put_text(image, &text_rva, exports[i].forwarder);
        pe_put32(pe_rdata(image, functions_rva + 4 * i), 0, rva);
        if (exports[i].name == NULL)
            continue;
        pe_put32(pe_rdata(image, names_rva + 4 * named), 0,
                 put_text(image, &text_rva, exports[i].name));
        pe_put16(pe_rdata(image, ordinals_rva + 2 * named), 0, i);
        named++;
    }
    pe_put32(image->file, pe_directory_offset(image, 0), PE_RDATA);
    pe_put32(image->file, pe_directory_offset(image, 0) + 4, text_rva - PE_RDATA);
}

void pe_set_debug(struct pe_image *image, uint32_t rva, uint32_t type, const void *record,
                  uint32_t size)
{
    uint8_t *entry = pe_rdata(image, rva);

    pe_put32(entry, 12, type);
    pe_put32(entry, 16, size);
    pe_put32(entry, 20, rva + 28);
    pe_put32(entry, 24, PE_RDATA_RAW + (rva + 28 - PE_RDATA));
    memcpy(pe_rdata(image, rva + 28), record, size);
    pe_put32(image->file, pe_directory_offset(image, 6), rva);
    pe_put32(image->file, pe_directory_offset(image, 6) + 4, 28);
}

void pe_map(struct pe_image *image)
{
    memset(image->mapped, 0, sizeof image->mapped);
    memcpy(image->mapped, image->file, PE_HEADERS_SIZE);
    memcpy(image->mapped + PE_TEXT, image->file + PE_TEXT_RAW, 0x200);
    memcpy(image->mapped + PE_RDATA, image->file + PE_RDATA_RAW, PE_RDATA_SIZE);
    memcpy(image->mapped + PE_DATA, image->file + PE_DATA_RAW, 0x200);
}

void pe_memory_init(struct pe_memory *out, const struct pe_image *image, uint64_t base,
                    unsigned pages)
{
    unsigned i;

    memset(out, 0, sizeof *out);
    out->memory.bytes.data = image->mapped;
    out->memory.bytes.size = sizeof image->mapped;
    out->memory.ranges = out->ranges;
    for (i = 0; i < PE_PAGE_COUNT; i++) {
        struct avd_memory_range *range = &out->ranges[out->memory.range_count];

        if ((pages >> i & 1) == 0)
            continue;
        range->start = base + i * 0x1000ULL;
        range->size = 0x1000;
        range->offset = i * 0x1000ULL;
        out->memory.range_count++;
    }
}

void pe_write_file(const struct pe_image *image, size_t size, char *path, size_t path_size)
{
    const char *directory = getenv("TMPDIR");
    FILE *file;
    int fd;

    (void)snprintf(path, path_size, "%s/avdump-pe-XXXXXX", directory != NULL ? directory : "/tmp");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    file = fdopen(fd, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(image->file, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}
