/* SPDX-License-Identifier: MIT */
/* src/stack/instruction.c: lengths and operands; the expected lengths are llvm-mc's. */
#include "stack/instruction.h"
#include "stack/regs.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

static bool decode_as(bool is_64bit, const char *bytes, size_t size, struct avd_instruction *out)
{
    struct avd_view view = {(const uint8_t *)bytes, size, 0};

    return avd_decode_instruction(view, is_64bit, out);
}

static bool decode(const char *bytes, size_t size, struct avd_instruction *out)
{
    return decode_as(true, bytes, size, out);
}

START_TEST(test_lengths)
{
    /* clang-format off */
    static const struct {
        const char *bytes;
        size_t size;
    } known[] = {
        {"\x90", 1}, {"\xc3", 1}, {"\xc2\x08\x00", 3}, {"\xf3\xc3", 2}, {"\x48\x89\xe5", 3},
        {"\x48\x8b\x04\x25\x10\x00\x00\x00", 8}, {"\x48\x8b\x05\x10\x00\x00\x00", 7},
        {"\x48\x8b\x44\x24\x08", 5}, {"\x48\x8b\x84\x24\x00\x01\x00\x00", 8},
        {"\x49\x8b\x5b\x18", 4}, {"\x4d\x8b\x24\x24", 4}, {"\x49\x8b\x6d\x00", 4},
        {"\x48\x83\xc4\x28", 4}, {"\x48\x81\xc4\xd8\x00\x00\x00", 7}, {"\x41\x5f", 2},
        {"\xe8\x01\x02\x03\x04", 5}, {"\x66\xe9\x01\x02\x03\x04", 6}, {"\x74\x10", 2},
        {"\x0f\x84\x01\x02\x03\x04", 6}, {"\x0f\x1f\x44\x00\x00", 5}, {"\x0f\x05", 2},
        {"\x66\x0f\x1f\x84\x00\x00\x00\x00\x00", 9},
        {"\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10},
        {"\xb8\x01\x02\x03\x04", 5}, {"\x66\xb8\x01\x02", 4},
        {"\x48\xc7\x44\x24\x20\x00\x00\x00\x00", 9}, {"\x66\xc7\x44\x24\x20\x01\x00", 7},
        {"\xf6\x04\x25\x08\x03\xfe\x7f\x01", 8}, {"\xf6\xd8", 2}, {"\xf7\xc1\x01\x02\x03\x04", 6},
        {"\xf7\xd9", 2}, {"\x0f\xb6\xc0", 3}, {"\x0f\xba\xe0\x05", 4}, {"\x66\x0f\x70\xc0\x4e", 5},
        {"\x66\x0f\x38\x00\xc1", 5}, {"\x66\x0f\x3a\x0f\xc1\x08", 6}, {"\xc5\xf8\x77", 3},
        {"\xc5\xfa\x6f\x44\x24\x20", 6}, {"\xc4\xe3\x7d\x39\xc1\x01", 6}, {"\xc8\x10\x00\x00", 4},
        {"\x65\x48\x8b\x04\x25\x30\x00\x00\x00", 9}, {"\xf0\x48\x0f\xb1\x11", 5},
        {"\xa1\x01\x02\x03\x04\x05\x06\x07\x08", 9}, {"\xff\x25\x01\x02\x03\x04", 6},
        {"\x48\x6b\x85\x08\x01\x00\x00\x10", 8}, {"\x69\xc0\x01\x02\x03\x04", 6},
        {"\x0f\x29\x74\x24\x20", 5}, {"\xcd\x29", 2}, {"\xdd\x44\x24\x08", 4},
    };
    /* clang-format on */
    struct avd_instruction in;
    size_t i;
    size_t cut;

    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_msg(decode(known[i].bytes, known[i].size, &in), "instruction %zu", i);
        ck_assert_msg(in.length == known[i].size, "instruction %zu: %zu", i, in.length);
        for (cut = 0; cut < known[i].size; cut++)
            ck_assert_msg(!decode(known[i].bytes, cut, &in) || in.length <= cut,
                          "instruction %zu cut to %zu", i, cut);
    }
}
END_TEST

