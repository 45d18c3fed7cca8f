/* SPDX-License-Identifier: MIT */
/*
 * Every thread's registers, stacks and names. The thread of the exception starts from the
 * exception's own context; a WOW64 thread has two halves.
 */
#include "analyze/modules.h"

#include "base/bisect.h"
#include "base/limits.h"
#include "minidump/format.h"

#include <stdlib.h>
#include <string.h>

/* Where a TEB keeps what a walk and a reader want; winternl.h and public struct dumps. */
struct teb_layout {
    unsigned pointer_size;
    uint32_t stack_base, stack_limit, self, last_error;
};
static const struct teb_layout teb64_layout = {8, 0x08, 0x10, 0x30, 0x68};
static const struct teb_layout teb32_layout = {4, 0x04, 0x08, 0x18, 0x34};

static const struct avd_cpu_ops *native_cpu(const struct avd_dump *dump)
{
    switch (dump->system.architecture) {
    case PROCESSOR_ARCHITECTURE_AMD64: return &avd_cpu_amd64;
    case PROCESSOR_ARCHITECTURE_INTEL:
    case PROCESSOR_ARCHITECTURE_IA32_ON_WIN64: return &avd_cpu_x86;
    default: return NULL;
    }
}

/* Reads the stack's bounds from a TEB that points to itself; both 0 otherwise. */
static bool read_teb(const struct avd_analysis *an, uint64_t teb, const struct teb_layout *layout,
                     uint64_t *low, uint64_t *high)
{
    const struct avd_memory *memory = &an->dump->memory;
    uint64_t self;

    *low = *high = 0;
    if (teb == 0 || !avd_memory_pointer(memory, teb + layout->self, layout->pointer_size, &self) ||
        self != teb)
        return false;
    if (!avd_memory_pointer(memory, teb + layout->stack_base, layout->pointer_size, high) ||
        !avd_memory_pointer(memory, teb + layout->stack_limit, layout->pointer_size, low) ||
        *low >= *high)
        *low = *high = 0;
    return true;
}

static bool symbolize(struct avd_analysis *an, struct avd_an_stack *stack)
{
    size_t i;

    stack->symbols = avd_arena_alloc(&an->arena, stack->stack.count, sizeof *stack->symbols);
    if (stack->symbols == NULL)
        return false;
    for (i = 0; i < stack->stack.count; i++) {
        const struct avd_frame *frame = &stack->stack.frames[i];
        /* A return address may lie behind the last instruction of its function. */
        uint64_t lookup = frame->exact || frame->pc == 0 ? frame->pc : frame->pc - 1;
        size_t module = avd_analysis_module_at(an, lookup);

        if (module == AVD_NO_MODULE)
            continue;
        an->modules[module].on_stack = true;
        if (avd_symbolizer_find(an->symbolizer, module, lookup - an->modules[module].module->base,
                                &stack->symbols[i]) == AVD_E_NOMEM)
            return false;
    }
    return true;
}

static int compare_starts(const void *a, const void *b)
{
    const struct avd_stack_range *x = a;
    const struct avd_stack_range *y = b;

    return x->start != y->start ? (x->start > y->start ? 1 : -1)
                                : (x->end > y->end) - (x->end < y->end);
}

/*
 * Small dumps often lack the TEB. They hold each thread's stack from its sp up to its base then,
 * which lies at a multiple of what VirtualAlloc hands out; a part that a writer cut off does not.
 */
static bool stacks_of_writer(struct avd_analysis *an)
{
    enum { ALLOCATION_GRANULARITY = 0x10000 };
    size_t i;

    if (!avd_dump_is_windows(an->dump))
        return true;
    an->whole_stacks = avd_arena_alloc(&an->arena, an->thread_count, sizeof *an->whole_stacks);
    if (an->whole_stacks == NULL)
        return false;
    for (i = 0; i < an->thread_count; i++) {
        const struct avd_thread *thread = &an->dump->threads[i];
        struct avd_stack_range *range = &an->whole_stacks[an->whole_stack_count];

        range->start = thread->stack_start;
        range->end = thread->stack_start + thread->stack_size;
        if (range->start < range->end && range->end % ALLOCATION_GRANULARITY == 0)
            an->whole_stack_count++;
    }
    if (an->whole_stack_count > 1)
        qsort(an->whole_stacks, an->whole_stack_count, sizeof *an->whole_stacks, compare_starts);
    return true;
}

/* The one that sp lies in: the last that begins at or below it, as stacks do not overlap. */
static void stack_of_writer(const struct avd_analysis *an, uint64_t sp, uint64_t *low,
                            uint64_t *high)
{
    struct avd_bisect b = avd_bisect_start(an->whole_stack_count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, an->whole_stacks[b.middle].start <= sp);
    if (b.low == 0 || sp >= an->whole_stacks[b.low - 1].end)
        return;
    *low = an->whole_stacks[b.low - 1].start;
    *high = an->whole_stacks[b.low - 1].end;
}

