/* SPDX-License-Identifier: MIT */
/*
 * Writing JSON value by value. Strings are made safe on the way: what is not UTF-8 becomes U+FFFD,
 * and DEL, the C1 controls and the bidirectional overrides, which JSON allows but a terminal obeys,
 * are written as \u escapes.
 */
#include "report/json.h"

#include "base/utf.h"
#include "report/words.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void avd_json_init(struct avd_json *j, const struct avd_report *report,
                   const struct avd_write_options *options, struct avd_strbuf *out)
{
    j->report = report;
    j->out = out;
    j->compact = options != NULL && options->compact != 0;
    j->depth = 0;
    j->first = true;
    j->pending_size = 0;
    j->pointer_size = report != NULL ? report->process.pointer_size : 8;
}

/* ---- bytes ---- */

static void flush(struct avd_json *j)
{
    avd_strbuf_add(j->out, j->pending, j->pending_size);
    j->pending_size = 0;
}

static void put(struct avd_json *j, const char *text, size_t size)
{
    if (size > sizeof j->pending - j->pending_size)
        flush(j);
    if (size > sizeof j->pending) {
        avd_strbuf_add(j->out, text, size);
    } else {
        memcpy(j->pending + j->pending_size, text, size);
        j->pending_size += size;
    }
}

static void put_char(struct avd_json *j, char c)
{
    put(j, &c, 1);
}

static void put_text(struct avd_json *j, const char *text)
{
    put(j, text, strlen(text));
}

static void put_line(struct avd_json *j)
{
    static const char line[] = "\n                                ";
    size_t left = 1 + 2 * (size_t)j->depth;
    size_t size = left < sizeof line - 1 ? left : sizeof line - 1;

    put(j, line, size);
    for (left -= size; left != 0; left -= size) {
        size = left < sizeof line - 2 ? left : sizeof line - 2;
        put(j, line + 1, size);
    }
}

/* ---- strings ---- */

static void put_escape(struct avd_json *j, unsigned c)
{
    static const char letters[] = "btn\0fr"; /* for 8, 9, 10, 12 and 13 */
    char text[8];

    if (c == '"' || c == '\\')
        (void)snprintf(text, sizeof text, "\\%c", (int)c);
    else if (c >= '\b' && c <= '\r' && c != '\v')
        (void)snprintf(text, sizeof text, "\\%c", letters[c - '\b']);
    else
        (void)snprintf(text, sizeof text, "\\u%04x", c & 0xffffU);
    put_text(j, text);
}

