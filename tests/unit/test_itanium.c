/* SPDX-License-Identifier: MIT */
/* src/symbols/itanium.c: names of GCC, Clang and Rust; hostile ones. Without libiberty all stay. */
#include "base/limits.h"
#include "base/memory.h"
#include "symbols/itanium.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#ifdef AVD_HAVE_LIBIBERTY
enum { HAVE_LIBIBERTY = 1 };
#else
enum { HAVE_LIBIBERTY = 0 };
#endif

static void check(const char *name, const char *full, const char *brief)
{
    if (!HAVE_LIBIBERTY)
        full = brief = name;
    ck_assert_str_eq(avd_undecorate(&test_arena, name, AVD_UNDNAME_FULL, false), full);
    ck_assert_str_eq(avd_undecorate(&test_arena, name, AVD_UNDNAME_NAME_ONLY, false), brief);
    /* Of what stays C names lose their underscores in 32-bit code. */
    if (HAVE_LIBIBERTY)
        ck_assert_str_eq(avd_undecorate(&test_arena, name, AVD_UNDNAME_NAME_ONLY, true), brief);
}

static void stays(const char *name)
{
    check(name, name, name);
}

/* llvm-cxxfilt says the same (e2e/test_itanium_oracle.py), but for blanks. */
START_TEST(test_cxx)
{
    check("_ZN3foo3barEi", "foo::bar(int)", "foo::bar");
    check("_ZNK2ns1A1fEPKcz", "ns::A::f(char const*, ...) const", "ns::A::f");
    check("_ZN2ns12_GLOBAL__N_16hiddenEPNS_1AE", "ns::(anonymous namespace)::hidden(ns::A*)",
          "ns::(anonymous namespace)::hidden");
    check("_Z1fIiEvT_", "void f<int>(int)", "f<int>");
    check("_ZTV1A", "vtable for A", "vtable for A");
    check("_ZThn16_N1B1fEv", "non-virtual thunk to B::f()", "non-virtual thunk to B::f()");
    /* As 32-bit Windows has it, and with the linker's prefix. */
    check("__ZN3foo3barEi", "foo::bar(int)", "foo::bar");
    check("__imp__ZN3foo3barEi", "__imp_foo::bar(int)", "__imp_foo::bar");
    /* What the optimizer split off. */
    check("_ZN3foo3barEi.cold", "foo::bar(int) [clone .cold]", "foo::bar.cold");
    check("_ZN3foo3barEi.part.0", "foo::bar(int) [clone .part.0]", "foo::bar.part.0");
}
END_TEST

START_TEST(test_rust)
{
    check("_ZN4core3fmt5Write9write_fmt17h0a1b2c3d4e5f6789E", "core::fmt::Write::write_fmt",
          "core::fmt::Write::write_fmt");
    check("_RNvCs2OpA4fNwd7R_1r3run", "r::run", "r::run");
    check("_RNvCs2OpA4fNwd7R_1ru7grn_ioa", "r::gr\xc3\xbcn", "r::gr\xc3\xbcn");
    check("__RNvCs2OpA4fNwd7R_1r3run", "r::run", "r::run");
    check("_RNvMs_NtC1r6shapesINtB4_5PointhE5twiceB6_", "<r::shapes::Point<u8>>::twice",
          "<r::shapes::Point<u8>>::twice");
}
END_TEST

START_TEST(test_others_stay)
{
    static const char *const names[] = {"_Z",
                                        "__Z",
                                        "_Zfoo",
                                        "_RNfoo",
                                        "_ZN3foo",
                                        "_ZN3foo3barE$",
                                        "_ZN9999999999fooEv",
                                        "ZN3foo3barEi",
                                        "_RNvC3foo99bar",
                                        "_RNvB_1a"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        stays(names[i]);
    ck_assert(avd_itanium_is("_ZN3fooEv"));
    ck_assert(avd_itanium_is("__RNvC1a1b"));
    ck_assert(avd_itanium_is("_R0NvC1a1b"));
    ck_assert(!avd_itanium_is("_RtlFreeHeap@12"));
    ck_assert(!avd_itanium_is("_R"));
    ck_assert(!avd_itanium_is("_main"));
    ck_assert(!avd_itanium_is("___ZN3fooEv"));
}
END_TEST

/* Number `n` of the references of the C++ scheme: S0_ ... SZ_, S10_ ... */
static void put_reference(char *name, unsigned n)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char *end = name + strlen(name);

    if (n < 36)
        (void)snprintf(end, 8, "S%c_", digits[n]);
    else
        (void)snprintf(end, 8, "S%c%c_", digits[n / 36], digits[n % 36]);
}

