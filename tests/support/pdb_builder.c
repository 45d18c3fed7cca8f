/* SPDX-License-Identifier: MIT */
/* The MSF container of pdb_builder.h. */
#include "support/pdb_builder.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_STREAMS = 4096, DEFAULT_PAGE = 4096, SUPERBLOCK = 0x34, FIRST_PAGE = 3, STEP = 7 };

struct buffer {
    uint8_t *bytes;
    size_t size, capacity;
    bool deleted;
};

struct pb {
    struct buffer streams[MAX_STREAMS];
    unsigned count;
};

static const char magic[32] = "Microsoft C/C++ MSF 7.00\r\n\x1a"
                              "DS\0\0";

static void *checked(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}

struct pb *pb_new(void)
{
    return checked(calloc(1, sizeof(struct pb)));
}

void pb_free(struct pb *b)
{
    unsigned i;

    for (i = 0; i < b->count; i++)
        free(b->streams[i].bytes);
    free(b);
}

static struct buffer *get(struct pb *b, unsigned stream)
{
    if (stream >= b->count)
        abort();
    return &b->streams[stream];
}

/* The new bytes at the end, zeroed. */
static uint8_t *extend(struct buffer *buffer, size_t size)
{
    if (buffer->capacity - buffer->size < size) {
        buffer->capacity = (buffer->size + size) * 2;
        buffer->bytes = checked(realloc(buffer->bytes, buffer->capacity));
    }
    if (size != 0)
        memset(buffer->bytes + buffer->size, 0, size);
    buffer->size += size;
    return buffer->bytes + (buffer->size - size);
}

unsigned pb_stream(struct pb *b)
{
    if (b->count == MAX_STREAMS)
        abort();
    (void)extend(&b->streams[b->count], 1);
    b->streams[b->count].size = 0;
    return b->count++;
}

void pb_delete(struct pb *b, unsigned stream)
{
    get(b, stream)->deleted = true;
    get(b, stream)->size = 0;
}

size_t pb_size(const struct pb *b, unsigned stream)
{
    return b->streams[stream].size;
}

const uint8_t *pb_data(const struct pb *b, unsigned stream)
{
    return b->streams[stream].bytes;
}

void pb_clear(struct pb *b, unsigned stream)
{
    get(b, stream)->size = 0;
}

