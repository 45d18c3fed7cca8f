/* SPDX-License-Identifier: MIT */
#include "support/store_fixture.h"

#include "base/memory.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct store_fixture store_fx;

static const uint8_t guid[16] = {0xe5, 0x32, 0x98, 0x5a, 0x72, 0x28, 0xc1, 0x41,
                                 0x83, 0x8e, 0xd9, 0x89, 0x14, 0xe9, 0xb7, 0xff};

void store_setup(void)
{
    memset(&store_fx, 0, sizeof store_fx);
    store_files_make();
    store_fx.options.paths = store_fx.paths;
    store_fx.options.maps = store_fx.maps;
    store_fx.options.temp_directory = store_files_at("temp");
    store_files_directory("temp");
    store_fx.query.image_name = "Foo.dll";
    store_fx.query.timestamp = 0x0420AB12;
    store_fx.query.image_size = 0x1F000;
    store_fx.query.debug_file = "Foo.pdb";
    store_fx.query.has_guid = true;
    memcpy(store_fx.query.guid, guid, sizeof guid);
    store_fx.query.age = 10;
}

void store_teardown(void)
{
    avd_store_free(store_fx.store);
    ck_assert_msg(store_files_count("temp") == 0, "temporary files are left");
    store_files_remove();
    ck_assert_int_eq(avd_mem_live(), 0);
}

bool store_verify(void *ctx, const char *file, char *reason, size_t reason_size)
{
    char text[64];

    (void)ctx;
    if (store_fx.verified_count < sizeof store_fx.verified / sizeof store_fx.verified[0])
        (void)snprintf(store_fx.verified[store_fx.verified_count], sizeof store_fx.verified[0],
                       "%s", file);
    store_fx.verified_count++;
    if (!store_files_read(file, text, sizeof text)) {
        (void)snprintf(reason, reason_size, "cannot be read");
        return false;
    }
    if (strncmp(text, "good", 4) == 0)
        return true;
    (void)snprintf(reason, reason_size, "is %.20s, expected good", text);
    return false;
}

enum avd_status store_find(enum avd_symbol_file_kind kind)
{
    avd_store_free(store_fx.store);
    store_fx.store = NULL;
    ck_assert_msg(avd_store_new(&store_fx.options, &store_fx.store, &store_fx.error) == AVD_OK,
                  "%s: %s", store_fx.error.where, store_fx.error.message);
    return avd_store_find(store_fx.store, &store_fx.query, kind, store_verify, NULL, &store_fx.path,
                          &store_fx.attempts, &store_fx.attempt_count);
}

enum avd_status store_find_below(const char *root, enum avd_symbol_file_kind kind)
{
    store_fx.paths[0] = store_files_at(root);
    store_fx.options.path_count = 1;
    return store_find(kind);
}

enum avd_status store_find_along(const char *symbol_path, enum avd_symbol_file_kind kind)
{
    store_fx.options.symbol_path = store_files_expand(symbol_path);
    return store_find(kind);
}

void store_assert_path(const char *expected)
{
    ck_assert_ptr_nonnull(store_fx.path);
    ck_assert_str_eq(store_fx.path, store_files_at(expected));
}

void store_assert_attempt(size_t i, const char *place, bool found, const char *result)
{
    ck_assert_uint_lt(i, store_fx.attempt_count);
    ck_assert_str_eq(store_fx.attempts[i].place,
                     place[0] == '/' ? store_files_at(place + 1) : place);
    ck_assert_str_eq(store_fx.attempts[i].result, store_files_expand(result));
    ck_assert_int_eq(store_fx.attempts[i].found, found);
}
