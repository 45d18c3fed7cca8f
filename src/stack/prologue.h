/* SPDX-License-Identifier: MIT */
/* How much of the stack an x86 function certainly uses, read off its prologue. */
#ifndef AVD_STACK_PROLOGUE_H
#define AVD_STACK_PROLOGUE_H

#include "stack/walk.h"

/* What the first instructions of a function do. */
struct avd_prologue {
    uint64_t size; /* bytes that they push and reserve */
    bool whole;    /* all instructions from the start to pc were read: nothing else was run */
    bool saves_ebp;
    uint64_t ebp_offset; /* of the saved EBP below the slot of the return address */
};

/* x86: reads the function at `start` up to `pc`, or to the first instruction that is not known. */
void avd_walk_read_prologue(const struct avd_walk *walk, uint64_t start, uint64_t pc,
                            struct avd_prologue *out);

/*
 * x86: how many bytes the prologue of the function at `start` takes off the stack before it comes
 * to `pc`: what it pushes and reserves. While the function runs calls, its return address lies at
 * least so far above its stack pointer, and further only by the arguments of those calls. A lower
 * bound: reading stops at the first instruction that is not known; 0 when there is none.
 */
uint64_t avd_walk_prologue_size(const struct avd_walk *walk, uint64_t start, uint64_t pc);

/*
 * The same for the function of a frame that is making a call. False when symbols do not know its
 * start, or another function may begin between that and the frame's pc; *size is 0 then.
 */
bool avd_walk_frame_size(const struct avd_walk *walk, const struct avd_frame *frame,
                         uint64_t *size);

#endif
