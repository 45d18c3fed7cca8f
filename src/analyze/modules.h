/* SPDX-License-Identifier: MIT */
/* Inside analyze: the modules of an analysis and their images. */
#ifndef AVD_ANALYZE_MODULES_H
#define AVD_ANALYZE_MODULES_H

#include "analyze/analysis.h"

/* Fills analysis->modules and its index. False when out of memory. */
bool avd_modules_collect(struct avd_analysis *analysis);
void avd_modules_close(struct avd_analysis *analysis);

/* What the walks may ask, answered from the analysis (walk_env.c). */
void avd_analysis_walk_env(struct avd_analysis *analysis, struct avd_walk_env *env);

/* The index of the dynamic function tables (function_tables.c). False when out of memory. */
bool avd_function_tables_index(struct avd_analysis *analysis);
/* The RUNTIME_FUNCTION for `addr`, relative to *base; each table looked at takes one of
 * analysis->walk_effort. */
bool avd_function_tables_find(struct avd_analysis *analysis, uint64_t addr, uint64_t *base,
                              uint32_t entry[3]);

/* The part of it that symbols answer (unwind_symbols.c). */
void avd_analysis_unwind_env(struct avd_walk_env *env);

/* Where the 64-bit walk of a thread that ran 32-bit code starts: a return address found above
 * wow->native_sp, and its rsp (wow64_native.c). False when there is none. */
bool avd_analysis_wow64_native(struct avd_analysis *analysis, const struct avd_wow64_thread *wow,
                               struct avd_context *start);

/* Contexts, stacks and names of all threads (threads.c). False when out of memory. */
bool avd_analysis_threads(struct avd_analysis *analysis);
/* Walks from `context` on a stack with these bounds (0: not known) and names the frames. */
bool avd_analysis_walk(struct avd_analysis *analysis, const struct avd_cpu_ops *cpu,
                       const struct avd_context *context, uint64_t low, uint64_t high,
                       struct avd_an_stack *out);
/* Walks a thread once more, from the context that analysis->exception has for it. */
bool avd_analysis_rewalk(struct avd_analysis *analysis, size_t thread);

/* Makes analysis->exception the exception: its words and whether 32-bit code raised it. */
bool avd_analysis_describe(struct avd_analysis *analysis, bool is_32bit);
/* Looks for exceptions on the stacks and chooses the one that the report is about (recover.c). */
bool avd_analysis_recover(struct avd_analysis *analysis);

#endif
