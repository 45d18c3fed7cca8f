/* SPDX-License-Identifier: MIT */
/* This short because it is one idea. */
#include "base/spool.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum {
    FIRST_SIZE = 256 * 1024,
    IN_MEMORY = 32 * 1024 * 1024 /* larger results go to a temporary file */
};

static enum avd_status spill(struct avd_spool *spool, const char *where, struct avd_error *err)
{
    spool->spill = avd_file_temporary();
    if (spool->spill == NULL)
        return avd_error_set(err, AVD_E_IO, 0, where, "no temporary file can be made");
    if (fwrite(spool->bytes, 1, spool->used, spool->spill) != spool->used)
        return avd_error_set(err, AVD_E_IO, 0, where, "temporary file cannot be written");
    avd_mem_free(spool->bytes);
    spool->bytes = NULL;
    return AVD_OK;
}

enum avd_status avd_spool_write(struct avd_spool *spool, const void *bytes, size_t size,
                                const char *where, struct avd_error *err)
{
    enum avd_status status;

    spool->total += size;
    if (spool->spill == NULL && (size > IN_MEMORY || spool->used > IN_MEMORY - size)) {
        status = spill(spool, where, err);
        if (status != AVD_OK)
            return status;
    }
    if (spool->spill != NULL) {
        if (fwrite(bytes, 1, size, spool->spill) != size)
            return avd_error_set(err, AVD_E_IO, 0, where, "temporary file cannot be written");
        return AVD_OK;
    }
    if (spool->capacity - spool->used < size) {
        size_t wanted = spool->capacity == 0 ? FIRST_SIZE : spool->capacity * 2;
        unsigned char *grown;

        while (wanted - spool->used < size)
            wanted *= 2;
        grown = avd_mem_realloc(spool->bytes, wanted, 1);
        if (grown == NULL)
            return avd_error_nomem(err);
        spool->bytes = grown;
        spool->capacity = wanted;
    }
    if (size != 0)
        memcpy(spool->bytes + spool->used, bytes, size);
    spool->used += size;
    return AVD_OK;
}

enum avd_status avd_spool_finish(struct avd_spool *spool, struct avd_file *out,
                                 struct avd_error *err)
{
    struct avd_spool full = *spool;

    memset(spool, 0, sizeof *spool);
    memset(out, 0, sizeof *out);
    if (full.spill != NULL)
        return avd_file_adopt(full.spill, out, err);
    out->view.data = full.bytes;
    out->view.size = full.used;
    out->handle = full.bytes;
    return AVD_OK;
}

void avd_spool_discard(struct avd_spool *spool)
{
    if (spool->spill != NULL)
        (void)fclose(spool->spill);
    avd_mem_free(spool->bytes);
    memset(spool, 0, sizeof *spool);
}
