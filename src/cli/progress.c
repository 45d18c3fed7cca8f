/* SPDX-License-Identifier: MIT */
/* How far a long run is: one line on standard error that is written over. Terminals only. */
#include "cli.h"
#include "term.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ", 45 %, 1:02:03 left" */
static void format_left(char *out, size_t size, double share, double elapsed)
{
    unsigned long seconds = (unsigned long)(elapsed * (1.0 - share) / share);

    if (seconds >= 3600)
        (void)snprintf(out, size, ", %.0f %%, %lu:%02lu:%02lu left", share * 100, seconds / 3600,
                       seconds / 60 % 60, seconds % 60);
    else
        (void)snprintf(out, size, ", %.0f %%, %lu:%02lu left", share * 100, seconds / 60,
                       seconds % 60);
}

/* An avd_write_fn that counts. */
static int count_bytes(void *total, const char *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)total += size;
    return 0;
}

/* The end of `text` that fits into `room` columns; what is escaped has no more columns than
 * bytes. */
static const char *end_of(const char *text, size_t room)
{
    size_t size = strlen(text);

    text += size > room ? size - room : 0;
    for (;;) {
        size = 0;
        avd_term_escape(text, count_bytes, &size);
        if (size <= room)
            return text;
        do
            text++;
        while (((unsigned char)*text & 0xc0) == 0x80);
    }
}

void avd_cli_progress_show(void *ctx, uint64_t done, double share, const char *current)
{
    struct avd_cli_progress *progress = ctx;
    time_t now = time(NULL);
    /* A line that fills the last column, or goes on in the next line, cannot be written over. */
    size_t room = avd_term_columns(stderr) - 1;
    char line[128];
    char rate[32] = "";
    char left[64] = "";
    size_t size;

    if (progress->started == 0)
        progress->started = now;
    if (progress->shown && now == progress->last)
        return;
    progress->last = now;
    progress->shown = 1;
    if (now > progress->started) {
        unsigned long long elapsed = (unsigned long long)(now - progress->started);

        (void)snprintf(rate, sizeof rate, ", %llu/s", (unsigned long long)done / elapsed);
        if (share > 0.01 && share < 1.0)
            format_left(left, sizeof left, share, (double)elapsed);
    }
    (void)snprintf(line, sizeof line, "%llu dumps%s%s", (unsigned long long)done, rate, left);
    size = strlen(line);
    fprintf(stderr, "\r\033[K%.*s", (int)(size < room ? size : room), line);
    if (current != NULL && size + 2 < room) {
        fputs("  ", stderr);
        avd_term_puts(stderr, end_of(current, room - size - 2));
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
