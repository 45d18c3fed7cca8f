/* SPDX-License-Identifier: MIT */
/*
 * What the commands over rules share beyond their output (report/sheet.h). The commands themselves
 * are declared in avdump.h: list.c, explain.c, facts.c, tests.c.
 */
#ifndef AVD_RULEBOOK_SHEET_H
#define AVD_RULEBOOK_SHEET_H

#include "analyze/analysis.h"
#include "report/sheet.h"
#include "rules/rules.h"

/* Text: a paragraph after `label`, the following lines indented like the first. */
void avd_sheet_paragraph(struct avd_sheet *sheet, const char *label, const char *text);

/* A fact's value in the form that suits the format: JSON values have their own types. */
void avd_sheet_value(struct avd_sheet *sheet, const char *key, const struct avd_fact *fact);

/* The analysis of a dump for its facts. */
enum avd_status avd_sheet_analyze(const struct avd_dump *dump,
                                  const struct avd_analyze_options *options,
                                  struct avd_analysis **out, struct avd_error *err);

/* "number", "text" ...: a type as the catalogue writes it. */
const char *avd_sheet_type(enum avd_fact_type type);
const char *avd_sheet_verdict(enum avd_verdict verdict); /* "true", "false", "undecided" */

/* list.c. NULL when there is none. */
const struct avd_rule *avd_rules_find(const struct avd_rules *rules, const char *id);
/* A *.yaml file, or a folder of them. What is wrong, reading included, goes to `problems`;
 * AVD_E_NOMEM only. */
enum avd_status avd_rules_read_path(struct avd_arena *arena, const char *path,
                                    struct avd_rule_list *list, struct avd_rule_problems *problems);
void avd_sheet_problems(struct avd_sheet *sheet, const struct avd_rule_problems *problems);

/* A member, or paragraphs behind the key; in text nothing when there is nothing. */
void avd_sheet_text_if_any(struct avd_sheet *sheet, const char *key, const char *text);
void avd_sheet_texts(struct avd_sheet *sheet, const char *key, const char *const *texts,
                     size_t count);

/* stops.c. Whether `id` can only be a stop: "verifier:..." or a name, which no rule's id is
 * like. */
bool avd_stop_is_named(const char *id);
/* Every such stop in full; AVD_NOT_FOUND when there is none. */
enum avd_status avd_stops_show(const char *id, enum avd_format format,
                               const struct avd_write_options *options, avd_write_fn *write,
                               void *ctx, struct avd_error *err);

/* explain.c. The condition as lines of text, for `rules show`. */
void avd_sheet_condition(struct avd_sheet *sheet, const struct avd_rule *rule);
/* One expression in words: "exception.code in [0xc0000005, 0xc00000fd]". */
void avd_expr_words(const struct avd_rule *rule, int index, struct avd_strbuf *out);

#endif
