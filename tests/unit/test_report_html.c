/* SPDX-License-Identifier: MIT */
/* The HTML report: its structure, what it says, and that no name from a dump becomes markup. */
#include "support/report_fixture.h"
#include "support/suite.h"
#include "support/text_out.h"

#include "base/memory.h"
#include "report/html.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *render(const struct avd_report *report, const struct avd_write_options *options)
{
    return text_out_render(&avd_render_html, report, options);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fprintf(stderr, "---- found\n%s----\n", text);
    ck_assert_msg(strstr(text, part) != NULL, "expected '%s'", part);
}

static void assert_lacks(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "unexpected '%s'", part);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    while ((text = strstr(text, part)) != NULL) {
        count++;
        text++;
    }
    return count;
}

START_TEST(crash_is_told_from_the_verdict_down)
{
    const char *text = text_out_of(&avd_render_html, report_fixture_crash, NULL);

    assert_has(text, "<title>minidump2.dmp - avdump</title>");
    assert_has(text, "<h1>STATUS_ACCESS_VIOLATION (0xc0000005): write to address 0x45</h1>");
    assert_has(text, "<dt>thread</dt><dd>thread 0 (0xbf4, &#34;main&#34;)</dd>");
    /* The stack, as WinDbg has it, with how each frame was found in words. */
    assert_has(text, "<td class=\"n\">00</td><td class=\"a\">0012fe88</td><td class=\"a\">00404200"
                     "</td><th class=\"s\" scope=\"row\">test_app!CrashFunction+0x1e<span "
                     "class=\"src\">test_app.cc @ 58</span></th><td class=\"w\">registers</td>");
    assert_has(text, "test_app+0x4200</th><td class=\"w\">frame pointer</td>");
    assert_has(text, "kernel32!RegisterWaitForInputIdle+0x49 <span class=\"dim\">(nearest name)"
                     "</span></th><td class=\"w\">searched, perhaps left over</td>");
    assert_has(text, "ends here: the stack at 0x12fff0 is not in the dump");
    assert_has(text, "<span class=\"error\">error</span>: Write through a null pointer <code "
                     "class=\"dim\">null-pointer</code>");
    assert_has(text, "<li>the write went to 0x45</li>");
    assert_has(text, "<li>look for a pointer that was not set</li>");
    assert_has(text, "href=\"https://example.com/null\"");
    assert_has(text, "1 rule could not be decided");
    assert_has(text, "<dt>comment</dt><dd>first line<br/>second line</dd>");
    assert_has(text, "module list at 0xe4: 14 modules need 1516 bytes, stream has 1408");
    assert_has(text, "gone.dll");
    assert_has(text, "p != NULL in check [check.c @ 12]");
}
END_TEST

START_TEST(trust_is_drawn_by_height_and_said_in_words)
{
    const char *text = text_out_of(&avd_render_html, report_fixture_crash, NULL);

    assert_has(text, "aria-label=\"trust in 3 frames, innermost first\"");
    /* From the surest down: registers 30 of 30 units, the frame pointer's 24, the scan's 12. */
    assert_has(text, "<rect class=\"t4\" x=\"1\" y=\"0\" width=\"8\" height=\"30\"/><rect "
                     "class=\"t3\" x=\"11\" y=\"6\" width=\"8\" height=\"24\"/><rect class=\"t1\" "
                     "x=\"21\" y=\"18\" width=\"8\" height=\"12\"/></svg>");
    assert_has(text, "1 from registers or unwind data</li>");
    assert_has(text, "1 by frame pointer or a call that leads here</li>");
    assert_has(text, "1 by searching the stack</li>");
}
END_TEST

START_TEST(equal_stacks_are_folded_once)
{
    const char *text = text_out_of(&avd_render_html, report_fixture_crash, NULL);

    ck_assert_uint_eq(count_of(text, "<details id=\"thread-"), 1);
    assert_has(text, "<details id=\"thread-1\"><summary>Threads 1-2, values of thread 1 ");
}
END_TEST

START_TEST(wow64_stacks_stand_side_by_side)
{
    struct avd_write_options native = {0};
    struct avd_report report;
    const char *text;

    report_fixture_wow64(&report);
    text = render(&report, NULL);
    assert_has(text,
               "<div class=\"pair two\">\n<div><h3>32-bit stack <span class=\"dim\">registers "
               "from cpu area</span></h3>");
    assert_has(text, "<h3>64-bit stack (wow64)");
    assert_has(text, "no 32-bit stack: TlsSlots[1] of the TEB is not in the dump");
    native.native_first = 1;
    text = render(&report, &native);
    assert_has(text, "<div class=\"pair two\">\n<div><h3>64-bit stack (wow64)");
}
END_TEST

