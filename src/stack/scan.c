/* SPDX-License-Identifier: MIT */
/*
 * Scanning: words above the callee's stack pointer that can be a return address. The last resort
 * of every CPU, because old return addresses stay behind on a stack. What is found is graded: a
 * call that leads to the callee's function proves it; a call before it makes it likely; without
 * code bytes only the ABI's rules of where a return address can lie speak for it, and of such
 * guesses only a few may follow one another. Microsoft's "x64 calling convention" and the System
 * V ABI: rsp is a multiple of 16 at every call.
 */
#include "stack/walk.h"

#include "base/limits.h"
#include "base/view.h"
#include "stack/likely_path.h"
#include "stack/prologue.h"

#include <inttypes.h>

enum {
    MAX_FRAME_GAP = 128 * 1024, /* a saved frame pointer further away is something else */
    HOME_SPACE = 32,            /* Windows x64: what every caller keeps free for its callee */
    PAGE = 4096,                /* the headers of an image are mapped as pages of their own */
    WORDS_AT_ONCE = 8,          /* compared in the time of one look at memory */
    CODE_ALIGNMENT = 16         /* functions, and much data, begin at multiples of it */
};

/* The part of the stack that one step looks at. */
struct window {
    const struct avd_walk *walk;
    uint64_t start;  /* x86: above what the callee's function certainly uses */
    bool size_known; /* x86: how much that is */
    struct avd_view view;
    size_t words; /* that are in the dump */
    uint8_t bytes[8 * AVD_MAX_SCAN_WORDS_CALL];
};

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

static void open_window(struct window *w, const struct avd_walk *walk,
                        const struct avd_frame *callee, uint64_t limit)
{
    size_t size = walk->cpu->pointer_size;
    uint64_t used;
    uint64_t room;

    w->walk = walk;
    w->size_known = avd_walk_frame_size(walk, callee, &used);
    w->start = (callee->sp + used + size - 1) / size * size;
    room = limit > w->start ? limit - w->start : 0;
    if (room > AVD_MAX_SCAN_WORDS_CALL * size)
        room = AVD_MAX_SCAN_WORDS_CALL * size;
    w->view.data = w->bytes;
    w->view.size = walk->env->read(walk->env->ctx, w->start, w->bytes, (size_t)room);
    w->view.offset = 0;
    w->words = (size_t)(w->view.size / size);
}

static uint64_t slot_of(const struct window *w, size_t i)
{
    return w->start + (uint64_t)i * w->walk->cpu->pointer_size;
}

static uint64_t word(const struct window *w, size_t i)
{
    return w->walk->cpu->pointer_size == 4 ? avd_view_u32(w->view, 4 * (uint64_t)i)
                                           : avd_view_u64(w->view, 8 * (uint64_t)i);
}

/* On x64 a call finds rsp at a multiple of 16 and pushes below it. */
static bool slot_aligned(const struct window *w, size_t i)
{
    return w->walk->cpu->pointer_size == 4 || slot_of(w, i) % 16 == 8;
}

/*
 * Whether word `i`, of which no code byte is known, is more likely a return address than data. A
 * value that also lies where no return address can, that lies there several times without the
 * even distance of a recursion, or that is aligned as functions and data are, is likely data.
 */
static bool plausible_without_code(const struct window *w, const struct avd_frame *callee, size_t i)
{
    const struct avd_walk_env *env = w->walk->env;
    uint64_t value = word(w, i);
    struct avd_code_module module;
    uint64_t last = slot_of(w, i);
    uint64_t gap = 0;
    size_t before = 0;
    size_t behind = 0;
    bool even = true;
    size_t k;

    if (!env->module_at(env->ctx, value - 1, &module) || value % CODE_ALIGNMENT == 0 ||
        (value - 1 - module.base < PAGE && env->executable(env->ctx, value - 1) != 1))
        return false;
    if (!callee->exact && callee->pc == value) {
        gap = last + w->walk->cpu->pointer_size - callee->sp;
        before = 1;
    }
    avd_walk_exert(w->walk, w->words / WORDS_AT_ONCE);
    for (k = 0; k < w->words; k++) {
        if (k == i || word(w, k) != value)
            continue;
        if (!slot_aligned(w, k) || k < i)
            return false;
        even = even && (gap == 0 || slot_of(w, k) - last == gap);
        gap = slot_of(w, k) - last;
        last = slot_of(w, k);
        behind++;
    }
    return behind == 0 || (before + behind >= 2 && even);
}

/* Who makes calls keeps the home space free above its stack pointer: no return address is there. */
static bool in_home_space(const struct window *w, const struct avd_frame *callee, size_t i)
{
    return w->walk->cpu->pointer_size == 8 && w->walk->windows &&
           slot_of(w, i) - callee->sp < HOME_SPACE;
}

