/* SPDX-License-Identifier: MIT */
/* src/pe/exports.c: the joined tables, damage in each, the nearest export, names on demand. */
#include "base/memory.h"
#include "pe/image.h"
#include "support/pe_image.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <string.h>

#define BASE 0x7ff612340000ULL

/* Where most tests put the tables: behind the directory, before the page's end. */
enum { TABLES = PE_RDATA + 0x40 };

static struct pe_image pe;
static struct pe_memory mem;
static struct avd_image image;
static struct avd_exports exports;
static struct avd_error error;

/* Names in name order, RVAs in none. */
static const struct pe_export six[] = {
    {"Alpha", PE_TEXT + 0x80, NULL}, {"Beta", PE_TEXT + 0x20, NULL},
    {NULL, PE_TEXT + 0x40, NULL},    {"Forwarded", 0, "NTDLL.RtlAllocateHeap"},
    {"Gamma", PE_TEXT + 0x20, NULL}, {"g_data", PE_DATA + 0x10, NULL},
};

static void setup(void)
{
    memset(&error, 0, sizeof error);
    pe_build(&pe, true);
}

static enum avd_status load(unsigned pages)
{
    pe_map(&pe);
    pe_memory_init(&mem, &pe, BASE, pages);
    ck_assert_int_eq(avd_image_from_memory(&image, &mem.memory, BASE, NULL), AVD_OK);
    return avd_image_exports(&image, &test_arena, &exports, &error);
}

static const char *name_of(struct avd_export *item)
{
    return avd_export_name(&image, &test_arena, item);
}

static void check_item(size_t index, uint32_t rva, uint32_t ordinal, const char *name)
{
    ck_assert_uint_lt(index, exports.count);
    ck_assert_uint_eq(exports.items[index].rva, rva);
    ck_assert_uint_eq(exports.items[index].ordinal, ordinal);
    ck_assert_str_eq(name_of(&exports.items[index]), name);
}

static const char *nearest(uint32_t rva)
{
    struct avd_export *item = avd_exports_nearest(&image, &exports, rva);

    return item == NULL ? "none" : name_of(item);
}

START_TEST(test_joined)
{
    const char *first;

    pe_set_exports(&pe, TABLES, 100, six, 6);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert(!exports.partial);
    ck_assert_uint_eq(exports.count, 5);
    check_item(0, PE_TEXT + 0x20, 101, "Beta");
    check_item(1, PE_TEXT + 0x20, 104, "Gamma");
    check_item(2, PE_TEXT + 0x40, 102, "Ordinal102");
    check_item(3, PE_TEXT + 0x80, 100, "Alpha");
    check_item(4, PE_DATA + 0x10, 105, "g_data");
    /* A name is fetched once. */
    first = name_of(&exports.items[0]);
    ck_assert_ptr_eq(name_of(&exports.items[0]), first);
}
END_TEST

START_TEST(test_nearest)
{
    pe_set_exports(&pe, TABLES, 100, six, 6);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert_str_eq(nearest(PE_TEXT), "none");
    ck_assert_str_eq(nearest(PE_TEXT + 0x1f), "none");
    ck_assert_str_eq(nearest(PE_TEXT + 0x20), "Beta");
    ck_assert_str_eq(nearest(PE_TEXT + 0x3f), "Beta");
    ck_assert_str_eq(nearest(PE_TEXT + 0x40), "Ordinal102");
    ck_assert_str_eq(nearest(PE_TEXT + 0x2ff), "Alpha");
    /* Behind .text, in .rdata, and at a data export. */
    ck_assert_str_eq(nearest(PE_TEXT + 0x300), "none");
    ck_assert_str_eq(nearest(PE_RDATA + 0x10), "none");
    ck_assert_str_eq(nearest(PE_DATA + 0x10), "none");
    ck_assert_str_eq(nearest(UINT32_MAX), "none");
}
END_TEST

/* A second executable section does not borrow the first one's names. */
START_TEST(test_nearest_across_sections)
{
    pe_set_exports(&pe, TABLES, 100, six, 6);
    pe_put32(pe.file, pe_section_offset(&pe, 1) + 36, 0x60000020);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert_str_eq(nearest(PE_TEXT + 0x100), "Alpha");
    ck_assert_str_eq(nearest(PE_RDATA + 0x10), "none");
}
END_TEST

START_TEST(test_nearest_without_sections)
{
    pe_set_exports(&pe, TABLES, 100, six, 6);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    image.section_count = 0;
    ck_assert_str_eq(nearest(PE_TEXT + 0x90), "none");
    image.partial = true;
    ck_assert_str_eq(nearest(PE_TEXT + 0x90), "Alpha");
    /* The sections that are known still divide. */
    image.section_count = 1;
    ck_assert_str_eq(nearest(PE_TEXT + 0x90), "Alpha");
    ck_assert_str_eq(nearest(PE_RDATA + 0x10), "none");
}
END_TEST

