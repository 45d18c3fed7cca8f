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
    AVD_LARGEST_FRAME = 0x2000, /* that is considered */
    AVD_FRAME_SIZES = AVD_LARGEST_FRAME / 16 + 1,
    AVD_MAX_OCCURRENCES = 32 /* of a value that are compared */
};

/*
 * What `seen` occurrences, at `hits` of which a candidate lies at some distance, say about that
 * distance: [seen][hits] is how much likelier this is than for a distance beyond the frame.
 */
struct avd_size_evidence {
    double end[AVD_MAX_OCCURRENCES + 1][AVD_MAX_OCCURRENCES + 1];    /* if the frame ends there */
    double inside[AVD_MAX_OCCURRENCES + 1][AVD_MAX_OCCURRENCES + 1]; /* if it is larger; <= 1 */
};

/* What holds for all frames of a piece of stack. Indices of sizes are multiples of 16. */
struct avd_size_model {
    double prior[AVD_FRAME_SIZES]; /* the sum is 1 */
    double tail[AVD_FRAME_SIZES];  /* sum of `prior` from here on */
    struct avd_size_evidence same; /* of occurrences of a return address itself */
    struct avd_size_evidence near; /* of others that most likely lie in the same function */
};

/* A return address whose function's frame is in question. */
struct avd_size_question {
    uint64_t value;
    uint64_t slot;    /* where it lies; that occurrence says nothing */
    uint64_t context; /* avd_candidate.context, and so do copies of it; 0: it is no candidate */
    bool edit_and_continue;
};

struct avd_frame_sizes {
    double chance[AVD_FRAME_SIZES]; /* of each size; the sum is 1 */
    double beyond; /* times a `tail`: the chance that the frame ends in a part nobody looked at */
};

/* `density`: of the places for a return address, how many hold a candidate; between 0 and 1. */
void avd_size_model_init(struct avd_size_model *model, double density);

void avd_frame_sizes_learn(const struct avd_size_model *model,
                           const struct avd_candidates *candidates,
                           const struct avd_size_question *question, struct avd_frame_sizes *out);

#endif
