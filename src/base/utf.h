/* SPDX-License-Identifier: MIT */
/* Text out of dumps: UTF-16LE and bytes of unknown encoding become valid UTF-8. */
#ifndef AVD_BASE_UTF_H
#define AVD_BASE_UTF_H

#include "base/arena.h"
#include "base/view.h"

/* Bytes (1-4) of the well-formed UTF-8 sequence at `text`; 0 when it is malformed. */
size_t avd_utf8_length(const char *text, size_t size);

/* C0, C1, DEL and the bidirectional overrides, which could rewrite a terminal's line. `length` is
 * what avd_utf8_length returned. */
bool avd_utf8_is_control(const char *text, size_t length);

/* Takes off what a cut has left of a UTF-8 sequence at the end of `text`. */
void avd_utf8_trim(char *text);

/* UTF-16LE, up to the first NUL or the end of `v`; an odd last byte is ignored, a lone surrogate
 * becomes U+FFFD. NULL when out of memory. */
char *avd_utf16_to_utf8(struct avd_arena *arena, struct avd_view v);

/* Bytes up to the first NUL or the end of `v`: kept where they are UTF-8, otherwise each stray
 * byte is taken as Latin-1. NULL when out of memory. */
char *avd_bytes_to_utf8(struct avd_arena *arena, struct avd_view v);

/* ASCII letters only, as Windows compares file names closely enough for module names. */
int avd_ascii_casecmp(const char *a, const char *b);

/* What follows the last '/' or '\\'. */
const char *avd_path_leaf(const char *path);

#endif
