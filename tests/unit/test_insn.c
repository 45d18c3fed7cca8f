/* SPDX-License-Identifier: MIT */
/*
 * Instructions by their encodings (Intel SDM volume 2): text, kind, what they touch with given
 * registers, and where they lead. Without Zydis only the reason is there to be checked.
 */
#include "insn/insn.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define PC UINT64_C(0x140001000)

static struct avd_insn insn;
static const char *why;

/* Register n holds 0x10000 * (n + 1). */
static struct avd_regs registers(void)
{
    struct avd_regs regs = {{0}, 0};
    unsigned i;

    for (i = 0; i < AVD_REG_COUNT; i++)
        avd_reg_set(&regs, i, UINT64_C(0x10000) * (i + 1));
    return regs;
}

static bool decode(const void *bytes, size_t size, bool is_64bit)
{
    struct avd_regs regs = registers();
    struct avd_view code = {bytes, size, 0};

    return avd_insn_decode(code, PC, is_64bit, &regs, &insn, &why);
}
#define DECODE(is_64bit, ...)                                                                      \
    decode((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), is_64bit)

static bool available(void)
{
    return DECODE(true, 0x90);
}

static void check_memory(size_t index, uint64_t address, unsigned size, const char *access)
{
    const struct avd_insn_memory *memory = &insn.memory[index];

    ck_assert_uint_lt(index, insn.memory_count);
    ck_assert(memory->has_address);
    ck_assert_uint_eq(memory->address, address);
    ck_assert_uint_eq(memory->size, size);
    ck_assert(memory->read == (strchr(access, 'r') != NULL));
    ck_assert(memory->write == (strchr(access, 'w') != NULL));
}

START_TEST(operands_in_memory)
{
    ck_assert(DECODE(true, 0x8b, 0x41, 0x10));
    ck_assert_str_eq(insn.text, "mov eax, dword ptr [rcx+0x10]");
    ck_assert_str_eq(insn.mnemonic, "mov");
    ck_assert_uint_eq(insn.length, 3);
    check_memory(0, 0x20010, 4, "r");
    ck_assert_int_eq(insn.memory[0].base, AVD_RCX);
    ck_assert_int_eq(insn.memory[0].index, AVD_INSN_NO_REG);
    ck_assert_int_eq(insn.memory[0].displacement, 0x10);
    ck_assert_uint_eq(insn.address_regs, 1u << AVD_RCX);
    ck_assert_uint_eq(insn.operand_regs, 1u << AVD_RCX | 1u << AVD_RAX);
    /* mov [r8+rax*8-1], dl: index and scale, a byte register */
    ck_assert(DECODE(true, 0x41, 0x88, 0x54, 0xc0, 0xff));
    check_memory(0, 0x90000 + 8 * 0x10000 - 1, 1, "w");
    ck_assert(DECODE(true, 0x01, 0x08)); /* add [rax], ecx */
    check_memory(0, 0x10000, 4, "rw");
    ck_assert(DECODE(true, 0x8b, 0x05, 0x04, 0, 0, 0)); /* rip-relative */
    check_memory(0, PC + 6 + 4, 4, "r");
    ck_assert(insn.memory[0].rip_relative);
    ck_assert(DECODE(true, 0x48, 0x8d, 0x41, 0x08)); /* lea touches nothing */
    ck_assert_uint_eq(insn.memory_count, 0);
    ck_assert(DECODE(true, 0xf3, 0xa4)); /* rep movsb */
    check_memory(0, 0x80000, 1, "w");
    check_memory(1, 0x70000, 1, "r");
    ck_assert(!insn.memory[0].implicit);
    /* 32-bit addresses wrap: mov eax, [ecx-0x20001] */
    ck_assert(DECODE(false, 0x8b, 0x81, 0xff, 0xff, 0xfd, 0xff));
    check_memory(0, 0xffffffff, 4, "r");
}
END_TEST

START_TEST(addresses_that_are_not_known)
{
    struct avd_regs none = {{0}, 0};
    const uint8_t bytes[] = {0x8b, 0x41, 0x10};
    struct avd_view code = {bytes, sizeof bytes, 0};

    ck_assert(avd_insn_decode(code, PC, true, &none, &insn, &why));
    ck_assert(!insn.memory[0].has_address);
    ck_assert(DECODE(true, 0x65, 0x48, 0x8b, 0x04, 0x25, 0x30, 0, 0, 0)); /* gs:[0x30] */
    ck_assert(!insn.memory[0].has_address);
    /* vpgatherdd xmm0, [rax+xmm1*4], xmm2: the index is a vector */
    ck_assert(DECODE(true, 0xc4, 0xe2, 0x69, 0x90, 0x04, 0x88));
    ck_assert_uint_eq(insn.memory_count, 1);
    ck_assert(!insn.memory[0].has_address);
}
END_TEST

START_TEST(the_stack)
{
    ck_assert(DECODE(true, 0x50)); /* push rax writes below rsp */
    ck_assert_int_eq(insn.kind, AVD_INSN_PUSH);
    check_memory(0, 0x50000 - 8, 8, "w");
    ck_assert(insn.memory[0].implicit);
    ck_assert(DECODE(false, 0x50));
    check_memory(0, 0x50000 - 4, 4, "w");
    ck_assert(DECODE(true, 0x58));
    ck_assert_int_eq(insn.kind, AVD_INSN_POP);
    check_memory(0, 0x50000, 8, "r");
}
END_TEST

