/* SPDX-License-Identifier: MIT */
/*
 * Conditions over rows, expressions and bindings, judged over facts that are written down as a
 * rule's tests are. Each condition is tried where it holds, where it does not, and where it cannot
 * be known.
 */
#include "base/memory.h"
#include "rules/cases.h"
#include "rules/judge.h"
#include "rules/template.h"
#include "support/rule_parse.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct avd_facts facts;
static struct avd_judge judge;

/* The process of every test: three threads, the second crashed. */
static const char process[] =
    "{exception.code: 0xC0000005, access.address: 0x1ff0, stack.low: 0x2000, pc.module: app.exe,"
    " threads: [{id: 1, frames: [ntdll!NtWaitForSingleObject, kernelbase!WaitForSingleObject,"
    " app!worker, kernel32!BaseThreadInitThunk]},"
    " {id: 2, crashed: true, last_error: 6, name: main, frames: [msvcrt!memcpy, {module: app},"
    " app!copy, app!main, kernel32!BaseThreadInitThunk]},"
    " {id: 3, user_time: 70000, kernel_time: 5, frames: [ntdll!NtWaitForSingleObject, "
    "app!worker]}],"
    " modules: [{name: app.exe, base: 0x400000, size: 0x1000}, ntdll.dll, {name: hook.dll,"
    " path: 'C:\\temp\\hook.dll', version_major: 2}],"
    " parameters: [{value: 1}, {value: 0x1ff0}]}";

/* Judges `when` (YAML flow) with `let` ("" for none) over the process. */
static enum avd_verdict run(const char *let, const char *when, struct avd_lack *lack)
{
    static struct avd_rule_list list;
    struct avd_rule_problems problems = {0};
    struct avd_error err = {0};
    char text[4000];
    int size =
        snprintf(text, sizeof text,
                 "id: r\ntitle: T\nseverity: error\n%s%s%swhen: %s\ntests:\n  positive:\n"
                 "    - %s\n",
                 let[0] != '\0' ? "let: " : "", let, let[0] != '\0' ? "\n" : "", when, process);

    memset(&list, 0, sizeof list);
    ck_assert_int_lt(size, (int)sizeof text);
    if (rule_parse(&test_arena, "t.yaml", text, (size_t)size, &list, &err) != AVD_OK)
        ck_abort_msg("%u:%u: %s in %s", err.line, err.column, err.message, text);
    avd_facts_init(&facts, &test_arena);
    problems.arena = &test_arena;
    ck_assert_int_eq(avd_rule_test_facts(list.items[0].tests[0].facts, "t.yaml", &problems, &facts),
                     AVD_OK);
    avd_judge_init(&judge, &list.items[0], &facts, &test_arena);
    return avd_judge_expr(&judge, 0, lack);
}

static void assert_let(const char *let, const char *when, const char *expected)
{
    struct avd_lack lack = {NULL, NULL};
    enum avd_verdict verdict = run(let, when, &lack);
    const char *got = verdict == AVD_TRUE ? "true" : verdict == AVD_FALSE ? "false" : lack.reason;

    ck_assert_msg(strcmp(got, expected) == 0, "%s: %s, expected %s", when, got, expected);
    if (verdict == AVD_UNDECIDED)
        ck_assert_ptr_nonnull(lack.what);
}

static void assert_when(const char *when, const char *expected)
{
    assert_let("", when, expected);
}

/* What a template shows after `when` was judged. */
static void assert_shows(const char *let, const char *when, const char *template_,
                         const char *expected)
{
    struct avd_lack lack = {NULL, NULL};
    struct avd_strbuf out;

    (void)run(let, when, &lack);
    avd_strbuf_init(&out);
    (void)avd_template_expand(template_, &judge, &out);
    ck_assert_str_eq(avd_strbuf_text(&out), expected);
    avd_strbuf_deinit(&out);
}

static const char not_given[] = "the test does not give it";

START_TEST(some_row)
{
    assert_when("{any_module: hook.dll}", "true");
    assert_when("{any_module: HOOK.*}", "true");
    assert_when("{any_module: hook}", "false");
    assert_when("{modules: {any: [x.dll, 'ho?k.dll']}}", "true");
    assert_when("{any_module: {name: hook.dll, version_major: {above: 1}}}", "true");
    assert_when("{any_module: {name: hook.dll, version_major: {above: 2}}}", "false");
    assert_when("{any_module: {name: app.exe, version_major: 1}}", not_given);
    assert_when("{any_module: {version_major: 1}}", not_given);
    assert_when("{any_handle: Event}", not_given);
    assert_when("{any_thread: main}", "true");
    assert_when("{any_thread: {as: x}}", "true");
}
END_TEST

