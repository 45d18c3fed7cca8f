/* SPDX-License-Identifier: MIT */
/* Misc info: its five versions are five sizes, and a field needs its size and its flag. */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

enum { ALL_FLAGS = 0x3f7 };

/* A stream of `size` bytes with a value in every field that fits. */
static struct dump_fixture open_misc(uint32_t size, uint32_t flags)
{
    static const struct {
        uint32_t offset, value;
    } fields[] = {{8, 4660},         {12, 1700000000}, {16, 11},     {20, 12},
                  {24, 3500},        {28, 2900},       {32, 3400},   {44, 0x3000},
                  {48, 0x2d},        {52, 1},          {56, 2},      {60, (uint32_t)-120},
                  {832, 528},        {836, 0x640},     {840, 0x207}, {848 + 16, 0x240},
                  {848 + 20, 0x100}, {1360, 0xc001}};
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_misc_info(b, size, flags);
    size_t i;

    for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].offset + 4 <= size)
            db_set32(b, s, fields[i].offset, fields[i].value);
    if (size >= 832) {
        db_set_utf16(b, s, 232, "7601.win7sp1_rtm");
        db_set_utf16(b, s, 752, "dbghelp.amd64,6.1");
    }
    return dump_fixture_open(b);
}

START_TEST(version_1)
{
    struct dump_fixture f = open_misc(24, ALL_FLAGS);
    const struct avd_misc *misc = &f.dump->misc;

    ck_assert(misc->present);
    ck_assert_uint_eq(misc->size, 24);
    /* Flags of fields that are not there do not count. */
    ck_assert_uint_eq(misc->flags, 0x3);
    ck_assert_uint_eq(misc->process_id, 4660);
    ck_assert_uint_eq(misc->create_time, 1700000000);
    ck_assert_uint_eq(misc->user_time, 11);
    ck_assert_uint_eq(misc->kernel_time, 12);
    ck_assert_uint_eq(misc->cpu_max_mhz, 0);
    ck_assert_str_eq(misc->build_string, "");
    ck_assert_str_eq(misc->debug_build_string, "");
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(version_2)
{
    struct dump_fixture f = open_misc(44, ALL_FLAGS);
    const struct avd_misc *misc = &f.dump->misc;

    ck_assert_uint_eq(misc->flags, 0x7);
    ck_assert_uint_eq(misc->cpu_max_mhz, 3500);
    ck_assert_uint_eq(misc->cpu_current_mhz, 2900);
    ck_assert_uint_eq(misc->cpu_mhz_limit, 3400);
    ck_assert_uint_eq(misc->integrity_level, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(version_3)
{
    struct dump_fixture f = open_misc(232, ALL_FLAGS);
    const struct avd_misc *misc = &f.dump->misc;

    ck_assert_uint_eq(misc->flags, 0xf7);
    ck_assert_uint_eq(misc->integrity_level, 0x3000);
    ck_assert_uint_eq(misc->execute_flags, 0x2d);
    ck_assert_uint_eq(misc->protected_process, 1);
    ck_assert_uint_eq(misc->time_zone_id, 2);
    ck_assert_int_eq(misc->time_zone_bias, -120);
    ck_assert_str_eq(misc->build_string, "");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(version_4)
{
    struct dump_fixture f = open_misc(832, ALL_FLAGS);
    const struct avd_misc *misc = &f.dump->misc;

    ck_assert_uint_eq(misc->flags, 0x1f7);
    ck_assert_str_eq(misc->build_string, "7601.win7sp1_rtm");
    ck_assert_str_eq(misc->debug_build_string, "dbghelp.amd64,6.1");
    ck_assert(misc->xstate_enabled == 0);
    ck_assert_uint_eq(misc->process_cookie, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(version_5)
{
    struct dump_fixture f = open_misc(1364, ALL_FLAGS);
    const struct avd_misc *misc = &f.dump->misc;

    ck_assert_uint_eq(misc->flags, ALL_FLAGS);
    ck_assert(misc->xstate_enabled == 0x207);
    ck_assert_uint_eq(misc->xstate_context_size, 0x640);
    ck_assert_uint_eq(misc->xstate[2].offset, 0x240);
    ck_assert_uint_eq(misc->xstate[2].size, 0x100);
    ck_assert_uint_eq(misc->process_cookie, 0xc001);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(larger_than_known)
{
    struct dump_fixture f = open_misc(2000, ALL_FLAGS);

    ck_assert_uint_eq(f.dump->misc.flags, ALL_FLAGS);
    ck_assert_uint_eq(f.dump->misc.process_cookie, 0xc001);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* Writers often leave the block zero: then nothing of it is meant. */
START_TEST(xstate_left_empty)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_misc_info(b, 1364, ALL_FLAGS);
    struct dump_fixture f;

    db_set64(b, s, 840, 0xff); /* EnabledFeatures with SizeOfInfo 0 */
    f = dump_fixture_open(b);
    ck_assert(f.dump->misc.xstate_enabled == 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(flags_without_a_string)
{
    struct dump_fixture f = open_misc(832, 1);

    ck_assert_uint_eq(f.dump->misc.flags, 1);
    ck_assert_str_eq(f.dump->misc.build_string, "");
    dump_fixture_close(&f);
}
END_TEST

/* SizeOfInfo and the stream's size: the smaller one counts. */
START_TEST(size_of_info_too_large)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_misc_info(b, 44, ALL_FLAGS);
    struct dump_fixture f;

    db_set32(b, s, 0, 0xffffffff);
    db_set32(b, s, 24, 3500);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->misc.flags, 0x7);
    ck_assert_uint_eq(f.dump->misc.cpu_max_mhz, 3500);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(size_of_info_too_small)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_misc_info(b, 1364, ALL_FLAGS);
    struct dump_fixture f;

    db_set32(b, s, 0, 24);
    db_set32(b, s, 8, 99);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->misc.flags, 0x3);
    ck_assert_uint_eq(f.dump->misc.process_id, 99);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(only_the_process_id_fits)
{
    struct dump_fixture f = open_misc(12, ALL_FLAGS);

    ck_assert(f.dump->misc.present);
    ck_assert_uint_eq(f.dump->misc.flags, 1);
    ck_assert_uint_eq(f.dump->misc.process_id, 4660);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(too_short)
{
    struct dump_fixture f = open_misc(8, ALL_FLAGS);

    ck_assert(!f.dump->misc.present);
    ck_assert_str_eq(f.dump->misc.build_string, "");
    dump_fixture_has_note(&f, "misc info",
                          "says it has 8 bytes, stream has 8, expected at least 24; not read");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(absent)
{
    struct dump_fixture f = dump_fixture_open(dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64));

    ck_assert(!f.dump->misc.present);
    ck_assert_uint_eq(f.dump->misc.flags, 0);
    ck_assert_str_eq(f.dump->misc.build_string, "");
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, version_1);
    tcase_add_test(tests, version_2);
    tcase_add_test(tests, version_3);
    tcase_add_test(tests, version_4);
    tcase_add_test(tests, version_5);
    tcase_add_test(tests, larger_than_known);
    tcase_add_test(tests, xstate_left_empty);
    tcase_add_test(tests, flags_without_a_string);
    tcase_add_test(tests, size_of_info_too_large);
    tcase_add_test(tests, size_of_info_too_small);
    tcase_add_test(tests, only_the_process_id_fits);
    tcase_add_test(tests, too_short);
    tcase_add_test(tests, absent);
}

int main(void)
{
    return suite_main("misc", add_tests);
}
