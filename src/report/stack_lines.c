/* SPDX-License-Identifier: MIT */
/* The stack that a report is about as plain lines, for whoever writes issues. */
#include "report/text.h"

#include "base/strbuf.h"

#include <string.h>

static bool is_guess(const char *trust)
{
    return trust != NULL && strcmp(trust, "context") != 0 && strcmp(trust, "cfi") != 0 &&
           strcmp(trust, "prewalked") != 0;
}

static const struct avd_rep_thread *thread_of(const struct avd_report *report)
{
    if (report->crashed != NULL)
        return report->crashed;
    return report->crashing_thread < report->thread_count
               ? &report->threads[report->crashing_thread]
               : NULL;
}

void avd_text_stack_lines(const struct avd_text *t, unsigned max_frames)
{
    const struct avd_rep_thread *thread = thread_of(t->report);
    const struct avd_rep_stack *stack;
    size_t i;

    if (thread == NULL)
        return;
    stack =
        t->report->followup.found && t->report->followup.native ? &thread->native : &thread->stack;
    for (i = 0; i < stack->frame_count && i < max_frames; i++) {
        const struct avd_rep_frame *frame = &stack->frames[i];

        avd_strbuf_printf(t->out, "%02zu ", i);
        avd_text_call_site(t, frame);
        /* A guess must look like one, also in an issue. */
        if (is_guess(frame->trust))
            avd_strbuf_printf(t->out, "  (%s)", frame->trust);
        avd_strbuf_puts(t->out, "\n");
    }
    if (i < stack->frame_count)
        avd_strbuf_printf(t->out, "... %zu frames more\n", stack->frame_count - i);
}
