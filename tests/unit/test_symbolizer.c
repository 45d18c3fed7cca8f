/* SPDX-License-Identifier: MIT */
/* src/symbols: laziness, what is remembered, names from export tables, running out of memory. */
#include "base/memory.h"
#include "support/pe_image.h"
#include "support/suite.h"
#include "symbols/symbolizer.h"

#include <check.h>
#include <string.h>

#define BASE 0x7ff612340000ULL

enum { MODULES = 3 };

static struct pe_image pe;
static struct pe_memory mem;
static struct avd_image image;
static struct avd_symbolizer *symbolizer;
static struct avd_symbol symbol;
static unsigned asked[MODULES];

static const struct pe_export functions[] = {
    {"CloseHandle", PE_TEXT + 0x80, NULL},
    {"CreateFileW", PE_TEXT + 0x20, NULL},
    {NULL, PE_TEXT + 0x40, NULL},
};

/* Module 0 has an image with exports, module 1 none, module 2 one without exports. */
static struct avd_image bare;

static void describe(void *ctx, size_t index, struct avd_symbol_module *out)
{
    ck_assert_ptr_eq(ctx, asked);
    ck_assert_uint_lt(index, MODULES);
    asked[index]++;
    out->name = "module";
    out->image = index == 0 ? &image : index == 2 ? &bare : NULL;
}

static const struct avd_symbolizer_options options = {MODULES, describe, asked, NULL, false};

static void setup(void)
{
    memset(asked, 0, sizeof asked);
    pe_build(&pe, true);
    pe_set_exports(&pe, PE_RDATA + 0x40, 1, functions, 3);
    pe_map(&pe);
    pe_memory_init(&mem, &pe, BASE, PE_ALL_PAGES);
    ck_assert_int_eq(avd_image_from_memory(&image, &mem.memory, BASE, NULL), AVD_OK);
    bare = image;
    memset(bare.directories, 0, sizeof bare.directories);
    ck_assert_int_eq(avd_symbolizer_new(&options, &symbolizer), AVD_OK);
}

static void teardown(void)
{
    avd_symbolizer_free(symbolizer);
    avd_symbolizer_free(NULL);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static enum avd_status find(size_t index, uint64_t rva)
{
    memset(&symbol, 0xee, sizeof symbol);
    return avd_symbolizer_find(symbolizer, index, rva, &symbol);
}

static void check_empty(void)
{
    static const struct avd_symbol empty;

    ck_assert_ptr_null(symbol.function);
    ck_assert_ptr_null(symbol.source);
    ck_assert_ptr_null(symbol.source_file);
    ck_assert_uint_eq(symbol.displacement, empty.displacement);
    ck_assert_uint_eq(symbol.function_rva, 0);
    ck_assert(!symbol.approximate);
}

START_TEST(test_found)
{
    ck_assert_int_eq(find(0, PE_TEXT + 0x20), AVD_OK);
    ck_assert_str_eq(symbol.function, "CreateFileW");
    ck_assert_uint_eq(symbol.function_rva, PE_TEXT + 0x20);
    ck_assert_uint_eq(symbol.displacement, 0);
    ck_assert(!symbol.approximate);
    ck_assert_str_eq(symbol.source, "exports");
    ck_assert_ptr_null(symbol.source_file);
    ck_assert_uint_eq(symbol.line, 0);

    ck_assert_int_eq(find(0, PE_TEXT + 0x91), AVD_OK);
    ck_assert_str_eq(symbol.function, "CloseHandle");
    ck_assert_uint_eq(symbol.displacement, 0x11);
    ck_assert(symbol.approximate);

    ck_assert_int_eq(find(0, PE_TEXT + 0x41), AVD_OK);
    ck_assert_str_eq(symbol.function, "Ordinal3");
}
END_TEST

START_TEST(test_not_found)
{
    ck_assert_int_eq(find(0, PE_TEXT + 0x1f), AVD_NOT_FOUND);
    check_empty();
    ck_assert_int_eq(find(0, PE_DATA), AVD_NOT_FOUND);
    /* 32 bits of it would be CreateFileW. */
    ck_assert_int_eq(find(0, 0x100000000ULL + PE_TEXT + 0x20), AVD_NOT_FOUND);
    check_empty();
    ck_assert_int_eq(find(1, PE_TEXT + 0x20), AVD_NOT_FOUND);
    check_empty();
    ck_assert_int_eq(find(2, PE_TEXT + 0x20), AVD_NOT_FOUND);
    check_empty();
    ck_assert_int_eq(find(MODULES, PE_TEXT + 0x20), AVD_NOT_FOUND);
    ck_assert_int_eq(find(SIZE_MAX, PE_TEXT + 0x20), AVD_NOT_FOUND);
    check_empty();
}
END_TEST

static const char *above(uint64_t rva)
{
    return avd_symbolizer_above(symbolizer, 0, rva, &symbol) == AVD_OK ? symbol.function : "none";
}

START_TEST(test_above)
{
    ck_assert_str_eq(above(0), "CreateFileW");
    ck_assert_str_eq(above(PE_TEXT + 0x20), "CreateFileW");
    ck_assert_str_eq(symbol.source, "exports");
    ck_assert_str_eq(above(PE_TEXT + 0x21), "Ordinal3");
    ck_assert_str_eq(above(PE_TEXT + 0x41), "CloseHandle");
    ck_assert_uint_eq(symbol.function_rva, PE_TEXT + 0x80);
    ck_assert_str_eq(above(PE_TEXT + 0x81), "none");
    ck_assert_str_eq(above(0x100000000ULL), "none");
    ck_assert_int_eq(avd_symbolizer_above(symbolizer, 1, 0, &symbol), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_symbolizer_above(symbolizer, MODULES, 0, &symbol), AVD_NOT_FOUND);
}
END_TEST

START_TEST(test_lookup)
{
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, 0, "CloseHandle", &symbol), AVD_OK);
    ck_assert_uint_eq(symbol.function_rva, PE_TEXT + 0x80);
    ck_assert_str_eq(symbol.source, "exports");
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, 0, "createfilew", &symbol), AVD_OK);
    ck_assert_str_eq(symbol.function, "CreateFileW");
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, 0, "Ordinal3", &symbol), AVD_OK);
    ck_assert_uint_eq(symbol.function_rva, PE_TEXT + 0x40);
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, 0, "Close", &symbol), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, 1, "CloseHandle", &symbol), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, SIZE_MAX, "x", &symbol), AVD_NOT_FOUND);
    avd_mem_fail_after(1);
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, 2, "x", &symbol), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, 0, "CloseHandle", &symbol), AVD_E_NOMEM);
    avd_mem_fail_after(0);
}
END_TEST

