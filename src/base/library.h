/* SPDX-License-Identifier: MIT */
/*
 * Shared libraries that are loaded when they are needed. libcurl and libarchive pull in dozens of
 * others, and loading them at start costs more than analysing a small dump; most runs use neither.
 *
 * They are opened by name rather than through a module of our own that links them: a dozen
 * functions whose ABI both projects promise to keep, no headers needed to build, no file that must
 * be found beside the program, and a machine without them loses that one feature only.
 */
#ifndef AVD_BASE_LIBRARY_H
#define AVD_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* One function to be found: `target` is the address of a function pointer. */
struct avd_library_function {
    const char *name;
    void *target;
    size_t target_size; /* sizeof of that pointer */
};

/*
 * Loads the first of `names` (ended by NULL) that the system's loader knows and that has all of
 * `functions` (ended by a NULL name), whose targets are then set. False when there is none. What
 * was loaded stays for the life of the process: such libraries keep global state.
 */
bool avd_library_load(const char *const *names, const struct avd_library_function *functions);

#endif
