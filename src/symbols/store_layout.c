/* SPDX-License-Identifier: MIT */
/*
 * Layouts of local stores: name/key/leaf as SymStore and Breakpad have it, the third tier that
 * index2.txt announces, file.ptr, and the flat folders that dbghelp looks into. Names are found
 * whatever their case, since stores come from systems that do not tell.
 */
#include "symbols/store_private.h"

#include "base/file.h"
#include "base/utf.h"

#include <stdio.h>
#include <string.h>

static bool is_kind(const char *path, enum avd_path_kind kind)
{
    struct avd_path_info info;

    avd_path_examine(path, &info);
    return info.kind == kind;
}

static bool find_directory(const char *parent, const char *name, char *path, size_t path_size)
{
    return avd_path_find(parent, name, path, path_size) && is_kind(path, AVD_PATH_DIRECTORY);
}

/* ---- file.ptr ---------------------------------------------------------------------------- */

/* Absolute on this machine, or on Windows, whose paths only --map can find. */
static bool is_windows_path(const char *path)
{
    return (path[0] == '\\' && path[1] == '\\') || (path[0] != '\0' && path[1] == ':');
}

/* A path relative to the key's directory; it must stay below it. */
static bool relative_path(const char *directory, const char *text, char *path, size_t path_size)
{
    char name[AVD_MAX_STORE_NAME_BYTES + 1];
    char next[AVD_MAX_STORE_PATH_BYTES];
    unsigned depth;

    if (strlen(directory) >= path_size)
        return false;
    memcpy(path, directory, strlen(directory) + 1);
    for (depth = 0; depth < AVD_MAX_STORE_DEPTH && *text != '\0'; depth++) {
        size_t size = strcspn(text, "/\\");

        if (size >= sizeof name)
            return false;
        memcpy(name, text, size);
        name[size] = '\0';
        text = &text[size];
        while (*text == '/' || *text == '\\')
            text++;
        if (!avd_store_name_is_safe(name) || !avd_path_find(path, name, next, sizeof next) ||
            strlen(next) >= path_size)
            return false;
        memcpy(path, next, strlen(next) + 1);
    }
    return *text == '\0';
}

static enum avd_status follow_path(struct avd_store_search *search, const char *place,
                                   const char *directory, const char *text)
{
    char path[AVD_MAX_STORE_PATH_BYTES];

    if (avd_store_map_path(search->store, text, path, sizeof path) == AVD_OK)
        return avd_store_consider(search, path, false);
    /* A server has no say in which files of this machine are opened. */
    if (is_windows_path(text) || directory == NULL) {
        avd_store_attempt(search, place, false,
                          "leads to %s, which is not to be had here; --map can say where it is",
                          text);
        return AVD_NOT_FOUND;
    }
    if (text[0] == '/'
            ? is_kind(text, AVD_PATH_FILE)
            : relative_path(directory, text, path, sizeof path) && is_kind(path, AVD_PATH_FILE))
        return avd_store_consider(search, text[0] == '/' ? text : path, false);
    avd_store_attempt(search, place, false, "leads to %s, where no file is", text);
    return AVD_NOT_FOUND;
}

enum avd_status avd_store_follow_pointer(struct avd_store_search *search, const char *place,
                                         const char *directory, char *text)
{
    size_t size;

    for (size = strlen(text); size > 0 && strchr("\r\n\t ", text[size - 1]) != NULL; size--)
        text[size - 1] = '\0';
    if (strncmp(text, "PATH:", 5) == 0)
        return follow_path(search, place, directory, &text[5 + strspn(&text[5], " ")]);
    if (strncmp(text, "MSG:", 4) == 0)
        avd_store_attempt(search, place, false, "the store says: %s",
                          &text[4 + strspn(&text[4], " ")]);
    else
        avd_store_attempt(search, place, false, "expected PATH: or MSG: in a file.ptr");
    return AVD_NOT_FOUND;
}

static enum avd_status read_pointer(struct avd_store_search *search, const char *pointer,
                                    const char *directory)
{
    struct avd_file file = {0};
    struct avd_error err;
    struct avd_view v;
    enum avd_status status = avd_file_map(pointer, &file, &err);
    char *text;

    if (status != AVD_OK) {
        avd_store_attempt(search, pointer, false, "%s", err.message);
        return status == AVD_E_NOMEM ? status : AVD_NOT_FOUND;
    }
    (void)avd_view_clip(file.view, 0, AVD_MAX_STORE_POINTER_BYTES, &v);
    text = avd_bytes_to_utf8(&search->store->arena, v);
    avd_file_close(&file);
    return text != NULL ? avd_store_follow_pointer(search, pointer, directory, text) : AVD_E_NOMEM;
}

