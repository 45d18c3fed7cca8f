/* SPDX-License-Identifier: MIT */
/*
 * One whole run over bytes that may be anything: open, analyze, render as JSON, as text and as
 * HTML, close. Used by the suites of properties and by nobody else, because it asserts nothing
 * about content.
 */
#ifndef AVD_TESTS_SUPPORT_WHOLE_RUN_H
#define AVD_TESTS_SUPPORT_WHOLE_RUN_H

#include "avdump/avdump.h"

struct whole_run {
    enum avd_status status; /* the first that was not AVD_OK */
    struct avd_error err;
    char *json; /* report, malloc'ed; NULL when it did not come to that */
    size_t json_size;
    char *text;
    size_t text_size;
    char *info; /* avd_info_write as text */
    size_t info_size;
};

void whole_run_do(const void *bytes, size_t size, struct whole_run *run);
void whole_run_free(struct whole_run *run);

/* A file's bytes, unpacked when it is gzip; malloc'ed. NULL when it cannot be read. */
unsigned char *whole_run_load(const char *path, size_t *size);

#endif
