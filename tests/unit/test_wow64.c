/* SPDX-License-Identifier: MIT */
/* Is a dump WOW64, and which contexts a thread has then, from Windows Server 2003 to Wine. */
#include "support/suite.h"
#include "support/wow64_thread.h"

#include "minidump/format.h"

#include <string.h>

/* ---- detection ---- */

static void check_detected(struct db *b, bool present, const char *evidence)
{
    struct dump_fixture f = dump_fixture_open(b);
    struct avd_arena arena = {0};
    struct avd_wow64 wow64;

    ck_assert(avd_wow64_detect(f.dump, &arena, &wow64));
    ck_assert_int_eq(wow64.present, present);
    ck_assert_str_eq(wow64.evidence, evidence);
    ck_assert_uint_eq(wow64.peb32, present && strstr(evidence, "TEB") != NULL ? W_PEB32 : 0);
    avd_arena_deinit(&arena);
    dump_fixture_close(&f);
}

START_TEST(test_detected)
{
    check_detected(wow64_thread_builder(&(struct wow64_thread){0}), true,
                   "thread 0x3490 has a 32-bit TEB at 0x7efdd000 beside its 64-bit one at "
                   "0x7efdb000, and wow64.dll is loaded in a 64-bit process");
    check_detected(wow64_thread_builder(&(struct wow64_thread){.no_wow64_module = true}), true,
                   "thread 0x3490 has a 32-bit TEB at 0x7efdd000 beside its 64-bit one at "
                   "0x7efdb000");
    check_detected(wow64_thread_builder(&(struct wow64_thread){.no_teb64 = true, .no_teb32 = true}),
                   true, "wow64.dll is loaded in a 64-bit process");
}
END_TEST

START_TEST(test_not_detected)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_INTEL);

    check_detected(
        wow64_thread_builder(&(struct wow64_thread){.no_wow64_module = true, .teb32_thread_id = 1}),
        false, "no thread has a 32-bit TEB and wow64.dll is not loaded");
    /* The 32-bit list of a 32-bit writer names wow64cpu.dll as well. */
    (void)db_module(b, &(struct db_module){.base = 0x77070000,
                                           .size = 0xa000,
                                           .path = "C:\\Windows\\System32\\wow64cpu.dll"});
    check_detected(b, false, "the dump is not one of a 64-bit Windows process");
}
END_TEST

/* ---- generations ---- */

/* Server 2003 and XP x64 as 7; what 8 changed; 10 and 11; Wine's first and other threads. */
START_TEST(test_generations)
{
    static const struct wow64_thread generations[] = {
        {.native = {.r12 = W_TEB64, .r13 = W_AREA}},
        {.machine = 0x14c, .native = {.r13 = W_AREA + 0x80}},
        {.machine = 0x14c, .wow_teb_offset = 0x2000, .native = {.r13 = W_AREA + 0x80}},
        {.machine = 0x14c, .wow_teb_offset = 0x2000, .native = {.r13 = W_AREA + 4}},
        {.machine = 0x14c, .wow_teb_offset = 0x2000, .no_exception_list = true},
    };
    size_t i;

    for (i = 0; i < sizeof generations / sizeof generations[0]; i++) {
        struct wow64_fixture f = wow64_fixture_open(&generations[i]);

        ck_assert_int_eq(f.thread.source, AVD_WOW64_CPU_AREA);
        ck_assert_uint_eq(f.thread.teb32, W_TEB32);
        ck_assert_uint_eq(f.thread.context.regs.value[AVD_EIP], W_EIP);
        ck_assert_uint_eq(f.thread.stack64_low, W_STACK64);
        ck_assert_uint_eq(f.thread.stack64_high, W_AREA);
        ck_assert(f.thread.has_native);
        ck_assert_uint_eq(f.thread.native.regs.value[AVD_RIP], 0x75542e09);
        wow64_fixture_close(&f);
    }
}
END_TEST

/* ---- 32-bit code running ---- */

