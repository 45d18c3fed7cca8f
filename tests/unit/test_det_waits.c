/* SPDX-License-Identifier: MIT */
/* What threads do, read off built stacks: states, hung windows, pools, alike stacks, self-dumps. */
#include "support/hang_scene.h"
#include "support/suite.h"

static struct hang_scene s;

static const struct {
    const char *frames[HANG_FRAMES];
    const char *state, *reason;
} stacks[] = {
    {{"ntdll!NtDelayExecution", "app!Work"}, "waiting", "sleeps"},
    {{"ntdll!NtWaitForSingleObject", "kernel32!WaitForSingleObject", "app!Work"},
     "waiting",
     "waits for an object"},
    {{"app!Work", "kernel32!BaseThreadInitThunk"}, "running", "runs"},
    {{"ntdll!NtRemoveIoCompletion", "app!Work"}, "idle", "waits for work"},
    {{"ntdll!NtWaitForWorkViaWorkerFactory", "ntdll!TppWorkerThread"}, "idle", "waits for work"},
    {{"user32!NtUserGetMessage", "app!main"}, "idle", "waits for window messages"},
    {{"ntdll!NtReadFile", "app!Work"}, "blocked", "waits for a file or device"},
    {{"ntdll!NtAlpcSendWaitReceivePort", "rpcrt4!NdrClientCall2", "app!Work"},
     "blocked",
     "waits for another process's answer"},
    {{"ntdll!NtAlpcSendWaitReceivePort", "rpcrt4!RecvLotsaCallsWrapper",
      "kernel32!BaseThreadInitThunk"},
     "idle",
     "waits for calls from other processes"},
    {{"user32!NtUserMessageCall", "user32!SendMessageW", "app!Work"},
     "blocked",
     "sent a message to a window and waits for its answer"},
    {{"user32!NtUserMessageCall", "user32!DispatchMessageW", "app!Work"},
     "? is in a window's system call",
     "is in a window's system call"},
    {{"ntdll!NtWaitForAlertByThreadId", "ntdll!RtlAcquireSRWLockExclusive", "app!Work"},
     "blocked",
     "waits for a slim reader/writer lock"},
    /* RtlEnterCriticalSection further out is not what is waited for: the program is between. */
    {{"ntdll!NtWaitForSingleObject", "app!Work", "ntdll!RtlEnterCriticalSection", "app!main"},
     "waiting",
     "waits for an object"},
    {{"ntdll!NtWaitForSingleObject", "user32!MsgWaitForMultipleObjects", "app!Work"},
     "waiting",
     "waits for an object and handles messages meanwhile"},
    {{"user32!NtUserGetMessage", "user32!MessageBoxW", "app!Work"},
     "blocked",
     "shows a message box"},
};
enum { STACKS = sizeof stacks / sizeof stacks[0] };

static void check_states(unsigned pointer_size)
{
    size_t i;

    hang_begin(&s, pointer_size);
    for (i = 0; i < STACKS; i++) {
        struct hang_thread thread = {.id = 0x10 + 4 * (uint32_t)i};
        size_t k;

        for (k = 0; k < HANG_FRAMES; k++)
            thread.frames[k] = stacks[i].frames[k];
        hang_add(&s, &thread);
    }
    hang_run(&s);
    for (i = 0; i < STACKS; i++) {
        hang_check_thread(&s, i, "state", stacks[i].state);
        hang_check_thread(&s, i, "state_reason", stacks[i].reason);
    }
    hang_check(&s, "threads.running", "1");
    hang_check(&s, "threads.idle", "4");
    hang_check(&s, "threads.waiting", "4");
    hang_check(&s, "threads.blocked", "5");
    hang_check(&s, "threads.unknown", "1");
    hang_check(&s, "locks.srw_waiters", "1");
    hang_check(&s, "threads.group_size", "1");
    hang_check(&s, "dump.by_itself", "no");
    hang_check(&s, "process.starting", "no");
    hang_end(&s);
}

START_TEST(states_of_both_kinds_of_code)
{
    check_states(8);
    check_states(4);
}
END_TEST

START_TEST(a_stack_that_cannot_be_walked)
{
    hang_begin(&s, 8);
    (void)db_thread(s.b, &(struct db_thread){.id = 4});
    hang_run(&s);
    hang_check_thread(&s, 0, "state", "? its stack could not be walked");
    hang_check(&s, "threads.unknown", "1");
    hang_end(&s);
}
END_TEST

static void begin_window(const char *innermost, const char *waits_in)
{
    hang_begin(&s, 8);
    hang_add(&s, &(struct hang_thread){
                     .id = 0x10,
                     .name = "ui",
                     .frames = {innermost, waits_in, "app!OnClick", "user32!UserCallWinProc",
                                "user32!DispatchMessageW", "app!main",
                                "kernel32!BaseThreadInitThunk", "ntdll!RtlUserThreadStart"}});
}

START_TEST(a_window_whose_thread_waits)
{
    begin_window("ntdll!NtWaitForSingleObject", "kernel32!WaitForSingleObject");
    hang_run(&s);
    hang_check(&s, "gui.hung", "yes");
    hang_check(&s, "gui.thread", "thread 0 (0x10, ui)");
    hang_check(&s, "gui.reason", "waits for an object");
    hang_check(&s, "gui.function", "app!OnClick");
    hang_check_finding(&s, "gui-hang", true);
    hang_end(&s);
}
END_TEST

