/* SPDX-License-Identifier: MIT */
/* The records of a Breakpad symbol file, field by field (Breakpad: docs/symbol_files.md). */
#include "symbols/breakpad_text.h"

#include <string.h>

#define NO_FILE UINT32_MAX

const uint8_t avd_sym_hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool avd_sym_signed(struct avd_sym_text *text, uint32_t *value)
{
    if (avd_sym_accept(text, "-1")) {
        *value = NO_FILE;
        return true;
    }
    return avd_sym_decimal(text, value);
}

bool avd_sym_hex32(struct avd_sym_text *text, uint32_t *value)
{
    uint64_t wide;

    if (!avd_sym_hex(text, &wide) || wide > UINT32_MAX)
        return false;
    *value = (uint32_t)wide;
    return avd_sym_blank(text);
}

bool avd_sym_accept(struct avd_sym_text *text, const char *word)
{
    size_t size = strlen(word);

    if (text->size - text->pos < size || memcmp(&text->data[text->pos], word, size) != 0)
        return false;
    text->pos += size;
    return true;
}

static struct avd_view slice(const struct avd_sym_text *text, size_t start, size_t end)
{
    struct avd_view all = {text->data, text->size, 0};
    struct avd_view out;

    (void)avd_view_slice(all, start, end - start, &out);
    return out;
}

static size_t line_feed(const struct avd_sym_text *text)
{
    struct avd_view rest = slice(text, text->pos, text->size);
    const uint8_t *found = rest.size == 0 ? NULL : memchr(rest.data, '\n', rest.size);

    return found == NULL ? text->size : text->pos + (size_t)(found - rest.data);
}

struct avd_view avd_sym_rest(struct avd_sym_text *text)
{
    size_t start = text->pos;
    size_t end = line_feed(text);

    text->pos = end;
    if (end > start && text->data[end - 1] == '\r')
        end--;
    return slice(text, start, end);
}

struct avd_view avd_sym_word(struct avd_sym_text *text)
{
    size_t start = text->pos;

    while (!avd_sym_at_end(text) && text->data[text->pos] != ' ' && text->data[text->pos] != '\t')
        text->pos++;
    return slice(text, start, text->pos);
}

void avd_sym_next_line(struct avd_sym_text *text)
{
    size_t end = line_feed(text);

    text->pos = end < text->size ? end + 1 : end;
}

/* An item of `size` bytes at `rva` must end within the 4 GiB that a module can have. */
static bool fits(uint32_t rva, uint32_t size)
{
    return size <= UINT32_MAX - rva;
}

bool avd_sym_read_function(struct avd_sym_text *text, struct avd_sym_function *out)
{
    memset(out, 0, sizeof *out);
    if (avd_sym_accept(text, "PUBLIC "))
        out->is_public = true;
    else if (!avd_sym_accept(text, "FUNC "))
        return false;
    /* Several names at the address, of which the writer chose this. */
    (void)avd_sym_accept(text, "m ");
    if (!avd_sym_hex32(text, &out->rva))
        return false;
    if (!out->is_public && !avd_sym_hex32(text, &out->size))
        return false;
    if (!fits(out->rva, out->size) || !avd_sym_hex32(text, &out->parameter_size))
        return false;
    out->name = avd_sym_rest(text);
    return out->name.size != 0;
}

bool avd_sym_read_line(struct avd_sym_text *text, struct avd_sym_line *out)
{
    uint64_t rva;
    uint64_t size;

    if (!avd_sym_hex(text, &rva) || !avd_sym_blank(text) || !avd_sym_hex(text, &size) ||
        !avd_sym_blank(text) || !avd_sym_decimal(text, &out->line) || !avd_sym_blank(text) ||
        !avd_sym_signed(text, &out->file))
        return false;
    if (rva > UINT32_MAX || size > UINT32_MAX - rva)
        return false;
    out->rva = (uint32_t)rva;
    out->size = (uint32_t)size;
    (void)avd_sym_blank(text);
    return avd_sym_at_end(text);
}

