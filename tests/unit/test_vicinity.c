/* SPDX-License-Identifier: MIT */
/* src/stack/vicinity.c: how near to each other return addresses lie that follow each other. */
#include "stack/vicinity.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define OTHER_IMAGE (FAKE_IMAGE + UINT64_C(0x10000000))
enum { LARGE = 0x400000, SMALL = 0xff000, MAX_ITEMS = 16 };
/* Places in the module. */
enum {
    CALLEE = 0x100000,
    NEAR = CALLEE + 0x3fff,
    MIDDLE = CALLEE + 0x4000,
    FAR = CALLEE - 0x10000
};

static struct fake_process *process;
static struct avd_candidate items[MAX_ITEMS];
static uint32_t by_value[MAX_ITEMS];
static struct avd_candidates candidates;

static void start(uint64_t size)
{
    process = fake_new(&avd_cpu_amd64);
    fake_module(process, FAKE_IMAGE, size)->role = AVD_ROLE_PROGRAM;
    fake_module(process, OTHER_IMAGE, LARGE)->role = AVD_ROLE_PROGRAM;
    memset(items, 0, sizeof items);
    memset(&candidates, 0, sizeof candidates);
    candidates.items = items;
    candidates.by_value = by_value;
}

/* In ascending order. */
static const struct avd_candidate *put(uint64_t value)
{
    struct avd_candidate *item = &items[candidates.count];

    item->value = value;
    item->module = value < OTHER_IMAGE ? 1 : 2;
    item->role = AVD_ROLE_PROGRAM;
    by_value[candidates.count] = (uint32_t)candidates.count;
    candidates.count++;
    return item;
}

static struct avd_vicinity of(const struct avd_candidate *callee)
{
    struct avd_vicinity vicinity;

    memset(&vicinity, 0xff, sizeof vicinity);
    avd_vicinity_of(&vicinity, &process->walk, &candidates, callee);
    return vicinity;
}

START_TEST(test_near_is_likelier)
{
    const struct avd_candidate *far;
    const struct avd_candidate *callee;
    const struct avd_candidate *near;
    const struct avd_candidate *middle;
    const struct avd_candidate *other;
    struct avd_vicinity v;
    double sum;

    start(LARGE);
    far = put(FAKE_IMAGE + FAR);
    callee = put(FAKE_IMAGE + CALLEE);
    near = put(FAKE_IMAGE + NEAR);
    middle = put(FAKE_IMAGE + MIDDLE);
    other = put(OTHER_IMAGE + CALLEE);
    v = of(callee);
    ck_assert_double_gt(avd_vicinity_factor(&v, near), 1);
    ck_assert_double_eq_tol(avd_vicinity_factor(&v, near), 2 * avd_vicinity_factor(&v, middle),
                            1e-9);
    ck_assert_double_eq_tol(avd_vicinity_factor(&v, near), 4 * avd_vicinity_factor(&v, far), 1e-9);
    ck_assert_double_eq_tol(avd_vicinity_factor(&v, other), 1, 1e-9);
    /* The average over the module's candidates is 1: its own value is one of them. */
    sum = 2 * avd_vicinity_factor(&v, near) + avd_vicinity_factor(&v, middle) +
          avd_vicinity_factor(&v, far);
    ck_assert_double_eq_tol(sum, 4, 1e-9);
    fake_free(process);
}
END_TEST

/* Where all lie near, that says nothing, and the farther the rest is, the more. */
START_TEST(test_measured_against_the_others)
{
    const struct avd_candidate *callee;
    struct avd_vicinity v;
    unsigned k;

    start(LARGE);
    callee = put(FAKE_IMAGE + CALLEE);
    for (k = 1; k < 8; k++)
        put(FAKE_IMAGE + CALLEE + 0x100 * k);
    v = of(callee);
    ck_assert_double_eq_tol(avd_vicinity_factor(&v, &items[1]), 1, 1e-9);
    for (k = 1; k < 8; k++)
        put(FAKE_IMAGE + CALLEE + 0x100000 + 0x1000 * k);
    v = of(callee);
    ck_assert_double_gt(avd_vicinity_factor(&v, &items[1]), 1.5);
    ck_assert_double_lt(avd_vicinity_factor(&v, &items[8]), 0.5);
    fake_free(process);
}
END_TEST

/* At the ends of a module no address goes round, and nothing of the next one is counted. */
START_TEST(test_ends_of_a_module)
{
    const struct avd_candidate *first;
    const struct avd_candidate *last;
    struct avd_vicinity v;

    start(LARGE);
    first = put(FAKE_IMAGE + 1);
    last = put(FAKE_IMAGE + LARGE);
    put(FAKE_IMAGE + LARGE + 8);
    v = of(first);
    ck_assert_double_eq_tol(v.near_by, 4.0 / 2.5, 1e-9);
    v = of(last);
    ck_assert_double_lt(avd_vicinity_factor(&v, first), 1);
    fake_free(process);
}
END_TEST

/* One that claims to go round the end of the address space. */
START_TEST(test_end_of_address_space)
{
    const uint64_t base = UINT64_C(0xfffffffffff00000);
    struct avd_vicinity v;

    start(LARGE);
    process->modules[0].base = base;
    put(OTHER_IMAGE + 0x10001);
    put(base + 0x10001);
    put(base + 0x10101);
    items[1].module = items[2].module = 1;
    v = of(&items[1]);
    ck_assert_double_eq_tol(avd_vicinity_factor(&v, &items[2]), 1, 1e-9);
    fake_free(process);
}
END_TEST

static void check_says_nothing(const struct avd_candidate *callee)
{
    struct avd_vicinity v = of(callee);
    size_t i;

    for (i = 0; i < candidates.count; i++)
        ck_assert_double_eq_tol(avd_vicinity_factor(&v, &items[i]), 1, 1e-9);
}

/* Small modules, those of Windows, and what is in none. */
START_TEST(test_says_nothing)
{
    start(SMALL);
    put(FAKE_IMAGE + 0x10001);
    put(FAKE_IMAGE + 0x90001);
    check_says_nothing(&items[0]);
    fake_free(process);
    start(LARGE);
    put(FAKE_IMAGE + 0x10001);
    put(FAKE_IMAGE + 0x90001);
    items[0].role = AVD_ROLE_WINDOWS;
    check_says_nothing(&items[0]);
    items[0].role = AVD_ROLE_PROGRAM;
    items[0].module = 0;
    check_says_nothing(&items[0]);
    fake_free(process);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_near_is_likelier);
    tcase_add_test(tests, test_measured_against_the_others);
    tcase_add_test(tests, test_ends_of_a_module);
    tcase_add_test(tests, test_end_of_address_space);
    tcase_add_test(tests, test_says_nothing);
}

int main(void)
{
    return suite_main("vicinity", add_tests);
}
