/* SPDX-License-Identifier: MIT */
/* src/x64/unwind_info.c: every unwind code, chains and machine frames. */
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

/* The function under test: [0x1100, 0x1200) with its unwind data at 0x5000. */
#define BEGIN  0x1100u
#define BODY   (FAKE_IMAGE + 0x1180)
#define UNWIND 0x5000u
#define SP     (FAKE_STACK + 0x100)

static struct fake_process *with_info(const void *info, size_t size)
{
    struct fake_process *p = fake_new_x64();

    fake_function(p, BEGIN, BEGIN + 0x100, UNWIND, info, size);
    return p;
}

/* All registers but rip and rsp known, each with a value of its own. */
static struct avd_regs marked(void)
{
    struct avd_regs regs = {{0}, 0};
    unsigned i;

    for (i = 0; i < AVD_RIP; i++)
        avd_reg_set(&regs, i, 0xaa00 + i);
    return regs;
}

/* The caller must be FAKE_CALLER with this stack pointer, and the end of the stack. */
static const struct avd_frame *check_caller(const struct avd_stack *stack, uint64_t sp)
{
    ck_assert_msg(stack->count == 2, "%zu frames: %s", stack->count, stack->end_detail);
    ck_assert_uint_eq(stack->frames[0].return_address, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[1].sp, sp);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_UNWIND_INFO);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CFI);
    ck_assert(!stack->frames[1].exact);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    return &stack->frames[1];
}

static void check_reg(const struct avd_frame *frame, unsigned reg, uint64_t value)
{
    ck_assert_msg(avd_reg_known(&frame->regs, reg), "register %u is not known", reg);
    ck_assert_uint_eq(frame->regs.value[reg], value);
}

