/* SPDX-License-Identifier: MIT */
/*
 * The parameters of a stop, each decoded by its kind as a person would with WinDbg: dps for stacks,
 * ln for function pointers, du and da for strings; and who is to blame.
 */
#include "analyze/verifier_scene.h"

#include "analyze/exception_codes.h"
#include "base/utf.h"

#include <inttypes.h>
#include <string.h>

static const char *hex(struct avd_stop_scene *scene, const char *before, uint64_t value)
{
    return avd_arena_printf(&scene->an->arena, "%s0x%" PRIx64, before, value);
}

/* ---- single kinds ---- */

static void decode_thread(struct avd_stop_scene *scene, struct avd_stop_value *value)
{
    const struct avd_dump *dump = scene->an->dump;
    size_t i = value->value <= UINT32_MAX ? avd_dump_thread_index(dump, (uint32_t)value->value)
                                          : AVD_NO_THREAD;

    if (value->value == 0)
        value->text = "none recorded";
    else if (i == AVD_NO_THREAD)
        value->text = avd_arena_printf(&scene->an->arena,
                                       "thread id 0x%" PRIx64 ", not a thread "
                                       "of the dump: it has ended",
                                       value->value);
    else
        value->text =
            avd_arena_printf(&scene->an->arena, "thread %zu of the dump (id 0x%" PRIx64 "%s%s)", i,
                             value->value, dump->threads[i].name != NULL ? ", " : "",
                             dump->threads[i].name != NULL ? dump->threads[i].name : "");
}

static void decode_string(struct avd_stop_scene *scene, struct avd_stop_value *value)
{
    struct avd_arena *arena = &scene->an->arena;
    const char *text = NULL;
    uint8_t byte;

    if (value->value == 0) {
        value->text = "none recorded";
        return;
    }
    if (value->kind != AVD_STOP_ANSI)
        text = avd_stop_string(scene, value->value, true);
    if (text == NULL && value->kind != AVD_STOP_UTF16)
        text = avd_stop_string(scene, value->value, false);
    if (text != NULL) {
        value->text = text;
        return;
    }
    /* What may be a string may be a number as well. */
    if (value->kind == AVD_STOP_MAYBE_STRING)
        return;
    value->reason =
        avd_memory_read(&scene->an->dump->memory, value->value, &byte, 1) == 0
            ? avd_arena_printf(arena, "the text at 0x%" PRIx64 " is not in the dump", value->value)
            : avd_arena_printf(arena, "there is no text at 0x%" PRIx64, value->value);
}

static void decode_code_pointer(struct avd_stop_scene *scene, struct avd_stop_value *value)
{
    if (value->value == 0) {
        value->text = "none recorded";
        return;
    }
    value->text = avd_stop_line_text(scene, value->value, false, &value->module);
    if (value->module == NULL)
        value->text = "in no module, loaded or unloaded";
}

static void decode_module(struct avd_stop_scene *scene, struct avd_stop_value *value)
{
    const struct avd_dump *dump = scene->an->dump;
    size_t module = avd_analysis_module_at(scene->an, value->value);
    size_t i;

    if (value->value == 0) {
        value->text = "none recorded";
        return;
    }
    if (module != AVD_NO_MODULE) {
        value->module = scene->an->modules[module].module->name;
        value->text = value->module;
        return;
    }
    for (i = dump->unloaded_count; i > 0; i--) {
        if (dump->unloaded[i - 1].base != value->value)
            continue;
        value->module = dump->unloaded[i - 1].name;
        value->text = avd_arena_printf(&scene->an->arena, "%s, unloaded", value->module);
        return;
    }
    value->reason = "no module, loaded or unloaded, begins there";
}

static void decode_guid(struct avd_stop_scene *scene, struct avd_stop_value *value)
{
    struct avd_view view;

    if (value->value == 0) {
        value->text = "none recorded";
        return;
    }
    if (!avd_memory_view(&scene->an->dump->memory, value->value, 16, &view) || view.size < 16) {
        value->reason = "the dump does not hold it";
        return;
    }
    value->text =
        avd_arena_printf(&scene->an->arena, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
                         (unsigned)avd_view_u32(view, 0), (unsigned)avd_view_u16(view, 4),
                         (unsigned)avd_view_u16(view, 6), view.data[8], view.data[9], view.data[10],
                         view.data[11], view.data[12], view.data[13], view.data[14], view.data[15]);
}

