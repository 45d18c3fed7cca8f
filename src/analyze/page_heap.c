/* SPDX-License-Identifier: MIT */
#include "analyze/page_heap.h"

enum {
    END_STAMP_BEFORE = 4, /* the block */
    PAGE = 0x1000,
    FARTHEST = 0x10000 /* how long a block may be that is looked for */
};

/* Where fields lie before the block. */
struct layout {
    unsigned start_stamp, size, trace;
};
static const struct layout layout32 = {0x20, 0x18, 0x8};
static const struct layout layout64 = {0x40, 0x30, 0x10};

static const struct {
    uint32_t start, end;
    bool full, released;
} stamps[] = {
    {0xabcdaaaa, 0xdcbaaaaa, false, false},
    {0xabcdaaa9, 0xdcbaaaa9, false, true},
    {0xabcdbbbb, 0xdcbabbbb, true, false},
    {0xabcdbbba, 0xdcbabbba, true, true},
};

static bool read_word(const struct avd_memory *memory, uint64_t addr, unsigned pointer_size,
                      uint64_t *out)
{
    uint32_t low;

    if (pointer_size == 8)
        return avd_memory_u64(memory, addr, out);
    if (!avd_memory_u32(memory, addr, &low))
        return false;
    *out = low;
    return true;
}

bool avd_page_heap_read(const struct avd_memory *memory, uint64_t block, unsigned pointer_size,
                        struct avd_page_heap_header *out)
{
    const struct layout *layout = pointer_size == 8 ? &layout64 : &layout32;
    uint32_t start;
    uint32_t end;
    size_t i;

    if (!avd_memory_u32(memory, block - layout->start_stamp, &start) ||
        !avd_memory_u32(memory, block - END_STAMP_BEFORE, &end))
        return false;
    for (i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        if (start != stamps[i].start || end != stamps[i].end)
            continue;
        out->full = stamps[i].full;
        out->released = stamps[i].released;
        return read_word(memory, block - layout->size, pointer_size, &out->size) &&
               read_word(memory, block - layout->trace, pointer_size, &out->trace);
    }
    return false;
}

uint64_t avd_page_heap_block_before(const struct avd_memory *memory, uint64_t address,
                                    unsigned pointer_size, struct avd_page_heap_header *out)
{
    /* Blocks are aligned like this, so a few bytes may lie between their end and the page's. */
    const uint64_t alignment = 2 * (uint64_t)pointer_size;
    uint64_t end = address & ~(uint64_t)(PAGE - 1);
    uint64_t block;
    uint32_t before;

    /* What is not in the dump ends the search: the memory of a block lies in one piece. */
    for (block = end; block > FARTHEST && end - block <= FARTHEST &&
                      avd_memory_u32(memory, block - END_STAMP_BEFORE, &before);
         block -= alignment)
        if (avd_page_heap_read(memory, block, pointer_size, out) && out->full &&
            out->size <= end - block && end - block - out->size < alignment)
            return block;
    return 0;
}
