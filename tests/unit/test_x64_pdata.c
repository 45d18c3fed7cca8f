/* SPDX-License-Identifier: MIT */
/* src/x64/pdata.c: finding functions in tables that may be damaged, unsorted or partly missing. */
#include "base/limits.h"
#include "support/fake_process.h"
#include "support/suite.h"
#include "x64/pdata.h"

#include <check.h>

static const uint8_t frameless[] = {1, 0, 0, 0};

static enum avd_x64_lookup find(struct fake_process *p, uint32_t rva, struct avd_x64_function *out)
{
    struct avd_x64_image image;

    return avd_x64_find_function(&p->walk, FAKE_IMAGE + rva, &image, out);
}

START_TEST(test_search)
{
    struct fake_process *p = fake_new_x64();
    struct avd_x64_function f;
    uint32_t i;

    for (i = 0; i < 50; i++)
        fake_function(p, 0x1000 + 16 * i, 0x1000 + 16 * i + 12, 0x5000 + 4 * i, frameless, 4);
    for (i = 0; i < 50; i++) {
        ck_assert_int_eq(find(p, 0x1000 + 16 * i, &f), AVD_X64_FOUND);
        ck_assert_uint_eq(f.begin, 0x1000 + 16 * i);
        ck_assert_uint_eq(f.unwind, 0x5000 + 4 * i);
        ck_assert_int_eq(find(p, 0x1000 + 16 * i + 11, &f), AVD_X64_FOUND);
        ck_assert_uint_eq(f.end, 0x1000 + 16 * i + 12);
        ck_assert_int_eq(find(p, 0x1000 + 16 * i + 12, &f), AVD_X64_NO_ENTRY);
    }
    ck_assert_int_eq(find(p, 0xfff, &f), AVD_X64_NO_ENTRY);
    p->reads = 0;
    ck_assert_int_eq(find(p, 0x1234, &f), AVD_X64_FOUND);
    ck_assert_uint_le(p->reads, 7);
    fake_free(p);
}
END_TEST

START_TEST(test_no_table)
{
    struct fake_process *p = fake_new_x64();
    struct avd_x64_function f;
    struct avd_x64_image image;

    p->modules[0].pdata_state = 0;
    ck_assert_int_eq(find(p, 0x1100, &f), AVD_X64_NO_TABLE);
    p->modules[0].pdata_state = -1;
    ck_assert_int_eq(find(p, 0x1100, &f), AVD_X64_NOT_READABLE);
    p->modules[0].pdata_state = 1;
    p->modules[0].pdata.size = 11; /* less than one entry */
    ck_assert_int_eq(find(p, FAKE_CALLER, &f), AVD_X64_NO_ENTRY);
    ck_assert_int_eq(avd_x64_find_function(&p->walk, 0x5000, &image, &f), AVD_X64_NO_MODULE);
    fake_free(p);
}
END_TEST

/* Zeros at the end of a table, as some linkers pad it. */
START_TEST(test_padding)
{
    struct fake_process *p = fake_new_x64();
    struct avd_x64_function f;

    fake_function(p, 0x1100, 0x1200, 0x5000, frameless, 4);
    p->modules[0].pdata.size = 12 * 40;
    ck_assert_int_eq(find(p, 0x1100, &f), AVD_X64_FOUND);
    ck_assert_int_eq(find(p, 0x20ff, &f), AVD_X64_FOUND);
    ck_assert_uint_eq(f.begin, FAKE_CALLER);
    ck_assert_int_eq(find(p, 0x1200, &f), AVD_X64_NO_ENTRY);
    /* Nor does padding hide what is there when it is too long to look through. */
    fake_map(p, FAKE_IMAGE + 0x6000, 0x4000);
    fake_map(p, FAKE_IMAGE + 0xa000, 0x4000);
    fake_map(p, FAKE_IMAGE + 0xe000, 0x4000);
    p->modules[0].pdata.size = 12 * (AVD_MAX_PDATA_LINEAR + 1);
    ck_assert_int_eq(find(p, 0x1100, &f), AVD_X64_FOUND);
    ck_assert_uint_eq(f.begin, 0x1100);
    fake_free(p);
}
END_TEST

