/* SPDX-License-Identifier: MIT */
/* src/symbols/breakpad*.c: which record wins, inlined calls, frame layouts, damage. */
#include "base/limits.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "symbols/breakpad.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEAD "MODULE windows x86 0123456789ABCDEF0123456789ABCDEF1 a b.pdb\n"

static struct avd_sym *sym;
static struct avd_error error;
static struct avd_arena arena;
static struct avd_symbol found;

static void setup(void)
{
    sym = NULL;
    memset(&error, 0, sizeof error);
    avd_arena_init(&arena);
}

static void teardown(void)
{
    avd_sym_close(sym);
    avd_arena_deinit(&arena);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static enum avd_status open_bytes(const char *text, size_t size)
{
    struct avd_view view = {(const uint8_t *)text, size, 0};

    avd_sym_close(sym);
    return avd_sym_open_memory(view, &sym, &error);
}

static void open_text(const char *text)
{
    ck_assert_int_eq(open_bytes(text, strlen(text)), AVD_OK);
}

/* "inlined file:line < function+displacement file:line", "~" for approximate; or "none". */
static const char *at(uint64_t rva)
{
    static char text[4096];
    struct avd_strbuf buf;
    size_t i;
    enum avd_status status = avd_sym_find(sym, rva, &found);

    if (status == AVD_NOT_FOUND) {
        ck_assert_ptr_null(found.function);
        return "none";
    }
    ck_assert_int_eq(status, AVD_OK);
    ck_assert_str_eq(found.source, "breakpad");
    ck_assert_uint_eq(found.function_rva + found.displacement, rva);
    avd_strbuf_init(&buf);
    for (i = 0; i < found.inline_count; i++)
        avd_strbuf_printf(&buf, "%s %s:%u < ", found.inlines[i].function,
                          found.inlines[i].source_file == NULL ? "?" : found.inlines[i].source_file,
                          found.inlines[i].line);
    avd_strbuf_printf(&buf, "%s+0x%x %s:%u%s", found.function, (unsigned)found.displacement,
                      found.source_file == NULL ? "?" : found.source_file, found.line,
                      found.approximate ? " ~" : "");
    ck_assert_uint_lt(buf.size, sizeof text);
    memcpy(text, avd_strbuf_text(&buf), buf.size + 1);
    avd_strbuf_deinit(&buf);
    return text;
}

START_TEST(test_identity)
{
    const struct avd_sym_identity *identity;

    open_text(HEAD "INFO GENERATOR x\nINFO CODE_ID 5FF69A73213000 a.dll\nINFO CODE_ID 1\n");
    identity = avd_sym_identity(sym);
    ck_assert_str_eq(identity->os, "windows");
    ck_assert_str_eq(identity->cpu, "x86");
    ck_assert_str_eq(identity->debug_id, "0123456789ABCDEF0123456789ABCDEF1");
    ck_assert_str_eq(identity->debug_file, "a b.pdb");
    ck_assert_str_eq(identity->code_id, "5FF69A73213000");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
    ck_assert(!avd_sym_truncated(sym));
    ck_assert_str_eq(at(0), "none");

    open_text("MODULE Linux x86_64 ABC0 libc.so");
    identity = avd_sym_identity(sym);
    ck_assert_str_eq(identity->debug_file, "libc.so");
    ck_assert_str_eq(identity->code_id, "");

    open_text("MODULE mac x86_64 ABC0 \xe9t\xc3\xa9\r\n");
    ck_assert_str_eq(avd_sym_identity(sym)->debug_file, "\xc3\xa9t\xc3\xa9");
}
END_TEST

START_TEST(test_no_symbol_file)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "<html>not found</html>\n",
                                        "MODULE\n",
                                        "MODULE windows x86 ABC\n",
                                        ("FUNC 1 2 3 f\n" HEAD)};
    size_t i;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_int_eq(open_bytes(texts[i], strlen(texts[i])), AVD_E_FORMAT);
        ck_assert_ptr_null(sym);
        ck_assert_str_eq(error.message, "does not begin with 'MODULE os cpu id name'; not a "
                                        "Breakpad symbol file");
    }
    ck_assert_int_eq(avd_sym_open("/nonexistent/a.sym", &sym, &error), AVD_E_IO);
    ck_assert_ptr_null(sym);
}
END_TEST

