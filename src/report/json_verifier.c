/* SPDX-License-Identifier: MIT */
/* The object `verifier` of the JSON report. */
#include "report/json.h"

static json_t *flag(int value)
{
    return value < 0 ? json_null() : json_boolean(value != 0);
}

static json_t *lines(struct avd_json *j, const struct avd_rep_stop_value *value, unsigned digits)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < value->trace_count && !j->out->failed; i++) {
        const struct avd_rep_stop_line *line = &value->trace[i];
        json_t *object = json_object();

        avd_json_put(j, object, "address", avd_json_hex(line->address, digits));
        avd_json_put(j, object, "text", avd_json_text(j, line->text));
        avd_json_put(j, object, "module", avd_json_text_or_null(j, line->module));
        avd_json_put(j, object, "culprit", json_boolean(i == value->trace_culprit));
        avd_json_append(j, array, object);
    }
    return array;
}

static json_t *parameters(struct avd_json *j, const struct avd_rep_verifier *v)
{
    unsigned digits = 2 * v->pointer_size;
    json_t *array = json_array();
    size_t i;

    for (i = 0; v->recovered && i < 4; i++) {
        const struct avd_rep_stop_value *value = &v->values[i];
        json_t *object = json_object();

        avd_json_put(j, object, "value",
                     value->known ? avd_json_hex(value->value, digits) : json_null());
        avd_json_put(j, object, "kind", avd_json_text(j, value->kind));
        avd_json_put(j, object, "meaning", avd_json_text_or_null(j, value->meaning));
        avd_json_put(j, object, "recorded_meaning", avd_json_text_or_null(j, value->recorded));
        avd_json_put(j, object, "text", avd_json_text_or_null(j, value->text));
        avd_json_put(j, object, "reason", avd_json_text_or_null(j, value->reason));
        avd_json_put(j, object, "trace",
                     value->trace_count != 0 ? lines(j, value, digits) : json_null());
        avd_json_put(j, object, "trace_note", avd_json_text_or_null(j, value->trace_note));
        avd_json_append(j, array, object);
    }
    return array;
}

static json_t *stop(struct avd_json *j, const struct avd_rep_verifier *v)
{
    json_t *object = json_object();

    avd_json_put(j, object, "code", v->recovered ? avd_json_hex(v->code, 4) : json_null());
    avd_json_put(j, object, "documented_code",
                 v->documented != 0 ? avd_json_hex(v->documented, 4) : json_null());
    avd_json_put(j, object, "headline", avd_json_text_or_null(j, v->headline));
    avd_json_put(j, object, "id", avd_json_text_or_null(j, v->id));
    avd_json_put(j, object, "layer", avd_json_text_or_null(j, v->layer));
    avd_json_put(j, object, "title", avd_json_text_or_null(j, v->title));
    avd_json_put(j, object, "message", avd_json_text_or_null(j, v->message));
    avd_json_put(j, object, "cause", avd_json_text_or_null(j, v->cause));
    avd_json_put(j, object, "advice", avd_json_text_or_null(j, v->advice));
    avd_json_put(j, object, "severity", avd_json_text_or_null(j, v->severity));
    avd_json_put(j, object, "error_report", avd_json_text_or_null(j, v->error_report));
    avd_json_put(j, object, "log", flag(v->log));
    avd_json_put(j, object, "backtrace", flag(v->backtrace));
    avd_json_put(j, object, "one_time", flag(v->one_time));
    avd_json_put(j, object, "parameters", parameters(j, v));
    avd_json_put(j, object, "generation", avd_json_text(j, v->generation));
    avd_json_put(j, object, "way", avd_json_text(j, v->way));
    avd_json_put(j, object, "source", avd_json_text_or_null(j, v->source));
    avd_json_put(j, object, "reason", avd_json_text_or_null(j, v->reason));
    avd_json_put(j, object, "caller", avd_json_text_or_null(j, v->caller));
    avd_json_put(j, object, "caller_module", avd_json_text_or_null(j, v->caller_module));
    avd_json_put(j, object, "caller_note", avd_json_text_or_null(j, v->caller_note));
    avd_json_put(j, object, "culprit", avd_json_text_or_null(j, v->culprit));
    avd_json_put(j, object, "culprit_module", avd_json_text_or_null(j, v->culprit_module));
    avd_json_put(j, object, "culprit_source", avd_json_text_or_null(j, v->culprit_source));
    return object;
}

void avd_json_verifier(struct avd_json *j)
{
    const struct avd_rep_verifier *v = &j->report->verifier;
    json_t *object = json_object();

    avd_json_put(j, object, "present", json_boolean(v->loaded));
    avd_json_put(j, object, "engine",
                 v->loaded ? avd_json_text_or_null(j, v->engine) : json_null());
    avd_json_put(j, object, "providers", avd_json_texts(j, v->providers, v->provider_count));
    avd_json_put(j, object, "nt_global_flag",
                 v->has_global_flag ? avd_json_hex(v->global_flag, 8) : json_null());
    avd_json_put(j, object, "stop", v->stopped ? stop(j, v) : json_null());
    avd_json_value(j, "verifier", object);
}
