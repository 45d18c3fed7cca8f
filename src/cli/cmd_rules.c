/* SPDX-License-Identifier: MIT */
/*
 * avdump rules: for those who write rules. Its commands share one table; the second word of the
 * command line chooses. Mistakes in rule files and tests that fail give exit code 1.
 */
#include "cli.h"
#include "output.h"

#include <string.h>

/* One run of a command. */
struct rules_run {
    const struct avd_cli_command *command;
    struct avd_cli_settings settings;
    struct avd_rules *rules; /* NULL: the shipped ones */
    const char *id;          /* explain */
    struct avd_cli_output output;
};

static enum avd_cli_exit finish(struct rules_run *run, enum avd_status status,
                                const struct avd_error *err, enum avd_cli_exit code)
{
    if (avd_cli_output_failed(&run->output) || status == AVD_OK)
        return avd_cli_output_close(&run->output, code);
    avd_cli_print_error(NULL, err);
    if (status == AVD_NOT_FOUND)
        return AVD_EXIT_USAGE;
    return status == AVD_E_NOMEM || status == AVD_E_ARG ? AVD_EXIT_INTERNAL : AVD_EXIT_INPUT;
}

/* The rules of --rules with the shipped ones. */
static enum avd_cli_exit load(struct rules_run *run, enum avd_cli_exit *code)
{
    struct avd_error err = {0};

    *code = AVD_EXIT_CLEAN;
    if (run->settings.rules == NULL)
        return AVD_EXIT_CLEAN;
    if (avd_rules_load(run->settings.rules, &run->rules, &err) != AVD_OK) {
        avd_cli_print_error(run->settings.rules, &err);
        return err.code == AVD_E_NOMEM ? AVD_EXIT_INTERNAL : AVD_EXIT_INPUT;
    }
    if (avd_cli_print_rule_problems(run->rules) != 0)
        *code = AVD_EXIT_INPUT;
    return AVD_EXIT_CLEAN;
}

static enum avd_cli_exit list(struct rules_run *run)
{
    struct avd_error err = {0};
    enum avd_cli_exit code;
    enum avd_cli_exit failed = load(run, &code);

    if (failed != AVD_EXIT_CLEAN)
        return failed;
    return finish(run,
                  avd_rules_list_write(run->rules, run->settings.format, &run->settings.write,
                                       avd_cli_output_write, &run->output, &err),
                  &err, code);
}

static enum avd_cli_exit show(struct rules_run *run)
{
    struct avd_error err = {0};
    enum avd_cli_exit code;
    enum avd_cli_exit failed = load(run, &code);

    if (failed != AVD_EXIT_CLEAN)
        return failed;
    if (run->settings.file_count != 1)
        return avd_cli_usage_error("rules show takes one id, found also '", run->settings.files[1],
                                   "'", NULL);
    return finish(run,
                  avd_rules_show_write(run->rules, run->settings.files[0], run->settings.format,
                                       &run->settings.write, avd_cli_output_write, &run->output,
                                       &err),
                  &err, code);
}

static enum avd_cli_exit check(struct rules_run *run)
{
    struct avd_error err = {0};
    size_t problems = 0;
    enum avd_status status = avd_rules_check_write(
        (const char *const *)run->settings.files, (size_t)run->settings.file_count, &problems,
        run->settings.format, &run->settings.write, avd_cli_output_write, &run->output, &err);

    return finish(run, status, &err, problems != 0 ? AVD_EXIT_FINDING : AVD_EXIT_CLEAN);
}

static enum avd_cli_exit test(struct rules_run *run)
{
    struct avd_error err = {0};
    struct avd_cli_sources sources;
    size_t failed = 0;
    enum avd_status status = avd_cli_sources_init(&sources, &run->settings, &err);

    if (status == AVD_OK)
        status = avd_rules_test_write((const char *const *)run->settings.files,
                                      (size_t)run->settings.file_count, &sources.analyze, &failed,
                                      run->settings.format, &run->settings.write,
                                      avd_cli_output_write, &run->output, &err);
    avd_cli_sources_deinit(&sources);
    return finish(run, status, &err, failed != 0 ? AVD_EXIT_FINDING : AVD_EXIT_CLEAN);
}

static enum avd_status explain_dump(const struct avd_cli_settings *settings,
                                    const struct avd_dump *dump, void *ctx,
                                    struct avd_cli_output *output, int *finding,
                                    struct avd_error *err)
{
    const struct rules_run *run = ctx;
    struct avd_cli_sources sources;
    int found = 0;
    enum avd_status status = avd_cli_sources_init(&sources, settings, err);

    (void)finding; /* whether the rule holds is the answer, not an alarm */
    if (status == AVD_OK)
        status = avd_rules_explain_write(run->rules, run->id, dump, &sources.analyze, &found,
                                         settings->format, &settings->write, avd_cli_output_write,
                                         output, err);
    avd_cli_sources_deinit(&sources);
    return status;
}

static int write_nowhere(void *ctx, const char *text, size_t size)
{
    (void)ctx;
    (void)text;
    (void)size;
    return 0;
}

