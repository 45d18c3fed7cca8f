/* SPDX-License-Identifier: MIT */
/*
 * src/gate/output*.c: texts of dumps in each format, hostile ones first. What is expected comes
 * from the formats' own documents: XML 1.0, "Workflow commands for GitHub Actions", CommonMark,
 * RFC 8259, RFC 3986.
 */
#include "avdump/avdump.h"
#include "base/memory.h"
#include "gate/json.h"
#include "gate/output.h"
#include "support/dump_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct avd_gate_tally finding = {"null-data-pointer", AVD_SEVERITY_ERROR, 3};
static struct avd_gate_bucket bucket;
static struct avd_gate_bucket *buckets[] = {&bucket};
static struct avd_gate_failure failure;
static struct avd_gate_summary summary;
static struct avd_gate_verdict verdict;
static struct avd_gate_result result;
static struct avd_strbuf out;

/* jansson's memory counts, too. */
static void *json_memory(size_t size)
{
    return avd_mem_calloc(size, 1);
}

/* One bucket that fails the gate and one dump that was not analysed, with `text` wherever a text of
 * a dump or of a file system stands. */
static void fill(const char *text)
{
    memset(&bucket, 0, sizeof bucket);
    bucket.key = "av1-0123";
    bucket.crashed = true;
    bucket.title = bucket.what = bucket.where = bucket.followup = bucket.process = text;
    bucket.system = bucket.stack = bucket.example = bucket.verdict = text;
    bucket.count = 3;
    bucket.severity = AVD_SEVERITY_ERROR;
    bucket.findings = &finding;
    bucket.finding_count = 1;
    failure.name = failure.error = text;
    failure.outcome = AVD_GATE_UNREADABLE;
    summary.buckets = buckets;
    summary.count = 1;
    summary.failures = &failure;
    summary.failure_count = summary.failed = 1;
    summary.dumps = 4;
    verdict.fails = true;
    verdict.new_count = 1;
    result.summary = &summary;
    result.verdict = &verdict;
    result.version = "1.2.3";
    result.link_template = "https://host/?n={name}&k={key}";
    result.columns = 0;
}

static void setup(void)
{
    json_set_alloc_funcs(json_memory, avd_mem_free);
    memset(&summary, 0, sizeof summary);
    memset(&verdict, 0, sizeof verdict);
    avd_strbuf_init(&out);
}

