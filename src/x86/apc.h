/* SPDX-License-Identifier: MIT */
/* x86: from an asynchronous procedure call (APC) to the system call that it interrupted. */
#ifndef AVD_X86_APC_H
#define AVD_X86_APC_H

#include "stack/walk.h"

/* The caller of ntdll's KiUserApcDispatcher: the system-call stub, exact, with all registers. */
enum avd_step_result avd_x86_step_apc(struct avd_walk *walk, const struct avd_frame *callee,
                                      size_t callee_index, struct avd_frame *caller,
                                      enum avd_walk_end *end);

/*
 * The dispatcher itself, where the functions that it called keep no frame pointer, so that the
 * chain of EBP leads past it into the interrupted function. The caller keeps the callee's EBP.
 */
enum avd_step_result avd_x86_step_skipped_apc(struct avd_walk *walk, const struct avd_frame *callee,
                                              size_t callee_index, struct avd_frame *caller,
                                              enum avd_walk_end *end);

#endif
