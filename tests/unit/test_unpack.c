/* SPDX-License-Identifier: MIT */
/* src/base/unpack.c: members made with zlib, then cut, garbled and joined. */
#include "base/memory.h"
#include "base/unpack.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>
#include <zlib.h>

enum { PLAIN_SIZE = 300000, PACKED_CAPACITY = 400000 };

static uint8_t plain[PLAIN_SIZE];
static uint8_t packed[2 * PACKED_CAPACITY];
static struct avd_file file;
static struct avd_error error;
static bool truncated;

/* Bytes that do not compress well, always the same. */
static void setup(void)
{
    uint32_t seed = 1;
    size_t i;

    for (i = 0; i < sizeof plain; i++) {
        seed = seed * 1103515245 + 12345;
        plain[i] = (uint8_t)(seed >> 16);
    }
    memset(&file, 0xee, sizeof file);
    memset(&error, 0, sizeof error);
    truncated = false;
}

static void teardown(void)
{
    ck_assert_int_eq(avd_mem_live(), 0);
}

/* Appends a gzip member to `packed`; returns the new size. */
static size_t pack(size_t used, const uint8_t *bytes, size_t size)
{
    z_stream z;

    memset(&z, 0, sizeof z);
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)size;
    z.next_out = packed + used;
    z.avail_out = (uInt)(sizeof packed - used);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    used = sizeof packed - z.avail_out;
    ck_assert_int_eq(deflateEnd(&z), Z_OK);
    return used;
}

static enum avd_status unpack(size_t size, uint64_t limit)
{
    struct avd_view v = {packed, size, 0};

    return avd_unpack_gzip(v, limit, &file, &truncated, &error);
}

START_TEST(test_is_gzip)
{
    struct avd_view v = {packed, 3, 0};

    (void)pack(0, plain, 10);
    ck_assert(avd_unpack_is_gzip(v));
    v.size = 2;
    ck_assert(!avd_unpack_is_gzip(v));
    v.size = 3;
    packed[2] = 7;
    ck_assert(!avd_unpack_is_gzip(v));
    v.data = (const uint8_t *)"MDMP";
    ck_assert(!avd_unpack_is_gzip(v));
}
END_TEST

START_TEST(test_round_trip)
{
    size_t size = pack(0, plain, sizeof plain);

    ck_assert_int_eq(unpack(size, sizeof plain), AVD_OK);
    ck_assert(!truncated);
    ck_assert_uint_eq(file.view.size, sizeof plain);
    ck_assert_mem_eq(file.view.data, plain, sizeof plain);
    avd_file_close(&file);
}
END_TEST

START_TEST(test_members)
{
    size_t size = pack(0, plain, 100000);

    size = pack(size, plain + 100000, 0);
    size = pack(size, plain + 100000, sizeof plain - 100000);
    ck_assert_int_eq(unpack(size, sizeof plain), AVD_OK);
    ck_assert(!truncated);
    ck_assert_uint_eq(file.view.size, sizeof plain);
    ck_assert_mem_eq(file.view.data, plain, sizeof plain);
    avd_file_close(&file);

    /* Padding behind the last member is none. */
    memset(packed + size, 0, 512);
    ck_assert_int_eq(unpack(size + 512, sizeof plain), AVD_OK);
    ck_assert(!truncated);
    ck_assert_uint_eq(file.view.size, sizeof plain);
    avd_file_close(&file);

    /* A member that begins and ends nowhere is damage. */
    memcpy(packed + size, packed, 5);
    ck_assert_int_eq(unpack(size + 5, sizeof plain), AVD_OK);
    ck_assert(truncated);
    ck_assert_uint_eq(file.view.size, sizeof plain);
    avd_file_close(&file);
}
END_TEST

START_TEST(test_truncated)
{
    size_t size = pack(0, plain, sizeof plain);

    ck_assert_int_eq(unpack(size / 2, sizeof plain), AVD_OK);
    ck_assert(truncated);
    ck_assert_uint_gt(file.view.size, sizeof plain / 4);
    ck_assert_uint_lt(file.view.size, sizeof plain);
    ck_assert_mem_eq(file.view.data, plain, file.view.size);
    avd_file_close(&file);

    /* Everything is there but the checksum. */
    ck_assert_int_eq(unpack(size - 1, sizeof plain), AVD_OK);
    ck_assert(truncated);
    ck_assert_uint_eq(file.view.size, sizeof plain);
    avd_file_close(&file);

    /* Only the header. */
    ck_assert_int_eq(unpack(10, sizeof plain), AVD_E_FORMAT);
    ck_assert_str_eq(error.where, "gzip");
    ck_assert_str_eq(error.message, "damaged: nothing could be unpacked");
    ck_assert_ptr_null(file.handle);
}
END_TEST

