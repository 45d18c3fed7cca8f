/* SPDX-License-Identifier: MIT */
/* src/base/arena.c and, under it, src/base/memory.c with its failing allocations. */
#include "base/arena.h"
#include "base/memory.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

START_TEST(test_alloc)
{
    unsigned char *items[3];
    size_t i;

    /* Aligned, zeroed, apart; also what has no size. */
    items[0] = avd_arena_alloc(&test_arena, 3, 5);
    items[1] = avd_arena_alloc(&test_arena, 0, 8);
    items[2] = avd_arena_alloc(&test_arena, 1, 1);
    for (i = 0; i < 3; i++) {
        ck_assert_ptr_nonnull(items[i]);
        ck_assert_uint_eq((uintptr_t)items[i] % 16, 0);
        ck_assert(i == 0 || items[i] != items[i - 1]);
    }
    for (i = 0; i < 15; i++)
        ck_assert_uint_eq(items[0][i], 0);
    memset(items[0], 0xff, 15);
    ck_assert_uint_eq(items[2][0], 0);
    ck_assert_int_eq(avd_mem_live(), 1);
}
END_TEST

/* A large item gets a block of its own and leaves the rest of the current one usable. */
START_TEST(test_large)
{
    unsigned char *small = avd_arena_alloc(&test_arena, 1, 16);
    unsigned char *large = avd_arena_alloc(&test_arena, 1, 1 << 20);
    unsigned char *next;
    size_t i;

    ck_assert_ptr_nonnull(small);
    ck_assert_ptr_nonnull(large);
    ck_assert_int_eq(avd_mem_live(), 2);
    next = avd_arena_alloc(&test_arena, 1, 16);
    ck_assert_ptr_eq(next, small + 16);
    ck_assert_int_eq(avd_mem_live(), 2);
    for (i = 0; i < 1 << 20; i += 4096)
        ck_assert_uint_eq(large[i], 0);
    memset(large, 0xff, 1 << 20);
    ck_assert_uint_eq(next[0], 0);
    /* Many small ones: no more than one block per 16 KiB. */
    for (i = 0; i < 4096; i++)
        ck_assert_ptr_nonnull(avd_arena_alloc(&test_arena, 1, 16));
    ck_assert_int_le(avd_mem_live(), 7);
}
END_TEST

