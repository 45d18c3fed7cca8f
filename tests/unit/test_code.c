/* SPDX-License-Identifier: MIT */
/* src/stack/code.c: what can be code, and what a call looks like. */
#include "support/fake_x86.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static int after(struct fake_process *p, const char *bytes, size_t size)
{
    static const char nops[] = "\x90\x90\x90\x90\x90\x90\x90\x90";

    fake_bytes(p, PC - 8, nops, 8);
    fake_bytes(p, PC - size, bytes, size);
    return avd_walk_after_call(&p->walk, PC);
}

START_TEST(test_calls)
{
    /* clang-format off */
    static const struct {
        const char *bytes;
        size_t size;
    } calls[] = {
        {"\xe8\x10\x00\x00\x00", 5}, {"\xe8\x00\xff\xff\xff", 5},
        {"\xff\xd0", 2}, {"\xff\xd7", 2}, {"\xff\x10", 2}, {"\xff\x17", 2},
        {"\xff\x14\x24", 3}, {"\xff\x14\x85\x00\x10\x40\x00", 7},
        {"\xff\x15\x00\x10\x40\x00", 6}, {"\xff\x50\x08", 3}, {"\xff\x57\x08", 3},
        {"\xff\x54\x24\x08", 4}, {"\xff\x90\x00\x01\x00\x00", 6},
        {"\xff\x94\x24\x00\x01\x00\x00", 7}, {"\x41\xff\xd3", 3}, {"\xff\x18", 2},
        {"\xff\x1d\x00\x10\x40\x00", 6},
    };
    /* clang-format on */
    /* clang-format off */
    static const struct {
        const char *bytes;
        size_t size;
    } others[] = {
        {"\xe9\x10\x00\x00\x00", 5}, {"\xff\xe0", 2}, {"\xff\xd0\x90", 3}, {"\xff\x20", 2},
        {"\xff\x14", 2}, {"\xff\x15\x00\x10\x40", 5}, {"\xff\xdb", 2}, {"\x90", 1},
        {"\xe8\x10\x00\x00\x70", 5}, /* to where nothing can run */
        {"\xff\x54\x24", 3}, {"\xff\x30", 2},
    };
    /* clang-format on */
    struct fake_process *p = fake_new_x86();
    size_t i;

    p->jit_start = 0x20000000; /* outside the module nothing is executable but this */
    p->jit_end = 0x20001000;
    for (i = 0; i < sizeof calls / sizeof calls[0]; i++)
        ck_assert_msg(after(p, calls[i].bytes, calls[i].size) == 1, "call %zu", i);
    for (i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(after(p, others[i].bytes, others[i].size) == 0, "other %zu", i);
    ck_assert_int_eq(after(p, "\x9a\x00\x10\x40\x00\x23\x00", 7), 1);
    p->walk.cpu = &avd_cpu_amd64; /* which has no far call with an address in it */
    ck_assert_int_eq(after(p, "\x9a\x00\x10\x40\x00\x23\x00", 7), 0);
    fake_free(p);
}
END_TEST

/* Only some of the bytes are there: a call that fits is seen, its absence proves nothing. */
START_TEST(test_cut_code)
{
    struct fake_process *p = fake_new_x86();

    fake_bytes(p, CODE, "\xff\xd0", 2);
    ck_assert_int_eq(avd_walk_after_call(&p->walk, CODE + 2), 1);
    ck_assert_int_eq(avd_walk_after_call(&p->walk, CODE + 4), -1);
    ck_assert_int_eq(avd_walk_after_call(&p->walk, CODE + 7), 0);
    ck_assert_int_eq(avd_walk_after_call(&p->walk, 0x404000), -1);
    ck_assert_int_eq(avd_walk_after_call(&p->walk, 0), -1);
    ck_assert_int_eq(avd_walk_after_call(&p->walk, 1), -1);
    ck_assert_int_eq(avd_walk_after_call(&p->walk, UINT64_MAX), -1);
    fake_free(p);
}
END_TEST

START_TEST(test_bytes)
{
    struct fake_process *p = fake_new_x86();
    uint8_t bytes[8];

    fake_bytes(p, CODE, "\x01\x02\x03\x04", 4);
    ck_assert_uint_eq(avd_walk_code(&p->walk, CODE + 4, bytes, 8), 4);
    ck_assert_mem_eq(bytes, "\x01\x02\x03\x04", 4);
    ck_assert_uint_eq(avd_walk_code(&p->walk, CODE + 4, bytes, 2), 2);
    ck_assert_mem_eq(bytes, "\x03\x04", 2);
    ck_assert_uint_eq(avd_walk_code_at(&p->walk, 0x402ffc, bytes, 8), 4);
    ck_assert_uint_eq(avd_walk_code_at(&p->walk, CODE, bytes, 0), 0);
    ck_assert_uint_eq(avd_walk_code_at(&p->walk, UINT64_MAX - 2, bytes, 8), 0);
    /* The image file stands in for memory that the dump lacks. */
    p->pieces[0].image_only = true;
    ck_assert_uint_eq(avd_walk_code_at(&p->walk, CODE, bytes, 8), 8);
    ck_assert_uint_eq(bytes[3], 4);
    fake_free(p);
}
END_TEST

START_TEST(test_is_code)
{
    struct fake_process *p = fake_new_x86();

    ck_assert(avd_walk_is_code(&p->walk, CALLER));
    ck_assert(avd_walk_is_code(&p->walk, 0x403000)); /* behind the last byte of the section */
    ck_assert(!avd_walk_is_code(&p->walk, 0x403001));
    ck_assert(!avd_walk_is_code(&p->walk, CODE));
    ck_assert(!avd_walk_is_code(&p->walk, 0));
    ck_assert(!avd_walk_is_code(&p->walk, 0x20000100));
    ck_assert(!avd_walk_is_code(&p->walk, UINT64_C(0x100401100)));
    p->modules[0].sections_known = false;
    ck_assert(avd_walk_is_code(&p->walk, 0x405000));
    ck_assert(!avd_walk_is_code(&p->walk, 0x400100));
    p->jit_start = 0x20000000;
    p->jit_end = 0x20001000;
    ck_assert(avd_walk_is_code(&p->walk, 0x20000100));
    p->jit_end = 0;
    p->has_dynamic = true;
    p->dynamic_base = 0x20000000;
    p->dynamic_entry[1] = 0x1000;
    ck_assert(avd_walk_is_code(&p->walk, 0x20000100));
    p->env.dynamic_function = NULL;
    ck_assert(!avd_walk_is_code(&p->walk, 0x20000100));
    fake_free(p);
}
END_TEST

/* Outside of modules, in a dump that does not say what is executable. */
START_TEST(test_made_code)
{
    enum { MADE = 0x20000000 };
    struct fake_process *p = fake_new_x86();

    fake_map(p, MADE, 0x1000);
    fake_call_before(p, MADE + 0x40);
    ck_assert(!avd_walk_is_code(&p->walk, MADE + 0x40)); /* a search does not look there */
    ck_assert_int_eq(avd_walk_return_evidence(&p->walk, MADE + 0x40), 1);
    ck_assert_int_eq(avd_walk_return_evidence(&p->walk, MADE + 0x41), 0);
    ck_assert_int_eq(avd_walk_return_evidence(&p->walk, MADE + 0x2000), 0);
    ck_assert_int_eq(avd_walk_return_evidence(&p->walk, 0), 0);
    p->jit_start = MADE + 0x100; /* it says so: not there */
    p->jit_end = MADE + 0x200;
    ck_assert_int_eq(avd_walk_return_evidence(&p->walk, MADE + 0x40), 0);
    /* In a module, as code that it is. */
    ck_assert_int_eq(avd_walk_return_evidence(&p->walk, CALLER), 1);
    ck_assert_int_eq(avd_walk_return_evidence(&p->walk, CALLER + 1), 0);
    p->pieces[0].size = 0;
    ck_assert_int_eq(avd_walk_return_evidence(&p->walk, CALLER), -1);
    fake_free(p);
}
END_TEST

/* The call's own bytes are missing: the frame is only a good guess. */
START_TEST(test_bad_call_trust)
{
    struct fake_process *p = fake_new_x86();
    const struct avd_stack *stack;

    fake_u32(p, SP, CALLER);
    p->pieces[0].size = 0;
    stack = fake_walk(p, 0, SP, NULL);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_BAD_CALL);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_SCAN);
    fake_free(p);

    p = fake_new_x86();
    p->walk.allow_scan = false;
    fake_u32(p, SP, CALLER + 1);
    stack = fake_walk(p, 0x41414141, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_NOT_CODE);
    ck_assert_str_eq(stack->end_detail,
                     "0x41414141 is no code, and 0x402041 on top of the stack is not the return "
                     "address of a call; scanning is switched off");
    /* Code in executable memory outside modules is code. */
    p->jit_start = 0x41414000;
    p->jit_end = 0x41415000;
    stack = fake_walk(p, 0x41414141, SP, NULL);
    ck_assert_str_eq(stack->end_detail, "scanning is switched off");
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_calls);
    tcase_add_test(tests, test_cut_code);
    tcase_add_test(tests, test_bytes);
    tcase_add_test(tests, test_is_code);
    tcase_add_test(tests, test_made_code);
    tcase_add_test(tests, test_bad_call_trust);
}

int main(void)
{
    return suite_main("code", add_tests);
}
