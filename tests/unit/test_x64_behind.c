/* SPDX-License-Identifier: MIT */
/* src/x64/behind.c: the prologue before pc, in code that was made at run time. */
#include "x64/behind.h"

#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define MADE     UINT64_C(0x20000000)
#define FUNCTION (MADE + 0x100)
#define SP       (FAKE_STACK + 0x100)
#define FRAME    (SP + 0x140) /* an interpreter's */
#define JUMPED   (MADE + 0x800)

#define CODE(text) (text), sizeof(text) - 1

/* Code at FUNCTION, with breakpoints around it. */
static struct fake_process *process(const char *code, size_t size)
{
    struct fake_process *p = fake_new_x64();

    p->walk.allow_scan = false;
    p->walk.stack_low = FAKE_STACK;
    p->walk.stack_high = FAKE_STACK + 0x2000;
    fake_map(p, MADE, 0x1000);
    memset(p->pieces[p->piece_count - 1].bytes, 0xcc, 0x1000);
    fake_bytes(p, FUNCTION, code, size);
    return p;
}

/* Walks from behind that code. */
static const struct avd_stack *walk(struct fake_process *p, size_t size)
{
    return fake_walk(p, FUNCTION + size, SP, NULL);
}

/* push rdi; push rsi; sub rsp, 28h; mov ecx, eax; call rax: to what does not come back */
#define THROWS "\x57\x56\x48\x83\xec\x28\x8b\xc8\xff\xd0"

START_TEST(test_throw)
{
    struct fake_process *p = process(CODE(THROWS));
    const struct avd_stack *stack;

    fake_u64(p, SP + 0x28, 0x51);
    fake_u64(p, SP + 0x30, 0xd1);
    fake_u64(p, SP + 0x38, FAKE_RETURN);
    stack = walk(p, sizeof(THROWS) - 1);
    ck_assert_uint_ge(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x40);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_PROLOGUE);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CFI);
    ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_CALL);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_RSI], 0x51);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_RDI], 0xd1);
    fake_free(p);
}
END_TEST

START_TEST(test_forms)
{
    static const struct {
        const char *bytes;
        size_t size;
        unsigned slot;
    } forms[] = {
        {CODE("\x48\x83\xec\x28\xff\xd0"), 0x28},
        {CODE("\x41\x57\x48\x81\xec\x00\x01\x00\x00\xff\xd0"), 0x108}, /* push r15 */
        /* mov [rsp-8000h], eax; push rbp; sub rsp, 20h */
        {CODE("\x89\x84\x24\x00\x80\xff\xff\x55\x48\x83\xec\x20\xff\xd0"), 0x28},
        /* an epilogue and what follows it are passed by */
        {CODE("\x57\x48\x83\xec\x20\x74\x06\x48\x83\xc4\x20\x5f\xc3\x90\xff\xd0"), 0x28},
    };
    size_t i;

    for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct fake_process *p = process(forms[i].bytes, forms[i].size);
        const struct avd_stack *stack;

        fake_u64(p, SP + forms[i].slot, FAKE_RETURN);
        stack = walk(p, forms[i].size);
        ck_assert_msg(stack->count >= 2, "%zu", i);
        ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
        ck_assert_uint_eq(stack->frames[1].sp, SP + forms[i].slot + 8);
        fake_free(p);
    }
}
END_TEST

START_TEST(test_refused)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t size;
    } cases[] = {
        {"no prologue", CODE("\x90\x90\x90\x90\x90\x90\x8b\xc8\xff\xd0")},
        {"pushes only", CODE("\x57\x56\x55\x53\x41\x54\xff\xd0")},
        {"a volatile register", CODE("\x57\x50\x48\x83\xec\x28\xff\xd0")},
        {"not aligned", CODE("\x57\x56\x48\x83\xec\x30\xff\xd0")},
        {"too large", CODE("\x48\x81\xec\x08\x00\x10\x00\xff\xd0")},
        {"negative", CODE("\x57\x56\x48\x81\xec\xd8\xff\xff\xff\xff\xd0")},
        {"alloca", CODE("\x57\x56\x48\x83\xec\x28\x48\x2b\xe0\xff\xd0")},
        {"another allocation", CODE("\x57\x56\x48\x83\xec\x28\x48\x83\xec\x10\xff\xd0")},
        {"aligns rsp", CODE("\x57\x56\x48\x83\xec\x28\x48\x83\xe4\xe0\xff\xd0")},
        {"a push later", CODE("\x57\x56\x48\x83\xec\x28\x90\x53\xff\xd0")},
        {"not at an instruction", CODE("\x57\x56\x48\x83\xec\x28\xff\xd0\xb8")},
        {"unknown instruction", CODE("\x57\x56\x48\x83\xec\x28\x06\xff\xd0")},
    };
    unsigned slot;
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = process(cases[i].bytes, cases[i].size);
        const struct avd_stack *stack;

        for (slot = 0x18; slot <= 0x48; slot += 8)
            fake_u64(p, SP + slot, FAKE_RETURN);
        stack = walk(p, cases[i].size);
        ck_assert_msg(stack->count == 1, "%s: %zu frames", cases[i].why, stack->count);
        fake_free(p);
    }
}
END_TEST

