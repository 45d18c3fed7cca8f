/* SPDX-License-Identifier: MIT */
/* Modules, unloaded modules, their CodeView records, and which module owns an address. */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct db *builder(uint16_t architecture)
{
    struct db *b = db_new();

    (void)db_system_info(b, architecture, 10, 0, 19041);
    db_no_threads(b);
    return b;
}

START_TEST(all_fields)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;
    const struct avd_module *module;

    (void)db_module(b, &(struct db_module){.base = UINT64_C(0x7ff800000000),
                                           .size = 0x1f8000,
                                           .checksum = 0x1fc123,
                                           .timestamp = 0xa280d1d6,
                                           .path = "C:\\Windows\\System32\\ntdll.dll",
                                           .version_ms = 0x000a0000,
                                           .version_ls = 0x4a6104f3});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->module_count, 1);
    module = &f.dump->modules[0];
    ck_assert(module->base == UINT64_C(0x7ff800000000));
    ck_assert_uint_eq(module->size, 0x1f8000);
    ck_assert_uint_eq(module->checksum, 0x1fc123);
    ck_assert_uint_eq(module->timestamp, 0xa280d1d6);
    ck_assert_str_eq(module->path, "C:\\Windows\\System32\\ntdll.dll");
    ck_assert_str_eq(module->name, "ntdll.dll");
    ck_assert(module->has_version);
    ck_assert_uint_eq(module->file_version[0], 10);
    ck_assert_uint_eq(module->file_version[1], 0);
    ck_assert_uint_eq(module->file_version[2], 19041);
    ck_assert_uint_eq(module->file_version[3], 1267);
    ck_assert_uint_eq(module->product_version[3], 1267);
    ck_assert_int_eq(module->codeview, AVD_CV_NONE);
    ck_assert_str_eq(module->pdb_path, "");
    ck_assert(!module->duplicate);
    ck_assert(!module->from_loader_list);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(no_version_without_its_signature)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;
    unsigned s = db_module(
        b, &(struct db_module){
               .base = 0x1000, .size = 0x1000, .path = "a", .version_ms = 1, .version_ls = 1});

    db_set32(b, s, 4 + 24, 0xfeef04bc);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->modules[0].has_version);
    dump_fixture_close(&f);
}
END_TEST

static struct dump_fixture open_codeview(struct db *b, unsigned record)
{
    (void)db_module(b, &(struct db_module){
                           .base = 0x1000, .size = 0x1000, .path = "a.dll", .codeview = record});
    return dump_fixture_open(b);
}

START_TEST(codeview_rsds)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f = open_codeview(b, db_rsds(b, 3, "D:\\b\\a.pdb"));
    const struct avd_module *module = &f.dump->modules[0];

    ck_assert_int_eq(module->codeview, AVD_CV_RSDS);
    ck_assert_uint_eq(module->guid[0], 1);
    ck_assert_uint_eq(module->guid[15], 16);
    ck_assert_uint_eq(module->age, 3);
    ck_assert_str_eq(module->pdb_path, "D:\\b\\a.pdb");
    dump_fixture_close(&f);
}
END_TEST

/* The record ends where its size says, terminator or not. */
START_TEST(codeview_path_without_terminator)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned record = db_section(b);
    struct dump_fixture f;

    db_u32(b, record, CV_SIGNATURE_RSDS);
    db_zeros(b, record, 20);
    db_bytes(b, record, "a.pdb", 5);
    f = open_codeview(b, record);
    ck_assert_str_eq(f.dump->modules[0].pdb_path, "a.pdb");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(codeview_path_in_latin_1)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f = open_codeview(b, db_rsds(b, 1,
                                                     "C:\\B\xfc"
                                                     "cher\\\xc3\xa4.pdb"));

    ck_assert_str_eq(f.dump->modules[0].pdb_path, "C:\\B\xc3\xbc"
                                                  "cher\\\xc3\xa4.pdb");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(codeview_nb10)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_INTEL);
    struct dump_fixture f = open_codeview(b, db_nb10(b, 0x3a2b1c0d, 9, "old.pdb"));
    const struct avd_module *module = &f.dump->modules[0];

    ck_assert_int_eq(module->codeview, AVD_CV_NB10);
    ck_assert_uint_eq(module->pdb_signature, 0x3a2b1c0d);
    ck_assert_uint_eq(module->age, 9);
    ck_assert_str_eq(module->pdb_path, "old.pdb");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(codeview_build_id)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f = open_codeview(b, db_build_id(b, "01234567890123456789", 20));
    const struct avd_module *module = &f.dump->modules[0];

    ck_assert_int_eq(module->codeview, AVD_CV_BUILD_ID);
    ck_assert_uint_eq(module->build_id.size, 20);
    ck_assert(memcmp(module->build_id.data, "01234567890123456789", 20) == 0);
    ck_assert_str_eq(module->pdb_path, "");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(codeview_of_other_kinds)
{
    static const struct {
        uint32_t tag;
        size_t size; /* behind the tag */
    } cases[] = {{CV_SIGNATURE_NB09, 100},
                 {CV_SIGNATURE_NB11, 100},
                 {0x434f544d, 16},
                 {CV_SIGNATURE_RSDS, 19},
                 {CV_SIGNATURE_NB10, 11}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
        unsigned record = db_section(b);
        struct dump_fixture f;

        db_u32(b, record, cases[i].tag);
        db_zeros(b, record, cases[i].size);
        f = open_codeview(b, record);
        ck_assert_int_eq(f.dump->modules[0].codeview, AVD_CV_OTHER);
        ck_assert_str_eq(f.dump->modules[0].pdb_path, "");
        dump_fixture_close(&f);
    }
}
END_TEST

