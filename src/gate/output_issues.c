/* SPDX-License-Identifier: MIT */
/*
 * An issue for a bug tracker per bucket, as JSON Lines: a key that stays the same over runs and
 * builds, so that a script can look whether it is there already, a title, and a body in Markdown.
 * The same facts can be had one by one, for trackers with fields of their own.
 */
#include "gate/json.h"
#include "gate/output.h"

#include <inttypes.h>
#include <string.h>

static void put_code_byte(struct avd_strbuf *out, char c)
{
    avd_strbuf_add(out, c == '`' ? "'" : &c, 1);
}

/* Text in a code span or block: nothing in it can end it. */
static void put_code(struct avd_strbuf *out, const char *text)
{
    avd_gate_put_escaped(out, text, put_code_byte);
}

static void put_row(struct avd_strbuf *out, const char *label, const char *text)
{
    if (text == NULL)
        return;
    avd_strbuf_printf(out, "- %s: `", label);
    put_code(out, text);
    avd_strbuf_puts(out, "`\n");
}

/* Lines as a block of code. */
static void put_block(struct avd_strbuf *out, const char *text)
{
    struct avd_strbuf line;

    avd_strbuf_puts(out, "```\n");
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");

        avd_strbuf_init(&line);
        avd_strbuf_add(&line, text, size);
        put_code(out, avd_strbuf_text(&line));
        avd_strbuf_puts(out, "\n");
        out->failed |= line.failed;
        avd_strbuf_deinit(&line);
        text += size + (text[size] == '\n');
    }
    avd_strbuf_puts(out, "```\n");
}

/* The template with {name} and {key} replaced, percent-encoded. */
static void put_link(struct avd_strbuf *out, const char *link, const struct avd_gate_bucket *bucket)
{
    static const char kept[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    while (*link != '\0') {
        const char *value = strncmp(link, "{name}", 6) == 0  ? bucket->example
                            : strncmp(link, "{key}", 5) == 0 ? bucket->key
                                                             : NULL;

        if (value == NULL) {
            avd_strbuf_add(out, link++, 1);
            continue;
        }
        for (; *value != '\0'; value++) {
            if (strchr(kept, *value) != NULL)
                avd_strbuf_add(out, value, 1);
            else
                avd_strbuf_printf(out, "%%%02X", (unsigned)(unsigned char)*value);
        }
        link = strchr(link, '}') + 1;
    }
}

static void put_findings(struct avd_strbuf *out, const struct avd_gate_bucket *bucket)
{
    size_t i;

    if (bucket->finding_count != 0)
        avd_strbuf_puts(out, "\nFindings:\n\n");
    for (i = 0; i < bucket->finding_count; i++) {
        const struct avd_gate_finding *of_example = NULL;
        size_t k;

        for (k = 0; k < bucket->advice_count && of_example == NULL; k++)
            if (strcmp(bucket->advice[k].id, bucket->findings[i].text) == 0)
                of_example = &bucket->advice[k];
        avd_strbuf_puts(out, "- `");
        put_code(out, bucket->findings[i].text);
        avd_strbuf_printf(out, "` (%" PRIu64 ")\n", bucket->findings[i].count);
        if (of_example == NULL)
            continue;
        put_block(out, of_example->summary);
        if (of_example->advice != NULL)
            put_block(out, of_example->advice);
    }
}

static void put_body(struct avd_strbuf *out, const struct avd_gate_result *result,
                     const struct avd_gate_bucket *bucket)
{
    char first[AVD_GATE_TIME_SIZE];
    char last[AVD_GATE_TIME_SIZE];
    size_t i;

    put_row(out, "what", bucket->what);
    put_row(out, "where", bucket->where);
    put_row(out, "look at", bucket->followup);
    put_row(out, "program", bucket->process);
    put_row(out, "system", bucket->system);
    avd_strbuf_printf(out, "- dumps: %" PRIu64 "\n", bucket->count);
    if (bucket->first_time != 0) {
        avd_gate_time_text(bucket->first_time, first);
        avd_gate_time_text(bucket->last_time, last);
        avd_strbuf_printf(out, "- seen: %s to %s\n", first, last);
    }
    for (i = 0; i < bucket->version_count; i++) {
        avd_strbuf_puts(out, i == 0 ? "- versions: `" : ", `");
        put_code(out, bucket->versions[i].text);
        avd_strbuf_printf(out, "` (%" PRIu64 ")", bucket->versions[i].count);
    }
    avd_strbuf_puts(out, bucket->version_count != 0 ? "\n" : "");
    put_row(out, "example", bucket->example);
    if (result->link_template != NULL) {
        avd_strbuf_puts(out, "- <");
        put_link(out, result->link_template, bucket);
        avd_strbuf_puts(out, ">\n");
    }
    put_row(out, "signature", bucket->key);
    put_findings(out, bucket);
    if (bucket->stack != NULL) {
        avd_strbuf_puts(out, "\nStack of the example:\n\n");
        put_block(out, bucket->stack);
    }
}

/* ---- fields ---- */

static json_t *text_or_null(const char *text)
{
    return text != NULL ? avd_gate_text_value(text) : json_null();
}

static json_t *time_or_null(uint32_t seconds)
{
    char text[AVD_GATE_TIME_SIZE];

    avd_gate_time_text(seconds, text);
    return seconds != 0 ? json_string(text) : json_null();
}

static json_t *lines_value(const char *text)
{
    json_t *array = json_array();

    while (array != NULL && text != NULL && *text != '\0') {
        size_t size = strcspn(text, "\n");
        struct avd_strbuf line;
        json_t *value;

        avd_strbuf_init(&line);
        avd_strbuf_add(&line, text, size);
        value = line.failed ? NULL : avd_gate_text_value(avd_strbuf_text(&line));
        avd_strbuf_deinit(&line);
        if (json_array_append_new(array, value) != 0) {
            json_decref(array);
            return NULL;
        }
        text += size + (text[size] == '\n');
    }
    return array;
}

static json_t *findings_value(const struct avd_gate_bucket *bucket)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; array != NULL && i < bucket->advice_count; i++) {
        json_t *item = json_object();

        if (item == NULL || !avd_gate_put_text(item, "id", bucket->advice[i].id) ||
            !avd_gate_put_text(item, "summary", bucket->advice[i].summary) ||
            !avd_gate_put(item, "advice", lines_value(bucket->advice[i].advice)) ||
            json_array_append(array, item) != 0) {
            json_decref(item);
            json_decref(array);
            return NULL;
        }
        json_decref(item);
    }
    return array;
}

