/* SPDX-License-Identifier: MIT */
/* The exceptions that were found on stacks, and the records that others point to. */
#include "analyze/recover.h"
#include "report/build.h"

/* What the thread does about it. */
static const char *state_word(const struct avd_found_exception *found)
{
    if (found->by == AVD_FOUND_LEFTOVER)
        return "leftover";
    if (found->unwinding)
        return "unwinding";
    return found->unhandled ? "unhandled" : "handling";
}

static void build_nested(const struct avd_analysis *an, struct avd_report *report)
{
    struct avd_rep_nested *nested =
        avd_arena_alloc(&report->arena, an->nested_count, sizeof *nested);
    size_t i;

    if (nested == NULL)
        return;
    for (i = 0; i < an->nested_count; i++) {
        nested[i].at = an->nested[i].at;
        nested[i].code = an->nested[i].code;
        nested[i].flags = an->nested[i].flags;
        nested[i].address = an->nested[i].address;
        nested[i].name = avd_build_copy(report, avd_exception_code_name(nested[i].code));
    }
    report->exception.nested = nested;
    report->exception.nested_count = an->nested_count;
}

void avd_build_found(const struct avd_analysis *an, struct avd_report *report)
{
    struct avd_rep_found *items = avd_arena_alloc(&report->arena, an->found_count, sizeof *items);
    size_t i;

    if (items == NULL)
        return;
    for (i = 0; i < an->found_count; i++) {
        const struct avd_found_exception *from = &an->found[i];
        size_t module = avd_analysis_module_at(an, from->record.address);

        items[i].thread = from->thread;
        items[i].code = from->record.code;
        items[i].flags = from->record.flags;
        items[i].name = avd_build_copy(report, avd_exception_code_name(from->record.code));
        items[i].address = from->record.address;
        if (module != AVD_NO_MODULE) {
            items[i].address_module = avd_build_copy(report, an->modules[module].module->name);
            items[i].address_offset = from->record.address - an->modules[module].module->base;
        }
        items[i].record = from->record_at;
        items[i].context = from->context_at;
        items[i].state = state_word(from);
        items[i].evidence = avd_build_copy(report, from->evidence);
        items[i].is_exception = i == an->chosen;
    }
    report->found = items;
    report->found_count = an->found_count;
    if (!an->has_exception)
        return;
    build_nested(an, report);
    report->exception.evidence = avd_build_copy(report, an->exception_evidence);
    if (an->exception_recovered) {
        report->exception.origin = "stack";
        report->exception.source = "recovered";
    }
}
