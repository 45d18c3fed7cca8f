/* SPDX-License-Identifier: MIT */
/* Collecting what is wrong in rule files; see the header. */
#include "rules/problems.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum avd_status add(struct avd_rule_problems *problems, const char *file, unsigned line,
                           unsigned column, enum avd_status code, const char *message)
{
    struct avd_rule_problem *grown;
    struct avd_rule_problem *problem;

    if (problems->count >= AVD_MAX_RULE_PROBLEMS) {
        problems->dropped++;
        return code;
    }
    grown = avd_arena_grow(problems->arena, problems->items, problems->count, &problems->capacity,
                           sizeof *grown, AVD_MAX_RULE_PROBLEMS);
    if (grown == NULL)
        return AVD_E_NOMEM;
    problems->items = grown;
    problem = &grown[problems->count];
    problem->file = avd_arena_strdup(problems->arena, file);
    problem->line = line;
    problem->column = column;
    problem->code = code;
    problem->message = avd_arena_strdup(problems->arena, message);
    if (problem->file == NULL || problem->message == NULL)
        return AVD_E_NOMEM;
    problems->count++;
    return code;
}

enum avd_status avd_rule_problem(struct avd_rule_problems *problems, const char *file,
                                 const struct avd_yaml_node *node, const char *format, ...)
{
    char message[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return add(problems, file, node != NULL ? node->line : 0, node != NULL ? node->column : 0,
               AVD_E_RULE, message);
}

enum avd_status avd_rule_problem_at(struct avd_rule_problems *problems, const char *file,
                                    unsigned line, unsigned column, const char *format, ...)
{
    char message[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return add(problems, file, line, column, AVD_E_RULE, message);
}

enum avd_status avd_rule_problem_from(struct avd_rule_problems *problems, const char *file,
                                      const struct avd_error *err)
{
    if (err->code == AVD_E_NOMEM)
        return AVD_E_NOMEM;
    return add(problems, file, err->line, err->column, err->code, err->message);
}

/* err->where is short; of a long path the end, where the file's name is, says more. */
void avd_rule_error_file(struct avd_error *err, const char *file)
{
    size_t size = strlen(file);
    size_t room = err != NULL ? sizeof err->where - 1 : 0;

    if (err == NULL)
        return;
    if (size <= room) {
        memcpy(err->where, file, size + 1);
    } else {
        memcpy(err->where, "...", 3);
        memcpy(err->where + 3, file + size - (room - 3), room - 3 + 1);
    }
}

void avd_rule_problem_error(const struct avd_rule_problem *problem, struct avd_error *err)
{
    if (err == NULL)
        return;
    (void)avd_error_set(err, problem->code, 0, "", "%s", problem->message);
    err->line = problem->line;
    err->column = problem->column;
    avd_rule_error_file(err, problem->file);
}
