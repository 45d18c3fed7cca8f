/* SPDX-License-Identifier: MIT */
/* What no text may do to a document: end an element or attribute, move the reader's eyes, or make
 * it malformed. Expected values are the HTML standard's character references. */
#include "base/html.h"
#include "base/memory.h"
#include "support/suite.h"
#include "support/text_out.h"

#include <check.h>
#include <string.h>

START_TEST(text_cannot_leave_its_element)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {NULL, ""},
        {"ntdll!Rtl<int>", "ntdll!Rtl&lt;int&gt;"},
        {"</td><script>alert(1)</script>", "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\" onload='x'", "&#34; onload=&#39;x&#39;"},
        {"a & b &amp;", "a &amp; b &amp;amp;"},
        {"a\nb\x1b[2J\x7f", "a\\x0ab\\x1b[2J\\x7f"},
        {"\xc2\x85", "\\xc2\\x85"}, /* NEL, a C1 control */
        {"fdp.\xe2\x80\xae"
         "exe",
         "fdp.\\xe2\\x80\\xaeexe"},            /* U+202E overrides the direction */
        {"\xe2\x81\xa6x", "\\xe2\\x81\\xa6x"}, /* U+2066 isolates */
        {"\xef\xbf\xbe\xef\xbf\xbf", "\\xef\\xbf\\xbe\\xef\\xbf\\xbf"}, /* no characters */
        {"\xff\xc0\x80", "\\xff\\xc0\\x80"},                            /* not UTF-8 */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                            /* a surrogate */
        {"Gr\xc3\xbc\xc3\x9f"
         "e \xf0\x9f\x92\xa5",
         "Gr\xc3\xbc\xc3\x9f"
         "e \xf0\x9f\x92\xa5"},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        avd_strbuf_deinit(&text_out);
        avd_html_text(&text_out, rows[i].text);
        ck_assert_str_eq(avd_strbuf_text(&text_out), rows[i].expected);
    }
}
END_TEST

START_TEST(lines_are_kept_and_cut_between_characters)
{
    avd_html_lines(&text_out, "a\r\nb\rc\nd<", 0);
    ck_assert_str_eq(avd_strbuf_text(&text_out), "a<br/>b<br/>c<br/>d&lt;");
    avd_strbuf_deinit(&text_out);
    /* Two bytes would end inside the second letter. */
    avd_html_lines(&text_out,
                   "a\xc3\xbc"
                   "bc",
                   2);
    ck_assert_str_eq(avd_strbuf_text(&text_out),
                     "a<br/><em>and 4 bytes more, which the JSON report has</em>");
    avd_strbuf_deinit(&text_out);
    avd_html_lines(&text_out, NULL, 5);
    ck_assert_str_eq(avd_strbuf_text(&text_out), "");
}
END_TEST

START_TEST(only_web_addresses_become_links)
{
    avd_html_link(&text_out, "https://example.com/?a=1&b=\"2");
    ck_assert_str_eq(
        avd_strbuf_text(&text_out),
        "<a rel=\"noopener noreferrer\" href=\"https://example.com/?a=1&amp;b=&#34;2\">"
        "https://example.com/?a=1&amp;b=&#34;2</a>");
    avd_strbuf_deinit(&text_out);
    avd_html_link(&text_out, "javascript:alert(1)");
    avd_html_link(&text_out, " https://x");
    avd_html_link(&text_out, "data:text/html,<b>");
    ck_assert_str_eq(avd_strbuf_text(&text_out),
                     "javascript:alert(1) https://xdata:text/html,&lt;b&gt;");
}
END_TEST

START_TEST(document_asks_for_nothing)
{
    const char *text;

    avd_html_begin(&text_out, "</title><script>");
    avd_html_section(&text_out, "x", "X");
    avd_html_table(&text_out, "k", "a table", "One|Two");
    avd_html_table_end(&text_out);
    avd_html_section_end(&text_out);
    avd_html_end(&text_out);
    text = avd_strbuf_text(&text_out);
    ck_assert_ptr_nonnull(strstr(text, "<title>&lt;/title&gt;&lt;script&gt;</title>"));
    ck_assert_ptr_nonnull(strstr(text, "content=\"default-src 'none'; style-src 'unsafe-inline'"));
    ck_assert_ptr_nonnull(strstr(text, "<h2 id=\"x\">X</h2>"));
    ck_assert_ptr_nonnull(
        strstr(text, "<th scope=\"col\">One</th><th scope=\"col\">Two</th></tr></thead>"));
    /* The one address is the name space, which nobody fetches; no style asks for a file. */
    ck_assert_ptr_null(strstr(strstr(text, "://") + 3, "://"));
    ck_assert_ptr_null(strstr(text, "url("));
    ck_assert_ptr_null(strstr(text, "@import"));
    ck_assert_ptr_null(strstr(text, "<script"));
}
END_TEST

START_TEST(out_of_memory_is_told)
{
    avd_mem_fail_after(1);
    avd_html_begin(&text_out, "x");
    avd_html_lines(&text_out, "a\nb", 0);
    avd_html_end(&text_out);
    avd_mem_fail_after(0);
    ck_assert(text_out.failed);
}
END_TEST

static void add_tests(TCase *tests)
{
    text_out_use(tests);
    tcase_add_test(tests, text_cannot_leave_its_element);
    tcase_add_test(tests, lines_are_kept_and_cut_between_characters);
    tcase_add_test(tests, only_web_addresses_become_links);
    tcase_add_test(tests, document_asks_for_nothing);
    tcase_add_test(tests, out_of_memory_is_told);
}

int main(void)
{
    return suite_main("html", add_tests);
}
