/* SPDX-License-Identifier: MIT */
/* avdump analyze: what went wrong in each dump, and with --fail-on an exit code that says so. */
#include "cli.h"

/* What all dumps of a run are judged by. */
struct judgement {
    struct avd_rules *rules;
    struct avd_triage *triage;
};

static enum avd_status load(const struct avd_cli_settings *settings, void *ctx, const char **file,
                            struct avd_error *err)
{
    struct judgement *by = ctx;
    enum avd_status status = AVD_OK;

    *file = settings->rules;
    if (settings->rules != NULL)
        status = avd_rules_load(settings->rules, &by->rules, err);
    /* A rule with a mistake does not keep the others from being used. */
    avd_cli_print_rule_problems(by->rules);
    if (status != AVD_OK || settings->triage == NULL)
        return status;
    *file = settings->triage;
    return avd_triage_load(settings->triage, &by->triage, err);
}

static int has_finding(const struct avd_report *report, int fail_on)
{
    size_t count = avd_report_finding_count(report);
    size_t i;

    for (i = 0; i < count; i++)
        if ((int)avd_report_finding_severity(report, i) >= fail_on)
            return 1;
    return 0;
}

static enum avd_status analyze_dump(const struct avd_cli_settings *settings,
                                    const struct avd_dump *dump, void *ctx,
                                    struct avd_cli_output *output, int *finding,
                                    struct avd_error *err)
{
    const struct judgement *by = ctx;
    struct avd_cli_sources sources;
    struct avd_report *report = NULL;
    enum avd_status status;

    status = avd_cli_sources_init(&sources, settings, err);
    sources.analyze.triage = by->triage;
    if (status == AVD_OK)
        status = avd_analyze(dump, by->rules, &sources.analyze, &report, err);
    if (status == AVD_OK) {
        *finding = has_finding(report, settings->fail_on);
        status = avd_report_write(report, settings->format, &settings->write, avd_cli_output_write,
                                  output, err);
    }
    avd_report_free(report);
    avd_cli_sources_deinit(&sources);
    return status;
}

enum avd_cli_exit avd_cli_analyze(int argc, char **argv)
{
    const struct avd_cli_command *command = avd_cli_command_find("analyze");
    struct judgement by = {NULL, NULL};
    struct avd_cli_job job = {load, analyze_dump, NULL};
    struct avd_cli_settings settings;
    enum avd_cli_exit code = avd_cli_settings_init(&settings, command, argc, argv);

    job.ctx = &by;
    if (code == AVD_EXIT_CLEAN)
        code = settings.help ? avd_cli_help_print(command) : avd_cli_run(&settings, &job);
    if (avd_rules_problem_count(by.rules) != 0 && code < AVD_EXIT_INPUT)
        code = AVD_EXIT_INPUT;
    avd_rules_free(by.rules);
    avd_triage_free(by.triage);
    avd_cli_settings_deinit(&settings);
    return code;
}
