/* SPDX-License-Identifier: MIT */
/* Files on Windows: CreateFileW, MapViewOfFile, FindFirstFileW. */
#include "base/file.h"

#include "base/arena.h"
#include "base/file_names.h"
#include "base/memory.h"
#include "base/wide.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <fcntl.h>
#include <io.h>

enum { CHUNK = 65536, SMALL_FILE = 16 * 1024 /* what avd_file_load reads */ };

/* Maps an open file and takes its handle over. The handle stays open as long as the mapping: a
 * temporary file goes away with its last handle, which Windows refuses while it is mapped. */
static enum avd_status map_handle(HANDLE file, struct avd_file *out, struct avd_error *err)
{
    enum avd_status status = AVD_OK;
    LARGE_INTEGER size;
    HANDLE mapping = NULL;
    void *address = NULL;

    if (GetFileType(file) != FILE_TYPE_DISK) {
        status =
            avd_error_set(err, AVD_E_IO, 0, "", "is no regular file; use '-' to read from a pipe");
        goto out;
    }
    if (!GetFileSizeEx(file, &size)) {
        status = avd_wide_error(err, "cannot be examined");
        goto out;
    }
    if (size.QuadPart == 0) /* CreateFileMapping refuses empty files */
        goto out;
    if ((ULONGLONG)size.QuadPart > SIZE_MAX) {
        status =
            avd_error_set(err, AVD_E_LIMIT, 0, "", "too large for this machine's address space");
        goto out;
    }
    mapping = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    if (mapping != NULL)
        address = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, (SIZE_T)size.QuadPart);
    if (address == NULL) {
        status = avd_wide_error(err, "cannot be mapped");
        goto out;
    }
    out->view.data = address;
    out->view.size = (size_t)size.QuadPart;
    out->handle = file;
    out->mapped = true;
    file = NULL;
out:
    if (mapping != NULL)
        (void)CloseHandle(mapping); /* the view keeps what it needs */
    if (file != NULL)
        (void)CloseHandle(file);
    return status;
}

static enum avd_status open_file(const char *utf8_path, HANDLE *file, struct avd_error *err)
{
    WCHAR *path;
    DWORD attributes;
    enum avd_status status = avd_wide_path(utf8_path, L"", &path, err);

    if (status != AVD_OK)
        return status;
    /* Opening a directory would fail with "access denied", which says nothing. */
    attributes = GetFileAttributesW(path);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        avd_mem_free(path);
        return avd_error_set(err, AVD_E_IO, 0, "", "is a directory, expected a file");
    }
    *file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                        OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (*file == INVALID_HANDLE_VALUE)
        status = avd_wide_error(err, "cannot be opened");
    avd_mem_free(path);
    return status;
}

enum avd_status avd_file_map(const char *utf8_path, struct avd_file *out, struct avd_error *err)
{
    HANDLE file;
    enum avd_status status = open_file(utf8_path, &file, err);

    memset(out, 0, sizeof *out);
    return status == AVD_OK ? map_handle(file, out, err) : status;
}

/* Whether the file was read; what is not small, or no file at all, is left to mapping, which also
 * has the words for what goes wrong. */
static bool read_handle(HANDLE file, struct avd_file *out)
{
    LARGE_INTEGER size;
    void *bytes;
    DWORD got = 0;

    if (GetFileType(file) != FILE_TYPE_DISK || !GetFileSizeEx(file, &size) || size.QuadPart <= 0 ||
        size.QuadPart > SMALL_FILE)
        return false;
    bytes = avd_mem_realloc(NULL, (size_t)size.QuadPart, 1);
    if (bytes == NULL || !ReadFile(file, bytes, (DWORD)size.QuadPart, &got, NULL)) {
        avd_mem_free(bytes);
        return false;
    }
    out->view.data = bytes;
    out->view.size = got;
    out->handle = bytes;
    return true;
}

enum avd_status avd_file_load(const char *utf8_path, struct avd_file *out, struct avd_error *err)
{
    HANDLE file;
    enum avd_status status = open_file(utf8_path, &file, err);

