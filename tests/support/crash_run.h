/* SPDX-License-Identifier: MIT */
/*
 * A crash in a small made-up program, built, analyzed and judged by the shipped rules; for suites
 * of detectors. The program is app.exe with a stack of one page; what a test is about is added to
 * `b` between begin and analyze.
 *
 *     struct crash_run run = crash_run_begin(false);
 *     db_poke64(run.b, ...);
 *     crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){1, 0x1000});
 *     crash_run_analyze(&run);
 *     crash_run_fact(&run, "access.kind", "write");
 *     crash_run_end(&run);
 */
#ifndef AVD_TESTS_SUPPORT_CRASH_RUN_H
#define AVD_TESTS_SUPPORT_CRASH_RUN_H

#include "analyze/analysis.h"
#include "rules/rules.h"
#include "support/dump_fixture.h"

struct crash_run {
    struct db *b;
    bool x86;
    uint64_t app, stack;  /* base of app.exe (64 KiB, no code in the dump), of the stack */
    uint64_t pc, sp;      /* of the exception; begin sets both */
    struct db_x64 regs64; /* the rest of the registers */
    struct db_x86 regs32;
    uint64_t record_address; /* 0: pc */
    uint64_t nested_record;  /* address of an older EXCEPTION_RECORD, or 0 */
    struct dump_fixture fixture;
    struct avd_analysis *an;
    struct avd_arena arena;
    struct avd_rule_results results;
};

/* A 64-bit or 32-bit program on Windows 10 without an exception, so far. */
struct crash_run crash_run_begin(bool x86);
/* Adds a module of 64 KiB with its headers, these exports and code of `int3` at RVA 0x1000. */
void crash_run_module(struct crash_run *run, uint64_t base, const char *path,
                      const struct db_export *exports, size_t count);
/* Thread 7 raised this, at run->pc. */
void crash_run_raise(struct crash_run *run, uint32_t code, unsigned parameter_count,
                     const uint64_t *parameters);
/* Opens, analyzes, runs the shipped rules; all must succeed. */
void crash_run_analyze(struct crash_run *run);
/* Frees everything, and asserts that nothing was leaked. */
void crash_run_end(struct crash_run *run);

/* Asserts what a fact shows as; that of an unknown one is "? " and the reason. */
void crash_run_fact(const struct crash_run *run, const char *name, const char *expected);
/* Whether the rules found it. */
bool crash_run_found(const struct crash_run *run, const char *id);
/* Asserts the ids of all findings as judge_findings does. */
void crash_run_findings(const struct crash_run *run, const char *expected);

/* Whether instructions can be decoded here; without Zydis they cannot. */
bool crash_run_can_decode(void);

#endif
