/* SPDX-License-Identifier: MIT */
/*
 * CrashpadInfoStream of an x86 dump (minidump_extensions.h). Its layout is the same for all widths,
 * but annotations belong to modules by their place in the list, which is another one here. Those
 * of modules of the 64-bit half are left out, with the modules.
 */
#include "extract/dump32.h"

#include "minidump/format.h"

#include <string.h>

/* MINIDUMP_LOCATION_DESCRIPTOR */
struct location {
    uint32_t size, rva;
};

static void put_location(struct avd_writer *w, struct location location)
{
    avd_writer_u32(w, location.size);
    avd_writer_u32(w, location.rva);
}

/* MINIDUMP_UTF8_STRING */
static uint32_t put_text(struct avd_writer *w, const char *text)
{
    uint8_t head[4];
    uint32_t rva;

    avd_put_le32(head, (uint32_t)strlen(text));
    rva = avd_writer_blob(w, head, sizeof head);
    avd_writer_bytes(w, text, strlen(text) + 1);
    return rva;
}

/* A list of u32 count and entries, of the items that are of `kind`; an empty location for none. */
static struct location put_list(struct avd_writer *w, const struct avd_annotation *items,
                                size_t count, enum avd_annotation_kind kind)
{
    struct {
        uint32_t key, value;
    } *texts = avd_arena_alloc(&w->arena, count, sizeof *texts);
    struct location out = {0};
    uint8_t head[4];
    uint32_t found = 0;
    size_t i;

    for (i = 0; i < count && texts != NULL; i++)
        if (items[i].kind == kind) {
            texts[found].key = kind == AVD_ANNOTATION_LIST ? 0 : put_text(w, items[i].key);
            texts[found++].value = put_text(w, items[i].value);
        }
    if (found == 0)
        return out;
    avd_put_le32(head, found);
    out.rva = avd_writer_blob(w, head, sizeof head);
    for (i = 0; i < found; i++) {
        if (kind != AVD_ANNOTATION_LIST)
            avd_writer_u32(w, texts[i].key);
        if (kind == AVD_ANNOTATION_OBJECT)
            avd_writer_u32(w, 1); /* of type string */
        avd_writer_u32(w, texts[i].value);
    }
    out.size = avd_writer_rva(w) - out.rva;
    return out;
}

/* MinidumpModuleCrashpadInfo of items that are all of one module. */
static struct location put_module(struct avd_writer *w, const struct avd_annotation *items,
                                  size_t count)
{
    struct location list = put_list(w, items, count, AVD_ANNOTATION_LIST);
    struct location simple = put_list(w, items, count, AVD_ANNOTATION_SIMPLE);
    struct location objects = put_list(w, items, count, AVD_ANNOTATION_OBJECT);
    struct location out;
    uint8_t version[4];

    avd_put_le32(version, 1);
    out.rva = avd_writer_blob(w, version, sizeof version);
    put_location(w, list);
    put_location(w, simple);
    put_location(w, objects);
    out.size = avd_writer_rva(w) - out.rva;
    return out;
}

/* Where the dump's module `index` is in the new list; AVD_NO_MODULE for one that is not there. */
static size_t new_index(const struct avd_half32 *half, size_t index)
{
    const struct avd_dump *dump = half->an->dump;
    size_t i;

    for (i = 0; i < half->module_count && index < dump->module_count; i++) {
        const struct avd_module *module = half->an->modules[half->modules[i]].module;

        if (module->entry.size != 0 && module->entry.offset == dump->modules[index].entry.offset)
            return i;
    }
    return AVD_NO_MODULE;
}

/* How many of the items from the first on belong to the same module, or to the process. */
static size_t run_length(const struct avd_annotation *items, size_t count)
{
    size_t i = 0;

    while (i < count && items[i].module_index == items[0].module_index)
        i++;
    return i;
}

/* MinidumpModuleCrashpadInfoList */
static struct location put_modules(struct avd_writer *w, const struct avd_half32 *half,
                                   const struct avd_annotation *items, size_t count)
{
    struct {
        uint32_t index;
        struct location info;
    } *links = avd_arena_alloc(&w->arena, count, sizeof *links);
    struct location out = {0};
    uint8_t head[4];
    uint32_t found = 0;
    size_t size;
    size_t i;

    for (i = 0; i < count && links != NULL; i += size) {
        size_t index = new_index(half, items[i].module_index);

        size = run_length(items + i, count - i);
        if (index == AVD_NO_MODULE)
            continue;
        links[found].index = (uint32_t)index;
        links[found++].info = put_module(w, items + i, size);
    }
    if (found == 0)
        return out;
    avd_put_le32(head, found);
    out.rva = avd_writer_blob(w, head, sizeof head);
    for (i = 0; i < found; i++) {
        avd_writer_u32(w, links[i].index);
        put_location(w, links[i].info);
    }
    out.size = avd_writer_rva(w) - out.rva;
    return out;
}

void avd_dump32_crashpad(struct avd_writer *w, struct avd_half32 *half)
{
    const struct avd_crashpad *crashpad = &half->an->dump->crashpad;
    const struct avd_annotation *items = crashpad->annotations;
    size_t own = 0; /* the process's, which come first */
    struct location dictionary;
    struct location modules = {0};

    if (!crashpad->present)
        return;
    if (crashpad->annotation_count != 0 && items[0].module == NULL)
        own = run_length(items, crashpad->annotation_count);
    dictionary = put_list(w, items, own, AVD_ANNOTATION_SIMPLE);
    if (own < crashpad->annotation_count)
        modules = put_modules(w, half, items + own, crashpad->annotation_count - own);
    avd_writer_stream_begin(w, CrashpadInfoStream);
    avd_writer_u32(w, 1);
    avd_writer_bytes(w, crashpad->report_id, sizeof crashpad->report_id);
    avd_writer_bytes(w, crashpad->client_id, sizeof crashpad->client_id);
    put_location(w, dictionary);
    put_location(w, modules);
    avd_writer_u32(w, 0);
    avd_writer_u64(w, crashpad->address_mask);
    avd_writer_stream_end(w);
}
