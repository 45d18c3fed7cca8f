/* SPDX-License-Identifier: MIT */
/* src/stack/call_target.c: which function a call leads to. */
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

/* Code at [0x401000, 0x403000) of one module; RETURN follows a call, the function is at START. */
#define CODE   0x401000u
#define START  0x401100u
#define RETURN 0x402040u

static struct fake_process *x86_process(void)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, 0x400000, 0x10000);
    fake_module(p, 0x500000, 0x10000);
    fake_map(p, CODE, 0x2000);
    fake_map(p, 0x405000, 0x100); /* import table */
    memset(p->pieces[0].bytes, 0x90, 0x2000);
    fake_call_to(p, RETURN, START);
    return p;
}

static int leads(struct fake_process *p, uint64_t pc)
{
    uint64_t start;
    int result = avd_walk_call_leads_to(&p->walk, RETURN, pc, &start);

    ck_assert_uint_eq(start, result == 1 ? START : 0);
    return result;
}

START_TEST(test_direct)
{
    struct fake_process *p = x86_process();

    ck_assert_int_eq(leads(p, START), 1);
    ck_assert_int_eq(leads(p, START + 0x123), 1);
    ck_assert_int_eq(leads(p, START - 1), 0);
    ck_assert_int_eq(leads(p, 0x501200), 0);        /* another module */
    ck_assert_int_eq(leads(p, START + 0x2000), -1); /* not all bytes between are there */
    fake_bytes(p, RETURN - 5, "\x90\x90\x90\x90\x90", 5);
    ck_assert_int_eq(leads(p, START), 0); /* no call at all */
    fake_free(p);
}
END_TEST

/* Another function between the call's target and pc. */
START_TEST(test_boundaries)
{
    static const char *const ends[] = {"\xc3\xcc\xcc", "\xcc\xcc\xcc", "\xc2\x04\x00\xcc",
                                       "\xe9\x01\x02\x03\x04\xcc"};
    static const size_t sizes[] = {3, 3, 4, 6};
    struct fake_process *p = x86_process();
    size_t i;

    for (i = 0; i < 4; i++) {
        fake_bytes(p, START + 0x40 - sizes[i], ends[i], sizes[i]);
        ck_assert_int_eq(leads(p, START + 0x3f), 1);
        ck_assert_int_eq(leads(p, START + 0x40), 0);
        memset(&p->pieces[0].bytes[START + 0x30 - CODE], 0x90, 0x10);
    }
    /* However far away: the function that was called has ended long before. */
    ck_assert_int_eq(leads(p, START + 0x4000), -1);
    fake_bytes(p, START + 0x3d, "\xc3\xcc\xcc", 3);
    ck_assert_int_eq(leads(p, START + 0x4000), 0);
    memset(&p->pieces[0].bytes[START + 0x30 - CODE], 0x90, 0x10);
    /* A lone int3 with something else before it, and int3 where no function begins. */
    fake_bytes(p, START + 0x3f, "\xcc", 1);
    fake_bytes(p, START + 0x51, "\xc3\xcc\xcc\xcc", 4);
    ck_assert_int_eq(leads(p, START + 0x100), 1);
    p->starts[0] = START;
    p->starts[1] = START + 0x80;
    ck_assert_int_eq(leads(p, START + 0x7f), 1);
    ck_assert_int_eq(leads(p, START + 0x80), 0);
    fake_free(p);
}
END_TEST

