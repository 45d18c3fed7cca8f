/* SPDX-License-Identifier: MIT */
/*
 * The dump behind the WinDbg transcript of the pattern Virtualized Process ("Crash Dump Analysis
 * Patterns (Part 26)", dumpanalysis.org), built anew from the numbers that WinDbg printed: a 32-bit
 * program on Windows Server 2003 SP2 x64 with five threads. Code, unwind data, stacks and symbols
 * are ours, made so that they lead to those numbers; bytes that the transcript shows are as shown.
 */
#ifndef AVD_TESTS_SUPPORT_TRANSCRIPT_H
#define AVD_TESTS_SUPPORT_TRANSCRIPT_H

#include "support/dump_builder.h"

enum { TRANSCRIPT_THREADS = 5, TRANSCRIPT_PID = 0x2088 };

/* The file's bytes, to be freed with free(). */
uint8_t *transcript_dump(size_t *size);
/*
 * The symbol file number `index` of those that name what exports do not, NULL behind the last:
 * Breakpad .sym files and one PDB (rpcrt4's). *name is the file's leaf. To be freed with free().
 */
uint8_t *transcript_symbols(size_t index, char name[32], size_t *size);

/* ---- the numbers (transcript_rows.c) ------------------------------------------------------- */

/* One row of a stack: Child-SP or ChildEBP, RetAddr, the arguments of thread 0, and the name. */
struct transcript_row {
    uint64_t frame, return_address;
    uint32_t args[3];
    const char *site; /* "module!function+0x1", "module+0x1" */
};

struct transcript_thread {
    uint32_t id;
    uint32_t teb64; /* TEB32 lies 0x2000 above */
    uint64_t rip;   /* of frame 0, which the transcript tells of thread 0 only */
    uint32_t eip;
    uint64_t area; /* CPU area, where the usable 64-bit stack ends */
    uint32_t stack32_base;
    const struct transcript_row *native;
    size_t native_count;
    const struct transcript_row *x86;
    size_t x86_count; /* rows that hold; the transcript may have more */
};
extern const struct transcript_thread transcript_threads[TRANSCRIPT_THREADS];

/* ---- modules and their functions (transcript_modules.c) ------------------------------------ */

struct transcript_module {
    uint32_t base, size;
    const char *leaf;
    const char *pdb; /* NULL: no symbols, as WinDbg had none */
    bool x64;
    uint32_t code_size; /* of .text, from RVA 0x1000; 0: nothing of it is on a stack */
};
extern const struct transcript_module transcript_modules[];
extern const size_t transcript_module_count;

enum transcript_kind {
    TRANSCRIPT_FRAME,  /* x64: sub rsp; x86: push ebp; mov ebp, esp */
    TRANSCRIPT_LEAF,   /* x64, without an entry in the unwind table */
    TRANSCRIPT_APC,    /* x64: KiUserApcDispatcher, below it a CONTEXT and a machine frame */
    TRANSCRIPT_COLD,   /* x64: a function's part that lies elsewhere; its entry is chained */
    TRANSCRIPT_STUB,   /* x86: system call */
    TRANSCRIPT_NO_EBP, /* x86: a frame without EBP */
    TRANSCRIPT_THUNK   /* x86: entered by the kernel, calls nothing */
};

/* A function that is on some stack. */
struct transcript_function {
    uint32_t start, end; /* addresses */
    size_t module;
    char name[48]; /* "" without symbols */
    enum transcript_kind kind;
    uint32_t frame_size; /* x64: bytes below the return address */
};

/* A call whose return address is on some stack. */
struct transcript_call {
    uint32_t return_address;
    size_t caller, callee; /* functions */
    bool indirect;         /* it led to different functions: call eax */
};

struct transcript_code {
    struct transcript_function functions[128]; /* sorted by start */
    size_t function_count;
    struct transcript_call calls[128];
    size_t call_count;
};

/* Everything that the rows imply about code. */
void transcript_code(struct transcript_code *out);
/* The module that owns `addr`: the highest base at or below it. Aborts when there is none. */
size_t transcript_module_at(uint32_t addr);
/* Maps all images with their code and unwind data, and adds them to the module list. */
void transcript_map_modules(struct db *b);

#endif