static enum avd_cli_exit explain(struct rules_run *run)
{
    struct avd_cli_job job = {NULL, explain_dump, run};
    struct avd_error err = {0};
    enum avd_cli_exit code;
    enum avd_cli_exit failed = load(run, &code);
    enum avd_cli_exit result;

    if (failed != AVD_EXIT_CLEAN)
        return failed;
    if (run->settings.file_count < 2)
        return avd_cli_usage_error("rules explain needs an id and a file, found only '",
                                   run->settings.files[0], "'", NULL);
    run->id = run->settings.files[0];
    run->settings.files++;
    run->settings.file_count--;
    /* A rule that does not exist is wrong usage, whatever the dumps are. */
    if (avd_rules_show_write(run->rules, run->id, AVD_FORMAT_TEXT, &run->settings.write,
                             write_nowhere, NULL, &err) == AVD_NOT_FOUND) {
        avd_cli_print_error(NULL, &err);
        return AVD_EXIT_USAGE;
    }
    result = avd_cli_run(&run->settings, &job);
    return result > code ? result : code;
}

static enum avd_cli_exit docs(struct rules_run *run)
{
    struct avd_error err = {0};

    return finish(run,
                  avd_fact_docs_write(run->settings.format, &run->settings.write,
                                      avd_cli_output_write, &run->output, &err),
                  &err, AVD_EXIT_CLEAN);
}

static enum avd_cli_exit stops(struct rules_run *run)
{
    struct avd_error err = {0};

    if (run->settings.file_count > 1)
        return avd_cli_usage_error("rules stops takes one layer, found also '",
                                   run->settings.files[1], "'", NULL);
    return finish(
        run,
        avd_verifier_stops_write(run->settings.file_count != 0 ? run->settings.files[0] : NULL,
                                 run->settings.format, &run->settings.write, avd_cli_output_write,
                                 &run->output, &err),
        &err, AVD_EXIT_CLEAN);
}

const struct avd_cli_command avd_cli_rules_commands[] = {
    {"rules list", NULL, "Which rules there are: id, severity, title, file",
     "rules list [--rules DIR]", AVD_CLI_RULES, AVD_CLI_FILES_NONE},
    {"rules show", NULL, "One rule in full, or a stop of Application Verifier by code or name",
     "rules show [--rules DIR] ID|verifier:CODE|STOP", AVD_CLI_RULES, 0},
    {"rules check", NULL, "All mistakes in rule files and folders; exit code 1 if there are any",
     "rules check PATH...", AVD_CLI_RULES_DOCS, 0},
    {"rules explain", NULL, "Why a rule holds for a dump, does not, or cannot be decided",
     "rules explain [options] ID FILE...", AVD_CLI_RULES_ANALYZE, 0},
    {"rules test", NULL, "Run the tests in rule files; exit code 1 if one fails",
     "rules test [options] PATH...", AVD_CLI_RULES_ANALYZE, 0},
    {"rules docs", NULL, "The facts that rules can ask for", "rules docs", AVD_CLI_RULES_DOCS,
     AVD_CLI_FILES_NONE},
    {"rules stops", NULL, "The stops of Application Verifier that avdump knows: code, layer, name",
     "rules stops [LAYER]", AVD_CLI_RULES_DOCS, AVD_CLI_FILES_OPTIONAL},
    {NULL, NULL, NULL, NULL, 0, 0},
};

/* In the order of the table. */
static enum avd_cli_exit (*const runs[])(struct rules_run *run) = {list, show, check, explain,
                                                                   test, docs, stops};

enum { PREFIX_SIZE = sizeof "rules " - 1 };

static enum avd_cli_exit unknown(const char *word)
{
    const char *names[sizeof avd_cli_rules_commands / sizeof *avd_cli_rules_commands];
    size_t i;

    for (i = 0; avd_cli_rules_commands[i].name != NULL; i++)
        names[i] = avd_cli_rules_commands[i].name + PREFIX_SIZE;
    names[i] = NULL;
    return avd_cli_usage_error("unknown command 'rules ", word, "'", avd_cli_suggest(word, names));
}

enum avd_cli_exit avd_cli_rules(int argc, char **argv)
{
    struct rules_run run = {0};
    enum avd_cli_exit code;
    size_t i;

    if (argc < 2)
        return avd_cli_usage_error("rules needs a command: list, show, check, explain, test, docs "
                                   "or stops",
                                   "", "", NULL);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return avd_cli_help_print(avd_cli_command_find("rules"));
    for (i = 0; avd_cli_rules_commands[i].name != NULL; i++)
        if (strcmp(avd_cli_rules_commands[i].name + PREFIX_SIZE, argv[1]) == 0)
            break;
    run.command = &avd_cli_rules_commands[i];
    if (run.command->name == NULL)
        return unknown(argv[1]);
    code = avd_cli_settings_init(&run.settings, run.command, argc - 1, argv + 1);
    if (code == AVD_EXIT_CLEAN && !run.settings.help)
        code = avd_cli_output_open(&run.output, NULL);
    if (code == AVD_EXIT_CLEAN)
        code = run.settings.help ? avd_cli_help_print(run.command) : runs[i](&run);
    avd_rules_free(run.rules);
    avd_cli_settings_deinit(&run.settings);
    return code;
}
