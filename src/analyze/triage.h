/* SPDX-License-Identifier: MIT */
/*
 * Who owns which frame: entries with the meaning that WinDbg's triage.ini gives them ("Specifying
 * Module and Function Owners"). `ignore` sends the search on to the next frame; an owner that
 * begins with maybe_ loses to any other further down the stack, and last_ to both.
 */
#ifndef AVD_ANALYZE_TRIAGE_H
#define AVD_ANALYZE_TRIAGE_H

#include "base/arena.h"

/* A pattern: `*` may end the module and the function. */
struct avd_triage_entry {
    const char *module;   /* without extension; "default" stands for all that nothing else fits */
    const char *function; /* NULL: all of the module */
    const char *owner;
    const char *why; /* one clause: "raises exceptions for others"; NULL: not given */
};

struct avd_triage {
    struct avd_arena arena;
    struct avd_triage_entry *items;
    size_t count, capacity;
};

/* triage/triage.yaml, made a table at build time (tools/triagegen.c). */
extern const struct avd_triage_entry avd_shipped_triage[];
extern const size_t avd_shipped_triage_count;

/*
 * The entry that fits a frame best; the longest module counts first, then the longest function, and
 * whole names before those with `*`. `user` may be NULL; what fits there, "default" excepted, comes
 * before the shipped entries. `function` is NULL when it is not known. NULL when nothing fits.
 */
const struct avd_triage_entry *avd_triage_find(const struct avd_triage *user, const char *module,
                                               const char *function);

enum avd_owner_class {
    AVD_OWNER_IGNORE = 0,
    AVD_OWNER_LAST,  /* last_NAME */
    AVD_OWNER_MAYBE, /* maybe_NAME */
    AVD_OWNER_DEFINITE
};
enum avd_owner_class avd_triage_owner_class(const char *owner);

#endif