/* Assembly with a handler and no codes: only before its first instruction is the frame known. */
START_TEST(test_left_to_handler)
{
    static const uint8_t info[] = {9, 0, 0, 0, 0, 0x20, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    fake_u64(p, SP, FAKE_RETURN);
    stack = fake_walk(p, BODY, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail,
                     "the unwind data of the function at 0x140001100 leave its frame to a handler; "
                     "scanning is switched off");
    check_caller(fake_walk(p, FAKE_IMAGE + BEGIN, SP, NULL), SP + 8);
    fake_free(p);
}
END_TEST

/* push rbx; push r12; sub rsp, 20h */
START_TEST(test_push_and_alloc_small)
{
    static const uint8_t info[] = {1, 7, 3, 0, 7, 0x32, 3, 0xc0, 1, 0x30, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    struct avd_regs regs = marked();
    const struct avd_frame *caller;

    fake_u64(p, SP + 0x20, 0xc0c0);
    fake_u64(p, SP + 0x28, 0xbbbb);
    fake_u64(p, SP + 0x30, FAKE_RETURN);
    caller = check_caller(fake_walk(p, BODY, SP, &regs), SP + 0x38);
    check_reg(caller, AVD_R12, 0xc0c0);
    check_reg(caller, AVD_RBX, 0xbbbb);
    check_reg(caller, AVD_RSI, 0xaa06);
    check_reg(caller, AVD_R15, 0xaa0f);
    /* What a call may change is not known in the caller. */
    ck_assert(!avd_reg_known(&caller->regs, AVD_RAX));
    ck_assert(!avd_reg_known(&caller->regs, AVD_RCX));
    ck_assert(!avd_reg_known(&caller->regs, AVD_R11));
    ck_assert_str_eq(p->stack.end_detail, "the return address at 0x10138 is 0");
    fake_free(p);
}
END_TEST

/* Inside the prologue only what was executed is undone. */
START_TEST(test_position_in_prologue)
{
    static const uint8_t info[] = {1, 7, 3, 0, 7, 0x32, 3, 0xc0, 1, 0x30, 0, 0};
    static const struct {
        uint32_t offset;
        uint64_t pushed;
    } cases[] = {{0, 0}, {1, 8}, {2, 8}, {3, 16}, {6, 16}, {7, 48}, {8, 48}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = with_info(info, sizeof info);

        fake_u64(p, SP + cases[i].pushed, FAKE_RETURN);
        check_caller(fake_walk(p, FAKE_IMAGE + BEGIN + cases[i].offset, SP, NULL),
                     SP + cases[i].pushed + 8);
        fake_free(p);
    }
}
END_TEST

START_TEST(test_alloc_large)
{
    /* Two slots: 0x30 * 8 bytes; three slots: 0x10040 bytes, not multiplied. */
    static const uint8_t two[] = {1, 4, 2, 0, 4, 0x01, 0x30, 0};
    static const uint8_t three[] = {1, 7, 3, 0, 7, 0x11, 0x40, 0, 1, 0, 0, 0};
    struct fake_process *p = with_info(two, sizeof two);

    fake_u64(p, SP + 0x180, FAKE_RETURN);
    check_caller(fake_walk(p, BODY, SP, NULL), SP + 0x188);
    fake_free(p);

    p = with_info(three, sizeof three);
    fake_map(p, SP + 0x10000, 0x100);
    fake_u64(p, SP + 0x10040, FAKE_RETURN);
    check_caller(fake_walk(p, BODY, SP, NULL), SP + 0x10048);
    fake_free(p);
}
END_TEST

/* push rbp; sub rsp, 40h; lea rbp, [rsp+20h]: the code's own info field (15 here) means nothing. */
static const uint8_t with_frame[] = {1, 10, 3, 0x25, 10, 0xf3, 5, 0x72, 1, 0x50, 0, 0};

START_TEST(test_set_fpreg)
{
    struct fake_process *p = with_info(with_frame, sizeof with_frame);
    struct avd_regs regs = marked();
    const struct avd_frame *caller;

    /* The body has moved rsp far away (alloca): only rbp tells where the frame is. */
    avd_reg_set(&regs, AVD_RBP, SP + 0x220);
    fake_u64(p, SP + 0x240, 0x5555);
    fake_u64(p, SP + 0x248, FAKE_RETURN);
    caller = check_caller(fake_walk(p, BODY, SP, &regs), SP + 0x250);
    check_reg(caller, AVD_RBP, 0x5555);
    fake_free(p);

    /* Before the register is set, rsp counts and rbp is still the caller's. */
    p = with_info(with_frame, sizeof with_frame);
    fake_u64(p, SP + 0x40, 0x5555);
    fake_u64(p, SP + 0x48, FAKE_RETURN);
    caller = check_caller(fake_walk(p, FAKE_IMAGE + BEGIN + 5, SP, &regs), SP + 0x50);
    check_reg(caller, AVD_RBP, 0x5555);
    fake_free(p);
}
END_TEST

START_TEST(test_unknown_frame_register)
{
    struct fake_process *p = with_info(with_frame, sizeof with_frame);
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    stack = fake_walk(p, BODY, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_NO_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail, "the function at rva 0x1100 needs rbp, which is not known; "
                                        "scanning is switched off");
    fake_free(p);
}
END_TEST

/* sub rsp, 40h; rsi and rdi stored by SAVE_NONVOL and SAVE_NONVOL_FAR, two vector registers. */
START_TEST(test_save)
{
    static const uint8_t info[] = {1, 0x20, 11,   0,    0x20, 0x69, 0x10, 0,    0,
                                   0, 0x1c, 0x68, 1,    0,    0x18, 0x65, 0x30, 0,
                                   0, 0,    0x10, 0x74, 7,    0,    4,    0x72};
    struct fake_process *p = with_info(info, sizeof info);
    struct avd_regs regs = marked();
    const struct avd_frame *caller;

    fake_u64(p, SP + 0x30, 0x6666);
    fake_u64(p, SP + 0x38, 0x7777);
    fake_u64(p, SP + 0x40, FAKE_RETURN);
    caller = check_caller(fake_walk(p, BODY, SP, &regs), SP + 0x48);
    check_reg(caller, AVD_RSI, 0x6666);
    check_reg(caller, AVD_RDI, 0x7777);
    fake_free(p);
}
END_TEST

/* Offsets of SAVE_* count from the frame base, not from a moved rsp. */
START_TEST(test_save_with_frame_register)
{
    static const uint8_t info[] = {1,  15,   5, 0x25, 15, 0x34, 2, 0,
                                   10, 0x03, 5, 0x72, 1,  0x50, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    struct avd_regs regs = marked();
    const struct avd_frame *caller;

    avd_reg_set(&regs, AVD_RBP, SP + 0x220);
    fake_u64(p, SP + 0x210, 0x3333);
    fake_u64(p, SP + 0x240, 0x5555);
    fake_u64(p, SP + 0x248, FAKE_RETURN);
    caller = check_caller(fake_walk(p, BODY, SP, &regs), SP + 0x250);
    check_reg(caller, AVD_RBX, 0x3333);
    fake_free(p);
}
END_TEST

/* In the prologue between a save and the setting of the frame register, rsp is the base. */
START_TEST(test_save_before_frame_register)
{
    static const uint8_t info[] = {1, 12, 5, 0x25, 12, 0x03, 9, 0x34, 2, 0, 5, 0x72, 1, 0x50, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    struct avd_regs regs = marked();
    const struct avd_frame *caller;

    avd_reg_set(&regs, AVD_RBP, SP + 0x420);
    fake_u64(p, SP + 0x10, 0x3333);
    fake_u64(p, SP + 0x40, 0x5555);
    fake_u64(p, SP + 0x48, FAKE_RETURN);
    caller = check_caller(fake_walk(p, FAKE_IMAGE + BEGIN + 10, SP, &regs), SP + 0x50);
    check_reg(caller, AVD_RBX, 0x3333);
    check_reg(caller, AVD_RBP, 0x5555);
    fake_free(p);
}
END_TEST

/* A saved register that is not in the dump is unknown; the walk goes on. */
START_TEST(test_unreadable_register)
{
    static const uint8_t info[] = {1, 9, 4, 0, 9, 0x35, 0, 0, 1, 0, 4, 0x02};
    struct fake_process *p = with_info(info, sizeof info);
    struct avd_regs regs = marked();
    const struct avd_frame *caller;

    fake_u64(p, SP + 8, FAKE_RETURN);
    caller = check_caller(fake_walk(p, BODY, SP, &regs), SP + 0x10);
    ck_assert(!avd_reg_known(&caller->regs, AVD_RBX));
    check_reg(caller, AVD_RSI, 0xaa06);
    fake_free(p);
}
END_TEST

/* Version 1's obsolete codes 6 and 7 take two and three slots. */
START_TEST(test_obsolete_codes)
{
    static const uint8_t info[] = {1, 9, 6, 0, 9, 0x06, 1, 0, 8, 0x07, 1, 0, 0, 0, 4, 0x02};
    struct fake_process *p = with_info(info, sizeof info);

    fake_u64(p, SP + 8, FAKE_RETURN);
    check_caller(fake_walk(p, BODY, SP, NULL), SP + 0x10);
    fake_free(p);
}
END_TEST

START_TEST(test_set_fpreg_large)
{
    /* push rbp; rbp = rsp + 0x200: .NET's code on other systems, in units of 16 */
    static const uint8_t info[] = {1, 8, 4, 0x05, 8, 0x0b, 0x20, 0, 0, 0, 1, 0x50};
    struct fake_process *p = with_info(info, sizeof info);
    struct avd_regs regs = marked();

    avd_reg_set(&regs, AVD_RBP, SP + 0x40 + 0x200);
    fake_u64(p, SP + 0x48, FAKE_RETURN);
    check_caller(fake_walk(p, BODY, SP, &regs), SP + 0x50);
    fake_free(p);
}
END_TEST

/*
 * A fragment with an odd number of codes (the chained entry lies behind the padding), whose parent
 * pushed rbx and allocated. The fragment lies elsewhere: its own begin counts only for its codes.
 */
START_TEST(test_chain)
{
    static const uint8_t fragment[] = {0x21, 5, 3, 0, 5, 0x64, 4, 0, 1, 0x02, 0xee, 0xee};
    static const uint8_t parent[] = {1, 5, 2, 0, 5, 0x42, 1, 0x30};
    struct fake_process *p = fake_new_x64();
    struct avd_regs regs = marked();
    const struct avd_frame *caller;

    fake_function(p, 0x1800, 0x1900, 0x5100, fragment, sizeof fragment);
    fake_entry(p, FAKE_IMAGE + 0x5100 + 4 + 8, BEGIN, BEGIN + 0x100, UNWIND);
    fake_function(p, BEGIN, BEGIN + 0x100, UNWIND, parent, sizeof parent);
    fake_u64(p, SP + 0x20, 0x6666);     /* rsi, by the fragment */
    fake_u64(p, SP + 8 + 0x28, 0xbbbb); /* rbx, by the parent */
    fake_u64(p, SP + 8 + 0x30, FAKE_RETURN);
    caller = check_caller(fake_walk(p, FAKE_IMAGE + 0x1880, SP, &regs), SP + 0x40);
    check_reg(caller, AVD_RSI, 0x6666);
    check_reg(caller, AVD_RBX, 0xbbbb);
    fake_free(p);
}
END_TEST

START_TEST(test_chain_to_itself)
{
    static const uint8_t info[] = {0x21, 0, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    fake_entry(p, FAKE_IMAGE + UNWIND + 4, BEGIN, BEGIN + 0x100, UNWIND);
    stack = fake_walk(p, BODY, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_BAD_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail, "the unwind data at 0x140005000 is chained to itself; "
                                        "scanning is switched off");
    fake_free(p);
}
END_TEST

/* Two entries chained to each other: the ceiling ends it. */
START_TEST(test_chain_without_end)
{
    static const uint8_t info[] = {0x21, 0, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    fake_entry(p, FAKE_IMAGE + UNWIND + 4, 0x1300, 0x1400, 0x5100);
    fake_bytes(p, FAKE_IMAGE + 0x5100, info, sizeof info);
    fake_entry(p, FAKE_IMAGE + 0x5104, BEGIN, BEGIN + 0x100, UNWIND);
    stack = fake_walk(p, BODY, SP, NULL);
    ck_assert_int_eq(stack->end, AVD_END_BAD_UNWIND_INFO);
    ck_assert_str_eq(stack->end_detail, "the unwind data of the function at 0x140001100 is chained "
                                        "over more than 32 entries; scanning is switched off");
    ck_assert_uint_lt(p->reads, 500);
    fake_free(p);
}
END_TEST

/* The next frame is what was interrupted: exact, and looked up by its pc, not by pc - 1. */
START_TEST(test_machine_frame)
{
    static const uint8_t plain[] = {1, 4, 2, 0, 4, 0x42, 0, 0x0a};
    static const uint8_t with_error[] = {1, 4, 2, 0, 4, 0x42, 0, 0x1a};
    unsigned error;

    for (error = 0; error < 2; error++) {
        struct fake_process *p =
            error == 0 ? with_info(plain, sizeof plain) : with_info(with_error, sizeof with_error);
        uint64_t at = SP + 0x28 + 8 * error;
        struct avd_regs regs = marked();
        const struct avd_stack *stack;

        fake_u64(p, at, FAKE_IMAGE + FAKE_CALLER);
        fake_u64(p, at + 8, 0x33);
        fake_u64(p, at + 24, SP + 0x400);
        stack = fake_walk(p, BODY, SP, &regs);
        ck_assert_uint_eq(stack->count, 2);
        ck_assert_uint_eq(stack->frames[1].pc, FAKE_IMAGE + FAKE_CALLER);
        ck_assert_uint_eq(stack->frames[1].sp, SP + 0x400);
        ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_MACHINE_FRAME);
        ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CFI);
        ck_assert(stack->frames[1].exact);
        ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_RAX));
        ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
        fake_free(p);
    }
}
END_TEST

/* KiUserExceptionDispatcher: the CONTEXT at rsp agrees with the machine frame. */
START_TEST(test_machine_frame_with_context)
{
    static const uint8_t info[] = {1, 0, 3, 0, 0, 0x01, 0xb2, 0, 0, 0x0a, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack;

    fake_u32(p, SP + 0x30, 0x10005f);
    fake_u64(p, SP + 0x78, 0x1234);     /* rax */
    fake_u64(p, SP + 0x98, SP + 0x800); /* rsp */
    fake_u64(p, SP + 0xf8, 0);          /* rip: a call of a null pointer */
    fake_u64(p, SP + 0x590, 0);
    fake_u64(p, SP + 0x598, 0x33);
    fake_u64(p, SP + 0x5a8, SP + 0x800);
    fake_u64(p, SP + 0x800, FAKE_RETURN);
    stack = fake_walk(p, BODY, SP, NULL);
    ck_assert_msg(stack->count == 3, "%zu frames: %s", stack->count, stack->end_detail);
    ck_assert_uint_eq(stack->frames[1].pc, 0);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CONTEXT);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_MACHINE_FRAME);
    check_reg(&stack->frames[1], AVD_RAX, 0x1234);
    ck_assert_int_eq(stack->frames[2].method, AVD_METHOD_BAD_CALL);
    ck_assert_uint_eq(stack->frames[2].pc, FAKE_RETURN);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    fake_free(p);
}
END_TEST

/* A CONTEXT that does not agree with the machine frame is something else. */
START_TEST(test_machine_frame_with_other_context)
{
    static const uint8_t info[] = {1, 0, 3, 0, 0, 0x01, 0xb2, 0, 0, 0x0a, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack;

    fake_u32(p, SP + 0x30, 0x10005f);
    fake_u64(p, SP + 0x98, SP + 0x800);
    fake_u64(p, SP + 0xf8, FAKE_IMAGE + FAKE_CALLER + 4);
    fake_u64(p, SP + 0x590, FAKE_IMAGE + FAKE_CALLER);
    fake_u64(p, SP + 0x5a8, SP + 0x800);
    stack = fake_walk(p, BODY, SP, NULL);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_IMAGE + FAKE_CALLER);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CFI);
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_RAX));
    fake_free(p);
}
END_TEST

