/* SPDX-License-Identifier: MIT */
/* The caller found by carrying out the code from pc on until the function returns. */
#ifndef AVD_X64_AHEAD_H
#define AVD_X64_AHEAD_H

#include "stack/walk.h"

/* What a function must give back as it was, but for rsp: bits of registers. */
enum {
    AVD_X64_NONVOLATILE = 1 << AVD_RBX | 1 << AVD_RBP | 1 << AVD_RSI | 1 << AVD_RDI | 1 << AVD_R12 |
                          1 << AVD_R13 | 1 << AVD_R14 | 1 << AVD_R15
};

enum avd_step_result avd_x64_step_ahead(struct avd_walk *walk, const struct avd_frame *callee,
                                        size_t callee_index, struct avd_frame *caller,
                                        enum avd_walk_end *end);

#endif
