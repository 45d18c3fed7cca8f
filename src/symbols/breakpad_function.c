/* SPDX-License-Identifier: MIT */
/*
 * Names and lines out of Breakpad symbol files. A FUNC record is followed by its INLINE and line
 * records; they are read when an address of the function is asked for.
 */
#include "symbols/breakpad_private.h"

#include "base/limits.h"

#include <string.h>

/* What the tools that write these files put where a function has no name. */
#define NO_NAME "<name omitted>"

/* What the records of a function say of one address. */
struct details {
    bool has_line;
    struct avd_sym_line line;
    struct avd_sym_inline inlines[AVD_MAX_SYM_INLINES]; /* innermost first */
    size_t inline_count;
};

/* Inserts by nesting. Of two at one level the first stays. */
static void add_inline(struct details *details, const struct avd_sym_inline *site)
{
    size_t at = 0;

    if (details->inline_count == AVD_MAX_SYM_INLINES)
        return;
    while (at < details->inline_count && details->inlines[at].nest > site->nest)
        at++;
    if (at < details->inline_count && details->inlines[at].nest == site->nest)
        return;
    memmove(&details->inlines[at + 1], &details->inlines[at],
            (details->inline_count - at) * sizeof details->inlines[0]);
    details->inlines[at] = *site;
    details->inline_count++;
}

/* Whether the record at `text` ends those of the function before it. */
static bool ends_function(struct avd_sym_text text)
{
    return avd_sym_accept(&text, "FUNC") || avd_sym_accept(&text, "PUBLIC") ||
           avd_sym_accept(&text, "STACK");
}

/* Reads the records behind a FUNC line. */
static void read_details(struct avd_sym_text text, uint32_t rva, struct details *out)
{
    size_t limit = text.size - text.pos > AVD_MAX_SYM_FUNCTION_BYTES
                       ? text.pos + AVD_MAX_SYM_FUNCTION_BYTES
                       : text.size;

    out->has_line = false;
    out->inline_count = 0;
    for (; text.pos < limit && !ends_function(text); avd_sym_next_line(&text)) {
        struct avd_sym_line line;
        struct avd_sym_inline site;
        bool covers;

        if (text.data[text.pos] == 'I') {
            if (avd_sym_read_inline(&text, rva, &site, &covers) && covers)
                add_inline(out, &site);
        } else if (!out->has_line && avd_sym_read_line(&text, &line) &&
                   rva - line.rva < line.size) {
            out->line = line;
            out->has_line = true;
        }
    }
}

/* NULL out of memory; *name stays NULL where the file does not say. */
static bool file_name(struct avd_sym *sym, uint32_t number, const char **name)
{
    struct avd_sym_text text;

    *name = NULL;
    if (number == UINT32_MAX ||
        !avd_sym_keys_find(sym->bytes, &sym->index.keys[AVD_SYM_FILE], number, &text))
        return true;
    (void)avd_sym_accept(&text, "FILE ");
    (void)avd_sym_decimal(&text, &number);
    (void)avd_sym_blank(&text);
    *name = avd_sym_string(sym, avd_sym_rest(&text));
    return *name != NULL;
}

/* The name of an inlined function, and the file it lies in where the older records tell. */
static bool origin_name(struct avd_sym *sym, uint32_t number, const char **name, uint32_t *file)
{
    struct avd_sym_text text;
    struct avd_view view;

    *name = NO_NAME;
    *file = UINT32_MAX;
    if (!avd_sym_keys_find(sym->bytes, &sym->index.keys[AVD_SYM_ORIGIN], number, &text) ||
        !avd_sym_read_origin(&text, &number, file, &view))
        return true;
    *name = avd_sym_string(sym, view);
    return *name != NULL;
}

/*
 * Places: the innermost frame has the line record's, each frame around it the call's that is
 * recorded with the one inside. The older INLINE records tell the call's line only; its file is
 * that of the function around it, which INLINE_ORIGIN tells, except for the outermost.
 */
static bool add_inlines(struct avd_sym *sym, const struct details *details, struct avd_symbol *out)
{
    const char *place = out->source_file;
    uint32_t line = out->line;
    struct avd_inline *items;
    size_t i;

    if (details->inline_count == 0)
        return true;
    items = avd_arena_alloc(&sym->arena, details->inline_count, sizeof *items);
    if (items == NULL)
        return false;
    for (i = 0; i < details->inline_count; i++) {
        const struct avd_sym_inline *site = &details->inlines[i];
        uint32_t call_file = site->call_file;
        uint32_t own_file;

        if (!origin_name(sym, site->origin, &items[i].function, &own_file))
            return false;
        items[i].source_file = place;
        items[i].line = line;
        if (!site->has_call_file && i + 1 < details->inline_count) {
            const char *around;

            if (!origin_name(sym, details->inlines[i + 1].origin, &around, &call_file))
                return false;
        }
        if (!file_name(sym, call_file, &place))
            return false;
        line = site->call_line;
    }
    out->source_file = place;
    out->line = line;
    out->inlines = items;
    out->inline_count = details->inline_count;
    return true;
}

