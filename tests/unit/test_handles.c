/* SPDX-License-Identifier: MIT */
/* Handle data with object information, and handle operations. */
#include "base/limits.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct db *builder(void)
{
    return dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
}

static const struct db_handle plain = {.handle = 0x54,
                                       .attributes = 2,
                                       .granted_access = 0x1f0003,
                                       .handle_count = 3,
                                       .pointer_count = 65537};

static void assert_plain(const struct avd_handle *handle)
{
    ck_assert_uint_eq(handle->handle, 0x54);
    ck_assert_uint_eq(handle->attributes, 2);
    ck_assert_uint_eq(handle->granted_access, 0x1f0003);
    ck_assert_uint_eq(handle->handle_count, 3);
    ck_assert_uint_eq(handle->pointer_count, 65537);
}

START_TEST(first_version)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;

    db_handle_size(b, 32);
    handle.type_name = db_string(b, "Event");
    handle.object_name = db_string(b, "\\BaseNamedObjects\\x");
    (void)db_handle(b, &handle);
    f = dump_fixture_open(b);
    ck_assert(f.dump->has_handles);
    ck_assert_uint_eq(f.dump->handle_count, 1);
    assert_plain(&f.dump->handles[0]);
    ck_assert_str_eq(f.dump->handles[0].type_name, "Event");
    ck_assert_str_eq(f.dump->handles[0].object_name, "\\BaseNamedObjects\\x");
    ck_assert_uint_eq(f.dump->handles[0].object_count, 0);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(second_version_and_larger)
{
    static const uint32_t sizes[] = {40, 48};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct db *b = builder();
        struct db_handle handle = plain;
        struct dump_fixture f;
        const struct avd_handle *h;

        db_handle_size(b, sizes[i]);
        handle.object_info =
            db_object_info(b, 2, "12345678", 8, db_object_info(b, 3, "abcd", 4, 0));
        (void)db_handle(b, &plain);
        (void)db_handle(b, &handle);
        f = dump_fixture_open(b);
        ck_assert_uint_eq(f.dump->handle_count, 2);
        h = &f.dump->handles[1];
        assert_plain(h);
        ck_assert_ptr_null(h->type_name);
        ck_assert_ptr_null(h->object_name);
        ck_assert_uint_eq(h->object_count, 2);
        ck_assert_uint_eq(h->objects[0].type, 2);
        ck_assert_uint_eq(h->objects[0].data.size, 8);
        ck_assert(memcmp(h->objects[0].data.data, "12345678", 8) == 0);
        ck_assert_uint_eq(h->objects[1].type, 3);
        ck_assert_uint_eq(h->objects[1].data.size, 4);
        dump_fixture_note_count(&f, NULL, 0);
        dump_fixture_close(&f);
    }
}
END_TEST

START_TEST(no_handles_is_an_answer)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_handles(b);
    f = dump_fixture_open(b);
    ck_assert(f.dump->has_handles);
    ck_assert_uint_eq(f.dump->handle_count, 0);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
    f = dump_fixture_open(builder());
    ck_assert(!f.dump->has_handles);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(unreadable_list_is_none)
{
    struct db *b = builder();
    unsigned s = db_handle(b, &plain);
    struct dump_fixture f;

    db_set32(b, s, 4, 31);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->has_handles);
    dump_fixture_has_note(&f, "handle data",
                          "header of 16 and entries of 31 bytes, expected at least 16 and 32; none "
                          "read");
    dump_fixture_close(&f);

    b = builder();
    s = db_handle(b, &plain);
    db_stream_size(b, s, 10);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->has_handles);
    dump_fixture_has_note(&f, "handle data", "stream has 10 bytes, its header needs 16; none read");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(more_claimed_than_there)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_claim_more(b, 1000);
    (void)db_handle(b, &plain);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handle_count, 1);
    ck_assert(f.dump->has_handles);
    dump_fixture_has_note(&f, "handle data",
                          "1001 entries of 40 bytes do not fit the stream of 56; reading 1");
    dump_fixture_close(&f);
}
END_TEST

