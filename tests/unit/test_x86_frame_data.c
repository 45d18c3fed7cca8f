/* SPDX-License-Identifier: MIT */
/* src/x86/frame_data.c: steps by frame-data programs and FPO records. */
#include "x86/frame_data.h"

#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

/* One module with code at [0x401000, 0x403000); CALLER and CALLER2 follow calls. */
#define BASE    UINT64_C(0x400000)
#define PC      0x401200u
#define CALLER  0x402040u
#define CALLER2 0x402080u
#define STACK   UINT64_C(0x10000)
#define SP      (STACK + 0x100)

#define EBP_PROGRAM "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + ="
#define FPO_PROGRAM "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + ="

static struct avd_frame_data records[4];
static size_t record_count;

/* The record that begins last, as sources choose it. */
static bool frame_data(void *ctx, uint64_t addr, struct avd_frame_data *out, uint64_t *module_base)
{
    bool found = false;
    size_t i;

    (void)ctx;
    *module_base = BASE;
    for (i = 0; i < record_count; i++) {
        if (addr - BASE - records[i].rva < records[i].code_size) {
            *out = records[i];
            found = true;
        }
    }
    return found;
}

static struct avd_frame_data *add(uint64_t rva, uint32_t size, uint32_t locals, uint32_t saved,
                                  const char *program)
{
    struct avd_frame_data *record = &records[record_count++];

    memset(record, 0, sizeof *record);
    record->rva = rva;
    record->code_size = size;
    record->locals_size = locals;
    record->saved_regs_size = saved;
    record->program = program;
    record->is_fpo = program == NULL;
    return record;
}

static struct fake_process *process(void)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, BASE, 0x10000);
    fake_map(p, 0x401000, 0x2000);
    fake_map(p, STACK, 0x1000);
    fake_call_before(p, CALLER);
    fake_call_before(p, CALLER2);
    p->env.frame_data = frame_data;
    record_count = 0;
    return p;
}

/* A frame at `pc` with esp SP; ebp is not known when it is 0. */
static struct avd_frame frame_at(uint64_t pc, bool exact, uint64_t ebp)
{
    struct avd_frame frame;

    memset(&frame, 0, sizeof frame);
    frame.pc = pc;
    frame.sp = SP;
    frame.exact = exact;
    frame.trust = AVD_TRUST_CFI;
    avd_reg_set(&frame.regs, AVD_EIP, pc);
    avd_reg_set(&frame.regs, AVD_ESP, SP);
    avd_reg_set(&frame.regs, AVD_EAX, 0xaa);
    avd_reg_set(&frame.regs, AVD_EBX, 0xbb);
    avd_reg_set(&frame.regs, AVD_ESI, 0x55);
    avd_reg_set(&frame.regs, AVD_EDI, 0xdd);
    if (ebp != 0)
        avd_reg_set(&frame.regs, AVD_EBP, ebp);
    return frame;
}

static enum avd_step_result step(struct fake_process *p, uint64_t pc, uint64_t ebp,
                                 struct avd_frame *caller)
{
    struct avd_frame frame = frame_at(pc, true, ebp);
    enum avd_walk_end end = AVD_END_NONE;

    memset(caller, 0, sizeof *caller);
    p->walk.detail[0] = '\0';
    return avd_x86_step_frame_data(&p->walk, &frame, 0, caller, &end);
}

START_TEST(test_ebp_program)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    add(PC - BASE, 0x100, 0x20, 4, EBP_PROGRAM);
    fake_u32(p, STACK + 0x200, 0x10300);
    fake_u32(p, STACK + 0x204, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x200, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, STACK + 0x208);
    ck_assert_int_eq(caller.method, AVD_METHOD_FRAME_DATA);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    ck_assert(!caller.exact);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], 0x10300);
    /* Something was saved that the program does not restore: it may be any of the three. */
    ck_assert_uint_eq(caller.regs.known, 1u << AVD_EIP | 1u << AVD_ESP | 1u << AVD_EBP);
    /* Nothing was saved: they are what they were. */
    records[0].saved_regs_size = 0;
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x200, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.regs.value[AVD_EBX], 0xbb);
    ck_assert_uint_eq(caller.regs.value[AVD_ESI], 0x55);
    ck_assert(!avd_reg_known(&caller.regs, AVD_EAX));
    /* ebp is needed. */
    ck_assert_int_eq(step(p, PC + 0x20, 0, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail, "the frame-data program for 0x401220 gives no caller: the "
                                     "value of ebp is not known");
    fake_free(p);
}
END_TEST

