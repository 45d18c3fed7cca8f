/* SPDX-License-Identifier: MIT */
/* The builder's core: sections, labels, memory ranges, and laying all of it out. */
#include "support/dump_builder_private.h"

#include "minidump/format.h"

#include <stdlib.h>
#include <string.h>

void *db_grow(void *items, size_t count, size_t size)
{
    /* Doubling at powers of two keeps the caller free of a capacity. */
    if (count == 0 || (count & (count - 1)) == 0)
        items = realloc(items, (count == 0 ? 1 : count * 2) * size);
    if (items == NULL)
        abort();
    return items;
}

struct db *db_new(void)
{
    struct db *b = calloc(1, sizeof *b);

    if (b == NULL)
        abort();
    b->handle_size = MINIDUMP_HANDLE_DESCRIPTOR_2_SIZE;
    (void)db_section(b); /* number 0: none */
    return b;
}

struct db_header *db_header(struct db *b)
{
    return &b->header;
}

void db_pad_lists(struct db *b, bool on)
{
    b->pad_lists = on;
}

void db_claim_more(struct db *b, uint32_t more)
{
    b->claim_more = more;
}

/* ---- sections ---- */

unsigned db_section(struct db *b)
{
    b->sections = db_grow(b->sections, b->section_count, sizeof *b->sections);
    memset(&b->sections[b->section_count], 0, sizeof b->sections[0]);
    return (unsigned)b->section_count++;
}

static struct db_section *section_of(const struct db *b, unsigned section)
{
    if (section == 0 || section >= b->section_count)
        abort();
    return &b->sections[section];
}

void db_entry(struct db *b, uint32_t type, uint32_t size, uint32_t rva)
{
    struct db_entry *entry;

    b->entries = db_grow(b->entries, b->entry_count, sizeof *b->entries);
    entry = &b->entries[b->entry_count++];
    memset(entry, 0, sizeof *entry);
    entry->type = type;
    entry->has_size = true;
    entry->size = size;
    entry->rva = rva;
}

unsigned db_stream(struct db *b, uint32_t type)
{
    unsigned section = db_section(b);

    db_entry(b, type, 0, 0);
    b->entries[b->entry_count - 1].has_size = false;
    b->entries[b->entry_count - 1].section = section;
    return section;
}

void db_stream_size(struct db *b, unsigned stream, uint32_t size)
{
    size_t i;

    for (i = 0; i < b->entry_count; i++) {
        if (b->entries[i].section != stream)
            continue;
        b->entries[i].has_size = true;
        b->entries[i].size = size;
    }
}

void db_bytes(struct db *b, unsigned section, const void *data, size_t size)
{
    struct db_section *s = section_of(b, section);

    if (s->size + size > s->capacity) {
        s->capacity = (s->size + size) * 2 + 64;
        s->bytes = realloc(s->bytes, s->capacity);
        if (s->bytes == NULL)
            abort();
    }
    if (data == NULL)
        memset(s->bytes + s->size, 0, size);
    else
        memcpy(s->bytes + s->size, data, size);
    s->size += size;
}

void db_zeros(struct db *b, unsigned section, size_t size)
{
    db_bytes(b, section, NULL, size);
}

static void set(struct db *b, unsigned section, size_t offset, uint64_t value, size_t size)
{
    struct db_section *s = section_of(b, section);
    size_t i;

    if (offset > s->size || size > s->size - offset)
        abort();
    for (i = 0; i < size; i++)
        s->bytes[offset + i] = (uint8_t)(value >> 8 * i);
}

static void put(struct db *b, unsigned section, uint64_t value, size_t size)
{
    db_zeros(b, section, size);
    set(b, section, section_of(b, section)->size - size, value, size);
}

void db_u8(struct db *b, unsigned section, uint8_t value)
{
    put(b, section, value, 1);
}

void db_u16(struct db *b, unsigned section, uint16_t value)
{
    put(b, section, value, 2);
}

void db_u32(struct db *b, unsigned section, uint32_t value)
{
    put(b, section, value, 4);
}

