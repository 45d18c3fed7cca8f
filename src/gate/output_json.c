/* SPDX-License-Identifier: MIT */
/* The summary as JSON, and GitLab's code quality report. */
#include "gate/json.h"
#include "gate/output.h"

#include <string.h>

static const char *severity_name(int severity)
{
    static const char *const names[] = {"info", "warning", "error"};

    return severity >= 0 && severity < 3 ? names[severity] : NULL;
}

/* Appends to an array; false when out of memory, also for a NULL `value`. */
static bool append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0;
}

static json_t *tallies(const struct avd_gate_tally *items, size_t count, const char *key,
                       bool with_severity)
{
    json_t *array = json_array();
    bool good = array != NULL;
    size_t i;

    for (i = 0; good && i < count; i++) {
        json_t *item = json_object();

        good = item != NULL && avd_gate_put_text(item, key, items[i].text) &&
               (!with_severity ||
                avd_gate_put_text(item, "severity", severity_name(items[i].severity))) &&
               avd_gate_put_number(item, "count", items[i].count);
        good = append(array, item) && good;
    }
    if (good)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *texts(const char *const *items, size_t count)
{
    json_t *array = json_array();
    bool good = array != NULL;
    size_t i;

    for (i = 0; good && i < count; i++)
        good = append(array, avd_gate_text_value(items[i]));
    if (good)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *bucket_value(const struct avd_gate_bucket *bucket)
{
    json_t *object = json_object();
    bool good = object != NULL && avd_gate_put_text(object, "key", bucket->key) &&
                avd_gate_put_text(object, "standing", avd_gate_standing_name(bucket->standing)) &&
                avd_gate_put_text(object, "title", avd_gate_title(bucket)) &&
                avd_gate_put_number(object, "count", bucket->count) &&
                avd_gate_put_text(object, "bucket", bucket->bucket) &&
                avd_gate_put_text(object, "what", bucket->what) &&
                avd_gate_put_text(object, "where", bucket->where) &&
                avd_gate_put_text(object, "followup", bucket->followup) &&
                avd_gate_put_text(object, "process", bucket->process) &&
                avd_gate_put_text(object, "severity", severity_name(bucket->severity)) &&
                avd_gate_put_text(object, "example", bucket->example) &&
                avd_gate_put_text(object, "example_id", bucket->example_id) &&
                avd_gate_put_time(object, "first_time", bucket->first_time) &&
                avd_gate_put_time(object, "last_time", bucket->last_time) &&
                avd_gate_put(object, "findings",
                             tallies(bucket->findings, bucket->finding_count, "id", true)) &&
                avd_gate_put(object, "versions",
                             tallies(bucket->versions, bucket->version_count, "version", false)) &&
                avd_gate_put_text(object, "allow_reason", bucket->allow_reason) &&
                avd_gate_put_text(object, "allow_owner", bucket->allow_owner) &&
                avd_gate_put_text(object, "verdict", bucket->verdict);

    if (good)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *buckets_value(const struct avd_gate_summary *s)
{
    json_t *array = json_array();
    bool good = array != NULL;
    size_t i;

    for (i = 0; good && i < s->count; i++)
        good = append(array, bucket_value(s->buckets[i]));
    if (good)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *failures_value(const struct avd_gate_summary *s)
{
    json_t *array = json_array();
    bool good = array != NULL;
    size_t i;

    for (i = 0; good && i < s->failure_count; i++) {
        json_t *item = json_object();

        good = item != NULL && avd_gate_put_text(item, "name", s->failures[i].name) &&
               avd_gate_put_text(item, "outcome", avd_gate_outcome_name(s->failures[i].outcome)) &&
               avd_gate_put_text(item, "error", s->failures[i].error);
        good = append(array, item) && good;
    }
    if (good)
        return array;
    json_decref(array);
    return NULL;
}

void avd_gate_write_json(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    const struct avd_gate_verdict *v = result->verdict;
    json_t *object = json_object();
    bool good = object != NULL && avd_gate_put_text(object, "schema", "avdump-gate-1") &&
                avd_gate_put_text(object, "version", result->version) &&
                avd_gate_put_text(object, "verdict",
                                  s->interrupted ? "interrupted"
                                  : v->fails     ? "fail"
                                                 : "pass") &&
                avd_gate_put_number(object, "dumps", s->dumps) &&
                avd_gate_put_number(object, "failed", s->failed) &&
                avd_gate_put_number(object, "ignored", s->ignored) &&
                avd_gate_put_number(object, "new", v->new_count) &&
                avd_gate_put_number(object, "known", v->known_count) &&
                avd_gate_put_number(object, "allowed", v->allowed_count) &&
                avd_gate_put(object, "reasons", texts(v->reasons, v->reason_count)) &&
                avd_gate_put(object, "warnings", texts(v->warnings, v->warning_count)) &&
                avd_gate_put(object, "buckets", buckets_value(s)) &&
                avd_gate_put(object, "failures", failures_value(s));

    avd_gate_json_pretty(good ? object : NULL, out);
    json_decref(object);
}

/* ---- GitLab: https://docs.gitlab.com/ci/testing/code_quality/ ---- */

static json_t *gitlab_value(const struct avd_gate_bucket *bucket)
{
    const char *severity = bucket->verdict != NULL ? "critical"
                           : bucket->crashed       ? "minor"
                                                   : "info";
    json_t *place = json_pack("{s:{s:i}}", "lines", "begin", 1);
    json_t *object = json_object();
    bool good =
        object != NULL && place != NULL && avd_gate_put_text(place, "path", bucket->example) &&
        avd_gate_put_text(object, "description",
                          bucket->verdict != NULL ? bucket->verdict : avd_gate_title(bucket)) &&
        avd_gate_put_text(object, "check_name",
                          bucket->finding_count != 0 ? bucket->findings[0].text : "crash") &&
        avd_gate_put_text(object, "fingerprint", bucket->key) &&
        avd_gate_put_text(object, "severity", severity);

    if (good && avd_gate_put(object, "location", json_incref(place))) {
        json_decref(place);
        return object;
    }
    json_decref(place);
    json_decref(object);
    return NULL;
}

void avd_gate_write_gitlab(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    json_t *array = json_array();
    bool good = array != NULL;
    size_t i;

    for (i = 0; good && i < result->summary->count; i++)
        if (result->summary->buckets[i]->crashed)
            good = append(array, gitlab_value(result->summary->buckets[i]));
    avd_gate_json_pretty(good ? array : NULL, out);
    json_decref(array);
}
