/* SPDX-License-Identifier: MIT */
/* x86 code followed from one instruction to the next, as far as jumps whose targets are known. */
#ifndef AVD_X86_FLOW_H
#define AVD_X86_FLOW_H

#include "stack/instruction.h"
#include "stack/walk.h"

enum { AVD_X86_FORKS = 24, AVD_X86_CHUNK = 64 };

/* Code being followed. Set `walk` and `steps`, zero the rest. */
struct avd_x86_flow {
    const struct avd_walk *walk;
    unsigned steps;                   /* instructions that may yet be read */
    uint64_t seen[2 * AVD_X86_FORKS]; /* targets of jumps */
    size_t seen_count;
    uint64_t chunk_at; /* bytes read of late */
    size_t chunk_size;
    uint8_t chunk[AVD_X86_CHUNK];
};

/* Reads the instruction at `pc`; false when it is not there, not known, or no step is left. */
bool avd_x86_fetch(struct avd_x86_flow *flow, uint64_t pc, struct avd_instruction *in);
/* Whether `target` was not jumped to before; false also when too many were. */
bool avd_x86_is_new_target(struct avd_x86_flow *flow, uint64_t target);
/* Whether it jumps to a target of its own on a condition; loop and jecxz, too. */
bool avd_x86_is_conditional(const struct avd_instruction *in);
/* Whether it jumps to a target of its own whatever is. */
bool avd_x86_is_jump(const struct avd_instruction *in);
/* Where such a jump or call leads that ends at `next`. */
uint64_t avd_x86_target(const struct avd_instruction *in, uint64_t next);
/* Whether it does nothing: what compilers fill gaps with, between functions and before loops. */
bool avd_x86_is_filler(const struct avd_instruction *in);
/* Whether no instruction follows it: traps, halts and far jumps. */
bool avd_x86_ends_flow(const struct avd_instruction *in);
/* Where an indirect jump leads whose place is known: through a pointer (of the import table), or a
 * table of places in the same function, of which the first stands for all. `pc`: of its end. */
bool avd_x86_indirect_target(const struct avd_walk *walk, const struct avd_instruction *in,
                             uint64_t pc, uint64_t *target);
/* Of functions that a count of bytes does not describe. */
enum {
    AVD_X86_NOT_KNOWN = -1,   /* no way to a return is known */
    AVD_X86_MOVES_STACK = -2, /* it takes down its caller's frame: __SEH_epilog4 */
    AVD_X86_ALLOCATES = -3    /* it takes as many bytes off the stack as eax says: _chkstk */
};
/*
 * How many bytes of arguments the function that holds `pc` takes off the stack when it returns, or
 * one of the above. `steps`: as in the struct, what is used is taken.
 */
int avd_x86_taken_by_return(const struct avd_walk *walk, uint64_t pc, unsigned *steps);
/* Whether a way through the function at `start` ends with a jump to the function that holds `pc`: a
 * tail call, of which the stack shows nothing. */
bool avd_x86_jumps_to(const struct avd_walk *walk, uint64_t start, uint64_t pc, unsigned *steps);

#endif