/* Every link of the document leads to something in it. */
START_TEST(anchors_lead_somewhere)
{
    void (*const fixtures[])(struct avd_report *) = {report_fixture_crash, report_fixture_wow64,
                                                     report_fixture_empty};
    size_t i;

    for (i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++) {
        struct avd_report report;
        const char *text;
        const char *p;

        fixtures[i](&report);
        text = render(&report, NULL);
        ck_assert_uint_gt(count_of(text, "href=\"#"), 5);
        for (p = strstr(text, "href=\"#"); p != NULL; p = strstr(p + 1, "href=\"#")) {
            char id[40];

            (void)snprintf(id, sizeof id, " id=\"%.*s\"", (int)strcspn(p + 7, "\""), p + 7);
            ck_assert_msg(count_of(text, id) == 1, "%s is there %zu times", id, count_of(text, id));
        }
    }
}
END_TEST

START_TEST(hostile_names_stay_text)
{
    static const char evil[] = "</td><script>alert(1)</script>\"'\xe2\x80\xae\x01";
    static const char tame[] = "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;"
                               "\\xe2\\x80\\xae\\x01";
    struct avd_rep_frame frames[1];
    struct avd_rep_thread threads[1];
    struct avd_rep_module modules[1];
    struct avd_rep_annotation annotations[1] = {{evil, evil, evil}};
    struct avd_rep_finding findings[1] = {{0}};
    struct avd_note notes[1] = {{evil, 1, evil}};
    const char *lists[1] = {evil};
    struct avd_report report;
    const char *text;

    report_fixture_crash(&report);
    threads[0] = report.threads[0];
    frames[0] = threads[0].stack.frames[0];
    modules[0] = report.modules[0];
    frames[0].function = frames[0].module_name = frames[0].source_file = evil;
    threads[0].name = threads[0].last_error_name = evil;
    threads[0].stack.frames = frames;
    threads[0].stack.frame_count = 1;
    threads[0].stack.end_detail = threads[0].stack.source = evil;
    modules[0].file = modules[0].path = modules[0].version = modules[0].debug_file = evil;
    modules[0].debug_id = evil;
    findings[0].title = findings[0].id = findings[0].summary = findings[0].explanation = evil;
    findings[0].evidence = findings[0].advice = findings[0].references = lists;
    findings[0].evidence_count = findings[0].advice_count = findings[0].reference_count = 1;
    report.what = report.where = report.who = report.blamed = evil;
    report.dump.file = report.dump.comment_a = report.dump.comment_w = evil;
    report.system.os = report.system.cpu_info = report.system.build_string = evil;
    report.exception.name = report.exception.meaning = report.exception.address_module = evil;
    report.assertion.expression = report.assertion.file = evil;
    report.threads = threads;
    report.thread_count = 1;
    report.modules = modules;
    report.module_count = 1;
    report.annotations = annotations;
    report.annotation_count = 1;
    report.findings = findings;
    report.finding_count = 1;
    report.notes = notes;
    report.note_count = 1;
    text = render(&report, NULL);
    ck_assert_uint_gt(count_of(text, tame), 30);
    assert_lacks(text, "<script");
    assert_lacks(text, "\xe2\x80\xae");
    assert_lacks(text, "\x01");
    avd_strbuf_deinit(&text_out);
    avd_render_html.render_info(&report, NULL, &text_out);
    assert_has(avd_strbuf_text(&text_out), tame);
    assert_lacks(avd_strbuf_text(&text_out), "<script");
}
END_TEST

START_TEST(long_stacks_and_tables_are_cut_and_say_so)
{
    enum { FRAMES = 5000, MODULES = 3000 };
    static struct avd_rep_frame frames[FRAMES];
    static struct avd_rep_module modules[MODULES];
    struct avd_rep_thread thread;
    struct avd_report report;
    const char *text;
    size_t i;

    report_fixture_crash(&report);
    thread = report.threads[0];
    for (i = 0; i < FRAMES; i++) {
        frames[i] = thread.stack.frames[0];
        frames[i].index = i;
    }
    for (i = 0; i < MODULES; i++)
        modules[i] = report.modules[1];
    thread.stack.frames = frames;
    thread.stack.frame_count = FRAMES;
    report.threads = &thread;
    report.thread_count = 1;
    report.modules = modules;
    report.module_count = MODULES;
    text = render(&report, NULL);
    assert_has(text, "4640 frames are left out here; the JSON report has them");
    assert_has(text, "<td class=\"n\">1387</td>"); /* the last one */
    assert_has(text, "trust in 5000 frames");
    ck_assert_uint_le(count_of(text, "class=\"t4\""), 162);
    assert_has(text, "and 1000 more, which the JSON report has");
    ck_assert_uint_lt(strlen(text), 2000000);
}
END_TEST

