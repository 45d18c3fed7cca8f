/* SPDX-License-Identifier: MIT */
/* Files on POSIX systems: mmap, opendir. */
#include "base/file.h"

#include "base/file_names.h"
#include "base/memory.h"
#include "base/utf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALL_FILE = 16 * 1024 }; /* what avd_file_load reads */

static enum avd_status io_error(struct avd_error *err, const char *what)
{
    return avd_error_set(err, AVD_E_IO, 0, "", "%s: %s", what, strerror(errno));
}

/* Maps an open descriptor; the mapping outlives it. */
static enum avd_status map_descriptor(int fd, struct avd_file *out, struct avd_error *err)
{
    struct stat st;
    void *address;

    if (fstat(fd, &st) != 0)
        return io_error(err, "cannot be examined");
    if (S_ISDIR(st.st_mode))
        return avd_error_set(err, AVD_E_IO, 0, "", "is a directory, expected a file");
    if (!S_ISREG(st.st_mode))
        return avd_error_set(err, AVD_E_IO, 0, "",
                             "is no regular file; use '-' to read from a pipe");
    if (st.st_size == 0)
        return AVD_OK;
    if ((uintmax_t)st.st_size > SIZE_MAX)
        return avd_error_set(err, AVD_E_LIMIT, 0, "", "too large for this machine's address space");
    address = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED)
        return io_error(err, "cannot be mapped");
    out->view.data = address;
    out->view.size = (size_t)st.st_size;
    out->handle = address;
    out->mapped = true;
    return AVD_OK;
}

/* O_NONBLOCK: opening a FIFO must not hang. */
static int open_file(const char *utf8_path)
{
    return open(utf8_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

enum avd_status avd_file_map(const char *utf8_path, struct avd_file *out, struct avd_error *err)
{
    enum avd_status status;
    int fd = open_file(utf8_path);

    memset(out, 0, sizeof *out);
    if (fd < 0)
        return io_error(err, "cannot be opened");
    status = map_descriptor(fd, out, err);
    (void)close(fd);
    return status;
}

FILE *avd_file_open(const char *utf8_path, const char *mode)
{
    return fopen(utf8_path, mode);
}

FILE *avd_file_temporary(void)
{
    return tmpfile();
}

/* Whether the file was read; what is not small, or no file at all, is left to mapping, which also
 * has the words for what goes wrong. */
static bool read_descriptor(int fd, struct avd_file *out)
{
    unsigned char *bytes;
    size_t used = 0;
    ssize_t got = 1;
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > SMALL_FILE)
        return false;
    bytes = avd_mem_realloc(NULL, (size_t)st.st_size, 1);
    while (bytes != NULL && used < (size_t)st.st_size && got > 0) {
        got = read(fd, bytes + used, (size_t)st.st_size - used);
        if (got > 0)
            used += (size_t)got;
    }
    if (bytes == NULL || got < 0) {
        avd_mem_free(bytes);
        return false;
    }
    out->view.data = bytes;
    out->view.size = used;
    out->handle = bytes;
    return true;
}

enum avd_status avd_file_load(const char *utf8_path, struct avd_file *out, struct avd_error *err)
{
    enum avd_status status = AVD_OK;
    int fd = open_file(utf8_path);

    memset(out, 0, sizeof *out);
    if (fd < 0)
        return io_error(err, "cannot be opened");
    if (!read_descriptor(fd, out))
        status = map_descriptor(fd, out, err);
    (void)close(fd);
    return status;
}

enum avd_status avd_file_adopt(FILE *stream, struct avd_file *out, struct avd_error *err)
{
    enum avd_status status;

    memset(out, 0, sizeof *out);
    if (fflush(stream) != 0)
        status = io_error(err, "temporary file cannot be written");
    else
        status = map_descriptor(fileno(stream), out, err);
    (void)fclose(stream);
    return status;
}

enum avd_status avd_file_read_stdin(uint64_t limit, struct avd_file *out, struct avd_error *err)
{
    static const size_t chunk = 65536;
    unsigned char *bytes = NULL;
    size_t used = 0;
    size_t capacity = 0;

    memset(out, 0, sizeof *out);
    /* A redirected file is mapped like any other. */
    {
        struct stat st;

        if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
            lseek(STDIN_FILENO, 0, SEEK_CUR) == 0)
            return map_descriptor(STDIN_FILENO, out, err);
    }
    for (;;) {
        ssize_t got;

        if (capacity - used < chunk) {
            size_t wanted = capacity == 0 ? chunk * 2 : capacity * 2;
            unsigned char *grown = avd_mem_realloc(bytes, wanted, 1);

            if (grown == NULL) {
                avd_mem_free(bytes);
                return avd_error_nomem(err);
            }
            bytes = grown;
            capacity = wanted;
        }
        got = read(STDIN_FILENO, bytes + used, chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            avd_mem_free(bytes);
            return io_error(err, "cannot be read");
        }
        if (got == 0)
            break;
        used += (size_t)got;
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

void avd_file_close(struct avd_file *file)
{
    if (file->handle != NULL) {
        if (file->mapped)
            (void)munmap(file->handle, file->view.size);
        else
            avd_mem_free(file->handle);
    }
    memset(file, 0, sizeof *file);
}

enum avd_status avd_file_find(const char *directory, const char *name, char *path, size_t path_size)
{
    enum avd_status status = AVD_NOT_FOUND;
    struct dirent *entry;
    DIR *dir;
    int size;

    if (strchr(name, '/') != NULL || name[0] == '\0' || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return AVD_NOT_FOUND;
    size = snprintf(path, path_size, "%s/%s", directory, name);
    if (size > 0 && (size_t)size < path_size && access(path, R_OK) == 0)
        return AVD_OK;
    dir = opendir(directory);
    if (dir == NULL)
        return AVD_NOT_FOUND;
    while ((entry = readdir(dir)) != NULL) {
        if (avd_ascii_casecmp(entry->d_name, name) != 0)
            continue;
        /* Of several spellings always the same one, whatever order the directory has. */
        if (status == AVD_OK && strcmp(entry->d_name, strrchr(path, '/') + 1) > 0)
            continue;
        size = snprintf(path, path_size, "%s/%s", directory, entry->d_name);
        if (size > 0 && (size_t)size < path_size)
            status = AVD_OK;
    }
    (void)closedir(dir);
    return status;
}

enum avd_status avd_file_list(const char *directory, const char *suffix, char **names,
                              struct avd_error *err)
{
    struct avd_file_names list = {0};
    enum avd_status status = AVD_OK;
    struct dirent *entry;
    DIR *dir = opendir(directory);

    *names = NULL;
    if (dir == NULL)
        return io_error(err, "directory cannot be opened");
    while (status == AVD_OK && (entry = readdir(dir)) != NULL)
        status = avd_file_names_add(&list, entry->d_name, suffix, err);
    (void)closedir(dir);
    if (status == AVD_OK)
        return avd_file_names_join(&list, names, err);
    avd_arena_deinit(&list.arena);
    return status;
}
