/* SPDX-License-Identifier: MIT */
/* The shape of one x64 instruction: where its parts are and how long it is; not what it does. */
#ifndef AVD_X64_INSTRUCTION_H
#define AVD_X64_INSTRUCTION_H

#include "base/view.h"
#include "stack/regs.h"

enum { AVD_X64_LONGEST_INSTRUCTION = 15 };

/* What a function must give back as it was, but for rsp: bits of registers. */
enum {
    AVD_X64_NONVOLATILE = 1 << AVD_RBX | 1 << AVD_RBP | 1 << AVD_RSI | 1 << AVD_RDI | 1 << AVD_R12 |
                          1 << AVD_R13 | 1 << AVD_R14 | 1 << AVD_R15
};

struct avd_x64_instruction {
    size_t length;
    uint8_t rex;    /* 0: none */
    uint8_t repeat; /* 0xf2 or 0xf3, 0: none */
    bool narrow;    /* operand-size prefix */
    bool segment;   /* fs or gs: its memory operand lies elsewhere */
    bool vex;
    unsigned map; /* 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A */
    uint8_t opcode;
    bool has_modrm;
    unsigned mod;  /* of ModRM */
    unsigned reg;  /* with REX.R */
    unsigned rm;   /* with REX.B; of a memory operand the base, valid when has_base */
    bool has_base; /* memory operand of base + displacement, no index */
    bool rip_relative;
    int64_t displacement;
    int64_t immediate; /* sign-extended; 0 when there is none or it has 8 bytes */
};

/* Decodes what stands at the start of `code`; false when it is none that is known, or cut off. */
bool avd_x64_decode(struct avd_view code, struct avd_x64_instruction *out);

#endif
