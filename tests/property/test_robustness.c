/* SPDX-License-Identifier: MIT */
/*
 * What must hold for any bytes: no crash, no leak, valid JSON, text without control characters,
 * bounded time and memory; and a dump whose header is sound is never refused because a part of it
 * is damaged. Tried on prefixes, seeded byte flips and fields at their extremes, of dumps built in
 * code, recorded ones, and the corpus where it is present.
 */
#include "base/view.h"
#include "minidump/format.h"
#include "support/dump_builder.h"
#include "support/dump_recover.h"
#include "support/robust_run.h"
#include "support/suite.h"
#include "support/whole_run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOTAL_FLIP_RUNS = 20000,
    TOTAL_FIELD_RUNS = 2000,
    PREFIXES = 250, /* per dump, besides every one up to the end of its directory */
    MAX_DUMPS = 12
};

struct input {
    const char *name;
    uint8_t *bytes;
    size_t size;
};

static struct input inputs[MAX_DUMPS];
static size_t input_count;

/* ---- inputs ---- */

static void add_input(const char *name, uint8_t *bytes, size_t size)
{
    inputs[input_count].name = name;
    inputs[input_count].bytes = bytes;
    inputs[input_count].size = size;
    input_count++;
}

/* A thread that stands in a handler, so that its exception is looked for on its stack. */
static void add_recovered(struct db *b,
                          void (*add_thread)(struct db *b, const struct recover_thread *thread),
                          const char *name)
{
    uint8_t *bytes;
    size_t size;

    add_thread(b, &(struct recover_thread){
                      .id = 7, .stack = 0x180000, .teb = 0x7efdb000, .in_filter = true});
    bytes = db_finish(b, &size);
    add_input(name, bytes, size);
}

static void load_inputs(void)
{
    static const char *const sample_names[] = {"built x64", "built x86", "built wow64"};
    static const char *const files[] = {
        TESTDATA "/x64-null-read-normal.dmp.gz",
        TESTDATA "/wow64-null-read-normal.dmp.gz",
        CORPUS "/breakpad/testdata/minidump2.dmp",
        CORPUS "/breakpad/testdata/thread_name_list.dmp",
        CORPUS "/breakpad/testdata/linux_null_read_av.dmp",
        CORPUS "/rust-minidump/testdata/simple-crashpad.dmp",
        CORPUS "/llvm14/lldb/unittests/Process/minidump/Inputs/fizzbuzz_no_heap.dmp"};
    size_t i;

    for (i = 0; i < sizeof sample_names / sizeof sample_names[0]; i++) {
        size_t size;
        uint8_t *bytes = dump_builder_sample((enum db_sample)i, &size);

        add_input(sample_names[i], bytes, size);
    }
    add_recovered(recover_process_x64(), recover_thread_x64, "built x64 without exception");
    add_recovered(recover_process_wow64(), recover_thread_wow64, "built wow64 without exception");
    for (i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t size;
        uint8_t *bytes = whole_run_load(files[i], &size);

        if (bytes == NULL)
            (void)fprintf(stderr, "skip: %s is not here; not tried\n", files[i]);
        else
            add_input(files[i], bytes, size);
    }
}

static void free_inputs(void)
{
    while (input_count > 0)
        free(inputs[--input_count].bytes);
}

/* ---- mutations ---- */

/* xorshift64*, seeded the same in every run */
static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(2685821657736338717);
}

static size_t random_below(size_t limit)
{
    return (size_t)(random_next() % limit);
}

static void seed(uint64_t stage, uint64_t index)
{
    random_state = UINT64_C(0x9e3779b97f4a7c15) ^ (stage << 32) ^ (index + 1);
}

static uint8_t *copy_of(const uint8_t *bytes, size_t size)
{
    /* A block of exactly this size, so that a sanitizer sees one byte too far. */
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL)
        abort();
    if (size != 0)
        memcpy(copy, bytes, size);
    return copy;
}

START_TEST(prefixes)
{
    const struct input *input = &inputs[_i];
    struct avd_view v = {input->bytes, input->size, 0};
    size_t head = MINIDUMP_HEADER_SIZE + 12 * (size_t)avd_view_u32(v, 8);
    size_t step = input->size / PREFIXES + 1;
    size_t size = 0;

    while (size < input->size) {
        uint8_t *copy = copy_of(input->bytes, size);

        robust_run_label("%s, its first %zu bytes", input->name, size);
        robust_run_try(copy, size);
        free(copy);
        /* The directory byte by byte, the rest in steps that hit any place within an entry. */
        size += size < head ? 3 : step;
    }
}
END_TEST

