/* SPDX-License-Identifier: MIT */
/*
 * Stacks in the order and with the column names of WinDbg's k command. What WinDbg leaves out is
 * marked: names taken from the nearest export, frames that were not found by unwind data, and why
 * a stack ends.
 */
#include "report/text.h"

#include "report/groups.h"
#include "report/words.h"

#include <inttypes.h>
#include <string.h>

enum {
    MAX_PERIOD = 8, /* calls in one round of a recursion */
    MIN_FOLDED = 16 /* fewer repeated rows are not worth a folding line */
};

/* The marks that a stack used, so that only those are explained. */
struct marks {
    bool approximate, frame_pointer, scan, call, cfi_scan, unknown;
};

void avd_text_call_site(const struct avd_text *t, const struct avd_rep_frame *frame)
{
    struct avd_strbuf *out = t->out;

    if (frame->module_name == NULL && frame->function == NULL) {
        if (frame->unloaded_count != 0) {
            avd_strbuf_puts(out, "<Unloaded_");
            avd_strbuf_escaped(out, frame->unloaded[0] != NULL ? frame->unloaded[0] : "module");
            avd_strbuf_printf(out, ">+0x%" PRIx64,
                              frame->unloaded_offsets[0] + (frame->pc - frame->lookup));
        } else {
            avd_strbuf_printf(out, "0x%" PRIx64, frame->pc);
        }
        return;
    }
    if (frame->module_name != NULL)
        avd_strbuf_escaped(out, frame->module_name);
    if (frame->function == NULL) {
        avd_strbuf_printf(out, "+0x%" PRIx64, frame->module_offset + (frame->pc - frame->lookup));
        return;
    }
    if (frame->module_name != NULL)
        avd_strbuf_puts(out, "!");
    avd_strbuf_escaped(out, frame->function);
    if (frame->function_offset != 0)
        avd_strbuf_printf(out, "+0x%" PRIx64, frame->function_offset);
}

