/* SPDX-License-Identifier: MIT */
#include "base/limits.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

static const char *const pairs[2][2] = {{"ptype", "browser"}, {"ver", "1.2.3"}};

static struct db *builder(void)
{
    struct db *b = db_new();

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    db_no_threads(b);
    (void)db_module(b, &(struct db_module){.base = 0x1000, .size = 0x1000, .path = "C:\\a.exe"});
    (void)db_module(b, &(struct db_module){.base = 0x3000, .size = 0x1000, .path = "C:\\b.dll"});
    return b;
}

static void assert_annotation(const struct dump_fixture *f, size_t index, const char *module,
                              const char *key, const char *value)
{
    const struct avd_annotation *annotation = &f->dump->crashpad.annotations[index];

    ck_assert_uint_lt(index, f->dump->crashpad.annotation_count);
    if (module == NULL)
        ck_assert_ptr_null(annotation->module);
    else
        ck_assert_str_eq(annotation->module, module);
    ck_assert_str_eq(annotation->key, key);
    ck_assert_str_eq(annotation->value, value);
}

START_TEST(oldest_size)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_crashpad *crashpad;

    (void)db_crashpad_info(b, 52, 0, 0);
    f = dump_fixture_open(b);
    crashpad = &f.dump->crashpad;
    ck_assert(crashpad->present);
    ck_assert_uint_eq(crashpad->report_id[0], 0x10);
    ck_assert_uint_eq(crashpad->report_id[15], 0x1f);
    ck_assert_uint_eq(crashpad->client_id[0], 0x20);
    ck_assert_uint_eq(crashpad->client_id[15], 0x2f);
    ck_assert(crashpad->address_mask == 0);
    ck_assert_uint_eq(crashpad->annotation_count, 0);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(address_mask)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_crashpad_info(b, 64, 0, 0);
    f = dump_fixture_open(b);
    ck_assert(f.dump->crashpad.address_mask == UINT64_C(0xffffff8000000000));
    dump_fixture_close(&f);
}
END_TEST

