/* SPDX-License-Identifier: MIT */
/* Compiling the YAML of a rule's `when` into expressions; the other half of rules/eval.c. */
#ifndef AVD_RULES_CONDITION_H
#define AVD_RULES_CONDITION_H

#include "rules/rules.h"
#include "rules/yaml.h"

/* Fills rule->exprs. AVD_E_RULE with line and column in `file`, or AVD_E_NOMEM. */
enum avd_status avd_condition_compile(struct avd_arena *arena, const char *file,
                                      const struct avd_yaml_node *node, struct avd_rule *rule,
                                      struct avd_error *err);

#endif
