/* SPDX-License-Identifier: MIT */
/* src/base/notes.c: text, ceiling, and notes that found no memory. */
#include "base/limits.h"
#include "base/memory.h"
#include "base/notes.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <string.h>

static struct avd_notes notes;

static void setup(void)
{
    avd_notes_init(&notes, &test_arena);
}

START_TEST(test_add)
{
    char where[] = "thread list";

    ck_assert_uint_eq(notes.count, 0);
    avd_note_add(&notes, where, 0x1a0, "%d threads need %d bytes, stream has %d; reading %d of %d",
                 40, 1924, 960, 19, 40);
    where[0] = 'X'; /* it keeps its own copy */
    avd_note_add(&notes, "module 3", AVD_NO_OFFSET, "%s", "no name");
    ck_assert_uint_eq(notes.count, 2);
    ck_assert_uint_eq(notes.dropped, 0);
    ck_assert_str_eq(notes.items[0].where, "thread list");
    ck_assert_uint_eq(notes.items[0].offset, 0x1a0);
    ck_assert_str_eq(notes.items[0].message,
                     "40 threads need 1924 bytes, stream has 960; reading 19 of 40");
    ck_assert_str_eq(notes.items[1].where, "module 3");
    ck_assert(notes.items[1].offset == UINT64_MAX);
    ck_assert_str_eq(notes.items[1].message, "no name");
}
END_TEST

START_TEST(test_ceiling)
{
    unsigned i;

    for (i = 0; i < AVD_MAX_NOTES + 7; i++)
        avd_note_add(&notes, "module", i, "note %u", i);
    ck_assert_uint_eq(notes.count, AVD_MAX_NOTES);
    ck_assert_uint_eq(notes.dropped, 7);
    ck_assert_str_eq(notes.items[0].message, "note 0");
    ck_assert_uint_eq(notes.items[AVD_MAX_NOTES - 1].offset, AVD_MAX_NOTES - 1);
}
END_TEST

/* A text that is too long is cut, and not in the middle of a letter. */
START_TEST(test_long)
{
    char text[700];
    size_t i;

    memset(text, 0, sizeof text);
    for (i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\xe6\x97\xa5", 3);
    avd_note_add(&notes, "x", 0, "%s", text);
    avd_note_add(&notes, "x", 0, ".%s", text);
    ck_assert_uint_eq(strlen(notes.items[0].message), 510);
    ck_assert_uint_eq(strlen(notes.items[1].message), 511);
    avd_note_add(&notes, "x", 0, "..%s", text);
    ck_assert_uint_eq(strlen(notes.items[2].message), 509);
}
END_TEST

START_TEST(test_out_of_memory)
{
    avd_mem_fail_after(1);
    avd_note_add(&notes, "x", 0, "lost");
    avd_mem_fail_after(0);
    ck_assert_uint_eq(notes.count, 0);
    ck_assert_uint_eq(notes.dropped, 1);
    avd_note_add(&notes, "x", 0, "kept");
    ck_assert_uint_eq(notes.count, 1);
    ck_assert_str_eq(notes.items[0].message, "kept");

    /* There is room for the note but not for its text. */
    test_arena.left = 0;
    avd_mem_fail_after(1);
    avd_note_add(&notes, "x", 0, "lost");
    avd_mem_fail_after(0);
    ck_assert_uint_eq(notes.count, 1);
    ck_assert_uint_eq(notes.dropped, 2);
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, test_add);
    tcase_add_test(tests, test_ceiling);
    tcase_add_test(tests, test_long);
    tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("notes", add_tests);
}
