/* SPDX-License-Identifier: MIT */
/* src/analyze/function_tables.c: dynamic function tables by address, and what a look costs. */
#include "analyze/modules.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

enum { ENOUGH = 1000 };

static struct avd_analysis *analyze(const struct dump_fixture *f)
{
    struct avd_analysis *an;

    ck_assert_int_eq(avd_analysis_run(f->dump, NULL, &an, NULL), AVD_OK);
    an->walk_effort = ENOUGH;
    return an;
}

/* The unwind data of the entry found, which tells the tables apart; 0 when there is none. */
static uint32_t find(struct avd_analysis *an, uint64_t addr, uint64_t base)
{
    uint32_t entry[3];
    uint64_t found;

    if (!avd_function_tables_find(an, addr, &found, entry))
        return 0;
    ck_assert_uint_eq(found, base);
    return entry[2];
}

/* The first of the file that has an entry counts, wherever it begins. */
START_TEST(tables_that_overlap)
{
    static const uint32_t wide[][3] = {{0x100, 0x200, 1}, {0x1000, 0x1100, 2}};
    static const uint32_t narrow[][3] = {{0x100, 0x110, 3}, {0x180, 0x300, 4}};
    static const uint32_t last[][3] = {{0x100, 0x300, 5}};
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct avd_analysis *an;
    struct dump_fixture f;

    (void)db_function_table(b, 0x10180, 0x10300, 0x10000, narrow, 2);
    (void)db_function_table(b, 0x10000, 0x12000, 0x10000, wide, 2);
    (void)db_function_table(b, 0x10000, 0x12000, 0x10000, last, 1);
    f = dump_fixture_open(b);
    an = analyze(&f);
    ck_assert_uint_eq(find(an, 0x10105, 0x10000), 1); /* the first begins above */
    ck_assert_uint_eq(find(an, 0x10180, 0x10000), 4);
    ck_assert_uint_eq(find(an, 0x102ff, 0x10000), 4);
    ck_assert_uint_eq(find(an, 0x10300, 0x10000), 0);
    ck_assert_uint_eq(find(an, 0x11000, 0x10000), 2);
    ck_assert_uint_eq(find(an, 0x11100, 0x10000), 0);
    ck_assert_uint_eq(find(an, 0xffff, 0), 0);
    ck_assert_uint_eq(find(an, 0x12000, 0), 0);
    avd_analysis_free(an);
    dump_fixture_close(&f);
}
END_TEST

/* However many there are, of those that do not overlap one is looked at. */
START_TEST(many_tables_cost_one_look)
{
    static const uint32_t entries[][3] = {{0, 0x800, 7}};
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct avd_analysis *an;
    struct dump_fixture f;
    uint64_t i;

    for (i = 500; i != 0; i--)
        (void)db_function_table(b, 0x1000 * i, 0x1000 * i + 0x1000, 0x1000 * i, entries, 1);
    f = dump_fixture_open(b);
    an = analyze(&f);
    for (i = 1; i <= 500; i++)
        ck_assert_uint_eq(find(an, 0x1000 * i + 0x7ff, 0x1000 * i), 7);
    ck_assert_uint_eq(an->walk_effort, ENOUGH - 500);
    avd_analysis_free(an);
    dump_fixture_close(&f);
}
END_TEST

/* Where a file lies, looking ends with the work that all walks may do. */
START_TEST(looks_end_with_the_effort)
{
    static const uint32_t entries[][3] = {{0x4000, 0x4001, 7}};
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct avd_analysis *an;
    struct dump_fixture f;
    unsigned i;

    for (i = 0; i < ENOUGH; i++)
        (void)db_function_table(b, 0, UINT64_MAX, 0x1000, entries, 1);
    f = dump_fixture_open(b);
    an = analyze(&f);
    ck_assert_uint_eq(find(an, 0x5000, 0x1000), 7);
    ck_assert_uint_eq(an->walk_effort, 0);
    ck_assert_uint_eq(find(an, 0x5000, 0x1000), 0);
    avd_analysis_free(an);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, tables_that_overlap);
    tcase_add_test(tests, many_tables_cost_one_look);
    tcase_add_test(tests, looks_end_with_the_effort);
}

int main(void)
{
    return suite_main("function_tables", add_tests);
}
