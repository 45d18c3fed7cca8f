/* SPDX-License-Identifier: MIT */
/*
 * src/symbols/store.c, store_layout.c, store_index.c: the order of places, layouts, file.ptr,
 * --map, and names that would lead out of a store. Caches are test_store_cache.c's, servers
 * tests/e2e/test_symbol_server.py's.
 */
#include "base/limits.h"
#include "support/on_windows.h"
#include "support/store_fixture.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(test_nothing_to_look_for)
{
    store_fx.query.debug_file = NULL;
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, "", false, "the dump does not name the module's PDB");
    store_fx.query.debug_file = "../Foo.pdb";
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(0, "", false, "the name in the dump is no name of a file; not looked for");
    store_fx.query.image_name = "";
    ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
    store_assert_attempt(0, "", false, "the dump does not name the image");
    /* No places at all. */
    store_fx.query.debug_file = "Foo.pdb";
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 0);
    ck_assert_ptr_null(store_fx.path);
}
END_TEST

/* ---- layouts ----------------------------------------------------------------------------- */

START_TEST(test_one_file)
{
    store_files_write("renamed.pdb", "good");
    store_files_write("other.dll", "bad");
    store_fx.paths[1] = store_files_at("other.dll");
    store_fx.options.path_count = 2;
    store_fx.paths[0] = store_files_at("renamed.pdb");
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    store_assert_path("renamed.pdb");
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, "/renamed.pdb", true, "found");
    /* A PDB is not opened as an image. */
    ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, "/other.dll", false, "is bad, expected good");
    ck_assert_int_eq(store_find(AVD_FILE_SYM), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 0);
}
END_TEST

