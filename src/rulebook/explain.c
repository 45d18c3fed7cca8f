/* SPDX-License-Identifier: MIT */
/*
 * avdump rules explain: every condition of a rule with its result on a dump, the value that it
 * looked at, or why there is none. Conditions are put into words here, for `rules show` too. The
 * recursion is as deep as the rule's YAML was nested, which the loader has capped.
 */
#include "rulebook/sheet.h"

#include "rules/judge.h"

#include <inttypes.h>
#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): a condition is as deep as its YAML, AVD_MAX_YAML_DEPTH */

static const char *operator_words(enum avd_rule_op op)
{
    switch (op) {
    case AVD_OP_EQUALS: return "is";
    case AVD_OP_IN: return "in";
    case AVD_OP_BELOW: return "<";
    case AVD_OP_ABOVE: return ">";
    case AVD_OP_AT_LEAST: return ">=";
    case AVD_OP_AT_MOST: return "<=";
    case AVD_OP_HAS_BITS: return "has bits";
    case AVD_OP_HAS_ANY_BIT: return "has a bit of";
    case AVD_OP_CONTAINS: return "contains";
    case AVD_OP_MATCHES: return "matches";
    case AVD_OP_KNOWN: return "known:";
    case AVD_OP_ALL: return "all of";
    case AVD_OP_ANY: return "any of";
    case AVD_OP_NOT: return "not";
    case AVD_OP_CHECK: return "check";
    case AVD_OP_ROWS_ANY: return "some";
    case AVD_OP_ROWS_ALL: return "every";
    case AVD_OP_ROWS_NONE: return "no";
    case AVD_OP_ROWS_FIRST: return "the first";
    case AVD_OP_ROWS_COUNT: return "count of";
    case AVD_OP_ROWS_SEQUENCE: return "sequence of";
    case AVD_OP_ROW: return "then";
    }
    return "";
}

static bool is_rows(enum avd_rule_op op)
{
    return op >= AVD_OP_ROWS_ANY && op <= AVD_OP_ROWS_SEQUENCE;
}

static bool is_comparison(enum avd_rule_op op)
{
    return op >= AVD_OP_EQUALS && op <= AVD_OP_KNOWN;
}

static void put_value(const struct avd_rule_value *value, struct avd_strbuf *out)
{
    if (value->type == AVD_FACT_TEXT)
        avd_strbuf_printf(out, "\"%s\"", value->text);
    else if (value->type == AVD_FACT_BOOL)
        avd_strbuf_puts(out, value->number != 0 ? "true" : "false");
    else if (value->number < 0x10000)
        avd_strbuf_printf(out, "%" PRIu64, value->number);
    else
        avd_strbuf_printf(out, "0x%" PRIx64, value->number);
}

static void put_comparison(const struct avd_rule_expr *expr, struct avd_strbuf *out)
{
    unsigned i;

    avd_strbuf_puts(out, expr->operand.name);
    if (expr->mask != 0)
        avd_strbuf_printf(out, " & 0x%" PRIx64, expr->mask);
    avd_strbuf_printf(out, " %s ", operator_words(expr->op));
    if (expr->op == AVD_OP_IN)
        avd_strbuf_puts(out, "[");
    for (i = 0; i < expr->value_count; i++) {
        avd_strbuf_puts(out, i != 0 ? ", " : "");
        put_value(&expr->values[i], out);
    }
    if (expr->op == AVD_OP_IN)
        avd_strbuf_puts(out, "]");
}

static void put_rows(const struct avd_rule *rule, const struct avd_rule_expr *expr,
                     struct avd_strbuf *out)
{
    const struct avd_collection_doc *doc = &avd_collection_docs[expr->collection];
    bool one = expr->op != AVD_OP_ROWS_COUNT && expr->op != AVD_OP_ROWS_SEQUENCE;

