/* SPDX-License-Identifier: MIT */
/* src/x86/code_forms.c: callers found by the code bytes around eip. */
#include "support/fake_x86.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static void check_caller(const struct fake_process *p, enum avd_method method, uint64_t sp,
                         uint64_t ebp)
{
    const struct avd_frame *frame = &p->stack.frames[1];

    ck_assert_msg(p->stack.count >= 2, "%zu frames: %s", p->stack.count, p->stack.end_detail);
    ck_assert_uint_eq(frame->pc, CALLER);
    ck_assert_uint_eq(frame->sp, sp);
    ck_assert_uint_eq(p->stack.frames[0].fp, sp - 8);
    ck_assert_int_eq(frame->method, method);
    ck_assert_int_eq(frame->trust, AVD_TRUST_CFI);
    ck_assert_uint_eq(frame->regs.value[AVD_EBP], ebp);
    ck_assert(!frame->exact);
    ck_assert(!avd_reg_known(&frame->regs, AVD_EAX));
}

/* The stub of SysWOW64\ntdll on Windows 7, as in the corpus. */
static const uint8_t wow64_stub[] = {0xb8, 0x58, 0,    0,    0,    0xb9, 0x1d, 0,    0,
                                     0,    0x8d, 0x54, 0x24, 4,    0x64, 0xff, 0x15, 0xc0,
                                     0,    0,    0,    0x83, 0xc4, 4,    0xc2, 0x14, 0};

START_TEST(test_wow64_stub)
{
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0x10500);

    fake_bytes(p, PC - 21, wow64_stub, sizeof wow64_stub);
    fake_u32(p, SP, PC);
    fake_u32(p, SP + 4, CALLER);
    fake_walk(p, PC, SP, &regs);
    check_caller(p, AVD_METHOD_SYSCALL_STUB, SP + 8, 0x10500);
    ck_assert_uint_eq(p->stack.frames[1].regs.value[AVD_EBX], 0xbb);

    /* Whoever recorded esp had already taken the stub's own return address off. */
    fake_walk(p, PC, SP + 4, &regs);
    check_caller(p, AVD_METHOD_SYSCALL_STUB, SP + 8, 0x10500);
    fake_free(p);
}
END_TEST

/* Windows 10: mov eax, N; mov edx, stub; call edx; ret N */
START_TEST(test_windows10_stub)
{
    static const uint8_t stub[] = {0xb8, 7, 0,    0,    0,    0xba, 0x40, 0x10,
                                   0x40, 0, 0xff, 0xd2, 0xc2, 0x14, 0};
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0x10500);

    fake_bytes(p, PC - 12, stub, sizeof stub);
    fake_u32(p, SP, CALLER);
    fake_walk(p, PC, SP, &regs);
    check_caller(p, AVD_METHOD_SYSCALL_STUB, SP + 4, 0x10500);

    /* With the stub's own return address still on the stack. */
    fake_u32(p, SP, PC);
    fake_u32(p, SP + 4, CALLER);
    fake_walk(p, PC, SP, &regs);
    check_caller(p, AVD_METHOD_SYSCALL_STUB, SP + 8, 0x10500);
    fake_free(p);
}
END_TEST

/* Windows XP: the stub calls KiFastSystemCall, so two functions without a frame follow. */
START_TEST(test_fast_system_call)
{
    static const uint8_t fast[] = {0x8b, 0xd4, 0x0f, 0x34, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc3};
    static const uint8_t stub[] = {0xb8, 7,    0,    0,    0,    0xba, 0, 3,
                                   0xfe, 0x7f, 0xff, 0x12, 0xc2, 0x14, 0};
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0x10500);

    fake_bytes(p, PC - 9, fast, sizeof fast);
    fake_bytes(p, CODE + 0x800 - 12, stub, sizeof stub);
    fake_u32(p, SP, CODE + 0x800);
    fake_u32(p, SP + 4, CALLER);
    fake_walk(p, PC, SP, &regs);
    ck_assert_uint_ge(p->stack.count, 3);
    ck_assert_uint_eq(p->stack.frames[1].pc, CODE + 0x800);
    ck_assert_int_eq(p->stack.frames[1].method, AVD_METHOD_SYSCALL_STUB);
    ck_assert_uint_eq(p->stack.frames[2].pc, CALLER);
    ck_assert_int_eq(p->stack.frames[2].method, AVD_METHOD_SYSCALL_STUB);
    ck_assert_uint_eq(p->stack.frames[2].sp, SP + 8);
    fake_free(p);
}
END_TEST

/* What does more than a stub does is an ordinary epilogue. */
START_TEST(test_call_then_epilogue)
{
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0x10500);

    fake_bytes(p, PC - 7, "\xba\x40\x10\x40\x00\xff\xd2\x5e\x5d\xc3", 10);
    fake_u32(p, SP + 4, 0x10600);
    fake_u32(p, SP + 8, CALLER);
    fake_walk(p, PC, SP, &regs);
    check_caller(p, AVD_METHOD_PROLOGUE, SP + 12, 0x10600);
    fake_free(p);
}
END_TEST

