/* SPDX-License-Identifier: MIT */
/* Inside extract: every field of a minidump that leads to another place of the file. */
#ifndef AVD_EXTRACT_LINKS_H
#define AVD_EXTRACT_LINKS_H

#include "minidump/dump.h"

struct avd_file_link {
    uint64_t at;     /* of the field in the file: an RVA, or for `wide` an RVA64 */
    uint64_t target; /* what it says, never 0 */
    uint64_t size;   /* of what is there, as far as the file holds it; 0 when that is all outside */
    bool wide;
    bool is_memory; /* MINIDUMP_MEMORY_DESCRIPTOR of a thread: process memory, at `at` - 12 its
                       address and at `at` - 4 its size */
};

typedef void avd_file_link_fn(void *ctx, const struct avd_file_link *link);

/*
 * Calls `each` for the fields of all streams but the lists of memory, whose entries are the
 * reader's (struct avd_memory). A stream that is no list has none, unless minidumpapiset.h,
 * Breakpad's minidump_format.h or Crashpad's minidump_extensions.h say so. `scratch` must be empty
 * and is the caller's to free. False when the fields lead to the same places again and again, so
 * that there are more of them than the file has bytes.
 */
bool avd_file_links(const struct avd_dump *dump, struct avd_arena *scratch, avd_file_link_fn *each,
                    void *ctx);

/* Whether a stream of this type may lead elsewhere in a way that nobody documents, or that is not
 * followed here. */
bool avd_file_links_unknown(uint32_t type);

#endif
