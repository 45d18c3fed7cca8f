/* SPDX-License-Identifier: MIT */
/* PDB files as a symbol source: found through the store, verified by GUID and age. */
#include "symbols/pdb.h"
#include "symbols/symbolizer.h"
#include "symbols/undname.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct pdb_handle {
    struct avd_pdb *pdb;
    bool x86;
};

/* What verifying needs, and the PDB it opened when the answer was yes. */
struct pdb_check {
    const struct avd_symbol_query *query;
    bool loose;
    bool mismatched;
    struct avd_pdb *pdb;
};

static void guid_text(const uint8_t guid[16], char text[40])
{
    (void)snprintf(text, 40, "%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X%02X",
                   guid[3], guid[2], guid[1], guid[0], guid[5], guid[4], guid[7], guid[6], guid[8],
                   guid[9], guid[10], guid[11], guid[12], guid[13], guid[14], guid[15]);
}

static bool verify(void *ctx, const char *path, char *reason, size_t reason_size)
{
    struct pdb_check *check = ctx;
    const struct avd_pdb_identity *identity;
    struct avd_pdb *pdb = NULL;
    struct avd_error err = {0};
    bool same_guid;

    if (avd_pdb_open(path, &pdb, &err) != AVD_OK) {
        (void)snprintf(reason, reason_size, "%s%s%s", err.where, err.where[0] != '\0' ? ": " : "",
                       err.message);
        return false;
    }
    identity = avd_pdb_identity(pdb);
    same_guid = check->query->has_guid &&
                memcmp(identity->guid, check->query->guid, sizeof identity->guid) == 0;
    if (same_guid && identity->age == check->query->age) {
        check->pdb = pdb;
        return true;
    }
    if (check->loose) {
        check->mismatched = true;
        check->pdb = pdb;
        return true;
    }
    if (!check->query->has_guid) {
        (void)snprintf(reason, reason_size, "the dump does not say which PDB the module has");
    } else if (same_guid) {
        (void)snprintf(reason, reason_size,
                       "its age is %" PRIu32 ", expected %" PRIu32 " (--symbols-loose takes it)",
                       identity->age, check->query->age);
    } else {
        char found[40];
        char expected[40];

        guid_text(identity->guid, found);
        guid_text(check->query->guid, expected);
        (void)snprintf(reason, reason_size, "its GUID is %s, expected %s", found, expected);
    }
    avd_pdb_close(pdb);
    return false;
}

static enum avd_status pdb_open(const struct avd_symbol_module *module,
                                struct avd_symbol_opening *opening, void **handle,
                                struct avd_error *err)
{
    struct pdb_check check = {&module->query, opening->loose, false, NULL};
    const char *path = NULL;
    struct pdb_handle *opened;
    enum avd_status status;

    *handle = NULL;
    opened = avd_arena_alloc(opening->arena, 1, sizeof *opened);
    if (opened == NULL)
        return avd_error_nomem(err);
    status = avd_symbol_search(module, opening, AVD_FILE_PDB, verify, &check, &path);
    if (status != AVD_OK) {
        avd_pdb_close(check.pdb);
        return status;
    }
    opened->pdb = check.pdb;
    opened->x86 = module->x86;
    opening->status->path = path;
    opening->status->mismatched = check.mismatched;
    *handle = opened;
    return AVD_OK;
}

static void pdb_close(void *handle)
{
    struct pdb_handle *opened = handle;

    avd_pdb_close(opened->pdb);
}

static enum avd_status pdb_find(void *handle, uint64_t rva, struct avd_arena *arena,
                                struct avd_symbol *out)
{
    struct pdb_handle *opened = handle;
    enum avd_status status = avd_pdb_find(opened->pdb, rva, out);

    if (status == AVD_OK && out->function != NULL)
        status = avd_symbol_undecorate(out, arena, opened->x86);
    if (status != AVD_OK)
        memset(out, 0, sizeof *out);
    return status;
}

static size_t pdb_seek(void *handle, uint64_t rva)
{
    struct pdb_handle *opened = handle;

    return avd_pdb_seek(opened->pdb, rva);
}

static enum avd_status pdb_item(void *handle, size_t index, struct avd_arena *arena,
                                struct avd_symbol *out)
{
    struct pdb_handle *opened = handle;
    enum avd_status status = avd_pdb_item(opened->pdb, index, out);

    return status == AVD_OK && out->function != NULL
               ? avd_symbol_undecorate(out, arena, opened->x86)
               : status;
}

static enum avd_status pdb_frame_data(void *handle, uint64_t rva, struct avd_frame_data *out)
{
    struct pdb_handle *opened = handle;

    return avd_pdb_frame_data(opened->pdb, rva, out);
}

static enum avd_status pdb_proc_frame(void *handle, uint64_t rva, struct avd_proc_frame *out)
{
    struct pdb_handle *opened = handle;

    return avd_pdb_proc_frame(opened->pdb, rva, out);
}

const struct avd_symbol_source avd_pdb_source = {
    .name = "pdb",
    .open = pdb_open,
    .close = pdb_close,
    .find = pdb_find,
    .seek = pdb_seek,
    .item = pdb_item,
    .frame_data = pdb_frame_data,
    .proc_frame = pdb_proc_frame,
};
