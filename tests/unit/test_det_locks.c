/* SPDX-License-Identifier: MIT */
/*
 * Critical sections in built dumps of both layouts (winnt.h): who waits for whom, circles, owners
 * that are gone, the loader lock, and bytes that only look like a section.
 */
#include "support/hang_scene.h"
#include "support/suite.h"

#include <stdio.h>

#define SECTION_A (HANG_HEAP + 0x100)
#define SECTION_B (HANG_HEAP + 0x200)
#define WAITERS_1 (-6) /* since 2003 SP1: held, one waiter */

static struct hang_scene s;

/* A thread that waits in RtlEnterCriticalSection(section), called by app!Work. */
static size_t add_waiter(uint32_t id, uint64_t section)
{
    size_t t = hang_add(
        &s,
        &(struct hang_thread){
            .id = id,
            .frames = {"ntdll!NtWaitForAlertByThreadId", "ntdll!RtlpWaitOnCriticalSection",
                       "ntdll!RtlpEnterCriticalSectionContended", "ntdll!RtlEnterCriticalSection",
                       "app!Work", "kernel32!BaseThreadInitThunk", "ntdll!RtlUserThreadStart"},
            .rbx = s.pointer_size == 8 ? section : 0});

    if (s.pointer_size == 4)
        hang_poke(&s, hang_argument(&s, t, 3, 0), section);
    return t;
}

static size_t add_sleeper(uint32_t id)
{
    return hang_add(&s, &(struct hang_thread){.id = id,
                                              .frames = {"ntdll!NtDelayExecution", "app!Work",
                                                         "kernel32!BaseThreadInitThunk",
                                                         "ntdll!RtlUserThreadStart"}});
}

static void check_deadlock(unsigned pointer_size)
{
    const char *wide = pointer_size == 8 ? "00000000" : "";
    char expected[512];

    hang_begin(&s, pointer_size);
    add_waiter(0x10, SECTION_A);
    add_waiter(0x20, SECTION_B);
    hang_section(&s, SECTION_A, 0x20, WAITERS_1);
    hang_section(&s, SECTION_B, 0x10, WAITERS_1);
    hang_run(&s);
    hang_check_thread(&s, 0, "state", "blocked");
    hang_check_thread(&s, 0, "state_reason", "waits for a critical section");
    hang_check(&s, "locks.waiters", "2");
    hang_check(&s, "locks.resolved", "2");
    hang_check(&s, "locks.deadlock", "yes");
    hang_check(&s, "locks.deadlock_threads", "2");
    (void)snprintf(expected, sizeof expected,
                   "thread 0 (0x10) waits for critical section 0x%s00500100 of thread 1 (0x20), "
                   "thread 1 (0x20) waits for critical section 0x%s00500200 of thread 0 (0x10)",
                   wide, wide);
    hang_check(&s, "locks.deadlock_chain", expected);
    hang_check(&s, "locks.holder", "? no owner of a critical section was found");
    hang_check_finding(&s, "deadlock", true);
    hang_check_finding(&s, "lock-wait-chain", false);
    hang_end(&s);
}

START_TEST(two_threads_wait_for_each_other)
{
    check_deadlock(8);
    check_deadlock(4);
}
END_TEST

static void check_chain(unsigned pointer_size)
{
    const char *wide = pointer_size == 8 ? "00000000" : "";
    char expected[512];

    hang_begin(&s, pointer_size);
    add_waiter(0x10, SECTION_A);
    add_waiter(0x20, SECTION_B);
    add_sleeper(0x30);
    hang_section(&s, SECTION_A, 0x20, WAITERS_1);
    hang_section(&s, SECTION_B, 0x30, WAITERS_1);
    hang_run(&s);
    hang_check(&s, "locks.resolved", "2");
    hang_check(&s, "locks.deadlock", "no");
    hang_check(&s, "locks.holder", "thread 2 (0x30)");
    hang_check(&s, "locks.holder_state", "waiting");
    hang_check(&s, "locks.holder_reason", "sleeps");
    hang_check(&s, "locks.holder_frame", "app!Work");
    (void)snprintf(expected, sizeof expected,
                   "thread 0 (0x10) waits for critical section 0x%s00500100 of thread 1 (0x20), "
                   "thread 1 (0x20) waits for critical section 0x%s00500200 of thread 2 (0x30), "
                   "which sleeps",
                   wide, wide);
    hang_check(&s, "locks.chain", expected);
    hang_check_finding(&s, "lock-wait-chain", true);
    hang_check_finding(&s, "deadlock", false);
    hang_end(&s);
}

