/* SPDX-License-Identifier: MIT */
/*
 * Personal data in texts: names of users in paths and their security identifiers. What a text says
 * besides, addresses above all, is kept.
 */
#ifndef AVD_BASE_REDACT_H
#define AVD_BASE_REDACT_H

#include "base/strbuf.h"

#define AVD_REDACTED "[redacted]"

/*
 * Appends `text` with the part after C:\Users\, C:\Documents and Settings\, /home/ and /Users/
 * replaced, and S-1-5-21-... too. Backslashes may be doubled, so text and JSON can be given alike.
 * In doubt more is left out: a name that nothing ends is taken to the end of its line or string.
 */
void avd_redact_text(const char *text, size_t size, struct avd_strbuf *out);
/* Whether a value with such a key may say who somebody is, or what was typed. */
bool avd_redact_is_personal_key(const char *key);

#endif
