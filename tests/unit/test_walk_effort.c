/* SPDX-License-Identifier: MIT */
/* src/analyze/threads.c: how much is walked of a dump that wants to cost time, and what is said. */
#include "analyze/analysis.h"
#include "base/limits.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

#define CODE UINT64_C(0x140001000)
enum { STACK = 0x10000, STACK_SIZE = 0x8000 };

/* A module whose code is all calls, and as many frames of 64 bytes that return into it. */
static struct db *builder(uint32_t frames)
{
    struct db *b = db_new();
    uint8_t text[0x800];
    uint32_t i;

    for (i = 0; i < sizeof text; i += 2) {
        text[i] = 0xff;
        text[i + 1] = 0xd0; /* call rax */
    }
    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    db_map_image(b, CODE - 0x1000,
                 &(struct db_image){.size = 0x6000, .text = text, .text_size = sizeof text});
    (void)db_module(b, &(struct db_module){.base = CODE - 0x1000, .size = 0x6000, .path = "a.dll"});
    (void)db_memory(b, STACK, STACK_SIZE);
    for (i = 0; i < frames; i++)
        db_poke64(b, STACK + 64 * (uint64_t)i + 8, CODE + 2 + 2 * (uint64_t)(i % 256));
    return b;
}

/* Threads 1 to `count` that share the stack; the last has the exception. */
static void add_threads(struct db *b, uint32_t count)
{
    unsigned context = db_context_x64(b, &(struct db_x64){.rip = CODE + 0x10, .rsp = STACK + 8});
    uint32_t i;

    for (i = 1; i <= count; i++)
        (void)db_thread(b, &(struct db_thread){.id = i,
                                               .stack_start = STACK,
                                               .stack_size = STACK_SIZE,
                                               .context = i == 1 || i == count ? context : 0});
    (void)db_exception(
        b, &(struct db_exception){
               .thread_id = count, .code = 0xc0000005, .address = CODE + 0x10, .context = context});
}

/* How many notes on the threads contain `text`. */
static size_t notes_with(const struct avd_analysis *an, const char *text)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < an->notes.count; i++)
        count += strcmp(an->notes.items[i].where, "threads") == 0 &&
                 strstr(an->notes.items[i].message, text) != NULL;
    return count;
}

