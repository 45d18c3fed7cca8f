/* SPDX-License-Identifier: MIT */
/*
 * The functions of libarchive that avdump uses, loaded when the first archive or cabinet is met.
 * This short because it is an interface.
 */
#ifndef AVD_BASE_LIBARCHIVE_H
#define AVD_BASE_LIBARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What archive.h calls ARCHIVE_EOF, _OK and _WARN; worse is below. */
enum { AVD_ARCHIVE_END = 1, AVD_ARCHIVE_OK = 0, AVD_ARCHIVE_WARN = -20 };
/* AE_IFMT and AE_IFREG: of avd_libarchive.filetype. */
enum { AVD_ARCHIVE_TYPE_MASK = 0170000, AVD_ARCHIVE_REGULAR = 0100000 };

struct archive;
struct archive_entry;

/* libarchive.so.13's ABI, as archive.h and archive_entry.h declare it; ssize_t has a pointer's
 * size wherever libarchive runs. */
struct avd_libarchive {
    struct archive *(*read_new)(void);
    int (*read_free)(struct archive *);
    int (*support_cab)(struct archive *);
    int (*support_filters)(struct archive *);
    int (*support_formats)(struct archive *);
    int (*support_raw)(struct archive *);
    int (*open_memory)(struct archive *, const void *, size_t);
    int (*open_filename)(struct archive *, const char *, size_t);
    int (*open_filename_w)(struct archive *, const wchar_t *, size_t);
    int (*set_format_option)(struct archive *, const char *, const char *, const char *);
    int (*next_header)(struct archive *, struct archive_entry **);
    ptrdiff_t (*read_data)(struct archive *, void *, size_t);
    const char *(*error_string)(struct archive *);
    int64_t (*filter_bytes)(struct archive *, int);
    int (*filter_count)(struct archive *);
    int (*format)(struct archive *);
    const char *(*pathname)(struct archive_entry *);
    const char *(*pathname_utf8)(struct archive_entry *);
    const wchar_t *(*pathname_w)(struct archive_entry *);
    unsigned (*filetype)(struct archive_entry *);
};

/* False when it is not installed. */
bool avd_libarchive_load(struct avd_libarchive *f);

#endif
