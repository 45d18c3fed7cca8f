/* SPDX-License-Identifier: MIT */
/*
 * The verdict in three lines: what happened, where, in which thread. It says only what the
 * exception and the registers say; guesses are the rules' business.
 */
#include "report/build.h"

#include <inttypes.h>
#include <string.h>

/* What an approximate name is nearest of. */
static const char *nearest_word(const struct avd_rep_frame *frame)
{
    return frame->function_source != NULL && strcmp(frame->function_source, "exports") == 0
               ? "export"
               : "public symbol";
}

/* "module!function+0x12 [file @ line]", "module+0x12" or an address. */
static const char *frame_text(struct avd_report *report, const struct avd_rep_frame *frame,
                              unsigned digits)
{
    const char *function;
    const char *file;
    const char *text;
    uint32_t line;
    uint64_t offset;

    if (frame->module_name == NULL && frame->unloaded_count != 0)
        return avd_arena_printf(&report->arena,
                                "0x%0*" PRIx64 ", where %s was before it was "
                                "unloaded",
                                (int)digits, frame->pc, frame->unloaded[0]);
    if (frame->module_name == NULL)
        return avd_arena_printf(&report->arena, "0x%0*" PRIx64 ", in no module", (int)digits,
                                frame->pc);
    offset = frame->module_offset + (frame->pc - frame->lookup);
    if (frame->function == NULL)
        return avd_arena_printf(&report->arena, "%s+0x%" PRIx64, frame->module_name, offset);
    if (frame->function_approximate)
        return avd_arena_printf(&report->arena, "%s+0x%" PRIx64 " (nearest %s: %s+0x%" PRIx64 ")",
                                frame->module_name, offset, nearest_word(frame), frame->function,
                                frame->function_offset);
    /* A reader looks for the function in the source, which an inlined one is as well. */
    function = frame->inline_count != 0 ? frame->inlines[0].function : frame->function;
    file = frame->inline_count != 0 ? frame->inlines[0].source_file : frame->source_file;
    line = frame->inline_count != 0 ? frame->inlines[0].line : frame->line;
    if (function == NULL)
        function = frame->function;
    text = frame->inline_count != 0
               ? avd_arena_printf(&report->arena, "%s!%s, inlined into %s+0x%" PRIx64,
                                  frame->module_name, function, frame->function,
                                  frame->function_offset)
               : avd_arena_printf(&report->arena, "%s!%s+0x%" PRIx64, frame->module_name, function,
                                  frame->function_offset);
    return text == NULL || file == NULL
               ? text
               : avd_arena_printf(&report->arena, "%s [%s @ %" PRIu32 "]", text, file, line);
}

/* The stop's headline and title; without a code that it was one. */
static const char *verifier_text(struct avd_report *report)
{
    const struct avd_rep_verifier *v = &report->verifier;
    const char *title = v->title != NULL ? v->title : v->message;

    if (!v->recovered)
        return avd_arena_printf(&report->arena,
                                "%s stopped the program; the stop's code could not "
                                "be recovered",
                                v->engine != NULL && v->loaded ? v->engine
                                                               : "Application Verifier");
    return avd_arena_printf(&report->arena, "%s: %s", v->headline,
                            title != NULL      ? title
                            : v->cause != NULL ? v->cause
                                               : "a stop of Application Verifier");
}

static const char *what_text(const struct avd_analysis *an, struct avd_report *report)
{
    const struct avd_exception_words *words = &an->words;
    int digits = an->exception_is_32bit ? 8 : 16;
    const char *text;

    if (report->verifier.stopped)
        return verifier_text(report);
    if (!an->has_exception && report->found_count != 0)
        return avd_arena_printf(&report->arena,
                                "no crash is recorded, but a record of 0x%08" PRIx32 " lies on the "
                                "stack of thread %zu (see exception)",
                                report->found[0].code, report->found[0].thread);
    if (!an->has_exception)
        return report->wow64.present || an->dump->thread_count != 0
                   ? "no crash is recorded: the dump holds no exception"
                   : "nothing is recorded: the dump holds no exception and no threads";
    if (an->exception.code == 0xc00000fd && avd_dump_is_windows(an->dump))
        return avd_arena_printf(&report->arena, "%s: %s", words->type, words->meaning);
    text = avd_build_unreported_address(an, report);
    if (text != NULL)
        return text;
    if (words->has_access_address && words->access != AVD_ACCESS_NONE)
        return avd_arena_printf(
            &report->arena, "%s: the program tried to %s memory at 0x%0*" PRIx64, words->type,
            words->access == AVD_ACCESS_EXECUTE ? "run code in" : avd_access_name(words->access),
            digits, words->access_address);
    if (words->has_access_address)
        return avd_arena_printf(&report->arena, "%s at address 0x%0*" PRIx64 ": %s", words->type,
                                digits, words->access_address, words->meaning);
    return avd_arena_printf(&report->arena, "%s: %s", words->type, words->meaning);
}

