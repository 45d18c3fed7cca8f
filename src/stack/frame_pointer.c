/* SPDX-License-Identifier: MIT */
/*
 * The chain of frame pointers: [fp] holds the caller's fp, the word above it the return address.
 * The ordinary case on x86 and on systems other than Windows. On Windows x64 RBP is a register
 * like any other and may point anywhere into a frame, so there the chain is only believed where
 * no unwind data can exist (JIT code, an image without an exception directory), and only when the
 * bytes before the return address are a call, or when the chain goes on in JIT code, which may push
 * a return address and jump (HotSpot's interpreter). A function without a frame is skipped by the
 * chain: the call that should lead to the callee's function leads elsewhere then, and is looked for
 * below.
 */
#include "stack/walk.h"

#include <inttypes.h>
#include <string.h>

enum { LINKS = 16 /* of a chain that are looked at to believe the first of them */ };

/*
 * Whether a 0 met above `callee`, near `addr`, is the end of the chain. A register that is no
 * frame pointer can point at zeros anywhere, which would make half a stack look whole; so one
 * link of the chain must have held before.
 */
static bool may_end_at(const struct avd_walk *walk, const struct avd_frame *callee, uint64_t addr)
{
    return callee->method == AVD_METHOD_FRAME_POINTER &&
           (walk->stack_high == 0 ||
            (addr < walk->stack_high && walk->stack_high - addr <= AVD_NEAR_STACK_BASE));
}

/* Windows x64: whether there is no unwind data for `pc` that could know better. */
static bool chain_is_all_there_is(const struct avd_walk *walk, uint64_t pc)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;
    struct avd_pdata pdata;

    return !env->module_at(env->ctx, pc, &module) || env->pdata(env->ctx, module.id, &pdata) == 0;
}

/*
 * x86: where the return address was pushed, given the slot above a frame pointer. A function that
 * aligns the stack (GNU's compiler: lea ecx, [esp+4]; and esp, -16; push [ecx-4]; push ebp) copies
 * it to there and keeps ecx below its frame pointer.
 */
static uint64_t return_slot(const struct avd_walk *walk, uint64_t fp, uint64_t slot)
{
    enum { ALIGNMENT = 16, SAVED = 4 /* ebx, esi and edi are pushed before ecx */ };
    uint64_t copy;
    uint64_t word;
    uint64_t at;
    unsigned i;

    if (walk->cpu->pointer_size != 4 || slot % ALIGNMENT != ALIGNMENT - 4 || fp < 4 * SAVED ||
        !avd_walk_pointer(walk, slot, &copy))
        return slot;
    for (at = slot + 4; at <= slot + ALIGNMENT; at += 4) {
        if (!avd_walk_pointer(walk, at, &word) || word != copy)
            continue;
        for (i = 1; i <= SAVED; i++)
            if (avd_walk_pointer(walk, fp - 4 * (uint64_t)i, &word) && word == at + 4)
                return at;
    }
    return slot;
}

/* Whether there may be code that belongs to no module. */
static bool is_made_code(const struct avd_walk *walk, uint64_t pc)
{
    const struct avd_walk_env *env = walk->env;
    int executable = env->executable(env->ctx, pc);
    struct avd_code_module module;
    uint8_t byte;

    if (executable == 0 || env->module_at(env->ctx, pc, &module))
        return false;
    return executable == 1 || ((pc < walk->stack_low || pc >= walk->stack_high) &&
                               avd_walk_code_at(walk, pc, &byte, 1) == 1);
}

bool avd_walk_links_made_code(const struct avd_walk *walk, const struct avd_frame *callee,
                              const struct avd_frame *caller, uint64_t fp)
{
    uint64_t last = caller->sp - 1;
    uint64_t pc = caller->pc;
    unsigned i;

    if (!is_made_code(walk, avd_walk_lookup(callee)))
        return false;
    for (i = 0; i < LINKS; i++) {
        if (pc == 0 || !is_made_code(walk, pc - 1) || fp <= last || fp % 8 != 0 ||
            (walk->stack_high != 0 && fp >= walk->stack_high) ||
            !avd_walk_pointer(walk, fp + 8, &pc))
            return false;
        avd_walk_exert(walk, 2);
        if (avd_walk_return_evidence(walk, pc) == 1)
            return true;
        last = fp;
        if (!avd_walk_pointer(walk, fp, &fp))
            return false;
    }
    return true;
}

