/* SPDX-License-Identifier: MIT */
/* The arena of a test: empty before it; after it all memory is given back, and none is refused. */
#ifndef AVD_TESTS_ARENA_FIXTURE_H
#define AVD_TESTS_ARENA_FIXTURE_H

#include "base/arena.h"

#include <check.h>

extern struct avd_arena test_arena;

/* Comes before a fixture that uses the arena. */
void arena_fixture_use(TCase *tests);

#endif
