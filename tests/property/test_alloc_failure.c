/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of a whole run fails once, and every one from the n-th on fails: out of memory
 * is said, or the result is what it is with enough memory. Nothing crashes, leaks or goes missing
 * without a word.
 */
#include "base/memory.h"
#include "support/dump_builder.h"
#include "support/dump_fixture.h"
#include "support/dump_recover.h"
#include "support/suite.h"
#include "support/whole_run.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TRIES = 4000 }; /* beyond that in steps */

struct input {
    const char *name;
    uint8_t *bytes;
    size_t size;
};

static struct input load(int index)
{
    static const char *const files[] = {TESTDATA "/wow64-null-read-normal.dmp.gz",
                                        TESTDATA "/x64-null-read-normal.dmp.gz"};
    struct input input = {"built", NULL, 0};

    if (index == DB_SAMPLE_COUNT + 2) {
        struct db *b = recover_process_wow64();

        recover_thread_wow64(b,
                             &(struct recover_thread){
                                 .id = 7, .stack = 0x180000, .teb = 0x7efdb000, .in_filter = true});
        input.name = "built without an exception stream";
        input.bytes = db_finish(b, &input.size);
    } else if (index < DB_SAMPLE_COUNT) {
        input.bytes = dump_builder_sample((enum db_sample)index, &input.size);
    } else {
        input.name = files[index - DB_SAMPLE_COUNT];
        input.bytes = whole_run_load(input.name, &input.size);
        ck_assert_msg(input.bytes != NULL, "%s is missing", input.name);
    }
    return input;
}

static void assert_run(const struct input *input, const char *how, unsigned long n,
                       const struct whole_run *run, const struct whole_run *whole)
{
    if (avd_mem_live() != 0)
        ck_abort_msg("%s, %s %lu: %ld blocks leaked", input->name, how, n, avd_mem_live());
    if (run->status == AVD_E_NOMEM) {
        if (strcmp(run->err.message, "out of memory") != 0 || run->err.code != AVD_E_NOMEM)
            ck_abort_msg("%s, %s %lu: says '%s'", input->name, how, n, run->err.message);
        return;
    }
    if (run->status != AVD_OK)
        ck_abort_msg("%s, %s %lu: status %d: %s: %s", input->name, how, n, (int)run->status,
                     run->err.where, run->err.message);
    if (run->json_size != whole->json_size || run->text_size != whole->text_size ||
        memcmp(run->json, whole->json, whole->json_size) != 0 ||
        memcmp(run->text, whole->text, whole->text_size) != 0)
        ck_abort_msg("%s, %s %lu: another result than with enough memory", input->name, how, n);
}

/* Refuses allocations by `refuse` at every number and returns how often a run said so. */
static unsigned long fail_at_each(const struct input *input, const char *how,
                                  void (*refuse)(unsigned long n), const struct whole_run *whole,
                                  unsigned long count)
{
    unsigned long step = count / MAX_TRIES + 1;
    unsigned long refused = 0;
    unsigned long n;

    for (n = 1; n <= count; n += step) {
        struct whole_run run;

        refuse(n);
        whole_run_do(input->bytes, input->size, &run);
        refuse(0);
        assert_run(input, how, n, &run, whole);
        if (run.status == AVD_E_NOMEM)
            refused++;
        whole_run_free(&run);
    }
    return refused;
}

START_TEST(every_allocation)
{
    struct input input = load(_i);
    struct whole_run whole;
    unsigned long count;

    avd_mem_fail_after(ULONG_MAX); /* none fails, but they are counted */
    whole_run_do(input.bytes, input.size, &whole);
    count = avd_mem_count();
    avd_mem_fail_after(0);
    ck_assert_int_eq(whole.status, AVD_OK);
    ck_assert_uint_gt(count, 10);
    /* A run may do without some; it cannot do without all. */
    ck_assert_uint_gt(fail_at_each(&input, "allocations from", avd_mem_fail_after, &whole, count),
                      0);
    ck_assert_uint_gt(fail_at_each(&input, "allocation", avd_mem_fail_once, &whole, count), 0);
    whole_run_free(&whole);
    free(input.bytes);
}
END_TEST

/* Opening from a compressed file allocates elsewhere too. */
START_TEST(compressed_file)
{
    unsigned long count;
    unsigned long n;
    struct avd_dump *dump = NULL;
    struct avd_error err;

    avd_mem_fail_after(ULONG_MAX);
    ck_assert_int_eq(avd_dump_open(TESTDATA "/x64-null-read-normal.dmp.gz", NULL, &dump, NULL),
                     AVD_OK);
    count = avd_mem_count();
    avd_dump_close(dump);
    for (n = 1; n <= count; n++) {
        enum avd_status status;

        avd_mem_fail_once(n);
        status = avd_dump_open(TESTDATA "/x64-null-read-normal.dmp.gz", NULL, &dump, &err);
        avd_mem_fail_after(0);
        ck_assert_int_eq(status, AVD_E_NOMEM);
        ck_assert_str_eq(err.message, "out of memory");
        ck_assert_ptr_null(dump);
        ck_assert_int_eq(avd_mem_live(), 0);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, every_allocation, 0, DB_SAMPLE_COUNT + 3);
    tcase_add_test(tests, compressed_file);
}

int main(void)
{
    return suite_main("alloc_failure", add_tests);
}
