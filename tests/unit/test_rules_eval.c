/* SPDX-License-Identifier: MIT */
/* Conditions over facts, templates, the order of results; and what the shipped rules say. */
#include "base/memory.h"
#include "rules/rules.h"
#include "support/rule_parse.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct avd_facts facts;

static void setup(void)
{
    avd_facts_init(&facts, &test_arena);
}

static const struct avd_rule *parse(const char *text)
{
    struct avd_rule_list list = {0};
    struct avd_error err;
    enum avd_status status = rule_parse(&test_arena, "t.yaml", text, strlen(text), &list, &err);

    ck_assert_msg(status == AVD_OK, "%u:%u: %s", err.line, err.column, err.message);
    return list.items;
}

static enum avd_verdict judge(const char *condition, const char **missing)
{
    char text[1000];

    (void)snprintf(text, sizeof text, "id: r\ntitle: T\nseverity: info\nwhen: %s\n", condition);
    return avd_rule_evaluate(parse(text), &facts, missing);
}

/* `expected` is "true", "false", or the name of the fact that is missing. */
static void assert_verdict(const char *condition, const char *expected)
{
    const char *missing = "not set";
    enum avd_verdict verdict = judge(condition, &missing);
    const char *got = verdict == AVD_TRUE ? "true" : verdict == AVD_FALSE ? "false" : missing;

    ck_assert_msg(got != NULL && strcmp(got, expected) == 0, "%s gave %s, expected %s", condition,
                  got != NULL ? got : "nothing", expected);
    ck_assert((missing == NULL) == (verdict != AVD_UNDECIDED));
    ck_assert_int_eq(judge(condition, NULL), verdict);
}

START_TEST(numbers)
{
    avd_fact_code(&facts, "exception.code", 0xC0000005);
    avd_fact_number(&facts, "stack.frames", 10);
    avd_fact_address(&facts, "access.address", UINT64_MAX, 16);
    avd_fact_unknown(&facts, "stack.used", "no stack");
    assert_verdict("{exception.code: 0xc0000005}", "true");
    assert_verdict("{exception.code: 3221225477}", "true");
    assert_verdict("{exception.code: 5}", "false");
    assert_verdict("{exception.code: {in: [1, 0xc0000005]}}", "true");
    assert_verdict("{exception.code: {in: [1, 2]}}", "false");
    assert_verdict("{stack.frames: {below: 10}}", "false");
    assert_verdict("{stack.frames: {below: 11}}", "true");
    assert_verdict("{stack.frames: {above: 10}}", "false");
    assert_verdict("{stack.frames: {above: 9}}", "true");
    assert_verdict("{stack.frames: {at_least: 10}}", "true");
    assert_verdict("{stack.frames: {at_least: 11}}", "false");
    assert_verdict("{stack.frames: {at_most: 10}}", "true");
    assert_verdict("{stack.frames: {at_most: 9}}", "false");
    assert_verdict("{stack.frames: {above: 5, below: 10}}", "false");
    assert_verdict("{stack.frames: {above: 5, below: 15}}", "true");
    assert_verdict("{access.address: {at_least: 0xffffffffffffffff}}", "true");
    assert_verdict("{access.address: {below: 0x10000}}", "false");
    assert_verdict("{stack.used: {below: 1}}", "stack.used");
    assert_verdict("{stack.used: 1}", "stack.used");
    assert_verdict("{stack.used: {in: [1]}}", "stack.used");
}
END_TEST

