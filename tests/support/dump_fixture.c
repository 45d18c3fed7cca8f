/* SPDX-License-Identifier: MIT */
#include "support/dump_fixture.h"

#include "base/memory.h"
#include "minidump/format.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dump_fixture dump_fixture_open(struct db *b)
{
    struct dump_fixture fixture = {0};
    struct avd_error err = {0};
    enum avd_status status;

    fixture.bytes = db_finish(b, &fixture.size);
    status = avd_dump_open_memory(fixture.bytes, fixture.size, "built.dmp", &fixture.dump, &err);
    ck_assert_msg(status == AVD_OK, "%s: %s", err.where, err.message);
    return fixture;
}

void dump_fixture_close(struct dump_fixture *fixture)
{
    avd_dump_close(fixture->dump);
    free(fixture->bytes);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static void print_notes(const struct avd_notes *notes)
{
    size_t i;

    for (i = 0; i < notes->count; i++)
        (void)fprintf(stderr, "  note: '%s' at 0x%llx: '%s'\n", notes->items[i].where,
                      (unsigned long long)notes->items[i].offset, notes->items[i].message);
}

void dump_fixture_has_note(const struct dump_fixture *fixture, const char *where,
                           const char *message)
{
    const struct avd_notes *notes = &fixture->dump->notes;
    size_t i;

    for (i = 0; i < notes->count; i++)
        if (strcmp(notes->items[i].where, where) == 0 &&
            strcmp(notes->items[i].message, message) == 0)
            return;
    print_notes(notes);
    ck_abort_msg("no note '%s': '%s'", where, message);
}

void dump_fixture_note_count(const struct dump_fixture *fixture, const char *where, size_t count)
{
    const struct avd_notes *notes = &fixture->dump->notes;
    size_t found = 0;
    size_t i;

    for (i = 0; i < notes->count; i++)
        if (where == NULL || strcmp(notes->items[i].where, where) == 0)
            found++;
    if (found != count)
        print_notes(notes);
    ck_assert_uint_eq(found, count);
}

struct db *dump_fixture_builder(uint16_t architecture)
{
    struct db *b = db_new();

    (void)db_system_info(b, architecture, 10, 0, 19041);
    db_no_threads(b);
    db_no_modules(b);
    return b;
}
