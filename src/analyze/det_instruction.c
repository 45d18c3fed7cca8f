/* SPDX-License-Identifier: MIT */
/* Which instruction failed, on which memory, and does that agree with what the exception says? */
#include "analyze/detectors.h"
#include "analyze/instruction.h"

#include "minidump/format.h"

#include <string.h>

/* STATUS_* of ntstatus.h */
#define ACCESS_VIOLATION       0xc0000005u
#define INTEGER_DIVIDE_BY_ZERO 0xc0000094u
#define PRIVILEGED_INSTRUCTION 0xc0000096u

static const char *const instruction_facts[] = {
    "instruction.text",     "instruction.mnemonic",   "instruction.kind",
    "instruction.target",   "instruction.consistent", "access.register",
    "access.base",          "access.offset",          "access.size",
    "access.non_canonical", "access.alignment",       "access.misaligned",
    "access.guard_page",    "access.bit_flip",
};
enum { FACT_COUNT = sizeof instruction_facts / sizeof instruction_facts[0] };

const char *avd_inconsistency_name(unsigned bit)
{
    static const char *const names[AVD_INCONSISTENCY_COUNT] = {
        "int_div_by_zero_not_possible", "priv_instruction_crash_without_priv_instruction",
        "non_canonical_address_falsely_reported", "access_violation_when_access_allowed",
        "crashing_access_not_found_in_memory_accesses"};

    return bit < AVD_INCONSISTENCY_COUNT ? names[bit] : NULL;
}

static bool is_canonical(uint64_t address)
{
    return address >> 47 == 0 || address >> 47 == 0x1ffff;
}

static bool accessible(const struct avd_region *region)
{
    return region != NULL && region->state == MEM_COMMIT &&
           (region->protect & (PAGE_NOACCESS | PAGE_GUARD)) == 0 && (region->protect & 0xff) != 0;
}

/*
 * Guard pages stand between what a program uses and what lies behind: small, without access, next
 * to memory that has it. PAGE_GUARD says so itself.
 */
static bool is_guard_page(const struct avd_memory *memory, uint64_t address)
{
    enum { MAX_GUARD = 0x8000 };
    const struct avd_region *region = avd_memory_region(memory, address);

    if (region == NULL || region->state == MEM_FREE)
        return false;
    if (region->state == MEM_COMMIT && (region->protect & PAGE_GUARD) != 0)
        return true;
    return !accessible(region) && region->size <= MAX_GUARD &&
           (accessible(avd_memory_region(memory, region->base - 1)) ||
            accessible(avd_memory_region(memory, region->base + region->size)));
}

bool avd_exception_has_no_address(const struct avd_analysis *an)
{
    const struct avd_exception *exception = &an->exception;

    if (avd_dump_is_windows(an->dump))
        return exception->code == ACCESS_VIOLATION && an->words.has_access_address &&
               an->words.access == AVD_ACCESS_READ &&
               an->words.access_address == (an->exception_is_32bit ? UINT32_MAX : UINT64_MAX);
    return avd_analysis_os(an->dump) == AVD_OS_LINUX && exception->flags == 0x80 &&
           (exception->code == 11 || exception->code == 7);
}

/* The same in code that has addresses which are not canonical. */
static bool is_protection_fault(const struct avd_analysis *an)
{
    return !an->exception_is_32bit && avd_exception_has_no_address(an);
}

/* The code from pc on, out of the dump's memory or, where the image is at hand, out of that. */
static size_t read_code(struct avd_analysis *an, uint64_t pc, uint8_t code[AVD_INSN_MAX_BYTES])
{
    size_t module = avd_analysis_module_at(an, pc);
    size_t done = avd_memory_read(&an->dump->memory, pc, code, AVD_INSN_MAX_BYTES);
    const struct avd_image *image;

    if (done == AVD_INSN_MAX_BYTES || module == AVD_NO_MODULE)
        return done;
    image = avd_analysis_image(an, module);
    if (image != NULL) {
        uint8_t bytes[AVD_INSN_MAX_BYTES];
        size_t more = avd_image_read(image, (uint32_t)(pc - an->modules[module].module->base),
                                     bytes, sizeof bytes);

        if (more > done) {
            memcpy(code + done, bytes + done, more - done);
            done = more;
        }
    }
    return done;
}

