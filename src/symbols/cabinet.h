/* SPDX-License-Identifier: MIT */
/*
 * Cabinets (.cab), in which symbol stores keep compressed files as "ntdll.pd_": one file each.
 * libarchive unpacks them; it is loaded at the first one. Format: Microsoft's [MS-CAB].
 */
#ifndef AVD_SYMBOLS_CABINET_H
#define AVD_SYMBOLS_CABINET_H

#include "base/error.h"
#include "base/view.h"

/* Takes the next bytes of what is unpacked; anything but AVD_OK ends it, *err being set. */
typedef enum avd_status avd_cabinet_write_fn(void *ctx, const void *bytes, size_t size,
                                             struct avd_error *err);

/* Whether `v` starts like a cabinet. */
bool avd_cabinet_is(struct avd_view v);

/*
 * Unpacks the only file in `v`, whatever its name; of several the one called `name`, in any case.
 * AVD_E_UNSUPPORTED without libarchive, AVD_E_FORMAT for damage, AVD_E_LIMIT for more than `limit`
 * bytes, and what `write` returns.
 */
enum avd_status avd_cabinet_extract(struct avd_view v, const char *name, uint64_t limit,
                                    avd_cabinet_write_fn *write, void *ctx, struct avd_error *err);

#endif
