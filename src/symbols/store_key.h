/* SPDX-License-Identifier: MIT */
/*
 * Under which names a module's files are kept in symbol stores: name/key/leaf. Names come out of
 * dumps, so that they are checked here before they become part of a path or URL.
 *
 * Keys: Microsoft's SymStore documentation, dotnet/symstore's "SSQP Key Conventions", Breakpad's
 * simple supplier.
 */
#ifndef AVD_SYMBOLS_STORE_KEY_H
#define AVD_SYMBOLS_STORE_KEY_H

#include "base/limits.h"
#include "symbols/store.h"

enum { AVD_STORE_MAX_KEYS = 2, AVD_STORE_MAX_LEAVES = 8 };

struct avd_store_leaf {
    const char *name;
    bool ask_servers; /* otherwise only looked for in directories */
};

/* What is looked for. Strings live in the arena it was made with. */
struct avd_store_wanted {
    enum avd_symbol_file_kind kind;
    const char *name;                     /* the directory, "ntdll.pdb" */
    const char *keys[AVD_STORE_MAX_KEYS]; /* the usual one first */
    size_t key_count;                     /* 0: only files by name can be looked for */
    struct avd_store_leaf leaves[AVD_STORE_MAX_LEAVES]; /* in the order of preference */
    size_t leaf_count;
    const char *extension; /* of the image, without the dot; "" when it has none */
    const char *recorded;  /* the path that the module records, or NULL */
};

/* Whether a name out of a dump may become one component of a path: it does not lead elsewhere, and
 * it means a file on every system that a cache may be shared with. */
bool avd_store_name_is_safe(const char *name);

/* "5A9832E5287241C1838ED98914E9B7FF" of a GUID as in the file. */
void avd_store_guid_text(const uint8_t guid[16], char out[33]);

/* AVD_OK; AVD_NOT_FOUND with *why set when the module does not say enough, or nothing that can be
 * a file's name; AVD_E_NOMEM. */
enum avd_status avd_store_wanted_make(struct avd_arena *arena, const struct avd_symbol_query *query,
                                      enum avd_symbol_file_kind kind, struct avd_store_wanted *out,
                                      const char **why);

#endif
