/* SPDX-License-Identifier: MIT */
/*
 * Undoes a function's prologue by its unwind codes (Microsoft's "x64 exception handling",
 * UNWIND_CODE), through chained entries up to the return address or a machine frame. Registers
 * whose saved value is not in the dump become unknown, the walk goes on without them.
 */
#include "x64/unwind_info.h"

#include "base/limits.h"
#include "base/view.h"

#include <inttypes.h>
#include <string.h>

/* One UNWIND_INFO being applied. */
struct frame {
    struct avd_walk *walk;
    const struct avd_x64_unwind_info *info;
    const struct avd_x64_function *function;
    uint64_t addr;   /* of the UNWIND_INFO, for messages */
    uint32_t offset; /* from the function's begin; UINT32_MAX: behind the prologue */
    bool has_base;   /* where SAVE_* offsets count from */
    uint64_t base;
    struct avd_x64_unwound *out;
    enum avd_walk_end *end;
};

void avd_x64_pop(const struct avd_walk *walk, struct avd_regs *regs, unsigned reg)
{
    uint64_t value;

    if (reg != AVD_RSP) {
        if (avd_walk_pointer(walk, regs->value[AVD_RSP], &value))
            avd_reg_set(regs, reg, value);
        else
            avd_reg_forget(regs, reg);
    }
    regs->value[AVD_RSP] += 8;
}

static uint32_t code_u16(const struct avd_x64_unwind_info *info, unsigned slot)
{
    return avd_le16(&info->codes[(size_t)2 * slot]);
}

static bool executed(const struct frame *f, unsigned slot)
{
    return f->offset >= f->info->prolog_size || f->offset >= avd_x64_code_offset(f->info, slot);
}

/* The operand of the code at `slot`, 16 or 32 bits wide. */
static uint32_t operand(const struct avd_x64_unwind_info *info, unsigned slot, unsigned slots)
{
    uint32_t low = code_u16(info, slot + 1);

    return slots == 2 ? low : low | code_u16(info, slot + 2) << 16;
}

/*
 * Where SAVE_* offsets count from: rsp behind the fixed allocation. With a frame register that is
 * what the register was set from, as soon as it was set; before that it still holds the caller's
 * value.
 */
static void find_base(struct frame *f)
{
    const struct avd_x64_unwind_info *info = f->info;
    const struct avd_regs *regs = &f->out->regs;
    bool set = info->frame_reg != 0 &&
               (f->offset >= info->prolog_size || (info->flags & AVD_UNWIND_CHAIN) != 0);
    uint32_t distance = info->frame_offset;
    unsigned i;
    unsigned slots;

    for (i = 0; i < info->count; i += slots) {
        unsigned op = avd_x64_code_op(info, i);

        slots = avd_x64_code_slots(info, i);
        if (slots == 0 || slots > info->count - i)
            break;
        if (op == AVD_UWOP_SET_FPREG_LARGE)
            distance = operand(info, i, slots) * 16;
        if ((op == AVD_UWOP_SET_FPREG || op == AVD_UWOP_SET_FPREG_LARGE) && info->frame_reg != 0)
            set = set || executed(f, i);
    }
    f->has_base = !set || avd_reg_known(regs, info->frame_reg);
    f->base = set ? regs->value[info->frame_reg] - distance : regs->value[AVD_RSP];
}

static bool damaged(struct frame *f, unsigned slot, const char *what)
{
    avd_walk_say(f->walk, f->end, AVD_END_BAD_UNWIND_INFO,
                 "the unwind data at 0x%" PRIx64 " is damaged: code %u (operation %u) %s", f->addr,
                 slot, avd_x64_code_op(f->info, slot), what);
    return false;
}

static void restore(struct frame *f, unsigned reg, uint32_t offset)
{
    struct avd_regs *regs = &f->out->regs;
    uint64_t value;

    if (reg == AVD_RSP)
        return;
    if (f->has_base && avd_walk_pointer(f->walk, f->base + offset, &value))
        avd_reg_set(regs, reg, value);
    else
        avd_reg_forget(regs, reg);
}

