/* SPDX-License-Identifier: MIT */
/* Pointers by class: what each value is taken for, and the values beside it that are not. */
#include "minidump/format.h"
#include "support/crash_run.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const uint8_t mov_eax_rcx_10[] = {0x8b, 0x41, 0x10}; /* mov eax, [rcx+0x10] or [ecx+0x10] */

#define NOT_REPORTED                                                                               \
    "the address is what Windows gives for all that the CPU does not report, and the instruction " \
    "does not tell which it was"

/* A read through rcx + 0x10 with this in rcx, as Windows reports it. */
static struct crash_run read_through(bool x86, uint64_t value)
{
    struct crash_run run = crash_run_begin(x86);
    uint64_t address = value + 0x10;
    bool canonical = address >> 47 == 0 || address >> 47 == 0x1ffff;

    (void)db_memory(run.b, run.pc, 16);
    db_poke(run.b, run.pc, mov_eax_rcx_10, sizeof mov_eax_rcx_10);
    run.regs64.rcx = value;
    run.regs32.ecx = (uint32_t)value;
    if (x86)
        address = (uint32_t)address;
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, canonical || x86 ? address : UINT64_MAX});
    return run;
}

static void check_kind(bool x86, uint64_t value, const char *kind, const char *findings)
{
    struct crash_run run = read_through(x86, value);

    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.kind", kind);
    crash_run_fact(&run, "pointer.source", x86 ? "ecx" : "rcx");
    crash_run_findings(&run, findings);
    crash_run_end(&run);
}

START_TEST(fill_patterns)
{
    static const uint32_t words[] = {
        0xfeeefeee, 0xdddddddd, 0xf0f0f0f0, 0xcdcdcdcd, 0xbaadf00d, 0xcccccccc, 0xc0c0c0c0,
        0xe0e0e0e0, 0xabababab, 0xfdfdfdfd, 0xe5e5e5e5, 0xd0d0d0d0, 0xa0a0a0a0,
    };
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        check_kind(true, words[i], "fill", "fill-pattern-pointer");
        check_kind(false, (uint64_t)words[i] << 32 | words[i], "fill", "fill-pattern-pointer");
        check_kind(true, words[i] - 8, "fill", "fill-pattern-pointer");
    }
    check_kind(true, 0xdddd0000, "other", "unmapped-pointer !fill-pattern-pointer");
    check_kind(true, 0xfeee0000, "other", "unmapped-pointer !fill-pattern-pointer");
    /* Half a pattern in a pointer of 64 bits is an address like any other. */
    check_kind(false, 0xcdcdcdcd, "other", "unmapped-pointer !fill-pattern-pointer");
}
END_TEST

START_TEST(what_a_fill_pattern_says)
{
    struct crash_run run = read_through(false, UINT64_C(0xdddddddddddddddd));

    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.value", "0xdddddddddddddddd");
    crash_run_fact(&run, "pointer.meaning", "the debug C runtime fills released memory with it");
    crash_run_fact(&run, "access.offset", "16");
    crash_run_end(&run);
    /* Memory that is there is no fill pattern. */
    run = read_through(true, 0xcdcdcdc0);
    db_region(run.b, 0xcdcdc000, 0x2000, MEM_COMMIT, PAGE_READWRITE, 0x20000);
    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.kind", "other");
    crash_run_findings(&run, "");
    crash_run_end(&run);
}
END_TEST

START_TEST(text)
{
    struct crash_run run;

    check_kind(true, 0x41414141, "text", "text-pointer");
    check_kind(false, UINT64_C(0x6f77206f6c6c6548), "text", "text-pointer"); /* "Hello wo" */
    check_kind(false, UINT64_C(0x0000776f6c6c6548), "text", "text-pointer"); /* "Hellow" */
    check_kind(false, UINT64_C(0x006c0065006c0065), "text", "text-pointer"); /* L"elel" */
    /* Five letters are where stacks are. */
    check_kind(false, UINT64_C(0x00000050536c6c65), "other",
               "unmapped-pointer !text-pointer !impossible-pointer");
    check_kind(true, 0x75011041, "other", "unmapped-pointer !text-pointer");
    run = read_through(false, UINT64_C(0x6f77206f6c6c6548));
    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.text", "Hello wo");
    crash_run_end(&run);
}
END_TEST

