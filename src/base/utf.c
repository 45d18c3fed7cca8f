/* SPDX-License-Identifier: MIT */
#include "base/utf.h"

#include <string.h>

size_t avd_utf8_length(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t length;
    size_t i;

    if (size == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        length = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        length = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        length = 4;
    else
        return 0;
    if (length > size)
        return 0;
    for (i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates and what lies above U+10FFFF. */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return length;
}

bool avd_utf8_is_control(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;

    if (length == 1)
        return p[0] < 0x20 || p[0] == 0x7f;
    if (length == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    if (length == 3 && p[0] == 0xe2 && p[1] == 0x80)
        return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae);
    if (length == 3 && p[0] == 0xe2 && p[1] == 0x81)
        return p[2] >= 0xa6 && p[2] <= 0xa9;
    return false;
}

void avd_utf8_trim(char *text)
{
    size_t size = strlen(text);
    size_t back;

    /* The last lead byte is at most three bytes from the end, or what is there is no UTF-8. */
    for (back = 1; back <= 3 && back <= size; back++) {
        unsigned char c = (unsigned char)text[size - back];

        if ((c & 0xc0) == 0x80)
            continue;
        if (avd_utf8_length(text + (size - back), back) == 0)
            text[size - back] = '\0';
        return;
    }
}

static size_t put_code_point(unsigned char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (unsigned char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (unsigned char)(0xc0 | c >> 6);
        out[1] = (unsigned char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (unsigned char)(0xe0 | c >> 12);
        out[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (unsigned char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (unsigned char)(0xf0 | c >> 18);
    out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (unsigned char)(0x80 | (c & 0x3f));
    return 4;
}

char *avd_utf16_to_utf8(struct avd_arena *arena, struct avd_view v)
{
    size_t units = v.size / 2;
    size_t used = 0;
    size_t i;
    unsigned char *out;

    for (i = 0; i < units && avd_le16(v.data + 2 * i) != 0; i++)
        ;
    units = i;
    out = avd_arena_alloc(arena, units * 3 + 1, 1);
    if (out == NULL)
        return NULL;
    for (i = 0; i < units; i++) {
        uint32_t c = avd_le16(v.data + 2 * i);

        if (c >= 0xd800 && c <= 0xdbff && i + 1 < units) {
            uint32_t low = avd_le16(v.data + 2 * (i + 1));

            if (low >= 0xdc00 && low <= 0xdfff) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i++;
            }
        }
        if (c >= 0xd800 && c <= 0xdfff)
            c = 0xfffd;
        used += put_code_point(out + used, c);
    }
    out[used] = '\0';
    return (char *)out;
}

char *avd_bytes_to_utf8(struct avd_arena *arena, struct avd_view v)
{
    size_t size = 0;
    size_t used = 0;
    size_t i;
    unsigned char *out;

    while (size < v.size && v.data[size] != 0)
        size++;
    out = avd_arena_alloc(arena, size * 2 + 1, 1);
    if (out == NULL)
        return NULL;
    for (i = 0; i < size;) {
        size_t length = avd_utf8_length((const char *)v.data + i, size - i);

        if (length == 0) {
            used += put_code_point(out + used, v.data[i]);
            i++;
        } else {
            memcpy(out + used, v.data + i, length);
            used += length;
            i += length;
        }
    }
    out[used] = '\0';
    return (char *)out;
}

int avd_ascii_casecmp(const char *a, const char *b)
{
    for (;; a++, b++) {
        unsigned char x = (unsigned char)*a;
        unsigned char y = (unsigned char)*b;

        if (x >= 'A' && x <= 'Z')
            x = (unsigned char)(x + ('a' - 'A'));
        if (y >= 'A' && y <= 'Z')
            y = (unsigned char)(y + ('a' - 'A'));
        if (x != y || x == '\0')
            return (int)x - (int)y;
    }
}

const char *avd_path_leaf(const char *path)
{
    const char *leaf = path;

    for (; *path != '\0'; path++)
        if (*path == '/' || *path == '\\')
            leaf = path + 1;
    return leaf;
}
