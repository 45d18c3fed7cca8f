/* SPDX-License-Identifier: MIT */
/*
 * The CPU area (WOW64_CPURESERVED): two words of flags and machine, then an x86 CONTEXT. TEB64's
 * TlsSlots[1] points to it on every generation; the machine is 0 before Windows 8. Where TEB64 is
 * not in the dump, r13 leads to it while the thread is inside wow64cpu: it points to the area
 * (Windows 7), into it (0x80, Windows 10) or to the CONTEXT (4, Wine). The layout is not
 * documented, so nothing counts that does not look like the context of 32-bit code.
 */
#include "wow64/cpu_area.h"

#include "stack/walk.h"
#include "wow64/layout.h"

#include <inttypes.h>
#include <string.h>

/* Every context bit that an x86 CONTEXT may carry: its groups, XSTATE, and the status bits. */
static const uint32_t context32_bits = 0x0001007f | 0xf8000000;

/* Pages below a stack's limit that esp may be in: a stack overflow stands in the guard pages. */
enum { GUARD_SIZE = 0x3000 };

/* Where a plausible esp lies; both 0 when nothing tells. */
struct bounds {
    uint64_t low, high;
};

static bool plausible(const struct avd_context *context, const struct bounds *stack)
{
    uint64_t esp = context->regs.value[AVD_ESP];

    if ((context->flags & ~context32_bits) != 0 || !avd_reg_known(&context->regs, AVD_EIP) ||
        !avd_reg_known(&context->regs, AVD_ESP) || context->cs != CS_32BIT ||
        (context->ss != SS_USER && context->ss != 0))
        return false;
    return stack->high == 0 || (esp + GUARD_SIZE >= stack->low && esp <= stack->high);
}

/* Reads the x86 CONTEXT at `addr`. */
static bool read_context32(const struct avd_memory *memory, uint64_t addr,
                           struct avd_context *context)
{
    uint8_t bytes[CONTEXT32_SIZE];

    return avd_memory_read(memory, addr, bytes, sizeof bytes) == sizeof bytes &&
           avd_cpu_x86.read_context(bytes, sizeof bytes, context);
}

/* The context in the area: behind a header of 4 bytes wherever one was seen; when the area's place
 * is `certain` other offsets are tried too, because the header is not documented. A machine that
 * is another CPU's refuses all. */
static bool find_in_area(const struct avd_memory *memory, uint64_t area, bool certain,
                         const struct bounds *stack, struct avd_wow64_thread *out)
{
    static const uint32_t offsets[] = {4, 0, 8, 12, 16, 20, 24, 28, 32};
    size_t count = certain ? sizeof offsets / sizeof offsets[0] : 1;
    uint32_t top;
    size_t i;

    for (i = 0; i < count; i++) {
        struct avd_context context;
        uint16_t machine = 0;

        if (!read_context32(memory, area + offsets[i], &context) || !plausible(&context, stack))
            continue;
        if (offsets[i] == 4 && avd_memory_u16(memory, area + AREA_MACHINE, &machine) &&
            machine != 0 && machine != MACHINE_I386)
            return false;
        out->cpu_area = area;
        out->context_at = area + offsets[i];
        out->source = AVD_WOW64_CPU_AREA;
        out->context = context;
        out->return_on_stack = avd_memory_u32(memory, context.regs.value[AVD_ESP], &top) &&
                               top == context.regs.value[AVD_EIP];
        return true;
    }
    return false;
}

/* r13 is an ordinary register outside wow64cpu: what it leads to must be on the thread's stack. */
static bool find_by_r13(const struct avd_memory *memory, const struct avd_context *native,
                        const struct bounds *stack, struct avd_wow64_thread *out)
{
    static const struct {
        uint32_t bias;
        const char *route;
    } biases[] = {{0, "r13"}, {0x80, "r13 - 0x80"}, {4, "r13 - 4"}};
    size_t i;

    if (native == NULL || !avd_reg_known(&native->regs, AVD_R13) || stack->high == 0)
        return false;
    for (i = 0; i < sizeof biases / sizeof biases[0]; i++) {
        uint64_t r13 = native->regs.value[AVD_R13];

        if (r13 >= biases[i].bias &&
            find_in_area(memory, r13 - biases[i].bias, false, stack, out)) {
            out->cpu_area_route = biases[i].route;
            return true;
        }
    }
    return false;
}

