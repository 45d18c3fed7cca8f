/* SPDX-License-Identifier: MIT */
/*
 * Stops of Application Verifier in damaged dumps and with failing allocations: what holds of every
 * input holds of those that lead the detector through all of its sources.
 */
#include "base/memory.h"
#include "support/dump_fixture.h"
#include "support/robust_run.h"
#include "support/suite.h"
#include "support/verifier_scene.h"
#include "support/whole_run.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "VERIFIER STOP 0000E101: pid 0x1234: Attempt to use a closed SOCKET. \n\n"
    "\t3E8 : SOCKET\n\t02000100 : trace\n\t0 : Not used.\n\t0 : Not used.\n";

static const struct vs_scene scenes[] = {
    {.cpu = VS_X64, .way = VS_RAISED, .code = 0xe101, .values = {0x3e8, VS_TRACE}, .text = text},
    {.cpu = VS_X86,
     .way = VS_PAGE_HEAP,
     .code = 0xf,
     .values = {1, 2, 3, 4},
     .exception_record = true},
    {.cpu = VS_WOW64,
     .way = VS_BREAK,
     .code = 0xe000,
     .values = {VS_TRACE, VS_NAME},
     .comment = text},
    {.cpu = VS_X64,
     .way = VS_BREAK,
     .code = 0xe103,
     .values = {1, VS_GONE_TRACE, 0x10},
     .not_spilled = true,
     .text = text,
     .wide_text = true,
     .unloaded = 0x0b000000},
};
enum { SCENES = sizeof scenes / sizeof scenes[0], FLIPS = 600 };

START_TEST(flipped_bytes)
{
    size_t size;
    uint8_t *bytes = db_finish(vs_build(&scenes[_i]), &size);
    uint32_t seed = 12345u + (uint32_t)_i;
    unsigned n;

    for (n = 0; n < FLIPS; n++) {
        size_t at;
        uint8_t was;

        seed = seed * 1664525u + 1013904223u;
        at = (seed >> 8) % size;
        was = bytes[at];
        bytes[at] ^= (uint8_t)(1u << (seed & 7));
        if ((seed & 8) != 0)
            bytes[at] = (seed & 16) != 0 ? 0xff : 0;
        robust_run_label("scene %d, byte %zu set to %u", _i, at, bytes[at]);
        robust_run_try(bytes, size);
        bytes[at] = was;
    }
    free(bytes);
}
END_TEST

START_TEST(prefixes)
{
    size_t size;
    uint8_t *bytes = db_finish(vs_build(&scenes[_i]), &size);
    size_t n;

    for (n = 32; n < size; n += size / 150 + 1) {
        robust_run_label("scene %d, %zu bytes", _i, n);
        robust_run_try(bytes, n);
    }
    free(bytes);
}
END_TEST

/* Each allocation fails once: out of memory is said, or the report is the whole one. */
START_TEST(failing_allocations)
{
    size_t size;
    uint8_t *bytes = db_finish(vs_build(&scenes[_i]), &size);
    unsigned long refused = 0;
    struct whole_run whole;
    unsigned long count;
    unsigned long n;

    avd_mem_fail_after(ULONG_MAX);
    whole_run_do(bytes, size, &whole);
    count = avd_mem_count();
    avd_mem_fail_after(0);
    ck_assert_int_eq(whole.status, AVD_OK);
    for (n = 1; n <= count; n++) {
        struct whole_run run;

        avd_mem_fail_once(n);
        whole_run_do(bytes, size, &run);
        avd_mem_fail_once(0);
        ck_assert_msg(avd_mem_live() == 0, "allocation %lu: leak", n);
        if (run.status == AVD_E_NOMEM)
            refused++;
        else if (run.status != AVD_OK || run.text_size != whole.text_size ||
                 memcmp(run.text, whole.text, whole.text_size) != 0 ||
                 run.json_size != whole.json_size ||
                 memcmp(run.json, whole.json, whole.json_size) != 0)
            ck_abort_msg("allocation %lu: another result than with enough memory", n);
        whole_run_free(&run);
    }
    ck_assert_uint_gt(refused, 10);
    whole_run_free(&whole);
    free(bytes);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, flipped_bytes, 0, SCENES);
    tcase_add_loop_test(tests, prefixes, 0, SCENES);
    tcase_add_loop_test(tests, failing_allocations, 0, SCENES);
}

int main(void)
{
    robust_run_init();
    return suite_main("verifier_robust", add_tests);
}
