/* SPDX-License-Identifier: MIT */
/*
 * Names from the COFF symbol table that MinGW's linkers, Go and Rust's GNU toolchain leave at the
 * end of an image file ("PE Format", COFF Symbol Table). It is not mapped, so a dump never holds
 * it: only an image file of --images or a store does. It lists static functions too, but no lines.
 */
#include "symbols/symbolizer.h"
#include "symbols/undname.h"

#include "base/bisect.h"

#include <stdlib.h>
#include <string.h>

enum {
    LFANEW = 0x3c,
    SYMBOL_TABLE = 12, /* IMAGE_FILE_HEADER.PointerToSymbolTable, counted from "PE\0\0" */
    SYMBOL_COUNT = 16,
    /* IMAGE_SYMBOL */
    SYMBOL_SIZE = 18,
    SYMBOL_VALUE = 8,
    SYMBOL_SECTION = 12, /* from 1; 0 is undefined, what has the high bit is special */
    SYMBOL_TYPE = 14,
    SYMBOL_CLASS = 16,
    SYMBOL_AUX = 17, /* records that follow and belong to it */
    SHORT_NAME_SIZE = 8,
    STRINGS_START = 4, /* behind their size */
    CLASS_EXTERNAL = 2,
    CLASS_STATIC = 3
};

#define SECTION_EXECUTE 0x20000000U /* IMAGE_SCN_MEM_EXECUTE */

static bool is_function_type(uint16_t type)
{
    return (type >> 4 & 3) == 2; /* IMAGE_SYM_DTYPE_FUNCTION, innermost */
}

struct coff_item {
    uint32_t rva;
    uint32_t index; /* of its record */
};

struct coff_handle {
    const struct avd_image *image; /* the file */
    struct avd_view symbols;       /* of the records, a whole number of them */
    struct avd_view strings;       /* from its own size field on, which offsets of names count */
    struct coff_item *items;       /* by rva, then as they stand in the table */
    size_t count;
    bool x86;
};

