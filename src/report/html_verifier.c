/* SPDX-License-Identifier: MIT */
/*
 * Application Verifier in HTML: the stop, its four parameters with what they mean, and the recorded
 * stacks.
 */
#include "report/html.h"

#include <inttypes.h>
#include <string.h>

static bool has_text(const char *text)
{
    return text != NULL && *text != '\0';
}

static void put_engine(struct avd_html *h)
{
    const struct avd_rep_verifier *v = &h->report->verifier;
    size_t i;

    avd_strbuf_puts(&h->scratch, v->engine != NULL ? v->engine : "?");
    for (i = 0; i < v->provider_count; i++)
        avd_strbuf_printf(&h->scratch, "%s%s", i == 0 ? ", layers in " : ", ",
                          v->providers[i] != NULL ? v->providers[i] : "?");
    if (v->has_global_flag)
        avd_strbuf_printf(&h->scratch, ", NtGlobalFlag 0x%" PRIx32, v->global_flag);
    avd_html_scratch_field(h, "engine");
}

static void put_trace(struct avd_html *h, const struct avd_rep_stop_value *value)
{
    size_t i;

    if (value->trace_count == 0)
        return;
    avd_html_table(h->out, "k f", "recorded stack", "|Address|Call site");
    for (i = 0; i < value->trace_count; i++) {
        const struct avd_rep_stop_line *line = &value->trace[i];
        bool culprit = i == value->trace_culprit;

        avd_strbuf_printf(h->out, "<tr%s><td>%s</td><td class=\"a\">",
                          culprit ? " class=\"blamed\"" : "", culprit ? "culprit" : "");
        avd_html_address(h, line->address, h->report->verifier.pointer_size);
        avd_strbuf_puts(h->out, "</td><th class=\"s\" scope=\"row\">");
        avd_html_text(h->out, line->text != NULL ? line->text : "?");
        avd_strbuf_puts(h->out, "</th></tr>\n");
    }
    avd_html_table_end(h->out);
    if (has_text(value->trace_note)) {
        avd_strbuf_puts(h->out, "<p class=\"dim\">");
        avd_html_text(h->out, value->trace_note);
        avd_strbuf_puts(h->out, "</p>");
    }
}

static void put_value(struct avd_html *h, size_t index)
{
    static const char *const labels[] = {"argument 1", "argument 2", "argument 3", "argument 4"};
    const struct avd_rep_stop_value *value = &h->report->verifier.values[index];

    avd_html_field_begin(h, labels[index]);
    if (value->known)
        avd_strbuf_printf(h->out, "<code>0x%" PRIx64 "</code> ", value->value);
    else
        avd_strbuf_puts(h->out, "? ");
    avd_html_text(h->out, has_text(value->meaning) ? value->meaning : "not used");
    if (has_text(value->text)) {
        avd_strbuf_puts(h->out, ": ");
        avd_html_lines(h->out, value->text, 0);
    } else if (has_text(value->reason) && value->trace_count == 0) {
        avd_strbuf_puts(h->out, ": ");
        avd_html_text(h->out, value->reason);
    }
    put_trace(h, value);
    avd_html_field_end(h);
}

static void put_with_note(struct avd_html *h, const char *label, const char *text, const char *note)
{
    if (!has_text(text))
        return;
    avd_strbuf_puts(&h->scratch, text);
    if (has_text(note))
        avd_strbuf_printf(&h->scratch, "; %s", note);
    avd_html_scratch_field(h, label);
}

static void put_stop(struct avd_html *h)
{
    const struct avd_rep_verifier *v = &h->report->verifier;
    size_t i;

    if (!v->recovered) {
        avd_html_field(h, "stop", "its code could not be recovered");
        avd_html_field(h, "because", v->reason);
    } else {
        avd_html_field(h, "stop", v->headline);
        avd_html_field(h, "title", v->title);
        avd_html_field(h, "message", v->message);
        avd_html_field(h, "cause", v->cause);
        avd_html_field(h, "advice", v->advice);
        for (i = 0; i < 4; i++)
            put_value(h, i);
    }
    put_with_note(h, "caller", v->caller, v->caller_note);
    if (has_text(v->culprit)) {
        avd_strbuf_puts(&h->scratch, v->culprit);
        if (v->culprit_source != NULL)
            avd_strbuf_printf(&h->scratch, " (%s)", v->culprit_source);
        avd_html_scratch_field(h, "culprit");
    }
    avd_html_field(h, "severity", v->recovered ? v->severity : NULL);
    if (v->recovered)
        put_with_note(h, "found", v->source, v->way);
    else
        avd_html_field(h, "found", v->way);
}

void avd_html_verifier(struct avd_html *h)
{
    const struct avd_rep_verifier *v = &h->report->verifier;

    if (!v->stopped && !v->loaded)
        return;
    avd_html_section(h->out, "verifier", "Application Verifier");
    avd_strbuf_puts(h->out, "<dl>\n");
    if (v->stopped)
        put_stop(h);
    put_engine(h);
    avd_strbuf_puts(h->out, "</dl>\n");
    avd_html_section_end(h->out);
}
