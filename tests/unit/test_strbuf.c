/* SPDX-License-Identifier: MIT */
/* src/base/strbuf.c: growth, sticky failure, escaping of what a terminal must not get. */
#include "base/memory.h"
#include "base/strbuf.h"
#include "support/suite.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

static struct avd_strbuf buf;

static void setup(void)
{
    avd_strbuf_init(&buf);
}

static void teardown(void)
{
    avd_strbuf_deinit(&buf);
    ck_assert_int_eq(avd_mem_live(), 0);
}

START_TEST(test_append)
{
    ck_assert_str_eq(avd_strbuf_text(&buf), "");
    avd_strbuf_add(&buf, NULL, 0);
    ck_assert_str_eq(avd_strbuf_text(&buf), "");
    avd_strbuf_puts(&buf, "thread ");
    avd_strbuf_printf(&buf, "0x%x: ", 0x1a4U);
    avd_strbuf_add(&buf, "stack overflow", 5);
    ck_assert_str_eq(avd_strbuf_text(&buf), "thread 0x1a4: stack");
    ck_assert_uint_eq(buf.size, 19);
    ck_assert(!buf.failed);
    avd_strbuf_deinit(&buf);
    ck_assert_str_eq(avd_strbuf_text(&buf), "");
    avd_strbuf_puts(&buf, "again");
    ck_assert_str_eq(avd_strbuf_text(&buf), "again");
}
END_TEST

START_TEST(test_growth)
{
    size_t i;

    /* Over every border that the capacity has. */
    for (i = 0; i < 3000; i++) {
        avd_strbuf_add(&buf, i % 2 == 0 ? "a" : "b", 1);
        ck_assert_uint_eq(buf.size, i + 1);
        ck_assert_uint_gt(buf.capacity, buf.size);
        ck_assert_int_eq(buf.text[i + 1], '\0');
    }
    ck_assert_int_eq(buf.text[0], 'a');
    ck_assert_int_eq(buf.text[2999], 'b');
    avd_strbuf_printf(&buf, "%5000d", 7);
    ck_assert_uint_eq(buf.size, 8000);
    ck_assert_uint_eq(strlen(avd_strbuf_text(&buf)), 8000);
}
END_TEST

START_TEST(test_out_of_memory)
{
    char big[600];

    memset(big, 'x', sizeof big);
    avd_strbuf_puts(&buf, "kept");
    avd_mem_fail_after(1);
    avd_strbuf_add(&buf, big, sizeof big);
    avd_mem_fail_after(0);
    ck_assert(buf.failed);
    ck_assert_str_eq(avd_strbuf_text(&buf), "kept");
    /* Sticky: a text with a hole in it would be worse than a short one. */
    avd_strbuf_puts(&buf, "more");
    avd_strbuf_printf(&buf, "%d", 1);
    avd_strbuf_escaped(&buf, "more");
    ck_assert_str_eq(avd_strbuf_text(&buf), "kept");
}
END_TEST

START_TEST(test_too_large)
{
    avd_strbuf_add(&buf, "x", SIZE_MAX - 1);
    ck_assert(buf.failed);
    ck_assert_str_eq(avd_strbuf_text(&buf), "");
}
END_TEST

static void check_escaped(const char *text, const char *expected)
{
    avd_strbuf_deinit(&buf);
    avd_strbuf_escaped(&buf, text);
    ck_assert_str_eq(avd_strbuf_text(&buf), expected);
}

START_TEST(test_escaped)
{
    check_escaped("C:\\dir\\app.exe", "C:\\dir\\app.exe");
    check_escaped("J\xc3\xbcrgen \xe6\x97\xa5 \xf0\x9f\x98\x80",
                  "J\xc3\xbcrgen \xe6\x97\xa5 \xf0\x9f\x98\x80");
    check_escaped("a\033[31mb\r\n\t\x7f", "a\\x1b[31mb\\x0d\\x0a\\x09\\x7f");
    check_escaped("\xc2\x9b", "\\xc2\\x9b"); /* C1: CSI */
    check_escaped("\xe2\x80\xae"
                  "exe",
                  "\\xe2\\x80\\xae"
                  "exe"); /* right-to-left override */
    check_escaped("\xff"
                  "a\xc3",
                  "\\xffa\\xc3");                     /* malformed, cut */
    check_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
    check_escaped("", "");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_append);
    tcase_add_test(tests, test_growth);
    tcase_add_test(tests, test_out_of_memory);
    tcase_add_test(tests, test_too_large);
    tcase_add_test(tests, test_escaped);
}

int main(void)
{
    return suite_main("strbuf", add_tests);
}