START_TEST(test_unsorted)
{
    struct fake_process *p = fake_new_x64();
    struct avd_x64_function f;

    fake_entry(p, FAKE_IMAGE + 0x4000, 0x2800, 0x2900, 0x5000);
    fake_entry(p, FAKE_IMAGE + 0x400c, 0x1200, 0x1300, 0x5004);
    fake_entry(p, FAKE_IMAGE + 0x4018, 0x1100, 0x1200, 0x5008);
    fake_entry(p, FAKE_IMAGE + 0x4024, 0x1000, 0x1100, 0x500c);
    p->modules[0].pdata.size = 48;
    ck_assert_int_eq(find(p, 0x2850, &f), AVD_X64_FOUND);
    ck_assert_uint_eq(f.unwind, 0x5000);
    ck_assert_int_eq(find(p, 0x1250, &f), AVD_X64_FOUND);
    ck_assert_uint_eq(f.unwind, 0x5004);
    ck_assert_int_eq(find(p, 0x1050, &f), AVD_X64_FOUND);
    ck_assert_uint_eq(f.unwind, 0x500c);
    ck_assert_int_eq(find(p, 0x2000, &f), AVD_X64_NO_ENTRY);
    /* A huge one is not looked through. */
    p->modules[0].pdata.size = 12 * (AVD_MAX_PDATA_LINEAR + 1);
    fake_map(p, FAKE_IMAGE + 0x6000, 0x4000);
    fake_map(p, FAKE_IMAGE + 0xa000, 0x4000);
    fake_map(p, FAKE_IMAGE + 0xe000, 0x4000);
    ck_assert_int_eq(find(p, 0x2700, &f), AVD_X64_NOT_READABLE);
    fake_free(p);
}
END_TEST

/* The directory claims more than is there: what the search meets decides. */
START_TEST(test_missing_part)
{
    struct fake_process *p = fake_new_x64();
    struct avd_x64_function f;

    p->modules[0].pdata.rva = 0x3ff4; /* the first entry lies on a page that is not there */
    p->modules[0].pdata.size = 24;
    ck_assert_int_eq(find(p, 0x2050, &f), AVD_X64_FOUND);
    ck_assert_int_eq(find(p, 0x1050, &f), AVD_X64_NOT_READABLE);
    /* A table that wraps around the address space of the image. */
    p->modules[0].pdata.rva = UINT32_MAX - 4;
    p->modules[0].pdata.size = UINT32_MAX;
    ck_assert_int_eq(find(p, 0x1050, &f), AVD_X64_NOT_READABLE);
    fake_free(p);
}
END_TEST

START_TEST(test_indirect)
{
    struct fake_process *p = fake_new_x64();
    struct avd_x64_function f;

    fake_function(p, 0x1100, 0x1200, 0x5101, NULL, 0);
    fake_entry(p, FAKE_IMAGE + 0x5100, 0x1000, 0x1200, 0x5201);
    fake_entry(p, FAKE_IMAGE + 0x5200, 0x1010, 0x1200, 0x5000);
    ck_assert_int_eq(find(p, 0x1180, &f), AVD_X64_FOUND);
    ck_assert_uint_eq(f.begin, 0x1010);
    ck_assert_uint_eq(f.unwind, 0x5000);
    /* Entries that point at each other. */
    fake_entry(p, FAKE_IMAGE + 0x5200, 0x1010, 0x1200, 0x5101);
    p->reads = 0;
    ck_assert_int_eq(find(p, 0x1180, &f), AVD_X64_NOT_READABLE);
    ck_assert_uint_lt(p->reads, 50);
    fake_free(p);
}
END_TEST

START_TEST(test_image_file)
{
    struct fake_process *p = fake_new_x64();
    struct avd_x64_function f;
    struct avd_x64_unwind_info info;
    struct avd_x64_image image;
    enum avd_walk_end end = AVD_END_NONE;

    /* Table and unwind data come from the image, not from memory. */
    p->pieces[1].image_only = true;
    p->pieces[2].image_only = true;
    ck_assert_int_eq(avd_x64_find_function(&p->walk, FAKE_RETURN, &image, &f), AVD_X64_FOUND);
    ck_assert(avd_x64_read_info(&p->walk, &image, &f, &info, &end));
    ck_assert_uint_eq(info.version, 1);
    ck_assert_uint_eq(info.tail, 0x5f04);
    fake_free(p);
}
END_TEST

