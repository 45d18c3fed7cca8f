/* SPDX-License-Identifier: MIT */
/* The picture of the address space: what parts strips, how long they are, what a cell shows. */
#include "report/build.h"

#include "base/memory.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct dump_fixture fixture;
static struct avd_report report;
static struct avd_rep_module modules[1];
static struct avd_rep_thread threads[1];
static struct avd_rep_frame frames[1];

static struct db *begin(void)
{
    memset(&report, 0, sizeof report);
    memset(modules, 0, sizeof modules);
    memset(threads, 0, sizeof threads);
    memset(frames, 0, sizeof frames);
    report.modules = modules;
    report.threads = threads;
    threads[0].stack.frames = frames;
    threads[0].stack.frame_count = 1;
    return dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
}

static void build(struct db *b)
{
    fixture = dump_fixture_open(b);
    avd_build_map(fixture.dump, &report);
    ck_assert(!report.arena.failed);
}

static void end(void)
{
    avd_arena_deinit(&report.arena);
    dump_fixture_close(&fixture);
}

static void private_region(struct db *b, uint64_t base, uint64_t size)
{
    db_region(b, base, size, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE);
}

/* The kind of a cell, without the bit for what is in the dump. */
static unsigned kind(size_t strip, size_t cell)
{
    return report.map.strips[strip].cells[cell] & ~(unsigned)AVD_MAP_IN_DUMP;
}

static bool in_dump(size_t strip, size_t cell)
{
    return (report.map.strips[strip].cells[cell] & AVD_MAP_IN_DUMP) != 0;
}

START_TEST(regions_make_strips_with_short_gaps)
{
    struct db *b = begin();

    private_region(b, 0x10000, 0x10000);
    db_region(b, 0x20000, 0x1000, MEM_FREE, 0, 0);
    db_region(b, 0x400000, 0x10000, MEM_COMMIT, PAGE_READONLY, MEM_IMAGE);
    db_region(b, UINT64_C(0x10000000000), 0x1000, MEM_COMMIT, PAGE_READONLY, MEM_MAPPED);
    db_region(b, UINT64_C(0x10000001000), UINT64_C(0x4000000000), MEM_RESERVE, 0, MEM_PRIVATE);
    (void)db_memory(b, 0x400000, 0x1000);
    modules[0].base = 0x400000;
    modules[0].end = 0x410000;
    report.module_count = 1;
    build(b);
    ck_assert(report.map.from_regions);
    ck_assert_uint_eq(report.map.strip_count, 2);
    ck_assert_uint_eq(report.map.strips[0].start, 0x10000);
    ck_assert_uint_eq(report.map.strips[0].end, 0x410000);
    /* 64 KiB, a gap that is drawn as 1 MiB, 64 KiB. */
    ck_assert_uint_eq(report.map.strips[0].length, 0x120000);
    ck_assert_uint_eq(report.map.strips[0].used, 0x20000);
    ck_assert_uint_eq(report.map.strips[0].modules, 1);
    ck_assert_uint_eq(report.map.strips[1].modules, 0);
    /* A cell has 0x120000 / 200 bytes, rounded up to 5899. */
    ck_assert_uint_eq(kind(0, 0), AVD_MAP_PRIVATE);
    ck_assert_uint_eq(kind(0, 11), AVD_MAP_PRIVATE);
    ck_assert_uint_eq(kind(0, 12), AVD_MAP_FREE);
    ck_assert_uint_eq(kind(0, 187), AVD_MAP_FREE);
    ck_assert_uint_eq(kind(0, 188), AVD_MAP_IMAGE);
    ck_assert_uint_eq(kind(0, 199), AVD_MAP_IMAGE);
    ck_assert(!in_dump(0, 187) && in_dump(0, 188) && in_dump(0, 189) && !in_dump(0, 190));
    ck_assert(!in_dump(0, 0));
    /* One page, and 256 GiB that are only reserved. */
    ck_assert_uint_eq(report.map.strips[1].length, 0x101000);
    ck_assert_uint_eq(report.map.strips[1].used, 0x1000);
    ck_assert_uint_eq(kind(1, 0), AVD_MAP_MAPPED);
    ck_assert_uint_eq(kind(1, 1), AVD_MAP_RESERVED);
    /* The module is the image region, not another. */
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_IMAGE], 0x10000);
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_PRIVATE], 0x10000);
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_MAPPED], 0x1000);
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_RESERVED], UINT64_C(0x4000000000));
    end();
}
END_TEST

