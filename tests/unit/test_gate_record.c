/* SPDX-License-Identifier: MIT */
/* src/gate: records as JSON, content ids, first bytes, times, the ring of results, the seen set. */
#include "avdump/avdump.h"
#include "base/memory.h"
#include "gate/gate.h"
#include "gate/json.h"
#include "gate/order.h"
#include "gate/seen.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct avd_view view_of(const char *bytes, size_t size)
{
    struct avd_view view = {(const uint8_t *)bytes, size, 0};

    return view;
}

/* ---- records ---- */

static const struct avd_gate_finding findings[] = {
    {"null-data-pointer", AVD_SEVERITY_ERROR, "Null pointer", "a pointer was null",
     "look\nthen think"},
    {"virtualized-process", AVD_SEVERITY_INFO, NULL, NULL, NULL}};

static const struct avd_gate_record whole = {
    .name = "a \"b\"\n\\\x1f.zip!d/x.dmp",
    .content_id = "0123456789abcdef0123456789abcdef",
    .size = UINT64_C(0x123456789ab),
    .outcome = AVD_GATE_ANALYZED,
    .crashed = 1,
    .signature = "av1-0",
    .bucket = "NULL_POINTER_READ",
    .what = "what",
    .where = "where",
    .followup = "app!main",
    .process = "app.exe",
    .version = "1.2.3.4",
    .system = "Windows NT 10.0, amd64",
    .stack = "00 app!main\n01 ntdll!x\n",
    .time = 0xfffffffe,
    .findings = findings,
    .finding_count = 2,
};

