/* SPDX-License-Identifier: MIT */
/*
 * A result of the gate made by hand, for the suites of its outputs: one bucket that fails the gate
 * and one dump that was not analysed. A test may change what it likes before it writes.
 */
#ifndef AVD_TESTS_SUPPORT_GATE_RESULT_H
#define AVD_TESTS_SUPPORT_GATE_RESULT_H

#include "base/strbuf.h"
#include "gate/json.h"
#include "gate/output.h"

#include <check.h>

extern struct avd_gate_bucket gate_bucket;
extern struct avd_gate_summary gate_summary;
extern struct avd_gate_verdict gate_verdict;
extern struct avd_gate_result gate_result;
extern struct avd_strbuf gate_out; /* what was written */

/* Empty before each test, all memory given back after it, jansson's too. */
void gate_result_use(TCase *tests);
/* With `text` wherever a text of a dump or of a file system stands. */
void gate_result_fill(const char *text);
/* A bucket of which all is known. */
void gate_result_fill_all(void);

/* Writes the result instead of what was there before. */
const char *gate_result_written(void (*write)(const struct avd_gate_result *, struct avd_strbuf *));
/* How often `part` is in the output. */
unsigned gate_result_count_of(const char *part);
/* `text` is in the output, between what stands before and behind it. */
void gate_result_expect(const char *before, const char *text, const char *behind);
/* The decoded text at `path`, keys and array places separated by slashes. */
const char *gate_result_value_at(const json_t *root, const char *path);

#endif
