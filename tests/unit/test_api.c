/* SPDX-License-Identifier: MIT */
/* What holds for every function of avdump.h that writes: a writer that stops, memory that runs out,
 * arguments that cannot be. And the texts of a report, one by one. */
#include "avdump/avdump.h"
#include "base/memory.h"
#include "support/dump_fixture.h"
#include "support/extract_run.h"
#include "support/suite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define RULES TESTDATA "/../rules"

enum { MAX_TRIES = 400 }; /* allocations that fail, spread over all of a call */

static uint8_t *bytes;
static struct avd_dump *dump;
static struct avd_report *report;

static void setup(void)
{
    size_t size;

    bytes = dump_builder_sample(DB_SAMPLE_X64, &size);
    ck_assert_int_eq(avd_dump_open_memory(bytes, size, "C:\\Users\\jane\\a.dmp", &dump, NULL),
                     AVD_OK);
    ck_assert_int_eq(avd_analyze(dump, NULL, NULL, &report, NULL), AVD_OK);
}

static void teardown(void)
{
    avd_report_free(report);
    avd_dump_close(dump);
    free(bytes);
    ck_assert_int_eq(avd_mem_live(), 0);
}

/* ---- everything that writes ---- */

typedef enum avd_status call_fn(enum avd_format format, avd_write_fn *write, void *ctx,
                                struct avd_error *err);

static enum avd_status write_report(enum avd_format format, avd_write_fn *write, void *ctx,
                                    struct avd_error *err)
{
    return avd_report_write(report, format, NULL, write, ctx, err);
}

static enum avd_status write_redacted(enum avd_format format, avd_write_fn *write, void *ctx,
                                      struct avd_error *err)
{
    static const struct avd_write_options options = {.redact = 1};

    return avd_report_write(report, format, &options, write, ctx, err);
}

static enum avd_status write_stack(enum avd_format format, avd_write_fn *write, void *ctx,
                                   struct avd_error *err)
{
    (void)format;
    return avd_report_stack_write(report, 16, NULL, write, ctx, err);
}

static enum avd_status write_info(enum avd_format format, avd_write_fn *write, void *ctx,
                                  struct avd_error *err)
{
    return avd_info_write(dump, format, NULL, write, ctx, err);
}

static enum avd_status write_symbols(enum avd_format format, avd_write_fn *write, void *ctx,
                                     struct avd_error *err)
{
    return avd_symbols_write(report, format, 0, NULL, write, ctx, err);
}

static enum avd_status list_rules(enum avd_format format, avd_write_fn *write, void *ctx,
                                  struct avd_error *err)
{
    return avd_rules_list_write(NULL, format, NULL, write, ctx, err);
}

static enum avd_status show_rule(enum avd_format format, avd_write_fn *write, void *ctx,
                                 struct avd_error *err)
{
    return avd_rules_show_write(NULL, "deadlock", format, NULL, write, ctx, err);
}

static enum avd_status show_stop(enum avd_format format, avd_write_fn *write, void *ctx,
                                 struct avd_error *err)
{
    return avd_rules_show_write(NULL, "verifier:0xe102", format, NULL, write, ctx, err);
}

static enum avd_status list_stops(enum avd_format format, avd_write_fn *write, void *ctx,
                                  struct avd_error *err)
{
    return avd_verifier_stops_write("networking", format, NULL, write, ctx, err);
}

static enum avd_status check_rules(enum avd_format format, avd_write_fn *write, void *ctx,
                                   struct avd_error *err)
{
    static const char *const paths[] = {RULES "/deadlock.yaml", "/nonexistent/rules"};
    size_t problems = 0;
    enum avd_status status =
        avd_rules_check_write(paths, 2, &problems, format, NULL, write, ctx, err);

    if (status == AVD_OK)
        ck_assert_uint_eq(problems, 1);
    return status;
}

static enum avd_status test_rules(enum avd_format format, avd_write_fn *write, void *ctx,
                                  struct avd_error *err)
{
    static const char *const paths[] = {RULES "/deadlock.yaml", RULES "/null-data-pointer.yaml"};
    size_t failed = 1;
    enum avd_status status =
        avd_rules_test_write(paths, 2, NULL, &failed, format, NULL, write, ctx, err);

