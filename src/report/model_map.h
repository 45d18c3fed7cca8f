/* SPDX-License-Identifier: MIT */
/*
 * The process's address space in the coarseness of a picture: strips of neighbouring memory, each
 * cut into cells. What lies between strips is empty. Along a strip addresses grow, but what is
 * empty or only reserved takes no more place than AVD_MAP_SHORT bytes: 64-bit processes are mostly
 *
 * that.
 */
#ifndef AVD_REPORT_MODEL_MAP_H
#define AVD_REPORT_MODEL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In ascending order of what is shown where a cell has several. */
enum avd_map_kind {
    AVD_MAP_FREE = 0,
    AVD_MAP_RESERVED,
    AVD_MAP_DATA, /* in the dump, which does not say what it is */
    AVD_MAP_MAPPED,
    AVD_MAP_PRIVATE,
    AVD_MAP_IMAGE,
    AVD_MAP_STACK,
    AVD_MAP_KINDS
};

enum {
    AVD_MAP_CELLS = 200,
    AVD_MAP_STRIPS = 24,
    AVD_MAP_IN_DUMP = 0x80,
    AVD_MAP_SHORT = 1024 * 1024
};

struct avd_rep_strip {
    uint64_t start, end; /* end exclusive; 0: the address space's end */
    uint64_t length;     /* of the strip in bytes, shortened */
    uint64_t used;       /* bytes that are neither free nor only reserved */
    size_t modules;      /* that begin in it */
    size_t stacks;
    /* enum avd_map_kind; AVD_MAP_IN_DUMP is added where some byte is in the dump. */
    unsigned char cells[AVD_MAP_CELLS];
};

struct avd_rep_map {
    const struct avd_rep_strip *strips; /* by address */
    size_t strip_count;
    bool from_regions;             /* a memory info list tells what is what */
    uint64_t sizes[AVD_MAP_KINDS]; /* bytes, without AVD_MAP_FREE */
};

#endif
