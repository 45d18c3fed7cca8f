/* SPDX-License-Identifier: MIT */
/* avdump gate and avdump merge: the options turned into what the gate wants, and its exit codes. */
#include "cli.h"
#include "gate/json.h"
#include "gate/pool.h"
#include "gate/run.h"
#include "term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Everything that a run points to. */
struct gate {
    struct avd_gate_options options;
    struct avd_gate_policy policy;
    struct avd_gate_sink *sinks;
    struct avd_cli_sources sources;
    struct avd_cli_readable readable;
    struct avd_rules *rules;
    struct avd_triage *triage;
    struct avd_symbol_folders *folders;
    struct avd_cli_progress progress;
};

/* ---- options ---- */

static enum avd_cli_exit read_policy(struct gate *gate, const struct avd_cli_settings *settings)
{
    struct avd_error err = {0};
    const char *wrong;
    size_t size;
    size_t i;

    avd_gate_policy_init(&gate->policy);
    if (settings->policy != NULL &&
        avd_gate_policy_read(&gate->policy, settings->policy, &err) != AVD_OK) {
        avd_cli_print_error(settings->policy, &err);
        return AVD_EXIT_INPUT;
    }
    /* What is said on the command line takes the default's place. */
    if (settings->fail_on_count != 0 && settings->policy == NULL)
        gate->policy.fail_new = false;
    for (i = 0; i < settings->fail_on_count; i++)
        if (!avd_gate_policy_fail_on(&gate->policy, settings->fail_ons[i], &wrong, &size))
            return avd_cli_usage_error("--fail-on: expected new, info, warning, error, rule:ID, "
                                       "count:N, unreadable or never, found '",
                                       settings->fail_ons[i], "'", NULL);
    return AVD_EXIT_CLEAN;
}

static enum avd_cli_exit read_outputs(struct gate *gate, const struct avd_cli_settings *settings)
{
    size_t count = settings->output_count != 0 ? settings->output_count : 1;
    size_t to_stdout = 0;
    size_t i;

    gate->sinks = calloc(count, sizeof *gate->sinks);
    if (gate->sinks == NULL) {
        fputs("avdump: out of memory\n", stderr);
        return AVD_EXIT_INTERNAL;
    }
    for (i = 0; i < count; i++) {
        const char *text = settings->output_count != 0 ? settings->outputs[i] : "table:-";

        if (!avd_gate_sink_parse(&gate->sinks[i], text))
            return avd_cli_usage_error(
                "--output: expected KIND:PATH with one of table, json, jsonl, "
                "junit, sarif, github, gitlab, markdown, html, issues, found '",
                text, "'", NULL);
        to_stdout += gate->sinks[i].to_stdout;
        if (to_stdout > 1)
            return avd_cli_usage_error("--output: only one may go to standard output, '", text,
                                       "' is the second", NULL);
    }
    gate->options.sinks = gate->sinks;
    gate->options.sink_count = count;
    return AVD_EXIT_CLEAN;
}

/* Whether what is written to both would be one file, which need not be there yet. */
static int same_place(const char *a, const char *b)
{
    return avd_term_same_file(a, b) || (strcmp(a, b) == 0 && !avd_term_file_exists(a));
}

/* Outputs that would take each other's place, or that of what is read. The lines that --resume
 * reads may be replaced: the new ones hold them all. */
static enum avd_cli_exit check_outputs(const struct gate *gate,
                                       const struct avd_cli_settings *settings)
{
    size_t i;
    size_t k;

    for (i = 0; i < gate->options.sink_count; i++) {
        const char *path = gate->sinks[i].path;
        const char *const also_read[] = {settings->baseline, settings->policy, settings->triage,
                                         gate->sinks[i].lines ? NULL : settings->resume};

        if (gate->sinks[i].to_stdout)
            continue;
        for (k = 0; k < i; k++)
            if (!gate->sinks[k].to_stdout && same_place(path, gate->sinks[k].path))
                return avd_cli_usage_error("--output: two would be written to '", path, "'", NULL);
        for (k = 0; k < (size_t)settings->file_count; k++)
            if (same_place(path, settings->files[k]))
                return avd_cli_usage_error("--output would overwrite the input '",
                                           settings->files[k], "'", NULL);
        for (k = 0; k < sizeof also_read / sizeof *also_read; k++)
            if (also_read[k] != NULL && same_place(path, also_read[k]))
                return avd_cli_usage_error("--output would overwrite '", also_read[k],
                                           "', which is read", NULL);
    }
    return AVD_EXIT_CLEAN;
}

