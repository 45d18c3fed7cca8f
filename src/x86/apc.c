/* SPDX-License-Identifier: MIT */
/*
 * Asynchronous procedure calls: when a thread waits alertably, the kernel lays the routine, three
 * arguments and the CONTEXT of the wait on the stack and goes on in ntdll's KiUserApcDispatcher,
 * which never returns. The CONTEXT is known by its contents: it tells of a system call and of a
 * stack pointer just above itself. winnt.h has its layout; Windows keeps it behind the arguments,
 * Wine puts one more word between, and a dispatcher written in C has a frame of its own below.
 */
#include "x86/apc.h"

#include "base/view.h"
#include "x86/code_forms.h"
#include "x86/context.h"

enum {
    CONTEXT_SIZE = 0x2cc,
    ABOVE = 0x80,          /* from the dispatcher's stack pointer to the CONTEXT */
    MAX_STATE = 0x1000,    /* between the CONTEXT and the interrupted stack: extended registers */
    FIRST_ARGUMENTS = 0xc, /* the CONTEXT behind three of them, or behind four */
    LAST_ARGUMENTS = 0x10,
    MAX_SKIPPED = 0x1000, /* of the stack that is searched for a dispatcher */
    CS_WOW64 = 0x23,
    CS_NATIVE = 0x1b
};

static bool in_ntdll(const struct avd_walk *walk, uint64_t return_address)
{
    return avd_walk_role_at(walk, return_address) == AVD_ROLE_NTDLL;
}

/* Whether a system call was made right before `pc`; where its code is not in the dump, whether it
 * can be, as the calls that wait are ntdll's. */
static bool may_wait(const struct avd_walk *walk, uint64_t pc)
{
    uint8_t byte;

    return avd_x86_after_system_call(walk, pc) ||
           (avd_walk_code(walk, pc, &byte, 1) == 0 && in_ntdll(walk, pc));
}

/* Whether the CONTEXT of a wait that an APC interrupted is at `addr`. */
static bool read_interrupted(const struct avd_walk *walk, uint64_t addr, struct avd_context *out)
{
    const struct avd_walk_env *env = walk->env;
    uint8_t bytes[AVD_X86_CONTEXT_MIN];
    uint64_t esp;

    if (env->read(env->ctx, addr, bytes, sizeof bytes) != sizeof bytes ||
        !avd_x86_read_context(bytes, sizeof bytes, out) || !out->has_segments ||
        (out->cs != CS_WOW64 && out->cs != CS_NATIVE) || !avd_reg_known(&out->regs, AVD_EIP) ||
        !avd_reg_known(&out->regs, AVD_EBX))
        return false;
    esp = out->regs.value[AVD_ESP];
    return esp % 4 == 0 && esp >= addr + CONTEXT_SIZE && esp - addr - CONTEXT_SIZE < MAX_STATE &&
           (walk->stack_high == 0 || esp < walk->stack_high) &&
           may_wait(walk, out->regs.value[AVD_EIP]);
}

enum avd_step_result avd_x86_step_apc(struct avd_walk *walk, const struct avd_frame *callee,
                                      size_t callee_index, struct avd_frame *caller,
                                      enum avd_walk_end *end)
{
    struct avd_context context;
    uint64_t offset;

    (void)callee_index;
    (void)end;
    if (callee->exact || !walk->windows || !in_ntdll(walk, callee->pc))
        return AVD_STEP_NO_INFO;
    for (offset = 0; offset <= ABOVE; offset += 4) {
        if (!read_interrupted(walk, callee->sp + offset, &context))
            continue;
        caller->pc = context.regs.value[AVD_EIP];
        caller->sp = context.regs.value[AVD_ESP];
        caller->regs = context.regs;
        caller->exact = true;
        caller->trust = AVD_TRUST_CONTEXT;
        caller->method = AVD_METHOD_MACHINE_FRAME;
        return AVD_STEP_OK;
    }
    return AVD_STEP_NO_INFO;
}

/* Whether the word below `addr`, with the arguments of the APC above it, returns to ntdll. */
static bool is_dispatcher(const struct avd_walk *walk, uint64_t addr, struct avd_frame *caller)
{
    if (!avd_walk_pointer(walk, addr - 4, &caller->pc) || !in_ntdll(walk, caller->pc) ||
        avd_walk_after_call(walk, caller->pc) == 0)
        return false;
    caller->sp = addr;
    return true;
}

/* The dispatcher between `callee` and the frame at its EBP, which the CONTEXT there has too. */
static bool find_dispatcher(const struct avd_walk *walk, const struct avd_frame *callee,
                            struct avd_frame *caller)
{
    uint64_t fp = callee->regs.value[AVD_EBP];
    uint8_t bytes[MAX_SKIPPED];
    struct avd_view view = {bytes, 0, 0};
    struct avd_context context;
    uint64_t at;

    view.size = walk->env->read(walk->env->ctx, callee->sp, bytes, sizeof bytes);
    for (at = LAST_ARGUMENTS; at + 4 <= view.size; at += 4) {
        uint64_t addr = callee->sp + at;

        /* Few words are ContextFlags of this CPU, which saves looking at what follows. */
        if ((avd_view_u32(view, at) & UINT32_C(0x00ffff00)) == 0x00010000 &&
            addr + CONTEXT_SIZE <= fp && read_interrupted(walk, addr, &context) &&
            context.regs.value[AVD_EBP] == fp &&
            (is_dispatcher(walk, addr - FIRST_ARGUMENTS, caller) ||
             is_dispatcher(walk, addr - LAST_ARGUMENTS, caller)))
            return true;
    }
    return false;
}

enum avd_step_result avd_x86_step_skipped_apc(struct avd_walk *walk, const struct avd_frame *callee,
                                              size_t callee_index, struct avd_frame *caller,
                                              enum avd_walk_end *end)
{
    uint64_t fp = callee->regs.value[AVD_EBP];
    struct avd_frame between = {0};

    (void)callee_index;
    (void)end;
    if (!walk->allow_scan || callee->exact || !walk->windows ||
        !avd_reg_known(&callee->regs, AVD_EBP) || fp < callee->sp ||
        fp - callee->sp < LAST_ARGUMENTS + CONTEXT_SIZE || !find_dispatcher(walk, callee, caller))
        return AVD_STEP_NO_INFO;
    /* What the dispatcher called keeps no frame pointer either: it may lie before it. */
    if (avd_scan_for_call(walk, callee, caller->sp - 4, true, &between)) {
        *caller = between;
        return AVD_STEP_OK;
    }
    avd_reg_set(&caller->regs, AVD_EIP, caller->pc);
    avd_reg_set(&caller->regs, AVD_ESP, caller->sp);
    avd_reg_set(&caller->regs, AVD_EBP, fp);
    caller->trust = AVD_TRUST_SCAN;
    caller->method = AVD_METHOD_SCAN;
    caller->evidence = AVD_EVIDENCE_CALL;
    return AVD_STEP_OK;
}
