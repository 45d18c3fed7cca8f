/* SPDX-License-Identifier: MIT */
/* src/stack/scan.c: return addresses found by looking through the stack. */
#include "support/fake_x86.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static const struct avd_stack *scan_from(struct fake_process *p)
{
    return fake_walk(p, PC, SP, NULL);
}

START_TEST(test_finds)
{
    struct fake_process *p = fake_new_x86();
    const struct avd_stack *stack;

    fake_u32(p, SP + 4, 0x400001);    /* headers */
    fake_u32(p, SP + 8, CALLER + 8);  /* code, but no call before it */
    fake_u32(p, SP + 12, 0x405000);   /* data of the module */
    fake_u32(p, SP + 16, 0x12345678); /* nothing */
    fake_u32(p, SP - 4, CALLER);      /* below the stack pointer */
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
    struct fake_process *p = fake_new_x86();
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
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0);
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
    struct fake_process *p = fake_new_x86();
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

/* Without code bytes nothing confirms an address in a module: it is named, but is no frame. */
START_TEST(test_without_code_bytes)
{
    struct fake_process *p = fake_new_x86();
    const struct avd_stack *stack;

    p->pieces[0].size = 0;
    p->modules[0].sections_known = false;
    p->jit_start = 0x20000000;
    p->jit_end = 0x20001000;
    fake_u32(p, SP + 4, 0x20000100);
    fake_u32(p, SP + 8, 0x400080);  /* PE headers are no code */
    fake_u32(p, SP + 12, 0x402340); /* where functions begin, seldom where they go on */
    fake_u32(p, SP + 16, 0x402345);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_str_eq(stack->end_detail, "scanning 160 words from 0x10100 found no return address");
    /* With a frame pointer saved below it, where its chain ends */
    fake_u32(p, SP + 12, SP + 0x40);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_uint_eq(stack->frames[0].return_address, 0);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail,
                     "0x402345 at 0x10110 may be where 0x401200 returns to, but no unwind data and "
                     "no code says so; what follows would be guesses");
    fake_free(p);
}
END_TEST

/* Records of exception handling have the form of frames: the next one, and a handler. */
START_TEST(test_handler_chain)
{
    struct fake_process *p = fake_new_x86();

    p->pieces[0].size = 0;
    p->modules[0].sections_known = false;
    fake_u32(p, SP + 12, SP + 0x40);
    fake_u32(p, SP + 16, 0x402345);
    fake_u32(p, SP + 0x40, SP + 0x80);
    fake_u32(p, SP + 0x44, 0x402777);
    fake_u32(p, SP + 0x80, 0);
    fake_u32(p, SP + 0x84, 0);
    ck_assert_uint_eq(scan_from(p)->count, 3);
    fake_u32(p, SP + 0x80, 0xffffffff); /* the last record */
    fake_u32(p, SP + 0x84, 0x402999);
    ck_assert_uint_eq(scan_from(p)->count, 1);
    ck_assert_str_eq(p->stack.end_detail,
                     "scanning 160 words from 0x10100 found no return address");
    fake_free(p);
}
END_TEST

/* A call that leads to the callee's function beats a nearer one that may lead anywhere; one that
 * leads elsewhere is refused. */
START_TEST(test_call_target)
{
    struct fake_process *p = fake_new_x86();
    const struct avd_stack *stack;

    memset(p->pieces[0].bytes, 0x90, 0x2000);
    fake_call_before(p, CALLER);
    fake_call_to(p, CALLER + 0x100, 0x402800); /* elsewhere */
    fake_call_to(p, CALLER + 0x200, 0x401180); /* to pc's function */
    fake_u32(p, SP + 8, CALLER + 0x100);
    fake_u32(p, SP + 12, CALLER);
    fake_u32(p, SP + 4 * 500, CALLER + 0x200);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER + 0x200);
    ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_TARGET);
    fake_u32(p, SP + 4 * 500, 0);
    fake_u32(p, SP + 4 * 512, CALLER + 0x200);
    stack = scan_from(p);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_CALL);
    fake_u32(p, SP + 12, 0);
    fake_u32(p, SP + 4 * 512, 0);
    ck_assert_uint_eq(scan_from(p)->count, 1);
    /* What was proved is a well-known frame: its caller may be as far up as frame 0's. */
    fake_u32(p, SP + 12, CALLER + 0x200);
    fake_u32(p, SP + 16 + 4 * 159, CALLER);
    ck_assert_uint_eq(scan_from(p)->count, 3);
    fake_u32(p, SP + 16 + 4 * 159, 0);
    fake_u32(p, SP + 16 + 4 * 160, CALLER);
    ck_assert_uint_eq(scan_from(p)->count, 2);
    fake_free(p);
}
END_TEST

