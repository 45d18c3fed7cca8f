/* SPDX-License-Identifier: MIT */
/*
 * MemoryListStream, Memory64ListStream, the threads' stacks and MemoryInfoListStream as one address
 * space. Ranges are clipped to the file, sorted, and made disjoint once, so that every later read
 * is a binary search.
 */
#include "base/bisect.h"
#include "base/limits.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- building ---- */

static int compare_ranges(const void *a, const void *b)
{
    const struct avd_memory_range *x = a;
    const struct avd_memory_range *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    /* Of two at one address the longer comes first and hides the other. */
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

struct builder {
    struct avd_dump *dump;
    struct avd_memory_range *ranges;
    size_t count;
    size_t clipped;
    uint64_t missing; /* bytes that were listed but lie outside the file */
};

/* Takes what of [offset, offset + size) lies in the file. */
static void add_range(struct builder *b, uint64_t start, uint64_t size, uint64_t offset)
{
    struct avd_memory_range *range = &b->ranges[b->count];
    uint64_t file_size = b->dump->bytes.size;
    uint64_t fit = size;

    b->dump->memory.listed_size += size;
    if (offset >= file_size)
        fit = 0;
    else if (fit > file_size - offset)
        fit = file_size - offset;
    if (fit < size) {
        b->clipped++;
        b->missing += size - fit;
    }
    /* An end beyond the last address cannot be. */
    if (fit != 0 && fit - 1 > UINT64_MAX - start)
        fit = UINT64_MAX - start + 1;
    if (fit == 0)
        return;
    range->start = start;
    range->size = fit;
    range->offset = offset;
    b->count++;
}

static size_t list64_count(struct avd_dump *dump, const struct avd_stream *stream,
                           struct avd_view *entries)
{
    uint64_t count = avd_view_u64(stream->view, 0);
    uint64_t fit = stream->view.size > 16 ? (stream->view.size - 16) / 16 : 0;

    memset(entries, 0, sizeof *entries);
    if (stream->view.size < 16) {
        avd_note_add(&dump->notes, "memory64 list", stream->offset,
                     "stream has %zu bytes, expected at least 16; none read", stream->view.size);
        return 0;
    }
    if (count > fit) {
        avd_note_add(&dump->notes, "memory64 list", stream->offset,
                     "%" PRIu64 " ranges do not fit the stream of %zu bytes; reading %" PRIu64,
                     count, stream->view.size, fit);
        count = fit;
    }
    if (count > AVD_MAX_MEMORY_RANGES)
        count = AVD_MAX_MEMORY_RANGES;
    (void)avd_view_array(stream->view, 16, count, 16, entries);
    return (size_t)count;
}

static void add_list64(struct builder *b, const struct avd_stream *stream, struct avd_view entries,
                       size_t count)
{
    uint64_t offset = avd_view_u64(stream->view, 8);
    size_t i;

    for (i = 0; i < count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * 16);
        uint64_t start = avd_cursor_u64(&c);
        uint64_t size = avd_cursor_u64(&c);

        add_range(b, start, size, offset);
        /* The bytes of all ranges follow each other; an absurd size ends the list. */
        if (size > UINT64_MAX - offset) {
            avd_note_add(&b->dump->notes, "memory64 list", stream->offset,
                         "range %zu of 0x%" PRIx64 " bytes cannot be; the rest is not read", i,
                         size);
            return;
        }
        offset += size;
    }
}

static void add_list(struct builder *b, struct avd_view entries, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * MINIDUMP_MEMORY_DESCRIPTOR_SIZE);
        uint64_t start = avd_cursor_u64(&c);
        uint32_t size = avd_cursor_u32(&c);
        uint32_t rva = avd_cursor_u32(&c);

        /* RVA 0 would be the file's header: the writer stored no bytes. */
        if (rva != 0)
            add_range(b, start, size, rva);
    }
}

/* The part of `range` at or above `from`; false when nothing is left. */
static bool cut_front(struct avd_memory_range *range, uint64_t from)
{
    uint64_t cut = from - range->start;

    if (cut >= range->size)
        return false;
    range->start += cut;
    range->size -= cut;
    range->offset += cut;
    return true;
}

/* Sorts and removes overlap in place, each range cut where the ones before it end. Both lists of a
 * dump show the same memory, so which copy wins matters only when the file lies. */
static size_t make_disjoint(struct avd_memory_range *ranges, size_t count)
{
    uint64_t end = 0;  /* of what was kept, exclusive */
    bool full = false; /* the last address is taken */
    size_t kept = 0;
    size_t i;

    if (count > 1)
        qsort(ranges, count, sizeof *ranges, compare_ranges);
    for (i = 0; i < count && !full; i++) {
        struct avd_memory_range range = ranges[i];

        if (kept != 0 && range.start < end && !cut_front(&range, end))
            continue;
        end = range.start + range.size;
        full = end == 0;
        ranges[kept++] = range;
    }
    return kept;
}

