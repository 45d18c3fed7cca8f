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

/* Not avd_json_address: the two stacks of a WOW64 thread differ in their width. */
static void put_address(struct avd_json *j, const char *key, const struct avd_rep_stack *stack,
                        uint64_t address)
{
    avd_json_hex(j, key, address, digits(stack));
}

static void put_address_or_null(struct avd_json *j, const char *key,
                                const struct avd_rep_stack *stack, uint64_t address)
{
    if (avd_json_known(j, key, address != 0))
        put_address(j, key, stack, address);
}

static void put_line(struct avd_json *j, const char *file, uint32_t line)
{
    if (avd_json_known(j, "line", file != NULL && line != 0))
        avd_json_number(j, "line", line);
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* [{module, offsets}], the offsets of one module together, as they stand together in the model. */
static void put_unloaded_modules(struct avd_json *j, const struct avd_rep_stack *stack,
                                 const struct avd_rep_frame *frame)
{
    size_t i = 0;

    if (!avd_json_known(j, "unloaded_modules",
                        frame->module == AVD_NO_INDEX && frame->unloaded_count != 0))
        return;
    avd_json_open(j, "unloaded_modules", '[');
    while (i < frame->unloaded_count) {
        const char *name = frame->unloaded[i];

        avd_json_open(j, NULL, '{');
        avd_json_text(j, "module", name);
        avd_json_open(j, "offsets", '[');
        do {
            put_address(j, NULL, stack, frame->unloaded_offsets[i]);
            i++;
        } while (i < frame->unloaded_count && same_name(frame->unloaded[i], name));
        avd_json_close(j, '[');
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void put_registers(struct avd_json *j, const struct avd_rep_stack *stack)
{
    size_t i;

    avd_json_open(j, "registers", '{');
    for (i = 0; i < stack->reg_count; i++)
        put_address(j, stack->reg_names[i], stack, stack->reg_values[i]);
    avd_json_close(j, '{');
}

static void put_arguments(struct avd_json *j, const struct avd_rep_frame *frame)
{
    size_t i;

    if (!avd_json_known(j, "arguments", frame->has_args))
        return;
    avd_json_open(j, "arguments", '[');
    for (i = 0; i < sizeof frame->args / sizeof *frame->args; i++)
        avd_json_hex(j, NULL, frame->args[i], 8);
    avd_json_close(j, '[');
}

/* Innermost first, as rust-minidump has them; null without any. */
static void put_inlines(struct avd_json *j, const struct avd_rep_frame *frame)
{
    size_t i;

    if (!avd_json_known(j, "inlines", frame->inline_count != 0))
        return;
    avd_json_open(j, "inlines", '[');
    for (i = 0; i < frame->inline_count; i++) {
        const struct avd_rep_inline *call = &frame->inlines[i];

        avd_json_open(j, NULL, '{');
        avd_json_text(j, "function", call->function);
        avd_json_text(j, "file", call->source_file);
        put_line(j, call->source_file, call->line);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

/* A name that is an export's comes from the module itself, not from symbols. */
static bool has_symbols(const struct avd_rep_frame *frame)
{
    return frame->function != NULL &&
           (frame->function_source == NULL || strcmp(frame->function_source, "exports") != 0);
}

static void put_frame(struct avd_json *j, const struct avd_rep_stack *stack,
                      const struct avd_rep_frame *frame, bool with_registers)
{
    uint64_t step = frame->pc - frame->lookup; /* 1 for callers, else 0 */
    bool has_module = frame->module < j->report->module_count;
    bool has_offset = frame->function != NULL && frame->function_offset >= step;

    avd_json_open(j, NULL, '{');
    avd_json_number(j, "frame", frame->index);
    avd_json_text(j, "trust", frame->trust);
    avd_json_text(j, "method", frame->method);
    avd_json_text(j, "evidence", frame->evidence);
    avd_json_number_or_null(j, "confidence", frame->percent);
    avd_json_bool(j, "exact", frame->exact);
    avd_json_bool(j, "frames_missing_before", frame->frames_missing);
    avd_json_text(j, "wow64_role", frame->wow64_role);
    if (with_registers)
        put_registers(j, stack);
    put_address(j, "offset", stack, frame->lookup);
    put_address(j, "instruction_pointer", stack, frame->pc);
    put_address_or_null(j, "return_address", stack, frame->return_address);
    put_address(j, "stack_pointer", stack, frame->sp);
    put_address_or_null(j, "frame_pointer", stack, frame->fp);
    put_arguments(j, frame);
    avd_json_text(j, "module", has_module ? frame->module_file : NULL);
    avd_json_text(j, "module_name", has_module ? frame->module_name : NULL);
    avd_json_index(j, "modules_index", frame->module, j->report->module_count);
    if (avd_json_known(j, "module_offset", has_module))
        put_address(j, "module_offset", stack, frame->module_offset);
    put_unloaded_modules(j, stack, frame);
    avd_json_text(j, "function", frame->function);
    avd_json_text(j, "function_decorated", frame->decorated);
    avd_json_text(j, "function_declaration", frame->declaration);
    if (avd_json_known(j, "function_offset", has_offset))
        put_address(j, "function_offset", stack, frame->function_offset - step);
    avd_json_text(j, "function_source", frame->function != NULL ? frame->function_source : NULL);
    if (avd_json_known(j, "function_approximate", frame->function != NULL))
        avd_json_bool(j, "function_approximate", frame->function_approximate);
    avd_json_text(j, "file", frame->source_file);
    put_line(j, frame->source_file, frame->line);
    put_inlines(j, frame);
    avd_json_bool(j, "missing_symbols", !has_symbols(frame));
    avd_json_close(j, '{');
}

static void put_stack_end(struct avd_json *j, const char *key, const struct avd_rep_stack *stack)
{
    if (!avd_json_known(j, key, stack->end != NULL))
        return;
    avd_json_open(j, key, '{');
    avd_json_text(j, "reason", stack->end);
    avd_json_text_or_null(j, "detail", stack->end_detail);
    avd_json_close(j, '{');
}

static void write_frames(struct avd_json *j, const char *key, const struct avd_rep_stack *stack,
                         bool with_registers)
{
    size_t i;

    avd_json_open(j, key, '[');
    for (i = 0; i < stack->frame_count && !j->out->failed; i++)
        put_frame(j, stack, &stack->frames[i], with_registers && i == 0);
    avd_json_close(j, '[');
}

static void put_last_error(struct avd_json *j, const struct avd_rep_thread *thread)
{
    if (!avd_json_known(j, "last_error_value", thread->has_last_error))
        return;
    if (thread->last_error_name != NULL)
        avd_json_text(j, "last_error_value", thread->last_error_name);
    else
        avd_json_hex(j, "last_error_value", thread->last_error, 8);
}

static void write_head(struct avd_json *j, const struct avd_rep_thread *thread)
{
    avd_json_text_or_null(j, "thread_name", thread->name);
    avd_json_number(j, "thread_id", thread->id);
    avd_json_address_or_null(j, "teb", thread->teb);
    avd_json_number(j, "suspend_count", thread->suspend_count);
    avd_json_bool(j, "exited", thread->exited);
}

static void put_unreliable_registers(struct avd_json *j, const struct avd_rep_stack *stack)
{
    static const char *const names[] = {"eax", "ecx", "edx"};
    size_t i;

    avd_json_open(j, "unreliable_registers", '[');
    for (i = 0; stack->volatile_stale && i < sizeof names / sizeof names[0]; i++)
        avd_json_text(j, NULL, names[i]);
    avd_json_close(j, '[');
}

static void put_wow64(struct avd_json *j, const struct avd_rep_thread *thread)
{
    if (!avd_json_known(j, "wow64", thread->wow64))
        return;
    avd_json_open(j, "wow64", '{');
    avd_json_address_or_null(j, "teb32", thread->teb32);
    avd_json_text_or_null(j, "teb32_route", thread->teb32_route);
    avd_json_address_or_null(j, "cpu_area", thread->cpu_area);
    avd_json_text_or_null(j, "cpu_area_route", thread->cpu_area_route);
    avd_json_text_or_null(j, "context32_source", thread->context32_source);
    put_unreliable_registers(j, &thread->stack);
    avd_json_close(j, '{');
}

static void write_thread(struct avd_json *j, const struct avd_rep_thread *thread,
                         bool with_registers)
{
    write_head(j, thread);
    put_last_error(j, thread);
    if (avd_json_known(j, "last_error", thread->has_last_error))
        avd_json_number(j, "last_error", thread->last_error);
    put_wow64(j, thread);
    avd_json_text(j, "cpu_arch", thread->stack.cpu);
    avd_json_text_or_null(j, "context_source", thread->stack.source);
    put_stack_end(j, "stack_end", &thread->stack);
    avd_json_number(j, "frame_count", thread->stack.frame_count);
    write_frames(j, "frames", &thread->stack, with_registers);
    if (!thread->native.present) {
        avd_json_null(j, "native_context_source");
        avd_json_null(j, "native_stack_end");
        avd_json_null(j, "native_frames");
        return;
    }
    avd_json_text_or_null(j, "native_context_source", thread->native.source);
    put_stack_end(j, "native_stack_end", &thread->native);
    write_frames(j, "native_frames", &thread->native, with_registers);
}

void avd_json_threads(struct avd_json *j)
{
    size_t i;

    avd_json_number(j, "thread_count", j->report->thread_count);
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
    avd_json_number(j, "threads_index", index);
    write_thread(j, crashed ? report->crashed : &report->threads[index], true);
    avd_json_close(j, '{');
}

void avd_json_crashing_thread(struct avd_json *j)
{
    size_t index = j->report->crashing_thread;

    if (index >= j->report->thread_count) {
        avd_json_null(j, "crashing_thread");
        return;
    }
    avd_json_thread(j, "crashing_thread", index);
}

void avd_json_threads_short(struct avd_json *j)
{
    size_t i;

    avd_json_number(j, "thread_count", j->report->thread_count);
    avd_json_open(j, "threads", '[');
    for (i = 0; i < j->report->thread_count && !j->out->failed; i++) {
        avd_json_open(j, NULL, '{');
        write_head(j, &j->report->threads[i]);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}