START_TEST(texts)
{
    avd_fact_text(&facts, "crash.module", "NTDLL.dll");
    avd_fact_text(&facts, "crash.function", "");
    avd_fact_text(&facts, "dump.comment", "caf\xc3\xa9");
    avd_fact_unknown(&facts, "pc.module", "no pc");
    assert_verdict("{crash.module: ntdll.DLL}", "true");
    assert_verdict("{crash.module: ntdll}", "false");
    assert_verdict("{crash.module: ntdll.dlll}", "false");
    assert_verdict("{crash.module: {equals: ntdll.dll}}", "true");
    assert_verdict("{crash.module: {in: [a.dll, ntdll.dll]}}", "true");
    assert_verdict("{crash.module: {contains: DLL.D}}", "true");
    assert_verdict("{crash.module: {contains: '.dll'}}", "true");
    assert_verdict("{crash.module: {contains: '.dll.'}}", "false");
    assert_verdict("{crash.module: {contains: ''}}", "true");
    assert_verdict("{crash.module: {matches: 'NT*'}}", "true");
    assert_verdict("{crash.module: {matches: '*.dll'}}", "true");
    assert_verdict("{crash.module: {matches: 'nt*.dl?'}}", "true");
    assert_verdict("{crash.module: {matches: 'n*l*l'}}", "true");
    assert_verdict("{crash.module: {matches: 'n*l*m'}}", "false");
    assert_verdict("{crash.module: {matches: 'ntdll'}}", "false");
    assert_verdict("{crash.module: {matches: '\?\?\?\?\?\?\?\?\?'}}", "true");
    assert_verdict("{crash.module: {matches: '\?\?\?\?\?\?\?\?'}}", "false");
    assert_verdict("{crash.module: {matches: '**'}}", "true");
    assert_verdict("{crash.module: {matches: ''}}", "false");
    assert_verdict("{crash.function: {matches: '*'}}", "true");
    assert_verdict("{crash.function: {matches: '?'}}", "false");
    assert_verdict("{crash.function: ''}", "true");
    assert_verdict("{dump.comment: {matches: 'caf?'}}", "true");
    assert_verdict("{dump.comment: {matches: '*f?'}}", "true");
    assert_verdict("{dump.comment: {matches: 'caf\?\?'}}", "false");
    assert_verdict("{pc.module: x}", "pc.module");
    assert_verdict("{pc.module: {contains: x}}", "pc.module");
    assert_verdict("{pc.module: {matches: '*'}}", "pc.module");
}
END_TEST

/* A comment of a dump may be a megabyte: looking through it must not take seconds. */
START_TEST(long_texts)
{
    size_t size = 1048576;
    char *text = malloc(size);

    ck_assert_ptr_nonnull(text);
    memset(text, 'a', size - 1);
    text[size - 1] = '\0';
    avd_fact_text(&facts, "dump.comment", text);
    free(text);
    assert_verdict("{dump.comment: {matches: '*b*'}}", "false");
    assert_verdict("{dump.comment: {matches: '*?b'}}", "false");
    assert_verdict("{dump.comment: {matches: '*a*a'}}", "true");
    assert_verdict("{dump.comment: {contains: aaab}}", "false");
}
END_TEST

START_TEST(lists)
{
    const char *const modules[] = {"App.exe", "ws2_32.dll"};

    avd_fact_list(&facts, "stack.modules", modules, 2);
    avd_fact_list(&facts, "stack.repeat_functions", modules, 0);
    assert_verdict("{stack.modules: {contains: WS2_32.DLL}}", "true");
    assert_verdict("{stack.modules: {contains: ws2_32}}", "false");
    assert_verdict("{stack.modules: {matches: 'ws2*'}}", "true");
    assert_verdict("{stack.modules: {matches: 'ws3*'}}", "false");
    assert_verdict("{stack.repeat_functions: {matches: '*'}}", "false");
    assert_verdict("{stack.repeat_functions: {known: true}}", "true");
    assert_verdict("{modules.names: {contains: a}}", "modules.names");
}
END_TEST

START_TEST(known_is_never_undecided)
{
    avd_fact_bool(&facts, "exception.present", false);
    avd_fact_unknown(&facts, "pc.module", "no pc");
    assert_verdict("{exception.present: {known: true}}", "true");
    assert_verdict("{exception.present: {known: false}}", "false");
    assert_verdict("{pc.module: {known: true}}", "false");
    assert_verdict("{pc.module: {known: false}}", "true");
    assert_verdict("{crash.module: {known: true}}", "false");
    assert_verdict("{crash.module: {known: false}}", "true");
}
END_TEST

