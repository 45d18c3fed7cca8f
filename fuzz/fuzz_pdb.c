/* SPDX-License-Identifier: MIT */
/* A PDB: opened, and asked for the addresses of its first pages. */
#include "symbols/pdb.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (text != NULL && strlen(text) > 200000)
        abort();
}

static void look_around(struct avd_pdb *pdb)
{
    struct avd_proc_frame proc;
    struct avd_frame_data frame;
    struct avd_symbol symbol;
    uint64_t rva;
    size_t i;

    for (rva = 0x1000; rva < 0x1230; rva += 3) {
        if (avd_pdb_find(pdb, rva, &symbol) == AVD_OK) {
            if (symbol.function == NULL && symbol.source_file == NULL)
                abort();
            check_text(symbol.function);
            check_text(symbol.source_file);
            for (i = 0; i < symbol.inline_count; i++) {
                if (symbol.inlines[i].function == NULL)
                    abort();
                check_text(symbol.inlines[i].function);
                check_text(symbol.inlines[i].source_file);
            }
        }
        if (avd_pdb_frame_data(pdb, rva, &frame) == AVD_OK)
            check_text(frame.program);
        if (avd_pdb_proc_frame(pdb, rva, &proc) == AVD_OK && proc.function_size == 0)
            abort();
    }
    for (rva = 0x4000; rva < 0x6000; rva += 0x73)
        (void)avd_pdb_find(pdb, rva, &symbol);
    check_text(avd_pdb_damage(pdb));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avd_view view = {data, size, 0};
    struct avd_error err = {0};
    struct avd_pdb *pdb;

    if (avd_pdb_open_memory(view, &pdb, &err) == AVD_OK)
        look_around(pdb);
    else if (pdb != NULL || err.message[0] == '\0')
        abort();
    avd_pdb_close(pdb);
    return 0;
}
