/* SPDX-License-Identifier: MIT */
/*
 * Names from a module's export table: the only ones that a dump itself can hold. They name where
 * a function starts but not where it ends, so every answer behind the start is approximate.
 */
#include "symbols/symbolizer.h"
#include "symbols/undname.h"

#include <string.h>

struct exports_handle {
    const struct avd_image *image;
    struct avd_exports exports;
    struct avd_arena *arena; /* of the names that were read, which `exports` keeps */
};

static enum avd_status exports_open(const struct avd_symbol_module *module,
                                    struct avd_symbol_opening *opening, void **handle,
                                    struct avd_error *err)
{
    struct avd_arena *arena = opening->arena;
    struct exports_handle *exports;
    enum avd_status status;

    *handle = NULL;
    if (module->image == NULL)
        return AVD_NOT_FOUND;
    exports = avd_arena_alloc(arena, 1, sizeof *exports);
    if (exports == NULL)
        return avd_error_nomem(err);
    exports->image = module->image;
    exports->arena = arena;
    status = avd_image_exports(module->image, arena, &exports->exports, err);
    if (status == AVD_OK && exports->exports.count == 0)
        status = AVD_NOT_FOUND;
    if (status == AVD_OK)
        *handle = exports;
    return status;
}

static enum avd_status exports_find(void *handle, uint64_t rva, struct avd_arena *arena,
                                    struct avd_symbol *out)
{
    const struct exports_handle *exports = handle;
    struct avd_export *item;
    const char *name;

    if (rva > UINT32_MAX)
        return AVD_NOT_FOUND;
    item = avd_exports_nearest(exports->image, &exports->exports, (uint32_t)rva);
    if (item == NULL)
        return AVD_NOT_FOUND;
    name = avd_export_name(exports->image, arena, item);
    if (name == NULL)
        return AVD_E_NOMEM;
    out->function = name;
    out->function_rva = item->rva;
    out->displacement = rva - item->rva;
    out->approximate = out->displacement != 0;
    if (avd_symbol_undecorate(out, arena, false) == AVD_OK)
        return AVD_OK;
    memset(out, 0, sizeof *out);
    return AVD_E_NOMEM;
}

static size_t exports_seek(void *handle, uint64_t rva)
{
    const struct exports_handle *exports = handle;

    return rva <= UINT32_MAX ? avd_exports_at_or_above(&exports->exports, (uint32_t)rva) : SIZE_MAX;
}

static enum avd_status exports_item(void *handle, size_t index, struct avd_arena *arena,
                                    struct avd_symbol *out)
{
    const struct exports_handle *exports = handle;

    memset(out, 0, sizeof *out);
    if (index >= exports->exports.count)
        return AVD_NOT_FOUND;
    out->function_rva = exports->exports.items[index].rva;
    out->function = avd_export_name(exports->image, exports->arena, &exports->exports.items[index]);
    return out->function != NULL ? avd_symbol_undecorate(out, arena, false) : AVD_E_NOMEM;
}

const struct avd_symbol_source avd_exports_source = {
    .name = "exports",
    .open = exports_open,
    .find = exports_find,
    .seek = exports_seek,
    .item = exports_item,
};
