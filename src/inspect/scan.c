/* SPDX-License-Identifier: MIT */
/*
 * What looks through all memory of a dump: strings and find. Memory passes through one buffer,
 * range after range; ranges that touch are one, so nothing at their borders is missed.
 */
#include "inspect/inspect.h"

#include "base/limits.h"
#include "base/memory.h"

#include <inttypes.h>
#include <string.h>

enum { CHUNK = 65536, DEFAULT_LENGTH = 6, CONTEXT = 16 };

/* Called for pieces of memory in their order. The first `size` bytes are new; up to `overlap` more
 * follow where memory goes on. False ends it. */
typedef bool piece_fn(void *ctx, uint64_t address, const uint8_t *bytes, size_t size, size_t more,
                      bool starts, bool ends);

/* The last address of the ranges that touch each other from number *index on, which moves behind
 * them. */
static uint64_t span_last(const struct avd_memory *memory, size_t *index)
{
    uint64_t last = memory->ranges[*index].start + (memory->ranges[*index].size - 1);

    for ((*index)++; *index < memory->range_count && last != UINT64_MAX &&
                     memory->ranges[*index].start == last + 1;
         (*index)++)
        last = memory->ranges[*index].start + (memory->ranges[*index].size - 1);
    return last;
}

/* What all memory of an honest dump comes to at most: writers store a byte once, or with a stack a
 * second time. */
static uint64_t most_memory(const struct avd_memory *memory)
{
    return 2 * (uint64_t)memory->bytes.size;
}

/* *too_much: there are more ranges than that, which share their bytes; the rest was left out. */
static enum avd_status scan(const struct avd_memory *memory, size_t overlap, piece_fn *piece,
                            void *ctx, bool *too_much)
{
    uint8_t *buffer = avd_mem_calloc(CHUNK + overlap, 1);
    uint64_t left = most_memory(memory);
    bool go_on = true;
    size_t i = 0;

    *too_much = false;
    if (buffer == NULL)
        return AVD_E_NOMEM;
    while (go_on && i < memory->range_count) {
        uint64_t start = memory->ranges[i].start;
        uint64_t last = span_last(memory, &i);
        uint64_t at = start;

        for (;;) {
            size_t got = avd_memory_read(memory, at, buffer, CHUNK + overlap);
            size_t size = got < CHUNK ? got : CHUNK;
            bool ends = last - at < CHUNK;

            if (size == 0)
                break;
            *too_much = size > left;
            if (*too_much) {
                go_on = false;
                break;
            }
            left -= size;
            go_on = piece(ctx, at, buffer, size, got - size, at == start, ends);
            if (ends || !go_on)
                break;
            at += size;
        }
    }
    avd_mem_free(buffer);
    return AVD_OK;
}

static void open_rows(struct avd_inspection *in, const char *key)
{
    if (in->sheet.json)
        avd_json_open(&in->sheet.j, key, '[');
}

/* Whether there was more than was asked for, or than is looked through. */
static void close_rows(struct avd_inspection *in, const char *what, bool cut, bool too_much)
{
    if (in->sheet.json) {
        avd_json_close(&in->sheet.j, '[');
        avd_sheet_bool(&in->sheet, "cut", cut || too_much);
    } else if (cut) {
        avd_strbuf_printf(&in->sheet.text, "... %s %" PRIu64 " shown (--count)\n", what,
                          in->query->count);
    } else if (too_much) {
        avd_strbuf_printf(&in->sheet.text,
                          "... the dump lists more memory than its file could hold; %" PRIu64
                          " bytes of it were looked through\n",
                          most_memory(&in->dump->memory));
    }
}

/* ---- strings ---- */

/* Characters in a row: bytes, or 16-bit units at even or at odd addresses. */
struct run {
    uint64_t start;
    uint64_t length; /* characters */
};

struct strings {
    struct avd_inspection *in;
    uint64_t shortest;
    uint64_t count; /* shown */
    bool cut;
    struct run ascii, wide[2]; /* by the parity of their address */
    uint8_t before;            /* the byte before this one */
    bool has_before;
};

