/* SPDX-License-Identifier: MIT */
/* Dumps made out of a dump, in both ways: each must open, or, by turns, be what another run makes
 * of it. */
#include "avdump/avdump.h"
#include "base/strbuf.h"
#include "turn.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int collect(void *ctx, const char *bytes, size_t size)
{
    avd_strbuf_add(ctx, bytes, size);
    return 0;
}

/* Whether there is something to extract. */
static int extract(const struct avd_dump *dump, enum avd_extract_what what, struct avd_strbuf *out)
{
    struct avd_extract_options options = {0};
    struct avd_error err = {0};
    enum avd_status status;

    options.what = what;
    avd_strbuf_init(out);
    status = avd_dump_extract(dump, &options, collect, out, &err);
    if (status != AVD_OK && (err.code != status || err.message[0] == '\0'))
        abort();
    return status == AVD_OK;
}

static void check_again(const struct avd_dump *dump, enum avd_extract_what what)
{
    struct avd_strbuf first;
    struct avd_strbuf second;

    if (extract(dump, what, &first) != extract(dump, what, &second) || first.size != second.size ||
        (first.size != 0 && memcmp(first.text, second.text, first.size) != 0))
        abort();
    avd_strbuf_deinit(&first);
    avd_strbuf_deinit(&second);
}

static void check_opens(const struct avd_dump *dump, enum avd_extract_what what)
{
    struct avd_dump *made = NULL;
    struct avd_report *report = NULL;
    struct avd_strbuf bytes;

    if (extract(dump, what, &bytes) &&
        (avd_dump_open_memory(bytes.text, bytes.size, "made.dmp", &made, NULL) != AVD_OK ||
         avd_analyze(made, NULL, NULL, &report, NULL) != AVD_OK))
        abort();
    avd_report_free(report);
    avd_dump_close(made);
    avd_strbuf_deinit(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avd_dump *dump = NULL;

    if (avd_dump_open_memory(data, size, "fuzz.dmp", &dump, NULL) != AVD_OK)
        return 0;
    switch (fuzz_turn(data, size, 4)) {
    case 0: check_again(dump, AVD_EXTRACT_WOW64); break;
    case 1: check_again(dump, AVD_EXTRACT_SLIM); break;
    case 2: check_opens(dump, AVD_EXTRACT_WOW64); break;
    default: check_opens(dump, AVD_EXTRACT_SLIM); break;
    }
    avd_dump_close(dump);
    return 0;
}
