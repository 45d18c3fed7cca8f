/* SPDX-License-Identifier: MIT */
/*
 * Tests in rule files, and facts written down in them: names with values of the documented types,
 * and collections as lists of rows. What a test does not give is not known.
 */
#include "rules/cases.h"

#include "rules/condition.h"
#include "rules/suggest.h"

#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): collections have rows of rows at most */

/* A collection written down: the rows of every parent one after another. */
struct table {
    size_t column_count;
    struct avd_fact *cells;
    size_t row_count;
    size_t capacity;
    size_t first[AVD_MAX_RULE_TESTS]; /* by parent */
    size_t count[AVD_MAX_RULE_TESTS];
};

struct writer {
    struct avd_arena *arena;
    const char *file;
    struct avd_rule_problems *problems;
    struct avd_facts *facts;
    struct table *tables[AVD_COLLECTION_COUNT];
};

static size_t table_count(void *ctx, size_t parent)
{
    const struct table *table = ctx;

    return parent < AVD_MAX_RULE_TESTS ? table->count[parent] : 0;
}

static void table_get(void *ctx, size_t parent, size_t row, unsigned column, struct avd_fact *out)
{
    const struct table *table = ctx;

    *out = table->cells[(table->first[parent] + row) * table->column_count + column];
    if (out->type == AVD_FACT_UNKNOWN)
        out->text = "the test does not give it";
}

static const struct avd_collection_ops table_ops = {table_count, table_get, NULL, NULL};

/* A value of `type`; the type is what the operators' values have to be, too. */
static enum avd_status read_value(struct writer *w, const char *name, enum avd_fact_type type,
                                  const struct avd_yaml_node *node, struct avd_fact *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    const char **items;
    bool too_large = false;
    size_t i;

    memset(out, 0, sizeof *out);
    out->type = type;
    out->address_digits = 16;
    if (type == AVD_FACT_LIST) {
        if (node->kind != AVD_YAML_LIST)
            return avd_rule_problem(w->problems, w->file, node, "'%s' is a list, found %s", name,
                                    avd_yaml_kind_name(node));
        items = avd_arena_alloc(w->arena, node->count, sizeof *items);
        if (items == NULL)
            return AVD_E_NOMEM;
        for (i = 0; i < node->count; i++) {
            if (node->items[i]->kind != AVD_YAML_SCALAR)
                return avd_rule_problem(w->problems, w->file, node->items[i],
                                        "'%s' is a list of texts, found %s", name,
                                        avd_yaml_kind_name(node->items[i]));
            items[i] = node->items[i]->text;
        }
        out->list = items;
        out->list_count = node->count;
        return AVD_OK;
    }
    if (node->kind != AVD_YAML_SCALAR)
        return avd_rule_problem(w->problems, w->file, node, "'%s' is %s, found %s", name,
                                avd_type_name(type), avd_yaml_kind_name(node));
    if (type == AVD_FACT_TEXT) {
        out->text = node->text;
        return AVD_OK;
    }
    if (type == AVD_FACT_BOOL) {
        out->number = strcmp(node->text, "true") == 0;
        if (node->plain && (out->number != 0 || strcmp(node->text, "false") == 0))
            return AVD_OK;
    } else if (node->plain && avd_number_parse(node->text, &out->number, &too_large) &&
               !too_large && (type != AVD_FACT_CODE || out->number <= UINT32_MAX)) {
        return AVD_OK;
    }
    return avd_rule_problem(w->problems, w->file, node, "'%s' is %s, found '%s'", name,
                            avd_type_name(type), avd_yaml_excerpt(node->text, shown));
}

/* ---- collections ---- */

static struct table *table_of(struct writer *w, size_t collection)
{
    const struct avd_column_doc *column = avd_collection_docs[collection].columns;
    struct table *table = w->tables[collection];

    if (table != NULL)
        return table;
    table = avd_arena_alloc(w->arena, 1, sizeof *table);
    if (table == NULL)
        return NULL;
    for (; column->name != NULL; column++)
        table->column_count++;
    w->tables[collection] = table;
    return table;
}

