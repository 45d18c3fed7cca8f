/* SPDX-License-Identifier: MIT */
/*
 * A stop out of the engine's frames. The functions take
 *
 *     VerifierStopMessageEx(layer, code, P1, P2, P3, P4, ...)                    vrfcore.dll
 *     VerifierStopMessage(code, message, P1, text1, P2, text2, ... P4, text4)    verifier.dll
 *
 * and RtlApplicationVerifierStop of ntdll takes the latter's. On x86 all of it lies on the stack.
 * On x64 the first four arguments came in registers; their home slots hold them only if the callee
 * stored them there, so that something else must speak for the code: a second argument, or its
 * layer and size. What lies further up is passed on the stack and there for sure. Candidates only:
 * see verifier_choose.c.
 */
#include "analyze/verifier_scene.h"

#include "base/utf.h"

#include <string.h>

enum {
    ARGUMENT_COUNT = 10,
    HOME_SLOTS = 4,
    /* Smaller codes are what any register or slot may hold by accident. */
    LEAST_CODE = 0x100
};

enum shape { SHAPE_EX, SHAPE_MESSAGE, SHAPE_CAPTURE };

/* Which argument each parameter of the stop is; 0: not passed. */
static const unsigned parameter_index[][4] = {
    [SHAPE_EX] = {2, 3, 4, 5},
    [SHAPE_MESSAGE] = {2, 4, 6, 8},
    [SHAPE_CAPTURE] = {1, 2, 0, 0},
};
static const unsigned code_index[] = {[SHAPE_EX] = 1, [SHAPE_MESSAGE] = 0, [SHAPE_CAPTURE] = 0};

/* Where frame i's arguments lie: just above the slot of its return address. */
static bool arguments_of(const struct avd_stop_scene *scene, size_t i,
                         uint64_t values[ARGUMENT_COUNT], bool known[ARGUMENT_COUNT])
{
    const struct avd_stack *stack = &scene->stack->stack;
    uint64_t base;
    size_t k;

    if (i + 1 < stack->count && !stack->frames[i + 1].frames_missing)
        base = stack->frames[i + 1].sp;
    else if (scene->out->pointer_size == 4 && stack->frames[i].fp != 0)
        base = stack->frames[i].fp + 8;
    else
        return false;
    for (k = 0; k < ARGUMENT_COUNT; k++)
        known[k] = avd_stop_word(scene, base + (uint64_t)k * scene->out->pointer_size, &values[k]);
    return known[0] && known[1];
}

/* The message of VerifierStopMessage is a constant of the engine's or of a layer's. */
static bool is_message(struct avd_stop_scene *scene, uint64_t addr, const char **text)
{
    uint16_t first = 0;

    *text = NULL;
    if (avd_analysis_module_at(scene->an, addr) == AVD_NO_MODULE)
        return false;
    if (avd_memory_u16(&scene->an->dump->memory, addr, &first))
        *text = avd_stop_string(scene, addr, first < 0x100);
    return true;
}

static const char *words_for(struct avd_stop_scene *scene, size_t i, enum shape shape)
{
    static const char *const functions[] = {
        [SHAPE_EX] = "VerifierStopMessageEx",
        [SHAPE_MESSAGE] = "VerifierStopMessage",
        [SHAPE_CAPTURE] = "VerifierCaptureContextAndReportStop",
    };
    const char *module = avd_stop_frame_module(scene, i);

    return avd_arena_printf(&scene->an->arena, "the arguments of %s!%s%s",
                            module != NULL ? module : "?", functions[shape],
                            scene->out->pointer_size == 8 ? ", as its home space keeps them" : "");
}

/* Whether a second argument shows that these are the function's arguments. */
static bool is_confirmed(struct avd_stop_scene *scene, enum shape shape,
                         const uint64_t values[ARGUMENT_COUNT], const char **message)
{
    *message = NULL;
    switch (shape) {
    case SHAPE_EX: return avd_analysis_module_at(scene->an, values[0]) != AVD_NO_MODULE;
    case SHAPE_MESSAGE: return is_message(scene, values[1], message);
    case SHAPE_CAPTURE: break;
    }
    return false;
}

