/* SPDX-License-Identifier: MIT */
/*
 * The DBI stream (3): which streams hold what, the modules, and the section contributions, which
 * say from which module each piece of the image comes. Format: LLVM's docs/PDB/DbiStream.rst.
 */
#include "symbols/pdb_private.h"

#include "base/bisect.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    DBI_STREAM = 3,
    DBI_HEADER = 64,
    VERSION_V70 = 19990903,
    FLAG_STRIPPED = 2,
    NO_STREAM = 0xffff,
    MODULE_HEADER = 64, /* up to the names */
    CONTRIBUTION_HEADER = 4,
    CONTRIBUTION_SIZE = 28,
    CONTRIBUTION2_SIZE = 32 /* with the section of the object file */
};

static const uint32_t contributions_v60 = 0xeffe0000u + 19970605u;
static const uint32_t contributions_v2 = 0xeffe0000u + 20140516u;

/* A substream that begins where `*at` stands; what does not fit is cut off. */
static struct avd_pdb_range take_part(struct avd_pdb *pdb, const struct avd_msf_stream *stream,
                                      uint64_t *at, uint32_t size, const char *what)
{
    struct avd_pdb_range range = {*stream, *at, size};
    uint64_t left = stream->size > *at ? stream->size - *at : 0;

    if (size > left) {
        avd_pdb_damaged(pdb, "DBI stream at 0x%llx: %s needs %u bytes, the stream has %llu left",
                        (unsigned long long)avd_msf_offset(stream, 0), what, (unsigned)size,
                        (unsigned long long)left);
        range.size = (uint32_t)left;
    }
    *at += size;
    return range;
}

static void open_contributions(struct avd_pdb *pdb)
{
    struct avd_pdb_range *range = &pdb->contribution_info;
    uint32_t version = avd_msf_u32(&range->stream, range->offset);

    if (range->size < CONTRIBUTION_HEADER)
        return;
    if (version != contributions_v60 && version != contributions_v2) {
        avd_pdb_damaged(pdb,
                        "section contributions at 0x%llx: unknown version 0x%x; only public "
                        "symbols can be used",
                        (unsigned long long)avd_msf_offset(&range->stream, range->offset),
                        (unsigned)version);
        return;
    }
    pdb->contribution_stride = version == contributions_v2 ? CONTRIBUTION2_SIZE : CONTRIBUTION_SIZE;
    pdb->contribution_count = (range->size - CONTRIBUTION_HEADER) / pdb->contribution_stride;
}

enum avd_status avd_pdb_dbi_open(struct avd_pdb *pdb, struct avd_error *err)
{
    struct avd_msf_stream stream;
    struct avd_pdb_range debug;
    struct avd_view head;
    uint8_t buffer[DBI_HEADER];
    uint64_t at = DBI_HEADER;
    uint32_t i;

    memset(pdb->debug_streams, 0xff, sizeof pdb->debug_streams);
    if (!avd_msf_stream(&pdb->msf, DBI_STREAM, &stream))
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "DBI stream",
                             "is absent: this PDB holds types only, no functions (a type server)");
    if (!avd_msf_view(&stream, 0, sizeof buffer, buffer, &head))
        return avd_error_set(err, AVD_E_FORMAT, avd_msf_offset(&stream, 0), "DBI stream",
                             "expected %d bytes, found %u or pages outside the file", DBI_HEADER,
                             (unsigned)stream.size);
    if (avd_view_u32(head, 0) != UINT32_MAX || avd_view_u32(head, 4) < VERSION_V70)
        return avd_error_set(err, AVD_E_FORMAT, head.offset, "DBI stream",
                             "signature 0x%x, version %u: expected 0xffffffff, %d or newer",
                             (unsigned)avd_view_u32(head, 0), (unsigned)avd_view_u32(head, 4),
                             VERSION_V70);
    pdb->identity.age = avd_view_u32(head, 8);
    pdb->identity.machine = avd_view_u16(head, 58);
    pdb->identity.stripped = (avd_view_u16(head, 56) & FLAG_STRIPPED) != 0;
    pdb->publics_stream = avd_view_u16(head, 16);
    (void)avd_msf_stream(&pdb->msf, avd_view_u16(head, 20), &pdb->symbol_records);

    /* The parts lie in this order, which is not that of their sizes in the header. */
    pdb->module_info = take_part(pdb, &stream, &at, avd_view_u32(head, 24), "module list");
    pdb->contribution_info =
        take_part(pdb, &stream, &at, avd_view_u32(head, 28), "contribution list");
    at += (uint64_t)avd_view_u32(head, 32) + avd_view_u32(head, 36) + avd_view_u32(head, 40) +
          avd_view_u32(head, 52); /* section map, files, type servers, edit-and-continue names */
    debug = take_part(pdb, &stream, &at, avd_view_u32(head, 48), "debug header");
    for (i = 0; i < AVD_PDB_DEBUG_STREAMS && i < debug.size / 2; i++)
        pdb->debug_streams[i] = avd_msf_u16(&stream, debug.offset + (uint64_t)i * 2);
    open_contributions(pdb);
    return AVD_OK;
}

