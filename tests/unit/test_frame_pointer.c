/* SPDX-License-Identifier: MIT */
/* src/stack/frame_pointer.c: the chain of EBP or RBP and what breaks it. */
#include "support/fake_x86.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static const struct avd_stack *walk_chain(struct fake_process *p, uint64_t ebp)
{
    struct avd_regs regs = fake_regs_x86(ebp);

    p->walk.allow_scan = false;
    return fake_walk(p, PC, SP, &regs);
}

START_TEST(test_registers)
{
    struct fake_process *p = fake_new_x86();
    const struct avd_stack *stack;

    fake_u32(p, SP + 0x40, 0x10400);
    fake_u32(p, SP + 0x44, CALLER);
    stack = walk_chain(p, SP + 0x40);
    ck_assert_uint_ge(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x48);
    /* The function may have saved ebx anywhere: it is not known any more. */
    ck_assert_uint_eq(stack->frames[1].regs.known, 1u << AVD_EIP | 1u << AVD_ESP | 1u << AVD_EBP);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_EBP], 0x10400);
    fake_free(p);
}
END_TEST

START_TEST(test_broken)
{
    static const struct {
        uint64_t ebp;
        uint32_t saved, ret;
        enum avd_walk_end end;
        const char *detail;
    } cases[] = {
        {SP - 4, 0, 0, AVD_END_NO_UNWIND_INFO,
         "the frame pointer 0x100fc cannot be one for the stack pointer 0x10100"},
        {SP + 0x42, 0, 0, AVD_END_NO_UNWIND_INFO,
         "the frame pointer 0x10142 cannot be one for the stack pointer 0x10100"},
        {0x10801, 0, 0, AVD_END_NO_UNWIND_INFO,
         "the frame pointer 0x10801 cannot be one for the stack pointer 0x10100"},
        {0x10800, 0, 0, AVD_END_NO_UNWIND_INFO,
         "the frame pointer 0x10800 cannot be one for the stack pointer 0x10100"},
        {0x107f8, 0x107f8, CALLER, AVD_END_STACK_POINTER,
         "the chain of frame pointers does not grow: 0x107f8 at 0x107f8"},
        {SP + 0x40, SP + 0x3c, CALLER, AVD_END_STACK_POINTER,
         "the chain of frame pointers does not grow: 0x1013c at 0x10140"},
        {SP + 0x40, 0x10400, CALLER + 1, AVD_END_NOT_CODE,
         "0x402041 at 0x10144 (frame_pointer) is not the return address of a call"},
        {SP + 0x40, 0x10400, 0x10400, AVD_END_NOT_CODE,
         "0x10400 at 0x10144 (frame_pointer) is not the return address of a call"},
        /* zeros that a register other than a frame pointer happens to point at */
        {SP + 0x40, 0, 0, AVD_END_NOT_CODE,
         "0x0 at 0x10144 (frame_pointer) is not the return address of a call"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = fake_new_x86();
        const struct avd_stack *stack;

        p->walk.stack_low = 0x10000;
        p->walk.stack_high = 0x10800;
        if (cases[i].saved != 0)
            fake_u32(p, cases[i].ebp, cases[i].saved);
        if (cases[i].ret != 0)
            fake_u32(p, cases[i].ebp + 4, cases[i].ret);
        stack = walk_chain(p, cases[i].ebp);
        ck_assert_uint_eq(stack->count, 1);
        ck_assert_msg(stack->end == cases[i].end, "case %zu: %s", i, stack->end_detail);
        ck_assert_msg(strncmp(stack->end_detail, cases[i].detail, strlen(cases[i].detail)) == 0,
                      "case %zu: %s", i, stack->end_detail);
        fake_free(p);
    }
}
END_TEST

START_TEST(test_ends)
{
    struct fake_process *p = fake_new_x86();
    const struct avd_stack *stack;

    /* A saved frame pointer of 0, as the first function of a thread finds it. */
    fake_u32(p, SP + 0x40, 0);
    fake_u32(p, SP + 0x44, CALLER);
    stack = walk_chain(p, SP + 0x40);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    ck_assert_str_eq(stack->end_detail, "the chain of frame pointers ends with 0 above 0x10148");

    /* A return address of 0 under something else ends nothing. */
    fake_u32(p, SP + 0x40, SP + 0x80);
    fake_u32(p, SP + 0x80, 0x38);
    stack = walk_chain(p, SP + 0x40);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_ne(stack->end, AVD_END_COMPLETE);
    fake_u32(p, SP + 0x80, 0);
    ck_assert_int_eq(walk_chain(p, SP + 0x40)->end, AVD_END_COMPLETE);

    /* In the program's own code it is a register that holds 0. */
    fake_u32(p, SP + 0x40, 0);
    p->walk.stack_low = 0x10000;
    p->walk.stack_high = 0x10800;
    p->modules[0].role = AVD_ROLE_PROGRAM;
    ck_assert_int_ne(walk_chain(p, SP + 0x40)->end, AVD_END_COMPLETE);
    p->modules[0].role = AVD_ROLE_KERNEL32;
    ck_assert_int_eq(walk_chain(p, SP + 0x40)->end, AVD_END_COMPLETE);

    /* The same far below the base of the stack ends nothing. */
    fake_u32(p, SP + 0x40, 0);
    p->walk.stack_low = 0x10000;
    p->walk.stack_high = 0x20000;
    stack = walk_chain(p, SP + 0x40);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    fake_free(p);
}
END_TEST

START_TEST(test_not_in_dump)
{
    struct fake_process *p = fake_new_x86();
    const struct avd_stack *stack = walk_chain(p, 0x50000);

    ck_assert_int_eq(stack->end, AVD_END_NO_MEMORY);
    ck_assert_str_eq(stack->end_detail, "the frame at 0x50000 is not in the dump; scanning is "
                                        "switched off");
    stack = walk_chain(p, 0x11ffc);
    ck_assert_int_eq(stack->end, AVD_END_NO_MEMORY);
    ck_assert_str_eq(stack->end_detail,
                     "the return address at 0x12000 is not in the dump; scanning is switched off");
    fake_free(p);
}
END_TEST

/* x64: the chain counts on other systems, on Windows only where unwind data cannot exist. */
START_TEST(test_x64)
{
    unsigned form;

    for (form = 0; form < 4; form++) {
        struct fake_process *p = fake_new_x64();
        struct avd_regs regs = {{0}, 0};
        const struct avd_stack *stack;
        uint64_t pc = FAKE_IMAGE + 0x1500;

        p->walk.windows = form != 0;
        p->walk.allow_scan = false;
        p->modules[0].pdata_state = form == 3 ? -1 : 1;
        if (form == 0)
            p->modules[0].pdata_state = -1;
        p->jit_start = 0x20000000;
        p->jit_end = 0x20001000;
        if (form == 1 || form == 2)
            pc = 0x20000100;
        if (form == 2) /* no call before the return address is known */
            p->pieces[0].size = 0x1020;
        fake_u64(p, FAKE_STACK + 0x140, FAKE_STACK + 0x200);
        fake_u64(p, FAKE_STACK + 0x148, FAKE_RETURN);
        avd_reg_set(&regs, AVD_RBP, FAKE_STACK + 0x140);
        stack = fake_walk(p, pc, FAKE_STACK + 0x100, &regs);
        if (form <= 1) {
            ck_assert_uint_ge(stack->count, 2);
            ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_FRAME_POINTER);
            ck_assert_uint_eq(stack->frames[1].sp, FAKE_STACK + 0x150);
            ck_assert_uint_eq(stack->frames[1].regs.value[AVD_RBP], FAKE_STACK + 0x200);
            ck_assert_uint_eq(stack->frames[0].fp, 0);
        } else {
            ck_assert_uint_eq(stack->count, 1);
        }
        fake_free(p);
    }
}
END_TEST

