/* SPDX-License-Identifier: MIT */
/* The faulting instruction, and who is blamed: copied out of the analysis. */
#include "report/build.h"

#include "analyze/followup.h"
#include "analyze/instruction.h"
#include "base/strbuf.h"

#include <inttypes.h>
#include <string.h>

/* "rcx = 0, r9 = 0x20": the registers of the address, else those that are written out. */
static const char *operands_text(struct avd_report *report, const struct avd_crash_instruction *ins)
{
    uint32_t mask = ins->insn.address_regs != 0 ? ins->insn.address_regs : ins->insn.operand_regs;
    struct avd_strbuf text;
    const char *copy;
    unsigned reg;

    avd_strbuf_init(&text);
    for (reg = 0; reg < AVD_RIP; reg++) {
        if ((mask >> reg & 1) == 0 || !avd_reg_known(&ins->regs, reg))
            continue;
        avd_strbuf_printf(&text, "%s%s = %s%" PRIx64, text.size != 0 ? ", " : "",
                          avd_insn_reg_name(reg, ins->is_64bit),
                          ins->regs.value[reg] != 0 ? "0x" : "", ins->regs.value[reg]);
    }
    copy = text.size != 0 ? avd_build_copy(report, avd_strbuf_text(&text)) : NULL;
    if (text.failed)
        report->arena.failed = true;
    avd_strbuf_deinit(&text);
    return copy;
}

/* rust-minidump says what an instruction touches only when every address is known. */
static void build_accesses(const struct avd_crash_instruction *ins, struct avd_report *report)
{
    struct avd_rep_instruction *to = &report->instruction;
    struct avd_rep_access *accesses =
        avd_arena_alloc(&report->arena, ins->insn.memory_count, sizeof *accesses);
    size_t i;

    if (accesses == NULL)
        return;
    for (i = 0; i < ins->insn.memory_count; i++) {
        const struct avd_insn_memory *from = &ins->insn.memory[i];

        if (!from->has_address)
            return;
        accesses[i].address = from->address;
        accesses[i].size = from->size;
        accesses[i].guard_page = ins->guard_page[i];
        accesses[i].type = from->read && from->write ? "readwrite"
                           : from->write             ? "write"
                           : from->read              ? "read"
                                                     : NULL;
    }
    to->accesses = accesses;
    to->access_count = ins->insn.memory_count;
    to->has_accesses = true;
}

static void build_flips(const struct avd_crash_instruction *ins, struct avd_report *report)
{
    struct avd_rep_bit_flip *flips =
        avd_arena_alloc(&report->arena, ins->flip_count, sizeof *flips);
    size_t i;

    if (flips == NULL)
        return;
    for (i = 0; i < ins->flip_count; i++) {
        const struct avd_bit_flip *from = &ins->flips[i];

        flips[i].address = from->address;
        flips[i].source_register =
            from->source_register >= 0
                ? avd_insn_reg_name((unsigned)from->source_register, ins->is_64bit)
                : NULL;
        flips[i].was_non_canonical = from->was_non_canonical;
        flips[i].is_null = from->is_null;
        flips[i].was_low = from->was_low;
        flips[i].poison_registers = from->poison_registers;
        flips[i].nearby_registers = from->nearby_registers;
        flips[i].confidence = from->confidence;
    }
    report->instruction.flips = flips;
    report->instruction.flip_count = ins->flip_count;
}

/* The address that the exception should have reported. */
static void build_adjusted(const struct avd_crash_instruction *ins, struct avd_report *report)
{
    struct avd_rep_instruction *to = &report->instruction;
    struct avd_arena *arena = &report->arena;
    int digits = ins->is_64bit ? 16 : 8;

    to->adjusted_value = ins->adjusted_value;
    switch (ins->adjusted) {
    case AVD_ADJUSTED_NON_CANONICAL:
        to->adjusted_kind = "non-canonical";
        to->adjusted_text = avd_arena_printf(
            arena, "0x%016" PRIx64 ", which is not canonical, so that the CPU reports none",
            ins->adjusted_value);
        return;
    case AVD_ADJUSTED_MISALIGNED:
        to->adjusted_kind = "misaligned";
        to->adjusted_text = avd_arena_printf(
            arena,
            "0x%0*" PRIx64
            ", which is no multiple of %u as %s wants it, so that the CPU reports none",
            digits, ins->adjusted_value, ins->insn.memory[ins->faulting].alignment,
            ins->insn.mnemonic);
        return;
    case AVD_ADJUSTED_NULL:
        to->adjusted_kind = "null-pointer";
        if (ins->adjusted_value != 0)
            to->adjusted_text =
                avd_arena_printf(arena, "a null pointer, offset 0x%" PRIx64, ins->adjusted_value);
        return;
    case AVD_ADJUSTED_NONE: return;
    }
}

void avd_build_instruction(const struct avd_analysis *an, struct avd_report *report)
{
    const struct avd_crash_instruction *ins = an->instruction;
    struct avd_rep_instruction *to = &report->instruction;
    const char **names;
    unsigned bit;

    if (ins == NULL)
        return;
    to->tried = true;
    to->pointer_size = ins->is_64bit ? 8 : 4;
    to->why_not = avd_build_copy(report, ins->why_not);
    build_flips(ins, report);
    if (!ins->decoded)
        return;
    to->text = avd_build_copy(report, ins->insn.text);
    to->operands = operands_text(report, ins);
    build_accesses(ins, report);
    to->has_pointer_update = ins->has_pointer_update;
    to->pointer_update = ins->pointer_update;
    to->pointer_update_guard_page = ins->pointer_update_guard_page;
    build_adjusted(ins, report);
    names = avd_arena_alloc(&report->arena, AVD_INCONSISTENCY_COUNT, sizeof *names);
    if (names == NULL)
        return;
    for (bit = 0; bit < AVD_INCONSISTENCY_COUNT; bit++)
        if ((ins->inconsistencies >> bit & 1) != 0)
            names[to->inconsistency_count++] = avd_inconsistency_name(bit);
    to->inconsistencies = names;
}

