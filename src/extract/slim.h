/* SPDX-License-Identifier: MIT */
/* Inside extract: a small dump of a full one, with the memory that its analysis reads. */
#ifndef AVD_EXTRACT_SLIM_H
#define AVD_EXTRACT_SLIM_H

#include "avdump/avdump.h"

/* avd_dump_extract for AVD_EXTRACT_SLIM. `comment` is stored unless the dump has one. */
enum avd_status avd_slim_write(const struct avd_dump *dump,
                               const struct avd_extract_options *options, const char *comment,
                               avd_write_fn *write, void *ctx, struct avd_error *err);

#endif
