/* SPDX-License-Identifier: MIT */
/*
 * The pass over a Breakpad symbol file. Nine lines of ten are line records, which are checked here
 * (the reader counts what is damaged) and found again through their function.
 */
#include "symbols/breakpad_index.h"

#include "base/bisect.h"
#include "base/memory.h"

#include <string.h>

static bool add_key(struct avd_sym_keys *keys, uint32_t value, size_t pos, uint32_t size)
{
    if (keys->count == keys->capacity) {
        size_t wanted = keys->capacity == 0 ? 64 : keys->capacity * 2;
        uint64_t *grown = avd_mem_realloc(keys->items, wanted, sizeof *grown);

        if (grown == NULL)
            return false;
        keys->items = grown;
        keys->capacity = wanted;
    }
    if (keys->count != 0 && value < avd_sym_key_value(keys->items[keys->count - 1]))
        keys->unsorted = true;
    if (size > keys->largest)
        keys->largest = size;
    keys->items[keys->count++] = (uint64_t)value << 32 | pos;
    return true;
}

/* By value, byte by byte from the lowest; being stable it keeps the order of the file. */
static bool sort_keys(struct avd_sym_keys *keys)
{
    uint64_t *from = keys->items;
    uint64_t *to;
    uint64_t *spare;
    unsigned shift;
    size_t i;

    if (!keys->unsorted)
        return true;
    spare = avd_mem_calloc(keys->count, sizeof *spare);
    if (spare == NULL)
        return false;
    to = spare;
    for (shift = 32; shift < 64; shift += 8) {
        size_t starts[257] = {0};
        uint64_t *swap = from;

        for (i = 0; i < keys->count; i++)
            starts[(from[i] >> shift & 0xff) + 1]++;
        for (i = 1; i < 257; i++)
            starts[i] += starts[i - 1];
        for (i = 0; i < keys->count; i++)
            to[starts[from[i] >> shift & 0xff]++] = from[i];
        from = to;
        to = swap;
    }
    /* Four rounds: the result is where it was at the start. */
    avd_mem_free(spare);
    return true;
}

/* What a line turned out to be. */
enum verdict { GOOD, BAD, NO_MEMORY };

static enum verdict added(bool ok)
{
    return ok ? GOOD : NO_MEMORY;
}

static enum verdict index_function(struct avd_sym_index *index, struct avd_sym_text *text)
{
    struct avd_sym_function function;
    size_t pos = text->pos;

    if (!avd_sym_read_function(text, &function))
        return BAD;
    return added(add_key(&index->keys[function.size == 0 ? AVD_SYM_PUBLIC : AVD_SYM_FUNC],
                         function.rva, pos, function.size));
}

static enum verdict index_file(struct avd_sym_index *index, struct avd_sym_text *text)
{
    size_t pos = text->pos;
    uint32_t number;

    if (!avd_sym_accept(text, "FILE ") || !avd_sym_decimal(text, &number) || !avd_sym_blank(text) ||
        avd_sym_at_end(text))
        return BAD;
    return added(add_key(&index->keys[AVD_SYM_FILE], number, pos, 0));
}

static enum verdict index_inline(struct avd_sym_index *index, struct avd_sym_text *text)
{
    struct avd_sym_inline site;
    struct avd_view name;
    size_t pos = text->pos;
    uint32_t number;
    uint32_t file;
    bool covers;

    if (text->size - pos > 6 && text->data[pos + 6] == ' ')
        return avd_sym_read_inline(text, 0, &site, &covers) ? GOOD : BAD;
    if (!avd_sym_read_origin(text, &number, &file, &name))
        return BAD;
    return added(add_key(&index->keys[AVD_SYM_ORIGIN], number, pos, 0));
}

static enum verdict index_info(struct avd_sym_index *index, struct avd_sym_text *text)
{
    /* INFO has more kinds (URL, GENERATOR); they say nothing of addresses. */
    if (avd_sym_accept(text, "INFO CODE_ID ") && index->code_id.size == 0)
        index->code_id = avd_sym_word(text);
    return GOOD;
}

static enum verdict index_stack(struct avd_sym_index *index, struct avd_sym_text *text)
{
    struct avd_sym_window window;
    struct avd_sym_cfi_rules rules;
    size_t pos = text->pos;

