/* SPDX-License-Identifier: MIT */
/*
 * Threads, exception and memory of the 32-bit half. A thread's x86 CONTEXT is made from its AMD64
 * one while it runs 32-bit code, and copied out of the CPU area otherwise; the exception's is the
 * one from which the analysis walked.
 */
#include "extract/half32.h"

#include "analyze/recover.h"
#include "minidump/format.h"
#include "wow64/layout.h"

#include <inttypes.h>
#include <string.h>

static const uint64_t end32 = UINT64_C(1) << 32; /* of what 32-bit code can address */

/* ---- registers ---- */

enum { CONTEXT32_ESP = 0xc4, CONTEXT64_SIZE = 0x4d0 };

/* The x86 CONTEXT in the CPU area. The analysis takes a return address off the stack that eip
 * stands for already where no code is there that could tell (analyze/threads.c); so must other
 * readers. */
static bool context_of_area(const struct avd_memory *memory, const struct avd_wow64_thread *wow,
                            uint8_t *out)
{
    const struct avd_regs *regs = &wow->context.regs;

    if (avd_memory_read(memory, wow->context_at, out, AVD_CONTEXT32_SIZE) != AVD_CONTEXT32_SIZE)
        return false;
    if (wow->return_on_stack && avd_memory_extent(memory, regs->value[AVD_EIP], 1) == 0)
        avd_put_le32(out + CONTEXT32_ESP, (uint32_t)regs->value[AVD_ESP] + 4);
    return true;
}

/* The x86 CONTEXT that `wow` tells of; `stored` is what the dump has of the thread's registers. */
static bool context_of(const struct avd_memory *memory, const struct avd_wow64_thread *wow,
                       struct avd_view stored, uint8_t *out)
{
    switch (wow->source) {
    case AVD_WOW64_LIVE: return avd_context32_from_amd64(stored, out);
    case AVD_WOW64_CPU_AREA: return context_of_area(memory, wow, out);
    case AVD_WOW64_STREAM: return avd_context32_from_x86(stored, out);
    case AVD_WOW64_NONE: break;
    }
    return false;
}

/* The registers of an exception found on a stack, as the system laid them there: an x86 CONTEXT, or
 * the AMD64 one that the 64-bit half was given. */
static bool context_of_found(const struct avd_memory *memory,
                             const struct avd_found_exception *found, uint8_t *out)
{
    const uint64_t eip = found->context.regs.value[AVD_EIP];
    uint8_t bytes[CONTEXT64_SIZE];
    struct avd_view v = {bytes, 0, 0};
    struct avd_context decoded;

    v.size = avd_memory_read(memory, found->context_at, bytes, sizeof bytes);
    if (avd_cpu_x86.read_context(v.data, v.size, &decoded) && decoded.regs.value[AVD_EIP] == eip)
        return avd_context32_from_x86(v, out);
    return avd_cpu_amd64.read_context(v.data, v.size, &decoded) &&
           (decoded.regs.value[AVD_RIP] & UINT32_MAX) == eip && avd_context32_from_amd64(v, out);
}

/* ---- threads ---- */

/* Where the 32-bit stack lies, as far as the dump has it. Bytes below esp are kept when there are
 * any: an exception may have been raised further down. */
static void find_stack(const struct avd_memory *memory, const struct avd_wow64_thread *wow,
                       struct avd_half32_thread *out)
{
    enum { WITHOUT_TEB = 1 << 20 }; /* bytes above esp then; the usual size of a stack */
    uint64_t esp = avd_le32(out->context + CONTEXT32_ESP);
    uint64_t low = wow->stack32_low;
    uint64_t high = wow->stack32_high;
    const struct avd_thread *thread = out->thread;
    uint64_t stack_end = thread->stack_start + thread->stack_size;

    if (high == 0 && esp - thread->stack_start < thread->stack_size && stack_end <= end32) {
        low = thread->stack_start;
        high = stack_end;
    }
    if (high <= esp)
        high = esp + WITHOUT_TEB;
    if (low >= esp || avd_memory_extent(memory, low, esp - low) != esp - low)
        low = esp;
    out->stack_start = low;
    out->stack_size = (uint32_t)avd_memory_extent(memory, low, high - low);
}

/* A thread without 32-bit registers is left out: of one that has no context, or one of zeros, lldb
 * shows a frame at 0xffffffffffffffff and Breakpad one at 0. */
static bool collect_thread(struct avd_half32 *half, const struct avd_thread *thread, bool crashed)
{
    const struct avd_dump *dump = half->an->dump;
    struct avd_half32_thread *out = &half->threads[half->thread_count];
    struct avd_wow64_thread wow;

    if (!avd_wow64_thread_find(dump, &half->an->wow64, thread, thread->context, half->arena, &wow))
        return false;
    if (!context_of(&dump->memory, &wow, thread->context, out->context)) {
        if (!crashed) {
            avd_note_add(&half->notes, "threads", AVD_NO_OFFSET,
                         "thread 0x%" PRIx32 " is left out, its 32-bit registers are not known: %s",
                         thread->id, wow.reason);
            return true;
        }
        /* Better than an exception of a thread that is not there. */
        memcpy(out->context, half->exception_context, sizeof out->context);
    }
    out->thread = thread;
    out->teb = (uint32_t)wow.teb32;
    find_stack(&dump->memory, &wow, out);
    half->thread_count++;
    return true;
}

