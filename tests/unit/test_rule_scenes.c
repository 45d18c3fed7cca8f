/* SPDX-License-Identifier: MIT */
/*
 * Rules about a process as a whole (its exceptions, its threads, what the dump's writer left), each
 * on a dump where it is true and on one that looks like it and is not.
 */
#include "analyze/analysis.h"
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/dump_recover.h"
#include "support/judge.h"
#include "support/suite.h"

#include <string.h>

#define STACK UINT64_C(0x180000)
#define OTHER UINT64_C(0x280000)
#define TEB   UINT64_C(0x7efdb000)

struct scene {
    struct dump_fixture dump;
    struct avd_analysis *an;
    struct avd_rule_results results;
};

static struct scene judge(struct db *b)
{
    struct scene s = {.dump = dump_fixture_open(b)};

    ck_assert_int_eq(avd_analysis_run(s.dump.dump, NULL, &s.an, NULL), AVD_OK);
    judge_run(&s.an->facts, &s.an->arena, &s.results);
    return s;
}

static void done(struct scene *s)
{
    avd_analysis_free(s->an);
    dump_fixture_close(&s->dump);
}

static const char *summary(const struct scene *s, const char *id)
{
    size_t i;

    for (i = 0; i < s->results.finding_count; i++)
        if (strcmp(s->results.findings[i].rule->id, id) == 0)
            return s->results.findings[i].summary;
    return "not found";
}

/* ---- exceptions that no stream tells of ---- */

static struct recover_thread in_filter(uint32_t id, uint64_t stack)
{
    return (struct recover_thread){
        .id = id, .stack = stack, .teb = stack == STACK ? TEB : TEB - 0x3000, .in_filter = true};
}

static void store_division(struct db *b, uint32_t thread)
{
    struct db_x86 regs = {.eip = RECOVER_APP + 0x1000, .esp = 0x380ff0};

    (void)db_memory(b, 0x380000, 0x1000);
    (void)db_thread(b, &(struct db_thread){.id = thread,
                                           .stack_start = 0x380000,
                                           .stack_size = 0x1000,
                                           .context = db_context_x86(b, &regs)});
    (void)db_exception(b, &(struct db_exception){.thread_id = thread,
                                                 .code = 0xc0000094,
                                                 .address = RECOVER_APP + 0x1000,
                                                 .context = db_context_x86(b, &regs)});
}

START_TEST(hidden)
{
    struct recover_thread thread = in_filter(7, STACK);
    struct db *b = recover_process_x86();
    struct scene s;

    recover_thread_x86(b, &thread);
    s = judge(b);
    ck_assert(judge_found(&s.results, "hidden-exception"));
    ck_assert(judge_found(&s.results, "null-data-pointer"));
    ck_assert(!judge_found(&s.results, "multiple-exceptions"));
    done(&s);
}
END_TEST

/* What an old exception left on a stack is none that the dump is about. */
START_TEST(not_hidden)
{
    struct recover_thread thread = in_filter(7, STACK);
    struct db *b = recover_process_x86();
    struct scene s;

    thread.in_filter = false;
    thread.idle = true;
    recover_thread_x86(b, &thread);
    s = judge(b);
    ck_assert_uint_eq(s.an->found_count, 1);
    ck_assert(!judge_found(&s.results, "hidden-exception"));
    done(&s);
    /* The stored one is used, whatever else is on stacks. */
    b = recover_process_x86();
    recover_thread_x86(b, &thread);
    store_division(b, 9);
    s = judge(b);
    ck_assert(!judge_found(&s.results, "hidden-exception"));
    ck_assert(!judge_found(&s.results, "multiple-exceptions"));
    ck_assert(judge_found(&s.results, "divide-by-zero"));
    done(&s);
}
END_TEST

START_TEST(several)
{
    struct recover_thread first = in_filter(7, STACK), second = in_filter(8, OTHER);
    struct db *b = recover_process_x86();
    struct scene s;

    recover_thread_x86(b, &first);
    recover_thread_x86(b, &second);
    s = judge(b);
    ck_assert(judge_found(&s.results, "multiple-exceptions"));
    ck_assert_str_eq(summary(&s, "multiple-exceptions"),
                     "2 threads were handling exceptions when the dump was written. The report is "
                     "about one of them; another may have come first, or both have one reason.");
    done(&s);
    /* A stored one, and one on the stack of another thread. */
    b = recover_process_x86();
    recover_thread_x86(b, &first);
    store_division(b, 9);
    s = judge(b);
    ck_assert(judge_found(&s.results, "multiple-exceptions"));
    done(&s);
}
END_TEST

