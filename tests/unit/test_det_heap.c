/* SPDX-License-Identifier: MIT */
/* HEAP_FAILURE_INFORMATION in each of its versions, damaged ones, and faults in the heap's code. */
#include "support/crash_run.h"
#include "support/suite.h"

#define NTDLL64 UINT64_C(0x7ff800000000)

enum { INFO = 0x20000 };

/* Offsets as ntdll's public symbols have them. */
struct version {
    bool x86;
    uint32_t size, heap, block, trace;
    uint32_t double_free, overrun; /* numbers of block_not_busy and of buffer_overrun */
    uint32_t segment_double_free;  /* of segment_lfh_double_free */
};
static const struct version versions[] = {
    {true, 0xb8, 0x0c, 0x10, 0x38, 8, 6, 16},   {true, 0x3d8, 0x0c, 0x10, 0x38, 8, 6, 16},
    {true, 0x3d0, 0x0c, 0x10, 0x30, 8, 6, 17},  {false, 0x168, 0x10, 0x18, 0x68, 8, 6, 16},
    {false, 0x6e0, 0x10, 0x18, 0x68, 8, 6, 16}, {false, 0x6d0, 0x10, 0x18, 0x58, 8, 6, 17},
};
enum { VERSIONS = sizeof versions / sizeof versions[0] };

static struct crash_run begin(const struct version *v, uint32_t failure)
{
    struct crash_run run = crash_run_begin(v->x86);

    (void)db_memory(run.b, INFO, 0x800);
    db_poke32(run.b, INFO + 4, v->size);
    db_poke32(run.b, INFO + 8, failure);
    db_poke32(run.b, INFO + v->heap, 0x660000);
    db_poke32(run.b, INFO + v->block, 0x661230);
    db_poke32(run.b, INFO + v->trace, (uint32_t)0x401111);
    crash_run_raise(&run, 0xc0000374, 1, (uint64_t[]){INFO});
    return run;
}

START_TEST(every_version)
{
    size_t i;

    for (i = 0; i < VERSIONS; i++) {
        const struct version *v = &versions[i];
        struct crash_run run = begin(v, v->double_free);

        crash_run_analyze(&run);
        crash_run_fact(&run, "heap.failure", "block_not_busy");
        crash_run_fact(&run, "heap.double_free", "yes");
        crash_run_fact(&run, "heap.handle", v->x86 ? "0x00660000" : "0x0000000000660000");
        crash_run_fact(&run, "heap.block", v->x86 ? "0x00661230" : "0x0000000000661230");
        crash_run_fact(&run, "heap.trace", v->x86 ? "app+0x1111" : "0x401111");
        crash_run_fact(&run, "heap.previous_block", "? the heap did not record one");
        crash_run_findings(&run, "double-free");
        crash_run_end(&run);
        run = begin(v, v->overrun);
        crash_run_analyze(&run);
        crash_run_fact(&run, "heap.failure", "buffer_overrun");
        crash_run_fact(&run, "heap.double_free", "no");
        crash_run_findings(&run, "heap-corruption !double-free");
        crash_run_end(&run);
        run = begin(v, v->segment_double_free);
        crash_run_analyze(&run);
        crash_run_fact(&run, "heap.failure", "segment_lfh_double_free");
        crash_run_findings(&run, "double-free");
        crash_run_end(&run);
    }
}
END_TEST

static void assert_unknown(struct crash_run *run, const char *why)
{
    crash_run_analyze(run);
    crash_run_fact(run, "heap.failure", why);
    crash_run_fact(run, "heap.block", why);
    crash_run_findings(run, "heap-corruption");
    crash_run_end(run);
}

START_TEST(what_cannot_be_read)
{
    struct version v = versions[5];
    struct crash_run run = crash_run_begin(false);

    crash_run_raise(&run, 0xc0000374, 1, (uint64_t[]){INFO});
    assert_unknown(&run, "? ntdll's HEAP_FAILURE_INFORMATION is not in the dump");
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xc0000374, 0, NULL);
    assert_unknown(&run, "? the exception has no parameter that leads to "
                         "HEAP_FAILURE_INFORMATION");
    run = begin(&v, 24);
    assert_unknown(&run, "? ntdll's HEAP_FAILURE_INFORMATION has a kind of failure that is not "
                         "known");
    /* Older versions have fewer kinds. */
    run = begin(&versions[4], 18);
    assert_unknown(&run, "? ntdll's HEAP_FAILURE_INFORMATION has a kind of failure that is not "
                         "known");
    v.size = 0x6d8;
    run = begin(&v, 8);
    assert_unknown(&run, "? ntdll's HEAP_FAILURE_INFORMATION is of no version that is known");
}
END_TEST

START_TEST(an_exception_in_the_heap)
{
    struct crash_run run = begin(&versions[5], 4);

    db_poke32(run.b, INFO + 0x160, 0xc0000005);
    crash_run_analyze(&run);
    crash_run_fact(&run, "heap.nested_code", "0xc0000005");
    crash_run_end(&run);
}
END_TEST

static void check_fault(const char *export_name, uint32_t offset, const char *function)
{
    const struct db_export exports[] = {{export_name, 0x1000}};
    struct crash_run run = crash_run_begin(false);

    crash_run_module(&run, NTDLL64, "C:\\Windows\\System32\\ntdll.dll", exports, 1);
    run.pc = NTDLL64 + 0x1000 + offset;
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, 0x500000});
    crash_run_analyze(&run);
    crash_run_fact(&run, "heap.fault_inside", function != NULL ? "yes" : "no");
    crash_run_fact(&run, "heap.function",
                   function != NULL ? function : "? the heap's code did not fail");
    ck_assert_int_eq(crash_run_found(&run, "heap-code-fault"), function != NULL);
    crash_run_end(&run);
}

START_TEST(faults_in_the_heaps_code)
{
    check_fault("RtlFreeHeap", 0x20, "RtlFreeHeap");
    check_fault("RtlAllocateHeap", 0x20, "RtlAllocateHeap");
    check_fault("RtlEnterCriticalSection", 0x20, NULL);
    /* Too far for the nearest export to be the function. */
    check_fault("RtlFreeHeap", 0x400, NULL);
}
END_TEST

START_TEST(another_exception)
{
    struct crash_run run = crash_run_begin(true);

    crash_run_raise(&run, 0xc0000409, 1, (uint64_t[]){7});
    crash_run_analyze(&run);
    crash_run_fact(&run, "heap.failure",
                   "? the exception is not the heap's STATUS_HEAP_CORRUPTION");
    crash_run_findings(&run, "fast-fail !heap-corruption");
    crash_run_end(&run);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, every_version);
    tcase_add_test(tests, what_cannot_be_read);
    tcase_add_test(tests, an_exception_in_the_heap);
    tcase_add_test(tests, faults_in_the_heaps_code);
    tcase_add_test(tests, another_exception);
}

int main(void)
{
    return suite_main("det_heap", add_tests);
}
