/* SPDX-License-Identifier: MIT */
/* Looking inside a dump: stack, threads, modules, handles, memory, dps, ln, strings and find. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

struct inspector {
    const char *name;
    enum avd_inspect_what what;
    const char *second; /* what stands behind the file, for messages; NULL: nothing */
    int optional;       /* it may be left out */
};

static const struct inspector inspectors[] = {
    {"stack", AVD_INSPECT_STACK, NULL, 0},        {"threads", AVD_INSPECT_THREADS, NULL, 0},
    {"modules", AVD_INSPECT_MODULES, NULL, 0},    {"handles", AVD_INSPECT_HANDLES, NULL, 0},
    {"memory", AVD_INSPECT_MEMORY, "a place", 1}, {"dps", AVD_INSPECT_POINTERS, "a place", 0},
    {"ln", AVD_INSPECT_NEAREST, "a place", 0},    {"strings", AVD_INSPECT_STRINGS, NULL, 0},
    {"find", AVD_INSPECT_FIND, "a pattern", 0},
};

static enum avd_status write_answer(const struct avd_cli_settings *settings,
                                    const struct avd_dump *dump, void *ctx,
                                    struct avd_cli_output *output, int *finding,
                                    struct avd_error *err)
{
    struct avd_inspect_query *query = ctx;
    struct avd_cli_sources sources;
    enum avd_status status = avd_cli_sources_init(&sources, settings, err);

    (void)finding; /* looking judges nothing */
    if (status == AVD_OK)
        status = avd_inspect_write(dump, &sources.analyze, query, settings->format,
                                   &settings->write, avd_cli_output_write, output, err);
    avd_cli_sources_deinit(&sources);
    return status;
}

/* Takes what stands behind the file from the files. */
static enum avd_cli_exit take_second(const struct inspector *inspector,
                                     struct avd_cli_settings *settings,
                                     struct avd_inspect_query *query)
{
    char after[48];

    if (inspector->second == NULL)
        return AVD_EXIT_CLEAN;
    if (settings->file_count == 1 && inspector->optional) {
        query->what = AVD_INSPECT_MAP;
        return AVD_EXIT_CLEAN;
    }
    (void)snprintf(after, sizeof after, " needs a file and %s", inspector->second);
    if (settings->file_count == 1)
        return avd_cli_usage_error("", inspector->name, after, NULL);
    if (settings->file_count > 2)
        return avd_cli_usage_error("one file at a time, found also '", settings->files[2], "'",
                                   NULL);
    if (inspector->what == AVD_INSPECT_FIND)
        query->pattern = settings->files[1];
    else
        query->place = settings->files[1];
    settings->file_count = 1;
    return AVD_EXIT_CLEAN;
}

enum avd_cli_exit avd_cli_inspect(int argc, char **argv)
{
    const struct avd_cli_command *command = avd_cli_command_find(argv[0]);
    const struct inspector *inspector = inspectors;
    struct avd_inspect_query query = {0};
    struct avd_cli_job job = {NULL, write_answer, NULL};
    struct avd_cli_settings settings;
    enum avd_cli_exit code;

    while (strcmp(inspector->name, argv[0]) != 0)
        inspector++;
    code = avd_cli_settings_init(&settings, command, argc, argv);
    query.what = inspector->what;
    query.form = settings.form;
    query.count = settings.count;
    query.min_length = settings.min_length;
    query.thread = settings.thread;
    job.ctx = &query;
    if (code == AVD_EXIT_CLEAN && !settings.help)
        code = take_second(inspector, &settings, &query);
    if (code == AVD_EXIT_CLEAN)
        code = settings.help ? avd_cli_help_print(command) : avd_cli_run(&settings, &job);
    avd_cli_settings_deinit(&settings);
    return code;
}