START_TEST(test_search_program)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    add(PC - BASE, 0x100, 0x20, 8, FPO_PROGRAM " $esi $T0 4 - ^ = $ebx $T0 8 - ^ =");
    fake_u32(p, SP + 0x20, 0x1b);
    fake_u32(p, SP + 0x24, 0x15);
    fake_u32(p, SP + 0x28, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x400, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, SP + 0x2c);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    ck_assert_uint_eq(caller.regs.value[AVD_ESI], 0x15);
    ck_assert_uint_eq(caller.regs.value[AVD_EBX], 0x1b);
    ck_assert_uint_eq(caller.regs.value[AVD_EDI], 0xdd);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], STACK + 0x400);
    /* Up to two words above, which is less certain. */
    fake_u32(p, SP + 0x28, 0);
    fake_u32(p, SP + 0x30, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x400, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, SP + 0x34);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI_SCAN);
    fake_u32(p, SP + 0x28, 0x401101);
    fake_u32(p, SP + 0x30, 0);
    fake_u32(p, SP + 0x74, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x400, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail, "0x401101 (frame_data) is not the return address of a call");
    fake_free(p);
}
END_TEST

/* An interrupted function may be pushing arguments: up to 16 words, after a call only. */
START_TEST(test_search_above_arguments)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    add(PC - BASE, 0x100, 0x20, 8, FPO_PROGRAM " $esi $T0 4 - ^ =");
    fake_u32(p, SP + 0x6c, 0x15);
    fake_u32(p, SP + 0x70, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x400, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, SP + 0x74);
    ck_assert_uint_eq(caller.regs.value[AVD_ESI], 0x15);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI_SCAN);
    /* The return address of a call to something else is passed over ... */
    fake_call_to(p, 0x401400, 0x401500);
    fake_u32(p, SP + 0x28, 0x401400);
    p->starts[0] = PC;
    p->starts[1] = 0x401500;
    fake_u32(p, SP + 0x2c, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x400, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, SP + 0x30);
    /* ... unless there is no other nearby: its function may have jumped here. */
    fake_u32(p, SP + 0x2c, 0);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x400, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, 0x401400);
    ck_assert_uint_eq(caller.sp, SP + 0x2c);
    fake_free(p);
}
END_TEST

