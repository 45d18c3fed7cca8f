/* SPDX-License-Identifier: MIT */
/*
 * A PE image as it lies in process memory: headers, sections, debug directory and exports; and the
 * same bytes as its file, which has the COFF symbol table.
 */
#include "symbols/symbolizer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_around(const struct avd_image *image, struct avd_arena *arena)
{
    struct avd_exports exports;
    struct avd_pdb_id id;
    uint32_t rva;
    size_t i;

    if (avd_image_pdb_id(image, &id) == AVD_OK && memchr(id.path, '\0', sizeof id.path) == NULL)
        abort();
    if (avd_image_exports(image, arena, &exports, NULL) != AVD_OK)
        return;
    for (i = 0; i + 1 < exports.count; i++)
        if (exports.items[i].rva > exports.items[i + 1].rva)
            abort();
    for (rva = 0; rva < 0x6000; rva += 0x123) {
        struct avd_export *item = avd_exports_nearest(image, &exports, rva);

        if (item != NULL && (item->rva > rva || avd_export_name(image, arena, item) == NULL))
            abort();
        (void)avd_image_section(image, rva);
    }
}

/* What its file's symbol table names: no name is above the address, and the list has them in order.
 */
static void look_up(const struct avd_image *mapped, const uint8_t *data, size_t size,
                    struct avd_arena *arena)
{
    struct avd_image file = *mapped;
    struct avd_symbol_module module = {.name = "app.exe", .image = &file};
    struct avd_symbol_status status = {0};
    struct avd_symbol_opening opening = {.arena = arena, .status = &status};
    struct avd_symbol symbol;
    uint64_t last = 0;
    uint64_t rva;
    size_t i;
    void *coff;

    file.memory = NULL;
    file.file.view = (struct avd_view){data, size, 0};
    if (avd_coff_source.open(&module, &opening, &coff, NULL) != AVD_OK)
        return;
    for (rva = 0; rva < 0x6000; rva += 0x123) {
        memset(&symbol, 0, sizeof symbol);
        if (avd_coff_source.find(coff, rva, arena, &symbol) == AVD_OK && symbol.function_rva > rva)
            abort();
    }
    for (i = 0; i < 64 && avd_coff_source.item(coff, i, arena, &symbol) == AVD_OK; i++) {
        if (symbol.function_rva < last)
            abort();
        last = symbol.function_rva;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint64_t base = 0x400000;
    struct avd_memory_range range = {base, size, 0};
    struct avd_memory memory = {0};
    struct avd_arena arena = {0};
    struct avd_image image;

    if (size == 0)
        return 0;
    memory.bytes.data = data;
    memory.bytes.size = size;
    memory.ranges = &range;
    memory.range_count = 1;
    if (avd_image_from_memory(&image, &memory, base, NULL) == AVD_OK) {
        look_around(&image, &arena);
        look_up(&image, data, size, &arena);
        avd_image_close(&image);
    }
    avd_arena_deinit(&arena);
    return 0;
}
