/* SPDX-License-Identifier: MIT */
/* What a worker does with one dump: open, analyse, and say what came of it. */
#include "gate/worker.h"

#include "base/file.h"
#include "base/redact.h"
#include "gate/redact.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FRAMES = 40 }; /* in an issue; deeper ones explain no crash */

/* What there is to say of a dump that could not be analysed. */
static void fail(const struct avd_gate_worker *worker, struct avd_gate_record *record,
                 const struct avd_error *err, char *message, size_t message_size,
                 struct avd_strbuf *report)
{
    record->outcome = err->code == AVD_E_NOMEM ? AVD_GATE_OUT_OF_MEMORY : AVD_GATE_UNREADABLE;
    if (err->where[0] != '\0' && strcmp(err->where, record->name) != 0)
        (void)snprintf(message, message_size, "%s: %s", err->where, err->message);
    else
        (void)snprintf(message, message_size, "%s", err->message);
    record->error = message;
    if (worker->want_report)
        (void)avd_error_write(err, record->name, AVD_FORMAT_JSON, &worker->write, avd_gate_append,
                              report);
}

/* The pieces of advice of a finding, a line each; NULL without any. */
static const char *advice_of(const struct avd_report *report, size_t index, struct avd_arena *arena)
{
    const char *all = NULL;
    const char *piece;
    size_t i;

    for (i = 0; (piece = avd_report_finding_advice(report, index, i)) != NULL; i++)
        all = all == NULL ? piece : avd_arena_printf(arena, "%s\n%s", all, piece);
    return all;
}

static const char *system_of(const struct avd_report *report, struct avd_arena *arena)
{
    const char *os = avd_report_text(report, AVD_REPORT_OS);
    const char *version = avd_report_text(report, AVD_REPORT_OS_VERSION);
    const char *cpu = avd_report_text(report, AVD_REPORT_CPU);
    bool has_version = version != NULL && *version != '\0';

    return avd_arena_printf(arena, "%s%s%s, %s", os != NULL ? os : "unknown system",
                            has_version ? " " : "", has_version ? version : "",
                            cpu != NULL ? cpu : "unknown CPU");
}

static void fill(const struct avd_gate_worker *worker, struct avd_gate_record *record,
                 const struct avd_report *report, struct avd_gate_finding *findings, size_t count,
                 struct avd_arena *arena)
{
    size_t i;

    record->crashed = avd_report_crashed(report);
    record->signature = avd_report_text(report, AVD_REPORT_SIGNATURE);
    record->bucket = avd_report_text(report, AVD_REPORT_BUCKET);
    record->what = avd_report_text(report, AVD_REPORT_WHAT);
    record->where = avd_report_text(report, AVD_REPORT_WHERE);
    record->followup = avd_report_text(report, AVD_REPORT_FOLLOWUP);
    record->process = avd_report_text(report, AVD_REPORT_PROCESS);
    record->version = avd_report_text(report, AVD_REPORT_VERSION);
    record->system = system_of(report, arena);
    record->time = avd_report_time(report);
    for (i = 0; i < count; i++) {
        findings[i].id = avd_report_finding_id(report, i);
        findings[i].severity = (int)avd_report_finding_severity(report, i);
        findings[i].title = worker->want_issue ? avd_report_finding_title(report, i) : NULL;
        findings[i].summary = worker->want_issue ? avd_report_finding_summary(report, i) : NULL;
        findings[i].advice = worker->want_issue ? advice_of(report, i, arena) : NULL;
    }
    record->findings = findings;
    record->finding_count = count;
}

static enum avd_status analyze(const struct avd_gate_worker *worker, struct avd_view bytes,
                               struct avd_gate_record *record, struct avd_strbuf *text,
                               struct avd_strbuf *report_text, struct avd_error *err)
{
    struct avd_arena arena = {0};
    struct avd_dump *dump = NULL;
    struct avd_report *report = NULL;
    struct avd_gate_finding *findings;
    struct avd_strbuf stack;
    enum avd_status status;
    size_t count;

    avd_strbuf_init(&stack);

    status = avd_dump_open_memory(bytes.data, bytes.size, record->name, &dump, err);
    if (status == AVD_OK)
        status = avd_analyze(dump, worker->rules, worker->analyze, &report, err);
    if (status == AVD_OK && worker->want_report)
        status = avd_report_write(report, AVD_FORMAT_JSON, &worker->write, avd_gate_append,
                                  report_text, err);
    if (status == AVD_OK && worker->want_issue) {
        status = avd_report_stack_write(report, MAX_FRAMES, &worker->write, avd_gate_append, &stack,
                                        err);
        record->stack = stack.size != 0 ? avd_strbuf_text(&stack) : NULL;
    }
    if (status == AVD_OK) {
        count = avd_report_finding_count(report);
        findings = avd_arena_alloc(&arena, count, sizeof *findings);
        if (findings != NULL)
            fill(worker, record, report, findings, count, &arena);
        if (arena.failed)
            status = avd_error_nomem(err);
    }
    if (status == AVD_OK && worker->write.redact)
        avd_gate_redact_record(record, &arena);
    if (status == AVD_OK)
        avd_gate_record_write(record, text);
    avd_report_free(report);
    avd_dump_close(dump);
    avd_arena_deinit(&arena);
    avd_strbuf_deinit(&stack);
    record->stack = NULL;
    return status;
}

void avd_gate_worker_redact(const struct avd_gate_worker *worker, struct avd_strbuf *text)
{
    struct avd_strbuf clean;

    if (!worker->write.redact)
        return;
    avd_strbuf_init(&clean);
    avd_redact_text(avd_strbuf_text(text), text->size, &clean);
    clean.failed |= text->failed;
    avd_strbuf_deinit(text);
    *text = clean;
}

int avd_gate_append(void *buffer, const char *bytes, size_t size)
{
    struct avd_strbuf *out = buffer;

    avd_strbuf_add(out, bytes, size);
    return out->failed;
}

void avd_gate_worker_run(const struct avd_gate_worker *worker, const struct avd_gate_item *item,
                         struct avd_strbuf *text, struct avd_strbuf *report)
{
    struct avd_gate_record record = {.name = item->name, .size = item->size};
    struct avd_file file = {0};
    struct avd_view bytes = item->bytes;
    struct avd_error err = {0};
    char id[AVD_GATE_ID_SIZE];
    char message[sizeof err.where + sizeof err.message + 2]; /* ": " */
    enum avd_status status = AVD_OK;

    if (!item->in_memory) {
        status = avd_file_map(item->name, &file, &err);
        bytes = file.view;
        record.size = bytes.size;
    }
    if (status == AVD_OK) {
        avd_gate_content_id(bytes, id);
        record.content_id = id;
        status = analyze(worker, bytes, &record, text, report, &err);
    }
    if (status != AVD_OK) {
        avd_strbuf_deinit(text);
        avd_strbuf_deinit(report);
        fail(worker, &record, &err, message, sizeof message, report);
        avd_gate_record_write(&record, text);
    }
    avd_gate_worker_redact(worker, text);
    avd_file_close(&file);
}
