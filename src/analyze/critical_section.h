/* SPDX-License-Identifier: MIT */
/*
 * RTL_CRITICAL_SECTION in process memory: whether what lies at an address can be one that is held,
 * and by whom. Layout: winnt.h, the same since NT 4; LockCount's coding changed with Windows Server
 * 2003 SP1 (Microsoft, "Displaying a Critical Section"). Wine keeps the older one.
 */
#ifndef AVD_ANALYZE_CRITICAL_SECTION_H
#define AVD_ANALYZE_CRITICAL_SECTION_H

#include "minidump/memory.h"

struct avd_critical_section {
    uint64_t addr;
    uint32_t owner;     /* thread id */
    uint32_t recursion; /* how often it entered */
    uint32_t waiters;   /* threads that wait for it */
    bool registered;    /* its DebugInfo leads back to it: surely a critical section */
};

/* False when the bytes are not in the dump or cannot be a critical section that somebody holds. */
bool avd_critical_section_read(const struct avd_memory *memory, uint64_t addr,
                               unsigned pointer_size, struct avd_critical_section *out);

#endif
