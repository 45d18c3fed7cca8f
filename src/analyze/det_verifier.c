/* SPDX-License-Identifier: MIT */
/*
 * Did Application Verifier stop the program, and what does the stop say? The steps are in the
 * verifier_*.c files; here they are put in order and published.
 */
#include "analyze/detectors.h"
#include "analyze/verifier_scene.h"

#include "base/utf.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 48 };

/* Everything that only a stop can tell. */
static const char *const stop_facts[] = {
    "verifier.generation",     "verifier.layer",          "verifier.stop.code",
    "verifier.stop.name",      "verifier.stop.id",        "verifier.stop.title",
    "verifier.stop.severity",  "verifier.stop.cause",     "verifier.stop.advice",
    "verifier.stop.message",   "verifier.source",         "verifier.caller",
    "verifier.culprit",        "verifier.culprit_module", "verifier.culprit_source",
    "verifier.param1",         "verifier.param1.meaning", "verifier.param1.kind",
    "verifier.param1.text",    "verifier.param2",         "verifier.param2.meaning",
    "verifier.param2.kind",    "verifier.param2.text",    "verifier.param3",
    "verifier.param3.meaning", "verifier.param3.kind",    "verifier.param3.text",
    "verifier.param4",         "verifier.param4.meaning", "verifier.param4.kind",
    "verifier.param4.text",    "verifier.trace1",         "verifier.trace2",
    "verifier.trace3",         "verifier.trace4",         "verifier.argument1",
    "verifier.argument2",      "verifier.argument3",      "verifier.argument4",
};

/* ---- how it came about ---- */

static bool has_module(const struct avd_stop_scene *scene, const char *name)
{
    size_t i;

    for (i = 0; i < scene->an->module_count; i++)
        if (avd_ascii_casecmp(scene->an->modules[i].module->name, name) == 0)
            return true;
    return false;
}

static bool engine_has(const struct avd_stop_scene *scene, const char *module)
{
    size_t i;

    for (i = scene->first; scene->first != SIZE_MAX && i <= scene->last; i++)
        if (avd_ascii_casecmp(avd_stop_frame_module(scene, i), module) == 0)
            return true;
    return false;
}

static void tell_generation(struct avd_stop_scene *scene)
{
    struct avd_verifier *out = scene->out;

    if (scene->raised) {
        out->generation = "G5";
        out->way = "the stop was raised as an exception (STATUS_VERIFIER_STOP)";
    } else if (has_module(scene, "vrfcore.dll") && scene->first == SIZE_MAX) {
        out->generation = "G4";
        out->way = "a breakpoint in vrfcore.dll";
    } else if (engine_has(scene, "vrfcore.dll") && engine_has(scene, "verifier.dll")) {
        out->generation = "G3";
        out->way = "verifier.dll reported it, vrfcore.dll broke into the debugger";
    } else if (engine_has(scene, "vrfcore.dll")) {
        out->generation = "G4";
        out->way = "a layer reported it, vrfcore.dll broke into the debugger";
    } else if (scene->first != 0 && scene->first != SIZE_MAX) {
        out->generation = "G1";
        out->way = "verifier.dll alone broke into the debugger through ntdll";
    } else {
        out->generation = "G2";
        out->way = "verifier.dll alone broke into the debugger";
    }
}

/* ---- facts ---- */

static void put_text(struct avd_facts *facts, const char *name, const char *text,
                     const char *reason)
{
    if (text != NULL)
        avd_fact_text(facts, name, text);
    else
        avd_fact_unknown(facts, name, reason);
}

static void publish_trace(struct avd_facts *facts, size_t index, const struct avd_stop_value *value)
{
    const char *lines[64];
    char name[MAX_NAME];
    size_t i;

    (void)snprintf(name, sizeof name, "verifier.trace%zu", index + 1);
    if (value->trace == NULL || value->trace->count == 0) {
        avd_fact_unknown(facts, name,
                         value->kind != AVD_STOP_STACK_TRACE ? "the parameter is no stack trace"
                         : !value->known                     ? value->reason
                         : value->value == 0                 ? "none recorded"
                         : value->trace != NULL              ? value->trace->reason
                                                             : NULL);
        return;
    }
    for (i = 0; i < value->trace->count && i < sizeof lines / sizeof lines[0]; i++)
        lines[i] = value->trace->lines[i].text;
    avd_fact_list(facts, name, lines, i);
}

/* Meaning, value and what it leads to, in one line. */
static void publish_argument(struct avd_analysis *an, size_t index,
                             const struct avd_stop_value *value)
{
    const struct avd_stop_trace *trace = value->trace;
    struct avd_arena *arena = &an->arena;
    char name[MAX_NAME];
    const char *text;

    (void)snprintf(name, sizeof name, "verifier.argument%zu", index + 1);
    if (value->meaning == NULL)
        avd_fact_unknown(&an->facts, name, "the stop does not use it");
    else if (!value->known)
        avd_fact_unknown(&an->facts, name, value->reason);
    else {
        text = avd_arena_printf(
            arena, "%s: 0x%llx%s%s%s%s", value->meaning, (unsigned long long)value->value,
            value->text != NULL ? ", " : "", value->text != NULL ? value->text : "",
            trace != NULL && trace->culprit < trace->count ? ", by " : "",
            trace != NULL && trace->culprit < trace->count ? trace->lines[trace->culprit].text
                                                           : "");
        avd_fact_text(&an->facts, name, text);
    }
}

