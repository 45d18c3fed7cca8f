/* SPDX-License-Identifier: MIT */
/*
 * What the files of the avdump program share: exit codes, commands, options and the run over the
 * files of the command line. The program uses the public header and the gate alone.
 */
#ifndef AVD_CLI_CLI_H
#define AVD_CLI_CLI_H

#include "avdump/avdump.h"

#include <stddef.h>
#include <time.h>

/* Of several files the worst counts: 4 before 3 before 1. */
enum avd_cli_exit {
    AVD_EXIT_CLEAN = 0,
    AVD_EXIT_FINDING = 1, /* a finding at or above --fail-on */
    AVD_EXIT_USAGE = 2,
    AVD_EXIT_INPUT = 3,        /* an input or a rule file cannot be read */
    AVD_EXIT_INTERNAL = 4,     /* out of memory, or the output cannot be written */
    AVD_EXIT_INTERRUPTED = 130 /* gate: SIGINT or SIGTERM */
};

enum avd_cli_color { AVD_COLOR_AUTO = 0, AVD_COLOR_ALWAYS, AVD_COLOR_NEVER };

/* --fail-on: the severities of avdump.h, and after them "never". */
enum { AVD_CLI_FAIL_NEVER = AVD_SEVERITY_ERROR + 1 };

/* What the options say. */
struct avd_cli_settings {
    enum avd_format format;
    struct avd_write_options write;
    enum avd_cli_color color;
    int fail_on;
    const char *output;      /* NULL: standard output */
    const char *rules;       /* NULL: the shipped ones */
    const char *triage;      /* NULL: the shipped entries alone */
    const char **image_dirs; /* room for every argument */
    size_t image_dir_count;
    const char **symbols; /* --symbols, and so on: room for every argument */
    size_t symbol_count;
    const char **maps;
    size_t map_count;
    int offline;
    int symbols_loose;
    int list_needed;
    unsigned max_frames; /* 0: the library's default */
    /* gate and merge */
    const char **outputs; /* KIND:PATH, and WHAT of --fail-on: room for every argument */
    size_t output_count;
    const char **fail_ons;
    size_t fail_on_count;
    const char *policy, *baseline, *shard, *resume, *link_template, *today, *fields;
    int update_baseline;
    int quiet;
    unsigned jobs; /* 0: one per processor */
    int sandbox;
    unsigned timeout_seconds; /* 0: none */
    uint64_t max_memory;      /* bytes; 0: none */
    /* looking inside */
    const char *thread;
    enum avd_inspect_form form;
    uint64_t count;
    unsigned min_length;
    /* extract */
    int extract_wow64, extract_slim;
    int force;
    int help;
    char *const *files;
    int file_count;
};

/* Whether a command takes files, or other words that are no options. */
enum avd_cli_files { AVD_CLI_FILES_NEEDED = 0, AVD_CLI_FILES_NONE, AVD_CLI_FILES_OPTIONAL };

struct avd_cli_command {
    const char *name;
    enum avd_cli_exit (*run)(int argc, char **argv); /* argv[0] is the command's name */
    const char *help;                                /* one line */
    const char *synopsis;                            /* what follows "avdump " */
    unsigned bit; /* in the options' `commands`; 0: none of them */
    enum avd_cli_files files;
};

/* The program, with arguments in UTF-8; main_posix.c and main_win32.c hold what comes before it. */
int avd_cli_main(int argc, char **argv);

extern const struct avd_cli_command avd_cli_commands[]; /* main.c; ended by a NULL name */
/* NULL when there is none of that name. */
const struct avd_cli_command *avd_cli_command_find(const char *name);
/* A usage error; `after` follows the quoted word when no command is like it. */
enum avd_cli_exit avd_cli_unknown_command(const char *word, const char *after);

enum avd_cli_exit avd_cli_analyze(int argc, char **argv);
enum avd_cli_exit avd_cli_info(int argc, char **argv);
enum avd_cli_exit avd_cli_symbols(int argc, char **argv);
enum avd_cli_exit avd_cli_gate(int argc, char **argv);
enum avd_cli_exit avd_cli_merge(int argc, char **argv);
enum avd_cli_exit avd_cli_rules(int argc, char **argv);
enum avd_cli_exit avd_cli_facts(int argc, char **argv);
enum avd_cli_exit avd_cli_inspect(int argc, char **argv); /* every command of AVD_CLI_INSIDE */
enum avd_cli_exit avd_cli_extract(int argc, char **argv);
enum avd_cli_exit avd_cli_help(int argc, char **argv);

