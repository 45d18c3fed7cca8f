/* SPDX-License-Identifier: MIT */
/* The text report: what a reader sees, line by line; nothing hostile reaches a terminal. */
#include "support/report_fixture.h"
#include "support/suite.h"
#include "support/text_out.h"

#include "base/memory.h"
#include "base/utf.h"
#include "report/words.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *render(const struct avd_report *report, const struct avd_write_options *options)
{
    return text_out_render(&avd_render_text, report, options);
}

/* Whether `lines` (one or several, each ended by a newline) stands in `text` as whole lines. */
static bool has_lines(const char *text, const char *lines)
{
    const char *found = text;

    while ((found = strstr(found, lines)) != NULL) {
        if (found == text || found[-1] == '\n')
            return true;
        found++;
    }
    return false;
}

/* Check's messages end at 4096 bytes, the report is printed beside them. */
static void show(const char *text)
{
    fprintf(stderr, "---- found\n%s----\n", text);
}

static void assert_lines(const char *text, const char *lines)
{
    if (has_lines(text, lines))
        return;
    show(text);
    ck_abort_msg("expected:\n%s", lines);
}

static void assert_no_text(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        return;
    show(text);
    ck_abort_msg("unexpected '%s'", part);
}

/* Every byte may go to a terminal. */
static void assert_harmless(const char *text)
{
    size_t size = strlen(text);
    size_t i = 0;

    while (i < size) {
        size_t length = avd_utf8_length(text + i, size - i);

        ck_assert_msg(length != 0, "byte %zu is not UTF-8", i);
        ck_assert_msg(text[i] == '\n' || !avd_utf8_is_control(text + i, length),
                      "control character at byte %zu", i);
        i += length;
    }
}

START_TEST(first_screen_of_a_crash)
{
    static const char expected[] =
        "what    STATUS_ACCESS_VIOLATION (0xc0000005): write to address 0x45\n"
        "where   test_app!CrashFunction+0x1e\n"
        "thread  0 (0xbf4, \"main\")\n"
        "\n"
        "stack of thread 0 (0xbf4, \"main\"), crashed, registers from exception context\n"
        " # ChildEBP RetAddr  Args to Child              Call Site\n"
        "00 0012fe88 00404200 00000045 0042bc58 0012fe94 test_app!CrashFunction+0x1e"
        " [test_app.cc @ 58]\n"
        "01 0012ff70 004053ec 00000001 003334a8 00333500 test_app+0x4200 [fp]\n"
        "02 0012fff0 --------                            kernel32!RegisterWaitForInputIdle+0x49"
        " ~ [scan]\n"
        "   ends here: the stack at 0x12fff0 is not in the dump\n"
        "   ~ is the nearest export or public symbol, perhaps not this function's own name; [fp] "
        "found"
        " by the\n"
        "   frame pointer; [scan] found by searching the stack, perhaps left by an earlier call\n"
        "\n"
        "findings\n"
        "  error: Write through a null pointer [null-pointer], medium confidence\n"
        "    test_app wrote to 0x45, close to 0\n"
        "    the pointer: 0x45\n"
        "    because - the write went to 0x45\n"
        "            - the first 64 KiB are never mapped\n"
        "    advice  - look for a pointer that was not set\n"
        "  1 rule could not be decided with what this dump holds (-v says why)\n"
        "\n"
        "exception\n";
    const char *text = text_out_of(&avd_render_text, report_fixture_crash, NULL);

    assert_lines(text, expected);
    ck_assert_int_eq(strncmp(text, expected, sizeof expected - 1), 0);
    assert_harmless(text);
}
END_TEST