/* ---- modules ------------------------------------------------------------------------------- */

/* The offset behind the string at `at`; `limit` when it does not end. */
static uint64_t skip_text(const struct avd_msf_stream *stream, uint64_t at, uint64_t limit)
{
    struct avd_view run;

    while (at < limit && avd_msf_run(stream, at, limit - at < 256 ? limit - at : 256, &run)) {
        const uint8_t *end = memchr(run.data, 0, run.size);

        if (end != NULL)
            return at + (uint64_t)(end - run.data) + 1;
        at += run.size;
    }
    return limit;
}

/* Where the parts of a module's stream are; one whose sizes do not fit has no symbols. */
static void set_module(struct avd_pdb *pdb, uint32_t index, struct avd_view head,
                       struct avd_pdb_module *module)
{
    uint32_t number = avd_view_u16(head, 34);
    uint32_t symbols = avd_view_u32(head, 36);
    uint64_t c11 = avd_view_u32(head, 40);
    uint64_t c13 = avd_view_u32(head, 44);

    if (number == NO_STREAM || !avd_msf_stream(&pdb->msf, number, &module->stream))
        return;
    if (symbols + c11 + c13 > module->stream.size) {
        avd_pdb_damaged(pdb,
                        "module %u: symbols and lines need %llu bytes, stream %u has %u; they "
                        "are not read",
                        (unsigned)index, (unsigned long long)(symbols + c11 + c13),
                        (unsigned)number, (unsigned)module->stream.size);
        memset(&module->stream, 0, sizeof module->stream);
        return;
    }
    module->symbol_size = symbols;
    module->line_offset = (uint32_t)(symbols + c11);
    module->line_size = (uint32_t)c13;
}

/*
 * The list of modules: their records differ in size, so it must be walked to find one. Two passes,
 * the first of which counts.
 */
static enum avd_status open_modules(struct avd_pdb *pdb)
{
    const struct avd_msf_stream *stream = &pdb->module_info.stream;
    uint64_t limit = pdb->module_info.offset + pdb->module_info.size;
    struct avd_pdb_module *modules = NULL;
    uint32_t pass;
    uint32_t count = 0;

    for (pass = 0; pass < 2; pass++) {
        uint64_t at = pdb->module_info.offset;

        if (pass == 1) {
            modules = avd_arena_alloc(&pdb->arena, count, sizeof *modules);
            if (modules == NULL)
                return AVD_E_NOMEM;
        }
        for (count = 0; at + MODULE_HEADER < limit && count < NO_STREAM; count++) {
            uint8_t buffer[MODULE_HEADER];
            struct avd_view head;

            if (pass == 1 && avd_msf_view(stream, at, sizeof buffer, buffer, &head))
                set_module(pdb, count, head, &modules[count]);
            at = skip_text(stream, at + MODULE_HEADER, limit);
            at = skip_text(stream, at, limit);
            at = (at - pdb->module_info.offset + 3) / 4 * 4 + pdb->module_info.offset;
        }
    }
    pdb->modules = modules;
    pdb->module_count = count;
    pdb->modules_opened = true;
    return AVD_OK;
}