START_TEST(test_function_and_lines)
{
    open_text(HEAD "FILE 0 c:\\src\\a.cc\n"
                   "FILE 7 b c.h\n"
                   "FUNC 1000 30 8 ns::f(int, char)\n"
                   "1000 10 12 0\n"
                   "1010 8 13 7\n"
                   "1020 10 0 9\n"
                   "FUNC m 1030 10 0 g\n"
                   "1030 4 99 -1\n"
                   "1034 0 98 0\n");
    ck_assert_str_eq(at(0xfff), "none");
    ck_assert_str_eq(at(0x1000), "ns::f(int, char)+0x0 c:\\src\\a.cc:12");
    ck_assert_uint_eq(found.function_size, 0x30);
    ck_assert(found.has_parameter_size);
    ck_assert_uint_eq(found.parameter_size, 8);
    ck_assert_str_eq(at(0x100f), "ns::f(int, char)+0xf c:\\src\\a.cc:12");
    ck_assert_str_eq(at(0x1017), "ns::f(int, char)+0x17 b c.h:13");
    ck_assert_str_eq(at(0x1018), "ns::f(int, char)+0x18 ?:0");
    ck_assert_str_eq(at(0x102f), "ns::f(int, char)+0x2f ?:0");
    ck_assert_str_eq(at(0x1030), "g+0x0 ?:99");
    ck_assert(found.has_parameter_size);
    ck_assert_uint_eq(found.parameter_size, 0);
    ck_assert_str_eq(at(0x1034), "g+0x4 ?:0");
    ck_assert_str_eq(at(0x1040), "none");
    ck_assert_str_eq(at(0x100000000), "none");
    ck_assert_str_eq(at(UINT64_MAX), "none");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
}
END_TEST

START_TEST(test_same_string_again)
{
    const char *name;

    open_text(HEAD "FILE 0 a.cc\nFUNC 1000 10 0 f\n1000 10 1 0\n");
    (void)at(0x1000);
    name = found.function;
    (void)at(0x100f);
    ck_assert_ptr_eq(found.function, name);
}
END_TEST

/* More names than the table of strings begins with. */
START_TEST(test_many_strings)
{
    struct avd_strbuf buf;
    char expected[64];
    unsigned round;
    unsigned i;

    avd_strbuf_init(&buf);
    avd_strbuf_puts(&buf, HEAD);
    for (i = 0; i < 2000; i++)
        avd_strbuf_printf(&buf, "FUNC %x 10 0 f%u\n", 0x1000 + i * 16, i);
    open_text(avd_strbuf_text(&buf));
    for (round = 0; round < 2; round++)
        for (i = 0; i < 2000; i++) {
            (void)snprintf(expected, sizeof expected, "f%u+0x3 ?:0", i);
            ck_assert_str_eq(at(0x1000 + i * 16 + 3), expected);
        }
    avd_strbuf_deinit(&buf);
}
END_TEST

START_TEST(test_not_x86)
{
    open_text("MODULE windows x86_64 ABC1 a.pdb\nFUNC 1000 10 8 f\nPUBLIC 2000 8 p\n");
    ck_assert_str_eq(at(0x1000), "f+0x0 ?:0");
    ck_assert(!found.has_parameter_size);
    ck_assert_str_eq(at(0x2000), "p+0x0 ?:0");
    ck_assert(!found.has_parameter_size);
}
END_TEST

START_TEST(test_public)
{
    open_text(HEAD "FUNC 2000 10 0 f\n"
                   "2000 10 5 0\n"
                   "PUBLIC 1000 c first\n"
                   "PUBLIC m 1000 4 second\n"
                   "2008 2 6 0\n"
                   "PUBLIC 2000 0 f_public\n"
                   "PUBLIC 2004 0 inside\n"
                   "PUBLIC 3000 0 last\n"
                   "FUNC 4000 10 0 g\n");
    ck_assert_str_eq(at(0x1000), "first+0x0 ?:0");
    ck_assert(found.has_parameter_size);
    ck_assert_uint_eq(found.parameter_size, 0xc);
    ck_assert_uint_eq(found.function_size, 0);
    ck_assert_str_eq(at(0x1fff), "first+0xfff ?:0 ~");
    /* The function wins; line records behind a PUBLIC are nobody's. */
    ck_assert_str_eq(at(0x2000), "f+0x0 ?:5");
    ck_assert_str_eq(at(0x2009), "f+0x9 ?:5");
    /* Behind the function's end a PUBLIC within it may go on, one at its start may not. */
    ck_assert_str_eq(at(0x2010), "inside+0xc ?:0 ~");
    ck_assert_str_eq(at(0x3fff), "last+0xfff ?:0 ~");
    ck_assert(!found.has_parameter_size);
    ck_assert_str_eq(at(0x4010), "none");
    ck_assert_str_eq(at(0xfff), "none");
}
END_TEST

START_TEST(test_public_at_start_of_function)
{
    open_text(HEAD "PUBLIC 2000 0 f_public\nFUNC 2000 10 0 f\n");
    ck_assert_str_eq(at(0x200f), "f+0xf ?:0");
    ck_assert_str_eq(at(0x2010), "none");
}
END_TEST