/* "K/N", both whole numbers, 1 <= K <= N. */
static int parse_shard(const char *text, unsigned *shard, unsigned *count)
{
    enum { MAX_SHARDS = 1000000 };
    char *end;
    unsigned long k = strtoul(text, &end, 10);
    unsigned long n;

    if (text[0] < '0' || text[0] > '9' || *end != '/' || end[1] < '0' || end[1] > '9')
        return 0;
    n = strtoul(end + 1, &end, 10);
    if (*end != '\0' || k < 1 || k > n || n > MAX_SHARDS)
        return 0;
    *shard = (unsigned)k;
    *count = (unsigned)n;
    return 1;
}

/* The variables of a job scheduler; `first` is the number of its first job. */
static int shard_of(const char *index_name, const char *count_name, const char *first,
                    unsigned *shard, unsigned *count)
{
    const char *index = getenv(index_name);
    const char *total = getenv(count_name);
    char text[64];
    long k;

    if (index == NULL || total == NULL || index[0] < '0' || index[0] > '9')
        return 0;
    k = strtol(index, NULL, 10) - strtol(first, NULL, 10) + 1;
    (void)snprintf(text, sizeof text, "%ld/%.20s", k, total);
    return parse_shard(text, shard, count);
}

static enum avd_cli_exit read_shard(struct gate *gate, const struct avd_cli_settings *settings)
{
    unsigned *shard = &gate->options.shard;
    unsigned *count = &gate->options.shard_count;
    const char *slurm_first = getenv("SLURM_ARRAY_TASK_MIN");

    if (settings->shard == NULL || parse_shard(settings->shard, shard, count))
        return AVD_EXIT_CLEAN;
    if (strcmp(settings->shard, "auto") != 0)
        return avd_cli_usage_error("--shard: expected K/N with 1 <= K <= N, or auto, found '",
                                   settings->shard, "'", NULL);
    /* Slurm job arrays; Kubernetes indexed jobs, whose count the job must hand on; GitLab. */
    if (shard_of("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT",
                 slurm_first != NULL ? slurm_first : "0", shard, count) ||
        shard_of("JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT", "0", shard, count) ||
        shard_of("CI_NODE_INDEX", "CI_NODE_TOTAL", "1", shard, count))
        return AVD_EXIT_CLEAN;
    return avd_cli_usage_error("--shard auto: neither SLURM_ARRAY_TASK_ID and _COUNT, nor "
                               "JOB_COMPLETION_INDEX and _COUNT, nor CI_NODE_INDEX and "
                               "CI_NODE_TOTAL are set",
                               "", "", NULL);
}

static enum avd_cli_exit read_today(struct gate *gate, const struct avd_cli_settings *settings)
{
    time_t now = time(NULL);

    gate->options.today = now > 0 ? (uint32_t)now : 0;
    if (settings->today != NULL && !avd_gate_date_parse(settings->today, &gate->options.today))
        return avd_cli_usage_error("--today: expected a day such as 2026-12-31, found '",
                                   settings->today, "'", NULL);
    return AVD_EXIT_CLEAN;
}

static void complain(const struct avd_error *err)
{
    avd_cli_print_error(NULL, err);
}

static enum avd_cli_exit gate_init(struct gate *gate, const struct avd_cli_settings *settings)
{
    struct avd_gate_options *o = &gate->options;
    enum avd_cli_exit code = read_policy(gate, settings);
    const char *wrong;
    size_t wrong_size;