/* Jumps that linkers put in between. */
START_TEST(test_thunks)
{
    struct fake_process *p = x86_process();

    fake_call_to(p, RETURN, 0x401800);
    ck_assert_int_eq(leads(p, START), 0);
    fake_bytes(p, 0x401800, "\xe9\xfb\xf8\xff\xff", 5); /* jmp 0x401100 */
    ck_assert_int_eq(leads(p, START + 4), 1);
    fake_bytes(p, 0x401800, "\xff\x25\x00\x50\x40\x00", 6);
    fake_u32(p, 0x405000, START);
    ck_assert_int_eq(leads(p, START + 4), 1);
    fake_bytes(p, 0x401800, "\x8b\xff\x55\x8b\xec\x5d\xeb\x10", 8); /* jmp 0x401818 */
    fake_bytes(p, 0x401818, "\xe9\xe3\xf8\xff\xff", 5);
    ck_assert_int_eq(leads(p, START + 4), 1);
    /* To itself: an end all the same. */
    fake_bytes(p, 0x401800, "\xeb\xfe", 2);
    ck_assert_int_eq(leads(p, START), 0);
    /* Into a module without bytes: that may be one jump more. */
    fake_bytes(p, 0x401800, "\xff\x25\x00\x50\x40\x00", 6);
    fake_u32(p, 0x405000, 0x501100);
    ck_assert_int_eq(leads(p, START), -1);
    /* Through a pointer that is not in the dump, as where code is read from image files. */
    fake_bytes(p, 0x401800, "\xff\x25\x00\x60\x40\x00", 6);
    ck_assert_int_eq(leads(p, START), -1);
    fake_free(p);
}
END_TEST

START_TEST(test_indirect)
{
    struct fake_process *p = x86_process();

    fake_call_before(p, RETURN);
    ck_assert_int_eq(leads(p, START), -1);
    fake_bytes(p, RETURN - 6, "\xff\x15\x00\x50\x40\x00", 6); /* call [0x405000] */
    fake_u32(p, 0x405000, START);
    ck_assert_int_eq(leads(p, START + 8), 1);
    fake_u32(p, 0x405000, 0x401900);
    ck_assert_int_eq(leads(p, START + 8), 0);
    fake_bytes(p, RETURN - 6, "\xff\x15\x00\x60\x40\x00", 6); /* a slot that is not in the dump */
    ck_assert_int_eq(leads(p, START + 8), -1);
    /* What system-call stubs call comes back from the kernel. */
    fake_bytes(p, RETURN - 7, "\xba\x00\x03\xfe\x7f\xff\x12", 7);
    ck_assert_int_eq(leads(p, START), 0);
    fake_bytes(p, RETURN - 7, "\x64\xff\x15\xc0\x00\x00\x00", 7);
    ck_assert_int_eq(leads(p, START), 0);
    fake_free(p);
}
END_TEST

/* On x64 one slot may serve every call (Control Flow Guard); rip-relative operands. */
START_TEST(test_x64)
{
    struct fake_process *p = fake_new_x64();
    uint64_t start;

    fake_bytes(p, FAKE_RETURN - 6, "\xff\x15\xc0\x0f\x00\x00", 6); /* call [FAKE_IMAGE + 0x3000] */
    fake_map(p, FAKE_IMAGE + 0x3000, 0x100);
    fake_u64(p, FAKE_IMAGE + 0x3000, FAKE_IMAGE + 0x1100);
    ck_assert_int_eq(avd_walk_call_leads_to(&p->walk, FAKE_RETURN, FAKE_IMAGE + 0x1100, &start), 1);
    ck_assert_uint_eq(start, FAKE_IMAGE + 0x1100);
    ck_assert_int_eq(avd_walk_call_leads_to(&p->walk, FAKE_RETURN, FAKE_IMAGE + 0x1080, &start),
                     -1);
    fake_free(p);
}
END_TEST

/* A target whose code is not in the dump may be a jump to another module, except in ntdll. */
START_TEST(test_unreadable_target)
{
    struct fake_process *p = x86_process();

    fake_call_to(p, RETURN, 0x501000);
    ck_assert_int_eq(leads(p, START), -1);
    p->modules[1].role = AVD_ROLE_NTDLL;
    ck_assert_int_eq(leads(p, START), 0);
    fake_free(p);
}
END_TEST

static bool one_name(void *ctx, uint64_t a, uint64_t b)
{
    (void)ctx;
    return a == START && (b == START + 0x800 || b == START - 0x80);
}

