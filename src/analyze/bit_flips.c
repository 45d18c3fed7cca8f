/* SPDX-License-Identifier: MIT */
/*
 * Was the bad address a good one with one bit flipped, as faulty memory makes them? An address is
 * a candidate when flipping one bit gives mapped memory that allows the access. Candidates, details
 * and confidence are those of rust-minidump (its json-schema.md), so that the two can be compared.
 */
#include "analyze/analysis.h"
#include "analyze/instruction.h"

#include "minidump/format.h"

#include <string.h>

/* Registers within a page of the address speak for it; addresses below two pages are small numbers
 * as loops and booleans make them. */
enum { NEARBY = 0x1000, LOW = 0x2000 };

static bool allows(const struct avd_region *region, enum avd_access access)
{
    unsigned bits = region->protect & 0xff;

    if (region->state != MEM_COMMIT)
        return false;
    switch (access) {
    case AVD_ACCESS_READ: return (bits & ~(unsigned)PAGE_NOACCESS) != 0 && bits != PAGE_EXECUTE;
    case AVD_ACCESS_WRITE:
        return (bits & (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE |
                        PAGE_EXECUTE_WRITECOPY)) != 0;
    case AVD_ACCESS_EXECUTE:
        return (bits & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE |
                        PAGE_EXECUTE_WRITECOPY)) != 0;
    case AVD_ACCESS_NONE: break;
    }
    return true; /* which access it was is not known */
}

/* Values that allocators and debug runtimes fill memory with, one byte repeated. */
static bool is_poison(uint64_t value)
{
    static const unsigned char bytes[] = {0x2b, 0x2d, 0x2f, 0x49, 0x4b, 0x4d, 0x4f, 0x6b, 0x8b,
                                          0x9b, 0x9f, 0xa5, 0xbb, 0xcc, 0xcd, 0xce, 0xdb, 0xe5};

    return value == (value & 0xff) * UINT64_C(0x0101010101010101) &&
           memchr(bytes, (int)(value & 0xff), sizeof bytes) != NULL;
}

double avd_bit_flip_confidence(const struct avd_bit_flip *flip)
{
    static const double nearby[] = {0.5, 0.55, 0.6, 0.65};
    double doubt = 0.75;

    if (flip->was_non_canonical)
        doubt *= 0.1;
    if (flip->is_null)
        doubt *= flip->was_low ? 0.75 : 0.5;
    if (flip->nearby_registers != 0)
        doubt *= 1 - nearby[(flip->nearby_registers < 4 ? flip->nearby_registers : 4) - 1];
    return (1 - doubt) * (flip->poison_registers ? 0.5 : 1);
}

static void add(struct avd_crash_instruction *ins, uint64_t address, uint64_t original, int reg,
                bool non_canonical)
{
    struct avd_bit_flip *flip = &ins->flips[ins->flip_count];
    unsigned i;

    if (ins->flip_count == AVD_MAX_BIT_FLIPS)
        return;
    memset(flip, 0, sizeof *flip);
    flip->address = address;
    flip->source_register = reg;
    flip->is_null = address == 0;
    flip->was_low = flip->is_null && original <= LOW;
    flip->was_non_canonical = non_canonical;
    for (i = 0; i < AVD_REG_COUNT; i++) {
        uint64_t value = ins->regs.value[i];

        if (!avd_reg_known(&ins->regs, i))
            continue;
        if (address > LOW && (value - address <= NEARBY || address - value <= NEARBY))
            flip->nearby_registers++;
        flip->poison_registers = flip->poison_registers || is_poison(value);
    }
    flip->confidence = avd_bit_flip_confidence(flip);
    ins->flip_count++;
}

/* Flips each bit of [first, last) of `original`, which register `reg` held or, for -1, is the
 * address itself. */
static void try_bits(const struct avd_memory *memory, struct avd_crash_instruction *ins,
                     uint64_t original, int reg, enum avd_access access, unsigned first,
                     unsigned last)
{
    const struct avd_region *region = avd_memory_region(memory, original);
    unsigned bit;

    /* A good address was not flipped. */
    if (region != NULL && allows(region, access))
        return;
    for (bit = first; bit < last; bit++) {
        uint64_t address = original ^ UINT64_C(1) << bit;

        region = avd_memory_region(memory, address);
        /* Null was meant then, and a check for it went wrong. */
        if (address == 0 || (region != NULL && allows(region, access)))
            add(ins, address, original, reg, first != 0);
    }
}

void avd_bit_flips_find(const struct avd_analysis *an, struct avd_crash_instruction *ins)
{
    const struct avd_memory *memory = &an->dump->memory;
    const struct avd_exception_words *words = &an->words;
    bool non_canonical = ins->adjusted == AVD_ADJUSTED_NON_CANONICAL;
    unsigned first = non_canonical ? 48 : 0;
    unsigned last = non_canonical ? 64 : 48;
    unsigned reg;

    /* Small address spaces are so full that any address is near a good one. */
    if (!ins->is_64bit || memory->region_count == 0 || !words->has_access_address ||
        ins->adjusted == AVD_ADJUSTED_NULL || ins->adjusted == AVD_ADJUSTED_MISALIGNED)
        return;
    try_bits(memory, ins, non_canonical ? ins->adjusted_value : words->access_address, -1,
             words->access, first, last);
    for (reg = 0; ins->decoded && reg < AVD_RIP; reg++)
        if ((ins->insn.address_regs >> reg & 1) != 0 && avd_reg_known(&ins->regs, reg))
            try_bits(memory, ins, ins->regs.value[reg], (int)reg, words->access, first, last);
}
