/* SPDX-License-Identifier: MIT */
/*
 * The x86 process of the suites that each test one method of finding a caller: a module with code,
 * a thread that stands at PC with its stack pointer at SP, and a call before CALLER.
 */
#ifndef AVD_TESTS_FAKE_X86_H
#define AVD_TESTS_FAKE_X86_H

#include "support/fake_process.h"

#define CODE   0x401000u /* to 0x403000, of the module at 0x400000 */
#define PC     0x401200u
#define CALLER 0x402040u
#define SP     UINT64_C(0x10100) /* the stack lies at [0x10000, 0x12000) */

struct fake_process *fake_new_x86(void);
/* EBP, and values in EBX and EAX: one that functions keep, one that they do not. */
struct avd_regs fake_regs_x86(uint64_t ebp);

#endif
