/* SPDX-License-Identifier: MIT */
/* Why a dump was written: by hand, at a first chance, by a reporter that failed itself. */
#include "minidump/format.h"
#include "support/crash_run.h"
#include "support/suite.h"

#define RPCRT4  UINT64_C(0x7ff810000000)
#define NTDLL   UINT64_C(0x7ff820000000)
#define DBGHELP UINT64_C(0x7ff830000000)

START_TEST(no_exception)
{
    struct crash_run run = crash_run_begin(false);

    crash_run_analyze(&run);
    crash_run_fact(&run, "dump.manual", "yes");
    crash_run_fact(&run, "dump.manual_reasons",
                   "the dump stores no exception, and none is found on its stacks");
    crash_run_fact(&run, "dump.first_chance", "no");
    crash_run_findings(&run, "manual-dump");
    crash_run_end(&run);
}
END_TEST

START_TEST(an_exception_that_cannot_be_read)
{
    struct crash_run run = crash_run_begin(false);

    (void)db_stream(run.b, ExceptionStream);
    crash_run_analyze(&run);
    crash_run_fact(&run, "dump.manual", "no");
    crash_run_findings(&run, "");
    crash_run_end(&run);
}
END_TEST

START_TEST(a_crash)
{
    struct crash_run run = crash_run_begin(false);

    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, 0x18});
    crash_run_analyze(&run);
    crash_run_fact(&run, "dump.manual", "no");
    crash_run_fact(&run, "dump.manual_reasons", "? nothing shows that it was written by hand");
    crash_run_fact(&run, "exception.in_reporter", "no");
    crash_run_findings(&run, "null-data-pointer");
    crash_run_end(&run);
}
END_TEST

static void check_comment(const char *comment, uint32_t code, const char *manual,
                          const char *first_chance)
{
    struct crash_run run = crash_run_begin(false);

    (void)db_comment(run.b, comment, true);
    crash_run_raise(&run, code, 0, NULL);
    crash_run_analyze(&run);
    crash_run_fact(&run, "dump.manual", manual);
    crash_run_fact(&run, "dump.first_chance", first_chance);
    ck_assert_int_eq(crash_run_found(&run, "manual-dump"), manual[0] == 'y');
    ck_assert_int_eq(crash_run_found(&run, "first-chance-dump"), first_chance[0] == 'y');
    crash_run_end(&run);
}

START_TEST(comments)
{
    check_comment("*** Manual dump", 0x80000003, "yes", "no");
    check_comment("Dump created by Task Manager", 0x80000003, "yes", "no");
    check_comment("First chance exception 6BA", 0x6ba, "no", "yes");
    check_comment("Exception Monitor, page 3", 0xe06d7363, "no", "yes");
    check_comment("nightly build 17", 0xe06d7363, "no", "no");
    check_comment("nightly build 17", 0x80000003, "no", "no");
    /* Nobody crashes of it. */
    check_comment("nightly build 17", 0x406d1388, "no", "yes");
}
END_TEST

static void check_break(const char *module, const char *function, const char *expected)
{
    const struct db_export exports[] = {{function, 0x1000}};
    struct crash_run run = crash_run_begin(false);

    crash_run_module(&run, NTDLL, module, exports, 1);
    run.pc = NTDLL + 0x1050;
    crash_run_raise(&run, 0x80000003, 1, (uint64_t[]){0});
    crash_run_analyze(&run);
    crash_run_fact(&run, "dump.manual", expected);
    crash_run_end(&run);
}

START_TEST(a_debugger_broke_in)
{
    check_break("C:\\Windows\\System32\\ntdll.dll", "DbgUiRemoteBreakin", "yes");
    check_break("C:\\Windows\\System32\\ntdll.dll", "DbgBreakPoint", "no");
    check_break("C:\\app\\other.dll", "DbgUiRemoteBreakin", "no");
}
END_TEST

