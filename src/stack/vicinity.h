/* SPDX-License-Identifier: MIT */
/*
 * How near a function lies to those that call it. Linkers put together what one source file and one
 * library have, and that calls itself more than the rest; so of two return addresses that could
 * come next on a stack, the nearer one is likelier.
 */
#ifndef AVD_STACK_VICINITY_H
#define AVD_STACK_VICINITY_H

#include "stack/candidates.h"

/* Around one callee. */
struct avd_vicinity {
    uint64_t value;  /* the callee's */
    uint32_t module; /* its number as in struct avd_candidate; 0: its vicinity says nothing */
    /* How much likelier than by chance a caller is one that is near, or not far, or far. */
    double near_by, middle, far_off;
};

/*
 * The vicinity of `callee`, measured against how near to it the other candidates of its module are:
 * where they all are, as in a small program, being near says nothing.
 */
void avd_vicinity_of(struct avd_vicinity *out, const struct avd_walk *walk,
                     const struct avd_candidates *candidates, const struct avd_candidate *callee);

/* How much likelier `caller` calls it than by chance; 1 for those of other modules. */
double avd_vicinity_factor(const struct avd_vicinity *vicinity, const struct avd_candidate *caller);

/* How many candidates are looked at to learn a vicinity. */
enum { AVD_VICINITY_LOOKS = 64 };

#endif
