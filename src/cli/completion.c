/* SPDX-License-Identifier: MIT */
/*
 * Completion scripts for shells, written from the tables of commands and options, so that they know
 * what this program knows.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

/* Commands, and those of `avdump rules`, one after the other. */
struct walk {
    size_t index;
    int in_rules;
};

/* The next command with options; NULL at the end. Those below rules are named "rules list". */
static const struct avd_cli_command *next_command(struct walk *walk)
{
    const struct avd_cli_command *command;

    for (;;) {
        command =
            walk->in_rules ? &avd_cli_rules_commands[walk->index] : &avd_cli_commands[walk->index];
        walk->index++;
        if (command->name == NULL && walk->in_rules)
            return NULL;
        if (command->name == NULL) {
            walk->in_rules = 1;
            walk->index = 0;
        } else if (command->bit != 0) {
            return command;
        }
    }
}

/* The word that is typed: "list" of "rules list". */
static const char *last_word(const struct avd_cli_command *command)
{
    const char *space = strrchr(command->name, ' ');

    return space != NULL ? space + 1 : command->name;
}

/* The names of commands, separated by spaces. */
static void put_names(const struct avd_cli_command *commands)
{
    for (; commands->name != NULL; commands++)
        printf("%s%s", last_word(commands), commands[1].name != NULL ? " " : "");
}

static int is_choice(const struct avd_cli_option *option)
{
    return option->argument != NULL && strchr(option->argument, '|') != NULL;
}

/* "a|b|c" with the bars replaced. */
static void put_choices(const char *choices)
{
    for (; *choices != '\0'; choices++)
        putchar(*choices == '|' ? ' ' : *choices);
}

/* In single quotes; `special` gets a backslash too, which the shell's functions want. */
static void put_quoted(const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr(special, *text) != NULL)
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

/* ---- bash ---- */

/* The choices of an option's value: 'analyze:--format' and 'analyze:-f' are cases of their own. */
static void put_bash_choices(void)
{
    struct walk walk = {0, 0};
    const struct avd_cli_command *command;
    const struct avd_cli_option *option;
    size_t i;

    while ((command = next_command(&walk)) != NULL)
        for (i = 0; (option = avd_cli_option_at(command, i)) != NULL; i++) {
            if (!is_choice(option))
                continue;
            printf("        '%s:--%s'", command->name, option->name);
            if (option->letter != 0)
                printf("|'%s:-%c'", command->name, option->letter);
            printf(") COMPREPLY=($(compgen -W '");
            put_choices(option->argument);
            puts("' -- \"$cur\")); return ;;");
        }
}

static void put_bash_options(void)
{
    struct walk walk = {0, 0};
    const struct avd_cli_command *command;
    const struct avd_cli_option *option;
    size_t i;

    while ((command = next_command(&walk)) != NULL) {
        printf("        '%s') words='", command->name);
        for (i = 0; (option = avd_cli_option_at(command, i)) != NULL; i++) {
            printf("%s--%s", i != 0 ? " " : "", option->name);
            if (option->letter != 0)
                printf(" -%c", option->letter);
        }
        puts("' ;;");
    }
}

static void put_bash(void)
{
    puts("# bash completion for avdump; avdump --completion bash wrote it\n"
         "_avdump() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local command=${COMP_WORDS[1]} words=\n"
         "    COMPREPLY=()");
    printf("    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        case $cur in\n"
           "        -*) COMPREPLY=($(compgen -W '--help -h --version -V --completion' -- "
           "\"$cur\")) ;;\n"
           "        *) COMPREPLY=($(compgen -W '");
    put_names(avd_cli_commands);
    printf("' -- \"$cur\")) ;;\n        esac\n        return\n    fi\n"
           "    if [ \"$prev\" = --completion ]; then\n"
           "        COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\"))\n        return\n    fi\n"
           "    if [ \"$command\" = help ]; then\n"
           "        COMPREPLY=($(compgen -W '");
    put_names(avd_cli_commands);
    printf("' -- \"$cur\"))\n        return\n    fi\n"
           "    if [ \"$command\" = rules ]; then\n"
           "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
           "            COMPREPLY=($(compgen -W '");
    put_names(avd_cli_rules_commands);
    puts("' -- \"$cur\"))\n            return\n        fi\n"
         "        command=\"rules ${COMP_WORDS[2]}\"\n    fi\n"
         "    case $command:$prev in");
    put_bash_choices();
    puts("    esac\n    case $command in");
    put_bash_options();
    puts("    esac\n"
         "    case $cur in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
         "    esac\n"
         "}\n"
         "complete -o default -F _avdump avdump");
}

/* ---- zsh ---- */