/* Arguments of the function that was called lie below the frame. */
START_TEST(test_callee_parameters)
{
    struct fake_process *p = process();
    struct avd_frame frames[2];
    struct avd_frame caller;
    enum avd_walk_end end = AVD_END_NONE;

    add(PC - BASE, 0x100, 0x20, 0, FPO_PROGRAM);
    add(0x1800, 0x100, 0, 0, EBP_PROGRAM)->parameter_size = 0x18;
    frames[0] = frame_at(0x401810, true, 0);
    frames[1] = frame_at(PC + 0x20, false, 0);
    /* A stale return address where the frame would end without arguments. */
    fake_u32(p, SP + 0x20, CALLER2);
    fake_u32(p, SP + 0x38, CALLER);
    memset(&caller, 0, sizeof caller);
    ck_assert_int_eq(avd_x86_step_frame_data(&p->walk, &frames[1], 1, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, SP + 0x3c);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    /* An interrupted frame was not calling. */
    frames[1].exact = true;
    ck_assert_int_eq(avd_x86_step_frame_data(&p->walk, &frames[1], 1, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER2);
    frames[1].exact = false;
    /* A callee that is not known: its arguments are passed over, if a call is seen. */
    frames[0].pc = 0x401a00;
    fake_u32(p, SP + 0x20, 0);
    ck_assert_int_eq(avd_x86_step_frame_data(&p->walk, &frames[1], 1, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI_SCAN);
    fake_free(p);
}
END_TEST

/* ... or in room that the function reserved among its locals, and are then counted twice. */
START_TEST(test_reserved_parameters)
{
    struct fake_process *p = process();
    struct avd_frame frames[2];
    struct avd_frame caller;
    enum avd_walk_end end = AVD_END_NONE;

    add(PC - BASE, 0x100, 0x20, 0, FPO_PROGRAM);
    add(0x1800, 0x100, 0, 0, EBP_PROGRAM)->parameter_size = 0x18;
    frames[0] = frame_at(0x401810, true, 0);
    frames[1] = frame_at(PC + 0x20, false, STACK + 0x400);
    fake_u32(p, SP + 0x20, CALLER);
    memset(&caller, 0, sizeof caller);
    ck_assert_int_eq(avd_x86_step_frame_data(&p->walk, &frames[1], 1, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, SP + 0x24);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI_SCAN);
    fake_free(p);
}
END_TEST

/* Guesses are not heaped up: from a scanned frame a search needs a call that proves it. */
START_TEST(test_search_from_guess)
{
    struct fake_process *p = process();
    struct avd_frame frame = frame_at(PC + 0x20, true, 0);
    struct avd_frame caller;
    enum avd_walk_end end = AVD_END_NONE;

    add(PC - BASE, 0x100, 0x20, 0, FPO_PROGRAM);
    p->modules[0].sections_known = false;
    fake_u32(p, SP + 0x24, 0x403010);
    memset(&caller, 0, sizeof caller);
    ck_assert_int_eq(avd_x86_step_frame_data(&p->walk, &frame, 0, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, 0x403010);
    frame.trust = AVD_TRUST_SCAN;
    ck_assert_int_eq(avd_x86_step_frame_data(&p->walk, &frame, 0, &caller, &end), AVD_STEP_NO_INFO);
    fake_u32(p, SP + 0x28, CALLER);
    ck_assert_int_eq(avd_x86_step_frame_data(&p->walk, &frame, 0, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    fake_free(p);
}
END_TEST

START_TEST(test_aligned_program)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    add(PC - BASE, 0x100, 0x20, 4,
        "$T1 .raSearch = $T0 $T1 4 - 8 @ = $ebp $T1 4 - ^ = $eip $T1 ^ "
        "= $esp $T1 4 + =");
    fake_u32(p, SP + 0x24, CALLER2);
    fake_u32(p, STACK + 0x200, 0x10300);
    fake_u32(p, STACK + 0x204, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x200, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, STACK + 0x208);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], 0x10300);
    /* Without a usable ebp the sizes have to do. */
    ck_assert_int_eq(step(p, PC + 0x20, 0x50000, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER2);
    /* That is a guess, which a call must prove. */
    fake_u32(p, SP + 0x24, 0x403010);
    p->modules[0].sections_known = false;
    ck_assert_int_eq(step(p, PC + 0x20, 0x50000, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail, "0x403010 (frame_data) is not the return address of a call");
    fake_free(p);
}
END_TEST

START_TEST(test_constants)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    add(PC - BASE, 0x100, 0x10, 8,
        "$eip $esp .cbLocals + .cbSavedRegs + .cbCalleeParams + ^ = "
        "$esp .raSearchStart 4 + .cbParams + = $ecx 3 =")
        ->parameter_size = 0x20;
    fake_u32(p, SP + 0x18, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, SP + 0x3c);
    ck_assert_uint_eq(caller.regs.value[AVD_ECX], 3);
    fake_free(p);
}
END_TEST

/* A program that leaves ebp out although it was saved. */
START_TEST(test_saved_ebp)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    add(PC - BASE, 0x100, 0x10, 8, FPO_PROGRAM);
    fake_u32(p, SP + 0x10, 0x10300);
    fake_u32(p, SP + 0x14, 0x7777);
    fake_u32(p, SP + 0x18, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, 0x9999, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], 0x10300);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x280, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], STACK + 0x280);
    fake_free(p);
}
END_TEST

START_TEST(test_fpo)
{
    struct fake_process *p = process();
    struct avd_frame caller;
    struct avd_frame_data *record = add(PC - BASE, 0x100, 0x10, 0, NULL);

    fake_u32(p, SP + 0x10, CALLER);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x280, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, SP + 0x14);
    ck_assert_int_eq(caller.method, AVD_METHOD_FPO);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    ck_assert_uint_eq(caller.regs.value[AVD_EBX], 0xbb);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], STACK + 0x280);
    ck_assert(!avd_reg_known(&caller.regs, AVD_EAX));
    /* Saved registers: which and where is not stated. */
    record->saved_regs_size = 12;
    record->locals_size = 4;
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x280, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.regs.known, 1u << AVD_EIP | 1u << AVD_ESP | 1u << AVD_EBP);
    /* ebp used as any register: it lies second from the top, or on top. */
    record->allocates_base_pointer = true;
    fake_u32(p, SP + 4, 0x10300);
    fake_u32(p, SP + 8, 0x10400);
    ck_assert_int_eq(step(p, PC + 0x20, 0x7777, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], 0x10300);
    fake_u32(p, SP + 4, 0x10101);
    ck_assert_int_eq(step(p, PC + 0x20, 0x7777, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], 0x10400);
    fake_u32(p, SP + 8, 8);
    ck_assert_int_eq(step(p, PC + 0x20, 0x7777, &caller), AVD_STEP_OK);
    ck_assert(!avd_reg_known(&caller.regs, AVD_EBP));
    /* An ordinary frame with ebp is left to the chain. */
    record->has_ebp_frame = true;
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x280, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail, "");
    fake_free(p);
}
END_TEST

