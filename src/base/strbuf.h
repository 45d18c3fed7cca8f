/* SPDX-License-Identifier: MIT */
/*
 * A growing string. Running out of memory is sticky: later appends do nothing, and the writer
 * checks `failed` once at the end. `text` is always terminated, never NULL after the first append.
 */
#ifndef AVD_BASE_STRBUF_H
#define AVD_BASE_STRBUF_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct avd_strbuf {
    char *text;
    size_t size; /* without the terminator */
    size_t capacity;
    bool failed;
};

void avd_strbuf_init(struct avd_strbuf *buf);
void avd_strbuf_deinit(struct avd_strbuf *buf);

void avd_strbuf_add(struct avd_strbuf *buf, const char *text, size_t size);
void avd_strbuf_puts(struct avd_strbuf *buf, const char *text);
void avd_strbuf_printf(struct avd_strbuf *buf, const char *format, ...) AVD_PRINTF(2, 3);
/* Appends untrusted UTF-8 with control characters and malformed bytes escaped as \xNN. */
void avd_strbuf_escaped(struct avd_strbuf *buf, const char *text);
/* The text so far; "" while nothing was appended. */
const char *avd_strbuf_text(const struct avd_strbuf *buf);

#endif
