/* SPDX-License-Identifier: MIT */
/* src/symbols/breakpad_function.c: the names of a symbol file as a list. */
#include "base/memory.h"
#include "symbols/breakpad.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static const char text[] = "MODULE windows x86 0123456789ABCDEF0123456789ABCDEF1 a b.pdb\n"
                           "PUBLIC 3000 0 last_public\n"
                           "FUNC 2000 10 0 second\n"
                           "FUNC 1000 10 0 first\n"
                           "PUBLIC 1800 0 between\n";

static struct avd_sym *sym;
static struct avd_symbol found;

static const char *listed(uint64_t rva)
{
    return avd_sym_item(sym, avd_sym_seek(sym, rva), &found) == AVD_OK ? found.function : "none";
}

START_TEST(test_list)
{
    struct avd_view view = {(const uint8_t *)text, sizeof text - 1, 0};
    size_t i;

    ck_assert_int_eq(avd_sym_open_memory(view, &sym, NULL), AVD_OK);
    ck_assert_str_eq(listed(0), "first");
    ck_assert_str_eq(listed(0x1000), "first");
    ck_assert_uint_eq(found.function_rva, 0x1000);
    ck_assert_uint_eq(found.function_size, 0x10);
    ck_assert_str_eq(listed(0x1001), "between");
    ck_assert_str_eq(listed(0x1801), "second");
    ck_assert_str_eq(listed(0x2001), "last_public");
    ck_assert_uint_eq(found.function_size, 0);
    ck_assert_str_eq(listed(0x3001), "none");
    ck_assert_str_eq(listed(0x100000000ULL), "none");
    for (i = 0; avd_sym_item(sym, i, &found) == AVD_OK; i++)
        ck_assert_ptr_nonnull(found.function);
    ck_assert_uint_eq(i, 4);
    avd_sym_close(sym);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_list);
}

int main(void)
{
    return suite_main("breakpad_list", add_tests);
}
