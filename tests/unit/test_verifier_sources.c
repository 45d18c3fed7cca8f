/* SPDX-License-Identifier: MIT */
/*
 * Where a stop may be found when the plain way is closed, what is said when it cannot be, and the
 * published stops of the field (their numbers, as people posted them) put into built dumps.
 */
#include "support/suite.h"
#include "support/verifier_run.h"

#include <stdio.h>
#include <string.h>

static void assert_stop(const struct vs_run *run, uint32_t code, const char *source)
{
    ck_assert(run->v->stopped);
    ck_assert_msg(run->v->recovered, "%s", run->v->reason);
    ck_assert_uint_eq(run->v->code, code);
    ck_assert_str_eq(run->v->source, source);
}

static void assert_unknown(const struct vs_run *run, const char *reason)
{
    ck_assert(run->v->stopped);
    ck_assert(!run->v->recovered);
    ck_assert_str_eq(run->v->reason, reason);
    ck_assert_ptr_null(run->v->headline);
    ck_assert_int_eq(avd_fact_find(&run->an->facts, "verifier.stop.code")->type, AVD_FACT_UNKNOWN);
}

/* ---- x64: what the registers took with them ---- */

static const char in_register[] = "64-bit code passed it in a register that is gone by now";

START_TEST(code_in_a_register)
{
    struct vs_run run = vs_run(&(struct vs_scene){.cpu = VS_X64,
                                                  .code = 0xe103,
                                                  .values = {1, 2, VS_THREAD, 4},
                                                  .not_spilled = true,
                                                  .in_register = 0xe103});

    assert_stop(&run, 0xe103, "a register that the verifier keeps");
    ck_assert(!run.v->values[0].known);
    ck_assert_str_eq(run.v->values[0].reason, in_register);
    ck_assert(!run.v->values[1].known);
    /* The third and the fourth were passed on the stack. */
    ck_assert_str_eq(run.v->values[2].text, "thread 0 of the dump (id 0x10)");
    ck_assert_uint_eq(run.v->values[3].value, 4);
    vs_run_end(&run);
}
END_TEST

START_TEST(nothing_is_left)
{
    struct vs_scene scene = {.cpu = VS_X64, .code = 0xe103, .not_spilled = true};
    struct vs_run run = vs_run(&scene);

    assert_unknown(&run,
                   "64-bit code passes the code in a register that is gone by now, and the dump "
                   "has neither a stop record nor the stop's text");
    ck_assert_str_eq(run.v->caller, "app!run+0x25 ~");
    ck_assert_str_eq(run.v->culprit_module, "app.exe");
    vs_run_end(&run);
    scene.way = VS_RAISED;
    scene.without_memory = true;
    run = vs_run(&scene);
    assert_unknown(&run, "the stop record at 0x2000800 is not in the dump, and no other source "
                         "gives the stop");
    vs_run_end(&run);
}
END_TEST

/* A register that holds a code of the Heaps layer, all of them small numbers, says nothing. */
START_TEST(small_numbers_in_registers)
{
    struct vs_run run = vs_run(&(struct vs_scene){.cpu = VS_X64,
                                                  .provider = "vfbasics.dll",
                                                  .code = 7,
                                                  .not_spilled = true,
                                                  .in_register = 7});

    ck_assert(run.v->stopped);
    ck_assert(!run.v->recovered);
    vs_run_end(&run);
}
END_TEST

/* ---- the stop record ---- */

START_TEST(record_alone)
{
    struct vs_run run = vs_run(&(struct vs_scene){.cpu = (enum vs_cpu)_i,
                                                  .way = VS_RAISED,
                                                  .code = 0xe101,
                                                  .values = {0x3e8, VS_TRACE},
                                                  .without_stack = true});

    assert_stop(&run, 0xe101, "the stop record of the exception");
    ck_assert_uint_eq(run.v->values[0].value, 0x3e8);
    ck_assert_uint_eq(run.v->values[1].trace->count, 5);
    /* The record has a stack of its own. */
    ck_assert_str_eq(run.v->caller, "app!run+0x25 ~");
    ck_assert_str_eq(run.v->culprit, "app!open_it+0x25 ~");
    vs_run_end(&run);
}
END_TEST

