/* SPDX-License-Identifier: MIT */
/* src/symbols/coff_source.c: the symbol table at the end of an image file, sound, odd and damaged.
 */
#include "base/memory.h"
#include "support/pe_image.h"
#include "support/suite.h"
#include "symbols/symbolizer.h"

#include <check.h>
#include <string.h>

enum {
    RECORD = 18,
    TEXT = 1, /* sections, as symbols count them */
    RDATA = 2,
    FUNCTION = 0x20,
    EXTERNAL = 2,
    STATIC = 3,
    FILE_NAME = 103,
    TABLE_OFFSET = PE_OFFSET + 12, /* PointerToSymbolTable, NumberOfSymbols */
    TABLE_COUNT = PE_OFFSET + 16,
    MAX_TABLE = 8192
};

/* The file with its table: records, then the texts of long names behind their size. */
static uint8_t bytes[PE_FILE_SIZE + MAX_TABLE];
static size_t rows;
static uint8_t strings[MAX_TABLE];
static size_t strings_size;

static struct avd_image image;
static bool x86;
static const char *image_path;
static struct avd_symbolizer *symbolizer;
static struct avd_symbol symbol;

static uint8_t *row(size_t index)
{
    return bytes + PE_FILE_SIZE + index * RECORD;
}

static void begin(void)
{
    static struct pe_image pe;

    pe_build(&pe, true);
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, pe.file, PE_FILE_SIZE);
    rows = 0;
    strings_size = 4;
    x86 = false;
    image_path = "app.exe";
}

static void add(const char *name, uint32_t value, unsigned section, unsigned type, unsigned storage)
{
    uint8_t *record = row(rows++);
    size_t length = strlen(name);

    if (length <= 8) {
        memcpy(record, name, length);
    } else {
        pe_put32(record, 4, (uint32_t)strings_size);
        memcpy(strings + strings_size, name, length + 1);
        strings_size += length + 1;
    }
    pe_put32(record, 8, value);
    pe_put16(record, 12, section);
    pe_put16(record, 14, type);
    record[16] = (uint8_t)storage;
}

/* A record that belongs to the one before, and would be a function if it were read as a symbol. */
static void add_auxiliary(uint32_t value)
{
    row(rows - 1)[17]++;
    add("aux", value, TEXT, FUNCTION, EXTERNAL);
}

static void describe(void *ctx, size_t index, struct avd_symbol_module *out)
{
    (void)ctx;
    (void)index;
    out->name = "app.exe";
    out->image = &image;
    out->image_path = image_path;
    out->x86 = x86;
}

/* Puts the headers' fields and the texts in their places and opens it all. */
static void end(void)
{
    static const struct avd_symbolizer_options options = {1, describe, NULL, NULL, false};
    static struct pe_image pe;
    char path[512];

    pe_build(&pe, true);
    pe_write_file(&pe, PE_FILE_SIZE, path, sizeof path);
    ck_assert_int_eq(avd_image_from_file(&image, path, NULL), AVD_OK);
    (void)remove(path);
    avd_file_close(&image.file);
    pe_put32(bytes, TABLE_OFFSET, PE_FILE_SIZE);
    pe_put32(bytes, TABLE_COUNT, (uint32_t)rows);
    pe_put32(strings, 0, (uint32_t)strings_size);
    memcpy(row(rows), strings, strings_size);
    image.file.view.data = bytes;
    image.file.view.size = PE_FILE_SIZE + rows * RECORD + strings_size;
    ck_assert_int_eq(avd_symbolizer_new(&options, &symbolizer), AVD_OK);
}

