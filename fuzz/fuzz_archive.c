/* SPDX-License-Identifier: MIT */
/*
 * The gate's way into archives: what is given out is a dump or a problem, and stays within the
 * limits, whatever the archive says. libarchive does the reading; without it nothing is tried.
 */
#define _POSIX_C_SOURCE 200809L
#include "gate/gate.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_ENTRY = 1 << 16, MAX_ARCHIVE = 1 << 18, MAX_ENTRIES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *ctx, const struct avd_gate_item *item)
{
    uint64_t *unpacked = ctx;

    if (item->name == NULL || (item->problem == NULL && item->size == 0))
        abort();
    if (item->in_memory) {
        *unpacked += item->bytes.size;
        if (item->bytes.size != item->size || item->size > MAX_ENTRY || *unpacked > MAX_ARCHIVE)
            abort();
    }
    return true;
}

/* A file that the walk can open by its name; made once. */
static const char *write_input(const uint8_t *data, size_t size)
{
    static char path[64];
    FILE *file;

    (void)snprintf(path, sizeof path, "/tmp/avdump-fuzz-archive-%ld", (long)getpid());
    file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t unpacked = 0;
    const char *path = write_input(data, size);
    struct avd_gate_inputs inputs = {
        .limits = {MAX_ENTRY, MAX_ARCHIVE, avd_gate_default_limits.max_ratio, MAX_ENTRIES},
        .take = take,
        .ctx = &unpacked,
        .span = 1,
    };

    /* A single file is an item whatever it holds; only archives are asked for here. */
    if (avd_gate_sniff((struct avd_view){
            data, size < AVD_GATE_SNIFF_SIZE ? size : AVD_GATE_SNIFF_SIZE, 0}) == AVD_GATE_ARCHIVE)
        (void)avd_gate_inputs_walk(&inputs, path);
    (void)unlink(path);
    return 0;
}
