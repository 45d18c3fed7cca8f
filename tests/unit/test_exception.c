/* SPDX-License-Identifier: MIT */
#include "minidump/format.h"
#include "support/dump_fixture.h"
#include "support/suite.h"

static struct db *builder(uint16_t architecture)
{
    return dump_fixture_builder(architecture);
}

START_TEST(all_fields)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;
    const struct avd_exception *e;

    (void)db_exception(
        b, &(struct db_exception){.thread_id = 0x1a4,
                                  .code = 0xc0000005,
                                  .flags = 1,
                                  .nested_record = 0x8000,
                                  .address = UINT64_C(0x7ff800001234),
                                  .parameter_count = 2,
                                  .parameters = {1, UINT64_MAX},
                                  .context = db_context_x64(b, &(struct db_x64){.rip = 0x1234})});
    f = dump_fixture_open(b);
    e = &f.dump->exception;
    ck_assert(e->present);
    ck_assert_uint_eq(e->thread_id, 0x1a4);
    ck_assert_uint_eq(e->code, 0xc0000005);
    ck_assert_uint_eq(e->flags, 1);
    ck_assert_uint_eq(e->nested_record, 0x8000);
    ck_assert(e->address == UINT64_C(0x7ff800001234));
    ck_assert_uint_eq(e->parameter_count, 2);
    ck_assert(e->parameters[1] == UINT64_MAX);
    ck_assert_uint_eq(e->context.size, 0x4d0);
    ck_assert_uint_eq(avd_view_u64(e->context, 0xf8), 0x1234);
    ck_assert_uint_eq(e->offset, avd_dump_stream(f.dump, ExceptionStream)->offset);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

/* Writers of 32-bit dumps sign-extend addresses. */
START_TEST(masked_in_a_32_bit_dump)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_INTEL);
    struct dump_fixture f;

    (void)db_exception(b, &(struct db_exception){.code = 0xc0000005,
                                                 .address = UINT64_C(0xffffffff80001234),
                                                 .nested_record = UINT64_C(0xffffffff90000000),
                                                 .parameter_count = 2,
                                                 .parameters = {0, UINT64_C(0xffffffffdeadbeef)}});
    f = dump_fixture_open(b);
    ck_assert(f.dump->exception.address == 0x80001234);
    ck_assert(f.dump->exception.nested_record == 0x90000000);
    ck_assert(f.dump->exception.parameters[1] == 0xdeadbeef);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(too_many_parameters)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;

    (void)db_exception(b, &(struct db_exception){
                              .code = 1, .parameter_count = 0x40000000, .parameters = {[14] = 99}});
    f = dump_fixture_open(b);
    ck_assert_uint_eq(f.dump->exception.parameter_count, 15);
    ck_assert_uint_eq(f.dump->exception.parameters[14], 99);
    dump_fixture_has_note(&f, "exception",
                          "1073741824 parameters, at most 15 are possible; showing 15");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(without_a_context)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;
    unsigned s = db_exception(b, &(struct db_exception){.code = 0x80000003});

    db_stream_size(b, s, 160); /* nor its location */
    f = dump_fixture_open(b);
    ck_assert(f.dump->exception.present);
    ck_assert_uint_eq(f.dump->exception.context.size, 0);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

START_TEST(context_outside_the_file)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;
    unsigned s = db_exception(b, &(struct db_exception){.code = 0xc0000005});

    db_set32(b, s, 160, 1232);
    db_set32(b, s, 164, 0xfffffff0);
    f = dump_fixture_open(b);
    ck_assert(f.dump->exception.present);
    ck_assert_uint_eq(f.dump->exception.context.size, 0);
    dump_fixture_has_note(&f, "exception", "context needs 1232 bytes, the file holds 0 of them");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(too_short)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct dump_fixture f;
    unsigned s = db_exception(b, &(struct db_exception){.code = 0xc0000005});

    db_stream_size(b, s, 159);
    f = dump_fixture_open(b);
    ck_assert(!f.dump->exception.present);
    dump_fixture_has_note(&f, "exception", "stream has 159 bytes, expected 168; no exception read");
    dump_fixture_close(&f);
}
END_TEST

START_TEST(absent)
{
    struct dump_fixture f = dump_fixture_open(builder(PROCESSOR_ARCHITECTURE_AMD64));

    ck_assert(!f.dump->exception.present);
    dump_fixture_note_count(&f, NULL, 0);
    dump_fixture_close(&f);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, all_fields);
    tcase_add_test(tests, masked_in_a_32_bit_dump);
    tcase_add_test(tests, too_many_parameters);
    tcase_add_test(tests, without_a_context);
    tcase_add_test(tests, context_outside_the_file);
    tcase_add_test(tests, too_short);
    tcase_add_test(tests, absent);
}

int main(void)
{
    return suite_main("exception", add_tests);
}
