/* SPDX-License-Identifier: MIT */
/* src/symbols/msf.c: the container of PDB files. */
#include "base/file.h"
#include "base/memory.h"
#include "support/pdb_builder.h"
#include "support/suite.h"
#include "support/arena_fixture.h"
#include "symbols/msf.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BIG = 100000, SMALL = 10 };

static struct avd_msf msf;
static struct avd_error err;

static void setup(void)
{
    memset(&err, 0, sizeof err);
}

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

/* Stream 0 empty, 1 small, 2 big, 3 deleted, 4 small. */
static uint8_t *build(struct pb_layout layout, size_t *size)
{
    struct pb *b = pb_new();
    uint8_t *file;
    size_t i;

    for (i = 0; i < 5; i++)
        (void)pb_stream(b);
    pb_bytes(b, 1, "0123456789", SMALL);
    for (i = 0; i < BIG; i++)
        pb_u8(b, 2, byte_at(i));
    pb_delete(b, 3);
    pb_bytes(b, 4, "abcdefghij", SMALL);
    file = pb_finish(b, layout, size);
    pb_free(b);
    return file;
}

static enum avd_status open_bytes(const uint8_t *bytes, size_t size)
{
    struct avd_view view = {bytes, size, 0};

    return avd_msf_open(view, &test_arena, &msf, &err);
}