/* Data that is the prologue of another frame puts the return address where none is. */
START_TEST(test_nearest_is_wrong)
{
    /* push rdi; push rsi; sub rsp, 28h; nops; mov rax, imm64, at a multiple of 16; call rax */
    static const char bytes[] = "\x57\x56\x48\x83\xec\x28\x90\x90\x90\x90\x90\x90\x90\x90"
                                "\x48\xb8\x57\x48\x83\xec\x20\x90\x90\x90\xff\xd0";
    struct fake_process *p = process(bytes, sizeof bytes - 1);
    const struct avd_stack *stack;

    fake_u64(p, SP + 0x38, FAKE_RETURN);
    stack = walk(p, sizeof bytes - 1);
    ck_assert_uint_ge(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x40);
    fake_u64(p, SP + 0x28, FAKE_RETURN);
    stack = walk(p, sizeof bytes - 1);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x30); /* nobody can tell these apart */
    fake_u64(p, SP + 0x28, FAKE_RETURN + 1);           /* no call is before it */
    fake_u64(p, SP + 0x38, FAKE_RETURN + 1);
    ck_assert_uint_eq(walk(p, sizeof bytes - 1)->count, 1);
    fake_free(p);
}
END_TEST

/* Where it is not asked: code of modules, other systems, a stack pointer that is none of a body's.
 */
START_TEST(test_not_asked)
{
    unsigned form;

    for (form = 0; form < 4; form++) {
        struct fake_process *p = process(CODE(THROWS));
        const struct avd_stack *stack;

        fake_u64(p, SP + 0x38, FAKE_RETURN);
        p->walk.windows = form != 1;
        if (form == 2)
            fake_module(p, MADE, 0x1000)->pdata_state = -1;
        if (form == 3)
            p->pieces[p->piece_count - 1].size = 0x100;
        stack = walk(p, sizeof(THROWS) - 1);
        ck_assert_msg((stack->count > 1) == (form == 0), "%u: %zu frames", form, stack->count);
        fake_free(p);
    }
}
END_TEST

/* Code at the start of memory, in the middle of a page, and after a page that is not there. */
START_TEST(test_edges)
{
    struct fake_process *p = fake_new_x64();
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    fake_map(p, MADE, 0x1000);
    fake_bytes(p, MADE, THROWS, sizeof(THROWS) - 1);
    fake_u64(p, SP + 0x38, FAKE_RETURN);
    stack = fake_walk(p, MADE + sizeof(THROWS) - 1, SP, NULL);
    ck_assert_uint_eq(stack->count, 1); /* less than an aligned function's room is before pc */
    fake_bytes(p, MADE + 16, THROWS, sizeof(THROWS) - 1);
    stack = fake_walk(p, MADE + 16 + sizeof(THROWS) - 1, SP, NULL);
    ck_assert_uint_ge(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x40);
    fake_free(p);
}
END_TEST

/* Compiled code that an interpreter jumped to returns to where no call is; the chain of frame
 * pointers, which goes on from the register that it saved, says that this is right. */
START_TEST(test_interpreter)
{
    static const struct {
        const char *bytes;
        size_t size, pc;
        enum avd_method method;
    } cases[] = {
        /* push rbp; sub rsp, 20h; call rax */
        {CODE("\x55\x48\x83\xec\x20\xff\xd0"), 7, AVD_METHOD_PROLOGUE},
        /* add rsp, 20h; pop rbp; ret */
        {CODE("\x48\x83\xc4\x20\x5d\xc3"), 0, AVD_METHOD_EPILOGUE},
        /* a loop before that: test eax, eax; je out; jmp back */
        {CODE("\x85\xc0\x74\x02\xeb\xfa\x48\x83\xc4\x20\x5d\xc3"), 0, AVD_METHOD_EPILOGUE},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = process(cases[i].bytes, cases[i].size);
        const struct avd_stack *stack;

        fake_u64(p, SP + 0x20, FRAME);
        fake_u64(p, SP + 0x28, JUMPED);
        fake_u64(p, FRAME, 7);
        fake_u64(p, FRAME + 8, FAKE_RETURN);
        stack = fake_walk(p, FUNCTION + cases[i].pc, SP, NULL);
        ck_assert_msg(stack->count >= 3, "%zu: %zu frames", i, stack->count);
        ck_assert_uint_eq(stack->frames[1].pc, JUMPED);
        ck_assert_uint_eq(stack->frames[1].sp, SP + 0x30);
        ck_assert_int_eq(stack->frames[1].method, cases[i].method);
        ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_WEAK);
        ck_assert_uint_eq(stack->frames[2].pc, FAKE_RETURN);
        ck_assert_uint_eq(stack->frames[2].sp, FRAME + 16);
        ck_assert_int_eq(stack->frames[2].method, AVD_METHOD_FRAME_POINTER);
        ck_assert(!stack->frames[2].frames_missing); /* the saved register is that frame's */
        fake_u64(p, FRAME + 8, 0);
        stack = fake_walk(p, FUNCTION + cases[i].pc, SP, NULL);
        ck_assert_msg(stack->count == 1, "%zu: %zu frames", i, stack->count);
        fake_free(p);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_throw);
    tcase_add_test(tests, test_forms);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_nearest_is_wrong);
    tcase_add_test(tests, test_not_asked);
    tcase_add_test(tests, test_edges);
    tcase_add_test(tests, test_interpreter);
}

int main(void)
{
    return suite_main("x64_behind", add_tests);
}
