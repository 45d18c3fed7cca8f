/* SPDX-License-Identifier: MIT */
/* Inside the options: the table that describes each of them, and the storing of what was typed. */
#ifndef AVD_CLI_OPTIONS_H
#define AVD_CLI_OPTIONS_H

#include "cli.h"

enum avd_cli_option_id {
    OPT_ALL_THREADS,
    OPT_AS,
    OPT_BASELINE,
    OPT_BOTH,
    OPT_COLOR,
    OPT_COMPACT,
    OPT_COUNT,
    OPT_FAIL_ON,
    OPT_FIELDS,
    OPT_FIND_AS,
    OPT_FORCE,
    OPT_FORMAT,
    OPT_GATE_FAIL_ON,
    OPT_GATE_OUTPUT,
    OPT_HELP,
    OPT_IMAGES,
    OPT_JOBS,
    OPT_JSON,
    OPT_LINK_TEMPLATE,
    OPT_LIST_NEEDED,
    OPT_MAP,
    OPT_MAX_FRAMES,
    OPT_MAX_MEMORY,
    OPT_MIN_LENGTH,
    OPT_NATIVE,
    OPT_OFFLINE,
    OPT_OUTPUT,
    OPT_POLICY,
    OPT_QUIET,
    OPT_REDACT,
    OPT_REPORT_FORMAT,
    OPT_RESUME,
    OPT_RULES,
    OPT_SANDBOX,
    OPT_SHARD,
    OPT_SYMBOLS,
    OPT_SYMBOLS_LOOSE,
    OPT_SLIM,
    OPT_STACK_ALL,
    OPT_THREAD,
    OPT_TIMEOUT,
    OPT_TODAY,
    OPT_TRIAGE,
    OPT_UPDATE_BASELINE,
    OPT_VERBOSE,
    OPT_WOW64
};

/* All options of all commands, at most AVD_CLI_MAX_OPTIONS; ended by a NULL name. */
enum { AVD_CLI_MAX_OPTIONS = 96 };
extern const struct avd_cli_option avd_cli_options[];

/* Stores an option of the table; `value` is what was typed behind it, NULL when it takes none.
 * AVD_EXIT_CLEAN, or AVD_EXIT_USAGE after a message. */
enum avd_cli_exit avd_cli_option_store(struct avd_cli_settings *settings,
                                       const struct avd_cli_option *option, const char *value);

#endif
