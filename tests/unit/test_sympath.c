/* SPDX-License-Identifier: MIT */
/* src/symbols/sympath.c: every form of element, and what is refused with which words. */
#include "base/memory.h"
#include "symbols/sympath.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct avd_sympath path;
static struct avd_error error;

static void setup(void)
{
    memset(&path, 0, sizeof path);
    memset(&error, 0, sizeof error);
}

/* "chain(/a, url(http://h)) dir(/b)": the whole result in one string. */
static const char *parsed(const char *text, const char *default_cache)
{
    static const char *const kinds[] = {"dir", "chain", "cache"};
    static char out[2048];
    size_t used = 0;
    size_t i;
    size_t k;

    memset(&path, 0, sizeof path);
    ck_assert_msg(avd_sympath_parse(&test_arena, text, default_cache, &path, &error) == AVD_OK,
                  "'%s': %s", text, error.message);
    out[0] = '\0';
    for (i = 0; i < path.count; i++) {
        const struct avd_sympath_element *e = &path.items[i];

        used += (size_t)snprintf(out + used, sizeof out - used, "%s%s(", i > 0 ? " " : "",
                                 kinds[e->kind]);
        for (k = 0; k < e->store_count; k++)
            used += (size_t)snprintf(out + used, sizeof out - used,
                                     e->stores[k].is_server ? "%surl(%s)" : "%s%s",
                                     k > 0 ? ", " : "", e->stores[k].place);
        used += (size_t)snprintf(out + used, sizeof out - used, ")");
    }
    return out;
}

struct example {
    const char *text;
    const char *expected;
};

START_TEST(test_forms)
{
    /* With the default cache /def. */
    static const struct example examples[] = {
        {"", ""},
        {";;  ; ", ""},
        {"/symbols", "dir(/symbols)"},
        {" /a ;\t/b/ ;", "dir(/a) dir(/b)"},
        {"/", "dir(/)"},
        {"C:\\Symbols;D:\\x", "dir(C:\\Symbols) dir(D:\\x)"},
        {"\\\\server\\share", "dir(\\\\server\\share)"},
        {"/with blank/x", "dir(/with blank/x)"},
        {"\"/a\"", "dir(\"/a\")"},
        {"srv", "dir(srv)"},
        {"server/cache", "dir(server/cache)"},
        {"%TEMP%/x", "dir(%TEMP%/x)"},
        {"srv*/store", "chain(/store)"},
        {"SRV*/store", "chain(/store)"},
        {"srv*https://h/s", "chain(url(https://h/s))"},
        {"srv*https://h/s//", "chain(url(https://h/s))"},
        {"srv*/c*https://h/s", "chain(/c, url(https://h/s))"},
        {"sRv* /c * HTTPS://h/s ", "chain(/c, url(HTTPS://h/s))"},
        {"srv*/c1*/c2*/c3*http://h", "chain(/c1, /c2, /c3, url(http://h))"},
        {"srv*/c*/store", "chain(/c, /store)"},
        {"srv**http://h", "chain(/def, url(http://h))"},
        {"srv*/c**http://h", "chain(/c, /def, url(http://h))"},
        {"srv*", "chain(/def, url(" AVD_SYMPATH_PUBLIC_SERVER "))"},
        {"srv**", "chain(/def, url(" AVD_SYMPATH_PUBLIC_SERVER "))"},
        {"srv*/c*", "chain(/c)"},
        {"symsrv*symsrv.dll*/c*http://h", "chain(/c, url(http://h))"},
        {"SymSrv*other.dll*/store", "chain(/store)"},
        {"symsrv*symsrv.dll**http://h", "chain(/def, url(http://h))"},
        {"symsrv*symsrv.dll", "chain(/def, url(" AVD_SYMPATH_PUBLIC_SERVER "))"},
        {"cache*/c", "cache(/c)"},
        {"Cache*", "cache(/def)"},
        {"cache* ;/a", "cache(/def) dir(/a)"},
        {"http://h:8080/x", "chain(url(http://h:8080/x))"},
        {"https://user:secret@h/x", "chain(url(https://user:secret@h/x))"},
        {"/a;cache*/c;srv*/d*http://h;/b", "dir(/a) cache(/c) chain(/d, url(http://h)) dir(/b)"},
    };
    size_t i;

    for (i = 0; i < sizeof examples / sizeof examples[0]; i++)
        ck_assert_str_eq(parsed(examples[i].text, "/def"), examples[i].expected);
}
END_TEST

START_TEST(test_without_default_cache)
{
    ck_assert_str_eq(parsed("cache*;/a", NULL), "dir(/a)");
    ck_assert_str_eq(parsed("srv**http://h", NULL), "chain(url(http://h))");
    ck_assert_str_eq(parsed("srv*", NULL), "chain(url(" AVD_SYMPATH_PUBLIC_SERVER "))");
    ck_assert_str_eq(parsed("srv*/c**/d", NULL), "chain(/c, /d)");
    ck_assert_str_eq(parsed(NULL, NULL), "");
}
END_TEST

