/* SPDX-License-Identifier: MIT */
/*
 * Archives of dumps through libarchive, which is loaded at the first one: zip, 7z, cab, tar, and
 * single files packed with gz, xz, zst or bz2. They are read as streams, one entry at a time;
 * nothing is unpacked to the disk but entries too large for memory, into an unnamed file. Names of
 * entries are names only: "../../x" leads nowhere.
 */
#include "gate/archive_names.h"
#include "gate/gate.h"

#include "base/memory.h"
#include "base/paths.h"
#include "base/spool.h"

#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): archives nest AVD_GATE_MAX_NESTING deep */

/* ARCHIVE_FORMAT_BASE_MASK, _TAR, _ZIP. */
enum { FORMAT_MASK = 0xff0000, FORMAT_TAR = 0x30000, FORMAT_ZIP = 0x50000 };

enum {
    CHUNK = 64 * 1024,
    FILE_BLOCK = 256 * 1024,
    MEBIBYTE = 1024 * 1024,
    RATIO_FREE = 256 * MEBIBYTE /* unpacked bytes before their ratio counts: dumps pack well */
};

const struct avd_gate_input_limits avd_gate_default_limits = {
    .max_entry_size = UINT64_C(16) << 30,
    .max_archive_size = UINT64_C(256) << 30,
    .max_ratio = 500,
    .max_entries = 1000000,
};

/* One archive being read. */
struct reading {
    struct avd_libarchive f;
    struct archive *archive;
    struct avd_gate_inputs *inputs;
    struct avd_arena *arena; /* of the entry at hand */
    const char *name;
    unsigned depth;
    struct reading *outer; /* the archive that this one is in; NULL */
    uint64_t packed;       /* size of the archive; 0: not known */
    uint64_t unpacked;     /* bytes so far, of all entries and of archives in it */
    unsigned char *chunk;
    bool no_memory;
    bool over;       /* it breaks a limit: no more of it is read */
    bool entry_over; /* the entry at hand is too large */
};

/* Tells of the archive, or of one entry in it; the walk goes on. */
static void give_problem(struct reading *r, const char *name, const char *problem)
{
    struct avd_gate_item item = {.name = name, .problem = problem};

    if (name == NULL || problem == NULL)
        r->no_memory = true;
    else if (!r->inputs->take(r->inputs->ctx, &item))
        r->inputs->stopped = true;
}

static const char *reason(struct reading *r)
{
    const char *words = r->f.error_string(r->archive);

    return avd_arena_printf(r->arena, "damaged archive: %s",
                            words != NULL ? words : "cannot be read");
}

/* Why no more of this archive or of one around it may be read; NULL when it may. */
static const char *archive_over_limit(const struct reading *r, struct avd_arena *arena)
{
    const struct avd_gate_input_limits *limits = &r->inputs->limits;

    for (; r != NULL; r = r->outer) {
        int64_t packed = r->f.filter_bytes(r->archive, -1);

        if (r->unpacked > limits->max_archive_size)
            return avd_arena_printf(arena,
                                    "its archive unpacks to more than %llu MiB, the limit; the "
                                    "rest of it is left out",
                                    (unsigned long long)(limits->max_archive_size / MEBIBYTE));
        if (r->unpacked > RATIO_FREE && packed > 0 &&
            r->unpacked / limits->max_ratio > (uint64_t)packed)
            return avd_arena_printf(arena,
                                    "its archive unpacks to more than %u times its size, which no "
                                    "archive of dumps does; the rest of it is left out",
                                    limits->max_ratio);
    }
    return NULL;
}

