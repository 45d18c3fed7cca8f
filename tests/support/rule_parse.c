/* SPDX-License-Identifier: MIT */
/* Rule files in tests; see the header. */
#include "support/rule_parse.h"

#include "base/error.h"

enum avd_status rule_parse(struct avd_arena *arena, const char *file, const char *text, size_t size,
                           struct avd_rule_list *list, struct avd_error *err)
{
    struct avd_rule_problems problems = {0};
    enum avd_status status;

    problems.arena = arena;
    status = avd_rules_parse(arena, file, text, size, list, &problems);
    if (status == AVD_E_NOMEM)
        return avd_error_nomem(err);
    if (problems.count == 0)
        return AVD_OK;
    avd_rule_problem_error(&problems.items[0], err);
    return problems.items[0].code;
}