static bool printable(unsigned byte)
{
    return (byte >= 0x20 && byte < 0x7f) || byte == '\t';
}

static bool put_string(struct strings *s, const struct run *run, unsigned unit)
{
    struct avd_inspection *in = s->in;
    uint8_t bytes[2 * AVD_MAX_STRING_SHOWN];
    char text[AVD_MAX_STRING_SHOWN + 1];
    size_t size = run->length < AVD_MAX_STRING_SHOWN ? (size_t)run->length : AVD_MAX_STRING_SHOWN;
    size_t i;

    if (in->query->count != 0 && s->count == in->query->count) {
        s->cut = true;
        return false;
    }
    s->count++;
    size = avd_memory_read(&in->dump->memory, run->start, bytes, size * unit) / unit;
    for (i = 0; i < size; i++)
        text[i] = (char)bytes[i * unit];
    text[size] = '\0';
    if (in->sheet.json) {
        avd_json_open(&in->sheet.j, NULL, '{');
        avd_inspection_json_address(in, "address", run->start);
        avd_sheet_text(&in->sheet, "encoding", unit == 1 ? "ascii" : "utf16");
        avd_sheet_number(&in->sheet, "length", run->length);
        avd_sheet_text(&in->sheet, "text", text);
        avd_json_close(&in->sheet.j, '{');
    } else {
        avd_inspection_address(in, run->start);
        avd_strbuf_puts(&in->sheet.text, unit == 1 ? "  a  " : "  u  ");
        avd_strbuf_escaped(&in->sheet.text, text);
        if (run->length > size)
            avd_strbuf_printf(&in->sheet.text, "... (%" PRIu64 " characters)", run->length);
        avd_strbuf_puts(&in->sheet.text, "\n");
    }
    return avd_sheet_flush(&in->sheet, in->write, in->ctx);
}

static bool end_run(struct strings *s, struct run *run, unsigned unit)
{
    bool go_on = run->length < s->shortest || put_string(s, run, unit);

    run->length = 0;
    return go_on;
}

static bool feed(struct strings *s, uint64_t address, uint8_t byte)
{
    struct run *wide = &s->wide[(address - 1) & 1];
    bool go_on = true;

    /* The unit that ends here began at the byte before. */
    if (s->has_before && byte == 0 && printable(s->before)) {
        if (wide->length++ == 0)
            wide->start = address - 1;
    } else {
        go_on = end_run(s, wide, 2);
    }
    if (printable(byte)) {
        if (s->ascii.length++ == 0)
            s->ascii.start = address;
    } else {
        go_on = go_on && end_run(s, &s->ascii, 1);
    }
    s->before = byte;
    s->has_before = true;
    return go_on;
}

static bool strings_piece(void *ctx, uint64_t address, const uint8_t *bytes, size_t size,
                          size_t more, bool starts, bool ends)
{
    struct strings *s = ctx;
    bool go_on = true;
    size_t i;

    (void)more;
    if (starts)
        s->has_before = false;
    for (i = 0; i < size && go_on; i++)
        go_on = feed(s, address + i, bytes[i]);
    if (ends && go_on)
        go_on =
            end_run(s, &s->wide[0], 2) && end_run(s, &s->wide[1], 2) && end_run(s, &s->ascii, 1);
    return go_on;
}

enum avd_status avd_inspect_strings(struct avd_inspection *in, struct avd_error *err)
{
    struct strings s = {0};
    bool too_much;

    s.in = in;
    s.shortest = in->query->min_length != 0 ? in->query->min_length : DEFAULT_LENGTH;
    open_rows(in, "strings");
    if (scan(&in->dump->memory, 0, strings_piece, &s, &too_much) != AVD_OK)
        return avd_error_nomem(err);
    close_rows(in, "the first", s.cut, too_much);
    return AVD_OK;
}

/* ---- find ---- */

