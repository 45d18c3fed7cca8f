/* SPDX-License-Identifier: MIT */
/* src/x64/context.c: the AMD64 CONTEXT. */
#include "x64/context.h"

#include "stack/walk.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static uint8_t bytes[0x4d0];

static void put(size_t offset, uint64_t value, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        bytes[offset + i] = (uint8_t)(value >> (8 * i));
}

static void fill(uint32_t flags)
{
    size_t i;

    memset(bytes, 0xee, sizeof bytes);
    put(0x30, flags, 4);
    put(0x38, 0x33, 2);
    put(0x3a, 0x2b, 2);
    put(0x3c, 0x2c, 2);
    put(0x3e, 0x53, 2);
    put(0x40, 0x2d, 2);
    put(0x42, 0x2a, 2);
    put(0x44, 0x10246, 4);
    for (i = 0; i < 17; i++)
        put(0x78 + 8 * i, UINT64_C(0x1122334455667700) + i, 8);
}

START_TEST(test_full)
{
    struct avd_context c;
    unsigned i;

    fill(0x10005f); /* with XSTATE */
    ck_assert(avd_x64_read_context(bytes, sizeof bytes, &c));
    ck_assert_uint_eq(c.flags, 0x10005f);
    for (i = 0; i < AVD_REG_COUNT; i++) {
        ck_assert(avd_reg_known(&c.regs, i));
        ck_assert_uint_eq(c.regs.value[i], UINT64_C(0x1122334455667700) + i);
    }
    ck_assert(c.has_segments);
    ck_assert_uint_eq(c.cs, 0x33);
    ck_assert_uint_eq(c.ds, 0x2b);
    ck_assert_uint_eq(c.es, 0x2c);
    ck_assert_uint_eq(c.fs, 0x53);
    ck_assert_uint_eq(c.gs, 0x2d);
    ck_assert_uint_eq(c.ss, 0x2a);
    ck_assert(c.has_eflags);
    ck_assert_uint_eq(c.eflags, 0x10246);
}
END_TEST

/* A register counts only when its group was recorded. */
START_TEST(test_groups)
{
    struct avd_context c;

    fill(0x100001);
    ck_assert(avd_x64_read_context(bytes, sizeof bytes, &c));
    ck_assert_uint_eq(c.regs.known, 1u << AVD_RIP | 1u << AVD_RSP);
    ck_assert_uint_eq(c.regs.value[AVD_RAX], 0);
    ck_assert(c.has_segments);
    ck_assert_uint_eq(c.ds, 0);

    fill(0x100002);
    ck_assert(avd_x64_read_context(bytes, sizeof bytes, &c));
    ck_assert(!avd_reg_known(&c.regs, AVD_RIP));
    ck_assert(!avd_reg_known(&c.regs, AVD_RSP));
    ck_assert(avd_reg_known(&c.regs, AVD_RBP));
    ck_assert(!c.has_segments);
    ck_assert(!c.has_eflags);

    /* Breakpad on macOS names no group at all and records them. */
    fill(0x100000);
    ck_assert(avd_x64_read_context(bytes, sizeof bytes, &c));
    ck_assert(avd_reg_known(&c.regs, AVD_RIP));
    ck_assert(avd_reg_known(&c.regs, AVD_R15));
    ck_assert_uint_eq(c.ds, 0x2b);
}
END_TEST

START_TEST(test_refused)
{
    struct avd_context c;

    fill(0x10001f);
    ck_assert(avd_x64_read_context(bytes, 0x100, &c));
    ck_assert(!avd_x64_read_context(bytes, 0xff, &c));
    ck_assert(!avd_x64_read_context(bytes, 0, &c));
    ck_assert_uint_eq(c.regs.known, 0);
    fill(0x1003f); /* x86 */
    ck_assert(!avd_x64_read_context(bytes, sizeof bytes, &c));
    fill(0x40001f); /* ARM64 */
    ck_assert(!avd_x64_read_context(bytes, sizeof bytes, &c));
    fill(0);
    ck_assert(!avd_x64_read_context(bytes, sizeof bytes, &c));
    fill(0xffffffff);
    ck_assert(!avd_x64_read_context(bytes, sizeof bytes, &c));
    /* Status bits above the CPU's are none of our business. */
    fill(0x5810001f);
    ck_assert(avd_x64_read_context(bytes, sizeof bytes, &c));
    ck_assert(avd_cpu_amd64.read_context == avd_x64_read_context);
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
    return suite_main("x64_context", add_tests);
}
