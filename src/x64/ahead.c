/* SPDX-License-Identifier: MIT */
/*
 * Without unwind data, but with the code around pc, as small dumps hold it: the instructions from
 * pc on are carried out until the function returns. Microsoft's "x64 prolog and epilog": a body
 * leaves rsp as the prologue set it, so that every path to an epilogue comes there with the same
 * rsp, and an epilogue restores what the prologue saved. Conditional jumps are therefore passed
 * by, unconditional ones followed, and of all else only what moves rsp or loads a register that
 * the caller owns is done.
 */
#include "x64/ahead.h"

#include "base/limits.h"
#include "stack/instruction.h"

enum outcome { GO_ON, RETURNED, GIVE_UP };

enum { MAX_PIECES = 16 };

struct machine {
    const struct avd_walk *walk;
    uint64_t pc;
    struct avd_regs regs;
    uint32_t derived; /* volatile registers that were just computed from rsp */
    /* What was carried out, up to jumps; the last piece goes on. */
    struct {
        uint64_t start, end;
    } pieces[MAX_PIECES];
    size_t piece_count;
};

static bool is_nonvolatile(unsigned reg)
{
    return (AVD_X64_NONVOLATILE >> reg & 1) != 0;
}

/* rsp, a frame pointer, or what was computed from them: registers whose value counts here. */
static bool is_frame_base(const struct machine *m, unsigned reg)
{
    return avd_reg_known(&m->regs, reg) &&
           (reg == AVD_RSP || is_nonvolatile(reg) || (m->derived >> reg & 1) != 0);
}

static void load(struct machine *m, unsigned reg, uint64_t addr)
{
    uint64_t value;

    if (avd_walk_pointer(m->walk, addr, &value))
        avd_reg_set(&m->regs, reg, value);
    else
        avd_reg_forget(&m->regs, reg);
}

static enum outcome pop(struct machine *m, unsigned reg)
{
    if (reg == AVD_RSP)
        return GIVE_UP;
    load(m, reg, m->regs.value[AVD_RSP]);
    m->regs.value[AVD_RSP] += 8;
    return GO_ON;
}

static enum outcome set_rsp(struct machine *m, unsigned from, int64_t displacement)
{
    if (!is_frame_base(m, from))
        return GIVE_UP;
    avd_reg_set(&m->regs, AVD_RSP, m->regs.value[from] + (uint64_t)displacement);
    return GO_ON;
}

/* Follows a jump, but for one that closes a loop: what is behind that is the same function's, too,
 * and has the same rsp. */
static enum outcome jump(struct machine *m, const struct avd_instruction *in)
{
    uint64_t target = m->pc + (uint64_t)in->immediate;
    size_t i;

    m->pieces[m->piece_count - 1].end = m->pc;
    for (i = 0; i < m->piece_count; i++)
        if (target >= m->pieces[i].start && target < m->pieces[i].end)
            return GO_ON;
    if (m->piece_count == MAX_PIECES)
        return GIVE_UP;
    m->pc = target;
    m->pieces[m->piece_count++].start = target;
    return GO_ON;
}

static bool writes_rsp(const struct avd_instruction *in)
{
    return (avd_instruction_writes(in) >> AVD_RSP & 1) != 0;
}

/* lea: rsp from a frame base, or a volatile register that the epilogue will load from. */
static enum outcome load_address(struct machine *m, const struct avd_instruction *in)
{
    if (in->reg == AVD_RSP)
        return in->has_base && !in->segment ? set_rsp(m, in->rm, in->displacement) : GIVE_UP;
    if (is_nonvolatile(in->reg))
        return GO_ON;
    m->derived &= ~(UINT32_C(1) << in->reg);
    if (in->has_base && in->rm == AVD_RSP) {
        avd_reg_set(&m->regs, in->reg, m->regs.value[AVD_RSP] + (uint64_t)in->displacement);
        m->derived |= UINT32_C(1) << in->reg;
    }
    return GO_ON;
}

/* mov of 64 bits into a register. */
static enum outcome move(struct machine *m, const struct avd_instruction *in)
{
    if (in->reg == AVD_RSP)
        return in->mod == 3 ? set_rsp(m, in->rm, 0) : GIVE_UP;
    if (is_nonvolatile(in->reg) && in->has_base && !in->segment && is_frame_base(m, in->rm))
        load(m, in->reg, m->regs.value[in->rm] + (uint64_t)in->displacement);
    m->derived &= ~(UINT32_C(1) << in->reg);
    return GO_ON;
}

static enum outcome group_ff(const struct avd_instruction *in)
{
    switch (in->reg & 7) {
    case 4: /* jmp: through the import table, or with REX.W as epilogues write it, a tail call */
        return in->rip_relative || (in->rex & 8) != 0 ? RETURNED : GIVE_UP;
    case 5:
    case 6: /* push */ return GIVE_UP;
    default: return GO_ON;
    }
}

/* What leaves volatile registers alone, so that those derived from rsp still count. */
static bool keeps_derived(const struct avd_instruction *in)
{
    return in->vex || (in->map == 1 && in->opcode >= 0x10 && in->opcode <= 0x7f) ||
           (in->map == 0 && (in->opcode == 0x8b || in->opcode == 0x8d ||
                             (in->opcode >= 0x58 && in->opcode <= 0x5f) || in->opcode == 0x33));
}

