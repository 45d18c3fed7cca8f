/* SPDX-License-Identifier: MIT */
/* src/analyze/recover.c: which exception a report is about, and where it came from. */
#include "analyze/recover.h"

#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/dump_recover.h"
#include "support/suite.h"
#include "support/whole_run.h"

#include <stdlib.h>
#include <string.h>

#define STACK 0x180000u
#define TEB   0x7efdb000u

struct run {
    struct dump_fixture fixture;
    struct avd_analysis *an;
};

static struct run analyze(struct db *b)
{
    struct run run = {.fixture = dump_fixture_open(b)};

    ck_assert_int_eq(avd_analysis_run(run.fixture.dump, NULL, &run.an, NULL), AVD_OK);
    return run;
}

static void done(struct run *run)
{
    avd_analysis_free(run->an);
    dump_fixture_close(&run->fixture);
}

static struct recover_thread thread_in_filter(void)
{
    return (struct recover_thread){.id = 7, .stack = STACK, .teb = TEB, .in_filter = true};
}

static void assert_recovered(const struct avd_analysis *an, size_t thread, bool is_32bit)
{
    ck_assert(an->has_exception);
    ck_assert(an->exception_recovered);
    ck_assert_uint_eq(an->exception.code, 0xc0000005);
    ck_assert_uint_eq(an->exception.address, RECOVER_FAULT);
    ck_assert_uint_eq(an->words.access_address, RECOVER_ADDRESS);
    ck_assert_int_eq(an->words.access, AVD_ACCESS_WRITE);
    ck_assert_uint_eq(an->crashing_thread, thread);
    ck_assert_int_eq(an->exception_is_32bit, is_32bit);
    ck_assert(an->fault.present);
    ck_assert_uint_eq(an->fault.stack.frames[0].pc, RECOVER_FAULT);
    ck_assert_uint_eq(an->fault.regs.value[AVD_RBX], 0xbb);
}

static void assert_none(struct db *b, size_t leftovers, const char *what)
{
    struct run run = analyze(b);
    size_t i;

    ck_assert_msg(!run.an->has_exception, "%s: recovered from %s", what,
                  run.an->exception_evidence);
    ck_assert(!run.an->fault.present);
    ck_assert_msg(run.an->found_count == leftovers, "%s: %zu found", what, run.an->found_count);
    for (i = 0; i < leftovers; i++)
        ck_assert_int_eq(run.an->found[i].by, AVD_FOUND_LEFTOVER);
    done(&run);
}

static const char *fact(const struct avd_analysis *an, const char *name)
{
    const struct avd_fact *found = avd_fact_find(&an->facts, name);

    ck_assert_ptr_nonnull(found);
    return found->type == AVD_FACT_TEXT ? found->text : NULL;
}

static uint64_t number(const struct avd_analysis *an, const char *name)
{
    const struct avd_fact *found = avd_fact_find(&an->facts, name);

    ck_assert_ptr_nonnull(found);
    ck_assert_int_ne(found->type, AVD_FACT_UNKNOWN);
    return found->number;
}

/* ---- found ---- */

START_TEST(x86_filter)
{
    struct db *b = recover_process_x86();
    struct recover_thread thread = thread_in_filter();
    struct run run;

    recover_thread_x86(b, &thread);
    run = analyze(b);
    assert_recovered(run.an, 0, true);
    ck_assert_str_eq(run.an->exception_evidence,
                     "the first argument of kernel32!UnhandledExceptionFilter, frame 0 of the "
                     "stack of thread 0: EXCEPTION_POINTERS at 0x180900");
    ck_assert(run.an->found[0].unhandled);
    ck_assert_str_eq(fact(run.an, "exception.source"), "recovered");
    ck_assert_uint_eq(number(run.an, "exceptions.count"), 1);
    ck_assert_uint_eq(number(run.an, "exceptions.threads"), 1);
    ck_assert_uint_eq(number(run.an, "exceptions.leftovers"), 0);
    ck_assert_uint_eq(number(run.an, "access.address"), RECOVER_ADDRESS);
    ck_assert_uint_eq(number(run.an, "sp.address"), STACK + RECOVER_SP);
    /* The thread's own stack is still the handler's. */
    ck_assert_uint_eq(run.an->threads[0].native.stack.frames[0].pc, RECOVER_KERNEL32 + 0x1010);
    done(&run);
}
END_TEST