static void put_zsh_arguments(const struct avd_cli_command *command, const char *indent)
{
    const struct avd_cli_option *option;
    size_t i;

    printf("%s_arguments", indent);
    for (i = 0; (option = avd_cli_option_at(command, i)) != NULL; i++) {
        printf(" \\\n%s    '*'", indent);
        if (option->letter != 0)
            printf("{-%c,--%s}'[", option->letter, option->name);
        else
            printf("'--%s[", option->name);
        put_quoted(option->help, "[]:\\");
        printf("]");
        if (is_choice(option)) {
            printf(":value:(");
            put_choices(option->argument);
            printf(")");
        } else if (option->argument != NULL) {
            printf(":");
            put_quoted(option->argument, "[]:\\");
            printf(":_files");
        }
        printf("'");
    }
    printf(" \\\n%s    '*:file:_files'\n", indent);
}

static void put_zsh(void)
{
    struct walk walk = {0, 0};
    const struct avd_cli_command *command;

    printf("#compdef avdump\n"
           "# zsh completion for avdump; avdump --completion zsh wrote it\n"
           "_avdump() {\n"
           "    local command=$words[2]\n"
           "    if (( CURRENT == 2 )) && [[ $PREFIX == -* ]]; then\n"
           "        compadd -- --help -h --version -V --completion\n        return\n    fi\n"
           "    if [[ $command == --completion ]]; then\n"
           "        compadd -- bash zsh fish\n        return\n    fi\n"
           "    if (( CURRENT == 2 )) || [[ $command == help ]]; then\n        compadd -- ");
    put_names(avd_cli_commands);
    printf("\n        (( CURRENT == 2 )) && _files\n        return\n    fi\n"
           "    shift words; (( CURRENT-- ))\n"
           "    if [[ $command == rules ]]; then\n"
           "        if (( CURRENT == 2 )); then\n            compadd -- ");
    put_names(avd_cli_rules_commands);
    puts("\n            return\n        fi\n"
         "        command=\"rules $words[2]\"\n"
         "        shift words; (( CURRENT-- ))\n    fi\n"
         "    case $command in");
    while ((command = next_command(&walk)) != NULL) {
        printf("    '%s')\n", command->name);
        put_zsh_arguments(command, "        ");
        puts("        ;;");
    }
    /* read as a whole, or as the function's own file, which is there to be called */
    puts("    esac\n}\n"
         "if [[ $funcstack[1] == _avdump ]]; then\n"
         "    _avdump \"$@\"\n"
         "else\n"
         "    compdef _avdump avdump\n"
         "fi");
}

/* ---- fish ---- */

static void put_fish_names(const struct avd_cli_command *commands, const char *condition)
{
    for (; commands->name != NULL; commands++) {
        printf("complete -c avdump -n '%s' -a %s -d '", condition, last_word(commands));
        put_quoted(commands->help, "");
        puts("'");
    }
}

static void put_fish_options(const struct avd_cli_command *command)
{
    const struct avd_cli_option *option;
    size_t i;

    for (i = 0; (option = avd_cli_option_at(command, i)) != NULL; i++) {
        printf("complete -c avdump -n '%s__fish_seen_subcommand_from %s' -l %s",
               strchr(command->name, ' ') != NULL ? "__fish_seen_subcommand_from rules; and "
                                                  : "not __fish_seen_subcommand_from rules; and ",
               last_word(command), option->name);
        if (option->letter != 0)
            printf(" -s %c", option->letter);
        if (is_choice(option)) {
            printf(" -x -a '");
            put_choices(option->argument);
            printf("'");
        } else if (option->argument != NULL) {
            printf(" -r");
        }
        printf(" -d '");
        put_quoted(option->help, "");
        puts("'");
    }
}

static void put_fish(void)
{
    struct walk walk = {0, 0};
    const struct avd_cli_command *command;

    puts("# fish completion for avdump; avdump --completion fish wrote it\n"
         "complete -c avdump -n __fish_use_subcommand -l help -s h -d 'show the program in one "
         "screen'\n"
         "complete -c avdump -n __fish_use_subcommand -l version -s V\n"
         "complete -c avdump -n __fish_use_subcommand -l completion -x -a 'bash zsh fish'");
    put_fish_names(avd_cli_commands, "__fish_use_subcommand");
    put_fish_names(avd_cli_commands, "__fish_seen_subcommand_from help");
    put_fish_names(avd_cli_rules_commands, "__fish_seen_subcommand_from rules");
    while ((command = next_command(&walk)) != NULL)
        put_fish_options(command);
}

enum avd_cli_exit avd_cli_completion(const char *shell)
{
    /* Room for a whole script: printf does not tell why a write failed, the last flush does. */
    static char script[1 << 17];

    (void)setvbuf(stdout, script, _IOFBF, sizeof script);
    if (strcmp(shell, "bash") == 0)
        put_bash();
    else if (strcmp(shell, "zsh") == 0)
        put_zsh();
    else if (strcmp(shell, "fish") == 0)
        put_fish();
    else
        return avd_cli_usage_error("--completion: expected bash, zsh or fish, found '", shell, "'",
                                   NULL);
    return avd_cli_finish_stdout(AVD_EXIT_CLEAN);
}