    avd_strbuf_printf(out, "%s %s", operator_words(expr->op), one ? doc->item : doc->name);
    if (strcmp(rule->slots[expr->slot].name, doc->item) != 0)
        avd_strbuf_printf(out, " (%s)", rule->slots[expr->slot].name);
    if (expr->op == AVD_OP_ROWS_COUNT) {
        if (expr->values[1].number == UINT64_MAX)
            avd_strbuf_printf(out, " >= %" PRIu64, expr->values[0].number);
        else
            avd_strbuf_printf(out, " from %" PRIu64 " to %" PRIu64, expr->values[0].number,
                              expr->values[1].number);
    }
}

void avd_expr_words(const struct avd_rule *rule, int index, struct avd_strbuf *out)
{
    const struct avd_rule_expr *expr = &rule->exprs[index];

    if (is_comparison(expr->op))
        put_comparison(expr, out);
    else if (is_rows(expr->op))
        put_rows(rule, expr, out);
    else if (expr->op == AVD_OP_CHECK)
        avd_strbuf_puts(out, expr->source);
    else
        avd_strbuf_puts(out, operator_words(expr->op));
}

/* ---- the condition alone ---- */

static void put_indent(struct avd_sheet *sheet, unsigned depth)
{
    avd_strbuf_printf(&sheet->text, "%*s", (int)(2 * depth), "");
}

static void put_words(struct avd_sheet *sheet, const struct avd_rule *rule, int index)
{
    struct avd_strbuf words;

    avd_strbuf_init(&words);
    avd_expr_words(rule, index, &words);
    if (sheet->json)
        avd_sheet_text(sheet, "condition", avd_strbuf_text(&words));
    else
        avd_strbuf_escaped(&sheet->text, avd_strbuf_text(&words));
    sheet->text.failed = sheet->text.failed || words.failed;
    avd_strbuf_deinit(&words);
}

static void put_condition(struct avd_sheet *sheet, const struct avd_rule *rule, int index,
                          unsigned depth)
{
    const struct avd_rule_expr *expr = index != AVD_RULE_GAP ? &rule->exprs[index] : NULL;
    unsigned i;

    if (sheet->json) {
        avd_json_open(&sheet->j, depth == 0 ? "when" : NULL, '{');
        if (expr == NULL)
            avd_sheet_text(sheet, "condition", "...");
        else
            put_words(sheet, rule, index);
        avd_json_open(&sheet->j, "children", '[');
    } else {
        put_indent(sheet, depth);
        if (depth == 0)
            avd_strbuf_puts(&sheet->text, "when         ");
        else
            avd_strbuf_printf(&sheet->text, "%13s", "");
        if (expr == NULL)
            avd_strbuf_puts(&sheet->text, "...");
        else
            put_words(sheet, rule, index);
        avd_strbuf_puts(&sheet->text, "\n");
    }
    for (i = 0; expr != NULL && i < expr->child_count; i++)
        put_condition(sheet, rule, expr->children[i], depth + 1);
    if (sheet->json) {
        avd_json_close(&sheet->j, '[');
        avd_json_close(&sheet->j, '{');
    }
}

void avd_sheet_condition(struct avd_sheet *sheet, const struct avd_rule *rule)
{
    put_condition(sheet, rule, 0, 0);
}

/* ---- the condition on a dump ---- */