void db_u64(struct db *b, unsigned section, uint64_t value)
{
    put(b, section, value, 8);
}

void db_set8(struct db *b, unsigned section, size_t offset, uint8_t value)
{
    set(b, section, offset, value, 1);
}

void db_set16(struct db *b, unsigned section, size_t offset, uint16_t value)
{
    set(b, section, offset, value, 2);
}

/* A number takes the place of a label. */
void db_set32(struct db *b, unsigned section, size_t offset, uint32_t value)
{
    size_t i;

    for (i = 0; i < b->label_count; i++)
        if (b->labels[i].section == section && b->labels[i].offset == offset)
            b->labels[i] = b->labels[--b->label_count];
    set(b, section, offset, value, 4);
}

void db_set64(struct db *b, unsigned section, size_t offset, uint64_t value)
{
    set(b, section, offset, value, 8);
}

void db_utf16(struct db *b, unsigned section, const char *text)
{
    for (; *text != '\0'; text++)
        db_u16(b, section, (unsigned char)*text);
}

void db_set_utf16(struct db *b, unsigned section, size_t offset, const char *text)
{
    for (; *text != '\0'; text++, offset += 2)
        db_set16(b, section, offset, (unsigned char)*text);
}

size_t db_size(const struct db *b, unsigned section)
{
    return section == 0 ? 0 : section_of(b, section)->size;
}

/* ---- labels ---- */

static void add_label(struct db *b, unsigned section, size_t offset, unsigned target,
                      enum db_label_kind kind)
{
    struct db_label *label;

    b->labels = db_grow(b->labels, b->label_count, sizeof *b->labels);
    label = &b->labels[b->label_count++];
    label->section = section;
    label->offset = offset;
    label->target = target;
    label->kind = kind;
}

void db_set_rva(struct db *b, unsigned section, size_t offset, unsigned target)
{
    db_set32(b, section, offset, 0);
    if (target != 0)
        add_label(b, section, offset, target, DB_LABEL_RVA);
}

void db_rva(struct db *b, unsigned section, unsigned target)
{
    db_u32(b, section, 0);
    db_set_rva(b, section, db_size(b, section) - 4, target);
}

void db_rva64(struct db *b, unsigned section, unsigned target)
{
    db_rva(b, section, target);
    db_u32(b, section, 0);
}

void db_location(struct db *b, unsigned section, unsigned target)
{
    db_u32(b, section, 0);
    if (target != 0)
        add_label(b, section, db_size(b, section) - 4, target, DB_LABEL_SIZE);
    db_rva(b, section, target);
}

unsigned db_string(struct db *b, const char *text)
{
    unsigned section = db_section(b);

    db_u32(b, section, (uint32_t)(2 * strlen(text)));
    db_utf16(b, section, text);
    db_u16(b, section, 0);
    return section;
}

unsigned db_utf8(struct db *b, const char *text)
{
    unsigned section = db_section(b);

    db_u32(b, section, (uint32_t)strlen(text));
    db_bytes(b, section, text, strlen(text) + 1);
    return section;
}

/* ---- process memory ---- */

void db_full_memory(struct db *b)
{
    b->full_memory = true;
}

void db_full_memory_first(struct db *b)
{
    b->full_memory = true;
    b->memory_first = true;
}

unsigned db_memory(struct db *b, uint64_t addr, size_t size)
{
    unsigned section = db_section(b);

    db_zeros(b, section, size);
    db_memory_raw(b, addr, (uint32_t)size, 0);
    b->ranges[b->range_count - 1].section = section;
    return section;
}

void db_memory_raw(struct db *b, uint64_t addr, uint32_t size, uint32_t rva)
{
    struct db_range *range;

    b->ranges = db_grow(b->ranges, b->range_count, sizeof *b->ranges);
    range = &b->ranges[b->range_count++];
    range->addr = addr;
    range->size = size;
    range->rva = rva;
    range->section = 0;
}

