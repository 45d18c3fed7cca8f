/* SPDX-License-Identifier: MIT */
/* A rule file; what loads is judged over no facts at all. fuzz_judge.c has some. */
#include "rules/problems.h"
#include "rules/rules.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avd_arena arena = {0};
    struct avd_rule_list list = {0};
    struct avd_rule_problems problems = {0};
    struct avd_facts facts;
    size_t i;

    problems.arena = &arena;
    avd_facts_init(&facts, &arena);
    if (avd_rules_parse(&arena, "fuzz.yaml", (const char *)data, size, &list, &problems) != AVD_OK)
        abort();
    for (i = 0; i < list.count; i++) {
        const char *missing = NULL;

        if (avd_rule_evaluate(&list.items[i], &facts, &missing) == AVD_UNDECIDED && missing == NULL)
            abort();
    }
    for (i = 0; i < problems.count; i++)
        if (problems.items[i].message[0] == '\0')
            abort(); /* no failure without a word */
    if (list.count + problems.count == 0)
        abort();
    avd_arena_deinit(&arena);
    return 0;
}
