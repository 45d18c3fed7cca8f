/* SPDX-License-Identifier: MIT */
/* src/x86/cpu.c: the methods together, on whole stacks. */
#include "support/fake_x86.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

/* A stack as on Windows 7: stub, its frameless caller, two frames, return address 0. */
START_TEST(test_whole_stack)
{
    static const uint8_t stub[] = {0xba, 0, 0, 0, 0, 0xff, 0xd2, 0xc2, 4, 0};
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0x10200);
    const struct avd_stack *stack;

    p->walk.stack_low = 0x10000;
    p->walk.stack_high = 0x10300;
    fake_bytes(p, PC - 7, stub, sizeof stub);
    fake_call_before(p, CALLER + 0x20);
    fake_u32(p, SP, CALLER);
    fake_u32(p, 0x10200, 0x10280);
    fake_u32(p, 0x10204, CALLER + 0x20);
    stack = fake_walk(p, PC, SP, &regs);
    ck_assert_msg(stack->count == 3, "%zu frames: %s", stack->count, stack->end_detail);
    ck_assert_int_eq(stack->frames[0].method, AVD_METHOD_CONTEXT);
    ck_assert_int_eq(stack->frames[0].trust, AVD_TRUST_CONTEXT);
    ck_assert_uint_eq(stack->frames[0].fp, SP - 4);
    ck_assert_uint_eq(stack->frames[0].return_address, CALLER);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_SYSCALL_STUB);
    ck_assert_uint_eq(stack->frames[1].fp, 0x10200);
    ck_assert_int_eq(stack->frames[2].method, AVD_METHOD_FRAME_POINTER);
    ck_assert_int_eq(stack->frames[2].trust, AVD_TRUST_FRAME_POINTER);
    ck_assert_uint_eq(stack->frames[2].pc, CALLER + 0x20);
    ck_assert_uint_eq(stack->frames[2].sp, 0x10208);
    ck_assert_uint_eq(stack->frames[2].fp, 0x10280);
    ck_assert_uint_eq(stack->frames[2].return_address, 0);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    ck_assert_str_eq(stack->end_detail, "the return address at 0x10284 is 0; that is 0x7c bytes "
                                        "below the stack's base 0x10300");
    fake_free(p);
}
END_TEST

/* A call through null: the caller's frame is still the one ebp points at. */
START_TEST(test_call_through_null)
{
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0x10200);
    const struct avd_stack *stack;

    fake_u32(p, SP, CALLER);
    fake_call_before(p, CALLER + 0x20);
    fake_u32(p, 0x10204, CALLER + 0x20);
    fake_u32(p, 0x10200, 0x10280);
    stack = fake_walk(p, 0, SP, &regs);
    ck_assert_uint_eq(stack->count, 3);
    ck_assert_uint_eq(stack->frames[0].pc, 0);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_BAD_CALL);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_EBX], 0xbb);
    ck_assert_uint_eq(stack->frames[2].pc, CALLER + 0x20);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    fake_free(p);
}
END_TEST

/* Any bytes as code and stack: bounded work, growing stack pointers, a reason. */
START_TEST(test_random_memory)
{
    uint32_t state = 99;
    unsigned round;

    for (round = 0; round < 300; round++) {
        struct fake_process *p = fake_new_x86();
        struct avd_regs regs = fake_regs_x86(0x10100 + 4 * (round % 64));
        uint32_t i;

        for (i = 0; i < 0x2000; i++) {
            static const uint8_t often[] = {0xc3, 0x5d, 0x55, 0x8b, 0xec, 0xc9, 0xff, 0xe8,
                                            0x83, 0xc4, 0x04, 0xc2, 0xd2, 0x12, 0x64, 0x15};

            state = state * 1664525 + 1013904223;
            p->pieces[0].bytes[i] = often[state >> 28];
            if (i % 4 == 0)
                fake_u32(p, 0x10000 + i,
                         (state & 1) != 0 ? CODE + (state >> 19) : 0x10000 + (state >> 19));
        }
        fake_walk(p, CODE + (state >> 20), 0x10000 + 4 * (round % 16), &regs);
        ck_assert_int_ne(p->stack.end, AVD_END_NONE);
        ck_assert_uint_gt(strlen(p->stack.end_detail), 10);
        for (i = 1; i < p->stack.count; i++)
            ck_assert_uint_gt(p->stack.frames[i].sp, p->stack.frames[i - 1].sp);
        ck_assert_uint_lt(p->reads, 1000000);
        fake_free(p);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_whole_stack);
    tcase_add_test(tests, test_call_through_null);
    tcase_add_test(tests, test_random_memory);
}

int main(void)
{
    return suite_main("x86_cpu", add_tests);
}
