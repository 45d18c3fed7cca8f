/* SPDX-License-Identifier: MIT */
/*
 * ModuleListStream and UnloadedModuleListStream, CodeView records included. Real lists repeat and
 * overlap modules (a WOW64 process's exe comes once from each loader list), so lookups go through
 * an index of its own.
 */
#include "base/bisect.h"
#include "base/limits.h"
#include "base/utf.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t vs_fixedfileinfo_signature = 0xfeef04bd;

enum { VS_FIXEDFILEINFO_SIZE = 52 };

static bool read_name(struct avd_dump *dump, const char *what, size_t index, uint32_t rva,
                      const char **path, const char **name)
{
    char *text = avd_dump_string(dump, rva);

    if (text == NULL) {
        avd_note_add(&dump->notes, what, rva, "the name of entry %zu cannot be read; it has none",
                     index);
        text = avd_arena_strdup(&dump->arena, "");
        if (text == NULL)
            return false;
    }
    *path = text;
    *name = avd_path_leaf(text);
    return true;
}

static void read_version(struct avd_module *module, struct avd_view info)
{
    uint32_t file_ms = avd_view_u32(info, 8);
    uint32_t file_ls = avd_view_u32(info, 12);
    uint32_t product_ms = avd_view_u32(info, 16);
    uint32_t product_ls = avd_view_u32(info, 20);

    if (avd_view_u32(info, 0) != vs_fixedfileinfo_signature)
        return;
    module->has_version = true;
    module->file_version[0] = (uint16_t)(file_ms >> 16);
    module->file_version[1] = (uint16_t)file_ms;
    module->file_version[2] = (uint16_t)(file_ls >> 16);
    module->file_version[3] = (uint16_t)file_ls;
    module->product_version[0] = (uint16_t)(product_ms >> 16);
    module->product_version[1] = (uint16_t)product_ms;
    module->product_version[2] = (uint16_t)(product_ls >> 16);
    module->product_version[3] = (uint16_t)product_ls;
}

static bool read_codeview(struct avd_dump *dump, struct avd_module *module, struct avd_view record)
{
    struct avd_cursor c = avd_cursor_at(record, 0);
    uint32_t tag = avd_cursor_u32(&c);
    struct avd_view guid;
    struct avd_view path;

    module->pdb_path = "";
    if (c.failed)
        return true;
    module->codeview = AVD_CV_OTHER;
    switch (tag) {
    case CV_SIGNATURE_RSDS:
        guid = avd_cursor_bytes(&c, 16);
        module->age = avd_cursor_u32(&c);
        if (c.failed)
            return true;
        module->codeview = AVD_CV_RSDS;
        memcpy(module->guid, guid.data, sizeof module->guid);
        break;
    case CV_SIGNATURE_NB10:
        avd_cursor_skip(&c, 4);
        module->pdb_signature = avd_cursor_u32(&c);
        module->age = avd_cursor_u32(&c);
        if (c.failed)
            return true;
        module->codeview = AVD_CV_NB10;
        break;
    case CV_SIGNATURE_BPEL:
        module->codeview = AVD_CV_BUILD_ID;
        module->build_id = avd_cursor_bytes(&c, record.size - 4);
        return true;
    default: return true;
    }
    if (!avd_view_clip(record, c.pos, AVD_MAX_STRING_BYTES, &path) ||
        !avd_dump_afford(dump, path.size))
        return true;
    module->pdb_path = avd_bytes_to_utf8(&dump->arena, path);
    return module->pdb_path != NULL;
}

static int compare_modules(const void *a, const void *b)
{
    const struct avd_module *const *x = a;
    const struct avd_module *const *y = b;

    if ((*x)->base != (*y)->base)
        return (*x)->base < (*y)->base ? -1 : 1;
    /* At one base the entry listed first comes first. */
    return *x < *y ? -1 : *x > *y;
}