START_TEST(test_round_trip)
{
    struct avd_arena arena = {0};
    struct avd_gate_record read;
    struct avd_strbuf text;
    const char *why = NULL;

    avd_strbuf_init(&text);
    avd_gate_record_write(&whole, &text);
    ck_assert(!text.failed);
    ck_assert_ptr_null(strchr(avd_strbuf_text(&text), '\n'));
    avd_strbuf_puts(&text, ",\"status\":\"OK\"}"); /* what follows is none of its business */
    ck_assert(avd_gate_record_read(avd_strbuf_text(&text), text.size, &arena, &read, &why));
    ck_assert_ptr_null(why);
    ck_assert_str_eq(read.name, whole.name);
    ck_assert_str_eq(read.content_id, whole.content_id);
    ck_assert_uint_eq(read.size, whole.size);
    ck_assert_int_eq(read.outcome, AVD_GATE_ANALYZED);
    ck_assert_ptr_null(read.error);
    ck_assert_int_ne(read.crashed, 0);
    ck_assert_str_eq(read.signature, "av1-0");
    ck_assert_str_eq(read.bucket, "NULL_POINTER_READ");
    ck_assert_str_eq(read.what, "what");
    ck_assert_str_eq(read.where, "where");
    ck_assert_str_eq(read.followup, "app!main");
    ck_assert_str_eq(read.process, "app.exe");
    ck_assert_str_eq(read.version, "1.2.3.4");
    ck_assert_str_eq(read.system, whole.system);
    ck_assert_str_eq(read.stack, whole.stack);
    ck_assert_uint_eq(read.time, 0xfffffffe);
    ck_assert_uint_eq(read.finding_count, 2);
    ck_assert_str_eq(read.findings[0].id, "null-data-pointer");
    ck_assert_int_eq(read.findings[0].severity, AVD_SEVERITY_ERROR);
    ck_assert_str_eq(read.findings[0].title, "Null pointer");
    ck_assert_str_eq(read.findings[0].summary, "a pointer was null");
    ck_assert_str_eq(read.findings[0].advice, "look\nthen think");
    ck_assert_int_eq(read.findings[1].severity, AVD_SEVERITY_INFO);
    ck_assert_ptr_null(read.findings[1].summary);
    ck_assert_int_eq(avd_gate_record_severity(&read), AVD_SEVERITY_ERROR);
    avd_arena_deinit(&arena);
    avd_strbuf_deinit(&text);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

static const struct {
    const char *text, *why;
} malformed[] = {
    {"", "no JSON object"},
    {"[]", "no JSON object"},
    {"{\"name\":\"x\"", "no JSON object"},
    {"{\"name\":\"x\",\"name\":\"y\",\"outcome\":\"analyzed\"}", "no JSON object"},
    {"{}", "no \"name\""},
    {"{\"name\":7,\"outcome\":\"analyzed\"}", "\"name\" is no text"},
    {"{\"name\":\"a\\u0000b\",\"outcome\":\"analyzed\"}", "no JSON object"},
    {"{\"name\":\"x\"}", "no known \"outcome\""},
    {"{\"name\":\"x\",\"outcome\":\"fine\"}", "no known \"outcome\""},
    {"{\"name\":\"x\",\"outcome\":\"analyzed\",\"size\":-1}", "\"size\" is no number"},
    {"{\"name\":\"x\",\"outcome\":\"analyzed\",\"size\":1.5}", "\"size\" is no number"},
    {"{\"name\":\"x\",\"outcome\":\"analyzed\",\"time\":4294967296}", "\"time\" is no unix time"},
    {"{\"name\":\"x\",\"outcome\":\"analyzed\",\"stack\":[]}", "\"stack\" is no text"},
    {"{\"name\":\"x\",\"outcome\":\"analyzed\",\"findings\":[{\"id\":\"a\"}]}",
     "a finding has no \"id\" or no known \"severity\""},
    {"{\"name\":\"x\",\"outcome\":\"analyzed\",\"findings\":[7]}",
     "a finding has no \"id\" or no known \"severity\""},
};

START_TEST(test_malformed)
{
    struct avd_arena arena = {0};
    struct avd_gate_record read;
    const char *why = NULL;

    ck_assert(
        !avd_gate_record_read(malformed[_i].text, strlen(malformed[_i].text), &arena, &read, &why));
    ck_assert_str_eq(why, malformed[_i].why);
    avd_arena_deinit(&arena);
}
END_TEST

/* ---- content ids ---- */

/* FNV-1a of the size in eight bytes, little endian, and the bytes: computed apart in Python. */
START_TEST(test_content_id)
{
    char id[AVD_GATE_ID_SIZE];
    char other[AVD_GATE_ID_SIZE];
    size_t size = 1024 * 1024;
    char *large = calloc(size, 1);

    avd_gate_content_id(view_of("", 0), id);
    ck_assert_str_eq(id, "a8c7f832281a39c5b9668520630aac6d");
    avd_gate_content_id(view_of("MDMP", 4), id);
    ck_assert_str_eq(id, "12c1b69d8a8409452c596bdebf977f2d");
    ck_assert_ptr_nonnull(large);
    avd_gate_content_id(view_of(large, size), id);
    large[0] = 1;
    avd_gate_content_id(view_of(large, size), other);
    ck_assert_str_ne(id, other);
    large[0] = 0;
    large[size - 1] = 1;
    avd_gate_content_id(view_of(large, size), other);
    ck_assert_str_ne(id, other);
    large[size - 1] = 0;
    avd_gate_content_id(view_of(large, size - 1), other);
    ck_assert_str_ne(id, other);
    large[size / 2] = 1; /* in the middle of a large one it does not look, as it says */
    avd_gate_content_id(view_of(large, size), other);
    ck_assert_str_eq(id, other);
    free(large);
}
END_TEST

START_TEST(test_shards)
{
    unsigned counts[7] = {0};
    char bytes[8] = {0};
    char id[AVD_GATE_ID_SIZE];
    unsigned i;

    for (i = 0; i < 7000; i++) {
        memcpy(bytes, &i, sizeof i);
        avd_gate_content_id(view_of(bytes, sizeof bytes), id);
        ck_assert_uint_lt(avd_gate_shard(id, 7), 7);
        counts[avd_gate_shard(id, 7)]++;
    }
    for (i = 0; i < 7; i++) {
        ck_assert_uint_gt(counts[i], 800);
        ck_assert_uint_lt(counts[i], 1200);
    }
    ck_assert_uint_eq(avd_gate_shard("", 7), 0);
}
END_TEST

/* ---- first bytes ---- */

START_TEST(test_sniff)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum avd_gate_kind kind;
    } cases[] = {
        {"MDMP\x93\xa7", 6, AVD_GATE_DUMP},
        {"MDM", 3, AVD_GATE_OTHER},
        {"", 0, AVD_GATE_OTHER},
        {"PK\3\4", 4, AVD_GATE_ARCHIVE},
        {"PK\5\6", 4, AVD_GATE_OTHER},
        {"7z\xbc\xaf\x27\x1c", 6, AVD_GATE_ARCHIVE},
        {"MSCF\0\0\0\0", 8, AVD_GATE_ARCHIVE},
        {"MSCF\1\0\0\0", 8, AVD_GATE_OTHER},
        {"\xfd\x37zXZ\0", 6, AVD_GATE_ARCHIVE},
        {"\x28\xb5\x2f\xfd", 4, AVD_GATE_ARCHIVE},
        {"BZh9", 4, AVD_GATE_ARCHIVE},
        {"\x1f\x8b\x08\0\0\0\0\0", 8, AVD_GATE_OTHER},
        /* gzip of "MDMP", stored: RFC 1952, RFC 1951 3.2.4 */
        {"\x1f\x8b\x08\0\0\0\0\0\0\3\1\4\0\xfb\xffMDMP", 19, AVD_GATE_PACKED_DUMP},
        {"\x1f\x8b\x08\0\0\0\0\0\0\3\1\4\0\xfb\xffNONE", 19, AVD_GATE_OTHER},
    };
    char tar[512] = {0};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_int_eq(avd_gate_sniff(view_of(cases[i].bytes, cases[i].size)), cases[i].kind);
    memcpy(tar + 257, "ustar", 5);
    ck_assert_int_eq(avd_gate_sniff(view_of(tar, sizeof tar)), AVD_GATE_ARCHIVE);
    ck_assert_int_eq(avd_gate_sniff(view_of(tar, 261)), AVD_GATE_OTHER);
}
END_TEST

