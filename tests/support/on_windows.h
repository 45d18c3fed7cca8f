/* SPDX-License-Identifier: MIT */
/* What POSIX has for tests that make files and Windows's C library has not, or otherwise. */
#ifndef AVD_SUPPORT_ON_WINDOWS_H
#define AVD_SUPPORT_ON_WINDOWS_H

#ifdef _WIN32
enum { ON_WINDOWS = 1 };

#include <direct.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define mkdir(path, mode)              _mkdir(path)
#define lstat(path, st)                stat(path, st)
#define pipe(ends)                     _pipe(ends, 65536, _O_BINARY)
#define setenv(name, value, overwrite) _putenv_s(name, value)
#define unsetenv(name)                 _putenv_s(name, "")
#define symlink(target, path)          (-1) /* users may make none */

/* Nobody else makes such names while the tests run. */
static inline char *avd_test_mkdtemp(char *path)
{
    char *digits = path + strlen(path) - 6;
    int number;

    for (number = 0; number < 1000000; number++) {
        int rest = number;
        int i;

        for (i = 5; i >= 0; i--, rest /= 10)
            digits[i] = (char)('0' + rest % 10);
        if (_mkdir(path) == 0)
            return path;
    }
    return NULL;
}
#define mkdtemp(path) avd_test_mkdtemp(path)

/* Bytes go in and out as they are: no \r before a \n. */
static inline void avd_test_plain_streams(void)
{
    (void)_setmode(0, _O_BINARY);
    (void)_setmode(1, _O_BINARY);
}

#else
enum { ON_WINDOWS = 0 };

static inline void avd_test_plain_streams(void)
{
}
#endif

#endif
