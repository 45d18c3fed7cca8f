/* SPDX-License-Identifier: MIT */
/*
 * The loop of every stack walk: asks a CPU's methods in their order, judges each answer by what
 * holds for every CPU, and records why it ended. It knows nothing of unwind data or code bytes.
 */
#include "stack/walk.h"

#include "base/limits.h"
#include "base/view.h"
#include "stack/likely_path.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What the loop makes of a method's answer. */
enum verdict {
    VERDICT_TAKE,
    VERDICT_COMPLETE, /* it returns to 0: there is no caller */
    VERDICT_REFUSE    /* said why; the next method may know better */
};

void avd_walk_say(struct avd_walk *walk, enum avd_walk_end *end, enum avd_walk_end code,
                  const char *format, ...)
{
    size_t used = strlen(walk->detail);
    va_list args;

    if (*end == AVD_END_NONE || *end == AVD_END_NO_UNWIND_INFO)
        *end = code;
    if (used != 0 && used + 2 < sizeof walk->detail) {
        memcpy(&walk->detail[used], "; ", 3);
        used += 2;
    }
    va_start(args, format);
    (void)vsnprintf(&walk->detail[used], sizeof walk->detail - used, format, args);
    va_end(args);
}

void avd_walk_exert(const struct avd_walk *walk, size_t looks)
{
    if (walk->effort != NULL)
        *walk->effort -= looks < *walk->effort ? looks : *walk->effort;
}

bool avd_walk_exhausted(const struct avd_walk *walk)
{
    return walk->effort != NULL && *walk->effort == 0;
}

bool avd_walk_pointer(const struct avd_walk *walk, uint64_t addr, uint64_t *out)
{
    size_t size = walk->cpu->pointer_size;
    uint8_t bytes[8] = {0};

    *out = 0;
    if (addr > UINT64_MAX - size || walk->env->read(walk->env->ctx, addr, bytes, size) != size)
        return false;
    *out = size == 4 ? avd_le32(bytes) : avd_le64(bytes);
    return true;
}

bool avd_walk_return(struct avd_walk *walk, const struct avd_regs *regs, uint64_t slot,
                     struct avd_frame *caller, enum avd_walk_end *end)
{
    unsigned i;

    if (!avd_walk_pointer(walk, slot, &caller->pc)) {
        avd_walk_say(walk, end, AVD_END_NO_MEMORY,
                     "the return address at 0x%" PRIx64 " is not in the dump", slot);
        return false;
    }
    caller->sp = slot + walk->cpu->pointer_size;
    caller->regs = *regs;
    for (i = 0; i < AVD_REG_COUNT; i++) {
        if ((walk->cpu->volatile_regs >> i & 1) != 0)
            avd_reg_forget(&caller->regs, i);
    }
    avd_reg_set(&caller->regs, AVD_RIP, caller->pc);
    avd_reg_set(&caller->regs, AVD_RSP, caller->sp);
    return true;
}

/* The stack pointer must grow and stay in the stack. As it grows, no (pc, sp) can come twice. */
static bool judge_stack_pointer(struct avd_walk *walk, const struct avd_frame *callee,
                                const struct avd_frame *caller, enum avd_walk_end *end)
{
    const char *method = avd_method_name(caller->method);
    uint64_t misaligned = walk->cpu->pointer_size - 1;

    if (caller->sp <= callee->sp) {
        avd_walk_say(walk, end, AVD_END_STACK_POINTER,
                     "%s gives the stack pointer 0x%" PRIx64 ", which is not above 0x%" PRIx64,
                     method, caller->sp, callee->sp);
        return false;
    }
    if ((walk->stack_high != 0 && caller->sp > walk->stack_high) ||
        caller->sp > walk->cpu->address_mask) {
        avd_walk_say(walk, end, AVD_END_STACK_POINTER,
                     "%s gives the stack pointer 0x%" PRIx64 ", which is above the stack's base "
                     "0x%" PRIx64,
                     method, caller->sp,
                     walk->stack_high != 0 ? walk->stack_high : walk->cpu->address_mask);
        return false;
    }
    if ((caller->sp & misaligned) != 0 && (callee->sp & misaligned) == 0) {
        avd_walk_say(walk, end, AVD_END_STACK_POINTER,
                     "%s gives the stack pointer 0x%" PRIx64 ", which is not aligned", method,
                     caller->sp);
        return false;
    }
    return true;
}

