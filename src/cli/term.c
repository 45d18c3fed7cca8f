/* SPDX-License-Identifier: MIT */
/* Untrusted text for terminals. What needs the operating system is in term_posix.c. */
#include "term.h"

#include <string.h>

/* Bytes of the well-formed UTF-8 sequence at `p`, or 0. Bytes past the end are NUL, which is no
 * continuation byte, so the string's own terminator bounds this. */
static size_t sequence_length(const unsigned char *p)
{
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    size_t i;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    for (i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    /* overlong forms, surrogates, beyond U+10FFFF */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return length;
}

/* C0, DEL, C1, line separators and direction overrides. */
static int is_harmful(const unsigned char *p, size_t length)
{
    if (length == 1)
        return p[0] < 0x20 || p[0] == 0x7f;
    if (length == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    if (length == 3 && p[0] == 0xe2 && p[1] == 0x80)
        return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae);
    if (length == 3 && p[0] == 0xe2 && p[1] == 0x81)
        return p[2] >= 0xa6 && p[2] <= 0xa9;
    return 0;
}

void avd_term_escape(const char *text, avd_write_fn *write, void *ctx)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t size = strlen(text);
    size_t i = 0;
    int failed = 0;

    while (i < size && !failed) {
        size_t length = sequence_length(&bytes[i]);

        if (length == 0 || is_harmful(&bytes[i], length)) {
            char escaped[8];

            (void)snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned)bytes[i]);
            failed = write(ctx, escaped, strlen(escaped)) != 0;
            length = 1;
        } else {
            failed = write(ctx, &text[i], length) != 0;
        }
        i += length;
    }
}

static int write_stream(void *stream, const char *bytes, size_t size)
{
    return fwrite(bytes, 1, size, stream) != size;
}

void avd_term_puts(FILE *stream, const char *text)
{
    avd_term_escape(text, write_stream, stream);
}