static void assert_refused(const char *text, const char *message)
{
    memset(&path, 0, sizeof path);
    ck_assert_msg(avd_sympath_parse(&test_arena, text, "/def", &path, &error) == AVD_E_ARG, "'%s'",
                  text);
    ck_assert_int_eq(error.code, AVD_E_ARG);
    ck_assert_str_eq(error.where, "symbol path");
    ck_assert_str_eq(error.message, message);
}

START_TEST(test_refused)
{
    assert_refused("/a; srv*http://h*/c ",
                   "'srv*http://h*/c': only the last store of a chain can be a server");
    assert_refused("cache*http://h", "'cache*http://h': a cache is a directory");
    assert_refused("cache*/a*/b", "'cache*/a*/b': cache* is followed by one directory");
    assert_refused("symsrv*",
                   "'symsrv*': symsrv* is followed by a DLL's name, as in symsrv*symsrv.dll*");
    assert_refused("symsrv*http://h", "'symsrv*http://h': symsrv* is followed by a DLL's name, as "
                                      "in symsrv*symsrv.dll*");
    assert_refused("srv*ftp://h/x", "'srv*ftp://h/x': only http and https servers can be asked");
    assert_refused("file:///etc", "'file:///etc': only http and https servers can be asked");
    assert_refused("http://", "'http://': a URL names a host");
    assert_refused("srv*https:///x", "'srv*https:///x': a URL names a host");
    assert_refused("http://a b/", "'http://a b/': a URL holds no blanks or control characters");
    assert_refused("http://h/?x", "'http://h/?x': a server's URL is a path that file names are "
                                  "added to, without '?' or '#'");
    assert_refused("/a*b", "'/a*b': '*' follows srv, symsrv or cache only");
    assert_refused("srv*1*2*3*4*5*6*7*8*9*a*b*c",
                   "'srv*1*2*3*4*5*6*7*8*9*a*b*c': too many stores in one chain");
}
END_TEST

START_TEST(test_element_ceiling)
{
    static char text[4 * (AVD_MAX_SYMPATH_ELEMENTS + 1) + 1];
    size_t i;

    for (i = 0; i <= AVD_MAX_SYMPATH_ELEMENTS; i++)
        memcpy(text + 4 * i, "/ab;", 4);
    assert_refused(text, "more than 256 elements");
    text[4 * AVD_MAX_SYMPATH_ELEMENTS] = '\0';
    memset(&path, 0, sizeof path);
    ck_assert_int_eq(avd_sympath_parse(&test_arena, text, NULL, &path, &error), AVD_OK);
    ck_assert_uint_eq(path.count, AVD_MAX_SYMPATH_ELEMENTS);
}
END_TEST

/* A path given on a command line is a path, unless it cannot be meant as one. */
START_TEST(test_special)
{
    ck_assert(avd_sympath_is_special("srv*/a"));
    ck_assert(avd_sympath_is_special(" SYMSRV*x*"));
    ck_assert(avd_sympath_is_special("cache*"));
    ck_assert(avd_sympath_is_special("HTTP://h"));
    ck_assert(!avd_sympath_is_special("srv"));
    ck_assert(!avd_sympath_is_special("/srv*"));
    ck_assert(!avd_sympath_is_special("a;srv*/b"));
    ck_assert(!avd_sympath_is_special(""));
}
END_TEST

START_TEST(test_shown)
{
    ck_assert_str_eq(avd_sympath_shown(&test_arena, "https://me:pw@h/a@b"), "https://h/a@b");
    ck_assert_str_eq(avd_sympath_shown(&test_arena, "https://me:p@w@h"), "https://h");
    ck_assert_str_eq(avd_sympath_shown(&test_arena, "http://h/x@y"), "http://h/x@y");
    ck_assert_str_eq(avd_sympath_shown(&test_arena, "/a:b@c"), "/a:b@c");
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;

    for (n = 1;; n++) {
        enum avd_status status;

        memset(&path, 0, sizeof path);
        avd_mem_fail_after(n);
        status = avd_sympath_parse(&test_arena, "/a;srv*/b*http://h;cache*", "/d", &path, &error);
        avd_mem_fail_after(0);
        avd_arena_deinit(&test_arena);
        memset(&test_arena, 0, sizeof test_arena);
        if (status == AVD_OK)
            break;
        ck_assert_int_eq(status, AVD_E_NOMEM);
        ck_assert_str_eq(error.message, "out of memory");
    }
    ck_assert_uint_gt(n, 1);
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, test_forms);
    tcase_add_test(tests, test_without_default_cache);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_element_ceiling);
    tcase_add_test(tests, test_special);
    tcase_add_test(tests, test_shown);
    tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("sympath", add_tests);
}
