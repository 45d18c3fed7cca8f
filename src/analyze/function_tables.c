/* SPDX-License-Identifier: MIT */
/*
 * The entry of a dynamic function table for an address (RtlAddFunctionTable). JIT compilers
 * register thousands of tables, which do not overlap unless a file lies; so they are indexed by
 * where they begin.
 */
#include "analyze/modules.h"

#include "base/bisect.h"

#include <stdlib.h>
#include <string.h>

/* Of the tables in the order of their beginnings: which one, and how far it and those before it
 * reach at most. */
struct avd_table_place {
    const struct avd_function_table *table;
    uint64_t reach;
};

static int by_minimum(const void *a, const void *b)
{
    const struct avd_function_table *x = ((const struct avd_table_place *)a)->table;
    const struct avd_function_table *y = ((const struct avd_table_place *)b)->table;

    if (x->minimum != y->minimum)
        return x->minimum < y->minimum ? -1 : 1;
    return x < y ? -1 : x > y;
}

bool avd_function_tables_index(struct avd_analysis *an)
{
    size_t count = an->dump->function_table_count;
    struct avd_table_place *places = avd_arena_alloc(&an->arena, count, sizeof *places);
    uint64_t reach = 0;
    size_t i;

    if (places == NULL)
        return false;
    for (i = 0; i < count; i++)
        places[i].table = &an->dump->function_tables[i];
    if (count > 1)
        qsort(places, count, sizeof *places, by_minimum);
    for (i = 0; i < count; i++) {
        if (places[i].table->maximum > reach)
            reach = places[i].table->maximum;
        places[i].reach = reach;
    }
    an->tables = places;
    return true;
}

/* The number of tables that begin at or below `addr`. */
static size_t tables_up_to(const struct avd_analysis *an, uint64_t addr)
{
    struct avd_bisect b = avd_bisect_start(an->dump->function_table_count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, an->tables[b.middle].table->minimum <= addr);
    return b.low;
}

/* The entry of `table` that covers `addr`, which RtlAddFunctionTable wants sorted by BeginAddress.
 */
static bool find_entry(const struct avd_function_table *table, uint64_t addr, uint32_t entry[3])
{
    uint64_t rva = addr - table->base;
    struct avd_bisect b = avd_bisect_start(table->entry_count);
    unsigned i;

    if (addr < table->minimum || addr >= table->maximum || addr < table->base || rva > UINT32_MAX ||
        table->entry_size < 12)
        return false;
    while (avd_bisect_next(&b))
        avd_bisect_answer(
            &b, avd_view_u32(table->entries, (uint64_t)b.middle * table->entry_size) <= rva);
    if (b.low == 0)
        return false;
    for (i = 0; i < 3; i++)
        entry[i] = avd_view_u32(table->entries,
                                (uint64_t)(b.low - 1) * table->entry_size + 4 * (uint64_t)i);
    return rva < entry[1];
}

bool avd_function_tables_find(struct avd_analysis *an, uint64_t addr, uint64_t *base,
                              uint32_t entry[3])
{
    const struct avd_function_table *found = NULL;
    size_t i = tables_up_to(an, addr);

    /* Of several the first of the file counts. */
    for (; i != 0 && an->tables[i - 1].reach > addr && an->walk_effort != 0; i--) {
        const struct avd_function_table *table = an->tables[i - 1].table;
        uint32_t candidate[3];

        an->walk_effort--;
        if ((found != NULL && table > found) || !find_entry(table, addr, candidate))
            continue;
        found = table;
        memcpy(entry, candidate, sizeof candidate);
    }
    if (found != NULL)
        *base = found->base;
    return found != NULL;
}
