/* SPDX-License-Identifier: MIT */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct db *builder(void)
{
    return dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
}

START_TEST(info)
{
    uint32_t validity;

    for (validity = 0; validity < 4; validity++) {
        struct db *b = builder();
        struct dump_fixture f;
        const struct avd_breakpad *breakpad;

        (void)db_breakpad_info(b, validity, 0x11, 0x22);
        f = dump_fixture_open(b);
        breakpad = &f.dump->breakpad;
        ck_assert(breakpad->present);
        ck_assert(breakpad->has_dump_thread == ((validity & 1) != 0));
        ck_assert(breakpad->has_requesting_thread == ((validity & 2) != 0));
        /* An id without its bit is not known, whatever stands there. */
        ck_assert_uint_eq(breakpad->dump_thread_id, (validity & 1) != 0 ? 0x11 : 0);
        ck_assert_uint_eq(breakpad->requesting_thread_id, (validity & 2) != 0 ? 0x22 : 0);
        ck_assert(!breakpad->has_assertion);
        ck_assert_str_eq(breakpad->expression, "");
        dump_fixture_note_count(&f, NULL, 0);
        dump_fixture_close(&f);
    }
}
END_TEST

START_TEST(info_cut_off)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_stream_size(b, db_breakpad_info(b, 3, 0x11, 0x22), 11);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->breakpad.present);
    ck_assert(!f.dump->breakpad.has_dump_thread);
    dump_fixture_has_note(&f, "Breakpad info", "needs 12 bytes, has 11; not read");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(absent)
{
    struct dump_fixture f = dump_fixture_open(builder());

    ck_assert(!f.dump->breakpad.present);
    ck_assert(!f.dump->breakpad.has_assertion);
    ck_assert_str_eq(f.dump->breakpad.file, "");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(assertion)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_breakpad *breakpad;

    (void)db_breakpad_assertion(b, "p != nullptr", "Widget::run", "src/widget.cc", 42, 1);
    f = dump_fixture_open(b);
    breakpad = &f.dump->breakpad;
    ck_assert(!breakpad->present);
    ck_assert(breakpad->has_assertion);
    ck_assert_str_eq(breakpad->expression, "p != nullptr");
    ck_assert_str_eq(breakpad->function, "Widget::run");
    ck_assert_str_eq(breakpad->file, "src/widget.cc");
    ck_assert_uint_eq(breakpad->line, 42);
    ck_assert_uint_eq(breakpad->assertion_type, 1);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* 128 characters fill a field without a terminator; the next field is not part of it. */
START_TEST(assertion_that_fills_its_field)
{
    char text[129];
    struct db *b = builder();
    struct dump_fixture f;

    memset(text, 'e', 128);
    text[128] = '\0';
    (void)db_breakpad_assertion(b, text, "f", "", 0xffffffff, 2);
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->breakpad.expression, text);
    ck_assert_str_eq(f.dump->breakpad.function, "f");
    ck_assert_str_eq(f.dump->breakpad.file, "");
    ck_assert_uint_eq(f.dump->breakpad.line, 0xffffffff);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(assertion_cut_off)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_stream_size(b, db_breakpad_assertion(b, "first", "second", "third", 42, 1), 260);
    f = dump_fixture_open(b);
    ck_assert(f.dump->breakpad.has_assertion);
    ck_assert_str_eq(f.dump->breakpad.expression, "first");
    ck_assert_str_eq(f.dump->breakpad.function, "se");
    ck_assert_str_eq(f.dump->breakpad.file, "");
    ck_assert_uint_eq(f.dump->breakpad.line, 0);
    dump_fixture_has_note(&f, "Breakpad assertion",
                          "needs 776 bytes, has 260; reading what is there");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(assertion_without_bytes)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_stream(b, BreakpadAssertionInfoStream);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->breakpad.has_assertion);
    ck_assert_str_eq(f.dump->breakpad.expression, "");
    dump_fixture_has_note(&f, "Breakpad assertion",
                          "needs 776 bytes, has 0; reading what is there");
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, info);
    tcase_add_test(tests, info_cut_off);
    tcase_add_test(tests, absent);
    tcase_add_test(tests, assertion);
    tcase_add_test(tests, assertion_that_fills_its_field);
    tcase_add_test(tests, assertion_cut_off);
    tcase_add_test(tests, assertion_without_bytes);
}

int main(void)
{
    return suite_main("breakpad", add_tests);
}
