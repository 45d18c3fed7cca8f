/* SPDX-License-Identifier: MIT */
/*
 * The baseline: buckets that are known. JSON Lines, one bucket a line, sorted by key, so that two
 * branches that add buckets merge line by line. The first line names the format.
 */
#ifndef AVD_GATE_BASELINE_H
#define AVD_GATE_BASELINE_H

#include "gate/summary.h"

struct avd_gate_known {
    const char *key;
    const char *title; /* for readers: what it was */
    uint64_t count;    /* dumps in the last run that wrote it: the same run twice changes nothing */
    uint32_t first_seen, last_seen; /* times of dumps; 0: not known */
    size_t line;                    /* while it is read: its place in the file */
};

struct avd_gate_baseline {
    struct avd_arena arena;
    struct avd_gate_known *items; /* sorted by key */
    size_t count, capacity;
};

void avd_gate_baseline_init(struct avd_gate_baseline *baseline);
void avd_gate_baseline_deinit(struct avd_gate_baseline *baseline);
/*
 * Reads a file. `may_be_absent`: one that is not there is empty. Duplicate keys, as merges leave
 * them, are joined. AVD_E_IO, AVD_E_FORMAT with the line, AVD_E_NOMEM.
 */
enum avd_status avd_gate_baseline_read(struct avd_gate_baseline *baseline, const char *path,
                                       bool may_be_absent, struct avd_error *err);
/* NULL when it is not known. */
const struct avd_gate_known *avd_gate_baseline_find(const struct avd_gate_baseline *baseline,
                                                    const char *key);
/* Appends the file's text with the summary's crashes added. */
void avd_gate_baseline_write(const struct avd_gate_baseline *baseline,
                             const struct avd_gate_summary *summary, struct avd_strbuf *out);

#endif
