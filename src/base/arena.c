/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Small enough that an 11 KB dump does not pay for a large process. */
enum { BLOCK_SIZE = 16 * 1024, ALIGNMENT = 16 };

struct avd_arena_block {
    struct avd_arena_block *older;
    size_t size;
};

/* The block's header rounded up, so that the first allocation is aligned. */
enum { HEADER_SIZE = (sizeof(struct avd_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT };

void avd_arena_init(struct avd_arena *arena)
{
    memset(arena, 0, sizeof *arena);
}

void avd_arena_deinit(struct avd_arena *arena)
{
    struct avd_arena_block *block = arena->blocks;

    while (block != NULL) {
        struct avd_arena_block *older = block->older;

        avd_mem_free(block);
        block = older;
    }
    avd_arena_init(arena);
}

void avd_arena_join(struct avd_arena *arena, struct avd_arena *other)
{
    struct avd_arena_block *last = other->blocks;

    if (last != NULL) {
        while (last->older != NULL)
            last = last->older;
        /* Behind the newest block, whose rest stays usable. */
        if (arena->blocks != NULL) {
            last->older = arena->blocks->older;
            arena->blocks->older = other->blocks;
        } else {
            arena->blocks = other->blocks;
        }
    }
    arena->total += other->total;
    arena->failed = arena->failed || other->failed;
    avd_arena_init(other);
}

void *avd_arena_alloc(struct avd_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    void *result;

    if (size != 0 && count > (SIZE_MAX / 4) / size) {
        arena->failed = true;
        return NULL;
    }
    bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes == 0)
        bytes = ALIGNMENT;
    arena->total += bytes;
    if (bytes > arena->left) {
        size_t block_size = bytes > BLOCK_SIZE / 4 ? bytes : BLOCK_SIZE;
        struct avd_arena_block *block = avd_mem_calloc(1, HEADER_SIZE + block_size);

        if (block == NULL) {
            arena->failed = true;
            return NULL;
        }
        block->size = block_size;
        if (block_size == bytes && arena->blocks != NULL) {
            /* A large item gets a block of its own behind the newest, whose rest stays usable. */
            block->older = arena->blocks->older;
            arena->blocks->older = block;
            return (unsigned char *)block + HEADER_SIZE;
        }
        block->older = arena->blocks;
        arena->blocks = block;
        arena->next = (unsigned char *)block + HEADER_SIZE;
        arena->left = block_size;
    }
    result = arena->next;
    arena->next += bytes;
    arena->left -= bytes;
    return result;
}

char *avd_arena_strndup(struct avd_arena *arena, const char *text, size_t size)
{
    char *copy = avd_arena_alloc(arena, size + 1, 1);

    if (copy != NULL && size != 0)
        memcpy(copy, text, size);
    return copy;
}

char *avd_arena_strdup(struct avd_arena *arena, const char *text)
{
    return avd_arena_strndup(arena, text, strlen(text));
}

char *avd_arena_printf(struct avd_arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    int size;
    char *text = NULL;

    va_start(args, format);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    if (size >= 0)
        text = avd_arena_alloc(arena, (size_t)size + 1, 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void *avd_arena_grow(struct avd_arena *arena, void *items, size_t count, size_t *capacity,
                     size_t size, size_t limit)
{
    size_t wanted;
    void *grown;

    if (count >= limit)
        return NULL;
    if (items != NULL && count < *capacity)
        return items;
    wanted = count < 4 ? 8 : count * 2;
    if (wanted > limit)
        wanted = limit;
    grown = avd_arena_alloc(arena, wanted, size);
    if (grown == NULL)
        return NULL;
    if (items != NULL && count != 0)
        memcpy(grown, items, count * size);
    *capacity = wanted;
    return grown;
}
