/* SPDX-License-Identifier: MIT */
/* src/inspect: borders of memory, ranges that touch, places in words, the map; text and JSON. */
#include "support/dump_fixture.h"
#include "support/suite.h"

#include "minidump/format.h"

#include <stdio.h>
#include <string.h>

static char output[65536];
static struct avd_error error;

static int collect(void *ctx, const char *bytes, size_t size)
{
    size_t *used = ctx;

    ck_assert_uint_lt(*used + size, sizeof output);
    memcpy(output + *used, bytes, size);
    *used += size;
    output[*used] = '\0';
    return 0;
}

static enum avd_status ask(const struct dump_fixture *f, const struct avd_inspect_query *query,
                           enum avd_format format)
{
    struct avd_write_options options = {.compact = 1};
    size_t used = 0;

    output[0] = '\0';
    memset(&error, 0, sizeof error);
    return avd_inspect_write(f->dump, NULL, query, format, &options, collect, &used, &error);
}

static void assert_text(const struct dump_fixture *f, const struct avd_inspect_query *query,
                        const char *expected)
{
    ck_assert_int_eq(ask(f, query, AVD_FORMAT_TEXT), AVD_OK);
    ck_assert_str_eq(output, expected);
}

/* Two ranges that touch at 0x11000, a gap of eight bytes, one more, and the last bytes that there
 * are. */
static struct dump_fixture open_sample(uint16_t architecture)
{
    struct db *b = dump_fixture_builder(architecture);

    (void)db_memory(b, 0x10000, 0x1000);
    (void)db_memory(b, 0x11000, 0x10);
    (void)db_memory(b, 0x11018, 0x10);
    db_poke(b, 0x10ffa, "across", 6);
    db_poke(b, 0x11000, " ranges", 7);
    db_poke_utf16(b, 0x10101, "at odd places");
    db_poke64(b, 0x10008, UINT64_C(0x1122334455667788));
    if (architecture == PROCESSOR_ARCHITECTURE_AMD64)
        (void)db_memory(b, UINT64_C(0xfffffffffffffff0), 0x10);
    return dump_fixture_open(b);
}