/* Two exceptions, but a handler's fault comes after what it handled: one thread. */
START_TEST(one_thread_twice)
{
    struct recover_thread thread = in_filter(7, STACK);
    struct db *b = recover_process_x86();
    struct scene s;

    recover_thread_x86(b, &thread);
    db_poke32(b, STACK + RECOVER_CONTEXT + 0xc4, (uint32_t)STACK + 0xe80);
    db_poke32(b, STACK + 0xf00, (uint32_t)STACK + 0x1000);
    db_poke32(b, STACK + 0xf04, (uint32_t)STACK + 0x1050);
    db_poke32(b, STACK + 0x1000, 0xc0000094);
    db_poke32(b, STACK + 0x100c, RECOVER_APP + 0x1200);
    db_poke_context_x86(
        b, STACK + 0x1050,
        &(struct db_x86){.eip = RECOVER_APP + 0x1200, .esp = (uint32_t)STACK + RECOVER_SP});
    s = judge(b);
    ck_assert_uint_eq(avd_fact_find(&s.an->facts, "exceptions.count")->number, 2);
    ck_assert(!judge_found(&s.results, "multiple-exceptions"));
    done(&s);
}
END_TEST

/* ---- very many threads ---- */

/* They share a stack: what they stand in is not the point. */
static struct scene crowd(uint16_t architecture, uint32_t threads)
{
    struct db *b = dump_fixture_builder(architecture);
    bool x86 = architecture == PROCESSOR_ARCHITECTURE_INTEL;
    unsigned context = x86 ? db_context_x86(b, &(struct db_x86){.eip = 0x401000, .esp = 0x180800})
                           : db_context_x64(b, &(struct db_x64){.rip = 0x401000, .rsp = 0x180800});
    uint32_t i;

    (void)db_memory(b, STACK, 0x1000);
    for (i = 0; i < threads; i++)
        (void)db_thread(b, &(struct db_thread){.id = 4 + 4 * i,
                                               .stack_start = STACK,
                                               .stack_size = 0x1000,
                                               .context = context});
    return judge(b);
}

START_TEST(crowds)
{
    static const struct {
        uint16_t architecture;
        uint32_t threads;
        bool many;
    } cases[] = {{PROCESSOR_ARCHITECTURE_INTEL, 500, true},
                 {PROCESSOR_ARCHITECTURE_INTEL, 499, false},
                 {PROCESSOR_ARCHITECTURE_AMD64, 1000, true},
                 {PROCESSOR_ARCHITECTURE_AMD64, 999, false}};
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s = crowd(cases[i].architecture, cases[i].threads);

        ck_assert_msg(judge_found(&s.results, "many-threads") == cases[i].many, "%u threads",
                      (unsigned)cases[i].threads);
        done(&s);
    }
}
END_TEST

/* ---- comments ---- */

START_TEST(comments)
{
    struct db *b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct scene s;

    (void)db_comment(b, "*** procdump -h app.exe", true);
    s = judge(b);
    ck_assert(judge_found(&s.results, "dump-comment"));
    ck_assert_str_eq(summary(&s, "dump-comment"), "The comment says: *** procdump -h app.exe");
    done(&s);
    b = dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64);
    (void)db_comment(b, "", true); /* a stream, and nothing said */
    s = judge(b);
    ck_assert(!judge_found(&s.results, "dump-comment"));
    done(&s);
}
END_TEST

/* ---- whose code is on the stack ---- */

#define MODULE UINT64_C(0x7ff800000000)

/* A fault in a module of that path. */
static struct scene fault_in(const char *path)
{
    struct db *b = db_new();
    unsigned context = db_context_x64(b, &(struct db_x64){.rip = MODULE + 0x1000, .rsp = STACK});

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    (void)db_module(b, &(struct db_module){.base = MODULE, .size = 0x10000, .path = path});
    (void)db_memory(b, STACK, 0x1000);
    (void)db_thread(b,
                    &(struct db_thread){
                        .id = 7, .stack_start = STACK, .stack_size = 0x1000, .context = context});
    (void)db_exception(
        b, &(struct db_exception){
               .thread_id = 7, .code = 0xc0000005, .address = MODULE + 0x1000, .context = context});
    return judge(b);
}

START_TEST(java)
{
    struct scene s = fault_in("C:\\jdk\\bin\\server\\jvm.dll");

    ck_assert(judge_found(&s.results, "java-virtual-machine"));
    done(&s);
    s = fault_in("C:\\jdk\\bin\\jli.dll");
    ck_assert(!judge_found(&s.results, "java-virtual-machine"));
    done(&s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, java);
    tcase_add_test(tests, hidden);
    tcase_add_test(tests, not_hidden);
    tcase_add_test(tests, several);
    tcase_add_test(tests, one_thread_twice);
    tcase_add_test(tests, crowds);
    tcase_add_test(tests, comments);
}

int main(void)
{
    return suite_main("rule scenes", add_tests);
}
