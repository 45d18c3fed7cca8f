/* SPDX-License-Identifier: MIT */
/* The caller found by the prologue before pc, of code that belongs to no module. */
#ifndef AVD_X64_BEHIND_H
#define AVD_X64_BEHIND_H

#include "stack/walk.h"

enum avd_step_result avd_x64_step_behind(struct avd_walk *walk, const struct avd_frame *callee,
                                         size_t callee_index, struct avd_frame *caller,
                                         enum avd_walk_end *end);

#endif
