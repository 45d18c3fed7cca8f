/* SPDX-License-Identifier: MIT */
/* src/x86/context.c: the x86 CONTEXT. */
#include "x86/context.h"

#include "stack/walk.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static uint8_t bytes[1147];

static void put(size_t offset, uint32_t value)
{
    size_t i;

    for (i = 0; i < 4; i++)
        bytes[offset + i] = (uint8_t)(value >> (8 * i));
}

/* The values of the one WOW64 dump by Microsoft's writer in the corpus. */
static void fill(uint32_t flags)
{
    memset(bytes, 0xee, sizeof bytes);
    put(0x00, flags);
    put(0x8c, 0x2b);
    put(0x90, 0x53);
    put(0x94, 0x2b);
    put(0x98, 0x2c);
    put(0x9c, 0);
    put(0xa0, 2);
    put(0xa4, 0x37f608);
    put(0xa8, 8);
    put(0xac, 0xe61578);
    put(0xb0, 1);
    put(0xb4, 0x37f654);
    put(0xb8, 0x77ce01fd);
    put(0xbc, 0x23);
    put(0xc0, 0x246);
    put(0xc4, 0x37f5b8);
    put(0xc8, 0x2a);
}

START_TEST(test_full)
{
    static const size_t sizes[] = {204, 716, 1147};
    size_t i;

    fill(0x1002f);
    for (i = 0; i < 3; i++) {
        struct avd_context c;

        ck_assert(avd_x86_read_context(bytes, sizes[i], &c));
        ck_assert_uint_eq(c.regs.value[AVD_EDI], 0);
        ck_assert(avd_reg_known(&c.regs, AVD_EDI));
        ck_assert_uint_eq(c.regs.value[AVD_ESI], 2);
        ck_assert_uint_eq(c.regs.value[AVD_EBX], 0x37f608);
        ck_assert_uint_eq(c.regs.value[AVD_EDX], 8);
        ck_assert_uint_eq(c.regs.value[AVD_ECX], 0xe61578);
        ck_assert_uint_eq(c.regs.value[AVD_EAX], 1);
        ck_assert_uint_eq(c.regs.value[AVD_EBP], 0x37f654);
        ck_assert_uint_eq(c.regs.value[AVD_EIP], 0x77ce01fd);
        ck_assert_uint_eq(c.regs.value[AVD_ESP], 0x37f5b8);
        ck_assert(!avd_reg_known(&c.regs, AVD_R8));
        ck_assert_uint_eq(c.cs, 0x23);
        ck_assert_uint_eq(c.ss, 0x2a);
        ck_assert_uint_eq(c.ds, 0x2c);
        ck_assert_uint_eq(c.es, 0x2b);
        ck_assert_uint_eq(c.fs, 0x53);
        ck_assert_uint_eq(c.gs, 0x2b);
        ck_assert_uint_eq(c.eflags, 0x246);
    }
}
END_TEST

START_TEST(test_groups)
{
    struct avd_context c;

    fill(0x10001);
    ck_assert(avd_x86_read_context(bytes, 716, &c));
    ck_assert_uint_eq(c.regs.known, 1u << AVD_EIP | 1u << AVD_ESP | 1u << AVD_EBP);
    ck_assert(c.has_segments);
    ck_assert_uint_eq(c.fs, 0);
    fill(0x10006);
    ck_assert(avd_x86_read_context(bytes, 716, &c));
    ck_assert(!avd_reg_known(&c.regs, AVD_EIP));
    ck_assert(!avd_reg_known(&c.regs, AVD_EBP));
    ck_assert(avd_reg_known(&c.regs, AVD_EAX));
    ck_assert(!c.has_segments);
    fill(0x10000); /* Breakpad on macOS names no group */
    ck_assert(avd_x86_read_context(bytes, 716, &c));
    ck_assert(avd_reg_known(&c.regs, AVD_EIP));
    ck_assert(avd_reg_known(&c.regs, AVD_EAX));
}
END_TEST

START_TEST(test_refused)
{
    struct avd_context c;

    fill(0x1003f);
    ck_assert(!avd_x86_read_context(bytes, 203, &c));
    fill(0x10001f);
    ck_assert(!avd_x86_read_context(bytes, 716, &c));
    fill(0xeeeeeeee);
    ck_assert(!avd_x86_read_context(bytes, 716, &c));
    fill(0x800100ff); /* status bits and groups of later versions */
    ck_assert(avd_x86_read_context(bytes, 716, &c));
    ck_assert(avd_cpu_x86.read_context == avd_x86_read_context);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_full);
    tcase_add_test(tests, test_groups);
    tcase_add_test(tests, test_refused);
}

int main(void)
{
    return suite_main("x86_context", add_tests);
}
