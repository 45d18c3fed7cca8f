/* SPDX-License-Identifier: MIT */
/* The terminal, files and environment of POSIX systems. */
#include "term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

int avd_term_has_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

int avd_term_has_progress(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

size_t avd_term_columns(FILE *stream)
{
    enum { USUAL = 80, MOST = 10000 };
    const char *columns = getenv("COLUMNS");
    unsigned long wanted = columns != NULL ? strtoul(columns, NULL, 10) : 0;
    struct winsize size;

    if (!isatty(fileno(stream)))
        return 0;
    if (wanted > 0 && wanted <= MOST)
        return wanted;
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : USUAL;
}

int avd_term_file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

int avd_term_same_file(const char *a, const char *b)
{
    struct stat x;
    struct stat y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

int avd_term_is_closed_pipe(int error)
{
    return error == EPIPE;
}

const char *avd_term_variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The XDG Base Directory specification: a relative path does not count. */
int avd_term_cache_base(const char **base, const char **tail)
{
    *tail = "/avdump/symbols";
    *base = avd_term_variable("XDG_CACHE_HOME");
    if (*base != NULL && (*base)[0] == '/')
        return 1;
    *tail = "/.cache/avdump/symbols";
    *base = avd_term_variable("HOME");
    return *base != NULL;
}
