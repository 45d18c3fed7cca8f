/* SPDX-License-Identifier: MIT */
/* Opening: what is refused, under which name, and what a header may get wrong. */
#include "base/memory.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>

static void assert_refused(const void *bytes, size_t size, enum avd_status code,
                           const char *message)
{
    struct avd_dump *dump = NULL;
    struct avd_error err = {0};

    ck_assert_int_eq(avd_dump_open_memory(bytes, size, "x.dmp", &dump, &err), code);
    ck_assert_ptr_null(dump);
    ck_assert_int_eq(err.code, code);
    ck_assert_str_eq(err.where, "header");
    ck_assert_str_eq(err.message, message);
    ck_assert_int_eq(avd_mem_live(), 0);
}

/* Other formats start with these bytes and go on with anything. */
static void assert_unsupported(const char *magic, size_t size, const char *message)
{
    uint8_t bytes[512];

    memset(bytes, 0x5a, sizeof bytes);
    memcpy(bytes, magic, size);
    assert_refused(bytes, sizeof bytes, AVD_E_UNSUPPORTED, message);
    /* The magic alone must do, and one byte less must not be mistaken. */
    assert_refused(bytes, size, AVD_E_UNSUPPORTED, message);
}

START_TEST(kernel_dumps_are_named)
{
    assert_unsupported("PAGEDUMP", 8,
                       "this is a 32-bit Windows kernel dump, not a minidump of a process; open "
                       "it with WinDbg or the Windows kernel debugger");
    assert_unsupported("PAGEDU64", 8,
                       "this is a 64-bit Windows kernel dump, not a minidump of a process; open "
                       "it with WinDbg or the Windows kernel debugger");
}
END_TEST

START_TEST(other_crash_files_are_named)
{
    assert_unsupported("\x7f"
                       "ELF",
                       4,
                       "this is an ELF file (a Linux core dump or program), not a minidump; open "
                       "it with gdb or lldb");
    assert_unsupported("\xcf\xfa\xed\xfe", 4,
                       "this is a Mach-O file, not a minidump; open it with "
                       "lldb");
    assert_unsupported("MZ", 2, "this is a Windows program or library, not a minidump");
    assert_unsupported("Microsoft C/C++", 15, "this is a PDB symbol file, not a minidump");
    assert_unsupported("PMDM", 4,
                       "this is a big-endian minidump, which no tool of today writes "
                       "for Windows; not supported");
    assert_unsupported("{", 1, "this is JSON text, not a minidump");
    assert_unsupported("<?xml", 5,
                       "this is an XML file, not a minidump; the dump usually lies "
                       "beside it");
}
END_TEST

START_TEST(archives_say_how_to_extract)
{
    uint8_t tar[512] = "crash.dmp";

    assert_unsupported("MSCF", 4,
                       "this is a CAB archive; extract the dump first (cabextract "
                       "FILE)");
    assert_unsupported("PK\x03\x04", 4,
                       "this is a zip archive; extract the dump first (unzip "
                       "FILE)");
    assert_unsupported("7z\xbc\xaf\x27\x1c", 6,
                       "this is a 7z archive; extract the dump first (7z "
                       "x FILE)");
    assert_unsupported("Rar!\x1a\x07", 6, "this is a RAR archive; extract the dump first");
    assert_unsupported("\xfd"
                       "7zXZ",
                       5, "this is an xz file; decompress it first (xz -d FILE)");
    assert_unsupported("\x28\xb5\x2f\xfd", 4,
                       "this is a zstd file; decompress it first (zstd -d "
                       "FILE)");
    assert_unsupported("BZh", 3, "this is a bzip2 file; decompress it first (bzip2 -d FILE)");
    memcpy(tar + 257, "ustar", 5);
    assert_refused(tar, sizeof tar, AVD_E_UNSUPPORTED,
                   "this is a tar archive; extract the dump first (tar xf FILE)");
}
END_TEST

START_TEST(microdump_is_named)
{
    static const char message[] = "this is a Breakpad microdump (log text of a device), not a "
                                  "minidump; read it with Breakpad's microdump_stackwalk";
    static const char begin[] = "W/logcat: -----BEGIN BREAKPAD MICRODUMP-----\nW/...";
    static const char record[] = "W/google-breakpad(26491): -----BEGIN";

    assert_refused(begin, sizeof begin, AVD_E_UNSUPPORTED, message);
    assert_refused(record, sizeof record, AVD_E_UNSUPPORTED, message);
}
END_TEST