/* Code that seldom runs, put elsewhere: its name allows for it, before and behind the rest. */
START_TEST(test_split_by_name)
{
    struct fake_process *p = x86_process();

    fake_bytes(p, START + 0x7fd, "\xc3\xcc\xcc", 3);
    ck_assert_int_eq(leads(p, START + 0x800), 0);
    p->env.same_name = one_name;
    ck_assert_int_eq(leads(p, START + 0x800), -1);
    ck_assert_int_eq(leads(p, START + 0x900), 0);
    ck_assert_int_eq(leads(p, START - 0x80), -1);
    ck_assert_int_eq(leads(p, START - 0x70), 0);
    p->starts[0] = START + 0x800;
    ck_assert_int_eq(leads(p, START + 0x800), -1);
    fake_free(p);
}
END_TEST

/* x64: the unwind entry of such code is chained to that of its function, which proves it. */
START_TEST(test_split_by_unwind_data)
{
    enum { HOT = 0x1100, COLD = 0x1800, OTHER = 0x1900 };
    static const uint8_t info[] = {1, 0, 0, 0};
    uint8_t chained[16] = {0x21, 0, 0, 0}; /* version 1, UNW_FLAG_CHAININFO, no codes */
    struct fake_process *p = fake_new_x64();
    uint64_t start;

    chained[4] = HOT & 0xff;
    chained[5] = HOT >> 8;
    chained[8] = 0x80; /* its end */
    chained[9] = HOT >> 8;
    chained[13] = 0x50; /* its unwind data */
    fake_function(p, HOT, HOT + 0x80, 0x5000, info, sizeof info);
    fake_function(p, COLD, COLD + 0x40, 0x5010, chained, sizeof chained);
    fake_function(p, OTHER, OTHER + 0x40, 0x5030, info, sizeof info);
    fake_call_to(p, FAKE_RETURN, FAKE_IMAGE + HOT);
    p->starts[0] = FAKE_IMAGE + COLD;
    p->starts[1] = FAKE_IMAGE + OTHER;
    ck_assert_int_eq(avd_walk_call_leads_to(&p->walk, FAKE_RETURN, FAKE_IMAGE + COLD + 8, &start),
                     1);
    ck_assert_uint_eq(start, FAKE_IMAGE + HOT);
    ck_assert_int_eq(avd_walk_call_leads_to(&p->walk, FAKE_RETURN, FAKE_IMAGE + OTHER + 8, &start),
                     0);
    /* Its own start is no part of it, and a call into its middle is another thing. */
    fake_call_to(p, FAKE_RETURN, FAKE_IMAGE + HOT + 0x10);
    ck_assert_int_eq(avd_walk_call_leads_to(&p->walk, FAKE_RETURN, FAKE_IMAGE + COLD + 8, &start),
                     0);
    fake_free(p);
}
END_TEST

START_TEST(test_budget)
{
    struct fake_process *p = x86_process();
    size_t budget = 5; /* the call, and the function, cost one each */

    p->walk.code_budget = &budget;
    ck_assert_int_eq(leads(p, START + 0x123), 1);
    ck_assert_int_eq(leads(p, START + 0x123), 1);
    ck_assert_int_eq(leads(p, START + 0x123), -1);
    ck_assert_int_eq(leads(p, START + 0x123), -1);
    ck_assert_uint_eq(budget, 0);
    fake_free(p);
}
END_TEST

START_TEST(test_cut_code)
{
    struct fake_process *p = x86_process();

    p->pieces[0].size = 0;
    ck_assert_int_eq(leads(p, START), -1);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_direct);
    tcase_add_test(tests, test_boundaries);
    tcase_add_test(tests, test_thunks);
    tcase_add_test(tests, test_indirect);
    tcase_add_test(tests, test_x64);
    tcase_add_test(tests, test_unreadable_target);
    tcase_add_test(tests, test_split_by_name);
    tcase_add_test(tests, test_split_by_unwind_data);
    tcase_add_test(tests, test_budget);
    tcase_add_test(tests, test_cut_code);
}

int main(void)
{
    return suite_main("call_target", add_tests);
}