/* An unnamed function at the RVA of a named one gives way to the name. */
START_TEST(test_alias_without_name)
{
    static const struct pe_export aliases[] = {
        {NULL, PE_TEXT + 0x20, NULL},
        {"Named", PE_TEXT + 0x20, NULL},
        {NULL, PE_TEXT + 0x20, NULL},
    };

    pe_set_exports(&pe, TABLES, 1, aliases, 3);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert_uint_eq(exports.count, 3);
    check_item(0, PE_TEXT + 0x20, 2, "Named");
    check_item(1, PE_TEXT + 0x20, 1, "Ordinal1");
    check_item(2, PE_TEXT + 0x20, 3, "Ordinal3");
    ck_assert_str_eq(nearest(PE_TEXT + 0x20), "Named");
}
END_TEST

START_TEST(test_none)
{
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_NOT_FOUND);
    ck_assert(!exports.partial);
    ck_assert_uint_eq(exports.count, 0);

    /* The directory's page is not in the dump. */
    pe_set_exports(&pe, TABLES, 1, six, 6);
    ck_assert_int_eq(load(PE_ALL_PAGES & ~4U), AVD_NOT_FOUND);
    ck_assert(exports.partial);

    /* An image may export nothing. */
    pe_put32(pe_rdata(&pe, PE_RDATA), 20, 0);
    pe_put32(pe_rdata(&pe, PE_RDATA), 24, 0);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert_uint_eq(exports.count, 0);
    ck_assert(!exports.partial);
    ck_assert_str_eq(nearest(PE_TEXT), "none");
}
END_TEST

/* The functions' table spans two pages of which one is missing: only its items are lost. */
START_TEST(test_page_missing)
{
    static const struct pe_export four[] = {
        {"A", PE_TEXT + 0x10, NULL},
        {"B", PE_TEXT + 0x20, NULL},
        {"C", PE_TEXT + 0x30, NULL},
        {"D", PE_TEXT + 0x40, NULL},
    };

    pe_set_exports(&pe, 0x3000 - 8, 1, four, 4); /* A and B before the page's end */
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert_uint_eq(exports.count, 4);
    ck_assert(!exports.partial);

    /* All names are in that page: what is left are ordinals. */
    ck_assert_int_eq(load(PE_ALL_PAGES & ~8U), AVD_OK);
    ck_assert(exports.partial);
    ck_assert_uint_eq(exports.count, 2);
    check_item(0, PE_TEXT + 0x10, 1, "Ordinal1");
    check_item(1, PE_TEXT + 0x20, 2, "Ordinal2");

    /* The item that the gap cuts in two is lost as a whole; no image size hides what it would
     * become. */
    pe_build(&pe, true);
    pe_put32(pe.file, PE_OPTIONAL + 56, 0);
    pe_set_exports(&pe, 0x3000 - 6, 1, four, 4);
    ck_assert_int_eq(load(PE_ALL_PAGES & ~8U), AVD_OK);
    ck_assert_uint_eq(exports.count, 1);

    /* After a gap the rest is read again: the tables begin in a page that is missing. */
    pe_build(&pe, true);
    pe_put32(pe.file, PE_OPTIONAL + 56, 0);
    pe_set_exports(&pe, 0x4000 - 6, 1, four, 4);
    ck_assert_int_eq(load(PE_ALL_PAGES & ~8U), AVD_OK);
    ck_assert(exports.partial);
    ck_assert_uint_eq(exports.count, 2);
    check_item(0, PE_TEXT + 0x30, 3, "C");
    check_item(1, PE_TEXT + 0x40, 4, "D");
}
END_TEST

START_TEST(test_lies)
{
    uint8_t *directory;

    /* Counts over the ceiling: as much as is there, and it says so. */
    pe_set_exports(&pe, TABLES, 1, six, 6);
    directory = pe_rdata(&pe, PE_RDATA);
    pe_put32(directory, 20, 0xffffffff);
    pe_put32(directory, 24, 0xffffffff);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert(exports.partial);
    ck_assert_uint_ge(exports.count, 5);
    ck_assert_uint_le(exports.count, 2 * AVD_MAX_EXPORTS);
    ck_assert_str_eq(nearest(PE_TEXT + 0x80), "Alpha");

    /* Tables at the end of the address space, and outside the image. */
    pe_build(&pe, true);
    pe_set_exports(&pe, TABLES, 1, six, 6);
    pe_put32(directory, 28, 0xfffffffe);
    pe_put32(pe.file, 2, PE_TEXT + 0x20); /* what a wrapped RVA would read */
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert(exports.partial);
    ck_assert_uint_eq(exports.count, 0);
    pe_put32(directory, 28, PE_IMAGE_SIZE);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert(exports.partial);
    ck_assert_uint_eq(exports.count, 0);

    /* A name whose index leads nowhere; a function outside the image, and at its header. */
    pe_build(&pe, true);
    pe_set_exports(&pe, TABLES, 1, six, 6);
    pe_put16(pe_rdata(&pe, TABLES + 6 * 4 + 5 * 4), 0, 6);     /* Alpha's */
    pe_put32(pe_rdata(&pe, TABLES + 1 * 4), 0, PE_IMAGE_SIZE); /* Beta's */
    pe_put32(pe_rdata(&pe, TABLES + 2 * 4), 0, 0);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert_uint_eq(exports.count, 3);
    check_item(0, PE_TEXT + 0x20, 5, "Gamma");
    check_item(1, PE_TEXT + 0x80, 1, "Ordinal1");
    check_item(2, PE_DATA + 0x10, 6, "g_data");
}
END_TEST