START_TEST(work_of_all_walks)
{
    enum { THREADS = 3000 };
    struct db *b = builder(STACK_SIZE / 64);
    unsigned context = db_context_x64(b, &(struct db_x64){.rip = CODE + 0x10, .rsp = STACK + 8});
    struct dump_fixture f;
    struct avd_analysis *an;
    uint32_t i;

    for (i = 1; i < THREADS; i++)
        (void)db_thread(
            b, &(struct db_thread){
                   .id = i, .stack_start = STACK, .stack_size = STACK_SIZE, .context = context});
    add_threads(b, 1);
    f = dump_fixture_open(b);
    ck_assert_int_eq(avd_analysis_run(f.dump, NULL, &an, NULL), AVD_OK);
    ck_assert_uint_eq(an->walk_effort, 0);
    ck_assert_uint_eq(notes_with(an, "those left are cut short"), 1);
    ck_assert_uint_gt(an->threads[an->crashing_thread].native.stack.count, 100);
    i = THREADS - 2;
    ck_assert_uint_eq(an->threads[i].native.stack.count, 1);
    ck_assert_int_eq(an->threads[i].native.stack.end, AVD_END_LIMIT);
    ck_assert_str_eq(an->threads[i].native.stack.end_detail,
                     "the ceiling on the work for all stacks of a dump of this size is reached");
    avd_analysis_free(an);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(threads_that_are_walked)
{
    enum { THREADS = AVD_MAX_WALKED_THREADS + 10 };
    struct db *b = builder(STACK_SIZE / 64);
    const struct avd_an_thread *thread;
    struct dump_fixture f;
    struct avd_analysis *an;

    add_threads(b, THREADS);
    f = dump_fixture_open(b);
    ck_assert_int_eq(avd_analysis_run(f.dump, NULL, &an, NULL), AVD_OK);
    ck_assert_uint_eq(an->thread_count, THREADS);
    ck_assert_uint_eq(notes_with(an, "16394 threads, of which the stacks of the first 16384"), 1);
    ck_assert_uint_eq(an->crashing_thread, THREADS - 1);
    ck_assert_uint_gt(an->threads[THREADS - 1].native.stack.count, 1);
    thread = &an->threads[AVD_MAX_WALKED_THREADS];
    ck_assert_uint_eq(thread->native.stack.count, 0);
    ck_assert_int_eq(thread->native.stack.end, AVD_END_LIMIT);
    ck_assert_int_eq(an->threads[AVD_MAX_WALKED_THREADS - 1].native.stack.end, AVD_END_NO_CONTEXT);
    avd_analysis_free(an);
    dump_fixture_close(&f);
}
END_TEST

/* A small dump without binaries, in whose stacks every third place holds what may be a return
 * address, no two alike. It is walked whole. */
static size_t effort_left(uint32_t threads, uint64_t stack_size)
{
    struct db *b = db_new();
    struct dump_fixture f;
    struct avd_analysis *an;
    uint32_t random = 1;
    size_t left;
    uint32_t i;

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    (void)db_module(b,
                    &(struct db_module){.base = CODE - 0x1000, .size = 0x80000, .path = "a.exe"});
    for (i = 1; i <= threads; i++) {
        uint64_t start = (uint64_t)i * 0x100000;
        unsigned context =
            db_context_x64(b, &(struct db_x64){.rip = CODE + 0x10, .rsp = start + 0x100});
        uint64_t at;

        (void)db_memory(b, start, stack_size);
        for (at = start + 0x108; at < start + stack_size; at += 16) {
            random = random * 1664525 + 1013904223;
            if (random >> 8 < 0x1000000 / 3)
                db_poke64(b, at, CODE + 1 + 2 * (uint64_t)(random % 997) * 64);
        }
        (void)db_thread(b, &(struct db_thread){.id = i,
                                               .stack_start = start,
                                               .stack_size = (uint32_t)stack_size,
                                               .context = context});
    }
    f = dump_fixture_open(b);
    ck_assert_int_eq(avd_analysis_run(f.dump, NULL, &an, NULL), AVD_OK);
    ck_assert_uint_eq(notes_with(an, "cut short"), 0);
    left = an->walk_effort;
    avd_analysis_free(an);
    dump_fixture_close(&f);
    return left;
}

/* That is much work, but what is honest has room for twice as much. */
START_TEST(deep_stacks)
{
    size_t left = effort_left(24, 0x4000);

    ck_assert_uint_gt(left, AVD_MIN_WALK_EFFORT / 4);
    ck_assert_uint_lt(left, AVD_MIN_WALK_EFFORT * 3 / 4);
}
END_TEST

/* Less is learned of each candidate where there are many, rather than nothing of some stacks. */
START_TEST(many_stacks)
{
    ck_assert_uint_lt(effort_left(500, 0x1000), AVD_MIN_WALK_EFFORT / 4);
}
END_TEST

START_TEST(an_honest_dump)
{
    struct db *b = builder(30);
    struct dump_fixture f;
    struct avd_analysis *an;

    add_threads(b, 2);
    f = dump_fixture_open(b);
    ck_assert_int_eq(avd_analysis_run(f.dump, NULL, &an, NULL), AVD_OK);
    ck_assert_uint_gt(an->walk_effort, AVD_MIN_WALK_EFFORT / 2);
    ck_assert_uint_eq(notes_with(an, ""), 0);
    avd_analysis_free(an);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, work_of_all_walks);
    tcase_add_test(tests, threads_that_are_walked);
    tcase_add_test(tests, deep_stacks);
    tcase_add_test(tests, many_stacks);
    tcase_add_test(tests, an_honest_dump);
}

int main(void)
{
    return suite_main("walk_effort", add_tests);
}
