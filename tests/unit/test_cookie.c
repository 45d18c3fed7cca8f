/* SPDX-License-Identifier: MIT */
/* src/stack/cookie.c: security cookies, found by what guarded functions left on stacks. */
#include "stack/cookie.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define COOKIE UINT64_C(0x2b992ddfa236)
#define CODE   UINT64_C(0x7ff712340000)
#define STACK  UINT64_C(0x6959200000)
enum { MODULE = 7, OTHER = 9, MAX_ITEMS = 64, SIZE = 0x8000 };

static struct avd_candidate items[MAX_ITEMS];
static struct avd_cookie_word words[MAX_ITEMS];
static uint32_t by_value[MAX_ITEMS];
static struct avd_stack_range range = {STACK, STACK + SIZE};
static struct avd_candidates stacks;
static struct avd_arena arena;
static size_t places; /* for return addresses */

static void start(void)
{
    memset(items, 0, sizeof items);
    memset(&stacks, 0, sizeof stacks);
    stacks.items = items;
    stacks.by_value = by_value;
    stacks.words = words;
    stacks.ranges = &range;
    stacks.range_count = 1;
    avd_arena_init(&arena);
    places = 512;
}

/* In ascending order; `offset` is that of the slot, an odd multiple of 8. */
static struct avd_candidate *put(unsigned offset, unsigned function, uint32_t module)
{
    struct avd_candidate *item = &items[stacks.count++];

    item->slot = STACK + offset;
    item->value = CODE + function;
    item->module = module;
    return item;
}

/* The word of a function whose stack pointer is at `sp`, so much further up; in ascending order. */
static void put_word(unsigned sp, unsigned distance, uint64_t cookie)
{
    words[stacks.word_count].slot = STACK + sp + distance;
    words[stacks.word_count++].value = (STACK + sp) ^ cookie;
}

/* A return address into a guarded function, and its cookie. */
static void guarded(unsigned sp, unsigned function, unsigned distance)
{
    put(sp - 8, function, MODULE);
    put_word(sp, distance, COOKIE);
}

/* As little as tells a cookie. */
static void start_with_three(void)
{
    start();
    guarded(0x1230, 0x105, 0x40);
    guarded(0x1480, 0x20b, 0x128);
    guarded(0x2460, 0x317, 0x30);
}

static void find(void)
{
    uint32_t i;
    uint32_t k;

    for (i = 0; i < stacks.count; i++) {
        for (k = i; k != 0 && items[by_value[k - 1]].value > items[i].value; k--)
            by_value[k] = by_value[k - 1];
        by_value[k] = i;
    }
    ck_assert(avd_cookies_find(&stacks, &arena, places));
}

static void end(void)
{
    avd_arena_deinit(&arena);
}

START_TEST(test_possible)
{
    ck_assert(avd_cookie_possible(STACK, COOKIE ^ STACK));
    ck_assert(!avd_cookie_possible(STACK, 0xfffffff0));      /* a small number */
    ck_assert(!avd_cookie_possible(STACK, STACK + 0x12340)); /* a stack's address */
    ck_assert(
        !avd_cookie_possible(STACK, UINT64_C(0x10000) << 32 | STACK)); /* its upper half is 0 */
}
END_TEST

START_TEST(test_found)
{
    start();
    guarded(0x1230, 0x105, 0x40);
    guarded(0x1480, 0x20b, 0x128);
    put(0x15d8, 0x999, MODULE);
    guarded(0x2460, 0x317, 0x30);
    put(0x2508, 0x12345, OTHER);
    find();
    ck_assert_uint_eq(stacks.cookie_count, 1);
    ck_assert_uint_eq(stacks.cookies[0].module, MODULE);
    ck_assert_uint_eq(stacks.cookies[0].value, COOKIE);
    ck_assert_uint_eq(items[0].guarded, AVD_GUARDED_YES);
    ck_assert_uint_eq(items[0].guard, 0x48); /* from the slot */
    ck_assert_uint_eq(items[1].guard, 0x130);
    ck_assert_uint_eq(items[2].guarded, AVD_GUARDED_NO);
    ck_assert_uint_eq(items[2].guard, 0);
    ck_assert_uint_eq(items[3].guard, 0x38);
    ck_assert_uint_eq(items[4].guarded, AVD_GUARDED_UNKNOWN);
    end();
}
END_TEST

