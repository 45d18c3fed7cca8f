/* SPDX-License-Identifier: MIT */
/* The HTML renderer's sections on the exception, and on who is blamed and how it is sorted. */
#include "report/html.h"

#include "report/words.h"

#include <inttypes.h>
#include <string.h>

static bool has_text(const char *text)
{
    return text != NULL && *text != '\0';
}

/* "0x00000000 name" */
static void add_code(struct avd_strbuf *out, uint32_t code, const char *name)
{
    avd_strbuf_printf(out, "0x%08" PRIx32 " ", code);
    avd_strbuf_puts(out, has_text(name) ? name : "(not a known code)");
}

static void put_address_field(struct avd_html *h, const char *label, uint64_t address,
                              const char *module, uint64_t offset)
{
    avd_html_field_begin(h, label);
    avd_strbuf_puts(h->out, "<code>");
    avd_html_address(h, address, h->report->process.pointer_size);
    avd_strbuf_puts(h->out, "</code>");
    if (module != NULL) {
        avd_strbuf_puts(h->out, " ");
        avd_html_text(h->out, module);
        avd_strbuf_printf(h->out, "+0x%" PRIx64, offset);
    }
    avd_html_field_end(h);
}

static void put_flips(struct avd_html *h, const struct avd_rep_instruction *ins)
{
    size_t i;

    for (i = 0; i < ins->flip_count; i++) {
        const struct avd_rep_bit_flip *flip = &ins->flips[i];

        avd_strbuf_printf(&h->scratch,
                          "with one bit flipped, %s would be 0x%016" PRIx64 " (confidence %.2f)",
                          flip->source_register != NULL ? flip->source_register : "the address",
                          flip->address, flip->confidence);
        avd_html_scratch_field(h, "bit flip");
    }
}

static void put_instruction(struct avd_html *h)
{
    const struct avd_rep_instruction *ins = &h->report->instruction;
    size_t i;

    if (!ins->tried)
        return;
    avd_html_field_begin(h, "instruction");
    if (ins->text == NULL) {
        avd_strbuf_puts(h->out, "not decoded: ");
        avd_html_text(h->out, ins->why_not != NULL ? ins->why_not : "the reason is not known");
    } else {
        avd_strbuf_puts(h->out, "<code>");
        avd_html_text(h->out, ins->text);
        avd_strbuf_puts(h->out, "</code>");
        if (ins->operands != NULL) {
            avd_strbuf_puts(h->out, " with ");
            avd_html_text(h->out, ins->operands);
        }
    }
    avd_html_field_end(h);
    for (i = 0; i < ins->access_count; i++) {
        if (!ins->accesses[i].guard_page)
            continue;
        avd_strbuf_printf(&h->scratch, "0x%" PRIx64 " looks like an address in a guard page",
                          ins->accesses[i].address);
        avd_html_scratch_field(h, "guard page");
    }
    avd_html_field(h, "really", ins->adjusted_text);
    for (i = 0; i < ins->inconsistency_count; i++)
        avd_html_field(h, "odd", avd_words_inconsistency(ins->inconsistencies[i]));
    put_flips(h, ins);
}

static void put_found(struct avd_html *h)
{
    size_t i;

    for (i = 0; i < h->report->found_count; i++) {
        const struct avd_rep_found *found = &h->report->found[i];

        if (found->is_exception)
            continue;
        add_code(&h->scratch, found->code, found->name);
        avd_strbuf_printf(&h->scratch, " at 0x%" PRIx64, found->address);
        if (found->address_module != NULL)
            avd_strbuf_printf(&h->scratch, " %s+0x%" PRIx64, found->address_module,
                              found->address_offset);
        avd_strbuf_printf(&h->scratch, " on thread %zu (%s), found in %s", found->thread,
                          found->state, found->evidence != NULL ? found->evidence : "its stack");
        avd_html_scratch_field(h, "also");
    }
}

static void put_parameters(struct avd_html *h, const struct avd_rep_exception *exception)
{
    size_t i;

    for (i = 0; i < exception->parameter_count; i++) {
        const struct avd_rep_parameter *parameter = &exception->parameters[i];

        avd_strbuf_printf(&h->scratch, "%zu: 0x%" PRIx64, i, parameter->value);
        if (has_text(parameter->meaning))
            avd_strbuf_printf(&h->scratch, ", %s", parameter->meaning);
        avd_html_scratch_field(h, "parameter");
    }
    for (i = 0; i < exception->nested_count; i++) {
        const struct avd_rep_nested *nested = &exception->nested[i];

        add_code(&h->scratch, nested->code, nested->name);
        avd_strbuf_printf(&h->scratch, " at 0x%" PRIx64 " was being handled", nested->address);
        avd_html_scratch_field(h, "nested");
    }
    if (exception->nested_record != 0 && exception->nested_count == 0) {
        avd_strbuf_printf(&h->scratch, "another exception record at 0x%" PRIx64,
                          exception->nested_record);
        avd_html_scratch_field(h, "nested");
    }
}

static void put_flags(struct avd_html *h, const struct avd_rep_exception *exception)
{
    unsigned bit;

    if (exception->flags == 0)
        return;
    avd_strbuf_printf(&h->scratch, "0x%" PRIx32, exception->flags);
    for (bit = 0; bit < 32; bit++)
        if ((exception->flags >> bit & 1) != 0 && avd_words_exception_flag(bit) != NULL)
            avd_strbuf_printf(&h->scratch, " %s", avd_words_exception_flag(bit));
    avd_html_scratch_field(h, "flags");
}

