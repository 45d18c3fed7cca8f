/* SPDX-License-Identifier: MIT */
/*
 * The likeliest way through a stack when nothing says where frames end: which of the words that
 * may be return addresses are, each with a probability.
 */
#ifndef AVD_STACK_LIKELY_PATH_H
#define AVD_STACK_LIKELY_PATH_H

#include "stack/candidates.h"

struct avd_likely_frame {
    uint64_t slot; /* of the return address */
    uint64_t value;
    unsigned percent;    /* how likely it is one: 1..100 */
    bool has_call;       /* code bytes show a call before it */
    bool frames_missing; /* another may lie between the one before and it */
};

struct avd_likely_path {
    struct avd_likely_frame *frames; /* innermost first */
    size_t count;
    bool known;  /* the stack was looked at; otherwise there is nothing to say about it */
    size_t next; /* the caller's own: how many it has taken */
    uint64_t sp; /* and the stack pointer of the frame that it asks for next */
};

/*
 * Finds the path from `callee` towards the stack's base; frames less likely than not are left out,
 * so it may be empty. Long stacks are done piece by piece: the path ends where the piece does.
 * False when out of memory; what it needs to think is freed, what it found lives in the walk's
 * arena.
 */
bool avd_likely_path_find(struct avd_walk *walk, const struct avd_frame *callee,
                          struct avd_likely_path *out);

#endif
