/* SPDX-License-Identifier: MIT */
/* src/x86/dispatch.c: from a call of KiUserExceptionDispatcher to what faulted. */
#include "x86/dispatch.h"

#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>

#define NTDLL   0x77000000u
#define INSIDE  (NTDLL + 0x1040) /* return address in KiUserExceptionDispatcher */
#define PC      0x401200u
#define FAULT   0x401234u
#define SP      UINT64_C(0x10100)
#define RECORD  0x10300u
#define CONTEXT 0x10400u

static struct fake_process *process(void)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, 0x400000, 0x10000);
    fake_module(p, NTDLL, 0x10000)->role = AVD_ROLE_NTDLL;
    fake_map(p, 0x401000, 0x2000);
    fake_map(p, NTDLL + 0x1000, 0x1000);
    fake_map(p, 0x10000, 0x2000);
    fake_call_before(p, INSIDE);
    fake_u32(p, SP, INSIDE);
    fake_u32(p, SP + 4, RECORD);
    fake_u32(p, SP + 8, CONTEXT);
    fake_u32(p, RECORD, 0xc0000005);
    fake_u32(p, RECORD + 0x0c, FAULT);
    fake_u32(p, RECORD + 0x10, 2);
    fake_u32(p, CONTEXT, 0x1007f);        /* ContextFlags */
    fake_u32(p, CONTEXT + 0xa4, 0xbb);    /* Ebx */
    fake_u32(p, CONTEXT + 0xb4, 0x10900); /* Ebp */
    fake_u32(p, CONTEXT + 0xb8, FAULT);   /* Eip */
    fake_u32(p, CONTEXT + 0xbc, 0x23);    /* SegCs */
    fake_u32(p, CONTEXT + 0xc4, 0x10800); /* Esp */
    return p;
}

/* The dispatcher is frame 1, found by undoing a call through null. */
static bool passes(struct fake_process *p)
{
    const struct avd_stack *stack = fake_walk(p, 0, SP, NULL);

    ck_assert_uint_eq(stack->frames[1].pc, INSIDE);
    return stack->count > 2 && stack->frames[2].exact;
}

START_TEST(test_found)
{
    struct fake_process *p = process();
    const struct avd_frame *frame;

    ck_assert(passes(p));
    frame = &p->stack.frames[2];
    ck_assert_uint_eq(frame->pc, FAULT);
    ck_assert_uint_eq(frame->sp, 0x10800);
    ck_assert_uint_eq(frame->regs.value[AVD_EBX], 0xbb);
    ck_assert_uint_eq(frame->regs.value[AVD_EBP], 0x10900);
    ck_assert_int_eq(frame->trust, AVD_TRUST_CONTEXT);
    ck_assert_int_eq(frame->method, AVD_METHOD_MACHINE_FRAME);
    fake_u32(p, CONTEXT + 0xb8, FAULT + 1); /* behind a breakpoint */
    ck_assert(passes(p));
    fake_u32(p, CONTEXT + 0xbc, 0x1b); /* 32-bit Windows */
    ck_assert(passes(p));
    fake_free(p);
}
END_TEST

START_TEST(test_refused)
{
    /* clang-format off */
    static const struct {
        uint64_t addr;
        uint32_t value;
    } wrong[] = {
        {SP + 4, 0x10000}, {SP + 4, 0x20000}, {SP + 8, 0x10000}, {SP + 8, 0x20000},
        {CONTEXT, 0x10007f}, {CONTEXT, 0x10002}, /* of another CPU; without control registers */
        {CONTEXT + 0xb8, FAULT + 2}, {CONTEXT + 0xb8, FAULT - 1}, {CONTEXT + 0xbc, 0x33},
        {CONTEXT + 0xc4, CONTEXT}, {CONTEXT + 0xc4, 0x12000}, {RECORD + 0x10, 16},
        {RECORD + 0x0c, 0},
    };
    /* clang-format on */
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fake_process *p = process();

        p->walk.stack_low = 0x10000;
        p->walk.stack_high = 0x12000;
        ck_assert(passes(p));
        fake_u32(p, wrong[i].addr, wrong[i].value);
        ck_assert_msg(!passes(p), "value %zu", i);
        fake_free(p);
    }
}
END_TEST

/* Only ntdll dispatches exceptions, and only Windows has it. */
START_TEST(test_where)
{
    struct fake_process *p = process();

    p->modules[1].role = AVD_ROLE_OTHER;
    ck_assert(!passes(p));
    p->modules[1].role = AVD_ROLE_NTDLL;
    p->walk.windows = false;
    ck_assert(!passes(p));
    p->walk.windows = true;
    p->env.module_role = NULL;
    ck_assert(!passes(p));
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_found);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_where);
}

int main(void)
{
    return suite_main("x86_dispatch", add_tests);
}
