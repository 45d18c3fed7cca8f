/* SPDX-License-Identifier: MIT */
/* From results to outputs: what a run over dumps and a merge of earlier outputs share. */
#include "gate/run_private.h"

#include "base/file.h"
#include "base/redact.h"
#include "gate/redact.h"

#include <stdio.h>
#include <string.h>

/* How a line of a "jsonl" output begins; the report's own fields follow the record. */
static const char line_head[] = "{\"gate\":";

void avd_gate_state_init(struct avd_gate_state *state, struct avd_gate_options *options)
{
    memset(state, 0, sizeof *state);
    state->options = options;
    avd_gate_summary_init(&state->summary);
    avd_gate_baseline_init(&state->baseline);
}

void avd_gate_state_deinit(struct avd_gate_state *state)
{
    size_t i;

    for (i = 0; i < state->options->sink_count; i++)
        avd_gate_sink_discard(&state->options->sinks[i]);
    avd_gate_summary_deinit(&state->summary);
    avd_gate_baseline_deinit(&state->baseline);
    avd_gate_seen_deinit(&state->seen);
}

/* An input of the command line other than a dump is wrong. */
static void input_failed(struct avd_gate_state *state, const char *path)
{
    (void)snprintf(state->err.where, sizeof state->err.where, "%s", path);
    state->failed = true;
    state->bad_input = state->err.code != AVD_E_NOMEM;
}

bool avd_gate_state_open(struct avd_gate_state *state)
{
    const struct avd_gate_options *options = state->options;
    size_t i;

    /* Before hours of work, not after. */
    if (options->baseline != NULL &&
        avd_gate_baseline_read(&state->baseline, options->baseline, options->update_baseline,
                               &state->err) != AVD_OK)
        input_failed(state, options->baseline);

    for (i = 0; i < state->options->sink_count && !state->failed; i++)
        state->failed = avd_gate_sink_open(&state->options->sinks[i], &state->err) != AVD_OK;
    return !state->failed;
}

/* An output that cannot be written is told of once and given up; the others are not lost. */
static void give_up(struct avd_gate_state *state, struct avd_gate_sink *sink,
                    const struct avd_error *err)
{
    avd_gate_sink_discard(sink);
    sink->stream = NULL;
    state->output_lost = true;
    if (state->options->complain != NULL)
        state->options->complain(err);
}

static bool any_open(const struct avd_gate_state *state)
{
    size_t i;

    for (i = 0; i < state->options->sink_count; i++)
        if (state->options->sinks[i].open)
            return true;
    return false;
}

static void write_line(struct avd_gate_state *state, struct avd_gate_sink *sink,
                       struct avd_view record, struct avd_view report)
{
    struct avd_view rest = {NULL, 0, 0};
    const char *tail = "}\n";
    struct avd_error err;

    /* The report is an object in one line: its first brace gives way. */
    if (report.size > 2 && report.data[0] == '{') {
        (void)avd_view_slice(report, 1, report.size - 1, &rest);
        tail = rest.data[rest.size - 1] == '\n' ? "" : "\n";
    }
    if (avd_gate_sink_write(sink, line_head, sizeof line_head - 1, &err) != AVD_OK ||
        avd_gate_sink_write(sink, (const char *)record.data, record.size, &err) != AVD_OK ||
        avd_gate_sink_write(sink, ",", rest.size != 0, &err) != AVD_OK ||
        avd_gate_sink_write(sink, (const char *)rest.data, rest.size, &err) != AVD_OK ||
        avd_gate_sink_write(sink, tail, strlen(tail), &err) != AVD_OK)
        give_up(state, sink, &err);
}

bool avd_gate_state_add(struct avd_gate_state *state, const struct avd_gate_record *record,
                        struct avd_view record_text, struct avd_view report)
{
    size_t i;

    if (!avd_gate_summary_add(&state->summary, record)) {
        (void)avd_error_nomem(&state->err);
        state->failed = true;
    }
    for (i = 0; i < state->options->sink_count && !state->failed; i++)
        if (state->options->sinks[i].lines && state->options->sinks[i].open)
            write_line(state, &state->options->sinks[i], record_text, report);
    /* With every output lost there is nobody left to tell. */
    return !state->failed && (any_open(state) || state->options->sink_count == 0);
}