static int compare_items(const void *a, const void *b)
{
    const struct coff_item *x = a;
    const struct coff_item *y = b;

    if (x->rva != y->rva)
        return x->rva < y->rva ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* The name of record `index`; an empty view when it lies outside of the file. */
static struct avd_view name_of(const struct coff_handle *coff, uint32_t index)
{
    const uint8_t *record = coff->symbols.data + (size_t)index * SYMBOL_SIZE;
    struct avd_view name = {record, SHORT_NAME_SIZE, 0};
    uint32_t offset = avd_le32(record + 4);
    const uint8_t *end;

    if (avd_le32(record) == 0 &&
        (offset < STRINGS_START ||
         !avd_view_clip(coff->strings, offset, AVD_MAX_EXPORT_NAME_BYTES, &name)))
        name.size = 0;
    end = name.size != 0 ? memchr(name.data, 0, name.size) : NULL;
    if (end != NULL)
        name.size = (size_t)(end - name.data);
    else if (name.data != record)
        name.size = 0; /* without an end, or longer than any compiler writes */
    return name;
}

/* Whether the record is a function's start, and where that is. Labels of sections (".text") and of
 * assemblers are static and have no type. */
static bool decode(const struct coff_handle *coff, uint32_t index, uint32_t *rva)
{
    const struct avd_image *image = coff->image;
    const uint8_t *record = coff->symbols.data + (size_t)index * SYMBOL_SIZE;
    unsigned section = avd_le16(record + SYMBOL_SECTION);
    uint32_t value = avd_le32(record + SYMBOL_VALUE);
    struct avd_view name;

    if (record[SYMBOL_CLASS] != CLASS_EXTERNAL &&
        (record[SYMBOL_CLASS] != CLASS_STATIC || !is_function_type(avd_le16(record + SYMBOL_TYPE))))
        return false;
    if (section == 0 || section > image->section_count)
        return false;
    if ((image->sections[section - 1].characteristics & SECTION_EXECUTE) == 0 ||
        value >= image->sections[section - 1].virtual_size ||
        value > UINT32_MAX - image->sections[section - 1].rva)
        return false;
    name = name_of(coff, index);
    if (name.size == 0 || name.data[0] == '.')
        return false;
    *rva = image->sections[section - 1].rva + value;
    return true;
}

/* Fills coff->items, or counts them only while that is NULL. */
static void collect(struct coff_handle *coff)
{
    uint32_t total = (uint32_t)(coff->symbols.size / SYMBOL_SIZE);
    size_t count = 0;
    uint32_t i;

    for (i = 0; i < total; i += 1u + coff->symbols.data[(size_t)i * SYMBOL_SIZE + SYMBOL_AUX]) {
        uint32_t rva;

        if (!decode(coff, i, &rva))
            continue;
        if (coff->items != NULL)
            coff->items[count] = (struct coff_item){rva, i};
        count++;
    }
    coff->count = count;
}

static enum avd_status coff_open(const struct avd_symbol_module *module,
                                 struct avd_symbol_opening *opening, void **handle,
                                 struct avd_error *err)
{
    const struct avd_image *image = module->image;
    struct coff_handle *coff;
    struct avd_view file;
    uint64_t header;
    uint64_t offset;
    uint64_t count;

    *handle = NULL;
    if (image != NULL && image->memory != NULL)
        image = image->backing;
    if (image == NULL)
        return AVD_NOT_FOUND;
    file = image->file.view;
    header = avd_view_u32(file, LFANEW);
    offset = avd_view_u32(file, header + SYMBOL_TABLE);
    count = avd_view_u32(file, header + SYMBOL_COUNT);
    if (offset == 0 || count == 0 || count > AVD_MAX_COFF_SYMBOLS)
        return AVD_NOT_FOUND;
    coff = avd_arena_alloc(opening->arena, 1, sizeof *coff);
    if (coff == NULL)
        return avd_error_nomem(err);
    coff->image = image;
    coff->x86 = module->x86;
    if (!avd_view_slice(file, offset, count * SYMBOL_SIZE, &coff->symbols))
        return AVD_NOT_FOUND;
    (void)avd_view_clip(file, offset + count * SYMBOL_SIZE, UINT32_MAX, &coff->strings);
    collect(coff);
    if (coff->count == 0)
        return AVD_NOT_FOUND;
    coff->items = avd_arena_alloc(opening->arena, coff->count, sizeof *coff->items);
    if (coff->items == NULL)
        return avd_error_nomem(err);
    collect(coff);
    qsort(coff->items, coff->count, sizeof *coff->items, compare_items);
    if (opening->status->source == NULL)
        opening->status->path = module->image_path;
    *handle = coff;
    return AVD_OK;
}

/* The name of item `i`, as stored and undecorated, and its start. */
static enum avd_status describe(const struct coff_handle *coff, size_t i, struct avd_arena *arena,
                                struct avd_symbol *out)
{
    struct avd_view name = name_of(coff, coff->items[i].index);

    out->function_rva = coff->items[i].rva;
    out->function = avd_arena_strndup(arena, (const char *)name.data, name.size);
    return out->function != NULL ? avd_symbol_undecorate(out, arena, coff->x86) : AVD_E_NOMEM;
}

static size_t coff_seek(void *handle, uint64_t rva)
{
    const struct coff_handle *coff = handle;
    struct avd_bisect b = avd_bisect_start(coff->count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, coff->items[b.middle].rva < rva);
    return b.low < coff->count ? b.low : SIZE_MAX;
}

static enum avd_status coff_find(void *handle, uint64_t rva, struct avd_arena *arena,
                                 struct avd_symbol *out)
{
    const struct coff_handle *coff = handle;
    size_t i = coff_seek(handle, rva + 1);
    enum avd_status status;

    if (i == SIZE_MAX)
        i = coff->count;
    if (i == 0 || rva > UINT32_MAX ||
        avd_image_section(coff->image, (uint32_t)rva) !=
            avd_image_section(coff->image, coff->items[i - 1].rva))
        return AVD_NOT_FOUND;
    /* Of several names at one place the first one, as linkers write them. */
    for (i--; i > 0 && coff->items[i - 1].rva == coff->items[i].rva; i--)
        continue;
    status = describe(coff, i, arena, out);
    if (status != AVD_OK) {
        memset(out, 0, sizeof *out);
        return status;
    }
    out->displacement = rva - out->function_rva;
    return AVD_OK;
}

static enum avd_status coff_item(void *handle, size_t index, struct avd_arena *arena,
                                 struct avd_symbol *out)
{
    const struct coff_handle *coff = handle;

    memset(out, 0, sizeof *out);
    return index < coff->count ? describe(coff, index, arena, out) : AVD_NOT_FOUND;
}

const struct avd_symbol_source avd_coff_source = {
    .name = "coff",
    .open = coff_open,
    .find = coff_find,
    .seek = coff_seek,
    .item = coff_item,
};
