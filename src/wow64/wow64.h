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
    uint64_t teb64, teb32;      /* 0 when not found */
    const char *teb32_route;    /* how TEB32 was found; "" when it was not */
    uint64_t cpu_area;          /* 0 when not found */
    uint64_t context_at;        /* source CPU_AREA: address of the CONTEXT in it */
    const char *cpu_area_route; /* "TlsSlots[1]", "r13 - 0x80"; "" when not found */
    enum avd_wow64_source source;
    const char *reason;                 /* why there is no 32-bit context; "" otherwise */
    struct avd_context context;         /* the 32-bit one, when source is not NONE */
    bool return_on_stack;               /* esp points at eip: a call's return address that the saved
                                           eip stands for already (Windows 7) */
    uint64_t stack32_low, stack32_high; /* from TEB32; 0 when not known */
    uint64_t stack64_low, stack64_high; /* from TEB64 */
    bool has_native;
    struct avd_context native;   /* where to start the 64-bit walk */
    const char *native_reason;   /* why there is no 64-bit start */
    uint64_t native_sp;          /* source LIVE: what wow64cpu keeps of the 64-bit stack, the
                                    place from which on its caller is to be looked for; 0 */
    const char *native_sp_route; /* "r14", "TlsSlots[0]"; "" */
};

/* Is the dump a WOW64 one? Texts go into `arena`. False when out of memory. */
bool avd_wow64_detect(const struct avd_dump *dump, struct avd_arena *arena, struct avd_wow64 *out);

/* Both halves of a thread; `context` is the AMD64 one to start from (the exception's for the
 * faulting thread). Texts go into `arena`. False when out of memory. */
bool avd_wow64_thread_find(const struct avd_dump *dump, const struct avd_wow64 *wow64,
                           const struct avd_thread *thread, struct avd_view context,
                           struct avd_arena *arena, struct avd_wow64_thread *out);

/* Modules of the 32-bit loader list (PEB32) that the module stream does not have, appended to a
 * copy of the dump's list. *modules lives in `arena`. */
bool avd_wow64_modules(const struct avd_dump *dump, const struct avd_wow64 *wow64,
                       struct avd_arena *arena, const struct avd_module **modules, size_t *count,
                       struct avd_notes *notes);

/* What a frame is to the change between the modes of the CPU. */
enum avd_wow64_role {
    AVD_WOW64_ROLE_NONE = 0,
    AVD_WOW64_ROLE_TRANSITION, /* code of wow64cpu that enters or leaves 32-bit code */
    AVD_WOW64_ROLE_TURBO_THUNK /* code of wow64cpu that serves a system call by itself */
};
const char *avd_wow64_role_name(enum avd_wow64_role role); /* "transition", "turbo_thunk", NULL */
/* `module` is a file name, `function` the frame's own, NULL when not known (transition.c). */
enum avd_wow64_role avd_wow64_role_of(const char *module, const char *function);

#endif
