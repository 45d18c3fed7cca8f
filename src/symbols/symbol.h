/* SPDX-License-Identifier: MIT */
/*
 * What symbols can say of an address: its function, line and inlined calls, and how its function
 * lays out the stack. The currency between symbol sources, the symbolizer and the unwinders.
 */
#ifndef AVD_SYMBOLS_SYMBOL_H
#define AVD_SYMBOLS_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A function whose code was inlined at the address. */
struct avd_inline {
    const char *function;    /* never NULL */
    const char *source_file; /* where in the inlined function the address is; NULL: not known */
    uint32_t line;           /* 0: not known */
};

struct avd_symbol {
    const char *function;  /* NULL when nothing is known */
    const char *decorated; /* the name as stored, when `function` is made from it; NULL */
    uint64_t function_rva;
    uint64_t function_size;  /* 0 when not known */
    uint64_t displacement;   /* address - start of the function, in the layout it was linked with */
    const char *source_file; /* NULL when not known */
    uint32_t line;           /* of the physical function: for inlined code the call's */
    const struct avd_inline *inlines; /* innermost first */
    size_t inline_count;
    bool has_parameter_size; /* x86: bytes of arguments on the stack */
    uint32_t parameter_size;
    const char *source; /* which source: "pdb", "breakpad", "coff", "exports" */
    bool approximate;   /* the nearest name below, which may be another function's */
};

/* How an x86 function lays out its frame: FPO_DATA, FRAMEDATA or STACK WIN. Sizes in bytes. */
struct avd_frame_data {
    bool is_fpo;  /* FPO_DATA or STACK WIN 0; otherwise frame data */
    uint64_t rva; /* of what the record covers */
    uint32_t code_size;
    uint32_t prolog_size;
    uint32_t parameter_size;
    uint32_t saved_regs_size;
    uint32_t locals_size;
    uint32_t max_stack_size;
    bool allocates_base_pointer; /* when there is no program */
    const char *program;         /* postfix program, NULL when there is none */
    bool has_ebp_frame;          /* FPO_DATA of kind FRAME_NONFPO: EBP points at the caller's EBP */
};

/* S_FRAMEPROC: enough to step out of an x64 function without unwind data. Sizes in bytes. */
struct avd_proc_frame {
    uint64_t function_rva;
    uint32_t function_size;
    uint32_t prolog_size;     /* from S_GPROC32's debug start */
    uint32_t frame_size;      /* cbFrame */
    uint32_t pad_size;        /* cbPad */
    uint32_t saved_regs_size; /* cbSaveRegs */
    uint32_t flags;           /* has alloca, ... as stored */
};

#endif
