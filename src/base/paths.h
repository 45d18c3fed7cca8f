/* SPDX-License-Identifier: MIT */
/*
 * The file system beyond base/file.h, for symbol stores and the gate: what is at a path, the names
 * in a directory, and files that appear whole or not at all. One .c per operating system. Paths are
 * UTF-8; where messages are set they have the system's words.
 */
#ifndef AVD_BASE_PATHS_H
#define AVD_BASE_PATHS_H

#include "base/arena.h"

#include <stdint.h>

enum avd_path_kind { AVD_PATH_ABSENT = 0, AVD_PATH_FILE, AVD_PATH_DIRECTORY, AVD_PATH_OTHER };

struct avd_path_info {
    enum avd_path_kind kind; /* links are followed */
    uint64_t size;           /* of a file, bytes */
    uint64_t modified;       /* seconds since 1970 */
};

void avd_path_examine(const char *path, struct avd_path_info *out);

/*
 * Looks for a file or directory called `name` in `directory`, whatever the case of ASCII letters:
 * as it is written, in lower case, and at last among all names. Writes the path with the spelling
 * found; false, and `path` undefined, when there is none. `name` is one component, checked by the
 * caller.
 */
bool avd_path_find(const char *directory, const char *name, char *path, size_t path_size);
/* The same without the last step: for directories that may hold very many files. */
bool avd_path_find_quick(const char *directory, const char *name, char *path, size_t path_size);

/* Replaces what is at `to`, all at once: whoever opens it sees the old or the new file. Both must
 * be on one file system. */
enum avd_status avd_path_rename(const char *from, const char *to, struct avd_error *err);
/* A file or an empty directory; silent when there is none. */
void avd_path_remove(const char *path);

struct avd_directory_entry {
    const char *name;
    enum avd_path_kind kind; /* links are followed; ABSENT: a link that leads nowhere */
    bool is_link;            /* a walk that entered linked directories might never end */
};

/* What is in `path`, sorted by bytes, without "." and "..", at most `limit` (then *cut). AVD_E_IO,
 * AVD_E_NOMEM. */
enum avd_status avd_directory_list(struct avd_arena *arena, const char *path, size_t limit,
                                   struct avd_directory_entry **items, size_t *count, bool *cut,
                                   struct avd_error *err);

/* Makes `path` and what is above it. AVD_OK when it is there already. */
enum avd_status avd_directory_make(const char *path, struct avd_error *err);
/* Makes a new directory that only this user can read, in `parent` or, when NULL, where the system
 * keeps temporary files. */
enum avd_status avd_directory_make_private(const char *parent, char *path, size_t path_size,
                                           struct avd_error *err);

/* A new file under a name of its own, to be written, and then renamed or removed. */
struct avd_output {
    void *handle;  /* the platform's own */
    uint64_t size; /* bytes written */
    char path[4096];
};

/* In `directory`; the name begins with `prefix`. */
enum avd_status avd_output_create(struct avd_output *out, const char *directory, const char *prefix,
                                  struct avd_error *err);
enum avd_status avd_output_write(struct avd_output *out, const void *bytes, size_t size,
                                 struct avd_error *err);
/* What was written is the system's, so that it is not lost with this process. */
enum avd_status avd_output_flush(struct avd_output *out, struct avd_error *err);
/* Closes the file, which may be when a full disk is noticed; it stays where it is. */
enum avd_status avd_output_close(struct avd_output *out, struct avd_error *err);
/* Closes and removes it. */
void avd_output_discard(struct avd_output *out);

#endif
