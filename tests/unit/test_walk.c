/* SPDX-License-Identifier: MIT */
/* src/stack/walk.c: the loop, with methods made for the test. */
#include "base/limits.h"
#include "base/memory.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

/* What the fake method answers: frame n of the list is the caller of frame n. */
struct answer {
    uint64_t pc, sp;
    bool exact;
    enum avd_step_result result;
    enum avd_walk_end end;
    enum avd_trust trust;
    enum avd_evidence evidence;
    enum avd_method method; /* 0: what the method says by itself */
};

static const struct answer *answers;
static const struct answer *second_answers;
static size_t work;      /* that each such frame takes */
static uint64_t grow_by; /* when not 0: every frame has the same pc and an sp that grows so */

static enum avd_step_result answer(const struct answer *list, struct avd_walk *walk, size_t index,
                                   struct avd_frame *caller, enum avd_walk_end *end)
{
    if (list == NULL)
        return AVD_STEP_NO_INFO;
    caller->pc = list[index].pc;
    caller->sp = list[index].sp;
    caller->exact = list[index].exact;
    caller->method = AVD_METHOD_UNWIND_INFO;
    if (list[index].method != AVD_METHOD_NONE)
        caller->method = list[index].method;
    caller->trust = list[index].trust;
    caller->evidence = list[index].evidence;
    if (list[index].result != AVD_STEP_OK)
        avd_walk_say(walk, end, list[index].end, "said by the method");
    return list[index].result;
}

static enum avd_step_result first(struct avd_walk *walk, const struct avd_frame *callee,
                                  size_t callee_index, struct avd_frame *caller,
                                  enum avd_walk_end *end)
{
    if (grow_by != 0) {
        caller->pc = callee->pc;
        caller->sp = callee->sp + grow_by;
        caller->method = AVD_METHOD_UNWIND_INFO;
        avd_walk_exert(walk, work);
        return AVD_STEP_OK;
    }
    return answer(answers, walk, callee_index, caller, end);
}

static enum avd_step_result second(struct avd_walk *walk, const struct avd_frame *callee,
                                   size_t callee_index, struct avd_frame *caller,
                                   enum avd_walk_end *end)
{
    enum avd_step_result result = answer(second_answers, walk, callee_index, caller, end);

    (void)callee;
    caller->method = AVD_METHOD_SCAN;
    return result;
}

static const struct avd_step_method methods[] = {{"first", first}, {"second", second}};
static const char *const names[AVD_REG_COUNT] = {"r0"};
static const struct avd_cpu_ops cpu = {"fake",  8, UINT64_C(0x7fffffffffff), NULL, names, 1,
                                       methods, 2};

#define CODE UINT64_C(0x401000)
#define SP   UINT64_C(0x10100)

static struct fake_process *process(const struct answer *list, const struct answer *others)
{
    struct fake_process *p = fake_new(&cpu);

    fake_module(p, 0x400000, 0x10000);
    fake_map(p, 0x10000, 0x1000);
    answers = list;
    second_answers = others;
    grow_by = 0;
    work = 0;
    return p;
}

START_TEST(test_frames)
{
    static const struct answer list[] = {{CODE + 1, SP + 8}, {CODE + 2, SP + 16}, {0, SP + 24}};
    struct fake_process *p = process(list, NULL);
    struct avd_regs regs = {{7}, 1};
    const struct avd_stack *stack = fake_walk(p, CODE, SP, &regs);

    ck_assert_uint_eq(stack->count, 3);
    ck_assert_uint_eq(stack->frames[0].pc, CODE);
    ck_assert_uint_eq(stack->frames[0].sp, SP);
    ck_assert_uint_eq(stack->frames[0].regs.value[0], 7);
    ck_assert_int_eq(stack->frames[0].trust, AVD_TRUST_CONTEXT);
    ck_assert_int_eq(stack->frames[0].method, AVD_METHOD_CONTEXT);
    ck_assert(stack->frames[0].exact);
    ck_assert_uint_eq(stack->frames[0].return_address, CODE + 1);
    ck_assert_uint_eq(stack->frames[1].return_address, CODE + 2);
    ck_assert_uint_eq(stack->frames[2].return_address, 0);
    ck_assert(!stack->frames[2].exact);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    ck_assert_str_eq(stack->end_detail, "the return address at 0x10110 is 0");
    fake_free(p);
}
END_TEST

