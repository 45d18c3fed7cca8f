/* SPDX-License-Identifier: MIT */
/*
 * src/gate/output*.c: texts of dumps in each format, hostile ones first. What is expected comes
 * from the formats' own documents: XML 1.0, "Workflow commands for GitHub Actions", CommonMark,
 * RFC 8259, RFC 3986.
 */
#include "avdump/avdump.h"
#include "base/memory.h"
#include "support/dump_fixture.h"
#include "support/gate_result.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

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

    gate_result_fill(texts[text].text);
    gate_verdict.warnings = &gate_bucket.title;
    gate_verdict.warning_count = 1;
    (void)gate_result_written(documents[document].write);
    for (i = 0; i < 5 && documents[document].parts[i].before != NULL; i++)
        gate_result_expect(documents[document].parts[i].before,
                           text_as(text, documents[document].parts[i].form),
                           documents[document].parts[i].behind);
    ck_assert_uint_eq(gate_result_count_of("\n"), documents[document].lines);
}
END_TEST

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

    gate_result_fill(texts[_i].text);
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_error_t error;
        json_t *root =
            json_loads(gate_result_written(cases[i].write), JSON_REJECT_DUPLICATES, &error);

        ck_assert_msg(root != NULL, "%s in %s", error.text, avd_strbuf_text(&gate_out));
        for (k = 0; k < 4 && cases[i].paths[k] != NULL; k++)
            ck_assert_str_eq(gate_result_value_at(root, cases[i].paths[k]), text_as(_i, JSON));
        if (cases[i].write == avd_gate_write_sarif)
            ck_assert_str_eq(gate_result_value_at(root,
                                                  "runs/0/results/0/locations/0/physicalLocation/"
                                                  "artifactLocation/uri"),
                             text_as(_i, URI));
        json_decref(root);
    }
}
END_TEST

START_TEST(test_issue_body)
{
    json_t *root;

    gate_result_fill(texts[_i].text);
    root = json_loads(gate_result_written(avd_gate_write_issues), 0, NULL);
    ck_assert_ptr_nonnull(root);
    avd_strbuf_deinit(&gate_out);
    avd_strbuf_init(&gate_out);
    avd_strbuf_puts(&gate_out, gate_result_value_at(root, "body"));
    json_decref(root);
    gate_result_expect("- what: `", text_as(_i, CODE), "`\n");
    gate_result_expect("- example: `", text_as(_i, CODE), "`\n");
    gate_result_expect("- <https://host/?n=", text_as(_i, URI), "&k=av1-0123>\n");
    /* Only a stack has lines of its own: it is a text of avdump's. */
    if (strchr(texts[_i].text, '\n') == NULL)
        gate_result_expect("Stack of the example:\n\n```\n", text_as(_i, CODE), "\n```\n");
    ck_assert_uint_eq(gate_result_count_of("```"), 2);
}
END_TEST

START_TEST(test_html)
{
    gate_result_fill(texts[_i].text);
    (void)gate_result_written(avd_gate_write_html);
    ck_assert_uint_eq(gate_result_count_of("<script"), 0);
    ck_assert_uint_eq(gate_result_count_of("<b>"), 0);
    ck_assert_uint_eq(gate_result_count_of("<!--"), 0);
    ck_assert_uint_eq(gate_result_count_of("\x1b"), 0);
    ck_assert_uint_eq(gate_result_count_of("\xe2\x80\xae"), 0);
}
END_TEST

START_TEST(test_absolute_uri)
{
    json_t *root;

    gate_result_fill("/crash dumps/a.dmp");
    root = json_loads(gate_result_written(avd_gate_write_sarif), 0, NULL);
    ck_assert_str_eq(gate_result_value_at(root, "runs/0/results/0/locations/0/physicalLocation/"
                                                "artifactLocation/uri"),
                     "file:///crash%20dumps/a.dmp");
    json_decref(root);
}
END_TEST

/* A name that is too long keeps a third of its beginning and two of its end. */
START_TEST(test_terminal)
{
    static const char name[] = "NULL_POINTER_READ_c0000005_a-very-long-name-of-a-program.exe!Start";

    gate_result_fill(name);
    gate_bucket.followup = "app!Start";
    gate_bucket.example = "a.dmp";
    gate_result.columns = 70;
    (void)gate_result_written(avd_gate_write_table);
    gate_result_expect("       3 new      ", "NULL_POINT...f-a-program.exe!Start",
                       " app!Start a.dmp\n");
    gate_result.columns =
        18 + sizeof name - 1 + 1 + 9 + 1 + 7; /* "example" is wider than "a.dmp" */
    (void)gate_result_written(avd_gate_write_table);
    gate_result_expect("       3 new      ", name, " app!Start a.dmp\n");
    gate_result.columns--;
    (void)gate_result_written(avd_gate_write_table);
    ck_assert_uint_eq(gate_result_count_of("..."), 1);
    /* Letters of several bytes are not cut in two. */
    gate_bucket.title = "\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c"
                        "\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c";
    gate_result.columns = 1; /* narrower than any line can be */
    (void)gate_result_written(avd_gate_write_table);
    gate_result_expect(
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

    gate_result_fill("a `text` with <all> of \"it\" \xff\n");
    for (n = 1; !good; n++) {
        struct avd_strbuf text;

        avd_strbuf_init(&text);
        avd_mem_fail_once(n);
        writer->write(&gate_result, &text);
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
    gate_result_use(tests);
    tcase_add_loop_test(tests, test_document, 0, DOCUMENT_COUNT * TEXT_COUNT);
    tcase_add_loop_test(tests, test_json, 0, TEXT_COUNT);
    tcase_add_loop_test(tests, test_issue_body, 0, TEXT_COUNT);
    tcase_add_loop_test(tests, test_html, 0, TEXT_COUNT);
    tcase_add_test(tests, test_absolute_uri);
    tcase_add_test(tests, test_terminal);
    tcase_add_loop_test(tests, test_no_memory, 0, writers);
}

int main(void)
{
    return suite_main("gate_output", add_tests);
}
