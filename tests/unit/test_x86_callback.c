/* SPDX-License-Identifier: MIT */
/*
 * User callbacks on x86. The block on the stack is that of Windows 8 and later, or the older one;
 * the places of the dispatcher's return address are those of Windows (two words of the block
 * popped), of Wine 10 (some words below the block) and of Wine 8 (a frame below it).
 */
#include "support/dump_fixture.h"
#include "support/fake_process.h"
#include "support/suite.h"
#include "x86/callback.h"

#include <string.h>

enum {
    NTDLL = 0x77000000,
    WIN32U = 0x75000000,
    STACK = 0x10000,
    BLOCK = STACK + 0x200,
    SIZE = 0x58,
    ESP = BLOCK + 0x1c + SIZE + 4, /* rounded up to 16 */
    DISPATCHER = NTDLL + 0x1040,
    STUB = WIN32U + 0x1020
};

struct setup {
    struct fake_process *p;
    struct avd_frame callee, caller;
    enum avd_walk_end end;
};

static struct setup new_setup(uint64_t sp)
{
    struct setup s = {fake_new(&avd_cpu_x86), {0}, {0}, AVD_END_NONE};

    fake_module(s.p, NTDLL, 0x4000)->role = AVD_ROLE_NTDLL;
    (void)fake_module(s.p, WIN32U, 0x4000);
    fake_map(s.p, STACK, 0x1000);
    fake_u32(s.p, BLOCK, STUB);
    fake_u32(s.p, BLOCK + 4, 4);
    fake_u32(s.p, BLOCK + 8, BLOCK + 0x1c);
    fake_u32(s.p, BLOCK + 0xc, SIZE);
    fake_u32(s.p, BLOCK + 0x18, ESP);
    s.p->walk.stack_low = STACK;
    s.p->walk.stack_high = STACK + 0x1000;
    s.callee.pc = DISPATCHER;
    s.callee.sp = sp;
    avd_reg_set(&s.callee.regs, AVD_EIP, DISPATCHER);
    avd_reg_set(&s.callee.regs, AVD_ESP, sp);
    avd_reg_set(&s.callee.regs, AVD_EBP, STACK + 0x400);
    avd_reg_set(&s.callee.regs, AVD_EAX, 1);
    return s;
}

static enum avd_step_result step(struct setup *s)
{
    return avd_x86_step_callback(&s->p->walk, &s->callee, 1, &s->caller, &s->end);
}

static void check(struct setup *s, enum avd_step_result expected)
{
    ck_assert_int_eq(step(s), expected);
    fake_free(s->p);
}

START_TEST(test_found)
{
    static const uint64_t places[] = {BLOCK + 8, BLOCK - 0x1c, BLOCK - 0x3c};
    size_t i;

    for (i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct setup s = new_setup(places[i]);

        ck_assert_int_eq(step(&s), AVD_STEP_OK);
        ck_assert_uint_eq(s.caller.pc, STUB);
        ck_assert_uint_eq(s.caller.sp, ESP);
        ck_assert_uint_eq(s.caller.regs.value[AVD_ESP], ESP);
        ck_assert_uint_eq(s.caller.regs.value[AVD_EBP], STACK + 0x400);
        ck_assert(!avd_reg_known(&s.caller.regs, AVD_EAX));
        ck_assert(s.caller.exact);
        ck_assert_int_eq(s.caller.trust, AVD_TRUST_CFI);
        ck_assert_int_eq(s.caller.method, AVD_METHOD_MACHINE_FRAME);
        fake_free(s.p);
    }
}
END_TEST

START_TEST(test_too_far)
{
    struct setup s = new_setup(BLOCK - 0x40);

    check(&s, AVD_STEP_NO_INFO);
    s = new_setup(BLOCK + 0xc);
    check(&s, AVD_STEP_NO_INFO);
}
END_TEST