    if (text->size - pos > 6 && text->data[pos + 6] == 'W') {
        if (!avd_sym_read_window(text, &window))
            return BAD;
        /* The other types tell nothing that a walk could use. */
        if ((window.type != 0 && window.type != 4) || window.code_size == 0)
            return GOOD;
        return added(add_key(&index->keys[window.type == 4 ? AVD_SYM_WIN_FRAME : AVD_SYM_WIN_FPO],
                             window.rva, pos, window.code_size));
    }
    if (!avd_sym_read_cfi(text, &rules))
        return BAD;
    if (!rules.is_init || rules.size == 0)
        return GOOD;
    return added(add_key(&index->keys[AVD_SYM_CFI], rules.rva, pos, rules.size));
}

/* One line, by its first letters. F may also be a digit of a line record. */
static enum verdict index_line(struct avd_sym_index *index, struct avd_sym_text *text)
{
    struct avd_sym_line line;
    char second = text->size - text->pos > 1 ? (char)text->data[text->pos + 1] : '\0';

    switch (text->data[text->pos]) {
    case 'F':
        if (second == 'U')
            return index_function(index, text);
        if (second == 'I')
            return index_file(index, text);
        break;
    case 'I':
        if (text->size - text->pos > 2 && text->data[text->pos + 2] == 'F')
            return index_info(index, text);
        return index_inline(index, text);
    case 'P': return index_function(index, text);
    case 'S': return index_stack(index, text);
    default: break;
    }
    return avd_sym_read_line(text, &line) ? GOOD : BAD;
}

/* MODULE os cpu id name; the name may have blanks. */
static bool read_module(struct avd_sym_index *index, struct avd_sym_text *text)
{
    if (!avd_sym_accept(text, "MODULE "))
        return false;
    index->os = avd_sym_word(text);
    (void)avd_sym_blank(text);
    index->cpu = avd_sym_word(text);
    (void)avd_sym_blank(text);
    index->debug_id = avd_sym_word(text);
    (void)avd_sym_blank(text);
    index->debug_file = avd_sym_rest(text);
    return index->debug_file.size != 0;
}

enum avd_status avd_sym_index_build(struct avd_view bytes, struct avd_sym_index *index,
                                    struct avd_error *err)
{
    struct avd_sym_text text = {bytes.data, bytes.size, 0};
    unsigned kind;

    memset(index, 0, sizeof *index);
    if (bytes.size > UINT32_MAX)
        return avd_error_set(err, AVD_E_LIMIT, 0, "symbol file",
                             "%llu bytes, at most 4 GiB can be read",
                             (unsigned long long)bytes.size);
    if (!read_module(index, &text))
        return avd_error_set(err, AVD_E_FORMAT, 0, "symbol file",
                             "does not begin with 'MODULE os cpu id name'; not a Breakpad symbol "
                             "file");
    avd_sym_next_line(&text);
    while (text.pos < text.size) {
        enum verdict verdict = avd_sym_at_end(&text) ? GOOD : index_line(index, &text);

        if (verdict == NO_MEMORY)
            return avd_error_nomem(err);
        if (text.pos < text.size && text.data[text.pos] == '\n')
            text.pos++;
        else
            avd_sym_next_line(&text);
        index->bad_lines += verdict == BAD;
    }
    for (kind = 0; kind < AVD_SYM_KINDS; kind++)
        if (!sort_keys(&index->keys[kind]))
            return avd_error_nomem(err);
    return AVD_OK;
}

void avd_sym_index_deinit(struct avd_sym_index *index)
{
    unsigned kind;

    for (kind = 0; kind < AVD_SYM_KINDS; kind++)
        avd_mem_free(index->keys[kind].items);
    memset(index, 0, sizeof *index);
}

/* The number of keys below `key`. */
static size_t keys_below(const struct avd_sym_keys *keys, uint64_t key)
{
    struct avd_bisect b = avd_bisect_start(keys->count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, keys->items[b.middle] < key);
    return b.low;
}

size_t avd_sym_keys_up_to(const struct avd_sym_keys *keys, uint32_t value)
{
    return keys_below(keys, (uint64_t)value << 32 | UINT32_MAX);
}

struct avd_sym_text avd_sym_key_text(struct avd_view bytes, const struct avd_sym_keys *keys,
                                     size_t i)
{
    struct avd_sym_text text = {bytes.data, bytes.size, (size_t)(keys->items[i] & UINT32_MAX)};

    return text;
}

bool avd_sym_keys_find(struct avd_view bytes, const struct avd_sym_keys *keys, uint32_t value,
                       struct avd_sym_text *text)
{
    size_t i = keys_below(keys, (uint64_t)value << 32);

    if (i == keys->count || avd_sym_key_value(keys->items[i]) != value)
        return false;
    *text = avd_sym_key_text(bytes, keys, i);
    return true;
}
