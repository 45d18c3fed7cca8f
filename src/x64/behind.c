/* SPDX-License-Identifier: MIT */
/*
 * Code that a just-in-time compiler made, and of which the dump has no unwind data: .NET's throws
 * call a function that does not come back, so that nothing ahead of pc leads to an epilogue. The
 * nearest prologue before it is looked for. Microsoft's "x64 prolog and epilog": it pushes
 * registers and subtracts from rsp, which then stays as it is. Whether it is this function's shows
 * where that puts the return address: there must be one.
 */
#include "x64/behind.h"

#include "base/view.h"
#include "stack/instruction.h"
#include "x64/ahead.h"

enum {
    ALIGNMENT = 16, /* of functions */
    FARTHEST = 4096,
    MAX_TRIES = 8, /* prologues that are followed to pc */
    MAX_PUSHES = 8,
    MAX_FRAME = 64 * 1024,
    BYTES_IN_A_LOOK = 5, /* of code, decoded in the time of one look at memory */
    PAGE = 4096
};

struct prologue {
    unsigned pushed[MAX_PUSHES]; /* registers, in this order */
    size_t pushes;
    uint64_t frame; /* bytes below them */
};

/* Code before and at pc. */
struct code {
    uint8_t bytes[FARTHEST];
    size_t size; /* pc is their end */
};

/* The pages before pc need not be in the dump. */
static void read_code(const struct avd_walk *walk, uint64_t pc, struct code *code)
{
    size_t sizes[] = {FARTHEST, (size_t)(pc % PAGE)};
    size_t i;

    code->size = 0;
    for (i = 0; i < 2 && code->size == 0; i++)
        if (pc >= sizes[i] &&
            avd_walk_code_at(walk, pc - sizes[i], code->bytes, sizes[i]) == sizes[i])
            code->size = sizes[i];
}

static bool decode(const struct code *code, size_t at, struct avd_instruction *in)
{
    struct avd_view view = {code->bytes + at, code->size - at, 0};

    return at < code->size && avd_decode_instruction(view, true, in);
}

static bool is_push(const struct avd_instruction *in)
{
    return in->map == 0 && !in->vex && in->opcode >= 0x50 && in->opcode <= 0x57;
}

/* sub rsp, size */
static bool is_allocation(const struct avd_instruction *in)
{
    return in->map == 0 && !in->vex && (in->rex & 8) != 0 && in->mod == 3 && in->rm == AVD_RSP &&
           (in->opcode == 0x81 || in->opcode == 0x83) && (in->reg & 7) == 5;
}

/* Touches the stack far below, so that it grows in time: mov or test [rsp - distance], eax */
static bool is_probe(const struct avd_instruction *in)
{
    return in->map == 0 && !in->vex && (in->opcode == 0x89 || in->opcode == 0x85) && in->has_base &&
           in->rm == AVD_RSP && in->displacement < 0;
}

/* A change of rsp that no epilogue has: what the prologue says does not hold for all of the body.
 */
static bool moves_rsp(const struct avd_instruction *in)
{
    if (in->map != 0 || in->vex)
        return false;
    if (is_push(in) || is_allocation(in) || in->opcode == 0x68 || in->opcode == 0x6a ||
        in->opcode == 0x9c || in->opcode == 0xc8)
        return true;
    if (in->opcode == 0xff)
        return (in->reg & 7) == 6;
    if (!in->has_modrm || in->mod != 3)
        return false;
    /* and rsp; mov rsp, reg; sub rsp, reg */
    return ((in->opcode == 0x81 || in->opcode == 0x83) && in->rm == AVD_RSP &&
            (in->reg & 7) == 4) ||
           (in->opcode == 0x29 && in->rm == AVD_RSP) || (in->opcode == 0x2b && in->reg == AVD_RSP);
}

