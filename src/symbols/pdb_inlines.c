/* SPDX-License-Identifier: MIT */
/*
 * Inlined calls: S_INLINESITE records inside a procedure, whose binary annotations say which code
 * belongs to the call and of which lines it is. Format: microsoft-pdb's cvinfo.h
 * (CV_SourceBinaryAnnotation...), LLVM's DebugInfo/CodeView.
 */
#include "symbols/pdb_private.h"

#include <string.h>

enum {
    S_INLINESITE = 0x114d,
    S_INLINESITE2 = 0x115d,

    /* Offsets behind the kind. */
    SITE_END = 4,
    SITE_INLINEE = 8,
    SITE_ANNOTATIONS = 12,
    SITE2_ANNOTATIONS = 16 /* behind the number of invocations */
};

/* BinaryAnnotationOpcode */
enum opcode {
    OP_END = 0,
    OP_CODE_OFFSET = 1,
    OP_CODE_OFFSET_BASE = 2,
    OP_ADD_CODE_OFFSET = 3,
    OP_CODE_LENGTH = 4,
    OP_FILE = 5,
    OP_LINE = 6,
    OP_LINE_END = 7,
    OP_RANGE_KIND = 8,
    OP_COLUMN_START = 9,
    OP_COLUMN_END_DELTA = 10,
    OP_CODE_OFFSET_AND_LINE = 11,
    OP_CODE_LENGTH_AND_OFFSET = 12,
    OP_COLUMN_END = 13
};

/* An unsigned operand: the first byte's high bits tell its size. A bad one fails the cursor. */
static uint32_t read_operand(struct avd_cursor *c)
{
    uint32_t first = avd_cursor_u8(c);
    uint32_t second;
    uint32_t third;

    if ((first & 0x80) == 0)
        return first;
    second = avd_cursor_u8(c);
    if ((first & 0x40) == 0)
        return (first & 0x3f) << 8 | second;
    if ((first & 0x20) != 0)
        c->failed = true;
    third = avd_cursor_u8(c);
    return (first & 0x1f) << 24 | second << 16 | third << 8 | avd_cursor_u8(c);
}

/* The sign is in the lowest bit. */
static int64_t to_signed(uint32_t operand)
{
    int64_t value = operand >> 1;

    return (operand & 1) != 0 ? -value : value;
}

/* A piece of code of one line, while the annotations are read. */
struct line_range {
    bool open;
    uint32_t start;
    uint32_t file;
    int64_t line;
};

/* Ends the open range at `end`; whether it holds `offset`. */
static bool close_range(struct line_range *range, uint32_t end, uint32_t offset)
{
    bool holds = range->open && offset >= range->start && offset < end;

    range->open = false;
    return holds;
}

/*
 * Whether the annotations cover `offset`, which counts from the procedure's start; *file and *line
 * come in as those of the declaration and go out as those of the code there. A range that nothing
 * ends is none: how long it is, is not known.
 */
static bool annotations_cover(struct avd_view annotations, uint32_t offset, uint32_t *file,
                              int64_t *line)
{
    struct avd_cursor c = avd_cursor_at(annotations, 0);
    struct line_range range = {0};
    struct line_range now = {true, 0, *file, *line}; /* start: the code offset */
    uint32_t base = 0;
    bool found = false;

    while (!found && !c.failed && c.pos < annotations.size) {
        uint32_t opcode = read_operand(&c);
        uint32_t operand = opcode == OP_END ? 0 : read_operand(&c);
        uint32_t length = 0;

        if (opcode == OP_CODE_LENGTH_AND_OFFSET) {
            length = operand;
            operand = read_operand(&c);
        }
        if (c.failed)
            break;
        switch ((enum opcode)opcode) {
        case OP_END:
            c.failed = true; /* padding from here on */
            break;
        case OP_CODE_OFFSET:
            now.start = base + operand;
            found = close_range(&range, now.start, offset);
            if (!found)
                range = now;
            break;
        case OP_CODE_OFFSET_BASE:
            now.start += operand - base;
            base = operand;
            break;
        case OP_ADD_CODE_OFFSET:
        case OP_CODE_OFFSET_AND_LINE:
            if (opcode == OP_CODE_OFFSET_AND_LINE) {
                now.line += to_signed(operand >> 4);
                operand &= 0xf;
            }
            now.start += operand;
            found = close_range(&range, now.start, offset);
            if (!found)
                range = now;
            break;
        case OP_CODE_LENGTH:
            /* Of the range that an earlier annotation has begun, which goes on behind it. */
            now.start += operand;
            found = close_range(&range, now.start, offset);
            break;
        case OP_CODE_LENGTH_AND_OFFSET:
            /* The distance is from the last start, not from the last end (seen in MSVC's PDBs). */
            now.start += operand;
            found = close_range(&range, now.start, offset);
            if (!found) {
                range = now;
                found = close_range(&range, now.start + length, offset);
            }
            break;
        case OP_FILE: now.file = operand; break;
        case OP_LINE: now.line += to_signed(operand); break;
        case OP_LINE_END:
        case OP_RANGE_KIND:
        case OP_COLUMN_START:
        case OP_COLUMN_END_DELTA:
        case OP_COLUMN_END: break;
        default: c.failed = true; break;
        }
    }
    *file = range.file;
    *line = range.line;
    return found;
}

