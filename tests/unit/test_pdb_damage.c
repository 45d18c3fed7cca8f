/* SPDX-License-Identifier: MIT */
/*
 * src/symbols/pdb*.c on damaged files: what is lost is said, the rest is found, and nothing crashes
 * whatever the bytes.
 */
#include "base/memory.h"
#include "support/pdb_builder.h"
#include "support/suite.h"
#include "symbols/pdb.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { FLIPS = 6000, STEP = 7 };

static struct ps sample;
static struct pb_layout layout;
static struct avd_pdb *pdb;
static struct avd_symbol found;
static uint8_t *bytes;

static void setup(void)
{
    ps_new(&sample);
    memset(&layout, 0, sizeof layout);
    layout.page_size = 512;
    layout.scattered = true;
    pdb = NULL;
    bytes = NULL;
}

static void teardown(void)
{
    avd_mem_fail_after(0);
    avd_pdb_close(pdb);
    free(bytes);
    ps_free(&sample);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static void open_sample(void)
{
    struct avd_view view = {0};

    bytes = ps_finish(&sample, layout, &view.size);
    view.data = bytes;
    ck_assert_int_eq(avd_pdb_open_memory(view, &pdb, NULL), AVD_OK);
}

static enum avd_status find(uint32_t offset)
{
    return avd_pdb_find(pdb, PS_TEXT + (uint64_t)offset, &found);
}

static void expect_damage(const char *words)
{
    ck_assert_msg(strstr(avd_pdb_damage(pdb), words) != NULL, "damage is '%s'",
                  avd_pdb_damage(pdb));
}

/* A record that does not fit ends the list: what came before is known, the publics help out. */
START_TEST(test_record_size)
{
    pb_set16(sample.b, PS_MODULE, sample.marks.worker_record, 0x7fff);
    open_sample();
    ck_assert_int_eq(find(PS_WORKER), AVD_OK);
    ck_assert_str_eq(found.function, "?worker@ns@@YAXXZ");
    ck_assert_uint_eq(found.line, 20);
    expect_damage("symbols at 0x");
    expect_damage(": a record does not fit or its page is not in the file; the module's other "
                  "functions are not known");
    ck_assert_int_eq(find(PS_MAIN), AVD_OK);
    ck_assert_str_eq(found.function, "main");
}
END_TEST

START_TEST(test_empty_record)
{
    pb_set16(sample.b, PS_MODULE, sample.marks.worker_record, 1);
    open_sample();
    ck_assert_int_eq(find(PS_WORKER), AVD_OK);
    ck_assert_str_eq(found.function, "?worker@ns@@YAXXZ");
    expect_damage("symbols at 0x");
}
END_TEST

/* A scope whose end is nonsense, or points back: its records are walked instead. */
START_TEST(test_scope_end)
{
    static const uint32_t ends[] = {0, 4, 0xfffffffc, 0x7ffffffe, 0x100};

    pb_set32(sample.b, PS_MODULE, sample.marks.worker_record + 8, ends[_i]);
    open_sample();
    ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
    ck_assert_str_eq(found.function, "ns::worker");
    ck_assert_uint_eq(found.line, 22);
    ck_assert_uint_eq(found.inline_count, 0);
    ck_assert_int_eq(find(PS_HELPER), AVD_OK);
    ck_assert_str_eq(found.function, "helper");
}
END_TEST

START_TEST(test_site_end)
{
    pb_set32(sample.b, PS_MODULE, sample.marks.outer_site + 8, 4);
    open_sample();
    ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
    ck_assert_str_eq(found.function, "ns::worker");
}
END_TEST

START_TEST(test_lines)
{
    /* The block's count, then the subsection's size. */
    pb_set32(sample.b, PS_MODULE, sample.marks.main_lines + 12 + 4, 0x20000001);
    open_sample();
    ck_assert_int_eq(find(PS_MAIN), AVD_OK);
    ck_assert_uint_eq(found.line, 0);
    ck_assert_ptr_null(found.source_file);
    expect_damage("a block of 52 bytes cannot hold 536870913 lines");
    ck_assert_int_eq(find(PS_WORKER), AVD_OK);
    ck_assert_uint_eq(found.line, 20);
}
END_TEST

START_TEST(test_line_part)
{
    pb_set32(sample.b, PS_MODULE, sample.marks.worker_lines - 4, 0xfffffff0);
    open_sample();
    ck_assert_int_eq(find(PS_WORKER), AVD_OK);
    ck_assert_str_eq(found.function, "ns::worker");
    ck_assert_uint_eq(found.line, 0);
    expect_damage("a part does not fit or its page is not in the file; the module's other lines "
                  "are not known");
    ck_assert_int_eq(find(PS_MAIN), AVD_OK);
    ck_assert_uint_eq(found.line, 6);
}
END_TEST

START_TEST(test_module_sizes)
{
    pb_set32(sample.b, PS_MODULES, 36, 0xfffffff0);
    open_sample();
    ck_assert_int_eq(find(PS_MAIN), AVD_OK);
    ck_assert_str_eq(found.function, "_main");
    expect_damage("module 0: symbols and lines need 42949");
    expect_damage("they are not read");
    ck_assert_int_eq(find(PS_IMPORT_THUNK), AVD_OK);
    ck_assert_str_eq(found.function, "ExitProcess");
}
END_TEST

START_TEST(test_address_map)
{
    pb_set32(sample.b, PS_PUBLICS, 28 + 16 + 2 * 4, 0x70000000);
    open_sample();
    ck_assert_int_eq(find(PS_PUBLIC_INNER), AVD_OK);
    ck_assert_str_eq(found.function, "_inner");
    expect_damage("entry 2 of the address map refers to offset 0x70000000, where no public symbol "
                  "is");
}
END_TEST

START_TEST(test_address_map_size)
{
    pb_set32(sample.b, PS_PUBLICS, 4, 0x7ffffffc);
    open_sample();
    ck_assert_int_eq(find(PS_PUBLIC_INNER), AVD_OK);
    ck_assert_str_eq(found.function, "_inner");
    expect_damage("the address map needs 2147483644 bytes, the stream has 20 left");
}
END_TEST

START_TEST(test_named_streams)
{
    pb_set32(sample.b, PS_INFO, 28, 0x7fffffff);
    open_sample();
    expect_damage("the map of named streams does not fit in ");
    ck_assert_int_eq(find(PS_MAIN), AVD_OK);
    ck_assert_uint_eq(found.line, 6);
    ck_assert_ptr_null(found.source_file);
}
END_TEST

START_TEST(test_string_table_size)
{
    pb_set32(sample.b, PS_NAMES, 8, 0x7fffffff);
    open_sample();
    ck_assert_int_eq(find(PS_MAIN), AVD_OK);
    ck_assert_str_eq(found.source_file, "c:\\src\\main.c");
    expect_damage("string table at 0x");
    expect_damage(": expected 2147483647 bytes of text, found ");
}
END_TEST

START_TEST(test_types)
{
    pb_set32(sample.b, PS_IPI, 16, 0x7fffffff);
    pb_set32(sample.b, PS_IPI_INDEX, 12, 0x7fffffff); /* where record 0x1001 is */
    open_sample();
    ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
    ck_assert_uint_eq(found.inline_count, 2);
    ck_assert_str_eq(found.inlines[1].function, "(inlined function without a name)");
    expect_damage("type stream 4: records need 2147483703 bytes, the stream has ");
}
END_TEST

START_TEST(test_contributions)
{
    pb_set32(sample.b, PS_CONTRIBUTIONS, 0, 7);
    open_sample();
    expect_damage("section contributions at 0x");
    expect_damage(": unknown version 0x7; only public symbols can be used");
    ck_assert_int_eq(find(PS_MAIN), AVD_OK);
    ck_assert_str_eq(found.function, "_main");
}
END_TEST

/* ---- anything at all ----------------------------------------------------------------------- */

static bool is_terminated(const char *text)
{
    return text == NULL || strlen(text) < 70000;
}

/* Every address of .text, and what can be asked. */
static void look_around(void)
{
    struct avd_frame_data data;
    struct avd_proc_frame frame;
    uint32_t offset;
    size_t i;

    for (offset = 0; offset < 0x220; offset += STEP) {
        enum avd_status status = find(offset);

        ck_assert(status == AVD_OK || status == AVD_NOT_FOUND || status == AVD_E_NOMEM);
        if (status == AVD_OK) {
            ck_assert(found.function != NULL || found.source_file != NULL);
            ck_assert(is_terminated(found.function) && is_terminated(found.source_file));
            for (i = 0; i < found.inline_count; i++)
                ck_assert(found.inlines[i].function != NULL &&
                          is_terminated(found.inlines[i].function) &&
                          is_terminated(found.inlines[i].source_file));
        }
        if (avd_pdb_frame_data(pdb, PS_TEXT + (uint64_t)offset, &data) == AVD_OK)
            ck_assert(is_terminated(data.program));
        (void)avd_pdb_proc_frame(pdb, PS_TEXT + (uint64_t)offset, &frame);
    }
    ck_assert(is_terminated(avd_pdb_damage(pdb)));
}

/* A copy of exactly this size, so that a sanitizer sees one byte too far. */
static enum avd_status try_bytes(const uint8_t *from, size_t size)
{
    struct avd_view view = {0};
    struct avd_error err = {0};
    enum avd_status status;
    uint8_t *copy = malloc(size != 0 ? size : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, from, size);
    view.data = copy;
    view.size = size;
    status = avd_pdb_open_memory(view, &pdb, &err);
    if (status == AVD_OK) {
        look_around();
    } else {
        ck_assert_ptr_null(pdb);
        ck_assert_int_eq(err.code, status);
        ck_assert_str_ne(err.message, "");
        ck_assert_str_ne(err.where, "");
    }
    avd_pdb_close(pdb);
    pdb = NULL;
    free(copy);
    ck_assert_int_eq(avd_mem_live(), 0);
    return status;
}

START_TEST(test_prefixes)
{
    size_t size;
    size_t cut;
    size_t opened = 0;

    if (_i == 1)
        ps_add_omap(&sample);
    bytes = ps_finish(&sample, layout, &size);
    for (cut = 0; cut < size; cut += cut < 600 ? 1 : 97)
        opened += try_bytes(bytes, cut) == AVD_OK;
    /* Cut behind the directory it can be opened. */
    ck_assert_uint_gt(opened, 0);
    ck_assert_int_eq(try_bytes(bytes, size), AVD_OK);
}
END_TEST

START_TEST(test_flips)
{
    uint32_t random = 12345 + (uint32_t)_i;
    size_t size;
    size_t run;
    size_t opened = 0;

    if (_i == 1)
        ps_add_omap(&sample);
    bytes = ps_finish(&sample, layout, &size);
    for (run = 0; run < FLIPS; run++) {
        size_t count = 1 + run % 3;
        size_t at[3];
        uint8_t old[3];
        size_t i;

        for (i = 0; i < count; i++) {
            random = random * 1664525 + 1013904223;
            at[i] = (random >> 4) % size;
            old[i] = bytes[at[i]];
            random = random * 1664525 + 1013904223;
            bytes[at[i]] = random >> 30 == 0 ? 0xff : (uint8_t)(random >> 20);
        }
        opened += try_bytes(bytes, size) == AVD_OK;
        while (i-- > 0)
            bytes[at[i]] = old[i];
    }
    ck_assert_uint_gt(opened, FLIPS / 2);
    ck_assert_int_eq(try_bytes(bytes, size), AVD_OK);
}
END_TEST

/* Whichever allocation fails: said so, nothing leaks, and the next try works. */
START_TEST(test_no_memory)
{
    struct avd_view view = {0};
    struct avd_error err;
    enum avd_status status;
    unsigned long n;
    int found_late = 0;

    bytes = ps_finish(&sample, layout, &view.size);
    view.data = bytes;
    for (n = 1; n < 200; n++) {
        avd_mem_fail_after(n);
        status = avd_pdb_open_memory(view, &pdb, &err);
        if (status == AVD_OK) {
            status = find(PS_WORKER + 0x14);
            if (status == AVD_E_NOMEM) {
                found_late++;
                ck_assert_ptr_null(found.function);
                ck_assert_ptr_null(found.inlines);
            }
            avd_mem_fail_after(0);
            ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
            ck_assert_str_eq(found.function, "ns::worker");
            ck_assert_uint_eq(found.inline_count, 2);
            ck_assert_str_eq(found.inlines[0].function, "geo::Point::norm");
        } else {
            ck_assert_str_eq(err.message, "out of memory");
        }
        avd_mem_fail_after(0);
        avd_pdb_close(pdb);
        pdb = NULL;
        ck_assert_int_eq(avd_mem_live(), 0);
        if (status == AVD_OK)
            break;
        ck_assert_int_eq(status, AVD_E_NOMEM);
    }
    ck_assert_uint_lt(n, 200);
    ck_assert_int_gt(found_late, 3);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_record_size);
    tcase_add_test(tests, test_empty_record);
    tcase_add_loop_test(tests, test_scope_end, 0, 5);
    tcase_add_test(tests, test_site_end);
    tcase_add_test(tests, test_lines);
    tcase_add_test(tests, test_line_part);
    tcase_add_test(tests, test_module_sizes);
    tcase_add_test(tests, test_address_map);
    tcase_add_test(tests, test_address_map_size);
    tcase_add_test(tests, test_named_streams);
    tcase_add_test(tests, test_string_table_size);
    tcase_add_test(tests, test_types);
    tcase_add_test(tests, test_contributions);
    tcase_add_loop_test(tests, test_prefixes, 0, 2);
    tcase_add_loop_test(tests, test_flips, 0, 2);
    tcase_add_test(tests, test_no_memory);
}

int main(void)
{
    return suite_main("pdb_damage", add_tests);
}
