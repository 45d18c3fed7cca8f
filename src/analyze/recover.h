/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that nobody stored in the exception stream: the system keeps an EXCEPTION_RECORD and a
 * CONTEXT (winnt.h) on the stack of a thread while it looks for a handler, so a thread that stands
 * in a handler still shows what happened to it. Everything is judged by its contents and by the
 * frames that use it: what a live frame does not use may be a leftover and decides nothing.
 */
#ifndef AVD_ANALYZE_RECOVER_H
#define AVD_ANALYZE_RECOVER_H

#include "analyze/analysis.h"

/* How a record and its context were found, the weakest first. */
enum avd_found_by {
    AVD_FOUND_LEFTOVER = 0, /* a pair on the stack that no frame is known to use */
    AVD_FOUND_PLACE,        /* x64: laid out as for KiUserExceptionDispatcher, which still uses it
                               as far as the walk can tell */
    AVD_FOUND_POINTERS,     /* EXCEPTION_POINTERS above a frame that handles exceptions */
    AVD_FOUND_ARGUMENT,     /* an argument of a call in a library of the system */
    AVD_FOUND_WRITER,       /* MINIDUMP_EXCEPTION_INFORMATION, handed to MiniDumpWriteDump */
    AVD_FOUND_DISPATCH,     /* KiUserExceptionDispatcher's own frame, through which the walk goes */
    AVD_FOUND_FILTER        /* an argument of UnhandledExceptionFilter or Windows Error Reporting,
                               known by name */
};

struct avd_found_exception {
    size_t thread; /* index into the analysis's threads */
    bool is_32bit; /* of the code that raised it */
    enum avd_found_by by;
    bool unhandled;                 /* no handler took it: the frames that handle it say so */
    bool unwinding;                 /* a handler was chosen already (EXCEPTION_UNWINDING) */
    struct avd_exception record;    /* `context` is empty, `offset` 0 */
    uint64_t record_at, context_at; /* addresses in the process */
    struct avd_context context;     /* of the CPU that is_32bit names */
    uint64_t depth;                 /* sp of the frame that has it: the higher, the older */
    const char *evidence;           /* in words; in the analysis's arena */
};

/* A stack on which records are looked for. */
struct avd_recover_stack {
    const struct avd_analysis *an;
    size_t thread;
    unsigned pointer_size;  /* layout of the records: 4 or 8 */
    uint64_t low, high;     /* the thread's live stack: from its sp to its base, exclusive */
    uint64_t low32, high32; /* native half of WOW64: the 32-bit stack, on which 64-bit records
                               may tell of a fault; else 0 */
};

struct avd_found_list {
    struct avd_found_exception *items; /* by thread, then as found */
    size_t count, capacity;
    size_t of_thread; /* how many of them belong to the thread being searched */
    uint64_t budget;  /* bytes of stack that may yet be searched */
    unsigned tries;   /* pairs of pointers that may yet be followed */
    bool failed;      /* out of memory */
};

/* ---- what the bytes say (recover_record.c) ---- */

/* Reads the EXCEPTION_RECORD at `at`: false unless all of it is plausible. */
bool avd_recover_record(const struct avd_analysis *an, uint64_t at, unsigned pointer_size,
                        struct avd_exception *out);
/* Whether a record and a CONTEXT at these addresses tell of one exception of this stack; fills
 * what they say of *out. `below`: both lie above this address, as whoever points to them is
 * younger. */
bool avd_recover_pair(const struct avd_recover_stack *stack, uint64_t record_at,
                      uint64_t context_at, uint64_t below, struct avd_found_exception *out);
/* The same through an EXCEPTION_POINTERS at `at`. */
bool avd_recover_pointers(const struct avd_recover_stack *stack, uint64_t at, uint64_t below,
                          struct avd_found_exception *out);

/* ---- where they are looked for (recover_stack.c) ---- */

/* What both stacks of a thread hold. False when out of memory. */
bool avd_recover_thread(struct avd_analysis *an, size_t thread, struct avd_found_list *list);

#endif
