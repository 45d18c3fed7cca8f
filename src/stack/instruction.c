/* SPDX-License-Identifier: MIT */
/*
 * Takes an instruction apart as far as its length needs: prefixes, opcode, ModRM, SIB,
 * displacement, immediate. Intel's manual, volume 2, chapter 2 and appendix A. EVEX, XOP and
 * 3DNow! are left out: no compiler puts them between a crash and the end of its function often
 * enough. So are, in 32-bit code, 16-bit addresses and segment registers on the stack.
 */
#include "stack/instruction.h"

#include "stack/regs.h"

#include <string.h>

/* IMM_64 has 4 bytes in 32-bit code: addresses. */
enum immediate { IMM_NONE, IMM_8, IMM_16, IMM_Z, IMM_24, IMM_64, IMM_BAD };

static bool within(uint8_t value, uint8_t low, uint8_t high)
{
    return value >= low && value <= high;
}

/* One-byte opcodes; *modrm: whether one follows. F6 and F7 are settled when it is known. */
static enum immediate form_of_byte(uint8_t op, bool wide, bool *modrm)
{
    *modrm = (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 || op == 0x6b ||
             within(op, 0x80, 0x8f) || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
             within(op, 0xd0, 0xd3) || within(op, 0xd8, 0xdf) || op == 0xf6 || op == 0xf7 ||
             op >= 0xfe;
    if (op < 0x40) {
        if ((op & 7) == 4)
            return IMM_8;
        if ((op & 7) == 5)
            return IMM_Z;
        return (op & 7) < 4 ? IMM_NONE : IMM_BAD;
    }
    if (within(op, 0x60, 0x62) || op == 0x82 || op == 0x9a || op == 0xce ||
        within(op, 0xd4, 0xd6) || op == 0xea)
        return IMM_BAD;
    if (op == 0x6a || op == 0x6b || within(op, 0x70, 0x7f) || op == 0x80 || op == 0x83 ||
        op == 0xa8 || within(op, 0xb0, 0xb7) || op == 0xc0 || op == 0xc1 || op == 0xc6 ||
        op == 0xcd || within(op, 0xe0, 0xe7) || op == 0xeb)
        return IMM_8;
    if (op == 0x68 || op == 0x69 || op == 0x81 || op == 0xa9 || op == 0xc7 || op == 0xe8 ||
        op == 0xe9)
        return IMM_Z;
    if (within(op, 0xb8, 0xbf))
        return wide ? IMM_64 : IMM_Z;
    if (within(op, 0xa0, 0xa3))
        return IMM_64;
    if (op == 0xc2 || op == 0xca)
        return IMM_16;
    return op == 0xc8 ? IMM_24 : IMM_NONE;
}

static enum immediate form_of_0f(uint8_t op, bool *modrm)
{
    *modrm = !(within(op, 0x05, 0x09) || op == 0x0b || op == 0x0e || within(op, 0x30, 0x37) ||
               op == 0x77 || within(op, 0x80, 0x8f) || within(op, 0xa0, 0xa2) ||
               within(op, 0xa8, 0xaa) || within(op, 0xc8, 0xcf));
    if (op == 0x04 || op == 0x0a || op == 0x0c || op == 0x0f || within(op, 0x24, 0x27) ||
        op == 0x36 || op == 0xa6 || op == 0xa7)
        return IMM_BAD;
    if (within(op, 0x80, 0x8f))
        return IMM_Z;
    return within(op, 0x70, 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 ||
                   within(op, 0xc4, 0xc6)
               ? IMM_8
               : IMM_NONE;
}

static void read_prefixes(struct avd_cursor *c, bool is_64bit, struct avd_instruction *out)
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
        if (c->failed || c->pos >= AVD_LONGEST_INSTRUCTION)
            return;
    }
    if (is_64bit && within(avd_view_u8(c->view, c->pos), 0x40, 0x4f))
        out->rex = avd_cursor_u8(c);
}

/* C4 and C5; what they say inverted is turned into a REX prefix. */
static void read_vex(struct avd_cursor *c, uint8_t first, struct avd_instruction *out)
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

static void read_modrm(struct avd_cursor *c, bool is_64bit, struct avd_instruction *out)
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
        out->rip_relative = is_64bit;
        out->is_absolute = !is_64bit;
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

