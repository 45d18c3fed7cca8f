/* SPDX-License-Identifier: MIT */
/*
 * Which exception is the report about? A stored one that is sane always is. Where none is stored,
 * or what is stored is garbage or only how a dump was asked for, the one that a thread handles is
 * taken from its stack.
 */
#include "analyze/recover.h"

#include "analyze/detectors.h"
#include "analyze/exception_codes.h"
#include "analyze/modules.h"
#include "base/limits.h"

#include <inttypes.h>
#include <string.h>

enum {
    BREAK_IN_FRAMES = 5 /* DbgBreakPoint, DbgUiRemoteBreakin, the thread's start; some room */
};
static const uint32_t code_breakpoint = 0x80000003u;
static const uint32_t code_simulated = 0x0517a7edu; /* Crashpad's DumpWithoutCrash */

/* Whether it can be why the process died. What a program catches as a matter of course, such as a
 * C++ exception, counts only when nobody caught it. */
static bool is_verdict(const struct avd_found_exception *found)
{
    const struct avd_code_doc *doc = avd_code_find(found->record.code);

    return found->by != AVD_FOUND_LEFTOVER && !found->unwinding &&
           (found->unhandled || (doc != NULL && doc->class_ == AVD_CLASS_CRASH));
}

/* Of one thread the youngest is what it is about now; of several threads the first. */
static bool is_better(const struct avd_found_exception *a, const struct avd_found_exception *b)
{
    if (a->unhandled != b->unhandled)
        return a->unhandled;
    if (a->thread != b->thread)
        return a->thread < b->thread;
    if (a->is_32bit != b->is_32bit)
        return a->is_32bit;
    return a->depth < b->depth;
}

static size_t choose(const struct avd_analysis *an)
{
    size_t best = AVD_NO_MODULE;
    size_t i;

    for (i = 0; i < an->found_count; i++)
        if (is_verdict(&an->found[i]) &&
            (best == AVD_NO_MODULE || is_better(&an->found[i], &an->found[best])))
            best = i;
    return best;
}

/*
 * A debugger or a dump tool breaks in with a thread of its own: nothing but the system's code is
 * on its stack. A breakpoint that the program itself ran into has the program on its stack.
 */
static bool is_break_in(struct avd_analysis *an)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    struct avd_walk_env env;
    size_t i;

    if (an->exception.code != code_breakpoint || stack == NULL || stack->stack.count == 0 ||
        stack->stack.count > BREAK_IN_FRAMES)
        return false;
    memset(&env, 0, sizeof env);
    avd_analysis_walk_env(an, &env);
    for (i = 0; i < stack->stack.count; i++) {
        size_t module = avd_analysis_module_at(an, avd_walk_lookup(&stack->stack.frames[i]));
        enum avd_module_role role;

        if (module == AVD_NO_MODULE)
            return false;
        role = env.module_role(an, module);
        if (role != AVD_ROLE_NTDLL && (i == 0 || role != AVD_ROLE_KERNEL32))
            return false;
    }
    return true;
}

/* The faulting thread's stack from the recovered context; its own stacks stay what they are. */
static bool walk_fault(struct avd_analysis *an, const struct avd_found_exception *found)
{
    const struct avd_an_thread *thread = &an->threads[found->thread];
    bool half = an->wow64.present && found->is_32bit;
    uint64_t low = half ? thread->wow.stack32_low : thread->native.low;
    uint64_t high = half ? thread->wow.stack32_high : thread->native.high;

    an->exception_evidence = found->evidence;
    an->fault.source = "the exception's context, recovered from the stack";
    return avd_analysis_walk(an, found->is_32bit ? &avd_cpu_x86 : &avd_cpu_amd64, &found->context,
                             low, high, &an->fault);
}

static bool adopt(struct avd_analysis *an, size_t index)
{
    const struct avd_found_exception *found = &an->found[index];

    if (an->has_exception)
        avd_note_add(&an->notes, "exception", an->dump->exception.offset,
                     "the stored record has code 0x%08" PRIx32 " of thread 0x%" PRIx32 ", but %s; "
                     "reporting the exception that thread 0x%" PRIx32 " handles instead",
                     an->exception.code, an->exception.thread_id, an->stored_doubt,
                     found->record.thread_id);
    an->exception = found->record;
    an->exception_recovered = true;
    an->chosen = index;
    an->crashing_thread = found->thread;
    an->first_thread = found->thread;
    return avd_analysis_describe(an, found->is_32bit) && walk_fault(an, found);
}

/* Whether this is the stored exception: by its record and, on other threads or without a frame that
 * uses it, by its registers too. */