/* What is inlined by one site at `offset`; false when the site does not cover it. */
static bool read_site(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                      const struct avd_pdb_record *record, uint32_t offset, struct avd_inline *out)
{
    uint32_t id = avd_view_u32(record->data, SITE_INLINEE);
    const struct avd_pdb_inlinee *inlinee = avd_pdb_inlinee_find(module, id);
    struct avd_view annotations;
    uint32_t file = inlinee != NULL ? inlinee->file : UINT32_MAX;
    int64_t line = inlinee != NULL ? inlinee->line : 0;

    if (!avd_view_clip(record->data,
                       record->kind == S_INLINESITE ? SITE_ANNOTATIONS : SITE2_ANNOTATIONS,
                       record->data.size, &annotations) ||
        !annotations_cover(annotations, offset, &file, &line))
        return false;
    out->source_file = avd_pdb_file_name(pdb, module, file);
    /* Lines count from the declaration's, so without it they are not known. */
    out->line = inlinee != NULL && line > 0 && line <= UINT32_MAX ? (uint32_t)line : 0;
    out->function = avd_pdb_function_name(pdb, id);
    if (out->function == NULL)
        out->function = "(inlined function without a name)";
    return true;
}

enum avd_status avd_pdb_inlines_find(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                                     const struct avd_pdb_proc *proc, struct avd_pdb_place place,
                                     struct avd_symbol *out)
{
    struct avd_inline found[AVD_MAX_PDB_INLINES]; /* outermost last */
    uint32_t offset = place.offset - proc->start.offset;
    struct avd_pdb_record record;
    uint32_t parent_end;
    uint32_t last;
    uint32_t at;
    size_t count = 0;

    if (module->inlinee_count == 0 || !avd_pdb_proc_body(pdb, module, proc, &at, &last))
        return AVD_OK;
    parent_end = last;
    while (count < AVD_MAX_PDB_INLINES &&
           avd_pdb_record_read(pdb, &module->stream, at, last, &record)) {
        uint32_t end = avd_view_u32(record.data, SITE_END);
        struct avd_inline *slot = &found[AVD_MAX_PDB_INLINES - 1 - count];

        at = record.next;
        if (record.kind != S_INLINESITE && record.kind != S_INLINESITE2)
            continue;
        if (end < record.next || end > parent_end || end % 4 != 0)
            continue;
        memset(slot, 0, sizeof *slot);
        if (read_site(pdb, module, &record, offset, slot)) {
            /* From here on only what lies within this call. */
            parent_end = end;
            last = end;
            count++;
        } else {
            at = end;
        }
        if (pdb->out_of_memory)
            return AVD_E_NOMEM;
    }
    if (count != 0) {
        out->inlines =
            avd_pdb_keep(pdb, &found[AVD_MAX_PDB_INLINES - count], count * sizeof *found);
        if (out->inlines == NULL)
            return AVD_E_NOMEM;
        out->inline_count = count;
    }
    return AVD_OK;
}
