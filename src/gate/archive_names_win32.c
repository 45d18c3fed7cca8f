/* SPDX-License-Identifier: MIT */
/* libarchive's functions for UTF-16: the others know the code page of the system only. This short
 * because it is a platform file. */
#include "gate/archive_names.h"

#include "base/memory.h"
#include "base/utf.h"
#include "base/wide.h"

/* What says nothing of its character set is UTF-8, as on other systems. */
void avd_gate_archive_prepare(const struct avd_libarchive *f, struct archive *archive)
{
    (void)f->set_format_option(archive, NULL, "hdrcharset", "UTF-8");
}

int avd_gate_archive_open(const struct avd_libarchive *f, struct archive *archive, const char *path,
                          size_t block_size)
{
    wchar_t *wide;
    int result;

    if (avd_wide_path(path, L"", &wide, NULL) != AVD_OK)
        return f->open_filename(archive, path, block_size); /* which has the words */
    result = f->open_filename_w(archive, wide, block_size);
    avd_mem_free(wide);
    return result;
}

const char *avd_gate_archive_entry_name(const struct avd_libarchive *f, struct archive_entry *entry,
                                        struct avd_arena *arena)
{
    const wchar_t *wide = f->pathname_w(entry);
    struct avd_view units = {(const unsigned char *)wide, 0, 0};

    if (wide == NULL)
        return f->pathname(entry);
    units.size = wcslen(wide) * sizeof *wide;
    return avd_utf16_to_utf8(arena, units);
}
