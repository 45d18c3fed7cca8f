/* SPDX-License-Identifier: MIT */
/*
 * Does the dump stand at a stop of Application Verifier, and on which frames? The engine's frames
 * (vrfcore.dll, verifier.dll, and ntdll's entry to it) lie on top of the stack, below them the DLL
 * of the layer that reports. Modules decide, not functions: without symbols vrfcore's names are
 * those of far-away exports.
 */
#include "analyze/verifier_scene.h"

#include "analyze/peb.h"

#include "base/utf.h"
#include "minidump/format.h"

#include <string.h>

enum {
    /* Frames that may lie above the engine's: the break itself, or raising and reporting it. */
    FRAMES_ABOVE_BREAK = 3,
    FRAMES_ABOVE_RAISE = 24,
    MAX_ENGINE_FRAMES = 16,
    FLG_APPLICATION_VERIFIER = 0x100,
    FLG_HEAP_PAGE_ALLOCS = 0x02000000
};

/* The layers' DLLs, and helpers of theirs. */
static const char *const provider_names[] = {
    "vfbasics.dll",        "vfcompat.dll", "vfluapriv.dll",  "vfprint.dll",
    "vfprintpthelper.dll", "vfnet.dll",    "vfntlmless.dll", "vfnws.dll",
    "vfcuzz.dll",          "vfsvc.dll",    "vfdynf.dll",
};
static const char *const skipped_names[] = {
    "ntdll.dll", "kernel32.dll", "kernelbase.dll", "ws2_32.dll", "mswsock.dll", "wsock32.dll",
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    size_t i;

    for (i = 0; name != NULL && i < count; i++)
        if (avd_ascii_casecmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_provider(const char *module)
{
    return is_one_of(module, provider_names, sizeof provider_names / sizeof provider_names[0]);
}

static bool is(const char *module, const char *name)
{
    return module != NULL && avd_ascii_casecmp(module, name) == 0;
}

bool avd_stop_is_verifier(const char *module)
{
    return is(module, "verifier.dll") || is(module, "vrfcore.dll") || is_provider(module);
}

bool avd_stop_is_skipped(const char *module)
{
    return avd_stop_is_verifier(module) ||
           is_one_of(module, skipped_names, sizeof skipped_names / sizeof skipped_names[0]);
}

/* ---- the engine ---- */

void avd_stop_engine(struct avd_analysis *an, struct avd_verifier *out)
{
    const char **providers = NULL;
    bool engine = false;
    bool core = false;
    size_t i;

    for (i = 0; i < an->module_count; i++) {
        const char *name = an->modules[i].module->name;

        engine = engine || is(name, "verifier.dll");
        core = core || is(name, "vrfcore.dll");
        if (!is_provider(name) || is_one_of(name, providers, out->provider_count))
            continue;
        if (providers == NULL)
            providers = avd_arena_alloc(
                &an->arena, sizeof provider_names / sizeof provider_names[0], sizeof *providers);
        if (providers == NULL)
            return;
        providers[out->provider_count++] = name;
    }
    out->providers = providers;
    out->loaded = engine || core || out->provider_count != 0;
    if (out->loaded)
        out->has_global_flag = avd_peb_global_flag(an, &out->global_flag);
    /* verifier.dll belongs to Windows and does page heap alone; the package brings the rest. */
    if (core || out->provider_count != 0)
        out->engine = "Application Verifier";
    else if (!engine)
        out->engine = "none";
    else if (!out->has_global_flag)
        out->engine = "page heap";
    else if ((out->global_flag & FLG_APPLICATION_VERIFIER) != 0)
        out->engine = "Application Verifier";
    else
        out->engine =
            (out->global_flag & FLG_HEAP_PAGE_ALLOCS) != 0 ? "page heap" : "verifier.dll alone";
}

/* ---- the frames ---- */

const char *avd_stop_frame_module(const struct avd_stop_scene *scene, size_t i)
{
    size_t module;

    if (scene->stack == NULL || i >= scene->stack->stack.count)
        return NULL;
    module = avd_analysis_module_at(scene->an, avd_walk_lookup(&scene->stack->stack.frames[i]));
    return module != AVD_NO_MODULE ? scene->an->modules[module].module->name : NULL;
}

const char *avd_stop_frame_function(const struct avd_stop_scene *scene, size_t i)
{
    return scene->stack != NULL && i < scene->stack->stack.count &&
                   scene->stack->symbols[i].function != NULL
               ? scene->stack->symbols[i].function
               : "";
}

/* ntdll's own entry to the engine, which layers that import no verifier.dll call. */
static bool is_ntdll_stop(const struct avd_stop_scene *scene, size_t i)
{
    return is(avd_stop_frame_module(scene, i), "ntdll.dll") &&
           strstr(avd_stop_frame_function(scene, i), "RtlApplicationVerifierStop") != NULL;
}

static bool is_engine_frame(const struct avd_stop_scene *scene, size_t i)
{
    const char *module = avd_stop_frame_module(scene, i);

    return is(module, "vrfcore.dll") || is(module, "verifier.dll") || is_ntdll_stop(scene, i);
}

/* What may stand between the engine and the top of the stack: ntdll's break, or what raises an
 * exception and reports it to WER. */
static bool may_lie_above(const struct avd_stop_scene *scene, size_t i)
{
    static const char *const names[] = {"ntdll.dll",    "kernelbase.dll", "kernel32.dll",
                                        "faultrep.dll", "wer.dll",        "win32u.dll"};

    return is_one_of(avd_stop_frame_module(scene, i), names, sizeof names / sizeof names[0]);
}

/* Finds the engine's frames on scene->stack. */
static bool find_engine(struct avd_stop_scene *scene, size_t above)
{
    size_t count = scene->stack->stack.count;
    size_t i = 0;

    while (i < count && i < above && !is_engine_frame(scene, i) && may_lie_above(scene, i))
        i++;
    if (i >= count || !is_engine_frame(scene, i))
        return false;
    scene->first = scene->last = i;
    while (scene->last + 1 < count && scene->last - scene->first < MAX_ENGINE_FRAMES &&
           is_engine_frame(scene, scene->last + 1))
        scene->last++;
    return true;
}

/* The DLL of the layer: the one that called the engine; verifier.dll itself checks heaps. */
static void find_provider(struct avd_stop_scene *scene)
{
    const char *below = avd_stop_frame_module(scene, scene->last + 1);
    size_t i;

    if (is_provider(below)) {
        scene->provider = below;
        return;
    }
    for (i = scene->first; i <= scene->last; i++) {
        if (is(avd_stop_frame_module(scene, i), "verifier.dll")) {
            scene->provider = "verifier.dll";
            return;
        }
    }
    /* Programs may bring layers of their own. */
    if (below != NULL && scene->last + 1 < scene->stack->stack.count &&
        !scene->stack->stack.frames[scene->last + 1].frames_missing && !avd_stop_is_skipped(below))
        scene->provider = below;
}

/* A dump without an exception, taken while the debugger stood at the stop: some thread's innermost
 * frames are functions that do nothing else than stop. */
static bool find_waiting_thread(struct avd_stop_scene *scene)
{
    size_t i;
    size_t k;

    for (i = 0; i < scene->an->thread_count; i++) {
        scene->thread = i;
        scene->stack = avd_an_main_stack(&scene->an->threads[i]);
        if (scene->stack->stack.count == 0 || !find_engine(scene, FRAMES_ABOVE_BREAK))
            continue;
        for (k = scene->first; k <= scene->last; k++) {
            const char *function = avd_stop_frame_function(scene, k);

            if (scene->stack->symbols[k].approximate)
                continue;
            if (strstr(function, "VerifierStopMessage") != NULL ||
                strstr(function, "VerifierBreakin") != NULL || is_ntdll_stop(scene, k))
                return true;
        }
    }
    scene->stack = NULL;
    scene->first = scene->last = SIZE_MAX;
    return false;
}

/* The stack of the exception's thread with the engine's frames: its own, else the one from a
 * context found on it. scene->stack is left at the first that has any frames. */
static bool find_on_stacks(struct avd_stop_scene *scene)
{
    struct avd_analysis *an = scene->an;
    const struct avd_an_thread *thread = &an->threads[an->crashing_thread];
    const struct avd_an_stack *const stacks[] = {
        an->exception_is_32bit && an->wow64.present ? &thread->x86 : &thread->native, &an->fault};
    const struct avd_an_stack *first = NULL;
    size_t i;

    for (i = 0; i < 2; i++) {
        scene->stack = stacks[i];
        if (!scene->stack->present || scene->stack->stack.count == 0)
            continue;
        if (first == NULL)
            first = scene->stack;
        if (find_engine(scene, scene->raised ? FRAMES_ABOVE_RAISE : FRAMES_ABOVE_BREAK))
            return true;
    }
    scene->stack = first;
    return false;
}

bool avd_stop_scene_find(struct avd_stop_scene *scene)
{
    struct avd_analysis *an = scene->an;
    uint32_t code = an->exception.code;
    bool found = false;

    scene->first = scene->last = SIZE_MAX;
    scene->thread = an->crashing_thread;
    if (!avd_dump_is_windows(an->dump))
        return false;
    if (!an->has_exception) {
        if (!scene->out->loaded || !find_waiting_thread(scene))
            return false;
        find_provider(scene);
        scene->out->pointer_size = scene->stack->cpu->pointer_size;
        return true;
    }
    scene->raised = code == (uint32_t)STATUS_VERIFIER_STOP;
    scene->out->pointer_size = an->exception_is_32bit ? 4 : 8;
    if (!scene->raised && code != 0x80000003 && code != 0x4000001f)
        return false;
    found = an->crashing_thread != AVD_NO_MODULE && find_on_stacks(scene);
    if (found)
        find_provider(scene);
    /* No stack: a breakpoint inside the engine is one of its own. */
    if (!found && !scene->raised && scene->stack == NULL) {
        size_t module = avd_analysis_module_at(an, an->exception.address);
        const char *name = module != AVD_NO_MODULE ? an->modules[module].module->name : NULL;

        found = is(name, "vrfcore.dll") || is(name, "verifier.dll");
    }
    return found || scene->raised;
}

/* ---- for the sources ---- */

bool avd_stop_word(const struct avd_stop_scene *scene, uint64_t addr, uint64_t *out)
{
    return avd_memory_pointer(&scene->an->dump->memory, addr, scene->out->pointer_size, out);
}

struct avd_stop_candidate *avd_stop_candidate_add(struct avd_stop_scene *scene,
                                                  enum avd_stop_source source, uint32_t code,
                                                  const char *words)
{
    struct avd_stop_candidate *candidate;

    if (scene->candidate_count == AVD_MAX_STOP_CANDIDATES)
        return NULL;
    candidate = &scene->candidates[scene->candidate_count++];
    memset(candidate, 0, sizeof *candidate);
    candidate->source = source;
    candidate->code = code;
    candidate->words = words;
    return candidate;
}

bool avd_stop_layer_agrees(const struct avd_stop_scene *scene, uint32_t code)
{
    const struct avd_stop *stop = avd_stop_find(code, NULL);

    return stop != NULL &&
           is_one_of(scene->provider, stop->layer->modules, stop->layer->module_count);
}