static enum outcome run_one(struct machine *m, const struct avd_instruction *in)
{
    unsigned low = (in->opcode & 7u) | (in->rex & 1u) << 3;
    bool wide = (in->rex & 8) != 0;

    m->pc += in->length;
    if (!keeps_derived(in))
        m->derived = 0;
    if (in->vex || in->map > 1)
        return GO_ON;
    if (in->map == 1) /* sysret, ud2 and sysexit do not come back */
        return in->opcode == 0x07 || in->opcode == 0x0b || in->opcode == 0x35 ? GIVE_UP : GO_ON;
    switch (in->opcode) {
    case 0xc3:
    case 0xc2: return RETURNED;
    case 0xeb:
    case 0xe9: return jump(m, in);
    case 0x58:
    case 0x59:
    case 0x5a:
    case 0x5b:
    case 0x5c:
    case 0x5d:
    case 0x5e:
    case 0x5f: return in->narrow ? GIVE_UP : pop(m, low);
    case 0xc9: /* leave */ return set_rsp(m, AVD_RBP, 0) == GO_ON ? pop(m, AVD_RBP) : GIVE_UP;
    case 0x50:
    case 0x51:
    case 0x52:
    case 0x53:
    case 0x54:
    case 0x55:
    case 0x56:
    case 0x57:
    case 0x68:
    case 0x6a:
    case 0x8f:
    case 0x9c:
    case 0x9d:
    case 0xc8: /* still in a prologue */
    case 0xca:
    case 0xcb:
    case 0xcc:
    case 0xcd:
    case 0xcf:
    case 0xf1:
    case 0xf4: return GIVE_UP; /* far returns, traps and halts */
    case 0xff: return writes_rsp(in) ? GIVE_UP : group_ff(in);
    case 0x8d: return wide ? load_address(m, in) : in->reg == AVD_RSP ? GIVE_UP : GO_ON;
    case 0x8b: return wide ? move(m, in) : in->reg == AVD_RSP ? GIVE_UP : GO_ON;
    case 0x89: /* mov rsp, reg in its other encoding */
        if (in->mod == 3 && in->rm == AVD_RSP)
            return wide ? set_rsp(m, in->reg, 0) : GIVE_UP;
        return GO_ON;
    case 0x81:
    case 0x83:
        if (wide && in->mod == 3 && in->rm == AVD_RSP && (in->reg & 7) == 0)
            return set_rsp(m, AVD_RSP, in->immediate);
        break;
    default: break;
    }
    return writes_rsp(in) ? GIVE_UP : GO_ON;
}

/* Runs from m->pc to the return; m->regs then holds the caller's, rsp the return address's slot. */
static bool run(struct machine *m)
{
    uint64_t low = m->regs.value[AVD_RSP];
    unsigned i;

    m->pieces[0].start = m->pc;
    m->piece_count = 1;
    for (i = 0; i < AVD_MAX_AHEAD; i++) {
        uint8_t bytes[AVD_LONGEST_INSTRUCTION];
        struct avd_view code = {bytes, avd_walk_code_at(m->walk, m->pc, bytes, sizeof bytes), 0};
        struct avd_instruction in;
        bool trap;

        if (code.size == 0 || !avd_decode_instruction(code, true, &in))
            return false;
        /* The trap that was met: its function goes on behind it. */
        trap = in.map == 0 && (in.opcode == 0xcc || in.opcode == 0xcd);
        if (i == 0 && trap) {
            m->pc += in.length;
            continue;
        }
        switch (run_one(m, &in)) {
        case RETURNED: return m->regs.value[AVD_RSP] >= low;
        case GIVE_UP: return false;
        case GO_ON: break;
        }
        if (m->regs.value[AVD_RSP] < low)
            return false;
    }
    return false;
}

enum avd_step_result avd_x64_step_ahead(struct avd_walk *walk, const struct avd_frame *callee,
                                        size_t callee_index, struct avd_frame *caller,
                                        enum avd_walk_end *end)
{
    struct machine m = {.walk = walk, .pc = callee->pc, .regs = callee->regs};
    int after_call;

    (void)callee_index;
    if (callee->sp % 8 != 0 || !run(&m) || m.regs.value[AVD_RSP] % 16 != 8 ||
        !avd_walk_return(walk, &m.regs, m.regs.value[AVD_RSP], caller, end))
        return AVD_STEP_NO_INFO;
    after_call = avd_walk_return_evidence(walk, caller->pc);
    caller->evidence = after_call == 1 ? AVD_EVIDENCE_CALL : AVD_EVIDENCE_NONE;
    if (caller->pc != 0 && after_call == 0) {
        /* Compiled Java code returns to the interpreter, which jumped to it. */
        if (!walk->windows || !avd_reg_known(&caller->regs, AVD_RBP) ||
            !avd_walk_links_made_code(walk, callee, caller, caller->regs.value[AVD_RBP]))
            return AVD_STEP_NO_INFO;
        caller->evidence = AVD_EVIDENCE_WEAK;
    }
    caller->trust = AVD_TRUST_CFI;
    caller->method = AVD_METHOD_EPILOGUE;
    return AVD_STEP_OK;
}