#define MADE UINT64_C(0x20000000)

/* Code that a just-in-time compiler made calls a function of a module, and is called by one, in a
 * dump that does not say what memory is executable. */
START_TEST(test_made_code)
{
    struct fake_process *p = fake_new_x64();
    struct avd_regs regs = {{0}, 0};
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    fake_map(p, MADE, 0x1000);
    fake_call_before(p, MADE + 0x40);
    fake_call_before(p, MADE + 0x80);
    fake_u64(p, FAKE_STACK + 0x100, MADE + 0x40);
    fake_u64(p, FAKE_STACK + 0x140, FAKE_STACK + 0x200);
    fake_u64(p, FAKE_STACK + 0x148, MADE + 0x80);
    fake_u64(p, FAKE_STACK + 0x200, FAKE_STACK + 0x300);
    fake_u64(p, FAKE_STACK + 0x208, FAKE_RETURN);
    avd_reg_set(&regs, AVD_RBP, FAKE_STACK + 0x140);
    stack = fake_walk(p, FAKE_IMAGE + FAKE_CALLER + 0x10, FAKE_STACK + 0x100, &regs);
    ck_assert_uint_ge(stack->count, 4);
    ck_assert_uint_eq(stack->frames[1].pc, MADE + 0x40);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_UNWIND_INFO);
    ck_assert_uint_eq(stack->frames[2].pc, MADE + 0x80);
    ck_assert_int_eq(stack->frames[2].method, AVD_METHOD_FRAME_POINTER);
    ck_assert_uint_eq(stack->frames[3].pc, FAKE_RETURN);
    ck_assert_int_eq(stack->frames[3].trust, AVD_TRUST_FRAME_POINTER);
    fake_bytes(p, MADE + 0x38, "\x90\x90\x90\x90\x90\x90\x90\x90", 8);
    stack = fake_walk(p, FAKE_IMAGE + FAKE_CALLER + 0x10, FAKE_STACK + 0x100, &regs);
    ck_assert_uint_eq(stack->count, 1); /* data, which any pointer may lead to */
    ck_assert_int_eq(stack->end, AVD_END_NOT_CODE);
    fake_free(p);
}
END_TEST

