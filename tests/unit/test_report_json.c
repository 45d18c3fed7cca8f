/* SPDX-License-Identifier: MIT */
/* The JSON report: values read back with jansson, and every document checked against the schema. */
#include "support/report_fixture.h"
#include "support/suite.h"

#include "base/memory.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/wait.h>
#endif

static struct avd_strbuf out;
static json_t *root;

static void setup(void)
{
    avd_strbuf_init(&out);
    root = NULL;
}

static void teardown(void)
{
    json_decref(root);
    avd_strbuf_deinit(&out);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static void parse(void)
{
    json_error_t error;

    ck_assert(!out.failed);
    json_decref(root);
    root = json_loads(avd_strbuf_text(&out), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(root != NULL, "line %d: %s", error.line, error.text);
}

static void render(const struct avd_report *report)
{
    avd_strbuf_deinit(&out);
    avd_render_json.render(report, NULL, &out);
    parse();
}

/* "threads.0.frames.1.offset" */
static const json_t *get(const char *path)
{
    const json_t *value = root;
    const char *p = path;

    while (*p != '\0') {
        char key[64];
        size_t size = strcspn(p, ".");

        ck_assert_uint_lt(size, sizeof key);
        memcpy(key, p, size);
        key[size] = '\0';
        value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10))
                                     : json_object_get(value, key);
        ck_assert_msg(value != NULL, "no '%s' in %s", key, path);
        p += size + (p[size] == '.');
    }
    return value;
}

static const char *text(const char *path)
{
    const char *value = json_string_value(get(path));

    ck_assert_msg(value != NULL, "%s is no string", path);
    return value;
}

#define assert_text(path, expected) ck_assert_str_eq(text(path), expected)
#define assert_null(path)           ck_assert_msg(json_is_null(get(path)), "%s is not null", path)
#define assert_number(path, expected)                                                              \
    do {                                                                                           \
        ck_assert_msg(json_is_integer(get(path)), "%s is no integer", path);                       \
        ck_assert_int_eq(json_integer_value(get(path)), expected);                                 \
    } while (0)
#define assert_true(path)  ck_assert_msg(json_is_true(get(path)), "%s is not true", path)
#define assert_false(path) ck_assert_msg(json_is_false(get(path)), "%s is not false", path)

START_TEST(crash_in_rust_minidumps_words)
{
    struct avd_report report;

    report_fixture_crash(&report);
    render(&report);
    assert_text("status", "OK");
    assert_number("pid", 3932);
    assert_number("process_uptime", 114);
    assert_text("crash_info.type", "EXCEPTION_ACCESS_VIOLATION_WRITE");
    assert_text("crash_info.address", "0x00000045");
    assert_number("crash_info.crashing_thread", 0);
    assert_text("crash_info.assertion", "p != NULL");
    assert_text("system_info.os", "Windows NT");
    assert_text("system_info.os_ver", "5.1.2600 Service Pack 2");
    assert_text("system_info.cpu_arch", "x86");
    assert_text("system_info.cpu_info", "GenuineIntel family 6 model 13 stepping 8");
    assert_number("system_info.cpu_count", 1);
    assert_null("system_info.cpu_microcode_version");
    assert_number("thread_count", 3);
    ck_assert_uint_eq(json_array_size(get("threads")), 3);
    assert_text("threads.0.thread_name", "main");
    assert_number("threads.0.thread_id", 0xbf4);
    assert_text("threads.0.last_error_value", "ERROR_FILE_NOT_FOUND");
    assert_number("threads.0.frame_count", 3);
    assert_null("threads.1.thread_name");
    assert_text("threads.1.last_error_value", "0x00000000");
    assert_null("threads.2.last_error_value");
    assert_number("main_module", 0);
    assert_text("modules.0.base_addr", "0x00400000");
    assert_text("modules.0.end_addr", "0x0042d000");
    assert_text("modules.0.filename", "test_app.exe");
    assert_text("modules.0.debug_file", "test_app.pdb");
    assert_text("modules.0.debug_id", "5A9832E5287241C1838ED98914E9B7FF1");
    assert_text("modules.0.code_id", "45d35f6c2d000");
    assert_null("modules.0.version");
    assert_text("modules.1.version", "5.1.2600.2945");
    assert_true("modules.0.missing_symbols");
    assert_false("modules.3.missing_symbols");
    assert_false("modules.0.loaded_symbols");
    assert_text("unloaded_modules.0.filename", "gone.dll");
    assert_text("unloaded_modules.0.code_id", "4549514c10000");
    assert_number("handles.0.handle", 0x1c);
    assert_text("handles.0.type_name", "Event");
    assert_null("handles.0.object_name");
}
END_TEST

