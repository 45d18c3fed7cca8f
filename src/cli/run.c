/* SPDX-License-Identifier: MIT */
/*
 * The run over the files of a command line: opening them, writing what a command makes of them,
 * reporting what fails, and the exit code of it all.
 */
#include "cli.h"
#include "output.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

static enum avd_cli_exit worse(enum avd_cli_exit a, enum avd_cli_exit b)
{
    return a > b ? a : b;
}

/* "avdump: crash.dmp: thread list at 0x1a0: message"; a rule file is named with its line. */
void avd_cli_print_error(const char *file, const struct avd_error *err)
{
    fputs("avdump: ", stderr);
    if (file != NULL && err->line == 0) {
        avd_term_puts(stderr, strcmp(file, "-") == 0 ? "standard input" : file);
        fputs(": ", stderr);
    }
    if (err->where[0] != '\0' &&
        (file == NULL || err->line != 0 || strcmp(err->where, file) != 0)) {
        avd_term_puts(stderr, err->where);
        if (err->line != 0)
            fprintf(stderr, ":%u:%u", err->line, err->column);
        else if (err->offset != 0)
            fprintf(stderr, " at 0x%llx", (unsigned long long)err->offset);
        fputs(": ", stderr);
    }
    avd_term_puts(stderr, err->message);
    fputc('\n', stderr);
}

size_t avd_cli_print_rule_problems(const struct avd_rules *rules)
{
    size_t count = avd_rules_problem_count(rules);
    struct avd_error err;
    size_t i;

    for (i = 0; i < count; i++) {
        avd_rules_problem(rules, i, &err);
        avd_cli_print_error(NULL, &err);
    }
    return count;
}

static enum avd_cli_exit report_error(const struct avd_cli_settings *settings, const char *file,
                                      const struct avd_error *err, struct avd_cli_output *output)
{
    avd_cli_output_flush(output);
    avd_cli_print_error(file, err);
    if (settings->format == AVD_FORMAT_JSON)
        (void)avd_error_write(err, file, AVD_FORMAT_JSON, &settings->write, avd_cli_output_write,
                              output);
    if (err->code == AVD_E_ARG) /* a path of symbols, for example, which the library checks */
        return AVD_EXIT_USAGE;
    return err->code == AVD_E_NOMEM ? AVD_EXIT_INTERNAL : AVD_EXIT_INPUT;
}

/* "==> crash.dmp <==" between the text reports of several files, as head and tail do. */
static void write_separator(struct avd_cli_output *output, const char *file)
{
    const char *before = output->wrote ? "\n==> " : "==> ";

    (void)avd_cli_output_write(output, before, strlen(before));
    avd_term_escape(file, avd_cli_output_write, output);
    (void)avd_cli_output_write(output, " <==\n", 5);
}

static enum avd_cli_exit run_file(const struct avd_cli_settings *settings,
                                  const struct avd_cli_job *job, int number,
                                  struct avd_cli_output *output)
{
    const char *file = settings->files[number];
    struct avd_error err = {0};
    struct avd_dump *dump = NULL;
    enum avd_status status;
    int finding = 0;

    status = avd_dump_open(file, NULL, &dump, &err);
    /* Opening may need a temporary file, to unpack into. From here on nothing is written. */
    if (status == AVD_OK && settings->sandbox)
        status = avd_cli_confine(settings, &err);
    if (status == AVD_OK) {
        if (settings->format == AVD_FORMAT_TEXT && settings->file_count > 1 &&
            !settings->list_needed) /* which scripts read */
            write_separator(output, file);
        status = job->each(settings, dump, job->ctx, output, &finding, &err);
    }
    avd_dump_close(dump);
    /* a failed write is reported once, when the output is closed */
    if (status != AVD_OK && !avd_cli_output_failed(output))
        return report_error(settings, file, &err, output);
    return finding ? AVD_EXIT_FINDING : AVD_EXIT_CLEAN;
}

struct confined {
    const struct avd_cli_settings *settings;
    const struct avd_cli_job *job;
    int number; /* of the file */
    struct avd_cli_output *output;
};

static enum avd_cli_exit run_confined(void *ctx, int *wrote)
{
    struct confined *c = ctx;
    enum avd_cli_exit code;

    c->output->wrote = *wrote;
    code = run_file(c->settings, c->job, c->number, c->output);
    avd_cli_output_flush(c->output);
    *wrote = c->output->wrote;
    return avd_cli_output_failed(c->output) ? avd_cli_output_report(c->output, code) : code;
}

/* A dump under limits is a process's own affair. */
static enum avd_cli_exit run_apart(const struct avd_cli_settings *settings,
                                   const struct avd_cli_job *job, int number,
                                   struct avd_cli_output *output)
{
    struct confined confined = {settings, job, number, output};
    const struct avd_cli_child child = {run_confined, &confined, number, output};
    enum avd_cli_exit code = AVD_EXIT_CLEAN;
    struct avd_error err;

    if (avd_cli_child_run(settings, &child, &code, &output->wrote, &err) != AVD_OK)
        return report_error(settings, settings->files[number], &err, output);
    return code;
}

enum avd_cli_exit avd_cli_run(struct avd_cli_settings *settings, const struct avd_cli_job *job)
{
    enum avd_cli_exit (*run)(const struct avd_cli_settings *, const struct avd_cli_job *, int,
                             struct avd_cli_output *) =
        avd_cli_is_limited(settings) ? run_apart : run_file;
    struct avd_cli_output output;
    struct avd_error err = {0};
    const char *concerned = NULL;
    enum avd_cli_exit code;
    int i;

    if (settings->format == AVD_FORMAT_HTML && settings->file_count > 1)
        return avd_cli_usage_error("--format html makes one document of one dump, found also '",
                                   settings->files[1], "'", NULL);
    for (i = 0; settings->output != NULL && i < settings->file_count; i++)
        if (avd_term_same_file(settings->output, settings->files[i]))
            return avd_cli_usage_error("--output would overwrite the input '", settings->files[i],
                                       "'", NULL);
    code = avd_cli_output_open(&output, settings->output);
    if (code != AVD_EXIT_CLEAN)
        return code;
    settings->write.color =
        settings->color == AVD_COLOR_ALWAYS ||
        (settings->color == AVD_COLOR_AUTO && settings->output == NULL && avd_term_has_color());
    if (job->begin != NULL && job->begin(settings, job->ctx, &concerned, &err) != AVD_OK)
        return avd_cli_output_close(&output, report_error(settings, concerned, &err, &output));
    if (settings->sandbox)
        avd_cli_confine_tell();
    for (i = 0; i < settings->file_count && !avd_cli_output_failed(&output); i++)
        code = worse(code, run(settings, job, i, &output));
    return avd_cli_output_close(&output, code);
}

enum avd_cli_exit avd_cli_run_command(const char *name, const struct avd_cli_job *job, int argc,
                                      char **argv)
{
    const struct avd_cli_command *command = avd_cli_command_find(name);
    struct avd_cli_settings settings;
    enum avd_cli_exit code = avd_cli_settings_init(&settings, command, argc, argv);

    if (code == AVD_EXIT_CLEAN)
        code = settings.help ? avd_cli_help_print(command) : avd_cli_run(&settings, job);
    avd_cli_settings_deinit(&settings);
    return code;
}
