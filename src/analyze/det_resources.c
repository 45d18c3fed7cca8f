/* SPDX-License-Identifier: MIT */
/*
 * Does the process run out of something: handles, address space, memory? Counted from the lists of
 * handles and of regions and from the system's counters; a dump without them leaves it open.
 */
#include "analyze/detectors.h"

#include "base/limits.h"
#include "minidump/format.h"

#include <stdlib.h>
#include <string.h>

/* ---- handles ---- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The text that comes most often among `count`, and how often; sorts them. */
static const char *most_often(const char **texts, size_t count, size_t *times)
{
    const char *best = NULL;
    size_t run = 0;
    size_t i;

    *times = 0;
    if (count > 1)
        qsort(texts, count, sizeof *texts, compare_texts);
    for (i = 0; i < count; i++) {
        run = i != 0 && strcmp(texts[i], texts[i - 1]) == 0 ? run + 1 : 1;
        if (run > *times) {
            *times = run;
            best = texts[i];
        }
    }
    return best;
}

static void publish_most(struct avd_analysis *an, const char **texts, size_t count,
                         const char *text_fact, const char *count_fact, const char *reason)
{
    size_t times;
    const char *text = most_often(texts, count, &times);

    if (text == NULL) {
        avd_fact_unknown(&an->facts, text_fact, reason);
        avd_fact_unknown(&an->facts, count_fact, reason);
        return;
    }
    avd_fact_text(&an->facts, text_fact, text);
    avd_fact_number(&an->facts, count_fact, times);
}

static void publish_handles(struct avd_analysis *an)
{
    static const char *const names[] = {"handles.count", "handles.top_type",
                                        "handles.top_type_count", "handles.top_name",
                                        "handles.top_name_count"};
    const struct avd_dump *dump = an->dump;
    const char **texts;
    size_t count = 0;
    size_t i;

    texts = avd_arena_alloc(&an->arena, dump->handle_count, sizeof *texts);
    if (texts == NULL)
        return;
    if (!dump->has_handles) {
        for (i = 0; i < sizeof names / sizeof names[0]; i++)
            avd_fact_unknown(&an->facts, names[i], "the dump has no list of handles");
        return;
    }
    avd_fact_number(&an->facts, "handles.count", dump->handle_count);
    for (i = 0; i < dump->handle_count; i++)
        if (dump->handles[i].type_name != NULL && dump->handles[i].type_name[0] != '\0')
            texts[count++] = dump->handles[i].type_name;
    publish_most(an, texts, count, "handles.top_type", "handles.top_type_count",
                 "the dump gives no types of handles");
    count = 0;
    for (i = 0; i < dump->handle_count; i++)
        if (dump->handles[i].object_name != NULL && dump->handles[i].object_name[0] != '\0')
            texts[count++] = dump->handles[i].object_name;
    publish_most(an, texts, count, "handles.top_name", "handles.top_name_count",
                 "the dump gives no names of objects");
}

/* ---- address space ---- */

/* A 32-bit program has 2 GB of addresses, or 4 GB if it asked for them: then its newest blocks are
 * at the top. The last 64 KB are nobody's. */
static const uint64_t space_of_2gb = UINT64_C(0x7fff0000);
static const uint64_t space_of_4gb = UINT64_C(0xffff0000);

static uint64_t address_limit(const struct avd_memory *memory)
{
    size_t i;

    for (i = 0; i < memory->region_count; i++)
        if (memory->regions[i].state == MEM_COMMIT && memory->regions[i].base >= 0x80000000 &&
            memory->regions[i].base < space_of_4gb)
            return space_of_4gb;
    return space_of_2gb;
}

static int compare_sizes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Private committed regions of one size, whose sum is the largest. */
static void publish_equal(struct avd_analysis *an, uint64_t *sizes, size_t count,
                          uint64_t committed)
{
    uint64_t best = 0;
    size_t best_count = 0;
    size_t run = 0;
    size_t i;

    if (count > 1)
        qsort(sizes, count, sizeof *sizes, compare_sizes);
    for (i = 0; i < count; i++) {
        run = i != 0 && sizes[i] == sizes[i - 1] ? run + 1 : 1;
        if (best_count == 0 || sizes[i] * run > best * best_count) {
            best = sizes[i];
            best_count = run;
        }
    }
    avd_fact_number(&an->facts, "memory.equal_regions", best_count);
    avd_fact_number(&an->facts, "memory.equal_size", best);
    avd_fact_number(&an->facts, "memory.equal_share",
                    committed >= 100 ? best * best_count / (committed / 100) : 0);
}

