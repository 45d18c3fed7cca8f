/* SPDX-License-Identifier: MIT */
/* Cabinets through libarchive, of which eight functions are used. */
#include "symbols/cabinet.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/utf.h"
#include "symbols/library.h"

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

/* What archive.h calls ARCHIVE_OK, _EOF and _WARN; worse is below. */
enum { RESULT_END = 1, RESULT_OK = 0, RESULT_WARN = -20 };

enum { CHUNK = 64 * 1024, MAX_FILES = 1000 };

struct archive;
struct archive_entry;

/* libarchive.so.13's ABI, as archive.h and archive_entry.h declare it; ssize_t has a pointer's
 * size wherever libarchive runs. */
struct functions {
    struct archive *(*read_new)(void);
    int (*read_free)(struct archive *);
    int (*support_cab)(struct archive *);
    int (*open_memory)(struct archive *, const void *, size_t);
    int (*next_header)(struct archive *, struct archive_entry **);
    ptrdiff_t (*read_data)(struct archive *, void *, size_t);
    const char *(*error_string)(struct archive *);
    const char *(*pathname)(struct archive_entry *);
};

static bool load(struct functions *f)
{
    /* Of Linux, macOS and Windows: on each only its own can be loaded. */
    static const char *const names[] = {"libarchive.so.13", "libarchive.13.dylib",
                                        "libarchive-13.dll", "archive.dll", NULL};
    const struct avd_library_function wanted[] = {
        {"archive_read_new", &f->read_new, sizeof f->read_new},
        {"archive_read_free", &f->read_free, sizeof f->read_free},
        {"archive_read_support_format_cab", &f->support_cab, sizeof f->support_cab},
        {"archive_read_open_memory", &f->open_memory, sizeof f->open_memory},
        {"archive_read_next_header", &f->next_header, sizeof f->next_header},
        {"archive_read_data", &f->read_data, sizeof f->read_data},
        {"archive_error_string", &f->error_string, sizeof f->error_string},
        {"archive_entry_pathname", &f->pathname, sizeof f->pathname},
        {NULL, NULL, 0}};

    return avd_library_load(names, wanted);
}

static enum avd_status damaged(const struct functions *f, struct archive *archive,
                               struct avd_error *err)
{
    const char *words = f->error_string(archive);

    return avd_error_set(err, AVD_E_FORMAT, 0, "cabinet", "damaged cabinet: %s",
                         words != NULL ? words : "cannot be read");
}

/* Opens `v` and goes to file number `index`, or with `name` to the one called so. *count says how
 * many were seen; AVD_NOT_FOUND after the last. */
static enum avd_status go_to(const struct functions *f, struct avd_view v, const char *name,
                             unsigned index, struct archive **archive, unsigned *count,
                             struct avd_error *err)
{
    *count = 0;
    *archive = f->read_new();
    if (*archive == NULL)
        return avd_error_nomem(err);
    if (f->support_cab(*archive) < RESULT_WARN ||
        f->open_memory(*archive, v.data, v.size) < RESULT_WARN)
        return damaged(f, *archive, err);
    for (; *count < MAX_FILES; *count += 1) {
        struct archive_entry *entry = NULL;
        int result = f->next_header(*archive, &entry);
        const char *found;

        if (result == RESULT_END)
            return AVD_NOT_FOUND;
        if (result < RESULT_WARN || entry == NULL)
            return damaged(f, *archive, err);
        found = name != NULL ? f->pathname(entry) : NULL;
        if (name != NULL ? found != NULL && avd_ascii_casecmp(avd_path_leaf(found), name) == 0
                         : *count == index)
            return AVD_OK;
    }
    return AVD_NOT_FOUND;
}

static enum avd_status copy_data(const struct functions *f, struct archive *archive, uint64_t limit,
                                 avd_cabinet_write_fn *write, void *ctx, struct avd_error *err)
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
    struct functions f = {0};
    struct archive *archive = NULL;
    enum avd_status status;
    unsigned count;

    if (!load(&f))
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
