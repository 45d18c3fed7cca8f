/* SPDX-License-Identifier: MIT */
/*
 * src/x86/apc.c. The places of the CONTEXT are those of Windows (behind three arguments), of Wine
 * 10 (behind four words) and of Wine 8 (above the frame of a dispatcher written in C).
 */
#include "x86/apc.h"

#include "support/dump_fixture.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <string.h>

enum {
    NTDLL = 0x77000000,
    DISPATCHER = NTDLL + 0x1040,
    STUB = NTDLL + 0x1100, /* behind the call of the system-call stub */
    ROUTINE = 0x401200,
    SP = 0x10100, /* of the dispatcher */
    EBP = 0x10900,
    CONTEXT_SIZE = 0x2cc
};

static void put_context(struct fake_process *p, uint64_t addr)
{
    fake_u32(p, addr, 0x10007);
    fake_u32(p, addr + 0xa4, 0xbb); /* Ebx */
    fake_u32(p, addr + 0xb4, EBP);
    fake_u32(p, addr + 0xb8, STUB);                              /* Eip */
    fake_u32(p, addr + 0xbc, 0x23);                              /* SegCs */
    fake_u32(p, addr + 0xc4, (uint32_t)addr + CONTEXT_SIZE + 8); /* Esp */
}

static struct fake_process *process(uint64_t context)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, 0x400000, 0x10000);
    fake_module(p, NTDLL, 0x10000)->role = AVD_ROLE_NTDLL;
    fake_map(p, 0x401000, 0x2000);
    fake_map(p, NTDLL + 0x1000, 0x1000);
    fake_map(p, 0x10000, 0x3000);
    fake_call_before(p, DISPATCHER);
    fake_call_before(p, ROUTINE);
    fake_bytes(p, STUB - 7, "\xba\x20\xc6\xc0\x7b\xff\xd2\xc2\x08\x00", 10);
    put_context(p, context);
    p->walk.stack_low = 0x10000;
    p->walk.stack_high = 0x13000;
    return p;
}

static struct avd_frame callee_at(uint64_t pc, uint64_t sp)
{
    struct avd_frame callee;

    memset(&callee, 0, sizeof callee);
    callee.pc = pc;
    callee.sp = sp;
    avd_reg_set(&callee.regs, AVD_EIP, pc);
    avd_reg_set(&callee.regs, AVD_ESP, sp);
    avd_reg_set(&callee.regs, AVD_EBP, EBP);
    return callee;
}

static enum avd_step_result step(struct fake_process *p, const struct avd_frame *callee,
                                 struct avd_frame *caller)
{
    enum avd_walk_end end = AVD_END_NONE;

    memset(caller, 0, sizeof *caller);
    return avd_x86_step_apc(&p->walk, callee, 1, caller, &end);
}

START_TEST(test_found)
{
    static const uint64_t places[] = {SP + 0xc, SP + 0x10, SP + 0x50, SP + 0x80};
    size_t i;

    for (i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct fake_process *p = process(places[i]);
        struct avd_frame callee = callee_at(DISPATCHER, SP);
        struct avd_frame caller;

        ck_assert_int_eq(step(p, &callee, &caller), AVD_STEP_OK);
        ck_assert_uint_eq(caller.pc, STUB);
        ck_assert_uint_eq(caller.sp, places[i] + CONTEXT_SIZE + 8);
        ck_assert_uint_eq(caller.regs.value[AVD_EBX], 0xbb);
        ck_assert(caller.exact);
        ck_assert_int_eq(caller.trust, AVD_TRUST_CONTEXT);
        ck_assert_int_eq(caller.method, AVD_METHOD_MACHINE_FRAME);
        fake_free(p);
    }
}
END_TEST