struct pattern {
    uint8_t bytes[AVD_MAX_PATTERN_BYTES];
    bool any[AVD_MAX_PATTERN_BYTES]; /* "??" */
    size_t size;
    const char *kind;
};

struct find {
    struct avd_inspection *in;
    struct pattern patterns[2]; /* text is looked for in two encodings */
    size_t pattern_count;
    uint64_t count; /* shown */
    bool cut;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "4d 5a ?? 00", blanks or not. False for what is no bytes, too many, or "??" alone. */
static bool read_bytes(const char *text, struct pattern *out)
{
    bool fixed = false;

    for (out->size = 0; *text != '\0';) {
        bool any = text[0] == '?' && text[1] == '?';

        if (*text == ' ') {
            text++;
            continue;
        }
        if (out->size == AVD_MAX_PATTERN_BYTES ||
            (!any && (hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0)))
            return false;
        out->any[out->size] = any;
        out->bytes[out->size++] = (uint8_t)(any ? 0 : hex_digit(text[0]) << 4 | hex_digit(text[1]));
        fixed = fixed || !any;
        text += 2;
    }
    out->kind = "bytes";
    return fixed;
}

/* UTF-16 of ASCII text; other text is looked for as its bytes alone. */
static bool read_text(const char *text, unsigned unit, struct pattern *out)
{
    size_t size = strlen(text);
    size_t i;

    memset(out, 0, sizeof *out);
    if (size == 0 || size * unit > AVD_MAX_PATTERN_BYTES)
        return false;
    for (i = 0; i < size; i++) {
        if (unit == 2 && (text[i] & 0x80) != 0)
            return false;
        out->bytes[i * unit] = (uint8_t)text[i];
    }
    out->size = size * unit;
    out->kind = unit == 1 ? "ascii" : "utf16";
    return true;
}

static enum avd_status read_pointer(struct find *f, const char *text, struct avd_error *err)
{
    struct avd_inspection *in = f->in;
    struct pattern *out = &f->patterns[0];
    uint64_t value = 0;
    enum avd_status status = avd_inspection_pointer_size(in, err);
    size_t i;

    if (status == AVD_OK)
        status = avd_place_read(in, text, &value, err);
    if (status != AVD_OK)
        return status;
    out->size = in->pointer_size == 4 && value <= UINT32_MAX ? 4 : 8;
    for (i = 0; i < out->size; i++)
        out->bytes[i] = (uint8_t)(value >> (8 * i));
    out->kind = "pointer";
    f->pattern_count = 1;
    return AVD_OK;
}

/* What a pattern looks like when nobody said: two-digit bytes with blanks between them, a pointer,
 * otherwise text. */
static enum avd_inspect_form guess(const char *text, struct pattern *room)
{
    if (strchr(text, ' ') != NULL && read_bytes(text, room))
        return AVD_FORM_BYTES;
    if ((text[0] == '0' && text[1] == 'x') || text[0] == '@' || strchr(text, '`') != NULL)
        return AVD_FORM_POINTERS;
    return AVD_FORM_AUTO;
}

static enum avd_status read_pattern(struct find *f, struct avd_error *err)
{
    const char *text = f->in->query->pattern;
    enum avd_inspect_form form = f->in->query->form;