START_TEST(test_overflow)
{
    ck_assert(!test_arena.failed);
    ck_assert_ptr_null(avd_arena_alloc(&test_arena, SIZE_MAX / 2, 4));
    ck_assert_ptr_null(avd_arena_alloc(&test_arena, SIZE_MAX, 1));
    ck_assert_ptr_null(avd_arena_alloc(&test_arena, (SIZE_MAX >> 4) + 2, 16)); /* wraps to 16 */
    ck_assert(test_arena.failed);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

START_TEST(test_text)
{
    char *copy = avd_arena_strdup(&test_arena, "stack");

    ck_assert_str_eq(copy, "stack");
    ck_assert_str_eq(avd_arena_strdup(&test_arena, ""), "");
    ck_assert_str_eq(avd_arena_strndup(&test_arena, "stack", 2), "st");
    ck_assert_str_eq(avd_arena_strndup(&test_arena, NULL, 0), "");
    ck_assert_str_eq(avd_arena_printf(&test_arena, "%s at 0x%x", copy, 0x1a0U), "stack at 0x1a0");
    ck_assert_uint_eq(strlen(avd_arena_printf(&test_arena, "%20000s", "x")), 20000);
}
END_TEST

START_TEST(test_grow)
{
    uint32_t *items = NULL;
    size_t capacity = 0;
    size_t moves = 0;
    size_t i;

    for (i = 0; i < 1000; i++) {
        uint32_t *grown = avd_arena_grow(&test_arena, items, i, &capacity, sizeof *items, 1000);

        ck_assert_ptr_nonnull(grown);
        ck_assert_uint_gt(capacity, i);
        moves += grown != items;
        items = grown;
        items[i] = (uint32_t)i;
    }
    for (i = 0; i < 1000; i++)
        ck_assert_uint_eq(items[i], i);
    ck_assert_uint_le(moves, 9);
    ck_assert_uint_eq(capacity, 1000); /* never beyond the limit */
    ck_assert_ptr_null(avd_arena_grow(&test_arena, items, 1000, &capacity, sizeof *items, 1000));
    ck_assert_uint_eq(items[999], 999);
    ck_assert(!test_arena.failed); /* a limit is no lack of memory */
}
END_TEST

START_TEST(test_join)
{
    struct avd_arena other = {0};
    char *kept = avd_arena_strdup(&test_arena, "kept");
    char *moved = avd_arena_strdup(&other, "moved");
    unsigned char *large = avd_arena_alloc(&other, 1, 1 << 20);
    size_t total = test_arena.total + other.total;

    ck_assert_int_eq(avd_mem_live(), 3);
    avd_arena_join(&test_arena, &other);
    ck_assert_ptr_null(other.blocks);
    ck_assert_uint_eq(test_arena.total, total);
    avd_arena_deinit(&other); /* has nothing any more */
    ck_assert_int_eq(avd_mem_live(), 3);
    ck_assert_str_eq(moved, "moved");
    ck_assert_uint_eq(large[(1 << 20) - 1], 0);
    /* The rest of the block is still used. */
    ck_assert_ptr_eq(avd_arena_strdup(&test_arena, "next"), kept + 16);
    avd_arena_join(&test_arena, &other);
    ck_assert_int_eq(avd_mem_live(), 3);
    /* Into an arena that has nothing; what was missing there is missing here. */
    other.failed = true;
    avd_arena_join(&other, &test_arena);
    ck_assert_str_eq(kept, "kept");
    avd_arena_join(&test_arena, &other);
    ck_assert(test_arena.failed);
}
END_TEST

START_TEST(test_out_of_memory)
{
    uint32_t *items;
    size_t capacity = 0;
    size_t full;

    items = avd_arena_grow(&test_arena, NULL, 0, &capacity, sizeof *items, 100000);
    ck_assert_ptr_nonnull(items);
    items[0] = 7;
    full = capacity;
    test_arena.left = 0;
    avd_mem_fail_after(1);
    ck_assert_ptr_null(avd_arena_alloc(&test_arena, 1, 16));
    ck_assert_ptr_null(avd_arena_strdup(&test_arena, "x"));
    ck_assert_ptr_null(avd_arena_printf(&test_arena, "%d", 1));
    ck_assert_ptr_null(avd_arena_grow(&test_arena, items, full, &capacity, sizeof *items, 100000));
    avd_mem_fail_after(0);
    ck_assert(test_arena.failed);
    ck_assert_uint_eq(capacity, full);
    ck_assert_uint_eq(items[0], 7);
    ck_assert_ptr_nonnull(avd_arena_alloc(&test_arena, 1, 16));
    ck_assert(test_arena.failed);
}
END_TEST

START_TEST(test_memory)
{
    unsigned char *block = avd_mem_calloc(4, 4);
    unsigned char *grown;

    ck_assert_ptr_nonnull(block);
    ck_assert_uint_eq(block[15], 0);
    ck_assert_int_eq(avd_mem_live(), 1);
    ck_assert_ptr_null(avd_mem_calloc(SIZE_MAX, 2));
    ck_assert_ptr_null(avd_mem_realloc(block, SIZE_MAX, 2));
    block[15] = 9;
    grown = avd_mem_realloc(block, 100, 10);
    ck_assert_ptr_nonnull(grown);
    ck_assert_uint_eq(grown[15], 9);
    ck_assert_int_eq(avd_mem_live(), 1);
    avd_mem_free(grown);
    avd_mem_free(NULL);
    ck_assert_int_eq(avd_mem_live(), 0);

    /* The second and all later ones fail. */
    avd_mem_fail_after(2);
    block = avd_mem_realloc(NULL, 1, 1);
    ck_assert_ptr_nonnull(block);
    ck_assert_ptr_null(avd_mem_calloc(1, 1));
    ck_assert_ptr_null(avd_mem_realloc(block, 2, 1));
    avd_mem_fail_after(0);
    avd_mem_free(block);
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_test(tests, test_alloc);
    tcase_add_test(tests, test_large);
    tcase_add_test(tests, test_overflow);
    tcase_add_test(tests, test_text);
    tcase_add_test(tests, test_grow);
    tcase_add_test(tests, test_join);
    tcase_add_test(tests, test_out_of_memory);
    tcase_add_test(tests, test_memory);
}

int main(void)
{
    return suite_main("arena", add_tests);
}
