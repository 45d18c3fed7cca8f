/* SPDX-License-Identifier: MIT */
/*
 * Where the records of a Breakpad symbol file lie: one pass over the text leaves eight bytes for
 * each record that lookups start from. Line, INLINE and STACK CFI delta records are not indexed,
 * because they follow the record they belong to.
 */
#ifndef AVD_SYMBOLS_BREAKPAD_INDEX_H
#define AVD_SYMBOLS_BREAKPAD_INDEX_H

#include "base/error.h"
#include "symbols/breakpad_text.h"

enum avd_sym_kind {
    AVD_SYM_FUNC,
    AVD_SYM_PUBLIC,    /* also FUNC records without a size: where they end is as little known */
    AVD_SYM_WIN_FRAME, /* STACK WIN 4 */
    AVD_SYM_WIN_FPO,   /* STACK WIN 0 */
    AVD_SYM_CFI,       /* STACK CFI INIT */
    AVD_SYM_FILE,
    AVD_SYM_ORIGIN,
    AVD_SYM_KINDS
};

/* RVA (FILE, INLINE_ORIGIN: number) in the upper half, place in the text in the lower: sorted, and
 * among equal RVAs in the order of the file. */
struct avd_sym_keys {
    uint64_t *items; /* from base/memory.h */
    size_t count;
    size_t capacity;
    uint32_t largest; /* no record covers more bytes */
    bool unsorted;    /* while the pass runs */
};

struct avd_sym_index {
    struct avd_sym_keys keys[AVD_SYM_KINDS];
    size_t bad_lines;
    struct avd_view os, cpu, debug_id, debug_file; /* MODULE */
    struct avd_view code_id;                       /* INFO CODE_ID */
};

static inline uint32_t avd_sym_key_value(uint64_t key)
{
    return (uint32_t)(key >> 32);
}

/* AVD_E_FORMAT when the text does not begin with a MODULE line, AVD_E_LIMIT for 4 GiB and more,
 * AVD_E_NOMEM. */
enum avd_status avd_sym_index_build(struct avd_view bytes, struct avd_sym_index *index,
                                    struct avd_error *err);
void avd_sym_index_deinit(struct avd_sym_index *index);

/* How many keys have a value of at most `value`; the last of them is the nearest below. */
size_t avd_sym_keys_up_to(const struct avd_sym_keys *keys, uint32_t value);

/* The text at the record of key number `i`. */
struct avd_sym_text avd_sym_key_text(struct avd_view bytes, const struct avd_sym_keys *keys,
                                     size_t i);

/* The text at the first record with the number `value`; false when there is none. */
bool avd_sym_keys_find(struct avd_view bytes, const struct avd_sym_keys *keys, uint32_t value,
                       struct avd_sym_text *text);

#endif
