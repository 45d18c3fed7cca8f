/* SPDX-License-Identifier: MIT */
/* avdump facts: everything that a rule can see of each dump. */
#include "cli.h"

static enum avd_status write_facts(const struct avd_cli_settings *settings,
                                   const struct avd_dump *dump, void *ctx,
                                   struct avd_cli_output *output, int *finding,
                                   struct avd_error *err)
{
    struct avd_cli_sources sources;
    enum avd_status status = avd_cli_sources_init(&sources, settings, err);

    (void)ctx;
    (void)finding; /* facts judge nothing */
    if (status == AVD_OK)
        status = avd_facts_write(dump, &sources.analyze, settings->format, &settings->write,
                                 avd_cli_output_write, output, err);
    avd_cli_sources_deinit(&sources);
    return status;
}

enum avd_cli_exit avd_cli_facts(int argc, char **argv)
{
    static const struct avd_cli_job job = {NULL, write_facts, NULL};

    return avd_cli_run_command("facts", &job, argc, argv);
}
