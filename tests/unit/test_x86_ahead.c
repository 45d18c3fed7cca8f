/* SPDX-License-Identifier: MIT */
/* src/x86/ahead.c and flow.c: the way from eip to the function's return. */
#include "x86/ahead.h"

#include "support/fake_x86.h"
#include "support/suite.h"
#include "x86/flow.h"

#include <check.h>
#include <string.h>

#define BYTES(text) (text), sizeof(text) - 1
#define EBP         (SP + 0x40)
#define CALLED      0x401800u /* a function that PC's calls: PC + 5 + 0x5fb */
#define ALLOCATES   0x401900u /* xchg eax, esp; mov eax, [eax]; mov [esp], eax; ret */
#define IMPORT      0x403000u /* a pointer to CALLED */

static struct fake_process *process(const char *code, size_t size)
{
    struct fake_process *p = fake_new_x86();

    p->walk.allow_scan = false;
    memset(p->pieces[0].bytes, 0xcc, 0x1000);
    fake_map(p, IMPORT, 0x100);
    fake_u32(p, IMPORT, CALLED);
    fake_bytes(p, CALLED, "\x33\xc0\xc2\x08\x00", 5); /* xor eax, eax; ret 8 */
    fake_bytes(p, ALLOCATES, "\x94\x8b\x00\x89\x04\x24\xc3", 7);
    fake_bytes(p, PC, code, size);
    return p;
}

static const struct avd_stack *walk(struct fake_process *p)
{
    struct avd_regs regs = fake_regs_x86(EBP);

    return fake_walk(p, PC, SP, &regs);
}

static void check_frame(const struct avd_stack *stack, const char *what, size_t which)
{
    ck_assert_msg(stack->count >= 2, "%s %zu: %s", what, which, stack->end_detail);
    ck_assert_msg(stack->frames[1].pc == CALLER, "%s %zu: 0x%x", what, which,
                  (unsigned)stack->frames[1].pc);
    ck_assert_msg(stack->frames[1].method == AVD_METHOD_EPILOGUE, "%s %zu: %s", what, which,
                  avd_method_name(stack->frames[1].method));
}

START_TEST(test_plain)
{
    /* mov eax, [esp+14h]; xor eax, esp; add esp, 18h; pop esi; pop ebx; ret */
    struct fake_process *p = process(BYTES("\x8b\x44\x24\x14\x33\xc4\x83\xc4\x18\x5e\x5b\xc3"));
    const struct avd_frame *caller;

    fake_u32(p, SP + 0x18, 0x51);
    fake_u32(p, SP + 0x1c, 0xb1);
    fake_u32(p, SP + 0x20, CALLER);
    check_frame(walk(p), "plain", 0);
    caller = &p->stack.frames[1];
    ck_assert_uint_eq(caller->sp, SP + 0x24);
    ck_assert_int_eq(caller->method, AVD_METHOD_EPILOGUE);
    ck_assert_int_eq(caller->trust, AVD_TRUST_CFI);
    ck_assert_int_eq(caller->evidence, AVD_EVIDENCE_CALL);
    ck_assert_uint_eq(caller->regs.value[AVD_ESI], 0x51);
    ck_assert_uint_eq(caller->regs.value[AVD_EBX], 0xb1);
    ck_assert_uint_eq(caller->regs.value[AVD_EBP], EBP);
    ck_assert(!avd_reg_known(&caller->regs, AVD_EAX));
    ck_assert(!avd_reg_known(&caller->regs, AVD_EDI));
    fake_free(p);
}
END_TEST

