/* SPDX-License-Identifier: MIT */
/*
 * How functions lay out their frames: STACK WIN (what PDBs hold as frame data) and STACK CFI (what
 * DWARF's call frame information and Windows's unwind data were turned into).
 */
#include "symbols/breakpad_private.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/strbuf.h"

#include <string.h>

/* The innermost record at `rva`, that is the smallest of those that begin last; of equal ones the
 * first in the file. */
static bool find_window(const struct avd_sym *sym, enum avd_sym_kind kind, uint32_t rva,
                        struct avd_sym_window *out)
{
    const struct avd_sym_keys *keys = &sym->index.keys[kind];
    size_t i = avd_sym_keys_up_to(keys, rva);
    size_t stop = i > AVD_MAX_SYM_OVERLAP ? i - AVD_MAX_SYM_OVERLAP : 0;
    bool found = false;

    while (i > stop) {
        struct avd_sym_window window;
        struct avd_sym_text text;
        uint32_t start = avd_sym_key_value(keys->items[--i]);

        if (rva - start >= keys->largest || (found && start != out->rva))
            break;
        text = avd_sym_key_text(sym->bytes, keys, i);
        if (!avd_sym_read_window(&text, &window) || rva - start >= window.code_size)
            continue;
        if (!found || window.code_size <= out->code_size)
            *out = window;
        found = true;
    }
    return found;
}

enum avd_status avd_sym_frame_data(struct avd_sym *sym, uint64_t rva, struct avd_frame_data *out)
{
    struct avd_sym_window window;

    memset(out, 0, sizeof *out);
    if (rva > UINT32_MAX)
        return AVD_NOT_FOUND;
    if (!find_window(sym, AVD_SYM_WIN_FRAME, (uint32_t)rva, &window) &&
        !find_window(sym, AVD_SYM_WIN_FPO, (uint32_t)rva, &window))
        return AVD_NOT_FOUND;
    if (window.has_program) {
        /* A program that was cut would compute something else. */
        if (window.tail.size > AVD_MAX_SYM_NAME_BYTES)
            return AVD_NOT_FOUND;
        out->program = avd_sym_string(sym, window.tail);
        if (out->program == NULL)
            return AVD_E_NOMEM;
    } else {
        out->allocates_base_pointer = avd_view_u8(window.tail, 0) == '1';
    }
    out->is_fpo = window.type == 0;
    out->rva = window.rva;
    out->code_size = window.code_size;
    out->prolog_size = window.prolog_size;
    out->parameter_size = window.parameter_size;
    out->saved_regs_size = window.saved_regs_size;
    out->locals_size = window.locals_size;
    out->max_stack_size = window.max_stack_size;
    return AVD_OK;
}

/* The rules in force, in the order in which their registers were first named. */
struct rules {
    struct {
        struct avd_view name; /* with the colon */
        struct avd_view expression;
    } items[AVD_MAX_SYM_REGISTERS];
    size_t count;
};

