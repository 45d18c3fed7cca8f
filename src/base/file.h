/* SPDX-License-Identifier: MIT */
/* Files as views: mapped where the system can, read otherwise. One .c per operating system. */
#ifndef AVD_BASE_FILE_H
#define AVD_BASE_FILE_H

#include "base/error.h"
#include "base/view.h"

#include <stdio.h>

struct avd_file {
    struct avd_view view;
    void *handle; /* the platform's own; NULL when nothing is to be released */
    bool mapped;  /* otherwise view.data is heap memory */
};

/* Maps `utf8_path` read-only. AVD_E_IO with the system's words when it cannot be opened, is a
 * directory or cannot be mapped. An empty file gives an empty view. */
enum avd_status avd_file_map(const char *utf8_path, struct avd_file *out, struct avd_error *err);

/* The same for a file that is read once from end to end: a small one is read into memory, which
 * costs less than to map it. */
enum avd_status avd_file_load(const char *utf8_path, struct avd_file *out, struct avd_error *err);

/* Reads all of standard input, at most `limit` bytes. */
enum avd_status avd_file_read_stdin(uint64_t limit, struct avd_file *out, struct avd_error *err);

/* fopen with a path in UTF-8; NULL and errno as there. */
FILE *avd_file_open(const char *utf8_path, const char *mode);

/* tmpfile, where the system keeps temporary files: a new file that nobody else opens and that goes
 * away when it is closed; NULL when there can be none. */
FILE *avd_file_temporary(void);

/* Turns `stream`, a file of avd_file_temporary that the caller wrote, into a view and closes it. */
enum avd_status avd_file_adopt(FILE *stream, struct avd_file *out, struct avd_error *err);

void avd_file_close(struct avd_file *file);

/*
 * Looks for `name` in `directory` without regard to ASCII case, because dumps carry Windows's
 * spelling. Writes the full path to `path`; AVD_NOT_FOUND when there is none.
 */
enum avd_status avd_file_find(const char *directory, const char *name, char *path,
                              size_t path_size);

/*
 * Names in `directory` that end with `suffix`, sorted by bytes, each followed by a NUL, the list
 * ended by an empty name. *names comes from avd_mem_calloc and is the caller's to free.
 */
enum avd_status avd_file_list(const char *directory, const char *suffix, char **names,
                              struct avd_error *err);

#endif
