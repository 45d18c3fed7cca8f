/* SPDX-License-Identifier: MIT */
/* src/symbols/cabinet.c against cabinets built here, stored and compressed by MSZIP. */
#include "base/memory.h"
#include "symbols/cabinet.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { CONTENT_SIZE = 20000 };

static uint8_t content[CONTENT_SIZE];
static uint8_t cabinet[2 * CONTENT_SIZE];
static uint8_t result[2 * CONTENT_SIZE];
static size_t result_size;
static struct avd_error error;

static void put(size_t offset, uint32_t value, unsigned size)
{
    unsigned i;

    for (i = 0; i < size; i++)
        cabinet[offset + i] = (uint8_t)(value >> (8 * i));
}

/* [MS-CAB]: one folder with one data block; all files have the same size and follow each other. */
static struct avd_view build(const char *const *names, size_t count, bool compressed)
{
    struct avd_view v = {cabinet, 0, 0};
    size_t share = CONTENT_SIZE / count;
    size_t at = 36 + 8;
    size_t packed = CONTENT_SIZE;
    size_t i;

    memset(cabinet, 0, sizeof cabinet);
    for (i = 0; i < count; i++) {
        put(at, (uint32_t)share, 4);
        put(at + 4, (uint32_t)(share * i), 4);
        put(at + 10, 0x5a21, 2); /* 2025-01-01 */
        put(at + 14, 0x20, 2);
        memcpy(cabinet + at + 16, names[i], strlen(names[i]) + 1);
        at += 16 + strlen(names[i]) + 1;
    }
    if (compressed) {
        z_stream z;

        memset(&z, 0, sizeof z);
        memcpy(cabinet + at + 8, "CK", 2);
        ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = content;
        z.avail_in = CONTENT_SIZE;
        z.next_out = cabinet + at + 10;
        z.avail_out = (uInt)(sizeof cabinet - at - 10);
        ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
        packed = z.total_out + 2;
        ck_assert_int_eq(deflateEnd(&z), Z_OK);
    } else {
        memcpy(cabinet + at + 8, content, CONTENT_SIZE);
    }
    put(at + 4, (uint32_t)packed, 2); /* the checksum is 0: not computed */
    put(at + 6, CONTENT_SIZE, 2);
    v.size = at + 8 + packed;
    memcpy(cabinet, "MSCF", 4);
    put(8, (uint32_t)v.size, 4);
    put(16, 36 + 8, 4);
    put(24, 0x0103, 2);
    put(26, 1, 2);
    put(28, (uint32_t)count, 2);
    put(36, (uint32_t)at, 4);
    put(40, 1, 2);
    put(42, compressed ? 1 : 0, 2);
    return v;
}

static enum avd_status take(void *ctx, const void *bytes, size_t size, struct avd_error *err)
{
    size_t *room = ctx;

    if (size > *room)
        return avd_error_set(err, AVD_E_IO, 0, "", "no room");
    memcpy(result + result_size, bytes, size);
    result_size += size;
    *room -= size;
    return AVD_OK;
}

static enum avd_status extract(struct avd_view v, const char *name, uint64_t limit)
{
    size_t room = sizeof result;

    result_size = 0;
    memset(&error, 0, sizeof error);
    return avd_cabinet_extract(v, name, limit, take, &room, &error);
}

static void setup(void)
{
    uint32_t state = 7;
    size_t i;

    for (i = 0; i < sizeof content; i++) {
        state = state * 1103515245u + 12345u;
        content[i] = (uint8_t)(i % 7 == 0 ? state >> 16 : i % 50);
    }
}

static void teardown(void)
{
    ck_assert_int_eq(avd_mem_live(), 0);
}

START_TEST(test_is_cabinet)
{
    struct avd_view v = {(const uint8_t *)"MSCF", 4, 0};

    ck_assert(avd_cabinet_is(v));
    v.size = 3;
    ck_assert(!avd_cabinet_is(v));
    v.data = (const uint8_t *)"MSCG";
    v.size = 4;
    ck_assert(!avd_cabinet_is(v));
}
END_TEST

