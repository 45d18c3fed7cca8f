# SPDX-License-Identifier: MIT
#
# x64 functions for every form of epilogue, and for what looks like one and is not (Microsoft's "x64
# prolog and epilog"). Each gets a small number in rcx.

    .include "cases.inc"

    .section .orctab, "dr"
    .globl epilogue_cases
epilogue_cases:

.macro WITH_FRAME name
    BEGIN \name
    push rbx
    .seh_pushreg rbx
    sub rsp, 0x20
    .seh_stackalloc 0x20
    .seh_endprologue
    mov ebx, ecx
.endm

.macro LEAVE_FRAME
    add rsp, 0x20
    pop rbx
.endm

    WITH_FRAME exit_rep_ret
    LEAVE_FRAME
    rep ret
    END

    WITH_FRAME exit_bnd_ret
    LEAVE_FRAME
    .byte 0xf2, 0xc3
    END

    WITH_FRAME exit_ret_0
    LEAVE_FRAME
    .byte 0xc2, 0, 0
    END

    WITH_FRAME exit_jump_near
    LEAVE_FRAME
    .byte 0xe9                              # rel32, whatever the assembler would choose
    .long leaf - . - 4
    END

    WITH_FRAME exit_jump_short
    LEAVE_FRAME
    .byte 0xeb
    .byte jump_target - . - 1
    END

    FUNCTION jump_target
    ret

    WITH_FRAME exit_jump_to_itself
    test ebx, ebx
    jz 1f
    lea ecx, [rbx - 1]
    LEAVE_FRAME
    jmp exit_jump_to_itself
1:  LEAVE_FRAME
    ret
    END

    WITH_FRAME exit_jump_through_memory
    LEAVE_FRAME
    jmp [rip + leaf_pointer]
    END

    WITH_FRAME exit_jump_through_register
    lea rax, [rip + leaf]
    LEAVE_FRAME
    .byte 0x48, 0xff, 0xe0                  # rex.w jmp rax
    END

    WITH_FRAME exit_jump_through_r8
    lea r8, [rip + leaf]
    LEAVE_FRAME
    .byte 0x49, 0xff, 0xe0                  # rex.w jmp r8
    END

    WITH_FRAME exit_jump_through_table
    lea rax, [rip + leaf_pointer]
    LEAVE_FRAME
    .byte 0x48, 0xff, 0x20                  # rex.w jmp [rax]
    END

    WITH_FRAME exit_early_and_late
    cmp ecx, 100
    ja 1f
    lea eax, [rbx + rbx]
    LEAVE_FRAME
    ret
1:  xor eax, eax
    LEAVE_FRAME
    ret
    END

# What looks like the beginning of an epilogue and is none.
    BEGIN pops_in_the_body
    push rbp
    .seh_pushreg rbp
    sub rsp, 0x40
    .seh_stackalloc 0x40
    lea rbp, [rsp + 0x20]
    .seh_setframe rbp, 0x20
    .seh_endprologue
    push rcx
    push rdx
    push r8
    push r9
    pop r10
    pop r11
    add rsp, 8
    pop rax
    nop
    push rcx
    add rsp, 8
    jmp 1f
    nop
1:  test ecx, ecx
    lea rsp, [rbp + 0x20]
    pop rbp
    ret
    END

# A jump inside the function right after the stack was put in order is no tail call.
    BEGIN jump_in_the_body
    push rbp
    .seh_pushreg rbp
    mov rbp, rsp
    .seh_setframe rbp, 0
    sub rsp, 0x20
    .seh_stackalloc 0x20
    .seh_endprologue
    sub rsp, 0x10
    add rsp, 0x10
    jmp 2f
1:  lea rax, [rip + 3f]
    sub rsp, 0x10
    add rsp, 0x10
    jmp rax                                 # a switch's
2:  push rcx
    pop rcx
    .byte 0xe9
    .long 1b - . - 4
3:  lea rsp, [rbp]
    pop rbp
    ret
    END

# Unwind data without a single code.
    BEGIN nothing_to_undo
    .seh_endprologue
    lea eax, [rcx + 1]
    jmp 1f
1:  ret
    END

    BEGIN call_at_the_end_of_a_path
    sub rsp, 0x28
    .seh_stackalloc 0x28
    .seh_endprologue
    call leaf
    nop
    add rsp, 0x28
    ret
    END

# ---- with a handler ----

    BEGIN with_handler
    .seh_handler no_handler, @unwind, @except
    push rsi
    .seh_pushreg rsi
    sub rsp, 0x30
    .seh_stackalloc 0x30
    .seh_endprologue
    mov esi, 5
    call leaf
    add rsp, 0x30
    pop rsi
    ret
    .seh_handlerdata
    .long 1, 2, 3
    .section .orc, "xr"
    END

    FUNCTION no_handler
    mov eax, 1                              # ExceptionContinueSearch
    ret

# Instructions that save nothing in between, as schedulers put them.
    BEGIN mixed_prologue
    mov eax, ecx
    push rbx
    .seh_pushreg rbx
    lea r10, [rcx + rcx]
    xor r11d, r11d
    push r15
    .seh_pushreg r15
    mov ebx, eax
    sub rsp, 0x38
    .seh_stackalloc 0x38
    mov [rsp + 0x28], r10
    .seh_endprologue
    mov r15, r10
    add rsp, 0x38
    pop r15
    pop rbx
    ret
    END

    .section .orctab, "dr"
    .quad 0, 0, 0, 0

    .section .rdata, "dr"
    .p2align 3
leaf_pointer:
    .quad leaf
