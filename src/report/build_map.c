/* SPDX-License-Identifier: MIT */
/*
 * The picture of the address space: one pass over what lies where finds the widest gaps, which
 * part the strips, and a second one paints the cells. Its size does not grow with the dump.
 */
#include "report/build.h"

#include "base/memory.h"
#include "minidump/format.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_GAP = 4 * 1024 * 1024 }; /* narrower ones do not part strips */

/* Memory of one kind: [start, last], so that the last page of 64 bits can be told. */
struct span {
    uint64_t start, last;
    enum avd_map_kind kind;
};

struct gap {
    uint64_t before, after; /* the last address before it, the first one behind it */
};

struct builder {
    const struct avd_memory *memory;
    struct span *modules;   /* by start */
    size_t module_count;
    uint64_t *stack_pointers; /* ascending */
    size_t pointer_count;
    struct gap gaps[AVD_MAP_STRIPS - 1];
    size_t gap_count;
    struct avd_rep_strip *strips;
    struct avd_rep_map *map;
};

static int compare_spans(const void *left, const void *right)
{
    const struct span *a = left;
    const struct span *b = right;

    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->last < b->last ? -1 : a->last > b->last;
}

static int compare_addresses(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return a < b ? -1 : a > b;
}

static int compare_gaps(const void *left, const void *right)
{
    const struct gap *a = left;
    const struct gap *b = right;

    return a->before < b->before ? -1 : a->before > b->before;
}

/* ---- what lies where ---- */

static bool region_span(const struct avd_region *region, struct span *out)
{
    if (region->size == 0 || (region->state & (MEM_COMMIT | MEM_RESERVE)) == 0)
        return false;
    out->start = region->base;
    out->last = region->size - 1 > UINT64_MAX - region->base ? UINT64_MAX
                                                            : region->base + (region->size - 1);
    if ((region->state & MEM_RESERVE) != 0)
        out->kind = AVD_MAP_RESERVED;
    else if ((region->type & MEM_IMAGE) != 0)
        out->kind = AVD_MAP_IMAGE;
    else
        out->kind = (region->type & MEM_MAPPED) != 0 ? AVD_MAP_MAPPED : AVD_MAP_PRIVATE;
    return true;
}

static bool range_span(const struct avd_memory_range *range, struct span *out)
{
    out->start = range->start;
    out->last = range->start + (range->size - 1);
    out->kind = AVD_MAP_DATA;
    return true;
}

static bool holds_stack(const struct builder *b, const struct span *span, size_t *hint)
{
    while (*hint < b->pointer_count && b->stack_pointers[*hint] < span->start)
        ++*hint;
    return *hint < b->pointer_count && b->stack_pointers[*hint] <= span->last;
}

/*
 * Gives regions, or ranges where there are none, and modules by their start. `index` holds the
 * places in the two lists and in the stack pointers, all 0 at first.
 */
static bool next_span(const struct builder *b, size_t index[3], struct span *out)
{
    const struct avd_memory *memory = b->memory;
    size_t count = memory->region_count != 0 ? memory->region_count : memory->range_count;
    bool have = false;

    while (index[0] < count && !have) {
        have = memory->region_count != 0 ? region_span(&memory->regions[index[0]], out)
                                         : range_span(&memory->ranges[index[0]], out);
        if (!have)
            index[0]++;
    }
    if (index[1] < b->module_count && (!have || b->modules[index[1]].start <= out->start)) {
        *out = b->modules[index[1]++];
        return true;
    }
    if (!have)
        return false;
    index[0]++;
    if (out->kind != AVD_MAP_RESERVED && out->kind != AVD_MAP_IMAGE &&
        holds_stack(b, out, &index[2]))
        out->kind = AVD_MAP_STACK;
    return true;
}

/* ---- strips ---- */

/* Keeps the widest gaps; of equal ones the first. */
static void take_gap(struct builder *b, uint64_t before, uint64_t after)
{
    size_t least = 0;
    size_t i;

    if (b->gap_count < AVD_MAP_STRIPS - 1) {
        b->gaps[b->gap_count].before = before;
        b->gaps[b->gap_count++].after = after;
        return;
    }
    for (i = 1; i < b->gap_count; i++)
        if (b->gaps[i].after - b->gaps[i].before < b->gaps[least].after - b->gaps[least].before)
            least = i;
    if (after - before <= b->gaps[least].after - b->gaps[least].before)
        return;
    b->gaps[least].before = before;
    b->gaps[least].after = after;
}

static size_t find_strips(struct builder *b)
{
    size_t index[3] = {0, 0, 0};
    struct span span;
    uint64_t first = 0;
    uint64_t last = 0;
    bool any = false;
    size_t i;

    while (next_span(b, index, &span)) {
        if (!any) {
            first = span.start;
            last = span.last;
            any = true;
            continue;
        }
        if (span.start > last && span.start - last > MIN_GAP)
            take_gap(b, last, span.start);
        if (span.last > last)
            last = span.last;
    }
    if (!any)
        return 0;
    qsort(b->gaps, b->gap_count, sizeof *b->gaps, compare_gaps);
    for (i = 0; i <= b->gap_count; i++) {
        b->strips[i].start = i == 0 ? first : b->gaps[i - 1].after;
        b->strips[i].end = (i == b->gap_count ? last : b->gaps[i].before) + 1;
    }
    return b->gap_count + 1;
}