START_TEST(memory_forms)
{
    struct dump_fixture f = open_sample(PROCESSOR_ARCHITECTURE_INTEL);
    struct avd_inspect_query q = {.what = AVD_INSPECT_MEMORY, .place = "10ff8", .count = 20};

    assert_text(&f, &q,
                "00010ff8  00 00 61 63 72 6f 73 73-20 72 61 6e 67 65 73 00  ..across ranges.\n"
                "00011008  00 00 00 00                                      ....\n");
    q.place = "1100e";
    q.count = 4;
    assert_text(&f, &q, "0001100e  00 00 ?? ??                                      ..??\n");
    q.place = "1100c";
    q.count = 16;
    assert_text(&f, &q,
                "0001100c  00 00 00 00 ?? ?? ?? ?\?-?? ?? ?? ?? 00 00 00 00  ....????????....\n");
    q.form = AVD_FORM_DWORDS;
    q.place = "10008";
    q.count = 2;
    assert_text(&f, &q, "00010008  55667788 11223344\n");
    q.form = AVD_FORM_POINTERS;
    assert_text(&f, &q, "00010008  55667788 11223344\n");
    q.form = AVD_FORM_QWORDS;
    q.count = 1;
    assert_text(&f, &q, "00010008  11223344`55667788\n");
    q.place = "1100c"; /* half of it is there */
    assert_text(&f, &q, "0001100c  ????????`????????\n");
    q.form = AVD_FORM_ASCII;
    q.count = 0;
    q.place = "10ffa";
    assert_text(&f, &q, "00010ffa  \"across ranges\"\n");
    q.place = "20000";
    assert_text(&f, &q, "00020000  \"\"??\n");
    q.form = AVD_FORM_UTF16;
    q.place = "10101";
    assert_text(&f, &q, "00010101  \"at odd places\"\n");
    ck_assert_int_eq(ask(&f, &q, AVD_FORMAT_JSON), AVD_OK);
    ck_assert_str_eq(output,
                     "{\"status\":\"OK\",\"document\":\"memory\",\"address\":\"0x00010101\","
                     "\"as\":\"utf16\",\"rows\":[{\"address\":\"0x00010101\","
                     "\"text\":\"at odd places\",\"missing_after\":false}]}\n");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(last_addresses)
{
    struct dump_fixture f = open_sample(PROCESSOR_ARCHITECTURE_AMD64);
    struct avd_inspect_query q = {.what = AVD_INSPECT_MEMORY, .place = "ffffffff`fffffffc"};

    assert_text(&f, &q,
                "ffffffff`fffffffc  00 00 00                                         ...\n");
    q.what = AVD_INSPECT_POINTERS;
    q.place = "0-10";
    assert_text(&f, &q, "ffffffff`fffffff0  00000000`00000000\n");
    q.what = AVD_INSPECT_STRINGS;
    q.min_length = 7; /* six bytes of the number are letters */
    assert_text(&f, &q,
                "00000000`00010101  u  at odd places\n"
                "00000000`00010ffa  a  across ranges\n");
    q.what = AVD_INSPECT_FIND;
    q.pattern = "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
    q.count = 1;
    assert_text(&f, &q,
                "00000000`00010010  00 00 00 00 00 00 00 00-00 00 00 00 00 00 00 00  "
                "................\n... the first 1 shown (--count)\n");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(found_across_ranges)
{
    struct dump_fixture f = open_sample(PROCESSOR_ARCHITECTURE_INTEL);
    struct avd_inspect_query q = {.what = AVD_INSPECT_FIND, .pattern = "oss ran"};

    assert_text(&f, &q,
                "00010ffd  6f 73 73 20 72 61 6e 67-65 73 00 00 00 00 00 00  oss ranges......\n");
    q.pattern = "odd";
    assert_text(&f, &q,
                "00010107  6f 00 64 00 64 00 20 00-70 00 6c 00 61 00 63 00  o.d.d. .p.l.a.c.\n");
    q.form = AVD_FORM_ASCII;
    assert_text(&f, &q, "not found in the memory that the dump holds\n");
    q.form = AVD_FORM_AUTO;
    q.pattern = "0x55667788"; /* as wide as the process's pointers */
    assert_text(&f, &q,
                "00010008  88 77 66 55 44 33 22 11-00 00 00 00 00 00 00 00  .wfUD3\".........\n");
    q.pattern = "77 ?? 55";
    ck_assert_int_eq(ask(&f, &q, AVD_FORMAT_JSON), AVD_OK);
    ck_assert_ptr_nonnull(
        strstr(output, "\"hits\":[{\"address\":\"0x00010009\",\"kind\":\"bytes\""));
    ck_assert_ptr_nonnull(strstr(output, "\"cut\":false"));
    dump_fixture_close(&f);
}
END_TEST

/* Memory is read in pieces of 64 KiB; what lies across their border is found once. */
START_TEST(found_across_pieces)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_INTEL);
    struct avd_inspect_query q = {.what = AVD_INSPECT_FIND, .pattern = "border"};
    struct dump_fixture f;

    (void)db_memory(b, 0x100000, 0x20010);
    db_poke(b, 0x10fffd, "border", 6);
    db_poke_utf16(b, 0x11fffb, "border");
    f = dump_fixture_open(b);
    assert_text(&f, &q,
                "0010fffd  62 6f 72 64 65 72 00 00-00 00 00 00 00 00 00 00  border..........\n"
                "0011fffb  62 00 6f 00 72 00 64 00-65 00 72 00 00 00 00 00  b.o.r.d.e.r.....\n");
    q.what = AVD_INSPECT_STRINGS;
    assert_text(&f, &q, "0010fffd  a  border\n0011fffb  u  border\n");
    dump_fixture_close(&f);
}
END_TEST

/* A hundred ranges that are the same bytes of the file are looked through twice its size, not all.
 */
START_TEST(memory_that_the_file_cannot_hold)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_INTEL);
    struct avd_inspect_query q = {.what = AVD_INSPECT_FIND, .pattern = "everywhere"};
    struct dump_fixture f;
    const char *at;
    char expected[160];
    size_t hits = 0;
    size_t i;

    for (i = 0; i < 100; i++)
        db_memory_raw(b, 0x100000 * (i + 1), 0x1000, 0x400);
    (void)db_memory(b, 0x10000, 0x2000);
    db_poke(b, 0x10800, "everywhere", 10);
    f = dump_fixture_open(b);
    ck_assert_int_eq(ask(&f, &q, AVD_FORMAT_TEXT), AVD_OK);
    (void)snprintf(
        expected, sizeof expected,
        "\n... the dump lists more memory than its file could hold; %zu bytes of it were "
        "looked through\n",
        2 * f.size);
    at = strstr(output, expected);
    ck_assert_ptr_nonnull(at);
    ck_assert_str_eq(at, expected);
    for (at = output; (at = strstr(at, "everywhere")) != NULL; at++)
        hits++;
    ck_assert_uint_ge(hits, 1);
    ck_assert_uint_le(hits, 2 * f.size / 0x1000);
    ck_assert_int_eq(ask(&f, &q, AVD_FORMAT_JSON), AVD_OK);
    ck_assert_ptr_nonnull(strstr(output, "\"cut\":true"));
    dump_fixture_close(&f);
}
END_TEST

