/* SPDX-License-Identifier: MIT */
/*
 * One table describes every option; parsing, usage and help are read from it, and so is the list
 * that tests/e2e/test_cli.sh compares with the manual page.
 */
#include "cli.h"
#include "term.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_id {
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
    OPT_SHARD,
    OPT_SYMBOLS,
    OPT_SYMBOLS_LOOSE,
    OPT_STACK_ALL,
    OPT_THREAD,
    OPT_TIMEOUT,
    OPT_TODAY,
    OPT_TRIAGE,
    OPT_UPDATE_BASELINE,
    OPT_VERBOSE
};

struct option_doc {
    enum option_id id;
    char letter; /* 0: none */
    const char *name;
    const char *argument; /* "DIR", "a|b|c" for a choice, NULL for none */
    unsigned commands;
    const char *help;
};

enum {
    RULE_WRITING = AVD_CLI_RULES | AVD_CLI_RULES_ANALYZE | AVD_CLI_RULES_DOCS | AVD_CLI_FACTS,
    /* what walks stacks */
    WALKING = AVD_CLI_ANALYZE | AVD_CLI_SYMBOLS | AVD_CLI_GATE | AVD_CLI_FACTS |
              AVD_CLI_RULES_ANALYZE | AVD_CLI_INSIDE,
    /* something written per dump */
    ONE = AVD_CLI_ANALYZE | AVD_CLI_SYMBOLS | AVD_CLI_INFO | AVD_CLI_INSIDE,
    PLACES = AVD_CLI_MEMORY | AVD_CLI_DPS | AVD_CLI_LN | AVD_CLI_FIND,
    JUDGING = AVD_CLI_GATE | AVD_CLI_MERGE,
    FORMATTED = ONE | RULE_WRITING,
    ALL = FORMATTED | JUDGING,
    MAX_FRAMES = 65536,    /* the library's ceiling */
    DEFAULT_TIMEOUT = 120, /* seconds; dumps of gigabytes take one */
    DEFAULT_MEMORY_MIB = 4096
};

