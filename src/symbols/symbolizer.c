/* SPDX-License-Identifier: MIT */
/*
 * Asks a module's symbol sources in their order, opens each at most once and only when something
 * is asked of the module, and keeps everything in one arena.
 */
#include "symbols/symbolizer.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/utf.h"

#include <string.h>

const struct avd_symbol_source *const avd_symbol_sources[] = {
    &avd_pdb_source, &avd_breakpad_source, &avd_coff_source, &avd_exports_source, NULL,
};

enum { SOURCE_COUNT = sizeof avd_symbol_sources / sizeof avd_symbol_sources[0] - 1 };

enum source_state { SOURCE_UNTRIED = 0, SOURCE_OPEN, SOURCE_ABSENT };

struct source_slot {
    enum source_state state;
    void *handle;
};

struct module_slot {
    struct avd_symbol_module module;
    struct avd_symbol_status status;
    struct source_slot sources[SOURCE_COUNT];
};

struct avd_symbolizer {
    struct avd_arena arena;
    struct avd_symbolizer_options options;
    struct module_slot **slots; /* NULL for modules that nobody asked for */
    size_t slot_count;
};

enum avd_status avd_symbolizer_new(const struct avd_symbolizer_options *options,
                                   struct avd_symbolizer **out)
{
    struct avd_symbolizer *symbolizer = avd_mem_calloc(1, sizeof *symbolizer);

    *out = NULL;
    if (symbolizer == NULL)
        return AVD_E_NOMEM;
    avd_arena_init(&symbolizer->arena);
    symbolizer->options = *options;
    symbolizer->slots =
        avd_arena_alloc(&symbolizer->arena, options->module_count, sizeof(struct module_slot *));
    if (symbolizer->slots == NULL) {
        avd_symbolizer_free(symbolizer);
        return AVD_E_NOMEM;
    }
    symbolizer->slot_count = options->module_count;
    *out = symbolizer;
    return AVD_OK;
}

void avd_symbolizer_free(struct avd_symbolizer *symbolizer)
{
    size_t i;
    size_t k;

    if (symbolizer == NULL)
        return;
    for (i = 0; i < symbolizer->slot_count; i++) {
        struct module_slot *slot = symbolizer->slots[i];

        for (k = 0; slot != NULL && k < SOURCE_COUNT; k++)
            if (slot->sources[k].state == SOURCE_OPEN && avd_symbol_sources[k]->close != NULL)
                avd_symbol_sources[k]->close(slot->sources[k].handle);
    }
    avd_arena_deinit(&symbolizer->arena);
    avd_mem_free(symbolizer);
}

/* The slot of module `index`, made at the first call; NULL when out of memory or out of range. */
static struct module_slot *module_slot(struct avd_symbolizer *symbolizer, size_t index)
{
    struct module_slot *slot;

    if (index >= symbolizer->slot_count)
        return NULL;
    slot = symbolizer->slots[index];
    if (slot == NULL) {
        slot = avd_arena_alloc(&symbolizer->arena, 1, sizeof *slot);
        if (slot == NULL)
            return NULL;
        symbolizer->slots[index] = slot;
        symbolizer->options.module(symbolizer->options.ctx, index, &slot->module);
    }
    return slot;
}

/* Opens source number `k` for the module, once. NOT_FOUND when it has nothing for it. */
static enum avd_status open_source(struct avd_symbolizer *symbolizer, struct module_slot *slot,
                                   size_t k)
{
    struct source_slot *source = &slot->sources[k];
    struct avd_symbol_opening opening;
    enum avd_status status;

    if (source->state != SOURCE_UNTRIED)
        return source->state == SOURCE_OPEN ? AVD_OK : AVD_NOT_FOUND;
    /* Any number of modules may claim the same tables; those that come late go unnamed. */
    if (symbolizer->arena.total > AVD_MAX_EXPORT_TABLE_BYTES) {
        source->state = SOURCE_ABSENT;
        return AVD_NOT_FOUND;
    }
    opening.arena = &symbolizer->arena;
    opening.store = symbolizer->options.store;
    opening.loose = symbolizer->options.loose;
    opening.status = &slot->status;
    status = avd_symbol_sources[k]->open(&slot->module, &opening, &source->handle, NULL);
    /* Without memory the answer is not known, so it may be tried again. */
    if (status == AVD_E_NOMEM)
        return status;
    source->state = status == AVD_OK ? SOURCE_OPEN : SOURCE_ABSENT;
    if (status == AVD_OK && slot->status.source == NULL)
        slot->status.source = avd_symbol_sources[k]->name;
    return status == AVD_OK ? AVD_OK : AVD_NOT_FOUND;
}

