/* SPDX-License-Identifier: MIT */
/* src/gate/output_html.c, output_issues.c and output_sarif.c: all that they say of what is known.
 */
#include "avdump/avdump.h"
#include "base/memory.h"
#include "support/dump_fixture.h"
#include "support/gate_result.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

START_TEST(test_html_of_everything)
{
    gate_result_fill_all();
    (void)gate_result_written(avd_gate_write_html);
    gate_result_expect("<dt>allowed</dt><dd>", "known since May", "</dd>");
    gate_result_expect("<dt>owner</dt><dd>", "jane", "</dd>");
    gate_result_expect("<dt>versions</dt><dd>", "1.0.0.1 (2), 1.0.0.2 (1)", "</dd>");
    gate_result_expect("<dt></dt><dd>", "other versions (5)", "</dd>");
    gate_result_expect("<dt>first</dt><dd>", "2024-01-02T03:04:05Z", "</dd>");
    gate_result_expect("<dt>last</dt><dd>", "2024-01-03T03:04:05Z", "</dd>");
    gate_result_expect("<td class=\"s\">", "no dump", "</td>");
    gate_result_expect("<p>", "and 6 more, which are not listed", "</p>");
    gate_summary.failed = gate_summary.count = 0;
    (void)gate_result_written(avd_gate_write_html);
    gate_result_expect("<p>", "none: no dump was analysed", "</p>");
    ck_assert_uint_eq(gate_result_count_of("Not analysed"), 0);
}
END_TEST

START_TEST(test_html_verdict)
{
    const char *lines[102];
    size_t i;

    gate_result_fill("crash");
    for (i = 0; i < 102; i++)
        lines[i] = "a <new> crash";
    gate_verdict.reasons = gate_verdict.warnings = lines;
    gate_verdict.reason_count = 102;
    gate_verdict.warning_count = 1;
    (void)gate_result_written(avd_gate_write_html);
    gate_result_expect("<header class=\"verdict\">\n<h1>", "Fail", "</h1>\n");
    gate_result_expect("<strong class=\"error\">Fails because</strong></p>\n<ul>\n<li>",
                       "a &lt;new&gt; crash", "</li>\n");
    gate_result_expect("<strong class=\"warning\">Warnings</strong></p>\n<ul>\n<li>",
                       "a &lt;new&gt; crash", "</li>\n</ul>\n</header>");
    gate_result_expect("<li>", "and 2 more", "</li>\n</ul>");
    ck_assert_uint_eq(gate_result_count_of("a &lt;new&gt; crash"), 101);
    /* What was not seen to its end passes nothing. */
    gate_verdict.fails = false;
    gate_verdict.reason_count = gate_verdict.warning_count = 0;
    gate_summary.interrupted = true;
    (void)gate_result_written(avd_gate_write_html);
    gate_result_expect("<header class=\"verdict\">\n<h1>", "Interrupted", "</h1>\n");
    gate_summary.interrupted = false;
    (void)gate_result_written(avd_gate_write_html);
    gate_result_expect("<header class=\"verdict pass\">\n<h1>", "Pass", "</h1>\n");
    ck_assert_uint_eq(gate_result_count_of("<ul>"), 0);
}
END_TEST

START_TEST(test_html_severities)
{
    static struct avd_gate_tally tallies[] = {{"one", AVD_SEVERITY_ERROR, 3},
                                              {"two", AVD_SEVERITY_WARNING, 2},
                                              {"three", AVD_SEVERITY_INFO, 1}};

    gate_result_fill("crash");
    gate_bucket.findings = tallies;
    gate_bucket.finding_count = 3;
    (void)gate_result_written(avd_gate_write_html);
    gate_result_expect(
        "<dt>findings</dt><dd>",
        "<span class=\"error\">error</span> one (3), <span class=\"warning\">warning</span> "
        "two (2), <span class=\"info\">info</span> three (1)",
        "</dd>");
}
END_TEST

START_TEST(test_html_of_many)
{
    static struct avd_gate_bucket *many[2002];
    size_t i;

    gate_result_fill("crash");
    for (i = 0; i < 2002; i++)
        many[i] = &gate_bucket;
    gate_summary.buckets = many;
    gate_summary.count = 2002;
    (void)gate_result_written(avd_gate_write_html);
    ck_assert_uint_eq(gate_result_count_of("<article"), 2000);
    gate_result_expect("<p>", "and 2 more, which the JSON output has", "</p>");
}
END_TEST

