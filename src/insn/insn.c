/* SPDX-License-Identifier: MIT */
/*
 * What the operands of a decoded instruction come to with the registers of a crash. Address
 * arithmetic as in the Intel 64 and IA-32 manual, volume 1, 3.7.5: base + index * scale +
 * displacement, cut to the address size.
 */
#include "insn/insn.h"

#include <string.h>

const char *avd_insn_kind_name(enum avd_insn_kind kind)
{
    switch (kind) {
    case AVD_INSN_CALL: return "call";
    case AVD_INSN_JUMP: return "jump";
    case AVD_INSN_RETURN: return "return";
    case AVD_INSN_PUSH: return "push";
    case AVD_INSN_POP: return "pop";
    case AVD_INSN_DIVIDE: return "divide";
    case AVD_INSN_BREAKPOINT: return "breakpoint";
    case AVD_INSN_INTERRUPT: return "interrupt";
    case AVD_INSN_SYSCALL: return "syscall";
    case AVD_INSN_UNDEFINED: return "undefined";
    case AVD_INSN_PRIVILEGED: return "privileged";
    case AVD_INSN_OTHER: break;
    }
    return "other";
}

const char *avd_insn_reg_name(unsigned reg, bool is_64bit)
{
    static const char *const names64[AVD_REG_COUNT] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                       "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                       "r12", "r13", "r14", "r15", "rip"};
    static const char *const names32[AVD_REG_COUNT] = {"eax", "ecx", "edx", "ebx", "esp", "ebp",
                                                       "esi", "edi", NULL,  NULL,  NULL,  NULL,
                                                       NULL,  NULL,  NULL,  NULL,  "eip"};

    if (reg >= AVD_REG_COUNT)
        return NULL;
    return is_64bit ? names64[reg] : names32[reg];
}

/* Adds a register's value; false when it is not known. */
static bool add_register(const struct avd_regs *regs, int reg, unsigned scale, uint64_t *address)
{
    if (reg == AVD_INSN_NO_REG)
        return true;
    if (reg < 0 || reg >= AVD_REG_COUNT || !avd_reg_known(regs, (unsigned)reg))
        return false;
    *address += regs->value[reg] * scale;
    return true;
}

static void resolve(struct avd_insn_memory *memory, uint64_t next, const struct avd_regs *regs)
{
    uint64_t address = (uint64_t)memory->displacement;

    if (memory->rip_relative)
        address += next;
    else if (!add_register(regs, memory->base, 1, &address))
        return;
    if (!add_register(regs, memory->index, memory->scale, &address))
        return;
    if (memory->address_bits < 64)
        address &= (UINT64_C(1) << memory->address_bits) - 1;
    memory->address = address;
    memory->has_address = true;
}

void avd_insn_resolve(struct avd_insn *insn, uint64_t pc, bool is_64bit,
                      const struct avd_regs *regs)
{
    uint64_t next = pc + insn->length;
    size_t i;

    if (!is_64bit)
        next &= UINT32_MAX;
    for (i = 0; i < insn->memory_count; i++) {
        insn->memory[i].has_address = false;
        resolve(&insn->memory[i], next, regs);
    }
    if (!insn->target_in_register)
        return;
    insn->has_target = false;
    /* `target` is the register's number until here. */
    if (insn->target < AVD_REG_COUNT && avd_reg_known(regs, (unsigned)insn->target)) {
        insn->target = regs->value[insn->target];
        insn->has_target = true;
    }
    insn->target_in_register = false;
}

static bool is_one_of(const char *mnemonic, const char *const *names, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(mnemonic, names[i]) == 0)
            return true;
    return false;
}

unsigned avd_insn_alignment(const char *mnemonic, unsigned size)
{
    /* Of the instructions with a VEX or EVEX prefix only these moves want it. */
    static const char *const aligned[] = {
        "vmovaps",   "vmovapd",  "vmovdqa",  "vmovdqa32", "vmovdqa64",
        "vmovntdqa", "vmovntdq", "vmovntps", "vmovntpd",
    };
    /* Of the older ones with 16 bytes these do not. */
    static const char *const unaligned[] = {
        "movups",    "movupd",    "movdqu",    "lddqu",  "pcmpestri",
        "pcmpestrm", "pcmpistri", "pcmpistrm", "bndmov",
    };
    enum { XMM_BYTES = 16, XSAVE_ALIGNMENT = 64 };

    if (mnemonic[0] == 'v')
        return is_one_of(mnemonic, aligned, sizeof aligned / sizeof aligned[0]) ? size : 1;
    if (strncmp(mnemonic, "fxsave", 6) == 0 || strncmp(mnemonic, "fxrstor", 7) == 0)
        return XMM_BYTES;
    if (strncmp(mnemonic, "xsave", 5) == 0 || strncmp(mnemonic, "xrstor", 6) == 0)
        return XSAVE_ALIGNMENT;
    return size == XMM_BYTES && strncmp(mnemonic, "inv", 3) != 0 &&
                   !is_one_of(mnemonic, unaligned, sizeof unaligned / sizeof unaligned[0])
               ? XMM_BYTES
               : 1;
}

bool avd_insn_decode(struct avd_view code, uint64_t pc, bool is_64bit, const struct avd_regs *regs,
                     struct avd_insn *out, const char **why)
{
    size_t i;

    memset(out, 0, sizeof *out);
    out->target_memory = -1;
    if (code.size == 0) {
        *why = "no code bytes at the instruction pointer are in the dump";
        return false;
    }
    if (!avd_insn_disassemble(code, pc, is_64bit, out, why)) {
        memset(out, 0, sizeof *out);
        out->target_memory = -1;
        return false;
    }
    for (i = 0; i < out->memory_count; i++)
        out->memory[i].alignment = avd_insn_alignment(out->mnemonic, out->memory[i].size);
    avd_insn_resolve(out, pc, is_64bit, regs);
    return true;
}