/* How many frames the next stack may have: fewer and fewer. */
static unsigned frames_of_stack(const struct avd_analysis *an)
{
    if (an->frame_count < an->frame_ceiling)
        return an->max_frames;
    return an->frame_count < an->frame_ceiling + an->frame_ceiling / 4 ? AVD_MAX_FRAMES_WHEN_OVER
                                                                       : 1;
}

bool avd_analysis_walk(struct avd_analysis *an, const struct avd_cpu_ops *cpu,
                       const struct avd_context *context, uint64_t low, uint64_t high,
                       struct avd_an_stack *out)
{
    const struct avd_regs *regs = &context->regs;
    struct avd_walk_env env;
    struct avd_walk w;

    memset(&w, 0, sizeof w);
    avd_analysis_walk_env(an, &env);
    avd_analysis_unwind_env(&env);
    w.cpu = cpu;
    w.env = &env;
    w.arena = &an->arena;
    w.stack_low = low;
    w.stack_high = high;
    if (high == 0 && avd_reg_known(regs, AVD_RSP))
        stack_of_writer(an, regs->value[AVD_RSP], &w.stack_low, &w.stack_high);
    w.code_budget = &an->code_budget;
    w.effort = &an->walk_effort;
    w.candidates = &an->candidates;
    w.max_frames = frames_of_stack(an);
    w.allow_scan = true;
    w.start_found = out->start_found;
    w.windows = avd_dump_is_windows(an->dump);
    out->present = true;
    out->cpu = cpu;
    out->regs = *regs;
    out->has_eflags = context->has_eflags;
    out->eflags = context->eflags;
    out->low = low;
    out->high = high;
    if (!avd_walk_stack(&w, regs, &out->stack) || an->arena.failed)
        return false;
    an->frame_count += out->stack.count;
    return symbolize(an, out);
}

/* A stack that cannot be walked still says why. */
static void no_stack(struct avd_an_stack *out, const struct avd_cpu_ops *cpu, enum avd_walk_end end,
                     const char *why)
{
    out->present = true;
    out->cpu = cpu;
    out->stack.end = end;
    out->stack.end_detail = why;
    out->source = "none";
}

/*
 * The 32-bit half. What wow64cpu saved on a system call are the nonvolatile registers, eip and esp;
 * the others are what an earlier transition left there.
 */
static bool walk_x86(struct avd_analysis *an, const struct avd_wow64_thread *wow,
                     struct avd_an_stack *out)
{
    struct avd_context start = wow->context;
    uint64_t esp = start.regs.value[AVD_ESP];

    /* Where the stub's code is not in the dump, nothing else would take the address off. */
    if (wow->return_on_stack &&
        avd_memory_extent(&an->dump->memory, start.regs.value[AVD_EIP], 1) == 0)
        avd_reg_set(&start.regs, AVD_ESP, (esp + 4) & UINT32_MAX);
    if (!avd_analysis_walk(an, &avd_cpu_x86, &start, wow->stack32_low, wow->stack32_high, out))
        return false;
    out->regs = wow->context.regs;
    out->volatile_stale = wow->source == AVD_WOW64_CPU_AREA && out->stack.count > 1 &&
                          out->stack.frames[1].method == AVD_METHOD_SYSCALL_STUB;
    return true;
}

static bool wow64_stacks(struct avd_analysis *an, struct avd_an_thread *thread, bool from_exception)
{
    static const char *const sources[] = {"none", "the thread's context (cs 0x23)", "the CPU area",
                                          "an x86 context in the dump"};
    struct avd_wow64_thread *wow = &thread->wow;
    struct avd_context own;

    if (wow->source == AVD_WOW64_NONE) {
        thread->wow64 = false;
    } else {
        thread->wow64 = true;
        if (!walk_x86(an, wow, &thread->x86))
            return false;
        thread->x86.source = from_exception && wow->source == AVD_WOW64_LIVE
                                 ? "the exception's context (cs 0x23)"
                                 : sources[wow->source];
    }
    /* The fault was in 32-bit code, but the thread itself may stand in 64-bit code by now. */
    if (!wow->has_native && from_exception &&
        avd_cpu_amd64.read_context(thread->thread->context.data, thread->thread->context.size,
                                   &own) &&
        own.has_segments && own.cs != 0x23) {
        wow->has_native = true;
        wow->native = own;
    }
    if (wow->has_native) {
        thread->native.source = "the thread's context";
    } else if (wow->native_sp != 0) {
        wow->native_reason = "the thread was running 32-bit code; no return address into wow64.dll "
                             "was found above the 64-bit stack pointer that wow64cpu kept";
        wow->has_native = avd_analysis_wow64_native(an, wow, &wow->native);
        thread->native.start_found = wow->has_native;
        thread->native.source = avd_arena_printf(
            &an->arena, "a return address above %s, which wow64cpu keeps", wow->native_sp_route);
        if (thread->native.source == NULL)
            return false;
    }
    if (wow->has_native) {
        return avd_analysis_walk(an, &avd_cpu_amd64, &wow->native, wow->stack64_low,
                                 wow->stack64_high, &thread->native);
    }
    no_stack(&thread->native, &avd_cpu_amd64, AVD_END_NO_CONTEXT, wow->native_reason);
    return true;
}

