/* SPDX-License-Identifier: MIT */
/*
 * Callers found by the code bytes around eip, where the EBP chain would skip one: system-call
 * stubs, which have no frame, and functions whose frame is not yet built or already gone.
 */
#ifndef AVD_X86_CODE_FORMS_H
#define AVD_X86_CODE_FORMS_H

#include "stack/walk.h"

/* Whether the instruction before `pc` went into the kernel, or called what does so on behalf of a
 * system-call stub. */
bool avd_x86_after_system_call(const struct avd_walk *walk, uint64_t pc);

enum avd_step_result avd_x86_step_syscall_stub(struct avd_walk *walk,
                                               const struct avd_frame *callee, size_t callee_index,
                                               struct avd_frame *caller, enum avd_walk_end *end);
enum avd_step_result avd_x86_step_prologue(struct avd_walk *walk, const struct avd_frame *callee,
                                           size_t callee_index, struct avd_frame *caller,
                                           enum avd_walk_end *end);

#endif
