/* SPDX-License-Identifier: MIT */
/*
 * Lines of a module: C13 subsections with lines, file checksums and declarations of inlined
 * functions. An index of them is made once per module; lines are searched where they lie.
 * Format: microsoft-pdb's cvinfo.h (CV_DebugS*), LLVM's DebugLinesSubsection.
 */
#include "symbols/pdb_private.h"

#include "base/bisect.h"
#include "base/memory.h"

#include <string.h>

enum {
    DEBUG_S_LINES = 0xf2,
    DEBUG_S_FILECHKSMS = 0xf4,
    DEBUG_S_INLINEELINES = 0xf6,

    SUBSECTION_HEADER = 8,
    LINES_HEADER = 12, /* offset, section, flags, size of the code */
    BLOCK_HEADER = 12, /* file, count, size */
    LINE_SIZE = 8,
    INLINEE_SIZE = 12,

    LINE_MASK = 0xffffff,
    LINE_HIDDEN = 0xf00f00,   /* never step into: no line of its own */
    LINE_STEP_INTO = 0xfeefee /* always step into: the same */
};

/* What open_subsections has gathered so far. */
struct gathered {
    struct avd_pdb_fragment *fragments;
    struct avd_pdb_inlinee *inlinees;
    uint32_t fragment_count, fragment_capacity;
    uint32_t inlinee_count, inlinee_capacity;
};

static bool add_fragment(struct gathered *all, const struct avd_pdb_fragment *fragment)
{
    struct avd_pdb_fragment *grown =
        avd_pdb_grow(all->fragments, all->fragment_count, &all->fragment_capacity, sizeof *grown);

    if (grown == NULL)
        return false;
    all->fragments = grown;
    grown[all->fragment_count++] = *fragment;
    return true;
}

/* A subsection of declarations; entries of the second form carry further files. */
static bool add_inlinees(const struct avd_pdb_module *module, uint64_t at, uint64_t end,
                         struct gathered *all)
{
    bool extended = avd_msf_u32(&module->stream, at) != 0;

    for (at += 4; at + INLINEE_SIZE <= end; at += INLINEE_SIZE) {
        uint8_t buffer[INLINEE_SIZE];
        struct avd_pdb_inlinee *grown;
        struct avd_view view;

        if (!avd_msf_view(&module->stream, at, sizeof buffer, buffer, &view))
            break;
        grown =
            avd_pdb_grow(all->inlinees, all->inlinee_count, &all->inlinee_capacity, sizeof *grown);
        if (grown == NULL)
            return false;
        all->inlinees = grown;
        grown += all->inlinee_count++;
        grown->id = avd_view_u32(view, 0);
        grown->file = avd_view_u32(view, 4);
        grown->line = avd_view_u32(view, 8);
        if (extended)
            at += 4 + (uint64_t)avd_msf_u32(&module->stream, at + INLINEE_SIZE) * 4;
    }
    return true;
}

static bool gather(struct avd_pdb *pdb, struct avd_pdb_module *module, struct gathered *all)
{
    uint64_t end = (uint64_t)module->line_offset + module->line_size;
    uint64_t at = module->line_offset;
    uint32_t size;

    for (; at + SUBSECTION_HEADER <= end; at += ((uint64_t)size + 3) / 4 * 4) {
        uint8_t buffer[SUBSECTION_HEADER + LINES_HEADER];
        struct avd_pdb_fragment fragment;
        struct avd_view head;
        uint32_t kind;

        if (!avd_msf_view(&module->stream, at, SUBSECTION_HEADER, buffer, &head))
            size = UINT32_MAX;
        else
            size = avd_view_u32(head, 4);
        kind = avd_view_u32(head, 0);
        if (size > end - at - SUBSECTION_HEADER) {
            avd_pdb_damaged(pdb,
                            "lines at 0x%llx: a part does not fit or its page is not in the "
                            "file; the module's other lines are not known",
                            (unsigned long long)avd_msf_offset(&module->stream, at));
            break;
        }
        at += SUBSECTION_HEADER;
        if (kind == DEBUG_S_LINES && size >= LINES_HEADER &&
            avd_msf_view(&module->stream, at, LINES_HEADER, buffer, &head)) {
            fragment.start.offset = avd_view_u32(head, 0);
            fragment.start.section = avd_view_u16(head, 4);
            fragment.size = avd_view_u32(head, 8);
            fragment.data = (uint32_t)at;
            fragment.data_size = size;
            if (!add_fragment(all, &fragment))
                return false;
        } else if (kind == DEBUG_S_FILECHKSMS) {
            module->checksums = (uint32_t)at;
            module->checksums_size = size;
        } else if (kind == DEBUG_S_INLINEELINES && size >= 4) {
            if (!add_inlinees(module, at, at + size, all))
                return false;
        }
    }
    return true;
}

static int compare_fragments(const void *a, const void *b)
{
    const struct avd_pdb_fragment *x = a;
    const struct avd_pdb_fragment *y = b;
    int order = avd_pdb_place_compare(x->start, y->start);

    return order != 0 ? order : (x->data < y->data) - (x->data > y->data);
}

