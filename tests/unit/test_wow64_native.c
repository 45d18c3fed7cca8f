/* SPDX-License-Identifier: MIT */
/*
 * src/analyze/threads.c and wow64_native.c: both stacks of a WOW64 thread. Of one that was running
 * 32-bit code the 64-bit one begins where wow64.dll called into that code; a 32-bit stub whose
 * return address the CPU area counts as not yet taken off is entered without it.
 */
#include "analyze/analysis.h"
#include "support/suite.h"
#include "support/wow64_thread.h"

#include <check.h>

enum {
    WOW64_RETURN = 0x755b2020,  /* in wow64.dll, behind a call */
    WOW64_NO_CALL = 0x755b2040, /* there too, but behind none */
    KEPT = W_STACK64 + 0x2590,  /* the 64-bit stack pointer that wow64cpu keeps */
    AT_RETURN = KEPT + 9 * 8    /* above what it saved, as on Windows 7 */
};

struct run {
    struct dump_fixture dump;
    struct avd_analysis *an;
};

static struct db *live(uint64_t kept)
{
    struct db *b = wow64_thread_builder(
        &(struct wow64_thread){.native = {.cs = 0x23, .rip = W_EIP, .rsp = W_ESP, .r14 = kept}});

    (void)db_memory(b, 0x755b2000, 0x100);
    db_poke8(b, WOW64_RETURN - 5, 0xe8);
    db_poke64(b, AT_RETURN, WOW64_RETURN);
    return b;
}

static struct run analyze(struct db *b)
{
    struct run run = {.dump = dump_fixture_open(b)};

    ck_assert_int_eq(avd_analysis_run(run.dump.dump, NULL, &run.an, NULL), AVD_OK);
    ck_assert_uint_eq(run.an->thread_count, 1);
    return run;
}

static void done(struct run *run)
{
    avd_analysis_free(run->an);
    dump_fixture_close(&run->dump);
}

START_TEST(test_live_code)
{
    struct db *b = live(KEPT);
    struct run run;
    const struct avd_an_thread *thread;

    /* Words of the stack that are no return addresses: data, and code that follows no call. */
    db_poke64(b, KEPT + 8, 0x755b0010);
    db_poke64(b, KEPT + 16, WOW64_NO_CALL);
    run = analyze(b);
    thread = &run.an->threads[0];
    ck_assert(thread->wow64);
    ck_assert_str_eq(thread->x86.source, "the thread's context (cs 0x23)");
    ck_assert_uint_eq(thread->x86.stack.frames[0].pc, W_EIP);
    ck_assert_uint_eq(thread->x86.stack.frames[0].sp, W_ESP);
    ck_assert(thread->native.start_found);
    ck_assert_str_eq(thread->native.source, "a return address above r14, which wow64cpu keeps");
    ck_assert_uint_eq(thread->native.stack.frames[0].pc, WOW64_RETURN);
    ck_assert_uint_eq(thread->native.stack.frames[0].sp, AT_RETURN + 8);
    ck_assert_int_eq(thread->native.stack.frames[0].trust, AVD_TRUST_SCAN);
    ck_assert_int_eq(thread->native.stack.frames[0].evidence, AVD_EVIDENCE_CALL);
    ck_assert(!thread->native.stack.frames[0].exact);
    done(&run);
}
END_TEST

/* No such return address within reach: there is no 64-bit stack, and it is said why. */
START_TEST(test_live_code_without_return)
{
    struct run run = analyze(live(AT_RETURN - 64 * 8));
    const struct avd_an_stack *native = &run.an->threads[0].native;

    ck_assert_uint_eq(native->stack.count, 0);
    ck_assert_int_eq(native->stack.end, AVD_END_NO_CONTEXT);
    ck_assert_str_eq(native->stack.end_detail,
                     "the thread was running 32-bit code; no return address into wow64.dll was "
                     "found above the 64-bit stack pointer that wow64cpu kept");
    done(&run);
}
END_TEST

static struct run in_system_call(uint32_t top, bool has_code)
{
    struct db *b = wow64_thread_builder(&(struct wow64_thread){.machine = 0x14c});

    db_poke32(b, W_ESP, top);
    if (has_code) {
        (void)db_memory(b, W_APP + 0x1000, 0x100);
        db_poke(b, W_EIP, "\xc2\x04", 3); /* ret 4 */
    }
    return analyze(b);
}

/* [esp] == eip: the return address of the call that entered 64-bit code still lies there. */
START_TEST(test_return_on_stack)
{
    struct run run = in_system_call(W_EIP, false);
    const struct avd_frame *frame = run.an->threads[0].x86.stack.frames;

    ck_assert_uint_eq(frame->pc, W_EIP);
    ck_assert_uint_eq(frame->sp, W_ESP + 4);
    /* What is shown as registers is what was recorded. */
    ck_assert_uint_eq(run.an->threads[0].x86.regs.value[AVD_ESP], W_ESP);
    done(&run);
    run = in_system_call(W_EIP + 1, false);
    ck_assert_uint_eq(run.an->threads[0].x86.stack.frames[0].sp, W_ESP);
    done(&run);
    /* Code that is there tells by itself how the stub goes on. */
    run = in_system_call(W_EIP, true);
    ck_assert_uint_eq(run.an->threads[0].x86.stack.frames[0].sp, W_ESP);
    done(&run);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_live_code);
    tcase_add_test(tests, test_live_code_without_return);
    tcase_add_test(tests, test_return_on_stack);
}

int main(void)
{
    return suite_main("wow64_native", add_tests);
}
