/* SPDX-License-Identifier: MIT */
/* x86: from a function that the kernel called back to the system call it is called from. */
#ifndef AVD_X86_CALLBACK_H
#define AVD_X86_CALLBACK_H

#include "stack/walk.h"

/* The caller of ntdll's KiUserCallbackDispatcher: the system-call stub. */
enum avd_step_result avd_x86_step_callback(struct avd_walk *walk, const struct avd_frame *callee,
                                           size_t callee_index, struct avd_frame *caller,
                                           enum avd_walk_end *end);

#endif