bool avd_walk_can_begin_thread(const struct avd_walk *walk, const struct avd_frame *callee)
{
    enum avd_module_role role;

    if (!walk->windows || walk->stack_high == 0)
        return true;
    role = avd_walk_role_at(walk, callee->pc);
    return role != AVD_ROLE_PROGRAM && role != AVD_ROLE_WINDOWS;
}

static enum verdict judge(struct avd_walk *walk, const struct avd_frame *callee,
                          const struct avd_frame *caller, enum avd_walk_end *end)
{
    if (!judge_stack_pointer(walk, callee, caller, end))
        return VERDICT_REFUSE;
    /* An exact frame was interrupted: its pc may well be bad, that is why it was. */
    if (caller->exact)
        return VERDICT_TAKE;
    if (caller->pc == 0 && !avd_walk_can_begin_thread(walk, callee)) {
        avd_walk_say(walk, end, AVD_END_NOT_CODE,
                     "the return address at 0x%" PRIx64 " (%s) is 0, but no thread begins there",
                     caller->sp - walk->cpu->pointer_size, avd_method_name(caller->method));
        return VERDICT_REFUSE;
    }
    if (caller->pc == 0)
        return VERDICT_COMPLETE;
    /* A method that says itself how little speaks for it has judged: JIT code may not be known. */
    if ((caller->evidence != AVD_EVIDENCE_WEAK || caller->method == AVD_METHOD_SCAN) &&
        !avd_walk_is_code(walk, caller->pc) && avd_walk_return_evidence(walk, caller->pc) == 0) {
        avd_walk_say(walk, end, AVD_END_NOT_CODE,
                     "the return address 0x%" PRIx64 " at 0x%" PRIx64 " (%s) is no code",
                     caller->pc, caller->sp - walk->cpu->pointer_size,
                     avd_method_name(caller->method));
        return VERDICT_REFUSE;
    }
    return VERDICT_TAKE;
}

/* Asks one method after the other. AVD_STEP_NO_INFO when none has an answer that holds. */
static enum avd_step_result step(struct avd_walk *walk, struct avd_frame *callee, size_t index,
                                 struct avd_frame *caller, enum avd_walk_end *end)
{
    size_t i;

    walk->detail[0] = '\0';
    *end = AVD_END_NONE;
    for (i = 0; i < walk->cpu->method_count; i++) {
        enum avd_step_result result;
        enum verdict verdict;

        memset(caller, 0, sizeof *caller);
        result = walk->cpu->methods[i].step(walk, callee, index, caller, end);
        if (result == AVD_STEP_NO_INFO)
            continue;
        if (result != AVD_STEP_OK)
            return result;
        verdict = judge(walk, callee, caller, end);
        if (verdict == VERDICT_REFUSE)
            continue;
        /* The slot of the callee's return address lies one pointer below the caller's sp. */
        if (walk->cpu->pointer_size == 4 && !caller->exact)
            callee->fp = caller->sp - 2 * (uint64_t)walk->cpu->pointer_size;
        if (verdict == VERDICT_TAKE) {
            callee->return_address = caller->pc;
            return AVD_STEP_OK;
        }
        walk->detail[0] = '\0';
        *end = AVD_END_NONE;
        avd_walk_say(walk, end, AVD_END_COMPLETE, "the return address at 0x%" PRIx64 " is 0",
                     caller->sp - walk->cpu->pointer_size);
        if (walk->stack_high != 0)
            avd_walk_say(walk, end, AVD_END_COMPLETE,
                         "that is 0x%" PRIx64 " bytes below the stack's base 0x%" PRIx64,
                         walk->stack_high - (caller->sp - walk->cpu->pointer_size),
                         walk->stack_high);
        return AVD_STEP_END;
    }
    return AVD_STEP_NO_INFO;
}

/* What a method's frames are worth when the frame they were found from is certain. */
static enum avd_trust own_trust(enum avd_method method)
{
    return method == AVD_METHOD_FRAME_POINTER ? AVD_TRUST_FRAME_POINTER : AVD_TRUST_CFI;
}

/*
 * What was found from registers that scanning guessed is no better than the guess, however good
 * the way it was found. Registers recorded in the dump end the doubt, and so does a call that
 * leads to the callee's function: such a guess is proved.
 */
static void doubt(const struct avd_frame *callee, struct avd_frame *caller)
{
    bool doubtful = callee->trust == AVD_TRUST_CFI_SCAN ||
                    (callee->trust == AVD_TRUST_SCAN && callee->evidence != AVD_EVIDENCE_TARGET);

    if (doubtful && caller->trust > AVD_TRUST_CFI_SCAN && caller->trust != AVD_TRUST_CONTEXT &&
        caller->evidence != AVD_EVIDENCE_TARGET)
        caller->trust = AVD_TRUST_CFI_SCAN;
}

