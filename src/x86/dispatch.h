/* SPDX-License-Identifier: MIT */
/* Through an exception that is being dispatched on the same stack. */
#ifndef AVD_X86_DISPATCH_H
#define AVD_X86_DISPATCH_H

#include "stack/walk.h"

enum avd_step_result avd_x86_step_dispatch(struct avd_walk *walk, const struct avd_frame *callee,
                                           size_t callee_index, struct avd_frame *caller,
                                           enum avd_walk_end *end);

#endif
