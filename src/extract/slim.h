/* SPDX-License-Identifier: MIT */
/* Inside extract: a small dump of a full one, with the memory that its analysis reads. */
#ifndef AVD_EXTRACT_SLIM_H
#define AVD_EXTRACT_SLIM_H

#include "extract/writer.h"

/* avd_dump_extract for AVD_EXTRACT_SLIM. `comment` is stored unless the dump has one. `notes` get
 * what may be otherwise in the new dump. */
enum avd_status avd_slim_write(const struct avd_dump *dump,
                               const struct avd_extract_options *options, const char *comment,
                               avd_write_fn *write, void *ctx, struct avd_notes *notes,
                               struct avd_error *err);

/*
 * Puts everything of the file that is no process memory into `w` (slim_file.c): the same bytes in
 * the same order, moved together where memory lay between them, with what leads to other places
 * of the file corrected, and stacks cut to what of them is in `pieces`, which are sorted by
 * address. AVD_E_LIMIT when that is 4 GiB or more, AVD_E_UNSUPPORTED for a file that is made of
 * references, AVD_E_NOMEM.
 */
enum avd_status avd_slim_file(struct avd_writer *w, const struct avd_dump *dump,
                              const struct avd_memory_range *pieces, size_t piece_count,
                              struct avd_notes *notes, struct avd_error *err);

#endif
