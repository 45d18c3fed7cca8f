/* SPDX-License-Identifier: MIT */
/*
 * TEB64 and TEB32. Every generation of Windows lays TEB32 two pages above TEB64, but which field
 * leads from one to the other differs: NtTib.ExceptionList of TEB64 (Windows; in Wine of the first
 * thread only), WowTebOffset (Windows 10 and Wine), GdiBatchCount of TEB32, which holds TEB64's
 * address (all). A candidate counts when its Self points to itself and its thread id is right.
 */
#include "wow64/tebs.h"

#include "wow64/layout.h"

#include <string.h>

static bool is_teb64(const struct avd_memory *memory, uint64_t teb)
{
    uint64_t self;

    return teb != 0 && avd_memory_u64(memory, teb + TEB64_SELF, &self) && self == teb;
}

static bool is_teb32(const struct avd_memory *memory, uint64_t teb32, uint32_t thread_id)
{
    uint32_t self;
    uint32_t id;

    return teb32 != 0 && teb32 <= UINT32_MAX && avd_memory_u32(memory, teb32 + TEB32_SELF, &self) &&
           self == teb32 && avd_memory_u32(memory, teb32 + TEB32_UNIQUE_THREAD, &id) &&
           id == thread_id;
}

/* WowTebOffset at `addr`, from a TEB at `teb`. Before Windows 10 other things stood there. */
static bool by_offset(const struct avd_memory *memory, uint64_t teb, uint64_t addr, uint64_t *out)
{
    enum { PAGE_MASK = 0xfff };
    uint32_t offset;

    if (!avd_memory_u32(memory, addr, &offset) || offset == 0 || (offset & PAGE_MASK) != 0)
        return false;
    *out = teb + offset - (offset >> 31 != 0 ? UINT64_C(1) << 32 : 0);
    return true;
}

static void teb32_of(const struct avd_memory *memory, uint32_t thread_id,
                     struct avd_wow64_tebs *out)
{
    uint64_t candidate;
    uint32_t back;

    if (out->teb64 != 0) {
        out->teb32_route = "TEB64's NtTib.ExceptionList";
        if (avd_memory_u64(memory, out->teb64 + TEB64_EXCEPTION_LIST, &candidate) &&
            is_teb32(memory, candidate, thread_id)) {
            out->teb32 = candidate;
            return;
        }
        out->teb32_route = "TEB64's WowTebOffset";
        if (by_offset(memory, out->teb64, out->teb64 + TEB64_WOW_TEB_OFFSET, &candidate) &&
            is_teb32(memory, candidate, thread_id)) {
            out->teb32 = candidate;
            return;
        }
        out->teb32_route = "its place, 0x2000 above TEB64";
        if (is_teb32(memory, out->teb64 + TEB64_TO_TEB32, thread_id)) {
            out->teb32 = out->teb64 + TEB64_TO_TEB32;
            return;
        }
    } else if (out->teb64_address != 0) {
        /* Without TEB64's memory the way back must agree as well. */
        candidate = out->teb64_address + TEB64_TO_TEB32;
        out->teb32_route = "its place, 0x2000 above TEB64, to which it points back";
        if (is_teb32(memory, candidate, thread_id) &&
            avd_memory_u32(memory, candidate + TEB32_GDI_BATCH_COUNT, &back) &&
            back == out->teb64_address) {
            out->teb32 = candidate;
            return;
        }
    }
    out->teb32_route = "";
}

/* A writer that recorded TEB32: back from it to TEB64. */
static bool from_teb32(const struct avd_memory *memory, const struct avd_thread *thread,
                       struct avd_wow64_tebs *out)
{
    uint64_t candidates[3];
    size_t count = 0;
    uint32_t back;
    size_t i;

    if (!is_teb32(memory, thread->teb, thread->id))
        return false;
    out->teb32 = thread->teb;
    out->teb32_route = "the thread's entry, which has TEB32";
    if (avd_memory_u32(memory, thread->teb + TEB32_GDI_BATCH_COUNT, &back) && back != 0)
        candidates[count++] = back;
    if (by_offset(memory, thread->teb, thread->teb + TEB32_WOW_TEB_OFFSET, &candidates[count]))
        count++;
    if (thread->teb > TEB64_TO_TEB32)
        candidates[count++] = thread->teb - TEB64_TO_TEB32;
    out->teb64_route = "TEB32";
    if (count != 0)
        out->teb64_address = candidates[0];
    for (i = 0; i < count && out->teb64 == 0; i++)
        if (is_teb64(memory, candidates[i]))
            out->teb64 = out->teb64_address = candidates[i];
    return true;
}

void avd_wow64_tebs_find(const struct avd_memory *memory, const struct avd_thread *thread,
                         const struct avd_context *native, struct avd_wow64_tebs *out)
{
    bool has_r12 = native != NULL && avd_reg_known(&native->regs, AVD_R12);

    memset(out, 0, sizeof *out);
    out->teb64_route = "";
    out->teb32_route = "";
    if (is_teb64(memory, thread->teb)) {
        out->teb64 = thread->teb;
        out->teb64_route = "the thread's entry";
    } else if (from_teb32(memory, thread, out)) {
        return;
    } else if (has_r12 && is_teb64(memory, native->regs.value[AVD_R12])) {
        out->teb64 = native->regs.value[AVD_R12]; /* kept there by wow64cpu */
        out->teb64_route = "r12";
    } else if (thread->teb != 0) {
        out->teb64_address = thread->teb;
        out->teb64_route = "the thread's entry";
    } else if (has_r12) {
        out->teb64_address = native->regs.value[AVD_R12];
        out->teb64_route = "r12";
    }
    if (out->teb64 != 0)
        out->teb64_address = out->teb64;
    teb32_of(memory, thread->id, out);
}
