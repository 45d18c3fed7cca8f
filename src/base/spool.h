/* SPDX-License-Identifier: MIT */
/*
 * Bytes that come piece by piece, of a size that is not known before: in memory as long as they are
 * few, then in an unnamed temporary file that is mapped, so that memory stays bounded.
 */
#ifndef AVD_BASE_SPOOL_H
#define AVD_BASE_SPOOL_H

#include "base/file.h"

/* A zeroed struct is an empty spool. */
struct avd_spool {
    unsigned char *bytes;
    size_t used;
    size_t capacity;
    FILE *spill; /* the temporary file, once there is one */
    uint64_t total;
};

/* AVD_E_NOMEM, or AVD_E_IO when the temporary file cannot be made or written; messages are of
 * `where`. */
enum avd_status avd_spool_write(struct avd_spool *spool, const void *bytes, size_t size,
                                const char *where, struct avd_error *err);
/* Turns what was written into a view, and the spool into an empty one. */
enum avd_status avd_spool_finish(struct avd_spool *spool, struct avd_file *out,
                                 struct avd_error *err);
/* Forgets what was written. */
void avd_spool_discard(struct avd_spool *spool);

#endif
