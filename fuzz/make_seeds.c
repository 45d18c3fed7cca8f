/* SPDX-License-Identifier: MIT */
/*
 * Writes the seeds of fuzz/corpus/ that are not text: dumps, images and PDBs from the tests'
 * builders, gzip members of them. Run by hand (ninja make_seeds && fuzz/make_seeds fuzz/corpus)
 * when the builder learns something new; inputs that once crashed are kept beside them.
 */
#include "avdump/avdump.h"
#include "minidump/format.h"
#include "process.h"
#include "support/dump_builder.h"
#include "support/pdb_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

static void write_seed(const char *corpus, const char *name, const uint8_t *bytes, size_t size)
{
    char path[1024];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", corpus, name);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static size_t gzip(const uint8_t *bytes, size_t size, uint8_t *out, size_t capacity)
{
    z_stream z;

    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    z.next_in = bytes;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)capacity;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END || deflateEnd(&z) != Z_OK)
        abort();
    return capacity - z.avail_out;
}

static void write_gzip_seeds(const char *corpus)
{
    static const uint8_t text[] = "MDMP, and then MDMP, and then MDMP";
    uint8_t packed[512];
    size_t size = gzip(text, sizeof text, packed, sizeof packed);
    size_t second = gzip(text, 4, packed + size, sizeof packed - size);

    write_seed(corpus, "fuzz_gzip/one.gz", packed, size);
    write_seed(corpus, "fuzz_gzip/two.gz", packed, size + second);
    write_seed(corpus, "fuzz_gzip/cut.gz", packed, size - 12);
}

static void write_dump_seeds(const char *corpus)
{
    static const char *const names[] = {"fuzz_dump/x64.dmp", "fuzz_dump/x86.dmp",
                                        "fuzz_dump/wow64.dmp"};
    struct db *b = db_new();
    uint8_t *bytes;
    size_t size;
    size_t i;

    for (i = 0; i < DB_SAMPLE_COUNT; i++) {
        bytes = dump_builder_sample((enum db_sample)i, &size);
        write_seed(corpus, names[i], bytes, size);
        free(bytes);
    }
    db_pad_lists(b, true);
    (void)db_system_info(b, MD_CPU_ARCHITECTURE_ARM64_OLD, 5, 4, 0);
    (void)db_thread(b, &(struct db_thread){.id = 1, .name = "main"});
    (void)db_module(b, &(struct db_module){.base = 0x1000,
                                           .size = 0x1000,
                                           .path = "/bin/a",
                                           .codeview = db_build_id(b, "0123456789", 10)});
    bytes = db_finish(b, &size);
    write_seed(corpus, "fuzz_dump/small.dmp", bytes, size);
    free(bytes);
}

/* A COFF symbol table of two functions and a long name, in the room that headers leave. */
static void add_symbols(uint8_t *bytes)
{
    /* clang-format off */
    static const uint8_t table[] = {
        'm', 'a', 'i', 'n', 0, 0, 0, 0, 0x00, 0, 0, 0, 1, 0, 0x20, 0, 2, 0, /* .text, external */
        0, 0, 0, 0, 4, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0x20, 0, 3, 0, /* static, its name is far */
        13, 0, 0, 0, 'f', 'u', 'n', 'c', 't', 'i', 'o', 'n', 0};
    /* clang-format on */
    enum { AT = 0x400, HEADER = 0x80 };

    memcpy(bytes + AT, table, sizeof table);
    avd_put_le32(bytes + HEADER + 12, AT);
    avd_put_le32(bytes + HEADER + 16, 2);
}

/* The image as one piece of memory, as fuzz_image expects it. */
static void write_image_seed(const char *corpus, const char *name, const struct db_image *image,
                             bool symbols)
{
    const uint64_t base = 0x400000;
    struct avd_dump *dump = NULL;
    struct db *b = db_new();
    uint8_t bytes[0x4100];
    uint8_t *file;
    size_t file_size;
    size_t size = 0;
    size_t at;

    memset(bytes, 0, sizeof bytes);
    db_map_image(b, base, image);
    file = db_finish(b, &file_size);
    if (avd_dump_open_memory(file, file_size, name, &dump, NULL) != AVD_OK)
        abort();
    for (at = 0; at < sizeof bytes; at += 0x100)
        if (avd_dump_read(dump, base + at, bytes + at, 0x100) != 0)
            size = at + 0x100;
    if (symbols)
        add_symbols(bytes);
    write_seed(corpus, name, bytes, size);
    avd_dump_close(dump);
    free(file);
}

static void write_image_seeds(const char *corpus)
{
    static const uint8_t unwind[] = {0x01, 0x04, 0x01, 0x00, 0x04, 0x42, 0x00, 0x00};
    static const struct db_export exports[] = {{"alpha", 0x1000}, {"beta", 0x1010}, {NULL, 0x1018}};
    static const struct db_function functions[] = {{0x1000, 0x1010, unwind, sizeof unwind}};
    static const uint8_t text[0x20] = {0xc3};

    const struct db_image x64 = {.size = 0x6000,
                                 .text = text,
                                 .text_size = sizeof text,
                                 .exports = exports,
                                 .export_count = 3,
                                 .functions = functions,
                                 .function_count = 1,
                                 .pdb_path = "C:\\a.pdb"};
    const struct db_image x86 = {
        .pe32 = true, .size = 0x6000, .exports = exports, .export_count = 3};

    write_image_seed(corpus, "fuzz_image/x64.bin", &x64, false);
    write_image_seed(corpus, "fuzz_image/x64-coff.bin", &x64, true);
    write_image_seed(corpus, "fuzz_image/x86.bin", &x86, false);
}

static void write_pdb_seeds(const char *corpus)
{
    static const char *const names[] = {"fuzz_pdb/scattered.pdb", "fuzz_pdb/moved.pdb"};
    struct pb_layout layout = {512, true, 0};
    int i;

    for (i = 0; i < 2; i++) {
        struct ps sample;
        uint8_t *bytes;
        size_t size;

        ps_new(&sample);
        if (i == 1)
            ps_add_omap(&sample);
        layout.scattered = i == 0;
        bytes = ps_finish(&sample, layout, &size);
        write_seed(corpus, names[i], bytes, size);
        free(bytes);
        ps_free(&sample);
    }
}

static void write_walk_seeds(const char *corpus)
{
    static const struct {
        const char *name;
        bool x86;
        unsigned flags; /* turned over */
    } seeds[] = {{"fuzz_walk/x64", false, 0},
                 {"fuzz_walk/x64_jit", false, FUZZ_DYNAMIC},
                 {"fuzz_walk/x64_symbols", false, FUZZ_SYMBOLS | FUZZ_SECTIONS},
                 {"fuzz_walk/x86", true, 0},
                 {"fuzz_walk/x86_symbols", true, FUZZ_SYMBOLS | FUZZ_BOUNDS},
                 {"fuzz_unwind_info/chained", false, 0}};
    uint8_t bytes[FUZZ_SAMPLE_MAX];
    size_t i;

    for (i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        size_t size = fuzz_process_sample(seeds[i].x86, bytes);

        bytes[0] ^= (uint8_t)seeds[i].flags;
        write_seed(corpus, seeds[i].name, bytes, size);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s fuzz/corpus\n", argv[0]);
        return EXIT_FAILURE;
    }
    write_dump_seeds(argv[1]);
    write_gzip_seeds(argv[1]);
    write_image_seeds(argv[1]);
    write_pdb_seeds(argv[1]);
    write_walk_seeds(argv[1]);
    return EXIT_SUCCESS;
}
