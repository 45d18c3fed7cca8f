/* SPDX-License-Identifier: MIT */
/*
 * The tests that stand in a rule: dumps, or facts written down. `positive` ones must give the
 * finding, `negative` ones must not.
 */
#ifndef AVD_RULES_CASES_H
#define AVD_RULES_CASES_H

#include "rules/rules.h"
#include "rules/yaml.h"

struct avd_rule_test {
    bool positive;
    unsigned line;
    const char *dump;                  /* path relative to the rule's file; NULL: facts */
    const struct avd_yaml_node *facts; /* a mapping that was checked */
};

/* Reads and checks `tests`. AVD_OK, AVD_E_RULE with the problems added, or AVD_E_NOMEM. */
enum avd_status avd_rule_tests_read(struct avd_arena *arena, const char *file,
                                    struct avd_rule_problems *problems,
                                    const struct avd_yaml_node *node,
                                    const struct avd_rule_test **out, unsigned *count);

/* Publishes the facts of a test; they live in facts->arena. AVD_E_NOMEM only, once checked. */
enum avd_status avd_rule_test_facts(const struct avd_yaml_node *node, const char *file,
                                    struct avd_rule_problems *problems, struct avd_facts *facts);

#endif
