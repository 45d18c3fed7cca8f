/* SPDX-License-Identifier: MIT */
/*
 * Files on Windows: CreateFileW, MapViewOfFile, FindFirstFileW. Paths are UTF-8 outside and UTF-16
 * inside; paths over MAX_PATH work where the program's manifest says longPathAware.
 */
#include "base/file.h"

#include "base/arena.h"
#include "base/file_names.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <io.h>

enum { CHUNK = 65536 };

/* The system's words in English, so that messages do not depend on the user's language; the
 * number alone where English is not installed. */
static enum avd_status io_error(struct avd_error *err, const char *what)
{
    DWORD code = GetLastError();
    WCHAR wide[192];
    char text[192] = "";
    size_t size;
    DWORD got = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                               code, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), wide,
                               sizeof wide / sizeof wide[0], NULL);

    if (got != 0 &&
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, (int)sizeof text, NULL, NULL) == 0)
        text[0] = '\0';
    size = strlen(text);
    while (size > 0 && strchr(".\r\n ", text[size - 1]) != NULL)
        text[--size] = '\0';
    if (size == 0)
        return avd_error_set(err, AVD_E_IO, 0, "", "%s: Windows error %lu", what,
                             (unsigned long)code);
    return avd_error_set(err, AVD_E_IO, 0, "", "%s: %s", what, text);
}

/* A UTF-16 copy of `text` followed by `suffix`, for the caller to free. AVD_E_IO when `text` is no
 * UTF-8. */
static enum avd_status to_wide(const char *text, const WCHAR *suffix, WCHAR **out,
                               struct avd_error *err)
{
    size_t suffix_size = wcslen(suffix);
    int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);

    *out = NULL;
    if (size <= 0)
        return avd_error_set(err, AVD_E_IO, 0, "", "file name is not valid UTF-8");
    *out = avd_mem_calloc((size_t)size + suffix_size, sizeof **out);
    if (*out == NULL)
        return avd_error_nomem(err);
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, *out, size) != size) {
        avd_mem_free(*out);
        *out = NULL;
        return avd_error_set(err, AVD_E_IO, 0, "", "file name is not valid UTF-8");
    }
    memcpy(*out + (size - 1), suffix, (suffix_size + 1) * sizeof *suffix);
    return AVD_OK;
}

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
        status = io_error(err, "cannot be examined");
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
        status = io_error(err, "cannot be mapped");
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

enum avd_status avd_file_map(const char *utf8_path, struct avd_file *out, struct avd_error *err)
{
    enum avd_status status;
    WCHAR *path;
    DWORD attributes;
    HANDLE file;

    memset(out, 0, sizeof *out);
    status = to_wide(utf8_path, L"", &path, err);
    if (status != AVD_OK)
        return status;
    /* Opening a directory would fail with "access denied", which says nothing. */
    attributes = GetFileAttributesW(path);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        avd_mem_free(path);
        return avd_error_set(err, AVD_E_IO, 0, "", "is a directory, expected a file");
    }
    file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                       FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        status = io_error(err, "cannot be opened");
    else
        status = map_handle(file, out, err);
    avd_mem_free(path);
    return status;
}

enum avd_status avd_file_load(const char *utf8_path, struct avd_file *out, struct avd_error *err)
{
    return avd_file_map(utf8_path, out, err);
}

/* A second handle for what the C library or the process keeps its own of. */
static enum avd_status duplicate(HANDLE file, HANDLE *out, struct avd_error *err)
{
    if (!DuplicateHandle(GetCurrentProcess(), file, GetCurrentProcess(), out, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return io_error(err, "handle cannot be duplicated");
    return AVD_OK;
}

enum avd_status avd_file_adopt(void *stream, struct avd_file *out, struct avd_error *err)
{
    enum avd_status status;
    FILE *file = stream;
    HANDLE handle = NULL;

    memset(out, 0, sizeof *out);
    if (fflush(file) != 0)
        status = avd_error_set(err, AVD_E_IO, 0, "", "temporary file cannot be written: %s",
                               strerror(errno));
    else
        status = duplicate((HANDLE)_get_osfhandle(_fileno(file)), &handle, err);
    if (status == AVD_OK)
        status = map_handle(handle, out, err);
    (void)fclose(file);
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
            enum avd_status status = io_error(err, "cannot be read");

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

/* The UTF-8 form of a name that FindFirstFileW returned; false when it is no UTF-16. */
static bool from_wide(const WCHAR *wide, char *text, size_t size)
{
    return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, text, (int)size, NULL,
                               NULL) > 0;
}

/* Room for a name of MAX_PATH UTF-16 units. */
enum { NAME_SIZE = MAX_PATH * 3 + 1 };

enum avd_status avd_file_find(const char *directory, const char *name, char *path, size_t path_size)
{
    enum avd_status status = AVD_NOT_FOUND;
    char found[NAME_SIZE];
    WIN32_FIND_DATAW data;
    WCHAR *wide;
    HANDLE search;
    int size;

    /* Names come from dumps: no other directory, no stream, none of FindFirstFile's wildcards. */
    if (name[0] == '\0' || strpbrk(name, "/\\:*?\"<>|") != NULL || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return AVD_NOT_FOUND;
    size = snprintf(path, path_size, "%s\\%s", directory, name);
    if (size < 0 || (size_t)size >= path_size || to_wide(path, L"", &wide, NULL) != AVD_OK)
        return AVD_NOT_FOUND;
    search = FindFirstFileW(wide, &data);
    avd_mem_free(wide);
    if (search == INVALID_HANDLE_VALUE)
        return AVD_NOT_FOUND;
    (void)FindClose(search);
    if ((data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ||
        !from_wide(data.cFileName, found, sizeof found))
        return AVD_NOT_FOUND;
    size = snprintf(path, path_size, "%s\\%s", directory, found);
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
    status = to_wide(directory, L"\\*", &pattern, err);
    if (status != AVD_OK)
        return status;
    search = FindFirstFileW(pattern, &data);
    if (search == INVALID_HANDLE_VALUE) {
        status = io_error(err, "directory cannot be opened");
        avd_mem_free(pattern);
        return status;
    }
    avd_mem_free(pattern);
    do {
        char name[NAME_SIZE];

        /* A name that is no UTF-16 could not be opened by its UTF-8 form anyway. */
        if (from_wide(data.cFileName, name, sizeof name))
            status = avd_file_names_add(&list, name, suffix, err);
    } while (status == AVD_OK && FindNextFileW(search, &data));
    (void)FindClose(search);
    if (status == AVD_OK)
        return avd_file_names_join(&list, names, err);
    avd_arena_deinit(&list.arena);
    return status;
}
