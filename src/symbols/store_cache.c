/* SPDX-License-Identifier: MIT */
/*
 * From a file that may be the one wanted to one that is: unpacked, verified, and put into caches.
 *
 * A cache is a symbol store as WinDbg's, name/key/name. Files are written under a name of their
 * own in its directory ".avdump" and renamed when they are whole and verified, so that processes
 * may share it without locks: two that fetch the same file both succeed, one after the other. Kept
 * there, too, is what servers do not have.
 */
#include "symbols/store_private.h"

#include "base/file.h"
#include "base/unpack.h"
#include "base/utf.h"
#include "symbols/cabinet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STAGING       ".avdump"
#define MISSING       ".avdump/missing"
#define STAGED_PREFIX "get-"

enum {
    ABANDONED_SECONDS = 86400, /* a process that was killed left it; none writes this long */
    CLOCK_SKEW_SECONDS = 300   /* between this machine and a file server */
};

/* ---- directories ------------------------------------------------------------------------- */

static bool join(char *path, size_t path_size, const char *directory, const char *name)
{
    int size = snprintf(path, path_size, "%s/%s", directory, name);

    return size > 0 && (size_t)size < path_size;
}

/* The cache's own directory; a new cache gets the file by which debuggers know a store. */
static enum avd_status make_cache(const char *root, char *staging, size_t staging_size,
                                  struct avd_error *err)
{
    enum avd_status status = AVD_OK;
    struct avd_path_info info;
    struct avd_output mark;
    char path[AVD_MAX_STORE_PATH_BYTES];

    avd_path_examine(root, &info);
    if (!join(staging, staging_size, root, STAGING) || !join(path, sizeof path, root, "pingme.txt"))
        return avd_error_set(err, AVD_E_IO, 0, "", "path too long");
    if (info.kind != AVD_PATH_DIRECTORY)
        status = avd_directory_make(root, err);
    if (status == AVD_OK)
        status = avd_directory_make(staging, err);
    if (status == AVD_OK && info.kind != AVD_PATH_DIRECTORY &&
        avd_output_create(&mark, staging, STAGED_PREFIX, NULL) == AVD_OK &&
        (avd_output_close(&mark, NULL) != AVD_OK ||
         avd_path_rename(mark.path, path, NULL) != AVD_OK))
        avd_output_discard(&mark);
    return status;
}

/* Removes what killed processes left. */
static void sweep(struct avd_store *store, const char *staging)
{
    struct avd_arena arena = {0};
    struct avd_directory_entry *items;
    size_t count;
    size_t i;
    bool cut;

    if (store->options.now == 0)
        return;
    if (avd_directory_list(&arena, staging, AVD_MAX_STORE_CANDIDATES, &items, &count, &cut, NULL) ==
        AVD_OK) {
        for (i = 0; i < count; i++) {
            char path[AVD_MAX_STORE_PATH_BYTES];
            struct avd_path_info info;

            if (strncmp(items[i].name, STAGED_PREFIX, strlen(STAGED_PREFIX)) != 0 ||
                !join(path, sizeof path, staging, items[i].name))
                continue;
            avd_path_examine(path, &info);
            if (info.kind == AVD_PATH_FILE && info.modified < store->options.now &&
                store->options.now - info.modified > ABANDONED_SECONDS)
                avd_path_remove(path);
        }
    }
    avd_arena_deinit(&arena);
}

/* ---- temporary files --------------------------------------------------------------------- */

/* A file in the private directory, which goes away with the store. */
static enum avd_status stage_privately(struct avd_store *store, struct avd_output *out,
                                       struct avd_error *err)
{
    struct avd_store_private *file = avd_arena_alloc(&store->arena, 1, sizeof *file);
    enum avd_status status;

    if (file == NULL)
        return avd_error_nomem(err);
    if (store->private_directory == NULL) {
        char path[AVD_MAX_STORE_PATH_BYTES];
        char *room = avd_arena_alloc(&store->arena, sizeof path, 1);

        if (room == NULL)
            return avd_error_nomem(err);
        status = avd_directory_make_private(store->options.temp_directory, path, sizeof path, err);
        if (status != AVD_OK)
            return status;
        memcpy(room, path, strlen(path) + 1);
        store->private_directory = room;
    }
    status = avd_output_create(out, store->private_directory, "file-", err);
    if (status != AVD_OK)
        return status;
    file->path = avd_arena_strdup(&store->arena, out->path);
    if (file->path == NULL) {
        avd_output_discard(out);
        return avd_error_nomem(err);
    }
    file->next = store->private_files;
    store->private_files = file;
    return AVD_OK;
}

