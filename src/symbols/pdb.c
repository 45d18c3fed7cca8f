/* SPDX-License-Identifier: MIT */
/*
 * Opening a PDB, and the way of an address through it: original layout -> section and offset ->
 * contribution -> module -> procedure, line, inlined calls; else the nearest public symbol.
 */
#include "symbols/pdb.h"

#include "base/memory.h"
#include "base/utf.h"
#include "symbols/pdb_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { S_TRAMPOLINE = 0x112c, FIRST_BLOBS = 64 };

void avd_pdb_damaged(struct avd_pdb *pdb, const char *format, ...)
{
    char words[sizeof pdb->damage];
    size_t used = strlen(pdb->damage);
    size_t left = sizeof pdb->damage - used;
    va_list args;

    va_start(args, format);
    if (vsnprintf(words, sizeof words, format, args) >= (int)sizeof words)
        avd_utf8_trim(words);
    va_end(args);
    if (strstr(pdb->damage, words) != NULL || strlen(words) + 3 > left)
        return;
    (void)snprintf(pdb->damage + used, left, "%s%s", used != 0 ? "; " : "", words);
}

void *avd_pdb_grow(void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    uint32_t wanted = *capacity < 16 ? 16 : *capacity + *capacity / 2;
    void *grown;

    if (count < *capacity)
        return items;
    grown = avd_mem_realloc(items, wanted, size);
    if (grown != NULL)
        *capacity = wanted;
    return grown;
}

void avd_pdb_sort(void *items, size_t count, size_t size,
                  int (*compare)(const void *, const void *))
{
    const char *bytes = items;
    size_t i;

    for (i = 1; i < count; i++)
        if (compare(bytes + (i - 1) * size, bytes + i * size) > 0) {
            qsort(items, count, size, compare);
            break;
        }
}

const char *avd_pdb_damage(const struct avd_pdb *pdb)
{
    return pdb->damage;
}

/* ---- what is handed out -------------------------------------------------------------------- */

