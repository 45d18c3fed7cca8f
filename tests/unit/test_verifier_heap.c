/* SPDX-License-Identifier: MIT */
/*
 * Blocks of page heap in stops: where the damage lies by the stop's parameters, and the header
 * before the block in dumps with its memory. Layout and stamps are those of Microsoft's page
 * "GFlags and PageHeap".
 */
#include "support/suite.h"
#include "support/verifier_run.h"

#include <string.h>

#define BLOCK UINT64_C(0x5e32ff0)
#define SIZE  13

/* ---- where the damage is ---- */

static const struct damage {
    uint32_t code;
    uint64_t block, size, address;
    const char *text; /* NULL: nothing can be said */
} damages[] = {
    /* Published: an off-by-one, and a released block of unknown size. */
    {0xf, 0x1956fbd9ff0, 4, 0x1956fbd9ff4, "the first byte behind the block"},
    {0xe, 0x129b6cc8, 0, 0x129b6ccc, "4 bytes behind the block's start; its size is not known"},
    {0xf, BLOCK, SIZE, BLOCK + SIZE + 1, "1 byte behind the block's end"},
    {0xf, BLOCK, SIZE, BLOCK + SIZE + 0x10000, "65536 bytes behind the block's end"},
    {0xf, BLOCK, SIZE, BLOCK + SIZE + 0x10001, NULL},
    {0xe, BLOCK, SIZE, BLOCK + 5, "5 bytes behind the block's start, in the block"},
    {0xe, BLOCK, SIZE, BLOCK - 2, "2 bytes before the block"},
    {0xe, BLOCK, SIZE, BLOCK - 0x10001, NULL},
    {0xf, BLOCK, UINT64_MAX, BLOCK + 5, NULL},
    {0xf, BLOCK, SIZE, 0, NULL},
    {0xf, 0, SIZE, BLOCK, NULL},
};

START_TEST(where_the_damage_is)
{
    const struct damage *damage = &damages[_i];
    struct vs_scene scene = {.cpu = VS_X64,
                             .way = VS_PAGE_HEAP,
                             .provider = "",
                             .code = damage->code,
                             .without_memory = true,
                             .values = {0xe11000, damage->block, damage->size, damage->address}};
    struct vs_run run = vs_run(&scene);

    ck_assert(run.v->recovered);
    ck_assert_ptr_null(run.v->values[1].text);
    if (damage->text == NULL)
        ck_assert_ptr_null(run.v->values[3].text);
    else
        ck_assert_str_eq(run.v->values[3].text, damage->text);
    vs_run_end(&run);
}
END_TEST

/* ---- the header ---- */

static struct db *with_header(enum vs_cpu cpu, uint32_t start, uint32_t end, uint64_t trace)
{
    struct vs_scene scene = {.cpu = cpu,
                             .way = VS_PAGE_HEAP,
                             .provider = "",
                             .code = 0x7,
                             .values = {0xe11000, BLOCK, SIZE, 0}};
    struct db *b = vs_build(&scene);

    (void)db_memory(b, BLOCK - 0x50, 0x50);
    db_poke32(b, BLOCK - 4, end);
    if (cpu == VS_X64) {
        db_poke32(b, BLOCK - 0x40, start);
        db_poke64(b, BLOCK - 0x30, SIZE);
        db_poke64(b, BLOCK - 0x10, trace);
    } else {
        db_poke32(b, BLOCK - 0x20, start);
        db_poke32(b, BLOCK - 0x18, SIZE);
        db_poke32(b, BLOCK - 0x8, (uint32_t)trace);
    }
    return b;
}

static void check_header(enum vs_cpu cpu, uint32_t start, uint32_t end, uint64_t trace,
                         const char *text)
{
    struct vs_run run = vs_run_built(with_header(cpu, start, end, trace));
    const struct avd_stop_value *block = &run.v->values[1];

    ck_assert(run.v->recovered);
    if (text == NULL)
        ck_assert_ptr_null(block->text);
    else
        ck_assert_str_eq(block->text, text);
    if (text != NULL && trace == VS_TRACE) {
        /* Its first two words are in no module here, as those of older headers. */
        ck_assert_uint_eq(block->trace->count, 3);
        ck_assert_str_eq(block->trace->lines[1].text, "app!open_it+0x25 ~");
    } else {
        ck_assert_ptr_null(block->trace);
    }
    vs_run_end(&run);
}

START_TEST(headers)
{
    enum vs_cpu cpu = (enum vs_cpu)_i;

    check_header(cpu, 0xabcdbbbb, 0xdcbabbbb, VS_TRACE,
                 "in use, 13 bytes, by page heap's header; the stack is that of its allocation");
    check_header(cpu, 0xabcdbbba, 0xdcbabbba, VS_TRACE,
                 "released, 13 bytes, by page heap's header; the stack is that of its release");
    check_header(cpu, 0xabcdaaaa, 0xdcbaaaaa, 0, "in use, 13 bytes, by page heap's header");
    check_header(cpu, 0xabcdaaa9, 0xdcbaaaa9, 0x123450000,
                 "released, 13 bytes, by page heap's header");
    /* One stamp is overwritten, or they are of two kinds. */
    check_header(cpu, 0xabcdbbbb, 0xdcba0000, VS_TRACE, NULL);
    check_header(cpu, 0xabcdbbba, 0xdcbabbbb, VS_TRACE, NULL);
    check_header(cpu, 0, 0, VS_TRACE, NULL);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, where_the_damage_is, 0, sizeof damages / sizeof damages[0]);
    tcase_add_loop_test(tests, headers, 0, VS_CPU_COUNT);
}

int main(void)
{
    return suite_main("verifier heap", add_tests);
}
