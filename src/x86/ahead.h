/* SPDX-License-Identifier: MIT */
/* The caller found by carrying out the code from eip on until the function returns. */
#ifndef AVD_X86_AHEAD_H
#define AVD_X86_AHEAD_H

#include "stack/walk.h"

enum avd_step_result avd_x86_step_ahead(struct avd_walk *walk, const struct avd_frame *callee,
                                        size_t callee_index, struct avd_frame *caller,
                                        enum avd_walk_end *end);

#endif