    if (code == AVD_EXIT_CLEAN)
        code = read_outputs(gate, settings);
    if (code == AVD_EXIT_CLEAN)
        code = check_outputs(gate, settings);
    if (code == AVD_EXIT_CLEAN)
        code = read_shard(gate, settings);
    if (code == AVD_EXIT_CLEAN)
        code = read_today(gate, settings);
    if (code == AVD_EXIT_CLEAN && settings->update_baseline && settings->baseline == NULL)
        code = avd_cli_usage_error("--update-baseline needs --baseline", "", "", NULL);
    o->paths = settings->files;
    o->path_count = (size_t)settings->file_count;
    o->workers = settings->jobs;
    o->timeout_seconds = settings->timeout_seconds;
    o->max_memory = settings->max_memory;
    o->limits = avd_gate_default_limits;
    o->resume = settings->resume;
    o->policy = &gate->policy;
    o->baseline = settings->baseline;
    o->update_baseline = settings->update_baseline != 0;
    o->link_template = settings->link_template;
    o->complain = complain;
    o->redact = settings->write.redact;
    o->columns = avd_term_columns(stdout);
    if (code == AVD_EXIT_CLEAN && settings->fields != NULL &&
        !avd_gate_fields_parse(settings->fields, &o->fields, &wrong, &wrong_size))
        code = avd_cli_usage_error("--fields: there is no field of that name in '",
                                   settings->fields, "'", NULL);
    return code;
}

/*
 * Whether the library takes the options, such as --symbols with a path that is not there: a wrong
 * command line must not look like thousands of dumps that cannot be analysed. A minidump without
 * streams is enough to ask it. Then what all workers share is made ready, before they are forked.
 */
static enum avd_cli_exit prepare_analysis(struct gate *gate)
{
    static const unsigned char empty[32] = {'M', 'D', 'M', 'P', 0x93, 0xa7};
    struct avd_error err = {0};
    struct avd_dump *dump = NULL;
    struct avd_report *report = NULL;
    enum avd_status status = avd_dump_open_memory(empty, sizeof empty, "", &dump, &err);

    if (status == AVD_OK)
        status = avd_analyze(dump, gate->options.rules, gate->options.analyze, &report, &err);
    avd_report_free(report);
    avd_dump_close(dump);
    if (status == AVD_OK)
        status = avd_symbol_folders_new(&gate->sources.symbols, &gate->folders, &err);
    gate->sources.symbols.folders = gate->folders;
    if (status == AVD_OK)
        return AVD_EXIT_CLEAN;
    avd_cli_print_error(NULL, &err);
    return status == AVD_E_ARG ? AVD_EXIT_USAGE : AVD_EXIT_INTERNAL;
}

/* Lines that appear one by one on the terminal are progress enough, and would be written over. */
static int shows_lines(const struct gate *gate)
{
    size_t i;

    for (i = 0; i < gate->options.sink_count; i++)
        if (gate->sinks[i].lines && gate->sinks[i].to_stdout)
            return gate->options.columns != 0;
    return 0;
}

/* What only an analysis needs. */
static enum avd_cli_exit analysis_init(struct gate *gate, const struct avd_cli_settings *settings)
{
    struct avd_error err = {0};
    const char *idle;

