/* SPDX-License-Identifier: MIT */
/* src/base/utf.c: what leaves it is valid UTF-8, whatever came in. */
#include "base/memory.h"
#include "base/utf.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <string.h>

static size_t length_of(const char *text)
{
    return avd_utf8_length(text, strlen(text));
}

START_TEST(test_length)
{
    ck_assert_uint_eq(length_of("a"), 1);
    ck_assert_uint_eq(avd_utf8_length("\0", 1), 1);
    ck_assert_uint_eq(length_of("\x7f"), 1);
    ck_assert_uint_eq(length_of("\xc2\x80"), 2);
    ck_assert_uint_eq(length_of("\xdf\xbf"), 2);
    ck_assert_uint_eq(length_of("\xe0\xa0\x80"), 3);
    ck_assert_uint_eq(length_of("\xed\x9f\xbf"), 3);
    ck_assert_uint_eq(length_of("\xef\xbf\xbf"), 3);
    ck_assert_uint_eq(length_of("\xf0\x90\x80\x80"), 4);
    ck_assert_uint_eq(length_of("\xf4\x8f\xbf\xbf"), 4);

    ck_assert_uint_eq(avd_utf8_length("a", 0), 0);
    ck_assert_uint_eq(length_of("\x80"), 0);     /* no lead byte */
    ck_assert_uint_eq(length_of("\xc1\xbf"), 0); /* overlong */
    ck_assert_uint_eq(length_of("\xe0\x9f\xbf"), 0);
    ck_assert_uint_eq(length_of("\xf0\x8f\xbf\xbf"), 0);
    ck_assert_uint_eq(length_of("\xed\xa0\x80"), 0);     /* surrogate */
    ck_assert_uint_eq(length_of("\xf4\x90\x80\x80"), 0); /* above U+10FFFF */
    ck_assert_uint_eq(length_of("\xf5\x80\x80\x80"), 0);
    ck_assert_uint_eq(length_of("\xc3"), 0); /* cut */
    ck_assert_uint_eq(length_of("\xe6\x97"), 0);
    ck_assert_uint_eq(length_of("\xe6\x97g"), 0);
    ck_assert_uint_eq(length_of("\xf0\x9f\x98"), 0);
}
END_TEST

static bool is_control(const char *text)
{
    return avd_utf8_is_control(text, length_of(text));
}

START_TEST(test_control)
{
    ck_assert(is_control("\x01"));
    ck_assert(is_control("\x1f"));
    ck_assert(is_control("\x7f"));
    ck_assert(is_control("\xc2\x80"));
    ck_assert(is_control("\xc2\x9f"));
    ck_assert(is_control("\xe2\x80\x8e"));
    ck_assert(is_control("\xe2\x80\x8f"));
    ck_assert(is_control("\xe2\x80\xaa"));
    ck_assert(is_control("\xe2\x80\xae"));
    ck_assert(is_control("\xe2\x81\xa6"));
    ck_assert(is_control("\xe2\x81\xa9"));
    ck_assert(!is_control(" "));
    ck_assert(!is_control("~"));
    ck_assert(!is_control("\xc2\xa0"));
    ck_assert(!is_control("\xe2\x80\x90"));
    ck_assert(!is_control("\xe2\x80\xaf"));
    ck_assert(!is_control("\xe2\x81\xaa"));
    ck_assert(!is_control("\xf0\x9f\x98\x80"));
}
END_TEST

static void check_trim(const char *text, const char *expected)
{
    char copy[32];

    strcpy(copy, text);
    avd_utf8_trim(copy);
    ck_assert_str_eq(copy, expected);
}

START_TEST(test_trim)
{
    check_trim("", "");
    check_trim("abc", "abc");
    check_trim("a\xc3\xbc", "a\xc3\xbc");
    check_trim("a\xf0\x9f\x98\x80", "a\xf0\x9f\x98\x80");
    check_trim("a\xc3", "a");
    check_trim("a\xe6\x97", "a");
    check_trim("a\xf0\x9f\x98", "a");
    check_trim("\xf0", "");
    /* Only the end is its business. */
    check_trim("\xc3 ab", "\xc3 ab");
}
END_TEST

static const char *from_utf16(const void *bytes, size_t size)
{
    struct avd_view v = {bytes, size, 0};

    return avd_utf16_to_utf8(&test_arena, v);
}

