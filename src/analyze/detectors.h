/* SPDX-License-Identifier: MIT */
/* Inside analyze: the detectors there are, and what they share. */
#ifndef AVD_ANALYZE_DETECTORS_H
#define AVD_ANALYZE_DETECTORS_H

#include "analyze/analysis.h"

extern const struct avd_detector avd_det_process;     /* det_process.c */
extern const struct avd_detector avd_det_exception;   /* det_exception.c */
extern const struct avd_detector avd_det_stack;       /* det_stack.c */
extern const struct avd_detector avd_det_verifier;    /* det_verifier.c */
extern const struct avd_detector avd_det_instruction; /* det_instruction.c */
extern const struct avd_detector avd_det_blame;       /* det_blame.c */
extern const struct avd_detector avd_det_modules;     /* det_modules.c */
extern const struct avd_detector avd_det_rows;        /* det_rows.c */
extern const struct avd_detector avd_det_pointer;     /* det_pointer.c */
extern const struct avd_detector avd_det_unloaded;    /* det_unloaded.c */
extern const struct avd_detector avd_det_heap;        /* det_heap.c */
extern const struct avd_detector avd_det_page_heap;   /* det_page_heap.c */
extern const struct avd_detector avd_det_cpp;         /* det_cpp.c */
extern const struct avd_detector avd_det_stowed;      /* det_stowed.c */
extern const struct avd_detector avd_det_runtime;     /* det_runtime.c */
extern const struct avd_detector avd_det_selfcheck;   /* det_selfcheck.c */
extern const struct avd_detector avd_det_origin;      /* det_origin.c */
extern const struct avd_detector avd_det_waits;       /* det_waits.c */
extern const struct avd_detector avd_det_locks;       /* det_locks.c */
extern const struct avd_detector avd_det_dialog;      /* det_dialog.c */
extern const struct avd_detector avd_det_time;        /* det_time.c */
extern const struct avd_detector avd_det_resources;   /* det_resources.c */
extern const struct avd_detector avd_det_quality;     /* det_quality.c */
extern const struct avd_detector avd_det_environment; /* det_environment.c */
extern const struct avd_detector avd_det_module_set;  /* det_module_set.c */
extern const struct avd_detector avd_det_hooks;       /* det_hooks.c */

/* The stack of the thread that raised the exception, the 32-bit one when 32-bit code did; NULL
 * when there is none. */
const struct avd_an_stack *avd_an_exception_stack(const struct avd_analysis *analysis);

/* Digits of an address in the code that raised the exception. */
unsigned avd_an_exception_digits(const struct avd_analysis *analysis);

#endif