static void try_shape(struct avd_stop_scene *scene, size_t i, enum shape shape, bool named)
{
    bool is64 = scene->out->pointer_size == 8;
    struct avd_stop_candidate *candidate;
    uint64_t values[ARGUMENT_COUNT] = {0};
    bool known[ARGUMENT_COUNT] = {false};
    const char *message;
    uint64_t code;
    bool confirmed;
    size_t k;

    if (!arguments_of(scene, i, values, known))
        return;
    code = values[code_index[shape]];
    confirmed = is_confirmed(scene, shape, values, &message);
    if (is64 && named) {
        for (k = 0; k < 4; k++) {
            unsigned index = parameter_index[shape][k];

            if (index >= HOME_SLOTS && known[index]) {
                scene->late_known[k] = true;
                scene->late[k] = values[index];
            }
        }
    }
    if (code == 0 || code > UINT32_MAX)
        return;
    /* A code of the reporting layer's in this very slot is no accident, unless it is a number as
     * small as many others. */
    if (code >= LEAST_CODE && avd_stop_layer_agrees(scene, (uint32_t)code))
        confirmed = true;
    if (!confirmed && (is64 || !named))
        return;
    candidate = avd_stop_candidate_add(scene, AVD_STOP_FROM_ARGUMENTS, (uint32_t)code,
                                       words_for(scene, i, shape));
    if (candidate == NULL)
        return;
    candidate->message = message;
    for (k = 0; k < 4; k++) {
        unsigned index = parameter_index[shape][k];
        uint64_t name = shape == SHAPE_MESSAGE && known[index + 1] ? values[index + 1] : 0;

        candidate->known[k] = index != 0 && known[index];
        candidate->values[k] = candidate->known[k] ? values[index] : 0;
        if (name != 0 && avd_analysis_module_at(scene->an, name) != AVD_NO_MODULE)
            candidate->recorded[k] = avd_stop_string(scene, name, false);
    }
    if (shape == SHAPE_EX)
        (void)avd_stop_describe(scene, values[0], candidate);
    /* Nothing is known of such a code: what looked like one was none. */
    if (avd_stop_find(candidate->code, NULL) == NULL && !candidate->described)
        scene->candidate_count--;
}

/* A register that a call preserves, of a frame where it is known. */
static void try_registers(struct avd_stop_scene *scene)
{
    static const unsigned kept[] = {AVD_RBX, AVD_RBP, AVD_RSI, AVD_RDI,
                                    AVD_R12, AVD_R13, AVD_R14, AVD_R15};
    const struct avd_stack *stack = &scene->stack->stack;
    uint32_t code = 0;
    size_t i;
    size_t k;

    for (i = scene->first; i <= scene->last + 1 && i < stack->count; i++) {
        for (k = 0; k < sizeof kept / sizeof kept[0]; k++) {
            uint64_t value = stack->frames[i].regs.value[kept[k]];

            if (!avd_reg_known(&stack->frames[i].regs, kept[k]) || value > UINT32_MAX ||
                value < LEAST_CODE || !avd_stop_layer_agrees(scene, (uint32_t)value))
                continue;
            /* Two different ones: one of them at least is an accident. */
            if (code != 0 && code != value)
                return;
            code = (uint32_t)value;
        }
    }
    if (code != 0)
        (void)avd_stop_candidate_add(scene, AVD_STOP_FROM_REGISTER, code,
                                     "a register that the verifier keeps");
}

static bool is_named(const struct avd_stop_scene *scene, size_t i, const char *function)
{
    return !scene->stack->symbols[i].approximate &&
           strstr(avd_stop_frame_function(scene, i), function) != NULL;
}

void avd_stop_from_frames(struct avd_stop_scene *scene)
{
    size_t i;

    if (scene->stack == NULL || scene->first == SIZE_MAX)
        return;
    for (i = scene->first; i <= scene->last; i++) {
        const char *module = avd_stop_frame_module(scene, i);

        if (module != NULL && avd_ascii_casecmp(module, "vrfcore.dll") == 0) {
            /* What a layer calls in vrfcore is that function, whatever its nearest name is. */
            try_shape(scene, i, SHAPE_EX,
                      is_named(scene, i, "VerifierStopMessageEx") ||
                          (scene->first == scene->last && scene->provider != NULL));
        } else if (is_named(scene, i, "VerifierCaptureContextAndReportStop")) {
            if (scene->out->pointer_size == 4)
                try_shape(scene, i, SHAPE_CAPTURE, true);
        } else {
            try_shape(scene, i, SHAPE_MESSAGE,
                      is_named(scene, i, "VerifierStopMessage") ||
                          is_named(scene, i, "RtlApplicationVerifierStop"));
        }
    }
    if (scene->out->pointer_size == 8)
        try_registers(scene);
}