START_TEST(test_lazy)
{
    const char *name;
    unsigned i;

    ck_assert_uint_eq(asked[0] + asked[1] + asked[2], 0);
    ck_assert_int_eq(find(0, PE_TEXT + 0x20), AVD_OK);
    name = symbol.function;
    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(find(0, PE_TEXT + 0x21 + i), AVD_OK);
        ck_assert_ptr_eq(symbol.function, name);
        ck_assert_int_eq(find(1, PE_TEXT), AVD_NOT_FOUND);
    }
    ck_assert_uint_eq(asked[0], 1);
    ck_assert_uint_eq(asked[1], 1);
    ck_assert_uint_eq(asked[2], 0);

    /* The image is not looked at again. */
    mem.memory.range_count = 0;
    ck_assert_int_eq(find(0, PE_TEXT + 0x30), AVD_OK);
    ck_assert_str_eq(symbol.function, "CreateFileW");
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;
    enum avd_status status = AVD_E_NOMEM;

    for (n = 1; status == AVD_E_NOMEM; n++) {
        ck_assert_uint_lt(n, 30);
        avd_symbolizer_free(symbolizer);
        memset(asked, 0, sizeof asked);
        avd_mem_fail_after(n);
        status = avd_symbolizer_new(&options, &symbolizer);
        if (status == AVD_OK)
            status = find(0, PE_TEXT + 0x20);
        else
            ck_assert_ptr_null(symbolizer);
        avd_mem_fail_after(0);
        if (status == AVD_E_NOMEM && symbolizer != NULL) {
            check_empty();
            /* It is no lasting answer. */
            ck_assert_int_eq(find(0, PE_TEXT + 0x20), AVD_OK);
            ck_assert_str_eq(symbol.function, "CreateFileW");
            ck_assert_uint_eq(asked[0], 1);
        }
    }
    ck_assert_int_eq(status, AVD_OK);
    ck_assert_uint_gt(n, 6);
    ck_assert_str_eq(symbol.function, "CreateFileW");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_found);
    tcase_add_test(tests, test_not_found);
    tcase_add_test(tests, test_above);
    tcase_add_test(tests, test_lookup);
    tcase_add_test(tests, test_lazy);
    tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("symbolizer", add_tests);
}