static bool same_text(struct avd_view a, struct avd_view b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool set_rule(struct rules *rules, struct avd_view name, struct avd_view expression)
{
    size_t i;

    if (rules == NULL)
        return true;
    for (i = 0; i < rules->count; i++)
        if (same_text(rules->items[i].name, name))
            break;
    if (i == AVD_MAX_SYM_REGISTERS)
        return false;
    rules->items[i].name = name;
    rules->items[i].expression = expression;
    if (i == rules->count)
        rules->count++;
    return true;
}

/* "reg: token token reg: token ...". False when it does not begin with a register, when an
 * expression is empty, or when there are too many registers. `rules` NULL: only looks. */
static bool add_rules(struct rules *rules, struct avd_view line)
{
    struct avd_sym_text text = {line.data, line.size, 0};
    struct avd_view name = {NULL, 0, 0};
    size_t start = 0;
    size_t end = 0;

    (void)avd_sym_blank(&text);
    while (!avd_sym_at_end(&text)) {
        struct avd_view word = avd_sym_word(&text);
        size_t after = text.pos;
        struct avd_view expression;

        (void)avd_sym_blank(&text);
        if (avd_view_u8(word, word.size - 1) != ':') {
            if (name.size == 0)
                return false;
            end = after;
            continue;
        }
        if (name.size != 0 && (!avd_view_slice(line, start, end - start, &expression) ||
                               expression.size == 0 || !set_rule(rules, name, expression)))
            return false;
        name = word;
        start = end = text.pos;
    }
    return name.size != 0 && end > start && avd_view_slice(line, start, end - start, &line) &&
           set_rule(rules, name, line);
}

/* Adds a STACK CFI record's rules, all or none of them. */
static bool apply(struct rules *rules, struct avd_view line)
{
    return add_rules(NULL, line) && add_rules(rules, line);
}

struct delta {
    uint32_t rva;
    struct avd_view rules;
};

/* Insertion from the end: writers sort, so that nothing is moved. */
static void insert_delta(struct delta *deltas, size_t count, const struct avd_sym_cfi_rules *record)
{
    size_t at = count;

    for (; at > 0 && deltas[at - 1].rva > record->rva; at--)
        deltas[at] = deltas[at - 1];
    deltas[at].rva = record->rva;
    deltas[at].rules = record->rules;
}

/* Whether `text` is at a STACK CFI record that belongs to the INIT above it. */
static bool at_delta(struct avd_sym_text text)
{
    return avd_sym_accept(&text, "STACK CFI ") && !avd_sym_accept(&text, "INIT");
}

/* Applies the deltas behind an INIT record that are in force at `rva`, in the order of their
 * addresses. */
static enum avd_status apply_deltas(struct avd_sym_text text, uint32_t first, uint32_t rva,
                                    struct rules *rules)
{
    struct avd_sym_text ahead = text;
    struct delta *deltas;
    size_t lines = 0;
    size_t count = 0;
    size_t i;

    for (; lines < AVD_MAX_SYM_DELTAS && at_delta(ahead); lines++)
        avd_sym_next_line(&ahead);
    deltas = avd_mem_calloc(lines, sizeof *deltas);
    if (deltas == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < lines; i++) {
        struct avd_sym_cfi_rules record;

        if (avd_sym_read_cfi(&text, &record) && record.rva >= first && record.rva <= rva)
            insert_delta(deltas, count++, &record);
        avd_sym_next_line(&text);
    }
    for (i = 0; i < count; i++)
        (void)apply(rules, deltas[i].rules);
    avd_mem_free(deltas);
    return AVD_OK;
}

static enum avd_status print_rules(const struct rules *rules, struct avd_arena *arena,
                                   const char **out)
{
    struct avd_strbuf buf;
    size_t i;

    avd_strbuf_init(&buf);
    for (i = 0; i < rules->count; i++) {
        if (i != 0)
            avd_strbuf_puts(&buf, " ");
        avd_strbuf_add(&buf, (const char *)rules->items[i].name.data, rules->items[i].name.size);
        avd_strbuf_puts(&buf, " ");
        avd_strbuf_add(&buf, (const char *)rules->items[i].expression.data,
                       rules->items[i].expression.size);
    }
    *out = buf.failed ? NULL : avd_arena_strdup(arena, avd_strbuf_text(&buf));
    avd_strbuf_deinit(&buf);
    return *out == NULL ? AVD_E_NOMEM : AVD_OK;
}

enum avd_status avd_sym_cfi(struct avd_sym *sym, uint64_t rva, struct avd_arena *arena,
                            const char **rules)
{
    const struct avd_sym_keys *keys = &sym->index.keys[AVD_SYM_CFI];
    struct avd_sym_cfi_rules init;
    struct rules in_force;
    size_t i;
    size_t stop;

    *rules = NULL;
    if (rva > UINT32_MAX)
        return AVD_NOT_FOUND;
    i = avd_sym_keys_up_to(keys, (uint32_t)rva);
    stop = i > AVD_MAX_SYM_OVERLAP ? i - AVD_MAX_SYM_OVERLAP : 0;
    while (i > stop && rva - avd_sym_key_value(keys->items[i - 1]) < keys->largest) {
        struct avd_sym_text text = avd_sym_key_text(sym->bytes, keys, --i);
        enum avd_status status;

        in_force.count = 0;
        if (!avd_sym_read_cfi(&text, &init) || rva - init.rva >= init.size ||
            !apply(&in_force, init.rules))
            continue;
        avd_sym_next_line(&text);
        status = apply_deltas(text, init.rva, (uint32_t)rva, &in_force);
        return status == AVD_OK ? print_rules(&in_force, arena, rules) : status;
    }
    return AVD_NOT_FOUND;
}
