/* SPDX-License-Identifier: MIT */
#include "gate/baseline.h"

#include "base/file.h"
#include "gate/json.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_KNOWN = 1048576, FORMAT_VERSION = 1 };

void avd_gate_baseline_init(struct avd_gate_baseline *baseline)
{
    memset(baseline, 0, sizeof *baseline);
}

void avd_gate_baseline_deinit(struct avd_gate_baseline *baseline)
{
    avd_arena_deinit(&baseline->arena);
    memset(baseline, 0, sizeof *baseline);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct avd_gate_known *)a)->key, ((const struct avd_gate_known *)b)->key);
}

/* qsort leaves the order of equal keys to the system; that of the lines decides. */
static int by_key_and_line(const void *a, const void *b)
{
    const struct avd_gate_known *x = a;
    const struct avd_gate_known *y = b;
    int order = by_key(x, y);

    return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

const struct avd_gate_known *avd_gate_baseline_find(const struct avd_gate_baseline *baseline,
                                                    const char *key)
{
    const struct avd_gate_known wanted = {.key = key};

    return baseline->count == 0
               ? NULL
               : bsearch(&wanted, baseline->items, baseline->count, sizeof wanted, by_key);
}

/* ---- reading ---- */

static enum avd_status line_error(struct avd_error *err, const char *path, unsigned line,
                                  const char *message)
{
    enum avd_status status = avd_error_set(err, AVD_E_FORMAT, 0, path, "%s", message);

    if (err != NULL) {
        err->line = line;
        err->column = 1;
    }
    return status;
}

static bool number_of(const json_t *object, const char *key, uint64_t most, uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);

    *out = 0;
    if (value == NULL)
        return true;
    if (!json_is_integer(value) || number < 0 || (uint64_t)number > most)
        return false;
    *out = (uint64_t)number;
    return true;
}

static bool time_of(const json_t *object, const char *key, uint32_t *out)
{
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);

    *out = 0;
    return value == NULL || (text != NULL && avd_gate_time_parse(text, out));
}

static enum avd_status read_header(const json_t *object, const char *path, unsigned line,
                                   struct avd_error *err)
{
    uint64_t version;

    if (!number_of(object, "avdump_baseline", INT64_MAX, &version) || version == 0)
        return line_error(err, path, line,
                          "not a baseline: expected {\"avdump_baseline\":1} in the first line");
    if (version != FORMAT_VERSION)
        return line_error(err, path, line, "a baseline of a newer avdump; expected version 1");
    return AVD_OK;
}

static enum avd_status read_known(struct avd_gate_baseline *baseline, const json_t *object,
                                  const char *path, unsigned line, struct avd_error *err)
{
    const char *key = json_string_value(json_object_get(object, "key"));
    const char *title = json_string_value(json_object_get(object, "title"));
    struct avd_gate_known *grown;
    struct avd_gate_known *known;

    if (key == NULL)
        return line_error(err, path, line, "expected an object with \"key\"");
    grown = avd_arena_grow(&baseline->arena, baseline->items, baseline->count, &baseline->capacity,
                           sizeof *grown, MAX_KNOWN);
    if (grown == NULL)
        return baseline->count == MAX_KNOWN ? line_error(err, path, line, "too many buckets")
                                            : avd_error_nomem(err);
    baseline->items = grown;
    known = &grown[baseline->count];
    memset(known, 0, sizeof *known);
    known->key = avd_arena_strdup(&baseline->arena, key);
    known->title = title != NULL ? avd_arena_strdup(&baseline->arena, title) : NULL;
    if (known->key == NULL)
        return avd_error_nomem(err);
    if (!number_of(object, "count", INT64_MAX, &known->count))
        return line_error(err, path, line, "\"count\": expected a number");
    if (!time_of(object, "first_seen", &known->first_seen) ||
        !time_of(object, "last_seen", &known->last_seen))
        return line_error(err, path, line,
                          "\"first_seen\", \"last_seen\": expected a time such as "
                          "\"2026-01-31T12:00:00Z\"");
    baseline->count++;
    return AVD_OK;
}

static enum avd_status read_line(struct avd_gate_baseline *baseline, struct avd_view text,
                                 const char *path, unsigned line, bool *has_header,
                                 struct avd_error *err)
{
    json_error_t error;
    json_t *object = json_loadb((const char *)text.data, text.size, 0, &error);
    enum avd_status status;

    if (!json_is_object(object))
        status = line_error(err, path, line, "expected a JSON object");
    else if (!*has_header || /* or two files put together */
             json_object_get(object, "avdump_baseline") != NULL)
        status = read_header(object, path, line, err);
    else
        status = read_known(baseline, object, path, line, err);
    *has_header = true;
    json_decref(object);
    return status;
}