static const struct db_range *range_at(const struct db *b, uint64_t addr)
{
    size_t i;

    for (i = 0; i < b->range_count; i++)
        if (b->ranges[i].section != 0 && addr - b->ranges[i].addr < b->ranges[i].size)
            return &b->ranges[i];
    return NULL;
}

unsigned db_memory_section(const struct db *b, uint64_t addr)
{
    const struct db_range *range = range_at(b, addr);

    return range == NULL ? 0 : range->section;
}

static void poke(struct db *b, uint64_t addr, uint64_t value, size_t size)
{
    const struct db_range *range = range_at(b, addr);

    if (range == NULL)
        abort();
    set(b, range->section, (size_t)(addr - range->addr), value, size);
}

void db_poke8(struct db *b, uint64_t addr, uint8_t value)
{
    poke(b, addr, value, 1);
}

void db_poke16(struct db *b, uint64_t addr, uint16_t value)
{
    poke(b, addr, value, 2);
}

void db_poke32(struct db *b, uint64_t addr, uint32_t value)
{
    poke(b, addr, value, 4);
}

void db_poke64(struct db *b, uint64_t addr, uint64_t value)
{
    poke(b, addr, value, 8);
}

void db_poke(struct db *b, uint64_t addr, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t i;

    for (i = 0; i < size; i++)
        db_poke8(b, addr + i, bytes[i]);
}

void db_poke_utf16(struct db *b, uint64_t addr, const char *text)
{
    for (; *text != '\0'; text++, addr += 2)
        db_poke16(b, addr, (unsigned char)*text);
}

void db_region(struct db *b, uint64_t base, uint64_t size, uint32_t state, uint32_t protect,
               uint32_t type)
{
    unsigned s = db_list(b, DB_LIST_MEMORY_INFO, MemoryInfoListStream, 16, 48);

    db_u64(b, s, base);
    db_u64(b, s, base);
    db_u32(b, s, protect);
    db_u32(b, s, 0);
    db_u64(b, s, size);
    db_u32(b, s, state);
    db_u32(b, s, protect);
    db_u32(b, s, type);
    db_u32(b, s, 0);
}

/* ---- lists ---- */

/* The stream that collects the entries of a list; its count is kept right at each call. */
unsigned db_list(struct db *b, enum db_list_kind kind, uint32_t type, uint32_t header_size,
                 uint32_t entry_size)
{
    struct db_list *list = &b->lists[kind];

    if (list->section == 0) {
        list->section = db_stream(b, type);
        if (header_size == 4) {
            db_zeros(b, list->section, b->pad_lists ? 8 : 4);
        } else {
            db_u32(b, list->section, header_size);
            db_u32(b, list->section, entry_size);
            db_zeros(b, list->section, header_size - 8);
            list->count_offset = 8;
        }
    }
    list->count++;
    db_set32(b, list->section, list->count_offset, list->count + b->claim_more);
    return list->section;
}

unsigned db_empty_list(struct db *b, enum db_list_kind kind, uint32_t type, uint32_t header_size,
                       uint32_t entry_size)
{
    unsigned section = db_list(b, kind, type, header_size, entry_size);

    b->lists[kind].count--;
    db_set32(b, section, b->lists[kind].count_offset, b->lists[kind].count + b->claim_more);
    return section;
}

/* ---- the file ---- */

static void write_memory_list(struct db *b)
{
    unsigned stream;
    size_t i;

    if (b->range_count == 0)
        return;
    if (b->full_memory) {
        stream = db_stream(b, Memory64ListStream);
        db_u64(b, stream, b->range_count + b->claim_more);
        db_rva64(b, stream, b->ranges[0].section);
        for (i = 0; i < b->range_count; i++) {
            db_u64(b, stream, b->ranges[i].addr);
            db_u64(b, stream, b->ranges[i].size);
        }
        return;
    }
    for (i = 0; i < b->range_count; i++) {
        stream = db_list(b, DB_LIST_MEMORY, MemoryListStream, 4, 16);
        db_u64(b, stream, b->ranges[i].addr);
        db_u32(b, stream, b->ranges[i].size);
        db_rva(b, stream, b->ranges[i].section);
        if (b->ranges[i].section == 0)
            db_set32(b, stream, db_size(b, stream) - 4, b->ranges[i].rva);
    }
}

