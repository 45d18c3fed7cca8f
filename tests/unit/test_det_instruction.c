/* SPDX-License-Identifier: MIT */
/*
 * The faulting instruction in built dumps: its operand against the reported address, guard pages,
 * addresses that are not canonical, bit flips, and exceptions that the instruction cannot raise.
 */
#include "analyze/analysis.h"
#include "analyze/instruction.h"
#include "base/strbuf.h"
#include "minidump/format.h"
#include "support/crash_run.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define CODE  UINT64_C(0x140001000)
#define STACK UINT64_C(0x100000)

struct crash {
    const uint8_t *code;
    size_t code_size;
    struct db_x64 regs;
    uint32_t exception;
    uint64_t parameters[2];
};

static struct db *b;
static struct dump_fixture fixture;
static struct avd_analysis *an;
static const struct avd_crash_instruction *ins;

static void begin(const struct crash *crash)
{
    struct db_x64 regs = crash->regs;
    unsigned context;

    b = db_new();
    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    (void)db_module(
        b, &(struct db_module){.base = 0x140000000, .size = 0x10000, .path = "C:\\app.exe"});
    if (crash->code_size != 0) {
        (void)db_memory(b, CODE, 32);
        db_poke(b, CODE, crash->code, crash->code_size);
    }
    (void)db_memory(b, STACK, 0x1000);
    regs.rip = CODE;
    if (regs.rsp == 0)
        regs.rsp = STACK + 0x800;
    context = db_context_x64(b, &regs);
    (void)db_thread(b,
                    &(struct db_thread){
                        .id = 7, .stack_start = STACK, .stack_size = 0x1000, .context = context});
    (void)db_exception(
        b, &(struct db_exception){.thread_id = 7,
                                  .code = crash->exception,
                                  .address = CODE,
                                  .parameter_count = 2,
                                  .parameters = {crash->parameters[0], crash->parameters[1]},
                                  .context = context});
}

static void run(void)
{
    struct avd_error err;

    fixture = dump_fixture_open(b);
    ck_assert_int_eq(avd_analysis_run(fixture.dump, NULL, &an, &err), AVD_OK);
    ins = an->instruction;
    ck_assert_ptr_nonnull(ins);
}

static void end(void)
{
    avd_analysis_free(an);
    dump_fixture_close(&fixture);
}

static void check_fact(const char *name, const char *expected)
{
    const struct avd_fact *fact = avd_fact_find(&an->facts, name);
    struct avd_strbuf text;

    ck_assert_ptr_nonnull(fact);
    avd_strbuf_init(&text);
    if (fact->type == AVD_FACT_UNKNOWN)
        avd_strbuf_printf(&text, "? %s", fact->text);
    else
        avd_fact_show(fact, &text);
    ck_assert_str_eq(avd_strbuf_text(&text), expected);
    avd_strbuf_deinit(&text);
}

static const uint8_t mov_eax_rcx_10[] = {0x8b, 0x41, 0x10}; /* mov eax, [rcx+0x10] */
static const uint8_t mov_rax_rdx[] = {0x48, 0x89, 0x10};    /* mov [rax], rdx */

START_TEST(a_member_of_a_null_object)
{
    const struct crash crash = {mov_eax_rcx_10, sizeof mov_eax_rcx_10, {0}, 0xc0000005, {0, 0x10}};

    begin(&crash);
    run();
    ck_assert(ins->decoded);
    ck_assert_int_eq(ins->faulting, 0);
    ck_assert_int_eq(ins->adjusted, AVD_ADJUSTED_NULL);
    ck_assert_uint_eq(ins->adjusted_value, 0x10);
    ck_assert_uint_eq(ins->inconsistencies, 0);
    check_fact("instruction.text", "mov eax, dword ptr [rcx+0x10]");
    check_fact("instruction.consistent", "yes");
    check_fact("access.register", "rcx");
    check_fact("access.base", "0x0000000000000000");
    check_fact("access.offset", "16");
    check_fact("access.size", "4");
    check_fact("access.non_canonical", "no");
    check_fact("access.guard_page", "? the dump does not say what memory was mapped");
    check_fact("bucket.class", "NULL_CLASS_PTR_READ");
    end();
}
END_TEST