/* x86: whether slot `i` lies above what the callee's function at `start` uses. Below it an earlier
 * call of the same function left its return address behind. */
static bool is_above_frame(const struct window *w, const struct avd_frame *callee, size_t i,
                           uint64_t start)
{
    return callee->exact || slot_of(w, i) - callee->sp >=
                                avd_walk_prologue_size(w->walk, start, avd_walk_lookup(callee));
}

/*
 * Whether the words at `fp` are no frame of a function but a record of structured exception
 * handling: the next record and a handler, which look alike. Their chain ends with -1, not with 0.
 */
static bool is_handler_chain(const struct avd_walk *walk, uint64_t fp)
{
    enum { LINKS = 256 };
    uint64_t next = fp;
    unsigned i;

    for (i = 0; i < LINKS && avd_walk_pointer(walk, fp, &next) && next > fp && next != UINT32_MAX;
         i++) {
        if (walk->stack_high != 0 && next >= walk->stack_high)
            return false;
        avd_walk_exert(walk, 1);
        fp = next;
    }
    return next == UINT32_MAX;
}

/*
 * x86, where no code speaks for word `i`: whether the word below it is a saved frame pointer that
 * the chain goes on from. Most functions of Windows keep one, and much of a stack looks like code.
 */
static bool is_linked(const struct window *w, size_t i)
{
    const struct avd_walk *walk = w->walk;
    uint64_t saved;
    uint64_t value;
    uint64_t fp;

    if (walk->cpu->pointer_size != 4 || !walk->windows)
        return true;
    if (i == 0)
        return false;
    fp = word(w, i - 1);
    return plausible_frame_pointer(walk, fp, slot_of(w, i) + 4) &&
           avd_walk_pointer(walk, fp, &saved) && (saved == 0 || saved > fp) &&
           avd_walk_pointer(walk, fp + 4, &value) &&
           (saved == 0 || avd_walk_is_code(walk, value)) && !is_handler_chain(walk, fp);
}

/*
 * What can be said for word `i` as the callee's return address; AVD_EVIDENCE_NONE refuses it.
 * *start: where the callee's function begins, when the call leads there.
 */
static enum avd_evidence judge(const struct window *w, const struct avd_frame *callee, size_t i,
                               bool target_only, uint64_t *start)
{
    const struct avd_walk *walk = w->walk;
    uint64_t value = word(w, i);
    int leads;

    *start = 0;
    if (!slot_aligned(w, i) || !avd_walk_is_code(walk, value))
        return AVD_EVIDENCE_NONE;
    leads = avd_walk_call_leads_to(walk, value, avd_walk_lookup(callee), start);
    if (leads == 1)
        return is_above_frame(w, callee, i, *start) ? AVD_EVIDENCE_TARGET : AVD_EVIDENCE_NONE;
    if (leads == 0 || target_only)
        return AVD_EVIDENCE_NONE;
    if (!callee->exact && in_home_space(w, callee, i))
        return AVD_EVIDENCE_NONE;
    if (avd_walk_after_call(walk, value) == 1)
        return AVD_EVIDENCE_CALL;
    /* A function that has aligned rsp did so to make calls, most likely. */
    if (callee->sp % 16 == 0 && in_home_space(w, callee, i))
        return AVD_EVIDENCE_NONE;
    /* In a large frame what is left of earlier calls comes before the return address. */
    return i < AVD_MAX_SCAN_WORDS_LATER && is_linked(w, i) && plausible_without_code(w, callee, i)
               ? AVD_EVIDENCE_WEAK
               : AVD_EVIDENCE_NONE;
}

/*
 * Whether the x86 function at `start` begins with push ebp, so that its caller's lies below the
 * slot of its return address; *frame: and then makes ebp its frame pointer.
 */
static bool pushes_frame_pointer(const struct avd_walk *walk, uint64_t start, bool *frame)
{
    uint8_t bytes[16];
    struct avd_view code = {bytes, avd_walk_code_at(walk, start, bytes, sizeof bytes), 0};
    uint64_t at = avd_walk_hot_patch(code);
    uint16_t next;

    if (at == 0 && avd_view_u16(code, 0) == 0xff8b) /* mov edi, edi */
        at = 2;
    next = avd_view_u16(code, at + 1);
    *frame = next == 0xec8b || next == 0xe589; /* mov ebp, esp */
    return avd_view_u8(code, at) == 0x55;
}

static void fill_caller(const struct window *w, const struct avd_frame *callee, size_t i,
                        enum avd_evidence evidence, uint64_t start, struct avd_frame *caller)
{
    const struct avd_walk *walk = w->walk;
    size_t size = walk->cpu->pointer_size;
    uint64_t slot = slot_of(w, i);
    bool below_is_fp = i != 0;
    bool frame;