START_TEST(places)
{
    static const struct {
        const char *text, *shown; /* NULL: refused */
        enum avd_status status;
    } cases[] = {
        {"10000", "00010000", AVD_OK},
        {"0X1`0000", "00010000", AVD_OK},
        {"0n65536", "00010000", AVD_OK},
        {"fff0+20-10", "00010000", AVD_OK},
        {"my-lib", "00400000", AVD_OK},
        {"MY-LIB.DLL", "00400000", AVD_OK},
        {"my-lib+10", "00400010", AVD_OK},
        {"my-lib-10+0n16", "00400000", AVD_OK},
        {"add", "00000add", AVD_OK}, /* digits win, as in WinDbg */
        {"my", NULL, AVD_NOT_FOUND},
        {"my-lib!f", NULL, AVD_NOT_FOUND},
        {"0n1f", NULL, AVD_NOT_FOUND},
        {"`1", NULL, AVD_NOT_FOUND},
        {"+1", NULL, AVD_NOT_FOUND},
        {"1+", NULL, AVD_NOT_FOUND},
        {"", NULL, AVD_E_ARG},
        {"@eip", NULL, AVD_NOT_FOUND},
    };
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_INTEL);
    struct dump_fixture f;
    size_t i;

    (void)db_module(
        b, &(struct db_module){.base = 0x400000, .size = 0x1000, .path = "C:\\my-lib.dll"});
    f = dump_fixture_open(b);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct avd_inspect_query q = {.what = AVD_INSPECT_MEMORY, .place = cases[i].text};
        enum avd_status status = ask(&f, &q, AVD_FORMAT_TEXT);

        if (status != cases[i].status ||
            (status == AVD_OK && strncmp(output, cases[i].shown, 8) != 0))
            ck_abort_msg("'%s': status %d, '%.9s', %s", cases[i].text, (int)status, output,
                         error.message);
        ck_assert(status == AVD_OK || error.message[0] != '\0');
    }
    dump_fixture_close(&f);
}
END_TEST

START_TEST(map)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_INTEL);
    struct avd_inspect_query q = {.what = AVD_INSPECT_MAP};
    struct dump_fixture f;

    (void)db_memory(b, 0x10800, 0x1000); /* half in the region, half behind it */
    db_region(b, 0x10000, 0x1000, 0x1000, 0x104, 0x20000);
    db_region(b, 0x20000, 0x1000, 0x10000, 0x01, 0);
    f = dump_fixture_open(b);
    assert_text(
        &f, &q,
        "start     end               size       in dump  state        protect               "
        "  type         module\n"
        "00010000  00011000          1000           800  MEM_COMMIT   PAGE_READWRITE|PAGE_GU"
        "ARD  MEM_PRIVATE\n"
        "00011000  00011800           800           800  (unlisted)   -                     "
        "  -\n"
        "00020000  00021000          1000             0  MEM_FREE     PAGE_NOACCESS        "
        "   -\n");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(nothing_there)
{
    struct dump_fixture f = dump_fixture_open(dump_fixture_builder(PROCESSOR_ARCHITECTURE_INTEL));
    struct avd_inspect_query q = {.what = AVD_INSPECT_STACK};

    ck_assert_int_eq(ask(&f, &q, AVD_FORMAT_TEXT), AVD_NOT_FOUND);
    ck_assert_str_eq(error.message, "the dump holds no threads");
    q.what = AVD_INSPECT_THREADS;
    assert_text(&f, &q, "threads\n  the dump holds no threads\n");
    q.what = AVD_INSPECT_HANDLES;
    assert_text(&f, &q, "handles\n  the dump has no handle stream\n");
    q.what = AVD_INSPECT_MAP;
    assert_text(&f, &q, "the dump holds no memory and no memory map\n");
    q.what = AVD_INSPECT_STRINGS;
    assert_text(&f, &q, "");
    q.what = AVD_INSPECT_NEAREST;
    q.place = "1234";
    assert_text(&f, &q, "00001234  (in no module)\n");
    ck_assert_int_eq(ask(&f, &q, AVD_FORMAT_HTML), AVD_E_ARG);
    ck_assert_str_eq(error.message, "answers are text or JSON");
    q.place = NULL;
    ck_assert_int_eq(ask(&f, &q, AVD_FORMAT_TEXT), AVD_E_ARG);
    ck_assert_int_eq(
        avd_inspect_write(f.dump, NULL, NULL, AVD_FORMAT_TEXT, NULL, collect, NULL, &error),
        AVD_E_ARG);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, memory_forms);
    tcase_add_test(tests, last_addresses);
    tcase_add_test(tests, found_across_ranges);
    tcase_add_test(tests, found_across_pieces);
    tcase_add_test(tests, memory_that_the_file_cannot_hold);
    tcase_add_test(tests, places);
    tcase_add_test(tests, map);
    tcase_add_test(tests, nothing_there);
}

int main(void)
{
    return suite_main("inspect", add_tests);
}
