/* SPDX-License-Identifier: MIT */
/* The faulting instruction, and the section that says who is blamed and how the crash is sorted. */
#include "report/text.h"

#include "report/words.h"

#include <inttypes.h>
#include <string.h>

/* A field whose text was put together here; ends the text's life. */
static void put_built(const struct avd_text *t, const char *label, struct avd_strbuf *text)
{
    if (text->failed)
        t->out->failed = true;
    avd_text_field(t, label, avd_strbuf_text(text));
    avd_strbuf_deinit(text);
}

/* A name that is only the nearest one known is no name to blame. */
static void put_site(const struct avd_text *t, const struct avd_rep_frame *frame)
{
    struct avd_rep_frame plain = *frame;

    if (plain.function_approximate)
        plain.function = NULL;
    avd_text_call_site(t, &plain);
}

/* The likeliest one; -v shows all. */
static void put_flips(const struct avd_text *t, const struct avd_rep_instruction *ins)
{
    const struct avd_rep_bit_flip *best = NULL;
    struct avd_strbuf text;
    size_t i;

    for (i = 0; i < ins->flip_count; i++)
        if (best == NULL || ins->flips[i].confidence > best->confidence)
            best = &ins->flips[i];
    for (i = 0; i < ins->flip_count; i++) {
        const struct avd_rep_bit_flip *flip = &ins->flips[i];

        if (flip != best && !t->verbose)
            continue;
        avd_strbuf_init(&text);
        avd_strbuf_printf(&text,
                          "with one bit flipped, %s would be 0x%016" PRIx64 " (confidence "
                          "%.2f)",
                          flip->source_register != NULL ? flip->source_register : "the address",
                          flip->address, flip->confidence);
        put_built(t, "bit flip", &text);
    }
}

void avd_text_instruction(const struct avd_text *t)
{
    const struct avd_rep_instruction *ins = &t->report->instruction;
    struct avd_strbuf text;
    size_t i;

    if (!ins->tried)
        return;
    avd_strbuf_init(&text);
    if (ins->text == NULL)
        avd_strbuf_printf(&text, "not decoded: %s",
                          ins->why_not != NULL ? ins->why_not : "the reason is not known");
    else if (ins->operands != NULL)
        avd_strbuf_printf(&text, "%s  (%s)", ins->text, ins->operands);
    else
        avd_strbuf_puts(&text, ins->text);
    put_built(t, "instruction", &text);
    for (i = 0; i < ins->access_count; i++) {
        if (!ins->accesses[i].guard_page)
            continue;
        avd_strbuf_init(&text);
        avd_strbuf_printf(&text, "0x%" PRIx64 " looks like an address in a guard page",
                          ins->accesses[i].address);
        put_built(t, "guard page", &text);
    }
    avd_text_field(t, "really", ins->adjusted_text);
    for (i = 0; i < ins->inconsistency_count; i++)
        avd_text_field(t, "odd", avd_words_inconsistency(ins->inconsistencies[i]));
    put_flips(t, ins);
}

/* "  skipped    0 kernel32!RaiseException+0x53: raises exceptions for others" */
static void put_skipped(const struct avd_text *t)
{
    enum { SHOWN = 8 };
    const struct avd_rep_followup *followup = &t->report->followup;
    const struct avd_rep_stack *stack = avd_rep_followup_stack(t->report);
    size_t i;

    for (i = 0; i < followup->skipped_count && stack != NULL; i++) {
        const struct avd_rep_skipped *skipped = &followup->skipped[i];

        if (i == SHOWN && !t->verbose) {
            avd_text_label(t, "");
            avd_strbuf_printf(t->out, "and %zu more (-v shows all)\n", followup->skipped_count - i);
            return;
        }
        if (skipped->frame >= stack->frame_count)
            continue;
        avd_text_label(t, i == 0 ? "skipped" : "");
        avd_strbuf_printf(t->out, "%zu ", skipped->frame);
        avd_text_call_site(t, &stack->frames[skipped->frame]);
        avd_strbuf_puts(t->out, ": ");
        avd_strbuf_escaped(t->out, skipped->why != NULL ? skipped->why : "");
        avd_strbuf_puts(t->out, "\n");
    }
}

static void put_signature(const struct avd_text *t)
{
    const struct avd_rep_signature *signature = &t->report->signature;
    struct avd_strbuf text;

    avd_strbuf_init(&text);
    if (signature->id == NULL) {
        avd_strbuf_printf(&text, "none: %s",
                          signature->why_not != NULL ? signature->why_not : "not known why");
        put_built(t, "signature", &text);
        return;
    }
    avd_strbuf_printf(&text, "%s (%zu of %zu frames have names%s%s)", signature->id,
                      signature->named_count, signature->frame_count,
                      signature->cut != NULL ? "; " : "",
                      signature->cut != NULL ? signature->cut : "");
    put_built(t, "signature", &text);
    if (!t->verbose)
        return;
    avd_text_field(t, "of", signature->text);
    avd_text_field(t, "Socorro", signature->socorro);
}

void avd_text_blame(const struct avd_text *t)
{
    const struct avd_rep_followup *followup = &t->report->followup;
    const struct avd_rep_bucket *bucket = &t->report->bucket;
    const struct avd_rep_frame *frame = avd_rep_followup_frame(t->report);

    /* Without an exception nobody is to blame. */
    if (!t->report->exception.present)
        return;
    avd_text_title(t, "blame");
    if (frame == NULL) {
        avd_strbuf_puts(t->out, "  nobody: ");
        avd_text_wrapped(
            t, 10, followup->why_not != NULL ? followup->why_not : "no frame could be chosen", 0);
        return;
    }
    avd_text_label(t, "followup");
    put_site(t, frame);
    avd_strbuf_printf(t->out, ", frame %zu (", frame->index);
    avd_strbuf_escaped(t->out, followup->owner != NULL ? followup->owner : "?");
    avd_strbuf_puts(t->out, ")\n");
    avd_text_field(t, "because", followup->reason);
    put_skipped(t);
    avd_text_field(t, "bucket", bucket->id);
    avd_text_field(t, "hash", bucket->hash);
    if (t->verbose) {
        avd_text_field(t, "old bucket", bucket->legacy_id);
        avd_text_field(t, "old hash", bucket->legacy_hash);
    }
    put_signature(t);
}
