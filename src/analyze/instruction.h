/* SPDX-License-Identifier: MIT */
/*
 * What the instruction at the exception did: the memory that it touches against the address that
 * the exception reports, and what follows from the difference. The fields are those of
 * rust-minidump's crash_info, with its meaning where that can be had; docs/json.md has the
 * deviations.
 */
#ifndef AVD_ANALYZE_INSTRUCTION_H
#define AVD_ANALYZE_INSTRUCTION_H

#include "base/arena.h"
#include "insn/insn.h"

enum { AVD_MAX_BIT_FLIPS = 64 };

enum avd_adjusted {
    AVD_ADJUSTED_NONE = 0,
    AVD_ADJUSTED_NON_CANONICAL,
    AVD_ADJUSTED_MISALIGNED, /* no multiple of the operand's alignment */
    AVD_ADJUSTED_NULL
};

/* Bits of `inconsistencies`: what the exception says cannot come from this instruction. */
enum {
    AVD_INCONSISTENT_DIVIDE = 1,        /* a division by zero without a division */
    AVD_INCONSISTENT_PRIVILEGED = 2,    /* a privileged instruction that is none */
    AVD_INCONSISTENT_NON_CANONICAL = 4, /* reported as non-canonical, the operands are not */
    AVD_INCONSISTENT_ALLOWED = 8,       /* the access is allowed by the memory's protection */
    AVD_INCONSISTENT_NOT_FOUND = 16,    /* no operand leads to the reported address */
    AVD_INCONSISTENCY_COUNT = 5
};
/* rust-minidump's word for bit number `bit`, as "int_div_by_zero_not_possible". */
const char *avd_inconsistency_name(unsigned bit);

struct avd_bit_flip {
    uint64_t address;    /* what it would have been */
    int source_register; /* of stack/regs.h; -1: the address itself */
    bool was_non_canonical, is_null, was_low, poison_registers;
    unsigned nearby_registers;
    double confidence; /* 0 to 1 */
};

struct avd_crash_instruction {
    bool decoded;
    const char *why_not; /* when it is not */
    bool is_64bit;
    uint64_t pc;
    struct avd_insn insn;
    struct avd_regs regs;
    bool guard_page[AVD_INSN_MAX_MEMORY];
    int faulting;            /* index of the memory operand that failed, or -1 */
    bool has_pointer_update; /* call, jump or return to a place that the registers name */
    uint64_t pointer_update;
    bool pointer_update_guard_page;
    enum avd_adjusted adjusted;
    uint64_t adjusted_value; /* the address, or the offset from the null pointer */
    unsigned inconsistencies;
    struct avd_bit_flip flips[AVD_MAX_BIT_FLIPS];
    size_t flip_count;
};

struct avd_analysis;

/* ---- det_instruction.c ---- */

/* Whether the exception has no address because the CPU gave none, as for a general protection
 * fault: Windows then says that the last byte was read, Linux 0 with SI_KERNEL. */
bool avd_exception_has_no_address(const struct avd_analysis *an);

/* ---- bit_flips.c ---- */

/* Fills flips: mapped addresses one bit away from the one that failed, and from the registers that
 * it was made of. Only in 64-bit code and where the dump tells what memory was mapped. */
void avd_bit_flips_find(const struct avd_analysis *an, struct avd_crash_instruction *ins);

/* rust-minidump's confidence of one, from its details. */
double avd_bit_flip_confidence(const struct avd_bit_flip *flip);

#endif
