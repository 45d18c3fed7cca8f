/* SPDX-License-Identifier: MIT */
/* avdump rules list, show and check: which rules there are, one in full, what is wrong in files. */
#include "rulebook/sheet.h"

#include "analyze/verifier_stops.h"
#include "base/file.h"
#include "rules/problems.h"

#include <stdio.h>
#include <string.h>

static size_t rule_count(const struct avd_rules *rules)
{
    return rules != NULL ? rules->count : avd_shipped_rule_count;
}

static const struct avd_rule *rule_at(const struct avd_rules *rules, size_t i)
{
    return rules != NULL ? rules->items[i] : &avd_shipped_rules[i];
}

const struct avd_rule *avd_rules_find(const struct avd_rules *rules, const char *id)
{
    size_t i;

    for (i = 0; i < rule_count(rules); i++)
        if (strcmp(rule_at(rules, i)->id, id) == 0)
            return rule_at(rules, i);
    return NULL;
}

static void put_head(struct avd_sheet *sheet, const struct avd_rule *rule)
{
    avd_sheet_text(sheet, "id", rule->id);
    avd_sheet_text(sheet, "title", rule->title);
    avd_sheet_text(sheet, "severity", avd_severity_name(rule->severity));
    avd_sheet_text(sheet, "confidence", avd_confidence_name(rule->confidence));
    avd_sheet_text(sheet, "file", rule->file);
    avd_sheet_number(sheet, "line", rule->line);
}

enum avd_status avd_rules_list_write(const struct avd_rules *rules, enum avd_format format,
                                     const struct avd_write_options *options, avd_write_fn *write,
                                     void *ctx, struct avd_error *err)
{
    struct avd_sheet sheet;
    size_t width = 0;
    size_t i;

    for (i = 0; i < rule_count(rules); i++)
        if (strlen(rule_at(rules, i)->id) > width)
            width = strlen(rule_at(rules, i)->id);
    avd_sheet_init(&sheet, format, options, "rules");
    if (sheet.json)
        avd_json_open(&sheet.j, "rules", '[');
    for (i = 0; i < rule_count(rules); i++) {
        const struct avd_rule *rule = rule_at(rules, i);

        if (sheet.json) {
            avd_json_open(&sheet.j, NULL, '{');
            put_head(&sheet, rule);
            avd_json_close(&sheet.j, '{');
        } else {
            avd_strbuf_printf(&sheet.text, "%-*s  %-7s  ", (int)width, rule->id,
                              avd_severity_name(rule->severity));
            avd_strbuf_escaped(&sheet.text, rule->title);
            avd_strbuf_puts(&sheet.text, "  (");
            avd_strbuf_escaped(&sheet.text, rule->file);
            avd_strbuf_puts(&sheet.text, ")\n");
        }
    }
    if (sheet.json)
        avd_json_close(&sheet.j, '[');
    else
        avd_strbuf_printf(&sheet.text, "and %u stops of Application Verifier: avdump rules stops\n",
                          avd_stop_count);
    return avd_sheet_deliver(&sheet, write, ctx, err);
}

void avd_sheet_texts(struct avd_sheet *sheet, const char *key, const char *const *texts,
                     size_t count)
{
    size_t i;

    if (sheet->json) {
        avd_json_texts(&sheet->j, key, texts, count);
        return;
    }
    for (i = 0; i < count; i++) {
        char label[16];

        (void)snprintf(label, sizeof label, "%-13s", i == 0 ? key : "");
        avd_sheet_paragraph(sheet, label, texts[i]);
    }
}

void avd_sheet_text_if_any(struct avd_sheet *sheet, const char *key, const char *text)
{
    if (sheet->json)
        avd_json_text_or_null(&sheet->j, key, text);
    else if (text[0] != '\0')
        avd_sheet_texts(sheet, key, &text, 1);
}

static void show_parameters(struct avd_sheet *sheet, const struct avd_rule *rule)
{
    size_t i;

    if (sheet->json)
        avd_json_open(&sheet->j, "parameters", '{');
    for (i = 0; i < rule->parameter_count; i++) {
        if (sheet->json)
            avd_sheet_text(sheet, rule->parameters[i].name, rule->parameters[i].text);
        else
            avd_strbuf_printf(&sheet->text, "parameter    %s: %s\n", rule->parameters[i].name,
                              rule->parameters[i].text);
    }
    if (sheet->json)
        avd_json_close(&sheet->j, '{');
}

