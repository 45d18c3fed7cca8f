/* SPDX-License-Identifier: MIT */
/*
 * What the shipped rules say of a built dump, asked rule by rule. Each question and its answer are
 * written to the file that the environment variable AVDUMP_JUDGED names, if any: so that
 * tests/e2e/test_rule_pairs.py sees for which rules a suite has a dump and a near miss.
 */
#ifndef AVD_TESTS_SUPPORT_JUDGE_H
#define AVD_TESTS_SUPPORT_JUDGE_H

#include "rules/rules.h"

/* Judges; must succeed. The texts go into `arena`. */
void judge_run(const struct avd_facts *facts, struct avd_arena *arena,
               struct avd_rule_results *results);
/* Whether the rule is among the findings; one that is not shipped is a test's own mistake. */
bool judge_found(const struct avd_rule_results *results, const char *id);
/* Asserts the ids of all findings, separated by spaces, the worst first. "!ID" behind them names
 * one that the dump might be mistaken for. */
void judge_findings(const struct avd_rule_results *results, const char *expected);

#endif
