/* SPDX-License-Identifier: MIT */
/* Patterns as people write them for file names. */
#ifndef AVD_BASE_GLOB_H
#define AVD_BASE_GLOB_H

#include <stdbool.h>

/*
 * Whether all of `text` fits `pattern`, in which '*' stands for any characters and '?' for one;
 * without regard to the case of ASCII letters. At most size(text) * size(pattern) steps.
 */
bool avd_glob_fits(const char *text, const char *pattern);

#endif