static json_t *versions_value(const struct avd_gate_bucket *bucket)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; array != NULL && i < bucket->version_count; i++)
        if (json_array_append_new(array, avd_gate_text_value(bucket->versions[i].text)) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* A text that a function writes. */
static json_t *written(const struct avd_gate_result *result, const struct avd_gate_bucket *bucket,
                       void (*write)(struct avd_strbuf *, const struct avd_gate_result *,
                                     const struct avd_gate_bucket *))
{
    struct avd_strbuf text;
    json_t *value;

    avd_strbuf_init(&text);
    write(&text, result, bucket);
    value = text.failed ? NULL : avd_gate_text_value(avd_strbuf_text(&text));
    avd_strbuf_deinit(&text);
    return value;
}

static void write_link(struct avd_strbuf *out, const struct avd_gate_result *result,
                       const struct avd_gate_bucket *bucket)
{
    put_link(out, result->link_template, bucket);
}

enum field {
    FIELD_KEY,
    FIELD_TITLE,
    FIELD_STANDING,
    FIELD_COUNT,
    FIELD_BODY,
    FIELD_WHAT,
    FIELD_WHERE,
    FIELD_FOLLOWUP,
    FIELD_PROCESS,
    FIELD_SYSTEM,
    FIELD_VERSIONS,
    FIELD_FIRST_TIME,
    FIELD_LAST_TIME,
    FIELD_EXAMPLE,
    FIELD_LINK,
    FIELD_VERDICT,
    FIELD_FINDINGS,
    FIELD_STACK,
    FIELD_COUNT_OF_FIELDS
};

static const char *const field_names[FIELD_COUNT_OF_FIELDS] = {
    "key",       "title",    "standing", "count",   "body",     "what",
    "where",     "followup", "process",  "system",  "versions", "first_time",
    "last_time", "example",  "link",     "verdict", "findings", "stack"};

enum { DEFAULT_FIELDS = (1 << (FIELD_BODY + 1)) - 1 };

bool avd_gate_fields_parse(const char *text, uint32_t *fields, const char **wrong,
                           size_t *wrong_size)
{
    *fields = 0;
    do {
        size_t size = strcspn(text, ",");
        unsigned i = 0;

        *wrong = text;
        *wrong_size = size;
        while (i < FIELD_COUNT_OF_FIELDS &&
               (strlen(field_names[i]) != size || strncmp(field_names[i], text, size) != 0))
            i++;
        if (i == FIELD_COUNT_OF_FIELDS)
            return false;
        *fields |= UINT32_C(1) << i;
        text += size;
    } while (*text++ == ',');
    return true;
}

/* NULL: out of memory. */
static json_t *field_value(const struct avd_gate_result *result,
                           const struct avd_gate_bucket *bucket, unsigned field)
{
    switch ((enum field)field) {
    case FIELD_KEY: return avd_gate_text_value(bucket->key);
    case FIELD_TITLE: return avd_gate_text_value(avd_gate_title(bucket));
    case FIELD_STANDING: return json_string(avd_gate_standing_name(bucket->standing));
    case FIELD_COUNT: return json_integer((json_int_t)bucket->count);
    case FIELD_BODY: return written(result, bucket, put_body);
    case FIELD_WHAT: return text_or_null(bucket->what);
    case FIELD_WHERE: return text_or_null(bucket->where);
    case FIELD_FOLLOWUP: return text_or_null(bucket->followup);
    case FIELD_PROCESS: return text_or_null(bucket->process);
    case FIELD_SYSTEM: return text_or_null(bucket->system);
    case FIELD_VERSIONS: return versions_value(bucket);
    case FIELD_FIRST_TIME: return time_or_null(bucket->first_time);
    case FIELD_LAST_TIME: return time_or_null(bucket->last_time);
    case FIELD_EXAMPLE: return avd_gate_text_value(bucket->example);
    case FIELD_LINK:
        return result->link_template != NULL ? written(result, bucket, write_link) : json_null();
    case FIELD_VERDICT: return text_or_null(bucket->verdict);
    case FIELD_FINDINGS: return findings_value(bucket);
    case FIELD_STACK: return lines_value(bucket->stack);
    case FIELD_COUNT_OF_FIELDS: break;
    }
    return json_null();
}

void avd_gate_write_issues(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    uint32_t wanted = result->fields != 0 ? result->fields : DEFAULT_FIELDS;
    size_t i;

    for (i = 0; i < s->count && !out->failed; i++) {
        json_t *object = s->buckets[i]->crashed ? json_object() : NULL;
        bool good = object != NULL;
        unsigned field;

        if (!s->buckets[i]->crashed)
            continue;
        for (field = 0; good && field < FIELD_COUNT_OF_FIELDS; field++)
            if ((wanted >> field & 1) != 0)
                good = avd_gate_put(object, field_names[field],
                                    field_value(result, s->buckets[i], field));
        avd_gate_json_line(good ? object : NULL, out);
        json_decref(object);
    }
}