    if (settings->rules != NULL && avd_rules_load(settings->rules, &gate->rules, &err) != AVD_OK) {
        avd_cli_print_error(settings->rules, &err);
        return AVD_EXIT_INPUT;
    }
    /* A verdict without some of the rules would pass what they are there to stop. */
    if (avd_cli_print_rule_problems(gate->rules) != 0)
        return AVD_EXIT_INPUT;
    idle = avd_gate_policy_idle_rule(&gate->policy, gate->rules);
    if (idle != NULL)
        return avd_cli_usage_error("fail-on: no rule is called '", idle,
                                   "'; 'avdump rules list' shows them", NULL);
    if (settings->triage != NULL &&
        avd_triage_load(settings->triage, &gate->triage, &err) != AVD_OK) {
        avd_cli_print_error(settings->triage, &err);
        return AVD_EXIT_INPUT;
    }
    if (avd_cli_sources_init(&gate->sources, settings, &err) != AVD_OK) {
        avd_cli_print_error(NULL, &err);
        return AVD_EXIT_INTERNAL;
    }
    gate->sources.analyze.triage = gate->triage;
    /* Dumps of many programs lie in one folder: what lies beside them is not theirs. */
    gate->sources.symbols.beside_dump = 0;
    if (settings->sandbox) {
        if (avd_cli_readable_init(&gate->readable, settings, &err) != AVD_OK) {
            avd_cli_print_error(NULL, &err);
            return AVD_EXIT_INTERNAL;
        }
        gate->options.readable = (const char *const *)gate->readable.paths;
        gate->options.readable_count = gate->readable.count;
        avd_cli_confine_tell();
    }
    gate->options.rules = gate->rules;
    gate->options.analyze = &gate->sources.analyze;
    if (!settings->quiet && avd_term_has_progress() && !shows_lines(gate)) {
        gate->options.progress = avd_cli_progress_show;
        gate->options.progress_end = avd_cli_progress_clear;
        gate->options.progress_ctx = &gate->progress;
    }
    return prepare_analysis(gate);
}

static enum avd_cli_exit
run(struct gate *gate, enum avd_gate_end (*action)(struct avd_gate_options *, struct avd_error *))
{
    struct avd_error err = {0};
    enum avd_gate_end end;

    avd_gate_catch_interrupts();
    end = action(&gate->options, &err);
    switch (end) {
    case AVD_GATE_PASSED: return AVD_EXIT_CLEAN;
    case AVD_GATE_FAILED: return AVD_EXIT_FINDING;
    case AVD_GATE_SOME_UNREADABLE: return AVD_EXIT_INPUT;
    case AVD_GATE_OUTPUT_LOST: return AVD_EXIT_INTERNAL;
    case AVD_GATE_STOPPED: return AVD_EXIT_INTERRUPTED;
    case AVD_GATE_BAD_INPUT:
    case AVD_GATE_ERROR: break;
    }
    avd_cli_print_error(NULL, &err);
    return end == AVD_GATE_BAD_INPUT ? AVD_EXIT_INPUT : AVD_EXIT_INTERNAL;
}

static enum avd_cli_exit command(const char *name, int argc, char **argv)
{
    const struct avd_cli_command *command = avd_cli_command_find(name);
    int analyses = strcmp(name, "gate") == 0;
    struct avd_cli_settings settings;
    enum avd_cli_exit code = avd_cli_settings_init(&settings, command, argc, argv);
    struct gate gate;

    memset(&gate, 0, sizeof gate);
    if (code == AVD_EXIT_CLEAN && settings.help) {
        code = avd_cli_help_print(command);
    } else if (code == AVD_EXIT_CLEAN) {
        code = gate_init(&gate, &settings);
        if (code == AVD_EXIT_CLEAN && analyses)
            code = analysis_init(&gate, &settings);
        if (code == AVD_EXIT_CLEAN)
            code = run(&gate, analyses ? avd_gate_run : avd_gate_merge);
    }
    avd_rules_free(gate.rules);
    avd_triage_free(gate.triage);
    avd_symbol_folders_free(gate.folders);
    avd_cli_sources_deinit(&gate.sources);
    avd_cli_readable_deinit(&gate.readable);
    avd_gate_policy_deinit(&gate.policy);
    free(gate.sinks);
    avd_cli_settings_deinit(&settings);
    return code;
}

enum avd_cli_exit avd_cli_gate(int argc, char **argv)
{
    return command("gate", argc, argv);
}

enum avd_cli_exit avd_cli_merge(int argc, char **argv)
{
    return command("merge", argc, argv);
}