START_TEST(offsets_of_callers_lie_in_the_call)
{
    struct avd_report report;

    report_fixture_crash(&report);
    render(&report);
    assert_text("threads.0.frames.0.offset", "0x0040429e");
    assert_text("threads.0.frames.0.instruction_pointer", "0x0040429e");
    assert_text("threads.0.frames.0.return_address", "0x00404200");
    assert_text("threads.0.frames.0.stack_pointer", "0x0012fe84");
    assert_text("threads.0.frames.0.frame_pointer", "0x0012fe88");
    assert_text("threads.0.frames.0.arguments.1", "0x0042bc58");
    assert_text("threads.0.frames.0.module", "test_app.exe");
    assert_text("threads.0.frames.0.module_name", "test_app");
    assert_text("threads.0.frames.0.module_offset", "0x0000429e");
    assert_text("threads.0.frames.0.function", "CrashFunction");
    assert_text("threads.0.frames.0.function_decorated", "?CrashFunction@@YAXH@Z");
    assert_text("threads.0.frames.0.function_declaration", "void __cdecl CrashFunction(int)");
    assert_null("threads.0.frames.2.function_decorated");
    assert_null("threads.0.frames.2.function_declaration");
    assert_text("threads.0.frames.0.function_offset", "0x0000001e");
    assert_text("threads.0.frames.0.function_source", "exports");
    assert_false("threads.0.frames.0.function_approximate");
    assert_true("threads.0.frames.0.missing_symbols"); /* a name of an export is no symbol */
    assert_text("threads.0.frames.0.file", "test_app.cc");
    assert_number("threads.0.frames.0.line", 58);
    assert_text("threads.0.frames.1.offset", "0x004041ff");
    assert_text("threads.0.frames.1.instruction_pointer", "0x00404200");
    assert_text("threads.0.frames.1.module_offset", "0x000041ff");
    assert_text("threads.0.frames.1.trust", "frame_pointer");
    assert_null("threads.0.frames.1.function");
    assert_null("threads.0.frames.1.function_offset");
    assert_null("threads.0.frames.1.function_approximate");
    assert_true("threads.0.frames.1.missing_symbols");
    assert_null("threads.0.frames.2.return_address");
    assert_null("threads.0.frames.2.arguments");
    /* 0x49 of the return address is 0x48 of the call. */
    assert_text("threads.0.frames.2.function_offset", "0x00000048");
    assert_true("threads.0.frames.2.function_approximate");
    assert_true("threads.0.frames.2.missing_symbols");
    assert_text("threads.0.stack_end.reason", "no_memory");
    assert_text("threads.0.stack_end.detail", "the stack at 0x12fff0 is not in the dump");
    assert_null("threads.1.frames.1.module");
    assert_null("threads.1.frames.1.module_offset");
    assert_null("threads.1.frames.1.modules_index");
    ck_assert_uint_eq(json_array_size(get("threads.1.frames.1.unloaded_modules")), 2);
    assert_text("threads.1.frames.1.unloaded_modules.0.module", "gone.dll");
    assert_text("threads.1.frames.1.unloaded_modules.0.offsets.0", "0x00001233");
    assert_text("threads.1.frames.1.unloaded_modules.0.offsets.1", "0x00000233");
    assert_text("threads.1.frames.1.unloaded_modules.1.module", "older.dll");
    assert_null("threads.0.frames.0.unloaded_modules");
}
END_TEST

START_TEST(crashing_thread_comes_again_with_registers)
{
    struct avd_report report;
    json_t *again;

    report_fixture_crash(&report);
    render(&report);
    assert_number("crashing_thread.threads_index", 0);
    assert_text("crashing_thread.frames.0.registers.eip", "0x0040429e");
    ck_assert_uint_eq(json_object_size(get("crashing_thread.frames.0.registers")), 4);
    ck_assert_ptr_eq(json_object_get(get("crashing_thread.frames.1"), "registers"), NULL);
    ck_assert_ptr_eq(json_object_get(get("threads.0.frames.0"), "registers"), NULL);
    /* Apart from that it is the same thread. */
    again = json_deep_copy(get("crashing_thread"));
    ck_assert_ptr_ne(again, NULL);
    json_object_del(again, "threads_index");
    json_object_del(json_array_get(json_object_get(again, "frames"), 0), "registers");
    ck_assert_int_eq(json_equal(again, get("threads.0")), 1);
    json_decref(again);
}
END_TEST

