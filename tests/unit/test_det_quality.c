/* SPDX-License-Identifier: MIT */
/* Built dumps that are cut off, lack their basic parts, or contradict themselves. */
#include "support/hang_scene.h"
#include "support/suite.h"

#include "minidump/format.h"

static struct hang_scene s;

static void add_thread(void)
{
    hang_add(&s, &(struct hang_thread){.id = 0x10,
                                       .frames = {"app!Work", "kernel32!BaseThreadInitThunk"}});
}

START_TEST(a_sound_dump)
{
    hang_begin(&s, 8);
    add_thread();
    hang_run(&s);
    hang_check(&s, "dump.truncated", "no");
    hang_check(&s, "dump.missing_memory", "0");
    hang_check(&s, "dump.garbage_entries", "0");
    hang_check(&s, "dump.lacks_count", "0");
    hang_check(&s, "dump.contradictions", "0");
    hang_check_finding(&s, "truncated-dump", false);
    hang_check_finding(&s, "corrupt-dump", false);
    hang_check_finding(&s, "abridged-dump", false);
    hang_check_finding(&s, "inconsistent-dump", false);
    hang_end(&s);
}
END_TEST

START_TEST(a_dump_that_is_cut_off)
{
    hang_begin(&s, 8);
    add_thread();
    db_memory_raw(s.b, 0x900000, 0x1000, 0x7ffffff0);
    db_entry(s.b, HandleDataStream, 0x1000, 0x7ffffff0);
    hang_run(&s);
    hang_check(&s, "dump.truncated", "yes");
    hang_check(&s, "dump.missing_memory", "4096");
    hang_check(&s, "dump.truncated_streams", "HandleDataStream");
    hang_check(&s, "dump.garbage_entries", "0");
    hang_check_finding(&s, "truncated-dump", true);
    hang_end(&s);
}
END_TEST

START_TEST(a_directory_of_garbage)
{
    hang_begin(&s, 8);
    add_thread();
    db_entry(s.b, 0xa793504d, 0x1000, 0x7ffffff0);
    hang_run(&s);
    hang_check(&s, "dump.truncated", "no");
    hang_check(&s, "dump.garbage_entries", "1");
    hang_check_finding(&s, "corrupt-dump", true);
    hang_check_finding(&s, "truncated-dump", false);
    hang_end(&s);
}
END_TEST

START_TEST(a_dump_with_hardly_anything)
{
    s.b = db_new();
    (void)db_system_info(s.b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    hang_run(&s);
    hang_check(&s, "dump.lacks", "threads, modules, memory");
    hang_check_finding(&s, "abridged-dump", true);
    hang_end(&s);
}
END_TEST

#define TEB0 UINT64_C(0x700000)

START_TEST(a_teb_of_another_thread)
{
    unsigned size;

    for (size = 4; size <= 8; size += 4) {
        hang_begin(&s, size);
        add_thread();
        hang_poke(&s, TEB0 + (size == 4 ? 0x24 : 0x48), 0x999); /* ClientId.UniqueThread */
        hang_run(&s);
        hang_check(&s, "dump.contradictions", "1");
        hang_check(&s, "dump.contradiction_list",
                   "thread 0 (0x10): its TEB at 0x700000 is another thread's");
        hang_check_finding(&s, "inconsistent-dump", true);
        hang_end(&s);
    }
}
END_TEST

START_TEST(a_stack_pointer_outside_its_stack)
{
    hang_begin(&s, 8);
    add_thread();
    hang_poke(&s, TEB0 + 0x08, HANG_STACK + 0x200); /* NtTib.StackBase */
    hang_run(&s);
    hang_check(&s, "dump.contradiction_list",
               "thread 0 (0x10): its stack pointer 0x1000800 lies outside of its stack "
               "0x1000000-0x1000200");
    hang_end(&s);
    /* A crash may be just that. */
    hang_begin(&s, 8);
    add_thread();
    hang_poke(&s, TEB0 + 0x08, HANG_STACK + 0x200);
    (void)db_exception(s.b, &(struct db_exception){.thread_id = 0x10,
                                                   .code = 0xc0000005,
                                                   .address = hang_function(&s, "app!Work"),
                                                   .parameter_count = 2});
    hang_run(&s);
    hang_check(&s, "dump.contradictions", "0");
    hang_end(&s);
}
END_TEST

START_TEST(a_stack_of_its_own)
{
    hang_begin(&s, 8);
    add_thread();
    hang_poke(&s, TEB0 + 0x08, 0x3000200); /* NtTib.StackBase, StackLimit */
    hang_poke(&s, TEB0 + 0x10, 0x3000000);
    hang_run(&s);
    hang_check(&s, "dump.contradictions", "0"); /* the memory is there, and apart */
    hang_end(&s);
}
END_TEST

START_TEST(a_header_of_another_build)
{
    hang_begin(&s, 8);
    add_thread();
    db_map_image(s.b, 0x75000000, &(struct db_image){.size = 0x2000, .timestamp = 0x11111111});
    (void)db_module(s.b, &(struct db_module){.base = 0x75000000,
                                             .size = 0x2000,
                                             .timestamp = 0x22222222,
                                             .path = "C:\\app\\x.dll"});
    hang_run(&s);
    hang_check(&s, "dump.contradiction_list",
               "x.dll: the module list says timestamp 0x22222222, its header in memory 0x11111111");
    hang_end(&s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, a_sound_dump);
    tcase_add_test(tests, a_dump_that_is_cut_off);
    tcase_add_test(tests, a_directory_of_garbage);
    tcase_add_test(tests, a_dump_with_hardly_anything);
    tcase_add_test(tests, a_teb_of_another_thread);
    tcase_add_test(tests, a_stack_pointer_outside_its_stack);
    tcase_add_test(tests, a_stack_of_its_own);
    tcase_add_test(tests, a_header_of_another_build);
}

int main(void)
{
    return suite_main("det_quality", add_tests);
}
