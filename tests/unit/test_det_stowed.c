/* SPDX-License-Identifier: MIT */
/*
 * Stored errors as Windows Error Reporting documents them: STOWED_EXCEPTION_INFORMATION_V2 of 64-
 * and 32-bit processes, in its binary and its text form.
 */
#include "support/crash_run.h"
#include "support/suite.h"

#define STOWED 0xc000027bu

enum { ARRAY = 0x500, ERROR = 0x540, TRACE = 0x5a0, TEXT = 0x600 }; /* on the stack's page */

static void poke_pointer(struct crash_run *run, uint64_t at, uint64_t value)
{
    if (run->x86)
        db_poke32(run->b, at, (uint32_t)value);
    else
        db_poke64(run->b, at, value);
}

/* What both forms begin with; returns where the union lies. */
static uint64_t begin(struct crash_run *run, uint32_t result, uint32_t form)
{
    uint64_t error = run->stack + ERROR;

    poke_pointer(run, run->stack + ARRAY, error);
    db_poke32(run->b, error, run->x86 ? 0x28 : 0x38);
    db_poke32(run->b, error + 4, 0x53453032);
    db_poke32(run->b, error + 8, result);
    db_poke32(run->b, error + 12, 0x1a4 | form); /* thread 0x1a4: its two low bits are not stored */
    return error + 16;
}

static void raise_it(struct crash_run *run, uint64_t count)
{
    crash_run_raise(run, STOWED, 2, (uint64_t[]){run->stack + ARRAY, count});
    crash_run_analyze(run);
}

static void check_binary(bool x86)
{
    static const struct db_export exports[] = {{"RoOriginateError", 0x1000}};
    const uint64_t combase = x86 ? 0x74000000 : UINT64_C(0x7ff810000000);
    struct crash_run run = crash_run_begin(x86);
    const unsigned width = x86 ? 4 : 8;
    uint64_t at = begin(&run, 0x8001010e, 1);

    crash_run_module(&run, combase, "C:\\Windows\\System32\\combase.dll", exports, 1);
    (void)db_module(run.b, &(struct db_module){.base = combase + 0x100000,
                                               .size = 0x10000,
                                               .path = "C:\\Windows\\System32\\ntdll.dll"});
    poke_pointer(&run, at, run.app + 0x2222);
    db_poke32(run.b, at + width, width);
    db_poke32(run.b, at + width + 4, 2);
    poke_pointer(&run, at + width + 8, run.stack + TRACE);
    poke_pointer(&run, run.stack + TRACE, combase + 0x1010);
    poke_pointer(&run, run.stack + TRACE + width, run.app + 0x2222);
    raise_it(&run, 1);
    crash_run_fact(&run, "stowed.count", "1");
    crash_run_fact(&run, "stowed.result", "0x8001010e (RPC_E_WRONG_THREAD)");
    crash_run_fact(&run, "stowed.thread", "0x1a4");
    crash_run_fact(&run, "stowed.address", x86 ? "0x00402222" : "0x0000000140002222");
    crash_run_fact(&run, "stowed.stack", "combase!RoOriginateError+0x10, app+0x2222");
    crash_run_fact(&run, "stowed.caller", "app+0x2222");
    crash_run_fact(&run, "stowed.text", "? the stored error has a stack instead of a text");
    crash_run_findings(&run, "stowed-exception");
    crash_run_end(&run);
}

START_TEST(an_error_with_its_stack)
{
    check_binary(false);
    check_binary(true);
}
END_TEST

START_TEST(an_error_with_a_text)
{
    static const char text[] = "N\0o\0 \0w\0i\0n\0d\0o\0w\0\0";
    int x86;

    for (x86 = 0; x86 < 2; x86++) {
        struct crash_run run = crash_run_begin(x86 != 0);

        poke_pointer(&run, begin(&run, 0x80070057, 2), run.stack + TEXT);
        db_poke(run.b, run.stack + TEXT, text, sizeof text);
        raise_it(&run, 3);
        crash_run_fact(&run, "stowed.count", "3");
        crash_run_fact(&run, "stowed.result", "0x80070057 (E_INVALIDARG)");
        crash_run_fact(&run, "stowed.text", "No window");
        crash_run_fact(&run, "stowed.stack", "? the stored error is a text, it has no stack");
        crash_run_end(&run);
    }
}
END_TEST

START_TEST(what_cannot_be_read)
{
    struct crash_run run = crash_run_begin(false);

    /* Small dumps lack the heap. */
    crash_run_raise(&run, STOWED, 2, (uint64_t[]){0x50000, 1});
    crash_run_analyze(&run);
    crash_run_fact(&run, "stowed.result", "? the stored errors are not in the dump");
    crash_run_findings(&run, "stowed-exception");
    crash_run_end(&run);

    run = crash_run_begin(false);
    (void)begin(&run, 0x80004005, 1);
    db_poke32(run.b, run.stack + ERROR + 4, 0x53453039);
    raise_it(&run, 1);
    crash_run_fact(&run, "stowed.result",
                   "? what the exception's first parameter leads to is no stored error");
    crash_run_end(&run);

    /* A stack of a million words, of which the dump has none. */
    run = crash_run_begin(false);
    db_poke32(run.b, begin(&run, 0x80004005, 1) + 8, 8);
    db_poke32(run.b, run.stack + ERROR + 0x1c, 1000000);
    db_poke64(run.b, run.stack + ERROR + 0x20, 0x50000);
    raise_it(&run, 1);
    crash_run_fact(&run, "stowed.result", "0x80004005 (E_FAIL)");
    crash_run_fact(&run, "stowed.stack", "? the stored error's stack is not in the dump");
    crash_run_end(&run);

    run = crash_run_begin(false);
    crash_run_raise(&run, STOWED, 2, (uint64_t[]){run.stack + ARRAY, UINT64_C(1) << 40});
    crash_run_analyze(&run);
    crash_run_fact(&run, "stowed.count",
                   "? the exception's parameters are not those of stored errors");
    crash_run_end(&run);

    run = crash_run_begin(false);
    crash_run_raise(&run, 0xc0000409, 1, (uint64_t[]){7});
    crash_run_analyze(&run);
    crash_run_fact(&run, "stowed.count", "? no stored errors were raised");
    crash_run_findings(&run, "fast-fail !stowed-exception");
    crash_run_end(&run);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, an_error_with_its_stack);
    tcase_add_test(tests, an_error_with_a_text);
    tcase_add_test(tests, what_cannot_be_read);
}

int main(void)
{
    return suite_main("det_stowed", add_tests);
}
