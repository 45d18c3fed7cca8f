/* SPDX-License-Identifier: MIT */
/* The avdump program: which command a command line asks for. */
#include "cli.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

const struct avd_cli_command avd_cli_commands[] = {
    {"analyze", avd_cli_analyze, "Say what went wrong, with stacks and advice",
     "[analyze] [options] FILE...", AVD_CLI_ANALYZE, 0},
    {"info", avd_cli_info, "Say what a dump holds, without an analysis", "info [options] FILE...",
     AVD_CLI_INFO, 0},
    {"symbols", avd_cli_symbols, "Say where symbols were found, or where they were looked for",
     "symbols [options] FILE...", AVD_CLI_SYMBOLS, 0},
    {"gate", avd_cli_gate, "Say of many dumps which crashes are new, and whether that passes",
     "gate [options] PATH...", AVD_CLI_GATE, 0},
    {"merge", avd_cli_merge, "Join outputs of gate into one verdict",
     "merge [options] FILE.jsonl...", AVD_CLI_MERGE, 0},
    {"rules", avd_cli_rules, "List, show, check, explain and test rules",
     "rules list|show|check|explain|test|docs|stops ...", 0, 0},
    {"facts", avd_cli_facts, "Show everything that a rule can see of a dump",
     "facts [options] FILE...", AVD_CLI_FACTS, 0},
    {"extract", avd_cli_extract, "Make an x86 dump of a WOW64 one, or a small one of a full one",
     "extract --wow64|--slim [options] FILE NEW", AVD_CLI_EXTRACT, 0},
    {"stack", avd_cli_inspect, "Show stacks, as WinDbg's k does", "stack [options] FILE...",
     AVD_CLI_STACK, 0},
    {"threads", avd_cli_inspect, "List the threads", "threads [options] FILE...", AVD_CLI_LISTS, 0},
    {"modules", avd_cli_inspect, "List the modules", "modules [options] FILE...", AVD_CLI_LISTS, 0},
    {"handles", avd_cli_inspect, "List the handles", "handles [options] FILE...", AVD_CLI_LISTS, 0},
    {"memory", avd_cli_inspect, "Show the memory map, or memory at a place",
     "memory [options] FILE [PLACE]", AVD_CLI_MEMORY, 0},
    {"dps", avd_cli_inspect, "Show pointers at a place, and what they point to",
     "dps [options] FILE PLACE", AVD_CLI_DPS, 0},
    {"ln", avd_cli_inspect, "Name the symbols around a place", "ln [options] FILE PLACE",
     AVD_CLI_LN, 0},
    {"strings", avd_cli_inspect, "List the strings in memory", "strings [options] FILE...",
     AVD_CLI_STRINGS, 0},
    {"find", avd_cli_inspect, "Find bytes, text or a pointer in memory",
     "find [options] FILE PATTERN", AVD_CLI_FIND, 0},
    {"help", avd_cli_help, "Explain the program or a command", "help [COMMAND]", 0, 1},
    {NULL, NULL, NULL, NULL, 0, 0},
};

enum { COMMAND_COUNT = sizeof avd_cli_commands / sizeof *avd_cli_commands };

const struct avd_cli_command *avd_cli_command_find(const char *name)
{
    const struct avd_cli_command *command;

    for (command = avd_cli_commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

enum avd_cli_exit avd_cli_unknown_command(const char *word, const char *after)
{
    const char *names[COMMAND_COUNT];
    const char *similar;
    char tail[64];
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++)
        names[i] = avd_cli_commands[i].name;
    similar = avd_cli_habit_command(word);
    if (similar == NULL)
        similar = avd_cli_suggest(word, names);
    (void)snprintf(tail, sizeof tail, "'%s", similar == NULL ? after : "");
    return avd_cli_usage_error("unknown command '", word, tail, similar);
}

/* Whether a first word that is no command is meant as a dump: a name with a dot or a slash, "-",
 * or whatever there is. */
static int is_file(const char *word)
{
    return strcmp(word, "-") == 0 || avd_term_file_exists(word) ||
           (strpbrk(word, "./\\") != NULL && avd_cli_habit_command(word) == NULL);
}

int avd_cli_main(int argc, char **argv)
{
    const struct avd_cli_command *command;
    const char *word = argc > 1 ? argv[1] : NULL;

    if (word == NULL)
        return (int)avd_cli_usage_error("no command and no file", "", "", NULL);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return (int)avd_cli_help_print(NULL);
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        printf("avdump %s\n", avd_version());
        return (int)avd_cli_finish_stdout(AVD_EXIT_CLEAN);
    }
    if (strcmp(word, "--completion") == 0)
        return (int)avd_cli_completion(argc > 2 ? argv[2] : "");
    command = avd_cli_command_find(word);
    if (command != NULL)
        return (int)command->run(argc - 1, argv + 1);
    if (word[0] == '-' || is_file(word))
        return (int)avd_cli_analyze(argc, argv);
    return (int)avd_cli_unknown_command(word, ", and there is no file of that name");
}