    caller->pc = word(w, i);
    caller->sp = slot + size;
    caller->trust = AVD_TRUST_SCAN;
    caller->method = AVD_METHOD_SCAN;
    caller->evidence = evidence;
    avd_reg_set(&caller->regs, AVD_RIP, caller->pc);
    avd_reg_set(&caller->regs, AVD_RSP, caller->sp);
    if (!has_frame_pointers(walk))
        return;
    if (evidence == AVD_EVIDENCE_TARGET && size == 4 && !pushes_frame_pointer(walk, start, &frame))
        below_is_fp = false;
    if (below_is_fp && plausible_frame_pointer(walk, word(w, i - 1), caller->sp))
        avd_reg_set(&caller->regs, AVD_RBP, word(w, i - 1));
    else if (avd_reg_known(&callee->regs, AVD_RBP) &&
             plausible_frame_pointer(walk, callee->regs.value[AVD_RBP], caller->sp))
        avd_reg_set(&caller->regs, AVD_RBP, callee->regs.value[AVD_RBP]);
}

/* Whether a call above word `i` led to the function that word `i` returns into. */
static bool has_caller(const struct window *w, size_t i)
{
    uint64_t start;
    size_t k;

    for (k = i + 1; k < w->words; k++)
        if (slot_aligned(w, k) && avd_walk_is_code(w->walk, word(w, k)) &&
            avd_walk_call_leads_to(w->walk, word(w, k), word(w, i) - 1, &start) == 1)
            return true;
    return false;
}

bool avd_scan_for_call(struct avd_walk *walk, const struct avd_frame *callee, uint64_t limit,
                       bool certain, struct avd_frame *caller)
{
    enum avd_evidence best = AVD_EVIDENCE_NONE;
    size_t tried = 0;
    size_t best_at = 0;
    uint64_t best_start = 0;
    struct window w;
    size_t i;

    if (!walk->allow_scan)
        return false;
    /* The word at the limit is the chain's own return address: it may be the caller's caller. */
    open_window(&w, walk, callee, limit + walk->cpu->pointer_size);
    for (i = 0; i < w.words && slot_of(&w, i) < limit && best != AVD_EVIDENCE_TARGET; i++) {
        bool target_only = !certain || best != AVD_EVIDENCE_NONE || tried == AVD_MAX_SCAN_TRIES;
        uint64_t start;
        bool frame;
        enum avd_evidence found = judge(&w, callee, i, target_only, &start);

        /* An indirect call may lead anywhere: it must itself have been called from above, or lie
         * where the callee's prologue says. */
        if (found == AVD_EVIDENCE_CALL)
            tried++;
        if (found == AVD_EVIDENCE_TARGET && !certain && pushes_frame_pointer(walk, start, &frame) &&
            frame)
            return false;
        if (found == AVD_EVIDENCE_TARGET ||
            (found == AVD_EVIDENCE_CALL && ((w.size_known && i == 0) || has_caller(&w, i)))) {
            best = found;
            best_at = i;
            best_start = start;
        }
    }
    if (best == AVD_EVIDENCE_NONE)
        return false;
    fill_caller(&w, callee, best_at, best, best_start, caller);
    avd_reg_set(&caller->regs, AVD_RBP, callee->regs.value[AVD_RBP]);
    return true;
}

static enum avd_step_result found_nothing(struct avd_walk *walk, const struct avd_frame *callee,
                                          const struct window *w, size_t words,
                                          enum avd_walk_end *end)
{
    uint64_t stop = slot_of(w, w->words);

    if (w->words >= words)
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "scanning %zu words from 0x%" PRIx64 " found no return address", words,
                     callee->sp);
    else if (walk->stack_high != 0 && stop >= walk->stack_high)
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "scanning from 0x%" PRIx64 " found no return address up to the stack's "
                     "base 0x%" PRIx64,
                     callee->sp, walk->stack_high);
    else
        avd_walk_say(walk, end, AVD_END_NO_MEMORY,
                     "scanning from 0x%" PRIx64 " came to 0x%" PRIx64 ", which is not in the dump",
                     callee->sp, stop);
    return AVD_STEP_NO_INFO;
}

/*
 * The next frame of the likeliest path; *known tells whether one could be looked for. A path goes
 * on as long as nobody else knows better how to go on from its frames.
 */
static bool follow_path(struct avd_walk *walk, const struct avd_frame *callee,
                        struct avd_frame *caller, bool *known)
{
    struct avd_likely_path *path = walk->path;
    const struct avd_likely_frame *next;

