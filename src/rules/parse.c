/* SPDX-License-Identifier: MIT */
/*
 * A rule file's text into rules. The key table says what a rule may have; everything is checked
 * here once, so that evaluation need not doubt a rule. Shipped rules come through this code too,
 * at build time. The language is described in avdump-rules(5).
 */
#include "rules/rules.h"

#include "base/limits.h"
#include "base/utf.h"
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
    KEY_SEVERITY,
    KEY_WHEN,
    KEY_SUMMARY,
    KEY_EVIDENCE,
    KEY_ADVICE,
    KEY_COUNT
};

static const struct {
    const char *name;
    bool required;
} keys[KEY_COUNT] = {
    [KEY_ID] = {"id", true},
    [KEY_TITLE] = {"title", true},
    [KEY_PATTERN] = {"pattern", false},
    [KEY_REFERENCE] = {"reference", false},
    [KEY_SEVERITY] = {"severity", true},
    [KEY_WHEN] = {"when", true},
    [KEY_SUMMARY] = {"summary", false},
    [KEY_EVIDENCE] = {"evidence", false},
    [KEY_ADVICE] = {"advice", false},
};

static const struct {
    const char *name;
    enum avd_severity severity;
} severities[] = {
    {"info", AVD_SEVERITY_INFO},
    {"warning", AVD_SEVERITY_WARNING},
    {"error", AVD_SEVERITY_ERROR},
};
enum { SEVERITY_COUNT = sizeof severities / sizeof severities[0] };

const char *avd_severity_name(enum avd_severity severity)
{
    size_t i;

    for (i = 0; i < SEVERITY_COUNT; i++) {
        if (severities[i].severity == severity)
            return severities[i].name;
    }
    return "unknown";
}

struct parser {
    struct avd_arena *arena;
    const char *file;
    struct avd_error *err;
    const struct avd_rule_list *list;
};

/* A single paragraph of text, white space at its end cut off. */
static enum avd_status read_text(struct parser *p, const char *key,
                                 const struct avd_yaml_node *node, const char **out)
{
    size_t size;
    size_t i;

    if (node->kind != AVD_YAML_SCALAR)
        return avd_yaml_error(p->err, p->file, node->line, node->column,
                              "'%s' must be a text, found %s%s", key, avd_yaml_kind_name(node),
                              node->kind == AVD_YAML_MAPPING
                                  ? " (quote a text that starts with '{' or holds ': ')"
                                  : "");
    size = strlen(node->text);
    while (size > 0 && (node->text[size - 1] == ' ' || node->text[size - 1] == '\n'))
        size--;
    if (size == 0)
        return avd_yaml_error(p->err, p->file, node->line, node->column, "'%s' is empty", key);
    if (size > AVD_MAX_RULE_TEXT_BYTES)
        return avd_yaml_error(p->err, p->file, node->line, node->column,
                              "'%s' has %zu bytes, at most %d are allowed", key, size,
                              (int)AVD_MAX_RULE_TEXT_BYTES);
    for (i = 0; i < size;) {
        size_t length = avd_utf8_length(node->text + i, size - i);

        if (length == 0 || avd_utf8_is_control(node->text + i, length))
            return avd_yaml_error(p->err, p->file, node->line, node->column,
                                  node->text[i] == '\n'
                                      ? "'%s' must be one paragraph (fold its lines with '>')"
                                      : "'%s' holds a control character",
                                  key);
        i += length;
    }
    *out = avd_arena_strndup(p->arena, node->text, size);
    return *out != NULL ? AVD_OK : avd_error_nomem(p->err);
}