START_TEST(test_start)
{
    struct fake_process *p = process(NULL, NULL);
    struct avd_regs regs = {{0}, 0};
    const struct avd_stack *stack = &p->stack;

    ck_assert(avd_walk_stack(&p->walk, &regs, &p->stack));
    ck_assert_uint_eq(stack->count, 0);
    ck_assert_int_eq(stack->end, AVD_END_NO_CONTEXT);
    ck_assert_str_eq(stack->end_detail, "the context does not hold the instruction pointer");
    avd_reg_set(&regs, AVD_RIP, CODE);
    ck_assert(avd_walk_stack(&p->walk, &regs, &p->stack));
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_NO_CONTEXT);
    ck_assert_str_eq(stack->end_detail, "the context does not hold the stack pointer");
    /* Nobody knows anything. */
    fake_walk(p, CODE, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail, "nothing says how to go on from 0x401000");
    /* Frame 0 is there even when its pc is 0. */
    fake_walk(p, 0, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_uint_eq(stack->frames[0].pc, 0);
    fake_free(p);
}
END_TEST

START_TEST(test_stack_pointer)
{
    static const struct {
        struct answer answer;
        const char *detail;
    } cases[] = {
        {{CODE, SP}, "unwind_info gives the stack pointer 0x10100, which is not above 0x10100"},
        {{CODE, SP - 8}, "unwind_info gives the stack pointer 0x100f8, which is not above 0x10100"},
        {{0, SP}, "unwind_info gives the stack pointer 0x10100, which is not above 0x10100"},
        {{CODE, SP, true},
         "unwind_info gives the stack pointer 0x10100, which is not above 0x10100"},
        {{CODE, SP + 3}, "unwind_info gives the stack pointer 0x10103, which is not aligned"},
        {{CODE, 0x10808},
         "unwind_info gives the stack pointer 0x10808, which is above the stack's base 0x10800"},
        {{CODE, UINT64_MAX - 7},
         "unwind_info gives the stack pointer 0xfffffffffffffff8, which "
         "is above the stack's base 0x10800"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = process(&cases[i].answer, NULL);
        const struct avd_stack *stack;

        p->walk.stack_low = 0x10000;
        p->walk.stack_high = 0x10800;
        stack = fake_walk(p, CODE, SP, NULL);
        ck_assert_uint_eq(stack->count, 1);
        ck_assert_int_eq(stack->end, AVD_END_STACK_POINTER);
        ck_assert_str_eq(stack->end_detail, cases[i].detail);
        ck_assert_uint_eq(stack->frames[0].return_address, 0);
        fake_free(p);
    }
}
END_TEST

/* An answer that does not hold does not keep the next method from being asked. */
START_TEST(test_next_method)
{
    static const struct answer bad[] = {{0x20000000, SP + 8}, {CODE + 2, SP}, {0x500, SP + 64}};
    static const struct answer good[] = {
        {CODE + 1, SP + 16}, {CODE + 2, SP + 32}, {0x600, SP + 72}};
    struct fake_process *p = process(bad, good);
    const struct avd_stack *stack = fake_walk(p, CODE, SP, NULL);

    ck_assert_uint_eq(stack->count, 3);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_SCAN);
    ck_assert_uint_eq(stack->frames[1].pc, CODE + 1);
    ck_assert_uint_eq(stack->frames[2].sp, SP + 32);
    ck_assert_int_eq(stack->end, AVD_END_NOT_CODE);
    ck_assert_str_eq(stack->end_detail,
                     "the return address 0x500 at 0x10138 (unwind_info) is no code; the return "
                     "address 0x600 at 0x10140 (scan) is no code");
    fake_free(p);
}
END_TEST

