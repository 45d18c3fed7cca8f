/* SPDX-License-Identifier: MIT */
/*
 * Where a call leads. A return address belongs to a frame when the call before it led to the
 * function of the frame below; that is what tells a live return address from one that an earlier
 * call left behind, and what shows that a chain of frame pointers has skipped a function.
 * Jump forms: Intel's manual, volume 2, JMP; the hot-patch stub is that of Microsoft's linker.
 */
#include "stack/walk.h"

#include "base/limits.h"
#include "base/view.h"

#include <string.h>

enum {
    MAX_FUNCTION_READ = 8192, /* bytes read to see whether a function goes on */
    CHUNK = 512,
    ALIGNMENT = 16, /* where compilers let functions begin */
    INT3 = 0xcc
};

uint64_t avd_walk_lookup(const struct avd_frame *frame)
{
    return frame->exact || frame->pc == 0 ? frame->pc : frame->pc - 1;
}

bool avd_walk_spend(const struct avd_walk *walk)
{
    if (walk->code_budget == NULL)
        return true;
    if (*walk->code_budget == 0)
        return false;
    --*walk->code_budget;
    return true;
}

/* Whether `code`, which ends where a function may begin, is what stands behind a function: a
 * return or jump, and int3 up to there. */
static bool ends_function(const uint8_t *code, size_t size)
{
    size_t i = size;

    while (i != 0 && code[i - 1] == INT3)
        i--;
    if (i == size || i == 0)
        return false;
    if (code[i - 1] == 0xc3 || (i >= 3 && code[i - 3] == 0xc2))
        return true;
    /* A call that never returns, or a jump */
    return size - i >= 2 || (i >= 2 && code[i - 2] == 0xeb) ||
           (i >= 5 && (code[i - 5] == 0xe9 || code[i - 5] == 0xe8));
}

/*
 * Whether one function holds both addresses, `start` being its first: 1 yes, 0 another begins
 * between them, -1 not all the bytes are there, or they are too many to look at.
 */
static int goes_on(const struct avd_walk *walk, uint64_t start, uint64_t pc)
{
    uint8_t bytes[ALIGNMENT + CHUNK];
    bool too_far = pc - start > MAX_FUNCTION_READ;
    uint64_t last = too_far ? start + MAX_FUNCTION_READ : pc;
    uint64_t at;

    memset(bytes, 0, sizeof bytes);
    for (at = start; at <= last; at += CHUNK) {
        size_t want = last - at < CHUNK ? (size_t)(last - at) + 1 : CHUNK;
        size_t i;

        if (!avd_walk_spend(walk) || avd_walk_code_at(walk, at, &bytes[ALIGNMENT], want) != want)
            return -1;
        for (i = 0; i < want; i++) {
            if ((at + i) % ALIGNMENT == 0 && at + i > start && ends_function(&bytes[i], ALIGNMENT))
                return 0;
        }
        memcpy(bytes, &bytes[CHUNK], ALIGNMENT);
    }
    return too_far ? -1 : 1;
}

/*
 * Whether `pc` lies in a part of the function at `start` that the compiler put elsewhere, as it
 * does with code that seldom runs. Unwind data proves it; a name that both have only makes it
 * possible, because overloads share theirs: -1.
 */
static int split_function(const struct avd_walk *walk, uint64_t start, uint64_t pc)
{
    const struct avd_walk_env *env = walk->env;

    if (walk->cpu->is_part_of != NULL && avd_walk_spend(walk) &&
        walk->cpu->is_part_of(walk, pc, start))
        return 1;
    return env->same_name != NULL && env->same_name(env->ctx, start, pc) ? -1 : 0;
}

static int same_function(const struct avd_walk *walk, uint64_t start, uint64_t pc)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module of_start;
    struct avd_code_module of_pc;
    uint64_t known;
    int result;

    if (start == pc)
        return 1;
    if (env->module_at(env->ctx, start, &of_start) != env->module_at(env->ctx, pc, &of_pc) ||
        (env->module_at(env->ctx, pc, &of_pc) && of_start.id != of_pc.id))
        return 0;
    if (start > pc)
        return split_function(walk, start, pc);
    if (env->function_start != NULL && env->function_start(env->ctx, pc, &known)) {
        if (known == start)
            return 1;
        if (known > start)
            return split_function(walk, start, pc);
    }
    result = goes_on(walk, start, pc);
    return result == 0 ? split_function(walk, start, pc) : result;
}

size_t avd_walk_hot_patch(struct avd_view code)
{
    size_t at = 5;

    if (avd_view_u32(code, 0) != UINT32_C(0x8b55ff8b) || avd_view_u8(code, 4) != 0xec)
        return 0;
    if (avd_view_u32(code, at) == UINT32_C(0xfb1e0ff3)) /* endbr32 */
        at += 4;
    return avd_view_u8(code, at) == 0x5d ? at + 1 : 0;
}

/*
 * Follows one jump at *addr, as linkers put them between a call and its function: 1 followed, 0
 * there is none, -1 it goes through a pointer that is not to be had (small dumps and image files
 * do not hold what the loader filled in).
 */
