/* SPDX-License-Identifier: MIT */
/* The stream directory, strings, and the two kinds of lists. */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

START_TEST(unused_slots_are_counted)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    db_entry(b, ReservedStream0, 10, 10);
    db_entry(b, ReservedStream1, 10, 10);
    db_header(b)->unused_entries = 3;
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->stream_count, 3);
    ck_assert_uint_eq(f.dump->unused_stream_count, 5);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* The first of two wins; the second stays visible in the directory. */
START_TEST(duplicate_stream)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    (void)db_comment(b, "first", false);
    (void)db_comment(b, "second", false);
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->comment_a, "first");
    ck_assert_uint_eq(f.dump->stream_count, 5);
    ck_assert(!f.dump->streams[3].duplicate);
    ck_assert(f.dump->streams[4].duplicate);
    dump_fixture_has_note(&f, "CommentStreamA",
                          "a second stream of type 0xa; the first one is read");
    dump_fixture_note_count(&f, NULL, 1);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(user_streams_may_repeat)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    db_u32(b, db_stream(b, 0x12345), 1);
    db_u32(b, db_stream(b, 0x12345), 2);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->stream_count, 5);
    ck_assert(!f.dump->streams[4].duplicate);
    ck_assert_uint_eq(avd_view_u32(avd_dump_stream(f.dump, 0x12345)->view, 0), 1);
    ck_assert_ptr_null(avd_dump_stream(f.dump, 0x12346));
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(stream_beyond_the_file)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    db_entry(b, CommentStreamA, 0xffffffff, 0xfffffff0);
    f = dump_fixture_open(b);
    ck_assert(f.dump->streams[3].truncated);
    ck_assert_uint_eq(f.dump->streams[3].size, 0xffffffff);
    ck_assert_uint_eq(f.dump->streams[3].view.size, 0);
    dump_fixture_has_note(&f, "CommentStreamA",
                          "stream 0xa needs 4294967295 bytes, the file ends after 0; not read");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(stream_cut_off)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_comment(b, "0123456789abcdefghi", false);
    struct dump_fixture f;

    db_stream_size(b, s, 100);
    f = dump_fixture_open(b);
    ck_assert_str_eq(f.dump->comment_a, "0123456789abcdefghi");
    dump_fixture_has_note(&f, "CommentStreamA",
                          "stream 0xa needs 100 bytes, the file ends after 20; reading what is "
                          "there");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(directory_outside_the_file)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    db_header(b)->has_directory_rva = true;
    db_header(b)->directory_rva = 0xffffffff;
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->stream_count, 0);
    ck_assert_ptr_nonnull(
        strstr(f.dump->notes.items[0].message, "3 entries at 0xffffffff do not fit the file of "));
    dump_fixture_close(&f);
}
END_TEST

START_TEST(more_streams_than_fit)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    db_header(b)->has_stream_count = true;
    db_header(b)->stream_count = 0xffffffff;
    f = dump_fixture_open(b);
    /* What follows the directory is taken for entries too; the real ones come first. */
    ck_assert(f.dump->system.present);
    ck_assert_uint_ge(f.dump->stream_count, 3);
    ck_assert_str_eq(f.dump->notes.items[0].where, "stream directory");
    ck_assert_ptr_nonnull(strstr(f.dump->notes.items[0].message,
                                 "4294967295 entries at 0x20 do not fit the file of "));
    dump_fixture_close(&f);
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(avd_stream_name(ThreadListStream), "ThreadListStream");
    ck_assert_str_eq(avd_stream_name(ThreadNamesStream), "ThreadNamesStream");
    ck_assert_str_eq(avd_stream_name(CrashpadInfoStream), "CrashpadInfoStream");
    ck_assert_str_eq(avd_stream_name(0xfacedead), "FacebookAbortReason");
    ck_assert_ptr_null(avd_stream_name(0));
    ck_assert_ptr_null(avd_stream_name(25));
}
END_TEST

