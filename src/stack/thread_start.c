/* SPDX-License-Identifier: MIT */
/*
 * The outermost frames of a Windows thread. Since Vista every thread begins in ntdll's
 * RtlUserThreadStart, which calls kernel32's BaseThreadInitThunk, which calls the thread's
 * function; both lie just below the stack's base and stay there as long as the thread lives. So
 * they tell where a stack is complete, and can be shown where the middle of it cannot be walked.
 */
#include "stack/walk.h"

#include "base/limits.h"
#include "base/view.h"

#include <inttypes.h>
#include <string.h>

enum avd_module_role avd_walk_role_at(const struct avd_walk *walk, uint64_t return_address)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;

    if (env->module_role == NULL || !avd_walk_is_code(walk, return_address) ||
        !env->module_at(env->ctx, return_address - 1, &module))
        return AVD_ROLE_OTHER;
    return env->module_role(env->ctx, module.id);
}

bool avd_walk_at_thread_start(const struct avd_walk *walk, const struct avd_frame *frame)
{
    return walk->windows && walk->stack_high != 0 &&
           walk->stack_high - frame->sp <= AVD_NEAR_STACK_BASE && !frame->exact &&
           avd_walk_role_at(walk, frame->pc) == AVD_ROLE_NTDLL &&
           avd_walk_role_at(walk, frame[-1].pc) == AVD_ROLE_KERNEL32;
}

static void fill(struct avd_frame *frame, uint64_t pc, uint64_t slot, size_t size)
{
    memset(frame, 0, sizeof *frame);
    frame->pc = pc;
    frame->sp = slot + size;
    frame->trust = AVD_TRUST_SCAN;
    frame->method = AVD_METHOD_SCAN;
    frame->evidence = AVD_EVIDENCE_WEAK;
    avd_reg_set(&frame->regs, AVD_RIP, pc);
    avd_reg_set(&frame->regs, AVD_RSP, frame->sp);
}

bool avd_walk_find_thread_start(const struct avd_walk *walk, uint64_t above,
                                struct avd_frame out[2])
{
    size_t size = walk->cpu->pointer_size;
    uint8_t bytes[AVD_NEAR_STACK_BASE];
    struct avd_view view = {bytes, 0, 0};
    uint64_t start;
    uint64_t at;

    if (!walk->windows || size != 8 || walk->stack_high % 16 != 0 ||
        walk->stack_high < AVD_NEAR_STACK_BASE || above >= walk->stack_high)
        return false;
    start = walk->stack_high - AVD_NEAR_STACK_BASE;
    if (above > start)
        start = (above + 7) / 8 * 8; /* never below: that may not be in the dump */
    view.size = walk->env->read(walk->env->ctx, start, bytes, (size_t)(walk->stack_high - start));
    if (view.size != walk->stack_high - start)
        return false;
    /* From the base down: what earlier calls left behind lies lower. */
    for (at = view.size; at >= AVD_THREAD_START_FRAME + 8; at -= 16) {
        uint64_t outer = at - 8;
        uint64_t inner = outer - AVD_THREAD_START_FRAME;
        uint64_t outer_pc = avd_view_u64(view, outer);
        uint64_t inner_pc = avd_view_u64(view, inner);

        if (start + inner < above || avd_walk_role_at(walk, outer_pc) != AVD_ROLE_NTDLL ||
            avd_walk_role_at(walk, inner_pc) != AVD_ROLE_KERNEL32 ||
            avd_walk_after_call(walk, outer_pc) == 0 || avd_walk_after_call(walk, inner_pc) == 0)
            continue;
        fill(&out[0], inner_pc, start + inner, size);
        fill(&out[1], outer_pc, start + outer, size);
        out[0].frames_missing = true;
        out[0].return_address = outer_pc;
        return true;
    }
    return false;
}

/* x86: whether the chain of frame pointers ends with 0 at `fp` or one link further. */
static bool chain_ends(const struct avd_walk *walk, uint64_t fp)
{
    uint64_t next;

    return avd_walk_pointer(walk, fp, &next) &&
           (next == 0 || (next > fp && avd_walk_pointer(walk, next, &next) && next == 0));
}

bool avd_walk_skipped_thread_start(const struct avd_walk *walk, const struct avd_frame *callee,
                                   const struct avd_frame *caller, struct avd_frame *out)
{
    size_t size = walk->cpu->pointer_size;
    enum avd_module_role role = avd_walk_role_at(walk, callee->pc);
    bool found = false;
    uint64_t slot;
    uint64_t pc;

    if (!walk->windows || size != 4 || callee->exact || walk->stack_high < caller->sp ||
        walk->stack_high - caller->sp > AVD_NEAR_STACK_BASE || role == AVD_ROLE_NTDLL ||
        role == AVD_ROLE_KERNEL32 || avd_walk_role_at(walk, caller->pc) != AVD_ROLE_NTDLL ||
        !avd_reg_known(&caller->regs, AVD_EBP) || !chain_ends(walk, caller->regs.value[AVD_EBP]) ||
        caller->sp - callee->sp > AVD_NEAR_STACK_BASE)
        return false;
    for (slot = callee->sp; slot < caller->sp - size; slot += size) {
        if (!avd_walk_pointer(walk, slot, &pc))
            return false;
        if (avd_walk_role_at(walk, pc) != AVD_ROLE_KERNEL32 || avd_walk_after_call(walk, pc) != 1)
            continue;
        if (found)
            return false;
        found = true;
        fill(out, pc, slot, size);
    }
    if (!found)
        return false;
    out->evidence = AVD_EVIDENCE_CALL;
    avd_reg_set(&out->regs, AVD_EBP, callee->regs.value[AVD_EBP]);
    return true;
}

bool avd_walk_starts_thread(const struct avd_walk *walk, uint64_t sp)
{
    uint64_t below = AVD_THREAD_START_FRAME + 2 * (uint64_t)walk->cpu->pointer_size;
    struct avd_frame start[2];

    return walk->stack_high != 0 && sp <= walk->stack_high && sp >= below &&
           walk->stack_high - sp <= AVD_NEAR_STACK_BASE &&
           avd_walk_find_thread_start(walk, sp - below, start) &&
           (start[0].sp == sp || start[1].sp == sp);
}
