/* SPDX-License-Identifier: MIT */
/*
 * Comparisons: `subject: value` and `subject: {operator: value, ...}`. Operators and values are
 * checked against the subject's type here, so that a mistyped rule fails when it is loaded and not
 * silently forever after.
 */
#include "rules/condition.h"

#include "base/utf.h"
#include "rules/suggest.h"

#include <string.h>

enum { NUMERIC = 1, TEXTUAL = 2, BOOLEAN = 4, LISTED = 8, ANY_TYPE = 15 };

/* What operators there are besides those that become one expression. */
enum { PLAIN = -1, BETWEEN = -2, MASK = -3 };

static const struct rule_operator {
    const char *name;
    int op;           /* enum avd_rule_op, or one of the above */
    unsigned types;   /* of subjects it works on */
    const char *does; /* "'below' <does>, 'exception.name' is a text" */
} operators[] = {
    {"equals", AVD_OP_EQUALS, NUMERIC | TEXTUAL | BOOLEAN, "compares single values"},
    {"in", AVD_OP_IN, NUMERIC | TEXTUAL, "compares numbers and texts"},
    {"below", AVD_OP_BELOW, NUMERIC, "compares numbers"},
    {"above", AVD_OP_ABOVE, NUMERIC, "compares numbers"},
    {"at_least", AVD_OP_AT_LEAST, NUMERIC, "compares numbers"},
    {"at_most", AVD_OP_AT_MOST, NUMERIC, "compares numbers"},
    {"between", BETWEEN, NUMERIC, "compares numbers"},
    {"has_bits", AVD_OP_HAS_BITS, NUMERIC, "looks at the bits of numbers"},
    {"has_any_bit", AVD_OP_HAS_ANY_BIT, NUMERIC, "looks at the bits of numbers"},
    {"mask", MASK, NUMERIC, "looks at the bits of numbers"},
    {"contains", AVD_OP_CONTAINS, TEXTUAL | LISTED, "looks into texts and lists"},
    {"matches", AVD_OP_MATCHES, TEXTUAL | LISTED, "looks into texts and lists"},
    {"known", AVD_OP_KNOWN, ANY_TYPE, "works on every fact"},
};
enum { OPERATOR_COUNT = sizeof operators / sizeof operators[0] };

static const struct rule_operator plain = {"equals", PLAIN, NUMERIC | TEXTUAL | BOOLEAN,
                                           "compares single values"};

static unsigned type_bit(enum avd_fact_type type)
{
    switch (type) {
    case AVD_FACT_BOOL: return BOOLEAN;
    case AVD_FACT_NUMBER:
    case AVD_FACT_ADDRESS:
    case AVD_FACT_CODE: return NUMERIC;
    case AVD_FACT_TEXT: return TEXTUAL;
    case AVD_FACT_LIST: return LISTED;
    case AVD_FACT_UNKNOWN: break;
    }
    return 0;
}

const char *avd_type_name(enum avd_fact_type type)
{
    switch (type_bit(type)) {
    case BOOLEAN: return "true or false";
    case NUMERIC: return "a number";
    case TEXTUAL: return "a text";
    default: return "a list";
    }
}

/* A leading zero is refused because YAML 1.1 reads it as octal. */
bool avd_number_parse(const char *text, uint64_t *out, bool *too_large)
{
    uint64_t base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    uint64_t value = 0;
    const char *digit = base == 16 ? text + 2 : text;

    *too_large = false;
    if (*digit == '\0' || (base == 10 && text[0] == '0' && text[1] != '\0'))
        return false;
    for (; *digit != '\0'; digit++) {
        uint64_t v;

        if (*digit >= '0' && *digit <= '9')
            v = (uint64_t)(*digit - '0');
        else if (base == 16 && *digit >= 'a' && *digit <= 'f')
            v = (uint64_t)(*digit - 'a') + 10;
        else if (base == 16 && *digit >= 'A' && *digit <= 'F')
            v = (uint64_t)(*digit - 'A') + 10;
        else
            return false;
        if (value > (UINT64_MAX - v) / base)
            *too_large = true;
        else
            value = value * base + v;
    }
    *out = value;
    return true;
}

static bool parse_bool(const struct avd_yaml_node *node, uint64_t *out)
{
    if (node->kind != AVD_YAML_SCALAR || !node->plain ||
        (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0))
        return false;
    *out = node->text[0] == 't' ? 1 : 0;
    return true;
}