START_TEST(byte_flips)
{
    const struct input *input = &inputs[_i];
    size_t runs = TOTAL_FLIP_RUNS / input_count;
    uint8_t *copy = copy_of(input->bytes, input->size);
    size_t n;

    for (n = 0; n < runs; n++) {
        size_t flips;
        size_t k;

        seed(1, n);
        flips = 1 + random_below(8);
        robust_run_label("%s, byte flips of seed %zu", input->name, n);
        for (k = 0; k < flips; k++)
            copy[random_below(input->size)] ^= (uint8_t)(1 + random_below(255));
        robust_run_try(copy, input->size);
        memcpy(copy, input->bytes, input->size);
    }
    free(copy);
}
END_TEST

/* A 4-aligned place that holds structure: the header, the directory or a stream's first bytes. */
static size_t structural_place(struct avd_view v)
{
    size_t count = avd_view_u32(v, 8);
    size_t directory = avd_view_u32(v, 12);
    size_t entry = directory + 12 * random_below(count);
    size_t offset = avd_view_u32(v, entry + 8);
    size_t size = avd_view_u32(v, entry + 4);

    if (random_below(8) == 0)
        return 4 + 4 * random_below(7);
    if (random_below(6) == 0 || size < 4)
        return entry + 4 * random_below(3);
    if (size > 512)
        size = 512;
    return offset + 4 * random_below(size / 4);
}

static void put_u32(uint8_t *bytes, size_t size, size_t at, uint32_t value)
{
    size_t i;

    for (i = 0; i < 4 && at + i < size; i++)
        bytes[at + i] = (uint8_t)(value >> 8 * i);
}

START_TEST(field_extremes)
{
    const struct input *input = &inputs[_i];
    struct avd_view v = {input->bytes, input->size, 0};
    uint32_t size = (uint32_t)input->size;
    const uint32_t extremes[] = {0,          1,          2,          3,          4,
                                 7,          16,         0x20,       0xfff,      0x10000,
                                 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, size,
                                 size - 1,   size + 1,   size / 2,   size - 4};
    const size_t extreme_count = sizeof extremes / sizeof extremes[0];
    size_t runs = TOTAL_FIELD_RUNS / input_count;
    uint8_t *copy = copy_of(input->bytes, input->size);
    size_t n;

    for (n = 0; n < runs; n++) {
        size_t fields;
        size_t k;

        seed(2, n);
        fields = 1 + random_below(3);
        robust_run_label("%s, fields of seed %zu", input->name, n);
        for (k = 0; k < fields; k++) {
            size_t at = structural_place(v);

            put_u32(copy, input->size, at, extremes[random_below(extreme_count)]);
            /* Half of the time as the low or high part of a 64-bit field. */
            if (random_below(4) == 0)
                put_u32(copy, input->size, at + 4, extremes[random_below(extreme_count)]);
        }
        robust_run_try(copy, input->size);
        memcpy(copy, input->bytes, input->size);
    }
    free(copy);
}
END_TEST

/* Every stream in turn cut to nothing, gone, or made of 0xff: the others must still be there. */
START_TEST(one_stream_at_a_time)
{
    const struct input *input = &inputs[_i];
    struct avd_view v = {input->bytes, input->size, 0};
    size_t count = avd_view_u32(v, 8);
    size_t directory = avd_view_u32(v, 12);
    uint8_t *copy = copy_of(input->bytes, input->size);
    size_t n;

    for (n = 0; n < count; n++) {
        size_t entry = directory + 12 * n;
        size_t size = avd_view_u32(v, entry + 4);
        size_t offset = avd_view_u32(v, entry + 8);
        size_t kind;

        for (kind = 0; kind < 4; kind++) {
            robust_run_label("%s, stream %zu, damage %zu", input->name, n, kind);
            if (kind == 0)
                put_u32(copy, input->size, entry + 4, 0);
            else if (kind == 1)
                put_u32(copy, input->size, entry + 8, 0xffffffff);
            else if (kind == 2)
                put_u32(copy, input->size, entry, 0);
            else if (offset < input->size && size <= input->size - offset)
                memset(copy + offset, 0xff, size);
            robust_run_try(copy, input->size);
            memcpy(copy, input->bytes, input->size);
        }
    }
    free(copy);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, prefixes, 0, (int)input_count);
    tcase_add_loop_test(tests, byte_flips, 0, (int)input_count);
    tcase_add_loop_test(tests, field_extremes, 0, (int)input_count);
    tcase_add_loop_test(tests, one_stream_at_a_time, 0, (int)input_count);
}

int main(void)
{
    int code;

    load_inputs();
    robust_run_init();
    code = suite_main("robustness", add_tests);
    free_inputs();
    return code;
}
