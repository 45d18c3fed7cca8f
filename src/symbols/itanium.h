/* SPDX-License-Identifier: MIT */
/*
 * Undecoration of the names that GCC, Clang and Rust make: the Itanium C++ ABI (_Z...), Rust's own
 * (_R...) and its older one (_ZN...17h<hash>E). GNU libiberty does it, where the build found it.
 */
#ifndef AVD_SYMBOLS_ITANIUM_H
#define AVD_SYMBOLS_ITANIUM_H

#include "symbols/undname.h"

/* Whether `name` begins as such names do, also with the underscore that 32-bit Windows and macOS
 * put in front. */
bool avd_itanium_is(const char *name);

/*
 * *text is the undecorated name in `arena`, or NULL: not such a name, no libiberty, damaged, or
 * longer than AVD_MAX_UNDNAME_OUTPUT. The name-only form keeps what the optimizer put behind a dot.
 * AVD_E_NOMEM.
 */
enum avd_status avd_itanium_undecorate(struct avd_arena *arena, const char *name,
                                       enum avd_undname_form form, const char **text);

#endif
