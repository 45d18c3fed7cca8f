/* SPDX-License-Identifier: MIT */
/*
 * src/symbols/store_index.c: lists of folders that several stores share. They are walked once, and
 * give what a walk of one's own gives.
 */
#include "base/memory.h"
#include "support/dump_fixture.h"
#include "support/on_windows.h"
#include "support/store_files.h"
#include "support/store_fixture.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct avd_store_folders *folders;

static void setup(void)
{
    store_setup();
    store_files_directory("tree");
    store_fx.paths[0] = store_files_at("tree");
    store_fx.options.path_count = 1;
    folders = avd_store_folders_new();
    ck_assert_ptr_nonnull(folders);
}

static void teardown(void)
{
    avd_store_free(store_fx.store);
    store_fx.store = NULL;
    avd_store_folders_free(folders);
    store_teardown();
}

/* Lists the folders of the options, as before the first of many dumps. */
static enum avd_status list(void)
{
    struct avd_store *store = NULL;
    enum avd_status status;

    store_fx.options.folders = folders;
    status = avd_store_new(&store_fx.options, &store, &store_fx.error);
    if (status == AVD_OK)
        status = avd_store_list_folders(store, &store_fx.error);
    avd_store_free(store);
    return status;
}

START_TEST(test_walked_once)
{
    store_files_write("tree/a/b/other.pdb", "good");
    ck_assert_int_eq(list(), AVD_OK);
    store_files_write("tree/a/b/Foo.pdb", "good");
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(0, "/tree", false, "no Foo.pdb among 1 files");
    store_fx.options.folders = NULL;
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    store_assert_path("tree/a/b/Foo.pdb");
}
END_TEST

/* Without avd_store_list_folders the first store that needs a list makes it. */
START_TEST(test_listed_when_needed)
{
    store_files_write("tree/a/x.sym", "MODULE windows x86_64 " KEY "a Foo.pdb\n");
    store_fx.options.folders = folders;
    ck_assert_int_eq(store_find(AVD_FILE_SYM), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.verified_count, 1);
    ck_assert_int_eq(unlink(store_files_at("tree/a/x.sym")), 0);
    ck_assert_int_eq(store_find(AVD_FILE_SYM), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, "/tree/a/x.sym", false, "cannot be opened: No such file or directory");
}
END_TEST

/* Files in every layout: a list that was there before must not hide one of them. */
static const char *const layouts[] = {
    "tree/Foo.pdb/" KEY "A/Foo.pdb",
    "tree/fo/foo.PDB/" KEY "A/Foo.pdb",
    "tree/Foo.pdb",
    "tree/symbols/dll/foo.pdb",
    "tree/deep/er/FOO.pdb",
    "tree/sub/pingme.txt",             /* a store below, see below */
    "tree/pingme.txt",                 /* itself a store */
    "linked/Foo.pdb/" KEY "A/Foo.pdb", /* tree/Foo.pdb is a link to linked/Foo.pdb */
    "tree/Foo.pdb/" KEY "A/file.ptr",
    "tree/nothing.txt",
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

START_TEST(test_every_layout)
{
    char place[512];
    char result[512];
    char path[512] = "";
    enum avd_status status;
    size_t count;

    store_files_write(layouts[_i], "good");
    if (_i == 5 || _i == 6)
        store_files_write(_i == 5 ? "tree/sub/Foo.pdb/" KEY "A/Foo.pdb"
                                  : "tree/Foo.pdb/" KEY "A/Foo.pdb",
                          "good");
    if (_i == 7 && ON_WINDOWS)
        return;
    if (_i == 7)
        ck_assert_int_eq(symlink(store_files_at("linked/Foo.pdb"), store_files_at("tree/Foo.pdb")),
                         0);
    if (_i == 8) {
        store_files_write("elsewhere.pdb", "good");
        store_files_write(layouts[_i], store_files_expand("PATH:@/elsewhere.pdb"));
    }
    status = store_find(AVD_FILE_PDB);
    ck_assert_int_eq(status, _i == LAYOUTS - 1 ? AVD_NOT_FOUND : AVD_OK);
    count = store_fx.attempt_count;
    ck_assert_uint_ge(count, 1);
    (void)snprintf(place, sizeof place, "%s", store_fx.attempts[count - 1].place);
    (void)snprintf(result, sizeof result, "%s", store_fx.attempts[count - 1].result);
    if (status == AVD_OK)
        (void)snprintf(path, sizeof path, "%s", store_fx.path);

    ck_assert_int_eq(list(), AVD_OK);
    ck_assert_int_eq(store_find(AVD_FILE_PDB), status);
    ck_assert_uint_eq(store_fx.attempt_count, count);
    ck_assert_str_eq(store_fx.attempts[count - 1].place, place);
    ck_assert_str_eq(store_fx.attempts[count - 1].result, result);
    if (status == AVD_OK)
        ck_assert_str_eq(store_fx.path, path);
}
END_TEST

/* A list that memory did not suffice for is made anew, and nothing of it is left. */
START_TEST(test_no_memory)
{
    enum avd_status status = AVD_E_NOMEM;
    unsigned long n;

    store_files_write("tree/a/Foo.pdb", "good");
    store_files_write("tree/b/x.sym", "MODULE windows x86_64 0 Bar.pdb\n");
    for (n = 1; status != AVD_OK; n++) {
        avd_mem_fail_after(n);
        status = list();
        avd_mem_fail_after(0);
        ck_assert(status == AVD_OK || status == AVD_E_NOMEM);
    }
    ck_assert_uint_gt(n, 4);
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    store_assert_path("tree/a/Foo.pdb");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_walked_once);
    tcase_add_test(tests, test_listed_when_needed);
    tcase_add_loop_test(tests, test_every_layout, 0, LAYOUTS);
    tcase_add_test(tests, test_no_memory);
}

int main(void)
{
    return suite_main("store_folders", add_tests);
}