/* KiFastSystemCallRet with its own address on the stack, below the return into the stub. */
START_TEST(test_fpo_system_call)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    add(CALLER2 - BASE, 1, 0, 0, NULL);
    fake_u32(p, SP, CALLER2);
    fake_u32(p, SP + 4, CALLER);
    ck_assert_int_eq(step(p, CALLER2, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_uint_eq(caller.sp, SP + 8);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    fake_free(p);
}
END_TEST

START_TEST(test_prologue)
{
    struct fake_process *p = process();
    struct avd_frame caller;
    struct avd_frame_data *record = add(PC - BASE, 0x100, 0x10, 4, NULL);

    record->prolog_size = 8;
    record->allocates_base_pointer = true;
    fake_u32(p, SP, CALLER);
    /* The first instruction: nothing is pushed yet. */
    ck_assert_int_eq(step(p, PC, STACK + 0x280, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, SP + 4);
    ck_assert_uint_eq(caller.regs.value[AVD_EBP], STACK + 0x280);
    ck_assert_uint_eq(caller.regs.value[AVD_EBX], 0xbb);
    /* Behind it nobody knows, and addresses of other calls lie above. */
    fake_u32(p, SP + 0x14, CALLER2);
    ck_assert_int_eq(step(p, PC + 4, STACK + 0x280, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail, "0x401204 is in its function's prologue, which its frame data "
                                     "leaves out");
    ck_assert_int_eq(step(p, PC + 8, STACK + 0x280, &caller), AVD_STEP_OK);
    /* A program with ebp would skip the caller, whose ebp it still is. */
    record->program = EBP_PROGRAM;
    fake_u32(p, STACK + 0x284, CALLER2);
    ck_assert_int_eq(step(p, PC, STACK + 0x280, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, CALLER);
    ck_assert_int_eq(step(p, PC + 1, STACK + 0x280, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
}
END_TEST

/* Records for each push are exact in the prologue too, whether code bytes are there or not. */
START_TEST(test_prologue_records)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    p->modules[0].base = 0x500000; /* code that is not in the dump */
    p->modules[0].sections_known = false;
    fake_u32(p, SP + 4, 0x502040);
    add(PC - BASE, 0x100, 0, 0, FPO_PROGRAM)->prolog_size = 4;
    add(PC - BASE + 1, 0xff, 0, 4, FPO_PROGRAM)->prolog_size = 3;
    add(PC - BASE + 2, 0xfe, 0, 8, FPO_PROGRAM)->prolog_size = 2;
    ck_assert_int_eq(step(p, PC + 1, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, 0x502040);
    fake_u32(p, SP + 8, 0x502080);
    ck_assert_int_eq(step(p, PC + 2, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, 0x502080);
    /* But not the first one where it goes by ebp, which is the caller's there. */
    records[0].program = EBP_PROGRAM;
    record_count = 2;
    fake_u32(p, STACK + 0x204, 0x502040);
    ck_assert_int_eq(step(p, PC + 1, STACK + 0x200, &caller), AVD_STEP_OK);
    records[1].rva++;
    records[1].code_size--;
    ck_assert_int_eq(step(p, PC + 1, STACK + 0x200, &caller), AVD_STEP_NO_INFO);
    /* One record for all says nothing of its prologue, but for the first instruction. */
    record_count = 0;
    add(PC - BASE, 0x100, 0, 4, FPO_PROGRAM)->prolog_size = 4;
    add(PC - BASE - 0x100, 0x100, 0, 4, FPO_PROGRAM);
    ck_assert_int_eq(step(p, PC + 1, 0, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail,
                     "0x401201 is in its function's prologue, which its frame data leaves out");
    fake_u32(p, SP, 0x502080);
    ck_assert_int_eq(step(p, PC, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, SP + 4);
    fake_free(p);
}
END_TEST

START_TEST(test_end_of_stack)
{
    struct fake_process *p = process();
    struct avd_frame caller;

    add(PC - BASE, 0x100, 0x10, 0, EBP_PROGRAM);
    fake_u32(p, STACK + 0x200, 0);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x200, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, 0);
    /* Zeros that are no end. */
    fake_u32(p, STACK + 0x200, 0x10300);
    ck_assert_int_eq(step(p, PC + 0x20, STACK + 0x200, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail, "0x0 (frame_data) is not the return address of a call");
    fake_free(p);
}
END_TEST

START_TEST(test_damaged)
{
    static const struct {
        const char *program;
        const char *detail;
    } cases[] = {
        {"", "the frame-data program for 0x401220 gives no caller: eip or esp is not set"},
        {"$eip 4198400 =",
         "the frame-data program for 0x401220 gives no caller: eip or esp is not set"},
        {"$eip .raSearch ^ = $esp",
         "the frame-data program for 0x401220 gives no caller: 1 operands are left over"},
        {"$esp 64 ^ =", "the frame-data program for 0x401220 gives no caller: 0x40 is not in the "
                        "dump"},
    };
    struct fake_process *p = process();
    struct avd_frame caller;
    struct avd_frame_data *record = add(PC - BASE, 0x100, 0x10, 0, NULL);
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        record->program = cases[i].program;
        ck_assert_int_eq(step(p, PC + 0x20, 0, &caller), AVD_STEP_NO_INFO);
        ck_assert_str_eq(p->walk.detail, cases[i].detail);
    }
    record->program = FPO_PROGRAM;
    record->locals_size = record->saved_regs_size = record->parameter_size = UINT32_MAX;
    ck_assert_int_eq(step(p, PC + 0x20, 0, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail, "the frame data for 0x401220 is damaged: the frame would end "
                                     "at 0x2000100fe");
    record->program = NULL;
    record->allocates_base_pointer = true;
    ck_assert_int_eq(step(p, PC + 0x20, 0, &caller), AVD_STEP_NO_INFO);
    ck_assert_int_eq(step(p, PC + 0x100, 0, &caller), AVD_STEP_NO_INFO);
    p->env.frame_data = NULL;
    ck_assert_int_eq(step(p, PC + 0x20, 0, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
}
END_TEST

/* Whole walks: where the record misleads, the chain of EBP is asked. */
START_TEST(test_in_a_walk)
{
    struct fake_process *p = process();
    struct avd_regs regs = {{0}, 0};
    const struct avd_stack *stack;

    p->walk.allow_scan = false;
    p->walk.stack_low = STACK;
    p->walk.stack_high = STACK + 0x800;
    add(PC - BASE, 0x100, 0x10, 0, FPO_PROGRAM);
    avd_reg_set(&regs, AVD_EBP, STACK + 0x200);
    fake_u32(p, STACK + 0x200, 0);
    fake_u32(p, STACK + 0x204, CALLER2);
    stack = fake_walk(p, PC + 0x20, SP, &regs);
    ck_assert_uint_eq(stack->count, 2);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_FRAME_POINTER);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER2);
    /* Where it does not, the frame that the chain would skip is found. */
    fake_u32(p, SP + 0x10, CALLER);
    stack = fake_walk(p, PC + 0x20, SP, &regs);
    ck_assert_uint_eq(stack->count, 3);
    ck_assert_int_eq(stack->frames[1].method, AVD_METHOD_FRAME_DATA);
    ck_assert_uint_eq(stack->frames[1].pc, CALLER);
    ck_assert_uint_eq(stack->frames[0].fp, SP + 0xc);
    ck_assert_uint_eq(stack->frames[2].pc, CALLER2);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_ebp_program);
    tcase_add_test(tests, test_search_program);
    tcase_add_test(tests, test_search_above_arguments);
    tcase_add_test(tests, test_callee_parameters);
    tcase_add_test(tests, test_reserved_parameters);
    tcase_add_test(tests, test_search_from_guess);
    tcase_add_test(tests, test_aligned_program);
    tcase_add_test(tests, test_constants);
    tcase_add_test(tests, test_saved_ebp);
    tcase_add_test(tests, test_fpo);
    tcase_add_test(tests, test_fpo_system_call);
    tcase_add_test(tests, test_prologue);
    tcase_add_test(tests, test_prologue_records);
    tcase_add_test(tests, test_end_of_stack);
    tcase_add_test(tests, test_damaged);
    tcase_add_test(tests, test_in_a_walk);
}

int main(void)
{
    return suite_main("x86_frame_data", add_tests);
}