/* What speaks for a cookie are different functions: two that are there often may be another's. */
START_TEST(test_too_little)
{
    unsigned k;

    start();
    guarded(0x1230, 0x105, 0x40);
    guarded(0x1480, 0x20b, 0x128);
    find();
    ck_assert_uint_eq(stacks.cookie_count, 0);
    ck_assert_uint_eq(items[0].guarded, AVD_GUARDED_UNKNOWN);
    end();
    start();
    for (k = 0; k < 12; k++)
        guarded(0x1000 + 0x230 * k, k % 2 == 0 ? 0x105 : 0x20b, 0x40);
    find();
    ck_assert_uint_eq(stacks.cookie_count, 0);
    end();
    /* Numbers that have nothing to do with their places. */
    start();
    for (k = 0; k < 12; k++) {
        put(0x1008 + 0x230 * k, 0x105 + 0x10 * k, MODULE);
        put_word(0x1010, 0x60 + 0x230 * k, COOKIE + 0x10 * (k * k % 13));
    }
    find();
    ck_assert_uint_eq(stacks.cookie_count, 0);
    end();
}
END_TEST

/* Where much on a stack looks like calls of a module, that words far away lead to some says little.
 */
START_TEST(test_common)
{
    unsigned k;

    start();
    for (k = 0; k < 60; k++) {
        put(0x1008 + 0x30 * k, 0x105 + 0x10 * k, MODULE);
        if (k % 20 == 0)
            put_word(0x1010 + 0x30 * k, 0x700, COOKIE);
    }
    places = 780;
    find();
    ck_assert_uint_eq(stacks.cookie_count, 0);
    end();
}
END_TEST

/* Pointers to a heap are multiples of 4 and small, and have upper bits in common. */
START_TEST(test_like_pointers)
{
    static const uint64_t values[] = {COOKIE & ~UINT64_C(3), COOKIE & 0x3ffffffffff};
    unsigned which;
    unsigned k;

    for (which = 0; which < 2; which++)
        for (k = 4; k < 6; k++) {
            unsigned i;

            start();
            places = 256;
            for (i = 0; i < 12 * k; i++)
                if (i % 12 == 0) {
                    put(0x1000 + 0x90 * i - 8, 0x105 + 0x10 * i, MODULE);
                    put_word(0x1000 + 0x90 * i, 0x40, values[which]);
                } else {
                    put(0x1000 + 0x90 * i - 8, 0x5, OTHER);
                }
            find();
            ck_assert_uint_eq(stacks.cookie_count, k == 4 ? 0 : 1);
            end();
        }
}
END_TEST

/* Two cookies explain the words alike. */
START_TEST(test_undecided)
{
    unsigned k;

    start();
    for (k = 0; k < 4; k++) {
        put(0x1208 + 0x400 * k, 0x105 + 0x100 * k, MODULE);
        put(0x1228 + 0x400 * k, 0x10b + 0x100 * k, MODULE);
        put_word(0x1210 + 0x400 * k, 0x60, COOKIE);
    }
    find();
    ck_assert_uint_eq(stacks.cookie_count, 0);
    end();
}
END_TEST

/* A function that has its cookie at a place, but not here, does not run here. */
START_TEST(test_missing)
{
    start_with_three();
    put(0x4008, 0x105, MODULE);
    put(SIZE - 0x48, 0x105, MODULE); /* its place is not in the dump */
    find();
    ck_assert_uint_eq(items[0].guarded, AVD_GUARDED_YES);
    ck_assert_uint_eq(items[3].guarded, AVD_GUARDED_MISSING);
    ck_assert_uint_eq(items[3].guard, 0x48);
    ck_assert_uint_eq(items[4].guarded, AVD_GUARDED_NO);
    ck_assert_uint_eq(items[4].guard, 0x48);
    end();
}
END_TEST

/* A function has its cookie at one place: where most have it. */
START_TEST(test_most)
{
    start_with_three();
    guarded(0x3230, 0x105, 0x40);
    guarded(0x4330, 0x105, 0x90);
    guarded(0x5330, 0x20b, 0x40);
    put(0x6328, 0x20b, MODULE);
    find();
    ck_assert_uint_eq(stacks.cookie_count, 1);
    ck_assert_uint_eq(items[0].guarded, AVD_GUARDED_YES);
    ck_assert_uint_eq(items[3].guarded, AVD_GUARDED_YES);
    ck_assert_uint_eq(items[4].guarded, AVD_GUARDED_MISSING);
    ck_assert_uint_eq(items[4].guard, 0x48);
    /* Which of two is not known. */
    ck_assert_uint_eq(items[1].guarded, AVD_GUARDED_YES);
    ck_assert_uint_eq(items[1].guard, 0x48);
    ck_assert_uint_eq(items[5].guarded, AVD_GUARDED_YES);
    ck_assert_uint_eq(items[5].guard, 0x48);
    ck_assert_uint_eq(items[6].guarded, AVD_GUARDED_NO);
    end();
}
END_TEST

