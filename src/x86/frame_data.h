/* SPDX-License-Identifier: MIT */
/*
 * Callers found by what a PDB or symbol file says of an x86 function's frame: frame-data programs
 * (FRAMEDATA, STACK WIN 4) and FPO records (FPO_DATA, STACK WIN 0).
 */
#ifndef AVD_X86_FRAME_DATA_H
#define AVD_X86_FRAME_DATA_H

#include "stack/walk.h"

enum avd_step_result avd_x86_step_frame_data(struct avd_walk *walk, const struct avd_frame *callee,
                                             size_t callee_index, struct avd_frame *caller,
                                             enum avd_walk_end *end);

#endif