    if (status == AVD_OK)
        ck_assert_uint_eq(failed, 0);
    return status;
}

static enum avd_status explain_rule(enum avd_format format, avd_write_fn *write, void *ctx,
                                    struct avd_error *err)
{
    int found = 0;
    enum avd_status status = avd_rules_explain_write(NULL, "null-data-pointer", dump, NULL, &found,
                                                     format, NULL, write, ctx, err);

    if (status == AVD_OK)
        ck_assert_int_eq(found, 1);
    return status;
}

static enum avd_status write_facts(enum avd_format format, avd_write_fn *write, void *ctx,
                                   struct avd_error *err)
{
    return avd_facts_write(dump, NULL, format, NULL, write, ctx, err);
}

static enum avd_status write_docs(enum avd_format format, avd_write_fn *write, void *ctx,
                                  struct avd_error *err)
{
    return avd_fact_docs_write(format, NULL, write, ctx, err);
}

static call_fn *const calls[] = {
    write_report, write_redacted, write_stack, write_info, write_symbols, list_rules,  show_rule,
    show_stop,    list_stops,     check_rules, test_rules, explain_rule,  write_facts, write_docs};
enum { CALLS = sizeof calls / sizeof calls[0] };

static int refuse(void *ctx, const char *piece, size_t size)
{
    (void)piece;
    (void)size;
    ++*(unsigned *)ctx;
    return 1;
}

/* It is asked once, and the error says so. */
START_TEST(test_writer_stops)
{
    static const enum avd_format formats[] = {AVD_FORMAT_TEXT, AVD_FORMAT_JSON};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct avd_error err = {0};
        unsigned asked = 0;

        ck_assert_int_eq(calls[_i](formats[i], refuse, &asked, &err), AVD_E_IO);
        ck_assert_uint_eq(asked, 1);
        ck_assert_int_eq(err.code, AVD_E_IO);
        ck_assert_ptr_nonnull(strstr(err.message, "cannot be written"));
    }
}
END_TEST

/* Every allocation fails once: out of memory is said and nothing written, or the result is whole.
 */
START_TEST(test_memory_runs_out)
{
    const enum avd_format format = _i % 2 == 0 ? AVD_FORMAT_TEXT : AVD_FORMAT_JSON;
    call_fn *call = calls[_i / 2];
    struct avd_strbuf whole = {0};
    unsigned long refused = 0;
    unsigned long count;
    unsigned long n;

    ck_assert_int_eq(call(format, extract_run_collect, &whole, NULL), AVD_OK);
    avd_mem_fail_after(ULONG_MAX);
    {
        struct avd_strbuf again = {0};

        ck_assert_int_eq(call(format, extract_run_collect, &again, NULL), AVD_OK);
        count = avd_mem_count();
        avd_mem_fail_after(0);
        ck_assert_str_eq(avd_strbuf_text(&again), avd_strbuf_text(&whole));
        avd_strbuf_deinit(&again);
    }
    for (n = 1; n <= count; n += count / MAX_TRIES + 1) {
        struct avd_strbuf out = {0};
        struct avd_error err = {0};
        enum avd_status status;

        avd_mem_fail_once(n);
        status = call(format, extract_run_collect, &out, &err);
        avd_mem_fail_after(0);
        refused += status == AVD_E_NOMEM;
        if (status == AVD_E_NOMEM)
            ck_assert_str_eq(err.message, "out of memory");
        else if (!out.failed) /* or it was the test that had no memory to collect it in */
            ck_assert_msg(status == AVD_OK &&
                              strcmp(avd_strbuf_text(&out), avd_strbuf_text(&whole)) == 0,
                          "allocation %lu: status %d, another text", n, (int)status);
        avd_strbuf_deinit(&out);
    }
    ck_assert_uint_gt(refused, 0);
    avd_strbuf_deinit(&whole);
}
END_TEST

/* ---- arguments ---- */

