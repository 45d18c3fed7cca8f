/* SPDX-License-Identifier: MIT */
/* src/x64/epilogue.c: functions that have begun to leave. */
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define BEGIN  0x1100u
#define PC     (FAKE_IMAGE + 0x1180)
#define UNWIND 0x5000u
#define SP     (FAKE_STACK + 0x100)

/* push rbp; push r12; push rbx; sub rsp, 20h; rbp = rsp + 10h */
static const uint8_t info_v1[] = {1, 12, 5, 0x15, 12, 0x03, 8, 0x32, 4, 0x30, 3, 0xc0, 1, 0x50};

static struct fake_process *with_code(const void *code, size_t size)
{
    struct fake_process *p = fake_new_x64();

    fake_function(p, BEGIN, BEGIN + 0x100, UNWIND, info_v1, sizeof info_v1);
    fake_bytes(p, PC, code, size);
    return p;
}

static void check_returns_at(struct fake_process *p, uint64_t pc, uint64_t slot)
{
    struct avd_regs regs = {{0}, 0};
    const struct avd_stack *stack;

    avd_reg_set(&regs, AVD_RBP, SP + 0x410);
    avd_reg_set(&regs, AVD_RBX, SP + 0x210);
    fake_u64(p, slot, FAKE_RETURN);
    stack = fake_walk(p, pc, SP, &regs);
    ck_assert_msg(stack->count == 2, "%zu frames: %s", stack->count, stack->end_detail);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[1].sp, slot + 8);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_UNWIND_INFO);
}

/* Where the full unwinding looks: rbp - 10h, the allocation, three pushes. */
#define FULL (SP + 0x400 + 0x20 + 0x18)

START_TEST(test_forms)
{
    static const struct {
        const char *code;
        size_t size;
        uint64_t slot; /* above SP */
    } cases[] = {
        {"\xc3", 1, 0},
        {"\xf3\xc3", 2, 0},
        {"\xf2\xc3", 2, 0},
        {"\xc2\x10\x00", 3, 0},
        {"\x5b\x41\x5c\x5d\xc3", 5, 0x18},
        {"\x41\x5c\x5d\xc3", 4, 0x10},
        {"\x41\x58\x41\x5f\xc3", 5, 0x10},
        {"\x40\x5b\xc3", 3, 8},
        {"\x48\x83\xc4\x20\x5b\x41\x5c\x5d\xc3", 9, 0x38},
        {"\x48\x81\xc4\x20\x01\x00\x00\xc3", 8, 0x120},
        {"\x48\x8d\x65\x10\x5b\x41\x5c\x5d\xc3", 9, 0x420 + 0x18},
        {"\x48\x8d\xa5\x10\x00\x00\x00\xc3", 8, 0x420},
        {"\x5d\xe9\x00\x10\x00\x00", 6, 8}, /* jmp to another function */
        {"\x5d\xeb\x7d", 3, 8},             /* jmp just behind this function */
        {"\x5d\xe9\x7a\xff\xff\xff", 6, 8}, /* jmp to this function's begin */
        {"\x5d\xff\x25\x00\x10\x00\x00", 7, 8},
        {"\x5d\x48\xff\xe0", 4, 8},     /* rex.w jmp rax */
        {"\x5d\x49\xff\x62\x08", 5, 8}, /* rex.w jmp [r10+8] */
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = with_code(cases[i].code, cases[i].size);

        check_returns_at(p, PC, SP + cases[i].slot);
        fake_free(p);
    }
}
END_TEST

START_TEST(test_registers)
{
    struct fake_process *p = with_code("\x5b\x41\x5c\x5d\xc3", 5);
    const struct avd_regs *regs;

    fake_u64(p, SP, 0xb0);
    fake_u64(p, SP + 8, 0xc0);
    fake_u64(p, SP + 16, 0x50);
    check_returns_at(p, PC, SP + 0x18);
    regs = &p->stack.frames[1].regs;
    ck_assert_uint_eq(regs->value[AVD_RBX], 0xb0);
    ck_assert_uint_eq(regs->value[AVD_R12], 0xc0);
    ck_assert_uint_eq(regs->value[AVD_RBP], 0x50);
    fake_free(p);
}
END_TEST

