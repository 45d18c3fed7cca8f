/* SPDX-License-Identifier: MIT */
/* Threads with their stacks: frames get their modules, names and arguments. */
#include "report/build.h"

#include "symbols/undname.h"

#include <stdio.h>
#include <string.h>

static void build_arguments(const struct avd_analysis *an, const struct avd_frame *from,
                            struct avd_rep_frame *frame)
{
    size_t i;

    /* ChildEBP is just below the return address; what follows that are the arguments, if any. */
    if (from->fp == 0)
        return;
    for (i = 0; i < 3; i++)
        if (!avd_memory_u32(&an->dump->memory, from->fp + 8 + 4 * i, &frame->args[i]))
            return;
    frame->has_args = true;
}

/* Modules that were unloaded but once lay at the address. */
static void build_unloaded(const struct avd_analysis *an, struct avd_report *report,
                           struct avd_rep_frame *frame)
{
    const struct avd_unloaded_module *module = avd_dump_unloaded_at(an->dump, frame->lookup, 0);
    const char **names;
    uint64_t *offsets;

    if (module == NULL)
        return;
    names = avd_arena_alloc(&report->arena, AVD_UNLOADED_AT_ONCE, sizeof *names);
    offsets = avd_arena_alloc(&report->arena, AVD_UNLOADED_AT_ONCE, sizeof *offsets);
    if (names == NULL || offsets == NULL)
        return;
    while (module != NULL) {
        names[frame->unloaded_count] = avd_build_copy(report, module->name);
        offsets[frame->unloaded_count++] = frame->lookup - module->base;
        module = avd_dump_unloaded_at(an->dump, frame->lookup, frame->unloaded_count);
    }
    frame->unloaded = names;
    frame->unloaded_offsets = offsets;
}

static void build_inlines(const struct avd_symbol *symbol, struct avd_report *report,
                          struct avd_rep_frame *frame)
{
    struct avd_rep_inline *inlines;
    size_t i;

    if (symbol->inline_count == 0)
        return;
    inlines = avd_arena_alloc(&report->arena, symbol->inline_count, sizeof *inlines);
    if (inlines == NULL)
        return;
    for (i = 0; i < symbol->inline_count; i++) {
        inlines[i].function = avd_build_copy(report, symbol->inlines[i].function);
        inlines[i].source_file = avd_build_copy(report, symbol->inlines[i].source_file);
        inlines[i].line = symbol->inlines[i].line;
    }
    frame->inlines = inlines;
    frame->inline_count = symbol->inline_count;
}

static void build_declaration(const struct avd_symbol *symbol, bool x86, struct avd_report *report,
                              struct avd_rep_frame *frame)
{
    const char *whole;

    if (symbol->decorated == NULL)
        return;
    frame->decorated = avd_build_copy(report, symbol->decorated);
    whole = avd_undecorate(&report->arena, symbol->decorated, AVD_UNDNAME_FULL, x86);
    /* Of C names there is nothing more to tell. */
    if (whole != NULL && strcmp(whole, symbol->function) != 0 &&
        strcmp(whole, symbol->decorated) != 0)
        frame->declaration = whole;
}

/* The nearest export is no name of the frame's own. */
static const char *wow64_role(const struct avd_an_module *module, const struct avd_symbol *symbol)
{
    bool exported = symbol->source != NULL && strcmp(symbol->source, "exports") == 0;

    return avd_wow64_role_name(
        avd_wow64_role_of(module->module->name, exported ? NULL : symbol->function));
}

static void build_frame(const struct avd_analysis *an, const struct avd_an_stack *stack,
                        size_t index, struct avd_report *report, struct avd_rep_frame *frame)
{
    const struct avd_frame *from = &stack->stack.frames[index];
    const struct avd_symbol *symbol = &stack->symbols[index];
    size_t module;

    frame->index = index;
    frame->pc = from->pc;
    frame->lookup = from->exact || from->pc == 0 ? from->pc : from->pc - 1;
    frame->sp = from->sp;
    frame->fp = from->fp;
    frame->return_address = from->return_address;
    frame->trust = avd_trust_name(from->trust);
    frame->method = avd_method_name(from->method);
    frame->evidence = avd_evidence_name(from->evidence);
    frame->percent = from->percent;
    frame->frames_missing = from->frames_missing;
    frame->exact = from->exact;
    if (stack->cpu->pointer_size == 4)
        build_arguments(an, from, frame);
    module = avd_analysis_module_at(an, frame->lookup);
    frame->module = AVD_NO_INDEX;
    if (module == AVD_NO_MODULE) {
        build_unloaded(an, report, frame);
        return;
    }
    frame->module = module;
    frame->module_name = report->modules[module].display_name;
    frame->module_file = report->modules[module].file;
    frame->module_offset = frame->lookup - an->modules[module].module->base;
    if (an->wow64.present)
        frame->wow64_role = wow64_role(&an->modules[module], symbol);
    if (symbol->function == NULL)
        return;
    frame->function = avd_build_copy(report, symbol->function);
    build_declaration(symbol, stack->cpu->pointer_size == 4, report, frame);
    frame->function_offset = symbol->displacement + (frame->pc - frame->lookup);
    frame->function_approximate = symbol->approximate;
    frame->function_source = avd_build_copy(report, symbol->source);
    frame->source_file = avd_build_copy(report, symbol->source_file);
    frame->line = symbol->line;
    build_inlines(symbol, report, frame);
}