static bool fill(struct avd_sym *sym, uint32_t rva, const struct avd_sym_function *function,
                 struct avd_symbol *out)
{
    out->function = avd_sym_string(sym, function->name);
    if (out->function == NULL)
        return false;
    out->function_rva = function->rva;
    out->function_size = function->size;
    out->displacement = rva - function->rva;
    out->parameter_size = sym->is_x86 ? function->parameter_size : 0;
    out->source = "breakpad";
    return true;
}

/* The FUNC at `rva`, and the text behind its line; of several that begin where the last does, the
 * first in the file, as the tools that read these files choose. */
static bool find_function(const struct avd_sym *sym, uint32_t rva, struct avd_sym_function *out,
                          struct avd_sym_text *behind)
{
    const struct avd_sym_keys *keys = &sym->index.keys[AVD_SYM_FUNC];
    size_t i = avd_sym_keys_up_to(keys, rva);
    size_t stop = i > AVD_MAX_SYM_OVERLAP ? i - AVD_MAX_SYM_OVERLAP : 0;
    bool found = false;

    while (i > stop) {
        struct avd_sym_function function;
        struct avd_sym_text text;
        uint32_t start = avd_sym_key_value(keys->items[--i]);

        if (rva - start >= keys->largest || (found && start != out->rva))
            break;
        text = avd_sym_key_text(sym->bytes, keys, i);
        if (!avd_sym_read_function(&text, &function) || rva - start >= function.size)
            continue;
        *out = function;
        avd_sym_next_line(&text);
        *behind = text;
        found = true;
    }
    return found;
}

/* The nearest PUBLIC, where no FUNC lies. A FUNC that begins behind it ends it. */
static bool find_public(const struct avd_sym *sym, uint32_t rva, struct avd_sym_function *out)
{
    const struct avd_sym_keys *publics = &sym->index.keys[AVD_SYM_PUBLIC];
    const struct avd_sym_keys *functions = &sym->index.keys[AVD_SYM_FUNC];
    size_t i = avd_sym_keys_up_to(publics, rva);
    size_t below = avd_sym_keys_up_to(functions, rva);
    struct avd_sym_text text;
    uint32_t start;

    if (i == 0)
        return false;
    start = avd_sym_key_value(publics->items[i - 1]);
    /* One that begins at the same place is the same function, and `rva` lies behind its end. */
    if (below != 0 && start <= avd_sym_key_value(functions->items[below - 1]))
        return false;
    return avd_sym_keys_find(sym->bytes, publics, start, &text) &&
           avd_sym_read_function(&text, out);
}

enum avd_status avd_sym_find(struct avd_sym *sym, uint64_t rva, struct avd_symbol *out)
{
    static const struct avd_symbol empty;
    struct avd_sym_function function;
    struct avd_sym_text behind;
    struct details details;
    bool ok;

    *out = empty;
    if (rva > UINT32_MAX)
        return AVD_NOT_FOUND;
    if (find_function(sym, (uint32_t)rva, &function, &behind)) {
        read_details(behind, (uint32_t)rva, &details);
        ok = fill(sym, (uint32_t)rva, &function, out);
        out->has_parameter_size = sym->is_x86;
        if (ok && details.has_line) {
            out->line = details.line.line;
            ok = file_name(sym, details.line.file, &out->source_file);
        }
        ok = ok && add_inlines(sym, &details, out);
    } else if (find_public(sym, (uint32_t)rva, &function)) {
        ok = fill(sym, (uint32_t)rva, &function, out);
        /* Writers put 0 also where they do not know. */
        out->has_parameter_size = sym->is_x86 && function.parameter_size != 0;
        out->approximate = out->displacement != 0;
    } else {
        return AVD_NOT_FOUND;
    }
    if (ok)
        return AVD_OK;
    *out = empty;
    return AVD_E_NOMEM;
}

size_t avd_sym_seek(const struct avd_sym *sym, uint64_t rva)
{
    const struct avd_sym_keys *functions = &sym->index.keys[AVD_SYM_FUNC];
    const struct avd_sym_keys *publics = &sym->index.keys[AVD_SYM_PUBLIC];
    size_t function;
    size_t other;

    if (rva > UINT32_MAX)
        return SIZE_MAX;
    function = rva != 0 ? avd_sym_keys_up_to(functions, (uint32_t)rva - 1) : 0;
    other = rva != 0 ? avd_sym_keys_up_to(publics, (uint32_t)rva - 1) : 0;
    if (function < functions->count &&
        (other >= publics->count ||
         avd_sym_key_value(functions->items[function]) <= avd_sym_key_value(publics->items[other])))
        return function;
    return functions->count + other;
}

enum avd_status avd_sym_item(struct avd_sym *sym, size_t index, struct avd_symbol *out)
{
    const struct avd_sym_keys *keys = &sym->index.keys[AVD_SYM_FUNC];
    struct avd_sym_function record;
    struct avd_sym_text text;

    memset(out, 0, sizeof *out);
    if (index >= keys->count) {
        index -= keys->count;
        keys = &sym->index.keys[AVD_SYM_PUBLIC];
    }
    if (index >= keys->count)
        return AVD_NOT_FOUND;
    text = avd_sym_key_text(sym->bytes, keys, index);
    if (!avd_sym_read_function(&text, &record) || record.name.size == 0)
        return AVD_OK;
    out->function_rva = record.rva;
    out->function_size = record.size;
    out->function = avd_sym_string(sym, record.name);
    return out->function != NULL ? AVD_OK : AVD_E_NOMEM;
}