static int follow_jump(const struct avd_walk *walk, uint64_t *addr)
{
    uint8_t bytes[24];
    struct avd_view code = {bytes, avd_walk_code_at(walk, *addr, bytes, sizeof bytes), 0};
    bool is_x86 = walk->cpu->pointer_size == 4;
    uint64_t at = avd_walk_hot_patch(code);
    uint64_t next;
    uint32_t operand;
    uint8_t op;

    if (!is_x86 && avd_view_u8(code, at) == 0x48 && avd_view_u8(code, at + 1) == 0xff)
        at++;
    op = avd_view_u8(code, at);
    if (op == 0xeb && at + 2 <= code.size) {
        operand = avd_view_u8(code, at + 1);
        next = *addr + at + 2 + operand - (operand >= 0x80 ? 0x100 : 0);
    } else if (op == 0xe9 && at + 5 <= code.size) {
        operand = avd_view_u32(code, at + 1);
        next = *addr + at + 5 + operand - (operand >> 31 != 0 ? UINT64_C(1) << 32 : 0);
    } else if (op == 0xff && avd_view_u8(code, at + 1) == 0x25 && at + 6 <= code.size) {
        operand = avd_view_u32(code, at + 2);
        next = is_x86 ? operand
                      : *addr + at + 6 + operand - (operand >> 31 != 0 ? UINT64_C(1) << 32 : 0);
        if (!avd_walk_pointer(walk, next, &next))
            return -1;
    } else {
        return 0;
    }
    *addr = is_x86 ? next & UINT32_MAX : next;
    return 1;
}

bool avd_walk_call_target(const struct avd_walk *walk, uint64_t addr, uint64_t *target)
{
    struct avd_call call;
    int more = 1;
    int i;

    avd_walk_call_before(walk, addr, &call);
    *target = call.target;
    if (call.has_target == call.has_slot ||
        (call.has_slot && !avd_walk_pointer(walk, call.slot, target)))
        return false;
    for (i = 0; i < AVD_MAX_THUNKS && more == 1; i++)
        more = follow_jump(walk, target);
    return more >= 0;
}

int avd_walk_leads_to(const struct avd_walk *walk, uint64_t target, uint64_t pc, uint64_t *start)
{
    uint8_t byte;
    int more = 1;
    int same;
    int i;

    for (i = 0; i < AVD_MAX_THUNKS && target != pc && more == 1; i++)
        more = follow_jump(walk, &target);
    same = same_function(walk, target, pc);
    if (same == 1)
        *start = target;
    else if (more < 0)
        return -1;
    /* What cannot be read may be one more jump; but ntdll imports nothing that it could jump to. */
    if (same == 0 && avd_walk_code_at(walk, target, &byte, 1) == 0 &&
        avd_walk_role_at(walk, target + 1) != AVD_ROLE_NTDLL)
        return -1;
    return same;
}

int avd_walk_call_leads_to(const struct avd_walk *walk, uint64_t addr, uint64_t pc, uint64_t *start)
{
    struct avd_call call;
    uint64_t target;
    bool unknown;
    int result;

    *start = 0;
    if (!avd_walk_spend(walk))
        return -1;
    avd_walk_call_before(walk, addr, &call);
    if (call.found != 1)
        return call.found;
    /* Such a call comes back from the kernel; no function of the process is below it. */
    if (call.system)
        return 0;
    unknown = call.other;
    if (call.has_target) {
        result = avd_walk_leads_to(walk, call.target, pc, start);
        if (result == 1)
            return 1;
        unknown = unknown || result < 0;
    }
    if (call.has_slot) {
        result = avd_walk_pointer(walk, call.slot, &target)
                     ? avd_walk_leads_to(walk, target, pc, start)
                     : -1;
        if (result == 1)
            return 1;
        /* On x64 Control Flow Guard calls every function through one slot. */
        unknown = unknown || result < 0 || walk->cpu->pointer_size == 8;
    }
    return unknown ? -1 : 0;
}

bool avd_walk_frameless(const struct avd_walk *walk, uint64_t pc)
{
    enum { MAX_PROLOGUE = 64 };
    uint8_t bytes[MAX_PROLOGUE];
    struct avd_view code = {bytes, 0, 0};
    uint64_t start;
    uint8_t op;
    size_t want;
    uint64_t first;
    uint64_t i;

    if (walk->cpu->pointer_size != 4 || walk->env->function_start == NULL ||
        !walk->env->function_start(walk->env->ctx, pc, &start) || start > pc ||
        goes_on(walk, start, pc) != 1)
        return false;
    want = pc - start < MAX_PROLOGUE ? (size_t)(pc - start) : MAX_PROLOGUE;
    code.size = avd_walk_code_at(walk, start, bytes, want);
    if (code.size != want)
        return false;
    first = avd_walk_hot_patch(code);
    for (i = first; i + 1 < want; i++) {
        uint16_t word = avd_view_u16(code, i);

        if (word == 0xec8b || word == 0xe589) /* mov ebp, esp */
            return false;
    }
    /* The compiler's helpers set it up for their caller: push imm; push imm; call __SEH_prolog4,
     * mov eax, imm; call _EH_prolog, push imm; mov eax, imm; call _EH_prolog3 */
    op = avd_view_u8(code, first);
    for (i = first + 5; i < first + 11 && (op == 0x68 || op == 0x6a || op == 0xb8); i++)
        if (avd_view_u8(code, i) == 0xe8)
            return false;
    return true;
}
