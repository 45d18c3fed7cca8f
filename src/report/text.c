/* SPDX-License-Identifier: MIT */
/*
 * The report for people: first the verdict in three lines and the stack that matters, then what
 * the rules found, then the details. The first screen must be clear to a newcomer, and the stacks
 * to somebody who knows WinDbg. Read by people only: programs take the JSON.
 */
#include "report/text.h"

#include <inttypes.h>
#include <string.h>

enum { VERDICT_COLUMN = 8 };

static void put_verdict_line(const struct avd_text *t, const char *label, const char *text)
{
    size_t size = strlen(label);

    /* "thread  thread 0" would say it twice. */
    if (strncmp(text, label, size) == 0 && text[size] == ' ')
        text += size + 1;
    avd_strbuf_printf(t->out, "%-*s", VERDICT_COLUMN, label);
    avd_text_style(t, AVD_STYLE_BOLD);
    avd_text_wrapped(t, VERDICT_COLUMN, text, 10);
    avd_text_plain(t);
}

/* Names out of symbols that are not the dump's may be wrong: said before the stack, not behind. */
static void put_mismatched(const struct avd_text *t)
{
    size_t i;

    for (i = 0; i < t->report->module_count; i++) {
        const struct avd_rep_module *module = &t->report->modules[i];
        struct avd_strbuf line;

        if (!module->symbol_mismatched)
            continue;
        avd_strbuf_init(&line);
        avd_strbuf_puts(&line, module->file != NULL ? module->file : "(no name)");
        avd_strbuf_puts(&line,
                        ": the identifier differs from the dump's (--symbols-loose); names and "
                        "lines may be wrong");
        if (line.failed)
            t->out->failed = true;
        put_verdict_line(t, "symbols", avd_strbuf_text(&line));
        avd_strbuf_deinit(&line);
    }
}

/* "  because  evidence", one item per line, the label once. */
static void put_items(const struct avd_text *t, const char *label, const char *const *items,
                      size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        avd_strbuf_printf(t->out, "    %-8s- ", i == 0 ? label : "");
        avd_text_wrapped(t, 14, items[i], 0);
    }
}

static void put_parameters(const struct avd_text *t, const struct avd_rep_finding *finding)
{
    size_t i;

    for (i = 0; i < finding->parameter_count; i++) {
        avd_strbuf_puts(t->out, "    ");
        avd_strbuf_escaped(t->out, finding->parameters[i].name);
        avd_strbuf_puts(t->out, ": ");
        avd_strbuf_escaped(t->out, finding->parameters[i].value);
        avd_strbuf_puts(t->out, "\n");
    }
}

static void put_finding(const struct avd_text *t, const struct avd_rep_finding *finding)
{
    bool colored = finding->severity != AVD_SEVERITY_INFO;

    avd_strbuf_puts(t->out, "  ");
    if (colored)
        avd_text_style(t,
                       finding->severity == AVD_SEVERITY_ERROR ? AVD_STYLE_RED : AVD_STYLE_YELLOW);
    avd_strbuf_escaped(t->out, finding->severity_name != NULL ? finding->severity_name : "finding");
    if (colored)
        avd_text_plain(t);
    avd_strbuf_puts(t->out, ": ");
    avd_strbuf_escaped(t->out, finding->title != NULL ? finding->title : "");
    avd_strbuf_puts(t->out, " [");
    avd_strbuf_escaped(t->out, finding->id != NULL ? finding->id : "");
    avd_strbuf_puts(t->out, "]");
    if (finding->confidence != NULL && strcmp(finding->confidence, "high") != 0)
        avd_strbuf_printf(t->out, ", %s confidence", finding->confidence);
    avd_strbuf_puts(t->out, "\n");
    if (finding->summary != NULL && *finding->summary != '\0') {
        avd_strbuf_puts(t->out, "    ");
        avd_text_wrapped(t, 4, finding->summary, 0);
    }
    put_parameters(t, finding);
    put_items(t, "because", finding->evidence, finding->evidence_count);
    put_items(t, "advice", finding->advice, finding->advice_count);
    if (t->verbose && finding->explanation != NULL && *finding->explanation != '\0')
        put_items(t, "more", &finding->explanation, 1);
    if (t->verbose && finding->pattern != NULL && *finding->pattern != '\0')
        put_items(t, "pattern", &finding->pattern, 1);
    if (t->verbose && finding->reference != NULL && *finding->reference != '\0')
        put_items(t, "see", &finding->reference, 1);
    if (t->verbose)
        put_items(t, "see", finding->references, finding->reference_count);
}

