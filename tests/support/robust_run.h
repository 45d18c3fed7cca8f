/* SPDX-License-Identifier: MIT */
/*
 * A whole run that asserts what must hold of any bytes: no crash (and if, which bytes), no leak,
 * valid JSON, text without control characters, bounded time and memory, and no refusal of a dump
 * whose header is sound.
 */
#ifndef AVD_TESTS_SUPPORT_ROBUST_RUN_H
#define AVD_TESTS_SUPPORT_ROBUST_RUN_H

#include "base/error.h"

/* Once, before the tests run: a crash prints the label. */
void robust_run_init(void);
/* What is tried next, for messages. */
void robust_run_label(const char *format, ...) AVD_PRINTF(1, 2);
void robust_run_try(const void *bytes, size_t size);

#endif
