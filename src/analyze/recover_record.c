/* SPDX-License-Identifier: MIT */
/*
 * EXCEPTION_RECORD, CONTEXT and EXCEPTION_POINTERS in a process's memory (winnt.h, 32- and 64-bit
 * layouts). A stack is full of numbers, so a record is believed only when each of its fields can be
 * one and the context tells of the same instruction on the same stack.
 */
#include "analyze/recover.h"

#include "minidump/format.h"
#include "x64/context.h"
#include "x86/context.h"

#include <string.h>

/* EXCEPTION_RECORD */
struct record_layout {
    unsigned head, nested, address, count, parameters;
};
static const struct record_layout record32 = {0x14, 0x08, 0x0c, 0x10, 0x14};
static const struct record_layout record64 = {0x20, 0x08, 0x10, 0x18, 0x20};

enum {
    RECORD_BYTES = 0x98, /* the larger one, with 15 parameters */
    FLAGS_KNOWN = 0xff,  /* EXCEPTION_NONCONTINUABLE ... EXCEPTION_SOFTWARE_ORIGINATE */
    FLAGS_UNWINDING = 0x02 | 0x04 | 0x20, /* UNWINDING, EXIT_UNWIND, TARGET_UNWIND */
    EFLAGS_ONE = 0x02,                    /* the bit of eflags that is always set */
    CS_WOW64 = 0x23,
    CS_X86 = 0x1b,
    CS_X64 = 0x33,
    GUARD = 0x3000,      /* an overflowing stack stands in its guard pages */
    RAISE_FRAME = 0x400, /* RaiseException's frame, in which its record lies */
    SAME_FUNCTION = 0x1000
};
static const uint32_t code_access_violation = 0xc0000005u;
static const uint32_t code_in_page_error = 0xc0000006u;
static const uint32_t code_breakpoint = 0x80000003u;
static const uint32_t code_cpp = 0xe06d7363u;
/* The groups of each CPU's CONTEXT, XSTATE, and the status bits. */
static const uint32_t context32_bits = 0x0001007fu | 0xfc000000u;
static const uint32_t context64_bits = 0x001000ffu | 0xfc000000u;

/* ---- records ---- */

/* Severities error and warning, or a code that is known: RPC's and others have no severity. Bit 28
 * is reserved and always clear. */
static bool plausible_code(uint32_t code)
{
    if (code == 0)
        return false;
    if ((code & 0x80000000u) != 0 && (code & 0x10000000u) == 0)
        return true;
    return avd_exception_code_name(code) != NULL;
}

/* Codes whose parameters have a fixed form. */
static bool plausible_parameters(const struct avd_exception *record)
{
    const uint64_t *p = record->parameters;

    if (record->code == code_access_violation)
        return record->parameter_count == 2 && (p[0] == 0 || p[0] == 1 || p[0] == 8);
    if (record->code == code_in_page_error)
        return record->parameter_count == 3 && (p[0] == 0 || p[0] == 1 || p[0] == 8);
    if (record->code == code_cpp)
        return record->parameter_count >= 3 && p[0] >= 0x19930520 && p[0] <= 0x19930522;
    return true;
}

bool avd_recover_record(const struct avd_analysis *an, uint64_t at, unsigned pointer_size,
                        struct avd_exception *out)
{
    const struct record_layout *layout = pointer_size == 4 ? &record32 : &record64;
    uint8_t bytes[RECORD_BYTES];
    struct avd_view v = {bytes, 0, 0};
    size_t i;

    memset(out, 0, sizeof *out);
    if (at == 0 || at % pointer_size != 0)
        return false;
    v.size =
        avd_memory_read(&an->dump->memory, at, bytes,
                        layout->parameters + (size_t)EXCEPTION_MAXIMUM_PARAMETERS * pointer_size);
    if (v.size < layout->head)
        return false;
    out->present = true;
    out->code = avd_view_u32(v, 0);
    out->flags = avd_view_u32(v, 4);
    out->parameter_count = avd_view_u32(v, layout->count);
    out->nested_record =
        pointer_size == 4 ? avd_view_u32(v, layout->nested) : avd_view_u64(v, layout->nested);
    out->address =
        pointer_size == 4 ? avd_view_u32(v, layout->address) : avd_view_u64(v, layout->address);
    if (!plausible_code(out->code) || (out->flags & ~(uint32_t)FLAGS_KNOWN) != 0 ||
        out->parameter_count > EXCEPTION_MAXIMUM_PARAMETERS ||
        out->nested_record % pointer_size != 0 ||
        v.size < layout->parameters + (size_t)out->parameter_count * pointer_size)
        return false;
    for (i = 0; i < out->parameter_count; i++)
        out->parameters[i] = pointer_size == 4 ? avd_view_u32(v, layout->parameters + 4 * i)
                                               : avd_view_u64(v, layout->parameters + 8 * i);
    return plausible_parameters(out);
}

/* ---- contexts ---- */

/* The low halves: a 64-bit CONTEXT of 32-bit code. */
static void narrow(struct avd_context *context)
{
    unsigned reg;

    for (reg = AVD_R8; reg <= AVD_R15; reg++)
        avd_reg_forget(&context->regs, reg);
    for (reg = 0; reg < AVD_REG_COUNT; reg++)
        context->regs.value[reg] &= UINT32_MAX;
}

static bool read_context(const struct avd_recover_stack *stack, uint64_t at,
                         struct avd_found_exception *out)
{
    bool is64 = stack->pointer_size == 8;
    size_t size = is64 ? (size_t)AVD_X64_CONTEXT_MIN : (size_t)AVD_X86_CONTEXT_MIN;
    uint8_t bytes[AVD_X64_CONTEXT_MIN]; /* the larger one */
    struct avd_context *context = &out->context;

