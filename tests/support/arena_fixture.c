/* SPDX-License-Identifier: MIT */
#include "support/arena_fixture.h"

#include "base/memory.h"

struct avd_arena test_arena;

static void setup(void)
{
    avd_arena_init(&test_arena);
}

static void teardown(void)
{
    avd_mem_fail_after(0);
    avd_arena_deinit(&test_arena);
    ck_assert_int_eq(avd_mem_live(), 0);
}

void arena_fixture_use(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
}
