/* SPDX-License-Identifier: MIT */
/* src/base/file_posix.c or file_win32.c against a directory of its own. */
#include "base/file.h"
#include "base/memory.h"
#include "support/on_windows.h"
#include "support/suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[200];
static char path[512];
static struct avd_file file;
static struct avd_error error;

static const char *in_directory(const char *name)
{
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *stream = fopen(in_directory(name), "wb");

    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(bytes, 1, size, stream), size);
    ck_assert_int_eq(fclose(stream), 0);
}

static void setup(void)
{
    const char *temp = getenv("TMPDIR");

    (void)snprintf(directory, sizeof directory, "%s/avdump-file-XXXXXX",
                   temp != NULL ? temp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    memset(&file, 0xee, sizeof file);
    memset(&error, 0, sizeof error);
}

/* Each test leaves the directory empty, or this fails. */
static void teardown(void)
{
    ck_assert_int_eq(rmdir(directory), 0);
    ck_assert_int_eq(avd_mem_live(), 0);
}

START_TEST(test_map)
{
    write_file("a.dmp", "MDMP\0x", 6);
    ck_assert_int_eq(avd_file_map(in_directory("a.dmp"), &file, &error), AVD_OK);
    /* The bytes outlive the name. */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_uint_eq(file.view.size, 6);
    ck_assert_uint_eq(file.view.offset, 0);
    ck_assert_mem_eq(file.view.data, "MDMP\0x", 6);
    ck_assert(file.mapped);
    avd_file_close(&file);
    ck_assert_ptr_null(file.handle);
    ck_assert_uint_eq(file.view.size, 0);
    avd_file_close(&file); /* twice does nothing */
}
END_TEST

START_TEST(test_map_empty)
{
    write_file("a.dmp", "", 0);
    ck_assert_int_eq(avd_file_map(in_directory("a.dmp"), &file, &error), AVD_OK);
    ck_assert_uint_eq(file.view.size, 0);
    avd_file_close(&file);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(test_map_refused)
{
    ck_assert_int_eq(avd_file_map(in_directory("none.dmp"), &file, &error), AVD_E_IO);
    ck_assert_int_eq(error.code, AVD_E_IO);
    ck_assert_str_eq(error.message, "cannot be opened: No such file or directory");
    ck_assert_ptr_null(file.handle);
    avd_file_close(&file);

    ck_assert_int_eq(avd_file_map(directory, &file, &error), AVD_E_IO);
    ck_assert_str_eq(error.message, "is a directory, expected a file");

#ifndef _WIN32
    /* A pipe without a writer must not hang. */
    ck_assert_int_eq(mkfifo(in_directory("pipe"), 0600), 0);
    ck_assert_int_eq(avd_file_map(path, &file, &error), AVD_E_IO);
    ck_assert_str_eq(error.message, "is no regular file; use '-' to read from a pipe");
    ck_assert_int_eq(unlink(path), 0);
#endif

    ck_assert_int_eq(avd_file_map("", &file, NULL), AVD_E_IO);
}
END_TEST

/* Small ones are read, and everything else is as with avd_file_map. */
START_TEST(test_load)
{
    static char large[100000];

    write_file("a.yaml", "id: x", 5);
    ck_assert_int_eq(avd_file_load(in_directory("a.yaml"), &file, &error), AVD_OK);
    ck_assert(!file.mapped);
    ck_assert_uint_eq(file.view.size, 5);
    ck_assert_mem_eq(file.view.data, "id: x", 5);
    avd_file_close(&file);
    ck_assert_ptr_null(file.handle);
    avd_mem_fail_after(ON_WINDOWS ? 2 : 1); /* there the first is the path's */
    ck_assert_int_eq(avd_file_load(path, &file, &error), AVD_OK);
    avd_mem_fail_after(0);
    ck_assert(file.mapped);
    ck_assert_mem_eq(file.view.data, "id: x", 5);
    avd_file_close(&file);
    write_file("a.yaml", "", 0);
    ck_assert_int_eq(avd_file_load(path, &file, &error), AVD_OK);
    ck_assert_uint_eq(file.view.size, 0);
    avd_file_close(&file);
    large[sizeof large - 1] = 'z';
    write_file("a.yaml", large, sizeof large);
    ck_assert_int_eq(avd_file_load(path, &file, &error), AVD_OK);
    ck_assert(file.mapped);
    ck_assert_uint_eq(file.view.size, sizeof large);
    ck_assert_uint_eq(file.view.data[sizeof large - 1], 'z');
    avd_file_close(&file);
    ck_assert_int_eq(unlink(path), 0);

    ck_assert_int_eq(avd_file_load(path, &file, &error), AVD_E_IO);
    ck_assert_str_eq(error.message, "cannot be opened: No such file or directory");
    ck_assert_int_eq(avd_file_load(directory, &file, &error), AVD_E_IO);
    ck_assert_str_eq(error.message, "is a directory, expected a file");
#ifndef _WIN32
    ck_assert_int_eq(mkfifo(in_directory("pipe"), 0600), 0);
    ck_assert_int_eq(avd_file_load(path, &file, &error), AVD_E_IO);
    ck_assert_str_eq(error.message, "is no regular file; use '-' to read from a pipe");
    ck_assert_int_eq(unlink(path), 0);
#endif
}
END_TEST

START_TEST(test_adopt)
{
    FILE *stream = avd_file_temporary();

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_ge(fputs("unpacked", stream), 0);
    ck_assert_int_eq(avd_file_adopt(stream, &file, &error), AVD_OK);
    ck_assert_uint_eq(file.view.size, 8);
    ck_assert_mem_eq(file.view.data, "unpacked", 8);
    avd_file_close(&file);
}
END_TEST

/* ---- standard input; Check runs each test in a process of its own ---- */

static void redirect(int fd)
{
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(close(fd), 0);
}

/* A pipe that holds `size` bytes and then ends. */
static void redirect_pipe(const void *bytes, size_t size)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq((int)write(ends[1], bytes, (unsigned)size), (int)size);
    ck_assert_int_eq(close(ends[1]), 0);
    redirect(ends[0]);
}

START_TEST(test_stdin_pipe)
{
    redirect_pipe("MDMP\r\n\x1a\0x", 9);
    ck_assert_int_eq(avd_file_read_stdin(9, &file, &error), AVD_OK);
    ck_assert_uint_eq(file.view.size, 9);
    ck_assert_mem_eq(file.view.data, "MDMP\r\n\x1a\0x", 9);
    ck_assert(!file.mapped);
    avd_file_close(&file);

    redirect_pipe("", 0);
    ck_assert_int_eq(avd_file_read_stdin(9, &file, &error), AVD_OK);
    ck_assert_uint_eq(file.view.size, 0);
    avd_file_close(&file);
}
END_TEST

START_TEST(test_stdin_limit)
{
    redirect_pipe("0123456789", 10);
    ck_assert_int_eq(avd_file_read_stdin(9, &file, &error), AVD_E_LIMIT);
    ck_assert_str_eq(error.message, "more than 9 bytes on standard input");
    ck_assert_ptr_null(file.handle);
}
END_TEST

START_TEST(test_stdin_out_of_memory)
{
    redirect_pipe("0123456789", 10);
    avd_mem_fail_after(1);
    ck_assert_int_eq(avd_file_read_stdin(100, &file, &error), AVD_E_NOMEM);
    avd_mem_fail_after(0);
    ck_assert_str_eq(error.message, "out of memory");
}
END_TEST

START_TEST(test_stdin_file)
{
    int fd;

    write_file("a.dmp", "0123456789", 10);
    fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(unlink(path), 0);
    redirect(fd);
    ck_assert_int_eq(avd_file_read_stdin(100, &file, &error), AVD_OK);
    ck_assert_uint_eq(file.view.size, 10);
    ck_assert(file.mapped);
    avd_file_close(&file);

    /* Somebody has read the first part: the rest is the input. */
    ck_assert_int_eq((int)lseek(STDIN_FILENO, 4, SEEK_SET), 4);
    ck_assert_int_eq(avd_file_read_stdin(100, &file, &error), AVD_OK);
    ck_assert_uint_eq(file.view.size, 6);
    ck_assert_mem_eq(file.view.data, "456789", 6);
    avd_file_close(&file);
}
END_TEST

/* ---- directories ---- */

static const char *leaf(const char *full)
{
    return strrchr(full, '/') + 1;
}

START_TEST(test_find)
{
    char found[512];
    size_t size;

    write_file("NtDll.DLL", "x", 1);
    ck_assert_int_eq(avd_file_find(directory, "NtDll.DLL", found, sizeof found), AVD_OK);
    ck_assert_str_eq(found, path);
    ck_assert_int_eq(avd_file_find(directory, "ntdll.dll", found, sizeof found), AVD_OK);
    ck_assert_str_eq(found, path);
    ck_assert_int_eq(avd_file_find(directory, "ntdll.dl", found, sizeof found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_file_find("/nonexistent", "x", found, sizeof found), AVD_NOT_FOUND);

    /* Of several spellings the exact one, else the first by bytes. */
    write_file("ntDLL.dll", "x", 1);
    write_file("NTDLL.dll", "x", 1);
    ck_assert_int_eq(avd_file_find(directory, "ntDLL.dll", found, sizeof found), AVD_OK);
    ck_assert_str_eq(leaf(found), "ntDLL.dll");
    ck_assert_int_eq(avd_file_find(directory, "ntdll.dll", found, sizeof found), AVD_OK);
    ck_assert_str_eq(leaf(found), "NTDLL.dll");

    /* A path that just fits, and one byte less. */
    size = strlen(found) + 1;
    ck_assert_int_eq(avd_file_find(directory, "ntdll.dll", found, size), AVD_OK);
    ck_assert_int_eq(avd_file_find(directory, "ntdll.dll", found, size - 1), AVD_NOT_FOUND);
    ck_assert_int_eq(unlink(in_directory("NtDll.DLL")), 0);
    ck_assert_int_eq(unlink(in_directory("ntDLL.dll")), 0);
    ck_assert_int_eq(unlink(in_directory("NTDLL.dll")), 0);
}
END_TEST

/* Names come from dumps: they must not lead out of the directory. */
START_TEST(test_find_hostile)
{
    char found[512];

    ck_assert_int_eq(avd_file_find(directory, "", found, sizeof found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_file_find(directory, ".", found, sizeof found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_file_find(directory, "..", found, sizeof found), AVD_NOT_FOUND);
    ck_assert_int_eq(avd_file_find(directory, "../../etc/passwd", found, sizeof found),
                     AVD_NOT_FOUND);
    ck_assert_int_eq(avd_file_find("/", "etc/passwd", found, sizeof found), AVD_NOT_FOUND);
}
END_TEST

START_TEST(test_list)
{
    char *names;

    write_file("b.yaml", "", 0);
    write_file("a.yaml", "", 0);
    write_file("C.yaml", "", 0);
    write_file("a.yml", "", 0);
    write_file(".yaml", "", 0); /* a suffix alone is no name */
    ck_assert_int_eq(avd_file_list(directory, ".yaml", &names, &error), AVD_OK);
    ck_assert_mem_eq(names, "C.yaml\0a.yaml\0b.yaml\0", 22);
    avd_mem_free(names);
    ck_assert_int_eq(avd_file_list(directory, ".none", &names, &error), AVD_OK);
    ck_assert_str_eq(names, "");
    avd_mem_free(names);
    ck_assert_int_eq(unlink(in_directory("b.yaml")), 0);
    ck_assert_int_eq(unlink(in_directory("a.yaml")), 0);
    ck_assert_int_eq(unlink(in_directory("C.yaml")), 0);
    ck_assert_int_eq(unlink(in_directory("a.yml")), 0);
    ck_assert_int_eq(unlink(in_directory(".yaml")), 0);

    ck_assert_int_eq(avd_file_list("/nonexistent", ".yaml", &names, &error), AVD_E_IO);
    ck_assert_str_eq(error.message, "directory cannot be opened: No such file or directory");
    ck_assert_ptr_null(names);
}
END_TEST

START_TEST(test_list_out_of_memory)
{
    enum avd_status status = AVD_E_NOMEM;
    unsigned long n;
    char *names;

    write_file("a.yaml", "", 0);
    for (n = 1; status == AVD_E_NOMEM; n++) {
        ck_assert_uint_lt(n, 10);
        avd_mem_fail_after(n);
        status = avd_file_list(directory, ".yaml", &names, &error);
        avd_mem_fail_after(0);
        if (status == AVD_E_NOMEM) {
            ck_assert_ptr_null(names);
            ck_assert_str_eq(error.message, "out of memory");
        }
    }
    ck_assert_int_eq(status, AVD_OK);
    ck_assert_uint_gt(n, 2);
    avd_mem_free(names);
    ck_assert_int_eq(unlink(in_directory("a.yaml")), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_map);
    tcase_add_test(tests, test_map_empty);
    tcase_add_test(tests, test_map_refused);
    tcase_add_test(tests, test_load);
    tcase_add_test(tests, test_adopt);
    tcase_add_test(tests, test_stdin_pipe);
    tcase_add_test(tests, test_stdin_limit);
    tcase_add_test(tests, test_stdin_out_of_memory);
    if (!ON_WINDOWS) { /* where an open file cannot be removed, and case tells no files apart */
        tcase_add_test(tests, test_stdin_file);
        tcase_add_test(tests, test_find);
    }
    tcase_add_test(tests, test_find_hostile);
    tcase_add_test(tests, test_list);
    tcase_add_test(tests, test_list_out_of_memory);
}

int main(void)
{
    return suite_main("file", add_tests);
}
