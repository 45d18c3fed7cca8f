/* SPDX-License-Identifier: MIT */
/*
 * Rules judged: a rule file whose own tests give the facts. Every rule of the input is judged over
 * the facts of every test in it, and its texts are filled in.
 */
#include "rules/cases.h"
#include "rules/judge.h"
#include "rules/problems.h"
#include "rules/template.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PAIRS = 64 }; /* of a rule and facts in one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Memory that holds its own addresses. */
static size_t read_memory(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    uint8_t *bytes = buffer;
    size_t i;

    (void)ctx;
    if (addr > UINT64_MAX - size)
        return 0;
    for (i = 0; i < size; i++)
        bytes[i] = (uint8_t)((addr + i) >> 8 * ((addr + i) & 3));
    return size;
}

static const char *name_of(void *ctx, uint64_t addr, struct avd_arena *arena)
{
    (void)ctx;
    return (addr & 1) != 0 ? avd_arena_strdup(arena, "module!name") : NULL;
}

static const char *module_of(void *ctx, uint64_t addr)
{
    (void)ctx;
    return (addr & 1) != 0 ? "module.dll" : NULL;
}

static void judge(const struct avd_rule *rule, const struct avd_rule_test *test)
{
    struct avd_arena arena = {0};
    struct avd_rule_problems problems = {0};
    struct avd_lack lack = {NULL, NULL};
    struct avd_facts facts;
    struct avd_judge j;
    struct avd_strbuf text;
    unsigned i;

    problems.arena = &arena;
    avd_facts_init(&facts, &arena);
    if (avd_rule_test_facts(test->facts, "fuzz.yaml", &problems, &facts) != AVD_OK)
        abort(); /* the loader has checked it */
    facts.port.read = read_memory;
    facts.port.name = name_of;
    facts.port.module = module_of;
    facts.port.pointer_size = 4;
    avd_judge_init(&j, rule, &facts, &arena);
    if (avd_judge_expr(&j, 0, &lack) == AVD_UNDECIDED && (lack.what == NULL || lack.reason == NULL))
        abort(); /* nothing is undecided without a reason */
    avd_strbuf_init(&text);
    (void)avd_template_expand(rule->summary, &j, &text);
    for (i = 0; i < rule->evidence_count; i++)
        (void)avd_template_expand(rule->evidence[i], &j, &text);
    avd_strbuf_deinit(&text);
    avd_arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avd_arena arena = {0};
    struct avd_rule_list list = {0};
    struct avd_rule_problems problems = {0};
    size_t pairs = 0;
    size_t i;
    size_t k;
    unsigned t;

    problems.arena = &arena;
    if (avd_rules_parse(&arena, "fuzz.yaml", (const char *)data, size, &list, &problems) != AVD_OK)
        abort();
    for (i = 0; i < list.count; i++)
        for (k = 0; k < list.count; k++)
            for (t = 0; t < list.items[k].test_count && pairs < MAX_PAIRS; t++)
                if (list.items[k].tests[t].facts != NULL) {
                    judge(&list.items[i], &list.items[k].tests[t]);
                    pairs++;
                }
    avd_arena_deinit(&arena);
    return 0;
}
