/* SPDX-License-Identifier: MIT */
/*
 * Inside extract: the 32-bit half of a WOW64 process, gathered out of an analysis before a byte of
 * the x86 dump is written. What the half lacks is told as notes.
 */
#ifndef AVD_EXTRACT_HALF32_H
#define AVD_EXTRACT_HALF32_H

#include "analyze/analysis.h"
#include "extract/context32.h"

struct avd_half32_thread {
    const struct avd_thread *thread;
    uint32_t teb;         /* TEB32, 0 when not known */
    uint64_t stack_start; /* of the 32-bit stack, what of it is in the dump */
    uint32_t stack_size;
    uint8_t context[AVD_CONTEXT32_SIZE];
};

struct avd_half32 {
    struct avd_arena *arena; /* the analysis's */
    struct avd_analysis *an;
    struct avd_half32_thread *threads; /* those that have 32-bit registers */
    size_t thread_count;
    size_t *modules; /* indexes into an->modules, the program first */
    size_t module_count;
    bool has_exception;             /* raised by 32-bit code */
    struct avd_exception exception; /* `context` is not set: it is below */
    uint8_t exception_context[AVD_CONTEXT32_SIZE];
    const struct avd_memory_range *ranges; /* of memory below 4 GiB */
    size_t range_count;
    struct avd_notes notes; /* `where` is the part concerned */
};

/* Gathers everything; `an` is of a WOW64 dump and must outlive *out, which lives in its arena.
 * AVD_NOT_FOUND when no thread's 32-bit registers are in the dump, AVD_E_NOMEM. */
enum avd_status avd_half32_collect(struct avd_analysis *an, struct avd_half32 *out,
                                   struct avd_error *err);

/* The modules of the 32-bit half (half32_modules.c). False when out of memory. */
bool avd_half32_modules(struct avd_half32 *half);

#endif
