/* SPDX-License-Identifier: MIT */
/* The x86 CONTEXT of winnt.h (WOW64_CONTEXT in 64-bit programs). */
#ifndef AVD_X86_CONTEXT_H
#define AVD_X86_CONTEXT_H

#include "stack/regs.h"

#include <stddef.h>

/* A CONTEXT without ExtendedRegisters, as old writers store it. */
enum { AVD_X86_CONTEXT_MIN = 0xcc };

/* False when `size` is below AVD_X86_CONTEXT_MIN or ContextFlags are not those of an x86 CONTEXT.
 * Registers whose group the flags leave out are unknown. */
bool avd_x86_read_context(const uint8_t *bytes, size_t size, struct avd_context *out);

#endif
