/* SPDX-License-Identifier: MIT */
/*
 * Asks a module's symbol sources in their order, opens each at most once and only when a name is
 * asked for, and keeps everything in one arena.
 */
#include "symbols/symbolizer.h"

#include "base/limits.h"
#include "base/memory.h"

#include <string.h>

const struct avd_symbol_source *const avd_symbol_sources[] = {
    &avd_exports_source,
    NULL,
};

enum { SOURCE_COUNT = sizeof avd_symbol_sources / sizeof avd_symbol_sources[0] - 1 };

enum source_state { SOURCE_UNTRIED = 0, SOURCE_OPEN, SOURCE_ABSENT };

struct source_slot {
    enum source_state state;
    void *handle;
};

struct module_slot {
    struct avd_symbol_module module;
    struct source_slot sources[SOURCE_COUNT];
};

struct avd_symbolizer {
    struct avd_arena arena;
    void (*module)(void *ctx, size_t index, struct avd_symbol_module *out);
    void *ctx;
    struct module_slot **slots; /* NULL for modules that nobody asked for */
    size_t slot_count;
};

enum avd_status avd_symbolizer_new(size_t module_count,
                                   void (*module)(void *ctx, size_t index,
                                                  struct avd_symbol_module *out),
                                   void *ctx, struct avd_symbolizer **out)
{
    struct avd_symbolizer *symbolizer = avd_mem_calloc(1, sizeof *symbolizer);

    *out = NULL;
    if (symbolizer == NULL)
        return AVD_E_NOMEM;
    avd_arena_init(&symbolizer->arena);
    symbolizer->module = module;
    symbolizer->ctx = ctx;
    symbolizer->slot_count = module_count;
    symbolizer->slots =
        avd_arena_alloc(&symbolizer->arena, module_count, sizeof(struct module_slot *));
    if (symbolizer->slots == NULL) {
        avd_symbolizer_free(symbolizer);
        return AVD_E_NOMEM;
    }
    *out = symbolizer;
    return AVD_OK;
}

void avd_symbolizer_free(struct avd_symbolizer *symbolizer)
{
    if (symbolizer == NULL)
        return;
    avd_arena_deinit(&symbolizer->arena);
    avd_mem_free(symbolizer);
}

/* The slot of module `index`, made at the first call; NULL when out of memory. */
static struct module_slot *module_slot(struct avd_symbolizer *symbolizer, size_t index)
{
    struct module_slot *slot = symbolizer->slots[index];

    if (slot == NULL) {
        slot = avd_arena_alloc(&symbolizer->arena, 1, sizeof *slot);
        if (slot == NULL)
            return NULL;
        symbolizer->slots[index] = slot;
        symbolizer->module(symbolizer->ctx, index, &slot->module);
    }
    return slot;
}

enum avd_status avd_symbolizer_find(struct avd_symbolizer *symbolizer, size_t index, uint64_t rva,
                                    struct avd_symbol *out)
{
    struct module_slot *slot;
    size_t i;

    memset(out, 0, sizeof *out);
    if (index >= symbolizer->slot_count)
        return AVD_NOT_FOUND;
    slot = module_slot(symbolizer, index);
    if (slot == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < SOURCE_COUNT; i++) {
        const struct avd_symbol_source *source = avd_symbol_sources[i];
        struct source_slot *opened = &slot->sources[i];
        enum avd_status status;

        /* Any number of modules may claim the same tables; those that come late go unnamed. */
        if (opened->state == SOURCE_UNTRIED &&
            symbolizer->arena.total > AVD_MAX_EXPORT_TABLE_BYTES)
            opened->state = SOURCE_ABSENT;
        if (opened->state == SOURCE_UNTRIED) {
            status = source->open(&slot->module, &symbolizer->arena, &opened->handle, NULL);
            /* Without memory the answer is not known, so it may be tried again. */
            if (status == AVD_E_NOMEM)
                return status;
            opened->state = status == AVD_OK ? SOURCE_OPEN : SOURCE_ABSENT;
        }
        if (opened->state != SOURCE_OPEN)
            continue;
        status = source->find(opened->handle, rva, out);
        if (status == AVD_OK)
            out->source = source->name;
        if (status == AVD_OK || status == AVD_E_NOMEM)
            return status;
    }
    return AVD_NOT_FOUND;
}
