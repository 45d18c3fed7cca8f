/* SPDX-License-Identifier: MIT */
/* The terminal, files and environment of Windows. */
#include "term.h"

#include "base/memory.h"
#include "base/wide.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#ifndef ENABLE_VIRTUAL_TERMINAL_PROCESSING
#define ENABLE_VIRTUAL_TERMINAL_PROCESSING 0x0004
#endif

/* Whether it is a console that understands escape sequences; Windows 10 does when it is asked
 * to. */
static int is_terminal(DWORD which)
{
    HANDLE handle = GetStdHandle(which);
    DWORD mode;

    return handle != NULL && handle != INVALID_HANDLE_VALUE && GetConsoleMode(handle, &mode) &&
           ((mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0 ||
            SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING));
}

/* TERM is not set in Windows's own shells, and counts where it is. */
static int is_dumb(void)
{
    const char *term = avd_term_variable("TERM");

    return term != NULL && strcmp(term, "dumb") == 0;
}

int avd_term_has_color(void)
{
    return is_terminal(STD_OUTPUT_HANDLE) && avd_term_variable("NO_COLOR") == NULL && !is_dumb();
}

int avd_term_has_progress(void)
{
    return is_terminal(STD_ERROR_HANDLE) && !is_dumb();
}

size_t avd_term_columns(FILE *stream)
{
    enum { USUAL = 80, MOST = 10000 };
    const char *columns = avd_term_variable("COLUMNS");
    unsigned long wanted = columns != NULL ? strtoul(columns, NULL, 10) : 0;
    DWORD which = _fileno(stream) == _fileno(stderr) ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE;
    CONSOLE_SCREEN_BUFFER_INFO info;

    if (!is_terminal(which))
        return 0;
    if (wanted > 0 && wanted <= MOST)
        return wanted;
    return GetConsoleScreenBufferInfo(GetStdHandle(which), &info) &&
                   info.srWindow.Right >= info.srWindow.Left
               ? (size_t)(info.srWindow.Right - info.srWindow.Left) + 1
               : USUAL;
}

int avd_term_file_exists(const char *path)
{
    wchar_t *wide;
    int exists;

    if (avd_wide_path(path, L"", &wide, NULL) != AVD_OK)
        return 0;
    exists = GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
    avd_mem_free(wide);
    return exists;
}

/* What tells a file from all others; false for what is none. */
static bool identify(const char *path, BY_HANDLE_FILE_INFORMATION *out)
{
    wchar_t *wide;
    HANDLE file;
    bool good;

    if (avd_wide_path(path, L"", &wide, NULL) != AVD_OK)
        return false;
    file = CreateFileW(wide, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    avd_mem_free(wide);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    good = GetFileType(file) == FILE_TYPE_DISK && GetFileInformationByHandle(file, out);
    (void)CloseHandle(file);
    return good;
}

int avd_term_same_file(const char *a, const char *b)
{
    BY_HANDLE_FILE_INFORMATION x;
    BY_HANDLE_FILE_INFORMATION y;

    return identify(a, &x) && identify(b, &y) && x.dwVolumeSerialNumber == y.dwVolumeSerialNumber &&
           x.nFileIndexHigh == y.nFileIndexHigh && x.nFileIndexLow == y.nFileIndexLow;
}

/* The C library has no name for most of what a pipe without a reader gives, and makes it EINVAL, as
 * it does with whatever else it does not know. */
int avd_term_is_closed_pipe(int error)
{
    return error == EPIPE ||
           (error == EINVAL && (_doserrno == ERROR_NO_DATA || _doserrno == ERROR_BROKEN_PIPE ||
                                _doserrno == ERROR_PIPE_NOT_CONNECTED));
}

/* The C library's copy is in the code page of the system, which most names do not fit into. Copies
 * made here last as long as the process, as getenv's do. */
const char *avd_term_variable(const char *name)
{
    static struct {
        const char *name;
        char *value;
    } known[16];
    wchar_t wide_name[64];
    wchar_t *wide;
    DWORD size;
    size_t i;

    for (i = 0; i < sizeof known / sizeof *known && known[i].name != NULL; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].value;
    if (i == sizeof known / sizeof *known ||
        MultiByteToWideChar(CP_UTF8, 0, name, -1, wide_name, 64) == 0)
        return NULL;
    size = GetEnvironmentVariableW(wide_name, NULL, 0);
    wide = size > 1 ? avd_mem_calloc(size, sizeof *wide) : NULL;
    if (wide == NULL)
        return NULL;
    if (GetEnvironmentVariableW(wide_name, wide, size) < size)
        known[i].value = avd_wide_copy_utf8(wide);
    known[i].name = known[i].value != NULL ? name : NULL;
    avd_mem_free(wide);
    return known[i].value;
}

int avd_term_cache_base(const char **base, const char **tail)
{
    const char *xdg = avd_term_variable("XDG_CACHE_HOME");

    *tail = "/avdump/symbols";
    /* As elsewhere for those who set it: Git's and Cygwin's shells, say. */
    *base = xdg != NULL && (xdg[0] == '/' || xdg[0] == '\\' || strchr(xdg, ':') != NULL)
                ? xdg
                : avd_term_variable("LOCALAPPDATA");
    return *base != NULL;
}
