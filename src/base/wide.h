/* SPDX-License-Identifier: MIT */
/*
 * Inside the files for Windows: UTF-8, which avdump has everywhere, as the system's UTF-16, and the
 * system's errors in words. This short because it is an interface.
 */
#ifndef AVD_BASE_WIDE_H
#define AVD_BASE_WIDE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/* Room for a name of MAX_PATH UTF-16 units in UTF-8, with its terminator. */
enum { AVD_WIDE_NAME_SIZE = 260 * 3 + 1 };
/* UTF-16 units of a path, with its terminator, from which on it is too long for the old functions:
 * CreateDirectory needs room for a name of 8.3 within MAX_PATH. */
enum { AVD_WIDE_LONG_PATH = 260 - 12 };

/*
 * *out is `path` followed by `suffix`, for the caller to avd_mem_free. A path that is too long for
 * the old functions is made absolute and gets the prefix \\?\, so that it works whatever manifest
 * and registry say. AVD_E_IO when `path` is no UTF-8, AVD_E_NOMEM.
 */
enum avd_status avd_wide_path(const char *path, const wchar_t *suffix, wchar_t **out,
                              struct avd_error *err);
/* The same for what is no path. */
enum avd_status avd_wide_copy(const char *text, wchar_t **out, struct avd_error *err);
/* False when it is no UTF-16 or does not fit in `size` bytes. */
bool avd_wide_to_utf8(const wchar_t *wide, char *text, size_t size);
/* The same into memory for the caller to avd_mem_free; NULL when out of memory. Stray surrogates
 * become U+FFFD. */
char *avd_wide_copy_utf8(const wchar_t *wide);

/* "`what`: words" with AVD_E_IO for GetLastError. */
enum avd_status avd_wide_error(struct avd_error *err, const char *what);
/* The errno that stands for a code of GetLastError; 0 when none does. */
int avd_wide_errno(unsigned long code);

#endif
