/* SPDX-License-Identifier: MIT */
/* The shape of one x86 or x64 instruction: where its parts are, how long it is, and what general
 * registers it writes; not what it computes. */
#ifndef AVD_STACK_INSTRUCTION_H
#define AVD_STACK_INSTRUCTION_H

#include "base/view.h"
#include "stack/regs.h"

enum { AVD_LONGEST_INSTRUCTION = 15 };

struct avd_instruction {
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
    bool is_absolute; /* 32-bit: memory operand at the displacement */
    int64_t displacement;
    int64_t immediate; /* sign-extended; 0 when there is none or it has 8 bytes */
};

/* Decodes what stands at the start of `code`, 64-bit or 32-bit code; false when it is none that is
 * known, or cut off. */
bool avd_decode_instruction(struct avd_view code, bool is_64bit, struct avd_instruction *out);

/* The general registers that it writes, bit n for register n: every one that it may write, a
 * part of one counting as the whole. What push, pop, calls and returns do to the stack pointer, and
 * what the functions called do, is left out. */
uint32_t avd_instruction_writes(const struct avd_instruction *in);

#endif
