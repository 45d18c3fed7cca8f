/* SPDX-License-Identifier: MIT */
/* What the values of options may be, and where the settings keep them. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The place of `word` in "a|b|c", or -1. */
static int choice_index(const char *choices, const char *word)
{
    size_t size = strlen(word);
    int index = 0;

    for (;;) {
        size_t length = strcspn(choices, "|");

        if (length == size && strncmp(choices, word, size) == 0)
            return index;
        choices += length;
        if (*choices == '\0')
            return -1;
        choices++;
        index++;
    }
}

/* A whole number up to `most`; false for anything else. */
static int parse_number(const char *text, unsigned long most, unsigned long *out)
{
    char *end;

    errno = 0;
    *out = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out <= most;
}

/* Stores one option of the gate. */
static enum avd_cli_exit store_gate(struct avd_cli_settings *settings,
                                    const struct avd_cli_option *option, const char *value)
{
    enum { MAX_JOBS = 1024, MAX_SECONDS = 86400, MAX_MIB = 1 << 20 };
    unsigned long number = 0;

    switch (option->id) {
    case OPT_BASELINE: settings->baseline = value; break;
    case OPT_GATE_FAIL_ON: settings->fail_ons[settings->fail_on_count++] = value; break;
    case OPT_GATE_OUTPUT: settings->outputs[settings->output_count++] = value; break;
    case OPT_FIELDS: settings->fields = value; break;
    case OPT_LINK_TEMPLATE: settings->link_template = value; break;
    case OPT_POLICY: settings->policy = value; break;
    case OPT_QUIET: settings->quiet = 1; break;
    case OPT_RESUME: settings->resume = value; break;
    case OPT_SHARD: settings->shard = value; break;
    case OPT_TODAY: settings->today = value; break;
    case OPT_UPDATE_BASELINE: settings->update_baseline = 1; break;
    case OPT_JOBS:
        if (!parse_number(value, MAX_JOBS, &number) || number == 0)
            return avd_cli_usage_error("--jobs: expected 1 to 1024, found '", value, "'", NULL);
        settings->jobs = (unsigned)number;
        break;
    case OPT_TIMEOUT:
        if (!parse_number(value, MAX_SECONDS, &number))
            return avd_cli_usage_error("--timeout: expected 0 to 86400 seconds, found '", value,
                                       "'", NULL);
        settings->timeout_seconds = (unsigned)number;
        break;
    case OPT_MAX_MEMORY:
        if (!parse_number(value, MAX_MIB, &number))
            return avd_cli_usage_error("--max-memory: expected 0 to 1048576 MiB, found '", value,
                                       "'", NULL);
        settings->max_memory = (uint64_t)number << 20;
        break;
    }
    return AVD_EXIT_CLEAN;
}

/* Stores one option of looking inside; `choice` is the value's place in a list of words. */
static enum avd_cli_exit store_inside(struct avd_cli_settings *settings,
                                      const struct avd_cli_option *option, const char *value,
                                      int choice)
{
    enum { MAX_COUNT = 1048576, MAX_LENGTH = 4096 };
    static const enum avd_inspect_form find_forms[] = {AVD_FORM_BYTES, AVD_FORM_ASCII,
                                                       AVD_FORM_UTF16, AVD_FORM_POINTERS};
    unsigned long number = 0;

    switch (option->id) {
    case OPT_AS: settings->form = (enum avd_inspect_form)(AVD_FORM_BYTES + choice); break;
    case OPT_FIND_AS: settings->form = find_forms[choice]; break;
    case OPT_STACK_ALL: settings->write.all_threads = 1; break;
    case OPT_THREAD: settings->thread = value; break;
    case OPT_COUNT:
        if (!parse_number(value, MAX_COUNT, &number) || number == 0)
            return avd_cli_usage_error("--count: expected 1 to 1048576, found '", value, "'", NULL);
        settings->count = number;
        break;
    case OPT_MIN_LENGTH:
        if (!parse_number(value, MAX_LENGTH, &number) || number == 0)
            return avd_cli_usage_error("--min-length: expected 1 to 4096, found '", value, "'",
                                       NULL);
        settings->min_length = (unsigned)number;
        break;
    }
    return AVD_EXIT_CLEAN;
}

