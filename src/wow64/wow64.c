/* SPDX-License-Identifier: MIT */
/*
 * Recognising a WOW64 process and finding each thread's 32-bit half. Windows documents little of
 * this; the layouts come from public struct dumps and were checked on real dumps of Windows 7 and
 * of Wine. Not covered: ARM64 hosts, where x86 code is emulated and no segment tells the mode.
 */
#include "wow64/wow64.h"

#include "base/utf.h"
#include "minidump/format.h"
#include "stack/walk.h"
#include "wow64/layout.h"

#include <inttypes.h>
#include <string.h>

/* Every context bit that an x86 CONTEXT may carry: its groups, XSTATE, and the status bits. */
static const uint32_t context32_bits = 0x0001007f | 0xf8000000;

/* ---- TEBs ---- */

static bool is_teb64(const struct avd_memory *memory, uint64_t teb)
{
    uint64_t self;

    return teb != 0 && avd_memory_u64(memory, teb + TEB64_SELF, &self) && self == teb;
}

static bool is_teb32(const struct avd_memory *memory, uint64_t teb32, uint32_t thread_id)
{
    uint32_t self;
    uint32_t id;

    return teb32 != 0 && teb32 <= UINT32_MAX &&
           avd_memory_u32(memory, teb32 + TEB32_SELF, &self) && self == teb32 &&
           avd_memory_u32(memory, teb32 + TEB32_UNIQUE_THREAD, &id) && id == thread_id;
}

/* The routes from TEB64 to TEB32, each answer validated by TEB32.Self and the thread's id. */
static uint64_t find_teb32(const struct avd_memory *memory, uint64_t teb64, uint32_t thread_id)
{
    uint64_t candidate;
    uint32_t offset;

    if (avd_memory_u64(memory, teb64 + TEB64_EXCEPTION_LIST, &candidate) &&
        is_teb32(memory, candidate, thread_id))
        return candidate;
    if (avd_memory_u32(memory, teb64 + TEB64_WOW_TEB_OFFSET, &offset) && offset != 0 &&
        (offset & 0xfff) == 0) {
        candidate = teb64 + (uint64_t)(int64_t)(int32_t)offset;
        if (is_teb32(memory, candidate, thread_id))
            return candidate;
    }
    candidate = teb64 + TEB64_TO_TEB32;
    return is_teb32(memory, candidate, thread_id) ? candidate : 0;
}

/* ---- detection ---- */

static bool has_module(const struct avd_dump *dump, const char *name)
{
    size_t i;

    for (i = 0; i < dump->module_count; i++)
        if (avd_ascii_casecmp(dump->modules[i].name, name) == 0)
            return true;
    return false;
}

bool avd_wow64_detect(const struct avd_dump *dump, struct avd_arena *arena, struct avd_wow64 *out)
{
    bool listed = has_module(dump, "wow64.dll");
    const char *module_text = listed ? "wow64.dll is loaded in a 64-bit process" : NULL;
    size_t i;

    memset(out, 0, sizeof *out);
    out->evidence = "";
    if (dump->system.architecture != PROCESSOR_ARCHITECTURE_AMD64 || !avd_dump_is_windows(dump)) {
        out->evidence = "the dump is not one of a 64-bit Windows process";
        return true;
    }
    for (i = 0; i < dump->thread_count; i++) {
        const struct avd_thread *thread = &dump->threads[i];
        uint64_t teb32;
        uint32_t peb32;

        if (!is_teb64(&dump->memory, thread->teb))
            continue;
        teb32 = find_teb32(&dump->memory, thread->teb, thread->id);
        if (teb32 == 0)
            continue;
        out->present = true;
        if (avd_memory_u32(&dump->memory, teb32 + TEB32_PEB, &peb32))
            out->peb32 = peb32;
        (void)avd_memory_u64(&dump->memory, thread->teb + TEB64_PEB, &out->peb64);
        out->evidence = avd_arena_printf(
            arena, "thread 0x%" PRIx32 " has a 32-bit TEB at 0x%" PRIx64 " beside its 64-bit one at "
            "0x%" PRIx64 "%s%s",
            thread->id, teb32, thread->teb, listed ? ", and " : "", listed ? module_text : "");
        return out->evidence != NULL;
    }
    if (listed) {
        out->present = true;
        out->evidence = module_text;
    } else {
        out->evidence = "no thread has a 32-bit TEB and wow64.dll is not loaded";
    }
    return true;
}

/* ---- contexts ---- */

static bool plausible_context32(const struct avd_context *context,
                                const struct avd_wow64_thread *thread)
{
    uint64_t esp = context->regs.value[AVD_ESP];

    if ((context->flags & 0x10000) == 0 || (context->flags & ~context32_bits) != 0)
        return false;
    if (!avd_reg_known(&context->regs, AVD_EIP) || !avd_reg_known(&context->regs, AVD_ESP))
        return false;
    if (context->cs != CS_32BIT || (context->ss != SS_USER && context->ss != 0))
        return false;
    /* One guard page below the limit: a stack overflow stands there. */
    if (thread->stack32_high != 0 &&
        (esp + 0x3000 < thread->stack32_low || esp > thread->stack32_high))
        return false;
    return true;
}

/* Reads the x86 CONTEXT at `addr`. */
static bool read_context32(const struct avd_memory *memory, uint64_t addr,
                           struct avd_context *context)
{
    uint8_t bytes[CONTEXT32_SIZE];

