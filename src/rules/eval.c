/* SPDX-License-Identifier: MIT */
/*
 * Judging a rule's condition over facts in Kleene's three-valued logic: a fact that is not known
 * leaves a comparison undecided, and that spreads only as far as it matters ("false and
 * undecided" is false). Texts compare without regard to ASCII case.
 */
#include "rules/rules.h"

#include "base/utf.h"

#include <string.h>

struct judge {
    const struct avd_rule *rule;
    const struct avd_facts *facts;
};

static enum avd_verdict verdict(bool value)
{
    return value ? AVD_TRUE : AVD_FALSE;
}

static bool is_numeric(enum avd_fact_type type)
{
    return type == AVD_FACT_NUMBER || type == AVD_FACT_ADDRESS || type == AVD_FACT_CODE;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts_with(const char *text, const char *part, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (text[i] == '\0' || lower(text[i]) != lower(part[i]))
            return false;
    }
    return true;
}

static bool has_part(const char *text, const char *part)
{
    size_t size = strlen(part);

    for (;; text++) {
        if (starts_with(text, part, size))
            return true;
        if (*text == '\0')
            return false;
    }
}

/* '?' is one character, so it takes all bytes of one; no character has more than four. */
static size_t character_size(const char *text)
{
    size_t size = 0;
    size_t length;

    while (size < 4 && text[size] != '\0')
        size++;
    length = avd_utf8_length(text, size);
    return length != 0 ? length : 1;
}

/* The last '*' takes one character more whenever what follows it fails: no recursion, and at most
 * size(text) * size(pattern) steps. */
static bool glob(const char *text, const char *pattern)
{
    const char *after_star = NULL;
    const char *retry = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            after_star = ++pattern;
            retry = text;
        } else if (*pattern == '?') {
            pattern++;
            text += character_size(text);
        } else if (*pattern != '\0' && lower(*pattern) == lower(*text)) {
            pattern++;
            text++;
        } else if (after_star != NULL) {
            pattern = after_star;
            retry += character_size(retry);
            text = retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static enum avd_verdict is_equal(const struct avd_fact *fact, const struct avd_rule_value *value)
{
    if (value->type == AVD_FACT_TEXT)
        return fact->type != AVD_FACT_TEXT
                   ? AVD_UNDECIDED
                   : verdict(avd_ascii_casecmp(fact->text, value->text) == 0);
    if (value->type == AVD_FACT_BOOL ? fact->type != AVD_FACT_BOOL : !is_numeric(fact->type))
        return AVD_UNDECIDED;
    return verdict(fact->number == value->number);
}

static enum avd_verdict is_one_of(const struct avd_fact *fact, const struct avd_rule_expr *expr)
{
    enum avd_verdict result = AVD_FALSE;
    unsigned i;

    for (i = 0; i < expr->value_count && result == AVD_FALSE; i++)
        result = is_equal(fact, &expr->values[i]);
    return result;
}

static enum avd_verdict compare(const struct avd_fact *fact, const struct avd_rule_expr *expr)
{
    uint64_t limit = expr->values[0].number;

    if (!is_numeric(fact->type))
        return AVD_UNDECIDED;
    if (expr->op == AVD_OP_BELOW)
        return verdict(fact->number < limit);
    if (expr->op == AVD_OP_ABOVE)
        return verdict(fact->number > limit);
    if (expr->op == AVD_OP_AT_LEAST)
        return verdict(fact->number >= limit);
    return verdict(fact->number <= limit);
}

static enum avd_verdict look_into(const struct avd_fact *fact, const struct avd_rule_expr *expr)
{
    const char *wanted = expr->values[0].text;
    bool matches = expr->op == AVD_OP_MATCHES;
    size_t i;

    if (fact->type == AVD_FACT_TEXT)
        return verdict(matches ? glob(fact->text, wanted) : has_part(fact->text, wanted));
    if (fact->type != AVD_FACT_LIST)
        return AVD_UNDECIDED;
    for (i = 0; i < fact->list_count; i++) {
        const char *item = fact->list[i];

        if (matches ? glob(item, wanted) : avd_ascii_casecmp(item, wanted) == 0)
            return AVD_TRUE;
    }
    return AVD_FALSE;
}

/* Undecided also when a detector published another type than facts_doc.c promises. */
static enum avd_verdict judge_fact(const struct judge *j, const struct avd_rule_expr *expr,
                                   const char **missing)
{
    const struct avd_fact *fact = avd_fact_find(j->facts, expr->fact);
    bool known = fact != NULL && fact->type != AVD_FACT_UNKNOWN;
    enum avd_verdict result = AVD_UNDECIDED;

    switch (expr->op) {
    case AVD_OP_KNOWN: return verdict(known == (expr->values[0].number != 0));
    case AVD_OP_EQUALS:
    case AVD_OP_IN:
        if (known)
            result = is_one_of(fact, expr);
        break;
    case AVD_OP_BELOW:
    case AVD_OP_ABOVE:
    case AVD_OP_AT_LEAST:
    case AVD_OP_AT_MOST:
        if (known)
            result = compare(fact, expr);
        break;
    case AVD_OP_CONTAINS:
    case AVD_OP_MATCHES:
        if (known)
            result = look_into(fact, expr);
        break;
    case AVD_OP_ALL:
    case AVD_OP_ANY:
    case AVD_OP_NOT: break;
    }
    if (result == AVD_UNDECIDED)
        *missing = expr->fact;
    return result;
}

/* As deep as the rule's YAML was nested, which the loader has capped. `missing` is set only when
 * the result is undecided, to the first fact in the rule's order that made it so. */
static enum avd_verdict judge_expr(const struct judge *j, unsigned index, const char **missing)
{
    const struct avd_rule_expr *expr = &j->rule->exprs[index];
    enum avd_verdict decisive = expr->op == AVD_OP_ANY ? AVD_TRUE : AVD_FALSE;
    enum avd_verdict result = expr->op == AVD_OP_ANY ? AVD_FALSE : AVD_TRUE;
    const char *first = NULL;
    unsigned i;

    if (expr->op != AVD_OP_ALL && expr->op != AVD_OP_ANY && expr->op != AVD_OP_NOT)
        return judge_fact(j, expr, missing);
    for (i = 0; i < expr->child_count; i++) {
        const char *child_missing = NULL;
        enum avd_verdict child = judge_expr(j, expr->children[i], &child_missing);

        if (expr->op == AVD_OP_NOT && child != AVD_UNDECIDED)
            return verdict(child == AVD_FALSE);
        if (child == AVD_UNDECIDED) {
            result = AVD_UNDECIDED;
            if (first == NULL)
                first = child_missing;
        } else if (child == decisive) {
            return decisive;
        }
    }
    if (result == AVD_UNDECIDED)
        *missing = first;
    return result;
}

enum avd_verdict avd_rule_evaluate(const struct avd_rule *rule, const struct avd_facts *facts,
                                   const char **missing)
{
    struct judge j = {rule, facts};
    const char *fact = NULL;
    enum avd_verdict result = judge_expr(&j, 0, &fact);

    if (missing != NULL)
        *missing = fact;
    return result;
}