/* ---- earlier outputs ---- */

/* The end of the object that begins at text[0], or 0: braces are counted outside of strings. */
static size_t object_size(struct avd_view text)
{
    unsigned depth = 0;
    bool in_string = false;
    size_t i;

    for (i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];

        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && c == '{')
            depth++;
        else if (!in_string && c == '}' && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* Adds a record and the rest of its line, in which ",..." becomes "{..." again. */
static void add_report(struct avd_gate_state *state, const struct avd_gate_record *record,
                       struct avd_view record_text, struct avd_view rest)
{
    struct avd_view report = {NULL, 0, 0};
    struct avd_strbuf joined;

    avd_strbuf_init(&joined);
    if (rest.size > 2) {
        avd_strbuf_puts(&joined, "{");
        avd_strbuf_add(&joined, (const char *)rest.data + 1, rest.size - 1);
    }
    if (state->options->redact && joined.size != 0)
        avd_gate_redact_report(&joined);
    report.data = (const uint8_t *)avd_strbuf_text(&joined);
    report.size = joined.size;
    if (joined.failed) {
        (void)avd_error_nomem(&state->err);
        state->failed = true;
    } else {
        (void)avd_gate_state_add(state, record, record_text, report);
    }
    avd_strbuf_deinit(&joined);
}

/* `cut`: the file ends within the line. */
static bool add_line(struct avd_gate_state *state, const char *path, unsigned number,
                     struct avd_view line, bool cut)
{
    struct avd_arena arena = {0};
    struct avd_gate_record record;
    struct avd_view text = {NULL, 0, 0};
    struct avd_view rest = {NULL, 0, 0};
    const char *why = "no line of a \"jsonl\" output of avdump gate";
    struct avd_strbuf clean;
    size_t size = 0;
    bool sound;

    if (line.size > sizeof line_head && memcmp(line.data, line_head, sizeof line_head - 1) == 0) {
        (void)avd_view_slice(line, sizeof line_head - 1, line.size - (sizeof line_head - 1), &rest);
        size = object_size(rest);
    }
    avd_strbuf_init(&clean);
    if (size != 0 && avd_view_slice(rest, 0, size, &text) && state->options->redact) {
        avd_redact_text((const char *)text.data, text.size, &clean);
        text.data = (const uint8_t *)avd_strbuf_text(&clean);
        text.size = clean.size;
    }
    sound = size != 0 && line.data[line.size - 1] == '}' &&
            avd_gate_record_read((const char *)text.data, text.size, &arena, &record, &why);
    if (!sound) {
        /* A run that was killed leaves half a line; a verdict without it would not be whole. */
        if (!cut || !state->try_again) {
            if (cut)
                why = "breaks off in this line: its run did not end";
            (void)avd_error_set(&state->err, AVD_E_FORMAT, 0, path, "%s", why);
            input_failed(state, path);
            state->err.line = number;
            state->err.column = 1;
        }
    } else if (state->try_again && record.outcome != AVD_GATE_ANALYZED &&
               record.outcome != AVD_GATE_UNREADABLE) {
        /* it gets another chance */
    } else if (avd_gate_seen_add(&state->seen, record.content_id != NULL ? record.content_id : "",
                                 record.name)) {
        (void)avd_view_slice(rest, size, rest.size - size, &rest);
        if (state->options->redact) {
            avd_gate_redact_record(&record, &arena);
            clean.size = 0;
            avd_gate_record_write(&record, &clean);
            text.data = (const uint8_t *)avd_strbuf_text(&clean);
            text.size = clean.size;
        }
        add_report(state, &record, text, rest);
    }
    avd_strbuf_deinit(&clean);
    if (state->seen.failed || clean.failed) {
        (void)avd_error_nomem(&state->err);
        state->failed = true;
    }
    avd_arena_deinit(&arena);
    return !state->failed;
}

bool avd_gate_state_add_file(struct avd_gate_state *state, const char *path)
{
    struct avd_gate_lines lines;
    struct avd_view line;
    struct avd_file file;

    if (avd_file_map(path, &file, &state->err) != AVD_OK) {
        input_failed(state, path);
        return false;
    }
    avd_gate_lines_init(&lines, file.view);
    while (!state->failed && avd_gate_lines_next(&lines, &line))
        (void)add_line(state, path, lines.number, line,
                       lines.rest.size == 0 && file.view.data[file.view.size - 1] != '\n');
    avd_file_close(&file);
    return !state->failed;
}

/* ---- the end ---- */

static void write_output(struct avd_gate_state *state, struct avd_gate_sink *sink,
                         const struct avd_gate_verdict *verdict)
{
    const struct avd_gate_result result = {
        .summary = &state->summary,
        .verdict = verdict,
        .version = avd_version(),
        .link_template = state->options->link_template,
        .fields = state->options->fields,
        .columns = sink->to_stdout ? state->options->columns : 0,
    };
    struct avd_strbuf text;
    struct avd_error err;

    avd_strbuf_init(&text);
    if (sink->writer != NULL)
        sink->writer->write(&result, &text);
    if (text.failed) {
        (void)avd_error_nomem(&state->err);
        state->failed = true;
    } else if (avd_gate_sink_write(sink, avd_strbuf_text(&text), text.size, &err) != AVD_OK ||
               avd_gate_sink_close(sink, &err) != AVD_OK) {
        give_up(state, sink, &err);
    }
    avd_strbuf_deinit(&text);
}

static void write_outputs(struct avd_gate_state *state, const struct avd_gate_verdict *verdict)
{
    size_t i;

    for (i = 0; i < state->options->sink_count && !state->failed; i++)
        if (state->options->sinks[i].open)
            write_output(state, &state->options->sinks[i], verdict);
}

static void write_baseline(struct avd_gate_state *state)
{
    struct avd_gate_sink sink;
    struct avd_strbuf text;

    memset(&sink, 0, sizeof sink);
    sink.path = state->options->baseline;
    avd_strbuf_init(&text);
    avd_gate_baseline_write(&state->baseline, &state->summary, &text);
    if (text.failed) {
        (void)avd_error_nomem(&state->err);
        state->failed = true;
    } else if (avd_gate_sink_open(&sink, &state->err) != AVD_OK ||
               avd_gate_sink_write(&sink, avd_strbuf_text(&text), text.size, &state->err) !=
                   AVD_OK ||
               avd_gate_sink_close(&sink, &state->err) != AVD_OK) {
        state->failed = true;
    }
    avd_gate_sink_discard(&sink);
    avd_strbuf_deinit(&text);
}

enum avd_gate_end avd_gate_state_finish(struct avd_gate_state *state, struct avd_error *err)
{
    const struct avd_gate_options *options = state->options;
    struct avd_gate_verdict verdict;

    memset(&verdict, 0, sizeof verdict);
    avd_gate_summary_finish(&state->summary);
    if (!state->failed && !avd_gate_judge(options->policy, &state->baseline, options->today,
                                          &state->summary, &verdict)) {
        (void)avd_error_nomem(&state->err);
        state->failed = true;
    }
    if (!state->failed)
        write_outputs(state, &verdict);
    /* An interrupted run has not seen everything: what it saw may be added by the next. */
    if (!state->failed && options->update_baseline && !state->summary.interrupted &&
        !state->output_lost)
        write_baseline(state);
    if (state->failed) {
        if (err != NULL)
            *err = state->err;
        return state->bad_input ? AVD_GATE_BAD_INPUT : AVD_GATE_ERROR;
    }
    if (state->summary.interrupted)
        return AVD_GATE_STOPPED;
    if (state->output_lost)
        return AVD_GATE_OUTPUT_LOST;
    if (verdict.fails)
        return AVD_GATE_FAILED;
    return state->summary.failed != 0 && !options->policy->ignore_unreadable
               ? AVD_GATE_SOME_UNREADABLE
               : AVD_GATE_PASSED;
}