    return avd_memory_read(memory, addr, bytes, sizeof bytes) == sizeof bytes &&
           avd_cpu_x86.read_context(bytes, sizeof bytes, context);
}

/*
 * The context in the CPU area: behind a header of 4 bytes on every generation of Windows and in
 * Wine; other offsets are tried because the header is not documented.
 */
static bool find_in_area(const struct avd_memory *memory, uint64_t area,
                         struct avd_wow64_thread *out)
{
    static const uint32_t offsets[] = {4, 0, 8, 12, 16, 20, 24, 28, 32};
    size_t i;

    for (i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct avd_context context;

        if (read_context32(memory, area + offsets[i], &context) &&
            plausible_context32(&context, out)) {
            out->cpu_area = area;
            out->source = AVD_WOW64_CPU_AREA;
            out->context = context;
            return true;
        }
    }
    return false;
}

static void context_from_area(const struct avd_dump *dump, const struct avd_context *native,
                              struct avd_wow64_thread *out)
{
    const struct avd_memory *memory = &dump->memory;
    uint64_t area = 0;
    bool has_slot = out->teb64 != 0 &&
                    avd_memory_u64(memory,
                                   out->teb64 + TEB64_TLS_SLOTS + 8 * WOW64_TLS_CPURESERVED, &area);

    if (has_slot && area == 0) {
        out->reason = "the thread has no CPU area: it never ran 32-bit code";
        return;
    }
    if (has_slot && find_in_area(memory, area, out))
        return;
    /* Inside wow64cpu r13 points at or into the area, biased by generation. */
    if (native != NULL && avd_reg_known(&native->regs, AVD_R13)) {
        static const uint32_t biases[] = {0, 0x80, 4};
        uint64_t r13 = native->regs.value[AVD_R13];
        size_t i;

        for (i = 0; i < sizeof biases / sizeof biases[0]; i++)
            if (r13 >= biases[i] && r13 <= UINT32_MAX &&
                find_in_area(memory, r13 - biases[i], out))
                return;
    }
    if (!has_slot)
        out->reason = "the thread's 64-bit TEB is not in the dump, so its CPU area with the 32-bit "
                      "registers cannot be found";
    else if (avd_memory_extent(memory, area, CONTEXT32_SIZE) == 0)
        out->reason = "the CPU area with the 32-bit registers is not in the dump";
    else
        out->reason = "the CPU area holds no plausible 32-bit context";
}

/* The thread was running 32-bit code: its registers are the low halves. */
static void context_live(const struct avd_context *native, struct avd_wow64_thread *out)
{
    unsigned reg;

    out->source = AVD_WOW64_LIVE;
    out->context = *native;
    memset(&out->context.regs, 0, sizeof out->context.regs);
    for (reg = AVD_RAX; reg <= AVD_RDI; reg++)
        if (avd_reg_known(&native->regs, reg))
            avd_reg_set(&out->context.regs, reg, native->regs.value[reg] & UINT32_MAX);
    if (avd_reg_known(&native->regs, AVD_RIP))
        avd_reg_set(&out->context.regs, AVD_EIP, native->regs.value[AVD_RIP] & UINT32_MAX);
    /* Where the 64-bit half's code stood is not recorded, only its stack pointer (r14). */
    out->native_reason = "the thread was running 32-bit code; its 64-bit half waited in wow64cpu";
}

void avd_wow64_thread_find(const struct avd_dump *dump, const struct avd_wow64 *wow64,
                           const struct avd_thread *thread, struct avd_view context,
                           struct avd_arena *arena, struct avd_wow64_thread *out)
{
    const struct avd_memory *memory = &dump->memory;
    struct avd_context native;
    bool has_native = avd_cpu_amd64.read_context(context.data, context.size, &native);

    (void)arena;
    memset(out, 0, sizeof *out);
    out->reason = "";
    out->native_reason = "";
    if (!wow64->present) {
        out->reason = "not a WOW64 process";
        return;
    }
    if (is_teb64(memory, thread->teb))
        out->teb64 = thread->teb;
    else if (has_native && avd_reg_known(&native.regs, AVD_R12) &&
             is_teb64(memory, native.regs.value[AVD_R12]))
        out->teb64 = native.regs.value[AVD_R12]; /* kept there by wow64cpu */
    if (out->teb64 != 0) {
        (void)avd_memory_u64(memory, out->teb64 + TEB64_STACK_BASE, &out->stack64_high);
        (void)avd_memory_u64(memory, out->teb64 + TEB64_STACK_LIMIT, &out->stack64_low);
        out->teb32 = find_teb32(memory, out->teb64, thread->id);
    }
    if (out->teb32 != 0) {
        uint32_t value;

        if (avd_memory_u32(memory, out->teb32 + TEB32_STACK_BASE, &value))
            out->stack32_high = value;
        if (avd_memory_u32(memory, out->teb32 + TEB32_STACK_LIMIT, &value))
            out->stack32_low = value;
    }
    if (!has_native) {
        struct avd_context stored;

        out->native_reason = "the thread's context is not a 64-bit one";
        if (avd_cpu_x86.read_context(context.data, context.size, &stored)) {
            out->source = AVD_WOW64_STREAM;
            out->context = stored;
            return;
        }
        out->native_reason = "the dump holds no context of this thread";
        context_from_area(dump, NULL, out);
        return;
    }
    if (native.has_segments && native.cs == CS_32BIT) {
        context_live(&native, out);
        return;
    }
    out->has_native = true;
    out->native = native;
    context_from_area(dump, &native, out);
}
