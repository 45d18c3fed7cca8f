/* SPDX-License-Identifier: MIT */
/*
 * How one value compares with what a rule asks for. Texts compare without regard to ASCII case.
 * Undecided only when the value is of another type than documented.
 */
#include "rules/judge.h"

#include "base/glob.h"
#include "base/utf.h"

#include <string.h>

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

static uint64_t masked(const struct avd_fact *fact, const struct avd_rule_expr *expr)
{
    return expr->mask != 0 ? fact->number & expr->mask : fact->number;
}

static enum avd_verdict is_equal(const struct avd_fact *fact, const struct avd_rule_expr *expr,
                                 const struct avd_rule_value *value)
{
    if (value->type == AVD_FACT_TEXT)
        return fact->type != AVD_FACT_TEXT
                   ? AVD_UNDECIDED
                   : verdict(avd_ascii_casecmp(fact->text, value->text) == 0);
    if (value->type == AVD_FACT_BOOL ? fact->type != AVD_FACT_BOOL : !is_numeric(fact->type))
        return AVD_UNDECIDED;
    return verdict(masked(fact, expr) == value->number);
}

static enum avd_verdict is_one_of(const struct avd_fact *fact, const struct avd_rule_expr *expr)
{
    enum avd_verdict result = AVD_FALSE;
    unsigned i;

    for (i = 0; i < expr->value_count && result == AVD_FALSE; i++)
        result = is_equal(fact, expr, &expr->values[i]);
    return result;
}

static enum avd_verdict compare(const struct avd_fact *fact, const struct avd_rule_expr *expr)
{
    uint64_t limit = expr->values[0].number;
    uint64_t number = masked(fact, expr);

    if (!is_numeric(fact->type))
        return AVD_UNDECIDED;
    if (expr->op == AVD_OP_BELOW)
        return verdict(number < limit);
    if (expr->op == AVD_OP_ABOVE)
        return verdict(number > limit);
    if (expr->op == AVD_OP_AT_LEAST)
        return verdict(number >= limit);
    if (expr->op == AVD_OP_AT_MOST)
        return verdict(number <= limit);
    if (expr->op == AVD_OP_HAS_BITS)
        return verdict((number & limit) == limit);
    return verdict((number & limit) != 0);
}

static enum avd_verdict look_into(const struct avd_fact *fact, const struct avd_rule_expr *expr)
{
    const char *wanted = expr->values[0].text;
    bool matches = expr->op == AVD_OP_MATCHES;
    size_t i;

    if (fact->type == AVD_FACT_TEXT)
        return verdict(matches ? avd_glob_fits(fact->text, wanted) : has_part(fact->text, wanted));
    if (fact->type != AVD_FACT_LIST)
        return AVD_UNDECIDED;
    for (i = 0; i < fact->list_count; i++) {
        const char *item = fact->list[i];

        if (matches ? avd_glob_fits(item, wanted) : avd_ascii_casecmp(item, wanted) == 0)
            return AVD_TRUE;
    }
    return AVD_FALSE;
}

enum avd_verdict avd_match_value(const struct avd_fact *fact, const struct avd_rule_expr *expr)
{
    if (expr->op == AVD_OP_EQUALS || expr->op == AVD_OP_IN)
        return is_one_of(fact, expr);
    if (expr->op == AVD_OP_CONTAINS || expr->op == AVD_OP_MATCHES)
        return look_into(fact, expr);
    return compare(fact, expr);
}
