/* SPDX-License-Identifier: MIT */
/*
 * The 64-bit stack of a WOW64 thread that was running 32-bit code. No register holds where its
 * 64-bit half stood, but wow64cpu keeps that half's stack pointer, and above it, behind what
 * wow64cpu saved, is the return address of the call by which wow64.dll entered 32-bit code.
 */
#include "analyze/modules.h"

#include "base/utf.h"

#include <string.h>

enum {
    MAX_WORDS = 64 /* from the kept stack pointer up: 9 on Windows 7, 10 in Wine 10 */
};

static bool in_wow64(const struct avd_analysis *an, uint64_t addr)
{
    size_t module = avd_analysis_module_at(an, addr);

    return module != AVD_NO_MODULE &&
           avd_ascii_casecmp(an->modules[module].module->name, "wow64.dll") == 0;
}

bool avd_analysis_wow64_native(struct avd_analysis *an, const struct avd_wow64_thread *wow,
                               struct avd_context *start)
{
    struct avd_walk_env env;
    struct avd_walk walk;
    uint64_t sp = wow->native_sp;
    unsigned i;

    memset(&env, 0, sizeof env);
    memset(&walk, 0, sizeof walk);
    avd_analysis_walk_env(an, &env);
    walk.cpu = &avd_cpu_amd64;
    walk.env = &env;
    for (i = 0; i < MAX_WORDS && sp <= wow->stack64_high - 8; i++, sp += 8) {
        uint64_t value;

        if (!avd_memory_u64(&an->dump->memory, sp, &value))
            return false;
        if (!in_wow64(an, value - 1) || avd_walk_after_call(&walk, value) != 1)
            continue;
        memset(start, 0, sizeof *start);
        avd_reg_set(&start->regs, AVD_RIP, value);
        avd_reg_set(&start->regs, AVD_RSP, sp + 8);
        return true;
    }
    return false;
}
