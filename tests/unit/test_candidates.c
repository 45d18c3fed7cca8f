/* SPDX-License-Identifier: MIT */
/* src/stack/candidates.c: what may be a return address on the stacks of a process. */
#include "stack/candidates.h"
#include "base/limits.h"
#include "base/memory.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define LOW  UINT64_C(0x10000)
#define CODE (FAKE_IMAGE + 0x2345)

static struct avd_candidates found;
static struct avd_stack_range ranges[4];

/* One module of which nothing but its place is known, one stack. */
static struct fake_process *one_stack(void)
{
    struct fake_process *p = fake_new(&avd_cpu_amd64);

    fake_module(p, FAKE_IMAGE, 0x10000)->sections_known = false;
    fake_map(p, LOW, 0x2000);
    memset(&found, 0, sizeof found);
    memset(ranges, 0, sizeof ranges);
    ranges[0].start = LOW;
    ranges[0].end = LOW + 0x2000;
    found.ranges = ranges;
    found.range_count = 1;
    return p;
}

static const struct avd_candidate *at(uint64_t slot)
{
    size_t i = avd_candidates_at(&found, slot);

    return i < found.count && found.items[i].slot == slot ? &found.items[i] : NULL;
}

START_TEST(test_places)
{
    struct fake_process *p = one_stack();

    fake_u64(p, LOW + 0x18, CODE);
    fake_u64(p, LOW + 0x28, FAKE_IMAGE + 0x801);   /* headers */
    fake_u64(p, LOW + 0x38, FAKE_IMAGE + 0x10001); /* behind the module */
    fake_u64(p, LOW + 0x40, CODE + 1);             /* not where a call pushes */
    fake_u64(p, LOW + 0x58, 0x1234);
    fake_u64(p, LOW + 0x1ff8, CODE + 2); /* the last word */
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert_uint_eq(found.count, 2);
    ck_assert_uint_eq(found.items[0].slot, LOW + 0x18);
    ck_assert_uint_eq(found.items[0].value, CODE);
    ck_assert_uint_eq(found.items[1].slot, LOW + 0x1ff8);
    ck_assert_double_eq_tol(found.density, 2.0 / 512, 1e-12);
    ck_assert_uint_eq(avd_candidates_at(&found, LOW + 0x19), 1);
    ck_assert_uint_eq(avd_candidates_at(&found, LOW + 0x2000), 2);
    /* Once is enough. */
    fake_u64(p, LOW + 0x68, CODE);
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert_uint_eq(found.count, 2);
    fake_free(p);
}
END_TEST

START_TEST(test_ranges)
{
    struct fake_process *p = one_stack();

    fake_map(p, LOW + 0x10000, 0x1000);
    fake_u64(p, LOW + 0x18, CODE);
    fake_u64(p, LOW + 0x1018, CODE);
    fake_u64(p, LOW + 0x10018, CODE);
    ranges[0].start = LOW + 0x10001; /* in disorder, misaligned, overlapping, absent, backwards */
    ranges[0].end = LOW + 0x11000;
    ranges[1].start = LOW;
    ranges[1].end = LOW + 0x1800;
    ranges[2].start = LOW + 0x1000;
    ranges[2].end = LOW + 0x20000;
    ranges[3].start = UINT64_MAX - 7;
    ranges[3].end = 4;
    found.range_count = 4;
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert_uint_eq(found.count, 2);
    ck_assert_uint_eq(found.items[1].slot, LOW + 0x1018);
    fake_free(p);
    p = one_stack();
    found.range_count = 0;
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert_uint_eq(found.count, 0);
    ck_assert_uint_eq(avd_candidates_at(&found, 0), 0);
    ck_assert_uint_eq(avd_candidates_of_value(&found, 0), 0);
    fake_free(p);
}
END_TEST