START_TEST(x86_dispatch)
{
    struct db *b = recover_process_x86();
    struct recover_thread thread = thread_in_filter();
    struct run run;

    thread.in_filter = false;
    recover_thread_x86(b, &thread);
    run = analyze(b);
    assert_recovered(run.an, 0, true);
    ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_DISPATCH);
    ck_assert(!run.an->found[0].unhandled);
    ck_assert_str_eq(run.an->exception_evidence,
                     "the frame of ntdll!KiUserExceptionDispatcher, frame 2 of the stack of thread "
                     "0: EXCEPTION_RECORD at 0x180a00, CONTEXT at 0x180a50");
    done(&run);
}
END_TEST

/* The thread with registers of its own, and one value on its stack changed. */
static struct run analyze_x86(const struct recover_thread *thread, const struct db_x86 *regs,
                              uint32_t at, uint32_t value)
{
    struct db *b = recover_process_x86();

    recover_stack_x86(b, thread);
    db_poke32(b, STACK + 0x1400, STACK + 0x1f80); /* a frame in the middle */
    db_poke32(b, STACK + 0x1404, RECOVER_NTDLL + 0x1340);
    db_poke32(b, STACK + at, value);
    (void)db_thread(b, &(struct db_thread){.id = thread->id,
                                           .teb = thread->teb,
                                           .stack_start = STACK,
                                           .stack_size = RECOVER_STACK_SIZE,
                                           .context = db_context_x86(b, regs)});
    return analyze(b);
}

/* Without names: in kernel32 only the filter gets such an argument, in ntdll any handler does. */
START_TEST(x86_unnamed)
{
    static const uint32_t places[] = {RECOVER_KERNEL32 + 0x1910, RECOVER_NTDLL + 0x1910};
    struct recover_thread thread = thread_in_filter();
    size_t i;

    thread.in_filter = false;
    thread.idle = true;
    thread.code = 0xe0434352; /* an exception only when nobody took it */
    for (i = 0; i < 2; i++) {
        struct db_x86 regs = {.eip = places[i], .esp = STACK + 0x7f0, .ebp = STACK + 0x800};
        struct run run = analyze_x86(&thread, &regs, RECOVER_ARGUMENT, STACK + RECOVER_POINTERS);
        const struct avd_found_exception *found = &run.an->found[0];

        ck_assert_uint_eq(run.an->found_count, 1);
        ck_assert_int_eq(found->by, AVD_FOUND_ARGUMENT);
        ck_assert_int_eq(found->unhandled, i == 0);
        ck_assert_int_eq(run.an->has_exception, i == 0);
        done(&run);
    }
}
END_TEST

/* A frame cannot have been handed what is younger than itself. */
START_TEST(younger_than_the_frame)
{
    struct db_x86 regs = {
        .eip = RECOVER_KERNEL32 + 0x1110, .esp = STACK + 0x7f0, .ebp = STACK + 0x1400};
    struct recover_thread thread = thread_in_filter();
    struct run run;

    thread.in_filter = false;
    thread.idle = true;
    run = analyze_x86(&thread, &regs, 0x1408, STACK + RECOVER_POINTERS);
    ck_assert_uint_eq(run.an->threads[0].native.stack.frames[0].fp, STACK + 0x1400);
    ck_assert(!run.an->has_exception);
    ck_assert_uint_eq(run.an->found_count, 1);
    ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_LEFTOVER);
    done(&run);
}
END_TEST

