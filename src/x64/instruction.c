/* SPDX-License-Identifier: MIT */
/*
 * Takes an x64 instruction apart as far as its length needs: prefixes, opcode, ModRM, SIB,
 * displacement, immediate. Intel's manual, volume 2, chapter 2 and appendix A. EVEX, XOP and
 * 3DNow! are left out: no compiler puts them between a crash and the end of its function often
 * enough.
 */
#include "x64/instruction.h"

#include <string.h>

enum immediate { IMM_NONE, IMM_8, IMM_16, IMM_Z, IMM_24, IMM_64, IMM_BAD };

static bool in(uint8_t value, uint8_t low, uint8_t high)
{
    return value >= low && value <= high;
}

/* One-byte opcodes; *modrm: whether one follows. F6 and F7 are settled when it is known. */
static enum immediate form_of_byte(uint8_t op, bool wide, bool *modrm)
{
    *modrm = (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 || op == 0x6b ||
             in(op, 0x80, 0x8f) || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
             in(op, 0xd0, 0xd3) || in(op, 0xd8, 0xdf) || op == 0xf6 || op == 0xf7 || op >= 0xfe;
    if (op < 0x40) {
        if ((op & 7) == 4)
            return IMM_8;
        if ((op & 7) == 5)
            return IMM_Z;
        return (op & 7) < 4 ? IMM_NONE : IMM_BAD;
    }
    if (in(op, 0x60, 0x62) || op == 0x82 || op == 0x9a || op == 0xce || in(op, 0xd4, 0xd6) ||
        op == 0xea)
        return IMM_BAD;
    if (op == 0x6a || op == 0x6b || in(op, 0x70, 0x7f) || op == 0x80 || op == 0x83 || op == 0xa8 ||
        in(op, 0xb0, 0xb7) || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xcd ||
        in(op, 0xe0, 0xe7) || op == 0xeb)
        return IMM_8;
    if (op == 0x68 || op == 0x69 || op == 0x81 || op == 0xa9 || op == 0xc7 || op == 0xe8 ||
        op == 0xe9)
        return IMM_Z;
    if (in(op, 0xb8, 0xbf))
        return wide ? IMM_64 : IMM_Z;
    if (in(op, 0xa0, 0xa3))
        return IMM_64;
    if (op == 0xc2 || op == 0xca)
        return IMM_16;
    return op == 0xc8 ? IMM_24 : IMM_NONE;
}

static enum immediate form_of_0f(uint8_t op, bool *modrm)
{
    *modrm =
        !(in(op, 0x05, 0x09) || op == 0x0b || op == 0x0e || in(op, 0x30, 0x37) || op == 0x77 ||
          in(op, 0x80, 0x8f) || in(op, 0xa0, 0xa2) || in(op, 0xa8, 0xaa) || in(op, 0xc8, 0xcf));
    if (op == 0x04 || op == 0x0a || op == 0x0c || op == 0x0f || in(op, 0x24, 0x27) || op == 0x36 ||
        op == 0xa6 || op == 0xa7)
        return IMM_BAD;
    if (in(op, 0x80, 0x8f))
        return IMM_Z;
    return in(op, 0x70, 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 ||
                   in(op, 0xc4, 0xc6)
               ? IMM_8
               : IMM_NONE;
}

static void read_prefixes(struct avd_cursor *c, struct avd_x64_instruction *out)
{
    for (;;) {
        uint8_t byte = avd_view_u8(c->view, c->pos);

        if (byte == 0x66)
            out->narrow = true;
        else if (byte == 0xf2 || byte == 0xf3)
            out->repeat = byte;
        else if (byte == 0x64 || byte == 0x65)
            out->segment = true;
        else if (byte != 0x26 && byte != 0x2e && byte != 0x36 && byte != 0x3e && byte != 0xf0)
            break;
        (void)avd_cursor_u8(c);
        if (c->failed || c->pos >= AVD_X64_LONGEST_INSTRUCTION)
            return;
    }
    if (in(avd_view_u8(c->view, c->pos), 0x40, 0x4f))
        out->rex = avd_cursor_u8(c);
}

/* C4 and C5; what they say inverted is turned into a REX prefix. */
static void read_vex(struct avd_cursor *c, uint8_t first, struct avd_x64_instruction *out)
{
    uint8_t byte = avd_cursor_u8(c);

    out->vex = true;
    out->map = 1;
    out->rex = (uint8_t)(0x40 | (~byte >> 5 & 4));
    if (first == 0xc4) {
        out->map = byte & 31;
        out->rex = (uint8_t)(0x40 | (~byte >> 5 & 7));
        (void)avd_cursor_u8(c);
    }
    out->opcode = avd_cursor_u8(c);
}

static void read_modrm(struct avd_cursor *c, struct avd_x64_instruction *out)
{
    uint8_t modrm = avd_cursor_u8(c);
    unsigned low = modrm & 7;
    uint8_t sib = 0x24;

    out->has_modrm = true;
    out->mod = modrm >> 6;
    out->reg = (unsigned)(modrm >> 3 & 7) | (out->rex & 4u) << 1;
    out->rm = low | (out->rex & 1u) << 3;
    if (out->mod == 3)
        return;
    out->has_base = true;
    if (low == 4) {
        sib = avd_cursor_u8(c);
        low = sib & 7;
        out->rm = low | (out->rex & 1u) << 3;
        out->has_base = (sib >> 3 & 7) == 4 && (out->rex & 2) == 0;
        if (out->mod == 0 && low == 5)
            out->has_base = false;
    } else if (out->mod == 0 && low == 5) {
        out->has_base = false;
        out->rip_relative = true;
    }
    if (out->mod == 1) {
        uint8_t byte = avd_cursor_u8(c);

        out->displacement = byte < 0x80 ? byte : (int64_t)byte - 0x100;
    } else if (out->mod == 2 || low == 5) {
        if (out->mod == 2 || out->mod == 0) {
            uint32_t value = avd_cursor_u32(c);

            out->displacement = (int64_t)value - (value >> 31 != 0 ? INT64_C(1) << 32 : 0);
        }
    }
}

static void read_immediate(struct avd_cursor *c, enum immediate form,
                           struct avd_x64_instruction *out)
{
    uint32_t value;

