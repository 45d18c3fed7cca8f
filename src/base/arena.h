/* SPDX-License-Identifier: MIT */
/*
 * An arena: memory that lives as long as its owner and is freed at once. Everything that a dump
 * or a report holds comes from one, which is why those modules have no per-object free functions.
 */
#ifndef AVD_BASE_ARENA_H
#define AVD_BASE_ARENA_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct avd_arena_block;

struct avd_arena {
    struct avd_arena_block *blocks;
    unsigned char *next; /* first free byte of the newest block */
    size_t left;
    size_t total; /* bytes handed out */
    bool failed;  /* an allocation failed; sticky, so that owners may check once at their end */
};

/* A zeroed struct is a ready arena; init is for those who want to see it. */
void avd_arena_init(struct avd_arena *arena);
void avd_arena_deinit(struct avd_arena *arena);

/* `count * size` zeroed bytes, aligned for anything; NULL when out of memory. */
void *avd_arena_alloc(struct avd_arena *arena, size_t count, size_t size);
/* Copies of strings; NULL when out of memory. */
char *avd_arena_strdup(struct avd_arena *arena, const char *text);
char *avd_arena_strndup(struct avd_arena *arena, const char *text, size_t size);
char *avd_arena_printf(struct avd_arena *arena, const char *format, ...) AVD_PRINTF(2, 3);

/* Hands everything in `other`, which is empty afterwards, over to `arena`. */
void avd_arena_join(struct avd_arena *arena, struct avd_arena *other);

/*
 * A growing array in an arena: makes room for item number `count` and returns the array (perhaps
 * moved), or NULL when out of memory or at `limit`. *capacity belongs to this function. What is
 * outgrown stays in the arena, at most as much again as the final array.
 */
void *avd_arena_grow(struct avd_arena *arena, void *items, size_t count, size_t *capacity,
                     size_t size, size_t limit);

#endif