/* The operand that the exception is about: the one that holds the reported address; of a general
 * protection fault, which has none, the one that is not canonical; else -1. */
static int find_faulting(const struct avd_analysis *an, const struct avd_crash_instruction *ins)
{
    const struct avd_exception_words *words = &an->words;
    size_t i;

    for (i = 0; i < ins->insn.memory_count; i++) {
        const struct avd_insn_memory *memory = &ins->insn.memory[i];

        if (!memory->has_address)
            continue;
        if ((is_protection_fault(an) && !is_canonical(memory->address)) ||
            (words->has_access_address &&
             words->access_address - memory->address < (memory->size != 0 ? memory->size : 1)))
            return (int)i;
    }
    return -1;
}

/* The operand whose alignment explains a fault without address: movaps on a stack that is not
 * aligned, say. */
static void find_misaligned(const struct avd_analysis *an, struct avd_crash_instruction *ins)
{
    size_t i;

    if (ins->faulting >= 0 || ins->adjusted != AVD_ADJUSTED_NONE ||
        !avd_exception_has_no_address(an))
        return;
    for (i = 0; i < ins->insn.memory_count; i++) {
        const struct avd_insn_memory *memory = &ins->insn.memory[i];

        if (memory->has_address && memory->address % memory->alignment != 0) {
            ins->faulting = (int)i;
            ins->adjusted = AVD_ADJUSTED_MISALIGNED;
            ins->adjusted_value = memory->address;
            return;
        }
    }
}

/* Where a call, jump or return goes, if the dump tells. */
static void find_pointer_update(const struct avd_analysis *an, struct avd_crash_instruction *ins)
{
    const struct avd_insn *insn = &ins->insn;

    if (insn->target_memory >= 0) {
        const struct avd_insn_memory *memory = &insn->memory[insn->target_memory];

        ins->has_pointer_update =
            memory->has_address && avd_memory_pointer(&an->dump->memory, memory->address,
                                                      ins->is_64bit ? 8 : 4, &ins->pointer_update);
    } else if (insn->has_target && insn->operand_regs != 0) {
        /* A direct branch leads where the linker made it lead. */
        ins->has_pointer_update = true;
        ins->pointer_update = insn->target;
    }
    if (ins->has_pointer_update)
        ins->pointer_update_guard_page = is_guard_page(&an->dump->memory, ins->pointer_update);
}

/* Where the index register holds the pointer, a base of 0 says nothing: an item of an array that is
 * not there lies below. */
enum { NULL_ARRAY = 0x1000000 };

static void adjust_address(const struct avd_analysis *an, struct avd_crash_instruction *ins)
{
    const struct avd_insn_memory *memory;

    if (ins->faulting < 0) {
        if (is_protection_fault(an) && ins->has_pointer_update &&
            !is_canonical(ins->pointer_update)) {
            ins->adjusted = AVD_ADJUSTED_NON_CANONICAL;
            ins->adjusted_value = ins->pointer_update;
        }
        return;
    }
    memory = &ins->insn.memory[ins->faulting];
    if (!is_canonical(memory->address) && ins->is_64bit) {
        ins->adjusted = AVD_ADJUSTED_NON_CANONICAL;
        ins->adjusted_value = memory->address;
    } else if (memory->base >= 0 && memory->base < AVD_RIP && !memory->rip_relative &&
               ins->regs.value[memory->base] == 0 &&
               (memory->index == AVD_INSN_NO_REG || memory->address < NULL_ARRAY)) {
        ins->adjusted = AVD_ADJUSTED_NULL;
        ins->adjusted_value = memory->address;
    }
}