    if (at % (is64 ? 16 : 4) != 0 ||
        avd_memory_read(&stack->an->dump->memory, at, bytes, size) != size ||
        !(is64 ? avd_x64_read_context(bytes, size, context)
               : avd_x86_read_context(bytes, size, context)) ||
        (context->flags & ~(is64 ? context64_bits : context32_bits)) != 0 ||
        (context->flags & 3) != 3 || !context->has_eflags || (context->eflags & EFLAGS_ONE) == 0)
        return false;
    if (is64 && context->cs == CS_WOW64 && stack->high32 != 0) {
        if ((context->regs.value[AVD_RIP] | context->regs.value[AVD_RSP]) > UINT32_MAX)
            return false;
        narrow(context);
        out->is_32bit = true;
        return true;
    }
    out->is_32bit = !is64;
    return is64 ? context->cs == CS_X64 : context->cs == CS_WOW64 || context->cs == CS_X86;
}

/* Exceptions of the CPU name the instruction itself. */
static bool from_cpu(uint32_t code)
{
    /* clang-format off */
    switch (code) {
    case 0x80000001u: case 0x80000002u: case 0x80000003u: case 0x80000004u: case 0xc0000005u:
    case 0xc0000006u: case 0xc000001du: case 0xc000008cu: case 0xc000008du: case 0xc000008eu:
    case 0xc000008fu: case 0xc0000090u: case 0xc0000091u: case 0xc0000092u: case 0xc0000093u:
    case 0xc0000094u: case 0xc0000095u: case 0xc0000096u: case 0xc00000fdu: case 0xc0000409u:
        return true;
    default: return false;
    }
    /* clang-format on */
}

/* Whether the context stands where the record says the exception was raised. */
static bool same_place(const struct avd_analysis *an, const struct avd_exception *record,
                       uint64_t pc)
{
    size_t module = avd_analysis_module_at(an, pc);

    /* Code outside of modules: a wild jump, of which only the CPU tells. */
    if (module == AVD_NO_MODULE)
        return pc == record->address && from_cpu(record->code) &&
               (record->code != code_access_violation || record->parameters[1] == pc ||
                avd_memory_extent(&an->dump->memory, pc, 1) != 0 ||
                avd_memory_executable(&an->dump->memory, pc) == 1);
    if (pc == record->address)
        return true;
    if (record->code == code_breakpoint)
        return pc == record->address + 1 || pc + 1 == record->address;
    /* RaiseException records itself; its context may stand a few instructions further. */
    return !from_cpu(record->code) && avd_analysis_module_at(an, record->address) == module &&
           (pc > record->address ? pc - record->address : record->address - pc) < SAME_FUNCTION;
}

static bool inside(uint64_t value, uint64_t low, uint64_t high)
{
    return value >= low && value < high;
}

/*
 * The system puts both records below the stack pointer of what it interrupts; RaiseException keeps
 * its record in its own frame, which the context's stack pointer is the end of.
 */
static bool right_order(const struct avd_recover_stack *stack, uint64_t record_at,
                        uint64_t context_at, uint64_t below, const struct avd_exception *record,
                        const struct avd_found_exception *found)
{
    uint64_t sp = found->context.regs.value[AVD_RSP];
    uint64_t raise = from_cpu(record->code) ? 0 : RAISE_FRAME;

    if (sp % (found->is_32bit ? 4 : 8) != 0 || record_at <= below || context_at <= below ||
        !inside(record_at, stack->low, stack->high) || !inside(context_at, stack->low, stack->high))
        return false;
    if (found->is_32bit && stack->pointer_size == 8)
        return inside(sp, stack->low32 > GUARD ? stack->low32 - GUARD : 0, stack->high32);
    return inside(sp, stack->low, stack->high) && context_at < sp && record_at < sp + raise;
}

bool avd_recover_pair(const struct avd_recover_stack *stack, uint64_t record_at,
                      uint64_t context_at, uint64_t below, struct avd_found_exception *out)
{
    struct avd_exception record;

    memset(out, 0, sizeof *out);
    if (!inside(record_at, stack->low, stack->high) ||
        !inside(context_at, stack->low, stack->high) || record_at == context_at ||
        !avd_recover_record(stack->an, record_at, stack->pointer_size, &record) ||
        !read_context(stack, context_at, out))
        return false;
    if (out->is_32bit) {
        record.address &= UINT32_MAX;
        if (stack->pointer_size == 8 && record.parameter_count >= 2)
            record.parameters[1] &= UINT32_MAX;
    }
    if (!right_order(stack, record_at, context_at, below, &record, out) ||
        !same_place(stack->an, &record, out->context.regs.value[AVD_RIP]))
        return false;
    record.thread_id = stack->an->threads[stack->thread].thread->id;
    out->thread = stack->thread;
    out->unwinding = (record.flags & FLAGS_UNWINDING) != 0;
    out->record = record;
    out->record_at = record_at;
    out->context_at = context_at;
    return true;
}

bool avd_recover_pointers(const struct avd_recover_stack *stack, uint64_t at, uint64_t below,
                          struct avd_found_exception *out)
{
    const struct avd_memory *memory = &stack->an->dump->memory;
    uint64_t record_at;
    uint64_t context_at;

    return at % stack->pointer_size == 0 &&
           avd_memory_pointer(memory, at, stack->pointer_size, &record_at) &&
           avd_memory_pointer(memory, at + stack->pointer_size, stack->pointer_size, &context_at) &&
           avd_recover_pair(stack, record_at, context_at, below, out);
}
