/* SPDX-License-Identifier: MIT */
/* src/symbols/pdb*.c: addresses of a PDB built in code, and what is refused. */
#include "base/memory.h"
#include "support/pdb_builder.h"
#include "support/suite.h"
#include "symbols/pdb.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ps sample;
static struct pb_layout layout;
static struct avd_pdb *pdb;
static struct avd_error err;
static struct avd_symbol found;
static uint8_t *bytes;

static void setup(void)
{
    ps_new(&sample);
    memset(&layout, 0, sizeof layout);
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

static enum avd_status open_sample(void)
{
    struct avd_view view = {0};

    free(bytes);
    avd_pdb_close(pdb);
    bytes = ps_finish(&sample, layout, &view.size);
    view.data = bytes;
    memset(&err, 0, sizeof err);
    return avd_pdb_open_memory(view, &pdb, &err);
}

/* Looks up an offset in .text. */
static enum avd_status find(uint32_t offset)
{
    return avd_pdb_find(pdb, PS_TEXT + (uint64_t)offset, &found);
}

/* Function and line as one text, "main+8 main.c:7", "~" before approximate names. */
static const char *told(uint32_t offset)
{
    static char text[600];
    enum avd_status status = find(offset);
    int used;
    size_t i;

    if (status != AVD_OK) {
        ck_assert_int_eq(status, AVD_NOT_FOUND);
        ck_assert_ptr_null(found.function);
        ck_assert_ptr_null(found.source);
        return "none";
    }
    ck_assert_str_eq(found.source, "pdb");
    used = snprintf(text, sizeof text, "%s%s+%u %s:%u", found.approximate ? "~" : "",
                    found.function != NULL ? found.function : "?", (unsigned)found.displacement,
                    found.source_file != NULL ? found.source_file : "?", (unsigned)found.line);
    for (i = 0; i < found.inline_count; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, " [%s %s:%u]",
                         found.inlines[i].function,
                         found.inlines[i].source_file != NULL ? found.inlines[i].source_file : "?",
                         (unsigned)found.inlines[i].line);
    return text;
}

#define MAIN_C   "c:\\src\\main.c"
#define INLINE_H "c:\\src\\inline.h"

struct expectation {
    uint32_t offset;
    const char *told;
};

static const struct expectation expectations[] = {
    /* The second of two lines at one place; lines go on to the next; a hidden one has no number. */
    {PS_MAIN, "main+0 " MAIN_C ":6"},
    {PS_MAIN + 7, "main+7 " MAIN_C ":6"},
    {PS_MAIN + 8, "main+8 " MAIN_C ":7"},
    {PS_MAIN + 0x20, "main+32 " MAIN_C ":7"},
    {PS_MAIN + 0x3f, "main+63 " MAIN_C ":9"},
    /* Between functions: the nearest public name. */
    {PS_MAIN + 0x40, "~_main+64 ?:0"},
    {PS_WORKER - 1, "~_main+79 ?:0"},
    /* Inlined calls; the function's own line is the call's. */
    {PS_WORKER, "ns::worker+0 " MAIN_C ":20"},
    {PS_WORKER + 0xf, "ns::worker+15 " MAIN_C ":20"},
    {PS_WORKER + 0x10, "ns::worker+16 " MAIN_C ":22 [ns::outer " INLINE_H ":11]"},
    {PS_WORKER + 0x13, "ns::worker+19 " MAIN_C ":22 [ns::outer " INLINE_H ":11]"},
    {PS_WORKER + 0x14,
     "ns::worker+20 " MAIN_C ":22 [geo::Point::norm " INLINE_H ":31] [ns::outer " INLINE_H ":11]"},
    {PS_WORKER + 0x18, "ns::worker+24 " MAIN_C ":22 [ns::outer " INLINE_H ":13]"},
    {PS_WORKER + 0x20,
     "ns::worker+32 " MAIN_C ":22 [geo::Point::norm " INLINE_H ":31] [ns::outer " INLINE_H ":13]"},
    {PS_WORKER + 0x28, "ns::worker+40 " MAIN_C ":22 [ns::outer " INLINE_H ":13]"},
    {PS_WORKER + 0x30, "ns::worker+48 " MAIN_C ":25"},
    /* Blocks of another file in between, and a hidden line in a block of its own. */
    {PS_WORKER + 0x38, "ns::worker+56 " INLINE_H ":77"},
    {PS_WORKER + 0x3c, "ns::worker+60 " INLINE_H ":77"},
    {PS_HELPER, "helper+0 ?:0"},
    {PS_HELPER + 0x1f, "helper+31 ?:0"},
    /* Behind the last function of the object file, where nothing is known to lie. */
    {PS_HELPER + 0x20, "~?worker@ns@@YAXXZ+96 ?:0"},
    {PS_TRAMPOLINE, "ILT+5(main)+0 ?:0"},
    {PS_TRAMPOLINE + 4, "ILT+5(main)+4 ?:0"},
    {0, "none"},
    {PS_IMPORT_THUNK, "ExitProcess+0 ?:0"},
    {PS_IMPORT_THUNK + 5, "ExitProcess+5 ?:0"},
    /* Of two public names of one place the one marked as code. */
    {PS_PUBLIC, "?pub@@YAXXZ+0 ?:0"},
    {PS_PUBLIC + 1, "~?pub@@YAXXZ+1 ?:0"},
    {PS_PUBLIC_INNER + 2, "~_inner+2 ?:0"},
    /* An object that no public name begins in is not named after the one before. */
    {PS_STATIC, "none"},
    {PS_STATIC + 0x10, "none"},
    {PS_SEPARATED + 3, "ns::worker+3 ?:0"},
    {PS_TEXT_SIZE, "none"},
};

static const struct pb_layout layouts[] = {{0, false, 0}, {512, true, 0}, {32768, false, 0}};

START_TEST(test_find)
{
    size_t i;

    layout = layouts[_i];
    ck_assert_int_eq(open_sample(), AVD_OK);
    for (i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
        ck_assert_str_eq(told(expectations[i].offset), expectations[i].told);
        ck_assert_str_eq(avd_pdb_damage(pdb), "");
    }
    /* Outside all sections. */
    ck_assert_int_eq(avd_pdb_find(pdb, 0, &found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_find(pdb, UINT64_C(0x100001010), &found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_pdb_find(pdb, 0x3010, &found), AVD_NOT_FOUND);
}
END_TEST

/* The publics as a list: the name at index `seek`, with its place. */
static const char *listed(uint64_t rva)
{
    size_t index = avd_pdb_seek(pdb, rva);

    return avd_pdb_item(pdb, index, &found) == AVD_OK ? found.function : "none";
}

START_TEST(test_list)
{
    size_t i;

    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_str_eq(listed(PS_TEXT), "_main");
    ck_assert_uint_eq(found.function_rva, PS_TEXT + PS_MAIN);
    ck_assert_str_eq(listed(PS_TEXT + PS_MAIN), "_main");
    ck_assert_str_eq(listed(PS_TEXT + PS_MAIN + 1), "?worker@ns@@YAXXZ");
    ck_assert_str_eq(listed(PS_TEXT + PS_PUBLIC + 1), "_inner");
    ck_assert_uint_eq(found.function_rva, PS_TEXT + PS_PUBLIC_INNER);
    ck_assert_str_eq(listed(0), "none"); /* in no section */
    for (i = 0; avd_pdb_item(pdb, i, &found) == AVD_OK; i++)
        ck_assert_uint_lt(i, 100);
    ck_assert_uint_ge(i, 5);
    ck_assert_int_eq(avd_pdb_item(pdb, SIZE_MAX, &found), AVD_NOT_FOUND);
    /* One that is no public symbol is in the list without a name. */
    pb_set16(sample.b, PS_RECORDS, 2, 0x1234);
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_int_eq(avd_pdb_item(pdb, 0, &found), AVD_OK);
    ck_assert_ptr_null(found.function);
}
END_TEST

START_TEST(test_extent)
{
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
    ck_assert_uint_eq(found.function_rva, PS_TEXT + PS_WORKER);
    ck_assert_uint_eq(found.function_size, 0x40);
    ck_assert_uint_eq(found.inline_count, 2);
    ck_assert(!found.has_parameter_size);
    ck_assert_int_eq(find(PS_PUBLIC), AVD_OK);
    ck_assert_uint_eq(found.function_rva, PS_TEXT + PS_PUBLIC);
    ck_assert_uint_eq(found.function_size, 0);
}
END_TEST

START_TEST(test_identity)
{
    const struct avd_pdb_identity *identity;
    size_t i;

    sample.flags = 2;
    ck_assert_int_eq(open_sample(), AVD_OK);
    identity = avd_pdb_identity(pdb);
    for (i = 0; i < 16; i++)
        ck_assert_uint_eq(identity->guid[i], 0xa0 + i);
    ck_assert_uint_eq(identity->age, PS_AGE); /* not the info stream's, which is larger */
    ck_assert_uint_eq(identity->signature, PS_TIMESTAMP);
    ck_assert_uint_eq(identity->machine, 0x8664);
    ck_assert(identity->stripped);
}
END_TEST

/* The same question twice costs no memory. */
START_TEST(test_kept_once)
{
    const struct avd_inline *inlines;
    const char *name;
    long live;
    int i;

    layout.page_size = 512;
    layout.scattered = true;
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
    inlines = found.inlines;
    name = found.inlines[0].function;
    live = avd_mem_live();
    for (i = 0; i < 5000; i++) {
        ck_assert_int_eq(find(PS_WORKER + 0x14 + (unsigned)i % 4), AVD_OK);
        ck_assert_ptr_eq(found.inlines, inlines);
        ck_assert_ptr_eq(found.inlines[0].function, name);
    }
    ck_assert_int_eq(avd_mem_live(), live);
}
END_TEST

/* Contributions that are not sorted are found all the same. */
START_TEST(test_unsorted_contributions)
{
    struct pb *b = sample.b;
    uint8_t first[28], last[28];
    size_t size = pb_size(b, PS_CONTRIBUTIONS);
    size_t i;

    memcpy(first, pb_data(b, PS_CONTRIBUTIONS) + 4 + 28, 28); /* main */
    memcpy(last, pb_data(b, PS_CONTRIBUTIONS) + size - 28, 28);
    for (i = 0; i < 28; i++) {
        pb_set8(b, PS_CONTRIBUTIONS, 4 + 28 + i, last[i]);
        pb_set8(b, PS_CONTRIBUTIONS, size - 28 + i, first[i]);
    }
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_str_eq(told(PS_SEPARATED), "ns::worker+0 ?:0");
    ck_assert_str_eq(told(PS_MAIN), "main+0 " MAIN_C ":6");
}
END_TEST

/* The newer form of the list, whose entries have 4 bytes more. */
START_TEST(test_contributions_v2)
{
    struct pb *b = sample.b;
    uint8_t old[400];
    size_t size = pb_size(b, PS_CONTRIBUTIONS);
    size_t at;

    memcpy(old, pb_data(b, PS_CONTRIBUTIONS), size);
    pb_clear(b, PS_CONTRIBUTIONS);
    pb_u32(b, PS_CONTRIBUTIONS, 0xf13151e4);
    for (at = 4; at < size; at += 28) {
        pb_bytes(b, PS_CONTRIBUTIONS, old + at, 28);
        pb_u32(b, PS_CONTRIBUTIONS, 1);
    }
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_str_eq(told(PS_WORKER + 0x30), "ns::worker+48 " MAIN_C ":25");
    ck_assert_str_eq(told(PS_IMPORT_THUNK), "ExitProcess+0 ?:0");
}
END_TEST

/* Only public symbols: as Microsoft publishes its PDBs. */
START_TEST(test_stripped)
{
    struct pb *b = sample.b;

    pb_clear(b, PS_MODULES);
    pb_delete(b, PS_MODULE);
    pb_delete(b, PS_LINKER);
    pb_delete(b, PS_IMPORT);
    sample.flags = 2;
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_str_eq(told(PS_MAIN), "_main+0 ?:0");
    ck_assert_str_eq(told(PS_WORKER + 1), "~?worker@ns@@YAXXZ+1 ?:0");
    ck_assert_str_eq(told(PS_STATIC), "none");
    ck_assert_str_eq(avd_pdb_damage(pdb), "");
}
END_TEST

/* The IPI stream without its index, and without anything. */
START_TEST(test_no_type_index)
{
    static const char both[] = "ns::worker+20 " MAIN_C ":22 [geo::Point::norm " INLINE_H
                               ":31] [ns::outer " INLINE_H ":11]";
    static const char unnamed[] = "(inlined function without a name)";

    pb_set16(sample.b, PS_IPI, 20, 0xffff);
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_str_eq(told(PS_WORKER + 0x14), both);

    pb_delete(sample.b, PS_TPI);
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
    ck_assert_str_eq(found.inlines[0].function, "norm");

    pb_delete(sample.b, PS_IPI);
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
    ck_assert_uint_eq(found.inline_count, 2);
    ck_assert_str_eq(found.inlines[0].function, unnamed);
    ck_assert_str_eq(found.inlines[1].function, unnamed);
    ck_assert_uint_eq(found.inlines[1].line, 11);
}
END_TEST

/* Without the string table lines remain and files have no names. */
START_TEST(test_no_names)
{
    pb_delete(sample.b, PS_NAMES);
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_str_eq(told(PS_MAIN + 8), "main+8 ?:7");
    ck_assert_str_eq(avd_pdb_damage(pdb), "string table in stream 5: its signature is missing; "
                                          "source files have no names");
}
END_TEST

/* Lines of one function in several parts of the stream. */
START_TEST(test_two_fragments)
{
    struct pb *b = sample.b;
    static const uint32_t part[] = {0xf2, 32, PS_MAIN, 1, 0x40, 24 /* file */, 1, 20, 0x18, 99};
    size_t i;

    for (i = 0; i < sizeof part / sizeof part[0]; i++)
        pb_u32(b, PS_MODULE, part[i]);
    pb_set32(b, PS_MODULES, 44, (uint32_t)(pb_size(b, PS_MODULE) - sample.marks.lines));
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_str_eq(told(PS_MAIN + 0x17), "main+23 " MAIN_C ":7");
    ck_assert_str_eq(told(PS_MAIN + 0x18), "main+24 " INLINE_H ":99");
    ck_assert_str_eq(told(PS_MAIN + 0x30), "main+48 " MAIN_C ":9");
    ck_assert_str_eq(avd_pdb_damage(pdb), "");
}
END_TEST

/* Text that is no UTF-8 is taken as Latin-1. */
START_TEST(test_not_utf8)
{
    pb_set8(sample.b, PS_MODULE, sample.marks.main_record + 4 + 35, 0xe9);
    ck_assert_int_eq(open_sample(), AVD_OK);
    ck_assert_int_eq(find(PS_MAIN), AVD_OK);
    ck_assert_str_eq(found.function, "\xc3\xa9"
                                     "ain");
}
END_TEST

/* ---- annotations --------------------------------------------------------------------------- */

/* Puts other annotations into the inner site, which has room for 8 bytes. */
static void set_inner(const uint8_t *annotations, size_t size)
{
    size_t at = sample.marks.inner_site + 4 + 16;
    size_t i;

    ck_assert_uint_le(size, 8);
    for (i = 0; i < 8; i++)
        pb_set8(sample.b, PS_MODULE, at + i, i < size ? annotations[i] : 0);
    ck_assert_int_eq(open_sample(), AVD_OK);
}

/* The inner site's line at an offset in ns::worker, 0 when it is not there. */
static uint32_t inner_line(uint32_t offset)
{
    ck_assert_int_eq(find(PS_WORKER + offset), AVD_OK);
    return found.inline_count == 2 ? found.inlines[0].line : 0;
}

START_TEST(test_annotations)
{
    /* Code offset set outright; length. */
    set_inner((const uint8_t[]){1, 0x14, 4, 2}, 4);
    ck_assert_uint_eq(inner_line(0x14), 30);
    ck_assert_uint_eq(inner_line(0x15), 30);
    ck_assert_uint_eq(inner_line(0x16), 0);
    /* A base, from which offsets count. */
    set_inner((const uint8_t[]){2, 0x10, 3, 4, 4, 2}, 6);
    ck_assert_uint_eq(inner_line(0x14), 30);
    ck_assert_uint_eq(inner_line(0x16), 0);
    /* Lines go back; a range ends where the next begins. */
    set_inner((const uint8_t[]){6, 7, 3, 0x14, 11, 2 << 4 | 2, 4, 2}, 8);
    ck_assert_uint_eq(inner_line(0x14), 27);
    ck_assert_uint_eq(inner_line(0x15), 27);
    ck_assert_uint_eq(inner_line(0x16), 28);
    ck_assert_uint_eq(inner_line(0x18), 0);
    /* Columns and kinds say nothing of the code. */
    set_inner((const uint8_t[]){9, 5, 8, 1, 3, 0x14, 4, 2}, 8);
    ck_assert_uint_eq(inner_line(0x15), 30);
    set_inner((const uint8_t[]){7, 5, 13, 1, 3, 0x14, 4, 2}, 8);
    ck_assert_uint_eq(inner_line(0x15), 30);
    set_inner((const uint8_t[]){10, 5, 3, 0x14, 4, 2}, 6);
    ck_assert_uint_eq(inner_line(0x15), 30);
    /* Another file. */
    set_inner((const uint8_t[]){5, 0, 3, 0x14, 4, 2}, 6);
    ck_assert_uint_eq(inner_line(0x15), 30);
    ck_assert_str_eq(found.inlines[0].source_file, MAIN_C);
    set_inner((const uint8_t[]){5, 0x80, 24, 3, 0x14, 4, 2}, 7); /* an operand of two bytes */
    ck_assert_uint_eq(inner_line(0x15), 30);
    ck_assert_str_eq(found.inlines[0].source_file, INLINE_H);
    set_inner((const uint8_t[]){3, 0xc0, 0, 0, 0x14, 4, 2}, 7); /* of four */
    ck_assert_uint_eq(inner_line(0x15), 30);
    /* A range without an end, an operand that cannot be, an unknown opcode. */
    set_inner((const uint8_t[]){3, 0x14}, 2);
    ck_assert_uint_eq(inner_line(0x14), 0);
    set_inner((const uint8_t[]){3, 0xe0, 0, 0, 0x14, 4, 2}, 7);
    ck_assert_uint_eq(inner_line(0x14), 0);
    set_inner((const uint8_t[]){14, 1, 3, 0x14, 4, 2}, 6);
    ck_assert_uint_eq(inner_line(0x14), 0);
    /* Before line 0. */
    set_inner((const uint8_t[]){6, 0x3f + 2, 3, 0x14, 4, 2}, 6);
    ck_assert_int_eq(find(PS_WORKER + 0x14), AVD_OK);
    ck_assert_uint_eq(found.inline_count, 2);
    ck_assert_uint_eq(found.inlines[0].line, 0);
    ck_assert_str_eq(avd_pdb_damage(pdb), "");
}
END_TEST

/* An inner call counts only where the outer one covers the code. */
START_TEST(test_child_outside_parent)
{
    set_inner((const uint8_t[]){3, 0x32, 4, 2}, 4);
    ck_assert_str_eq(told(PS_WORKER + 0x32), "ns::worker+50 " MAIN_C ":25");
}
END_TEST

/* ---- what is refused ----------------------------------------------------------------------- */

START_TEST(test_refused)
{
    struct pb *b = sample.b;

    pb_u32(b, PS_INFO, 0x494e494d);
    ck_assert_int_eq(open_sample(), AVD_E_UNSUPPORTED);
    ck_assert_ptr_null(pdb);
    ck_assert_str_eq(err.where, "info stream");
    ck_assert_str_eq(err.message,
                     "linked with /DEBUG:FASTLINK: symbols and lines are in the object files; make "
                     "a full PDB with mspdbcmf, or link with /DEBUG:FULL");

    pb_set32(b, PS_INFO, 0, 19990604);
    ck_assert_int_eq(open_sample(), AVD_E_UNSUPPORTED);
    ck_assert_str_eq(err.message,
                     "version 19990604 has no GUID, expected 20000404 or newer; not supported");

    pb_delete(b, PS_INFO);
    ck_assert_int_eq(open_sample(), AVD_E_FORMAT);
    ck_assert_str_eq(err.message, "expected 28 bytes, found 0 or pages outside the file; the PDB "
                                  "has no identity");
}
END_TEST

START_TEST(test_no_dbi)
{
    struct avd_view view = {0};

    pb_delete(sample.b, PS_DBI);
    bytes = pb_finish(sample.b, layout, &view.size);
    view.data = bytes;
    ck_assert_int_eq(avd_pdb_open_memory(view, &pdb, &err), AVD_E_UNSUPPORTED);
    ck_assert_str_eq(err.where, "DBI stream");
    ck_assert_str_eq(err.message, "is absent: this PDB holds types only, no functions (a type "
                                  "server)");
}
END_TEST

START_TEST(test_no_sections)
{
    pb_set16(sample.b, PS_DEBUG_HEADER, 2 * 5, 0xffff);
    ck_assert_int_eq(open_sample(), AVD_E_FORMAT);
    ck_assert_str_eq(err.where, "section headers");
    ck_assert_str_eq(err.message, "are absent: the PDB's places cannot be turned into addresses");
}
END_TEST

START_TEST(test_no_file)
{
    ck_assert_int_eq(avd_pdb_open("/nonexistent.pdb", &pdb, &err), AVD_E_IO);
    ck_assert_ptr_null(pdb);
    ck_assert_ptr_nonnull(strstr(err.message, "cannot be opened"));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, test_find, 0, sizeof layouts / sizeof layouts[0]);
    tcase_add_test(tests, test_list);
    tcase_add_test(tests, test_extent);
    tcase_add_test(tests, test_identity);
    tcase_add_test(tests, test_kept_once);
    tcase_add_test(tests, test_unsorted_contributions);
    tcase_add_test(tests, test_contributions_v2);
    tcase_add_test(tests, test_stripped);
    tcase_add_test(tests, test_no_type_index);
    tcase_add_test(tests, test_no_names);
    tcase_add_test(tests, test_two_fragments);
    tcase_add_test(tests, test_not_utf8);
    tcase_add_test(tests, test_annotations);
    tcase_add_test(tests, test_child_outside_parent);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_no_dbi);
    tcase_add_test(tests, test_no_sections);
    tcase_add_test(tests, test_no_file);
}

int main(void)
{
    return suite_main("pdb", add_tests);
}