/* What a proved call's function does with ebp at its start decides whose ebp is known. */
START_TEST(test_frame_pointer_of_target)
{
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(SP + 0x100);
    const struct avd_stack *stack;

    memset(p->pieces[0].bytes, 0x90, 0x2000);
    fake_call_to(p, CALLER, 0x401180);
    fake_u32(p, SP + 0x10, CALLER);
    fake_u32(p, SP + 0xc, SP + 0x80);
    stack = fake_walk(p, PC, SP, &regs);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_EBP], SP + 0x100);
    fake_bytes(p, 0x401180, "\x8b\xff\x55", 3);
    stack = fake_walk(p, PC, SP, &regs);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_EBP], SP + 0x80);
    fake_bytes(p, 0x401180, "\x8b\xff\x55\x8b\xec\x5d", 6); /* hot-patch: without effect */
    stack = fake_walk(p, PC, SP, &regs);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_EBP], SP + 0x100);
    fake_free(p);
}
END_TEST

/* ---- x64, a small dump: no code bytes, no unwind data, three modules ---- */

#define KERNEL32 UINT64_C(0x7ff800000000)
#define NTDLL    UINT64_C(0x7ff900000000)
#define TOP      (FAKE_STACK + 0x2000)

static struct fake_process *small_dump(void)
{
    struct fake_process *p = fake_new(&avd_cpu_amd64);
    size_t i;

    fake_module(p, FAKE_IMAGE, 0x10000);
    fake_module(p, KERNEL32, 0x10000)->role = AVD_ROLE_KERNEL32;
    fake_module(p, NTDLL, 0x10000)->role = AVD_ROLE_NTDLL;
    for (i = 0; i < p->module_count; i++) {
        p->modules[i].sections_known = false;
        p->modules[i].pdata_state = -1;
    }
    fake_map(p, FAKE_STACK, 0x2000);
    p->walk.stack_low = FAKE_STACK;
    p->walk.stack_high = TOP;
    fake_u64(p, TOP - 0x78, KERNEL32 + 0x1234);
    fake_u64(p, TOP - 0x48, NTDLL + 0x4321);
    return p;
}

static const struct avd_stack *small_walk(struct fake_process *p)
{
    return fake_walk(p, FAKE_IMAGE + 0x1501, TOP - 0x200, NULL);
}

/* Guesses that reach the thread's start are frames, and the stack is complete. */
START_TEST(test_thread_start)
{
    struct fake_process *p = small_dump();
    const struct avd_stack *stack;

    fake_u64(p, TOP - 0x1a8, FAKE_IMAGE + 0x2345);
    fake_u64(p, TOP - 0xa8, FAKE_IMAGE + 0x3456);
    fake_u64(p, TOP - 0x18, FAKE_IMAGE + 0x2222); /* in RtlUserThreadStart's frame */
    stack = small_walk(p);
    ck_assert_uint_eq(stack->count, 5);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_IMAGE + 0x2345);
    ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_WEAK);
    ck_assert_uint_eq(stack->frames[2].pc, FAKE_IMAGE + 0x3456);
    ck_assert_uint_eq(stack->frames[3].pc, KERNEL32 + 0x1234);
    ck_assert(!stack->frames[3].frames_missing);
    ck_assert_uint_eq(stack->frames[4].pc, NTDLL + 0x4321);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    ck_assert_str_eq(stack->end_detail, "the thread's start in ntdll is reached, 0x40 bytes below "
                                        "the stack's base 0x12000");
    fake_free(p);
}
END_TEST

/* Where no return address can be: even slots, home space, values that are data. */
START_TEST(test_refused_places)
{
    static const struct {
        unsigned slot; /* below TOP */
        uint64_t value;
    } refused[] = {
        {0x1b0, FAKE_IMAGE + 0x2345}, /* rsp is a multiple of 16 at a call */
        {0x1f8, FAKE_IMAGE + 0x2345}, /* home space of what pc's function calls */
        {0x1a8, FAKE_IMAGE + 0x2340},
        {0x1a8, FAKE_IMAGE + 0x801}, /* headers */
    };
    struct fake_process *p = small_dump();
    size_t i;

    for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        fake_u64(p, TOP - refused[i].slot, refused[i].value);
        ck_assert_msg(small_walk(p)->count == 1 || p->stack.frames[1].pc == KERNEL32 + 0x1234,
                      "place %zu", i);
        fake_u64(p, TOP - refused[i].slot, 0);
    }
    /* The same value where no return address can be: it is data everywhere. */
    fake_u64(p, TOP - 0x1a8, FAKE_IMAGE + 0x2345);
    ck_assert_uint_eq(small_walk(p)->frames[1].pc, FAKE_IMAGE + 0x2345);
    fake_u64(p, TOP - 0x150, FAKE_IMAGE + 0x2345);
    ck_assert_uint_ne(small_walk(p)->frames[1].pc, FAKE_IMAGE + 0x2345);
    fake_u64(p, TOP - 0x150, 0);
    fake_u64(p, TOP - 0x158, FAKE_IMAGE + 0x2345);
    ck_assert_uint_ne(small_walk(p)->frames[1].pc, FAKE_IMAGE + 0x2345);
    /* A recursion comes at even distances. */
    fake_u64(p, TOP - 0x108, FAKE_IMAGE + 0x2345);
    ck_assert_uint_eq(small_walk(p)->count, 6);
    ck_assert_uint_eq(p->stack.frames[3].pc, FAKE_IMAGE + 0x2345);
    ck_assert_uint_eq(p->stack.frames[3].sp, TOP - 0x100);
    fake_free(p);
}
END_TEST