/* Whether the memory's protection permits what the operand does. */
static bool is_allowed(const struct avd_memory *memory, const struct avd_insn_memory *operand)
{
    enum {
        WRITABLE = PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY
    };
    const struct avd_region *region = avd_memory_region(memory, operand->address);

    return accessible(region) && operand->size != 0 &&
           region->base + region->size - operand->address >= operand->size &&
           (!operand->write || (region->protect & WRITABLE) != 0) &&
           (!operand->read || (region->protect & 0xff) != PAGE_EXECUTE);
}

static bool all_addresses_known(const struct avd_insn *insn)
{
    size_t i;

    for (i = 0; i < insn->memory_count; i++)
        if (!insn->memory[i].has_address)
            return false;
    return true;
}

static unsigned find_inconsistencies(const struct avd_analysis *an,
                                     const struct avd_crash_instruction *ins)
{
    const struct avd_exception_words *words = &an->words;
    const struct avd_insn *insn = &ins->insn;
    uint32_t code = an->exception.code;
    unsigned found = 0;

    /* The CPU's own words are only on Windows so clear. */
    if (!avd_dump_is_windows(an->dump))
        return 0;
    if (code == INTEGER_DIVIDE_BY_ZERO && insn->kind != AVD_INSN_DIVIDE)
        found |= AVD_INCONSISTENT_DIVIDE;
    if (code == PRIVILEGED_INSTRUCTION && insn->kind != AVD_INSN_PRIVILEGED &&
        insn->kind != AVD_INSN_INTERRUPT && strcmp(insn->mnemonic, "rdpmc") != 0 &&
        strcmp(insn->mnemonic, "mov") != 0) /* of control registers */
        found |= AVD_INCONSISTENT_PRIVILEGED;
    if (code != ACCESS_VIOLATION || !words->has_access_address ||
        ins->adjusted == AVD_ADJUSTED_MISALIGNED || words->access == AVD_ACCESS_EXECUTE ||
        !all_addresses_known(insn))
        return found;
    if (is_protection_fault(an)) {
        if (ins->faulting < 0 && ins->adjusted == AVD_ADJUSTED_NONE)
            found |= AVD_INCONSISTENT_NON_CANONICAL;
    } else if (ins->faulting < 0) {
        found |= AVD_INCONSISTENT_NOT_FOUND;
    } else if (is_allowed(&an->dump->memory, &insn->memory[ins->faulting])) {
        found |= AVD_INCONSISTENT_ALLOWED;
    }
    return found;
}

static void publish_unknown(struct avd_analysis *an, size_t first, const char *why)
{
    size_t i;

    for (i = first; i < FACT_COUNT; i++)
        avd_fact_unknown(&an->facts, instruction_facts[i], why);
}

static void publish_operand(struct avd_analysis *an, const struct avd_crash_instruction *ins)
{
    struct avd_facts *facts = &an->facts;
    const struct avd_insn_memory *memory;
    unsigned digits = avd_an_exception_digits(an);

    if (ins->faulting < 0) {
        publish_unknown(an, 5,
                        "no memory operand of the instruction leads to the address that "
                        "the exception gives");
        avd_fact_bool(facts, "access.non_canonical", ins->adjusted == AVD_ADJUSTED_NON_CANONICAL);
        return;
    }
    memory = &ins->insn.memory[ins->faulting];
    if (memory->base >= 0 && !memory->rip_relative) {
        avd_fact_text(facts, "access.register",
                      avd_insn_reg_name((unsigned)memory->base, ins->is_64bit));
        avd_fact_address(facts, "access.base", ins->regs.value[memory->base], digits);
    } else {
        avd_fact_unknown(facts, "access.register", "the operand has no base register");
        avd_fact_unknown(facts, "access.base", "the operand has no base register");
    }
    if (memory->base >= 0 && memory->index == AVD_INSN_NO_REG && memory->displacement >= 0 &&
        !memory->rip_relative)
        avd_fact_number(facts, "access.offset", (uint64_t)memory->displacement);
    else
        avd_fact_unknown(facts, "access.offset",
                         "the operand is not a base register with a constant added");
    if (memory->size != 0)
        avd_fact_number(facts, "access.size", memory->size);
    else
        avd_fact_unknown(facts, "access.size", "it depends on more than the instruction");
    avd_fact_bool(facts, "access.non_canonical", ins->adjusted == AVD_ADJUSTED_NON_CANONICAL);
    avd_fact_number(facts, "access.alignment", memory->alignment);
    avd_fact_bool(facts, "access.misaligned", ins->adjusted == AVD_ADJUSTED_MISALIGNED);
    if (an->dump->memory.region_count != 0)
        avd_fact_bool(facts, "access.guard_page", ins->guard_page[ins->faulting]);
    else
        avd_fact_unknown(facts, "access.guard_page",
                         "the dump does not say what memory was mapped");
}

