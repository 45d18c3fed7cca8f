/* SPDX-License-Identifier: MIT */
/*
 * The grammar of _NT_SYMBOL_PATH, as Microsoft's "Symbol path for Windows debuggers" and "Using
 * SymSrv" describe it:
 *
 *   path    = element { ";" element }      empty elements are skipped, blanks around them too
 *   element = directory
 *           | "srv*" [store { "*" store }]
 *           | "symsrv*" dll "*" [store { "*" store }]
 *           | "cache*" [directory]
 *           | URL                          taken as srv*URL
 *
 * Keywords ignore case. In a chain the last store is the source and those before it are caches,
 * nearest first; an empty store is the default cache. "srv*" without stores is the default cache
 * and Microsoft's public server. %NAME% is not expanded: that is for whoever reads the variable.
 */
#ifndef AVD_SYMBOLS_SYMPATH_H
#define AVD_SYMBOLS_SYMPATH_H

#include "base/arena.h"
#include "base/limits.h"

/* What `srv*` alone means to WinDbg. */
#define AVD_SYMPATH_PUBLIC_SERVER "https://msdl.microsoft.com/download/symbols"

enum avd_sympath_kind {
    AVD_SYMPATH_DIRECTORY, /* one store: the directory */
    AVD_SYMPATH_CHAIN,     /* caches, then the source */
    AVD_SYMPATH_CACHE      /* one store: keeps what elements to the right find */
};

struct avd_sympath_store {
    const char *place; /* path, or URL without a '/' at its end */
    bool is_server;
};

struct avd_sympath_element {
    enum avd_sympath_kind kind;
    struct avd_sympath_store stores[AVD_MAX_SYMPATH_CHAIN];
    size_t store_count; /* at least one */
};

struct avd_sympath {
    struct avd_sympath_element *items;
    size_t count;
    size_t capacity;
};

/* Appends the elements of `text` to *out. `default_cache` NULL: there is none, and elements that
 * would be nothing else are left out. AVD_E_ARG names the element that is wrong, AVD_E_NOMEM. */
enum avd_status avd_sympath_parse(struct avd_arena *arena, const char *text,
                                  const char *default_cache, struct avd_sympath *out,
                                  struct avd_error *err);

/* Whether `text` is not simply a path: it begins with a keyword or is a URL. */
bool avd_sympath_is_special(const char *text);

/* "https://name:password@host/x" becomes "https://host/x" for messages; others stay as they are.
 * NULL when out of memory. */
const char *avd_sympath_shown(struct avd_arena *arena, const char *place);

#endif
