/* SPDX-License-Identifier: MIT */
/*
 * Writes the sample PDB of support/pdb_builder.h for test_symbol_places.py.
 *
 * usage: make_pdb FILE [plain | fastlink | omap | age] ; "age": one more than the dump's
 */
#include "support/pdb_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FASTLINK = 0x494e494d, AGE_IN_DBI = 8 };

int main(int argc, char **argv)
{
    const char *kind = argc > 2 ? argv[2] : "plain";
    struct pb_layout layout = {0};
    struct ps sample;
    uint8_t *bytes;
    size_t size;
    FILE *file;
    int done;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: make_pdb FILE [plain | fastlink | omap | age]\n");
        return 2;
    }
    ps_new(&sample);
    if (strcmp(kind, "fastlink") == 0)
        pb_u32(sample.b, PS_INFO, FASTLINK);
    if (strcmp(kind, "omap") == 0)
        ps_add_omap(&sample);
    bytes = ps_finish(&sample, layout, &size);
    if (strcmp(kind, "age") == 0) {
        free(bytes);
        pb_set32(sample.b, PS_DBI, AGE_IN_DBI, PS_AGE + 1);
        bytes = pb_finish(sample.b, layout, &size);
    }
    file = fopen(argv[1], "wb");
    done = file != NULL && fwrite(bytes, 1, size, file) == size;
    done = file != NULL && fclose(file) == 0 && done;
    free(bytes);
    ps_free(&sample);
    return done ? 0 : 3;
}