static int compare_regions(const void *a, const void *b)
{
    const struct avd_region *x = a;
    const struct avd_region *y = b;

    return x->base < y->base ? -1 : x->base > y->base;
}

static bool read_regions(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, MemoryInfoListStream);
    struct avd_region *regions;
    struct avd_view entries;
    size_t entry_size;
    size_t count;
    bool sorted = true;
    size_t i;

    if (stream == NULL)
        return true;
    count = avd_dump_sized_list(dump, stream, "memory info list", 16, MINIDUMP_MEMORY_INFO_SIZE,
                                true, AVD_MAX_MEMORY_INFO, &entry_size, &entries);
    regions = avd_arena_alloc(&dump->arena, count, sizeof *regions);
    if (regions == NULL)
        return false;
    for (i = 0; i < count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * entry_size);
        struct avd_region *region = &regions[i];

        region->base = avd_cursor_u64(&c);
        region->allocation_base = avd_cursor_u64(&c);
        region->allocation_protect = avd_cursor_u32(&c);
        avd_cursor_skip(&c, 4);
        region->size = avd_cursor_u64(&c);
        region->state = avd_cursor_u32(&c);
        region->protect = avd_cursor_u32(&c);
        region->type = avd_cursor_u32(&c);
        if (i > 0 && region->base < regions[i - 1].base)
            sorted = false;
    }
    if (!sorted)
        qsort(regions, count, sizeof *regions, compare_regions);
    dump->memory.regions = regions;
    dump->memory.region_count = count;
    return true;
}

/* Stacks whose bytes only the thread list leads to; most writers repeat them in the MemoryList. */
static void add_stacks(struct builder *b)
{
    struct avd_memory *memory = &b->dump->memory;
    size_t added = 0;
    size_t i;

    for (i = 0; i < b->dump->thread_count; i++) {
        const struct avd_thread *thread = &b->dump->threads[i];
        struct avd_view v = avd_dump_location(b->dump, thread->stack_rva, thread->stack_size);

        if (thread->stack_rva == 0 || v.size == 0 ||
            avd_memory_extent(memory, thread->stack_start, 1) != 0)
            continue;
        if (v.size - 1 > UINT64_MAX - thread->stack_start)
            continue;
        b->ranges[memory->range_count + added].start = thread->stack_start;
        b->ranges[memory->range_count + added].size = v.size;
        b->ranges[memory->range_count + added].offset = thread->stack_rva;
        added++;
    }
    if (added != 0)
        memory->range_count = make_disjoint(b->ranges, memory->range_count + added);
}

bool avd_read_memory(struct avd_dump *dump)
{
    const struct avd_stream *list = avd_dump_stream(dump, MemoryListStream);
    const struct avd_stream *list64 = avd_dump_stream(dump, Memory64ListStream);
    struct builder b = {0};
    struct avd_view entries = {0};
    struct avd_view entries64 = {0};
    size_t count = 0;
    size_t count64 = 0;

    if (list != NULL)
        count = avd_dump_list(dump, list, "memory list", MINIDUMP_MEMORY_DESCRIPTOR_SIZE,
                              AVD_MAX_MEMORY_RANGES, &entries);
    if (list64 != NULL)
        count64 = list64_count(dump, list64, &entries64);
    b.dump = dump;
    b.ranges =
        avd_arena_alloc(&dump->arena, count + count64 + dump->thread_count, sizeof *b.ranges);
    if (b.ranges == NULL)
        return false;
    if (list64 != NULL)
        add_list64(&b, list64, entries64, count64);
    add_list(&b, entries, count);
    if (b.clipped != 0)
        avd_note_add(&dump->notes, list64 != NULL ? "memory64 list" : "memory list", AVD_NO_OFFSET,
                     "%zu of %zu memory ranges reach beyond the end of the file; %" PRIu64
                     " bytes of the process's memory are missing (a truncated dump)",
                     b.clipped, count + count64, b.missing);
    dump->memory.listed_count = count + count64;
    dump->memory.missing_size = b.missing;
    dump->memory.full = list64 != NULL;
    dump->memory.ranges = b.ranges;
    dump->memory.range_count = make_disjoint(b.ranges, b.count);
    add_stacks(&b);
    return read_regions(dump);
}

/* ---- reading ---- */