static void close_all(void)
{
    avd_symbolizer_free(symbolizer);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static const char *name_at(uint64_t rva)
{
    return avd_symbolizer_find(symbolizer, 0, rva, &symbol) == AVD_OK ? symbol.function : "none";
}

START_TEST(functions)
{
    begin();
    add(".file", 0, 0xfffe, 0, FILE_NAME);
    add_auxiliary(0x10);
    add(".text", 0, TEXT, 0, STATIC);
    add_auxiliary(0x14);
    add("main", 0x80, TEXT, FUNCTION, EXTERNAL);
    add("a_static_function", 0x20, TEXT, FUNCTION, STATIC);
    add("label", 0x40, TEXT, 0, STATIC);
    add("assembly", 0x60, TEXT, 0, EXTERNAL);
    add("data", 0x30, RDATA, 0, EXTERNAL);
    add("undefined", 0, 0, FUNCTION, EXTERNAL);
    add("absolute", 0x50, 0xffff, FUNCTION, EXTERNAL);
    add("beyond", 0x300, TEXT, FUNCTION, EXTERNAL);
    end();
    ck_assert_str_eq(name_at(PE_TEXT + 0x1f), "none");
    ck_assert_str_eq(name_at(PE_TEXT + 0x20), "a_static_function");
    ck_assert_uint_eq(symbol.displacement, 0);
    ck_assert_str_eq(symbol.source, "coff");
    ck_assert_str_eq(name_at(PE_TEXT + 0x5f), "a_static_function");
    ck_assert_uint_eq(symbol.displacement, 0x3f);
    ck_assert_uint_eq(symbol.function_rva, PE_TEXT + 0x20);
    ck_assert(!symbol.approximate);
    ck_assert_str_eq(name_at(PE_TEXT + 0x61), "assembly");
    ck_assert_str_eq(name_at(PE_TEXT + 0x2ff), "main");
    ck_assert_str_eq(name_at(PE_RDATA + 0x30), "none");
    ck_assert_str_eq(name_at(UINT64_C(0x100000000) + PE_TEXT + 0x20), "none");
    ck_assert_str_eq(name_at(UINT64_MAX), "none");
    ck_assert_str_eq(avd_symbolizer_status(symbolizer, 0)->source, "coff");
    ck_assert_str_eq(avd_symbolizer_status(symbolizer, 0)->path, "app.exe");
    close_all();
}
END_TEST

START_TEST(lists)
{
    begin();
    add("second", 0x80, TEXT, FUNCTION, EXTERNAL);
    add("first", 0x20, TEXT, FUNCTION, EXTERNAL);
    add("alias", 0x80, TEXT, FUNCTION, EXTERNAL);
    end();
    ck_assert_str_eq(name_at(PE_TEXT + 0x90), "second"); /* of two the first in the table */
    ck_assert_int_eq(avd_symbolizer_above(symbolizer, 0, PE_TEXT + 0x21, &symbol), AVD_OK);
    ck_assert_str_eq(symbol.function, "second");
    ck_assert_int_eq(avd_symbolizer_above(symbolizer, 0, PE_TEXT + 0x81, &symbol), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_symbolizer_lookup(symbolizer, 0, "alias", &symbol), AVD_OK);
    ck_assert_uint_eq(symbol.function_rva, PE_TEXT + 0x80);
    close_all();
}
END_TEST

START_TEST(decorated_names)
{
    begin();
    x86 = true;
    add("_main", 0x10, TEXT, FUNCTION, EXTERNAL);
    add("_handler@16", 0x20, TEXT, FUNCTION, STATIC);
    end();
    ck_assert_str_eq(name_at(PE_TEXT + 0x18), "main");
    ck_assert_str_eq(symbol.decorated, "_main");
    ck_assert_str_eq(name_at(PE_TEXT + 0x28), "handler");
    close_all();
}
END_TEST

START_TEST(names_of_eight_characters_and_of_none)
{
    begin();
    add("eightchr", 0x10, TEXT, FUNCTION, EXTERNAL);
    add("", 0x18, TEXT, FUNCTION, EXTERNAL);
    add(".weak.f", 0x1c, TEXT, FUNCTION, EXTERNAL);
    add("a_name_outside_of_the_file", 0x20, TEXT, FUNCTION, EXTERNAL);
    add("a_name_without_an_end", 0x30, TEXT, FUNCTION, EXTERNAL);
    end();
    pe_put32(row(3), 4, 0x7fffffff);
    bytes[PE_FILE_SIZE + rows * RECORD + strings_size - 1] = 'x';
    ck_assert_str_eq(name_at(PE_TEXT + 0x10), "eightchr");
    ck_assert_str_eq(name_at(PE_TEXT + 0x19), "eightchr");
    ck_assert_str_eq(name_at(PE_TEXT + 0x21), "eightchr");
    ck_assert_str_eq(name_at(PE_TEXT + 0x31), "eightchr");
    close_all();
}
END_TEST

START_TEST(tables_that_are_none)
{
    enum { STRIPPED, EMPTY, OUTSIDE, TOO_MANY, MAPPED, CASES };
    int i;

    for (i = 0; i < CASES; i++) {
        static struct avd_memory memory;

        begin();
        add("main", 0x10, TEXT, FUNCTION, EXTERNAL);
        end();
        if (i == STRIPPED)
            pe_put32(bytes, TABLE_OFFSET, 0);
        else if (i == EMPTY)
            pe_put32(bytes, TABLE_COUNT, 0);
        else if (i == OUTSIDE)
            pe_put32(bytes, TABLE_OFFSET, (uint32_t)image.file.view.size - RECORD + 1);
        else if (i == TOO_MANY)
            pe_put32(bytes, TABLE_COUNT, UINT32_MAX);
        else
            image.memory = &memory; /* a dump has no such table */
        ck_assert_str_eq(name_at(PE_TEXT + 0x10), "none");
        ck_assert_ptr_null(avd_symbolizer_status(symbolizer, 0)->source);
        close_all();
    }
}
END_TEST

/* The mapped image is the dump's, the table its file's. */
START_TEST(a_file_behind_a_mapped_image)
{
    static struct avd_memory memory;
    static struct avd_image file;

    begin();
    add("main", 0x10, TEXT, FUNCTION, EXTERNAL);
    end();
    file = image;
    memset(&image.file, 0, sizeof image.file);
    image.memory = &memory;
    image.backing = &file;
    ck_assert_str_eq(name_at(PE_TEXT + 0x11), "main");
    close_all();
}
END_TEST

START_TEST(out_of_memory)
{
    unsigned long n;
    enum avd_status status = AVD_E_NOMEM;

    for (n = 1; status == AVD_E_NOMEM; n++) {
        begin();
        add("a_function_with_a_long_name", 0x10, TEXT, FUNCTION, EXTERNAL);
        end();
        avd_mem_fail_after(n);
        status = avd_symbolizer_find(symbolizer, 0, PE_TEXT + 0x10, &symbol);
        avd_mem_fail_after(0);
        if (status == AVD_E_NOMEM)
            ck_assert_ptr_null(symbol.function);
        ck_assert_str_eq(name_at(PE_TEXT + 0x10), "a_function_with_a_long_name");
        close_all();
    }
    ck_assert_int_eq(status, AVD_OK);
    ck_assert_uint_ge(n, 2);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, functions);
    tcase_add_test(tests, lists);
    tcase_add_test(tests, decorated_names);
    tcase_add_test(tests, names_of_eight_characters_and_of_none);
    tcase_add_test(tests, tables_that_are_none);
    tcase_add_test(tests, a_file_behind_a_mapped_image);
    tcase_add_test(tests, out_of_memory);
}

int main(void)
{
    return suite_main("coff_source", add_tests);
}
