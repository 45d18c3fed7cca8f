/* SPDX-License-Identifier: MIT */
/* The CPU area with the 32-bit registers, by generation, and what is said when it does not help. */
#include "support/suite.h"
#include "support/wow64_thread.h"

static void check_found(const struct wow64_thread *layout, const char *route)
{
    struct wow64_fixture f = wow64_fixture_open(layout);

    ck_assert_msg(f.thread.source == AVD_WOW64_CPU_AREA, "%s", f.thread.reason);
    ck_assert_uint_eq(f.thread.cpu_area, W_AREA);
    ck_assert_str_eq(f.thread.cpu_area_route, route);
    ck_assert_str_eq(f.thread.reason, "");
    ck_assert_uint_eq(f.thread.context.regs.value[AVD_EIP], W_EIP);
    ck_assert_uint_eq(f.thread.context.regs.value[AVD_ESP], W_ESP);
    wow64_fixture_close(&f);
}

static void check_reason(const struct wow64_thread *layout, const char *reason)
{
    struct wow64_fixture f = wow64_fixture_open(layout);

    ck_assert_int_eq(f.thread.source, AVD_WOW64_NONE);
    ck_assert_str_eq(f.thread.reason, reason);
    ck_assert_uint_eq(f.thread.cpu_area, 0);
    ck_assert_str_eq(f.thread.cpu_area_route, "");
    /* The 64-bit half is there all the same. */
    ck_assert(f.thread.has_native);
    wow64_fixture_close(&f);
}

/* Windows XP x64 to 7: a header without a machine; Windows 8 to 11 and Wine: 0x14c. */
START_TEST(test_machine)
{
    check_found(&(struct wow64_thread){0}, "TlsSlots[1]");
    check_found(&(struct wow64_thread){.machine = 0x14c}, "TlsSlots[1]");
    check_reason(&(struct wow64_thread){.machine = 0x1c4},
                 "the CPU area at 0x20fd20 (TlsSlots[1]) is for machine 0x1c4, not for x86 "
                 "(0x14c)");
}
END_TEST

START_TEST(test_other_offsets)
{
    check_found(&(struct wow64_thread){.context_offset = 8}, "TlsSlots[1]");
    check_found(&(struct wow64_thread){.context_offset = 0x10}, "TlsSlots[1]");
}
END_TEST

START_TEST(test_implausible)
{
    check_reason(&(struct wow64_thread){.saved = {.cs = 0x33}},
                 "the CPU area at 0x20fd20 (TlsSlots[1]) holds no plausible 32-bit context: "
                 "ContextFlags 0x1002f, cs 0x33, ss 0x2b, esp 0x37f5b8, the stack is "
                 "0x37e000-0x380000");
    check_reason(&(struct wow64_thread){.saved = {.esp = 0x380004}},
                 "the CPU area at 0x20fd20 (TlsSlots[1]) holds no plausible 32-bit context: "
                 "ContextFlags 0x1002f, cs 0x23, ss 0x2b, esp 0x380004, the stack is "
                 "0x37e000-0x380000");
    check_reason(&(struct wow64_thread){.saved = {.flags = 0x100001}},
                 "the CPU area at 0x20fd20 (TlsSlots[1]) holds no x86 context");
}
END_TEST

/* A stack overflow stands in the guard pages below the limit; further down is nothing. */
START_TEST(test_guard_pages)
{
    struct wow64_fixture f =
        wow64_fixture_open(&(struct wow64_thread){.saved = {.esp = W_STACK32 - 0x2ffc}});

    ck_assert_int_eq(f.thread.source, AVD_WOW64_CPU_AREA);
    wow64_fixture_close(&f);
    f = wow64_fixture_open(&(struct wow64_thread){.saved = {.esp = W_STACK32 - 0x3004}});
    ck_assert_int_eq(f.thread.source, AVD_WOW64_NONE);
    wow64_fixture_close(&f);
}
END_TEST

