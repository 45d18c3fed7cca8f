/* SPDX-License-Identifier: MIT */
/* First bytes of system functions in built images: the jumps that hooks use, and others. */
#include "support/hang_scene.h"
#include "support/suite.h"

#include <stdio.h>

#define HOOK       UINT64_C(0x75000000)
#define TRAMPOLINE (HANG_HEAP + 0x400)
#define FUNCTION   "ntdll!NtReadFile" /* one of those that are looked at */

static struct hang_scene s;

static void begin(unsigned pointer_size, const void *code, size_t size)
{
    hang_begin(&s, pointer_size);
    (void)db_module(s.b, &(struct db_module){.base = HOOK,
                                             .size = 0x1000,
                                             .path = "C:\\Program Files\\av\\guard.dll"});
    db_poke(s.b, hang_function(&s, FUNCTION), code, size);
}

/* jmp rel32 at `from` */
static void poke_jump(uint64_t from, uint64_t to)
{
    db_poke8(s.b, from, 0xe9);
    db_poke32(s.b, from + 1, (uint32_t)(to - from - 5));
}

static void check_hook(const char *target)
{
    char expected[128];

    hang_run(&s);
    (void)snprintf(expected, sizeof expected, "ntdll!NtReadFile jumps to %s", target);
    hang_check(&s, "hooks.count", "1");
    hang_check(&s, "hooks.list", expected);
    hang_check_finding(&s, "hooked-functions", true);
    hang_end(&s);
}

START_TEST(jumps_of_64_bit_hooks)
{
    /* mov rax, imm64; jmp rax */
    static const uint8_t through_rax[] = {0x48, 0xb8, 0x10, 0, 0, 0x75, 0, 0, 0, 0, 0xff, 0xe0};
    /* push imm32; mov dword ptr [rsp+4], imm32; ret */
    static const uint8_t by_ret[] = {0x68, 0x10, 0, 0, 0x75, 0xc7, 0x44, 0x24, 4, 0, 0, 0, 0, 0xc3};

    begin(8, through_rax, sizeof through_rax);
    check_hook("guard.dll (0x75000010)");
    begin(8, by_ret, sizeof by_ret);
    check_hook("guard.dll (0x75000010)");
    begin(8, "", 0);
    poke_jump(hang_function(&s, FUNCTION), HOOK + 0x20);
    check_hook("guard.dll (0x75000020)");
    /* jmp [rip + 0]: the address follows */
    begin(8, "\xff\x25\0\0\0\0", 6);
    hang_poke(&s, hang_function(&s, FUNCTION) + 6, HOOK + 0x30);
    check_hook("guard.dll (0x75000030)");
}
END_TEST

START_TEST(jumps_of_32_bit_hooks)
{
    begin(4, "\x68\x10\0\0\x75\xc3", 7); /* push imm32; ret */
    check_hook("guard.dll (0x75000010)");
    begin(4, "\xb8\x10\0\0\x75\xff\xe0", 7); /* mov eax, imm32; jmp eax */
    check_hook("guard.dll (0x75000010)");
    begin(4, "\xeb\xf9", 2); /* the jump lies in the five bytes before */
    poke_jump(hang_function(&s, FUNCTION) - 5, HOOK + 0x20);
    check_hook("guard.dll (0x75000020)");
}
END_TEST

START_TEST(a_trampoline_leads_to_its_owner)
{
    begin(8, "", 0);
    poke_jump(hang_function(&s, FUNCTION), TRAMPOLINE);
    poke_jump(TRAMPOLINE, HOOK + 0x20);
    check_hook("guard.dll (0x75000020)");
    begin(8, "", 0);
    poke_jump(hang_function(&s, FUNCTION), TRAMPOLINE);
    check_hook("memory outside modules (0x500400)");
}
END_TEST

static void check_none(void)
{
    hang_run(&s);
    hang_check(&s, "hooks.count", "0");
    hang_check(&s, "hooks.list", "none");
    hang_check_finding(&s, "hooked-functions", false);
    hang_end(&s);
}

START_TEST(the_systems_own_jumps)
{
    begin(8, "", 0); /* within the module */
    poke_jump(hang_function(&s, FUNCTION), hang_function(&s, "ntdll!NtDelayExecution"));
    check_none();
    begin(8, "", 0); /* to another library of Windows */
    poke_jump(hang_function(&s, FUNCTION), hang_function(&s, "kernel32!WaitForSingleObject"));
    check_none();
    begin(8, "\x4c\x8b\xd1\xb8", 4); /* a system call's stub */
    check_none();
    begin(8, "", 0); /* a circle */
    poke_jump(hang_function(&s, FUNCTION), hang_function(&s, FUNCTION));
    check_none();
}
END_TEST

START_TEST(no_code)
{
    s.b = db_new();
    (void)db_system_info(s.b, 9, 10, 0, 19041);
    (void)db_module(s.b, &(struct db_module){.base = 0x10000,
                                             .size = 0x1000,
                                             .path = "C:\\Windows\\System32\\ntdll.dll"});
    hang_run(&s);
    hang_check(&s, "hooks.checked", "0");
    hang_check(&s, "hooks.count", "? the code of system libraries is not in the dump");
    hang_check_finding(&s, "hooked-functions", false);
    hang_end(&s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, jumps_of_64_bit_hooks);
    tcase_add_test(tests, jumps_of_32_bit_hooks);
    tcase_add_test(tests, a_trampoline_leads_to_its_owner);
    tcase_add_test(tests, the_systems_own_jumps);
    tcase_add_test(tests, no_code);
}

int main(void)
{
    return suite_main("det_hooks", add_tests);
}
