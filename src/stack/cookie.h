/* SPDX-License-Identifier: MIT */
/*
 * Security cookies (Microsoft's /GS, LLVM's -fstack-protector for Windows): a function with arrays
 * keeps its module's secret, mixed with its stack pointer, above them in its frame. A dump without
 * images does not hold the secret, but the stacks of a process give it away, and then each such
 * word tells the stack pointer of the function that wrote it.
 */
#ifndef AVD_STACK_COOKIE_H
#define AVD_STACK_COOKIE_H

#include "stack/candidates.h"

/* A word that can be a cookie mixed with a stack pointer. */
struct avd_cookie_word {
    uint64_t slot;
    uint64_t value;
};

struct avd_cookie {
    uint32_t module; /* avd_candidate.module */
    uint64_t value;
    double score; /* what speaks for it, as a natural logarithm */
};

/* Whether a word at `slot` can be one, as far as the number tells. */
bool avd_cookie_possible(uint64_t slot, uint64_t value);

/*
 * Finds the cookies of modules, and sets `guard` and `guarded` of the candidates, which must be
 * collected and indexed. `places`: how many there are for return addresses. False when out of
 * memory.
 */
bool avd_cookies_find(struct avd_candidates *candidates, struct avd_arena *arena, size_t places);

/*
 * How far above the stack pointer `sp` of a function of `module` its cookie lies, as the candidates
 * of `walk` tell; 0 when it has none that is known.
 */
uint64_t avd_cookie_above(const struct avd_walk *walk, uint32_t module, uint64_t sp);

#endif
