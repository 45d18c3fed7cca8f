/* SPDX-License-Identifier: MIT */
/*
 * Laying out a minidump: offsets are handed out while parts are appended, and what is only known at
 * the end (the directory, places of memory) is filled in before the first byte is written.
 */
#include "extract/writer.h"

#include "base/limits.h"
#include "base/utf.h"
#include "minidump/format.h"

#include <string.h>

struct avd_writer_stream {
    uint32_t type;
    uint32_t size;
    uint32_t offset;
    struct avd_view view; /* written behind the directory; empty when it lies at `offset` already */
};

struct avd_writer_link {
    uint32_t at; /* of an RVA in own bytes */
    uint64_t addr;
};

enum { OWN_STREAMS = 8 }; /* beside those of the other dump: memory, a comment */

void avd_writer_init(struct avd_writer *w)
{
    memset(w, 0, sizeof *w);
    avd_strbuf_init(&w->own);
    avd_writer_zeros(w, MINIDUMP_HEADER_SIZE);
}

void avd_writer_deinit(struct avd_writer *w)
{
    avd_strbuf_deinit(&w->own);
    avd_arena_deinit(&w->arena);
}

/* ---- own bytes ---- */

void avd_writer_set_u32(struct avd_writer *w, uint32_t at, uint32_t value)
{
    uint8_t bytes[4];

    avd_put_le32(bytes, value);
    if (!w->own.failed)
        memcpy(w->own.text + at, bytes, sizeof bytes);
}

uint32_t avd_writer_rva(const struct avd_writer *w)
{
    return (uint32_t)w->own.size;
}

void avd_writer_bytes(struct avd_writer *w, const void *bytes, size_t size)
{
    if (size != 0)
        avd_strbuf_add(&w->own, bytes, size);
}

void avd_writer_u16(struct avd_writer *w, uint16_t value)
{
    uint8_t bytes[4];

    avd_put_le32(bytes, value);
    avd_writer_bytes(w, bytes, 2);
}

void avd_writer_u32(struct avd_writer *w, uint32_t value)
{
    uint8_t bytes[4];

    avd_put_le32(bytes, value);
    avd_writer_bytes(w, bytes, sizeof bytes);
}

void avd_writer_u64(struct avd_writer *w, uint64_t value)
{
    avd_writer_u32(w, (uint32_t)value);
    avd_writer_u32(w, (uint32_t)(value >> 32));
}

void avd_writer_zeros(struct avd_writer *w, size_t size)
{
    static const uint8_t zeros[256];

    for (; size > sizeof zeros; size -= sizeof zeros)
        avd_writer_bytes(w, zeros, sizeof zeros);
    avd_writer_bytes(w, zeros, size);
}

static void align(struct avd_writer *w, uint32_t to)
{
    avd_writer_zeros(w, (to - avd_writer_rva(w) % to) % to);
}

uint32_t avd_writer_blob(struct avd_writer *w, const void *bytes, size_t size)
{
    uint32_t rva;

    if (size == 0)
        return 0;
    align(w, 8);
    rva = avd_writer_rva(w);
    avd_writer_bytes(w, bytes, size);
    return rva;
}

/* The character at `text`, which is `length` bytes of UTF-8, as UTF-16. */
static void put_character(struct avd_writer *w, const char *text, size_t length)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (uint8_t)text[0] & (uint32_t)first_bits[length];
    size_t i;

    for (i = 1; i < length; i++)
        code = code << 6 | ((uint8_t)text[i] & 0x3fu);
    if (code >= 0x10000) {
        avd_writer_u16(w, (uint16_t)(0xd800 + ((code - 0x10000) >> 10)));
        code = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
    avd_writer_u16(w, (uint16_t)code);
}