START_TEST(test_machine_frame_of_32bit_code)
{
    static const uint8_t info[] = {1, 0, 1, 0, 0, 0x0a, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack;

    fake_u64(p, SP, 0x401000);
    fake_u64(p, SP + 8, 0x23);
    fake_u64(p, SP + 24, SP + 0x400);
    stack = fake_walk(p, BODY, SP, NULL);
    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_32BIT_CODE);
    ck_assert_str_eq(stack->end_detail,
                     "32-bit code from here, interrupted at 0x401000: see the 32-bit stack");
    fake_free(p);
}
END_TEST

/* Damage is named and costs this method only. */
START_TEST(test_damage)
{
    static const struct {
        uint8_t info[8];
        const char *detail;
    } cases[] = {
        {{1, 4, 1, 0, 4, 0x0e}, "is damaged: code 0 (operation 14) is not defined"},
        {{1, 4, 2, 0, 4, 0x21, 1, 0}, "is damaged: code 0 (operation 1) is not defined"},
        {{1, 4, 1, 0, 4, 0x2a}, "is damaged: code 0 (operation 10) is not defined"},
        {{1, 4, 1, 0, 4, 0x01}, "is damaged: code 0 (operation 1) goes past the last slot"},
        {{1, 4, 1, 0, 4, 0x03},
         "is damaged: code 0 (operation 3) needs a frame register, and none is named"},
        {{3, 4, 1, 0, 4, 0x03}, "has version 3, which this program cannot read"},
        {{0, 4, 1, 0, 4, 0x03}, "has version 0, which does not exist"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = with_info(cases[i].info, sizeof cases[i].info);
        const struct avd_stack *stack;

        p->walk.allow_scan = false;
        stack = fake_walk(p, BODY, SP, NULL);
        ck_assert_uint_eq(stack->count, 1);
        ck_assert_int_eq(stack->end, AVD_END_BAD_UNWIND_INFO);
        ck_assert_msg(strstr(stack->end_detail, cases[i].detail) != NULL, "%s", stack->end_detail);
        ck_assert_ptr_nonnull(strstr(stack->end_detail, "the unwind data at 0x140005000 "));
        fake_free(p);
    }
}
END_TEST

/* Damaged unwind data does not keep scanning from trying. */
START_TEST(test_damage_then_scan)
{
    static const uint8_t info[] = {3, 4, 1, 0, 4, 0x03};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack;

    fake_u64(p, SP + 0x18, FAKE_RETURN);
    stack = fake_walk(p, BODY, SP, NULL);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_SCAN);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x20);
    fake_free(p);
}
END_TEST

