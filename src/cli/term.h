/* SPDX-License-Identifier: MIT */
/* The terminal: is there one, may it be coloured, and text that cannot harm it. */
#ifndef AVD_CLI_TERM_H
#define AVD_CLI_TERM_H

#include "avdump/avdump.h"

#include <stdio.h>

/* Whether standard output is a terminal that shows colours: NO_COLOR is not set and TERM is not
 * "dumb" (no-color.org). */
int avd_term_has_color(void);

/* Whether standard error is a terminal that lines can be written over on. */
int avd_term_has_progress(void);

/* How wide the terminal is that `stream` is, stdout or stderr: what COLUMNS says, what it says
 * itself, or 80; 0 when it is no terminal. */
size_t avd_term_columns(FILE *stream);

/* Writes untrusted text with control characters, stray bytes and direction overrides as \xNN. */
void avd_term_puts(FILE *stream, const char *text);
/* The same in pieces, until `write` returns other than 0. */
void avd_term_escape(const char *text, avd_write_fn *write, void *ctx);

int avd_term_file_exists(const char *path);

/* Whether both names lead to the same existing file. */
int avd_term_same_file(const char *a, const char *b);

/* Whether a write that failed with this errno found nobody who reads. */
int avd_term_is_closed_pipe(int error);

/* An environment variable in UTF-8; NULL when it is not set or empty. The text is the process's. */
const char *avd_term_variable(const char *name);

/* The directory that keeps what can be made anew, and the one of avdump in it: "/home/me/.cache"
 * and "/avdump/symbols". False when the system names none. */
int avd_term_cache_base(const char **base, const char **tail);

#endif
