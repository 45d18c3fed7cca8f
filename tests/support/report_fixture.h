/* SPDX-License-Identifier: MIT */
/*
 * Reports made by hand, for the renderers' tests. The crash is Breakpad's minidump2.dmp, the WOW64
 * process the one of the Virtualized Process pattern; numbers are theirs, the rest is made up.
 * Everything they point to is static; a test may replace what it likes in its own copy.
 */
#ifndef REPORT_FIXTURE_H
#define REPORT_FIXTURE_H

#include "report/model.h"

/* An x86 crash: three threads, the last two with equal stacks, one finding, one undecided rule. */
void report_fixture_crash(struct avd_report *report);
/* An x64 dump of an x86 process: one thread with both stacks, one without its 32-bit half. */
void report_fixture_wow64(struct avd_report *report);
/* A dump that holds nothing. */
void report_fixture_empty(struct avd_report *report);

#endif
