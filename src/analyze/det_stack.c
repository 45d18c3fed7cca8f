/* SPDX-License-Identifier: MIT */
/* Where did it happen, and does the stack of the exception's thread look like an overflow? */
#include "analyze/detectors.h"
#include "analyze/modules.h"

#include "minidump/format.h"

#include <string.h>

static const char *const stack_facts[] = {
    "pc.address",          "pc.module",          "pc.in_module",
    "pc.executable",       "pc.region_protect",  "sp.address",
    "stack.low",           "stack.high",         "stack.used",
    "stack.reserve",       "stack.frames",       "stack.modules",
    "stack.repeat_length", "stack.repeat_count", "stack.repeat_functions",
    "crash.module",        "crash.function",     "crash.caller",
};

enum { MAX_CYCLE = 16, MIN_REPEATS = 3 };

/* The nearest export this far below an address is more likely another function's name. */
enum { FAR_FROM_EXPORT = 0x200 };

const struct avd_an_stack *avd_an_exception_stack(const struct avd_analysis *an)
{
    const struct avd_an_thread *thread;

    if (!an->has_exception || an->crashing_thread == AVD_NO_MODULE)
        return NULL;
    if (an->fault.present)
        return &an->fault;
    thread = &an->threads[an->crashing_thread];
    if (an->wow64.present && an->exception_is_32bit) {
        uint64_t address = an->exception.address;
        uint64_t eip = thread->wow.context.regs.value[AVD_EIP];

        if (!thread->x86.present)
            return NULL;
        /* A CPU area saved later, in a handler, does not hold the fault's registers. Behind a
         * breakpoint eip may be one further. */
        if (thread->wow.source == AVD_WOW64_CPU_AREA && eip != address && eip != address + 1)
            return NULL;
        return &thread->x86;
    }
    return thread->native.present ? &thread->native : NULL;
}

unsigned avd_an_exception_digits(const struct avd_analysis *an)
{
    return an->exception_is_32bit ? 8 : 16;
}

static const char *protect_word(uint32_t protect)
{
    switch (protect & 0xff) {
    case PAGE_NOACCESS: return "PAGE_NOACCESS";
    case PAGE_READONLY: return "PAGE_READONLY";
    case PAGE_READWRITE: return "PAGE_READWRITE";
    case PAGE_WRITECOPY: return "PAGE_WRITECOPY";
    case PAGE_EXECUTE: return "PAGE_EXECUTE";
    case PAGE_EXECUTE_READ: return "PAGE_EXECUTE_READ";
    case PAGE_EXECUTE_READWRITE: return "PAGE_EXECUTE_READWRITE";
    case PAGE_EXECUTE_WRITECOPY: return "PAGE_EXECUTE_WRITECOPY";
    default: return NULL;
    }
}

static size_t frame_module(const struct avd_analysis *an, const struct avd_frame *frame)
{
    return avd_analysis_module_at(an, frame->exact || frame->pc == 0 ? frame->pc : frame->pc - 1);
}

/* "module!function", "module+0x12" ; "0x1234" outside modules. */
static const char *call_site(struct avd_analysis *an, const struct avd_an_stack *stack, size_t i)
{
    const struct avd_frame *frame = &stack->stack.frames[i];
    size_t module = frame_module(an, frame);

    if (module == AVD_NO_MODULE)
        return avd_arena_printf(&an->arena, "0x%llx", (unsigned long long)frame->pc);
    if (stack->symbols[i].function != NULL &&
        (!stack->symbols[i].approximate || stack->symbols[i].displacement < FAR_FROM_EXPORT))
        return avd_arena_printf(&an->arena, "%s!%s", an->modules[module].display_name,
                                stack->symbols[i].function);
    return avd_arena_printf(&an->arena, "%s+0x%llx", an->modules[module].display_name,
                            (unsigned long long)(frame->pc - an->modules[module].module->base));
}

