/* SPDX-License-Identifier: MIT */
/* src/stack/postfix.c: the language of frame-data programs and STACK CFI rules. */
#include "stack/postfix.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define STACK UINT64_C(0x10000)

static struct fake_process *process(const struct avd_cpu_ops *cpu)
{
    struct fake_process *p = fake_new(cpu);

    fake_map(p, STACK, 0x1000);
    return p;
}

static void start(struct avd_postfix *postfix, const struct fake_process *p)
{
    struct avd_regs regs = {{0}, 0};

    avd_reg_set(&regs, AVD_RSP, STACK + 0x100);
    avd_reg_set(&regs, AVD_RBP, STACK + 0x200);
    avd_reg_set(&regs, AVD_RBX, 7);
    avd_postfix_init(postfix, &p->walk, &regs);
}

static bool run(struct avd_postfix *postfix, const char *program)
{
    return avd_postfix_run(postfix, program, strlen(program));
}

START_TEST(test_values)
{
    static const struct {
        const struct avd_cpu_ops *cpu;
        const char *text;
        uint64_t value;
    } cases[] = {
        {&avd_cpu_x86, "1", 1},
        {&avd_cpu_x86, "  2 \t 3 + ", 5},
        {&avd_cpu_x86, "2 3 -", UINT32_MAX},
        {&avd_cpu_amd64, "2 3 -", UINT64_MAX},
        {&avd_cpu_x86, "-4", UINT64_C(0xfffffffc)},
        {&avd_cpu_x86, "8 -4 +", 4},
        {&avd_cpu_x86, "65536 65536 * 5 +", 5},
        {&avd_cpu_amd64, "65536 65536 * 5 +", UINT64_C(0x100000005)},
        {&avd_cpu_x86, "7 2 /", 3},
        {&avd_cpu_x86, "7 2 %", 1},
        {&avd_cpu_x86, "4294967297", 1},
        {&avd_cpu_x86, "103 8 @", 96},
        {&avd_cpu_x86, "104 8 @", 104},
        {&avd_cpu_amd64, "18446744073709551615 16 @", UINT64_C(0xfffffffffffffff0)},
        {&avd_cpu_x86, "$esp", STACK + 0x100},
        {&avd_cpu_x86, "esp", STACK + 0x100},
        {&avd_cpu_x86, "$21", STACK + 0x100},
        {&avd_cpu_x86, "$22", STACK + 0x200},
        {&avd_cpu_x86, "$20", 7},
        {&avd_cpu_amd64, "$rsp 8 -", STACK + 0xf8},
        {&avd_cpu_amd64, "rbp", STACK + 0x200},
        {&avd_cpu_x86, "$esp ^", 0x87654321},
        {&avd_cpu_amd64, "$rsp ^", UINT64_C(0x1234567887654321)},
        {&avd_cpu_x86, ".cbLocals .cfa +", 0x30},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = process(cases[i].cpu);
        struct avd_postfix postfix;
        uint64_t value;

        fake_u64(p, STACK + 0x100, UINT64_C(0x1234567887654321));
        start(&postfix, p);
        ck_assert(avd_postfix_define(&postfix, ".cbLocals", 0x10));
        ck_assert(avd_postfix_define(&postfix, ".cfa", 0x20));
        ck_assert_msg(avd_postfix_value(&postfix, cases[i].text, strlen(cases[i].text), &value),
                      "%s: %s", cases[i].text, postfix.failure);
        ck_assert_msg(value == cases[i].value, "%s: 0x%llx", cases[i].text,
                      (unsigned long long)value);
        ck_assert_str_eq(postfix.failure, "");
        fake_free(p);
    }
}
END_TEST