/* A debugger stops at VerifierBreakin before the exception would be raised. */
START_TEST(record_on_the_stack)
{
    struct vs_scene scene = {.cpu = (enum vs_cpu)_i,
                             .way = VS_PAGE_HEAP,
                             .code = 0xf,
                             .values = {0xe11000, 0x5e32ff0, 16, 0x5e33000},
                             .exception_record = true,
                             .global_flag = 0x02000000};
    struct vs_run run = vs_run(&scene);

    ck_assert_str_eq(run.v->engine, "page heap");
    ck_assert_str_eq(run.v->generation, "G2");
    ck_assert(run.v->has_global_flag);
    ck_assert_uint_eq(run.v->global_flag, 0x02000000);
    assert_stop(&run, 0xf,
                _i == VS_X64 ? "the stop record behind an exception record on the stack, and the "
                               "arguments of verifier.dll!VerifierStopMessage, as its home space "
                               "keeps them"
                             : "the stop record behind an exception record on the stack, and the "
                               "arguments of verifier.dll!VerifierStopMessage");
    ck_assert_str_eq(run.v->headline, "APPLICATION_VERIFIER_HEAPS_CORRUPTED_HEAP_BLOCK_SUFFIX (f)");
    ck_assert_uint_eq(run.v->values[1].value, 0x5e32ff0);
    ck_assert_str_eq(run.v->caller, "app!run+0x25 ~");
    vs_run_end(&run);
}
END_TEST

/* ---- the text ---- */

static const char e101_text[] =
    "\n=======================================\n"
    "VERIFIER STOP 000000000000E101: pid 0x1234: Attempt to use a closed SOCKET. \n\n"
    "\t00000000000003E8 : SOCKET being accessed.\n\t0000000002000100 : Closed by.\n"
    "\t0000000000000000 : Not used.\n\t0000000000000000 : Not used.\n"
    "=======================================\n";

START_TEST(text_on_the_stack)
{
    struct vs_scene scene = {
        .cpu = VS_X64, .not_spilled = true, .text = e101_text, .wide_text = _i != 0};
    struct vs_run run = vs_run(&scene);

    assert_stop(&run, 0xe101, "the stop's text on the stack");
    ck_assert_str_eq(run.v->message, "Attempt to use a closed SOCKET.");
    ck_assert_uint_eq(run.v->values[0].value, 0x3e8);
    ck_assert_str_eq(run.v->values[0].recorded, "SOCKET being accessed.");
    ck_assert_uint_eq(run.v->values[1].trace->culprit, 3);
    vs_run_end(&run);
}
END_TEST

START_TEST(text_in_a_comment)
{
    struct vs_scene scene = {.cpu = VS_X64,
                             .not_spilled = true,
                             .comment = "VERIFIER STOP 0000E102: pid 0x1234: first \n"
                                        "VERIFIER STOP 0000A012 : pid 0x1234: other layer \n"
                                        "VERIFIER STOP 0000E10B : pid 0x1234: last \n\n\n"
                                        "\t5 : sockets\n"};
    struct vs_run run = vs_run(&scene);

    assert_stop(&run, 0xe10b, "the stop's text in the dump's comment");
    ck_assert_str_eq(run.v->values[0].text, "5");
    ck_assert(!run.v->values[1].known);
    vs_run_end(&run);
    /* Another process's, or another layer's, which nothing else confirms. */
    scene.comment = "VERIFIER STOP 0000E102: pid 0x99: first \n";
    run = vs_run(&scene);
    ck_assert(!run.v->recovered);
    vs_run_end(&run);
    scene.comment = "VERIFIER STOP 00000303: pid 0x1234: null handle \n";
    run = vs_run(&scene);
    assert_unknown(&run, "the stop's text in the dump's comment would give 0x303, a stop of the "
                         "layer Handles, but the stop is reported by vfnet.dll and nothing else "
                         "in the dump gives that code");
    vs_run_end(&run);
}
END_TEST

START_TEST(damaged_texts)
{
    static const char *const texts[] = {
        "VERIFIER STOP ",        "VERIFIER STOP E101",      "VERIFIER STOP 11112222333344445:",
        "VERIFIER STOP : pid 1", "VERIFIER STOP xyz: pid ", "VERIFIER STOP 0: pid 0x1234: m",
    };
    struct vs_run run = vs_run(&(struct vs_scene){
        .cpu = VS_X64, .not_spilled = true, .comment = texts[_i], .text = texts[_i]});

    ck_assert(run.v->stopped);
    ck_assert(!run.v->recovered);
    vs_run_end(&run);
}
END_TEST

