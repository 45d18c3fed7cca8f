/* SPDX-License-Identifier: MIT */
/*
 * One table describes every option; parsing, usage, help and completion are read from it, and so is
 * the list that tests/e2e/test_options.py compares with the manual pages.
 */
#include "options.h"

#include <stdio.h>
#include <string.h>

enum {
    RULE_WRITING = AVD_CLI_RULES | AVD_CLI_RULES_ANALYZE | AVD_CLI_RULES_DOCS | AVD_CLI_FACTS,
    /* what walks stacks */
    WALKING = AVD_CLI_ANALYZE | AVD_CLI_SYMBOLS | AVD_CLI_GATE | AVD_CLI_FACTS |
              AVD_CLI_RULES_ANALYZE | AVD_CLI_INSIDE | AVD_CLI_EXTRACT,
    /* something written per dump */
    ONE = AVD_CLI_ANALYZE | AVD_CLI_SYMBOLS | AVD_CLI_INFO | AVD_CLI_INSIDE,
    PLACES = AVD_CLI_MEMORY | AVD_CLI_DPS | AVD_CLI_LN | AVD_CLI_FIND,
    JUDGING = AVD_CLI_GATE | AVD_CLI_MERGE,
    FORMATTED = ONE | RULE_WRITING,
    ALL = FORMATTED | JUDGING | AVD_CLI_EXTRACT
};

const struct avd_cli_option avd_cli_options[] = {
    {OPT_REPORT_FORMAT, 'f', "format", "text|json|html", AVD_CLI_ANALYZE | AVD_CLI_INFO,
     "form of the output (default: text)"},
    {OPT_FORMAT, 'f', "format", "text|json", AVD_CLI_SYMBOLS | RULE_WRITING | AVD_CLI_INSIDE,
     "form of the output (default: text)"},
    {OPT_JSON, 0, "json", NULL, FORMATTED, "short for --format json"},
    {OPT_COMPACT, 0, "compact", NULL, FORMATTED, "JSON: one line per file"},
    {OPT_OUTPUT, 'o', "output", "FILE", ONE, "write there instead of standard output"},
    {OPT_WOW64, 0, "wow64", NULL, AVD_CLI_EXTRACT,
     "the 32-bit half of a 64-bit dump of a 32-bit process, as an x86 dump"},
    {OPT_SLIM, 0, "slim", NULL, AVD_CLI_EXTRACT,
     "of the dump's memory only what its analysis reads"},
    {OPT_FORCE, 0, "force", NULL, AVD_CLI_EXTRACT, "replace NEW when it is there already"},
    {OPT_ALL_THREADS, 'a', "all-threads", NULL, AVD_CLI_ANALYZE,
     "text: show the stack of every thread"},
    {OPT_THREAD, 't', "thread", "T", AVD_CLI_STACK | PLACES,
     "this thread's: its number in the report, or its id with 0x"},
    {OPT_STACK_ALL, 'a', "all", NULL, AVD_CLI_STACK, "every thread's, in text equal stacks once"},
    {OPT_AS, 0, "as", "bytes|dwords|qwords|pointers|ascii|utf16", AVD_CLI_MEMORY,
     "how memory at a place is shown (default: bytes)"},
    {OPT_FIND_AS, 0, "as", "bytes|ascii|utf16|pointer", AVD_CLI_FIND,
     "what the pattern is (default: what it looks like)"},
    {OPT_COUNT, 'n', "count", "N", AVD_CLI_MEMORY | AVD_CLI_DPS | AVD_CLI_STRINGS | AVD_CLI_FIND,
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
     AVD_CLI_ANALYZE | AVD_CLI_GATE | AVD_CLI_RULES | AVD_CLI_RULES_ANALYZE | AVD_CLI_EXTRACT,
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
    {OPT_SANDBOX, 0, "sandbox", NULL, ONE | AVD_CLI_GATE | AVD_CLI_EXTRACT,
     "Linux: reading a dump writes no file and connects to nothing"},
    {OPT_TIMEOUT, 0, "timeout", "SECONDS", AVD_CLI_GATE, "per dump, 0 for none (default: 120)"},
    {OPT_TIMEOUT, 0, "timeout", "SECONDS", ONE | AVD_CLI_EXTRACT,
     "per dump, 0 for none (default: none)"},
    {OPT_MAX_MEMORY, 0, "max-memory", "MIB", AVD_CLI_GATE,
     "per worker, 0 for none (default: 4096)"},
    {OPT_MAX_MEMORY, 0, "max-memory", "MIB", ONE | AVD_CLI_EXTRACT,
     "per dump, 0 for none (default: none)"},
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
    {0, 0, NULL, NULL, 0, NULL},
};
_Static_assert(sizeof avd_cli_options / sizeof *avd_cli_options <= AVD_CLI_MAX_OPTIONS,
               "the parser has room for fewer options");

const struct avd_cli_option *avd_cli_option_at(const struct avd_cli_command *command, size_t index)
{
    const struct avd_cli_option *option;

    for (option = avd_cli_options; option->name != NULL; option++)
        if ((option->commands & command->bit) != 0 && index-- == 0)
            return option;
    return NULL;
}

void avd_cli_options_print(const struct avd_cli_command *command)
{
    const struct avd_cli_option *option;
    size_t i;

    for (i = 0; (option = avd_cli_option_at(command, i)) != NULL; i++) {
        char left[64];

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