START_TEST(test_no_epilogue)
{
    static const struct {
        const char *code;
        size_t size;
    } cases[] = {
        {"\x90\xc3", 2},
        {"\x5c\xc3", 2},             /* pop rsp */
        {"\x48\x83\xc0\x20\xc3", 5}, /* add rax */
        {"\x48\x8d\x63\x10\xc3", 5}, /* lea rsp, [rbx+10h]: not the frame register */
        {"\x5d\xeb\x10", 3},         /* jmp inside */
        {"\x5d\xff\xe0", 3},         /* jmp rax without REX.W: a switch */
        {"\x5d\x48\xff\xd0", 4},     /* call rax */
        {"\xf3\x90", 2},
        {"\xff\x15\x00\x00\x00\x00", 6},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = with_code(cases[i].code, cases[i].size);

        check_returns_at(p, PC, FULL);
        fake_free(p);
    }
}
END_TEST

/* lea rsp, [r12+8] needs a SIB byte. */
START_TEST(test_lea_r12)
{
    static const uint8_t info[] = {1, 4, 1, 0x0c, 4, 0x03};
    struct fake_process *p = fake_new_x64();
    struct avd_regs regs = {{0}, 0};

    fake_function(p, BEGIN, BEGIN + 0x100, UNWIND, info, sizeof info);
    fake_bytes(p, PC, "\x49\x8d\x64\x24\x08\xc3", 6);
    avd_reg_set(&regs, AVD_R12, SP + 0x40);
    fake_u64(p, SP + 0x48, FAKE_RETURN);
    fake_walk(p, PC, SP, &regs);
    ck_assert_uint_eq(p->stack.count, 2);
    ck_assert_uint_eq(p->stack.frames[1].sp, SP + 0x50);
    fake_free(p);
}
END_TEST

/* A jump to a fragment of the same function is none that leaves it. */
START_TEST(test_jump_to_own_fragment)
{
    static const uint8_t fragment[] = {0x21, 0, 0, 0};
    struct fake_process *p = with_code("\x5d\xe9\x7a\x06\x00\x00", 6); /* to 0x1800 */

    fake_function(p, 0x1800, 0x1900, 0x5100, fragment, sizeof fragment);
    fake_entry(p, FAKE_IMAGE + 0x5104, BEGIN, BEGIN + 0x100, UNWIND);
    check_returns_at(p, PC, FULL);
    fake_free(p);
}
END_TEST

/* A caller's pc lies behind a call: what follows it has not run, whatever it looks like. */
START_TEST(test_only_exact_frames)
{
    struct fake_process *p = with_code("\x5b\x41\x5c\x5d\xc3", 5);
    struct avd_regs regs = {{0}, 0};

    fake_call_before(p, PC);
    avd_reg_set(&regs, AVD_RBP, SP + 0x410);
    fake_u64(p, SP, PC);
    fake_u64(p, FULL, FAKE_RETURN);
    fake_walk(p, FAKE_IMAGE + FAKE_CALLER, SP, &regs);
    ck_assert_uint_eq(p->stack.count, 3);
    ck_assert_uint_eq(p->stack.frames[2].sp, FULL + 8);
    fake_free(p);
}
END_TEST

/* ret in the prologue's range is no epilogue; its codes decide. */
START_TEST(test_not_in_prologue)
{
    struct fake_process *p = with_code("\x90", 1);

    fake_bytes(p, FAKE_IMAGE + BEGIN + 4, "\xc3", 1);
    check_returns_at(p, FAKE_IMAGE + BEGIN + 4, SP + 0x18);
    fake_free(p);
}
END_TEST

/* Code bytes that end too early prove nothing. */
START_TEST(test_cut_code)
{
    struct fake_process *p = fake_new_x64();
    uint64_t last = FAKE_IMAGE + 0x2fff;

    fake_function(p, 0x2f00, 0x3000, UNWIND, info_v1, sizeof info_v1);
    fake_bytes(p, last, "\xc2", 1);
    check_returns_at(p, last, FULL);
    fake_free(p);
}
END_TEST

