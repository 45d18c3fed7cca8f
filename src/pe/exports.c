/* SPDX-License-Identifier: MIT */
/*
 * The export directory of an image ("PE Format", .edata): which RVA has which name. The tables
 * are read in bulk; names are fetched one by one when somebody asks for them, because an analysis
 * prints a handful of the thousands that a system library has.
 */
#include "pe/image.h"

#include "base/bisect.h"
#include "base/memory.h"

#include <string.h>

enum {
    DIRECTORY_SIZE = 40, /* IMAGE_EXPORT_DIRECTORY */
    PAGE_BYTES = 4096,
    NAME_PIECE = 256
};

#define SECTION_EXECUTE 0x20000000U /* IMAGE_SCN_MEM_EXECUTE */
#define ABSENT_RVA      UINT32_MAX
#define ABSENT_INDEX    UINT16_MAX

/* The three tables as they lie in the image; what the dump lacks is filled with 0xff. */
struct tables {
    struct avd_data_directory directory;
    uint32_t image_size; /* 0 when not known */
    uint32_t ordinal_base;
    uint32_t function_count;
    uint32_t name_count;
    struct avd_view functions; /* uint32_t RVAs */
    struct avd_view names;     /* uint32_t RVAs */
    struct avd_view ordinals;  /* uint16_t indices into functions, one per name */
};

/*
 * A table of `count` items of `size` bytes at `rva` into a new block, for the caller to free. A
 * page that is missing costs its items only: they read as 0xff, which is no valid item. NULL when
 * out of memory.
 */
static uint8_t *read_table(const struct avd_image *image, uint32_t rva, uint32_t count, size_t size,
                           struct avd_view *out, bool *partial)
{
    size_t total = count * size;
    size_t pos = 0;
    uint8_t *bytes = avd_mem_calloc(total, 1);

    if (bytes == NULL)
        return NULL;
    memset(bytes, 0xff, total);
    if (total > UINT32_MAX - rva) {
        *partial = true;
        pos = total;
    }
    while (pos < total) {
        pos += avd_image_read(image, rva + (uint32_t)pos, bytes + pos, total - pos);
        if (pos < total) {
            /* Items that the gap cuts into are none. */
            *partial = true;
            memset(bytes + pos - pos % size, 0xff, pos % size);
            pos += PAGE_BYTES - (rva + pos) % PAGE_BYTES;
            pos = (pos + size - 1) / size * size;
        }
    }
    out->data = bytes;
    out->size = total;
    out->offset = 0;
    return bytes;
}

static bool is_function(const struct tables *tables, uint32_t rva)
{
    if (rva == 0 || rva == ABSENT_RVA)
        return false;
    if (tables->image_size != 0 && rva >= tables->image_size)
        return false;
    /* An RVA inside the directory is the text of a forwarder, "NTDLL.RtlAllocateHeap". */
    return rva < tables->directory.rva || rva - tables->directory.rva >= tables->directory.size;
}

/*
 * Sorts by RVA, byte by byte from the lowest. Being stable it keeps the order in which the tables
 * were joined for what lies at one RVA; and it costs a quarter of what qsort takes for a system
 * library. False when out of memory.
 */
static bool sort_by_rva(struct avd_exports *exports)
{
    struct avd_export *from = exports->items;
    struct avd_export *spare = avd_mem_calloc(exports->count, sizeof *spare);
    struct avd_export *to = spare;
    unsigned shift;
    size_t i;

    if (spare == NULL)
        return false;
    for (shift = 0; shift < 32; shift += 8) {
        size_t starts[257] = {0};
        struct avd_export *swap = from;

        for (i = 0; i < exports->count; i++)
            starts[(from[i].rva >> shift & 0xff) + 1]++;
        if (exports->count == 0 || starts[(from[0].rva >> shift & 0xff) + 1] == exports->count)
            continue; /* alike in all, as the highest byte mostly is */
        for (i = 1; i < 257; i++)
            starts[i] += starts[i - 1];
        for (i = 0; i < exports->count; i++)
            to[starts[from[i].rva >> shift & 0xff]++] = from[i];
        from = to;
        to = swap;
    }
    if (from != exports->items)
        memcpy(exports->items, from, exports->count * sizeof *from);
    avd_mem_free(spare);
    return true;
}

static void add_export(struct avd_exports *out, const struct tables *tables, uint32_t index,
                       uint32_t name_rva)
{
    struct avd_export *item = &out->items[out->count];
    uint32_t rva = avd_view_u32(tables->functions, (uint64_t)index * 4);

    if (!is_function(tables, rva))
        return;
    item->rva = rva;
    item->ordinal = tables->ordinal_base + index;
    item->name_rva = name_rva;
    out->count++;
}

/* Joins the tables: every name with its function, in the linker's order, which is by name; then
 * the functions that no name leads to. */
static enum avd_status join_tables(const struct tables *tables, struct avd_arena *arena,
                                   struct avd_exports *out)
{
    uint8_t *named = avd_mem_calloc(tables->function_count, 1);
    size_t wanted = tables->name_count;
    uint32_t i;