/* Braces in pairs, and every name between them a fact. */
static enum avd_status check_template(struct parser *p, const char *key,
                                      const struct avd_yaml_node *node, const char *text)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const struct avd_fact_doc *doc;
    size_t position = 0;
    struct avd_template_part part = avd_template_next(text, &position);

    while (part.kind != AVD_TEMPLATE_END) {
        if (part.kind == AVD_TEMPLATE_BAD)
            return avd_yaml_error(p->err, p->file, node->line, node->column,
                                  "'%s' has a '%c' without its other half (write '%c%c' for the "
                                  "character itself)",
                                  key, part.text[0], part.text[0], part.text[0]);
        if (part.kind == AVD_TEMPLATE_FACT) {
            const char *name = avd_arena_strndup(p->arena, part.text, part.size);

            if (name == NULL)
                return avd_error_nomem(p->err);
            if (avd_fact_doc_find(name) == NULL) {
                avd_suggestion_init(&suggestion, name);
                for (doc = avd_fact_docs; doc->name != NULL; doc++)
                    avd_suggestion_offer(&suggestion, doc->name);
                return avd_yaml_error(p->err, p->file, node->line, node->column,
                                      "unknown fact '%s' in '%s'%s", avd_yaml_excerpt(name, shown),
                                      key, avd_suggestion_text(&suggestion, hint));
            }
        }
        part = avd_template_next(text, &position);
    }
    return AVD_OK;
}

static enum avd_status read_template(struct parser *p, const char *key,
                                     const struct avd_yaml_node *node, const char **out)
{
    enum avd_status status = read_text(p, key, node, out);

    return status == AVD_OK ? check_template(p, key, node, *out) : status;
}

/* A list of templates. */
static enum avd_status read_lines(struct parser *p, const char *key,
                                  const struct avd_yaml_node *node, const char *const **out,
                                  unsigned *count)
{
    enum avd_status status = AVD_OK;
    const char **lines;
    size_t i;

    if (node->kind != AVD_YAML_LIST)
        return avd_yaml_error(p->err, p->file, node->line, node->column,
                              "'%s' must be a list of texts, found %s", key,
                              avd_yaml_kind_name(node));
    lines = avd_arena_alloc(p->arena, node->count, sizeof *lines);
    if (lines == NULL)
        return avd_error_nomem(p->err);
    for (i = 0; i < node->count && status == AVD_OK; i++)
        status = read_template(p, key, node->items[i], &lines[i]);
    *out = lines;
    *count = (unsigned)node->count;
    return status;
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
        return avd_yaml_error(p->err, p->file, node->line, node->column,
                              "rule id '%s' must be at most %d characters of a-z, 0-9 and '-', a "
                              "letter first",
                              avd_yaml_excerpt(rule->id, shown), (int)AVD_MAX_RULE_ID_BYTES);
    for (i = 0; i < p->list->count; i++) {
        const struct avd_rule *other = &p->list->items[i];

        if (strcmp(other->id, rule->id) == 0)
            return avd_yaml_error(p->err, p->file, node->line, node->column,
                                  "rule id '%s' is taken by %s:%u", rule->id, other->file,
                                  other->line);
    }
    return AVD_OK;
}

static enum avd_status read_severity(struct parser *p, const struct avd_yaml_node *node,
                                     struct avd_rule *rule)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const char *text = NULL;
    enum avd_status status = read_text(p, "severity", node, &text);
    size_t i;

    if (status != AVD_OK)
        return status;
    avd_suggestion_init(&suggestion, text);
    for (i = 0; i < SEVERITY_COUNT; i++) {
        if (strcmp(severities[i].name, text) == 0) {
            rule->severity = severities[i].severity;
            return AVD_OK;
        }
        avd_suggestion_offer(&suggestion, severities[i].name);
    }
    return avd_yaml_error(p->err, p->file, node->line, node->column,
                          "severity must be info, warning or error, found '%s'%s",
                          avd_yaml_excerpt(text, shown), avd_suggestion_text(&suggestion, hint));
}

