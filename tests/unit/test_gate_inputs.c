/* SPDX-License-Identifier: MIT */
/*
 * src/gate/inputs.c and archive.c: what a walk gives, and the limits of archives, which are far too
 * large to be reached by files of a test. Archives are ustar (POSIX pax, "ustar Interchange
 * Format"), written here.
 */
#include "base/libarchive.h"
#include "base/memory.h"
#include "gate/gate.h"
#include "support/dump_fixture.h"
#include "support/store_files.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, MEBIBYTE = 1 << 20, ARCHIVE_ROOM = 8 * MEBIBYTE };

/* What was taken: "name (size)" or "name: problem", a line each. */
static char taken[4096];
static unsigned most; /* items before the walk is stopped; 0: all */
static struct avd_gate_inputs inputs;

static bool take(void *ctx, const struct avd_gate_item *item)
{
    unsigned *count = ctx;
    size_t used = strlen(taken);
    const char *name = item->name;
    const char *root = store_files_at("");

    if (strncmp(name, root, strlen(root)) == 0)
        name += strlen(root);
    if (item->problem != NULL)
        (void)snprintf(taken + used, sizeof taken - used, "%s: %s\n", name, item->problem);
    else
        (void)snprintf(taken + used, sizeof taken - used, "%s (%llu)\n", name,
                       (unsigned long long)item->size);
    return ++*count != most;
}

static unsigned count;

static void setup(void)
{
    store_files_make();
    taken[0] = '\0';
    most = count = 0;
    memset(&inputs, 0, sizeof inputs);
    inputs.limits = avd_gate_default_limits;
    inputs.take = take;
    inputs.ctx = &count;
}

static void teardown(void)
{
    store_files_remove();
    ck_assert_int_eq(avd_mem_live(), 0);
}

static void walk(const char *name, const char *expected)
{
    ck_assert(avd_gate_inputs_walk(&inputs, store_files_at(name)));
    ck_assert_str_eq(taken, expected);
}

/* ---- archives ---- */

struct tar {
    unsigned char *bytes;
    size_t size;
};

/* A regular file of `size` bytes that begins with `start`, zeros behind it. */
static void tar_add(struct tar *tar, const char *name, const void *start, size_t start_size,
                    size_t size)
{
    unsigned char *head = tar->bytes + tar->size;
    unsigned sum = 0;
    size_t i;

    ck_assert_uint_le(tar->size + 3 * BLOCK + size, ARCHIVE_ROOM);
    (void)snprintf((char *)head, 100, "%s", name);
    memcpy(head + 100, "0000644", 8);
    memcpy(head + 108, "0000000", 8);
    memcpy(head + 116, "0000000", 8);
    (void)snprintf((char *)head + 124, 12, "%011lo", (unsigned long)size);
    memcpy(head + 136, "00000000000", 12);
    memset(head + 148, ' ', 8); /* the checksum, while it is taken */
    head[156] = '0';
    memcpy(head + 257, "ustar\00000", 8);
    for (i = 0; i < BLOCK; i++)
        sum += head[i];
    (void)snprintf((char *)head + 148, 8, "%06o", sum);
    memcpy(head + BLOCK, start, start_size);
    tar->size += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
}

static void add_dump(struct tar *tar, const char *name, size_t size)
{
    tar_add(tar, name, "MDMP", 4, size);
}

static struct tar tar_new(void)
{
    struct tar tar = {calloc(ARCHIVE_ROOM, 1), 0};

    ck_assert_ptr_nonnull(tar.bytes);
    return tar;
}

/* Two blocks of zeros end it; they are there. */
static void tar_write(struct tar *tar, const char *name)
{
    store_files_write_bytes(name, tar->bytes, tar->size + 2 * BLOCK);
    free(tar->bytes);
}

static bool has_libarchive(void)
{
    struct avd_libarchive f;
    bool has = avd_libarchive_load(&f);

    if (!has)
        puts("not tested: archives (libarchive is not installed)");
    return has;
}

/* An archive with two dumps of 1.5 MiB, something else of that size, and a small dump. */
static void write_archive(const char *name)
{
    struct tar tar = tar_new();

    add_dump(&tar, "a.dmp", 3 * MEBIBYTE / 2);
    add_dump(&tar, "b.dmp", 3 * MEBIBYTE / 2);
    tar_add(&tar, "c.txt", "text", 4, 3 * MEBIBYTE / 2);
    add_dump(&tar, "../../d.dmp", 100);
    tar_write(&tar, name);
}

START_TEST(test_archive)
{
    if (!has_libarchive())
        return;
    write_archive("x.tar");
    walk("x.tar", "x.tar!a.dmp (1572864)\nx.tar!b.dmp (1572864)\nx.tar!../../d.dmp (100)\n");
    ck_assert_uint_eq(inputs.ignored, 1);
}
END_TEST