/* What a scalar is, for messages: "'abc'" or "a list". */
static const char *found(const struct avd_yaml_node *node, char out[AVD_YAML_EXCERPT_SIZE + 2])
{
    size_t size;

    if (node->kind != AVD_YAML_SCALAR || (node->plain && node->text[0] == '\0'))
        return avd_yaml_kind_name(node);
    out[0] = '\'';
    (void)avd_yaml_excerpt(node->text, out + 1);
    size = strlen(out);
    out[size] = '\'';
    out[size + 1] = '\0';
    return out;
}

static enum avd_status number_value(struct avd_compiler *c, const struct avd_subject *subject,
                                    const struct avd_yaml_node *node, struct avd_rule_value *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE + 2];
    bool too_large;

    if (node->kind != AVD_YAML_SCALAR || !node->plain ||
        !avd_number_parse(node->text, &out->number, &too_large))
        return avd_rule_problem(c->problems, c->file, node,
                                "'%s' is a number, found %s (expected decimal or 0x hex, without "
                                "quotes)",
                                subject->operand.name, found(node, shown));
    if (too_large || (subject->type == AVD_FACT_CODE && out->number > UINT32_MAX))
        return avd_rule_problem(c->problems, c->file, node, "%s does not fit the %d bits of '%s'",
                                found(node, shown), subject->type == AVD_FACT_CODE ? 32 : 64,
                                subject->operand.name);
    out->type = AVD_FACT_NUMBER;
    return AVD_OK;
}

/* Whether YAML would read the scalar as a number or a boolean. */
static bool is_typed(const struct avd_yaml_node *node)
{
    uint64_t number;
    bool too_large;

    return node->kind == AVD_YAML_SCALAR && node->plain &&
           (parse_bool(node, &number) || avd_number_parse(node->text, &number, &too_large));
}

static enum avd_status text_value(struct avd_compiler *c, const struct avd_subject *subject,
                                  const struct avd_yaml_node *node, struct avd_rule_value *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE + 2];

    if (node->kind != AVD_YAML_SCALAR || (node->plain && node->text[0] == '\0'))
        return avd_rule_problem(c->problems, c->file, node, "'%s' holds text, found %s",
                                subject->operand.name, avd_yaml_kind_name(node));
    if (is_typed(node))
        return avd_rule_problem(c->problems, c->file, node,
                                "'%s' holds text, found %s without quotes (quote it if the text is "
                                "meant)",
                                subject->operand.name, found(node, shown));
    if (strlen(node->text) > AVD_MAX_RULE_TEXT_BYTES)
        return avd_rule_problem(
            c->problems, c->file, node, "'%s' is compared with %zu bytes, at most %d are allowed",
            subject->operand.name, strlen(node->text), (int)AVD_MAX_RULE_TEXT_BYTES);
    out->type = AVD_FACT_TEXT;
    out->text = node->text;
    return AVD_OK;
}

static enum avd_status bool_value(struct avd_compiler *c, const char *name,
                                  const struct avd_yaml_node *node, struct avd_rule_value *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE + 2];

    if (!parse_bool(node, &out->number))
        return avd_rule_problem(c->problems, c->file, node, "'%s' is true or false, found %s", name,
                                found(node, shown));
    out->type = AVD_FACT_BOOL;
    return AVD_OK;
}

static enum avd_status one_value(struct avd_compiler *c, const struct avd_subject *subject, int op,
                                 const struct avd_yaml_node *node, struct avd_rule_value *out)
{
    if (op == AVD_OP_KNOWN)
        return bool_value(c, "known", node, out);
    switch (type_bit(subject->type)) {
    case BOOLEAN: return bool_value(c, subject->operand.name, node, out);
    case NUMERIC: return number_value(c, subject, node, out);
    default: return text_value(c, subject, node, out);
    }
}

/* An expression for `op` with room for its values. */
static enum avd_status add_comparison(struct avd_compiler *c, const struct avd_subject *subject,
                                      enum avd_rule_op op, unsigned line, size_t count,
                                      struct avd_rule_value **values, int *index)
{
    enum avd_status status = avd_condition_add(c, op, line, index);

