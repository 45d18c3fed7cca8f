/* SPDX-License-Identifier: MIT */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

START_TEST(all_fields)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_INTEL);
    struct dump_fixture f = dump_fixture_open(b);
    const struct avd_system *system = &f.dump->system;

    ck_assert(system->present);
    ck_assert_uint_eq(system->architecture, PROCESSOR_ARCHITECTURE_INTEL);
    ck_assert_uint_eq(system->processor_level, 6);
    ck_assert_uint_eq(system->processor_revision, 0x3c03);
    ck_assert_uint_eq(system->processor_count, 4);
    ck_assert_uint_eq(system->product_type, 1);
    ck_assert_uint_eq(system->major, 10);
    ck_assert_uint_eq(system->minor, 0);
    ck_assert_uint_eq(system->build, 19041);
    ck_assert_uint_eq(system->platform, VER_PLATFORM_WIN32_NT);
    ck_assert_uint_eq(system->suite_mask, 0x100);
    ck_assert_str_eq(system->service_pack, "");
    ck_assert_uint_eq(system->cpu.size, 24);
    ck_assert(memcmp(system->cpu.data, "GenuineIntel", 12) == 0);
    ck_assert_ptr_null(system->wine_version);
    ck_assert_uint_eq(avd_dump_pointer_size(f.dump), 4);
    ck_assert(avd_dump_is_windows(f.dump));
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(service_pack)
{
    struct db *b = db_new();
    unsigned s = db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 6, 1, 7601);
    struct dump_fixture f;

    db_set_rva(b, s, 24, db_string(b, "Service Pack 1"));
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->system.service_pack, "Service Pack 1");
    ck_assert_uint_eq(avd_dump_pointer_size(f.dump), 8);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(service_pack_outside_the_file)
{
    struct db *b = db_new();
    unsigned s = db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 6, 1, 7601);
    struct dump_fixture f;

    db_set32(b, s, 24, 0xfffffff0);
    f = dump_fixture_open(b);
    ck_assert(f.dump->system.present);
    ck_assert_str_eq(f.dump->system.service_pack, "");
    dump_fixture_close(&f);
}
END_TEST

/* The CPU union is the least of it: 32 bytes are enough. */
START_TEST(without_cpu_information)
{
    struct db *b = db_new();
    unsigned s = db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 6, 1, 7601);
    struct dump_fixture f;

    db_stream_size(b, s, 32);
    f = dump_fixture_open(b);
    ck_assert(f.dump->system.present);
    ck_assert_uint_eq(f.dump->system.build, 7601);
    ck_assert_uint_eq(f.dump->system.cpu.size, 0);
    dump_fixture_note_count(&f, "system info", 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(too_short)
{
    struct db *b = db_new();
    unsigned s = db_system_info(b, PROCESSOR_ARCHITECTURE_INTEL, 6, 1, 7601);
    struct dump_fixture f;

    db_stream_size(b, s, 31);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->system.present);
    ck_assert_uint_eq(f.dump->system.architecture, PROCESSOR_ARCHITECTURE_UNKNOWN);
    ck_assert_uint_eq(f.dump->system.build, 0);
    ck_assert_str_eq(f.dump->system.service_pack, "");
    ck_assert_uint_eq(avd_dump_pointer_size(f.dump), 8);
    dump_fixture_has_note(&f, "system info",
                          "stream has 31 bytes, expected 56; CPU and operating system are not "
                          "known");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(other_systems)
{
    static const uint32_t platforms[] = {MD_OS_LINUX, MD_OS_MAC_OS_X, MD_OS_ANDROID, 0x8200, 4};
    size_t i;

    for (i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        struct db *b = db_new();
        unsigned s = db_system_info(b, MD_CPU_ARCHITECTURE_ARM64_OLD, 5, 4, 0);
        struct dump_fixture f;

        db_set32(b, s, 20, platforms[i]);
        db_set_rva(b, s, 24, db_string(b, "Linux 5.4.0 #1 SMP x86_64"));
        f = dump_fixture_open(b);
        ck_assert(!avd_dump_is_windows(f.dump));
        ck_assert_str_eq(f.dump->system.service_pack, "Linux 5.4.0 #1 SMP x86_64");
        dump_fixture_close(&f);
    }
}
END_TEST

START_TEST(wine)
{
    struct db *b = db_new();
    unsigned s = db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 6, 1, 7601);
    struct dump_fixture f;

    /* Offsets count from behind the marker: count and three offsets come first. */
    db_bytes(b, s, "WINE", 4);
    db_u32(b, s, 3);
    db_u32(b, s, 16);
    db_u32(b, s, 26);
    db_u32(b, s, 32);
    db_bytes(b, s,
             "wine-8.0\0\0Linux\0"
             "5.10",
             21);
    f = dump_fixture_open(b);
    ck_assert_ptr_nonnull(f.dump->system.wine_version);
    ck_assert_str_eq(f.dump->system.wine_version, "wine-8.0");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(wine_offset_outside)
{
    struct db *b = db_new();
    unsigned s = db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 6, 1, 7601);
    struct dump_fixture f;

    db_bytes(b, s, "WINE", 4);
    db_u32(b, s, 3);
    db_u32(b, s, 0xffffffff);
    f = dump_fixture_open(b);
    ck_assert(f.dump->system.present);
    ck_assert_ptr_null(f.dump->system.wine_version);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(pointer_sizes)
{
    static const struct {
        uint16_t architecture;
        unsigned size;
    } cases[] = {{PROCESSOR_ARCHITECTURE_INTEL, 4},   {PROCESSOR_ARCHITECTURE_ARM, 4},
                 {PROCESSOR_ARCHITECTURE_MIPS, 4},    {PROCESSOR_ARCHITECTURE_AMD64, 8},
                 {PROCESSOR_ARCHITECTURE_ARM64, 8},   {MD_CPU_ARCHITECTURE_ARM64_OLD, 8},
                 {MD_CPU_ARCHITECTURE_RISCV, 4},      {MD_CPU_ARCHITECTURE_RISCV64, 8},
                 {PROCESSOR_ARCHITECTURE_UNKNOWN, 8}, {0x7777, 8}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dump_fixture f = dump_fixture_open(dump_fixture_builder(cases[i].architecture));

        ck_assert_uint_eq(avd_dump_pointer_size(f.dump), cases[i].size);
        dump_fixture_close(&f);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, all_fields);
    tcase_add_test(tests, service_pack);
    tcase_add_test(tests, service_pack_outside_the_file);
    tcase_add_test(tests, without_cpu_information);
    tcase_add_test(tests, too_short);
    tcase_add_test(tests, other_systems);
    tcase_add_test(tests, wine);
    tcase_add_test(tests, wine_offset_outside);
    tcase_add_test(tests, pointer_sizes);
}

int main(void)
{
    return suite_main("system", add_tests);
}