static void put_exception(struct avd_html *h, const struct avd_rep_exception *exception)
{
    add_code(&h->scratch, exception->code, exception->name);
    if (has_text(exception->type) && has_text(exception->name) &&
        strcmp(exception->type, exception->name) != 0)
        avd_strbuf_printf(&h->scratch, " (%s)", exception->type);
    avd_html_scratch_field(h, "code");
    avd_html_field(h, "meaning", exception->meaning);
    if (!exception->was_sent)
        put_address_field(h, "address", exception->address, exception->address_module,
                          exception->address_offset);
    if (has_text(exception->access))
        put_address_field(h, exception->access, exception->crash_address, NULL, 0);
    put_instruction(h);
    avd_html_field_begin(h, "thread");
    if (exception->thread < h->report->thread_count)
        avd_html_thread_name(h, exception->thread);
    else
        avd_strbuf_printf(h->out, "0x%" PRIx32 ", which is not in the thread list",
                          exception->thread_id);
    avd_html_field_end(h);
    put_flags(h, exception);
    put_parameters(h, exception);
    if (has_text(exception->evidence)) {
        bool recovered = exception->source != NULL && strcmp(exception->source, "recovered") == 0;

        avd_strbuf_puts(&h->scratch, recovered ? "" : "the exception stream; its registers ");
        avd_strbuf_printf(&h->scratch, "recovered from the stack: %s", exception->evidence);
        avd_html_scratch_field(h, "found in");
    } else {
        avd_html_field(h, "found in", exception->origin);
    }
}

void avd_html_exception(struct avd_html *h)
{
    const struct avd_rep_exception *exception = &h->report->exception;

    avd_html_section(h->out, "exception", "Exception");
    if (!exception->present)
        avd_strbuf_puts(h->out, "<p>the dump records no exception</p>\n");
    if (exception->present || h->report->found_count != 0) {
        avd_strbuf_puts(h->out, "<dl>\n");
        if (exception->present)
            put_exception(h, exception);
        put_found(h);
        avd_strbuf_puts(h->out, "</dl>\n");
    }
    avd_html_section_end(h->out);
}

/* ---- blame ---- */

static void put_skipped(struct avd_html *h)
{
    const struct avd_rep_followup *followup = &h->report->followup;
    const struct avd_rep_stack *stack = avd_rep_followup_stack(h->report);
    size_t i;

    for (i = 0; i < followup->skipped_count && stack != NULL; i++) {
        const struct avd_rep_skipped *skipped = &followup->skipped[i];

        if (skipped->frame >= stack->frame_count)
            continue;
        avd_html_field_begin(h, i == 0 ? "passed over" : "");
        avd_strbuf_printf(h->out, "%zx ", skipped->frame);
        avd_html_call_site(h, &stack->frames[skipped->frame]);
        avd_strbuf_puts(h->out, ": ");
        avd_html_text(h->out, skipped->why);
        avd_html_field_end(h);
    }
}

static void put_signature(struct avd_html *h)
{
    const struct avd_rep_signature *signature = &h->report->signature;

    if (signature->id == NULL) {
        avd_strbuf_printf(&h->scratch, "none: %s",
                          signature->why_not != NULL ? signature->why_not : "not known why");
        avd_html_scratch_field(h, "signature");
        return;
    }
    avd_strbuf_printf(&h->scratch, "%s (%zu of %zu frames have names%s%s)", signature->id,
                      signature->named_count, signature->frame_count,
                      signature->cut != NULL ? "; " : "",
                      signature->cut != NULL ? signature->cut : "");
    avd_html_scratch_field(h, "signature");
    avd_html_field(h, "of", signature->text);
    avd_html_field(h, "Socorro", signature->socorro);
}

void avd_html_blame(struct avd_html *h)
{
    const struct avd_rep_followup *followup = &h->report->followup;
    const struct avd_rep_bucket *bucket = &h->report->bucket;
    const struct avd_rep_frame *frame = avd_rep_followup_frame(h->report);

    /* Without an exception nobody is to blame. */
    if (!h->report->exception.present)
        return;
    avd_html_section(h->out, "blame", "Blame");
    if (frame == NULL) {
        avd_strbuf_puts(h->out, "<p>nobody: ");
        avd_html_text(h->out,
                      followup->why_not != NULL ? followup->why_not : "no frame could be chosen");
        avd_strbuf_puts(h->out, "</p>\n");
    }
    avd_strbuf_puts(h->out, "<dl>\n");
    if (frame != NULL) {
        avd_strbuf_printf(&h->scratch, "%s, frame %zx (%s)",
                          followup->place != NULL ? followup->place : "in no module", frame->index,
                          followup->owner != NULL ? followup->owner : "?");
        avd_html_scratch_field(h, "followup");
        avd_html_field(h, "because", followup->reason);
        put_skipped(h);
    }
    avd_html_field(h, "bucket", bucket->id != NULL ? bucket->id : bucket->why_not);
    avd_html_field(h, "hash", bucket->hash);
    avd_html_field(h, "old bucket", bucket->legacy_id);
    avd_html_field(h, "old hash", bucket->legacy_hash);
    put_signature(h);
    avd_strbuf_puts(h->out, "</dl>\n");
    avd_html_section_end(h->out);
}
