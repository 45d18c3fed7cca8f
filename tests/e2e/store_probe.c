/* SPDX-License-Identifier: MIT */
/*
 * Looks one file up in symbol stores and prints what happened, for test_symbol_server.py:
 * "found PATH" or "not found", then a line "PLACE: RESULT" per attempt. A program of its own.
 *
 * usage: store_probe [OPTION VALUE]... ; exit code 0 found, 1 not found, 2 usage, 3 error
 */
#include "base/file.h"
#include "symbols/fetch.h"
#include "symbols/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_QUERIES = 8 };

/* The right file is a PDB with the id that follows its magic here, so that it looks like one. */
static bool verify(void *ctx, const char *path, char *reason, size_t reason_size)
{
    const char *expected = ctx;
    struct avd_file file;
    struct avd_error err;
    bool good;

    if (avd_file_map(path, &file, &err) != AVD_OK) {
        (void)snprintf(reason, reason_size, "%s", err.message);
        return false;
    }
    good = file.view.size >= 0x40 + strlen(expected) &&
           memcmp(file.view.data + 0x40, expected, strlen(expected)) == 0;
    if (!good)
        (void)snprintf(reason, reason_size, "has another id");
    avd_file_close(&file);
    return good;
}

static bool parse_guid(const char *text, uint8_t guid[16])
{
    size_t i;

    for (i = 0; i < 16; i++) {
        unsigned byte;

        if (sscanf(text + 2 * i, "%2x", &byte) != 1)
            return false;
        guid[i] = (uint8_t)byte;
    }
    return true;
}

static int look_up(struct avd_store *store, const struct avd_symbol_query *query,
                   enum avd_symbol_file_kind kind, char *id)
{
    const struct avd_symbol_attempt *attempts;
    const char *path;
    size_t count;
    size_t i;
    enum avd_status status =
        avd_store_find(store, query, kind, verify, id, &path, &attempts, &count);

    if (status == AVD_OK)
        printf("found %s\n", path);
    else
        printf("%s\n", status == AVD_NOT_FOUND ? "not found" : "error");
    for (i = 0; i < count; i++)
        printf("%s: %s\n", attempts[i].place, attempts[i].result);
    return status == AVD_OK ? 0 : status == AVD_NOT_FOUND ? 1 : 3;
}

int main(int argc, char **argv)
{
    struct avd_store_options options = {0};
    struct avd_symbol_query queries[MAX_QUERIES];
    enum avd_symbol_file_kind kind = AVD_FILE_PDB;
    struct avd_store *store;
    struct avd_error err;
    char id[64] = "right";
    size_t count = 0;
    size_t q;
    int result = 0;
    int i;

    memset(queries, 0, sizeof queries);
    if (argc == 2 && strcmp(argv[1], "--can-fetch") == 0) {
        struct avd_fetch_options fetch_options = {1, 1, NULL, false};
        struct avd_fetch *fetch = NULL;

        if (avd_fetch_new(&fetch_options, &fetch, &err) != AVD_OK)
            printf("%s\n", err.message);
        result = fetch == NULL;
        avd_fetch_free(fetch);
        return result;
    }
    for (i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i];
        const char *value = argv[i + 1];

        if (strcmp(name, "--path") == 0) {
            options.symbol_path = value;
        } else if (strcmp(name, "--temp") == 0) {
            options.temp_directory = value;
        } else if (strcmp(name, "--timeout") == 0) {
            options.timeout_seconds = (unsigned)strtoul(value, NULL, 10);
        } else if (strcmp(name, "--limit") == 0) {
            options.max_download_size = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--now") == 0) {
            options.now = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--miss") == 0) {
            options.miss_seconds = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--proxy") == 0) {
            options.proxy_from_environment = strcmp(value, "env") == 0;
            options.proxy = options.proxy_from_environment ? NULL : value;
        } else if (strcmp(name, "--kind") == 0) {
            kind = strcmp(value, "sym") == 0 ? AVD_FILE_SYM : AVD_FILE_PDB;
        } else if (strcmp(name, "--id") == 0) {
            (void)snprintf(id, sizeof id, "%s", value);
        } else if (strcmp(name, "--pdb") == 0 && count < MAX_QUERIES) {
            queries[count++].debug_file = value;
        } else if (strcmp(name, "--guid") == 0 && count > 0 &&
                   parse_guid(value, queries[count - 1].guid)) {
            queries[count - 1].has_guid = true;
            queries[count - 1].age = 1;
        } else {
            (void)fprintf(stderr, "store_probe: %s %s: unknown\n", name, value);
            return 2;
        }
    }
    if (avd_store_new(&options, &store, &err) != AVD_OK) {
        printf("error %s: %s\n", err.where, err.message);
        return 3;
    }
    for (q = 0; q < count; q++)
        result = look_up(store, &queries[q], kind, id);
    avd_store_free(store);
    return result;
}