static bool is_guess(const struct avd_frame *frame)
{
    return frame->method == AVD_METHOD_SCAN && frame->evidence == AVD_EVIDENCE_WEAK;
}

/*
 * A chain that ends with 0 where a thread's stack begins has been the right one, unless a mere
 * guess led to it: what earlier calls left behind leads to the frames that are still used, too.
 */
static void confirm(const struct avd_walk *walk, struct avd_stack *out)
{
    size_t first = out->count;
    size_t i;

    if (out->end != AVD_END_COMPLETE || walk->stack_high == 0 ||
        walk->stack_high - out->frames[out->count - 1].sp > AVD_NEAR_STACK_BASE)
        return;
    while (first != 0 && out->frames[first - 1].trust != AVD_TRUST_SCAN)
        first--;
    if (first != 0 && is_guess(&out->frames[first - 1]))
        return;
    for (i = first; i < out->count; i++)
        if (out->frames[i].trust == AVD_TRUST_CFI_SCAN)
            out->frames[i].trust = own_trust(out->frames[i].method);
}

/* The same call at the same distance once more. */
static bool is_recursion(const struct avd_stack *stack, const struct avd_frame *caller)
{
    const struct avd_frame *frames = stack->frames;
    size_t n = stack->count;

    return n >= 3 && frames[n - 1].pc == caller->pc && frames[n - 2].pc == caller->pc &&
           caller->sp - frames[n - 1].sp == frames[n - 1].sp - frames[n - 2].sp;
}

/*
 * Takes off the guesses at the end that nothing confirmed: a short stack that is true is worth
 * more than a long one that may not be. What the next frame may be is said in words.
 */
static void drop_guesses(struct avd_walk *walk, struct avd_stack *out)
{
    struct avd_frame *last;
    size_t count = out->count;

    if (out->end == AVD_END_COMPLETE)
        return;
    while (count > 1 && is_guess(&out->frames[count - 1]))
        count--;
    if (count == out->count)
        return;
    last = &out->frames[count - 1];
    walk->detail[0] = '\0';
    out->end = AVD_END_NONE;
    avd_walk_say(walk, &out->end, AVD_END_NO_UNWIND_INFO,
                 "0x%" PRIx64 " at 0x%" PRIx64 " may be where 0x%" PRIx64 " returns to, but no "
                 "unwind data and no code says so; what follows would be guesses",
                 out->frames[count].pc, out->frames[count].sp - walk->cpu->pointer_size, last->pc);
    last->return_address = 0;
    last->fp = 0;
    out->count = count;
}

/*
 * The thread's start is known even when the middle of its stack is not. It is not added behind the
 * context alone: whoever asks for the caller of frame 0 must not get that.
 */
static bool add_thread_start(struct avd_walk *walk, struct avd_stack *out, size_t *capacity)
{
    size_t wanted = out->count + 2;
    struct avd_frame start[2];

    if (out->end == AVD_END_COMPLETE || out->count < 2 || walk->stack_high == 0 ||
        wanted > AVD_MAX_FRAMES_WHEN_OVER * 2 ||
        !avd_walk_find_thread_start(walk, out->frames[out->count - 1].sp, start))
        return true;
    while (out->count < wanted) {
        struct avd_frame *frames = avd_arena_grow(walk->arena, out->frames, out->count, capacity,
                                                  sizeof *frames, AVD_MAX_FRAMES_CEILING);

        if (frames == NULL)
            return false;
        out->frames = frames;
        frames[out->count] = start[2 - (wanted - out->count)];
        out->count++;
    }
    avd_walk_say(walk, &out->end, out->end,
                 "the last two frames are where every thread starts, found at the stack's base");
    return true;
}

