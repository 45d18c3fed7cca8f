/* SPDX-License-Identifier: MIT */
/* src/symbols/pdb_frames.c, pdb_address.c: frame layouts, and images whose code was moved. */
#include "base/memory.h"
#include "support/pdb_builder.h"
#include "support/suite.h"
#include "symbols/pdb.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct ps sample;
static struct avd_pdb *pdb;
static struct avd_frame_data data;
static struct avd_proc_frame frame;
static struct avd_symbol found;
static uint8_t *bytes;

static void setup(void)
{
    ps_new(&sample);
    pdb = NULL;
    bytes = NULL;
}

static void teardown(void)
{
    avd_pdb_close(pdb);
    free(bytes);
    ps_free(&sample);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static void open_sample(void)
{
    struct pb_layout layout = {0};
    struct avd_view view = {0};

    bytes = ps_finish(&sample, layout, &view.size);
    view.data = bytes;
    ck_assert_int_eq(avd_pdb_open_memory(view, &pdb, NULL), AVD_OK);
}

START_TEST(test_frame_data)
{
    open_sample();
    ck_assert_int_eq(avd_pdb_frame_data(pdb, PS_TEXT + PS_MAIN, &data), AVD_OK);
    ck_assert(!data.is_fpo);
    ck_assert(!data.has_ebp_frame);
    ck_assert_uint_eq(data.rva, PS_TEXT + PS_MAIN);
    ck_assert_uint_eq(data.code_size, 0x40);
    ck_assert_uint_eq(data.locals_size, 24);
    ck_assert_uint_eq(data.parameter_size, 8);
    ck_assert_uint_eq(data.max_stack_size, 32);
    ck_assert_uint_eq(data.prolog_size, 6);
    ck_assert_uint_eq(data.saved_regs_size, 12);
    ck_assert_str_eq(data.program, "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =");
    /* The record of the first push goes on to the end of the function. */
    ck_assert_int_eq(avd_pdb_frame_data(pdb, PS_TEXT + PS_MAIN + 0x3f, &data), AVD_OK);
    ck_assert_uint_eq(data.rva, PS_TEXT + PS_MAIN + 1);
    ck_assert_uint_eq(data.prolog_size, 5);
    ck_assert_int_eq(avd_pdb_frame_data(pdb, PS_TEXT + PS_MAIN + 0x40, &data), AVD_NOT_FOUND);
    ck_assert_uint_eq(data.code_size, 0);
    ck_assert_int_eq(avd_pdb_frame_data(pdb, 0, &data), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_frame_data(pdb, UINT64_MAX, &data), AVD_NOT_FOUND);
    /* Without a program. */
    ck_assert_int_eq(avd_pdb_frame_data(pdb, PS_TEXT + PS_WORKER + 1, &data), AVD_OK);
    ck_assert_ptr_null(data.program);
}
END_TEST

START_TEST(test_fpo)
{
    open_sample();
    ck_assert_int_eq(avd_pdb_frame_data(pdb, PS_TEXT + PS_HELPER + 7, &data), AVD_OK);
    ck_assert(data.is_fpo);
    ck_assert(!data.has_ebp_frame);
    ck_assert_uint_eq(data.rva, PS_TEXT + PS_HELPER);
    ck_assert_uint_eq(data.code_size, 8);
    ck_assert_uint_eq(data.locals_size, 20);
    ck_assert_uint_eq(data.parameter_size, 8);
    ck_assert_uint_eq(data.prolog_size, 3);
    ck_assert_uint_eq(data.saved_regs_size, 8);
    ck_assert(data.allocates_base_pointer);
    ck_assert_ptr_null(data.program);
    /* A trap frame is the kernel's; a function with a frame pointer says so. */
    ck_assert_int_eq(avd_pdb_frame_data(pdb, PS_TEXT + PS_HELPER + 8, &data), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_frame_data(pdb, PS_TEXT + PS_HELPER + 16, &data), AVD_OK);
    ck_assert(data.has_ebp_frame);
    ck_assert_uint_eq(data.parameter_size, 8);
}
END_TEST

START_TEST(test_proc_frame)
{
    open_sample();
    ck_assert_int_eq(avd_pdb_proc_frame(pdb, PS_TEXT + PS_MAIN + 9, &frame), AVD_OK);
    ck_assert_uint_eq(frame.function_rva, PS_TEXT + PS_MAIN);
    ck_assert_uint_eq(frame.function_size, 0x40);
    ck_assert_uint_eq(frame.prolog_size, 4);
    ck_assert_uint_eq(frame.frame_size, 0x48);
    ck_assert_uint_eq(frame.pad_size, 8);
    ck_assert_uint_eq(frame.saved_regs_size, 16);
    ck_assert_uint_eq(frame.flags, 0x114200);
    /* None recorded; no procedure; nothing. */
    ck_assert_int_eq(avd_pdb_proc_frame(pdb, PS_TEXT + PS_WORKER, &frame), AVD_NOT_FOUND);
    ck_assert_uint_eq(frame.function_size, 0);
    ck_assert_int_eq(avd_pdb_proc_frame(pdb, PS_TEXT + PS_TRAMPOLINE, &frame), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_proc_frame(pdb, PS_TEXT + PS_PUBLIC, &frame), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_proc_frame(pdb, 0, &frame), AVD_NOT_FOUND);
}
END_TEST

/* ns::worker lies at 0x5000 of the image; the PDB speaks of where it was. */
static void check_moved(void)
{
    ck_assert_int_eq(avd_pdb_find(pdb, 0x5014, &found), AVD_OK);
    ck_assert_str_eq(found.function, "ns::worker");
    ck_assert_uint_eq(found.function_rva, 0x5000);
    ck_assert_uint_eq(found.displacement, 0x14);
    ck_assert_uint_eq(found.line, 22);
    ck_assert_uint_eq(found.inline_count, 2);
    ck_assert_int_eq(avd_pdb_find(pdb, PS_TEXT + PS_MAIN + 8, &found), AVD_OK);
    ck_assert_str_eq(found.function, "main");
    ck_assert_uint_eq(found.function_rva, PS_TEXT + PS_MAIN);
    /* What is there now was not in the original. */
    ck_assert_int_eq(avd_pdb_find(pdb, PS_TEXT + PS_WORKER, &found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_find(pdb, 0x5040, &found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_find(pdb, 0x800, &found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_frame_data(pdb, 0x5010, &data), AVD_OK);
    ck_assert_uint_eq(data.rva, 0x5000);
    ck_assert_int_eq(avd_pdb_frame_data(pdb, PS_TEXT + PS_WORKER, &data), AVD_NOT_FOUND);
    ck_assert_str_eq(avd_pdb_damage(pdb), "");
}

START_TEST(test_omap)
{
    ps_add_omap(&sample);
    open_sample();
    check_moved();
}
END_TEST

/* Without the way back it is searched in the other table. */
START_TEST(test_omap_one_way)
{
    ps_add_omap(&sample);
    pb_set16(sample.b, PS_DEBUG_HEADER, 2 * 4, 0xffff);
    open_sample();
    check_moved();
}
END_TEST

/* Syzygy's PDBs have the original sections in the image's place. */
START_TEST(test_omap_no_original_sections)
{
    uint8_t headers[80];

    ck_assert_uint_eq(pb_size(sample.b, PS_SECTIONS), sizeof headers);
    memcpy(headers, pb_data(sample.b, PS_SECTIONS), sizeof headers);
    ps_add_omap(&sample);
    pb_clear(sample.b, PS_SECTIONS);
    pb_bytes(sample.b, PS_SECTIONS, headers, sizeof headers);
    pb_set16(sample.b, PS_DEBUG_HEADER, 2 * 10, 0xffff);
    open_sample();
    check_moved();
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_frame_data);
    tcase_add_test(tests, test_fpo);
    tcase_add_test(tests, test_proc_frame);
    tcase_add_test(tests, test_omap);
    tcase_add_test(tests, test_omap_one_way);
    tcase_add_test(tests, test_omap_no_original_sections);
}

int main(void)
{
    return suite_main("pdb_frames", add_tests);
}