/* Where a text written before may be: handles have a few types between them. */
static struct avd_writer_known *known_text(struct avd_writer *w, const char *text, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    size_t i;

    for (i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return &w->known[hash % (sizeof w->known / sizeof w->known[0])];
}

uint32_t avd_writer_text(struct avd_writer *w, const char *text)
{
    size_t left = text != NULL ? strlen(text) : 0;
    struct avd_writer_known *known;
    uint32_t rva;
    size_t start;

    if (text == NULL)
        return 0;
    known = known_text(w, text, left);
    if (known->text != NULL && strcmp(known->text, text) == 0)
        return known->rva;
    align(w, 4);
    rva = avd_writer_rva(w);
    known->text = text;
    known->rva = rva;
    avd_writer_u32(w, 0);
    start = w->own.size;
    while (left != 0) {
        size_t length = avd_utf8_length(text, left);

        /* The readers' texts are UTF-8 already; a caller's may not be. */
        if (length == 0)
            avd_writer_u16(w, 0xfffd);
        else
            put_character(w, text, length);
        text += length != 0 ? length : 1;
        left -= length != 0 ? length : 1;
    }
    avd_writer_set_u32(w, rva, (uint32_t)(w->own.size - start));
    avd_writer_u16(w, 0);
    return rva;
}

void avd_writer_memory_location(struct avd_writer *w, uint64_t addr, uint32_t size)
{
    avd_writer_u32(w, size);
    avd_writer_u32(w, 0);
    if (size != 0 && !w->own.failed)
        avd_writer_set_memory(w, avd_writer_rva(w) - 4, addr);
}

void avd_writer_set_memory(struct avd_writer *w, uint32_t at, uint64_t addr)
{
    struct avd_writer_link *grown = avd_arena_grow(
        &w->arena, w->links, w->link_count, &w->link_capacity, sizeof *grown, AVD_MAX_THREADS);

    avd_writer_set_u32(w, at, 0);
    if (grown == NULL)
        return;
    w->links = grown;
    grown[w->link_count].at = at;
    grown[w->link_count++].addr = addr;
}

/* ---- streams ---- */

static struct avd_writer_stream *add_stream(struct avd_writer *w, uint32_t type)
{
    struct avd_writer_stream *grown =
        avd_arena_grow(&w->arena, w->streams, w->stream_count, &w->stream_capacity, sizeof *grown,
                       AVD_MAX_STREAMS + OWN_STREAMS);

    if (grown == NULL)
        return NULL;
    w->streams = grown;
    grown += w->stream_count++;
    memset(grown, 0, sizeof *grown);
    grown->type = type;
    return grown;
}

void avd_writer_stream_begin(struct avd_writer *w, uint32_t type)
{
    struct avd_writer_stream *stream = add_stream(w, type);

    align(w, 8);
    if (stream != NULL)
        stream->offset = avd_writer_rva(w);
}

void avd_writer_stream_end(struct avd_writer *w)
{
    struct avd_writer_stream *stream;

    if (w->stream_count == 0 || w->arena.failed)
        return;
    stream = &w->streams[w->stream_count - 1];
    stream->size = avd_writer_rva(w) - stream->offset;
}

void avd_writer_stream_view(struct avd_writer *w, uint32_t type, struct avd_view bytes)
{
    struct avd_writer_stream *stream = bytes.size != 0 ? add_stream(w, type) : NULL;

    if (stream == NULL)
        return;
    stream->view = bytes;
    stream->size = (uint32_t)bytes.size; /* streams have 32-bit sizes */
}

void avd_writer_stream_at(struct avd_writer *w, uint32_t type, uint32_t offset, uint32_t size)
{
    struct avd_writer_stream *stream = add_stream(w, type);

    if (stream == NULL)
        return;
    stream->offset = offset;
    stream->size = size;
}

/* ---- the end ---- */

/* Process memory as it goes into the file. */
struct layout {
    const struct avd_memory_range *ranges;
    size_t count;
    uint64_t *offsets; /* in the file, one per range */
    uint64_t start;    /* of the first */
    uint64_t end;
    bool narrow, wide; /* which lists lead to it: MemoryList, Memory64List */
};

enum {
    NARROW_HEAD = 8, /* MemoryList: the count, and padding behind the list */
    WIDE_HEAD = 16,  /* Memory64List: count and BaseRva */
    /* MINIDUMP_MEMORY_DESCRIPTOR and MINIDUMP_MEMORY_DESCRIPTOR64 alike */
    DESCRIPTOR_SIZE = MINIDUMP_MEMORY_DESCRIPTOR_SIZE
};

/* Places everything that comes behind the lists of memory. */
static void place(struct avd_writer *w, struct layout *layout)
{
    uint64_t list_size = (uint64_t)layout->count * DESCRIPTOR_SIZE;
    uint64_t stream_count = w->stream_count;
    uint64_t at = w->own.size;
    size_t i;

    if (layout->narrow) {
        at += NARROW_HEAD + list_size;
        stream_count++;
    }
    if (layout->wide) {
        at += WIDE_HEAD + list_size;
        stream_count++;
    }
    at += stream_count * MINIDUMP_DIRECTORY_SIZE;
    for (i = 0; i < w->stream_count; i++) {
        struct avd_writer_stream *stream = &w->streams[i];

        if (stream->view.size == 0)
            continue;
        stream->offset = (uint32_t)at;
        at += stream->view.size;
    }
    layout->start = at;
    for (i = 0; i < layout->count; i++) {
        layout->offsets[i] = at;
        at += layout->ranges[i].size;
    }
    layout->end = at;
}

/* Whether the other file's parts that are to be written fit into it once: a file that leads to the
 * same bytes again and again would grow without bounds. */
static bool is_bounded(const struct avd_writer *w, const struct layout *layout, uint64_t size)
{
    size_t i;

    for (i = 0; i < w->stream_count; i++) {
        if (w->streams[i].view.size > size)
            return false;
        size -= w->streams[i].view.size;
    }
    for (i = 0; i < layout->count; i++) {
        if (layout->ranges[i].size > size)
            return false;
        size -= layout->ranges[i].size;
    }
    return true;
}

static bool place_memory(struct avd_writer *w, bool full, struct layout *layout)
{
    align(w, 8);
    layout->offsets = avd_arena_alloc(&w->arena, layout->count, sizeof *layout->offsets);
    if (layout->offsets == NULL)
        return false;
    layout->narrow = true;
    layout->wide = full;
    place(w, layout);
    if (layout->end <= UINT32_MAX)
        return true;
    layout->narrow = false;
    layout->wide = true;
    place(w, layout);
    return true;
}

static void put_memory_list(struct avd_writer *w, const struct layout *layout)
{
    size_t i;

    avd_writer_stream_begin(w, MemoryListStream);
    avd_writer_u32(w, (uint32_t)layout->count);
    for (i = 0; i < layout->count; i++) {
        avd_writer_u64(w, layout->ranges[i].start);
        avd_writer_u32(w, (uint32_t)layout->ranges[i].size);
        avd_writer_u32(w, (uint32_t)layout->offsets[i]);
    }
    avd_writer_stream_end(w);
    avd_writer_zeros(w, 4);
}

static void put_memory64_list(struct avd_writer *w, const struct layout *layout)
{
    size_t i;

    avd_writer_stream_begin(w, Memory64ListStream);
    avd_writer_u64(w, layout->count);
    avd_writer_u64(w, layout->start);
    for (i = 0; i < layout->count; i++) {
        avd_writer_u64(w, layout->ranges[i].start);
        avd_writer_u64(w, layout->ranges[i].size);
    }
    avd_writer_stream_end(w);
}

static void resolve_links(struct avd_writer *w, const struct layout *layout)
{
    size_t i;

    for (i = 0; i < w->link_count && layout->narrow; i++) {
        size_t range = avd_memory_range_at(layout->ranges, layout->count, w->links[i].addr);

        if (range != layout->count)
            avd_writer_set_u32(w, w->links[i].at,
                               (uint32_t)(layout->offsets[range] +
                                          (w->links[i].addr - layout->ranges[range].start)));
    }
}

static void put_directory(struct avd_writer *w)
{
    size_t i;

    for (i = 0; i < w->stream_count; i++) {
        avd_writer_u32(w, w->streams[i].type);
        avd_writer_u32(w, w->streams[i].size);
        avd_writer_u32(w, w->streams[i].offset);
    }
}

/* Debuggers choose by the flag where they look for memory. */
static void make_header(const struct avd_writer *w, const struct layout *layout, uint32_t directory,
                        uint8_t *to)
{
    uint32_t flags = (uint32_t)w->flags & ~(uint32_t)MINIDUMP_WITH_FULL_MEMORY;

    avd_put_le32(to, MINIDUMP_SIGNATURE);
    avd_put_le32(to + 4, MINIDUMP_VERSION);
    avd_put_le32(to + 8, (uint32_t)w->stream_count);
    avd_put_le32(to + 12, directory);
    avd_put_le32(to + 16, 0); /* CheckSum, which nobody computes */
    avd_put_le32(to + 20, w->timestamp);
    avd_put_le32(to + 24, layout->wide ? flags | MINIDUMP_WITH_FULL_MEMORY : flags);
    avd_put_le32(to + 28, (uint32_t)(w->flags >> 32));
}

static bool put(avd_write_fn *write, void *ctx, const void *bytes, size_t size)
{
    return size == 0 || write(ctx, bytes, size) == 0;
}

/* Everything in the order of the file; false when `write` fails. */
static bool write_all(const struct avd_writer *w, struct avd_view source,
                      const struct layout *layout, uint32_t directory, avd_write_fn *write,
                      void *ctx)
{
    uint8_t header[MINIDUMP_HEADER_SIZE];
    size_t i;

    make_header(w, layout, directory, header);
    if (!put(write, ctx, header, sizeof header) ||
        !put(write, ctx, w->own.text + sizeof header, w->own.size - sizeof header))
        return false;
    for (i = 0; i < w->stream_count; i++)
        if (!put(write, ctx, w->streams[i].view.data, w->streams[i].view.size))
            return false;
    for (i = 0; i < layout->count; i++) {
        struct avd_view bytes;

        (void)avd_view_slice(source, layout->ranges[i].offset, layout->ranges[i].size, &bytes);
        if (!put(write, ctx, bytes.data, bytes.size))
            return false;
    }
    return true;
}

enum avd_status avd_writer_finish(struct avd_writer *w, struct avd_view source,
                                  const struct avd_memory_range *ranges, size_t range_count,
                                  bool full, avd_write_fn *write, void *ctx, struct avd_error *err)
{
    struct layout layout = {0};
    uint32_t directory;

    layout.ranges = ranges;
    layout.count = range_count;
    if (!is_bounded(w, &layout, source.size))
        return avd_error_set(
            err, AVD_E_UNSUPPORTED, 0, "",
            "memory and streams need more bytes than the file of %zu has; parts of "
            "it are used more than once",
            source.size);
    if (!place_memory(w, full, &layout))
        return avd_error_nomem(err);
    if (layout.start > UINT32_MAX)
        return avd_error_set(err, AVD_E_LIMIT, 0, "",
                             "what comes before the memory needs %llu bytes, a minidump has room "
                             "for 4 GiB",
                             (unsigned long long)layout.start);
    if (layout.narrow)
        put_memory_list(w, &layout);
    if (layout.wide)
        put_memory64_list(w, &layout);
    resolve_links(w, &layout);
    directory = avd_writer_rva(w);
    put_directory(w);
    if (w->own.failed || w->arena.failed)
        return avd_error_nomem(err);
    if (!write_all(w, source, &layout, directory, write, ctx))
        return avd_error_set(err, AVD_E_IO, 0, "", "the dump cannot be written");
    return AVD_OK;
}
