/* SPDX-License-Identifier: MIT */
#include "support/store_files.h"

#include "support/on_windows.h"

#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { MAX_STRINGS = 2000, MAX_TEXT = 4096 };

static char directory[200];
static char *strings[MAX_STRINGS];
static size_t string_count;

static const char *keep(const char *text)
{
    char *copy = strdup(text);

    ck_assert_ptr_nonnull(copy);
    ck_assert_uint_lt(string_count, MAX_STRINGS);
    strings[string_count++] = copy;
    return copy;
}

void store_files_make(void)
{
    const char *temp = getenv("TMPDIR");

    (void)snprintf(directory, sizeof directory, "%s/avdump-store-XXXXXX",
                   temp != NULL ? temp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

/* Links are removed, not followed. */
static void remove_tree(const char *path)
{
    char inner[MAX_TEXT];
    struct dirent *entry;
    struct stat st;
    DIR *dir;

    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        dir = opendir(path);
        ck_assert_ptr_nonnull(dir);
        while ((entry = readdir(dir)) != NULL) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
            remove_tree(inner);
        }
        (void)closedir(dir);
        ck_assert_int_eq(rmdir(path), 0);
        return;
    }
    ck_assert_int_eq(remove(path), 0);
}

void store_files_remove(void)
{
    remove_tree(directory);
    while (string_count > 0)
        free(strings[--string_count]);
}

const char *store_files_at(const char *name)
{
    char path[MAX_TEXT];

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return keep(path);
}

const char *store_files_expand(const char *text)
{
    char out[MAX_TEXT];
    size_t used = 0;

    for (; *text != '\0'; text++)
        used += (size_t)snprintf(out + used, sizeof out - used, *text == '@' ? "%s" : "%.1s",
                                 *text == '@' ? directory : text);
    out[used] = '\0';
    return keep(out);
}

void store_files_directory(const char *name)
{
    char path[MAX_TEXT];
    size_t i;

    (void)snprintf(path, sizeof path, "%s/%s/", directory, name);
    for (i = strlen(directory) + 1; path[i] != '\0'; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        (void)mkdir(path, 0755);
        path[i] = '/';
    }
}

void store_files_write_bytes(const char *name, const void *bytes, size_t size)
{
    const char *slash = strrchr(name, '/');
    char parent[MAX_TEXT];
    FILE *stream;

    if (slash != NULL) {
        (void)snprintf(parent, sizeof parent, "%.*s", (int)(slash - name), name);
        store_files_directory(parent);
    }
    stream = fopen(store_files_at(name), "wb");
    ck_assert_msg(stream != NULL, "%s cannot be written", name);
    ck_assert_uint_eq(fwrite(bytes, 1, size, stream), size);
    ck_assert_int_eq(fclose(stream), 0);
}

void store_files_write(const char *name, const char *text)
{
    store_files_write_bytes(name, text, strlen(text));
}

void store_files_gzip(const char *name, const char *text)
{
    unsigned char packed[MAX_TEXT];
    z_stream z;

    memset(&z, 0, sizeof z);
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + 15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    {
        unsigned char copy[MAX_TEXT];

        ck_assert_uint_le(strlen(text), sizeof copy);
        memcpy(copy, text, strlen(text));
        z.next_in = copy;
        z.avail_in = (uInt)strlen(text);
        z.next_out = packed;
        z.avail_out = sizeof packed;
        ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    }
    store_files_write_bytes(name, packed, z.total_out);
    ck_assert_int_eq(deflateEnd(&z), Z_OK);
}

static void put(unsigned char *at, size_t value, unsigned size)
{
    unsigned i;

    for (i = 0; i < size; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

void store_files_cabinet(const char *name, const char *inside, const char *text)
{
    /* [MS-CAB]: header, one folder, one file, one block without checksum. */
    unsigned char bytes[MAX_TEXT] = "MSCF";
    size_t size = strlen(text);
    size_t block = 36 + 8 + 16 + strlen(inside) + 1;

    ck_assert_uint_le(block + 8 + size, sizeof bytes);
    put(bytes + 8, block + 8 + size, 4);
    put(bytes + 16, 36 + 8, 4);
    put(bytes + 24, 0x0103, 2);
    put(bytes + 26, 1, 2);
    put(bytes + 28, 1, 2);
    put(bytes + 36, block, 4);
    put(bytes + 40, 1, 2);
    put(bytes + 44, size, 4);
    put(bytes + 54, 0x5a21, 2);
    put(bytes + 58, 0x20, 2);
    memcpy(bytes + 60, inside, strlen(inside) + 1);
    put(bytes + block + 4, size, 2);
    put(bytes + block + 6, size, 2);
    memcpy(bytes + block + 8, text, size);
    store_files_write_bytes(name, bytes, block + 8 + size);
}

size_t store_files_read_bytes(const char *path, char *bytes, size_t size)
{
    FILE *stream = fopen(path, "rb");
    size_t got;

    ck_assert_msg(stream != NULL, "%s cannot be read", path);
    got = fread(bytes, 1, size, stream);
    ck_assert_int_eq(fclose(stream), 0);
    return got;
}

bool store_files_read(const char *path, char *text, size_t size)
{
    FILE *stream = fopen(path, "rb");
    size_t got;

    if (stream == NULL)
        return false;
    got = fread(text, 1, size - 1, stream);
    text[got] = '\0';
    return fclose(stream) == 0;
}

bool store_files_contain(const char *name, const char *text)
{
    char found[MAX_TEXT];

    return store_files_read(store_files_at(name), found, sizeof found) && strcmp(found, text) == 0;
}

size_t store_files_count(const char *name)
{
    DIR *dir = opendir(store_files_at(name));
    struct dirent *entry;
    size_t count = 0;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            count++;
    (void)closedir(dir);
    return count;
}
