/* SPDX-License-Identifier: MIT */
/*
 * Writes the dump of tests/support/transcript.h into a folder as transcript.dmp, and the symbols
 * for it into its subfolder "symbols", which must both exist.
 */
#include "support/transcript.h"

#include <stdio.h>
#include <stdlib.h>

static int write_file(const char *folder, const char *name, uint8_t *bytes, size_t size)
{
    char path[4096];
    FILE *file;
    int ok;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    ok = file != NULL && fwrite(bytes, 1, size, file) == size;
    if (file == NULL || fclose(file) != 0)
        ok = 0;
    if (!ok)
        perror(path);
    free(bytes);
    return ok;
}

int main(int argc, char **argv)
{
    char name[32];
    char path[48];
    uint8_t *bytes;
    size_t size;
    size_t i;

    if (argc != 2) {
        fputs("usage: transcript_dump FOLDER\n", stderr);
        return 2;
    }
    bytes = transcript_dump(&size);
    if (!write_file(argv[1], "transcript.dmp", bytes, size))
        return 1;
    for (i = 0; (bytes = transcript_symbols(i, name, &size)) != NULL; i++) {
        (void)snprintf(path, sizeof path, "symbols/%s", name);
        if (!write_file(argv[1], path, bytes, size))
            return 1;
    }
    return 0;
}