void avd_store_private_remove(struct avd_store *store)
{
    const struct avd_store_private *file;

    for (file = store->private_files; file != NULL; file = file->next)
        avd_path_remove(file->path);
    if (store->private_directory != NULL)
        avd_path_remove(store->private_directory);
}

enum avd_status avd_store_stage(struct avd_store_search *search, struct avd_output *out,
                                struct avd_error *err)
{
    char staging[AVD_MAX_STORE_PATH_BYTES];
    size_t i;

    for (i = 0; search->wanted.key_count > 0 && i < search->cache_count; i++) {
        if (make_cache(search->caches[i], staging, sizeof staging, NULL) != AVD_OK)
            continue;
        sweep(search->store, staging);
        if (avd_output_create(out, staging, STAGED_PREFIX, NULL) == AVD_OK)
            return AVD_OK;
    }
    return stage_privately(search->store, out, err);
}

/* ---- putting into a cache ---------------------------------------------------------------- */

/* `name` in `directory`, as it is spelled there already, or made so. */
static enum avd_status enter(char *path, size_t path_size, const char *name, struct avd_error *err)
{
    char next[AVD_MAX_STORE_PATH_BYTES];
    enum avd_status status = AVD_OK;

    if (!avd_path_find(path, name, next, sizeof next)) {
        if (!join(next, sizeof next, path, name))
            return avd_error_set(err, AVD_E_IO, 0, "", "path too long");
        status = avd_directory_make(next, err);
    }
    if (strlen(next) >= path_size)
        return avd_error_set(err, AVD_E_IO, 0, "", "path too long");
    memcpy(path, next, strlen(next) + 1);
    return status;
}

/* Where the wanted file belongs in the cache `root`; its directory is made. */
static enum avd_status place_in(const struct avd_store_search *search, const char *root,
                                const char *leaf, char *path, size_t path_size,
                                struct avd_error *err)
{
    const struct avd_store_wanted *wanted = &search->wanted;
    const char prefix[3] = {wanted->name[0], wanted->name[1], '\0'};
    char index[AVD_MAX_STORE_PATH_BYTES];
    char directory[AVD_MAX_STORE_PATH_BYTES];
    enum avd_status status = AVD_OK;

    if (strlen(root) >= sizeof directory)
        return avd_error_set(err, AVD_E_IO, 0, "", "path too long");
    memcpy(directory, root, strlen(root) + 1);
    if (avd_path_find(root, "index2.txt", index, sizeof index) && avd_store_name_is_safe(prefix))
        status = enter(directory, sizeof directory, prefix, err);
    if (status == AVD_OK)
        status = enter(directory, sizeof directory, wanted->name, err);
    if (status == AVD_OK)
        status = enter(directory, sizeof directory, wanted->keys[0], err);
    if (status == AVD_OK && !avd_path_find(directory, leaf, path, path_size) &&
        !join(path, path_size, directory, leaf))
        status = avd_error_set(err, AVD_E_IO, 0, "", "path too long");
    return status;
}

static enum avd_status copy_to(const char *from, struct avd_output *out, struct avd_error *err)
{
    struct avd_file file = {0};
    enum avd_status status = avd_file_map(from, &file, err);

    if (status == AVD_OK && file.view.size > 0)
        status = avd_output_write(out, file.view.data, file.view.size, err);
    if (status == AVD_OK)
        status = avd_output_close(out, err);
    avd_file_close(&file);
    return status;
}

/* Puts `from` into the cache `root` under its right name. `own`, when not NULL, may be moved; then
 * it is closed and *own becomes NULL. */
static enum avd_status put(const struct avd_store_search *search, const char *root,
                           const char *leaf, const char *from, struct avd_output **own, char *path,
                           size_t path_size, struct avd_error *err)
{
    char staging[AVD_MAX_STORE_PATH_BYTES];
    struct avd_output copy;
    enum avd_status status = make_cache(root, staging, sizeof staging, err);

    if (status == AVD_OK)
        status = place_in(search, root, leaf, path, path_size, err);
    if (status != AVD_OK)
        return status;
    if (*own != NULL && avd_path_rename((*own)->path, path, NULL) == AVD_OK) {
        *own = NULL;
        return AVD_OK;
    }
    status = avd_output_create(&copy, staging, STAGED_PREFIX, err);
    if (status != AVD_OK)
        return status;
    status = copy_to(from, &copy, err);
    if (status == AVD_OK)
        status = avd_path_rename(copy.path, path, err);
    if (status != AVD_OK)
        avd_output_discard(&copy);
    return status;
}

