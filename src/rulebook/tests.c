/* SPDX-License-Identifier: MIT */
/* avdump rules test: runs the tests that stand in rule files, on dumps and on facts. */
#include "rulebook/sheet.h"

#include "base/utf.h"
#include "rules/cases.h"
#include "rules/judge.h"
#include "rules/problems.h"

#include <string.h>

struct tests_run {
    struct avd_sheet sheet;
    const struct avd_analyze_options *analyze;
    struct avd_rule_problems *problems;
    size_t passed, failed;
};

/* One test's outcome; `verdict` means nothing when there is an error. */
static void report(struct tests_run *run, const struct avd_rule *rule,
                   const struct avd_rule_test *test, enum avd_verdict verdict,
                   const struct avd_lack *lack, const struct avd_error *err)
{
    struct avd_sheet *sheet = &run->sheet;
    bool passed = err == NULL && (verdict == AVD_TRUE) == test->positive;

    if (passed)
        run->passed++;
    else
        run->failed++;
    if (sheet->json) {
        avd_json_open(&sheet->j, NULL, '{');
        avd_sheet_text(sheet, "rule", rule->id);
        avd_sheet_text(sheet, "file", rule->file);
        avd_sheet_number(sheet, "line", test->line);
        avd_sheet_text(sheet, "dump", test->dump);
        avd_sheet_bool(sheet, "positive", test->positive);
        avd_sheet_bool(sheet, "passed", passed);
        avd_sheet_text(sheet, "result", err != NULL ? NULL : avd_sheet_verdict(verdict));
        avd_sheet_text(sheet, "reason",
                       err != NULL                ? err->message
                       : verdict == AVD_UNDECIDED ? lack->reason
                                                  : NULL);
        avd_json_close(&sheet->j, '{');
        return;
    }
    if (passed)
        return;
    avd_strbuf_escaped(&sheet->text, rule->file);
    avd_strbuf_printf(&sheet->text, ":%u: %s: ", test->line, rule->id);
    if (err != NULL) {
        avd_strbuf_escaped(&sheet->text, test->dump != NULL ? test->dump : "facts");
        avd_strbuf_puts(&sheet->text, ": ");
        avd_strbuf_escaped(&sheet->text, err->message);
    } else {
        avd_strbuf_printf(&sheet->text, "expected %s, but the condition is %s",
                          test->positive ? "a finding" : "none", avd_sheet_verdict(verdict));
        if (verdict == AVD_UNDECIDED) {
            avd_strbuf_printf(&sheet->text, " (%s: ", lack->what);
            avd_strbuf_escaped(&sheet->text, lack->reason);
            avd_strbuf_puts(&sheet->text, ")");
        }
    }
    avd_strbuf_puts(&sheet->text, "\n");
}

static enum avd_status judge(struct tests_run *run, const struct avd_rule *rule,
                             const struct avd_rule_test *test, const struct avd_facts *facts,
                             struct avd_arena *arena)
{
    struct avd_lack lack = {NULL, NULL};
    struct avd_judge j;
    enum avd_verdict verdict;

    avd_judge_init(&j, rule, facts, arena);
    verdict = avd_judge_expr(&j, 0, &lack);
    if (arena->failed)
        return AVD_E_NOMEM;
    report(run, rule, test, verdict, &lack, NULL);
    return AVD_OK;
}

static enum avd_status test_facts(struct tests_run *run, const struct avd_rule *rule,
                                  const struct avd_rule_test *test)
{
    struct avd_arena arena = {0};
    struct avd_facts facts;
    enum avd_status status;

    avd_facts_init(&facts, &arena);
    status = avd_rule_test_facts(test->facts, rule->file, run->problems, &facts);
    if (status == AVD_OK)
        status = judge(run, rule, test, &facts, &arena);
    avd_arena_deinit(&arena);
    return status;
}

