/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <stdio.h>
#include <string.h>

enum avd_status avd_cli_child_run(const struct avd_cli_settings *settings,
                                  const struct avd_cli_child *child, enum avd_cli_exit *code,
                                  int *wrote, struct avd_error *err)
{
    (void)settings;
    (void)child;
    (void)code;
    (void)wrote;
    memset(err, 0, sizeof *err);
    err->code = AVD_E_ARG;
    (void)snprintf(err->message, sizeof err->message,
                   "--sandbox, --timeout and --max-memory need a POSIX system");
    return err->code;
}
