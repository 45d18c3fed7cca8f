/* SPDX-License-Identifier: MIT */
/*
 * Conditions: from YAML to a flat array of expressions. A mapping with several entries means all
 * of them, a scalar after a fact means equals. Names and types are checked here, against
 * avd_fact_docs, so that a mistyped rule fails when it is loaded and not silently forever after.
 * The recursion is as deep as the YAML is nested, which avd_yaml_read has capped.
 */
#include "rules/condition.h"

#include "base/limits.h"
#include "base/utf.h"
#include "rules/suggest.h"

#include <string.h>

enum { NUMERIC = 1, TEXTUAL = 2, BOOLEAN = 4, LISTED = 8, ANY_TYPE = 15 };

static const struct rule_operator {
    const char *name;
    enum avd_rule_op op;
    unsigned types;   /* of facts it works on */
    const char *does; /* "'below' <does>, 'exception.name' is a text" */
} operators[] = {
    {"equals", AVD_OP_EQUALS, NUMERIC | TEXTUAL | BOOLEAN, "compares single values"},
    {"in", AVD_OP_IN, NUMERIC | TEXTUAL, "compares numbers and texts"},
    {"below", AVD_OP_BELOW, NUMERIC, "compares numbers"},
    {"above", AVD_OP_ABOVE, NUMERIC, "compares numbers"},
    {"at_least", AVD_OP_AT_LEAST, NUMERIC, "compares numbers"},
    {"at_most", AVD_OP_AT_MOST, NUMERIC, "compares numbers"},
    {"contains", AVD_OP_CONTAINS, TEXTUAL | LISTED, "looks into texts and lists"},
    {"matches", AVD_OP_MATCHES, TEXTUAL | LISTED, "looks into texts and lists"},
    {"known", AVD_OP_KNOWN, ANY_TYPE, "works on every fact"},
};
enum { OPERATOR_COUNT = sizeof operators / sizeof operators[0] };

struct compiler {
    struct avd_arena *arena;
    const char *file;
    struct avd_error *err;
    struct avd_rule_expr *exprs;
    size_t count;
    size_t capacity;
};

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

static const char *type_name(enum avd_fact_type type)
{
    switch (type_bit(type)) {
    case BOOLEAN: return "true or false";
    case NUMERIC: return "a number";
    case TEXTUAL: return "a text";
    default: return "a list";
    }
}

/* A new expression; its index goes to *index. Parents come before their children. */
static enum avd_status add_expr(struct compiler *c, enum avd_rule_op op, const char *fact,
                                unsigned *index)
{
    struct avd_rule_expr *grown =
        avd_arena_grow(c->arena, c->exprs, c->count, &c->capacity, sizeof *c->exprs,
                       (size_t)AVD_MAX_RULE_FILE_BYTES * 2);

    if (grown == NULL)
        return avd_error_nomem(c->err);
    c->exprs = grown;
    *index = (unsigned)c->count++;
    c->exprs[*index].op = op;
    c->exprs[*index].fact = fact;
    return AVD_OK;
}

/* Room for the children of c->exprs[index]; NULL when out of memory. */
static unsigned *add_children(struct compiler *c, unsigned index, size_t count)
{
    unsigned *children = avd_arena_alloc(c->arena, count, sizeof *children);

    if (children == NULL) {
        (void)avd_error_nomem(c->err);
        return NULL;
    }
    c->exprs[index].children = children;
    c->exprs[index].child_count = (unsigned)count;
    return children;
}

/* Decimal or 0x hex; a leading zero is refused because YAML 1.1 reads it as octal. */
static bool parse_number(const char *text, uint64_t *out, bool *too_large)
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

static enum avd_status number_value(struct compiler *c, const struct avd_fact_doc *doc,
                                    const struct avd_yaml_node *node, struct avd_rule_value *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE + 2];
    bool too_large;

    if (node->kind != AVD_YAML_SCALAR || !node->plain ||
        !parse_number(node->text, &out->number, &too_large))
        return avd_yaml_error(c->err, c->file, node->line, node->column,
                              "'%s' is a number, found %s (expected decimal or 0x hex, without "
                              "quotes)",
                              doc->name, found(node, shown));
    if (too_large || (doc->type == AVD_FACT_CODE && out->number > UINT32_MAX))
        return avd_yaml_error(c->err, c->file, node->line, node->column,
                              "%s does not fit the %d bits of '%s'", found(node, shown),
                              doc->type == AVD_FACT_CODE ? 32 : 64, doc->name);
    out->type = AVD_FACT_NUMBER;
    return AVD_OK;
}

/* Whether YAML would read the scalar as a number or a boolean. */
static bool is_typed(const struct avd_yaml_node *node)
{
    uint64_t number;
    bool too_large;

    return node->kind == AVD_YAML_SCALAR && node->plain &&
           (parse_bool(node, &number) || parse_number(node->text, &number, &too_large));
}

