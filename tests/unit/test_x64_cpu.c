/* SPDX-License-Identifier: MIT */
/* src/x64/cpu.c: the methods that need no unwind data, and their order. */
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define SP (FAKE_STACK + 0x100)

START_TEST(test_leaf)
{
    struct fake_process *p = fake_new_x64();
    struct avd_regs regs = {{0}, 0};
    const struct avd_stack *stack;

    avd_reg_set(&regs, AVD_RBX, 0xbb);
    avd_reg_set(&regs, AVD_RAX, 0xaa);
    fake_u64(p, SP, FAKE_RETURN);
    stack = fake_walk(p, FAKE_IMAGE + 0x1500, SP, &regs);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_LEAF);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CFI);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 8);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_RBX], 0xbb);
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_RAX));
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    fake_free(p);

    /* An image without a table has leaves only. */
    p = fake_new_x64();
    p->modules[0].pdata_state = 0;
    fake_u64(p, SP, FAKE_RETURN);
    stack = fake_walk(p, FAKE_IMAGE + 0x1500, SP, NULL);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_LEAF);
    fake_free(p);
}
END_TEST

/* Nobody knows whether a function is a leaf while the table is not there. */
START_TEST(test_no_leaf_without_table)
{
    struct fake_process *p = fake_new_x64();
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    p->modules[0].pdata_state = -1;
    fake_u64(p, SP, FAKE_RETURN);
    stack = fake_walk(p, FAKE_IMAGE + 0x1500, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail,
                     "the unwind table of the module at 0x140000000, needed for 0x140001500, is "
                     "not to be had; scanning is switched off");
    fake_free(p);
}
END_TEST

/* Only what was executing can be a leaf, and a return address has a call before it. */
START_TEST(test_false_leaf)
{
    struct fake_process *p = fake_new_x64();
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    fake_u64(p, SP, FAKE_IMAGE + 0x2050);
    stack = fake_walk(p, FAKE_IMAGE + 0x1500, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_NOT_CODE);
    ck_assert_str_eq(stack->end_detail, "0x140002050 at 0x10100 (leaf) is not the return address "
                                        "of a call; scanning is switched off");
    fake_free(p);

    p = fake_new_x64();
    p->walk.allow_scan = false;
    fake_call_before(p, FAKE_IMAGE + 0x1510);
    fake_u64(p, SP, FAKE_IMAGE + 0x1510);
    fake_u64(p, SP + 8, FAKE_RETURN);
    stack = fake_walk(p, FAKE_RETURN, SP, NULL);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_str_eq(stack->end_detail,
                     "the unwind table of the module at 0x140000000 has no function at "
                     "0x14000150f; scanning is switched off");
    fake_free(p);
}
END_TEST

START_TEST(test_bad_call)
{
    static const uint64_t bad[] = {0, 0x41, UINT64_C(0x4141414141414141), FAKE_IMAGE + 0x4000};
    size_t i;

    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fake_process *p = fake_new_x64();
        const struct avd_stack *stack;

        fake_u64(p, SP, FAKE_RETURN);
        stack = fake_walk(p, bad[i], SP, NULL);
        ck_assert_uint_eq(stack->count, 2);
        ck_assert_uint_eq(stack->frames[0].pc, bad[i]);
        ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
        ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_BAD_CALL);
        ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CFI);
        ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
        fake_free(p);
    }
}
END_TEST

/* Code of a dynamic function table is unwound like any other. */
START_TEST(test_dynamic_function)
{
    struct fake_process *p = fake_new_x64();
    const struct avd_stack *stack;

    p->has_dynamic = true;
    p->dynamic_base = 0x20000000;
    p->dynamic_entry[1] = 0x1000;
    p->dynamic_entry[2] = 0x2000;
    fake_map(p, 0x20002000, 0x100);
    fake_bytes(p, 0x20002000, "\x01\x04\x01\x00\x04\x42", 6);
    fake_u64(p, SP + 0x28, FAKE_RETURN);
    stack = fake_walk(p, 0x20000500, SP, NULL);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_UNWIND_INFO);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x30);
    fake_free(p);
}
END_TEST

/* Any bytes where unwind data should be: bounded work, and a reason. */
START_TEST(test_random_unwind_data)
{
    uint32_t state = 12345;
    unsigned round;

    for (round = 0; round < 300; round++) {
        struct fake_process *p = fake_new_x64();
        struct avd_regs regs = {{0}, 0};
        uint32_t i;

        for (i = 0; i < 0x2000; i++) {
            state = state * 1664525 + 1013904223;
            p->pieces[3].bytes[i] = (uint8_t)(state >> 24);
            if (i < 0x1000)
                p->pieces[2].bytes[i] = (uint8_t)(state >> 16);
        }
        for (i = 0; i < 60; i++)
            fake_function(p, 0x1000 + 32 * i, 0x1020 + 32 * i, 0x5000 + 64 * i, NULL, 0);
        /* valid versions more often than chance gives them */
        for (i = 0; i < 60; i++)
            p->pieces[2].bytes[64 * i] =
                (uint8_t)((p->pieces[2].bytes[64 * i] & 0x38) | (1 + i % 2));
        for (i = 0; i < 0x400; i++)
            fake_u64(p, FAKE_STACK + 8 * i,
                     i % 3 == 0 ? FAKE_IMAGE + 0x1000 + (i * 37) % 0x800 : FAKE_STACK + 8 * i);
        for (i = 0; i < AVD_RIP; i++)
            avd_reg_set(&regs, i, FAKE_STACK + 0x40 * i);
        fake_walk(p, FAKE_IMAGE + 0x1000 + round, FAKE_STACK + 8, &regs);
        ck_assert_uint_ge(p->stack.count, 1);
        ck_assert_int_ne(p->stack.end, AVD_END_NONE);
        ck_assert_uint_gt(strlen(p->stack.end_detail), 10);
        ck_assert_uint_lt(p->reads, 400000);
        fake_free(p);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_leaf);
    tcase_add_test(tests, test_no_leaf_without_table);
    tcase_add_test(tests, test_false_leaf);
    tcase_add_test(tests, test_bad_call);
    tcase_add_test(tests, test_dynamic_function);
    tcase_add_test(tests, test_random_unwind_data);
}

int main(void)
{
    return suite_main("x64_cpu", add_tests);
}
