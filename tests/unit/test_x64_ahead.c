/* SPDX-License-Identifier: MIT */
/* src/x64/ahead.c: the way from pc to the function's return. */
#include "x64/ahead.h"

#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define PC UINT64_C(0x140001500)
#define SP (FAKE_STACK + 0x100)

static struct fake_process *process(const char *code, size_t size)
{
    struct fake_process *p = fake_new_x64();

    p->modules[0].pdata_state = -1; /* a small dump: no unwind data */
    p->walk.allow_scan = false;
    memset(&p->pieces[0].bytes[0x400], 0xcc, 0x200);
    fake_bytes(p, PC, code, size);
    return p;
}

static const struct avd_stack *walk(struct fake_process *p)
{
    struct avd_regs regs = {{0}, 0};

    avd_reg_set(&regs, AVD_RBP, SP + 0x40);
    avd_reg_set(&regs, AVD_RBX, 0xb);
    avd_reg_set(&regs, AVD_R12, 0x12);
    avd_reg_set(&regs, AVD_R11, SP);
    return fake_walk(p, PC, SP, &regs);
}

#define CODE(text) (text), sizeof(text) - 1

START_TEST(test_plain)
{
    /* mov rcx, [rsp+20h]; xor rcx, rsp; call; add rsp, 38h; pop rbx; pop r12; ret */
    struct fake_process *p =
        process(CODE("\x48\x8b\x4c\x24\x20\x48\x33\xcc\xe8\x10\x00\x00\x00\x48\x83\xc4\x38"
                     "\x5b\x41\x5c\xc3"));
    const struct avd_stack *stack;

    fake_u64(p, SP + 0x38, 0xbb);
    fake_u64(p, SP + 0x40, 0x1212);
    fake_u64(p, SP + 0x48, FAKE_RETURN);
    stack = walk(p);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[1].sp, SP + 0x50);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_EPILOGUE);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_CFI);
    ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_CALL);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_RBX], 0xbb);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_R12], 0x1212);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_RBP], SP + 0x40);
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_R11));
    fake_free(p);
}
END_TEST

/* Every way by which rsp and registers come back. */
START_TEST(test_forms)
{
    static const struct {
        const char *bytes;
        size_t size;
        unsigned slot; /* of the return address, from SP */
    } forms[] = {
        {CODE("\x48\x81\xc4\x08\x01\x00\x00\xc3"), 0x108},
        {CODE("\x48\x8d\x65\x18\xc3"), 0x58}, /* lea rsp, [rbp+18h] */
        {CODE("\x48\x8d\xa5\xe8\x00\x00\x00\x5f\x5d\xc3"), 0x138},
        {CODE("\xc9\xc3"), 0x48}, /* leave */
        {CODE("\x48\x8b\xe5\x5d\xc3"), 0x48},
        {CODE("\x48\x89\xec\x5d\xf3\xc3"), 0x48},
        {CODE("\x4c\x8d\x5c\x24\x60\x49\x8b\x5b\x18\x49\x8b\xe3\x5d\xc3"), 0x68}, /* by r11 */
        {CODE("\x74\x02\xeb\x01\xcc\x48\x83\xc4\x28\xc3"), 0x28},                 /* jumps */
        {CODE("\x48\x83\xc4\x28\x48\xff\xe0"), 0x28},                             /* tail calls */
        {CODE("\x48\x83\xc4\x28\xff\x25\x00\x00\x00\x00"), 0x28},
        {CODE("\xcc\x48\x83\xc4\x28\xc3"), 0x28}, /* the breakpoint met */
        {CODE("\x0f\x05\x48\x83\xc4\x08\xc3"), 0x8},
        {CODE("\x48\x83\xc4\x28\xc2\x10\x00"), 0x28},
    };
    size_t i;

    for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct fake_process *p = process(forms[i].bytes, forms[i].size);
        const struct avd_stack *stack;

        fake_u64(p, SP + forms[i].slot, FAKE_RETURN);
        stack = walk(p);
        ck_assert_msg(stack->count == 2, "form %zu", i);
        ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
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
        {CODE("\x90\xcc\x48\x83\xc4\x28\xc3")},         /* a trap that was not met */
        {CODE("\x0f\x0b\x48\x83\xc4\x28\xc3")},         /* ud2 */
        {CODE("\x53\x48\x83\xc4\x30\xc3")},             /* push: in a prologue */
        {CODE("\x48\x83\xec\x28\x48\x83\xc4\x50\xc3")}, /* sub rsp */
        {CODE("\x48\x83\xe4\xf0\x48\x83\xc4\x28\xc3")}, /* and rsp */
        {CODE("\x48\x83\xc4\x20\xc3")},                 /* a slot where no return address is */
        {CODE("\x48\x83\xc4\xd8\xc3")},                 /* below rsp */
        {CODE("\xeb\xfe")},                             /* no end */
        {CODE("\xff\xe0")},                             /* perhaps a switch */
        {CODE("\x49\x8b\xe3\x48\x83\xc4\x28\xc3")},     /* rsp from an r11 that may be anything */
        {CODE("\x4c\x8d\x5c\x24\x60\x45\x33\xdb\xe8\x00\x00\x00\x00\x49\x8b\xe3\x5d\xc3")},
        {CODE("\x5c\x48\x83\xc4\x28\xc3")},         /* pop rsp */
        {CODE("\x48\x87\xe0\x48\x83\xc4\x28\xc3")}, /* xchg */
    };
    size_t i;
    size_t k;

    for (i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct fake_process *p = process(others[i].bytes, others[i].size);

        for (k = 0; k < 32; k++)
            fake_u64(p, SP - 0x40 + 8 * k, FAKE_RETURN);
        ck_assert_msg(walk(p)->count == 1, "bytes %zu", i);
        fake_free(p);
    }
}
END_TEST

/* The address must be one that a call left; cut code says nothing. */
START_TEST(test_return_address)
{
    struct fake_process *p = process(CODE("\x48\x83\xc4\x28\xc3"));

    fake_u64(p, SP + 0x28, FAKE_RETURN + 0x10);
    ck_assert_uint_eq(walk(p)->count, 1);
    fake_u64(p, SP + 0x28, FAKE_IMAGE + 0x3800); /* data */
    ck_assert_uint_eq(walk(p)->count, 1);
    fake_u64(p, SP + 0x28, FAKE_RETURN);
    ck_assert_uint_eq(walk(p)->count, 2);
    p->pieces[0].size = 0x503;
    ck_assert_uint_eq(walk(p)->count, 1);
    p->pieces[0].size = 0x505;
    ck_assert_uint_eq(walk(p)->count, 2); /* whether a call is before it is not known then */
    ck_assert_int_eq(p->stack.frames[1].evidence, AVD_EVIDENCE_NONE);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_plain);
    tcase_add_test(tests, test_forms);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_return_address);
}

int main(void)
{
    return suite_main("x64_ahead", add_tests);
}
