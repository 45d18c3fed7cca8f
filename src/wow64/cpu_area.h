/* SPDX-License-Identifier: MIT */
/* Inside wow64: the 32-bit registers that wow64cpu saved when the thread left 32-bit code. */
#ifndef AVD_WOW64_CPU_AREA_H
#define AVD_WOW64_CPU_AREA_H

#include "wow64/tebs.h"

/*
 * Fills source, context, cpu_area and their like of *out, whose TEBs and stacks are known, or says
 * in out->reason what is missing. `native`: the thread's 64-bit context or NULL. False when out of
 * memory.
 */
bool avd_wow64_area_context(const struct avd_dump *dump, const struct avd_thread *thread,
                            const struct avd_wow64_tebs *tebs, const struct avd_context *native,
                            struct avd_arena *arena, struct avd_wow64_thread *out);

#endif