static void check_caller(uint32_t code, const char *module, const char *expected)
{
    const struct db_export exports[] = {{"RpcRaiseException", 0x1000}};
    struct crash_run run = crash_run_begin(false);

    crash_run_module(&run, RPCRT4, module, exports, 1);
    run.pc = RPCRT4 + 0x1050;
    crash_run_raise(&run, code, 0, NULL);
    crash_run_analyze(&run);
    crash_run_fact(&run, "dump.first_chance", expected);
    crash_run_end(&run);
}

START_TEST(exceptions_that_callers_expect)
{
    check_caller(0x6ba, "C:\\Windows\\System32\\rpcrt4.dll", "yes");
    check_caller(0x6ba, "C:\\app\\mylib.dll", "no");
    check_caller(0xc0000005, "C:\\Windows\\System32\\rpcrt4.dll", "no");
}
END_TEST

/* A second record behind the first one: dbghelp failed while it handled a crash. */
static void check_reporter(const char *module, bool nested, const char *reporter)
{
    const struct db_export exports[] = {{"MiniDumpWriteDump", 0x1000}};
    struct crash_run run = crash_run_begin(false);
    uint64_t record = run.stack + 0x900;

    crash_run_module(&run, DBGHELP, module, exports, 1);
    run.pc = DBGHELP + 0x1050;
    db_poke32(run.b, record, 0xc0000005);
    db_poke64(run.b, record + 0x10, run.app + 0x1111);
    db_poke32(run.b, record + 0x18, 2);
    run.nested_record = nested ? record : 0;
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, 0x500000});
    crash_run_analyze(&run);
    if (reporter != NULL) {
        crash_run_fact(&run, "exception.in_reporter", "yes");
        crash_run_fact(&run, "exception.reporter", reporter);
        crash_run_fact(&run, "exception.nested_code", "0xc0000005");
    } else {
        crash_run_fact(&run, "exception.in_reporter", "no");
    }
    ck_assert_int_eq(crash_run_found(&run, "error-reporting-fault"), reporter != NULL);
    ck_assert_int_eq(crash_run_found(&run, "nested-exception"), nested && reporter == NULL);
    crash_run_end(&run);
}

START_TEST(reporters_that_fail)
{
    check_reporter("C:\\Windows\\System32\\dbghelp.dll", true, "dbghelp.dll");
    check_reporter("C:\\Windows\\System32\\dbghelp.dll", false, NULL);
    check_reporter("C:\\app\\mylib.dll", true, NULL);
}
END_TEST

static void check_translated(uint32_t first, uint32_t then, const char *findings)
{
    struct crash_run run = crash_run_begin(true);
    uint64_t record = run.stack + 0x900;

    db_poke32(run.b, record, first);
    db_poke32(run.b, record + 0xc, (uint32_t)run.app + 0x1111);
    db_poke32(run.b, record + 0x10, first == 0xc0000005 ? 2 : 0);
    run.nested_record = record;
    crash_run_raise(&run, then, 0, NULL);
    crash_run_analyze(&run);
    crash_run_findings(&run, findings);
    crash_run_end(&run);
}

START_TEST(exceptions_that_stand_for_others)
{
    check_translated(0xc0000005, 0xc000041d, "translated-exception");
    check_translated(0xc0000005, 0xc0000025, "translated-exception");
    check_translated(0xc0000094, 0xc0000094,
                     "divide-by-zero nested-exception !translated-exception");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, exceptions_that_stand_for_others);
    tcase_add_test(tests, no_exception);
    tcase_add_test(tests, an_exception_that_cannot_be_read);
    tcase_add_test(tests, a_crash);
    tcase_add_test(tests, comments);
    tcase_add_test(tests, a_debugger_broke_in);
    tcase_add_test(tests, exceptions_that_callers_expect);
    tcase_add_test(tests, reporters_that_fail);
}

int main(void)
{
    return suite_main("det_origin", add_tests);
}
