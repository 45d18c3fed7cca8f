/* SPDX-License-Identifier: MIT */
/*
 * Without symbols, but with code, as full dumps and image files have it: the instructions from eip
 * on are carried out until the function returns. Functions without a frame pointer leave no other
 * trace. What a path comes to must be the return address of a call, or it was the wrong one:
 * conditional jumps are passed by first and taken later. A call changes esp only by the arguments
 * that the function called takes off the stack, which its return tells; where that cannot be read,
 * what the caller does next may. Encodings: Intel's manual, volume 2; calling conventions:
 * Microsoft's "Argument passing and naming conventions".
 */
#include "x86/ahead.h"

#include "base/limits.h"
#include "x86/flow.h"

#include <string.h>

enum outcome {
    GO_ON,
    RETURNED,
    GIVE_UP /* this path; another may lead on */
};

enum { MAX_PUSHED = 32 };

/* What a path knows: where it is, the registers, and what it pushed itself. */
struct path {
    uint64_t pc;
    struct avd_regs regs;
    struct {
        uint64_t slot, value;
        bool known;
    } pushed[MAX_PUSHED];
    size_t pushed_count;
    unsigned arguments; /* bytes pushed since the last call */
    bool guessed;       /* how many of them a call took */
};

struct machine {
    struct avd_x86_flow flow;
    unsigned steps; /* left for following the functions that are called */
    uint64_t low;   /* esp at the start: what lies below was pushed on the way, or is old */
    struct path path;
    struct path later[AVD_X86_FORKS];
    size_t later_count;
};

static bool knows(const struct machine *m, unsigned reg)
{
    return avd_reg_known(&m->path.regs, reg);
}

static void set(struct machine *m, unsigned reg, uint64_t value)
{
    avd_reg_set(&m->path.regs, reg, value & UINT32_MAX);
}

static void forget(struct machine *m, uint32_t regs)
{
    unsigned i;

    for (i = AVD_EAX; i <= AVD_EDI; i++)
        if ((regs >> i & 1) != 0)
            avd_reg_forget(&m->path.regs, i);
}

static void add_to_esp(struct machine *m, int64_t bytes)
{
    if (knows(m, AVD_ESP))
        set(m, AVD_ESP, m->path.regs.value[AVD_ESP] + (uint64_t)bytes);
}

static void push(struct machine *m, bool known, uint64_t value)
{
    struct path *p = &m->path;

    p->arguments += 4;
    add_to_esp(m, -4);
    if (!knows(m, AVD_ESP) || p->pushed_count == MAX_PUSHED)
        return;
    p->pushed[p->pushed_count].slot = p->regs.value[AVD_ESP];
    p->pushed[p->pushed_count].value = value;
    p->pushed[p->pushed_count++].known = known;
}

static void load(struct machine *m, unsigned reg, uint64_t addr)
{
    struct path *p = &m->path;
    size_t i = p->pushed_count;
    uint64_t value;

    avd_reg_forget(&p->regs, reg);
    if (addr >= m->low) {
        if (avd_walk_pointer(m->flow.walk, addr, &value))
            set(m, reg, value);
        return;
    }
    while (i != 0 && p->pushed[i - 1].slot != addr)
        i--;
    if (i != 0 && p->pushed[i - 1].known)
        set(m, reg, p->pushed[i - 1].value);
}

static void pop(struct machine *m, unsigned reg)
{
    uint64_t esp = m->path.regs.value[AVD_ESP];

    if (!knows(m, AVD_ESP)) {
        avd_reg_forget(&m->path.regs, reg);
        return;
    }
    add_to_esp(m, 4);
    load(m, reg, esp);
}

/* A register from another plus a displacement. */
static void set_from(struct machine *m, unsigned reg, unsigned base, int64_t displacement)
{
    if (knows(m, base))
        set(m, reg, m->path.regs.value[base] + (uint64_t)displacement);
    else
        avd_reg_forget(&m->path.regs, reg);
}

