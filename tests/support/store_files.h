/* SPDX-License-Identifier: MIT */
/*
 * A directory of a test's own, and files in it. Names are relative to it; directories on the way
 * are made. Strings returned live until store_files_remove.
 */
#ifndef AVD_TESTS_STORE_FILES_H
#define AVD_TESTS_STORE_FILES_H

#include <stdbool.h>
#include <stddef.h>

void store_files_make(void);
void store_files_remove(void);

const char *store_files_at(const char *name);
/* `text` with each '@' replaced by the directory. */
const char *store_files_expand(const char *text);

void store_files_directory(const char *name);
void store_files_write(const char *name, const char *text);
void store_files_write_bytes(const char *name, const void *bytes, size_t size);
void store_files_gzip(const char *name, const char *text);
/* A cabinet with `text` as the file `inside`, stored. */
void store_files_cabinet(const char *name, const char *inside, const char *text);

/* Whole paths. The text is cut to `size`. */
bool store_files_read(const char *path, char *text, size_t size);
size_t store_files_read_bytes(const char *path, char *bytes, size_t size);

bool store_files_contain(const char *name, const char *text);
/* Entries in a directory, 0 when there is none. */
size_t store_files_count(const char *name);

#endif
