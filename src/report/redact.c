/* SPDX-License-Identifier: MIT */
#include "report/redact.h"

#include "base/redact.h"

#include <string.h>

static const char *instead_of(const char *text)
{
    return text != NULL && *text != '\0' ? AVD_REDACTED : text;
}

static void redact_annotations(struct avd_report *out, struct avd_arena *arena)
{
    struct avd_rep_annotation *items = avd_arena_alloc(arena, out->annotation_count, sizeof *items);
    size_t i;

    if (items == NULL)
        out->annotation_count = 0;
    for (i = 0; i < out->annotation_count; i++) {
        items[i] = out->annotations[i];
        if (items[i].key == NULL || avd_redact_is_personal_key(items[i].key))
            items[i].value = instead_of(items[i].value);
    }
    out->annotations = items;
}

/* Facts, and what findings quote of them. */
static void redact_facts(struct avd_report *out, struct avd_arena *arena)
{
    struct avd_rep_fact *items = avd_arena_alloc(arena, out->fact_count, sizeof *items);
    size_t i;

    if (items == NULL)
        out->fact_count = 0;
    for (i = 0; i < out->fact_count; i++) {
        items[i] = out->facts[i];
        if (items[i].known && avd_redact_is_personal_key(items[i].name))
            items[i].value = AVD_REDACTED;
    }
    out->facts = items;
}

static bool mentions_comment(const char *text)
{
    return text != NULL && strstr(text, "comment") != NULL;
}

/*
 * Whether a finding may quote a comment: its rule is about comments, or looked at one, or says the
 * word. In doubt it does.
 */
static bool quotes_comment(const struct avd_rep_finding *finding)
{
    bool quotes = avd_redact_is_personal_key(finding->id) || mentions_comment(finding->summary) ||
                  mentions_comment(finding->explanation);
    size_t i;

    for (i = 0; i < finding->evidence_count && !quotes; i++)
        quotes = mentions_comment(finding->evidence[i]);
    for (i = 0; i < finding->parameter_count && !quotes; i++)
        quotes = finding->parameters[i].name == NULL ||
                 avd_redact_is_personal_key(finding->parameters[i].name);
    return quotes;
}

/* What is left of such a finding is its rule's name and title. */
static void redact_finding(struct avd_rep_finding *finding)
{
    finding->summary = instead_of(finding->summary);
    finding->explanation = instead_of(finding->explanation);
    finding->parameter_count = 0;
    finding->evidence_count = 0;
    finding->advice_count = 0;
}

static void redact_findings(struct avd_report *out, struct avd_arena *arena)
{
    struct avd_rep_finding *items = avd_arena_alloc(arena, out->finding_count, sizeof *items);
    size_t i;

    if (items == NULL)
        out->finding_count = 0;
    for (i = 0; i < out->finding_count; i++) {
        items[i] = out->findings[i];
        if (quotes_comment(&items[i]))
            redact_finding(&items[i]);
    }
    out->findings = items;
}

void avd_report_redact(const struct avd_report *report, struct avd_arena *arena,
                       struct avd_report *out)
{
    *out = *report;
    out->dump.comment_a = instead_of(out->dump.comment_a);
    out->dump.comment_w = instead_of(out->dump.comment_w);
    redact_annotations(out, arena);
    redact_facts(out, arena);
    redact_findings(out, arena);
}
