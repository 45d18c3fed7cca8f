/* SPDX-License-Identifier: MIT */
/*
 * Builds a small PE image in code, so that a test shows the odd byte: as a file and as the loader
 * would have mapped it. Tests change single fields with the put functions.
 */
#ifndef AVD_TESTS_SUPPORT_PE_IMAGE_H
#define AVD_TESTS_SUPPORT_PE_IMAGE_H

#include "minidump/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the builder puts things; RVAs but for the raw offsets. */
enum {
    PE_OFFSET = 0x80, /* e_lfanew */
    PE_OPTIONAL = PE_OFFSET + 24,
    PE_HEADERS_SIZE = 0x400,
    PE_TEXT = 0x1000, /* .text: executable, virtual size 0x300, raw size 0x200 */
    PE_TEXT_RAW = 0x400,
    PE_RDATA = 0x2000, /* .rdata: 4 pages */
    PE_RDATA_RAW = 0x600,
    PE_RDATA_SIZE = 0x4000,
    PE_DATA = 0x6000, /* .data: writable, one page of which 0x200 bytes are in the file */
    PE_DATA_RAW = PE_RDATA_RAW + PE_RDATA_SIZE,
    PE_IMAGE_SIZE = 0x7000,
    PE_FILE_SIZE = PE_DATA_RAW + 0x200,
    PE_PAGE_COUNT = PE_IMAGE_SIZE / 0x1000,
    PE_SECTION_COUNT = 3,
    PE_TIMESTAMP = 0x5f3c2b1a,
    PE_CHECKSUM = 0x0001c0de
};

#define PE_ALL_PAGES 0x7fU

struct pe_image {
    bool plus; /* PE32+ */
    uint8_t file[PE_FILE_SIZE];
    uint8_t mapped[PE_IMAGE_SIZE];
};

struct pe_memory {
    struct avd_memory memory;
    struct avd_memory_range ranges[PE_PAGE_COUNT];
};

void pe_put16(uint8_t *bytes, size_t offset, unsigned value);
void pe_put32(uint8_t *bytes, size_t offset, uint32_t value);

/* Headers and sections; the sections' bytes count up, so that places can be told apart. */
void pe_build(struct pe_image *image, bool plus);
/* File offsets of header fields that differ between PE32 and PE32+. */
size_t pe_directory_offset(const struct pe_image *image, unsigned index);
size_t pe_section_offset(const struct pe_image *image, unsigned index);

/* What `rva` has as its byte in the file; of .rdata, which is where tables go. */
uint8_t *pe_rdata(struct pe_image *image, uint32_t rva);

struct pe_export {
    const char *name; /* NULL = exported by ordinal only */
    uint32_t rva;     /* 0 with a forwarder */
    const char *forwarder;
};

/*
 * An export directory at PE_RDATA: the functions table at `functions_rva`, the names' RVAs behind
 * it, then the ordinals, then the texts. Names must come sorted, as linkers write them.
 */
void pe_set_exports(struct pe_image *image, uint32_t functions_rva, uint32_t ordinal_base,
                    const struct pe_export *exports, uint32_t count);

/* A debug directory of one entry of `type` at `rva`, its record of `size` bytes behind it. */
void pe_set_debug(struct pe_image *image, uint32_t rva, uint32_t type, const void *record,
                  uint32_t size);

/* Lays the file out as the loader does. Last of all. */
void pe_map(struct pe_image *image);

/* The mapped image at `base`, of which `pages` (bit n = page n) are in the dump. */
void pe_memory_init(struct pe_memory *out, const struct pe_image *image, uint64_t base,
                    unsigned pages);

/* Writes the file part to a new temporary file; its path, which the caller removes. */
void pe_write_file(const struct pe_image *image, size_t size, char *path, size_t path_size);

#endif
