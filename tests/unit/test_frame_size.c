/* SPDX-License-Identifier: MIT */
/* src/stack/frame_size.c: what occurrences of return addresses say about the size of frames. */
#include "stack/frame_size.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define VALUE  UINT64_C(0x140001005)
#define OTHER  UINT64_C(0x140055555)
#define PLACES 40u
#define STEP   UINT64_C(0x20000) /* between occurrences: frames of one do not reach the next */
enum { ASKED = PLACES, MAX_ITEMS = 6 * (PLACES + 1) };

static struct avd_candidate items[MAX_ITEMS];
static uint32_t by_value[MAX_ITEMS];
static struct avd_candidates candidates;
static struct avd_size_model model;
static struct avd_frame_sizes sizes;
static double live; /* of what is put */
static size_t base; /* that are asked for */
static size_t most;

static void start(void)
{
    memset(items, 0, sizeof items);
    memset(&candidates, 0, sizeof candidates);
    candidates.items = items;
    candidates.by_value = by_value;
    candidates.live_share = live = 0.5;
    base = 0;
    most = AVD_FRAME_SIZES - 1;
    avd_size_model_init(&model, 0.3);
}

/* In ascending order of places and distances. */
static void put(unsigned place, unsigned distance, uint64_t value, uint64_t context)
{
    struct avd_candidate *item = &items[candidates.count++];

    item->slot = STEP * (place + 1) + 8 + distance;
    item->value = value;
    item->context = context;
    item->live = live;
}

static void learn(bool edit_and_continue)
{
    struct avd_size_question question = {VALUE, STEP * (ASKED + 1) + 8, 1, edit_and_continue, base,
                                         most};
    uint32_t i;
    uint32_t k;

    for (i = 0; i < candidates.count; i++) {
        for (k = i; k != 0 && items[by_value[k - 1]].value > items[i].value; k--)
            by_value[k] = by_value[k - 1];
        by_value[k] = i;
    }
    avd_frame_sizes_learn(&model, &candidates, &question, &sizes);
}

static double chance(unsigned size)
{
    return sizes.chance[size / 16];
}

/* How likely another frame size is, in all. */
static double rest(unsigned size)
{
    double sum = 0;
    size_t i;

    for (i = 0; i < AVD_FRAME_SIZES; i++)
        sum += sizes.chance[i];
    ck_assert_double_eq_tol(sum, 1, 1e-9);
    return sum - chance(size);
}

START_TEST(test_nothing_known)
{
    start();
    learn(false);
    ck_assert_double_eq(chance(0x20), 0);
    ck_assert_double_gt(chance(0x30), chance(0x40));
    ck_assert_double_lt(chance(0x30), 1.8 * chance(0x50)); /* small ones are not that many */
    ck_assert_double_gt(chance(0x40), 50 * chance(0x800));
    ck_assert_double_gt(chance(0x800), 12 * chance(0x2000)); /* the inverse square */
    ck_assert_double_gt(chance(AVD_LARGEST_FRAME), 0);
    ck_assert_double_eq_tol(rest(0x30), 1 - model.plain.chance[3], 1e-9);
    ck_assert_double_eq_tol(model.plain.tail[3], 1, 1e-9);
    ck_assert_double_eq_tol(sizes.beyond, 1, 1e-9);
}
END_TEST

START_TEST(test_regular)
{
    unsigned k;

    start();
    for (k = 0; k < 4; k++) {
        put(k, 0, VALUE, 100 + k);
        put(k, 0x50 + 0x10 * k, OTHER, 0); /* somewhere, once each */
        put(k, 0x150, OTHER, 0);
    }
    learn(false);
    ck_assert_double_gt(chance(0x150), 0.9);
    ck_assert_double_gt(chance(0x30), chance(0x160)); /* as before */
}
END_TEST

/* The frame goes on above the security cookie, most often with saved registers only. */
START_TEST(test_guarded)
{
    unsigned k;

    start();
    for (k = 0; k < 4; k++) {
        put(k, 0, VALUE, 100 + k);
        put(k, 0x80, OTHER, 0); /* below the cookie */
        put(k, 0x1a0, OTHER, 0);
    }
    learn(false);
    ck_assert_double_gt(chance(0x80), 6 * chance(0x1a0));
    base = 0x140 / 16;
    learn(false);
    ck_assert_double_gt(chance(0x1a0 - 0x140), 0.9);
    ck_assert_double_eq_tol(rest(0x60), 1 - chance(0x60), 1e-9);
    start();
    base = 0x140 / 16;
    learn(true); /* edit and continue keeps its room below */
    ck_assert_double_gt(chance(0), 0.05);
    ck_assert_double_gt(chance(0x70), 2 * chance(0x80));
    ck_assert_double_gt(chance(0x70), 0.5 * chance(0));
    start();
    for (k = 0; k < 4; k++) { /* far beyond what is considered without a cookie */
        put(k, 0, VALUE, 100 + k);
        put(k, 0x40, OTHER, 0);
        put(k, 0x6040, OTHER, 0);
    }
    base = 0x6000 / 16;
    learn(false);
    ck_assert_double_gt(chance(0x40), 0.9);
    base = 0x100000 / 16; /* beyond all that is there */
    learn(false);
    ck_assert_double_eq_tol(chance(0), model.guard.chance[0], 1e-9);
}
END_TEST

/* The same functions call each other: what lies further up is as regular. */
START_TEST(test_first_of_two)
{
    unsigned k;

    start();
    for (k = 0; k < 20; k++) {
        put(k, 0, VALUE, 100 + k);
        put(k, 0x40, OTHER, 0);
        put(k, 0x80, OTHER, 0);
    }
    learn(false);
    ck_assert_double_gt(chance(0x40), 0.7);
    ck_assert_double_gt(chance(0x80), chance(0x90));
}
END_TEST