/* An ordinary call through edx in a caller is no system call: its arguments are on the stack. */
START_TEST(test_ordinary_indirect_call)
{
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0);

    p->walk.allow_scan = false;
    fake_bytes(p, PC - 2, "\xff\x12\xc2\x04\x00", 5);
    fake_bytes(p, CODE, "\x0f\x34\xc3", 3);
    fake_u32(p, SP, PC);
    fake_u32(p, SP + 4, CALLER);
    fake_walk(p, CODE + 2, SP, &regs);
    ck_assert_uint_ge(p->stack.count, 2);
    ck_assert_uint_eq(p->stack.frames[1].pc, PC);
    ck_assert(p->stack.count == 2 || p->stack.frames[2].method == AVD_METHOD_EPILOGUE);
    fake_free(p);
}
END_TEST

START_TEST(test_prologue)
{
    static const struct {
        const char *code; /* at PC - 4 */
        size_t size;
        uint64_t slot;
        uint64_t ebp;
    } cases[] = {
        {"\xcc\xcc\xcc\xcc\x55\x8b\xec", 7, 0, 0x10500},
        {"\xcc\xcc\xcc\xcc\x8b\xff\x55\x8b\xec", 9, 0, 0x10500},
        {"\xcc\xcc\xcc\xcc\x55\x89\xe5", 7, 0, 0x10500},
        {"\xcc\xcc\xcc\xcc\xf3\x0f\x1e\xfb\x55\x89\xe5", 11, 0, 0x10500},
        {"\xcc\x8b\xff\x55\x8b\xec", 6, 4, 0x10400},
        {"\xcc\x8b\xff\x55\x89\xe5", 6, 4, 0x10400},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = fake_new_x86();
        struct avd_regs regs = fake_regs_x86(0x10500);

        fake_bytes(p, PC - 4, cases[i].code, cases[i].size);
        fake_u32(p, SP, 0x10400);
        fake_u32(p, SP + cases[i].slot, CALLER);
        fake_walk(p, PC, SP, &regs);
        check_caller(p, AVD_METHOD_PROLOGUE, SP + cases[i].slot + 4, cases[i].ebp);
        fake_free(p);
    }
}
END_TEST

START_TEST(test_epilogue)
{
    static const struct {
        const char *code;
        size_t size;
        uint64_t slot;
        uint64_t ebp;
    } cases[] = {
        {"\xc3", 1, 0, 0x10200},
        {"\xf3\xc3", 2, 0, 0x10200},
        {"\xc2\x08\x00", 3, 0, 0x10200},
        {"\x5d\xc3", 2, 4, 0x10400},
        {"\x5f\x5e\x5b\x5d\xc3", 5, 16, 0x10400},
        {"\x83\xc4\x10\x5e\xc3", 5, 0x14, 0x10200},
        {"\x81\xc4\x00\x01\x00\x00\xc3", 7, 0x100, 0x10200},
        {"\xc9\xc3", 2, 0x104, 0x10400},
        {"\x8b\xe5\x5d\xc3", 4, 0x104, 0x10400},
        {"\x89\xec\x5d\xc2\x04\x00", 6, 0x104, 0x10400},
        {"\x8d\x65\xf8\x5e\x5b\x5d\xc3", 7, 0x104, 0x10400},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = fake_new_x86();
        struct avd_regs regs = fake_regs_x86(SP + 0x100);

        fake_bytes(p, PC, cases[i].code, cases[i].size);
        fake_u32(p, SP + cases[i].slot - (cases[i].ebp == 0x10400 ? 4 : 0), 0x10400);
        fake_u32(p, SP + cases[i].slot, CALLER);
        fake_walk(p, PC, SP, &regs);
        check_caller(p, AVD_METHOD_PROLOGUE, SP + cases[i].slot + 4, cases[i].ebp);
        fake_free(p);
    }
}
END_TEST