/* ---- judging a file ---------------------------------------------------------------------- */

struct candidate {
    const char *place; /* path or URL, as shown */
    const char *path;
    bool by_program; /* comes from a server or cache: damage means that it came here so */
    bool unpacked;
    bool gzipped;           /* a .sym that stays compressed */
    struct avd_output *own; /* staged, NULL: somebody else's file */
};

/* The end of a file is not looked at when its id is compared, and servers that just close the
 * connection cut it off unnoticed. */
static bool is_whole(enum avd_symbol_file_kind kind, struct avd_view v)
{
    static const char msf[] = "Microsoft C/C++ MSF 7.00\r\n\x1a";
    uint64_t end = 0;

    if (kind == AVD_FILE_PDB && v.size >= 0x34 && memcmp(v.data, msf, sizeof msf - 1) == 0) {
        uint64_t pages = avd_view_u32(v, 0x28);

        /* The last page may be short. */
        end = pages > 0 ? (pages - 1) * avd_view_u32(v, 0x20) + 1 : 0;
    } else if (kind == AVD_FILE_IMAGE && avd_view_u16(v, 0) == 0x5a4d) {
        uint64_t pe = avd_view_u32(v, 0x3c);
        uint64_t table = pe + 24 + avd_view_u16(v, pe + 20);
        unsigned count = avd_view_u16(v, pe + 6);
        unsigned i;

        for (i = 0; i < count && i < AVD_MAX_SECTIONS; i++) {
            uint64_t section = table + UINT64_C(40) * i;
            uint32_t size = avd_view_u32(v, section + 16);
            uint32_t used = avd_view_u32(v, section + 8);
            uint64_t last = (uint64_t)avd_view_u32(v, section + 20) + (used < size ? used : size);

            if (size > 0 && last > end)
                end = last;
        }
    }
    return v.size >= end;
}

static enum avd_status write_output(void *ctx, const void *bytes, size_t size,
                                    struct avd_error *err)
{
    return avd_output_write(ctx, bytes, size, err);
}

static enum avd_status unpack_gzip(struct avd_view v, uint64_t limit, struct avd_output *out,
                                   struct avd_error *err)
{
    struct avd_file file = {0};
    bool truncated = false;
    enum avd_status status = avd_unpack_gzip(v, limit, &file, &truncated, err);

    if (status == AVD_OK && truncated)
        status = avd_error_set(err, AVD_E_FORMAT, 0, "gzip", "damaged or truncated gzip file");
    else if (status == AVD_OK)
        status = avd_output_write(out, file.view.data, file.view.size, err);
    avd_file_close(&file);
    return status;
}

static void drop(struct candidate *candidate)
{
    if (candidate->own != NULL)
        avd_output_discard(candidate->own);
    candidate->own = NULL;
}

/* Unpacks what is packed, into `room`; refuses what is empty or not whole. */
static enum avd_status prepare(struct avd_store_search *search, struct candidate *candidate,
                               struct avd_output *room, struct avd_error *err)
{
    uint64_t limit = search->store->options.max_download_size;
    struct avd_file file = {0};
    enum avd_status status = avd_file_map(candidate->path, &file, err);
    bool is_cabinet = avd_cabinet_is(file.view);
    bool is_gzip = avd_unpack_is_gzip(file.view);

