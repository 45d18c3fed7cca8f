/* SPDX-License-Identifier: MIT */
/* src/stack/thread_start.c: the frames every thread of Windows begins with. */
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>

#define KERNEL32 UINT64_C(0x7ff800000000)
#define NTDLL    UINT64_C(0x7ff900000000)
#define TOP      (FAKE_STACK + 0x2000)
#define INNER    (TOP - 0x78) /* slots */
#define OUTER    (TOP - 0x48)

static struct fake_process *process(void)
{
    struct fake_process *p = fake_new_x64();

    p->modules[0].pdata_state = -1;
    fake_module(p, KERNEL32, 0x10000)->role = AVD_ROLE_KERNEL32;
    fake_module(p, NTDLL, 0x10000)->role = AVD_ROLE_NTDLL;
    p->walk.stack_low = FAKE_STACK;
    p->walk.stack_high = TOP;
    fake_u64(p, INNER, KERNEL32 + 0x1234);
    fake_u64(p, OUTER, NTDLL + 0x1432);
    return p;
}

START_TEST(test_find)
{
    struct fake_process *p = process();
    struct avd_frame start[2];

    ck_assert(avd_walk_find_thread_start(&p->walk, FAKE_STACK, start));
    ck_assert_uint_eq(start[0].pc, KERNEL32 + 0x1234);
    ck_assert_uint_eq(start[0].sp, INNER + 8);
    ck_assert_uint_eq(start[0].return_address, NTDLL + 0x1432);
    ck_assert(start[0].frames_missing);
    ck_assert_uint_eq(start[1].sp, OUTER + 8);
    ck_assert(!start[1].frames_missing);
    /* The pair nearest to the base is the one: a lower one was left behind. */
    fake_u64(p, INNER - 0x100, KERNEL32 + 0x2222);
    fake_u64(p, OUTER - 0x100, NTDLL + 0x2333);
    ck_assert(avd_walk_find_thread_start(&p->walk, FAKE_STACK, start));
    ck_assert_uint_eq(start[0].sp, INNER + 8);
    ck_assert(avd_walk_find_thread_start(&p->walk, INNER, start));
    ck_assert(!avd_walk_find_thread_start(&p->walk, INNER + 1, start));
    ck_assert(!avd_walk_find_thread_start(&p->walk, TOP, start));
    fake_free(p);
}
END_TEST

/* A small dump holds a stack from its stack pointer up, which may point to a return address. */
START_TEST(test_short_stack)
{
    struct fake_process *p = process();
    uint64_t low = TOP + 0x10000 - 0x108;
    struct avd_frame start[2];

    fake_map(p, low, 0x108);
    fake_u64(p, low + 0x108 - 0x78, KERNEL32 + 0x1234);
    fake_u64(p, low + 0x108 - 0x48, NTDLL + 0x1432);
    p->walk.stack_low = low;
    p->walk.stack_high = low + 0x108;
    ck_assert(avd_walk_find_thread_start(&p->walk, low, start));
    ck_assert_uint_eq(start[0].pc, KERNEL32 + 0x1234);
    ck_assert_uint_eq(start[1].pc, NTDLL + 0x1432);
    ck_assert(avd_walk_find_thread_start(&p->walk, start[0].sp - 8, start));
    ck_assert_uint_eq(start[0].sp, low + 0x108 - 0x70);
    fake_free(p);
}
END_TEST

START_TEST(test_refused)
{
    struct fake_process *p = process();
    struct avd_frame start[2];

    p->walk.windows = false;
    ck_assert(!avd_walk_find_thread_start(&p->walk, FAKE_STACK, start));
    p->walk.windows = true;
    p->modules[2].role = AVD_ROLE_OTHER;
    ck_assert(!avd_walk_find_thread_start(&p->walk, FAKE_STACK, start));
    p->modules[2].role = AVD_ROLE_NTDLL;
    fake_u64(p, OUTER, NTDLL + 0x5432); /* data */
    ck_assert(!avd_walk_find_thread_start(&p->walk, FAKE_STACK, start));
    fake_u64(p, OUTER, NTDLL + 0x1432);
    fake_map(p, NTDLL + 0x1400, 0x100); /* code, and no call */
    ck_assert(!avd_walk_find_thread_start(&p->walk, FAKE_STACK, start));
    fake_call_before(p, NTDLL + 0x1432);
    ck_assert(avd_walk_find_thread_start(&p->walk, FAKE_STACK, start));
    p->env.module_role = NULL;
    ck_assert(!avd_walk_find_thread_start(&p->walk, FAKE_STACK, start));
    fake_free(p);
}
END_TEST

/* Behind a walk that came to no end, with a gap; not behind the context alone. */
START_TEST(test_added)
{
    struct fake_process *p = process();
    const struct avd_stack *stack;

    fake_bytes(p, FAKE_IMAGE + 0x1500, "\x48\x83\xc4\x28\xc3", 5);
    fake_u64(p, TOP - 0x800 + 0x28, FAKE_RETURN);
    stack = fake_walk(p, FAKE_IMAGE + 0x1500, TOP - 0x800, NULL);
    ck_assert_uint_eq(stack->count, 4);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[1].return_address, 0);
    ck_assert(stack->frames[2].frames_missing);
    ck_assert_uint_eq(stack->frames[3].pc, NTDLL + 0x1432);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail,
                     "the unwind table of the module at 0x140000000, needed for 0x140002040, is "
                     "not to be had; scanning 160 words from 0x11830 found no return address; the "
                     "last two frames are where every thread starts, found at the stack's base");
    fake_u64(p, TOP - 0x800 + 0x28, 0);
    fake_bytes(p, FAKE_IMAGE + 0x1500, "\xcc\xcc", 2);
    ck_assert_uint_eq(fake_walk(p, FAKE_IMAGE + 0x1500, TOP - 0x800, NULL)->count, 1);
    fake_free(p);
}
END_TEST

