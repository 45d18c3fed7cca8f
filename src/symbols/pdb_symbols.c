/* SPDX-License-Identifier: MIT */
/*
 * Symbol records of a module: an index of its procedures, thunks, trampolines and separated code,
 * made once, and what single records say. Format: CodeView, microsoft-pdb's cvinfo.h, LLVM's
 * CodeViewSymbols.def. Managed procedures and the length-prefixed names of Visual C++ 6 are left
 * out.
 */
#include "symbols/pdb_private.h"

#include "base/bisect.h"
#include "base/memory.h"

#include <string.h>

enum {
    S_END = 0x0006,
    S_FRAMEPROC = 0x1012,
    S_THUNK32 = 0x1102,
    S_LPROC32 = 0x110f,
    S_GPROC32 = 0x1110,
    S_TRAMPOLINE = 0x112c,
    S_SEPCODE = 0x1132,
    S_LPROC32_ID = 0x1146,
    S_GPROC32_ID = 0x1147,
    S_PROC_ID_END = 0x114f,
    S_LPROC32_DPC = 0x1155,
    S_LPROC32_DPC_ID = 0x1156,

    SIGNATURE_SIZE = 4, /* at the beginning of a module's stream, counted by `end` fields */
    RECORD_HEADER = 4,  /* size of what follows it, kind */

    /* Offsets behind the kind. */
    SCOPE_END = 4,
    PROC_SIZE = 12,
    PROC_DEBUG_START = 16,
    PROC_OFFSET = 28,
    PROC_SECTION = 32,
    PROC_NAME = 35,
    THUNK_OFFSET = 12,
    THUNK_SECTION = 16,
    THUNK_SIZE = 18,
    THUNK_NAME = 21,
    TRAMPOLINE_SIZE = 2,
    TRAMPOLINE_OFFSET = 4,
    TRAMPOLINE_TARGET = 8,
    TRAMPOLINE_SECTION = 12,
    TRAMPOLINE_TARGET_SECTION = 14,
    SEPCODE_SIZE = 8,
    SEPCODE_OFFSET = 16,
    SEPCODE_PARENT = 20,
    SEPCODE_SECTION = 24,
    SEPCODE_PARENT_SECTION = 26
};

bool avd_pdb_record_read(struct avd_pdb *pdb, const struct avd_msf_stream *stream, uint64_t offset,
                         uint64_t limit, struct avd_pdb_record *out)
{
    uint8_t buffer[RECORD_HEADER];
    struct avd_view page; /* of most records it has all */
    struct avd_view head;
    uint32_t size; /* with the field that says so */

    if (limit > stream->size)
        limit = stream->size;
    if (offset >= limit || limit - offset < RECORD_HEADER || !avd_msf_page(stream, offset, &page) ||
        (!avd_view_slice(page, 0, RECORD_HEADER, &head) &&
         !avd_msf_view(stream, offset, sizeof buffer, buffer, &head)))
        return false;
    size = 2 + (uint32_t)avd_view_u16(head, 0);
    out->kind = avd_view_u16(head, 2);
    out->offset = (uint32_t)offset;
    out->next = (uint32_t)(offset + size);
    if (size < RECORD_HEADER || size > limit - offset)
        return false;
    return avd_view_slice(page, RECORD_HEADER, size - RECORD_HEADER, &out->data) ||
           avd_msf_view(stream, offset + RECORD_HEADER, size - RECORD_HEADER, pdb->record_buffer,
                        &out->data);
}

static bool is_procedure(uint16_t kind)
{
    return kind == S_GPROC32 || kind == S_LPROC32 || kind == S_GPROC32_ID || kind == S_LPROC32_ID ||
           kind == S_LPROC32_DPC || kind == S_LPROC32_DPC_ID;
}

/* The entry of a record that code belongs to; false for all others. */
static bool read_proc(const struct avd_pdb_record *record, struct avd_pdb_proc *out)
{
    struct avd_view data = record->data;

    out->kind = record->kind;
    out->record = record->offset;
    if (is_procedure(record->kind)) {
        out->start.offset = avd_view_u32(data, PROC_OFFSET);
        out->start.section = avd_view_u16(data, PROC_SECTION);
        out->size = avd_view_u32(data, PROC_SIZE);
    } else if (record->kind == S_THUNK32) {
        out->start.offset = avd_view_u32(data, THUNK_OFFSET);
        out->start.section = avd_view_u16(data, THUNK_SECTION);
        out->size = avd_view_u16(data, THUNK_SIZE);
    } else if (record->kind == S_TRAMPOLINE) {
        out->start.offset = avd_view_u32(data, TRAMPOLINE_OFFSET);
        out->start.section = avd_view_u16(data, TRAMPOLINE_SECTION);
        out->size = avd_view_u16(data, TRAMPOLINE_SIZE);
    } else if (record->kind == S_SEPCODE) {
        out->start.offset = avd_view_u32(data, SEPCODE_OFFSET);
        out->start.section = avd_view_u16(data, SEPCODE_SECTION);
        out->size = avd_view_u32(data, SEPCODE_SIZE);
    } else {
        return false;
    }
    /* Functions that the linker dropped have no section. */
    return out->start.section != 0 && out->size != 0;
}

/*
 * Where a procedure's scope ends, or 0: the record at its `end` must be one that ends scopes, or
 * the field is not believed.
 */
static uint32_t scope_end(const struct avd_pdb_module *module, const struct avd_pdb_record *record)
{
    uint32_t end = avd_view_u32(record->data, SCOPE_END);
    uint32_t kind;

    if (!is_procedure(record->kind) || end < record->next || end % 4 != 0 ||
        end > module->symbol_size - RECORD_HEADER)
        return 0;
    kind = avd_msf_u16(&module->stream, (uint64_t)end + 2);
    return kind == S_END || kind == S_PROC_ID_END ? end : 0;
}

