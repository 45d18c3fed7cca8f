/* SPDX-License-Identifier: MIT */
/*
 * Where symbols and images are looked for: the options, and the environment variables of WinDbg
 * (Microsoft's "Symbol path for Windows debuggers") and of the XDG base directories.
 */
#include "cli.h"
#include "term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Where downloaded symbols are kept; *out is NULL when the system has no place for such things. 0
 * when out of memory. */
static int find_cache_dir(char **out)
{
    const char *base;
    const char *tail;
    size_t size;

    *out = NULL;
    if (!avd_term_cache_base(&base, &tail))
        return 1;
    size = strlen(base) + strlen(tail) + 1;
    *out = malloc(size);
    if (*out == NULL)
        return 0;
    (void)snprintf(*out, size, "%s%s", base, tail);
    return 1;
}

/* 0 when the system does not tell, which is "no clock" to the library, too. */
static uint64_t current_time(void)
{
    time_t now = time(NULL);

    return now > 0 ? (uint64_t)now : 0;
}

enum avd_status avd_cli_sources_init(struct avd_cli_sources *sources,
                                     const struct avd_cli_settings *settings, struct avd_error *err)
{
    struct avd_symbol_options *symbols = &sources->symbols;

    memset(sources, 0, sizeof *sources);
    sources->analyze.image_dirs = settings->image_dirs;
    sources->analyze.image_dir_count = settings->image_dir_count;
    sources->analyze.max_frames = settings->max_frames;
    sources->analyze.symbols = symbols;
    symbols->paths = settings->symbols;
    symbols->path_count = settings->symbol_count;
    symbols->maps = settings->maps;
    symbols->map_count = settings->map_count;
    symbols->symbol_path = avd_term_variable("_NT_SYMBOL_PATH");
    symbols->alt_symbol_path = avd_term_variable("_NT_ALT_SYMBOL_PATH");
    symbols->image_path = avd_term_variable("_NT_EXECUTABLE_IMAGE_PATH");
    symbols->offline = settings->offline;
    symbols->loose = settings->symbols_loose;
    symbols->beside_dump = 1;
    symbols->environment_proxy = 1;
    symbols->now = current_time();
    if (find_cache_dir(&sources->cache_dir)) {
        symbols->cache_dir = sources->cache_dir;
        return AVD_OK;
    }
    memset(err, 0, sizeof *err);
    err->code = AVD_E_NOMEM;
    (void)snprintf(err->message, sizeof err->message, "out of memory");
    return AVD_E_NOMEM;
}

void avd_cli_sources_deinit(struct avd_cli_sources *sources)
{
    free(sources->cache_dir);
    memset(sources, 0, sizeof *sources);
}
