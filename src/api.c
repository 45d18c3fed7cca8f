/* SPDX-License-Identifier: MIT */
/* avdump.h implemented where it is more than one floor's business: glue, no logic. */
#include "analyze/analysis.h"
#include "avdump/avdump.h"
#include "base/error.h"
#include "report/model.h"
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

static const struct avd_renderer *renderer(enum avd_format format)
{
    switch (format) {
    case AVD_FORMAT_TEXT: return &avd_render_text;
    case AVD_FORMAT_JSON: return &avd_render_json;
    case AVD_FORMAT_HTML: return &avd_render_html;
    }
    return NULL;
}

/* Hands the rendered text to the caller. */
static enum avd_status deliver(struct avd_strbuf *text, avd_write_fn *write, void *ctx,
                               struct avd_error *err)
{
    enum avd_status status = AVD_OK;

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
    static const struct avd_write_options defaults;
    struct avd_strbuf text;

    if (report == NULL || write == NULL || renderer(format) == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no report, no writer or an unknown format");
    avd_strbuf_init(&text);
    renderer(format)->render(report, options != NULL ? options : &defaults, &text);
    return deliver(&text, write, ctx, err);
}

enum avd_status avd_info_write(const struct avd_dump *dump, enum avd_format format,
                               const struct avd_write_options *options, avd_write_fn *write,
                               void *ctx, struct avd_error *err)
{
    static const struct avd_write_options defaults;
    struct avd_report *report = NULL;
    struct avd_strbuf text;
    enum avd_status status;

    if (dump == NULL || write == NULL || renderer(format) == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no dump, no writer or an unknown format");
    status = avd_report_build_info(dump, &report, err);
    if (status != AVD_OK)
        return status;
    avd_strbuf_init(&text);
    renderer(format)->render_info(report, options != NULL ? options : &defaults, &text);
    avd_report_free(report);
    return deliver(&text, write, ctx, err);
}

enum avd_status avd_symbols_write(const struct avd_report *report, enum avd_format format,
                                  int needed_only, const struct avd_write_options *options,
                                  avd_write_fn *write, void *ctx, struct avd_error *err)
{
    static const struct avd_write_options defaults;
    struct avd_strbuf text;

    if (report == NULL || write == NULL || renderer(format) == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no report, no writer or an unknown format");
    avd_strbuf_init(&text);
    renderer(format)->render_symbols(report, needed_only != 0,
                                     options != NULL ? options : &defaults, &text);
    return deliver(&text, write, ctx, err);
}

enum avd_status avd_error_write(const struct avd_error *error, const char *file,
                                enum avd_format format, const struct avd_write_options *options,
                                avd_write_fn *write, void *ctx)
{
    static const struct avd_write_options defaults;
    struct avd_strbuf text;

    if (error == NULL || write == NULL || renderer(format) == NULL)
        return AVD_E_ARG;
    avd_strbuf_init(&text);
    renderer(format)->render_error(error, file, options != NULL ? options : &defaults, &text);
    return deliver(&text, write, ctx, NULL);
}