static bool collect_threads(struct avd_half32 *half)
{
    const struct avd_dump *dump = half->an->dump;
    size_t i;

    half->threads = avd_arena_alloc(half->arena, dump->thread_count, sizeof *half->threads);
    if (half->threads == NULL)
        return false;
    for (i = 0; i < dump->thread_count; i++)
        if (!collect_thread(half, &dump->threads[i],
                            half->has_exception && i == half->an->crashing_thread))
            return false;
    return true;
}

/* ---- the exception ---- */

static bool exception_context(struct avd_half32 *half)
{
    const struct avd_analysis *an = half->an;
    const struct avd_memory *memory = &an->dump->memory;
    const struct avd_an_thread *thread;

    if (an->fault.present && an->chosen != AVD_NO_MODULE)
        return context_of_found(memory, &an->found[an->chosen], half->exception_context);
    if (an->crashing_thread == AVD_NO_MODULE)
        return avd_context32_from_amd64(an->exception.context, half->exception_context) ||
               avd_context32_from_x86(an->exception.context, half->exception_context);
    thread = &an->threads[an->crashing_thread];
    return context_of(memory, &thread->wow, an->exception.context, half->exception_context) ||
           context_of(memory, &thread->wow, thread->thread->context, half->exception_context);
}

/* Windows tells 64-bit debuggers of 32-bit code's breakpoints and single steps with codes of their
 * own; the process itself, and so a 32-bit writer, sees the usual ones. */
static uint32_t code32(uint32_t code)
{
    static const uint32_t breakpoint = 0x80000003u;
    static const uint32_t single_step = 0x80000004u;
    static const uint32_t wx86_breakpoint = 0x4000001fu;
    static const uint32_t wx86_single_step = 0x4000001eu;

    return code == wx86_breakpoint ? breakpoint : code == wx86_single_step ? single_step : code;
}

static void collect_exception(struct avd_half32 *half)
{
    const struct avd_analysis *an = half->an;
    struct avd_exception *out = &half->exception;
    size_t i;

    if (!an->has_exception)
        return;
    if (!an->exception_is_32bit) {
        avd_note_add(&half->notes, "exception", AVD_NO_OFFSET,
                     "0x%08" PRIx32 " at 0x%" PRIx64 " is left out, 64-bit code raised it",
                     an->exception.code, an->exception.address);
        return;
    }
    if (!exception_context(half)) {
        avd_note_add(&half->notes, "exception", AVD_NO_OFFSET,
                     "0x%08" PRIx32 " is left out, its 32-bit registers are not known",
                     an->exception.code);
        return;
    }
    half->has_exception = true;
    *out = an->exception;
    out->code = code32(out->code);
    out->address &= UINT32_MAX;
    out->nested_record &= UINT32_MAX;
    for (i = 0; i < out->parameter_count; i++)
        out->parameters[i] &= UINT32_MAX;
    if (an->exception_recovered)
        avd_note_add(&half->notes, "exception", AVD_NO_OFFSET,
                     "0x%08" PRIx32 " is stored, which was only on the stack of thread 0x%" PRIx32,
                     out->code, out->thread_id);
}

/* ---- memory ---- */

/* The ranges are sorted: those below 4 GiB come first, and only the last of them may reach over. */
static bool collect_memory(struct avd_half32 *half)
{
    const struct avd_memory *memory = &half->an->dump->memory;
    struct avd_memory_range *ranges;
    size_t count = 0;

    while (count < memory->range_count && memory->ranges[count].start < end32)
        count++;
    half->ranges = memory->ranges;
    half->range_count = count;
    if (count == 0 || memory->ranges[count - 1].size <= end32 - memory->ranges[count - 1].start)
        return true;
    ranges = avd_arena_alloc(half->arena, count, sizeof *ranges);
    if (ranges == NULL)
        return false;
    memcpy(ranges, memory->ranges, count * sizeof *ranges);
    ranges[count - 1].size = end32 - ranges[count - 1].start;
    half->ranges = ranges;
    return true;
}

enum avd_status avd_half32_collect(struct avd_analysis *an, struct avd_half32 *out,
                                   struct avd_error *err)
{
    memset(out, 0, sizeof *out);
    out->arena = &an->arena;
    out->an = an;
    avd_notes_init(&out->notes, out->arena);
    collect_exception(out);
    if (!collect_threads(out) || !avd_half32_modules(out) || !collect_memory(out) ||
        out->arena->failed)
        return avd_error_nomem(err);
    if (out->thread_count == 0)
        return avd_error_set(err, AVD_NOT_FOUND, 0, "",
                             "no thread's 32-bit registers are in the dump (avdump stack says "
                             "why)");
    return AVD_OK;
}
