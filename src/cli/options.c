/* SPDX-License-Identifier: MIT */
/* Parsing a command line with getopt_long, and the messages for what is wrong with it. */
#include "options.h"
#include "term.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum avd_cli_exit avd_cli_usage_error(const char *before, const char *word, const char *after,
                                      const char *suggestion)
{
    fprintf(stderr, "avdump: %s", before);
    avd_term_puts(stderr, word);
    fputs(after, stderr);
    if (suggestion != NULL)
        fprintf(stderr, " (did you mean '%s'?)", suggestion);
    fputs("\ntry 'avdump --help'\n", stderr);
    return AVD_EXIT_USAGE;
}

enum {
    LONG_BASE = 256,       /* above every letter */
    DEFAULT_TIMEOUT = 120, /* seconds; dumps of gigabytes take one */
    DEFAULT_MEMORY_MIB = 4096
};

/* What getopt_long wants to know of the options that `commands` has. */
struct parser {
    struct option longs[AVD_CLI_MAX_OPTIONS + 1];
    const char *names[AVD_CLI_MAX_OPTIONS + 1];
    char shorts[2 + 2 * AVD_CLI_MAX_OPTIONS];
    size_t count;
};

static void parser_init(struct parser *parser, unsigned commands)
{
    size_t i;
    size_t used = 0;

    memset(parser, 0, sizeof *parser);
    parser->shorts[used++] = ':'; /* tell a missing value from an unknown option */
    for (i = 0; avd_cli_options[i].name != NULL; i++) {
        const struct avd_cli_option *option = &avd_cli_options[i];
        struct option *item = &parser->longs[parser->count];

        if ((option->commands & commands) == 0)
            continue;
        item->name = option->name;
        item->has_arg = option->argument != NULL ? required_argument : no_argument;
        item->val = LONG_BASE + (int)i;
        parser->names[parser->count++] = option->name;
        if (option->letter == 0)
            continue;
        parser->shorts[used++] = option->letter;
        if (option->argument != NULL)
            parser->shorts[used++] = ':';
    }
}

/* The option of `commands` that getopt_long's value stands for, or NULL. */
static const struct avd_cli_option *option_of(int value, unsigned commands)
{
    const struct avd_cli_option *option;

    if (value >= LONG_BASE && value < LONG_BASE + (int)AVD_CLI_MAX_OPTIONS)
        return &avd_cli_options[value - LONG_BASE];
    for (option = avd_cli_options; option->name != NULL; option++)
        if (value != 0 && option->letter == value && (option->commands & commands) != 0)
            return option;
    return NULL;
}

/* Whether "-name" is a long option with one dash too few. */
static int is_long_name(const struct parser *parser, const char *argument)
{
    size_t i;

    for (i = 0; argument != NULL && argument[0] == '-' && i < parser->count; i++)
        if (strcmp(parser->names[i], argument + 1) == 0)
            return 1;
    return 0;
}

static enum avd_cli_exit unknown_option(const struct parser *parser, const char *argument,
                                        const char *next)
{
    char name[40];
    char suggestion[48];
    const char *similar;
    size_t matches = 0;
    size_t size;
    size_t i;

    if (optopt >= LONG_BASE)
        return avd_cli_usage_error("option '--", option_of(optopt, ~0U)->name, "' takes no value",
                                   NULL);
    if (optopt != 0) {
        name[0] = (char)optopt;
        name[1] = '\0';
        /* "-json" is a cluster of letters to getopt, and something else to who typed it */
        similar = is_long_name(parser, next) ? next : NULL;
        if (similar != NULL)
            (void)snprintf(suggestion, sizeof suggestion, "-%s", similar);
        return avd_cli_usage_error("unknown option '-", name, "'",
                                   similar != NULL ? suggestion : avd_cli_habit_option(name));
    }
    /* "--name" or "--name=value" */
    argument += strspn(argument, "-");
    size = strcspn(argument, "=");
    if (size >= sizeof name)
        return avd_cli_usage_error("unknown option '--", argument, "'", NULL);
    memcpy(name, argument, size);
    name[size] = '\0';
    for (i = 0; i < parser->count; i++)
        matches += strncmp(parser->names[i], name, size) == 0;
    if (matches > 1)
        return avd_cli_usage_error("option '--", name, "' may be short for several options", NULL);
    similar = avd_cli_habit_option(name);
    if (similar != NULL)
        return avd_cli_usage_error("unknown option '--", name, "'", similar);
    similar = avd_cli_suggest(name, parser->names);
    if (similar != NULL)
        (void)snprintf(suggestion, sizeof suggestion, "--%s", similar);
    return avd_cli_usage_error("unknown option '--", name, "'",
                               similar != NULL ? suggestion : NULL);
}

enum avd_cli_exit avd_cli_settings_init(struct avd_cli_settings *settings,
                                        const struct avd_cli_command *command, int argc,
                                        char **argv)
{
    struct parser parser;
    const struct avd_cli_option *option;
    enum avd_cli_exit code;
    int value;

    memset(settings, 0, sizeof *settings);
    settings->fail_on = AVD_CLI_FAIL_NEVER;
    if (command->bit == AVD_CLI_GATE) {
        settings->timeout_seconds = DEFAULT_TIMEOUT;
        settings->max_memory = (uint64_t)DEFAULT_MEMORY_MIB << 20;
    }
    settings->image_dirs = calloc((size_t)argc + 1, sizeof *settings->image_dirs);
    settings->symbols = calloc((size_t)argc + 1, sizeof *settings->symbols);
    settings->maps = calloc((size_t)argc + 1, sizeof *settings->maps);
    settings->outputs = calloc((size_t)argc + 1, sizeof *settings->outputs);
    settings->fail_ons = calloc((size_t)argc + 1, sizeof *settings->fail_ons);
    if (settings->image_dirs == NULL || settings->symbols == NULL || settings->maps == NULL ||
        settings->outputs == NULL || settings->fail_ons == NULL) {
        fputs("avdump: out of memory\n", stderr);
        return AVD_EXIT_INTERNAL;
    }
    parser_init(&parser, command->bit);
    opterr = 0;
    optind = 1;
    while ((value = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
        option = value == '?' ? NULL : option_of(value == ':' ? optopt : value, command->bit);
        if (option == NULL)
            /* getopt stays at a word until its last letter */
            return unknown_option(&parser, argv[optind - 1], optind < argc ? argv[optind] : NULL);
        if (value == ':') /* of a value too many, too, from some getopts */
            return avd_cli_usage_error(
                "option '--", option->name,
                option->argument == NULL ? "' takes no value" : "' needs a value", NULL);
        code = avd_cli_option_store(settings, option, optarg);
        if (code != AVD_EXIT_CLEAN)
            return code;
    }
    settings->files = &argv[optind];
    settings->file_count = argc - optind;
    if (settings->file_count != 0 && command->files == AVD_CLI_FILES_NONE)
        return avd_cli_usage_error("", command->name, " takes no file", NULL);
    if (settings->file_count == 0 && command->files == AVD_CLI_FILES_NEEDED && !settings->help)
        return avd_cli_usage_error("", command->name, " needs a file", NULL);
    return AVD_EXIT_CLEAN;
}

void avd_cli_settings_deinit(struct avd_cli_settings *settings)
{
    free(settings->image_dirs);
    free(settings->symbols);
    free(settings->maps);
    free(settings->outputs);
    free(settings->fail_ons);
    memset(settings, 0, sizeof *settings);
}
