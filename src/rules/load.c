/* SPDX-License-Identifier: MIT */
/*
 * Rules from a directory, and how they join the shipped ones: a rule with the id of a shipped rule
 * takes its place. Files are read in the order of their names, so the same directory always gives
 * the same rules and the same mistakes. What is wrong in one file does not hide the others.
 */
#include "rules/rules.h"

#include "base/file.h"
#include "base/glob.h"
#include "base/memory.h"
#include "rules/problems.h"

#include <stdlib.h>
#include <string.h>

enum avd_status avd_rules_read_file(struct avd_arena *arena, const char *path, const char *shown_as,
                                    struct avd_rule_list *out, struct avd_rule_problems *problems)
{
    struct avd_file file = {0};
    struct avd_error err = {0};
    enum avd_status status = avd_file_load(path, &file, &err);

    if (status != AVD_OK)
        status = avd_rule_problem_from(problems, shown_as, &err);
    else
        status = avd_rules_parse(arena, shown_as, (const char *)file.view.data, file.view.size, out,
                                 problems);
    avd_file_close(&file);
    return status == AVD_E_NOMEM ? status : AVD_OK;
}

enum avd_status avd_rules_read_directory(struct avd_arena *arena, const char *directory,
                                         const char *shown_as, struct avd_rule_list *out,
                                         struct avd_rule_problems *problems, struct avd_error *err)
{
    char *names = NULL;
    const char *name;
    enum avd_status status = avd_file_list(directory, ".yaml", &names, err);

    if (status != AVD_OK) {
        if (status != AVD_E_NOMEM)
            avd_rule_error_file(err, shown_as);
        return status;
    }
    if (names[0] == '\0') {
        status = avd_error_set(err, AVD_E_RULE, 0, "", "directory has no *.yaml, so no rules");
        avd_rule_error_file(err, shown_as);
    }
    for (name = names; status == AVD_OK && *name != '\0'; name += strlen(name) + 1) {
        const char *path = avd_arena_printf(arena, "%s/%s", directory, name);
        const char *shown = avd_arena_printf(arena, "%s/%s", shown_as, name);

        status = path != NULL && shown != NULL
                     ? avd_rules_read_file(arena, path, shown, out, problems)
                     : AVD_E_NOMEM;
        if (status == AVD_E_NOMEM)
            (void)avd_error_nomem(err);
    }
    avd_mem_free(names);
    return status;
}

static int compare_rules(const void *a, const void *b)
{
    const struct avd_rule *const *x = a;
    const struct avd_rule *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

static bool has_id(const struct avd_rule_list *list, const char *id)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].id, id) == 0)
            return true;
    }
    return false;
}

/* The shipped rules that were not replaced, and the own ones, by id. */
static bool merge(struct avd_rules *rules, const struct avd_rule_list *own)
{
    const struct avd_rule **items = avd_arena_alloc(
        &rules->arena, own->count + avd_shipped_rule_count, sizeof(const struct avd_rule *));
    size_t i;

    if (items == NULL)
        return false;
    for (i = 0; i < avd_shipped_rule_count; i++) {
        if (!has_id(own, avd_shipped_rules[i].id))
            items[rules->count++] = &avd_shipped_rules[i];
    }
    for (i = 0; i < own->count; i++)
        items[rules->count++] = &own->items[i];
    qsort(items, rules->count, sizeof *items, compare_rules);
    rules->items = items;
    return true;
}

enum avd_status avd_rules_load(const char *directory, struct avd_rules **out, struct avd_error *err)
{
    struct avd_rule_list own = {0};
    struct avd_rules *rules;
    enum avd_status status;

    if (out == NULL || directory == NULL) {
        if (out != NULL)
            *out = NULL;
        return avd_error_set(err, AVD_E_ARG, 0, "", "no %s given",
                             out == NULL ? "place for the rules" : "directory");
    }
    *out = NULL;
    rules = avd_mem_calloc(1, sizeof *rules);
    if (rules == NULL)
        return avd_error_nomem(err);
    rules->problems.arena = &rules->arena;
    status =
        avd_rules_read_directory(&rules->arena, directory, directory, &own, &rules->problems, err);
    if (status == AVD_OK && !merge(rules, &own))
        status = avd_error_nomem(err);
    if (status != AVD_OK) {
        avd_rules_free(rules);
        return status;
    }
    *out = rules;
    return AVD_OK;
}

void avd_rules_free(struct avd_rules *rules)
{
    if (rules == NULL)
        return;
    avd_arena_deinit(&rules->arena);
    avd_mem_free(rules);
}

size_t avd_rules_problem_count(const struct avd_rules *rules)
{
    return rules != NULL ? rules->problems.count : 0;
}

int avd_rules_have(const struct avd_rules *rules, const char *pattern)
{
    size_t count = rules != NULL ? rules->count : avd_shipped_rule_count;
    size_t i;

    for (i = 0; i < count; i++)
        if (avd_glob_fits(rules != NULL ? rules->items[i]->id : avd_shipped_rules[i].id, pattern))
            return 1;
    return 0;
}

void avd_rules_problem(const struct avd_rules *rules, size_t index, struct avd_error *err)
{
    if (rules != NULL && index < rules->problems.count)
        avd_rule_problem_error(&rules->problems.items[index], err);
}
