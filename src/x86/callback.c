/* SPDX-License-Identifier: MIT */
/*
 * User callbacks: win32k calls window procedures and hooks from within a system call. The kernel,
 * or wow64.dll in its place, lays a block on the caller's stack and goes on in ntdll's
 * KiUserCallbackDispatcher, which never returns; so there is no return address but what the block
 * says. Its layout is that of Windows 8 and later, which Wine 10 shares; the older one lacks esp,
 * and nothing is done about it.
 */
#include "x86/callback.h"

#include "base/view.h"

enum {
    /* The block: eip, number, arguments' address, arguments' size, two words (an exception
     * registration later), esp, arguments */
    BLOCK_EIP = 0x00,
    BLOCK_ARGUMENTS = 0x08,
    BLOCK_SIZE = 0x0c,
    BLOCK_ESP = 0x18,
    BLOCK_END = 0x1c,
    BELOW = 8,              /* the dispatcher has popped two words of it before its call */
    ABOVE = 0x40,           /* or has a frame of its own below it */
    MAX_ARGUMENTS = 0x10000,
    MAX_ROUNDING = 0x10     /* between the arguments and esp */
};

/* Whether the words at `offset` are such a block; it refers to itself twice. */
static bool is_block(struct avd_view words, uint64_t offset, uint64_t addr)
{
    uint32_t size = avd_view_u32(words, offset + BLOCK_SIZE);
    uint64_t end = addr + BLOCK_END + size;
    uint32_t esp = avd_view_u32(words, offset + BLOCK_ESP);

    return offset + BLOCK_END <= words.size &&
           avd_view_u32(words, offset + BLOCK_ARGUMENTS) == addr + BLOCK_END &&
           size <= MAX_ARGUMENTS && esp >= end && esp - end < MAX_ROUNDING && esp % 4 == 0;
}

enum avd_step_result avd_x86_step_callback(struct avd_walk *walk, const struct avd_frame *callee,
                                           size_t callee_index, struct avd_frame *caller,
                                           enum avd_walk_end *end)
{
    const struct avd_walk_env *env = walk->env;
    uint8_t bytes[BELOW + ABOVE + BLOCK_END];
    struct avd_view words = {bytes, 0, 0};
    struct avd_code_module module;
    uint64_t offset;
    uint64_t low;
    unsigned reg;

    (void)callee_index;
    (void)end;
    if (callee->exact || !walk->windows || env->module_role == NULL || callee->sp < BELOW ||
        !env->module_at(env->ctx, avd_walk_lookup(callee), &module) ||
        env->module_role(env->ctx, module.id) != AVD_ROLE_NTDLL)
        return AVD_STEP_NO_INFO;
    low = callee->sp - BELOW;
    words.size = env->read(env->ctx, low, bytes, sizeof bytes);
    for (offset = 0; offset < BELOW + ABOVE; offset += 4) {
        if (is_block(words, offset, low + offset))
            break;
    }
    if (offset == BELOW + ABOVE)
        return AVD_STEP_NO_INFO;
    caller->pc = avd_view_u32(words, offset + BLOCK_EIP);
    if (!avd_walk_is_code(walk, caller->pc))
        return AVD_STEP_NO_INFO;
    caller->sp = avd_view_u32(words, offset + BLOCK_ESP);
    /* The function was entered with the registers of the system call. */
    caller->regs = callee->regs;
    for (reg = 0; reg < AVD_REG_COUNT; reg++)
        if ((walk->cpu->volatile_regs >> reg & 1) != 0)
            avd_reg_forget(&caller->regs, reg);
    avd_reg_set(&caller->regs, AVD_EIP, caller->pc);
    avd_reg_set(&caller->regs, AVD_ESP, caller->sp);
    caller->exact = true;
    caller->trust = AVD_TRUST_CFI;
    caller->method = AVD_METHOD_MACHINE_FRAME;
    return AVD_STEP_OK;
}
