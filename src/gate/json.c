/* SPDX-License-Identifier: MIT */
#include "gate/json.h"

#include "base/utf.h"
#include "base/paths.h"

#include <stdio.h>
#include <string.h>

enum { SECONDS_A_DAY = 86400 };

json_t *avd_gate_text_value(const char *text)
{
    struct avd_strbuf mended;
    json_t *value;
    size_t size = strlen(text);
    size_t i = 0;

    /* jansson takes UTF-8 only; what a dump or a file system holds may be anything. */
    avd_strbuf_init(&mended);
    while (i < size) {
        size_t length = avd_utf8_length(text + i, size - i);

        avd_strbuf_add(&mended, length != 0 ? text + i : "\xef\xbf\xbd", length != 0 ? length : 3);
        i += length != 0 ? length : 1;
    }
    value = mended.failed ? NULL : json_stringn_nocheck(avd_strbuf_text(&mended), mended.size);
    avd_strbuf_deinit(&mended);
    return value;
}

bool avd_gate_put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new_nocheck(object, key, value) == 0;
}

bool avd_gate_put_text(json_t *object, const char *key, const char *text)
{
    return text == NULL || avd_gate_put(object, key, avd_gate_text_value(text));
}

bool avd_gate_put_number(json_t *object, const char *key, uint64_t number)
{
    return avd_gate_put(object, key,
                        json_integer(number <= INT64_MAX ? (json_int_t)number : INT64_MAX));
}

bool avd_gate_put_time(json_t *object, const char *key, uint32_t seconds)
{
    char text[AVD_GATE_TIME_SIZE];

    avd_gate_time_text(seconds, text);
    return seconds == 0 || avd_gate_put_text(object, key, text);
}

static int receive(const char *text, size_t size, void *out)
{
    avd_strbuf_add(out, text, size);
    return 0;
}

static void dump(const json_t *value, size_t flags, struct avd_strbuf *out)
{
    if (value == NULL || json_dump_callback(value, receive, out, flags | JSON_PRESERVE_ORDER) != 0)
        out->failed = true;
}

void avd_gate_json_compact(const json_t *value, struct avd_strbuf *out)
{
    dump(value, JSON_COMPACT, out);
}

void avd_gate_json_line(const json_t *value, struct avd_strbuf *out)
{
    dump(value, JSON_COMPACT, out);
    avd_strbuf_puts(out, "\n");
}

void avd_gate_json_pretty(const json_t *value, struct avd_strbuf *out)
{
    dump(value, JSON_INDENT(2), out);
    avd_strbuf_puts(out, "\n");
}

/* ---- times: the proleptic Gregorian calendar, without the C library's zones ---- */

/* Days from 1970-01-01 to the first of March of `year`, counting years from March. */
static long days_of(long year, long month, long day)
{
    if (month <= 2)
        year--;
    return year * 365 + year / 4 - year / 100 + year / 400 +
           (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1 - 719468;
}

void avd_gate_time_text(uint32_t seconds, char out[AVD_GATE_TIME_SIZE])
{
    long days = (long)(seconds / SECONDS_A_DAY);
    unsigned rest = seconds % SECONDS_A_DAY;
    long year = 1970 + days / 366;
    long month = 1;

    while (days_of(year + 1, 1, 1) <= days)
        year++;
    while (month < 12 && days_of(year, month + 1, 1) <= days)
        month++;
    (void)snprintf(out, AVD_GATE_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
                   (unsigned)year % 10000, (unsigned)month % 100,
                   (unsigned)(days - days_of(year, month, 1) + 1) % 100, rest / 3600,
                   rest / 60 % 60, rest % 60);
}

/* `size` digits at `text`. */
static bool digits(const char *text, size_t size, long *out)
{
    size_t i;

    *out = 0;
    for (i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

static bool day_of(const char *text, long *out)
{
    long year;
    long month;
    long day;

    if (strlen(text) < 10 || !digits(text, 4, &year) || text[4] != '-' ||
        !digits(text + 5, 2, &month) || text[7] != '-' || !digits(text + 8, 2, &day) ||
        year < 1970 || year > 2105 || month < 1 || month > 12 || day < 1)
        return false;
    *out = days_of(year, month, day);
    /* The 31st of a month that has none is a day of the next. */
    return month == 12 ? day <= 31 : *out < days_of(year, month + 1, 1);
}

bool avd_gate_date_parse(const char *text, uint32_t *out)
{
    long day;

    if (strlen(text) != 10 || !day_of(text, &day))
        return false;
    *out = (uint32_t)day * SECONDS_A_DAY;
    return true;
}

bool avd_gate_time_parse(const char *text, uint32_t *out)
{
    long hour;
    long minute;
    long second;
    long day;

    if (strlen(text) != 20 || !day_of(text, &day) || text[10] != 'T' ||
        !digits(text + 11, 2, &hour) || text[13] != ':' || !digits(text + 14, 2, &minute) ||
        text[16] != ':' || !digits(text + 17, 2, &second) || text[19] != 'Z' || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    *out = (uint32_t)day * SECONDS_A_DAY + (uint32_t)(hour * 3600 + minute * 60 + second);
    return true;
}

/* ---- lines ---- */

void avd_gate_lines_init(struct avd_gate_lines *lines, struct avd_view text)
{
    lines->rest = text;
    lines->number = 0;
}

bool avd_gate_lines_next(struct avd_gate_lines *lines, struct avd_view *out)
{
    while (lines->rest.size != 0) {
        const uint8_t *end = memchr(lines->rest.data, '\n', lines->rest.size);
        size_t size = end != NULL ? (size_t)(end - lines->rest.data) : lines->rest.size;
        struct avd_view rest = lines->rest;

        (void)avd_view_slice(rest, 0, size, out);
        if (!avd_view_slice(rest, size + (end != NULL), rest.size - size - (end != NULL),
                            &lines->rest))
            lines->rest.size = 0;
        lines->number++;
        if (out->size != 0 && out->data[out->size - 1] == '\r')
            out->size--;
        if (out->size != 0)
            return true;
    }
    return false;
}

bool avd_gate_path_exists(const char *path)
{
    struct avd_path_info info;

    avd_path_examine(path, &info);
    return info.kind != AVD_PATH_ABSENT;
}