START_TEST(test_not_a_block)
{
    struct setup s = new_setup(BLOCK + 8);

    fake_u32(s.p, BLOCK + 8, BLOCK + 0x18); /* the arguments are elsewhere */
    check(&s, AVD_STEP_NO_INFO);
    s = new_setup(BLOCK + 8);
    fake_u32(s.p, BLOCK + 0x18, ESP + 0x10); /* too far behind them */
    check(&s, AVD_STEP_NO_INFO);
    s = new_setup(BLOCK + 8);
    fake_u32(s.p, BLOCK + 0x18, BLOCK + 0x1c + SIZE - 4); /* inside them */
    check(&s, AVD_STEP_NO_INFO);
    s = new_setup(BLOCK + 8);
    fake_u32(s.p, BLOCK, 0); /* Windows 7 and older: no eip */
    check(&s, AVD_STEP_NO_INFO);
    s = new_setup(BLOCK + 8);
    fake_u32(s.p, BLOCK + 0xc, 0xffffff00);
    check(&s, AVD_STEP_NO_INFO);
}
END_TEST

START_TEST(test_only_from_ntdll)
{
    struct setup s = new_setup(BLOCK + 8);

    s.callee.pc = STUB;
    check(&s, AVD_STEP_NO_INFO);
    s = new_setup(BLOCK + 8);
    s.callee.exact = true;
    check(&s, AVD_STEP_NO_INFO);
    s = new_setup(BLOCK + 8);
    s.p->walk.windows = false;
    check(&s, AVD_STEP_NO_INFO);
    s = new_setup(4);
    check(&s, AVD_STEP_NO_INFO);
    /* The stack ends inside the block. */
    s = new_setup(STACK + 0x1000 - 0x10);
    check(&s, AVD_STEP_NO_INFO);
}
END_TEST

enum { OLD_BLOCK = STACK + 0x200, CALLER = WIN32U + 0x2040, STUB_START = STUB - 12 };

/*
 * The older block: a word, number, arguments' address, size. Arguments at `arguments`; right above
 * them the return address of a call to the stub.
 */
static struct setup new_old_setup(uint64_t sp, uint64_t arguments)
{
    struct setup s = new_setup(sp);

    fake_map(s.p, WIN32U + 0x1000, 0x2000);
    fake_bytes(s.p, STUB_START, "\xb8\x58\x13\x00\x00\xba\x00\x03\xfe\x7f\xff\xd2\xc2\x3c", 14);
    fake_call_to(s.p, CALLER, STUB_START);
    fake_u32(s.p, OLD_BLOCK, 0);
    fake_u32(s.p, OLD_BLOCK + 4, 3);
    fake_u32(s.p, OLD_BLOCK + 8, (uint32_t)arguments);
    fake_u32(s.p, OLD_BLOCK + 0xc, SIZE);
    fake_u32(s.p, OLD_BLOCK + 0x18, 0);
    fake_u32(s.p, arguments + SIZE, CALLER);
    return s;
}

START_TEST(test_old_block)
{
    static const uint64_t arguments[] = {OLD_BLOCK + 0x10, OLD_BLOCK + 0x14};
    struct setup s;
    size_t i;

    for (i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        s = new_old_setup(OLD_BLOCK + 8, arguments[i]);
        ck_assert_int_eq(step(&s), AVD_STEP_OK);
        ck_assert_uint_eq(s.caller.pc, STUB);
        ck_assert_uint_eq(s.caller.sp, arguments[i] + SIZE);
        ck_assert_uint_eq(s.caller.regs.value[AVD_EBP], STACK + 0x400);
        ck_assert(s.caller.exact);
        fake_free(s.p);
    }
    /* A dispatcher with a frame, far below; it has saved EBP. */
    s = new_old_setup(OLD_BLOCK - 0xb0, OLD_BLOCK + 0x14);
    check(&s, AVD_STEP_NO_INFO);
    s = new_old_setup(OLD_BLOCK - 0xb0, OLD_BLOCK + 0x14);
    avd_reg_set(&s.callee.regs, AVD_EBP, OLD_BLOCK - 0x14);
    fake_u32(s.p, OLD_BLOCK - 0x14, STACK + 0x500);
    ck_assert_int_eq(step(&s), AVD_STEP_OK);
    ck_assert_uint_eq(s.caller.pc, STUB);
    ck_assert_uint_eq(s.caller.regs.value[AVD_EBP], STACK + 0x500);
    /* Wine 8 enters it with 0. */
    fake_u32(s.p, OLD_BLOCK - 0x14, 0);
    memset(&s.caller, 0, sizeof s.caller);
    ck_assert_int_eq(step(&s), AVD_STEP_OK);
    ck_assert(!avd_reg_known(&s.caller.regs, AVD_EBP));
    fake_free(s.p);
}
END_TEST

