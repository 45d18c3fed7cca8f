/* SPDX-License-Identifier: MIT */
/* A small dump of a full one: what was read is there, what was not is gone, the rest untouched. */
#include "base/memory.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/extract_run.h"
#include "support/suite.h"

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

/* Adds a process with one thread in a module. */
static struct db *build(struct db *b)
{
    static const uint8_t text[] = {0x8b, 0x00, 0xc3}; /* mov eax, [rax]; ret */
    const struct db_x64 regs = {.rip = APP + 0x1000, .rsp = SP, .rax = DATA + 0x2010};

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
    return b;
}

static struct db *add_crash(struct db *b)
{
    const struct db_x64 regs = {.rip = APP + 0x1000, .rsp = SP, .rax = DATA + 0x2010};

    (void)db_exception(b, &(struct db_exception){.thread_id = 7,
                                                 .code = 0xc0000005,
                                                 .address = APP + 0x1000,
                                                 .parameter_count = 2,
                                                 .parameters = {0, DATA + 0x2010},
                                                 .context = db_context_x64(b, &regs)});
    return b;
}

static struct db *full_builder(void)
{
    struct db *b = db_new();

    db_full_memory(b);
    return add_crash(build(b));
}

/* Nothing moves where memory is last. */
START_TEST(test_what_is_kept)
{
    struct dump_fixture full = dump_fixture_open(full_builder());
    struct extract_run run = extract_run_do(full.dump, AVD_EXTRACT_SLIM);
    const struct avd_memory *memory;
    uint64_t head = avd_view_u64(avd_dump_stream(full.dump, Memory64ListStream)->view, 8);
    uint64_t stack = avd_dump_stream(full.dump, ThreadListStream)->offset + 4 + 24;
    size_t i;

    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    memory = &run.dump->memory;
    ck_assert(!memory->full);
    ck_assert_uint_lt(run.bytes.size, full.size - 8 * 0x1000);
    /* what lay before the memory, at its place */
    ck_assert_mem_eq(run.bytes.text + 32, full.bytes + 32, stack - 32);
    ck_assert_mem_eq(run.bytes.text + stack + 16, full.bytes + stack + 16, head - stack - 16);
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
    struct dump_fixture full = dump_fixture_open(full_builder());
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

/* ---- where things lie in the file ---- */

static void check_texts(const char *a, const char *b)
{
    ck_assert_str_eq(a != NULL ? a : "(none)", b != NULL ? b : "(none)");
}

static void check_views(struct avd_view a, struct avd_view b)
{
    ck_assert_uint_eq(a.size, b.size);
    if (a.size != 0)
        ck_assert_mem_eq(a.data, b.data, a.size);
}

static void check_same_threads(const struct avd_dump *a, const struct avd_dump *b)
{
    size_t i;

    ck_assert_uint_eq(a->thread_count, b->thread_count);
    for (i = 0; i < a->thread_count; i++) {
        ck_assert_uint_eq(a->threads[i].id, b->threads[i].id);
        ck_assert_uint_eq(a->threads[i].teb, b->threads[i].teb);
        check_texts(a->threads[i].name, b->threads[i].name);
        check_views(a->threads[i].context, b->threads[i].context);
    }
    ck_assert_uint_eq(a->exception.code, b->exception.code);
    check_views(a->exception.context, b->exception.context);
}

static void check_same_modules(const struct avd_dump *a, const struct avd_dump *b)
{
    size_t i;

    ck_assert_uint_eq(a->module_count, b->module_count);
    for (i = 0; i < a->module_count; i++) {
        check_texts(a->modules[i].path, b->modules[i].path);
        check_texts(a->modules[i].pdb_path, b->modules[i].pdb_path);
        ck_assert_int_eq(a->modules[i].codeview, b->modules[i].codeview);
        ck_assert_uint_eq(a->modules[i].age, b->modules[i].age);
    }
    ck_assert_uint_eq(a->unloaded_count, b->unloaded_count);
    for (i = 0; i < a->unloaded_count; i++)
        check_texts(a->unloaded[i].path, b->unloaded[i].path);
}

static void check_same_rest(const struct avd_dump *a, const struct avd_dump *b)
{
    size_t i, k;

    check_texts(a->system.service_pack, b->system.service_pack);
    ck_assert_uint_eq(a->handle_count, b->handle_count);
    for (i = 0; i < a->handle_count; i++) {
        check_texts(a->handles[i].type_name, b->handles[i].type_name);
        check_texts(a->handles[i].object_name, b->handles[i].object_name);
        ck_assert_uint_eq(a->handles[i].object_count, b->handles[i].object_count);
        for (k = 0; k < a->handles[i].object_count; k++)
            check_views(a->handles[i].objects[k].data, b->handles[i].objects[k].data);
    }
    ck_assert_uint_eq(a->crashpad.annotation_count, b->crashpad.annotation_count);
    for (i = 0; i < a->crashpad.annotation_count; i++) {
        check_texts(a->crashpad.annotations[i].module, b->crashpad.annotations[i].module);
        check_texts(a->crashpad.annotations[i].key, b->crashpad.annotations[i].key);
        check_texts(a->crashpad.annotations[i].value, b->crashpad.annotations[i].value);
    }
}

/* Every stream that is no list of memory is there with its size, and no reader has a complaint that
 * it did not have before. */
static void check_same_streams(const struct avd_dump *a, const struct avd_dump *b)
{
    size_t i;

    ck_assert_uint_eq(a->notes.count, b->notes.count);
    for (i = 0; i < a->stream_count; i++) {
        const struct avd_stream *other = avd_dump_stream(b, a->streams[i].type);

        if (a->streams[i].type == Memory64ListStream || a->streams[i].type == MemoryListStream)
            continue;
        ck_assert_ptr_nonnull(other);
        ck_assert_uint_eq(other->size, a->streams[i].size);
    }
    check_same_threads(a, b);
    check_same_modules(a, b);
    check_same_rest(a, b);
}

/* A dump's stacks, found as readers do that look at a thread's descriptor only. */
static void check_stacks(const struct avd_dump *dump)
{
    size_t i;

    for (i = 0; i < dump->thread_count; i++) {
        const struct avd_thread *thread = &dump->threads[i];
        struct avd_view here = avd_dump_location(dump, thread->stack_rva, thread->stack_size);
        struct avd_view there;

        ck_assert_uint_ne(thread->stack_rva, 0);
        ck_assert_uint_ne(here.size, 0);
        ck_assert(avd_memory_view(&dump->memory, thread->stack_start, thread->stack_size, &there));
        check_views(here, there);
    }
}

/* Not yet with an exception. */
static struct db *layout(int which)
{
    struct db *b = db_new();

    if (which == 0)
        db_full_memory(b);
    if (which == 1)
        db_full_memory_first(b);
    if (which == 2)
        db_pad_lists(b, true);
    if (which == 3)
        db_use_thread_ex(b);
    (void)db_handle(b, &(struct db_handle){.handle = 4, .type_name = db_string(b, "File")});
    return build(b);
}

/* Memory last, memory first, and between everything else as Breakpad and Crashpad have it. */
START_TEST(test_layouts)
{
    struct dump_fixture full = dump_fixture_open(add_crash(layout(_i)));
    struct extract_run run = extract_run_do(full.dump, AVD_EXTRACT_SLIM);

    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    ck_assert_uint_lt(run.bytes.size, full.size - 8 * 0x1000);
    ck_assert_uint_eq(avd_memory_extent(&run.dump->memory, DATA + 9 * 0x1000, 1), 0);
    ck_assert_uint_eq(avd_memory_extent(&run.dump->memory, STACK + 0x1000, 0x1000), 0x1000);
    ck_assert_uint_eq(run.dump->threads[0].stack_start, STACK + 0x1000);
    check_same_streams(full.dump, run.dump);
    check_stacks(run.dump);
    ck_assert_str_eq(run.dump->comment_a, "avdump extract --slim of built.dmp");
    ck_assert_uint_eq(avd_dump_stream(run.dump, ThreadNamesStream)->offset % 4, 0);
    extract_run_free(&run);
    dump_fixture_close(&full);
}
END_TEST

/* Dumps with every stream that leads to others. */
START_TEST(test_samples)
{
    struct avd_dump *dump = NULL;
    struct extract_run run;
    size_t size;
    uint8_t *bytes = dump_builder_sample((enum db_sample)_i, &size);

    ck_assert_int_eq(avd_dump_open_memory(bytes, size, "built.dmp", &dump, NULL), AVD_OK);
    run = extract_run_do(dump, AVD_EXTRACT_SLIM);
    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    check_same_streams(dump, run.dump);
    check_stacks(run.dump);
    ck_assert_str_eq(run.dump->comment_a, "left by a test");
    extract_run_free(&run);
    avd_dump_close(dump);
    free(bytes);
}
END_TEST

/* A context may lie on the stack, where it was: what is cut of the memory is kept beside it. */
START_TEST(test_record_in_memory)
{
    struct db *b = layout(4);
    unsigned memory = db_memory(b, 0x700000, 0x2000);
    struct dump_fixture full;
    struct extract_run run;

    db_set_rva(b, db_exception(b, &(struct db_exception){.thread_id = 7, .context = memory}), 164,
               memory);
    db_poke64(b, 0x700000 + 248, UINT64_C(0x1122334455667788)); /* Rip */
    full = dump_fixture_open(b);
    run = extract_run_do(full.dump, AVD_EXTRACT_SLIM);
    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    check_same_streams(full.dump, run.dump);
    extract_run_free(&run);
    dump_fixture_close(&full);
}
END_TEST

/* Breakpad's list of loaded objects: MDRawDebug64, two MDRawLinkMap64, their names. */
START_TEST(test_loaded_objects)
{
    static const char *const names[] = {"/bin/app", "/lib/libc.so.6"};
    struct db *b = add_crash(layout(1));
    unsigned maps = db_section(b);
    unsigned s = db_stream(b, LinuxDsoDebugStream);
    struct dump_fixture full;
    struct extract_run run;
    struct avd_view v;
    size_t i;

    for (i = 0; i < 2; i++) {
        db_u64(b, maps, 0x1000 + i);
        db_rva(b, maps, db_string(b, names[i]));
        db_u32(b, maps, 0);
        db_u64(b, maps, 0x2000 + i);
    }
    db_u32(b, s, 1);
    db_rva(b, s, maps);
    db_u32(b, s, 2);
    db_zeros(b, s, 24);
    full = dump_fixture_open(b);
    run = extract_run_do(full.dump, AVD_EXTRACT_SLIM);
    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    v = avd_dump_location(
        run.dump, avd_view_u32(avd_dump_stream(run.dump, LinuxDsoDebugStream)->view, 4), 48);
    for (i = 0; i < 2; i++) {
        ck_assert_uint_eq(avd_view_u64(v, 24 * i), 0x1000 + i);
        ck_assert_str_eq(avd_dump_string(run.dump, avd_view_u32(v, 24 * i + 8)), names[i]);
    }
    extract_run_free(&run);
    dump_fixture_close(&full);
}
END_TEST

/* What streams of macOS lead to is told where it could have moved, and only there. */
START_TEST(test_unknown_stream)
{
    struct db *b = add_crash(layout(_i));
    struct dump_fixture full;
    struct extract_run run;

    db_zeros(b, db_stream(b, MozMacosBootArgsStream), 12);
    full = dump_fixture_open(b);
    run = extract_run_do(full.dump, AVD_EXTRACT_SLIM);
    ck_assert_str_eq(avd_strbuf_text(&run.notes),
                     _i == 0
                         ? ""
                         : "streams: stream 0x4d7a0002 MozMacosBootArgsStream is as it was, and "
                           "what it leads to may have moved\n");
    extract_run_free(&run);
    dump_fixture_close(&full);
}
END_TEST

/* What lies beyond the end of a file that was cut does so in the new one, however long that is. */
START_TEST(test_beyond_the_end)
{
    struct db *b = layout(2);
    unsigned exception = db_exception(b, &(struct db_exception){.thread_id = 7});
    struct dump_fixture full;
    struct extract_run run;

    db_set32(b, exception, 160, 0x4d0);
    db_set32(b, exception, 164, 0x01000000);
    full = dump_fixture_open(b);
    run = extract_run_do(full.dump, AVD_EXTRACT_SLIM);
    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    ck_assert_uint_eq(avd_view_u32(avd_dump_stream(run.dump, ExceptionStream)->view, 164),
                      UINT32_MAX);
    extract_run_free(&run);
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

START_TEST(test_no_memory_in_dump)
{
    struct dump_fixture fixture =
        dump_fixture_open(dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64));

    check_refused(&fixture, AVD_NOT_FOUND,
                  "there is nothing to leave out, the dump holds no memory");
}
END_TEST

/* A thousand modules' annotations that are all the same list. */
START_TEST(test_references_only)
{
    struct db *b = layout(2);
    unsigned texts = db_section(b);
    unsigned info = db_section(b);
    unsigned links = db_section(b);
    struct dump_fixture fixture;
    uint32_t i;

    db_u32(b, texts, 2000);
    db_zeros(b, texts, 2000 * 8);
    db_u32(b, info, 1);
    for (i = 0; i < 3; i++)
        db_location(b, info, texts);
    db_u32(b, links, 1000);
    for (i = 0; i < 1000; i++) {
        db_u32(b, links, 0);
        db_location(b, links, info);
    }
    (void)db_crashpad_info(b, 64, texts, links);
    fixture = dump_fixture_open(b);
    check_refused(&fixture, AVD_E_UNSUPPORTED,
                  "its streams lead to the same places again and again");
}
END_TEST

/* Forty ranges of the same bytes: what is read of them could be more than the file. */
START_TEST(test_shared_bytes)
{
    struct db *b = full_builder();
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
    tcase_add_loop_test(tests, test_layouts, 0, 4);
    tcase_add_loop_test(tests, test_samples, 0, DB_SAMPLE_COUNT);
    tcase_add_test(tests, test_record_in_memory);
    tcase_add_test(tests, test_loaded_objects);
    tcase_add_loop_test(tests, test_unknown_stream, 0, 2);
    tcase_add_test(tests, test_beyond_the_end);
    tcase_add_test(tests, test_no_memory_in_dump);
    tcase_add_test(tests, test_references_only);
    tcase_add_test(tests, test_shared_bytes);
    tcase_add_test(tests, test_log);
}

int main(void)
{
    return suite_main("slim", add_tests);
}
