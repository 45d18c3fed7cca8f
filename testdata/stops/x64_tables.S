# SPDX-License-Identifier: MIT
#
# x64 functions whose unwind data is written by hand, because no .seh_ directive makes it: chained
# and indirect entries, machine frames, version 2 with its epilogue codes (Microsoft's "x64
# exception handling"; LLVM's Win64EH.h for version 2).

    .include "cases.inc"

    .section .orctab, "dr"
    .globl table_cases
table_cases:

# ENTRY begin, end, info: a RUNTIME_FUNCTION, and a label for it.
.macro ENTRY begin, end, info
    .section .pdata, "dr"
    .p2align 2
.Lentry_\begin:
    .rva \begin
    .rva \end
    .rva \info
.endm

# INFO name, version, flags, prologue, slots, frame
.macro INFO name, version, flags, prologue, slots, frame=0
    .section .xdata, "dr"
    .p2align 2
\name:
    .byte \version | (\flags << 3), \prologue, \slots, \frame
.endm

# CODE offset, operation, info
.macro CODE offset, operation, info
    .byte \offset, \operation | (\info << 4)
.endm

.set PUSH, 0
.set ALLOC_LARGE, 1
.set ALLOC_SMALL, 2
.set SET_FPREG, 3
.set SAVE_NONVOL, 4
.set EPILOG, 6
.set MACHFRAME, 10
.set RBX, 3
.set RBP, 5
.set RSI, 6
.set RDI, 7
.set R12, 12
.set CHAIN, 4

# ---- chained: two more saved registers in the middle, and a part elsewhere ----

    CASE chained
    FUNCTION chained
    push rbx
1:  sub rsp, 0x40
2:  mov ebx, ecx
    test ecx, ecx
chained_middle:
    mov [rsp + 0x50], rsi
3:  mov [rsp + 0x58], r12
4:  mov esi, 1
    mov r12d, 2
    call leaf
    jmp chained_elsewhere
chained_back:
    mov rsi, [rsp + 0x50]
    mov r12, [rsp + 0x58]
chained_last:
    nop
    add rsp, 0x40
    pop rbx
    ret
chained_end:

    FUNCTION between
    ret

    FUNCTION chained_elsewhere
    mov eax, esi
    add eax, r12d
    call leaf
    jmp chained_back
chained_elsewhere_end:

    ENTRY chained, chained_middle, chained_info
    INFO chained_info, 1, 0, 5, 2
    CODE 5, ALLOC_SMALL, 7
    CODE 1, PUSH, RBX

    ENTRY chained_middle, chained_last, chained_middle_info
    INFO chained_middle_info, 1, CHAIN, 10, 4
    CODE 10, SAVE_NONVOL, R12
    .short 0x58 / 8
    CODE 5, SAVE_NONVOL, RSI
    .short 0x50 / 8
    .rva chained, chained_middle, chained_info

    ENTRY chained_last, chained_end, chained_last_info
    INFO chained_last_info, 1, CHAIN, 0, 0
    .rva chained, chained_middle, chained_info

# Chained twice.
    ENTRY chained_elsewhere, chained_elsewhere_end, chained_elsewhere_info
    INFO chained_elsewhere_info, 1, CHAIN, 0, 0
    .rva chained_middle, chained_last, chained_middle_info

# A part with a push of its own and an odd number of slots, which are padded.
    CASE chained_push
    FUNCTION chained_push
    push rbx
    mov ebx, ecx
chained_push_part:
    push rdi
    sub rsp, 0x20
    mov edi, 3
    call leaf
    add rsp, 0x20
    pop rdi
    pop rbx
    ret
chained_push_end:

    ENTRY chained_push, chained_push_part, chained_push_info
    INFO chained_push_info, 1, 0, 1, 1
    CODE 1, PUSH, RBX
    .short 0

    ENTRY chained_push_part, chained_push_end, chained_push_part_info
    INFO chained_push_part_info, 1, CHAIN, 5, 3
    CODE 5, ALLOC_LARGE, 0
    .short 4
    CODE 1, PUSH, RDI
    .short 0
    .rva chained_push, chained_push_part, chained_push_info

# A frame register that the part inherits.
    CASE chained_frame
    FUNCTION chained_frame
    push rbp
    sub rsp, 0x30
    lea rbp, [rsp + 0x20]
    mov eax, 0x50
    sub rsp, rax