/* ---- name/key/leaf ----------------------------------------------------------------------- */

static enum avd_status search_key_directory(struct avd_store_search *search, const char *directory,
                                            bool is_cache)
{
    enum avd_status status = AVD_NOT_FOUND;
    char path[AVD_MAX_STORE_PATH_BYTES];
    size_t i;

    for (i = 0; status == AVD_NOT_FOUND && i < search->wanted.leaf_count; i++) {
        if (avd_path_find(directory, search->wanted.leaves[i].name, path, sizeof path) &&
            is_kind(path, AVD_PATH_FILE))
            status = avd_store_consider(search, path, is_cache);
    }
    if (status == AVD_NOT_FOUND && search->wanted.kind != AVD_FILE_SYM &&
        avd_path_find(directory, "file.ptr", path, sizeof path) && is_kind(path, AVD_PATH_FILE))
        status = read_pointer(search, path, directory);
    return status;
}

static enum avd_status search_tier(struct avd_store_search *search, const char *root, bool is_cache)
{
    enum avd_status status = AVD_NOT_FOUND;
    char named[AVD_MAX_STORE_PATH_BYTES];
    char path[AVD_MAX_STORE_PATH_BYTES];
    size_t i;

    if (!find_directory(root, search->wanted.name, named, sizeof named))
        return AVD_NOT_FOUND;
    for (i = 0; status == AVD_NOT_FOUND && i < search->wanted.key_count; i++)
        if (find_directory(named, search->wanted.keys[i], path, sizeof path))
            status = search_key_directory(search, path, is_cache);
    return status;
}

enum avd_status avd_store_find_by_key(struct avd_store_search *search, const char *root,
                                      bool is_cache)
{
    char prefix[3] = {search->wanted.name[0], search->wanted.name[1], '\0'};
    char path[AVD_MAX_STORE_PATH_BYTES];
    enum avd_status status = search_tier(search, root, is_cache);

    /* root/nt/ntdll.pdb/...: index2.txt says so, but copies of stores often lack it. */
    if (status == AVD_NOT_FOUND && avd_store_name_is_safe(prefix) &&
        find_directory(root, prefix, path, sizeof path))
        status = search_tier(search, path, is_cache);
    return status;
}

/* ---- flat folders ------------------------------------------------------------------------ */

static enum avd_status search_leaves(struct avd_store_search *search, const char *directory,
                                     bool quick)
{
    enum avd_status status = AVD_NOT_FOUND;
    char path[AVD_MAX_STORE_PATH_BYTES];
    size_t i;

    for (i = 0; status == AVD_NOT_FOUND && i < search->wanted.leaf_count; i++) {
        const char *name = search->wanted.leaves[i].name;
        bool found = quick ? avd_path_find_quick(directory, name, path, sizeof path)
                           : avd_path_find(directory, name, path, sizeof path);

        if (found && is_kind(path, AVD_PATH_FILE))
            status = avd_store_consider(search, path, false);
    }
    return status;
}

enum avd_status avd_store_find_beside(struct avd_store_search *search, const char *directory)
{
    return search_leaves(search, directory, true);
}

enum avd_status avd_store_find_flat(struct avd_store_search *search, const char *root,
                                    bool by_extension)
{
    const char *extension = search->wanted.extension;
    char symbols[AVD_MAX_STORE_PATH_BYTES];
    char path[AVD_MAX_STORE_PATH_BYTES];
    enum avd_status status = search_leaves(search, root, false);

    /* root/dll/ntdll.pdb, root/symbols/dll/ntdll.pdb: by the image's extension. */
    if (status != AVD_NOT_FOUND || !by_extension || extension[0] == '\0')
        return status;
    if (find_directory(root, extension, path, sizeof path))
        status = search_leaves(search, path, false);
    if (status == AVD_NOT_FOUND && find_directory(root, "symbols", symbols, sizeof symbols) &&
        find_directory(symbols, extension, path, sizeof path))
        status = search_leaves(search, path, false);
    return status;
}
