/* SPDX-License-Identifier: MIT */
/*
 * Decodes an AMD64 CONTEXT (winnt.h): the general registers and what decides the CPU's mode.
 * Floating point, vector and debug registers play no part in walking a stack. Short because the
 * layout is.
 */
#include "x64/context.h"

#include "base/view.h"

#include <string.h>

/* ContextFlags and the CPU they name */
enum {
    CONTEXT_AMD64 = 0x00100000,
    CONTEXT_CPU_MASK = 0x00ffff00, /* the status bits above and the groups below left out */
    CONTEXT_CONTROL = 1,           /* rip, rsp, cs, ss, eflags */
    CONTEXT_INTEGER = 2,           /* the other general registers, rbp among them */
    CONTEXT_SEGMENTS = 4,          /* ds, es, fs, gs */
    CONTEXT_GROUPS = 0x3f
};

enum {
    OFFSET_FLAGS = 0x30,
    OFFSET_CS = 0x38,
    OFFSET_DS = 0x3a,
    OFFSET_ES = 0x3c,
    OFFSET_FS = 0x3e,
    OFFSET_GS = 0x40,
    OFFSET_SS = 0x42,
    OFFSET_EFLAGS = 0x44,
    OFFSET_RAX = 0x78 /* rax ... r15 in the order of their numbers, then rip */
};

bool avd_x64_read_context(const uint8_t *bytes, size_t size, struct avd_context *out)
{
    struct avd_view v = {bytes, size, 0};
    uint32_t groups;
    unsigned reg;

    memset(out, 0, sizeof *out);
    if (size < AVD_X64_CONTEXT_MIN)
        return false;
    out->flags = avd_view_u32(v, OFFSET_FLAGS);
    if ((out->flags & CONTEXT_CPU_MASK) != CONTEXT_AMD64)
        return false;
    /* Breakpad's writer for macOS names the CPU and no group, and records all of them. */
    groups = (out->flags & CONTEXT_GROUPS) != 0 ? out->flags : CONTEXT_GROUPS;
    for (reg = 0; reg < AVD_REG_COUNT; reg++) {
        uint32_t group = reg == AVD_RSP || reg == AVD_RIP ? CONTEXT_CONTROL : CONTEXT_INTEGER;

        if ((groups & group) != 0)
            avd_reg_set(&out->regs, reg, avd_view_u64(v, OFFSET_RAX + 8 * (uint64_t)reg));
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
