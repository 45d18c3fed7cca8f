/* SPDX-License-Identifier: MIT */
/* NtGlobalFlag and environment variables in built process environment blocks of both layouts. */
#include "support/hang_scene.h"
#include "support/suite.h"

#include <string.h>

#define PARAMETERS (HANG_HEAP + 0x100)
#define VARIABLES  (HANG_HEAP + 0x800)

static struct hang_scene s;

/* `flags` as ntddk.h has them; offsets of the public symbols. */
static void begin(unsigned pointer_size, uint32_t flags)
{
    hang_begin(&s, pointer_size);
    db_poke32(s.b, HANG_PEB + (pointer_size == 8 ? 0xbc : 0x68), flags);
    hang_add(&s, &(struct hang_thread){.id = 0x10, .frames = {"app!Work"}});
}

static void add_variables(const char *const *variables)
{
    bool is64 = s.pointer_size == 8;
    uint64_t at = VARIABLES;

    hang_poke(&s, HANG_PEB + (is64 ? 0x20 : 0x10), PARAMETERS);
    hang_poke(&s, PARAMETERS + (is64 ? 0x80 : 0x48), VARIABLES);
    for (; *variables != NULL; variables++) {
        db_poke_utf16(s.b, at, *variables);
        at += 2 * (strlen(*variables) + 1);
    }
}

START_TEST(flags_of_both_layouts)
{
    unsigned size;

    for (size = 4; size <= 8; size += 4) {
        begin(size, 0x70);
        db_poke8(s.b, HANG_PEB + 2, 1); /* BeingDebugged */
        hang_run(&s);
        hang_check(&s, "process.global_flag", "0x00000070");
        hang_check(&s, "process.global_flags",
                   "heap tail checking, heap free checking, heap parameter checking");
        hang_check(&s, "process.being_debugged", "yes");
        hang_check_finding(&s, "instrumentation", true);
        hang_end(&s);
    }
}
END_TEST

START_TEST(flags_that_say_nothing)
{
    begin(8, 0x400); /* pool tagging is the kernel's */
    hang_run(&s);
    hang_check(&s, "process.global_flags", "pool tagging");
    hang_check(&s, "process.being_debugged", "no");
    hang_check_finding(&s, "instrumentation", false);
    hang_end(&s);
    begin(8, 0);
    hang_run(&s);
    hang_check(&s, "process.global_flags", "none");
    hang_check_finding(&s, "instrumentation", false);
    hang_end(&s);
}
END_TEST

START_TEST(no_block)
{
    hang_begin(&s, 8);
    hang_run(&s);
    hang_check(&s, "process.global_flag", "? the process environment block is not in the dump");
    hang_check(&s, "environment.names", "? the process's variables are not in the dump");
    hang_check_finding(&s, "instrumentation", false);
    hang_check_finding(&s, "profiler", false);
    hang_end(&s);
}
END_TEST

START_TEST(variables_that_tell)
{
    static const char *const variables[] = {"=C:=C:\\app",       "Cor_Enable_Profiling=1",
                                            "PATH=COR_PROFILER", "DOTNET_gcServer=1",
                                            "SECRET=hunter2",    NULL};
    unsigned size;

    for (size = 4; size <= 8; size += 4) {
        begin(size, 0);
        add_variables(variables);
        hang_run(&s);
        hang_check(&s, "environment.names", "Cor_Enable_Profiling, DOTNET_gcServer");
        hang_check(&s, "environment.profiler", "yes");
        hang_check_finding(&s, "profiler", true);
        hang_end(&s);
    }
}
END_TEST

START_TEST(variables_that_do_not)
{
    static const char *const variables[] = {"PATH=C:\\", "TEMP=COR_ENABLE_PROFILING=1", NULL};

    begin(8, 0);
    add_variables(variables);
    hang_run(&s);
    hang_check(&s, "environment.names", "none");
    hang_check(&s, "environment.profiler", "no");
    hang_check_finding(&s, "profiler", false);
    hang_end(&s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, flags_of_both_layouts);
    tcase_add_test(tests, flags_that_say_nothing);
    tcase_add_test(tests, no_block);
    tcase_add_test(tests, variables_that_tell);
    tcase_add_test(tests, variables_that_do_not);
}

int main(void)
{
    return suite_main("det_environment", add_tests);
}