enum avd_status avd_symbolizer_find(struct avd_symbolizer *symbolizer, size_t index, uint64_t rva,
                                    struct avd_symbol *out)
{
    struct module_slot *slot;
    size_t k;

    memset(out, 0, sizeof *out);
    if (index >= symbolizer->slot_count)
        return AVD_NOT_FOUND;
    slot = module_slot(symbolizer, index);
    if (slot == NULL)
        return AVD_E_NOMEM;
    for (k = 0; k < SOURCE_COUNT; k++) {
        enum avd_status status = open_source(symbolizer, slot, k);

        if (status == AVD_OK)
            status =
                avd_symbol_sources[k]->find(slot->sources[k].handle, rva, &symbolizer->arena, out);
        if (status == AVD_OK)
            out->source = avd_symbol_sources[k]->name;
        if (status == AVD_OK || status == AVD_E_NOMEM)
            return status;
    }
    return AVD_NOT_FOUND;
}

enum avd_status avd_symbolizer_above(struct avd_symbolizer *symbolizer, size_t index, uint64_t rva,
                                     struct avd_symbol *out)
{
    struct module_slot *slot = module_slot(symbolizer, index);
    size_t k;

    memset(out, 0, sizeof *out);
    if (slot == NULL)
        return index < symbolizer->slot_count ? AVD_E_NOMEM : AVD_NOT_FOUND;
    for (k = 0; k < SOURCE_COUNT; k++) {
        const struct avd_symbol_source *source = avd_symbol_sources[k];
        enum avd_status status = open_source(symbolizer, slot, k);

        if (status == AVD_OK)
            status =
                source->item(slot->sources[k].handle, source->seek(slot->sources[k].handle, rva),
                             &symbolizer->arena, out);
        if (status == AVD_OK)
            out->source = source->name;
        if (status == AVD_E_NOMEM || (status == AVD_OK && out->function != NULL))
            return status;
    }
    return AVD_NOT_FOUND;
}

static bool same_name(const char *a, const char *name, int (*compare)(const char *, const char *))
{
    return a != NULL && compare(a, name) == 0;
}

/* In one source. Names pass through an arena of their own, which is emptied now and then. */
static enum avd_status lookup_in(const struct avd_symbol_source *source, void *handle,
                                 const char *name, struct avd_arena *arena, struct avd_symbol *out)
{
    enum { EMPTIED_AFTER = 1048576 };
    struct avd_arena names;
    struct avd_symbol symbol;
    enum avd_status status;
    size_t alike = SIZE_MAX;
    size_t i;

    avd_arena_init(&names);
    for (i = 0;; i++) {
        status = source->item(handle, i, &names, &symbol);
        if (status != AVD_OK)
            break;
        if (same_name(symbol.function, name, strcmp) || same_name(symbol.decorated, name, strcmp)) {
            alike = i;
            break;
        }
        if (alike == SIZE_MAX && same_name(symbol.function, name, avd_ascii_casecmp))
            alike = i;
        if (names.total > EMPTIED_AFTER) {
            avd_arena_deinit(&names);
            avd_arena_init(&names);
        }
    }
    avd_arena_deinit(&names);
    if (status == AVD_E_NOMEM)
        return status;
    return alike != SIZE_MAX ? source->item(handle, alike, arena, out) : AVD_NOT_FOUND;
}

enum avd_status avd_symbolizer_lookup(struct avd_symbolizer *symbolizer, size_t index,
                                      const char *name, struct avd_symbol *out)
{
    struct module_slot *slot = module_slot(symbolizer, index);
    size_t k;

    memset(out, 0, sizeof *out);
    if (slot == NULL)
        return index < symbolizer->slot_count ? AVD_E_NOMEM : AVD_NOT_FOUND;
    for (k = 0; k < SOURCE_COUNT; k++) {
        const struct avd_symbol_source *source = avd_symbol_sources[k];
        enum avd_status status = open_source(symbolizer, slot, k);

        if (status == AVD_OK)
            status = lookup_in(source, slot->sources[k].handle, name, &symbolizer->arena, out);
        if (status == AVD_OK)
            out->source = source->name;
        if (status == AVD_OK || status == AVD_E_NOMEM)
            return status;
    }
    return AVD_NOT_FOUND;
}