/* t and f are known, u and v are not; all pairs in both orders. */
START_TEST(three_valued_logic)
{
    static const char t[] = "exception.present: true";
    static const char f[] = "exception.present: false";
    static const char u[] = "crash.module: x";
    static const char v[] = "pc.module: x";
    static const struct {
        const char *a, *b, *all, *any;
    } table[] = {
        {t, t, "true", "true"},
        {t, f, "false", "true"},
        {f, t, "false", "true"},
        {f, f, "false", "false"},
        {t, u, "crash.module", "true"},
        {u, t, "crash.module", "true"},
        {f, u, "false", "crash.module"},
        {u, f, "false", "crash.module"},
        {u, v, "crash.module", "crash.module"},
        {v, u, "pc.module", "pc.module"},
    };
    char text[200];
    size_t i;

    avd_fact_bool(&facts, "exception.present", true);
    avd_fact_unknown(&facts, "crash.module", "no stack");
    for (i = 0; i < sizeof table / sizeof table[0]; i++) {
        (void)snprintf(text, sizeof text, "{all: [{%s}, {%s}]}", table[i].a, table[i].b);
        assert_verdict(text, table[i].all);
        (void)snprintf(text, sizeof text, "{any: [{%s}, {%s}]}", table[i].a, table[i].b);
        assert_verdict(text, table[i].any);
    }
    assert_verdict("{not: {exception.present: true}}", "false");
    assert_verdict("{not: {exception.present: false}}", "true");
    assert_verdict("{not: {crash.module: x}}", "crash.module");
    assert_verdict("{not: {not: {crash.module: x}}}", "crash.module");
    assert_verdict("{not: {all: [{crash.module: x}, {exception.present: false}]}}", "true");
    assert_verdict("{not: {any: [{crash.module: x}, {exception.present: true}]}}", "false");
    /* Several entries in one mapping mean all of them. */
    assert_verdict("{crash.module: x, exception.present: false}", "false");
    assert_verdict("{exception.present: true, crash.module: x}", "crash.module");
}
END_TEST

START_TEST(a_fact_of_another_type_decides_nothing)
{
    avd_fact_text(&facts, "exception.code", "five");
    avd_fact_number(&facts, "crash.module", 5);
    avd_fact_number(&facts, "exception.present", 1);
    avd_fact_bool(&facts, "stack.modules", true);
    assert_verdict("{exception.code: 5}", "exception.code");
    assert_verdict("{exception.code: {below: 5}}", "exception.code");
    assert_verdict("{crash.module: x}", "crash.module");
    assert_verdict("{crash.module: {matches: '*'}}", "crash.module");
    assert_verdict("{exception.present: true}", "exception.present");
    assert_verdict("{stack.modules: {contains: x}}", "stack.modules");
}
END_TEST

/* Rules of one YAML text, run over the facts. */
static void run(const char *text, struct avd_rule_results *out)
{
    struct avd_rule_list list = {0};
    struct avd_rules rules = {0};
    const struct avd_rule **items;
    struct avd_error err;
    size_t i;

    ck_assert_int_eq(rule_parse(&test_arena, "t.yaml", text, strlen(text), &list, &err), AVD_OK);
    items = avd_arena_alloc(&test_arena, list.count, sizeof(const struct avd_rule *));
    ck_assert_ptr_nonnull(items);
    for (i = 0; i < list.count; i++)
        items[i] = &list.items[i];
    rules.items = items;
    rules.count = list.count;
    ck_assert_int_eq(avd_rules_run(&rules, &facts, &test_arena, out), AVD_OK);
}

START_TEST(texts_are_filled_in)
{
    struct avd_rule_results results;

    avd_fact_code(&facts, "exception.code", 0xC0000005);
    avd_fact_address(&facts, "access.address", 0x18, 16);
    avd_fact_unknown(&facts, "crash.caller", "no stack");
    run("id: a\ntitle: T\nseverity: error\nwhen: {exception.code: 0xc0000005}\n"
        "summary: 'code {exception.code}, {{literal}}, caller {crash.caller}'\n"
        "evidence:\n"
        "  - 'address {access.address}'\n"
        "  - 'by {crash.caller}'\n"
        "  - '{crash.caller} and {crash.module}'\n"
        "  - '{crash.caller} at {access.address}{access.address}'\n"
        "  - no facts at all\n"
        "advice:\n"
        "  - 'see {crash.caller}'\n"
        "  - 'see {access.address}'\n",
        &results);
    ck_assert_uint_eq(results.finding_count, 1);
    ck_assert_uint_eq(results.undecided_count, 0);
    ck_assert_str_eq(results.findings[0].summary, "code 0xc0000005, {literal}, caller ?");
    ck_assert_uint_eq(results.findings[0].evidence_count, 3);
    ck_assert_str_eq(results.findings[0].evidence[0], "address 0x0000000000000018");
    ck_assert_str_eq(results.findings[0].evidence[1], "? at 0x00000000000000180x0000000000000018");
    ck_assert_str_eq(results.findings[0].evidence[2], "no facts at all");
    ck_assert_uint_eq(results.findings[0].advice_count, 1);
    ck_assert_str_eq(results.findings[0].advice[0], "see 0x0000000000000018");
    ck_assert_int_eq(results.findings[0].severity, AVD_SEVERITY_ERROR);
    ck_assert_str_eq(results.findings[0].rule->id, "a");
}
END_TEST