/* A dump that cannot be read fails its test and no other. */
static enum avd_status test_dump(struct tests_run *run, const struct avd_rule *rule,
                                 const struct avd_rule_test *test)
{
    struct avd_arena arena = {0};
    struct avd_analysis *an = NULL;
    struct avd_dump *dump = NULL;
    struct avd_error err = {0};
    size_t folder = (size_t)(avd_path_leaf(rule->file) - rule->file);
    const char *path = test->dump[0] == '/' ? test->dump
                                            : avd_arena_printf(&arena, "%.*s%s", (int)folder,
                                                               rule->file, test->dump);
    enum avd_status status = path != NULL ? avd_dump_open(path, NULL, &dump, &err) : AVD_E_NOMEM;

    if (status == AVD_OK)
        status = avd_analysis_run(dump, run->analyze, &an, &err);
    if (status == AVD_OK) {
        status = judge(run, rule, test, &an->facts, &an->arena);
    } else if (status != AVD_E_NOMEM) {
        report(run, rule, test, AVD_UNDECIDED, NULL, &err);
        status = AVD_OK;
    }
    avd_analysis_free(an);
    avd_dump_close(dump);
    avd_arena_deinit(&arena);
    return status;
}

static enum avd_status run_all(struct tests_run *run, const struct avd_rule_list *list)
{
    enum avd_status status = AVD_OK;
    size_t i;
    unsigned k;

    for (i = 0; i < list->count; i++) {
        const struct avd_rule *rule = &list->items[i];

        for (k = 0; k < rule->test_count && status == AVD_OK; k++)
            status = rule->tests[k].dump != NULL ? test_dump(run, rule, &rule->tests[k])
                                                 : test_facts(run, rule, &rule->tests[k]);
    }
    return status;
}

static void put_end(struct tests_run *run, const struct avd_rule_list *list)
{
    struct avd_sheet *sheet = &run->sheet;
    size_t without = 0;
    size_t i;

    for (i = 0; i < list->count; i++)
        without += list->items[i].test_count == 0;
    if (sheet->json) {
        avd_json_close(&sheet->j, '[');
        avd_sheet_problems(sheet, run->problems);
        avd_sheet_number(sheet, "passed", run->passed);
        avd_sheet_number(sheet, "failed", run->failed);
        avd_sheet_number(sheet, "rules_without_tests", without);
        return;
    }
    avd_sheet_problems(sheet, run->problems);
    avd_strbuf_printf(&sheet->text,
                      "%zu test%s passed, %zu failed; %zu of %zu rule%s without "
                      "tests\n",
                      run->passed, run->passed == 1 ? "" : "s", run->failed, without, list->count,
                      list->count == 1 ? "" : "s");
}

enum avd_status avd_rules_test_write(const char *const *paths, size_t path_count,
                                     const struct avd_analyze_options *analyze,
                                     size_t *failed_count, enum avd_format format,
                                     const struct avd_write_options *options, avd_write_fn *write,
                                     void *ctx, struct avd_error *err)
{
    struct avd_arena arena = {0};
    struct avd_rule_list list = {0};
    struct avd_rule_problems problems = {0};
    struct tests_run run;
    enum avd_status status = AVD_OK;
    size_t i;

    memset(&run, 0, sizeof run);
    problems.arena = &arena;
    run.analyze = analyze;
    run.problems = &problems;
    for (i = 0; i < path_count && status == AVD_OK; i++)
        status = avd_rules_read_path(&arena, paths[i], &list, &problems);
    avd_sheet_init(&run.sheet, format, options, "rules-test");
    if (run.sheet.json)
        avd_json_open(&run.sheet.j, "tests", '[');
    if (status == AVD_OK)
        status = run_all(&run, &list);
    if (status == AVD_OK) {
        put_end(&run, &list);
        *failed_count = run.failed + problems.count + problems.dropped;
        status = avd_sheet_deliver(&run.sheet, write, ctx, err);
    } else {
        avd_strbuf_deinit(&run.sheet.text);
        (void)avd_error_nomem(err);
    }
    avd_arena_deinit(&arena);
    return status;
}
