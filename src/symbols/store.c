/* SPDX-License-Identifier: MIT */
/*
 * The order of places, and the record of what was tried in them. How one place is searched is in
 * the other store_*.c: layouts of directories, folders by index, servers, caches.
 */
#include "symbols/store_private.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/utf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_PLACES = 4 * AVD_MAX_SYMPATH_ELEMENTS, /* of all paths together */
    DEFAULT_TIMEOUT_SECONDS = 30,
    DEFAULT_MISS_SECONDS = 86400,
    MAX_COMPONENTS = 64 /* of a mapped path */
};

#define DEFAULT_MAX_DOWNLOAD ((uint64_t)4 << 30)

/* ---- the places -------------------------------------------------------------------------- */

static struct avd_store_place *add_place(struct avd_store *store)
{
    struct avd_store_place *grown =
        avd_arena_grow(&store->arena, store->places, store->place_count, &store->place_capacity,
                       sizeof *grown, MAX_PLACES);

    if (grown == NULL)
        return NULL;
    store->places = grown;
    grown = &grown[store->place_count++];
    memset(grown, 0, sizeof *grown);
    return grown;
}

static enum avd_status no_more_places(const struct avd_store *store, struct avd_error *err)
{
    if (store->arena.failed)
        return avd_error_nomem(err);
    return avd_error_set(err, AVD_E_ARG, 0, "symbol path", "more than %d places", MAX_PLACES);
}

static enum avd_status add_symbol_path(struct avd_store *store, const char *text, unsigned scope,
                                       bool images_only, struct avd_error *err)
{
    struct avd_sympath path = {0};
    enum avd_status status;
    size_t i;

    if (text == NULL)
        return AVD_OK;
    status = avd_sympath_parse(&store->arena, text, store->options.default_cache, &path, err);
    for (i = 0; status == AVD_OK && i < path.count; i++) {
        struct avd_store_place *place = add_place(store);

        if (place == NULL)
            return no_more_places(store, err);
        place->scope = scope;
        place->images_only = images_only;
        switch (path.items[i].kind) {
        case AVD_SYMPATH_DIRECTORY: place->kind = AVD_PLACE_PLAIN; break;
        case AVD_SYMPATH_CHAIN: place->kind = AVD_PLACE_CHAIN; break;
        case AVD_SYMPATH_CACHE: place->kind = AVD_PLACE_CACHE; break;
        }
        place->path = path.items[i].stores[0].place;
        place->chain = &path.items[i];
    }
    return status;
}

/* One --symbols. */
static enum avd_status add_user_path(struct avd_store *store, const char *path, unsigned scope,
                                     struct avd_error *err)
{
    struct avd_path_info info;
    struct avd_store_place *place;
    size_t size;

    avd_path_examine(path, &info);
    if (info.kind == AVD_PATH_ABSENT && avd_sympath_is_special(path))
        return add_symbol_path(store, path, scope, false, err);
    if (info.kind == AVD_PATH_ABSENT)
        return avd_error_set(err, AVD_E_ARG, 0, path, "no such file or folder of symbols");
    if (info.kind == AVD_PATH_OTHER)
        return avd_error_set(err, AVD_E_ARG, 0, path, "neither a file nor a folder of symbols");
    place = add_place(store);
    if (place == NULL)
        return no_more_places(store, err);
    place->kind = info.kind == AVD_PATH_FILE ? AVD_PLACE_FILE : AVD_PLACE_TREE;
    for (size = strlen(path); size > 1 && path[size - 1] == '/'; size--)
        ;
    place->path = avd_arena_strndup(&store->arena, path, size);
    if (place->path == NULL)
        return avd_error_nomem(err);
    place->scope = scope;
    return AVD_OK;
}

static enum avd_status add_places(struct avd_store *store, struct avd_error *err)
{
    const struct avd_store_options *options = &store->options;
    enum avd_status status = AVD_OK;
    struct avd_store_place *place;
    unsigned scope = 0;
    size_t i;

