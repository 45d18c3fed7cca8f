/* SPDX-License-Identifier: MIT */
/*
 * Scanning: the first word above the callee's stack pointer that can be a return address. The
 * last resort of every CPU, because old return addresses stay behind on a stack; so each one must
 * lie in code and, where the bytes can be had, behind a call.
 */
#include "stack/walk.h"

#include "base/limits.h"

#include <inttypes.h>

/* A saved frame pointer further away than this is taken for something else. */
enum { MAX_FRAME_GAP = 128 * 1024 };

/* Whether code of this process keeps a chain of frame pointers at all. */
static bool has_frame_pointers(const struct avd_walk *walk)
{
    return walk->cpu->pointer_size == 4 || !walk->windows;
}

/* Whether `fp` can be the frame pointer of a frame whose stack pointer is `sp`. */
static bool plausible_frame_pointer(const struct avd_walk *walk, uint64_t fp, uint64_t sp)
{
    return fp >= sp && fp - sp <= MAX_FRAME_GAP && (fp & (walk->cpu->pointer_size - 1)) == 0 &&
           (walk->stack_high == 0 || fp < walk->stack_high);
}

static bool plausible_return(const struct avd_walk *walk, uint64_t addr)
{
    struct avd_code_module module;
    int after_call;

    if (!avd_walk_is_code(walk, addr))
        return false;
    after_call = avd_walk_after_call(walk, addr);
    return after_call == 1 ||
           (after_call == -1 && walk->env->module_at(walk->env->ctx, addr - 1, &module));
}

static void fill_caller(const struct avd_walk *walk, const struct avd_frame *callee, uint64_t slot,
                        uint64_t pc, struct avd_frame *caller)
{
    size_t size = walk->cpu->pointer_size;
    uint64_t saved;

    caller->pc = pc;
    caller->sp = slot + size;
    caller->trust = AVD_TRUST_SCAN;
    caller->method = AVD_METHOD_SCAN;
    avd_reg_set(&caller->regs, AVD_RIP, pc);
    avd_reg_set(&caller->regs, AVD_RSP, caller->sp);
    if (!has_frame_pointers(walk))
        return;
    if (slot >= callee->sp + size && avd_walk_pointer(walk, slot - size, &saved) &&
        plausible_frame_pointer(walk, saved, caller->sp))
        avd_reg_set(&caller->regs, AVD_RBP, saved);
    else if (avd_reg_known(&callee->regs, AVD_RBP) &&
             plausible_frame_pointer(walk, callee->regs.value[AVD_RBP], caller->sp))
        avd_reg_set(&caller->regs, AVD_RBP, callee->regs.value[AVD_RBP]);
}

enum avd_step_result avd_step_scan(struct avd_walk *walk, const struct avd_frame *callee,
                                   size_t callee_index, struct avd_frame *caller,
                                   enum avd_walk_end *end)
{
    size_t size = walk->cpu->pointer_size;
    uint64_t slot = (callee->sp + size - 1) / size * size;
    size_t words = callee_index == 0 || callee->trust >= AVD_TRUST_CFI ? AVD_MAX_SCAN_WORDS
                                                                       : AVD_MAX_SCAN_WORDS_LATER;
    size_t i;

    if (!walk->allow_scan) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO, "scanning is switched off");
        return AVD_STEP_NO_INFO;
    }
    for (i = 0; i < words; i++, slot += size) {
        uint64_t word;

        if (walk->stack_high != 0 && slot >= walk->stack_high) {
            avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                         "scanning from 0x%" PRIx64 " found no return address up to the stack's "
                         "base 0x%" PRIx64,
                         callee->sp, walk->stack_high);
            return AVD_STEP_NO_INFO;
        }
        if (!avd_walk_pointer(walk, slot, &word)) {
            avd_walk_say(walk, end, AVD_END_NO_MEMORY,
                         "scanning from 0x%" PRIx64 " came to 0x%" PRIx64
                         ", which is not in the dump",
                         callee->sp, slot);
            return AVD_STEP_NO_INFO;
        }
        if (plausible_return(walk, word)) {
            fill_caller(walk, callee, slot, word, caller);
            return AVD_STEP_OK;
        }
    }
    avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                 "scanning %zu words from 0x%" PRIx64 " found no return address", words,
                 callee->sp);
    return AVD_STEP_NO_INFO;
}