START_TEST(test_utf16)
{
    ck_assert_str_eq(from_utf16("", 0), "");
    ck_assert_str_eq(from_utf16("a\0b\0", 4), "ab");
    ck_assert_str_eq(from_utf16("a\0b", 3), "a");
    ck_assert_str_eq(from_utf16("a\0\0\0b\0", 6), "a");
    ck_assert_str_eq(from_utf16("\xfc\x00\xe5\x65", 4), "\xc3\xbc\xe6\x97\xa5");
    ck_assert_str_eq(from_utf16("\x3d\xd8\x00\xde", 4), "\xf0\x9f\x98\x80");
    ck_assert_str_eq(from_utf16("\xff\xdb\xff\xdf", 4), "\xf4\x8f\xbf\xbf");
    /* Lone surrogates: high, low, high before a letter, two in the wrong order. */
    ck_assert_str_eq(from_utf16("\x3d\xd8", 2), "\xef\xbf\xbd");
    ck_assert_str_eq(from_utf16("\x00\xde", 2), "\xef\xbf\xbd");
    ck_assert_str_eq(from_utf16("\x3d\xd8"
                                "a\0",
                                4),
                     "\xef\xbf\xbd"
                     "a");
    ck_assert_str_eq(from_utf16("\x00\xde\x3d\xd8", 4), "\xef\xbf\xbd\xef\xbf\xbd");
    /* The longest growth there is. */
    ck_assert_str_eq(from_utf16("\xff\xff\xff\xff", 4), "\xef\xbf\xbf\xef\xbf\xbf");
}
END_TEST

static const char *from_bytes(const void *bytes, size_t size)
{
    struct avd_view v = {bytes, size, 0};

    return avd_bytes_to_utf8(&test_arena, v);
}

START_TEST(test_bytes)
{
    ck_assert_str_eq(from_bytes("", 0), "");
    ck_assert_str_eq(from_bytes("abc", 2), "ab");
    ck_assert_str_eq(from_bytes("a\0b", 3), "a");
    ck_assert_str_eq(from_bytes("\xc3\xbc", 2), "\xc3\xbc");
    ck_assert_str_eq(from_bytes("J\xfcrgen", 6), "J\xc3\xbcrgen"); /* Latin-1 */
    ck_assert_str_eq(from_bytes("\xff\xfe\x80", 3), "\xc3\xbf\xc3\xbe\xc2\x80");
    ck_assert_str_eq(from_bytes("\xe6\x97", 2), "\xc3\xa6\xc2\x97"); /* cut */
}
END_TEST

START_TEST(test_out_of_memory)
{
    avd_mem_fail_after(1);
    ck_assert_ptr_null(from_utf16("a\0", 2));
    ck_assert_ptr_null(from_bytes("a", 1));
    avd_mem_fail_after(0);
}
END_TEST

START_TEST(test_names)
{
    ck_assert_int_eq(avd_ascii_casecmp("NTDLL.dll", "ntdll.DLL"), 0);
    ck_assert_int_lt(avd_ascii_casecmp("a", "B"), 0);
    ck_assert_int_gt(avd_ascii_casecmp("b", "A"), 0);
    ck_assert_int_lt(avd_ascii_casecmp("ab", "abc"), 0);
    ck_assert_int_gt(avd_ascii_casecmp("abc", "ab"), 0);
    /* Not letters: '@' and '`' lie beside them. High bytes count as they are. */
    ck_assert_int_ne(avd_ascii_casecmp("@", "`"), 0);
    ck_assert_int_ne(avd_ascii_casecmp("[", "{"), 0);
    ck_assert_int_gt(avd_ascii_casecmp("\xc3", "z"), 0);

    ck_assert_str_eq(avd_path_leaf("C:\\Windows\\ntdll.dll"), "ntdll.dll");
    ck_assert_str_eq(avd_path_leaf("/usr/lib/x.so"), "x.so");
    ck_assert_str_eq(avd_path_leaf("a\\b/c"), "c");
    ck_assert_str_eq(avd_path_leaf("ntdll.dll"), "ntdll.dll");
    ck_assert_str_eq(avd_path_leaf("dir\\"), "");
    ck_assert_str_eq(avd_path_leaf(""), "");
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_test(tests, test_length);
    tcase_add_test(tests, test_control);
    tcase_add_test(tests, test_trim);
    tcase_add_test(tests, test_utf16);
    tcase_add_test(tests, test_bytes);
    tcase_add_test(tests, test_out_of_memory);
    tcase_add_test(tests, test_names);
}

int main(void)
{
    return suite_main("utf", add_tests);
}
