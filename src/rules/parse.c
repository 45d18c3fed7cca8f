/* SPDX-License-Identifier: MIT */
/*
 * A rule file's text into rules. The key table says what a rule may have; everything is checked
 * here once, so that evaluation need not doubt a rule. Shipped rules come through this code too,
 * at build time. The language is described in avdump-rules(5).
 */
#include "rules/rules.h"

#include "base/limits.h"
#include "base/utf.h"
#include "rules/cases.h"
#include "rules/condition.h"
#include "rules/suggest.h"
#include "rules/template.h"
#include "rules/yaml.h"

#include <string.h>

enum rule_key {
    KEY_ID,
    KEY_TITLE,
    KEY_PATTERN,
    KEY_REFERENCE,
    KEY_REFERENCES,
    KEY_TAGS,
    KEY_SEVERITY,
    KEY_CONFIDENCE,
    KEY_LET,
    KEY_WHEN,
    KEY_SUMMARY,
    KEY_EXPLANATION,
    KEY_EVIDENCE,
    KEY_ADVICE,
    KEY_PARAMETERS,
    KEY_TESTS,
    KEY_COUNT
};

/* In the order in which they are read: texts may use names that `let` and `when` give. */
static const struct {
    const char *name;
    bool required;
} keys[KEY_COUNT] = {
    [KEY_ID] = {"id", true},
    [KEY_TITLE] = {"title", true},
    [KEY_PATTERN] = {"pattern", false},
    [KEY_REFERENCE] = {"reference", false},
    [KEY_REFERENCES] = {"references", false},
    [KEY_TAGS] = {"tags", false},
    [KEY_SEVERITY] = {"severity", true},
    [KEY_CONFIDENCE] = {"confidence", false},
    [KEY_LET] = {"let", false},
    [KEY_WHEN] = {"when", true},
    [KEY_SUMMARY] = {"summary", false},
    [KEY_EXPLANATION] = {"explanation", false},
    [KEY_EVIDENCE] = {"evidence", false},
    [KEY_ADVICE] = {"advice", false},
    [KEY_PARAMETERS] = {"parameters", false},
    [KEY_TESTS] = {"tests", false},
};

static const char *const severities[] = {
    [AVD_SEVERITY_INFO] = "info",
    [AVD_SEVERITY_WARNING] = "warning",
    [AVD_SEVERITY_ERROR] = "error",
};
static const char *const confidences[] = {
    [AVD_CONFIDENCE_LOW] = "low",
    [AVD_CONFIDENCE_MEDIUM] = "medium",
    [AVD_CONFIDENCE_HIGH] = "high",
};
enum { LEVELS = 3 }; /* of both */

const char *avd_severity_name(enum avd_severity severity)
{
    return (size_t)severity < LEVELS ? severities[severity] : "unknown";
}

const char *avd_confidence_name(enum avd_confidence confidence)
{
    return (size_t)confidence < LEVELS ? confidences[confidence] : "unknown";
}

struct parser {
    struct avd_arena *arena;
    struct avd_arena scratch; /* of the file's YAML */
    bool keeps_yaml;          /* tests of a rule are nodes of it */
    const char *file;
    struct avd_rule_problems *problems;
    struct avd_rule_list *list;
    struct avd_compiler compiler;
};

/* A single paragraph of text, white space at its end cut off. */
static enum avd_status read_text(struct parser *p, const char *key,
                                 const struct avd_yaml_node *node, const char **out)
{
    size_t size;
    size_t i;

    if (node->kind != AVD_YAML_SCALAR)
        return avd_rule_problem(p->problems, p->file, node, "'%s' must be a text, found %s%s", key,
                                avd_yaml_kind_name(node),
                                node->kind == AVD_YAML_MAPPING
                                    ? " (quote a text that starts with '{' or holds ': ')"
                                    : "");
    size = strlen(node->text);
    while (size > 0 && (node->text[size - 1] == ' ' || node->text[size - 1] == '\n'))
        size--;
    if (size == 0)
        return avd_rule_problem(p->problems, p->file, node, "'%s' is empty", key);
    if (size > AVD_MAX_RULE_TEXT_BYTES)
        return avd_rule_problem(p->problems, p->file, node,
                                "'%s' has %zu bytes, at most %d are allowed", key, size,
                                (int)AVD_MAX_RULE_TEXT_BYTES);
    for (i = 0; i < size;) {
        size_t length = avd_utf8_length(node->text + i, size - i);

        if (length == 0 || avd_utf8_is_control(node->text + i, length))
            return avd_rule_problem(p->problems, p->file, node,
                                    node->text[i] == '\n'
                                        ? "'%s' must be one paragraph (fold its lines with '>')"
                                        : "'%s' holds a control character",
                                    key);
        i += length;
    }
    *out = node->text[size] == '\0' ? node->text : avd_arena_strndup(p->arena, node->text, size);
    return *out != NULL ? AVD_OK : AVD_E_NOMEM;
}