START_TEST(test_refused)
{
    static const struct {
        unsigned offset;
        uint32_t value;
    } changes[] = {
        {0, 0x10001},     /* no general registers */
        {0, 0x100007},    /* of another CPU */
        {0xb8, STUB + 1}, /* not behind a system call */
        {0xb8, ROUTINE},
        {0xbc, 0x33},                             /* 64-bit code */
        {0xc4, SP + 0xc + CONTEXT_SIZE - 4},      /* a stack that holds the CONTEXT */
        {0xc4, SP + 0xc + CONTEXT_SIZE + 2},      /* not aligned */
        {0xc4, SP + 0xc + CONTEXT_SIZE + 0x1000}, /* too far */
        {0xc4, 0x13000},                          /* outside the stack */
    };
    struct avd_frame callee = callee_at(DISPATCHER, SP);
    struct avd_frame caller;
    struct fake_process *p;
    size_t i;

    for (i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        p = process(SP + 0xc);
        fake_u32(p, SP + 0xc + changes[i].offset, changes[i].value);
        ck_assert_msg(step(p, &callee, &caller) == AVD_STEP_NO_INFO, "change %zu", i);
        fake_free(p);
    }
    p = process(SP + 0xc);
    p->pieces[1].size = 0; /* without code, a wait in ntdll is likely */
    ck_assert_int_eq(step(p, &callee, &caller), AVD_STEP_OK);
    fake_u32(p, SP + 0xc + 0xb8, ROUTINE);
    p->pieces[0].size = 0; /* but none elsewhere */
    ck_assert_int_eq(step(p, &callee, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
    p = process(SP + 0x84); /* too far above */
    ck_assert_int_eq(step(p, &callee, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
    p = process(SP + 0xc);
    callee.exact = true;
    ck_assert_int_eq(step(p, &callee, &caller), AVD_STEP_NO_INFO);
    callee = callee_at(ROUTINE, SP);
    ck_assert_int_eq(step(p, &callee, &caller), AVD_STEP_NO_INFO);
    callee = callee_at(DISPATCHER, SP);
    p->walk.windows = false;
    ck_assert_int_eq(step(p, &callee, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
}
END_TEST

/* The routine at 0x20 below the dispatcher keeps no frame pointer: EBP is the interrupted one. */
static enum avd_step_result step_skipped(struct fake_process *p, struct avd_frame *caller)
{
    struct avd_frame callee = callee_at(ROUTINE, SP - 0x20);
    enum avd_walk_end end = AVD_END_NONE;

    memset(caller, 0, sizeof *caller);
    return avd_x86_step_skipped_apc(&p->walk, &callee, 1, caller, &end);
}

START_TEST(test_skipped)
{
    static const uint64_t places[] = {SP + 0xc, SP + 0x10};
    struct fake_process *p;
    struct avd_frame caller;
    size_t i;

    for (i = 0; i < sizeof places / sizeof places[0]; i++) {
        p = process(places[i]);
        fake_u32(p, SP - 4, DISPATCHER);
        ck_assert_int_eq(step_skipped(p, &caller), AVD_STEP_OK);
        ck_assert_uint_eq(caller.pc, DISPATCHER);
        ck_assert_uint_eq(caller.sp, SP);
        ck_assert_uint_eq(caller.regs.value[AVD_EBP], EBP);
        ck_assert_int_eq(caller.trust, AVD_TRUST_SCAN);
        ck_assert_int_eq(caller.evidence, AVD_EVIDENCE_CALL);
        ck_assert(!caller.exact);
        p->walk.allow_scan = false;
        ck_assert_int_eq(step_skipped(p, &caller), AVD_STEP_NO_INFO);
        fake_free(p);
    }
    /* Another function without a frame lies between: its call leads to the routine. */
    p = process(SP + 0xc);
    fake_u32(p, SP - 4, DISPATCHER);
    fake_call_to(p, 0x402040, ROUTINE - 0x10);
    fake_u32(p, SP - 0x10, 0x402040);
    p->starts[0] = ROUTINE - 0x10;
    ck_assert_int_eq(step_skipped(p, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, 0x402040);
    ck_assert_int_eq(caller.evidence, AVD_EVIDENCE_TARGET);
    fake_free(p);
}
END_TEST

START_TEST(test_not_skipped)
{
    struct avd_frame caller;
    struct fake_process *p = process(SP + 0xc);

    ck_assert_int_eq(step_skipped(p, &caller), AVD_STEP_NO_INFO); /* no return address */
    fake_u32(p, SP - 4, ROUTINE);                                 /* not into ntdll */
    ck_assert_int_eq(step_skipped(p, &caller), AVD_STEP_NO_INFO);
    fake_u32(p, SP - 4, DISPATCHER + 0x80); /* no call before it */
    ck_assert_int_eq(step_skipped(p, &caller), AVD_STEP_NO_INFO);
    fake_u32(p, SP - 4, DISPATCHER);
    fake_u32(p, SP + 0xc + 0xb4, EBP + 4); /* the chain leads elsewhere */
    ck_assert_int_eq(step_skipped(p, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_found);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_skipped);
    tcase_add_test(tests, test_not_skipped);
}

int main(void)
{
    return suite_main("x86_apc", add_tests);
}
