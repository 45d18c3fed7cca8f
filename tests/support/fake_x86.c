/* SPDX-License-Identifier: MIT */
#include "support/fake_x86.h"

struct fake_process *fake_new_x86(void)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, 0x400000, 0x10000);
    fake_map(p, CODE, 0x2000);
    fake_map(p, 0x10000, 0x2000);
    fake_call_before(p, CALLER);
    return p;
}

struct avd_regs fake_regs_x86(uint64_t ebp)
{
    struct avd_regs regs = {{0}, 0};

    avd_reg_set(&regs, AVD_EBP, ebp);
    avd_reg_set(&regs, AVD_EBX, 0xbb);
    avd_reg_set(&regs, AVD_EAX, 0xaa);
    return regs;
}