static bool native_stack(struct avd_analysis *an, struct avd_an_thread *thread,
                         const struct avd_cpu_ops *cpu, struct avd_view context,
                         bool from_exception, uint64_t low, uint64_t high)
{
    struct avd_context decoded;

    if (context.size == 0) {
        no_stack(&thread->native, cpu, AVD_END_NO_CONTEXT,
                 "the dump holds no context of this thread");
        return true;
    }
    if (!cpu->read_context(context.data, context.size, &decoded)) {
        no_stack(&thread->native, cpu, AVD_END_NO_CONTEXT,
                 "the thread's context is damaged or of another CPU");
        return true;
    }
    thread->native.source = from_exception ? "exception context" : "the thread's context";
    return avd_analysis_walk(an, cpu, &decoded, low, high, &thread->native);
}

static bool analyze_thread(struct avd_analysis *an, size_t index)
{
    const struct avd_dump *dump = an->dump;
    const struct avd_cpu_ops *cpu = native_cpu(dump);
    struct avd_an_thread *thread = &an->threads[index];
    const struct teb_layout *layout;
    struct avd_view context = thread->thread->context;
    bool from_exception =
        index == an->crashing_thread && an->exception.context.size != 0 && an->stored_doubt == NULL;
    uint64_t teb = thread->thread->teb;
    uint64_t low;
    uint64_t high;

    if (cpu == NULL) {
        no_stack(&thread->native, NULL, AVD_END_UNSUPPORTED_CPU,
                 dump->system.present ? "stacks of this CPU cannot be walked yet"
                                      : "the dump does not say which CPU it is of");
        return true;
    }
    if (from_exception) {
        struct avd_context decoded;

        /* A damaged exception context is worth less than the thread's own. */
        if (avd_cpu_amd64.read_context(an->exception.context.data, an->exception.context.size,
                                       &decoded) ||
            avd_cpu_x86.read_context(an->exception.context.data, an->exception.context.size,
                                     &decoded))
            context = an->exception.context;
        else
            from_exception = false;
    }
    layout = cpu->pointer_size == 8 ? &teb64_layout : &teb32_layout;
    if (!avd_dump_is_windows(dump))
        teb = 0;
    if (an->wow64.present) {
        if (!avd_wow64_thread_find(dump, &an->wow64, thread->thread, context, &an->arena,
                                   &thread->wow) ||
            !wow64_stacks(an, thread, from_exception))
            return false;
        if (thread->wow.teb32 != 0) {
            layout = &teb32_layout;
            teb = thread->wow.teb32;
        }
    }
    if (read_teb(an, teb, layout, &low, &high))
        thread->has_last_error =
            avd_memory_u32(&dump->memory, teb + layout->last_error, &thread->last_error);
    if (an->wow64.present)
        return true;
    return native_stack(an, thread, cpu, context, from_exception, low, high);
}

const struct avd_an_stack *avd_an_main_stack(const struct avd_an_thread *thread)
{
    return thread->x86.present ? &thread->x86 : &thread->native;
}

/* Which thread the report is about. */
static void choose_thread(struct avd_analysis *an)
{
    const struct avd_dump *dump = an->dump;
    uint32_t id = 0;
    bool found = false;
    size_t index;

    an->crashing_thread = AVD_NO_MODULE;
    an->first_thread = dump->thread_count != 0 ? 0 : AVD_NO_MODULE;
    if (an->has_exception) {
        id = an->exception.thread_id;
        found = true;
    } else if (dump->breakpad.present && dump->breakpad.has_requesting_thread) {
        id = dump->breakpad.requesting_thread_id;
    } else {
        return;
    }
    index = avd_dump_thread_index(dump, id);
    if (index != AVD_NO_THREAD)
        an->first_thread = index;
    if (index != AVD_NO_THREAD && found)
        an->crashing_thread = index;
    else if (found)
        avd_note_add(&an->notes, "exception", dump->exception.offset,
                     "belongs to thread 0x%x, which is not in the thread list; no stack can be "
                     "shown for it",
                     (unsigned)id);
}

