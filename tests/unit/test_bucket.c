/* SPDX-License-Identifier: MIT */
/* Buckets: published hashes and ids of !analyze, and the words of problem classes. */
#include "analyze/instruction.h"
#include "minidump/format.h"
#include "support/blame_fixture.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct blame_fixture f;

static const struct avd_bucket *bucket(void)
{
    static struct avd_bucket made;
    struct avd_followup followup;

    memset(&followup, 0, sizeof followup);
    memset(&made, 0, sizeof made);
    avd_followup_find(&f.an, &followup);
    avd_bucket_make(&f.an, &followup, &made);
    ck_assert(!f.an.arena.failed);
    return &made;
}

/* FAILURE_ID_HASH_STRING and FAILURE_ID_HASH as published by users of WinDbg. */
START_TEST(published_hashes)
{
    static const char *const pairs[][2] = {
        {"um:breakpoint_avrf_80000003_image009e0000!unknown",
         "{d3f728e1-6a74-3cb2-714a-f2180f2ee172}"},
        {"um:wrong_symbols_c0000005_chrome_child.dll!mojo::internal::interfaceptrstate_content::"
         "mojom::urlloaderclient,1_::swap",
         "{2ff4fcc9-d910-6ce8-a822-17cd509fc6a5}"},
        {"km:0x5a_c0000428_image_filecrypt.sys", "{35f25777-b01e-70a1-c502-f690dab6cb3a}"},
        {"km:x64_0x7f_8_ql2300+69416", "{0f9ebaaf-2e04-8097-fea0-1da0b10cd026}"},
        {"km:av_ovsext!ovswaiteventioctl", "{07550bfb-c3b5-0412-b95d-f89a5c4671a9}"},
        {"km:x64_0x5c_hal_clock_interrupt_not_received_nt!initbootprocessor+12a",
         "{829a944d-7639-05f1-a55f-2677354a890e}"},
        /* Computed, not published: the Virtualized Process pattern. */
        {"um:x64_6d9_hnetcfg!fwopendynamicfwport+1d", "{7dfc8c8d-df05-893e-f0e5-3913cc4b6ed0}"},
    };
    struct avd_arena arena = {0};
    size_t i;

    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        ck_assert_str_eq(avd_failure_id_hash(&arena, pairs[i][0]), pairs[i][1]);
    avd_arena_deinit(&arena);
}
END_TEST

