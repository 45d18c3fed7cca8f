/* SPDX-License-Identifier: MIT */
/*
 * A step by frame data or FPO records. From bottom to top a frame holds the arguments of the call
 * being made, saved registers and locals, the return address. The programs name its place
 * .raSearch, because the sizes may leave something out: the first word from there on that is a
 * return address. Described in LLVM's PDB documentation, winnt.h (FPO_DATA) and Breakpad's
 * symbol_files.md; what the constants mean was found by the authors of Breakpad.
 */
#include "x86/frame_data.h"

#include "base/limits.h"
#include "stack/postfix.h"
#include "x86/flow.h"

#include <inttypes.h>
#include <string.h>

enum {
    SEARCH_WORDS = 3,           /* where .raSearch looks */
    MAX_UNKNOWN_ARGUMENTS = 16, /* words of arguments that no record tells of */
    MAX_FRAME_GAP = 128 * 1024, /* a saved EBP further away is taken for something else */
    CALLEE_SAVED = 1 << AVD_EBX | 1 << AVD_ESI | 1 << AVD_EDI
};

struct layout {
    struct avd_walk *walk;
    const struct avd_frame *frame;
    struct avd_frame_data data;
    uint64_t base;              /* what the record's address counts from */
    uint32_t callee_parameters; /* bytes, still on the stack */
    uint64_t slot;              /* of the return address, as far as it was found */
    bool searched;              /* not where the sizes say, but above */
    bool proof_needed;          /* of a call: the place is a guess */
};

/* Whether a program aligns esp: the sizes then do not lead to the return address, EBP does. */
static bool aligns(const char *program)
{
    size_t size = strlen(program);
    const char *word;
    size_t word_size;
    size_t pos = 0;

    while (avd_postfix_word(program, size, &pos, &word, &word_size)) {
        if (word_size == 1 && word[0] == '@')
            return true;
    }
    return false;
}

/*
 * Whether a program restores EBP from a place counted down from the return address, as the other
 * saved registers: `$ebp $T0 4 - ^ =`. Then .cbSavedRegs counts EBP too; where the frame is made
 * of EBP, `$ebp $T0 ^ =`, it does not.
 */
static bool saves_ebp(const char *program)
{
    static const char *const rest[] = {"-", "^", "="};
    size_t size = strlen(program);
    const char *word;
    size_t word_size;
    size_t pos = 0;
    unsigned seen = 0; /* words of the pattern: EBP, the place, the distance, the rest */

    while (seen < 6 && avd_postfix_word(program, size, &pos, &word, &word_size)) {
        if ((word_size == 4 && memcmp(word, "$ebp", 4) == 0) ||
            (word_size == 3 && memcmp(word, "$22", 3) == 0)) /* CV_REG_EBP */
            seen = 1;
        else if (seen >= 3 && (word_size != 1 || *word != *rest[seen - 3]))
            seen = 0;
        else if (seen != 0)
            seen++;
    }
    return seen == 6;
}

/* Whether `addr` has another record of the same function as `data`. */
static bool has_other_record(const struct avd_walk_env *env, uint64_t addr,
                             const struct avd_frame_data *data)
{
    struct avd_frame_data other;
    uint64_t base;

    return env->frame_data(env->ctx, addr, &other, &base) && other.rva != data->rva &&
           other.rva + other.code_size == data->rva + data->code_size;
}

/*
 * Whether pc is where its record does not count yet. Where compilers write a record for every push
 * of a prologue, all up to the function's end, each is exact from its own start on; a single one
 * counts behind the prologue. So does a first one that goes by EBP, which is the caller's still.
 */
static bool is_too_early(const struct layout *l, uint64_t addr)
{
    uint64_t start = l->base + l->data.rva;
    const char *program = l->data.program;
    bool by_esp = program == NULL || (strstr(program, ".raSearch") != NULL && !aligns(program));

    return l->frame->exact && addr - start < l->data.prolog_size &&
           !has_other_record(l->walk->env, start - 1, &l->data) &&
           !(by_esp && has_other_record(l->walk->env, start + l->data.prolog_size, &l->data));
}

/* Arguments lie below the frame only while a call is being made. Without a record of the function
 * called, its code tells of those that it takes off the stack. */