START_TEST(test_refused)
{
    static const char *const unknown[] = {"\x06\x90\x90\x90\x90\x90", "\x60\x90\x90\x90\x90\x90",
                                          "\x62\xf1\x7c\x48\x28\xc1", "\x9a\x90\x90\x90\x90\x90",
                                          "\x0f\x04\x90\x90\x90\x90", "\xc4\xe0\x7d\x90\xc1\x01",
                                          "\xc4\xe8\x7d\x39\xc1\x01"};
    static const char prefixes[] = "\x66\x66\x66\x66\x66\x66\x66\x66"
                                   "\x66\x66\x66\x66\x66\x66\x66\x90";
    struct avd_instruction in;
    size_t i;

    for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_msg(!decode(unknown[i], 6, &in), "bytes %zu", i);
    ck_assert(!decode(prefixes, 16, &in));
}
END_TEST

START_TEST(test_operands)
{
    struct avd_instruction in;

    ck_assert(decode("\x4c\x8d\x9c\x24\xe0\x00\x00\x00", 8, &in)); /* lea r11, [rsp + 0e0h] */
    ck_assert_uint_eq(in.reg, 11);
    ck_assert(in.has_base);
    ck_assert_uint_eq(in.rm, 4);
    ck_assert_int_eq(in.displacement, 0xe0);
    ck_assert(decode("\x49\x8b\x5b\xf0", 4, &in)); /* mov rbx, [r11 - 10h] */
    ck_assert_uint_eq(in.reg, 3);
    ck_assert_uint_eq(in.rm, 11);
    ck_assert_int_eq(in.displacement, -0x10);
    ck_assert(decode("\x48\x8b\x04\xc8", 4, &in)); /* mov rax, [rax + rcx * 8] */
    ck_assert(!in.has_base);
    ck_assert(decode("\x48\x8b\x05\xf0\xff\xff\xff", 7, &in));
    ck_assert(in.rip_relative);
    ck_assert(!in.has_base);
    ck_assert_int_eq(in.displacement, -0x10);
    ck_assert(decode("\x49\x8b\xe3", 3, &in)); /* mov rsp, r11 */
    ck_assert_uint_eq(in.mod, 3);
    ck_assert_uint_eq(in.reg, 4);
    ck_assert_uint_eq(in.rm, 11);
    ck_assert(decode("\x48\x83\xc4\xf8", 4, &in));
    ck_assert_int_eq(in.immediate, -8);
}
END_TEST

/* What 32-bit code has of its own. */
START_TEST(test_32bit)
{
    static const struct {
        const char *bytes;
        size_t size;
    } known[] = {
        {"\x40", 1},
        {"\x4d", 1},
        {"\xa1\x01\x02\x03\x04", 5},
        {"\x8b\x0d\x01\x02\x03\x04", 6},
        {"\x64\xa1\x18\x00\x00\x00", 6},
        {"\xb8\x01\x02\x03\x04", 5},
        {"\x66\xb8\x01\x02", 4},
        {"\xc5\xf8\x77", 3},
        {"\x8b\x44\x24\x08", 4},
        {"\xff\x24\x85\x01\x02\x03\x04", 7},
        {"\xc9", 1},
        {"\x66\xc7\x44\x24\x20\x01\x00", 7},
        {"\xf0\x0f\xb1\x11", 4},
    };
    static const char *const unknown[] = {"\x06\x90\x90", "\xc5\x45\x08", "\xc4\x00\x90",
                                          "\x67\x8b\x07", "\x63\xc0\x90"};
    struct avd_instruction in;
    size_t i;

    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_msg(decode_as(false, known[i].bytes, known[i].size, &in), "instruction %zu", i);
        ck_assert_msg(in.length == known[i].size, "instruction %zu: %zu", i, in.length);
    }
    for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_msg(!decode_as(false, unknown[i], 3, &in), "bytes %zu", i);
    ck_assert(decode_as(false, "\xff\x15\x00\x30\x40\x80", 6, &in));
    ck_assert(in.is_absolute && !in.rip_relative && !in.has_base);
    ck_assert_int_eq((uint32_t)in.displacement, 0x80403000u);
}
END_TEST

