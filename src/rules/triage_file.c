/* SPDX-License-Identifier: MIT */
/*
 * Reads a triage file: a list of owners, each with the frames that are theirs.
 *
 *     - owner: ignore
 *       why: raises exceptions for others
 *       frames: [kernel32!RaiseException, rpcrt4!Rpc*]
 */
#include "rules/triage_file.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "rules/yaml.h"

#include <string.h>

struct reader {
    struct avd_triage *out;
    const char *file;
    struct avd_error *err;
};

static enum avd_status wrong(const struct reader *r, const struct avd_yaml_node *node,
                             const char *expected)
{
    char excerpt[AVD_YAML_EXCERPT_SIZE];

    if (node->kind == AVD_YAML_SCALAR)
        return avd_yaml_error(r->err, r->file, node->line, node->column, "expected %s, found '%s'",
                              expected, avd_yaml_excerpt(node->text, excerpt));
    return avd_yaml_error(r->err, r->file, node->line, node->column, "expected %s, found %s",
                          expected, avd_yaml_kind_name(node));
}

/* A name with at most one `*`, which is its last character. */
static bool is_pattern(const char *text)
{
    const char *star = strchr(text, '*');

    return text[0] != '\0' && (star == NULL || star[1] == '\0');
}

static enum avd_status read_frame(const struct reader *r, const struct avd_yaml_node *node,
                                  const char *owner, const char *why)
{
    static const char expected[] = "'module' or 'module!function', '*' only at the end of either";
    struct avd_triage *out = r->out;
    struct avd_triage_entry *grown;
    struct avd_triage_entry *entry;
    const char *mark;

    if (node->kind != AVD_YAML_SCALAR)
        return wrong(r, node, expected);
    grown = avd_arena_grow(&out->arena, out->items, out->count, &out->capacity, sizeof *out->items,
                           AVD_MAX_TRIAGE_ENTRIES);
    if (grown == NULL)
        return out->count == AVD_MAX_TRIAGE_ENTRIES
                   ? avd_error_set(r->err, AVD_E_LIMIT, 0, r->file,
                                   "more than %d frames in one triage file",
                                   (int)AVD_MAX_TRIAGE_ENTRIES)
                   : avd_error_nomem(r->err);
    out->items = grown;
    entry = &out->items[out->count];
    mark = strchr(node->text, '!');
    entry->module = avd_arena_strndup(
        &out->arena, node->text, mark != NULL ? (size_t)(mark - node->text) : strlen(node->text));
    entry->function = mark != NULL ? avd_arena_strdup(&out->arena, mark + 1) : NULL;
    if (entry->module == NULL || (mark != NULL && entry->function == NULL))
        return avd_error_nomem(r->err);
    if (!is_pattern(entry->module) || (mark != NULL && !is_pattern(entry->function)))
        return wrong(r, node, expected);
    /* "module!*" is the module. */
    if (mark != NULL && strcmp(entry->function, "*") == 0)
        entry->function = NULL;
    entry->owner = owner;
    entry->why = why;
    out->count++;
    return AVD_OK;
}

static enum avd_status read_owner(const struct reader *r, const struct avd_yaml_node *node)
{
    const struct avd_yaml_node *frames = NULL;
    const char *owner = NULL;
    const char *why = NULL;
    enum avd_status status = AVD_OK;
    size_t i;

    if (node->kind != AVD_YAML_MAPPING)
        return wrong(r, node, "a mapping with 'owner' and 'frames'");
    for (i = 0; i < node->count; i += 2) {
        const struct avd_yaml_node *key = node->items[i];
        const struct avd_yaml_node *value = node->items[i + 1];
        const char **text = NULL;

        if (strcmp(key->text, "frames") == 0) {
            frames = value;
            continue;
        }
        if (strcmp(key->text, "owner") == 0)
            text = &owner;
        else if (strcmp(key->text, "why") == 0)
            text = &why;
        else
            return wrong(r, key, "'owner', 'why' or 'frames'");
        if (value->kind != AVD_YAML_SCALAR || value->text[0] == '\0')
            return wrong(r, value, "a text");
        *text = avd_arena_strdup(&r->out->arena, value->text);
        if (*text == NULL)
            return avd_error_nomem(r->err);
    }
    if (owner == NULL || frames == NULL)
        return avd_yaml_error(r->err, r->file, node->line, node->column, "'%s' is missing",
                              owner == NULL ? "owner" : "frames");
    if (frames->kind != AVD_YAML_LIST)
        return wrong(r, frames, "a list of frames");
    for (i = 0; i < frames->count && status == AVD_OK; i++)
        status = read_frame(r, frames->items[i], owner, why);
    return status;
}

enum avd_status avd_triage_parse(struct avd_triage *out, const char *file, const char *text,
                                 size_t size, struct avd_error *err)
{
    struct reader r = {out, file, err};
    struct avd_yaml_documents documents = {0};
    enum avd_status status =
        avd_yaml_read(&out->arena, &out->arena, file, text, size, &documents, err);
    size_t i;

    if (status != AVD_OK)
        return status;
    if (documents.count != 1)
        return avd_yaml_error(err, file, 1, 1, "expected one list of owners, found %zu documents",
                              documents.count);
    if (documents.items[0]->kind != AVD_YAML_LIST)
        return wrong(&r, documents.items[0], "a list of owners");
    for (i = 0; i < documents.items[0]->count && status == AVD_OK; i++)
        status = read_owner(&r, documents.items[0]->items[i]);
    return status;
}

enum avd_status avd_triage_load(const char *path, struct avd_triage **out, struct avd_error *err)
{
    struct avd_file file = {0};
    struct avd_triage *triage;
    enum avd_status status;

    if (out == NULL || path == NULL) {
        if (out != NULL)
            *out = NULL;
        return avd_error_set(err, AVD_E_ARG, 0, "", "no %s given",
                             out == NULL ? "place for the triage entries" : "file");
    }
    *out = NULL;
    triage = avd_mem_calloc(1, sizeof *triage);
    if (triage == NULL)
        return avd_error_nomem(err);
    status = avd_file_map(path, &file, err);
    if (status == AVD_OK)
        status = avd_triage_parse(triage, path, (const char *)file.view.data, file.view.size, err);
    avd_file_close(&file);
    if (status != AVD_OK) {
        avd_triage_free(triage);
        return status;
    }
    *out = triage;
    return AVD_OK;
}

void avd_triage_free(struct avd_triage *triage)
{
    if (triage == NULL)
        return;
    avd_arena_deinit(&triage->arena);
    avd_mem_free(triage);
}