/* Braces in pairs, and every name between them one that can have a value. */
static enum avd_status check_template(struct parser *p, const char *key,
                                      const struct avd_yaml_node *node, const char *text)
{
    struct avd_subject subject;
    size_t position = 0;
    struct avd_template_part part = avd_template_next(text, &position);

    for (; part.kind != AVD_TEMPLATE_END; part = avd_template_next(text, &position)) {
        enum avd_status status = AVD_OK;

        if (part.kind == AVD_TEMPLATE_BAD)
            return avd_rule_problem(p->problems, p->file, node,
                                    "'%s' has a '%c' without its other half (write '%c%c' for the "
                                    "character itself)",
                                    key, part.text[0], part.text[0], part.text[0]);
        if (part.kind == AVD_TEMPLATE_NAME)
            status = avd_name_resolve(&p->compiler, part.text, part.size, node->line, node->column,
                                      &subject);
        if (status == AVD_NOT_FOUND) {
            const char *name = avd_arena_strndup(p->arena, part.text, part.size);

            return name != NULL
                       ? avd_name_unknown(&p->compiler, "name", name, node->line, node->column, key)
                       : AVD_E_NOMEM;
        }
        if (status != AVD_OK)
            return status;
    }
    return AVD_OK;
}

static enum avd_status read_template(struct parser *p, const char *key,
                                     const struct avd_yaml_node *node, const char **out)
{
    enum avd_status status = read_text(p, key, node, out);

    return status == AVD_OK ? check_template(p, key, node, *out) : status;
}

typedef enum avd_status read_item(struct parser *p, const char *key,
                                  const struct avd_yaml_node *node, const char **out);

/* A list of texts, each read by `read`. */
static enum avd_status read_lines(struct parser *p, const char *key,
                                  const struct avd_yaml_node *node, read_item *read,
                                  const char *const **out, unsigned *count)
{
    enum avd_status result = AVD_OK;
    const char **lines;
    size_t i;

    if (node->kind != AVD_YAML_LIST)
        return avd_rule_problem(p->problems, p->file, node,
                                "'%s' must be a list of texts, found %s", key,
                                avd_yaml_kind_name(node));
    lines = avd_arena_alloc(p->arena, node->count, sizeof *lines);
    if (lines == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < node->count && result != AVD_E_NOMEM; i++) {
        enum avd_status status = read(p, key, node->items[i], &lines[i]);

        if (status != AVD_OK)
            result = status;
    }
    *out = lines;
    *count = (unsigned)node->count;
    return result;
}

/* A mapping of names to templates. */
static enum avd_status read_parameters(struct parser *p, const struct avd_yaml_node *node,
                                       struct avd_rule *rule)
{
    enum avd_status result = AVD_OK;
    struct avd_rule_parameter *parameters;
    size_t i;

    if (node->kind != AVD_YAML_MAPPING)
        return avd_rule_problem(p->problems, p->file, node,
                                "'parameters' must be a mapping of names to texts, found %s",
                                avd_yaml_kind_name(node));
    parameters = avd_arena_alloc(p->arena, node->count / 2, sizeof *parameters);
    if (parameters == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < node->count && result != AVD_E_NOMEM; i += 2) {
        enum avd_status status =
            read_text(p, "parameters", node->items[i], &parameters[i / 2].name);

        if (status == AVD_OK)
            status = read_template(p, "parameters", node->items[i + 1], &parameters[i / 2].text);
        if (status != AVD_OK)
            result = status;
    }
    rule->parameters = parameters;
    rule->parameter_count = (unsigned)(node->count / 2);
    return result;
}

/* Where in list->by_id the id is, or the free place where it belongs: FNV-1a, open addressing,
 * twice as many places as rules. */