    *known = false;
    if (walk->candidates == NULL || walk->cpu->pointer_size != 8 || !walk->windows)
        return false;
    if (path == NULL)
        path = walk->path = avd_arena_alloc(walk->arena, 1, sizeof *path);
    if (path == NULL)
        return false;
    if (path->sp != callee->sp || path->next == path->count) {
        if (!avd_likely_path_find(walk, callee, path)) {
            walk->arena->failed = true;
            return false;
        }
    }
    *known = path->known;
    if (path->next == path->count)
        return false;
    next = &path->frames[path->next++];
    caller->pc = next->value;
    caller->sp = path->sp = next->slot + 8;
    caller->trust = AVD_TRUST_SCAN;
    caller->method = AVD_METHOD_SCAN;
    caller->evidence = next->has_call ? AVD_EVIDENCE_CALL : AVD_EVIDENCE_PATH;
    caller->percent = next->percent;
    caller->frames_missing = next->frames_missing;
    avd_reg_set(&caller->regs, AVD_RIP, caller->pc);
    avd_reg_set(&caller->regs, AVD_RSP, caller->sp);
    return true;
}

/*
 * A recursion goes on: the last three return addresses are one value at even distances, and it lies
 * at that distance once more. What is at hand of a path may end sooner than a stack that overflows.
 */
static bool follow_recursion(const struct avd_walk *walk, const struct avd_frame *callee,
                             size_t callee_index, struct avd_frame *caller)
{
    uint64_t size = walk->cpu->pointer_size;
    uint64_t gap;
    uint64_t value;

    if (callee_index < 3 || callee->method != AVD_METHOD_SCAN || callee[-1].pc != callee->pc ||
        callee[-2].pc != callee->pc)
        return false;
    gap = callee->sp - callee[-1].sp;
    if (callee[-1].sp - callee[-2].sp != gap || callee->sp > walk->cpu->address_mask - gap ||
        !avd_walk_pointer(walk, callee->sp + gap - size, &value) || value != callee->pc)
        return false;
    *caller = *callee;
    caller->sp = callee->sp + gap;
    caller->return_address = caller->fp = 0;
    caller->frames_missing = false;
    caller->regs.known = 0;
    avd_reg_set(&caller->regs, AVD_RIP, caller->pc);
    avd_reg_set(&caller->regs, AVD_RSP, caller->sp);
    return true;
}

enum avd_step_result avd_step_scan(struct avd_walk *walk, const struct avd_frame *callee,
                                   size_t callee_index, struct avd_frame *caller,
                                   enum avd_walk_end *end)
{
    bool well_known = callee_index == 0 || callee->trust >= AVD_TRUST_CFI ||
                      callee->evidence == AVD_EVIDENCE_TARGET;
    size_t words = well_known ? AVD_MAX_SCAN_WORDS : AVD_MAX_SCAN_WORDS_LATER;
    enum avd_evidence best = AVD_EVIDENCE_NONE;
    size_t best_at = 0;
    uint64_t start = 0;
    bool path_known;
    struct window w;
    size_t i;

    if (!walk->allow_scan) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO, "scanning is switched off");
        return AVD_STEP_NO_INFO;
    }
    if (callee_index != 0 && avd_walk_at_thread_start(walk, callee)) {
        walk->detail[0] = '\0';
        *end = AVD_END_NONE;
        avd_walk_say(walk, end, AVD_END_COMPLETE,
                     "the thread's start in ntdll is reached, 0x%" PRIx64
                     " bytes below the stack's base 0x%" PRIx64,
                     walk->stack_high - callee->sp, walk->stack_high);
        return AVD_STEP_END;
    }
    if (follow_path(walk, callee, caller, &path_known) ||
        follow_recursion(walk, callee, callee_index, caller))
        return AVD_STEP_OK;
    open_window(&w, walk, callee,
                walk->stack_high != 0 ? walk->stack_high : walk->cpu->address_mask);
    for (i = 0; i < w.words; i++) {
        uint64_t at;
        enum avd_evidence found =
            judge(&w, callee, i, i >= words || best != AVD_EVIDENCE_NONE, &at);

        if (i >= words && walk->code_budget != NULL && *walk->code_budget == 0)
            break;
        if (found == AVD_EVIDENCE_NONE)
            continue;
        best = found;
        best_at = i;
        start = at;
        if (best == AVD_EVIDENCE_TARGET)
            break;
    }
    if (best == AVD_EVIDENCE_NONE || (best == AVD_EVIDENCE_WEAK && path_known))
        return found_nothing(walk, callee, &w, words, end);
    if (best == AVD_EVIDENCE_WEAK && walk->weak_frames >= AVD_MAX_WEAK_FRAMES &&
        !avd_walk_starts_thread(walk, slot_of(&w, best_at) + walk->cpu->pointer_size)) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "nothing but its place speaks for any of the last %u frames",
                     walk->weak_frames);
        return AVD_STEP_NO_INFO;
    }
    fill_caller(&w, callee, best_at, best, start, caller);
    return AVD_STEP_OK;
}
