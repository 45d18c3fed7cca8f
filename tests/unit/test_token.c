/* SPDX-License-Identifier: MIT */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct db *builder(void)
{
    return dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
}

START_TEST(tokens)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_token(b, 0x1234, 0, "process", 7);
    (void)db_token(b, 0x1a4, 0x88, "", 0);
    (void)db_token(b, 0x1a8, 0x8c, "impersonates", 12);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->token_count, 3);
    ck_assert_uint_eq(f.dump->tokens[0].id, 0x1234);
    ck_assert_uint_eq(f.dump->tokens[0].handle, 0);
    ck_assert_uint_eq(f.dump->tokens[0].data.size, 7);
    ck_assert(memcmp(f.dump->tokens[0].data.data, "process", 7) == 0);
    ck_assert_uint_eq(f.dump->tokens[1].handle, 0x88);
    ck_assert_uint_eq(f.dump->tokens[1].data.size, 0);
    ck_assert_uint_eq(f.dump->tokens[2].id, 0x1a8);
    ck_assert_uint_eq(f.dump->tokens[2].data.size, 12);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(larger_headers)
{
    struct db *b = builder();
    unsigned s = db_stream(b, TokenStream);
    struct dump_fixture f;

    db_u32(b, s, 24 + 22);
    db_u32(b, s, 1);
    db_u32(b, s, 24); /* list header */
    db_u32(b, s, 20); /* element header */
    db_u64(b, s, UINT64_MAX);
    db_u32(b, s, 22);
    db_u32(b, s, 7);
    db_u64(b, s, 0x99);
    db_u32(b, s, 0xffffffff);
    db_bytes(b, s, "ab", 2);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->token_count, 1);
    ck_assert_uint_eq(f.dump->tokens[0].id, 7);
    ck_assert_uint_eq(f.dump->tokens[0].handle, 0x99);
    ck_assert_uint_eq(f.dump->tokens[0].data.size, 2);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* A size below the header would make the list stand still. */
START_TEST(size_below_its_header)
{
    struct db *b = builder();
    struct dump_fixture f;
    unsigned s;

    (void)db_token(b, 1, 1, "abcd", 4);
    s = db_token(b, 2, 2, "abcd", 4);
    db_set32(b, s, 16 + 20, 15);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->token_count, 1);
    dump_fixture_has_note(&f, "token list", "token 1: size 15 is less than its header of 16 bytes");
    dump_fixture_has_note(&f, "token list", "2 tokens are listed; reading 1 of them");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(last_token_cut_off)
{
    struct db *b = builder();
    struct dump_fixture f;
    unsigned s = db_token(b, 1, 1, "abcd", 4);

    db_set32(b, s, 16, 0xffffffff);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->token_count, 1);
    ck_assert_uint_eq(f.dump->tokens[0].data.size, 4);
    dump_fixture_has_note(&f, "token list", "token 0: needs 4294967295 bytes, stream has 20 left");
    dump_fixture_note_count(&f, NULL, 1);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(more_claimed_than_there)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_claim_more(b, 0xfffffffe);
    (void)db_token(b, 1, 1, "abcd", 4);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->token_count, 1);
    dump_fixture_has_note(&f, "token list", "4294967295 tokens are listed; reading 1 of them");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(no_tokens)
{
    struct db *b = builder();
    unsigned s = db_token(b, 1, 1, "", 0);
    struct dump_fixture f;

    db_set32(b, s, 4, 0);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->token_count, 0);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(wrong_header_sizes)
{
    static const struct {
        size_t offset;
        uint32_t value;
        const char *note;
    } cases[] = {{8, 15,
                  "header of 15 bytes and elements from 16 bytes, expected at least 16 and "
                  "16 in the stream's 36; not read"},
                 {8, 37,
                  "header of 37 bytes and elements from 16 bytes, expected at least 16 and "
                  "16 in the stream's 36; not read"},
                 {12, 0,
                  "header of 16 bytes and elements from 0 bytes, expected at least 16 and "
                  "16 in the stream's 36; not read"}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct db *b = builder();
        unsigned s = db_token(b, 1, 1, "abcd", 4);
        struct dump_fixture f;

        db_set32(b, s, cases[i].offset, cases[i].value);
        f = dump_fixture_open(b);
        ck_assert_uint_eq(f.dump->token_count, 0);
        dump_fixture_has_note(&f, "token list", cases[i].note);
        dump_fixture_close(&f);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, tokens);
    tcase_add_test(tests, larger_headers);
    tcase_add_test(tests, size_below_its_header);
    tcase_add_test(tests, last_token_cut_off);
    tcase_add_test(tests, more_claimed_than_there);
    tcase_add_test(tests, no_tokens);
    tcase_add_test(tests, wrong_header_sizes);
}

int main(void)
{
    return suite_main("token", add_tests);
}