/* Names are decoded once while their RVA repeats: same pointer, not only the same text. */
START_TEST(shared_names)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;
    unsigned event = db_string(b, "Event");
    unsigned file = db_string(b, "File");
    size_t i;

    for (i = 0; i < 20000; i++) {
        handle.type_name = i % 2 == 0 ? event : file;
        (void)db_handle(b, &handle);
    }
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handle_count, 20000);
    ck_assert_str_eq(f.dump->handles[0].type_name, "Event");
    ck_assert_ptr_eq(f.dump->handles[0].type_name, f.dump->handles[19998].type_name);
    ck_assert_str_eq(f.dump->handles[19999].type_name, "File");
    ck_assert_uint_eq(f.dump->texts_refused, 0);
    dump_fixture_close(&f);
}
END_TEST

/* A report repeats the name with each handle, so that a long one cannot be everybody's. */
START_TEST(long_shared_name_is_bounded)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;
    char name[2001];
    uint64_t repeated = 0;
    size_t with_name = 0;
    size_t i;

    memset(name, 'h', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    handle.type_name = handle.object_name = db_string(b, name);
    for (i = 0; i < 4000; i++)
        (void)db_handle(b, &handle);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handle_count, 4000);
    for (i = 0; i < f.dump->handle_count; i++) {
        with_name += f.dump->handles[i].type_name != NULL;
        repeated += f.dump->handles[i].type_name != NULL ? sizeof name - 1 : 0;
        repeated += f.dump->handles[i].object_name != NULL ? sizeof name - 1 : 0;
    }
    ck_assert_str_eq(f.dump->handles[0].object_name, name);
    ck_assert_uint_ge(with_name, 100);
    ck_assert_ptr_null(f.dump->handles[3999].type_name);
    ck_assert_uint_le(repeated, 4 * f.size + (1 << 20));
    ck_assert_uint_ne(f.dump->texts_refused, 0);
    dump_fixture_note_count(&f, "names", 1);
    dump_fixture_note_count(&f, "handle data", 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(names_outside_the_file)
{
    struct db *b = builder();
    unsigned s = db_handle(b, &plain);
    struct dump_fixture f;

    (void)db_handle(b, &plain);
    db_set32(b, s, 16 + 8, 0xfffffff0);
    db_set32(b, s, 16 + 40 + 12, 0x7ffffff0);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handle_count, 2);
    ck_assert_ptr_null(f.dump->handles[0].type_name);
    ck_assert_ptr_null(f.dump->handles[1].object_name);
    assert_plain(&f.dump->handles[1]);
    dump_fixture_has_note(&f, "handle data",
                          "2 names cannot be read, the first at 0xfffffff0; those handles have "
                          "none");
    dump_fixture_note_count(&f, NULL, 1);
    dump_fixture_close(&f);
}
END_TEST

static void assert_cut_chain_note(const struct dump_fixture *f, uint32_t rva)
{
    char text[200];

    (void)snprintf(text, sizeof text,
                   "1 chains of object information are cyclic, longer than 32 or leave the file, "
                   "the first at 0x%x; reading them as far as they go",
                   rva);
    dump_fixture_has_note(f, "handle data", text);
}

START_TEST(cyclic_chain)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;
    unsigned second = db_object_info(b, 2, "b", 1, 0);
    unsigned first = db_object_info(b, 1, "a", 1, second);
    unsigned place = db_stream(b, 0x12345);

    db_set_rva(b, second, 0, first);
    db_rva(b, place, first);
    handle.object_info = first;
    (void)db_handle(b, &handle);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handles[0].object_count, 2);
    assert_cut_chain_note(&f, avd_view_u32(avd_dump_stream(f.dump, 0x12345)->view, 0));
    dump_fixture_close(&f);
}
END_TEST

START_TEST(long_chain)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;
    unsigned i;

    for (i = 0; i < AVD_MAX_OBJECT_INFO_CHAIN; i++)
        handle.object_info = db_object_info(b, 6, "x", 1, handle.object_info);
    (void)db_handle(b, &handle);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handles[0].object_count, 32);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);

    b = builder();
    handle.object_info = 0;
    for (i = 0; i < AVD_MAX_OBJECT_INFO_CHAIN + 1; i++)
        handle.object_info = db_object_info(b, 6, "x", 1, handle.object_info);
    (void)db_handle(b, &handle);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handles[0].object_count, 32);
    dump_fixture_note_count(&f, "handle data", 1);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(chain_that_leaves_the_file)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;
    unsigned info = db_object_info(b, 6, "12345678", 8, 0);
    unsigned place = db_stream(b, 0x12345);

    db_set32(b, info, 0, 0xfffffff8);
    db_rva(b, place, info);
    handle.object_info = info;
    (void)db_handle(b, &handle);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handles[0].object_count, 1);
    ck_assert_uint_eq(f.dump->handles[0].objects[0].data.size, 8);
    assert_cut_chain_note(&f, avd_view_u32(avd_dump_stream(f.dump, 0x12345)->view, 0));
    dump_fixture_close(&f);
}
END_TEST