/* Bytes of a cell: the strip is rounded up so that the last one is not longer. */
static uint64_t cell_size(const struct avd_rep_strip *strip)
{
    return (strip->end - strip->start - 1) / AVD_MAP_CELLS + 1;
}

/* The strip that holds `address`, at or behind `from`. */
static size_t strip_of(const struct builder *b, size_t count, size_t from, uint64_t address)
{
    while (from + 1 < count && b->strips[from + 1].start <= address)
        from++;
    return from;
}

static void paint(struct avd_rep_strip *strip, const struct span *span, bool in_dump)
{
    uint64_t size = cell_size(strip);
    uint64_t start = span->start > strip->start ? span->start : strip->start;
    uint64_t last = span->last > strip->end - 1 ? strip->end - 1 : span->last;
    uint64_t cell;

    if (start > last)
        return;
    for (cell = (start - strip->start) / size;
         cell <= (last - strip->start) / size && cell < AVD_MAP_CELLS; cell++) {
        unsigned char *at = &strip->cells[cell];

        if (in_dump)
            *at |= AVD_MAP_IN_DUMP;
        else if ((unsigned)span->kind > (*at & ~(unsigned)AVD_MAP_IN_DUMP))
            *at = (unsigned char)((*at & AVD_MAP_IN_DUMP) | span->kind);
    }
}

/* Regions of a hostile dump may lie on each other; the sum then stays at its end. */
static void count_bytes(uint64_t *sum, uint64_t size_less_one)
{
    *sum = size_less_one < UINT64_MAX - *sum ? *sum + size_less_one + 1 : UINT64_MAX;
}

static void paint_all(struct builder *b, size_t count)
{
    size_t index[3] = {0, 0, 0};
    struct span span;
    size_t strip = 0;
    size_t i;

    while (next_span(b, index, &span)) {
        /* Modules are images already where regions tell, and would count twice. */
        bool module = index[1] != 0 && span.kind == AVD_MAP_IMAGE &&
                      span.start == b->modules[index[1] - 1].start;

        strip = strip_of(b, count, strip, span.start);
        paint(&b->strips[strip], &span, false);
        if (!module || b->memory->region_count == 0)
            count_bytes(&b->map->sizes[span.kind], span.last - span.start);
    }
    strip = 0;
    for (i = 0; i < b->memory->range_count; i++) {
        (void)range_span(&b->memory->ranges[i], &span);
        strip = strip_of(b, count, strip, span.start);
        paint(&b->strips[strip], &span, true);
    }
    for (i = 0, strip = 0; i < b->module_count; i++) {
        strip = strip_of(b, count, strip, b->modules[i].start);
        b->strips[strip].modules++;
    }
    for (i = 0, strip = 0; i < b->pointer_count; i++) {
        strip = strip_of(b, count, strip, b->stack_pointers[i]);
        if (b->stack_pointers[i] >= b->strips[strip].start &&
            b->stack_pointers[i] <= b->strips[strip].end - 1)
            b->strips[strip].stacks++;
    }
}

/* ---- the process ---- */

static void add_stack_pointer(struct builder *b, const struct avd_rep_stack *stack)
{
    if (stack->frame_count != 0)
        b->stack_pointers[b->pointer_count++] = stack->frames[0].sp;
}

static bool collect(struct builder *b, const struct avd_report *report)
{
    size_t i;

    b->modules = avd_mem_calloc(report->module_count, sizeof *b->modules);
    b->stack_pointers = avd_mem_calloc(report->thread_count, 2 * sizeof *b->stack_pointers);
    if (b->modules == NULL || b->stack_pointers == NULL)
        return false;
    for (i = 0; i < report->module_count; i++) {
        const struct avd_rep_module *module = &report->modules[i];

        if (module->end - 1 < module->base || module->duplicate)
            continue;
        b->modules[b->module_count].start = module->base;
        b->modules[b->module_count].last = module->end - 1;
        b->modules[b->module_count++].kind = AVD_MAP_IMAGE;
    }
    qsort(b->modules, b->module_count, sizeof *b->modules, compare_spans);
    for (i = 0; i < report->thread_count; i++) {
        add_stack_pointer(b, &report->threads[i].stack);
        add_stack_pointer(b, &report->threads[i].native);
    }
    qsort(b->stack_pointers, b->pointer_count, sizeof *b->stack_pointers, compare_addresses);
    return true;
}

void avd_build_map(const struct avd_dump *dump, struct avd_report *report)
{
    struct builder b;

    memset(&b, 0, sizeof b);
    b.memory = &dump->memory;
    b.map = &report->map;
    b.map->from_regions = dump->memory.region_count != 0;
    b.strips = avd_arena_alloc(&report->arena, AVD_MAP_STRIPS, sizeof *b.strips);
    if (b.strips == NULL || !collect(&b, report)) {
        report->arena.failed = true;
    } else {
        b.map->strip_count = find_strips(&b);
        b.map->strips = b.strips;
        if (b.map->strip_count != 0)
            paint_all(&b, b.map->strip_count);
    }
    avd_mem_free(b.modules);
    avd_mem_free(b.stack_pointers);
}
