/* SPDX-License-Identifier: MIT */
/*
 * Inside archive.c: names in UTF-8, which libarchive has only where the system's own character set
 * is UTF-8 or is put aside. One .c per operating system. This short because it is an interface.
 */
#ifndef AVD_GATE_ARCHIVE_NAMES_H
#define AVD_GATE_ARCHIVE_NAMES_H

#include "base/arena.h"
#include "base/libarchive.h"

/* Before `archive` is opened, and after it was told of the formats. */
void avd_gate_archive_prepare(const struct avd_libarchive *f, struct archive *archive);
/* archive_read_open_filename with a path in UTF-8; returns what it returns. */
int avd_gate_archive_open(const struct avd_libarchive *f, struct archive *archive, const char *path,
                          size_t block_size);
/* In UTF-8, or in the bytes of the archive where these are none; NULL when there is none. It lives
 * as long as the entry and the arena. */
const char *avd_gate_archive_entry_name(const struct avd_libarchive *f, struct archive_entry *entry,
                                        struct avd_arena *arena);

#endif
