/* SPDX-License-Identifier: MIT */
/*
 * User callbacks: win32k calls window procedures and hooks from within a system call. The kernel,
 * or wow64.dll in its place, lays a block on the caller's stack and goes on in ntdll's
 * KiUserCallbackDispatcher, which never returns; so there is no return address but what the block
 * says. Windows 8 and later, and Wine 10, write into it where the system call was made. Before,
 * only the place of the arguments tells, which lie right below the stack pointer of the call.
 */
#include "x86/callback.h"

#include "base/view.h"
#include "x86/code_forms.h"

enum {
    /* The block: eip, number, arguments' address, arguments' size, two words (an exception
     * registration later), esp, arguments */
    BLOCK_EIP = 0x00,
    BLOCK_NUMBER = 0x04,
    BLOCK_ARGUMENTS = 0x08,
    BLOCK_SIZE = 0x0c,
    BLOCK_ESP = 0x18,
    BLOCK_END = 0x1c,
    /* The older one: a word, number, arguments' address, size; then the arguments, in Wine 8 after
     * one more word */
    OLD_END = 0x10,
    OLD_END_WINE = 0x14,
    BELOW = 8,          /* the dispatcher has popped two words of it before its call */
    ABOVE = 0x40,       /* or has a few words below it */
    ABOVE_FRAME = 0xd0, /* or a frame of its own, as Wine 8's, which is written in C */
    MAX_NUMBER = 0x400,
    MAX_ARGUMENTS = 0x10000,
    MAX_ROUNDING = 0x10, /* between the arguments and esp */
    LONGEST_STUB = 0x18  /* up to the instruction behind the one that enters the kernel */
};

/* Where the system call was made; pc 0: that is not known, but its return address is at sp. */
struct place {
    uint64_t pc, sp;
};

/* Whether the words at `offset` are a block of today; it refers to itself twice. */
static bool read_block(struct avd_view words, uint64_t offset, uint64_t addr, struct place *out)
{
    uint32_t size = avd_view_u32(words, offset + BLOCK_SIZE);
    uint64_t end = addr + BLOCK_END + size;

    out->pc = avd_view_u32(words, offset + BLOCK_EIP);
    out->sp = avd_view_u32(words, offset + BLOCK_ESP);
    return offset + BLOCK_END <= words.size && out->pc != 0 &&
           avd_view_u32(words, offset + BLOCK_ARGUMENTS) == addr + BLOCK_END &&
           size <= MAX_ARGUMENTS && out->sp >= end && out->sp - end < MAX_ROUNDING &&
           out->sp % 4 == 0;
}

/* Whether `sp` can be that of a system-call stub: the call before the return address there leads
 * to one, or its bytes are not in the dump. *out: behind the instruction that enters the kernel. */
static bool in_stub(const struct avd_walk *walk, uint64_t sp, struct place *out)
{
    uint64_t value;
    uint64_t stub;

    if (!avd_walk_pointer(walk, sp, &value) || !avd_walk_is_code(walk, value))
        return false;
    out->pc = 0;
    out->sp = sp;
    if (avd_walk_after_call(walk, value) < 0)
        return avd_walk_role_at(walk, value) != AVD_ROLE_NTDLL;
    if (!avd_walk_call_target(walk, value, &stub))
        return false;
    for (out->pc = stub + 2; out->pc <= stub + LONGEST_STUB; out->pc++)
        if (avd_x86_after_system_call(walk, out->pc))
            return true;
    return false;
}

/* The same for the older block, which refers to itself once. */
static bool read_old_block(const struct avd_walk *walk, struct avd_view words, uint64_t offset,
                           uint64_t addr, struct place *out)
{
    uint32_t arguments = avd_view_u32(words, offset + BLOCK_ARGUMENTS);
    uint32_t size = avd_view_u32(words, offset + BLOCK_SIZE);
    uint64_t end;
    uint64_t sp;

    if (offset + OLD_END > words.size ||
        (arguments != addr + OLD_END && arguments != addr + OLD_END_WINE) ||
        avd_view_u32(words, offset + BLOCK_NUMBER) >= MAX_NUMBER || size > MAX_ARGUMENTS)
        return false;
    end = (uint64_t)arguments + size;
    for (sp = (end + 3) / 4 * 4; sp < end + MAX_ROUNDING; sp += 4)
        if (in_stub(walk, sp, out))
            return true;
    return false;
}

/*
 * The EBP of the system call, which the dispatcher was entered with: still there, or saved by a
 * dispatcher that has a frame of its own below the block. Wine enters it with 0 and keeps EBP
 * elsewhere.
 */
static void restore_frame_pointer(const struct avd_walk *walk, const struct avd_frame *callee,
                                  struct avd_frame *caller)
{
    uint64_t fp = callee->regs.value[AVD_EBP];

    if (!avd_reg_known(&callee->regs, AVD_EBP))
        return;
    if (fp >= callee->sp && fp < caller->sp && !avd_walk_pointer(walk, fp, &fp))
        return;
    if (fp >= caller->sp)
        avd_reg_set(&caller->regs, AVD_EBP, fp);
}

enum avd_step_result avd_x86_step_callback(struct avd_walk *walk, const struct avd_frame *callee,
                                           size_t callee_index, struct avd_frame *caller,
                                           enum avd_walk_end *end)
{
    const struct avd_walk_env *env = walk->env;
    uint64_t fp = callee->regs.value[AVD_EBP];
    uint8_t bytes[BELOW + ABOVE_FRAME + BLOCK_END];
    struct avd_view words = {bytes, 0, 0};
    struct place place = {0, 0};
    uint64_t offset;
    uint64_t low;

    (void)callee_index;
    (void)end;
    if (callee->exact || !walk->windows || callee->sp < BELOW ||
        avd_walk_role_at(walk, callee->pc) != AVD_ROLE_NTDLL)
        return AVD_STEP_NO_INFO;
    low = callee->sp - BELOW;
    words.size = env->read(env->ctx, low, bytes, sizeof bytes);
    for (offset = 0; offset < BELOW + ABOVE_FRAME; offset += 4) {
        uint64_t addr = low + offset;
        bool near = offset < BELOW + ABOVE;
        bool in_frame = avd_reg_known(&callee->regs, AVD_EBP) && fp >= callee->sp && fp < addr;

        if ((near && read_block(words, offset, addr, &place)) ||
            ((near || in_frame) && read_old_block(walk, words, offset, addr, &place)))
            break;
    }
    if (offset == BELOW + ABOVE_FRAME)
        return AVD_STEP_NO_INFO;
    caller->pc = place.pc;
    caller->sp = place.sp;
    caller->exact = place.pc != 0;
    caller->trust = AVD_TRUST_CFI;
    caller->method = AVD_METHOD_MACHINE_FRAME;
    if (place.pc == 0) {
        (void)avd_walk_pointer(walk, place.sp, &caller->pc);
        caller->sp = place.sp + 4;
        caller->trust = AVD_TRUST_CFI_SCAN;
        caller->frames_missing = true; /* the stub */
    }
    if (!avd_walk_is_code(walk, caller->pc))
        return AVD_STEP_NO_INFO;
    restore_frame_pointer(walk, callee, caller);
    avd_reg_set(&caller->regs, AVD_EIP, caller->pc);
    avd_reg_set(&caller->regs, AVD_ESP, caller->sp);
    return AVD_STEP_OK;
}
