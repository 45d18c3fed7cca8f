/* SPDX-License-Identifier: MIT */
/* Modules that are used after they were unloaded, and places that only look like it. */
#include "minidump/format.h"
#include "support/crash_run.h"
#include "support/suite.h"

#define PLUGIN UINT64_C(0x180000000)

static struct crash_run begin(void)
{
    struct crash_run run = crash_run_begin(false);

    (void)db_unloaded(run.b,
                      &(struct db_module){.base = PLUGIN, .size = 0x10000, .path = "plugin.dll"});
    return run;
}

START_TEST(the_instruction)
{
    struct crash_run run = begin();

    run.pc = PLUGIN + 0x1234;
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){8, run.pc});
    crash_run_analyze(&run);
    crash_run_fact(&run, "unloaded.used", "yes");
    crash_run_fact(&run, "unloaded.module", "plugin.dll");
    crash_run_fact(&run, "unloaded.at", "the instruction");
    crash_run_fact(&run, "unloaded.address", "0x0000000180001234");
    crash_run_fact(&run, "unloaded.offset", "4660");
    ck_assert(crash_run_found(&run, "unloaded-module"));
    crash_run_end(&run);
}
END_TEST

START_TEST(data_of_it)
{
    struct crash_run run = begin();

    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, PLUGIN + 0x8000});
    crash_run_analyze(&run);
    crash_run_fact(&run, "unloaded.at", "the address that was accessed");
    crash_run_fact(&run, "pointer.kind", "unloaded module");
    crash_run_findings(&run, "unloaded-module");
    crash_run_end(&run);
}
END_TEST

static void assert_not_used(struct crash_run *run)
{
    crash_run_raise(run, 0xc0000005, 2, (uint64_t[]){0, PLUGIN + 0x8000});
    crash_run_analyze(run);
    crash_run_fact(run, "unloaded.used", "no");
    crash_run_fact(run, "unloaded.module",
                   "? nothing at the exception lies where an unloaded module was");
    ck_assert(!crash_run_found(run, "unloaded-module"));
    crash_run_end(run);
}

START_TEST(something_else_is_there_now)
{
    struct crash_run run = begin();

    (void)db_module(run.b,
                    &(struct db_module){.base = PLUGIN, .size = 0x10000, .path = "C:\\other.dll"});
    assert_not_used(&run);
    run = begin();
    db_region(run.b, PLUGIN, 0x10000, MEM_COMMIT, PAGE_EXECUTE_READ, 0x20000);
    assert_not_used(&run);
    /* The dump has bytes from there, although it does not list what memory there was. */
    run = begin();
    (void)db_memory(run.b, PLUGIN + 0x8000, 0x100);
    assert_not_used(&run);
}
END_TEST

START_TEST(behind_its_end)
{
    struct crash_run run = begin();

    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, PLUGIN + 0x10000});
    crash_run_analyze(&run);
    crash_run_fact(&run, "unloaded.used", "no");
    crash_run_end(&run);
}
END_TEST

START_TEST(without_a_list)
{
    struct crash_run run = crash_run_begin(false);

    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, PLUGIN});
    crash_run_analyze(&run);
    crash_run_fact(&run, "unloaded.used", "no");
    crash_run_end(&run);
    /* Code in no module may be that of one. */
    run = crash_run_begin(false);
    run.pc = PLUGIN;
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){8, PLUGIN});
    crash_run_analyze(&run);
    crash_run_fact(&run, "unloaded.used", "? the dump lists no unloaded modules");
    crash_run_end(&run);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, the_instruction);
    tcase_add_test(tests, data_of_it);
    tcase_add_test(tests, something_else_is_there_now);
    tcase_add_test(tests, behind_its_end);
    tcase_add_test(tests, without_a_list);
}

int main(void)
{
    return suite_main("det_unloaded", add_tests);
}