static void publish_pc(struct avd_analysis *an, uint64_t pc)
{
    struct avd_facts *facts = &an->facts;
    unsigned digits = avd_an_exception_digits(an);
    const struct avd_region *region = avd_memory_region(&an->dump->memory, pc);
    size_t module = avd_analysis_module_at(an, pc);
    struct avd_walk_env env;
    int executable;

    avd_analysis_walk_env(an, &env);
    executable = env.executable(env.ctx, pc);
    avd_fact_address(facts, "pc.address", pc, digits);
    avd_fact_bool(facts, "pc.in_module", module != AVD_NO_MODULE);
    if (module != AVD_NO_MODULE)
        avd_fact_text(facts, "pc.module", an->modules[module].module->name);
    else
        avd_fact_unknown(facts, "pc.module", "the instruction lies in no module");
    if (executable >= 0)
        avd_fact_bool(facts, "pc.executable", executable == 1);
    else
        avd_fact_unknown(facts, "pc.executable", "the dump does not say what memory is there");
    if (region != NULL && region->state == MEM_COMMIT && protect_word(region->protect) != NULL)
        avd_fact_text(facts, "pc.region_protect", protect_word(region->protect));
    else
        avd_fact_unknown(facts, "pc.region_protect",
                         region != NULL ? "no memory is committed there"
                                        : "the dump does not say what memory is there");
}

static void publish_bounds(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    struct avd_facts *facts = &an->facts;
    unsigned digits = avd_an_exception_digits(an);
    uint64_t sp = stack->stack.frames[0].sp;
    const struct avd_an_thread *thread = &an->threads[an->crashing_thread];
    bool is32 = stack->cpu->pointer_size == 4;
    uint64_t teb = an->wow64.present && is32 ? thread->wow.teb32 : thread->thread->teb;
    uint64_t deallocation;
    static const char no_teb[] = "the thread's TEB with the limits of its stack is not in the dump";

    avd_fact_address(facts, "sp.address", sp, digits);
    if (stack->high == 0) {
        avd_fact_unknown(facts, "stack.low", no_teb);
        avd_fact_unknown(facts, "stack.high", no_teb);
        avd_fact_unknown(facts, "stack.used", no_teb);
        avd_fact_unknown(facts, "stack.reserve", no_teb);
        return;
    }
    avd_fact_address(facts, "stack.low", stack->low, digits);
    avd_fact_address(facts, "stack.high", stack->high, digits);
    if (sp <= stack->high)
        avd_fact_number(facts, "stack.used", stack->high - sp);
    else
        avd_fact_unknown(facts, "stack.used", "the stack pointer lies outside the thread's stack");
    /* TEB.DeallocationStack: the lowest address that was reserved. */
    if (avd_memory_pointer(&an->dump->memory, teb + (is32 ? 0xe0cu : 0x1478u),
                           stack->cpu->pointer_size, &deallocation) &&
        deallocation != 0 && deallocation < stack->high)
        avd_fact_number(facts, "stack.reserve", stack->high - deallocation);
    else
        avd_fact_unknown(facts, "stack.reserve", "the TEB does not say how much was reserved");
}

static void publish_stack_modules(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    enum { MAX_SHOWN = 64 };
    const char *names[MAX_SHOWN];
    size_t count = 0;
    size_t i;

    for (i = 0; i < stack->stack.count && count < MAX_SHOWN; i++) {
        size_t module = frame_module(an, &stack->stack.frames[i]);
        size_t k;

        if (module == AVD_NO_MODULE)
            continue;
        for (k = 0; k < count; k++)
            if (names[k] == an->modules[module].module->name)
                break;
        if (k == count)
            names[count++] = an->modules[module].module->name;
    }
    avd_fact_list(&an->facts, "stack.modules", names, count);
}

/* How often the `length` frames from `first` on repeat, compared by pc. */
static size_t repeats(const struct avd_stack *stack, size_t first, size_t length)
{
    size_t i;

    for (i = first + length; i < stack->count; i++)
        if (stack->frames[i].pc != stack->frames[i - length].pc)
            break;
    return (i - first) / length;
}

