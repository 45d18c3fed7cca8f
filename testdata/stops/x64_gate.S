# SPDX-License-Identifier: MIT
#
# The way into the functions under observation (recorder.h). It lies in their section, because its
# call before the return address is looked at, and in front of them.

    .intel_syntax noprefix
    .section .orc, "xr"
    .globl gate, gate_begin, gate_return, gate_end, step_on, step_off, ___chkstk_ms
gate_begin:
    .seh_proc gate
gate:
    push rbx
    .seh_pushreg rbx
    push rbp
    .seh_pushreg rbp
    push rsi
    .seh_pushreg rsi
    push rdi
    .seh_pushreg rdi
    push r12
    .seh_pushreg r12
    push r13
    .seh_pushreg r13
    push r14
    .seh_pushreg r14
    push r15
    .seh_pushreg r15
    sub rsp, 0x38
    .seh_stackalloc 0x38
    .seh_endprologue
    mov rax, rcx
    mov ecx, edx
    mov edx, r8d
    mov r8d, r9d
    mov rbx, 0x1111000000000003
    mov rbp, 0x1111000000000005
    mov rsi, 0x1111000000000006
    mov rdi, 0x1111000000000007
    mov r12, 0x111100000000000c
    mov r13, 0x111100000000000d
    mov r14, 0x111100000000000e
    mov r15, 0x111100000000000f
    pushfq
    or dword ptr [rsp], 0x100
    popfq
    call rax
gate_return:
    add rsp, 0x38
    pop r15
    pop r14
    pop r13
    pop r12
    pop rdi
    pop rsi
    pop rbp
    pop rbx
    ret
    .seh_endproc

step_on:
    pushfq
    or dword ptr [rsp], 0x100
    popfq
    ret

step_off:
    ret

# What compilers call for large frames, to probe a stack that is there already.
___chkstk_ms:
    ret
gate_end:
