/* SPDX-License-Identifier: MIT */
/* Routes to a WOW64 thread's TEBs. Offsets: public struct dumps; which generation fills which field
 * was seen on dumps of Windows 7 and 10 and of Wine 10. */
#include "support/suite.h"
#include "support/wow64_thread.h"

static void check_route(const struct wow64_thread *layout, uint64_t teb64, uint64_t teb32,
                        const char *route)
{
    struct wow64_fixture f = wow64_fixture_open(layout);

    ck_assert_uint_eq(f.thread.teb64, teb64);
    ck_assert_uint_eq(f.thread.teb32, teb32);
    ck_assert_str_eq(f.thread.teb32_route, route);
    ck_assert_uint_eq(f.thread.stack32_low, teb32 != 0 ? W_STACK32 : 0);
    ck_assert_uint_eq(f.thread.stack32_high, teb32 != 0 ? W_STACK32_END : 0);
    wow64_fixture_close(&f);
}

START_TEST(test_exception_list)
{
    check_route(&(struct wow64_thread){0}, W_TEB64, W_TEB32, "TEB64's NtTib.ExceptionList");
    /* Windows 7 kept other things where WowTebOffset is now. */
    check_route(&(struct wow64_thread){.wow_teb_offset = 1}, W_TEB64, W_TEB32,
                "TEB64's NtTib.ExceptionList");
}
END_TEST

START_TEST(test_wow_teb_offset)
{
    check_route(&(struct wow64_thread){.no_exception_list = true, .wow_teb_offset = 0x2000},
                W_TEB64, W_TEB32, "TEB64's WowTebOffset");
}
END_TEST

START_TEST(test_fixed_distance)
{
    static const uint32_t useless[] = {0, 1, 0x2001, 0x3000, 0xfffff000};
    size_t i;

    for (i = 0; i < sizeof useless / sizeof useless[0]; i++)
        check_route(&(struct wow64_thread){.no_exception_list = true, .wow_teb_offset = useless[i]},
                    W_TEB64, W_TEB32, "its place, 0x2000 above TEB64");
}
END_TEST

START_TEST(test_teb32_of_another_thread_is_none)
{
    check_route(&(struct wow64_thread){.teb32_thread_id = 0x3494, .wow_teb_offset = 0x2000},
                W_TEB64, 0, "");
}
END_TEST

START_TEST(test_teb32_not_in_the_dump)
{
    check_route(&(struct wow64_thread){.no_teb32 = true}, W_TEB64, 0, "");
}
END_TEST

/* Small dumps: TEB64 is missing, but its address is known and TEB32 points back to it. */
START_TEST(test_without_teb64)
{
    check_route(&(struct wow64_thread){.no_teb64 = true}, 0, W_TEB32,
                "its place, 0x2000 above TEB64, to which it points back");
    check_route(
        &(struct wow64_thread){.no_teb64 = true, .no_entry = true, .native = {.r12 = W_TEB64}}, 0,
        W_TEB32, "its place, 0x2000 above TEB64, to which it points back");
    check_route(&(struct wow64_thread){.no_teb64 = true, .no_back_pointer = true}, 0, 0, "");
    check_route(&(struct wow64_thread){.no_teb64 = true, .no_entry = true}, 0, 0, "");
}
END_TEST

START_TEST(test_teb64_by_r12)
{
    check_route(&(struct wow64_thread){.no_entry = true, .native = {.r12 = W_TEB64}}, W_TEB64,
                W_TEB32, "TEB64's NtTib.ExceptionList");
    /* A register that is not TEB64. */
    check_route(&(struct wow64_thread){.no_entry = true, .native = {.r12 = W_TEB64 + 8}}, 0, 0, "");
}
END_TEST

/* Writers that record TEB32 in the thread's entry. */
START_TEST(test_entry_is_teb32)
{
    static const struct wow64_thread layouts[] = {{0}, {.no_back_pointer = true}};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct db *b = wow64_thread_builder(&layouts[i]);
        struct dump_fixture f;
        struct avd_wow64_thread out;
        struct avd_wow64 wow64;
        struct avd_arena arena = {0};
        struct avd_thread thread;

        f = dump_fixture_open(b);
        thread = f.dump->threads[0];
        thread.teb = W_TEB32;
        ck_assert(avd_wow64_detect(f.dump, &arena, &wow64));
        ck_assert(avd_wow64_thread_find(f.dump, &wow64, &thread, thread.context, &arena, &out));
        ck_assert_uint_eq(out.teb64, W_TEB64);
        ck_assert_uint_eq(out.teb32, W_TEB32);
        ck_assert_str_eq(out.teb32_route, "the thread's entry, which has TEB32");
        avd_arena_deinit(&arena);
        dump_fixture_close(&f);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_exception_list);
    tcase_add_test(tests, test_wow_teb_offset);
    tcase_add_test(tests, test_fixed_distance);
    tcase_add_test(tests, test_teb32_of_another_thread_is_none);
    tcase_add_test(tests, test_teb32_not_in_the_dump);
    tcase_add_test(tests, test_without_teb64);
    tcase_add_test(tests, test_teb64_by_r12);
    tcase_add_test(tests, test_entry_is_teb32);
}

int main(void)
{
    return suite_main("tebs", add_tests);
}
