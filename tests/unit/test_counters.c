/* SPDX-License-Identifier: MIT */
/* System memory info and VM counters: revisions, sizes and validity flags. */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

static struct db *builder(void)
{
    return dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
}

static struct dump_fixture open_system_memory(uint32_t size, uint16_t flags)
{
    struct db *b = builder();
    unsigned s = db_stream(b, SystemMemoryInfoStream);

    db_zeros(b, s, 524);
    db_set16(b, s, 0, 1);
    db_set16(b, s, 2, flags);
    db_set32(b, s, 8, 4096);
    db_set32(b, s, 12, 4181212);
    db_set64(b, s, 28, 0x10000);
    db_set64(b, s, 36, UINT64_C(0x7ffffffeffff));
    db_set64(b, s, 116, UINT64_C(0x100000001));
    db_set64(b, s, 124, UINT64_C(0x200000002));
    db_set64(b, s, 132, UINT64_C(0x300000003));
    db_set64(b, s, 140, UINT64_C(0x400000004));
    db_set32(b, s, 0xc0, 11);
    db_set32(b, s, 0xc4, 12);
    db_set32(b, s, 0xc8, 13);
    db_set32(b, s, 0xcc, 14);
    db_stream_size(b, s, size);
    return dump_fixture_open(b);
}

START_TEST(system_memory)
{
    static const uint32_t sizes[] = {492, 524};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct dump_fixture f = open_system_memory(sizes[i], 0x1e);
        const struct avd_system_memory *m = &f.dump->system_memory;

        ck_assert(m->present);
        ck_assert_uint_eq(m->revision, 1);
        ck_assert_uint_eq(m->flags, 0x1e);
        ck_assert_uint_eq(m->page_size, 4096);
        ck_assert_uint_eq(m->physical_pages, 4181212);
        ck_assert_uint_eq(m->minimum_address, 0x10000);
        ck_assert(m->maximum_address == UINT64_C(0x7ffffffeffff));
        ck_assert(m->available_pages == UINT64_C(0x100000001));
        ck_assert(m->committed_pages == UINT64_C(0x200000002));
        ck_assert(m->commit_limit == UINT64_C(0x300000003));
        ck_assert(m->peak_commitment == UINT64_C(0x400000004));
        dump_fixture_note_count(&f, NULL, 0);
        dump_fixture_close(&f);
    }
}
END_TEST

