/* SPDX-License-Identifier: MIT */
/* The file system on POSIX systems. */
#include "base/paths.h"

#include "base/utf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_TRIES = 10000, PATH_SIZE = 4096 };

static enum avd_status io_error(struct avd_error *err, const char *what)
{
    return avd_error_set(err, AVD_E_IO, 0, "", "%s: %s", what, strerror(errno));
}

static enum avd_path_kind kind_of(const struct stat *st)
{
    return S_ISREG(st->st_mode)   ? AVD_PATH_FILE
           : S_ISDIR(st->st_mode) ? AVD_PATH_DIRECTORY
                                  : AVD_PATH_OTHER;
}

void avd_path_examine(const char *path, struct avd_path_info *out)
{
    struct stat st;

    memset(out, 0, sizeof *out);
    if (stat(path, &st) != 0)
        return;
    out->kind = kind_of(&st);
    out->size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    out->modified = st.st_mtime > 0 ? (uint64_t)st.st_mtime : 0;
}

static bool join(char *path, size_t path_size, const char *directory, const char *name)
{
    int size = snprintf(path, path_size, "%s/%s", directory, name);

    return size > 0 && (size_t)size < path_size;
}

bool avd_path_find_quick(const char *directory, const char *name, char *path, size_t path_size)
{
    bool lowered = false;
    struct stat st;
    size_t i;

    if (!join(path, path_size, directory, name))
        return false;
    if (stat(path, &st) == 0)
        return true;
    /* Tools for Linux store names in lower case. */
    for (i = strlen(path) - strlen(name); path[i] != '\0'; i++)
        if (path[i] >= 'A' && path[i] <= 'Z') {
            path[i] = (char)(path[i] + ('a' - 'A'));
            lowered = true;
        }
    return lowered && stat(path, &st) == 0;
}

bool avd_path_find(const char *directory, const char *name, char *path, size_t path_size)
{
    struct dirent *entry;
    bool found = false;
    DIR *dir;

    if (avd_path_find_quick(directory, name, path, path_size))
        return true;
    dir = opendir(directory);
    if (dir == NULL)
        return false;
    while ((entry = readdir(dir)) != NULL) {
        if (avd_ascii_casecmp(entry->d_name, name) != 0)
            continue;
        /* Of several spellings always the same one, whatever order the directory has. */
        if (!found || strcmp(entry->d_name, strrchr(path, '/') + 1) < 0)
            found = join(path, path_size, directory, entry->d_name);
    }
    (void)closedir(dir);
    return found;
}

enum avd_status avd_path_rename(const char *from, const char *to, struct avd_error *err)
{
    return rename(from, to) == 0 ? AVD_OK : io_error(err, "cannot be renamed");
}

void avd_path_remove(const char *path)
{
    if (unlink(path) != 0)
        (void)rmdir(path);
}

static int compare_entries(const void *a, const void *b)
{
    const struct avd_directory_entry *x = a;
    const struct avd_directory_entry *y = b;

    return strcmp(x->name, y->name);
}

/* False when the entry has gone away in the meantime. */
static bool classify(int directory, const char *name, struct avd_directory_entry *out)
{
    struct stat st;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    out->is_link = S_ISLNK(st.st_mode);
    if (out->is_link && fstatat(directory, name, &st, 0) != 0)
        out->kind = AVD_PATH_ABSENT;
    else
        out->kind = kind_of(&st);
    return true;
}

enum avd_status avd_directory_list(struct avd_arena *arena, const char *path, size_t limit,
                                   struct avd_directory_entry **items, size_t *count, bool *cut,
                                   struct avd_error *err)
{
    struct avd_directory_entry *list = NULL;
    enum avd_status status = AVD_OK;
    size_t capacity = 0;
    struct dirent *entry;
    DIR *dir = opendir(path);