START_TEST(empty_dump_says_so)
{
    const char *text = text_out_of(&avd_render_html, report_fixture_empty, NULL);

    assert_has(text, "class=\"verdict calm\"");
    assert_has(text, "none: the dump holds no threads");
    assert_has(text, "the dump lists no modules");
    assert_has(text, "the dump records no exception");
    assert_lacks(text, "id=\"memory\"");
}
END_TEST

START_TEST(map_is_drawn_from_runs)
{
    struct avd_rep_strip strip;
    struct avd_report report;
    const char *text;

    report_fixture_crash(&report);
    memset(&strip, 0, sizeof strip);
    strip.start = 0x400000;
    strip.end = 0x42d000;
    strip.used = 0x2d000;
    strip.modules = 1;
    memset(strip.cells, AVD_MAP_IMAGE, 100);
    memset(strip.cells + 150, AVD_MAP_STACK | AVD_MAP_IN_DUMP, 50);
    report.map.strips = &strip;
    report.map.strip_count = 1;
    report.map.sizes[AVD_MAP_IMAGE] = 0x2d000;
    text = render(&report, NULL);
    assert_has(text,
               "<rect class=\"m5\" x=\"0\" width=\"100\" y=\"0\" height=\"22\"/><rect "
               "class=\"m6\" x=\"150\" width=\"50\" y=\"0\" height=\"22\"/><rect class=\"md\" "
               "x=\"150\" width=\"50\" y=\"25\" height=\"5\"/></svg>");
    assert_has(text, "modules: 180 KiB");
    assert_has(text, "180 KiB, 1 module</td>");
}
END_TEST

START_TEST(errors_and_symbols_are_documents_too)
{
    struct avd_report report;
    struct avd_error error = {0};

    error.code = AVD_E_FORMAT;
    (void)snprintf(error.message, sizeof error.message, "no <MDMP> at its start");
    avd_render_html.render_error(&error, "a<b.dmp", NULL, &text_out);
    assert_has(avd_strbuf_text(&text_out), "avdump: a&lt;b.dmp: no &lt;MDMP&gt; at its start");
    report_fixture_crash(&report);
    avd_strbuf_deinit(&text_out);
    avd_render_html.render_symbols(&report, false, NULL, &text_out);
    assert_has(avd_strbuf_text(&text_out), "<h1>Symbols</h1>");
}
END_TEST

START_TEST(running_out_of_memory_is_reported)
{
    struct avd_report report;
    unsigned long n;
    bool failed = true;

    report_fixture_crash(&report);
    for (n = 1; failed; n++) {
        avd_strbuf_deinit(&text_out);
        avd_mem_fail_after(n);
        avd_render_html.render(&report, NULL, &text_out);
        avd_mem_fail_after(0);
        failed = text_out.failed;
        ck_assert_uint_lt(n, 1000);
    }
    ck_assert_uint_gt(n, 3);
}
END_TEST

static void add_tests(TCase *tests)
{
    text_out_use(tests);
    tcase_add_test(tests, crash_is_told_from_the_verdict_down);
    tcase_add_test(tests, trust_is_drawn_by_height_and_said_in_words);
    tcase_add_test(tests, equal_stacks_are_folded_once);
    tcase_add_test(tests, wow64_stacks_stand_side_by_side);
    tcase_add_test(tests, anchors_lead_somewhere);
    tcase_add_test(tests, hostile_names_stay_text);
    tcase_add_test(tests, long_stacks_and_tables_are_cut_and_say_so);
    tcase_add_test(tests, empty_dump_says_so);
    tcase_add_test(tests, map_is_drawn_from_runs);
    tcase_add_test(tests, errors_and_symbols_are_documents_too);
    tcase_add_test(tests, running_out_of_memory_is_reported);
}

int main(void)
{
    return suite_main("report_html", add_tests);
}
