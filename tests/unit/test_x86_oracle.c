/* SPDX-License-Identifier: MIT */
/*
 * src/x86 against the truth: at every instruction of functions of every shape, the caller must be
 * the one that called, as it was seen to call. Once with nothing but the code and the stack, and
 * once with the frame data of the program's PDB.
 */
#include "support/oracle.h"
#include "support/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a way of unwinding has to give. */
struct expectation {
    const char *runs; /* names begin so */
    bool with_symbols;
    unsigned long stops;   /* at least */
    unsigned long unknown; /* of these nothing can be known: before a switch whose table, which is
                              no code, was not recorded */
};

static bool wrong(const struct avd_regs *regs, const struct avd_regs *truth, unsigned reg,
                  bool may_be_unknown)
{
    return avd_reg_known(regs, reg) ? regs->value[reg] != truth->value[reg] : !may_be_unknown;
}

/*
 * The chain of EBP says nothing about the other registers, so that they may be unknown without
 * frame data; none may be wrong.
 */
static bool check_caller(const struct oracle *o, size_t above)
{
    static const uint8_t saved[] = {AVD_EBX, AVD_ESI, AVD_EDI};
    const struct avd_frame *caller = &o->stack.frames[above];
    const struct avd_regs *truth = &o->callers[o->caller_count - above];
    bool ok;
    size_t i;

    if (o->stack.count <= above) {
        (void)printf("%s 0x%" PRIx64 ": %zu frames: %s\n", o->run, o->regs.value[AVD_EIP],
                     o->stack.count, o->stack.end_detail);
        return false;
    }
    ok = caller->pc == truth->value[AVD_EIP] && caller->sp == truth->value[AVD_ESP] &&
         !wrong(&caller->regs, truth, AVD_EBP, false);
    for (i = 0; i < sizeof saved; i++)
        ok = ok && !wrong(&caller->regs, truth, saved[i], !o->with_symbols);
    if (ok)
        return true;
    (void)printf("%s 0x%" PRIx64 ", frame %zu by %s:", o->run, o->regs.value[AVD_EIP], above,
                 avd_method_name(caller->method));
    for (i = 0; i < AVD_REG_COUNT; i++) {
        if (!avd_reg_known(truth, (unsigned)i))
            continue;
        if (!avd_reg_known(&caller->regs, (unsigned)i))
            (void)printf(" %s unknown", o->cpu->reg_names[i]);
        else if (caller->regs.value[i] != truth->value[i])
            (void)printf(" %s 0x%" PRIx64 " for 0x%" PRIx64, o->cpu->reg_names[i],
                         caller->regs.value[i], truth->value[i]);
    }
    (void)printf("\n");
    return false;
}

/* The whole stack, as far as the true callers are known and in the code that was recorded. */
static bool check_stack(const struct oracle *o)
{
    bool ok = true;
    size_t i;

    for (i = 1; ok && i <= o->caller_count; i++) {
        if (i > 1 && !oracle_is_watched(o, o->stack.frames[i - 1].pc))
            break;
        ok = check_caller(o, i);
    }
    return ok;
}

static void check(struct expectation e)
{
    struct oracle *o = oracle_open(TESTDATA "/x86-stops.txt.gz");
    unsigned long stops = 0;
    unsigned long bad = 0;

    o->with_symbols = e.with_symbols;
    while (oracle_next(o)) {
        if (strncmp(o->run, e.runs, strlen(e.runs)) != 0)
            continue;
        /* In exception filters, which the system calls, the caller is not known. */
        if (o->truth.answer != ORACLE_GIVEN)
            continue;
        stops++;
        (void)oracle_walk(o);
        bad += !check_stack(o);
    }
    (void)printf("%s %s frame data: %lu stops, %lu differ\n", e.runs,
                 e.with_symbols ? "with" : "without", stops, bad);
    (void)fflush(stdout);
    ck_assert_uint_ge(stops, e.stops);
    ck_assert_uint_eq(bad, e.unknown);
    oracle_close(o);
}

/* Not optimised: every function has an EBP frame. */
START_TEST(test_ebp_frames)
{
    check((struct expectation){"shape_cases_0/", false, 2500, 0});
}
END_TEST

START_TEST(test_ebp_frames_with_frame_data)
{
    check((struct expectation){"shape_cases_0/", true, 2500, 0});
}
END_TEST

START_TEST(test_optimised_for_speed)
{
    check((struct expectation){"shape_cases_1/", true, 1500, 0});
}
END_TEST

START_TEST(test_optimised_for_size)
{
    check((struct expectation){"shape_cases_2/", true, 1500, 0});
}
END_TEST

/* Without an EBP frame and without symbols: what the code does is all there is. */
START_TEST(test_by_code_alone)
{
    check((struct expectation){"shape_cases_1/", false, 1500, 2});
    check((struct expectation){"shape_cases_2/", false, 1500, 2});
    check((struct expectation){"shape_cases_4/", false, 1500, 2});
}
END_TEST

/* With structured exception handling, as for Microsoft's run-time library. */
START_TEST(test_seh)
{
    check((struct expectation){"shape_cases_3/", false, 2500, 0});
}
END_TEST

START_TEST(test_seh_with_frame_data)
{
    check((struct expectation){"shape_cases_3/", true, 2500, 0});
}
END_TEST

START_TEST(test_seh_optimised)
{
    check((struct expectation){"shape_cases_4/", true, 1500, 0});
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_ebp_frames);
    tcase_add_test(tests, test_ebp_frames_with_frame_data);
    tcase_add_test(tests, test_optimised_for_speed);
    tcase_add_test(tests, test_optimised_for_size);
    tcase_add_test(tests, test_by_code_alone);
    tcase_add_test(tests, test_seh);
    tcase_add_test(tests, test_seh_with_frame_data);
    tcase_add_test(tests, test_seh_optimised);
}

int main(void)
{
    return suite_main("x86_oracle", add_tests);
}