static void find_callee_parameters(struct layout *l, size_t index)
{
    const struct avd_walk_env *env = l->walk->env;
    struct avd_frame_data called;
    unsigned steps = AVD_MAX_FLOW;
    uint64_t base;
    int taken;

    if (index == 0 || l->frame->exact)
        return;
    if (env->frame_data(env->ctx, avd_walk_lookup(&l->frame[-1]), &called, &base)) {
        l->callee_parameters = called.parameter_size;
        return;
    }
    taken = avd_x86_taken_by_return(l->walk, l->frame[-1].pc, &steps);
    if (taken > 0)
        l->callee_parameters = (uint32_t)taken;
}

static bool is_return_address(const struct avd_walk *walk, uint64_t addr, bool call_needed)
{
    int after_call = avd_walk_is_code(walk, addr) ? avd_walk_after_call(walk, addr) : 0;

    return after_call == 1 || (after_call == -1 && !call_needed);
}

/* Whether `fp` can be the EBP of a frame above `slot`. */
static bool is_frame_pointer(const struct avd_walk *walk, uint64_t fp, uint64_t slot)
{
    return fp > slot && fp - slot <= MAX_FRAME_GAP && (fp & 3) == 0 &&
           (walk->stack_high == 0 || fp < walk->stack_high);
}

/* Where the return address should be. */
static void find_start(struct layout *l, size_t index)
{
    const struct avd_walk *walk = l->walk;
    const struct avd_regs *regs = &l->frame->regs;
    uint64_t sizes = (uint64_t)l->callee_parameters + l->data.locals_size + l->data.saved_regs_size;
    uint64_t value;

    l->slot = l->frame->sp + sizes;
    if (l->data.program != NULL && aligns(l->data.program)) {
        l->proof_needed = !avd_reg_known(regs, AVD_EBP) ||
                          !is_frame_pointer(walk, regs->value[AVD_EBP], l->frame->sp);
        if (!l->proof_needed)
            l->slot = regs->value[AVD_EBP] + 4;
    }
    /* In KiFastSystemCallRet the return into the stub is on the stack twice. */
    if (l->data.is_fpo && index == 0 && avd_walk_pointer(walk, l->slot, &value) &&
        value == l->frame->pc)
        l->slot += 4;
}

/* What speaks for the word at `addr` as the frame's return address. */
enum likelihood { NOTHING, OTHER_TARGET, LIKELY, PROVED };

/* Records of one function end at one place. */
static bool in_function(const struct layout *l, uint64_t addr)
{
    struct avd_frame_data other;
    uint64_t base;

    return l->walk->env->frame_data(l->walk->env->ctx, addr, &other, &base) && base == l->base &&
           other.rva + other.code_size == l->data.rva + l->data.code_size;
}

/* Whether `addr` is behind a call that this very function makes to another. */
static bool is_own_call(const struct layout *l, uint64_t addr)
{
    struct avd_call call;

    if (!in_function(l, addr - 1))
        return false;
    avd_walk_call_before(l->walk, addr, &call);
    return call.has_target && !call.has_slot && !call.other && !in_function(l, call.target);
}

static enum likelihood weigh(const struct layout *l, uint64_t addr, bool call_needed)
{
    uint64_t value;
    uint64_t start;

    if (!avd_walk_pointer(l->walk, addr, &value) || !is_return_address(l->walk, value, call_needed))
        return NOTHING;
    switch (avd_walk_call_leads_to(l->walk, value, avd_walk_lookup(l->frame), &start)) {
    case 1: return PROVED;
    case 0: return OTHER_TARGET;
    default: return is_own_call(l, value) ? OTHER_TARGET : LIKELY;
    }
}

/*
 * The first word that is a return address from where the sizes lead on. These leave out arguments
 * that have been pushed for another call, or more than the callee names; then the search begins
 * among the function's own locals, where the return address of an earlier call may be left over.
 * That call led elsewhere; but so does the right one's when its function ended with a jump to this
 * one. And where the compiler has reserved room for arguments, it counts among the locals.
 */