START_TEST(test_surroundings)
{
    struct fake_process *p = one_stack();

    fake_u64(p, LOW + 0x10, CODE); /* data somewhere */
    fake_u64(p, LOW + 0x28, CODE);
    fake_u64(p, LOW + 0x30, 7);
    fake_u64(p, LOW + 0x40, FAKE_IMAGE + 0x9000);
    fake_u64(p, LOW + 0x48, CODE + 5);
    fake_u64(p, LOW + 0x50, FAKE_IMAGE + 0x9000);
    fake_u64(p, LOW + 0x68, CODE + 9);
    fake_u64(p, LOW + 0x88, CODE + 9);
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert_uint_eq(at(LOW + 0x28)->as_data, 1);
    ck_assert_uint_eq(at(LOW + 0x28)->below, AVD_NEIGHBOUR_ZERO);
    ck_assert_uint_eq(at(LOW + 0x28)->above, AVD_NEIGHBOUR_OTHER);
    ck_assert(!at(LOW + 0x28)->repeated);
    ck_assert_uint_eq(at(LOW + 0x48)->as_data, 0);
    ck_assert_uint_eq(at(LOW + 0x48)->below, AVD_NEIGHBOUR_MODULE);
    ck_assert_uint_eq(at(LOW + 0x48)->above, AVD_NEIGHBOUR_MODULE);
    ck_assert_uint_eq(at(LOW + 0x68)->above, AVD_NEIGHBOUR_ZERO);
    ck_assert(at(LOW + 0x68)->repeated);
    ck_assert(at(LOW + 0x88)->repeated);
    ck_assert_uint_eq(avd_candidates_of_value(&found, CODE + 9), 2);
    ck_assert_uint_eq(found.items[found.by_value[2]].slot, LOW + 0x68);
    ck_assert_uint_eq(found.items[found.by_value[3]].slot, LOW + 0x88);
    ck_assert_uint_eq(avd_candidates_of_value(&found, CODE + 10), 4);
    fake_free(p);
}
END_TEST

/* Something below points to the place or to what lies there with a live one. */
START_TEST(test_pointed)
{
    static const struct {
        uint64_t from, to; /* 0x108 is the candidate's place */
        bool pointed;
    } rows[] = {
        {0x40, 0x108, true},   {0x40, 0xf8, true},   {0x48, 0x108, true},  {0x100, 0x108, true},
        {0x40, 0x100, false},  {0x40, 0x110, false}, {0x40, 0x10c, false}, {0x140, 0x108, false},
        {0x40, 0x1108, false}, {0x40, 0x120, false}, /* a format's arguments */
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fake_process *p = one_stack();

        ranges[0].end = LOW + 0x1000;
        fake_u64(p, LOW + 0x108, CODE);
        fake_u64(p, LOW + rows[i].from, LOW + rows[i].to);
        ck_assert(avd_candidates_collect(&found, &p->walk));
        ck_assert_uint_eq(found.count, 1);
        ck_assert_msg(found.items[0].pointed == rows[i].pointed, "0x%x points to 0x%x",
                      (unsigned)rows[i].from, (unsigned)rows[i].to);
        fake_free(p);
    }
}
END_TEST

/* The lowest place of a stack, the last words of the longest that is read. */
START_TEST(test_pointed_at_the_ends)
{
    const uint64_t longest = (uint64_t)AVD_MAX_CANDIDATE_WORDS_STACK * 8;
    struct fake_process *p = one_stack();
    uint64_t at_piece;

    for (at_piece = 0x2000; at_piece < longest + 0x1000; at_piece += FAKE_PIECE_SIZE)
        fake_map(p, LOW + at_piece, FAKE_PIECE_SIZE);
    ranges[0].end = LOW + longest + 0x1000;
    fake_u64(p, LOW + 8, CODE);
    fake_u64(p, LOW, LOW + 8);
    fake_u64(p, LOW + longest - 8, CODE + 1);
    fake_u64(p, LOW + 0x10, LOW + longest - 8);
    fake_u64(p, LOW + 0x20, LOW + longest); /* is not read */
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert_uint_eq(found.count, 2);
    ck_assert(found.items[0].pointed);
    ck_assert(found.items[1].pointed);
    fake_free(p);
}
END_TEST