START_TEST(what_rust_minidump_does_not_have)
{
    struct avd_report report;

    report_fixture_crash(&report);
    render(&report);
    assert_text("kind", "report");
    assert_text("schema_version", "1.0");
    assert_text("tool.name", "avdump");
    assert_text("tool.version", avd_version());
    assert_text("verdict.where", "test_app!CrashFunction+0x1e");
    assert_text("exception.code", "0xc0000005");
    assert_text("exception.name", "STATUS_ACCESS_VIOLATION");
    assert_text("exception.flags", "0x00000001");
    assert_text("exception.flag_names.0", "EXCEPTION_NONCONTINUABLE");
    assert_true("exception.noncontinuable");
    assert_text("exception.address", "0x0040429e");
    assert_text("exception.module", "test_app.exe");
    assert_text("exception.module_offset", "0x0000429e");
    assert_text("exception.access", "write");
    assert_text("exception.parameters.1.value", "0x00000045");
    assert_text("exception.parameters.1.meaning", "to this address");
    assert_text("exception.nested_record", "0x0012f000");
    assert_number("exception.threads_index", 0);
    assert_text("findings.0.id", "null-pointer");
    assert_text("findings.0.severity", "error");
    assert_text("findings.0.confidence", "medium");
    assert_text("findings.0.explanation", "more of it");
    assert_text("findings.0.tags.0", "a tag");
    assert_text("findings.0.references.0", "a tag");
    assert_text("findings.0.parameters.0.name", "the pointer");
    assert_text("findings.0.parameters.0.value", "0x45");
    assert_text("findings.0.evidence.1", "the first 64 KiB are never mapped");
    assert_text("findings.0.advice.0", "look for a pointer that was not set");
    assert_text("undecided.0.fact", "heap.flags");
    assert_text("undecided.0.reason", "the heap is not in the dump");
    ck_assert_str_eq(json_string_value(
                         json_object_get(json_object_get(get("facts"), "exception.code"), "value")),
                     "0xc0000005");
    ck_assert_str_eq(
        json_string_value(json_object_get(json_object_get(get("facts"), "heap.flags"), "reason")),
        "the heap is not in the dump");
    assert_number("assertion.line", 12);
    assert_text("annotations.0.key", "channel");
    assert_text("dump.file", "minidump2.dmp");
    assert_number("dump.size", 11218);
    assert_text("dump.time", "2007-02-14T19:13:55Z");
    assert_text("dump.flags", "0x0000000000000003");
    assert_text("dump.flag_names.1", "MiniDumpWithFullMemory");
    assert_text("dump.comment_a", "first line\r\nsecond line");
    assert_text("dump.streams.1.name", "ModuleListStream");
    assert_true("dump.streams.1.truncated");
    assert_null("dump.streams.2.name");
    assert_true("dump.streams.2.duplicate");
    assert_number("notes.0.offset", 0xe4);
    assert_null("notes.1.offset");
    assert_false("wow64.is_wow64");
    assert_null("threads.0.wow64");
    assert_null("threads.0.native_frames");
}
END_TEST

START_TEST(wow64_has_both_stacks)
{
    struct avd_report report;

    report_fixture_wow64(&report);
    render(&report);
    assert_true("wow64.is_wow64");
    assert_text("wow64.evidence", "wow64.dll is loaded at 0x6b000000");
    assert_text("wow64.peb32", "0x000000007efde000");
    assert_number("wow64.threads_with_context32", 1);
    assert_text("threads.0.cpu_arch", "x86");
    assert_text("threads.0.wow64.teb32", "0x000000007efdd000");
    assert_text("threads.0.wow64.context32_source", "cpu area");
    /* Each stack in its own width, everything else in the process's. */
    assert_text("threads.0.frames.0.offset", "0x7d4e2366");
    assert_text("threads.0.native_frames.0.offset", "0x000000006b006369");
    assert_text("threads.0.native_frames.1.offset", "0x0000000078b83c7c");
    assert_null("threads.0.native_frames.0.frame_pointer");
    assert_text("threads.0.native_stack_end.reason", "not_code");
    assert_null("threads.0.native_stack_end.detail");
    assert_text("crashing_thread.native_frames.0.registers.rax", "0xfffffffffffffffe");
    assert_text("threads.1.cpu_arch", "amd64");
    assert_null("threads.1.native_frames");
    assert_null("threads.1.wow64.teb32");
    assert_null("exception.name");
    assert_null("exception.module");
    assert_null("exception.module_offset");
    assert_text("crash_info.type", "0x000006d9");
    assert_null("handles");
    assert_null("main_module");
}
END_TEST