static bool pop_machine_frame(struct frame *f, bool has_error_code)
{
    struct avd_regs *regs = &f->out->regs;
    uint64_t at = regs->value[AVD_RSP] + (has_error_code ? 8 : 0);
    uint64_t rip;
    uint64_t rsp;
    uint64_t cs;

    if (!avd_walk_pointer(f->walk, at, &rip) || !avd_walk_pointer(f->walk, at + 24, &rsp)) {
        avd_walk_say(f->walk, f->end, AVD_END_NO_MEMORY,
                     "the machine frame at 0x%" PRIx64 " is not in the dump", at);
        return false;
    }
    if (avd_walk_pointer(f->walk, at + 8, &cs))
        f->out->machine_cs = (uint16_t)cs;
    f->out->machine_frame = true;
    avd_reg_set(regs, AVD_RIP, rip);
    avd_reg_set(regs, AVD_RSP, rsp);
    return true;
}

static bool apply_code(struct frame *f, unsigned slot, unsigned slots)
{
    const struct avd_x64_unwind_info *info = f->info;
    struct avd_regs *regs = &f->out->regs;
    unsigned extra = avd_x64_code_info(info, slot);
    uint32_t distance = info->frame_offset;

    switch (avd_x64_code_op(info, slot)) {
    case AVD_UWOP_PUSH_NONVOL: avd_x64_pop(f->walk, regs, extra); return true;
    case AVD_UWOP_ALLOC_LARGE:
        /* Two slots count quadwords, three count bytes. */
        regs->value[AVD_RSP] += (uint64_t)operand(info, slot, slots) * (slots == 2 ? 8 : 1);
        return true;
    case AVD_UWOP_ALLOC_SMALL: regs->value[AVD_RSP] += (uint64_t)extra * 8 + 8; return true;
    case AVD_UWOP_SET_FPREG_LARGE:
        distance = operand(info, slot, slots) * 16;
        /* fall through */
    case AVD_UWOP_SET_FPREG:
        /* The code's own info field is reserved, and not always 0 in real images. */
        if (info->frame_reg == 0)
            return damaged(f, slot, "needs a frame register, and none is named");
        if (!avd_reg_known(regs, info->frame_reg)) {
            avd_walk_say(f->walk, f->end, AVD_END_NO_UNWIND_INFO,
                         "the function at rva 0x%" PRIx32 " needs %s, which is not known",
                         f->function->begin, f->walk->cpu->reg_names[info->frame_reg]);
            return false;
        }
        regs->value[AVD_RSP] = regs->value[info->frame_reg] - distance;
        return true;
    case AVD_UWOP_SAVE_NONVOL: restore(f, extra, operand(info, slot, slots) * 8); return true;
    case AVD_UWOP_SAVE_NONVOL_FAR: restore(f, extra, operand(info, slot, slots)); return true;
    case AVD_UWOP_PUSH_MACHFRAME: return pop_machine_frame(f, extra == 1);
    default: /* vector registers are not tracked, version 2 epilogues move nothing here */
        return true;
    }
}

/* Applies the codes that were executed; a machine frame ends the function. */
static bool apply(struct frame *f)
{
    const struct avd_x64_unwind_info *info = f->info;
    unsigned slots;
    unsigned i;

    find_base(f);
    for (i = 0; i < info->count && !f->out->machine_frame; i += slots) {
        slots = avd_x64_code_slots(info, i);
        if (slots == 0)
            return damaged(f, i, "is not defined");
        if (slots > info->count - i)
            return damaged(f, i, "goes past the last slot");
        if (executed(f, i) && !apply_code(f, i, slots))
            return false;
    }
    return true;
}

static bool pop_return_address(struct avd_walk *walk, struct avd_regs *regs, enum avd_walk_end *end)
{
    uint64_t rsp = regs->value[AVD_RSP];

    avd_x64_pop(walk, regs, AVD_RIP);
    if (avd_reg_known(regs, AVD_RIP))
        return true;
    avd_walk_say(walk, end, AVD_END_NO_MEMORY,
                 "the return address at 0x%" PRIx64 " is not in the dump", rsp);
    return false;
}

