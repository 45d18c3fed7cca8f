# SPDX-License-Identifier: MIT
#
# The way into the functions under observation (recorder.h), for x86. EBP stays a frame pointer, as
# they may expect of their callers.

    .intel_syntax noprefix
    .section .orc, "xr"
    .globl _gate, _gate_begin, _gate_return, _gate_end, _step_on, _step_off
    .globl __alloca, __chkstk, __alldiv, __fltused
_gate_begin:
_gate:
    push ebp
    mov ebp, esp
    push ebx
    push esi
    push edi
    mov eax, [ebp + 8]
    mov [_saved_esp], esp
    push [ebp + 20]
    push [ebp + 16]
    push [ebp + 12]
    mov ecx, [ebp + 12]
    mov edx, [ebp + 16]
    mov ebx, 0x11110003
    mov esi, 0x11110006
    mov edi, 0x11110007
    pushfd
    or dword ptr [esp], 0x100
    popfd
    call eax
_gate_return:
    mov esp, [_saved_esp]
    pop edi
    pop esi
    pop ebx
    pop ebp
    ret

_step_on:
    pushfd
    or dword ptr [esp], 0x100
    popfd
    ret

_step_off:
    ret

# What the compiler calls for large frames: size in eax, the others are kept. The stack is
# there already and needs no probing. The return address of this call stays behind among the locals.
__alloca:
__chkstk:
    push ecx
    neg eax
    lea eax, [esp + eax + 8]
    xchg eax, esp
    mov ecx, [eax]
    push [eax + 4]
    ret

# Division of 64-bit numbers, which takes its arguments off the stack. Nobody looks at the result.
__alldiv:
    mov eax, 3
    cdq
    ret 16
_gate_end:

    .bss
_saved_esp:
    .long 0

    .section .rdata, "dr"
__fltused:
    .long 0

# The tables that there are for x64 only.
    .globl _directive_cases, _epilogue_cases, _table_cases
_directive_cases:
_epilogue_cases:
_table_cases:
    .long 0, 0, 0, 0
