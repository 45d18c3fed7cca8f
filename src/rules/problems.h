/* SPDX-License-Identifier: MIT */
/* Collecting what is wrong in rule files, so that one run tells all of it. */
#ifndef AVD_RULES_PROBLEMS_H
#define AVD_RULES_PROBLEMS_H

#include "rules/rules.h"
#include "rules/yaml.h"

/*
 * Adds a mistake at the place of `node`, or of the whole file when NULL. Returns AVD_E_RULE, so
 * that a check ends with it, or AVD_E_NOMEM.
 */
enum avd_status avd_rule_problem(struct avd_rule_problems *problems, const char *file,
                                 const struct avd_yaml_node *node, const char *format, ...)
    AVD_PRINTF(4, 5);
/* The same at a place inside of a text: `column` as messages count it. */
enum avd_status avd_rule_problem_at(struct avd_rule_problems *problems, const char *file,
                                    unsigned line, unsigned column, const char *format, ...)
    AVD_PRINTF(5, 6);
/* Adds what `err` says; AVD_E_NOMEM stays what it is. Returns err->code. */
enum avd_status avd_rule_problem_from(struct avd_rule_problems *problems, const char *file,
                                      const struct avd_error *err);
/* Says which file an error is about; `err` may be NULL. */
void avd_rule_error_file(struct avd_error *err, const char *file);
/* A problem as an error. */
void avd_rule_problem_error(const struct avd_rule_problem *problem, struct avd_error *err);

#endif
