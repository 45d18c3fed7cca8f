/* SPDX-License-Identifier: MIT */
/*
 * Recordings of programs that were carried out instruction by instruction (testdata/README.md,
 * "Stops"): before each, the registers, the stack, who the caller truly is, and on x64 what the
 * system's own unwinder said. A file that cannot be read is the test's own mistake and aborts.
 */
#ifndef AVD_TESTS_ORACLE_H
#define AVD_TESTS_ORACLE_H

#include "stack/walk.h"

enum { ORACLE_NAME = 64, ORACLE_FRAME_DATA = 1024, ORACLE_DEPTH = 64 };

/* What somebody says about a caller; `known` of its registers is the same in all. */
enum oracle_answer {
    ORACLE_NOT_ASKED,
    ORACLE_NONE, /* the system crashed; who the caller is cannot be said */
    ORACLE_GIVEN
};

struct oracle_caller {
    enum oracle_answer answer;
    struct avd_regs regs; /* pc, sp and the nonvolatile registers */
};

struct oracle {
    const struct avd_cpu_ops *cpu;
    char system[ORACLE_NAME];
    uint64_t stack_low, stack_high;
    uint64_t image, image_size;
    uint64_t other, other_size;   /* another module, of which nothing else is known */
    uint32_t code_rva, code_size; /* of what was watched */
    uint32_t text_rva, text_size; /* of the rest, whose bytes are not there */
    struct avd_pdata pdata;
    struct avd_frame_data frame_data[ORACLE_FRAME_DATA]; /* x86, sorted by rva */
    size_t frame_data_count;
    bool with_symbols; /* the walk may see frame_data; the test's choice */

    /* The stop that the reader is at. */
    char run[ORACLE_NAME];
    struct avd_regs regs;
    struct oracle_caller system_says, truth;
    struct avd_regs callers[ORACLE_DEPTH]; /* all true callers, the outermost first; `truth` last */
    size_t caller_count;                   /* 0 when `truth` is not given */

    /* The reader's own. */
    char *text, *next;
    uint8_t *image_bytes, *image_known;
    uint8_t *stack_bytes; /* the top of the stack, up to stack_high; what was never written is 0 */
    struct avd_walk_env env;
    struct avd_walk walk;
    struct avd_arena arena;
    struct avd_stack stack;
};

struct oracle *oracle_open(const char *path);
void oracle_close(struct oracle *o);
/* Goes to the next stop; false behind the last. */
bool oracle_next(struct oracle *o);
/*
 * Walks at this stop, without scanning and at most up to the last caller that is known. Below the
 * stack pointer, and above what was recorded, no memory is there.
 */
const struct avd_stack *oracle_walk(struct oracle *o);

/* Whether the code at `pc` was recorded. */
bool oracle_is_watched(const struct oracle *o, uint64_t pc);

#endif
