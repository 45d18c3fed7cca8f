/* SPDX-License-Identifier: MIT */
/* A rule file; what loads is evaluated against no facts at all. */
#include "rules/rules.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avd_arena arena = {0};
    struct avd_rule_list list = {0};
    struct avd_facts facts;
    struct avd_error err = {0};
    enum avd_status status;
    size_t i;

    avd_facts_init(&facts, &arena);
    status = avd_rules_parse(&arena, "fuzz.yaml", (const char *)data, size, &list, &err);
    if (status == AVD_OK) {
        for (i = 0; i < list.count; i++) {
            const char *missing = NULL;

            if (avd_rule_evaluate(&list.items[i], &facts, &missing) == AVD_UNDECIDED &&
                missing == NULL)
                abort();
        }
    } else if (err.code != status || err.message[0] == '\0') {
        abort(); /* no failure without a word */
    }
    avd_arena_deinit(&arena);
    return 0;
}