    *items = NULL;
    *count = 0;
    *cut = false;
    if (dir == NULL)
        return io_error(err, "directory cannot be opened");
    while ((entry = readdir(dir)) != NULL) {
        struct avd_directory_entry item = {0};
        struct avd_directory_entry *grown;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            !classify(dirfd(dir), entry->d_name, &item))
            continue;
        if (*count >= limit) {
            *cut = true;
            break;
        }
        grown = avd_arena_grow(arena, list, *count, &capacity, sizeof *list, limit);
        if (grown == NULL) {
            status = avd_error_nomem(err);
            break;
        }
        list = grown;
        item.name = avd_arena_strdup(arena, entry->d_name);
        if (item.name == NULL) {
            status = avd_error_nomem(err);
            break;
        }
        list[*count] = item;
        *count += 1;
    }
    (void)closedir(dir);
    if (status == AVD_OK && *count > 1)
        qsort(list, *count, sizeof *list, compare_entries);
    *items = list;
    return status;
}

/* Whether there is a directory now; otherwise errno says why it could not be made. */
static bool make_one(const char *path)
{
    struct stat st;

    if (mkdir(path, 0777) == 0)
        return true;
    if (errno != EEXIST)
        return false;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    errno = EEXIST; /* stat may have changed it */
    return false;
}

enum avd_status avd_directory_make(const char *path, struct avd_error *err)
{
    char part[PATH_SIZE];
    size_t size = strlen(path);
    size_t i;

    if (make_one(path))
        return AVD_OK;
    if (errno != ENOENT || size >= sizeof part)
        return io_error(err, "directory cannot be made");
    memcpy(part, path, size + 1);
    for (i = 1; i < size; i++) {
        if (part[i] != '/')
            continue;
        part[i] = '\0';
        (void)mkdir(part, 0777); /* what fails here fails at the end, too */
        part[i] = '/';
    }
    /* Another process may have been faster. */
    return make_one(path) ? AVD_OK : io_error(err, "directory cannot be made");
}

enum avd_status avd_directory_make_private(const char *parent, char *path, size_t path_size,
                                           struct avd_error *err)
{
    int size = snprintf(path, path_size, "%s/avdump-XXXXXX", parent != NULL ? parent : "/tmp");

    if (size < 0 || (size_t)size >= path_size)
        return avd_error_set(err, AVD_E_IO, 0, "", "path too long");
    return mkdtemp(path) != NULL ? AVD_OK : io_error(err, "temporary directory cannot be made");
}

enum avd_status avd_output_create(struct avd_output *out, const char *directory, const char *prefix,
                                  struct avd_error *err)
{
    unsigned number;
    int fd = -1;

    out->handle = NULL;
    out->size = 0;
    /* mkstemp's files are private, but a cache may belong to several people: so the mode is left
     * to umask, and the number tells the names of one process apart. */
    for (number = 0; number < NAME_TRIES; number++) {
        int size = snprintf(out->path, sizeof out->path, "%s/%s%lu-%u", directory, prefix,
                            (unsigned long)getpid(), number);

        if (size < 0 || (size_t)size >= sizeof out->path)
            return avd_error_set(err, AVD_E_IO, 0, "", "path too long");
        fd = open(out->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    if (fd < 0)
        return io_error(err, "file cannot be made");
    out->handle = fdopen(fd, "wb");
    if (out->handle == NULL) {
        (void)close(fd);
        (void)unlink(out->path);
        return avd_error_nomem(err);
    }
    return AVD_OK;
}

enum avd_status avd_output_write(struct avd_output *out, const void *bytes, size_t size,
                                 struct avd_error *err)
{
    if (fwrite(bytes, 1, size, out->handle) != size)
        return io_error(err, "file cannot be written");
    out->size += size;
    return AVD_OK;
}

enum avd_status avd_output_flush(struct avd_output *out, struct avd_error *err)
{
    return fflush(out->handle) == 0 ? AVD_OK : io_error(err, "file cannot be written");
}

enum avd_status avd_output_close(struct avd_output *out, struct avd_error *err)
{
    FILE *stream = out->handle;

    out->handle = NULL;
    return stream == NULL || fclose(stream) == 0 ? AVD_OK : io_error(err, "file cannot be written");
}

void avd_output_discard(struct avd_output *out)
{
    (void)avd_output_close(out, NULL);
    (void)unlink(out->path);
}
