/* SPDX-License-Identifier: MIT */
/*
 * Undoing a function by its UNWIND_INFO: prologue codes, chained entries, epilogues, machine
 * frames (Microsoft's "x64 exception handling").
 */
#ifndef AVD_X64_UNWIND_INFO_H
#define AVD_X64_UNWIND_INFO_H

#include "x64/pdata.h"

struct avd_x64_unwound {
    struct avd_regs regs; /* the caller's: rip and rsp known, other registers where restored or
                             never touched */
    bool machine_frame;   /* the caller was interrupted, its rip is an instruction */
    uint16_t machine_cs;  /* its code segment then; 0 when not in the dump */
};

/*
 * Undoes `function` at `pc` with the registers `regs`. `exact`: pc is an instruction about to run
 * (which may be in an epilogue), not a return address. False and said why.
 */
bool avd_x64_unwind(struct avd_walk *walk, const struct avd_x64_image *image,
                    const struct avd_x64_function *function, uint64_t pc, bool exact,
                    const struct avd_regs *regs, struct avd_x64_unwound *out,
                    enum avd_walk_end *end);

/* Whether two functions are parts of one, by their chains' last entries. */
bool avd_x64_same_function(struct avd_walk *walk, const struct avd_x64_image *image,
                           const struct avd_x64_function *a, const struct avd_x64_function *b);

/* Undoes one push: `reg` from the top of the stack, unknown when that is not in the dump. */
void avd_x64_pop(const struct avd_walk *walk, struct avd_regs *regs, unsigned reg);

/* ---- epilogue.c ---- */

/*
 * If `pc` lies in an epilogue of `function`, does in *regs what is left of it up to the return
 * address and returns true. Version 1 is recognized by its instructions, version 2 by codes.
 */
bool avd_x64_finish_epilogue(struct avd_walk *walk, const struct avd_x64_image *image,
                             const struct avd_x64_function *function,
                             const struct avd_x64_unwind_info *info, uint64_t pc,
                             struct avd_regs *regs);

#endif
