/* SPDX-License-Identifier: MIT */
/* How far a long run is: one line on standard error that is written over. Terminals only. */
#include "cli.h"
#include "term.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_NAME = 60 };

/* "1:02:03" or "2:03" */
static void put_duration(unsigned long seconds)
{
    if (seconds >= 3600)
        fprintf(stderr, "%lu:%02lu:%02lu", seconds / 3600, seconds / 60 % 60, seconds % 60);
    else
        fprintf(stderr, "%lu:%02lu", seconds / 60, seconds % 60);
}

void avd_cli_progress_show(void *ctx, uint64_t done, double share, const char *current)
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
    if (now > progress->started && share > 0.01 && share < 1.0) {
        fprintf(stderr, ", %.0f %%, ", share * 100);
        put_duration((unsigned long)(difftime(now, progress->started) * (1.0 - share) / share));
        fputs(" left", stderr);
    }
    if (size != 0) {
        fputs("  ", stderr);
        avd_term_puts(stderr, size > MAX_NAME ? current + size - MAX_NAME : current);
    }
    (void)fflush(stderr);
}

void avd_cli_progress_clear(void *ctx)
{
    struct avd_cli_progress *progress = ctx;

    if (progress->shown)
        fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    progress->shown = 0;
}
