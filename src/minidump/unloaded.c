/* SPDX-License-Identifier: MIT */
/*
 * Which unloaded modules lay at an address. The list is in the order of unloading and many of it
 * may have lain in one place, so the address space is cut where one begins or ends, once, and each
 * piece keeps the first of them.
 */
#include "base/bisect.h"
#include "base/memory.h"
#include "minidump/dump.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64 };

/* From `start` to the next piece. */
struct avd_unloaded_place {
    uint64_t start;
    uint32_t count;
    uint16_t first[AVD_UNLOADED_AT_ONCE]; /* indices into the list */
};

/* Where a module begins or has ended. */
struct edge {
    uint64_t at;
    size_t module;
};

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a;
    const struct edge *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

static size_t list_edges(const struct avd_dump *dump, struct edge *edges)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < dump->unloaded_count; i++) {
        const struct avd_unloaded_module *module = &dump->unloaded[i];

        if (module->size == 0)
            continue;
        edges[count].module = i;
        edges[count++].at = module->base;
        /* One that reaches the last address has no end. */
        if (module->base > UINT64_MAX - module->size)
            continue;
        edges[count].module = i;
        edges[count++].at = module->base + module->size;
    }
    if (count > 1)
        qsort(edges, count, sizeof *edges, compare_edges);
    return count;
}

/* Keeps the lowest of the modules whose bits are set in `words` words. */
static void fill_place(struct avd_unloaded_place *place, const uint64_t *open, size_t words)
{
    size_t i;

    place->count = 0;
    for (i = 0; i < words; i++) {
        uint64_t bits = open[i];
        unsigned bit;

        for (bit = 0; bits != 0; bit++, bits >>= 1) {
            if ((bits & 1) == 0)
                continue;
            place->first[place->count++] = (uint16_t)(i * WORD_BITS + bit);
            if (place->count == AVD_UNLOADED_AT_ONCE)
                return;
        }
    }
}

bool avd_index_unloaded(struct avd_dump *dump)
{
    size_t words = dump->unloaded_count / WORD_BITS + 1;
    struct edge *edges = avd_mem_calloc(2 * dump->unloaded_count + 1, sizeof *edges);
    uint64_t *open = avd_mem_calloc(words, sizeof *open);
    size_t count = edges != NULL ? list_edges(dump, edges) : 0;
    struct avd_unloaded_place *places = avd_arena_alloc(&dump->arena, count, sizeof *places);
    bool ok = edges != NULL && open != NULL && places != NULL;
    size_t i;

    for (i = 0; ok && i < count; i++) {
        open[edges[i].module / WORD_BITS] ^= UINT64_C(1) << edges[i].module % WORD_BITS;
        if (i + 1 < count && edges[i + 1].at == edges[i].at)
            continue;
        places[dump->unloaded_place_count].start = edges[i].at;
        fill_place(&places[dump->unloaded_place_count++], open, words);
    }
    dump->unloaded_places = places;
    avd_mem_free(edges);
    avd_mem_free(open);
    return ok;
}

const struct avd_unloaded_module *avd_dump_unloaded_at(const struct avd_dump *dump, uint64_t addr,
                                                       size_t nth)
{
    struct avd_bisect b = avd_bisect_start(dump->unloaded_place_count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, dump->unloaded_places[b.middle].start <= addr);
    if (b.low == 0 || nth >= dump->unloaded_places[b.low - 1].count)
        return NULL;
    return &dump->unloaded[dump->unloaded_places[b.low - 1].first[nth]];
}
