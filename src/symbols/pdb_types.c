/* SPDX-License-Identifier: MIT */
/*
 * Names of inlined functions: records of the IPI stream (4), and for a member function its class,
 * one record of the TPI stream (2). Records are found by the sparse index that the stream of hash
 * values holds; nothing else of the two is read. Format: LLVM's docs/PDB/TpiStream.rst.
 */
#include "symbols/pdb_private.h"

#include "base/bisect.h"
#include "base/memory.h"

#include <string.h>

enum {
    TPI_STREAM = 2,
    IPI_STREAM = 4,
    TPI_HEADER = 56,
    NO_STREAM = 0xffff,
    INDEX_ENTRY = 8,

    LF_CLASS = 0x1504,
    LF_STRUCTURE = 0x1505,
    LF_UNION = 0x1506,
    LF_ENUM = 0x1507,
    LF_INTERFACE = 0x1519,
    LF_FUNC_ID = 0x1601,
    LF_MFUNC_ID = 0x1602,
    LF_STRING_ID = 0x1605,
    LF_NUMERIC = 0x8000, /* smaller ones are the number itself */

    FIRST_NAMES = 256
};

static void open_types(struct avd_pdb *pdb, uint32_t number, struct avd_pdb_types *types)
{
    uint8_t buffer[TPI_HEADER];
    struct avd_view head;
    uint64_t end;

    types->opened = true;
    if (!avd_msf_stream(&pdb->msf, number, &types->stream))
        return;
    if (!avd_msf_view(&types->stream, 0, sizeof buffer, buffer, &head)) {
        avd_pdb_damaged(pdb,
                        "type stream %u: expected %d bytes, found %u; inlined functions have "
                        "no names",
                        (unsigned)number, TPI_HEADER, (unsigned)types->stream.size);
        return;
    }
    types->begin = avd_view_u32(head, 8);
    types->end = avd_view_u32(head, 12);
    types->records = avd_view_u32(head, 4);
    end = (uint64_t)types->records + avd_view_u32(head, 16);
    if (end > types->stream.size) {
        avd_pdb_damaged(pdb, "type stream %u: records need %llu bytes, the stream has %u",
                        (unsigned)number, (unsigned long long)end, (unsigned)types->stream.size);
        end = types->stream.size;
    }
    types->records_end = (uint32_t)end;
    number = avd_view_u16(head, 20);
    if (number != NO_STREAM && avd_msf_stream(&pdb->msf, number, &types->index_stream)) {
        types->index = avd_view_u32(head, 40);
        types->index_count = avd_view_u32(head, 44) / INDEX_ENTRY;
        if (types->index > types->index_stream.size ||
            types->index_count > (types->index_stream.size - types->index) / INDEX_ENTRY)
            types->index_count = 0;
    }
}

/* Where to begin walking towards record `id`: the last index entry at or before it. */
static uint32_t nearest_entry(const struct avd_pdb_types *types, uint32_t id, uint32_t *offset)
{
    struct avd_bisect b = avd_bisect_start(types->index_count);
    uint64_t entry;

    *offset = 0;
    while (avd_bisect_next(&b)) {
        entry = types->index + (uint64_t)b.middle * INDEX_ENTRY;
        avd_bisect_answer(&b, avd_msf_u32(&types->index_stream, entry) <= id);
    }
    if (b.low == 0)
        return types->begin;
    entry = types->index + (uint64_t)(b.low - 1) * INDEX_ENTRY;
    *offset = avd_msf_u32(&types->index_stream, entry + 4);
    return avd_msf_u32(&types->index_stream, entry);
}

/* Record `id`. An index has an entry every 8 KB; without one the walk is longer. */
static bool find_type(struct avd_pdb *pdb, struct avd_pdb_types *types, uint32_t id,
                      struct avd_pdb_record *out)
{
    uint64_t at;
    uint32_t offset;
    uint32_t now;
    uint32_t steps;

    if (id < types->begin || id >= types->end)
        return false;
    now = nearest_entry(types, id, &offset);
    at = (uint64_t)types->records + offset;
    for (steps = 0; now < id && steps < AVD_MAX_PDB_TYPE_STEPS; steps++, now++) {
        uint32_t size = 2 + (uint32_t)avd_msf_u16(&types->stream, at);

        if (size < 4 || at + size >= types->records_end)
            return false;
        at += size;
    }
    return now == id && avd_pdb_record_read(pdb, &types->stream, at, types->records_end, out);
}

/* The text at `offset` of a record. */
static const char *record_text(struct avd_pdb *pdb, const struct avd_pdb_record *record,
                               uint64_t offset)
{
    struct avd_view text;

    if (!avd_view_clip(record->data, offset, record->data.size, &text))
        return NULL;
    return avd_pdb_text(pdb, text);
}

