/* SPDX-License-Identifier: MIT */
/* A program of somebody else's: prints the verdict on a dump with nothing but the installed
 * library. */
#include <avdump/avdump.h>

#include <stdio.h>

static int to_stdout(void *ctx, const char *bytes, size_t size)
{
    (void)ctx;
    return fwrite(bytes, 1, size, stdout) == size ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct avd_error err;
    struct avd_dump *dump = NULL;
    struct avd_report *report = NULL;
    enum avd_status status = AVD_E_ARG;

    if (argc == 2)
        status = avd_dump_open(argv[1], NULL, &dump, &err);
    if (status == AVD_OK)
        status = avd_analyze(dump, NULL, NULL, &report, &err);
    if (status == AVD_OK)
        status = avd_report_write(report, AVD_FORMAT_TEXT, NULL, to_stdout, NULL, &err);
    if (status != AVD_OK && argc == 2)
        fprintf(stderr, "%s: %s\n", argv[1], err.message);
    avd_report_free(report);
    avd_dump_close(dump);
    return status == AVD_OK ? 0 : 1;
}
