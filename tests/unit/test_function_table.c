/* SPDX-License-Identifier: MIT */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

static const uint32_t entries[3][3] = {{0x10, 0x40, 0x100}, {0x40, 0x90, 0x108}, {0x90, 0xa0, 1}};

static struct db *builder(void)
{
    return dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
}

/* Each table is followed by the process's own record and padding, which are not entries. */
START_TEST(two_tables)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_function_table *table;

    (void)db_function_table(b, 0x20000010, 0x200000a0, 0x20000000, entries, 3);
    (void)db_function_table(b, 0x30000010, 0x30000040, 0x30000000, entries, 1);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->function_table_count, 2);
    table = &f.dump->function_tables[0];
    ck_assert_uint_eq(table->minimum, 0x20000010);
    ck_assert_uint_eq(table->maximum, 0x200000a0);
    ck_assert_uint_eq(table->base, 0x20000000);
    ck_assert_uint_eq(table->entry_count, 3);
    ck_assert_uint_eq(table->entry_size, 12);
    ck_assert_uint_eq(table->entries.size, 36);
    ck_assert_uint_eq(avd_view_u32(table->entries, 0), 0x10);
    ck_assert_uint_eq(avd_view_u32(table->entries, 12 + 8), 0x108);
    table = &f.dump->function_tables[1];
    ck_assert_uint_eq(table->minimum, 0x30000010);
    ck_assert_uint_eq(avd_view_u32(table->entries, 8), 0x100);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(table_without_entries)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_function_table(b, 1, 2, 3, NULL, 0);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->function_table_count, 1);
    ck_assert_uint_eq(f.dump->function_tables[0].entry_count, 0);
    ck_assert_uint_eq(f.dump->function_tables[0].entries.size, 0);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(entries_cut_off)
{
    struct db *b = builder();
    unsigned s = db_function_table(b, 1, 2, 3, entries, 3);
    struct dump_fixture f;

    (void)db_function_table(b, 4, 5, 6, entries, 1);
    /* Header 28, descriptor 32, native 8, then two entries and a half. */
    db_stream_size(b, s, 28 + 40 + 30);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->function_table_count, 1);
    ck_assert_uint_eq(f.dump->function_tables[0].entry_count, 2);
    ck_assert_uint_eq(f.dump->function_tables[0].entries.size, 24);
    dump_fixture_has_note(&f, "function tables",
                          "table 0: 3 entries of 12 bytes do not fit the stream; reading 2");
    dump_fixture_has_note(&f, "function tables", "2 tables are listed; reading 1 of them");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(huge_entry_count)
{
    struct db *b = builder();
    unsigned s = db_function_table(b, 1, 2, 3, entries, 3);
    struct dump_fixture f;

    db_set32(b, s, 28 + 24, 0xffffffff);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->function_tables[0].entry_count, 3);
    dump_fixture_has_note(&f, "function tables",
                          "table 0: 4294967295 entries of 12 bytes do not fit the stream; reading "
                          "3");
    dump_fixture_close(&f);
}
END_TEST

/* The last table's padding takes nothing away when it is missing. */
START_TEST(padding_cut_off)
{
    struct db *b = builder();
    unsigned s = db_function_table(b, 1, 2, 3, entries, 3);
    struct dump_fixture f;

    db_stream_size(b, s, 28 + 40 + 36);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->function_tables[0].entry_count, 3);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(more_claimed_than_there)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_claim_more(b, 0x7fffffff);
    (void)db_function_table(b, 1, 2, 3, entries, 1);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->function_table_count, 1);
    dump_fixture_has_note(&f, "function tables", "2147483648 tables are listed; reading 1 of them");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(larger_descriptors)
{
    struct db *b = builder();
    unsigned s = db_stream(b, FunctionTableStream);
    struct dump_fixture f;

    db_u32(b, s, 32); /* header */
    db_u32(b, s, 40); /* descriptor */
    db_u32(b, s, 0);
    db_u32(b, s, 16); /* entry */
    db_u32(b, s, 1);
    db_u32(b, s, 0);
    db_u64(b, s, UINT64_MAX);
    db_u64(b, s, 0x1000);
    db_u64(b, s, 0x2000);
    db_u64(b, s, 0x3000);
    db_u32(b, s, 1);
    db_u32(b, s, 0);
    db_u64(b, s, UINT64_MAX);
    db_u32(b, s, 0x77);
    db_zeros(b, s, 12);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->function_table_count, 1);
    ck_assert_uint_eq(f.dump->function_tables[0].base, 0x3000);
    ck_assert_uint_eq(f.dump->function_tables[0].entry_size, 16);
    ck_assert_uint_eq(avd_view_u32(f.dump->function_tables[0].entries, 0), 0x77);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(wrong_sizes)
{
    static const struct {
        size_t offset;
        uint32_t value;
        const char *note;
    } cases[] = {
        {0, 23,
         "header of 23 bytes, descriptors of 32 and entries of 12, expected at least 24, 32 "
         "and 1 in the stream's 84; not read"},
        {0, 85,
         "header of 85 bytes, descriptors of 32 and entries of 12, expected at least 24, 32 "
         "and 1 in the stream's 84; not read"},
        {4, 31,
         "header of 24 bytes, descriptors of 31 and entries of 12, expected at least 24, 32 "
         "and 1 in the stream's 84; not read"},
        {12, 0,
         "header of 24 bytes, descriptors of 32 and entries of 0, expected at least 24, 32 "
         "and 1 in the stream's 84; not read"},
        {20, 0xffffffff, "1 tables are listed; reading 0 of them"}, /* padding of the header */
        {8, 0xffffffff, "table 0: 1 entries of 12 bytes do not fit the stream; reading 0"}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct db *b = builder();
        unsigned s = db_function_table(b, 1, 2, 3, entries, 1);
        struct dump_fixture f;

        db_set32(b, s, cases[i].offset, cases[i].value);
        f = dump_fixture_open(b);
        dump_fixture_has_note(&f, "function tables", cases[i].note);
        dump_fixture_close(&f);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, two_tables);
    tcase_add_test(tests, table_without_entries);
    tcase_add_test(tests, entries_cut_off);
    tcase_add_test(tests, huge_entry_count);
    tcase_add_test(tests, padding_cut_off);
    tcase_add_test(tests, more_claimed_than_there);
    tcase_add_test(tests, larger_descriptors);
    tcase_add_test(tests, wrong_sizes);
}

int main(void)
{
    return suite_main("function_table", add_tests);
}