/* What an expression looked at: the value, which row matched, or how many there are. */
static void put_evidence(struct avd_sheet *sheet, struct avd_judge *j,
                         const struct avd_rule_expr *expr, enum avd_verdict verdict)
{
    const struct avd_bound *bound = &j->slots[expr->slot];
    const char *incomplete;
    struct avd_lack lack;
    struct avd_fact fact;
    size_t parent;
    size_t count;

    if (is_comparison(expr->op)) {
        avd_judge_value(j, &expr->operand, &fact);
        if (fact.type == AVD_FACT_UNKNOWN)
            return;
        if (!sheet->json)
            avd_strbuf_puts(&sheet->text, ": ");
        avd_sheet_value(sheet, "value", &fact);
        return;
    }
    if (!is_rows(expr->op) || !avd_judge_rows(j, expr, &parent, &count, &incomplete, &lack))
        return;
    if (sheet->json) {
        avd_sheet_number(sheet, "rows", count);
    } else {
        avd_strbuf_printf(&sheet->text, ": %zu there", count);
        if (incomplete != NULL)
            avd_strbuf_puts(&sheet->text, ", perhaps more");
    }
    if (verdict != AVD_TRUE || !bound->bound || expr->op == AVD_OP_ROWS_NONE ||
        expr->op == AVD_OP_ROWS_ALL)
        return;
    if (sheet->json)
        avd_sheet_number(sheet, "row", bound->row);
    else if (bound->match_count > 1)
        avd_strbuf_printf(&sheet->text, ", %zu of them, the first is number %zu",
                          bound->match_count, bound->row);
    else
        avd_strbuf_printf(&sheet->text, ", it is number %zu", bound->row);
}

static void put_reason(struct avd_sheet *sheet, const struct avd_lack *lack)
{
    if (sheet->json) {
        avd_sheet_text(sheet, "missing", lack->what);
        avd_sheet_text(sheet, "reason", lack->reason);
        return;
    }
    avd_strbuf_puts(&sheet->text, " (");
    avd_strbuf_escaped(&sheet->text, lack->what);
    avd_strbuf_puts(&sheet->text, ": ");
    avd_strbuf_escaped(&sheet->text, lack->reason);
    avd_strbuf_puts(&sheet->text, ")");
}

static void explain(struct avd_sheet *sheet, struct avd_judge *j, int index, unsigned depth);

/* The children as they were judged: of rows, for the row that matched. */
static void explain_children(struct avd_sheet *sheet, struct avd_judge *j,
                             const struct avd_rule_expr *expr, enum avd_verdict verdict,
                             unsigned depth)
{
    bool judged =
        !is_rows(expr->op) ||
        (verdict == AVD_TRUE && (expr->op == AVD_OP_ROWS_ANY || expr->op == AVD_OP_ROWS_COUNT)) ||
        (expr->op == AVD_OP_ROWS_FIRST && j->slots[expr->slot].bound);
    unsigned i;

    for (i = 0; i < expr->child_count; i++) {
        if (judged)
            explain(sheet, j, expr->children[i], depth + 1);
        else
            put_condition(sheet, j->rule, expr->children[i], depth + 1);
    }
}

static void explain(struct avd_sheet *sheet, struct avd_judge *j, int index, unsigned depth)
{
    const struct avd_rule_expr *expr = &j->rule->exprs[index];
    struct avd_bound before[AVD_MAX_RULE_SLOTS];
    struct avd_bound after[AVD_MAX_RULE_SLOTS];
    struct avd_lack lack = {NULL, NULL};
    enum avd_verdict verdict;

    avd_judge_save(j, before);
    j->steps = 0;
    verdict = avd_judge_expr(j, index, &lack);
    avd_judge_save(j, after);
    if (sheet->json) {
        avd_json_open(&sheet->j, depth == 0 ? "when" : NULL, '{');
        put_words(sheet, j->rule, index);
        avd_sheet_text(sheet, "result", avd_sheet_verdict(verdict));
    } else {
        avd_strbuf_printf(&sheet->text, "%-10s ", avd_sheet_verdict(verdict));
        put_indent(sheet, depth + 1);
        put_words(sheet, j->rule, index);
    }
    put_evidence(sheet, j, expr, verdict);
    if (verdict == AVD_UNDECIDED)
        put_reason(sheet, &lack);
    if (sheet->json)
        avd_json_open(&sheet->j, "children", '[');
    else
        avd_strbuf_puts(&sheet->text, "\n");
    /* Children of groups bind their rows anew, one after another. */
    if (!is_rows(expr->op))
        avd_judge_restore(j, before);
    explain_children(sheet, j, expr, verdict, depth);
    avd_judge_restore(j, after);
    if (sheet->json) {
        avd_json_close(&sheet->j, '[');
        avd_json_close(&sheet->j, '{');
    }
}