START_TEST(codeview_outside_the_file)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_module(b, &(struct db_module){.base = 0x1000, .size = 0x1000, .path = "a"});
    struct dump_fixture f;

    db_set32(b, s, 4 + 76, 100);
    db_set32(b, s, 4 + 80, 0x7fffffff);
    f = dump_fixture_open(b);
    ck_assert_int_eq(f.dump->modules[0].codeview, AVD_CV_NONE);
    ck_assert_str_eq(f.dump->modules[0].pdb_path, "");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(name_outside_the_file)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_module(b, &(struct db_module){.base = 0x1000, .size = 0x1000, .path = "a"});
    struct dump_fixture f;

    db_set32(b, s, 4 + 20, 0);
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->modules[0].path, "");
    ck_assert_str_eq(f.dump->modules[0].name, "");
    dump_fixture_has_note(&f, "module list", "the name of entry 0 cannot be read; it has none");
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x1800), 0);
    dump_fixture_close(&f);
}
END_TEST

/* A WOW64 process's exe comes once from each loader list. */
START_TEST(listed_twice)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    (void)db_module(b, &(struct db_module){.base = 0x400000, .size = 0x5000, .path = "a.exe"});
    (void)db_module(b, &(struct db_module){.base = 0x10000, .size = 0x5000, .path = "b.dll"});
    (void)db_module(b, &(struct db_module){.base = 0x400000, .size = 0x5000, .path = "a.exe"});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->module_count, 3);
    ck_assert(!f.dump->modules[0].duplicate);
    ck_assert(!f.dump->modules[1].duplicate);
    ck_assert(f.dump->modules[2].duplicate);
    ck_assert_uint_eq(f.dump->module_by_base_count, 2);
    ck_assert_uint_eq(f.dump->modules_by_base[0], 1);
    ck_assert_uint_eq(f.dump->modules_by_base[1], 0);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x400000), 0);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x404fff), 0);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x405000), AVD_NO_MODULE);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x3fffff), AVD_NO_MODULE);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0), AVD_NO_MODULE);
    dump_fixture_close(&f);
}
END_TEST

/* An entry without a size owns nothing and must not hide the right one at its base. */
START_TEST(empty_entry_at_the_same_base)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    (void)db_module(b, &(struct db_module){.base = 0x400000, .size = 0, .path = "ghost.dll"});
    (void)db_module(b, &(struct db_module){.base = 0x400000, .size = 0x5000, .path = "a.exe"});
    (void)db_module(b, &(struct db_module){.base = 0, .size = 0x1000});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x401000), 1);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x10), AVD_NO_MODULE);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(overlapping_modules)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    (void)db_module(b, &(struct db_module){.base = 0x10000, .size = 0x10000, .path = "big.dll"});
    (void)db_module(b, &(struct db_module){.base = 0x14000, .size = 0x1000, .path = "small.dll"});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x13fff), 0);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x14800), 1);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x15000), 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(module_at_the_end_of_the_address_space)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    (void)db_module(b, &(struct db_module){.base = UINT64_C(0xfffffffffffff000),
                                           .size = 0xffffffff,
                                           .path = "end.dll"});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, UINT64_MAX), 0);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0), AVD_NO_MODULE);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(sign_extended_base_of_a_32_bit_dump)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_INTEL);
    struct dump_fixture f;

    (void)db_module(b, &(struct db_module){.base = UINT64_C(0xffffffff80001000),
                                           .size = 0x1000,
                                           .path = "high.dll"});
    f = dump_fixture_open(b);
    ck_assert(f.dump->modules[0].base == 0x80001000);
    ck_assert_uint_eq(avd_dump_module_at(f.dump, 0x80001fff), 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(unloaded_modules)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;
    unsigned s;

    db_no_modules(b);
    (void)db_unloaded(b, &(struct db_module){.base = 0x30000,
                                             .size = 0x8000,
                                             .checksum = 5,
                                             .timestamp = 6,
                                             .path = "C:\\x\\gone.dll"});
    s = db_unloaded(b, &(struct db_module){.base = 0x34000, .size = 0x8000, .path = "b.dll"});
    db_set32(b, s, 12 + 24 + 20, 0xfffffff0);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->unloaded_count, 2);
    ck_assert_uint_eq(f.dump->unloaded[0].base, 0x30000);
    ck_assert_uint_eq(f.dump->unloaded[0].size, 0x8000);
    ck_assert_uint_eq(f.dump->unloaded[0].checksum, 5);
    ck_assert_uint_eq(f.dump->unloaded[0].timestamp, 6);
    ck_assert_str_eq(f.dump->unloaded[0].path, "C:\\x\\gone.dll");
    ck_assert_str_eq(f.dump->unloaded[0].name, "gone.dll");
    ck_assert_str_eq(f.dump->unloaded[1].name, "");
    dump_fixture_note_count(&f, NULL, 1);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, all_fields);
    tcase_add_test(tests, no_version_without_its_signature);
    tcase_add_test(tests, codeview_rsds);
    tcase_add_test(tests, codeview_path_without_terminator);
    tcase_add_test(tests, codeview_path_in_latin_1);
    tcase_add_test(tests, codeview_nb10);
    tcase_add_test(tests, codeview_build_id);
    tcase_add_test(tests, codeview_of_other_kinds);
    tcase_add_test(tests, codeview_outside_the_file);
    tcase_add_test(tests, name_outside_the_file);
    tcase_add_test(tests, listed_twice);
    tcase_add_test(tests, empty_entry_at_the_same_base);
    tcase_add_test(tests, overlapping_modules);
    tcase_add_test(tests, module_at_the_end_of_the_address_space);
    tcase_add_test(tests, sign_extended_base_of_a_32_bit_dump);
    tcase_add_test(tests, unloaded_modules);
}

int main(void)
{
    return suite_main("modules", add_tests);
}
