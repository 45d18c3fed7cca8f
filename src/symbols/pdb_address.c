/* SPDX-License-Identifier: MIT */
/*
 * Addresses: section headers turn section and offset into an rva; OMAP tables translate between
 * the image and the layout that the linker made, for images whose code was moved afterwards
 * (Windows's own DLLs up to about 2010, Syzygy). Format: raw_pdb, LLVM's DbiStream.rst.
 */
#include "symbols/pdb_private.h"

#include "base/bisect.h"

enum { SECTION_HEADER = 40, OMAP_ENTRY = 8, NO_STREAM = 0xffff };

/* Microsoft's tools mark what was left out by 0; Syzygy by this bit (seen in its own PDBs). */
static const uint32_t omap_gone = 0x80000000u;

static bool debug_stream(const struct avd_pdb *pdb, enum avd_pdb_debug_stream which,
                         struct avd_msf_stream *out)
{
    uint32_t number = pdb->debug_streams[which];

    return avd_msf_stream(&pdb->msf, number == NO_STREAM ? UINT32_MAX : number, out);
}

enum avd_status avd_pdb_address_open(struct avd_pdb *pdb, struct avd_error *err)
{
    struct avd_msf_stream headers;
    bool found = false;
    uint32_t i;

    (void)debug_stream(pdb, AVD_PDB_OMAP_TO_SOURCE, &pdb->omap_to_source);
    (void)debug_stream(pdb, AVD_PDB_OMAP_FROM_SOURCE, &pdb->omap_from_source);
    /* With OMAP the PDB speaks of the original sections; Syzygy's PDBs have those in the place of
     * the image's. */
    if (pdb->omap_to_source.msf != NULL)
        found = debug_stream(pdb, AVD_PDB_ORIGINAL_SECTIONS, &headers);
    if (!found)
        found = debug_stream(pdb, AVD_PDB_SECTIONS, &headers);
    if (!found)
        return avd_error_set(err, AVD_E_FORMAT, 0, "section headers",
                             "are absent: the PDB's places cannot be turned into addresses");
    for (i = 0; i < AVD_MAX_SECTIONS; i++) {
        uint64_t at = (uint64_t)i * SECTION_HEADER;

        if (at + SECTION_HEADER > headers.size)
            break;
        pdb->sections[i].size = avd_msf_u32(&headers, at + 8);
        pdb->sections[i].rva = avd_msf_u32(&headers, at + 12);
    }
    pdb->section_count = i;
    return AVD_OK;
}

int avd_pdb_place_compare(struct avd_pdb_place a, struct avd_pdb_place b)
{
    if (a.section != b.section)
        return a.section < b.section ? -1 : 1;
    return (a.offset > b.offset) - (a.offset < b.offset);
}

bool avd_pdb_place_within(struct avd_pdb_place place, struct avd_pdb_place start, uint32_t size)
{
    return place.section == start.section && place.offset >= start.offset &&
           place.offset - start.offset < size;
}

/* ---- OMAP ---------------------------------------------------------------------------------- */

/* {rva, rva in the other layout}, sorted by the first; each is valid up to the next. */
static bool translate(const struct avd_msf_stream *omap, uint32_t rva, uint32_t *out)
{
    struct avd_bisect b = avd_bisect_start(omap->size / OMAP_ENTRY);
    uint32_t from;
    uint32_t to;

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, avd_msf_u32(omap, (uint64_t)b.middle * OMAP_ENTRY) <= rva);
    if (b.low == 0)
        return false;
    from = avd_msf_u32(omap, (uint64_t)(b.low - 1) * OMAP_ENTRY);
    to = avd_msf_u32(omap, (uint64_t)(b.low - 1) * OMAP_ENTRY + 4);
    /* Before the distance is added, which could hide the mark. */
    if (to == 0 || (to & omap_gone) != 0)
        return false;
    *out = to + (rva - from);
    return true;
}

/* For what the table image <- original lacks: the other one, searched from its values. */
static bool translate_back(const struct avd_msf_stream *omap, uint32_t original, uint32_t *out)
{
    uint32_t count = omap->size / OMAP_ENTRY;
    uint32_t i;

    for (i = 0; i < count && i < AVD_MAX_PDB_OMAP_SCAN; i++) {
        uint64_t at = (uint64_t)i * OMAP_ENTRY;
        uint32_t from = avd_msf_u32(omap, at);
        uint32_t to = avd_msf_u32(omap, at + 4);
        uint32_t size = i + 1 < count ? avd_msf_u32(omap, at + OMAP_ENTRY) - from : 1;

        if (to != 0 && (to & omap_gone) == 0 && original >= to && original - to < size) {
            *out = from + (original - to);
            return true;
        }
    }
    return false;
}

bool avd_pdb_rva_to_source(struct avd_pdb *pdb, uint64_t rva, uint32_t *original)
{
    if (rva > UINT32_MAX)
        return false;
    *original = (uint32_t)rva;
    return pdb->omap_to_source.msf == NULL ||
           translate(&pdb->omap_to_source, (uint32_t)rva, original);
}

bool avd_pdb_place_of(const struct avd_pdb *pdb, uint32_t original, struct avd_pdb_place *out)
{
    uint32_t i;

    for (i = 0; i < pdb->section_count; i++) {
        const struct avd_pdb_section *section = &pdb->sections[i];

        if (original >= section->rva && original - section->rva < section->size) {
            out->section = (uint16_t)(i + 1);
            out->offset = original - section->rva;
            return true;
        }
    }
    return false;
}

bool avd_pdb_place_to_rva(struct avd_pdb *pdb, struct avd_pdb_place place, uint64_t *rva)
{
    uint32_t original;
    uint32_t image;

    if (place.section == 0 || place.section > pdb->section_count)
        return false;
    original = pdb->sections[place.section - 1].rva + place.offset;
    image = original;
    if (pdb->omap_to_source.msf != NULL &&
        !(pdb->omap_from_source.msf != NULL &&
          translate(&pdb->omap_from_source, original, &image)) &&
        !translate_back(&pdb->omap_to_source, original, &image))
        return false;
    *rva = image;
    return true;
}
