/* SPDX-License-Identifier: MIT */
/*
 * The only file that knows Zydis. Its library is opened when the first instruction is asked for, as
 * few runs need it; its headers are needed to build, because its structs change between versions,
 * and without them (AVD_NO_ZYDIS) no instruction is decoded. Versions 3 (Ubuntu 22.04) and 4 differ
 * in where operands are kept and in the arguments of two functions.
 */
#include "insn/insn.h"

#include <string.h>

#ifdef AVD_NO_ZYDIS

bool avd_insn_disassemble(struct avd_view code, uint64_t pc, bool is_64bit, struct avd_insn *out,
                          const char **why)
{
    (void)code, (void)pc, (void)is_64bit, (void)out;
    *why = "this avdump was built without Zydis, the disassembler";
    return false;
}

#else

#include "base/library.h"

#include <Zydis/Zydis.h>

#include <stdio.h>

/* ZYDIS_VERSION is a cast, which the preprocessor cannot compare; this macro came with 4.0. */
#ifdef ZYDIS_MAX_OPERAND_COUNT_VISIBLE
#define ZYDIS_4 1
#else
#define ZYDIS_4              0
#define ZYDIS_STACK_WIDTH_64 ZYDIS_ADDRESS_WIDTH_64
#define ZYDIS_STACK_WIDTH_32 ZYDIS_ADDRESS_WIDTH_32
typedef ZydisAddressWidth ZydisStackWidth;
#endif

/* The functions that are called; the static one's fields are NULL until they were loaded. */
struct zydis {
    ZyanU64 (*version)(void);
    ZyanStatus (*decoder_init)(ZydisDecoder *, ZydisMachineMode, ZydisStackWidth);
#if ZYDIS_4
    ZyanStatus (*decode)(const ZydisDecoder *, const void *, ZyanUSize, ZydisDecodedInstruction *,
                         ZydisDecodedOperand *);
    ZyanStatus (*format)(const ZydisFormatter *, const ZydisDecodedInstruction *,
                         const ZydisDecodedOperand *, ZyanU8, char *, ZyanUSize, ZyanU64, void *);
#else
    ZyanStatus (*decode)(const ZydisDecoder *, const void *, ZyanUSize, ZydisDecodedInstruction *);
    ZyanStatus (*format)(const ZydisFormatter *, const ZydisDecodedInstruction *, char *, ZyanUSize,
                         ZyanU64);
#endif
    ZyanStatus (*formatter_init)(ZydisFormatter *, ZydisFormatterStyle);
    ZyanStatus (*set_property)(ZydisFormatter *, ZydisFormatterProperty, ZyanUPointer);
    const char *(*mnemonic)(ZydisMnemonic);
    ZydisRegister (*enclosing)(ZydisMachineMode, ZydisRegister);
    ZyanI8 (*register_id)(ZydisRegister);
    ZydisRegisterClass (*register_class)(ZydisRegister);
};

struct decoded {
    ZydisMachineMode mode;
    ZydisDecodedInstruction instruction;
    const ZydisDecodedOperand *operands;
#if ZYDIS_4
    ZydisDecodedOperand operand_array[ZYDIS_MAX_OPERAND_COUNT];
#endif
};

/* The library that has the structs of the headers: its file is named after them. */
static bool load(struct zydis *z)
{
    const unsigned major = ZYDIS_VERSION_MAJOR(ZYDIS_VERSION);
    const unsigned minor = ZYDIS_VERSION_MINOR(ZYDIS_VERSION);
    char exact[32];
    const char *const names[] = {exact, "libZydis.dylib", "Zydis.dll", NULL};
    const struct avd_library_function functions[] = {
        {"ZydisGetVersion", &z->version, sizeof z->version},
        {"ZydisDecoderInit", &z->decoder_init, sizeof z->decoder_init},
#if ZYDIS_4
        {"ZydisDecoderDecodeFull", &z->decode, sizeof z->decode},
#else
        {"ZydisDecoderDecodeBuffer", &z->decode, sizeof z->decode},
#endif
        {"ZydisFormatterInit", &z->formatter_init, sizeof z->formatter_init},
        {"ZydisFormatterSetProperty", &z->set_property, sizeof z->set_property},
        {"ZydisFormatterFormatInstruction", &z->format, sizeof z->format},
        {"ZydisMnemonicGetString", &z->mnemonic, sizeof z->mnemonic},
        {"ZydisRegisterGetLargestEnclosing", &z->enclosing, sizeof z->enclosing},
        {"ZydisRegisterGetId", &z->register_id, sizeof z->register_id},
        {"ZydisRegisterGetClass", &z->register_class, sizeof z->register_class},
        {NULL, NULL, 0}};
    ZyanU64 version;

    (void)snprintf(exact, sizeof exact, "libZydis.so.%u.%u", major, minor);
    if (!avd_library_load(names, functions))
        return false;
    version = z->version();
    return ZYDIS_VERSION_MAJOR(version) == major && ZYDIS_VERSION_MINOR(version) == minor;
}