START_TEST(strings)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_section(b);
    unsigned user = db_stream(b, 0x12345); /* its first words tell where the strings lie */
    struct dump_fixture f;
    struct avd_view where;
    char *text;

    db_rva(b, user, db_string(b, "plain"));
    db_rva(b, user, db_utf8(b, "bytes"));
    db_rva(b, user, s);
    db_u32(b, s, 5); /* odd: the last byte is no character */
    db_bytes(b, s, "a\0b\0c\0", 6);
    s = db_section(b);
    db_rva(b, user, s);
    db_u32(b, s, 0xffffffff); /* longer than the file */
    db_bytes(b, s, "x\0y\0\0\0", 6);
    f = dump_fixture_open(b);
    where = avd_dump_stream(f.dump, 0x12345)->view;
    ck_assert_str_eq(avd_dump_string(f.dump, avd_view_u32(where, 0)), "plain");
    ck_assert_str_eq(avd_dump_utf8_string(f.dump, avd_view_u32(where, 4)), "bytes");
    ck_assert_str_eq(avd_dump_string(f.dump, avd_view_u32(where, 8)), "ab");
    text = avd_dump_string(f.dump, avd_view_u32(where, 12));
    ck_assert_str_eq(text, "xy");
    ck_assert_ptr_null(avd_dump_string(f.dump, 0));
    ck_assert_ptr_null(avd_dump_string(f.dump, f.size - 3));
    ck_assert_ptr_null(avd_dump_string(f.dump, UINT64_MAX));
    ck_assert_ptr_null(avd_dump_utf8_string(f.dump, UINT64_MAX - 3));
    dump_fixture_close(&f);
}
END_TEST

/* A thousand entries that point to one long text cost what the file could honestly hold. */
START_TEST(shared_text_is_bounded)
{
    struct db *b = db_new();
    unsigned name = db_section(b);
    struct dump_fixture f;
    unsigned i;
    unsigned s;

    db_u32(b, name, 65534);
    for (i = 0; i < 32767; i++)
        db_u16(b, name, 'A');
    for (i = 0; i < 1000; i++) {
        (void)db_thread(b, &(struct db_thread){.id = i});
        db_thread_name(b, i, name);
    }
    s = db_stream(b, 0x12345);
    db_u32(b, s, 1);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->thread_count, 1000);
    ck_assert_uint_eq(strlen(f.dump->threads[0].name), 32767);
    ck_assert_ptr_null(f.dump->threads[999].name);
    ck_assert_uint_gt(f.dump->texts_refused, 900);
    /* The notes about single names fill the list before; the count is what is left to see. */
    ck_assert_uint_gt(f.dump->notes.dropped, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(list_padding)
{
    struct db *b = db_new();
    struct dump_fixture f;

    db_pad_lists(b, true);
    (void)db_thread(b, &(struct db_thread){.id = 0x11});
    (void)db_thread(b, &(struct db_thread){.id = 0x22, .name = "padded"});
    (void)db_module(b, &(struct db_module){.base = 0x10000, .size = 0x1000, .path = "a.dll"});
    (void)db_memory(b, 0x5000, 16);
    db_poke32(b, 0x5000, 0xabcd);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->thread_count, 2);
    ck_assert_uint_eq(f.dump->threads[0].id, 0x11);
    ck_assert_str_eq(f.dump->threads[1].name, "padded");
    ck_assert_str_eq(f.dump->modules[0].name, "a.dll");
    ck_assert_uint_eq(f.dump->memory.ranges[0].start, 0x5000);
    dump_fixture_note_count(&f, NULL, 1); /* no system info */
    dump_fixture_close(&f);
}
END_TEST