chained_frame_part:
    mov [rbp], rbx
    mov ebx, 4
    call leaf
    mov rbx, [rbp]
    lea rsp, [rbp + 0x10]
    pop rbp
    ret
chained_frame_end:

    ENTRY chained_frame, chained_frame_part, chained_frame_info
    INFO chained_frame_info, 1, 0, 10, 3, 0x25
    CODE 10, SET_FPREG, 0
    CODE 5, ALLOC_SMALL, 5
    CODE 1, PUSH, RBP
    .short 0

    ENTRY chained_frame_part, chained_frame_end, chained_frame_part_info
    INFO chained_frame_part_info, 1, CHAIN, 4, 2, 0x25
    CODE 4, SAVE_NONVOL, RBX
    .short 0x20 / 8
    .rva chained_frame, chained_frame_part, chained_frame_info

# ---- indirect: an entry that stands for another one ----

    CASE indirect
    FUNCTION indirect
    push rsi
    sub rsp, 0x20
    mov esi, 7
    call leaf
    add rsp, 0x20
    pop rsi
    ret
indirect_end:

    INFO indirect_info, 1, 0, 5, 2
    CODE 5, ALLOC_SMALL, 3
    CODE 1, PUSH, RSI
    .p2align 2
indirect_entry:
    .rva indirect, indirect_end, indirect_info
    ENTRY indirect, indirect_end, indirect_entry + 1

# ---- machine frames: entered as by an interrupt ----

    .text
# enter(name, code): pushes what the processor would, without a call.
.macro INTERRUPTED name, with_code
    .globl \name
\name:
    mov [rip + interrupted_rsp], rsp
    lea r10, [rsp + 0]
    push 0x2b
    push r10
    pushfq
    push 0x33
    lea r11, [rip + \name\()_at]
    push r11
    .if \with_code
    push 0x99
    .endif
    jmp \name\()_handler
\name\()_at:
    nop
    ret
.endm

    INTERRUPTED machine_frame, 0
    INTERRUPTED machine_frame_with_code, 1

leave_interrupt:
    mov rsp, [rip + interrupted_rsp]
    pushfq
    or dword ptr [rsp], 0x100
    popfq
    ret

    .bss
interrupted_rsp:
    .quad 0

    CASE machine_frame, 1
    FUNCTION machine_frame_handler
    push rbp
    sub rsp, 0x80
    lea rbp, [rsp + 0x40]
    mov eax, 1
    mov rbp, [rsp + 0x80]
    lea rax, [rip + leave_interrupt]
    jmp rax
machine_frame_handler_end:

    ENTRY machine_frame_handler, machine_frame_handler_end, machine_frame_info
    INFO machine_frame_info, 1, 0, 8, 3
    CODE 8, ALLOC_SMALL, 15
    CODE 1, PUSH, RBP
    CODE 0, MACHFRAME, 0
    .short 0

    CASE machine_frame_with_code, 1
    FUNCTION machine_frame_with_code_handler
    push rbx
    sub rsp, 0x590
    xor ebx, ebx
    mov rbx, [rsp + 0x590]
    lea rax, [rip + leave_interrupt]
    jmp rax
machine_frame_with_code_handler_end:

    ENTRY machine_frame_with_code_handler, machine_frame_with_code_handler_end, machine_frame_with_code_info
    INFO machine_frame_with_code_info, 1, 0, 8, 4
    CODE 8, ALLOC_LARGE, 0
    .short 0x590 / 8
    CODE 1, PUSH, RBX
    CODE 0, MACHFRAME, 1

# ---- version 2: where the epilogues are is listed ----

    CASE v2_at_the_end
    FUNCTION v2_at_the_end
    push rdi
    push rsi
    sub rsp, 0x28
    mov esi, 1
    mov edi, 2
    call leaf
    add rsp, 0x28
1:  pop rsi
    pop rdi
    ret
v2_at_the_end_end:

    ENTRY v2_at_the_end, v2_at_the_end_end, v2_at_the_end_info
    INFO v2_at_the_end_info, 2, 0, 6, 5
    CODE 3, EPILOG, 1
    CODE 0, EPILOG, 0
    CODE 6, ALLOC_SMALL, 4
    CODE 2, PUSH, RSI
    CODE 1, PUSH, RDI
    .short 0

    CASE v2_two_epilogues
    FUNCTION v2_two_epilogues
    push r12
    push rbx
    sub rsp, 0x28
    mov ebx, 1
    mov r12d, 2
    cmp ecx, 100
    jb 1f
    xor eax, eax
    add rsp, 0x28
