/* SPDX-License-Identifier: MIT */
/*
 * Evaluates the postfix language in which symbol files describe stack frames: the programs of
 * FRAMEDATA and STACK WIN 4 records, and the expressions of STACK CFI rules (LLVM's description
 * of PDB frame data; Breakpad's symbol_files.md). Values have the CPU's pointer size and wrap.
 */
#ifndef AVD_STACK_POSTFIX_H
#define AVD_STACK_POSTFIX_H

#include "base/limits.h"
#include "stack/walk.h"

struct avd_postfix_variable {
    const char *name; /* not terminated: part of the text, or the caller's constant */
    size_t size;
    uint64_t value;
    bool constant;
};

struct avd_postfix {
    const struct avd_walk *walk; /* memory, and the names of the CPU's registers */
    struct avd_regs regs;        /* at first the frame's own; assignments change them */
    uint32_t assigned;           /* bit n: register n was assigned */
    struct avd_postfix_variable variables[AVD_MAX_POSTFIX_VARIABLES];
    size_t variable_count;
    char failure[96]; /* why the last evaluation failed, "" otherwise */
};

void avd_postfix_init(struct avd_postfix *postfix, const struct avd_walk *walk,
                      const struct avd_regs *regs);

/* Gives `name`, which must outlive *postfix, a value that programs cannot change. False when there
 * are too many. */
bool avd_postfix_define(struct avd_postfix *postfix, const char *name, uint64_t value);

/*
 * Runs a program: assignments, and nothing left over at the end. Assigned registers are then in
 * regs. False, with `failure` set, for unknown words, registers whose value is not known,
 * memory that is not in the dump, division by 0, operands missing or left over; what was assigned
 * up to there is then worth nothing. `text` must outlive *postfix: variables have their names
 * there.
 */
bool avd_postfix_run(struct avd_postfix *postfix, const char *text, size_t size);

/* The value of an expression: exactly one must be left at its end. Fails like avd_postfix_run. */
bool avd_postfix_value(struct avd_postfix *postfix, const char *text, size_t size, uint64_t *out);

/* The register that a name means: "$ebp", "ebp", for x86 also CodeView's number ("$22"). False
 * when it is none of this CPU's. */
bool avd_postfix_register(const struct avd_cpu_ops *cpu, const char *name, size_t size,
                          unsigned *reg);

/* The next word of `text` at or behind *pos, which moves behind it; false at the end. */
bool avd_postfix_word(const char *text, size_t size, size_t *pos, const char **word,
                      size_t *word_size);

#endif
