/* SPDX-License-Identifier: MIT */
/*
 * Writing JSON piece by piece with jansson. jansson refuses strings that are not UTF-8, so they
 * are mended first; and it leaves DEL, the C1 controls and the bidirectional overrides as they
 * are, which is valid JSON but not safe on a terminal, so those are written as \u escapes.
 */
#include "report/json.h"

#include "base/utf.h"
#include "report/words.h"

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

/* ---- the writer ---- */

static void flush(struct avd_json *j)
{
    avd_strbuf_add(j->out, j->pending, j->pending_size);
    j->pending_size = 0;
}

static void put(struct avd_json *j, char c)
{
    if (j->pending_size == sizeof j->pending)
        flush(j);
    j->pending[j->pending_size++] = c;
}

static void put_text(struct avd_json *j, const char *text)
{
    for (; *text != '\0'; text++)
        put(j, *text);
}

static void put_indent(struct avd_json *j)
{
    unsigned i;

    for (i = 0; i < j->depth; i++)
        put_text(j, "  ");
}

/* A code point that avd_utf8_is_control knows, as \uXXXX; all of them lie in the first plane. */
static void put_escape(struct avd_json *j, const unsigned char *p, size_t length)
{
    unsigned c = p[0];
    char text[8];

    if (length == 2)
        c = (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
    else if (length == 3)
        c = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
    (void)snprintf(text, sizeof text, "\\u%04x", c & 0xffffU);
    put_text(j, text);
}

/* How many bytes need no look: nearly all of them, in pieces of some length. */
static size_t plain_run(const char *text, size_t size)
{
    size_t i = 0;

    while (i < size && (unsigned char)text[i] < 0x7f && text[i] != '\n')
        i++;
    return i;
}

static void put_run(struct avd_json *j, const char *text, size_t size)
{
    if (size > sizeof j->pending - j->pending_size)
        flush(j);
    if (size > sizeof j->pending) {
        avd_strbuf_add(j->out, text, size);
    } else if (size != 0) {
        memcpy(j->pending + j->pending_size, text, size);
        j->pending_size += size;
    }
}

/* Receives jansson's text. Line breaks are its own layout: those of strings are escaped. */
static int receive(const char *text, size_t size, void *ctx)
{
    struct avd_json *j = ctx;
    size_t i;

    for (i = 0; i < size; i++) {
        size_t run = plain_run(text + i, size - i);
        size_t length = 0;
        unsigned char c;

        put_run(j, text + i, run);
        i += run;
        if (i == size)
            break;
        c = (unsigned char)text[i];
        if (c >= 0x7f)
            length = avd_utf8_length(text + i, size - i);
        if (length != 0 && avd_utf8_is_control(text + i, length)) {
            put_escape(j, (const unsigned char *)text + i, length);
            i += length - 1;
            continue;
        }
        put(j, text[i]);
        if (c == '\n')
            put_indent(j);
    }
    return j->out->failed ? -1 : 0;
}

/* What stands before a value: the comma of its forerunner, the line, its key. */
static void begin_value(struct avd_json *j, const char *key)
{
    if (!j->first)
        put(j, ',');
    j->first = false;
    if (j->depth != 0 && !j->compact) {
        put(j, '\n');
        put_indent(j);
    }
    if (key != NULL) {
        put(j, '"');
        put_text(j, key);
        put_text(j, j->compact ? "\":" : "\": ");
    }
}

void avd_json_open(struct avd_json *j, const char *key, char bracket)
{
    begin_value(j, key);
    put(j, bracket);
    j->depth++;
    j->first = true;
}

void avd_json_close(struct avd_json *j, char bracket)
{
    j->depth--;
    if (!j->first && !j->compact) {
        put(j, '\n');
        put_indent(j);
    }
    put(j, bracket == '{' ? '}' : ']');
    j->first = false;
    if (j->depth == 0) {
        put(j, '\n');
        flush(j);
    }
}

void avd_json_value(struct avd_json *j, const char *key, json_t *value)
{
    size_t flags = JSON_ENCODE_ANY | JSON_PRESERVE_ORDER;

    flags |= j->compact ? JSON_COMPACT : JSON_INDENT(2);
    if (value == NULL) {
        j->out->failed = true;
        return;
    }
    begin_value(j, key);
    if (json_dump_callback(value, receive, j, flags) != 0)
        j->out->failed = true;
    json_decref(value);
}

/* ---- values ---- */

json_t *avd_json_text(struct avd_json *j, const char *text)
{
    struct avd_strbuf mended;
    json_t *value;
    size_t size;
    size_t i = 0;

    if (text == NULL)
        return json_null();
    size = strlen(text);
    while (i < size) {
        size_t length = avd_utf8_length(text + i, size - i);

        if (length == 0)
            break;
        i += length;
    }
    if (i == size)
        return json_stringn_nocheck(text, size);
    avd_strbuf_init(&mended);
    avd_strbuf_add(&mended, text, i);
    while (i < size) {
        size_t length = avd_utf8_length(text + i, size - i);

        avd_strbuf_add(&mended, length != 0 ? text + i : "\xef\xbf\xbd", length != 0 ? length : 3);
        i += length != 0 ? length : 1;
    }
    if (mended.failed)
        j->out->failed = true;
    value = json_stringn_nocheck(avd_strbuf_text(&mended), mended.size);
    avd_strbuf_deinit(&mended);
    return value;
}

json_t *avd_json_text_or_null(struct avd_json *j, const char *text)
{
    return avd_json_text(j, text != NULL && *text != '\0' ? text : NULL);
}

json_t *avd_json_hex(uint64_t value, unsigned digits)
{
    char text[18];
    size_t pos = sizeof text;

    /* By hand: a report holds hundreds of these, and snprintf would take most of its time. */
    do {
        text[--pos] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0 || sizeof text - pos < digits);
    text[--pos] = 'x';
    text[--pos] = '0';
    return json_stringn_nocheck(text + pos, sizeof text - pos);
}

json_t *avd_json_address(const struct avd_json *j, uint64_t address)
{
    return avd_json_hex(address, j->pointer_size == 4 ? 8 : 16);
}

json_t *avd_json_address_or_null(const struct avd_json *j, uint64_t address)
{
    return address != 0 ? avd_json_address(j, address) : json_null();
}

/* JSON readers agree on integers up to 2^53 at best and jansson ends at 2^63: what is larger is
 * no size or count of anything real. */
json_t *avd_json_number(uint64_t value)
{
    return value <= INT64_MAX ? json_integer((json_int_t)value) : json_null();
}

json_t *avd_json_index(size_t index, size_t count)
{
    return index < count ? json_integer((json_int_t)index) : json_null();
}

json_t *avd_json_time(uint32_t seconds)
{
    char text[AVD_TIME_TEXT];

    avd_words_time(seconds, text);
    return json_string_nocheck(text);
}

json_t *avd_json_texts(struct avd_json *j, const char *const *items, size_t count)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < count; i++)
        avd_json_append(j, array, avd_json_text(j, items[i]));
    return array;
}

void avd_json_put(struct avd_json *j, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(object, key, value) != 0)
        j->out->failed = true;
}

void avd_json_append(struct avd_json *j, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        j->out->failed = true;
}