/* Reads the prologue at `at`; returns where it ends, 0 when there is none. */
static size_t read_prologue(const struct code *code, size_t at, struct prologue *out)
{
    struct avd_instruction in;

    out->pushes = 0;
    out->frame = 0;
    while (decode(code, at, &in) && is_probe(&in))
        at += in.length;
    while (decode(code, at, &in) && is_push(&in)) {
        unsigned reg = (in.opcode & 7u) | (in.rex & 1u) << 3;

        if (out->pushes == MAX_PUSHES || (AVD_X64_NONVOLATILE >> reg & 1) == 0)
            return 0;
        out->pushed[out->pushes++] = reg;
        at += in.length;
    }
    if (decode(code, at, &in) && is_allocation(&in)) {
        if (in.immediate <= 0 || in.immediate > MAX_FRAME)
            return 0;
        out->frame = (uint64_t)in.immediate;
        at += in.length;
    }
    /* With the return address it is a multiple of 16, as who calls must have it. */
    return out->frame != 0 && (out->frame + 8 * out->pushes) % 16 == 8 ? at : 0;
}

/* Whether instructions follow each other from `at` to pc, and leave rsp alone but for epilogues. */
static bool leads_to_pc(const struct code *code, size_t at)
{
    struct avd_instruction in;

    while (at < code->size) {
        if (!decode(code, at, &in) || moves_rsp(&in))
            return false;
        at += in.length;
    }
    return at == code->size;
}

/* Sets the caller that returns where the prologue says; false when no return address is there. */
static bool apply(struct avd_walk *walk, const struct avd_frame *callee,
                  const struct prologue *prologue, struct avd_frame *caller)
{
    uint64_t slot = callee->sp + prologue->frame + 8 * (uint64_t)prologue->pushes;
    struct avd_regs regs = callee->regs;
    enum avd_walk_end unused = AVD_END_NONE;
    struct avd_walk quiet = *walk; /* a wrong try is no reason why the stack ends */
    size_t i;

    for (i = 0; i < prologue->pushes; i++) {
        uint64_t value;

        if (avd_walk_pointer(walk, slot - 8 * (uint64_t)(i + 1), &value))
            avd_reg_set(&regs, prologue->pushed[i], value);
        else
            avd_reg_forget(&regs, prologue->pushed[i]);
    }
    if (!avd_walk_return(&quiet, &regs, slot, caller, &unused))
        return false;
    caller->evidence = AVD_EVIDENCE_CALL;
    if (avd_walk_return_evidence(walk, caller->pc) == 1)
        return true;
    caller->evidence = AVD_EVIDENCE_WEAK;
    return avd_reg_known(&caller->regs, AVD_RBP) &&
           avd_walk_links_made_code(walk, callee, caller, caller->regs.value[AVD_RBP]);
}

enum avd_step_result avd_x64_step_behind(struct avd_walk *walk, const struct avd_frame *callee,
                                         size_t callee_index, struct avd_frame *caller,
                                         enum avd_walk_end *end)
{
    struct avd_code_module module;
    unsigned tries = 0;
    struct code code;
    size_t at;

    (void)callee_index;
    (void)end;
    if (!walk->windows || callee->sp % 16 != 0 ||
        walk->env->module_at(walk->env->ctx, avd_walk_lookup(callee), &module))
        return AVD_STEP_NO_INFO;
    read_code(walk, callee->pc, &code);
    if (code.size < ALIGNMENT)
        return AVD_STEP_NO_INFO;
    avd_walk_exert(walk, code.size / ALIGNMENT / 2);
    /* From the last multiple of 16 below pc downwards. */
    at = code.size - 1 - (size_t)((callee->pc - 1) % ALIGNMENT);
    for (;; at -= ALIGNMENT) {
        struct prologue prologue;
        size_t body = read_prologue(&code, at, &prologue);

        if (body != 0 && leads_to_pc(&code, body)) {
            if (apply(walk, callee, &prologue, caller)) {
                caller->trust = AVD_TRUST_CFI;
                caller->method = AVD_METHOD_PROLOGUE;
                return AVD_STEP_OK;
            }
            tries++;
        }
        avd_walk_exert(walk, body != 0 ? (code.size - at) / BYTES_IN_A_LOOK : 0);
        if (at < ALIGNMENT || tries == MAX_TRIES)
            return AVD_STEP_NO_INFO;
    }
}
