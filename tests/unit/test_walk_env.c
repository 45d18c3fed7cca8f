/* SPDX-License-Identifier: MIT */
/* src/analyze/walk_env.c: what a module is to a walk, by its name and the directory it lies in. */
#include "analyze/analysis.h"
#include "analyze/modules.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include "minidump/format.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *path;
    enum avd_module_role role;
} modules[] = {
    {"C:\\app\\app.exe", AVD_ROLE_PROGRAM},
    {"C:\\Windows\\System32\\ntdll.dll", AVD_ROLE_NTDLL},
    {"C:\\Windows\\System32\\KERNEL32.DLL", AVD_ROLE_KERNEL32},
    {"C:\\WINDOWS\\system32\\user32.dll", AVD_ROLE_WINDOWS},
    {"\\Device\\HarddiskVolume3\\Windows\\SysWOW64\\gdi32.dll", AVD_ROLE_WINDOWS},
    {"C:\\Windows\\WinSxS\\amd64_comctl32\\comctl32.dll", AVD_ROLE_WINDOWS},
    {"D:\\windows\\game.dll", AVD_ROLE_PROGRAM},
    {"D:\\build-windows\\system32\\tool.dll", AVD_ROLE_PROGRAM},
    {"bare.dll", AVD_ROLE_OTHER},
};
enum { COUNT = sizeof modules / sizeof modules[0] };

START_TEST(test_roles)
{
    struct db *b = db_new();
    struct avd_analysis *an;
    struct dump_fixture f;
    struct avd_walk_env env;
    size_t i;

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    for (i = 0; i < COUNT; i++)
        (void)db_module(b, &(struct db_module){.base = 0x10000000 + 0x100000 * (uint64_t)i,
                                               .size = 0x10000,
                                               .path = modules[i].path});
    f = dump_fixture_open(b);
    ck_assert_int_eq(avd_analysis_run(f.dump, NULL, &an, NULL), AVD_OK);
    memset(&env, 0, sizeof env);
    avd_analysis_walk_env(an, &env);
    for (i = 0; i < COUNT; i++) {
        struct avd_code_module module;

        ck_assert(env.module_at(env.ctx, 0x10001000 + 0x100000 * (uint64_t)i, &module));
        ck_assert_msg(env.module_role(env.ctx, module.id) == modules[i].role, "%s is %d",
                      modules[i].path, (int)env.module_role(env.ctx, module.id));
    }
    ck_assert_int_eq(env.module_role(env.ctx, COUNT), AVD_ROLE_OTHER);
    avd_analysis_free(an);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_roles);
}

int main(void)
{
    return suite_main("walk_env", add_tests);
}