START_TEST(an_address_that_is_not_canonical)
{
    struct crash crash = {
        mov_rax_rdx, sizeof mov_rax_rdx, {.rax = 0x4141414141414141}, 0xc0000005, {0, UINT64_MAX}};

    begin(&crash);
    run();
    ck_assert_int_eq(ins->adjusted, AVD_ADJUSTED_NON_CANONICAL);
    ck_assert_uint_eq(ins->adjusted_value, 0x4141414141414141);
    check_fact("access.non_canonical", "yes");
    ck_assert_uint_eq(ins->inconsistencies, 0);
    end();
    /* The same report for an operand that is canonical cannot be. */
    crash.regs.rax = 0x7fff00000000;
    begin(&crash);
    run();
    ck_assert_int_eq(ins->adjusted, AVD_ADJUSTED_NONE);
    ck_assert_uint_eq(ins->inconsistencies, AVD_INCONSISTENT_NON_CANONICAL);
    check_fact("instruction.consistent", "no");
    end();
}
END_TEST

START_TEST(a_guard_page)
{
    const struct crash crash = {
        mov_rax_rdx, sizeof mov_rax_rdx, {.rax = 0x201ff8}, 0xc0000005, {1, 0x201ff8}};

    begin(&crash);
    db_region(b, 0x200000, 0x1000, MEM_COMMIT, PAGE_READWRITE, 0x20000);
    db_region(b, 0x201000, 0x1000, MEM_COMMIT, PAGE_NOACCESS, 0x20000);
    run();
    ck_assert(ins->guard_page[0]);
    check_fact("access.guard_page", "yes");
    end();
    /* Far away from memory that is used it guards nothing. */
    begin(&crash);
    db_region(b, 0x201000, 0x1000, MEM_COMMIT, PAGE_NOACCESS, 0x20000);
    run();
    ck_assert(!ins->guard_page[0]);
    end();
}
END_TEST

START_TEST(an_access_that_was_allowed)
{
    const struct crash crash = {
        mov_rax_rdx, sizeof mov_rax_rdx, {.rax = 0x200100}, 0xc0000005, {1, 0x200100}};

    begin(&crash);
    db_region(b, 0x200000, 0x1000, MEM_COMMIT, PAGE_READWRITE, 0x20000);
    run();
    ck_assert_uint_eq(ins->inconsistencies, AVD_INCONSISTENT_ALLOWED);
    end();
    begin(&crash);
    db_region(b, 0x200000, 0x1000, MEM_COMMIT, PAGE_READONLY, 0x20000);
    run();
    ck_assert_uint_eq(ins->inconsistencies, 0);
    end();
}
END_TEST

START_TEST(another_address_than_the_operands)
{
    const struct crash crash = {
        mov_rax_rdx, sizeof mov_rax_rdx, {.rax = 0x200100}, 0xc0000005, {1, 0x300000}};

    begin(&crash);
    run();
    ck_assert_int_eq(ins->faulting, -1);
    ck_assert_uint_eq(ins->inconsistencies, AVD_INCONSISTENT_NOT_FOUND);
    ck_assert_str_eq(avd_inconsistency_name(4), "crashing_access_not_found_in_memory_accesses");
    check_fact("access.register", "? no memory operand of the instruction leads to the address "
                                  "that the exception gives");
    end();
}
END_TEST

static void check_code(const uint8_t *code, size_t size, uint32_t exception, unsigned expected)
{
    const struct crash crash = {code, size, {.rax = 1, .rcx = 1}, exception, {0, 0}};

    begin(&crash);
    run();
    ck_assert_uint_eq(ins->inconsistencies, expected);
    end();
}

START_TEST(exceptions_of_other_instructions)
{
    static const uint8_t divide[] = {0xf7, 0xf1};
    static const uint8_t nop[] = {0x90};
    static const uint8_t hlt[] = {0xf4};

    check_code(divide, sizeof divide, 0xc0000094, 0);
    check_code(nop, sizeof nop, 0xc0000094, AVD_INCONSISTENT_DIVIDE);
    check_code(hlt, sizeof hlt, 0xc0000096, 0);
    check_code(nop, sizeof nop, 0xc0000096, AVD_INCONSISTENT_PRIVILEGED);
}
END_TEST

START_TEST(where_a_call_goes)
{
    static const uint8_t call_rax[] = {0xff, 0xd0};
    static const uint8_t ret[] = {0xc3};
    struct crash crash = {call_rax, sizeof call_rax, {.rax = 0x5555}, 0xc0000005, {8, 0x5555}};

    begin(&crash);
    run();
    ck_assert(ins->has_pointer_update);
    ck_assert_uint_eq(ins->pointer_update, 0x5555);
    check_fact("instruction.target", "0x0000000000005555");
    end();
    crash.code = ret;
    crash.code_size = sizeof ret;
    begin(&crash);
    db_poke64(b, STACK + 0x800, UINT64_C(0x140002222));
    run();
    ck_assert_uint_eq(ins->pointer_update, 0x140002222);
    end();
}
END_TEST

