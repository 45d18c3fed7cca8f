/* SPDX-License-Identifier: MIT */
/* src/base/bisect.h: compared with looking at one item after the other. */
#include "base/bisect.h"
#include "support/suite.h"

#include <check.h>
#include <stdint.h>

static size_t below(const int *items, size_t count, int key)
{
    struct avd_bisect b = avd_bisect_start(count);

    while (avd_bisect_next(&b)) {
        ck_assert_uint_lt(b.middle, count);
        avd_bisect_answer(&b, items[b.middle] < key);
    }
    ck_assert_uint_eq(b.high, b.low);
    return b.low;
}

static size_t up_to(const int *items, size_t count, int key)
{
    struct avd_bisect b = avd_bisect_start(count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, items[b.middle] <= key);
    return b.low;
}

START_TEST(test_nothing)
{
    struct avd_bisect b = avd_bisect_start(0);

    ck_assert(!avd_bisect_next(&b));
    ck_assert_uint_eq(b.low, 0);
}
END_TEST

START_TEST(test_ends)
{
    const int items[] = {10, 20, 30};

    ck_assert_uint_eq(below(items, 3, 1), 0);
    ck_assert_uint_eq(below(items, 3, 31), 3);
    ck_assert_uint_eq(below(items, 1, 10), 0);
    ck_assert_uint_eq(below(items, 1, 11), 1);
}
END_TEST

START_TEST(test_same_keys)
{
    const int items[] = {1, 2, 2, 2, 2, 3};

    ck_assert_uint_eq(below(items, 6, 2), 1);
    ck_assert_uint_eq(up_to(items, 6, 2), 5);
    ck_assert_uint_eq(below(items + 1, 4, 2), 0);
    ck_assert_uint_eq(up_to(items + 1, 4, 2), 4);
}
END_TEST

/* Every number of items up to 40, each cut in every place. */
START_TEST(test_every_cut)
{
    int items[40];
    size_t count;
    size_t cut;

    for (cut = 0; cut <= 40; cut++) {
        for (count = 0; count < 40; count++)
            items[count] = count < cut ? 0 : 1;
        for (count = cut; count <= 40; count++)
            ck_assert_uint_eq(below(items, count, 1), cut);
    }
}
END_TEST

/* As many items as there are numbers: low + high would not fit. One question for each bit. */
START_TEST(test_largest)
{
    const size_t cuts[] = {0, 1, SIZE_MAX / 2, SIZE_MAX / 2 + 2, SIZE_MAX - 1, SIZE_MAX};
    size_t i;

    for (i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct avd_bisect b = avd_bisect_start(SIZE_MAX);
        unsigned questions = 0;

        while (avd_bisect_next(&b)) {
            ck_assert_uint_lt(b.middle, SIZE_MAX);
            avd_bisect_answer(&b, b.middle < cuts[i]);
            ck_assert_uint_le(++questions, sizeof(size_t) * 8);
        }
        ck_assert_uint_eq(b.low, cuts[i]);
    }
}
END_TEST

/* Damaged tables have no order. */
START_TEST(test_no_order)
{
    const int items[] = {9, 1, 8, 2, 7, 3, 6, 4, 5};
    int key;

    for (key = 0; key <= 10; key++)
        ck_assert_uint_le(below(items, 9, key), 9);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_nothing);
    tcase_add_test(tests, test_ends);
    tcase_add_test(tests, test_same_keys);
    tcase_add_test(tests, test_every_cut);
    tcase_add_test(tests, test_largest);
    tcase_add_test(tests, test_no_order);
}

int main(void)
{
    return suite_main("bisect", add_tests);
}
