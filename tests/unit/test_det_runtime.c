/* SPDX-License-Identifier: MIT */
/* .NET exceptions by their HRESULT, and what delay loading did not find. */
#include "support/crash_run.h"
#include "support/suite.h"

static void check_clr(uint32_t hresult, const char *type, const char *findings)
{
    struct crash_run run = crash_run_begin(false);

    crash_run_raise(&run, 0xe0434352, 5, (uint64_t[]){0xffffffff00000000 | hresult, 0, 0, 0, 0});
    crash_run_analyze(&run);
    crash_run_fact(&run, "clr.type", type);
    crash_run_findings(&run, findings);
    crash_run_end(&run);
}

START_TEST(clr)
{
    struct crash_run run = crash_run_begin(true);

    check_clr(0x80131509, "System.InvalidOperationException", "clr-exception");
    check_clr(0x80004001, "System.NotImplementedException", "clr-exception");
    check_clr(0x80131622, "System.ObjectDisposedException", "clr-exception");
    check_clr(0x8007000e, "System.OutOfMemoryException", "clr-exception out-of-memory");
    check_clr(0x80131599, "? no type is known for this HRESULT", "clr-exception");
    crash_run_raise(&run, 0xe0434f4d, 1, (uint64_t[]){0x80070057});
    crash_run_analyze(&run);
    crash_run_fact(&run, "clr.hresult", "0x80070057");
    crash_run_fact(&run, "clr.summary", "HRESULT 0x80070057, which System.ArgumentException has");
    crash_run_end(&run);
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xe0434352, 0, NULL);
    crash_run_analyze(&run);
    crash_run_fact(&run, "clr.type", "? the exception has no HRESULT");
    crash_run_findings(&run, "clr-exception");
    crash_run_end(&run);
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xe0434353, 1, (uint64_t[]){0x80131509});
    crash_run_analyze(&run);
    crash_run_fact(&run, "clr.type", "? no .NET exception was thrown");
    crash_run_findings(&run, "!clr-exception");
    crash_run_end(&run);
}
END_TEST

enum { INFO = 0x20000, DLL = 0x20100, FUNCTION = 0x20140 };

/* Offsets of delayimp.h's DelayLoadInfo: x86, x64. */
static struct crash_run delay(bool x86, bool by_name)
{
    struct crash_run run = crash_run_begin(x86);

    (void)db_memory(run.b, INFO, 0x200);
    db_poke32(run.b, INFO, x86 ? 0x24 : 0x48);
    db_poke32(run.b, INFO + (x86 ? 0xc : 0x18), DLL);
    db_poke32(run.b, INFO + (x86 ? 0x10 : 0x20), by_name);
    db_poke32(run.b, INFO + (x86 ? 0x14 : 0x28), by_name ? FUNCTION : 42);
    db_poke32(run.b, INFO + (x86 ? 0x20 : 0x40), 127);
    db_poke(run.b, DLL, "plugin.dll", 11);
    db_poke(run.b, FUNCTION, "Frobnicate", 11);
    return run;
}

START_TEST(delay_load)
{
    unsigned x86;

    for (x86 = 0; x86 < 2; x86++) {
        struct crash_run run = delay(x86 != 0, true);

        crash_run_raise(&run, 0xc06d007f, 1, (uint64_t[]){INFO});
        crash_run_analyze(&run);
        crash_run_fact(&run, "delay.dll", "plugin.dll");
        crash_run_fact(&run, "delay.function", "Frobnicate");
        crash_run_fact(&run, "delay.error", "127");
        crash_run_fact(&run, "delay.error_name", "ERROR_PROC_NOT_FOUND");
        crash_run_fact(&run, "delay.summary", "Frobnicate of plugin.dll");
        crash_run_findings(&run, "delay-load-failure");
        crash_run_end(&run);
        run = delay(x86 != 0, false);
        crash_run_raise(&run, 0xc06d007e, 1, (uint64_t[]){INFO});
        crash_run_analyze(&run);
        crash_run_fact(&run, "delay.function", "ordinal 42");
        crash_run_fact(&run, "delay.summary", "plugin.dll");
        crash_run_findings(&run, "delay-load-failure");
        crash_run_end(&run);
    }
}
END_TEST

START_TEST(delay_load_damaged)
{
    struct crash_run run = crash_run_begin(false);

    crash_run_raise(&run, 0xc06d007e, 1, (uint64_t[]){INFO});
    crash_run_analyze(&run);
    crash_run_fact(&run, "delay.dll", "? its DelayLoadInfo is not in the dump");
    crash_run_fact(&run, "delay.summary", "a DLL whose name is not in the dump");
    crash_run_findings(&run, "delay-load-failure");
    crash_run_end(&run);
    run = delay(false, true);
    db_poke32(run.b, INFO, 0x24); /* the size in 32-bit code */
    crash_run_raise(&run, 0xc06d007e, 1, (uint64_t[]){INFO});
    crash_run_analyze(&run);
    crash_run_fact(&run, "delay.dll", "? its DelayLoadInfo is not in the dump");
    crash_run_end(&run);
    run = delay(false, true);
    db_poke32(run.b, INFO + 0x18, 0x999999);
    crash_run_raise(&run, 0xc06d007f, 1, (uint64_t[]){INFO});
    crash_run_analyze(&run);
    crash_run_fact(&run, "delay.dll", "? the DLL's name is not in the dump");
    crash_run_fact(&run, "delay.function", "Frobnicate");
    crash_run_end(&run);
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xc0000135, 0, NULL);
    crash_run_analyze(&run);
    crash_run_fact(&run, "delay.dll", "? no delay-loaded DLL is missing");
    ck_assert(!crash_run_found(&run, "delay-load-failure"));
    crash_run_end(&run);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, clr);
    tcase_add_test(tests, delay_load);
    tcase_add_test(tests, delay_load_damaged);
}

int main(void)
{
    return suite_main("det_runtime", add_tests);
}