START_TEST(test_one_file)
{
    static const char *const names[] = {"a.pdb"};
    int compressed;

    for (compressed = 0; compressed < 2; compressed++) {
        struct avd_view v = build(names, 1, compressed != 0);

        /* The name does not matter when there is one file. */
        ck_assert_msg(extract(v, "other.pdb", CONTENT_SIZE) == AVD_OK, "%s", error.message);
        ck_assert_uint_eq(result_size, CONTENT_SIZE);
        ck_assert_mem_eq(result, content, CONTENT_SIZE);
        ck_assert_int_eq(extract(v, "A.PDB", CONTENT_SIZE), AVD_OK);
        ck_assert_uint_eq(result_size, CONTENT_SIZE);
    }
}
END_TEST

START_TEST(test_several_files)
{
    static const char *const names[] = {"a.txt", "dir\\B.pdb"};
    struct avd_view v = build(names, 2, true);

    ck_assert_msg(extract(v, "b.pdb", CONTENT_SIZE) == AVD_OK, "%s", error.message);
    ck_assert_uint_eq(result_size, CONTENT_SIZE / 2);
    ck_assert_mem_eq(result, content + CONTENT_SIZE / 2, CONTENT_SIZE / 2);
    ck_assert_int_eq(extract(v, "c.pdb", CONTENT_SIZE), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "cabinet of 2 files, none of them called c.pdb");
}
END_TEST

START_TEST(test_limits)
{
    static const char *const names[] = {"a.pdb"};
    struct avd_view v = build(names, 1, true);
    size_t room = 10;

    ck_assert_int_eq(extract(v, "a.pdb", CONTENT_SIZE - 1), AVD_E_LIMIT);
    ck_assert_str_eq(error.message, "unpacks to more than 19999 bytes, the limit");
    /* What the writer says is passed on. */
    ck_assert_int_eq(avd_cabinet_extract(v, "a.pdb", CONTENT_SIZE, take, &room, &error), AVD_E_IO);
    ck_assert_str_eq(error.message, "no room");
}
END_TEST

/* Every prefix is refused with a reason; a changed byte gives an answer. */
START_TEST(test_damage)
{
    static const char *const names[] = {"a.pdb"};
    struct avd_view whole = build(names, 1, true);
    struct avd_view v = whole;
    size_t i;

    for (i = 0; i < whole.size; i += i < 80 ? 1 : 97) {
        enum avd_status status;

        v.size = i;
        status = extract(v, "a.pdb", CONTENT_SIZE);
        ck_assert_msg(status == AVD_E_FORMAT, "%zu bytes: status %d", i, (int)status);
        ck_assert_msg(error.message[0] != '\0', "%zu bytes: no words", i);
    }
    for (i = 0; i < 80; i++) {
        enum avd_status status;

        cabinet[i] ^= 0xff;
        status = extract(whole, "a.pdb", CONTENT_SIZE);
        ck_assert_msg(status == AVD_OK || status == AVD_E_FORMAT || status == AVD_E_LIMIT,
                      "byte %zu: status %d", i, (int)status);
        cabinet[i] ^= 0xff;
    }
    ck_assert_int_eq(extract(whole, "a.pdb", CONTENT_SIZE), AVD_OK);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_is_cabinet);
    tcase_add_test(tests, test_one_file);
    tcase_add_test(tests, test_several_files);
    tcase_add_test(tests, test_limits);
    tcase_add_test(tests, test_damage);
}

int main(void)
{
    static const char *const names[] = {"a.pdb"};

    if (extract(build(names, 1, false), "a.pdb", CONTENT_SIZE) == AVD_E_UNSUPPORTED) {
        printf("skipped: %s\n", error.message);
        return 77;
    }
    return suite_main("cabinet", add_tests);
}
