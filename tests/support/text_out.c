/* SPDX-License-Identifier: MIT */
#include "support/text_out.h"

#include "base/memory.h"

struct avd_strbuf text_out;

static void setup(void)
{
    avd_strbuf_init(&text_out);
}

static void teardown(void)
{
    avd_strbuf_deinit(&text_out);
    ck_assert_int_eq(avd_mem_live(), 0);
}

void text_out_use(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
}

const char *text_out_render(const struct avd_renderer *renderer, const struct avd_report *report,
                            const struct avd_write_options *options)
{
    avd_strbuf_deinit(&text_out);
    renderer->render(report, options, &text_out);
    ck_assert(!text_out.failed);
    return avd_strbuf_text(&text_out);
}

const char *text_out_of(const struct avd_renderer *renderer,
                        void (*fixture)(struct avd_report *report),
                        const struct avd_write_options *options)
{
    struct avd_report report;

    fixture(&report);
    return text_out_render(renderer, &report, options);
}