/* A row without values; NULL when out of memory. */
static struct avd_fact *add_row(struct writer *w, struct table *table)
{
    size_t limit = (size_t)AVD_MAX_RULE_TESTS * AVD_MAX_RULE_TESTS;
    size_t capacity = table->capacity;
    /* The array grows by rows: avd_arena_grow counts them. */
    struct avd_fact *grown = avd_arena_grow(w->arena, table->cells, table->row_count, &capacity,
                                            table->column_count * sizeof *grown, limit);

    if (grown == NULL)
        return NULL;
    table->cells = grown;
    table->capacity = capacity;
    memset(&grown[table->row_count * table->column_count], 0, table->column_count * sizeof *grown);
    return &grown[table->row_count++ * table->column_count];
}

static enum avd_status read_rows(struct writer *w, size_t collection, size_t parent,
                                 const struct avd_yaml_node *node);

/* "ntdll!NtWaitForSingleObject", "ws2_32.dll": a row by its key columns. */
static enum avd_status read_row_text(struct writer *w, size_t collection,
                                     const struct avd_yaml_node *node, struct avd_fact *row)
{
    const struct avd_collection_doc *doc = &avd_collection_docs[collection];
    const char *mark = doc->key2 != NULL ? strchr(node->text, '!') : NULL;
    size_t size = mark != NULL ? (size_t)(mark - node->text) : strlen(node->text);
    struct avd_fact *cell;

    if (doc->key == NULL || node->text[0] == '\0')
        return avd_rule_problem(w->problems, w->file, node,
                                "a %s is given by a mapping of its columns", doc->item);
    cell = &row[avd_column_find(doc, doc->key)];
    cell->type = AVD_FACT_TEXT;
    cell->text = avd_arena_strndup(w->arena, node->text, size);
    if (mark != NULL && mark[1] != '\0') {
        cell = &row[avd_column_find(doc, doc->key2)];
        cell->type = AVD_FACT_TEXT;
        cell->text = mark + 1;
    }
    return w->arena->failed ? AVD_E_NOMEM : AVD_OK;
}

static enum avd_status read_cell(struct writer *w, size_t collection, size_t place, size_t row,
                                 const struct avd_yaml_node *key, const struct avd_yaml_node *value)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    const struct avd_collection_doc *doc = &avd_collection_docs[collection];
    struct avd_suggestion suggestion;
    struct table *table = w->tables[collection];
    size_t child = avd_collection_find(key->text);
    size_t column = avd_column_find(doc, key->text);
    size_t i;

    if (child != SIZE_MAX && avd_collection_docs[child].parent != NULL &&
        strcmp(avd_collection_docs[child].parent, doc->name) == 0)
        return read_rows(w, child, row, value);
    if (column != SIZE_MAX)
        return read_value(w, key->text, doc->columns[column].type, value,
                          &table->cells[place * table->column_count + column]);
    avd_suggestion_init(&suggestion, key->text);
    for (i = 0; doc->columns[i].name != NULL; i++)
        avd_suggestion_offer(&suggestion, doc->columns[i].name);
    return avd_rule_problem(w->problems, w->file, key, "a %s has no '%s'%s", doc->item,
                            avd_yaml_excerpt(key->text, shown),
                            avd_suggestion_text(&suggestion, hint));
}

static enum avd_status read_row(struct writer *w, size_t collection, size_t row,
                                const struct avd_yaml_node *node)
{
    const struct avd_collection_doc *doc = &avd_collection_docs[collection];
    struct table *table = w->tables[collection];
    size_t place = table->row_count;
    struct avd_fact *cells = add_row(w, table);
    size_t index = avd_column_find(doc, "index");
    enum avd_status result = AVD_OK;
    size_t i;

    if (cells == NULL)
        return AVD_E_NOMEM;
    if (index != SIZE_MAX) {
        cells[index].type = AVD_FACT_NUMBER;
        cells[index].number = row;
    }
    if (node->kind == AVD_YAML_SCALAR)
        return read_row_text(w, collection, node, cells);
    if (node->kind == AVD_YAML_LIST)
        return avd_rule_problem(w->problems, w->file, node, "a %s is a mapping, found a list",
                                doc->item);
    for (i = 0; i < node->count && result != AVD_E_NOMEM; i += 2) {
        enum avd_status status =
            read_cell(w, collection, place, row, node->items[i], node->items[i + 1]);

        if (status != AVD_OK)
            result = status;
    }
    return result;
}