START_TEST(test_said_by_methods)
{
    static const struct answer failed[] = {{0, 0, false, AVD_STEP_FAILED, AVD_END_UNSUPPORTED_CPU}};
    static const struct answer ended[] = {{0, 0, false, AVD_STEP_END, AVD_END_COMPLETE}};
    static const struct answer weak[] = {{0, 0, false, AVD_STEP_NO_INFO, AVD_END_NO_UNWIND_INFO}};
    static const struct answer strong[] = {{0, 0, false, AVD_STEP_NO_INFO, AVD_END_NO_MEMORY}};
    static const struct answer code[] = {{CODE + 1, SP + 8}};
    struct fake_process *p = process(failed, code);

    ck_assert_int_eq(fake_walk(p, CODE, SP, NULL)->end, AVD_END_UNSUPPORTED_CPU);
    ck_assert_str_eq(p->stack.end_detail, "said by the method");
    ck_assert_uint_eq(p->stack.count, 1);
    answers = ended;
    ck_assert_int_eq(fake_walk(p, CODE, SP, NULL)->end, AVD_END_COMPLETE);
    answers = weak;
    second_answers = strong;
    ck_assert_int_eq(fake_walk(p, CODE, SP, NULL)->end, AVD_END_NO_MEMORY);
    ck_assert_str_eq(p->stack.end_detail, "said by the method; said by the method");
    answers = strong;
    second_answers = weak;
    ck_assert_int_eq(fake_walk(p, CODE, SP, NULL)->end, AVD_END_NO_MEMORY);
    fake_free(p);
}
END_TEST

START_TEST(test_limit)
{
    struct fake_process *p = process(NULL, NULL);
    const struct avd_stack *stack;

    grow_by = 8;
    stack = fake_walk(p, CODE + 1, SP, NULL);
    ck_assert_uint_eq(stack->count, AVD_MAX_FRAMES);
    ck_assert_int_eq(stack->end, AVD_END_LIMIT);
    p->walk.max_frames = 3;
    stack = fake_walk(p, CODE + 1, SP, NULL);
    ck_assert_uint_eq(stack->count, 3);
    ck_assert_int_eq(stack->end, AVD_END_LIMIT);
    ck_assert_str_eq(stack->end_detail,
                     "the ceiling of 3 frames is reached; the next would be at 0x401001");
    p->walk.max_frames = 4000000000u;
    stack = fake_walk(p, CODE + 1, SP, NULL);
    ck_assert_uint_eq(stack->count, AVD_MAX_FRAMES_CEILING);
    ck_assert_int_eq(stack->end, AVD_END_LIMIT);
    fake_free(p);
}
END_TEST

/* What all walks may do ends in the middle of one, and the next does not begin a step. */
START_TEST(test_effort)
{
    struct fake_process *p = process(NULL, NULL);
    size_t effort = 5;

    grow_by = 8;
    p->walk.effort = &effort;
    work = 2;
    ck_assert_uint_eq(fake_walk(p, CODE + 1, SP, NULL)->count, 4);
    ck_assert_int_eq(p->stack.end, AVD_END_LIMIT);
    ck_assert_str_eq(p->stack.end_detail,
                     "the ceiling on the work for all stacks of a dump of this size is reached");
    ck_assert_uint_eq(effort, 0);
    ck_assert_uint_eq(fake_walk(p, CODE + 1, SP, NULL)->count, 1);
    ck_assert_int_eq(p->stack.end, AVD_END_LIMIT);
    fake_free(p);
}
END_TEST

/* A stack that just fits is complete, not cut. */
START_TEST(test_limit_exact)
{
    static const struct answer list[] = {{CODE + 1, SP + 8}, {0, SP + 16}};
    struct fake_process *p = process(list, NULL);

    p->walk.max_frames = 2;
    ck_assert_int_eq(fake_walk(p, CODE, SP, NULL)->end, AVD_END_COMPLETE);
    ck_assert_uint_eq(p->stack.count, 2);
    p->walk.max_frames = 1;
    ck_assert_int_eq(fake_walk(p, CODE, SP, NULL)->end, AVD_END_LIMIT);
    ck_assert_uint_eq(p->stack.count, 1);
    ck_assert_uint_eq(p->stack.frames[0].return_address, CODE + 1);
    fake_free(p);
}
END_TEST

