/* SPDX-License-Identifier: MIT */
/* The file system on Windows. */
#include "base/paths.h"

#include "base/memory.h"
#include "base/wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

enum { NAME_TRIES = 10000, PATH_SIZE = 4096 };

/* FILETIME counts 100 ns from 1601; this is 1970. */
#define UNIX_EPOCH 11644473600u

/* NULL when out of memory or no UTF-8, for functions that only say no. */
static WCHAR *to_wide(const char *path, const WCHAR *suffix)
{
    WCHAR *wide;

    return avd_wide_path(path, suffix, &wide, NULL) == AVD_OK ? wide : NULL;
}

/* Most paths need no memory: a shortage of it must not look like an absent file. */
static bool attributes_of(const char *path, WIN32_FILE_ATTRIBUTE_DATA *out)
{
    WCHAR room[AVD_WIDE_LONG_PATH];
    WCHAR *wide;
    bool good;

    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, room, AVD_WIDE_LONG_PATH) > 0)
        return GetFileAttributesExW(room, GetFileExInfoStandard, out);
    wide = to_wide(path, L"");
    good = wide != NULL && GetFileAttributesExW(wide, GetFileExInfoStandard, out);
    avd_mem_free(wide);
    return good;
}

void avd_path_examine(const char *path, struct avd_path_info *out)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    uint64_t time;

    memset(out, 0, sizeof *out);
    if (attributes_of(path, &data)) {
        out->kind = (data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? AVD_PATH_DIRECTORY
                    : (data.dwFileAttributes & FILE_ATTRIBUTE_DEVICE) != 0  ? AVD_PATH_OTHER
                                                                            : AVD_PATH_FILE;
        out->size = (uint64_t)data.nFileSizeHigh << 32 | data.nFileSizeLow;
        time = ((uint64_t)data.ftLastWriteTime.dwHighDateTime << 32 |
                data.ftLastWriteTime.dwLowDateTime) /
               10000000u;
        out->modified = time > UNIX_EPOCH ? time - UNIX_EPOCH : 0;
    }
}

static bool join(char *path, size_t path_size, const char *directory, const char *name)
{
    int size = snprintf(path, path_size, "%s/%s", directory, name);

    return size > 0 && (size_t)size < path_size;
}

/* The file system itself ignores case; this asks for the spelling. */
bool avd_path_find(const char *directory, const char *name, char *path, size_t path_size)
{
    char found[AVD_WIDE_NAME_SIZE];
    WIN32_FIND_DATAW data;
    HANDLE search;
    WCHAR *wide;

    if (strpbrk(name, "*?") != NULL || !join(path, path_size, directory, name))
        return false;
    wide = to_wide(path, L"");
    if (wide == NULL)
        return false;
    search = FindFirstFileW(wide, &data);
    avd_mem_free(wide);
    if (search == INVALID_HANDLE_VALUE)
        return false;
    (void)FindClose(search);
    return avd_wide_to_utf8(data.cFileName, found, sizeof found) &&
           join(path, path_size, directory, found);
}

bool avd_path_find_quick(const char *directory, const char *name, char *path, size_t path_size)
{
    return avd_path_find(directory, name, path, path_size);
}

enum avd_status avd_path_rename(const char *from, const char *to, struct avd_error *err)
{
    WCHAR *wide_from = to_wide(from, L"");
    WCHAR *wide_to = to_wide(to, L"");
    enum avd_status status = AVD_OK;

    if (wide_from == NULL || wide_to == NULL)
        status = avd_error_nomem(err);
    else if (!MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING))
        status = avd_wide_error(err, "cannot be renamed");
    avd_mem_free(wide_from);
    avd_mem_free(wide_to);
    return status;
}

void avd_path_remove(const char *path)
{
    WCHAR *wide = to_wide(path, L"");

    if (wide != NULL && !DeleteFileW(wide))
        (void)RemoveDirectoryW(wide);
    avd_mem_free(wide);
}

static int compare_entries(const void *a, const void *b)
{
    const struct avd_directory_entry *x = a;
    const struct avd_directory_entry *y = b;

    return strcmp(x->name, y->name);
}