START_TEST(memory_around_a_stack_pointer_is_a_stack)
{
    struct db *b = begin();

    private_region(b, 0x10000, 0x1000);
    private_region(b, 0x20000, 0x1000);
    frames[0].sp = 0x20ff8;
    report.thread_count = 1;
    build(b);
    ck_assert_uint_eq(report.map.strips[0].stacks, 1);
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_STACK], 0x1000);
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_PRIVATE], 0x1000);
    ck_assert_uint_eq(kind(0, 0), AVD_MAP_PRIVATE);
    ck_assert_uint_eq(kind(0, 199), AVD_MAP_STACK);
    end();
}
END_TEST

START_TEST(without_regions_ranges_and_modules_tell)
{
    struct db *b = begin();

    (void)db_memory(b, 0x10000, 0x1000);
    (void)db_memory(b, 0x401000, 0x1000);
    modules[0].base = 0x400000;
    modules[0].end = 0x410000;
    report.module_count = 1;
    build(b);
    ck_assert(!report.map.from_regions);
    ck_assert_uint_eq(report.map.strip_count, 1);
    ck_assert_uint_eq(kind(0, 0), AVD_MAP_DATA);
    ck_assert(in_dump(0, 0));
    ck_assert_uint_eq(kind(0, 199), AVD_MAP_IMAGE);
    /* What lies in the module is the module's. */
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_DATA], 0x1000);
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_IMAGE], 0x10000);
    ck_assert_uint_eq(report.map.strips[0].used, 0x11000);
    end();
}
END_TEST

START_TEST(nothing_gives_no_strips)
{
    build(begin());
    ck_assert_uint_eq(report.map.strip_count, 0);
    end();
}
END_TEST

START_TEST(far_scattered_memory_has_so_many_strips)
{
    struct db *b = begin();
    size_t i;

    for (i = 0; i < 100; i++)
        private_region(b, UINT64_C(0x100000000) * (i + 1) + i * i * 0x1000000, 0x1000);
    build(b);
    ck_assert_uint_eq(report.map.strip_count, AVD_MAP_STRIPS);
    ck_assert_uint_eq(report.map.sizes[AVD_MAP_PRIVATE], 100 * 0x1000);
    /* The widest gaps are the last ones: the first strip has what they leave, all of it visible. */
    ck_assert_uint_eq(report.map.strips[0].used, 77 * 0x1000);
    ck_assert_uint_eq(report.map.strips[0].start, UINT64_C(0x100000000));
    ck_assert_uint_eq(kind(0, 0), AVD_MAP_PRIVATE);
    ck_assert_uint_eq(kind(0, 199), AVD_MAP_PRIVATE);
    end();
}
END_TEST

START_TEST(hostile_sizes_end)
{
    struct db *b = begin();

    private_region(b, UINT64_C(0xffffffffffff0000), 0x10000);
    private_region(b, 0, UINT64_MAX);
    private_region(b, 0x1000, UINT64_MAX);
    private_region(b, 0x1000, 0);
    db_region(b, 0x2000, UINT64_MAX, MEM_COMMIT, PAGE_READONLY, MEM_IMAGE);
    (void)db_memory(b, 0x1000, 0x1000);
    modules[0].base = UINT64_C(0xfffffffffffff000);
    modules[0].end = 0; /* the end of the address space */
    report.module_count = 1;
    build(b);
    ck_assert_uint_eq(report.map.strip_count, 1);
    ck_assert_uint_eq(report.map.strips[0].end, 0);
    ck_assert_uint_eq(kind(0, 100), AVD_MAP_PRIVATE);
    ck_assert(in_dump(0, 0));
    end();
}
END_TEST

START_TEST(out_of_memory_is_told)
{
    struct db *b = begin();
    unsigned long n;

    private_region(b, 0x10000, 0x1000);
    fixture = dump_fixture_open(b);
    for (n = 1; n <= 3; n++) {
        avd_mem_fail_after(n);
        avd_build_map(fixture.dump, &report);
        avd_mem_fail_after(0);
        ck_assert(report.arena.failed);
        avd_arena_deinit(&report.arena);
        memset(&report.arena, 0, sizeof report.arena);
    }
    end();
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, regions_make_strips_with_short_gaps);
    tcase_add_test(tests, memory_around_a_stack_pointer_is_a_stack);
    tcase_add_test(tests, without_regions_ranges_and_modules_tell);
    tcase_add_test(tests, nothing_gives_no_strips);
    tcase_add_test(tests, far_scattered_memory_has_so_many_strips);
    tcase_add_test(tests, hostile_sizes_end);
    tcase_add_test(tests, out_of_memory_is_told);
}

int main(void)
{
    return suite_main("build_map", add_tests);
}
