/* SPDX-License-Identifier: MIT */
/*
 * What a name in a rule stands for: a column of the row at hand, a value named by `let`, a column
 * of a row that was matched ("thread.id"), or a fact. And what was probably meant when nothing.
 */
#include "rules/condition.h"

#include "rules/suggest.h"

#include <string.h>

int avd_name_find_slot(const struct avd_compiler *c, const char *name, size_t size)
{
    unsigned i;

    for (i = 0; i < c->slot_count; i++)
        if (strlen(c->slots[i].name) == size && memcmp(c->slots[i].name, name, size) == 0)
            return (int)i;
    return -1;
}

static bool is_name(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return text[size] == '\0' && text[0] >= 'a' && text[0] <= 'z' &&
           size <= AVD_MAX_RULE_NAME_BYTES;
}

enum avd_status avd_name_slot(struct avd_compiler *c, const struct avd_yaml_node *node,
                              const char *name, size_t collection, unsigned *slot)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    int found = avd_name_find_slot(c, name, strlen(name));

    if (found >= 0) {
        *slot = (unsigned)found;
        if (c->slots[found].collection == collection)
            return AVD_OK;
        return avd_rule_problem(
            c->problems, c->file, node, "'%s' already stands for one of '%s' (choose another name)",
            avd_yaml_excerpt(name, shown), avd_collection_docs[c->slots[found].collection].name);
    }
    if (!is_name(name))
        return avd_rule_problem(c->problems, c->file, node,
                                "name '%s' must be at most %d characters of a-z, 0-9 and '_', a "
                                "letter first",
                                avd_yaml_excerpt(name, shown), (int)AVD_MAX_RULE_NAME_BYTES);
    if (c->slot_count >= AVD_MAX_RULE_SLOTS)
        return avd_rule_problem(c->problems, c->file, node, "more than %d names for rows",
                                (int)AVD_MAX_RULE_SLOTS);
    *slot = c->slot_count;
    c->slots[c->slot_count].name = name;
    c->slots[c->slot_count].collection = (unsigned)collection;
    c->slot_count++;
    return AVD_OK;
}

enum avd_status avd_name_column(struct avd_compiler *c, unsigned slot, size_t column,
                                struct avd_subject *out)
{
    const struct avd_column_doc *doc =
        &avd_collection_docs[c->slots[slot].collection].columns[column];
    size_t size = strlen(c->slots[slot].name);
    size_t column_size = strlen(doc->name);
    char *name = avd_arena_alloc(c->arena, size + column_size + 2, 1); /* "slot.column" */

    if (name == NULL)
        return AVD_E_NOMEM;
    memcpy(name, c->slots[slot].name, size);
    name[size] = '.';
    memcpy(name + size + 1, doc->name, column_size);
    memset(out, 0, sizeof *out);
    out->operand.kind = AVD_OPERAND_COLUMN;
    out->operand.slot = slot;
    out->operand.column = (unsigned)column;
    out->operand.name = name;
    out->type = doc->type;
    return AVD_OK;
}

/* `slot.column`, where the slot is there. */
static enum avd_status bound_column(struct avd_compiler *c, unsigned slot, const char *name,
                                    unsigned line, unsigned column, struct avd_subject *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const struct avd_collection_doc *doc = &avd_collection_docs[c->slots[slot].collection];
    size_t found = avd_column_find(doc, name);
    size_t i;

    if (found != SIZE_MAX)
        return avd_name_column(c, slot, found, out);
    avd_suggestion_init(&suggestion, name);
    for (i = 0; doc->columns[i].name != NULL; i++)
        avd_suggestion_offer(&suggestion, doc->columns[i].name);
    return avd_rule_problem_at(c->problems, c->file, line, column, "a %s has no '%s'%s", doc->item,
                               avd_yaml_excerpt(name, shown),
                               avd_suggestion_text(&suggestion, hint));
}

/* The value that `let` calls `name`; compiled when it is first asked for, so that it may use the
 * names of rows that were matched before. The recursion ends with the number of lets. */
