/* SPDX-License-Identifier: MIT */
/*
 * FunctionTableStream (MINIDUMP_FUNCTION_TABLE_STREAM, minidumpapiset.h): the unwind tables that
 * JIT compilers registered at run time. Each descriptor is followed by the process's own record
 * of the table, which is skipped, the entries and padding, all of sizes that the header gives.
 */
#include "base/limits.h"
#include "minidump/dump.h"
#include "minidump/format.h"

enum { FUNCTION_TABLE_HEADER_SIZE = 24, FUNCTION_TABLE_DESCRIPTOR_SIZE = 32 };

struct table_header {
    uint32_t header_size, descriptor_size, native_size, entry_size, count, pad_size;
};

/*
 * One descriptor and what follows it. False when the descriptor itself is not there. *whole tells
 * whether all its entries are; those that are not are left out, and the cursor has failed.
 */
static bool read_table(struct avd_cursor *c, const struct table_header *header,
                       struct avd_function_table *out, bool *whole)
{
    struct avd_view descriptor = avd_cursor_bytes(c, header->descriptor_size);
    size_t left;

    if (c->failed)
        return false;
    out->minimum = avd_view_u64(descriptor, 0);
    out->maximum = avd_view_u64(descriptor, 8);
    out->base = avd_view_u64(descriptor, 16);
    out->entry_count = avd_view_u32(descriptor, 24);
    out->entry_size = header->entry_size;
    avd_cursor_skip(c, header->native_size);
    left = c->failed ? 0 : c->view.size - c->pos;
    *whole = out->entry_count <= left / header->entry_size;
    if (!*whole)
        out->entry_count = (uint32_t)(left / header->entry_size);
    out->entries = avd_cursor_bytes(c, (uint64_t)out->entry_count * header->entry_size);
    if (*whole)
        avd_cursor_skip(c, avd_view_u32(descriptor, 28));
    else
        c->failed = true;
    return true;
}

bool avd_read_function_tables(struct avd_dump *dump)
{
    static const char what[] = "function tables";
    const struct avd_stream *stream = avd_dump_stream(dump, FunctionTableStream);
    struct avd_function_table *tables;
    struct table_header header;
    struct avd_cursor c;
    size_t room;
    size_t count = 0;

    if (stream == NULL)
        return true;
    c = avd_cursor_at(stream->view, 0);
    header.header_size = avd_cursor_u32(&c);
    header.descriptor_size = avd_cursor_u32(&c);
    header.native_size = avd_cursor_u32(&c);
    header.entry_size = avd_cursor_u32(&c);
    header.count = avd_cursor_u32(&c);
    header.pad_size = avd_cursor_u32(&c);
    if (c.failed || header.header_size < FUNCTION_TABLE_HEADER_SIZE ||
        header.header_size > c.view.size ||
        header.descriptor_size < FUNCTION_TABLE_DESCRIPTOR_SIZE || header.entry_size == 0) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "header of %u bytes, descriptors of %u and entries of %u, expected at least "
                     "%d, %d and 1 in the stream's %zu; not read",
                     header.header_size, header.descriptor_size, header.entry_size,
                     FUNCTION_TABLE_HEADER_SIZE, FUNCTION_TABLE_DESCRIPTOR_SIZE, c.view.size);
        return true;
    }
    c = avd_cursor_at(stream->view, header.header_size);
    avd_cursor_skip(&c, header.pad_size);
    room = (c.view.size - c.pos) / header.descriptor_size;
    if (room > header.count)
        room = header.count;
    if (room > AVD_MAX_FUNCTION_TABLES)
        room = AVD_MAX_FUNCTION_TABLES;
    tables = avd_arena_alloc(&dump->arena, room, sizeof *tables);
    if (tables == NULL)
        return false;
    while (count < room) {
        uint64_t offset = avd_cursor_offset(&c);
        struct avd_function_table *table = &tables[count];
        uint32_t claimed;
        bool whole;

        claimed = avd_view_u32(c.view, (uint64_t)c.pos + 24);
        if (!read_table(&c, &header, table, &whole))
            break;
        if (!whole)
            avd_note_add(&dump->notes, what, offset,
                         "table %zu: %u entries of %u bytes do not fit the stream; reading %u",
                         count, claimed, table->entry_size, table->entry_count);
        count++;
    }
    if (count < header.count)
        avd_note_add(&dump->notes, what, stream->offset,
                     "%u tables are listed; reading %zu of them", header.count, count);
    dump->function_tables = tables;
    dump->function_table_count = count;
    return true;
}
