/* SPDX-License-Identifier: MIT */
/*
 * How x86 functions lay out their frames: FRAMEDATA ("new FPO"), with programs, and the older
 * FPO_DATA. Both tables are sorted by the image's original addresses and searched where they lie.
 * Format: winnt.h (FPO_DATA), LLVM's DebugFrameDataSubsection.
 */
#include "symbols/pdb_private.h"

#include "base/bisect.h"

#include <string.h>

enum {
    NO_STREAM = 0xffff,

    FRAME_SIZE = 32,
    FRAME_CODE_SIZE = 4,
    FRAME_LOCALS = 8,
    FRAME_PARAMETERS = 12,
    FRAME_MAX_STACK = 16,
    FRAME_PROGRAM = 20,
    FRAME_PROLOG = 24,
    FRAME_SAVED_REGS = 26,

    FPO_SIZE = 16,
    FPO_CODE_SIZE = 4,
    FPO_LOCALS = 8,
    FPO_PARAMETERS = 12,
    FPO_BITS = 14, /* 0-7 prologue, 8-10 saved registers, 12 EBP is used, 14-15 kind */
    FPO_USES_EBP = 1 << 12,
    FPO_KIND_FPO = 0,
    FPO_KIND_NONFPO = 3
};

static bool open_table(struct avd_pdb *pdb, enum avd_pdb_debug_stream which,
                       struct avd_msf_stream *out)
{
    uint32_t number = pdb->debug_streams[which];

    return number != NO_STREAM && avd_msf_stream(&pdb->msf, number, out);
}

/*
 * The record of `stride` bytes that covers `rva`: of those that do, the one that begins last, for a
 * function has one more for each push of its prologue. All begin with rva and size of the code.
 */
static bool find_record(const struct avd_msf_stream *table, uint32_t stride, uint32_t rva,
                        uint8_t *buffer, struct avd_view *out)
{
    struct avd_bisect b = avd_bisect_start(table->size / stride);
    size_t i;

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, avd_msf_u32(table, (uint64_t)b.middle * stride) <= rva);
    for (i = b.low; i > 0 && b.low - i < AVD_MAX_PDB_LOOK_BACK; i--) {
        if (!avd_msf_view(table, (uint64_t)(i - 1) * stride, stride, buffer, out))
            return false;
        if (rva - avd_view_u32(*out, 0) < avd_view_u32(*out, 4))
            return true;
    }
    return false;
}

static void set_frame_data(struct avd_pdb *pdb, struct avd_view record, struct avd_frame_data *out)
{
    out->code_size = avd_view_u32(record, FRAME_CODE_SIZE);
    out->locals_size = avd_view_u32(record, FRAME_LOCALS);
    out->parameter_size = avd_view_u32(record, FRAME_PARAMETERS);
    out->max_stack_size = avd_view_u32(record, FRAME_MAX_STACK);
    out->prolog_size = avd_view_u16(record, FRAME_PROLOG);
    out->saved_regs_size = avd_view_u16(record, FRAME_SAVED_REGS);
    out->program = avd_pdb_name_at(pdb, avd_view_u32(record, FRAME_PROGRAM));
}

/* False for what only the kernel has: trap and task frames. */
static bool set_fpo(struct avd_view record, struct avd_frame_data *out)
{
    uint32_t bits = avd_view_u16(record, FPO_BITS);
    uint32_t kind = bits >> 14;

    if (kind != FPO_KIND_FPO && kind != FPO_KIND_NONFPO)
        return false;
    out->is_fpo = true;
    out->has_ebp_frame = kind == FPO_KIND_NONFPO;
    out->code_size = avd_view_u32(record, FPO_CODE_SIZE);
    /* Counted in words of the stack; locals wrap only in a damaged file. */
    out->locals_size = avd_view_u32(record, FPO_LOCALS) * 4;
    out->parameter_size = (uint32_t)avd_view_u16(record, FPO_PARAMETERS) * 4;
    out->prolog_size = bits & 0xff;
    out->saved_regs_size = (bits >> 8 & 7) * 4;
    out->allocates_base_pointer = (bits & FPO_USES_EBP) != 0;
    return true;
}

enum avd_status avd_pdb_frame_data(struct avd_pdb *pdb, uint64_t rva, struct avd_frame_data *out)
{
    uint8_t buffer[FRAME_SIZE];
    struct avd_msf_stream table;
    struct avd_view record;
    uint32_t original;
    bool found = false;

    memset(out, 0, sizeof *out);
    pdb->out_of_memory = false;
    if (!avd_pdb_rva_to_source(pdb, rva, &original))
        return AVD_NOT_FOUND;
    if (open_table(pdb, AVD_PDB_NEW_FPO, &table) &&
        find_record(&table, FRAME_SIZE, original, buffer, &record)) {
        set_frame_data(pdb, record, out);
        found = true;
    } else if (open_table(pdb, AVD_PDB_FPO, &table) &&
               find_record(&table, FPO_SIZE, original, buffer, &record)) {
        found = set_fpo(record, out);
    }
    if (!found || pdb->out_of_memory) {
        memset(out, 0, sizeof *out);
        return found ? AVD_E_NOMEM : AVD_NOT_FOUND;
    }
    /* As far from the address as in the original layout: callers compare it with the prologue. */
    out->rva = rva - (original - avd_view_u32(record, 0));
    return AVD_OK;
}
