/* SPDX-License-Identifier: MIT */
/*
 * Conditions over the rows of a collection: `threads: {any: {...}}`, `any_module: wow64.dll`,
 * `frames: {sequence: [...]}`. A row is described by a text (patterns for its key columns), by a
 * condition in which its columns go by their bare names, or by a list of either.
 */
#include "rules/condition.h"

#include "base/utf.h"
#include "rules/suggest.h"

#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): conditions are as deep as YAML, AVD_MAX_YAML_DEPTH */

static const struct quantifier {
    const char *name;
    enum avd_rule_op op;
} quantifiers[] = {
    {"any", AVD_OP_ROWS_ANY},     {"all", AVD_OP_ROWS_ALL},     {"none", AVD_OP_ROWS_NONE},
    {"first", AVD_OP_ROWS_FIRST}, {"count", AVD_OP_ROWS_COUNT}, {"sequence", AVD_OP_ROWS_SEQUENCE},
};
enum { QUANTIFIER_COUNT = sizeof quantifiers / sizeof quantifiers[0] };

static size_t find_collection(const char *key, bool *any)
{
    *any = strncmp(key, "any_", 4) == 0;
    return *any ? avd_collection_find_item(key + 4) : avd_collection_find(key);
}

bool avd_rows_key(const struct avd_compiler *c, const char *key)
{
    bool any;

    (void)c;
    return find_collection(key, &any) != SIZE_MAX;
}

/* The value of `key` in a mapping, or NULL. */
static const struct avd_yaml_node *entry(const struct avd_yaml_node *node, const char *key)
{
    size_t i;

    for (i = 0; node->kind == AVD_YAML_MAPPING && i < node->count; i += 2)
        if (strcmp(node->items[i]->text, key) == 0)
            return node->items[i + 1];
    return NULL;
}

static enum avd_status add_pattern(struct avd_compiler *c, unsigned slot, const char *column,
                                   const char *pattern, unsigned line, int *index)
{
    const struct avd_collection_doc *doc = &avd_collection_docs[c->slots[slot].collection];
    struct avd_subject subject;
    enum avd_status status = avd_name_column(c, slot, avd_column_find(doc, column), &subject);

    return status == AVD_OK ? avd_comparison_pattern(c, &subject, pattern, line, index) : status;
}

/* "ntdll.dll" as "ntdll": frames show modules without their ending. */
static const char *module_pattern(struct avd_compiler *c, const char *text, size_t size)
{
    static const char *const endings[] = {".dll", ".exe"};
    char *copy = avd_arena_strndup(c->arena, text, size);
    size_t i;

    for (i = 0; copy != NULL && size > 4 && i < sizeof endings / sizeof endings[0]; i++)
        if (avd_ascii_casecmp(copy + size - 4, endings[i]) == 0)
            copy[size - 4] = '\0';
    return copy;
}

