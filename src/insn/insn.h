/* SPDX-License-Identifier: MIT */
/*
 * One x86 or x64 instruction in avdump's own terms: its text, the memory it touches with the
 * addresses that its registers give, and where it leads. The decoding is Zydis's (zydis.c), which
 * is loaded when the first instruction is asked for; what its operands mean for a crash is
 * computed here (insn.c).
 */
#ifndef AVD_INSN_INSN_H
#define AVD_INSN_INSN_H

#include "base/view.h"
#include "stack/regs.h"

enum {
    AVD_INSN_MAX_BYTES = 15, /* the CPU's own limit */
    AVD_INSN_MAX_MEMORY = 4, /* memory operands: cmps and movs have two, push [mem] has two */
    AVD_INSN_TEXT_SIZE = 128
};

/* What an instruction is to somebody who looks at a crash. */
enum avd_insn_kind {
    AVD_INSN_OTHER = 0,
    AVD_INSN_CALL,
    AVD_INSN_JUMP, /* also a conditional one */
    AVD_INSN_RETURN,
    AVD_INSN_PUSH,
    AVD_INSN_POP,
    AVD_INSN_DIVIDE,     /* div, idiv */
    AVD_INSN_BREAKPOINT, /* int3 */
    AVD_INSN_INTERRUPT,  /* int n; 0x29 is Windows's fast fail */
    AVD_INSN_SYSCALL,
    AVD_INSN_UNDEFINED, /* ud2 and its like */
    AVD_INSN_PRIVILEGED /* user mode may not run it */
};
const char *avd_insn_kind_name(enum avd_insn_kind kind); /* "call", "divide" ...; "other" */

enum { AVD_INSN_NO_REG = -1, AVD_INSN_OTHER_REG = -2 /* a vector register, a segment's base */ };

struct avd_insn_memory {
    int base, index; /* a register of stack/regs.h, or one of the two above */
    unsigned scale;  /* of the index; 1, 2, 4, 8 */
    int64_t displacement;
    bool rip_relative;     /* base is AVD_RIP: the next instruction's address */
    unsigned address_bits; /* 16, 32 or 64: effective addresses wrap there */
    unsigned size;         /* bytes; 0 when that depends on more than the instruction */
    unsigned alignment; /* the CPU refuses addresses that are no multiple of it; 1: it takes any */
    bool read, write;
    bool implicit;    /* not written out: the stack's slot of a push, call or ret */
    bool has_address; /* every register that it takes is known */
    uint64_t address;
};

struct avd_insn {
    char text[AVD_INSN_TEXT_SIZE]; /* Intel syntax, lower case */
    char mnemonic[24];
    unsigned length;
    enum avd_insn_kind kind;
    unsigned interrupt; /* AVD_INSN_INTERRUPT: its number */
    struct avd_insn_memory memory[AVD_INSN_MAX_MEMORY];
    size_t memory_count;
    uint32_t address_regs; /* bit n: general register n is part of an explicit address */
    uint32_t operand_regs; /* bit n: it is an operand, or part of one; those written out */
    bool has_target;       /* a direct branch, or one through a register that is known */
    uint64_t target;
    bool target_in_register;
    int target_memory; /* index of the memory operand that holds the target, or -1 */
};

/*
 * Decodes the instruction at the start of `code`, which lies at `pc`; registers that `regs` does
 * not know leave addresses out. False when it cannot: *why is one line, static, that goes on after
 * "the instruction was not decoded: ".
 */
bool avd_insn_decode(struct avd_view code, uint64_t pc, bool is_64bit, const struct avd_regs *regs,
                     struct avd_insn *out, const char **why);

/* What the CPU wants the address of a memory operand to be a multiple of (insn.c): Intel 64 and
 * IA-32 manual, volume 1, 4.1.1, and the exceptions that volume 2 lists with each instruction. */
unsigned avd_insn_alignment(const char *mnemonic, unsigned size);

/* Fills has_address and address of all memory operands from `regs` (insn.c). `pc` and length count
 * for rip-relative ones. */
void avd_insn_resolve(struct avd_insn *insn, uint64_t pc, bool is_64bit,
                      const struct avd_regs *regs);

/* "rax" or "eax"; NULL for a number that is none. */
const char *avd_insn_reg_name(unsigned reg, bool is_64bit);

/* The decoder's part: text, kind and operands without addresses (zydis.c). */
bool avd_insn_disassemble(struct avd_view code, uint64_t pc, bool is_64bit, struct avd_insn *out,
                          const char **why);

#endif
