/* SPDX-License-Identifier: MIT */
/* This short because it is a platform file. */
#include "gate/archive_names.h"

#include <locale.h>

/* libarchive turns names into the locale's character set, and in the one that every program starts
 * with nothing but ASCII can be said. Nothing else here asks the locale for characters. */
void avd_gate_archive_prepare(const struct avd_libarchive *f, struct archive *archive)
{
    (void)f;
    (void)archive;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        (void)setlocale(LC_CTYPE, "en_US.UTF-8"); /* as macOS has it */
}

int avd_gate_archive_open(const struct avd_libarchive *f, struct archive *archive, const char *path,
                          size_t block_size)
{
    return f->open_filename(archive, path, block_size);
}

const char *avd_gate_archive_entry_name(const struct avd_libarchive *f, struct archive_entry *entry,
                                        struct avd_arena *arena)
{
    const char *name = f->pathname_utf8(entry);

    (void)arena;
    return name != NULL ? name : f->pathname(entry);
}