/* A row described by a text: "pattern" for the key column, "module!function" for frames. */
static enum avd_status compile_text(struct avd_compiler *c, unsigned slot,
                                    const struct avd_yaml_node *node, int *index)
{
    const struct avd_collection_doc *doc = &avd_collection_docs[c->slots[slot].collection];
    const char *mark = doc->key2 != NULL ? strchr(node->text, '!') : NULL;
    const char *module = NULL;
    const char *function = NULL;
    enum avd_status status;
    int *children;

    if (doc->key == NULL)
        return avd_rule_problem(c->problems, c->file, node,
                                "a %s is described by a mapping such as '{%s: ...}', found a text",
                                doc->item, doc->columns[0].name);
    if (node->text[0] == '\0' || strlen(node->text) > AVD_MAX_RULE_TEXT_BYTES)
        return avd_rule_problem(c->problems, c->file, node, "a pattern for a %s has 1 to %d bytes",
                                doc->item, (int)AVD_MAX_RULE_TEXT_BYTES);
    if (doc->key2 == NULL)
        return add_pattern(c, slot, doc->key, node->text, node->line, index);
    if (mark == NULL)
        return avd_rule_problem(c->problems, c->file, node,
                                "a pattern for a %s is written 'module!function'; '*' stands for "
                                "anything",
                                doc->item);
    module = module_pattern(c, node->text, (size_t)(mark - node->text));
    function = mark + 1;
    if (module == NULL)
        return AVD_E_NOMEM;
    if (module[0] == '\0' || function[0] == '\0')
        return avd_rule_problem(c->problems, c->file, node,
                                "'%s' of the pattern is empty ('*' stands for anything)",
                                module[0] == '\0' ? "module" : "function");
    /* A module without names is in "module!*" too. */
    if (strcmp(function, "*") == 0)
        return add_pattern(c, slot, doc->key, module, node->line, index);
    if (strcmp(module, "*") == 0)
        return add_pattern(c, slot, doc->key2, function, node->line, index);
    status = avd_condition_add(c, AVD_OP_ALL, node->line, index);
    children = status == AVD_OK ? avd_condition_children(c, *index, 2) : NULL;
    if (children == NULL)
        return AVD_E_NOMEM;
    status = add_pattern(c, slot, doc->key, module, node->line, &children[0]);
    return status == AVD_OK ? add_pattern(c, slot, doc->key2, function, node->line, &children[1])
                            : status;
}

static enum avd_status compile_row(struct avd_compiler *c, unsigned slot,
                                   const struct avd_yaml_node *node, const char *parent,
                                   int *index);

/* A list: any of these. */
static enum avd_status compile_choice(struct avd_compiler *c, unsigned slot,
                                      const struct avd_yaml_node *node, const char *parent,
                                      int *index)
{
    enum avd_status result;
    int *children;
    size_t i;

    if (node->count == 0)
        return avd_rule_problem(c->problems, c->file, node, "'%s' has an empty list", parent);
    result = avd_condition_add(c, AVD_OP_ANY, node->line, index);
    children = result == AVD_OK ? avd_condition_children(c, *index, node->count) : NULL;
    if (children == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < node->count; i++) {
        enum avd_status status = compile_row(c, slot, node->items[i], parent, &children[i]);

        if (status == AVD_E_NOMEM)
            return status;
        if (status != AVD_OK)
            result = status;
    }
    return result;
}

/* A mapping without its `as` and `where`, which are not conditions. */
static enum avd_status without(struct avd_compiler *c, const struct avd_yaml_node *node,
                               const char *key, const struct avd_yaml_node **out)
{
    struct avd_yaml_node *copy;
    size_t i;

    *out = node;
    if (entry(node, key) == NULL)
        return AVD_OK;
    copy = avd_arena_alloc(c->scratch, 1, sizeof *copy);
    if (copy == NULL)
        return AVD_E_NOMEM;
    *copy = *node;
    copy->count = 0;
    copy->items = avd_arena_alloc(c->scratch, node->count, sizeof *copy->items);
    if (copy->items == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < node->count; i += 2) {
        if (strcmp(node->items[i]->text, key) != 0) {
            copy->items[copy->count++] = node->items[i];
            copy->items[copy->count++] = node->items[i + 1];
        }
    }
    *out = copy;
    return AVD_OK;
}

static enum avd_status compile_row(struct avd_compiler *c, unsigned slot,
                                   const struct avd_yaml_node *node, const char *parent, int *index)
{
    const struct avd_yaml_node *condition;
    unsigned active = c->active;
    int scope = c->scope;
    enum avd_status status;

    if (node->kind == AVD_YAML_LIST)
        return compile_choice(c, slot, node, parent, index);
    if (node->kind == AVD_YAML_SCALAR)
        return compile_text(c, slot, node, index);
    status = without(c, node, "as", &condition);
    if (status != AVD_OK)
        return status;
    /* {as: name} alone: any row. */
    if (condition->count == 0 && node->count != 0)
        return avd_condition_add(c, AVD_OP_ALL, node->line, index);
    c->scope = (int)slot;
    c->active |= 1U << slot;
    status = avd_condition_node(c, condition, parent, index);
    c->active = active;
    c->scope = scope;
    return status;
}