/* By python3: hashlib.md5(text.encode("utf-16-le")), as a little-endian UUID. */
START_TEST(hashes_of_other_letters)
{
    struct avd_arena arena = {0};

    ck_assert_str_eq(avd_failure_id_hash(&arena, "um:\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
                     "{3fdd510a-795f-b0ed-dd0a-2f3738e37cd6}");
    avd_arena_deinit(&arena);
}
END_TEST

START_TEST(the_virtualized_process)
{
    static const struct blame_frame frames[] = {{"kernel32.dll!RaiseException+53", 0, 0, false},
                                                {"rpcrt4.dll!NdrClientCall2+197", 0, 0, false},
                                                {"hnetcfg.dll!FwOpenDynamicFwPort+1d", 0, 0, false},
                                                {NULL, 0, 0, false}};

    blame_fixture_init(&f, 0x6d9, frames);
    ck_assert_str_eq(bucket()->legacy_id, "X64_6d9_hnetcfg!FwOpenDynamicFwPort+1d");
    ck_assert_str_eq(bucket()->legacy_hash, "{7dfc8c8d-df05-893e-f0e5-3913cc4b6ed0}");
    ck_assert_str_eq(bucket()->id, "APPLICATION_FAULT_6d9_hnetcfg.dll!FwOpenDynamicFwPort");
    blame_fixture_deinit(&f);
}
END_TEST

/* The transcript of a double free: the bucket whose hash is the first of the published ones. */
START_TEST(below_application_verifier)
{
    static const struct blame_frame frames[] = {{"verifier.dll!VerifierBreakin+42", 0, 0, false},
                                                {"ntdll.dll!RtlFreeHeap+222", 0, 0, false},
                                                {"image009e0000+7417", 0, 0, false},
                                                {NULL, 0, 0, false}};

    blame_fixture_init(&f, 0x80000003, frames);
    ck_assert_str_eq(bucket()->id, "BREAKPOINT_AVRF_80000003_image009e0000!Unknown");
    ck_assert_str_eq(bucket()->hash_string, "um:breakpoint_avrf_80000003_image009e0000!unknown");
    ck_assert_str_eq(bucket()->hash, "{d3f728e1-6a74-3cb2-714a-f2180f2ee172}");
    ck_assert_str_eq(bucket()->legacy_id, "X64_80000003_image009e0000+7417");
    blame_fixture_deinit(&f);
}
END_TEST

static void check_access(uint64_t kind, uint64_t address, const char *expected)
{
    static const struct blame_frame frames[] = {{"app.exe!f+3", 0, 0, false}, {NULL, 0, 0, false}};

    blame_fixture_init(&f, 0xc0000005, frames);
    blame_fixture_parameters(&f, kind, address);
    ck_assert_str_eq(bucket()->problem_class, expected);
    blame_fixture_deinit(&f);
}

START_TEST(access_violations)
{
    static const struct blame_frame frames[] = {{"app.exe!f+3", 0, 0, false}, {NULL, 0, 0, false}};
    static const struct avd_region data = {0x20000000, 0x1000,         0x20000000, PAGE_READWRITE,
                                           MEM_COMMIT, PAGE_READWRITE, 0};
    struct avd_crash_instruction ins;

    check_access(0, 0, "NULL_POINTER_READ");
    check_access(1, 0x45, "NULL_POINTER_WRITE");
    check_access(1, 0xffff, "NULL_POINTER_WRITE");
    check_access(1, 0x10000, "INVALID_POINTER_WRITE");
    check_access(0, UINT64_MAX, "INVALID_POINTER_READ");
    check_access(8, 0x41414141, "INVALID_POINTER_EXECUTE");
    check_access(8, 0, "NULL_POINTER_EXECUTE");
    blame_fixture_init(&f, 0xc0000005, frames);
    blame_fixture_parameters(&f, 8, 0x20000010);
    f.dump.memory.regions = &data;
    f.dump.memory.region_count = 1;
    ck_assert_str_eq(bucket()->problem_class, "SOFTWARE_NX_FAULT");
    /* A member of a null object, and what only looks like one: rax is not `this`. */
    blame_fixture_parameters(&f, 0, 0x10);
    memset(&ins, 0, sizeof ins);
    ins.insn.memory_count = 1;
    ins.insn.memory[0].base = AVD_RCX;
    ins.insn.memory[0].index = AVD_INSN_NO_REG;
    f.an.instruction = &ins;
    ck_assert_str_eq(bucket()->problem_class, "NULL_CLASS_PTR_READ");
    ins.insn.memory[0].base = AVD_RAX;
    ck_assert_str_eq(bucket()->problem_class, "NULL_POINTER_READ");
    blame_fixture_deinit(&f);
}
END_TEST

static void check_code(uint32_t code, uint64_t parameter, const char *expected)
{
    static const struct blame_frame frames[] = {{"app.exe!f+3", 0, 0, false}, {NULL, 0, 0, false}};

    blame_fixture_init(&f, code, frames);
    blame_fixture_parameters(&f, parameter, 0);
    ck_assert_str_eq(bucket()->id, expected);
    blame_fixture_deinit(&f);
}

START_TEST(other_codes)
{
    check_code(0xc0000409, 7, "FAIL_FAST_FATAL_APP_EXIT_c0000409_app.exe!f");
    check_code(0xc0000409, 0, "STACK_BUFFER_OVERRUN_c0000409_app.exe!f");
    check_code(0xc00000fd, 0, "STACK_OVERFLOW_c00000fd_app.exe!f");
    check_code(0xc0000374, 0, "HEAP_CORRUPTION_c0000374_app.exe!f");
    check_code(0x80000003, 0, "BREAKPOINT_80000003_app.exe!f");
    check_code(0xe06d7363, 0, "CPP_EXCEPTION_e06d7363_app.exe!f");
    check_code(0xe0434352, 0, "CLR_EXCEPTION_e0434352_app.exe!f");
    check_code(0x12345, 0, "APPLICATION_FAULT_12345_app.exe!f");
}
END_TEST

START_TEST(elsewhere_there_are_no_buckets)
{
    static const struct blame_frame frames[] = {{"app!f+3", 0, 0, false}, {NULL, 0, 0, false}};

    blame_fixture_init(&f, 11, frames);
    f.dump.system.platform = MD_OS_LINUX;
    ck_assert_ptr_null(bucket()->id);
    ck_assert_str_eq(bucket()->why_not, "buckets are made of Windows's exceptions");
    blame_fixture_deinit(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, published_hashes);
    tcase_add_test(tests, hashes_of_other_letters);
    tcase_add_test(tests, the_virtualized_process);
    tcase_add_test(tests, below_application_verifier);
    tcase_add_test(tests, access_violations);
    tcase_add_test(tests, other_codes);
    tcase_add_test(tests, elsewhere_there_are_no_buckets);
}

int main(void)
{
    return suite_main("bucket", add_tests);
}