START_TEST(details_of_a_crash)
{
    const char *text = text_out_of(&avd_render_text, report_fixture_crash, NULL);

    assert_lines(text, "exception\n"
                       "  code        0xc0000005 STATUS_ACCESS_VIOLATION"
                       " (EXCEPTION_ACCESS_VIOLATION_WRITE)\n"
                       "  meaning     the program touched memory that it must not touch\n"
                       "  address     0040429e test_app.exe+0x429e\n"
                       "  write       00000045\n"
                       "  thread      0 (0xbf4, \"main\")\n"
                       "  flags       0x1 EXCEPTION_NONCONTINUABLE\n"
                       "  parameters  0  0x1   the instruction tried to write\n"
                       "              1  0x45  to this address\n"
                       "  nested      another exception record at 0012f000\n"
                       "  found in    exception stream\n");
    assert_lines(text,
                 "threads\n"
                 "     #  id      name  last error                top frame\n"
                 " *   0  0xbf4   main  0x2 ERROR_FILE_NOT_FOUND  test_app!CrashFunction+0x1e\n"
                 "     1  0x11c0        0                         ntdll!KiFastSystemCallRet,"
                 " suspend count 1\n"
                 "     2  0x11c4                                  ntdll!KiFastSystemCallRet,"
                 " exited\n"
                 "   * crashed\n");
    assert_lines(text,
                 "modules on the stacks\n"
                 "  start    end       module    version        file\n"
                 "  00400000 0042d000  test_app                 test_app.exe (main)\n"
                 "  7c800000 7c8f4000  kernel32  5.1.2600.2945  kernel32.dll\n"
                 "  7c900000 7c9b0000  ntdll     5.1.2600.2180  ntdll.dll (overlaps kernel32)\n"
                 "  ... and 1 more (-v shows all)\n"
                 "  1 unloaded module (-v lists them)\n");
    assert_lines(text, "process and system\n"
                       "  process     id 3932 (0xf5c), test_app.exe, up 1 min 54 s\n"
                       "  assertion   p != NULL in check [check.c @ 12]\n"
                       "  system      Windows NT 5.1.2600 Service Pack 2\n"
                       "  cpu         x86, GenuineIntel family 6 model 13 stepping 8, 1 processor\n"
                       "  annotations test_app.exe: channel = beta\n");
    assert_lines(text, "dump\n"
                       "  file        minidump2.dmp, 11218 bytes\n"
                       "  written     2007-02-14T19:13:55Z\n"
                       "  flags       0x3 MiniDumpWithDataSegs | MiniDumpWithFullMemory\n"
                       "  memory      380 bytes in 1 range\n"
                       "  comment     first line\n"
                       "              second line\n");
    assert_lines(text,
                 "notes\n"
                 "  module list at 0xe4: 14 modules need 1516 bytes, stream has 1408; reading 13 of"
                 " 14\n"
                 "  memory list: 2 ranges overlap; the first one counts\n");
}
END_TEST

START_TEST(verbose_adds_registers_modules_and_reasons)
{
    const struct avd_write_options options = {.verbose = 1};
    struct avd_report report;
    const char *text;

    report_fixture_crash(&report);
    text = render(&report, &options);
    assert_lines(text, "eip=0040429e esp=0012fe84 ebp=0012fe88 eax=00000045\n"
                       " # ChildEBP RetAddr  Args to Child              Call Site\n");
    assert_lines(text, "  59a60000 59b01000  dbghelp   5.1.2600.2180  dbghelp.dll (listed"
                       " twice)\n");
    assert_lines(text, "      image 45d35f6c2d000, symbols test_app.pdb"
                       " 5A9832E5287241C1838ED98914E9B7FF1\n");
    assert_lines(text, "rules that could not be decided\n"
                       "  heap-corruption: heap.flags is not known: the heap is not in the dump\n");
    assert_lines(text, "    pattern - NULL Pointer\n"
                       "    see     - https://example.com/null\n");
    assert_lines(text, "unloaded modules\n"
                       "  10000000 10010000  gone.dll\n");
    assert_no_text(text, "(-v ");
    assert_lines(text, "00 0012fe88 00404200 00000045 0042bc58 0012fe94"
                       " test_app!CrashFunction+0x1e [test_app.cc @ 58]\n"
                       "   void __cdecl CrashFunction(int)\n");
    assert_no_text(render(&report, NULL), "__cdecl");
}
END_TEST

