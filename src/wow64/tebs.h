/* SPDX-License-Identifier: MIT */
/* Inside wow64: a thread's two TEBs, each found by several routes and believed only when valid. */
#ifndef AVD_WOW64_TEBS_H
#define AVD_WOW64_TEBS_H

#include "wow64/wow64.h"

struct avd_wow64_tebs {
    uint64_t teb64;          /* 0 when its memory is not in the dump or is no TEB */
    uint64_t teb32;          /* 0 when no route led to a valid one */
    uint64_t teb64_address;  /* where TEB64 lies or should lie; 0 when nothing tells */
    const char *teb64_route; /* how its address was found; never NULL */
    const char *teb32_route; /* the route that held, "" when none did; never NULL */
};

/* `native` is the thread's 64-bit context, NULL when there is none. */
void avd_wow64_tebs_find(const struct avd_memory *memory, const struct avd_thread *thread,
                         const struct avd_context *native, struct avd_wow64_tebs *out);

#endif