enum avd_status avd_pdb_module_get(struct avd_pdb *pdb, uint32_t index, struct avd_pdb_module **out)
{
    *out = NULL;
    if (!pdb->modules_opened && open_modules(pdb) != AVD_OK)
        return AVD_E_NOMEM;
    if (index >= pdb->module_count || pdb->modules[index].stream.msf == NULL)
        return AVD_NOT_FOUND;
    *out = &pdb->modules[index];
    return AVD_OK;
}

/* ---- section contributions ----------------------------------------------------------------- */

static struct avd_pdb_contribution contribution_at(const struct avd_pdb *pdb, size_t index)
{
    const struct avd_pdb_range *range = &pdb->contribution_info;
    struct avd_pdb_contribution result = {0};
    uint8_t buffer[18];
    struct avd_view view;

    if (pdb->contributions != NULL)
        return pdb->contributions[index];
    if (avd_msf_view(&range->stream,
                     range->offset + CONTRIBUTION_HEADER +
                         (uint64_t)index * pdb->contribution_stride,
                     sizeof buffer, buffer, &view)) {
        result.start.section = avd_view_u16(view, 0);
        result.start.offset = avd_view_u32(view, 4);
        result.size = avd_view_u32(view, 8);
        result.module = avd_view_u16(view, 16);
    }
    return result;
}

static int compare_contributions(const void *a, const void *b)
{
    const struct avd_pdb_contribution *x = a;
    const struct avd_pdb_contribution *y = b;
    int order = avd_pdb_place_compare(x->start, y->start);

    if (order == 0)
        order = (x->size > y->size) - (x->size < y->size);
    if (order == 0)
        order = (x->module > y->module) - (x->module < y->module);
    return order;
}

/* The last contribution that begins at or before `place` and holds it. */
static bool search(const struct avd_pdb *pdb, struct avd_pdb_place place,
                   struct avd_pdb_contribution *out)
{
    struct avd_bisect b = avd_bisect_start(pdb->contribution_count);
    size_t i;

    while (avd_bisect_next(&b)) {
        struct avd_pdb_place start = contribution_at(pdb, b.middle).start;

        avd_bisect_answer(&b, avd_pdb_place_compare(start, place) <= 0);
    }
    /* Empty ones and those of merged sections may lie in between. */
    for (i = b.low; i > 0 && b.low - i < AVD_MAX_PDB_LOOK_BACK; i--) {
        *out = contribution_at(pdb, i - 1);
        if (avd_pdb_place_within(place, out->start, out->size))
            return true;
    }
    return false;
}

/* Linkers write them sorted, but nothing promises that: looked at when a search fails, once. */
static enum avd_status sort_contributions(struct avd_pdb *pdb)
{
    uint32_t count = pdb->contribution_count;
    struct avd_pdb_contribution *sorted;
    uint32_t i;

    pdb->contributions_checked = true;
    for (i = 1; i < count; i++) {
        if (avd_pdb_place_compare(contribution_at(pdb, i - 1).start,
                                  contribution_at(pdb, i).start) > 0)
            break;
    }
    if (i >= count)
        return AVD_OK;
    sorted = avd_mem_calloc(count, sizeof *sorted);
    if (sorted == NULL) {
        pdb->contributions_checked = false;
        return AVD_E_NOMEM;
    }
    for (i = 0; i < count; i++)
        sorted[i] = contribution_at(pdb, i);
    qsort(sorted, count, sizeof *sorted, compare_contributions);
    pdb->contributions = sorted;
    return AVD_OK;
}

enum avd_status avd_pdb_contribution_find(struct avd_pdb *pdb, struct avd_pdb_place place,
                                          struct avd_pdb_contribution *out)
{
    enum avd_status status;

    memset(out, 0, sizeof *out);
    if (search(pdb, place, out))
        return AVD_OK;
    if (!pdb->contributions_checked) {
        status = sort_contributions(pdb);
        if (status != AVD_OK)
            return status;
        if (pdb->contributions != NULL && search(pdb, place, out))
            return AVD_OK;
    }
    memset(out, 0, sizeof *out);
    return AVD_NOT_FOUND;
}