/* Bytes of the number at `offset` in a type record: 2, or 2 and a larger one behind. */
static uint32_t numeric_size(struct avd_view data, uint64_t offset)
{
    static const uint8_t sizes[] = {1, 2, 2, 4, 4, 4, 8, 10, 16, 8, 8};
    uint32_t leaf = avd_view_u16(data, offset);

    if (leaf < LF_NUMERIC)
        return 2;
    leaf -= LF_NUMERIC;
    return leaf < sizeof sizes ? 2u + sizes[leaf] : 2;
}

/* The name of a class, structure, union or enumeration. */
static const char *class_name(struct avd_pdb *pdb, uint32_t id)
{
    struct avd_pdb_record record;

    if (!pdb->tpi.opened)
        open_types(pdb, TPI_STREAM, &pdb->tpi);
    if (!find_type(pdb, &pdb->tpi, id, &record))
        return NULL;
    switch (record.kind) {
    case LF_CLASS:
    case LF_STRUCTURE:
    case LF_INTERFACE: return record_text(pdb, &record, 16 + numeric_size(record.data, 16));
    case LF_UNION: return record_text(pdb, &record, 8 + numeric_size(record.data, 8));
    case LF_ENUM: return record_text(pdb, &record, 12);
    default: return NULL;
    }
}

static const char *scope_name(struct avd_pdb *pdb, uint32_t id)
{
    struct avd_pdb_record record;

    if (!find_type(pdb, &pdb->ipi, id, &record) || record.kind != LF_STRING_ID)
        return NULL;
    return record_text(pdb, &record, 4);
}

static const char *read_name(struct avd_pdb *pdb, uint32_t id)
{
    struct avd_arena scratch = {0};
    struct avd_pdb_record record;
    const char *scope = NULL;
    const char *name;
    char *whole;
    uint32_t scope_id;
    bool member;

    if (!pdb->ipi.opened)
        open_types(pdb, IPI_STREAM, &pdb->ipi);
    if (!find_type(pdb, &pdb->ipi, id, &record) ||
        (record.kind != LF_FUNC_ID && record.kind != LF_MFUNC_ID))
        return NULL;
    member = record.kind == LF_MFUNC_ID;
    scope_id = avd_view_u32(record.data, 0);
    name = record_text(pdb, &record, 8);
    if (scope_id != 0)
        scope = member ? class_name(pdb, scope_id) : scope_name(pdb, scope_id);
    if (name == NULL || scope == NULL || scope[0] == '\0')
        return name;
    whole = avd_arena_printf(&scratch, "%s::%s", scope, name);
    name = whole != NULL ? avd_pdb_keep(pdb, whole, strlen(whole) + 1) : NULL;
    pdb->out_of_memory = pdb->out_of_memory || name == NULL;
    avd_arena_deinit(&scratch);
    return name;
}

/* ---- names by id --------------------------------------------------------------------------- */

static struct avd_pdb_function_name *find_slot(struct avd_pdb_function_name *slots, size_t capacity,
                                               uint32_t id)
{
    size_t i = (size_t)(id * 2654435761u) & (capacity - 1);

    while (slots[i].used && slots[i].id != id)
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

static bool grow_names(struct avd_pdb *pdb)
{
    size_t capacity = pdb->function_names == NULL ? FIRST_NAMES : pdb->function_name_capacity * 2;
    struct avd_pdb_function_name *grown;
    size_t i;

    if (pdb->function_name_count * 2 < pdb->function_name_capacity)
        return true;
    grown = avd_mem_calloc(capacity, sizeof *grown);
    if (grown == NULL)
        return false;
    for (i = 0; i < pdb->function_name_capacity; i++) {
        const struct avd_pdb_function_name *slot = &pdb->function_names[i];

        if (slot->used)
            *find_slot(grown, capacity, slot->id) = *slot;
    }
    avd_mem_free(pdb->function_names);
    pdb->function_names = grown;
    pdb->function_name_capacity = capacity;
    return true;
}

const char *avd_pdb_function_name(struct avd_pdb *pdb, uint32_t id)
{
    struct avd_pdb_function_name *slot;

    if (!grow_names(pdb)) {
        pdb->out_of_memory = true;
        return NULL;
    }
    slot = find_slot(pdb->function_names, pdb->function_name_capacity, id);
    if (!slot->used) {
        const char *name = read_name(pdb, id);

        if (pdb->out_of_memory)
            return NULL;
        slot->id = id;
        slot->used = true;
        slot->name = name;
        pdb->function_name_count++;
    }
    return slot->name;
}
