/* SPDX-License-Identifier: MIT */
/* avdump.h implemented where it is more than one floor's business: glue, no logic. */
#include "analyze/analysis.h"
#include "avdump/avdump.h"
#include "base/error.h"
#include "base/redact.h"
#include "report/model.h"
#include "report/redact.h"
#include "report/text.h"
#include "rules/rules.h"

const char *avd_version(void)
{
    return AVDUMP_VERSION;
}

enum avd_status avd_analyze(const struct avd_dump *dump, const struct avd_rules *rules,
                            const struct avd_analyze_options *options, struct avd_report **out,
                            struct avd_error *err)
{
    struct avd_rule_results results;
    struct avd_analysis *analysis = NULL;
    enum avd_status status;

    if (out != NULL)
        *out = NULL;
    if (dump == NULL || out == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no dump or no place for the report");
    status = avd_analysis_run(dump, options, &analysis, err);
    if (status == AVD_OK) {
        status = avd_rules_run(rules, &analysis->facts, &analysis->arena, &results);
        if (status != AVD_OK)
            (void)avd_error_nomem(err);
    }
    if (status == AVD_OK)
        status = avd_report_build(analysis, &results, out, err);
    avd_analysis_free(analysis);
    return status;
}

/* For callers that give no options. */
static const struct avd_write_options defaults;

static const struct avd_renderer *renderer(enum avd_format format)
{
    switch (format) {
    case AVD_FORMAT_TEXT: return &avd_render_text;
    case AVD_FORMAT_JSON: return &avd_render_json;
    case AVD_FORMAT_HTML: return &avd_render_html;
    }
    return NULL;
}

/* Hands the rendered text to the caller, without names of users if that is wanted. */
static enum avd_status deliver(struct avd_strbuf *text, const struct avd_write_options *options,
                               avd_write_fn *write, void *ctx, struct avd_error *err)
{
    enum avd_status status = AVD_OK;
    struct avd_strbuf clean;

    if (options->redact) {
        avd_strbuf_init(&clean);
        avd_redact_text(avd_strbuf_text(text), text->size, &clean);
        clean.failed |= text->failed;
        avd_strbuf_deinit(text);
        *text = clean;
    }

    if (text->failed)
        status = avd_error_nomem(err);
    else if (write(ctx, avd_strbuf_text(text), text->size) != 0)
        status = avd_error_set(err, AVD_E_IO, 0, "", "the report cannot be written");
    avd_strbuf_deinit(text);
    return status;
}

enum avd_status avd_report_write(const struct avd_report *report, enum avd_format format,
                                 const struct avd_write_options *options, avd_write_fn *write,
                                 void *ctx, struct avd_error *err)
{
    struct avd_report redacted;
    struct avd_arena arena = {0};
    struct avd_strbuf text;

    if (report == NULL || write == NULL || renderer(format) == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no report, no writer or an unknown format");
    options = options != NULL ? options : &defaults;
    avd_strbuf_init(&text);
    if (options->redact) {
        avd_report_redact(report, &arena, &redacted);
        report = &redacted;
    }
    renderer(format)->render(report, options, &text);
    text.failed |= arena.failed;
    avd_arena_deinit(&arena);
    return deliver(&text, options, write, ctx, err);
}

enum avd_status avd_report_stack_write(const struct avd_report *report, unsigned max_frames,
                                       const struct avd_write_options *options, avd_write_fn *write,
                                       void *ctx, struct avd_error *err)
{
    struct avd_strbuf text;
    struct avd_text lines;

    if (report == NULL || write == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no report or no writer");
    options = options != NULL ? options : &defaults;
    avd_strbuf_init(&text);
    avd_text_init(&lines, report, options, &text);
    avd_text_stack_lines(&lines, max_frames);
    return deliver(&text, options, write, ctx, err);
}

enum avd_status avd_info_write(const struct avd_dump *dump, enum avd_format format,
                               const struct avd_write_options *options, avd_write_fn *write,
                               void *ctx, struct avd_error *err)
{
    struct avd_report *report = NULL;
    struct avd_strbuf text;
    enum avd_status status;

    if (dump == NULL || write == NULL || renderer(format) == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no dump, no writer or an unknown format");
    status = avd_report_build_info(dump, &report, err);
    if (status != AVD_OK)
        return status;
    avd_strbuf_init(&text);
    options = options != NULL ? options : &defaults;
    renderer(format)->render_info(report, options, &text);
    avd_report_free(report);
    return deliver(&text, options, write, ctx, err);
}

enum avd_status avd_symbols_write(const struct avd_report *report, enum avd_format format,
                                  int needed_only, const struct avd_write_options *options,
                                  avd_write_fn *write, void *ctx, struct avd_error *err)
{
    struct avd_strbuf text;

    if (report == NULL || write == NULL || renderer(format) == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no report, no writer or an unknown format");
    avd_strbuf_init(&text);
    options = options != NULL ? options : &defaults;
    renderer(format)->render_symbols(report, needed_only != 0, options, &text);
    return deliver(&text, options, write, ctx, err);
}

enum avd_status avd_error_write(const struct avd_error *error, const char *file,
                                enum avd_format format, const struct avd_write_options *options,
                                avd_write_fn *write, void *ctx)
{
    struct avd_strbuf text;

    if (error == NULL || write == NULL || renderer(format) == NULL)
        return AVD_E_ARG;
    avd_strbuf_init(&text);
    options = options != NULL ? options : &defaults;
    renderer(format)->render_error(error, file, options, &text);
    return deliver(&text, options, write, ctx, NULL);
}