START_TEST(annotations_of_process_and_module)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_crashpad_info(b, 64, db_dictionary(b, pairs, 2),
                           db_crashpad_module(b, 1, "a list item", db_dictionary(b, pairs, 1),
                                              "object", 1, "its value"));
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->crashpad.annotation_count, 5);
    assert_annotation(&f, 0, NULL, "ptype", "browser");
    assert_annotation(&f, 1, NULL, "ver", "1.2.3");
    assert_annotation(&f, 2, "b.dll", "", "a list item");
    assert_annotation(&f, 3, "b.dll", "ptype", "browser");
    assert_annotation(&f, 4, "b.dll", "object", "its value");
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* Only strings are everybody's; other types mean something to the program that wrote them. */
START_TEST(object_of_the_programs_own_type)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_crashpad_info(b, 64, 0,
                           db_crashpad_module(b, 0, "item", 0, "object", 0x8001, "\x01\x02"));
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->crashpad.annotation_count, 1);
    assert_annotation(&f, 0, "a.exe", "", "item");
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(module_that_is_not_listed)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_crashpad_info(b, 64, 0, db_crashpad_module(b, 2, "item", 0, "key", 1, "value"));
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->crashpad.annotation_count, 2);
    assert_annotation(&f, 1, "", "key", "value");
    dump_fixture_has_note(&f, "Crashpad info", "annotations of module 2, the dump lists 2 modules");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(dictionary_claims_too_much)
{
    struct db *b = builder();
    unsigned dictionary = db_dictionary(b, pairs, 2);
    struct dump_fixture f;

    db_set32(b, dictionary, 0, 0xffffffff);
    (void)db_crashpad_info(b, 64, dictionary, 0);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->crashpad.annotation_count, 2);
    dump_fixture_has_note(&f, "Crashpad info",
                          "simple annotations: 4294967295 entries need 34359738364 bytes, 20 are "
                          "there; reading 2");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(texts_outside_the_file)
{
    struct db *b = builder();
    unsigned dictionary = db_dictionary(b, pairs, 2);
    struct dump_fixture f;

    db_set32(b, dictionary, 8, 0xfffffff0);
    (void)db_crashpad_info(b, 64, dictionary, 0);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->crashpad.annotation_count, 1);
    assert_annotation(&f, 0, NULL, "ver", "1.2.3");
    dump_fixture_has_note(&f, "Crashpad info", "1 annotations cannot be read; left out");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(lists_outside_the_file)
{
    struct db *b = builder();
    unsigned s = db_crashpad_info(b, 64, 0, 0);
    struct dump_fixture f;

    db_set32(b, s, 36, 12);
    db_set32(b, s, 40, 0xfffffff0);
    db_set32(b, s, 44, 16);
    db_set32(b, s, 48, 0x7ffffff0);
    f = dump_fixture_open(b);
    ck_assert(f.dump->crashpad.present);
    ck_assert_uint_eq(f.dump->crashpad.annotation_count, 0);
    dump_fixture_has_note(&f, "Crashpad info",
                          "simple annotations: needs 12 bytes, the file holds 0 of them");
    dump_fixture_has_note(&f, "Crashpad info",
                          "module list: needs 16 bytes, the file holds 0 of them");
    dump_fixture_note_count(&f, NULL, 2);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(module_record_too_short)
{
    struct db *b = builder();
    unsigned modules = db_section(b);
    unsigned info = db_section(b);
    struct dump_fixture f;

    db_u32(b, info, 1);
    db_u32(b, modules, 1);
    db_u32(b, modules, 0);
    db_location(b, modules, info);
    (void)db_crashpad_info(b, 64, 0, modules);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->crashpad.annotation_count, 0);
    dump_fixture_has_note(&f, "Crashpad info",
                          "module 0: annotations need 28 bytes, have 4; not read");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(stream_too_short)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_stream_size(b, db_crashpad_info(b, 52, 0, 0), 51);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->crashpad.present);
    dump_fixture_has_note(&f, "Crashpad info",
                          "version 1 in 51 bytes, expected at least 1 in 52; not read");
    dump_fixture_close(&f);

    b = builder();
    db_set32(b, db_crashpad_info(b, 52, 0, 0), 0, 0);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->crashpad.present);
    dump_fixture_has_note(&f, "Crashpad info",
                          "version 0 in 52 bytes, expected at least 1 in 52; not read");
    dump_fixture_close(&f);
}
END_TEST

/* A hundred modules that share one list of a thousand: the ceiling ends it. */
START_TEST(too_many_annotations)
{
    struct db *b = builder();
    unsigned list = db_section(b);
    unsigned info = db_section(b);
    unsigned modules = db_section(b);
    unsigned text = db_utf8(b, "x");
    struct dump_fixture f;
    unsigned i;

    db_u32(b, list, 1000);
    for (i = 0; i < 1000; i++)
        db_rva(b, list, text);
    db_u32(b, info, 1);
    db_location(b, info, list);
    db_zeros(b, info, 16);
    db_u32(b, modules, 100);
    for (i = 0; i < 100; i++) {
        db_u32(b, modules, 0);
        db_location(b, modules, info);
    }
    (void)db_crashpad_info(b, 64, 0, modules);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->crashpad.annotation_count, AVD_MAX_ANNOTATIONS);
    dump_fixture_has_note(&f, "Crashpad info", "reading stops after 4096 annotations");
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, oldest_size);
    tcase_add_test(tests, address_mask);
    tcase_add_test(tests, annotations_of_process_and_module);
    tcase_add_test(tests, object_of_the_programs_own_type);
    tcase_add_test(tests, module_that_is_not_listed);
    tcase_add_test(tests, dictionary_claims_too_much);
    tcase_add_test(tests, texts_outside_the_file);
    tcase_add_test(tests, lists_outside_the_file);
    tcase_add_test(tests, module_record_too_short);
    tcase_add_test(tests, stream_too_short);
    tcase_add_test(tests, too_many_annotations);
}

int main(void)
{
    return suite_main("crashpad", add_tests);
}