static enum avd_status text_value(struct compiler *c, const struct avd_fact_doc *doc,
                                  const struct avd_yaml_node *node, struct avd_rule_value *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE + 2];

    if (node->kind != AVD_YAML_SCALAR || (node->plain && node->text[0] == '\0'))
        return avd_yaml_error(c->err, c->file, node->line, node->column,
                              "'%s' holds text, found %s", doc->name, avd_yaml_kind_name(node));
    if (is_typed(node))
        return avd_yaml_error(c->err, c->file, node->line, node->column,
                              "'%s' holds text, found %s without quotes (quote it if the text is "
                              "meant)",
                              doc->name, found(node, shown));
    if (strlen(node->text) > AVD_MAX_RULE_TEXT_BYTES)
        return avd_yaml_error(c->err, c->file, node->line, node->column,
                              "'%s' is compared with %zu bytes, at most %d are allowed", doc->name,
                              strlen(node->text), (int)AVD_MAX_RULE_TEXT_BYTES);
    out->type = AVD_FACT_TEXT;
    out->text = node->text;
    return AVD_OK;
}

static enum avd_status bool_value(struct compiler *c, const char *name,
                                  const struct avd_yaml_node *node, struct avd_rule_value *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE + 2];

    if (!parse_bool(node, &out->number))
        return avd_yaml_error(c->err, c->file, node->line, node->column,
                              "'%s' is true or false, found %s", name, found(node, shown));
    out->type = AVD_FACT_BOOL;
    return AVD_OK;
}

static enum avd_status one_value(struct compiler *c, const struct avd_fact_doc *doc,
                                 enum avd_rule_op op, const struct avd_yaml_node *node,
                                 struct avd_rule_value *out)
{
    if (op == AVD_OP_KNOWN)
        return bool_value(c, "known", node, out);
    switch (type_bit(doc->type)) {
    case BOOLEAN: return bool_value(c, doc->name, node, out);
    case NUMERIC: return number_value(c, doc, node, out);
    default: return text_value(c, doc, node, out);
    }
}

/* `fact: {op: node}`, key being what the operator's message points at. */
static enum avd_status compile_operator(struct compiler *c, const struct avd_fact_doc *doc,
                                        const struct rule_operator *op,
                                        const struct avd_yaml_node *key,
                                        const struct avd_yaml_node *node, unsigned *index)
{
    struct avd_rule_value *values;
    size_t count = 1;
    size_t i;
    enum avd_status status;

    if ((op->types & type_bit(doc->type)) == 0)
        return avd_yaml_error(c->err, c->file, key->line, key->column, "'%s' %s, '%s' is %s%s",
                              op->name, op->does, doc->name, type_name(doc->type),
                              doc->type == AVD_FACT_LIST ? " (use 'contains' or 'matches')" : "");
    if (op->op == AVD_OP_IN) {
        if (node->kind != AVD_YAML_LIST || node->count == 0)
            return avd_yaml_error(
                c->err, c->file, node->line, node->column, "'in' needs a list of values, found %s",
                node->kind == AVD_YAML_LIST ? "an empty list" : avd_yaml_kind_name(node));
        count = node->count;
    }
    status = add_expr(c, op->op, doc->name, index);
    if (status != AVD_OK)
        return status;
    values = avd_arena_alloc(c->arena, count, sizeof *values);
    if (values == NULL)
        return avd_error_nomem(c->err);
    for (i = 0; i < count && status == AVD_OK; i++)
        status = one_value(c, doc, op->op, op->op == AVD_OP_IN ? node->items[i] : node, &values[i]);
    c->exprs[*index].values = values;
    c->exprs[*index].value_count = (unsigned)count;
    return status;
}

static enum avd_status find_operator(struct compiler *c, const struct avd_fact_doc *doc,
                                     const struct avd_yaml_node *key,
                                     const struct rule_operator **out)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    size_t i;

    avd_suggestion_init(&suggestion, key->text);
    for (i = 0; i < OPERATOR_COUNT; i++) {
        if (strcmp(operators[i].name, key->text) == 0) {
            *out = &operators[i];
            return AVD_OK;
        }
        avd_suggestion_offer(&suggestion, operators[i].name);
    }
    return avd_yaml_error(c->err, c->file, key->line, key->column,
                          "unknown operator '%s' for '%s'%s", avd_yaml_excerpt(key->text, shown),
                          doc->name, avd_suggestion_text(&suggestion, hint));
}

