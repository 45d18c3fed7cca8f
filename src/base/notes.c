/* SPDX-License-Identifier: MIT */
#include "base/notes.h"

#include "base/limits.h"
#include "base/utf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void avd_notes_init(struct avd_notes *notes, struct avd_arena *arena)
{
    memset(notes, 0, sizeof *notes);
    notes->arena = arena;
}

void avd_note_add(struct avd_notes *notes, const char *where, uint64_t offset, const char *format,
                  ...)
{
    char text[512];
    struct avd_note *items;
    struct avd_note note;
    va_list args;

    items = avd_arena_grow(notes->arena, notes->items, notes->count, &notes->capacity,
                           sizeof *items, AVD_MAX_NOTES);
    if (items == NULL) {
        notes->dropped++;
        return;
    }
    notes->items = items;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) >= (int)sizeof text)
        avd_utf8_trim(text);
    va_end(args);
    note.offset = offset;
    note.where = avd_arena_strdup(notes->arena, where);
    note.message = avd_arena_strdup(notes->arena, text);
    if (note.where == NULL || note.message == NULL) {
        notes->dropped++;
        return;
    }
    items[notes->count++] = note;
}
