/* SPDX-License-Identifier: MIT */
/* Inside base: the names that avd_file_list collects, alike on every system. */
#ifndef AVD_BASE_FILE_NAMES_H
#define AVD_BASE_FILE_NAMES_H

#include "base/arena.h"

/* A zeroed struct is an empty list. */
struct avd_file_names {
    struct avd_arena arena;
    const char **items;
    size_t count;
    size_t capacity;
};

/* Keeps `name` when it ends with `suffix` and is longer. AVD_E_LIMIT over AVD_MAX_RULES names. */
enum avd_status avd_file_names_add(struct avd_file_names *list, const char *name,
                                   const char *suffix, struct avd_error *err);
/* The names sorted, one after another, ended by an empty one; releases the list. */
enum avd_status avd_file_names_join(struct avd_file_names *list, char **names,
                                    struct avd_error *err);

#endif