START_TEST(no_minidump)
{
    assert_refused("", 0, AVD_E_FORMAT, "file is empty");
    assert_refused("MD", 2, AVD_E_FORMAT, "file has 2 bytes, a minidump has at least 32");
    assert_refused("MDMQ and more", 13, AVD_E_FORMAT,
                   "signature is 4d 44 4d 51, expected 4d 44 4d 50 (MDMP); this is no minidump");
}
END_TEST

START_TEST(header_cut_off)
{
    struct db *b = db_new();
    size_t size;
    uint8_t *bytes = db_finish(b, &size);

    ck_assert_uint_eq(size, 32);
    assert_refused(bytes, 4, AVD_E_FORMAT, "file has 4 bytes, the header of a minidump 32");
    assert_refused(bytes, 31, AVD_E_FORMAT, "file has 31 bytes, the header of a minidump 32");
    free(bytes);
}
END_TEST

START_TEST(header_alone_opens)
{
    struct dump_fixture f = dump_fixture_open(db_new());

    ck_assert_uint_eq(avd_dump_stream_count(f.dump), 0);
    ck_assert_uint_eq(avd_dump_thread_count(f.dump), 0);
    ck_assert_uint_eq(avd_dump_module_count(f.dump), 0);
    dump_fixture_has_note(&f, "system info",
                          "the dump has no SystemInfoStream; CPU and operating system are not "
                          "known");
    dump_fixture_has_note(&f, "module list",
                          "the dump has no ModuleListStream; addresses cannot be named");
    dump_fixture_has_note(&f, "thread list",
                          "the dump has no ThreadListStream; there are no stacks to show");
    dump_fixture_note_count(&f, NULL, 3);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(header_fields)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    db_header(b)->version = 0xa063a793;
    db_header(b)->checksum = 0x11223344;
    db_header(b)->timestamp = 0x65937000;
    db_header(b)->flags = UINT64_C(0x4000000000001806);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->version_high, 0xa063);
    ck_assert_uint_eq(f.dump->checksum, 0x11223344);
    ck_assert_uint_eq(f.dump->timestamp, 0x65937000);
    ck_assert(f.dump->flags == UINT64_C(0x4000000000001806));
    ck_assert_str_eq(f.dump->name, "built.dmp");
    ck_assert(!f.dump->compressed);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* Only the low half of Version is Microsoft's, and a wrong one is no reason to give up. */
START_TEST(odd_version_is_a_note)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    db_header(b)->version = 0x1234a794;
    f = dump_fixture_open(b);
    dump_fixture_has_note(&f, "header", "version is 0xa794, expected 0xa793; read as usual");
    dump_fixture_note_count(&f, NULL, 1);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(bad_arguments)
{
    struct avd_dump *dump = (struct avd_dump *)1;
    struct avd_error err = {0};

    ck_assert_int_eq(avd_dump_open_memory(NULL, 1, "x", &dump, &err), AVD_E_ARG);
    ck_assert_ptr_null(dump);
    ck_assert_str_eq(err.message, "no bytes or no place for the result");
    ck_assert_int_eq(avd_dump_open_memory("x", 1, "x", NULL, &err), AVD_E_ARG);
    ck_assert_int_eq(avd_dump_open(NULL, NULL, &dump, &err), AVD_E_ARG);
    ck_assert_str_eq(err.message, "no path or no place for the result");
    avd_dump_close(NULL);
}
END_TEST

START_TEST(missing_file)
{
    struct avd_dump *dump = NULL;
    struct avd_error err = {0};

    ck_assert_int_eq(avd_dump_open("/nonexistent/crash.dmp", NULL, &dump, &err), AVD_E_IO);
    ck_assert_ptr_null(dump);
    ck_assert_ptr_nonnull(strstr(err.message, "No such file"));
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

static size_t gzip(const uint8_t *bytes, size_t size, uint8_t *out, size_t capacity)
{
    z_stream z;

    memset(&z, 0, sizeof z);
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = bytes;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)capacity;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(deflateEnd(&z), Z_OK);
    return capacity - z.avail_out;
}

