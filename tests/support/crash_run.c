/* SPDX-License-Identifier: MIT */
#include "support/crash_run.h"

#include "base/strbuf.h"
#include "insn/insn.h"
#include "minidump/format.h"
#include "support/judge.h"

#include <string.h>

enum { STACK_SIZE = 0x1000, MODULE_SIZE = 0x10000, THREAD = 7 };

struct crash_run crash_run_begin(bool x86)
{
    struct crash_run run = {.x86 = x86};

    run.b = db_new();
    run.app = x86 ? 0x400000 : UINT64_C(0x140000000);
    run.stack = 0x130000;
    run.pc = run.app + 0x1234;
    run.sp = run.stack + 0x800;
    (void)db_system_info(run.b, x86 ? PROCESSOR_ARCHITECTURE_INTEL : PROCESSOR_ARCHITECTURE_AMD64,
                         10, 0, 19041);
    (void)db_module(run.b, &(struct db_module){
                               .base = run.app, .size = MODULE_SIZE, .path = "C:\\app\\app.exe"});
    (void)db_memory(run.b, run.stack, STACK_SIZE);
    return run;
}

void crash_run_module(struct crash_run *run, uint64_t base, const char *path,
                      const struct db_export *exports, size_t count)
{
    uint8_t code[0x800];

    memset(code, 0xcc, sizeof code);
    (void)db_module(run->b, &(struct db_module){.base = base, .size = MODULE_SIZE, .path = path});
    db_map_image(run->b, base,
                 &(struct db_image){.pe32 = run->x86,
                                    .size = MODULE_SIZE,
                                    .text = code,
                                    .text_size = sizeof code,
                                    .exports = exports,
                                    .export_count = count});
}

static unsigned add_context(struct crash_run *run)
{
    struct db_x64 regs64 = run->regs64;
    struct db_x86 regs32 = run->regs32;

    regs64.rip = run->pc;
    regs64.rsp = run->sp;
    regs32.eip = (uint32_t)run->pc;
    regs32.esp = (uint32_t)run->sp;
    return run->x86 ? db_context_x86(run->b, &regs32) : db_context_x64(run->b, &regs64);
}

void crash_run_raise(struct crash_run *run, uint32_t code, unsigned parameter_count,
                     const uint64_t *parameters)
{
    struct db_exception exception = {
        .thread_id = THREAD, .code = code, .parameter_count = parameter_count};
    unsigned i;

    exception.address = run->record_address != 0 ? run->record_address : run->pc;
    exception.nested_record = run->nested_record;
    exception.context = add_context(run);
    for (i = 0; i < parameter_count; i++)
        exception.parameters[i] = parameters[i];
    (void)db_exception(run->b, &exception);
}

void crash_run_analyze(struct crash_run *run)
{
    struct avd_error err;

    (void)db_thread(run->b, &(struct db_thread){.id = THREAD,
                                                .stack_start = run->stack,
                                                .stack_size = STACK_SIZE,
                                                .context = add_context(run)});
    run->fixture = dump_fixture_open(run->b);
    ck_assert_int_eq(avd_analysis_run(run->fixture.dump, NULL, &run->an, &err), AVD_OK);
    judge_run(&run->an->facts, &run->arena, &run->results);
}

void crash_run_end(struct crash_run *run)
{
    avd_arena_deinit(&run->arena);
    avd_analysis_free(run->an);
    dump_fixture_close(&run->fixture);
}

void crash_run_fact(const struct crash_run *run, const char *name, const char *expected)
{
    const struct avd_fact *fact = avd_fact_find(&run->an->facts, name);
    struct avd_strbuf text;

    ck_assert_msg(fact != NULL, "nobody published %s", name);
    avd_strbuf_init(&text);
    if (fact->type == AVD_FACT_UNKNOWN)
        avd_strbuf_printf(&text, "? %s", fact->text);
    else
        avd_fact_show(fact, &text);
    ck_assert_msg(strcmp(avd_strbuf_text(&text), expected) == 0, "%s is \"%s\", not \"%s\"", name,
                  avd_strbuf_text(&text), expected);
    avd_strbuf_deinit(&text);
}

bool crash_run_found(const struct crash_run *run, const char *id)
{
    return judge_found(&run->results, id);
}

void crash_run_findings(const struct crash_run *run, const char *expected)
{
    judge_findings(&run->results, expected);
}

bool crash_run_can_decode(void)
{
    const uint8_t nop[] = {0x90};
    const struct avd_regs none = {{0}, 0};
    const struct avd_view code = {nop, 1, 0};
    const char *why;
    struct avd_insn insn;

    return avd_insn_decode(code, 0, true, &none, &insn, &why);
}