START_TEST(list_claims_too_much)
{
    struct db *b = db_new();
    struct dump_fixture f;

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    db_no_modules(b);
    db_claim_more(b, 38);
    (void)db_thread(b, &(struct db_thread){.id = 0x11});
    (void)db_thread(b, &(struct db_thread){.id = 0x22});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->thread_count, 2);
    ck_assert_uint_eq(f.dump->threads[1].id, 0x22);
    dump_fixture_has_note(&f, "thread list",
                          "40 entries need 1924 bytes, stream has 100; reading 2 of 40");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(list_shorter_than_its_count)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    db_u16(b, db_stream(b, MemoryListStream), 1);
    db_u32(b, db_stream(b, UnloadedModuleListStream), 12);
    f = dump_fixture_open(b);
    dump_fixture_has_note(&f, "memory list",
                          "stream has 2 bytes, its count alone needs 4; none read");
    dump_fixture_has_note(&f, "unloaded module list",
                          "stream has 4 bytes, its header needs 12; none read");
    dump_fixture_note_count(&f, NULL, 2);
    dump_fixture_close(&f);
}
END_TEST

/* Header and entries may be larger than what is known of them. */
START_TEST(sized_list_with_larger_entries)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_stream(b, UnloadedModuleListStream);
    struct dump_fixture f;
    unsigned i;

    db_u32(b, s, 20);
    db_u32(b, s, 32);
    db_u32(b, s, 2);
    db_u64(b, s, UINT64_MAX); /* the larger header */
    for (i = 0; i < 2; i++) {
        db_u64(b, s, 0x1000 * (i + 1));
        db_u32(b, s, 0x1000);
        db_u32(b, s, 0);
        db_u32(b, s, 0);
        db_rva(b, s, db_string(b, i == 0 ? "one.dll" : "two.dll"));
        db_u64(b, s, UINT64_MAX); /* the larger entry */
    }
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->unloaded_count, 2);
    ck_assert_uint_eq(f.dump->unloaded[1].base, 0x2000);
    ck_assert_str_eq(f.dump->unloaded[1].name, "two.dll");
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(sized_list_with_wrong_sizes)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_unloaded(b, &(struct db_module){.base = 0x1000, .size = 1, .path = "a"});
    unsigned info = db_thread_info(b, &(struct db_thread_info){.id = 1});
    struct dump_fixture f;

    db_set32(b, s, 4, 23);   /* entry */
    db_set32(b, info, 0, 8); /* header */
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->unloaded_count, 0);
    dump_fixture_has_note(&f, "unloaded module list",
                          "header of 12 and entries of 23 bytes, expected at least 12 and 24; none "
                          "read");
    dump_fixture_has_note(&f, "thread info list",
                          "header of 8 and entries of 64 bytes, expected at least 12 and 64; none "
                          "read");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(sized_list_claims_too_much)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned s = db_unloaded(b, &(struct db_module){.base = 0x1000, .size = 1, .path = "a"});
    struct dump_fixture f;

    db_set32(b, s, 8, 0xffffffff);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->unloaded_count, 1);
    dump_fixture_has_note(&f, "unloaded module list",
                          "4294967295 entries of 24 bytes do not fit the stream of 36; reading 1");
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, unused_slots_are_counted);
    tcase_add_test(tests, duplicate_stream);
    tcase_add_test(tests, user_streams_may_repeat);
    tcase_add_test(tests, stream_beyond_the_file);
    tcase_add_test(tests, stream_cut_off);
    tcase_add_test(tests, directory_outside_the_file);
    tcase_add_test(tests, more_streams_than_fit);
    tcase_add_test(tests, names);
    tcase_add_test(tests, strings);
    tcase_add_test(tests, shared_text_is_bounded);
    tcase_add_test(tests, list_padding);
    tcase_add_test(tests, list_claims_too_much);
    tcase_add_test(tests, list_shorter_than_its_count);
    tcase_add_test(tests, sized_list_with_larger_entries);
    tcase_add_test(tests, sized_list_with_wrong_sizes);
    tcase_add_test(tests, sized_list_claims_too_much);
}

int main(void)
{
    return suite_main("directory", add_tests);
}