/* A live frame ends with a return address for certain, one that was left behind need not. */
START_TEST(test_live_occurrences)
{
    static const double lives[] = {0, 0.995};
    double first[2];
    double second[2];
    unsigned i;
    unsigned k;

    for (i = 0; i < 2; i++) {
        start();
        for (k = 0; k < 10; k++) {
            live = k == 3 ? lives[i] : 0.5;
            put(k, 0, VALUE, 100 + k);
            if (k != 3)
                put(k, 0x40, OTHER, 0);
            if (k != 7)
                put(k, 0x80, OTHER, 0);
        }
        learn(false);
        first[i] = chance(0x40);
        second[i] = chance(0x80);
    }
    ck_assert_double_gt(first[0], 0.5);
    ck_assert_double_gt(second[1], 0.8);
    ck_assert_double_lt(first[1], first[0] / 2);
}
END_TEST

/* What is live elsewhere is a return address here too; of what was left behind everywhere, as data
 * that looks like one is, little is to be expected. */
START_TEST(test_live_elsewhere)
{
    double alone;
    unsigned k;

    start();
    learn(false);
    ck_assert_double_eq_tol(sizes.live, 1, 1e-9);
    live = 0.9;
    put(0, 0, VALUE, 100);
    learn(false);
    alone = sizes.live;
    ck_assert_double_gt(alone, 1.2);
    for (k = 1; k < 10; k++)
        put(k, 0, VALUE, 100 + k);
    learn(false);
    ck_assert_double_gt(sizes.live, 2 * alone);
    start();
    live = 0.05;
    for (k = 0; k < 10; k++)
        put(k, 0, VALUE, 100 + k);
    learn(false);
    ck_assert_double_lt(sizes.live, 0.3);
}
END_TEST

/* Where the stack ends before, larger sizes are not filled in, but take their part of the sum. */
START_TEST(test_most)
{
    double all;
    unsigned k;

    start();
    for (k = 0; k < 4; k++) {
        put(k, 0, VALUE, 100 + k);
        put(k, 0x150, OTHER, 0);
    }
    learn(false);
    all = chance(0x40);
    memset(&sizes, 0, sizeof sizes);
    most = 0x100 / 16;
    learn(false);
    ck_assert_double_eq_tol(chance(0x40), all, 1e-12);
    ck_assert_double_eq(chance(0x150), 0);
}
END_TEST

/* Copies count once, and those of the frame in question not at all. */
START_TEST(test_copies)
{
    double once;
    unsigned k;

    start();
    put(0, 0, VALUE, 100);
    put(0, 0x150, OTHER, 0);
    learn(false);
    once = chance(0x150);
    ck_assert_double_gt(once, 5 * model.plain.chance[0x15]);
    start();
    for (k = 0; k < 10; k++) {
        put(k, 0, VALUE, 100);
        put(k, 0x150, OTHER, 0);
    }
    for (; k < 20; k++) {
        put(k, 0, VALUE, 1);
        put(k, 0x90, OTHER, 0);
    }
    put(ASKED, 0, VALUE, 100);
    put(ASKED, 0x60, OTHER, 0);
    learn(false);
    ck_assert_double_eq_tol(chance(0x150), once, 1e-9);
}
END_TEST

/* Another return address in the same function says it too, with less weight; a far one does not. */
START_TEST(test_near)
{
    static const uint64_t values[] = {VALUE, VALUE + 0x30, VALUE - 0x30, VALUE + 0x300};
    double found[4];
    unsigned k;

    for (k = 0; k < 4; k++) {
        start();
        put(0, 0, values[k], 100);
        put(0, 0x150, OTHER, 0);
        learn(false);
        found[k] = chance(0x150);
    }
    ck_assert_double_gt(found[0], found[1]);
    ck_assert_double_gt(found[1], model.plain.chance[0x15] * 1.2);
    ck_assert_double_eq_tol(found[1], found[2], 1e-9);
    ck_assert_double_eq_tol(found[3], model.plain.chance[0x15], 1e-9);
}
END_TEST

/* More occurrences and candidates than are compared. */
START_TEST(test_many)
{
    unsigned k;

    start();
    for (k = 0; k < PLACES; k++) {
        put(k, 0, VALUE, 100 + k);
        put(k, AVD_LARGEST_FRAME, OTHER, 0);
        put(k, AVD_LARGEST_FRAME + 0x10, OTHER, 0); /* out of reach */
    }
    learn(false);
    ck_assert_double_gt(chance(AVD_LARGEST_FRAME), 0.99);
}
END_TEST

START_TEST(test_edit_and_continue)
{
    start();
    learn(true);
    ck_assert_double_gt(chance(0x100), 5 * chance(0x30));
    ck_assert_double_gt(chance(0x100), chance(0x110));
    (void)rest(0x100);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_nothing_known);
    tcase_add_test(tests, test_regular);
    tcase_add_test(tests, test_guarded);
    tcase_add_test(tests, test_first_of_two);
    tcase_add_test(tests, test_live_occurrences);
    tcase_add_test(tests, test_live_elsewhere);
    tcase_add_test(tests, test_most);
    tcase_add_test(tests, test_copies);
    tcase_add_test(tests, test_near);
    tcase_add_test(tests, test_many);
    tcase_add_test(tests, test_edit_and_continue);
}

int main(void)
{
    return suite_main("frame_size", add_tests);
}