START_TEST(every_row_none_and_the_first)
{
    assert_when("{threads: {all: {id: {at_least: 1}}}}", "true");
    assert_when("{threads: {all: {id: {at_least: 2}}}}", "false");
    assert_when("{threads: {all: {last_error: 6}}}", not_given);
    assert_when("{threads: {all: {last_error: 6, id: {above: 5}}}}", "false");
    assert_when("{modules: {none: evil.dll}}", "true");
    assert_when("{modules: {none: ntdll.dll}}", "false");
    assert_when("{frames: {first: 'msvcrt!memcpy'}}", "true");
    assert_when("{frames: {first: 'app!main'}}", "false");
    assert_when("{native_frames: {first: 'app!main'}}", not_given);
    assert_when("{modules: {any: hook.dll, none: evil.dll}}", "true");
    assert_when("{modules: {any: hook.dll, none: app.exe}}", "false");
}
END_TEST

START_TEST(counting_rows)
{
    assert_when("{threads: {count: 3}}", "true");
    assert_when("{threads: {count: {below: 3}}}", "false");
    assert_when("{threads: {count: {at_least: 2, where: {frames: {first: 'ntdll!Nt*'}}}}}", "true");
    assert_when("{threads: {count: {at_least: 3, where: {frames: {first: 'ntdll!Nt*'}}}}}",
                "false");
    assert_when("{threads: {count: {between: [2, 3], where: {frames: {any: 'app!worker'}}}}}",
                "true");
    assert_when("{threads: {count: {between: [1, 2], where: {frames: {any: 'app!worker'}}}}}",
                not_given); /* a frame without a name may be one, too */
    assert_when("{threads: {count: {at_most: 1, where: {frames: {any: 'app!worker'}}}}}", "false");
    assert_when("{threads: {count: {at_least: 1, where: {last_error: 6}}}}", "true");
    assert_when("{threads: {count: {at_least: 2, where: {last_error: 6}}}}", not_given);
    assert_when("{threads: {count: {equals: 1, where: {last_error: 6}}}}", not_given);
    assert_when("{threads: {count: {at_least: 4, where: {last_error: 6}}}}", "false");
    assert_when("{modules: {count: {above: 2, below: 4}}}", "true");
}
END_TEST

START_TEST(frames)
{
    assert_when("{any_frame: 'app!copy'}", "true");
    assert_when("{any_frame: 'app.exe!copy'}", "true");
    assert_when("{any_frame: 'app!*'}", "true");
    assert_when("{any_frame: '*!memcpy'}", "true");
    assert_when("{any_frame: 'msvcrt!strlen'}", "false");
    /* One frame of app has no name. */
    assert_when("{any_frame: 'app!unseen'}", not_given);
    assert_when("{any_frame: 'app!worker'}", not_given); /* another thread's */
    assert_when("{any_thread: {frames: {any: 'app!worker'}}}", "true");
    assert_when("{any_thread: {crashed: true, frames: {any: 'kernelbase!*'}}}", not_given);
    assert_when("{any_thread: {id: 3, frames: {any: 'kernelbase!*'}}}", "false");
}
END_TEST

START_TEST(sequences)
{
    assert_when("{frames: {sequence: ['app!copy', 'app!main']}}", "true");
    assert_when("{frames: {sequence: ['app!main', 'app!copy']}}", not_given);
    assert_when("{frames: {sequence: ['msvcrt!memcpy', 'kernel32!*']}}", "false");
    assert_when("{frames: {sequence: ['msvcrt!memcpy', '...', 'kernel32!*']}}", "true");
    assert_when("{frames: {sequence: ['msvcrt!memcpy', 'app!hidden']}}", not_given);
    assert_when("{frames: {sequence: ['msvcrt!memcpy', 'app!*', 'app!copy', '...', 'kernel32!*']}}",
                "true");
    assert_when("{frames: {sequence: ['kernel32!*', '...', 'msvcrt!*']}}", "false");
    assert_when("{frames: {sequence: [{module: app, as: a}, {module: kernel32, as: b}]}}", "true");
    assert_shows("",
                 "{frames: {sequence: [{function: copy, as: a}, '...', {module: kernel32, as: "
                 "b}]}}",
                 "{a.function} {a.index} {b.function} {b.index}", "copy 2 BaseThreadInitThunk 4");
}
END_TEST