START_TEST(windows_whose_thread_does_not)
{
    /* It pumps messages; it shows a message box; it works. */
    static const char *const others[][2] = {
        {"ntdll!NtWaitForSingleObject", "user32!MsgWaitForMultipleObjects"},
        {"user32!NtUserGetMessage", "user32!MessageBoxW"},
        {"app!Work", "app!Work"},
    };
    size_t i;

    for (i = 0; i < sizeof others / sizeof others[0]; i++) {
        begin_window(others[i][0], others[i][1]);
        hang_run(&s);
        hang_check(&s, "gui.hung", "no");
        hang_check_finding(&s, "gui-hang", false);
        hang_end(&s);
    }
}
END_TEST

/* A crash elsewhere explains a window that does not answer. */
START_TEST(a_hung_window_beside_a_crash)
{
    begin_window("ntdll!NtWaitForSingleObject", "kernel32!WaitForSingleObject");
    hang_add(&s, &(struct hang_thread){.id = 0x20, .frames = {"app!Work"}});
    (void)db_exception(s.b, &(struct db_exception){.thread_id = 0x20,
                                                   .code = 0xc0000005,
                                                   .address = hang_function(&s, "app!Work"),
                                                   .parameter_count = 2});
    hang_run(&s);
    hang_check(&s, "gui.hung", "yes");
    hang_check_finding(&s, "gui-hang", false);
    hang_end(&s);
}
END_TEST

static void add_workers(size_t stuck, size_t idle)
{
    size_t i;

    hang_begin(&s, 8);
    for (i = 0; i < stuck; i++)
        hang_add(&s, &(struct hang_thread){.id = 0x100 + 4 * (uint32_t)i,
                                           .frames = {"ntdll!NtWaitForSingleObject",
                                                      "kernel32!WaitForSingleObject", "app!Work",
                                                      "ntdll!TppWorkerThread"}});
    for (i = 0; i < idle; i++)
        hang_add(&s, &(struct hang_thread){.id = 0x200 + 4 * (uint32_t)i,
                                           .frames = {"ntdll!NtWaitForWorkViaWorkerFactory",
                                                      "ntdll!TppWorkerThread"}});
    hang_run(&s);
}

START_TEST(a_thread_pool_that_is_used_up)
{
    add_workers(16, 0);
    hang_check(&s, "pool.workers", "16");
    hang_check(&s, "pool.stuck", "16");
    hang_check(&s, "threads.group_size", "16");
    hang_check(&s, "threads.group_stack",
               "ntdll!NtWaitForSingleObject, kernel32!WaitForSingleObject, app!Work, "
               "ntdll!TppWorkerThread");
    hang_check_finding(&s, "thread-pool-exhausted", true);
    hang_end(&s);
    add_workers(16, 1);
    hang_check(&s, "pool.workers", "17");
    hang_check(&s, "pool.busy", "16");
    hang_check_finding(&s, "thread-pool-exhausted", false);
    hang_end(&s);
}
END_TEST

START_TEST(a_dump_that_the_process_wrote)
{
    hang_begin(&s, 4);
    hang_add(&s, &(struct hang_thread){.id = 0x10,
                                       .frames = {"ntdll!NtReadFile", "dbghelp!MiniDumpWriteDump",
                                                  "app!OnClick", "app!main"}});
    hang_run(&s);
    hang_check(&s, "dump.by_itself", "yes");
    hang_check(&s, "dump.writer_thread", "thread 0 (0x10)");
    hang_check(&s, "dump.writer_function", "app!OnClick");
    hang_check_finding(&s, "self-dump", true);
    hang_end(&s);
    /* It asks another process to write it. */
    hang_begin(&s, 4);
    hang_add(&s,
             &(struct hang_thread){.id = 0x10,
                                   .frames = {"ntdll!NtAlpcSendWaitReceivePort",
                                              "rpcrt4!NdrClientCall2", "app!OnClick", "app!main"}});
    hang_run(&s);
    hang_check_finding(&s, "self-dump", false);
    hang_end(&s);
}
END_TEST

static void check_start(const char *loader, const char *starting, bool found)
{
    hang_begin(&s, 8);
    hang_add(&s, &(struct hang_thread){
                     .id = 0x10, .frames = {"app!DllMain", "ntdll!LdrpCallInitRoutine", loader}});
    (void)db_exception(s.b, &(struct db_exception){.thread_id = 0x10,
                                                   .code = 0xc0000005,
                                                   .address = hang_function(&s, "app!DllMain"),
                                                   .parameter_count = 2});
    hang_run(&s);
    hang_check(&s, "process.starting", starting);
    hang_check_finding(&s, "early-crash", found);
    hang_end(&s);
}

START_TEST(a_crash_while_the_process_starts)
{
    check_start("ntdll!LdrpInitializeProcess", "yes", true);
    check_start("app!OnClick", "no", false); /* loads a library later */
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, states_of_both_kinds_of_code);
    tcase_add_test(tests, a_stack_that_cannot_be_walked);
    tcase_add_test(tests, a_window_whose_thread_waits);
    tcase_add_test(tests, windows_whose_thread_does_not);
    tcase_add_test(tests, a_hung_window_beside_a_crash);
    tcase_add_test(tests, a_thread_pool_that_is_used_up);
    tcase_add_test(tests, a_dump_that_the_process_wrote);
    tcase_add_test(tests, a_crash_while_the_process_starts);
}

int main(void)
{
    return suite_main("det_waits", add_tests);
}