static void check_refusal(enum avd_status status, const struct avd_error *err,
                          enum avd_status expected, const char *message)
{
    ck_assert_int_eq(status, expected);
    ck_assert_str_eq(err->message, message);
}

START_TEST(test_arguments)
{
    static const char no_report[] = "no report, no writer or an unknown format";
    static const char no_dump[] = "no dump, no writer or an unknown format";
    const enum avd_format unknown = (enum avd_format)17;
    struct avd_strbuf out = {0};
    struct avd_error err = {0};
    struct avd_report *none = report;

    check_refusal(avd_report_write(NULL, AVD_FORMAT_TEXT, NULL, refuse, &out, &err), &err,
                  AVD_E_ARG, no_report);
    check_refusal(avd_report_write(report, AVD_FORMAT_TEXT, NULL, NULL, &out, &err), &err,
                  AVD_E_ARG, no_report);
    check_refusal(avd_report_write(report, unknown, NULL, refuse, &out, &err), &err, AVD_E_ARG,
                  no_report);
    check_refusal(avd_symbols_write(NULL, AVD_FORMAT_TEXT, 0, NULL, refuse, &out, &err), &err,
                  AVD_E_ARG, no_report);
    check_refusal(avd_symbols_write(report, unknown, 0, NULL, refuse, &out, &err), &err, AVD_E_ARG,
                  no_report);
    check_refusal(avd_report_stack_write(NULL, 1, NULL, refuse, &out, &err), &err, AVD_E_ARG,
                  "no report or no writer");
    check_refusal(avd_info_write(NULL, AVD_FORMAT_TEXT, NULL, refuse, &out, &err), &err, AVD_E_ARG,
                  no_dump);
    check_refusal(avd_info_write(dump, unknown, NULL, refuse, &out, &err), &err, AVD_E_ARG,
                  no_dump);
    check_refusal(avd_analyze(NULL, NULL, NULL, &none, &err), &err, AVD_E_ARG,
                  "no dump or no place for the report");
    ck_assert_ptr_null(none);
    check_refusal(avd_analyze(dump, NULL, NULL, NULL, &err), &err, AVD_E_ARG,
                  "no dump or no place for the report");
    check_refusal(avd_facts_write(NULL, NULL, AVD_FORMAT_TEXT, NULL, refuse, &out, &err), &err,
                  AVD_E_ARG, "no dump");
    ck_assert_int_eq(avd_error_write(NULL, NULL, AVD_FORMAT_JSON, NULL, refuse, &out), AVD_E_ARG);
    ck_assert_int_eq(avd_error_write(&err, NULL, unknown, NULL, refuse, &out), AVD_E_ARG);
}
END_TEST

START_TEST(test_not_found)
{
    static const char no_rule[] = "no rule has the id 'null-data-pointr'";
    struct avd_error err = {0};
    int found = 1;

    check_refusal(
        avd_rules_show_write(NULL, "null-data-pointr", AVD_FORMAT_TEXT, NULL, refuse, NULL, &err),
        &err, AVD_NOT_FOUND, no_rule);
    check_refusal(avd_rules_show_write(NULL, NULL, AVD_FORMAT_TEXT, NULL, refuse, NULL, &err), &err,
                  AVD_NOT_FOUND, "no rule has the id ''");
    check_refusal(avd_rules_explain_write(NULL, "null-data-pointr", dump, NULL, &found,
                                          AVD_FORMAT_TEXT, NULL, refuse, NULL, &err),
                  &err, AVD_NOT_FOUND, no_rule);
    check_refusal(avd_rules_explain_write(NULL, "deadlock", NULL, NULL, &found, AVD_FORMAT_TEXT,
                                          NULL, refuse, NULL, &err),
                  &err, AVD_E_ARG, "no dump");
    check_refusal(avd_rules_show_write(NULL, "WSA_INVALID_SOCKET_HANDEL", AVD_FORMAT_TEXT, NULL,
                                       refuse, NULL, &err),
                  &err, AVD_NOT_FOUND,
                  "no stop of Application Verifier is 'WSA_INVALID_SOCKET_HANDEL' (did you mean "
                  "'WSA_INVALID_SOCKET_HANDLE'?)");
    check_refusal(avd_rules_show_write(NULL, "verifier:0x100000000", AVD_FORMAT_JSON, NULL, refuse,
                                       NULL, &err),
                  &err, AVD_NOT_FOUND, "no stop of Application Verifier is '0x100000000'");
    ck_assert_int_eq(avd_verifier_stops_write("Network", AVD_FORMAT_TEXT, NULL, refuse, NULL, &err),
                     AVD_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "Network"));
}
END_TEST

