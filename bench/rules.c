/* SPDX-License-Identifier: MIT */
/*
 * What rules cost: judging the shipped ones over a dump's facts, and loading a thousand of one's
 * own. The rules are written to the folder given; see README.md.
 *
 * usage: bench_rules DUMP FOLDER
 */
#include "analyze/analysis.h"
#include "base/error.h"
#include "rules/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OWN_RULES = 1000, LOADS = 15, JUDGEMENTS = 201 };

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

static void print(const char *what, double *times, size_t count)
{
    qsort(times, count, sizeof *times, compare);
    printf("%-44s %8.3f ms median, %8.3f ms fastest\n", what, times[count / 2], times[0]);
}

/* A rule as people write them: a few conditions, texts, advice. */
static int write_rules(const char *folder)
{
    char path[4096];
    int i;

    for (i = 0; i < OWN_RULES; i++) {
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/rule-%04d.yaml", folder, i);
        file = fopen(path, "wb");
        if (file == NULL)
            return 0;
        fprintf(file,
                "id: own-%d\ntitle: Failure number %d\nseverity: warning\nconfidence: medium\n"
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
        if (fclose(file) != 0)
            return 0;
    }
    return 1;
}

static void time_loads(const char *folder)
{
    double times[LOADS];
    int i;

    for (i = 0; i < LOADS; i++) {
        struct avd_rules *rules = NULL;
        struct avd_error err = {0};
        double start = now();

        if (avd_rules_load(folder, &rules, &err) != AVD_OK || avd_rules_problem_count(rules) != 0) {
            fprintf(stderr, "%s: %s\n", err.where, err.message);
            exit(EXIT_FAILURE);
        }
        times[i] = now() - start;
        avd_rules_free(rules);
    }
    print("loading 1000 rules of one's own", times, LOADS);
}

static void time_judging(const char *path, const char *folder)
{
    struct avd_dump *dump = NULL;
    struct avd_analysis *an = NULL;
    struct avd_rules *own = NULL;
    struct avd_error err = {0};
    double times[JUDGEMENTS];
    double own_times[JUDGEMENTS];
    int i;

    if (avd_dump_open(path, NULL, &dump, &err) != AVD_OK ||
        avd_analysis_run(dump, NULL, &an, &err) != AVD_OK ||
        avd_rules_load(folder, &own, &err) != AVD_OK) {
        fprintf(stderr, "%s: %s\n", path, err.message);
        exit(EXIT_FAILURE);
    }
    for (i = 0; i < JUDGEMENTS; i++) {
        struct avd_arena arena = {0};
        struct avd_rule_results results;
        double start = now();

        (void)avd_rules_run(NULL, &an->facts, &arena, &results);
        times[i] = now() - start;
        start = now();
        (void)avd_rules_run(own, &an->facts, &arena, &results);
        own_times[i] = now() - start;
        avd_arena_deinit(&arena);
    }
    printf("%u shipped rules\n", avd_shipped_rule_count);
    print("judging the shipped rules, with texts", times, JUDGEMENTS);
    print("judging them and 1000 of one's own", own_times, JUDGEMENTS);
    avd_rules_free(own);
    avd_analysis_free(an);
    avd_dump_close(dump);
}

int main(int argc, char **argv)
{
    if (argc != 3 || !write_rules(argv[2])) {
        fputs("usage: bench_rules DUMP FOLDER\n", stderr);
        return 2;
    }
    time_loads(argv[2]);
    time_judging(argv[1], argv[2]);
    return EXIT_SUCCESS;
}
