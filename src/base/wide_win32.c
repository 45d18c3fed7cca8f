/* SPDX-License-Identifier: MIT */
/* UTF-8 and errors on Windows. */
#include "base/wide.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

enum { MAX_EXTENDED = 32767 };

/* `plain` as \\?\C:\... or \\?\UNC\server\...; NULL when it cannot be made, which leaves the rest
 * to the system. */
static wchar_t *extend(const wchar_t *plain)
{
    DWORD size = GetFullPathNameW(plain, 0, NULL, NULL);
    wchar_t *out;
    const wchar_t *prefix = L"\\\\?\\";
    size_t skip = 0;
    size_t used;

    if (size == 0 || size > MAX_EXTENDED)
        return NULL;
    out = avd_mem_calloc(size + 8u, sizeof *out);
    if (out == NULL)
        return NULL;
    /* In place of the two backslashes of a share. */
    if (plain[0] == L'\\' && plain[1] == L'\\') {
        prefix = L"\\\\?\\UNC\\";
        skip = 2;
    }
    used = wcslen(prefix);
    if (GetFullPathNameW(plain, size, out + used - skip, NULL) >= size) {
        avd_mem_free(out);
        return NULL;
    }
    memcpy(out, prefix, used * sizeof *prefix);
    return out;
}

/* `text` and `suffix`; *size counts both. */
static enum avd_status copy(const char *text, const wchar_t *suffix, wchar_t **out, size_t *size,
                            struct avd_error *err)
{
    size_t suffix_size = wcslen(suffix);
    int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);

    *out = NULL;
    if (units <= 0)
        return avd_error_set(err, AVD_E_IO, 0, "", "file name is not valid UTF-8");
    *size = (size_t)units - 1 + suffix_size;
    *out = avd_mem_calloc(*size + 1, sizeof **out);
    if (*out == NULL)
        return avd_error_nomem(err);
    (void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, *out, units);
    memcpy(*out + (units - 1), suffix, (suffix_size + 1) * sizeof *suffix);
    return AVD_OK;
}

enum avd_status avd_wide_copy(const char *text, wchar_t **out, struct avd_error *err)
{
    size_t size;

    return copy(text, L"", out, &size, err);
}

enum avd_status avd_wide_path(const char *path, const wchar_t *suffix, wchar_t **out,
                              struct avd_error *err)
{
    wchar_t *extended;
    size_t size;
    enum avd_status status = copy(path, suffix, out, &size, err);

    if (status != AVD_OK || size < AVD_WIDE_LONG_PATH || wcsncmp(*out, L"\\\\?\\", 4) == 0 ||
        wcsncmp(*out, L"\\\\.\\", 4) == 0)
        return status;
    extended = extend(*out);
    if (extended != NULL) {
        avd_mem_free(*out);
        *out = extended;
    }
    return AVD_OK;
}

bool avd_wide_to_utf8(const wchar_t *wide, char *text, size_t size)
{
    return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, text, (int)size, NULL,
                               NULL) > 0;
}

char *avd_wide_copy_utf8(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = size > 0 ? avd_mem_calloc((size_t)size, 1) : NULL;

    if (text != NULL)
        (void)WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    return text;
}

/* What happens to everybody, in the words that other systems have for it: the same in every
 * language. */
static const struct {
    DWORD code;
    int number;
    const char *words;
} common[] = {
    {ERROR_FILE_NOT_FOUND, ENOENT, "No such file or directory"},
    {ERROR_PATH_NOT_FOUND, ENOENT, "No such file or directory"},
    {ERROR_INVALID_NAME, ENOENT, "No such file or directory"},
    {ERROR_BAD_NETPATH, ENOENT, "No such file or directory"},
    {ERROR_ACCESS_DENIED, EACCES, "Permission denied"},
    {ERROR_SHARING_VIOLATION, EACCES, "in use by another program"},
    {ERROR_DIRECTORY, ENOTDIR, "Not a directory"},
    {ERROR_DISK_FULL, ENOSPC, "No space left on device"},
    {ERROR_ALREADY_EXISTS, EEXIST, "File exists"},
    {ERROR_FILE_EXISTS, EEXIST, "File exists"},
    {ERROR_NOT_ENOUGH_MEMORY, ENOMEM, "Cannot allocate memory"},
};

enum { COMMON_COUNT = sizeof common / sizeof *common };

int avd_wide_errno(unsigned long code)
{
    size_t i;

    for (i = 0; i < COMMON_COUNT; i++)
        if (common[i].code == code)
            return common[i].number;
    return 0;
}

/* The system's words in English, so that messages do not depend on the user's language; false
 * where English is not installed. */
static bool system_words(DWORD code, char *text, size_t text_size)
{
    WCHAR wide[192];
    DWORD got = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                               code, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), wide,
                               sizeof wide / sizeof wide[0], NULL);
    size_t size;

    if (got == 0 || !avd_wide_to_utf8(wide, text, text_size))
        return false;
    size = strlen(text);
    while (size > 0 && strchr(".\r\n ", text[size - 1]) != NULL)
        text[--size] = '\0';
    return size != 0;
}

enum avd_status avd_wide_error(struct avd_error *err, const char *what)
{
    DWORD code = GetLastError();
    char text[192];
    size_t i;

    for (i = 0; i < COMMON_COUNT; i++)
        if (common[i].code == code)
            return avd_error_set(err, AVD_E_IO, 0, "", "%s: %s", what, common[i].words);
    if (!system_words(code, text, sizeof text))
        (void)snprintf(text, sizeof text, "Windows error %lu", (unsigned long)code);
    return avd_error_set(err, AVD_E_IO, 0, "", "%s: %s", what, text);
}
