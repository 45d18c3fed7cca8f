/* SPDX-License-Identifier: MIT */
/*
 * Notes: what was found damaged, missing or odd while everything else was still read. A note
 * never stops anything. Their number is capped; what is over is counted.
 */
#ifndef AVD_BASE_NOTES_H
#define AVD_BASE_NOTES_H

#include "base/arena.h"

#include <stdint.h>

struct avd_note {
    const char *where;   /* "thread list", "module 3", "stack of thread 0x1a4" */
    uint64_t offset;     /* in the file; UINT64_MAX when it has no place there */
    const char *message; /* expected against found, and the consequence */
};

struct avd_notes {
    struct avd_arena *arena;
    struct avd_note *items;
    size_t count;
    size_t capacity;
    size_t dropped; /* over the ceiling, or out of memory */
};

#define AVD_NO_OFFSET UINT64_MAX

void avd_notes_init(struct avd_notes *notes, struct avd_arena *arena);
void avd_note_add(struct avd_notes *notes, const char *where, uint64_t offset, const char *format,
                  ...) AVD_PRINTF(4, 5);

#endif