/* Whether the stack's registers are those of the exception: on Windows the record names its
 * instruction, and behind a breakpoint pc may be one further. */
static bool starts_at_exception(const struct avd_analysis *an, const struct avd_rep_stack *stack)
{
    uint64_t pc = stack->frames[0].pc;

    return !an->has_exception || !avd_dump_is_windows(an->dump) || pc == an->exception.address ||
           pc == an->exception.address + 1;
}

static const char *where_text(const struct avd_analysis *an, struct avd_report *report,
                              const struct avd_rep_stack *stack)
{
    unsigned digits = stack != NULL && stack->pointer_size == 4 ? 8 : 16;
    const char *first;

    if (stack == NULL || stack->frame_count == 0 || !starts_at_exception(an, stack)) {
        const char *why = stack != NULL && stack->frame_count != 0
                              ? "; the registers of that moment are not in the dump"
                              : "";

        if (an->has_exception && report->exception.address_module != NULL)
            return avd_arena_printf(&report->arena, "%s+0x%" PRIx64 "%s",
                                    report->exception.address_module,
                                    report->exception.address_offset, why);
        if (an->has_exception)
            return avd_arena_printf(&report->arena, "0x%0*" PRIx64 "%s",
                                    an->exception_is_32bit ? 8 : 16, report->exception.address,
                                    why);
        return "not known: there are no registers to start from";
    }
    first = frame_text(report, &stack->frames[0], digits);
    if (first != NULL && stack->frames[0].module_name == NULL && stack->frame_count > 1 &&
        strcmp(stack->frames[1].method, avd_method_name(AVD_METHOD_SCAN)) != 0) {
        const char *caller = frame_text(report, &stack->frames[1], digits);

        return caller == NULL
                   ? first
                   : avd_arena_printf(&report->arena, "%s; called from %s", first, caller);
    }
    return first;
}

static const char *who_text(const struct avd_analysis *an, struct avd_report *report, size_t index)
{
    const struct avd_rep_thread *thread;
    const char *bits = "";

    if (index == AVD_NO_INDEX)
        return an->has_exception
                   ? avd_arena_printf(&report->arena,
                                      "thread id 0x%" PRIx32 ", which the dump does not list",
                                      report->exception.thread_id)
                   : "none: the dump lists no threads";
    thread = &report->threads[index];
    if (thread->wow64)
        bits = thread->stack.pointer_size == 4 ? ", 32-bit code in a 64-bit process (WOW64)"
                                               : ", WOW64 process, 64-bit half only";
    return avd_arena_printf(
        &report->arena, "thread %zu of %zu (id 0x%" PRIx32 ")%s%s%s%s", index, report->thread_count,
        thread->id, thread->name != NULL ? ", named \"" : "",
        thread->name != NULL ? thread->name : "", thread->name != NULL ? "\"" : "", bits);
}

/* Where the frame that is blamed is another than the first. */
static const char *blamed_text(struct avd_report *report)
{
    const struct avd_rep_frame *frame = avd_rep_followup_frame(report);

    if (frame == NULL || frame->index == 0)
        return NULL;
    return frame_text(report, frame, report->instruction.pointer_size == 4 ? 8 : 16);
}

void avd_build_verdict(const struct avd_analysis *an, struct avd_report *report)
{
    size_t index = report->crashing_thread;
    const struct avd_rep_stack *stack = NULL;

    if (index == AVD_NO_INDEX && !an->has_exception)
        index = report->requesting_thread;
    if (index != AVD_NO_INDEX)
        stack = report->crashed != NULL ? &report->crashed->stack : &report->threads[index].stack;
    report->what = what_text(an, report);
    report->where = where_text(an, report, stack);
    report->who = who_text(an, report, index);
    report->blamed = blamed_text(report);
    if (report->what == NULL || report->where == NULL || report->who == NULL)
        report->arena.failed = true;
}
