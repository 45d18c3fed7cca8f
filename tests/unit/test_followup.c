/* SPDX-License-Identifier: MIT */
/*
 * Who is blamed: stacks of published transcripts, with the frame that WinDbg's !analyze chose for
 * them where the transcript tells, and avdump's own rules about frames found by scanning.
 */
#include "support/blame_fixture.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct blame_fixture f;

static const struct avd_followup *choose(uint32_t code, const struct blame_frame *frames)
{
    static struct avd_followup followup;

    blame_fixture_init(&f, code, frames);
    memset(&followup, 0, sizeof followup);
    avd_followup_find(&f.an, &followup);
    ck_assert(!f.an.arena.failed);
    return &followup;
}

/* Crash Dump Analysis Patterns, part 26, 32-bit view: hnetcfg was blamed. */
START_TEST(the_virtualized_process)
{
    static const struct blame_frame frames[] = {
        {"kernel32.dll!RaiseException+53", 0, 0, false},
        {"rpcrt4.dll!RpcpRaiseException+24", 0, 0, false},
        {"rpcrt4.dll!NdrGetBuffer+46", 0, 0, false},
        {"rpcrt4.dll!NdrClientCall2+197", 0, 0, false},
        {"hnetcfg.dll!FwOpenDynamicFwPort+1d", 0, 0, false},
        {"hnetcfg.dll!IcfOpenDynamicFwPort+6a", 0, 0, false},
        {"mswsock.dll!WSPBind+332", 0, 0, false},
        {"ws2_32.dll!bind+63", 0, 0, false},
        {NULL, 0, 0, false}};
    const struct avd_followup *followup = choose(0x6d9, frames);

    ck_assert(followup->found);
    ck_assert_uint_eq(followup->frame, 4);
    ck_assert_str_eq(followup->owner, "MachineOwner");
    ck_assert_uint_eq(followup->skipped_count, 4);
    ck_assert_str_eq(followup->skipped[0].why, "raises exceptions for others");
    ck_assert_str_eq(followup->skipped[1].why, "raises exceptions for others");
    ck_assert_str_eq(followup->skipped[2].why,
                     "is the RPC runtime, which carries other people's calls");
    ck_assert_uint_eq(followup->skipped[3].frame, 3);
    blame_fixture_deinit(&f);
}
END_TEST

