/* SPDX-License-Identifier: MIT */
/*
 * Registers with what is known of them. A register that nobody restored is unknown, never 0:
 * unwinding from a stale register is the commonest source of confident nonsense.
 */
#ifndef AVD_STACK_REGS_H
#define AVD_STACK_REGS_H

#include <stdbool.h>
#include <stdint.h>

enum { AVD_REG_COUNT = 17 };

/* clang-format off */
/* AMD64 in the order of UNWIND_INFO's register numbers, rip behind them. */
enum {
    AVD_RAX, AVD_RCX, AVD_RDX, AVD_RBX, AVD_RSP, AVD_RBP, AVD_RSI, AVD_RDI,
    AVD_R8, AVD_R9, AVD_R10, AVD_R11, AVD_R12, AVD_R13, AVD_R14, AVD_R15,
    AVD_RIP
};

/* x86 uses the same slots, eip where rip is. */
enum {
    AVD_EAX = AVD_RAX, AVD_ECX = AVD_RCX, AVD_EDX = AVD_RDX, AVD_EBX = AVD_RBX,
    AVD_ESP = AVD_RSP, AVD_EBP = AVD_RBP, AVD_ESI = AVD_RSI, AVD_EDI = AVD_RDI,
    AVD_EIP = AVD_RIP
};
/* clang-format on */

struct avd_regs {
    uint64_t value[AVD_REG_COUNT];
    uint32_t known; /* bit n: value[n] counts */
};

static inline bool avd_reg_known(const struct avd_regs *regs, unsigned reg)
{
    return (regs->known >> reg & 1) != 0;
}

static inline void avd_reg_set(struct avd_regs *regs, unsigned reg, uint64_t value)
{
    regs->value[reg] = value;
    regs->known |= UINT32_C(1) << reg;
}

static inline void avd_reg_forget(struct avd_regs *regs, unsigned reg)
{
    regs->value[reg] = 0;
    regs->known &= ~(UINT32_C(1) << reg);
}

/* A CONTEXT decoded: registers and what decides the mode of the CPU. */
struct avd_context {
    struct avd_regs regs;
    uint32_t flags;    /* ContextFlags */
    bool has_segments; /* cs and ss count; the others are 0 when their group is absent */
    uint16_t cs, ds, es, fs, gs, ss;
    bool has_eflags;
    uint32_t eflags;
};

#endif