static void find_slot(struct layout *l, size_t index)
{
    bool doubtful = l->frame->trust <= AVD_TRUST_CFI_SCAN;
    uint64_t second = 0;
    uint64_t third = 0;
    uint64_t found;
    unsigned i;

    find_start(l, index);
    found = l->slot;
    for (i = 0; i < SEARCH_WORDS + MAX_UNKNOWN_ARGUMENTS; i++) {
        uint64_t at = l->slot + 4 * (uint64_t)i;
        bool far = i >= SEARCH_WORDS;
        /* What was found from a guess is not searched for without a call that proves it. */
        enum likelihood likely = weigh(l, at, l->proof_needed || far || (i != 0 && doubtful));

        if (likely == PROVED || (likely == LIKELY && !far)) {
            l->searched = i != 0;
            l->slot = at;
            return;
        }
        if (i == 0 && l->callee_parameters != 0 &&
            weigh(l, at - l->callee_parameters, true) >= LIKELY) {
            l->searched = true;
            l->slot = at - l->callee_parameters;
            return;
        }
        if (likely == OTHER_TARGET && !far && second == 0)
            second = at;
        if (likely == LIKELY && third == 0)
            third = at;
    }
    if (second != 0 || third != 0)
        found = second != 0 ? second : third;
    l->searched = found != l->slot;
    l->slot = found;
}

/*
 * A caller whose EBP is no frame pointer and was not said to be restored: where a program leaves
 * the frame's EBP out, it is among the saved registers just below the return address.
 */
static void find_saved_ebp(const struct layout *l, struct avd_regs *regs)
{
    uint32_t offset;

    if (avd_reg_known(regs, AVD_EBP) &&
        (regs->value[AVD_EBP] == 0 || is_frame_pointer(l->walk, regs->value[AVD_EBP], l->slot)))
        return;
    for (offset = 4; offset <= l->data.saved_regs_size && offset <= 4 * 4; offset += 4) {
        uint64_t value;

        if (l->slot >= offset && avd_walk_pointer(l->walk, l->slot - offset, &value) &&
            is_frame_pointer(l->walk, value, l->slot)) {
            avd_reg_set(regs, AVD_EBP, value);
            return;
        }
    }
}

static void forget_registers(struct avd_regs *regs, uint32_t which)
{
    unsigned reg;

    for (reg = 0; reg < AVD_REG_COUNT; reg++) {
        if ((which >> reg & 1) != 0)
            avd_reg_forget(regs, reg);
    }
}

static bool run_program(struct layout *l, struct avd_frame *caller, enum avd_walk_end *end)
{
    const struct {
        const char *name;
        uint64_t value;
    } constants[] = {{".raSearch", l->slot},
                     {".raSearchStart", l->slot},
                     {".cbLocals", l->data.locals_size},
                     {".cbParams", l->data.parameter_size},
                     {".cbCalleeParams", l->callee_parameters},
                     {".cbSavedRegs", l->data.saved_regs_size}};
    const uint32_t needed = UINT32_C(1) << AVD_EIP | UINT32_C(1) << AVD_ESP;
    const char *program = l->data.program;
    struct avd_postfix postfix;
    uint32_t restored;
    size_t i;

    avd_postfix_init(&postfix, l->walk, &l->frame->regs);
    for (i = 0; i < sizeof constants / sizeof constants[0]; i++)
        (void)avd_postfix_define(&postfix, constants[i].name, constants[i].value);
    if (!avd_postfix_run(&postfix, program, strlen(program)) ||
        (postfix.assigned & needed) != needed) {
        avd_walk_say(l->walk, end, AVD_END_NO_UNWIND_INFO,
                     "the frame-data program for 0x%" PRIx64 " gives no caller: %s", l->frame->pc,
                     postfix.failure[0] != '\0' ? postfix.failure : "eip or esp is not set");
        return false;
    }
    if (strstr(program, ".raSearch") == NULL)
        l->searched = false;
    caller->regs = postfix.regs;
    forget_registers(&caller->regs, l->walk->cpu->volatile_regs & ~postfix.assigned);
    /* Registers that were saved, as their size shows, but that the program does not restore. */
    restored = saves_ebp(program);
    for (i = 0; i < AVD_REG_COUNT; i++)
        restored += (CALLEE_SAVED & postfix.assigned) >> i & 1;
    if (4 * restored < l->data.saved_regs_size)
        forget_registers(&caller->regs, CALLEE_SAVED & ~postfix.assigned);
    if ((postfix.assigned >> AVD_EBP & 1) == 0)
        find_saved_ebp(l, &caller->regs);
    caller->method = AVD_METHOD_FRAME_DATA;
    return true;
}

