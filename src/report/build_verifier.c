/* SPDX-License-Identifier: MIT */
/* Application Verifier's part of a report, copied out of the analysis. */
#include "report/build.h"

#include "analyze/verifier.h"

static void build_trace(struct avd_report *report, const struct avd_stop_trace *from,
                        struct avd_rep_stop_value *to)
{
    struct avd_rep_stop_line *lines = avd_arena_alloc(&report->arena, from->count, sizeof *lines);
    size_t i;

    for (i = 0; lines != NULL && i < from->count; i++) {
        lines[i].address = from->lines[i].address;
        lines[i].text = avd_build_copy(report, from->lines[i].text);
        lines[i].module = avd_build_copy(report, from->lines[i].module);
        lines[i].outside = from->lines[i].outside;
    }
    to->trace = lines;
    to->trace_count = lines != NULL ? from->count : 0;
    to->trace_culprit = from->culprit < from->count ? from->culprit : AVD_NO_INDEX;
    to->trace_note = from->count != 0 ? avd_build_copy(report, from->reason) : NULL;
}

static void build_value(struct avd_report *report, const struct avd_stop_value *from,
                        struct avd_rep_stop_value *to)
{
    to->known = from->known;
    to->value = from->value;
    to->kind = avd_stop_kind_name(from->kind);
    to->meaning = avd_build_copy(report, from->meaning);
    to->recorded = avd_build_copy(report, from->recorded);
    to->text = avd_build_copy(report, from->text);
    to->reason = avd_build_copy(report, from->reason);
    to->trace_culprit = AVD_NO_INDEX;
    if (from->trace != NULL)
        build_trace(report, from->trace, to);
}

static void build_documented(struct avd_report *report, const struct avd_stop *stop,
                             struct avd_rep_verifier *to)
{
    to->log = to->backtrace = to->one_time = -1;
    if (stop == NULL)
        return;
    to->title = avd_build_copy(report, stop->title);
    to->cause = avd_build_copy(report, stop->cause);
    to->advice = avd_build_copy(report, stop->advice);
    to->severity = stop->severity;
    to->error_report = stop->report;
    to->log = stop->log;
    to->backtrace = stop->backtrace;
    to->one_time = stop->one_time;
}

void avd_build_verifier(const struct avd_analysis *an, struct avd_report *report)
{
    const struct avd_verifier *from = an->verifier;
    struct avd_rep_verifier *to = &report->verifier;
    const char **providers;
    size_t i;

    if (from == NULL)
        return;
    to->loaded = from->loaded;
    to->engine = from->engine;
    to->has_global_flag = from->has_global_flag;
    to->global_flag = from->global_flag;
    providers = avd_arena_alloc(&report->arena, from->provider_count, sizeof *providers);
    for (i = 0; providers != NULL && i < from->provider_count; i++)
        providers[i] = avd_build_copy(report, from->providers[i]);
    to->providers = providers;
    to->provider_count = providers != NULL ? from->provider_count : 0;
    to->stopped = from->stopped;
    build_documented(report, from->stop, to);
    if (!from->stopped)
        return;
    to->pointer_size = from->pointer_size;
    to->generation = from->generation;
    to->way = from->way;
    to->recovered = from->recovered;
    to->reason = avd_build_copy(report, from->reason);
    to->code = from->code;
    to->documented = from->documented;
    to->layer = avd_build_copy(report, from->layer);
    to->id = avd_build_copy(report, from->name);
    to->headline = avd_build_copy(report, from->headline);
    to->message = avd_build_copy(report, from->message);
    to->source = avd_build_copy(report, from->source);
    for (i = 0; i < 4; i++)
        build_value(report, &from->values[i], &to->values[i]);
    to->caller = avd_build_copy(report, from->caller);
    to->caller_module = avd_build_copy(report, from->caller_module);
    to->caller_note = avd_build_copy(report, from->caller_reason);
    to->culprit = avd_build_copy(report, from->culprit);
    to->culprit_module = avd_build_copy(report, from->culprit_module);
    to->culprit_source = from->culprit_source;
}