/* The dispatcher's frame may be an old one when only scanning found it. */
START_TEST(guessed_dispatcher)
{
    struct db_x86 regs = {.eip = RECOVER_KERNEL32 + 0x1110, .esp = STACK + 0x8f0};
    struct recover_thread thread = thread_in_filter();
    const struct avd_frame *frame;
    struct run run;

    thread.in_filter = false;
    run = analyze_x86(&thread, &regs, RECOVER_DISPATCH - 4, RECOVER_NTDLL + 0x1013);
    frame = &run.an->threads[0].native.stack.frames[1];
    ck_assert_uint_gt(run.an->threads[0].native.stack.count, 2);
    ck_assert_uint_eq(frame->sp, STACK + RECOVER_DISPATCH);
    ck_assert_int_eq(frame->method, AVD_METHOD_SCAN);
    ck_assert_int_eq(frame->evidence, AVD_EVIDENCE_WEAK);
    ck_assert_uint_eq(run.an->found_count, 1);
    ck_assert_int_lt(run.an->found[0].by, AVD_FOUND_DISPATCH);
    done(&run);
}
END_TEST

/* The kernel has just sent the thread there; nothing ran yet. */
START_TEST(x86_dispatcher_entry)
{
    struct db_x86 regs = {
        .eip = RECOVER_NTDLL + 0x1000, .esp = STACK + RECOVER_DISPATCH, .ebp = STACK + 0x1f80};
    struct recover_thread thread = thread_in_filter();
    struct run run;

    thread.in_filter = false;
    run = analyze_x86(&thread, &regs, 0x1ff0, 0);
    assert_recovered(run.an, 0, true);
    ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_DISPATCH);
    done(&run);
}
END_TEST

START_TEST(wow64_filter)
{
    struct db *b = recover_process_wow64();
    struct recover_thread thread = thread_in_filter();
    struct run run;

    recover_thread_wow64(b, &thread);
    run = analyze(b);
    ck_assert(run.an->wow64.present);
    assert_recovered(run.an, 0, true);
    ck_assert_str_eq(run.an->fault.cpu->name, "x86");
    ck_assert_uint_eq(run.an->fault.high, STACK + RECOVER_STACK_SIZE);
    ck_assert_str_eq(run.an->exception_evidence,
                     "the first argument of kernel32!UnhandledExceptionFilter, frame 0 of the "
                     "32-bit stack of thread 0: EXCEPTION_POINTERS at 0x180900");
    ck_assert_uint_eq(run.an->threads[0].x86.stack.frames[0].pc, RECOVER_KERNEL32 + 0x1010);
    done(&run);
}
END_TEST

START_TEST(x64_dispatch)
{
    struct db *b = recover_process_x64();
    struct recover_thread thread = thread_in_filter();
    struct run run;

    thread.in_filter = false;
    recover_thread_x64(b, &thread);
    run = analyze(b);
    assert_recovered(run.an, 0, false);
    ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_DISPATCH);
    ck_assert_uint_eq(run.an->found[0].record_at, STACK + RECOVER_RECORD64);
    ck_assert_uint_eq(run.an->found[0].context_at, STACK + RECOVER_CONTEXT64);
    ck_assert_str_eq(run.an->exception_evidence,
                     "the frame of ntdll!KiUserExceptionDispatcher, frame 1 of the stack of thread "
                     "0: EXCEPTION_RECORD at 0x180ef0, CONTEXT at 0x180a00");
    ck_assert_uint_eq(run.an->fault.stack.count, 2);
    ck_assert_int_eq(run.an->fault.stack.end, AVD_END_COMPLETE);
    done(&run);
}
END_TEST

/* Without a walk to the dispatcher: the filter's frame, and the pointers above it. */
START_TEST(x64_filter)
{
    struct db *b = recover_process_x64();
    struct recover_thread thread = thread_in_filter();
    struct run run;

    recover_thread_x64(b, &thread);
    run = analyze(b);
    assert_recovered(run.an, 0, false);
    ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_POINTERS);
    ck_assert(run.an->found[0].unhandled);
    ck_assert_str_eq(run.an->exception_evidence,
                     "the stack above KERNELBASE!UnhandledExceptionFilter, frame 1 of the stack of "
                     "thread 0: EXCEPTION_POINTERS at 0x180900");
    done(&run);
}
END_TEST

