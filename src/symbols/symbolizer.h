/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses. A module's sources are asked in the order of `avd_symbol_sources`; the
 * first that opens for a module and knows the address wins. Only export tables so far; PDB and
 * Breakpad symbols plug in as further sources.
 *
 * The symbolizer knows neither stacks nor dumps: analyze hands it the modules' images. What it
 * finds is cached per module; a module that no frame lies in is never looked at.
 */
#ifndef AVD_SYMBOLS_SYMBOLIZER_H
#define AVD_SYMBOLS_SYMBOLIZER_H

#include "base/arena.h"
#include "pe/image.h"
#include "symbols/symbol.h"

/* What a source gets to know of a module; both must live as long as the symbolizer. */
struct avd_symbol_module {
    const char *name;              /* leaf, "ntdll.dll" */
    const struct avd_image *image; /* NULL when neither dump memory nor a file has it */
};

struct avd_symbol_source {
    const char *name;
    /* *handle is the source's own, living in `arena`. NOT_FOUND = ask the next source. */
    enum avd_status (*open)(const struct avd_symbol_module *module, struct avd_arena *arena,
                            void **handle, struct avd_error *err);
    /* *out comes empty. NOT_FOUND = ask the next source, and leave *out as it is. */
    enum avd_status (*find)(void *handle, uint64_t rva, struct avd_symbol *out);
};

extern const struct avd_symbol_source *const avd_symbol_sources[]; /* ended by NULL */
extern const struct avd_symbol_source avd_exports_source;          /* exports_source.c */

struct avd_symbolizer;

/* `module_count` modules, known by index. `module` is called at most once per index, and only
 * when a name in that module is asked for; *out comes empty. AVD_OK or AVD_E_NOMEM. */
enum avd_status avd_symbolizer_new(size_t module_count,
                                   void (*module)(void *ctx, size_t index,
                                                  struct avd_symbol_module *out),
                                   void *ctx, struct avd_symbolizer **out);
void avd_symbolizer_free(struct avd_symbolizer *symbolizer);

/* The name at `rva` of module `index`. AVD_NOT_FOUND (also for an index out of range, which is
 * how callers say "in no module") and AVD_E_NOMEM leave *out empty. Strings live as long as the
 * symbolizer. */
enum avd_status avd_symbolizer_find(struct avd_symbolizer *symbolizer, size_t index, uint64_t rva,
                                    struct avd_symbol *out);

#endif
