/* SPDX-License-Identifier: MIT */
/*
 * A PE image, read either out of the dump's memory (as it was mapped) or from an image file.
 * Microsoft's "PE Format" document. Everything is read on demand by RVA; nothing of a file's size
 * or counts is believed before it was checked.
 */
#ifndef AVD_PE_IMAGE_H
#define AVD_PE_IMAGE_H

#include "base/arena.h"
#include "base/file.h"
#include "base/limits.h"
#include "minidump/memory.h"

enum avd_machine {
    AVD_MACHINE_UNKNOWN = 0,
    AVD_MACHINE_I386 = 0x14c,
    AVD_MACHINE_ARMNT = 0x1c4,
    AVD_MACHINE_AMD64 = 0x8664,
    AVD_MACHINE_ARM64 = 0xaa64
};

/* Index into the optional header's data directories */
enum { AVD_DIR_EXPORT = 0, AVD_DIR_EXCEPTION = 3, AVD_DIR_DEBUG = 6, AVD_DIR_COUNT = 16 };

struct avd_data_directory {
    uint32_t rva, size;
};

struct avd_section {
    char name[9];
    uint32_t rva, virtual_size;
    uint32_t raw_offset, raw_size;
    uint32_t characteristics; /* 0x20000000 execute, 0x80000000 write */
};

struct avd_image {
    const struct avd_memory *memory; /* mapped image in the dump, or NULL */
    uint64_t base;                   /* where it is mapped */
    struct avd_file file;            /* image file, when memory is NULL */
    const struct avd_image *backing; /* the same build's image file, for what the dump lacks; the
                                        caller sets it, NULL otherwise */
    uint16_t machine;                /* enum avd_machine */
    bool pe32_plus;
    uint32_t timestamp;
    uint32_t size_of_image;
    uint32_t size_of_headers;
    uint32_t checksum;
    uint32_t entry_point; /* RVA */
    struct avd_data_directory directories[AVD_DIR_COUNT];
    unsigned section_count; /* those that could be read */
    struct avd_section sections[AVD_MAX_SECTIONS];
    bool partial; /* headers end early: what they lack here is 0 */
};

/*
 * Reads the headers of the image mapped at `base`. AVD_NOT_FOUND when the dump does not hold them
 * as far as the optional header's magic, AVD_E_FORMAT when what is there is no PE image. Headers
 * that end after that give what they hold, and set `partial`.
 */
enum avd_status avd_image_from_memory(struct avd_image *image, const struct avd_memory *memory,
                                      uint64_t base, struct avd_error *err);
/* Maps an image file; AVD_E_IO or AVD_E_FORMAT. The caller closes it. */
enum avd_status avd_image_from_file(struct avd_image *image, const char *path,
                                    struct avd_error *err);
void avd_image_close(struct avd_image *image);

/* Copies up to `size` bytes at `rva`; returns how many, which ends at the first byte that is not
 * there. In a file, what a section has in memory beyond its raw data reads as zeros. */
size_t avd_image_read(const struct avd_image *image, uint32_t rva, void *buffer, size_t size);
bool avd_image_u32(const struct avd_image *image, uint32_t rva, uint32_t *out);

/* The section that holds `rva`, or NULL. */
const struct avd_section *avd_image_section(const struct avd_image *image, uint32_t rva);

/* The RSDS record of the debug directory. AVD_NOT_FOUND when there is none. */
struct avd_pdb_id {
    uint8_t guid[16];
    uint32_t age;
    char path[260]; /* UTF-8; "" when it is not wholly there or longer */
};
enum avd_status avd_image_pdb_id(const struct avd_image *image, struct avd_pdb_id *out);

/* ---- exports (exports.c) ---- */

/* Names stay where they are until avd_export_name asks for one: most are never looked at. */
struct avd_export {
    uint32_t rva;
    uint32_t ordinal;
    uint32_t name_rva; /* 0 when it has none */
    const char *name;  /* avd_export_name's answer, kept */
};

/* All exports that are code or data of this image (forwarders left out), sorted by RVA; of several
 * names at one RVA all are kept in the order of the name table, which linkers sort; an export
 * without a name comes last. */
struct avd_exports {
    struct avd_export *items;
    size_t count;
    bool partial; /* some of the tables are not in the dump, or are over the ceiling */
};

/* AVD_NOT_FOUND when the image has no export directory or the dump does not hold it (then
 * out->partial), AVD_E_NOMEM. */
enum avd_status avd_image_exports(const struct avd_image *image, struct avd_arena *arena,
                                  struct avd_exports *out, struct avd_error *err);

/*
 * The export of code with the highest RVA at or below `rva`, in the same executable section;
 * among equals the first by name. NULL when none. Where the section table is not in the dump,
 * sections are not compared.
 */
struct avd_export *avd_exports_nearest(const struct avd_image *image,
                                       const struct avd_exports *exports, uint32_t rva);

/* The index of the first export at or above `rva`; `count` when there is none. */
size_t avd_exports_at_or_above(const struct avd_exports *exports, uint32_t rva);

/* Its name; "Ordinal123" when it has none, or none that can be read and printed. The text lives
 * in `arena`; NULL when out of memory. */
const char *avd_export_name(const struct avd_image *image, struct avd_arena *arena,
                            struct avd_export *item);

#endif