/* The words for an area in which no context was found. */
static const char *describe_area(const struct avd_memory *memory, uint64_t area,
                                 const struct bounds *stack, struct avd_arena *arena)
{
    struct avd_context context;
    uint16_t machine = 0;

    (void)avd_memory_u16(memory, area + AREA_MACHINE, &machine);
    if (avd_memory_extent(memory, area, CONTEXT32_SIZE + 4) != CONTEXT32_SIZE + 4)
        return avd_arena_printf(arena,
                                "the CPU area at 0x%" PRIx64 " (TlsSlots[1]) with the 32-bit "
                                "registers is not in the dump",
                                area);
    if (machine != 0 && machine != MACHINE_I386)
        return avd_arena_printf(arena,
                                "the CPU area at 0x%" PRIx64 " (TlsSlots[1]) is for machine "
                                "0x%x, not for x86 (0x14c)",
                                area, (unsigned)machine);
    if (!read_context32(memory, area + 4, &context))
        return avd_arena_printf(
            arena, "the CPU area at 0x%" PRIx64 " (TlsSlots[1]) holds no x86 context", area);
    return avd_arena_printf(arena,
                            "the CPU area at 0x%" PRIx64 " (TlsSlots[1]) holds no plausible 32-bit "
                            "context: ContextFlags 0x%" PRIx32 ", cs 0x%x, ss 0x%x, esp 0x%" PRIx64
                            ", the stack is 0x%" PRIx64 "-0x%" PRIx64,
                            area, context.flags, (unsigned)context.cs, (unsigned)context.ss,
                            context.regs.value[AVD_ESP], stack->low, stack->high);
}

bool avd_wow64_area_context(const struct avd_dump *dump, const struct avd_thread *thread,
                            const struct avd_wow64_tebs *tebs, const struct avd_context *native,
                            struct avd_arena *arena, struct avd_wow64_thread *out)
{
    const struct avd_memory *memory = &dump->memory;
    struct bounds stack = {out->stack32_low, out->stack32_high};
    uint64_t slot = tebs->teb64 + TEB64_TLS_SLOTS + 8 * WOW64_TLS_CPURESERVED;
    uint64_t area = 0;
    bool has_slot = tebs->teb64 != 0 && avd_memory_u64(memory, slot, &area);

    if (has_slot && area == 0) {
        out->reason = "the thread has no CPU area: it never ran 32-bit code";
        return true;
    }
    if (has_slot && find_in_area(memory, area, true, &stack, out)) {
        out->cpu_area_route = "TlsSlots[1]";
        return true;
    }
    /* Many writers describe the 32-bit stack in the thread's entry. */
    if (stack.high == 0 && thread->stack_start <= UINT32_MAX) {
        stack.low = thread->stack_start;
        stack.high = thread->stack_start + thread->stack_size;
    }
    if (find_by_r13(memory, native, &stack, out))
        return true;
    if (has_slot)
        out->reason = describe_area(memory, area, &stack, arena);
    else if (tebs->teb64_address != 0)
        out->reason = avd_arena_printf(
            arena,
            "the 64-bit TEB at 0x%" PRIx64 " (%s) is not in the dump, so TlsSlots[1], which points "
            "to the CPU area with the 32-bit registers, cannot be read%s",
            tebs->teb64_address, tebs->teb64_route,
            native != NULL ? "; r13 leads to no such area either" : "");
    else
        out->reason = "neither the thread's entry nor r12 tells where the 64-bit TEB is, so the "
                      "CPU area with the 32-bit registers cannot be found";
    return out->reason != NULL;
}