static bool is_memory(const struct db *b, unsigned section)
{
    size_t i;

    for (i = 0; i < b->range_count; i++)
        if (b->ranges[i].section == section)
            return true;
    return false;
}

static size_t place_memory(struct db *b, size_t at)
{
    size_t i;

    for (i = 0; i < b->range_count; i++) {
        b->sections[b->ranges[i].section].offset = at;
        at += b->sections[b->ranges[i].section].size;
    }
    return at;
}

/* Gives every section its place; full memory comes last, or first, and without gaps. */
static size_t place_sections(struct db *b, size_t at)
{
    size_t i;

    if (b->memory_first)
        at = (place_memory(b, at) + 3) / 4 * 4;
    for (i = 1; i < b->section_count; i++) {
        if (b->full_memory && is_memory(b, (unsigned)i))
            continue;
        b->sections[i].offset = at;
        at += (b->sections[i].size + 3) / 4 * 4;
    }
    return b->full_memory && !b->memory_first ? place_memory(b, at) : at;
}

static void resolve_labels(struct db *b)
{
    size_t i;

    for (i = 0; i < b->label_count; i++) {
        const struct db_label *label = &b->labels[i];
        const struct db_section *target = section_of(b, label->target);

        set(b, label->section, label->offset,
            label->kind == DB_LABEL_RVA ? target->offset : target->size, 4);
    }
}

static unsigned header_section(struct db *b, size_t slots)
{
    const struct db_header *h = &b->header;
    unsigned s = db_section(b);
    size_t i;

    db_u32(b, s, h->signature != 0 ? h->signature : (uint32_t)MINIDUMP_SIGNATURE);
    db_u32(b, s, h->version != 0 ? h->version : (uint32_t)MINIDUMP_VERSION);
    db_u32(b, s, h->has_stream_count ? h->stream_count : (uint32_t)slots);
    db_u32(b, s, h->has_directory_rva ? h->directory_rva : (uint32_t)MINIDUMP_HEADER_SIZE);
    db_u32(b, s, h->checksum);
    db_u32(b, s, h->timestamp);
    db_u64(b, s, h->flags);
    for (i = 0; i < b->entry_count; i++) {
        const struct db_entry *entry = &b->entries[i];
        const struct db_section *stream =
            entry->section == 0 ? NULL : section_of(b, entry->section);

        db_u32(b, s, entry->type);
        db_u32(b, s, entry->has_size || stream == NULL ? entry->size : (uint32_t)stream->size);
        db_u32(b, s, stream == NULL ? entry->rva : (uint32_t)stream->offset);
    }
    db_zeros(b, s, (slots - b->entry_count) * MINIDUMP_DIRECTORY_SIZE);
    return s;
}

static void free_builder(struct db *b)
{
    size_t i;

    for (i = 0; i < b->section_count; i++)
        free(b->sections[i].bytes);
    free(b->sections);
    free(b->labels);
    free(b->entries);
    free(b->ranges);
    free(b);
}

uint8_t *db_finish(struct db *b, size_t *size)
{
    size_t section_count;
    size_t slots;
    size_t head;
    unsigned header;
    uint8_t *file;
    size_t i;

    write_memory_list(b);
    slots = b->entry_count + b->header.unused_entries;
    head = MINIDUMP_HEADER_SIZE + slots * MINIDUMP_DIRECTORY_SIZE;
    *size = place_sections(b, head);
    resolve_labels(b);
    section_count = b->section_count;
    header = header_section(b, slots);
    file = calloc(1, *size);
    if (file == NULL)
        abort();
    memcpy(file, b->sections[header].bytes, head);
    for (i = 1; i < section_count; i++)
        if (b->sections[i].size != 0)
            memcpy(file + b->sections[i].offset, b->sections[i].bytes, b->sections[i].size);
    free_builder(b);
    return file;
}
