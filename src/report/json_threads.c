/* SPDX-License-Identifier: MIT */
/*
 * Threads, stacks and frames in JSON. Names and types are rust-minidump's; like there, the offsets
 * of a caller's frame are those of an address inside the call instruction, one below the return
 * address. What is ours stands beside it (docs/json.md).
 */
#include "report/json.h"

#include <string.h>

static unsigned digits(const struct avd_rep_stack *stack)
{
    return stack->pointer_size == 4 ? 8 : 16;
}

static json_t *address_or_null(const struct avd_rep_stack *stack, uint64_t address)
{
    return address != 0 ? avd_json_hex(address, digits(stack)) : json_null();
}

static json_t *line_or_null(const char *file, uint32_t line)
{
    return file != NULL && line != 0 ? avd_json_number(line) : json_null();
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* [{module, offsets}], the offsets of one module together, as they stand together in the model. */
static json_t *unloaded_modules(struct avd_json *j, const struct avd_rep_stack *stack,
                                const struct avd_rep_frame *frame)
{
    json_t *array;
    size_t i = 0;

    if (frame->module != AVD_NO_INDEX || frame->unloaded_count == 0)
        return json_null();
    array = json_array();
    while (i < frame->unloaded_count) {
        const char *name = frame->unloaded[i];
        json_t *object = json_object();
        json_t *offsets = json_array();

        do {
            avd_json_append(j, offsets, avd_json_hex(frame->unloaded_offsets[i], digits(stack)));
            i++;
        } while (i < frame->unloaded_count && same_name(frame->unloaded[i], name));
        avd_json_put(j, object, "module", avd_json_text(j, name));
        avd_json_put(j, object, "offsets", offsets);
        avd_json_append(j, array, object);
    }
    return array;
}

static json_t *registers(struct avd_json *j, const struct avd_rep_stack *stack)
{
    json_t *object = json_object();
    size_t i;

    for (i = 0; i < stack->reg_count; i++)
        avd_json_put(j, object, stack->reg_names[i],
                     avd_json_hex(stack->reg_values[i], digits(stack)));
    return object;
}

static json_t *arguments(struct avd_json *j, const struct avd_rep_frame *frame)
{
    json_t *array;
    size_t i;

    if (!frame->has_args)
        return json_null();
    array = json_array();
    for (i = 0; i < sizeof frame->args / sizeof *frame->args; i++)
        avd_json_append(j, array, avd_json_hex(frame->args[i], 8));
    return array;
}

/* Innermost first, as rust-minidump has them; null without any. */
static json_t *inlines(struct avd_json *j, const struct avd_rep_frame *frame)
{
    json_t *array;
    size_t i;

    if (frame->inline_count == 0)
        return json_null();
    array = json_array();
    for (i = 0; i < frame->inline_count; i++) {
        const struct avd_rep_inline *call = &frame->inlines[i];
        json_t *object = json_object();

        avd_json_put(j, object, "function", avd_json_text(j, call->function));
        avd_json_put(j, object, "file", avd_json_text(j, call->source_file));
        avd_json_put(j, object, "line", line_or_null(call->source_file, call->line));
        avd_json_append(j, array, object);
    }
    return array;
}

/* A name that is an export's comes from the module itself, not from symbols. */
static bool has_symbols(const struct avd_rep_frame *frame)
{
    return frame->function != NULL &&
           (frame->function_source == NULL || strcmp(frame->function_source, "exports") != 0);
}

static json_t *frame_object(struct avd_json *j, const struct avd_rep_stack *stack,
                            const struct avd_rep_frame *frame, bool with_registers)
{
    uint64_t step = frame->pc - frame->lookup; /* 1 for callers, else 0 */
    bool has_module = frame->module < j->report->module_count;
    bool has_offset = frame->function != NULL && frame->function_offset >= step;
    json_t *object = json_object();

    avd_json_put(j, object, "frame", avd_json_number(frame->index));
    avd_json_put(j, object, "trust", avd_json_text(j, frame->trust));
    avd_json_put(j, object, "method", avd_json_text(j, frame->method));
    avd_json_put(j, object, "evidence", avd_json_text(j, frame->evidence));
    avd_json_put(j, object, "confidence",
                 frame->percent != 0 ? avd_json_number(frame->percent) : json_null());
    avd_json_put(j, object, "exact", json_boolean(frame->exact));
    avd_json_put(j, object, "frames_missing_before", json_boolean(frame->frames_missing));
    avd_json_put(j, object, "wow64_role", avd_json_text(j, frame->wow64_role));
    if (with_registers)
        avd_json_put(j, object, "registers", registers(j, stack));
    avd_json_put(j, object, "offset", avd_json_hex(frame->lookup, digits(stack)));
    avd_json_put(j, object, "instruction_pointer", avd_json_hex(frame->pc, digits(stack)));
    avd_json_put(j, object, "return_address", address_or_null(stack, frame->return_address));
    avd_json_put(j, object, "stack_pointer", avd_json_hex(frame->sp, digits(stack)));
    avd_json_put(j, object, "frame_pointer", address_or_null(stack, frame->fp));
    avd_json_put(j, object, "arguments", arguments(j, frame));
    avd_json_put(j, object, "module", avd_json_text(j, has_module ? frame->module_file : NULL));
    avd_json_put(j, object, "module_name",
                 avd_json_text(j, has_module ? frame->module_name : NULL));
    avd_json_put(j, object, "modules_index",
                 avd_json_index(frame->module, j->report->module_count));
    avd_json_put(j, object, "module_offset",
                 has_module ? avd_json_hex(frame->module_offset, digits(stack)) : json_null());
    avd_json_put(j, object, "unloaded_modules", unloaded_modules(j, stack, frame));
    avd_json_put(j, object, "function", avd_json_text(j, frame->function));
    avd_json_put(j, object, "function_decorated", avd_json_text(j, frame->decorated));
    avd_json_put(j, object, "function_declaration", avd_json_text(j, frame->declaration));
    avd_json_put(j, object, "function_offset",
                 has_offset ? avd_json_hex(frame->function_offset - step, digits(stack))
                            : json_null());
    avd_json_put(j, object, "function_source",
                 avd_json_text(j, frame->function != NULL ? frame->function_source : NULL));
    avd_json_put(j, object, "function_approximate",
                 frame->function != NULL ? json_boolean(frame->function_approximate)
                                         : json_null());
    avd_json_put(j, object, "file", avd_json_text(j, frame->source_file));
    avd_json_put(j, object, "line", line_or_null(frame->source_file, frame->line));
    avd_json_put(j, object, "inlines", inlines(j, frame));
    avd_json_put(j, object, "missing_symbols", json_boolean(!has_symbols(frame)));
    return object;
}

static json_t *stack_end(struct avd_json *j, const struct avd_rep_stack *stack)
{
    json_t *object;

    if (stack->end == NULL)
        return json_null();
    object = json_object();
    avd_json_put(j, object, "reason", avd_json_text(j, stack->end));
    avd_json_put(j, object, "detail", avd_json_text_or_null(j, stack->end_detail));
    return object;
}

static void write_frames(struct avd_json *j, const char *key, const struct avd_rep_stack *stack,
                         bool with_registers)
{
    size_t i;

    avd_json_open(j, key, '[');
    for (i = 0; i < stack->frame_count && !j->out->failed; i++)
        avd_json_value(j, NULL,
                       frame_object(j, stack, &stack->frames[i], with_registers && i == 0));
    avd_json_close(j, '[');
}

static json_t *last_error(struct avd_json *j, const struct avd_rep_thread *thread)
{
    if (!thread->has_last_error)
        return json_null();
    if (thread->last_error_name != NULL)
        return avd_json_text(j, thread->last_error_name);
    return avd_json_hex(thread->last_error, 8);
}

static void write_head(struct avd_json *j, const struct avd_rep_thread *thread)
{
    avd_json_value(j, "thread_name", avd_json_text_or_null(j, thread->name));
    avd_json_value(j, "thread_id", avd_json_number(thread->id));
    avd_json_value(j, "teb", avd_json_address_or_null(j, thread->teb));
    avd_json_value(j, "suspend_count", avd_json_number(thread->suspend_count));
    avd_json_value(j, "exited", json_boolean(thread->exited));
}

static json_t *unreliable_registers(struct avd_json *j, const struct avd_rep_stack *stack)
{
    static const char *const names[] = {"eax", "ecx", "edx"};
    json_t *array = json_array();
    size_t i;

    for (i = 0; stack->volatile_stale && i < sizeof names / sizeof names[0]; i++)
        avd_json_append(j, array, avd_json_text(j, names[i]));
    return array;
}

static json_t *wow64_object(struct avd_json *j, const struct avd_rep_thread *thread)
{
    json_t *object;

    if (!thread->wow64)
        return json_null();
    object = json_object();
    avd_json_put(j, object, "teb32", avd_json_address_or_null(j, thread->teb32));
    avd_json_put(j, object, "teb32_route", avd_json_text_or_null(j, thread->teb32_route));
    avd_json_put(j, object, "cpu_area", avd_json_address_or_null(j, thread->cpu_area));
    avd_json_put(j, object, "cpu_area_route", avd_json_text_or_null(j, thread->cpu_area_route));
    avd_json_put(j, object, "context32_source",
                 avd_json_text_or_null(j, thread->context32_source));
    avd_json_put(j, object, "unreliable_registers", unreliable_registers(j, &thread->stack));
    return object;
}

static void write_thread(struct avd_json *j, const struct avd_rep_thread *thread,
                         bool with_registers)
{
    write_head(j, thread);
    avd_json_value(j, "last_error_value", last_error(j, thread));
    avd_json_value(j, "last_error",
                   thread->has_last_error ? avd_json_number(thread->last_error) : json_null());
    avd_json_value(j, "wow64", wow64_object(j, thread));
    avd_json_value(j, "cpu_arch", avd_json_text(j, thread->stack.cpu));
    avd_json_value(j, "context_source", avd_json_text_or_null(j, thread->stack.source));
    avd_json_value(j, "stack_end", stack_end(j, &thread->stack));
    avd_json_value(j, "frame_count", avd_json_number(thread->stack.frame_count));
    write_frames(j, "frames", &thread->stack, with_registers);
    if (!thread->native.present) {
        avd_json_value(j, "native_context_source", json_null());
        avd_json_value(j, "native_stack_end", json_null());
        avd_json_value(j, "native_frames", json_null());
        return;
    }
    avd_json_value(j, "native_context_source", avd_json_text_or_null(j, thread->native.source));
    avd_json_value(j, "native_stack_end", stack_end(j, &thread->native));
    write_frames(j, "native_frames", &thread->native, with_registers);
}

void avd_json_threads(struct avd_json *j)
{
    size_t i;

    avd_json_value(j, "thread_count", avd_json_number(j->report->thread_count));
    avd_json_open(j, "threads", '[');
    for (i = 0; i < j->report->thread_count && !j->out->failed; i++) {
        avd_json_open(j, NULL, '{');
        write_thread(j, &j->report->threads[i], false);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

void avd_json_thread(struct avd_json *j, const char *key, size_t index)
{
    const struct avd_report *report = j->report;
    bool crashed = index == report->crashing_thread && report->crashed != NULL;

    avd_json_open(j, key, '{');
    avd_json_value(j, "threads_index", avd_json_number(index));
    write_thread(j, crashed ? report->crashed : &report->threads[index], true);
    avd_json_close(j, '{');
}

void avd_json_crashing_thread(struct avd_json *j)
{
    size_t index = j->report->crashing_thread;

    if (index >= j->report->thread_count) {
        avd_json_value(j, "crashing_thread", json_null());
        return;
    }
    avd_json_thread(j, "crashing_thread", index);
}

void avd_json_threads_short(struct avd_json *j)
{
    size_t i;

    avd_json_value(j, "thread_count", avd_json_number(j->report->thread_count));
    avd_json_open(j, "threads", '[');
    for (i = 0; i < j->report->thread_count && !j->out->failed; i++) {
        avd_json_open(j, NULL, '{');
        write_head(j, &j->report->threads[i]);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}