/* Adds frames to `out` until something ends the walk; walk->detail then says what. */
static bool run(struct avd_walk *walk, struct avd_stack *out, size_t *capacity)
{
    size_t limit = walk->max_frames == 0 ? AVD_MAX_FRAMES : walk->max_frames;

    if (limit > AVD_MAX_FRAMES_CEILING)
        limit = AVD_MAX_FRAMES_CEILING;
    for (;;) {
        struct avd_frame *callee = &out->frames[out->count - 1];
        struct avd_frame caller;
        struct avd_frame *frames;
        enum avd_step_result result;

        if (walk->stack_high != 0 && callee->sp > walk->stack_high - walk->cpu->pointer_size) {
            walk->detail[0] = '\0';
            avd_walk_say(walk, &out->end, AVD_END_COMPLETE,
                         "the stack's base 0x%" PRIx64 " is reached", walk->stack_high);
            return true;
        }
        if (avd_walk_exhausted(walk)) {
            walk->detail[0] = '\0';
            avd_walk_say(
                walk, &out->end, AVD_END_LIMIT,
                "the ceiling on the work for all stacks of a dump of this size is reached");
            return true;
        }
        result = step(walk, callee, out->count - 1, &caller, &out->end);
        if (result != AVD_STEP_OK)
            return true;
        out->end = AVD_END_NONE;
        if (out->count >= limit) {
            walk->detail[0] = '\0';
            avd_walk_say(walk, &out->end, AVD_END_LIMIT,
                         "the ceiling of %zu frames is reached; the next would be at 0x%" PRIx64,
                         limit, caller.pc);
            return true;
        }
        frames = avd_arena_grow(walk->arena, out->frames, out->count, capacity, sizeof *frames,
                                AVD_MAX_FRAMES_CEILING);
        if (frames == NULL)
            return false;
        out->frames = frames;
        doubt(&frames[out->count - 1], &caller);
        if (!is_guess(&caller))
            walk->weak_frames = 0;
        else if (!is_recursion(out, &caller) && !avd_walk_starts_thread(walk, caller.sp))
            walk->weak_frames++;
        out->frames[out->count++] = caller;
    }
}

bool avd_walk_stack(struct avd_walk *walk, const struct avd_regs *start, struct avd_stack *out)
{
    uint64_t low = walk->stack_low;
    uint64_t high = walk->stack_high;
    size_t capacity = 0;
    struct avd_frame *frame;
    const char *detail;
    bool ok;

    memset(out, 0, sizeof *out);
    out->end = AVD_END_NO_CONTEXT;
    if (!avd_reg_known(start, AVD_RIP)) {
        out->end_detail = "the context does not hold the instruction pointer";
        return true;
    }
    out->end_detail = "out of memory";
    frame = avd_arena_grow(walk->arena, NULL, 0, &capacity, sizeof *frame,
                           avd_walk_exhausted(walk) ? 1 : AVD_MAX_FRAMES_CEILING);
    if (frame == NULL)
        return false;
    out->frames = frame;
    out->count = 1;
    frame->regs = *start;
    frame->pc = start->value[AVD_RIP];
    frame->sp = start->value[AVD_RSP];
    frame->trust = walk->start_found ? AVD_TRUST_SCAN : AVD_TRUST_CONTEXT;
    frame->method = walk->start_found ? AVD_METHOD_SCAN : AVD_METHOD_CONTEXT;
    frame->evidence = walk->start_found ? AVD_EVIDENCE_CALL : AVD_EVIDENCE_NONE;
    frame->exact = !walk->start_found;
    if (!avd_reg_known(start, AVD_RSP)) {
        out->end_detail = "the context does not hold the stack pointer";
        return true;
    }
    /* A stack that was switched by hand, or a TEB that was overwritten: the registers are right. */
    if (high != 0 && (frame->sp < low || frame->sp >= high)) {
        walk->stack_low = 0;
        walk->stack_high = 0;
    }
    walk->detail[0] = '\0';
    walk->weak_frames = 0;
    walk->path = NULL;
    out->end = AVD_END_NONE;
    ok = run(walk, out, &capacity);
    avd_likely_path_free(walk->path);
    walk->path = NULL;
    if (ok && out->end == AVD_END_NONE)
        avd_walk_say(walk, &out->end, AVD_END_NO_UNWIND_INFO,
                     "nothing says how to go on from 0x%" PRIx64, out->frames[out->count - 1].pc);
    if (ok) {
        drop_guesses(walk, out);
        ok = add_thread_start(walk, out, &capacity);
    }
    confirm(walk, out);
    if (walk->stack_high != high) {
        detail = avd_arena_printf(walk->arena,
                                  "%s; the bounds 0x%" PRIx64 "-0x%" PRIx64 " of the stack were "
                                  "ignored because it starts outside them, at 0x%" PRIx64,
                                  walk->detail, low, high, out->frames[0].sp);
        walk->stack_low = low;
        walk->stack_high = high;
    } else {
        detail = avd_arena_strdup(walk->arena, walk->detail);
    }
    if (!ok || detail == NULL) {
        out->end = AVD_END_NONE;
        return false;
    }
    out->end_detail = detail;
    return true;
}