START_TEST(all_threads_shows_equal_stacks_once)
{
    const struct avd_write_options options = {.all_threads = 1};
    struct avd_report report;
    const char *text;

    report_fixture_crash(&report);
    text = render(&report, NULL);
    assert_no_text(text, "0050fe80");
    text = render(&report, &options);
    assert_lines(text, "stack of threads 1-2, values of thread 1 (0x11c0), registers from thread"
                       " context\n"
                       " # ChildEBP RetAddr  Call Site\n"
                       "00 0050fe80 10001234 ntdll!KiFastSystemCallRet\n"
                       "01 0050fe90 00000000 <Unloaded_gone.dll>+0x1234 [cfi scan]\n"
                       "   [cfi scan] found by unwind data and searching\n"
                       "\n");
    assert_no_text(text, "of thread 2");
    /* The crashing thread is not shown twice. */
    ck_assert_ptr_eq(strstr(strstr(text, "stack of thread 0") + 1, "stack of thread 0"), NULL);
}
END_TEST

START_TEST(threads_with_the_crashing_threads_stack_are_named)
{
    const struct avd_write_options options = {.all_threads = 1};
    struct avd_rep_thread threads[6];
    struct avd_report report;
    size_t i;

    report_fixture_crash(&report);
    for (i = 0; i < 6; i++)
        threads[i] = report.threads[i == 4 ? 1 : 0];
    report.threads = threads;
    report.thread_count = 6;
    report.crashing_thread = 1;
    /* 0, 1, 2, 3 and 5 are alike; thread 0 leads although thread 1 is the one shown above. */
    assert_lines(render(&report, &options), "stack of threads 0-3, 5, values of thread 0"
                                            " (0xbf4, \"main\"), registers from exception"
                                            " context\n");
    report.crashing_thread = 0;
    assert_lines(render(&report, &options), "threads 1-3, 5: the same stack as thread 0 above\n");
    assert_lines(avd_strbuf_text(&text_out), "stack of thread 4 (0x11c0), registers from thread"
                                             " context\n");
}
END_TEST

START_TEST(wow64_shows_the_32_bit_stack_first)
{
    static const char stack32[] =
        "32-bit stack of thread 0 (0x2fe4), crashed, registers from cpu area\n"
        " # ChildEBP RetAddr  Args to Child              Call Site\n"
        "00 0012d98c 7da4a631 000006d9 00000001 00000000 kernel32!RaiseException+0x53\n"
        "01 0012d9a4 00000000 000006d9 0012ddc4 0012dda0 0x7da4a631 [fp]\n"
        "   [fp] found by the frame pointer\n";
    static const char stack64[] =
        "64-bit stack (wow64) of thread 0 (0x2fe4), crashed, registers from exception context\n"
        " # Child-SP          RetAddr           Call Site\n"
        "00 00000000`0016e190 00000000`78b83c7d wow64!Wow64NotifyDebugger+0x9\n"
        "01 00000000`0016edf0 --------`-------- wow64+0x3c7d\n"
        "   ends here: the return address found is no code\n";
    struct avd_write_options options = {0};
    struct avd_report report;
    const char *text;

    report_fixture_wow64(&report);
    text = render(&report, &options);
    assert_lines(text, stack32);
    assert_lines(text, stack64);
    ck_assert(strstr(text, stack32) < strstr(text, stack64));
    assert_lines(text, "  code        0x000006d9 (not a known code)\n");
    assert_lines(text, "  address     00000000`7d4e2366 in no module\n");
    assert_lines(text, "  wow64       wow64.dll is loaded at 0x6b000000\n");
    assert_lines(text, "  flags       0x0 (continuable)\n");
    report.system.os = "Linux";
    text = render(&report, &options);
    assert_no_text(text, "continuable");
    assert_lines(text, "  file        app.dmp, 143 MiB after decompression\n"
                       "  written     time not recorded\n");
    assert_lines(text, "  memory      142 MiB in 412 ranges, full memory; map of 600 regions\n");
    assert_lines(text,
                 "modules on the stacks\n"
                 "  start             end                module    version        file\n"
                 "  00000000`7d4d0000 00000000`7d600000  kernel32  5.2.3790.4062  kernel32.dll"
                 " (loader list)\n");
    options.native_first = 1;
    text = render(&report, &options);
    ck_assert_ptr_ne(strstr(text, stack32), NULL);
    ck_assert(strstr(text, stack64) < strstr(text, stack32));
}
END_TEST