/* A thread of its own writes the dump and was told which exception. */
START_TEST(x64_writer)
{
    const uint64_t stack = 0x280000, information = stack + 0x1800;
    struct db *b = recover_process_x64();
    struct recover_thread thread = thread_in_filter();
    struct db_x64 regs = {.rip = RECOVER_DBGHELP + 0x1010, .rsp = stack + 0x800};
    struct run run;

    thread.idle = true; /* nothing on its own stack says that the exception is in use */
    recover_thread_x64(b, &thread);
    (void)db_memory(b, stack, 0x2000);
    db_poke64(b, stack + 0x828, RECOVER_APP + 0x1090);
    db_poke64(b, stack + 0x830 + 0x20, information);
    db_poke64(b, stack + 0x830 + 0x28, RECOVER_NTDLL + 0x1210);
    db_poke32(b, information, 7);
    db_poke64(b, information + 4, STACK + RECOVER_POINTERS);
    (void)db_thread(b, &(struct db_thread){.id = 8,
                                           .stack_start = stack,
                                           .stack_size = 0x2000,
                                           .context = db_context_x64(b, &regs)});
    run = analyze(b);
    assert_recovered(run.an, 0, false);
    ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_WRITER);
    ck_assert_str_eq(run.an->exception_evidence,
                     "the exception information that was handed to dbghelp!MiniDumpWriteDump, "
                     "frame 0 of the stack of thread 1: EXCEPTION_POINTERS at 0x180900");
    done(&run);
}
END_TEST

/* ---- near misses ---- */

START_TEST(leftovers_decide_nothing)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x64();

    thread.in_filter = false;
    thread.idle = true;
    recover_thread_x64(b, &thread);
    assert_none(b, 1, "x64");
    b = recover_process_x86();
    recover_thread_x86(b, &thread);
    assert_none(b, 1, "x86");
}
END_TEST

/* A thread whose walk ends early: what lies as the system leaves it for the dispatcher is in use,
 * unless any of it differs. */
static struct db *x64_placed(void)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x64();

    thread.in_filter = false;
    thread.idle = true;
    recover_thread_x64(b, &thread);
    db_poke64(b, STACK + 0x800, 0x1111); /* no code */
    db_poke64(b, STACK + 0x830, 0);
    return b;
}

START_TEST(x64_place)
{
    static const struct {
        const char *what;
        uint32_t at;
        uint64_t value;
    } wrong[] = {
        {"machine frame's rip", RECOVER_CONTEXT64 + 0x590, RECOVER_FAULT + 1},
        {"machine frame's rsp", RECOVER_CONTEXT64 + 0x5a8, STACK + RECOVER_SP + 8},
        {"called from elsewhere", RECOVER_CONTEXT64 - 8, RECOVER_KERNEL32 + 0x1010},
        {"unwinding", RECOVER_RECORD64, UINT64_C(0x00000022c0000005)},
    };
    struct run run = analyze(x64_placed());
    size_t i;

    ck_assert_uint_eq(run.an->threads[0].native.stack.count, 1);
    assert_recovered(run.an, 0, false);
    ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_PLACE);
    ck_assert_str_eq(run.an->exception_evidence,
                     "where the system puts them to be dispatched, on the stack of thread 0: "
                     "EXCEPTION_RECORD at 0x180ef0, CONTEXT at 0x180a00");
    done(&run);
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct db *b = x64_placed();

        db_poke64(b, STACK + wrong[i].at, wrong[i].value);
        assert_none(b, 1, wrong[i].what);
    }
}
END_TEST