static void build_registers(const struct avd_an_stack *from, struct avd_report *report,
                            struct avd_rep_stack *stack)
{
    /* The order in which debuggers print them. */
    static const unsigned char order[AVD_REG_COUNT] = {
        AVD_RAX, AVD_RBX, AVD_RCX, AVD_RDX, AVD_RSI, AVD_RDI, AVD_RIP, AVD_RSP, AVD_RBP,
        AVD_R8,  AVD_R9,  AVD_R10, AVD_R11, AVD_R12, AVD_R13, AVD_R14, AVD_R15};
    const char **names = avd_arena_alloc(&report->arena, AVD_REG_COUNT + 1, sizeof *names);
    uint64_t *values = avd_arena_alloc(&report->arena, AVD_REG_COUNT + 1, sizeof *values);
    size_t i;

    if (names == NULL || values == NULL)
        return;
    for (i = 0; i < AVD_REG_COUNT; i++) {
        const char *name = from->cpu->reg_names[order[i]];

        if (name == NULL || !avd_reg_known(&from->regs, order[i]))
            continue;
        names[stack->reg_count] = name;
        values[stack->reg_count] = from->regs.value[order[i]];
        stack->reg_count++;
    }
    if (from->has_eflags) {
        names[stack->reg_count] = "eflags";
        values[stack->reg_count] = from->eflags;
        stack->reg_count++;
    }
    stack->reg_names = names;
    stack->reg_values = values;
}

static void build_stack(const struct avd_analysis *an, const struct avd_an_stack *from,
                        struct avd_report *report, struct avd_rep_stack *stack)
{
    struct avd_rep_frame *frames;
    size_t i;

    stack->present = from->present;
    if (!from->present)
        return;
    stack->pointer_size =
        from->cpu != NULL ? from->cpu->pointer_size : avd_dump_pointer_size(an->dump);
    stack->cpu = from->cpu != NULL ? from->cpu->name : NULL;
    stack->end = avd_walk_end_name(from->stack.end);
    stack->end_detail = avd_build_copy(report, from->stack.end_detail);
    stack->source = from->stack.count != 0 ? avd_build_copy(report, from->source) : NULL;
    stack->volatile_stale = from->volatile_stale;
    frames = avd_arena_alloc(&report->arena, from->stack.count, sizeof *frames);
    if (frames == NULL)
        return;
    for (i = 0; i < from->stack.count; i++)
        build_frame(an, from, i, report, &frames[i]);
    stack->frames = frames;
    stack->frame_count = from->stack.count;
    if (from->cpu != NULL)
        build_registers(from, report, stack);
}

static const char *context32_source(const struct avd_wow64_thread *wow)
{
    switch (wow->source) {
    case AVD_WOW64_LIVE: return "live (cs 0x23)";
    case AVD_WOW64_CPU_AREA: return "cpu area";
    case AVD_WOW64_STREAM: return "x86 context in the dump";
    case AVD_WOW64_NONE: break;
    }
    return wow->reason;
}

/* The crashing thread as it was at the exception, not as it is in the handler. */
static void build_crashed(const struct avd_analysis *an, struct avd_report *report)
{
    struct avd_rep_thread *crashed;
    struct avd_rep_stack stack = {0};

    if (!an->fault.present || report->crashing_thread == AVD_NO_INDEX)
        return;
    crashed = avd_arena_alloc(&report->arena, 1, sizeof *crashed);
    if (crashed == NULL)
        return;
    *crashed = report->threads[report->crashing_thread];
    build_stack(an, &an->fault, report, &stack);
    /* A fault of WOW64's own 64-bit code leaves the 32-bit half as it is. */
    if (crashed->native.present && stack.pointer_size != crashed->stack.pointer_size)
        crashed->native = stack;
    else
        crashed->stack = stack;
    report->crashed = crashed;
}

void avd_build_threads(const struct avd_analysis *an, struct avd_report *report)
{
    struct avd_rep_thread *threads =
        avd_arena_alloc(&report->arena, an->thread_count, sizeof *threads);
    size_t i;

    report->crashing_thread = AVD_NO_INDEX;
    report->requesting_thread = AVD_NO_INDEX;
    if (threads == NULL || report->arena.failed)
        return;
    for (i = 0; i < an->thread_count; i++) {
        const struct avd_an_thread *from = &an->threads[i];
        struct avd_rep_thread *thread = &threads[i];
        const struct avd_an_stack *main_stack = avd_an_main_stack(from);

        thread->id = from->thread->id;
        thread->name = avd_build_copy(report, from->thread->name);
        thread->teb = from->thread->teb;
        thread->has_last_error = from->has_last_error;
        thread->last_error = from->last_error;
        if (from->has_last_error)
            thread->last_error_name = avd_win32_error_name(from->last_error);
        thread->suspend_count = from->thread->suspend_count;
        thread->exited = from->thread->has_info && (from->thread->dump_flags & 4) != 0;
        build_stack(an, main_stack, report, &thread->stack);
        if (main_stack != &from->native)
            build_stack(an, &from->native, report, &thread->native);
        thread->wow64 = an->wow64.present;
        if (an->wow64.present) {
            thread->teb32 = from->wow.teb32;
            thread->teb32_route = from->wow.teb32_route;
            thread->cpu_area = from->wow.cpu_area;
            thread->cpu_area_route = from->wow.cpu_area_route;
            thread->context32_source = avd_build_copy(report, context32_source(&from->wow));
        }
    }
    report->threads = threads;
    report->thread_count = an->thread_count;
    if (an->crashing_thread != AVD_NO_MODULE)
        report->crashing_thread = an->crashing_thread;
    if (an->first_thread != AVD_NO_MODULE)
        report->requesting_thread = an->first_thread;
    build_crashed(an, report);
}
