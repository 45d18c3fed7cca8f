/* SPDX-License-Identifier: MIT */
/*
 * src/stack/code.c's tables of call instructions against Zydis: does a call end at an address?
 * Every encoding of ModRM and SIB, and a million byte strings, half of them calls with a bit
 * flipped. What a processor runs with 16-bit operands or addresses (prefixes 66 and 67) is left
 * out in 32-bit code: such a call goes to the first 64 KiB, and no compiler makes one.
 */
#include "insn/insn.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 7, PC = 0x401200, STRINGS = 500000 };

static uint32_t state = 1;

/* Xorshift: the same numbers on every system. */
static uint32_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static bool is_call(const uint8_t *bytes, size_t size, bool is_64bit)
{
    struct avd_view code = {bytes, size, 0};
    struct avd_insn insn;
    const char *why;

    memset(&insn, 0, sizeof insn);
    return avd_insn_disassemble(code, PC - size, is_64bit, &insn, &why) && insn.length == size &&
           insn.kind == AVD_INSN_CALL;
}

static bool is_16bit(const uint8_t *bytes, size_t size)
{
    size_t i;

    for (i = 0; i + 1 < size && bytes[i] != 0xe8 && bytes[i] != 0x9a && bytes[i] != 0xff; i++)
        if (bytes[i] == 0x66 || bytes[i] == 0x67)
            return true;
    return false;
}

/* Whether a byte is there that any call has; otherwise one string in eight is disassembled. */
static bool may_be_call(const uint8_t *bytes)
{
    return memchr(bytes, 0xe8, LONGEST) != NULL || memchr(bytes, 0x9a, LONGEST) != NULL ||
           memchr(bytes, 0xff, LONGEST) != NULL || bytes[0] % 8 == 0;
}

/* Whether a call ends behind the bytes, as the disassembler has it. */
static bool oracle(const uint8_t *bytes, bool is_64bit)
{
    size_t size;

    if (!may_be_call(bytes))
        return false;
    for (size = 2; size <= LONGEST; size++) {
        const uint8_t *start = &bytes[LONGEST - size];

        if ((is_64bit || !is_16bit(start, size)) && is_call(start, size, is_64bit))
            return true;
    }
    return false;
}

static void compare(struct fake_process *p, uint8_t bytes[LONGEST])
{
    bool is_64bit = p->walk.cpu->pointer_size == 8;
    struct avd_call call;
    bool expected;

    /* A direct call is believed only where its target can be code: here it leads nearby. */
    if (bytes[2] == 0xe8)
        bytes[5] = bytes[6] = 0;
    expected = oracle(bytes, is_64bit);
    fake_bytes(p, PC - LONGEST, bytes, LONGEST);
    avd_walk_call_before(&p->walk, PC, &call);
    ck_assert_msg((call.found == 1) == expected,
                  "%s: %02x %02x %02x %02x %02x %02x %02x: found %d, disassembled %d",
                  p->walk.cpu->name, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5],
                  bytes[6], call.found, expected);
}

static struct fake_process *process(int is_64bit)
{
    struct fake_process *p = fake_new(is_64bit != 0 ? &avd_cpu_amd64 : &avd_cpu_x86);

    fake_map(p, PC - 0x100, 0x200);
    return p;
}

/* FF with every ModRM and SIB, at every length that it can have. */
START_TEST(test_every_form)
{
    struct fake_process *p = process(_i);
    unsigned modrm;
    unsigned sib;
    size_t size;

    for (modrm = 0; modrm < 256; modrm++) {
        for (sib = 0; sib < 256; sib++) {
            /* Without a SIB byte it is a displacement's first: a few will do. */
            bool counts = (modrm & 7) == 4 || sib % 85 == 0;

            for (size = 2; counts && size <= LONGEST; size++) {
                uint8_t bytes[LONGEST] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90};

                bytes[LONGEST - size] = 0xff;
                bytes[LONGEST - size + 1] = (uint8_t)modrm;
                if (size > 2)
                    bytes[LONGEST - size + 2] = (uint8_t)sib;
                compare(p, bytes);
            }
        }
    }
    fake_free(p);
}
END_TEST

/* Half of them calls with one bit flipped. */
static void make_string(uint8_t bytes[LONGEST])
{
    static const uint8_t first[] = {0xe8, 0x9a, 0xff, 0xff};
    size_t i;

    for (i = 0; i < LONGEST; i++)
        bytes[i] = (uint8_t)(draw() >> 8);
    if (draw() % 2 == 0) {
        i = draw() % (LONGEST - 1);
        bytes[i] = first[draw() % sizeof first];
        if (bytes[i] == 0xff)
            bytes[i + 1] = (uint8_t)((bytes[i + 1] & 0xc7) | 0x10 | (draw() & 8));
        bytes[draw() % LONGEST] ^= (uint8_t)(1u << draw() % 8);
    }
}

START_TEST(test_strings)
{
    struct fake_process *p = process(_i);
    size_t i;

    state = 1;
    for (i = 0; i < STRINGS; i++) {
        uint8_t bytes[LONGEST];

        make_string(bytes);
        compare(p, bytes);
    }
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_every_form, 0, 2);
    tcase_add_loop_test(tests, test_strings, 0, 2);
}

int main(void)
{
    static const uint8_t nop = 0x90;
    struct avd_view code = {&nop, 1, 0};
    struct avd_insn insn;
    const char *why = "";

    memset(&insn, 0, sizeof insn);
    if (!avd_insn_disassemble(code, PC, false, &insn, &why)) {
        printf("skipped: %s\n", why);
        return 77;
    }
    return suite_main("call_oracle", add_tests);
}