START_TEST(test_entry_size)
{
    if (!has_libarchive())
        return;
    write_archive("x.tar");
    inputs.limits.max_entry_size = MEBIBYTE;
    walk("x.tar", "x.tar!a.dmp: unpacks to more than 1 MiB, the limit for one file\n"
                  "x.tar!b.dmp: unpacks to more than 1 MiB, the limit for one file\n"
                  "x.tar!../../d.dmp (100)\n");
}
END_TEST

START_TEST(test_archive_size)
{
    if (!has_libarchive())
        return;
    write_archive("x.tar");
    inputs.limits.max_archive_size = 2 * MEBIBYTE;
    walk("x.tar", "x.tar!a.dmp (1572864)\nx.tar!b.dmp: its archive unpacks to more than 2 MiB, "
                  "the limit; the rest of it is left out\n");
}
END_TEST

/* What an archive in an archive holds counts for both. */
START_TEST(test_nested_size)
{
    struct tar inner = tar_new();
    struct tar outer = tar_new();

    if (has_libarchive()) {
        add_dump(&inner, "a.dmp", MEBIBYTE);
        add_dump(&inner, "b.dmp", MEBIBYTE);
        tar_add(&outer, "inner.tar", inner.bytes, inner.size, inner.size + 2 * BLOCK);
        add_dump(&outer, "z.dmp", 100);
        tar_write(&outer, "outer.tar");
        walk("outer.tar", "outer.tar!inner.tar!a.dmp (1048576)\n"
                          "outer.tar!inner.tar!b.dmp (1048576)\nouter.tar!z.dmp (100)\n");
        taken[0] = '\0';
        inputs.limits.max_archive_size = 3 * MEBIBYTE; /* 2 are inner.tar itself */
        walk("outer.tar", "outer.tar!inner.tar!a.dmp: its archive unpacks to more than 3 MiB, the "
                          "limit; the rest of it is left out\n");
    } else {
        free(outer.bytes);
    }
    free(inner.bytes);
}
END_TEST

START_TEST(test_entry_count)
{
    if (!has_libarchive())
        return;
    write_archive("x.tar");
    inputs.limits.max_entries = 2;
    walk("x.tar", "x.tar!a.dmp (1572864)\nx.tar!b.dmp (1572864)\n"
                  "x.tar: has more than 2 files; the rest is left out\n");
}
END_TEST

START_TEST(test_stopped)
{
    if (!has_libarchive())
        return;
    write_archive("d/x.tar");
    store_files_write("d/y.dmp", "MDMP");
    most = 1;
    walk("d", "d/x.tar!a.dmp (1572864)\n");
    ck_assert(inputs.stopped);
}
END_TEST

START_TEST(test_no_memory)
{
    unsigned long n;
    bool good = false;
    struct tar tar = tar_new();

    add_dump(&tar, "a.dmp", 1000);
    tar_write(&tar, "d/x.tar");
    store_files_write("d/e/y.dmp", "MDMP");
    for (n = 1; !good; n++) {
        taken[0] = '\0';
        avd_mem_fail_once(n);
        good = avd_gate_inputs_walk(&inputs, store_files_at("d"));
        good = good && avd_mem_count() < n;
        avd_mem_fail_once(0);
        ck_assert_int_eq(avd_mem_live(), 0);
    }
    ck_assert_uint_gt(n, 4);
    ck_assert_ptr_nonnull(strstr(taken, "d/e/y.dmp (4)\n"));
}
END_TEST

/* ---- folders ---- */

START_TEST(test_order)
{
    store_files_write("d/b.dmp", "MDMP");
    store_files_write("d/C.dmp", "MDMP1");
    store_files_write("d/a/z.dmp", "MDMP22");
    store_files_write("d/c.txt", "text");
    store_files_write("d/" AVD_GATE_UNFINISHED "1-0", "MDMP"); /* an output of somebody's */
    walk("d", "d/C.dmp (5)\nd/a/z.dmp (6)\nd/b.dmp (4)\n");
    ck_assert_uint_eq(inputs.ignored, 1);
    /* A file that is named is taken, whatever it holds. */
    taken[0] = '\0';
    walk("d/c.txt", "d/c.txt (4)\n");
    taken[0] = '\0';
    walk("absent", "absent (0)\n");
}
END_TEST

START_TEST(test_too_deep)
{
    char name[512] = "d";
    char expected[600];
    size_t i;

    for (i = 1; i < 64; i++)
        (void)snprintf(name + strlen(name), sizeof name - strlen(name), "/%c", 'x');
    (void)snprintf(expected, sizeof expected, "%s: folders within each other end here\n", name);
    (void)snprintf(name + strlen(name), sizeof name - strlen(name), "/y/a.dmp");
    store_files_write(name, "MDMP");
    walk("d", expected);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_archive);
    tcase_add_test(tests, test_entry_size);
    tcase_add_test(tests, test_archive_size);
    tcase_add_test(tests, test_nested_size);
    tcase_add_test(tests, test_entry_count);
    tcase_add_test(tests, test_stopped);
    tcase_add_test(tests, test_no_memory);
    tcase_add_test(tests, test_order);
    tcase_add_test(tests, test_too_deep);
}

int main(void)
{
    return suite_main("gate_inputs", add_tests);
}