START_TEST(test_two_tiers)
{
    store_files_write("store/Foo.pdb/" KEY "9/Foo.pdb", "bad");
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    store_files_write("store/Foo.dll/0420AB121f000/Foo.dll", "good");
    ck_assert_int_eq(store_find_along("srv*@/store", AVD_FILE_PDB), AVD_OK);
    store_assert_path("store/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_uint_eq(store_fx.verified_count, 1);
    ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_OK);
    store_assert_path("store/Foo.dll/0420AB121f000/Foo.dll");
    /* A plain directory of a symbol path, and --symbols, may be a store too. */
    ck_assert_int_eq(store_find_along("@/store", AVD_FILE_PDB), AVD_OK);
    store_fx.options.symbol_path = NULL;
    ck_assert_int_eq(store_find_below("store", AVD_FILE_PDB), AVD_OK);
    store_assert_path("store/Foo.pdb/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_three_tiers)
{
    store_files_write("store/index2.txt", "");
    store_files_write("store/fo/foo.pdb/" KEY "A/foo.pdb", "good");
    ck_assert_int_eq(store_find_along("srv*@/store", AVD_FILE_PDB), AVD_OK);
    store_assert_path("store/fo/foo.pdb/" KEY "A/foo.pdb");
    /* A copy without the mark. */
    ck_assert_int_eq(unlink(store_files_at("store/index2.txt")), 0);
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    store_assert_path("store/fo/foo.pdb/" KEY "A/foo.pdb");
}
END_TEST

START_TEST(test_any_case)
{
    store_files_write("store/FOO.PDB/5a9832e5287241c1838ed98914e9b7ffa/foo.PDB", "good");
    ck_assert_int_eq(store_find_along("srv*@/store", AVD_FILE_PDB), AVD_OK);
    store_assert_path("store/FOO.PDB/5a9832e5287241c1838ed98914e9b7ffa/foo.PDB");
}
END_TEST

START_TEST(test_old_time_stamp)
{
    store_files_write("store/Foo.dll/420AB121f000/Foo.dll", "good");
    ck_assert_int_eq(store_find_along("srv*@/store", AVD_FILE_IMAGE), AVD_OK);
    store_assert_path("store/Foo.dll/420AB121f000/Foo.dll");
}
END_TEST

START_TEST(test_breakpad)
{
    store_files_write("tree/Foo.pdb/" KEY "a/Foo.sym", "good");
    ck_assert_int_eq(store_find_below("tree", AVD_FILE_SYM), AVD_OK);
    store_assert_path("tree/Foo.pdb/" KEY "a/Foo.sym");
    ck_assert_int_eq(rename(store_files_at("tree/Foo.pdb/" KEY "a/Foo.sym"),
                            store_files_at("tree/Foo.pdb/" KEY "a/Foo.pdb.sym")),
                     0);
    ck_assert_int_eq(store_find(AVD_FILE_SYM), AVD_NOT_FOUND);
    store_assert_attempt(0, "/tree", false, "no Foo.sym among 1 files");
}
END_TEST

START_TEST(test_flat)
{
    store_files_write("flat/Foo.pdb", "old build");
    store_files_write("flat/dll/Foo.pdb", "older build");
    store_files_write("flat/Symbols/dll/foo.pdb", "good");
    ck_assert_int_eq(store_find_along("@/flat", AVD_FILE_PDB), AVD_OK);
    store_assert_path("flat/Symbols/dll/foo.pdb");
    ck_assert_uint_eq(store_fx.attempt_count, 3);
    store_assert_attempt(0, "/flat/Foo.pdb", false, "is old build, expected good");
    store_assert_attempt(1, "/flat/dll/Foo.pdb", false, "is older build, expected good");
    store_assert_attempt(2, "/flat/Symbols/dll/foo.pdb", true, "found");
    /* A store has keys: what lies directly in it is not looked at. */
    ck_assert_int_eq(store_find_along("srv*@/flat", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, "/flat", false, "no Foo.pdb/" KEY "A");
}
END_TEST

START_TEST(test_dump_directory)
{
    store_fx.options.dump_directory = store_files_at("dumps");
    store_files_write("dumps/dll/Foo.pdb", "good");
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, "/dumps", false, "no Foo.pdb");
    store_files_write("dumps/foo.pdb", "good");
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    store_assert_path("dumps/foo.pdb");
    /* All else comes first. */
    store_files_write("own/Foo.pdb", "good");
    ck_assert_int_eq(store_find_along("@/nowhere;@/own", AVD_FILE_PDB), AVD_OK);
    store_assert_path("own/Foo.pdb");
    store_assert_attempt(0, "/nowhere", false, "no such directory");
}
END_TEST

START_TEST(test_deep_folder)
{
    store_files_write("deep/a/b/c/Foo.pdb", "wrong");
    store_files_write("deep/x/FOO.PDB", "good");
    store_files_write("deep/x/unrelated.pdb", "good");
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_OK);
    store_assert_path("deep/x/FOO.PDB");
    ck_assert_uint_eq(store_fx.attempt_count, 2);
    store_assert_attempt(0, "/deep/a/b/c/Foo.pdb", false, "is wrong, expected good");
    /* Only files of that name were opened. */
    ck_assert_uint_eq(store_fx.verified_count, 2);
    /* A symbol path's directories are not walked. */
    store_fx.options.path_count = 0;
    ck_assert_int_eq(store_find_along("@/deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(0, "/deep", false, "no Foo.pdb, neither by its id nor directly");
    store_fx.options.symbol_path = NULL;
    store_fx.query.debug_file = "Bar.pdb";
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(0, "/deep", false, "no Bar.pdb among 3 files");
}
END_TEST

/* Of many builds the one in a directory of the right key is opened first. */
START_TEST(test_deep_folder_by_key)
{
    store_files_write("deep/1/Foo.pdb", "wrong");
    store_files_write("deep/2/" KEY "a/Foo.pdb", "good");
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_OK);
    store_assert_path("deep/2/" KEY "a/Foo.pdb");
    ck_assert_uint_eq(store_fx.verified_count, 1);
}
END_TEST

/* Stores below a folder are searched by key, not walked. */
START_TEST(test_stores_below)
{
    store_files_write("deep/s/pingme.txt", "");
    store_files_write("deep/s/Foo.pdb/1/Foo.pdb", "good");
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.verified_count, 0);
    store_files_write("deep/s/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_OK);
    store_assert_path("deep/s/Foo.pdb/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_sym_by_its_first_line)
{
    store_files_write("deep/a/mine.sym", "MODULE windows x86_64 " KEY "a Foo.pdb\n");
    store_files_write("deep/b/other.sym", "MODULE windows x86_64 " KEY "b Foo.pdb\n");
    store_files_write("deep/b/empty.sym", "");
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_SYM), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.verified_count, 1);
    ck_assert_str_eq(store_fx.verified[0], store_files_at("deep/a/mine.sym"));
}
END_TEST

START_TEST(test_too_deep)
{
    store_files_write("deep/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/Foo.pdb", "good");
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_OK);
    store_files_write("deeper/0/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/Foo.pdb", "good");
    store_files_write("deeper/x", "");
    ck_assert_int_eq(store_find_below("deeper", AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(0, "/deeper", false, "no Foo.pdb among its first 1 files");
}
END_TEST

START_TEST(test_no_cycles)
{
    store_files_directory("deep/a");
    ck_assert_int_eq(symlink("..", store_files_at("deep/a/up")), 0);
    store_files_write("elsewhere", "good");
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    /* Links to files are as good as files. */
    ck_assert_int_eq(symlink(store_files_at("elsewhere"), store_files_at("deep/a/Foo.pdb")), 0);
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    store_assert_path("deep/a/Foo.pdb");
}
END_TEST

/* ---- file.ptr ---------------------------------------------------------------------------- */

static enum avd_status find_pointer(const char *text)
{
    store_files_write("store/Foo.pdb/" KEY "A/file.ptr", store_files_expand(text));
    return store_find_along("srv*@/store", AVD_FILE_PDB);
}

START_TEST(test_file_ptr)
{
    static const char pointer[] = "/store/Foo.pdb/" KEY "A/file.ptr";

    store_files_write("real/Foo.pdb", "good");
    store_files_write("store/Foo.pdb/" KEY "A/sub/x.pdb", "good");
    ck_assert_int_eq(find_pointer("PATH:@/real/Foo.pdb\r\n"), AVD_OK);
    store_assert_path("real/Foo.pdb");
    ck_assert_int_eq(find_pointer("PATH:sub\\X.pdb"), AVD_OK);
    store_assert_path("store/Foo.pdb/" KEY "A/sub/x.pdb");
    ck_assert_int_eq(find_pointer("MSG: Checked out\r\n"), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, pointer, false, "the store says: Checked out");
    ck_assert_int_eq(find_pointer("PATH:\\\\server\\share\\Foo.pdb"), AVD_NOT_FOUND);
    store_assert_attempt(
        0, pointer, false,
        "leads to \\\\server\\share\\Foo.pdb, which is not to be had here; --map can "
        "say where it is");
    ck_assert_int_eq(find_pointer("PATH:@/real/none.pdb"), AVD_NOT_FOUND);
    store_assert_attempt(0, pointer, false, "leads to @/real/none.pdb, where no file is");
    ck_assert_int_eq(find_pointer("PATH:../../../real/Foo.pdb"), AVD_NOT_FOUND);
    store_assert_attempt(0, pointer, false, "leads to ../../../real/Foo.pdb, where no file is");
    ck_assert_int_eq(find_pointer("\x01\x02"), AVD_NOT_FOUND);
    store_assert_attempt(0, pointer, false, "expected PATH: or MSG: in a file.ptr");
    ck_assert_int_eq(find_pointer(""), AVD_NOT_FOUND);
    store_assert_attempt(0, pointer, false, "expected PATH: or MSG: in a file.ptr");
    /* The file itself wins. */
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(find_pointer("MSG: x"), AVD_OK);
}
END_TEST

START_TEST(test_file_ptr_mapped)
{
    store_fx.maps[0] = store_files_expand("\\\\SERVER\\share=@/real");
    store_fx.options.map_count = 1;
    store_files_write("real/sub/Foo.pdb", "good");
    ck_assert_int_eq(find_pointer("PATH:\\\\server\\share\\Sub\\foo.pdb"), AVD_OK);
    store_assert_path("real/sub/Foo.pdb");
    ck_assert_int_eq(find_pointer("PATH:\\\\server\\shared\\sub\\Foo.pdb"), AVD_NOT_FOUND);
    ck_assert_int_eq(find_pointer("PATH:\\\\server\\share\\..\\real\\sub\\Foo.pdb"), AVD_NOT_FOUND);
}
END_TEST

/* ---- recorded paths ---------------------------------------------------------------------- */

START_TEST(test_map)
{
    store_fx.query.debug_path = "D:\\Build\\Out\\Foo.pdb";
    store_fx.query.image_path = "C:\\app\\Foo.dll";
    store_files_write("out/foo.pdb", "good");
    store_files_write("Foo.dll", "good");
    store_fx.maps[0] = store_files_expand("d:/build=@/nowhere");
    store_fx.maps[1] = store_files_expand("D:\\build\\=@");
    store_fx.maps[2] = store_files_expand("c:\\app=@");
    store_fx.options.map_count = 3;
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    store_assert_path("out/foo.pdb");
    ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_OK);
    store_assert_path("Foo.dll");
    /* A prefix ends where a name ends, and what follows must not lead back. */
    store_fx.query.debug_path = "D:\\Buildings\\Out\\Foo.pdb";
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 0);
    store_fx.query.debug_path = "D:\\Build\\out\\..\\out\\foo.pdb";
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.verified_count, 2);
    /* Without --map nothing that a dump names is opened. */
    store_fx.query.debug_path = store_files_at("out/foo.pdb");
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 0);
}
END_TEST