START_TEST(a_chain_ends_at_the_one_who_holds_up_the_others)
{
    check_chain(8);
    check_chain(4);
}
END_TEST

/* Before Windows Server 2003 SP1 and under Wine LockCount counts waiters from -1. */
START_TEST(the_older_coding_of_waiters)
{
    hang_begin(&s, 4);
    add_waiter(0x10, SECTION_A);
    add_sleeper(0x20);
    hang_section(&s, SECTION_A, 0x20, 1);
    hang_run(&s);
    hang_check(&s, "locks.resolved", "1");
    hang_check(&s, "locks.holder", "thread 1 (0x20)");
    hang_end(&s);
}
END_TEST

START_TEST(an_owner_that_is_gone)
{
    hang_begin(&s, 8);
    add_waiter(0x10, SECTION_A);
    add_sleeper(0x20);
    hang_section(&s, SECTION_A, 0x444, WAITERS_1);
    /* RTL_CRITICAL_SECTION_DEBUG leads back: that it is a section is sure */
    hang_poke(&s, SECTION_A, HANG_HEAP + 0x800);
    hang_poke(&s, HANG_HEAP + 0x808, SECTION_A);
    hang_run(&s);
    hang_check(&s, "locks.orphans", "1");
    hang_check(&s, "locks.orphan_chain",
               "thread 0 (0x10) waits for critical section 0x0000000000500100 of thread 0x444, "
               "which is not in the dump");
    hang_check_finding(&s, "lock-orphaned", true);
    hang_end(&s);
}
END_TEST

/* Each of these bytes is off in one field; a wrong chain is worse than none. */
START_TEST(what_only_looks_like_a_section)
{
    unsigned i;

    for (i = 0; i < 7; i++) {
        hang_begin(&s, 8);
        add_waiter(0x10, SECTION_A);
        add_sleeper(0x20);
        hang_section(&s, SECTION_A, 0x20, WAITERS_1);
        switch (i) {
        case 0: hang_poke(&s, SECTION_A + 0x10, 0x444); break; /* no such thread, no debug info */
        case 1: hang_poke(&s, SECTION_A + 0x10, 0x10); break;  /* its own */
        case 2: db_poke32(s.b, SECTION_A + 0xc, 0); break;     /* nobody entered it */
        case 3: db_poke32(s.b, SECTION_A + 8, (uint32_t)-1); break;               /* free */
        case 4: db_poke32(s.b, SECTION_A + 8, (uint32_t)-2); break;               /* nobody waits */
        case 5: hang_poke(&s, SECTION_A + 0x18, UINT64_C(0x7ff612345678)); break; /* no handle */
        default:
            hang_poke(&s, SECTION_A, HANG_HEAP + 0x800); /* debug info of another one */
            hang_poke(&s, HANG_HEAP + 0x808, SECTION_B);
            break;
        }
        hang_run(&s);
        hang_check(&s, "locks.waiters", "1");
        hang_check(&s, "locks.resolved", "0");
        hang_check(&s, "locks.deadlock", "no");
        hang_check_finding(&s, "lock-wait-chain", false);
        hang_check_finding(&s, "lock-orphaned", false);
        hang_end(&s);
    }
}
END_TEST

