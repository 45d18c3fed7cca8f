/* SPDX-License-Identifier: MIT */
/* Inside extract: the streams of an x86 dump of the 32-bit half of a WOW64 process. */
#ifndef AVD_EXTRACT_DUMP32_H
#define AVD_EXTRACT_DUMP32_H

#include "extract/half32.h"
#include "extract/writer.h"

/* Lays out every stream but the memory. `comment` is stored unless the dump has one, and lives as
 * long as the writer. Streams that cannot be carried over are told as notes of `half`. Running out
 * of memory is the writer's to tell. */
void avd_dump32_streams(struct avd_writer *w, struct avd_half32 *half, const char *comment);

/* Parts of it: HandleDataStream with what is known of the handles' objects (dump32_handles.c), and
 * the annotations (dump32_crashpad.c). */
void avd_dump32_handles(struct avd_writer *w, struct avd_half32 *half);
void avd_dump32_crashpad(struct avd_writer *w, struct avd_half32 *half);

#endif