/* ---- order, servers that are not asked, ceilings ------------------------------------------ */

START_TEST(test_order)
{
    store_fx.options.image_path = store_files_expand("@/images");
    store_fx.options.alt_symbol_path = store_files_expand("@/alt;cache*@/c");
    store_files_write("user/Foo.pdb", "no 1");
    store_files_write("images/Foo.dll", "no 2");
    store_files_write("images/Foo.pdb", "not asked");
    store_files_write("alt/Foo.pdb", "no 3");
    store_files_write("sym/Foo.pdb", "good");
    store_fx.paths[0] = store_files_at("user");
    store_fx.options.path_count = 1;
    ck_assert_int_eq(store_find_along("@/sym", AVD_FILE_PDB), AVD_OK);
    /* _NT_ALT_SYMBOL_PATH's cache* reaches into _NT_SYMBOL_PATH: to WinDbg they are one. */
    store_assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_uint_eq(store_fx.attempt_count, 4);
    store_assert_attempt(0, "/user/Foo.pdb", false, "is no 1, expected good");
    store_assert_attempt(1, "/alt/Foo.pdb", false, "is no 3, expected good");
    store_assert_attempt(2, "/c", false, "no Foo.pdb/" KEY "A: the cache does not exist yet");
    ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
    store_assert_attempt(0, "/user", false, "no Foo.dll among 1 files");
    store_assert_attempt(1, "/images/Foo.dll", false, "is no 2, expected good");
    store_assert_attempt(2, "/alt", false, "no Foo.dll, neither by its id nor directly");
}
END_TEST