    for (i = 0; status == AVD_OK && i < options->path_count; i++)
        status = add_user_path(store, options->paths[i], scope++, err);
    if (status == AVD_OK)
        status = add_symbol_path(store, options->image_path, scope++, true, err);
    /* To WinDbg these two are one path. */
    if (status == AVD_OK)
        status = add_symbol_path(store, options->alt_symbol_path, scope, false, err);
    if (status == AVD_OK)
        status = add_symbol_path(store, options->symbol_path, scope++, false, err);
    if (status == AVD_OK && options->map_count > 0) {
        place = add_place(store);
        if (place == NULL)
            return no_more_places(store, err);
        place->kind = AVD_PLACE_MAPPED;
        place->scope = scope++;
    }
    if (status == AVD_OK && options->dump_directory != NULL) {
        place = add_place(store);
        if (place == NULL)
            return no_more_places(store, err);
        place->kind = AVD_PLACE_FLAT;
        place->path = options->dump_directory;
        place->scope = scope;
    }
    return status;
}

static enum avd_status add_maps(struct avd_store *store, struct avd_error *err)
{
    const struct avd_store_options *options = &store->options;
    size_t i;

    if (options->map_count > AVD_MAX_STORE_MAPS)
        return avd_error_set(err, AVD_E_ARG, 0, "map", "more than %d", (int)AVD_MAX_STORE_MAPS);
    store->maps = avd_arena_alloc(&store->arena, options->map_count, sizeof *store->maps);
    if (store->maps == NULL)
        return avd_error_nomem(err);
    for (i = 0; i < options->map_count; i++) {
        const char *text = options->maps[i];
        const char *equals = strchr(text, '=');
        struct avd_store_map *map = &store->maps[i];

        if (equals == NULL || equals == text || equals[1] == '\0')
            return avd_error_set(err, AVD_E_ARG, 0, "map", "'%s': expected OLD=NEW", text);
        map->from = text;
        map->from_size = (size_t)(equals - text);
        while (map->from_size > 1 && strchr("/\\", text[map->from_size - 1]) != NULL)
            map->from_size--;
        map->to = equals + 1;
    }
    return AVD_OK;
}

enum avd_status avd_store_new(const struct avd_store_options *options, struct avd_store **out,
                              struct avd_error *err)
{
    struct avd_store *store;
    enum avd_status status;

    *out = NULL;
    store = avd_mem_calloc(1, sizeof *store);
    if (store == NULL)
        return avd_error_nomem(err);
    store->options = *options;
    store->folders = options->folders;
    if (store->folders == NULL)
        store->folders = store->own_folders = avd_store_folders_new();
    if (store->folders == NULL) {
        avd_store_free(store);
        return avd_error_nomem(err);
    }
    if (store->options.timeout_seconds == 0)
        store->options.timeout_seconds = DEFAULT_TIMEOUT_SECONDS;
    if (store->options.max_download_size == 0)
        store->options.max_download_size = DEFAULT_MAX_DOWNLOAD;
    if (store->options.miss_seconds == 0)
        store->options.miss_seconds = DEFAULT_MISS_SECONDS;
    status = add_maps(store, err);
    if (status == AVD_OK)
        status = add_places(store, err);
    if (status != AVD_OK) {
        avd_store_free(store);
        return status;
    }
    *out = store;
    return AVD_OK;
}

void avd_store_free(struct avd_store *store)
{
    if (store == NULL)
        return;
    avd_fetch_free(store->fetch);
    avd_store_private_remove(store);
    avd_store_folders_free(store->own_folders);
    avd_arena_deinit(&store->arena);
    avd_mem_free(store);
}

/* ---- recorded paths ---------------------------------------------------------------------- */

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