/* Link `i` of a chain through made code, 0x40 bytes each. */
static void put_link(struct fake_process *p, unsigned i, uint64_t saved, uint64_t pc)
{
    fake_u64(p, FAKE_STACK + 0x140 + 0x40 * (uint64_t)i, saved);
    fake_u64(p, FAKE_STACK + 0x148 + 0x40 * (uint64_t)i, pc);
}

/* A function of a module that made code calls, which an interpreter with `links` frames jumped to;
 * a call of a function with unwind data, where RBP is no frame pointer, led into that. */
static struct fake_process *interpreter(unsigned links)
{
    struct fake_process *p = fake_new_x64();
    unsigned i;

    p->walk.allow_scan = false;
    p->walk.stack_low = FAKE_STACK;
    p->walk.stack_high = FAKE_STACK + 0x2000;
    fake_map(p, MADE, 0x1000);
    fake_call_before(p, MADE + 0x40);
    fake_u64(p, FAKE_STACK + 0x100, MADE + 0x40);
    for (i = 0; i < links; i++)
        put_link(p, i, FAKE_STACK + 0x180 + 0x40 * (uint64_t)i, MADE + 0x80 + 0x10 * (uint64_t)i);
    put_link(p, links, 7, FAKE_RETURN);
    return p;
}

static const struct avd_stack *walk_interpreter(struct fake_process *p)
{
    struct avd_regs regs = {{0}, 0};

    avd_reg_set(&regs, AVD_RBP, FAKE_STACK + 0x140);
    return fake_walk(p, FAKE_IMAGE + FAKE_CALLER + 0x10, FAKE_STACK + 0x100, &regs);
}

START_TEST(test_jumps)
{
    struct fake_process *p = interpreter(2);
    const struct avd_stack *stack = walk_interpreter(p);

    ck_assert_uint_ge(stack->count, 5);
    ck_assert_uint_eq(stack->frames[1].pc, MADE + 0x40);
    ck_assert_uint_eq(stack->frames[2].pc, MADE + 0x80);
    ck_assert_uint_eq(stack->frames[2].sp, FAKE_STACK + 0x150);
    ck_assert_int_eq(stack->frames[2].trust, AVD_TRUST_FRAME_POINTER);
    ck_assert_int_eq(stack->frames[2].evidence, AVD_EVIDENCE_WEAK);
    ck_assert(stack->frames[2].frames_missing); /* of code that keeps no frame pointer, perhaps */
    ck_assert_uint_eq(stack->frames[3].pc, MADE + 0x90);
    ck_assert(!stack->frames[3].frames_missing);
    ck_assert_uint_eq(stack->frames[4].pc, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[4].sp, FAKE_STACK + 0x1d0);
    ck_assert_int_eq(stack->frames[4].evidence, AVD_EVIDENCE_CALL);
    ck_assert_uint_eq(stack->frames[4].regs.value[AVD_RBP], 7);
    fake_free(p);
}
END_TEST

