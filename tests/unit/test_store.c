/* SPDX-License-Identifier: MIT */
/*
 * src/symbols/store*.c on directories made here: keys, layouts, file.ptr, caches, compressed files
 * and names that would lead out of a store. Servers are tests/e2e/test_symbol_server.py's.
 */
#include "base/memory.h"
#include "support/store_files.h"
#include "symbols/store.h"
#include "symbols/store_key.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#define KEY "5A9832E5287241C1838ED98914E9B7FF"

static const uint8_t guid[16] = {0xe5, 0x32, 0x98, 0x5a, 0x72, 0x28, 0xc1, 0x41,
                                 0x83, 0x8e, 0xd9, 0x89, 0x14, 0xe9, 0xb7, 0xff};

static struct avd_store_options options;
static struct avd_symbol_query query;
static struct avd_store *store;
static struct avd_error error;
static const char *path;
static const struct avd_symbol_attempt *attempts;
static size_t attempt_count;
static const char *paths[4];
static const char *maps[4];
static char verified[8][512]; /* the files that were looked into */
static size_t verified_count;

static void setup(void)
{
    memset(&options, 0, sizeof options);
    memset(&query, 0, sizeof query);
    memset(&error, 0, sizeof error);
    store = NULL;
    verified_count = 0;
    store_files_make();
    options.paths = paths;
    options.maps = maps;
    options.temp_directory = store_files_at("temp");
    store_files_directory("temp");
    query.image_name = "Foo.dll";
    query.timestamp = 0x0420AB12;
    query.image_size = 0x1F000;
    query.debug_file = "Foo.pdb";
    query.has_guid = true;
    memcpy(query.guid, guid, sizeof guid);
    query.age = 10;
}

static void teardown(void)
{
    avd_store_free(store);
    ck_assert_msg(store_files_count("temp") == 0, "temporary files are left");
    store_files_remove();
    ck_assert_int_eq(avd_mem_live(), 0);
}

/* The right file begins with "good". */
static bool verify(void *ctx, const char *file, char *reason, size_t reason_size)
{
    char text[64];

    (void)ctx;
    if (verified_count < sizeof verified / sizeof verified[0])
        (void)snprintf(verified[verified_count], sizeof verified[0], "%s", file);
    verified_count++;
    if (!store_files_read(file, text, sizeof text)) {
        (void)snprintf(reason, reason_size, "cannot be read");
        return false;
    }
    if (strncmp(text, "good", 4) == 0)
        return true;
    (void)snprintf(reason, reason_size, "is %.20s, expected good", text);
    return false;
}

static enum avd_status find(enum avd_symbol_file_kind kind)
{
    avd_store_free(store);
    store = NULL;
    ck_assert_msg(avd_store_new(&options, &store, &error) == AVD_OK, "%s: %s", error.where,
                  error.message);
    return avd_store_find(store, &query, kind, verify, NULL, &path, &attempts, &attempt_count);
}

/* Looks below `root`, as --symbols does. */
static enum avd_status find_below(const char *root, enum avd_symbol_file_kind kind)
{
    paths[0] = store_files_at(root);
    options.path_count = 1;
    return find(kind);
}

/* Looks along a symbol path, in which @ stands for the test's directory. */
static enum avd_status find_along(const char *symbol_path, enum avd_symbol_file_kind kind)
{
    options.symbol_path = store_files_expand(symbol_path);
    return find(kind);
}

static void assert_path(const char *expected)
{
    ck_assert_ptr_nonnull(path);
    ck_assert_str_eq(path, store_files_at(expected));
}

static void assert_attempt(size_t i, const char *place, bool found, const char *result)
{
    ck_assert_uint_lt(i, attempt_count);
    ck_assert_str_eq(attempts[i].place, place[0] == '/' ? store_files_at(place + 1) : place);
    ck_assert_str_eq(attempts[i].result, store_files_expand(result));
    ck_assert_int_eq(attempts[i].found, found);
}

/* ---- names and keys ---------------------------------------------------------------------- */

START_TEST(test_names)
{
    static const char *const safe[] = {"ntdll.pdb",  "a",         "x y.dll", "libc++.dll",
                                       "\xc3\xa4.pdb", "company.dll", "nul1.pdb", "com.pdb",
                                       "com10.dll",  "..a",       ".a",      "a..b",
                                       "{1}.sys",    "console.exe"};
    static const char *const unsafe[] = {
        "",         ".",         "..",         "a/b",       "/a",        "a\\b",   "..\\x",
        "../x",     "C:x",       "a:b",        "a\nb",      "a\x1b[m",   "\x7f",   "a\xff",
        "\xe2\x80\xae" "a",      "a*",         "a?b",       "a\"b",      "a<b",    "a|b",
        "a.",       "a ",        "nul",        "NUL.pdb",   "con .pdb",  "Aux.x.y", "com1",
        "LPT9.dll", "conout$",   ".avdump",    "FILE.PTR",  "refs.ptr",  "000Admin", "pingme.txt",
        "index2.txt"};
    static char longest[AVD_MAX_STORE_NAME_BYTES + 2];
    size_t i;

    for (i = 0; i < sizeof safe / sizeof safe[0]; i++)
        ck_assert_msg(avd_store_name_is_safe(safe[i]), "'%s'", safe[i]);
    for (i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++)
        ck_assert_msg(!avd_store_name_is_safe(unsafe[i]), "'%s'", unsafe[i]);
    memset(longest, 'a', sizeof longest - 1);
    ck_assert(!avd_store_name_is_safe(longest));
    longest[AVD_MAX_STORE_NAME_BYTES] = '\0';
    ck_assert(avd_store_name_is_safe(longest));
}
END_TEST

