/* SPDX-License-Identifier: MIT */
/* What the gate leaves out of reports and records with --redact: names of users, comments, and what
 * annotations and findings say of them; everything else stays. */
#include "gate/redact.h"
#include "base/memory.h"
#include "base/redact.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <jansson.h>
#include <string.h>

static const char report[] =
    "{\"dump\":{\"file\":\"C:\\\\Users\\\\jane\\\\a.dmp\",\"comment_a\":\"call jane\","
    "\"comment_w\":null,\"size\":7},"
    "\"annotations\":[{\"module\":null,\"key\":\"username\",\"value\":\"jane\"},"
    "{\"module\":null,\"key\":\"ver\",\"value\":\"1.2\"},{\"value\":\"of no key\"}],"
    "\"facts\":{\"dump.comment\":{\"known\":true,\"value\":\"call jane\"},"
    "\"exception.code\":{\"known\":true,\"value\":\"0xc0000005\"}},"
    "\"findings\":[{\"id\":\"a\",\"summary\":\"the comment says: call jane\",\"explanation\":\"e\","
    "\"evidence\":[\"x\"],\"advice\":[\"y\"],\"parameters\":{\"z\":\"1\"}},"
    "{\"id\":\"b\",\"summary\":\"s\",\"explanation\":null,\"evidence\":[\"the dump's comment: call "
    "jane\"],\"advice\":[\"y\"],\"parameters\":[]},"
    "{\"id\":\"c\",\"summary\":\"s\",\"explanation\":\"\",\"evidence\":[\"0x10\"],\"advice\":["
    "\"y\"],"
    "\"parameters\":[{\"name\":\"Address\",\"value\":\"0x10\"}]}]}";

static struct avd_strbuf redacted(const char *text)
{
    struct avd_strbuf out = {0};

    avd_strbuf_puts(&out, text);
    avd_gate_redact_report(&out);
    ck_assert(!out.failed);
    return out;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

START_TEST(test_report)
{
    struct avd_strbuf out = redacted(report);
    json_t *root = json_loads(avd_strbuf_text(&out), JSON_REJECT_DUPLICATES, NULL);
    const json_t *dump = json_object_get(root, "dump");
    const json_t *annotations = json_object_get(root, "annotations");
    const json_t *facts = json_object_get(root, "facts");
    const json_t *findings = json_object_get(root, "findings");
    size_t i;

    ck_assert_ptr_nonnull(root);
    ck_assert_ptr_null(strstr(avd_strbuf_text(&out), "jane"));
    ck_assert_str_eq(text_of(dump, "comment_a"), AVD_REDACTED);
    ck_assert(json_is_null(json_object_get(dump, "comment_w")));
    ck_assert_int_eq(json_integer_value(json_object_get(dump, "size")), 7);
    ck_assert_str_eq(text_of(json_array_get(annotations, 0), "value"), AVD_REDACTED);
    ck_assert_str_eq(text_of(json_array_get(annotations, 1), "value"), "1.2");
    ck_assert_str_eq(text_of(json_array_get(annotations, 2), "value"), AVD_REDACTED);
    ck_assert_str_eq(text_of(json_object_get(facts, "dump.comment"), "value"), AVD_REDACTED);
    ck_assert_str_eq(text_of(json_object_get(facts, "exception.code"), "value"), "0xc0000005");
    for (i = 0; i < 2; i++) { /* that quote a comment */
        const json_t *finding = json_array_get(findings, i);

        ck_assert_str_eq(text_of(finding, "summary"), AVD_REDACTED);
        ck_assert_uint_eq(json_array_size(json_object_get(finding, "evidence")), 0);
        ck_assert_uint_eq(json_array_size(json_object_get(finding, "advice")), 0);
        ck_assert_uint_eq(json_object_size(json_object_get(finding, "parameters")), 0);
    }
    ck_assert_str_eq(text_of(json_array_get(findings, 2), "summary"), "s");
    ck_assert_str_eq(text_of(json_array_get(findings, 2), "explanation"), "");
    ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(findings, 2), "evidence")), 1);
    json_decref(root);
    avd_strbuf_deinit(&out);
}
END_TEST

/* Names in paths go out of what is no report, too. */
START_TEST(test_no_json)
{
    static const char *const texts[] = {"{\"dump\":", "[]", "",
                                        "C:\\Users\\jane\\a.dmp is no dump\n"};
    struct avd_strbuf out = redacted(texts[_i]);

    ck_assert_ptr_null(strstr(avd_strbuf_text(&out), "jane"));
    if (_i == 0)
        ck_assert_str_eq(avd_strbuf_text(&out), texts[0]);
    if (_i == 3)
        ck_assert_ptr_nonnull(strstr(avd_strbuf_text(&out), "\\a.dmp is no dump\n"));
    avd_strbuf_deinit(&out);
}
END_TEST

START_TEST(test_record)
{
    static const struct avd_gate_finding findings[] = {
        {"a", AVD_SEVERITY_INFO, "A title", "the comment says: call jane", "ask jane"},
        {"b", AVD_SEVERITY_ERROR, "Another", "a pointer was null", "look"},
        {"c", AVD_SEVERITY_ERROR, NULL, NULL, NULL}};
    struct avd_gate_record record = {.findings = findings, .finding_count = 3};
    struct avd_arena arena = {0};

    avd_gate_redact_record(&record, &arena);
    ck_assert_uint_eq(record.finding_count, 3);
    ck_assert_str_eq(record.findings[0].summary, AVD_REDACTED);
    ck_assert_ptr_null(record.findings[0].advice);
    ck_assert_str_eq(record.findings[0].title, "A title");
    ck_assert_str_eq(record.findings[1].summary, "a pointer was null");
    ck_assert_str_eq(record.findings[1].advice, "look");
    ck_assert_ptr_null(record.findings[2].summary);
    avd_arena_deinit(&arena);
    /* without memory nothing personal is left, as no finding is */
    avd_mem_fail_after(1);
    record.findings = findings;
    record.finding_count = 3;
    avd_gate_redact_record(&record, &arena);
    avd_mem_fail_after(0);
    ck_assert_uint_eq(record.finding_count, 0);
    avd_arena_deinit(&arena);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_report);
    tcase_add_loop_test(tests, test_no_json, 0, 4);
    tcase_add_test(tests, test_record);
}

int main(void)
{
    return suite_main("gate_redact", add_tests);
}
