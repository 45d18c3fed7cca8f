/* SPDX-License-Identifier: MIT */
/*
 * HandleDataStream and HandleOperationListStream (minidumpapiset.h): the handles that were open,
 * with the names and further information of their objects, and the application verifier's trace of
 * handle operations. What the object information means is left to others; it is kept as bytes.
 */
#include "base/limits.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <string.h>

enum {
    HANDLE_STREAM_HEADER_SIZE = 16,
    OBJECT_INFORMATION_HEADER_SIZE = 12,
    NAME_CACHE_SIZE = 64, /* Windows has about 70 object types, a process uses 20 */
    HANDLE_OPERATION_MAX_DEPTH = 32
};

/* Many handles share one type name, and a leak makes a million of them: a name is decoded once
 * while it stays in the cache. A report repeats it with every handle, so that it is paid for again.
 */
struct cached_name {
    uint32_t rva; /* 0: free */
    const char *text;
};

/* What is wrong is counted and noted once; a million damaged handles are one note. */
struct handle_reader {
    struct avd_dump *dump;
    struct cached_name names[NAME_CACHE_SIZE];
    uint64_t object_budget; /* object information records that may still be kept */
    size_t unreadable_names;
    size_t cut_chains, cut_objects;
    uint32_t first_unreadable_name; /* rva */
    uint32_t first_cut_chain;       /* rva */
};

/* The name at `rva`, NULL when there is none. */
static const char *read_name(struct handle_reader *reader, uint32_t rva)
{
    struct cached_name *cached = &reader->names[(rva >> 1 ^ rva >> 7) % NAME_CACHE_SIZE];

    if (rva == 0)
        return NULL;
    if (cached->rva == rva)
        return cached->text != NULL && avd_dump_afford(reader->dump, strlen(cached->text))
                   ? cached->text
                   : NULL;
    cached->rva = rva;
    cached->text = avd_dump_string(reader->dump, rva);
    if (cached->text == NULL && reader->unreadable_names++ == 0)
        reader->first_unreadable_name = rva;
    return cached->text;
}

/* Follows a chain of MINIDUMP_HANDLE_OBJECT_INFORMATION into `objects`, which has room for
 * AVD_MAX_OBJECT_INFO_CHAIN; *complete tells whether the chain came to its end. */
static size_t read_chain(const struct avd_dump *dump, uint32_t first,
                         struct avd_handle_object *objects, size_t *cut_objects, bool *complete)
{
    uint32_t visited[AVD_MAX_OBJECT_INFO_CHAIN];
    uint32_t rva = first;
    size_t steps = 0;
    size_t count = 0;

    *complete = false;
    while (rva != 0) {
        struct avd_cursor c = avd_cursor_at(dump->bytes, rva);
        uint32_t next = avd_cursor_u32(&c);
        uint32_t type = avd_cursor_u32(&c);
        uint32_t size = avd_cursor_u32(&c);
        size_t i;

        if (c.failed || steps == AVD_MAX_OBJECT_INFO_CHAIN)
            return count;
        for (i = 0; i < steps; i++)
            if (visited[i] == rva)
                return count;
        visited[steps++] = rva;
        /* Type 0 is MiniHandleObjectInformationNone. */
        if (type != 0) {
            objects[count].type = type;
            objects[count].data =
                avd_dump_location(dump, (uint64_t)rva + OBJECT_INFORMATION_HEADER_SIZE, size);
            if (objects[count].data.size < size)
                (*cut_objects)++;
            count++;
        }
        rva = next;
    }
    *complete = true;
    return count;
}

static bool read_objects(struct handle_reader *reader, uint32_t rva, struct avd_handle *handle)
{
    struct avd_handle_object found[AVD_MAX_OBJECT_INFO_CHAIN];
    struct avd_handle_object *objects;
    bool complete;
    size_t count = read_chain(reader->dump, rva, found, &reader->cut_objects, &complete);
    size_t i;

    if (count > reader->object_budget) {
        count = 0;
        complete = false;
    }
    if (!complete && reader->cut_chains++ == 0)
        reader->first_cut_chain = rva;
    if (count == 0)
        return true;
    reader->object_budget -= count;
    objects = avd_arena_alloc(&reader->dump->arena, count, sizeof *objects);
    if (objects == NULL)
        return false;
    for (i = 0; i < count; i++)
        objects[i] = found[i];
    handle->objects = objects;
    handle->object_count = count;
    return true;
}

static bool read_handle(struct handle_reader *reader, struct avd_view descriptor,
                        struct avd_handle *out)
{
    struct avd_cursor c = avd_cursor_at(descriptor, 0);