/* Every field of --fields, of a bucket that has it and of one that does not. */
START_TEST(test_issue_fields)
{
    static const struct {
        const char *name, *json, *json_without;
    } fields[] = {
        {"key", "\"av1-0123\"", "\"av1-0123\""},
        {"title", "\"the title\"", "\"av1-0123\""},
        {"standing", "\"new\"", "\"new\""},
        {"count", "3", "0"},
        {"what", "\"a read\"", "null"},
        {"where", "\"app!f\"", "null"},
        {"followup", "\"app!g\"", "null"},
        {"process", "\"app.exe\"", "null"},
        {"system", "\"Windows\"", "null"},
        {"versions", "[\"1.0.0.1\", \"1.0.0.2\"]", "[]"},
        {"first_time", "\"2024-01-02T03:04:05Z\"", "null"},
        {"last_time", "\"2024-01-03T03:04:05Z\"", "null"},
        {"example", "\"a b.dmp\"", "\"\""},
        {"link", "\"https://host/?n=a%20b.dmp&k=av1-0123\"", "null"},
        {"verdict", "\"new crash\"", "null"},
        {"findings",
         "[{\"id\": \"null-data-pointer\", \"summary\": \"a pointer was null\", \"advice\": "
         "[\"look\", \"then think\"]}]",
         "[]"},
        {"stack", "[\"00 app!f\", \"01 app!g\"]", "[]"},
    };
    const char *const written_as = _i % 2 == 0 ? fields[_i / 2].json : fields[_i / 2].json_without;
    const char *wrong;
    size_t wrong_size;
    json_t *root;
    char *text;

    gate_result_fill_all();
    gate_bucket.title = "the title";
    gate_bucket.what = "a read";
    gate_bucket.where = "app!f";
    gate_bucket.followup = "app!g";
    gate_bucket.process = "app.exe";
    gate_bucket.system = "Windows";
    gate_bucket.example = "a b.dmp";
    gate_bucket.verdict = "new crash";
    gate_bucket.stack = "00 app!f\n01 app!g\n";
    if (_i % 2 != 0) {
        memset(&gate_bucket, 0, sizeof gate_bucket);
        gate_bucket.key = "av1-0123";
        gate_bucket.example = "";
        gate_bucket.crashed = true;
        gate_result.link_template = NULL;
    }
    ck_assert(avd_gate_fields_parse(fields[_i / 2].name, &gate_result.fields, &wrong, &wrong_size));
    root = json_loads(gate_result_written(avd_gate_write_issues), 0, NULL);
    ck_assert_uint_eq(json_object_size(root), 1);
    text = json_dumps(json_object_get(root, fields[_i / 2].name), JSON_ENCODE_ANY);
    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, written_as);
    avd_mem_free(text);
    json_decref(root);
}
END_TEST

START_TEST(test_issue_of_everything)
{
    json_t *root;

    gate_result_fill_all();
    root = json_loads(gate_result_written(avd_gate_write_issues), 0, NULL);
    ck_assert_ptr_nonnull(root);
    avd_strbuf_deinit(&gate_out);
    avd_strbuf_puts(&gate_out, gate_result_value_at(root, "body"));
    json_decref(root);
    gate_result_expect("- seen: ", "2024-01-02T03:04:05Z to 2024-01-03T03:04:05Z", "\n");
    gate_result_expect("- versions: ", "`1.0.0.1` (2), `1.0.0.2` (1)", "\n");
    gate_result_expect("- `null-data-pointer` (3)\n", "```\na pointer was null\n```\n", "");
    gate_result_expect("```\n", "look\nthen think", "\n```\n");
}
END_TEST

/* A rule's advice is help where all its buckets say the same. */
START_TEST(test_sarif_rules)
{
    static const struct avd_gate_finding other = {"null-data-pointer", AVD_SEVERITY_ERROR, NULL,
                                                  "a pointer was null", "look elsewhere"};
    static struct avd_gate_bucket second;
    static struct avd_gate_bucket *both[] = {&gate_bucket, &second};
    json_t *root;

    gate_result_fill_all();
    second = gate_bucket;
    gate_summary.buckets = both;
    gate_summary.count = 2;
    root = json_loads(gate_result_written(avd_gate_write_sarif), 0, NULL);
    ck_assert_str_eq(gate_result_value_at(root, "runs/0/tool/driver/rules/0/shortDescription/text"),
                     "A crash that no rule has a finding for");
    ck_assert_str_eq(gate_result_value_at(root, "runs/0/tool/driver/rules/1/shortDescription/text"),
                     "Null pointer");
    ck_assert_str_eq(gate_result_value_at(root, "runs/0/tool/driver/rules/1/help/text"),
                     "look\nthen think");
    json_decref(root);
    second.advice = &other;
    root = json_loads(gate_result_written(avd_gate_write_sarif), 0, NULL);
    ck_assert_str_eq(gate_result_value_at(root, "runs/0/tool/driver/rules/1/id"),
                     "null-data-pointer");
    ck_assert_uint_eq(gate_result_count_of("\"help\""), 0);
    json_decref(root);
    /* records of an earlier avdump tell no title */
    gate_bucket.advice_count = second.advice_count = 0;
    root = json_loads(gate_result_written(avd_gate_write_sarif), 0, NULL);
    ck_assert_str_eq(gate_result_value_at(root, "runs/0/tool/driver/rules/1/shortDescription/text"),
                     "null-data-pointer");
    json_decref(root);
}
END_TEST

static void add_tests(TCase *tests)
{
    gate_result_use(tests);
    tcase_add_test(tests, test_html_of_everything);
    tcase_add_test(tests, test_html_verdict);
    tcase_add_test(tests, test_html_severities);
    tcase_add_test(tests, test_html_of_many);
    tcase_add_loop_test(tests, test_issue_fields, 0, 34);
    tcase_add_test(tests, test_issue_of_everything);
    tcase_add_test(tests, test_sarif_rules);
}

int main(void)
{
    return suite_main("gate_details", add_tests);
}
