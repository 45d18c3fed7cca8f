// SPDX-License-Identifier: MIT
//
// What the recorder shares with the functions that it watches.

#ifndef RECORDER_H
#define RECORDER_H

enum test_kind {
    NORMAL = 0,
    UNKNOWN_CALLER = 1, // it is not reached by calls alone: only the system's answer counts
};

// In a table, the last one's function is 0. Assembly writes it as well.
struct test_case {
    void (*function)(void);
    const char *name;
#ifdef _WIN64
    long long kind;
#else
    long kind;
#endif
    void *reserved;
};

// Those that a program does not have are empty. Which compiler made the shapes and how is in
// tools/record-testdata.
extern const struct test_case directive_cases[];
extern const struct test_case epilogue_cases[];
extern const struct test_case table_cases[];
extern const struct test_case shape_cases_0[];
extern const struct test_case shape_cases_1[];
extern const struct test_case shape_cases_2[];
extern const struct test_case shape_cases_3[];
extern const struct test_case shape_cases_4[];

// Calls `function` with three arguments, every nonvolatile register set to a value of its own and
// the trap flag on. The recorder takes the flag off at gate_return.
void gate(void (*function)(void), int a, int b, int c);
extern char gate_begin[], gate_return[], gate_end[];

// Turns the trap flag on for its caller, where the system has turned it off, and off before the
// system's own code goes on.
void step_on(void);
void step_off(void);

#endif