enum avd_cli_exit avd_cli_option_store(struct avd_cli_settings *settings,
                                       const struct avd_cli_option *option, const char *value)
{
    enum { MAX_FRAMES = 65536 }; /* the library's ceiling */
    char before[96];
    int choice = 0;
    unsigned long number;

    if (option->argument != NULL && strchr(option->argument, '|') != NULL) {
        choice = choice_index(option->argument, value);
        if (choice < 0) {
            (void)snprintf(before, sizeof before, "--%s: expected %s, found '", option->name,
                           option->argument);
            return avd_cli_usage_error(before, value, "'", NULL);
        }
    }
    switch ((enum avd_cli_option_id)option->id) {
    case OPT_ALL_THREADS: settings->write.all_threads = 1; break;
    case OPT_BOTH: settings->write.both_stacks = 1; break;
    case OPT_COLOR: settings->color = (enum avd_cli_color)choice; break;
    case OPT_COMPACT: settings->write.compact = 1; break;
    case OPT_FAIL_ON: settings->fail_on = choice; break;
    case OPT_FORCE: settings->force = 1; break;
    case OPT_FORMAT: /* the choices stand in the order of enum avd_format */
    case OPT_REPORT_FORMAT: settings->format = (enum avd_format)choice; break;
    case OPT_HELP: settings->help = 1; break;
    case OPT_IMAGES: settings->image_dirs[settings->image_dir_count++] = value; break;
    case OPT_JSON: settings->format = AVD_FORMAT_JSON; break;
    case OPT_LIST_NEEDED: settings->list_needed = 1; break;
    case OPT_MAP:
        if (strchr(value, '=') == NULL || value[0] == '=')
            return avd_cli_usage_error("--map: expected OLD=NEW, found '", value, "'", NULL);
        settings->maps[settings->map_count++] = value;
        break;
    case OPT_MAX_FRAMES:
        if (!parse_number(value, MAX_FRAMES, &number) || number < 1)
            return avd_cli_usage_error("--max-frames: expected 1 to 65536, found '", value, "'",
                                       NULL);
        settings->max_frames = (unsigned)number;
        break;
    case OPT_NATIVE: settings->write.native_first = 1; break;
    case OPT_OFFLINE: settings->offline = 1; break;
    case OPT_OUTPUT: settings->output = strcmp(value, "-") == 0 ? NULL : value; break;
    case OPT_REDACT: settings->write.redact = 1; break;
    case OPT_RULES: settings->rules = value; break;
    case OPT_SANDBOX: settings->sandbox = 1; break;
    case OPT_SLIM: settings->extract_slim = 1; break;
    case OPT_SYMBOLS: settings->symbols[settings->symbol_count++] = value; break;
    case OPT_SYMBOLS_LOOSE: settings->symbols_loose = 1; break;
    case OPT_TRIAGE: settings->triage = value; break;
    case OPT_VERBOSE: settings->write.verbose = 1; break;
    case OPT_WOW64: settings->extract_wow64 = 1; break;
    case OPT_AS:
    case OPT_COUNT:
    case OPT_FIND_AS:
    case OPT_MIN_LENGTH:
    case OPT_STACK_ALL:
    case OPT_THREAD: return store_inside(settings, option, value, choice);
    case OPT_BASELINE:
    case OPT_FIELDS:
    case OPT_GATE_FAIL_ON:
    case OPT_GATE_OUTPUT:
    case OPT_JOBS:
    case OPT_LINK_TEMPLATE:
    case OPT_MAX_MEMORY:
    case OPT_POLICY:
    case OPT_QUIET:
    case OPT_RESUME:
    case OPT_SHARD:
    case OPT_TIMEOUT:
    case OPT_TODAY:
    case OPT_UPDATE_BASELINE: return store_gate(settings, option, value);
    }
    return AVD_EXIT_CLEAN;
}