    if (named == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < tables->name_count; i++) {
        uint32_t index = avd_view_u16(tables->ordinals, (uint64_t)i * 2);

        if (index != ABSENT_INDEX && index < tables->function_count)
            named[index] = 1;
    }
    for (i = 0; i < tables->function_count; i++)
        wanted += named[i] == 0;
    out->items = avd_arena_alloc(arena, wanted, sizeof *out->items);
    if (out->items == NULL) {
        avd_mem_free(named);
        return AVD_E_NOMEM;
    }
    for (i = 0; i < tables->name_count; i++) {
        uint32_t index = avd_view_u16(tables->ordinals, (uint64_t)i * 2);
        uint32_t name_rva = avd_view_u32(tables->names, (uint64_t)i * 4);

        if (index != ABSENT_INDEX && index < tables->function_count)
            add_export(out, tables, index, name_rva == ABSENT_RVA ? 0 : name_rva);
    }
    for (i = 0; i < tables->function_count; i++)
        if (named[i] == 0)
            add_export(out, tables, i, 0);
    avd_mem_free(named);
    return AVD_OK;
}

static uint32_t limited(uint32_t count, bool *partial)
{
    if (count <= AVD_MAX_EXPORTS)
        return count;
    *partial = true;
    return AVD_MAX_EXPORTS;
}

enum avd_status avd_image_exports(const struct avd_image *image, struct avd_arena *arena,
                                  struct avd_exports *out, struct avd_error *err)
{
    uint8_t bytes[DIRECTORY_SIZE];
    struct avd_view header = {bytes, sizeof bytes, 0};
    struct tables tables;
    uint8_t *functions;
    uint8_t *names;
    uint8_t *ordinals;
    enum avd_status status = AVD_E_NOMEM;

    memset(out, 0, sizeof *out);
    memset(&tables, 0, sizeof tables);
    tables.directory = image->directories[AVD_DIR_EXPORT];
    if (tables.directory.rva == 0) {
        out->partial = image->partial;
        return AVD_NOT_FOUND;
    }
    if (avd_image_read(image, tables.directory.rva, bytes, sizeof bytes) != sizeof bytes) {
        out->partial = true;
        return AVD_NOT_FOUND;
    }
    tables.image_size = image->size_of_image;
    tables.ordinal_base = avd_view_u32(header, 16);
    tables.function_count = limited(avd_view_u32(header, 20), &out->partial);
    tables.name_count = limited(avd_view_u32(header, 24), &out->partial);

    functions = read_table(image, avd_view_u32(header, 28), tables.function_count, 4,
                           &tables.functions, &out->partial);
    names = read_table(image, avd_view_u32(header, 32), tables.name_count, 4, &tables.names,
                       &out->partial);
    ordinals = read_table(image, avd_view_u32(header, 36), tables.name_count, 2, &tables.ordinals,
                          &out->partial);
    if (functions != NULL && names != NULL && ordinals != NULL)
        status = join_tables(&tables, arena, out);
    if (status == AVD_OK && !sort_by_rva(out))
        status = AVD_E_NOMEM;
    avd_mem_free(functions);
    avd_mem_free(names);
    avd_mem_free(ordinals);
    if (status != AVD_OK) {
        memset(out, 0, sizeof *out);
        return avd_error_nomem(err);
    }
    return AVD_OK;
}

/* Whether a name at `found` may stand for code at `rva`. */
static bool same_code(const struct avd_image *image, uint32_t found, uint32_t rva)
{
    const struct avd_section *section = avd_image_section(image, rva);

    if (section == NULL && !image->partial)
        return false;
    if (section != NULL && (section->characteristics & SECTION_EXECUTE) == 0)
        return false;
    return avd_image_section(image, found) == section;
}

size_t avd_exports_at_or_above(const struct avd_exports *exports, uint32_t rva)
{
    struct avd_bisect b = avd_bisect_start(exports->count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, exports->items[b.middle].rva < rva);
    return b.low;
}

struct avd_export *avd_exports_nearest(const struct avd_image *image,
                                       const struct avd_exports *exports, uint32_t rva)
{
    /* The first item above `rva`; what is sought lies before it. */
    size_t low = rva < UINT32_MAX ? avd_exports_at_or_above(exports, rva + 1) : exports->count;

    if (low == 0 || !same_code(image, exports->items[low - 1].rva, rva))
        return NULL;
    low--;
    while (low > 0 && exports->items[low - 1].rva == exports->items[low].rva)
        low--;
    return &exports->items[low];
}

/* The text at `rva`, when it ends and is printable; its length, or 0. */
static size_t read_name(const struct avd_image *image, uint32_t rva, char *name, size_t capacity)
{
    size_t used = 0;

    while (used < capacity && used <= UINT32_MAX - rva) {
        size_t wanted = capacity - used < NAME_PIECE ? capacity - used : NAME_PIECE;
        size_t got = avd_image_read(image, rva + (uint32_t)used, name + used, wanted);
        size_t end = used + got;

        for (; used < end; used++) {
            if (name[used] == '\0')
                return used;
            if (name[used] < 0x20 || name[used] > 0x7e)
                return 0;
        }
        if (got < wanted)
            return 0;
    }
    return 0;
}

const char *avd_export_name(const struct avd_image *image, struct avd_arena *arena,
                            struct avd_export *item)
{
    char name[AVD_MAX_EXPORT_NAME_BYTES + 1];
    size_t size = 0;

    if (item->name != NULL)
        return item->name;
    if (item->name_rva != 0)
        size = read_name(image, item->name_rva, name, sizeof name);
    item->name = size != 0 ? avd_arena_strndup(arena, name, size)
                           : avd_arena_printf(arena, "Ordinal%lu", (unsigned long)item->ordinal);
    return item->name;
}