/* More guesses in a row than are allowed before something speaks for them. */
START_TEST(test_too_many_guesses)
{
    struct fake_process *p = small_dump();
    unsigned i;

    for (i = 0; i < 6; i++)
        fake_u64(p, TOP - 0x1d8 + 0x30ull * i, FAKE_IMAGE + 0x2001 + i);
    ck_assert_int_eq(small_walk(p)->end, AVD_END_COMPLETE);
    ck_assert_uint_eq(p->stack.count, 9);
    fake_free(p);
    p = small_dump();
    for (i = 0; i < 7; i++)
        fake_u64(p, TOP - 0x1d8 + 0x30ull * i, FAKE_IMAGE + 0x2001 + i);
    ck_assert_uint_eq(small_walk(p)->count, 1);
    ck_assert_int_eq(p->stack.end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(p->stack.end_detail,
                     "0x140002001 at 0x11e28 may be where 0x140001501 returns to, but no unwind "
                     "data and no code says so; what follows would be guesses");
    fake_free(p);
}
END_TEST

/* Three returns to one place at even distances: the fourth is one more, whatever lies between. */
START_TEST(test_recursion)
{
    enum { GAP = 0x400, STACK64 = 0x20000 };
    const uint64_t value = FAKE_IMAGE + 0x2345;
    struct fake_process *p = fake_new(&avd_cpu_amd64);
    struct avd_frame frames[4];
    struct avd_frame caller;
    enum avd_walk_end end = AVD_END_NONE;
    unsigned i;

    fake_module(p, FAKE_IMAGE, 0x10000)->sections_known = false;
    fake_map(p, STACK64, 0x2000);
    memset(frames, 0, sizeof frames);
    for (i = 1; i < 4; i++) {
        frames[i].pc = value;
        frames[i].sp = STACK64 + GAP * i;
        frames[i].method = AVD_METHOD_SCAN;
        frames[i].trust = AVD_TRUST_SCAN;
        frames[i].percent = 90 + i;
    }
    fake_u64(p, STACK64 + GAP * 4 - 8, value);
    memset(&caller, 0, sizeof caller);
    ck_assert_int_eq(avd_step_scan(&p->walk, &frames[3], 3, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, value);
    ck_assert_uint_eq(caller.sp, STACK64 + GAP * 4);
    ck_assert_uint_eq(caller.percent, 93);
    ck_assert_uint_eq(caller.regs.known, 1u << AVD_RIP | 1u << AVD_RSP);
    memset(&caller, 0, sizeof caller);
    frames[1].sp += 16; /* not even */
    ck_assert_int_eq(avd_step_scan(&p->walk, &frames[3], 3, &caller, &end), AVD_STEP_NO_INFO);
    frames[1].sp -= 16;
    fake_u64(p, STACK64 + GAP * 4 - 8, value + 1); /* its caller */
    ck_assert_int_eq(avd_step_scan(&p->walk, &frames[3], 3, &caller, &end), AVD_STEP_NO_INFO);
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

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_finds);
    tcase_add_test(tests, test_distance);
    tcase_add_test(tests, test_frame_pointer);
    tcase_add_test(tests, test_bounds);
    tcase_add_test(tests, test_without_code_bytes);
    tcase_add_test(tests, test_handler_chain);
    tcase_add_test(tests, test_call_target);
    tcase_add_test(tests, test_frame_pointer_of_target);
    tcase_add_test(tests, test_thread_start);
    tcase_add_test(tests, test_refused_places);
    tcase_add_test(tests, test_too_many_guesses);
    tcase_add_test(tests, test_recursion);
    tcase_add_test(tests, test_windows_x64);
}

int main(void)
{
    return suite_main("scan", add_tests);
}
