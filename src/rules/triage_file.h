/* SPDX-License-Identifier: MIT */
/* Triage entries from YAML: docs/buckets.md describes the file. */
#ifndef AVD_RULES_TRIAGE_FILE_H
#define AVD_RULES_TRIAGE_FILE_H

#include "analyze/triage.h"

/*
 * Appends the entries of `text` to `out`, strings in out->arena. AVD_E_RULE with line and column,
 * AVD_E_LIMIT or AVD_E_NOMEM; `file` is what messages call it.
 */
enum avd_status avd_triage_parse(struct avd_triage *out, const char *file, const char *text,
                                 size_t size, struct avd_error *err);

#endif
