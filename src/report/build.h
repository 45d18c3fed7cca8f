/* SPDX-License-Identifier: MIT */
/* Inside report: the parts from which build.c puts a report together. */
#ifndef AVD_REPORT_BUILD_H
#define AVD_REPORT_BUILD_H

#include "analyze/analysis.h"
#include "report/model.h"
#include "rules/rules.h"

/* All copy into report->arena; running out of memory shows in report->arena.failed. */
void avd_build_dump(const struct avd_dump *dump, struct avd_report *report); /* build_dump.c */
/* "Pid:" of the Linux process status stream. */
bool avd_build_linux_pid(const struct avd_dump *dump, uint32_t *pid);
void avd_build_linux(const struct avd_dump *dump, struct avd_report *report); /* build_linux.c */
void avd_build_modules(const struct avd_analysis *analysis, struct avd_report *report);
void avd_build_modules_listed(const struct avd_dump *dump, struct avd_report *report);
void avd_build_threads(const struct avd_analysis *analysis, struct avd_report *report);
void avd_build_exception(const struct avd_analysis *analysis, struct avd_report *report);
void avd_build_verifier(const struct avd_analysis *analysis, struct avd_report *report);
void avd_build_instruction(const struct avd_analysis *analysis, struct avd_report *report);
/* What happened, in the verdict's words, where the CPU reports no address: the instruction may tell
 * which it was. NULL: the exception's own address is as good, or out of memory. */
const char *avd_build_unreported_address(const struct avd_analysis *an, struct avd_report *report);
void avd_build_blame(const struct avd_analysis *analysis, struct avd_report *report);
/* The exceptions found on stacks and those nested in each other (build_exception.c). */
void avd_build_found(const struct avd_analysis *analysis, struct avd_report *report);
/* After modules and threads (build_map.c). */
void avd_build_map(const struct avd_dump *dump, struct avd_report *report);
void avd_build_verdict(const struct avd_analysis *analysis, struct avd_report *report);

/* A copy in the report's arena; NULL stays NULL. */
const char *avd_build_copy(struct avd_report *report, const char *text);

#endif
