/* SPDX-License-Identifier: MIT */
/* Where an analysis looks for symbols: the caller's options as the symbol store has them. */
#include "analyze/analysis.h"
#include "base/memory.h"
#include "base/utf.h"

#include <string.h>

/* The public name of the store's lists. */
struct avd_symbol_folders {
    struct avd_store_folders *lists;
};

static void fill_options(const struct avd_symbol_options *from, struct avd_store_options *out)
{
    memset(out, 0, sizeof *out);
    out->paths = from->paths;
    out->path_count = from->path_count;
    out->symbol_path = from->symbol_path;
    out->alt_symbol_path = from->alt_symbol_path;
    out->image_path = from->image_path;
    out->default_cache = from->cache_dir;
    out->maps = from->maps;
    out->map_count = from->map_count;
    out->offline = from->offline != 0;
    out->proxy = from->proxy;
    out->proxy_from_environment = from->environment_proxy != 0;
    out->timeout_seconds = from->timeout_seconds;
    out->max_download_size = from->max_download_size;
    out->now = from->now;
    out->folders = from->folders != NULL ? from->folders->lists : NULL;
}

/* The folder of the dump's file; NULL for standard input and bytes in memory. */
static const char *dump_directory(struct avd_analysis *an)
{
    const char *name = an->dump->name;
    size_t size = (size_t)(avd_path_leaf(name) - name);

    if (an->dump->file.view.data != NULL && !an->dump->file.mapped && !an->dump->compressed)
        return NULL;
    return size == 0 ? "." : avd_arena_strndup(&an->arena, name, size);
}

enum avd_status avd_analysis_open_store(struct avd_analysis *an,
                                        const struct avd_symbol_options *from,
                                        struct avd_error *err)
{
    struct avd_store_options options;

    fill_options(from, &options);
    if (from->beside_dump != 0)
        options.dump_directory = dump_directory(an);
    an->symbols_loose = from->loose != 0;
    return avd_store_new(&options, &an->store, err);
}

enum avd_status avd_symbol_folders_new(const struct avd_symbol_options *options,
                                       struct avd_symbol_folders **out, struct avd_error *err)
{
    struct avd_symbol_folders *folders = avd_mem_calloc(1, sizeof *folders);
    struct avd_store_options of_store;
    struct avd_store *store = NULL;
    enum avd_status status;

    *out = NULL;
    if (folders != NULL)
        folders->lists = avd_store_folders_new();
    if (folders == NULL || folders->lists == NULL) {
        avd_symbol_folders_free(folders);
        return avd_error_nomem(err);
    }
    fill_options(options, &of_store);
    of_store.folders = folders->lists;
    status = avd_store_new(&of_store, &store, err);
    if (status == AVD_OK)
        status = avd_store_list_folders(store, err);
    avd_store_free(store);
    if (status == AVD_OK)
        *out = folders;
    else
        avd_symbol_folders_free(folders);
    return status;
}

void avd_symbol_folders_free(struct avd_symbol_folders *folders)
{
    if (folders == NULL)
        return;
    avd_store_folders_free(folders->lists);
    avd_mem_free(folders);
}