/* Without a size a FUNC is as good as a PUBLIC. */
START_TEST(test_function_without_size)
{
    open_text(HEAD "FUNC 1000 0 4 f\n1000 0 5 0\nFUNC 2000 10 0 g\n");
    ck_assert_str_eq(at(0x1000), "f+0x0 ?:0");
    ck_assert_str_eq(at(0x1800), "f+0x800 ?:0 ~");
    ck_assert_str_eq(at(0x2010), "none");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
}
END_TEST

START_TEST(test_overlapping_functions)
{
    open_text(HEAD "FUNC 1000 100 0 outer\n"
                   "1000 100 1 0\n"
                   "FUNC 1040 10 0 inner\n"
                   "FUNC 1040 20 0 again\n"
                   "FUNC 1048 2 0 innermost\n");
    ck_assert_str_eq(at(0x103f), "outer+0x3f ?:1");
    ck_assert_str_eq(at(0x1040), "inner+0x0 ?:0");
    ck_assert_str_eq(at(0x1049), "innermost+0x1 ?:0");
    ck_assert_str_eq(at(0x104a), "inner+0xa ?:0");
    ck_assert_str_eq(at(0x1050), "again+0x10 ?:0");
    ck_assert_str_eq(at(0x1060), "outer+0x60 ?:1");
    ck_assert_str_eq(at(0x10ff), "outer+0xff ?:1");
    ck_assert_str_eq(at(0x1100), "none");
}
END_TEST

START_TEST(test_unsorted)
{
    open_text(HEAD "FILE 70000 last.c\nFILE 1 one.c\nFILE 300 other.c\nFILE 1 one_again.c\n"
                   "FUNC 12345678 10 0 d\n12345678 10 1 70000\n"
                   "FUNC 1000 10 0 a\n1000 10 2 1\n"
                   "FUNC ff0000 10 0 c\nff0000 10 3 300\n"
                   "FUNC 2000 10 0 b\n"
                   "FUNC 1000 10 0 a_again\n");
    ck_assert_str_eq(at(0x1001), "a+0x1 one.c:2");
    ck_assert_str_eq(at(0x2001), "b+0x1 ?:0");
    ck_assert_str_eq(at(0xff0001), "c+0x1 other.c:3");
    ck_assert_str_eq(at(0x12345679), "d+0x1 last.c:1");
}
END_TEST

START_TEST(test_line_ends)
{
    open_text("MODULE windows x86 ABC1 a.pdb\r\n\r\nINFO CODE_ID 12\r\nFILE 0 a.c\r\n"
              "FUNC 1000 10 0 f\r\n1000 10 5 0\r\nPUBLIC 2000 0 p\r");
    ck_assert_str_eq(avd_sym_identity(sym)->debug_file, "a.pdb");
    ck_assert_str_eq(avd_sym_identity(sym)->code_id, "12");
    ck_assert_str_eq(at(0x1000), "f+0x0 a.c:5");
    ck_assert_str_eq(at(0x2000), "p+0x0 ?:0");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);

    open_text(HEAD "\n\nFILE 0 a.c\nFUNC 1000 10 0 f\n\n1000 10 5 0");
    ck_assert_str_eq(at(0x1000), "f+0x0 a.c:5");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
}
END_TEST

#define INLINES                                                                                    \
    "FILE 0 main.c\nFILE 1 foo.h\nFILE 2 bar.h\n"                                                  \
    "INLINE_ORIGIN 0 foo()\nINLINE_ORIGIN 1 bar(int, char)\n"                                      \
    "FUNC 1000 100 0 main\n"

START_TEST(test_inlines)
{
    open_text(HEAD INLINES "INLINE 0 42 0 0 1010 20 1080 10\n"
                           "INLINE 1 7 1 1 1018 8\n"
                           "INLINE 1 8 1 9 1018 8\n"
                           "1000 20 41 0\n"
                           "1010 8 5 1\n"
                           "1020 4 3 2\n"
                           "1080 10 6 1\n");
    ck_assert_str_eq(at(0x1000), "main+0x0 main.c:41");
    ck_assert_uint_eq(found.inline_count, 0);
    /* The first line record that covers the address. */
    ck_assert_str_eq(at(0x1010), "foo() main.c:41 < main+0x10 main.c:42");
    ck_assert_str_eq(at(0x1018), "bar(int, char) main.c:41 < foo() foo.h:7 < main+0x18 main.c:42");
    ck_assert_str_eq(at(0x1020), "foo() bar.h:3 < main+0x20 main.c:42");
    /* No line record here. */
    ck_assert_str_eq(at(0x102f), "foo() ?:0 < main+0x2f main.c:42");
    ck_assert_str_eq(at(0x1030), "main+0x30 ?:0");
    ck_assert_str_eq(at(0x108f), "foo() foo.h:6 < main+0x8f main.c:42");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
}
END_TEST