/* A record without a program: FPO. */
static bool undo_fpo(struct layout *l, struct avd_frame *caller, enum avd_walk_end *end)
{
    uint64_t saved_regs = l->frame->sp + l->callee_parameters;
    uint32_t size = l->data.saved_regs_size;

    if (!avd_walk_return(l->walk, &l->frame->regs, l->slot, caller, end))
        return false;
    if (size != 0)
        forget_registers(&caller->regs, CALLEE_SAVED);
    if (l->data.allocates_base_pointer) {
        uint64_t value;
        uint32_t from_top;

        /* EBP is used for something else; it was pushed first or after EBX. */
        avd_reg_forget(&caller->regs, AVD_EBP);
        for (from_top = 8; from_top != 0; from_top -= 4) {
            if (size >= from_top &&
                avd_walk_pointer(l->walk, saved_regs + size - from_top, &value) &&
                is_frame_pointer(l->walk, value, l->slot)) {
                avd_reg_set(&caller->regs, AVD_EBP, value);
                break;
            }
        }
    }
    caller->method = l->data.is_fpo ? AVD_METHOD_FPO : AVD_METHOD_FRAME_DATA;
    return true;
}

/* Whether what came out is a caller. */
static bool check(const struct layout *l, const struct avd_frame *caller, enum avd_walk_end *end)
{
    if (caller->pc == 0) {
        /* The end of the stack, where EBP is 0 as well; other zeros are no return addresses. */
        if (avd_reg_known(&caller->regs, AVD_EBP) && caller->regs.value[AVD_EBP] == 0)
            return true;
    } else if (is_return_address(l->walk, caller->pc, l->proof_needed)) {
        return true;
    }
    avd_walk_say(l->walk, end, AVD_END_NOT_CODE,
                 "0x%" PRIx64 " (%s) is not the return address of a call", caller->pc,
                 avd_method_name(caller->method));
    return false;
}

enum avd_step_result avd_x86_step_frame_data(struct avd_walk *walk, const struct avd_frame *callee,
                                             size_t callee_index, struct avd_frame *caller,
                                             enum avd_walk_end *end)
{
    const struct avd_walk_env *env = walk->env;
    uint64_t addr = avd_walk_lookup(callee);
    struct layout l = {.walk = walk, .frame = callee};

    if (env->frame_data == NULL || !env->frame_data(env->ctx, addr, &l.data, &l.base))
        return AVD_STEP_NO_INFO;
    /* Left to the chain of EBP, which asks for more than the record says. */
    if (l.data.program == NULL && l.data.has_ebp_frame)
        return AVD_STEP_NO_INFO;
    if (is_too_early(&l, addr)) {
        if (addr != l.base + l.data.rva) {
            avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                         "0x%" PRIx64 " is in its function's prologue, which its frame data leaves "
                         "out",
                         addr);
            return AVD_STEP_NO_INFO;
        }
        /* The first instruction: nothing is pushed yet. */
        l.data.program = NULL;
        l.data.locals_size = l.data.saved_regs_size = 0;
        l.data.allocates_base_pointer = false;
    }
    find_callee_parameters(&l, callee_index);
    find_slot(&l, callee_index);
    if (l.slot > walk->cpu->address_mask) {
        avd_walk_say(walk, end, AVD_END_BAD_UNWIND_INFO,
                     "the frame data for 0x%" PRIx64 " is damaged: the frame would end at "
                     "0x%" PRIx64,
                     callee->pc, l.slot);
        return AVD_STEP_NO_INFO;
    }
    if (l.data.program != NULL ? !run_program(&l, caller, end) : !undo_fpo(&l, caller, end))
        return AVD_STEP_NO_INFO;
    caller->pc = caller->regs.value[AVD_EIP];
    caller->sp = caller->regs.value[AVD_ESP];
    caller->trust = l.searched ? AVD_TRUST_CFI_SCAN : AVD_TRUST_CFI;
    return check(&l, caller, end) ? AVD_STEP_OK : AVD_STEP_NO_INFO;
}
