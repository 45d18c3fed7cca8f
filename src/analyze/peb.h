/* SPDX-License-Identifier: MIT */
/*
 * The process environment block of the program's own half: of a WOW64 process the 32-bit one.
 * Offsets are those of Windows 7 to 11's public symbols.
 */
#ifndef AVD_ANALYZE_PEB_H
#define AVD_ANALYZE_PEB_H

#include "analyze/analysis.h"

struct avd_peb {
    uint64_t addr;         /* 0: no thread's TEB in the dump leads to it */
    unsigned pointer_size; /* 4 or 8 */
};

struct avd_peb avd_peb_find(const struct avd_analysis *analysis);

/* False when the field is not in the dump. */
bool avd_peb_global_flag(const struct avd_analysis *analysis, uint32_t *out);
bool avd_peb_being_debugged(const struct avd_analysis *analysis, bool *out);
/* The critical section that the loader holds while it runs DllMain. */
bool avd_peb_loader_lock(const struct avd_analysis *analysis, uint64_t *out);
/* Where the environment's variables begin: NAME=VALUE texts in UTF-16. */
bool avd_peb_environment(const struct avd_analysis *analysis, uint64_t *out);

#endif