START_TEST(test_bounds)
{
    static const struct answer to_base[] = {{CODE + 1, 0x10800}, {CODE + 2, 0x10900}};
    static const struct answer zero[] = {{0, 0x107f0}};
    static const struct answer beyond[] = {{CODE + 1, 0x20000}, {0, 0x20008}};
    struct fake_process *p = process(to_base, NULL);
    const struct avd_stack *stack = &p->stack;

    p->walk.stack_low = 0x10000;
    p->walk.stack_high = 0x10800;
    fake_walk(p, CODE, SP, NULL);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    ck_assert_str_eq(stack->end_detail, "the stack's base 0x10800 is reached");

    answers = zero;
    fake_walk(p, CODE, SP, NULL);
    ck_assert_str_eq(stack->end_detail, "the return address at 0x107e8 is 0; that is 0x18 bytes "
                                        "below the stack's base 0x10800");

    /* A stack that starts outside: the bounds cannot be its own. */
    answers = beyond;
    fake_walk(p, CODE, 0x18000, NULL);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    ck_assert_str_eq(stack->end_detail,
                     "the return address at 0x20000 is 0; the bounds 0x10000-0x10800 of the stack "
                     "were ignored because it starts outside them, at 0x18000");
    ck_assert_uint_eq(p->walk.stack_low, 0x10000);
    ck_assert_uint_eq(p->walk.stack_high, 0x10800);
    fake_free(p);
}
END_TEST

/* What was interrupted is a frame, whether its pc is code or not. */
START_TEST(test_exact_frames)
{
    static const struct answer list[] = {
        {0, SP + 8, true}, {0x41414141, SP + 16, true}, {0x41414141, SP + 24, false}};
    struct fake_process *p = process(list, NULL);
    const struct avd_stack *stack = fake_walk(p, CODE, SP, NULL);

    ck_assert_uint_eq(stack->count, 3);
    ck_assert(stack->frames[1].exact);
    ck_assert_uint_eq(stack->frames[1].pc, 0);
    ck_assert_uint_eq(stack->frames[2].pc, 0x41414141);
    ck_assert_int_eq(stack->end, AVD_END_NOT_CODE);
    fake_free(p);
}
END_TEST

START_TEST(test_long_detail)
{
    struct fake_process *p = process(NULL, NULL);
    enum avd_walk_end end = AVD_END_NONE;
    unsigned i;

    p->walk.detail[0] = '\0';
    for (i = 0; i < 100; i++)
        avd_walk_say(&p->walk, &end, AVD_END_NO_MEMORY, "part %u", i);
    ck_assert_uint_lt(strlen(p->walk.detail), sizeof p->walk.detail);
    ck_assert_int_eq(strncmp(p->walk.detail, "part 0; part 1; part 2", 22), 0);
    fake_free(p);
}
END_TEST

