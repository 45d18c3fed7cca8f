/* SPDX-License-Identifier: MIT */
/*
 * Which candidate is the stop. A stop record is believed as it is; any other candidate only when
 * its layer is one of the DLL that reports, or when a second source gives the same code. A number
 * that happens to lie on a stack passes neither test.
 */
#include "analyze/verifier_scene.h"

#include <stdio.h>
#include <string.h>

/* Whether another source gives the same code. Two comments are one source. */
static bool is_seconded(const struct avd_stop_scene *scene, size_t index)
{
    const struct avd_stop_candidate *candidate = &scene->candidates[index];
    size_t i;

    for (i = 0; i < scene->candidate_count; i++)
        if (scene->candidates[i].code == candidate->code &&
            scene->candidates[i].source != candidate->source)
            return true;
    return false;
}

static bool is_believed(const struct avd_stop_scene *scene, size_t index)
{
    const struct avd_stop_candidate *candidate = &scene->candidates[index];

    return candidate->source == AVD_STOP_FROM_RECORD || candidate->described ||
           avd_stop_layer_agrees(scene, candidate->code) || is_seconded(scene, index);
}

/* The surest believed one; the innermost among equals. */
static size_t surest(const struct avd_stop_scene *scene)
{
    size_t best = SIZE_MAX;
    size_t i;

    for (i = 0; i < scene->candidate_count; i++)
        if (is_believed(scene, i) &&
            (best == SIZE_MAX || scene->candidates[i].source < scene->candidates[best].source))
            best = i;
    return best;
}

/* What the chosen one lacks and another one of the same code has. */
static void add_details(struct avd_stop_candidate *to, const struct avd_stop_candidate *from)
{
    size_t i;

    if (to->message == NULL)
        to->message = from->message;
    for (i = 0; i < 4; i++) {
        if (to->recorded[i] == NULL)
            to->recorded[i] = from->recorded[i];
        if (!to->known[i] && from->known[i]) {
            to->known[i] = true;
            to->values[i] = from->values[i];
        }
    }
}

/* Why no code: what was seen, or what a dump would have to hold. */
static const char *why_not(struct avd_stop_scene *scene)
{
    struct avd_arena *arena = &scene->an->arena;
    const struct avd_stop_candidate *candidate = &scene->candidates[0];
    const struct avd_stop *stop;

    if (scene->candidate_count != 0) {
        stop = avd_stop_find(candidate->code, NULL);
        return avd_arena_printf(arena,
                                "%s would give 0x%x, %s%s, but the stop is reported by %s and "
                                "nothing else in the dump gives that code",
                                candidate->words, (unsigned)candidate->code,
                                stop != NULL ? "a stop of the layer " : "which no table has",
                                stop != NULL ? stop->layer->name : "",
                                scene->provider != NULL ? scene->provider : "an unknown module");
    }
    if (scene->record_reason != NULL)
        return avd_arena_printf(arena, "%s, and no other source gives the stop",
                                scene->record_reason);
    if (scene->stack == NULL)
        return "the dump holds no stack of the thread that stopped";
    return scene->out->pointer_size == 8
               ? "64-bit code passes the code in a register that is gone by now, and the dump has "
                 "neither a stop record nor the stop's text"
               : "the arguments of the verifier's functions could not be found on the stack, and "
                 "the dump has neither a stop record nor the stop's text";
}

static void name_stop(struct avd_stop_scene *scene, const struct avd_stop_candidate *chosen)
{
    struct avd_verifier *out = scene->out;
    struct avd_arena *arena = &scene->an->arena;

    out->stop = avd_stop_find(out->code, &out->documented);
    if (out->stop != NULL) {
        out->layer = out->stop->layer->name;
        out->name = out->stop->name;
        out->headline = avd_arena_printf(arena, "%s_%s (%x)", out->stop->layer->headline,
                                         out->stop->name, (unsigned)out->code);
        return;
    }
    out->layer = chosen->layer;
    out->headline =
        avd_arena_printf(arena, "APPLICATION_VERIFIER_UNKNOWN (%x)", (unsigned)out->code);
}

void avd_stop_choose(struct avd_stop_scene *scene)
{
    struct avd_verifier *out = scene->out;
    struct avd_stop_candidate chosen;
    size_t index = surest(scene);
    bool seconded = false;
    size_t i;

    if (index == SIZE_MAX) {
        out->reason = why_not(scene);
        return;
    }
    chosen = scene->candidates[index];
    for (i = 0; i < scene->candidate_count; i++) {
        const struct avd_stop_candidate *other = &scene->candidates[i];

        if (i == index || other->code != chosen.code)
            continue;
        add_details(&chosen, other);
        if (other->source != chosen.source && !seconded) {
            seconded = true;
            chosen.words =
                avd_arena_printf(&scene->an->arena, "%s, and %s", chosen.words, other->words);
        }
    }
    out->recovered = true;
    out->code = chosen.code;
    out->message = chosen.message;
    out->source = chosen.words;
    name_stop(scene, &chosen);
    for (i = 0; i < 4; i++) {
        struct avd_stop_value *value = &out->values[i];

        value->known = chosen.known[i];
        value->value = chosen.values[i];
        value->recorded = chosen.recorded[i];
        if (!value->known && scene->late_known[i]) {
            value->known = true;
            value->value = scene->late[i];
        }
        if (!value->known)
            value->reason = out->pointer_size == 8
                                ? "64-bit code passed it in a register that is gone by now"
                                : "the dump does not hold it";
    }
}
