/* SPDX-License-Identifier: MIT */
#define ZLIB_CONST
#include "base/unpack.h"

#include "base/memory.h"
#include "base/spool.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum { CHUNK = 64 * 1024 };

bool avd_unpack_is_gzip(struct avd_view v)
{
    return v.size >= 3 && v.data[0] == 0x1f && v.data[1] == 0x8b && v.data[2] == 8;
}

/* zlib's allocator, so that a failing allocation can be tested here too. */
static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return avd_mem_calloc(items, size);
}

static void zlib_free(voidpf opaque, voidpf block)
{
    (void)opaque;
    avd_mem_free(block);
}

/* Runs the decompressor to the end of the last member, or to where the data is damaged. */
static enum avd_status inflate_all(z_stream *z, struct avd_view packed, uint64_t limit,
                                   struct avd_spool *spool, unsigned char *chunk, bool *truncated,
                                   struct avd_error *err)
{
    size_t fed = 0;
    enum avd_status status;

    for (;;) {
        int result;
        size_t got;

        if (z->avail_in == 0 && fed < packed.size) {
            size_t size = packed.size - fed;

            if (size > INT_MAX)
                size = INT_MAX;
            z->next_in = packed.data + fed;
            z->avail_in = (uInt)size;
            fed += size;
        }
        z->next_out = chunk;
        z->avail_out = CHUNK;
        result = inflate(z, Z_NO_FLUSH);
        got = CHUNK - z->avail_out;
        if (result == Z_MEM_ERROR)
            return avd_error_nomem(err);
        if (got != 0) {
            status = avd_spool_write(spool, chunk, got, "gzip", err);
            if (status != AVD_OK)
                return status;
        }
        if (spool->total > limit)
            return avd_error_set(err, AVD_E_LIMIT, 0, "gzip",
                                 "unpacks to more than %llu bytes; unpack it yourself first",
                                 (unsigned long long)limit);
        if (result == Z_STREAM_END) {
            struct avd_view rest;

            /* Another member may follow, perhaps beyond the piece that zlib was given; anything
             * else is padding, which gzip ignores too. */
            (void)avd_view_slice(packed, fed - z->avail_in, packed.size - (fed - z->avail_in),
                                 &rest);
            if (!avd_unpack_is_gzip(rest) || inflateReset(z) != Z_OK)
                return AVD_OK;
        } else if (result != Z_OK && !(result == Z_BUF_ERROR && got != 0)) {
            *truncated = true;
            return AVD_OK;
        }
    }
}

enum avd_status avd_unpack_gzip(struct avd_view packed, uint64_t limit, struct avd_file *out,
                                bool *truncated, struct avd_error *err)
{
    struct avd_spool spool = {0};
    unsigned char *chunk;
    z_stream z;
    enum avd_status status;

    memset(out, 0, sizeof *out);
    *truncated = false;
    memset(&z, 0, sizeof z);
    z.zalloc = zlib_alloc;
    z.zfree = zlib_free;
    chunk = avd_mem_calloc(CHUNK, 1);
    if (chunk == NULL)
        return avd_error_nomem(err);
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        avd_mem_free(chunk);
        return avd_error_nomem(err);
    }
    status = inflate_all(&z, packed, limit, &spool, chunk, truncated, err);
    (void)inflateEnd(&z);
    avd_mem_free(chunk);
    if (status == AVD_OK && spool.total == 0)
        status = avd_error_set(err, AVD_E_FORMAT, 0, "gzip",
                               *truncated ? "damaged: nothing could be unpacked"
                                          : "holds an empty file");
    if (status == AVD_OK)
        return avd_spool_finish(&spool, out, err);
    avd_spool_discard(&spool);
    return status;
}