/* A double free under page heap: eight verifier frames and the heap's before the program. */
START_TEST(a_double_free)
{
    static const struct blame_frame frames[] = {
        {"verifier.dll!VerifierBreakin+42", 0, 0, false},
        {"verifier.dll!VerifierCaptureContextAndReportStop+f0", 0, 0, false},
        {"verifier.dll!VerifierStopMessage+2b1", 0, 0, false},
        {"verifier.dll!AVrfpDphReportCorruptedBlock+285", 0, 0, false},
        {"verifier.dll!AVrfDebugPageHeapFree+c5", 0, 0, false},
        {"ntdll.dll!RtlDebugFreeHeap+3c", 0, 0, false},
        {"ntdll.dll!RtlpFreeHeap+9e", 0, 0, false},
        {"ntdll.dll!RtlFreeHeap+222", 0, 0, false},
        {"image009e0000+7417", 0, 0, false},
        {"kernel32.dll!BaseThreadInitThunk+24", 0, 0, false},
        {NULL, 0, 0, false}};
    const struct avd_followup *followup = choose(0x80000003, frames);

    ck_assert_uint_eq(followup->frame, 8);
    ck_assert_str_eq(followup->skipped[4].why,
                     "belongs to Application Verifier, which watches others");
    ck_assert_str_eq(followup->skipped[5].why, "is the heap, which somebody handed bad memory");
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(a_scanned_frame_gives_way)
{
    static const struct blame_frame frames[] = {
        {"ucrtbase.dll!memcpy+10", 0, 0, false},
        {"stale.dll!Old+10", AVD_TRUST_SCAN, AVD_EVIDENCE_CALL, false},
        {"app.exe!Save+20", AVD_TRUST_FRAME_POINTER, 0, false},
        {NULL, 0, 0, false}};
    const struct avd_followup *followup = choose(0xc0000005, frames);

    ck_assert_uint_eq(followup->frame, 2);
    ck_assert_str_eq(followup->skipped[1].why,
                     "was found by scanning, so it may be no frame at all");
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(a_proved_scanned_frame_counts)
{
    static const struct blame_frame frames[] = {
        {"ucrtbase.dll!memcpy+10", 0, 0, false},
        {"app.exe!Load+10", AVD_TRUST_SCAN, AVD_EVIDENCE_TARGET, false},
        {"app.exe!Save+20", 0, 0, false},
        {NULL, 0, 0, false}};

    ck_assert_uint_eq(choose(0xc0000005, frames)->frame, 1);
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(a_scanned_frame_is_better_than_none)
{
    static const struct blame_frame frames[] = {
        {"ntdll.dll!NtWaitForSingleObject+14", 0, 0, false},
        {"app.exe!Save+20", AVD_TRUST_SCAN, AVD_EVIDENCE_WEAK, false},
        {"kernel32.dll!BaseThreadInitThunk+14", 0, 0, false},
        {NULL, 0, 0, false}};
    const struct avd_followup *followup = choose(0x80000003, frames);

    ck_assert_uint_eq(followup->frame, 1);
    ck_assert_str_eq(followup->reason, "found by scanning, and no better frame is on the stack");
    blame_fixture_deinit(&f);
}
END_TEST

/* maybe_ loses to a frame that is nobody's, and wins from the thread's start. */
START_TEST(parts_of_windows_are_the_last_resort)
{
    static const struct blame_frame frames[] = {
        {"user32.dll!DispatchMessageW+10", 0, 0, false},
        {"kernel32.dll!BaseThreadInitThunk+14", 0, 0, false},
        {NULL, 0, 0, false}};
    static const struct blame_frame starts[] = {
        {"kernel32.dll!BaseThreadInitThunk+14", 0, 0, false}, {NULL, 0, 0, false}};
    static const struct blame_frame nothing[] = {
        {"kernel32.dll!RaiseException+14", 0, 0, false}, {"?", 0, 0, false}, {NULL, 0, 0, false}};
    const struct avd_followup *followup = choose(0xc0000005, frames);

    ck_assert_uint_eq(followup->frame, 0);
    ck_assert_str_eq(followup->owner, "maybe_windows");
    blame_fixture_deinit(&f);
    followup = choose(0xc0000005, starts);
    ck_assert_str_eq(followup->owner, "last_thread_start");
    blame_fixture_deinit(&f);
    followup = choose(0xe0000001, nothing);
    ck_assert(followup->found);
    ck_assert_uint_eq(followup->frame, 0);
    ck_assert_str_eq(followup->reason,
                     "every frame on the stack is one that passes on what others ask for");
    blame_fixture_deinit(&f);
}
END_TEST

/* The nearest export may be any function: the module alone is judged. */
START_TEST(an_approximate_name_is_none)
{
    static const struct blame_frame frames[] = {
        {"app.exe!abort+40", 0, 0, true}, {"app.exe!main+40", 0, 0, false}, {NULL, 0, 0, false}};

    ck_assert_uint_eq(choose(0xc0000005, frames)->frame, 0);
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(calls_through_bad_pointers_and_unloaded_modules)
{
    static const struct blame_frame frames[] = {
        {"?", 0, 0, false}, {"app.exe!Call+4", 0, 0, false}, {NULL, 0, 0, false}};
    static const struct avd_unloaded_module unloaded = {0x1000, 0x100,      0,
                                                        0,      "plug.dll", "plug.dll"};
    struct avd_followup followup;
    struct avd_bucket bucket;

    ck_assert_uint_eq(choose(0xc0000005, frames)->frame, 1);
    blame_fixture_deinit(&f);
    ck_assert_str_eq(choose(0xc0000005, frames)->skipped[0].why, "lies in no module");
    blame_fixture_deinit(&f);
    blame_fixture_init(&f, 0xc0000005, frames);
    f.dump.unloaded = &unloaded;
    f.dump.unloaded_count = 1;
    ck_assert(avd_index_unloaded(&f.dump));
    blame_fixture_parameters(&f, 8, 0x1000);
    memset(&followup, 0, sizeof followup);
    memset(&bucket, 0, sizeof bucket);
    avd_followup_find(&f.an, &followup);
    ck_assert_uint_eq(followup.frame, 0);
    avd_bucket_make(&f.an, &followup, &bucket);
    ck_assert_str_eq(bucket.id, "NULL_POINTER_EXECUTE_c0000005_plug.dll!Unloaded");
    avd_arena_deinit(&f.dump.arena);
    blame_fixture_deinit(&f);
}
END_TEST

/* Code in no module that .NET or Java called, or that calls it, is the program's. */
START_TEST(managed_code)
{
    static const struct blame_frame thrown[] = {
        {"kernelbase.dll!RaiseException+50", 0, 0, false},
        {"coreclr.dll!IL_Throw+110", 0, 0, false},
        {"?", 0, 0, false},
        {"?", 0, 0, false},
        {"coreclr.dll!CallDescrWorkerInternal+83", 0, 0, false},
        {"app.exe!main+20", 0, 0, false},
        {NULL, 0, 0, false}};
    static const struct blame_frame native[] = {{"plug.dll!Work+50", 0, 0, false},
                                                {"?", 0, 0, false},
                                                {"clr.dll!CallDescrWorkerInternal+83", 0, 0, false},
                                                {NULL, 0, 0, false}};
    static const struct blame_frame java[] = {{"jvm.dll!Unsafe_PutInt+50", 0, 0, false},
                                              {"?", 0, 0, false},
                                              {"jvm.dll!JavaCalls::call_helper+83", 0, 0, false},
                                              {NULL, 0, 0, false}};
    static const struct blame_frame other[] = {{"ntdll.dll!RtlFreeHeap+50", 0, 0, false},
                                               {"?", 0, 0, false},
                                               {"script.dll!Run+83", 0, 0, false},
                                               {NULL, 0, 0, false}};
    static const struct blame_frame scanned[] = {{"coreclr.dll!IL_Throw+110", 0, 0, false},
                                                 {"?", AVD_TRUST_SCAN, AVD_EVIDENCE_WEAK, false},
                                                 {"app.exe!main+20", 0, 0, false},
                                                 {NULL, 0, 0, false}};
    const struct avd_followup *followup = choose(0xe0434352, thrown);

    ck_assert_uint_eq(followup->frame, 2);
    ck_assert_str_eq(followup->owner, "MachineOwner");
    ck_assert_str_eq(followup->reason,
                     "the first frame of the program's own code, which its runtime compiled");
    ck_assert_uint_eq(followup->skipped_count, 2);
    blame_fixture_deinit(&f);
    ck_assert_uint_eq(choose(0xc0000005, thrown + 2)->frame, 0);
    blame_fixture_deinit(&f);
    ck_assert_uint_eq(choose(0xc0000005, java)->frame, 0);
    blame_fixture_deinit(&f);
    ck_assert_uint_eq(choose(0xc0000005, java + 1)->frame, 0);
    blame_fixture_deinit(&f);
    ck_assert_uint_eq(choose(0xc0000005, native)->frame, 0);
    blame_fixture_deinit(&f);
    ck_assert_uint_eq(choose(0xc0000005, other)->frame, 2);
    blame_fixture_deinit(&f);
    ck_assert_uint_eq(choose(0xe0434352, scanned)->frame, 2);
    blame_fixture_deinit(&f);
}
END_TEST

/* It called through a bad pointer: that is no code of anybody's. */
START_TEST(managed_runtime_calls_nothing)
{
    static const struct blame_frame frames[] = {{"?", 0, 0, false},
                                                {"coreclr.dll!Call+4", 0, 0, false},
                                                {"app.exe!main+20", 0, 0, false},
                                                {NULL, 0, 0, false}};
    struct avd_followup followup;

    blame_fixture_init(&f, 0xc0000005, frames);
    blame_fixture_parameters(&f, 8, f.frames[0].pc);
    memset(&followup, 0, sizeof followup);
    avd_followup_find(&f.an, &followup);
    ck_assert_uint_eq(followup.frame, 2);
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(without_an_exception)
{
    static const struct blame_frame frames[] = {{"app.exe!main+1", 0, 0, false},
                                                {NULL, 0, 0, false}};
    struct avd_followup followup = {0};
    struct avd_bucket bucket = {0};
    struct avd_signature signature = {0};

    blame_fixture_init(&f, 0x80000003, frames);
    f.an.has_exception = false;
    avd_followup_find(&f.an, &followup);
    avd_bucket_make(&f.an, &followup, &bucket);
    avd_signature_make(&f.an, &signature);
    ck_assert(!followup.found);
    ck_assert_str_eq(followup.why_not, "the dump has no exception record");
    ck_assert_ptr_null(bucket.id);
    ck_assert_str_eq(bucket.why_not, "the dump has no exception record");
    ck_assert_str_eq(signature.why_not, "the dump has no exception record");
    blame_fixture_deinit(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, the_virtualized_process);
    tcase_add_test(tests, a_double_free);
    tcase_add_test(tests, a_scanned_frame_gives_way);
    tcase_add_test(tests, a_proved_scanned_frame_counts);
    tcase_add_test(tests, a_scanned_frame_is_better_than_none);
    tcase_add_test(tests, parts_of_windows_are_the_last_resort);
    tcase_add_test(tests, an_approximate_name_is_none);
    tcase_add_test(tests, calls_through_bad_pointers_and_unloaded_modules);
    tcase_add_test(tests, managed_code);
    tcase_add_test(tests, managed_runtime_calls_nothing);
    tcase_add_test(tests, without_an_exception);
}

int main(void)
{
    return suite_main("followup", add_tests);
}