/* ---- texts ---- */

/* What dump_builder_sample puts in. */
START_TEST(test_texts)
{
    size_t findings = avd_report_finding_count(report);

    ck_assert_str_eq(avd_report_text(report, AVD_REPORT_PROCESS), "app.exe");
    ck_assert_str_eq(avd_report_text(report, AVD_REPORT_VERSION), "1.2.3.4");
    ck_assert_str_eq(avd_report_text(report, AVD_REPORT_OS), "Windows NT");
    ck_assert_str_eq(avd_report_text(report, AVD_REPORT_CPU), "amd64");
    ck_assert_str_eq(avd_report_text(report, AVD_REPORT_FOLLOWUP), "app+0x1096");
    ck_assert_ptr_null(avd_report_text(report, (enum avd_report_field)99));
    ck_assert_int_eq(avd_report_crashed(report), 1);
    ck_assert_uint_eq(avd_report_time(report), 1704164645);
    ck_assert_uint_gt(findings, 0);
    ck_assert_str_eq(avd_report_finding_id(report, 0), "null-data-pointer");
    ck_assert_str_eq(avd_report_finding_title(report, 0), "Null pointer read or written");
    ck_assert_int_eq(avd_report_finding_severity(report, 0), AVD_SEVERITY_ERROR);
    ck_assert_ptr_nonnull(avd_report_finding_advice(report, 0, 0));
    ck_assert_ptr_null(avd_report_finding_advice(report, 0, 1000));
    ck_assert_ptr_null(avd_report_finding_id(report, findings));
    ck_assert_ptr_null(avd_report_finding_title(report, findings));
    ck_assert_ptr_null(avd_report_finding_summary(report, findings));
    ck_assert_ptr_null(avd_report_finding_advice(report, findings, 0));
    ck_assert_int_eq(avd_report_finding_severity(report, findings), AVD_SEVERITY_INFO);
}
END_TEST

START_TEST(test_stack_lines)
{
    struct avd_strbuf out = {0};
    const char *first;

    ck_assert_int_eq(avd_report_stack_write(report, 2, NULL, extract_run_collect, &out, NULL),
                     AVD_OK);
    first = strchr(avd_strbuf_text(&out), '\n');
    ck_assert_ptr_nonnull(strstr(avd_strbuf_text(&out), "app!run"));
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first, "app!main"));
    ck_assert_ptr_null(strstr(first, "RtlUserThreadStart"));
    avd_strbuf_deinit(&out);
}
END_TEST

START_TEST(test_redacted)
{
    struct avd_strbuf out = {0};

    ck_assert_int_eq(write_report(AVD_FORMAT_JSON, extract_run_collect, &out, NULL), AVD_OK);
    ck_assert_ptr_nonnull(strstr(avd_strbuf_text(&out), "jane"));
    avd_strbuf_deinit(&out);
    ck_assert_int_eq(write_redacted(AVD_FORMAT_JSON, extract_run_collect, &out, NULL), AVD_OK);
    ck_assert_ptr_null(strstr(avd_strbuf_text(&out), "jane"));
    ck_assert_ptr_null(strstr(avd_strbuf_text(&out), "left by a test")); /* a comment */
    avd_strbuf_deinit(&out);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, test_writer_stops, 0, CALLS);
    tcase_add_loop_test(tests, test_memory_runs_out, 0, 2 * CALLS);
    tcase_add_test(tests, test_arguments);
    tcase_add_test(tests, test_not_found);
    tcase_add_test(tests, test_texts);
    tcase_add_test(tests, test_stack_lines);
    tcase_add_test(tests, test_redacted);
}

int main(void)
{
    return suite_main("api", add_tests);
}