START_TEST(wow64_thread_without_its_32_bit_half_says_why)
{
    const struct avd_write_options options = {.all_threads = 1, .verbose = 1};
    const char *text = text_out_of(&avd_render_text, report_fixture_wow64, &options);

    assert_lines(text, "64-bit stack (wow64) of thread 1 (0x280c), registers from thread context\n"
                       " # Child-SP          RetAddr           Call Site\n"
                       "00 00000000`0016e190 00000000`78b83c7d wow64!Wow64NotifyDebugger+0x9\n"
                       "   ends here: the stack memory needed is not in the dump\n"
                       "   no 32-bit stack: TlsSlots[1] of the TEB is not in the dump\n");
    assert_lines(text, "rip=000000006b006369 rsp=000000000016e190 rbp=0000000000000000\n"
                       "rax=fffffffffffffffe\n");
}
END_TEST

START_TEST(empty_dump_says_so_everywhere)
{
    static const char expected[] = "what    the dump records no exception\n"
                                   "where   not known: the dump holds no threads\n"
                                   "thread  none\n"
                                   "\n"
                                   "stack\n"
                                   "  none: the dump holds no threads\n"
                                   "\n"
                                   "findings\n"
                                   "  none: no rule applies to this dump\n"
                                   "\n"
                                   "exception\n"
                                   "  the dump records no exception\n"
                                   "\n"
                                   "threads\n"
                                   "  the dump holds no threads\n"
                                   "\n"
                                   "modules\n"
                                   "  the dump lists no modules\n"
                                   "\n"
                                   "process and system\n"
                                   "  process     id not recorded\n"
                                   "  system      not recorded\n"
                                   "  cpu         not recorded\n"
                                   "\n"
                                   "dump\n"
                                   "  file        empty.dmp, 32 bytes\n"
                                   "  written     time not recorded\n"
                                   "  flags       0x0 MiniDumpNormal\n"
                                   "  memory      none of the process's memory\n";
    const struct avd_write_options options = {.all_threads = 1, .native_first = 1};
    struct avd_report report;

    report_fixture_empty(&report);
    ck_assert_str_eq(render(&report, NULL), expected);
    ck_assert_str_eq(render(&report, &options), expected);
}
END_TEST

START_TEST(thread_without_frames_says_why)
{
    struct avd_rep_thread thread = {.id = 7};
    struct avd_report report;

    report_fixture_empty(&report);
    thread.stack.end = "no_context";
    report.threads = &thread;
    report.thread_count = 1;
    report.requesting_thread = 0;
    assert_lines(render(&report, NULL),
                 "stack of thread 0 (0x7)\n"
                 "   no frames: the dump has no usable registers of this thread\n");
    assert_lines(avd_strbuf_text(&text_out), "     0  0x7     (no stack)\n");
    report.requesting_thread = AVD_NO_INDEX;
    assert_lines(render(&report, NULL),
                 "  no thread stands out (--all-threads shows every stack)\n");
}
END_TEST

/* `count` frames whose pcs repeat with `period`, one different frame at each end. */
static void make_recursion(struct avd_rep_frame *frames, size_t count, size_t period)
{
    size_t i;

    memset(frames, 0, count * sizeof *frames);
    for (i = 0; i < count; i++) {
        frames[i].index = i;
        frames[i].pc = i == 0 ? 1 : i + 1 == count ? 2 : 0x1000 + i % period;
        frames[i].lookup = frames[i].pc;
        frames[i].trust = i == 0 ? "context" : "cfi";
        frames[i].module = AVD_NO_INDEX;
    }
}

