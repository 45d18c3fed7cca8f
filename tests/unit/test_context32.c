/* SPDX-License-Identifier: MIT */
/* The x86 CONTEXT of a thread in 32-bit code; offsets as both structures have them in winnt.h. */
#include "extract/context32.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

enum { AMD64_SIZE = 0x4d0, AMD64_FXSAVE = 0x100 };

static void put64(uint8_t *to, uint64_t value)
{
    avd_put_le32(to, (uint32_t)value);
    avd_put_le32(to + 4, (uint32_t)(value >> 32));
}

/* An AMD64 CONTEXT in which no two fields are alike. */
static void fill_amd64(uint8_t *from, uint32_t flags)
{
    size_t i;

    memset(from, 0, AMD64_SIZE);
    avd_put_le32(from + 0x30, flags);
    for (i = 0; i < 6; i++) {
        from[0x38 + 2 * i] = (uint8_t)(0x20 + i); /* cs ds es fs gs ss */
        put64(from + 0x48 + 8 * i, UINT64_C(0xdddddddd0d000000) + i);
    }
    avd_put_le32(from + 0x44, 0x10246);
    for (i = 0; i < 17; i++) /* rax .. r15, rip; their upper halves are what 64-bit code left */
        put64(from + 0x78 + 8 * i, UINT64_C(0xeeeeeeee10000000) + i);
}

static uint32_t at(const uint8_t *context, size_t offset)
{
    return avd_le32(context + offset);
}

START_TEST(test_registers)
{
    static const struct {
        uint32_t offset, value;
    } expected[] = {
        {0x04, 0x0d000000}, {0x08, 0x0d000001}, {0x0c, 0x0d000002}, {0x10, 0x0d000003}, /* dr0-3 */
        {0x14, 0x0d000004}, {0x18, 0x0d000005},                                         /* dr6, 7 */
        {0x8c, 0x24},       {0x90, 0x23},       {0x94, 0x22},       {0x98, 0x21}, /* gs fs es ds */
        {0x9c, 0x10000007}, {0xa0, 0x10000006}, {0xa4, 0x10000003},               /* edi esi ebx */
        {0xa8, 0x10000002}, {0xac, 0x10000001}, {0xb0, 0x10000000},               /* edx ecx eax */
        {0xb4, 0x10000005}, {0xb8, 0x10000010}, {0xbc, 0x20},                     /* ebp eip cs */
        {0xc0, 0x10246},    {0xc4, 0x10000004}, {0xc8, 0x25}, /* eflags esp ss */
    };
    uint8_t from[AMD64_SIZE];
    uint8_t to[AVD_CONTEXT32_SIZE];
    struct avd_view v = {from, sizeof from, 0};
    size_t i;

    fill_amd64(from, 0x10001f);
    ck_assert(avd_context32_from_amd64(v, to));
    ck_assert_uint_eq(at(to, 0), 0x1003f);
    for (i = 0; i < sizeof expected / sizeof expected[0]; i++)
        ck_assert_msg(at(to, expected[i].offset) == expected[i].value, "0x%x is 0x%x",
                      (unsigned)expected[i].offset, (unsigned)at(to, expected[i].offset));
}
END_TEST

/* Groups that the AMD64 CONTEXT does not have are not claimed, nor is what lies behind it. */
START_TEST(test_groups)
{
    uint8_t from[AMD64_SIZE];
    uint8_t to[AVD_CONTEXT32_SIZE];
    struct avd_view v = {from, sizeof from, 0};

    fill_amd64(from, 0x100003);
    ck_assert(avd_context32_from_amd64(v, to));
    ck_assert_uint_eq(at(to, 0), 0x10003);
    ck_assert_uint_eq(at(to, 0x04), 0);
    fill_amd64(from, 0x10005f); /* with XSTATE */
    ck_assert(avd_context32_from_amd64(v, to));
    ck_assert_uint_eq(at(to, 0), 0x1003f);
    v.size = 0x2ff;
    ck_assert(!avd_context32_from_amd64(v, to));
}
END_TEST

/* After fld1, fldz, and a denormal; the top is register 5. Intel SDM 1, chapter 8: tags 0 valid, 1
 * zero, 2 special, 3 empty. */
START_TEST(test_floating_point)
{
    static const uint8_t one[10] = {0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f};
    static const uint8_t denormal[10] = {1};
    uint8_t from[AMD64_SIZE];
    uint8_t to[AVD_CONTEXT32_SIZE];
    uint8_t *fx = from + AMD64_FXSAVE;
    struct avd_view v = {from, sizeof from, 0};

    fill_amd64(from, 0x10000b);
    avd_put_le32(fx, 0x2800027f);     /* control; status: top 5 */
    avd_put_le32(fx + 4, 0x05d900e0); /* tags: 5, 6, 7 used; the last opcode */
    avd_put_le32(fx + 8, 0x00401234);
    avd_put_le32(fx + 12, 0x23);
    avd_put_le32(fx + 16, 0x00405678);
    avd_put_le32(fx + 20, 0x2b);
    memcpy(fx + 32, denormal, 10);
    memcpy(fx + 64, one, 10);    /* st(2); st(1) is zero */
    memset(fx + 160, 0x77, 128); /* xmm0 to xmm7 */
    memset(fx + 288, 0x88, 128); /* xmm8 to xmm15, which 32-bit code has not */
    ck_assert(avd_context32_from_amd64(v, to));
    ck_assert_uint_eq(at(to, 0), 0x1002b);
    ck_assert_uint_eq(at(to, 0x1c), 0xffff027f);
    ck_assert_uint_eq(at(to, 0x20), 0xffff2800);
    ck_assert_uint_eq(at(to, 0x24), 0xffff1bff); /* 7: valid, 6: zero, 5: special */
    ck_assert_uint_eq(at(to, 0x28), 0x00401234);
    ck_assert_uint_eq(at(to, 0x2c), 0x05d90023);
    ck_assert_uint_eq(at(to, 0x30), 0x00405678);
    ck_assert_uint_eq(at(to, 0x34), 0xffff002b);
    ck_assert_mem_eq(to + 0x38, denormal, 10);
    ck_assert_mem_eq(to + 0x38 + 20, one, 10);
    ck_assert_mem_eq(to + 0xcc, fx, 288);
    ck_assert_uint_eq(to[0x16c], 0x77); /* xmm0 */
    ck_assert_uint_eq(to[0xcc + 288], 0);
}
END_TEST

START_TEST(test_from_x86)
{
    uint8_t from[0x400];
    uint8_t to[AVD_CONTEXT32_SIZE];
    struct avd_view v = {from, sizeof from, 0};
    size_t i;

    for (i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i * 7);
    avd_put_le32(from, 0x1007f);
    ck_assert(avd_context32_from_x86(v, to));
    ck_assert_uint_eq(at(to, 0), 0x1003f); /* XSTATE would lie behind */
    ck_assert_mem_eq(to + 4, from + 4, AVD_CONTEXT32_SIZE - 4);
    v.size = 0xcc; /* of an old writer */
    ck_assert(avd_context32_from_x86(v, to));
    ck_assert_uint_eq(at(to, 0), 0x1001f);
    ck_assert_mem_eq(to + 4, from + 4, 0xc8);
    ck_assert_uint_eq(at(to, 0xcc), 0);
    v.size = 0xcb;
    ck_assert(!avd_context32_from_x86(v, to));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_registers);
    tcase_add_test(tests, test_groups);
    tcase_add_test(tests, test_floating_point);
    tcase_add_test(tests, test_from_x86);
}

int main(void)
{
    return suite_main("context32", add_tests);
}
