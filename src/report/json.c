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
    json_t *tool = json_object();

    avd_json_open(j, NULL, '{');
    avd_json_value(j, "status", json_string_nocheck(status));
    avd_json_value(j, "kind", json_string_nocheck(kind));
    avd_json_value(j, "schema_version", json_string_nocheck(AVD_JSON_SCHEMA_VERSION));
    avd_json_put(j, tool, "name", json_string_nocheck("avdump"));
    avd_json_put(j, tool, "version", json_string_nocheck(avd_version()));
    avd_json_value(j, "tool", tool);
}

static void write_verdict(struct avd_json *j)
{
    json_t *object = json_object();

    avd_json_put(j, object, "what", avd_json_text(j, j->report->what));
    avd_json_put(j, object, "where", avd_json_text(j, j->report->where));
    avd_json_put(j, object, "thread", avd_json_text(j, j->report->who));
    avd_json_put(j, object, "blame", avd_json_text(j, j->report->blamed));
    avd_json_value(j, "verdict", object);
}

static void write_crash_info(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    const struct avd_rep_exception *exception = &report->exception;
    json_t *object = json_object();

    avd_json_put(j, object, "type", avd_json_text(j, exception->present ? exception->type : NULL));
    avd_json_put(j, object, "address",
                 exception->present ? avd_json_address(j, exception->crash_address)
                                    : json_null());
    avd_json_put(j, object, "source",
                 avd_json_text(j, exception->present ? exception->source : NULL));
    avd_json_put(j, object, "evidence",
                 avd_json_text_or_null(j, exception->present ? exception->evidence : NULL));
    avd_json_put(j, object, "crashing_thread",
                 avd_json_index(report->crashing_thread, report->thread_count));
    avd_json_put(j, object, "assertion",
                 avd_json_text_or_null(j, report->assertion.present
                                              ? report->assertion.expression
                                              : NULL));
    avd_json_instruction(j, object);
    avd_json_value(j, "crash_info", object);
}

static void write_assertion(struct avd_json *j)
{
    const struct avd_rep_assertion *assertion = &j->report->assertion;
    json_t *object;

    if (!assertion->present) {
        avd_json_value(j, "assertion", json_null());
        return;
    }
    object = json_object();
    avd_json_put(j, object, "expression", avd_json_text_or_null(j, assertion->expression));
    avd_json_put(j, object, "function", avd_json_text_or_null(j, assertion->function));
    avd_json_put(j, object, "file", avd_json_text_or_null(j, assertion->file));
    avd_json_put(j, object, "line",
                 assertion->line != 0 ? avd_json_number(assertion->line) : json_null());
    avd_json_value(j, "assertion", object);
}

static void write_wow64(struct avd_json *j)
{
    const struct avd_rep_wow64 *wow64 = &j->report->wow64;
    json_t *object = json_object();

    avd_json_put(j, object, "is_wow64", json_boolean(wow64->present));
    avd_json_put(j, object, "evidence", avd_json_text_or_null(j, wow64->evidence));
    avd_json_put(j, object, "peb64", avd_json_address_or_null(j, wow64->peb64));
    avd_json_put(j, object, "peb32", avd_json_address_or_null(j, wow64->peb32));
    avd_json_put(j, object, "threads_with_context32",
                 avd_json_number(wow64->threads_with_context32));
    avd_json_value(j, "wow64", object);
}

static json_t *finding_parameters(struct avd_json *j, const struct avd_rep_finding *finding)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; array != NULL && i < finding->parameter_count; i++) {
        json_t *object = json_object();

        avd_json_put(j, object, "name", avd_json_text(j, finding->parameters[i].name));
        avd_json_put(j, object, "value", avd_json_text(j, finding->parameters[i].value));
        avd_json_append(j, array, object);
    }
    return array;
}

