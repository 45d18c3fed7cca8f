/* SPDX-License-Identifier: MIT */
/* The tables of stops: complete, found by every code, sound in what they say. */
#include "analyze/verifier_stops.h"

#include "support/dump_fixture.h"
#include "support/suite.h"

#include <string.h>

START_TEST(every_code_finds_its_stop)
{
    unsigned i;

    for (i = 0; i < avd_stop_code_count; i++) {
        uint32_t documented = 0;
        const struct avd_stop *stop = avd_stop_find(avd_stop_codes[i].code, &documented);

        ck_assert(i == 0 || avd_stop_codes[i - 1].code < avd_stop_codes[i].code);
        ck_assert_ptr_eq(stop, &avd_stops[avd_stop_codes[i].stop]);
        ck_assert_uint_eq(documented, avd_stop_codes[i].documented);
    }
    ck_assert_ptr_null(avd_stop_find(0, NULL));
    ck_assert_ptr_null(avd_stop_find(0xe00f, NULL));
    ck_assert_ptr_null(avd_stop_find(UINT32_MAX, NULL));
}
END_TEST

/* The layers with two numberings, each by its first stop. */
START_TEST(both_numberings)
{
    static const uint32_t pairs[][2] = {
        {0xe000, 0xe100},    {0xe00e, 0xe10e},    {0x2000, 0x2000000}, {0x2200, 0x2200000},
        {0x4000, 0x4000000}, {0x5001, 0x5000001}, {0x7000, 0x7000000}, {0xf000, 0xf000000}};
    size_t i;

    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        ck_assert_ptr_nonnull(avd_stop_find(pairs[i][0], NULL));
        ck_assert_ptr_eq(avd_stop_find(pairs[i][0], NULL), avd_stop_find(pairs[i][1], NULL));
    }
}
END_TEST

START_TEST(stops_are_complete)
{
    unsigned networking = 0;
    unsigned i;
    unsigned k;

    ck_assert_uint_eq(avd_stop_count, 391);
    for (i = 0; i < avd_stop_count; i++) {
        const struct avd_stop *stop = &avd_stops[i];

        networking += strcmp(stop->layer->name, "Networking") == 0;
        ck_assert_str_ne(stop->name, "");
        ck_assert_ptr_nonnull(stop->cause);
        ck_assert_int_eq(strncmp(stop->layer->headline, "APPLICATION_VERIFIER_", 21), 0);
        ck_assert_uint_ne(stop->culprits[0], AVD_CULPRIT_END);
        ck_assert_uint_eq(stop->culprits[AVD_STOP_CULPRITS], AVD_CULPRIT_END);
        for (k = 0; k < 4; k++) {
            ck_assert_ptr_nonnull(avd_stop_kind_name(stop->parameters[k].kind));
            ck_assert_int_eq(stop->parameters[k].meaning == NULL,
                             stop->parameters[k].kind == AVD_STOP_UNUSED);
        }
    }
    ck_assert_uint_eq(networking, 15);
    ck_assert_ptr_null(avd_stop_kind_name(AVD_STOP_KIND_COUNT));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, every_code_finds_its_stop);
    tcase_add_test(tests, both_numberings);
    tcase_add_test(tests, stops_are_complete);
}

int main(void)
{
    return suite_main("verifier_stops", add_tests);
}
