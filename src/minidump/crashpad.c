/* SPDX-License-Identifier: MIT */
/*
 * CrashpadInfoStream (MinidumpCrashpadInfo in Crashpad's minidump_extensions.h): the ids of report
 * and client, and the annotations that a program attached to itself or to its modules.
 */
#include "base/limits.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>

enum {
    CRASHPAD_INFO_SIZE = 52, /* the oldest; reserved and address_mask came later */
    CRASHPAD_INFO_MASK_SIZE = 64,
    MODULE_LINK_SIZE = 12,
    MODULE_INFO_SIZE = 28,
    ANNOTATION_OBJECT_SIZE = 12,
    ANNOTATION_TYPE_STRING = 1 /* from 0x8000 on the program's own */
};

static const char what[] = "Crashpad info";

struct reader {
    struct avd_dump *dump;
    /* whose annotations are read: NULL for the process's, as in struct avd_annotation */
    const char *module;
    size_t module_index;
    struct avd_annotation *items;
    size_t count, capacity;
    size_t looked_at; /* those that could not be read or were passed over included */
    size_t unreadable;
};

/* A MINIDUMP_LOCATION_DESCRIPTOR at `offset` of `v`. */
static struct avd_view located(struct reader *reader, struct avd_view v, uint64_t offset,
                               const char *part)
{
    uint32_t size = avd_view_u32(v, offset);
    uint32_t rva = avd_view_u32(v, offset + 4);
    struct avd_view out = avd_dump_location(reader->dump, rva, size);

    if (out.size < size)
        avd_note_add(&reader->dump->notes, what, rva,
                     "%s: needs %" PRIu32 " bytes, the file holds %zu of them", part, size,
                     out.size);
    return out;
}

/* The u32 count at the start of `list`, at most as many as fit behind it. */
static size_t entry_count(struct reader *reader, struct avd_view list, size_t entry_size,
                          const char *part)
{
    size_t count = avd_view_u32(list, 0);
    size_t fit = list.size < 4 ? 0 : (list.size - 4) / entry_size;

    if (count > fit) {
        avd_note_add(&reader->dump->notes, what, list.offset,
                     "%s: %zu entries need %" PRIu64 " bytes, %zu are there; reading %zu", part,
                     count, 4 + (uint64_t)count * entry_size, list.size, fit);
        count = fit;
    }
    return count;
}

static void add(struct reader *reader, enum avd_annotation_kind kind, const char *key,
                const char *value)
{
    struct avd_annotation *items;

    reader->looked_at++;
    if (key == NULL || value == NULL) {
        reader->unreadable++;
        return;
    }
    items = avd_arena_grow(&reader->dump->arena, reader->items, reader->count, &reader->capacity,
                           sizeof *items, AVD_MAX_ANNOTATIONS);
    if (items == NULL)
        return;
    reader->items = items;
    items[reader->count].module = reader->module;
    items[reader->count].module_index = reader->module_index;
    items[reader->count].kind = kind;
    items[reader->count].key = key;
    items[reader->count].value = value;
    reader->count++;
}

/* Lists of many modules may all point to the same bytes; what was looked at is what counts. */
static bool is_full(const struct reader *reader)
{
    return reader->looked_at >= AVD_MAX_ANNOTATIONS;
}

/* The text that the RVA at `offset` of `v` leads to. */
static const char *text_at(struct reader *reader, struct avd_view v, uint64_t offset)
{
    return avd_dump_utf8_string(reader->dump, avd_view_u32(v, offset));
}

/* MinidumpSimpleStringDictionary */
static void read_dictionary(struct reader *reader, struct avd_view list)
{
    size_t count = entry_count(reader, list, 8, "simple annotations");
    size_t i;

    for (i = 0; i < count && !is_full(reader); i++) {
        const char *key = text_at(reader, list, 4 + 8 * (uint64_t)i);

        add(reader, AVD_ANNOTATION_SIMPLE, key, text_at(reader, list, 8 + 8 * (uint64_t)i));
    }
}

/* MinidumpRVAList of texts without a key */
static void read_list(struct reader *reader, struct avd_view list)
{
    size_t count = entry_count(reader, list, 4, "list annotations");
    size_t i;

    for (i = 0; i < count && !is_full(reader); i++)
        add(reader, AVD_ANNOTATION_LIST, "", text_at(reader, list, 4 + 4 * (uint64_t)i));
}

