/* SPDX-License-Identifier: MIT */
#include "base/file_names.h"

#include "base/limits.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static bool has_suffix(const char *name, const char *suffix)
{
    size_t size = strlen(name);
    size_t suffix_size = strlen(suffix);

    return size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0;
}

enum avd_status avd_file_names_add(struct avd_file_names *list, const char *name,
                                   const char *suffix, struct avd_error *err)
{
    const char **grown;

    if (!has_suffix(name, suffix))
        return AVD_OK;
    if (list->count >= AVD_MAX_RULES)
        return avd_error_set(err, AVD_E_LIMIT, 0, "", "more than %d files", (int)AVD_MAX_RULES);
    grown = avd_arena_grow(&list->arena, list->items, list->count, &list->capacity,
                           sizeof *list->items, AVD_MAX_RULES);
    if (grown == NULL)
        return avd_error_nomem(err);
    grown[list->count] = avd_arena_strdup(&list->arena, name);
    if (grown[list->count] == NULL)
        return avd_error_nomem(err);
    list->items = grown;
    list->count++;
    return AVD_OK;
}

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

enum avd_status avd_file_names_join(struct avd_file_names *list, char **names,
                                    struct avd_error *err)
{
    size_t bytes = 1;
    size_t i;
    char *out;

    for (i = 0; i < list->count; i++)
        bytes += strlen(list->items[i]) + 1;
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare_names);
    *names = out = avd_mem_calloc(bytes, 1);
    for (i = 0; out != NULL && i < list->count; i++) {
        size_t size = strlen(list->items[i]) + 1;

        memcpy(out, list->items[i], size);
        out += size;
    }
    avd_arena_deinit(&list->arena);
    return *names != NULL ? AVD_OK : avd_error_nomem(err);
}
