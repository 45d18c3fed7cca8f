/* SPDX-License-Identifier: MIT */
/* Inside cli: what a run writes, to standard output or to --output. */
#ifndef AVD_CLI_OUTPUT_H
#define AVD_CLI_OUTPUT_H

#include "cli.h"
#include "gate/sink.h"

struct avd_cli_output {
    struct avd_gate_sink sink;
    struct avd_error error; /* of the first write that failed; code AVD_OK before */
    int wrote;              /* anything, here or in a process of its own */
};

/* The file at `path`, which must outlive it; NULL: standard output. AVD_EXIT_INTERNAL when it
 * cannot be written, which is told. */
enum avd_cli_exit avd_cli_output_open(struct avd_cli_output *output, const char *path);
int avd_cli_output_failed(const struct avd_cli_output *output);
/* What was written so far goes out, and comes before what is said next. */
void avd_cli_output_flush(struct avd_cli_output *output);
/* Tells of the failed write; returns AVD_EXIT_INTERNAL. A reader that has seen enough is none of
 * ours: `code` then. */
enum avd_cli_exit avd_cli_output_report(const struct avd_cli_output *output,
                                        enum avd_cli_exit code);
/* Puts a file in its place, unless all failed before a byte was written: then what was there before
 * stays. Returns `code`, or what avd_cli_output_report returns. */
enum avd_cli_exit avd_cli_output_close(struct avd_cli_output *output, enum avd_cli_exit code);
/* Leaves what was there before, for what is of no use in part. */
void avd_cli_output_discard(struct avd_cli_output *output);

#endif