/* Each parameter is a pair of the one before: 60 of them are 2^60 words. */
START_TEST(test_exponential_cxx)
{
    char name[2048] = "_Z1fSt4pairIiiE";
    const char *text;
    unsigned i;

    for (i = 0; i < 60; i++) {
        strcat(name, "S_I");
        put_reference(name, i);
        put_reference(name, i);
        strcat(name, "E");
        text = avd_undecorate(&test_arena, name, AVD_UNDNAME_FULL, false);
        ck_assert_ptr_nonnull(text);
        ck_assert_uint_le(strlen(text), AVD_MAX_UNDNAME_OUTPUT);
        if (i == 1 && HAVE_LIBIBERTY)
            ck_assert_str_eq(text,
                             "f(std::pair<int, int>, "
                             "std::pair<std::pair<int, int>, std::pair<int, int> >, "
                             "std::pair<std::pair<std::pair<int, int>, std::pair<int, int> >, "
                             "std::pair<std::pair<int, int>, std::pair<int, int> > >)");
    }
    stays(name);
}
END_TEST

/* The same in Rust's scheme, whose references are places in the name, in base 62. */
START_TEST(test_exponential_rust)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char name[2048] = "_RINvC1a1fThhE";
    size_t last = 8; /* of the tuple, counted behind "_R" */
    unsigned i;

    for (i = 0; i < 60; i++) {
        size_t at = strlen(name) - 2;
        size_t n = last - 1;
        char reference[8];

        if (n < 62)
            (void)snprintf(reference, sizeof reference, "B%c_", digits[n]);
        else
            (void)snprintf(reference, sizeof reference, "B%c%c_", digits[n / 62], digits[n % 62]);
        (void)snprintf(name + at + 2, sizeof name - at - 2, "T%s%sE", reference, reference);
        last = at;
        if (i == 0)
            check("_RINvC1a1fThhETB7_B7_EE", "a::f::<(u8, u8), ((u8, u8), (u8, u8))>",
                  "a::f::<(u8, u8), ((u8, u8), (u8, u8))>");
    }
    strcat(name, "E");
    stays(name);
}
END_TEST

/* Deep nesting, and names longer than any compiler makes. */
START_TEST(test_deep)
{
    static char name[2 * AVD_MAX_ITANIUM_INPUT];
    size_t size;

    for (size = 64; size < sizeof name; size *= 2) {
        (void)snprintf(name, sizeof name, "_Z1f");
        memset(name + 4, 'P', size - 6);
        (void)snprintf(name + size - 2, 2, "i");
        ck_assert_ptr_nonnull(avd_undecorate(&test_arena, name, AVD_UNDNAME_FULL, false));
        memset(name + 2, 'N', size - 4);
        ck_assert_ptr_nonnull(avd_undecorate(&test_arena, name, AVD_UNDNAME_FULL, false));
        name[1] = 'R';
        ck_assert_ptr_nonnull(avd_undecorate(&test_arena, name, AVD_UNDNAME_FULL, false));
    }
    memset(name, 'P', sizeof name - 1);
    memcpy(name, "_Z1f", 4);
    stays(name);
}
END_TEST

/* A name may cut its own parts within a UTF-8 sequence: what comes out is text all the same. */
START_TEST(test_not_utf8)
{
    check("_Z1\xc3i", "\xc3\x83(int)", "\xc3\x83");
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;

    if (!HAVE_LIBIBERTY)
        return;
    for (n = 1; n < 100; n++) {
        struct avd_arena fresh = {0};
        const char *text;

        avd_mem_fail_after(n);
        text = avd_undecorate(&fresh, "_ZN3foo3barEi", AVD_UNDNAME_NAME_ONLY, false);
        avd_mem_fail_after(0);
        if (text != NULL)
            ck_assert_str_eq(text, "foo::bar");
        avd_arena_deinit(&fresh);
        if (text != NULL)
            break;
    }
    ck_assert_uint_gt(n, 2);
    ck_assert_uint_lt(n, 100);
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_test(tests, test_cxx);
    tcase_add_test(tests, test_rust);
    tcase_add_test(tests, test_others_stay);
    tcase_add_test(tests, test_exponential_cxx);
    tcase_add_test(tests, test_exponential_rust);
    tcase_add_test(tests, test_deep);
    tcase_add_test(tests, test_not_utf8);
    tcase_add_test(tests, test_out_of_memory);
}

int main(void)
{
    return suite_main("itanium", add_tests);
}
