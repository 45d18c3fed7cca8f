# SPDX-License-Identifier: MIT
#
# x64 functions for every unwind code that the assembler's .seh_ directives can describe
# (Microsoft's "x64 exception handling"). Each gets a small number in rcx.

    .include "cases.inc"

    .section .orctab, "dr"
    .globl directive_cases
directive_cases:

# ---- without unwind data: a leaf ----

    CASE leaf
    FUNCTION leaf
    lea eax, [ecx + 1]
    imul eax, ecx
    ret

    CASE leaf_that_jumps
    FUNCTION leaf_that_jumps
    inc ecx
    jmp leaf

# ---- pushes ----

    BEGIN push_every_register
    push rbp
    .seh_pushreg rbp
    push rbx
    .seh_pushreg rbx
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
    sub rsp, 0x28
    .seh_stackalloc 0x28
    .seh_endprologue
    mov ebx, 1
    mov ebp, 2
    mov esi, 3
    mov edi, 4
    mov r12d, 5
    mov r13d, 6
    mov r14d, 7
    mov r15d, 8
    call leaf
    add rsp, 0x28
    pop r15
    pop r14
    pop r13
    pop r12
    pop rdi
    pop rsi
    pop rbx
    pop rbp
    ret
    END

    BEGIN push_volatile_as_allocation
    push rcx
    .seh_stackalloc 8
    push rbx
    .seh_pushreg rbx
    push rdx
    .seh_stackalloc 8
    .seh_endprologue
    mov ebx, ecx
    pop rdx
    pop rbx
    pop rcx
    ret
    END

    BEGIN push_with_prefixes
    .byte 0x40, 0x53                        # rex push rbx
    .seh_pushreg rbx
    .byte 0x48, 0x55                        # rex.w push rbp
    .seh_pushreg rbp
    sub rsp, 0x28
    .seh_stackalloc 0x28
    .seh_endprologue
    xor ebx, ebx
    xor ebp, ebp
    add rsp, 0x28
    .byte 0x48, 0x5d                        # rex.w pop rbp
    .byte 0x40, 0x5b                        # rex pop rbx
    ret
    END

# ---- allocations: the smallest and largest of each form ----

.macro ALLOCATION name, size
    BEGIN \name
    push rbx
    .seh_pushreg rbx
    sub rsp, \size
    .seh_stackalloc \size
    .seh_endprologue
    mov ebx, 0x77
    mov [rsp], rbx
    add rsp, \size
    pop rbx
    ret
    END
.endm

    ALLOCATION alloc_8, 8
    ALLOCATION alloc_112, 0x70
    ALLOCATION alloc_128, 0x80
    ALLOCATION alloc_136, 0x88
    ALLOCATION alloc_4096, 0x1000
    ALLOCATION alloc_512k_less_8, 0x7fff8
    ALLOCATION alloc_512k, 0x80000
    ALLOCATION alloc_600k, 0x96008

    BEGIN alloc_in_two_steps
    push rax
    .seh_stackalloc 8
    push r14
    .seh_pushreg r14
    sub rsp, 0x120
    .seh_stackalloc 0x120
    .seh_endprologue
    xor r14d, r14d
    add rsp, 0x120
    pop r14
    pop rcx
    ret
    END

    BEGIN alloc_by_call
    push rdi
    .seh_pushreg rdi
    mov eax, 0x3010
    call probe
    sub rsp, rax
    .seh_stackalloc 0x3010
    .seh_endprologue
    lea rdi, [rsp + 0x20]
    add rsp, 0x3010
    pop rdi
    ret
    END

# Not under observation by unwind data of its own: a leaf, as __chkstk is one.
    FUNCTION probe
    neg rax
    neg rax
    ret

# ---- frame registers ----

.macro FRAME_REGISTER name, register, offset, size
    BEGIN \name
    push rsi
    .seh_pushreg rsi
    push \register
    .seh_pushreg \register
    sub rsp, \size
    .seh_stackalloc \size
    lea \register, [rsp + \offset]
    .seh_setframe \register, \offset
    .seh_endprologue
    mov eax, 0x60
    sub rsp, rax                            # what alloca does
    mov [rsp + 0x20], rax
    mov esi, 9
    call leaf
    lea rsp, [\register + \size - \offset]
    pop \register
    pop rsi
    ret
    END
.endm

    FRAME_REGISTER frame_rbp_0, rbp, 0, 0x28
    FRAME_REGISTER frame_rbp_32, rbp, 0x20, 0x48
    FRAME_REGISTER frame_rbp_240, rbp, 0xf0, 0x108
    FRAME_REGISTER frame_rbp_far, rbp, 0x80, 0x408
    FRAME_REGISTER frame_rbx, rbx, 0x20, 0x28
    FRAME_REGISTER frame_rdi, rdi, 0x10, 0x38
    FRAME_REGISTER frame_r12, r12, 0x20, 0x48
    FRAME_REGISTER frame_r12_far, r12, 0x20, 0x208
    FRAME_REGISTER frame_r13, r13, 0x20, 0x48
    FRAME_REGISTER frame_r13_0, r13, 0, 0x28
    FRAME_REGISTER frame_r14, r14, 0x70, 0x88
    FRAME_REGISTER frame_r15, r15, 0x30, 0x308

