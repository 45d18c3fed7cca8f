/* SPDX-License-Identifier: MIT */
/* A report without personal data, for renderers. This short because it is an interface. */
#ifndef AVD_REPORT_REDACT_H
#define AVD_REPORT_REDACT_H

#include "report/model.h"

/*
 * A copy of `report` that shares what it can with it, without the texts of comments and of
 * annotations that may say who somebody is; new lists go into `arena`, whose `failed` tells of
 * missing memory. Names in paths are left out of the rendered text (base/redact.h).
 */
void avd_report_redact(const struct avd_report *report, struct avd_arena *arena,
                       struct avd_report *out);

#endif