START_TEST(gzip_is_unpacked)
{
    size_t size;
    uint8_t *bytes = dump_builder_sample(DB_SAMPLE_X64, &size);
    uint8_t *packed = calloc(1, size);
    size_t packed_size = gzip(bytes, size, packed, size);
    struct avd_dump *dump = NULL;

    ck_assert_int_eq(avd_dump_open_memory(packed, packed_size, "x.dmp.gz", &dump, NULL), AVD_OK);
    ck_assert(dump->compressed);
    ck_assert_uint_eq(dump->bytes.size, size);
    ck_assert_uint_eq(dump->thread_count, 2);
    ck_assert_uint_eq(dump->notes.count, 0);
    avd_dump_close(dump);
    ck_assert_int_eq(avd_mem_live(), 0);

    /* Cut off: what could be unpacked is read, and the report says so. */
    ck_assert_int_eq(avd_dump_open_memory(packed, packed_size / 2, "x.dmp.gz", &dump, NULL),
                     AVD_OK);
    ck_assert_uint_gt(dump->notes.count, 0);
    ck_assert_str_eq(dump->notes.items[0].where, "gzip");
    ck_assert_ptr_nonnull(strstr(dump->notes.items[0].message,
                                 "the compressed file is damaged or cut off; reading the "));
    avd_dump_close(dump);
    ck_assert_int_eq(avd_mem_live(), 0);
    free(packed);
    free(bytes);
}
END_TEST

START_TEST(gzip_of_something_else)
{
    uint8_t packed[64];
    size_t size = gzip((const uint8_t *)"PAGEDU64....", 12, packed, sizeof packed);

    assert_refused(packed, size, AVD_E_UNSUPPORTED,
                   "this is a 64-bit Windows kernel dump, not a minidump of a process; open it "
                   "with WinDbg or the Windows kernel debugger");
}
END_TEST

/* The same file as with avd_dump_open_memory, and the ceiling for what it may unpack to. */
START_TEST(from_a_file)
{
    char path[] = "/tmp/avdump-test-XXXXXX";
    struct avd_open_options options = {.max_unpacked_size = 1000};
    struct avd_dump *dump = NULL;
    struct avd_error err = {0};
    size_t size;
    uint8_t *bytes = dump_builder_sample(DB_SAMPLE_X86, &size);
    uint8_t *packed = calloc(1, size);
    size_t packed_size = gzip(bytes, size, packed, size);
    int fd = mkstemp(path);
    ssize_t written;

    ck_assert_int_ge(fd, 0);
    written = write(fd, packed, (unsigned)packed_size);
    ck_assert_int_eq((int)written, (int)packed_size);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(avd_dump_open(path, &options, &dump, &err), AVD_E_LIMIT);
    ck_assert_str_eq(err.message, "unpacks to more than 1000 bytes; unpack it yourself first");
    ck_assert_int_eq(avd_dump_open(path, NULL, &dump, &err), AVD_OK);
    ck_assert_str_eq(dump->name, path);
    ck_assert_uint_eq(dump->bytes.size, size);
    avd_dump_close(dump);
    (void)unlink(path);
    free(packed);
    free(bytes);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

/* Each sample is what the other suites rely on: nothing in it is odd. */
START_TEST(samples_have_no_notes)
{
    int kind;

    for (kind = 0; kind < DB_SAMPLE_COUNT; kind++) {
        size_t size;
        uint8_t *bytes = dump_builder_sample((enum db_sample)kind, &size);
        struct avd_dump *dump = NULL;

        ck_assert_int_eq(avd_dump_open_memory(bytes, size, "sample", &dump, NULL), AVD_OK);
        ck_assert_msg(dump->notes.count == 0, "sample %d: %s: %s", kind, dump->notes.items[0].where,
                      dump->notes.items[0].message);
        ck_assert_uint_eq(dump->unused_stream_count, 2);
        ck_assert(dump->exception.present);
        avd_dump_close(dump);
        free(bytes);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, kernel_dumps_are_named);
    tcase_add_test(tests, other_crash_files_are_named);
    tcase_add_test(tests, archives_say_how_to_extract);
    tcase_add_test(tests, microdump_is_named);
    tcase_add_test(tests, no_minidump);
    tcase_add_test(tests, header_cut_off);
    tcase_add_test(tests, header_alone_opens);
    tcase_add_test(tests, header_fields);
    tcase_add_test(tests, odd_version_is_a_note);
    tcase_add_test(tests, bad_arguments);
    tcase_add_test(tests, missing_file);
    tcase_add_test(tests, gzip_is_unpacked);
    tcase_add_test(tests, gzip_of_something_else);
    tcase_add_test(tests, from_a_file);
    tcase_add_test(tests, samples_have_no_notes);
}

int main(void)
{
    return suite_main("dump_open", add_tests);
}