    memset(out, 0, sizeof *out);
    if (status != AVD_OK)
        return status;
    if (!read_handle(file, out))
        return map_handle(file, out, err);
    (void)CloseHandle(file);
    return AVD_OK;
}

/* A second handle for what the C library or the process keeps its own of. */
static enum avd_status duplicate(HANDLE file, HANDLE *out, struct avd_error *err)
{
    if (!DuplicateHandle(GetCurrentProcess(), file, GetCurrentProcess(), out, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return avd_wide_error(err, "handle cannot be duplicated");
    return AVD_OK;
}

FILE *avd_file_open(const char *utf8_path, const char *mode)
{
    wchar_t wide_mode[8] = L"";
    wchar_t *path;
    FILE *stream;
    size_t i;

    if (avd_wide_path(utf8_path, L"", &path, NULL) != AVD_OK) {
        errno = ENOENT;
        return NULL;
    }
    for (i = 0; i < sizeof wide_mode / sizeof *wide_mode - 1 && mode[i] != '\0'; i++)
        wide_mode[i] = (wchar_t)mode[i];
    stream = _wfopen(path, wide_mode);
    avd_mem_free(path);
    return stream;
}

/* The C library's tmpfile makes its file in the root of the drive, where few may write. */
FILE *avd_file_temporary(void)
{
    WCHAR folder[MAX_PATH + 1];
    WCHAR path[MAX_PATH + 1];
    HANDLE file;
    FILE *stream;
    int fd;

    if (GetTempPathW(MAX_PATH + 1, folder) == 0 || GetTempFileNameW(folder, L"avd", 0, path) == 0)
        return NULL;
    file =
        CreateFileW(path, GENERIC_READ | GENERIC_WRITE | DELETE, FILE_SHARE_DELETE, NULL,
                    TRUNCATE_EXISTING, FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        (void)DeleteFileW(path);
        return NULL;
    }
    fd = _open_osfhandle((intptr_t)file, _O_BINARY);
    if (fd < 0) {
        (void)CloseHandle(file);
        return NULL;
    }
    stream = _fdopen(fd, "w+b");
    if (stream == NULL)
        (void)_close(fd);
    return stream;
}

enum avd_status avd_file_adopt(FILE *stream, struct avd_file *out, struct avd_error *err)
{
    enum avd_status status;
    HANDLE handle = NULL;

    memset(out, 0, sizeof *out);
    if (fflush(stream) != 0)
        status = avd_error_set(err, AVD_E_IO, 0, "", "temporary file cannot be written: %s",
                               strerror(errno));
    else
        status = duplicate((HANDLE)_get_osfhandle(_fileno(stream)), &handle, err);
    if (status == AVD_OK)
        status = map_handle(handle, out, err);
    (void)fclose(stream);
    return status;
}

static enum avd_status read_pipe(HANDLE input, uint64_t limit, struct avd_file *out,
                                 struct avd_error *err)
{
    unsigned char *bytes = NULL;
    size_t used = 0;
    size_t capacity = 0;

    for (;;) {
        DWORD got = 0;

        if (capacity - used < CHUNK) {
            size_t wanted = capacity == 0 ? 2 * (size_t)CHUNK : capacity * 2;
            unsigned char *grown = avd_mem_realloc(bytes, wanted, 1);

            if (grown == NULL) {
                avd_mem_free(bytes);
                return avd_error_nomem(err);
            }
            bytes = grown;
            capacity = wanted;
        }
        /* A pipe ends with "broken pipe", anything else with zero bytes. */
        if (!ReadFile(input, bytes + used, CHUNK, &got, NULL) &&
            GetLastError() != ERROR_BROKEN_PIPE) {
            enum avd_status status = avd_wide_error(err, "cannot be read");

            avd_mem_free(bytes);
            return status;
        }
        if (got == 0)
            break;
        used += got;
        if (used > limit) {
            avd_mem_free(bytes);
            return avd_error_set(err, AVD_E_LIMIT, 0, "", "more than %llu bytes on standard input",
                                 (unsigned long long)limit);
        }
    }
    out->view.data = bytes;
    out->view.size = used;
    out->handle = bytes;
    return AVD_OK;
}

/* ReadFile knows no text mode, so that the bytes come as they are. */
enum avd_status avd_file_read_stdin(uint64_t limit, struct avd_file *out, struct avd_error *err)
{
    static const LARGE_INTEGER zero;
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    LARGE_INTEGER position;

    memset(out, 0, sizeof *out);
    if (input == NULL || input == INVALID_HANDLE_VALUE)
        return avd_error_set(err, AVD_E_IO, 0, "", "there is no standard input");
    /* A redirected file is mapped like any other. */
    if (GetFileType(input) == FILE_TYPE_DISK &&
        SetFilePointerEx(input, zero, &position, FILE_CURRENT) && position.QuadPart == 0) {
        HANDLE file = NULL;
        enum avd_status status = duplicate(input, &file, err);

        return status == AVD_OK ? map_handle(file, out, err) : status;
    }
    return read_pipe(input, limit, out, err);
}

void avd_file_close(struct avd_file *file)
{
    if (file->mapped) {
        (void)UnmapViewOfFile(file->view.data);
        (void)CloseHandle(file->handle);
    } else {
        avd_mem_free(file->handle);
    }
    memset(file, 0, sizeof *file);
}

enum avd_status avd_file_find(const char *directory, const char *name, char *path, size_t path_size)
{
    enum avd_status status = AVD_NOT_FOUND;
    char found[AVD_WIDE_NAME_SIZE];
    WIN32_FIND_DATAW data;
    WCHAR *wide;
    HANDLE search;
    int size;

    /* Names come from dumps: no other directory, no stream, none of FindFirstFile's wildcards. */
    if (name[0] == '\0' || strpbrk(name, "/\\:*?\"<>|") != NULL || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return AVD_NOT_FOUND;
    size = snprintf(path, path_size, "%s/%s", directory, name);
    if (size < 0 || (size_t)size >= path_size || avd_wide_path(path, L"", &wide, NULL) != AVD_OK)
        return AVD_NOT_FOUND;
    search = FindFirstFileW(wide, &data);
    avd_mem_free(wide);
    if (search == INVALID_HANDLE_VALUE)
        return AVD_NOT_FOUND;
    (void)FindClose(search);
    if ((data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ||
        !avd_wide_to_utf8(data.cFileName, found, sizeof found))
        return AVD_NOT_FOUND;
    size = snprintf(path, path_size, "%s/%s", directory, found);
    if (size > 0 && (size_t)size < path_size)
        status = AVD_OK;
    return status;
}

enum avd_status avd_file_list(const char *directory, const char *suffix, char **names,
                              struct avd_error *err)
{
    struct avd_file_names list = {0};
    enum avd_status status;
    WIN32_FIND_DATAW data;
    WCHAR *pattern;
    HANDLE search;

    *names = NULL;
    status = avd_wide_path(directory, L"\\*", &pattern, err);
    if (status != AVD_OK)
        return status;
    search = FindFirstFileW(pattern, &data);
    if (search == INVALID_HANDLE_VALUE) {
        status = avd_wide_error(err, "directory cannot be opened");
        avd_mem_free(pattern);
        return status;
    }
    avd_mem_free(pattern);
    do {
        char name[AVD_WIDE_NAME_SIZE];

        /* A name that is no UTF-16 could not be opened by its UTF-8 form anyway. */
        if (avd_wide_to_utf8(data.cFileName, name, sizeof name))
            status = avd_file_names_add(&list, name, suffix, err);
    } while (status == AVD_OK && FindNextFileW(search, &data));
    (void)FindClose(search);
    if (status == AVD_OK)
        return avd_file_names_join(&list, names, err);
    avd_arena_deinit(&list.arena);
    return status;
}