enum avd_step_result avd_step_frame_pointer(struct avd_walk *walk, const struct avd_frame *callee,
                                            size_t callee_index, struct avd_frame *caller,
                                            enum avd_walk_end *end)
{
    size_t size = walk->cpu->pointer_size;
    bool doubtful = walk->windows && size == 8;
    uint64_t fp = callee->regs.value[AVD_RBP];
    struct avd_frame skipped;
    uint64_t saved;
    uint64_t start;
    int after_call;
    int leads;

    (void)callee_index;
    if (!avd_reg_known(&callee->regs, AVD_RBP))
        return AVD_STEP_NO_INFO;
    if (doubtful && !chain_is_all_there_is(walk, callee->exact ? callee->pc : callee->pc - 1))
        return AVD_STEP_NO_INFO;
    if (fp == 0 && !doubtful && may_end_at(walk, callee, callee->sp) &&
        avd_walk_can_begin_thread(walk, callee)) {
        walk->detail[0] = '\0';
        *end = AVD_END_NONE;
        avd_walk_say(walk, end, AVD_END_COMPLETE,
                     "the chain of frame pointers ends with 0 above 0x%" PRIx64, callee->sp);
        return AVD_STEP_END;
    }
    if (fp < callee->sp || (fp & (size - 1)) != 0 || fp > walk->cpu->address_mask ||
        (walk->stack_high != 0 && fp >= walk->stack_high)) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "the frame pointer 0x%" PRIx64 " cannot be one for the stack pointer "
                     "0x%" PRIx64,
                     fp, callee->sp);
        return AVD_STEP_NO_INFO;
    }
    if (!avd_walk_pointer(walk, fp, &saved)) {
        avd_walk_say(walk, end, AVD_END_NO_MEMORY, "the frame at 0x%" PRIx64 " is not in the dump",
                     fp);
        return AVD_STEP_NO_INFO;
    }
    if (!avd_walk_return(walk, &callee->regs, return_slot(walk, fp, fp + size), caller, end))
        return AVD_STEP_NO_INFO;
    /* Where other registers were saved is not known, only that they may have changed. */
    caller->regs.known &= UINT32_C(1) << AVD_RIP | UINT32_C(1) << AVD_RSP;
    avd_reg_set(&caller->regs, AVD_RBP, saved);
    caller->trust = AVD_TRUST_FRAME_POINTER;
    caller->method = AVD_METHOD_FRAME_POINTER;
    if (caller->pc == 0 && saved == 0 && !doubtful && may_end_at(walk, callee, fp))
        return AVD_STEP_OK;
    after_call = avd_walk_return_evidence(walk, caller->pc);
    /* Where the chain leads out of JIT code the caller's register may be no frame pointer. */
    if (saved != 0 && saved <= fp &&
        !(doubtful && after_call == 1 && !chain_is_all_there_is(walk, caller->pc - 1))) {
        avd_walk_say(walk, end, AVD_END_STACK_POINTER,
                     "the chain of frame pointers does not grow: 0x%" PRIx64 " at 0x%" PRIx64,
                     saved, fp);
        return AVD_STEP_NO_INFO;
    }
    if (doubtful ? after_call != 1 && !avd_walk_links_made_code(walk, callee, caller, saved)
                 : after_call == 0) {
        avd_walk_say(walk, end, AVD_END_NOT_CODE,
                     "0x%" PRIx64 " at 0x%" PRIx64 " (frame_pointer) is not the return address of "
                     "a call",
                     caller->pc, fp + size);
        return AVD_STEP_NO_INFO;
    }
    caller->evidence = after_call == 1 ? AVD_EVIDENCE_CALL : AVD_EVIDENCE_WEAK;
    /* Where the chain is met, the callee may have no frame in it: rbp is its caller's, or that
     * one's caller's. */
    if (doubtful)
        caller->frames_missing =
            callee->method != AVD_METHOD_FRAME_POINTER && callee->evidence != AVD_EVIDENCE_WEAK;
    if (doubtful && after_call != 1)
        return AVD_STEP_OK; /* a jump led here */
    leads = avd_walk_call_leads_to(walk, caller->pc, avd_walk_lookup(callee), &start);
    if (leads == 1) {
        caller->evidence = AVD_EVIDENCE_TARGET;
        caller->frames_missing = false;
        return AVD_STEP_OK;
    }
    memset(&skipped, 0, sizeof skipped);
    if (((leads == 0 || size == 4) &&
         avd_scan_for_call(walk, callee, fp + size,
                           leads == 0 || avd_walk_frameless(walk, avd_walk_lookup(callee)),
                           &skipped)) ||
        (walk->allow_scan && avd_walk_skipped_thread_start(walk, callee, caller, &skipped)))
        *caller = skipped;
    else
        caller->frames_missing = caller->frames_missing || leads == 0;
    return AVD_STEP_OK;
}