static void publish(struct avd_analysis *an, const struct avd_crash_instruction *ins)
{
    struct avd_facts *facts = &an->facts;

    avd_fact_text(facts, "instruction.text", ins->insn.text);
    avd_fact_text(facts, "instruction.mnemonic", ins->insn.mnemonic);
    avd_fact_text(facts, "instruction.kind", avd_insn_kind_name(ins->insn.kind));
    if (ins->has_pointer_update)
        avd_fact_address(facts, "instruction.target", ins->pointer_update,
                         avd_an_exception_digits(an));
    else
        avd_fact_unknown(facts, "instruction.target",
                         "the instruction goes nowhere by a register or memory that is known");
    avd_fact_bool(facts, "instruction.consistent", ins->inconsistencies == 0);
    publish_operand(an, ins);
    if (ins->is_64bit && an->dump->memory.region_count != 0)
        avd_fact_bool(facts, "access.bit_flip", ins->flip_count != 0);
    else
        avd_fact_unknown(facts, "access.bit_flip",
                         ins->is_64bit ? "the dump does not say what memory was mapped"
                                       : "not looked for in 32-bit code");
}

static void run(struct avd_analysis *an)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    struct avd_crash_instruction *ins;
    uint8_t code[AVD_INSN_MAX_BYTES];
    struct avd_view view = {code, 0, 0};
    size_t i;

    if (!an->has_exception) {
        publish_unknown(an, 0, "the dump has no exception record");
        return;
    }
    if (stack == NULL || stack->stack.count == 0 || stack->cpu == NULL) {
        publish_unknown(an, 0, "the registers at the exception are not known");
        return;
    }
    ins = avd_arena_alloc(&an->arena, 1, sizeof *ins);
    if (ins == NULL)
        return;
    an->instruction = ins;
    ins->is_64bit = stack->cpu->pointer_size == 8;
    ins->pc = stack->stack.frames[0].pc;
    /* Some writers leave eip behind a breakpoint; the record has its own address. */
    if (avd_dump_is_windows(an->dump) && ins->pc == an->exception.address + 1)
        ins->pc--;
    ins->regs = stack->regs;
    ins->faulting = -1;
    view.size = read_code(an, ins->pc, code);
    ins->decoded =
        avd_insn_decode(view, ins->pc, ins->is_64bit, &ins->regs, &ins->insn, &ins->why_not);
    if (ins->decoded) {
        for (i = 0; i < ins->insn.memory_count; i++)
            ins->guard_page[i] = ins->insn.memory[i].has_address &&
                                 is_guard_page(&an->dump->memory, ins->insn.memory[i].address);
        ins->faulting = find_faulting(an, ins);
        find_pointer_update(an, ins);
        adjust_address(an, ins);
        find_misaligned(an, ins);
        ins->inconsistencies = find_inconsistencies(an, ins);
    }
    avd_bit_flips_find(an, ins);
    if (ins->decoded)
        publish(an, ins);
    else
        publish_unknown(
            an, 0,
            avd_arena_printf(&an->arena, "the instruction was not decoded: %s", ins->why_not));
}

const struct avd_detector avd_det_instruction = {
    "instruction",
    "the instruction that failed and the memory it touched",
    run,
};