/* "name | keys | leaves" */
static const char *wanted_text(enum avd_symbol_file_kind kind)
{
    static char text[1024];
    struct avd_arena arena = {0};
    struct avd_store_wanted wanted;
    const char *why;
    enum avd_status status = avd_store_wanted_make(&arena, &query, kind, &wanted, &why);
    size_t used;
    size_t i;

    if (status == AVD_OK) {
        used = (size_t)snprintf(text, sizeof text, "%s |", wanted.name);
        for (i = 0; i < wanted.key_count; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, " %s", wanted.keys[i]);
        used += (size_t)snprintf(text + used, sizeof text - used, " |");
        for (i = 0; i < wanted.leaf_count; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, " %s%s",
                                     wanted.leaves[i].name, wanted.leaves[i].ask_servers ? "" : "-");
    } else {
        (void)snprintf(text, sizeof text, "%s", why);
    }
    avd_arena_deinit(&arena);
    return text;
}

START_TEST(test_keys)
{
    ck_assert_str_eq(wanted_text(AVD_FILE_PDB),
                     "Foo.pdb | " KEY "A | Foo.pdb Foo.pd_ Foo.pdb.gz-");
    /* The time stamp keeps its zeros and upper case, the size has neither. */
    ck_assert_str_eq(wanted_text(AVD_FILE_IMAGE),
                     "Foo.dll | 0420AB121f000 420AB121f000 | Foo.dll Foo.dl_ Foo.dll.gz-");
    query.timestamp = 0xF420AB12;
    ck_assert_str_eq(wanted_text(AVD_FILE_IMAGE),
                     "Foo.dll | F420AB121f000 | Foo.dll Foo.dl_ Foo.dll.gz-");
    /* Breakpad's age is in lower case, and only ".pdb" goes. */
    ck_assert_str_eq(wanted_text(AVD_FILE_SYM), "Foo.pdb | " KEY "a | Foo.sym Foo.sym.gz");
    query.debug_file = "Foo.PDB";
    ck_assert_str_eq(wanted_text(AVD_FILE_SYM), "Foo.PDB | " KEY "a | Foo.sym Foo.sym.gz");
    query.debug_file = "Foo.exe";
    ck_assert_str_eq(wanted_text(AVD_FILE_SYM),
                     "Foo.exe | " KEY "a | Foo.exe.sym Foo.exe.sym.gz Foo.sym Foo.sym.gz-");
    query.has_guid = false;
    query.debug_id = "0123456789ABCDEF0123456789ABCDEF0";
    query.debug_file = NULL;
    query.image_name = "libfoo.so.1";
    ck_assert_str_eq(wanted_text(AVD_FILE_SYM),
                     "libfoo.so.1 | 0123456789ABCDEF0123456789ABCDEF0 | libfoo.so.1.sym "
                     "libfoo.so.1.sym.gz");
    query.debug_file = "old.pdb";
    query.has_signature = true;
    query.signature = 0x3b7d84d;
    query.age = 0x1f;
    ck_assert_str_eq(wanted_text(AVD_FILE_PDB),
                     "old.pdb | 03B7D84D1F | old.pdb old.pd_ old.pdb.gz-");
    query.has_signature = false;
    query.image_size = 0;
    ck_assert_str_eq(wanted_text(AVD_FILE_PDB), "old.pdb | | old.pdb old.pd_ old.pdb.gz-");
    ck_assert_str_eq(wanted_text(AVD_FILE_IMAGE),
                     "libfoo.so.1 | | libfoo.so.1 libfoo.so._ libfoo.so.1.gz-");
}
END_TEST

START_TEST(test_nothing_to_look_for)
{
    query.debug_file = NULL;
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 1);
    assert_attempt(0, "", false, "the dump does not name the module's PDB");
    query.debug_file = "../Foo.pdb";
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    assert_attempt(0, "", false, "the name in the dump is no name of a file; not looked for");
    query.image_name = "";
    ck_assert_int_eq(find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
    assert_attempt(0, "", false, "the dump does not name the image");
    /* No places at all. */
    query.debug_file = "Foo.pdb";
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 0);
    ck_assert_ptr_null(path);
}
END_TEST

/* ---- layouts ----------------------------------------------------------------------------- */

START_TEST(test_one_file)
{
    store_files_write("renamed.pdb", "good");
    store_files_write("other.dll", "bad");
    paths[1] = store_files_at("other.dll");
    options.path_count = 2;
    paths[0] = store_files_at("renamed.pdb");
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_OK);
    assert_path("renamed.pdb");
    ck_assert_uint_eq(attempt_count, 1);
    assert_attempt(0, "/renamed.pdb", true, "found");
    /* A PDB is not opened as an image. */
    ck_assert_int_eq(find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 1);
    assert_attempt(0, "/other.dll", false, "is bad, expected good");
    ck_assert_int_eq(find(AVD_FILE_SYM), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 0);
}
END_TEST

