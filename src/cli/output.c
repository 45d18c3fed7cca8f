/* SPDX-License-Identifier: MIT */
/*
 * What a run writes. A file of --output is written under another name and renamed at the end, which
 * the gate's sinks see to: a run that fails leaves neither an empty file nor half of one.
 */
#include "output.h"
#include "term.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int avd_cli_output_write(void *output, const char *bytes, size_t size)
{
    struct avd_cli_output *to = output;

    if (avd_cli_output_failed(to))
        return 1;
    to->wrote |= size != 0;
    return avd_gate_sink_write(&to->sink, bytes, size, &to->error) != AVD_OK;
}

int avd_cli_output_failed(const struct avd_cli_output *output)
{
    return output->error.code != AVD_OK;
}

void avd_cli_output_flush(struct avd_cli_output *output)
{
    if (!avd_cli_output_failed(output))
        (void)avd_gate_sink_flush(&output->sink, &output->error);
}

enum avd_cli_exit avd_cli_output_report(const struct avd_cli_output *output, enum avd_cli_exit code)
{
    if (output->sink.error != 0 && avd_term_is_closed_pipe(output->sink.error))
        return code;
    avd_cli_print_error(NULL, &output->error);
    return AVD_EXIT_INTERNAL;
}

enum avd_cli_exit avd_cli_output_open(struct avd_cli_output *output, const char *path)
{
    memset(output, 0, sizeof *output);
    if (avd_cli_child_is_one())
        path = NULL;
    output->sink.to_stdout = path == NULL;
    output->sink.path = path != NULL ? path : "-";
    if (avd_gate_sink_open(&output->sink, &output->error) != AVD_OK)
        return avd_cli_output_report(output, AVD_EXIT_INTERNAL);
    return AVD_EXIT_CLEAN;
}

enum avd_cli_exit avd_cli_output_close(struct avd_cli_output *output, enum avd_cli_exit code)
{
    int empty = !output->wrote && code > AVD_EXIT_FINDING;

    if (!avd_cli_output_failed(output) && (output->sink.direct || !empty))
        (void)avd_gate_sink_close(&output->sink, &output->error);
    avd_gate_sink_discard(&output->sink);
    return avd_cli_output_failed(output) ? avd_cli_output_report(output, code) : code;
}

void avd_cli_output_discard(struct avd_cli_output *output)
{
    avd_gate_sink_discard(&output->sink);
}

enum avd_cli_exit avd_cli_finish_stdout(enum avd_cli_exit code)
{
    struct avd_cli_output output;
    int last = errno;

    (void)avd_cli_output_open(&output, NULL);
    /* Which of the writes failed, nobody noticed; most likely nothing else failed after it. */
    if (ferror(stdout)) {
        output.sink.error = last;
        output.error.code = AVD_E_IO;
        (void)snprintf(output.error.where, sizeof output.error.where, "standard output");
        (void)snprintf(output.error.message, sizeof output.error.message, "cannot be written");
    }
    return avd_cli_output_close(&output, code);
}
