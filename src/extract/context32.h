/* SPDX-License-Identifier: MIT */
/* The x86 CONTEXT that a thread in 32-bit code would have had in a dump of a 32-bit writer. */
#ifndef AVD_EXTRACT_CONTEXT32_H
#define AVD_EXTRACT_CONTEXT32_H

#include "base/view.h"

enum { AVD_CONTEXT32_SIZE = 0x2cc };

/*
 * From the AMD64 CONTEXT of a thread whose cs is that of 32-bit code: the low halves, and the
 * floating-point and vector registers that 32-bit code has. `out` has AVD_CONTEXT32_SIZE bytes;
 * false when `amd64` is shorter than the registers.
 */
bool avd_context32_from_amd64(struct avd_view amd64, uint8_t *out);

/* From an x86 CONTEXT as some writer stored it: what goes beyond AVD_CONTEXT32_SIZE is left out,
 * what is missing is not claimed. False when it is too short for the registers. */
bool avd_context32_from_x86(struct avd_view x86, uint8_t *out);

#endif
