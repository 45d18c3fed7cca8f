/* SPDX-License-Identifier: MIT */
/*
 * The likeliest way through a stack when nothing says where frames end: which of the words that
 * may be return addresses are, each with a probability.
 */
#ifndef AVD_STACK_LIKELY_PATH_H
#define AVD_STACK_LIKELY_PATH_H

#include "stack/candidates.h"
#include "stack/trellis.h"

struct avd_likely_frame {
    uint64_t slot; /* of the return address */
    uint64_t value;
    unsigned percent;    /* how likely it is one: 1..100 */
    bool has_call;       /* code bytes show a call before it */
    bool frames_missing; /* another may lie between the one before and it */
};

struct avd_likely_path {
    struct avd_likely_frame *frames; /* innermost first */
    size_t count, room;
    bool known;  /* the stack was looked at; otherwise there is nothing to say about it */
    size_t next; /* the caller's own: how many it has taken */
    uint64_t sp; /* and the stack pointer of the frame that it asks for next */
    struct avd_trellis
        trellis; /* what was learned of the stack, for the next path; avd_likely_path_free */
};

/*
 * Finds the path from `callee` towards the stack's base; frames less likely than not are left out,
 * so it may be empty. Long stacks are done piece by piece: the path ends where the piece does.
 * `path` is all zero, or what an earlier call for a frame below on the same stack left. False when
 * out of memory. The frames live in the walk's arena.
 */
bool avd_likely_path_find(struct avd_walk *walk, const struct avd_frame *callee,
                          struct avd_likely_path *path);
/* Frees what paths were found with; `path` may be NULL. */
void avd_likely_path_free(struct avd_likely_path *path);

#endif