/* Records in any order, levels with a gap, origins nobody named, calls in no known file. */
START_TEST(test_odd_inlines)
{
    open_text(HEAD INLINES "1000 100 41 0\n"
                           "INLINE 5 70 -1 77 1000 100\n"
                           "INLINE 2 60 99 1 1000 100\n"
                           "INLINE 9 80 1 0 1000 100\n");
    ck_assert_str_eq(at(0x1000), "foo() main.c:41 < <name omitted> foo.h:80 < "
                                 "bar(int, char) ?:70 < main+0x0 ?:60");
}
END_TEST

/* The form before call files: calls lie in the file of the function around them. */
START_TEST(test_old_inlines)
{
    open_text(HEAD "FILE 0 main.c\nFILE 1 foo.h\nFILE 2 bar.h\n"
                   "INLINE_ORIGIN 0 1 foo()\nINLINE_ORIGIN 1 2 bar()\nINLINE_ORIGIN 2 -1 made up\n"
                   "FUNC 1000 100 0 main\n"
                   "INLINE 0 42 0 1010 20\n"
                   "INLINE 1 7 1 1010 8\n"
                   "INLINE 2 8 2 1010 4 1016 2\n"
                   "1000 100 3 2\n");
    ck_assert_str_eq(at(0x1010),
                     "made up bar.h:3 < bar() bar.h:8 < foo() foo.h:7 < main+0x10 ?:42");
    ck_assert_str_eq(at(0x1014), "bar() bar.h:3 < foo() foo.h:7 < main+0x14 ?:42");
    ck_assert_str_eq(at(0x1018), "foo() bar.h:3 < main+0x18 ?:42");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
}
END_TEST

START_TEST(test_too_many_inlines)
{
    struct avd_strbuf buf;
    unsigned i;

    avd_strbuf_init(&buf);
    avd_strbuf_puts(&buf, HEAD "FUNC 1000 10 0 f\n");
    for (i = 0; i < 1000; i++)
        avd_strbuf_printf(&buf, "INLINE %u 1 0 0 1000 10\n", i);
    open_text(avd_strbuf_text(&buf));
    ck_assert_int_eq(avd_sym_find(sym, 0x1000, &found), AVD_OK);
    ck_assert_uint_eq(found.inline_count, AVD_MAX_SYM_INLINES);
    avd_strbuf_deinit(&buf);
}
END_TEST

/* Each of these lines is counted and changes nothing else. */
START_TEST(test_damaged_lines)
{
    static const char *const lines[] = {"FUNC",
                                        "FUNC ",
                                        "FUNC 1000",
                                        "FUNC 1000 10 0",
                                        "FUNC 1000 10 0 ",
                                        "FUNC xyz 10 0 h",
                                        "FUNC 1000 -1 0 h",
                                        "FUNC 123456789 10 0 h",
                                        "FUNC fffffff0 20 0 h",
                                        "FUNC 10000000000001000 10 0 h",
                                        "FUNC 1000 ffffffffffffffff 0 h",
                                        "FUNC\t1000 10 0 h",
                                        "FILE",
                                        "FILE 3",
                                        "FILE 3 ",
                                        "FILE x a.c",
                                        "FILE 99999999999 a.c",
                                        "FILE -1 a.c",
                                        "PUBLIC 1000",
                                        "PUBLIC 1000 0",
                                        "PUBLIC 1000 0 ",
                                        "PUBLIC zz 0 p",
                                        "PUBLICITY",
                                        "1000 10 5",
                                        "1000 10",
                                        "1000",
                                        "1000 10 5 ",
                                        "1000 10 x 0",
                                        "1000 10 5 0 extra",
                                        "1000 10 4294967296 0",
                                        "1000 10 5 4294967296",
                                        "1000 10 -5 0",
                                        "1000 1ffffffff 5 0",
                                        "INLINE",
                                        "INLINE 0 1 2",
                                        "INLINE 0 1 2 3",
                                        "INLINE 0 1 x 0 1000 10",
                                        "INLINE 0 1 2 3 1000 10 1000 zz",
                                        "INLINE 0 1 2 3 fffffff0 20",
                                        "INLINE_ORIGIN",
                                        "INLINE_ORIGIN 5",
                                        "INLINE_ORIGIN 5 ",
                                        "INLINE_ORIGIN x name",
                                        "INLINED 1 2 3 4 1000 10",
                                        "STACK",
                                        "STACK ",
                                        "STACK WIN",
                                        "STACK WIN 4 1000 10 0 0 0 0 0 0",
                                        "STACK WIN 4 1000 10 0 0 0 0 0 0 1",
                                        "STACK WIN 4 1000 10 0 0 0 0 0 0 2 x",
                                        "STACK WIN 4 fffffff0 20 0 0 0 0 0 0 0 0",
                                        "STACK CFI",
                                        "STACK CFI INIT 1000 10",
                                        "STACK CFI INIT 1000 zz .cfa: 1",
                                        "STACK CFI 1000",
                                        "STACK CFI INIT fffffff0 20 .cfa: 1",
                                        "MODULE windows x86 ABC1 again",
                                        "GARBAGE",
                                        "?",
                                        "-",
                                        "\x01\x02",
                                        "zzz 1 2 3"};
    char text[512];
    size_t i;

    for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        (void)snprintf(text, sizeof text,
                       HEAD "FILE 0 a.c\nFUNC 2000 10 0 g\n2000 8 5 0\n%s\nFUNC 3000 10 0 h\n",
                       lines[i]);
        open_text(text);
        ck_assert_msg(avd_sym_bad_lines(sym) == 1, "'%s' counts %u", lines[i],
                      (unsigned)avd_sym_bad_lines(sym));
        ck_assert_str_eq(at(0x1000), "none");
        ck_assert_str_eq(at(0x2000), "g+0x0 a.c:5");
        ck_assert_str_eq(at(0x2008), "g+0x8 ?:0");
        ck_assert_str_eq(at(0x3000), "h+0x0 ?:0");
    }
}
END_TEST

