/* SPDX-License-Identifier: MIT */
/* avdump help: the program in one screen, or one command with its options. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static void print_program(void)
{
    const struct avd_cli_command *command;

    printf("usage: avdump %s\n       avdump COMMAND [options] ...\n", avd_cli_commands->synopsis);
    puts("\nFinds out from a Windows minidump what went wrong.\n\ncommands:");
    for (command = avd_cli_commands; command->name != NULL; command++)
        if ((command->bit & AVD_CLI_INSIDE) == 0)
            printf("  %-9s %s\n", command->name, command->help);
    /* so many that each with a line of its own would hide the others */
    fputs(" ", stdout);
    for (command = avd_cli_commands; command->name != NULL; command++)
        if ((command->bit & AVD_CLI_INSIDE) != 0)
            printf(" %s", command->name);
    puts("  (looking inside)\n\nFILE may be gzip-compressed; '-' reads standard input. 'avdump "
         "help COMMAND' says more.\n"
         "\nexamples: avdump crash.dmp\n"
         "          avdump analyze --json --fail-on error *.dmp > reports.json\n"
         "\nexit status: 0 clean, 1 a finding at or above --fail-on, 2 wrong usage, 3 an input\n"
         "cannot be read, 4 out of memory or the output cannot be written");
}

static void print_rules_commands(void)
{
    const struct avd_cli_command *command;

    puts("");
    for (command = avd_cli_rules_commands; command->name != NULL; command++)
        printf("  avdump %s\n      %s\n", command->synopsis, command->help);
    puts("\n'avdump rules COMMAND --help' lists the options of each.");
}

static void print_places(const struct avd_cli_command *command)
{
    if ((command->bit & (AVD_CLI_MEMORY | AVD_CLI_DPS | AVD_CLI_LN)) != 0)
        puts("\nA PLACE is an address (12d98c, 0x7ff6`1000), a register of the thread (@rsp), a "
             "module\n"
             "or module!symbol, with offsets behind it: @rsp+20, ntdll!NtClose+4.");
    if ((command->bit & AVD_CLI_FIND) != 0)
        puts("\nA PATTERN is bytes ('4d 5a ?? 00'), text, looked for as ASCII and as UTF-16, or a\n"
             "pointer (0x7ff61000, @rsp); --as says which.");
}

enum avd_cli_exit avd_cli_help_print(const struct avd_cli_command *command)
{
    if (command == NULL) {
        print_program();
    } else {
        printf("usage: avdump %s\n\n%s.\n", command->synopsis, command->help);
        if (command->run == avd_cli_rules)
            print_rules_commands();
        if (command->run == avd_cli_inspect)
            print_places(command);
        if (command->bit != 0) {
            puts("\noptions:");
            avd_cli_options_print(command);
        }
    }
    return avd_cli_finish_stdout(AVD_EXIT_CLEAN);
}

enum avd_cli_exit avd_cli_help(int argc, char **argv)
{
    const struct avd_cli_command *command;

    if (argc < 2)
        return avd_cli_help_print(NULL);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return avd_cli_help_print(avd_cli_command_find("help"));
    if (argc > 2)
        return avd_cli_usage_error("help takes one command, found also '", argv[2], "'", NULL);
    command = avd_cli_command_find(argv[1]);
    if (command == NULL)
        return avd_cli_unknown_command(argv[1], "");
    return avd_cli_help_print(command);
}