/* A frame of twenty thousand bytes, too large to be considered when a cookie is sought. */
START_TEST(test_large)
{
    start_with_three();
    put(0x2508, 0x405, MODULE);
    put_word(0x2510, 0x4e20, COOKIE);
    find();
    ck_assert_uint_eq(items[3].guarded, AVD_GUARDED_YES);
    ck_assert_uint_eq(items[3].guard, 0x4e28);
    end();
}
END_TEST

/* A module has one cookie: the one for which most speaks. */
START_TEST(test_one_each)
{
    unsigned k;

    for (k = 0; k < 2; k++) {
        uint64_t other = COOKIE + (k == 0 ? UINT64_C(0x100000000) : -UINT64_C(0x100000000));
        unsigned i;

        start();
        for (i = 0; i < 4; i++)
            guarded(0x1230 + 0x200 * i, 0x105 + 0x100 * i, 0x40);
        for (i = 4; i < 7; i++) {
            put(0x1228 + 0x200 * i, 0x105 + 0x100 * i, MODULE);
            put_word(0x1230 + 0x200 * i, 0x40, other);
        }
        find();
        ck_assert_uint_eq(stacks.cookie_count, 1);
        ck_assert_uint_eq(stacks.cookies[0].value, COOKIE);
        ck_assert_uint_eq(items[0].guarded, AVD_GUARDED_YES);
        ck_assert_uint_eq(items[4].guarded, AVD_GUARDED_NO);
        end();
    }
}
END_TEST

START_TEST(test_above)
{
    struct avd_walk walk = {.candidates = &stacks};
    size_t effort = 100;
    unsigned k;

    start_with_three();
    put_word(0x2600, 0x80, COOKIE);
    find();
    ck_assert_uint_eq(avd_cookie_above(&walk, MODULE, STACK + 0x2600), 0x80);
    ck_assert_uint_eq(avd_cookie_above(&walk, MODULE, STACK + 0x1480), 0x128);
    ck_assert_uint_eq(avd_cookie_above(&walk, MODULE, STACK + 0x1490), 0);
    ck_assert_uint_eq(avd_cookie_above(&walk, OTHER, STACK + 0x2600), 0);
    ck_assert_uint_eq(avd_cookie_above(&walk, MODULE, STACK + 0x100000), 0);
    walk.effort = &effort;
    ck_assert_uint_eq(avd_cookie_above(&walk, MODULE, STACK + 0x1000), 0);
    ck_assert_uint_eq(effort, 100); /* four words are none */
    stacks.word_count = MAX_ITEMS;
    for (k = 4; k < MAX_ITEMS; k++) {
        words[k].slot = STACK + 0x3000 + 8 * k;
        words[k].value = 0;
    }
    ck_assert_uint_eq(avd_cookie_above(&walk, MODULE, STACK + 0x1000), 0);
    ck_assert_uint_eq(effort, 100 - MAX_ITEMS / 8);
    end();
}
END_TEST

/* A hundred thousand words without sense. */
START_TEST(test_noise)
{
    enum { NOISE = 100000 };
    struct avd_cookie_word *many = calloc(NOISE, sizeof *many);
    uint64_t seed = 1;
    unsigned i;

    ck_assert_ptr_nonnull(many);
    start();
    for (i = 0; i < MAX_ITEMS; i++)
        put(0x1008 + 0x20 * i, 0x105 + 0x10 * i, i % 3);
    for (i = 0; i < NOISE; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
        many[i].slot = STACK + 8 * (uint64_t)i;
        many[i].value = COOKIE ^ (seed >> 44 & 0xffff0);
    }
    stacks.words = many;
    stacks.word_count = NOISE;
    find();
    for (i = 0; i < MAX_ITEMS; i++)
        ck_assert_uint_le(items[i].guarded, AVD_GUARDED_MISSING);
    end();
    free(many);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_possible);
    tcase_add_test(tests, test_found);
    tcase_add_test(tests, test_too_little);
    tcase_add_test(tests, test_common);
    tcase_add_test(tests, test_like_pointers);
    tcase_add_test(tests, test_undecided);
    tcase_add_test(tests, test_missing);
    tcase_add_test(tests, test_most);
    tcase_add_test(tests, test_large);
    tcase_add_test(tests, test_one_each);
    tcase_add_test(tests, test_above);
    tcase_add_test(tests, test_noise);
}

int main(void)
{
    return suite_main("cookie", add_tests);
}