const char *avd_build_unreported_address(const struct avd_analysis *an, struct avd_report *report)
{
    const struct avd_crash_instruction *ins = an->instruction;
    const struct avd_exception_words *words = &an->words;
    int digits = an->exception_is_32bit ? 8 : 16;
    enum avd_adjusted adjusted = ins != NULL ? ins->adjusted : AVD_ADJUSTED_NONE;

    if (!avd_exception_has_no_address(an))
        return NULL;
    if (adjusted == AVD_ADJUSTED_NON_CANONICAL || adjusted == AVD_ADJUSTED_MISALIGNED)
        return avd_arena_printf(
            &report->arena, "%s: the program used the address 0x%0*" PRIx64 ", which %s",
            words->type, digits, ins->adjusted_value,
            adjusted == AVD_ADJUSTED_MISALIGNED ? "is not aligned as the instruction wants it"
                                                : "no memory can have (it is not canonical)");
    if (!words->has_access_address || (ins != NULL && ins->decoded && ins->faulting >= 0))
        return NULL;
    return avd_arena_printf(&report->arena,
                            "%s: the program used an address for which Windows reports a read of "
                            "0x%0*" PRIx64 ": %s",
                            words->type, digits, words->access_address,
                            an->exception_is_32bit
                                ? "that one, or one that is not aligned as the instruction wants it"
                                : "that one, or one that is not canonical or not aligned");
}

static void build_followup(const struct avd_followup *from, struct avd_report *report)
{
    struct avd_rep_followup *to = &report->followup;
    struct avd_rep_skipped *skipped;
    size_t i;

    to->why_not = avd_build_copy(report, from->why_not);
    if (!from->found)
        return;
    /* The report keeps the same frames in the same order: the thread's main stack. */
    to->found = true;
    to->frame = from->frame;
    to->owner = avd_build_copy(report, from->owner);
    to->reason = from->reason;
    skipped = avd_arena_alloc(&report->arena, from->skipped_count, sizeof *skipped);
    if (skipped == NULL)
        return;
    for (i = 0; i < from->skipped_count; i++) {
        skipped[i].frame = from->skipped[i].frame;
        skipped[i].why = avd_build_copy(report, from->skipped[i].why);
    }
    to->skipped = skipped;
    to->skipped_count = from->skipped_count;
}

/* Whether `stack` is the 64-bit one of a crashing thread that is shown with both. */
static bool is_native(const struct avd_analysis *an, const struct avd_report *report,
                      const struct avd_an_stack *stack)
{
    const struct avd_an_thread *thread;

    if (an->crashing_thread == AVD_NO_MODULE || stack == NULL)
        return false;
    thread = &an->threads[an->crashing_thread];
    if (stack == &an->fault)
        return report->crashed != NULL && report->crashed->native.present &&
               report->crashed->stack.pointer_size != stack->cpu->pointer_size;
    return stack == &thread->native && avd_an_main_stack(thread) != stack;
}

/* For lists of many crashes: without the displacement, which differs between builds. */
static const char *place_text(struct avd_report *report, const struct avd_rep_frame *frame)
{
    if (frame == NULL || frame->module_name == NULL)
        return NULL;
    if (frame->function != NULL && !frame->function_approximate)
        return avd_arena_printf(&report->arena, "%s!%s", frame->module_name, frame->function);
    return avd_arena_printf(&report->arena, "%s+0x%" PRIx64, frame->module_name,
                            frame->module_offset + (frame->pc - frame->lookup));
}

void avd_build_blame(const struct avd_analysis *an, struct avd_report *report)
{
    const struct avd_blame *blame = an->blame;
    struct avd_rep_bucket *bucket = &report->bucket;
    struct avd_rep_signature *signature = &report->signature;

    if (blame == NULL)
        return;
    build_followup(&blame->followup, report);
    report->followup.native = is_native(an, report, blame->followup.stack);
    report->followup.place = place_text(report, avd_rep_followup_frame(report));
    bucket->why_not = avd_build_copy(report, blame->bucket.why_not);
    bucket->problem_class = avd_build_copy(report, blame->bucket.problem_class);
    bucket->id = avd_build_copy(report, blame->bucket.id);
    bucket->hash_string = avd_build_copy(report, blame->bucket.hash_string);
    bucket->hash = avd_build_copy(report, blame->bucket.hash);
    bucket->legacy_id = avd_build_copy(report, blame->bucket.legacy_id);
    bucket->legacy_hash = avd_build_copy(report, blame->bucket.legacy_hash);
    signature->why_not = avd_build_copy(report, blame->signature.why_not);
    signature->id = avd_build_copy(report, blame->signature.id);
    signature->text = avd_build_copy(report, blame->signature.text);
    signature->frame_count = blame->signature.frame_count;
    signature->named_count = blame->signature.named_count;
    signature->cut = blame->signature.cut;
    signature->socorro = avd_build_copy(report, blame->signature.socorro);
}
