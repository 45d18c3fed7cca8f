/* SPDX-License-Identifier: MIT */
/*
 * The libraries that base/library.h loads, linked into the program: where the build has them as
 * static libraries, one file is all that Windows needs. Only addresses are taken here; those who
 * call know the types. This short because it is one table.
 */
#include "base/linked.h"

#include <string.h>

/* At least one row, or the table would be empty. */
static void nothing(void)
{
}

#ifdef AVD_LINKED_LIBARCHIVE
#define ARCHIVE_FUNCTIONS(X)                                                                       \
    X(archive_read_new)                                                                            \
    X(archive_read_free)                                                                           \
    X(archive_read_support_format_cab)                                                             \
    X(archive_read_support_filter_all)                                                             \
    X(archive_read_support_format_all)                                                             \
    X(archive_read_support_format_raw)                                                             \
    X(archive_read_open_memory)                                                                    \
    X(archive_read_open_filename)                                                                  \
    X(archive_read_open_filename_w)                                                                \
    X(archive_read_set_format_option)                                                              \
    X(archive_read_next_header)                                                                    \
    X(archive_read_data)                                                                           \
    X(archive_error_string)                                                                        \
    X(archive_filter_bytes)                                                                        \
    X(archive_filter_count)                                                                        \
    X(archive_format)                                                                              \
    X(archive_entry_pathname)                                                                      \
    X(archive_entry_pathname_utf8)                                                                 \
    X(archive_entry_pathname_w)                                                                    \
    X(archive_entry_filetype)
#else
#define ARCHIVE_FUNCTIONS(X)
#endif

#ifdef AVD_LINKED_ZYDIS
#define ZYDIS_FUNCTIONS(X)                                                                         \
    X(ZydisGetVersion)                                                                             \
    X(ZydisDecoderInit)                                                                            \
    X(ZydisDecoderDecodeFull)                                                                      \
    X(ZydisFormatterInit)                                                                          \
    X(ZydisFormatterSetProperty)                                                                   \
    X(ZydisFormatterFormatInstruction)                                                             \
    X(ZydisMnemonicGetString)                                                                      \
    X(ZydisRegisterGetLargestEnclosing)                                                            \
    X(ZydisRegisterGetId)                                                                          \
    X(ZydisRegisterGetClass)
#else
#define ZYDIS_FUNCTIONS(X)
#endif

#define DECLARE(name) void name(void);
#define ROW(name)     {#name, name},

ARCHIVE_FUNCTIONS(DECLARE)
ZYDIS_FUNCTIONS(DECLARE)

static const struct {
    const char *name;
    avd_linked_function *function;
} linked[] = {{"", nothing}, ARCHIVE_FUNCTIONS(ROW) ZYDIS_FUNCTIONS(ROW)};

avd_linked_function *avd_linked_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof linked / sizeof *linked; i++)
        if (strcmp(linked[i].name, name) == 0)
            return linked[i].function;
    return NULL;
}