static void read_immediate(struct avd_cursor *c, enum immediate form, bool is_64bit,
                           struct avd_instruction *out)
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
        avd_cursor_skip(c, is_64bit ? 8 : 4);
    }
}

/* What only 32-bit code has and no compiler makes, and the prefix of 16-bit addresses. */
static bool is_rare(uint8_t op)
{
    return op == 0x67 || op == 0xc4 || op == 0xc5 || op == 0x63;
}

/* C4 and C5 are LES and LDS in 32-bit code where ModRM could be one of memory. */
static bool is_vex(const struct avd_cursor *c, uint8_t op, bool is_64bit)
{
    return (op == 0xc4 || op == 0xc5) && (is_64bit || avd_view_u8(c->view, c->pos) >= 0xc0);
}

bool avd_decode_instruction(struct avd_view code, bool is_64bit, struct avd_instruction *out)
{
    struct avd_cursor c = avd_cursor_at(code, 0);
    enum immediate form;
    bool modrm = true;
    uint8_t op;

    memset(out, 0, sizeof *out);
    read_prefixes(&c, is_64bit, out);
    op = avd_cursor_u8(&c);
    if (is_vex(&c, op, is_64bit)) {
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
    if (form == IMM_BAD || (out->vex && out->map == 0) ||
        (!is_64bit && out->map == 0 && is_rare(op)))
        return false;
    if (modrm)
        read_modrm(&c, is_64bit, out);
    if (out->map == 0 && (out->opcode == 0xf6 || out->opcode == 0xf7) && (out->reg & 7) < 2)
        form = out->opcode == 0xf6 ? IMM_8 : IMM_Z;
    read_immediate(&c, form, is_64bit, out);
    out->length = c.pos;
    return !c.failed && out->length <= AVD_LONGEST_INSTRUCTION;
}

/* Whether the operands are bytes. */
static bool is_of_bytes(const struct avd_instruction *in)
{
    uint8_t op = in->opcode;

    if (in->map == 1)
        return within(op, 0x90, 0x9f) || op == 0xb0 || op == 0xc0;
    return within(op, 0xb0, 0xb7) ||
           ((op & 1) == 0 && (op < 0x40 || within(op, 0x80, 0x8a) || op == 0xc0 || op == 0xc6 ||
                              op == 0xd0 || op == 0xd2 || op == 0xf6 || op == 0xfe));
}

/* A register as an operand: without REX the bytes 4 to 7 are parts of the registers 0 to 3. */
static uint32_t register_bit(const struct avd_instruction *in, unsigned reg)
{
    return UINT32_C(1) << (in->rex == 0 && is_of_bytes(in) ? reg & 3 : reg);
}

static uint32_t reg_bit(const struct avd_instruction *in)
{
    return register_bit(in, in->reg);
}

/* The register that ModRM's second operand is, 0 when that is memory. */
static uint32_t rm_bit(const struct avd_instruction *in)
{
    return in->has_modrm && in->mod == 3 ? register_bit(in, in->rm) : 0;
}

/* The one that an opcode names itself. */
static uint32_t low_bit(const struct avd_instruction *in)
{
    return register_bit(in, (in->opcode & 7u) | (in->rex & 1u) << 3);
}

/* A group of one-byte opcodes by which /r of ModRM says what is done. */
static uint32_t writes_of_group(const struct avd_instruction *in)
{
    unsigned which = in->reg & 7;

    switch (in->opcode) {
    case 0x80:
    case 0x81:
    case 0x83: return which == 7 ? 0 : rm_bit(in);
    case 0xf6:
    case 0xf7:
        if (which < 2)
            return 0;
        return which < 4 ? rm_bit(in) : 1 << AVD_RAX | 1 << AVD_RDX; /* mul, div */
    case 0xfe:
    case 0xff: return which < 2 ? rm_bit(in) : 0;
    default: return rm_bit(in);
    }
}

static uint32_t writes_of_string(uint8_t op)
{
    switch (op) {
    case 0xa4:
    case 0xa5:
    case 0xa6:
    case 0xa7: return 1 << AVD_RSI | 1 << AVD_RDI | 1 << AVD_RCX;
    case 0xac:
    case 0xad: return 1 << AVD_RSI | 1 << AVD_RAX | 1 << AVD_RCX;
    default: return 1 << AVD_RDI | 1 << AVD_RCX; /* aa, ab, ae, af */
    }
}

static uint32_t writes_of_byte(const struct avd_instruction *in)
{
    uint8_t op = in->opcode;

    if (op < 0x40) {
        if (op >= 0x38)
            return 0; /* cmp */
        return (op & 7) < 2 ? rm_bit(in) : (op & 7) < 4 ? reg_bit(in) : 1 << AVD_RAX;
    }
    if (op < 0x50 || within(op, 0x58, 0x5f)) /* 32-bit: inc, dec; pop */
        return low_bit(in);
    if (op == 0x63 || op == 0x69 || op == 0x6b || op == 0x8a || op == 0x8b || op == 0x8d)
        return reg_bit(in);
    if (within(op, 0x80, 0x83) || op == 0xc0 || op == 0xc1 || within(op, 0xd0, 0xd3) || op >= 0xf6)
        return writes_of_group(in);
    if (op == 0x86 || op == 0x87)
        return reg_bit(in) | rm_bit(in);
    if (op == 0x88 || op == 0x89 || op == 0x8c || op == 0x8f || op == 0xc6 || op == 0xc7)
        return rm_bit(in);
    if (within(op, 0x91, 0x97))
        return low_bit(in) | 1 << AVD_RAX;
    if (op == 0x98 || op == 0x99 || op == 0x9f || op == 0xa0 || op == 0xa1 || op == 0xd6 ||
        op == 0xd7 || within(op, 0xe4, 0xe5) || within(op, 0xec, 0xed))
        return 1 << AVD_RAX | 1 << AVD_RDX;
    if (within(op, 0xa4, 0xa7) || within(op, 0xaa, 0xaf))
        return writes_of_string(op);
    if (within(op, 0xb0, 0xbf))
        return low_bit(in);
    if (op == 0xdf) /* fnstsw ax */
        return 1 << AVD_RAX;
    return within(op, 0xe0, 0xe2) ? 1 << AVD_RCX : op == 0xc9 ? 1 << AVD_RBP : 0;
}

/* 0F; those of AVX are the same ones, or have no general registers. */
static uint32_t writes_of_0f(const struct avd_instruction *in)
{
    uint8_t op = in->opcode;
    uint32_t all = 1 << AVD_RAX | 1 << AVD_RCX | 1 << AVD_RDX | 1 << AVD_RBX;

    if (op == 0x2c || op == 0x2d || op == 0x50 || op == 0xc5 || op == 0xd7)
        return reg_bit(in); /* from vector registers */
    if (op == 0x7e)
        return rm_bit(in);
    if (in->vex)
        return 0;
    if (within(op, 0x40, 0x4f) || op == 0x02 || op == 0x03 || op == 0xaf ||
        within(op, 0xb6, 0xb8) || within(op, 0xbc, 0xbf))
        return reg_bit(in);
    if (op == 0xc0 || op == 0xc1)
        return reg_bit(in) | rm_bit(in);
    if (within(op, 0x90, 0x9f) || op == 0xa4 || op == 0xa5 || op == 0xab || op == 0xac ||
        op == 0xad || op == 0xb3 || op == 0xbb || (op == 0xba && (in->reg & 7) != 4) || op <= 0x01)
        return rm_bit(in);
    if (op == 0xb0 || op == 0xb1 || op == 0xc7)
        return rm_bit(in) | 1 << AVD_RAX | 1 << AVD_RDX;
    if (within(op, 0xc8, 0xcf))
        return low_bit(in);
    return op == 0xa2 || within(op, 0x31, 0x33) ? all : 0;
}

/* 0F 38 and 0F 3A: bits moved about in general registers, and parts of vector registers. */
static uint32_t writes_of_0f38(const struct avd_instruction *in)
{
    uint8_t op = in->opcode;

    if (in->map == 2)
        return op >= 0xf0 ? reg_bit(in) | rm_bit(in) : 0;
    if (within(op, 0x60, 0x63))
        return 1 << AVD_RCX;
    return op == 0xf0 ? reg_bit(in) : within(op, 0x14, 0x17) ? rm_bit(in) : 0;
}

uint32_t avd_instruction_writes(const struct avd_instruction *in)
{
    switch (in->map) {
    case 0: return writes_of_byte(in);
    case 1: return writes_of_0f(in);
    default: return writes_of_0f38(in);
    }
}
