/* SPDX-License-Identifier: MIT */
/*
 * The picture of the address space: a first pass over what lies where finds the widest gaps, which
 * part the strips, later ones their lengths and cells. Its size does not grow with the dump.
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
    struct span *modules; /* by start */
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

/* The strip that holds `address`, at or behind `from`. */
static size_t strip_of(const struct builder *b, size_t from, uint64_t address)
{
    while (from + 1 < b->map->strip_count && b->strips[from + 1].start <= address)
        from++;
    return from;
}

/* ---- the axis of a strip: addresses in order, but what is empty or only reserved is short ---- */

struct axis {
    struct avd_rep_strip *strip;
    uint64_t address;         /* laid out up to here */
    uint64_t at;              /* its place on the axis */
    uint64_t piece, piece_at; /* where the last piece begins, which is not shortened */
    size_t range;             /* the next one of the dump's */
    bool paint;
};

static uint64_t add_limited(uint64_t a, uint64_t b)
{
    return b < UINT64_MAX - a ? a + b : UINT64_MAX;
}

static uint64_t shortened(uint64_t size)
{
    return size < AVD_MAP_SHORT ? size : AVD_MAP_SHORT;
}

/* Cells from the place `at` on, `size` (not 0) long. */
static void paint(const struct axis *axis, uint64_t at, uint64_t size, unsigned kind)
{
    uint64_t cell_size = axis->strip->length / AVD_MAP_CELLS + 1;
    uint64_t cell;

    for (cell = at / cell_size; cell <= (at + (size - 1)) / cell_size && cell < AVD_MAP_CELLS;
         cell++) {
        unsigned char *to = &axis->strip->cells[cell];

        if (kind == AVD_MAP_IN_DUMP)
            *to |= AVD_MAP_IN_DUMP;
        else if (kind > (*to & ~(unsigned)AVD_MAP_IN_DUMP))
            *to = (unsigned char)((*to & AVD_MAP_IN_DUMP) | kind);
    }
}

/* What of the new piece, up to `last`, is in the dump. */
static void paint_dumped(const struct builder *b, struct axis *axis, uint64_t last)
{
    const struct avd_memory *memory = b->memory;

    for (; axis->range < memory->range_count; axis->range++) {
        const struct avd_memory_range *range = &memory->ranges[axis->range];
        uint64_t start = range->start > axis->piece ? range->start : axis->piece;
        uint64_t end = range->start + (range->size - 1);

        if (range->start > last)
            return;
        if (end >= axis->piece)
            paint(axis, axis->piece_at + (start - axis->piece),
                  (end < last ? end : last) - start + 1, AVD_MAP_IN_DUMP);
        if (end > last)
            return; /* the next piece may have more of it */
    }
}

/* A span that begins at or behind the one before. */
static void lay_out(const struct builder *b, struct axis *axis, const struct span *span)
{
    uint64_t size;

    if (span->start > axis->address) {
        axis->at = add_limited(axis->at, shortened(span->start - axis->address));
        axis->address = span->start;
    } else if (axis->paint && span->start >= axis->piece && span->start < axis->address) {
        uint64_t end = span->last < axis->address ? span->last + 1 : axis->address;

        paint(axis, axis->piece_at + (span->start - axis->piece), end - span->start, span->kind);
    }
    if (span->last < axis->address)
        return;
    size = span->last - axis->address;
    size += size != UINT64_MAX;
    if (!axis->paint)
        b->map->sizes[span->kind] = add_limited(b->map->sizes[span->kind], size);
    if (span->kind == AVD_MAP_RESERVED)
        size = shortened(size);
    else
        axis->strip->used = add_limited(axis->strip->used, axis->paint ? 0 : size);
    axis->piece = axis->address;
    axis->piece_at = axis->at;
    if (axis->paint) {
        paint(axis, axis->at, size, span->kind);
        if (span->kind != AVD_MAP_RESERVED)
            paint_dumped(b, axis, span->last);
    }
    axis->at = add_limited(axis->at, size);
    axis->address = span->last + 1;
}

/* Once to learn how much there is and how long the axes are, once to paint the cells. */
static void draw(struct builder *b, bool painting)
{
    size_t index[3] = {0, 0, 0};
    struct axis axis;
    struct span span;
    size_t strip = 0;

    memset(&axis, 0, sizeof axis);
    axis.paint = painting;
    while (next_span(b, index, &span)) {
        strip = strip_of(b, strip, span.start);
        if (axis.strip != &b->strips[strip]) {
            axis.strip = &b->strips[strip];
            axis.address = axis.strip->start;
            axis.at = axis.piece_at = 0;
            axis.piece = axis.address;
        }
        lay_out(b, &axis, &span);
        if (!painting)
            axis.strip->length = axis.at;
        if (axis.address == 0)
            return; /* the end of the address space */
    }
}

static void count_all(struct builder *b)
{
    size_t strip = 0;
    size_t i;

    for (i = 0; i < b->module_count; i++) {
        strip = strip_of(b, strip, b->modules[i].start);
        b->strips[strip].modules++;
    }
    for (i = 0, strip = 0; i < b->pointer_count; i++) {
        strip = strip_of(b, strip, b->stack_pointers[i]);
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
        if (b.map->strip_count != 0) {
            draw(&b, false);
            draw(&b, true);
            count_all(&b);
        }
    }
    avd_mem_free(b.modules);
    avd_mem_free(b.stack_pointers);
}
