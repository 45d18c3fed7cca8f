/* SPDX-License-Identifier: MIT */
/* The frame that is blamed, found in the model: the verdict and both renderers name it. */
#include "report/model.h"

const struct avd_rep_stack *avd_rep_followup_stack(const struct avd_report *report)
{
    const struct avd_rep_thread *thread;

    if (!report->followup.found || report->crashing_thread >= report->thread_count)
        return NULL;
    thread = report->crashed != NULL ? report->crashed : &report->threads[report->crashing_thread];
    return report->followup.native ? &thread->native : &thread->stack;
}

const struct avd_rep_frame *avd_rep_followup_frame(const struct avd_report *report)
{
    const struct avd_rep_stack *stack = avd_rep_followup_stack(report);

    return stack != NULL && report->followup.frame < stack->frame_count
               ? &stack->frames[report->followup.frame]
               : NULL;
}
