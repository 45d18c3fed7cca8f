/* SPDX-License-Identifier: MIT */
/*
 * Rules from a directory, and how they join the shipped ones: a rule with the id of a shipped rule
 * takes its place. Files are read in the order of their names, so the same directory always gives
 * the same rules and the same first error.
 */
#include "rules/rules.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* err->where is short; of a long path the end, where the file's name is, says more. */
static void name_file(struct avd_error *err, const char *shown)
{
    size_t size = strlen(shown);
    size_t room = err != NULL ? sizeof err->where - 1 : 0;

    if (err == NULL)
        return;
    if (size <= room) {
        memcpy(err->where, shown, size + 1);
    } else {
        memcpy(err->where, "...", 3);
        memcpy(err->where + 3, shown + size - (room - 3), room - 3 + 1);
    }
}

static enum avd_status load_file(struct avd_arena *arena, const char *path, const char *shown,
                                 struct avd_rule_list *out, struct avd_error *err)
{
    struct avd_file file = {0};
    enum avd_status status = avd_file_map(path, &file, err);

    if (status == AVD_OK)
        status =
            avd_rules_parse(arena, shown, (const char *)file.view.data, file.view.size, out, err);
    avd_file_close(&file);
    if (status != AVD_OK && status != AVD_E_NOMEM)
        name_file(err, shown);
    return status;
}

enum avd_status avd_rules_read_directory(struct avd_arena *arena, const char *directory,
                                         const char *shown_as, struct avd_rule_list *out,
                                         struct avd_error *err)
{
    char *names = NULL;
    const char *name;
    enum avd_status status = avd_file_list(directory, ".yaml", &names, err);

    if (status != AVD_OK) {
        if (status != AVD_E_NOMEM)
            name_file(err, shown_as);
        return status;
    }
    if (names[0] == '\0') {
        status = avd_error_set(err, AVD_E_RULE, 0, "", "directory has no *.yaml, so no rules");
        name_file(err, shown_as);
    }
    for (name = names; status == AVD_OK && *name != '\0'; name += strlen(name) + 1) {
        const char *path = avd_arena_printf(arena, "%s/%s", directory, name);
        const char *shown = avd_arena_printf(arena, "%s/%s", shown_as, name);

        status = path != NULL && shown != NULL ? load_file(arena, path, shown, out, err)
                                               : avd_error_nomem(err);
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
    status = avd_rules_read_directory(&rules->arena, directory, directory, &own, err);
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