    out->handle = avd_cursor_u64(&c);
    out->type_name = read_name(reader, avd_cursor_u32(&c));
    out->object_name = read_name(reader, avd_cursor_u32(&c));
    out->attributes = avd_cursor_u32(&c);
    out->granted_access = avd_cursor_u32(&c);
    out->handle_count = avd_cursor_u32(&c);
    out->pointer_count = avd_cursor_u32(&c);
    if (descriptor.size < MINIDUMP_HANDLE_DESCRIPTOR_2_SIZE)
        return true;
    return read_objects(reader, avd_cursor_u32(&c), out);
}

static void note_damage(struct handle_reader *reader, const char *what, uint64_t offset)
{
    struct avd_notes *notes = &reader->dump->notes;

    if (reader->unreadable_names != 0)
        avd_note_add(notes, what, offset,
                     "%zu names cannot be read, the first at 0x%" PRIx32
                     "; those handles have none",
                     reader->unreadable_names, reader->first_unreadable_name);
    if (reader->cut_chains != 0)
        avd_note_add(notes, what, offset,
                     "%zu chains of object information are cyclic, longer than %d or leave the "
                     "file, the first at 0x%" PRIx32 "; reading them as far as they go",
                     reader->cut_chains, (int)AVD_MAX_OBJECT_INFO_CHAIN, reader->first_cut_chain);
    if (reader->cut_objects != 0)
        avd_note_add(notes, what, offset,
                     "%zu records of object information are cut off by the end of the file",
                     reader->cut_objects);
}

static bool read_handle_data(struct avd_dump *dump)
{
    static const char what[] = "handle data";
    const struct avd_stream *stream = avd_dump_stream(dump, HandleDataStream);
    struct handle_reader reader = {0};
    struct avd_handle *handles;
    struct avd_view entries;
    size_t entry_size;
    size_t count;
    size_t i;

    if (stream == NULL)
        return true;
    count = avd_dump_sized_list(dump, stream, what, HANDLE_STREAM_HEADER_SIZE,
                                MINIDUMP_HANDLE_DESCRIPTOR_SIZE, false, AVD_MAX_HANDLES,
                                &entry_size, &entries);
    /* A list of no handles is an answer; a list that could not be read is none. */
    dump->has_handles = count != 0 || (stream->view.size >= HANDLE_STREAM_HEADER_SIZE &&
                                       avd_view_u32(stream->view, 8) == 0);
    if (count == 0)
        return true;
    handles = avd_arena_alloc(&dump->arena, count, sizeof *handles);
    if (handles == NULL)
        return false;
    reader.dump = dump;
    /* As many as the file could hold when each is stored once, as writers do. */
    reader.object_budget = dump->bytes.size / OBJECT_INFORMATION_HEADER_SIZE;
    for (i = 0; i < count; i++) {
        struct avd_view descriptor;

        (void)avd_view_slice(entries, i * entry_size, entry_size, &descriptor);
        if (!read_handle(&reader, descriptor, &handles[i]))
            return false;
    }
    note_damage(&reader, what, stream->offset);
    dump->handles = handles;
    dump->handle_count = count;
    return true;
}

static bool read_handle_operations(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, HandleOperationListStream);
    struct avd_handle_operation *operations;
    struct avd_view entries;
    size_t entry_size;
    size_t count;
    size_t i;
    unsigned k;

    if (stream == NULL)
        return true;
    count = avd_dump_sized_list(dump, stream, "handle operations", HANDLE_STREAM_HEADER_SIZE,
                                MINIDUMP_HANDLE_OPERATION_SIZE, false, AVD_MAX_HANDLE_OPERATIONS,
                                &entry_size, &entries);
    if (count == 0)
        return true;
    operations = avd_arena_alloc(&dump->arena, count, sizeof *operations);
    if (operations == NULL)
        return false;
    for (i = 0; i < count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * entry_size);
        struct avd_handle_operation *operation = &operations[i];

        operation->handle = avd_cursor_u64(&c);
        operation->process_id = avd_cursor_u32(&c);
        operation->thread_id = avd_cursor_u32(&c);
        operation->operation = avd_cursor_u32(&c);
        avd_cursor_skip(&c, 4);
        operation->depth = avd_cursor_u32(&c);
        avd_cursor_skip(&c, 4);
        if (operation->depth > HANDLE_OPERATION_MAX_DEPTH)
            operation->depth = HANDLE_OPERATION_MAX_DEPTH;
        for (k = 0; k < HANDLE_OPERATION_MAX_DEPTH; k++)
            operation->return_addresses[k] = avd_cursor_u64(&c);
    }
    dump->handle_operations = operations;
    dump->handle_operation_count = count;
    return true;
}

bool avd_read_handles(struct avd_dump *dump)
{
    return read_handle_data(dump) && read_handle_operations(dump);
}
