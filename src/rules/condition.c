/* SPDX-License-Identifier: MIT */
/*
 * Conditions: from YAML to a flat array of expressions. A mapping with several entries means all
 * of them, in their order. What is wrong in one entry does not keep the others from being looked
 * at, so that all mistakes are told at once. The recursion is as deep as the YAML is nested, which
 * avd_yaml_read has capped.
 */
#include "rules/condition.h"

#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): conditions are as deep as YAML, AVD_MAX_YAML_DEPTH */

enum avd_status avd_condition_add(struct avd_compiler *c, enum avd_rule_op op, unsigned line,
                                  int *index)
{
    struct avd_rule_expr *grown =
        avd_arena_grow(c->scratch, c->exprs, c->count, &c->capacity, sizeof *c->exprs,
                       (size_t)AVD_MAX_RULE_FILE_BYTES * 2);

    if (grown == NULL)
        return AVD_E_NOMEM;
    c->exprs = grown;
    *index = (int)c->count++;
    memset(&c->exprs[*index], 0, sizeof c->exprs[*index]);
    c->exprs[*index].op = op;
    c->exprs[*index].line = line;
    c->exprs[*index].parent_slot = -1;
    return AVD_OK;
}

int *avd_condition_children(struct avd_compiler *c, int index, size_t count)
{
    int *children = avd_arena_alloc(c->arena, count, sizeof *children);

    if (children == NULL)
        return NULL;
    c->exprs[index].children = children;
    c->exprs[index].child_count = (unsigned)count;
    return children;
}

static enum avd_status compile_group(struct avd_compiler *c, enum avd_rule_op op,
                                     const struct avd_yaml_node *node, const char *name, int *index)
{
    enum avd_status status;
    enum avd_status result;
    int *children;
    size_t count = op == AVD_OP_NOT ? 1 : node->count;
    size_t i;

    if (op != AVD_OP_NOT && (node->kind != AVD_YAML_LIST || count == 0))
        return avd_rule_problem(
            c->problems, c->file, node, "'%s' needs a list of conditions, found %s", name,
            node->kind == AVD_YAML_LIST ? "an empty list" : avd_yaml_kind_name(node));
    result = avd_condition_add(c, op, node->line, index);
    children = result == AVD_OK ? avd_condition_children(c, *index, count) : NULL;
    if (children == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < count; i++) {
        status =
            avd_condition_node(c, op == AVD_OP_NOT ? node : node->items[i], name, &children[i]);
        if (status == AVD_E_NOMEM)
            return status;
        if (status != AVD_OK)
            result = status;
    }
    return result;
}

static enum avd_status compile_check(struct avd_compiler *c, const struct avd_yaml_node *node,
                                     int *index)
{
    const struct avd_rule_code *code = NULL;
    unsigned count = 0;
    enum avd_fact_type type;
    enum avd_status status = avd_expression_compile(c, node, "check", true, &code, &count, &type);

    if (status != AVD_OK)
        return status;
    status = avd_condition_add(c, AVD_OP_CHECK, node->line, index);
    if (status != AVD_OK)
        return status;
    c->exprs[*index].code = code;
    c->exprs[*index].code_count = count;
    c->exprs[*index].source = node->text;
    return AVD_OK;
}

static enum avd_status compile_entry(struct avd_compiler *c, const struct avd_yaml_node *key,
                                     const struct avd_yaml_node *value, const char *parent,
                                     int *index)
{
    struct avd_subject subject;
    enum avd_status status;

    if (strcmp(key->text, "all") == 0)
        return compile_group(c, AVD_OP_ALL, value, "all", index);
    if (strcmp(key->text, "any") == 0)
        return compile_group(c, AVD_OP_ANY, value, "any", index);
    if (strcmp(key->text, "not") == 0)
        return compile_group(c, AVD_OP_NOT, value, "not", index);
    if (strcmp(key->text, "check") == 0)
        return compile_check(c, value, index);
    if (avd_rows_key(c, key->text))
        return avd_rows_compile(c, key, value, index);
    status = avd_name_resolve(c, key->text, strlen(key->text), key->line, key->column, &subject);
    if (status == AVD_NOT_FOUND)
        return avd_name_unknown(c, "key", key->text, key->line, key->column, parent);
    if (status != AVD_OK)
        return status;
    return avd_comparison_compile(c, &subject, key, value, index);
}

enum avd_status avd_condition_node(struct avd_compiler *c, const struct avd_yaml_node *node,
                                   const char *parent, int *index)
{
    enum avd_status result;
    int *children;
    size_t i;

    if (node->kind != AVD_YAML_MAPPING || node->count == 0)
        return avd_rule_problem(
            c->problems, c->file, node,
            "a condition in '%s' must be a mapping such as 'exception.present: true', found %s",
            parent, node->kind == AVD_YAML_MAPPING ? "an empty one" : avd_yaml_kind_name(node));
    if (node->count == 2)
        return compile_entry(c, node->items[0], node->items[1], parent, index);
    result = avd_condition_add(c, AVD_OP_ALL, node->line, index);
    children = result == AVD_OK ? avd_condition_children(c, *index, node->count / 2) : NULL;
    if (children == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < node->count; i += 2) {
        enum avd_status status =
            compile_entry(c, node->items[i], node->items[i + 1], parent, &children[i / 2]);

        if (status == AVD_E_NOMEM)
            return status;
        if (status != AVD_OK)
            result = status;
    }
    return result;
}

