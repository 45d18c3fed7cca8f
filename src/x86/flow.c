/* SPDX-License-Identifier: MIT */
/*
 * Follows x86 code without carrying it out. Every way through a function ends at a return that
 * takes the same arguments off the stack, so that one way is enough to know how many those are.
 */
#include "x86/flow.h"

#include "stack/regs.h"

enum {
    LOOKS = 2,        /* that one instruction is worth */
    CHUNK_LOOKS = 8,  /* and reading its bytes */
    MAX_TAKEN = 256,  /* bytes of arguments */
    MAX_STEPS = 1500, /* to find one return */
    MAX_FUNCTION = 65536,
    MAX_HELPER = 40 /* instructions of _chkstk and the like on one way */
};

bool avd_x86_fetch(struct avd_x86_flow *flow, uint64_t pc, struct avd_instruction *in)
{
    struct avd_view code = {flow->chunk, 0, 0};
    uint64_t at = pc - flow->chunk_at;

    if (flow->steps == 0 || avd_walk_exhausted(flow->walk))
        return false;
    flow->steps--;
    avd_walk_exert(flow->walk, LOOKS);
    if (pc < flow->chunk_at || at >= flow->chunk_size ||
        flow->chunk_size - at < AVD_LONGEST_INSTRUCTION) {
        avd_walk_exert(flow->walk, CHUNK_LOOKS);
        flow->chunk_at = pc;
        flow->chunk_size = avd_walk_code_at(flow->walk, pc, flow->chunk, sizeof flow->chunk);
        at = 0;
    }
    code.data = &flow->chunk[at];
    code.size = flow->chunk_size - at;
    return code.size != 0 && avd_decode_instruction(code, false, in);
}

bool avd_x86_is_new_target(struct avd_x86_flow *flow, uint64_t target)
{
    size_t i;

    for (i = 0; i < flow->seen_count; i++)
        if (flow->seen[i] == target)
            return false;
    if (flow->seen_count == sizeof flow->seen / sizeof flow->seen[0])
        return false;
    flow->seen[flow->seen_count++] = target;
    return true;
}

bool avd_x86_is_conditional(const struct avd_instruction *in)
{
    if (in->vex)
        return false;
    if (in->map == 1)
        return in->opcode >= 0x80 && in->opcode <= 0x8f;
    return in->map == 0 && ((in->opcode >= 0x70 && in->opcode <= 0x7f) ||
                            (in->opcode >= 0xe0 && in->opcode <= 0xe3));
}

bool avd_x86_is_jump(const struct avd_instruction *in)
{
    return in->map == 0 && (in->opcode == 0xeb || in->opcode == 0xe9);
}

uint64_t avd_x86_target(const struct avd_instruction *in, uint64_t next)
{
    return (next + (uint64_t)in->immediate) & UINT32_MAX;
}

bool avd_x86_is_filler(const struct avd_instruction *in)
{
    if (in->vex)
        return false;
    if (in->map != 0)
        return in->map == 1 && in->opcode == 0x1f;
    switch (in->opcode) {
    case 0x90: /* nop */
    case 0xcc: return true;
    case 0x8d: /* lea esi, [esi] */
        return in->has_base && in->rm == in->reg && in->displacement == 0;
    case 0x89:
    case 0x8b: /* mov esi, esi */ return in->mod == 3 && in->rm == in->reg;
    default: return false;
    }
}

bool avd_x86_ends_flow(const struct avd_instruction *in)
{
    if (in->vex)
        return false;
    if (in->map == 1) /* sysret, ud2, sysenter, sysexit */
        return in->opcode == 0x07 || in->opcode == 0x0b || in->opcode == 0x34 || in->opcode == 0x35;
    switch (in->map == 0 ? in->opcode : 0) {
    case 0xc8: /* enter */
    case 0xca:
    case 0xcb: /* far returns */
    case 0xcc:
    case 0xcd:
    case 0xcf: /* int3, int, iret */
    case 0xf1:
    case 0xf4: /* int1, hlt */ return true;
    case 0xff: return (in->reg & 7) == 3 || (in->reg & 7) == 5; /* far calls and jumps */
    default: return false;
    }
}

static bool is_return(const struct avd_instruction *in)
{
    return in->map == 0 && (in->opcode == 0xc3 || in->opcode == 0xc2);
}

static bool is_indirect_jump(const struct avd_instruction *in)
{
    return in->map == 0 && in->opcode == 0xff && in->reg == 4;
}