v2_first:
    pop rbx
    pop r12
    ret
1:  call leaf
    nop
    add rsp, 0x28
v2_second:
    pop rbx
    pop r12
    ret
    nop
    nop
v2_two_epilogues_end:

    ENTRY v2_two_epilogues, v2_two_epilogues_end, v2_two_info
    INFO v2_two_info, 2, 0, 7, 7
    CODE 4, EPILOG, 0
    CODE v2_two_epilogues_end - v2_second, EPILOG, 0
    CODE v2_two_epilogues_end - v2_first, EPILOG, 0
    CODE 0, EPILOG, 0
    CODE 7, ALLOC_SMALL, 4
    CODE 3, PUSH, RBX
    CODE 2, PUSH, R12
    .short 0

    CASE v2_first_epilogue
    FUNCTION v2_first_epilogue
    push r12
    push rbx
    sub rsp, 0x28
    mov ebx, 1
    mov r12d, 2
    test ecx, ecx
    jz 1f
    xor eax, eax
    add rsp, 0x28
2:  pop rbx
    pop r12
    ret
1:  call leaf
    add rsp, 0x28
3:  pop rbx
    pop r12
    ret
v2_first_epilogue_end:

    ENTRY v2_first_epilogue, v2_first_epilogue_end, v2_first_info
    INFO v2_first_info, 2, 0, 7, 5
    CODE 4, EPILOG, 1
    CODE v2_first_epilogue_end - 2b, EPILOG, 0
    CODE 7, ALLOC_SMALL, 4
    CODE 3, PUSH, RBX
    CODE 2, PUSH, R12
    .short 0

# Nothing is popped: the epilogue is its last byte.
    CASE v2_only_ret
    FUNCTION v2_only_ret
    sub rsp, 0x28
    mov eax, ecx
    add rsp, 0x28
    ret
v2_only_ret_end:

    ENTRY v2_only_ret, v2_only_ret_end, v2_only_ret_info
    INFO v2_only_ret_info, 2, 0, 4, 3
    CODE 1, EPILOG, 1
    CODE 0, EPILOG, 0
    CODE 4, ALLOC_SMALL, 4
    .short 0

# A tail call: the jump belongs to the epilogue.
    CASE v2_jump
    FUNCTION v2_jump
    push rbp
    push r12
    sub rsp, 0x18
    lea rbp, [rsp + 0x10]
    sub rsp, 0x20
    mov r12d, 6
    lea rsp, [rbp + 8]
1:  pop r12
    pop rbp
    .byte 0xe9
    .long leaf - . - 4
v2_jump_end:

    ENTRY v2_jump, v2_jump_end, v2_jump_info
    INFO v2_jump_info, 2, 0, 12, 6, 0x15
    CODE 8, EPILOG, 1
    CODE 0, EPILOG, 0
    CODE 12, SET_FPREG, 0
    CODE 7, ALLOC_SMALL, 2
    CODE 3, PUSH, R12
    CODE 1, PUSH, RBP

# In two parts.
    CASE v2_chained
    FUNCTION v2_chained
    push rbx
    sub rsp, 0x20
    mov ebx, 1
    jmp v2_chained_part
v2_chained_end:

    FUNCTION v2_chained_part
    call leaf
    add rsp, 0x20
1:  pop rbx
    ret
v2_chained_part_end:

# The fragment has the epilogue, the pushes are its parent's.
    ENTRY v2_chained, v2_chained_end, v2_chained_info
    INFO v2_chained_info, 2, 0, 5, 2
    CODE 5, ALLOC_SMALL, 3
    CODE 1, PUSH, RBX

    ENTRY v2_chained_part, v2_chained_part_end, v2_chained_part_info
    INFO v2_chained_part_info, 2, CHAIN, 0, 2
    CODE 2, EPILOG, 1
    CODE 0, EPILOG, 0
    .rva v2_chained, v2_chained_end, v2_chained_info

    .section .orctab, "dr"
    .quad 0, 0, 0, 0
