/* SPDX-License-Identifier: MIT */
/*
 * Epilogues: an interrupted function that has begun to leave must not be unwound by its prologue.
 * Version 1 leaves recognition to the instructions, of which only a few may stand in an epilogue
 * (Microsoft's "x64 prolog and epilog"); version 2 lists epilogues by codes.
 */
#include "x64/unwind_info.h"

#include "base/limits.h"
#include "base/view.h"

#include <string.h>

/* lea, 15 pops of two bytes, a prefix and a jump are 45 bytes */
enum { LONGEST_EPILOGUE = 64 };

static uint64_t sign_extend(uint32_t value, unsigned bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);

    return ((uint64_t)value ^ sign) - sign;
}

/* The byte `ahead` of the cursor, 0 past the end. */
static uint8_t peek(const struct avd_cursor *c, size_t ahead)
{
    return avd_view_u8(c->view, (uint64_t)c->pos + ahead);
}

/* add rsp, imm: true when it was there. */
static bool take_add(struct avd_cursor *c, struct avd_regs *regs)
{
    if (peek(c, 0) != 0x48 || peek(c, 2) != 0xc4)
        return false;
    if (peek(c, 1) == 0x83) {
        avd_cursor_skip(c, 3);
        regs->value[AVD_RSP] += sign_extend(avd_cursor_u8(c), 8);
        return true;
    }
    if (peek(c, 1) == 0x81) {
        avd_cursor_skip(c, 3);
        regs->value[AVD_RSP] += sign_extend(avd_cursor_u32(c), 32);
        return true;
    }
    return false;
}

/* lea rsp, [frame register + disp]; the register must be the function's own. */
static bool take_lea(struct avd_cursor *c, unsigned frame_reg, struct avd_regs *regs)
{
    uint8_t rex = peek(c, 0);
    uint8_t modrm = peek(c, 2);
    unsigned mod = modrm >> 6;
    unsigned base = (modrm & 7) | (unsigned)(rex & 1) << 3;

    if ((rex != 0x48 && rex != 0x49) || peek(c, 1) != 0x8d || (modrm >> 3 & 7) != 4 ||
        (mod != 1 && mod != 2) || frame_reg == 0 || base != frame_reg || !avd_reg_known(regs, base))
        return false;
    avd_cursor_skip(c, 3);
    /* r12 as a base needs a SIB byte that says nothing more. */
    if ((modrm & 7) == 4 && avd_cursor_u8(c) != 0x24)
        return false;
    regs->value[AVD_RSP] = regs->value[base] + (mod == 1 ? sign_extend(avd_cursor_u8(c), 8)
                                                         : sign_extend(avd_cursor_u32(c), 32));
    return true;
}

/* pop reg: true when it was there. */
static bool take_pop(const struct avd_walk *walk, struct avd_cursor *c, struct avd_regs *regs)
{
    uint8_t rex = peek(c, 0);
    size_t prefix = (rex & 0xf0) == 0x40 ? 1 : 0;
    uint8_t op = peek(c, prefix);
    unsigned reg = (op & 7u) | (prefix != 0 ? (unsigned)(rex & 1) << 3 : 0);

    if ((op & 0xf8) != 0x58 || reg == AVD_RSP)
        return false;
    avd_cursor_skip(c, prefix + 1);
    avd_x64_pop(walk, regs, reg);
    return true;
}

/* Whether a jump to `target` leaves the function; inside it is only a jump. */
static bool leaves(struct avd_walk *walk, const struct avd_x64_image *image,
                   const struct avd_x64_function *function, const struct avd_x64_unwind_info *info,
                   uint64_t target)
{
    struct avd_x64_image other_image;
    struct avd_x64_function other;
    uint64_t rva = target - image->base;

    if (rva >= function->begin && rva < function->end)
        return rva == function->begin && (info->flags & AVD_UNWIND_CHAIN) == 0;
    if (avd_x64_find_function(walk, target, &other_image, &other) != AVD_X64_FOUND ||
        other_image.base != image->base)
        return true;
    return !avd_x64_same_function(walk, image, function, &other);
}

/* The last instruction: a return, or a jump that hands the frame on to another function. */
static bool take_exit(struct avd_walk *walk, const struct avd_x64_image *image,
                      const struct avd_x64_function *function,
                      const struct avd_x64_unwind_info *info, uint64_t pc, struct avd_cursor *c)
{
    uint64_t displacement;
    uint8_t op = avd_cursor_u8(c);

    if (op == 0xf2) /* bnd */
        op = avd_cursor_u8(c);
    switch (op) {
    case 0xc3: return !c->failed;
    case 0xc2: (void)avd_cursor_u16(c); return !c->failed;
    case 0xf3: /* rep ret */ return avd_cursor_u8(c) == 0xc3;
    case 0xeb:
    case 0xe9:
        displacement =
            op == 0xeb ? sign_extend(avd_cursor_u8(c), 8) : sign_extend(avd_cursor_u32(c), 32);
        return !c->failed && leaves(walk, image, function, info, pc + c->pos + displacement);
    case 0xff: /* jmp [rip + disp32] */ return avd_cursor_u8(c) == 0x25;
    default: /* REX.W jmp r/m64: the prefix marks it as an epilogue's */
        return (op & 0xf8) == 0x48 && avd_cursor_u8(c) == 0xff &&
               (avd_cursor_u8(c) >> 3 & 7) == 4 && !c->failed;
    }
}

