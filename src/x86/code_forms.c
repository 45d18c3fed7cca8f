/* SPDX-License-Identifier: MIT */
/*
 * Reads the instructions at eip when they lead straight to the return: what is left of a
 * system-call stub, of an epilogue, or a prologue that has just begun. The result is exact,
 * because those instructions are carried out and nothing is assumed about the rest of the
 * function. Encodings: Intel's manual, volume 2; the stubs are those of Windows XP to 11.
 */
#include "x86/code_forms.h"

#include "base/view.h"
#include "stack/prologue.h"

enum {
    MAX_CODE = 32,  /* bytes looked at from eip on; an epilogue has about ten */
    MAX_STEPS = 12, /* instructions; lea or add, seven pops, leave, ret */
    MAX_BEFORE = 16 /* bytes looked at before eip */
};

/* The bytes at eip being carried out. */
struct machine {
    const struct avd_walk *walk;
    struct avd_cursor code;
    struct avd_regs regs;
};

static uint64_t sign_extend8(uint8_t value)
{
    return ((uint64_t)value ^ 0x80) - 0x80;
}

static void set32(struct avd_regs *regs, unsigned reg, uint64_t value)
{
    avd_reg_set(regs, reg, value & UINT32_MAX);
}

static void pop(struct machine *m, unsigned reg)
{
    uint64_t value;

    if (avd_walk_pointer(m->walk, m->regs.value[AVD_ESP], &value))
        avd_reg_set(&m->regs, reg, value);
    else
        avd_reg_forget(&m->regs, reg);
    set32(&m->regs, AVD_ESP, m->regs.value[AVD_ESP] + 4);
}

/* esp from ebp, which must be known. */
static bool esp_from_ebp(struct machine *m, uint64_t displacement)
{
    if (!avd_reg_known(&m->regs, AVD_EBP))
        return false;
    set32(&m->regs, AVD_ESP, m->regs.value[AVD_EBP] + displacement);
    return true;
}

/* Carries out one instruction; false when it is none that an epilogue may hold. */
static bool run_one(struct machine *m, bool *returned)
{
    struct avd_cursor *c = &m->code;
    uint64_t esp = m->regs.value[AVD_ESP];
    uint8_t op = avd_cursor_u8(c);
    uint8_t second;

    if (op == 0xf2 || op == 0xf3) { /* bnd ret, rep ret */
        op = avd_cursor_u8(c);
        if (op != 0xc3)
            return false;
    }
    switch (op) {
    case 0xc3: /* ret */ *returned = true; break;
    case 0xc2: /* ret imm16 */
        (void)avd_cursor_u16(c);
        *returned = true;
        break;
    case 0xc9: /* leave */
        if (!esp_from_ebp(m, 0))
            return false;
        pop(m, AVD_EBP);
        break;
    case 0x58:
    case 0x59:
    case 0x5a:
    case 0x5b:
    case 0x5d:
    case 0x5e:
    case 0x5f: /* pop */ pop(m, op & 7); break;
    case 0x83: /* add esp, imm8 */
        if (avd_cursor_u8(c) != 0xc4)
            return false;
        set32(&m->regs, AVD_ESP, esp + sign_extend8(avd_cursor_u8(c)));
        break;
    case 0x81: /* add esp, imm32 */
        if (avd_cursor_u8(c) != 0xc4)
            return false;
        set32(&m->regs, AVD_ESP, esp + avd_cursor_u32(c));
        break;
    case 0x8b: /* mov esp, ebp, in its two encodings */
    case 0x89:
        second = avd_cursor_u8(c);
        return second == (op == 0x8b ? 0xe5 : 0xec) && esp_from_ebp(m, 0);
    case 0x8d: /* lea esp, [ebp + disp8] */
        return avd_cursor_u8(c) == 0x65 && esp_from_ebp(m, sign_extend8(avd_cursor_u8(c)));
    default: return false;
    }
    return !c->failed;
}

/*
 * Carries out the instructions at `pc` up to a return. *regs is then what the caller has, except
 * for esp, which still points at the return address. *steps: how many instructions there were.
 */