START_TEST(x86_refused)
{
    static const struct {
        const char *what;
        uint32_t at, value;
    } wrong[] = {
        {"no code", RECOVER_RECORD, 0},
        {"code of success", RECOVER_RECORD, 0x12345678},
        {"reserved bit", RECOVER_RECORD, 0xd0000005},
        {"unknown flags", RECOVER_RECORD + 4, 0x100},
        {"odd chain", RECOVER_RECORD + 8, 0x180a01},
        {"another address", RECOVER_RECORD + 0xc, RECOVER_FAULT - 1},
        {"address in no module", RECOVER_RECORD + 0xc, 0x12345},
        {"16 parameters", RECOVER_RECORD + 0x10, 16},
        {"an access without address", RECOVER_RECORD + 0x10, 1},
        {"no such access", RECOVER_RECORD + 0x14, 2},
        {"another CPU's context", RECOVER_CONTEXT, 0x10001f},
        {"no control registers", RECOVER_CONTEXT, 0x10002},
        {"unknown context flags", RECOVER_CONTEXT, 0x0101003f},
        {"another pc", RECOVER_CONTEXT + 0xb8, RECOVER_FAULT + 4},
        {"64-bit code", RECOVER_CONTEXT + 0xbc, 0x33},
        {"eflags", RECOVER_CONTEXT + 0xc0, 0x10244},
        {"sp below the context", RECOVER_CONTEXT + 0xc4, STACK + RECOVER_CONTEXT - 4},
        {"sp above the stack", RECOVER_CONTEXT + 0xc4, STACK + RECOVER_STACK_SIZE},
        {"sp of another stack", RECOVER_CONTEXT + 0xc4, 0x380000},
        {"odd sp", RECOVER_CONTEXT + 0xc4, STACK + RECOVER_SP + 1},
        {"a record that is not there", RECOVER_POINTERS, 0x380000},
        {"a record below the filter", RECOVER_POINTERS, STACK + 0x700},
        {"record and context in one", RECOVER_POINTERS + 4, STACK + RECOVER_RECORD},
        {"no pointers", RECOVER_ARGUMENT, 0},
    };
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct recover_thread thread = thread_in_filter();
        struct db *b = recover_process_x86();

        recover_thread_x86(b, &thread);
        db_poke32(b, STACK + wrong[i].at, wrong[i].value);
        if (wrong[i].at != RECOVER_ARGUMENT) {
            assert_none(b, 0, wrong[i].what);
        } else { /* the pair is still there, above a filter */
            struct run run = analyze(b);

            ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_POINTERS);
            done(&run);
        }
    }
}
END_TEST

START_TEST(x64_refused)
{
    static const struct {
        const char *what;
        uint32_t at;
        uint64_t value;
    } wrong[] = {
        {"16 parameters", RECOVER_RECORD64 + 0x18, 16},
        {"another address", RECOVER_RECORD64 + 0x10, RECOVER_FAULT + 2},
        {"32-bit code", RECOVER_CONTEXT64 + 0x38, 0x23},
        {"no flags", RECOVER_CONTEXT64 + 0x30, 0},
        {"pc 0 and a write", RECOVER_CONTEXT64 + 0xf8, 0},
        {"sp below", RECOVER_CONTEXT64 + 0x98, STACK},
        {"sp not canonical", RECOVER_CONTEXT64 + 0x98, UINT64_C(0x8000000000000000)},
    };
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct recover_thread thread = thread_in_filter();
        struct db *b = recover_process_x64();

        thread.in_filter = i % 2 != 0;
        recover_thread_x64(b, &thread);
        db_poke64(b, STACK + wrong[i].at, wrong[i].value);
        assert_none(b, 0, wrong[i].what);
    }
}
END_TEST

/* A handler was found already: the program goes on behind it. */
START_TEST(unwinding_is_no_crash)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x64();
    struct run run;

    thread.in_filter = false;
    recover_thread_x64(b, &thread);
    db_poke32(b, STACK + RECOVER_RECORD64 + 4, 2);
    run = analyze(b);
    ck_assert(!run.an->has_exception);
    ck_assert_uint_eq(run.an->found_count, 1);
    ck_assert(run.an->found[0].unwinding);
    done(&run);
}
END_TEST