/* Every way by which esp comes back. */
START_TEST(test_forms)
{
    static const struct {
        const char *bytes;
        size_t size;
        unsigned slot; /* of the return address, from SP */
    } forms[] = {
        {BYTES("\x90\x81\xc4\x08\x01\x00\x00\xc3"), 0x108},
        {BYTES("\x90\xc9\xc3"), 0x44},                 /* leave */
        {BYTES("\x90\x8d\x65\xf8\x5e\x5f\xc3"), 0x40}, /* lea esp, [ebp-8] */
        {BYTES("\x90\x8b\xe5\x5d\xc3"), 0x44},
        {BYTES("\x90\x89\xec\x5d\xf3\xc3"), 0x44},
        {BYTES("\x83\xe4\xf0\x90\xc9\xc3"), 0x44},              /* and esp, -16 */
        {BYTES("\x8b\x4d\xfc\x8d\x61\xfc\xc3"), 0x80},          /* lea esp, [ecx-4], by main */
        {BYTES("\x53\x68\x04\x00\x00\x00\x83\xc4\x0c\xc3"), 4}, /* arguments, dropped */
        {BYTES("\x8f\x45\x08\x9d\xc3"), 8},                     /* pop [ebp+8]; popfd */
        /* jumps: over a trap, to it on a condition, back to the start, to the end on a condition */
        {BYTES("\x74\x02\xeb\x01\xcc\x83\xc4\x28\xc3"), 0x28},
        {BYTES("\x90\x74\x02\xeb\xfb\x83\xc4\x28\xc3"), 0x28},
        {BYTES("\x0f\x84\x01\x00\x00\x00\xcc\x83\xc4\x28\xc3"), 0x28},
        {BYTES("\xe3\x01\xf4\x83\xc4\x28\xc3"), 0x28},
        {BYTES("\x90\x83\xc4\x28\xff\x25\x00\x30\x40\x00"), 0x28}, /* a tail call */
        {BYTES("\x90\x83\xc4\x28\xff\x60\x08"), 0x28},             /* of a method */
        {BYTES("\xcc\x83\xc4\x28\xc3"), 0x28},                     /* the breakpoint met */
        {BYTES("\x90\x83\xc4\x28\xc2\x10\x00"), 0x28},
        /* calls: with arguments that the function called takes, directly and by import */
        {BYTES("\xe8\xfb\x05\x00\x00\x83\xc4\x20\xc3"), 0x28},
        {BYTES("\x6a\x01\x6a\x02\xff\x15\x00\x30\x40\x00\x83\xc4\x20\xc3"), 0x20},
        /* of others what follows tells: add esp, pop ecx, sub esp; or nothing was pushed */
        {BYTES("\x50\x53\xff\xd0\x83\xc4\x28\xc3"), 0x20},
        {BYTES("\x50\xff\xd0\x59\x83\xc4\x20\xc3"), 0x20},
        {BYTES("\xff\xd0\x83\xec\x08\x83\xc4\x20\xc3"), 0x20},
        {BYTES("\xff\x50\x08\x85\xc0\x83\xc4\x20\xc3"), 0x20},
        {BYTES("\xe8\x00\x00\x00\x00\x5b\x83\xc4\x20\xc3"), 0x20}, /* call $+5; pop ebx */
        {BYTES("\x90\xff\x24\x85\x00\x30\x40\x00"), 0},            /* a switch */
        {BYTES("\xb8\x40\x00\x00\x00\xe8\xf6\x06\x00\x00\x83\xc4\x60\xc3"), 0x20}, /* _chkstk */
    };
    size_t i;

    for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct fake_process *p = process(forms[i].bytes, forms[i].size);

        fake_u32(p, EBP - 4, SP + 0x84);
        fake_u32(p, SP + forms[i].slot, CALLER);
        check_frame(walk(p), "form", i);
        fake_free(p);
    }
}
END_TEST

/* What is no way to the return, or leads to none. */
START_TEST(test_refused)
{
    static const struct {
        const char *bytes;
        size_t size;
    } others[] = {
        {BYTES("\x90\xcc\x83\xc4\x28\xc3")},         /* a trap that was not met */
        {BYTES("\x0f\x0b\x83\xc4\x28\xc3")},         /* ud2 */
        {BYTES("\x90\x83\xc4\x24\xc3")},             /* a slot where no return address is */
        {BYTES("\x83\xec\x28\x83\xc4\x28\x50\xc3")}, /* below esp */
        {BYTES("\xeb\xfe")},
        {BYTES("\x90\xeb\xfd\x83\xc4\x28\xc3")},     /* a loop without end, and another function */
        {BYTES("\xff\xe0")},                         /* perhaps a switch */
        {BYTES("\x90\xff\x24\x85\x00\x50\x40\x00")}, /* a switch, without its table */
        {BYTES("\x8b\x03\xe8\xf9\x06\x00\x00\x83\xc4\x28\xc3")}, /* _chkstk, of how much? */
        {BYTES("\x83\xe4\xf0\x83\xc4\x28\xc3")},                 /* and esp, -16 */
        {BYTES("\x8b\xe1\x83\xc4\x28\xc3")},                     /* mov esp, ecx */
        {BYTES("\x87\xe0\x83\xc4\x28\xc3")},                     /* xchg eax, esp */
        {BYTES("\xff\xd0\x8d\x76\x00\x83\xc4\x28\xc3")}, /* a call that fills up behind it */
        {BYTES("\xff\xd0\x90\x83\xc4\x28\xc3")},
        {BYTES("\xff\xd0\x66\x0f\x1f\x44\x00\x00\x83\xc4\x28\xc3")},
    };
    size_t i;

    for (i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct fake_process *p = process(others[i].bytes, others[i].size);

        fake_u32(p, SP, CALLER);
        fake_u32(p, SP + 0x28, CALLER);
        ck_assert_msg(walk(p)->count == 1, "bytes %zu", i);
        fake_free(p);
    }
}
END_TEST

