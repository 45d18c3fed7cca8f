/* SPDX-License-Identifier: MIT */
/* src/stack/prologue.c: what the first instructions of an x86 function take off the stack. */
#include "stack/prologue.h"

#include "support/dump_fixture.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <string.h>

enum {
    START = 0x401200,
    PC = 0x401300, /* inside the function */
    CALLER = 0x402040,
    STALE = 0x402080,
    SP = 0x10100
};

static struct fake_process *process(void)
{
    struct fake_process *p = fake_new(&avd_cpu_x86);

    fake_module(p, 0x400000, 0x10000);
    fake_map(p, 0x401000, 0x2000);
    fake_map(p, 0x10000, 0x2000);
    fake_call_before(p, CALLER);
    fake_call_before(p, STALE);
    fake_call_before(p, PC);
    p->starts[0] = START;
    return p;
}

START_TEST(test_forms)
{
    static const struct {
        const char *code;
        size_t code_size;
        uint64_t size;
        bool whole;
        uint64_t ebp_offset; /* 0: it is not saved */
    } forms[] = {
        {"\x55\x8b\xec\x83\xec\x10", 6, 0x14, true, 4},
        {"\x55\x89\xe5\x81\xec\x00\x02\x00\x00\x53\x56\x57", 12, 0x210, true, 4},
        {"\x8b\xff\x55\x8b\xec\x5d\x81\xec\x5c\x02\x00\x00", 12, 0x25c, true, 0}, /* hot patch */
        {"\x8b\xff\x55\x8b\xec\xf3\x0f\x1e\xfb\x5d\x83\xec\x0c", 13, 0xc, true, 0},
        {"\xf3\x0f\x1e\xfb\x53\x56", 6, 8, true, 0},
        {"\x53\x57\x56\x55\x83\xec\x08", 7, 0x18, true, 0x10},
        {"\x8b\x44\x24\x04\x56\x8b\xf0\x85\xf6", 9, 4, true, 0},
        {"\x83\xec\x08\xa1\x00\x30\x40\x00\x33\xc4\x89\x44\x24\x04\x56", 15, 0xc, true, 0},
        {"\x64\xa1\x00\x00\x00\x00\x8d\x84\x24\x00\x01\x00\x00", 13, 0, true, 0},
        {"", 0, 0, true, 0},
        /* Reading stops: at an argument, a jump, a call, another change of esp. */
        {"\x56\x56\x56", 3, 4, false, 0},
        {"\x56\x50", 2, 4, false, 0},
        {"\x53\x74\x05\x56", 4, 4, false, 0},
        {"\x53\xe8\x00\x00\x00\x00\x56", 7, 4, false, 0},
        {"\x55\x8b\xec\x83\xe4\xf0\x83\xec\x10", 9, 4, false, 4},
        {"\x56\x8d\x64\x24\xf0", 5, 4, false, 0},
        {"\x56\x8b\xe5", 3, 4, false, 0},
        {"\x56\x83\xec\xf0", 4, 4, false, 0},             /* less than nothing */
        {"\x56\x81\xec\x00\x00\x20\x00", 7, 4, false, 0}, /* more than a stack */
        {"\x56\xcc", 2, 4, false, 0},
    };
    struct fake_process *p = process();
    struct avd_prologue prologue;
    size_t i;

    for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        fake_bytes(p, START, forms[i].code, forms[i].code_size);
        avd_walk_read_prologue(&p->walk, START, START + forms[i].code_size, &prologue);
        ck_assert_msg(prologue.size == forms[i].size && prologue.whole == forms[i].whole,
                      "form %zu: size 0x%x, whole %d", i, (unsigned)prologue.size, prologue.whole);
        ck_assert_uint_eq(prologue.saves_ebp, forms[i].ebp_offset != 0);
        ck_assert_uint_eq(prologue.ebp_offset, forms[i].ebp_offset);
    }
    avd_walk_read_prologue(&p->walk, START, START - 1, &prologue);
    ck_assert(!prologue.whole);
    /* Up to pc only; in the middle of an instruction it is none of its. */
    fake_bytes(p, START, "\x55\x8b\xec\x83\xec\x10", 6);
    ck_assert_uint_eq(avd_walk_prologue_size(&p->walk, START, START + 3), 4);
    avd_walk_read_prologue(&p->walk, START, START + 4, &prologue);
    ck_assert(!prologue.whole);
    ck_assert_uint_eq(prologue.size, 4);
    p->walk.cpu = &avd_cpu_amd64;
    ck_assert_uint_eq(avd_walk_prologue_size(&p->walk, START, PC), 0);
    fake_free(p);
}
END_TEST