/* What programs catch as a matter of course is only listed, unless nobody caught it. */
START_TEST(handled_is_no_crash)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x86();
    struct run run;

    thread.in_filter = false;
    thread.code = 0xe0434352;
    recover_thread_x86(b, &thread);
    run = analyze(b);
    ck_assert(!run.an->has_exception);
    ck_assert_uint_eq(run.an->found_count, 1);
    ck_assert_int_eq(run.an->found[0].by, AVD_FOUND_DISPATCH);
    ck_assert_uint_eq(number(run.an, "exceptions.count"), 1);
    done(&run);
    b = recover_process_x86();
    thread.in_filter = true;
    recover_thread_x86(b, &thread);
    run = analyze(b);
    ck_assert(run.an->has_exception);
    ck_assert_uint_eq(run.an->exception.code, 0xe0434352);
    done(&run);
}
END_TEST

/* ---- several, chains, and what is stored ---- */

START_TEST(unhandled_first)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x86();
    struct run run;

    recover_thread_x86(b,
                       &(struct recover_thread){.id = 3, .stack = 0x280000, .teb = TEB - 0x3000});
    recover_thread_x86(b, &thread);
    run = analyze(b);
    assert_recovered(run.an, 1, true);
    ck_assert_uint_eq(run.an->found_count, 2);
    ck_assert_uint_eq(number(run.an, "exceptions.count"), 2);
    ck_assert_uint_eq(number(run.an, "exceptions.threads"), 2);
    done(&run);
}
END_TEST

START_TEST(chain)
{
    const uint32_t nested = STACK + 0x1400;
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x86();
    struct run run;

    recover_thread_x86(b, &thread);
    db_poke32(b, STACK + RECOVER_RECORD + 8, nested);
    db_poke32(b, nested, 0xc0000094);
    db_poke32(b, nested + 8, nested); /* for ever */
    db_poke32(b, nested + 12, RECOVER_APP + 0x1000);
    run = analyze(b);
    assert_recovered(run.an, 0, true);
    ck_assert_uint_eq(run.an->nested_count, 1);
    ck_assert_uint_eq(run.an->nested[0].code, 0xc0000094);
    ck_assert_uint_eq(run.an->nested[0].address, RECOVER_APP + 0x1000);
    ck_assert_uint_eq(number(run.an, "exception.nested_code"), 0xc0000094);
    done(&run);
}
END_TEST

/* A handler failed: its exception is the one now, the first one is told of. */
START_TEST(in_a_handler)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x86();
    struct run run;

    recover_thread_x86(b, &thread);
    db_poke32(b, STACK + RECOVER_CONTEXT + 0xc4, STACK + 0xe80);
    db_poke32(b, STACK + 0xf00, STACK + 0x1000);
    db_poke32(b, STACK + 0xf04, STACK + 0x1050);
    db_poke32(b, STACK + 0x1000, 0xc0000094);
    db_poke32(b, STACK + 0x100c, RECOVER_APP + 0x1200);
    db_poke_context_x86(b, STACK + 0x1050,
                        &(struct db_x86){.eip = RECOVER_APP + 0x1200, .esp = STACK + RECOVER_SP});
    run = analyze(b);
    assert_recovered(run.an, 0, true);
    ck_assert_uint_eq(run.an->found_count, 2);
    ck_assert_uint_eq(number(run.an, "exceptions.count"), 2);
    ck_assert_uint_eq(number(run.an, "exceptions.threads"), 1);
    ck_assert_uint_eq(number(run.an, "exception.nested_code"), 0xc0000094);
    done(&run);
}
END_TEST

static unsigned store(struct db *b, uint32_t thread, uint32_t code, uint64_t address)
{
    struct db_x86 regs = {.eip = (uint32_t)address, .esp = 0x280ff0};

    return db_exception(b, &(struct db_exception){.thread_id = thread,
                                                  .code = code,
                                                  .address = address,
                                                  .context = db_context_x86(b, &regs)});
}