START_TEST(the_worst_comes_first_then_the_id)
{
    static const char *const expected[] = {"e1", "e2", "w", "i1", "i2"};
    struct avd_rule_results results;
    size_t i;

    avd_fact_bool(&facts, "exception.present", true);
    avd_fact_unknown(&facts, "crash.module", "the stack is not in the dump");
    avd_fact_number(&facts, "process.os", 1);
    run("id: i2\ntitle: T\nseverity: info\nwhen: {exception.present: true}\n---\n"
        "id: u3\ntitle: T\nseverity: info\nwhen: {process.os: linux}\n---\n"
        "id: e2\ntitle: T\nseverity: error\nwhen: {exception.present: true}\n---\n"
        "id: u2\ntitle: T\nseverity: info\nwhen: {crash.module: x}\n---\n"
        "id: n\ntitle: T\nseverity: error\nwhen: {exception.present: false}\n---\n"
        "id: w\ntitle: T\nseverity: warning\nwhen: {exception.present: true}\n---\n"
        "id: u1\ntitle: T\nseverity: error\nwhen: {pc.module: x}\n---\n"
        "id: e1\ntitle: T\nseverity: error\nwhen: {exception.present: true}\n---\n"
        "id: i1\ntitle: T\nseverity: info\nwhen: {exception.present: true}\n",
        &results);
    ck_assert_uint_eq(results.finding_count, 5);
    for (i = 0; i < 5; i++)
        ck_assert_str_eq(results.findings[i].rule->id, expected[i]);
    ck_assert_uint_eq(results.undecided_count, 3);
    ck_assert_str_eq(results.undecided[0].rule->id, "u1");
    ck_assert_str_eq(results.undecided[0].fact, "pc.module");
    ck_assert_str_eq(results.undecided[0].reason, "the analysis did not look for it");
    ck_assert_str_eq(results.undecided[1].rule->id, "u2");
    ck_assert_str_eq(results.undecided[1].fact, "crash.module");
    ck_assert_str_eq(results.undecided[1].reason, "the stack is not in the dump");
    ck_assert_str_eq(results.undecided[2].rule->id, "u3");
    ck_assert_str_eq(results.undecided[2].reason,
                     "the analysis gave it in another form than the rule expects");
}
END_TEST

START_TEST(running_out_of_memory)
{
    struct avd_rule_results results;
    char large[20000];
    unsigned long n;

    /* Summary, evidence and advice each ask for more than an arena block has left. */
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    avd_fact_bool(&facts, "exception.present", true);
    avd_fact_bool(&facts, "process.is_wow64", true);
    avd_fact_text(&facts, "process.wow64_evidence", large);
    for (n = 1; n < 200; n++) {
        struct avd_arena own = {0};
        enum avd_status status;

        avd_mem_fail_after(n);
        status = avd_rules_run(NULL, &facts, &own, &results);
        avd_mem_fail_after(0);
        avd_arena_deinit(&own);
        if (status == AVD_OK)
            break;
        ck_assert_int_eq(status, AVD_E_NOMEM);
    }
    ck_assert_uint_gt(n, 4);
    ck_assert_uint_lt(n, 200);
}
END_TEST

/* ---- the shipped rules ------------------------------------------------------------------- */

enum { WINDOWS, LINUX };