static size_t place_of_id(const struct avd_rule_list *list, const char *id)
{
    uint32_t hash = 2166136261U;
    const char *c;
    size_t place;

    for (c = id; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619U;
    place = hash % (2 * AVD_MAX_RULES);
    while (list->by_id[place] != 0 && strcmp(list->items[list->by_id[place] - 1].id, id) != 0)
        place = (place + 1) % (2 * AVD_MAX_RULES);
    return place;
}

static enum avd_status read_id(struct parser *p, const struct avd_yaml_node *node,
                               struct avd_rule *rule)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    char shown[AVD_YAML_EXCERPT_SIZE];
    enum avd_status status = read_text(p, "id", node, &rule->id);
    size_t size;
    size_t i;

    if (status != AVD_OK)
        return status;
    size = strlen(rule->id);
    if (size > AVD_MAX_RULE_ID_BYTES || strspn(rule->id, letters) == 0 ||
        strspn(rule->id, allowed) != size)
        return avd_rule_problem(p->problems, p->file, node,
                                "rule id '%s' must be at most %d characters of a-z, 0-9 and '-', a "
                                "letter first",
                                avd_yaml_excerpt(rule->id, shown), (int)AVD_MAX_RULE_ID_BYTES);
    i = place_of_id(p->list, rule->id);
    if (p->list->by_id[i] != 0) {
        const struct avd_rule *other = &p->list->items[p->list->by_id[i] - 1];

        return avd_rule_problem(p->problems, p->file, node, "rule id '%s' is taken by %s:%u",
                                rule->id, other->file, other->line);
    }
    return AVD_OK;
}

/* One of three words; *out is which. */
static enum avd_status read_level(struct parser *p, const char *key, const char *const *words,
                                  const char *expected, const struct avd_yaml_node *node,
                                  unsigned *out)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const char *text = NULL;
    enum avd_status status = read_text(p, key, node, &text);
    unsigned i;

    if (status != AVD_OK)
        return status;
    for (i = 0; i < LEVELS; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return AVD_OK;
        }
    }
    avd_suggestion_init(&suggestion, text);
    for (i = 0; i < LEVELS; i++)
        avd_suggestion_offer(&suggestion, words[i]);
    return avd_rule_problem(p->problems, p->file, node, "%s must be %s, found '%s'%s", key,
                            expected, avd_yaml_excerpt(text, shown),
                            avd_suggestion_text(&suggestion, hint));
}

static enum avd_status read_value(struct parser *p, enum rule_key key,
                                  const struct avd_yaml_node *node, struct avd_rule *rule)
{
    unsigned level = 0;
    enum avd_status status;

    switch (key) {
    case KEY_ID: return read_id(p, node, rule);
    case KEY_TITLE: return read_text(p, "title", node, &rule->title);
    case KEY_PATTERN: return read_text(p, "pattern", node, &rule->pattern);
    case KEY_REFERENCE: return read_text(p, "reference", node, &rule->reference);
    case KEY_REFERENCES:
        return read_lines(p, "references", node, read_text, &rule->references,
                          &rule->reference_count);
    case KEY_TAGS: return read_lines(p, "tags", node, read_text, &rule->tags, &rule->tag_count);
    case KEY_SEVERITY:
        status = read_level(p, "severity", severities, "info, warning or error", node, &level);
        rule->severity = (enum avd_severity)level;
        return status;
    case KEY_CONFIDENCE:
        status = read_level(p, "confidence", confidences, "low, medium or high", node, &level);
        rule->confidence = (enum avd_confidence)level;
        return status;
    case KEY_LET: return avd_compiler_let(&p->compiler, node);
    case KEY_WHEN: return avd_condition_compile(&p->compiler, node, rule);
    case KEY_SUMMARY: return read_template(p, "summary", node, &rule->summary);
    case KEY_EXPLANATION: return read_template(p, "explanation", node, &rule->explanation);
    case KEY_EVIDENCE:
        return read_lines(p, "evidence", node, read_template, &rule->evidence,
                          &rule->evidence_count);
    case KEY_ADVICE:
        return read_lines(p, "advice", node, read_template, &rule->advice, &rule->advice_count);
    case KEY_PARAMETERS: return read_parameters(p, node, rule);
    case KEY_TESTS:
        p->keeps_yaml = true;
        return avd_rule_tests_read(p->arena, p->file, p->problems, node, &rule->tests,
                                   &rule->test_count);
    case KEY_COUNT: break;
    }
    return AVD_OK;
}

/* KEY_COUNT when there is no such key. */
static enum rule_key find_key(const char *name)
{
    enum rule_key key = KEY_ID;

    while (key < KEY_COUNT && strcmp(keys[key].name, name) != 0)
        key++;
    return key;
}

static enum avd_status unknown_key(struct parser *p, const struct avd_yaml_node *node)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    enum rule_key key;

    avd_suggestion_init(&suggestion, node->text);
    for (key = KEY_ID; key < KEY_COUNT; key++)
        avd_suggestion_offer(&suggestion, keys[key].name);
    return avd_rule_problem(p->problems, p->file, node, "unknown key '%s' in a rule%s",
                            avd_yaml_excerpt(node->text, shown),
                            avd_suggestion_text(&suggestion, hint));
}

