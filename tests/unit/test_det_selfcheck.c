/* SPDX-License-Identifier: MIT */
/* Programs that end themselves, and exceptions that were raised on purpose. */
#include "support/crash_run.h"
#include "support/suite.h"

#define KERNELBASE UINT64_C(0x7ff810000000)

/* An exception at `offset` in the only export of a module. */
static struct crash_run inside(const char *path, const char *function, uint32_t offset,
                               uint32_t code)
{
    const struct db_export exports[] = {{function, 0x1000}};
    struct crash_run run = crash_run_begin(false);

    crash_run_module(&run, KERNELBASE, path, exports, 1);
    run.pc = KERNELBASE + 0x1000 + offset;
    crash_run_raise(&run, code, 1, (uint64_t[]){7});
    crash_run_analyze(&run);
    return run;
}

static void check_kind(const char *function, const char *kind)
{
    struct crash_run run =
        inside("C:\\Windows\\System32\\ucrtbase.dll", function, 0x30, 0xc0000409);

    crash_run_fact(&run, "selfcheck.failed", "yes");
    crash_run_fact(&run, "selfcheck.kind", kind);
    crash_run_fact(&run, "selfcheck.function", function);
    crash_run_fact(&run, "followup.symbol", avd_arena_printf(&run.arena, "ucrtbase!%s", function));
    crash_run_findings(&run, "fast-fail self-diagnosis");
    crash_run_end(&run);
}

START_TEST(functions_that_end_programs)
{
    check_kind("abort", "abort");
    check_kind("_wassert", "failed assertion");
    check_kind("_purecall", "pure virtual call");
    check_kind("_invalid_parameter_noinfo_noreturn", "invalid parameter");
    check_kind("_invoke_watson", "invalid parameter");
    check_kind("terminate", "terminate");
    check_kind("__report_gsfailure", "overwritten stack cookie");
}
END_TEST

START_TEST(functions_that_do_not)
{
    struct crash_run run =
        inside("C:\\Windows\\System32\\ucrtbase.dll", "abort_later", 0x30, 0xc0000005);

    crash_run_fact(&run, "selfcheck.failed", "no");
    crash_run_fact(&run, "selfcheck.kind",
                   "? no function that ends a program after a check is "
                   "among the innermost frames");
    ck_assert(!crash_run_found(&run, "self-diagnosis"));
    crash_run_end(&run);
    /* The nearest export is too far away to be the function. */
    run = inside("C:\\Windows\\System32\\ucrtbase.dll", "abort", 0x300, 0xc0000409);
    crash_run_fact(&run, "selfcheck.failed", "no");
    crash_run_fact(&run, "followup.symbol", "ucrtbase+0x1300");
    crash_run_findings(&run, "fast-fail");
    crash_run_end(&run);
}
END_TEST

START_TEST(raised_exceptions)
{
    struct crash_run run =
        inside("C:\\Windows\\System32\\KernelBase.dll", "RaiseException", 0x68, 0x6d9);

    crash_run_fact(&run, "exception.raised", "yes");
    crash_run_findings(&run, "software-exception");
    crash_run_end(&run);
    /* Those of runtimes have rules of their own. */
    run = inside("C:\\Windows\\System32\\KernelBase.dll", "RaiseException", 0x68, 0xe06d7363);
    crash_run_findings(&run, "cpp-exception");
    crash_run_end(&run);
    /* The name of a thread is no error. */
    run = inside("C:\\Windows\\System32\\KernelBase.dll", "RaiseException", 0x68, 0x406d1388);
    crash_run_fact(&run, "exception.raised", "yes");
    crash_run_findings(&run, "first-chance-dump");
    crash_run_end(&run);
    /* A function of that name in some other module. */
    run = inside("C:\\app\\mylib.dll", "RaiseException", 0x68, 0x6d9);
    crash_run_fact(&run, "exception.raised", "no");
    crash_run_findings(&run, "!software-exception");
    crash_run_end(&run);
}
END_TEST

/* _wassert called by app.exe, as its frame is in 32-bit code. */
START_TEST(what_was_asserted)
{
    static const struct db_export exports[] = {{"_wassert", 0x1000}};
    struct crash_run run = crash_run_begin(true);
    uint32_t frame = (uint32_t)run.stack + 0x880;
    const uint32_t ucrt = 0x75000000;

    crash_run_module(&run, ucrt, "C:\\Windows\\System32\\ucrtbase.dll", exports, 1);
    run.pc = ucrt + 0x1020;
    run.regs32.ebp = frame;
    db_poke32(run.b, frame, frame + 0x40);
    db_poke32(run.b, frame + 4, (uint32_t)run.app + 0x1111);
    db_poke32(run.b, frame + 8, (uint32_t)run.stack + 0x100);
    db_poke32(run.b, frame + 12, (uint32_t)run.stack + 0x200);
    db_poke32(run.b, frame + 16, 77);
    db_poke_utf16(run.b, run.stack + 0x100, "count > 0");
    db_poke_utf16(run.b, run.stack + 0x200, "main.cpp");
    crash_run_raise(&run, 0x80000003, 1, (uint64_t[]){0});
    crash_run_analyze(&run);
    crash_run_fact(&run, "selfcheck.kind", "failed assertion");
    crash_run_fact(&run, "selfcheck.message", "count > 0 (main.cpp:77)");
    crash_run_findings(&run, "self-diagnosis");
    crash_run_end(&run);
}
END_TEST

