/* SPDX-License-Identifier: MIT */
/* The terminal: is there one, may it be coloured, and text that cannot harm it. */
#ifndef AVD_CLI_TERM_H
#define AVD_CLI_TERM_H

#include <stdio.h>

/* Whether standard output is a terminal that shows colours: NO_COLOR is not set and TERM is not
 * "dumb" (no-color.org). */
int avd_term_has_color(void);

/* Whether standard error is a terminal that lines can be written over on. */
int avd_term_has_progress(void);

/* How wide the terminal is that standard output is: what COLUMNS says, what it says itself, or 80;
 * 0 when standard output is no terminal. */
size_t avd_term_columns(void);

/* Writes untrusted text with control characters, stray bytes and direction overrides as \xNN. */
void avd_term_puts(FILE *stream, const char *text);

int avd_term_file_exists(const char *path);

/* Whether both names lead to the same existing file. */
int avd_term_same_file(const char *a, const char *b);

/* A reader that goes away must end in a failed write, not in a signal. */
void avd_term_ignore_sigpipe(void);

#endif
