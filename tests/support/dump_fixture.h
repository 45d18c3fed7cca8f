/* SPDX-License-Identifier: MIT */
/* For Check suites: a built dump, opened; and assertions about its notes. */
#ifndef AVD_TESTS_SUPPORT_DUMP_FIXTURE_H
#define AVD_TESTS_SUPPORT_DUMP_FIXTURE_H

#include "minidump/dump.h"
#include "support/dump_builder.h"

#include <check.h>

struct dump_fixture {
    uint8_t *bytes;
    size_t size;
    struct avd_dump *dump;
};

/* Finishes `b` and opens the result, which must succeed. */
struct dump_fixture dump_fixture_open(struct db *b);
/* Closes it, and asserts that nothing was leaked. */
void dump_fixture_close(struct dump_fixture *fixture);

/* Asserts that the dump has a note with exactly this place and text; prints all when not. */
void dump_fixture_has_note(const struct dump_fixture *fixture, const char *where,
                           const char *message);
/* Asserts that there are `count` notes with this place; NULL: notes in all. */
void dump_fixture_note_count(const struct dump_fixture *fixture, const char *where, size_t count);

/* A builder with a SystemInfo, an empty thread list and an empty module list, so that a dump made
 * of it has no notes of its own. */
struct db *dump_fixture_builder(uint16_t architecture);

#endif
