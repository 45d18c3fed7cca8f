/* SPDX-License-Identifier: MIT */
/* Cabinets through libarchive. */
#include "symbols/cabinet.h"

#include "base/libarchive.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/utf.h"

#include <string.h>

#ifdef AVD_NO_LIBARCHIVE

static enum avd_status unpack(struct avd_view v, const char *name, uint64_t limit,
                              avd_cabinet_write_fn *write, void *ctx, struct avd_error *err)
{
    (void)v;
    (void)name;
    (void)limit;
    (void)write;
    (void)ctx;
    return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "cabinet",
                         "is a cabinet, and this avdump was built without libarchive; unpack it");
}

#else

enum { CHUNK = 64 * 1024, MAX_FILES = 1000 };

static enum avd_status damaged(const struct avd_libarchive *f, struct archive *archive,
                               struct avd_error *err)
{
    const char *words = f->error_string(archive);

    return avd_error_set(err, AVD_E_FORMAT, 0, "cabinet", "damaged cabinet: %s",
                         words != NULL ? words : "cannot be read");
}

/* Opens `v` and goes to file number `index`, or with `name` to the one called so. *count says how
 * many were seen; AVD_NOT_FOUND after the last. */
static enum avd_status go_to(const struct avd_libarchive *f, struct avd_view v, const char *name,
                             unsigned index, struct archive **archive, unsigned *count,
                             struct avd_error *err)
{
    *count = 0;
    *archive = f->read_new();
    if (*archive == NULL)
        return avd_error_nomem(err);
    if (f->support_cab(*archive) < AVD_ARCHIVE_WARN ||
        f->open_memory(*archive, v.data, v.size) < AVD_ARCHIVE_WARN)
        return damaged(f, *archive, err);
    for (; *count < MAX_FILES; *count += 1) {
        struct archive_entry *entry = NULL;
        int result = f->next_header(*archive, &entry);
        const char *found;

        if (result == AVD_ARCHIVE_END)
            return AVD_NOT_FOUND;
        if (result < AVD_ARCHIVE_WARN || entry == NULL)
            return damaged(f, *archive, err);
        found = name != NULL ? f->pathname(entry) : NULL;
        if (name != NULL ? found != NULL && avd_ascii_casecmp(avd_path_leaf(found), name) == 0
                         : *count == index)
            return AVD_OK;
    }
    return AVD_NOT_FOUND;
}

static enum avd_status copy_data(const struct avd_libarchive *f, struct archive *archive,
                                 uint64_t limit, avd_cabinet_write_fn *write, void *ctx,
                                 struct avd_error *err)
{
    enum avd_status status = AVD_OK;
    uint64_t total = 0;
    void *chunk = avd_mem_calloc(CHUNK, 1);

    if (chunk == NULL)
        return avd_error_nomem(err);
    while (status == AVD_OK) {
        ptrdiff_t got = f->read_data(archive, chunk, CHUNK);

        if (got == 0)
            break;
        if (got < 0) {
            status = damaged(f, archive, err);
        } else if ((uint64_t)got > limit - total) {
            status = avd_error_set(err, AVD_E_LIMIT, 0, "cabinet",
                                   "unpacks to more than %llu bytes, the limit",
                                   (unsigned long long)limit);
        } else {
            total += (uint64_t)got;
            status = write(ctx, chunk, (size_t)got, err);
        }
    }
    avd_mem_free(chunk);
    return status;
}

static enum avd_status unpack(struct avd_view v, const char *name, uint64_t limit,
                              avd_cabinet_write_fn *write, void *ctx, struct avd_error *err)
{
    struct avd_libarchive f = {0};
    struct archive *archive = NULL;
    enum avd_status status;
    unsigned count;

    if (!avd_libarchive_load(&f))
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "cabinet",
                             "is a cabinet, and libarchive, which unpacks them, was not found");
    status = go_to(&f, v, name, 0, &archive, &count, err);
    if (status == AVD_NOT_FOUND && count == 1) {
        (void)f.read_free(archive);
        status = go_to(&f, v, NULL, 0, &archive, &count, err);
    }
    if (status == AVD_NOT_FOUND)
        status = avd_error_set(err, AVD_E_FORMAT, 0, "cabinet",
                               "cabinet of %u files, none of them called %s", count, name);
    if (status == AVD_OK)
        status = copy_data(&f, archive, limit, write, ctx, err);
    if (archive != NULL)
        (void)f.read_free(archive);
    return status;
}

#endif

bool avd_cabinet_is(struct avd_view v)
{
    return v.size >= 4 && memcmp(v.data, "MSCF", 4) == 0;
}

enum avd_status avd_cabinet_extract(struct avd_view v, const char *name, uint64_t limit,
                                    avd_cabinet_write_fn *write, void *ctx, struct avd_error *err)
{
    return unpack(v, name, limit, write, ctx, err);
}
