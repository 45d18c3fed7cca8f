/* SPDX-License-Identifier: MIT */
/*
 * Dumps made out of damaged dumps, and with failing allocations: a dump that opens, no larger than
 * its source can account for, or a message; the same bytes every time.
 */
#include "base/memory.h"
#include "support/dump_fixture.h"
#include "support/extract_run.h"
#include "support/suite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { FLIPS = 400, KINDS = 2, SPARE = 1 << 16 };

static void try_one(const void *bytes, size_t size, enum avd_extract_what what)
{
    struct avd_dump *dump = NULL;
    struct extract_run run;

    if (avd_dump_open_memory(bytes, size, "mutant.dmp", &dump, NULL) != AVD_OK)
        return;
    run = extract_run_do(dump, what);
    if (run.status != AVD_OK && (run.err.code != run.status || run.err.message[0] == '\0'))
        ck_abort_msg("status %d without a message", (int)run.status);
    /* texts may double as UTF-16, lists of the loader come from memory */
    if (run.status == AVD_OK && run.bytes.size > 4 * size + SPARE)
        ck_abort_msg("%zu bytes out of %zu", run.bytes.size, size);
    extract_run_free(&run);
    avd_dump_close(dump);
    if (avd_mem_live() != 0)
        ck_abort_msg("%ld blocks leaked", avd_mem_live());
}

static void try_both(const void *bytes, size_t size)
{
    try_one(bytes, size, AVD_EXTRACT_WOW64);
    try_one(bytes, size, AVD_EXTRACT_SLIM);
}

START_TEST(damaged)
{
    size_t size;
    /* one whose streams lie in front of the memory, and one where they lie between */
    uint8_t *bytes = dump_builder_sample(_i % 2 == 0 ? DB_SAMPLE_WOW64 : DB_SAMPLE_X64, &size);
    uint32_t seed = 97u + (uint32_t)_i;
    size_t n;

    for (n = 0; n < FLIPS; n++) {
        size_t at;
        uint8_t was;

        seed = seed * 1664525u + 1013904223u;
        /* every other one in front, where the lists are */
        at = (seed >> 8) % (n % 2 == 0 ? size : size / 8);
        was = bytes[at];
        bytes[at] = (uint8_t)((seed & 8) != 0 ? 0xffu : bytes[at] ^ (1u << (seed & 7)));
        try_both(bytes, size);
        if (n % 16 != 0) /* some damage stays, and adds up */
            bytes[at] = was;
    }
    free(bytes);
}
END_TEST

START_TEST(prefixes)
{
    size_t size;
    uint8_t *bytes = dump_builder_sample(DB_SAMPLE_WOW64, &size);
    size_t n;

    for (n = 0; n < size; n += size / 300 + 1)
        try_both(bytes, n);
    free(bytes);
}
END_TEST

/* Out of memory is said, or the dump is what it is with enough. */
START_TEST(failing_allocations)
{
    enum avd_extract_what what = (enum avd_extract_what)_i;
    size_t size;
    uint8_t *bytes = dump_builder_sample(DB_SAMPLE_WOW64, &size);
    struct avd_dump *dump = NULL;
    struct extract_run whole;
    unsigned long count;
    unsigned long refused = 0;
    unsigned long n;

    ck_assert_int_eq(avd_dump_open_memory(bytes, size, "built.dmp", &dump, NULL), AVD_OK);
    avd_mem_fail_after(ULONG_MAX);
    whole = extract_run_do(dump, what);
    count = avd_mem_count();
    avd_mem_fail_after(0);
    ck_assert_int_eq(whole.status, AVD_OK);
    for (n = 1; n <= count; n += count / 1000 + 1) {
        struct extract_run run;

        avd_mem_fail_once(n);
        run = extract_run_do(dump, what);
        avd_mem_fail_after(0);
        refused += run.status == AVD_E_NOMEM;
        if (run.status != AVD_E_NOMEM && run.status != AVD_OK)
            ck_abort_msg("allocation %lu: status %d: %s", n, (int)run.status, run.err.message);
        if (run.status == AVD_OK && !run.bytes.failed &&
            (run.bytes.size != whole.bytes.size ||
             memcmp(run.bytes.text, whole.bytes.text, whole.bytes.size) != 0))
            ck_abort_msg("allocation %lu: another dump", n);
        extract_run_free(&run);
    }
    ck_assert_uint_gt(refused, 10);
    extract_run_free(&whole);
    avd_dump_close(dump);
    ck_assert_int_eq(avd_mem_live(), 0);
    free(bytes);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, damaged, 0, 4);
    tcase_add_test(tests, prefixes);
    tcase_add_loop_test(tests, failing_allocations, 0, KINDS);
}

int main(void)
{
    return suite_main("extract_robust", add_tests);
}
