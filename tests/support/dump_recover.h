/* SPDX-License-Identifier: MIT */
/*
 * Dumps without an exception stream whose threads stand in a handler, with the exception's records
 * on their stacks where Windows puts them. A test changes what it is about by db_poke before it
 * finishes the builder.
 */
#ifndef AVD_TESTS_SUPPORT_DUMP_RECOVER_H
#define AVD_TESTS_SUPPORT_DUMP_RECOVER_H

#include "support/dump_builder.h"

/* Modules of every such dump; on x64 kernel32 is kernelbase. */
#define RECOVER_APP      0x400000u
#define RECOVER_NTDLL    0x77000000u
#define RECOVER_KERNEL32 0x76000000u
#define RECOVER_DBGHELP  0x75000000u
#define RECOVER_FAULT    (RECOVER_APP + 0x1096)
#define RECOVER_ADDRESS  0x10u /* what the program tried to write to */

/* Where the pieces lie on a thread's stack. */
#define RECOVER_STACK_SIZE 0x2000u
#define RECOVER_POINTERS   0x900u /* EXCEPTION_POINTERS */
#define RECOVER_ARGUMENT   0x808u /* x86: first argument of UnhandledExceptionFilter */
#define RECOVER_DISPATCH   0x968u /* x86: what KiUserExceptionDispatcher hands on */
#define RECOVER_RECORD     0xa00u /* x86: EXCEPTION_RECORD */
#define RECOVER_CONTEXT    0xa50u /* x86: CONTEXT; x64: 0xa00, with the record behind */
#define RECOVER_CONTEXT64  0xa00u
#define RECOVER_RECORD64   (RECOVER_CONTEXT64 + 0x4f0u)
#define RECOVER_SP         0x1e00u /* at the fault */

/* A process without threads, its modules in memory. */
struct db *recover_process_x86(void);
struct db *recover_process_x64(void);
struct db *recover_process_wow64(void);

struct recover_thread {
    uint32_t id;
    uint64_t stack; /* start; RECOVER_STACK_SIZE bytes of memory are added */
    uint64_t teb;
    bool in_filter; /* x86: in kernel32!UnhandledExceptionFilter; otherwise in a handler that
                       ntdll calls. x64: in KiUserExceptionDispatcher's callee always; with it
                       in kernelbase!UnhandledExceptionFilter above that */
    bool idle;      /* waits, and what the records would be is left of something old */
    uint32_t code;  /* 0: access violation */
};
/* The stack and the TEB alone; the test adds the thread with registers of its own. */
void recover_stack_x86(struct db *b, const struct recover_thread *thread);
void recover_thread_x86(struct db *b, const struct recover_thread *thread);
void recover_thread_x64(struct db *b, const struct recover_thread *thread);
/* One 32-bit thread of a WOW64 process that stands in the filter. */
void recover_thread_wow64(struct db *b, const struct recover_thread *thread);

#endif