/* Behind a damaged line the function's records go on. */
START_TEST(test_damage_within_function)
{
    open_text(HEAD "FILE 0 a.c\nFUNC 1000 20 0 f\n1000 garbage\nINLINE zz\n1000 10 5 0\n"
                   "FILE 1 b.c\n1010 8 6 1\n");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 2);
    ck_assert_str_eq(at(0x1000), "f+0x0 a.c:5");
    ck_assert_str_eq(at(0x1010), "f+0x10 b.c:6");
}
END_TEST

START_TEST(test_long_name)
{
    struct avd_strbuf buf;
    size_t i;

    avd_strbuf_init(&buf);
    avd_strbuf_puts(&buf, HEAD "FUNC 1000 10 0 x");
    for (i = 0; i < AVD_MAX_SYM_NAME_BYTES; i++)
        avd_strbuf_puts(&buf, "\xc3\xa9");
    avd_strbuf_puts(&buf, "\nFUNC 2000 10 0 g\n");
    open_text(avd_strbuf_text(&buf));
    ck_assert_int_eq(avd_sym_find(sym, 0x1000, &found), AVD_OK);
    /* The limit lies within a sequence, which is left out whole. */
    ck_assert_uint_eq(strlen(found.function), AVD_MAX_SYM_NAME_BYTES - 1);
    ck_assert_str_eq(&found.function[AVD_MAX_SYM_NAME_BYTES - 3], "\xc3\xa9");
    ck_assert_str_eq(at(0x2001), "g+0x1 ?:0");
    avd_strbuf_deinit(&buf);
}
END_TEST

/* Looking back ends: a function below more than AVD_MAX_SYM_OVERLAP others is not found. */
START_TEST(test_overlap_limit)
{
    struct avd_strbuf buf;
    unsigned i;

    avd_strbuf_init(&buf);
    avd_strbuf_puts(&buf, HEAD "FUNC 1000 100000 0 outer\n");
    for (i = 0; i < 2 * AVD_MAX_SYM_OVERLAP; i++)
        avd_strbuf_printf(&buf, "FUNC %x 1 0 tiny\n", 0x2000 + i * 16);
    open_text(avd_strbuf_text(&buf));
    ck_assert_str_eq(at(0x2001), "outer+0x1001 ?:0");
    ck_assert_str_eq(at(0x2001 + 200 * 16), "outer+0x1c81 ?:0");
    ck_assert_str_eq(at(0x2001 + 500 * 16), "none");
    avd_strbuf_deinit(&buf);
}
END_TEST

/* "fpo rva+size prolog params regs locals max: program or base pointer"; or "none". */
static const char *frame_at(uint64_t rva)
{
    static char text[512];
    struct avd_frame_data frame;
    enum avd_status status = avd_sym_frame_data(sym, rva, &frame);

    if (status == AVD_NOT_FOUND)
        return "none";
    ck_assert_int_eq(status, AVD_OK);
    (void)snprintf(text, sizeof text, "%s%x+%x %x %x %x %x %x: %s", frame.is_fpo ? "fpo " : "",
                   (unsigned)frame.rva, frame.code_size, frame.prolog_size, frame.parameter_size,
                   frame.saved_regs_size, frame.locals_size, frame.max_stack_size,
                   frame.program != NULL          ? frame.program
                   : frame.allocates_base_pointer ? "ebp"
                                                  : "no ebp");
    return text;
}