/* ---- options.c, option_table.c, option_values.c ---- */

enum {
    AVD_CLI_ANALYZE = 1,
    AVD_CLI_INFO = 2,
    AVD_CLI_SYMBOLS = 4,
    AVD_CLI_GATE = 8,
    AVD_CLI_MERGE = 16,
    AVD_CLI_FACTS = 32,
    AVD_CLI_RULES = 64,          /* rules list, show and check */
    AVD_CLI_RULES_ANALYZE = 128, /* rules explain and test */
    AVD_CLI_RULES_DOCS = 256,
    /* looking inside a dump */
    AVD_CLI_STACK = 512,
    AVD_CLI_LISTS = 1024, /* threads, modules, handles */
    AVD_CLI_MEMORY = 2048,
    AVD_CLI_DPS = 4096,
    AVD_CLI_LN = 8192,
    AVD_CLI_STRINGS = 16384,
    AVD_CLI_FIND = 32768,
    AVD_CLI_EXTRACT = 65536,
    AVD_CLI_INSIDE = AVD_CLI_STACK | AVD_CLI_LISTS | AVD_CLI_MEMORY | AVD_CLI_DPS | AVD_CLI_LN |
                     AVD_CLI_STRINGS | AVD_CLI_FIND
};

/*
 * Reads the options of `command` from argv[1..]. AVD_EXIT_CLEAN, or AVD_EXIT_USAGE or
 * AVD_EXIT_INTERNAL after a message. Release with avd_cli_settings_deinit in any case.
 */
enum avd_cli_exit avd_cli_settings_init(struct avd_cli_settings *settings,
                                        const struct avd_cli_command *command, int argc,
                                        char **argv);
void avd_cli_settings_deinit(struct avd_cli_settings *settings);

/* Writes the options of `command` to standard output, two columns. */
void avd_cli_options_print(const struct avd_cli_command *command);

/* An option as the table of option_table.c has it. */
struct avd_cli_option {
    int id;      /* options.h */
    char letter; /* 0: none */
    const char *name;
    const char *argument; /* "DIR", "a|b|c" for a choice, NULL for none */
    unsigned commands;
    const char *help;
};
/* Number `index` of a command's options; NULL past the last. */
const struct avd_cli_option *avd_cli_option_at(const struct avd_cli_command *command, size_t index);

/* The name most like `word` among `names` (ended by NULL), or NULL when none is. */
const char *avd_cli_suggest(const char *word, const char *const *names);
/* What avdump calls a command, or an option without its dashes, of another tool; NULL: not known.
 */
const char *avd_cli_habit_command(const char *word);
const char *avd_cli_habit_option(const char *name);

/* Ends a wrong command line: one line on standard error and where to read on. The message comes
 * in parts because `word` is the user's and is escaped. Returns AVD_EXIT_USAGE. */
enum avd_cli_exit avd_cli_usage_error(const char *before, const char *word, const char *after,
                                      const char *suggestion);

/* ---- sources.c ---- */

/* What the library needs to find symbols and images: the options, and the environment that it
 * does not read itself. What `analyze` points to lives in here. */
struct avd_cli_sources {
    struct avd_analyze_options analyze;
    struct avd_symbol_options symbols;
    char *cache_dir;
};

/* AVD_E_NOMEM, with `err` set. Release with avd_cli_sources_deinit in any case. */
enum avd_status avd_cli_sources_init(struct avd_cli_sources *sources,
                                     const struct avd_cli_settings *settings,
                                     struct avd_error *err);
void avd_cli_sources_deinit(struct avd_cli_sources *sources);

/* ---- confine.c ---- */

/* The files and folders that a confined analysis may read. */
struct avd_cli_readable {
    char **paths;
    size_t count;
    size_t capacity;
};

/* AVD_E_NOMEM, with `err` set. Release with avd_cli_readable_deinit in any case. */
enum avd_status avd_cli_readable_init(struct avd_cli_readable *list,
                                      const struct avd_cli_settings *settings,
                                      struct avd_error *err);