static enum avd_status read_rows(struct writer *w, size_t collection, size_t parent,
                                 const struct avd_yaml_node *node)
{
    const struct avd_collection_doc *doc = &avd_collection_docs[collection];
    struct table *table = table_of(w, collection);
    enum avd_status result = AVD_OK;
    size_t i;

    if (table == NULL)
        return AVD_E_NOMEM;
    if (node->kind != AVD_YAML_LIST || node->count > AVD_MAX_RULE_TESTS)
        return avd_rule_problem(w->problems, w->file, node,
                                "'%s' is a list of at most %d rows, found %s", doc->name,
                                (int)AVD_MAX_RULE_TESTS,
                                node->kind == AVD_YAML_LIST ? "more" : avd_yaml_kind_name(node));
    table->first[parent] = table->row_count;
    table->count[parent] = node->count;
    for (i = 0; i < node->count && result != AVD_E_NOMEM; i++) {
        enum avd_status status = read_row(w, collection, i, node->items[i]);

        if (status != AVD_OK)
            result = status;
    }
    return result;
}

/* The crashed thread, else the first. */
static size_t main_thread(const struct table *threads, size_t collection)
{
    size_t crashed = avd_column_find(&avd_collection_docs[collection], "crashed");
    size_t i;

    for (i = 0; threads != NULL && i < threads->count[0]; i++)
        if (threads->cells[i * threads->column_count + crashed].number != 0)
            return i;
    return 0;
}

/* ---- facts ---- */

static void publish(struct avd_facts *facts, const char *name, const struct avd_fact *value)
{
    switch (value->type) {
    case AVD_FACT_BOOL: avd_fact_bool(facts, name, value->number != 0); break;
    case AVD_FACT_NUMBER: avd_fact_number(facts, name, value->number); break;
    case AVD_FACT_ADDRESS: avd_fact_address(facts, name, value->number, 16); break;
    case AVD_FACT_CODE: avd_fact_code(facts, name, (uint32_t)value->number); break;
    case AVD_FACT_TEXT: avd_fact_text(facts, name, value->text); break;
    case AVD_FACT_LIST: avd_fact_list(facts, name, value->list, value->list_count); break;
    case AVD_FACT_UNKNOWN: break;
    }
}

static enum avd_status read_fact(struct writer *w, const struct avd_yaml_node *key,
                                 const struct avd_yaml_node *value)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const struct avd_fact_doc *doc = avd_fact_doc_find(key->text);
    struct avd_fact fact;
    enum avd_status status;
    size_t i;

    if (doc != NULL) {
        status = read_value(w, doc->name, doc->type, value, &fact);
        if (status == AVD_OK)
            publish(w->facts, doc->name, &fact);
        return status == AVD_OK && w->facts->failed ? AVD_E_NOMEM : status;
    }
    avd_suggestion_init(&suggestion, key->text);
    for (doc = avd_fact_docs; doc->name != NULL; doc++)
        avd_suggestion_offer(&suggestion, doc->name);
    for (i = 0; avd_collection_docs[i].name != NULL; i++)
        avd_suggestion_offer(&suggestion, avd_collection_docs[i].name);
    return avd_rule_problem(w->problems, w->file, key, "unknown fact '%s' in 'tests'%s",
                            avd_yaml_excerpt(key->text, shown),
                            avd_suggestion_text(&suggestion, hint));
}

enum avd_status avd_rule_test_facts(const struct avd_yaml_node *node, const char *file,
                                    struct avd_rule_problems *problems, struct avd_facts *facts)
{
    struct writer w = {.arena = facts->arena, .file = file, .problems = problems, .facts = facts};
    size_t threads = avd_collection_find("threads");
    enum avd_status result = AVD_OK;
    int pass;
    size_t i;

