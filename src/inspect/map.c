/* SPDX-License-Identifier: MIT */
/*
 * The memory map, as WinDbg's !address has it: what MemoryInfoList says of each region, and how
 * much of it the dump holds. Without that stream the ranges of the dump alone.
 */
#include "inspect/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* MEMORY_BASIC_INFORMATION's words. */
static const char *state_name(uint32_t state)
{
    return state == 0x1000    ? "MEM_COMMIT"
           : state == 0x2000  ? "MEM_RESERVE"
           : state == 0x10000 ? "MEM_FREE"
                              : NULL;
}

static const char *type_name(uint32_t type)
{
    return type == 0x20000     ? "MEM_PRIVATE"
           : type == 0x40000   ? "MEM_MAPPED"
           : type == 0x1000000 ? "MEM_IMAGE"
                               : NULL;
}

static const char *protect_name(uint32_t protect)
{
    switch (protect & 0xff) {
    case 0x01: return "PAGE_NOACCESS";
    case 0x02: return "PAGE_READONLY";
    case 0x04: return "PAGE_READWRITE";
    case 0x08: return "PAGE_WRITECOPY";
    case 0x10: return "PAGE_EXECUTE";
    case 0x20: return "PAGE_EXECUTE_READ";
    case 0x40: return "PAGE_EXECUTE_READWRITE";
    case 0x80: return "PAGE_EXECUTE_WRITECOPY";
    default: return NULL;
    }
}

/* A row: a region, or (region NULL) a range that no region covers. */
struct map_row {
    uint64_t start, size, held;
    const struct avd_region *region;
};

static void put_text_row(struct avd_inspection *in, const struct map_row *row,
                         const struct avd_place_name *name)
{
    struct avd_strbuf *out = &in->sheet.text;
    char protect[48];

    avd_inspection_address(in, row->start);
    avd_strbuf_puts(out, "  ");
    avd_inspection_address(in, row->start + row->size);
    avd_strbuf_printf(out, "  %12" PRIx64 "  %12" PRIx64, row->size, row->held);
    if (row->region != NULL) {
        const char *word = protect_name(row->region->protect);

        (void)snprintf(protect, sizeof protect, "%s%s", word != NULL ? word : "-",
                       (row->region->protect & 0x100) != 0 ? "|PAGE_GUARD" : "");
        word = state_name(row->region->state);
        avd_strbuf_printf(out, "  %-11s  %-22s", word != NULL ? word : "-", protect);
        word = type_name(row->region->type);
        if (name->module != AVD_NO_MODULE)
            avd_strbuf_printf(out, "  %-11s", word != NULL ? word : "-");
        else
            avd_strbuf_printf(out, "  %s", word != NULL ? word : "-");
    } else if (in->dump->memory.region_count != 0) {
        avd_strbuf_printf(out, "  %-11s  %-22s%s", "(unlisted)", "-",
                          name->module != AVD_NO_MODULE ? "  -          " : "  -");
    }
    if (name->module != AVD_NO_MODULE) {
        avd_strbuf_puts(out, "  ");
        avd_strbuf_escaped(out, name->module_name != NULL ? name->module_name : "(no name)");
    }
    avd_strbuf_puts(out, "\n");
}

static void put_json_row(struct avd_inspection *in, const struct map_row *row,
                         const struct avd_place_name *name)
{
    struct avd_json *j = &in->sheet.j;
    const struct avd_region *region = row->region;

    avd_json_open(j, NULL, '{');
    avd_inspection_json_address(in, "base_addr", row->start);
    avd_inspection_json_address(in, "end_addr", row->start + row->size);
    avd_sheet_number(&in->sheet, "size", row->size);
    avd_sheet_number(&in->sheet, "size_in_dump", row->held);
    avd_sheet_text(&in->sheet, "state", region != NULL ? state_name(region->state) : NULL);
    avd_sheet_text(&in->sheet, "protect", region != NULL ? protect_name(region->protect) : NULL);
    if (avd_json_known(j, "guard", region != NULL))
        avd_json_bool(j, "guard", (region->protect & 0x100) != 0);
    avd_sheet_text(&in->sheet, "type", region != NULL ? type_name(region->type) : NULL);
    avd_sheet_text(&in->sheet, "module", name->module_name);
    avd_json_close(j, '{');
}

