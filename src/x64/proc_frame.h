/* SPDX-License-Identifier: MIT */
/*
 * Callers found by the sizes that a PDB states of an x64 function's frame (S_FRAMEPROC), for
 * modules whose image, and with it the unwind data, is not to be had.
 */
#ifndef AVD_X64_PROC_FRAME_H
#define AVD_X64_PROC_FRAME_H

#include "stack/walk.h"

enum avd_step_result avd_x64_step_proc_frame(struct avd_walk *walk, const struct avd_frame *callee,
                                             size_t callee_index, struct avd_frame *caller,
                                             enum avd_walk_end *end);

#endif
