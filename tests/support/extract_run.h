/* SPDX-License-Identifier: MIT */
/* One dump made out of another in memory, for suites of src/extract. */
#ifndef AVD_TESTS_SUPPORT_EXTRACT_RUN_H
#define AVD_TESTS_SUPPORT_EXTRACT_RUN_H

#include "avdump/avdump.h"
#include "base/strbuf.h"

struct extract_run {
    enum avd_status status;
    struct avd_error err;
    struct avd_strbuf bytes; /* the new dump */
    struct avd_strbuf notes; /* a line each */
    struct avd_dump *dump;   /* the new dump opened; NULL after a failure */
};

/* Extracts and, when that works, opens the result, which must succeed. */
struct extract_run extract_run_do(const struct avd_dump *dump, enum avd_extract_what what);
void extract_run_free(struct extract_run *run);

/* An avd_write_fn for a struct avd_strbuf. */
int extract_run_collect(void *strbuf, const char *bytes, size_t size);

#endif