START_TEST(test_two_tiers)
{
    store_files_write("store/Foo.pdb/" KEY "9/Foo.pdb", "bad");
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    store_files_write("store/Foo.dll/0420AB121f000/Foo.dll", "good");
    ck_assert_int_eq(find_along("srv*@/store", AVD_FILE_PDB), AVD_OK);
    assert_path("store/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_uint_eq(verified_count, 1);
    ck_assert_int_eq(find(AVD_FILE_IMAGE), AVD_OK);
    assert_path("store/Foo.dll/0420AB121f000/Foo.dll");
    /* A plain directory of a symbol path, and --symbols, may be a store too. */
    ck_assert_int_eq(find_along("@/store", AVD_FILE_PDB), AVD_OK);
    options.symbol_path = NULL;
    ck_assert_int_eq(find_below("store", AVD_FILE_PDB), AVD_OK);
    assert_path("store/Foo.pdb/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_three_tiers)
{
    store_files_write("store/index2.txt", "");
    store_files_write("store/fo/foo.pdb/" KEY "A/foo.pdb", "good");
    ck_assert_int_eq(find_along("srv*@/store", AVD_FILE_PDB), AVD_OK);
    assert_path("store/fo/foo.pdb/" KEY "A/foo.pdb");
    /* A copy without the mark. */
    ck_assert_int_eq(unlink(store_files_at("store/index2.txt")), 0);
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_OK);
    assert_path("store/fo/foo.pdb/" KEY "A/foo.pdb");
}
END_TEST

START_TEST(test_any_case)
{
    store_files_write("store/FOO.PDB/5a9832e5287241c1838ed98914e9b7ffa/foo.PDB", "good");
    ck_assert_int_eq(find_along("srv*@/store", AVD_FILE_PDB), AVD_OK);
    assert_path("store/FOO.PDB/5a9832e5287241c1838ed98914e9b7ffa/foo.PDB");
}
END_TEST

START_TEST(test_old_time_stamp)
{
    store_files_write("store/Foo.dll/420AB121f000/Foo.dll", "good");
    ck_assert_int_eq(find_along("srv*@/store", AVD_FILE_IMAGE), AVD_OK);
    assert_path("store/Foo.dll/420AB121f000/Foo.dll");
}
END_TEST

START_TEST(test_breakpad)
{
    store_files_write("tree/Foo.pdb/" KEY "a/Foo.sym", "good");
    ck_assert_int_eq(find_below("tree", AVD_FILE_SYM), AVD_OK);
    assert_path("tree/Foo.pdb/" KEY "a/Foo.sym");
    ck_assert_int_eq(rename(store_files_at("tree/Foo.pdb/" KEY "a/Foo.sym"),
                            store_files_at("tree/Foo.pdb/" KEY "a/Foo.pdb.sym")),
                     0);
    ck_assert_int_eq(find(AVD_FILE_SYM), AVD_NOT_FOUND);
    assert_attempt(0, "/tree", false, "no Foo.sym among 1 files");
}
END_TEST

START_TEST(test_flat)
{
    store_files_write("flat/Foo.pdb", "old build");
    store_files_write("flat/dll/Foo.pdb", "older build");
    store_files_write("flat/Symbols/dll/foo.pdb", "good");
    ck_assert_int_eq(find_along("@/flat", AVD_FILE_PDB), AVD_OK);
    assert_path("flat/Symbols/dll/foo.pdb");
    ck_assert_uint_eq(attempt_count, 3);
    assert_attempt(0, "/flat/Foo.pdb", false, "is old build, expected good");
    assert_attempt(1, "/flat/dll/Foo.pdb", false, "is older build, expected good");
    assert_attempt(2, "/flat/Symbols/dll/foo.pdb", true, "found");
    /* A store has keys: what lies directly in it is not looked at. */
    ck_assert_int_eq(find_along("srv*@/flat", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 1);
    assert_attempt(0, "/flat", false, "no Foo.pdb/" KEY "A");
}
END_TEST

START_TEST(test_dump_directory)
{
    options.dump_directory = store_files_at("dumps");
    store_files_write("dumps/dll/Foo.pdb", "good");
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 1);
    assert_attempt(0, "/dumps", false, "no Foo.pdb");
    store_files_write("dumps/foo.pdb", "good");
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_OK);
    assert_path("dumps/foo.pdb");
    /* All else comes first. */
    store_files_write("own/Foo.pdb", "good");
    ck_assert_int_eq(find_along("@/nowhere;@/own", AVD_FILE_PDB), AVD_OK);
    assert_path("own/Foo.pdb");
    assert_attempt(0, "/nowhere", false, "no such directory");
}
END_TEST

START_TEST(test_deep_folder)
{
    store_files_write("deep/a/b/c/Foo.pdb", "wrong");
    store_files_write("deep/x/FOO.PDB", "good");
    store_files_write("deep/x/unrelated.pdb", "good");
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_OK);
    assert_path("deep/x/FOO.PDB");
    ck_assert_uint_eq(attempt_count, 2);
    assert_attempt(0, "/deep/a/b/c/Foo.pdb", false, "is wrong, expected good");
    /* Only files of that name were opened. */
    ck_assert_uint_eq(verified_count, 2);
    /* A symbol path's directories are not walked. */
    options.path_count = 0;
    ck_assert_int_eq(find_along("@/deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    assert_attempt(0, "/deep", false, "no Foo.pdb, neither by its id nor directly");
    options.symbol_path = NULL;
    query.debug_file = "Bar.pdb";
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    assert_attempt(0, "/deep", false, "no Bar.pdb among 3 files");
}
END_TEST

/* Of many builds the one in a directory of the right key is opened first. */
START_TEST(test_deep_folder_by_key)
{
    store_files_write("deep/1/Foo.pdb", "wrong");
    store_files_write("deep/2/" KEY "a/Foo.pdb", "good");
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_OK);
    assert_path("deep/2/" KEY "a/Foo.pdb");
    ck_assert_uint_eq(verified_count, 1);
}
END_TEST

/* Stores below a folder are searched by key, not walked. */
START_TEST(test_stores_below)
{
    store_files_write("deep/s/pingme.txt", "");
    store_files_write("deep/s/Foo.pdb/1/Foo.pdb", "good");
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(verified_count, 0);
    store_files_write("deep/s/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_OK);
    assert_path("deep/s/Foo.pdb/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_sym_by_its_first_line)
{
    store_files_write("deep/a/mine.sym", "MODULE windows x86_64 " KEY "a Foo.pdb\n");
    store_files_write("deep/b/other.sym", "MODULE windows x86_64 " KEY "b Foo.pdb\n");
    store_files_write("deep/b/empty.sym", "");
    ck_assert_int_eq(find_below("deep", AVD_FILE_SYM), AVD_NOT_FOUND);
    ck_assert_uint_eq(verified_count, 1);
    ck_assert_str_eq(verified[0], store_files_at("deep/a/mine.sym"));
}
END_TEST

START_TEST(test_too_deep)
{
    store_files_write("deep/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/Foo.pdb", "good");
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_OK);
    store_files_write("deeper/0/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/Foo.pdb", "good");
    store_files_write("deeper/x", "");
    ck_assert_int_eq(find_below("deeper", AVD_FILE_PDB), AVD_NOT_FOUND);
    assert_attempt(0, "/deeper", false, "no Foo.pdb among its first 1 files");
}
END_TEST

START_TEST(test_no_cycles)
{
    store_files_directory("deep/a");
    ck_assert_int_eq(symlink("..", store_files_at("deep/a/up")), 0);
    store_files_write("elsewhere", "good");
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    /* Links to files are as good as files. */
    ck_assert_int_eq(symlink(store_files_at("elsewhere"), store_files_at("deep/a/Foo.pdb")), 0);
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_OK);
    assert_path("deep/a/Foo.pdb");
}
END_TEST

/* ---- file.ptr ---------------------------------------------------------------------------- */

static enum avd_status find_pointer(const char *text)
{
    store_files_write("store/Foo.pdb/" KEY "A/file.ptr", store_files_expand(text));
    return find_along("srv*@/store", AVD_FILE_PDB);
}

START_TEST(test_file_ptr)
{
    static const char pointer[] = "/store/Foo.pdb/" KEY "A/file.ptr";

    store_files_write("real/Foo.pdb", "good");
    store_files_write("store/Foo.pdb/" KEY "A/sub/x.pdb", "good");
    ck_assert_int_eq(find_pointer("PATH:@/real/Foo.pdb\r\n"), AVD_OK);
    assert_path("real/Foo.pdb");
    ck_assert_int_eq(find_pointer("PATH:sub\\X.pdb"), AVD_OK);
    assert_path("store/Foo.pdb/" KEY "A/sub/x.pdb");
    ck_assert_int_eq(find_pointer("MSG: Checked out\r\n"), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 1);
    assert_attempt(0, pointer, false, "the store says: Checked out");
    ck_assert_int_eq(find_pointer("PATH:\\\\server\\share\\Foo.pdb"), AVD_NOT_FOUND);
    assert_attempt(0, pointer, false,
                   "leads to \\\\server\\share\\Foo.pdb, which is not to be had here; --map can "
                   "say where it is");
    ck_assert_int_eq(find_pointer("PATH:@/real/none.pdb"), AVD_NOT_FOUND);
    assert_attempt(0, pointer, false, "leads to @/real/none.pdb, where no file is");
    ck_assert_int_eq(find_pointer("PATH:../../../real/Foo.pdb"), AVD_NOT_FOUND);
    assert_attempt(0, pointer, false, "leads to ../../../real/Foo.pdb, where no file is");
    ck_assert_int_eq(find_pointer("\x01\x02"), AVD_NOT_FOUND);
    assert_attempt(0, pointer, false, "expected PATH: or MSG: in a file.ptr");
    ck_assert_int_eq(find_pointer(""), AVD_NOT_FOUND);
    assert_attempt(0, pointer, false, "expected PATH: or MSG: in a file.ptr");
    /* The file itself wins. */
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(find_pointer("MSG: x"), AVD_OK);
}
END_TEST

START_TEST(test_file_ptr_mapped)
{
    maps[0] = store_files_expand("\\\\SERVER\\share=@/real");
    options.map_count = 1;
    store_files_write("real/sub/Foo.pdb", "good");
    ck_assert_int_eq(find_pointer("PATH:\\\\server\\share\\Sub\\foo.pdb"), AVD_OK);
    assert_path("real/sub/Foo.pdb");
    ck_assert_int_eq(find_pointer("PATH:\\\\server\\shared\\sub\\Foo.pdb"), AVD_NOT_FOUND);
    ck_assert_int_eq(find_pointer("PATH:\\\\server\\share\\..\\real\\sub\\Foo.pdb"),
                     AVD_NOT_FOUND);
}
END_TEST

/* ---- recorded paths ---------------------------------------------------------------------- */

START_TEST(test_map)
{
    query.debug_path = "D:\\Build\\Out\\Foo.pdb";
    query.image_path = "C:\\app\\Foo.dll";
    store_files_write("out/foo.pdb", "good");
    store_files_write("Foo.dll", "good");
    maps[0] = store_files_expand("d:/build=@/nowhere");
    maps[1] = store_files_expand("D:\\build\\=@");
    maps[2] = store_files_expand("c:\\app=@");
    options.map_count = 3;
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_OK);
    assert_path("out/foo.pdb");
    ck_assert_int_eq(find(AVD_FILE_IMAGE), AVD_OK);
    assert_path("Foo.dll");
    /* A prefix ends where a name ends, and what follows must not lead back. */
    query.debug_path = "D:\\Buildings\\Out\\Foo.pdb";
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 0);
    query.debug_path = "D:\\Build\\out\\..\\out\\foo.pdb";
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(verified_count, 2);
    /* Without --map nothing that a dump names is opened. */
    query.debug_path = store_files_at("out/foo.pdb");
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 0);
}
END_TEST

