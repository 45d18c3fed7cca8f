/* SPDX-License-Identifier: MIT */
/* src/stack/scan.c: return addresses found by looking through the stack. */
#include "support/fake_process.h"

#include <check.h>
#include <string.h>

/* One module with code at [0x401000, 0x403000) and a stack; CALLER follows a call. */
#define CODE   0x401000u
#define PC     0x401200u
#define CALLER 0x402040u
#define SP     UINT64_C(0x10100)

static struct fake_process *x86_process(void)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, 0x400000, 0x10000);
    fake_map(p, CODE, 0x2000);
    fake_map(p, 0x10000, 0x2000);
    fake_call_before(p, CALLER);
    return p;
}

static struct avd_regs with_ebp(uint64_t ebp)
{
    struct avd_regs regs = {{0}, 0};

    avd_reg_set(&regs, AVD_EBP, ebp);
    avd_reg_set(&regs, AVD_EBX, 0xbb);
    avd_reg_set(&regs, AVD_EAX, 0xaa);
    return regs;
}

static const struct avd_stack *scan_from(struct fake_process *p)
{
    return fake_walk(p, PC, SP, NULL);
}

START_TEST(test_finds)
{
    struct fake_process *p = x86_process();
    const struct avd_stack *stack;

    fake_u32(p, SP + 4, 0x400001);         /* headers */
    fake_u32(p, SP + 8, CALLER + 8);       /* code, but no call before it */
    fake_u32(p, SP + 12, 0x405000);        /* data of the module */
    fake_u32(p, SP + 16, 0x12345678);      /* nothing */
    fake_u32(p, SP - 4, CALLER);           /* below the stack pointer */
    fake_u32(p, SP + 20, CALLER);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 24);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_SCAN);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_SCAN);
    ck_assert_uint_eq(stack->frames[1].regs.known, 1u << AVD_EIP | 1u << AVD_ESP);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail, "scanning 40 words from 0x10118 found no return address");
    fake_free(p);
}
END_TEST

/* 160 words below frame 0 and other well-known frames, 40 below scanned ones. */
START_TEST(test_distance)
{
    struct fake_process *p = x86_process();
    const struct avd_stack *stack;

    fake_u32(p, SP + 4 * 159, CALLER);
    fake_u32(p, SP + 4 * (160 + 39), CALLER);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->count, 3);
    fake_u32(p, SP + 4 * (160 + 39), 0);
    fake_u32(p, SP + 4 * (160 + 40), CALLER);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->count, 2);
    fake_u32(p, SP + 4 * 159, 0);
    fake_u32(p, SP + 4 * 160, CALLER);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_str_eq(stack->end_detail, "scanning 160 words from 0x10100 found no return address");
    /* Frame 1 is as good as frame 0 here: an undone call. */
    fake_u32(p, SP, CALLER);
    fake_u32(p, SP + 4 * (160 + 40), 0);
    stack = fake_walk(p, 0, SP, NULL);
    ck_assert_uint_eq(stack->count, 3);
    ck_assert_uint_eq(stack->frames[2].sp, SP + 4 * 161);
    fake_free(p);
}
END_TEST

/* ebp: the word below the slot if it can be a saved one, else the callee's if it still can. */
START_TEST(test_frame_pointer)
{
    struct fake_process *p = x86_process();
    struct avd_regs regs = with_ebp(0);
    const struct avd_stack *stack;

    fake_u32(p, SP + 0x10, CALLER);
    fake_u32(p, SP + 0xc, SP + 0x80);
    stack = scan_from(p);
    ck_assert(avd_reg_known(&stack->frames[1].regs, AVD_EBP));
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_EBP], SP + 0x80);

    fake_u32(p, SP + 0xc, SP + 4); /* points down */
    stack = scan_from(p);
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_EBP));
    fake_u32(p, SP + 0xc, SP + 0x14 + 0x20004); /* too far */
    stack = scan_from(p);
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_EBP));

    avd_reg_set(&regs, AVD_EBP, SP + 0x102); /* refused by the chain, and still no ebp */
    stack = fake_walk(p, PC, SP, &regs);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_EBP));
    avd_reg_set(&regs, AVD_EBP, SP + 0x100); /* no chain begins there, but it may be the caller's */
    stack = fake_walk(p, PC, SP, &regs);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_EBP], SP + 0x100);

    /* The word below the stack pointer is no part of the callee's frame. */
    fake_u32(p, SP, CALLER);
    fake_u32(p, SP - 4, SP + 0x80);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 4);
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_EBP));
    fake_free(p);
}
END_TEST

START_TEST(test_bounds)
{
    struct fake_process *p = x86_process();
    const struct avd_stack *stack;

    p->walk.stack_low = SP - 0x100;
    p->walk.stack_high = SP + 0x20;
    fake_u32(p, SP + 0x20, CALLER);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_str_eq(stack->end_detail, "scanning from 0x10100 found no return address up to the "
                                        "stack's base 0x10120");
    p->walk.stack_low = p->walk.stack_high = 0;
    stack = fake_walk(p, PC, 0x11ff0, NULL);
    ck_assert_int_eq(stack->end, AVD_END_NO_MEMORY);
    ck_assert_str_eq(stack->end_detail,
                     "scanning from 0x11ff0 came to 0x12000, which is not in the dump");
    fake_free(p);
}
END_TEST

/* Without code bytes an address in a module is taken, one elsewhere is not. */
START_TEST(test_without_code_bytes)
{
    struct fake_process *p = x86_process();
    const struct avd_stack *stack;

    p->pieces[0].size = 0;
    p->modules[0].sections_known = false;
    p->jit_start = 0x20000000;
    p->jit_end = 0x20001000;
    fake_u32(p, SP + 4, 0x20000100);
    fake_u32(p, SP + 8, 0x400080);  /* PE headers are no code */
    fake_u32(p, SP + 12, 0x402345);
    stack = scan_from(p);
    ck_assert_uint_ge(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].pc, 0x402345);
    fake_free(p);
}
END_TEST

START_TEST(test_windows_x64)
{
    struct fake_process *p = fake_new_x64();
    const struct avd_stack *stack;

    p->modules[0].pdata_state = -1;
    fake_u64(p, FAKE_STACK + 0x110, FAKE_STACK + 0x180);
    fake_u64(p, FAKE_STACK + 0x118, FAKE_RETURN);
    /* A misaligned stack pointer: slots are aligned all the same. */
    stack = fake_walk(p, FAKE_IMAGE + 0x1500, FAKE_STACK + 0x103, NULL);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].sp, FAKE_STACK + 0x120);
    /* rbp is a register like any other there. */
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_RBP));
    p->walk.windows = false;
    stack = fake_walk(p, FAKE_IMAGE + 0x1500, FAKE_STACK + 0x100, NULL);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_RBP], FAKE_STACK + 0x180);
    fake_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan");
    TCase *tests = tcase_create("scan");
    SRunner *runner;
    int failed;

    tcase_add_test(tests, test_finds);
    tcase_add_test(tests, test_distance);
    tcase_add_test(tests, test_frame_pointer);
    tcase_add_test(tests, test_bounds);
    tcase_add_test(tests, test_without_code_bytes);
    tcase_add_test(tests, test_windows_x64);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