START_TEST(test_at_thread_start)
{
    struct fake_process *p = process();
    struct avd_frame frames[2];

    ck_assert(avd_walk_find_thread_start(&p->walk, FAKE_STACK, frames));
    ck_assert(avd_walk_at_thread_start(&p->walk, &frames[1]));
    ck_assert(avd_walk_starts_thread(&p->walk, INNER + 8));
    ck_assert(avd_walk_starts_thread(&p->walk, OUTER + 8));
    ck_assert(!avd_walk_starts_thread(&p->walk, OUTER + 16));
    p->walk.stack_high += AVD_NEAR_STACK_BASE;
    ck_assert(!avd_walk_at_thread_start(&p->walk, &frames[1]));
    ck_assert(!avd_walk_starts_thread(&p->walk, OUTER + 8));
    p->walk.stack_high = TOP;
    frames[0].pc = FAKE_RETURN; /* ntdll called the program: a callback */
    ck_assert(!avd_walk_at_thread_start(&p->walk, &frames[1]));
    fake_free(p);
}
END_TEST

/* 32-bit: the program's function at CALLEE_SP, the frame of the thread's start above it. */
#define KERNEL32_X86 0x75000000u
#define NTDLL_X86    0x77000000u
#define STACK_X86    UINT64_C(0x10000)
#define CALLEE_SP    (STACK_X86 + 0x1f00)
#define START_EBP    (STACK_X86 + 0x1f40)
#define THUNK        (KERNEL32_X86 + 0x1230)

static struct fake_process *x86_process(void)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, 0x400000, 0x10000);
    fake_module(p, KERNEL32_X86, 0x10000)->role = AVD_ROLE_KERNEL32;
    fake_module(p, NTDLL_X86, 0x10000)->role = AVD_ROLE_NTDLL;
    fake_map(p, STACK_X86, 0x2000);
    fake_map(p, KERNEL32_X86 + 0x1000, 0x1000);
    fake_call_before(p, THUNK);
    fake_call_before(p, THUNK + 0x100);
    p->walk.stack_low = STACK_X86;
    p->walk.stack_high = STACK_X86 + 0x2000;
    fake_u32(p, CALLEE_SP + 0xc, THUNK);
    fake_u32(p, START_EBP, START_EBP + 0x40); /* whose own saved one is 0 */
    return p;
}

static bool find_skipped(struct fake_process *p, uint64_t callee_pc, struct avd_frame *out)
{
    struct avd_frame callee = {.pc = callee_pc, .sp = CALLEE_SP};
    struct avd_frame caller = {.pc = NTDLL_X86 + 0x1430, .sp = CALLEE_SP + 0x28};

    avd_reg_set(&callee.regs, AVD_EBP, CALLEE_SP + 0x20);
    avd_reg_set(&caller.regs, AVD_EBP, START_EBP);
    return avd_walk_skipped_thread_start(&p->walk, &callee, &caller, out);
}

START_TEST(test_skipped)
{
    struct fake_process *p = x86_process();
    struct avd_frame out;

    ck_assert(find_skipped(p, 0x401200, &out));
    ck_assert_uint_eq(out.pc, THUNK);
    ck_assert_uint_eq(out.sp, CALLEE_SP + 0x10);
    ck_assert_uint_eq(out.regs.value[AVD_EBP], CALLEE_SP + 0x20);
    ck_assert_int_eq(out.trust, AVD_TRUST_SCAN);
    ck_assert_int_eq(out.evidence, AVD_EVIDENCE_CALL);
    ck_assert(!find_skipped(p, NTDLL_X86 + 0x1200, &out)); /* a callback of ntdll's own */
    ck_assert(!find_skipped(p, THUNK, &out));              /* nothing is skipped */
    /* Two of them: one was left behind. */
    fake_u32(p, CALLEE_SP + 0x14, THUNK + 0x100);
    ck_assert(!find_skipped(p, 0x401200, &out));
    fake_u32(p, CALLEE_SP + 0x14, THUNK + 0x101); /* no return address of a call */
    ck_assert(find_skipped(p, 0x401200, &out));
    /* The thread goes on above: it is an exception handler's caller, or a thread pool's. */
    fake_u32(p, START_EBP + 0x40, START_EBP + 0x80);
    ck_assert(!find_skipped(p, 0x401200, &out));
    fake_u32(p, START_EBP + 0x40, 0);
    fake_u32(p, CALLEE_SP + 0xc, 0);
    ck_assert(!find_skipped(p, 0x401200, &out));
    fake_u32(p, CALLEE_SP + 0xc, THUNK);
    p->walk.stack_high += AVD_NEAR_STACK_BASE;
    ck_assert(!find_skipped(p, 0x401200, &out));
    p->walk.stack_high = 0;
    ck_assert(!find_skipped(p, 0x401200, &out));
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_find);
    tcase_add_test(tests, test_short_stack);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_skipped);
    tcase_add_test(tests, test_added);
    tcase_add_test(tests, test_at_thread_start);
}

int main(void)
{
    return suite_main("thread_start", add_tests);
}
