/* SPDX-License-Identifier: MIT */
/* See critical_section.h. */
#include "analyze/critical_section.h"

#include "base/limits.h"

#include <string.h>

enum {
    MAX_RECURSION = 0x10000,
    LEAST_POINTER = 0x10000,   /* Windows maps nothing below */
    SEMAPHORE_LIMIT = 0x100000 /* handles are small multiples of four */
};

/* Where the fields lie, in bytes. */
struct layout {
    unsigned debug_info, lock_count, recursion, owner, semaphore, debug_section;
};
static const struct layout layout32 = {0, 4, 8, 0xc, 0x10, 4};
static const struct layout layout64 = {0, 8, 0xc, 0x10, 0x18, 8};

static uint64_t all_ones(unsigned pointer_size)
{
    return pointer_size == 4 ? UINT32_MAX : UINT64_MAX;
}

/* Since 2003 SP1: bit 0 clear: held, bit 1: no waiter was woken yet, the complement of the rest
 * counts waiters. Before, and under Wine: waiters + 1, counted from -1. */
static bool count_waiters(int32_t lock_count, uint32_t *waiters)
{
    if (lock_count >= 0) {
        *waiters = (uint32_t)lock_count;
        return *waiters <= AVD_MAX_THREADS;
    }
    *waiters = (uint32_t)(-1 - lock_count) >> 2;
    return ((uint32_t)lock_count & 1) == 0 && *waiters <= AVD_MAX_THREADS;
}

/* No debug information is 0 or -1. */
static bool check_debug_info(const struct avd_memory *memory, uint64_t addr, uint64_t debug,
                             unsigned pointer_size, const struct layout *at, bool *registered)
{
    uint64_t back;

    *registered = false;
    if (debug == 0 || debug == all_ones(pointer_size))
        return true;
    if (debug < LEAST_POINTER || debug % 4 != 0)
        return false;
    if (!avd_memory_pointer(memory, debug + at->debug_section, pointer_size, &back))
        return true;
    *registered = back == addr;
    return *registered;
}

bool avd_critical_section_read(const struct avd_memory *memory, uint64_t addr,
                               unsigned pointer_size, struct avd_critical_section *out)
{
    const struct layout *at = pointer_size == 4 ? &layout32 : &layout64;
    uint64_t debug;
    uint64_t owner;
    uint64_t semaphore;
    uint32_t lock_count;

    memset(out, 0, sizeof *out);
    if (addr < LEAST_POINTER || addr % 4 != 0 ||
        !avd_memory_u32(memory, addr + at->lock_count, &lock_count) ||
        !avd_memory_u32(memory, addr + at->recursion, &out->recursion) ||
        !avd_memory_pointer(memory, addr + at->owner, pointer_size, &owner) ||
        !avd_memory_pointer(memory, addr + at->semaphore, pointer_size, &semaphore) ||
        !avd_memory_pointer(memory, addr + at->debug_info, pointer_size, &debug))
        return false;
    /* Thread ids are multiples of four. */
    if (owner == 0 || owner > UINT32_MAX || owner % 4 != 0)
        return false;
    if (out->recursion == 0 || out->recursion > MAX_RECURSION)
        return false;
    if (semaphore >= SEMAPHORE_LIMIT && semaphore != all_ones(pointer_size))
        return false;
    if (!count_waiters((int32_t)lock_count, &out->waiters) ||
        !check_debug_info(memory, addr, debug, pointer_size, at, &out->registered))
        return false;
    out->addr = addr;
    out->owner = (uint32_t)owner;
    return true;
}