/* The shortest cycle that covers most frames: recursion, found by its return addresses. */
static void publish_repeats(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    const char *functions[MAX_CYCLE];
    size_t best_first = 0;
    size_t best_length = 0;
    size_t best_covered = 0;
    size_t length;
    size_t i;

    /* Frame 0 stands inside the cycle, so that cycles are looked for a few frames further out. */
    for (length = 1; length <= MAX_CYCLE; length++) {
        size_t first;

        for (first = 1; first < stack->stack.count && first <= MAX_CYCLE; first++) {
            size_t count = repeats(&stack->stack, first, length);

            if (count >= MIN_REPEATS && count * length > best_covered + length) {
                best_first = first;
                best_length = length;
                best_covered = count * length;
            }
        }
    }
    if (best_length == 0) {
        avd_fact_number(&an->facts, "stack.repeat_length", 0);
        avd_fact_number(&an->facts, "stack.repeat_count", 0);
        avd_fact_unknown(&an->facts, "stack.repeat_functions", "no group of frames repeats");
        return;
    }
    for (i = 0; i < best_length; i++) {
        functions[i] = call_site(an, stack, best_first + i);
        if (functions[i] == NULL)
            return;
    }
    avd_fact_number(&an->facts, "stack.repeat_length", best_length);
    avd_fact_number(&an->facts, "stack.repeat_count", best_covered / best_length);
    avd_fact_list(&an->facts, "stack.repeat_functions", functions, best_length);
}

static void publish_crash(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    struct avd_facts *facts = &an->facts;
    size_t module = frame_module(an, &stack->stack.frames[0]);
    const char *caller;

    if (module != AVD_NO_MODULE)
        avd_fact_text(facts, "crash.module", an->modules[module].module->name);
    else
        avd_fact_unknown(facts, "crash.module", "the instruction lies in no module");
    if (stack->symbols[0].function != NULL)
        avd_fact_text(facts, "crash.function", stack->symbols[0].function);
    else
        avd_fact_unknown(facts, "crash.function", "no symbols or exports name it");
    if (stack->stack.count < 2) {
        avd_fact_unknown(facts, "crash.caller", "no caller could be recovered");
        return;
    }
    if (stack->stack.frames[1].frames_missing) {
        avd_fact_unknown(facts, "crash.caller",
                         "frames may be missing between the crash and the next one found");
        return;
    }
    if (stack->stack.frames[1].trust < AVD_TRUST_FRAME_POINTER &&
        stack->stack.frames[1].evidence != AVD_EVIDENCE_TARGET) {
        avd_fact_unknown(facts, "crash.caller",
                         "the next frame was only found by searching the stack");
        return;
    }
    caller = call_site(an, stack, 1);
    if (caller != NULL)
        avd_fact_text(facts, "crash.caller", caller);
}

static void run(struct avd_analysis *an)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    size_t i;

    if (stack == NULL || stack->stack.count == 0) {
        const char *reason = an->has_exception ? "the registers at the exception are not known"
                                               : "the dump has no exception record";

        for (i = 0; i < sizeof stack_facts / sizeof stack_facts[0]; i++)
            avd_fact_unknown(&an->facts, stack_facts[i], reason);
        /* On Windows the record itself says where the instruction was. */
        if (an->has_exception && avd_dump_is_windows(an->dump)) {
            size_t module = avd_analysis_module_at(an, an->exception.address);

            publish_pc(an, an->exception.address);
            if (module != AVD_NO_MODULE)
                avd_fact_text(&an->facts, "crash.module", an->modules[module].module->name);
        }
        return;
    }
    publish_pc(an, stack->stack.frames[0].pc);
    publish_bounds(an, stack);
    avd_fact_number(&an->facts, "stack.frames", stack->stack.count);
    publish_stack_modules(an, stack);
    publish_repeats(an, stack);
    publish_crash(an, stack);
}

const struct avd_detector avd_det_stack = {
    "stack",
    "the instruction, its module, and the stack of the exception's thread",
    run,
};
