/* SPDX-License-Identifier: MIT */
/* The AMD64 CONTEXT of winnt.h. */
#ifndef AVD_X64_CONTEXT_H
#define AVD_X64_CONTEXT_H

#include "stack/regs.h"

#include <stddef.h>

/* The part of a CONTEXT that holds every register of struct avd_regs. */
enum { AVD_X64_CONTEXT_MIN = 0x100 };

/* False when `size` is below AVD_X64_CONTEXT_MIN or ContextFlags are not those of an AMD64
 * CONTEXT. Registers whose group the flags leave out are unknown. */
bool avd_x64_read_context(const uint8_t *bytes, size_t size, struct avd_context *out);

#endif