START_TEST(empty_dump_is_a_whole_document)
{
    struct avd_report report;

    report_fixture_empty(&report);
    render(&report);
    assert_text("status", "OK");
    assert_null("pid");
    assert_null("crash_info.type");
    assert_null("crash_info.address");
    assert_null("crash_info.crashing_thread");
    assert_null("crashing_thread");
    assert_null("requesting_thread");
    assert_null("exception");
    assert_null("process.pointer_size");
    assert_number("thread_count", 0);
    ck_assert_uint_eq(json_array_size(get("threads")), 0);
    ck_assert_uint_eq(json_object_size(get("facts")), 0);
    assert_null("dump.time");
}
END_TEST

START_TEST(compact_is_one_line_and_says_the_same)
{
    const struct avd_write_options compact = {.compact = 1};
    struct avd_report report;
    json_t *pretty;

    report_fixture_crash(&report);
    render(&report);
    pretty = json_incref(root);
    ck_assert_ptr_ne(strstr(avd_strbuf_text(&out), "\n  \"tool\": {\n    \"name\": \"avdump\","),
                     NULL);
    ck_assert_ptr_ne(strstr(avd_strbuf_text(&out), "\n  \"notes_dropped\": 0\n}\n"), NULL);
    avd_strbuf_deinit(&out);
    avd_render_json.render(&report, &compact, &out);
    parse();
    ck_assert_int_eq(json_equal(pretty, root), 1);
    ck_assert_uint_eq(strcspn(out.text, "\n"), out.size - 1);
    ck_assert_ptr_eq(strstr(out.text, "{\"status\":\"OK\",\"kind\":\"report\","), out.text);
    json_decref(pretty);
}
END_TEST

START_TEST(hostile_text_stays_a_string)
{
    static const char evil[] = "a\x1b[2J\"\\\n\x7f\xff\xe2\x80\xae\xc2\x9b\xc3\xa9\xed\xa0\x80z";
    struct avd_report report;
    size_t i;

    report_fixture_empty(&report);
    report.what = evil;
    render(&report);
    /* What is no UTF-8 is replaced byte by byte, the rest comes back as it was. */
    assert_text("verdict.what", "a\x1b[2J\"\\\n\x7f\xef\xbf\xbd\xe2\x80\xae\xc2\x9b\xc3\xa9"
                                "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    /* And nothing in the document can steer a terminal. */
    for (i = 0; i < out.size; i++)
        ck_assert_msg(out.text[i] == '\n' ||
                          ((unsigned char)out.text[i] >= 0x20 && out.text[i] != 0x7f),
                      "control character at byte %zu", i);
    ck_assert_ptr_ne(strstr(out.text, "\\u007f"), NULL);
    ck_assert_ptr_ne(strstr(out.text, "\\u202e\\u009b\xc3\xa9"), NULL);
}
END_TEST

START_TEST(every_ascii_character_comes_back)
{
    char ascii[128];
    struct avd_report report;
    size_t i;

    for (i = 0; i < sizeof ascii - 1; i++)
        ascii[i] = (char)(i + 1);
    ascii[i] = '\0';
    report_fixture_empty(&report);
    report.what = ascii;
    render(&report);
    assert_text("verdict.what", ascii);
    ck_assert_ptr_ne(strstr(out.text, "\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e"), NULL);
}
END_TEST

START_TEST(numbers_that_json_cannot_hold)
{
    struct avd_rep_handle handle = {.handle = UINT64_MAX};
    struct avd_rep_frame frame = {.pc = 0x10,
                                  .lookup = 0xf,
                                  .function = "f",
                                  .trust = "cfi",
                                  .method = "leaf",
                                  .module = AVD_NO_INDEX};
    struct avd_rep_thread thread = {.id = UINT32_MAX};
    struct avd_report report;

    report_fixture_empty(&report);
    report.has_handles = true;
    report.handles = &handle;
    report.handle_count = 1;
    thread.stack.frames = &frame;
    thread.stack.frame_count = 1;
    report.threads = &thread;
    report.thread_count = 1;
    render(&report);
    assert_null("handles.0.handle");
    assert_number("threads.0.thread_id", UINT32_MAX);
    /* A caller at the very start of its function: its call would lie before it. */
    assert_null("threads.0.frames.0.function_offset");
    assert_null("threads.0.stack_end");
}
END_TEST

START_TEST(info_has_no_stacks)
{
    struct avd_report report;

    report_fixture_crash(&report);
    avd_render_json.render_info(&report, NULL, &out);
    parse();
    assert_text("kind", "info");
    assert_text("dump.streams.0.name", "ThreadListStream");
    assert_number("threads.0.thread_id", 0xbf4);
    ck_assert_ptr_eq(json_object_get(get("threads.0"), "frames"), NULL);
    assert_text("modules.3.filename", "dbghelp.dll");
    assert_text("exception.code", "0xc0000005");
    assert_number("handles.0.handle", 0x1c);
}
END_TEST

START_TEST(error_is_an_object)
{
    struct avd_error error;

    avd_error_set(&error, AVD_E_FORMAT, 0x20, "header", "no \"minidump\"\x1b\xff");
    avd_render_json.render_error(&error, "a\xff.dmp", NULL, &out);
    parse();
    assert_text("status", "ERROR");
    assert_text("kind", "error");
    assert_text("schema_version", "1.0");
    assert_text("error.code", "format");
    assert_text("error.message", "no \"minidump\"\x1b\xef\xbf\xbd");
    assert_text("error.where", "header");
    assert_number("error.offset", 0x20);
    assert_null("error.line");
    assert_text("dump.file", "a\xef\xbf\xbd.dmp");
    avd_strbuf_deinit(&out);
    avd_error_set(&error, AVD_E_RULE, 0, "a.yaml", "wrong");
    error.line = 12;
    error.column = 7;
    avd_render_json.render_error(&error, NULL, NULL, &out);
    parse();
    assert_text("error.code", "rule");
    assert_null("error.offset");
    assert_number("error.line", 12);
    assert_number("error.column", 7);
    assert_null("dump.file");
}
END_TEST

START_TEST(running_out_of_our_memory_is_reported)
{
    struct avd_report report;
    unsigned long n;
    bool failed = true;

    report_fixture_crash(&report);
    report.what = "mended \xff";
    for (n = 1; failed; n++) {
        avd_strbuf_deinit(&out);
        avd_mem_fail_after(n);
        avd_render_json.render(&report, NULL, &out);
        avd_mem_fail_after(0);
        failed = out.failed;
        ck_assert_uint_lt(n, 1000);
    }
    ck_assert_uint_gt(n, 5);
    parse();
}
END_TEST

#ifndef _WIN32 /* where other tests run the validator, on this machine */

/* Feeds one document to the validator; false when there is no python3-jsonschema. */
static bool validate(void)
{
    FILE *pipe = popen("python3 '" TESTDATA "/../tests/support/validate_json.py' '" TESTDATA
                       "/../docs/avdump-report.schema.json' - 1>&2",
                       "w");
    int status;

    ck_assert(!out.failed);
    ck_assert_ptr_ne(pipe, NULL);
    ck_assert_uint_eq(fwrite(out.text, 1, out.size, pipe), out.size);
    status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127)
        return false;
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    return true;
}

