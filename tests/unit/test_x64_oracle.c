/* SPDX-License-Identifier: MIT */
/*
 * src/x64 against the system: at every instruction of functions of every shape, the caller must be
 * the true one and the one that RtlVirtualUnwind gave in the process itself.
 */
#include "support/oracle.h"
#include "support/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint8_t compared[] = {AVD_RIP, AVD_RSP, AVD_RBX, AVD_RBP, AVD_RSI,
                                   AVD_RDI, AVD_R12, AVD_R13, AVD_R14, AVD_R15};

static const char jump[] =
    "Wine takes no jump out of a function for the end of an epilogue; by Microsoft's \"x64 prolog "
    "and epilog\" a tail call ends one, and Windows unwinds it so";

/*
 * Where the system was wrong, and why the true caller counts: the calls were followed as they
 * happened.
 */
static struct {
    const char *run; /* a run whose name ends so */
    const char *reason;
    unsigned long stops;
} wrong_system[] = {
    {"exit_bnd_ret", "Wine does not know the prefix of MPX; Windows does", 0},
    {"exit_jump_near", jump, 0},
    {"exit_jump_short", jump, 0},
    {"exit_jump_to_itself", jump, 0},
    {"exit_jump_through_memory", jump, 0},
    {"exit_jump_through_register", jump, 0},
    {"exit_jump_through_r8", jump, 0},
    {"exit_jump_through_table", jump, 0},
    {"v2_jump", "the same in version 2, whose epilogue codes say where that is", 0},
    {"/switches", jump, 0},
    {"/tail_through_pointer", jump, 0},
    {"/deep", jump, 0},
};

enum { WRONG_SYSTEM = sizeof wrong_system / sizeof wrong_system[0] };

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);

    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

static bool may_be_wrong(const char *run)
{
    size_t i;

    for (i = 0; i < WRONG_SYSTEM; i++) {
        if (ends_with(run, wrong_system[i].run)) {
            wrong_system[i].stops++;
            return true;
        }
    }
    return false;
}

static bool same(const struct avd_regs *a, const struct avd_regs *b)
{
    size_t i;

    for (i = 0; i < sizeof compared; i++)
        if (!avd_reg_known(a, compared[i]) || !avd_reg_known(b, compared[i]) ||
            a->value[compared[i]] != b->value[compared[i]])
            return false;
    return true;
}

/* Prints what is different in the frame after `above` others; true when nothing is. */
static bool check_caller(const struct oracle *o, size_t above, const struct avd_regs *expected,
                         const char *whose)
{
    const struct avd_frame *caller = &o->stack.frames[above];
    size_t i;

    if (o->stack.count <= above) {
        (void)printf("%s 0x%" PRIx64 ": %zu frames: %s\n", o->run, o->regs.value[AVD_RIP],
                     o->stack.count, o->stack.end_detail);
        return false;
    }
    if (caller->pc != expected->value[AVD_RIP] || caller->sp != expected->value[AVD_RSP] ||
        !same(&caller->regs, expected)) {
        (void)printf("%s 0x%" PRIx64 ", frame %zu by %s, not %s:", o->run, o->regs.value[AVD_RIP],
                     above, avd_method_name(caller->method), whose);
        for (i = 0; i < sizeof compared; i++) {
            unsigned reg = compared[i];

            if (!avd_reg_known(&caller->regs, reg))
                (void)printf(" %s unknown", o->cpu->reg_names[reg]);
            else if (caller->regs.value[reg] != expected->value[reg])
                (void)printf(" %s 0x%" PRIx64 " for 0x%" PRIx64, o->cpu->reg_names[reg],
                             caller->regs.value[reg], expected->value[reg]);
        }
        (void)printf("\n");
        return false;
    }
    /* Found as Windows finds it, and not in a way that is there for want of unwind data. */
    if (caller->trust != AVD_TRUST_CFI ||
        (caller->method != AVD_METHOD_UNWIND_INFO && caller->method != AVD_METHOD_LEAF &&
         caller->method != AVD_METHOD_MACHINE_FRAME)) {
        (void)printf("%s 0x%" PRIx64 ": frame %zu by %s\n", o->run, o->regs.value[AVD_RIP], above,
                     avd_method_name(caller->method));
        return false;
    }
    return true;
}

/* The whole stack, as far as the true callers are known and in the code that was recorded. */
static bool check_stack(const struct oracle *o)
{
    bool ok = true;
    size_t i;

    for (i = 1; ok && i <= o->caller_count; i++) {
        if (i > 1 && !oracle_is_watched(o, o->stack.frames[i - 1].pc))
            break;
        ok = check_caller(o, i, &o->callers[o->caller_count - i], "the true one");
    }
    return ok;
}

START_TEST(test_every_stop)
{
    struct oracle *o = oracle_open(TESTDATA "/x64-stops.txt.gz");
    unsigned long stops = 0;
    unsigned long by_system = 0;
    unsigned long system_wrong = 0;
    unsigned long unexplained = 0;
    unsigned long bad = 0;
    size_t i;

    while (oracle_next(o)) {
        bool agree = o->system_says.answer == ORACLE_GIVEN && o->truth.answer == ORACLE_GIVEN &&
                     same(&o->system_says.regs, &o->truth.regs);

        (void)oracle_walk(o);
        stops++;
        if (o->truth.answer != ORACLE_GIVEN) {
            ck_assert_int_eq(o->system_says.answer, ORACLE_GIVEN);
            by_system++;
            bad += !check_caller(o, 1, &o->system_says.regs, "the system's");
            continue;
        }
        bad += !check_stack(o);
        if (!agree) {
            system_wrong++;
            unexplained += !may_be_wrong(o->run);
        }
    }
    (void)printf("%lu stops under %s: at %lu only the system knows the caller, at %lu it is "
                 "wrong; %lu stacks differ\n",
                 stops, o->system, by_system, system_wrong, bad);
    for (i = 0; i < WRONG_SYSTEM; i++)
        (void)printf("  %lu at %s: %s\n", wrong_system[i].stops, wrong_system[i].run,
                     wrong_system[i].reason);
    (void)fflush(stdout);
    for (i = 0; i < WRONG_SYSTEM; i++)
        ck_assert_uint_gt(wrong_system[i].stops, 0);
    ck_assert_uint_ge(stops, 10000);
    ck_assert_uint_ge(by_system, 20);
    ck_assert_uint_eq(bad, 0);
    ck_assert_uint_eq(unexplained, 0);
    oracle_close(o);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_every_stop);
}

int main(void)
{
    return suite_main("x64_oracle", add_tests);
}
