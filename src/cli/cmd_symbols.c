/* SPDX-License-Identifier: MIT */
/* avdump symbols: where the symbols of each dump's stacks come from, and which ones are missing. */
#include "cli.h"

static enum avd_status write_symbols(const struct avd_cli_settings *settings,
                                     const struct avd_dump *dump, void *ctx,
                                     struct avd_cli_output *output, int *finding,
                                     struct avd_error *err)
{
    struct avd_cli_sources sources;
    struct avd_report *report = NULL;
    enum avd_status status = avd_cli_sources_init(&sources, settings, err);

    (void)ctx;
    (void)finding; /* missing symbols are no finding */
    if (status == AVD_OK)
        status = avd_analyze(dump, NULL, &sources.analyze, &report, err);
    if (status == AVD_OK)
        status = avd_symbols_write(report, settings->format, settings->list_needed,
                                   &settings->write, avd_cli_output_write, output, err);
    avd_report_free(report);
    avd_cli_sources_deinit(&sources);
    return status;
}

enum avd_cli_exit avd_cli_symbols(int argc, char **argv)
{
    static const struct avd_cli_job job = {NULL, write_symbols, NULL};

    return avd_cli_run_command("symbols", &job, argc, argv);
}
