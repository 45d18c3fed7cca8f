/* SPDX-License-Identifier: MIT */
/*
 * avdump extract: one dump out of another. The new file appears whole or not at all.
 */
#include "output.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

struct extraction {
    const struct avd_cli_settings *settings;
    struct avd_cli_output output;
};

static void print_note(void *ctx, const char *text)
{
    const struct extraction *of = ctx;

    fputs("avdump: ", stderr);
    avd_term_puts(stderr, of->settings->files[0]);
    fputs(": ", stderr);
    avd_term_puts(stderr, text);
    fputc('\n', stderr);
}

/* A wrong option that the library noticed is wrong usage, as it is where reports are written. */
static enum avd_cli_exit failed(const char *concerned, const struct avd_error *err)
{
    avd_cli_print_error(concerned, err);
    if (err->code == AVD_E_ARG)
        return AVD_EXIT_USAGE;
    return err->code == AVD_E_NOMEM ? AVD_EXIT_INTERNAL : AVD_EXIT_INPUT;
}

/* Nothing more is opened for writing: the output is open already. The input alone may be read. */
static enum avd_status confine(const struct avd_cli_settings *settings, struct avd_error *err)
{
    struct avd_cli_settings input = *settings;

    input.file_count = 1;
    return avd_cli_confine(&input, err);
}

static enum avd_cli_exit write_dump(struct extraction *to, const struct avd_dump *dump,
                                    const struct avd_cli_sources *sources,
                                    const struct avd_rules *rules)
{
    struct avd_extract_options options = {0};
    struct avd_error err = {0};

    options.what = to->settings->extract_slim ? AVD_EXTRACT_SLIM : AVD_EXTRACT_WOW64;
    options.analyze = &sources->analyze;
    options.rules = rules;
    options.note = print_note;
    options.note_ctx = to;
    if (avd_dump_extract(dump, &options, avd_cli_output_write, &to->output, &err) == AVD_OK)
        avd_cli_output_flush(&to->output);
    if (avd_cli_output_failed(&to->output))
        return avd_cli_output_report(&to->output, AVD_EXIT_CLEAN);
    return err.code == AVD_OK ? AVD_EXIT_CLEAN : failed(to->settings->files[0], &err);
}

static enum avd_cli_exit extract(struct extraction *to)
{
    const struct avd_cli_settings *settings = to->settings;
    struct avd_cli_sources sources = {0};
    struct avd_rules *rules = NULL;
    struct avd_dump *dump = NULL;
    struct avd_error err = {0};
    const char *concerned = settings->files[0];
    enum avd_cli_exit code;
    enum avd_status status;

    status = avd_dump_open(concerned, NULL, &dump, &err);
    if (status == AVD_OK)
        status = avd_cli_sources_init(&sources, settings, &err);
    if (status == AVD_OK && settings->rules != NULL) {
        concerned = NULL;
        status = avd_rules_load(settings->rules, &rules, &err);
    }
    if (status == AVD_OK && settings->sandbox)
        status = confine(settings, &err);
    if (status == AVD_OK) {
        if (rules != NULL)
            (void)avd_cli_print_rule_problems(rules); /* the others count, as in analyze */
        code = write_dump(to, dump, &sources, rules);
    } else {
        code = failed(concerned, &err);
    }
    avd_rules_free(rules);
    avd_cli_sources_deinit(&sources);
    avd_dump_close(dump);
    return code;
}

static enum avd_cli_exit extract_in_child(void *ctx, int *wrote)
{
    (void)wrote; /* the exit code says whether all of it was */
    return extract(ctx);
}

/* The file is put in its place here, which a process that is confined may not do. */
static enum avd_cli_exit run(const struct avd_cli_settings *settings)
{
    struct extraction to = {.settings = settings};
    const struct avd_cli_child child = {extract_in_child, &to, 0, &to.output};
    const char *path = strcmp(settings->files[1], "-") == 0 ? NULL : settings->files[1];
    enum avd_cli_exit code = avd_cli_output_open(&to.output, path);
    struct avd_error err;
    int wrote = 0;

    if (code != AVD_EXIT_CLEAN)
        return code;
    if (settings->sandbox)
        avd_cli_confine_tell();
    if (!avd_cli_is_limited(settings))
        code = extract(&to);
    else if (avd_cli_child_run(settings, &child, &code, &wrote, &err) != AVD_OK)
        code = failed(settings->files[0], &err);
    if (code == AVD_EXIT_CLEAN)
        return avd_cli_output_close(&to.output, code);
    avd_cli_output_discard(&to.output);
    return code;
}

/* What the command line must be beyond its single options. */
static enum avd_cli_exit check(const struct avd_cli_settings *settings)
{
    const char *output = settings->file_count > 1 ? settings->files[1] : NULL;

    if (settings->extract_wow64 == settings->extract_slim)
        return avd_cli_usage_error("extract needs one of --wow64 and --slim", "", "", NULL);
    if (output == NULL)
        return avd_cli_usage_error("extract needs a dump and the name of a new one", "", "", NULL);
    if (settings->file_count > 2)
        return avd_cli_usage_error("one file at a time, found also '", settings->files[2], "'",
                                   NULL);
    if (avd_term_same_file(output, settings->files[0]))
        return avd_cli_usage_error("the output would overwrite the input '", output, "'", NULL);
    if (!settings->force && strcmp(output, "-") != 0 && avd_term_file_exists(output))
        return avd_cli_usage_error("'", output, "' is there already; --force replaces it", NULL);
    return AVD_EXIT_CLEAN;
}

enum avd_cli_exit avd_cli_extract(int argc, char **argv)
{
    const struct avd_cli_command *command = avd_cli_command_find(argv[0]);
    struct avd_cli_settings settings;
    enum avd_cli_exit code = avd_cli_settings_init(&settings, command, argc, argv);

    if (code == AVD_EXIT_CLEAN && settings.help)
        code = avd_cli_help_print(command);
    else if (code == AVD_EXIT_CLEAN)
        code = check(&settings);
    if (code == AVD_EXIT_CLEAN && !settings.help)
        code = run(&settings);
    avd_cli_settings_deinit(&settings);
    return code;
}