START_TEST(recursion_is_folded)
{
    struct avd_write_options options = {0};
    struct avd_rep_frame frames[102];
    struct avd_rep_thread thread = {.id = 7};
    struct avd_report report;

    report_fixture_empty(&report);
    report.threads = &thread;
    report.thread_count = 1;
    report.crashing_thread = 0;
    thread.stack.present = true;
    thread.stack.pointer_size = 8;
    thread.stack.frames = frames;
    thread.stack.frame_count = 102;
    thread.stack.end = "complete";
    make_recursion(frames, 102, 1);
    assert_lines(render(&report, &options),
                 "00 --------`-------- --------`-------- 0x1\n"
                 "01 --------`-------- --------`-------- 0x1000\n"
                 "   ... frames 2-64 are the same call again, 99 times (-v shows all)\n"
                 "65 --------`-------- 00000000`00000000 0x2\n");
    make_recursion(frames, 102, 2);
    assert_lines(render(&report, &options),
                 "01 --------`-------- --------`-------- 0x1001\n"
                 "02 --------`-------- --------`-------- 0x1000\n"
                 "   ... frames 3-64 are the same 2 calls again, 49 times (-v shows all)\n"
                 "65 --------`-------- 00000000`00000000 0x2\n");
    options.verbose = 1;
    assert_no_text(render(&report, &options), "...");
    options.verbose = 0;
    /* Fifteen repeated rows stay: the sixteenth pays for the line that replaces them. */
    thread.stack.frame_count = 17;
    make_recursion(frames, 17, 1);
    assert_no_text(render(&report, &options), "...");
    thread.stack.frame_count = 19;
    make_recursion(frames, 19, 1);
    assert_lines(render(&report, &options),
                 "   ... frames 2-11 are the same call again, 16 times (-v shows all)\n"
                 "12 --------`-------- 00000000`00000000 0x2\n");
}
END_TEST

START_TEST(colors_only_when_wanted)
{
    const struct avd_write_options options = {.color = 1};
    struct avd_report report;
    struct avd_strbuf stripped;
    const char *p;

    report_fixture_crash(&report);
    avd_strbuf_init(&stripped);
    for (p = render(&report, &options); *p != '\0'; p++) {
        if (*p == '\x1b')
            p += strcspn(p, "m");
        else
            avd_strbuf_add(&stripped, p, 1);
    }
    ck_assert_ptr_ne(strstr(avd_strbuf_text(&text_out), "\x1b[1;31merror\x1b[0m: Write"), NULL);
    ck_assert_ptr_ne(strstr(avd_strbuf_text(&text_out), "\x1b[33m [scan]\x1b[0m"), NULL);
    /* Take the colours away, and the plain report is left. */
    assert_harmless(avd_strbuf_text(&stripped));
    ck_assert_str_eq(avd_strbuf_text(&stripped), render(&report, NULL));
    avd_strbuf_deinit(&stripped);
}
END_TEST