static void put(uint8_t *at, uint32_t value, unsigned size)
{
    unsigned i;

    for (i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

void pb_u8(struct pb *b, unsigned stream, unsigned value)
{
    put(extend(get(b, stream), 1), value, 1);
}

void pb_u16(struct pb *b, unsigned stream, unsigned value)
{
    put(extend(get(b, stream), 2), value, 2);
}

void pb_u32(struct pb *b, unsigned stream, uint32_t value)
{
    put(extend(get(b, stream), 4), value, 4);
}

void pb_bytes(struct pb *b, unsigned stream, const void *bytes, size_t size)
{
    uint8_t *at = extend(get(b, stream), size);

    if (size != 0)
        memcpy(at, bytes, size);
}

void pb_zeros(struct pb *b, unsigned stream, size_t size)
{
    (void)extend(get(b, stream), size);
}

void pb_text(struct pb *b, unsigned stream, const char *text)
{
    pb_bytes(b, stream, text, strlen(text) + 1);
}

void pb_align(struct pb *b, unsigned stream)
{
    pb_zeros(b, stream, (4 - pb_size(b, stream) % 4) % 4);
}

static uint8_t *existing(struct pb *b, unsigned stream, size_t offset, size_t size)
{
    struct buffer *buffer = get(b, stream);

    if (offset > buffer->size || size > buffer->size - offset)
        abort();
    return buffer->bytes + offset;
}

void pb_set8(struct pb *b, unsigned stream, size_t offset, unsigned value)
{
    put(existing(b, stream, offset, 1), value, 1);
}

void pb_set16(struct pb *b, unsigned stream, size_t offset, unsigned value)
{
    put(existing(b, stream, offset, 2), value, 2);
}

void pb_set32(struct pb *b, unsigned stream, size_t offset, uint32_t value)
{
    put(existing(b, stream, offset, 4), value, 4);
}

size_t pb_record(struct pb *b, unsigned stream, unsigned kind)
{
    size_t at = pb_size(b, stream);

    pb_u16(b, stream, 0);
    pb_u16(b, stream, kind);
    return at;
}

void pb_end(struct pb *b, unsigned stream, size_t record)
{
    pb_align(b, stream);
    pb_set16(b, stream, record, (unsigned)(pb_size(b, stream) - record - 2));
}

/* ---- the file ------------------------------------------------------------------------------ */

/* Pages given out one after the other, or with others in between. */
struct pages {
    uint32_t page_size;
    uint32_t total; /* of those given out, and a few to make them scatter */
    uint32_t next;
    bool scattered;
    uint8_t *file;
};

static uint32_t take_page(struct pages *pages)
{
    uint32_t index = pages->next++;

    if (index >= pages->total)
        abort();
    if (pages->scattered)
        index = (uint32_t)((uint64_t)index * STEP % pages->total);
    return FIRST_PAGE + index;
}

static uint32_t page_count(size_t size, uint32_t page_size)
{
    return (uint32_t)((size + page_size - 1) / page_size);
}

/* Stores `size` bytes in pages of their own, whose numbers go to `numbers`. */
static void store(struct pages *pages, const uint8_t *bytes, size_t size, uint8_t *numbers)
{
    uint32_t count = page_count(size, pages->page_size);
    uint32_t i;

    for (i = 0; i < count; i++) {
        uint32_t page = take_page(pages);
        size_t done = (size_t)i * pages->page_size;
        size_t piece = size - done < pages->page_size ? size - done : pages->page_size;

        memcpy(pages->file + (size_t)page * pages->page_size, bytes + done, piece);
        put(numbers + (size_t)i * 4, page, 4);
    }
}

uint8_t *pb_finish(const struct pb *b, struct pb_layout layout, size_t *size)
{
    struct pages pages = {0};
    struct buffer directory = {0};
    struct buffer lists = {0};
    size_t at;
    uint32_t data_pages = 0;
    uint32_t directory_pages;
    uint32_t file_pages;
    unsigned i;

    pages.page_size = layout.page_size == 0 ? DEFAULT_PAGE : layout.page_size;
    pages.scattered = layout.scattered;
    put(extend(&directory, 4), b->count, 4);
    for (i = 0; i < b->count; i++) {
        const struct buffer *stream = &b->streams[i];

        put(extend(&directory, 4), stream->deleted ? UINT32_MAX : (uint32_t)stream->size, 4);
        data_pages += page_count(stream->size, pages.page_size);
    }
    at = directory.size;
    (void)extend(&directory, (size_t)data_pages * 4);
    directory_pages = page_count(directory.size + layout.extra_list, pages.page_size);
    (void)extend(&lists, (size_t)directory_pages * 4);

    pages.total = data_pages + directory_pages + page_count(lists.size, pages.page_size);
    while (pages.scattered && (pages.total % STEP == 0 || STEP % pages.total == 1))
        pages.total++;
    file_pages = FIRST_PAGE + pages.total;
    pages.file = checked(calloc(file_pages, pages.page_size));
    for (i = 0; i < b->count; i++) {
        store(&pages, b->streams[i].bytes, b->streams[i].size, directory.bytes + at);
        at += (size_t)page_count(b->streams[i].size, pages.page_size) * 4;
    }
    (void)extend(&directory, (size_t)directory_pages * pages.page_size - directory.size);
    store(&pages, directory.bytes, (size_t)directory_pages * pages.page_size, lists.bytes);
    memcpy(pages.file, magic, sizeof magic);
    put(pages.file + 0x20, pages.page_size, 4);
    put(pages.file + 0x24, 1, 4);
    put(pages.file + 0x28, file_pages, 4);
    put(pages.file + 0x2c, (uint32_t)at + layout.extra_list, 4);
    store(&pages, lists.bytes, lists.size, pages.file + SUPERBLOCK);
    *size = (size_t)file_pages * pages.page_size;
    free(directory.bytes);
    free(lists.bytes);
    return pages.file;
}
