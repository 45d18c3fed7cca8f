/* SPDX-License-Identifier: MIT */
#include "base/strbuf.h"

#include "base/memory.h"
#include "base/utf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void avd_strbuf_init(struct avd_strbuf *buf)
{
    memset(buf, 0, sizeof *buf);
}

void avd_strbuf_deinit(struct avd_strbuf *buf)
{
    avd_mem_free(buf->text);
    avd_strbuf_init(buf);
}

/* Room for `extra` more bytes and the terminator. */
static bool reserve(struct avd_strbuf *buf, size_t extra)
{
    size_t wanted;
    char *grown;

    if (buf->failed)
        return false;
    if (extra > SIZE_MAX / 4 - buf->size) {
        buf->failed = true;
        return false;
    }
    wanted = buf->size + extra + 1;
    if (wanted <= buf->capacity)
        return true;
    if (wanted < 256)
        wanted = 256;
    if (wanted < buf->capacity * 2)
        wanted = buf->capacity * 2;
    grown = avd_mem_realloc(buf->text, wanted, 1);
    if (grown == NULL) {
        buf->failed = true;
        return false;
    }
    buf->text = grown;
    buf->capacity = wanted;
    return true;
}

void avd_strbuf_add(struct avd_strbuf *buf, const char *text, size_t size)
{
    if (!reserve(buf, size))
        return;
    if (size != 0)
        memcpy(buf->text + buf->size, text, size);
    buf->size += size;
    buf->text[buf->size] = '\0';
}

void avd_strbuf_puts(struct avd_strbuf *buf, const char *text)
{
    avd_strbuf_add(buf, text, strlen(text));
}

void avd_strbuf_printf(struct avd_strbuf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    int size;

    va_start(args, format);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    if (size < 0)
        buf->failed = true;
    else if (reserve(buf, (size_t)size)) {
        (void)vsnprintf(buf->text + buf->size, (size_t)size + 1, format, again);
        buf->size += (size_t)size;
    }
    va_end(again);
    va_end(args);
}

void avd_strbuf_escaped(struct avd_strbuf *buf, const char *text)
{
    size_t size = strlen(text);
    size_t i = 0;

    while (i < size) {
        size_t start = i;
        size_t length;

        while (text[i] >= ' ' && text[i] < 0x7f) /* nearly all there is */
            i++;
        if (i != start)
            avd_strbuf_add(buf, text + start, i - start);
        if (i == size)
            break;
        length = avd_utf8_length(text + i, size - i);
        if (length == 0 || avd_utf8_is_control(text + i, length)) {
            avd_strbuf_printf(buf, "\\x%02x", (unsigned)(unsigned char)text[i]);
            length = 1;
        } else {
            avd_strbuf_add(buf, text + i, length);
        }
        i += length;
    }
}

const char *avd_strbuf_text(const struct avd_strbuf *buf)
{
    return buf->text != NULL ? buf->text : "";
}