/* A name with the number, or nothing when the number has none. */
static void decode_code(struct avd_stop_scene *scene, struct avd_stop_value *value)
{
    uint32_t code = (uint32_t)value->value;
    const struct avd_code_doc *doc = avd_code_find(code);
    const char *name = NULL;

    if (value->kind == AVD_STOP_WIN32_ERROR)
        name = avd_win32_error_name(code);
    else if (value->kind == AVD_STOP_EXCEPTION_CODE && doc != NULL)
        name = doc->name;
    else
        name = avd_ntstatus_name(code);
    if (value->kind != AVD_STOP_WIN32_ERROR && name == NULL && doc != NULL)
        name = doc->name;
    if (value->kind == AVD_STOP_WIN32_ERROR)
        value->text = avd_arena_printf(&scene->an->arena, "error %" PRIu32 "%s%s", code,
                                       name != NULL ? " " : "", name != NULL ? name : "");
    else
        value->text = name;
}

/* Bytes that a call of Winsock says it handled, and how many it was asked for. */
static void decode_bytes(struct avd_stop_scene *scene, struct avd_stop_value *value)
{
    if ((uint32_t)value->value == UINT32_MAX)
        value->text = "SOCKET_ERROR (-1)";
    else
        value->text = avd_arena_printf(&scene->an->arena, "%" PRId32, (int32_t)value->value);
}

static void compare_bytes(struct avd_stop_scene *scene, struct avd_stop_value *asked,
                          const struct avd_stop_value *given)
{
    struct avd_arena *arena = &scene->an->arena;

    if (asked->value == 0) {
        asked->text = "none recorded";
        return;
    }
    if (!given->known || (uint32_t)given->value == UINT32_MAX)
        asked->text = avd_arena_printf(arena, "%" PRIu64 " bytes asked for", asked->value);
    else if ((uint32_t)given->value > asked->value)
        asked->text = avd_arena_printf(
            arena, "%" PRIu64 " bytes asked for, %" PRIu32 " returned: more than asked for",
            asked->value, (uint32_t)given->value);
    else
        asked->text = avd_arena_printf(arena, "%" PRIu64 " bytes asked for, %" PRIu32 " returned",
                                       asked->value, (uint32_t)given->value);
}

static void decode_trace(struct avd_stop_scene *scene, struct avd_stop_value *value)
{
    if (value->value == 0) {
        value->text = "none recorded";
        return;
    }
    value->trace = avd_stop_trace_read(scene, value->value);
    if (value->trace != NULL && value->trace->count == 0)
        value->reason = value->trace->reason;
}

static void decode(struct avd_stop_scene *scene, size_t index)
{
    struct avd_stop_value *value = &scene->out->values[index];
    struct avd_arena *arena = &scene->an->arena;

    switch (value->kind) {
    case AVD_STOP_STACK_TRACE: decode_trace(scene, value); break;
    case AVD_STOP_UTF16:
    case AVD_STOP_ANSI:
    case AVD_STOP_MAYBE_STRING: decode_string(scene, value); break;
    case AVD_STOP_CODE_POINTER: decode_code_pointer(scene, value); break;
    case AVD_STOP_MODULE_BASE: decode_module(scene, value); break;
    case AVD_STOP_THREAD_ID: decode_thread(scene, value); break;
    case AVD_STOP_SOCKET: value->text = hex(scene, "SOCKET ", value->value); break;
    case AVD_STOP_HANDLE: value->text = hex(scene, "handle ", value->value); break;
    case AVD_STOP_BYTES: decode_bytes(scene, value); break;
    case AVD_STOP_BYTES_REQUESTED: compare_bytes(scene, value, &scene->out->values[0]); break;
    case AVD_STOP_GUID: decode_guid(scene, value); break;
    case AVD_STOP_WIN32_ERROR:
    case AVD_STOP_NTSTATUS:
    case AVD_STOP_HRESULT:
    case AVD_STOP_EXCEPTION_CODE: decode_code(scene, value); break;
    case AVD_STOP_SIZE:
        value->text = avd_arena_printf(arena, "%" PRIu64 " bytes", value->value);
        break;
    case AVD_STOP_MILLISECONDS:
        value->text = avd_arena_printf(arena, "%" PRIu64 " ms", value->value);
        break;
    case AVD_STOP_COUNT:
    case AVD_STOP_PROCESS_ID:
        value->text = avd_arena_printf(arena, "%" PRIu64, value->value);
        break;
    case AVD_STOP_UNUSED:
    case AVD_STOP_RESERVED:
    case AVD_STOP_VALUE:
    case AVD_STOP_HWND:
    case AVD_STOP_ADDRESS:
    case AVD_STOP_HEAP_HANDLE:
    case AVD_STOP_HEAP_BLOCK:
    case AVD_STOP_CRITICAL_SECTION:
    case AVD_STOP_CRITICAL_SECTION_DEBUG:
    case AVD_STOP_SRW_LOCK:
    case AVD_STOP_EXCEPTION_RECORD:
    case AVD_STOP_CONTEXT_RECORD:
    case AVD_STOP_COM_POINTER:
    case AVD_STOP_KIND_COUNT: break;
    }
}