static void publish_value(struct avd_analysis *an, size_t index)
{
    const struct avd_stop_value *value = &an->verifier->values[index];
    struct avd_facts *facts = &an->facts;
    char name[MAX_NAME];

    (void)snprintf(name, sizeof name, "verifier.param%zu", index + 1);
    if (value->known)
        avd_fact_address(facts, name, value->value, 2 * an->verifier->pointer_size);
    else
        avd_fact_unknown(facts, name, value->reason);
    (void)snprintf(name, sizeof name, "verifier.param%zu.meaning", index + 1);
    put_text(facts, name, value->meaning, "the stop does not use it");
    (void)snprintf(name, sizeof name, "verifier.param%zu.kind", index + 1);
    put_text(facts, name, avd_stop_kind_name(value->kind), NULL);
    (void)snprintf(name, sizeof name, "verifier.param%zu.text", index + 1);
    put_text(facts, name, value->text,
             value->reason != NULL ? value->reason : "the value says it all");
    publish_trace(facts, index, value);
    publish_argument(an, index, value);
}

static void publish_stop(struct avd_analysis *an)
{
    const struct avd_verifier *v = an->verifier;
    const struct avd_stop *stop = v->stop;
    struct avd_facts *facts = &an->facts;
    size_t i;

    avd_fact_text(facts, "verifier.generation", v->generation);
    put_text(facts, "verifier.layer", v->layer, v->reason);
    if (!v->recovered) {
        for (i = 0; i < sizeof stop_facts / sizeof stop_facts[0]; i++)
            if (avd_fact_find(facts, stop_facts[i]) == NULL)
                avd_fact_unknown(facts, stop_facts[i], v->reason);
    } else {
        avd_fact_code(facts, "verifier.stop.code", v->code);
        put_text(facts, "verifier.stop.name", v->headline, NULL);
        put_text(facts, "verifier.stop.id", v->name, "the tables do not have this stop");
        put_text(facts, "verifier.stop.title",
                 stop != NULL && stop->title != NULL ? stop->title : v->message,
                 "the documents give no title, and the dump does not hold the stop's message");
        put_text(facts, "verifier.stop.severity", stop != NULL ? stop->severity : NULL,
                 "it is not documented");
        put_text(facts, "verifier.stop.cause", stop != NULL ? stop->cause : NULL,
                 "the tables do not have this stop");
        put_text(facts, "verifier.stop.advice", stop != NULL ? stop->advice : NULL,
                 "the tables give none");
        put_text(facts, "verifier.stop.message", v->message,
                 "the dump does not hold the stop's message");
        avd_fact_text(facts, "verifier.source", v->source);
        for (i = 0; i < 4; i++)
            publish_value(an, i);
    }
    put_text(facts, "verifier.caller", v->caller, v->caller_reason);
    put_text(facts, "verifier.culprit", v->culprit, v->caller_reason);
    put_text(facts, "verifier.culprit_module", v->culprit_module,
             v->culprit != NULL ? "it lies in no module" : v->caller_reason);
    put_text(facts, "verifier.culprit_source", v->culprit_source, v->caller_reason);
}

static void publish(struct avd_analysis *an)
{
    const struct avd_verifier *v = an->verifier;
    struct avd_facts *facts = &an->facts;
    size_t i;

    avd_fact_bool(facts, "verifier.present", v->loaded);
    avd_fact_text(facts, "verifier.engine", v->engine);
    avd_fact_list(facts, "verifier.providers", v->providers, v->provider_count);
    if (v->has_global_flag)
        avd_fact_code(facts, "verifier.global_flag", v->global_flag);
    else
        avd_fact_unknown(facts, "verifier.global_flag",
                         v->loaded ? "the process environment block is not in the dump"
                                   : "the verifier is not in the process");
    avd_fact_bool(facts, "verifier.stop.present", v->stopped);
    avd_fact_bool(facts, "verifier.stop.recovered", v->recovered);
    if (v->stopped) {
        publish_stop(an);
        return;
    }
    for (i = 0; i < sizeof stop_facts / sizeof stop_facts[0]; i++)
        avd_fact_unknown(facts, stop_facts[i], "the dump does not stand at a verifier stop");
}

static void run(struct avd_analysis *an)
{
    struct avd_verifier *out = avd_arena_alloc(&an->arena, 1, sizeof *out);
    struct avd_stop_scene *scene = avd_arena_alloc(&an->arena, 1, sizeof *scene);

    if (out == NULL || scene == NULL)
        return;
    an->verifier = out;
    avd_stop_engine(an, out);
    scene->an = an;
    scene->out = out;
    avd_analysis_walk_env(an, &scene->env);
    out->stopped = avd_stop_scene_find(scene);
    if (out->stopped) {
        tell_generation(scene);
        avd_stop_from_records(scene);
        avd_stop_from_frames(scene);
        avd_stop_from_texts(scene);
        avd_stop_choose(scene);
        avd_stop_decode(scene);
    }
    if (!an->arena.failed)
        publish(an);
}

const struct avd_detector avd_det_verifier = {
    "verifier",
    "Application Verifier and page heap, and the stop that the dump stands at",
    run,
};