enum avd_status avd_symbolizer_frame_data(struct avd_symbolizer *symbolizer, size_t index,
                                          uint64_t rva, struct avd_frame_data *out)
{
    struct module_slot *slot = module_slot(symbolizer, index);
    size_t k;

    memset(out, 0, sizeof *out);
    for (k = 0; slot != NULL && k < SOURCE_COUNT; k++)
        if (avd_symbol_sources[k]->frame_data != NULL &&
            open_source(symbolizer, slot, k) == AVD_OK &&
            avd_symbol_sources[k]->frame_data(slot->sources[k].handle, rva, out) == AVD_OK)
            return AVD_OK;
    return AVD_NOT_FOUND;
}

enum avd_status avd_symbolizer_proc_frame(struct avd_symbolizer *symbolizer, size_t index,
                                          uint64_t rva, struct avd_proc_frame *out)
{
    struct module_slot *slot = module_slot(symbolizer, index);
    size_t k;

    memset(out, 0, sizeof *out);
    for (k = 0; slot != NULL && k < SOURCE_COUNT; k++)
        if (avd_symbol_sources[k]->proc_frame != NULL &&
            open_source(symbolizer, slot, k) == AVD_OK &&
            avd_symbol_sources[k]->proc_frame(slot->sources[k].handle, rva, out) == AVD_OK)
            return AVD_OK;
    return AVD_NOT_FOUND;
}

enum avd_status avd_symbolizer_cfi(struct avd_symbolizer *symbolizer, size_t index, uint64_t rva,
                                   const char **rules)
{
    struct module_slot *slot = module_slot(symbolizer, index);
    size_t k;

    *rules = NULL;
    for (k = 0; slot != NULL && k < SOURCE_COUNT; k++)
        if (avd_symbol_sources[k]->cfi != NULL && open_source(symbolizer, slot, k) == AVD_OK &&
            avd_symbol_sources[k]->cfi(slot->sources[k].handle, rva, &symbolizer->arena, rules) ==
                AVD_OK)
            return AVD_OK;
    return AVD_NOT_FOUND;
}

const struct avd_symbol_status *avd_symbolizer_status(const struct avd_symbolizer *symbolizer,
                                                      size_t index)
{
    if (index >= symbolizer->slot_count || symbolizer->slots[index] == NULL)
        return NULL;
    return &symbolizer->slots[index]->status;
}

/* Appends the places of one search to the status. False when out of memory. */
static bool add_attempts(struct avd_symbol_opening *opening,
                         const struct avd_symbol_attempt *attempts, size_t count)
{
    struct avd_symbol_status *status = opening->status;
    struct avd_symbol_attempt *joined;

    if (count == 0)
        return true;
    joined = avd_arena_alloc(opening->arena, status->attempt_count + count, sizeof *joined);
    if (joined == NULL)
        return false;
    if (status->attempt_count != 0)
        memcpy(joined, status->attempts, status->attempt_count * sizeof *joined);
    memcpy(joined + status->attempt_count, attempts, count * sizeof *joined);
    status->attempts = joined;
    status->attempt_count += count;
    return true;
}

enum avd_status avd_symbol_search(const struct avd_symbol_module *module,
                                  struct avd_symbol_opening *opening,
                                  enum avd_symbol_file_kind kind, avd_symbol_verify_fn *verify,
                                  void *ctx, const char **path)
{
    const struct avd_symbol_attempt *attempts = NULL;
    size_t attempt_count = 0;
    enum avd_status status;

    *path = NULL;
    if (opening->store == NULL || module->query.debug_file == NULL)
        return AVD_NOT_FOUND;
    status = avd_store_find(opening->store, &module->query, kind, verify, ctx, path, &attempts,
                            &attempt_count);
    /* What was found may lie in a temporary directory: its place is what a reader wants. */
    if (status == AVD_OK && attempt_count != 0 && attempts[attempt_count - 1].found)
        *path = attempts[attempt_count - 1].place;
    return add_attempts(opening, attempts, attempt_count) ? status : AVD_E_NOMEM;
}