static enum avd_status compile_fact(struct compiler *c, const struct avd_fact_doc *doc,
                                    const struct avd_yaml_node *key,
                                    const struct avd_yaml_node *node, unsigned *index)
{
    const struct rule_operator *op = &operators[0];
    enum avd_status status = AVD_OK;
    unsigned *children = NULL;
    size_t i;

    if (node->kind == AVD_YAML_SCALAR)
        return compile_operator(c, doc, op, key, node, index);
    if (node->kind == AVD_YAML_LIST)
        return avd_yaml_error(c->err, c->file, node->line, node->column,
                              "'%s' is compared with a list: write '%s: {in: [...]}'", doc->name,
                              doc->name);
    if (node->count == 0)
        return avd_yaml_error(c->err, c->file, node->line, node->column,
                              "'%s' is not compared with anything", doc->name);
    if (node->count > 2) {
        status = add_expr(c, AVD_OP_ALL, NULL, index);
        if (status != AVD_OK)
            return status;
        children = add_children(c, *index, node->count / 2);
        if (children == NULL)
            return AVD_E_NOMEM;
    }
    for (i = 0; i < node->count && status == AVD_OK; i += 2) {
        status = find_operator(c, doc, node->items[i], &op);
        if (status == AVD_OK)
            status = compile_operator(c, doc, op, node->items[i], node->items[i + 1],
                                      children != NULL ? &children[i / 2] : index);
    }
    return status;
}

static enum avd_status unknown_name(struct compiler *c, const struct avd_yaml_node *key,
                                    const char *parent)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const struct avd_fact_doc *doc;
    bool dotted = strchr(key->text, '.') != NULL;

    avd_suggestion_init(&suggestion, key->text);
    avd_suggestion_offer(&suggestion, "all");
    avd_suggestion_offer(&suggestion, "any");
    avd_suggestion_offer(&suggestion, "not");
    for (doc = avd_fact_docs; doc->name != NULL; doc++)
        avd_suggestion_offer(&suggestion, doc->name);
    return avd_yaml_error(c->err, c->file, key->line, key->column, "unknown %s '%s' in '%s'%s",
                          dotted ? "fact" : "key", avd_yaml_excerpt(key->text, shown), parent,
                          avd_suggestion_text(&suggestion, hint));
}

static enum avd_status compile(struct compiler *c, const struct avd_yaml_node *node,
                               const char *parent, unsigned *index);

static enum avd_status compile_group(struct compiler *c, enum avd_rule_op op,
                                     const struct avd_yaml_node *node, const char *name,
                                     unsigned *index)
{
    enum avd_status status;
    unsigned *children;
    size_t count = op == AVD_OP_NOT ? 1 : node->count;
    size_t i;

    if (op != AVD_OP_NOT && (node->kind != AVD_YAML_LIST || count == 0))
        return avd_yaml_error(
            c->err, c->file, node->line, node->column, "'%s' needs a list of conditions, found %s",
            name, node->kind == AVD_YAML_LIST ? "an empty list" : avd_yaml_kind_name(node));
    status = add_expr(c, op, NULL, index);
    if (status != AVD_OK)
        return status;
    children = add_children(c, *index, count);
    if (children == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < count && status == AVD_OK; i++)
        status = compile(c, op == AVD_OP_NOT ? node : node->items[i], name, &children[i]);
    return status;
}

static enum avd_status compile_entry(struct compiler *c, const struct avd_yaml_node *key,
                                     const struct avd_yaml_node *value, const char *parent,
                                     unsigned *index)
{
    const struct avd_fact_doc *doc;

    if (strcmp(key->text, "all") == 0)
        return compile_group(c, AVD_OP_ALL, value, "all", index);
    if (strcmp(key->text, "any") == 0)
        return compile_group(c, AVD_OP_ANY, value, "any", index);
    if (strcmp(key->text, "not") == 0)
        return compile_group(c, AVD_OP_NOT, value, "not", index);
    doc = avd_fact_doc_find(key->text);
    if (doc == NULL)
        return unknown_name(c, key, parent);
    return compile_fact(c, doc, key, value, index);
}

/* A condition; `parent` is the key that it stands under. */
static enum avd_status compile(struct compiler *c, const struct avd_yaml_node *node,
                               const char *parent, unsigned *index)
{
    enum avd_status status;
    unsigned *children;
    size_t i;

    if (node->kind != AVD_YAML_MAPPING || node->count == 0)
        return avd_yaml_error(
            c->err, c->file, node->line, node->column,
            "a condition in '%s' must be a mapping such as "
            "'exception.present: true', found %s",
            parent, node->kind == AVD_YAML_MAPPING ? "an empty one" : avd_yaml_kind_name(node));
    if (node->count == 2)
        return compile_entry(c, node->items[0], node->items[1], parent, index);
    status = add_expr(c, AVD_OP_ALL, NULL, index);
    if (status != AVD_OK)
        return status;
    children = add_children(c, *index, node->count / 2);
    if (children == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < node->count && status == AVD_OK; i += 2)
        status = compile_entry(c, node->items[i], node->items[i + 1], parent, &children[i / 2]);
    return status;
}

enum avd_status avd_condition_compile(struct avd_arena *arena, const char *file,
                                      const struct avd_yaml_node *node, struct avd_rule *rule,
                                      struct avd_error *err)
{
    struct compiler c = {.arena = arena, .file = file, .err = err};
    unsigned root = 0;
    enum avd_status status = compile(&c, node, "when", &root);

    rule->exprs = c.exprs;
    rule->expr_count = (unsigned)c.count;
    return status;
}