static size_t count_words(struct avd_sym_text text)
{
    size_t count = 0;

    while (!avd_sym_at_end(&text)) {
        count += avd_sym_word(&text).size != 0;
        (void)avd_sym_blank(&text);
    }
    return count;
}

bool avd_sym_read_inline(struct avd_sym_text *text, uint32_t rva, struct avd_sym_inline *out,
                         bool *covers)
{
    size_t words;

    memset(out, 0, sizeof *out);
    *covers = false;
    if (!avd_sym_accept(text, "INLINE "))
        return false;
    /* nest, call line, [call file,] origin, then pairs: only their number tells the two forms. */
    words = count_words(*text);
    if (words < 5 || !avd_sym_decimal(text, &out->nest) || !avd_sym_blank(text) ||
        !avd_sym_decimal(text, &out->call_line) || !avd_sym_blank(text))
        return false;
    out->has_call_file = words % 2 == 0;
    out->call_file = NO_FILE;
    if (out->has_call_file && (!avd_sym_signed(text, &out->call_file) || !avd_sym_blank(text)))
        return false;
    if (!avd_sym_decimal(text, &out->origin))
        return false;
    for (words -= out->has_call_file ? 4 : 3; words != 0; words -= 2) {
        uint64_t start;
        uint64_t size;

        if (!avd_sym_blank(text) || !avd_sym_hex(text, &start) || !avd_sym_blank(text) ||
            !avd_sym_hex(text, &size) || start > UINT32_MAX || size > UINT32_MAX - start)
            return false;
        if (rva - start < size)
            *covers = true;
    }
    (void)avd_sym_blank(text);
    return avd_sym_at_end(text);
}

bool avd_sym_read_origin(struct avd_sym_text *text, uint32_t *number, uint32_t *file,
                         struct avd_view *name)
{
    struct avd_sym_text ahead;

    *file = NO_FILE;
    if (!avd_sym_accept(text, "INLINE_ORIGIN ") || !avd_sym_decimal(text, number) ||
        !avd_sym_blank(text))
        return false;
    /* The older form has the number of a file here; no C++ name begins with a number alone. */
    ahead = *text;
    if (avd_sym_signed(&ahead, file) && avd_sym_blank(&ahead) && !avd_sym_at_end(&ahead))
        *text = ahead;
    else
        *file = NO_FILE;
    *name = avd_sym_rest(text);
    return name->size != 0;
}

bool avd_sym_read_window(struct avd_sym_text *text, struct avd_sym_window *out)
{
    uint32_t type;
    uint32_t epilog_size;
    uint32_t has_program;

    memset(out, 0, sizeof *out);
    if (!avd_sym_accept(text, "STACK WIN ") || !avd_sym_hex32(text, &type) ||
        !avd_sym_hex32(text, &out->rva) || !avd_sym_hex32(text, &out->code_size) ||
        !avd_sym_hex32(text, &out->prolog_size) || !avd_sym_hex32(text, &epilog_size) ||
        !avd_sym_hex32(text, &out->parameter_size) || !avd_sym_hex32(text, &out->saved_regs_size) ||
        !avd_sym_hex32(text, &out->locals_size) || !avd_sym_hex32(text, &out->max_stack_size) ||
        !avd_sym_hex32(text, &has_program))
        return false;
    out->type = type;
    out->has_program = has_program != 0;
    out->tail = avd_sym_rest(text);
    return has_program <= 1 && out->tail.size != 0 && fits(out->rva, out->code_size);
}

bool avd_sym_read_cfi(struct avd_sym_text *text, struct avd_sym_cfi_rules *out)
{
    memset(out, 0, sizeof *out);
    if (!avd_sym_accept(text, "STACK CFI "))
        return false;
    out->is_init = avd_sym_accept(text, "INIT ");
    if (!avd_sym_hex32(text, &out->rva) || (out->is_init && !avd_sym_hex32(text, &out->size)))
        return false;
    out->rules = avd_sym_rest(text);
    return out->rules.size != 0 && fits(out->rva, out->size);
}
