/* SPDX-License-Identifier: MIT */
/* src/base/error.c: what a caller finds in its struct avd_error. */
#include "base/error.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

START_TEST(test_set)
{
    struct avd_error err;

    memset(&err, 0xee, sizeof err);
    ck_assert_int_eq(avd_error_set(&err, AVD_E_FORMAT, 0x20, "header", "found 0x%x", 0x1fU),
                     AVD_E_FORMAT);
    ck_assert_int_eq(err.code, AVD_E_FORMAT);
    ck_assert_uint_eq(err.offset, 0x20);
    ck_assert_uint_eq(err.line, 0);
    ck_assert_uint_eq(err.column, 0);
    ck_assert_str_eq(err.where, "header");
    ck_assert_str_eq(err.message, "found 0x1f");

    ck_assert_int_eq(avd_error_nomem(&err), AVD_E_NOMEM);
    ck_assert_int_eq(err.code, AVD_E_NOMEM);
    ck_assert_uint_eq(err.offset, 0);
    ck_assert_str_eq(err.where, "");
    ck_assert_str_eq(err.message, "out of memory");
    ck_assert_int_eq(avd_error_set(&err, AVD_E_IO, 0, NULL, "x"), AVD_E_IO);
    ck_assert_str_eq(err.where, "");

    /* Callers that do not want to know. */
    ck_assert_int_eq(avd_error_set(NULL, AVD_E_IO, 0, "x", "%d", 1), AVD_E_IO);
    ck_assert_int_eq(avd_error_nomem(NULL), AVD_E_NOMEM);
}
END_TEST

/* What is too long is cut, and not in the middle of a letter. */
START_TEST(test_long)
{
    struct avd_error err;
    char text[400];
    size_t i;

    memset(text, 0, sizeof text);
    for (i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    (void)avd_error_set(&err, AVD_E_IO, 0, text, "%s", text);
    ck_assert_uint_eq(strlen(err.where), 158);
    ck_assert_uint_eq(strlen(err.message), 254);
    (void)avd_error_set(&err, AVD_E_IO, 0, "", ".%s", text);
    ck_assert_uint_eq(strlen(err.message), 255);
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(avd_status_name(AVD_OK), "ok");
    ck_assert_str_eq(avd_status_name(AVD_NOT_FOUND), "not_found");
    ck_assert_str_eq(avd_status_name(AVD_E_ARG), "argument");
    ck_assert_str_eq(avd_status_name(AVD_E_NOMEM), "memory");
    ck_assert_str_eq(avd_status_name(AVD_E_IO), "io");
    ck_assert_str_eq(avd_status_name(AVD_E_FORMAT), "format");
    ck_assert_str_eq(avd_status_name(AVD_E_LIMIT), "limit");
    ck_assert_str_eq(avd_status_name(AVD_E_UNSUPPORTED), "unsupported");
    ck_assert_str_eq(avd_status_name(AVD_E_RULE), "rule");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_set);
    tcase_add_test(tests, test_long);
    tcase_add_test(tests, test_names);
}

int main(void)
{
    return suite_main("error", add_tests);
}