START_TEST(hostile_names_are_escaped)
{
    static const char evil[] = "a\x1b[2J\nwhat    fine\r\t\x7f\xff\xe2\x80\xae\xc2\x9b";
    static const char *const lines[] = {evil};
    const struct avd_write_options options = {.all_threads = 1, .verbose = 1};
    struct avd_rep_finding finding = {.id = evil,
                                      .title = evil,
                                      .severity_name = "error",
                                      .summary = evil,
                                      .evidence = lines,
                                      .evidence_count = 1,
                                      .advice = lines,
                                      .advice_count = 1,
                                      .pattern = evil,
                                      .reference = evil};
    struct avd_rep_undecided undecided = {evil, evil, evil, evil};
    struct avd_rep_annotation annotation = {evil, evil, evil};
    struct avd_rep_parameter parameter = {1, evil};
    struct avd_rep_stream stream = {.type = 3, .name = evil};
    struct avd_note note = {evil, 0, evil};
    struct avd_rep_unloaded unloaded = {1, 2, evil, evil};
    struct avd_rep_module module = {.base = 1,
                                    .end = 2,
                                    .file = evil,
                                    .path = evil,
                                    .display_name = evil,
                                    .version = evil,
                                    .debug_file = evil,
                                    .debug_id = evil,
                                    .code_id = evil,
                                    .overlaps = evil,
                                    .on_stack = true};
    const uint64_t offset = 1;
    struct avd_rep_frame frames[3];
    struct avd_rep_thread thread = {.id = 1,
                                    .name = evil,
                                    .has_last_error = true,
                                    .last_error = 1,
                                    .last_error_name = evil,
                                    .wow64 = true,
                                    .context32_source = evil};
    struct avd_report report;
    const char *text;

    memset(frames, 0, sizeof frames);
    frames[0].module_name = frames[0].function = frames[0].source_file = evil;
    frames[1].module_name = evil;
    frames[1].trust = evil;
    frames[2].unloaded = lines;
    frames[2].unloaded_offsets = &offset;
    frames[2].unloaded_count = 1;
    thread.stack.frames = frames;
    thread.stack.frame_count = 3;
    thread.stack.source = thread.stack.end_detail = evil;
    thread.stack.end = "limit";
    report_fixture_crash(&report);
    report.what = report.where = report.who = evil;
    report.dump.file = report.dump.comment_a = report.dump.comment_w = evil;
    report.dump.streams = &stream;
    report.dump.stream_count = 1;
    report.system.os = report.system.os_version = report.system.service_pack = evil;
    report.system.cpu_arch = report.system.cpu_info = report.system.product_type = evil;
    report.system.wine_version = report.system.build_string = evil;
    report.process.integrity = evil;
    report.exception.name = report.exception.meaning = report.exception.type = evil;
    report.exception.address_module = report.exception.access = report.exception.origin = evil;
    report.exception.parameters = &parameter;
    report.exception.parameter_count = 1;
    report.threads = &thread;
    report.thread_count = 1;
    report.modules = &module;
    report.module_count = 1;
    report.unloaded = &unloaded;
    report.annotations = &annotation;
    report.assertion.expression = report.assertion.function = report.assertion.file = evil;
    report.wow64.present = true;
    report.wow64.evidence = evil;
    report.findings = &finding;
    report.undecided = &undecided;
    report.notes = &note;
    report.note_count = 1;
    text = render(&report, &options);
    assert_harmless(text);
    /* Line breaks of a text may stay where texts are wrapped, but they cannot start a line. */
    ck_assert_ptr_eq(strstr(text, "\nwhat"), NULL);
    assert_lines(text, "what    a\\x1b[2J\n"
                       "        what    fine\n"
                       "        \\x09\\x7f\\xff\\xe2\\x80\\xae\\xc2\\x9b\n");
    avd_strbuf_deinit(&text_out);
    avd_render_text.render_info(&report, &options, &text_out);
    ck_assert(!text_out.failed);
    assert_harmless(avd_strbuf_text(&text_out));
    ck_assert_ptr_eq(strstr(avd_strbuf_text(&text_out), "\nwhat"), NULL);
}
END_TEST

