/* SPDX-License-Identifier: MIT */
#include "support/judge.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void record(const char *id, bool found)
{
    const char *path = getenv("AVDUMP_JUDGED");
    FILE *file = path != NULL ? fopen(path, "a") : NULL;

    if (file == NULL)
        return;
    fprintf(file, "%c%s\n", found ? '+' : '-', id);
    (void)fclose(file);
}

void judge_run(const struct avd_facts *facts, struct avd_arena *arena,
               struct avd_rule_results *results)
{
    ck_assert_int_eq(avd_rules_run(NULL, facts, arena, results), AVD_OK);
}

static bool is_shipped(const char *id)
{
    unsigned i;

    for (i = 0; i < avd_shipped_rule_count; i++)
        if (strcmp(avd_shipped_rules[i].id, id) == 0)
            return true;
    return false;
}

bool judge_found(const struct avd_rule_results *results, const char *id)
{
    bool found = false;
    size_t i;

    ck_assert_msg(is_shipped(id), "there is no rule %s", id);
    for (i = 0; i < results->finding_count; i++)
        found = found || strcmp(results->findings[i].rule->id, id) == 0;
    record(id, found);
    return found;
}

void judge_findings(const struct avd_rule_results *results, const char *expected)
{
    char wanted[500], got[500] = "";
    size_t used = 0;
    char *miss;
    size_t i;

    for (i = 0; i < results->finding_count && used < sizeof got; i++) {
        record(results->findings[i].rule->id, true);
        used += (size_t)snprintf(got + used, sizeof got - used, "%s%s", used != 0 ? " " : "",
                                 results->findings[i].rule->id);
    }
    (void)snprintf(wanted, sizeof wanted, "%s", expected);
    while ((miss = strrchr(wanted, '!')) != NULL) {
        ck_assert_msg(!judge_found(results, miss + 1), "%s was found", miss + 1);
        miss[miss > wanted ? -1 : 0] = '\0';
    }
    ck_assert_str_eq(got, wanted);
}