static int compare_inlinees(const void *a, const void *b)
{
    const struct avd_pdb_inlinee *x = a;
    const struct avd_pdb_inlinee *y = b;
    int order = (x->id > y->id) - (x->id < y->id);

    if (order == 0)
        order = (x->file > y->file) - (x->file < y->file);
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

enum avd_status avd_pdb_lines_open(struct avd_pdb *pdb, struct avd_pdb_module *module)
{
    struct gathered all = {0};

    if (module->has_lines)
        return AVD_OK;
    if (!gather(pdb, module, &all)) {
        avd_mem_free(all.fragments);
        avd_mem_free(all.inlinees);
        return AVD_E_NOMEM;
    }
    avd_pdb_sort(all.fragments, all.fragment_count, sizeof *all.fragments, compare_fragments);
    avd_pdb_sort(all.inlinees, all.inlinee_count, sizeof *all.inlinees, compare_inlinees);
    module->fragments = all.fragments;
    module->fragment_count = all.fragment_count;
    module->inlinees = all.inlinees;
    module->inlinee_count = all.inlinee_count;
    module->has_lines = true;
    return AVD_OK;
}

const struct avd_pdb_inlinee *avd_pdb_inlinee_find(const struct avd_pdb_module *module, uint32_t id)
{
    struct avd_bisect b = avd_bisect_start(module->inlinee_count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, module->inlinees[b.middle].id < id);
    if (b.low == module->inlinee_count || module->inlinees[b.low].id != id)
        return NULL;
    return &module->inlinees[b.low];
}

/* ---- searching lines ----------------------------------------------------------------------- */

/* The best line so far: the one that begins last. */
struct best {
    bool found;
    uint32_t offset; /* in the section */
    uint32_t file;
    uint32_t line;
};

/* The last real line at or before `offset` of a block of `count` lines, which count from `base`. */
static void search_block(const struct avd_msf_stream *stream, uint64_t at, uint32_t count,
                         uint32_t file, uint32_t base, uint32_t offset, struct best *best)
{
    struct avd_bisect b = avd_bisect_start(count);

    size_t i;

    while (avd_bisect_next(&b)) {
        uint64_t entry = at + (uint64_t)b.middle * LINE_SIZE;

        avd_bisect_answer(&b, avd_msf_u32(stream, entry) <= offset - base);
    }
    for (i = b.low; i > 0; i--) {
        uint64_t entry = at + (uint64_t)(i - 1) * LINE_SIZE;
        uint32_t start = base + avd_msf_u32(stream, entry);
        uint32_t line = avd_msf_u32(stream, entry + 4) & LINE_MASK;

        if (best->found && start < best->offset)
            return;
        if (line == LINE_HIDDEN || line == LINE_STEP_INTO)
            continue;
        best->found = true;
        best->offset = start;
        best->file = file;
        best->line = line;
        return;
    }
}

/* Each block of a fragment is of one file; where files take turns their blocks interleave. */
static void search_fragment(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                            const struct avd_pdb_fragment *fragment, uint32_t offset,
                            struct best *best)
{
    uint64_t end = (uint64_t)fragment->data + fragment->data_size;
    uint64_t at = (uint64_t)fragment->data + LINES_HEADER;
    uint32_t blocks;

    for (blocks = 0; at + BLOCK_HEADER <= end && blocks < AVD_MAX_PDB_LINE_BLOCKS; blocks++) {
        uint8_t buffer[BLOCK_HEADER];
        struct avd_view head;
        uint32_t count;
        uint32_t size;

        if (!avd_msf_view(&module->stream, at, sizeof buffer, buffer, &head))
            return;
        count = avd_view_u32(head, 4);
        size = avd_view_u32(head, 8);
        if (size < BLOCK_HEADER || size > end - at || count > (size - BLOCK_HEADER) / LINE_SIZE) {
            avd_pdb_damaged(pdb, "lines at 0x%llx: a block of %u bytes cannot hold %u lines",
                            (unsigned long long)head.offset, (unsigned)size, (unsigned)count);
            return;
        }
        search_block(&module->stream, at + BLOCK_HEADER, count, avd_view_u32(head, 0),
                     fragment->start.offset, offset, best);
        at += size;
    }
}

bool avd_pdb_line_find(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                       struct avd_pdb_place place, uint32_t *file, uint32_t *line)
{
    struct best best = {0};
    struct avd_bisect b = avd_bisect_start(module->fragment_count);
    size_t i;

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, avd_pdb_place_compare(module->fragments[b.middle].start, place) <= 0);
    /* There may be several for one function. */
    for (i = b.low; i > 0 && b.low - i < AVD_MAX_PDB_LOOK_BACK; i--) {
        const struct avd_pdb_fragment *fragment = &module->fragments[i - 1];

        if (avd_pdb_place_within(place, fragment->start, fragment->size))
            search_fragment(pdb, module, fragment, place.offset, &best);
    }
    *file = best.file;
    *line = best.line;
    return best.found;
}

const char *avd_pdb_file_name(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                              uint32_t file)
{
    if (module->checksums_size < 4 || file > module->checksums_size - 4)
        return NULL;
    return avd_pdb_name_at(pdb, avd_msf_u32(&module->stream, (uint64_t)module->checksums + file));
}
