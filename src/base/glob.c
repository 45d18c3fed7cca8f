/* SPDX-License-Identifier: MIT */
/* This short because it is one function. */
#include "base/glob.h"

#include "base/utf.h"

#include <stddef.h>

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* '?' is one character, so it takes all bytes of one; no character has more than four. */
static size_t character_size(const char *text)
{
    size_t size = 0;
    size_t length;

    while (size < 4 && text[size] != '\0')
        size++;
    length = avd_utf8_length(text, size);
    return length != 0 ? length : 1;
}

/* The last '*' takes one character more whenever what follows it fails: no recursion. */
bool avd_glob_fits(const char *text, const char *pattern)
{
    const char *after_star = NULL;
    const char *retry = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            after_star = ++pattern;
            retry = text;
        } else if (*pattern == '?') {
            pattern++;
            text += character_size(text);
        } else if (*pattern != '\0' && lower(*pattern) == lower(*text)) {
            pattern++;
            text++;
        } else if (after_star != NULL) {
            pattern = after_star;
            retry += character_size(retry);
            text = retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
