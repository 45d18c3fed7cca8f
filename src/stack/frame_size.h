/* SPDX-License-Identifier: MIT */
/*
 * How large the frame of an x64 function is, judged by the stacks of all threads: wherever a return
 * address into it lies, its own return address lies one frame above.
 */
#ifndef AVD_STACK_FRAME_SIZE_H
#define AVD_STACK_FRAME_SIZE_H

#include "stack/candidates.h"

enum {
    AVD_SMALLEST_FRAME = 0x30, /* of a function that calls: home space, return address, alignment */
    AVD_LARGEST_FRAME = 0x10000, /* that is considered, or of what lies above a security cookie */
    AVD_FRAME_SIZES = AVD_LARGEST_FRAME / 16 + 1,
    AVD_MAX_OCCURRENCES = 28, /* that are compared */
    AVD_LOOKS_AT_ONCE = 4     /* at candidates, that take as long as one at memory */
};

/* How likely sizes are before the stacks are asked. Indices of sizes are multiples of 16. */
struct avd_size_prior {
    double chance[AVD_FRAME_SIZES];   /* of each */
    double tail[AVD_FRAME_SIZES + 1]; /* sum of `chance` from here on */
};

/* What holds for all frames of a process. */
struct avd_size_model {
    struct avd_size_prior plain; /* the sum is 1 */
    struct avd_size_prior edit;  /* of code that is built for edit and continue; no sum matters */
    struct avd_size_prior guard; /* of what lies above a security cookie; the sum is 1 */
    double by_chance;            /* that a candidate lies at some distance for no reason */
    /* [seen][hits]: how likely it is that above `hits` of `seen` occurrences a candidate lies at a
     * distance where no frame ends */
    double other[AVD_MAX_OCCURRENCES + 1][AVD_MAX_OCCURRENCES + 1];
    double inside[AVD_MAX_OCCURRENCES + 1][AVD_MAX_OCCURRENCES + 1]; /* in a frame, by `other` */
};

/* A return address whose function's frame is in question. */
struct avd_size_question {
    uint64_t value;
    uint64_t slot;    /* where it lies; that occurrence says nothing */
    uint64_t context; /* avd_candidate.context, and so do copies of it; 0: it is no candidate */
    bool edit_and_continue;
    size_t base;  /* the frame reaches beyond its security cookie, so far at least; 0: not known */
    size_t most;  /* sizes above this one cannot be: the stack ends before */
    size_t looks; /* at candidates, after which no other occurrence is compared; 0: any number */
};

struct avd_frame_sizes {
    double chance[AVD_FRAME_SIZES]; /* of base and what is above it, up to the most; with larger
                                     * ones the sum is 1 */
    double beyond; /* times a `tail`: the chance that the frame ends in a part nobody looked at */
    size_t looks;  /* at candidates, to learn that */
    double live;   /* how much likelier the value is one that is still used, as it is elsewhere */
};

/* `density`: of the places for a return address, how many hold a candidate; between 0 and 1. */
void avd_size_model_init(struct avd_size_model *model, double density);

/* Of the candidates `live` and `live_share` are used. */
void avd_frame_sizes_learn(const struct avd_size_model *model,
                           const struct avd_candidates *candidates,
                           const struct avd_size_question *question, struct avd_frame_sizes *out);

#endif