/* What a row is called: `as` in its description, else what the collection calls one. */
static enum avd_status name_row(struct avd_compiler *c, size_t collection,
                                const struct avd_yaml_node *node, const struct avd_yaml_node *place,
                                unsigned *slot)
{
    const struct avd_yaml_node *as = node != NULL ? entry(node, "as") : NULL;
    const struct avd_collection_doc *doc = &avd_collection_docs[collection];
    enum avd_status status;

    if (as != NULL && as->kind != AVD_YAML_SCALAR)
        return avd_rule_problem(c->problems, c->file, as, "'as' must be a name, found %s",
                                avd_yaml_kind_name(as));
    status = avd_name_slot(c, as != NULL ? as : place, as != NULL ? as->text : doc->item,
                           collection, slot);
    if (status == AVD_OK && (c->active & 1U << *slot) != 0)
        return avd_rule_problem(c->problems, c->file, place,
                                "'%s' stands for the %s around this one already (name this one "
                                "with 'as')",
                                c->slots[*slot].name, doc->item);
    return status;
}

/* The limits of `count: {at_least: 2, at_most: 5}`, or `count: 3`. */
static enum avd_status read_limits(struct avd_compiler *c, const struct avd_yaml_node *node,
                                   struct avd_rule_value limits[2])
{
    struct avd_subject subject;
    struct avd_yaml_node key;
    const struct avd_rule_expr *expr;
    size_t first = c->count;
    enum avd_status status;
    int index;
    size_t i;

    limits[0].type = limits[1].type = AVD_FACT_NUMBER;
    limits[0].number = 0;
    limits[1].number = UINT64_MAX;
    memset(&key, 0, sizeof key);
    memset(&subject, 0, sizeof subject);
    subject.operand.name = "count";
    subject.type = AVD_FACT_NUMBER;
    key.line = node->line;
    key.column = node->column;
    key.text = "count";
    /* The comparisons are compiled as any others, read off, and taken back. */
    status = avd_comparison_compile(c, &subject, &key, node, &index);
    for (i = first; i < c->count && status == AVD_OK; i++) {
        uint64_t n;

        expr = &c->exprs[i];
        if (expr->op == AVD_OP_ALL)
            continue;
        n = expr->values->number;
        if ((expr->op == AVD_OP_ABOVE && n == UINT64_MAX) || (expr->op == AVD_OP_BELOW && n == 0) ||
            expr->mask != 0 ||
            (expr->op != AVD_OP_EQUALS && expr->op != AVD_OP_AT_LEAST && expr->op != AVD_OP_ABOVE &&
             expr->op != AVD_OP_AT_MOST && expr->op != AVD_OP_BELOW))
            status = avd_rule_problem(c->problems, c->file, node,
                                      "'count' takes equals, at_least, at_most, above, below and "
                                      "between, with numbers that can be reached");
        if ((expr->op == AVD_OP_EQUALS || expr->op == AVD_OP_AT_LEAST) && n > limits[0].number)
            limits[0].number = n;
        if (expr->op == AVD_OP_ABOVE && n != UINT64_MAX && n + 1 > limits[0].number)
            limits[0].number = n + 1;
        if ((expr->op == AVD_OP_EQUALS || expr->op == AVD_OP_AT_MOST) && n < limits[1].number)
            limits[1].number = n;
        if (expr->op == AVD_OP_BELOW && n != 0 && n - 1 < limits[1].number)
            limits[1].number = n - 1;
    }
    c->count = first;
    return status;
}

