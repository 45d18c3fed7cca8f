/* SPDX-License-Identifier: MIT */
/*
 * Reading YAML through libyaml's events. libyaml's own document tree would do, but it resolves
 * aliases and has no ceiling on depth; events let us refuse both before anything is built. The
 * open mappings and lists stand on a stack of fixed size, so nothing recurses.
 */
#include "rules/yaml.h"

#include "base/limits.h"
#include "base/utf.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct level {
    struct avd_yaml_node *node;
    size_t capacity;
};

struct reader {
    struct avd_arena *nodes;
    struct avd_arena *texts;
    const char *file;
    struct avd_error *err;
    struct avd_yaml_documents *out;
    struct level levels[AVD_MAX_YAML_DEPTH];
    size_t depth; /* levels in use */
};

const char *avd_yaml_kind_name(const struct avd_yaml_node *node)
{
    switch (node->kind) {
    case AVD_YAML_LIST: return "a list";
    case AVD_YAML_MAPPING: return "a mapping";
    case AVD_YAML_SCALAR: break;
    }
    return node->plain && node->text[0] == '\0' ? "nothing" : "a single value";
}

const char *avd_yaml_excerpt(const char *text, char out[AVD_YAML_EXCERPT_SIZE])
{
    size_t size = strlen(text);
    size_t used = 0;
    size_t i = 0;

    /* Room is kept for the dots and for the longest piece added in one go. */
    while (i < size && used < AVD_YAML_EXCERPT_SIZE - 9) {
        size_t length = avd_utf8_length(text + i, size - i);

        if (length == 0 || avd_utf8_is_control(text + i, length)) {
            (void)snprintf(out + used, AVD_YAML_EXCERPT_SIZE - used, "\\x%02x",
                           (unsigned)(unsigned char)text[i]);
            used += 4;
            i++;
        } else {
            memcpy(out + used, text + i, length);
            used += length;
            i += length;
        }
    }
    out[used] = '\0';
    if (i < size)
        (void)snprintf(out + used, AVD_YAML_EXCERPT_SIZE - used, "...");
    return out;
}

enum avd_status avd_yaml_error(struct avd_error *err, const char *file, unsigned line,
                               unsigned column, const char *format, ...)
{
    char message[sizeof err->message];
    va_list args;

    if (err == NULL)
        return AVD_E_RULE;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    (void)avd_error_set(err, AVD_E_RULE, 0, file, "%s", message);
    err->line = line;
    err->column = column;
    return AVD_E_RULE;
}

static unsigned one_based(size_t n)
{
    return n < UINT_MAX ? (unsigned)n + 1 : UINT_MAX;
}

static enum avd_status fail_at(const struct reader *r, yaml_mark_t mark, const char *message)
{
    return avd_yaml_error(r->err, r->file, one_based(mark.line), one_based(mark.column), "%s",
                          message);
}