static void put_findings(const struct avd_text *t)
{
    const struct avd_report *report = t->report;
    size_t i;

    avd_text_title(t, "findings");
    if (report->finding_count == 0)
        avd_strbuf_puts(t->out, "  none: no rule applies to this dump\n");
    for (i = 0; i < report->finding_count; i++)
        put_finding(t, &report->findings[i]);
    if (report->undecided_count == 0)
        return;
    if (!t->verbose) {
        avd_strbuf_puts(t->out, "  ");
        avd_text_count(t, report->undecided_count, "rule", "rules");
        avd_strbuf_puts(t->out, " could not be decided with what this dump holds (-v says why)\n");
        return;
    }
    avd_text_title(t, "rules that could not be decided");
    for (i = 0; i < report->undecided_count; i++) {
        const struct avd_rep_undecided *undecided = &report->undecided[i];
        struct avd_strbuf line;

        avd_strbuf_init(&line);
        avd_strbuf_puts(&line, undecided->id != NULL ? undecided->id : "");
        avd_strbuf_puts(&line, ": ");
        avd_strbuf_puts(&line, undecided->fact != NULL ? undecided->fact : "a fact");
        avd_strbuf_puts(&line, " is not known: ");
        avd_strbuf_puts(&line, undecided->reason != NULL ? undecided->reason : "no reason given");
        if (line.failed)
            t->out->failed = true;
        avd_strbuf_puts(t->out, "  ");
        avd_text_wrapped(t, 4, avd_strbuf_text(&line), 0);
        avd_strbuf_deinit(&line);
    }
}

static void render(const struct avd_report *report, const struct avd_write_options *options,
                   struct avd_strbuf *out)
{
    bool crashed = report->crashing_thread < report->thread_count;
    size_t shown = crashed ? report->crashing_thread : report->requesting_thread;
    struct avd_text t;

    avd_text_init(&t, report, options, out);
    put_verdict_line(&t, "what", report->what);
    put_verdict_line(&t, "where", report->where);
    put_verdict_line(&t, "thread", report->who);
    if (report->blamed != NULL)
        put_verdict_line(&t, "blame", report->blamed);
    put_mismatched(&t);
    if (shown < report->thread_count) {
        avd_text_thread_stacks(&t, shown, crashed ? "crashed" : "");
    } else {
        avd_text_title(&t, "stack");
        avd_strbuf_puts(out, report->thread_count != 0
                                 ? "  no thread stands out (--all-threads shows every stack)\n"
                                 : "  none: the dump holds no threads\n");
    }
    put_findings(&t);
    avd_text_verifier(&t);
    avd_text_exception(&t);
    avd_text_blame(&t);
    if (t.all_threads)
        avd_text_other_stacks(&t, shown);
    avd_text_threads(&t, true);
    avd_text_modules(&t, t.verbose);
    avd_text_system(&t);
    avd_text_dump(&t);
    avd_text_notes(&t);
}

static void render_info(const struct avd_report *report, const struct avd_write_options *options,
                        struct avd_strbuf *out)
{
    struct avd_text t;

    avd_text_init(&t, report, options, out);
    avd_strbuf_puts(out, "minidump, ");
    avd_text_count(&t, report->dump.stream_count, "stream", "streams");
    avd_strbuf_puts(out, ", ");
    avd_text_count(&t, report->thread_count, "thread", "threads");
    avd_strbuf_puts(out, ", ");
    avd_text_count(&t, report->module_count, "module", "modules");
    avd_strbuf_puts(out, ", ");
    avd_text_count(&t, report->unloaded_count, "unloaded module", "unloaded modules");
    avd_strbuf_puts(out, ", ");
    if (report->has_handles)
        avd_text_count(&t, report->handle_count, "handle", "handles");
    else
        avd_strbuf_puts(out, "no handle stream");
    avd_strbuf_printf(out, ", writer version 0x%04x\n", (unsigned)report->dump.version_high);
    avd_text_dump(&t);
    avd_text_streams(&t);
    avd_text_system(&t);
    avd_text_exception(&t);
    avd_text_threads(&t, false);
    avd_text_modules(&t, true);
    avd_text_notes(&t);
}

static void render_symbols(const struct avd_report *report, bool needed_only,
                           const struct avd_write_options *options, struct avd_strbuf *out)
{
    struct avd_text t;

    avd_text_init(&t, report, options, out);
    if (needed_only)
        avd_text_symbols_needed(&t);
    else
        avd_text_symbols(&t);
}

/* "avdump: FILE: where at 0x1a0: message", rule files as "avdump: FILE:12:7: message". */
static void render_error(const struct avd_error *error, const char *file,
                         const struct avd_write_options *options, struct avd_strbuf *out)
{
    bool has_file = file != NULL && *file != '\0';
    bool has_where = error->where[0] != '\0' && !(has_file && strcmp(error->where, file) == 0);

    (void)options;
    avd_strbuf_puts(out, "avdump: ");
    if (has_file)
        avd_strbuf_escaped(out, file);
    if (has_where) {
        avd_strbuf_puts(out, has_file ? ": " : "");
        avd_strbuf_escaped(out, error->where);
    }
    if (error->line != 0)
        avd_strbuf_printf(out, ":%u:%u", error->line, error->column);
    else if (error->offset != 0)
        avd_strbuf_printf(out, " at 0x%" PRIx64, error->offset);
    avd_strbuf_puts(out, has_file || has_where ? ": " : "");
    avd_strbuf_escaped(out,
                       error->message[0] != '\0' ? error->message : avd_status_name(error->code));
    avd_strbuf_puts(out, "\n");
}

const struct avd_renderer avd_render_text = {
    "text", "text/plain; charset=utf-8", render, render_info, render_symbols, render_error};