/* Lines with the same key, as a merge may leave them, become one. */
static void join(struct avd_gate_baseline *baseline)
{
    size_t kept = 0;
    size_t i;

    if (baseline->count == 0)
        return;
    for (i = 0; i < baseline->count; i++)
        baseline->items[i].line = i;
    qsort(baseline->items, baseline->count, sizeof *baseline->items, by_key_and_line);
    for (i = 1; i < baseline->count; i++) {
        struct avd_gate_known *into = &baseline->items[kept];
        const struct avd_gate_known *from = &baseline->items[i];

        if (strcmp(into->key, from->key) != 0) {
            baseline->items[++kept] = *from;
            continue;
        }
        if (from->count > into->count)
            into->count = from->count;
        if (from->first_seen != 0 && (into->first_seen == 0 || from->first_seen < into->first_seen))
            into->first_seen = from->first_seen;
        if (from->last_seen > into->last_seen)
            into->last_seen = from->last_seen;
    }
    baseline->count = kept + 1;
}

enum avd_status avd_gate_baseline_read(struct avd_gate_baseline *baseline, const char *path,
                                       bool may_be_absent, struct avd_error *err)
{
    enum avd_status status = AVD_OK;
    struct avd_gate_lines lines;
    struct avd_view text;
    struct avd_file file;
    bool has_header = false;

    if (may_be_absent && !avd_gate_path_exists(path))
        return AVD_OK;
    status = avd_file_map(path, &file, err);
    if (status != AVD_OK)
        return status;
    avd_gate_lines_init(&lines, file.view);
    while (status == AVD_OK && avd_gate_lines_next(&lines, &text))
        status = read_line(baseline, text, path, lines.number, &has_header, err);
    if (status == AVD_OK)
        join(baseline);
    avd_file_close(&file);
    return status;
}

/* ---- writing ---- */

static void write_known(const struct avd_gate_known *known, struct avd_strbuf *out)
{
    json_t *object = json_object();
    bool good = object != NULL && avd_gate_put_text(object, "key", known->key) &&
                avd_gate_put_text(object, "title", known->title) &&
                avd_gate_put_number(object, "count", known->count) &&
                avd_gate_put_time(object, "first_seen", known->first_seen) &&
                avd_gate_put_time(object, "last_seen", known->last_seen);

    avd_gate_json_line(good ? object : NULL, out);
    json_decref(object);
}

/* What the run saw of a bucket, joined with what the baseline has of it. */
static struct avd_gate_known updated(const struct avd_gate_known *old,
                                     const struct avd_gate_bucket *bucket)
{
    struct avd_gate_known now = {bucket->key, bucket->title, bucket->count, bucket->first_time,
                                 bucket->last_time};

    if (old == NULL)
        return now;
    if (old->title != NULL)
        now.title = old->title;
    if (old->first_seen != 0 && (now.first_seen == 0 || old->first_seen < now.first_seen))
        now.first_seen = old->first_seen;
    if (old->last_seen > now.last_seen)
        now.last_seen = old->last_seen;
    return now;
}

static int bucket_by_key(const void *a, const void *b)
{
    return strcmp((*(struct avd_gate_bucket *const *)a)->key,
                  (*(struct avd_gate_bucket *const *)b)->key);
}

void avd_gate_baseline_write(const struct avd_gate_baseline *baseline,
                             const struct avd_gate_summary *summary, struct avd_strbuf *out)
{
    struct avd_arena arena = {0};
    struct avd_gate_bucket **sorted =
        avd_arena_alloc(&arena, summary->count + 1, sizeof(struct avd_gate_bucket *));
    size_t old = 0;
    size_t i;

    if (sorted == NULL) {
        out->failed = true;
        return;
    }
    for (i = 0; i < summary->count; i++)
        sorted[i] = summary->buckets[i];
    qsort(sorted, summary->count, sizeof(struct avd_gate_bucket *), bucket_by_key);
    avd_strbuf_puts(out, "{\"avdump_baseline\":1}\n");
    for (i = 0; i < summary->count; i++) {
        const struct avd_gate_known *known = NULL;
        struct avd_gate_known now;
        int order = -1;

        if (!sorted[i]->crashed)
            continue;
        while (old < baseline->count &&
               (order = strcmp(baseline->items[old].key, sorted[i]->key)) < 0)
            write_known(&baseline->items[old++], out);
        if (old < baseline->count && order == 0)
            known = &baseline->items[old++];
        now = updated(known, sorted[i]);
        write_known(&now, out);
    }
    while (old < baseline->count)
        write_known(&baseline->items[old++], out);
    avd_arena_deinit(&arena);
}
