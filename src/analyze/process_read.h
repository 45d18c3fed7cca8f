/* SPDX-License-Identifier: MIT */
/*
 * What detectors share that decode structures of the process: its bytes, its texts, and the
 * functions on a stack by name. All texts live in the analysis's arena.
 */
#ifndef AVD_ANALYZE_PROCESS_READ_H
#define AVD_ANALYZE_PROCESS_READ_H

#include "analyze/analysis.h"

/* Copies up to `size` bytes at `addr`; returns how many. What the dump's memory lacks comes from
 * the image of the module there: good for constants, whose file says what memory had. */
size_t avd_process_read(struct avd_analysis *an, uint64_t addr, void *buffer, size_t size);
/* Little-endian values; false (and *out 0) unless all bytes are there. */
bool avd_process_u32(struct avd_analysis *an, uint64_t addr, uint32_t *out);
bool avd_process_pointer(struct avd_analysis *an, uint64_t addr, unsigned pointer_size,
                         uint64_t *out);

/*
 * The bytes at `addr` up to their NUL as text, control characters escaped, cut at 200 bytes. NULL
 * when it is empty, does not begin with a printable character or is not text.
 */
const char *avd_process_text(struct avd_analysis *an, uint64_t addr);
/* The same of UTF-16, where all letters must be of Latin scripts, as any bytes are UTF-16. */
const char *avd_process_text16(struct avd_analysis *an, uint64_t addr);

/* `text` with control characters and what is not UTF-8 escaped. */
const char *avd_escaped_text(struct avd_analysis *an, const char *text);

/* "module!function", "module+0x12", or the address itself. */
const char *avd_process_name(struct avd_analysis *an, uint64_t addr);

/* 4 or 8: of the code that raised the exception. */
unsigned avd_exception_pointer_size(const struct avd_analysis *an);

/* ---- frames by name ---- */

/* A frame's function without the decoration of C names, from symbols or an export so near that it
 * is no other function's; NULL when there is no such name, or the frame is only a guess. */
const char *avd_frame_near_function(struct avd_analysis *an, const struct avd_an_stack *stack,
                                    size_t frame);
/* Whether the frame's module is one of `names` (file names as base/glob.h
 * has them; ended by NULL). */
bool avd_frame_module_is(const struct avd_analysis *an, const struct avd_an_stack *stack,
                         size_t frame, const char *const *names);

#endif