/* What printed the text has returned; its buffer is not yet overwritten. */
START_TEST(text_below_the_stack)
{
    struct vs_scene scene = {
        .cpu = VS_X64, .not_spilled = true, .text = e101_text, .text_below = true};
    struct vs_run run = vs_run(&scene);

    assert_stop(&run, 0xe101, "the stop's text that a call left below the stack");
    vs_run_end(&run);
    /* Two stops, and nothing says which one came last. */
    scene.text = "VERIFIER STOP 0000E101: pid 0x1234: one \n"
                 "VERIFIER STOP 0000E102: pid 0x1234: two \n";
    run = vs_run(&scene);
    ck_assert(!run.v->recovered);
    vs_run_end(&run);
}
END_TEST

/* ---- the layer's own table ---- */

START_TEST(layer_that_nobody_documents)
{
    struct vs_scene scene = {.cpu = (enum vs_cpu)_i,
                             .provider = "vfours.dll",
                             .code = 0x9999,
                             .values = {0x42},
                             .described = "Our own check failed."};
    struct vs_run run = vs_run(&scene);

    ck_assert_msg(run.v->recovered, "%s", run.v->reason);
    ck_assert_uint_eq(run.v->code, 0x9999);
    ck_assert_str_eq(run.v->layer, "OurLayer");
    ck_assert_str_eq(run.v->message, "Our own check failed.");
    ck_assert_str_eq(run.v->headline, "APPLICATION_VERIFIER_UNKNOWN (9999)");
    ck_assert_str_eq(run.v->values[0].meaning, "our value");
    ck_assert_uint_eq(run.v->values[0].value, 0x42);
    vs_run_end(&run);
    /* Without the table a number on the stack is just a number. */
    scene.described = NULL;
    run = vs_run(&scene);
    ck_assert(run.v->stopped);
    ck_assert(!run.v->recovered);
    vs_run_end(&run);
}
END_TEST

/* ---- the engines ---- */

START_TEST(page_heap_is_told_apart)
{
    static const struct {
        uint32_t flag;
        const char *engine;
    } engines[] = {{0x02000000, "page heap"},
                   {0x02000100, "Application Verifier"},
                   {0x100, "Application Verifier"},
                   {0, "verifier.dll alone"}};
    struct vs_run run = vs_run(&(struct vs_scene){
        .cpu = VS_X86, .way = VS_PAGE_HEAP, .code = 7, .global_flag = engines[_i].flag});

    ck_assert_str_eq(run.v->engine, engines[_i].engine);
    ck_assert_uint_eq(run.v->provider_count, 0);
    vs_run_end(&run);
}
END_TEST

START_TEST(heap_stop_through_both_engines)
{
    struct vs_run run = vs_run(&(struct vs_scene){.cpu = (enum vs_cpu)_i,
                                                  .way = VS_HEAP_BREAK,
                                                  .provider = "vfbasics.dll",
                                                  .code = 0x10,
                                                  .values = {0x1000, 0x2000, 0x18, 0},
                                                  .global_flag = 0x02000100});

    ck_assert(run.v->recovered);
    ck_assert_uint_eq(run.v->code, 0x10);
    ck_assert_str_eq(run.v->layer, "Heaps");
    ck_assert_str_eq(run.v->generation, "G3");
    ck_assert_str_eq(run.v->engine, "Application Verifier");
    ck_assert_uint_eq(run.v->provider_count, 1);
    ck_assert_uint_eq(run.v->values[2].value, 0x18);
    ck_assert_str_eq(run.v->values[2].text, "24 bytes");
    ck_assert_str_eq(run.v->caller_module, "app.exe");
    vs_run_end(&run);
}
END_TEST

/* ---- recorded stacks ---- */

START_TEST(unloaded_module_in_a_trace)
{
    uint64_t gone = _i == VS_X64 ? UINT64_C(0x7ff500000000) : 0x0b000000;
    struct vs_run run = vs_run(&(struct vs_scene){.cpu = (enum vs_cpu)_i,
                                                  .code = 0xe103,
                                                  .values = {0x3e8, VS_GONE_TRACE, 1},
                                                  .unloaded = gone});
    const struct avd_stop_trace *trace;

    ck_assert(run.v->recovered);
    trace = run.v->values[1].trace;
    ck_assert_uint_eq(trace->count, 3);
    ck_assert_str_eq(trace->lines[1].text, "<Unloaded_gone.dll>+0x1234");
    ck_assert_str_eq(trace->lines[1].module, "gone.dll");
    ck_assert_uint_eq(trace->culprit, 1);
    ck_assert_str_eq(run.v->culprit_module, "gone.dll");
    vs_run_end(&run);
}
END_TEST