START_TEST(what_was_found_has_a_name)
{
    assert_shows("", "{any_thread: {user_time: {above: 1000}}}", "{thread.id}", "0x00000003");
    assert_shows("", "{any_thread: {user_time: {above: 100000}}}", "{thread.id}", "?");
    assert_shows("", "{not: {any_thread: {crashed: true}}}", "{thread.id}", "?");
    assert_shows("", "{threads: {count: {at_least: 1, where: {frames: {any: 'app!worker'}}}}}",
                 "{thread.id}", "0x00000001, 0x00000003");
    assert_shows("",
                 "{any: [{all: [{any_module: app.exe}, {exception.code: 1}]}, "
                 "{any_module: hook.dll}]}",
                 "{module.path}", "C:\\temp\\hook.dll");
    assert_when("{all: [{any_thread: {name: main}}, {thread.last_error: 6}]}", "true");
    assert_when("{all: [{any_thread: {name: main}}, {thread.last_error: 7}]}", "false");
    assert_when("{any_thread: {as: a, any_thread: {as: b, check: a.id + 2 == b.id}}}", "true");
    assert_when("{any_thread: {as: a, any_thread: {as: b, check: a.id + 3 == b.id}}}", "false");
}
END_TEST

START_TEST(arithmetic)
{
    assert_when("{check: stack.low - access.address < 0x2000}", "true");
    assert_when("{check: 0 <= stack.low - access.address <= 0x10}", "true");
    assert_when("{check: 0 <= access.address - stack.low}", "false"); /* negative */
    assert_when("{check: access.address - stack.low < 0}", "true");
    assert_when("{check: 2 + 3 * 4 == 14}", "true");
    assert_when("{check: (2 + 3) * 4 == 20}", "true");
    assert_when("{check: 1 + 0x13 & 0xf == 4}", "true"); /* & binds tighter than + */
    assert_when("{check: 1 << 63 > 0x7fffffffffffffff}", "true");
    assert_when("{check: 1 << 64 > 0}", "a result does not fit 64 bits");
    assert_when("{check: 0xffffffffffffffff + 1 > 0}", "a result does not fit 64 bits");
    assert_when("{check: 0xffffffffffffffff * 2 > 0}", "a result does not fit 64 bits");
    assert_when("{check: 7 / 2 == 3}", "true");
    assert_when("{check: 7 % 4 != 3}", "false");
    assert_when("{check: 7 / 0 == 0}", "a number was to be divided by 0");
    assert_when("{check: 1 - 2 & 1 == 1}", "true");
    assert_when("{check: (1 - 2) & 1 == 1}", "bits of a negative number were asked for");
    assert_when("{check: (0 - 3) * (0 - 2) == 6}", "true");
    assert_when("{check: 6 ^ 3 == 5}", "true");
    assert_when("{check: 6 | 1 >= 7}", "true");
    assert_when("{check: 256 >> 4 == 16}", "true");
    assert_when("{check: sp.address < 5}", "the analysis did not look for it");
    assert_when("{any_module: {check: base <= 0x400800 < base + size}}", "true");
    assert_when("{any_parameter: {index: 1, check: value == access.address}}", "true");
}
END_TEST

START_TEST(named_values)
{
    assert_let("{gap: stack.low - access.address, twice: gap * 2}", "{gap: 16, twice: {below: 40}}",
               "true");
    assert_let("{gap: stack.low - access.address}", "{gap: {below: 16}}", "false");
    assert_let("{gap: access.address - stack.low}", "{gap: 1}", "the value is negative");
    assert_let("{text_there: text(access.address)}", "{text_there: abc}",
               "there is no memory to read");
    assert_let("{next: thread.id + 1}", "{any_thread: {name: main, check: next == 3}}", "true");
    assert_shows("{next: thread.id + 1}", "{any_thread: {name: main}}", "{next} {pc.module}",
                 "3 app.exe");
}
END_TEST

START_TEST(bits_and_ranges)
{
    assert_when("{exception.code: {has_bits: 0xC0000000}}", "true");
    assert_when("{exception.code: {has_bits: 0xE0000000}}", "false");
    assert_when("{exception.code: {has_any_bit: 0xE0000000}}", "true");
    assert_when("{exception.code: {has_any_bit: 0x30000000}}", "false");
    assert_when("{exception.code: {mask: 0xFF, equals: 5}}", "true");
    assert_when("{exception.code: {mask: 0xFF, in: [4, 6]}}", "false");
    assert_when("{exception.code: {mask: 0xF0000000, at_least: 0xC0000000}}", "true");
    assert_when("{access.address: {between: [0x1000, 0x1ff0]}}", "true");
    assert_when("{access.address: {between: [0x1ff1, 0x2000]}}", "false");
    assert_when("{pc.module: 'APP.*'}", "true");
    assert_when("{pc.module: {equals: 'APP.*'}}", "false");
    assert_when("{sp.address: {has_bits: 1}}", "the analysis did not look for it");
}
END_TEST