/* An access violation as the detectors publish it; kind NULL: the system does not tell. */
static void access_violation(int os, const char *kind, uint64_t address, uint64_t pc)
{
    bool windows = os == WINDOWS;

    avd_fact_text(&facts, "process.os", windows ? "windows" : "linux");
    avd_fact_bool(&facts, "process.is_wow64", false);
    avd_fact_bool(&facts, "exception.present", true);
    avd_fact_code(&facts, "exception.code", windows ? 0xC0000005 : 11);
    avd_fact_text(&facts, "exception.type",
                  windows ? "EXCEPTION_ACCESS_VIOLATION" : "SIGSEGV / SEGV_MAPERR");
    avd_fact_bool(&facts, "exception.is_access_violation", true);
    avd_fact_address(&facts, "exception.address", windows ? pc : address, 16);
    if (kind != NULL)
        avd_fact_text(&facts, "access.kind", kind);
    else
        avd_fact_unknown(&facts, "access.kind", "the system does not tell");
    avd_fact_address(&facts, "access.address", address, 16);
    avd_fact_bool(&facts, "access.at_pc", address == pc);
    avd_fact_bool(&facts, "access.at_stack_limit", false);
    avd_fact_address(&facts, "pc.address", pc, 16);
    avd_fact_bool(&facts, "pc.in_module", pc >= 0x400000 && pc < 0x500000);
    avd_fact_bool(&facts, "pc.executable", pc >= 0x400000 && pc < 0x600000);
    avd_fact_address(&facts, "sp.address", 0x130800, 16);
    avd_fact_text(&facts, "access.region_state", "committed");
    avd_fact_bool(&facts, "access.page_boundary", false);
    avd_fact_text(&facts, "pointer.kind", address < 0x10000 ? "null" : "other");
    avd_fact_bool(&facts, "heap.fault_inside", false);
}

/* What the other detectors say when nothing of theirs is there. */
static void nothing_special(void)
{
    static const char *const none[] = {
        "verifier.present", "verifier.stop.present", "verifier.stop.recovered",
        "unloaded.used",    "exception.raised",      "exception.in_reporter",
        "selfcheck.failed", "dump.manual",           "dump.first_chance",
    };
    size_t i;

    for (i = 0; i < sizeof none / sizeof none[0]; i++)
        avd_fact_bool(&facts, none[i], false);
    avd_fact_text(&facts, "exception.source", "stream");
    avd_fact_number(&facts, "exceptions.threads", 1);
}

/*
 * The ids of findings, then those undecided as "id?fact", separated by spaces. What wants a fact
 * that nobody publishes here is about something else than the exception, and has its own suite.
 */
static void assert_shipped(const char *expected)
{
    struct avd_rule_results results;
    char got[4000] = "";
    size_t used = 0;
    size_t i;

    nothing_special();
    ck_assert_int_eq(avd_rules_run(NULL, &facts, &test_arena, &results), AVD_OK);
    for (i = 0; i < results.finding_count; i++)
        used += (size_t)snprintf(got + used, sizeof got - used, "%s%s", used != 0 ? " " : "",
                                 results.findings[i].rule->id);
    for (i = 0; i < results.undecided_count && used < sizeof got; i++)
        if (avd_fact_find(&facts, results.undecided[i].fact) != NULL)
            used += (size_t)snprintf(got + used, sizeof got - used, "%s%s?%s", used != 0 ? " " : "",
                                     results.undecided[i].rule->id, results.undecided[i].fact);
    ck_assert_str_eq(got, expected);
}

START_TEST(shipped_null_data)
{
    access_violation(WINDOWS, "read", 0, 0x401000);
    assert_shipped("null-data-pointer");
    access_violation(WINDOWS, "write", 0xffff, 0x401000);
    assert_shipped("null-data-pointer");
    access_violation(WINDOWS, "read", 0x10000, 0x401000);
    assert_shipped("");
    access_violation(WINDOWS, "read", UINT64_MAX, 0x401000);
    assert_shipped("");
    /* The registers are not in the dump: the record says enough. */
    access_violation(WINDOWS, "write", 8, 0x401000);
    avd_fact_unknown(&facts, "pc.address", "no context");
    assert_shipped("null-data-pointer");
    /* The parameters are not in the dump. */
    access_violation(WINDOWS, "read", 8, 0x401000);
    avd_fact_unknown(&facts, "access.kind", "no parameters");
    avd_fact_unknown(&facts, "access.address", "no parameters");
    avd_fact_unknown(&facts, "access.at_pc", "no parameters");
    avd_fact_unknown(&facts, "access.at_stack_limit", "no parameters");
    assert_shipped("null-data-pointer?access.address stack-overflow?access.address "
                   "wild-code?access.address");
}
END_TEST

START_TEST(shipped_null_data_on_linux)
{
    access_violation(LINUX, NULL, 0x18, 0x401000);
    assert_shipped("null-data-pointer");
    access_violation(LINUX, NULL, 0x7fff00001000, 0x401000);
    avd_fact_unknown(&facts, "access.at_stack_limit", "Linux does not say where the stack ends");
    assert_shipped("stack-overflow?access.at_stack_limit");
    /* A non-canonical address or a signal sent by kill comes without an address. */
    access_violation(LINUX, NULL, 0, 0x401000);
    avd_fact_text(&facts, "exception.type", "SIGSEGV / SI_KERNEL");
    assert_shipped("null-data-pointer?access.kind");
}
END_TEST

