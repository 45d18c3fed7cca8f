/* SPDX-License-Identifier: MIT */
/*
 * The process's memory as one address space: ranges from MemoryList and Memory64List, sorted and
 * without overlap, their bytes still in the file; and what MemoryInfoList knows of protection and
 * state.
 */
#ifndef AVD_MINIDUMP_MEMORY_H
#define AVD_MINIDUMP_MEMORY_H

#include "base/bisect.h"
#include "base/view.h"

struct avd_memory_range {
    uint64_t start;
    uint64_t size;   /* never 0; start + size does not wrap, except to exactly 0 */
    uint64_t offset; /* of its bytes in the file, all of which are there */
};

/* MINIDUMP_MEMORY_INFO */
struct avd_region {
    uint64_t base, size;
    uint64_t allocation_base;
    uint32_t allocation_protect;
    uint32_t state, protect, type; /* MEM_* and PAGE_* */
};

/*
 * Which pages of the memory were read, for those who keep what an analysis needs. A bit per page of
 * the process, as far as a range touches it; range i's pages begin at bit first[i].
 */
enum { AVD_MEMORY_PAGE = 4096 };
struct avd_memory_log {
    uint8_t *bits;
    const uint64_t *first;
};

struct avd_memory {
    struct avd_view bytes;                 /* the whole file */
    const struct avd_memory_range *ranges; /* by start */
    size_t range_count;
    const struct avd_region *regions; /* by base */
    size_t region_count;
    size_t listed_count;        /* ranges as the streams list them */
    uint64_t listed_size;       /* bytes as the streams claim them */
    uint64_t missing_size;      /* of these, bytes that would lie beyond the end of the file */
    bool full;                  /* has a Memory64List */
    struct avd_memory_log *log; /* NULL: nobody wants to know; set in a copy of the struct, as a
                                   dump does not change */
};

/* The first page that `range` touches, and one behind the last. */
static inline uint64_t avd_memory_first_page(const struct avd_memory_range *range)
{
    return range->start / AVD_MEMORY_PAGE;
}

static inline uint64_t avd_memory_end_page(const struct avd_memory_range *range)
{
    return (range->start + (range->size - 1)) / AVD_MEMORY_PAGE + 1;
}

/* Index of the one of `count` ranges that holds `addr`; `count` when none does. Inline, as every
 * look at memory begins with it. */
static inline size_t avd_memory_range_at(const struct avd_memory_range *ranges, size_t count,
                                         uint64_t addr)
{
    struct avd_bisect b = avd_bisect_start(count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, ranges[b.middle].start <= addr);
    if (b.low == 0 || addr - ranges[b.low - 1].start >= ranges[b.low - 1].size)
        return count;
    return b.low - 1;
}

/* The bytes from `addr` to the end of its range, at most `size`; false when not even the first is
 * in the dump. Adjacent ranges are not joined: use avd_memory_read for what may span them. */
bool avd_memory_view(const struct avd_memory *memory, uint64_t addr, uint64_t size,
                     struct avd_view *out);

/* The range that holds `addr`, which counts as read; NULL when it is not in the dump. */
const struct avd_memory_range *avd_memory_range(const struct avd_memory *memory, uint64_t addr);

/* Copies up to `size` bytes at `addr`, across adjacent ranges; returns how many. */
size_t avd_memory_read(const struct avd_memory *memory, uint64_t addr, void *buffer, size_t size);

/* Little-endian values; false (and *out 0) unless all bytes are there. */
bool avd_memory_u16(const struct avd_memory *memory, uint64_t addr, uint16_t *out);
bool avd_memory_u32(const struct avd_memory *memory, uint64_t addr, uint32_t *out);
bool avd_memory_u64(const struct avd_memory *memory, uint64_t addr, uint64_t *out);
/* A pointer of 4 or 8 bytes. */
bool avd_memory_pointer(const struct avd_memory *memory, uint64_t addr, unsigned pointer_size,
                        uint64_t *out);

/* How many bytes from `addr` on, up to `size`, are in the dump without a gap. */
uint64_t avd_memory_extent(const struct avd_memory *memory, uint64_t addr, uint64_t size);

/* What is known of the page at `addr`; NULL when the dump does not say. */
const struct avd_region *avd_memory_region(const struct avd_memory *memory, uint64_t addr);

/* Whether code may run at `addr`: 1 yes, 0 no, -1 not known. */
int avd_memory_executable(const struct avd_memory *memory, uint64_t addr);

#endif