START_TEST(where_they_lead)
{
    ck_assert(DECODE(true, 0xe8, 1, 0, 0, 0));
    ck_assert_int_eq(insn.kind, AVD_INSN_CALL);
    ck_assert(insn.has_target);
    ck_assert_uint_eq(insn.target, PC + 6);
    ck_assert(DECODE(false, 0xe8, 1, 0, 0, 0));
    ck_assert_uint_eq(insn.target, 0x40001006);
    ck_assert(DECODE(true, 0xff, 0xd0)); /* call rax */
    ck_assert(insn.has_target);
    ck_assert_uint_eq(insn.target, 0x10000);
    ck_assert(DECODE(true, 0xff, 0x20)); /* jmp [rax] */
    ck_assert_int_eq(insn.kind, AVD_INSN_JUMP);
    ck_assert(!insn.has_target);
    ck_assert_int_eq(insn.target_memory, 0);
    ck_assert(DECODE(true, 0xc3));
    ck_assert_int_eq(insn.kind, AVD_INSN_RETURN);
    check_memory((size_t)insn.target_memory, 0x50000, 8, "r");
    ck_assert(DECODE(true, 0x90));
    ck_assert_int_eq(insn.target_memory, -1);
}
END_TEST

START_TEST(kinds)
{
    ck_assert(DECODE(true, 0xcc));
    ck_assert_str_eq(avd_insn_kind_name(insn.kind), "breakpoint");
    ck_assert(DECODE(true, 0xcd, 0x29));
    ck_assert_str_eq(avd_insn_kind_name(insn.kind), "interrupt");
    ck_assert_uint_eq(insn.interrupt, 0x29);
    ck_assert(DECODE(true, 0x48, 0xf7, 0xf1));
    ck_assert_str_eq(avd_insn_kind_name(insn.kind), "divide");
    ck_assert(DECODE(true, 0xf4));
    ck_assert_str_eq(avd_insn_kind_name(insn.kind), "privileged");
    ck_assert(DECODE(true, 0xfa));
    ck_assert_str_eq(avd_insn_kind_name(insn.kind), "privileged");
    ck_assert(DECODE(true, 0x0f, 0x0b));
    ck_assert_str_eq(avd_insn_kind_name(insn.kind), "undefined");
    ck_assert(DECODE(true, 0x0f, 0x05));
    ck_assert_str_eq(avd_insn_kind_name(insn.kind), "syscall");
    ck_assert(DECODE(true, 0x90));
    ck_assert_str_eq(avd_insn_kind_name(insn.kind), "other");
}
END_TEST

START_TEST(what_is_no_instruction)
{
    ck_assert(!DECODE(true, 0x8b));
    ck_assert_str_eq(why, "the dump holds too few of its bytes, or they are no instruction");
    ck_assert(!DECODE(true, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)); /* push es */
    ck_assert_str_eq(why, "the bytes at the instruction pointer are no instruction");
    ck_assert_str_eq(insn.text, "");
}
END_TEST

START_TEST(no_bytes)
{
    ck_assert(!decode("", 0, true));
    ck_assert_str_eq(why, "no code bytes at the instruction pointer are in the dump");
}
END_TEST

START_TEST(alignment)
{
    static const struct {
        const char *mnemonic;
        unsigned size, alignment;
    } rows[] = {
        {"movaps", 16, 16},    {"movdqa", 16, 16},    {"movntdq", 16, 16}, {"addps", 16, 16},
        {"pshufb", 16, 16},    {"movups", 16, 1},     {"movdqu", 16, 1},   {"pcmpistri", 16, 1},
        {"movss", 4, 1},       {"movsd", 8, 1},       {"vmovaps", 16, 16}, {"vmovaps", 32, 32},
        {"vmovdqa64", 64, 64}, {"vaddps", 32, 1},     {"vmovups", 32, 1},  {"cmpxchg16b", 16, 16},
        {"cmpxchg8b", 8, 1},   {"fxsave64", 512, 16}, {"xrstor", 576, 64}, {"mov", 8, 1},
        {"xsavec", 0, 64},     {"invpcid", 16, 1},    {"fld", 10, 1},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(avd_insn_alignment(rows[i].mnemonic, rows[i].size) == rows[i].alignment,
                      "%s of %u bytes", rows[i].mnemonic, rows[i].size);
}
END_TEST

START_TEST(register_names)
{
    ck_assert_str_eq(avd_insn_reg_name(AVD_RAX, true), "rax");
    ck_assert_str_eq(avd_insn_reg_name(AVD_RDI, false), "edi");
    ck_assert_str_eq(avd_insn_reg_name(AVD_R15, true), "r15");
    ck_assert_ptr_null(avd_insn_reg_name(AVD_R8, false));
    ck_assert_ptr_null(avd_insn_reg_name(AVD_REG_COUNT, true));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, no_bytes);
    tcase_add_test(tests, register_names);
    tcase_add_test(tests, alignment);
    if (!available()) {
        printf("no instruction can be decoded here: %s\n", why);
        return;
    }
    tcase_add_test(tests, operands_in_memory);
    tcase_add_test(tests, addresses_that_are_not_known);
    tcase_add_test(tests, the_stack);
    tcase_add_test(tests, where_they_lead);
    tcase_add_test(tests, kinds);
    tcase_add_test(tests, what_is_no_instruction);
}

int main(void)
{
    return suite_main("insn", add_tests);
}