    if (form == AVD_FORM_AUTO)
        form = guess(text, &f->patterns[0]);
    f->pattern_count = 0;
    switch (form) {
    case AVD_FORM_POINTERS: return read_pointer(f, text, err);
    case AVD_FORM_BYTES: f->pattern_count = read_bytes(text, &f->patterns[0]); break;
    case AVD_FORM_ASCII: f->pattern_count = read_text(text, 1, &f->patterns[0]); break;
    case AVD_FORM_UTF16: f->pattern_count = read_text(text, 2, &f->patterns[0]); break;
    case AVD_FORM_AUTO:
        f->pattern_count = read_text(text, 1, &f->patterns[0]);
        f->pattern_count += read_text(text, 2, &f->patterns[f->pattern_count]);
        break;
    case AVD_FORM_DWORDS:
    case AVD_FORM_QWORDS: break;
    }
    return f->pattern_count != 0
               ? AVD_OK
               : avd_error_set(err, AVD_E_ARG, 0, "",
                               "'%.60s' is no pattern: expected bytes like '4d 5a ?? 00', text of "
                               "1 to %d bytes, or a pointer like 0x7ff61000",
                               text, (int)AVD_MAX_PATTERN_BYTES);
}

static bool matches(const struct pattern *pattern, const uint8_t *bytes)
{
    size_t i;

    for (i = 0; i < pattern->size; i++)
        if (!pattern->any[i] && bytes[i] != pattern->bytes[i])
            return false;
    return true;
}

static bool put_hit(struct find *f, uint64_t address, const struct pattern *pattern)
{
    struct avd_inspection *in = f->in;
    struct avd_place_name name;
    uint8_t bytes[CONTEXT];
    char text[CONTEXT + 1];
    size_t size;
    size_t i;

    if (in->query->count != 0 && f->count == in->query->count) {
        f->cut = true;
        return false;
    }
    f->count++;
    size = avd_memory_read(&in->dump->memory, address, bytes, sizeof bytes);
    for (i = 0; i < size; i++)
        text[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '.';
    text[size] = '\0';
    if (avd_place_find_name(in, address, &name) != AVD_OK)
        in->sheet.text.failed = true;
    if (in->sheet.json) {
        avd_json_open(&in->sheet.j, NULL, '{');
        avd_inspection_json_address(in, "address", address);
        avd_sheet_text(&in->sheet, "kind", pattern->kind);
        avd_place_json_name(in, address, &name);
        avd_sheet_text(&in->sheet, "text", text);
        avd_json_close(&in->sheet.j, '{');
    } else {
        avd_inspection_address(in, address);
        avd_strbuf_puts(&in->sheet.text, " ");
        for (i = 0; i < size; i++)
            avd_strbuf_printf(&in->sheet.text, "%s%02x", i == 8 ? "-" : " ", bytes[i]);
        avd_strbuf_printf(&in->sheet.text, "%*s  %-16s", (int)(3 * (CONTEXT - size)), "", text);
        if (name.module != AVD_NO_MODULE) {
            avd_strbuf_puts(&in->sheet.text, "  ");
            avd_place_put_name(in, address, &name);
        }
        avd_strbuf_puts(&in->sheet.text, "\n");
    }
    return avd_sheet_flush(&in->sheet, in->write, in->ctx);
}

static bool find_piece(void *ctx, uint64_t address, const uint8_t *bytes, size_t size, size_t more,
                       bool starts, bool ends)
{
    struct find *f = ctx;
    size_t i;
    size_t k;

    (void)starts;
    (void)ends;
    for (i = 0; i < size; i++)
        for (k = 0; k < f->pattern_count; k++)
            if (f->patterns[k].size <= size + more - i && matches(&f->patterns[k], bytes + i) &&
                !put_hit(f, address + i, &f->patterns[k]))
                return false;
    return true;
}

enum avd_status avd_inspect_find(struct avd_inspection *in, struct avd_error *err)
{
    struct find *f = avd_mem_calloc(1, sizeof *f); /* its patterns are large for a stack */
    enum avd_status status;
    bool too_much;

    if (f == NULL)
        return avd_error_nomem(err);
    f->in = in;
    status = read_pattern(f, err);
    if (status == AVD_OK) {
        open_rows(in, "hits");
        status = scan(&in->dump->memory, AVD_MAX_PATTERN_BYTES, find_piece, f, &too_much);
        if (status != AVD_OK)
            (void)avd_error_nomem(err);
        else
            close_rows(in, "the first", f->cut, too_much);
    }
    if (status == AVD_OK && f->count == 0 && !in->sheet.json)
        avd_strbuf_puts(&in->sheet.text, "not found in the memory that the dump holds\n");
    avd_mem_free(f);
    return status;
}