/* Of two addresses that could be the section, none is believed. */
START_TEST(two_candidates_give_none)
{
    size_t t;

    hang_begin(&s, 8);
    t = add_waiter(0x10, SECTION_A);
    add_sleeper(0x20);
    hang_section(&s, SECTION_A, 0x20, WAITERS_1);
    hang_section(&s, SECTION_B, 0x20, WAITERS_1);
    hang_poke(&s, hang_argument(&s, t, 2, 0) - 0x20, SECTION_B);
    hang_run(&s);
    hang_check(&s, "locks.resolved", "0");
    hang_end(&s);
}
END_TEST

/* The critical section lies on the stack of a caller that is not part of the wait. */
START_TEST(the_callers_part_of_the_stack_does_not_count)
{
    size_t t;

    hang_begin(&s, 8);
    t = add_waiter(0x10, 0);
    add_sleeper(0x20);
    hang_section(&s, SECTION_A, 0x20, WAITERS_1);
    hang_poke(&s, hang_argument(&s, t, 5, 0), SECTION_A);
    hang_run(&s);
    hang_check(&s, "locks.waiters", "1");
    hang_check(&s, "locks.resolved", "0");
    hang_end(&s);
}
END_TEST

static void check_loader(unsigned pointer_size)
{
    hang_begin(&s, pointer_size);
    hang_add(&s, &(struct hang_thread){.id = 0x10,
                                       .frames = {"ntdll!NtWaitForSingleObject",
                                                  "ntdll!LdrpAcquireLoaderLock", "app!Work",
                                                  "ntdll!RtlUserThreadStart"}});
    hang_add(&s, &(struct hang_thread){.id = 0x20,
                                       .frames = {"ntdll!NtWaitForSingleObject",
                                                  "kernel32!WaitForSingleObject", "app!DllMain",
                                                  "ntdll!LdrpCallInitRoutine",
                                                  "ntdll!RtlUserThreadStart"}});
    hang_section(&s, HANG_LOADER, 0x20, WAITERS_1);
    hang_run(&s);
    hang_check(&s, "loader.waiters", "1");
    hang_check(&s, "loader.owner", "thread 1 (0x20)");
    hang_check(&s, "loader.owner_state", "waiting");
    hang_check(&s, "loader.owner_frame", "app!DllMain");
    hang_check(&s, "locks.chain",
               "thread 0 (0x10) waits for the loader lock of thread 1 (0x20), which waits for an "
               "object");
    hang_check_finding(&s, "loader-lock", true);
    hang_end(&s);
}

START_TEST(a_dll_main_that_waits)
{
    check_loader(8);
    check_loader(4);
}
END_TEST

START_TEST(nobody_waits)
{
    hang_begin(&s, 8);
    add_sleeper(0x10);
    hang_section(&s, HANG_LOADER, 0x10, -2);
    hang_run(&s);
    hang_check(&s, "locks.waiters", "0");
    hang_check(&s, "locks.chain", "? no owner of a critical section was found");
    hang_check(&s, "locks.orphans", "0");
    hang_check(&s, "loader.waiters", "0");
    hang_check(&s, "loader.owner", "thread 0 (0x10)");
    hang_check_finding(&s, "deadlock", false);
    hang_check_finding(&s, "lock-wait-chain", false);
    hang_check_finding(&s, "loader-lock", false);
    hang_check_finding(&s, "lock-orphaned", false);
    hang_end(&s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, two_threads_wait_for_each_other);
    tcase_add_test(tests, a_chain_ends_at_the_one_who_holds_up_the_others);
    tcase_add_test(tests, the_older_coding_of_waiters);
    tcase_add_test(tests, an_owner_that_is_gone);
    tcase_add_test(tests, what_only_looks_like_a_section);
    tcase_add_test(tests, two_candidates_give_none);
    tcase_add_test(tests, the_callers_part_of_the_stack_does_not_count);
    tcase_add_test(tests, a_dll_main_that_waits);
    tcase_add_test(tests, nobody_waits);
}

int main(void)
{
    return suite_main("det_locks", add_tests);
}