START_TEST(shipped_null_code)
{
    access_violation(WINDOWS, "execute", 0, 0);
    assert_shipped("null-code-pointer");
    /* Without data execution prevention. */
    access_violation(WINDOWS, "read", 0, 0);
    assert_shipped("null-code-pointer");
    access_violation(LINUX, NULL, 0, 0);
    assert_shipped("null-code-pointer");
    /* The registers are not in the dump: the record says enough. */
    access_violation(WINDOWS, "execute", 0x10, 0x10);
    avd_fact_unknown(&facts, "pc.address", "no context");
    assert_shipped("null-code-pointer");
    /* A context that was never filled in is no proof. */
    access_violation(WINDOWS, "read", 0x123456, 0x401000);
    avd_fact_address(&facts, "pc.address", 0, 16);
    assert_shipped("");
}
END_TEST

START_TEST(shipped_wild_code)
{
    access_violation(WINDOWS, "execute", 0x20000000, 0x20000000);
    assert_shipped("wild-code");
    /* A module's data is no code either. */
    access_violation(WINDOWS, "execute", 0x450000, 0x450000);
    assert_shipped("wild-code");
    access_violation(LINUX, NULL, 0x7fff00001000, 0x7fff00001000);
    avd_fact_unknown(&facts, "pc.executable", "no memory map");
    avd_fact_bool(&facts, "access.at_stack_limit", false);
    assert_shipped("wild-code");
    /* Ran on the heap until it read something that is not there. */
    access_violation(WINDOWS, "read", 0x30000000, 0x20000000);
    assert_shipped("wild-code");
    /* Generated code reads something that is not there. */
    access_violation(WINDOWS, "read", 0x30000000, 0x550000);
    assert_shipped("");
    access_violation(WINDOWS, "read", 0x30000000, 0x550000);
    avd_fact_unknown(&facts, "pc.executable", "the dump has no memory map");
    assert_shipped("wild-code?pc.executable");
}
END_TEST

START_TEST(shipped_stack_overflow)
{
    access_violation(WINDOWS, "write", 0x130ff8, 0x401000);
    avd_fact_bool(&facts, "access.at_stack_limit", true);
    assert_shipped("stack-overflow");
    avd_fact_text(&facts, "access.kind", "read");
    assert_shipped("");
    avd_fact_unknown(&facts, "access.kind", "no parameters");
    assert_shipped("stack-overflow?access.kind");
    access_violation(WINDOWS, "write", 0x130ff8, 0x401000);
    avd_fact_bool(&facts, "exception.is_access_violation", false);
    avd_fact_code(&facts, "exception.code", 0xC00000FD);
    assert_shipped("stack-overflow");
}
END_TEST

START_TEST(shipped_fast_fail)
{
    struct avd_rule_results results;

    avd_fact_bool(&facts, "process.is_wow64", false);
    avd_fact_bool(&facts, "exception.present", true);
    avd_fact_bool(&facts, "exception.is_access_violation", false);
    avd_fact_code(&facts, "exception.code", 0xC0000409);
    avd_fact_text(&facts, "exception.name", "STATUS_STACK_BUFFER_OVERRUN");
    avd_fact_text(&facts, "exception.type", "EXCEPTION_STACK_BUFFER_OVERRUN");
    avd_fact_number(&facts, "fastfail.code", 7);
    avd_fact_text(&facts, "fastfail.name", "FAST_FAIL_FATAL_APP_EXIT");
    assert_shipped("fast-fail");
    ck_assert_int_eq(avd_rules_run(NULL, &facts, &test_arena, &results), AVD_OK);
    ck_assert_uint_eq(results.findings[0].evidence_count, 2);
    ck_assert_str_eq(results.findings[0].evidence[0],
                     "exception 0xc0000409 (STATUS_STACK_BUFFER_OVERRUN)");
    ck_assert_str_eq(results.findings[0].evidence[1],
                     "fast-fail code 7 (FAST_FAIL_FATAL_APP_EXIT)");
    avd_fact_code(&facts, "exception.code", 0xC0000602);
    assert_shipped("fast-fail");
    avd_fact_code(&facts, "exception.code", 0xC0000374);
    avd_fact_unknown(&facts, "heap.double_free", "not in the dump");
    assert_shipped("heap-corruption double-free?heap.double_free");
}
END_TEST