START_TEST(test_live)
{
    struct wow64_fixture f = wow64_fixture_open(
        &(struct wow64_thread){.saved = {.eip = 0x401fff},
                               .native = {.cs = 0x23,
                                          .rip = UINT64_C(0xfffff00000401040),
                                          .rsp = UINT64_C(0x12345678) << 32 | W_ESP,
                                          .rbp = 0x37f600,
                                          .rax = 7,
                                          .r14 = W_STACK64 + 0x2590}});

    /* The area is what the last transition left; high halves are garbage. */
    ck_assert_int_eq(f.thread.source, AVD_WOW64_LIVE);
    ck_assert_uint_eq(f.thread.context.regs.value[AVD_EIP], 0x401040);
    ck_assert_uint_eq(f.thread.context.regs.value[AVD_ESP], W_ESP);
    ck_assert_uint_eq(f.thread.context.regs.value[AVD_EAX], 7);
    ck_assert(!avd_reg_known(&f.thread.context.regs, AVD_R14));
    ck_assert(!f.thread.has_native);
    ck_assert_uint_eq(f.thread.native_sp, W_STACK64 + 0x2590);
    ck_assert_str_eq(f.thread.native_sp_route, "r14");
    wow64_fixture_close(&f);
}
END_TEST

START_TEST(test_live_stack64)
{
    /* Windows 7 has it in TlsSlots[0] as well. */
    struct wow64_fixture f = wow64_fixture_open(
        &(struct wow64_thread){.stack_ptr64 = W_STACK64 + 0x2000,
                               .native = {.cs = 0x23, .rip = W_EIP, .rsp = W_ESP, .r14 = W_AREA}});

    ck_assert_uint_eq(f.thread.native_sp, W_STACK64 + 0x2000);
    ck_assert_str_eq(f.thread.native_sp_route, "TlsSlots[0]");
    wow64_fixture_close(&f);
    f = wow64_fixture_open(&(struct wow64_thread){
        .stack_ptr64 = W_STACK64 - 8,
        .native = {.cs = 0x23, .rip = W_EIP, .rsp = W_ESP, .r14 = W_STACK64 - 8}});
    ck_assert_uint_eq(f.thread.native_sp, 0);
    ck_assert_str_eq(f.thread.native_reason,
                     "the thread was running 32-bit code; its 64-bit half waited in wow64cpu, and "
                     "neither r14 nor TlsSlots[0] tells where on the 64-bit stack");
    wow64_fixture_close(&f);
}
END_TEST

/* ---- other contexts ---- */

START_TEST(test_x86_context_in_the_dump)
{
    struct wow64_fixture f = wow64_fixture_open(&(struct wow64_thread){.x86_context = true});

    ck_assert_int_eq(f.thread.source, AVD_WOW64_STREAM);
    ck_assert_uint_eq(f.thread.context.regs.value[AVD_EIP], W_EIP);
    ck_assert_str_eq(f.thread.native_reason, "the thread's context is not a 64-bit one");
    wow64_fixture_close(&f);
}
END_TEST

START_TEST(test_no_context)
{
    struct wow64_fixture f = wow64_fixture_open(&(struct wow64_thread){.no_context = true});

    ck_assert_int_eq(f.thread.source, AVD_WOW64_CPU_AREA);
    ck_assert(!f.thread.has_native);
    ck_assert_str_eq(f.thread.native_reason, "the dump holds no context of this thread");
    wow64_fixture_close(&f);
}
END_TEST

START_TEST(test_not_wow64)
{
    struct wow64_fixture f =
        wow64_fixture_open(&(struct wow64_thread){.no_wow64_module = true, .no_teb32 = true});

    ck_assert_int_eq(f.thread.source, AVD_WOW64_NONE);
    ck_assert_str_eq(f.thread.reason, "not a WOW64 process");
    wow64_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_detected);
    tcase_add_test(tests, test_not_detected);
    tcase_add_test(tests, test_generations);
    tcase_add_test(tests, test_live);
    tcase_add_test(tests, test_live_stack64);
    tcase_add_test(tests, test_x86_context_in_the_dump);
    tcase_add_test(tests, test_no_context);
    tcase_add_test(tests, test_not_wow64);
}

int main(void)
{
    return suite_main("wow64", add_tests);
}
