/* SPDX-License-Identifier: MIT */
/* Filling the caller's struct avd_error, and the words for its codes. */
#ifndef AVD_BASE_ERROR_H
#define AVD_BASE_ERROR_H

#include "avdump/avdump.h"

/* MinGW's own printf is ISO C's, but GCC there means Microsoft's unless told otherwise. */
#if defined(__MINGW32__)
#define AVD_PRINTF(format_index, first_arg)                                                        \
    __attribute__((format(gnu_printf, format_index, first_arg)))
#elif defined(__GNUC__) || defined(__clang__)
#define AVD_PRINTF(format_index, first_arg) __attribute__((format(printf, format_index, first_arg)))
#else
#define AVD_PRINTF(format_index, first_arg)
#endif

/*
 * Sets *err (when not NULL) and returns `code`, so that a failing function ends with
 * `return avd_error_set(...)`. `where` names the part concerned, `offset` is in file bytes.
 */
enum avd_status avd_error_set(struct avd_error *err, enum avd_status code, uint64_t offset,
                              const char *where, const char *format, ...) AVD_PRINTF(5, 6);

enum avd_status avd_error_nomem(struct avd_error *err);

/* "format", "limit" ...: the machine-readable name of a code, as JSON prints it. */
const char *avd_status_name(enum avd_status code);

#endif
