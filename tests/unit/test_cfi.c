/* SPDX-License-Identifier: MIT */
/* src/stack/cfi.c: steps by STACK CFI rules. */
#include "base/limits.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

/* x86: code at [0x401000, 0x403000); CALLER follows a call. */
#define PC     0x401200u
#define CALLER 0x402040u
#define STACK  UINT64_C(0x10000)

static const char *rules_text;
static uint64_t asked;

static bool cfi(void *ctx, uint64_t addr, const char **rules)
{
    (void)ctx;
    asked = addr;
    *rules = rules_text;
    return rules_text != NULL;
}

static struct fake_process *x86_process(void)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, 0x400000, 0x10000);
    fake_map(p, 0x401000, 0x2000);
    fake_map(p, STACK, 0x1000);
    fake_call_before(p, CALLER);
    p->env.cfi = cfi;
    return p;
}

/* One step from PC with esp STACK + 0x100, ebx and ebp known. */
static enum avd_step_result step(struct fake_process *p, const char *rules, bool exact,
                                 struct avd_frame *caller, enum avd_walk_end *end)
{
    struct avd_frame callee;

    memset(&callee, 0, sizeof callee);
    memset(caller, 0, sizeof *caller);
    callee.pc = PC;
    callee.sp = STACK + 0x100;
    callee.exact = exact;
    avd_reg_set(&callee.regs, AVD_RIP, callee.pc);
    avd_reg_set(&callee.regs, AVD_RSP, callee.sp);
    avd_reg_set(&callee.regs, AVD_RBP, STACK + 0x200);
    avd_reg_set(&callee.regs, AVD_RBX, 0xbb);
    avd_reg_set(&callee.regs, AVD_RAX, 0xaa);
    p->walk.detail[0] = '\0';
    *end = AVD_END_NONE;
    rules_text = rules;
    return avd_step_cfi(&p->walk, &callee, 0, caller, end);
}

START_TEST(test_x86)
{
    struct fake_process *p = x86_process();
    struct avd_frame caller;
    enum avd_walk_end end;

    fake_u32(p, STACK + 0x108, 0x5151);
    fake_u32(p, STACK + 0x10c, 0x10300);
    fake_u32(p, STACK + 0x110, CALLER);
    ck_assert_int_eq(step(p, ".cfa: $esp 20 + .ra: .cfa 4 - ^ $ebp: .cfa 8 - ^ $esi: .cfa 12 - ^",
                          true, &caller, &end),
                     AVD_STEP_OK);
    ck_assert_uint_eq(asked, PC);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, STACK + 0x114);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    ck_assert_int_eq(caller.method, AVD_METHOD_STACK_CFI);
    ck_assert(!caller.exact);
    ck_assert_uint_eq(caller.regs.value[AVD_EIP], CALLER);
    ck_assert_uint_eq(caller.regs.value[AVD_ESP], STACK + 0x114);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], 0x10300);
    ck_assert_uint_eq(caller.regs.value[AVD_ESI], 0x5151);
    /* No rule: kept by the calling convention, or changed by it. */
    ck_assert_uint_eq(caller.regs.value[AVD_EBX], 0xbb);
    ck_assert_uint_eq(caller.regs.known, 1u << AVD_EIP | 1u << AVD_ESP | 1u << AVD_EBP |
                                             1u << AVD_ESI | 1u << AVD_EBX);
    /* A caller is looked up inside its call. */
    ck_assert_int_eq(step(p, ".cfa: $esp 20 + .ra: .cfa 4 - ^", false, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(asked, PC - 1);
    fake_free(p);
}
END_TEST

START_TEST(test_registers)
{
    struct fake_process *p = x86_process();
    struct avd_frame caller;
    enum avd_walk_end end;

    fake_u32(p, STACK + 0x100, CALLER);
    /* Names without '$'; no value; memory that is not there; a volatile one with a rule; names
     * of other CPUs; an own rule for esp; of two rules the last. */
    ck_assert_int_eq(step(p,
                          ".cfa: esp 4 + .ra: .cfa -4 + ^ $ebx: .undef ebp: 64 ^ $eax: 9 "
                          "$r10: 1 $esp: .cfa 8 + $edi: 1 $edi: 2",
                          true, &caller, &end),
                     AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, STACK + 0x10c);
    ck_assert_uint_eq(caller.regs.value[AVD_ESP], STACK + 0x10c);
    ck_assert_uint_eq(caller.regs.value[AVD_EAX], 9);
    ck_assert_uint_eq(caller.regs.value[AVD_EDI], 2);
    ck_assert_uint_eq(caller.regs.known,
                      1u << AVD_EIP | 1u << AVD_ESP | 1u << AVD_EAX | 1u << AVD_EDI);
    fake_free(p);
}
END_TEST

START_TEST(test_x64)
{
    struct fake_process *p = fake_new_x64();
    struct avd_regs regs = {{0}, 0};
    const struct avd_stack *stack;

    p->modules[0].pdata_state = -1;
    p->walk.allow_scan = false;
    p->env.cfi = cfi;
    rules_text = ".cfa: $rsp 48 + .ra: .cfa 8 - ^ $rbp: .cfa 16 - ^";
    fake_u64(p, FAKE_STACK + 0x120, 0x77);
    fake_u64(p, FAKE_STACK + 0x128, FAKE_RETURN);
    avd_reg_set(&regs, AVD_R12, 12);
    avd_reg_set(&regs, AVD_R11, 11);
    stack = fake_walk(p, FAKE_IMAGE + 0x1010, FAKE_STACK + 0x100, &regs);
    ck_assert_msg(stack->count == 2, "%zu: %s", stack->count, stack->end_detail);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_RETURN);
    ck_assert_uint_eq(stack->frames[1].sp, FAKE_STACK + 0x130);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_STACK_CFI);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_RBP], 0x77);
    ck_assert_uint_eq(stack->frames[1].regs.value[AVD_R12], 12);
    ck_assert(!avd_reg_known(&stack->frames[1].regs, AVD_R11));
    /* The next return address is 0. */
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    fake_free(p);
}
END_TEST

