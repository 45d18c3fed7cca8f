/* SPDX-License-Identifier: MIT */
/* avdump info: what a dump holds (streams, system, threads, modules), without an analysis. */
#include "cli.h"

static enum avd_status write_info(const struct avd_cli_settings *settings,
                                  const struct avd_dump *dump, void *ctx,
                                  struct avd_cli_output *output, int *finding,
                                  struct avd_error *err)
{
    (void)ctx;
    (void)finding; /* info judges nothing */
    return avd_info_write(dump, settings->format, &settings->write, avd_cli_output_write, output,
                          err);
}

enum avd_cli_exit avd_cli_info(int argc, char **argv)
{
    static const struct avd_cli_job job = {NULL, write_info, NULL};

    return avd_cli_run_command("info", &job, argc, argv);
}