START_TEST(what_is_no_trace)
{
    /* A name's letters are no addresses. */
    struct vs_run run =
        vs_run(&(struct vs_scene){.cpu = VS_X86, .code = 0xe101, .values = {0x3e8, VS_NAME}});

    ck_assert_str_eq(run.v->values[1].reason, "the trace at 0x2000400 holds no return addresses");
    ck_assert_str_eq(run.v->culprit_source, "the stack");
    vs_run_end(&run);
    /* The last word of the piece of memory is a return address, alone. */
    run =
        vs_run(&(struct vs_scene){.cpu = VS_X86, .code = 0xe101, .values = {0x3e8, VS_TRACE + 16}});
    ck_assert_str_eq(run.v->values[1].reason, "the trace at 0x2000110 holds no return addresses");
    vs_run_end(&run);
}
END_TEST

/* ---- published stops ---- */

/* Code, parameters and headline as people posted them. */
struct published {
    const char *name;
    enum vs_cpu cpu;
    enum vs_way way;
    const char *provider;
    uint32_t code;
    uint64_t values[4];
    const char *headline;
};

/* clang-format off */
static const struct published posts[] = {
    {"x64 vfnet e101", VS_X64, VS_BREAK, "vfnet.dll", 0xe101, {0x3e8, 0x16e4cae9ec0, 0, 0},
     "APPLICATION_VERIFIER_NETWORKING_WSA_SOCKET_ALREADY_CLOSED (e101)"},
    {"x86 vfnet e107", VS_X86, VS_BREAK, "vfnet.dll", 0xe107, {0, 0, 0x0753a94c, 0},
     "APPLICATION_VERIFIER_NETWORKING_WSA_NOT_INITIALIZED (e107)"},
    {"x64 vfnet e100", VS_X64, VS_BREAK, "vfnet.dll", 0xe100, {0x7ffdacca03d0, 0x1aaacfdc, 0, 0},
     "APPLICATION_VERIFIER_NETWORKING_UNSUPPORTED_API_CALL_IN_DLLMAIN (e100)"},
    {"x64 vfnet e100, second", VS_X64, VS_BREAK, "vfnet.dll", 0xe100,
     {0x7ffec14203b0, 0x1f4678a3fcc, 0, 0},
     "APPLICATION_VERIFIER_NETWORKING_UNSUPPORTED_API_CALL_IN_DLLMAIN (e100)"},
    {"x86 page heap, double free", VS_X86, VS_PAGE_HEAP, "", 0x7,
     {0x007a1000, 0x076e230c, 0x400, 0}, "APPLICATION_VERIFIER_HEAPS_DOUBLE_FREE (7)"},
    {"x86 page heap, suffix", VS_X86, VS_PAGE_HEAP, "", 0xf, {0x00e11000, 0x05e32ff0, 0, 0},
     "APPLICATION_VERIFIER_HEAPS_CORRUPTED_HEAP_BLOCK_SUFFIX (f)"},
    {"x86 vfbasics 303", VS_X86, VS_BREAK, "vfbasics.dll", 0x303, {0, 0, 0, 0},
     "APPLICATION_VERIFIER_HANDLES_NULL_HANDLE (303)"},
    {"x64 vfbasics 210", VS_X64, VS_BREAK, "vfbasics.dll", 0x210, {0x54f840fb30, 0x54f8403fd0},
     "APPLICATION_VERIFIER_LOCKS_LOCK_NOT_INITIALIZED (210)"},
    {"x64 leak 900", VS_X64, VS_BREAK, "vfbasics.dll", 0x900,
     {0x1d3ebfbfff0, 0x1d3e1fbad90, 0x1d3e894ffd8, 0x7ffd980d0000},
     "APPLICATION_VERIFIER_LEAK_ALLOCATION (900)"},
    {"x86 heap 10", VS_X86, VS_HEAP_BREAK, "vfbasics.dll", 0x10, {0, 0, 0, 0},
     "APPLICATION_VERIFIER_HEAPS_CORRUPTED_HEAP_BLOCK_START_STAMP (10)"},
    {"x86 XP 300", VS_X86, VS_PAGE_HEAP, "", 0x300, {0xc0000008, 0x0012fbf8, 0x0012fc0c, 0},
     "APPLICATION_VERIFIER_HANDLES_INVALID_HANDLE (300)"},
    {"x86 619", VS_X86, VS_BREAK, "vfbasics.dll", 0x619, {0x00b80007, 0x00b80000},
     "APPLICATION_VERIFIER_MEMORY_INVALID_FREEMEM_START_ADDRESS (619)"},
    {"x86 page heap, infix", VS_X86, VS_PAGE_HEAP, "", 0xe, {0, 0x129b6cc8, 0, 0x129b6ccc},
     "APPLICATION_VERIFIER_HEAPS_CORRUPTED_FREED_HEAP_BLOCK (e)"},
    {"x64 page heap, suffix", VS_X64, VS_PAGE_HEAP, "", 0xf,
     {0x1956b381000, 0x1956fbd9ff0, 4, 0x1956fbd9ff4},
     "APPLICATION_VERIFIER_HEAPS_CORRUPTED_HEAP_BLOCK_SUFFIX (f)"},
};
/* clang-format on */