/* Marks duplicates and builds modules_by_base. */
static bool index_modules(struct avd_dump *dump, struct avd_module *modules, size_t count)
{
    struct avd_module **sorted = avd_arena_alloc(&dump->arena, count, sizeof *sorted);
    uint32_t *order = avd_arena_alloc(&dump->arena, count, sizeof *order);
    size_t used = 0;
    size_t i;

    if (sorted == NULL || order == NULL)
        return false;
    for (i = 0; i < count; i++)
        sorted[i] = &modules[i];
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, compare_modules);
    for (i = 0; i < count; i++) {
        struct avd_module *module = sorted[i];

        module->duplicate = i > 0 && sorted[i - 1]->base == module->base;
        if (module->size == 0 || (module->base == 0 && module->name[0] == '\0'))
            continue;
        /* Several at one base: the same module again, or damage; the first usable one counts. */
        if (used > 0 && modules[order[used - 1]].base == module->base)
            continue;
        order[used++] = (uint32_t)(module - modules);
    }
    dump->modules_by_base = order;
    dump->module_by_base_count = used;
    return true;
}

bool avd_read_modules(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, ModuleListStream);
    uint64_t mask = avd_dump_pointer_size(dump) == 4 ? UINT32_MAX : UINT64_MAX;
    struct avd_module *modules;
    struct avd_view entries;
    size_t count;
    size_t i;

    if (stream == NULL) {
        avd_note_add(&dump->notes, "module list", AVD_NO_OFFSET,
                     "the dump has no ModuleListStream; addresses cannot be named");
        return true;
    }
    count =
        avd_dump_list(dump, stream, "module list", MINIDUMP_MODULE_SIZE, AVD_MAX_MODULES, &entries);
    modules = avd_arena_alloc(&dump->arena, count, sizeof *modules);
    if (modules == NULL)
        return false;
    for (i = 0; i < count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * MINIDUMP_MODULE_SIZE);
        struct avd_module *module = &modules[i];
        uint32_t name_rva;
        uint32_t cv_size;
        uint32_t cv_rva;

        (void)avd_view_slice(entries, i * MINIDUMP_MODULE_SIZE, MINIDUMP_MODULE_SIZE,
                             &module->entry);
        module->base = avd_cursor_u64(&c) & mask;
        module->size = avd_cursor_u32(&c);
        module->checksum = avd_cursor_u32(&c);
        module->timestamp = avd_cursor_u32(&c);
        name_rva = avd_cursor_u32(&c);
        read_version(module, avd_cursor_bytes(&c, VS_FIXEDFILEINFO_SIZE));
        cv_size = avd_cursor_u32(&c);
        cv_rva = avd_cursor_u32(&c);
        if (!read_name(dump, "module list", i, name_rva, &module->path, &module->name) ||
            !read_codeview(dump, module,
                           cv_rva != 0 ? avd_dump_location(dump, cv_rva, cv_size)
                                       : avd_dump_location(dump, 0, 0)))
            return false;
    }
    dump->modules = modules;
    dump->module_count = count;
    return index_modules(dump, modules, count);
}

size_t avd_dump_module_at(const struct avd_dump *dump, uint64_t addr)
{
    struct avd_bisect b = avd_bisect_start(dump->module_by_base_count);
    size_t i;

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, dump->modules[dump->modules_by_base[b.middle]].base <= addr);
    /* The module with the highest base at or below the address; where modules overlap and that one
     * ended already, one further down may still reach here. Overlaps are shallow, a few looks
     * do. */
    for (i = b.low; i > 0 && b.low - i < 8; i--) {
        const struct avd_module *module = &dump->modules[dump->modules_by_base[i - 1]];

        if (addr - module->base < module->size)
            return dump->modules_by_base[i - 1];
    }
    return AVD_NO_MODULE;
}

bool avd_read_unloaded(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, UnloadedModuleListStream);
    struct avd_unloaded_module *unloaded;
    struct avd_view entries;
    size_t entry_size;
    size_t count;
    size_t i;

    if (stream == NULL)
        return true;
    count =
        avd_dump_sized_list(dump, stream, "unloaded module list", 12, MINIDUMP_UNLOADED_MODULE_SIZE,
                            false, AVD_MAX_UNLOADED, &entry_size, &entries);
    unloaded = avd_arena_alloc(&dump->arena, count, sizeof *unloaded);
    if (unloaded == NULL)
        return false;
    for (i = 0; i < count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * entry_size);
        struct avd_unloaded_module *module = &unloaded[i];

        module->base = avd_cursor_u64(&c);
        module->size = avd_cursor_u32(&c);
        module->checksum = avd_cursor_u32(&c);
        module->timestamp = avd_cursor_u32(&c);
        if (!read_name(dump, "unloaded module list", i, avd_cursor_u32(&c), &module->path,
                       &module->name))
            return false;
    }
    dump->unloaded = unloaded;
    dump->unloaded_count = count;
    return true;
}