    if (status == AVD_OK && file.view.size == 0)
        status = avd_error_set(err, AVD_E_FORMAT, 0, "", "empty file");
    if (status != AVD_OK)
        return status;
    candidate->gzipped = is_gzip && search->wanted.kind == AVD_FILE_SYM;
    if (is_cabinet || (is_gzip && !candidate->gzipped)) {
        status = avd_store_stage(search, room, err);
        if (status == AVD_OK) {
            status = is_cabinet ? avd_cabinet_extract(file.view, search->wanted.leaves[0].name,
                                                      limit, write_output, room, err)
                                : unpack_gzip(file.view, limit, room, err);
            if (status == AVD_OK && room->size == 0)
                status = avd_error_set(err, AVD_E_FORMAT, 0, "", "holds an empty file");
            if (status == AVD_OK)
                status = avd_output_close(room, err);
            if (status != AVD_OK)
                avd_output_discard(room);
        }
        if (status == AVD_OK) {
            drop(candidate);
            candidate->own = room;
            candidate->path = room->path;
            candidate->unpacked = true;
        }
    }
    avd_file_close(&file);
    if (status == AVD_OK && candidate->by_program) {
        status = avd_file_map(candidate->path, &file, err);
        if (status == AVD_OK && !is_whole(search->wanted.kind, file.view))
            status = avd_error_set(err, AVD_E_FORMAT, 0, "",
                                   "truncated: %llu bytes, less than its headers say",
                                   (unsigned long long)file.view.size);
        avd_file_close(&file);
    }
    return status;
}

static bool is_private(const struct avd_store *store, const char *path)
{
    const char *directory = store->private_directory;

    return directory != NULL && strncmp(path, directory, strlen(directory)) == 0;
}

/* Where the file stays when no cache took it: what is staged in a cache goes to the private
 * directory, so that nothing is left behind there. */
static const char *keep_privately(struct avd_store *store, struct candidate *candidate)
{
    struct avd_output copy;

    if (candidate->own == NULL || is_private(store, candidate->path))
        return avd_arena_strdup(&store->arena, candidate->path);
    if (stage_privately(store, &copy, NULL) != AVD_OK)
        return NULL;
    if (copy_to(candidate->path, &copy, NULL) != AVD_OK) {
        avd_output_discard(&copy);
        return NULL;
    }
    drop(candidate);
    return store->private_files->path;
}

/* Puts the verified file where it stays, and into all caches. */
static enum avd_status keep(struct avd_store_search *search, struct candidate *candidate)
{
    struct avd_arena *arena = &search->store->arena;
    const char *leaf = search->wanted.leaves[0].name;
    const char *first = NULL; /* the copy in the nearest cache */
    struct avd_output *none = NULL;
    struct avd_error err = {0};
    const char *failed = NULL;
    size_t i;

    if (candidate->gzipped)
        leaf = avd_arena_printf(arena, "%s.gz", leaf);
    if (leaf == NULL)
        return AVD_E_NOMEM;
    for (i = 0; search->wanted.key_count > 0 && i < search->cache_count; i++) {
        char path[AVD_MAX_STORE_PATH_BYTES];
        struct avd_output **own = first == NULL ? &candidate->own : &none;

        if (put(search, search->caches[i], leaf, first != NULL ? first : candidate->path, own, path,
                sizeof path, &err) != AVD_OK) {
            failed = search->caches[i];
            continue;
        }
        if (first == NULL) {
            first = avd_arena_strdup(arena, path);
            if (first == NULL)
                return AVD_E_NOMEM;
        }
    }
    if (first != NULL)
        drop(candidate); /* was copied, not moved */
    else
        first = keep_privately(search->store, candidate);
    if (first == NULL && !arena->failed) {
        avd_store_attempt(search, candidate->place, false, "found, but can be kept nowhere: %s",
                          err.message);
        return AVD_NOT_FOUND;
    }
    if (first == NULL)
        return AVD_E_NOMEM;
    search->path = first;
    if (failed != NULL)
        avd_store_attempt(search, candidate->place, true, "found; cannot be kept in %s: %s", failed,
                          err.message);
    else if (strcmp(search->path, candidate->place) == 0)
        avd_store_attempt(search, candidate->place, true, "found");
    else if (is_private(search->store, search->path)) /* whose name is another in each run */
        avd_store_attempt(search, candidate->place, true,
                          candidate->unpacked ? "found, unpacked for this run"
                                              : "found, kept for this run");
    else
        avd_store_attempt(search, candidate->place, true, "found, %s %s",
                          candidate->unpacked ? "unpacked to" : "kept as", search->path);
    return AVD_OK;
}

static enum avd_status judge(struct avd_store_search *search, struct candidate *candidate)
{
    struct avd_output room;
    struct avd_error err = {0};
    char reason[256] = "";
    enum avd_status status = prepare(search, candidate, &room, &err);

