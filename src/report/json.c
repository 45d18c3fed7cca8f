/* SPDX-License-Identifier: MIT */
/*
 * The report for programs. Contains rust-minidump's schema under the same names and types, so that
 * its readers work; everything of ours stands beside it. docs/json.md is the contract,
 * docs/avdump-report.schema.json the same for machines.
 */
#include "report/json.h"

#include <string.h>

static void write_head(struct avd_json *j, const char *status, const char *kind)
{
    avd_json_open(j, NULL, '{');
    avd_json_text(j, "status", status);
    avd_json_text(j, "kind", kind);
    avd_json_text(j, "schema_version", AVD_JSON_SCHEMA_VERSION);
    avd_json_open(j, "tool", '{');
    avd_json_text(j, "name", "avdump");
    avd_json_text(j, "version", avd_version());
    avd_json_close(j, '{');
}

static void write_verdict(struct avd_json *j)
{
    avd_json_open(j, "verdict", '{');
    avd_json_text(j, "what", j->report->what);
    avd_json_text(j, "where", j->report->where);
    avd_json_text(j, "thread", j->report->who);
    avd_json_text(j, "blame", j->report->blamed);
    avd_json_close(j, '{');
}

static void write_crash_info(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    const struct avd_rep_exception *exception = &report->exception;

    avd_json_open(j, "crash_info", '{');
    avd_json_text(j, "type", exception->present ? exception->type : NULL);
    if (avd_json_known(j, "address", exception->present))
        avd_json_address(j, "address", exception->crash_address);
    avd_json_text(j, "source", exception->present ? exception->source : NULL);
    avd_json_text_or_null(j, "evidence", exception->present ? exception->evidence : NULL);
    avd_json_index(j, "crashing_thread", report->crashing_thread, report->thread_count);
    avd_json_text_or_null(j, "assertion",
                          report->assertion.present ? report->assertion.expression : NULL);
    avd_json_instruction(j);
    avd_json_close(j, '{');
}

static void write_assertion(struct avd_json *j)
{
    const struct avd_rep_assertion *assertion = &j->report->assertion;

    if (!avd_json_known(j, "assertion", assertion->present))
        return;
    avd_json_open(j, "assertion", '{');
    avd_json_text_or_null(j, "expression", assertion->expression);
    avd_json_text_or_null(j, "function", assertion->function);
    avd_json_text_or_null(j, "file", assertion->file);
    avd_json_number_or_null(j, "line", assertion->line);
    avd_json_close(j, '{');
}

static void write_wow64(struct avd_json *j)
{
    const struct avd_rep_wow64 *wow64 = &j->report->wow64;

    avd_json_open(j, "wow64", '{');
    avd_json_bool(j, "is_wow64", wow64->present);
    avd_json_text_or_null(j, "evidence", wow64->evidence);
    avd_json_address_or_null(j, "peb64", wow64->peb64);
    avd_json_address_or_null(j, "peb32", wow64->peb32);
    avd_json_number(j, "threads_with_context32", wow64->threads_with_context32);
    avd_json_close(j, '{');
}

