/* SPDX-License-Identifier: MIT */
/* What workers are told once, before they are forked. This short because it is an interface. */
#ifndef AVD_GATE_WORKER_H
#define AVD_GATE_WORKER_H

#include "avdump/avdump.h"
#include "gate/gate.h"

struct avd_gate_worker {
    const struct avd_rules *rules; /* NULL: the shipped ones */
    const struct avd_analyze_options *analyze;
    struct avd_write_options write;
    bool want_report; /* the whole report in JSON too */
    bool want_issue;  /* what an issue says: stack, summaries, advice */
};

/* Analyses `item`, appends its record and, if wanted, its report or the error as one JSON line. */
void avd_gate_worker_run(const struct avd_gate_worker *worker, const struct avd_gate_item *item,
                         struct avd_strbuf *text, struct avd_strbuf *report);

/* Leaves personal data out of a text of JSON, if write.redact says so. */
void avd_gate_worker_redact(const struct avd_gate_worker *worker, struct avd_strbuf *text);

/* An avd_write_fn; `buffer` is a struct avd_strbuf. */
int avd_gate_append(void *buffer, const char *bytes, size_t size);

#endif
