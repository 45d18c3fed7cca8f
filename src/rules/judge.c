/* SPDX-License-Identifier: MIT */
/*
 * Judging a rule's condition over facts in Kleene's three-valued logic: a value that is not known
 * leaves a comparison undecided, and that spreads only as far as it matters ("false and
 * undecided" is false). The recursion is as deep as the rule's YAML was nested, which the loader
 * has capped; the work is capped by AVD_MAX_RULE_STEPS.
 */
#include "rules/judge.h"

#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): conditions are as deep as YAML, AVD_MAX_YAML_DEPTH */

void avd_judge_init(struct avd_judge *j, const struct avd_rule *rule, const struct avd_facts *facts,
                    struct avd_arena *arena)
{
    unsigned i;

    j->rule = rule;
    j->facts = facts;
    j->arena = arena;
    j->steps = 0;
    j->generation = 0;
    for (i = 0; i < rule->slot_count; i++)
        j->slots[i].bound = false;
    for (i = 0; i < rule->let_count; i++)
        j->lets[i].used = false;
}

bool avd_judge_is_weak(const struct avd_judge *j)
{
    unsigned i;

    for (i = 0; i < j->rule->slot_count; i++) {
        const struct avd_collection *from = &j->facts->collections[j->rule->slots[i].collection];

        if (j->slots[i].bound && from->ops != NULL && from->ops->weak != NULL &&
            from->ops->weak(from->ctx, j->slots[i].parent, j->slots[i].row))
            return true;
    }
    return false;
}

/* Undecided also when a detector published another type than facts_doc.c promises. */
static enum avd_verdict judge_comparison(struct avd_judge *j, const struct avd_rule_expr *expr,
                                         struct avd_lack *lack)
{
    struct avd_fact fact;
    enum avd_verdict result = AVD_UNDECIDED;

    avd_judge_value(j, &expr->operand, &fact);
    if (expr->op == AVD_OP_KNOWN)
        return (fact.type != AVD_FACT_UNKNOWN) == (expr->values[0].number != 0) ? AVD_TRUE
                                                                                : AVD_FALSE;
    if (fact.type != AVD_FACT_UNKNOWN)
        result = avd_match_value(&fact, expr);
    if (result == AVD_UNDECIDED) {
        lack->what = expr->operand.name;
        lack->reason = fact.type == AVD_FACT_UNKNOWN
                           ? fact.text
                           : "the analysis gave it in another form than the rule expects";
    }
    return result;
}

static enum avd_verdict judge_group(struct avd_judge *j, const struct avd_rule_expr *expr,
                                    struct avd_lack *lack)
{
    enum avd_verdict decisive = expr->op == AVD_OP_ANY ? AVD_TRUE : AVD_FALSE;
    enum avd_verdict result = expr->op == AVD_OP_ANY ? AVD_FALSE : AVD_TRUE;
    unsigned i;

    for (i = 0; i < expr->child_count; i++) {
        struct avd_lack child_lack = {NULL, NULL};
        enum avd_verdict child = avd_judge_expr(j, expr->children[i], &child_lack);

        if (child == AVD_UNDECIDED) {
            if (result != AVD_UNDECIDED)
                *lack = child_lack;
            result = AVD_UNDECIDED;
        } else if (child == decisive) {
            return decisive;
        }
    }
    return result;
}

static enum avd_verdict judge_not(struct avd_judge *j, const struct avd_rule_expr *expr,
                                  struct avd_lack *lack)
{
    enum avd_verdict child = avd_judge_expr(j, expr->children[0], lack);

    return child == AVD_UNDECIDED ? child : child == AVD_TRUE ? AVD_FALSE : AVD_TRUE;
}

/* What was matched on the way to a condition that does not hold, or that is negated, stands for
 * nothing. */
static enum avd_verdict judge_and_forget(struct avd_judge *j, const struct avd_rule_expr *expr,
                                         struct avd_lack *lack)
{
    struct avd_bound saved[AVD_MAX_RULE_SLOTS];
    enum avd_verdict result;

    avd_judge_save(j, saved);
    result = expr->op == AVD_OP_NOT ? judge_not(j, expr, lack) : judge_group(j, expr, lack);
    if (result != AVD_TRUE || expr->op == AVD_OP_NOT)
        avd_judge_restore(j, saved);
    return result;
}

static enum avd_verdict judge_check(struct avd_judge *j, const struct avd_rule_expr *expr,
                                    struct avd_lack *lack)
{
    struct avd_fact value;
    bool holds = true;

    if (!avd_judge_code(j, expr->code, expr->code_count, &value, &holds, lack))
        return AVD_UNDECIDED;
    return holds ? AVD_TRUE : AVD_FALSE;
}

enum avd_verdict avd_judge_expr(struct avd_judge *j, int index, struct avd_lack *lack)
{
    const struct avd_rule_expr *expr = &j->rule->exprs[index];

    if (++j->steps > AVD_MAX_RULE_STEPS) {
        lack->what = j->rule->id;
        lack->reason = "the rule compares too many rows with each other";
        return AVD_UNDECIDED;
    }
    switch (expr->op) {
    case AVD_OP_ALL:
    case AVD_OP_ANY:
    case AVD_OP_NOT:
        if (j->rule->slot_count != 0)
            return judge_and_forget(j, expr, lack);
        return expr->op == AVD_OP_NOT ? judge_not(j, expr, lack) : judge_group(j, expr, lack);
    case AVD_OP_CHECK: return judge_check(j, expr, lack);
    case AVD_OP_ROWS_ANY:
    case AVD_OP_ROWS_ALL:
    case AVD_OP_ROWS_NONE:
    case AVD_OP_ROWS_FIRST:
    case AVD_OP_ROWS_COUNT:
    case AVD_OP_ROWS_SEQUENCE: return avd_judge_quantifier(j, expr, lack);
    case AVD_OP_ROW: return avd_judge_expr(j, expr->children[0], lack);
    case AVD_OP_EQUALS:
    case AVD_OP_IN:
    case AVD_OP_BELOW:
    case AVD_OP_ABOVE:
    case AVD_OP_AT_LEAST:
    case AVD_OP_AT_MOST:
    case AVD_OP_HAS_BITS:
    case AVD_OP_HAS_ANY_BIT:
    case AVD_OP_CONTAINS:
    case AVD_OP_MATCHES:
    case AVD_OP_KNOWN: break;
    }
    return judge_comparison(j, expr, lack);
}

enum avd_verdict avd_rule_evaluate(const struct avd_rule *rule, const struct avd_facts *facts,
                                   const char **missing)
{
    struct avd_judge j;
    struct avd_lack lack = {NULL, NULL};
    enum avd_verdict result;

    avd_judge_init(&j, rule, facts, facts->arena);
    result = avd_judge_expr(&j, 0, &lack);
    if (missing != NULL)
        *missing = result == AVD_UNDECIDED ? lack.what : NULL;
    return result;
}
/* NOLINTEND(misc-no-recursion) */