/* FNV-1a, 64 bits. */
static size_t hash_bytes(const unsigned char *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    size_t i;

    for (i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return (size_t)(hash ^ hash >> 32);
}

/* The slot where these bytes are or would be. The table is never full. */
static struct avd_pdb_blob *find_blob(struct avd_pdb_blob *blobs, size_t capacity,
                                      const void *bytes, size_t size)
{
    size_t i = hash_bytes(bytes, size) & (capacity - 1);

    while (blobs[i].bytes != NULL &&
           (blobs[i].size != size || memcmp(blobs[i].bytes, bytes, size) != 0))
        i = (i + 1) & (capacity - 1);
    return &blobs[i];
}

static bool grow_blobs(struct avd_pdb *pdb)
{
    size_t capacity = pdb->blob_capacity == 0 ? FIRST_BLOBS : pdb->blob_capacity * 2;
    struct avd_pdb_blob *grown;
    size_t i;

    if (pdb->blob_count * 2 < pdb->blob_capacity)
        return true;
    grown = avd_mem_calloc(capacity, sizeof *grown);
    if (grown == NULL)
        return false;
    for (i = 0; i < pdb->blob_capacity; i++) {
        const struct avd_pdb_blob *blob = &pdb->blobs[i];

        if (blob->bytes != NULL)
            *find_blob(grown, capacity, blob->bytes, blob->size) = *blob;
    }
    avd_mem_free(pdb->blobs);
    pdb->blobs = grown;
    pdb->blob_capacity = capacity;
    return true;
}

const void *avd_pdb_keep(struct avd_pdb *pdb, const void *bytes, size_t size)
{
    struct avd_pdb_blob *blob;
    void *copy;

    if (!grow_blobs(pdb)) {
        pdb->out_of_memory = true;
        return NULL;
    }
    blob = find_blob(pdb->blobs, pdb->blob_capacity, bytes, size);
    if (blob->bytes == NULL) {
        copy = avd_arena_alloc(&pdb->arena, 1, size);
        if (copy == NULL) {
            pdb->out_of_memory = true;
            return NULL;
        }
        memcpy(copy, bytes, size);
        blob->bytes = copy;
        blob->size = size;
        pdb->blob_count++;
    }
    return blob->bytes;
}

static bool is_utf8(const char *text, size_t size)
{
    size_t i = 0;

    while (i < size) {
        size_t length = (unsigned char)text[i] < 0x80 ? 1 : avd_utf8_length(text + i, size - i);

        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

const char *avd_pdb_text(struct avd_pdb *pdb, struct avd_view bytes)
{
    const char *text = (const char *)bytes.data;
    const char *end;
    const char *kept = NULL;
    struct avd_arena scratch = {0};
    size_t size;

    if (bytes.size == 0)
        return "";
    end = memchr(text, 0, bytes.size);
    size = end != NULL ? (size_t)(end - text) : bytes.size;
    if (end != NULL && avd_msf_in_file(&pdb->msf, bytes) && is_utf8(text, size))
        return text;
    bytes.size = size;
    text = avd_bytes_to_utf8(&scratch, bytes);
    if (text != NULL)
        kept = avd_pdb_keep(pdb, text, strlen(text) + 1);
    else
        pdb->out_of_memory = true;
    avd_arena_deinit(&scratch);
    return kept;
}

const char *avd_pdb_stream_text(struct avd_pdb *pdb, const struct avd_msf_stream *stream,
                                uint64_t offset, uint64_t limit)
{
    uint64_t left = limit > offset ? limit - offset : 0;
    struct avd_view run;
    struct avd_view text = {pdb->text_buffer, 0, 0};
    size_t have = 0;

    if (left > AVD_MAX_PDB_NAME_BYTES)
        left = AVD_MAX_PDB_NAME_BYTES;
    while (have < left && avd_msf_run(stream, offset + have, left - have, &run)) {
        const uint8_t *end = memchr(run.data, 0, run.size);

        if (end != NULL)
            run.size = (size_t)(end - run.data) + 1;
        if (end != NULL && have == 0)
            return avd_pdb_text(pdb, run);
        memcpy(pdb->text_buffer + have, run.data, run.size);
        have += run.size;
        if (end != NULL)
            break;
    }
    text.size = have;
    return have != 0 ? avd_pdb_text(pdb, text) : NULL;
}

/* ---- open and close ------------------------------------------------------------------------ */

static enum avd_status open_parts(struct avd_pdb *pdb, struct avd_view bytes, struct avd_error *err)
{
    enum avd_status status = avd_msf_open(bytes, &pdb->arena, &pdb->msf, err);

    if (status != AVD_OK)
        return status;
    pdb->record_buffer = avd_arena_alloc(&pdb->arena, 1, AVD_PDB_RECORD_BYTES);
    pdb->text_buffer = avd_arena_alloc(&pdb->arena, 1, AVD_PDB_RECORD_BYTES);
    if (pdb->record_buffer == NULL || pdb->text_buffer == NULL)
        return avd_error_nomem(err);
    if (pdb->msf.truncated)
        avd_pdb_damaged(pdb, "file: shorter than its page count says; some streams are cut short");
    if (pdb->msf.lost_streams != 0)
        avd_pdb_damaged(pdb,
                        "directory: holds no page lists for the last %u streams; they are "
                        "not read",
                        (unsigned)pdb->msf.lost_streams);
    status = avd_pdb_info_open(pdb, err);
    if (status == AVD_OK)
        status = avd_pdb_dbi_open(pdb, err);
    if (status == AVD_OK)
        status = avd_pdb_address_open(pdb, err);
    return status;
}

static enum avd_status open_file(struct avd_file file, struct avd_pdb **out, struct avd_error *err)
{
    struct avd_pdb *pdb = avd_mem_calloc(1, sizeof *pdb);
    enum avd_status status;

    *out = NULL;
    if (pdb == NULL) {
        avd_file_close(&file);
        return avd_error_nomem(err);
    }
    pdb->file = file;
    avd_arena_init(&pdb->arena);
    status = open_parts(pdb, file.view, err);
    if (status != AVD_OK) {
        avd_pdb_close(pdb);
        return status;
    }
    *out = pdb;
    return AVD_OK;
}

enum avd_status avd_pdb_open(const char *path, struct avd_pdb **pdb, struct avd_error *err)
{
    struct avd_file file;
    enum avd_status status = avd_file_map(path, &file, err);

    *pdb = NULL;
    return status == AVD_OK ? open_file(file, pdb, err) : status;
}

enum avd_status avd_pdb_open_memory(struct avd_view bytes, struct avd_pdb **pdb,
                                    struct avd_error *err)
{
    struct avd_file file = {0};

    file.view = bytes;
    return open_file(file, pdb, err);
}

void avd_pdb_close(struct avd_pdb *pdb)
{
    uint32_t i;

    if (pdb == NULL)
        return;
    for (i = 0; i < pdb->module_count; i++) {
        avd_mem_free(pdb->modules[i].procs);
        avd_mem_free(pdb->modules[i].fragments);
        avd_mem_free(pdb->modules[i].inlinees);
    }
    avd_mem_free(pdb->contributions);
    avd_mem_free(pdb->blobs);
    avd_mem_free(pdb->function_names);
    avd_arena_deinit(&pdb->arena);
    avd_file_close(&pdb->file);
    avd_mem_free(pdb);
}

const struct avd_pdb_identity *avd_pdb_identity(const struct avd_pdb *pdb)
{
    return &pdb->identity;
}

/* ---- lookups ------------------------------------------------------------------------------- */

/* What a lookup stands on. */
struct site {
    struct avd_pdb_place place;
    struct avd_pdb_contribution contribution;
    struct avd_pdb_module *module; /* NULL: none known, or it has no symbols */
    struct avd_pdb_proc proc;
    bool has_contribution, has_proc;
};

static enum avd_status locate(struct avd_pdb *pdb, uint64_t rva, struct site *site)
{
    enum avd_status status;
    uint32_t original;

    memset(site, 0, sizeof *site);
    pdb->out_of_memory = false;
    if (!avd_pdb_rva_to_source(pdb, rva, &original) ||
        !avd_pdb_place_of(pdb, original, &site->place))
        return AVD_NOT_FOUND;
    status = avd_pdb_contribution_find(pdb, site->place, &site->contribution);
    site->has_contribution = status == AVD_OK;
    if (status == AVD_OK)
        status = avd_pdb_module_get(pdb, site->contribution.module, &site->module);
    if (status == AVD_OK)
        status = avd_pdb_proc_find(pdb, site->module, site->place, &site->proc);
    site->has_proc = status == AVD_OK;
    return status == AVD_NOT_FOUND ? AVD_OK : status;
}

/* Start of a function in the image; one that lies apart from it is placed as if it did not. */
static void set_start(struct avd_pdb *pdb, uint64_t rva, const struct site *site,
                      struct avd_pdb_place start, struct avd_symbol *out)
{
    out->displacement = site->place.offset - start.offset;
    if (!avd_pdb_place_to_rva(pdb, start, &out->function_rva))
        out->function_rva = rva - out->displacement;
}

/* A jump of incremental linking bears its target's name, written as WinDbg does: "ILT+16(main)". */
static const char *trampoline_name(struct avd_pdb *pdb, const struct site *site, const char *target)
{
    struct avd_pdb_place table;
    struct avd_arena scratch = {0};
    const char *kept = NULL;
    char *name;

    if (!avd_pdb_thunk_table(pdb, &table) || table.section != site->proc.start.section ||
        table.offset > site->proc.start.offset)
        return target;
    name = avd_arena_printf(&scratch, "ILT+%u(%s)",
                            (unsigned)(site->proc.start.offset - table.offset), target);
    if (name != NULL)
        kept = avd_pdb_keep(pdb, name, strlen(name) + 1);
    else
        pdb->out_of_memory = true;
    avd_arena_deinit(&scratch);
    return kept;
}

/* The name of what a trampoline jumps to, or separated code belongs to: of another place. */
static const char *other_name(struct avd_pdb *pdb, struct avd_pdb_place place)
{
    struct avd_pdb_contribution contribution;
    struct avd_pdb_module *module;
    struct avd_pdb_proc proc;
    struct avd_pdb_place start;
    const char *name;

    if (avd_pdb_contribution_find(pdb, place, &contribution) == AVD_OK &&
        avd_pdb_module_get(pdb, contribution.module, &module) == AVD_OK &&
        avd_pdb_proc_find(pdb, module, place, &proc) == AVD_OK && proc.kind != S_TRAMPOLINE &&
        avd_pdb_place_compare(proc.start, place) == 0)
        return avd_pdb_proc_name(pdb, module, &proc);
    if (avd_pdb_public_find(pdb, place, &start, &name) == AVD_OK &&
        avd_pdb_place_compare(start, place) == 0)
        return name;
    return NULL;
}

static const char *site_name(struct avd_pdb *pdb, const struct site *site)
{
    struct avd_pdb_place other;
    const char *name;

    if (!avd_pdb_proc_other(pdb, site->module, &site->proc, &other))
        return avd_pdb_proc_name(pdb, site->module, &site->proc);
    name = other_name(pdb, other);
    if (name != NULL && site->proc.kind == S_TRAMPOLINE)
        name = trampoline_name(pdb, site, name);
    return name;
}

static enum avd_status find_public(struct avd_pdb *pdb, uint64_t rva, const struct site *site,
                                   struct avd_symbol *out)
{
    struct avd_pdb_place start;
    const char *name;
    enum avd_status status = avd_pdb_public_find(pdb, site->place, &start, &name);

    if (status != AVD_OK)
        return status;
    /* What begins before the object file's contribution cannot reach into it. */
    if (site->has_contribution && start.offset < site->contribution.start.offset)
        return AVD_NOT_FOUND;
    out->function = name;
    set_start(pdb, rva, site, start, out);
    out->approximate = out->displacement != 0;
    return AVD_OK;
}

enum avd_status avd_pdb_find(struct avd_pdb *pdb, uint64_t rva, struct avd_symbol *out)
{
    struct site site;
    enum avd_status status = locate(pdb, rva, &site);
    uint32_t file;

    memset(out, 0, sizeof *out);
    if (status != AVD_OK)
        return status;
    if (site.has_proc) {
        out->function = site_name(pdb, &site);
        if (out->function != NULL) {
            out->function_size = site.proc.size;
            set_start(pdb, rva, &site, site.proc.start, out);
        }
    }
    if (out->function == NULL && !pdb->out_of_memory)
        status = find_public(pdb, rva, &site, out);
    if (status == AVD_E_NOMEM || pdb->out_of_memory)
        goto no_memory;
    if (site.module != NULL) {
        status = avd_pdb_lines_open(pdb, site.module);
        if (status == AVD_OK && avd_pdb_line_find(pdb, site.module, site.place, &file, &out->line))
            out->source_file = avd_pdb_file_name(pdb, site.module, file);
        if (status == AVD_OK && site.has_proc)
            status = avd_pdb_inlines_find(pdb, site.module, &site.proc, site.place, out);
        if (status != AVD_OK || pdb->out_of_memory)
            goto no_memory;
    }
    if (out->function == NULL && out->source_file == NULL)
        return AVD_NOT_FOUND;
    out->source = "pdb";
    return AVD_OK;

no_memory:
    memset(out, 0, sizeof *out);
    return AVD_E_NOMEM;
}

enum avd_status avd_pdb_proc_frame(struct avd_pdb *pdb, uint64_t rva, struct avd_proc_frame *out)
{
    struct site site;
    enum avd_status status = locate(pdb, rva, &site);

    memset(out, 0, sizeof *out);
    if (status != AVD_OK)
        return status;
    if (!site.has_proc || !avd_pdb_proc_layout(pdb, site.module, &site.proc, out))
        return AVD_NOT_FOUND;
    if (!avd_pdb_place_to_rva(pdb, site.proc.start, &out->function_rva))
        out->function_rva = rva - (site.place.offset - site.proc.start.offset);
    return AVD_OK;
}