START_TEST(test_failures)
{
    static const struct {
        const struct avd_cpu_ops *cpu;
        const char *text;
        const char *failure;
    } cases[] = {
        {&avd_cpu_x86, "", "an operand is missing"},
        {&avd_cpu_x86, "1 2", "1 operands are left over"},
        {&avd_cpu_x86, "1 +", "an operand is missing"},
        {&avd_cpu_x86, "^", "an operand is missing"},
        {&avd_cpu_x86, "1 0 /", "division by 0"},
        {&avd_cpu_x86, "1 0 %", "division by 0"},
        {&avd_cpu_x86, "1 0 @", "0x0 is no alignment"},
        {&avd_cpu_x86, "1 12 @", "0xc is no alignment"},
        {&avd_cpu_x86, "64 ^", "0x40 is not in the dump"},
        {&avd_cpu_x86, "69630 ^", "0x10ffe is not in the dump"},
        {&avd_cpu_x86, "-2 ^", "0xfffffffe is not in the dump"},
        {&avd_cpu_amd64, "-2 ^", "0xfffffffffffffffe is not in the dump"},
        {&avd_cpu_x86, "$esi", "the value of esi is not known"},
        {&avd_cpu_x86, "$eip 1 +", "the value of eip is not known"},
        {&avd_cpu_x86, "$17", "the value of eax is not known"},
        {&avd_cpu_x86, "$rsp", "a variable is used that has no value"},
        {&avd_cpu_amd64, "$21", "a variable is used that has no value"},
        {&avd_cpu_amd64, "$esp", "a variable is used that has no value"},
        {&avd_cpu_x86, "$T0", "a variable is used that has no value"},
        {&avd_cpu_x86, ".undef", "a variable is used that has no value"},
        {&avd_cpu_x86, "1 2 ?", "word 3 is none of the language"},
        {&avd_cpu_x86, "1 rsp", "word 2 is none of the language"},
        {&avd_cpu_x86, "$", "word 1 is none of the language"},
        {&avd_cpu_x86, "0x10", "word 1 is none of the language"},
        {&avd_cpu_x86, "-", "an operand is missing"},
        {&avd_cpu_x86, "--1", "word 1 is none of the language"},
        {&avd_cpu_x86, "18446744073709551616", "word 1 is none of the language"},
        {&avd_cpu_x86, "$T0 1 =", "word 3 is none of the language"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = process(cases[i].cpu);
        struct avd_postfix postfix;
        uint64_t value = 1;

        start(&postfix, p);
        ck_assert_msg(!avd_postfix_value(&postfix, cases[i].text, strlen(cases[i].text), &value),
                      "'%s' is 0x%llx", cases[i].text, (unsigned long long)value);
        ck_assert_msg(strcmp(postfix.failure, cases[i].failure) == 0, "'%s': %s", cases[i].text,
                      postfix.failure);
        fake_free(p);
    }
}
END_TEST

/* What compilers write for a function with EBP. */
START_TEST(test_program)
{
    struct fake_process *p = process(&avd_cpu_x86);
    struct avd_postfix postfix;

    fake_u32(p, STACK + 0x200, 0x10300);
    fake_u32(p, STACK + 0x204, 0x401234);
    start(&postfix, p);
    ck_assert(run(&postfix, "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + ="));
    ck_assert_uint_eq(postfix.assigned, 1u << AVD_EIP | 1u << AVD_EBP | 1u << AVD_ESP);
    ck_assert_uint_eq(postfix.regs.value[AVD_EIP], 0x401234);
    ck_assert_uint_eq(postfix.regs.value[AVD_EBP], 0x10300);
    ck_assert_uint_eq(postfix.regs.value[AVD_ESP], STACK + 0x208);
    ck_assert_uint_eq(postfix.regs.value[AVD_EBX], 7);
    fake_free(p);
}
END_TEST

START_TEST(test_assignments)
{
    static const struct {
        const char *program;
        const char *failure; /* "": fine, and ecx is 5 */
    } cases[] = {
        {"$ecx 5 =", ""},
        {"$18 5 =", ""},
        {"ecx 5 =", ""},
        /* Later words see what was assigned, also to registers. */
        {"$T0 2 = $T0 $T0 3 + = $ecx $T0 =", ""},
        {"$ebx 4 = $ecx $ebx 1 + =", ""},
        /* A number that is no register's is a variable. */
        {"$99 5 = $ecx $99 =", ""},
        {"$ecx 5 = 1", "1 operands are left over"},
        {"$ecx 5 = $T0", "1 operands are left over"},
        {"$ebx =", "an operand is missing"},
        {"5 5 =", "a number is assigned to"},
        {".cbParams 5 =", "a constant is assigned to"},
        {".other 5 =", "a constant is assigned to"},
        {"$const 5 =", "a constant is assigned to"},
        {"$ecx $esi =", "the value of esi is not known"},
        {"$ecx $T1 =", "a variable is used that has no value"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_process *p = process(&avd_cpu_x86);
        struct avd_postfix postfix;
        bool ok;

        start(&postfix, p);
        ck_assert(avd_postfix_define(&postfix, ".cbParams", 8));
        ck_assert(avd_postfix_define(&postfix, "$const", 8));
        ok = run(&postfix, cases[i].program);
        ck_assert_msg(strcmp(postfix.failure, cases[i].failure) == 0, "'%s': %s", cases[i].program,
                      postfix.failure);
        ck_assert_int_eq(ok, cases[i].failure[0] == '\0');
        if (ok)
            ck_assert_uint_eq(postfix.regs.value[AVD_ECX], 5);
        fake_free(p);
    }
}
END_TEST

static void repeat(char *out, const char *word, unsigned times)
{
    out[0] = '\0';
    for (; times != 0; times--)
        out = strcpy(out, word) + strlen(word);
}

START_TEST(test_ceilings)
{
    static char text[8192];
    struct fake_process *p = process(&avd_cpu_x86);
    struct avd_postfix postfix;
    unsigned i;

    start(&postfix, p);
    repeat(text, "1 ", AVD_MAX_POSTFIX_DEPTH);
    ck_assert(!run(&postfix, text));
    ck_assert_str_eq(postfix.failure, "32 operands are left over");
    repeat(text, "1 ", AVD_MAX_POSTFIX_DEPTH + 1);
    ck_assert(!run(&postfix, text));
    ck_assert_str_eq(postfix.failure, "more than 32 operands");

    repeat(text, "$T 1 = ", AVD_MAX_POSTFIX_WORDS / 3);
    ck_assert(run(&postfix, text));
    repeat(text, "$T 1 = ", AVD_MAX_POSTFIX_WORDS / 3 + 1);
    ck_assert(!run(&postfix, text));
    ck_assert_str_eq(postfix.failure, "more than 1024 words");

    text[0] = '\0';
    start(&postfix, p);
    for (i = 0; i <= AVD_MAX_POSTFIX_VARIABLES; i++) {
        char assignment[] = "$Xaa 1 = ";

        assignment[2] = (char)('a' + i / 26);
        assignment[3] = (char)('a' + i % 26);
        strcat(text, assignment);
        if (i == AVD_MAX_POSTFIX_VARIABLES - 1)
            ck_assert(run(&postfix, text));
    }
    start(&postfix, p);
    ck_assert(!run(&postfix, text));
    ck_assert_str_eq(postfix.failure, "more than 32 variables");
    ck_assert(!avd_postfix_define(&postfix, ".one more", 1));
    fake_free(p);
}
END_TEST

/* Any sequence of words: an answer or a reason. */
START_TEST(test_random_words)
{
    static const char *const words[] = {"1", "-1", "4",    "$esp", "$T0",        "$ecx", "=",
                                        "+", "-",  "*",    "/",    "%",          "@",    "^",
                                        "x", ".c", "$esp", "=",    "4294967295", "$T0"};
    struct fake_process *p = process(&avd_cpu_x86);
    uint32_t state = 5;
    unsigned succeeded = 0;
    unsigned round;

    for (round = 0; round < 20000; round++) {
        struct avd_postfix postfix;
        char text[200] = "";
        unsigned i;

        for (i = 0; i < 1 + round % 8; i++) {
            state = state * 1664525 + 1013904223;
            strcat(text, words[(state >> 16) % (sizeof words / sizeof words[0])]);
            strcat(text, " ");
        }
        start(&postfix, p);
        if (run(&postfix, text)) {
            succeeded++;
            ck_assert_str_eq(postfix.failure, "");
        } else {
            ck_assert_str_ne(postfix.failure, "");
        }
        for (i = 0; i < AVD_REG_COUNT; i++)
            ck_assert_uint_le(postfix.regs.value[i], UINT32_MAX);
    }
    ck_assert_uint_gt(succeeded, 10);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_values);
    tcase_add_test(tests, test_failures);
    tcase_add_test(tests, test_program);
    tcase_add_test(tests, test_assignments);
    tcase_add_test(tests, test_ceilings);
    tcase_add_test(tests, test_random_words);
}

int main(void)
{
    return suite_main("postfix", add_tests);
}