static bool put_row(struct avd_inspection *in, const struct map_row *row)
{
    struct avd_place_name name;

    (void)avd_place_find_name(in, row->start, &name); /* modules only: nothing is allocated */
    if (in->sheet.json)
        put_json_row(in, row, &name);
    else
        put_text_row(in, row, &name);
    return avd_sheet_flush(&in->sheet, in->write, in->ctx);
}

/* The pieces of ranges in [from, to), as rows of their own; `to` 0 means the end of all. *next is
 * the range at which to go on. */
static bool put_uncovered(struct avd_inspection *in, uint64_t from, uint64_t to, size_t *next)
{
    const struct avd_memory *memory = &in->dump->memory;

    for (; *next < memory->range_count; (*next)++) {
        const struct avd_memory_range *range = &memory->ranges[*next];
        uint64_t last = range->start + (range->size - 1);
        struct map_row row = {range->start, 0, 0, NULL};

        if (last < from)
            continue;
        if (row.start < from)
            row.start = from;
        if (to != 0 && row.start >= to)
            return true;
        if (to != 0 && last >= to)
            last = to - 1;
        row.size = row.held = last - row.start + 1;
        if (!put_row(in, &row))
            return false;
        if (to != 0 && range->start + (range->size - 1) >= to)
            return true;
    }
    return true;
}

/* How many bytes of [start, start + size) the dump holds; *next moves on. */
static uint64_t held_bytes(const struct avd_memory *memory, uint64_t start, uint64_t size,
                           size_t *next)
{
    uint64_t end = start + (size - 1); /* the last address */
    uint64_t held = 0;
    size_t i;

    for (i = *next; i < memory->range_count && memory->ranges[i].start <= end; i++) {
        uint64_t first = memory->ranges[i].start;
        uint64_t last = first + (memory->ranges[i].size - 1);

        if (last < start)
            continue;
        held += (last < end ? last : end) - (first > start ? first : start) + 1;
        /* A range that goes on behind the region is needed again. */
        if (last > end)
            break;
    }
    *next = i;
    return held;
}

static void put_head(struct avd_inspection *in)
{
    int width = in->pointer_size == 4 ? 8 : 17;

    if (in->dump->memory.region_count == 0)
        avd_strbuf_puts(&in->sheet.text, "the dump has no memory map; these are the ranges that it "
                                         "holds\n");
    avd_strbuf_printf(&in->sheet.text, "%-*s  %-*s  %12s  %12s", width, "start", width, "end",
                      "size", "in dump");
    if (in->dump->memory.region_count != 0)
        avd_strbuf_printf(&in->sheet.text, "  %-11s  %-22s  %-11s", "state", "protect", "type");
    avd_strbuf_puts(&in->sheet.text, "  module\n");
}

enum avd_status avd_inspect_map(struct avd_inspection *in, struct avd_error *err)
{
    const struct avd_memory *memory = &in->dump->memory;
    size_t next_held = 0;
    size_t next_uncovered = 0;
    uint64_t covered = 0; /* up to here, exclusive */
    size_t i;

    (void)err;
    if (in->sheet.json)
        avd_json_open(&in->sheet.j, "regions", '[');
    else if (memory->region_count == 0 && memory->range_count == 0)
        avd_strbuf_puts(&in->sheet.text, "the dump holds no memory and no memory map\n");
    else
        put_head(in);
    for (i = 0; i < memory->region_count; i++) {
        const struct avd_region *region = &memory->regions[i];
        struct map_row row = {region->base, region->size, 0, region};

        if (region->size == 0 || region->size - 1 > UINT64_MAX - region->base ||
            (i != 0 && region->base < covered))
            continue; /* not a region that can be */
        if (region->base > covered && !put_uncovered(in, covered, region->base, &next_uncovered))
            return AVD_OK; /* delivering says what failed */
        row.held = held_bytes(memory, region->base, region->size, &next_held);
        if (!put_row(in, &row))
            return AVD_OK;
        covered = region->base + region->size;
        if (covered == 0)
            break; /* it reaches the last address */
    }
    if (i == memory->region_count)
        (void)put_uncovered(in, covered, 0, &next_uncovered);
    if (in->sheet.json)
        avd_json_close(&in->sheet.j, '[');
    return AVD_OK;
}