START_TEST(test_refused)
{
    static const struct {
        const char *rules;
        enum avd_walk_end end;
        const char *detail;
    } cases[] = {
        {NULL, AVD_END_NONE, ""},
        {"", AVD_END_BAD_UNWIND_INFO, "the STACK CFI rules for 0x401200 are damaged"},
        {"$esp 4 + .cfa: $esp", AVD_END_BAD_UNWIND_INFO,
         "the STACK CFI rules for 0x401200 are damaged"},
        {".ra: $esp ^", AVD_END_NO_UNWIND_INFO,
         "the STACK CFI rules for 0x401200 give no caller: .cfa or .ra is missing"},
        {".cfa: $esp 4 +", AVD_END_NO_UNWIND_INFO,
         "the STACK CFI rules for 0x401200 give no caller: .cfa or .ra is missing"},
        {".cfa: .ra: $esp ^", AVD_END_NO_UNWIND_INFO,
         "the STACK CFI rules for 0x401200 give no caller: an operand is missing"},
        {".cfa: $edi 4 + .ra: $esp ^", AVD_END_NO_UNWIND_INFO,
         "the STACK CFI rules for 0x401200 give no caller: the value of edi is not known"},
        {".cfa: $esp 4 + .ra: .undef", AVD_END_NO_UNWIND_INFO,
         "the STACK CFI rules for 0x401200 give no caller: a variable is used that has no value"},
        {".cfa: $esp 4 + .ra: $esp 4 + ^", AVD_END_NOT_CODE,
         "0x402041 (stack_cfi) is not the return address of a call"},
        {".cfa: $esp 4 + .ra: $esp", AVD_END_NOT_CODE,
         "0x10100 (stack_cfi) is not the return address of a call"},
        {".cfa: $esp 4 + .ra: $esp ^ $esp: .undef", AVD_END_NONE, ""},
    };
    struct fake_process *p = x86_process();
    size_t i;

    fake_u32(p, STACK + 0x100, CALLER);
    fake_u32(p, STACK + 0x104, CALLER + 1);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct avd_frame caller;
        enum avd_walk_end end;

        ck_assert_int_eq(step(p, cases[i].rules, true, &caller, &end), AVD_STEP_NO_INFO);
        ck_assert_int_eq(end, cases[i].end);
        ck_assert_str_eq(p->walk.detail, cases[i].detail);
    }
    p->env.cfi = NULL;
    {
        struct avd_frame caller;
        enum avd_walk_end end;

        ck_assert_int_eq(step(p, ".cfa: $esp 4 + .ra: $esp ^", true, &caller, &end),
                         AVD_STEP_NO_INFO);
    }
    fake_free(p);
}
END_TEST

START_TEST(test_too_many)
{
    static char text[4096];
    struct fake_process *p = x86_process();
    struct avd_frame caller;
    enum avd_walk_end end;
    unsigned i;

    fake_u32(p, STACK + 0x100, CALLER);
    strcpy(text, ".cfa: $esp 4 + .ra: $esp ^");
    for (i = 2; i < AVD_MAX_CFI_RULES; i++)
        strcat(text, " v1: 1");
    ck_assert_int_eq(step(p, text, true, &caller, &end), AVD_STEP_OK);
    strcat(text, " v1: 1");
    ck_assert_int_eq(step(p, text, true, &caller, &end), AVD_STEP_NO_INFO);
    ck_assert_int_eq(end, AVD_END_BAD_UNWIND_INFO);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_x86);
    tcase_add_test(tests, test_registers);
    tcase_add_test(tests, test_x64);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_too_many);
}

int main(void)
{
    return suite_main("cfi", add_tests);
}
