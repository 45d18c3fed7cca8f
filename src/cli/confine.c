/* SPDX-License-Identifier: MIT */
/* --sandbox: what an analysis may read is what the command line and the symbol path name. */
#include "base/confine.h"
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

static int add(struct avd_cli_readable *list, const char *path, size_t size)
{
    char *copy = malloc(size + 1);
    char **grown;

    if (list->count == list->capacity) {
        grown = realloc(list->paths, (2 * list->capacity + 16) * sizeof *grown);
        if (grown != NULL) {
            list->paths = grown;
            list->capacity = 2 * list->capacity + 16;
        }
    }
    if (copy == NULL || list->count == list->capacity) {
        free(copy);
        return 0;
    }
    memcpy(copy, path, size);
    copy[size] = '\0';
    list->paths[list->count++] = copy;
    return 1;
}

/* The folders between the separators of a symbol path. "srv", "cache" and the addresses of servers
 * stand there too; no file has such a name, and what does not exist is passed over. */
static int add_symbol_path(struct avd_cli_readable *list, const char *path)
{
    while (path != NULL && *path != '\0') {
        size_t size = strcspn(path, ";*");

        if (size != 0 && !add(list, path, size))
            return 0;
        path += size + (path[size] != '\0');
    }
    return 1;
}

/* A dump, and the folder it lies in, where its symbols may lie. */
static int add_input(struct avd_cli_readable *list, const char *path)
{
    const char *leaf = strrchr(path, '/');

    if (!add(list, path, strlen(path)))
        return 0;
    if (leaf == NULL)
        return add(list, ".", 1);
    return add(list, path, leaf == path ? 1 : (size_t)(leaf - path));
}

enum avd_status avd_cli_readable_init(struct avd_cli_readable *list,
                                      const struct avd_cli_settings *settings,
                                      struct avd_error *err)
{
    struct avd_cli_sources sources;
    int good;
    size_t i;
    int k;

    memset(list, 0, sizeof *list);
    good = avd_cli_sources_init(&sources, settings, err) == AVD_OK;
    for (k = 0; k < settings->file_count && good; k++)
        good = add_input(list, settings->files[k]);
    for (i = 0; i < settings->image_dir_count && good; i++)
        good = add_symbol_path(list, settings->image_dirs[i]);
    for (i = 0; i < settings->symbol_count && good; i++)
        good = add_symbol_path(list, settings->symbols[i]);
    good = good && add_symbol_path(list, sources.symbols.symbol_path) &&
           add_symbol_path(list, sources.symbols.alt_symbol_path) &&
           add_symbol_path(list, sources.symbols.image_path) &&
           (sources.cache_dir == NULL || add(list, sources.cache_dir, strlen(sources.cache_dir)));
    avd_cli_sources_deinit(&sources);
    if (good)
        return AVD_OK;
    memset(err, 0, sizeof *err);
    err->code = AVD_E_NOMEM;
    (void)snprintf(err->message, sizeof err->message, "out of memory");
    return err->code;
}

void avd_cli_readable_deinit(struct avd_cli_readable *list)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    memset(list, 0, sizeof *list);
}

/* ---- the process ---- */

enum avd_status avd_cli_confine(const struct avd_cli_settings *settings, struct avd_error *err)
{
    struct avd_cli_readable list;
    enum avd_status status = avd_cli_readable_init(&list, settings, err);

    if (status == AVD_OK)
        (void)avd_confine((const char *const *)list.paths, list.count);
    avd_cli_readable_deinit(&list);
    return status;
}

void avd_cli_confine_tell(void)
{
    unsigned held = avd_confine_available();

    if ((held & AVD_CONFINED_FILES) == 0)
        fputs("avdump: note: --sandbox: this system has no Landlock, so files are not confined\n",
              stderr);
    if ((held & AVD_CONFINED_CALLS) == 0)
        fputs("avdump: note: --sandbox: this system has no seccomp, so system calls are not "
              "confined\n",
              stderr);
}
