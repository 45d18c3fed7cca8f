/* SPDX-License-Identifier: MIT */
/* Reports that were written earlier, without personal data. This short because it is an
 * interface. */
#ifndef AVD_GATE_REDACT_H
#define AVD_GATE_REDACT_H

#include "gate/gate.h"

/*
 * Does to a report in JSON what the library's `redact` does when it writes one: comments,
 * annotations and facts that may say who somebody is, and names of users in paths. A text that is
 * no JSON loses the latter only. Out of memory sets report->failed.
 */
void avd_gate_redact_report(struct avd_strbuf *report);
/* Leaves out of a record what its findings quote of comments. New lists go into `arena`. */
void avd_gate_redact_record(struct avd_gate_record *record, struct avd_arena *arena);

#endif
