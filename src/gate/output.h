/* SPDX-License-Identifier: MIT */
/*
 * What the gate's answer is written as. A writer prints the summary and the verdict and decides
 * nothing; adding one is a function and a line in avd_gate_writers.
 */
#ifndef AVD_GATE_OUTPUT_H
#define AVD_GATE_OUTPUT_H

#include "gate/policy.h"

struct avd_gate_result {
    const struct avd_gate_summary *summary;
    const struct avd_gate_verdict *verdict;
    const char *version;       /* avdump's */
    const char *link_template; /* for issues: "{name}", "{key}" are replaced; NULL: no links */
};

struct avd_gate_writer {
    const char *name; /* as --output has it */
    const char *help;
    void (*write)(const struct avd_gate_result *result, struct avd_strbuf *out);
};

extern const struct avd_gate_writer avd_gate_writers[]; /* ended by a NULL name */
/* NULL when there is none of that name. */
const struct avd_gate_writer *avd_gate_writer_find(const char *name, size_t size);

void avd_gate_write_table(const struct avd_gate_result *result, struct avd_strbuf *out);
void avd_gate_write_json(const struct avd_gate_result *result, struct avd_strbuf *out);
void avd_gate_write_junit(const struct avd_gate_result *result, struct avd_strbuf *out);
void avd_gate_write_sarif(const struct avd_gate_result *result, struct avd_strbuf *out);
void avd_gate_write_github(const struct avd_gate_result *result, struct avd_strbuf *out);
void avd_gate_write_gitlab(const struct avd_gate_result *result, struct avd_strbuf *out);
void avd_gate_write_markdown(const struct avd_gate_result *result, struct avd_strbuf *out);
void avd_gate_write_html(const struct avd_gate_result *result, struct avd_strbuf *out);
void avd_gate_write_issues(const struct avd_gate_result *result, struct avd_strbuf *out);

/* ---- shared by writers ---- */

/* What a bucket is called; never NULL. */
const char *avd_gate_title(const struct avd_gate_bucket *bucket);
/* "3 new, 1 known, 0 allowed; 12 dumps" */
void avd_gate_write_counts(const struct avd_gate_result *result, struct avd_strbuf *out);

#endif