/* A register that the body computed is no frame pointer any more. */
START_TEST(test_ebp_lost)
{
    static const char *const bodies[] = {
        "\x90\x33\xed\xc9\xc3", /* xor ebp, ebp; leave */
        "\x0f\x44\xe8\xc9\xc3", /* cmove ebp, eax; leave */
        "\x4d\x90\x90\xc9\xc3", /* dec ebp; leave */
    };
    size_t i;

    for (i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct fake_process *p = process(bodies[i], 5);

        fake_u32(p, EBP + 4, CALLER);
        ck_assert_uint_eq(walk(p)->count, 2);
        ck_assert_int_eq(p->stack.frames[1].method, AVD_METHOD_FRAME_POINTER);
        fake_free(p);
    }
}
END_TEST

/* A method takes what was pushed for it, most likely: not proved, unless the call found leads here.
 */
START_TEST(test_method_call)
{
    struct fake_process *p = process(BYTES("\x50\x53\xff\x50\x08\x85\xc0\x83\xc4\x20\xc3"));

    fake_u32(p, SP + 0x20, CALLER);
    check_frame(walk(p), "method", 0);
    ck_assert_int_eq(p->stack.frames[1].trust, AVD_TRUST_CFI_SCAN);
    fake_call_to(p, CALLER, PC);
    check_frame(walk(p), "method", 1);
    ck_assert_int_eq(p->stack.frames[1].trust, AVD_TRUST_CFI);
    fake_free(p);
}
END_TEST

/* __SEH_epilog4 takes its caller's frame down: where esp is then the chain of EBP knows. */
START_TEST(test_frame_helper)
{
    struct fake_process *p = process(BYTES("\xe8\xfb\x05\x00\x00\xc2\x08\x00"));

    fake_bytes(p, CALLED, "\x59\x5f\x5f\x5e\x5b\x8b\xe5\x5d\x51\xc3", 10);
    fake_u32(p, SP, CALLER + 0x100); /* left behind */
    fake_call_before(p, CALLER + 0x100);
    fake_u32(p, EBP + 4, CALLER);
    ck_assert_uint_ge(walk(p)->count, 2);
    ck_assert_uint_eq(p->stack.frames[1].pc, CALLER);
    ck_assert_int_eq(p->stack.frames[1].method, AVD_METHOD_FRAME_POINTER);
    fake_free(p);
}
END_TEST

/* What was pushed on the way comes back as it was, and nothing else from below esp. */
START_TEST(test_pushed)
{
    /* push ebx; push eax; xor ebx, ebx; pop ecx; pop ebx; sub esp, 4; pop esi; ret */
    struct fake_process *p =
        process(BYTES("\x53\x50\x33\xdb\x59\x5b\x83\xec\x04\x5e\x83\xc4\x10\xc3"));
    const struct avd_frame *caller;

    fake_u32(p, SP - 4, 0x1111);
    fake_u32(p, SP + 0x10, CALLER);
    check_frame(walk(p), "pushed", 0);
    caller = &p->stack.frames[1];
    ck_assert_uint_eq(caller->regs.value[AVD_EBX], 0xbb);
    fake_bytes(p, PC, "\x83\xec\x04\x5b", 4); /* sub esp, 4; pop ebx */
    fake_bytes(p, PC + 4, "\x83\xc4\x10\xc3", 4);
    check_frame(walk(p), "pushed", 1);
    ck_assert(!avd_reg_known(&p->stack.frames[1].regs, AVD_EBX));
    fake_free(p);
}
END_TEST

/* Behind a call the arguments that the function called will take are still on the stack. */
START_TEST(test_arguments)
{
    enum { OUTER = 0x402080 };
    struct fake_process *p = process(BYTES("\x90\xc2\x08\x00")); /* ret 8 */

    fake_u32(p, SP, CALLER);
    fake_bytes(p, CALLER, "\x83\xc4\x10\xc3", 4); /* add esp, 10h; ret */
    fake_call_before(p, OUTER);
    fake_u32(p, SP + 4 + 0x10, OUTER); /* where it would be without them */
    fake_u32(p, SP + 4 + 0x18, OUTER + 0x40);
    fake_call_before(p, OUTER + 0x40);
    check_frame(walk(p), "arguments", 0);
    ck_assert_uint_ge(p->stack.count, 3);
    ck_assert_uint_eq(p->stack.frames[2].pc, OUTER + 0x40);
    ck_assert_uint_eq(p->stack.frames[2].sp, SP + 4 + 0x1c);
    ck_assert_int_eq(p->stack.frames[2].method, AVD_METHOD_EPILOGUE);
    fake_free(p);
}
END_TEST