static bool run_to_return(const struct avd_walk *walk, uint64_t pc, struct avd_regs *regs,
                          unsigned *steps)
{
    uint8_t bytes[MAX_CODE];
    struct avd_view view = {bytes, avd_walk_code_at(walk, pc, bytes, sizeof bytes), 0};
    struct machine m = {walk, avd_cursor_at(view, 0), *regs};
    bool returned = false;

    for (*steps = 0; !returned && *steps < MAX_STEPS; ++*steps) {
        if (!run_one(&m, &returned))
            return false;
    }
    if (!returned)
        return false;
    *regs = m.regs;
    return true;
}

/* Indirect calls through edx are ordinary too, so the stub's load of edx must be there. */
bool avd_x86_after_system_call(const struct avd_walk *walk, uint64_t pc)
{
    uint8_t bytes[MAX_BEFORE];
    size_t count = avd_walk_code(walk, pc, bytes, sizeof bytes);
    struct avd_view code = {bytes, count, 0};
    uint64_t n = count;
    uint16_t last;

    /* 64 FF 15 C0 00 00 00: call fs:[C0h], WOW64 up to Windows 8.1 */
    if (n >= 7 && avd_view_u32(code, n - 7) == UINT32_C(0xc015ff64) &&
        avd_view_u16(code, n - 3) == 0 && avd_view_u8(code, n - 1) == 0)
        return true;
    /* BA ...: mov edx, imm32; FF 12: call [edx], Windows XP to 7; FF D2: call edx, 10 and later */
    last = n >= 2 ? avd_view_u16(code, n - 2) : 0;
    if (n >= 7 && avd_view_u8(code, n - 7) == 0xba && (last == 0x12ff || last == 0xd2ff))
        return true;
    /* E8 over the stub's own ret, 32-bit Windows 8 and later */
    if (n >= 5 && avd_view_u8(code, n - 5) == 0xe8 && avd_view_u8(code, n - 4) < 16 &&
        avd_view_u16(code, n - 3) == 0 && avd_view_u8(code, n - 1) == 0)
        return true;
    /* 0F 34: sysenter, CD 2E: int 2Eh; KiFastSystemCallRet is aligned with nops */
    while (n >= 2 && avd_view_u8(code, n - 1) == 0x90)
        n--;
    last = n >= 2 ? avd_view_u16(code, n - 2) : 0;
    return last == 0x340f || last == 0x2ecd;
}

/* Fills the caller who is returned to from `slot`; it must have made a call, as far as its bytes
 * are there. 0 is a return address too: the end of the stack. */
static enum avd_step_result return_to(struct avd_walk *walk, const struct avd_regs *regs,
                                      uint64_t slot, enum avd_method method,
                                      struct avd_frame *caller, enum avd_walk_end *end)
{
    if (!avd_walk_return(walk, regs, slot, caller, end))
        return AVD_STEP_NO_INFO;
    if (caller->pc != 0 &&
        (!avd_walk_is_code(walk, caller->pc) || avd_walk_after_call(walk, caller->pc) == 0))
        return AVD_STEP_NO_INFO;
    caller->trust = AVD_TRUST_CFI;
    caller->method = method;
    return AVD_STEP_OK;
}

enum avd_step_result avd_x86_step_syscall_stub(struct avd_walk *walk,
                                               const struct avd_frame *callee, size_t callee_index,
                                               struct avd_frame *caller, enum avd_walk_end *end)
{
    struct avd_regs regs = callee->regs;
    unsigned steps;
    uint64_t top;

    (void)callee_index;
    /* On 32-bit Windows the stub calls KiFastSystemCall: two frameless functions in a row. */
    if ((!callee->exact && callee->method != AVD_METHOD_SYSCALL_STUB) ||
        !avd_x86_after_system_call(walk, callee->pc))
        return AVD_STEP_NO_INFO;
    if (callee->exact) {
        uint8_t first = 0;
        uint64_t esp = regs.value[AVD_ESP];
        bool adds = avd_walk_code_at(walk, callee->pc, &first, 1) == 1 && first == 0x83;

        /*
         * WOW64 of Windows 7 saves esp with the return address of the stub's own call still on
         * the stack and jumps back, so that the stub drops it (add esp, 4); later versions take
         * it off. Whoever recorded the context may have taken it off already.
         */
        if (!adds && avd_walk_pointer(walk, esp, &top) && top == callee->pc)
            set32(&regs, AVD_ESP, esp + 4);
        else if (adds && avd_walk_pointer(walk, esp, &top) && top != callee->pc && esp >= 4 &&
                 avd_walk_pointer(walk, esp - 4, &top) && top == callee->pc)
            set32(&regs, AVD_ESP, esp - 4);
    }
    if (!run_to_return(walk, callee->pc, &regs, &steps) || steps > 2)
        return AVD_STEP_NO_INFO;
    return return_to(walk, &regs, regs.value[AVD_ESP], AVD_METHOD_SYSCALL_STUB, caller, end);
}