/* ---- caches ------------------------------------------------------------------------------ */

START_TEST(test_chain_fills_caches)
{
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(find_along("srv*@/c1*@/deep/c2*@/store", AVD_FILE_PDB), AVD_OK);
    assert_path("c1/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_uint_eq(attempt_count, 3);
    assert_attempt(0, "/c1", false, "no Foo.pdb/" KEY "A: the cache does not exist yet");
    assert_attempt(1, "/deep/c2", false, "no Foo.pdb/" KEY "A: the cache does not exist yet");
    assert_attempt(2, "/store/Foo.pdb/" KEY "A/Foo.pdb", true,
                   "found, kept as @/c1/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert(store_files_contain("deep/c2/Foo.pdb/" KEY "A/Foo.pdb", "good"));
    /* WinDbg knows it as a store, and nothing half written is left. */
    ck_assert(store_files_contain("c1/pingme.txt", ""));
    ck_assert_uint_eq(store_files_count("c1/.avdump"), 0);
    /* Next time the cache answers. */
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_OK);
    ck_assert_uint_eq(attempt_count, 1);
    assert_attempt(0, "/c1/Foo.pdb/" KEY "A/Foo.pdb", true, "found");
}
END_TEST

START_TEST(test_cache_keeps_its_spelling_and_tiers)
{
    store_files_write("c/index2.txt", "");
    store_files_directory("c/FO/foo.PDB");
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(find_along("srv*@/c*@/store", AVD_FILE_PDB), AVD_OK);
    assert_path("c/FO/foo.PDB/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_cache_reaches_to_the_right)
{
    store_files_write("a/Foo.pdb", "good");
    ck_assert_int_eq(find_along("@/a;cache*@/c", AVD_FILE_PDB), AVD_OK);
    assert_path("a/Foo.pdb");
    ck_assert_int_eq(find_along("cache*@/c;@/a", AVD_FILE_PDB), AVD_OK);
    assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    /* Not to what comes after its path: the dump's directory. */
    options.dump_directory = store_files_at("d");
    store_files_write("d/Foo.dll", "good");
    ck_assert_int_eq(find_along("cache*@/c", AVD_FILE_IMAGE), AVD_OK);
    assert_path("d/Foo.dll");
    /* The default cache. */
    options.default_cache = store_files_at("def");
    ck_assert_int_eq(find_along("CACHE*;@/a", AVD_FILE_PDB), AVD_OK);
    assert_path("def/Foo.pdb/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_bad_cache_entry_is_replaced)
{
    store_files_write("c/Foo.pdb/" KEY "A/Foo.pdb", "");
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    ck_assert_int_eq(find_along("srv*@/c*@/store", AVD_FILE_PDB), AVD_OK);
    assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_uint_eq(attempt_count, 2);
    assert_attempt(0, "/c/Foo.pdb/" KEY "A/Foo.pdb", false, "empty file");
    ck_assert(store_files_contain("c/Foo.pdb/" KEY "A/Foo.pdb", "good"));
}
END_TEST

/* Headers that promise more than the file has: in a cache that is damage, and not used. */
START_TEST(test_truncated_in_cache)
{
    static char pdb[0x40] = "Microsoft C/C++ MSF 7.00\r\n\x1a" "DS";

    pdb[0x21] = 0x02; /* pages of 512 bytes */
    pdb[0x28] = 2;
    store_files_write_bytes("c/Foo.pdb/" KEY "A/Foo.pdb", pdb, sizeof pdb);
    ck_assert_int_eq(find_along("cache*@/c", AVD_FILE_PDB), AVD_NOT_FOUND);
    assert_attempt(0, "/c/Foo.pdb/" KEY "A/Foo.pdb", false,
                   "truncated: 64 bytes, less than its headers say");
    ck_assert_uint_eq(verified_count, 0);
    /* The last page may be short. */
    pdb[0x28] = 1;
    store_files_write_bytes("c/Foo.pdb/" KEY "A/Foo.pdb", pdb, sizeof pdb);
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(verified_count, 1);
}
END_TEST

START_TEST(test_cache_that_cannot_be_written)
{
    store_files_write("c", "a file where the cache should be");
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    store_files_gzip("store/Foo.dll/0420AB121f000/Foo.dll.gz", "good");
    ck_assert_int_eq(find_along("srv*@/c*@/store", AVD_FILE_PDB), AVD_OK);
    assert_path("store/Foo.pdb/" KEY "A/Foo.pdb");
    assert_attempt(1, "/store/Foo.pdb/" KEY "A/Foo.pdb", true,
                   "found; cannot be kept in @/c: directory cannot be made: File exists");
    /* What is unpacked goes to the temporary directory, then. */
    ck_assert_int_eq(find(AVD_FILE_IMAGE), AVD_OK);
    ck_assert(strncmp(path, store_files_at("temp/"), strlen(store_files_at("temp/"))) == 0);
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
    ck_assert_int_eq(find_along("srv*@/c*@/store", AVD_FILE_PDB), AVD_OK);
    ck_assert_uint_eq(store_files_count("c/.avdump"), 3);
    ck_assert_int_eq(unlink(path), 0);
    options.now = 1000 + 86400 + 1; /* the newer one seems to come from the future */
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_OK);
    ck_assert_uint_eq(store_files_count("c/.avdump"), 2);
    ck_assert(!store_files_contain("c/.avdump/get-1-0", "half"));
}
END_TEST

/* ---- compressed files -------------------------------------------------------------------- */

START_TEST(test_gzip)
{
    store_files_gzip("flat/Foo.pdb.gz", "good pdb");
    ck_assert_int_eq(find_along("@/flat", AVD_FILE_PDB), AVD_OK);
    ck_assert(strncmp(path, store_files_at("temp/"), strlen(store_files_at("temp/"))) == 0);
    ck_assert_uint_eq(attempt_count, 1);
    ck_assert(attempts[0].found);
    ck_assert_str_eq(attempts[0].place, store_files_at("flat/Foo.pdb.gz"));
    ck_assert(strncmp(attempts[0].result, "found, unpacked to ", 19) == 0);
    {
        char text[64];

        ck_assert(store_files_read(path, text, sizeof text));
        ck_assert_str_eq(text, "good pdb");
    }
    /* With a cache it goes there, under its name. */
    ck_assert_int_eq(find_along("cache*@/c;@/flat", AVD_FILE_PDB), AVD_OK);
    assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
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
    ck_assert_int_eq(find_along("@/flat", AVD_FILE_PDB), AVD_NOT_FOUND);
    assert_attempt(0, "/flat/Foo.pdb.gz", false, "damaged or truncated gzip file");
    ck_assert_uint_eq(verified_count, 0);
    options.max_download_size = 4;
    store_files_write_bytes("flat/Foo.pdb.gz", bytes, size);
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    assert_attempt(0, "/flat/Foo.pdb.gz", false,
                   "unpacks to more than 4 bytes; unpack it yourself first");
}
END_TEST

/* Symbol files stay as they are: their reader unpacks them. */
START_TEST(test_sym_gzip)
{
    store_files_gzip("tree/Foo.pdb/" KEY "a/Foo.sym.gz", "good");
    options.symbol_path = NULL;
    ck_assert_int_eq(find_below("tree", AVD_FILE_SYM), AVD_NOT_FOUND); /* verify sees gzip */
    ck_assert_uint_eq(verified_count, 1);
    ck_assert_str_eq(verified[0], store_files_at("tree/Foo.pdb/" KEY "a/Foo.sym.gz"));
}
END_TEST

/* What a cabinet is, is said by its first bytes, whatever its name. */
START_TEST(test_cabinet)
{
    static const char no_library[] =
        "is a cabinet, and libarchive, which unpacks them, was not found";

    store_files_cabinet("store/Foo.pdb/" KEY "A/foo.PD_", "Foo.pdb", "good pdb");
    store_files_cabinet("store/Foo.dll/0420AB121f000/Foo.dll", "Foo.dll", "good dll");
    if (find_along("srv*@/c*@/store", AVD_FILE_PDB) == AVD_NOT_FOUND &&
        strcmp(attempts[attempt_count - 1].result, no_library) == 0)
        return; /* test_cabinet says so visibly */
    assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert(store_files_contain("c/Foo.pdb/" KEY "A/Foo.pdb", "good pdb"));
    assert_attempt(1, "/store/Foo.pdb/" KEY "A/foo.PD_", true,
                   "found, unpacked to @/c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_int_eq(find(AVD_FILE_IMAGE), AVD_OK);
    ck_assert(store_files_contain("c/Foo.dll/0420AB121f000/Foo.dll", "good dll"));
    store_files_write("bad/Foo.pd_", "MSCF and nothing more");
    ck_assert_int_eq(find_along("@/bad", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert(strncmp(attempts[0].result, "damaged cabinet: ", 17) == 0);
}
END_TEST

/* ---- order, servers that are not asked, ceilings ------------------------------------------ */

START_TEST(test_order)
{
    options.image_path = store_files_expand("@/images");
    options.alt_symbol_path = store_files_expand("@/alt;cache*@/c");
    store_files_write("user/Foo.pdb", "no 1");
    store_files_write("images/Foo.dll", "no 2");
    store_files_write("images/Foo.pdb", "not asked");
    store_files_write("alt/Foo.pdb", "no 3");
    store_files_write("sym/Foo.pdb", "good");
    paths[0] = store_files_at("user");
    options.path_count = 1;
    ck_assert_int_eq(find_along("@/sym", AVD_FILE_PDB), AVD_OK);
    /* _NT_ALT_SYMBOL_PATH's cache* reaches into _NT_SYMBOL_PATH: to WinDbg they are one. */
    assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
    ck_assert_uint_eq(attempt_count, 4);
    assert_attempt(0, "/user/Foo.pdb", false, "is no 1, expected good");
    assert_attempt(1, "/alt/Foo.pdb", false, "is no 3, expected good");
    assert_attempt(2, "/c", false, "no Foo.pdb/" KEY "A: the cache does not exist yet");
    ck_assert_int_eq(find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
    assert_attempt(0, "/user", false, "no Foo.dll among 1 files");
    assert_attempt(1, "/images/Foo.dll", false, "is no 2, expected good");
    assert_attempt(2, "/alt", false, "no Foo.dll, neither by its id nor directly");
}
END_TEST

START_TEST(test_offline)
{
    char text[300];

    options.offline = true;
    (void)snprintf(text, sizeof text, "srv*%s*https://me:secret@symbols.invalid/x",
                   store_files_at("c"));
    options.symbol_path = text;
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, 2);
    assert_attempt(1, "https://symbols.invalid/x", false, "not asked: offline");
    ck_assert_int_eq(access(store_files_at("c"), F_OK), -1);
    query.has_guid = false;
    options.offline = false;
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_NOT_FOUND);
    assert_attempt(1, "https://symbols.invalid/x", false,
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
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(attempt_count, AVD_MAX_STORE_ATTEMPTS);
    assert_attempt(AVD_MAX_STORE_ATTEMPTS - 1, "", false,
                   "37 more places, none of them with the file");
    store_files_write("deep/zz/Foo.pdb", "good");
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_OK);
    ck_assert_uint_eq(attempt_count, AVD_MAX_STORE_ATTEMPTS);
    assert_attempt(AVD_MAX_STORE_ATTEMPTS - 1, "/deep/zz/Foo.pdb", true, "found");
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
    ck_assert_int_eq(find_below("deep", AVD_FILE_PDB), AVD_NOT_FOUND);
    ck_assert_uint_eq(verified_count, AVD_MAX_STORE_CANDIDATES);
}
END_TEST

/* ---- hostile names ----------------------------------------------------------------------- */

START_TEST(test_traversal)
{
    static const char *const names[] = {"../outside.pdb", "..\\outside.pdb", "/etc/passwd", "..",
                                        "a/../../outside.pdb", "C:\\x.pdb", "x\n.pdb", ""};
    size_t i;

    store_files_write("outside.pdb", "good");
    store_files_write("in/outside.pdb", "bad");
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        query.debug_file = names[i];
        query.image_name = names[i];
        paths[0] = store_files_at("in");
        options.path_count = 1;
        options.dump_directory = store_files_at("in");
        ck_assert_int_eq(find_along("srv*@/c*@/in;cache*@/c;@/in", AVD_FILE_PDB), AVD_NOT_FOUND);
        ck_assert_uint_eq(attempt_count, 1);
        ck_assert_int_eq(find(AVD_FILE_IMAGE), AVD_NOT_FOUND);
        ck_assert_int_eq(find(AVD_FILE_SYM), AVD_NOT_FOUND);
    }
    ck_assert_uint_eq(verified_count, 0);
    ck_assert_int_eq(access(store_files_at("c"), F_OK), -1);
    /* An id can lead elsewhere too. */
    query.debug_file = "Foo.pdb";
    query.has_guid = false;
    query.debug_id = "../../outside";
    store_files_write("in/Foo.pdb/x", "");
    ck_assert_int_eq(find_along("srv*@/in", AVD_FILE_SYM), AVD_NOT_FOUND);
    ck_assert_uint_eq(verified_count, 0);
}
END_TEST

/* ---- options ----------------------------------------------------------------------------- */

static void assert_refused(const char *where, const char *message)
{
    store = (struct avd_store *)&error;
    ck_assert_int_eq(avd_store_new(&options, &store, &error), AVD_E_ARG);
    ck_assert_ptr_null(store);
    ck_assert_str_eq(error.where, where);
    ck_assert_str_eq(error.message, message);
}

START_TEST(test_wrong_options)
{
    paths[0] = "/nonexistent/symbols";
    options.path_count = 1;
    assert_refused("/nonexistent/symbols", "no such file or folder of symbols");
    paths[0] = "srv*ftp://x";
    assert_refused("symbol path", "'srv*ftp://x': only http and https servers can be asked");
    options.path_count = 0;
    options.image_path = "cache*http://x";
    assert_refused("symbol path", "'cache*http://x': a cache is a directory");
    options.image_path = NULL;
    maps[0] = "C:\\x";
    options.map_count = 1;
    assert_refused("map", "'C:\\x': expected OLD=NEW");
    maps[0] = "=x";
    assert_refused("map", "'=x': expected OLD=NEW");
    maps[0] = "x=";
    assert_refused("map", "'x=': expected OLD=NEW");
}
END_TEST

/* --symbols takes what a symbol path takes, but a file of that name is meant first. */
START_TEST(test_user_path_with_grammar)
{
    store_files_write("store/Foo.pdb/" KEY "A/Foo.pdb", "good");
    paths[0] = store_files_expand("srv*@/c*@/store");
    options.path_count = 1;
    ck_assert_int_eq(find(AVD_FILE_PDB), AVD_OK);
    assert_path("c/Foo.pdb/" KEY "A/Foo.pdb");
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;

    store_files_write("deep/a/Foo.pdb", "bad");
    store_files_gzip("store/Foo.pdb/" KEY "A/Foo.pdb.gz", "good");
    store_files_write("store/Foo.pdb/" KEY "A/file.ptr", "MSG: x");
    paths[0] = store_files_at("deep");
    options.path_count = 1;
    maps[0] = store_files_expand("C:=@");
    options.map_count = 1;
    query.debug_path = "C:\\x.pdb";
    options.symbol_path = store_files_expand("@/nowhere;srv*@/c*@/store");
    for (n = 1;; n++) {
        enum avd_status status;

        (void)unlink(store_files_at("c/Foo.pdb/" KEY "A/Foo.pdb"));
        avd_mem_fail_after(n);
        status = avd_store_new(&options, &store, &error);
        if (status == AVD_OK)
            status = avd_store_find(store, &query, AVD_FILE_PDB, verify, NULL, &path, &attempts,
                                    &attempt_count);
        avd_mem_fail_after(0);
        avd_store_free(store);
        store = NULL;
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

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_names);
    tcase_add_test(tcase, test_keys);
    tcase_add_test(tcase, test_nothing_to_look_for);
    tcase_add_test(tcase, test_one_file);
    tcase_add_test(tcase, test_two_tiers);
    tcase_add_test(tcase, test_three_tiers);
    tcase_add_test(tcase, test_any_case);
    tcase_add_test(tcase, test_old_time_stamp);
    tcase_add_test(tcase, test_breakpad);
    tcase_add_test(tcase, test_flat);
    tcase_add_test(tcase, test_dump_directory);
    tcase_add_test(tcase, test_deep_folder);
    tcase_add_test(tcase, test_deep_folder_by_key);
    tcase_add_test(tcase, test_stores_below);
    tcase_add_test(tcase, test_sym_by_its_first_line);
    tcase_add_test(tcase, test_too_deep);
    tcase_add_test(tcase, test_no_cycles);
    tcase_add_test(tcase, test_file_ptr);
    tcase_add_test(tcase, test_file_ptr_mapped);
    tcase_add_test(tcase, test_map);
    tcase_add_test(tcase, test_chain_fills_caches);
    tcase_add_test(tcase, test_cache_keeps_its_spelling_and_tiers);
    tcase_add_test(tcase, test_cache_reaches_to_the_right);
    tcase_add_test(tcase, test_bad_cache_entry_is_replaced);
    tcase_add_test(tcase, test_truncated_in_cache);
    tcase_add_test(tcase, test_cache_that_cannot_be_written);
    tcase_add_test(tcase, test_abandoned_files_are_swept);
    tcase_add_test(tcase, test_gzip);
    tcase_add_test(tcase, test_gzip_damaged);
    tcase_add_test(tcase, test_sym_gzip);
    tcase_add_test(tcase, test_cabinet);
    tcase_add_test(tcase, test_order);
    tcase_add_test(tcase, test_offline);
    tcase_add_test(tcase, test_attempts_are_bounded);
    tcase_add_test(tcase, test_candidates_are_bounded);
    tcase_add_test(tcase, test_traversal);
    tcase_add_test(tcase, test_wrong_options);
    tcase_add_test(tcase, test_user_path_with_grammar);
    tcase_add_test(tcase, test_out_of_memory);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