/* For bytes that are not even text libyaml gives an offset only. */
static enum avd_status fail_encoding(const struct reader *r, const yaml_parser_t *parser,
                                     const char *text, size_t size)
{
    size_t end = parser->problem_offset < size ? parser->problem_offset : size;
    size_t line = 0;
    size_t column = 0;
    size_t i;

    for (i = 0; i < end; i++) {
        if (text[i] == '\n') {
            line++;
            column = 0;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    return avd_yaml_error(r->err, r->file, one_based(line), one_based(column), "not text: %s",
                          parser->problem != NULL ? parser->problem : "invalid bytes");
}

static enum avd_status fail_syntax(const struct reader *r, const yaml_parser_t *parser,
                                   const char *text, size_t size)
{
    const char *problem = parser->problem != NULL ? parser->problem : "cannot be parsed";

    switch (parser->error) {
    case YAML_MEMORY_ERROR: return avd_error_nomem(r->err);
    case YAML_READER_ERROR: return fail_encoding(r, parser, text, size);
    case YAML_NO_ERROR:
    case YAML_SCANNER_ERROR:
    case YAML_PARSER_ERROR:
    case YAML_COMPOSER_ERROR:
    case YAML_WRITER_ERROR:
    case YAML_EMITTER_ERROR: break;
    }
    return avd_yaml_error(r->err, r->file, one_based(parser->problem_mark.line),
                          one_based(parser->problem_mark.column), "not valid YAML: %s%s%s%s",
                          problem, parser->context != NULL ? " (" : "",
                          parser->context != NULL ? parser->context : "",
                          parser->context != NULL ? ")" : "");
}

/* The key just added stands last in `node`; each key may come once. */
static enum avd_status check_key(const struct reader *r, const struct avd_yaml_node *node)
{
    const struct avd_yaml_node *key = node->items[node->count - 1];
    char shown[AVD_YAML_EXCERPT_SIZE];
    size_t i;

    if (key->kind != AVD_YAML_SCALAR)
        return avd_yaml_error(r->err, r->file, key->line, key->column,
                              "a key must be a text, found %s", avd_yaml_kind_name(key));
    if (node->count / 2 >= AVD_MAX_YAML_KEYS)
        return avd_yaml_error(r->err, r->file, key->line, key->column,
                              "more than %d keys in one mapping", (int)AVD_MAX_YAML_KEYS);
    for (i = 0; i + 1 < node->count; i += 2) {
        if (strcmp(node->items[i]->text, key->text) == 0)
            return avd_yaml_error(r->err, r->file, key->line, key->column,
                                  "key '%s' comes twice (first in line %u)",
                                  avd_yaml_excerpt(key->text, shown), node->items[i]->line);
    }
    return AVD_OK;
}

/* Puts `node` where it belongs: into the innermost open node, or among the documents. */
static enum avd_status attach(struct reader *r, struct avd_yaml_node *node)
{
    /* One byte of the file makes at most two nodes: a key and the value that is not there. */
    const size_t limit = (size_t)AVD_MAX_RULE_FILE_BYTES * 2;
    const struct avd_yaml_node **grown;
    struct level *level;

    if (r->depth == 0) {
        if (node->kind == AVD_YAML_SCALAR && node->plain && node->text[0] == '\0')
            return AVD_OK;
        grown = avd_arena_grow(r->nodes, r->out->items, r->out->count, &r->out->capacity,
                               sizeof(void *), limit);
        if (grown == NULL)
            return avd_error_nomem(r->err);
        r->out->items = grown;
        r->out->items[r->out->count++] = node;
        return AVD_OK;
    }
    level = &r->levels[r->depth - 1];
    grown = avd_arena_grow(r->nodes, level->node->items, level->node->count, &level->capacity,
                           sizeof(void *), limit);
    if (grown == NULL)
        return avd_error_nomem(r->err);
    level->node->items = grown;
    level->node->items[level->node->count++] = node;
    if (level->node->kind == AVD_YAML_MAPPING && level->node->count % 2 == 1)
        return check_key(r, level->node);
    return AVD_OK;
}

static enum avd_status add_node(struct reader *r, const yaml_event_t *event,
                                enum avd_yaml_kind kind, struct avd_yaml_node **out)
{
    struct avd_yaml_node *node = avd_arena_alloc(r->nodes, 1, sizeof *node);

    if (node == NULL)
        return avd_error_nomem(r->err);
    node->kind = kind;
    node->line = one_based(event->start_mark.line);
    node->column = one_based(event->start_mark.column);
    if (kind == AVD_YAML_SCALAR) {
        const char *text = (const char *)event->data.scalar.value;
        size_t size = event->data.scalar.length;

        if (memchr(text, '\0', size) != NULL)
            return fail_at(r, event->start_mark, "a text must not hold a NUL character");
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        node->text = avd_arena_strndup(r->texts, text, size);
        if (node->text == NULL)
            return avd_error_nomem(r->err);
    }
    *out = node;
    return attach(r, node);
}

static enum avd_status open_node(struct reader *r, const yaml_event_t *event,
                                 enum avd_yaml_kind kind)
{
    struct avd_yaml_node *node = NULL;
    enum avd_status status;

    if (r->depth >= AVD_MAX_YAML_DEPTH)
        return avd_yaml_error(r->err, r->file, one_based(event->start_mark.line),
                              one_based(event->start_mark.column), "nested deeper than %d levels",
                              (int)AVD_MAX_YAML_DEPTH);
    status = add_node(r, event, kind, &node);
    if (status == AVD_OK) {
        r->levels[r->depth].node = node;
        r->levels[r->depth].capacity = 0;
        r->depth++;
    }
    return status;
}

static enum avd_status take_event(struct reader *r, const yaml_event_t *event)
{
    static const char no_anchor[] = "anchors are not supported in rule files";
    static const char no_tag[] = "tags are not supported in rule files";
    struct avd_yaml_node *node = NULL;

    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return fail_at(r, event->start_mark, "aliases are not supported in rule files");
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor != NULL)
            return fail_at(r, event->start_mark, no_anchor);
        if (event->data.scalar.tag != NULL)
            return fail_at(r, event->start_mark, no_tag);
        return add_node(r, event, AVD_YAML_SCALAR, &node);
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.anchor != NULL)
            return fail_at(r, event->start_mark, no_anchor);
        if (event->data.sequence_start.tag != NULL)
            return fail_at(r, event->start_mark, no_tag);
        return open_node(r, event, AVD_YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.anchor != NULL)
            return fail_at(r, event->start_mark, no_anchor);
        if (event->data.mapping_start.tag != NULL)
            return fail_at(r, event->start_mark, no_tag);
        return open_node(r, event, AVD_YAML_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        if (r->depth > 0)
            r->depth--;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return AVD_OK;
}

enum avd_status avd_yaml_read(struct avd_arena *nodes, struct avd_arena *texts, const char *file,
                              const char *text, size_t size, struct avd_yaml_documents *out,
                              struct avd_error *err)
{
    struct reader r = {.nodes = nodes, .texts = texts, .file = file, .err = err, .out = out};
    enum avd_status status = AVD_OK;
    yaml_parser_t parser;
    bool done = false;

    memset(out, 0, sizeof *out);
    if (size > AVD_MAX_RULE_FILE_BYTES)
        return avd_error_set(err, AVD_E_LIMIT, 0, file,
                             "rule file has %zu bytes, at most %d are read", size,
                             (int)AVD_MAX_RULE_FILE_BYTES);
    if (!yaml_parser_initialize(&parser))
        return avd_error_nomem(err);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(size != 0 ? text : ""), size);
    while (status == AVD_OK && !done) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parser, &event)) {
            status = fail_syntax(&r, &parser, text, size);
            break;
        }
        done = event.type == YAML_STREAM_END_EVENT;
        status = take_event(&r, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return status;
}
