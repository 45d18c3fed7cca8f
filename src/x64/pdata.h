/* SPDX-License-Identifier: MIT */
/*
 * The tables of Windows x64 unwinding: RUNTIME_FUNCTION entries and the UNWIND_INFO they lead to,
 * read on demand from an image or a dynamic function table (Microsoft's "x64 exception
 * handling").
 */
#ifndef AVD_X64_PDATA_H
#define AVD_X64_PDATA_H

#include "stack/walk.h"

/* What the RVAs of a table are relative to, and how to read there. */
struct avd_x64_image {
    const struct avd_walk *walk;
    bool dynamic;  /* of a dynamic function table: process memory at base + rva */
    size_t module; /* otherwise struct avd_code_module's id */
    uint64_t base;
};

struct avd_x64_function {
    uint32_t begin, end; /* RVAs; end is exclusive */
    uint32_t unwind;     /* RVA of the UNWIND_INFO; indirection is already followed */
};

enum avd_x64_lookup {
    AVD_X64_FOUND,
    AVD_X64_NO_ENTRY,    /* the table was read, and has nothing for this address */
    AVD_X64_NO_TABLE,    /* the image has none */
    AVD_X64_NO_MODULE,   /* in no module and no dynamic function table */
    AVD_X64_NOT_READABLE /* headers, or a part of the table that was needed, are not to be had */
};

/* The function that covers `addr`. *image is filled whenever the address lies in a module. */
enum avd_x64_lookup avd_x64_find_function(const struct avd_walk *walk, uint64_t addr,
                                          struct avd_x64_image *image,
                                          struct avd_x64_function *out);

/* UNWIND_INFO, versions 1 and 2. */
enum {
    AVD_UNWIND_HANDLER = 1 | 2, /* UNW_FLAG_EHANDLER, UNW_FLAG_UHANDLER */
    AVD_UNWIND_CHAIN = 4,       /* UNW_FLAG_CHAININFO */
    AVD_UNWIND_CODES_MAX = 255
};

/* UNWIND_CODE operations (UWOP_*) */
enum {
    AVD_UWOP_PUSH_NONVOL = 0,
    AVD_UWOP_ALLOC_LARGE = 1,
    AVD_UWOP_ALLOC_SMALL = 2,
    AVD_UWOP_SET_FPREG = 3,
    AVD_UWOP_SAVE_NONVOL = 4,
    AVD_UWOP_SAVE_NONVOL_FAR = 5,
    AVD_UWOP_EPILOG = 6, /* version 1: SAVE_XMM, no longer written */
    AVD_UWOP_SPARE = 7,  /* version 1: SAVE_XMM_FAR, no longer written */
    AVD_UWOP_SAVE_XMM128 = 8,
    AVD_UWOP_SAVE_XMM128_FAR = 9,
    AVD_UWOP_PUSH_MACHFRAME = 10,
    AVD_UWOP_SET_FPREG_LARGE = 11 /* .NET on other systems only */
};

struct avd_x64_unwind_info {
    unsigned version;
    unsigned flags;
    unsigned prolog_size;  /* bytes */
    unsigned frame_reg;    /* 0: none */
    uint32_t frame_offset; /* bytes, the factor 16 is already in */
    unsigned count;        /* 16-bit slots of codes */
    uint8_t codes[2 * AVD_UNWIND_CODES_MAX];
    uint64_t tail; /* RVA of what follows: chained entry or handler */
};

/* One slot of `codes`. */
static inline unsigned avd_x64_code_offset(const struct avd_x64_unwind_info *info, unsigned slot)
{
    return info->codes[(size_t)2 * slot];
}

static inline unsigned avd_x64_code_op(const struct avd_x64_unwind_info *info, unsigned slot)
{
    return info->codes[2 * slot + 1] & 15;
}

static inline unsigned avd_x64_code_info(const struct avd_x64_unwind_info *info, unsigned slot)
{
    return info->codes[2 * slot + 1] >> 4;
}

/* Slots of the code at `slot`; 0 when there is no such code. It may go past the last slot. */
unsigned avd_x64_code_slots(const struct avd_x64_unwind_info *info, unsigned slot);

/* Reads a function's UNWIND_INFO; false and said why when it is not to be had, damaged, or of a
 * version that is not known. */
bool avd_x64_read_info(struct avd_walk *walk, const struct avd_x64_image *image,
                       const struct avd_x64_function *function, struct avd_x64_unwind_info *out,
                       enum avd_walk_end *end);

/* The function that `info`, of `function`, is chained to; false and said why. */
bool avd_x64_parent(struct avd_walk *walk, const struct avd_x64_image *image,
                    const struct avd_x64_function *function, const struct avd_x64_unwind_info *info,
                    struct avd_x64_function *out, enum avd_walk_end *end);

#endif