static enum avd_status find_let(struct avd_compiler *c, const char *name, unsigned line,
                                unsigned column, struct avd_subject *out)
{
    const struct avd_yaml_node *node = c->let_node;
    struct avd_rule_let *let;
    enum avd_status status;
    unsigned i;
    int scope;

    for (i = 0; node != NULL && i < node->count / 2; i++)
        if (strcmp(node->items[(size_t)2 * i]->text, name) == 0)
            break;
    if (node == NULL || i == node->count / 2)
        return AVD_NOT_FOUND;
    let = &c->lets[i];
    if (c->let_states[i] == AVD_LET_COMPILING)
        return avd_rule_problem_at(c->problems, c->file, line, column, "'%s' is defined by itself",
                                   name);
    if (c->let_states[i] == AVD_LET_BAD)
        return AVD_E_RULE; /* which was told where it stands */
    if (c->let_states[i] == AVD_LET_NEW) {
        scope = c->scope;
        c->scope = -1;
        c->let_states[i] = AVD_LET_COMPILING;
        let->name = name;
        status = avd_expression_compile(c, node->items[2 * i + 1], "let", false, &let->code,
                                        &let->code_count, &let->type);
        let->name = node->items[(size_t)2 * i]->text;
        c->let_states[i] = status == AVD_OK ? AVD_LET_DONE : AVD_LET_BAD;
        c->scope = scope;
        if (status != AVD_OK)
            return status;
    }
    memset(out, 0, sizeof *out);
    out->operand.kind = AVD_OPERAND_LET;
    out->operand.name = let->name;
    out->operand.let = i;
    out->type = let->type;
    return AVD_OK;
}

enum avd_status avd_name_resolve(struct avd_compiler *c, const char *name, size_t size,
                                 unsigned line, unsigned column, struct avd_subject *out)
{
    const struct avd_fact_doc *doc;
    const char *dot = memchr(name, '.', size);
    const char *copy = avd_arena_strndup(c->scratch, name, size);
    size_t found;
    int slot;

    if (copy == NULL)
        return AVD_E_NOMEM;
    if (dot == NULL) {
        if (c->scope >= 0) {
            found = avd_column_find(&avd_collection_docs[c->slots[c->scope].collection], copy);
            if (found != SIZE_MAX)
                return avd_name_column(c, (unsigned)c->scope, found, out);
        }
        return find_let(c, copy, line, column, out);
    }
    slot = avd_name_find_slot(c, name, (size_t)(dot - name));
    if (slot >= 0)
        return bound_column(c, (unsigned)slot, copy + (dot - name) + 1, line, column, out);
    doc = avd_fact_doc_find(copy);
    if (doc == NULL)
        return AVD_NOT_FOUND;
    memset(out, 0, sizeof *out);
    out->operand.kind = AVD_OPERAND_FACT;
    out->operand.name = doc->name;
    out->type = doc->type;
    return AVD_OK;
}

/* What can stand where `name` does. */
static void offer_all(const struct avd_compiler *c, struct avd_suggestion *suggestion)
{
    const struct avd_fact_doc *doc;
    size_t i;

    for (doc = avd_fact_docs; doc->name != NULL; doc++)
        avd_suggestion_offer(suggestion, doc->name);
    for (i = 0; avd_collection_docs[i].name != NULL; i++) {
        char any[AVD_MAX_RULE_NAME_BYTES] = "any_";

        avd_suggestion_offer(suggestion, avd_collection_docs[i].name);
        strncat(any, avd_collection_docs[i].item, sizeof any - sizeof "any_");
        avd_suggestion_offer_copy(suggestion, any);
    }
    if (c->scope >= 0) {
        const struct avd_column_doc *column =
            avd_collection_docs[c->slots[c->scope].collection].columns;

        for (; column->name != NULL; column++)
            avd_suggestion_offer(suggestion, column->name);
    }
    for (i = 0; c->let_node != NULL && i < c->let_node->count; i += 2)
        avd_suggestion_offer(suggestion, c->let_node->items[i]->text);
}

enum avd_status avd_name_unknown(struct avd_compiler *c, const char *kind, const char *name,
                                 unsigned line, unsigned column, const char *where)
{
    static const char *const keywords[] = {"all", "any", "not", "check"};
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const char *dot = strchr(name, '.');
    size_t i;

    for (i = 0; dot != NULL && avd_collection_docs[i].name != NULL; i++) {
        const char *item = avd_collection_docs[i].item;

        if (strlen(item) == (size_t)(dot - name) && memcmp(item, name, strlen(item)) == 0)
            return avd_rule_problem_at(c->problems, c->file, line, column,
                                       "'%s' in '%s' has no %s to look at: a condition such as "
                                       "'any_%s: {...}' must come before it",
                                       avd_yaml_excerpt(name, shown), where, item, item);
    }
    avd_suggestion_init(&suggestion, name);
    for (i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        avd_suggestion_offer(&suggestion, keywords[i]);
    offer_all(c, &suggestion);
    return avd_rule_problem_at(c->problems, c->file, line, column, "unknown %s '%s' in '%s'%s",
                               dot != NULL ? "fact" : kind, avd_yaml_excerpt(name, shown), where,
                               avd_suggestion_text(&suggestion, hint));
}
