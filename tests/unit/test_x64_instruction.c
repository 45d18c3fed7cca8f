/* SPDX-License-Identifier: MIT */
/* src/x64/instruction.c: lengths and operands; the expected lengths are llvm-mc's. */
#include "x64/instruction.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static bool decode(const char *bytes, size_t size, struct avd_x64_instruction *out)
{
    struct avd_view view = {(const uint8_t *)bytes, size, 0};

    return avd_x64_decode(view, out);
}

START_TEST(test_lengths)
{
    /* clang-format off */
    static const struct {
        const char *bytes;
        size_t size;
    } known[] = {
        {"\x90", 1}, {"\xc3", 1}, {"\xc2\x08\x00", 3}, {"\xf3\xc3", 2}, {"\x48\x89\xe5", 3},
        {"\x48\x8b\x04\x25\x10\x00\x00\x00", 8}, {"\x48\x8b\x05\x10\x00\x00\x00", 7},
        {"\x48\x8b\x44\x24\x08", 5}, {"\x48\x8b\x84\x24\x00\x01\x00\x00", 8},
        {"\x49\x8b\x5b\x18", 4}, {"\x4d\x8b\x24\x24", 4}, {"\x49\x8b\x6d\x00", 4},
        {"\x48\x83\xc4\x28", 4}, {"\x48\x81\xc4\xd8\x00\x00\x00", 7}, {"\x41\x5f", 2},
        {"\xe8\x01\x02\x03\x04", 5}, {"\x66\xe9\x01\x02\x03\x04", 6}, {"\x74\x10", 2},
        {"\x0f\x84\x01\x02\x03\x04", 6}, {"\x0f\x1f\x44\x00\x00", 5}, {"\x0f\x05", 2},
        {"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00", 9},
        {"\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10},
        {"\xb8\x01\x02\x03\x04", 5}, {"\x66\xb8\x01\x02", 4},
        {"\x48\xc7\x44\x24\x20\x00\x00\x00\x00", 9}, {"\x66\xc7\x44\x24\x20\x01\x00", 7},
        {"\xf6\x04\x25\x08\x03\xfe\x7f\x01", 8}, {"\xf6\xd8", 2}, {"\xf7\xc1\x01\x02\x03\x04", 6},
        {"\xf7\xd9", 2}, {"\x0f\xb6\xc0", 3}, {"\x0f\xba\xe0\x05", 4}, {"\x66\x0f\x70\xc0\x4e", 5},
        {"\x66\x0f\x38\x00\xc1", 5}, {"\x66\x0f\x3a\x0f\xc1\x08", 6}, {"\xc5\xf8\x77", 3},
        {"\xc5\xfa\x6f\x44\x24\x20", 6}, {"\xc4\xe3\x7d\x39\xc1\x01", 6}, {"\xc8\x10\x00\x00", 4},
        {"\x65\x48\x8b\x04\x25\x30\x00\x00\x00", 9}, {"\xf0\x48\x0f\xb1\x11", 5},
        {"\xa1\x01\x02\x03\x04\x05\x06\x07\x08", 9}, {"\xff\x25\x01\x02\x03\x04", 6},
        {"\x48\x6b\x85\x08\x01\x00\x00\x10", 8}, {"\x69\xc0\x01\x02\x03\x04", 6},
        {"\x0f\x29\x74\x24\x20", 5}, {"\xcd\x29", 2}, {"\xdd\x44\x24\x08", 4},
    };
    /* clang-format on */
    struct avd_x64_instruction in;
    size_t i;
    size_t cut;

    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_msg(decode(known[i].bytes, known[i].size, &in), "instruction %zu", i);
        ck_assert_msg(in.length == known[i].size, "instruction %zu: %zu", i, in.length);
        for (cut = 0; cut < known[i].size; cut++)
            ck_assert_msg(!decode(known[i].bytes, cut, &in) || in.length <= cut,
                          "instruction %zu cut to %zu", i, cut);
    }
}
END_TEST

START_TEST(test_refused)
{
    static const char *const unknown[] = {"\x06\x90\x90\x90\x90\x90", "\x60\x90\x90\x90\x90\x90",
                                          "\x62\xf1\x7c\x48\x28\xc1", "\x9a\x90\x90\x90\x90\x90",
                                          "\x0f\x04\x90\x90\x90\x90", "\xc4\xe8\x7d\x39\xc1\x01"};
    static const char prefixes[] = "\x66\x66\x66\x66\x66\x66\x66\x66"
                                   "\x66\x66\x66\x66\x66\x66\x66\x90";
    struct avd_x64_instruction in;
    size_t i;

    for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_msg(!decode(unknown[i], 6, &in), "bytes %zu", i);
    ck_assert(!decode(prefixes, 16, &in));
}
END_TEST

START_TEST(test_operands)
{
    struct avd_x64_instruction in;

    ck_assert(decode("\x4c\x8d\x9c\x24\xe0\x00\x00\x00", 8, &in)); /* lea r11, [rsp + 0e0h] */
    ck_assert_uint_eq(in.reg, 11);
    ck_assert(in.has_base);
    ck_assert_uint_eq(in.rm, 4);
    ck_assert_int_eq(in.displacement, 0xe0);
    ck_assert(decode("\x49\x8b\x5b\xf0", 4, &in)); /* mov rbx, [r11 - 10h] */
    ck_assert_uint_eq(in.reg, 3);
    ck_assert_uint_eq(in.rm, 11);
    ck_assert_int_eq(in.displacement, -0x10);
    ck_assert(decode("\x48\x8b\x04\xc8", 4, &in)); /* mov rax, [rax + rcx * 8] */
    ck_assert(!in.has_base);
    ck_assert(decode("\x48\x8b\x05\xf0\xff\xff\xff", 7, &in));
    ck_assert(in.rip_relative);
    ck_assert(!in.has_base);
    ck_assert_int_eq(in.displacement, -0x10);
    ck_assert(decode("\x49\x8b\xe3", 3, &in)); /* mov rsp, r11 */
    ck_assert_uint_eq(in.mod, 3);
    ck_assert_uint_eq(in.reg, 4);
    ck_assert_uint_eq(in.rm, 11);
    ck_assert(decode("\x48\x83\xc4\xf8", 4, &in));
    ck_assert_int_eq(in.immediate, -8);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_lengths);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_operands);
}

int main(void)
{
    return suite_main("x64_instruction", add_tests);
}
