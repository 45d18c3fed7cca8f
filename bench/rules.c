/* SPDX-License-Identifier: MIT */
/*
 * What rules cost: loading a thousand of one's own, judging them and the shipped ones over the
 * facts of dumps, and what share of a dump's analysis that is. The rules are written to an empty
 * folder; see README.md.
 *
 * usage: bench_rules FOLDER DUMP...
 */
#include "analyze/analysis.h"
#include "avdump/avdump.h"
#include "rules/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { OWN_RULES = 1000, LOADS = 15, JUDGEMENTS = 201, ANALYSES = 11 };

/* Processor time of this program: what else the machine does must not count. */
static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Leaves the times sorted. */
static void print(const char *what, double *times, size_t count)
{
    qsort(times, count, sizeof *times, compare);
    printf("%-48s %8.3f ms median, %8.3f ms fastest\n", what, times[count / 2], times[0]);
}

/* A rule as people write them: a few conditions, texts, advice. */
static void write_rule(FILE *file, int i)
{
    fprintf(file,
            "---\nid: own-%d\ntitle: Failure number %d\nseverity: warning\nconfidence: medium\n"
            "tags: [own, product]\nlet:\n  gap: stack.low - access.address\nwhen:\n"
            "  exception.code: {in: [0xC0000005, 0x%x]}\n  any:\n"
            "    - any_frame: \"module%d!Function*\"\n"
            "    - all:\n        - crash.module: module%d.dll\n"
            "        - access.address: {below: 0x10000}\n        - check: gap < 0x%x\n"
            "  any_module: {name: module%d.dll, version_major: {at_least: 2}}\n"
            "summary: Module {module.name} {module.version} failed at {access.address}.\n"
            "evidence: [\"{crash.function}\", \"the gap: {gap}\"]\n"
            "advice: [Install the next version., Ask the team of module%d.]\n",
            i, i, 0xE0000000U + (unsigned)i, i, i, 0x1000 + i, i, i);
}

/* All rules, `per_file` of them in each file of a new folder. */
static void write_rules(const char *folder, int per_file)
{
    char path[4096];
    FILE *file = NULL;
    int i;

    if (mkdir(folder, 0777) != 0) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
    for (i = 0; i < OWN_RULES; i++) {
        if (i % per_file == 0) {
            (void)snprintf(path, sizeof path, "%s/rule-%04d.yaml", folder, i);
            file = fopen(path, "wb");
        }
        if (file == NULL) {
            perror(path);
            exit(EXIT_FAILURE);
        }
        write_rule(file, i);
        if ((i + 1) % per_file == 0 && fclose(file) != 0)
            exit(EXIT_FAILURE);
    }
}

static struct avd_rules *load(const char *folder)
{
    struct avd_rules *rules = NULL;
    struct avd_error err = {0};

    if (avd_rules_load(folder, &rules, &err) != AVD_OK || avd_rules_problem_count(rules) != 0) {
        fprintf(stderr, "%s: %s\n", err.where, err.message);
        exit(EXIT_FAILURE);
    }
    return rules;
}

static void time_loads(const char *what, const char *folder)
{
    double times[LOADS];
    int i;

    for (i = 0; i < LOADS; i++) {
        double start = now();
        struct avd_rules *rules = load(folder);

        times[i] = now() - start;
        avd_rules_free(rules);
    }
    print(what, times, LOADS);
}

static void fail(const char *path, const struct avd_error *err)
{
    fprintf(stderr, "%s: %s\n", path, err->message);
    exit(EXIT_FAILURE);
}

/* From the file to the report, the shipped rules included. */
static double analyze(const char *path)
{
    struct avd_error err = {0};
    struct avd_report *report = NULL;
    struct avd_dump *dump = NULL;
    double start = now();

    if (avd_dump_open(path, NULL, &dump, &err) != AVD_OK ||
        avd_analyze(dump, NULL, NULL, &report, &err) != AVD_OK)
        fail(path, &err);
    start = now() - start;
    avd_report_free(report);
    avd_dump_close(dump);
    return start;
}

static double judge(const struct avd_rules *rules, const struct avd_analysis *an)
{
    struct avd_arena arena = {0};
    struct avd_rule_results results;
    double start = now();

    (void)avd_rules_run(rules, &an->facts, &arena, &results);
    avd_arena_deinit(&arena);
    return now() - start;
}

static void time_judging(const char *path, const struct avd_rules *own)
{
    struct avd_dump *dump = NULL;
    struct avd_analysis *an = NULL;
    double analyses[ANALYSES], first[ANALYSES], shipped[JUDGEMENTS], all[JUDGEMENTS];
    int i;

    printf("\n%s\n", path);
    for (i = 0; i < ANALYSES; i++) {
        struct avd_error err = {0};

        analyses[i] = analyze(path);
        avd_analysis_free(an);
        avd_dump_close(dump);
        if (avd_dump_open(path, NULL, &dump, &err) != AVD_OK ||
            avd_analysis_run(dump, NULL, &an, &err) != AVD_OK)
            fail(path, &err);
        first[i] = judge(NULL, an); /* rows and memory that rules ask for are looked up now */
    }
    for (i = 0; i < JUDGEMENTS; i++) {
        shipped[i] = judge(NULL, an);
        all[i] = judge(own, an);
    }
    print("the analysis, from the file to the report", analyses, ANALYSES);
    print("judging the shipped rules, the first time", first, ANALYSES);
    print("judging the shipped rules again", shipped, JUDGEMENTS);
    print("judging them and 1000 of one's own", all, JUDGEMENTS);
    /* Of the fastest runs, which were disturbed least. */
    printf("share of the shipped rules: %.1f %%\n", 100 * first[0] / analyses[0]);
    avd_analysis_free(an);
    avd_dump_close(dump);
}

int main(int argc, char **argv)
{
    char files[4096], one[4096];
    struct avd_rules *own;
    int i;

    if (argc < 3) {
        fputs("usage: bench_rules FOLDER DUMP...\n", stderr);
        return 2;
    }
    (void)snprintf(files, sizeof files, "%s/files", argv[1]);
    (void)snprintf(one, sizeof one, "%s/one", argv[1]);
    write_rules(files, 1);
    write_rules(one, OWN_RULES);
    time_loads("loading 1000 rules of one's own, a file each", files);
    time_loads("loading them from one file", one);
    printf("%u shipped rules\n", avd_shipped_rule_count);
    own = load(files);
    for (i = 2; i < argc; i++)
        time_judging(argv[i], own);
    avd_rules_free(own);
    return EXIT_SUCCESS;
}
