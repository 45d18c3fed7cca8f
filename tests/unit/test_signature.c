/* SPDX-License-Identifier: MIT */
/* Signatures: what goes into one, and what must not change it. */
#include "support/blame_fixture.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

static struct blame_fixture f;

static const struct avd_signature *signature(uint32_t code, const struct blame_frame *frames)
{
    static struct avd_signature made;

    blame_fixture_init(&f, code, frames);
    memset(&made, 0, sizeof made);
    avd_signature_make(&f.an, &made);
    ck_assert(!f.an.arena.failed);
    return &made;
}

START_TEST(the_text_and_its_hash)
{
    static const struct blame_frame frames[] = {
        {"KERNELBASE.dll!RaiseException+69", 0, 0, false},
        {"App.exe!std::vector<int,std::allocator<int> >::at+1a", 0, 0, false},
        {"App.exe!Walk+20", 0, 0, false},
        {"App.exe!Walk+20", 0, 0, false},
        {"Plug.Two.dll+44", 0, 0, false},
        {"app.exe!main+9", AVD_TRUST_FRAME_POINTER, 0, false},
        {NULL, 0, 0, false}};
    const struct avd_signature *made = signature(0xc0000094, frames);

    ck_assert_str_eq(made->text, "EXCEPTION_INT_DIVIDE_BY_ZERO|app!std::vector<>::at|app!Walk|"
                                 "plug.two|app!main");
    /* printf '%s' TEXT | md5sum */
    ck_assert_str_eq(made->id, "av1-566a5ba7b6ddbb5d");
    ck_assert_uint_eq(made->frame_count, 4);
    ck_assert_uint_eq(made->named_count, 3);
    ck_assert_str_eq(made->cut, "the stack that could be recovered ends there");
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(scanned_frames_end_it)
{
    static const struct blame_frame frames[] = {
        {"app.exe!f+1", 0, 0, false},
        {"app.exe!g+1", AVD_TRUST_SCAN, AVD_EVIDENCE_TARGET, false},
        {"app.exe!h+1", 0, 0, false},
        {NULL, 0, 0, false}};
    static const struct blame_frame cfi_scan[] = {{"app.exe!f+1", 0, 0, false},
                                                  {"app.exe!g+1", AVD_TRUST_CFI_SCAN, 0, false},
                                                  {NULL, 0, 0, false}};
    const struct avd_signature *made = signature(0x80000003, frames);

    ck_assert_str_eq(made->text, "EXCEPTION_BREAKPOINT|app!f");
    ck_assert_str_eq(made->cut, "the next frame was found by scanning");
    blame_fixture_deinit(&f);
    ck_assert_str_eq(signature(0x80000003, cfi_scan)->text, "EXCEPTION_BREAKPOINT|app!f");
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(six_frames_and_no_more)
{
    static const struct blame_frame frames[] = {{"a!a+1", 0, 0, false}, {"a!b+1", 0, 0, false},
                                                {"a!c+1", 0, 0, false}, {"a!d+1", 0, 0, false},
                                                {"a!e+1", 0, 0, false}, {"a!f+1", 0, 0, false},
                                                {"a!g+1", 0, 0, false}, {NULL, 0, 0, false}};
    const struct avd_signature *made = signature(0x80000003, frames);

    ck_assert_str_eq(made->text, "EXCEPTION_BREAKPOINT|a!a|a!b|a!c|a!d|a!e|a!f");
    ck_assert_ptr_null(made->cut);
    blame_fixture_deinit(&f);
}
END_TEST

/* Other displacements (and with them addresses), other case of the file, the user's triage. */
START_TEST(what_does_not_change_it)
{
    static const struct blame_frame one[] = {
        {"app.exe!f+1", 0, 0, false}, {"lib.dll!g+2", 0, 0, false}, {NULL, 0, 0, false}};
    static const struct blame_frame two[] = {
        {"APP.EXE!f+711", 0, 0, false}, {"Lib.DLL!g+92", 0, 0, false}, {NULL, 0, 0, false}};
    struct avd_triage_entry entry = {"app", NULL, "ignore", NULL};
    struct avd_triage user = {{0}, &entry, 1, 1};
    struct avd_signature made = {0};
    char first[32];

    strcpy(first, signature(0x80000003, one)->id);
    blame_fixture_deinit(&f);
    ck_assert_str_eq(signature(0x80000003, two)->id, first);
    blame_fixture_deinit(&f);
    blame_fixture_init(&f, 0x80000003, two);
    f.an.triage = &user;
    avd_signature_make(&f.an, &made);
    ck_assert_str_eq(made.id, first);
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(without_frames_there_is_none)
{
    static const struct blame_frame frames[] = {{"ntdll.dll!NtWaitForSingleObject+14", 0, 0, false},
                                                {"app.exe!g+1", AVD_TRUST_SCAN, 0, false},
                                                {NULL, 0, 0, false}};
    const struct avd_signature *made = signature(0x80000003, frames);

    ck_assert_ptr_null(made->id);
    ck_assert_str_eq(made->why_not,
                     "no frame is certain and says more than that an exception was raised");
    blame_fixture_deinit(&f);
}
END_TEST

START_TEST(templates)
{
    static const char *const names[][2] = {
        {"f", "f"},
        {"f<int>", "f<>"},
        {"std::map<int,std::vector<char> >::find<int>", "std::map<>::find<>"},
        {"operator<", "operator<"},
        {"A::operator<<<int>", "A::operator<<<int>"},
        {"operator->", "operator->"},
        {"A<int>::operator->", "A<>::operator->"},
        {"call<&B::operator->>", "call<>"},
        {"never<ends", "never<ends"},
        {"`anonymous namespace'::f<1>", "`anonymous namespace'::f<>"},
    };
    struct avd_arena arena = {0};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_str_eq(avd_name_without_templates(&arena, names[i][0], "<>"), names[i][1]);
    avd_arena_deinit(&arena);
}
END_TEST

static void check_socorro(const struct blame_frame *frames, const char *expected)
{
    ck_assert_str_eq(signature(0xc0000005, frames)->socorro, expected);
    blame_fixture_deinit(&f);
}

START_TEST(socorro)
{
    /* The two lists on the Virtualized Process: RaiseException is irrelevant, RpcpRaiseException a
     * prefix, NdrGetBuffer on neither. */
    static const struct blame_frame rpc[] = {{"kernel32.dll!RaiseException+53", 0, 0, false},
                                             {"rpcrt4.dll!RpcpRaiseException+24", 0, 0, false},
                                             {"rpcrt4.dll!NdrGetBuffer+46", 0, 0, false},
                                             {"rpcrt4.dll!NdrClientCall2+197", 0, 0, false},
                                             {NULL, 0, 0, false}};
    static const struct blame_frame libraries[] = {{"a.dll+1", 0, 0, false},
                                                   {"a.dll+2", 0, 0, false},
                                                   {"b.dll+1", 0, 0, false},
                                                   {"app.exe!Vec<int>::push(int)+4", 0, 0, false},
                                                   {NULL, 0, 0, false}};

    check_socorro(rpc, "RpcpRaiseException | NdrGetBuffer");
    check_socorro(libraries, "a.dll | b.dll | Vec<T>::push");
}
END_TEST

START_TEST(socorro_out_of_memory)
{
    static const struct blame_frame frames[] = {{"app.exe!f+1", 0, 0, false}, {NULL, 0, 0, false}};
    struct avd_annotation annotation = {.key = "OOMAllocationSize", .value = "262144"};

    blame_fixture_init(&f, 0xc0000005, frames);
    f.dump.crashpad.annotations = &annotation;
    f.dump.crashpad.annotation_count = 1;
    ck_assert_str_eq(avd_signature_socorro(&f.an, &f.thread.native), "OOM | small | f");
    annotation.value = "99999999999999999999999999";
    ck_assert_str_eq(avd_signature_socorro(&f.an, &f.thread.native), "OOM | large | f");
    blame_fixture_deinit(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, the_text_and_its_hash);
    tcase_add_test(tests, scanned_frames_end_it);
    tcase_add_test(tests, six_frames_and_no_more);
    tcase_add_test(tests, what_does_not_change_it);
    tcase_add_test(tests, without_frames_there_is_none);
    tcase_add_test(tests, templates);
    tcase_add_test(tests, socorro);
    tcase_add_test(tests, socorro_out_of_memory);
}

int main(void)
{
    return suite_main("signature", add_tests);
}