static enum avd_status compile_count(struct avd_compiler *c, size_t collection,
                                     const struct avd_yaml_node *node, int *index)
{
    const struct avd_yaml_node *where = entry(node, "where");
    const struct avd_yaml_node *limits_node = node;
    struct avd_rule_value *limits;
    enum avd_status status;
    int *children = NULL;
    unsigned slot = 0;

    status = without(c, node, "where", &limits_node);
    if (status == AVD_OK)
        status = name_row(c, collection, where, node, &slot);
    if (status != AVD_OK)
        return status;
    if (limits_node->kind == AVD_YAML_MAPPING && limits_node->count == 0)
        return avd_rule_problem(c->problems, c->file, node,
                                "'count' needs a number to compare with, such as 'at_least: 2'");
    limits = avd_arena_alloc(c->arena, 2, sizeof *limits);
    if (limits == NULL)
        return AVD_E_NOMEM;
    status = read_limits(c, limits_node, limits);
    if (status == AVD_OK)
        status = avd_condition_add(c, AVD_OP_ROWS_COUNT, node->line, index);
    if (status != AVD_OK)
        return status;
    c->exprs[*index].values = limits;
    c->exprs[*index].value_count = 2;
    c->exprs[*index].slot = slot;
    if (where == NULL)
        return AVD_OK;
    children = avd_condition_children(c, *index, 1);
    return children != NULL ? compile_row(c, slot, where, "where", &children[0]) : AVD_E_NOMEM;
}

static bool is_gap(const struct avd_yaml_node *node)
{
    return node->kind == AVD_YAML_SCALAR && strcmp(node->text, "...") == 0;
}

/* A row of a sequence, which may have a name of its own. */
static enum avd_status compile_item(struct avd_compiler *c, unsigned slot,
                                    const struct avd_yaml_node *node, int *index)
{
    enum avd_status status = avd_condition_add(c, AVD_OP_ROW, node->line, index);
    int *children = status == AVD_OK ? avd_condition_children(c, *index, 1) : NULL;

    if (children == NULL)
        return AVD_E_NOMEM;
    c->exprs[*index].slot = slot;
    return compile_row(c, slot, node, "sequence", &children[0]);
}

static enum avd_status compile_sequence(struct avd_compiler *c, size_t collection,
                                        const struct avd_yaml_node *node, int *index)
{
    enum avd_status result;
    unsigned slot;
    int *children;
    size_t i;

    if (node->kind != AVD_YAML_LIST || node->count == 0 || node->count > AVD_MAX_RULE_SEQUENCE)
        return avd_rule_problem(
            c->problems, c->file, node, "'sequence' needs a list of 1 to %d items, found %s",
            (int)AVD_MAX_RULE_SEQUENCE,
            node->kind == AVD_YAML_LIST ? node->count == 0 ? "an empty list" : "more"
                                        : avd_yaml_kind_name(node));
    result = name_row(c, collection, NULL, node, &slot);
    if (result == AVD_OK)
        result = avd_condition_add(c, AVD_OP_ROWS_SEQUENCE, node->line, index);
    if (result != AVD_OK)
        return result;
    c->exprs[*index].slot = slot;
    children = avd_condition_children(c, *index, node->count);
    if (children == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < node->count && result != AVD_E_NOMEM; i++) {
        const struct avd_yaml_node *item = node->items[i];
        enum avd_status status = AVD_OK;
        unsigned item_slot = slot;

        if (is_gap(item)) {
            children[i] = AVD_RULE_GAP;
            if (i == 0 || i + 1 == node->count || is_gap(node->items[i - 1]))
                status = avd_rule_problem(c->problems, c->file, item,
                                          "'...' must stand between two items of a sequence");
        } else {
            status = name_row(c, collection, item, item, &item_slot);
            if (status == AVD_OK)
                status = compile_item(c, item_slot, item, &children[i]);
        }
        if (status != AVD_OK)
            result = status;
    }
    return result;
}