/* A call to null: eip is no code, and yet the truth. */
START_TEST(test_eip_may_be_anything)
{
    struct wow64_fixture f =
        wow64_fixture_open(&(struct wow64_thread){.saved = {.eip = 1, .esp = W_ESP}});

    ck_assert_int_eq(f.thread.source, AVD_WOW64_CPU_AREA);
    ck_assert_uint_eq(f.thread.context.regs.value[AVD_EIP], 1);
    wow64_fixture_close(&f);
}
END_TEST

START_TEST(test_missing)
{
    check_reason(&(struct wow64_thread){.no_slot = true},
                 "the thread has no CPU area: it never ran 32-bit code");
    check_reason(&(struct wow64_thread){.no_area = true},
                 "the CPU area at 0x20fd20 (TlsSlots[1]) with the 32-bit registers is not in the "
                 "dump");
    check_reason(&(struct wow64_thread){.no_teb64 = true},
                 "the 64-bit TEB at 0x7efdb000 (the thread's entry) is not in the dump, so "
                 "TlsSlots[1], which points to the CPU area with the 32-bit registers, cannot be "
                 "read; r13 leads to no such area either");
    check_reason(&(struct wow64_thread){.no_teb64 = true,
                                        .no_teb32 = true,
                                        .no_entry = true,
                                        .native = {.r12 = 0x1234, .r13 = W_AREA}},
                 "the 64-bit TEB at 0x1234 (r12) is not in the dump, so TlsSlots[1], which points "
                 "to the CPU area with the 32-bit registers, cannot be read; r13 leads to no such "
                 "area either");
}
END_TEST

/* Without TEB64: r13 is the area (Windows 7), 0x80 into it (10), the context's address (Wine). */
START_TEST(test_r13)
{
    static const struct {
        uint32_t bias;
        const char *route;
    } cases[] = {{0, "r13"}, {0x80, "r13 - 0x80"}, {4, "r13 - 4"}};
    size_t i;

    for (i = 0; i < 3; i++) {
        struct wow64_thread layout = {.no_teb64 = true, .native = {.r13 = W_AREA + cases[i].bias}};

        check_found(&layout, cases[i].route);
        /* The entry's stack bounds esp as well as TEB32's do. */
        layout.no_teb32 = true;
        layout.describes_stack32 = true;
        check_found(&layout, cases[i].route);
        /* When nothing does, any bytes could be a context. */
        layout.describes_stack32 = false;
        check_reason(&layout, "the 64-bit TEB at 0x7efdb000 (the thread's entry) is not in the "
                              "dump, so TlsSlots[1], which points to the CPU area with the 32-bit "
                              "registers, cannot be read; r13 leads to no such area either");
    }
}
END_TEST

/* Windows 7 left the return address of the stub's call on the stack. */
START_TEST(test_return_address_on_the_stack)
{
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    struct avd_wow64_thread out;
    struct avd_arena arena = {0};
    struct dump_fixture f;
    struct avd_wow64 wow64;

    db_poke32(b, W_ESP, W_EIP);
    f = dump_fixture_open(b);
    ck_assert(avd_wow64_detect(f.dump, &arena, &wow64));
    ck_assert(avd_wow64_thread_find(f.dump, &wow64, &f.dump->threads[0], f.dump->threads[0].context,
                                    &arena, &out));
    ck_assert(out.return_on_stack);
    ck_assert_uint_eq(out.context.regs.value[AVD_ESP], W_ESP);
    avd_arena_deinit(&arena);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_machine);
    tcase_add_test(tests, test_other_offsets);
    tcase_add_test(tests, test_implausible);
    tcase_add_test(tests, test_guard_pages);
    tcase_add_test(tests, test_eip_may_be_anything);
    tcase_add_test(tests, test_missing);
    tcase_add_test(tests, test_r13);
    tcase_add_test(tests, test_return_address_on_the_stack);
}

int main(void)
{
    return suite_main("cpu_area", add_tests);
}