/* The registers that each writes; llvm-mc's and Zydis' word for them. */
START_TEST(test_writes)
{
    enum { A = 1 << AVD_RAX, C = 1 << AVD_RCX, D = 1 << AVD_RDX, B = 1 << AVD_RBX };
    enum { BP = 1 << AVD_RBP, SP = 1 << AVD_RSP, SI = 1 << AVD_RSI, DI = 1 << AVD_RDI };
    static const struct {
        const char *bytes;
        size_t size;
        uint32_t registers;
        bool is_64bit;
    } known[] = {
        {"\x8b\xec", 2, BP, false},                /* mov ebp, esp */
        {"\x89\xec", 2, SP, false},                /* mov esp, ebp */
        {"\x89\x2c\x24", 3, 0, false},             /* mov [esp], ebp */
        {"\x33\xed", 2, BP, false},                /* xor ebp, ebp */
        {"\x3b\xec", 2, 0, false},                 /* cmp ebp, esp */
        {"\x39\xec", 2, 0, false},                 /* cmp esp, ebp */
        {"\x83\xe4\xf0", 3, SP, false},            /* and esp, -16 */
        {"\x83\xfd\x01", 3, 0, false},             /* cmp ebp, 1 */
        {"\x45", 1, BP, false},                    /* inc ebp */
        {"\x5d", 1, BP, false},                    /* pop ebp */
        {"\x55", 1, 0, false},                     /* push ebp */
        {"\x95", 1, A | BP, false},                /* xchg eax, ebp */
        {"\x87\xe5", 2, SP | BP, false},           /* xchg ebp, esp */
        {"\xbd\x00\x00\x00\x00", 5, BP, false},    /* mov ebp, 0 */
        {"\xb5\x00", 2, C, false},                 /* mov ch, 0 */
        {"\x88\xe5", 2, C, false},                 /* mov ch, ah */
        {"\x8d\x6c\x24\x08", 4, BP, false},        /* lea ebp, [esp+8] */
        {"\xf7\xdd", 2, BP, false},                /* neg ebp */
        {"\xf7\xf5", 2, A | D, false},             /* div ebp */
        {"\xf7\xc5\x01\x00\x00\x00", 6, 0, false}, /* test ebp, 1 */
        {"\xd1\xe5", 2, BP, false},                /* shl ebp, 1 */
        {"\xff\xcd", 2, BP, false},                /* dec ebp */
        {"\xff\xd5", 2, 0, false},                 /* call ebp */
        {"\x0f\x44\xe8", 3, BP, false},            /* cmove ebp, eax */
        {"\x0f\xb6\xe8", 3, BP, false},            /* movzx ebp, al */
        {"\x0f\xaf\xe8", 3, BP, false},            /* imul ebp, eax */
        {"\x0f\x94\xc5", 3, C, false},             /* sete ch */
        {"\x0f\xba\xe5\x01", 4, 0, false},         /* bt ebp, 1 */
        {"\x0f\xba\xed\x01", 4, BP, false},        /* bts ebp, 1 */
        {"\x0f\xcd", 2, BP, false},                /* bswap ebp */
        {"\x0f\x28\xe8", 3, 0, false},             /* movaps xmm5, xmm0 */
        {"\x66\x0f\x7e\xc5", 4, BP, false},        /* movd ebp, xmm0 */
        {"\x66\x0f\xd7\xe8", 4, BP, false},        /* pmovmskb ebp, xmm0 */
        {"\xc5\xd1\xef\xed", 4, 0, false},         /* vpxor xmm5, xmm5, xmm5 */
        {"\x66\x0f\x3a\x61\xc1\x40", 6, C, false}, /* pcmpestri */
        {"\xf3\xa5", 2, SI | DI | C, false},       /* rep movsd */
        {"\xdf\xe0", 2, A, false},                 /* fnstsw ax */
        {"\x0f\xa2", 2, A | B | C | D, false},     /* cpuid */
        {"\x49\x8b\xdb", 3, B, true},              /* mov rbx, r11 */
        {"\x4c\x8b\xdc", 3, 1 << AVD_R11, true},   /* mov r11, rsp */
        {"\x40\xb5\x00", 3, BP, true},             /* mov bpl, 0 */
        {"\x41\x5f", 2, 1 << AVD_R15, true},       /* pop r15 */
    };
    struct avd_instruction in;
    size_t i;

    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_msg(decode_as(known[i].is_64bit, known[i].bytes, known[i].size, &in),
                      "instruction %zu", i);
        ck_assert_msg(avd_instruction_writes(&in) == known[i].registers, "instruction %zu: 0x%x", i,
                      avd_instruction_writes(&in));
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_lengths);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_operands);
    tcase_add_test(tests, test_32bit);
    tcase_add_test(tests, test_writes);
}

int main(void)
{
    return suite_main("instruction", add_tests);
}