START_TEST(test_stack_win)
{
    open_text(HEAD "STACK WIN 0 1000 100 1 2 3 4 5 6 0 1\n"
                   "STACK WIN 4 1010 20 11 12 13 14 15 16 1 $T0 $ebp = $eip $T0 4 + ^ =\r\n"
                   "STACK WIN 4 1018 18 8 0 13 14 15 16 1 inner\n"
                   "STACK WIN 4 1018 10 7 0 13 14 15 16 1 innermost\n"
                   "STACK WIN 4 1018 10 7 0 13 14 15 16 1 twice\n"
                   "STACK WIN 0 1040 8 0 0 0 0 0 0 0 0\n"
                   "STACK WIN 3 1000 100 0 0 0 0 0 0 0 1\n"
                   "STACK WIN 4 1050 0 0 0 0 0 0 0 1 nothing\n");
    ck_assert_str_eq(frame_at(0xfff), "none");
    ck_assert_str_eq(frame_at(0x1000), "fpo 1000+100 1 3 4 5 6: ebp");
    ck_assert_str_eq(frame_at(0x1010), "1010+20 11 13 14 15 16: $T0 $ebp = $eip $T0 4 + ^ =");
    ck_assert_str_eq(frame_at(0x1018), "1018+10 7 13 14 15 16: innermost");
    ck_assert_str_eq(frame_at(0x1028), "1018+18 8 13 14 15 16: inner");
    ck_assert_str_eq(frame_at(0x1030), "fpo 1000+100 1 3 4 5 6: ebp");
    ck_assert_str_eq(frame_at(0x1047), "fpo 1040+8 0 0 0 0 0: no ebp");
    ck_assert_str_eq(frame_at(0x1050), "fpo 1000+100 1 3 4 5 6: ebp");
    ck_assert_str_eq(frame_at(0x10ff), "fpo 1000+100 1 3 4 5 6: ebp");
    ck_assert_str_eq(frame_at(0x1100), "none");
    ck_assert_str_eq(frame_at(0x100001010), "none");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
}
END_TEST

static const char *rules_at(uint64_t rva)
{
    const char *rules;
    enum avd_status status = avd_sym_cfi(sym, rva, &arena, &rules);

    if (status == AVD_NOT_FOUND) {
        ck_assert_ptr_null(rules);
        return "none";
    }
    ck_assert_int_eq(status, AVD_OK);
    return rules;
}

START_TEST(test_stack_cfi)
{
    open_text(HEAD "STACK CFI INIT 1000 40 .cfa: $rsp 8 + .ra: .cfa -8 + ^\n"
                   "STACK CFI 1001 .cfa: $rsp 16 +\n"
                   "STACK CFI 1004 $rbp: .cfa -16 + ^  .cfa: $rbp 16 + \r\n"
                   "STACK CFI 103f .cfa: $rsp 8 +\n"
                   "STACK CFI INIT 1040 10 .cfa: 1 .ra: 2\n"
                   "FUNC 1000 10 0 f\n"
                   "STACK CFI 1041 .cfa: nobody's\n"
                   "STACK CFI INIT 3000 10 .cfa: 5\n"
                   "STACK CFI 3008 .cfa: 8\n"
                   "STACK CFI 3004 .cfa: 4\n"
                   "STACK CFI 2000 .cfa: below\n"
                   "STACK CFI 3004 .cfa: again\n");
    ck_assert_str_eq(rules_at(0xfff), "none");
    ck_assert_str_eq(rules_at(0x1000), ".cfa: $rsp 8 + .ra: .cfa -8 + ^");
    ck_assert_str_eq(rules_at(0x1003), ".cfa: $rsp 16 + .ra: .cfa -8 + ^");
    ck_assert_str_eq(rules_at(0x1004), ".cfa: $rbp 16 + .ra: .cfa -8 + ^ $rbp: .cfa -16 + ^");
    ck_assert_str_eq(rules_at(0x103f), ".cfa: $rsp 8 + .ra: .cfa -8 + ^ $rbp: .cfa -16 + ^");
    ck_assert_str_eq(rules_at(0x1044), ".cfa: 1 .ra: 2");
    ck_assert_str_eq(rules_at(0x1050), "none");
    /* In the order of addresses, then of the file. */
    ck_assert_str_eq(rules_at(0x3003), ".cfa: 5");
    ck_assert_str_eq(rules_at(0x3004), ".cfa: again");
    ck_assert_str_eq(rules_at(0x3008), ".cfa: 8");
    ck_assert_str_eq(rules_at(0x100001000), "none");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
}
END_TEST