/* Without the flag the 64-bit counts are not filled; older ones of 32 bits are. */
START_TEST(system_memory_without_basic_performance)
{
    struct dump_fixture f = open_system_memory(492, 0);
    const struct avd_system_memory *m = &f.dump->system_memory;

    ck_assert_uint_eq(m->available_pages, 11);
    ck_assert_uint_eq(m->committed_pages, 12);
    ck_assert_uint_eq(m->commit_limit, 13);
    ck_assert_uint_eq(m->peak_commitment, 14);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(system_memory_cut_off)
{
    struct dump_fixture f = open_system_memory(147, 2);
    const struct avd_system_memory *m = &f.dump->system_memory;

    ck_assert(m->present);
    ck_assert_uint_eq(m->page_size, 4096);
    ck_assert_uint_eq(m->available_pages, 0);
    dump_fixture_has_note(&f, "system memory info",
                          "needs 492 bytes, has 147; reading what is there");
    dump_fixture_close(&f);

    f = open_system_memory(55, 2);
    ck_assert(!f.dump->system_memory.present);
    ck_assert_uint_eq(f.dump->system_memory.page_size, 0);
    dump_fixture_has_note(&f, "system memory info", "needs 56 bytes, has 55; not read");
    dump_fixture_close(&f);
}
END_TEST

/* 64-bit value number n (from offset 8 on) is 0x1000 + n. */
static struct dump_fixture open_counters(uint16_t revision, uint16_t flags, uint32_t size)
{
    struct db *b = builder();
    unsigned s = db_stream(b, ProcessVmCountersStream);
    uint64_t i;

    db_u16(b, s, revision);
    db_u16(b, s, flags);
    db_u32(b, s, 77);
    for (i = 0; i < 18; i++)
        db_u64(b, s, 0x1000 + i);
    db_stream_size(b, s, size);
    return dump_fixture_open(b);
}

START_TEST(counters_revision_1)
{
    struct dump_fixture f = open_counters(1, 0, 80);
    const struct avd_vm_counters *c = &f.dump->vm_counters;

    ck_assert(c->present);
    ck_assert_uint_eq(c->revision, 1);
    ck_assert_uint_eq(c->page_fault_count, 77);
    ck_assert_uint_eq(c->peak_working_set, 0x1000);
    ck_assert_uint_eq(c->working_set, 0x1001);
    ck_assert_uint_eq(c->pagefile_usage, 0x1006);
    ck_assert_uint_eq(c->peak_pagefile_usage, 0x1007);
    ck_assert_uint_eq(c->private_usage, 0x1008);
    ck_assert_uint_eq(c->peak_virtual_size, 0);
    ck_assert_uint_eq(c->virtual_size, 0);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(counters_revision_2)
{
    struct dump_fixture f = open_counters(2, 0x1f, 152);
    const struct avd_vm_counters *c = &f.dump->vm_counters;

    ck_assert(c->present);
    ck_assert_uint_eq(c->flags, 0x1f);
    ck_assert_uint_eq(c->working_set, 0x1001);
    ck_assert_uint_eq(c->peak_virtual_size, 0x1008);
    ck_assert_uint_eq(c->virtual_size, 0x1009);
    ck_assert_uint_eq(c->private_usage, 0x100a);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(counters_of_a_later_revision)
{
    struct dump_fixture f = open_counters(3, 0x7, 152);

    ck_assert(f.dump->vm_counters.present);
    ck_assert_uint_eq(f.dump->vm_counters.revision, 3);
    ck_assert_uint_eq(f.dump->vm_counters.private_usage, 0x100a);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(counters_without_their_flags)
{
    struct dump_fixture f = open_counters(2, 0x1, 152);

    ck_assert(f.dump->vm_counters.present);
    ck_assert_uint_eq(f.dump->vm_counters.working_set, 0x1001);
    ck_assert_uint_eq(f.dump->vm_counters.virtual_size, 0);
    ck_assert_uint_eq(f.dump->vm_counters.private_usage, 0);
    dump_fixture_close(&f);

    f = open_counters(2, 0x6, 152);
    ck_assert(!f.dump->vm_counters.present);
    ck_assert_uint_eq(f.dump->vm_counters.working_set, 0);
    dump_fixture_has_note(&f, "process VM counters",
                          "flags 0x6 say that the writer could not get them; not read");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(counters_cut_off)
{
    struct dump_fixture f = open_counters(1, 0, 79);

    ck_assert(!f.dump->vm_counters.present);
    dump_fixture_has_note(&f, "process VM counters", "revision 1 needs 80 bytes, has 79; not read");
    dump_fixture_close(&f);
    f = open_counters(2, 7, 151);
    ck_assert(!f.dump->vm_counters.present);
    dump_fixture_has_note(&f, "process VM counters",
                          "revision 2 needs 152 bytes, has 151; not read");
    dump_fixture_close(&f);
    f = open_counters(0, 7, 152);
    ck_assert(!f.dump->vm_counters.present);
    dump_fixture_has_note(&f, "process VM counters", "expected revision 1 or 2, found 0; not read");
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, system_memory);
    tcase_add_test(tests, system_memory_without_basic_performance);
    tcase_add_test(tests, system_memory_cut_off);
    tcase_add_test(tests, counters_revision_1);
    tcase_add_test(tests, counters_revision_2);
    tcase_add_test(tests, counters_of_a_later_revision);
    tcase_add_test(tests, counters_without_their_flags);
    tcase_add_test(tests, counters_cut_off);
}

int main(void)
{
    return suite_main("counters", add_tests);
}