static bool is_stored(const struct avd_analysis *an, const struct avd_found_exception *found)
{
    const struct avd_view bytes = an->exception.context;
    const struct avd_cpu_ops *cpu = found->is_32bit ? &avd_cpu_x86 : &avd_cpu_amd64;
    struct avd_context stored;

    if (found->record.code != an->exception.code ||
        found->record.address != an->exception.address || found->is_32bit != an->exception_is_32bit)
        return false;
    if (found->thread == an->crashing_thread && found->by != AVD_FOUND_LEFTOVER)
        return true;
    return cpu->read_context(bytes.data, bytes.size, &stored) &&
           stored.regs.value[AVD_RSP] == found->context.regs.value[AVD_RSP] &&
           stored.regs.value[AVD_RIP] == found->context.regs.value[AVD_RIP];
}

/*
 * The stored exception on a stack: when its own context is of the wrong half or lost, the one that
 * the handler has is the right one.
 */
static bool complete_stored(struct avd_analysis *an)
{
    const struct avd_an_stack *stack;
    struct avd_found_exception *found;
    size_t i;

    for (i = 0; i < an->found_count && !is_stored(an, &an->found[i]); i++)
        ;
    if (i == an->found_count)
        return true;
    an->chosen = i;
    found = &an->found[i];
    if (found->by == AVD_FOUND_LEFTOVER)
        found->by = AVD_FOUND_POINTERS; /* that it is the stored one proves it */
    if (found->thread != an->crashing_thread) {
        /* Seen in a dump of Unreal Engine's crash reporter, which named its own thread. */
        avd_note_add(&an->notes, "exception", an->dump->exception.offset,
                     "the stored record names thread 0x%" PRIx32 ", but record and context lie on "
                     "the stack of thread 0x%" PRIx32 ", which raised it; showing the exception's "
                     "own context under the thread that is named",
                     an->exception.thread_id, an->threads[found->thread].thread->id);
        return true;
    }
    stack = avd_an_exception_stack(an);
    if (stack != NULL && stack->stack.count != 0 &&
        stack->stack.frames[0].pc == found->context.regs.value[AVD_RIP])
        return true;
    return walk_fault(an, found);
}

/* The chain of records that handlers leave when an exception comes while one is handled. */
static bool read_nested(struct avd_analysis *an)
{
    unsigned size = an->exception_is_32bit ? 4 : 8;
    uint64_t at = an->exception.nested_record;
    struct avd_nested_record *nested;
    size_t i;

    if (!an->has_exception || at == 0)
        return true;
    nested = avd_arena_alloc(&an->arena, AVD_MAX_EXCEPTION_CHAIN, sizeof *nested);
    if (nested == NULL)
        return false;
    an->nested = nested;
    while (at != 0 && an->nested_count < AVD_MAX_EXCEPTION_CHAIN) {
        struct avd_exception record;

        for (i = 0; i < an->nested_count && nested[i].at != at; i++)
            ;
        if (i != an->nested_count || !avd_recover_record(an, at, size, &record))
            return true;
        nested[i].at = at;
        nested[i].code = record.code;
        nested[i].flags = record.flags;
        nested[i].address = record.address;
        an->nested_count++;
        at = record.nested_record;
    }
    return true;
}

bool avd_analysis_recover(struct avd_analysis *an)
{
    struct avd_found_list list;
    bool from_garbage = an->has_exception && an->stored_doubt != NULL;
    size_t best;
    size_t i;

    if (!avd_dump_is_windows(an->dump))
        return true;
    memset(&list, 0, sizeof list);
    list.budget = AVD_MAX_EXCEPTION_SEARCH_IN_ALL;
    list.tries = AVD_MAX_EXCEPTION_TRIES;
    for (i = 0; i < an->thread_count; i++)
        if (!avd_recover_thread(an, i, &list))
            return false;
    an->found = list.items;
    an->found_count = list.count;
    best = choose(an);
    if (best != AVD_NO_MODULE && an->has_exception && an->stored_doubt == NULL) {
        if (an->found[best].thread != an->crashing_thread && is_break_in(an))
            an->stored_doubt = "that is how a debugger or a dump tool broke in";
        else if (an->exception.code == code_simulated)
            an->stored_doubt = "that is how the program asked for a dump";
    }
    if (best != AVD_NO_MODULE && (!an->has_exception || an->stored_doubt != NULL))
        return adopt(an, best) && read_nested(an);
    if (from_garbage) {
        /* Nothing better: what is stored is shown, with the note that its reader wrote. */
        an->stored_doubt = NULL;
        if (an->crashing_thread != AVD_NO_MODULE && !avd_analysis_rewalk(an, an->crashing_thread))
            return false;
    }
    return (!an->has_exception || complete_stored(an)) && read_nested(an);
}