START_TEST(test_return)
{
    struct fake_process *p = process(NULL, NULL);
    struct avd_regs regs = {{0}, 0};
    struct avd_frame caller;
    enum avd_walk_end end = AVD_END_NONE;
    uint64_t value = 1;

    memset(&caller, 0, sizeof caller);
    avd_reg_set(&regs, 0, 5); /* volatile in this CPU */
    avd_reg_set(&regs, 3, 6);
    fake_u64(p, SP, 0x1122334455667788);
    ck_assert(avd_walk_return(&p->walk, &regs, SP, &caller, &end));
    ck_assert_uint_eq(caller.pc, 0x1122334455667788);
    ck_assert_uint_eq(caller.sp, SP + 8);
    ck_assert_uint_eq(caller.regs.known, 1u << 3 | 1u << AVD_RIP | 1u << AVD_RSP);
    ck_assert_uint_eq(caller.regs.value[AVD_RSP], SP + 8);
    p->walk.detail[0] = '\0';
    ck_assert(!avd_walk_return(&p->walk, &regs, 0x10ffc, &caller, &end));
    ck_assert_int_eq(end, AVD_END_NO_MEMORY);
    ck_assert_str_eq(p->walk.detail, "the return address at 0x10ffc is not in the dump");
    ck_assert(!avd_walk_pointer(&p->walk, UINT64_MAX - 3, &value));
    ck_assert_uint_eq(value, 0);
    fake_free(p);
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;

    for (n = 1; n < 40; n++) {
        struct fake_process *p = process(NULL, NULL);
        struct avd_regs regs = {{0}, 0};
        bool ok;

        grow_by = 8;
        avd_reg_set(&regs, AVD_RIP, CODE + 1);
        avd_reg_set(&regs, AVD_RSP, SP);
        avd_mem_fail_after(n);
        ok = avd_walk_stack(&p->walk, &regs, &p->stack);
        avd_mem_fail_after(0);
        ck_assert_ptr_nonnull(p->stack.end_detail);
        if (!ok)
            ck_assert_str_eq(p->stack.end_detail, "out of memory");
        else
            ck_assert_uint_eq(p->stack.count, AVD_MAX_FRAMES);
        fake_free(p);
        if (ok)
            break;
    }
    ck_assert_uint_gt(n, 3);
    ck_assert_uint_lt(n, 40);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

/* One answer of a method: a frame at CODE + n * 0x10, its sp at SP + n * 0x40. */
#define FRAME(n, method, trust, evidence)                                                          \
    {CODE + 0x10 * (n), SP + 0x40 * (n), false, AVD_STEP_OK, AVD_END_NONE, trust, evidence, method}
#define SCANNED(n, evidence) FRAME(n, AVD_METHOD_SCAN, AVD_TRUST_SCAN, AVD_EVIDENCE_##evidence)
#define UNWOUND(n)           FRAME(n, AVD_METHOD_UNWIND_INFO, AVD_TRUST_CFI, AVD_EVIDENCE_NONE)

#define CHAINED(n) FRAME(n, AVD_METHOD_FRAME_POINTER, AVD_TRUST_FRAME_POINTER, AVD_EVIDENCE_CALL)
#define RETURNS_TO_0(n)                                                                            \
    {0, SP + 0x40 * (n), false, AVD_STEP_OK, AVD_END_NONE, AVD_TRUST_CFI, AVD_EVIDENCE_NONE, 0}

static const enum avd_trust *trusts(const struct avd_stack *stack)
{
    static enum avd_trust list[8];
    size_t i;

    for (i = 0; i < stack->count && i < 8; i++)
        list[i] = stack->frames[i].trust;
    return list;
}

/* What was found from a guessed frame is no better than the guess. */
START_TEST(test_doubt)
{
    static const struct answer list[] = {
        SCANNED(1, CALL), UNWOUND(2), CHAINED(3), UNWOUND(4), {.result = AVD_STEP_NO_INFO}};
    static const struct answer proved[] = {
        SCANNED(1, TARGET), UNWOUND(2), {.result = AVD_STEP_NO_INFO}};
    static const struct answer recovered[] = {
        SCANNED(1, CALL),
        UNWOUND(2),
        FRAME(3, AVD_METHOD_MACHINE_FRAME, AVD_TRUST_CONTEXT, AVD_EVIDENCE_NONE),
        UNWOUND(4),
        {.result = AVD_STEP_NO_INFO}};
    static const struct answer called[] = {
        SCANNED(1, CALL),
        FRAME(2, AVD_METHOD_FRAME_POINTER, AVD_TRUST_FRAME_POINTER, AVD_EVIDENCE_TARGET),
        CHAINED(3),
        {.result = AVD_STEP_NO_INFO}};
    struct fake_process *p = process(list, NULL);
    const enum avd_trust *found = trusts(fake_walk(p, CODE, SP, NULL));

    ck_assert_uint_eq(p->stack.count, 5);
    ck_assert_int_eq(found[1], AVD_TRUST_SCAN);
    ck_assert_int_eq(found[2], AVD_TRUST_CFI_SCAN);
    ck_assert_int_eq(found[3], AVD_TRUST_CFI_SCAN);
    ck_assert_int_eq(found[4], AVD_TRUST_CFI_SCAN);
    answers = proved;
    found = trusts(fake_walk(p, CODE, SP, NULL));
    ck_assert_int_eq(found[2], AVD_TRUST_CFI);
    answers = recovered;
    found = trusts(fake_walk(p, CODE, SP, NULL));
    ck_assert_int_eq(found[2], AVD_TRUST_CFI_SCAN);
    ck_assert_int_eq(found[3], AVD_TRUST_CONTEXT);
    ck_assert_int_eq(found[4], AVD_TRUST_CFI);
    answers = called;
    found = trusts(fake_walk(p, CODE, SP, NULL));
    ck_assert_int_eq(found[2], AVD_TRUST_FRAME_POINTER);
    ck_assert_int_eq(found[3], AVD_TRUST_FRAME_POINTER);
    fake_free(p);
}
END_TEST

/* So is what was found from a return address that someone else searched for. */
START_TEST(test_found_start)
{
    static const struct answer list[] = {UNWOUND(1), {.result = AVD_STEP_NO_INFO}};
    struct fake_process *p = process(list, NULL);
    const struct avd_stack *stack;

    p->walk.start_found = true;
    stack = fake_walk(p, CODE, SP, NULL);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->frames[0].trust, AVD_TRUST_SCAN);
    ck_assert_int_eq(stack->frames[0].method, AVD_METHOD_SCAN);
    ck_assert_int_eq(stack->frames[0].evidence, AVD_EVIDENCE_CALL);
    ck_assert(!stack->frames[0].exact);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CFI_SCAN);
    fake_free(p);
}
END_TEST

