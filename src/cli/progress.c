/* SPDX-License-Identifier: MIT */
/* How far a long run is: one line on standard error that is written over. Terminals only. */
#include "cli.h"
#include "term.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_NAME = 60 };

void avd_cli_progress_show(void *ctx, uint64_t done, const char *current)
{
    struct avd_cli_progress *progress = ctx;
    time_t now = time(NULL);
    size_t size = current != NULL ? strlen(current) : 0;

    if (progress->started == 0)
        progress->started = now;
    if (progress->shown && now == progress->last)
        return;
    progress->last = now;
    progress->shown = 1;
    fprintf(stderr, "\r\033[K%llu dumps", (unsigned long long)done);
    if (now > progress->started)
        fprintf(stderr, ", %llu/s",
                (unsigned long long)(done / (unsigned long long)(now - progress->started)));
    if (size != 0) {
        fputs("  ", stderr);
        avd_term_puts(stderr, size > MAX_NAME ? current + size - MAX_NAME : current);
    }
    (void)fflush(stderr);
}

void avd_cli_progress_clear(struct avd_cli_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = 0;
}
