/* SPDX-License-Identifier: MIT */
/* src/base/view.c: the bounds that everything else relies on. */
#include "base/view.h"
#include "support/suite.h"

#include <check.h>

static const uint8_t bytes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff};
static const struct avd_view view = {bytes, 16, 0x1000};
static const struct avd_view nothing = {NULL, 0, 0};

START_TEST(test_slice)
{
    struct avd_view out;

    ck_assert(avd_view_slice(view, 4, 12, &out));
    ck_assert_ptr_eq(out.data, bytes + 4);
    ck_assert_uint_eq(out.size, 12);
    ck_assert_uint_eq(out.offset, 0x1004);
    /* The empty part at the end is inside. */
    ck_assert(avd_view_slice(view, 16, 0, &out));
    ck_assert_uint_eq(out.size, 0);
    ck_assert_uint_eq(out.offset, 0x1010);

    ck_assert(!avd_view_slice(view, 4, 13, &out));
    ck_assert_ptr_null(out.data);
    ck_assert_uint_eq(out.size, 0);
    ck_assert(!avd_view_slice(view, 17, 0, &out));
    /* Sums that wrap. */
    ck_assert(!avd_view_slice(view, UINT64_MAX, 1, &out));
    ck_assert(!avd_view_slice(view, 1, UINT64_MAX, &out));
    ck_assert(!avd_view_slice(view, 8, UINT64_MAX - 7, &out));

    ck_assert(avd_view_slice(nothing, 0, 0, &out));
    ck_assert(!avd_view_slice(nothing, 0, 1, &out));
}
END_TEST

/* A slice of a slice is bounded by the inner one. */
START_TEST(test_slice_of_slice)
{
    struct avd_view inner;
    struct avd_view out;

    ck_assert(avd_view_slice(view, 4, 4, &inner));
    ck_assert(avd_view_slice(inner, 1, 3, &out));
    ck_assert_uint_eq(out.data[0], 5);
    ck_assert_uint_eq(out.offset, 0x1005);
    ck_assert(!avd_view_slice(inner, 1, 4, &out));
}
END_TEST

START_TEST(test_clip)
{
    struct avd_view out;

    ck_assert(avd_view_clip(view, 10, 100, &out));
    ck_assert_uint_eq(out.size, 6);
    ck_assert_uint_eq(out.offset, 0x100a);
    ck_assert(avd_view_clip(view, 15, UINT64_MAX, &out));
    ck_assert_uint_eq(out.size, 1);
    ck_assert(avd_view_clip(view, 2, 3, &out));
    ck_assert_uint_eq(out.size, 3);
    ck_assert(!avd_view_clip(view, 16, 1, &out));
    ck_assert_ptr_null(out.data);
    ck_assert(!avd_view_clip(view, UINT64_MAX, 1, &out));
    ck_assert(!avd_view_clip(nothing, 0, 1, &out));
}
END_TEST

START_TEST(test_array)
{
    struct avd_view out;

    ck_assert(avd_view_array(view, 4, 3, 4, &out));
    ck_assert_uint_eq(out.size, 12);
    ck_assert(!avd_view_array(view, 4, 4, 4, &out));
    ck_assert_uint_eq(out.size, 0);
    ck_assert(avd_view_array(view, 16, 0, 4, &out));
    ck_assert(avd_view_array(view, 0, UINT64_MAX, 0, &out));
    /* The product would be 16 after wrapping. */
    ck_assert(!avd_view_array(view, 0, 0x1000000000000001ULL, 16, &out));
    ck_assert(!avd_view_array(view, 0, 0x8000000000000000ULL, 2, &out));
}
END_TEST

START_TEST(test_integers)
{
    ck_assert_uint_eq(avd_view_u8(view, 15), 0xff);
    ck_assert_uint_eq(avd_view_u8(view, 16), 0);
    ck_assert_uint_eq(avd_view_u16(view, 14), 0xff0e);
    ck_assert_uint_eq(avd_view_u16(view, 15), 0);
    ck_assert_uint_eq(avd_view_u32(view, 12), 0xff0e0d0cU);
    ck_assert_uint_eq(avd_view_u32(view, 13), 0);
    ck_assert_uint_eq(avd_view_u64(view, 8), 0xff0e0d0c0b0a0908ULL);
    ck_assert_uint_eq(avd_view_u64(view, 9), 0);
    ck_assert_uint_eq(avd_view_u64(view, UINT64_MAX), 0);
    ck_assert_uint_eq(avd_view_u8(nothing, 0), 0);
}
END_TEST

START_TEST(test_cursor)
{
    struct avd_cursor c = avd_cursor_at(view, 1);
    struct avd_view part;

    ck_assert_uint_eq(avd_cursor_u8(&c), 1);
    ck_assert_uint_eq(avd_cursor_u16(&c), 0x0302);
    ck_assert_uint_eq(avd_cursor_u32(&c), 0x07060504);
    ck_assert_uint_eq(avd_cursor_offset(&c), 0x1008);
    avd_cursor_skip(&c, 2);
    part = avd_cursor_bytes(&c, 3);
    ck_assert_ptr_eq(part.data, bytes + 10);
    ck_assert_uint_eq(part.offset, 0x100a);
    ck_assert(!c.failed);
    c = avd_cursor_at(view, 8);
    ck_assert_uint_eq(avd_cursor_u64(&c), 0xff0e0d0c0b0a0908ULL);
    ck_assert(!c.failed); /* standing at the end is no failure */
    ck_assert_uint_eq(avd_cursor_u8(&c), 0);
    ck_assert(c.failed);
}
END_TEST

/* After the first failure nothing moves, not even for what would fit. */
START_TEST(test_cursor_sticks)
{
    struct avd_cursor c = avd_cursor_at(view, 14);

    ck_assert_uint_eq(avd_cursor_u32(&c), 0);
    ck_assert(c.failed);
    ck_assert_uint_eq(avd_cursor_u8(&c), 0);
    ck_assert_uint_eq(avd_cursor_u16(&c), 0);
    ck_assert_uint_eq(avd_cursor_u64(&c), 0);
    ck_assert_ptr_null(avd_cursor_bytes(&c, 0).data);
    ck_assert_uint_eq(avd_cursor_offset(&c), 0x100e);

    c = avd_cursor_at(view, 0);
    avd_cursor_skip(&c, UINT64_MAX);
    ck_assert(c.failed);
    ck_assert_uint_eq(avd_cursor_u8(&c), 0);
    ck_assert_uint_eq(avd_cursor_offset(&c), 0x1000);

    c = avd_cursor_at(view, 16);
    ck_assert(!c.failed);
    c = avd_cursor_at(view, 17);
    ck_assert(c.failed);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_slice);
    tcase_add_test(tests, test_slice_of_slice);
    tcase_add_test(tests, test_clip);
    tcase_add_test(tests, test_array);
    tcase_add_test(tests, test_integers);
    tcase_add_test(tests, test_cursor);
    tcase_add_test(tests, test_cursor_sticks);
}

int main(void)
{
    return suite_main("view", add_tests);
}
