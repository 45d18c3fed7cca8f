/* SPDX-License-Identifier: MIT */
/* The main function of a suite. CK_VERBOSITY says how much it tells, as Check documents. */
#ifndef AVD_TESTS_SUITE_H
#define AVD_TESTS_SUITE_H

#include <check.h>

/* Runs what `add_tests` adds to the one case of the suite; the program's exit code. */
int suite_main(const char *name, void (*add_tests)(TCase *tests));

#endif
