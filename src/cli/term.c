/* SPDX-License-Identifier: MIT */
/* Untrusted text for terminals. What needs the operating system is in term_posix.c. */
#include "term.h"

#include "base/utf.h"

#include <string.h>

void avd_term_escape(const char *text, avd_write_fn *write, void *ctx)
{
    size_t size = strlen(text);
    size_t i = 0;
    int failed = 0;

    while (i < size && !failed) {
        size_t length = avd_utf8_length(&text[i], size - i);

        if (length == 0 || avd_utf8_is_control(&text[i], length)) {
            char escaped[8];

            (void)snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned)(unsigned char)text[i]);
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
