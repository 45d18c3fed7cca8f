/* SPDX-License-Identifier: MIT */
/* Minidumps as extract writes them, byte by byte against the format (minidumpapiset.h). */
#include "base/memory.h"
#include "extract/writer.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/extract_run.h"
#include "support/suite.h"

#include <limits.h>
#include <string.h>

/* Four ranges of one byte pattern each; the last two touch. */
static const uint8_t source_bytes[64] = {1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2,
                                         3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4};
static const struct avd_view source = {source_bytes, sizeof source_bytes, 0};
static const struct avd_memory_range ranges[] = {
    {0x1000, 8, 0}, {0x2000, 8, 8}, {0x3000, 8, 24}, {0x3008, 8, 16}};
enum { RANGES = sizeof ranges / sizeof ranges[0] };

static struct avd_view view_of(const struct avd_strbuf *bytes)
{
    struct avd_view v = {(const uint8_t *)bytes->text, bytes->size, 0};

    return v;
}

/* Where the directory says that the stream of `type` lies; fails when it is not there. */
static struct avd_view stream_of(struct avd_view file, uint32_t type)
{
    uint32_t count = avd_view_u32(file, 8);
    uint32_t directory = avd_view_u32(file, 12);
    struct avd_view stream;
    uint32_t i;

    for (i = 0; i < count; i++)
        if (avd_view_u32(file, directory + 12 * (uint64_t)i) == type)
            break;
    ck_assert_msg(i < count, "no stream 0x%x", (unsigned)type);
    ck_assert(avd_view_slice(file, avd_view_u32(file, directory + 12 * (uint64_t)i + 8),
                             avd_view_u32(file, directory + 12 * (uint64_t)i + 4), &stream));
    return stream;
}

START_TEST(test_header_and_directory)
{
    struct avd_strbuf bytes = {0};
    struct avd_writer w;
    struct avd_view file;

    avd_writer_init(&w);
    w.timestamp = 0x12345678;
    w.flags = UINT64_C(0x500000822);
    avd_writer_u16(&w, 0xffff);
    avd_writer_stream_begin(&w, SystemInfoStream);
    avd_writer_u64(&w, UINT64_C(0x1122334455667788));
    avd_writer_stream_end(&w);
    avd_writer_stream_view(&w, 0x10001, source);
    ck_assert_int_eq(
        avd_writer_finish(&w, source, NULL, 0, false, extract_run_collect, &bytes, NULL), AVD_OK);
    file = view_of(&bytes);
    ck_assert_uint_eq(avd_view_u32(file, 0), 0x504d444d);
    ck_assert_uint_eq(avd_view_u32(file, 4), 0xa793);
    ck_assert_uint_eq(avd_view_u32(file, 8), 3);
    ck_assert_uint_eq(avd_view_u32(file, 16), 0);
    ck_assert_uint_eq(avd_view_u32(file, 20), 0x12345678);
    /* what is no full memory does not call itself so */
    ck_assert_uint_eq(avd_view_u64(file, 24), UINT64_C(0x500000820));
    ck_assert_uint_eq(stream_of(file, SystemInfoStream).size, 8);
    ck_assert_uint_eq(stream_of(file, SystemInfoStream).offset % 8, 0);
    ck_assert_uint_eq(avd_view_u64(stream_of(file, SystemInfoStream), 0),
                      UINT64_C(0x1122334455667788));
    ck_assert_mem_eq(stream_of(file, 0x10001).data, source_bytes, sizeof source_bytes);
    ck_assert_uint_eq(stream_of(file, MemoryListStream).size, 4);
    avd_writer_deinit(&w);
    avd_strbuf_deinit(&bytes);
}
END_TEST

/* Both lists lead to the same bytes, which follow each other in the order of the ranges. */
static void check_memory(struct avd_view file, bool wide)
{
    struct avd_view list = stream_of(file, MemoryListStream);
    uint64_t expected = avd_view_u32(list, 4 + 12);
    size_t i;

    ck_assert_uint_eq(list.size, 4 + 16 * RANGES);
    ck_assert_uint_eq(avd_view_u32(list, 0), RANGES);
    for (i = 0; i < RANGES; i++) {
        struct avd_view bytes;

        ck_assert_uint_eq(avd_view_u64(list, 4 + 16 * i), ranges[i].start);
        ck_assert_uint_eq(avd_view_u32(list, 4 + 16 * i + 8), ranges[i].size);
        ck_assert_uint_eq(avd_view_u32(list, 4 + 16 * i + 12), expected);
        ck_assert(avd_view_slice(file, expected, ranges[i].size, &bytes));
        ck_assert_mem_eq(bytes.data, source_bytes + ranges[i].offset, ranges[i].size);
        expected += ranges[i].size;
    }
    ck_assert_uint_eq(expected, file.size);
    ck_assert_uint_eq(avd_view_u32(file, 24) & 2, wide ? 2 : 0);
    if (!wide)
        return;
    list = stream_of(file, Memory64ListStream);
    ck_assert_uint_eq(list.size, 16 + 16 * RANGES);
    ck_assert_uint_eq(avd_view_u64(list, 0), RANGES);
    ck_assert_uint_eq(avd_view_u64(list, 8), file.size - 32);
    for (i = 0; i < RANGES; i++) {
        ck_assert_uint_eq(avd_view_u64(list, 16 + 16 * i), ranges[i].start);
        ck_assert_uint_eq(avd_view_u64(list, 16 + 16 * i + 8), ranges[i].size);
    }
}

