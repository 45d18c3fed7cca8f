/* SPDX-License-Identifier: MIT */
/*
 * A search in stores made in a directory of the test's own. Foo.pdb has this GUID and age 10, so
 * its key is KEY "A"; the right file begins with "good".
 */
#ifndef AVD_TESTS_STORE_FIXTURE_H
#define AVD_TESTS_STORE_FIXTURE_H

#include "support/store_files.h"
#include "symbols/store.h"

#define KEY "5A9832E5287241C1838ED98914E9B7FF"

struct store_fixture {
    struct avd_store_options options;
    struct avd_symbol_query query; /* Foo.dll, Foo.pdb, with ids */
    struct avd_store *store;       /* of the last search */
    struct avd_error error;
    const char *paths[4]; /* options.paths */
    const char *maps[4];  /* options.maps */
    /* What the last search gave. */
    const char *path;
    const struct avd_symbol_attempt *attempts;
    size_t attempt_count;
    /* All files that were looked into. */
    char verified[8][512];
    size_t verified_count;
};

extern struct store_fixture store_fx;

void store_setup(void);
/* Nothing may be left in the temporary directory, "temp", nor on the heap. */
void store_teardown(void);

bool store_verify(void *ctx, const char *file, char *reason, size_t reason_size);

enum avd_status store_find(enum avd_symbol_file_kind kind);
/* Below `root`, as --symbols does. */
enum avd_status store_find_below(const char *root, enum avd_symbol_file_kind kind);
/* Along a symbol path, in which @ stands for the test's directory. */
enum avd_status store_find_along(const char *symbol_path, enum avd_symbol_file_kind kind);

/* Names are relative to the test's directory; a place that is none begins otherwise than with '/'.
 * In `result` @ stands for the directory. */
void store_assert_path(const char *expected);
void store_assert_attempt(size_t i, const char *place, bool found, const char *result);

#endif