/* Whether `mov ebp, esp` is at `code`, in either of its encodings. */
static bool is_mov_ebp_esp(struct avd_view code, uint64_t offset)
{
    uint16_t word = avd_view_u16(code, offset);

    return word == 0xec8b || word == 0xe589;
}

/* Whether a function with a frame begins at `code`: [endbr32] [mov edi, edi] push ebp; mov ... */
static bool is_function_start(struct avd_view code)
{
    uint64_t offset = 0;

    if (avd_view_u32(code, 0) == UINT32_C(0xfb1e0ff3))
        offset += 4;
    if (avd_view_u16(code, offset) == 0xff8b)
        offset += 2;
    return avd_view_u8(code, offset) == 0x55 && is_mov_ebp_esp(code, offset + 1);
}

/*
 * The frame of a function that has run nothing but its first instructions, as symbols know where it
 * starts: every byte that it took off the stack is accounted for.
 */
static enum avd_step_result return_from_start(struct avd_walk *walk, const struct avd_frame *callee,
                                              struct avd_frame *caller, enum avd_walk_end *end)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_regs regs = {0};
    struct avd_prologue prologue;
    uint64_t start;
    uint64_t slot;
    uint64_t ebp = callee->regs.value[AVD_EBP];
    bool known = avd_reg_known(&callee->regs, AVD_EBP);

    if (env->function_start == NULL || !env->function_start(env->ctx, callee->pc, &start))
        return AVD_STEP_NO_INFO;
    avd_walk_read_prologue(walk, start, callee->pc, &prologue);
    if (!prologue.whole)
        return AVD_STEP_NO_INFO;
    slot = callee->sp + prologue.size;
    if (prologue.saves_ebp)
        known = avd_walk_pointer(walk, slot - prologue.ebp_offset, &ebp);
    if (known)
        avd_reg_set(&regs, AVD_EBP, ebp);
    /* A thread's first function does more than this before anything can happen to it. */
    if (return_to(walk, &regs, slot, AVD_METHOD_PROLOGUE, caller, end) != AVD_STEP_OK ||
        caller->pc == 0)
        return AVD_STEP_NO_INFO;
    return AVD_STEP_OK;
}

enum avd_step_result avd_x86_step_prologue(struct avd_walk *walk, const struct avd_frame *callee,
                                           size_t callee_index, struct avd_frame *caller,
                                           enum avd_walk_end *end)
{
    struct avd_regs regs = callee->regs;
    uint64_t esp = callee->sp;
    uint8_t bytes[MAX_CODE];
    struct avd_view code = {bytes, 0, 0};
    uint8_t before;
    unsigned steps;
    uint64_t saved;

    (void)callee_index;
    if (!callee->exact)
        return AVD_STEP_NO_INFO;
    code.size = avd_walk_code_at(walk, callee->pc, bytes, sizeof bytes);
    if (is_function_start(code))
        return return_to(walk, &regs, esp, AVD_METHOD_PROLOGUE, caller, end);
    if (is_mov_ebp_esp(code, 0) && avd_walk_code(walk, callee->pc, &before, 1) == 1 &&
        before == 0x55) {
        if (avd_walk_pointer(walk, esp, &saved))
            avd_reg_set(&regs, AVD_EBP, saved);
        else
            avd_reg_forget(&regs, AVD_EBP);
        return return_to(walk, &regs, esp + 4, AVD_METHOD_PROLOGUE, caller, end);
    }
    if (run_to_return(walk, callee->pc, &regs, &steps))
        return return_to(walk, &regs, regs.value[AVD_ESP], AVD_METHOD_PROLOGUE, caller, end);
    return return_from_start(walk, callee, caller, end);
}