void avd_cli_readable_deinit(struct avd_cli_readable *list);
/* A line on standard error for each half that this system cannot hold. */
void avd_cli_confine_tell(void);
/* Confines this process for good, as far as the system can (base/confine.h). AVD_E_NOMEM: it is not
 * confined. */
enum avd_status avd_cli_confine(const struct avd_cli_settings *settings, struct avd_error *err);

/* ---- child_posix.c, child_win32.c ---- */

/* Whether --sandbox, --timeout or --max-memory want a dump to be read in a process of its own. */
static inline int avd_cli_is_limited(const struct avd_cli_settings *settings)
{
    return settings->sandbox || settings->timeout_seconds != 0 || settings->max_memory != 0;
}

struct avd_cli_child {
    /* In the child. *wrote: whether this run has written to the output before, and then, whether it
     * has now. */
    enum avd_cli_exit (*run)(void *ctx, int *wrote);
    void *ctx;
    int number;                    /* of the file, in settings->files */
    struct avd_cli_output *output; /* open in the child, too */
};

/* Runs `child` in a process of its own under --timeout and --max-memory, and sets what it returned.
 * AVD_E_LIMIT with `err` when it was ended instead; AVD_E_NOMEM when none can be started. */
enum avd_status avd_cli_child_run(const struct avd_cli_settings *settings,
                                  const struct avd_cli_child *child, enum avd_cli_exit *code,
                                  int *wrote, struct avd_error *err);
/* Whether this process is such a child that came here through the program's start, as on Windows;
 * its output is its standard output, then. */
int avd_cli_child_is_one(void);
/* At the program's start: nothing such a child says is heard until it runs. */
void avd_cli_child_hush(void);

/* ---- progress.c ---- */

/* A zeroed struct has shown nothing yet. */
struct avd_cli_progress {
    time_t started, last;
    int shown;
};

/* Shows how many dumps are done, how fast, and how long it will take, at most once a second; `ctx`
 * is a struct avd_cli_progress, `share` of the inputs that is done, `current` a dump or NULL. */
void avd_cli_progress_show(void *ctx, uint64_t done, double share, const char *current);
void avd_cli_progress_clear(void *ctx);

/* ---- cmd_rules.c ---- */

extern const struct avd_cli_command avd_cli_rules_commands[]; /* ended by a NULL name */

/* ---- completion.c ---- */

/* `avdump --completion SHELL`: a script for bash, zsh or fish on standard output. */
enum avd_cli_exit avd_cli_completion(const char *shell);

/* ---- cmd_help.c ---- */

/* Help on a command, or on the program when NULL, on standard output. */
enum avd_cli_exit avd_cli_help_print(const struct avd_cli_command *command);

/* ---- run.c ---- */

struct avd_cli_output; /* output.h */

/* What a command does with the files of its command line. */
struct avd_cli_job {
    /* Before the first file; may be NULL. Its failure ends the run; *file is what it concerns. */
    enum avd_status (*begin)(const struct avd_cli_settings *settings, void *ctx, const char **file,
                             struct avd_error *err);
    /* For every dump that can be opened. Sets *finding for one at or above --fail-on. */
    enum avd_status (*each)(const struct avd_cli_settings *settings, const struct avd_dump *dump,
                            void *ctx, struct avd_cli_output *output, int *finding,
                            struct avd_error *err);
    void *ctx;
};

/* Runs the job over settings->files; a file that fails is reported and the others still count.
 * Returns the worst exit code. */
enum avd_cli_exit avd_cli_run(struct avd_cli_settings *settings, const struct avd_cli_job *job);

/* The whole of a command that needs nothing but its job: options, help or the run. */
enum avd_cli_exit avd_cli_run_command(const char *name, const struct avd_cli_job *job, int argc,
                                      char **argv);

/* An avd_write_fn; `output` is a struct avd_cli_output. */
int avd_cli_output_write(void *output, const char *bytes, size_t size);

/* One line on standard error: "avdump: file: where: message". `file` may be NULL. */
void avd_cli_print_error(const char *file, const struct avd_error *err);
/* The mistakes in rule files, a line each; returns how many. */
size_t avd_cli_print_rule_problems(const struct avd_rules *rules);

/* Flushes standard output: AVD_EXIT_INTERNAL with a message when that fails, otherwise `code`. */
enum avd_cli_exit avd_cli_finish_stdout(enum avd_cli_exit code);

#endif