/* What of `recorded` follows the map's OLD; NULL when it begins otherwise. */
static const char *behind_prefix(const struct avd_store_map *map, const char *recorded)
{
    size_t i;

    for (i = 0; i < map->from_size; i++) {
        char pair[2][2] = {{map->from[i], '\0'}, {recorded[i], '\0'}};

        if (recorded[i] == '\0')
            return NULL;
        if (is_separator(map->from[i]) ? !is_separator(recorded[i])
                                       : avd_ascii_casecmp(pair[0], pair[1]) != 0)
            return NULL;
    }
    recorded = &recorded[i];
    if (*recorded != '\0' && !is_separator(*recorded) && !is_separator(map->from[i - 1]))
        return NULL; /* C:\build is no beginning of C:\builds */
    return recorded;
}

/* Goes from `path` along the components of `rest`, whatever their case; none may lead back. */
static bool descend(char *path, size_t path_size, const char *rest)
{
    char next[AVD_MAX_STORE_PATH_BYTES];
    char name[AVD_MAX_STORE_NAME_BYTES + 1];
    unsigned count;

    for (count = 0; count < MAX_COMPONENTS; count++) {
        size_t size;

        while (is_separator(*rest))
            rest++;
        if (*rest == '\0')
            return true;
        size = strcspn(rest, "/\\");
        if (size >= sizeof name)
            return false;
        memcpy(name, rest, size);
        name[size] = '\0';
        rest = &rest[size];
        if (!avd_store_name_is_safe(name) || !avd_path_find(path, name, next, sizeof next) ||
            strlen(next) >= path_size)
            return false;
        memcpy(path, next, strlen(next) + 1);
    }
    return false;
}

enum avd_status avd_store_map_path(const struct avd_store *store, const char *recorded, char *path,
                                   size_t path_size)
{
    struct avd_path_info info;
    size_t i;

    path[0] = '\0';
    for (i = 0; i < store->options.map_count; i++) {
        const struct avd_store_map *map = &store->maps[i];
        const char *rest = behind_prefix(map, recorded);

        if (rest == NULL || strlen(map->to) >= path_size)
            continue;
        memcpy(path, map->to, strlen(map->to) + 1);
        if (!descend(path, path_size, rest))
            continue;
        avd_path_examine(path, &info);
        if (info.kind == AVD_PATH_FILE)
            return AVD_OK;
    }
    return AVD_NOT_FOUND;
}

static enum avd_status find_mapped(struct avd_store_search *search)
{
    char path[AVD_MAX_STORE_PATH_BYTES];
    const char *recorded = search->wanted.recorded;

    if (recorded == NULL || recorded[0] == '\0')
        return AVD_NOT_FOUND;
    if (avd_store_map_path(search->store, recorded, path, sizeof path) == AVD_OK)
        return avd_store_consider(search, path, false);
    if (path[0] != '\0')
        avd_store_attempt(search, recorded, false, "not there after --map, as far as %s", path);
    return AVD_NOT_FOUND;
}

/* ---- the search -------------------------------------------------------------------------- */

/* One row stays free for what is found, or for the number of those left out. */
static void add_attempt(struct avd_store_search *search, const char *place, bool found,
                        const char *result)
{
    struct avd_arena *arena = &search->store->arena;
    struct avd_symbol_attempt *grown =
        avd_arena_grow(arena, search->attempts, search->attempt_count, &search->attempt_capacity,
                       sizeof *grown, AVD_MAX_STORE_ATTEMPTS);

    if (grown == NULL)
        return; /* the arena remembers */
    search->attempts = grown;
    grown = &grown[search->attempt_count];
    grown->place = avd_arena_strdup(arena, place);
    grown->result = avd_arena_strdup(arena, result);
    grown->found = found;
    if (grown->place != NULL && grown->result != NULL)
        search->attempt_count++;
}

void avd_store_attempt(struct avd_store_search *search, const char *place, bool found,
                       const char *format, ...)
{
    char text[512];
    va_list args;

    if (search->attempt_count >= AVD_MAX_STORE_ATTEMPTS - 1 && !found) {
        search->attempts_dropped++;
        return;
    }
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) >= (int)sizeof text)
        avd_utf8_trim(text);
    va_end(args);
    add_attempt(search, place, found, text);
}