static void put_finding_parameters(struct avd_json *j, const struct avd_rep_finding *finding)
{
    size_t i;

    avd_json_open(j, "parameters", '[');
    for (i = 0; i < finding->parameter_count; i++) {
        avd_json_open(j, NULL, '{');
        avd_json_text(j, "name", finding->parameters[i].name);
        avd_json_text(j, "value", finding->parameters[i].value);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void write_findings(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_open(j, "findings", '[');
    for (i = 0; i < report->finding_count && !j->out->failed; i++) {
        const struct avd_rep_finding *finding = &report->findings[i];

        avd_json_open(j, NULL, '{');
        avd_json_text(j, "id", finding->id);
        avd_json_text(j, "title", finding->title);
        avd_json_text(j, "severity", finding->severity_name);
        avd_json_text(j, "confidence", finding->confidence);
        avd_json_text_or_null(j, "pattern", finding->pattern);
        avd_json_text_or_null(j, "reference", finding->reference);
        avd_json_text(j, "summary", finding->summary);
        avd_json_texts(j, "evidence", finding->evidence, finding->evidence_count);
        avd_json_texts(j, "advice", finding->advice, finding->advice_count);
        avd_json_text_or_null(j, "explanation", finding->explanation);
        avd_json_texts(j, "references", finding->references, finding->reference_count);
        avd_json_texts(j, "tags", finding->tags, finding->tag_count);
        put_finding_parameters(j, finding);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
    avd_json_open(j, "undecided", '[');
    for (i = 0; i < report->undecided_count && !j->out->failed; i++) {
        const struct avd_rep_undecided *undecided = &report->undecided[i];

        avd_json_open(j, NULL, '{');
        avd_json_text(j, "id", undecided->id);
        avd_json_text(j, "title", undecided->title);
        avd_json_text(j, "fact", undecided->fact);
        avd_json_text(j, "reason", undecided->reason);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void write_facts(struct avd_json *j)
{
    size_t i;

    avd_json_open(j, "facts", '{');
    for (i = 0; i < j->report->fact_count && !j->out->failed; i++) {
        const struct avd_rep_fact *fact = &j->report->facts[i];

        avd_json_open(j, fact->name, '{');
        avd_json_bool(j, "known", fact->known);
        avd_json_text(j, "value", fact->known ? fact->value : NULL);
        avd_json_text(j, "reason", fact->known ? NULL : fact->value);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '{');
}

static void write_annotations(struct avd_json *j)
{
    size_t i;

    avd_json_open(j, "annotations", '[');
    for (i = 0; i < j->report->annotation_count && !j->out->failed; i++) {
        const struct avd_rep_annotation *annotation = &j->report->annotations[i];

        avd_json_open(j, NULL, '{');
        avd_json_text_or_null(j, "module", annotation->module);
        avd_json_text(j, "key", annotation->key);
        avd_json_text(j, "value", annotation->value);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void render(const struct avd_report *report, const struct avd_write_options *options,
                   struct avd_strbuf *out)
{
    struct avd_json j;

    avd_json_init(&j, report, options, out);
    write_head(&j, "OK", "report");
    write_verdict(&j);
    write_findings(&j);
    avd_json_process(&j);
    write_crash_info(&j);
    avd_json_exception(&j);
    avd_json_blame(&j);
    avd_json_found(&j);
    write_assertion(&j);
    avd_json_system(&j);
    avd_json_linux(&j);
    write_wow64(&j);
    avd_json_verifier(&j);
    avd_json_crashing_thread(&j);
    avd_json_index(&j, "requesting_thread", report->requesting_thread, report->thread_count);
    avd_json_threads(&j);
    avd_json_modules(&j);
    avd_json_unloaded(&j);
    avd_json_handles(&j);
    write_annotations(&j);
    avd_json_dump(&j);
    write_facts(&j);
    avd_json_notes(&j);
    avd_json_close(&j, '{');
}

static void render_info(const struct avd_report *report, const struct avd_write_options *options,
                        struct avd_strbuf *out)
{
    struct avd_json j;

    avd_json_init(&j, report, options, out);
    write_head(&j, "OK", "info");
    avd_json_dump(&j);
    avd_json_process(&j);
    avd_json_system(&j);
    avd_json_exception(&j);
    avd_json_threads_short(&j);
    avd_json_modules(&j);
    avd_json_unloaded(&j);
    avd_json_handles(&j);
    avd_json_notes(&j);
    avd_json_close(&j, '{');
}

static void render_symbols(const struct avd_report *report, bool needed_only,
                           const struct avd_write_options *options, struct avd_strbuf *out)
{
    struct avd_json j;

    avd_json_init(&j, report, options, out);
    write_head(&j, "OK", "symbols");
    avd_json_text(&j, "file", report->dump.file);
    avd_json_bool(&j, "needed_only", needed_only);
    avd_json_symbols(&j, needed_only);
    avd_json_close(&j, '{');
}

static void render_error(const struct avd_error *error, const char *file,
                         const struct avd_write_options *options, struct avd_strbuf *out)
{
    struct avd_json j;

    avd_json_init(&j, NULL, options, out);
    write_head(&j, "ERROR", "error");
    avd_json_open(&j, "error", '{');
    avd_json_text(&j, "code", avd_status_name(error->code));
    avd_json_text(&j, "message", error->message);
    avd_json_text_or_null(&j, "where", error->where);
    avd_json_number_or_null(&j, "offset", error->offset);
    avd_json_number_or_null(&j, "line", error->line);
    avd_json_number_or_null(&j, "column", error->column);
    avd_json_close(&j, '{');
    avd_json_open(&j, "dump", '{');
    avd_json_text(&j, "file", file);
    avd_json_close(&j, '{');
    avd_json_close(&j, '{');
}

const struct avd_renderer avd_render_json = {"json",      "application/json", render,
                                             render_info, render_symbols,     render_error};