/* A chain that ends where threads start was the right one, from the last guess on. */
START_TEST(test_confirmed)
{
    static const struct answer list[] = {SCANNED(1, CALL), UNWOUND(2), SCANNED(3, CALL),
                                         CHAINED(4),       UNWOUND(5), RETURNS_TO_0(6)};
    static const struct answer guessed[] = {SCANNED(3, WEAK), CHAINED(4), UNWOUND(5),
                                            RETURNS_TO_0(6)};
    struct fake_process *p = process(list, NULL);
    const enum avd_trust *found = trusts(fake_walk(p, CODE, SP, NULL));

    ck_assert_int_eq(p->stack.end, AVD_END_COMPLETE);
    ck_assert_int_eq(found[4], AVD_TRUST_CFI_SCAN); /* nothing says where the stack's base is */
    p->walk.stack_low = 0x10000;
    p->walk.stack_high = SP + 0x40 * 5 + AVD_NEAR_STACK_BASE;
    found = trusts(fake_walk(p, CODE, SP, NULL));
    ck_assert_uint_eq(p->stack.count, 6);
    ck_assert_int_eq(found[1], AVD_TRUST_SCAN);
    ck_assert_int_eq(found[2], AVD_TRUST_CFI_SCAN);
    ck_assert_int_eq(found[3], AVD_TRUST_SCAN);
    ck_assert_int_eq(found[4], AVD_TRUST_FRAME_POINTER);
    ck_assert_int_eq(found[5], AVD_TRUST_CFI);
    /* What earlier calls left behind leads into the chain, too: mere guesses are not confirmed. */
    answers = guessed;
    found = trusts(fake_walk(p, CODE, SP, NULL));
    ck_assert_int_eq(p->stack.end, AVD_END_COMPLETE);
    ck_assert_int_eq(found[2], AVD_TRUST_CFI_SCAN);
    ck_assert_int_eq(found[3], AVD_TRUST_CFI_SCAN);
    answers = list;
    p->walk.stack_high += 8; /* too far from the base for a thread's start */
    found = trusts(fake_walk(p, CODE, SP, NULL));
    ck_assert_int_eq(found[5], AVD_TRUST_CFI_SCAN);
    fake_free(p);
}
END_TEST

