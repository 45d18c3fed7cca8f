/* SPDX-License-Identifier: MIT */
/*
 * Breakpad symbol files (.sym, .sym.gz): a compact index is built in one pass over the mapped text;
 * records are decoded only when an address asks for them. Format: Breakpad's symbol_files.md.
 */
#ifndef AVD_SYMBOLS_BREAKPAD_H
#define AVD_SYMBOLS_BREAKPAD_H

#include "base/arena.h"
#include "base/file.h"
#include "symbols/symbol.h"

struct avd_sym;

struct avd_sym_identity {
    const char *os, *cpu;
    const char *debug_id; /* as in the MODULE line */
    const char *debug_file;
    const char *code_id; /* INFO CODE_ID, "" when absent */
};

/* AVD_E_FORMAT (no MODULE line ...), AVD_E_IO, AVD_E_NOMEM. Damaged lines cost themselves only. */
enum avd_status avd_sym_open(const char *path, struct avd_sym **sym, struct avd_error *err);
/* The same for bytes that outlive *sym (not compressed). */
enum avd_status avd_sym_open_memory(struct avd_view bytes, struct avd_sym **sym,
                                    struct avd_error *err);
void avd_sym_close(struct avd_sym *sym);
const struct avd_sym_identity *avd_sym_identity(const struct avd_sym *sym);

/*
 * FUNC, lines and INLINE records at `rva`; else the nearest PUBLIC below, unless a FUNC begins
 * between the two (approximate behind its start, because its end is not known). Where FUNC records
 * overlap the one that begins last wins. Strings live as long as the file. AVD_NOT_FOUND,
 * AVD_E_NOMEM.
 */
enum avd_status avd_sym_find(struct avd_sym *sym, uint64_t rva, struct avd_symbol *out);

/* FUNC and then PUBLIC records, each by address, as struct avd_symbol_source has seek and item. */
size_t avd_sym_seek(const struct avd_sym *sym, uint64_t rva);
enum avd_status avd_sym_item(struct avd_sym *sym, size_t index, struct avd_symbol *out);

/* STACK WIN: type 4 before type 0, of each the innermost record. */
enum avd_status avd_sym_frame_data(struct avd_sym *sym, uint64_t rva, struct avd_frame_data *out);

/*
 * STACK CFI: the rules in force at `rva`, those of INIT and of all deltas up to it put together:
 * for each register the last, e.g. ".cfa: $rsp 48 + .ra: .cfa -8 + ^". Lives in `arena`.
 */
enum avd_status avd_sym_cfi(struct avd_sym *sym, uint64_t rva, struct avd_arena *arena,
                            const char **rules);

/* Lines that were damaged and left out. */
size_t avd_sym_bad_lines(const struct avd_sym *sym);
/* Whether compressed bytes were damaged or cut, so that the records end early. */
bool avd_sym_truncated(const struct avd_sym *sym);

#endif