/* MinidumpAnnotationList; values of a type other than string mean something to their program
 * only. */
static void read_objects(struct reader *reader, struct avd_view list)
{
    size_t count = entry_count(reader, list, ANNOTATION_OBJECT_SIZE, "annotation objects");
    size_t i;

    for (i = 0; i < count && !is_full(reader); i++) {
        uint64_t at = 4 + (uint64_t)i * ANNOTATION_OBJECT_SIZE;
        const char *key;

        if (avd_view_u16(list, at + 4) != ANNOTATION_TYPE_STRING) {
            reader->looked_at++;
            continue;
        }
        key = text_at(reader, list, at);
        add(reader, AVD_ANNOTATION_OBJECT, key, text_at(reader, list, at + 8));
    }
}

static void read_module(struct reader *reader, struct avd_view link)
{
    struct avd_dump *dump = reader->dump;
    uint32_t index = avd_view_u32(link, 0);
    struct avd_view info = located(reader, link, 4, "module annotations");

    if (info.size < MODULE_INFO_SIZE) {
        avd_note_add(&dump->notes, what, info.offset,
                     "module %" PRIu32 ": annotations need %d bytes, have %zu; not read", index,
                     (int)MODULE_INFO_SIZE, info.size);
        return;
    }
    reader->module_index = index;
    reader->module = "";
    if (index < dump->module_count)
        reader->module = dump->modules[index].name;
    else
        avd_note_add(&dump->notes, what, link.offset,
                     "annotations of module %" PRIu32 ", the dump lists %zu modules", index,
                     dump->module_count);
    read_list(reader, located(reader, info, 4, "list annotations"));
    read_dictionary(reader, located(reader, info, 12, "simple annotations"));
    read_objects(reader, located(reader, info, 20, "annotation objects"));
}

static void read_modules(struct reader *reader, struct avd_view list)
{
    size_t count = entry_count(reader, list, MODULE_LINK_SIZE, "module list");
    size_t i;

    if (count > AVD_MAX_MODULES)
        count = AVD_MAX_MODULES;
    for (i = 0; i < count && !is_full(reader); i++) {
        struct avd_view link;

        (void)avd_view_slice(list, 4 + (uint64_t)i * MODULE_LINK_SIZE, MODULE_LINK_SIZE, &link);
        read_module(reader, link);
    }
}

static void read_guid(struct avd_view v, uint64_t offset, uint8_t guid[16])
{
    unsigned i;

    for (i = 0; i < 16; i++)
        guid[i] = avd_view_u8(v, offset + i);
}

bool avd_read_crashpad(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, CrashpadInfoStream);
    struct avd_crashpad *out = &dump->crashpad;
    struct reader reader = {0};
    uint32_t version;
    struct avd_view v;

    if (stream == NULL)
        return true;
    v = stream->view;
    version = avd_view_u32(v, 0);
    if (v.size < CRASHPAD_INFO_SIZE || version == 0) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "version %" PRIu32 " in %zu bytes, expected at least 1 in %d; not read",
                     version, v.size, (int)CRASHPAD_INFO_SIZE);
        return true;
    }
    out->present = true;
    read_guid(v, 4, out->report_id);
    read_guid(v, 20, out->client_id);
    if (v.size >= CRASHPAD_INFO_MASK_SIZE)
        out->address_mask = avd_view_u64(v, 56);
    reader.dump = dump;
    reader.module_index = AVD_NO_MODULE;
    read_dictionary(&reader, located(&reader, v, 36, "simple annotations"));
    read_modules(&reader, located(&reader, v, 44, "module list"));
    if (dump->arena.failed)
        return false;
    if (reader.unreadable != 0)
        avd_note_add(&dump->notes, what, stream->offset, "%zu annotations cannot be read; left out",
                     reader.unreadable);
    if (is_full(&reader))
        avd_note_add(&dump->notes, what, stream->offset, "reading stops after %d annotations",
                     (int)AVD_MAX_ANNOTATIONS);
    out->annotations = reader.items;
    out->annotation_count = reader.count;
    return true;
}
