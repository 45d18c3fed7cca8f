/* SPDX-License-Identifier: MIT */
/*
 * The x86 CPU: its registers and its methods of finding a caller, in order. x86 images carry no
 * unwind data, so what the code bytes prove comes first, then what symbols say of the frame, and
 * the chain of EBP after it; a function without a frame in the middle of that chain is skipped by
 * it. Short because the methods are elsewhere.
 */
#include "stack/walk.h"
#include "x86/ahead.h"
#include "x86/apc.h"
#include "x86/callback.h"
#include "x86/code_forms.h"
#include "x86/context.h"
#include "x86/dispatch.h"
#include "x86/frame_data.h"

static const char *const reg_names[AVD_REG_COUNT] = {
    [AVD_EAX] = "eax", [AVD_ECX] = "ecx", [AVD_EDX] = "edx", [AVD_EBX] = "ebx", [AVD_ESP] = "esp",
    [AVD_EBP] = "ebp", [AVD_ESI] = "esi", [AVD_EDI] = "edi", [AVD_EIP] = "eip"};

static const struct avd_step_method methods[] = {
    {"bad_call", avd_step_bad_call},
    {"dispatch", avd_x86_step_dispatch},
    {"apc", avd_x86_step_apc},
    {"callback", avd_x86_step_callback},
    {"syscall_stub", avd_x86_step_syscall_stub},
    {"stack_cfi", avd_step_cfi},
    {"prologue", avd_x86_step_prologue},
    {"frame_data", avd_x86_step_frame_data},
    {"skipped_apc", avd_x86_step_skipped_apc},
    {"epilogue", avd_x86_step_ahead},
    {"frame_pointer", avd_step_frame_pointer},
    {"scan", avd_step_scan},
};

const struct avd_cpu_ops avd_cpu_x86 = {
    .name = "x86",
    .pointer_size = 4,
    .address_mask = UINT64_C(0xfffeffff), /* large address aware, on 64-bit Windows */
    .read_context = avd_x86_read_context,
    .reg_names = reg_names,
    .volatile_regs = 1 << AVD_EAX | 1 << AVD_ECX | 1 << AVD_EDX,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