START_TEST(values_that_are_no_addresses)
{
    struct crash_run run;

    check_kind(false, UINT64_C(0x1234000000000000), "non-canonical", "impossible-pointer");
    check_kind(false, UINT64_C(0xffff800000001000), "kernel", "impossible-pointer");
    check_kind(false, UINT64_MAX, "minus one", "impossible-pointer");
    check_kind(false, UINT64_MAX - 0x20, "minus one", "impossible-pointer");
    check_kind(true, 0xffffffe0, "minus one", "impossible-pointer");
    /* Without code nothing tells which address it was. */
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, UINT64_MAX});
    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.kind", "? " NOT_REPORTED);
    crash_run_findings(&run, "!impossible-pointer");
    crash_run_end(&run);
}
END_TEST

/* movaps through ecx or rcx, as Windows reports it when the address is not aligned. */
static void check_movaps(bool x86, uint64_t value, const char *kind, const char *findings)
{
    static const uint8_t movaps_rcx_10[] = {0x0f, 0x28, 0x41, 0x10}; /* movaps xmm0, [rcx+0x10] */
    struct crash_run run = crash_run_begin(x86);

    (void)db_memory(run.b, run.pc, 16);
    db_poke(run.b, run.pc, movaps_rcx_10, sizeof movaps_rcx_10);
    run.regs64.rcx = value;
    run.regs32.ecx = (uint32_t)value;
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, x86 ? UINT32_MAX : UINT64_MAX});
    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.kind", kind);
    crash_run_findings(&run, findings);
    crash_run_end(&run);
}

START_TEST(addresses_that_are_not_aligned)
{
    check_movaps(false, 0x500008, "misaligned", "misaligned-access !impossible-pointer");
    check_movaps(true, 0x500004, "misaligned", "misaligned-access !impossible-pointer");
    /* These an aligned address cannot explain, or another fault comes first. */
    check_movaps(false, 0x500000, "? " NOT_REPORTED, "!misaligned-access !impossible-pointer");
    check_movaps(false, UINT64_C(0x1234000000000008), "non-canonical",
                 "impossible-pointer !misaligned-access");
    check_movaps(true, 0xffffffe8, "minus one", "impossible-pointer !misaligned-access");
}
END_TEST

START_TEST(a_page_that_cannot_be_read)
{
    struct crash_run run = crash_run_begin(false);

    (void)db_module(run.b, &(struct db_module){.base = 0x10000000,
                                               .size = 0x20000,
                                               .path = "\\\\server\\share\\plugin.dll"});
    crash_run_raise(&run, 0xc0000006, 3, (uint64_t[]){0, 0x10001000, 0xc00000c4});
    crash_run_analyze(&run);
    crash_run_fact(&run, "access.module", "plugin.dll");
    crash_run_fact(&run, "access.module_path", "\\\\server\\share\\plugin.dll");
    crash_run_fact(&run, "access.status", "0xc00000c4 (STATUS_UNEXPECTED_NETWORK_ERROR)");
    crash_run_findings(&run, "in-page-error");
    crash_run_end(&run);
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, 0x10001000});
    crash_run_analyze(&run);
    crash_run_fact(&run, "access.module", "? the address lies in no module");
    crash_run_fact(&run, "access.status", "? the exception is no in-page error");
    crash_run_findings(&run, "unmapped-pointer !in-page-error");
    crash_run_end(&run);
}
END_TEST

static void check_region(uint32_t state, uint32_t protect, const char *kind, const char *findings)
{
    struct crash_run run = crash_run_begin(false);

    db_region(run.b, 0x500000, 0x10000, state, protect, 0x20000);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){1, 0x508000});
    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.kind", kind);
    crash_run_findings(&run, findings);
    crash_run_end(&run);
}

START_TEST(what_memory_was_there)
{
    check_region(MEM_FREE, 0, "free", "unmapped-pointer");
    check_region(MEM_RESERVE, 0, "reserved", "unmapped-pointer");
    check_region(MEM_COMMIT, PAGE_NOACCESS, "no access", "unmapped-pointer");
    check_region(MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD, "guard page", "unmapped-pointer");
    check_region(MEM_COMMIT, PAGE_READONLY, "read-only", "write-to-read-only");
    check_region(MEM_COMMIT, PAGE_EXECUTE_READ, "read-only", "write-to-read-only");
    check_region(MEM_COMMIT, PAGE_READWRITE, "other", "!write-to-read-only !unmapped-pointer");
}
END_TEST

static void check_boundary(uint64_t address, uint32_t before, const char *expected,
                           const char *findings)
{
    struct crash_run run = crash_run_begin(false);

    db_region(run.b, 0x500000, 0x10000, MEM_COMMIT, before, 0x20000);
    db_region(run.b, 0x510000, 0x10000, MEM_FREE, 0, 0);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, address});
    crash_run_analyze(&run);
    crash_run_fact(&run, "access.page_boundary", expected);
    crash_run_findings(&run, findings);
    crash_run_end(&run);
}