/* What avd_utf8_is_control knows lies in the first plane. */
static unsigned code_point(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;

    if (length == 2)
        return (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
    if (length == 3)
        return (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
    return p[0];
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

static void put_string(struct avd_json *j, const char *text)
{
    size_t size = strlen(text);
    size_t from = 0; /* what lies between it and `i` goes out as it is */
    size_t i = 0;

    put_char(j, '"');
    while (i < size) {
        size_t length = 1;

        if (is_plain(text[i])) {
            i++;
            continue;
        }
        if ((unsigned char)text[i] >= 0x7f)
            length = avd_utf8_length(text + i, size - i);
        if (length > 1 && !avd_utf8_is_control(text + i, length)) {
            i += length;
            continue;
        }
        put(j, text + from, i - from);
        if (length == 0)
            put(j, "\xef\xbf\xbd", 3);
        else
            put_escape(j, code_point(text + i, length));
        i += length != 0 ? length : 1;
        from = i;
    }
    put(j, text + from, i - from);
    put_char(j, '"');
}

/* ---- structure ---- */

/* What stands before a value: the comma of its forerunner, the line, its key. */
static void begin_value(struct avd_json *j, const char *key)
{
    if (!j->first)
        put_char(j, ',');
    j->first = false;
    if (j->depth != 0 && !j->compact)
        put_line(j);
    if (key != NULL) {
        put_string(j, key);
        put(j, ": ", j->compact ? 1 : 2);
    }
}

void avd_json_open(struct avd_json *j, const char *key, char bracket)
{
    begin_value(j, key);
    put_char(j, bracket);
    j->depth++;
    j->first = true;
}

void avd_json_close(struct avd_json *j, char bracket)
{
    j->depth--;
    if (!j->first && !j->compact)
        put_line(j);
    put_char(j, bracket == '{' ? '}' : ']');
    j->first = false;
    if (j->depth == 0) {
        put_char(j, '\n');
        flush(j);
    }
}

/* ---- values ---- */

void avd_json_null(struct avd_json *j, const char *key)
{
    begin_value(j, key);
    put(j, "null", 4);
}

bool avd_json_known(struct avd_json *j, const char *key, bool known)
{
    if (!known)
        avd_json_null(j, key);
    return known;
}

void avd_json_bool(struct avd_json *j, const char *key, bool value)
{
    begin_value(j, key);
    put_text(j, value ? "true" : "false");
}

void avd_json_text(struct avd_json *j, const char *key, const char *text)
{
    if (!avd_json_known(j, key, text != NULL))
        return;
    begin_value(j, key);
    put_string(j, text);
}

void avd_json_text_or_null(struct avd_json *j, const char *key, const char *text)
{
    avd_json_text(j, key, text != NULL && *text != '\0' ? text : NULL);
}

/* The digits of numbers are written by hand: a report holds hundreds, and snprintf would take most
 * of its time. */
void avd_json_hex(struct avd_json *j, const char *key, uint64_t value, unsigned digits)
{
    char text[20];
    size_t pos = sizeof text;

    text[--pos] = '"';
    do {
        text[--pos] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0 || sizeof text - pos - 1 < digits);
    text[--pos] = 'x';
    text[--pos] = '0';
    text[--pos] = '"';
    begin_value(j, key);
    put(j, text + pos, sizeof text - pos);
}

void avd_json_address(struct avd_json *j, const char *key, uint64_t address)
{
    avd_json_hex(j, key, address, j->pointer_size == 4 ? 8 : 16);
}

void avd_json_address_or_null(struct avd_json *j, const char *key, uint64_t address)
{
    if (avd_json_known(j, key, address != 0))
        avd_json_address(j, key, address);
}

/* JSON readers agree on integers up to 2^53 at best, and many end at 2^63: what is larger is no
 * size or count of anything real. */
void avd_json_number(struct avd_json *j, const char *key, uint64_t value)
{
    char text[20];
    size_t pos = sizeof text;

    if (!avd_json_known(j, key, value <= INT64_MAX))
        return;
    do
        text[--pos] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    begin_value(j, key);
    put(j, text + pos, sizeof text - pos);
}

void avd_json_number_or_null(struct avd_json *j, const char *key, uint64_t value)
{
    if (avd_json_known(j, key, value != 0))
        avd_json_number(j, key, value);
}

void avd_json_real(struct avd_json *j, const char *key, double value)
{
    char text[32];

    if (!avd_json_known(j, key, fabs(value) <= DBL_MAX))
        return;
    (void)snprintf(text, sizeof text, "%.17g", value);
    begin_value(j, key);
    put_text(j, text);
    if (strpbrk(text, ".e") == NULL)
        put(j, ".0", 2);
}

void avd_json_index(struct avd_json *j, const char *key, size_t index, size_t count)
{
    if (avd_json_known(j, key, index < count))
        avd_json_number(j, key, index);
}

void avd_json_time(struct avd_json *j, const char *key, uint32_t seconds)
{
    char text[AVD_TIME_TEXT];

    avd_words_time(seconds, text);
    avd_json_text(j, key, text);
}

void avd_json_texts(struct avd_json *j, const char *key, const char *const *items, size_t count)
{
    size_t i;

    avd_json_open(j, key, '[');
    for (i = 0; i < count && !j->out->failed; i++)
        avd_json_text(j, NULL, items[i]);
    avd_json_close(j, '[');
}