/* ---- who is to blame ---- */

/* The first frame of the stack that is neither the verifier's nor Winsock's nor the system's. */
static void find_caller(struct avd_stop_scene *scene)
{
    struct avd_verifier *out = scene->out;
    const struct avd_stack *stack = scene->stack != NULL ? &scene->stack->stack : NULL;
    bool missing = false;
    size_t i;

    if (stack == NULL || scene->last == SIZE_MAX) {
        const struct avd_stop_trace *trace;

        out->caller_reason = "the dump holds no stack of the thread that stopped";
        if (scene->record_trace_count < 2)
            return;
        trace = avd_stop_trace_of(scene, scene->record_trace, scene->record_trace_count);
        if (trace == NULL || trace->culprit == SIZE_MAX)
            return;
        out->caller = trace->lines[trace->culprit].text;
        out->caller_module = trace->lines[trace->culprit].module;
        out->caller_reason = NULL;
        return;
    }
    for (i = scene->last + 1; i < stack->count; i++) {
        const struct avd_frame *frame = &stack->frames[i];
        const char *module = avd_stop_frame_module(scene, i);

        missing = missing || frame->frames_missing;
        if (module != NULL && avd_stop_is_skipped(module))
            continue;
        out->caller = avd_stop_line_text(scene, frame->pc, !frame->exact, &out->caller_module);
        if (missing)
            out->caller_reason = "frames may be missing before it";
        else if (frame->trust == AVD_TRUST_SCAN && frame->evidence < AVD_EVIDENCE_CALL)
            out->caller_reason = "found by searching the stack only";
        return;
    }
    out->caller_reason = "no frame outside the verifier, Winsock and the system was found";
}

static bool blame_parameter(struct avd_verifier *out, size_t index)
{
    const struct avd_stop_value *value = &out->values[index];
    const struct avd_stop_trace *trace = value->trace;

    if (!value->known || value->value == 0)
        return false;
    if (trace != NULL && trace->count != 0 && trace->culprit != SIZE_MAX) {
        out->culprit = trace->lines[trace->culprit].text;
        out->culprit_module = trace->lines[trace->culprit].module;
        return true;
    }
    if (value->kind == AVD_STOP_UTF16 && value->text != NULL) {
        out->culprit = value->text;
        out->culprit_module = avd_path_leaf(value->text);
        return true;
    }
    if (value->kind == AVD_STOP_CODE_POINTER && value->module != NULL) {
        out->culprit = value->text;
        out->culprit_module = value->module;
        return true;
    }
    return false;
}

static void find_culprit(struct avd_stop_scene *scene)
{
    static const char *const sources[] = {
        "", "parameter 1", "parameter 2", "parameter 3", "parameter 4", "the stack"};
    static const unsigned char only_stack[] = {AVD_CULPRIT_STACK, 0};
    struct avd_verifier *out = scene->out;
    const unsigned char *place = out->stop != NULL ? out->stop->culprits : only_stack;

    for (; *place != AVD_CULPRIT_END && out->culprit == NULL; place++) {
        if (*place == AVD_CULPRIT_STACK) {
            out->culprit = out->caller;
            out->culprit_module = out->caller_module;
        } else {
            (void)blame_parameter(out, *place - AVD_CULPRIT_PARAMETER1);
        }
        out->culprit_source = out->culprit != NULL ? sources[*place] : NULL;
    }
}

void avd_stop_decode(struct avd_stop_scene *scene)
{
    struct avd_verifier *out = scene->out;
    size_t i;

    find_caller(scene);
    for (i = 0; out->recovered && i < 4; i++) {
        if (out->stop != NULL) {
            out->values[i].kind = out->stop->parameters[i].kind;
            out->values[i].meaning = out->stop->parameters[i].meaning;
        } else {
            out->values[i].kind = AVD_STOP_VALUE;
            out->values[i].meaning = out->values[i].recorded;
        }
        if (out->values[i].known)
            decode(scene, i);
    }
    if (out->recovered)
        avd_stop_decode_heap(scene);
    find_culprit(scene);
}