/* Any number of threads may claim the same deep stack, so frames in all are bounded by what the
 * file can honestly hold: one deep stack, and for the rest an average that real code exceeds. */
static size_t frame_ceiling(const struct avd_analysis *an)
{
    size_t ceiling = an->max_frames + an->dump->bytes.size / AVD_MIN_BYTES_PER_FRAME;

    return ceiling < AVD_MAX_FRAMES_IN_ALL ? ceiling : AVD_MAX_FRAMES_IN_ALL;
}

/* The same for work: most real dumps take a tenth of a look per byte; small ones with deep stacks
 * and no unwind data took 35. */
static size_t walk_effort(const struct avd_analysis *an)
{
    size_t size = an->dump->bytes.size;

    return size < AVD_MIN_WALK_EFFORT   ? AVD_MIN_WALK_EFFORT
           : size < AVD_MAX_WALK_EFFORT ? size
                                        : AVD_MAX_WALK_EFFORT;
}

/* Each stack says where it was cut; this says it of all of them. */
static void note_cut_stacks(struct avd_analysis *an)
{
    if (an->frame_count >= an->frame_ceiling)
        avd_note_add(&an->notes, "threads", AVD_NO_OFFSET,
                     "stacks with %zu frames in all, the ceiling for a dump of this size; those "
                     "after them are cut short",
                     an->frame_ceiling);
    if (an->thread_count > AVD_MAX_WALKED_THREADS)
        avd_note_add(&an->notes, "threads", AVD_NO_OFFSET,
                     "%zu threads, of which the stacks of the first %d are walked, and that of the "
                     "exception's",
                     an->thread_count, AVD_MAX_WALKED_THREADS);
    if (an->walk_effort == 0)
        avd_note_add(&an->notes, "threads", AVD_NO_OFFSET,
                     "walking the stacks took the %zu looks at memory, the ceiling for a dump of "
                     "this size; those left are cut short",
                     walk_effort(an));
}

bool avd_analysis_rewalk(struct avd_analysis *an, size_t index)
{
    struct avd_an_thread *thread = &an->threads[index];
    const struct avd_thread *from = thread->thread;

    memset(thread, 0, sizeof *thread);
    thread->thread = from;
    return analyze_thread(an, index);
}

/* Where the stacks of all threads are in use. */
static bool stacks_to_learn_from(struct avd_analysis *an)
{
    const struct avd_cpu_ops *cpu = native_cpu(an->dump);
    struct avd_stack_range *ranges = avd_arena_alloc(&an->arena, an->thread_count, sizeof *ranges);
    size_t i;

    if (ranges == NULL)
        return false;
    an->candidates.ranges = ranges;
    an->candidates.range_count = an->thread_count;
    for (i = 0; i < an->thread_count; i++) {
        const struct avd_thread *thread = &an->dump->threads[i];
        struct avd_context context;
        uint64_t sp;

        ranges[i].start = thread->stack_start;
        ranges[i].end = thread->stack_start + thread->stack_size;
        if (cpu == NULL || !cpu->read_context(thread->context.data, thread->context.size, &context))
            continue;
        sp = context.regs.value[AVD_RSP];
        if (sp > ranges[i].start && sp < ranges[i].end)
            ranges[i].start = sp;
    }
    return true;
}

bool avd_analysis_threads(struct avd_analysis *an)
{
    size_t i;

    choose_thread(an);
    an->frame_ceiling = frame_ceiling(an);
    an->code_budget = AVD_MAX_CODE_PIECES;
    an->walk_effort = walk_effort(an);
    an->thread_count = an->dump->thread_count;
    an->threads = avd_arena_alloc(&an->arena, an->thread_count, sizeof *an->threads);
    if (an->threads == NULL)
        return false;
    for (i = 0; i < an->thread_count; i++)
        an->threads[i].thread = &an->dump->threads[i];
    if (!stacks_of_writer(an) || !stacks_to_learn_from(an))
        return false;
    /* The crash first: it must not be the one that is cut short. */
    if (an->crashing_thread < an->thread_count && !analyze_thread(an, an->crashing_thread))
        return false;
    for (i = 0; i < an->thread_count; i++) {
        if (i == an->crashing_thread)
            continue;
        if (i >= AVD_MAX_WALKED_THREADS)
            no_stack(&an->threads[i].native, native_cpu(an->dump), AVD_END_LIMIT,
                     "the ceiling on threads whose stacks are walked is reached");
        else if (!analyze_thread(an, i))
            return false;
    }
    note_cut_stacks(an);
    return true;
}