static bool is_word(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

/* The mark of a frame that is less than certain; "" for one that registers or unwind data gave. */
static const char *trust_mark(const struct avd_rep_frame *frame, struct marks *seen)
{
    const char *trust = frame->trust;

    if (is_word(trust, "context") || is_word(trust, "cfi") || is_word(trust, "prewalked"))
        return "";
    if (is_word(trust, "frame_pointer")) {
        seen->frame_pointer = true;
        return " [fp]";
    }
    if (is_word(trust, "scan") && is_word(frame->evidence, "target")) {
        seen->call = true;
        return " [call]";
    }
    if (is_word(trust, "scan")) {
        seen->scan = true;
        return " [scan]";
    }
    if (is_word(trust, "cfi_scan")) {
        seen->cfi_scan = true;
        return " [cfi scan]";
    }
    seen->unknown = true;
    return " [?]";
}

/* " [file @ line]" */
static void put_source(const struct avd_text *t, const char *file, uint32_t line)
{
    if (file == NULL)
        return;
    avd_strbuf_puts(t->out, " [");
    avd_strbuf_escaped(t->out, file);
    if (line != 0)
        avd_strbuf_printf(t->out, " @ %" PRIu32, line);
    avd_strbuf_puts(t->out, "]");
}

static void put_marks(const struct avd_text *t, const struct avd_rep_frame *frame,
                      struct marks *seen)
{
    const char *mark = trust_mark(frame, seen);

    if (frame->function != NULL && frame->function_approximate) {
        avd_strbuf_puts(t->out, " ~");
        seen->approximate = true;
    }
    if (is_word(frame->wow64_role, "turbo_thunk"))
        avd_strbuf_puts(t->out, " [wow64 turbo thunk]");
    else if (frame->wow64_role != NULL)
        avd_strbuf_puts(t->out, " [wow64 transition]");
    put_source(t, frame->source_file, frame->line);
    if (*mark != '\0') {
        bool weak = !is_word(frame->trust, "frame_pointer") && !is_word(frame->evidence, "target");

        if (weak)
            avd_text_style(t, AVD_STYLE_YELLOW);
        if (frame->percent != 0 && is_word(frame->trust, "scan"))
            avd_strbuf_printf(t->out, " [scan %u%%]", frame->percent);
        else
            avd_strbuf_puts(t->out, mark);
        if (weak)
            avd_text_plain(t);
    }
}

/* "(Inline Function)" in place of a row's addresses, and dashes for its number, as in WinDbg. */
static void put_inlines(const struct avd_text *t, const struct avd_rep_stack *stack,
                        const struct avd_rep_frame *frame, bool with_args)
{
    int columns = stack->pointer_size == 4 ? 17 : 35;
    size_t i;

    for (i = 0; i < frame->inline_count; i++) {
        const struct avd_rep_inline *call = &frame->inlines[i];

        avd_strbuf_puts(t->out, "-- ");
        avd_text_style(t, AVD_STYLE_DIM);
        avd_strbuf_printf(t->out, "%-*s", with_args ? columns + 27 : columns, "(Inline Function)");
        avd_text_plain(t);
        avd_strbuf_puts(t->out, " ");
        if (frame->module_name != NULL) {
            avd_strbuf_escaped(t->out, frame->module_name);
            avd_strbuf_puts(t->out, "!");
        }
        avd_strbuf_escaped(t->out, call->function != NULL ? call->function : "(no name)");
        put_source(t, call->source_file, call->line);
        avd_strbuf_puts(t->out, "\n");
    }
}

/* The name with its types, or as it is stored: for those who look it up elsewhere. */
static void put_declaration(const struct avd_text *t, const struct avd_rep_frame *frame)
{
    const char *text = frame->declaration != NULL ? frame->declaration : frame->decorated;

    if (!t->verbose || text == NULL)
        return;
    avd_text_style(t, AVD_STYLE_DIM);
    avd_strbuf_puts(t->out, "   ");
    avd_strbuf_escaped(t->out, text);
    avd_text_plain(t);
    avd_strbuf_puts(t->out, "\n");
}

/* 0 stands for an address that is not known, but for where a complete stack ends. */
static void put_address(const struct avd_text *t, const struct avd_rep_stack *stack,
                        uint64_t address, bool may_be_zero)
{
    if (address != 0 || may_be_zero)
        avd_text_address(t, address, stack->pointer_size);
    else
        avd_strbuf_puts(t->out, stack->pointer_size == 4 ? "--------" : "--------`--------");
}

static void put_frame(const struct avd_text *t, const struct avd_rep_stack *stack,
                      const struct avd_rep_frame *frame, bool with_args, struct marks *seen)
{
    bool at_start =
        is_word(stack->end, "complete") && frame == &stack->frames[stack->frame_count - 1];
    bool x86 = stack->pointer_size == 4;

    put_inlines(t, stack, frame, with_args);
    avd_strbuf_printf(t->out, "%02zx ", frame->index);
    avd_text_style(t, AVD_STYLE_DIM);
    put_address(t, stack, x86 ? frame->fp : frame->sp, false);
    avd_strbuf_puts(t->out, " ");
    put_address(t, stack, frame->return_address, at_start);
    if (with_args && frame->has_args)
        avd_strbuf_printf(t->out, " %08" PRIx32 " %08" PRIx32 " %08" PRIx32, frame->args[0],
                          frame->args[1], frame->args[2]);
    else if (with_args)
        avd_strbuf_printf(t->out, "%27s", "");
    avd_text_plain(t);
    avd_strbuf_puts(t->out, " ");
    avd_text_call_site(t, frame);
    put_marks(t, frame, seen);
    avd_strbuf_puts(t->out, "\n");
    put_declaration(t, frame);
}

static void put_gap(const struct avd_text *t)
{
    avd_text_style(t, AVD_STYLE_YELLOW);
    avd_strbuf_puts(t->out, "   ... frames may be missing here\n");
    avd_text_plain(t);
}

/* How often the `period` frames at `start` stand there in a row. */
static size_t count_rounds(const struct avd_rep_stack *stack, size_t start, size_t period)
{
    size_t i = start + period;

    while (i < stack->frame_count && stack->frames[i].pc == stack->frames[i - period].pc)
        i++;
    return (i - start) / period;
}

/* A recursion that starts at `start`: frames of one round, 0 when there is none. */
static size_t find_recursion(const struct avd_rep_stack *stack, size_t start, size_t *rounds)
{
    size_t period;

    for (period = 1; period <= MAX_PERIOD; period++) {
        *rounds = count_rounds(stack, start, period);
        if (*rounds > 2 && (*rounds - 1) * period >= MIN_FOLDED)
            return period;
    }
    return 0;
}

static void put_frames(const struct avd_text *t, const struct avd_rep_stack *stack,
                       struct marks *seen)
{
    bool with_args = false;
    size_t i;

    for (i = 0; i < stack->frame_count && !with_args; i++)
        with_args = stack->frames[i].has_args;
    avd_text_style(t, AVD_STYLE_DIM);
    if (stack->pointer_size != 4)
        avd_strbuf_puts(t->out, " # Child-SP          RetAddr           Call Site\n");
    else if (with_args)
        avd_strbuf_puts(t->out, " # ChildEBP RetAddr  Args to Child              Call Site\n");
    else
        avd_strbuf_puts(t->out, " # ChildEBP RetAddr  Call Site\n");
    avd_text_plain(t);
    i = 0;
    while (i < stack->frame_count) {
        size_t rounds = 0;
        size_t period = t->verbose ? 0 : find_recursion(stack, i, &rounds);
        size_t shown = period != 0 ? period : 1;
        size_t k;

        for (k = 0; k < shown; k++) {
            if (stack->frames[i + k].frames_missing)
                put_gap(t);
            put_frame(t, stack, &stack->frames[i + k], with_args, seen);
        }
        if (period != 0) {
            avd_strbuf_printf(t->out, "   ... frames %zx-%zx are ", stack->frames[i + k].index,
                              stack->frames[i + rounds * period - 1].index);
            if (period == 1)
                avd_strbuf_puts(t->out, "the same call again");
            else
                avd_strbuf_printf(t->out, "the same %zu calls again", period);
            avd_strbuf_printf(t->out, ", %zu times (-v shows all)\n", rounds - 1);
            i += rounds * period;
        } else {
            i++;
        }
    }
}

static void put_legend(const struct avd_text *t, const struct marks *seen)
{
    struct avd_strbuf line;

    avd_strbuf_init(&line);
    if (seen->approximate)
        avd_strbuf_puts(&line,
                        "; ~ is the nearest export or public symbol, perhaps not this function's "
                        "own name");
    if (seen->frame_pointer)
        avd_strbuf_puts(&line, "; [fp] found by the frame pointer");
    if (seen->cfi_scan)
        avd_strbuf_puts(&line, "; [cfi scan] found by unwind data and searching");
    if (seen->call)
        avd_strbuf_puts(&line, "; [call] found by searching the stack; its call leads to the frame "
                               "before");
    if (seen->scan)
        avd_strbuf_puts(&line,
                        "; [scan] found by searching the stack, perhaps left by an earlier call");
    if (seen->unknown)
        avd_strbuf_puts(&line, "; [?] nothing tells how it was found");
    if (line.failed)
        t->out->failed = true;
    if (line.size > 2) {
        avd_text_style(t, AVD_STYLE_DIM);
        avd_strbuf_puts(t->out, "   ");
        avd_text_wrapped(t, 3, line.text + 2, 0);
        avd_text_plain(t);
    }
    avd_strbuf_deinit(&line);
}

static void put_registers(const struct avd_text *t, const struct avd_rep_stack *stack)
{
    size_t per_line = stack->pointer_size == 4 ? 6 : 3;
    int digits = stack->pointer_size == 4 ? 8 : 16;
    size_t i;

    for (i = 0; i < stack->reg_count; i++) {
        bool last = i + 1 == stack->reg_count || (i + 1) % per_line == 0;

        avd_strbuf_printf(t->out, "%3s=%0*" PRIx64 "%s", stack->reg_names[i], digits,
                          stack->reg_values[i], last ? "\n" : " ");
    }
    if (stack->volatile_stale)
        avd_strbuf_puts(t->out, "   eax, ecx and edx may be older: a system call does not save "
                                "them\n");
}

/* Registers when verbose, frames, what their marks mean, and why there are no more. */
static void put_stack(const struct avd_text *t, const struct avd_rep_stack *stack)
{
    const char *detail = stack->end_detail;
    struct marks seen;

    memset(&seen, 0, sizeof seen);
    if (detail == NULL || *detail == '\0')
        detail = avd_words_stack_end(stack->end);
    if (t->verbose)
        put_registers(t, stack);
    if (stack->frame_count == 0) {
        avd_strbuf_puts(t->out, "   no frames: ");
        avd_text_wrapped(t, 14, detail, 0);
        return;
    }
    put_frames(t, stack, &seen);
    if (!is_word(stack->end, "complete")) {
        avd_strbuf_puts(t->out, "   ends here: ");
        avd_text_wrapped(t, 14, detail, 0);
    }
    put_legend(t, &seen);
}

static void put_title(const struct avd_text *t, size_t index, const struct avd_rep_stack *stack,
                      const char *members, const char *mark)
{
    const struct avd_rep_thread *thread = &t->report->threads[index];

    avd_strbuf_puts(t->out, "\n");
    avd_text_style(t, AVD_STYLE_BOLD);
    if (thread->wow64)
        avd_strbuf_puts(t->out, stack->pointer_size == 4 ? "32-bit stack" : "64-bit stack (wow64)");
    else
        avd_strbuf_puts(t->out, "stack");
    if (strchr(members, ',') != NULL || strchr(members, '-') != NULL) {
        avd_strbuf_printf(t->out, " of threads %s, values of thread ", members);
        avd_text_thread_name(t, index);
    } else {
        avd_strbuf_puts(t->out, " of thread ");
        avd_text_thread_name(t, index);
    }
    avd_text_plain(t);
    if (*mark != '\0')
        avd_strbuf_printf(t->out, ", %s", mark);
    if (stack->source != NULL && *stack->source != '\0') {
        avd_strbuf_puts(t->out, ", registers from ");
        avd_strbuf_escaped(t->out, stack->source);
    }
    avd_strbuf_puts(t->out, "\n");
}

/* In one line what put_stack would show. */
static void put_summary(const struct avd_text *t, const struct avd_rep_stack *stack)
{
    avd_strbuf_puts(t->out, stack->pointer_size == 4 ? "   32-bit stack: " : "   64-bit stack: ");
    if (stack->frame_count == 0) {
        avd_text_wrapped(t, 17, stack->end_detail != NULL ? stack->end_detail : "no frames", 0);
        return;
    }
    avd_text_count(t, stack->frame_count, "frame", "frames");
    avd_strbuf_puts(t->out, ", innermost ");
    avd_text_call_site(t, &stack->frames[0]);
    avd_strbuf_puts(t->out, " (--both shows all)\n");
}

/* `members` is how the threads that share these stacks are called: "3" or "3, 7-9". */
static void put_thread(const struct avd_text *t, const struct avd_rep_thread *thread, size_t index,
                       const char *members, const char *mark, bool both)
{
    const struct avd_rep_stack *first = &thread->stack;
    const struct avd_rep_stack *second = &thread->native;

    if (t->native_first && second->present) {
        first = &thread->native;
        second = &thread->stack;
    }
    put_title(t, index, first, members, mark);
    put_stack(t, first);
    if (second->present && both) {
        put_title(t, index, second, members, mark);
        put_stack(t, second);
    } else if (second->present) {
        put_summary(t, second);
    }
    if (thread->wow64 && thread->stack.pointer_size != 4 && thread->context32_source != NULL &&
        *thread->context32_source != '\0') {
        avd_strbuf_puts(t->out, "   no 32-bit stack: ");
        avd_text_wrapped(t, 20, thread->context32_source, 0);
    }
}

void avd_text_thread_stacks(const struct avd_text *t, size_t thread, const char *mark)
{
    const struct avd_report *report = t->report;
    bool handles = thread == report->crashing_thread && report->crashed != NULL;

    put_thread(t, handles ? report->crashed : &report->threads[thread], thread, "", mark, true);
    if (!handles)
        return;
    avd_strbuf_puts(t->out, "   the thread itself handles this exception");
    if (t->all_threads)
        avd_strbuf_puts(t->out, "; that stack stands below\n");
    else
        avd_strbuf_puts(t->out, " (--all-threads shows that stack too)\n");
}

/* ---- all threads, equal stacks once ---- */

void avd_text_other_stacks(const struct avd_text *t, size_t shown)
{
    const struct avd_report *report = t->report;
    /* What was shown of it is the exception's stack, not its own. */
    bool handles = shown == report->crashing_thread && report->crashed != NULL;
    struct avd_rep_groups groups;
    struct avd_strbuf members;
    size_t i;

    avd_strbuf_init(&members);
    if (!avd_rep_groups_init(&groups, report))
        t->out->failed = true;
    for (i = 0; i < groups.count; i++) {
        const size_t *next = groups.next;

        if (groups.leader[i] != i || (i == shown && !handles && next[i] == AVD_NO_INDEX))
            continue;
        if (i == shown && !handles) {
            avd_rep_groups_list(&groups, next[i], &members);
            avd_strbuf_printf(t->out, "\nthread%s %s: the same stack as thread %zu above\n",
                              next[next[i]] != AVD_NO_INDEX ? "s" : "", avd_strbuf_text(&members),
                              i);
            continue;
        }
        avd_rep_groups_list(&groups, i, &members);
        put_thread(t, &report->threads[i], i, avd_strbuf_text(&members),
                   report->threads[i].exited ? "exited"
                   : handles && i == shown   ? "handling the exception"
                                             : "",
                   t->both_stacks);
    }
    if (members.failed)
        t->out->failed = true;
    avd_strbuf_deinit(&members);
    avd_rep_groups_deinit(&groups);
}
