/* SPDX-License-Identifier: MIT */
/*
 * A step by S_FRAMEPROC (CodeView, cvinfo.h). Frame and saved registers together are what lies
 * between rsp and the return address: so in all functions of programs linked by lld, compared
 * with their unwind data, and along the stacks of MSVC's dumps. Builds of MSVC for Edit and
 * Continue, which pad each frame, count from rbp instead; and older ones do not count pushed
 * registers, for which the words above are searched. Which registers were saved is not stated.
 */
#include "x64/proc_frame.h"

#include <inttypes.h>

/* S_FRAMEPROC's flags (FRAMEPROCFLAGS) */
enum {
    HAS_ALLOCA = 0x1,
    IS_NAKED = 0x80,
    HAS_ASYNC_EH = 0x200, /* /EHa; with rbp all filters and handlers, too */
    LOCAL_BASE_SHIFT = 14,
    PARAMETER_BASE_SHIFT = 16,
    BASE_MASK = 3,
    BASE_RSP = 1,
    BASE_RBP = 2
};

enum {
    HOME_SIZE = 32,            /* room for the arguments of a call, below rbp in padded frames */
    MAX_CALL_AREA = 4096,      /* the same with many arguments */
    MAX_PROLOGUE = 255,        /* bytes: UNWIND_INFO has no room for a longer one */
    SEARCH_WORDS = 8,          /* rbx, rbp, rsi, rdi, r12 to r15 */
    MAX_FRAME_GAP = 128 * 1024 /* a saved rbp further away is taken for something else */
};

/* Where the return address is looked for. */
struct place {
    uint64_t slot;
    bool exact;   /* it is there or nowhere */
    bool certain; /* false: even the slot itself is a guess */
    bool aligned; /* rsp was a multiple of 16 at the call */
};

/* The register that locals are addressed by, BASE_RSP or BASE_RBP; 0 where parameters are
 * addressed by another one, because rsp was aligned at run time. */
static unsigned frame_base(const struct avd_proc_frame *frame)
{
    unsigned local = frame->flags >> LOCAL_BASE_SHIFT & BASE_MASK;
    unsigned parameter = frame->flags >> PARAMETER_BASE_SHIFT & BASE_MASK;

    if (local == parameter && local <= BASE_RBP)
        return local == 0 ? BASE_RSP : local;
    return 0;
}

static uint64_t size_of(const struct avd_proc_frame *frame)
{
    return (uint64_t)frame->frame_size + frame->saved_regs_size;
}

/* Why the sizes say nothing of rsp at `offset` in the function; NULL when they do. */
static const char *reason_against(const struct avd_frame *callee,
                                  const struct avd_proc_frame *frame, uint64_t offset)
{
    if ((frame->flags & HAS_ALLOCA) != 0)
        return "it allocates memory on the stack";
    if ((frame->flags & IS_NAKED) != 0)
        return "it has no frame of the compiler's";
    if (frame_base(frame) == 0)
        return "it aligns its stack pointer";
    /* A handler works with the rbp of the function that it belongs to. */
    if (frame_base(frame) == BASE_RBP && (frame->flags & HAS_ASYNC_EH) != 0)
        return "it may be an exception handler";
    if (offset != 0 && offset < frame->prolog_size)
        return "it is in its prologue";
    if (size_of(frame) == 0)
        return callee->exact ? NULL : "it has none although it calls";
    /* The body of a function that has a frame keeps rsp a multiple of 16. */
    if (offset != 0 && (callee->sp & 15) != 0)
        return "its stack pointer is not aligned, as in a prologue or epilogue";
    return NULL;
}

