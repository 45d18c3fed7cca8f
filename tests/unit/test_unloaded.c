/* SPDX-License-Identifier: MIT */
/* src/minidump/unloaded.c: which unloaded modules lay at an address, in the order of the list. */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

static struct dump_fixture open_with(const struct db_module *modules, size_t count)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    size_t i;

    for (i = 0; i < count; i++)
        (void)db_unloaded(b, &modules[i]);
    return dump_fixture_open(b);
}

/* The index in the list, or -1. */
static int at(const struct dump_fixture *f, uint64_t addr, size_t nth)
{
    const struct avd_unloaded_module *module = avd_dump_unloaded_at(f->dump, addr, nth);

    return module != NULL ? (int)(module - f->dump->unloaded) : -1;
}

START_TEST(overlaps_in_the_order_of_the_list)
{
    static const struct db_module modules[] = {
        {.base = 0x30000, .size = 0x8000, .path = "a.dll"},
        {.base = 0x20000, .size = 0x20000, .path = "b.dll"},
        {.base = 0x50000, .size = 0, .path = "empty.dll"},
        {.base = 0x38000, .size = 0x1000, .path = "c.dll"},
        {.base = 0x30000, .size = 0x10, .path = "d.dll"},
    };
    struct dump_fixture f = open_with(modules, 5);

    ck_assert_int_eq(at(&f, 0x1ffff, 0), -1);
    ck_assert_int_eq(at(&f, 0x20000, 0), 1);
    ck_assert_int_eq(at(&f, 0x20000, 1), -1);
    ck_assert_int_eq(at(&f, 0x3000f, 0), 0);
    ck_assert_int_eq(at(&f, 0x3000f, 1), 1);
    ck_assert_int_eq(at(&f, 0x3000f, 2), 4);
    ck_assert_int_eq(at(&f, 0x3000f, 3), -1);
    ck_assert_int_eq(at(&f, 0x30010, 2), -1);
    ck_assert_int_eq(at(&f, 0x37fff, 0), 0);
    ck_assert_int_eq(at(&f, 0x38000, 0), 1);
    ck_assert_int_eq(at(&f, 0x38000, 1), 3);
    ck_assert_int_eq(at(&f, 0x3ffff, 0), 1);
    ck_assert_int_eq(at(&f, 0x40000, 0), -1);
    ck_assert_int_eq(at(&f, 0x50000, 0), -1);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(up_to_the_last_address)
{
    static const struct db_module modules[] = {
        {.base = UINT64_MAX - 0xfff, .size = 0x1000, .path = "end.dll"},
        {.base = UINT64_MAX - 0xff, .size = 0x1000, .path = "beyond.dll"},
    };
    struct dump_fixture f = open_with(modules, 2);

    ck_assert_int_eq(at(&f, UINT64_MAX, 0), 0);
    ck_assert_int_eq(at(&f, UINT64_MAX, 1), 1);
    ck_assert_int_eq(at(&f, UINT64_MAX - 0x100, 1), -1);
    ck_assert_int_eq(at(&f, 0, 0), -1);
    dump_fixture_close(&f);
}
END_TEST

/* More than the index keeps of one place, and more than one word of its bits. */
START_TEST(the_first_of_many)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;
    unsigned i;

    for (i = 0; i < 200; i++)
        (void)db_unloaded(b, &(struct db_module){.base = i < 100 ? 0x10000 : 0x20000,
                                                 .size = 0x20000,
                                                 .path = "many.dll"});
    f = dump_fixture_open(b);
    for (i = 0; i < AVD_UNLOADED_AT_ONCE; i++) {
        ck_assert_int_eq(at(&f, 0x10000, i), (int)i);
        ck_assert_int_eq(at(&f, 0x20000, i), (int)i);
        ck_assert_int_eq(at(&f, 0x30000, i), 100 + (int)i);
    }
    ck_assert_int_eq(at(&f, 0x10000, AVD_UNLOADED_AT_ONCE), -1);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, overlaps_in_the_order_of_the_list);
    tcase_add_test(tests, up_to_the_last_address);
    tcase_add_test(tests, the_first_of_many);
}

int main(void)
{
    return suite_main("unloaded", add_tests);
}