START_TEST(test_offline)
{
    char text[300];

    store_fx.options.offline = true;
    (void)snprintf(text, sizeof text, "srv*%s*https://me:secret@symbols.invalid/x",
                   store_files_at("c"));
    store_fx.options.symbol_path = text;
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, 2);
    store_assert_attempt(1, "https://symbols.invalid/x", false, "not asked: offline");
    ck_assert_int_eq(access(store_files_at("c"), F_OK), -1);
    store_fx.query.has_guid = false;
    store_fx.options.offline = false;
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(1, "https://symbols.invalid/x", false,
                         "not asked: the dump gives no id to ask for");
}
END_TEST

START_TEST(test_attempts_are_bounded)
{
    char name[64];
    size_t i;

    for (i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "deep/%zu/Foo.pdb", i);
        store_files_write(name, "bad");
    }
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.attempt_count, AVD_MAX_STORE_ATTEMPTS);
    store_assert_attempt(AVD_MAX_STORE_ATTEMPTS - 1, "", false,
                         "37 more places, none of them with the file");
    store_files_write("deep/zz/Foo.pdb", "good");
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_OK);
    ck_assert_uint_eq(store_fx.attempt_count, AVD_MAX_STORE_ATTEMPTS);
    store_assert_attempt(AVD_MAX_STORE_ATTEMPTS - 1, "/deep/zz/Foo.pdb", true, "found");
}
END_TEST

START_TEST(test_candidates_are_bounded)
{
    char name[64];
    size_t i;

    for (i = 0; i <= AVD_MAX_STORE_CANDIDATES; i++) {
        (void)snprintf(name, sizeof name, "deep/%03zu/Foo.pdb", i);
        store_files_write(name, i < AVD_MAX_STORE_CANDIDATES ? "bad" : "good");
    }
    ck_assert_int_eq(store_find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.verified_count, AVD_MAX_STORE_CANDIDATES);
}
END_TEST

/* ---- hostile names ----------------------------------------------------------------------- */

