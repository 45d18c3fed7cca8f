/* SPDX-License-Identifier: MIT */
/* Modules that only the 32-bit loader list knows. Layout: PEB_LDR_DATA and LDR_DATA_TABLE_ENTRY. */
#include "support/suite.h"
#include "support/wow64_thread.h"

#include <string.h>

enum { LDR = W_PEB32 + 0x300, HEAD = LDR + 0x0c, ENTRIES = LDR + 0x40, ENTRY_SIZE = 0x80 };

static const struct db_module loaded[] = {
    {.base = W_APP, .size = 0x6000, .path = "C:\\app\\app.exe"},
    {.base = 0x77cc0000,
     .size = 0x180000,
     .timestamp = 0x4ce7b96e,
     .path = "C:\\Windows\\SysWOW64\\ntdll.dll"},
    {.base = 0x10000000, .size = 0x4000, .path = "C:\\app\\first.dll"},
    {.base = 0x20000000, .size = 0x4000, .path = "C:\\app\\second.dll"}};

struct listing {
    struct dump_fixture dump;
    struct avd_arena arena;
    struct avd_notes notes;
    const struct avd_module *modules;
    size_t count;
};

static struct db *builder(size_t count)
{
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});

    db_map_peb32(b, W_PEB32, W_APP, loaded, count);
    return b;
}

static void open_listing(struct listing *l, struct db *b)
{
    struct avd_wow64 wow64;

    memset(l, 0, sizeof *l);
    l->dump = dump_fixture_open(b);
    avd_notes_init(&l->notes, &l->arena);
    ck_assert(avd_wow64_detect(l->dump.dump, &l->arena, &wow64));
    ck_assert(
        avd_wow64_modules(l->dump.dump, &wow64, &l->arena, &l->modules, &l->count, &l->notes));
}

static void close_listing(struct listing *l)
{
    avd_arena_deinit(&l->arena);
    dump_fixture_close(&l->dump);
}

/* The exe is in both lists and comes once; the stream has app.exe and wow64.dll. */
START_TEST(test_union)
{
    struct listing l;

    open_listing(&l, builder(4));
    ck_assert_uint_eq(l.notes.count, 0);
    ck_assert_uint_eq(l.count, 5);
    ck_assert_str_eq(l.modules[0].name, "app.exe");
    ck_assert(!l.modules[0].from_loader_list);
    ck_assert_str_eq(l.modules[1].name, "wow64.dll");
    ck_assert_str_eq(l.modules[2].path, "C:\\Windows\\SysWOW64\\ntdll.dll");
    ck_assert_str_eq(l.modules[2].name, "ntdll.dll");
    ck_assert_uint_eq(l.modules[2].base, 0x77cc0000);
    ck_assert_uint_eq(l.modules[2].size, 0x180000);
    ck_assert_uint_eq(l.modules[2].timestamp, 0x4ce7b96e);
    ck_assert(l.modules[2].from_loader_list);
    ck_assert_str_eq(l.modules[4].name, "second.dll");
    close_listing(&l);
}
END_TEST

/* An entry's page is missing: the list is read from its other end as well. */
START_TEST(test_gap)
{
    struct db *b = builder(4);
    struct listing l;

    db_poke32(b, ENTRIES + ENTRY_SIZE, 0x66660000);         /* Flink of ntdll's entry */
    db_poke32(b, ENTRIES + 3 * ENTRY_SIZE + 4, 0x66660000); /* Blink of second.dll's */
    open_listing(&l, b);
    ck_assert_uint_eq(l.count, 4);
    ck_assert_str_eq(l.modules[2].name, "ntdll.dll");
    ck_assert_str_eq(l.modules[3].name, "second.dll");
    ck_assert_uint_eq(l.notes.count, 1);
    ck_assert_str_eq(l.notes.items[0].message,
                     "entry 2 at 0x66660000 is not in the dump; read up to it, and 1 from the "
                     "list's end back");
    close_listing(&l);
}
END_TEST

/* A list that goes round without its head. */
START_TEST(test_endless)
{
    struct db *b = builder(4);
    struct listing l;

    db_poke32(b, ENTRIES + 3 * ENTRY_SIZE, ENTRIES);
    open_listing(&l, b);
    ck_assert_uint_eq(l.count, 5);
    ck_assert_uint_eq(l.notes.count, 1);
    ck_assert_str_eq(l.notes.items[0].message,
                     "did not end after 4096 entries; the list is damaged");
    close_listing(&l);
}
END_TEST

START_TEST(test_no_loader_data)
{
    struct listing l;

    open_listing(&l, wow64_thread_builder(&(struct wow64_thread){0}));
    ck_assert_uint_eq(l.count, 2);
    ck_assert_uint_eq(l.notes.count, 1);
    ck_assert_str_eq(l.notes.items[0].message,
                     "PEB32 at 0x7efde000 or its loader data is not in the dump; 32-bit modules "
                     "that the module list lacks cannot be named");
    close_listing(&l);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_union);
    tcase_add_test(tests, test_gap);
    tcase_add_test(tests, test_endless);
    tcase_add_test(tests, test_no_loader_data);
}

int main(void)
{
    return suite_main("modules32", add_tests);
}
