/* SPDX-License-Identifier: MIT */
/* What the files of the symbol store share; nobody else includes it. */
#ifndef AVD_SYMBOLS_STORE_PRIVATE_H
#define AVD_SYMBOLS_STORE_PRIVATE_H

#include "base/limits.h"
#include "symbols/fetch.h"
#include "symbols/store.h"
#include "base/paths.h"
#include "symbols/store_key.h"
#include "symbols/sympath.h"

struct avd_store_place {
    enum {
        AVD_PLACE_FILE,   /* a file that the user named */
        AVD_PLACE_TREE,   /* a folder that the user named: any layout, and all below it */
        AVD_PLACE_PLAIN,  /* a directory of a symbol path: a store, or files */
        AVD_PLACE_CHAIN,  /* caches and a source */
        AVD_PLACE_CACHE,  /* for what later places of this scope find */
        AVD_PLACE_MAPPED, /* where --map says that the recorded path is */
        AVD_PLACE_FLAT    /* files beside the dump */
    } kind;
    const char *path;                        /* FILE, TREE, PLAIN, FLAT, CACHE */
    const struct avd_sympath_element *chain; /* CHAIN */
    unsigned scope;                          /* cache* reaches the places of its own symbol path */
    bool images_only;                        /* from _NT_EXECUTABLE_IMAGE_PATH */
};

struct avd_store_map {
    const char *from;
    size_t from_size;
    const char *to;
};

/* A server that gave no answer is not asked again. */
struct avd_store_server {
    const char *url;
    struct avd_store_server *next;
};

struct avd_store_private {
    const char *path;
    struct avd_store_private *next;
};

struct avd_store {
    struct avd_arena arena;
    struct avd_store_options options;
    struct avd_store_folders *folders;     /* options.folders, or its own */
    struct avd_store_folders *own_folders; /* NULL: it uses another's */
    struct avd_store_place *places;
    size_t place_count;
    size_t place_capacity;
    struct avd_store_map *maps;
    struct avd_fetch *fetch; /* NULL before the first request */
    const char *no_fetch;    /* why there cannot be one */
    struct avd_store_server *dead;
    const char *private_directory;           /* made when first needed */
    struct avd_store_private *private_files; /* in it; removed with the store */
};

/* One avd_store_find. */
struct avd_store_search {
    struct avd_store *store;
    struct avd_store_wanted wanted;
    avd_symbol_verify_fn *verify;
    void *ctx;
    /* Where what is found is kept, nearest first. */
    const char *caches[AVD_MAX_SYMPATH_ELEMENTS + AVD_MAX_SYMPATH_CHAIN];
    size_t cache_count;
    struct avd_symbol_attempt *attempts;
    size_t attempt_count;
    size_t attempt_capacity;
    size_t attempts_dropped;
    size_t candidates; /* files opened */
    const char *path;  /* the result */
};

/* All functions below return AVD_OK when the file was found (search->path), AVD_NOT_FOUND when it
 * was not, with what was tried recorded, and AVD_E_NOMEM. */

/* ---- store.c ---- */

/* `result` may be a format. */
void avd_store_attempt(struct avd_store_search *search, const char *place, bool found,
                       const char *format, ...) AVD_PRINTF(4, 5);
/* Where a recorded path is on this machine according to --map: AVD_NOT_FOUND when no map has its
 * beginning (then path is ""), or nothing is there. */
enum avd_status avd_store_map_path(const struct avd_store *store, const char *recorded, char *path,
                                   size_t path_size);

/* ---- store_layout.c ---- */

/* name/key/leaf below `root`, in two or three tiers; file.ptr is followed. `is_cache`: was written
 * by programs, so that a damaged file is replaced, not used. */
enum avd_status avd_store_find_by_key(struct avd_store_search *search, const char *root,
                                      bool is_cache);
/* What a file.ptr says: "PATH:where" or "MSG:why not". `place` is where it was, `directory` the one
 * it lies in, NULL on a server. `text` is changed. */
enum avd_status avd_store_follow_pointer(struct avd_store_search *search, const char *place,
                                         const char *directory, char *text);
/* Files lying directly in `root`, and where dbghelp looks: below it by extension. */
enum avd_status avd_store_find_flat(struct avd_store_search *search, const char *root,
                                    bool by_extension);
/* Files lying directly beside the dump. Its folder may hold 100,000 dumps, so it is not listed:
 * only the names as recorded and in lower case are tried. */
enum avd_status avd_store_find_beside(struct avd_store_search *search, const char *directory);

/* ---- store_index.c ---- */

/* Any file below `root`; *count is how many files there are, *cut that there are more. */
enum avd_status avd_store_find_in_tree(struct avd_store_search *search, const char *root,
                                       size_t *count, bool *cut);
/* Whether the list of `root`'s files, if there is one yet, says that avd_store_find_by_key and
 * avd_store_find_flat would find nothing. */
bool avd_store_tree_lacks(const struct avd_store_search *search, const char *root);

/* ---- store_cache.c ---- */

/* Whether the file at `path` is the one wanted; then it is unpacked, put into the caches, and
 * search->path says where it is. Otherwise records why not. */
enum avd_status avd_store_consider(struct avd_store_search *search, const char *path,
                                   bool is_cache);
/* The same for what came from `url`; `download` was written by avd_store_stage and is taken
 * over. */
enum avd_status avd_store_consider_download(struct avd_store_search *search, const char *url,
                                            struct avd_output *download);
/* A new file on the file system of the first cache that can be written, else a temporary one. */
enum avd_status avd_store_stage(struct avd_store_search *search, struct avd_output *out,
                                struct avd_error *err);
/* A server's "not there", remembered in the nearest cache. */
bool avd_store_miss_known(struct avd_store_search *search, const char *url);
void avd_store_miss_remember(struct avd_store_search *search, const char *url);
void avd_store_private_remove(struct avd_store *store);

/* ---- store_server.c ---- */

enum avd_status avd_store_find_on_server(struct avd_store_search *search, const char *url);

#endif