# The register is set before the allocation, as GCC does, and rsp restored by mov.
    BEGIN frame_before_allocation
    push rbp
    .seh_pushreg rbp
    mov rbp, rsp
    .seh_setframe rbp, 0
    push rbx
    .seh_pushreg rbx
    sub rsp, 0x48
    .seh_stackalloc 0x48
    .seh_endprologue
    mov rbx, [rbp - 8]
    lea rsp, [rbp - 8]
    pop rbx
    pop rbp
    ret
    END

    BEGIN frame_restored_by_mov
    push rbp
    .seh_pushreg rbp
    mov rbp, rsp
    .seh_setframe rbp, 0
    sub rsp, 0x40
    .seh_stackalloc 0x40
    .seh_endprologue
    sub rsp, 0x20
    mov eax, ecx
    mov rsp, rbp
    pop rbp
    ret
    END

# ---- registers saved by mov ----

    BEGIN save_nonvolatile
    sub rsp, 0x58
    .seh_stackalloc 0x58
    mov [rsp + 0x20], rbx
    .seh_savereg rbx, 0x20
    mov [rsp + 0x28], rbp
    .seh_savereg rbp, 0x28
    mov [rsp + 0x30], rsi
    .seh_savereg rsi, 0x30
    mov [rsp + 0x38], rdi
    .seh_savereg rdi, 0x38
    mov [rsp + 0x40], r12
    .seh_savereg r12, 0x40
    mov [rsp + 0x48], r15
    .seh_savereg r15, 0x48
    .seh_endprologue
    mov ebx, 1
    mov ebp, 2
    mov esi, 3
    mov edi, 4
    mov r12d, 5
    mov r15d, 6
    mov rbx, [rsp + 0x20]
    mov rbp, [rsp + 0x28]
    mov rsi, [rsp + 0x30]
    mov rdi, [rsp + 0x38]
    mov r12, [rsp + 0x40]
    mov r15, [rsp + 0x48]
    add rsp, 0x58
    ret
    END

# In the caller's home space, as Microsoft's compiler does: the codes count from the end of the
# prologue.
    BEGIN save_in_home_space
    mov [rsp + 8], rbx
    mov [rsp + 16], rsi
    push rdi
    .seh_pushreg rdi
    sub rsp, 0x20
    .seh_stackalloc 0x20
    .seh_savereg rbx, 0x30
    .seh_savereg rsi, 0x38
    .seh_endprologue
    mov ebx, 1
    mov esi, 2
    mov edi, 3
    mov rbx, [rsp + 0x30]
    mov rsi, [rsp + 0x38]
    add rsp, 0x20
    pop rdi
    ret
    END

    BEGIN save_by_other_register
    mov rax, rsp
    mov [rax + 8], rbx
    mov [rax + 16], rbp
    mov [rax + 24], rsi
    push rdi
    .seh_pushreg rdi
    push r14
    .seh_pushreg r14
    sub rsp, 0x88
    .seh_stackalloc 0x88
    .seh_savereg rbx, 0xa0
    .seh_savereg rbp, 0xa8
    .seh_savereg rsi, 0xb0
    .seh_endprologue
    mov ebx, 1
    mov ebp, 2
    mov esi, 3
    mov edi, 4
    mov r14d, 5
    lea r11, [rsp + 0x88]
    mov rbx, [r11 + 0x18]
    mov rbp, [r11 + 0x20]
    mov rsi, [r11 + 0x28]
    mov rsp, r11
    pop r14
    pop rdi
    ret
    END

    BEGIN save_nonvolatile_far
    sub rsp, 0x90008
    .seh_stackalloc 0x90008
    mov [rsp + 0x80010], rbx
    .seh_savereg rbx, 0x80010
    mov [rsp + 0x80018], r13
    .seh_savereg r13, 0x80018
    .seh_endprologue
    mov ebx, 1
    mov r13d, 2
    mov rbx, [rsp + 0x80010]
    mov r13, [rsp + 0x80018]
    add rsp, 0x90008
    ret
    END

# Saves count from the frame register even after rsp has moved.
    BEGIN save_with_frame_register
    push rbp
    .seh_pushreg rbp
    sub rsp, 0x80
    .seh_stackalloc 0x80
    lea rbp, [rsp + 0x40]
    .seh_setframe rbp, 0x40
    mov [rbp + 0x10], rsi
    .seh_savereg rsi, 0x50
    mov [rbp + 0x18], r13
    .seh_savereg r13, 0x58
    movaps [rbp], xmm6
    .seh_savexmm xmm6, 0x40
    .seh_endprologue
    sub rsp, 0x40
    mov esi, 1
    mov r13d, 2
    mov rsi, [rbp + 0x10]
    mov r13, [rbp + 0x18]
    movaps xmm6, [rbp]
    lea rsp, [rbp + 0x40]
    pop rbp
    ret
    END

    BEGIN save_vector
    push r12
    .seh_pushreg r12
    sub rsp, 0x50
    .seh_stackalloc 0x50
    movaps [rsp + 0x20], xmm6
    .seh_savexmm xmm6, 0x20
    movaps [rsp + 0x30], xmm15
    .seh_savexmm xmm15, 0x30
    .seh_endprologue
    pxor xmm6, xmm6
    mov r12d, 1
    movaps xmm6, [rsp + 0x20]
    movaps xmm15, [rsp + 0x30]
    add rsp, 0x50
    pop r12
    ret
    END

    BEGIN save_vector_far
    push rbx
    .seh_pushreg rbx
    sub rsp, 0x110000
    .seh_stackalloc 0x110000
    movaps [rsp + 0x100010], xmm7
    .seh_savexmm xmm7, 0x100010
    .seh_endprologue
    pxor xmm7, xmm7
    mov ebx, 1
    movaps xmm7, [rsp + 0x100010]
    add rsp, 0x110000
    pop rbx
    ret
    END

    .section .orctab, "dr"
    .quad 0, 0, 0, 0