/* mov into a register from another or from memory of the frame. */
static void move(struct machine *m, const struct avd_instruction *in)
{
    bool of_frame = in->has_base && !in->segment && (in->rm == AVD_ESP || in->rm == AVD_EBP) &&
                    knows(m, in->rm);

    if (in->mod == 3)
        set_from(m, in->reg, in->rm, 0);
    else if (of_frame)
        load(m, in->reg, (m->path.regs.value[in->rm] + (uint64_t)in->displacement) & UINT32_MAX);
    else
        avd_reg_forget(&m->path.regs, in->reg);
}

static enum outcome jump_perhaps(struct machine *m, const struct avd_instruction *in)
{
    uint64_t target = avd_x86_target(in, m->path.pc);

    if (m->later_count < AVD_X86_FORKS && avd_x86_is_new_target(&m->flow, target)) {
        m->later[m->later_count] = m->path;
        m->later[m->later_count++].pc = target;
    }
    return GO_ON;
}

/* Where another path went or will go there is no more to be found: loops are left by other ways. */
static enum outcome go_to(struct machine *m, uint64_t target)
{
    if (!avd_x86_is_new_target(&m->flow, target))
        return GIVE_UP;
    m->path.pc = target;
    return GO_ON;
}

/*
 * Whether a call that ends where path.pc is does not come back: what stands behind it fills up to
 * the next function, which this one does not go on in. Where it fills up to a loop, another path
 * may lead on.
 */
static bool never_returns(struct machine *m)
{
    struct avd_instruction next;

    return avd_x86_fetch(&m->flow, m->path.pc, &next) && avd_x86_is_filler(&next);
}

/* What the code behind a call says of the arguments that the function called took: compilers make
 * up at once for what it did not expect. -1: nothing. */
static int taken_by_next(struct machine *m)
{
    struct avd_instruction next;

    if (!avd_x86_fetch(&m->flow, m->path.pc, &next) || next.map != 0)
        return -1;
    if (next.opcode == 0x59) /* pop ecx: one argument, dropped */
        return 0;
    if ((next.opcode != 0x83 && next.opcode != 0x81) || next.mod != 3 || next.rm != AVD_ESP)
        return -1;
    if (next.reg == 0) /* add esp */
        return 0;
    return next.reg == 5 && next.immediate > 0 && next.immediate <= 64 ? (int)next.immediate : -1;
}

/* Behind a call: what it changed. */
static enum outcome after_call(struct machine *m, bool has_target, uint64_t target)
{
    int taken = AVD_X86_NOT_KNOWN;
    unsigned arguments = m->path.arguments;

    m->path.arguments = 0;
    if (has_target)
        taken = avd_x86_taken_by_return(m->flow.walk, target, &m->steps);
    if (never_returns(m))
        return GIVE_UP;
    if (taken == AVD_X86_MOVES_STACK) {
        forget(m, ~UINT32_C(0));
        return GO_ON;
    }
    if (taken == AVD_X86_ALLOCATES) {
        if (knows(m, AVD_EAX))
            add_to_esp(m, -(int64_t)m->path.regs.value[AVD_EAX]);
        else
            avd_reg_forget(&m->path.regs, AVD_ESP);
        return GO_ON;
    }
    if (taken < 0)
        taken = taken_by_next(m);
    /* Methods take their arguments, and most calls that lead anywhere are of methods. */
    if (taken < 0) {
        m->path.guessed = m->path.guessed || arguments != 0;
        taken = (int)arguments;
    }
    add_to_esp(m, taken);
    forget(m, 1 << AVD_EAX | 1 << AVD_ECX | 1 << AVD_EDX);
    return GO_ON;
}

static enum outcome group_ff(struct machine *m, const struct avd_instruction *in)
{
    uint64_t target = 0;
    bool has_target;

