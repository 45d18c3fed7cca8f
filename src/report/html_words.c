/* SPDX-License-Identifier: MIT */
/*
 * The HTML renderer's tools. Call sites, addresses and sizes are written by the text renderer's
 * functions, so that both reports call things by the same names; what they wrote is escaped again
 * for HTML.
 */
#include "report/html.h"

#include <string.h>

enum { MAX_FOLDED_ROWS = 4000 }; /* about 1 MB; the stack that matters is not among them */

void avd_html_init(struct avd_html *h, const struct avd_report *report,
                   const struct avd_write_options *options, struct avd_strbuf *out)
{
    memset(h, 0, sizeof *h);
    h->report = report;
    h->out = out;
    h->rows_left = MAX_FOLDED_ROWS;
    avd_strbuf_init(&h->scratch);
    avd_text_init(&h->words, report, options, &h->scratch);
    h->words.color = false;
}

void avd_html_deinit(struct avd_html *h)
{
    if (h->scratch.failed)
        h->out->failed = true;
    avd_strbuf_deinit(&h->scratch);
}

void avd_html_flush(struct avd_html *h)
{
    if (h->scratch.size != 0)
        avd_html_text(h->out, h->scratch.text);
    h->scratch.size = 0;
    if (h->scratch.text != NULL)
        h->scratch.text[0] = '\0';
}

void avd_html_call_site(struct avd_html *h, const struct avd_rep_frame *frame)
{
    avd_text_call_site(&h->words, frame);
    avd_html_flush(h);
}

void avd_html_address(struct avd_html *h, uint64_t address, unsigned pointer_size)
{
    avd_text_address(&h->words, address, pointer_size);
    avd_html_flush(h);
}

void avd_html_size(struct avd_html *h, uint64_t size)
{
    avd_text_size(&h->words, size);
    avd_html_flush(h);
}

void avd_html_count(struct avd_html *h, size_t count, const char *one, const char *many)
{
    avd_strbuf_printf(h->out, "%zu %s", count, count == 1 ? one : many);
}

void avd_html_thread_name(struct avd_html *h, size_t index)
{
    avd_text_thread_name(&h->words, index);
    avd_html_flush(h);
}

void avd_html_field_begin(struct avd_html *h, const char *label)
{
    avd_strbuf_printf(h->out, "<dt>%s</dt><dd>", label);
}

void avd_html_field_end(struct avd_html *h)
{
    avd_strbuf_puts(h->out, "</dd>\n");
}

void avd_html_field(struct avd_html *h, const char *label, const char *text)
{
    enum { MAX_FIELD_BYTES = 65536 }; /* comments may have a megabyte */

    if (text == NULL || *text == '\0')
        return;
    avd_html_field_begin(h, label);
    avd_html_lines(h->out, text, MAX_FIELD_BYTES);
    avd_html_field_end(h);
}

void avd_html_scratch_field(struct avd_html *h, const char *label)
{
    if (h->scratch.size == 0)
        return;
    avd_html_field(h, label, h->scratch.text);
    h->scratch.size = 0;
    h->scratch.text[0] = '\0';
}

void avd_html_cell(struct avd_html *h, const char *css_class, const char *text)
{
    avd_strbuf_printf(h->out, "<td class=\"%s\">", css_class);
    avd_html_text(h->out, text);
    avd_strbuf_puts(h->out, "</td>");
}
