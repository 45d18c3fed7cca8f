/* SPDX-License-Identifier: MIT */
/* A small dump of a full one: what was read is there, what was not is gone, the rest untouched. */
#include "base/memory.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/extract_run.h"

#include <stdlib.h>
#include <string.h>

enum {
    APP = 0x400000,
    STACK = 0x100000, /* two pages */
    SP = STACK + 0x1800,
    TEB = 0x7ffde000,
    PEB = 0x7ffdf000,
    OTHER = 0x600000, /* a module that is on no stack */
    DATA = 0x500000,  /* sixteen pages; registers and stack point into the third and the sixth */
    DATA_PAGES = 16
};

/* A crash in a module, of a full dump. */
static struct db *build(void)
{
    struct db *b = db_new();
    static const uint8_t text[] = {0x8b, 0x00, 0xc3}; /* mov eax, [rax]; ret */
    const struct db_x64 regs = {.rip = APP + 0x1000, .rsp = SP, .rax = DATA + 0x2010};

    db_full_memory(b);
    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    (void)db_misc_info(b, 1364, 1);
    db_map_image(b, APP,
                 &(struct db_image){
                     .size = 0x10000, .timestamp = 1, .text = text, .text_size = sizeof text});
    (void)db_module(b,
                    &(struct db_module){
                        .base = APP, .size = 0x10000, .timestamp = 1, .path = "C:\\app\\app.exe"});
    (void)db_module(
        b, &(struct db_module){
               .base = OTHER, .size = 0x3000, .timestamp = 1, .path = "C:\\app\\other.dll"});
    (void)db_memory(b, OTHER, 0x3000);
    (void)db_memory(b, PEB, 0x1000);
    (void)db_memory(b, STACK, 0x2000);
    (void)db_memory(b, DATA, DATA_PAGES * 0x1000);
    db_map_teb64(b, &(struct db_teb){.addr = TEB,
                                     .stack_base = STACK + 0x2000,
                                     .stack_limit = STACK,
                                     .peb = PEB,
                                     .thread_id = 7});
    (void)db_thread(b, &(struct db_thread){.id = 7,
                                           .teb = TEB,
                                           .stack_start = STACK,
                                           .stack_size = 0x2000,
                                           .name = "main",
                                           .context = db_context_x64(b, &regs)});
    (void)db_exception(b, &(struct db_exception){.thread_id = 7,
                                                 .code = 0xc0000005,
                                                 .address = APP + 0x1000,
                                                 .parameter_count = 2,
                                                 .parameters = {0, DATA + 0x2010},
                                                 .context = db_context_x64(b, &regs)});
    return b;
}

START_TEST(test_what_is_kept)
{
    struct dump_fixture full = dump_fixture_open(build());
    struct extract_run run = extract_run_do(full.dump, AVD_EXTRACT_SLIM);
    const struct avd_memory *memory;
    uint64_t head = avd_view_u64(avd_dump_stream(full.dump, Memory64ListStream)->view, 8);
    size_t i;

    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    memory = &run.dump->memory;
    ck_assert(!memory->full);
    ck_assert_uint_lt(run.bytes.size, full.size - 8 * 0x1000);
    /* what lay before the memory, at its place */
    ck_assert_mem_eq(run.bytes.text + 32, full.bytes + 32, head - 32);
    ck_assert_uint_eq(avd_dump_stream(run.dump, ThreadListStream)->offset,
                      avd_dump_stream(full.dump, ThreadListStream)->offset);
    ck_assert_str_eq(run.dump->threads[0].name, "main");
    ck_assert_str_eq(run.dump->comment_a, "avdump extract --slim of built.dmp");
    /* memory: code, headers, the stack from its pointer's page on, the TEB */
    ck_assert_uint_eq(avd_memory_extent(memory, APP + 0x1000, 3), 3);
    ck_assert_uint_eq(avd_memory_extent(memory, APP, 2), 2);
    ck_assert_uint_eq(avd_memory_extent(memory, STACK + 0x1000, 0x1000), 0x1000);
    ck_assert_uint_eq(avd_memory_extent(memory, TEB, 0x1000), 0x1000);
    /* what other readers want, though the analysis does not */
    ck_assert_uint_eq(avd_memory_extent(memory, PEB, 0x1000), 0x1000);
    ck_assert_uint_eq(avd_memory_extent(memory, OTHER, 0x3000), 0x1000);
    /* and not what nobody asked for */
    ck_assert_uint_eq(avd_memory_extent(memory, DATA + 9 * 0x1000, 1), 0);
    for (i = 0; i < memory->range_count; i++) {
        struct avd_view old;

        ck_assert(avd_memory_view(&full.dump->memory, memory->ranges[i].start,
                                  memory->ranges[i].size, &old));
        ck_assert_uint_eq(old.size, memory->ranges[i].size);
        ck_assert_mem_eq(run.bytes.text + memory->ranges[i].offset, old.data, old.size);
    }
    extract_run_free(&run);
    dump_fixture_close(&full);
}
END_TEST