/* The names in `let`, and that none hides something else. */
static enum avd_status check_let(struct avd_compiler *c, const struct avd_yaml_node *node)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    char shown[AVD_YAML_EXCERPT_SIZE];
    enum avd_status result = AVD_OK;
    size_t i;
    size_t k;

    if (node->kind != AVD_YAML_MAPPING)
        return avd_rule_problem(c->problems, c->file, node,
                                "'let' must be a mapping of names and expressions, found %s",
                                avd_yaml_kind_name(node));
    if (node->count / 2 > AVD_MAX_RULE_LETS)
        return avd_rule_problem(c->problems, c->file, node, "more than %d names in 'let'",
                                (int)AVD_MAX_RULE_LETS);
    for (i = 0; i < node->count && result != AVD_E_NOMEM; i += 2) {
        const struct avd_yaml_node *key = node->items[i];
        size_t size = strspn(key->text, letters);

        if (key->text[size] != '\0' || key->text[0] < 'a' || key->text[0] > 'z' ||
            size > AVD_MAX_RULE_NAME_BYTES) {
            result =
                avd_rule_problem(c->problems, c->file, key,
                                 "name '%s' must be at most %d characters of a-z, 0-9 and "
                                 "'_', a letter first",
                                 avd_yaml_excerpt(key->text, shown), (int)AVD_MAX_RULE_NAME_BYTES);
            continue;
        }
        for (k = 0; avd_collection_docs[k].name != NULL; k++)
            if (strcmp(avd_collection_docs[k].item, key->text) == 0 ||
                avd_column_find(&avd_collection_docs[k], key->text) != SIZE_MAX)
                break;
        if (avd_collection_docs[k].name != NULL || avd_rows_key(c, key->text) ||
            strcmp(key->text, "all") == 0 || strcmp(key->text, "any") == 0 ||
            strcmp(key->text, "not") == 0 || strcmp(key->text, "check") == 0)
            result = avd_rule_problem(c->problems, c->file, key,
                                      "'%s' has a meaning of its own, so 'let' must not use it",
                                      key->text);
    }
    return result;
}

void avd_compiler_init(struct avd_compiler *c, struct avd_arena *arena, struct avd_arena *scratch,
                       const char *file, struct avd_rule_problems *problems)
{
    memset(c, 0, sizeof *c);
    c->arena = arena;
    c->scratch = scratch;
    c->file = file;
    c->problems = problems;
    c->scope = -1;
}

enum avd_status avd_compiler_let(struct avd_compiler *c, const struct avd_yaml_node *let)
{
    enum avd_status status = check_let(c, let);

    if (status != AVD_OK)
        return status;
    c->let_node = let;
    c->lets = avd_arena_alloc(c->arena, let->count / 2, sizeof *c->lets);
    return c->lets != NULL ? AVD_OK : AVD_E_NOMEM;
}

/* What was compiled, in arrays that are as long as need be. */
static enum avd_status keep(const struct avd_compiler *c, struct avd_rule *rule)
{
    struct avd_rule_expr *exprs = avd_arena_alloc(c->arena, c->count, sizeof *exprs);
    struct avd_rule_slot *slots = avd_arena_alloc(c->arena, c->slot_count, sizeof *slots);

    if (exprs == NULL || slots == NULL)
        return AVD_E_NOMEM;
    if (c->count != 0)
        memcpy(exprs, c->exprs, c->count * sizeof *exprs);
    memcpy(slots, c->slots, c->slot_count * sizeof *slots);
    rule->exprs = exprs;
    rule->expr_count = (unsigned)c->count;
    rule->slots = slots;
    rule->slot_count = c->slot_count;
    rule->lets = c->lets;
    rule->let_count = c->let_node != NULL ? (unsigned)(c->let_node->count / 2) : 0;
    return AVD_OK;
}

enum avd_status avd_condition_compile(struct avd_compiler *c, const struct avd_yaml_node *when,
                                      struct avd_rule *rule)
{
    struct avd_subject subject;
    int root = 0;
    enum avd_status result = avd_condition_node(c, when, "when", &root);
    size_t i;

    /* Those that only texts use. */
    for (i = 0; c->let_node != NULL && i < c->let_node->count && result != AVD_E_NOMEM; i += 2) {
        const struct avd_yaml_node *key = c->let_node->items[i];
        enum avd_status status =
            avd_name_resolve(c, key->text, strlen(key->text), key->line, key->column, &subject);

        if (status != AVD_OK)
            result = status;
    }
    return result == AVD_OK ? keep(c, rule) : result;
}
/* NOLINTEND(misc-no-recursion) */