START_TEST(test_return_address_not_in_dump)
{
    static const uint8_t info[] = {1, 0, 0, 0};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack = fake_walk(p, BODY, UINT64_C(0x90000), NULL);

    ck_assert_uint_eq(stack->count, 1);
    ck_assert_int_eq(stack->end, AVD_END_NO_MEMORY);
    ck_assert_str_eq(stack->end_detail,
                     "the return address at 0x90000 is not in the dump; scanning from 0x90000 came "
                     "to 0x90000, which is not in the dump");
    fake_free(p);
}
END_TEST

/* A call that is its function's last instruction: looked up by pc - 1, everything applies. */
START_TEST(test_call_at_the_end)
{
    static const uint8_t info[] = {1, 4, 1, 0, 4, 0x42};
    struct fake_process *p = with_info(info, sizeof info);
    const struct avd_stack *stack;

    fake_call_before(p, FAKE_IMAGE + BEGIN + 0x100);
    fake_u64(p, SP, FAKE_IMAGE + BEGIN + 0x100);
    fake_u64(p, SP + 8 + 0x28, FAKE_RETURN);
    stack = fake_walk(p, FAKE_IMAGE + FAKE_CALLER, SP, NULL);
    ck_assert_uint_eq(stack->count, 3);
    ck_assert_uint_eq(stack->frames[2].pc, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[2].sp, SP + 8 + 0x30);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_left_to_handler);
    tcase_add_test(tests, test_push_and_alloc_small);
    tcase_add_test(tests, test_position_in_prologue);
    tcase_add_test(tests, test_alloc_large);
    tcase_add_test(tests, test_set_fpreg);
    tcase_add_test(tests, test_unknown_frame_register);
    tcase_add_test(tests, test_save);
    tcase_add_test(tests, test_save_with_frame_register);
    tcase_add_test(tests, test_save_before_frame_register);
    tcase_add_test(tests, test_unreadable_register);
    tcase_add_test(tests, test_obsolete_codes);
    tcase_add_test(tests, test_set_fpreg_large);
    tcase_add_test(tests, test_chain);
    tcase_add_test(tests, test_chain_to_itself);
    tcase_add_test(tests, test_chain_without_end);
    tcase_add_test(tests, test_machine_frame);
    tcase_add_test(tests, test_machine_frame_with_context);
    tcase_add_test(tests, test_machine_frame_with_other_context);
    tcase_add_test(tests, test_machine_frame_of_32bit_code);
    tcase_add_test(tests, test_damage);
    tcase_add_test(tests, test_damage_then_scan);
    tcase_add_test(tests, test_return_address_not_in_dump);
    tcase_add_test(tests, test_call_at_the_end);
}

int main(void)
{
    return suite_main("x64_unwind_info", add_tests);
}