START_TEST(published_stops)
{
    const struct published *post = &posts[_i];
    struct vs_scene scene = {.cpu = post->cpu,
                             .way = post->way,
                             .provider = post->provider,
                             .code = post->code,
                             .without_memory = true};
    struct vs_run run;
    size_t i;

    memcpy(scene.values, post->values, sizeof scene.values);
    run = vs_run(&scene);
    ck_assert_msg(run.v->recovered, "%s: %s", post->name, run.v->reason);
    ck_assert_str_eq(run.v->headline, post->headline);
    for (i = 0; i < 4; i++) {
        ck_assert_msg(run.v->values[i].known, "%s: parameter %zu", post->name, i + 1);
        ck_assert_uint_eq(run.v->values[i].value, post->values[i]);
    }
    vs_run_end(&run);
}
END_TEST

/* ---- the real ones ---- */

/* Programs of our own, stopped in a stand-in of verifier.dll by code 0xe100; their source says what
 * they pass. */
START_TEST(recorded_dumps)
{
    static const char *const files[] = {"dbg_64_s2.dmp", "dbg_32_s2.dmp", "dbg_wow64_s2.dmp"};
    char path[4096];
    struct avd_dump *dump = NULL;
    struct avd_analysis *an = NULL;
    struct avd_error err;
    const struct avd_verifier *v;

    (void)snprintf(path, sizeof path, "%s/wine-lab/%s", CORPUS, files[_i]);
    if (avd_dump_open(path, NULL, &dump, &err) != AVD_OK) {
        (void)printf("%s is not there: skipped\n", path);
        return;
    }
    ck_assert_int_eq(avd_analysis_run(dump, NULL, &an, &err), AVD_OK);
    v = an->verifier;
    ck_assert_msg(v->recovered, "%s", v->reason);
    ck_assert_uint_eq(v->code, 0xe100);
    ck_assert_str_eq(v->layer, "Networking");
    ck_assert_uint_eq(v->values[0].value, 0xbad);
    ck_assert_str_eq(v->values[0].recorded, "Socket handle");
    ck_assert_uint_eq(v->values[2].value, 0);
    ck_assert_str_eq(v->message, "Socket API called without WSAStartup (prototype)");
    ck_assert_str_eq(v->culprit_module, "crashy.exe");
    avd_analysis_free(an);
    avd_dump_close(dump);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, code_in_a_register);
    tcase_add_test(tests, nothing_is_left);
    tcase_add_test(tests, small_numbers_in_registers);
    tcase_add_loop_test(tests, record_alone, 0, VS_CPU_COUNT);
    tcase_add_loop_test(tests, record_on_the_stack, 0, VS_CPU_COUNT);
    tcase_add_loop_test(tests, text_on_the_stack, 0, 2);
    tcase_add_test(tests, text_in_a_comment);
    tcase_add_loop_test(tests, damaged_texts, 0, 6);
    tcase_add_test(tests, text_below_the_stack);
    tcase_add_loop_test(tests, layer_that_nobody_documents, 0, VS_CPU_COUNT);
    tcase_add_loop_test(tests, page_heap_is_told_apart, 0, 4);
    tcase_add_loop_test(tests, heap_stop_through_both_engines, 0, VS_CPU_COUNT);
    tcase_add_loop_test(tests, unloaded_module_in_a_trace, 0, VS_CPU_COUNT);
    tcase_add_test(tests, what_is_no_trace);
    tcase_add_loop_test(tests, published_stops, 0, (int)(sizeof posts / sizeof posts[0]));
    tcase_add_loop_test(tests, recorded_dumps, 0, 3);
}

int main(void)
{
    return suite_main("verifier_sources", add_tests);
}
