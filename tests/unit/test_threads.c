/* SPDX-License-Identifier: MIT */
/* The thread list, and what ThreadInfo and ThreadNames add to it by id. */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct db *builder(void)
{
    struct db *b = db_new();

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    db_no_modules(b);
    return b;
}

START_TEST(all_fields)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_thread *thread;

    (void)db_memory(b, 0x10000, 0x100);
    (void)db_thread(
        b, &(struct db_thread){.id = 0x1a4,
                               .suspend_count = 1,
                               .priority_class = 0x20,
                               .priority = 0xfffffffe,
                               .teb = 0x7ffde000,
                               .stack_start = 0x10000,
                               .stack_size = 0x100,
                               .context = db_context_x64(b, &(struct db_x64){.rip = 0x401000})});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->thread_count, 1);
    thread = avd_dump_thread(f.dump, 0x1a4);
    ck_assert_ptr_eq(thread, &f.dump->threads[0]);
    ck_assert_uint_eq(thread->suspend_count, 1);
    ck_assert_uint_eq(thread->priority_class, 0x20);
    ck_assert_int_eq(thread->priority, -2);
    ck_assert_uint_eq(thread->teb, 0x7ffde000);
    ck_assert_uint_eq(thread->stack_start, 0x10000);
    ck_assert_uint_eq(thread->stack_size, 0x100);
    ck_assert_uint_eq(thread->context.size, 0x4d0);
    ck_assert_uint_eq(avd_view_u64(thread->context, 0xf8), 0x401000);
    ck_assert_ptr_null(thread->name);
    ck_assert(!thread->has_info);
    ck_assert_ptr_null(avd_dump_thread(f.dump, 0x1a5));
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(info_and_names_join_by_id)
{
    struct db *b = builder();
    struct dump_fixture f;
    const struct avd_thread *t;

    (void)db_thread(b, &(struct db_thread){.id = 30, .name = "thirty"});
    (void)db_thread(b, &(struct db_thread){.id = 10});
    (void)db_thread(b, &(struct db_thread){.id = 20, .name = ""});
    (void)db_thread_info(b, &(struct db_thread_info){.id = 99, .exit_status = 1}); /* unknown */
    (void)db_thread_info(b, &(struct db_thread_info){.id = 10,
                                                     .dump_flags = 0x12,
                                                     .dump_error = 0x8007001f,
                                                     .exit_status = 0x103,
                                                     .create_time = 1,
                                                     .exit_time = 2,
                                                     .kernel_time = 3,
                                                     .user_time = 4,
                                                     .start_address = 0x401000,
                                                     .affinity = 0xff});
    (void)db_thread_info(b, &(struct db_thread_info){.id = 10, .exit_status = 5}); /* again */
    db_thread_name(b, 98, db_string(b, "nobody"));
    db_thread_name(b, 30, db_string(b, "another"));
    f = dump_fixture_open(b);
    ck_assert_str_eq(avd_dump_thread(f.dump, 30)->name, "thirty");
    ck_assert(!avd_dump_thread(f.dump, 30)->has_info);
    ck_assert_ptr_null(avd_dump_thread(f.dump, 20)->name); /* an empty name is none */
    t = avd_dump_thread(f.dump, 10);
    ck_assert_ptr_null(t->name);
    ck_assert(t->has_info);
    ck_assert_uint_eq(t->dump_flags, 0x12);
    ck_assert_uint_eq(t->dump_error, 0x8007001f);
    ck_assert_uint_eq(t->exit_status, 0x103);
    ck_assert_uint_eq(t->create_time, 1);
    ck_assert_uint_eq(t->exit_time, 2);
    ck_assert_uint_eq(t->kernel_time, 3);
    ck_assert_uint_eq(t->user_time, 4);
    ck_assert_uint_eq(t->start_address, 0x401000);
    ck_assert_uint_eq(t->affinity, 0xff);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(thread_ex_list)
{
    struct db *b = builder();
    struct dump_fixture f;

    db_use_thread_ex(b);
    (void)db_thread(b, &(struct db_thread){.id = 1, .teb = 0x1000});
    (void)db_thread(b, &(struct db_thread){.id = 2, .teb = 0x2000});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->thread_count, 2);
    ck_assert_uint_eq(f.dump->threads[1].id, 2);
    ck_assert_uint_eq(f.dump->threads[1].teb, 0x2000);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(context_outside_the_file)
{
    struct db *b = builder();
    unsigned s = db_thread(b, &(struct db_thread){.id = 0x1a4});
    struct dump_fixture f;

    db_set32(b, s, 4 + 40, 1232);
    db_set32(b, s, 4 + 44, 0x7fffffff);
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->threads[0].context.size, 0);
    dump_fixture_has_note(&f, "thread 0 (id 0x1a4)",
                          "context needs 1232 bytes, the file holds 0 of them");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(name_outside_the_file)
{
    struct db *b = builder();
    unsigned names;
    struct dump_fixture f;

    (void)db_thread(b, &(struct db_thread){.id = 0x1a4});
    names = db_stream(b, ThreadNamesStream);
    db_u32(b, names, 2);
    db_u32(b, names, 0x1a4);
    db_u64(b, names, UINT64_C(0xffffffff00000000));
    db_u32(b, names, 0x1a4);
    db_rva64(b, names, db_string(b, "the second entry"));
    f = dump_fixture_open(b);
    dump_fixture_has_note(&f, "thread names", "the name of thread 0x1a4 cannot be read");
    ck_assert_str_eq(f.dump->threads[0].name, "the second entry");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(two_threads_with_one_id)
{
    struct db *b = builder();
    struct dump_fixture f;

    (void)db_thread(b, &(struct db_thread){.id = 7, .teb = 1});
    (void)db_thread(b, &(struct db_thread){.id = 7, .teb = 2});
    db_thread_name(b, 7, db_string(b, "seven"));
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->thread_count, 2);
    ck_assert_uint_eq(avd_dump_thread(f.dump, 7)->teb, 1);
    ck_assert_str_eq(f.dump->threads[0].name, "seven");
    dump_fixture_close(&f);
}
END_TEST

/* Full dumps give the stack's size but RVA 0: its bytes are found by address. */
START_TEST(stack_of_a_full_dump)
{
    struct db *b = builder();
    struct dump_fixture f;
    uint64_t value;

    db_full_memory(b);
    (void)db_memory(b, 0x10000, 0x1000);
    db_poke64(b, 0x10ff8, 0x401234);
    (void)db_thread(b, &(struct db_thread){.id = 7, .stack_start = 0x10000, .stack_size = 0x1000});
    f = dump_fixture_open(b);
    ck_assert(avd_memory_u64(&f.dump->memory, f.dump->threads[0].stack_start + 0xff8, &value));
    ck_assert_uint_eq(value, 0x401234);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, all_fields);
    tcase_add_test(tests, info_and_names_join_by_id);
    tcase_add_test(tests, thread_ex_list);
    tcase_add_test(tests, context_outside_the_file);
    tcase_add_test(tests, name_outside_the_file);
    tcase_add_test(tests, two_threads_with_one_id);
    tcase_add_test(tests, stack_of_a_full_dump);
}

int main(void)
{
    return suite_main("threads", add_tests);
}