START_TEST(sane_stream_stays)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x86();
    struct run run;

    recover_thread_x86(b, &thread);
    (void)db_memory(b, 0x280000, 0x1000);
    (void)db_thread(b, &(struct db_thread){.id = 9, .stack_start = 0x280000, .stack_size = 0x1000});
    (void)store(b, 9, 0xc0000094, RECOVER_APP + 0x1000);
    run = analyze(b);
    ck_assert(!run.an->exception_recovered);
    ck_assert_uint_eq(run.an->exception.code, 0xc0000094);
    ck_assert_uint_eq(run.an->crashing_thread, 1);
    ck_assert(!run.an->fault.present);
    ck_assert_str_eq(fact(run.an, "exception.source"), "stream");
    ck_assert_uint_eq(run.an->found_count, 1);
    ck_assert_uint_eq(number(run.an, "exceptions.count"), 2);
    done(&run);
}
END_TEST

static void assert_overridden(struct db *b, const char *note)
{
    struct run run = analyze(b);
    size_t i;

    assert_recovered(run.an, 0, true);
    for (i = 0; i < run.an->notes.count; i++)
        if (strstr(run.an->notes.items[i].message, note) != NULL)
            break;
    ck_assert_msg(i < run.an->notes.count, "no note '%s'", note);
    done(&run);
}

START_TEST(garbage_stream)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x86();
    unsigned stream;

    recover_thread_x86(b, &thread);
    (void)store(b, 7, 0, 0);
    assert_overridden(b, "the record has code 0");
    b = recover_process_x86();
    recover_thread_x86(b, &thread);
    stream = store(b, 7, 0xc0000005, 0x1234);
    db_set32(b, stream, 32, 0x400000); /* NumberParameters */
    assert_overridden(b, "it claims more parameters than a record can have");
}
END_TEST

/* What is stored is shown when there is nothing better. */
START_TEST(garbage_alone)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x86();
    unsigned stream;
    struct run run;

    thread.in_filter = false;
    thread.idle = true;
    recover_thread_x86(b, &thread);
    stream = store(b, 7, 0xc0000005, RECOVER_APP + 0x1000);
    db_set32(b, stream, 32, 0x400000);
    run = analyze(b);
    ck_assert(run.an->has_exception);
    ck_assert(!run.an->exception_recovered);
    ck_assert_uint_eq(run.an->threads[0].native.stack.frames[0].pc, RECOVER_APP + 0x1000);
    done(&run);
}
END_TEST

START_TEST(break_in)
{
    static const uint32_t caller[] = {RECOVER_NTDLL + 0x1400, RECOVER_APP + 0x1010};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct recover_thread thread = thread_in_filter();
        struct db *b = recover_process_x86();

        recover_thread_x86(b, &thread);
        (void)db_memory(b, 0x280000, 0x1000);
        db_poke32(b, 0x280f00, 0);
        db_poke32(b, 0x280f04, caller[i]);
        (void)db_thread(
            b, &(struct db_thread){.id = 9, .stack_start = 0x280000, .stack_size = 0x1000});
        (void)db_exception(
            b, &(struct db_exception){
                   .thread_id = 9,
                   .code = 0x80000003,
                   .address = RECOVER_NTDLL + 0x1500,
                   .context = db_context_x86(b, &(struct db_x86){.eip = RECOVER_NTDLL + 0x1500,
                                                                 .esp = 0x280ef0,
                                                                 .ebp = 0x280f00})});
        if (i == 0) {
            assert_overridden(b, "that is how a debugger or a dump tool broke in");
        } else { /* the program called what broke */
            struct run run = analyze(b);

            ck_assert_uint_eq(run.an->exception.code, 0x80000003);
            ck_assert_uint_eq(run.an->crashing_thread, 1);
            done(&run);
        }
    }
}
END_TEST

