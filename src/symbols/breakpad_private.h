/* SPDX-License-Identifier: MIT */
/* An open Breakpad symbol file, shared between the files that decode its records. */
#ifndef AVD_SYMBOLS_BREAKPAD_PRIVATE_H
#define AVD_SYMBOLS_BREAKPAD_PRIVATE_H

#include "symbols/breakpad.h"
#include "symbols/breakpad_index.h"

/* A string that was asked for once; NULL: a free slot. */
struct avd_sym_string {
    size_t pos; /* in the text */
    const char *text;
};

struct avd_sym {
    struct avd_file file;  /* empty when the bytes are the caller's */
    struct avd_view bytes; /* unpacked */
    struct avd_sym_index index;
    struct avd_sym_identity identity;
    struct avd_arena arena;
    bool truncated;
    bool is_x86;
    struct avd_sym_string *strings; /* open addressing, a power of two, at most half full */
    size_t string_slots;
    size_t string_count;
};

/* `text`, a part of the file, as a string that lives as long as `sym`; always the same for the same
 * place. Longer than AVD_MAX_SYM_NAME_BYTES: cut. NULL when out of memory. */
const char *avd_sym_string(struct avd_sym *sym, struct avd_view text);

#endif
