/* SPDX-License-Identifier: MIT */
/*
 * The main of a fuzz target where there is no libFuzzer: replays every file of the directories and
 * files given, then each a few hundred times with a fixed seed's changes. Fails when the corpus is
 * missing or empty and when an input leaks; a crash speaks for itself, after its name.
 */
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MUTANTS = 300, MAX_INSERT = 64 };

static uint64_t random_state;

/* xorshift64* */
static size_t random_below(size_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return limit == 0 ? 0 : (size_t)((random_state * UINT64_C(2685821657736338717) >> 16) % limit);
}

/* Runs a copy of exactly this size, so that a sanitizer sees one byte too far. */
static int run(const char *name, size_t mutant, const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL)
        abort();
    if (size != 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    if (avd_mem_live() == 0)
        return 0;
    (void)fprintf(stderr, "%s, mutant %zu: %ld blocks leaked\n", name, mutant, avd_mem_live());
    return 1;
}

/* One change of `data`, which has room for MAX_INSERT more bytes. */
static size_t mutate(uint8_t *data, size_t size)
{
    static const uint32_t extremes[] = {0,      1,          0x7f,       0xff,       0x7fff,
                                        0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    size_t at = random_below(size);
    size_t count;
    uint32_t value;

    switch (random_below(6)) {
    case 0: /* a few bits */
        if (size != 0)
            data[at] ^= (uint8_t)(1u << random_below(8));
        return size;
    case 1: /* a byte */
        if (size != 0)
            data[at] = (uint8_t)random_below(256);
        return size;
    case 2: /* a number at its extreme */
        value = extremes[random_below(sizeof extremes / sizeof extremes[0])];
        for (count = 0; count < 4 && at + count < size; count++)
            data[at + count] = (uint8_t)(value >> 8 * count);
        return size;
    case 3: /* cut off */ return at;
    case 4: /* a piece removed */
        count = random_below(MAX_INSERT);
        if (count > size - at)
            count = size - at;
        memmove(data + at, data + at + count, size - at - count);
        return size - count;
    default: /* a piece doubled */
        count = random_below(MAX_INSERT);
        if (count > size - at)
            count = size - at;
        memmove(data + at + count, data + at, size - at);
        return size + count;
    }
}

static int replay(const char *name, struct avd_view v)
{
    uint8_t *bytes = malloc(v.size + 8 * MAX_INSERT);
    int failed = run(name, 0, v.data, v.size);
    size_t i;

    if (bytes == NULL)
        abort();
    random_state = UINT64_C(0x9e3779b97f4a7c15);
    for (i = 1; i <= MUTANTS; i++) {
        size_t size = v.size;
        size_t changes = 1 + random_below(8);

        if (size != 0)
            memcpy(bytes, v.data, size);
        while (changes-- > 0)
            size = mutate(bytes, size);
        failed |= run(name, i, bytes, size);
    }
    free(bytes);
    return failed;
}

static int replay_file(const char *path)
{
    struct avd_file file;
    struct avd_error err;
    struct avd_view v;
    uint8_t *copy;
    int failed;

    if (avd_file_map(path, &file, &err) != AVD_OK) {
        (void)fprintf(stderr, "%s: %s\n", path, err.message);
        return 1;
    }
    /* A copy, so that nothing of the library's is alive while inputs run. */
    copy = malloc(file.view.size == 0 ? 1 : file.view.size);
    if (copy == NULL)
        abort();
    if (file.view.size != 0)
        memcpy(copy, file.view.data, file.view.size);
    v.data = copy;
    v.size = file.view.size;
    v.offset = 0;
    avd_file_close(&file);
    (void)printf("%s (%zu bytes)\n", path, v.size);
    (void)fflush(stdout); /* the last line names what crashed */
    failed = replay(path, v);
    free(copy);
    return failed;
}

/* 0 when all went well; counts what was replayed. */
static int replay_path(const char *path, size_t *count)
{
    char *names = NULL;
    char **paths = NULL;
    const char *name;
    size_t n = 0;
    size_t i;
    int failed = 0;

    if (avd_file_list(path, "", &names, NULL) != AVD_OK) {
        (*count)++;
        return replay_file(path);
    }
    for (name = names; *name != '\0'; name += strlen(name) + 1)
        n++;
    paths = calloc(n + 1, sizeof *paths);
    if (paths == NULL)
        abort();
    for (i = 0, name = names; i < n; i++, name += strlen(name) + 1) {
        size_t size = strlen(path) + strlen(name) + 2;

        paths[i] = malloc(size);
        if (paths[i] == NULL)
            abort();
        (void)snprintf(paths[i], size, "%s/%s", path, name);
    }
    avd_mem_free(names);
    for (i = 0; i < n; i++) {
        /* ".", ".." and what editors hide */
        if (paths[i][strlen(path) + 1] != '.') {
            failed |= replay_file(paths[i]);
            (*count)++;
        }
        free(paths[i]);
    }
    free(paths);
    return failed;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    int failed = 0;
    int i;

    for (i = 1; i < argc; i++)
        failed |= replay_path(argv[i], &count);
    if (count == 0) {
        (void)fprintf(stderr, "usage: %s CORPUS...; nothing was replayed\n", argv[0]);
        return EXIT_FAILURE;
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
