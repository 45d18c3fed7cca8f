/* SPDX-License-Identifier: MIT */
/* Which triage entry fits best, and what a triage file may hold; errors name line and column. */
#include "base/memory.h"
#include "rules/triage_file.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include "avdump/avdump.h"

#include <string.h>

static struct avd_triage user;
static struct avd_error err;

static enum avd_status parse(const char *text)
{
    memset(&err, 0, sizeof err);
    return avd_triage_parse(&user, "mine.yaml", text, strlen(text), &err);
}

static void drop(void)
{
    avd_arena_deinit(&user.arena);
    memset(&user, 0, sizeof user);
}

static void check_owner(const char *module, const char *function, const char *owner)
{
    ck_assert_str_eq(avd_triage_find(&user, module, function)->owner, owner);
}

START_TEST(the_best_fit)
{
    ck_assert_int_eq(parse("- owner: exact\n"
                           "  frames: [net!send]\n"
                           "- owner: prefix\n"
                           "  frames: ['net!se*']\n"
                           "- owner: module\n"
                           "  frames: ['net!*']\n"
                           "- owner: modules\n"
                           "  frames: ['ne*', 'n*!send']\n"
                           "- owner: everywhere\n"
                           "  frames: [default!only_there]\n"
                           "- owner: mine\n"
                           "  frames: [default]\n"),
                     AVD_OK);
    check_owner("net", "send", "exact");
    check_owner("NET", "Send", "exact");
    check_owner("net", "sendto", "prefix");
    check_owner("net", "recv", "module");
    check_owner("net", NULL, "module");
    check_owner("nexus", "send", "modules");
    check_owner("nop", "send", "modules");
    check_owner("other", "only_there", "everywhere");
    check_owner("net", "only_there", "module");
    /* The shipped entries come before the user's default. */
    check_owner("kernel32", "RaiseException", "ignore");
    check_owner("other", "f", "mine");
    drop();
    check_owner("other", "f", "MachineOwner");
}
END_TEST

/* Runtimes that are linked into the program itself. */
START_TEST(runtimes_in_the_program)
{
    check_owner("app", "core::panicking::panic_fmt", "ignore");
    check_owner("app", "__rustc::rust_begin_unwind", "ignore");
    check_owner("app", "std::rt::lang_start_internal", "last_thread_start");
    check_owner("app", "runtime.throw", "ignore");
    check_owner("app", "runtime.goexit.abi0", "last_thread_start");
    check_owner("app", "std::__throw_out_of_range_fmt", "ignore");
    check_owner("app", "core::Engine::run", "MachineOwner"); /* a C++ program's own namespace */
    check_owner("app", "std::vector::at", "MachineOwner");
}
END_TEST

START_TEST(the_user_comes_first)
{
    ck_assert_int_eq(parse("- owner: me\n  why: it is mine\n  frames: ['kernel*']\n"), AVD_OK);
    ck_assert_str_eq(avd_triage_find(&user, "kernel32", "RaiseException")->why, "it is mine");
    drop();
}
END_TEST

START_TEST(owner_classes)
{
    ck_assert_int_eq(avd_triage_owner_class("ignore"), AVD_OWNER_IGNORE);
    ck_assert_int_eq(avd_triage_owner_class("IGNORE"), AVD_OWNER_IGNORE);
    ck_assert_int_eq(avd_triage_owner_class("last_x"), AVD_OWNER_LAST);
    ck_assert_int_eq(avd_triage_owner_class("maybe_x"), AVD_OWNER_MAYBE);
    ck_assert_int_eq(avd_triage_owner_class("ignored"), AVD_OWNER_DEFINITE);
}
END_TEST

static void check_error(const char *text, unsigned line, unsigned column, const char *message)
{
    ck_assert_int_eq(parse(text), AVD_E_RULE);
    ck_assert_str_eq(err.message, message);
    ck_assert_str_eq(err.where, "mine.yaml");
    ck_assert_uint_eq(err.line, line);
    ck_assert_uint_eq(err.column, column);
    drop();
}

START_TEST(errors)
{
    check_error("a: b\n", 1, 1, "expected a list of owners, found a mapping");
    check_error("", 1, 1, "expected one list of owners, found 0 documents");
    check_error("- x\n", 1, 3, "expected a mapping with 'owner' and 'frames', found 'x'");
    check_error("- owner: a\n", 1, 3, "'frames' is missing");
    check_error("- frames: [a]\n", 1, 3, "'owner' is missing");
    check_error("- owner: a\n  frame: [b]\n", 2, 3,
                "expected 'owner', 'why' or 'frames', found 'frame'");
    check_error("- owner: [a]\n  frames: [b]\n", 1, 10, "expected a text, found a list");
    check_error("- owner: a\n  frames: b\n", 2, 11, "expected a list of frames, found 'b'");
    check_error("- owner: a\n  frames: [b, 'a*c']\n", 2, 15,
                "expected 'module' or 'module!function', '*' only at the end of either, found "
                "'a*c'");
    check_error("- owner: a\n  frames: ['!f']\n", 2, 12,
                "expected 'module' or 'module!function', '*' only at the end of either, found "
                "'!f'");
    check_error("- owner: a\n  frames: [[]]\n", 2, 12,
                "expected 'module' or 'module!function', '*' only at the end of either, found "
                "a list");
}
END_TEST

START_TEST(files)
{
    struct avd_triage *triage = NULL;

    ck_assert_int_eq(avd_triage_load("/nonexistent/triage.yaml", &triage, &err), AVD_E_IO);
    ck_assert_ptr_null(triage);
    ck_assert_int_eq(avd_triage_load(NULL, &triage, &err), AVD_E_ARG);
    ck_assert_str_eq(err.message, "no file given");
    ck_assert_int_eq(avd_triage_load(TESTDATA "/../triage/triage.yaml", &triage, &err), AVD_OK);
    ck_assert_uint_eq(triage->count, avd_shipped_triage_count);
    avd_triage_free(triage);
    avd_triage_free(NULL);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

START_TEST(running_out_of_memory)
{
    static const char text[] = "- owner: a\n  why: b\n  frames: [c, 'd!e']\n";
    unsigned long total;
    unsigned long n;

    avd_mem_fail_after(1000000);
    ck_assert_int_eq(parse(text), AVD_OK);
    total = avd_mem_count();
    drop();
    for (n = 1; n <= total; n++) {
        avd_mem_fail_after(n);
        ck_assert_int_eq(parse(text), AVD_E_NOMEM);
        avd_mem_fail_after(0);
        drop();
    }
    ck_assert_uint_gt(total, 0);
    ck_assert_int_eq(avd_mem_live(), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, the_best_fit);
    tcase_add_test(tests, runtimes_in_the_program);
    tcase_add_test(tests, the_user_comes_first);
    tcase_add_test(tests, owner_classes);
    tcase_add_test(tests, errors);
    tcase_add_test(tests, files);
    tcase_add_test(tests, running_out_of_memory);
}

int main(void)
{
    return suite_main("triage", add_tests);
}
