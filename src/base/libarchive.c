/* SPDX-License-Identifier: MIT */
/* This short because it is one table. */
#include "base/libarchive.h"

#include "base/library.h"

#ifdef AVD_NO_LIBARCHIVE

bool avd_libarchive_load(struct avd_libarchive *f)
{
    (void)f;
    return false;
}

#else

bool avd_libarchive_load(struct avd_libarchive *f)
{
    /* Of Linux, macOS and Windows: on each only its own can be loaded. */
    static const char *const names[] = {"libarchive.so.13", "libarchive.13.dylib",
                                        "libarchive-13.dll", "archive.dll", NULL};
    const struct avd_library_function wanted[] = {
        {"archive_read_new", &f->read_new, sizeof f->read_new},
        {"archive_read_free", &f->read_free, sizeof f->read_free},
        {"archive_read_support_format_cab", &f->support_cab, sizeof f->support_cab},
        {"archive_read_support_filter_all", &f->support_filters, sizeof f->support_filters},
        {"archive_read_support_format_all", &f->support_formats, sizeof f->support_formats},
        {"archive_read_support_format_raw", &f->support_raw, sizeof f->support_raw},
        {"archive_read_open_memory", &f->open_memory, sizeof f->open_memory},
        {"archive_read_open_filename", &f->open_filename, sizeof f->open_filename},
        {"archive_read_open_filename_w", &f->open_filename_w, sizeof f->open_filename_w},
        {"archive_read_set_format_option", &f->set_format_option, sizeof f->set_format_option},
        {"archive_read_next_header", &f->next_header, sizeof f->next_header},
        {"archive_read_data", &f->read_data, sizeof f->read_data},
        {"archive_error_string", &f->error_string, sizeof f->error_string},
        {"archive_filter_bytes", &f->filter_bytes, sizeof f->filter_bytes},
        {"archive_filter_count", &f->filter_count, sizeof f->filter_count},
        {"archive_format", &f->format, sizeof f->format},
        {"archive_entry_pathname", &f->pathname, sizeof f->pathname},
        {"archive_entry_pathname_utf8", &f->pathname_utf8, sizeof f->pathname_utf8},
        {"archive_entry_pathname_w", &f->pathname_w, sizeof f->pathname_w},
        {"archive_entry_filetype", &f->filetype, sizeof f->filetype},
        {NULL, NULL, 0}};

    return avd_library_load(names, wanted);
}

#endif