    switch (in->reg) {
    case 2:
        has_target =
            in->is_absolute && !in->segment &&
            avd_walk_pointer(m->flow.walk, (uint64_t)in->displacement & UINT32_MAX, &target);
        return after_call(m, has_target, target);
    case 4: /* through the import table or a table of methods: a tail call; others are switches */
        if (in->is_absolute || in->has_base)
            return RETURNED;
        return avd_x86_indirect_target(m->flow.walk, in, m->path.pc, &target) ? go_to(m, target)
                                                                              : GIVE_UP;
    case 6: push(m, false, 0); return GO_ON;
    default: forget(m, avd_instruction_writes(in)); return GO_ON;
    }
}

/* add, sub and the like with an immediate operand. */
static enum outcome arithmetic(struct machine *m, const struct avd_instruction *in)
{
    bool of_esp = in->mod == 3 && in->rm == AVD_ESP;

    if (of_esp && in->reg == 0)
        add_to_esp(m, in->immediate);
    else if (of_esp && in->reg == 5)
        add_to_esp(m, -in->immediate);
    else
        forget(m, avd_instruction_writes(in));
    return GO_ON;
}

static enum outcome run_byte(struct machine *m, const struct avd_instruction *in)
{
    unsigned low = in->opcode & 7u;

    switch (in->opcode) {
    case 0xc3:
    case 0xc2: return RETURNED;
    case 0xeb:
    case 0xe9: return go_to(m, avd_x86_target(in, m->path.pc));
    case 0xe8:
        /* call to what follows: code that asks where it is */
        if (in->immediate == 0) {
            push(m, true, m->path.pc);
            return GO_ON;
        }
        return after_call(m, true, avd_x86_target(in, m->path.pc));
    case 0x50:
    case 0x51:
    case 0x52:
    case 0x53:
    case 0x54:
    case 0x55:
    case 0x56:
    case 0x57: push(m, knows(m, low), m->path.regs.value[low]); return GO_ON;
    case 0x68:
    case 0x6a:
    case 0x9c: push(m, false, 0); return GO_ON;
    case 0xb8:
    case 0xb9:
    case 0xba:
    case 0xbb:
    case 0xbd:
    case 0xbe:
    case 0xbf: /* mov reg, imm: how much _chkstk is to take */
        set(m, low, (uint64_t)in->immediate);
        return GO_ON;
    case 0x58:
    case 0x59:
    case 0x5a:
    case 0x5b:
    case 0x5c:
    case 0x5d:
    case 0x5e:
    case 0x5f: pop(m, low); return GO_ON;
    case 0x8f:
        forget(m, avd_instruction_writes(in));
        add_to_esp(m, 4);
        return GO_ON;
    case 0x9d: add_to_esp(m, 4); return GO_ON;
    case 0xc9: /* leave */
        set_from(m, AVD_ESP, AVD_EBP, 0);
        pop(m, AVD_EBP);
        return GO_ON;
    case 0x8d: /* lea */
        if (in->has_base && !in->narrow)
            set_from(m, in->reg, in->rm, in->displacement);
        else
            avd_reg_forget(&m->path.regs, in->reg);
        return GO_ON;
    case 0x8b:
        if (in->narrow)
            avd_reg_forget(&m->path.regs, in->reg);
        else
            move(m, in);
        return GO_ON;
    case 0x89:
        if (in->mod == 3 && !in->narrow)
            set_from(m, in->rm, in->reg, 0);
        else
            forget(m, avd_instruction_writes(in));
        return GO_ON;
    case 0x81:
    case 0x83: return arithmetic(m, in);
    case 0xff: return group_ff(m, in);
    default: forget(m, avd_instruction_writes(in)); return GO_ON;
    }
}

static enum outcome run_one(struct machine *m, const struct avd_instruction *in)
{
    m->path.pc += in->length;
    if (avd_x86_ends_flow(in))
        return GIVE_UP;
    if (avd_x86_is_conditional(in))
        return jump_perhaps(m, in);
    if (in->map == 0)
        return run_byte(m, in);
    forget(m, avd_instruction_writes(in));
    return GO_ON;
}