START_TEST(test_bad_names)
{
    uint32_t names = TABLES + 6 * 4;
    char *text;

    pe_set_exports(&pe, TABLES, 100, six, 6);
    text = (char *)pe_rdata(&pe, 0x3000);
    text[0] = '\n';                                            /* not printable */
    memset(text + 0x100, 'x', 0x1800);                         /* too long */
    memcpy(text + 0x2ff0, "long enough to reach the end", 16); /* runs out of the section */
    pe_put32(pe_rdata(&pe, names), 0, 0x3000);
    pe_put32(pe_rdata(&pe, names + 4), 0, 0x3100);
    pe_put32(pe_rdata(&pe, names + 12), 0, PE_IMAGE_SIZE - 1);
    pe_put32(pe_rdata(&pe, names + 16), 0, 0xffffffff);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    check_item(0, PE_TEXT + 0x20, 101, "Ordinal101");
    check_item(1, PE_TEXT + 0x20, 104, "Ordinal104");
    check_item(3, PE_TEXT + 0x80, 100, "Ordinal100");
    check_item(4, PE_DATA + 0x10, 105, "Ordinal105");

    /* 4096 bytes still fit; high bytes are not printable. */
    text[0x1100] = '\0';
    text[0x1200] = (char)0xe9;
    pe_put32(pe_rdata(&pe, names), 0, 0x4200);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    ck_assert_uint_eq(strlen(name_of(&exports.items[0])), 4096);
    check_item(3, PE_TEXT + 0x80, 100, "Ordinal100");

    text[0x1200] = 0x7f;
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    check_item(3, PE_TEXT + 0x80, 100, "Ordinal100");

    /* A name whose end lies in a missing page. */
    memcpy(pe_rdata(&pe, 0x4ffd), "abcdef", 7);
    pe_put32(pe_rdata(&pe, names), 0, 0x4ffd);
    ck_assert_int_eq(load(PE_ALL_PAGES), AVD_OK);
    check_item(3, PE_TEXT + 0x80, 100, "abcdef");
    ck_assert_int_eq(load(PE_ALL_PAGES & ~0x20U), AVD_OK);
    check_item(3, PE_TEXT + 0x80, 100, "Ordinal100");
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;
    enum avd_status status = AVD_E_NOMEM;

    pe_set_exports(&pe, TABLES, 100, six, 6);
    (void)load(PE_ALL_PAGES);
    for (n = 1; status == AVD_E_NOMEM; n++) {
        ck_assert_uint_lt(n, 20);
        avd_arena_deinit(&test_arena);
        memset(&error, 0, sizeof error);
        avd_mem_fail_after(n);
        status = avd_image_exports(&image, &test_arena, &exports, &error);
        avd_mem_fail_after(0);
        if (status == AVD_E_NOMEM) {
            ck_assert_str_eq(error.message, "out of memory");
            ck_assert_uint_eq(exports.count, 0);
        }
    }
    ck_assert_int_eq(status, AVD_OK);
    ck_assert_uint_gt(n, 5); /* three tables, the marks, the items */

    /* A name that found no memory may be asked for again. */
    test_arena.left = 0;
    avd_mem_fail_after(1);
    ck_assert_ptr_null(name_of(&exports.items[0]));
    avd_mem_fail_after(0);
    ck_assert_str_eq(name_of(&exports.items[0]), "Beta");
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, test_joined);
    tcase_add_test(tests, test_nearest);
    tcase_add_test(tests, test_nearest_across_sections);
    tcase_add_test(tests, test_nearest_without_sections);
    tcase_add_test(tests, test_alias_without_name);
    tcase_add_test(tests, test_none);
    tcase_add_test(tests, test_page_missing);
    tcase_add_test(tests, test_lies);
    tcase_add_test(tests, test_bad_names);
    tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("exports", add_tests);
}