    if (status != AVD_OK)
        return status;
    *values = avd_arena_alloc(c->arena, count, sizeof **values);
    if (*values == NULL)
        return AVD_E_NOMEM;
    c->exprs[*index].operand = subject->operand;
    c->exprs[*index].values = *values;
    c->exprs[*index].value_count = (unsigned)count;
    return AVD_OK;
}

/* `between: [low, high]`: at_least and at_most. */
static enum avd_status compile_between(struct avd_compiler *c, const struct avd_subject *subject,
                                       const struct avd_yaml_node *node, int *index)
{
    struct avd_rule_value *values;
    int *children;
    enum avd_status status;
    int i;

    if (node->kind != AVD_YAML_LIST || node->count != 2)
        return avd_rule_problem(
            c->problems, c->file, node, "'between' needs a list of two numbers, found %s",
            node->kind == AVD_YAML_LIST ? "a list of another length" : avd_yaml_kind_name(node));
    status = avd_condition_add(c, AVD_OP_ALL, node->line, index);
    children = status == AVD_OK ? avd_condition_children(c, *index, 2) : NULL;
    if (children == NULL)
        return status != AVD_OK ? status : AVD_E_NOMEM;
    for (i = 0; i < 2 && status == AVD_OK; i++) {
        status = add_comparison(c, subject, i == 0 ? AVD_OP_AT_LEAST : AVD_OP_AT_MOST, node->line,
                                1, &values, &children[i]);
        if (status == AVD_OK)
            status = number_value(c, subject, node->items[i], values);
    }
    if (status == AVD_OK &&
        c->exprs[children[0]].values->number > c->exprs[children[1]].values->number)
        return avd_rule_problem(c->problems, c->file, node,
                                "'between' needs the smaller number first");
    return status;
}

/* `subject: {op: node}`, key being what the operator's message points at. */
static enum avd_status compile_operator(struct avd_compiler *c, const struct avd_subject *subject,
                                        const struct rule_operator *op,
                                        const struct avd_yaml_node *key,
                                        const struct avd_yaml_node *node, int *index)
{
    struct avd_rule_value *values = NULL;
    enum avd_rule_op made = op->op >= 0 ? (enum avd_rule_op)op->op : AVD_OP_EQUALS;
    size_t count = 1;
    size_t i;
    enum avd_status status;

    if ((op->types & type_bit(subject->type)) == 0)
        return avd_rule_problem(c->problems, c->file, key, "'%s' %s, '%s' is %s%s", op->name,
                                op->does, subject->operand.name, avd_type_name(subject->type),
                                subject->type == AVD_FACT_LIST ? " (use 'contains' or 'matches')"
                                                               : "");
    if (op->op == BETWEEN)
        return compile_between(c, subject, node, index);
    if (op->op == AVD_OP_IN) {
        if (node->kind != AVD_YAML_LIST || node->count == 0)
            return avd_rule_problem(
                c->problems, c->file, node, "'in' needs a list of values, found %s",
                node->kind == AVD_YAML_LIST ? "an empty list" : avd_yaml_kind_name(node));
        count = node->count;
    }
    status = add_comparison(c, subject, made, key->line, count, &values, index);
    for (i = 0; i < count && status == AVD_OK; i++)
        status =
            one_value(c, subject, (int)made, made == AVD_OP_IN ? node->items[i] : node, &values[i]);
    if (status == AVD_OK && (made == AVD_OP_HAS_BITS || made == AVD_OP_HAS_ANY_BIT) &&
        values->number == 0)
        return avd_rule_problem(c->problems, c->file, node, "'%s' with 0 asks for no bit",
                                op->name);
    /* A plain text may hold wildcards, as people write them without thinking. */
    if (status == AVD_OK && op->op == PLAIN && values->type == AVD_FACT_TEXT &&
        strpbrk(values->text, "*?") != NULL)
        c->exprs[*index].op = AVD_OP_MATCHES;
    return status;
}

static enum avd_status find_operator(struct avd_compiler *c, const struct avd_subject *subject,
                                     const struct avd_yaml_node *key,
                                     const struct rule_operator **out)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    size_t i;

    for (i = 0; i < OPERATOR_COUNT; i++) {
        if (strcmp(operators[i].name, key->text) == 0) {
            *out = &operators[i];
            return AVD_OK;
        }
    }
    avd_suggestion_init(&suggestion, key->text);
    for (i = 0; i < OPERATOR_COUNT; i++)
        avd_suggestion_offer(&suggestion, operators[i].name);
    return avd_rule_problem(c->problems, c->file, key, "unknown operator '%s' for '%s'%s",
                            avd_yaml_excerpt(key->text, shown), subject->operand.name,
                            avd_suggestion_text(&suggestion, hint));
}