START_TEST(long_text_is_wrapped_and_cut)
{
    struct avd_write_options options = {0};
    struct avd_report report;
    char comment[6001];
    const char *text;
    const char *line;
    size_t i;

    for (i = 0; i + 1 < sizeof comment; i++)
        comment[i] = i % 6 == 5 ? ' ' : 'x';
    comment[i] = '\0';
    report_fixture_empty(&report);
    report.dump.comment_w = comment;
    text = render(&report, &options);
    for (line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        ck_assert_uint_le(strcspn(line, "\n"), 100);
    /* 10 lines of the page, twice over, are looked at: 2000 of the 6000 bytes. */
    assert_lines(text, "              ... and 4000 bytes more (-v shows all)\n");
    options.verbose = 1;
    assert_no_text(render(&report, &options), "...");
    ck_assert_uint_gt(text_out.size, 6000);
    for (i = 0; i < 3000; i += 2)
        comment[i] = 'y', comment[i + 1] = '\n';
    comment[i] = '\0';
    options.verbose = 0;
    assert_lines(render(&report, &options), "              y\n"
                                            "              ... and 2980 bytes more (-v shows"
                                            " all)\n");
}
END_TEST

START_TEST(long_tables_are_cut)
{
    static struct avd_rep_thread threads[43];
    static struct avd_note notes[9];
    struct avd_write_options options = {0};
    struct avd_report report;
    size_t i;

    report_fixture_empty(&report);
    for (i = 0; i < 43; i++)
        threads[i].id = (uint32_t)i;
    for (i = 0; i < 9; i++)
        notes[i] = (struct avd_note){"part", AVD_NO_OFFSET, "odd"};
    report.threads = threads;
    report.thread_count = 43;
    report.notes = notes;
    report.note_count = 9;
    report.notes_dropped = 4;
    threads[42].id = 0x12345678;
    assert_lines(render(&report, &options), "    39  0x27    (no stack)\n"
                                            "  ... and 3 more (-v shows all)\n");
    assert_lines(avd_strbuf_text(&text_out), "  part: odd\n"
                                             "  ... and 7 more (-v shows all)\n");
    options.verbose = 1;
    assert_lines(render(&report, &options), "     #  id          top frame\n");
    assert_lines(avd_strbuf_text(&text_out), "    42  0x12345678  (no stack)\n");
    assert_lines(avd_strbuf_text(&text_out), "  part: odd\n"
                                             "  ... and 4 more, over the ceiling on notes\n");
}
END_TEST

START_TEST(durations_and_missing_threads)
{
    struct avd_report report;

    report_fixture_crash(&report);
    report.process.uptime = 90061;
    report.exception.thread = AVD_NO_INDEX;
    report.exception.thread_id = 0x99;
    assert_lines(render(&report, NULL),
                 "  process     id 3932 (0xf5c), test_app.exe, up 1 d 1 h 1 min 1 s\n");
    assert_lines(avd_strbuf_text(&text_out),
                 "  thread      0x99, which is not in the thread list\n");
    report.process.uptime = 3600;
    assert_lines(render(&report, NULL),
                 "  process     id 3932 (0xf5c), test_app.exe, up 1 h 0 min 0 s\n");
}
END_TEST

START_TEST(info_lists_what_the_dump_holds)
{
    struct avd_report report;
    const char *text;

    report_fixture_crash(&report);
    avd_render_text.render_info(&report, NULL, &text_out);
    text = avd_strbuf_text(&text_out);
    ck_assert(!text_out.failed);
    assert_lines(text, "minidump, 3 streams, 3 threads, 4 modules, 1 unloaded module, 1 handle,"
                       " writer version 0x5128\n");
    assert_lines(text, "streams\n"
                       "  offset            size  type        name\n"
                       "  0x000000b0          52  3           ThreadListStream\n"
                       "  0x000000e4        1408  4           ModuleListStream, truncated\n"
                       "  0x00002a00          16  0x47670001  (not a known stream), duplicate\n");
    assert_lines(text, " *   0  0xbf4   main  0x2 ERROR_FILE_NOT_FOUND  7ffdf000\n");
    assert_lines(text, "  59a60000 59b01000  dbghelp   5.1.2600.2180  dbghelp.dll (listed"
                       " twice)\n");
    avd_strbuf_deinit(&text_out);
    report_fixture_empty(&report);
    avd_render_text.render_info(&report, NULL, &text_out);
    assert_lines(avd_strbuf_text(&text_out), "minidump, 0 streams, 0 threads, 0 modules, 0 unloaded"
                                             " modules, no handle stream, writer version 0x0000\n");
    assert_lines(avd_strbuf_text(&text_out), "streams\n  the dump holds no streams\n");
}
END_TEST

static const char *error_line(const char *where, uint64_t offset, unsigned line, const char *file)
{
    struct avd_error error;

    avd_error_set(&error, AVD_E_FORMAT, offset, where, "it is\x1b[31m wrong");
    error.line = line;
    error.column = line != 0 ? 7 : 0;
    avd_strbuf_deinit(&text_out);
    avd_render_text.render_error(&error, file, NULL, &text_out);
    return avd_strbuf_text(&text_out);
}

START_TEST(errors_are_one_line)
{
    ck_assert_str_eq(error_line("header", 0, 0, "a\nb.dmp"),
                     "avdump: a\\x0ab.dmp: header: it is\\x1b[31m wrong\n");
    ck_assert_str_eq(error_line("header", 0x20, 0, "a.dmp"),
                     "avdump: a.dmp: header at 0x20: it is\\x1b[31m wrong\n");
    ck_assert_str_eq(error_line("", 0, 0, "a.dmp"), "avdump: a.dmp: it is\\x1b[31m wrong\n");
    ck_assert_str_eq(error_line("", 0, 0, NULL), "avdump: it is\\x1b[31m wrong\n");
    ck_assert_str_eq(error_line("rules/a.yaml", 0, 12, NULL),
                     "avdump: rules/a.yaml:12:7: it is\\x1b[31m wrong\n");
    ck_assert_str_eq(error_line("rules/a.yaml", 0, 12, "rules/a.yaml"),
                     "avdump: rules/a.yaml:12:7: it is\\x1b[31m wrong\n");
}
END_TEST

START_TEST(running_out_of_memory_is_reported)
{
    const struct avd_write_options options = {.all_threads = 1, .verbose = 1};
    struct avd_report report;
    unsigned long n;
    bool failed = true;

    report_fixture_crash(&report);
    for (n = 1; failed; n++) {
        avd_strbuf_deinit(&text_out);
        avd_mem_fail_after(n);
        avd_render_text.render(&report, &options, &text_out);
        avd_mem_fail_after(0);
        failed = text_out.failed;
        ck_assert_uint_lt(n, 1000);
    }
    ck_assert_uint_gt(n, 10);
}
END_TEST

START_TEST(times_follow_the_calendar)
{
    static const struct {
        uint32_t seconds;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},          {951782399, "2000-02-28T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"},  {1709164800, "2024-02-29T00:00:00Z"},
        {1735689599, "2024-12-31T23:59:59Z"}, {4107542399, "2100-02-28T23:59:59Z"},
        {4107542400, "2100-03-01T00:00:00Z"}, {4294967295, "2106-02-07T06:28:15Z"},
    };
    char text[AVD_TIME_TEXT];
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        avd_words_time(cases[i].seconds, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(words_for_unknown_numbers)
{
    ck_assert_str_eq(avd_words_dump_flag(0), "MiniDumpWithDataSegs");
    ck_assert_str_eq(avd_words_dump_flag(11), "MiniDumpWithFullMemoryInfo");
    ck_assert_str_eq(avd_words_dump_flag(26), "MiniDumpWithMemoryCompressed");
    ck_assert_ptr_eq(avd_words_dump_flag(27), NULL);
    ck_assert_str_eq(avd_words_exception_flag(7), "EXCEPTION_SOFTWARE_ORIGINATE");
    ck_assert_ptr_eq(avd_words_exception_flag(8), NULL);
    ck_assert_str_eq(avd_words_stack_end("limit"), "the ceiling on frames was reached");
    ck_assert_str_eq(avd_words_stack_end("new word"), "the reason is not known");
    ck_assert_str_eq(avd_words_stack_end(NULL), "the reason is not known");
}
END_TEST

static void add_tests(TCase *tests)
{
    text_out_use(tests);
    tcase_add_test(tests, first_screen_of_a_crash);
    tcase_add_test(tests, details_of_a_crash);
    tcase_add_test(tests, verbose_adds_registers_modules_and_reasons);
    tcase_add_test(tests, all_threads_shows_equal_stacks_once);
    tcase_add_test(tests, threads_with_the_crashing_threads_stack_are_named);
    tcase_add_test(tests, wow64_shows_the_32_bit_stack_first);
    tcase_add_test(tests, wow64_thread_without_its_32_bit_half_says_why);
    tcase_add_test(tests, empty_dump_says_so_everywhere);
    tcase_add_test(tests, thread_without_frames_says_why);
    tcase_add_test(tests, recursion_is_folded);
    tcase_add_test(tests, colors_only_when_wanted);
    tcase_add_test(tests, hostile_names_are_escaped);
    tcase_add_test(tests, long_text_is_wrapped_and_cut);
    tcase_add_test(tests, long_tables_are_cut);
    tcase_add_test(tests, durations_and_missing_threads);
    tcase_add_test(tests, info_lists_what_the_dump_holds);
    tcase_add_test(tests, errors_are_one_line);
    tcase_add_test(tests, running_out_of_memory_is_reported);
    tcase_add_test(tests, times_follow_the_calendar);
    tcase_add_test(tests, words_for_unknown_numbers);
}

int main(void)
{
    return suite_main("report_text", add_tests);
}
