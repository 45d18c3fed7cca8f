/* SPDX-License-Identifier: MIT */
/*
 * ntdll's KiUserExceptionDispatcher has no return address: the kernel puts it on the stack of the
 * code that faulted, with an EXCEPTION_RECORD and a CONTEXT, whose addresses it hands on as the
 * arguments of its own call (winnt.h has both records). They are known by their contents, because
 * a stack walk has no names.
 */
#include "x86/dispatch.h"

#include "base/view.h"
#include "x86/context.h"

enum {
    RECORD_SIZE = 0x50, /* EXCEPTION_RECORD, 32-bit */
    RECORD_ADDRESS = 0x0c,
    RECORD_PARAMETERS = 0x10,
    MAX_PARAMETERS = 15, /* EXCEPTION_MAXIMUM_PARAMETERS */
    CS_WOW64 = 0x23,
    CS_NATIVE = 0x1b
};

static bool in_ntdll(const struct avd_walk *walk, uint64_t addr)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;

    return env->module_role != NULL && env->module_at(env->ctx, addr, &module) &&
           env->module_role(env->ctx, module.id) == AVD_ROLE_NTDLL;
}

enum avd_step_result avd_x86_step_dispatch(struct avd_walk *walk, const struct avd_frame *callee,
                                           size_t callee_index, struct avd_frame *caller,
                                           enum avd_walk_end *end)
{
    const struct avd_walk_env *env = walk->env;
    uint8_t record[RECORD_SIZE];
    uint8_t bytes[AVD_X86_CONTEXT_MIN];
    struct avd_context context;
    uint64_t record_at;
    uint64_t context_at;
    uint64_t esp;
    uint32_t fault;

    (void)callee_index;
    (void)end;
    if (callee->exact || !walk->windows || !in_ntdll(walk, avd_walk_lookup(callee)) ||
        !avd_walk_pointer(walk, callee->sp, &record_at) ||
        !avd_walk_pointer(walk, callee->sp + 4, &context_at) || record_at <= callee->sp ||
        context_at <= callee->sp ||
        env->read(env->ctx, record_at, record, sizeof record) != sizeof record ||
        env->read(env->ctx, context_at, bytes, sizeof bytes) != sizeof bytes ||
        !avd_x86_read_context(bytes, sizeof bytes, &context))
        return AVD_STEP_NO_INFO;
    fault = avd_le32(&record[RECORD_ADDRESS]);
    esp = context.regs.value[AVD_ESP];
    /* The record tells of the same instruction; a breakpoint's is one byte before eip. */
    if (!context.has_segments || (context.cs != CS_WOW64 && context.cs != CS_NATIVE) ||
        !avd_reg_known(&context.regs, AVD_EIP) || !avd_reg_known(&context.regs, AVD_ESP) ||
        avd_le32(&record[RECORD_PARAMETERS]) > MAX_PARAMETERS ||
        context.regs.value[AVD_EIP] - fault > 1 || esp <= context_at ||
        (walk->stack_high != 0 && esp >= walk->stack_high))
        return AVD_STEP_NO_INFO;
    caller->pc = context.regs.value[AVD_EIP];
    caller->sp = esp;
    caller->regs = context.regs;
    caller->exact = true;
    caller->trust = AVD_TRUST_CONTEXT;
    caller->method = AVD_METHOD_MACHINE_FRAME;
    return AVD_STEP_OK;
}
