/* SPDX-License-Identifier: MIT */
/* What a test writes into: empty before each test, released and nothing leaked after it. */
#ifndef AVD_TESTS_SUPPORT_TEXT_OUT_H
#define AVD_TESTS_SUPPORT_TEXT_OUT_H

#include "base/strbuf.h"
#include "report/model.h"

#include <check.h>

extern struct avd_strbuf text_out;

void text_out_use(TCase *tests);
/* What the renderer makes of a report, instead of what was there before. */
const char *text_out_render(const struct avd_renderer *renderer, const struct avd_report *report,
                            const struct avd_write_options *options);
/* The same of a report as report_fixture.h makes it. */
const char *text_out_of(const struct avd_renderer *renderer,
                        void (*fixture)(struct avd_report *report),
                        const struct avd_write_options *options);

#endif
