/* SPDX-License-Identifier: MIT */
/*
 * The file of a small dump. Writers put memory last, before everything else, or each stack behind
 * its thread: what lies between pieces of memory moves together, and what leads there is corrected
 * (links.h). Where memory is last nothing moves, so that nothing that leads anywhere need be known.
 */
#include "extract/links.h"
#include "extract/slim.h"

#include "base/bisect.h"
#include "base/limits.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ALIGNMENT = 16 }; /* of what is moved: records keep theirs, contexts have the largest */

/* Bytes [from, to) of the old file, which lie at `place` of the new one. */
struct part {
    uint64_t from, to;
    uint64_t place;
};

struct parts {
    struct avd_arena arena;
    struct part *items;
    size_t count, capacity;
};

struct moving {
    struct avd_writer *w;
    const struct avd_dump *dump;
    const struct avd_memory_range *pieces;
    size_t piece_count;
    struct parts blocks; /* of memory, sorted and apart */
    struct parts kept;   /* the rest of the file, sorted and apart */
};

/* ---- what is kept ---- */

static void add_part(struct parts *parts, uint64_t from, uint64_t to)
{
    struct part *grown =
        from < to ? avd_arena_grow(&parts->arena, parts->items, parts->count, &parts->capacity,
                                   sizeof *grown, SIZE_MAX / sizeof *grown)
                  : NULL;

    if (grown == NULL) /* the arena knows when it is out of memory */
        return;
    parts->items = grown;
    grown += parts->count++;
    grown->from = from;
    grown->to = to;
    grown->place = 0;
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *x = a;
    const struct part *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* Sorts, and joins what overlaps or touches. */
static void join(struct parts *parts)
{
    size_t count = 0;
    size_t i;

    if (parts->count != 0)
        qsort(parts->items, parts->count, sizeof *parts->items, compare_parts);
    for (i = 0; i < parts->count; i++) {
        struct part *last = count != 0 ? &parts->items[count - 1] : NULL;

        if (last == NULL || parts->items[i].from > last->to)
            parts->items[count++] = parts->items[i];
        else if (parts->items[i].to > last->to)
            last->to = parts->items[i].to;
    }
    parts->count = count;
}

/* The last part that begins at or before `offset`; NULL when none does. */
static const struct part *part_before(const struct parts *parts, uint64_t offset)
{
    struct avd_bisect b = avd_bisect_start(parts->count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, parts->items[b.middle].from <= offset);
    return b.low != 0 ? &parts->items[b.low - 1] : NULL;
}

/* A record may lie in memory that is dropped: some writers store an exception's context where it
 * was on the stack. Such bytes are kept beside the memory. */
static void keep(struct moving *m, uint64_t from, uint64_t size)
{
    const struct part *block;

    if (size == 0)
        return;
    block = part_before(&m->blocks, from + size - 1);
    if (block != NULL && block->to > from)
        add_part(&m->kept, from, from + size);
}

static void keep_target(void *ctx, const struct avd_file_link *link)
{
    if (!link->is_memory)
        keep(ctx, link->target, link->size);
}

static bool is_memory_list(const struct avd_stream *stream)
{
    return stream->type == MemoryListStream || stream->type == Memory64ListStream;
}

/* Also bytes that the reader did not need, as two lists hold the same memory. */
static void add_listed(struct moving *m)
{
    const struct avd_stream *list = avd_dump_stream(m->dump, MemoryListStream);
    const struct avd_stream *list64 = avd_dump_stream(m->dump, Memory64ListStream);
    struct avd_cursor c;

    if (list64 != NULL) {
        uint64_t size = 0;
        uint64_t base;

        c = avd_cursor_at(list64->view, 8);
        base = avd_cursor_u64(&c);
        while (!c.failed && size <= m->dump->bytes.size) {
            avd_cursor_skip(&c, 8); /* the address */
            size += avd_cursor_u64(&c);
        }
        add_part(&m->blocks, base, base + avd_dump_location(m->dump, base, size).size);
    }
    if (list == NULL)
        return;
    /* padded or not; the descriptors end where the stream does */
    c = avd_cursor_at(list->view, list->view.size % MINIDUMP_MEMORY_DESCRIPTOR_SIZE);
    while (!c.failed) {
        uint32_t size;
        uint32_t rva;

        avd_cursor_skip(&c, 8);
        size = avd_cursor_u32(&c);
        rva = avd_cursor_u32(&c);
        add_part(&m->blocks, rva, rva + (uint64_t)avd_dump_location(m->dump, rva, size).size);
    }
}

static void find_blocks(struct moving *m)
{
    const struct avd_memory *memory = &m->dump->memory;
    size_t i;

    for (i = 0; i < memory->range_count; i++)
        add_part(&m->blocks, memory->ranges[i].offset,
                 memory->ranges[i].offset + memory->ranges[i].size);
    add_listed(m);
    join(&m->blocks);
}

/* What is no memory, and what of memory is something else as well. */
static bool find_kept(struct moving *m)
{
    const struct avd_dump *dump = m->dump;
    struct avd_arena scratch = {0};
    uint64_t at = 0;
    bool bounded;
    size_t i;

    find_blocks(m);
    for (i = 0; i < m->blocks.count; i++) {
        add_part(&m->kept, at, m->blocks.items[i].from);
        at = m->blocks.items[i].to;
    }
    add_part(&m->kept, at, dump->bytes.size);
    keep(m, 0, MINIDUMP_HEADER_SIZE);
    for (i = 0; i < dump->stream_count; i++)
        if (!is_memory_list(&dump->streams[i]))
            keep(m, dump->streams[i].offset, dump->streams[i].view.size);
    bounded = avd_file_links(dump, &scratch, keep_target, m);
    avd_arena_deinit(&scratch);
    join(&m->kept);
    return bounded;
}

/* ---- the new file ---- */

/* Bytes keep their order; returns where the last one ends. */
static uint64_t place(struct parts *kept)
{
    uint64_t end = 0;
    size_t i;

    for (i = 0; i < kept->count; i++) {
        struct part *part = &kept->items[i];

        part->place = end + (part->from - end) % ALIGNMENT;
        end = part->place + (part->to - part->from);
    }
    return end;
}

static void copy(struct moving *m)
{
    size_t i;

    for (i = 0; i < m->kept.count; i++) {
        const struct part *part = &m->kept.items[i];
        /* the writer has its own header */
        uint64_t skip = i == 0 ? MINIDUMP_HEADER_SIZE : 0;
        struct avd_view bytes;

        if (i != 0)
            avd_writer_zeros(m->w, (size_t)(part->place - m->w->own.size));
        (void)avd_view_slice(m->dump->bytes, part->from + skip, part->to - part->from - skip,
                             &bytes);
        avd_writer_bytes(m->w, bytes.data, bytes.size);
        if (m->w->own.failed)
            return;
    }
}

/* Where a byte of the old file lies in the new one; false when it is gone. */
static bool find_place(const struct moving *m, uint64_t offset, uint32_t *out)
{
    const struct part *part = part_before(&m->kept, offset);

    if (part == NULL || offset >= part->to)
        return false;
    *out = (uint32_t)(part->place + (offset - part->from));
    return true;
}

/* The piece of memory that is the highest one below `end`. */
static const struct avd_memory_range *piece_before(const struct moving *m, uint64_t end)
{
    struct avd_bisect b = avd_bisect_start(m->piece_count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, m->pieces[b.middle].start < end);
    return b.low != 0 ? &m->pieces[b.low - 1] : NULL;
}

/* MINIDUMP_MEMORY_DESCRIPTOR of a stack: what is kept of it is its upper end. Breakpad looks at
 * nothing else, and takes a stack whose first byte is missing for none. */
static void correct_stack(struct moving *m, const struct avd_file_link *link, uint32_t at)
{
    uint64_t start = avd_view_u64(m->dump->bytes, link->at - 12);
    uint64_t size = avd_view_u32(m->dump->bytes, link->at - 4);
    const struct avd_memory_range *piece =
        size <= UINT64_MAX - start ? piece_before(m, start + size) : NULL;

    if (piece == NULL || piece->start + (piece->size - 1) < start) {
        avd_writer_set_u32(m->w, at, 0);
        return;
    }
    if (piece->start > start) {
        size -= piece->start - start;
        start = piece->start;
    }
    if (size > piece->size - (start - piece->start))
        size = piece->size - (start - piece->start);
    avd_writer_set_u32(m->w, at - 12, (uint32_t)start);
    avd_writer_set_u32(m->w, at - 8, (uint32_t)(start >> 32));
    avd_writer_set_u32(m->w, at - 4, (uint32_t)size);
    avd_writer_set_memory(m->w, at, start);
}

static void correct(void *ctx, const struct avd_file_link *link)
{
    struct moving *m = ctx;
    uint32_t target;
    uint32_t at;

    if (!find_place(m, link->at, &at))
        return;
    if (link->is_memory) {
        correct_stack(m, link, at);
        return;
    }
    if (link->target >= m->dump->bytes.size)
        target = UINT32_MAX; /* what lay beyond a cut file's end still does */
    else if (!find_place(m, link->target, &target))
        return; /* of no bytes */
    avd_writer_set_u32(m->w, at, target);
    if (link->wide)
        avd_writer_set_u32(m->w, at + 4, 0);
}

static void list_streams(struct moving *m, bool moved, struct avd_notes *notes)
{
    size_t i;

    for (i = 0; i < m->dump->stream_count; i++) {
        const struct avd_stream *stream = &m->dump->streams[i];
        uint32_t at = 0;

        if (is_memory_list(stream))
            continue;
        (void)find_place(m, stream->offset, &at);
        avd_writer_stream_at(m->w, stream->type, at, (uint32_t)stream->view.size);
        if (moved && avd_file_links_unknown(stream->type))
            avd_note_add(notes, "streams", AVD_NO_OFFSET,
                         "stream 0x%" PRIx32
                         " %s is as it was, and what it leads to may have moved",
                         stream->type, avd_stream_name(stream->type));
    }
}

static enum avd_status make_file(struct moving *m, struct avd_notes *notes, struct avd_error *err)
{
    struct avd_arena scratch = {0};
    const struct part *last;
    uint64_t end;

    if (!find_kept(m))
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "",
                             "its streams lead to the same places again and again");
    if (m->blocks.arena.failed || m->kept.arena.failed)
        return avd_error_nomem(err);
    end = place(&m->kept);
    if (end > UINT32_MAX)
        return avd_error_set(err, AVD_E_LIMIT, 0, "",
                             "what is no memory needs %" PRIu64 " bytes, a minidump has room for "
                             "4 GiB",
                             end);
    copy(m);
    if (m->w->own.failed)
        return avd_error_nomem(err);
    (void)avd_file_links(m->dump, &scratch, correct, m);
    avd_arena_deinit(&scratch);
    last = &m->kept.items[m->kept.count - 1];
    list_streams(m, last->place != last->from, notes);
    return AVD_OK;
}

enum avd_status avd_slim_file(struct avd_writer *w, const struct avd_dump *dump,
                              const struct avd_memory_range *pieces, size_t piece_count,
                              struct avd_notes *notes, struct avd_error *err)
{
    struct moving m = {0};
    enum avd_status status;

    m.w = w;
    m.dump = dump;
    m.pieces = pieces;
    m.piece_count = piece_count;
    status = make_file(&m, notes, err);
    avd_arena_deinit(&m.blocks.arena);
    avd_arena_deinit(&m.kept.arena);
    return status;
}