static const struct option_doc options[] = {
    {OPT_REPORT_FORMAT, 'f', "format", "text|json|html", AVD_CLI_ANALYZE | AVD_CLI_INFO,
     "form of the output (default: text)"},
    {OPT_FORMAT, 'f', "format", "text|json", AVD_CLI_SYMBOLS | RULE_WRITING | AVD_CLI_INSIDE,
     "form of the output (default: text)"},
    {OPT_JSON, 0, "json", NULL, FORMATTED, "short for --format json"},
    {OPT_COMPACT, 0, "compact", NULL, FORMATTED, "JSON: one line per file"},
    {OPT_OUTPUT, 'o', "output", "FILE", ONE, "write there instead of standard output"},
    {OPT_ALL_THREADS, 'a', "all-threads", NULL, AVD_CLI_ANALYZE,
     "text: show the stack of every thread"},
    {OPT_THREAD, 't', "thread", "T", AVD_CLI_STACK | PLACES,
     "this thread's: its number in the report, or its id with 0x"},
    {OPT_STACK_ALL, 'a', "all", NULL, AVD_CLI_STACK, "every thread's, in text equal stacks once"},
    {OPT_AS, 0, "as", "bytes|dwords|qwords|pointers|ascii|utf16", AVD_CLI_MEMORY,
     "how memory at a place is shown (default: bytes)"},
    {OPT_FIND_AS, 0, "as", "bytes|ascii|utf16|pointer", AVD_CLI_FIND,
     "what the pattern is (default: what it looks like)"},
    {OPT_COUNT, 'n', "count", "N",
     AVD_CLI_MEMORY | AVD_CLI_DPS | AVD_CLI_STRINGS | AVD_CLI_FIND,
     "values, strings or hits at most"},
    {OPT_MIN_LENGTH, 0, "min-length", "N", AVD_CLI_STRINGS,
     "characters of a string at least (default: 6)"},
    {OPT_NATIVE, 0, "native", NULL, AVD_CLI_STACK | PLACES,
     "WOW64: the 64-bit stack first, and its registers and pointers"},
    {OPT_NATIVE, 0, "native", NULL, AVD_CLI_ANALYZE, "WOW64: show the 64-bit stack first"},
    {OPT_BOTH, 0, "both", NULL, AVD_CLI_ANALYZE,
     "text, WOW64: both stacks in full of every thread shown"},
    {OPT_VERBOSE, 'v', "verbose", NULL, ONE & ~(unsigned)AVD_CLI_INSIDE,
     "text: all modules, registers and notes"},
    {OPT_VERBOSE, 'v', "verbose", NULL, AVD_CLI_STACK | AVD_CLI_LISTS,
     "text: registers; paths, identifiers and unloaded modules"},
    {OPT_LIST_NEEDED, 0, "list-needed", NULL, AVD_CLI_SYMBOLS,
     "only what is missing; text: 'name.pdb ID', one line each"},
    {OPT_SYMBOLS, 0, "symbols", "PATH", WALKING,
     "a .pdb or .sym file, a folder or a store of them; may be repeated"},
    {OPT_SYMBOLS_LOOSE, 0, "symbols-loose", NULL, WALKING,
     "take symbols whose identifier differs, and say so"},
    {OPT_MAP, 0, "map", "OLD=NEW", WALKING, "replace a prefix of recorded paths; may be repeated"},
    {OPT_OFFLINE, 0, "offline", NULL, WALKING, "ask no symbol server"},
    {OPT_IMAGES, 0, "images", "DIR", WALKING,
     "look there for .exe and .dll files; may be repeated"},
    {OPT_RULES, 0, "rules", "DIR",
     AVD_CLI_ANALYZE | AVD_CLI_GATE | AVD_CLI_RULES | AVD_CLI_RULES_ANALYZE,
     "add the rules (*.yaml) of a directory to the shipped ones"},
    {OPT_TRIAGE, 0, "triage", "FILE", AVD_CLI_ANALYZE | AVD_CLI_GATE,
     "say whose frames are whose (YAML), before the shipped entries"},
    {OPT_MAX_FRAMES, 0, "max-frames", "N", WALKING,
     "frames per stack at most, 1 to 65536 (default: 10000)"},
    {OPT_FAIL_ON, 0, "fail-on", "info|warning|error|never", AVD_CLI_ANALYZE,
     "exit with 1 for a finding this bad or worse (default: never)"},
    {OPT_GATE_FAIL_ON, 0, "fail-on", "WHAT,...", JUDGING,
     "new, info, warning, error, rule:ID, count:N, unreadable, never"},
    {OPT_POLICY, 0, "policy", "FILE", JUDGING, "a YAML file: what fails, what is allowed"},
    {OPT_BASELINE, 0, "baseline", "FILE", JUDGING, "buckets that are known"},
    {OPT_UPDATE_BASELINE, 0, "update-baseline", NULL, JUDGING, "add what was seen to that file"},
    {OPT_GATE_OUTPUT, 'o', "output", "KIND:PATH", JUDGING,
     "table|jsonl|json|junit|sarif|github|gitlab|markdown|html|issues"},
    {OPT_LINK_TEMPLATE, 0, "link-template", "URL", JUDGING,
     "issues: a link with {name} and {key} in it"},
    {OPT_FIELDS, 0, "fields", "NAME,...", JUDGING,
     "issues: only these (default: key,title,standing,count,body)"},
    {OPT_JOBS, 'j', "jobs", "N", AVD_CLI_GATE, "worker processes (default: one per processor)"},
    {OPT_TIMEOUT, 0, "timeout", "SECONDS", AVD_CLI_GATE, "per dump, 0 for none (default: 120)"},
    {OPT_MAX_MEMORY, 0, "max-memory", "MIB", AVD_CLI_GATE,
     "per worker, 0 for none (default: 4096)"},
    {OPT_SHARD, 0, "shard", "K/N", AVD_CLI_GATE,
     "only part K of N; 'auto' asks the job scheduler's variables"},
    {OPT_RESUME, 0, "resume", "FILE", AVD_CLI_GATE,
     "skip what this earlier jsonl output holds, and count it"},
    {OPT_TODAY, 0, "today", "DAY", JUDGING, "for allowances that expire (default: the clock)"},
    {OPT_REDACT, 0, "redact", NULL, AVD_CLI_ANALYZE | JUDGING,
     "leave out names of users in paths, comments and the like"},
    {OPT_QUIET, 'q', "quiet", NULL, AVD_CLI_GATE, "no progress on the terminal"},
    {OPT_COLOR, 0, "color", "auto|always|never", ONE, "colours (default: auto, on a terminal)"},
    {OPT_HELP, 'h', "help", NULL, ALL, "show this help"},
};