/* Guesses at the end are taken off, unless the stack is complete. */
START_TEST(test_guesses)
{
    static const struct answer list[] = {UNWOUND(1),       SCANNED(2, WEAK),
                                         SCANNED(3, CALL), SCANNED(4, WEAK),
                                         SCANNED(5, WEAK), {.result = AVD_STEP_NO_INFO}};
    static const struct answer complete[] = {SCANNED(1, WEAK), SCANNED(2, WEAK), RETURNS_TO_0(3)};
    struct fake_process *p = process(list, NULL);
    const struct avd_stack *stack = fake_walk(p, CODE, SP, NULL);

    ck_assert_uint_eq(stack->count, 4);
    ck_assert_uint_eq(stack->frames[3].return_address, 0);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail,
                     "0x401040 at 0x101f8 may be where 0x401030 returns to, but no unwind data and "
                     "no code says so; what follows would be guesses");
    answers = complete;
    ck_assert_uint_eq(fake_walk(p, CODE, SP, NULL)->count, 3);
    fake_free(p);
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(avd_evidence_name(AVD_EVIDENCE_WEAK), "place");
    ck_assert_str_eq(avd_evidence_name(AVD_EVIDENCE_CALL), "call");
    ck_assert_str_eq(avd_evidence_name(AVD_EVIDENCE_TARGET), "target");
    ck_assert_ptr_null(avd_evidence_name(AVD_EVIDENCE_NONE));
    ck_assert_str_eq(avd_method_name(AVD_METHOD_EPILOGUE), "epilogue");
    ck_assert_str_eq(avd_trust_name(AVD_TRUST_NONE), "non");
    ck_assert_str_eq(avd_trust_name(AVD_TRUST_SCAN), "scan");
    ck_assert_str_eq(avd_trust_name(AVD_TRUST_CFI_SCAN), "cfi_scan");
    ck_assert_str_eq(avd_trust_name(AVD_TRUST_FRAME_POINTER), "frame_pointer");
    ck_assert_str_eq(avd_trust_name(AVD_TRUST_CFI), "cfi");
    ck_assert_str_eq(avd_trust_name(AVD_TRUST_PREWALKED), "prewalked");
    ck_assert_str_eq(avd_trust_name(AVD_TRUST_CONTEXT), "context");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_NONE), "none");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_CONTEXT), "context");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_UNWIND_INFO), "unwind_info");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_LEAF), "leaf");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_MACHINE_FRAME), "machine_frame");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_FRAME_POINTER), "frame_pointer");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_SYSCALL_STUB), "syscall_stub");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_BAD_CALL), "bad_call");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_PROLOGUE), "prologue");
    ck_assert_str_eq(avd_method_name(AVD_METHOD_SCAN), "scan");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_NONE), "none");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_COMPLETE), "complete");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_NO_CONTEXT), "no_context");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_NO_MEMORY), "no_memory");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_NO_UNWIND_INFO), "no_unwind_info");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_BAD_UNWIND_INFO), "bad_unwind_info");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_NOT_CODE), "not_code");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_STACK_POINTER), "stack_pointer");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_LIMIT), "limit");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_32BIT_CODE), "32bit_code");
    ck_assert_str_eq(avd_walk_end_name(AVD_END_UNSUPPORTED_CPU), "unsupported_cpu");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_frames);
    tcase_add_test(tests, test_start);
    tcase_add_test(tests, test_stack_pointer);
    tcase_add_test(tests, test_next_method);
    tcase_add_test(tests, test_said_by_methods);
    tcase_add_test(tests, test_limit);
    tcase_add_test(tests, test_limit_exact);
    tcase_add_test(tests, test_effort);
    tcase_add_test(tests, test_bounds);
    tcase_add_test(tests, test_exact_frames);
    tcase_add_test(tests, test_long_detail);
    tcase_add_test(tests, test_return);
    tcase_add_test(tests, test_out_of_memory);
    tcase_add_test(tests, test_doubt);
    tcase_add_test(tests, test_found_start);
    tcase_add_test(tests, test_confirmed);
    tcase_add_test(tests, test_guesses);
    tcase_add_test(tests, test_names);
}

int main(void)
{
    return suite_main("walk", add_tests);
}