/* Counts what was unpacked; why no more of the entry may be read, or NULL. */
static const char *count_unpacked(struct reading *r, size_t size, uint64_t entry_size)
{
    const struct avd_gate_input_limits *limits = &r->inputs->limits;
    struct reading *each;
    const char *problem;

    for (each = r; each != NULL; each = each->outer)
        each->unpacked += size;
    problem = archive_over_limit(r, r->arena);
    if (problem != NULL) {
        /* In an archive in an archive, nobody knows whose fault it is. */
        for (each = r; each != NULL; each = each->outer)
            each->over = true;
        return problem;
    }
    r->entry_over = entry_size > limits->max_entry_size;
    return r->entry_over
               ? avd_arena_printf(r->arena, "unpacks to more than %llu MiB, the limit for one file",
                                  (unsigned long long)(limits->max_entry_size / MEBIBYTE))
               : NULL;
}

/*
 * Passes over the rest of an entry. Where that means to unpack it, it is done here: what libarchive
 * passes over knows no limit. Returns why the archive is given up, or NULL.
 */
static const char *pass_over(struct reading *r)
{
    int format = r->f.format(r->archive) & FORMAT_MASK;

    if (format == FORMAT_ZIP || (format == FORMAT_TAR && r->f.filter_count(r->archive) <= 1))
        return NULL; /* a seek */
    while (!r->over) {
        ptrdiff_t got = r->f.read_data(r->archive, r->chunk, CHUNK);
        const char *problem;

        if (got <= 0)
            return NULL; /* damage shows at the next header */
        problem = count_unpacked(r, (size_t)got, 0);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}

/*
 * Reads the entry that is open. What is neither dump nor archive is left after its first bytes.
 * Returns its kind; *problem when it cannot be read.
 */
static enum avd_gate_kind read_entry(struct reading *r, struct avd_spool *spool,
                                     const char **problem)
{
    enum avd_gate_kind kind = AVD_GATE_OTHER;
    struct avd_error err;

    *problem = NULL;
    for (;;) {
        ptrdiff_t got = r->f.read_data(r->archive, r->chunk, CHUNK);
        struct avd_view head = {r->chunk, 0, 0};

        if (got == 0)
            return kind;
        if (got < 0) {
            /* What an entry is that breaks off at once, nobody knows: it may be a dump. */
            *problem = reason(r);
            return kind;
        }
        if (spool->total == 0) {
            head.size = (size_t)got < AVD_GATE_SNIFF_SIZE ? (size_t)got : AVD_GATE_SNIFF_SIZE;
            kind = avd_gate_sniff(head);
            if (kind == AVD_GATE_OTHER) {
                *problem = pass_over(r);
                return kind;
            }
        }
        if (avd_spool_write(spool, r->chunk, (size_t)got, "archive", &err) != AVD_OK) {
            r->no_memory = err.code == AVD_E_NOMEM;
            *problem = avd_arena_strdup(r->arena, err.message);
            return kind;
        }
        *problem = count_unpacked(r, (size_t)got, spool->total);
        if (*problem != NULL)
            return kind;
    }
}

static bool walk(struct avd_gate_inputs *inputs, struct reading *outer, const char *path,
                 struct avd_view bytes, const char *name);

static void take_entry(struct reading *r, const char *name)
{
    struct avd_gate_item item = {.name = name, .in_memory = true};
    struct avd_spool spool = {0};
    struct avd_file file;
    struct avd_error err;
    const char *problem;
    enum avd_gate_kind kind = read_entry(r, &spool, &problem);

    if (problem != NULL || name == NULL) {
        avd_spool_discard(&spool);
        give_problem(r, name, problem);
        if (r->entry_over) {
            r->entry_over = false;
            problem = pass_over(r);
            if (problem != NULL)
                give_problem(r, r->name, problem);
        }
        return;
    }
    if (kind == AVD_GATE_OTHER) {
        r->inputs->ignored++;
        avd_spool_discard(&spool);
        return;
    }
    if (avd_spool_finish(&spool, &file, &err) != AVD_OK) {
        give_problem(r, name, avd_arena_strdup(r->arena, err.message));
        return;
    }
    if (kind == AVD_GATE_ARCHIVE) {
        r->no_memory |= !walk(r->inputs, r, NULL, file.view, name);
    } else {
        item.bytes = file.view;
        item.size = file.view.size;
        if (!r->inputs->take(r->inputs->ctx, &item))
            r->inputs->stopped = true;
    }
    avd_file_close(&file);
}

static const char *entry_name(struct reading *r, struct archive_entry *entry)
{
    const char *path = avd_gate_archive_entry_name(&r->f, entry, r->arena);

    return avd_arena_printf(r->arena, "%s!%s", r->name, path != NULL ? path : "?");
}

/* How far the walk is: `at` when the archive was opened. */
static void show_share(const struct reading *r, double at)
{
    int64_t packed = r->f.filter_bytes(r->archive, -1);

    if (r->packed != 0 && packed > 0 && (uint64_t)packed <= r->packed)
        r->inputs->at = at + r->inputs->span * ((double)packed / (double)r->packed);
}

static void read_entries(struct reading *r)
{
    double at = r->inputs->at;
    uint64_t count;

    for (count = 0; !r->no_memory && !r->inputs->stopped && !r->over; count++) {
        struct archive_entry *entry = NULL;
        struct avd_arena arena = {0};
        int result;

        r->arena = &arena;
        show_share(r, at);
        result = r->f.next_header(r->archive, &entry);
        if (result == AVD_ARCHIVE_END)
            break;
        if (result < AVD_ARCHIVE_WARN || entry == NULL) {
            give_problem(r, r->name, reason(r));
            avd_arena_deinit(&arena);
            break;
        }
        if (count == r->inputs->limits.max_entries) {
            give_problem(r, r->name,
                         avd_arena_printf(&arena, "has more than %llu files; the rest is left out",
                                          (unsigned long long)count));
            avd_arena_deinit(&arena);
            break;
        }
        /* Raw streams have no type. */
        if ((r->f.filetype(entry) & AVD_ARCHIVE_TYPE_MASK) == AVD_ARCHIVE_REGULAR ||
            r->f.filetype(entry) == 0)
            take_entry(r, entry_name(r, entry));
        avd_arena_deinit(&arena);
    }
    r->arena = NULL;
}

static bool walk(struct avd_gate_inputs *inputs, struct reading *outer, const char *path,
                 struct avd_view bytes, const char *name)
{
    struct avd_arena arena = {0};
    unsigned depth = outer != NULL ? outer->depth + 1 : 0;
    struct reading r = {
        .inputs = inputs, .outer = outer, .name = name, .depth = depth, .arena = &arena};
    struct avd_path_info info;
    int result;

    if (depth > AVD_GATE_MAX_NESTING) {
        give_problem(&r, name, "an archive in an archive in an archive; unpack it");
        return !r.no_memory;
    }
    if (!avd_libarchive_load(&r.f)) {
        give_problem(&r, name, "is an archive, and libarchive is not installed; unpack it");
        return !r.no_memory;
    }
    r.chunk = avd_mem_calloc(CHUNK, 1);
    r.archive = r.chunk != NULL ? r.f.read_new() : NULL;
    if (r.archive == NULL) {
        avd_mem_free(r.chunk);
        return false;
    }
    (void)r.f.support_filters(r.archive);
    (void)r.f.support_formats(r.archive);
    (void)r.f.support_raw(r.archive);
    avd_gate_archive_prepare(&r.f, r.archive);
    if (path != NULL) {
        avd_path_examine(path, &info);
        r.packed = info.size;
    }
    result = path != NULL ? avd_gate_archive_open(&r.f, r.archive, path, FILE_BLOCK)
                          : r.f.open_memory(r.archive, bytes.data, bytes.size);
    if (result < AVD_ARCHIVE_WARN)
        give_problem(&r, name, reason(&r));
    else
        read_entries(&r);
    (void)r.f.read_free(r.archive);
    avd_mem_free(r.chunk);
    avd_arena_deinit(&arena);
    return !r.no_memory;
}

bool avd_gate_archive_walk(struct avd_gate_inputs *inputs, const char *path)
{
    struct avd_view none = {NULL, 0, 0};

    return walk(inputs, NULL, path, none, path);
}
/* NOLINTEND(misc-no-recursion) */
