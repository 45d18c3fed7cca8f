/* SPDX-License-Identifier: MIT */
/*
 * CONTEXT of AMD64 to CONTEXT of x86 (both winnt.h). The processor has one set of registers, which
 * 32-bit code sees the lower half of; FXSAVE images are alike in both modes but for the addresses
 * of the last floating-point instruction (Intel SDM 1, "FXSAVE area").
 */
#include "extract/context32.h"

#include <string.h>

/* Groups of registers in ContextFlags, the same in both. */
enum {
    GROUP_CONTROL = 0x01,
    GROUP_INTEGER = 0x02,
    GROUP_SEGMENTS = 0x04,
    GROUP_FLOATING_POINT = 0x08,
    GROUP_DEBUG = 0x10,
    GROUP_EXTENDED = 0x20, /* x86 alone: the FXSAVE image */
    GROUP_XSTATE = 0x40,   /* what lies behind the CONTEXT */
    CONTEXT_I386 = 0x00010000
};

/* Places in the AMD64 CONTEXT */
enum {
    FROM_FLAGS = 0x30,
    FROM_CS = 0x38, /* cs, ds, es, fs, gs, ss: two bytes each */
    FROM_EFLAGS = 0x44,
    FROM_DEBUG = 0x48, /* dr0 to dr3, dr6, dr7: eight bytes each */
    FROM_RAX = 0x78,   /* rax rcx rdx rbx rsp rbp rsi rdi */
    FROM_RIP = 0xf8,
    FROM_FXSAVE = 0x100,
    FROM_END = 0x300
};

/* Places in the x86 CONTEXT */
enum {
    TO_DEBUG = 0x04,
    TO_FLOAT = 0x1c, /* FLOATING_SAVE_AREA */
    TO_FLOAT_REGISTERS = TO_FLOAT + 28,
    TO_GS = 0x8c,
    TO_FS = 0x90,
    TO_ES = 0x94,
    TO_DS = 0x98,
    TO_EIP = 0xb8,
    TO_CS = 0xbc,
    TO_EFLAGS = 0xc0,
    TO_SS = 0xc8,
    TO_FXSAVE = 0xcc
};

/* Places in an FXSAVE image */
enum {
    FX_CONTROL = 0,
    FX_STATUS = 2,
    FX_TAG = 4, /* a bit per register: 1 used */
    FX_OPCODE = 6,
    FX_INSTRUCTION = 8,
    FX_INSTRUCTION_SELECTOR = 12,
    FX_DATA = 16,
    FX_DATA_SELECTOR = 20,
    FX_REGISTERS = 32,                          /* st(0) to st(7), 16 bytes each */
    FX_SIZE_32BIT = FX_REGISTERS + 128 + 8 * 16 /* then xmm0 to xmm7; the rest is 64-bit code's */
};

/* The two bits that the older format has for a register in use: 0 a number, 1 zero, 2 other. */
static unsigned tag_of(const uint8_t *st)
{
    unsigned exponent = avd_le16(st + 8) & 0x7fffu;
    uint64_t mantissa = avd_le64(st);

    if (exponent == 0 && mantissa == 0)
        return 1;
    return exponent == 0x7fff || mantissa >> 63 == 0 ? 2 : 0;
}

/* The FLOATING_SAVE_AREA that FSAVE would have written. */
static void put_float(uint8_t *to, const uint8_t *fx)
{
    unsigned top = avd_le16(fx + FX_STATUS) >> 11 & 7u;
    uint32_t tags = 0;
    unsigned i;

    for (i = 0; i < 8; i++) {
        const uint8_t *st = fx + FX_REGISTERS + (size_t)16 * ((i - top) & 7u);

        /* tags are of the registers as they are, st(n) counts from the top */
        tags |= (uint32_t)((fx[FX_TAG] >> i & 1) != 0 ? tag_of(st) : 3) << (2 * i);
    }
    avd_put_le32(to + TO_FLOAT, 0xffff0000u | avd_le16(fx + FX_CONTROL));
    avd_put_le32(to + TO_FLOAT + 4, 0xffff0000u | avd_le16(fx + FX_STATUS));
    avd_put_le32(to + TO_FLOAT + 8, 0xffff0000u | tags);
    avd_put_le32(to + TO_FLOAT + 12, avd_le32(fx + FX_INSTRUCTION));
    avd_put_le32(to + TO_FLOAT + 16, avd_le16(fx + FX_INSTRUCTION_SELECTOR) |
                                         (uint32_t)(avd_le16(fx + FX_OPCODE) & 0x7ff) << 16);
    avd_put_le32(to + TO_FLOAT + 20, avd_le32(fx + FX_DATA));
    avd_put_le32(to + TO_FLOAT + 24, 0xffff0000u | avd_le16(fx + FX_DATA_SELECTOR));
    for (i = 0; i < 8; i++)
        memcpy(to + TO_FLOAT_REGISTERS + 10 * (size_t)i, fx + FX_REGISTERS + 16 * (size_t)i, 10);
}

bool avd_context32_from_amd64(struct avd_view amd64, uint8_t *out)
{
    /* in the order of the AMD64 CONTEXT: eax ecx edx ebx esp ebp esi edi; cs ds es fs gs ss */
    static const uint8_t integers[] = {0xb0, 0xac, 0xa8, 0xa4, 0xc4, 0xb4, 0xa0, 0x9c};
    static const uint8_t segments[] = {TO_CS, TO_DS, TO_ES, TO_FS, TO_GS, TO_SS};
    uint32_t groups =
        avd_view_u32(amd64, FROM_FLAGS) &
        (GROUP_CONTROL | GROUP_INTEGER | GROUP_SEGMENTS | GROUP_FLOATING_POINT | GROUP_DEBUG);
    const uint8_t *from = amd64.data;
    size_t i;

    if (amd64.size < FROM_END)
        return false;
    memset(out, 0, AVD_CONTEXT32_SIZE);
    for (i = 0; i < sizeof integers; i++)
        avd_put_le32(out + integers[i], avd_le32(from + FROM_RAX + 8 * i));
    for (i = 0; i < sizeof segments; i++)
        avd_put_le32(out + segments[i], avd_le16(from + FROM_CS + 2 * i));
    avd_put_le32(out + TO_EIP, avd_le32(from + FROM_RIP));
    avd_put_le32(out + TO_EFLAGS, avd_le32(from + FROM_EFLAGS));
    if ((groups & GROUP_DEBUG) != 0)
        for (i = 0; i < 6; i++)
            avd_put_le32(out + TO_DEBUG + 4 * i, avd_le32(from + FROM_DEBUG + 8 * i));
    if ((groups & GROUP_FLOATING_POINT) != 0) {
        put_float(out, from + FROM_FXSAVE);
        memcpy(out + TO_FXSAVE, from + FROM_FXSAVE, FX_SIZE_32BIT);
        groups |= GROUP_EXTENDED;
    }
    avd_put_le32(out, CONTEXT_I386 | groups);
    return true;
}

bool avd_context32_from_x86(struct avd_view x86, uint8_t *out)
{
    uint32_t flags = avd_view_u32(x86, 0) & ~(uint32_t)GROUP_XSTATE;
    size_t size = x86.size < AVD_CONTEXT32_SIZE ? x86.size : AVD_CONTEXT32_SIZE;

    if (size < TO_FXSAVE)
        return false;
    memset(out, 0, AVD_CONTEXT32_SIZE);
    memcpy(out, x86.data, size);
    if (size < AVD_CONTEXT32_SIZE)
        flags &= ~(uint32_t)GROUP_EXTENDED;
    avd_put_le32(out, flags);
    return true;
}