enum avd_status avd_rules_show_write(const struct avd_rules *rules, const char *id,
                                     enum avd_format format,
                                     const struct avd_write_options *options, avd_write_fn *write,
                                     void *ctx, struct avd_error *err)
{
    const struct avd_rule *rule = id != NULL ? avd_rules_find(rules, id) : NULL;
    struct avd_sheet sheet;

    if (rule == NULL && id != NULL && avd_stop_is_named(id))
        return avd_stops_show(id, format, options, write, ctx, err);
    if (rule == NULL)
        return avd_error_set(err, AVD_NOT_FOUND, 0, "", "no rule has the id '%s'",
                             id != NULL ? id : "");
    avd_sheet_init(&sheet, format, options, "rule");
    if (sheet.json) {
        put_head(&sheet, rule);
    } else {
        avd_strbuf_printf(&sheet.text, "%s: %s [%s]\n", avd_severity_name(rule->severity),
                          rule->title, rule->id);
        avd_strbuf_printf(&sheet.text, "confidence   %s\nfile         %s:%u\n",
                          avd_confidence_name(rule->confidence), rule->file, rule->line);
    }
    avd_sheet_text_if_any(&sheet, "pattern", rule->pattern);
    avd_sheet_text_if_any(&sheet, "reference", rule->reference);
    avd_sheet_texts(&sheet, "references", rule->references, rule->reference_count);
    avd_sheet_texts(&sheet, "tags", rule->tags, rule->tag_count);
    avd_sheet_condition(&sheet, rule);
    avd_sheet_text_if_any(&sheet, "summary", rule->summary);
    avd_sheet_text_if_any(&sheet, "explanation", rule->explanation);
    avd_sheet_texts(&sheet, "evidence", rule->evidence, rule->evidence_count);
    avd_sheet_texts(&sheet, "advice", rule->advice, rule->advice_count);
    show_parameters(&sheet, rule);
    return avd_sheet_deliver(&sheet, write, ctx, err);
}

/* ---- check ---- */

/* A folder's rule files, or one file. Ids of several paths must differ too. */
enum avd_status avd_rules_read_path(struct avd_arena *arena, const char *path,
                                    struct avd_rule_list *list, struct avd_rule_problems *problems)
{
    struct avd_error err = {0};
    size_t size = strlen(path);
    enum avd_status status;

    if (size > 5 && strcmp(path + size - 5, ".yaml") == 0)
        return avd_rules_read_file(arena, path, path, list, problems);
    status = avd_rules_read_directory(arena, path, path, list, problems, &err);
    if (status != AVD_OK && status != AVD_E_NOMEM)
        status = avd_rule_problem_from(problems, path, &err) == AVD_E_NOMEM ? AVD_E_NOMEM : AVD_OK;
    return status;
}

void avd_sheet_problems(struct avd_sheet *sheet, const struct avd_rule_problems *problems)
{
    size_t i;

    if (sheet->json)
        avd_json_open(&sheet->j, "problems", '[');
    for (i = 0; i < problems->count; i++) {
        const struct avd_rule_problem *problem = &problems->items[i];

        if (sheet->json) {
            avd_json_open(&sheet->j, NULL, '{');
            avd_sheet_text(sheet, "file", problem->file);
            avd_sheet_number(sheet, "line", problem->line);
            avd_sheet_number(sheet, "column", problem->column);
            avd_sheet_text(sheet, "message", problem->message);
            avd_json_close(&sheet->j, '{');
        } else {
            avd_strbuf_escaped(&sheet->text, problem->file);
            if (problem->line != 0)
                avd_strbuf_printf(&sheet->text, ":%u:%u", problem->line, problem->column);
            avd_strbuf_puts(&sheet->text, ": ");
            avd_strbuf_escaped(&sheet->text, problem->message);
            avd_strbuf_puts(&sheet->text, "\n");
        }
    }
    if (sheet->json)
        avd_json_close(&sheet->j, '[');
    if (problems->dropped != 0 && !sheet->json)
        avd_strbuf_printf(&sheet->text, "... and %zu more\n", problems->dropped);
}

enum avd_status avd_rules_check_write(const char *const *paths, size_t path_count,
                                      size_t *problem_count, enum avd_format format,
                                      const struct avd_write_options *options, avd_write_fn *write,
                                      void *ctx, struct avd_error *err)
{
    struct avd_arena arena = {0};
    struct avd_rule_list list = {0};
    struct avd_rule_problems problems = {0};
    struct avd_sheet sheet;
    enum avd_status status = AVD_OK;
    size_t i;

    problems.arena = &arena;
    for (i = 0; i < path_count && status == AVD_OK; i++)
        status = avd_rules_read_path(&arena, paths[i], &list, &problems);
    if (status != AVD_OK) {
        avd_arena_deinit(&arena);
        return avd_error_nomem(err);
    }
    *problem_count = problems.count + problems.dropped;
    avd_sheet_init(&sheet, format, options, "rules-check");
    if (sheet.json)
        avd_sheet_number(&sheet, "rules", list.count);
    avd_sheet_problems(&sheet, &problems);
    if (!sheet.json)
        avd_strbuf_printf(&sheet.text, "%zu rule%s without a mistake, %zu mistake%s\n", list.count,
                          list.count == 1 ? "" : "s", *problem_count,
                          *problem_count == 1 ? "" : "s");
    status = avd_sheet_deliver(&sheet, write, ctx, err);
    avd_arena_deinit(&arena);
    return status;
}