static void teardown(void)
{
    avd_strbuf_deinit(&out);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static const char *written(void (*write)(const struct avd_gate_result *, struct avd_strbuf *))
{
    avd_strbuf_deinit(&out);
    avd_strbuf_init(&out);
    write(&result, &out);
    ck_assert(!out.failed);
    return avd_strbuf_text(&out);
}

/* How often `part` is in the output. */
static unsigned count_of(const char *part)
{
    const char *at = avd_strbuf_text(&out);
    unsigned count = 0;

    for (; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

/* `text` as each format has it; NULL: as it is. */
static const struct {
    const char *text;
    const char *xml;
    const char *property; /* of a GitHub command */
    const char *message;  /* behind it */
    const char *markdown;
    const char *plain; /* in the table */
    const char *json;  /* decoded */
    const char *uri;
    const char *code; /* in a code span of an issue */
} texts[] = {
    {"a \"b' c", "a &quot;b' c", NULL, NULL, NULL, NULL, NULL, "a%20%22b%27%20c", NULL},
    {"a\nb\r\tc", "a\\x0ab\\x0d\\x09c", "a\\x0ab\\x0d\\x09c", "a\\x0ab\\x0d\\x09c",
     "a\\\\x0ab\\\\x0d\\\\x09c", "a\\x0ab\\x0d\\x09c", NULL, "a%0Ab%0D%09c", "a\\x0ab\\x0d\\x09c"},
    {"]]><!--", "]]&gt;&lt;!--", NULL, NULL, "\\]\\]\\>&lt;\\!--", NULL, NULL, "%5D%5D%3E%3C%21--",
     NULL},
    {"%0A::error::x,y", NULL, "%250A%3A%3Aerror%3A%3Ax%2Cy", "%250A::error::x,y",
     "%0A\\:\\:error\\:\\:x,y", NULL, NULL, "%250A%3A%3Aerror%3A%3Ax%2Cy", NULL},
    {"a|b`c` *d* _e_ ~f~", NULL, NULL, NULL, "a\\|b\\`c\\` \\*d\\* \\_e\\_ \\~f\\~", NULL, NULL,
     "a%7Cb%60c%60%20%2Ad%2A%20_e_%20~f~", "a|b'c' *d* _e_ ~f~"},
    {"#1 @user https://x/[y](z)", NULL, "#1 @user https%3A//x/[y](z)", NULL,
     "\\#1 &#64;user https\\://x/\\[y\\](z)", NULL, NULL,
     "%231%20%40user%20https%3A//x/%5By%5D%28z%29", NULL},
    {"&amp;<b>", "&amp;amp;&lt;b&gt;", NULL, NULL, "&amp;amp;&lt;b\\>", NULL, NULL,
     "%26amp%3B%3Cb%3E", NULL},
    /* a right-to-left override, an isolate, a line separator */
    {"x\xe2\x80\xae"
     "y\xe2\x81\xa6"
     "z\xe2\x80\xa8",
     "x\\xe2\\x80\\xaey\\xe2\\x81\\xa6z\\xe2\\x80\\xa8",
     "x\\xe2\\x80\\xaey\\xe2\\x81\\xa6z\\xe2\\x80\\xa8",
     "x\\xe2\\x80\\xaey\\xe2\\x81\\xa6z\\xe2\\x80\\xa8",
     "x\\\\xe2\\\\x80\\\\xaey\\\\xe2\\\\x81\\\\xa6z\\\\xe2\\\\x80\\\\xa8",
     "x\\xe2\\x80\\xaey\\xe2\\x81\\xa6z\\xe2\\x80\\xa8", NULL, "x%E2%80%AEy%E2%81%A6z%E2%80%A8",
     "x\\xe2\\x80\\xaey\\xe2\\x81\\xa6z\\xe2\\x80\\xa8"},
    /* no UTF-8: stray bytes, an overlong form, a surrogate; each byte stands for itself */
    {"\xff"
     "a\xc3(\xc0\xaf\xed\xa0\x80",
     "\\xffa\\xc3(\\xc0\\xaf\\xed\\xa0\\x80", "\\xffa\\xc3(\\xc0\\xaf\\xed\\xa0\\x80",
     "\\xffa\\xc3(\\xc0\\xaf\\xed\\xa0\\x80", "\\\\xffa\\\\xc3(\\\\xc0\\\\xaf\\\\xed\\\\xa0\\\\x80",
     "\\xffa\\xc3(\\xc0\\xaf\\xed\\xa0\\x80",
     "\xef\xbf\xbd"
     "a\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
     "%FFa%C3%28%C0%AF%ED%A0%80", "\\xffa\\xc3(\\xc0\\xaf\\xed\\xa0\\x80"},
    /* an escape sequence; U+FFFE, which XML 1.0 does not know */
    {"\x1b[31mred\x7f", "\\x1b[31mred\\x7f", "\\x1b[31mred\\x7f", "\\x1b[31mred\\x7f",
     "\\\\x1b\\[31mred\\\\x7f", "\\x1b[31mred\\x7f", NULL, "%1B%5B31mred%7F", "\\x1b[31mred\\x7f"},
    {"\xef\xbf\xbe", "\\xef\\xbf\\xbe", NULL, NULL, NULL, NULL, NULL, "%EF%BF%BE", NULL},
    /* and what is harmless stays */
    {"std::vector<Gr\xc3\xb6\xc3\x9f"
     "e>::at",
     "std::vector&lt;Gr\xc3\xb6\xc3\x9f"
     "e&gt;::at",
     "std%3A%3Avector<Gr\xc3\xb6\xc3\x9f"
     "e>%3A%3A"
     "at",
     NULL,
     "std\\:\\:vector&lt;Gr\xc3\xb6\xc3\x9f"
     "e\\>\\:\\:at",
     NULL, NULL, "std%3A%3Avector%3CGr%C3%B6%C3%9Fe%3E%3A%3Aat", NULL},
};
enum { TEXT_COUNT = sizeof texts / sizeof *texts };

/* `text` between what stands before and behind it. */
static void expect_part(const char *before, const char *text, const char *behind)
{
    struct avd_strbuf part;

    avd_strbuf_init(&part);
    avd_strbuf_printf(&part, "%s%s%s", before, text, behind);
    if (count_of(avd_strbuf_text(&part)) == 0)
        ck_abort_msg("'%s' is not in\n%s", avd_strbuf_text(&part), avd_strbuf_text(&out));
    avd_strbuf_deinit(&part);
}

/* How a part of a document writes a text. */
enum form { XML, PROPERTY, MESSAGE, MARKDOWN, PLAIN, JSON, URI, CODE };

static const char *text_as(int index, enum form form)
{
    const char *const forms[] = {texts[index].xml,      texts[index].property, texts[index].message,
                                 texts[index].markdown, texts[index].plain,    texts[index].json,
                                 texts[index].uri,      texts[index].code};

    return forms[form] != NULL ? forms[form] : texts[index].text;
}

/* What stands around each text, and how many lines there are: no text adds one. */
static const struct {
    void (*write)(const struct avd_gate_result *, struct avd_strbuf *);
    struct {
        const char *before;
        enum form form;
        const char *behind;
    } parts[5];
    unsigned lines;
} documents[] = {
    {avd_gate_write_junit,
     {{"<testcase classname=\"", XML, "\" name=\""},
      {"\" name=\"", XML, "\">\n      <failure type=\"new\" message=\""},
      {"<failure type=\"new\" message=\"", XML, "\">"},
      {"&#10;where: ", XML, "&#10;example: "},
      {"<error type=\"unreadable\" message=\"", XML, "\"/>"}},
     11},
    {avd_gate_write_github,
     {{"::error file=", PROPERTY, ",title="},
      {",title=", PROPERTY, "::"},
      {"::", MESSAGE, "\n"},
      {"::warning file=", PROPERTY, ",title=not analysed::"}},
     2},
    {avd_gate_write_markdown,
     {{"| 3 | **new** | ", MARKDOWN, " | "},
      {" | ", MARKDOWN, " |\n"},
      {"Not analysed:\n\n- ", MARKDOWN, ": "},
      {"Warnings:\n\n- ", MARKDOWN, "\n"}},
     15},
    {avd_gate_write_table,
     {{"       3 new      ", PLAIN, " "},
      {" ", PLAIN, "\n\nnot analysed\n"},
      {"\n  ", PLAIN, ": "},
      {"\nwarning: ", PLAIN, "\n"}},
     8},
};
enum { DOCUMENT_COUNT = sizeof documents / sizeof *documents };

START_TEST(test_document)
{
    int document = _i / TEXT_COUNT;
    int text = _i % TEXT_COUNT;
    size_t i;

    fill(texts[text].text);
    verdict.warnings = &bucket.title;
    verdict.warning_count = 1;
    (void)written(documents[document].write);
    for (i = 0; i < 5 && documents[document].parts[i].before != NULL; i++)
        expect_part(documents[document].parts[i].before,
                    text_as(text, documents[document].parts[i].form),
                    documents[document].parts[i].behind);
    ck_assert_uint_eq(count_of("\n"), documents[document].lines);
}
END_TEST

/* The decoded value at `path`, keys and array places separated by slashes. */
static const char *value_at(const json_t *root, const char *path)
{
    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        char key[64];

        ck_assert_uint_lt(size, sizeof key);
        memcpy(key, path, size);
        key[size] = '\0';
        root = json_is_array(root) ? json_array_get(root, strtoul(key, NULL, 10))
                                   : json_object_get(root, key);
        ck_assert_msg(root != NULL, "%s is not there", path);
        path += size + (path[size] == '/');
    }
    ck_assert(json_is_string(root));
    return json_string_value(root);
}

START_TEST(test_json)
{
    static const struct {
        void (*write)(const struct avd_gate_result *, struct avd_strbuf *);
        const char *paths[4];
    } cases[] = {
        {avd_gate_write_json,
         {"buckets/0/title", "buckets/0/verdict", "failures/0/name", "buckets/0/example"}},
        {avd_gate_write_gitlab, {"0/description", "0/location/path", NULL, NULL}},
        {avd_gate_write_sarif, {"runs/0/results/0/message/text", NULL, NULL, NULL}},
        {avd_gate_write_issues, {"title", NULL, NULL, NULL}},
    };
    size_t i;
    size_t k;

    fill(texts[_i].text);
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_error_t error;
        json_t *root = json_loads(written(cases[i].write), JSON_REJECT_DUPLICATES, &error);

        ck_assert_msg(root != NULL, "%s in %s", error.text, avd_strbuf_text(&out));
        for (k = 0; k < 4 && cases[i].paths[k] != NULL; k++)
            ck_assert_str_eq(value_at(root, cases[i].paths[k]), text_as(_i, JSON));
        if (cases[i].write == avd_gate_write_sarif)
            ck_assert_str_eq(value_at(root, "runs/0/results/0/locations/0/physicalLocation/"
                                            "artifactLocation/uri"),
                             text_as(_i, URI));
        json_decref(root);
    }
}
END_TEST

START_TEST(test_issue_body)
{
    json_t *root;

    fill(texts[_i].text);
    root = json_loads(written(avd_gate_write_issues), 0, NULL);
    ck_assert_ptr_nonnull(root);
    avd_strbuf_deinit(&out);
    avd_strbuf_init(&out);
    avd_strbuf_puts(&out, value_at(root, "body"));
    json_decref(root);
    expect_part("- what: `", text_as(_i, CODE), "`\n");
    expect_part("- example: `", text_as(_i, CODE), "`\n");
    expect_part("- <https://host/?n=", text_as(_i, URI), "&k=av1-0123>\n");
    /* Only a stack has lines of its own: it is a text of avdump's. */
    if (strchr(texts[_i].text, '\n') == NULL)
        expect_part("Stack of the example:\n\n```\n", text_as(_i, CODE), "\n```\n");
    ck_assert_uint_eq(count_of("```"), 2);
}
END_TEST

START_TEST(test_html)
{
    fill(texts[_i].text);
    (void)written(avd_gate_write_html);
    ck_assert_uint_eq(count_of("<script"), 0);
    ck_assert_uint_eq(count_of("<b>"), 0);
    ck_assert_uint_eq(count_of("<!--"), 0);
    ck_assert_uint_eq(count_of("\x1b"), 0);
    ck_assert_uint_eq(count_of("\xe2\x80\xae"), 0);
}
END_TEST

/* A bucket of which all is known. */
static void fill_all(void)
{
    static struct avd_gate_tally versions[] = {{"1.0.0.1", 0, 2}, {"1.0.0.2", 0, 1}};
    static const struct avd_gate_finding advice = {"null-data-pointer", AVD_SEVERITY_ERROR,
                                                   "Null pointer", "a pointer was null",
                                                   "look\nthen think"};

    fill("crash");
    bucket.versions = versions;
    bucket.version_count = 2;
    bucket.versions_left_out = 5;
    bucket.first_time = 1704164645; /* 2024-01-02T03:04:05Z */
    bucket.last_time = 1704251045;
    bucket.allow_reason = "known since May";
    bucket.allow_owner = "jane";
    bucket.advice = &advice;
    bucket.advice_count = 1;
    failure.error = "no dump";
    summary.failed = 7; /* of which one is listed */
    result.fields = 0;
}

START_TEST(test_html_of_everything)
{
    fill_all();
    (void)written(avd_gate_write_html);
    expect_part("<dt>allowed</dt><dd>", "known since May", "</dd>");
    expect_part("<dt>owner</dt><dd>", "jane", "</dd>");
    expect_part("<dt>versions</dt><dd>", "1.0.0.1 (2), 1.0.0.2 (1)", "</dd>");
    expect_part("<dt></dt><dd>", "other versions (5)", "</dd>");
    expect_part("<dt>first</dt><dd>", "2024-01-02T03:04:05Z", "</dd>");
    expect_part("<dt>last</dt><dd>", "2024-01-03T03:04:05Z", "</dd>");
    expect_part("<td class=\"s\">", "no dump", "</td>");
    expect_part("<p>", "and 6 more, which are not listed", "</p>");
    summary.failed = summary.count = 0;
    (void)written(avd_gate_write_html);
    expect_part("<p>", "none: no dump was analysed", "</p>");
    ck_assert_uint_eq(count_of("Not analysed"), 0);
}
END_TEST

START_TEST(test_issue_of_everything)
{
    json_t *root;

    fill_all();
    root = json_loads(written(avd_gate_write_issues), 0, NULL);
    ck_assert_ptr_nonnull(root);
    avd_strbuf_deinit(&out);
    avd_strbuf_puts(&out, value_at(root, "body"));
    json_decref(root);
    expect_part("- seen: ", "2024-01-02T03:04:05Z to 2024-01-03T03:04:05Z", "\n");
    expect_part("- versions: ", "`1.0.0.1` (2), `1.0.0.2` (1)", "\n");
    expect_part("- `null-data-pointer` (3)\n", "```\na pointer was null\n```\n", "");
    expect_part("```\n", "look\nthen think", "\n```\n");
}
END_TEST

/* A rule's advice is help where all its buckets say the same. */
START_TEST(test_sarif_rules)
{
    static const struct avd_gate_finding other = {"null-data-pointer", AVD_SEVERITY_ERROR, NULL,
                                                  "a pointer was null", "look elsewhere"};
    static struct avd_gate_bucket second;
    static struct avd_gate_bucket *both[] = {&bucket, &second};
    json_t *root;

    fill_all();
    second = bucket;
    summary.buckets = both;
    summary.count = 2;
    root = json_loads(written(avd_gate_write_sarif), 0, NULL);
    ck_assert_str_eq(value_at(root, "runs/0/tool/driver/rules/0/shortDescription/text"),
                     "A crash that no rule has a finding for");
    ck_assert_str_eq(value_at(root, "runs/0/tool/driver/rules/1/shortDescription/text"),
                     "Null pointer");
    ck_assert_str_eq(value_at(root, "runs/0/tool/driver/rules/1/help/text"), "look\nthen think");
    json_decref(root);
    second.advice = &other;
    root = json_loads(written(avd_gate_write_sarif), 0, NULL);
    ck_assert_str_eq(value_at(root, "runs/0/tool/driver/rules/1/id"), "null-data-pointer");
    ck_assert_uint_eq(count_of("\"help\""), 0);
    json_decref(root);
    /* records of an earlier avdump tell no title */
    bucket.advice_count = second.advice_count = 0;
    root = json_loads(written(avd_gate_write_sarif), 0, NULL);
    ck_assert_str_eq(value_at(root, "runs/0/tool/driver/rules/1/shortDescription/text"),
                     "null-data-pointer");
    json_decref(root);
}
END_TEST

START_TEST(test_absolute_uri)
{
    json_t *root;

    fill("/crash dumps/a.dmp");
    root = json_loads(written(avd_gate_write_sarif), 0, NULL);
    ck_assert_str_eq(value_at(root, "runs/0/results/0/locations/0/physicalLocation/"
                                    "artifactLocation/uri"),
                     "file:///crash%20dumps/a.dmp");
    json_decref(root);
}
END_TEST

/* A name that is too long keeps a third of its beginning and two of its end. */
START_TEST(test_terminal)
{
    static const char name[] = "NULL_POINTER_READ_c0000005_a-very-long-name-of-a-program.exe!Start";

    fill(name);
    bucket.followup = "app!Start";
    bucket.example = "a.dmp";
    result.columns = 70;
    (void)written(avd_gate_write_table);
    expect_part("       3 new      ", "NULL_POINT...f-a-program.exe!Start", " app!Start a.dmp\n");
    result.columns = 18 + sizeof name - 1 + 1 + 9 + 1 + 7; /* "example" is wider than "a.dmp" */
    (void)written(avd_gate_write_table);
    expect_part("       3 new      ", name, " app!Start a.dmp\n");
    result.columns--;
    (void)written(avd_gate_write_table);
    ck_assert_uint_eq(count_of("..."), 1);
    /* Letters of several bytes are not cut in two. */
    bucket.title = "\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c"
                   "\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c";
    result.columns = 1; /* narrower than any line can be */
    (void)written(avd_gate_write_table);
    expect_part(
        " new      ",
        "\xc3\x84\xc3\x96\xc3\x9c\xc3\x84...\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c"
        "\xc3\x84\xc3\x96\xc3\x9c",
        " app!Start ");
}
END_TEST

/* Whichever allocation fails: the writer says so, and leaves nothing. */
START_TEST(test_no_memory)
{
    const struct avd_gate_writer *writer = &avd_gate_writers[_i];
    unsigned long n;
    bool good = false;

    fill("a `text` with <all> of \"it\" \xff\n");
    for (n = 1; !good; n++) {
        struct avd_strbuf text;

        avd_strbuf_init(&text);
        avd_mem_fail_once(n);
        writer->write(&result, &text);
        good = avd_mem_count() < n; /* it was never reached */
        avd_mem_fail_once(0);
        ck_assert_msg(text.failed != good, "%s, allocation %lu", writer->name, n);
        avd_strbuf_deinit(&text);
        ck_assert_int_eq(avd_mem_live(), 0);
    }
    ck_assert_uint_gt(n, 2);
}
END_TEST

static void add_tests(TCase *tests)
{
    int writers = 0;

    while (avd_gate_writers[writers].name != NULL)
        writers++;
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, test_document, 0, DOCUMENT_COUNT * TEXT_COUNT);
    tcase_add_loop_test(tests, test_json, 0, TEXT_COUNT);
    tcase_add_loop_test(tests, test_issue_body, 0, TEXT_COUNT);
    tcase_add_loop_test(tests, test_html, 0, TEXT_COUNT);
    tcase_add_test(tests, test_html_of_everything);
    tcase_add_test(tests, test_issue_of_everything);
    tcase_add_test(tests, test_sarif_rules);
    tcase_add_test(tests, test_absolute_uri);
    tcase_add_test(tests, test_terminal);
    tcase_add_loop_test(tests, test_no_memory, 0, writers);
}

int main(void)
{
    return dump_fixture_main("gate_output", add_tests);
}