/* ---- times ---- */

/* From date(1): date -u -d @N +%FT%TZ */
START_TEST(test_times)
{
    static const struct {
        uint32_t seconds;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00Z"},          {951782400, "2000-02-29T00:00:00Z"},
                 {951868799, "2000-02-29T23:59:59Z"},  {951868800, "2000-03-01T00:00:00Z"},
                 {1709251199, "2024-02-29T23:59:59Z"}, {1735689599, "2024-12-31T23:59:59Z"},
                 {4294967295U, "2106-02-07T06:28:15Z"}};
    char text[AVD_GATE_TIME_SIZE];
    uint32_t seconds;
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        avd_gate_time_text(cases[i].seconds, text);
        ck_assert_str_eq(text, cases[i].text);
        if (cases[i].seconds != 4294967295U) {
            ck_assert(avd_gate_time_parse(text, &seconds));
            ck_assert_uint_eq(seconds, cases[i].seconds);
        }
    }
}
END_TEST

START_TEST(test_days)
{
    static const char *const wrong[] = {"",           "2026-1-01",  "2026-13-01",  "2026-00-10",
                                        "2026-02-29", "2026-04-31", "2026-12-32",  "2026-12-00",
                                        "1969-12-31", "2106-01-01", "2026-12-31T", "2026/12/31",
                                        "20a6-12-31"};
    uint32_t seconds;
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!avd_gate_date_parse(wrong[i], &seconds), "%s", wrong[i]);
    ck_assert(avd_gate_date_parse("2024-02-29", &seconds));
    ck_assert_uint_eq(seconds, 1709164800);
    ck_assert(!avd_gate_time_parse("2024-02-29T24:00:00Z", &seconds));
    ck_assert(!avd_gate_time_parse("2024-02-29T23:60:00Z", &seconds));
    ck_assert(!avd_gate_time_parse("2024-02-29T23:00:00", &seconds));
}
END_TEST

/* ---- the ring ---- */