/* ---- memory ---- */

static const uint8_t memory[] = {0x78, 0x56, 0x34, 0x12, 0x10, 0x10, 0, 0,    0,    0, 0,
                                 0,    'h',  'i',  0,    0xff, 'w',  0, 0x20, 0x20, 0, 0};

static size_t read_memory(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    size_t offset = (size_t)(addr - 0x1000);

    (void)ctx;
    if (addr < 0x1000 || offset >= sizeof memory)
        return 0;
    if (size > sizeof memory - offset)
        size = sizeof memory - offset;
    memcpy(buffer, memory + offset, size);
    return size;
}

static const char *name_of(void *ctx, uint64_t addr, struct avd_arena *names)
{
    (void)ctx;
    return addr == 0x1010 ? avd_arena_strdup(names, "app!f+0x10") : NULL;
}

static const char *module_of(void *ctx, uint64_t addr)
{
    (void)ctx;
    return addr == 0x1010 ? "app.exe" : NULL;
}

static void assert_reads(const char *expression, const char *expected)
{
    struct avd_rule_list list = {0};
    struct avd_error err = {0};
    char text[400];
    struct avd_strbuf out;

    (void)snprintf(text, sizeof text,
                   "id: r\ntitle: T\nseverity: error\nlet: {v: '%s'}\nwhen: {v: {known: true}}\n",
                   expression);
    if (rule_parse(&test_arena, "t", text, strlen(text), &list, &err) != AVD_OK)
        ck_abort_msg("%s: %s", expression, err.message);
    avd_facts_init(&facts, &test_arena);
    facts.port.pointer_size = 4;
    facts.port.read = read_memory;
    facts.port.name = name_of;
    facts.port.module = module_of;
    avd_judge_init(&judge, &list.items[0], &facts, &test_arena);
    avd_strbuf_init(&out);
    (void)avd_template_expand("{v}", &judge, &out);
    ck_assert_msg(strcmp(avd_strbuf_text(&out), expected) == 0, "%s: %s, expected %s", expression,
                  avd_strbuf_text(&out), expected);
    avd_strbuf_deinit(&out);
}

START_TEST(memory_is_read)
{
    assert_reads("u8(0x1000)", "120");
    assert_reads("u16(0x1000)", "22136");
    assert_reads("u32(0x1000)", "305419896");
    assert_reads("u64(0x1000)", "17661210941048");
    assert_reads("pointer(0x1004)", "0x00001010");
    assert_reads("u32(pointer(0x1004) - 0x10)", "305419896");
    assert_reads("text(0x100c)", "hi");
    assert_reads("utf16(0x1010)", "w\xe2\x80\xa0");
    assert_reads("name(pointer(0x1004))", "app!f+0x10");
    assert_reads("module(0x1010)", "app.exe");
    assert_reads("trace(0x1004)", "app!f+0x10");
    assert_reads("trace(0x1000)", "?");
    assert_reads("u32(0x1014)", "?");
    assert_reads("u32(0x999)", "?");
    assert_reads("text(0x2000)", "?");
    assert_reads("module(0x5000)", "?");
    assert_reads("u8(1 - 2)", "?");
}
END_TEST

/* Rows compared with rows: at most so much work, and then it is said. */
START_TEST(work_is_capped)
{
    char text[9000] = "{as: a, any_thread: {as: b, any_thread: {as: c, any_thread: {as: d, "
                      "any_thread: {as: e, any_thread: {as: f, any_thread: {as: g, any_thread: "
                      "{as: h, any_thread: {as: i, any_thread: {as: j, any_thread: {as: k, "
                      "any_thread: {as: l, any_thread: {as: m, any_thread: {as: n, check: a.id == "
                      "0}}}}}}}}}}}}}}";
    char when[9100];

    (void)snprintf(when, sizeof when, "{any_thread: %s}", text);
    assert_when(when, "the rule compares too many rows with each other");
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_test(tests, some_row);
    tcase_add_test(tests, every_row_none_and_the_first);
    tcase_add_test(tests, counting_rows);
    tcase_add_test(tests, frames);
    tcase_add_test(tests, sequences);
    tcase_add_test(tests, what_was_found_has_a_name);
    tcase_add_test(tests, arithmetic);
    tcase_add_test(tests, named_values);
    tcase_add_test(tests, bits_and_ranges);
    tcase_add_test(tests, memory_is_read);
    tcase_add_test(tests, work_is_capped);
}

int main(void)
{
    return suite_main("rules_rows", add_tests);
}