bool avd_x86_indirect_target(const struct avd_walk *walk, const struct avd_instruction *in,
                             uint64_t pc, uint64_t *target)
{
    uint64_t at = (uint64_t)in->displacement & UINT32_MAX;
    uint8_t bytes[4];

    if (!is_indirect_jump(in) || in->segment)
        return false;
    if (in->is_absolute)
        return avd_walk_pointer(walk, at, target);
    /* jmp [table + index * 4]: the table may be the image file's */
    if (in->has_base || in->mod != 0 || avd_walk_code_at(walk, at, bytes, sizeof bytes) < 4)
        return false;
    *target = avd_le32(bytes);
    return *target - pc + MAX_FUNCTION < 2 * MAX_FUNCTION;
}

/* Code followed on every way. */
struct ways {
    struct avd_x86_flow flow;
    uint64_t pc;
    uint64_t later[AVD_X86_FORKS];
    size_t count;
    bool jumped; /* to flow.seen's last, by the instruction that was read last */
};

static bool next_way(struct ways *w)
{
    if (w->count == 0 || w->flow.steps == 0)
        return false;
    w->pc = w->later[--w->count];
    return true;
}

/* Goes one instruction on; false when the last way has ended. */
static bool go_on(struct ways *w, struct avd_instruction *in)
{
    uint64_t target;

    w->jumped = false;
    while (!avd_x86_fetch(&w->flow, w->pc, in) || avd_x86_ends_flow(in))
        if (!next_way(w))
            return false;
    w->pc += in->length;
    target = avd_x86_target(in, w->pc);
    if (avd_x86_is_jump(in)) {
        w->jumped = avd_x86_is_new_target(&w->flow, target);
        w->pc = target;
        return w->jumped || next_way(w);
    }
    if (avd_x86_is_conditional(in) && w->count < AVD_X86_FORKS) {
        w->jumped = avd_x86_is_new_target(&w->flow, target);
        if (w->jumped)
            w->later[w->count++] = target;
    } else if (is_indirect_jump(in)) {
        return avd_x86_indirect_target(w->flow.walk, in, w->pc, &w->pc) || next_way(w);
    }
    return true;
}

/* Takes the steps that one question may cost. */
static void begin(struct ways *w, uint64_t pc, unsigned *steps)
{
    w->pc = pc;
    w->flow.steps = *steps < MAX_STEPS ? *steps : MAX_STEPS;
    *steps -= w->flow.steps;
}

/* push of a register: what returns to it returns elsewhere than it was called from. */
static bool is_push(const struct avd_instruction *in)
{
    return in->map == 0 && in->opcode >= 0x50 && in->opcode <= 0x57;
}

/* xchg eax, esp or mov esp from a register that is no frame pointer */
static bool replaces_esp(const struct avd_instruction *in)
{
    if (in->map != 0)
        return false;
    switch (in->opcode) {
    case 0x94: return true;
    case 0x87: return in->mod == 3 && (in->reg == AVD_ESP || in->rm == AVD_ESP);
    case 0x89: return in->mod == 3 && in->rm == AVD_ESP && in->reg != AVD_EBP;
    case 0x8b: return in->mod == 3 && in->reg == AVD_ESP && in->rm != AVD_EBP;
    default: return false;
    }
}

int avd_x86_taken_by_return(const struct avd_walk *walk, uint64_t pc, unsigned *steps)
{
    struct ways w = {.flow = {.walk = walk}};
    struct avd_instruction in;
    bool pushed = false;
    bool calls = false;
    int taken = AVD_X86_NOT_KNOWN;
    unsigned n;

    begin(&w, pc, steps);
    for (n = 0; taken == AVD_X86_NOT_KNOWN && go_on(&w, &in); n++) {
        calls = calls || (in.map == 0 && in.opcode == 0xe8);
        if (n < MAX_HELPER && !calls && replaces_esp(&in))
            taken = AVD_X86_ALLOCATES;
        else if (is_return(&in) && pushed)
            taken = AVD_X86_MOVES_STACK;
        else if (is_return(&in) && in.immediate >= 0 && in.immediate <= MAX_TAKEN)
            taken = (int)in.immediate;
        else if (is_return(&in) && !next_way(&w))
            break;
        pushed = is_push(&in);
    }
    *steps += w.flow.steps;
    return taken;
}

bool avd_x86_jumps_to(const struct avd_walk *walk, uint64_t start, uint64_t pc, unsigned *steps)
{
    struct ways w = {.flow = {.walk = walk}};
    struct avd_instruction in;
    bool found = false;
    uint64_t first;

    begin(&w, start, steps);
    while (!found && go_on(&w, &in)) {
        if (w.jumped)
            found = avd_walk_leads_to(walk, w.flow.seen[w.flow.seen_count - 1], pc, &first) == 1;
        else if (is_return(&in) && !next_way(&w))
            break;
    }
    *steps += w.flow.steps;
    return found;
}