/* `mask: number` among the operators: what the others compare. */
static enum avd_status read_mask(struct avd_compiler *c, const struct avd_subject *subject,
                                 const struct avd_yaml_node *node, uint64_t *mask)
{
    struct avd_rule_value value = {AVD_FACT_NUMBER, 0, NULL};
    enum avd_status status = AVD_OK;
    size_t i;

    for (i = 0; i < node->count && status == AVD_OK; i += 2) {
        if (strcmp(node->items[i]->text, "mask") != 0)
            continue;
        if (type_bit(subject->type) != NUMERIC)
            return AVD_OK; /* told when the operators are looked at */
        status = number_value(c, subject, node->items[i + 1], &value);
        if (status == AVD_OK && value.number == 0)
            status = avd_rule_problem(c->problems, c->file, node->items[i + 1],
                                      "'mask' with 0 leaves nothing to compare");
        if (status == AVD_OK && node->count == 2)
            status = avd_rule_problem(c->problems, c->file, node->items[i],
                                      "'mask' needs a comparison beside it, such as 'equals'");
    }
    *mask = value.number;
    return status;
}

/* The operators of a mapping, each a child of `index` where there are several. */
static enum avd_status compile_operators(struct avd_compiler *c, const struct avd_subject *subject,
                                         const struct avd_yaml_node *node, size_t count, int *index)
{
    const struct rule_operator *op;
    enum avd_status result = AVD_OK;
    int *children = NULL;
    size_t made = 0;
    size_t i;

    if (count > 1) {
        result = avd_condition_add(c, AVD_OP_ALL, node->line, index);
        children = result == AVD_OK ? avd_condition_children(c, *index, count) : NULL;
        if (children == NULL)
            return AVD_E_NOMEM;
    }
    for (i = 0; i < node->count; i += 2) {
        enum avd_status status = find_operator(c, subject, node->items[i], &op);

        if (status == AVD_OK && op->op == MASK && type_bit(subject->type) == NUMERIC)
            continue;
        if (status == AVD_OK)
            status = compile_operator(c, subject, op, node->items[i], node->items[i + 1],
                                      children != NULL ? &children[made] : index);
        made++;
        if (status == AVD_E_NOMEM)
            return status;
        if (status != AVD_OK)
            result = status;
    }
    return result;
}

enum avd_status avd_comparison_compile(struct avd_compiler *c, const struct avd_subject *subject,
                                       const struct avd_yaml_node *key,
                                       const struct avd_yaml_node *node, int *index)
{
    size_t first = c->count;
    uint64_t mask = 0;
    enum avd_status status;
    size_t i;

    if (node->kind == AVD_YAML_SCALAR)
        return compile_operator(c, subject, &plain, key, node, index);
    if (node->kind == AVD_YAML_LIST)
        return avd_rule_problem(c->problems, c->file, node,
                                "'%s' is compared with a list: write '%s: {%s}'",
                                subject->operand.name, subject->operand.name,
                                subject->type == AVD_FACT_LIST ? "contains: ..." : "in: [...]");
    if (node->count == 0)
        return avd_rule_problem(c->problems, c->file, node, "'%s' is not compared with anything",
                                subject->operand.name);
    status = read_mask(c, subject, node, &mask);
    if (status != AVD_OK)
        return status;
    status = compile_operators(c, subject, node, node->count / 2 - (mask != 0 ? 1 : 0), index);
    for (i = first; i < c->count; i++)
        c->exprs[i].mask = mask;
    return status;
}

enum avd_status avd_comparison_pattern(struct avd_compiler *c, const struct avd_subject *subject,
                                       const char *pattern, unsigned line, int *index)
{
    struct avd_rule_value *values;
    enum avd_status status =
        add_comparison(c, subject, strpbrk(pattern, "*?") != NULL ? AVD_OP_MATCHES : AVD_OP_EQUALS,
                       line, 1, &values, index);

    if (status != AVD_OK)
        return status;
    values->type = AVD_FACT_TEXT;
    values->text = pattern;
    return AVD_OK;
}