static void write_findings(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_open(j, "findings", '[');
    for (i = 0; i < report->finding_count && !j->out->failed; i++) {
        const struct avd_rep_finding *finding = &report->findings[i];
        json_t *object = json_object();

        avd_json_put(j, object, "id", avd_json_text(j, finding->id));
        avd_json_put(j, object, "title", avd_json_text(j, finding->title));
        avd_json_put(j, object, "severity", avd_json_text(j, finding->severity_name));
        avd_json_put(j, object, "confidence", avd_json_text(j, finding->confidence));
        avd_json_put(j, object, "pattern", avd_json_text_or_null(j, finding->pattern));
        avd_json_put(j, object, "reference", avd_json_text_or_null(j, finding->reference));
        avd_json_put(j, object, "summary", avd_json_text(j, finding->summary));
        avd_json_put(j, object, "evidence",
                     avd_json_texts(j, finding->evidence, finding->evidence_count));
        avd_json_put(j, object, "advice",
                     avd_json_texts(j, finding->advice, finding->advice_count));
        avd_json_put(j, object, "explanation", avd_json_text_or_null(j, finding->explanation));
        avd_json_put(j, object, "references",
                     avd_json_texts(j, finding->references, finding->reference_count));
        avd_json_put(j, object, "tags", avd_json_texts(j, finding->tags, finding->tag_count));
        avd_json_put(j, object, "parameters", finding_parameters(j, finding));
        avd_json_value(j, NULL, object);
    }
    avd_json_close(j, '[');
    avd_json_open(j, "undecided", '[');
    for (i = 0; i < report->undecided_count && !j->out->failed; i++) {
        const struct avd_rep_undecided *undecided = &report->undecided[i];
        json_t *object = json_object();

        avd_json_put(j, object, "id", avd_json_text(j, undecided->id));
        avd_json_put(j, object, "title", avd_json_text(j, undecided->title));
        avd_json_put(j, object, "fact", avd_json_text(j, undecided->fact));
        avd_json_put(j, object, "reason", avd_json_text(j, undecided->reason));
        avd_json_value(j, NULL, object);
    }
    avd_json_close(j, '[');
}

static void write_facts(struct avd_json *j)
{
    size_t i;

    avd_json_open(j, "facts", '{');
    for (i = 0; i < j->report->fact_count && !j->out->failed; i++) {
        const struct avd_rep_fact *fact = &j->report->facts[i];
        json_t *object = json_object();

        avd_json_put(j, object, "known", json_boolean(fact->known));
        avd_json_put(j, object, "value", avd_json_text(j, fact->known ? fact->value : NULL));
        avd_json_put(j, object, "reason", avd_json_text(j, fact->known ? NULL : fact->value));
        avd_json_value(j, fact->name, object);
    }
    avd_json_close(j, '{');
}

static void write_annotations(struct avd_json *j)
{
    size_t i;

    avd_json_open(j, "annotations", '[');
    for (i = 0; i < j->report->annotation_count && !j->out->failed; i++) {
        const struct avd_rep_annotation *annotation = &j->report->annotations[i];
        json_t *object = json_object();

        avd_json_put(j, object, "module", avd_json_text_or_null(j, annotation->module));
        avd_json_put(j, object, "key", avd_json_text(j, annotation->key));
        avd_json_put(j, object, "value", avd_json_text(j, annotation->value));
        avd_json_value(j, NULL, object);
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
    avd_json_value(&j, "requesting_thread",
                   avd_json_index(report->requesting_thread, report->thread_count));
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
    avd_json_value(&j, "file", avd_json_text(&j, report->dump.file));
    avd_json_value(&j, "needed_only", json_boolean(needed_only));
    avd_json_symbols(&j, needed_only);
    avd_json_close(&j, '{');
}

static json_t *number_or_null(uint64_t value)
{
    return value != 0 ? avd_json_number(value) : json_null();
}

static void render_error(const struct avd_error *error, const char *file,
                         const struct avd_write_options *options, struct avd_strbuf *out)
{
    json_t *object = json_object();
    json_t *dump = json_object();
    struct avd_json j;

    avd_json_init(&j, NULL, options, out);
    write_head(&j, "ERROR", "error");
    avd_json_put(&j, object, "code", json_string_nocheck(avd_status_name(error->code)));
    avd_json_put(&j, object, "message", avd_json_text(&j, error->message));
    avd_json_put(&j, object, "where", avd_json_text_or_null(&j, error->where));
    avd_json_put(&j, object, "offset", number_or_null(error->offset));
    avd_json_put(&j, object, "line", number_or_null(error->line));
    avd_json_put(&j, object, "column", number_or_null(error->column));
    avd_json_value(&j, "error", object);
    avd_json_put(&j, dump, "file", avd_json_text(&j, file));
    avd_json_value(&j, "dump", dump);
    avd_json_close(&j, '{');
}

const struct avd_renderer avd_render_json = {"json", "application/json", render, render_info,
                                             render_symbols, render_error};
