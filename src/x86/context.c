/* SPDX-License-Identifier: MIT */
/*
 * Decodes an x86 CONTEXT (winnt.h), of 204 bytes in old dumps, 716 or more in others. Floating
 * point, vector and debug registers play no part in walking a stack. Short because the layout is.
 */
#include "x86/context.h"

#include "base/view.h"

#include <string.h>

/* ContextFlags and the CPU they name */
enum {
    CONTEXT_I386 = 0x00010000,
    CONTEXT_CPU_MASK = 0x00ffff00, /* the status bits above and the groups below left out */
    CONTEXT_CONTROL = 1,           /* ebp, eip, cs, eflags, esp, ss */
    CONTEXT_INTEGER = 2,           /* edi, esi, ebx, edx, ecx, eax */
    CONTEXT_SEGMENTS = 4,          /* ds, es, fs, gs */
    CONTEXT_GROUPS = 0x3f
};

enum {
    OFFSET_GS = 0x8c,
    OFFSET_FS = 0x90,
    OFFSET_ES = 0x94,
    OFFSET_DS = 0x98,
    OFFSET_CS = 0xbc,
    OFFSET_EFLAGS = 0xc0,
    OFFSET_SS = 0xc8
};

static const struct {
    uint8_t reg;
    uint8_t group;
    uint8_t offset;
} layout[] = {
    {AVD_EDI, CONTEXT_INTEGER, 0x9c}, {AVD_ESI, CONTEXT_INTEGER, 0xa0},
    {AVD_EBX, CONTEXT_INTEGER, 0xa4}, {AVD_EDX, CONTEXT_INTEGER, 0xa8},
    {AVD_ECX, CONTEXT_INTEGER, 0xac}, {AVD_EAX, CONTEXT_INTEGER, 0xb0},
    {AVD_EBP, CONTEXT_CONTROL, 0xb4}, {AVD_EIP, CONTEXT_CONTROL, 0xb8},
    {AVD_ESP, CONTEXT_CONTROL, 0xc4},
};

bool avd_x86_read_context(const uint8_t *bytes, size_t size, struct avd_context *out)
{
    struct avd_view v = {bytes, size, 0};
    uint32_t groups;
    size_t i;

    memset(out, 0, sizeof *out);
    if (size < AVD_X86_CONTEXT_MIN)
        return false;
    out->flags = avd_view_u32(v, 0);
    if ((out->flags & CONTEXT_CPU_MASK) != CONTEXT_I386)
        return false;
    /* Breakpad's writer for macOS names the CPU and no group, and records all of them. */
    groups = (out->flags & CONTEXT_GROUPS) != 0 ? out->flags : CONTEXT_GROUPS;
    for (i = 0; i < sizeof layout / sizeof layout[0]; i++) {
        if ((groups & layout[i].group) != 0)
            avd_reg_set(&out->regs, layout[i].reg, avd_view_u32(v, layout[i].offset));
    }
    if ((groups & CONTEXT_CONTROL) != 0) {
        out->has_segments = true;
        out->cs = avd_view_u16(v, OFFSET_CS);
        out->ss = avd_view_u16(v, OFFSET_SS);
        out->has_eflags = true;
        out->eflags = avd_view_u32(v, OFFSET_EFLAGS);
    }
    if ((groups & CONTEXT_SEGMENTS) != 0) {
        out->ds = avd_view_u16(v, OFFSET_DS);
        out->es = avd_view_u16(v, OFFSET_ES);
        out->fs = avd_view_u16(v, OFFSET_FS);
        out->gs = avd_view_u16(v, OFFSET_GS);
    }
    return true;
}