/* Of a slim dump's analysis nothing is read that it does not have. */
START_TEST(test_again)
{
    struct dump_fixture full = dump_fixture_open(build());
    struct extract_run once = extract_run_do(full.dump, AVD_EXTRACT_SLIM);
    struct avd_report *before = NULL;
    struct avd_report *after = NULL;
    size_t i;

    ck_assert_int_eq(avd_analyze(full.dump, NULL, NULL, &before, NULL), AVD_OK);
    ck_assert_int_eq(avd_analyze(once.dump, NULL, NULL, &after, NULL), AVD_OK);
    ck_assert_uint_gt(avd_report_finding_count(before), 0);
    ck_assert_uint_eq(avd_report_finding_count(after), avd_report_finding_count(before));
    for (i = 0; i < avd_report_finding_count(before); i++)
        ck_assert_str_eq(avd_report_finding_summary(after, i),
                         avd_report_finding_summary(before, i));
    ck_assert_str_eq(avd_report_text(after, AVD_REPORT_WHERE),
                     avd_report_text(before, AVD_REPORT_WHERE));
    avd_report_free(before);
    avd_report_free(after);
    extract_run_free(&once);
    dump_fixture_close(&full);
}
END_TEST

static void check_refused(struct dump_fixture *fixture, enum avd_status status, const char *message)
{
    struct extract_run run = extract_run_do(fixture->dump, AVD_EXTRACT_SLIM);

    ck_assert_int_eq(run.status, status);
    ck_assert_str_eq(run.err.message, message);
    ck_assert_uint_eq(run.bytes.size, 0);
    extract_run_free(&run);
    dump_fixture_close(fixture);
}

START_TEST(test_no_full_memory)
{
    struct dump_fixture fixture =
        dump_fixture_open(dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64));

    check_refused(&fixture, AVD_NOT_FOUND,
                  "there is nothing to leave out, the dump has no full memory "
                  "(Memory64ListStream)");
}
END_TEST

/* Where a stream lies behind the memory, cutting the memory would move it. */
START_TEST(test_stream_behind_memory)
{
    struct db *b = build();
    struct dump_fixture fixture;

    db_entry(b, 0x10001, 16, 0x10000);
    fixture = dump_fixture_open(b);
    check_refused(&fixture, AVD_E_UNSUPPORTED,
                  "a stream lies behind the memory, where it cannot stay");
}
END_TEST

/* Forty ranges of the same bytes: what is read of them could be more than the file. */
START_TEST(test_shared_bytes)
{
    struct db *b = build();
    unsigned list = db_stream(b, MemoryListStream);
    struct dump_fixture fixture;
    struct extract_run run;
    uint64_t i;

    db_u32(b, list, 40);
    for (i = 0; i < 40; i++) {
        db_u64(b, list, 0x10000000 + i * 0x10000);
        db_u32(b, list, 0x8000);
        db_u32(b, list, 0x20);
    }
    fixture = dump_fixture_open(b);
    run = extract_run_do(fixture.dump, AVD_EXTRACT_SLIM);
    ck_assert_int_eq(run.status, AVD_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(run.err.message, "so that they share some"));
    extract_run_free(&run);
    dump_fixture_close(&fixture);
}
END_TEST

/* Pages are counted per range, whose ends need not be pages'. */
START_TEST(test_log)
{
    static const struct avd_memory_range ranges[] = {
        {0x1ff0, 0x20, 0}, {0x2010, 0x10, 0x20}, {UINT64_MAX - 0xf, 0x10, 0x30}};
    static const uint64_t first[] = {0, 2, 3};
    uint8_t bytes[0x40] = {0};
    uint8_t bits = 0;
    struct avd_memory_log log = {&bits, first};
    struct avd_memory memory = {0};
    uint32_t value;

    memory.bytes.data = bytes;
    memory.bytes.size = sizeof bytes;
    memory.ranges = ranges;
    memory.range_count = 3;
    memory.log = &log;
    ck_assert_uint_eq(avd_memory_first_page(&ranges[0]), 1);
    ck_assert_uint_eq(avd_memory_end_page(&ranges[0]), 3);
    ck_assert(!avd_memory_u32(&memory, 0x3000, &value));
    ck_assert_uint_eq(bits, 0);
    ck_assert(avd_memory_u32(&memory, 0x1ff0, &value));
    ck_assert_uint_eq(bits, 1);
    ck_assert(avd_memory_u32(&memory, 0x1ffe, &value)); /* over a page's end */
    ck_assert_uint_eq(bits, 3);
    ck_assert(avd_memory_u32(&memory, UINT64_MAX - 3, &value));
    ck_assert_uint_eq(bits, 3 | 8);
    ck_assert_uint_eq(avd_memory_extent(&memory, 0x2008, 0x10), 0x10); /* over a range's end */
    ck_assert_uint_eq(bits, 15);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_is_kept);
    tcase_add_test(tests, test_again);
    tcase_add_test(tests, test_no_full_memory);
    tcase_add_test(tests, test_stream_behind_memory);
    tcase_add_test(tests, test_shared_bytes);
    tcase_add_test(tests, test_log);
}

int main(void)
{
    return dump_fixture_main("slim", add_tests);
}