    if (status == AVD_OK && !search->verify(search->ctx, candidate->path, reason, sizeof reason))
        status = avd_error_set(&err, AVD_NOT_FOUND, 0, "", "%s",
                               reason[0] != '\0' ? reason : "not the one wanted");
    if (status == AVD_OK)
        status = keep(search, candidate);
    else if (status != AVD_E_NOMEM)
        avd_store_attempt(search, candidate->place, false, "%s", err.message);
    if (status == AVD_OK)
        return status;
    drop(candidate);
    return status == AVD_E_NOMEM ? status : AVD_NOT_FOUND;
}

enum avd_status avd_store_consider(struct avd_store_search *search, const char *path, bool is_cache)
{
    struct candidate candidate = {0};
    size_t i;

    /* A folder is searched in several ways, which may come upon the same file. */
    for (i = 0; i < search->attempt_count; i++)
        if (strcmp(search->attempts[i].place, path) == 0)
            return AVD_NOT_FOUND;
    if (search->candidates >= AVD_MAX_STORE_CANDIDATES) {
        search->attempts_dropped++;
        return AVD_NOT_FOUND;
    }
    search->candidates++;
    candidate.place = path;
    candidate.path = path;
    candidate.by_program = is_cache;
    return judge(search, &candidate);
}

enum avd_status avd_store_consider_download(struct avd_store_search *search, const char *url,
                                            struct avd_output *download)
{
    struct candidate candidate = {0};

    candidate.place = url;
    candidate.path = download->path;
    candidate.by_program = true;
    candidate.own = download;
    return judge(search, &candidate);
}

/* ---- what servers do not have ------------------------------------------------------------ */

/* The marker's path, and what it says; the name is a hash because URLs make no file names. */
static bool miss_marker(const struct avd_store_search *search, const char *url, char *path,
                        size_t path_size, char *text, size_t text_size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    char name[32];
    size_t i;
    int size;

    if (search->store->options.now == 0 || search->cache_count == 0 ||
        search->wanted.key_count == 0)
        return false;
    size = snprintf(text, text_size, "%s/%s/%s/%s\n", url, search->wanted.name,
                    search->wanted.keys[0], search->wanted.leaves[0].name);
    if (size < 0 || (size_t)size >= text_size)
        return false;
    for (i = 0; text[i] != '\0'; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    (void)snprintf(name, sizeof name, "%016" PRIx64, hash);
    size = snprintf(path, path_size, "%s/%s/%s", search->caches[0], MISSING, name);
    return size > 0 && (size_t)size < path_size;
}

bool avd_store_miss_known(struct avd_store_search *search, const char *url)
{
    uint64_t now = search->store->options.now;
    char path[AVD_MAX_STORE_PATH_BYTES];
    char text[AVD_MAX_STORE_PATH_BYTES];
    struct avd_path_info info;
    struct avd_file file = {0};
    bool known;

    if (!miss_marker(search, url, path, sizeof path, text, sizeof text))
        return false;
    avd_path_examine(path, &info);
    if (info.kind != AVD_PATH_FILE || info.modified > now + CLOCK_SKEW_SECONDS ||
        (now > info.modified && now - info.modified >= search->store->options.miss_seconds))
        return false;
    known = avd_file_map(path, &file, NULL) == AVD_OK && file.view.size == strlen(text) &&
            memcmp(file.view.data, text, file.view.size) == 0;
    avd_file_close(&file);
    return known;
}

void avd_store_miss_remember(struct avd_store_search *search, const char *url)
{
    char path[AVD_MAX_STORE_PATH_BYTES];
    char text[AVD_MAX_STORE_PATH_BYTES];
    char directory[AVD_MAX_STORE_PATH_BYTES];
    struct avd_output marker;

    /* What cannot be remembered will be asked again: no harm in failing. */
    if (!miss_marker(search, url, path, sizeof path, text, sizeof text) ||
        make_cache(search->caches[0], directory, sizeof directory, NULL) != AVD_OK ||
        avd_output_create(&marker, directory, STAGED_PREFIX, NULL) != AVD_OK)
        return;
    if (!join(directory, sizeof directory, search->caches[0], MISSING) ||
        avd_directory_make(directory, NULL) != AVD_OK ||
        avd_output_write(&marker, text, strlen(text), NULL) != AVD_OK ||
        avd_output_close(&marker, NULL) != AVD_OK ||
        avd_path_rename(marker.path, path, NULL) != AVD_OK)
        avd_output_discard(&marker);
}