/* A call that leads elsewhere is none of this function's, unless what it led to jumped here. */
START_TEST(test_tail_call)
{
    struct fake_process *p = process(BYTES("\x90\x83\xc4\x10\xc3"));
    struct avd_stack stack;

    p->starts[0] = PC;
    fake_call_to(p, CALLER, CALLED);
    fake_u32(p, SP + 0x10, CALLER);
    ck_assert_uint_eq(walk(p)->count, 1);
    /* test eax, eax; je over; jmp PC; over: ret */
    fake_bytes(p, CALLED, "\x85\xc0\x74\x05\xe9\xf7\xf9\xff\xff\xc3", 10);
    stack = *walk(p);
    check_frame(&stack, "tail call", 0);
    ck_assert_int_eq(stack.frames[1].evidence, AVD_EVIDENCE_TARGET);
    fake_free(p);
}
END_TEST

START_TEST(test_taken)
{
    static const struct {
        const char *bytes;
        size_t size;
        int taken;
    } functions[] = {
        {BYTES("\xc3"), 0},
        {BYTES("\x55\x8b\xec\x5d\xc2\x0c\x00"), 12},
        {BYTES("\x74\x01\xcc\xc2\x04\x00"), 4},      /* the way that goes on */
        {BYTES("\xff\x25\x00\x30\x40\x00"), 8},      /* by import */
        {BYTES("\xff\x24\x85\x00\x30\x40\x00"), 8},  /* a switch */
        {BYTES("\xff\x24\x85\x00\x50\x40\x00"), -1}, /* without its table */
        {BYTES("\xc2\x00\x80"), -1},                 /* too much */
        {BYTES("\xeb\xfe"), -1},
        {BYTES("\xe8\x00\x01\x00\x00\xcc"), -1},         /* never comes back */
        {BYTES("\x83\xf8\x00\x75\xfb\xc2\x10\x00"), 16}, /* a loop */
        /* push ecx; ret and xchg eax, esp: helpers of their caller's prologue and epilogue */
        {BYTES("\x59\x8b\xe5\x5d\x51\xc3"), AVD_X86_MOVES_STACK},
        {BYTES("\x94\x8b\x00\x89\x04\x24\xc3"), AVD_X86_ALLOCATES},
        {BYTES("\x8d\x4c\x24\x08\x8b\xe1\xc3"), AVD_X86_ALLOCATES},
        {BYTES("\xe8\x00\x01\x00\x00\x8b\xe6\xc3"), 0}, /* gives back what it allocated */
        {BYTES("\x51\x59\xc3"), 0},
    };
    size_t i;

    for (i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        struct fake_process *p = process(functions[i].bytes, functions[i].size);
        unsigned steps = 100;

        ck_assert_msg(avd_x86_taken_by_return(&p->walk, PC, &steps) == functions[i].taken,
                      "function %zu", i);
        ck_assert_uint_lt(steps, 100);
        steps = 0;
        ck_assert_int_eq(avd_x86_taken_by_return(&p->walk, PC, &steps), -1);
        fake_free(p);
    }
}
END_TEST

/* However long the way is: what it costs is counted, and it ends where nothing is left. */
START_TEST(test_effort)
{
    struct fake_process *p = process(BYTES("\x90"));
    size_t effort = 1000000;
    size_t left;

    memset(&p->pieces[0].bytes[PC - CODE], 0x40, 0x500); /* inc eax */
    fake_bytes(p, PC + 0x500, "\xc3", 1);
    fake_u32(p, SP, CALLER);
    p->walk.effort = &effort;
    ck_assert_uint_eq(walk(p)->count, 1); /* too far */
    left = effort;
    ck_assert_uint_lt(left, 1000000 - 1000);
    ck_assert_uint_gt(left, 1000000 - 10000);
    fake_bytes(p, PC + 0x300, "\xc3", 1);
    check_frame(walk(p), "way", 0);
    effort = 500;
    ck_assert_uint_eq(walk(p)->count, 1);
    ck_assert_uint_eq(effort, 0);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_plain);
    tcase_add_test(tests, test_forms);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_ebp_lost);
    tcase_add_test(tests, test_method_call);
    tcase_add_test(tests, test_frame_helper);
    tcase_add_test(tests, test_pushed);
    tcase_add_test(tests, test_arguments);
    tcase_add_test(tests, test_tail_call);
    tcase_add_test(tests, test_taken);
    tcase_add_test(tests, test_effort);
}

int main(void)
{
    return suite_main("x86_ahead", add_tests);
}
