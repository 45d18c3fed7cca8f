/* SPDX-License-Identifier: MIT */
/* Breakpad symbol files as a symbol source: found through the store, verified by debug id. */
#include "base/utf.h"
#include "symbols/breakpad.h"
#include "symbols/symbolizer.h"
#include "symbols/undname.h"

#include <stdio.h>
#include <string.h>

struct sym_handle {
    struct avd_sym *sym;
};

struct sym_check {
    const struct avd_symbol_query *query;
    bool loose;
    bool mismatched;
    struct avd_sym *sym;
};

static bool verify(void *ctx, const char *path, char *reason, size_t reason_size)
{
    struct sym_check *check = ctx;
    struct avd_sym *sym = NULL;
    struct avd_error err = {0};
    const struct avd_sym_identity *identity;

    if (avd_sym_open(path, &sym, &err) != AVD_OK) {
        (void)snprintf(reason, reason_size, "%s", err.message);
        return false;
    }
    identity = avd_sym_identity(sym);
    if (check->query->debug_id == NULL ||
        avd_ascii_casecmp(identity->debug_id, check->query->debug_id) != 0) {
        if (!check->loose) {
            (void)snprintf(reason, reason_size, "its debug id is %.64s, expected %.64s",
                           identity->debug_id,
                           check->query->debug_id != NULL ? check->query->debug_id
                                                          : "one that the dump does not give");
            avd_sym_close(sym);
            return false;
        }
        check->mismatched = true;
    }
    check->sym = sym;
    return true;
}

static enum avd_status sym_open(const struct avd_symbol_module *module,
                                struct avd_symbol_opening *opening, void **handle,
                                struct avd_error *err)
{
    struct sym_check check = {&module->query, opening->loose, false, NULL};
    const char *path = NULL;
    struct sym_handle *opened;
    enum avd_status status;

    *handle = NULL;
    opened = avd_arena_alloc(opening->arena, 1, sizeof *opened);
    if (opened == NULL)
        return avd_error_nomem(err);
    status = avd_symbol_search(module, opening, AVD_FILE_SYM, verify, &check, &path);
    if (status != AVD_OK) {
        avd_sym_close(check.sym);
        return status;
    }
    opened->sym = check.sym;
    if (opening->status->path == NULL) {
        opening->status->path = path;
        opening->status->mismatched = check.mismatched;
    }
    *handle = opened;
    return AVD_OK;
}

static void sym_close(void *handle)
{
    struct sym_handle *opened = handle;

    avd_sym_close(opened->sym);
}

/* dump_syms undecorates FUNC names itself; PUBLIC names it leaves as they are, but for those of
 * C. */
static enum avd_status sym_find(void *handle, uint64_t rva, struct avd_arena *arena,
                                struct avd_symbol *out)
{
    struct sym_handle *opened = handle;
    enum avd_status status = avd_sym_find(opened->sym, rva, out);

    if (status == AVD_OK && out->function != NULL)
        status = avd_symbol_undecorate(out, arena, false);
    if (status != AVD_OK)
        memset(out, 0, sizeof *out);
    return status;
}

static size_t sym_seek(void *handle, uint64_t rva)
{
    struct sym_handle *opened = handle;

    return avd_sym_seek(opened->sym, rva);
}

static enum avd_status sym_item(void *handle, size_t index, struct avd_arena *arena,
                                struct avd_symbol *out)
{
    struct sym_handle *opened = handle;
    enum avd_status status = avd_sym_item(opened->sym, index, out);

    return status == AVD_OK && out->function != NULL ? avd_symbol_undecorate(out, arena, false)
                                                     : status;
}

static enum avd_status sym_frame_data(void *handle, uint64_t rva, struct avd_frame_data *out)
{
    struct sym_handle *opened = handle;

    return avd_sym_frame_data(opened->sym, rva, out);
}

static enum avd_status sym_cfi(void *handle, uint64_t rva, struct avd_arena *arena,
                               const char **rules)
{
    struct sym_handle *opened = handle;

    return avd_sym_cfi(opened->sym, rva, arena, rules);
}

const struct avd_symbol_source avd_breakpad_source = {
    .name = "breakpad",
    .open = sym_open,
    .close = sym_close,
    .find = sym_find,
    .seek = sym_seek,
    .item = sym_item,
    .frame_data = sym_frame_data,
    .cfi = sym_cfi,
};