/* What lies above decides, by distance and value, not by address. */
START_TEST(test_context)
{
    struct fake_process *p = one_stack();
    unsigned k;

    for (k = 0; k < 3; k++) {
        fake_u64(p, LOW + 0x400 * k + 0x18, CODE);
        fake_u64(p, LOW + 0x400 * k + 0x48, CODE + 1);
        fake_u64(p, LOW + 0x400 * k + (k == 2 ? 0xa8 : 0x98), CODE + 2);
    }
    fake_map(p, LOW + 0x10000, 0x1000);
    for (k = 0; k < 2; k++) {
        ranges[k].start = LOW + 0x400 * k;
        ranges[k].end = LOW + 0x400 * (k + 1);
    }
    ranges[2].start = LOW + 0x800;
    ranges[2].end = LOW + 0xc00;
    found.range_count = 3;
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert_uint_eq(at(LOW + 0x18)->context, at(LOW + 0x418)->context);
    ck_assert_uint_ne(at(LOW + 0x18)->context, at(LOW + 0x818)->context);
    ck_assert_uint_ne(at(LOW + 0x18)->stack, at(LOW + 0x418)->stack);
    fake_free(p);
}
END_TEST

/* push rbp with rbp = rsp + 0x20, as debug builds have it. */
START_TEST(test_frame_pointers)
{
    struct fake_process *p = one_stack();
    unsigned k;

    for (k = 0; k < 4; k++) {
        fake_u64(p, LOW + 0x100 * k + 0x18, CODE + k);
        fake_u64(p, LOW + 0x100 * k + 0x10, LOW + 0x100 * k + 0x18 + 8 + (k == 3 ? 0x28 : 0x20));
    }
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert(at(LOW + 0x18)->saves_frame);
    ck_assert(!at(LOW + 0x318)->saves_frame);
    ck_assert(!at(LOW + 0x18)->in_framed_module);
    fake_free(p);
    p = one_stack();
    for (k = 0; k < 4; k++) {
        fake_u64(p, LOW + 0x100 * k + 0x18, CODE + k);
        fake_u64(p, LOW + 0x100 * k + 0x10, LOW + 0x100 * k + 0x18 + 8 + 0x80);
    }
    fake_u64(p, LOW + 0x508, CODE);
    ck_assert(avd_candidates_collect(&found, &p->walk));
    ck_assert(at(LOW + 0x508)->in_framed_module);
    ck_assert(!at(LOW + 0x508)->saves_frame);
    fake_free(p);
}
END_TEST

/* lea rbp, [rsp+20h] in every function of a module; other distances make it another compiler. */
START_TEST(test_edit_and_continue)
{
    unsigned odd;

    for (odd = 0; odd < 2; odd++) {
        struct fake_process *p = one_stack();
        unsigned k;

        for (k = 0; k < 5; k++) {
            uint64_t slot = LOW + 0x100 * k + 0x18;

            fake_u64(p, slot, CODE + k);
            fake_u64(p, slot - 8, slot + 8 + (k < odd ? 0x80 : 0x20));
        }
        fake_u64(p, LOW + 0x608, CODE);
        ck_assert(avd_candidates_collect(&found, &p->walk));
        ck_assert(at(LOW + 0x218)->in_framed_module);
        ck_assert(at(LOW + 0x218)->edit_and_continue == (odd == 0));
        ck_assert(!at(LOW + 0x608)->edit_and_continue);
        fake_free(p);
    }
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;
    bool ok = false;

    for (n = 1; !ok; n++) {
        struct fake_process *p = one_stack();
        unsigned k;

        for (k = 0; k < 200; k++)
            fake_u64(p, LOW + 0x18 + 0x10 * k, CODE + 3 * k);
        fake_u64(p, LOW + 0x10, CODE);
        avd_mem_fail_after(n);
        ok = avd_candidates_collect(&found, &p->walk);
        avd_mem_fail_after(0);
        ck_assert(ok || n < 100);
        fake_free(p);
    }
    ck_assert_uint_gt(n, 3);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_places);
    tcase_add_test(tests, test_ranges);
    tcase_add_test(tests, test_surroundings);
    tcase_add_test(tests, test_pointed);
    tcase_add_test(tests, test_pointed_at_the_ends);
    tcase_add_test(tests, test_context);
    tcase_add_test(tests, test_frame_pointers);
    tcase_add_test(tests, test_edit_and_continue);
    tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("candidates", add_tests);
}