START_TEST(test_frame_size)
{
    static const struct {
        const char *bytes;
        size_t size;
    } ends[] = {
        {"\xcc", 1},
        {"\x90", 1},
        {"\x8d\xb4\x26\x00\x00\x00\x00", 7},
        {"\xc3", 1},
        {"\xc2\x08\x00", 3},
        {"\xe9\x00\x01\x00\x00", 5},
        {"\x0f\x1f\x44\x00\x00", 5},
    };
    struct fake_process *p = process();
    struct avd_frame frame = {.pc = PC};
    uint64_t size;
    size_t i;

    fake_bytes(p, START, "\x83\xec\x20", 3);
    ck_assert(avd_walk_frame_size(&p->walk, &frame, &size));
    ck_assert_uint_eq(size, 0x20);
    /* Another function may begin in between. */
    for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        fake_bytes(p, START + 0x80 - ends[i].size, ends[i].bytes, ends[i].size);
        ck_assert_msg(!avd_walk_frame_size(&p->walk, &frame, &size), "end %zu", i);
        ck_assert_uint_eq(size, 0);
        fake_bytes(p, START + 0x70, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16);
    }
    ck_assert(avd_walk_frame_size(&p->walk, &frame, &size));
    frame.exact = true;
    ck_assert(!avd_walk_frame_size(&p->walk, &frame, &size));
    frame.exact = false;
    p->starts[0] = 0;
    ck_assert(!avd_walk_frame_size(&p->walk, &frame, &size));
    p->starts[0] = START - 0x4000; /* its bytes are not there */
    ck_assert(!avd_walk_frame_size(&p->walk, &frame, &size));
    p->starts[0] = START;
    frame.pc = UINT64_C(0xfff00000); /* too far */
    ck_assert(!avd_walk_frame_size(&p->walk, &frame, &size));
    fake_free(p);
}
END_TEST

/* What an earlier call left behind in the frame is not where the function returns to. */
START_TEST(test_scan)
{
    struct fake_process *p = process();
    const struct avd_stack *stack;

    fake_u32(p, SP, PC); /* a call through null, in the function */
    fake_u32(p, SP + 0x14, STALE);
    fake_u32(p, SP + 4 + 0x20, CALLER);
    fake_bytes(p, START, "\x83\xec\x20", 3);
    stack = fake_walk(p, 0, SP, NULL);
    ck_assert_uint_ge(stack->count, 3);
    ck_assert_uint_eq(stack->frames[1].pc, PC);
    ck_assert_uint_eq(stack->frames[2].pc, CALLER);
    p->starts[0] = 0;
    stack = fake_walk(p, 0, SP, NULL);
    ck_assert_uint_eq(stack->frames[2].pc, STALE);
    /* The call of the stale one leads to the function, whose size is thereby known. */
    fake_call_to(p, STALE, START);
    fake_call_to(p, CALLER, START);
    stack = fake_walk(p, 0, SP, NULL);
    ck_assert_uint_eq(stack->frames[2].pc, CALLER);
    ck_assert_int_eq(stack->frames[2].evidence, AVD_EVIDENCE_TARGET);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_forms);
    tcase_add_test(tests, test_frame_size);
    tcase_add_test(tests, test_scan);
}

int main(void)
{
    return suite_main("prologue", add_tests);
}
