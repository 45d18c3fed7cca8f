/* SPDX-License-Identifier: MIT */
/*
 * The stop record: STATUS_VERIFIER_STOP's third parameter points to it. The exception may be the
 * dump's own, or lie on the stack of a process that a debugger stopped before it was raised: the
 * engine keeps an EXCEPTION_RECORD there, where VerifierBreakin's arguments would be. The layout is
 * what Microsoft's OneFuzz reads; all its fields have 64 bits, in 32-bit processes too.
 */
#include "analyze/verifier_scene.h"

#include "base/view.h"

#include <string.h>

enum {
    RECORD_SIZE = 0x158,
    RECORD_DEPTH = 0x0c,
    RECORD_TRACE = 0x10,
    RECORD_MESSAGE = 0x110,
    RECORD_PARAMETERS = 0x118, /* four pairs of value and description */
    RECORD_MAX_DEPTH = 32,
    /* The engine's frame with the record and a CONTEXT has 0x328 bytes on x86; on x64 more, with
     * room for an extended CONTEXT. */
    SEARCHED_STACK = 0x4000,
    MAX_PARAMETERS = 15
};

static const char *either_string(struct avd_stop_scene *scene, uint64_t addr)
{
    uint16_t first = 0;

    /* The engine has texts of both kinds; plain ASCII tells them apart. */
    if (addr == 0 || !avd_memory_u16(&scene->an->dump->memory, addr, &first))
        return NULL;
    return avd_stop_string(scene, addr, first < 0x100);
}

/* False when the bytes are no stop record; *there tells whether they are in the dump at all. */
static bool read_record(struct avd_stop_scene *scene, uint64_t addr, const char *words, bool *there)
{
    uint8_t bytes[RECORD_SIZE];
    struct avd_view view = {bytes, sizeof bytes};
    struct avd_stop_candidate *candidate;
    uint64_t mask = scene->out->pointer_size == 4 ? UINT32_MAX : UINT64_MAX;
    uint64_t code;
    uint32_t depth;
    size_t i;

    *there = avd_memory_read(&scene->an->dump->memory, addr, bytes, sizeof bytes) == sizeof bytes;
    if (!*there)
        return false;
    code = avd_view_u64(view, 0);
    depth = avd_view_u32(view, RECORD_DEPTH);
    if (code == 0 || code > UINT32_MAX || depth > RECORD_MAX_DEPTH)
        return false;
    candidate = avd_stop_candidate_add(scene, AVD_STOP_FROM_RECORD, (uint32_t)code, words);
    if (candidate == NULL)
        return false;
    candidate->message = either_string(scene, avd_view_u64(view, RECORD_MESSAGE) & mask);
    for (i = 0; i < 4; i++) {
        candidate->known[i] = true;
        candidate->values[i] = avd_view_u64(view, RECORD_PARAMETERS + 16 * i) & mask;
        candidate->recorded[i] =
            either_string(scene, avd_view_u64(view, RECORD_PARAMETERS + 16 * i + 8) & mask);
    }
    /* A code that no table has needs something else that speaks for a record. */
    if (avd_stop_find((uint32_t)code, NULL) == NULL && candidate->message == NULL) {
        scene->candidate_count--;
        return false;
    }
    if (scene->record_trace_count == 0) {
        for (i = 0; i < depth; i++)
            scene->record_trace[i] = avd_view_u64(view, RECORD_TRACE + 8 * i) & mask;
        scene->record_trace_count = depth;
    }
    return true;
}

static void from_exception(struct avd_stop_scene *scene)
{
    const struct avd_exception *exception = &scene->an->exception;
    uint64_t mask = scene->out->pointer_size == 4 ? UINT32_MAX : UINT64_MAX;
    bool there;

    if (!scene->raised)
        return;
    if (exception->parameter_count < 3) {
        scene->record_reason = "the exception has no parameter that leads to a stop record";
    } else if (!read_record(scene, exception->parameters[2] & mask,
                            "the stop record of the exception", &there)) {
        scene->record_reason =
            avd_arena_printf(&scene->an->arena, "the stop record at 0x%llx is %s",
                             (unsigned long long)(exception->parameters[2] & mask),
                             there ? "damaged, or of a kind that is not known" : "not in the dump");
    }
    if (exception->parameter_count != 0 && exception->parameters[0] <= UINT32_MAX &&
        avd_stop_find((uint32_t)exception->parameters[0], NULL) != NULL)
        (void)avd_stop_candidate_add(scene, AVD_STOP_FROM_EXCEPTION,
                                     (uint32_t)exception->parameters[0],
                                     "the exception's first parameter");
}

/* An EXCEPTION_RECORD of STATUS_VERIFIER_STOP at `addr`, whose third parameter is a stop record. */
static bool exception_record_at(struct avd_stop_scene *scene, uint64_t addr)
{
    const struct avd_memory *memory = &scene->an->dump->memory;
    bool is32 = scene->out->pointer_size == 4;
    uint32_t code;
    uint32_t flags;
    uint32_t count;
    uint64_t record;
    bool there = false;

    if (!avd_memory_u32(memory, addr, &code) || code != (uint32_t)STATUS_VERIFIER_STOP ||
        !avd_memory_u32(memory, addr + 4, &flags) || flags > 1 ||
        !avd_memory_u32(memory, addr + (is32 ? 0x10 : 0x18), &count) || count < 3 ||
        count > MAX_PARAMETERS || !avd_stop_word(scene, addr + (is32 ? 0x1c : 0x30), &record))
        return false;
    if (read_record(scene, record, "the stop record behind an exception record on the stack",
                    &there))
        return true;
    if (!there)
        scene->record_reason =
            avd_arena_printf(&scene->an->arena, "the stop record at 0x%llx is not in the dump",
                             (unsigned long long)record);
    return false;
}

/* Looks from the engine's first frame outwards, no further than where its callers begin. */
static void from_stack(struct avd_stop_scene *scene)
{
    const struct avd_stack *stack;
    uint64_t from;
    uint64_t to;
    uint64_t addr;

    if (scene->stack == NULL || scene->first == SIZE_MAX)
        return;
    stack = &scene->stack->stack;
    from = stack->frames[scene->first].sp;
    to = scene->last + 1 < stack->count ? stack->frames[scene->last + 1].sp : from + SEARCHED_STACK;
    from -= from % scene->out->pointer_size;
    if (to < from || to - from > SEARCHED_STACK)
        to = from + SEARCHED_STACK;
    for (addr = from; addr < to; addr += scene->out->pointer_size)
        if (exception_record_at(scene, addr))
            return;
}

void avd_stop_from_records(struct avd_stop_scene *scene)
{
    from_exception(scene);
    if (scene->candidate_count == 0 || scene->candidates[0].source != AVD_STOP_FROM_RECORD)
        from_stack(scene);
}
