/* SPDX-License-Identifier: MIT */
/* Rule files in tests: one text parsed, the first mistake as an error. */
#ifndef SUPPORT_RULE_PARSE_H
#define SUPPORT_RULE_PARSE_H

#include "rules/problems.h"
#include "rules/rules.h"

/* AVD_OK when there is no mistake; otherwise the first one's code, and *err says it. */
enum avd_status rule_parse(struct avd_arena *arena, const char *file, const char *text, size_t size,
                           struct avd_rule_list *list, struct avd_error *err);

#endif
