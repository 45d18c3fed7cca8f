/* SPDX-License-Identifier: MIT */
/* Process memory as one address space, and what MemoryInfo says of it. */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <stdlib.h>

static struct db *builder(void)
{
    return dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
}

START_TEST(list)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_memory *memory;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    struct avd_view v;

    (void)db_memory(b, 0x20000, 0x100); /* unsorted in the file */
    (void)db_memory(b, 0x10000, 0x10);
    db_poke64(b, 0x10008, UINT64_C(0x1122334455667788));
    f = dump_fixture_open(b);
    memory = &f.dump->memory;
    ck_assert_uint_eq(memory->range_count, 2);
    ck_assert_uint_eq(memory->ranges[0].start, 0x10000);
    ck_assert_uint_eq(memory->listed_count, 2);
    ck_assert_uint_eq(memory->listed_size, 0x110);
    ck_assert(!memory->full);
    ck_assert(avd_memory_u64(memory, 0x10008, &u64));
    ck_assert(u64 == UINT64_C(0x1122334455667788));
    ck_assert(!avd_memory_u64(memory, 0x10009, &u64));
    ck_assert_uint_eq(u64, 0);
    ck_assert(avd_memory_u32(memory, 0x1000c, &u32));
    ck_assert_uint_eq(u32, 0x11223344);
    ck_assert(avd_memory_u16(memory, 0x1000e, &u16));
    ck_assert_uint_eq(u16, 0x1122);
    ck_assert(avd_memory_pointer(memory, 0x10008, 4, &u64));
    ck_assert_uint_eq(u64, 0x55667788);
    ck_assert(avd_memory_pointer(memory, 0x10008, 8, &u64));
    ck_assert(avd_memory_view(memory, 0x1000c, 100, &v));
    ck_assert_uint_eq(v.size, 4);
    ck_assert(!avd_memory_view(memory, 0x10010, 1, &v));
    ck_assert(!avd_memory_view(memory, 0xffff, 1, &v));
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(full_memory)
{
    struct db *b = builder();
    struct dump_fixture f;
    uint32_t value;

    db_full_memory(b);
    (void)db_memory(b, 0x10000, 0x13);
    (void)db_memory(b, UINT64_C(0x7ff800000000), 0x21);
    db_poke32(b, 0x10000, 1);
    db_poke32(b, UINT64_C(0x7ff800000000) + 0x1d, 2);
    f = dump_fixture_open(b);
    ck_assert(f.dump->memory.full);
    ck_assert_uint_eq(f.dump->memory.range_count, 2);
    ck_assert(avd_memory_u32(&f.dump->memory, 0x10000, &value));
    ck_assert_uint_eq(value, 1);
    ck_assert(avd_memory_u32(&f.dump->memory, UINT64_C(0x7ff800000000) + 0x1d, &value));
    ck_assert_uint_eq(value, 2);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(reads_cross_adjacent_ranges)
{
    struct db *b = builder();
    struct dump_fixture f;
    uint8_t bytes[16];
    uint64_t value;

    (void)db_memory(b, 0x10000, 4);
    (void)db_memory(b, 0x10004, 4);
    (void)db_memory(b, 0x10009, 4); /* behind a gap of one byte */
    db_poke32(b, 0x10000, 0x44332211);
    db_poke32(b, 0x10004, 0x88776655);
    f = dump_fixture_open(b);
    ck_assert(avd_memory_u64(&f.dump->memory, 0x10000, &value));
    ck_assert(value == UINT64_C(0x8877665544332211));
    ck_assert_uint_eq(avd_dump_read(f.dump, 0x10000, bytes, 16), 8);
    ck_assert_uint_eq(bytes[7], 0x88);
    ck_assert_uint_eq(avd_dump_read(f.dump, 0x10008, bytes, 1), 0);
    ck_assert_uint_eq(avd_memory_extent(&f.dump->memory, 0x10000, 100), 8);
    ck_assert_uint_eq(avd_memory_extent(&f.dump->memory, 0x10002, 3), 3);
    ck_assert_uint_eq(avd_memory_extent(&f.dump->memory, 0x10008, 3), 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(overlapping_ranges)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_memory *memory;
    uint64_t value;

    (void)db_memory(b, 0x10000, 0x100);
    db_poke64(b, 0x10010, 0x11);
    (void)db_memory(b, 0x10000, 0x10);  /* the same start, shorter */
    (void)db_memory(b, 0x10080, 0x100); /* reaches further */
    (void)db_memory(b, 0x10020, 0x10);  /* inside */
    db_poke64(b, 0x10170, 0x22);
    f = dump_fixture_open(b);
    memory = &f.dump->memory;
    ck_assert_uint_eq(memory->range_count, 2);
    ck_assert_uint_eq(memory->ranges[0].size, 0x100);
    ck_assert_uint_eq(memory->ranges[1].start, 0x10100);
    ck_assert_uint_eq(memory->ranges[1].size, 0x80);
    ck_assert(avd_memory_u64(memory, 0x10010, &value));
    ck_assert_uint_eq(value, 0x11);
    ck_assert(avd_memory_u64(memory, 0x10170, &value));
    ck_assert_uint_eq(value, 0x22);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(range_that_wraps)
{
    struct db *b = builder();
    struct dump_fixture f;
    uint8_t bytes[64];

    (void)db_memory(b, UINT64_C(0xfffffffffffffff0), 0x40);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->memory.range_count, 1);
    ck_assert_uint_eq(f.dump->memory.ranges[0].size, 0x10);
    ck_assert_uint_eq(avd_dump_read(f.dump, UINT64_C(0xfffffffffffffff8), bytes, 64), 8);
    ck_assert_uint_eq(avd_memory_extent(&f.dump->memory, UINT64_MAX, 64), 1);
    ck_assert_uint_eq(avd_dump_read(f.dump, 0, bytes, 64), 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(range_beyond_the_file)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_memory(b, 0x10000, 0x10);
    db_memory_raw(b, 0x20000, 0x1000, 0x7fffffff);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->memory.range_count, 1);
    ck_assert_uint_eq(f.dump->memory.listed_size, 0x1010);
    dump_fixture_has_note(&f, "memory list",
                          "1 of 2 memory ranges reach beyond the end of the file; 4096 bytes of "
                          "the process's memory are missing (a truncated dump)");
    dump_fixture_close(&f);
}
END_TEST

/* RVA 0 is the header: such an entry has no bytes. */
START_TEST(range_without_bytes)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_memory_raw(b, 0x20000, 0x1000, 0);
    db_memory_raw(b, 0x30000, 0, 32);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->memory.range_count, 0);
    ck_assert_uint_eq(f.dump->memory.listed_count, 2);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(full_memory_cut_off)
{
    struct db *b = builder();
    struct avd_dump *dump = NULL;
    uint64_t value;
    uint8_t *bytes;
    size_t size;

    db_full_memory(b);
    (void)db_memory(b, 0x10000, 0x1000);
    (void)db_memory(b, 0x20000, 0x1000);
    db_poke64(b, 0x20000, 0x77);
    bytes = db_finish(b, &size);
    ck_assert_int_eq(avd_dump_open_memory(bytes, size - 0xff0, "cut", &dump, NULL), AVD_OK);
    ck_assert_uint_eq(dump->memory.range_count, 2);
    ck_assert_uint_eq(dump->memory.ranges[1].size, 0x10);
    ck_assert(avd_memory_u64(&dump->memory, 0x20000, &value));
    ck_assert_uint_eq(value, 0x77);
    ck_assert_uint_eq(dump->notes.count, 1);
    ck_assert_str_eq(dump->notes.items[0].where, "memory64 list");
    ck_assert_str_eq(dump->notes.items[0].message,
                     "1 of 2 memory ranges reach beyond the end of the file; 4080 bytes of the "
                     "process's memory are missing (a truncated dump)");
    avd_dump_close(dump);
    free(bytes);
}
END_TEST

START_TEST(full_memory_with_absurd_sizes)
{
    struct db *b = builder();
    struct dump_fixture f;
    unsigned s = db_stream(b, Memory64ListStream);

    db_u64(b, s, UINT64_MAX);
    db_u64(b, s, 32);
    db_u64(b, s, 0x10000);
    db_u64(b, s, 8);
    db_u64(b, s, 0x20000);
    db_u64(b, s, UINT64_MAX - 8);
    db_u64(b, s, 0x30000);
    db_u64(b, s, 8);
    f = dump_fixture_open(b);
    ck_assert(f.dump->memory.full);
    dump_fixture_has_note(&f, "memory64 list",
                          "18446744073709551615 ranges do not fit the stream of 64 bytes; reading "
                          "3");
    dump_fixture_has_note(&f, "memory64 list",
                          "range 1 of 0xfffffffffffffff7 bytes cannot be; the rest is not read");
    ck_assert_uint_eq(f.dump->memory.ranges[0].start, 0x10000);
    ck_assert_uint_eq(f.dump->memory.ranges[0].size, 8);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(full_memory_list_too_short)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_u64(b, db_stream(b, Memory64ListStream), 1);
    f = dump_fixture_open(b);
    dump_fixture_has_note(&f, "memory64 list",
                          "stream has 8 bytes, expected at least 16; none read");
    dump_fixture_close(&f);
}
END_TEST

/* A stack that no memory list repeats is memory all the same. */
START_TEST(stack_of_the_thread_list)
{
    struct db *b = builder();
    unsigned stack = db_section(b);
    unsigned s =
        db_thread(b, &(struct db_thread){.id = 1, .stack_start = 0x50000, .stack_size = 16});
    struct dump_fixture f;
    uint64_t value;

    db_u64(b, stack, 0x1234);
    db_u64(b, stack, 0x5678);
    db_set_rva(b, s, 4 + 36, stack);
    (void)db_memory(b, 0x10000, 8);
    (void)db_memory(b, 0x60000, 8);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->memory.range_count, 3);
    ck_assert_uint_eq(f.dump->memory.listed_count, 2);
    ck_assert(avd_memory_u64(&f.dump->memory, 0x50008, &value));
    ck_assert_uint_eq(value, 0x5678);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(regions)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_memory *memory;
    const struct avd_region *region;

    db_region(b, 0x20000, 0x1000, MEM_COMMIT, PAGE_EXECUTE_READ, MEM_IMAGE);
    db_region(b, 0x10000, 0x1000, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD, MEM_PRIVATE);
    db_region(b, 0x30000, 0x1000, MEM_FREE, PAGE_EXECUTE_READWRITE, 0);
    f = dump_fixture_open(b);
    memory = &f.dump->memory;
    ck_assert_uint_eq(memory->region_count, 3);
    region = avd_memory_region(memory, 0x10fff);
    ck_assert_ptr_nonnull(region);
    ck_assert_uint_eq(region->base, 0x10000);
    ck_assert_uint_eq(region->allocation_base, 0x10000);
    ck_assert_uint_eq(region->allocation_protect, PAGE_READWRITE | PAGE_GUARD);
    ck_assert_uint_eq(region->protect, PAGE_READWRITE | PAGE_GUARD);
    ck_assert_uint_eq(region->state, MEM_COMMIT);
    ck_assert_uint_eq(region->type, MEM_PRIVATE);
    ck_assert_ptr_null(avd_memory_region(memory, 0x11000));
    ck_assert_ptr_null(avd_memory_region(memory, 0xffff));
    ck_assert_int_eq(avd_memory_executable(memory, 0x10000), 0);
    ck_assert_int_eq(avd_memory_executable(memory, 0x20800), 1);
    ck_assert_int_eq(avd_memory_executable(memory, 0x30000), 0); /* free */
    ck_assert_int_eq(avd_memory_executable(memory, 0x40000), -1);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, list);
    tcase_add_test(tests, full_memory);
    tcase_add_test(tests, reads_cross_adjacent_ranges);
    tcase_add_test(tests, overlapping_ranges);
    tcase_add_test(tests, range_that_wraps);
    tcase_add_test(tests, range_beyond_the_file);
    tcase_add_test(tests, range_without_bytes);
    tcase_add_test(tests, full_memory_cut_off);
    tcase_add_test(tests, full_memory_with_absurd_sizes);
    tcase_add_test(tests, full_memory_list_too_short);
    tcase_add_test(tests, stack_of_the_thread_list);
    tcase_add_test(tests, regions);
}

int main(void)
{
    return suite_main("memory", add_tests);
}