static enum avd_status read_value(struct parser *p, enum rule_key key,
                                  const struct avd_yaml_node *node, struct avd_rule *rule)
{
    switch (key) {
    case KEY_ID: return read_id(p, node, rule);
    case KEY_TITLE: return read_text(p, "title", node, &rule->title);
    case KEY_PATTERN: return read_text(p, "pattern", node, &rule->pattern);
    case KEY_REFERENCE: return read_text(p, "reference", node, &rule->reference);
    case KEY_SEVERITY: return read_severity(p, node, rule);
    case KEY_WHEN: return avd_condition_compile(p->arena, p->file, node, rule, p->err);
    case KEY_SUMMARY: return read_template(p, "summary", node, &rule->summary);
    case KEY_EVIDENCE:
        return read_lines(p, "evidence", node, &rule->evidence, &rule->evidence_count);
    case KEY_ADVICE: return read_lines(p, "advice", node, &rule->advice, &rule->advice_count);
    case KEY_COUNT: break;
    }
    return AVD_OK;
}

/* KEY_COUNT, and *status set, when there is no such key. */
static enum rule_key find_key(struct parser *p, const struct avd_yaml_node *node,
                              enum avd_status *status)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    enum rule_key key;

    avd_suggestion_init(&suggestion, node->text);
    for (key = KEY_ID; key < KEY_COUNT; key++) {
        if (strcmp(keys[key].name, node->text) == 0)
            return key;
        avd_suggestion_offer(&suggestion, keys[key].name);
    }
    *status =
        avd_yaml_error(p->err, p->file, node->line, node->column, "unknown key '%s' in a rule%s",
                       avd_yaml_excerpt(node->text, shown), avd_suggestion_text(&suggestion, hint));
    return KEY_COUNT;
}

static enum avd_status read_rule(struct parser *p, const struct avd_yaml_node *node,
                                 struct avd_rule *rule)
{
    enum avd_status status = AVD_OK;
    bool seen[KEY_COUNT] = {false};
    enum rule_key key;
    size_t i;

    memset(rule, 0, sizeof *rule);
    rule->pattern = rule->reference = rule->summary = "";
    rule->file = p->file;
    rule->line = node->line;
    if (node->kind != AVD_YAML_MAPPING)
        return avd_yaml_error(p->err, p->file, node->line, node->column,
                              "a rule must be a mapping of keys, found %s",
                              avd_yaml_kind_name(node));
    for (i = 0; i < node->count; i += 2) {
        key = find_key(p, node->items[i], &status);
        if (key != KEY_COUNT)
            status = read_value(p, key, node->items[i + 1], rule);
        if (status != AVD_OK)
            return status;
        seen[key] = true;
    }
    for (key = KEY_ID; key < KEY_COUNT; key++) {
        if (keys[key].required && !seen[key])
            return avd_yaml_error(p->err, p->file, node->line, node->column,
                                  "rule%s%s%s has no '%s'", rule->id != NULL ? " '" : "",
                                  rule->id != NULL ? rule->id : "", rule->id != NULL ? "'" : "",
                                  keys[key].name);
    }
    return AVD_OK;
}

enum avd_status avd_rules_parse(struct avd_arena *arena, const char *file, const char *text,
                                size_t size, struct avd_rule_list *out, struct avd_error *err)
{
    struct parser p = {.arena = arena, .err = err, .list = out};
    struct avd_yaml_documents documents;
    enum avd_status status;
    size_t i;

    p.file = avd_arena_strdup(arena, file);
    if (p.file == NULL)
        return avd_error_nomem(err);
    status = avd_yaml_read(arena, p.file, text, size, &documents, err);
    if (status == AVD_OK && documents.count == 0)
        return avd_yaml_error(err, p.file, 1, 1, "no rule in this file");
    for (i = 0; i < documents.count && status == AVD_OK; i++) {
        const struct avd_yaml_node *node = documents.items[i];
        struct avd_rule *grown;

        if (out->count >= AVD_MAX_RULES)
            return avd_yaml_error(err, p.file, node->line, node->column, "more than %d rules",
                                  (int)AVD_MAX_RULES);
        grown = avd_arena_grow(arena, out->items, out->count, &out->capacity, sizeof *grown,
                               AVD_MAX_RULES);
        if (grown == NULL)
            return avd_error_nomem(err);
        out->items = grown;
        status = read_rule(&p, node, &grown[out->count]);
        if (status == AVD_OK)
            out->count++;
    }
    return status;
}