/* The stored context is of the handler's, 64-bit half: record from the stream, registers from the
 * stack. */
START_TEST(registers_of_stored)
{
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_wow64();
    struct db_x64 native = {.rip = 0x74c01010, .rsp = 0x8ec00, .r12 = TEB, .r13 = 0x8fd00};
    struct run run;

    recover_thread_wow64(b, &thread);
    (void)db_exception(b, &(struct db_exception){.thread_id = 7,
                                                 .code = 0xc0000005,
                                                 .address = RECOVER_FAULT,
                                                 .parameter_count = 2,
                                                 .parameters = {1, RECOVER_ADDRESS},
                                                 .context = db_context_x64(b, &native)});
    run = analyze(b);
    ck_assert(!run.an->exception_recovered);
    ck_assert(run.an->fault.present);
    ck_assert_uint_eq(run.an->fault.stack.frames[0].pc, RECOVER_FAULT);
    ck_assert_str_eq(fact(run.an, "exception.source"), "stream");
    ck_assert_ptr_nonnull(fact(run.an, "exception.evidence"));
    ck_assert_uint_eq(number(run.an, "exceptions.count"), 1);
    done(&run);
}
END_TEST

/* ---- what users see ---- */

START_TEST(in_words)
{
    static const char *const json[] = {"\"source\": \"recovered\"",
                                       "\"origin\": \"stack\"",
                                       "\"state\": \"unhandled\"",
                                       "\"is_exception\": true",
                                       "\"type\": \"EXCEPTION_ACCESS_VIOLATION_WRITE\"",
                                       "\"id\": \"null-data-pointer\""};
    struct recover_thread thread = thread_in_filter();
    struct db *b = recover_process_x86();
    struct whole_run run;
    uint8_t *bytes;
    size_t size;
    size_t i;

    recover_thread_x86(b, &thread);
    bytes = db_finish(b, &size);
    whole_run_do(bytes, size, &run);
    ck_assert_int_eq(run.status, AVD_OK);
    for (i = 0; i < sizeof json / sizeof json[0]; i++)
        ck_assert_msg(strstr(run.json, json[i]) != NULL, "%s", json[i]);
    ck_assert_ptr_nonnull(strstr(run.text, "where   app32+0x1096 (nearest export: run+0x16)"));
    ck_assert_ptr_nonnull(strstr(run.text, "recovered from the stack: the first argument of "
                                           "kernel32!UnhandledExceptionFilter"));
    ck_assert_ptr_nonnull(strstr(run.text, "handling the exception"));
    whole_run_free(&run);
    free(bytes);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, x86_filter);
    tcase_add_test(tests, x86_dispatch);
    tcase_add_test(tests, x86_unnamed);
    tcase_add_test(tests, younger_than_the_frame);
    tcase_add_test(tests, guessed_dispatcher);
    tcase_add_test(tests, x86_dispatcher_entry);
    tcase_add_test(tests, wow64_filter);
    tcase_add_test(tests, x64_dispatch);
    tcase_add_test(tests, x64_filter);
    tcase_add_test(tests, x64_writer);
    tcase_add_test(tests, leftovers_decide_nothing);
    tcase_add_test(tests, x64_place);
    tcase_add_test(tests, x86_refused);
    tcase_add_test(tests, x64_refused);
    tcase_add_test(tests, unwinding_is_no_crash);
    tcase_add_test(tests, handled_is_no_crash);
    tcase_add_test(tests, unhandled_first);
    tcase_add_test(tests, chain);
    tcase_add_test(tests, in_a_handler);
    tcase_add_test(tests, sane_stream_stays);
    tcase_add_test(tests, garbage_stream);
    tcase_add_test(tests, garbage_alone);
    tcase_add_test(tests, break_in);
    tcase_add_test(tests, registers_of_stored);
    tcase_add_test(tests, in_words);
}

int main(void)
{
    return suite_main("recover", add_tests);
}
