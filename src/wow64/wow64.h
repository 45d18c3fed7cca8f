/* SPDX-License-Identifier: MIT */
/*
 * WOW64: a 64-bit dump of a 32-bit process (Vostokov's pattern Virtualized Process). Finds out
 * whether a dump is one, each thread's TEB32 and CPU area, its 32-bit context, and the 32-bit
 * loader list. Nothing is believed that was not validated; what could not be had says why.
 */
#ifndef AVD_WOW64_WOW64_H
#define AVD_WOW64_WOW64_H

#include "minidump/dump.h"
#include "stack/regs.h"

struct avd_wow64 {
    bool present;
    const char *evidence;  /* in plain words; why not, when not present */
    uint64_t peb64, peb32; /* 0 when not known */
};

enum avd_wow64_source {
    AVD_WOW64_NONE = 0,
    AVD_WOW64_LIVE,     /* cs 0x23: the thread ran 32-bit code, its own context is the truth */
    AVD_WOW64_CPU_AREA, /* saved at the last transition to 64-bit code */
    AVD_WOW64_STREAM    /* the dump stores an x86 CONTEXT itself */
};

struct avd_wow64_thread {
    uint64_t teb64, teb32;             /* 0 when not found */
    uint64_t cpu_area;                 /* 0 when not found */
    enum avd_wow64_source source;
    const char *reason;                /* why there is no 32-bit context; "" otherwise */
    struct avd_context context;        /* the 32-bit one, when source is not NONE */
    uint64_t stack32_low, stack32_high; /* from TEB32; 0 when not known */
    uint64_t stack64_low, stack64_high; /* from TEB64 */
    bool has_native;
    struct avd_context native;         /* where to start the 64-bit walk */
    const char *native_reason;         /* why there is no 64-bit start */
};

/* Is the dump a WOW64 one? Texts go into `arena`. False when out of memory. */
bool avd_wow64_detect(const struct avd_dump *dump, struct avd_arena *arena, struct avd_wow64 *out);

/* Both halves of a thread; `context` is the AMD64 one to start from (the exception's for the
 * faulting thread). */
void avd_wow64_thread_find(const struct avd_dump *dump, const struct avd_wow64 *wow64,
                           const struct avd_thread *thread, struct avd_view context,
                           struct avd_arena *arena, struct avd_wow64_thread *out);

/* Modules of the 32-bit loader list (PEB32) that the module stream does not have, appended to a
 * copy of the dump's list. *modules lives in `arena`. */
bool avd_wow64_modules(const struct avd_dump *dump, const struct avd_wow64 *wow64,
                       struct avd_arena *arena, const struct avd_module **modules, size_t *count,
                       struct avd_notes *notes);

#endif
