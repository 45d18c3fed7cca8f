/* SPDX-License-Identifier: MIT */
/*
 * A record as JSON: how workers hand it over, and how the lines that `avdump merge` reads begin.
 * docs/gate.md describes it as the object "gate".
 */
#include "gate/gate.h"

#include "avdump/avdump.h"
#include "gate/json.h"

#include <string.h>

static const char *const outcome_names[] = {"analyzed", "unreadable", "worker-died", "timed-out",
                                            "out-of-memory"};
enum { OUTCOME_COUNT = sizeof outcome_names / sizeof *outcome_names };

static const char *const severity_names[] = {"info", "warning", "error"};
enum { SEVERITY_COUNT = sizeof severity_names / sizeof *severity_names };

const char *avd_gate_outcome_name(enum avd_gate_outcome outcome)
{
    return (size_t)outcome < OUTCOME_COUNT ? outcome_names[outcome] : "unreadable";
}

static int word_index(const char *const *words, size_t count, const char *word)
{
    size_t i;

    for (i = 0; word != NULL && i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

int avd_gate_record_severity(const struct avd_gate_record *record)
{
    int worst = -1;
    size_t i;

    for (i = 0; i < record->finding_count; i++)
        if (record->findings[i].severity > worst)
            worst = record->findings[i].severity;
    return worst;
}

/* ---- writing ---- */

static json_t *findings_value(const struct avd_gate_record *record)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; list != NULL && i < record->finding_count; i++) {
        int severity = record->findings[i].severity;
        json_t *item = json_object();

        if (item == NULL || !avd_gate_put_text(item, "id", record->findings[i].id) ||
            !avd_gate_put_text(
                item, "severity",
                severity_names[severity >= 0 && severity < SEVERITY_COUNT ? severity : 0]) ||
            !avd_gate_put_text(item, "title", record->findings[i].title) ||
            !avd_gate_put_text(item, "summary", record->findings[i].summary) ||
            !avd_gate_put_text(item, "advice", record->findings[i].advice) ||
            json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *record_value(const struct avd_gate_record *record)
{
    json_t *object = json_object();
    bool good = object != NULL && avd_gate_put_text(object, "name", record->name) &&
                avd_gate_put_text(object, "content_id", record->content_id) &&
                avd_gate_put(object, "size", json_integer((json_int_t)record->size)) &&
                avd_gate_put_text(object, "outcome", avd_gate_outcome_name(record->outcome)) &&
                avd_gate_put_text(object, "error", record->error);

    if (good && record->outcome == AVD_GATE_ANALYZED)
        good = avd_gate_put(object, "crashed", json_boolean(record->crashed)) &&
               avd_gate_put_text(object, "signature", record->signature) &&
               avd_gate_put_text(object, "bucket", record->bucket) &&
               avd_gate_put_text(object, "what", record->what) &&
               avd_gate_put_text(object, "where", record->where) &&
               avd_gate_put_text(object, "followup", record->followup) &&
               avd_gate_put_text(object, "process", record->process) &&
               avd_gate_put_text(object, "version", record->version) &&
               avd_gate_put_text(object, "system", record->system) &&
               avd_gate_put_text(object, "stack", record->stack) &&
               avd_gate_put(object, "time", json_integer(record->time)) &&
               avd_gate_put(object, "findings", findings_value(record));
    if (good)
        return object;
    json_decref(object);
    return NULL;
}

void avd_gate_record_write(const struct avd_gate_record *record, struct avd_strbuf *out)
{
    json_t *value = record_value(record);

    avd_gate_json_compact(value, out);
    json_decref(value);
}

/* ---- reading ---- */

struct reader {
    struct avd_arena *arena;
    const json_t *object;
    const char *why; /* the first thing that is wrong */
};

/* NULL when it is not there. */
static const char *get_text(struct reader *r, const json_t *object, const char *key,
                            const char *wrong)
{
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);

    if (value != NULL && (text == NULL || strlen(text) != json_string_length(value)) &&
        r->why == NULL)
        r->why = wrong;
    return text != NULL ? avd_arena_strdup(r->arena, text) : NULL;
}

static uint64_t get_number(struct reader *r, const char *key, uint64_t most, const char *wrong)
{
    const json_t *value = json_object_get(r->object, key);
    json_int_t number = json_integer_value(value);

    if (value == NULL)
        return 0;
    if (!json_is_integer(value) || number < 0 || (uint64_t)number > most) {
        if (r->why == NULL)
            r->why = wrong;
        return 0;
    }
    return (uint64_t)number;
}

static void get_findings(struct reader *r, struct avd_gate_record *out)
{
    const json_t *list = json_object_get(r->object, "findings");
    size_t count = json_array_size(list);
    struct avd_gate_finding *items;
    size_t i;

    items = avd_arena_alloc(r->arena, count, sizeof *items);
    if (items == NULL)
        return;
    for (i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        const char *severity = json_string_value(json_object_get(item, "severity"));

        items[i].id = get_text(r, item, "id", "a finding's \"id\" is no text");
        items[i].title = get_text(r, item, "title", "a finding's \"title\" is no text");
        items[i].summary = get_text(r, item, "summary", "a finding's \"summary\" is no text");
        items[i].advice = get_text(r, item, "advice", "a finding's \"advice\" is no text");
        items[i].severity = word_index(severity_names, SEVERITY_COUNT, severity);
        if ((items[i].id == NULL || items[i].severity < 0) && r->why == NULL)
            r->why = "a finding has no \"id\" or no known \"severity\"";
    }
    out->findings = items;
    out->finding_count = count;
}

bool avd_gate_record_read(const char *text, size_t size, struct avd_arena *arena,
                          struct avd_gate_record *out, const char **why)
{
    json_error_t error;
    json_t *object =
        json_loadb(text, size, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
    struct reader r = {arena, object, NULL};
    int outcome;

    memset(out, 0, sizeof *out);
    if (!json_is_object(object)) {
        json_decref(object);
        *why = "no JSON object";
        return false;
    }
    out->name = get_text(&r, object, "name", "\"name\" is no text");
    out->content_id = get_text(&r, object, "content_id", "\"content_id\" is no text");
    out->size = get_number(&r, "size", INT64_MAX, "\"size\" is no number");
    outcome = word_index(outcome_names, OUTCOME_COUNT,
                         json_string_value(json_object_get(object, "outcome")));
    out->error = get_text(&r, object, "error", "\"error\" is no text");
    out->crashed = json_is_true(json_object_get(object, "crashed"));
    out->signature = get_text(&r, object, "signature", "\"signature\" is no text");
    out->bucket = get_text(&r, object, "bucket", "\"bucket\" is no text");
    out->what = get_text(&r, object, "what", "\"what\" is no text");
    out->where = get_text(&r, object, "where", "\"where\" is no text");
    out->followup = get_text(&r, object, "followup", "\"followup\" is no text");
    out->process = get_text(&r, object, "process", "\"process\" is no text");
    out->version = get_text(&r, object, "version", "\"version\" is no text");
    out->system = get_text(&r, object, "system", "\"system\" is no text");
    out->stack = get_text(&r, object, "stack", "\"stack\" is no text");
    out->time = (uint32_t)get_number(&r, "time", UINT32_MAX, "\"time\" is no unix time");
    get_findings(&r, out);
    if (r.why == NULL && out->name == NULL)
        r.why = "no \"name\"";
    if (r.why == NULL && outcome < 0)
        r.why = "no known \"outcome\"";
    if (r.why == NULL && arena->failed)
        r.why = "out of memory";
    out->outcome = outcome < 0 ? AVD_GATE_UNREADABLE : (enum avd_gate_outcome)outcome;
    json_decref(object);
    *why = r.why;
    return r.why == NULL;
}