/* breakpad's dump_syms.exe, function 0x64740: the last three bytes are pop rsi; pop rdi; ret. */
START_TEST(test_v2_at_the_end)
{
    static const uint8_t info[] = {2, 2, 4, 0, 3, 0x16, 0, 0x06, 2, 0x60, 1, 0x70};
    static const struct {
        uint32_t from_end;
        uint64_t slot;
    } cases[] = {{4, 0x10}, {3, 0x10}, {2, 8}, {1, 0}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = fake_new_x64();

        fake_function(p, BEGIN, BEGIN + 0x10, UNWIND, info, sizeof info);
        check_returns_at(p, FAKE_IMAGE + BEGIN + 0x10 - cases[i].from_end, SP + cases[i].slot);
        fake_free(p);
    }
}
END_TEST

/* Function 0x64950: one byte, two before the end; the add rsp in front of it does not count. */
START_TEST(test_v2_by_offset)
{
    static const uint8_t info[] = {2, 4, 3, 0, 1, 0x06, 2, 0x06, 4, 0x42};
    static const struct {
        uint32_t from_end;
        uint64_t slot;
    } cases[] = {{6, 0x28}, {2, 0}, {1, 0x28}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = fake_new_x64();

        fake_function(p, BEGIN, BEGIN + 0x16, UNWIND, info, sizeof info);
        check_returns_at(p, FAKE_IMAGE + BEGIN + 0x16 - cases[i].from_end, SP + cases[i].slot);
        fake_free(p);
    }
}
END_TEST

/* Pops of r8 to r15 are two bytes long; the high nibble extends the offset to 12 bits. */
START_TEST(test_v2_two_byte_pops)
{
    /* epilogue of 4 bytes, 0x123 before the end: pop r12; pop rbx; ret */
    static const uint8_t info[] = {2, 3, 4, 0, 4, 0x06, 0x23, 0x16, 3, 0xc0, 1, 0x30};
    static const uint64_t slots[] = {0x10, 8, 8, 0};
    unsigned done;

    for (done = 0; done < 4; done++) {
        struct fake_process *p = fake_new_x64();

        fake_function(p, BEGIN, BEGIN + 0x200, UNWIND, info, sizeof info);
        check_returns_at(p, FAKE_IMAGE + BEGIN + 0x200 - 0x123 + done, SP + slots[done]);
        fake_free(p);
    }
}
END_TEST

/* The pushes may stand in the entry that this one is chained to. */
START_TEST(test_v2_chain)
{
    static const uint8_t fragment[] = {0x22, 0, 2, 0, 2, 0x16, 0, 0x06};
    static const uint8_t parent[] = {2, 5, 2, 0, 5, 0x42, 1, 0x30};
    struct fake_process *p = fake_new_x64();

    fake_function(p, 0x1800, 0x1900, 0x5100, fragment, sizeof fragment);
    fake_entry(p, FAKE_IMAGE + 0x5108, BEGIN, BEGIN + 0x100, UNWIND);
    fake_function(p, BEGIN, BEGIN + 0x100, UNWIND, parent, sizeof parent);
    check_returns_at(p, FAKE_IMAGE + 0x18fe, SP + 8);
    ck_assert_uint_eq(p->stack.frames[0].pc, FAKE_IMAGE + 0x18fe);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_forms);
    tcase_add_test(tests, test_registers);
    tcase_add_test(tests, test_no_epilogue);
    tcase_add_test(tests, test_lea_r12);
    tcase_add_test(tests, test_jump_to_own_fragment);
    tcase_add_test(tests, test_only_exact_frames);
    tcase_add_test(tests, test_not_in_prologue);
    tcase_add_test(tests, test_cut_code);
    tcase_add_test(tests, test_v2_at_the_end);
    tcase_add_test(tests, test_v2_by_offset);
    tcase_add_test(tests, test_v2_two_byte_pops);
    tcase_add_test(tests, test_v2_chain);
}

int main(void)
{
    return suite_main("x64_epilogue", add_tests);
}