    /* `frames` belong to a thread, so `threads` come first; then what else there is. */
    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < node->count && result != AVD_E_NOMEM; i += 2) {
            size_t collection = avd_collection_find(node->items[i]->text);
            enum avd_status status = AVD_OK;

            if ((collection == threads) != (pass == 0))
                continue;
            if (collection == SIZE_MAX)
                status = read_fact(&w, node->items[i], node->items[i + 1]);
            else
                status = read_rows(&w, collection,
                                   avd_collection_docs[collection].parent != NULL
                                       ? main_thread(w.tables[threads], threads)
                                       : 0,
                                   node->items[i + 1]);
            if (status != AVD_OK)
                result = status;
        }
    }
    for (i = 0; i < AVD_COLLECTION_COUNT; i++) {
        if (w.tables[i] != NULL)
            avd_facts_collection(facts, avd_collection_docs[i].name, &table_ops, w.tables[i]);
        else
            avd_facts_no_collection(facts, avd_collection_docs[i].name,
                                    "the test does not give it");
    }
    avd_facts_main_thread(facts, main_thread(w.tables[threads], threads));
    return result;
}

/* ---- tests ---- */

static enum avd_status read_test(struct avd_arena *arena, const char *file,
                                 struct avd_rule_problems *problems,
                                 const struct avd_yaml_node *node, struct avd_rule_test *out)
{
    struct avd_facts facts;

    out->line = node->line;
    if (node->kind == AVD_YAML_SCALAR && node->text[0] != '\0') {
        out->dump = node->text;
        return AVD_OK;
    }
    if (node->kind != AVD_YAML_MAPPING || node->count == 0)
        return avd_rule_problem(
            problems, file, node, "a test is the path of a dump or a mapping of facts, found %s",
            node->kind == AVD_YAML_MAPPING ? "an empty one" : avd_yaml_kind_name(node));
    out->facts = node;
    avd_facts_init(&facts, arena);
    return avd_rule_test_facts(node, file, problems, &facts);
}

enum avd_status avd_rule_tests_read(struct avd_arena *arena, const char *file,
                                    struct avd_rule_problems *problems,
                                    const struct avd_yaml_node *node,
                                    const struct avd_rule_test **out, unsigned *count)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    struct avd_rule_test *tests = avd_arena_alloc(arena, AVD_MAX_RULE_TESTS, sizeof *tests);
    enum avd_status result = AVD_OK;
    size_t i;
    size_t k;

    if (tests == NULL)
        return AVD_E_NOMEM;
    *out = tests;
    if (node->kind != AVD_YAML_MAPPING)
        return avd_rule_problem(problems, file, node,
                                "'tests' must be a mapping with 'positive' and 'negative', found "
                                "%s",
                                avd_yaml_kind_name(node));
    for (i = 0; i < node->count && result != AVD_E_NOMEM; i += 2) {
        const char *key = node->items[i]->text;
        const struct avd_yaml_node *list = node->items[i + 1];

        if (strcmp(key, "positive") != 0 && strcmp(key, "negative") != 0) {
            result = avd_rule_problem(problems, file, node->items[i],
                                      "unknown key '%s' in 'tests', which takes positive and "
                                      "negative",
                                      avd_yaml_excerpt(key, shown));
            continue;
        }
        if (list->kind != AVD_YAML_LIST || *count + list->count > AVD_MAX_RULE_TESTS) {
            result = avd_rule_problem(
                problems, file, list, "'%s' must be a list of at most %d tests, found %s", key,
                (int)AVD_MAX_RULE_TESTS,
                list->kind == AVD_YAML_LIST ? "more" : avd_yaml_kind_name(list));
            continue;
        }
        for (k = 0; k < list->count && result != AVD_E_NOMEM; k++) {
            enum avd_status status;

            tests[*count].positive = key[0] == 'p';
            status = read_test(arena, file, problems, list->items[k], &tests[*count]);
            (*count)++;
            if (status != AVD_OK)
                result = status;
        }
    }
    return result;
}
/* NOLINTEND(misc-no-recursion) */