START_TEST(shipped_virtualized_process)
{
    struct avd_rule_results results;

    access_violation(WINDOWS, "read", 0, 0x401000);
    avd_fact_bool(&facts, "process.is_wow64", true);
    avd_fact_number(&facts, "wow64.threads_with_context32", 5);
    avd_fact_number(&facts, "process.threads", 5);
    assert_shipped("null-data-pointer virtualized-process");
    ck_assert_int_eq(avd_rules_run(NULL, &facts, &test_arena, &results), AVD_OK);
    ck_assert_int_eq(results.findings[1].severity, AVD_SEVERITY_INFO);
    ck_assert_str_eq(results.findings[1].rule->pattern, "Virtualized Process");
    ck_assert_uint_eq(results.findings[1].evidence_count, 1);
    ck_assert_str_eq(results.findings[1].evidence[0], "32-bit registers found for 5 of 5 threads");
    ck_assert_uint_eq(results.findings[1].advice_count, 3);
}
END_TEST

START_TEST(shipped_without_an_exception)
{
    avd_fact_bool(&facts, "process.is_wow64", false);
    avd_fact_bool(&facts, "exception.present", false);
    avd_fact_unknown(&facts, "exception.code", "the dump has no exception record");
    assert_shipped("");
}
END_TEST

/* Each file of rules/ has one rule. */
static unsigned rule_files(void)
{
    DIR *folder = opendir(TESTDATA "/../rules");
    const struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t size = strlen(entry->d_name);

        count += size > 5 && strcmp(entry->d_name + size - 5, ".yaml") == 0;
    }
    (void)closedir(folder);
    return count;
}

START_TEST(shipped_rules_are_complete)
{
    unsigned i;

    ck_assert_uint_eq(avd_shipped_rule_count, rule_files());
    for (i = 0; i < avd_shipped_rule_count; i++) {
        const struct avd_rule *rule = &avd_shipped_rules[i];
        char file[100];

        ck_assert(i == 0 || strcmp(avd_shipped_rules[i - 1].id, rule->id) < 0);
        (void)snprintf(file, sizeof file, "rules/%s.yaml", rule->id);
        ck_assert_str_eq(rule->file, file);
        ck_assert_uint_gt(rule->line, 0);
        ck_assert_str_ne(rule->pattern, "");
        ck_assert_str_ne(rule->summary, "");
        ck_assert_uint_ge(rule->advice_count, 1);
        ck_assert_uint_le(rule->advice_count, 3);
        /* Who is told of an error must be able to check it; other summaries say what was seen. */
        if (rule->severity == AVD_SEVERITY_ERROR)
            ck_assert_uint_gt(rule->evidence_count, 1);
    }
}
END_TEST

START_TEST(severities_have_names)
{
    ck_assert_str_eq(avd_severity_name(AVD_SEVERITY_INFO), "info");
    ck_assert_str_eq(avd_severity_name(AVD_SEVERITY_WARNING), "warning");
    ck_assert_str_eq(avd_severity_name(AVD_SEVERITY_ERROR), "error");
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, numbers);
    tcase_add_test(tests, texts);
    tcase_add_test(tests, long_texts);
    tcase_add_test(tests, lists);
    tcase_add_test(tests, known_is_never_undecided);
    tcase_add_test(tests, three_valued_logic);
    tcase_add_test(tests, a_fact_of_another_type_decides_nothing);
    tcase_add_test(tests, texts_are_filled_in);
    tcase_add_test(tests, the_worst_comes_first_then_the_id);
    tcase_add_test(tests, running_out_of_memory);
    tcase_add_test(tests, shipped_null_data);
    tcase_add_test(tests, shipped_null_data_on_linux);
    tcase_add_test(tests, shipped_null_code);
    tcase_add_test(tests, shipped_wild_code);
    tcase_add_test(tests, shipped_stack_overflow);
    tcase_add_test(tests, shipped_fast_fail);
    tcase_add_test(tests, shipped_virtualized_process);
    tcase_add_test(tests, shipped_without_an_exception);
    tcase_add_test(tests, shipped_rules_are_complete);
    tcase_add_test(tests, severities_have_names);
}

int main(void)
{
    return suite_main("rules_eval", add_tests);
}