static struct place find_place(const struct avd_frame *callee, const struct avd_proc_frame *frame,
                               uint64_t offset)
{
    uint64_t size = size_of(frame);
    uint64_t rbp = callee->regs.value[AVD_RBP];
    struct place place = {callee->sp + size, size == 0, true, size != 0};

    if (offset == 0 && callee->exact) {
        /* Nothing has been done yet. */
        place = (struct place){callee->sp, true, true, false};
    } else if (size != 0 && callee->exact && frame->prolog_size == 0 && offset < MAX_PROLOGUE) {
        /* Where the prologue ends is not recorded by all compilers: it may be half done. */
        place.exact = true;
        place.certain = false;
    } else if (frame_base(frame) == BASE_RBP && frame->pad_size != 0) {
        if (avd_reg_known(&callee->regs, AVD_RBP) && rbp >= callee->sp + HOME_SIZE &&
            rbp - callee->sp <= MAX_CALL_AREA && (rbp & 15) == 0) {
            place.slot = rbp + size;
            place.exact = true;
        } else {
            place.slot += HOME_SIZE;
            place.certain = false;
        }
    }
    return place;
}

/* A return address, at `place` or above it, where calls put one: rsp is a multiple of 16 then. */
static bool find_return(const struct avd_walk *walk, struct place *place)
{
    unsigned words = place->exact ? 1 : SEARCH_WORDS + 1;
    unsigned i;

    for (i = 0; i < words; i++) {
        uint64_t slot = place->slot + 8 * (uint64_t)i;
        uint64_t value;
        int after_call;

        if (place->aligned && (slot & 15) != 8)
            continue;
        if (!avd_walk_pointer(walk, slot, &value))
            return false;
        after_call = avd_walk_is_code(walk, value) ? avd_walk_after_call(walk, value) : 0;
        if (after_call != 0) {
            place->slot = slot;
            place->certain = i == 0 && (place->certain || (after_call == 1 && place->exact));
            return true;
        }
    }
    return false;
}

/* The caller's rbp where this function uses its own as frame pointer: pushed first of all. */
static void restore_rbp(const struct avd_walk *walk, const struct avd_proc_frame *frame,
                        uint64_t slot, struct avd_regs *regs)
{
    uint64_t value;

    if (frame_base(frame) == BASE_RBP && frame->saved_regs_size >= 8 &&
        avd_walk_pointer(walk, slot - 8, &value) && value > slot && value - slot <= MAX_FRAME_GAP &&
        (value & 7) == 0 && (walk->stack_high == 0 || value < walk->stack_high))
        avd_reg_set(regs, AVD_RBP, value);
}

enum avd_step_result avd_x64_step_proc_frame(struct avd_walk *walk, const struct avd_frame *callee,
                                             size_t callee_index, struct avd_frame *caller,
                                             enum avd_walk_end *end)
{
    const struct avd_walk_env *env = walk->env;
    uint64_t addr = avd_walk_lookup(callee);
    struct avd_proc_frame frame;
    const char *reason;
    struct place place;
    uint64_t offset;
    uint64_t base;

    (void)callee_index;
    if (env->proc_frame == NULL || !env->proc_frame(env->ctx, addr, &frame, &base))
        return AVD_STEP_NO_INFO;
    offset = addr - base - frame.function_rva;
    reason = reason_against(callee, &frame, offset);
    if (reason != NULL) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "the frame of the function at 0x%" PRIx64 " is not known by its size: %s",
                     callee->pc, reason);
        return AVD_STEP_NO_INFO;
    }
    place = find_place(callee, &frame, offset);
    if (!find_return(walk, &place) ||
        !avd_walk_return(walk, &callee->regs, place.slot, caller, end)) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "no return address at 0x%" PRIx64 ", where the frame of the function at "
                     "0x%" PRIx64 " ends by its size",
                     place.slot, callee->pc);
        return AVD_STEP_NO_INFO;
    }
    if (offset != 0 || !callee->exact) {
        caller->regs.known &= UINT32_C(1) << AVD_RIP | UINT32_C(1) << AVD_RSP;
        restore_rbp(walk, &frame, place.slot, &caller->regs);
    }
    caller->trust = place.certain ? AVD_TRUST_CFI : AVD_TRUST_CFI_SCAN;
    caller->method = AVD_METHOD_PROC_FRAME;
    return AVD_STEP_OK;
}
