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
    uint32_t fields; /* of issues, as avd_gate_fields_parse gives them; 0: the usual ones */
    size_t columns;  /* of the terminal that it goes to; 0: to none */
};

struct avd_gate_writer {
    const char *name; /* as --output has it */
    const char *help;
    void (*write)(const struct avd_gate_result *result, struct avd_strbuf *out);
    bool examples; /* it shows stacks and advice of example dumps */
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

/* Names of an issue's fields, separated by commas. False for an unknown one: *wrong,
 * *wrong_size. */
bool avd_gate_fields_parse(const char *text, uint32_t *fields, const char **wrong,
                           size_t *wrong_size);

/* ---- shared by writers ---- */

/* "3 new, 1 known, 0 allowed; 12 dumps" */
void avd_gate_write_counts(const struct avd_gate_result *result, struct avd_strbuf *out);
/* Text of a dump as avd_strbuf_escaped has it, each byte through `put`, which quotes for a format.
 */
void avd_gate_put_escaped(struct avd_strbuf *out, const char *text,
                          void (*put)(struct avd_strbuf *out, char c));

#endif
