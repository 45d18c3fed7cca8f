/* SPDX-License-Identifier: MIT */
/* Handles, address space and memory in built dumps, on both sides of every threshold. */
#include "support/hang_scene.h"
#include "support/suite.h"

#include "minidump/format.h"

#define MB UINT64_C(0x100000)

static struct hang_scene s;

static void add_handles(size_t events, size_t files)
{
    unsigned event = db_string(s.b, "Event");
    unsigned file = db_string(s.b, "File");
    unsigned name = db_string(s.b, "\\Device\\log.txt");
    size_t i;

    (void)db_handles(s.b);
    for (i = 0; i < events; i++)
        (void)db_handle(s.b, &(struct db_handle){.handle = 4 * i + 4, .type_name = event});
    for (i = 0; i < files; i++)
        (void)db_handle(s.b, &(struct db_handle){.handle = 4 * (events + i) + 4,
                                                 .type_name = file,
                                                 .object_name = name});
}

START_TEST(a_handle_leak)
{
    hang_begin(&s, 8);
    add_handles(5000, 3);
    hang_run(&s);
    hang_check(&s, "handles.count", "5003");
    hang_check(&s, "handles.top_type", "Event");
    hang_check(&s, "handles.top_type_count", "5000");
    hang_check(&s, "handles.top_name", "\\Device\\log.txt");
    hang_check(&s, "handles.top_name_count", "3");
    hang_check_finding(&s, "handle-leak", true);
    hang_end(&s);
    hang_begin(&s, 8);
    add_handles(4999, 3);
    hang_run(&s);
    hang_check_finding(&s, "handle-leak", false);
    hang_end(&s);
}
END_TEST

START_TEST(no_handles)
{
    hang_begin(&s, 8);
    hang_run(&s);
    hang_check(&s, "handles.count", "? the dump has no list of handles");
    hang_check_finding(&s, "handle-leak", false);
    hang_end(&s);
    hang_begin(&s, 8);
    add_handles(0, 0);
    hang_run(&s);
    hang_check(&s, "handles.count", "0");
    hang_check(&s, "handles.top_type", "? the dump gives no types of handles");
    hang_end(&s);
}
END_TEST

/* From 64 KB on `used` MB, then `gap` MB free, and so on up to 2 GB. */
static void add_space(uint64_t used, uint64_t gap)
{
    uint64_t at = 0x10000;

    while (at + used * MB < 0x7fff0000) {
        db_region(s.b, at, used * MB, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE);
        at += (used + gap) * MB;
    }
    if (at < 0x7fff0000)
        db_region(s.b, at, 0x7fff0000 - at, MEM_RESERVE, 0, MEM_PRIVATE);
}

START_TEST(addresses_that_are_used_up)
{
    hang_begin(&s, 4);
    add_space(500, 10);
    hang_run(&s);
    hang_check(&s, "memory.largest_free", "10");
    hang_check(&s, "memory.free", "40");
    hang_check(&s, "memory.private", "2000");
    hang_check_finding(&s, "address-space-used-up", true);
    hang_check_finding(&s, "address-space-fragmented", false);
    hang_end(&s);
}
END_TEST

START_TEST(addresses_in_small_pieces)
{
    hang_begin(&s, 4);
    add_space(20, 20);
    hang_run(&s);
    hang_check(&s, "memory.largest_free", "20");
    hang_check_finding(&s, "address-space-used-up", false);
    hang_check_finding(&s, "address-space-fragmented", true);
    hang_end(&s);
}
END_TEST

START_TEST(addresses_enough)
{
    hang_begin(&s, 4);
    add_space(100, 900);
    hang_run(&s);
    hang_check(&s, "memory.largest_free", "900");
    hang_check_finding(&s, "address-space-used-up", false);
    hang_check_finding(&s, "address-space-fragmented", false);
    hang_end(&s);
    /* A 64-bit process has always enough. */
    hang_begin(&s, 8);
    add_space(500, 10);
    hang_run(&s);
    hang_check(&s, "memory.largest_free",
               "? only counted for 32-bit processes, which run out of it");
    hang_check_finding(&s, "address-space-used-up", false);
    hang_end(&s);
}
END_TEST

/* A program that asked for 4 GB has its newest blocks at the top. */
START_TEST(addresses_above_2_gb)
{
    hang_begin(&s, 4);
    add_space(500, 10);
    db_region(s.b, 0xfff00000, 0x1000, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE);
    hang_run(&s);
    hang_check(&s, "memory.largest_free", "2047");
    hang_check_finding(&s, "address-space-used-up", false);
    hang_end(&s);
}
END_TEST

static void add_equal(size_t count, uint64_t other)
{
    uint64_t at = UINT64_C(0x100000000);
    size_t i;

    for (i = 0; i < count; i++, at += 0x20000)
        db_region(s.b, at, 0x10000, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE);
    db_region(s.b, at, other * MB, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE);
}

START_TEST(regions_of_one_size)
{
    hang_begin(&s, 8);
    add_equal(1600, 10); /* 100 MB and 10 MB */
    hang_run(&s);
    hang_check(&s, "memory.equal_regions", "1600");
    hang_check(&s, "memory.equal_size", "65536");
    hang_check(&s, "memory.equal_share", "90");
    hang_check_finding(&s, "equal-regions", true);
    hang_end(&s);
    hang_begin(&s, 8);
    add_equal(1600, 400);
    hang_run(&s);
    hang_check(&s, "memory.equal_regions", "1");
    hang_check_finding(&s, "equal-regions", false);
    hang_end(&s);
}
END_TEST

/* MINIDUMP_SYSTEM_MEMORY_INFO_1, minidumpapiset.h. */
static void check_commit(uint64_t pages, const char *percent, bool expected)
{
    unsigned stream;

    hang_begin(&s, 8);
    stream = db_stream(s.b, SystemMemoryInfoStream);
    db_zeros(s.b, stream, 492);
    db_set16(s.b, stream, 0, 1);
    db_set16(s.b, stream, 2, 0x1e);      /* all parts are there */
    db_set32(s.b, stream, 8, 4096);      /* BasicInfo.PageSize */
    db_set64(s.b, stream, 124, pages);   /* BasicPerfInfo.CommittedPages */
    db_set64(s.b, stream, 132, 1000000); /* BasicPerfInfo.CommitLimit */
    hang_run(&s);
    hang_check(&s, "system.commit_used", percent);
    hang_check_finding(&s, "commit-limit", expected);
    hang_end(&s);
}

START_TEST(the_commit_limit)
{
    check_commit(970000, "97", true);
    check_commit(500000, "50", false);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, a_handle_leak);
    tcase_add_test(tests, no_handles);
    tcase_add_test(tests, addresses_that_are_used_up);
    tcase_add_test(tests, addresses_in_small_pieces);
    tcase_add_test(tests, addresses_enough);
    tcase_add_test(tests, addresses_above_2_gb);
    tcase_add_test(tests, regions_of_one_size);
    tcase_add_test(tests, the_commit_limit);
}

int main(void)
{
    return suite_main("det_resources", add_tests);
}
