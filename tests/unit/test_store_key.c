/* SPDX-License-Identifier: MIT */
/* src/symbols/store_key.c: which names may become paths, and the keys of stores. */
#include "support/store_fixture.h"
#include "support/suite.h"
#include "symbols/store_key.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

START_TEST(test_names)
{
    static const char *const safe[] = {"ntdll.pdb",    "a",           "x y.dll",  "libc++.dll",
                                       "\xc3\xa4.pdb", "company.dll", "nul1.pdb", "com.pdb",
                                       "com10.dll",    "..a",         ".a",       "a..b",
                                       "{1}.sys",      "console.exe"};
    static const char *const unsafe[] = {"",
                                         ".",
                                         "..",
                                         "a/b",
                                         "/a",
                                         "a\\b",
                                         "..\\x",
                                         "../x",
                                         "C:x",
                                         "a:b",
                                         "a\nb",
                                         "a\x1b[m",
                                         "\x7f",
                                         "a\xff",
                                         ("\xe2\x80\xae"
                                          "a"),
                                         "a*",
                                         "a?b",
                                         "a\"b",
                                         "a<b",
                                         "a|b",
                                         "a.",
                                         "a ",
                                         "nul",
                                         "NUL.pdb",
                                         "con .pdb",
                                         "Aux.x.y",
                                         "com1",
                                         "LPT9.dll",
                                         "conout$",
                                         ".avdump",
                                         "FILE.PTR",
                                         "refs.ptr",
                                         "000Admin",
                                         "pingme.txt",
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
    enum avd_status status = avd_store_wanted_make(&arena, &store_fx.query, kind, &wanted, &why);
    size_t used;
    size_t i;

    if (status == AVD_OK) {
        used = (size_t)snprintf(text, sizeof text, "%s |", wanted.name);
        for (i = 0; i < wanted.key_count; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, " %s", wanted.keys[i]);
        used += (size_t)snprintf(text + used, sizeof text - used, " |");
        for (i = 0; i < wanted.leaf_count; i++)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, " %s%s", wanted.leaves[i].name,
                                 wanted.leaves[i].ask_servers ? "" : "-");
    } else {
        (void)snprintf(text, sizeof text, "%s", why);
    }
    avd_arena_deinit(&arena);
    return text;
}

START_TEST(test_keys)
{
    ck_assert_str_eq(wanted_text(AVD_FILE_PDB), "Foo.pdb | " KEY "A | Foo.pdb Foo.pd_ Foo.pdb.gz-");
    /* The time stamp keeps its zeros and upper case, the size has neither. */
    ck_assert_str_eq(wanted_text(AVD_FILE_IMAGE),
                     "Foo.dll | 0420AB121f000 420AB121f000 | Foo.dll Foo.dl_ Foo.dll.gz-");
    store_fx.query.timestamp = 0xF420AB12;
    ck_assert_str_eq(wanted_text(AVD_FILE_IMAGE),
                     "Foo.dll | F420AB121f000 | Foo.dll Foo.dl_ Foo.dll.gz-");
    /* Breakpad's age is in lower case, and only ".pdb" goes. */
    ck_assert_str_eq(wanted_text(AVD_FILE_SYM), "Foo.pdb | " KEY "a | Foo.sym Foo.sym.gz");
    store_fx.query.debug_file = "Foo.PDB";
    ck_assert_str_eq(wanted_text(AVD_FILE_SYM), "Foo.PDB | " KEY "a | Foo.sym Foo.sym.gz");
    store_fx.query.debug_file = "Foo.exe";
    ck_assert_str_eq(wanted_text(AVD_FILE_SYM),
                     "Foo.exe | " KEY "a | Foo.exe.sym Foo.exe.sym.gz Foo.sym Foo.sym.gz-");
    store_fx.query.has_guid = false;
    store_fx.query.debug_id = "0123456789ABCDEF0123456789ABCDEF0";
    store_fx.query.debug_file = NULL;
    store_fx.query.image_name = "libfoo.so.1";
    ck_assert_str_eq(wanted_text(AVD_FILE_SYM),
                     "libfoo.so.1 | 0123456789ABCDEF0123456789ABCDEF0 | libfoo.so.1.sym "
                     "libfoo.so.1.sym.gz");
    store_fx.query.debug_file = "old.pdb";
    store_fx.query.has_signature = true;
    store_fx.query.signature = 0x3b7d84d;
    store_fx.query.age = 0x1f;
    ck_assert_str_eq(wanted_text(AVD_FILE_PDB),
                     "old.pdb | 03B7D84D1F | old.pdb old.pd_ old.pdb.gz-");
    store_fx.query.has_signature = false;
    store_fx.query.image_size = 0;
    ck_assert_str_eq(wanted_text(AVD_FILE_PDB), "old.pdb | | old.pdb old.pd_ old.pdb.gz-");
    ck_assert_str_eq(wanted_text(AVD_FILE_IMAGE),
                     "libfoo.so.1 | | libfoo.so.1 libfoo.so._ libfoo.so.1.gz-");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, store_setup, store_teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_names);
    tcase_add_test(tests, test_keys);
}

int main(void)
{
    return suite_main("store_key", add_tests);
}