/* False for "." and "..". Where a link to a file leads shows when it is opened. */
static bool classify(const WIN32_FIND_DATAW *data, char *name, size_t name_size,
                     struct avd_directory_entry *out)
{
    out->kind = (data->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? AVD_PATH_DIRECTORY
                                                                         : AVD_PATH_FILE;
    out->is_link = (data->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
    return avd_wide_to_utf8(data->cFileName, name, name_size) && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

enum avd_status avd_directory_list(struct avd_arena *arena, const char *path, size_t limit,
                                   struct avd_directory_entry **items, size_t *count, bool *cut,
                                   struct avd_error *err)
{
    struct avd_directory_entry *list = NULL;
    enum avd_status status = AVD_OK;
    WIN32_FIND_DATAW data;
    size_t capacity = 0;
    HANDLE search;
    WCHAR *pattern = to_wide(path, L"\\*");

    *items = NULL;
    *count = 0;
    *cut = false;
    if (pattern == NULL)
        return avd_error_nomem(err);
    search = FindFirstFileW(pattern, &data);
    avd_mem_free(pattern);
    if (search == INVALID_HANDLE_VALUE)
        return avd_wide_error(err, "directory cannot be opened");
    do {
        struct avd_directory_entry item = {0};
        struct avd_directory_entry *grown;
        char name[AVD_WIDE_NAME_SIZE];

        if (!classify(&data, name, sizeof name, &item))
            continue;
        if (*count >= limit) {
            *cut = true;
            break;
        }
        grown = avd_arena_grow(arena, list, *count, &capacity, sizeof *list, limit);
        item.name = avd_arena_strdup(arena, name);
        if (grown == NULL || item.name == NULL) {
            status = avd_error_nomem(err);
            break;
        }
        list = grown;
        list[*count] = item;
        *count += 1;
    } while (FindNextFileW(search, &data));
    (void)FindClose(search);
    if (status == AVD_OK && *count > 1)
        qsort(list, *count, sizeof *list, compare_entries);
    *items = list;
    return status;
}

/* Whether the directory was made; GetLastError has the reason when not. */
static bool make_one(const char *path)
{
    WCHAR *wide = to_wide(path, L"");
    bool made = wide != NULL && CreateDirectoryW(wide, NULL);
    DWORD code = wide != NULL ? GetLastError() : ERROR_NOT_ENOUGH_MEMORY;

    avd_mem_free(wide);
    SetLastError(code);
    return made;
}

enum avd_status avd_directory_make(const char *path, struct avd_error *err)
{
    char part[PATH_SIZE];
    size_t size = strlen(path);
    struct avd_path_info info;
    size_t i;

    if (make_one(path))
        return AVD_OK;
    if (GetLastError() == ERROR_PATH_NOT_FOUND && size < sizeof part) {
        memcpy(part, path, size + 1);
        for (i = 1; i < size; i++) {
            char separator = part[i];

            if (separator != '/' && separator != '\\')
                continue;
            part[i] = '\0';
            (void)make_one(part); /* what fails here fails at the end, too */
            part[i] = separator;
        }
        if (make_one(path))
            return AVD_OK;
    }
    if (GetLastError() == ERROR_NOT_ENOUGH_MEMORY)
        return avd_error_nomem(err);
    avd_path_examine(path, &info);
    return info.kind == AVD_PATH_DIRECTORY ? AVD_OK
                                           : avd_wide_error(err, "directory cannot be made");
}

/* The user's temporary directory is private already. */
enum avd_status avd_directory_make_private(const char *parent, char *path, size_t path_size,
                                           struct avd_error *err)
{
    char temp[AVD_WIDE_NAME_SIZE];
    WCHAR wide_temp[MAX_PATH + 1];
    unsigned number;

    if (parent == NULL) {
        if (GetTempPathW(MAX_PATH + 1, wide_temp) == 0 ||
            !avd_wide_to_utf8(wide_temp, temp, sizeof temp))
            return avd_wide_error(err, "temporary directory cannot be made");
        parent = temp;
    }
    for (number = 0; number < NAME_TRIES; number++) {
        int size = snprintf(path, path_size, "%s/avdump-%lu-%u", parent,
                            (unsigned long)GetCurrentProcessId(), number);
        WCHAR *wide;
        BOOL made;

        if (size < 0 || (size_t)size >= path_size)
            return avd_error_set(err, AVD_E_IO, 0, "", "path too long");
        wide = to_wide(path, L"");
        if (wide == NULL)
            return avd_error_nomem(err);
        made = CreateDirectoryW(wide, NULL);
        avd_mem_free(wide);
        if (made)
            return AVD_OK;
        if (GetLastError() != ERROR_ALREADY_EXISTS)
            break;
    }
    return avd_wide_error(err, "temporary directory cannot be made");
}

enum avd_status avd_output_create(struct avd_output *out, const char *directory, const char *prefix,
                                  struct avd_error *err)
{
    HANDLE file = INVALID_HANDLE_VALUE;
    unsigned number;

    out->handle = NULL;
    out->size = 0;
    for (number = 0; number < NAME_TRIES; number++) {
        int size = snprintf(out->path, sizeof out->path, "%s/%s%lu-%u", directory, prefix,
                            (unsigned long)GetCurrentProcessId(), number);
        WCHAR *wide;

        if (size < 0 || (size_t)size >= sizeof out->path)
            return avd_error_set(err, AVD_E_IO, 0, "", "path too long");
        wide = to_wide(out->path, L"");
        if (wide == NULL)
            return avd_error_nomem(err);
        file = CreateFileW(wide, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
        avd_mem_free(wide);
        if (file != INVALID_HANDLE_VALUE || GetLastError() != ERROR_FILE_EXISTS)
            break;
    }
    if (file == INVALID_HANDLE_VALUE)
        return avd_wide_error(err, "file cannot be made");
    out->handle = file;
    return AVD_OK;
}

enum avd_status avd_output_write(struct avd_output *out, const void *bytes, size_t size,
                                 struct avd_error *err)
{
    const unsigned char *from = bytes;

    while (size > 0) {
        DWORD piece = size < 1u << 30 ? (DWORD)size : 1u << 30;
        DWORD written = 0;

        if (!WriteFile(out->handle, from, piece, &written, NULL) || written == 0)
            return avd_wide_error(err, "file cannot be written");
        from += written;
        size -= written;
        out->size += written;
    }
    return AVD_OK;
}

enum avd_status avd_output_flush(struct avd_output *out, struct avd_error *err)
{
    (void)out; /* nothing is held back */
    (void)err;
    return AVD_OK;
}

enum avd_status avd_output_close(struct avd_output *out, struct avd_error *err)
{
    HANDLE file = out->handle;

    out->handle = NULL;
    return file == NULL || CloseHandle(file) ? AVD_OK
                                             : avd_wide_error(err, "file cannot be written");
}

void avd_output_discard(struct avd_output *out)
{
    (void)avd_output_close(out, NULL);
    avd_path_remove(out->path);
}