static void explain_lets(struct avd_sheet *sheet, struct avd_judge *j)
{
    unsigned i;

    if (sheet->json)
        avd_json_open(&sheet->j, "let", '[');
    for (i = 0; i < j->rule->let_count; i++) {
        struct avd_rule_operand operand = {AVD_OPERAND_LET, j->rule->lets[i].name, 0, 0, i};
        struct avd_fact fact;

        avd_judge_value(j, &operand, &fact);
        if (sheet->json) {
            avd_json_open(&sheet->j, NULL, '{');
            avd_sheet_text(sheet, "name", operand.name);
            avd_sheet_value(sheet, "value", &fact);
            avd_sheet_text(sheet, "reason", fact.type == AVD_FACT_UNKNOWN ? fact.text : NULL);
            avd_json_close(&sheet->j, '{');
        } else {
            avd_strbuf_printf(&sheet->text, "let        %s = ", operand.name);
            avd_sheet_value(sheet, NULL, &fact);
            if (fact.type == AVD_FACT_UNKNOWN)
                avd_strbuf_printf(&sheet->text, " (%s)", fact.text);
            avd_strbuf_puts(&sheet->text, "\n");
        }
    }
    if (sheet->json)
        avd_json_close(&sheet->j, '[');
}

enum avd_status avd_rules_explain_write(const struct avd_rules *rules, const char *id,
                                        const struct avd_dump *dump,
                                        const struct avd_analyze_options *analyze, int *found,
                                        enum avd_format format,
                                        const struct avd_write_options *options,
                                        avd_write_fn *write, void *ctx, struct avd_error *err)
{
    const struct avd_rule *rule = id != NULL ? avd_rules_find(rules, id) : NULL;
    struct avd_analysis *an;
    struct avd_lack lack;
    struct avd_judge j;
    struct avd_sheet sheet;
    enum avd_verdict verdict;
    enum avd_status status;

    if (rule == NULL && id != NULL && avd_stop_is_named(id))
        return avd_error_set(err, AVD_NOT_FOUND, 0, "",
                             "'%s' is a stop of Application Verifier, which rules find; it is no "
                             "rule itself",
                             id);
    if (rule == NULL)
        return avd_error_set(err, AVD_NOT_FOUND, 0, "", "no rule has the id '%s'",
                             id != NULL ? id : "");
    status = avd_sheet_analyze(dump, analyze, &an, err);
    if (status != AVD_OK)
        return status;
    avd_judge_init(&j, rule, &an->facts, &an->arena);
    verdict = avd_judge_expr(&j, 0, &lack);
    *found = verdict == AVD_TRUE;
    avd_judge_init(&j, rule, &an->facts, &an->arena);
    avd_sheet_init(&sheet, format, options, "explanation");
    if (sheet.json) {
        avd_sheet_text(&sheet, "rule", rule->id);
        avd_sheet_bool(&sheet, "found", *found != 0);
        avd_sheet_text(&sheet, "result", avd_sheet_verdict(verdict));
    } else {
        avd_strbuf_printf(&sheet.text, "%s [%s]: %s\n", rule->title, rule->id,
                          verdict == AVD_TRUE    ? "found"
                          : verdict == AVD_FALSE ? "not found"
                                                 : "undecided");
    }
    explain(&sheet, &j, 0, 0);
    explain_lets(&sheet, &j);
    sheet.text.failed = sheet.text.failed || an->arena.failed;
    avd_analysis_free(an);
    return avd_sheet_deliver(&sheet, write, ctx, err);
}
/* NOLINTEND(misc-no-recursion) */
