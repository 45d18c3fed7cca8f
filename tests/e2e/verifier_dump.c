/* SPDX-License-Identifier: MIT */
/*
 * `verifier_dump FILE` writes the dump of docs/application-verifier.md: a 64-bit program that sends
 * on a SOCKET which it has closed, stopped by Application Verifier
 *
 * (tests/support/verifier_scene.h).
 */
#include "support/verifier_scene.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const struct vs_scene scene = {
        .cpu = VS_X64, .code = 0xe101, .values = {0x3e8, VS_TRACE}, .global_flag = 0x100};
    size_t size;
    uint8_t *bytes;
    FILE *file;
    int ok;

    if (argc != 2) {
        fputs("usage: verifier_dump FILE\n", stderr);
        return 2;
    }
    bytes = db_finish(vs_build(&scene), &size);
    file = fopen(argv[1], "wb");
    ok = file != NULL && fwrite(bytes, 1, size, file) == size;
    if (file == NULL || fclose(file) != 0 || !ok) {
        perror(argv[1]);
        ok = 0;
    }
    free(bytes);
    return ok ? 0 : 1;
}
