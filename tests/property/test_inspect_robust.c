/* SPDX-License-Identifier: MIT */
/*
 * Every question about a dump, asked of damaged dumps and with failing allocations: an answer or a
 * message, nothing lost, nothing leaked, no end of output.
 */
#include "base/memory.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct avd_inspect_query queries[] = {
    {.what = AVD_INSPECT_STACK},
    {.what = AVD_INSPECT_THREADS},
    {.what = AVD_INSPECT_MODULES},
    {.what = AVD_INSPECT_HANDLES},
    {.what = AVD_INSPECT_MAP},
    {.what = AVD_INSPECT_MEMORY, .place = "@rip-10", .form = AVD_FORM_QWORDS},
    {.what = AVD_INSPECT_MEMORY, .place = "ffffffffffffff00", .count = 1000},
    {.what = AVD_INSPECT_MEMORY, .place = "@esp", .form = AVD_FORM_UTF16},
    {.what = AVD_INSPECT_POINTERS, .place = "@rsp", .count = 40},
    {.what = AVD_INSPECT_NEAREST, .place = "@rip"},
    {.what = AVD_INSPECT_NEAREST, .place = "ntdll!NtClose+4"},
    {.what = AVD_INSPECT_STRINGS, .min_length = 1, .count = 100},
    {.what = AVD_INSPECT_FIND, .pattern = "00 ?? 00", .count = 100},
    {.what = AVD_INSPECT_FIND, .pattern = "a"},
};
enum { QUERIES = sizeof queries / sizeof queries[0], FLIPS = 150, MOST_OUTPUT = 4 << 20 };

struct sink {
    size_t size;
    uint64_t hash;
};

static int collect(void *ctx, const char *bytes, size_t size)
{
    struct sink *sink = ctx;
    size_t i;

    sink->size += size;
    for (i = 0; i < size; i++)
        sink->hash = (sink->hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return 0;
}

static enum avd_status ask(const struct avd_dump *dump, size_t query, enum avd_format format,
                           struct sink *sink, struct avd_error *err)
{
    enum avd_status status;

    memset(sink, 0, sizeof *sink);
    memset(err, 0, sizeof *err);
    status = avd_inspect_write(dump, NULL, &queries[query], format, NULL, collect, sink, err);
    if (status != AVD_OK && (err->code != status || err->message[0] == '\0'))
        ck_abort_msg("query %zu: status %d without a message", query, (int)status);
    if (sink->size > MOST_OUTPUT)
        ck_abort_msg("query %zu: %zu bytes", query, sink->size);
    return status;
}

static void ask_all(const void *bytes, size_t size)
{
    struct avd_dump *dump = NULL;
    struct avd_error err;
    struct sink sink;
    size_t i;

    if (avd_dump_open_memory(bytes, size, "mutant.dmp", &dump, NULL) == AVD_OK)
        for (i = 0; i < QUERIES; i++)
            (void)ask(dump, i, i % 2 == 0 ? AVD_FORMAT_TEXT : AVD_FORMAT_JSON, &sink, &err);
    avd_dump_close(dump);
    ck_assert_int_eq(avd_mem_live(), 0);
}

START_TEST(damaged)
{
    size_t size;
    uint8_t *bytes = dump_builder_sample((enum db_sample)_i, &size);
    uint32_t seed = 4711u + (uint32_t)_i;
    size_t n;

    for (n = 0; n < FLIPS; n++) {
        size_t at;
        uint8_t was;

        seed = seed * 1664525u + 1013904223u;
        at = (seed >> 8) % size;
        was = bytes[at];
        bytes[at] = (uint8_t)((seed & 8) != 0 ? 0xffu : bytes[at] ^ (1u << (seed & 7)));
        ask_all(bytes, size);
        bytes[at] = was;
    }
    for (n = 0; n < size; n += size / 100 + 1)
        ask_all(bytes, n);
    free(bytes);
}
END_TEST

/* Out of memory is said, or the answer is what it is with enough. */
START_TEST(failing_allocations)
{
    size_t size;
    uint8_t *bytes = dump_builder_sample(DB_SAMPLE_WOW64, &size);
    struct avd_dump *dump = NULL;
    struct avd_error err;
    struct sink whole;
    unsigned long count;
    unsigned long refused = 0;
    unsigned long n;
    enum avd_status expected;

    ck_assert_int_eq(avd_dump_open_memory(bytes, size, "built.dmp", &dump, NULL), AVD_OK);
    avd_mem_fail_after(ULONG_MAX);
    expected = ask(dump, (size_t)_i, AVD_FORMAT_TEXT, &whole, &err);
    count = avd_mem_count();
    avd_mem_fail_after(0);
    for (n = 1; n <= count; n += count / 300 + 1) {
        struct sink sink;
        enum avd_status status;

        avd_mem_fail_once(n);
        status = ask(dump, (size_t)_i, AVD_FORMAT_TEXT, &sink, &err);
        avd_mem_fail_after(0);
        refused += status == AVD_E_NOMEM;
        if (status != AVD_E_NOMEM && (status != expected || sink.hash != whole.hash))
            ck_abort_msg("query %d, allocation %lu: another answer, status %d: %s", _i, n,
                         (int)status, err.message);
    }
    ck_assert_uint_gt(refused, 0);
    avd_dump_close(dump);
    ck_assert_int_eq(avd_mem_live(), 0);
    free(bytes);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, damaged, 0, DB_SAMPLE_COUNT);
    tcase_add_loop_test(tests, failing_allocations, 0, QUERIES);
}

int main(void)
{
    return suite_main("inspect_robust", add_tests);
}