static const char *usual_key(const struct avd_store_search *search)
{
    return search->wanted.key_count > 0 ? search->wanted.keys[0] : "(no id)";
}

/* A row for a directory in which nothing of that name was found: all that were found have rows of
 * their own. */
static void nothing_in(struct avd_store_search *search, const char *root, size_t rows_before,
                       size_t dropped_before, const char *where)
{
    struct avd_path_info info;

    if (search->attempt_count != rows_before || search->attempts_dropped != dropped_before)
        return;
    avd_path_examine(root, &info);
    if (info.kind != AVD_PATH_DIRECTORY)
        avd_store_attempt(search, root, false, "no such directory");
    else
        avd_store_attempt(search, root, false, "no %s%s", search->wanted.leaves[0].name, where);
}

static enum avd_status search_store(struct avd_store_search *search, const char *root,
                                    bool is_cache)
{
    size_t rows = search->attempt_count;
    size_t dropped = search->attempts_dropped;
    struct avd_path_info info;
    enum avd_status status = avd_store_find_by_key(search, root, is_cache);

    if (status != AVD_NOT_FOUND || search->attempt_count != rows ||
        search->attempts_dropped != dropped)
        return status;
    avd_path_examine(root, &info);
    avd_store_attempt(search, root, false,
                      info.kind == AVD_PATH_DIRECTORY ? "no %s/%s"
                      : is_cache                      ? "no %s/%s: the cache does not exist yet"
                                                      : "no %s/%s: no such directory",
                      search->wanted.name, usual_key(search));
    return status;
}

static enum avd_status search_directory(struct avd_store_search *search, const char *root,
                                        bool is_tree)
{
    size_t rows = search->attempt_count;
    size_t dropped = search->attempts_dropped;
    enum avd_status status = AVD_NOT_FOUND;
    char where[80] = ", neither by its id nor directly";
    size_t count = 0;
    bool cut = false;

    if (!is_tree || !avd_store_tree_lacks(search, root)) {
        status = avd_store_find_by_key(search, root, false);
        if (status == AVD_NOT_FOUND)
            status = avd_store_find_flat(search, root, true);
    }
    if (status == AVD_NOT_FOUND && is_tree)
        status = avd_store_find_in_tree(search, root, &count, &cut);
    if (count > 0)
        (void)snprintf(where, sizeof where, cut ? " among its first %zu files" : " among %zu files",
                       count);
    if (status == AVD_NOT_FOUND)
        nothing_in(search, root, rows, dropped, where);
    return status;
}

static bool add_cache(struct avd_store_search *search, const char *root)
{
    size_t i;

    for (i = 0; i < search->cache_count; i++)
        if (strcmp(search->caches[i], root) == 0)
            return false;
    if (search->cache_count == sizeof search->caches / sizeof search->caches[0])
        return false;
    search->caches[search->cache_count++] = root;
    return true;
}

/* What is found in a store goes into the caches before it. */
static enum avd_status search_chain(struct avd_store_search *search,
                                    const struct avd_sympath_element *chain)
{
    enum avd_status status = AVD_NOT_FOUND;
    size_t caches = search->cache_count;
    size_t i;

    for (i = 0; status == AVD_NOT_FOUND && i < chain->store_count; i++) {
        const struct avd_sympath_store *link = &chain->stores[i];
        bool is_cache = i + 1 < chain->store_count;

        status = link->is_server ? avd_store_find_on_server(search, link->place)
                                 : search_store(search, link->place, is_cache);
        if (status == AVD_NOT_FOUND && is_cache)
            (void)add_cache(search, link->place);
    }
    search->cache_count = caches;
    return status;
}

