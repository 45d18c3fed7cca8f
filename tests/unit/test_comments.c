/* SPDX-License-Identifier: MIT */
#include "base/limits.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct db *builder(void)
{
    return dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
}

START_TEST(both_kinds)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_comment(b, "bytes", false);
    (void)db_comment(b, "*** procdump -ma\n*** Manual dump", true);
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->comment_a, "bytes");
    ck_assert_str_eq(f.dump->comment_w, "*** procdump -ma\n*** Manual dump");
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(absent)
{
    struct dump_fixture f = dump_fixture_open(builder());

    ck_assert_ptr_null(f.dump->comment_a);
    ck_assert_ptr_null(f.dump->comment_w);
    dump_fixture_close(&f);
}
END_TEST

/* The stream's end is an end too, and what follows a terminator is none of the text. */
START_TEST(with_and_without_terminator)
{
    struct db *b = builder();
    struct dump_fixture f;
    unsigned s = db_stream(b, CommentStreamA);

    db_bytes(b, s, "no end", 6);
    s = db_stream(b, CommentStreamW);
    db_bytes(b, s, "a\0b\0\0\0c\0d", 9); /* odd size, as well */
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->comment_a, "no end");
    ck_assert_str_eq(f.dump->comment_w, "ab");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(empty_streams)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_stream(b, CommentStreamA);
    (void)db_stream(b, CommentStreamW);
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->comment_a, "");
    ck_assert_str_eq(f.dump->comment_w, "");
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* 8-bit text of an unknown code page reads as Latin-1; UTF-16 knows lone surrogates. */
START_TEST(other_than_ascii)
{
    struct db *b = builder();
    struct dump_fixture f;
    unsigned s = db_stream(b, CommentStreamA);

    db_bytes(b, s, "\xe4 \xc3\xa4", 4);
    s = db_stream(b, CommentStreamW);
    db_u16(b, s, 0xe4);
    db_u16(b, s, 0xd83d);
    db_u16(b, s, 0xde00);
    db_u16(b, s, 0xd83d);
    db_u16(b, s, 'x');
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->comment_a, "\xc3\xa4 \xc3\xa4");
    ck_assert_str_eq(f.dump->comment_w, "\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbdx");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(over_the_ceiling)
{
    struct db *b = builder();
    struct dump_fixture f;
    unsigned s = db_stream(b, CommentStreamA);
    size_t i;

    for (i = 0; i < AVD_MAX_TEXT_BYTES / 16 + 1; i++)
        db_bytes(b, s, "0123456789abcdef", 16);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(strlen(f.dump->comment_a), AVD_MAX_TEXT_BYTES);
    dump_fixture_has_note(&f, "comment A",
                          "text of 1048592 bytes is over the ceiling of 1048576; reading the first "
                          "1048576");
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, both_kinds);
    tcase_add_test(tests, absent);
    tcase_add_test(tests, with_and_without_terminator);
    tcase_add_test(tests, empty_streams);
    tcase_add_test(tests, other_than_ascii);
    tcase_add_test(tests, over_the_ceiling);
}

int main(void)
{
    return suite_main("comments", add_tests);
}
