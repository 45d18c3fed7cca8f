/* SPDX-License-Identifier: MIT */
/* The object `verifier` of the JSON report. */
#include "report/json.h"

static void put_flag(struct avd_json *j, const char *key, int value)
{
    if (avd_json_known(j, key, value >= 0))
        avd_json_bool(j, key, value != 0);
}

static void put_trace(struct avd_json *j, const struct avd_rep_stop_value *value, unsigned digits)
{
    size_t i;

    if (!avd_json_known(j, "trace", value->trace_count != 0))
        return;
    avd_json_open(j, "trace", '[');
    for (i = 0; i < value->trace_count && !j->out->failed; i++) {
        const struct avd_rep_stop_line *line = &value->trace[i];

        avd_json_open(j, NULL, '{');
        avd_json_hex(j, "address", line->address, digits);
        avd_json_text(j, "text", line->text);
        avd_json_text_or_null(j, "module", line->module);
        avd_json_bool(j, "culprit", i == value->trace_culprit);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void put_parameters(struct avd_json *j, const struct avd_rep_verifier *v)
{
    unsigned digits = 2 * v->pointer_size;
    size_t i;

    avd_json_open(j, "parameters", '[');
    for (i = 0; v->recovered && i < 4; i++) {
        const struct avd_rep_stop_value *value = &v->values[i];

        avd_json_open(j, NULL, '{');
        if (avd_json_known(j, "value", value->known))
            avd_json_hex(j, "value", value->value, digits);
        avd_json_text(j, "kind", value->kind);
        avd_json_text_or_null(j, "meaning", value->meaning);
        avd_json_text_or_null(j, "recorded_meaning", value->recorded);
        avd_json_text_or_null(j, "text", value->text);
        avd_json_text_or_null(j, "reason", value->reason);
        put_trace(j, value, digits);
        avd_json_text_or_null(j, "trace_note", value->trace_note);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void put_stop(struct avd_json *j, const struct avd_rep_verifier *v)
{
    avd_json_open(j, "stop", '{');
    if (avd_json_known(j, "code", v->recovered))
        avd_json_hex(j, "code", v->code, 4);
    if (avd_json_known(j, "documented_code", v->documented != 0))
        avd_json_hex(j, "documented_code", v->documented, 4);
    avd_json_text_or_null(j, "headline", v->headline);
    avd_json_text_or_null(j, "id", v->id);
    avd_json_text_or_null(j, "layer", v->layer);
    avd_json_text_or_null(j, "title", v->title);
    avd_json_text_or_null(j, "message", v->message);
    avd_json_text_or_null(j, "cause", v->cause);
    avd_json_text_or_null(j, "advice", v->advice);
    avd_json_text_or_null(j, "severity", v->severity);
    avd_json_text_or_null(j, "error_report", v->error_report);
    put_flag(j, "log", v->log);
    put_flag(j, "backtrace", v->backtrace);
    put_flag(j, "one_time", v->one_time);
    put_parameters(j, v);
    avd_json_text(j, "generation", v->generation);
    avd_json_text(j, "way", v->way);
    avd_json_text_or_null(j, "source", v->source);
    avd_json_text_or_null(j, "reason", v->reason);
    avd_json_text_or_null(j, "caller", v->caller);
    avd_json_text_or_null(j, "caller_module", v->caller_module);
    avd_json_text_or_null(j, "caller_note", v->caller_note);
    avd_json_text_or_null(j, "culprit", v->culprit);
    avd_json_text_or_null(j, "culprit_module", v->culprit_module);
    avd_json_text_or_null(j, "culprit_source", v->culprit_source);
    avd_json_close(j, '{');
}

void avd_json_verifier(struct avd_json *j)
{
    const struct avd_rep_verifier *v = &j->report->verifier;

    avd_json_open(j, "verifier", '{');
    avd_json_bool(j, "present", v->loaded);
    if (avd_json_known(j, "engine", v->loaded))
        avd_json_text_or_null(j, "engine", v->engine);
    avd_json_texts(j, "providers", v->providers, v->provider_count);
    if (avd_json_known(j, "nt_global_flag", v->has_global_flag))
        avd_json_hex(j, "nt_global_flag", v->global_flag, 8);
    if (avd_json_known(j, "stop", v->stopped))
        put_stop(j, v);
    avd_json_close(j, '{');
}