START_TEST(test_damaged_cfi)
{
    open_text(HEAD "STACK CFI INIT 1000 40 .cfa: 1 .ra: 2\n"
                   "STACK CFI zz .cfa: bad\n"
                   "STACK CFI 1004 .cfa: 4\n"
                   "STACK CFI 1008 8 .cfa: does not begin with a register\n"
                   "STACK CFI 1008 .ra: 8 .cfa:\n"
                   "STACK CFI 1008 .cfa: .ra: 8\n"
                   "STACK CFI 100c .ra: 12\n"
                   "STACK CFI INIT 1010 8 nothing\n"
                   "STACK CFI 1011 .cfa: lost\n");
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 1);
    ck_assert_str_eq(rules_at(0x1004), ".cfa: 4 .ra: 2");
    ck_assert_str_eq(rules_at(0x1008), ".cfa: 4 .ra: 2");
    ck_assert_str_eq(rules_at(0x100c), ".cfa: 4 .ra: 12");
    /* An INIT that says nothing gives way to the one around it. */
    ck_assert_str_eq(rules_at(0x1012), ".cfa: 4 .ra: 12");
}
END_TEST

START_TEST(test_cfi_limits)
{
    struct avd_strbuf buf;
    const char *rules;
    unsigned i;

    avd_strbuf_init(&buf);
    avd_strbuf_puts(&buf, HEAD "STACK CFI INIT 1000 100000 .cfa: 0\n");
    for (i = 0; i < AVD_MAX_SYM_DELTAS + 10; i++)
        avd_strbuf_printf(&buf, "STACK CFI %x .cfa: %u\n", 0x1000 + i, i);
    avd_strbuf_puts(&buf, "STACK CFI INIT 200000 10");
    for (i = 0; i < AVD_MAX_SYM_REGISTERS + 10; i++)
        avd_strbuf_printf(&buf, " r%u: %u", i, i);
    open_text(avd_strbuf_text(&buf));
    ck_assert_str_eq(rules_at(0x1100), ".cfa: 256");
    ck_assert_str_eq(rules_at(0x10fff), ".cfa: 8191");
    /* More registers than can be kept: no rules rather than half of them. */
    ck_assert_int_eq(avd_sym_cfi(sym, 0x200001, &arena, &rules), AVD_NOT_FOUND);
    avd_strbuf_deinit(&buf);
}
END_TEST

#define EVERYTHING                                                                                 \
    HEAD INLINES "INLINE 0 42 0 0 1010 20\n1000 100 41 0\n"                                        \
                 "PUBLIC 900 0 p\nPUBLIC 800 0 q\n"                                                \
                 "STACK WIN 4 1000 100 0 0 0 0 0 0 1 $eip 4 =\n"                                   \
                 "STACK CFI INIT 1000 100 .cfa: 1 .ra: 2\nSTACK CFI 1001 .cfa: 2\n"

/* Asks everything; AVD_OK, AVD_NOT_FOUND or AVD_E_NOMEM, the first that is not AVD_OK. */
static enum avd_status ask_everything(void)
{
    struct avd_frame_data frame;
    const char *rules;
    enum avd_status status = avd_sym_find(sym, 0x1011, &found);

    if (status == AVD_OK)
        status = avd_sym_find(sym, 0x901, &found);
    if (status == AVD_OK)
        status = avd_sym_frame_data(sym, 0x1011, &frame);
    if (status == AVD_OK)
        status = avd_sym_cfi(sym, 0x1011, &arena, &rules);
    return status;
}

START_TEST(test_out_of_memory)
{
    unsigned long n;

    for (n = 1; n < 100; n++) {
        enum avd_status status;

        avd_arena_deinit(&arena);
        avd_mem_fail_after(n);
        status = open_bytes(EVERYTHING, sizeof EVERYTHING - 1);
        if (status == AVD_OK)
            status = ask_everything();
        avd_mem_fail_after(0);
        if (status == AVD_OK)
            break;
        ck_assert_int_eq(status, AVD_E_NOMEM);
    }
    ck_assert_uint_gt(n, 8);
    ck_assert_uint_lt(n, 100);
}
END_TEST

/* Cut anywhere, and with any byte changed, the rest is still read. */
START_TEST(test_every_cut_and_flip)
{
    static char text[] = EVERYTHING;
    size_t size = sizeof text - 1;
    size_t i;

    for (i = 0; i < size; i++) {
        char *cut = malloc(i + 1);
        char old = text[i];

        /* A block of exactly that size, so that a byte too far is seen by the sanitizer. */
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, text, i);
        if (open_bytes(cut, i) == AVD_OK)
            (void)ask_everything();
        avd_sym_close(sym);
        sym = NULL;
        free(cut);
        text[i] = (char)(old ^ (1 << i % 8));
        if (open_bytes(text, size) == AVD_OK)
            (void)ask_everything();
        text[i] = old;
    }
    open_text(text);
    ck_assert_int_eq(ask_everything(), AVD_OK);
}
END_TEST