struct emitted {
    char text[256];
    unsigned stop_after;
};

static bool note(void *ctx, struct avd_view record, struct avd_view report)
{
    struct emitted *emitted = ctx;
    size_t used = strlen(emitted->text);

    (void)snprintf(emitted->text + used, sizeof emitted->text - used, "%.*s/%.*s ",
                   (int)record.size, (const char *)record.data, (int)report.size,
                   (const char *)report.data);
    return emitted->stop_after == 0 || --emitted->stop_after != 0;
}

static bool put(struct avd_gate_order *order, uint64_t sequence, const char *record,
                const char *report)
{
    return avd_gate_order_put(order, sequence, view_of(record, strlen(record)),
                              view_of(report, strlen(report)));
}

START_TEST(test_order)
{
    struct emitted emitted = {"", 0};
    struct avd_gate_order *order = avd_gate_order_new(note, &emitted);

    ck_assert_ptr_nonnull(order);
    ck_assert(put(order, 2, "c", "C") && put(order, 1, "b", ""));
    ck_assert_str_eq(emitted.text, "");
    ck_assert(put(order, 0, "a", "A"));
    ck_assert_str_eq(emitted.text, "a/A b/ c/C ");
    ck_assert(put(order, 3, "d", "D") && put(order, 5, "f", "F"));
    ck_assert(avd_gate_order_flush(order)); /* 4 never came */
    ck_assert_str_eq(emitted.text, "a/A b/ c/C d/D f/F ");
    avd_gate_order_free(order);
    avd_gate_order_free(NULL);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

START_TEST(test_order_room)
{
    struct emitted emitted = {"", 2};
    struct avd_gate_order *order = avd_gate_order_new(note, &emitted);

    ck_assert(avd_gate_order_has_room(order, 0));
    ck_assert(avd_gate_order_has_room(order, 4095));
    ck_assert(!avd_gate_order_has_room(order, 4096));
    ck_assert(put(order, 1, "b", ""));
    ck_assert(!put(order, 0, "a", "")); /* the callback stops at the second */
    ck_assert_str_eq(emitted.text, "a/ b/ ");
    avd_gate_order_free(order);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

/* ---- the set ---- */

START_TEST(test_seen)
{
    struct avd_gate_seen seen = {0};
    char name[32];
    unsigned i;

    ck_assert(!avd_gate_seen_has(&seen, "a", "b"));
    ck_assert(avd_gate_seen_add(&seen, "ab", "c"));
    ck_assert(!avd_gate_seen_has(&seen, "a", "bc"));
    for (i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "%u", i);
        ck_assert(avd_gate_seen_add(&seen, "id", name));
    }
    for (i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "%u", i);
        ck_assert(avd_gate_seen_has(&seen, "id", name));
        ck_assert(!avd_gate_seen_add(&seen, "id", name));
    }
    ck_assert(!avd_gate_seen_has(&seen, "id", "5000"));
    ck_assert_uint_eq(seen.count, 5001);
    ck_assert(!seen.failed);
    avd_gate_seen_deinit(&seen);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

START_TEST(test_seen_no_memory)
{
    struct avd_gate_seen seen = {0};

    avd_mem_fail_after(1);
    ck_assert(avd_gate_seen_add(&seen, "a", "b")); /* better twice than not at all */
    avd_mem_fail_after(0);
    ck_assert(seen.failed);
    avd_gate_seen_deinit(&seen);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_round_trip);
    tcase_add_loop_test(tests, test_malformed, 0, sizeof malformed / sizeof *malformed);
    tcase_add_test(tests, test_content_id);
    tcase_add_test(tests, test_shards);
    tcase_add_test(tests, test_sniff);
    tcase_add_test(tests, test_times);
    tcase_add_test(tests, test_days);
    tcase_add_test(tests, test_order);
    tcase_add_test(tests, test_order_room);
    tcase_add_test(tests, test_seen);
    tcase_add_test(tests, test_seen_no_memory);
}

int main(void)
{
    return suite_main("gate_record", add_tests);
}
