/* SPDX-License-Identifier: MIT */
#include "support/extract_run.h"

#include <check.h>
#include <string.h>

int extract_run_collect(void *strbuf, const char *bytes, size_t size)
{
    avd_strbuf_add(strbuf, bytes, size);
    return 0;
}

static void take_note(void *ctx, const char *text)
{
    struct extract_run *run = ctx;

    avd_strbuf_puts(&run->notes, text);
    avd_strbuf_puts(&run->notes, "\n");
}

struct extract_run extract_run_do(const struct avd_dump *dump, enum avd_extract_what what)
{
    struct extract_run run;
    struct avd_extract_options options = {0};

    memset(&run, 0, sizeof run);
    options.what = what;
    options.note = take_note;
    options.note_ctx = &run;
    run.status = avd_dump_extract(dump, &options, extract_run_collect, &run.bytes, &run.err);
    if (run.status == AVD_OK && !run.bytes.failed) {
        enum avd_status opened =
            avd_dump_open_memory(run.bytes.text, run.bytes.size, "new.dmp", &run.dump, &run.err);

        if (opened != AVD_OK && opened != AVD_E_NOMEM)
            ck_abort_msg("the new dump does not open: %s: %s", run.err.where, run.err.message);
    }
    return run;
}

void extract_run_free(struct extract_run *run)
{
    avd_dump_close(run->dump);
    avd_strbuf_deinit(&run->bytes);
    avd_strbuf_deinit(&run->notes);
    memset(run, 0, sizeof *run);
}