START_TEST(test_memory)
{
    bool full = _i == 1;
    struct avd_strbuf bytes = {0};
    struct avd_writer w;
    struct avd_view places;
    struct avd_view file;

    avd_writer_init(&w);
    avd_writer_stream_begin(&w, 0x10001);
    avd_writer_memory_location(&w, 0x3004, 12); /* across two ranges */
    avd_writer_memory_location(&w, 0x1fff, 4);  /* in none */
    avd_writer_memory_location(&w, 0x1000, 0);
    avd_writer_stream_end(&w);
    ck_assert_int_eq(
        avd_writer_finish(&w, source, ranges, RANGES, full, extract_run_collect, &bytes, NULL),
        AVD_OK);
    file = view_of(&bytes);
    check_memory(file, full);
    places = stream_of(file, 0x10001);
    ck_assert_uint_eq(avd_view_u32(places, 0), 12);
    ck_assert_uint_eq(avd_view_u32(file, avd_view_u32(places, 4)), 0x04040404);
    ck_assert_uint_eq(avd_view_u32(file, avd_view_u32(places, 4) + 4), 0x03030303);
    ck_assert_uint_eq(avd_view_u32(places, 8), 4);
    ck_assert_uint_eq(avd_view_u32(places, 12), 0);
    ck_assert_uint_eq(avd_view_u64(places, 16), 0);
    avd_writer_deinit(&w);
    avd_strbuf_deinit(&bytes);
}
END_TEST

/* Takes what comes before memory that is not really there. */
static int collect_head(void *strbuf, const char *bytes, size_t size)
{
    if (bytes != NULL)
        avd_strbuf_add(strbuf, bytes, size);
    return 0;
}

/* Beyond 4 GiB only a Memory64List leads. */
START_TEST(test_large_memory)
{
    static const struct avd_memory_range large[] = {
        {0x10000, 0xc0000000, 0}, {UINT64_C(0x7ff000000000), 0xc0000000, 0xc0000000}};
    struct avd_view huge = {NULL, (size_t)0x180000000, 0};
    struct avd_strbuf bytes = {0};
    struct avd_writer w;
    struct avd_view file;

    avd_writer_init(&w);
    avd_writer_stream_begin(&w, 0x10001);
    avd_writer_memory_location(&w, 0x10000, 0x1000);
    avd_writer_stream_end(&w);
    ck_assert_int_eq(avd_writer_finish(&w, huge, large, 2, false, collect_head, &bytes, NULL),
                     AVD_OK);
    file = view_of(&bytes);
    ck_assert_uint_eq(avd_view_u32(file, 8), 2);
    ck_assert_uint_eq(avd_view_u32(file, 24), 2);
    ck_assert_uint_eq(avd_view_u64(stream_of(file, Memory64ListStream), 0), 2);
    ck_assert_uint_eq(avd_view_u64(stream_of(file, Memory64ListStream), 8), file.size);
    ck_assert_uint_eq(avd_view_u64(stream_of(file, Memory64ListStream), 40), 0xc0000000);
    ck_assert_uint_eq(avd_view_u32(stream_of(file, 0x10001), 4), 0);
    avd_writer_deinit(&w);
    avd_strbuf_deinit(&bytes);
}
END_TEST