static int compare_procs(const void *a, const void *b)
{
    const struct avd_pdb_proc *x = a;
    const struct avd_pdb_proc *y = b;
    int order = avd_pdb_place_compare(x->start, y->start);

    /* Of several at one place the first record is found first, which is the one searched last. */
    return order != 0 ? order : (x->record < y->record) - (x->record > y->record);
}

/* Walks the top level of a module: a procedure's body is passed over by its `end`. */
static enum avd_status open_procs(struct avd_pdb *pdb, struct avd_pdb_module *module)
{
    struct avd_pdb_proc *procs = NULL;
    struct avd_pdb_proc *grown;
    struct avd_pdb_record record;
    struct avd_pdb_proc proc;
    uint64_t at = SIGNATURE_SIZE;
    uint32_t count = 0;
    uint32_t capacity = 0;

    while (at + RECORD_HEADER <= module->symbol_size) {
        uint32_t end;

        if (!avd_pdb_record_read(pdb, &module->stream, at, module->symbol_size, &record)) {
            avd_pdb_damaged(pdb,
                            "symbols at 0x%llx: a record does not fit or its page is not in "
                            "the file; the module's other functions are not known",
                            (unsigned long long)avd_msf_offset(&module->stream, at));
            break;
        }
        end = scope_end(module, &record);
        at = end != 0 ? end : record.next;
        if (!read_proc(&record, &proc))
            continue;
        grown = avd_pdb_grow(procs, count, &capacity, sizeof *procs);
        if (grown == NULL) {
            avd_mem_free(procs);
            return AVD_E_NOMEM;
        }
        procs = grown;
        procs[count++] = proc;
    }
    avd_pdb_sort(procs, count, sizeof *procs, compare_procs);
    module->procs = procs;
    module->proc_count = count;
    module->has_procs = true;
    return AVD_OK;
}

enum avd_status avd_pdb_proc_find(struct avd_pdb *pdb, struct avd_pdb_module *module,
                                  struct avd_pdb_place place, struct avd_pdb_proc *out)
{
    struct avd_bisect b;
    size_t i;

    if (!module->has_procs && open_procs(pdb, module) != AVD_OK)
        return AVD_E_NOMEM;
    b = avd_bisect_start(module->proc_count);
    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, avd_pdb_place_compare(module->procs[b.middle].start, place) <= 0);
    for (i = b.low; i > 0 && b.low - i < AVD_MAX_PDB_LOOK_BACK; i--) {
        *out = module->procs[i - 1];
        if (avd_pdb_place_within(place, out->start, out->size))
            return AVD_OK;
    }
    return AVD_NOT_FOUND;
}

const char *avd_pdb_proc_name(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                              const struct avd_pdb_proc *proc)
{
    struct avd_pdb_record record;
    struct avd_view name;
    uint32_t at;

    if (is_procedure(proc->kind))
        at = PROC_NAME;
    else if (proc->kind == S_THUNK32)
        at = THUNK_NAME;
    else
        return NULL;
    if (!avd_pdb_record_read(pdb, &module->stream, proc->record, module->symbol_size, &record) ||
        !avd_view_clip(record.data, at, record.data.size, &name) || name.data[0] == 0)
        return NULL;
    return avd_pdb_text(pdb, name);
}

bool avd_pdb_proc_other(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                        const struct avd_pdb_proc *proc, struct avd_pdb_place *out)
{
    bool trampoline = proc->kind == S_TRAMPOLINE;
    struct avd_pdb_record record;

    if ((!trampoline && proc->kind != S_SEPCODE) ||
        !avd_pdb_record_read(pdb, &module->stream, proc->record, module->symbol_size, &record))
        return false;
    out->offset = avd_view_u32(record.data, trampoline ? TRAMPOLINE_TARGET : SEPCODE_PARENT);
    out->section =
        avd_view_u16(record.data, trampoline ? TRAMPOLINE_TARGET_SECTION : SEPCODE_PARENT_SECTION);
    return true;
}

bool avd_pdb_proc_body(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                       const struct avd_pdb_proc *proc, uint32_t *first, uint32_t *last)
{
    struct avd_pdb_record record;

    if (!is_procedure(proc->kind) ||
        !avd_pdb_record_read(pdb, &module->stream, proc->record, module->symbol_size, &record))
        return false;
    *first = record.next;
    *last = scope_end(module, &record);
    if (*last > *first && *last - *first > AVD_MAX_PDB_BODY_BYTES)
        *last = *first + AVD_MAX_PDB_BODY_BYTES;
    return *last != 0;
}

bool avd_pdb_proc_layout(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                         const struct avd_pdb_proc *proc, struct avd_proc_frame *out)
{
    struct avd_pdb_record record;
    uint32_t at;
    uint32_t last;

    if (!avd_pdb_proc_body(pdb, module, proc, &at, &last) ||
        !avd_pdb_record_read(pdb, &module->stream, proc->record, module->symbol_size, &record))
        return false;
    out->function_size = proc->size;
    out->prolog_size = avd_view_u32(record.data, PROC_DEBUG_START);
    while (avd_pdb_record_read(pdb, &module->stream, at, last, &record)) {
        if (record.kind == S_FRAMEPROC) {
            out->frame_size = avd_view_u32(record.data, 0);
            out->pad_size = avd_view_u32(record.data, 4);
            out->saved_regs_size = avd_view_u32(record.data, 12);
            out->flags = avd_view_u32(record.data, 22);
            return true;
        }
        at = record.next;
    }
    memset(out, 0, sizeof *out);
    return false;
}