/* Not one of the forms, or no return address where they lead: others must find the caller. */
/* Symbols know where the function starts, and it has run nothing but its first instructions. */
START_TEST(test_from_start)
{
    struct fake_process *p = fake_new_x86();
    struct avd_regs regs = fake_regs_x86(0x10500);

    /* mov eax, [...]; mov eax, [eax] */
    fake_bytes(p, PC, "\xa1\x00\x30\x40\x00\x8b\x00\xc3", 8);
    fake_u32(p, SP, CALLER);
    fake_walk(p, PC + 5, SP, &regs);
    ck_assert(p->stack.count < 2 || p->stack.frames[1].method != AVD_METHOD_PROLOGUE);
    p->starts[0] = PC;
    fake_bytes(p, PC + 7, "\x74", 1);
    fake_walk(p, PC + 5, SP, &regs);
    check_caller(p, AVD_METHOD_PROLOGUE, SP + 4, 0x10500);
    /* push esi; push ebp; sub esp, 10h; mov ebp, eax; the saved EBP is the caller's */
    fake_bytes(p, PC, "\x56\x55\x83\xec\x10\x8b\xe8\x74\x00", 9);
    fake_u32(p, SP + 0x10, 0x10600);
    fake_u32(p, SP + 0x18, CALLER);
    fake_walk(p, PC + 7, SP, &regs);
    check_caller(p, AVD_METHOD_PROLOGUE, SP + 0x1c, 0x10600);
    ck_assert(!avd_reg_known(&p->stack.frames[1].regs, AVD_EBX));
    /* A return address of 0 is none, and what is all nops is no function. */
    fake_u32(p, SP + 0x18, 0);
    fake_walk(p, PC + 7, SP, &regs);
    ck_assert_int_ne(p->stack.end, AVD_END_COMPLETE);
    fake_bytes(p, PC, "\x90\x90\x90\x90\x90\x90\x90\x90", 8);
    fake_u32(p, SP, CALLER);
    p->walk.allow_scan = false;
    fake_walk(p, PC + 7, SP, &regs);
    ck_assert_uint_eq(p->stack.count, 1);
    fake_free(p);
}
END_TEST

START_TEST(test_refused)
{
    static const struct {
        const char *code;
        size_t size;
        uint32_t top;
    } cases[] = {
        {"\x55\x90\x90", 3, CALLER},                                  /* a push of an argument */
        {"\x90\x8b\xec\xcc", 4, CALLER}, {"\x8b\xec\xcc", 3, CALLER}, /* no push before it */
        {"\x5c\xc3", 2, CALLER},                                      /* pop esp */
        {"\x8b\xe0\xc3", 3, CALLER},                                  /* mov esp, eax */
        {"\xc3", 1, CALLER + 16},                                     /* no call before it */
        {"\xc3", 1, 0x405000},                                        /* no code */
        {"\xc3", 1, 0x12345678},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = fake_new_x86();
        unsigned k;

        p->walk.allow_scan = false;
        fake_bytes(p, PC, cases[i].code, cases[i].size);
        for (k = 0; k < 20; k++)
            fake_u32(p, SP + 4 * k, cases[i].top);
        fake_walk(p, PC, SP, NULL);
        ck_assert_msg(p->stack.count == 1, "case %zu: %s", i, p->stack.end_detail);
        fake_free(p);
    }
}
END_TEST

/* What epilogues do not hold is left to the method that carries out whole functions. */
START_TEST(test_left_to_others)
{
    static const struct {
        const char *code;
        size_t size;
    } cases[] = {
        {"\x83\xc0\x04\xc3", 4}, /* add eax */
        {"\xf3\xa4\xc3", 3},     /* rep movsb */
        {"\x58\x58\x58\x58\x58\x58\x58\x58\x58\x58\x58\x58\x58\xc3", 14},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = fake_new_x86();
        unsigned k;

        fake_bytes(p, PC, cases[i].code, cases[i].size);
        for (k = 0; k < 20; k++)
            fake_u32(p, SP + 4 * k, CALLER);
        fake_walk(p, PC, SP, NULL);
        ck_assert_uint_ge(p->stack.count, 2);
        ck_assert_int_eq(p->stack.frames[1].method, AVD_METHOD_EPILOGUE);
        fake_free(p);
    }
}
END_TEST

/* What is no exact frame does not continue at its pc's bytes: arguments may be on the stack. */
START_TEST(test_only_exact_frames)
{
    struct fake_process *p = fake_new_x86();

    p->walk.allow_scan = false;
    fake_bytes(p, PC, "\xc3", 1);
    fake_bytes(p, CALLER, "\xc3", 1);
    fake_u32(p, SP, CALLER);
    fake_u32(p, SP + 4, CALLER);
    fake_walk(p, PC, SP, NULL);
    ck_assert_uint_eq(p->stack.count, 3);
    ck_assert_int_eq(p->stack.frames[1].method, AVD_METHOD_PROLOGUE);
    ck_assert_int_eq(p->stack.frames[2].method, AVD_METHOD_EPILOGUE);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_wow64_stub);
    tcase_add_test(tests, test_windows10_stub);
    tcase_add_test(tests, test_fast_system_call);
    tcase_add_test(tests, test_call_then_epilogue);
    tcase_add_test(tests, test_ordinary_indirect_call);
    tcase_add_test(tests, test_prologue);
    tcase_add_test(tests, test_epilogue);
    tcase_add_test(tests, test_from_start);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_left_to_others);
    tcase_add_test(tests, test_only_exact_frames);
}

int main(void)
{
    return suite_main("x86_code_forms", add_tests);
}