START_TEST(test_garbage)
{
    size_t size = pack(0, plain, sizeof plain);
    size_t i;

    /* A checksum that is wrong: the bytes are there, but they may not be right. */
    packed[size - 8] ^= 1;
    ck_assert_int_eq(unpack(size, sizeof plain), AVD_OK);
    ck_assert(truncated);
    avd_file_close(&file);

    /* Garbage behind an honest header. */
    for (i = 10; i < 1000; i++)
        packed[i] = 0xff;
    ck_assert_int_eq(unpack(1000, sizeof plain), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "damaged: nothing could be unpacked");

    size = pack(0, plain, 0);
    ck_assert_int_eq(unpack(size, sizeof plain), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "holds an empty file");
    ck_assert_int_eq(unpack(0, sizeof plain), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "damaged: nothing could be unpacked");
}
END_TEST

START_TEST(test_limit)
{
    size_t size = pack(0, plain, sizeof plain);

    ck_assert_int_eq(unpack(size, sizeof plain - 1), AVD_E_LIMIT);
    ck_assert_str_eq(error.message, "unpacks to more than 299999 bytes; unpack it yourself first");
    ck_assert_ptr_null(file.handle);
    /* Of several members the sum counts. */
    size = pack(0, plain, 100);
    size = pack(size, plain, 100);
    ck_assert_int_eq(unpack(size, 199), AVD_E_LIMIT);
    ck_assert_int_eq(unpack(size, 200), AVD_OK);
    avd_file_close(&file);
}
END_TEST

/* More than stays in memory goes through a temporary file. */
START_TEST(test_spill)
{
    static uint8_t zeros[1 << 20];
    size_t size = pack(0, plain, 1000);
    uint64_t i;

    for (i = 0; i < 40; i++)
        size = pack(size, zeros, sizeof zeros);
    size = pack(size, plain, 1000);
    ck_assert_int_eq(unpack(size, 1ULL << 30), AVD_OK);
    ck_assert(!truncated);
    ck_assert(file.mapped);
    ck_assert_int_eq(avd_mem_live(), 0);
    ck_assert_uint_eq(file.view.size, 40 * sizeof zeros + 2000);
    ck_assert_mem_eq(file.view.data, plain, 1000);
    ck_assert_uint_eq(file.view.data[1000], 0);
    ck_assert_mem_eq(file.view.data + 1000 + 40 * sizeof zeros, plain, 1000);
    avd_file_close(&file);
    ck_assert_int_eq(unpack(size, 40 * sizeof zeros), AVD_E_LIMIT);
}
END_TEST

START_TEST(test_out_of_memory)
{
    enum avd_status status = AVD_E_NOMEM;
    size_t size = pack(0, plain, sizeof plain);
    unsigned long n;

    for (n = 1; status == AVD_E_NOMEM; n++) {
        ck_assert_uint_lt(n, 30);
        memset(&error, 0, sizeof error);
        avd_mem_fail_after(n);
        status = unpack(size, sizeof plain);
        avd_mem_fail_after(0);
        if (status != AVD_OK) {
            ck_assert_str_eq(error.message, "out of memory");
            ck_assert_ptr_null(file.handle);
            ck_assert_int_eq(avd_mem_live(), 0);
        }
    }
    ck_assert_int_eq(status, AVD_OK);
    ck_assert_uint_gt(n, 4); /* the chunk, zlib's own, the result */
    ck_assert_mem_eq(file.view.data, plain, sizeof plain);
    avd_file_close(&file);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_is_gzip);
    tcase_add_test(tests, test_round_trip);
    tcase_add_test(tests, test_members);
    tcase_add_test(tests, test_truncated);
    tcase_add_test(tests, test_garbage);
    tcase_add_test(tests, test_limit);
    tcase_add_test(tests, test_spill);
    tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("unpack", add_tests);
}
