/* SPDX-License-Identifier: MIT */
/* src/base/redact.c: whose names go, and what must stay. */
#include "base/memory.h"
#include "base/redact.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *expected;
} cases[] = {
    {"", ""},
    {"C:\\Windows\\System32\\ntdll.dll", "C:\\Windows\\System32\\ntdll.dll"},
    {"C:\\Users\\alice\\a.dll", "C:\\Users\\[redacted]\\a.dll"},
    {"c:\\users\\Bob Example\\a.dll", "c:\\users\\[redacted]\\a.dll"},
    {"C:\\\\Users\\\\alice\\\\a.dll", "C:\\\\Users\\\\[redacted]\\\\a.dll"}, /* in JSON */
    {"\"C:\\\\Users\\\\alice\",\"x\"", "\"C:\\\\Users\\\\[redacted]\",\"x\""},
    {"D:\\Documents and Settings\\al\\x", "D:\\Documents and Settings\\[redacted]\\x"},
    {"\\Device\\HarddiskVolume2\\Users\\al\\x", "\\Device\\HarddiskVolume2\\Users\\[redacted]\\x"},
    {"/home/carol/x.so", "/home/[redacted]/x.so"},
    {"Z:\\home\\carol\\x.so", "Z:\\home\\[redacted]\\x.so"},
    {"/home/carol (3 frames)", "/home/[redacted] (3 frames)"},
    {"/Users/dave/a b/x", "/Users/[redacted]/a b/x"},
    {"C:/Users/Bob Example/x", "C:/Users/[redacted]/x"},
    {"C:\\Users\\Bob Example\n0x1000", "C:\\Users\\[redacted]\n0x1000"},
    {"C:\\Users\\a\\b, C:\\Users\\c\\d", "C:\\Users\\[redacted]\\b, C:\\Users\\[redacted]\\d"},
    {"\\\\server\\Users\\al", "\\\\server\\Users\\[redacted]"},
    {"C:\\Users", "C:\\Users"},
    {"C:\\Users\\", "C:\\Users\\"},
    {"C:\\MyUsers\\alice\\x", "C:\\MyUsers\\alice\\x"},
    {"C:\\UsersOf\\alice\\x", "C:\\UsersOf\\alice\\x"},
    {"/homepage/x", "/homepage/x"},
    {"S-1-5-21-1-22-333-1001.", "S-1-5-21-[redacted]."},
    {"S-1-5-18", "S-1-5-18"},
    {"S-1-5-21-", "S-1-5-21-"},
    {"00000000`0016e190 ntdll!X+0x21", "00000000`0016e190 ntdll!X+0x21"},
};

START_TEST(test_text)
{
    struct avd_strbuf out;

    avd_strbuf_init(&out);
    avd_redact_text(cases[_i].text, strlen(cases[_i].text), &out);
    ck_assert_str_eq(avd_strbuf_text(&out), cases[_i].expected);
    avd_strbuf_deinit(&out);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

/* Every prefix, in memory of its size: nothing beyond is read (with a sanitizer). */
START_TEST(test_prefixes)
{
    static const char whole[] = "x\\\\Users\\\\a b\\\\c /home/d S-1-5-21-1-2";
    struct avd_strbuf out;
    size_t size;

    for (size = 1; size < sizeof whole; size++) {
        char *text = malloc(size);

        ck_assert_ptr_nonnull(text);
        memcpy(text, whole, size);
        avd_strbuf_init(&out);
        avd_redact_text(text, size, &out);
        ck_assert(!out.failed);
        avd_strbuf_deinit(&out);
        free(text);
    }
}
END_TEST

START_TEST(test_keys)
{
    ck_assert(avd_redact_is_personal_key("UserName"));
    ck_assert(avd_redact_is_personal_key("COMPUTERNAME"));
    ck_assert(avd_redact_is_personal_key("my-hostname"));
    ck_assert(avd_redact_is_personal_key("dump.comment"));
    ck_assert(!avd_redact_is_personal_key("version"));
    ck_assert(!avd_redact_is_personal_key(""));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_text, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tests, test_prefixes);
    tcase_add_test(tests, test_keys);
}

int main(void)
{
    return suite_main("redact", add_tests);
}