/* A long chain needs no end to be believed; the last links of one without an end are not. */
START_TEST(test_jumps_long)
{
    enum { LENGTH = 20, BELIEVED_BY = 16 };
    struct fake_process *p = interpreter(LENGTH);
    const struct avd_stack *stack;

    put_link(p, LENGTH, 7, 0);
    stack = walk_interpreter(p);
    ck_assert_uint_eq(stack->count, 2 + LENGTH - BELIEVED_BY + 1);
    ck_assert_int_eq(stack->end, AVD_END_NOT_CODE);
    fake_free(p);
}
END_TEST

START_TEST(test_jumps_broken)
{
    static const struct {
        const char *why;
        uint64_t saved, pc;
    } cases[] = {
        {"leads out to 0", FAKE_STACK + 0x1c0, 0},
        {"no code is there", FAKE_STACK + 0x1c0, UINT64_C(0x30000000)},
        {"that is the stack", FAKE_STACK + 0x1c0, FAKE_STACK + 0x20},
        {"a module, but no call", FAKE_STACK + 0x1c0, FAKE_RETURN + 1},
        {"goes down", FAKE_STACK + 0x138, MADE + 0x90},
        {"stays", FAKE_STACK + 0x180, MADE + 0x90},
        {"is not aligned", FAKE_STACK + 0x1c4, MADE + 0x90},
        {"leaves the stack", UINT64_C(0x7000000), MADE + 0x90},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = interpreter(2);
        const struct avd_stack *stack;

        put_link(p, 1, cases[i].saved, cases[i].pc);
        stack = walk_interpreter(p);
        ck_assert_msg(stack->count == 2, "%s: %zu frames", cases[i].why, stack->count);
        ck_assert_msg(stack->end == AVD_END_NOT_CODE, "%s: ends with %d", cases[i].why,
                      (int)stack->end);
        fake_free(p);
    }
}
END_TEST

/* ---- functions that the chain skips ---- */

#define PC_START 0x401180u /* of the function that holds PC */
#define INNER    0x401480u /* a function that calls it, at INNER + 0x20 */
#define OUTER    0x401880u /* calls INNER; has the frame that ebp points to */

/* PC's function and INNER keep no frame: ebp is OUTER's, which returns to CALLER. */
static struct fake_process *frameless_process(void)
{
    struct fake_process *p = fake_new_x86();

    memset(p->pieces[0].bytes, 0x90, 0x2000);
    fake_call_to(p, INNER + 0x20, PC_START);
    fake_call_to(p, OUTER + 0x20, INNER);
    fake_call_to(p, CALLER, OUTER);
    fake_bytes(p, INNER - 3, "\xc3\xcc\xcc", 3);
    fake_bytes(p, OUTER - 3, "\xc3\xcc\xcc", 3);
    fake_bytes(p, OUTER, "\x55\x8b\xec", 3);
    fake_u32(p, SP + 0x10, INNER + 0x20);
    fake_u32(p, SP + 0x20, OUTER + 0x20);
    fake_u32(p, SP + 0x40, 0x10400);
    fake_u32(p, SP + 0x44, CALLER);
    return p;
}

static const struct avd_stack *walk_frameless(struct fake_process *p)
{
    struct avd_regs regs = fake_regs_x86(SP + 0x40);

    return fake_walk(p, PC, SP, &regs);
}

START_TEST(test_skipped)
{
    struct fake_process *p = frameless_process();
    const struct avd_stack *stack = walk_frameless(p);
    size_t i;

    ck_assert_uint_ge(stack->count, 4);
    ck_assert_uint_eq(stack->frames[1].pc, INNER + 0x20);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x14);
    ck_assert_uint_eq(stack->frames[2].pc, OUTER + 0x20);
    ck_assert_uint_eq(stack->frames[3].pc, CALLER);
    for (i = 1; i < 4; i++) {
        ck_assert_int_eq(stack->frames[i].evidence, AVD_EVIDENCE_TARGET);
        ck_assert(!stack->frames[i].frames_missing);
    }
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_SCAN);
    ck_assert_uint_eq(stack->frames[2].regs.value[AVD_EBP], SP + 0x40);
    ck_assert_int_eq(stack->frames[3].method, AVD_METHOD_FRAME_POINTER);
    ck_assert_int_eq(stack->frames[3].trust, AVD_TRUST_FRAME_POINTER);
    fake_free(p);
}
END_TEST

