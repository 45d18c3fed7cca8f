/* SPDX-License-Identifier: MIT */
/*
 * avdump extract: one dump out of another. The new file appears whole or not at all, which the
 * gate's sinks see to.
 */
#include "cli.h"
#include "gate/sink.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

/* Where the bytes go, and what became of them. */
struct extraction {
    const char *input;
    struct avd_gate_sink sink;
    struct avd_error sink_error; /* code AVD_OK while everything could be written */
};

static int write_piece(void *ctx, const char *bytes, size_t size)
{
    struct extraction *to = ctx;

    return avd_gate_sink_write(&to->sink, bytes, size, &to->sink_error) != AVD_OK;
}

static void print_note(void *ctx, const char *text)
{
    const struct extraction *of = ctx;

    fputs("avdump: ", stderr);
    avd_term_puts(stderr, of->input);
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

/* Messages about the output name it, not the input. */
static enum avd_cli_exit output_failed(const struct extraction *of)
{
    avd_cli_print_error(NULL, &of->sink_error);
    return AVD_EXIT_INTERNAL;
}

static enum avd_cli_exit extract_to_sink(const struct avd_cli_settings *settings,
                                         const struct avd_dump *dump,
                                         struct avd_extract_options *options, struct extraction *to)
{
    struct avd_error err = {0};
    enum avd_status status;

    if (avd_gate_sink_open(&to->sink, &to->sink_error) != AVD_OK)
        return output_failed(to);
    options->what = settings->extract_slim ? AVD_EXTRACT_SLIM : AVD_EXTRACT_WOW64;
    options->note = print_note;
    options->note_ctx = to;
    status = avd_dump_extract(dump, options, write_piece, to, &err);
    if (status == AVD_OK && avd_gate_sink_close(&to->sink, &to->sink_error) == AVD_OK)
        return AVD_EXIT_CLEAN;
    avd_gate_sink_discard(&to->sink);
    if (to->sink_error.code != AVD_OK)
        return output_failed(to);
    return failed(to->input, &err);
}

static enum avd_cli_exit extract(const struct avd_cli_settings *settings)
{
    struct extraction to = {0};
    struct avd_extract_options options = {0};
    struct avd_cli_sources sources = {0};
    struct avd_rules *rules = NULL;
    struct avd_dump *dump = NULL;
    struct avd_error err = {0};
    const char *concerned = settings->files[0];
    enum avd_cli_exit code;
    enum avd_status status;

    to.input = settings->files[0];
    to.sink.path = settings->files[1];
    to.sink.to_stdout = strcmp(to.sink.path, "-") == 0;
    status = avd_dump_open(to.input, NULL, &dump, &err);
    if (status == AVD_OK)
        status = avd_cli_sources_init(&sources, settings, &err);
    if (status == AVD_OK && settings->rules != NULL) {
        concerned = NULL;
        status = avd_rules_load(settings->rules, &rules, &err);
    }
    if (status == AVD_OK) {
        if (rules != NULL)
            (void)avd_cli_print_rule_problems(rules); /* the others count, as in analyze */
        options.analyze = &sources.analyze;
        options.rules = rules;
        code = extract_to_sink(settings, dump, &options, &to);
    } else {
        code = failed(concerned, &err);
    }
    avd_rules_free(rules);
    avd_cli_sources_deinit(&sources);
    avd_dump_close(dump);
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
        code = extract(&settings);
    avd_cli_settings_deinit(&settings);
    return code;
}