START_TEST(test_not_an_old_block)
{
    struct setup s = new_old_setup(OLD_BLOCK + 8, OLD_BLOCK + 0x10);

    fake_u32(s.p, OLD_BLOCK + 4, 0x400); /* no such callback */
    check(&s, AVD_STEP_NO_INFO);
    s = new_old_setup(OLD_BLOCK + 8, OLD_BLOCK + 0x18); /* the arguments are elsewhere */
    check(&s, AVD_STEP_NO_INFO);
    s = new_old_setup(OLD_BLOCK + 8, OLD_BLOCK + 0x10);
    fake_u32(s.p, OLD_BLOCK + 0xc, SIZE - 0x10); /* the return address is too far */
    check(&s, AVD_STEP_NO_INFO);
    s = new_old_setup(OLD_BLOCK + 8, OLD_BLOCK + 0x10);
    fake_call_before(s.p, CALLER); /* leads nobody knows where */
    fake_bytes(s.p, CALLER - 5, "\x90\x90\x90", 3);
    check(&s, AVD_STEP_NO_INFO);
    s = new_old_setup(OLD_BLOCK + 8, OLD_BLOCK + 0x10);
    fake_bytes(s.p, STUB - 2, "\x90\x90", 2); /* leads to no stub */
    check(&s, AVD_STEP_NO_INFO);
}
END_TEST

/* In a small dump there is no code: the stub is not known, its caller is likely. */
START_TEST(test_old_block_without_code)
{
    struct setup s = new_old_setup(OLD_BLOCK + 8, OLD_BLOCK + 0x10);

    s.p->pieces[1].size = 0;
    ck_assert_int_eq(step(&s), AVD_STEP_OK);
    ck_assert_uint_eq(s.caller.pc, CALLER);
    ck_assert_uint_eq(s.caller.sp, OLD_BLOCK + 0x14 + SIZE);
    ck_assert(!s.caller.exact);
    ck_assert(s.caller.frames_missing);
    ck_assert_int_eq(s.caller.trust, AVD_TRUST_CFI_SCAN);
    s.p->modules[1].role = AVD_ROLE_NTDLL; /* which makes no such calls */
    check(&s, AVD_STEP_NO_INFO);
}
END_TEST

/* What user32 calls is a jump through its import table. */
START_TEST(test_old_block_thunk)
{
    struct setup s = new_old_setup(OLD_BLOCK + 8, OLD_BLOCK + 0x10);

    fake_call_to(s.p, CALLER, WIN32U + 0x1800);
    fake_bytes(s.p, WIN32U + 0x1800, "\xff\x25", 2);
    fake_u32(s.p, WIN32U + 0x1802, WIN32U + 0x1900);
    fake_u32(s.p, WIN32U + 0x1900, STUB_START);
    check(&s, AVD_STEP_OK);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_old_block);
    tcase_add_test(tests, test_not_an_old_block);
    tcase_add_test(tests, test_old_block_without_code);
    tcase_add_test(tests, test_old_block_thunk);
    tcase_add_test(tests, test_found);
    tcase_add_test(tests, test_too_far);
    tcase_add_test(tests, test_not_a_block);
    tcase_add_test(tests, test_only_from_ntdll);
}

int main(void)
{
    return suite_main("x86_callback", add_tests);
}