START_TEST(object_cut_off)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;
    unsigned info;

    handle.object_info = info = db_object_info(b, 6, "12345678", 8, 0);
    (void)db_handle(b, &handle);
    db_set32(b, info, 8, 0xffffffff);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handles[0].object_count, 1);
    ck_assert_uint_ge(f.dump->handles[0].objects[0].data.size, 8);
    dump_fixture_has_note(&f, "handle data",
                          "1 records of object information are cut off by the end of the file");
    dump_fixture_close(&f);
}
END_TEST

/* MiniHandleObjectInformationNone carries nothing, but may stand in a chain. */
START_TEST(none_in_a_chain)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;

    handle.object_info = db_object_info(b, 0, "", 0, db_object_info(b, 8, "12345678", 8, 0));
    (void)db_handle(b, &handle);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handles[0].object_count, 1);
    ck_assert_uint_eq(f.dump->handles[0].objects[0].type, 8);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* Ten thousand handles that all lead to one long chain cost no more than the file could hold. */
START_TEST(shared_chain_is_bounded)
{
    struct db *b = builder();
    struct db_handle handle = plain;
    struct dump_fixture f;
    size_t kept = 0;
    size_t i;

    for (i = 0; i < 32; i++)
        handle.object_info = db_object_info(b, 6, "x", 1, handle.object_info);
    for (i = 0; i < 10000; i++)
        (void)db_handle(b, &handle);
    f = dump_fixture_open(b);
    for (i = 0; i < f.dump->handle_count; i++)
        kept += f.dump->handles[i].object_count;
    ck_assert_uint_eq(f.dump->handles[0].object_count, 32);
    ck_assert_uint_le(kept, f.size / 12);
    dump_fixture_note_count(&f, "handle data", 1);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(operations)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_handle_operation *operation;
    unsigned s;

    (void)db_handle_operation(b, 0x54, 1, 3);
    s = db_handle_operation(b, 0x58, 3, 32);
    db_set32(b, s, 16 + 288 + 24, 0xffffffff); /* depth */
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handle_operation_count, 2);
    operation = &f.dump->handle_operations[0];
    ck_assert_uint_eq(operation->handle, 0x54);
    ck_assert_uint_eq(operation->process_id, 0x1234);
    ck_assert_uint_eq(operation->thread_id, 0x5678);
    ck_assert_uint_eq(operation->operation, 1);
    ck_assert_uint_eq(operation->depth, 3);
    ck_assert_uint_eq(operation->return_addresses[2], 0x401002);
    ck_assert_uint_eq(operation->return_addresses[3], 0);
    operation = &f.dump->handle_operations[1];
    ck_assert_uint_eq(operation->operation, 3);
    ck_assert_uint_eq(operation->depth, 32);
    ck_assert_uint_eq(operation->return_addresses[31], 0x40101f);
    ck_assert(!f.dump->has_handles);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(operations_with_small_entries)
{
    struct db *b = builder();
    unsigned s = db_handle_operation(b, 0x54, 1, 3);
    struct dump_fixture f;

    db_set32(b, s, 4, 287);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->handle_operation_count, 0);
    dump_fixture_has_note(&f, "handle operations",
                          "header of 16 and entries of 287 bytes, expected at least 16 and 288; "
                          "none read");
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, first_version);
    tcase_add_test(tests, second_version_and_larger);
    tcase_add_test(tests, no_handles_is_an_answer);
    tcase_add_test(tests, unreadable_list_is_none);
    tcase_add_test(tests, more_claimed_than_there);
    tcase_add_test(tests, shared_names);
    tcase_add_test(tests, long_shared_name_is_bounded);
    tcase_add_test(tests, names_outside_the_file);
    tcase_add_test(tests, cyclic_chain);
    tcase_add_test(tests, long_chain);
    tcase_add_test(tests, chain_that_leaves_the_file);
    tcase_add_test(tests, object_cut_off);
    tcase_add_test(tests, none_in_a_chain);
    tcase_add_test(tests, shared_chain_is_bounded);
    tcase_add_test(tests, operations);
    tcase_add_test(tests, operations_with_small_entries);
}

int main(void)
{
    return suite_main("handles", add_tests);
}