/* The values of the keys by key; what is no key is told. */
static enum avd_status sort_keys(struct parser *p, const struct avd_yaml_node *node,
                                 const struct avd_yaml_node *values[KEY_COUNT])
{
    enum avd_status result = AVD_OK;
    size_t i;

    for (i = 0; i < node->count && result != AVD_E_NOMEM; i += 2) {
        enum rule_key key = find_key(node->items[i]->text);

        if (key == KEY_COUNT)
            result = unknown_key(p, node->items[i]);
        else
            values[key] = node->items[i + 1];
    }
    return result;
}

static enum avd_status read_rule(struct parser *p, const struct avd_yaml_node *node,
                                 struct avd_rule *rule)
{
    const struct avd_yaml_node *values[KEY_COUNT] = {NULL};
    enum avd_status result;
    enum rule_key key;

    memset(rule, 0, sizeof *rule);
    rule->pattern = rule->reference = rule->summary = rule->explanation = "";
    rule->confidence = AVD_CONFIDENCE_HIGH;
    rule->file = p->file;
    rule->line = node->line;
    if (node->kind != AVD_YAML_MAPPING)
        return avd_rule_problem(p->problems, p->file, node,
                                "a rule must be a mapping of keys, found %s",
                                avd_yaml_kind_name(node));
    result = sort_keys(p, node, values);
    avd_compiler_init(&p->compiler, p->arena, &p->scratch, p->file, p->problems);
    for (key = KEY_ID; key < KEY_COUNT && result != AVD_E_NOMEM; key++) {
        enum avd_status status = AVD_OK;

        if (values[key] != NULL)
            status = read_value(p, key, values[key], rule);
        else if (keys[key].required)
            status = avd_rule_problem(
                p->problems, p->file, node, "rule%s%s%s has no '%s'", rule->id != NULL ? " '" : "",
                rule->id != NULL ? rule->id : "", rule->id != NULL ? "'" : "", keys[key].name);
        if (status != AVD_OK)
            result = status;
    }
    return result;
}

static bool comes_after(const struct avd_rule_problem *a, const struct avd_rule_problem *b)
{
    return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* Keys are not read in the order of the file, but people read mistakes so. */
static void sort_problems(struct avd_rule_problems *problems, size_t first)
{
    size_t i;

    for (i = first + 1; i < problems->count; i++) {
        struct avd_rule_problem moved = problems->items[i];
        size_t k = i;

        for (; k > first && comes_after(&problems->items[k - 1], &moved); k--)
            problems->items[k] = problems->items[k - 1];
        problems->items[k] = moved;
    }
}

static enum avd_status read_rules(struct parser *p, const struct avd_yaml_documents *documents,
                                  struct avd_rule_list *out)
{
    size_t i;

    if (out->by_id == NULL)
        out->by_id = avd_arena_alloc(p->arena, (size_t)2 * AVD_MAX_RULES, sizeof *out->by_id);
    if (out->by_id == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < documents->count; i++) {
        const struct avd_yaml_node *node = documents->items[i];
        struct avd_rule *grown;
        enum avd_status status;

        if (out->count >= AVD_MAX_RULES)
            return avd_rule_problem(p->problems, p->file, node, "more than %d rules",
                                    (int)AVD_MAX_RULES);
        grown = avd_arena_grow(p->arena, out->items, out->count, &out->capacity, sizeof *grown,
                               AVD_MAX_RULES);
        if (grown == NULL)
            return AVD_E_NOMEM;
        out->items = grown;
        status = read_rule(p, node, &grown[out->count]);
        if (status == AVD_E_NOMEM)
            return status;
        if (status == AVD_OK) {
            out->count++;
            out->by_id[place_of_id(out, out->items[out->count - 1].id)] = (uint16_t)out->count;
        }
    }
    return AVD_OK;
}

enum avd_status avd_rules_parse(struct avd_arena *arena, const char *file, const char *text,
                                size_t size, struct avd_rule_list *out,
                                struct avd_rule_problems *problems)
{
    struct parser p = {.arena = arena, .problems = problems, .list = out};
    struct avd_yaml_documents documents;
    struct avd_error err = {0};
    size_t first = problems->count;
    enum avd_status status;

    p.file = avd_arena_strdup(arena, file);
    if (p.file == NULL)
        return AVD_E_NOMEM;
    status = avd_yaml_read(&p.scratch, arena, p.file, text, size, &documents, &err);
    if (status != AVD_OK)
        status = avd_rule_problem_from(problems, p.file, &err);
    else if (documents.count == 0)
        status = avd_rule_problem_at(problems, p.file, 1, 1, "no rule in this file");
    else
        status = read_rules(&p, &documents, out);
    sort_problems(problems, first);
    if (p.keeps_yaml)
        avd_arena_join(arena, &p.scratch);
    else
        avd_arena_deinit(&p.scratch);
    return status == AVD_E_NOMEM ? status : AVD_OK;
}
