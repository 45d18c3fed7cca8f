/* SPDX-License-Identifier: MIT */
/* Processor times and ages in built dumps: a thread that spins, and threads that do not. */
#include "support/hang_scene.h"
#include "support/suite.h"

#include "minidump/format.h"

#define SECOND  UINT64_C(10000000)                             /* FILETIME counts 100 ns */
#define NOW     UINT32_C(1600000000)                           /* of the dump, unix seconds */
#define CREATED ((NOW - 100 + UINT64_C(11644473600)) * SECOND) /* 100 s before */

static struct hang_scene s;

static void begin(uint64_t busy_seconds)
{
    unsigned misc;

    hang_begin(&s, 8);
    db_header(s.b)->timestamp = NOW;
    misc = db_misc_info(s.b, 24, MINIDUMP_MISC1_PROCESS_TIMES);
    db_set32(s.b, misc, 12, NOW - 120);
    hang_add(&s,
             &(struct hang_thread){.id = 0x10, .frames = {"ntdll!NtDelayExecution", "app!Work"}});
    hang_add(&s, &(struct hang_thread){.id = 0x20, .frames = {"app!Work", "app!main"}});
    (void)db_thread_info(
        s.b, &(struct db_thread_info){
                 .id = 0x10, .exit_status = 0x103, .create_time = CREATED, .user_time = SECOND});
    (void)db_thread_info(s.b, &(struct db_thread_info){.id = 0x20,
                                                       .exit_status = 0x103,
                                                       .create_time = CREATED,
                                                       .user_time = busy_seconds * SECOND,
                                                       .kernel_time = 3 * SECOND});
}

START_TEST(a_thread_that_spins)
{
    begin(92);
    hang_run(&s);
    hang_check(&s, "process.uptime", "120");
    hang_check(&s, "cpu.total", "96000");
    hang_check(&s, "cpu.thread", "thread 1 (0x20)");
    hang_check(&s, "cpu.thread_time", "95000");
    hang_check(&s, "cpu.thread_share", "98");
    hang_check(&s, "cpu.thread_load", "95");
    hang_check(&s, "cpu.thread_state", "running");
    hang_check(&s, "cpu.thread_frame", "app!Work");
    hang_check_finding(&s, "spiking-thread", true);
    hang_end(&s);
}
END_TEST

START_TEST(a_thread_that_works_now_and_then)
{
    begin(20);
    hang_run(&s);
    hang_check(&s, "cpu.thread_load", "23");
    hang_check_finding(&s, "spiking-thread", false);
    hang_end(&s);
}
END_TEST

START_TEST(times_that_cannot_be)
{
    begin(100000); /* of a thread that is 100 seconds old */
    hang_run(&s);
    hang_check(&s, "cpu.thread_load", "? the dump does not say when it began");
    hang_check_finding(&s, "spiking-thread", false);
    hang_end(&s);
}
END_TEST

START_TEST(a_dump_without_times)
{
    hang_begin(&s, 8);
    hang_add(&s, &(struct hang_thread){.id = 0x10, .frames = {"app!Work", "app!main"}});
    hang_run(&s);
    hang_check(&s, "process.uptime", "? the dump does not say when the process began");
    hang_check(&s, "cpu.thread", "? the dump has no thread information (ThreadInfoList)");
    hang_check_finding(&s, "spiking-thread", false);
    hang_end(&s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, a_thread_that_spins);
    tcase_add_test(tests, a_thread_that_works_now_and_then);
    tcase_add_test(tests, times_that_cannot_be);
    tcase_add_test(tests, a_dump_without_times);
}

int main(void)
{
    return suite_main("det_time", add_tests);
}