static void put32(uint8_t *at, uint32_t value)
{
    unsigned i;

    for (i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static const struct pb_layout layouts[] = {
    {512, false, 0}, {512, true, 0},   {1024, true, 0},   {4096, false, 0}, {4096, true, 0},
    {8192, true, 0}, {16384, true, 0}, {32768, false, 0}, {32768, true, 0}, {65536, true, 0},
};

/* What is asked for comes back, wherever the pages lie. */
START_TEST(test_streams)
{
    struct pb_layout layout = layouts[_i];
    struct avd_msf_stream stream;
    static uint8_t buffer[BIG];
    struct avd_view view;
    size_t size;
    uint8_t *file = build(layout, &size);
    size_t at;
    size_t i;

    ck_assert_int_eq(open_bytes(file, size), AVD_OK);
    ck_assert_uint_eq(msf.stream_count, 5);
    ck_assert_uint_eq(msf.lost_streams, 0);
    ck_assert(!msf.truncated);
    ck_assert(!avd_msf_stream(&msf, 0, &stream));
    ck_assert(!avd_msf_stream(&msf, 3, &stream));
    ck_assert(!avd_msf_stream(&msf, 5, &stream));
    ck_assert(!avd_msf_stream(&msf, UINT32_MAX, &stream));
    ck_assert_ptr_null(stream.msf);
    ck_assert(!avd_msf_run(&stream, 0, 1, &view));

    ck_assert(avd_msf_stream(&msf, 1, &stream));
    ck_assert_uint_eq(stream.size, SMALL);
    ck_assert(avd_msf_view(&stream, 2, 3, buffer, &view));
    ck_assert_mem_eq(view.data, "234", 3);
    ck_assert(avd_msf_in_file(&msf, view));
    ck_assert_mem_eq(file + view.offset, "234", 3);
    ck_assert_uint_eq(avd_msf_offset(&stream, 2), view.offset);
    ck_assert_uint_eq(avd_msf_u32(&stream, 6), 0x39383736);
    ck_assert_uint_eq(avd_msf_u32(&stream, 7), 0);
    ck_assert_uint_eq(avd_msf_u16(&stream, 8), 0x3938);
    ck_assert_uint_eq(avd_msf_u16(&stream, 9), 0);
    ck_assert(avd_msf_run(&stream, 8, 100, &view));
    ck_assert_uint_eq(view.size, 2);
    ck_assert(!avd_msf_run(&stream, SMALL, 1, &view));
    ck_assert(!avd_msf_view(&stream, 8, 3, buffer, &view));
    ck_assert_uint_eq(avd_msf_offset(&stream, SMALL), 0);

    ck_assert(avd_msf_stream(&msf, 2, &stream));
    ck_assert(avd_msf_view(&stream, 0, BIG, buffer, &view));
    for (i = 0; i < BIG; i++)
        ck_assert_uint_eq(view.data[i], byte_at(i));
    ck_assert(avd_msf_in_file(&msf, view) == !layout.scattered);
    /* Across the first break, and every run. */
    ck_assert(avd_msf_view(&stream, layout.page_size - 3, 8, buffer, &view));
    for (i = 0; i < 8; i++)
        ck_assert_uint_eq(view.data[i], byte_at(layout.page_size - 3 + i));
    ck_assert(avd_msf_in_file(&msf, view) == !layout.scattered);
    for (at = 0; at < BIG; at += view.size) {
        ck_assert(avd_msf_run(&stream, at, BIG, &view));
        ck_assert_uint_eq(view.data[0], byte_at(at));
        ck_assert_uint_le(view.size, layout.scattered ? layout.page_size : BIG);
        ck_assert_uint_eq(view.data[view.size - 1], byte_at(at + view.size - 1));
    }
    ck_assert_uint_eq(at, BIG);
    free(file);
}
END_TEST

/* A directory so large that the pages of its page list are two. */
START_TEST(test_large_directory)
{
    struct pb_layout layout = {512, true, 0};
    struct pb *b = pb_new();
    struct avd_msf_stream stream;
    uint8_t buffer[SMALL];
    struct avd_view view;
    uint8_t *file;
    size_t size;
    size_t i;

    (void)pb_stream(b);
    (void)pb_stream(b);
    pb_bytes(b, 0, "0123456789", SMALL);
    for (i = 0; i < 17000 * 512; i += 8)
        pb_bytes(b, 1, "12345678", 8);
    pb_set8(b, 1, 16999 * 512 + 7, 'x');
    file = pb_finish(b, layout, &size);
    pb_free(b);
    ck_assert_uint_gt(avd_le32(file + 0x2c), 512 / 4 * 512);
    ck_assert_int_eq(open_bytes(file, size), AVD_OK);
    ck_assert(avd_msf_stream(&msf, 1, &stream));
    ck_assert(avd_msf_view(&stream, 16999 * 512, 8, buffer, &view));
    ck_assert_mem_eq(view.data, "1234567x", 8);
    free(file);
}
END_TEST

struct refusal {
    const char *bytes;
    size_t size;
    enum avd_status code;
    const char *message;
};

#define BYTES(text) text, sizeof text - 1

static const struct refusal refusals[] = {
    {BYTES(""), AVD_E_FORMAT, "no PDB: its signature is missing"},
    {BYTES("Microsoft C/C++ MSF 7.00\r\n"), AVD_E_FORMAT, "no PDB: its signature is missing"},
    {BYTES("MZ"), AVD_E_FORMAT, "no PDB: its signature is missing"},
    {BYTES("Microsoft C/C++ MSF 7.00\r\n\x1a"
           "DS\0\0\0\0\2\0\0"),
     AVD_E_FORMAT, "cut short: expected 56 bytes, found 36"},
    {BYTES("Microsoft C/C++ program database 2.00\r\n\x1a"
           "JG\0\0"),
     AVD_E_UNSUPPORTED, "PDB 2.0 (Visual C++ 6 and older): not supported"},
    {BYTES("Microsoft MSFZ Container\r\n\x1a"
           "ALD\0\0"),
     AVD_E_UNSUPPORTED, "compressed PDB (MSFZ): not supported"},
    {BYTES("BSJB\1\0"), AVD_E_UNSUPPORTED, "portable PDB (.NET): it describes no native code"},
};

START_TEST(test_refused)
{
    const struct refusal *refusal = &refusals[_i];

    ck_assert_int_eq(open_bytes((const uint8_t *)refusal->bytes, refusal->size), refusal->code);
    ck_assert_int_eq(err.code, refusal->code);
    ck_assert_str_eq(err.where, "header");
    ck_assert_str_eq(err.message, refusal->message);
}
END_TEST

/* A 32-bit field of a sound file is changed. */
struct damage {
    size_t offset; /* or one of the places below */
    uint32_t value;
    const char *where;
    const char *message; /* a piece of it */
};

enum { IN_LIST = 1, IN_DIRECTORY = 2 };

static const struct damage damages[] = {
    {0x20, 0, "header", "page size 0 is no power of two from 512 to 65536"},
    {0x20, 4097, "header", "page size 4097 is no power of two"},
    {0x20, 131072, "header", "page size 131072 is no power of two"},
    {0x20, 256, "header", "page size 256 is no power of two"},
    {0x2c, 0, "header", "the directory is empty"},
    {0x2c, 0x7fffffff, "header", "directory of 2147483647 bytes in a file of"},
    {0x2c, 3, "directory", "0 streams need more than its 3 bytes"},
    {0x34, 0, "page list of the directory", "refers to page 0 of"},
    {0x34, 0xffffffff, "page list of the directory", "refers to page 4294967295 of"},
    {IN_LIST, 0, "directory", "refers to page 0 of"},
    {IN_LIST, 99999, "directory", "refers to page 99999 of"},
    {IN_DIRECTORY, 0xffffffff, "directory", "4294967295 streams need more than its"},
};

START_TEST(test_damaged)
{
    const struct damage *damage = &damages[_i];
    struct pb_layout layout = {4096, true, 0};
    size_t size;
    uint8_t *file = build(layout, &size);
    size_t list = (size_t)avd_le32(file + 0x34) * 4096;
    size_t at = damage->offset;

    if (at == IN_LIST)
        at = list;
    else if (at == IN_DIRECTORY)
        at = (size_t)avd_le32(file + list) * 4096;
    put32(file + at, damage->value);
    ck_assert_int_eq(open_bytes(file, size), AVD_E_FORMAT);
    ck_assert_str_eq(err.where, damage->where);
    ck_assert_msg(strstr(err.message, damage->message) != NULL, "message is '%s'", err.message);
    free(file);
}
END_TEST

/* The directory's own pages must not come twice: not as its list, not within it. */
START_TEST(test_loops)
{
    struct pb_layout layout = {512, true, 0};
    size_t size;
    uint8_t *file = build(layout, &size);
    size_t list = (size_t)avd_le32(file + 0x34) * 512;
    uint32_t first = avd_le32(file + list);
    char expected[80];

    put32(file + list + 4, first);
    ck_assert_int_eq(open_bytes(file, size), AVD_E_FORMAT);
    ck_assert_str_eq(err.where, "directory");
    (void)snprintf(expected, sizeof expected,
                   "loops: page %u is used twice; the PDB cannot be read", (unsigned)first);
    ck_assert_str_eq(err.message, expected);

    put32(file + list, avd_le32(file + 0x34)); /* the list is a page of the directory */
    ck_assert_int_eq(open_bytes(file, size), AVD_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.message, "is used twice"));
    free(file);
}
END_TEST

/* Pages of a stream outside the file cost what lies in them. */
START_TEST(test_lost_pages)
{
    struct pb_layout layout = {4096, true, 0};
    struct avd_msf_stream stream;
    static uint8_t buffer[BIG];
    struct avd_view view;
    size_t size;
    uint8_t *file = build(layout, &size);
    size_t list = (size_t)avd_le32(file + 0x34) * 4096;
    size_t directory = (size_t)avd_le32(file + list) * 4096;

    /* Count, five sizes, then the one page of stream 1 and those of stream 2. */
    put32(file + directory + 24 + 4 + 4, 0);
    put32(file + directory + 24 + 4 + 8, 0x10000);
    ck_assert_int_eq(open_bytes(file, size), AVD_OK);
    ck_assert(avd_msf_stream(&msf, 2, &stream));
    ck_assert(avd_msf_run(&stream, 0, BIG, &view));
    ck_assert_uint_eq(view.size, 4096);
    ck_assert(!avd_msf_run(&stream, 4096, 1, &view));
    ck_assert(!avd_msf_run(&stream, 8192, 1, &view));
    ck_assert(avd_msf_run(&stream, 12288, 1, &view));
    ck_assert(!avd_msf_view(&stream, 4090, 10, buffer, &view));
    ck_assert_uint_eq(view.size, 0);
    ck_assert_uint_eq(avd_msf_u32(&stream, 4096), 0);

    /* The same file, cut: its last pages are gone. */
    ck_assert_int_eq(open_bytes(file, size - 4096 - 100), AVD_OK);
    ck_assert(msf.truncated);
    free(file);
}
END_TEST

/* A directory too small for all page lists loses the streams behind, not those before. */
START_TEST(test_lost_lists)
{
    struct pb_layout layout = {4096, false, 0};
    struct avd_msf_stream stream;
    size_t size;
    uint8_t *file = build(layout, &size);

    put32(file + 0x2c, avd_le32(file + 0x2c) - 8);
    ck_assert_int_eq(open_bytes(file, size), AVD_OK);
    ck_assert_uint_eq(msf.stream_count, 2);
    ck_assert_uint_eq(msf.lost_streams, 3);
    ck_assert(avd_msf_stream(&msf, 1, &stream));
    ck_assert(!avd_msf_stream(&msf, 2, &stream));
    free(file);
}
END_TEST

/* Pages behind 4 GiB, in a file with holes. */
START_TEST(test_over_4_gib)
{
    static const uint32_t page = 1200000; /* of 4096 bytes: 4.58 GiB */
    uint8_t bytes[4096] = {0};
    struct avd_msf_stream stream;
    struct avd_file file;
    uint8_t buffer[SMALL];
    struct avd_view view;
    FILE *stream_file;

    if (sizeof(long) < 8)
        return;
    stream_file = tmpfile();
    ck_assert_ptr_nonnull(stream_file);
    memcpy(bytes,
           "Microsoft C/C++ MSF 7.00\r\n\x1a"
           "DS\0\0",
           32);
    put32(bytes + 0x20, 4096);
    put32(bytes + 0x28, page + 3);
    put32(bytes + 0x2c, 12);
    put32(bytes + 0x34, page);
    ck_assert_uint_eq(fwrite(bytes, 1, sizeof bytes, stream_file), sizeof bytes);
    ck_assert_int_eq(fseeko(stream_file, (off_t)page * 4096, SEEK_SET), 0);
    memset(bytes, 0, sizeof bytes);
    put32(bytes, page + 1); /* the list */
    ck_assert_uint_eq(fwrite(bytes, 1, sizeof bytes, stream_file), sizeof bytes);
    put32(bytes, 1); /* the directory: one stream */
    put32(bytes + 4, SMALL);
    put32(bytes + 8, page + 2);
    ck_assert_uint_eq(fwrite(bytes, 1, sizeof bytes, stream_file), sizeof bytes);
    memcpy(bytes, "0123456789", SMALL);
    ck_assert_uint_eq(fwrite(bytes, 1, sizeof bytes, stream_file), sizeof bytes);
    ck_assert_int_eq(avd_file_adopt(stream_file, &file, &err), AVD_OK);

    ck_assert_int_eq(avd_msf_open(file.view, &test_arena, &msf, &err), AVD_OK);
    ck_assert(avd_msf_stream(&msf, 0, &stream));
    ck_assert(avd_msf_view(&stream, 0, SMALL, buffer, &view));
    ck_assert_mem_eq(view.data, "0123456789", SMALL);
    ck_assert(view.offset == (uint64_t)(page + 2) * 4096);
    avd_file_close(&file);
}
END_TEST

START_TEST(test_no_memory)
{
    struct pb_layout layout = {512, true, 0};
    enum avd_status status;
    size_t size;
    uint8_t *file = build(layout, &size);
    unsigned long n;

    for (n = 1;; n++) {
        avd_mem_fail_after(n);
        status = open_bytes(file, size);
        avd_mem_fail_after(0);
        avd_arena_deinit(&test_arena);
        if (status == AVD_OK)
            break;
        ck_assert_int_eq(status, AVD_E_NOMEM);
        ck_assert_str_eq(err.message, "out of memory");
        ck_assert_int_eq(avd_mem_live(), 0);
    }
    ck_assert_uint_gt(n, 3);
    free(file);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 60);
    arena_fixture_use(tests);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, test_streams, 0, sizeof layouts / sizeof layouts[0]);
    tcase_add_test(tests, test_large_directory);
    tcase_add_loop_test(tests, test_refused, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_loop_test(tests, test_damaged, 0, sizeof damages / sizeof damages[0]);
    tcase_add_test(tests, test_loops);
    tcase_add_test(tests, test_lost_pages);
    tcase_add_test(tests, test_lost_lists);
    tcase_add_test(tests, test_over_4_gib);
    tcase_add_test(tests, test_no_memory);
}

int main(void)
{
    return suite_main("msf", add_tests);
}
