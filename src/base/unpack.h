/* SPDX-License-Identifier: MIT */
/* Decompression of a whole input by zlib. */
#ifndef AVD_BASE_UNPACK_H
#define AVD_BASE_UNPACK_H

#include "base/file.h"

/* Whether `v` starts like a gzip member (RFC 1952). */
bool avd_unpack_is_gzip(struct avd_view v);

/*
 * Decompresses all gzip members of `packed`. Small results stay in memory, larger ones go to an
 * unnamed temporary file that is mapped, so memory stays bounded. A damaged or truncated stream
 * gives what could be decompressed and sets *truncated; AVD_E_FORMAT when nothing could.
 */
enum avd_status avd_unpack_gzip(struct avd_view packed, uint64_t limit, struct avd_file *out,
                                bool *truncated, struct avd_error *err);

#endif