START_TEST(test_traversal)
{
    static const char *const names[] = {
        "../outside.pdb",      "..\\outside.pdb", "/etc/passwd", "..",
        "a/../../outside.pdb", "C:\\x.pdb",       "x\n.pdb",     ""};
    size_t i;

    store_files_write("outside.pdb", "good");
    store_files_write("in/outside.pdb", "bad");
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        store_fx.query.debug_file = names[i];
        store_fx.query.image_name = names[i];
        store_fx.paths[0] = store_files_at("in");
        store_fx.options.path_count = 1;
        store_fx.options.dump_directory = store_files_at("in");
        ck_assert_int_eq(store_find_along("srv*@/c*@/in;cache*@/c;@/in", AVD_FILE_PDB),
                         AVD_NOT_FOUND);
        ck_assert_uint_eq(store_fx.attempt_count, 1);
        ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
        ck_assert_int_eq(store_find(AVD_FILE_SYM), AVD_NOT_FOUND);
    }
    ck_assert_uint_eq(store_fx.verified_count, 0);
    ck_assert_int_eq(access(store_files_at("c"), F_OK), -1);
    /* An id can lead elsewhere too. */
    store_fx.query.debug_file = "Foo.pdb";
    store_fx.query.has_guid = false;
    store_fx.query.debug_id = "../../outside";
    store_files_write("in/Foo.pdb/x", "");
    ck_assert_int_eq(store_find_along("srv*@/in", AVD_FILE_SYM), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.verified_count, 0);
}
END_TEST

/* ---- options ----------------------------------------------------------------------------- */

static void assert_refused(const char *where, const char *message)
{
    store_fx.store = (struct avd_store *)&store_fx.error;
    ck_assert_int_eq(avd_store_new(&store_fx.options, &store_fx.store, &store_fx.error), AVD_E_ARG);
    ck_assert_ptr_null(store_fx.store);
    ck_assert_str_eq(store_fx.error.where, where);
    ck_assert_str_eq(store_fx.error.message, message);
}

START_TEST(test_wrong_options)
{
    store_fx.paths[0] = "/nonexistent/symbols";
    store_fx.options.path_count = 1;
    assert_refused("/nonexistent/symbols", "no such file or folder of symbols");
    store_fx.paths[0] = "srv*ftp://x";
    assert_refused("symbol path", "'srv*ftp://x': only http and https servers can be asked");
    store_fx.options.path_count = 0;
    store_fx.options.image_path = "cache*http://x";
    assert_refused("symbol path", "'cache*http://x': a cache is a directory");
    store_fx.options.image_path = NULL;
    store_fx.maps[0] = "C:\\x";
    store_fx.options.map_count = 1;
    assert_refused("map", "'C:\\x': expected OLD=NEW");
    store_fx.maps[0] = "=x";
    assert_refused("map", "'=x': expected OLD=NEW");
    store_fx.maps[0] = "x=";
    assert_refused("map", "'x=': expected OLD=NEW");
}
END_TEST

/* --symbols takes what a symbol path takes, but a file of that name is meant first. */
START_TEST(test_user_path_with_grammar)
{
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    store_fx.paths[0] = store_files_expand("srv*@/c*@/store");
    store_fx.options.path_count = 1;
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    store_assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, store_setup, store_teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_nothing_to_look_for);
    tcase_add_test(tests, test_one_file);
    tcase_add_test(tests, test_two_tiers);
    tcase_add_test(tests, test_three_tiers);
    tcase_add_test(tests, test_any_case);
    tcase_add_test(tests, test_old_time_stamp);
    tcase_add_test(tests, test_breakpad);
    tcase_add_test(tests, test_flat);
    tcase_add_test(tests, test_dump_directory);
    tcase_add_test(tests, test_deep_folder);
    tcase_add_test(tests, test_deep_folder_by_key);
    tcase_add_test(tests, test_stores_below);
    tcase_add_test(tests, test_sym_by_its_first_line);
    tcase_add_test(tests, test_too_deep);
    if (!ON_WINDOWS) /* links */
        tcase_add_test(tests, test_no_cycles);
    tcase_add_test(tests, test_file_ptr);
    tcase_add_test(tests, test_file_ptr_mapped);
    tcase_add_test(tests, test_map);
    tcase_add_test(tests, test_order);
    tcase_add_test(tests, test_offline);
    tcase_add_test(tests, test_attempts_are_bounded);
    tcase_add_test(tests, test_candidates_are_bounded);
    tcase_add_test(tests, test_traversal);
    tcase_add_test(tests, test_wrong_options);
    tcase_add_test(tests, test_user_path_with_grammar);
}

int main(void)
{
    return suite_main("store", add_tests);
}