static void publish_free(struct avd_analysis *an)
{
    const struct avd_memory *memory = &an->dump->memory;
    uint64_t limit = address_limit(memory);
    uint64_t largest = 0;
    uint64_t total = 0;
    uint64_t end = 0x10000; /* of what was seen; nothing lies below */
    size_t i;

    for (i = 0; i <= memory->region_count; i++) {
        bool last = i == memory->region_count || memory->regions[i].base >= limit;
        uint64_t base = last ? limit : memory->regions[i].base;
        uint64_t space;

        if (!last && memory->regions[i].state == MEM_FREE)
            continue;
        /* Whether writers list free regions or leave them out: free is what no other covers. */
        space = base > end ? base - end : 0;
        total += space;
        largest = space > largest ? space : largest;
        if (last)
            break;
        if (memory->regions[i].size >= limit - base)
            break;
        end = base + memory->regions[i].size > end ? base + memory->regions[i].size : end;
    }
    avd_fact_number(&an->facts, "memory.largest_free", largest >> 20);
    avd_fact_number(&an->facts, "memory.free", total >> 20);
}

static void publish_regions(struct avd_analysis *an)
{
    static const char *const names[] = {"memory.largest_free", "memory.free",
                                        "memory.private",      "memory.equal_regions",
                                        "memory.equal_size",   "memory.equal_share"};
    const char *reason = "the dump has no list of regions (MemoryInfoList)";
    const struct avd_memory *memory = &an->dump->memory;
    uint64_t *sizes;
    uint64_t committed = 0;
    size_t count = 0;
    size_t i;

    sizes = avd_arena_alloc(&an->arena, memory->region_count, sizeof *sizes);
    if (sizes == NULL)
        return;
    for (i = 0; memory->region_count == 0 && i < sizeof names / sizeof names[0]; i++)
        avd_fact_unknown(&an->facts, names[i], reason);
    if (memory->region_count == 0)
        return;
    for (i = 0; i < memory->region_count; i++) {
        const struct avd_region *region = &memory->regions[i];

        if (region->state != MEM_COMMIT || region->type != MEM_PRIVATE ||
            region->size > UINT64_C(1) << 40)
            continue;
        committed += region->size;
        if (region->size >= 0x10000)
            sizes[count++] = region->size;
    }
    avd_fact_number(&an->facts, "memory.private", committed >> 20);
    publish_equal(an, sizes, count, committed);
    if ((an->wow64.present || avd_dump_pointer_size(an->dump) == 4) &&
        avd_dump_is_windows(an->dump)) {
        publish_free(an);
    } else {
        reason = "only counted for 32-bit processes, which run out of it";
        avd_fact_unknown(&an->facts, "memory.largest_free", reason);
        avd_fact_unknown(&an->facts, "memory.free", reason);
    }
}

/* ---- the system's memory ---- */

static void publish_commit(struct avd_analysis *an)
{
    const struct avd_system_memory *system = &an->dump->system_memory;

    if (system->present && system->commit_limit >= 100) {
        uint64_t percent = system->committed_pages / (system->commit_limit / 100);

        avd_fact_number(&an->facts, "system.commit_used", percent);
        avd_fact_number(&an->facts, "system.commit_limit",
                        system->commit_limit * (system->page_size >> 10) >> 10);
        return;
    }
    avd_fact_unknown(&an->facts, "system.commit_used",
                     "the dump has no counters of the system's memory");
    avd_fact_unknown(&an->facts, "system.commit_limit",
                     "the dump has no counters of the system's memory");
}

static void run(struct avd_analysis *an)
{
    publish_handles(an);
    publish_regions(an);
    publish_commit(an);
}

const struct avd_detector avd_det_resources = {
    "resources",
    "handles, free address space, private memory, the system's commit limit",
    run,
};