/* The missing frames cannot be found: the chain is followed, and says so. */
START_TEST(test_skipped_unknown)
{
    struct fake_process *p = frameless_process();
    const struct avd_stack *stack;

    fake_u32(p, SP + 0x10, 0);
    stack = walk_frameless(p);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert(stack->frames[1].frames_missing);
    ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_CALL);
    fake_u32(p, SP + 0x10, INNER + 0x20);
    p->walk.allow_scan = false;
    stack = walk_frameless(p);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert(stack->frames[1].frames_missing);
    fake_free(p);
}
END_TEST

/* An indirect call in a function that was called from further up. */
START_TEST(test_skipped_indirect)
{
    struct fake_process *p = frameless_process();
    const struct avd_stack *stack;

    fake_call_before(p, INNER + 0x20);
    stack = walk_frameless(p);
    ck_assert_uint_eq(stack->frames[1].pc, INNER + 0x20);
    ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_CALL);
    ck_assert_uint_eq(stack->frames[2].pc, OUTER + 0x20);
    fake_u32(p, SP + 0x20, 0); /* nobody called it */
    stack = walk_frameless(p);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert(stack->frames[1].frames_missing);
    fake_free(p);
}
END_TEST

/* The chain's own call is an indirect one, which proves nothing: another is believed only when the
 * function it leads to has no frame of its own. */
START_TEST(test_skipped_doubtful)
{
    struct fake_process *p = frameless_process();
    const struct avd_stack *stack;

    fake_call_before(p, CALLER);
    stack = walk_frameless(p);
    ck_assert_uint_eq(stack->frames[1].pc, INNER + 0x20);
    fake_bytes(p, PC_START, "\x8b\xff\x55\x8b\xec", 5);
    stack = walk_frameless(p);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert(!stack->frames[1].frames_missing);
    /* Known to have none, its caller may be an indirect one too. */
    fake_bytes(p, PC_START, "\x8b\xff\x55\x8b\xec\x5d", 6);
    fake_call_before(p, INNER + 0x20);
    p->starts[0] = PC_START;
    stack = walk_frameless(p);
    ck_assert_uint_eq(stack->frames[1].pc, INNER + 0x20);
    fake_bytes(p, PC_START + 6, "\x6a\x10\x68\x00\x10\x40\x00\xe8", 8); /* __SEH_prolog4 */
    stack = walk_frameless(p);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    fake_free(p);
}
END_TEST

/* GNU's compiler copies the return address when a function aligns its stack. */
START_TEST(test_aligned)
{
    static const unsigned saved[] = {4, 0x10}; /* where below EBP ecx is pushed */
    size_t i;

    for (i = 0; i < 2; i++) {
        struct fake_process *p = fake_new_x86();
        const struct avd_stack *stack;

        fake_u32(p, SP + 0x48, 0x10400);
        fake_u32(p, SP + 0x4c, CALLER);
        fake_u32(p, SP + 0x54, CALLER);
        fake_u32(p, SP + 0x48 - saved[i], SP + 0x58);
        stack = walk_chain(p, SP + 0x48);
        ck_assert_uint_ge(stack->count, 2);
        ck_assert_uint_eq(stack->frames[1].sp, SP + 0x58);
        ck_assert_uint_eq(stack->frames[1].regs.value[AVD_EBP], 0x10400);
        /* Not saved: the second one is something else. */
        fake_u32(p, SP + 0x48 - saved[i], 0);
        stack = walk_chain(p, SP + 0x48);
        ck_assert_uint_eq(stack->frames[1].sp, SP + 0x50);
        fake_free(p);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_registers);
    tcase_add_test(tests, test_aligned);
    tcase_add_test(tests, test_broken);
    tcase_add_test(tests, test_ends);
    tcase_add_test(tests, test_not_in_dump);
    tcase_add_test(tests, test_x64);
    tcase_add_test(tests, test_made_code);
    tcase_add_test(tests, test_jumps);
    tcase_add_test(tests, test_jumps_long);
    tcase_add_test(tests, test_jumps_broken);
    tcase_add_test(tests, test_skipped);
    tcase_add_test(tests, test_skipped_unknown);
    tcase_add_test(tests, test_skipped_indirect);
    tcase_add_test(tests, test_skipped_doubtful);
}

int main(void)
{
    return suite_main("frame_pointer", add_tests);
}
