/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses. A module's sources are asked in the order of `avd_symbol_sources`: PDB,
 * Breakpad symbols, COFF symbol tables, export tables; the first that knows the address wins.
 *
 * The symbolizer knows neither stacks nor dumps: analyze hands it the modules' identities and
 * images. What it finds is cached per module; a module that nobody asks for is never looked up.
 */
#ifndef AVD_SYMBOLS_SYMBOLIZER_H
#define AVD_SYMBOLS_SYMBOLIZER_H

#include "base/arena.h"
#include "pe/image.h"
#include "symbols/store.h"
#include "symbols/symbol.h"

/* What a source gets to know of a module; what it points to must outlive the symbolizer. */
struct avd_symbol_module {
    const char *name;              /* leaf, "ntdll.dll" */
    const struct avd_image *image; /* NULL when neither dump memory nor a file has it */
    const char *image_path;        /* of its image file, when one was found; else NULL */
    struct avd_symbol_query query; /* what a store is asked for */
    bool x86;
};

/* What became of a module's symbols. */
struct avd_symbol_status {
    const char
        *source; /* the source that names most: "pdb", "breakpad", "coff", "exports"; NULL: none */
    const char *path;                          /* the file loaded; NULL when none was */
    bool mismatched;                           /* taken although its identifier differs (loose) */
    const struct avd_symbol_attempt *attempts; /* places tried, in order */
    size_t attempt_count;
};

/* What a source may use while it opens. */
struct avd_symbol_opening {
    struct avd_arena *arena;
    struct avd_store *store;          /* NULL: only what the dump itself has */
    bool loose;                       /* take files whose identifier differs */
    struct avd_symbol_status *status; /* for the source to add its attempts, see store */
};

struct avd_symbol_source {
    const char *name;
    /* *handle is the source's own. NOT_FOUND = ask the next source. */
    enum avd_status (*open)(const struct avd_symbol_module *module,
                            struct avd_symbol_opening *opening, void **handle,
                            struct avd_error *err);
    /* NULL when everything lies in the arena. */
    void (*close)(void *handle);
    /* *out comes empty. NOT_FOUND = ask the next source, and leave *out as it is. Strings live as
     * long as `arena` or the source. */
    enum avd_status (*find)(void *handle, uint64_t rva, struct avd_arena *arena,
                            struct avd_symbol *out);
    /* The names as a list, for whoever looks for a name or for the next one: the index of the first
     * that starts at or above `rva`, SIZE_MAX for none; and number `index` with function, decorated
     * and function_rva. NOT_FOUND behind the last; a damaged one has no function. */
    size_t (*seek)(void *handle, uint64_t rva);
    enum avd_status (*item)(void *handle, size_t index, struct avd_arena *arena,
                            struct avd_symbol *out);
    /* Unwinding; each NULL when the source has none. */
    enum avd_status (*frame_data)(void *handle, uint64_t rva, struct avd_frame_data *out);
    enum avd_status (*proc_frame)(void *handle, uint64_t rva, struct avd_proc_frame *out);
    enum avd_status (*cfi)(void *handle, uint64_t rva, struct avd_arena *arena, const char **rules);
};

extern const struct avd_symbol_source *const avd_symbol_sources[]; /* ended by NULL */
extern const struct avd_symbol_source avd_pdb_source;              /* pdb_source.c */
extern const struct avd_symbol_source avd_breakpad_source;         /* breakpad_source.c */
extern const struct avd_symbol_source avd_coff_source;             /* coff_source.c */
extern const struct avd_symbol_source avd_exports_source;          /* exports_source.c */

struct avd_symbolizer;

struct avd_symbolizer_options {
    size_t module_count; /* modules are known by index */
    /* Called at most once per index, and only when that module is asked for; *out comes empty. */
    void (*module)(void *ctx, size_t index, struct avd_symbol_module *out);
    void *ctx;
    struct avd_store *store; /* may be NULL */
    bool loose;
};

/* AVD_OK or AVD_E_NOMEM. */
enum avd_status avd_symbolizer_new(const struct avd_symbolizer_options *options,
                                   struct avd_symbolizer **out);
void avd_symbolizer_free(struct avd_symbolizer *symbolizer);

/* The name at `rva` of module `index`. AVD_NOT_FOUND (also for an index out of range, which is
 * how callers say "in no module") and AVD_E_NOMEM leave *out empty. Strings live as long as the
 * symbolizer. */
enum avd_status avd_symbolizer_find(struct avd_symbolizer *symbolizer, size_t index, uint64_t rva,
                                    struct avd_symbol *out);

/* The name that starts next at or above `rva`, of the first source that has one: exports and what
 * linkers list as public, so that static functions are passed over. As avd_symbolizer_find. */
enum avd_status avd_symbolizer_above(struct avd_symbolizer *symbolizer, size_t index, uint64_t rva,
                                     struct avd_symbol *out);
/* The symbol called `name`, decorated or not, in the first source that lists it; without regard to
 * case when none has it exactly. As avd_symbolizer_find. */
enum avd_status avd_symbolizer_lookup(struct avd_symbolizer *symbolizer, size_t index,
                                      const char *name, struct avd_symbol *out);

/* The same for unwind data: the first source that has some. */
enum avd_status avd_symbolizer_frame_data(struct avd_symbolizer *symbolizer, size_t index,
                                          uint64_t rva, struct avd_frame_data *out);
enum avd_status avd_symbolizer_proc_frame(struct avd_symbolizer *symbolizer, size_t index,
                                          uint64_t rva, struct avd_proc_frame *out);
enum avd_status avd_symbolizer_cfi(struct avd_symbolizer *symbolizer, size_t index, uint64_t rva,
                                   const char **rules);

/* What is known of the module's symbols so far; NULL when nobody asked for it yet. */
const struct avd_symbol_status *avd_symbolizer_status(const struct avd_symbolizer *symbolizer,
                                                      size_t index);

/*
 * For sources: asks the store for the module's file of `kind` and adds the places tried to the
 * status. *path is where it was found, for display; `verify` is the one that opens it.
 * AVD_NOT_FOUND also without a store and for a module that names no symbols.
 */
enum avd_status avd_symbol_search(const struct avd_symbol_module *module,
                                  struct avd_symbol_opening *opening,
                                  enum avd_symbol_file_kind kind, avd_symbol_verify_fn *verify,
                                  void *ctx, const char **path);

#endif