START_TEST(test_dynamic_function)
{
    struct fake_process *p = fake_new_x64();
    uint64_t base = UINT64_C(0x20000000);
    struct avd_x64_function f;
    struct avd_x64_unwind_info info;
    struct avd_x64_image image;
    enum avd_walk_end end = AVD_END_NONE;

    p->has_dynamic = true;
    p->dynamic_base = base;
    p->dynamic_entry[0] = 0x100;
    p->dynamic_entry[1] = 0x200;
    p->dynamic_entry[2] = 0x40;
    fake_map(p, base, 0x1000);
    fake_bytes(p, base + 0x40, "\x01\x04\x01\x00\x04\x42", 6);
    ck_assert_int_eq(avd_x64_find_function(&p->walk, base + 0x180, &image, &f), AVD_X64_FOUND);
    ck_assert(image.dynamic);
    ck_assert_uint_eq(f.begin, 0x100);
    ck_assert(avd_x64_read_info(&p->walk, &image, &f, &info, &end));
    ck_assert_uint_eq(info.count, 1);
    ck_assert_int_eq(avd_x64_find_function(&p->walk, base + 0x200, &image, &f), AVD_X64_NO_MODULE);
    fake_free(p);
}
END_TEST

START_TEST(test_info_not_there)
{
    static const struct {
        struct avd_x64_function f;
        enum avd_walk_end end;
        const char *detail;
    } cases[] = {
        {{0x1000, 0x1100, 0x3ffc},
         AVD_END_NO_UNWIND_INFO,
         "the unwind data at 0x140003ffc is not in the dump"},
        {{0x1000, 0x1100, 0x5ffc},
         AVD_END_NO_UNWIND_INFO,
         "the 2 unwind codes at 0x140006000 are not in the dump"},
        {{0x1000, 0x1100, 0x5002},
         AVD_END_BAD_UNWIND_INFO,
         "the unwind table's entry 0x1000-0x1100, unwind data 0x5002 of the module at 0x140000000 "
         "is damaged"},
        {{0x1100, 0x1100, 0x5000},
         AVD_END_BAD_UNWIND_INFO,
         "the unwind table's entry 0x1100-0x1100, unwind data 0x5000 of the module at 0x140000000 "
         "is damaged"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = fake_new_x64();
        struct avd_x64_image image = {&p->walk, false, 0, FAKE_IMAGE};
        struct avd_x64_unwind_info info;
        enum avd_walk_end end = AVD_END_NONE;

        fake_bytes(p, FAKE_IMAGE + 0x5ffc, "\x01\x00\x02\x00", 4);
        ck_assert(!avd_x64_read_info(&p->walk, &image, &cases[i].f, &info, &end));
        ck_assert_int_eq(end, cases[i].end);
        ck_assert_str_eq(p->walk.detail, cases[i].detail);
        fake_free(p);
    }
}
END_TEST

START_TEST(test_parent_not_there)
{
    struct fake_process *p = fake_new_x64();
    struct avd_x64_image image = {&p->walk, false, 0, FAKE_IMAGE};
    struct avd_x64_function f = {0x1000, 0x1100, 0x5ff8};
    struct avd_x64_function parent;
    struct avd_x64_unwind_info info;
    enum avd_walk_end end = AVD_END_NONE;

    fake_bytes(p, FAKE_IMAGE + 0x5ff8, "\x21\x00\x00\x00", 4);
    ck_assert(avd_x64_read_info(&p->walk, &image, &f, &info, &end));
    ck_assert_uint_eq(info.flags, AVD_UNWIND_CHAIN);
    ck_assert(!avd_x64_parent(&p->walk, &image, &f, &info, &parent, &end));
    ck_assert_str_eq(p->walk.detail, "the chained unwind entry at 0x140005ffc is not in the dump");
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_search);
    tcase_add_test(tests, test_no_table);
    tcase_add_test(tests, test_padding);
    tcase_add_test(tests, test_unsorted);
    tcase_add_test(tests, test_missing_part);
    tcase_add_test(tests, test_indirect);
    tcase_add_test(tests, test_image_file);
    tcase_add_test(tests, test_dynamic_function);
    tcase_add_test(tests, test_info_not_there);
    tcase_add_test(tests, test_parent_not_there);
}

int main(void)
{
    return suite_main("x64_pdata", add_tests);
}
