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
#include "wow64/cpu_area.h"
#include "wow64/layout.h"

#include <inttypes.h>
#include <string.h>

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
        struct avd_wow64_tebs tebs;
        struct avd_context native;
        uint32_t peb32;

        avd_wow64_tebs_find(
            &dump->memory, thread,
            avd_cpu_amd64.read_context(thread->context.data, thread->context.size, &native)
                ? &native
                : NULL,
            &tebs);
        if (tebs.teb32 == 0)
            continue;
        out->present = true;
        if (avd_memory_u32(&dump->memory, tebs.teb32 + TEB32_PEB, &peb32))
            out->peb32 = peb32;
        if (tebs.teb64 != 0)
            (void)avd_memory_u64(&dump->memory, tebs.teb64 + TEB64_PEB, &out->peb64);
        out->evidence = avd_arena_printf(arena,
                                         "thread 0x%" PRIx32 " has a 32-bit TEB at 0x%" PRIx64
                                         " beside its 64-bit one at 0x%" PRIx64 "%s%s",
                                         thread->id, tebs.teb32, tebs.teb64_address,
                                         listed ? ", and " : "", listed ? module_text : "");
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

/* ---- threads ---- */

/* The thread was running 32-bit code: its registers are the low halves. */
static void context_live(const struct avd_memory *memory, const struct avd_context *native,
                         struct avd_wow64_thread *out)
{
    uint64_t r14 = native->regs.value[AVD_R14];
    unsigned reg;

    out->source = AVD_WOW64_LIVE;
    out->context = *native;
    memset(&out->context.regs, 0, sizeof out->context.regs);
    for (reg = AVD_RAX; reg <= AVD_RDI; reg++)
        if (avd_reg_known(&native->regs, reg))
            avd_reg_set(&out->context.regs, reg, native->regs.value[reg] & UINT32_MAX);
    if (avd_reg_known(&native->regs, AVD_RIP))
        avd_reg_set(&out->context.regs, AVD_EIP, native->regs.value[AVD_RIP] & UINT32_MAX);
    /* Where the 64-bit half's code stood is not recorded, only its stack pointer. */
    out->native_reason = "the thread was running 32-bit code; its 64-bit half waited in wow64cpu, "
                         "and neither r14 nor TlsSlots[0] tells where on the 64-bit stack";
    if (avd_reg_known(&native->regs, AVD_R14) &&
        r14 - out->stack64_low < out->stack64_high - out->stack64_low) {
        out->native_sp = r14;
        out->native_sp_route = "r14";
    } else if (out->teb64 != 0 &&
               avd_memory_u64(memory, out->teb64 + TEB64_TLS_SLOTS + 8 * WOW64_TLS_STACKPTR64,
                              &r14) &&
               r14 - out->stack64_low < out->stack64_high - out->stack64_low) {
        out->native_sp = r14;
        out->native_sp_route = "TlsSlots[0]";
    }
}

static void take_tebs(const struct avd_memory *memory, const struct avd_wow64_tebs *tebs,
                      struct avd_wow64_thread *out)
{
    uint32_t value;

    out->teb64 = tebs->teb64;
    out->teb32 = tebs->teb32;
    out->teb32_route = tebs->teb32_route;
    if (out->teb64 != 0) {
        (void)avd_memory_u64(memory, out->teb64 + TEB64_STACK_BASE, &out->stack64_high);
        (void)avd_memory_u64(memory, out->teb64 + TEB64_STACK_LIMIT, &out->stack64_low);
        if (out->stack64_low >= out->stack64_high)
            out->stack64_low = out->stack64_high = 0;
    }
    if (out->teb32 != 0) {
        if (avd_memory_u32(memory, out->teb32 + TEB32_STACK_BASE, &value))
            out->stack32_high = value;
        if (avd_memory_u32(memory, out->teb32 + TEB32_STACK_LIMIT, &value))
            out->stack32_low = value;
        if (out->stack32_low >= out->stack32_high)
            out->stack32_low = out->stack32_high = 0;
    }
}

bool avd_wow64_thread_find(const struct avd_dump *dump, const struct avd_wow64 *wow64,
                           const struct avd_thread *thread, struct avd_view context,
                           struct avd_arena *arena, struct avd_wow64_thread *out)
{
    struct avd_context native;
    bool has_native = avd_cpu_amd64.read_context(context.data, context.size, &native);
    struct avd_wow64_tebs tebs;

    memset(out, 0, sizeof *out);
    out->reason = "";
    out->native_reason = "";
    out->teb32_route = "";
    out->cpu_area_route = "";
    out->native_sp_route = "";
    if (!wow64->present) {
        out->reason = "not a WOW64 process";
        return true;
    }
    avd_wow64_tebs_find(&dump->memory, thread, has_native ? &native : NULL, &tebs);
    take_tebs(&dump->memory, &tebs, out);
    if (!has_native) {
        struct avd_context stored;

        out->native_reason = "the thread's context is not a 64-bit one";
        if (avd_cpu_x86.read_context(context.data, context.size, &stored)) {
            out->source = AVD_WOW64_STREAM;
            out->context = stored;
            return true;
        }
        out->native_reason = "the dump holds no context of this thread";
        return avd_wow64_area_context(dump, thread, &tebs, NULL, arena, out);
    }
    if (native.has_segments && native.cs == CS_32BIT) {
        context_live(&dump->memory, &native, out);
        return true;
    }
    out->has_native = true;
    out->native = native;
    return avd_wow64_area_context(dump, thread, &tebs, &native, arena, out);
}