START_TEST(test_texts)
{
    /* A, e acute, euro, a character beyond 16 bits, and a stray byte */
    static const uint8_t expected[] = {0x0c, 0,    0,    0,    'A',  0,    0xe9, 0,    0xac,
                                       0x20, 0x3d, 0xd8, 0x00, 0xde, 0xfd, 0xff, 0x00, 0x00};
    struct avd_writer w;
    uint32_t rva;

    avd_writer_init(&w);
    rva = avd_writer_text(&w, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff");
    ck_assert_uint_eq(rva, 32);
    ck_assert_uint_eq(avd_writer_rva(&w), 32 + sizeof expected);
    ck_assert_mem_eq(w.own.text + 32, expected, sizeof expected);
    ck_assert_uint_eq(avd_writer_text(&w, NULL), 0);
    ck_assert_uint_eq(avd_writer_text(&w, "File"), 52);
    ck_assert_uint_eq(avd_writer_text(&w, "File"), 52); /* shared */
    ck_assert_uint_eq(avd_writer_blob(&w, "xyz", 3), 72);
    ck_assert_uint_eq(avd_writer_blob(&w, "", 0), 0);
    avd_writer_deinit(&w);
}
END_TEST

/* What was written can be replaced, and be made a stream of afterwards. */
START_TEST(test_replaced)
{
    struct avd_strbuf bytes = {0};
    struct avd_writer w;
    struct avd_view stream;

    avd_writer_init(&w);
    avd_writer_bytes(&w, source_bytes, 16);
    avd_writer_stream_at(&w, ThreadListStream, 36, 12);
    avd_writer_set_u32(&w, 36, 0x11223344);
    avd_writer_set_memory(&w, 40, 0x3001);
    avd_writer_set_memory(&w, 44, 0x4000); /* in no range */
    ck_assert_int_eq(
        avd_writer_finish(&w, source, ranges, RANGES, false, extract_run_collect, &bytes, NULL),
        AVD_OK);
    stream = stream_of(view_of(&bytes), ThreadListStream);
    ck_assert_uint_eq(stream.offset, 36);
    ck_assert_uint_eq(stream.size, 12);
    ck_assert_uint_eq(avd_view_u32(stream, 0), 0x11223344);
    ck_assert_uint_eq(avd_view_u32(view_of(&bytes), avd_view_u32(stream, 4) - 1), 0x04040404);
    ck_assert_uint_eq(avd_view_u32(stream, 8), 0);
    check_memory(view_of(&bytes), false);
    avd_writer_deinit(&w);
    avd_strbuf_deinit(&bytes);
}
END_TEST

static int refuse(void *ctx, const char *bytes, size_t size)
{
    size_t *left = ctx;

    (void)bytes;
    (void)size;
    return (*left)-- == 0;
}

START_TEST(test_failures)
{
    static const struct avd_memory_range shared[] = {{0x1000, 40, 0}, {0x2000, 40, 0}};
    struct avd_view large = {NULL, (size_t)UINT32_MAX, 0};
    struct avd_view larger = {NULL, (size_t)UINT32_MAX + 100, 0};
    struct avd_strbuf bytes = {0};
    struct avd_error err = {0};
    struct avd_writer w;
    size_t pieces;

    avd_writer_init(&w);
    ck_assert_int_eq(
        avd_writer_finish(&w, source, shared, 2, false, extract_run_collect, &bytes, &err),
        AVD_E_UNSUPPORTED);
    ck_assert_str_eq(err.message, "memory and streams need more bytes than the file of 64 has; "
                                  "parts of it are used more than once");
    ck_assert_uint_eq(bytes.size, 0);
    avd_writer_deinit(&w);

    avd_writer_init(&w);
    avd_writer_stream_view(&w, 0x10001, large);
    ck_assert_int_eq(
        avd_writer_finish(&w, larger, ranges, RANGES, false, extract_run_collect, &bytes, &err),
        AVD_E_LIMIT);
    /* header 32, Memory64List 16 + 4 * 16, directory 2 * 12 */
    ck_assert_str_eq(err.message, "what comes before the memory needs 4294967431 bytes, a minidump "
                                  "has room for 4 GiB");
    avd_writer_deinit(&w);

    /* header, own bytes, four ranges: each may be the one that cannot be written */
    for (pieces = 0; pieces < 2 + RANGES; pieces++) {
        size_t left = pieces;

        avd_writer_init(&w);
        ck_assert_int_eq(avd_writer_finish(&w, source, ranges, RANGES, false, refuse, &left, &err),
                         AVD_E_IO);
        ck_assert_str_eq(err.message, "the dump cannot be written");
        avd_writer_deinit(&w);
    }
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

START_TEST(test_no_memory)
{
    unsigned long n;

    for (n = 1;; n++) {
        struct avd_strbuf bytes = {0};
        struct avd_writer w;
        enum avd_status status;

        avd_mem_fail_after(n);
        avd_writer_init(&w);
        (void)avd_writer_text(&w, "a text");
        avd_writer_stream_begin(&w, 0x10001);
        avd_writer_memory_location(&w, 0x1000, 4);
        avd_writer_zeros(&w, 1000);
        avd_writer_stream_end(&w);
        status = avd_writer_finish(&w, source, ranges, RANGES, true, collect_head, &bytes, NULL);
        avd_mem_fail_after(0);
        avd_writer_deinit(&w);
        bytes.failed |= status != AVD_OK;
        avd_strbuf_deinit(&bytes);
        ck_assert_int_eq(avd_mem_live(), 0);
        if (status == AVD_OK)
            break;
        ck_assert_int_eq(status, AVD_E_NOMEM);
    }
    ck_assert_uint_gt(n, 3);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_header_and_directory);
    tcase_add_loop_test(tests, test_memory, 0, 2);
    tcase_add_test(tests, test_large_memory);
    tcase_add_test(tests, test_texts);
    tcase_add_test(tests, test_replaced);
    tcase_add_test(tests, test_failures);
    tcase_add_test(tests, test_no_memory);
}

int main(void)
{
    return suite_main("writer", add_tests);
}