START_TEST(documents_follow_the_schema)
{
    void (*const fixtures[])(struct avd_report *) = {report_fixture_crash, report_fixture_wow64,
                                                     report_fixture_empty};
    const struct avd_write_options compact = {.compact = 1};
    struct avd_report report;
    struct avd_error error;
    size_t i;

    /* The validator takes documents one behind the other, which saves starting it seven times. */
    for (i = 0; i < 3; i++) {
        fixtures[i](&report);
        avd_render_json.render(&report, i == 1 ? &compact : NULL, &out);
        avd_render_json.render_info(&report, NULL, &out);
    }
    avd_error_set(&error, AVD_E_FORMAT, 0x20, "header", "wrong");
    avd_render_json.render_error(&error, "a.dmp", NULL, &out);
    if (!validate())
        fprintf(stderr, "schema not checked: python3 or python3-jsonschema is missing\n");
}
END_TEST

#endif

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, crash_in_rust_minidumps_words);
    tcase_add_test(tests, offsets_of_callers_lie_in_the_call);
    tcase_add_test(tests, crashing_thread_comes_again_with_registers);
    tcase_add_test(tests, what_rust_minidump_does_not_have);
    tcase_add_test(tests, wow64_has_both_stacks);
    tcase_add_test(tests, empty_dump_is_a_whole_document);
    tcase_add_test(tests, compact_is_one_line_and_says_the_same);
    tcase_add_test(tests, hostile_text_stays_a_string);
    tcase_add_test(tests, numbers_that_json_cannot_hold);
    tcase_add_test(tests, info_has_no_stacks);
    tcase_add_test(tests, error_is_an_object);
    tcase_add_test(tests, running_out_of_our_memory_is_reported);
    tcase_add_test(tests, every_ascii_character_comes_back);
#ifndef _WIN32
    tcase_add_test(tests, documents_follow_the_schema);
#endif
}

int main(void)
{
    return suite_main("report_json", add_tests);
}
