/* SPDX-License-Identifier: MIT */
/*
 * Stacks as tables, above each a picture of how far its frames can be trusted: one bar a frame,
 * the innermost first, the higher the surer, and the same in words below it and in each row.
 */
#include "report/html.h"

#include "report/groups.h"
#include "report/words.h"

#include <inttypes.h>
#include <string.h>

enum {
    MAX_HEAD = 300,   /* rows of a long stack's inner end */
    MAX_TAIL = 60,    /* and of its outer one */
    MAX_FOLDED = 100, /* rows of a stack that is folded */
    MIN_BARS = 30,    /* wide enough not to look like a wall */
    MAX_BARS = 160,   /* in a picture; longer stacks share them */
    BAR = 10          /* units of width */
};

/* How far a frame can be trusted, as the picture has it. */
enum level { UNKNOWN, GUESS, MIXED, LIKELY, SURE, LEVELS };

static const char *const level_words[LEVELS] = {
    "not known how",
    "by searching the stack",
    "by unwind data after a search",
    "by frame pointer or a call that leads here",
    "from registers or unwind data",
};

static bool is_word(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

static enum level frame_level(const struct avd_rep_frame *frame)
{
    if (is_word(frame->trust, "context") || is_word(frame->trust, "cfi") ||
        is_word(frame->trust, "prewalked"))
        return SURE;
    if (is_word(frame->trust, "frame_pointer"))
        return LIKELY;
    if (is_word(frame->trust, "scan"))
        return is_word(frame->evidence, "target") ? LIKELY : GUESS;
    return is_word(frame->trust, "cfi_scan") ? MIXED : UNKNOWN;
}

/* ---- the picture ---- */

/* The level of a bar is that of its least trusted frame. */
static enum level bar_level(const struct avd_rep_stack *stack, size_t first, size_t end, bool *gap)
{
    enum level level = SURE;
    size_t i;

    *gap = false;
    for (i = first; i < end; i++) {
        enum level of = frame_level(&stack->frames[i]);

        if (of < level)
            level = of;
        *gap = *gap || stack->frames[i].frames_missing;
    }
    return level;
}

static void put_level_key(struct avd_html *h, const size_t counts[LEVELS], size_t gaps)
{
    unsigned i;

    avd_strbuf_puts(h->out, "<ul class=\"key\">");
    for (i = LEVELS; i-- > 0;) {
        if (counts[i] == 0)
            continue;
        avd_strbuf_printf(h->out,
                          "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"t%u\" "
                          "y=\"%u\" width=\"10\" height=\"%u\"/></svg>%zu %s</li>",
                          i, 8 - 2 * i, 2 + 2 * i, counts[i], level_words[i]);
    }
    if (gaps != 0) {
        avd_strbuf_puts(h->out, "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect "
                                "class=\"tg\" x=\"4\" width=\"2\" height=\"10\"/></svg>");
        avd_html_count(h, gaps, "place where frames may be missing",
                       "places where frames may be missing");
        avd_strbuf_puts(h->out, "</li>");
    }
    avd_strbuf_puts(h->out, "</ul>\n");
}

/* Bars of equal height that stand side by side are one rectangle, as long stacks have many. */
static void put_trust(struct avd_html *h, const struct avd_rep_stack *stack)
{
    size_t bars = stack->frame_count < MAX_BARS ? stack->frame_count : MAX_BARS;
    size_t counts[LEVELS] = {0};
    size_t gaps = 0;
    size_t i;

    for (i = 0; i < stack->frame_count; i++) {
        counts[frame_level(&stack->frames[i])]++;
        gaps += stack->frames[i].frames_missing;
    }
    avd_strbuf_printf(h->out,
                      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"trust\" role=\"img\" "
                      "aria-label=\"trust in %zu frames, innermost first\" viewBox=\"0 0 %zu 30\" "
                      "preserveAspectRatio=\"none\">",
                      stack->frame_count, (bars < MIN_BARS ? MIN_BARS : bars) * BAR);
    for (i = 0; i < bars; i++) {
        bool gap;
        enum level level = bar_level(stack, i * stack->frame_count / bars,
                                     (i + 1) * stack->frame_count / bars, &gap);

        avd_strbuf_printf(
            h->out, "<rect class=\"t%u\" x=\"%zu\" y=\"%u\" width=\"8\" height=\"%u\"/>",
            (unsigned)level, i * BAR + 1, 24 - 6 * (unsigned)level, 6 + 6 * (unsigned)level);
        if (gap)
            avd_strbuf_printf(h->out,
                              "<rect class=\"tg\" x=\"%zu\" y=\"0\" width=\"2\" height=\"30\"/>",
                              i * BAR);
    }
    avd_strbuf_puts(h->out, "</svg>\n");
    put_level_key(h, counts, gaps);
}

/* ---- the table ---- */

static void put_trust_words(struct avd_html *h, const struct avd_rep_frame *frame)
{
    if (is_word(frame->trust, "context"))
        avd_strbuf_puts(h->out, "registers");
    else if (is_word(frame->trust, "cfi"))
        avd_strbuf_puts(h->out, "unwound");
    else if (is_word(frame->trust, "prewalked"))
        avd_strbuf_puts(h->out, "given");
    else if (is_word(frame->trust, "frame_pointer"))
        avd_strbuf_puts(h->out, "frame pointer");
    else if (is_word(frame->trust, "cfi_scan"))
        avd_strbuf_puts(h->out, "unwound after a search");
    else if (!is_word(frame->trust, "scan"))
        avd_strbuf_puts(h->out, "not known how");
    else if (is_word(frame->evidence, "target"))
        avd_strbuf_puts(h->out, "searched, its call leads here");
    else if (frame->percent != 0)
        avd_strbuf_printf(h->out, "searched, %u%%", frame->percent);
    else
        avd_strbuf_puts(h->out, "searched, perhaps left over");
}

static void put_source(struct avd_html *h, const char *file, uint32_t line)
{
    if (file == NULL)
        return;
    avd_strbuf_puts(h->out, "<span class=\"src\">");
    avd_html_text(h->out, file);
    if (line != 0)
        avd_strbuf_printf(h->out, " @ %" PRIu32, line);
    avd_strbuf_puts(h->out, "</span>");
}

static void put_inlines(struct avd_html *h, const struct avd_rep_frame *frame)
{
    size_t i;

    for (i = 0; i < frame->inline_count; i++) {
        const struct avd_rep_inline *call = &frame->inlines[i];

        avd_strbuf_puts(h->out, "<tr class=\"inline\"><td class=\"n\">--</td><td class=\"a\" "
                                "colspan=\"2\">(inline function)</td><th class=\"s\" "
                                "scope=\"row\">");
        if (frame->module_name != NULL) {
            avd_html_text(h->out, frame->module_name);
            avd_strbuf_puts(h->out, "!");
        }
        avd_html_text(h->out, call->function != NULL ? call->function : "(no name)");
        put_source(h, call->source_file, call->line);
        avd_strbuf_puts(h->out, "</th><td></td></tr>\n");
    }
}

static void put_address_cell(struct avd_html *h, const struct avd_rep_stack *stack,
                             uint64_t address, bool may_be_zero)
{
    avd_strbuf_puts(h->out, "<td class=\"a\">");
    if (address != 0 || may_be_zero)
        avd_html_address(h, address, stack->pointer_size);
    else
        avd_strbuf_puts(h->out, "not known");
    avd_strbuf_puts(h->out, "</td>");
}

static void put_frame(struct avd_html *h, const struct avd_rep_stack *stack, size_t index)
{
    const struct avd_rep_frame *frame = &stack->frames[index];
    bool last = index + 1 == stack->frame_count;

    if (frame->frames_missing)
        avd_strbuf_puts(h->out, "<tr class=\"gap\"><td colspan=\"5\">frames may be missing "
                                "here</td></tr>\n");
    put_inlines(h, frame);
    avd_strbuf_puts(h->out,
                    avd_rep_followup_frame(h->report) == frame ? "<tr class=\"blamed\">" : "<tr>");
    avd_strbuf_printf(h->out, "<td class=\"n\">%02zx</td>", frame->index);
    put_address_cell(h, stack, stack->pointer_size == 4 ? frame->fp : frame->sp, false);
    put_address_cell(h, stack, frame->return_address, last && is_word(stack->end, "complete"));
    avd_strbuf_puts(h->out, "<th class=\"s\" scope=\"row\">");
    avd_html_call_site(h, frame);
    if (frame->function != NULL && frame->function_approximate)
        avd_strbuf_puts(h->out, " <span class=\"dim\">(nearest name)</span>");
    if (is_word(frame->wow64_role, "turbo_thunk"))
        avd_strbuf_puts(h->out, " <span class=\"dim\">(wow64 turbo thunk)</span>");
    else if (frame->wow64_role != NULL)
        avd_strbuf_puts(h->out, " <span class=\"dim\">(wow64 transition)</span>");
    if (avd_rep_followup_frame(h->report) == frame)
        avd_strbuf_puts(h->out, " <span class=\"error\">(blamed)</span>");
    put_source(h, frame->source_file, frame->line);
    avd_strbuf_puts(h->out, "</th><td class=\"w\">");
    put_trust_words(h, frame);
    avd_strbuf_puts(h->out, "</td></tr>\n");
}

/* Rows [0, head) and the last `tail` ones; what lies between is counted. */
static void put_frames(struct avd_html *h, const struct avd_rep_stack *stack, size_t head,
                       size_t tail)
{
    bool cut = stack->frame_count > head + tail;
    size_t i;

    avd_html_table(h->out, "k f", "stack frames",
                   stack->pointer_size == 4 ? "#|ChildEBP|Return to|Call site|Found by"
                                            : "#|Child-SP|Return to|Call site|Found by");
    for (i = 0; i < stack->frame_count; i++) {
        if (cut && i == head) {
            i = stack->frame_count - tail;
            avd_strbuf_printf(h->out,
                              "<tr class=\"gap\"><td colspan=\"5\">%zu frames are left out "
                              "here; the JSON report has them</td></tr>\n",
                              i - head);
            if (i == stack->frame_count)
                break;
        }
        put_frame(h, stack, i);
    }
    avd_html_table_end(h->out);
}

static void put_registers(struct avd_html *h, const struct avd_rep_stack *stack)
{
    int digits = stack->pointer_size == 4 ? 8 : 16;
    size_t i;

    if (stack->reg_count == 0)
        return;
    avd_strbuf_puts(h->out, "<details><summary>Registers of frame 0</summary><pre>");
    for (i = 0; i < stack->reg_count; i++)
        avd_strbuf_printf(h->out, "%3s=%0*" PRIx64 "%s", stack->reg_names[i], digits,
                          stack->reg_values[i], (i + 1) % 3 == 0 ? "\n" : "  ");
    avd_strbuf_puts(h->out, "</pre>");
    if (stack->volatile_stale)
        avd_strbuf_puts(h->out, "<p>eax, ecx and edx may be older: a system call does not save "
                                "them</p>");
    avd_strbuf_puts(h->out, "</details>\n");
}

static void put_stack(struct avd_html *h, const struct avd_rep_thread *thread,
                      const struct avd_rep_stack *stack, bool folded)
{
    const char *detail = stack->end_detail;

    if (detail == NULL || *detail == '\0')
        detail = avd_words_stack_end(stack->end);
    avd_strbuf_printf(h->out, "<div><h3>%s",
                      !thread->wow64             ? "Stack"
                      : stack->pointer_size == 4 ? "32-bit stack"
                                                 : "64-bit stack (wow64)");
    if (stack->source != NULL && *stack->source != '\0') {
        avd_strbuf_puts(h->out, " <span class=\"dim\">registers from ");
        avd_html_text(h->out, stack->source);
        avd_strbuf_puts(h->out, "</span>");
    }
    avd_strbuf_puts(h->out, "</h3>\n");
    if (stack->frame_count == 0) {
        avd_strbuf_puts(h->out, "<p>no frames: ");
        avd_html_text(h->out, detail);
        avd_strbuf_puts(h->out, "</p></div>\n");
        return;
    }
    put_trust(h, stack);
    if (folded) {
        size_t head = h->rows_left < MAX_FOLDED ? h->rows_left : MAX_FOLDED;

        put_frames(h, stack, head, 0);
        h->rows_left -= stack->frame_count < head ? stack->frame_count : head;
    } else {
        put_frames(h, stack, MAX_HEAD, MAX_TAIL);
    }
    if (!is_word(stack->end, "complete")) {
        avd_strbuf_puts(h->out, "<p class=\"dim\">ends here: ");
        avd_html_text(h->out, detail);
        avd_strbuf_puts(h->out, "</p>\n");
    }
    if (!folded)
        put_registers(h, stack);
    avd_strbuf_puts(h->out, "</div>\n");
}

static void put_thread(struct avd_html *h, const struct avd_rep_thread *thread, bool folded)
{
    const struct avd_rep_stack *first = &thread->stack;
    const struct avd_rep_stack *second = &thread->native;

    if (h->words.native_first && second->present) {
        first = &thread->native;
        second = &thread->stack;
    }
    avd_strbuf_puts(h->out,
                    second->present ? "<div class=\"pair two\">\n" : "<div class=\"pair\">\n");
    put_stack(h, thread, first, folded);
    if (second->present)
        put_stack(h, thread, second, folded);
    avd_strbuf_puts(h->out, "</div>\n");
    if (thread->wow64 && thread->stack.pointer_size != 4 && thread->context32_source != NULL &&
        *thread->context32_source != '\0') {
        avd_strbuf_puts(h->out, "<p>no 32-bit stack: ");
        avd_html_text(h->out, thread->context32_source);
        avd_strbuf_puts(h->out, "</p>\n");
    }
}

void avd_html_main_stack(struct avd_html *h)
{
    const struct avd_report *report = h->report;
    bool crashed = report->crashing_thread < report->thread_count;
    size_t shown = crashed ? report->crashing_thread : report->requesting_thread;

    avd_html_section(h->out, "stack", "Stack");
    if (shown >= report->thread_count) {
        avd_strbuf_puts(h->out, report->thread_count != 0
                                    ? "<p>no thread stands out; all are listed below</p>\n"
                                    : "<p>none: the dump holds no threads</p>\n");
        avd_html_section_end(h->out);
        return;
    }
    avd_strbuf_puts(h->out, "<p>Thread ");
    avd_html_thread_name(h, shown);
    avd_strbuf_puts(h->out, crashed ? ", crashed</p>\n" : "</p>\n");
    put_thread(h, crashed && report->crashed != NULL ? report->crashed : &report->threads[shown],
               false);
    if (crashed && report->crashed != NULL)
        avd_strbuf_puts(h->out, "<p>The thread itself handles this exception; that stack stands "
                                "with those of the other threads.</p>\n");
    avd_html_section_end(h->out);
}

static void put_group(struct avd_html *h, const struct avd_rep_groups *groups, size_t first,
                      const char *mark)
{
    const struct avd_rep_thread *thread = &h->report->threads[first];

    avd_strbuf_printf(h->out, "<details id=\"thread-%zu\"><summary>", first);
    if (groups->next[first] != AVD_NO_INDEX) {
        struct avd_strbuf members;

        avd_strbuf_init(&members);
        avd_rep_groups_list(groups, first, &members);
        avd_strbuf_printf(h->out, "Threads %s, values of thread ", avd_strbuf_text(&members));
        if (members.failed)
            h->out->failed = true;
        avd_strbuf_deinit(&members);
    } else {
        avd_strbuf_puts(h->out, "Thread ");
    }
    avd_html_thread_name(h, first);
    avd_strbuf_puts(h->out, mark);
    if (thread->stack.frame_count != 0) {
        avd_strbuf_puts(h->out, ": <code>");
        avd_html_call_site(h, &thread->stack.frames[0]);
        avd_strbuf_puts(h->out, "</code>");
    }
    avd_strbuf_puts(h->out, "</summary>\n");
    put_thread(h, thread, true);
    avd_strbuf_puts(h->out, "</details>\n");
}

void avd_html_other_stacks(struct avd_html *h)
{
    const struct avd_report *report = h->report;
    bool handles = report->crashing_thread < report->thread_count && report->crashed != NULL;
    size_t shown = report->crashing_thread < report->thread_count ? report->crashing_thread
                                                                  : report->requesting_thread;
    struct avd_rep_groups groups;
    size_t left_out = 0;
    size_t i;

    if (report->thread_count == 0 || (report->thread_count == 1 && shown == 0 && !handles))
        return;
    if (!avd_rep_groups_init(&groups, report))
        h->out->failed = true;
    avd_html_section(h->out, "other-stacks", "Stacks of the other threads");
    for (i = 0; i < groups.count; i++) {
        if (groups.leader[i] != i || (i == shown && !handles && groups.next[i] == AVD_NO_INDEX))
            continue;
        if (h->rows_left == 0)
            left_out++;
        else
            put_group(h, &groups, i,
                      report->threads[i].exited ? ", exited"
                      : i != shown              ? ""
                      : handles                 ? ", handling the exception"
                                                : ", as above");
    }
    if (left_out != 0) {
        avd_strbuf_puts(h->out, "<p>");
        avd_html_count(h, left_out, "more stack is", "more different stacks are");
        avd_strbuf_puts(h->out,
                        " left out to keep this file small; the JSON report has all.</p>\n");
    }
    avd_html_section_end(h->out);
    avd_rep_groups_deinit(&groups);
}