START_TEST(breakpads_record)
{
    struct crash_run run = crash_run_begin(false);

    (void)db_breakpad_assertion(run.b, "index < size", "vector::at", "vector.h", 77, 1);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, 0x18});
    crash_run_analyze(&run);
    crash_run_fact(&run, "selfcheck.kind", "invalid parameter");
    crash_run_fact(&run, "selfcheck.function", "vector::at");
    crash_run_fact(&run, "selfcheck.message", "index < size (vector.h:77)");
    ck_assert(crash_run_found(&run, "self-diagnosis"));
    crash_run_end(&run);
}
END_TEST

static void check_fast_fail(uint64_t code, const char *findings)
{
    struct crash_run run = crash_run_begin(true);

    crash_run_raise(&run, 0xc0000409, 1, &code);
    crash_run_analyze(&run);
    crash_run_findings(&run, findings);
    crash_run_end(&run);
}

START_TEST(fast_fail_codes)
{
    check_fast_fail(0, "fast-fail stack-buffer-overrun");
    check_fast_fail(1, "control-flow-guard fast-fail");
    check_fast_fail(2, "fast-fail stack-buffer-overrun");
    check_fast_fail(3, "corrupt-list fast-fail");
    check_fast_fail(7, "fast-fail !stack-buffer-overrun !corrupt-list !control-flow-guard");
    check_fast_fail(10, "control-flow-guard fast-fail");
    check_fast_fail(5, "fast-fail");
}
END_TEST

START_TEST(codes_that_stand_for_themselves)
{
    static const struct {
        uint32_t code;
        const char *findings;
    } cases[] = {
        {0xc0000094, "divide-by-zero"},  {0xc000008e, "divide-by-zero"},
        {0xc0000095, "!divide-by-zero"}, {0xc0000008, "invalid-handle"},
        {0xc0000235, "invalid-handle"},  {0xc0000009, "!invalid-handle"},
        {0xc0000017, "out-of-memory"},   {0xe0000008, "out-of-memory"},
        {0xc0000018, "!out-of-memory"},  {0xc00000fd, "stack-overflow"},
        {0x80000001, "!stack-overflow"}, {0xc0000374, "heap-corruption !fast-fail"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct crash_run run = crash_run_begin(false);

        crash_run_raise(&run, cases[i].code, 0, NULL);
        crash_run_analyze(&run);
        crash_run_findings(&run, cases[i].findings);
        crash_run_end(&run);
    }
}
END_TEST

START_TEST(instructions_that_are_illegal)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *findings;
    } cases[] = {
        {"\x0f\x0b", 2, "trap-instruction !unsupported-instruction"},          /* ud2 */
        {"\xc5\xfc\x58\xc1", 4, "unsupported-instruction !trap-instruction"},  /* vaddps */
        {"\xf3\x0f\xb8\xc1", 4, "unsupported-instruction"},                    /* popcnt */
        {"\x8b\x01\x90", 3, "!trap-instruction !unsupported-instruction"},     /* mov */
        {"\xf0\x8b\x01\x90", 4, "!trap-instruction !unsupported-instruction"}, /* lock mov */
    };
    size_t i;

    for (i = 0; crash_run_can_decode() && i < sizeof cases / sizeof cases[0]; i++) {
        struct crash_run run = crash_run_begin(false);

        (void)db_memory(run.b, run.pc, 16);
        db_poke(run.b, run.pc, cases[i].bytes, cases[i].size);
        crash_run_raise(&run, 0xc000001d, 0, NULL);
        crash_run_analyze(&run);
        crash_run_findings(&run, cases[i].findings);
        crash_run_end(&run);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, instructions_that_are_illegal);
    tcase_add_test(tests, functions_that_end_programs);
    tcase_add_test(tests, functions_that_do_not);
    tcase_add_test(tests, raised_exceptions);
    tcase_add_test(tests, what_was_asserted);
    tcase_add_test(tests, breakpads_record);
    tcase_add_test(tests, fast_fail_codes);
    tcase_add_test(tests, codes_that_stand_for_themselves);
}

int main(void)
{
    return suite_main("det_selfcheck", add_tests);
}