/* Fills the caller from where a path returns; false when no call was there. */
static bool take(struct avd_walk *walk, struct machine *m, const struct avd_frame *callee,
                 struct avd_frame *caller)
{
    enum avd_walk_end end = AVD_END_NONE;
    uint64_t slot = m->path.regs.value[AVD_ESP];
    uint64_t start;
    size_t said = strlen(walk->detail);
    int leads;

    if (!knows(m, AVD_ESP) || slot < m->low || slot % 4 != 0 ||
        !avd_walk_return(walk, &m->path.regs, slot, caller, &end) || caller->pc == 0 ||
        avd_walk_return_evidence(walk, caller->pc) != 1) {
        walk->detail[said] = '\0';
        return false;
    }
    caller->trust = m->path.guessed ? AVD_TRUST_CFI_SCAN : AVD_TRUST_CFI;
    caller->method = AVD_METHOD_EPILOGUE;
    caller->evidence = AVD_EVIDENCE_CALL;
    leads = avd_walk_call_leads_to(walk, caller->pc, avd_walk_lookup(callee), &start);
    if (leads == 1 || (leads == 0 && avd_walk_call_target(walk, caller->pc, &start) &&
                       avd_x86_jumps_to(walk, start, avd_walk_lookup(callee), &m->steps)))
        caller->evidence = AVD_EVIDENCE_TARGET;
    if (caller->evidence == AVD_EVIDENCE_TARGET)
        caller->trust = AVD_TRUST_CFI;
    return leads != 0 || caller->evidence == AVD_EVIDENCE_TARGET;
}

/* Sets m up at the callee's eip; false when its stack pointer there cannot be known. */
static bool begin(struct machine *m, const struct avd_walk *walk, const struct avd_frame *callee,
                  size_t callee_index)
{
    int taken = 0;

    memset(&m->flow, 0, sizeof m->flow);
    memset(&m->path, 0, sizeof m->path);
    m->flow.walk = walk;
    m->flow.steps = AVD_MAX_AHEAD_X86;
    m->steps = AVD_MAX_FLOW;
    m->later_count = 0;
    m->path.pc = callee->pc;
    m->path.regs = callee->regs;
    set(m, AVD_ESP, callee->sp);
    m->low = callee->sp;
    if (callee->exact || callee_index == 0)
        return true;
    if (never_returns(m))
        return false;
    taken = avd_x86_taken_by_return(m->flow.walk, callee[-1].pc, &m->steps);
    if (taken == AVD_X86_NOT_KNOWN)
        taken = taken_by_next(m);
    if (taken < 0)
        return false;
    add_to_esp(m, taken);
    m->low = callee->sp + (unsigned)taken;
    return true;
}

enum avd_step_result avd_x86_step_ahead(struct avd_walk *walk, const struct avd_frame *callee,
                                        size_t callee_index, struct avd_frame *caller,
                                        enum avd_walk_end *end)
{
    struct machine m; /* of 24 KB, most of which no frame needs */
    struct avd_instruction in;
    bool first = true;

    (void)end;
    if (callee->sp % 4 != 0 || !begin(&m, walk, callee, callee_index))
        return AVD_STEP_NO_INFO;
    for (;;) {
        enum outcome outcome = GIVE_UP;

        if (avd_x86_fetch(&m.flow, m.path.pc, &in)) {
            /* The trap that was met: its function goes on behind it. */
            bool trap = first && in.map == 0 && (in.opcode == 0xcc || in.opcode == 0xcd);

            if (trap)
                m.path.pc += in.length;
            outcome = trap ? GO_ON : run_one(&m, &in);
        }
        first = false;
        if (outcome == GO_ON)
            continue;
        if (outcome == RETURNED && take(walk, &m, callee, caller))
            return AVD_STEP_OK;
        if (m.later_count == 0 || m.flow.steps == 0)
            return AVD_STEP_NO_INFO;
        m.path = m.later[--m.later_count];
    }
}