/* rust-minidump's numbers for the same details. */
START_TEST(confidence)
{
    struct avd_bit_flip flip;

    memset(&flip, 0, sizeof flip);
    ck_assert_double_eq_tol(avd_bit_flip_confidence(&flip), 0.25, 1e-9);
    flip.is_null = flip.was_low = true;
    ck_assert_double_eq_tol(avd_bit_flip_confidence(&flip), 0.4375, 1e-9);
    flip.was_low = false;
    ck_assert_double_eq_tol(avd_bit_flip_confidence(&flip), 0.625, 1e-9);
    memset(&flip, 0, sizeof flip);
    flip.was_non_canonical = true;
    ck_assert_double_eq_tol(avd_bit_flip_confidence(&flip), 0.925, 1e-9);
    flip.nearby_registers = 9;
    ck_assert_double_eq_tol(avd_bit_flip_confidence(&flip), 1 - 0.75 * 0.1 * 0.35, 1e-9);
    flip.poison_registers = true;
    ck_assert_double_eq_tol(avd_bit_flip_confidence(&flip), (1 - 0.75 * 0.1 * 0.35) / 2, 1e-9);
}
END_TEST

START_TEST(bit_flips)
{
    /* 0x210100 is one bit from 0x200100, as the address and as the register; rdx is near. */
    struct crash crash = {mov_rax_rdx,
                          sizeof mov_rax_rdx,
                          {.rax = 0x210100, .rdx = 0x200800},
                          0xc0000005,
                          {1, 0x210100}};

    begin(&crash);
    db_region(b, 0x200000, 0x1000, MEM_COMMIT, PAGE_READWRITE, 0x20000);
    run();
    ck_assert_uint_eq(ins->flip_count, 2);
    ck_assert_uint_eq(ins->flips[0].address, 0x200100);
    ck_assert_int_eq(ins->flips[0].source_register, -1);
    ck_assert_uint_eq(ins->flips[0].nearby_registers, 1);
    ck_assert_int_eq(ins->flips[1].source_register, AVD_RAX);
    check_fact("access.bit_flip", "yes");
    end();
    /* Read-only memory does not explain a write. */
    begin(&crash);
    db_region(b, 0x200000, 0x1000, MEM_COMMIT, PAGE_READONLY, 0x20000);
    run();
    ck_assert_uint_eq(ins->flip_count, 0);
    check_fact("access.bit_flip", "no");
    end();
    /* The high bits of an address that is not canonical; a register with a pattern in it. */
    crash.regs.rax = 0x4000000000200100;
    crash.regs.rdx = 0xcdcdcdcdcdcdcdcd;
    crash.parameters[0] = 0;
    crash.parameters[1] = UINT64_MAX;
    begin(&crash);
    db_region(b, 0x200000, 0x1000, MEM_COMMIT, PAGE_READWRITE, 0x20000);
    run();
    ck_assert_uint_eq(ins->flip_count, 2);
    ck_assert_uint_eq(ins->flips[0].address, 0x200100);
    ck_assert(ins->flips[0].was_non_canonical);
    ck_assert(ins->flips[0].poison_registers);
    end();
}
END_TEST

START_TEST(without_code)
{
    const struct crash crash = {NULL, 0, {.rcx = 0}, 0xc0000005, {0, 0x10}};

    begin(&crash);
    run();
    ck_assert(!ins->decoded);
    check_fact("instruction.text", "? the instruction was not decoded: no code bytes at the "
                                   "instruction pointer are in the dump");
    check_fact("access.register", "? the instruction was not decoded: no code bytes at the "
                                  "instruction pointer are in the dump");
    end();
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, confidence);
    tcase_add_test(tests, without_code);
    if (!crash_run_can_decode()) {
        printf("no instruction can be decoded here\n");
        return;
    }
    tcase_add_test(tests, a_member_of_a_null_object);
    tcase_add_test(tests, an_address_that_is_not_canonical);
    tcase_add_test(tests, a_guard_page);
    tcase_add_test(tests, an_access_that_was_allowed);
    tcase_add_test(tests, another_address_than_the_operands);
    tcase_add_test(tests, exceptions_of_other_instructions);
    tcase_add_test(tests, where_a_call_goes);
    tcase_add_test(tests, bit_flips);
}

int main(void)
{
    return suite_main("det_instruction", add_tests);
}