static enum avd_status search_place(struct avd_store_search *search,
                                    const struct avd_store_place *place)
{
    enum avd_status status = AVD_NOT_FOUND;
    size_t rows = search->attempt_count;
    size_t dropped = search->attempts_dropped;

    switch (place->kind) {
    case AVD_PLACE_FILE: return avd_store_consider(search, place->path, false);
    case AVD_PLACE_TREE: return search_directory(search, place->path, true);
    case AVD_PLACE_PLAIN: return search_directory(search, place->path, false);
    case AVD_PLACE_CHAIN: return search_chain(search, place->chain);
    case AVD_PLACE_MAPPED: return find_mapped(search);
    case AVD_PLACE_CACHE:
        status = search_store(search, place->path, true);
        if (status == AVD_NOT_FOUND)
            (void)add_cache(search, place->path);
        return status;
    case AVD_PLACE_FLAT:
        status = avd_store_find_beside(search, place->path);
        if (status == AVD_NOT_FOUND)
            nothing_in(search, place->path, rows, dropped, "");
        return status;
    }
    return status;
}

/* A file that was named: only one that can be of this kind is opened. */
static bool may_be(const struct avd_store_search *search, const char *path)
{
    const char *leaf = avd_path_leaf(path);
    const char *dot = strrchr(leaf, '.');
    char stem[AVD_MAX_STORE_NAME_BYTES + 1];
    bool is_pdb;
    bool is_sym;

    if (dot != NULL && avd_ascii_casecmp(dot, ".gz") == 0 && (size_t)(dot - leaf) < sizeof stem) {
        memcpy(stem, leaf, (size_t)(dot - leaf));
        stem[dot - leaf] = '\0';
        dot = strrchr(stem, '.');
    }
    is_pdb =
        dot != NULL && (avd_ascii_casecmp(dot, ".pdb") == 0 || avd_ascii_casecmp(dot, ".pd_") == 0);
    is_sym = dot != NULL && avd_ascii_casecmp(dot, ".sym") == 0;
    switch (search->wanted.kind) {
    case AVD_FILE_PDB: return is_pdb;
    case AVD_FILE_SYM: return is_sym;
    case AVD_FILE_IMAGE: return !is_pdb && !is_sym;
    }
    return false;
}

static enum avd_status run_search(struct avd_store_search *search)
{
    struct avd_store *store = search->store;
    enum avd_status status = AVD_NOT_FOUND;
    unsigned scope = 0;
    size_t i;

    for (i = 0; status == AVD_NOT_FOUND && i < store->place_count; i++) {
        const struct avd_store_place *place = &store->places[i];

        if ((place->images_only && search->wanted.kind != AVD_FILE_IMAGE) ||
            (place->kind == AVD_PLACE_FILE && !may_be(search, place->path)))
            continue;
        if (place->scope != scope)
            search->cache_count = 0;
        scope = place->scope;
        status = search_place(search, place);
    }
    return status;
}

enum avd_status avd_store_find(struct avd_store *store, const struct avd_symbol_query *query,
                               enum avd_symbol_file_kind kind, avd_symbol_verify_fn *verify,
                               void *ctx, const char **path,
                               const struct avd_symbol_attempt **attempts, size_t *attempt_count)
{
    struct avd_store_search search;
    enum avd_status status;
    const char *why;

    memset(&search, 0, sizeof search);
    search.store = store;
    search.verify = verify;
    search.ctx = ctx;
    *path = NULL;
    *attempts = NULL;
    *attempt_count = 0;
    status = avd_store_wanted_make(&store->arena, query, kind, &search.wanted, &why);
    if (status == AVD_OK)
        status = run_search(&search);
    else if (status == AVD_NOT_FOUND)
        avd_store_attempt(&search, "", false, "%s", why);
    if (status == AVD_NOT_FOUND && search.attempts_dropped > 0) {
        char text[80];

        (void)snprintf(text, sizeof text, "%zu more places, none of them with the file",
                       search.attempts_dropped);
        add_attempt(&search, "", false, text);
    }
    if (store->arena.failed)
        return AVD_E_NOMEM;
    *attempts = search.attempts;
    *attempt_count = search.attempt_count;
    if (status == AVD_OK)
        *path = search.path;
    return status;
}