static enum avd_status compile_quantifier(struct avd_compiler *c, size_t collection,
                                          enum avd_rule_op op, const struct avd_yaml_node *node,
                                          const char *name, int *index)
{
    enum avd_status status;
    int *children;
    unsigned slot;

    if (op == AVD_OP_ROWS_COUNT)
        return compile_count(c, collection, node, index);
    if (op == AVD_OP_ROWS_SEQUENCE)
        return compile_sequence(c, collection, node, index);
    status = name_row(c, collection, node, node, &slot);
    if (status == AVD_OK)
        status = avd_condition_add(c, op, node->line, index);
    if (status != AVD_OK)
        return status;
    c->exprs[*index].slot = slot;
    children = avd_condition_children(c, *index, 1);
    return children != NULL ? compile_row(c, slot, node, name, &children[0]) : AVD_E_NOMEM;
}

static enum avd_status find_quantifier(struct avd_compiler *c, const struct avd_yaml_node *key,
                                       size_t collection, enum avd_rule_op *op)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    size_t i;

    for (i = 0; i < QUANTIFIER_COUNT; i++) {
        if (strcmp(quantifiers[i].name, key->text) == 0) {
            *op = quantifiers[i].op;
            return AVD_OK;
        }
    }
    avd_suggestion_init(&suggestion, key->text);
    for (i = 0; i < QUANTIFIER_COUNT; i++)
        avd_suggestion_offer(&suggestion, quantifiers[i].name);
    return avd_rule_problem(c->problems, c->file, key,
                            "unknown key '%s' in '%s', which takes any, all, none, first, count "
                            "and sequence%s",
                            avd_yaml_excerpt(key->text, shown),
                            avd_collection_docs[collection].name,
                            avd_suggestion_text(&suggestion, hint));
}

/* Sets where the rows are looked for in what was compiled from `first` on. */
static void set_collection(struct avd_compiler *c, int index, size_t collection)
{
    const char *parent = avd_collection_docs[collection].parent;
    struct avd_rule_expr *expr = &c->exprs[index];

    expr->collection = (unsigned)collection;
    if (parent != NULL && c->scope >= 0 &&
        strcmp(avd_collection_docs[c->slots[c->scope].collection].name, parent) == 0)
        expr->parent_slot = c->scope;
}

enum avd_status avd_rows_compile(struct avd_compiler *c, const struct avd_yaml_node *key,
                                 const struct avd_yaml_node *node, int *index)
{
    bool any;
    size_t collection = find_collection(key->text, &any);
    enum avd_status result = AVD_OK;
    int *children = NULL;
    size_t i;

    if (any || node->kind == AVD_YAML_SCALAR) {
        result = compile_quantifier(c, collection, AVD_OP_ROWS_ANY, node, key->text, index);
        if (result == AVD_OK)
            set_collection(c, *index, collection);
        return result;
    }
    if (node->kind == AVD_YAML_LIST || node->count == 0)
        return avd_rule_problem(c->problems, c->file, node,
                                "'%s' needs a mapping such as '{any: ...}', found %s", key->text,
                                node->count == 0 && node->kind == AVD_YAML_MAPPING
                                    ? "an empty one"
                                    : avd_yaml_kind_name(node));
    if (node->count > 2) {
        result = avd_condition_add(c, AVD_OP_ALL, node->line, index);
        children = result == AVD_OK ? avd_condition_children(c, *index, node->count / 2) : NULL;
        if (children == NULL)
            return AVD_E_NOMEM;
    }
    for (i = 0; i < node->count && result != AVD_E_NOMEM; i += 2) {
        int *place = children != NULL ? &children[i / 2] : index;
        enum avd_rule_op op = AVD_OP_ROWS_ANY;
        enum avd_status status = find_quantifier(c, node->items[i], collection, &op);

        if (status == AVD_OK)
            status = compile_quantifier(c, collection, op, node->items[i + 1], node->items[i]->text,
                                        place);
        if (status == AVD_OK)
            set_collection(c, *place, collection);
        else
            result = status;
    }
    return result;
}
/* NOLINTEND(misc-no-recursion) */