enum { OPTION_COUNT = sizeof options / sizeof *options, LONG_BASE = 256 };

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

/* Levenshtein's distance, cut off: words longer than the rows are nobody's typing error. */
static size_t distance(const char *a, const char *b)
{
    enum { LIMIT = 32 };
    size_t rows[2][LIMIT + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    size_t i;
    size_t j;

    if (a_size > LIMIT || b_size > LIMIT)
        return LIMIT;
    for (j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 2];
        const size_t *above = rows[(i - 1) % 2];

        row[0] = i;
        for (j = 1; j <= b_size; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return rows[a_size % 2][b_size];
}

const char *avd_cli_suggest(const char *word, const char *const *names)
{
    size_t best = strlen(word) < 4 ? 2 : 3; /* distances below this are typing errors */
    const char *found = NULL;

    for (; *names != NULL; names++) {
        size_t d = distance(word, *names);

        if (d < best) {
            best = d;
            found = *names;
        }
    }
    return found;
}

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
                                    const struct option_doc *option, const char *value)
{
    enum { MAX_JOBS = 1024, MAX_SECONDS = 86400, MAX_MIB = 1 << 20 };
    unsigned long number = 0;

    switch ((int)option->id) {
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
                                      const struct option_doc *option, const char *value,
                                      int choice)
{
    enum { MAX_COUNT = 1048576, MAX_LENGTH = 4096 };
    static const enum avd_inspect_form find_forms[] = {AVD_FORM_BYTES, AVD_FORM_ASCII,
                                                       AVD_FORM_UTF16, AVD_FORM_POINTERS};
    unsigned long number = 0;

    switch ((int)option->id) {
    case OPT_AS: settings->form = (enum avd_inspect_form)(AVD_FORM_BYTES + choice); break;
    case OPT_FIND_AS: settings->form = find_forms[choice]; break;
    case OPT_STACK_ALL: settings->write.all_threads = 1; break;
    case OPT_THREAD: settings->thread = value; break;
    case OPT_COUNT:
        if (!parse_number(value, MAX_COUNT, &number) || number == 0)
            return avd_cli_usage_error("--count: expected 1 to 1048576, found '", value, "'",
                                       NULL);
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

/* Stores one option that was recognised. */
static enum avd_cli_exit store(struct avd_cli_settings *settings, const struct option_doc *option,
                               const char *value)
{
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
    switch (option->id) {
    case OPT_ALL_THREADS: settings->write.all_threads = 1; break;
    case OPT_BOTH: settings->write.both_stacks = 1; break;
    case OPT_COLOR: settings->color = (enum avd_cli_color)choice; break;
    case OPT_COMPACT: settings->write.compact = 1; break;
    case OPT_FAIL_ON: settings->fail_on = choice; break;
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
    case OPT_SYMBOLS: settings->symbols[settings->symbol_count++] = value; break;
    case OPT_SYMBOLS_LOOSE: settings->symbols_loose = 1; break;
    case OPT_TRIAGE: settings->triage = value; break;
    case OPT_VERBOSE: settings->write.verbose = 1; break;
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

/* What getopt_long wants to know of the options that `commands` has. */
struct parser {
    struct option longs[OPTION_COUNT + 1];
    const char *names[OPTION_COUNT + 1];
    char shorts[2 + 2 * OPTION_COUNT];
    size_t count;
};

static void parser_init(struct parser *parser, unsigned commands)
{
    size_t i;
    size_t used = 0;

    memset(parser, 0, sizeof *parser);
    parser->shorts[used++] = ':'; /* tell a missing value from an unknown option */
    for (i = 0; i < OPTION_COUNT; i++) {
        struct option *item = &parser->longs[parser->count];

        if ((options[i].commands & commands) == 0)
            continue;
        item->name = options[i].name;
        item->has_arg = options[i].argument != NULL ? required_argument : no_argument;
        item->val = LONG_BASE + (int)i;
        parser->names[parser->count++] = options[i].name;
        if (options[i].letter == 0)
            continue;
        parser->shorts[used++] = options[i].letter;
        if (options[i].argument != NULL)
            parser->shorts[used++] = ':';
    }
}

/* The option of `commands` that getopt_long's value stands for, or NULL. */
static const struct option_doc *option_of(int value, unsigned commands)
{
    size_t i;

    if (value >= LONG_BASE && value < LONG_BASE + (int)OPTION_COUNT)
        return &options[value - LONG_BASE];
    for (i = 0; i < OPTION_COUNT; i++)
        if (value != 0 && options[i].letter == value && (options[i].commands & commands) != 0)
            return &options[i];
    return NULL;
}

static enum avd_cli_exit unknown_option(const struct parser *parser, const char *argument)
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
        return avd_cli_usage_error("unknown option '-", name, "'", NULL);
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
    const struct option_doc *option;
    enum avd_cli_exit code;
    int value;

    memset(settings, 0, sizeof *settings);
    settings->fail_on = AVD_CLI_FAIL_NEVER;
    settings->timeout_seconds = DEFAULT_TIMEOUT;
    settings->max_memory = (uint64_t)DEFAULT_MEMORY_MIB << 20;
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
            return unknown_option(&parser, argv[optind - 1]);
        if (value == ':')
            return avd_cli_usage_error("option '--", option->name, "' needs a value", NULL);
        code = store(settings, option, optarg);
        if (code != AVD_EXIT_CLEAN)
            return code;
    }
    settings->files = &argv[optind];
    settings->file_count = argc - optind;
    if (settings->file_count != 0 && command->no_files)
        return avd_cli_usage_error("", command->name, " takes no file", NULL);
    if (settings->file_count == 0 && !command->no_files && !settings->help)
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

int avd_cli_option_at(const struct avd_cli_command *command, size_t index,
                      struct avd_cli_option *out)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++) {
        if ((options[i].commands & command->bit) == 0 || index-- != 0)
            continue;
        out->letter = options[i].letter;
        out->name = options[i].name;
        out->argument = options[i].argument;
        out->help = options[i].help;
        return 1;
    }
    return 0;
}

void avd_cli_options_print(const struct avd_cli_command *command)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++) {
        const struct option_doc *option = &options[i];
        char left[64];

        if ((option->commands & command->bit) == 0)
            continue;
        (void)snprintf(left, sizeof left, "--%s%s%s", option->name,
                       option->argument != NULL ? " " : "",
                       option->argument != NULL ? option->argument : "");
        if (option->letter != 0)
            printf("  -%c, ", option->letter);
        else
            printf("      ");
        /* a long left column gets a line of its own */
        if (strlen(left) > 24)
            printf("%s\n%32s%s\n", left, "", option->help);
        else
            printf("%-26s%s\n", left, option->help);
    }
}