static void write_gzip(const char *path, const char *text, size_t cut)
{
    char bytes[65536];
    size_t size;
    FILE *file;
    gzFile packed = gzopen(path, "wb");

    ck_assert_ptr_nonnull(packed);
    ck_assert_int_eq(gzwrite(packed, text, (unsigned)strlen(text)), (int)strlen(text));
    ck_assert_int_eq(gzclose(packed), Z_OK);
    file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size - cut, file), size - cut);
    (void)fclose(file);
}

START_TEST(test_files)
{
    char path[] = "/tmp/avdump-test-XXXXXX";
    int fd = mkstemp(path);
    FILE *file;

    ck_assert_int_ge(fd, 0);
    file = fdopen(fd, "wb");
    ck_assert_ptr_nonnull(file);
    (void)fputs(EVERYTHING, file);
    (void)fclose(file);
    ck_assert_int_eq(avd_sym_open(path, &sym, &error), AVD_OK);
    ck_assert_str_eq(at(0x1011), "foo() main.c:41 < main+0x11 main.c:42");
    avd_sym_close(sym);

    write_gzip(path, EVERYTHING, 0);
    ck_assert_int_eq(avd_sym_open(path, &sym, &error), AVD_OK);
    ck_assert(!avd_sym_truncated(sym));
    ck_assert_str_eq(at(0x1011), "foo() main.c:41 < main+0x11 main.c:42");
    avd_sym_close(sym);

    write_gzip(path, EVERYTHING, 40);
    ck_assert_int_eq(avd_sym_open(path, &sym, &error), AVD_OK);
    ck_assert(avd_sym_truncated(sym));
    ck_assert_str_eq(avd_sym_identity(sym)->cpu, "x86");
    (void)remove(path);
}
END_TEST

/* Breakpad's own minidump2: what minidump2.stackwalk.out prints, at the return address less one. */
START_TEST(test_breakpad_corpus)
{
    static const char path[] = CORPUS "/breakpad/testdata/symbols/test_app.pdb/"
                                      "5A9832E5287241C1838ED98914E9B7FF1/test_app.sym";

    if (avd_sym_open(path, &sym, &error) != AVD_OK)
        return;
    ck_assert_uint_eq(avd_sym_bad_lines(sym), 0);
    ck_assert_str_eq(at(0x429e), "`anonymous namespace'::CrashFunction+0xe c:\\test_app.cc:58");
    ck_assert_str_eq(at(0x41ff), "main+0x4f c:\\test_app.cc:65");
    ck_assert_str_eq(at(0x53eb), "__tmainCRTStartup+0x15e "
                                 "f:\\sp\\vctools\\crt_bld\\self_x86\\crt\\src\\crt0.c:327");
    ck_assert_str_eq(frame_at(0x429e),
                     "4290+18 4 0 0 4 0: $T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + = "
                     "$L $T0 .cbSavedRegs - = $P $T0 8 + .cbParams + =");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_identity);
    tcase_add_test(tests, test_no_symbol_file);
    tcase_add_test(tests, test_function_and_lines);
    tcase_add_test(tests, test_same_string_again);
    tcase_add_test(tests, test_many_strings);
    tcase_add_test(tests, test_not_x86);
    tcase_add_test(tests, test_public);
    tcase_add_test(tests, test_public_at_start_of_function);
    tcase_add_test(tests, test_function_without_size);
    tcase_add_test(tests, test_overlapping_functions);
    tcase_add_test(tests, test_unsorted);
    tcase_add_test(tests, test_line_ends);
    tcase_add_test(tests, test_inlines);
    tcase_add_test(tests, test_odd_inlines);
    tcase_add_test(tests, test_old_inlines);
    tcase_add_test(tests, test_too_many_inlines);
    tcase_add_test(tests, test_damaged_lines);
    tcase_add_test(tests, test_damage_within_function);
    tcase_add_test(tests, test_long_name);
    tcase_add_test(tests, test_overlap_limit);
    tcase_add_test(tests, test_stack_win);
    tcase_add_test(tests, test_stack_cfi);
    tcase_add_test(tests, test_damaged_cfi);
    tcase_add_test(tests, test_cfi_limits);
    tcase_add_test(tests, test_out_of_memory);
    tcase_add_test(tests, test_every_cut_and_flip);
    tcase_add_test(tests, test_files);
    tcase_add_test(tests, test_breakpad_corpus);
}

int main(void)
{
    return suite_main("breakpad_sym", add_tests);
}