static int general_register(const struct zydis *z, ZydisMachineMode mode, ZydisRegister reg)
{
    ZydisRegister whole;

    if (reg == ZYDIS_REGISTER_NONE)
        return AVD_INSN_NO_REG;
    if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
        return AVD_RIP;
    whole = z->enclosing(mode, reg);
    if (z->register_class(whole) != ZYDIS_REGCLASS_GPR64 &&
        z->register_class(whole) != ZYDIS_REGCLASS_GPR32)
        return AVD_INSN_OTHER_REG;
    return z->register_id(whole); /* the CPU's own numbers, as ours */
}

static void note_register(uint32_t *mask, int reg)
{
    if (reg >= 0 && reg < AVD_RIP)
        *mask |= UINT32_C(1) << reg;
}

static void read_memory(const struct zydis *z, const struct decoded *from,
                        const ZydisDecodedOperand *operand, struct avd_insn *out)
{
    struct avd_insn_memory *memory = &out->memory[out->memory_count];

    if (operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN || out->memory_count == AVD_INSN_MAX_MEMORY)
        return; /* lea touches nothing */
    memory->base = general_register(z, from->mode, operand->mem.base);
    memory->index = general_register(z, from->mode, operand->mem.index);
    memory->scale = operand->mem.scale;
    memory->displacement = operand->mem.disp.has_displacement ? operand->mem.disp.value : 0;
    memory->rip_relative = memory->base == AVD_RIP;
    memory->address_bits = from->instruction.address_width;
    memory->size = operand->size / 8;
    memory->read = (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
    memory->write = (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    /* The operands of string instructions are hidden too, but theirs are what may be bad. */
    memory->implicit =
        operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && memory->base == AVD_RSP;
    /* What fs and gs begin at is in no CONTEXT of these CPUs. */
    if (operand->mem.segment == ZYDIS_REGISTER_FS || operand->mem.segment == ZYDIS_REGISTER_GS)
        memory->base = AVD_INSN_OTHER_REG;
    /* The stack pointer moves before a push or call writes. */
    if (memory->implicit && memory->write && memory->base == AVD_RSP)
        memory->displacement -= (int64_t)memory->size;
    if (!memory->implicit) {
        note_register(&out->address_regs, memory->base);
        note_register(&out->address_regs, memory->index);
        out->operand_regs |= out->address_regs;
    }
    out->memory_count++;
}

static enum avd_insn_kind kind_of(const ZydisDecodedInstruction *instruction)
{
    switch ((int)instruction->mnemonic) { /* of 1,500 */
    case ZYDIS_MNEMONIC_DIV:
    case ZYDIS_MNEMONIC_IDIV: return AVD_INSN_DIVIDE;
    case ZYDIS_MNEMONIC_INT3: return AVD_INSN_BREAKPOINT;
    case ZYDIS_MNEMONIC_INT: return AVD_INSN_INTERRUPT;
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2: return AVD_INSN_UNDEFINED;
    /* Privileged only as far as I/O privileges go, which user mode has none of. */
    case ZYDIS_MNEMONIC_CLI:
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUT:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD: return AVD_INSN_PRIVILEGED;
    default: break;
    }
    if ((instruction->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0)
        return AVD_INSN_PRIVILEGED;
    switch ((int)instruction->meta.category) {
    case ZYDIS_CATEGORY_CALL: return AVD_INSN_CALL;
    case ZYDIS_CATEGORY_RET: return AVD_INSN_RETURN;
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_UNCOND_BR: return AVD_INSN_JUMP;
    case ZYDIS_CATEGORY_PUSH: return AVD_INSN_PUSH;
    case ZYDIS_CATEGORY_POP: return AVD_INSN_POP;
    case ZYDIS_CATEGORY_SYSCALL: return AVD_INSN_SYSCALL;
    default: return AVD_INSN_OTHER;
    }
}

/* Where a call or jump leads, by its first operand. */
static void read_target(const struct zydis *z, const struct decoded *from, uint64_t pc,
                        struct avd_insn *out)
{
    const ZydisDecodedOperand *operand = &from->operands[0];
    size_t i;

    if (out->kind == AVD_INSN_RETURN) {
        for (i = 0; i < out->memory_count; i++)
            if (out->memory[i].implicit && out->memory[i].read)
                out->target_memory = (int)i;
        return;
    }
    if ((out->kind != AVD_INSN_CALL && out->kind != AVD_INSN_JUMP) ||
        from->instruction.operand_count == 0)
        return;
    switch ((int)operand->type) {
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        out->has_target = operand->imm.is_relative;
        out->target = pc + out->length + operand->imm.value.u;
        if (from->mode != ZYDIS_MACHINE_MODE_LONG_64)
            out->target &= UINT32_MAX;
        break;
    case ZYDIS_OPERAND_TYPE_REGISTER: {
        int reg = general_register(z, from->mode, operand->reg.value);

        out->target_in_register = reg >= 0;
        out->target = reg >= 0 ? (uint64_t)reg : 0;
        break;
    }
    case ZYDIS_OPERAND_TYPE_MEMORY: out->target_memory = 0; break;
    }
}

static bool decode(const struct zydis *z, struct avd_view code, struct decoded *out)
{
    bool is_64bit = out->mode == ZYDIS_MACHINE_MODE_LONG_64;
    ZydisDecoder decoder;

    if (!ZYAN_SUCCESS(z->decoder_init(&decoder, out->mode,
                                      is_64bit ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32)))
        return false;
#if ZYDIS_4
    out->operands = out->operand_array;
    return ZYAN_SUCCESS(
        z->decode(&decoder, code.data, code.size, &out->instruction, out->operand_array));
#else
    out->operands = out->instruction.operands;
    return ZYAN_SUCCESS(z->decode(&decoder, code.data, code.size, &out->instruction));
#endif
}

/* "mov eax, dword ptr [rcx+0x10]" */
static bool format(const struct zydis *z, const struct decoded *from, uint64_t pc,
                   struct avd_insn *out)
{
    ZydisFormatter formatter;

    if (!ZYAN_SUCCESS(z->formatter_init(&formatter, ZYDIS_FORMATTER_STYLE_INTEL)) ||
        !ZYAN_SUCCESS(z->set_property(&formatter, ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE)) ||
        !ZYAN_SUCCESS(
            z->set_property(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE)) ||
        !ZYAN_SUCCESS(z->set_property(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING, 0)) ||
        !ZYAN_SUCCESS(z->set_property(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING, 0)))
        return false;
#if ZYDIS_4
    return ZYAN_SUCCESS(z->format(&formatter, &from->instruction, from->operands,
                                  from->instruction.operand_count_visible, out->text,
                                  sizeof out->text, pc, NULL));
#else
    return ZYAN_SUCCESS(z->format(&formatter, &from->instruction, out->text, sizeof out->text, pc));
#endif
}

bool avd_insn_disassemble(struct avd_view code, uint64_t pc, bool is_64bit, struct avd_insn *out,
                          const char **why)
{
    struct zydis z;
    struct decoded from;
    const char *mnemonic;
    size_t i;

    if (!load(&z)) {
        *why = "the disassembler's library (libZydis) of the version that avdump was built with "
               "cannot be loaded";
        return false;
    }
    memset(&from, 0, sizeof from);
    from.mode = is_64bit ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LONG_COMPAT_32;
    if (!decode(&z, code, &from) || !format(&z, &from, pc, out)) {
        *why = code.size < AVD_INSN_MAX_BYTES
                   ? "the dump holds too few of its bytes, or they are no instruction"
                   : "the bytes at the instruction pointer are no instruction";
        return false;
    }
    mnemonic = z.mnemonic(from.instruction.mnemonic);
    (void)snprintf(out->mnemonic, sizeof out->mnemonic, "%s", mnemonic != NULL ? mnemonic : "");
    out->length = from.instruction.length;
    out->kind = kind_of(&from.instruction);
    for (i = 0; i < from.instruction.operand_count; i++) {
        const ZydisDecodedOperand *operand = &from.operands[i];

        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
            read_memory(&z, &from, operand, out);
        else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
                 operand->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
            note_register(&out->operand_regs, general_register(&z, from.mode, operand->reg.value));
        else if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && out->kind == AVD_INSN_INTERRUPT)
            out->interrupt = (unsigned)(operand->imm.value.u & 0xff);
    }
    read_target(&z, &from, pc, out);
    return true;
}

#endif
