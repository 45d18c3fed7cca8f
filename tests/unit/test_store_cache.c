/* SPDX-License-Identifier: MIT */
/* src/symbols/store_cache.c: caches, compressed files, and no memory at any point. */
#include "base/memory.h"
#include "support/on_windows.h"
#include "support/store_fixture.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

/* ---- caches ------------------------------------------------------------------------------ */

START_TEST(test_chain_fills_caches)
{
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(store_find_along("srv*@/c1*@/deep/c2*@/store", AVD_FILE_PDB), AVD_OK);
    store_assert_path("c1/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_uint_eq(store_fx.attempt_count, 3);
    store_assert_attempt(0, "/c1", false, "no Foo.pdb/" KEY "A: the cache does not exist yet");
    store_assert_attempt(1, "/deep/c2", false, "no Foo.pdb/" KEY "A: the cache does not exist yet");
    store_assert_attempt(2, "/store/Foo.pdb/" KEY "A/Foo.pdb", true,
                         "found, kept as @/c1/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert(store_files_contain("deep/c2/Foo.pdb/" KEY "A/Foo.pdb", "good"));
    /* WinDbg knows it as a store, and nothing half written is left. */
    ck_assert(store_files_contain("c1/pingme.txt", ""));
    ck_assert_uint_eq(store_files_count("c1/.avdump"), 0);
    /* Next time the cache answers. */
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, "/c1/Foo.pdb/" KEY "A/Foo.pdb", true, "found");
}
END_TEST

START_TEST(test_cache_keeps_its_spelling_and_tiers)
{
    store_files_write("c/index2.txt", "");
    store_files_directory("c/FO/foo.PDB");
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(store_find_along("srv*@/c*@/store", AVD_FILE_PDB), AVD_OK);
    store_assert_path("c/FO/foo.PDB/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_cache_reaches_to_the_right)
{
    store_files_write("a/Foo.pdb", "good");
    ck_assert_int_eq(store_find_along("@/a;cache*@/c", AVD_FILE_PDB), AVD_OK);
    store_assert_path("a/Foo.pdb");
    ck_assert_int_eq(store_find_along("cache*@/c;@/a", AVD_FILE_PDB), AVD_OK);
    store_assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    /* Not to what comes after its path: the dump's directory. */
    store_fx.options.dump_directory = store_files_at("d");
    store_files_write("d/Foo.dll", "good");
    ck_assert_int_eq(store_find_along("cache*@/c", AVD_FILE_IMAGE), AVD_OK);
    store_assert_path("d/Foo.dll");
    /* The default cache. */
    store_fx.options.default_cache = store_files_at("def");
    ck_assert_int_eq(store_find_along("CACHE*;@/a", AVD_FILE_PDB), AVD_OK);
    store_assert_path("def/Foo.pdb/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_bad_cache_entry_is_replaced)
{
    store_files_write("c/Foo.pdb/" KEY "A/Foo.pdb", "");
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(store_find_along("srv*@/c*@/store", AVD_FILE_PDB), AVD_OK);
    store_assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_uint_eq(store_fx.attempt_count, 2);
    store_assert_attempt(0, "/c/Foo.pdb/" KEY "A/Foo.pdb", false, "empty file");
    ck_assert(store_files_contain("c/Foo.pdb/" KEY "A/Foo.pdb", "good"));
}
END_TEST

/* Headers that promise more than the file has: in a cache that is damage, and not used. */
START_TEST(test_truncated_in_cache)
{
    static char pdb[0x40] = "Microsoft C/C++ MSF 7.00\r\n\x1a"
                            "DS";

    pdb[0x21] = 0x02; /* pages of 512 bytes */
    pdb[0x28] = 2;
    store_files_write_bytes("c/Foo.pdb/" KEY "A/Foo.pdb", pdb, sizeof pdb);
    ck_assert_int_eq(store_find_along("cache*@/c", AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(0, "/c/Foo.pdb/" KEY "A/Foo.pdb", false,
                         "truncated: 64 bytes, less than its headers say");
    ck_assert_uint_eq(store_fx.verified_count, 0);
    /* The last page may be short. */
    pdb[0x28] = 1;
    store_files_write_bytes("c/Foo.pdb/" KEY "A/Foo.pdb", pdb, sizeof pdb);
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.verified_count, 1);
}
END_TEST

/* The same of an image: its last section ends behind the file. */
START_TEST(test_truncated_image_in_cache)
{
    static char pe[0x200] = "MZ";

    pe[0x3c] = 0x40;
    memcpy(&pe[0x40], "PE\0\0", 4);
    pe[0x46] = 2;        /* sections */
    pe[0x54] = 0x10;     /* size of the optional header */
    pe[0x68 + 8] = 0x7f; /* the first, in the file: 0x7f of 0x7f bytes at 0x100 */
    pe[0x68 + 16] = 0x7f;
    pe[0x68 + 21] = 1;
    pe[0x90 + 9] = 1; /* the second: 0x100 of 0x200 bytes at 0x180 */
    pe[0x90 + 17] = 2;
    pe[0x90 + 20] = (char)0x80;
    pe[0x90 + 21] = 1;
    store_files_write_bytes("c/Foo.dll/0420AB121f000/Foo.dll", pe, sizeof pe);
    ck_assert_int_eq(store_find_along("cache*@/c", AVD_FILE_IMAGE), AVD_NOT_FOUND);
    store_assert_attempt(0, "/c/Foo.dll/0420AB121f000/Foo.dll", false,
                         "truncated: 512 bytes, less than its headers say");
    /* What a section has in the file beyond its size in memory may be missing. */
    pe[0x90 + 9] = 0;
    pe[0x90 + 8] = 0x7f;
    store_files_write_bytes("c/Foo.dll/0420AB121f000/Foo.dll", pe, sizeof pe);
    ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
    ck_assert_uint_eq(store_fx.verified_count, 1);
}
END_TEST

START_TEST(test_cache_that_cannot_be_written)
{
    store_files_write("c", "a file where the cache should be");
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    store_files_gzip("store/Foo.dll/0420AB121f000/Foo.dll.gz", "good");
    ck_assert_int_eq(store_find_along("srv*@/c*@/store", AVD_FILE_PDB), AVD_OK);
    store_assert_path("store/Foo.pdb/" KEY "A/Foo.pdb");
    store_assert_attempt(1, "/store/Foo.pdb/" KEY "A/Foo.pdb", true,
                         "found; cannot be kept in @/c: directory cannot be made: File exists");
    /* What is unpacked goes to the temporary directory, then. */
    ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_OK);
    ck_assert(strncmp(store_fx.path, store_files_at("temp/"), strlen(store_files_at("temp/"))) ==
              0);
}
END_TEST

START_TEST(test_abandoned_files_are_swept)
{
    struct utimbuf old = {1000, 1000};

    store_files_write("c/.avdump/get-1-0", "half");
    store_files_write("c/.avdump/get-1-1", "half");
    store_files_write("c/.avdump/other", "x");
    ck_assert_int_eq(utime(store_files_at("c/.avdump/get-1-0"), &old), 0);
    ck_assert_int_eq(utime(store_files_at("c/.avdump/other"), &old), 0);
    store_files_gzip("store/Foo.pdb/" KEY "A/Foo.pdb.gz", "good");
    ck_assert_int_eq(store_find_along("srv*@/c*@/store", AVD_FILE_PDB), AVD_OK);
    ck_assert_uint_eq(store_files_count("c/.avdump"), 3);
    ck_assert_int_eq(unlink(store_fx.path), 0);
    store_fx.options.now = 1000 + 86400 + 1; /* the newer one seems to come from the future */
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_OK);
    ck_assert_uint_eq(store_files_count("c/.avdump"), 2);
    ck_assert(!store_files_contain("c/.avdump/get-1-0", "half"));
}
END_TEST

/* ---- compressed files -------------------------------------------------------------------- */

START_TEST(test_gzip)
{
    store_files_gzip("flat/Foo.pdb.gz", "good pdb");
    ck_assert_int_eq(store_find_along("@/flat", AVD_FILE_PDB), AVD_OK);
    ck_assert(strncmp(store_fx.path, store_files_at("temp/"), strlen(store_files_at("temp/"))) ==
              0);
    ck_assert_uint_eq(store_fx.attempt_count, 1);
    store_assert_attempt(0, "/flat/Foo.pdb.gz", true, "found, unpacked for this run");
    {
        char text[64];

        ck_assert(store_files_read(store_fx.path, text, sizeof text));
        ck_assert_str_eq(text, "good pdb");
    }
    /* With a cache it goes there, under its name. */
    ck_assert_int_eq(store_find_along("cache*@/c;@/flat", AVD_FILE_PDB), AVD_OK);
    store_assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert(store_files_contain("c/Foo.pdb/" KEY "A/Foo.pdb", "good pdb"));
}
END_TEST

START_TEST(test_gzip_damaged)
{
    char bytes[200];
    size_t size;

    store_files_gzip("flat/Foo.pdb.gz", "good pdb of some length, so that it can be cut");
    size = store_files_read_bytes(store_files_at("flat/Foo.pdb.gz"), bytes, sizeof bytes);
    store_files_write_bytes("flat/Foo.pdb.gz", bytes, size - 10);
    ck_assert_int_eq(store_find_along("@/flat", AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(0, "/flat/Foo.pdb.gz", false, "damaged or truncated gzip file");
    ck_assert_uint_eq(store_fx.verified_count, 0);
    store_fx.options.max_download_size = 4;
    store_files_write_bytes("flat/Foo.pdb.gz", bytes, size);
    ck_assert_int_eq(store_find(AVD_FILE_PDB), AVD_NOT_FOUND);
    store_assert_attempt(0, "/flat/Foo.pdb.gz", false,
                         "unpacks to more than 4 bytes; unpack it yourself first");
}
END_TEST

/* Symbol files stay as they are: their reader unpacks them. */
START_TEST(test_sym_gzip)
{
    store_files_gzip("tree/Foo.pdb/" KEY "a/Foo.sym.gz", "good");
    store_fx.options.symbol_path = NULL;
    ck_assert_int_eq(store_find_below("tree", AVD_FILE_SYM), AVD_NOT_FOUND); /* verify sees gzip */
    ck_assert_uint_eq(store_fx.verified_count, 1);
    ck_assert_str_eq(store_fx.verified[0], store_files_at("tree/Foo.pdb/" KEY "a/Foo.sym.gz"));
}
END_TEST

/* What a cabinet is, is said by its first bytes, whatever its name. */
START_TEST(test_cabinet)
{
    static const char no_library[] =
        "is a cabinet, and libarchive, which unpacks them, was not found";

    store_files_cabinet("store/Foo.pdb/" KEY "A/foo.PD_", "Foo.pdb", "good pdb");
    store_files_cabinet("store/Foo.dll/0420AB121f000/Foo.dll", "Foo.dll", "good dll");
    if (store_find_along("srv*@/c*@/store", AVD_FILE_PDB) == AVD_NOT_FOUND &&
        strcmp(store_fx.attempts[store_fx.attempt_count - 1].result, no_library) == 0)
        return; /* test_cabinet says so visibly */
    store_assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert(store_files_contain("c/Foo.pdb/" KEY "A/Foo.pdb", "good pdb"));
    store_assert_attempt(1, "/store/Foo.pdb/" KEY "A/foo.PD_", true,
                         "found, unpacked to @/c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_int_eq(store_find(AVD_FILE_IMAGE), AVD_OK);
    ck_assert(store_files_contain("c/Foo.dll/0420AB121f000/Foo.dll", "good dll"));
    store_files_write("bad/Foo.pd_", "MSCF and nothing more");
    ck_assert_int_eq(store_find_along("@/bad", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert(strncmp(store_fx.attempts[0].result, "damaged cabinet: ", 17) == 0);
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;

    store_files_write("deep/a/Foo.pdb", "bad");
    store_files_gzip("store/Foo.pdb/" KEY "A/Foo.pdb.gz", "good");
    store_files_write("store/Foo.pdb/" KEY "A/file.ptr", "MSG: x");
    store_fx.paths[0] = store_files_at("deep");
    store_fx.options.path_count = 1;
    store_fx.maps[0] = store_files_expand("C:=@");
    store_fx.options.map_count = 1;
    store_fx.query.debug_path = "C:\\x.pdb";
    store_fx.options.symbol_path = store_files_expand("@/nowhere;srv*@/c*@/store");
    for (n = 1;; n++) {
        enum avd_status status;

        (void)unlink(store_files_at("c/Foo.pdb/" KEY "A/Foo.pdb"));
        avd_mem_fail_after(n);
        status = avd_store_new(&store_fx.options, &store_fx.store, &store_fx.error);
        if (status == AVD_OK)
            status =
                avd_store_find(store_fx.store, &store_fx.query, AVD_FILE_PDB, store_verify, NULL,
                               &store_fx.path, &store_fx.attempts, &store_fx.attempt_count);
        avd_mem_fail_after(0);
        avd_store_free(store_fx.store);
        store_fx.store = NULL;
        ck_assert_int_eq(avd_mem_live(), 0);
        if (status == AVD_OK)
            break;
        ck_assert_msg(status == AVD_E_NOMEM, "allocation %lu: status %d", n, (int)status);
    }
    ck_assert_uint_gt(n, 3);
    ck_assert_uint_eq(store_files_count("c/.avdump"), 0);
    ck_assert(store_files_contain("c/Foo.pdb/" KEY "A/Foo.pdb", "good"));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, store_setup, store_teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_chain_fills_caches);
    tcase_add_test(tests, test_cache_keeps_its_spelling_and_tiers);
    tcase_add_test(tests, test_cache_reaches_to_the_right);
    tcase_add_test(tests, test_bad_cache_entry_is_replaced);
    tcase_add_test(tests, test_truncated_in_cache);
    tcase_add_test(tests, test_truncated_image_in_cache);
    tcase_add_test(tests, test_cache_that_cannot_be_written);
    tcase_add_test(tests, test_abandoned_files_are_swept);
    tcase_add_test(tests, test_gzip);
    tcase_add_test(tests, test_gzip_damaged);
    tcase_add_test(tests, test_sym_gzip);
    tcase_add_test(tests, test_cabinet);
    if (!ON_WINDOWS) /* where to examine a path takes memory, without which nothing is there */
        tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("store_cache", add_tests);
}
