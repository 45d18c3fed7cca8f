/* SPDX-License-Identifier: MIT */
/*
 * Walking over damaged stacks, code and unwind tables: whatever the bytes, a walk ends, keeps its
 * ceiling and its stack, and says why it ended (fuzz/process.c has the list and aborts).
 */
#include "process.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { MUTANTS = 50 * 1000 /* of each CPU */ };

static uint64_t state;

/* xorshift64* */
static uint32_t below(uint32_t limit)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717) >> 33) % limit);
}

static void put32(uint8_t *at, uint32_t value)
{
    unsigned i;

    for (i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* One change: a bit, a byte, a number that means something in a process, a piece moved. */
static void damage(uint8_t *bytes, size_t size)
{
    uint32_t range = (uint32_t)size - FUZZ_HEADER - 16;
    uint32_t at = FUZZ_HEADER + below(range);

    switch (below(7)) {
    case 0: bytes[at] ^= (uint8_t)(1u << below(8)); break;
    case 1: bytes[at] = (uint8_t)below(256); break;
    case 2: bytes[below(FUZZ_HEADER)] ^= (uint8_t)(1u << below(8)); break;
    case 3: put32(&bytes[at & ~7u], (uint32_t)FUZZ_STACK + 4 * below(0x80)); break;
    case 4: put32(&bytes[at & ~7u], (uint32_t)FUZZ_IMAGE + below(0x300)); break;
    case 5: put32(&bytes[at & ~3u], below(0x300)); break;
    default: memmove(&bytes[at], &bytes[FUZZ_HEADER + below(range)], 16);
    }
}

static void run(bool x86)
{
    unsigned long ends[AVD_END_UNSUPPORTED_CPU + 1] = {0};
    unsigned long long_stacks = 0;
    uint8_t sample[FUZZ_SAMPLE_MAX];
    uint8_t mutant[FUZZ_SAMPLE_MAX];
    size_t size = fuzz_process_sample(x86, sample);
    struct fuzz_process process;
    struct fuzz_outcome outcome;
    unsigned i;

    ck_assert(fuzz_process_parse(sample, size, &process));
    outcome = fuzz_process_walk(&process);
    ck_assert_uint_eq(outcome.frames, 3);
    ck_assert_int_eq(outcome.end, AVD_END_COMPLETE);
    state = UINT64_C(0x9e3779b97f4a7c15);
    for (i = 0; i < MUTANTS; i++) {
        unsigned changes = 1 + below(32);

        memcpy(mutant, sample, size);
        while (changes-- != 0)
            damage(mutant, size);
        /* The header may say anything but which CPU it is. */
        mutant[0] = (uint8_t)((mutant[0] & ~FUZZ_X86) | (sample[0] & FUZZ_X86));
        ck_assert(fuzz_process_parse(mutant, size, &process));
        outcome = fuzz_process_walk(&process);
        ends[outcome.end]++;
        long_stacks += outcome.frames > 2;
    }
    (void)printf("%s: %u walks, %lu with more than two frames; complete %lu, no memory %lu, no "
                 "unwind info %lu, bad unwind info %lu, not code %lu, stack pointer %lu, limit "
                 "%lu\n",
                 x86 ? "x86" : "x64", i, long_stacks, ends[AVD_END_COMPLETE],
                 ends[AVD_END_NO_MEMORY], ends[AVD_END_NO_UNWIND_INFO],
                 ends[AVD_END_BAD_UNWIND_INFO], ends[AVD_END_NOT_CODE], ends[AVD_END_STACK_POINTER],
                 ends[AVD_END_LIMIT]);
    (void)fflush(stdout);
    /* The damage is neither too little nor too much to show anything. */
    ck_assert_uint_gt(long_stacks, MUTANTS / 10);
    ck_assert_uint_gt(ends[AVD_END_COMPLETE], MUTANTS / 100);
    ck_assert_uint_gt(ends[AVD_END_STACK_POINTER], 0);
    ck_assert_uint_gt(ends[AVD_END_NOT_CODE], 0);
}

START_TEST(test_x64)
{
    run(false);
}
END_TEST

START_TEST(test_x86)
{
    run(true);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_x64);
    tcase_add_test(tests, test_x86);
}

int main(void)
{
    return suite_main("walk_mutants", add_tests);
}