static bool finish_by_code(struct avd_walk *walk, const struct avd_x64_image *image,
                           const struct avd_x64_function *function,
                           const struct avd_x64_unwind_info *info, uint64_t pc,
                           struct avd_regs *regs)
{
    uint8_t bytes[LONGEST_EPILOGUE];
    struct avd_view view = {bytes, avd_walk_code_at(walk, pc, bytes, sizeof bytes), 0};
    struct avd_cursor c = avd_cursor_at(view, 0);
    struct avd_regs left = *regs;
    unsigned i;

    if (!take_add(&c, &left))
        (void)take_lea(&c, info->frame_reg, &left);
    for (i = 0; i < LONGEST_EPILOGUE && take_pop(walk, &c, &left); i++)
        continue;
    if (c.failed || !take_exit(walk, image, function, info, pc, &c))
        return false;
    *regs = left;
    return true;
}

/*
 * Version 2: the first codes tell how long the epilogues are and how far before the function's
 * end each begins. They count from the first pop on: before that the stack is as in the body.
 */
static bool find_by_codes(const struct avd_x64_function *function,
                          const struct avd_x64_unwind_info *info, uint64_t rva, uint64_t *done)
{
    uint64_t size;
    unsigned i;

    if (info->count == 0 || avd_x64_code_op(info, 0) != AVD_UWOP_EPILOG)
        return false;
    size = avd_x64_code_offset(info, 0);
    for (i = 0; i < info->count && avd_x64_code_op(info, i) == AVD_UWOP_EPILOG; i++) {
        uint64_t distance;

        if (i == 0) /* one at the very end, if this bit says so */
            distance = (avd_x64_code_info(info, 0) & 1) != 0 ? size : 0;
        else /* 0 only fills up the pair */
            distance = avd_x64_code_offset(info, i) | avd_x64_code_info(info, i) << 8;
        if (distance == 0 || distance > function->end - function->begin)
            continue;
        *done = rva - (function->end - distance);
        if (*done < size)
            return true;
    }
    return false;
}

/* Pops what the epilogue has still to pop: its pops are the pushes in the order of their codes. */
static bool pop_rest(const struct avd_walk *walk, const struct avd_x64_unwind_info *info,
                     uint64_t done, uint64_t *length, bool *pushes, struct avd_regs *regs)
{
    unsigned slots;
    unsigned i;

    for (i = 0; i < info->count; i += slots) {
        unsigned op = avd_x64_code_op(info, i);
        unsigned extra = avd_x64_code_info(info, i);

        slots = avd_x64_code_slots(info, i);
        if (slots == 0 || slots > info->count - i || op == AVD_UWOP_PUSH_MACHFRAME)
            return false;
        if (op == AVD_UWOP_PUSH_NONVOL) {
            *pushes = true;
            if (*length >= done)
                avd_x64_pop(walk, regs, extra);
            *length += extra >= AVD_R8 ? 2 : 1;
        } else if (op == AVD_UWOP_ALLOC_SMALL && extra == 0 && *pushes) {
            /* eight bytes between pushes: popped into a register that does not matter */
            if (*length >= done)
                regs->value[AVD_RSP] += 8;
            *length += 1;
        }
    }
    return true;
}

static bool finish_by_codes(struct avd_walk *walk, const struct avd_x64_image *image,
                            const struct avd_x64_function *function,
                            const struct avd_x64_unwind_info *info, uint64_t pc,
                            struct avd_regs *regs)
{
    struct avd_x64_function current = *function;
    struct avd_x64_function parent;
    struct avd_x64_unwind_info now = *info;
    struct avd_regs left = *regs;
    enum avd_walk_end end = AVD_END_NONE;
    size_t said = strlen(walk->detail);
    uint64_t length = 0;
    bool pushes = false;
    bool ok;
    uint64_t done;
    unsigned depth;

    if (!find_by_codes(function, info, pc - image->base, &done))
        return false;
    ok = pop_rest(walk, &now, done, &length, &pushes, &left);
    for (depth = 0; ok && (now.flags & AVD_UNWIND_CHAIN) != 0; depth++) {
        ok = depth < AVD_MAX_UNWIND_CHAIN &&
             avd_x64_parent(walk, image, &current, &now, &parent, &end) &&
             avd_x64_read_info(walk, image, &parent, &now, &end) &&
             pop_rest(walk, &now, done, &length, &pushes, &left);
        current = parent;
    }
    walk->detail[said] = '\0'; /* what could not be read is told by the unwinding itself */
    if (ok)
        *regs = left;
    return ok;
}

bool avd_x64_finish_epilogue(struct avd_walk *walk, const struct avd_x64_image *image,
                             const struct avd_x64_function *function,
                             const struct avd_x64_unwind_info *info, uint64_t pc,
                             struct avd_regs *regs)
{
    uint64_t rva = pc - image->base;

    if (info->version == 2)
        return finish_by_codes(walk, image, function, info, pc, regs);
    /* A prologue holds none; a function that changed nothing returns the same way everywhere. */
    if (rva < function->begin || rva >= function->end ||
        rva - function->begin < info->prolog_size ||
        (info->count == 0 && (info->flags & AVD_UNWIND_CHAIN) == 0))
        return false;
    return finish_by_code(walk, image, function, info, pc, regs);
}