    if (form == IMM_8) {
        value = avd_cursor_u8(c);
        out->immediate = (int64_t)value - (value >= 0x80 ? 0x100 : 0);
    } else if (form == IMM_16 || (form == IMM_Z && out->narrow && (out->rex & 8) == 0 &&
                                  out->opcode != 0xe8 && out->opcode != 0xe9)) {
        value = avd_cursor_u16(c);
        out->immediate = (int64_t)value - (value >= 0x8000 ? 0x10000 : 0);
    } else if (form == IMM_Z) {
        value = avd_cursor_u32(c);
        out->immediate = (int64_t)value - (value >> 31 != 0 ? INT64_C(1) << 32 : 0);
    } else if (form == IMM_24) {
        avd_cursor_skip(c, 3);
    } else if (form == IMM_64) {
        avd_cursor_skip(c, 8);
    }
}

bool avd_x64_decode(struct avd_view code, struct avd_x64_instruction *out)
{
    struct avd_cursor c = avd_cursor_at(code, 0);
    enum immediate form;
    bool modrm = true;
    uint8_t op;

    memset(out, 0, sizeof *out);
    read_prefixes(&c, out);
    op = avd_cursor_u8(&c);
    if (op == 0xc4 || op == 0xc5) {
        read_vex(&c, op, out);
    } else if (op == 0x0f) {
        out->map = 1;
        out->opcode = avd_cursor_u8(&c);
        if (out->opcode == 0x38 || out->opcode == 0x3a) {
            out->map = out->opcode == 0x38 ? 2 : 3;
            out->opcode = avd_cursor_u8(&c);
        }
    } else {
        out->opcode = op;
    }
    switch (out->map) {
    case 0: form = form_of_byte(out->opcode, (out->rex & 8) != 0, &modrm); break;
    case 1: form = form_of_0f(out->opcode, &modrm); break;
    case 2: form = IMM_NONE; break;
    case 3: form = IMM_8; break;
    default: return false;
    }
    if (form == IMM_BAD)
        return false;
    if (modrm)
        read_modrm(&c, out);
    if (out->map == 0 && (out->opcode == 0xf6 || out->opcode == 0xf7) && (out->reg & 7) < 2)
        form = out->opcode == 0xf6 ? IMM_8 : IMM_Z;
    read_immediate(&c, form, out);
    out->length = c.pos;
    return !c.failed && out->length <= AVD_X64_LONGEST_INSTRUCTION;
}