START_TEST(over_the_end_of_a_page)
{
    check_boundary(0x510000, PAGE_READWRITE, "yes", "page-boundary");
    check_boundary(0x510010, PAGE_READWRITE, "no", "unmapped-pointer !page-boundary");
    check_boundary(0x510000, PAGE_NOACCESS, "no", "unmapped-pointer !page-boundary");
}
END_TEST

static bool has_evidence(const struct crash_run *run, const char *id, const char *line)
{
    size_t i;
    size_t k;

    for (i = 0; i < run->results.finding_count; i++)
        for (k = 0; k < run->results.findings[i].evidence_count; k++)
            if (strcmp(run->results.findings[i].rule->id, id) == 0 &&
                strcmp(run->results.findings[i].evidence[k], line) == 0)
                return true;
    return false;
}

/* A block of 13 bytes of full page heap, at the end of its page, and what is accessed behind it. */
static void check_page_heap(bool x86, uint64_t stamp, uint64_t address, const char *over)
{
    struct crash_run run = crash_run_begin(x86);
    const uint64_t block = 0x50fff0;

    (void)db_memory(run.b, 0x50f000, 0x1000);
    db_region(run.b, 0x500000, 0x10000, MEM_COMMIT, PAGE_READWRITE, 0x20000);
    db_region(run.b, 0x510000, 0x1000, MEM_COMMIT, PAGE_NOACCESS, 0x20000);
    db_poke32(run.b, block - (x86 ? 0x20 : 0x40), (uint32_t)stamp);
    db_poke32(run.b, block - (x86 ? 0x18 : 0x30), 13);
    db_poke32(run.b, block - 4, 0xdcbabbbb);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){1, address});
    crash_run_analyze(&run);
    crash_run_fact(&run, "access.page_heap_over", over);
    ck_assert_int_eq(
        has_evidence(&run, "page-boundary", "the access lies 3 bytes behind the end of that block"),
        over[0] == '3');
    if (over[0] != '?') {
        crash_run_fact(&run, "access.page_heap_block", x86 ? "0x0050fff0" : "0x000000000050fff0");
        crash_run_fact(&run, "access.page_heap_size", "13");
    }
    crash_run_end(&run);
}

START_TEST(over_the_end_of_a_block)
{
    static const char none[] =
        "? no block of full page heap that ends before the accessed page is in the dump";
    int x86;

    for (x86 = 0; x86 <= 1; x86++) {
        check_page_heap(x86, 0xabcdbbbb, 0x510000, "3");
        check_page_heap(x86, 0xabcdbbbb, 0x510ffc, "4095");
        check_page_heap(x86, 0xabcdbbbb, 0x511000, none); /* a page further */
        check_page_heap(x86, 0xabcdbbba, 0x510000, none); /* stamps of two kinds */
        check_page_heap(x86, 0xabcdaaaa, 0x510000, none);
    }
}
END_TEST

START_TEST(no_access_at_all)
{
    struct crash_run run = crash_run_begin(false);

    crash_run_raise(&run, 0xc0000094, 0, NULL);
    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.kind", "? the exception does not give an address");
    crash_run_findings(&run, "divide-by-zero");
    crash_run_end(&run);
    /* A null pointer is another rule's. */
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, 0x18});
    crash_run_analyze(&run);
    crash_run_fact(&run, "pointer.kind", "null");
    crash_run_findings(&run, "null-data-pointer");
    crash_run_end(&run);
    /* Behind the 64 KiB that nobody can allocate. */
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, 0x10018});
    crash_run_analyze(&run);
    crash_run_findings(&run, "unmapped-pointer !null-data-pointer");
    crash_run_end(&run);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, what_memory_was_there);
    tcase_add_test(tests, over_the_end_of_a_page);
    tcase_add_test(tests, over_the_end_of_a_block);
    tcase_add_test(tests, no_access_at_all);
    if (!crash_run_can_decode()) {
        printf("no instruction can be decoded here\n");
        return;
    }
    tcase_add_test(tests, fill_patterns);
    tcase_add_test(tests, what_a_fill_pattern_says);
    tcase_add_test(tests, text);
    tcase_add_test(tests, values_that_are_no_addresses);
    tcase_add_test(tests, addresses_that_are_not_aligned);
    tcase_add_test(tests, a_page_that_cannot_be_read);
}

int main(void)
{
    return suite_main("det_pointer", add_tests);
}
