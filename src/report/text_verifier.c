/* SPDX-License-Identifier: MIT */
/*
 * Application Verifier for people: the stop's headline as !analyze prints it, the four parameters
 * with what they mean, and the recorded stacks as dps would show them.
 */
#include "report/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_COLUMN = 14 };

static bool has_text(const char *text)
{
    return text != NULL && *text != '\0';
}

static void put_line(const struct avd_text *t, const char *label, struct avd_strbuf *line)
{
    if (line->failed)
        t->out->failed = true;
    avd_text_field(t, label, avd_strbuf_text(line));
    avd_strbuf_deinit(line);
}

static void put_engine(const struct avd_text *t)
{
    const struct avd_rep_verifier *v = &t->report->verifier;
    struct avd_strbuf line;
    size_t i;

    avd_strbuf_init(&line);
    avd_strbuf_puts(&line, v->engine != NULL ? v->engine : "?");
    for (i = 0; i < v->provider_count; i++) {
        avd_strbuf_puts(&line, i == 0 ? ", layers in " : ", ");
        avd_strbuf_puts(&line, v->providers[i] != NULL ? v->providers[i] : "?");
    }
    if (v->has_global_flag)
        avd_strbuf_printf(&line, ", NtGlobalFlag 0x%" PRIx32, v->global_flag);
    put_line(t, "engine", &line);
}

static void add_flag(struct avd_strbuf *line, const char *yes, const char *no, int flag)
{
    if (flag < 0)
        return;
    avd_strbuf_puts(line, line->size != 0 ? ", " : "");
    avd_strbuf_puts(line, flag != 0 ? yes : no);
}

static void put_properties(const struct avd_text *t)
{
    const struct avd_rep_verifier *v = &t->report->verifier;
    struct avd_strbuf line;

    avd_strbuf_init(&line);
    if (v->severity != NULL)
        avd_strbuf_puts(&line, v->severity);
    if (v->error_report != NULL)
        add_flag(&line, "stops the program", "does not stop the program by default",
                 strcmp(v->error_report, "break") == 0);
    add_flag(&line, "logged", "not logged", v->log);
    add_flag(&line, "with backtrace", "without backtrace", v->backtrace);
    add_flag(&line, "once", "each time", v->one_time);
    put_line(t, "by default", &line);
}

static void put_trace(const struct avd_text *t, const struct avd_rep_stop_value *value)
{
    unsigned pointer_size = t->report->verifier.pointer_size;
    size_t i;

    for (i = 0; i < value->trace_count; i++) {
        bool culprit = i == value->trace_culprit;

        avd_strbuf_printf(t->out, "%*s%s ", VALUE_COLUMN, "", culprit ? ">" : " ");
        avd_text_address(t, value->trace[i].address, pointer_size);
        avd_strbuf_puts(t->out, " ");
        if (culprit)
            avd_text_style(t, AVD_STYLE_BOLD);
        avd_strbuf_escaped(t->out, value->trace[i].text != NULL ? value->trace[i].text : "?");
        if (culprit)
            avd_text_plain(t);
        avd_strbuf_puts(t->out, "\n");
    }
    if (has_text(value->trace_note)) {
        avd_strbuf_printf(t->out, "%*s  ", VALUE_COLUMN, "");
        avd_text_wrapped(t, VALUE_COLUMN + 2, value->trace_note, 0);
    }
}

/* "parameter 2  0000016e4cae9ec0  stack of the call that closed the SOCKET" and what it is. */
static void put_value(const struct avd_text *t, size_t index)
{
    const struct avd_rep_stop_value *value = &t->report->verifier.values[index];
    char label[16];
    struct avd_strbuf line;

    (void)snprintf(label, sizeof label, "argument %zu", index + 1);
    avd_strbuf_init(&line);
    if (value->known)
        avd_strbuf_printf(&line, "0x%" PRIx64, value->value);
    else
        avd_strbuf_puts(&line, "?");
    avd_strbuf_puts(&line, "  ");
    avd_strbuf_puts(&line, has_text(value->meaning) ? value->meaning : "not used");
    if (has_text(value->text)) {
        avd_strbuf_puts(&line, ": ");
        avd_strbuf_puts(&line, value->text);
    } else if (has_text(value->reason) && value->trace_count == 0) {
        avd_strbuf_puts(&line, ": ");
        avd_strbuf_puts(&line, value->reason);
    }
    if (t->verbose && has_text(value->recorded)) {
        avd_strbuf_puts(&line, " (the process calls it \"");
        avd_strbuf_puts(&line, value->recorded);
        avd_strbuf_puts(&line, "\")");
    }
    put_line(t, label, &line);
    put_trace(t, value);
}

static void put_with_note(const struct avd_text *t, const char *label, const char *text,
                          const char *before, const char *note)
{
    struct avd_strbuf line;

    if (!has_text(text))
        return;
    avd_strbuf_init(&line);
    avd_strbuf_puts(&line, text);
    if (has_text(note)) {
        avd_strbuf_puts(&line, before);
        avd_strbuf_puts(&line, note);
    }
    put_line(t, label, &line);
}

static void put_culprit(const struct avd_text *t)
{
    const struct avd_rep_verifier *v = &t->report->verifier;
    struct avd_strbuf line;

    if (!has_text(v->culprit))
        return;
    avd_strbuf_init(&line);
    avd_strbuf_puts(&line, v->culprit);
    if (v->culprit_source != NULL)
        avd_strbuf_printf(&line, " (%s)", v->culprit_source);
    put_line(t, "culprit", &line);
}

void avd_text_verifier(const struct avd_text *t)
{
    const struct avd_rep_verifier *v = &t->report->verifier;
    size_t i;

    if (!v->stopped && !v->loaded)
        return;
    avd_text_title(t, "application verifier");
    if (!v->stopped) {
        put_engine(t);
        return;
    }
    if (!v->recovered) {
        avd_text_field(t, "stop", "its code could not be recovered");
        avd_text_field(t, "because", v->reason);
    } else {
        avd_text_field(t, "stop", v->headline);
        avd_text_field(t, "title", v->title);
        avd_text_field(t, "message", v->message);
        avd_text_field(t, "cause", v->cause);
        for (i = 0; i < 4; i++)
            put_value(t, i);
    }
    put_with_note(t, "caller", v->caller, "; ", v->caller_note);
    put_culprit(t);
    if (v->recovered) {
        put_properties(t);
        put_with_note(t, "found", v->source, "; ", v->way);
    } else {
        avd_text_field(t, "found", v->way);
    }
    put_engine(t);
}