/*
 * A function with a handler and no codes: assembly (OpenSSL's and its descendants') whose handler
 * knows how to leave it, which only the process could run. Compilers write no such thing: what has
 * a handler calls something, and so has a frame.
 */
static bool is_left_to_handler(const struct avd_x64_unwind_info *info, bool at_start)
{
    return info->count == 0 && (info->flags & AVD_UNWIND_HANDLER) != 0 &&
           (info->flags & AVD_UNWIND_CHAIN) == 0 && !at_start;
}

bool avd_x64_unwind(struct avd_walk *walk, const struct avd_x64_image *image,
                    const struct avd_x64_function *function, uint64_t pc, bool exact,
                    const struct avd_regs *regs, struct avd_x64_unwound *out,
                    enum avd_walk_end *end)
{
    struct avd_x64_function current = *function;
    struct avd_x64_function parent;
    struct avd_x64_unwind_info info;
    uint64_t rva = pc - image->base;
    unsigned depth;

    out->regs = *regs;
    out->machine_frame = false;
    out->machine_cs = 0;
    for (depth = 0; depth < AVD_MAX_UNWIND_CHAIN; depth++) {
        struct frame f = {walk, &info, &current, image->base + current.unwind, UINT32_MAX, false,
                          0,    out,   end};

        if (!avd_x64_read_info(walk, image, &current, &info, end))
            return false;
        /* Control is past the prologues of chained parents, wherever their code lies. */
        if (depth == 0 && rva >= current.begin && rva <= current.end)
            f.offset = (uint32_t)rva - current.begin;
        if (depth == 0 && exact &&
            avd_x64_finish_epilogue(walk, image, &current, &info, pc, &out->regs))
            return pop_return_address(walk, &out->regs, end);
        if (depth == 0 && is_left_to_handler(&info, exact && f.offset == 0)) {
            avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                         "the unwind data of the function at 0x%" PRIx64
                         " leave its frame to a handler",
                         image->base + current.begin);
            return false;
        }
        if (!apply(&f))
            return false;
        if (out->machine_frame)
            return true;
        if ((info.flags & AVD_UNWIND_CHAIN) == 0)
            return pop_return_address(walk, &out->regs, end);
        if (!avd_x64_parent(walk, image, &current, &info, &parent, end))
            return false;
        current = parent;
    }
    avd_walk_say(walk, end, AVD_END_BAD_UNWIND_INFO,
                 "the unwind data of the function at 0x%" PRIx64 " is chained over more than %d "
                 "entries",
                 image->base + function->begin, AVD_MAX_UNWIND_CHAIN);
    return false;
}

/* The last entry of a function's chain. */
static bool find_primary(struct avd_walk *walk, const struct avd_x64_image *image,
                         const struct avd_x64_function *function, struct avd_x64_function *out,
                         enum avd_walk_end *end)
{
    struct avd_x64_unwind_info info;
    struct avd_x64_function parent;
    unsigned depth;

    *out = *function;
    for (depth = 0; depth < AVD_MAX_UNWIND_CHAIN; depth++) {
        if (!avd_x64_read_info(walk, image, out, &info, end))
            return false;
        if ((info.flags & AVD_UNWIND_CHAIN) == 0)
            return true;
        if (!avd_x64_parent(walk, image, out, &info, &parent, end))
            return false;
        *out = parent;
    }
    return false;
}

bool avd_x64_same_function(struct avd_walk *walk, const struct avd_x64_image *image,
                           const struct avd_x64_function *a, const struct avd_x64_function *b)
{
    struct avd_x64_function primary_a;
    struct avd_x64_function primary_b;
    enum avd_walk_end end = AVD_END_NONE;
    size_t said = strlen(walk->detail);
    bool same;

    same = find_primary(walk, image, a, &primary_a, &end) &&
           find_primary(walk, image, b, &primary_b, &end) && primary_a.begin == primary_b.begin;
    walk->detail[said] = '\0'; /* what could not be read is told by the unwinding itself */
    return same;
}