/* Notes that `size` bytes at `addr`, which range i holds, are read. */
static void log_read(const struct avd_memory *memory, size_t i, uint64_t addr, uint64_t size)
{
    uint64_t zero = memory->log->first[i] - avd_memory_first_page(&memory->ranges[i]);
    uint64_t page;

    for (page = addr / AVD_MEMORY_PAGE; size != 0 && page <= (addr + (size - 1)) / AVD_MEMORY_PAGE;
         page++)
        memory->log->bits[(zero + page) / 8] |= (uint8_t)(1u << (zero + page) % 8);
}

bool avd_memory_view(const struct avd_memory *memory, uint64_t addr, uint64_t size,
                     struct avd_view *out)
{
    size_t i = avd_memory_range_at(memory->ranges, memory->range_count, addr);
    const struct avd_memory_range *range;
    uint64_t skip;

    memset(out, 0, sizeof *out);
    if (i == memory->range_count)
        return false;
    range = &memory->ranges[i];
    skip = addr - range->start;
    if (size > range->size - skip)
        size = range->size - skip;
    if (memory->log != NULL)
        log_read(memory, i, addr, size);
    return avd_view_slice(memory->bytes, range->offset + skip, size, out);
}

const struct avd_memory_range *avd_memory_range(const struct avd_memory *memory, uint64_t addr)
{
    size_t i = avd_memory_range_at(memory->ranges, memory->range_count, addr);
    struct avd_view first;

    return avd_memory_view(memory, addr, 1, &first) ? &memory->ranges[i] : NULL;
}

size_t avd_memory_read(const struct avd_memory *memory, uint64_t addr, void *buffer, size_t size)
{
    unsigned char *to = buffer;
    size_t done = 0;

    while (done < size) {
        struct avd_view v;

        if (!avd_memory_view(memory, addr + done, size - done, &v) || v.size == 0)
            break;
        memcpy(to + done, v.data, v.size);
        done += v.size;
        if (addr + done < addr) /* the last address was read */
            break;
    }
    return done;
}

bool avd_memory_u16(const struct avd_memory *memory, uint64_t addr, uint16_t *out)
{
    uint8_t bytes[2];
    bool ok = avd_memory_read(memory, addr, bytes, sizeof bytes) == sizeof bytes;

    *out = ok ? avd_le16(bytes) : 0;
    return ok;
}

bool avd_memory_u32(const struct avd_memory *memory, uint64_t addr, uint32_t *out)
{
    uint8_t bytes[4];
    bool ok = avd_memory_read(memory, addr, bytes, sizeof bytes) == sizeof bytes;

    *out = ok ? avd_le32(bytes) : 0;
    return ok;
}

bool avd_memory_u64(const struct avd_memory *memory, uint64_t addr, uint64_t *out)
{
    uint8_t bytes[8];
    bool ok = avd_memory_read(memory, addr, bytes, sizeof bytes) == sizeof bytes;

    *out = ok ? avd_le64(bytes) : 0;
    return ok;
}

bool avd_memory_pointer(const struct avd_memory *memory, uint64_t addr, unsigned pointer_size,
                        uint64_t *out)
{
    uint32_t narrow;
    bool ok;

    if (pointer_size == 8)
        return avd_memory_u64(memory, addr, out);
    ok = avd_memory_u32(memory, addr, &narrow);
    *out = narrow;
    return ok;
}

uint64_t avd_memory_extent(const struct avd_memory *memory, uint64_t addr, uint64_t size)
{
    uint64_t done = 0;
    size_t i = avd_memory_range_at(memory->ranges, memory->range_count, addr);

    while (done < size && i < memory->range_count) {
        const struct avd_memory_range *range = &memory->ranges[i];
        uint64_t at = addr + done;
        uint64_t fit;

        if (at < range->start || at - range->start >= range->size)
            break;
        fit = range->size - (at - range->start);
        if (memory->log != NULL)
            log_read(memory, i, at, fit < size - done ? fit : size - done);
        done += fit;
        i++;
        if (addr + done < addr)
            break;
    }
    return done < size ? done : size;
}

const struct avd_region *avd_memory_region(const struct avd_memory *memory, uint64_t addr)
{
    struct avd_bisect b = avd_bisect_start(memory->region_count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, memory->regions[b.middle].base <= addr);
    if (b.low == 0 || addr - memory->regions[b.low - 1].base >= memory->regions[b.low - 1].size)
        return NULL;
    return &memory->regions[b.low - 1];
}

int avd_memory_executable(const struct avd_memory *memory, uint64_t addr)
{
    const struct avd_region *region = avd_memory_region(memory, addr);

    if (region == NULL)
        return -1;
    if (region->state != MEM_COMMIT)
        return 0;
    return (region->protect & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE |
                               PAGE_EXECUTE_WRITECOPY)) != 0;
}
