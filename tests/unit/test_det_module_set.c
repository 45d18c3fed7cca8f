/* SPDX-License-Identifier: MIT */
/* Module lists in built dumps: system names elsewhere, temporary folders, two of one name. */
#include "support/hang_scene.h"
#include "support/suite.h"

static struct hang_scene s;
static uint64_t next_base;

static void add(const char *path, uint32_t version)
{
    (void)db_module(s.b, &(struct db_module){.base = next_base,
                                             .size = 0x1000,
                                             .path = path,
                                             .version_ms = version,
                                             .version_ls = 1});
    next_base += 0x10000;
}

static void begin(void)
{
    hang_begin(&s, 8);
    next_base = 0x7f000000;
}

START_TEST(a_system_library_from_elsewhere)
{
    begin();
    add("C:\\app\\Version.dll", 1);
    add("C:\\Windows\\SysWOW64\\winmm.dll", 1);
    add("c:\\windows\\WinSxS\\x\\dxgi.dll", 1);
    add("C:\\app\\dbghelp.dll", 1); /* shipped rightly */
    add("winhttp.dll", 1);          /* nobody knows from where */
    hang_run(&s);
    hang_check(&s, "modules.shadow_count", "1");
    hang_check(&s, "modules.shadows", "C:\\app\\Version.dll");
    hang_check_finding(&s, "system-library-shadowed", true);
    hang_end(&s);
}
END_TEST

START_TEST(nothing_odd)
{
    begin();
    add("C:\\app\\plugin.dll", 1);
    add("C:\\Windows\\System32\\version.dll", 1);
    hang_run(&s);
    hang_check(&s, "modules.shadow_count", "0");
    hang_check(&s, "modules.temporary_count", "0");
    hang_check(&s, "modules.twice_count", "0");
    hang_check_finding(&s, "system-library-shadowed", false);
    hang_check_finding(&s, "module-from-temp", false);
    hang_check_finding(&s, "duplicate-module", false);
    hang_end(&s);
}
END_TEST

/* Writers that leave folders out leave it open where Windows lies. */
START_TEST(without_folders)
{
    s.b = db_new();
    next_base = 0x10000;
    (void)db_system_info(s.b, 9, 10, 0, 19041);
    add("app.exe", 1);
    add("ntdll.dll", 1);
    add("C:\\app\\version.dll", 1);
    hang_run(&s);
    hang_check(&s, "modules.shadow_count", "0");
    hang_end(&s);
}
END_TEST

START_TEST(a_temporary_folder)
{
    begin();
    add("C:\\Users\\u\\AppData\\Local\\Temp\\is-1\\hook.dll", 1);
    hang_run(&s);
    hang_check(&s, "modules.temporary_count", "1");
    hang_check_finding(&s, "module-from-temp", true);
    hang_end(&s);
    /* A program that lies there as a whole */
    s.b = db_new();
    next_base = 0x10000;
    (void)db_system_info(s.b, 9, 10, 0, 19041);
    add("C:\\temp\\app.exe", 1);
    add("C:\\temp\\helper.dll", 1);
    hang_run(&s);
    hang_check(&s, "modules.temporary_count", "0");
    hang_end(&s);
}
END_TEST

START_TEST(two_of_one_name)
{
    begin();
    add("C:\\app\\zlib.dll", 0x10002);
    add("C:\\app\\plugins\\ZLIB.dll", 0x10003);
    hang_run(&s);
    hang_check(&s, "modules.twice",
               "C:\\app\\zlib.dll (1.2.0.1) and C:\\app\\plugins\\ZLIB.dll (1.3.0.1)");
    hang_check_finding(&s, "duplicate-module", true);
    hang_end(&s);
    /* Windows keeps several of its own side by side; the same file may be mapped twice. */
    begin();
    add("C:\\Windows\\WinSxS\\a\\comctl32.dll", 0x5);
    add("C:\\Windows\\WinSxS\\b\\comctl32.dll", 0x6);
    add("C:\\app\\lib.dll", 1);
    add("C:\\app\\lib.dll", 1);
    hang_run(&s);
    hang_check(&s, "modules.twice_count", "0");
    hang_end(&s);
}
END_TEST

START_TEST(guest_tools)
{
    begin();
    add("C:\\Windows\\System32\\vm3dum64_10.dll", 1);
    hang_run(&s);
    hang_check_finding(&s, "virtualized-system", true);
    hang_end(&s);
    begin();
    hang_run(&s);
    hang_check_finding(&s, "virtualized-system", false);
    hang_end(&s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, a_system_library_from_elsewhere);
    tcase_add_test(tests, nothing_odd);
    tcase_add_test(tests, without_folders);
    tcase_add_test(tests, a_temporary_folder);
    tcase_add_test(tests, two_of_one_name);
    tcase_add_test(tests, guest_tools);
}

int main(void)
{
    return suite_main("det_module_set", add_tests);
}
