/* SPDX-License-Identifier: MIT */
/* src/pe/image.c: headers, RVA to bytes, the debug directory; from dump memory and from a file. */
#include "pe/image.h"
#include "support/pe_image.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BASE 0x7ff612340000ULL

static struct pe_image pe;
static struct pe_memory mem;
static struct avd_image image;
static struct avd_error error;

static enum avd_status open_memory(uint64_t base, unsigned pages)
{
    pe_map(&pe);
    pe_memory_init(&mem, &pe, base, pages);
    memset(&error, 0, sizeof error);
    return avd_image_from_memory(&image, &mem.memory, base, &error);
}

static enum avd_status open_file(size_t size)
{
    char path[256];
    enum avd_status status;

    pe_write_file(&pe, size, path, sizeof path);
    memset(&error, 0, sizeof error);
    status = avd_image_from_file(&image, path, &error);
    (void)unlink(path);
    return status;
}

static void check_headers(bool plus)
{
    ck_assert_uint_eq(image.machine, plus ? AVD_MACHINE_AMD64 : AVD_MACHINE_I386);
    ck_assert(image.pe32_plus == plus);
    ck_assert_uint_eq(image.timestamp, PE_TIMESTAMP);
    ck_assert_uint_eq(image.size_of_image, PE_IMAGE_SIZE);
    ck_assert_uint_eq(image.size_of_headers, PE_HEADERS_SIZE);
    ck_assert_uint_eq(image.checksum, PE_CHECKSUM);
    ck_assert_uint_eq(image.entry_point, PE_TEXT + 0x10);
    ck_assert_uint_eq(image.directories[3].rva, 0x2345);
    ck_assert_uint_eq(image.directories[3].size, 0x678);
    ck_assert_uint_eq(image.directories[15].rva, 0x1515);
    ck_assert_uint_eq(image.section_count, 3);
    ck_assert_str_eq(image.sections[0].name, ".text");
    ck_assert_uint_eq(image.sections[0].rva, PE_TEXT);
    ck_assert_uint_eq(image.sections[0].virtual_size, 0x300);
    ck_assert_uint_eq(image.sections[0].raw_offset, PE_TEXT_RAW);
    ck_assert_uint_eq(image.sections[0].raw_size, 0x200);
    ck_assert_uint_eq(image.sections[0].characteristics, 0x60000020);
    ck_assert_str_eq(image.sections[2].name, ".data");
    ck_assert(!image.partial);
}

static void build(bool plus)
{
    pe_build(&pe, plus);
    pe_put32(pe.file, pe_directory_offset(&pe, 3), 0x2345);
    pe_put32(pe.file, pe_directory_offset(&pe, 3) + 4, 0x678);
    pe_put32(pe.file, pe_directory_offset(&pe, 15), 0x1515);
}

START_TEST(test_headers)
{
    bool plus = _i != 0;

    build(plus);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    check_headers(plus);
    ck_assert_uint_eq(image.base, BASE);
    avd_image_close(&image);

    ck_assert_int_eq(open_file(PE_FILE_SIZE), AVD_OK);
    check_headers(plus);
    ck_assert_ptr_null(image.memory);
    avd_image_close(&image);
    ck_assert_uint_eq(image.section_count, 0);
}
END_TEST

START_TEST(test_no_image)
{
    build(true);
    pe.file[0] = 'X';
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_E_FORMAT);
    ck_assert_str_eq(error.where, "image headers");
    ck_assert_str_eq(error.message, "no 'MZ' at the start, found 0x5a58");
    ck_assert_int_eq(open_file(PE_FILE_SIZE), AVD_E_FORMAT);
    ck_assert_ptr_null(image.file.handle); /* nothing to close after a failure */

    build(true);
    pe.file[PE_OFFSET + 2] = 1;
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "no 'PE' at 0x80, found 0x00014550");
    ck_assert_uint_eq(error.offset, PE_OFFSET);

    build(true);
    pe_put32(pe.file, 0x3c, 0x10000000);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "PE header at 0x10000000, expected below 0x10000000");

    build(true);
    pe_put16(pe.file, PE_OPTIONAL, 0x107);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "optional header magic 0x107, expected 0x10b or 0x20b");
    ck_assert_uint_eq(error.offset, PE_OPTIONAL);

    ck_assert_int_eq(avd_image_from_file(&image, "/nonexistent/x.dll", &error), AVD_E_IO);
    ck_assert_str_eq(error.message, "cannot be opened: No such file or directory");
}
END_TEST

START_TEST(test_headers_not_in_dump)
{
    build(true);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES & ~1U), AVD_NOT_FOUND);
    ck_assert_str_eq(error.message, "the dump has 0 of 64 bytes at 0x7ff612340000");

    /* The PE header lies in a page that is missing. */
    pe_put32(pe.file, 0x3c, 0x1000);
    ck_assert_int_eq(open_memory(BASE, 1), AVD_NOT_FOUND);
    ck_assert_str_eq(error.message, "the dump has 0 of 26 bytes at 0x7ff612341000");

    /* In a file that is damage. */
    build(true);
    ck_assert_int_eq(open_file(PE_OFFSET + 20), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "26 bytes expected at 0x80, the file has 20");
    ck_assert_int_eq(open_file(0), AVD_E_FORMAT);
    ck_assert_str_eq(error.message, "64 bytes expected at 0x0, the file has 0");
}
END_TEST

/* Headers cut by the end of what is there: the rest is absent, not the whole. */
START_TEST(test_partial_headers)
{
    build(true);
    ck_assert_int_eq(open_file(PE_OPTIONAL + 2), AVD_OK);
    ck_assert(image.partial);
    ck_assert(image.pe32_plus);
    ck_assert_uint_eq(image.timestamp, PE_TIMESTAMP);
    ck_assert_uint_eq(image.size_of_image, 0);
    ck_assert_uint_eq(image.section_count, 0);
    avd_image_close(&image);

    /* Directory 3 is there, of number 4 half. */
    pe_put32(pe.file, pe_directory_offset(&pe, 4), 0x4444);
    ck_assert_int_eq(open_file(pe_directory_offset(&pe, 4) + 4), AVD_OK);
    ck_assert(image.partial);
    ck_assert_uint_eq(image.size_of_image, PE_IMAGE_SIZE);
    ck_assert_uint_eq(image.directories[3].rva, 0x2345);
    ck_assert_uint_eq(image.directories[4].rva, 0);
    avd_image_close(&image);

    /* One section and a half. */
    ck_assert_int_eq(open_file(pe_section_offset(&pe, 1) + 39), AVD_OK);
    ck_assert(image.partial);
    ck_assert_uint_eq(image.section_count, 1);
    ck_assert_str_eq(image.sections[0].name, ".text");
    ck_assert_uint_eq(image.directories[15].rva, 0x1515);
    avd_image_close(&image);

    /* The same in memory: headers at the end of the only page. */
    build(true);
    memmove(pe.file + 0x380, pe.file + PE_OFFSET, 0x80);
    pe_map(&pe);
    memmove(pe.mapped + 0xf80, pe.file + 0x380, 0x80);
    pe_put32(pe.mapped, 0x3c, 0xf80);
    pe_memory_init(&mem, &pe, BASE, 1);
    ck_assert_int_eq(avd_image_from_memory(&image, &mem.memory, BASE, &error), AVD_OK);
    ck_assert(image.partial);
    ck_assert_uint_eq(image.size_of_image, PE_IMAGE_SIZE);
    ck_assert_uint_eq(image.section_count, 0);
}
END_TEST

START_TEST(test_counts)
{
    unsigned i;

    /* NumberOfRvaAndSizes is respected, also where more follows. */
    build(true);
    pe_put32(pe.file, PE_OPTIONAL + 108, 4);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_uint_eq(image.directories[3].rva, 0x2345);
    ck_assert_uint_eq(image.directories[15].rva, 0);
    ck_assert(!image.partial);

    pe_put32(pe.file, PE_OPTIONAL + 108, 0xffffffff);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_uint_eq(image.directories[15].rva, 0x1515);
    ck_assert(!image.partial);

    /* Directories that the optional header is too short for are section headers. */
    build(true);
    pe_put16(pe.file, PE_OFFSET + 20, 112 + 8 * 3 + 4);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert(image.partial);
    ck_assert_uint_eq(image.directories[3].rva, 0);

    /* As many sections as can be; those that lie in the zeros hold nothing. */
    build(true);
    pe_put16(pe.file, PE_OFFSET + 6, 0xffff);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert(image.partial);
    ck_assert_uint_eq(image.section_count, AVD_MAX_SECTIONS);
    ck_assert_ptr_eq(avd_image_section(&image, PE_TEXT), &image.sections[0]);

    /* Eight letters without a terminator, and what no terminal should get. */
    build(true);
    memcpy(pe.file + pe_section_offset(&pe, 0), "a\033cdefgh", 8);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_str_eq(image.sections[0].name, "a?cdefgh");

    for (i = 0; i < 3; i++)
        pe_put32(pe.file, pe_section_offset(&pe, i) + 12, 0xfffffff0);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_ptr_eq(avd_image_section(&image, 0xffffffff), &image.sections[0]);
    ck_assert_ptr_null(avd_image_section(&image, 0));
}
END_TEST

START_TEST(test_section)
{
    build(true);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_ptr_null(avd_image_section(&image, PE_TEXT - 1));
    ck_assert_ptr_eq(avd_image_section(&image, PE_TEXT), &image.sections[0]);
    ck_assert_ptr_eq(avd_image_section(&image, PE_TEXT + 0x2ff), &image.sections[0]);
    ck_assert_ptr_null(avd_image_section(&image, PE_TEXT + 0x300));
    ck_assert_ptr_eq(avd_image_section(&image, PE_DATA + 0xfff), &image.sections[2]);
    ck_assert_ptr_null(avd_image_section(&image, UINT32_MAX));

    /* Some linkers leave the virtual size 0. */
    pe_put32(pe.file, pe_section_offset(&pe, 0) + 8, 0);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_ptr_eq(avd_image_section(&image, PE_TEXT + 0x1ff), &image.sections[0]);
    ck_assert_ptr_null(avd_image_section(&image, PE_TEXT + 0x200));
}
END_TEST

START_TEST(test_read_memory)
{
    uint8_t bytes[64];
    uint32_t value;

    build(true);
    ck_assert_int_eq(open_memory(BASE, 0x43), AVD_OK); /* headers, .text, .data */
    ck_assert_uint_eq(avd_image_read(&image, PE_TEXT + 2, bytes, 4), 4);
    ck_assert_mem_eq(bytes, "\3\4\5\6", 4);
    ck_assert(avd_image_u32(&image, PE_TEXT, &value));
    ck_assert_uint_eq(value, 0x04030201);
    /* Up to the page that is missing. */
    ck_assert_uint_eq(avd_image_read(&image, 0x1ff0, bytes, 64), 16);
    ck_assert_uint_eq(avd_image_read(&image, PE_RDATA, bytes, 64), 0);
    ck_assert(!avd_image_u32(&image, 0x1ffe, &value));
    ck_assert_uint_eq(value, 0);
    /* The image's end is the end, even where the dump has memory behind it. */
    mem.ranges[mem.memory.range_count] = mem.ranges[1];
    mem.ranges[mem.memory.range_count].start = BASE + PE_IMAGE_SIZE;
    mem.memory.range_count++;
    ck_assert_uint_eq(avd_image_read(&image, PE_IMAGE_SIZE - 8, bytes, 64), 8);
    ck_assert_uint_eq(avd_image_read(&image, PE_IMAGE_SIZE, bytes, 64), 0);
    ck_assert_uint_eq(avd_image_read(&image, PE_IMAGE_SIZE + 4, bytes, 64), 0);
    ck_assert_uint_eq(avd_image_read(&image, UINT32_MAX, bytes, 64), 0);
}
END_TEST

/* An image whose base lies so high that base + rva would wrap to low memory. */
START_TEST(test_no_wrap)
{
    uint8_t bytes[8];

    build(true);
    pe_map(&pe);
    pe_memory_init(&mem, &pe, 0, 0);
    mem.ranges[0].start = 0; /* what the wrapped address would read */
    mem.ranges[0].size = 0x1000;
    mem.ranges[0].offset = PE_TEXT;
    mem.ranges[1].start = UINT64_MAX - 0xfff;
    mem.ranges[1].size = 0x1000;
    mem.memory.range_count = 2;
    ck_assert_int_eq(avd_image_from_memory(&image, &mem.memory, UINT64_MAX - 0xfff, &error),
                     AVD_OK);
    ck_assert_uint_eq(image.section_count, 3);
    ck_assert_uint_eq(avd_image_read(&image, 0x1000, bytes, sizeof bytes), 0);
    ck_assert_uint_eq(avd_image_read(&image, 0x1008, bytes, sizeof bytes), 0);
    ck_assert_uint_eq(avd_image_read(&image, 0xffc, bytes, sizeof bytes), 4);
}
END_TEST

START_TEST(test_read_file)
{
    uint8_t bytes[0x1000];
    static const uint8_t zeros[0x1000];
    uint32_t value;

    build(false);
    ck_assert_int_eq(open_file(PE_FILE_SIZE), AVD_OK);
    /* The headers, which end at SizeOfHeaders although the file goes on. */
    ck_assert_uint_eq(avd_image_read(&image, 0, bytes, 2), 2);
    ck_assert_mem_eq(bytes, "MZ", 2);
    ck_assert_uint_eq(avd_image_read(&image, PE_HEADERS_SIZE - 4, bytes, 64), 4);
    ck_assert_uint_eq(avd_image_read(&image, PE_HEADERS_SIZE, bytes, 64), 0);
    ck_assert(avd_image_u32(&image, PE_TEXT, &value));
    ck_assert_uint_eq(value, 0x04030201);
    /* Raw data, then zeros to the virtual size, then nothing: no section is there. */
    ck_assert_uint_eq(avd_image_read(&image, PE_TEXT + 0x1fe, bytes, 0x1000), 0x102);
    ck_assert_mem_eq(bytes, "\xff\x00", 2);
    ck_assert_mem_eq(bytes + 2, zeros, 0x100);
    ck_assert_uint_eq(avd_image_read(&image, PE_TEXT + 0x2ff, bytes, 4), 1);
    ck_assert_uint_eq(avd_image_read(&image, PE_TEXT + 0x300, bytes, 4), 0);
    /* .rdata ends where .data begins: one read spans both. */
    memset(bytes, 0xee, sizeof bytes);
    ck_assert_uint_eq(avd_image_read(&image, PE_DATA - 2, bytes, 4), 4);
    ck_assert_mem_eq(bytes, "\0\0\1\2", 4);
    ck_assert_uint_eq(bytes[4], 0xee);
    ck_assert_uint_eq(avd_image_read(&image, PE_DATA + 0xffe, bytes, 4), 2);
    ck_assert_uint_eq(avd_image_read(&image, UINT32_MAX, bytes, 4), 0);
    avd_image_close(&image);

    /* What a cut file lacks is not zero, it is not there. */
    ck_assert_int_eq(open_file(PE_TEXT_RAW + 0x10), AVD_OK);
    ck_assert_uint_eq(avd_image_read(&image, PE_TEXT, bytes, 0x300), 0x10);
    ck_assert_uint_eq(avd_image_read(&image, PE_TEXT + 0x10, bytes, 0x300), 0);
    ck_assert_uint_eq(avd_image_read(&image, PE_DATA, bytes, 4), 0);
    avd_image_close(&image);

    /* A section that claims to run past the end of the address space. */
    pe_put32(pe.file, pe_section_offset(&pe, 2) + 12, 0xfffffff0);
    ck_assert_int_eq(open_file(PE_FILE_SIZE), AVD_OK);
    ck_assert_uint_eq(avd_image_read(&image, 0xfffffff0, bytes, 64), 64);
    ck_assert_mem_eq(bytes, "\1\2\3", 3);
    avd_image_close(&image);
}
END_TEST

/* ---- the debug directory ---- */

static const uint8_t guid[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* An RSDS record of `path_size` bytes of path; returns its size. */
static uint32_t rsds(uint8_t *record, const char *path, size_t path_size)
{
    memcpy(record, "RSDS", 4);
    memcpy(record + 4, guid, 16);
    pe_put32(record, 20, 7);
    memcpy(record + 24, path, path_size);
    return (uint32_t)(24 + path_size);
}

START_TEST(test_pdb_id)
{
    static const char path[] = "d:\\src\\p\xc3\xbc\xff.pdb";
    uint8_t record[512];
    struct avd_pdb_id id;

    build(true);
    pe_set_debug(&pe, 0x3000, 2, record, rsds(record, path, sizeof path));
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_OK);
    ck_assert_mem_eq(id.guid, guid, sizeof guid);
    ck_assert_uint_eq(id.age, 7);
    ck_assert_str_eq(id.path, "d:\\src\\p\xc3\xbc?.pdb");

    /* The same out of the file; there even when the loader would not map the record. */
    pe_put32(pe_rdata(&pe, 0x3000), 20, 0);
    ck_assert_int_eq(open_file(PE_FILE_SIZE), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_OK);
    ck_assert_uint_eq(id.age, 7);
    avd_image_close(&image);
    /* In memory file offsets mean nothing, even where they would find a record. */
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    memcpy(pe.mapped + PE_RDATA_RAW + 0x101c, record, 64);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_NOT_FOUND);
}
END_TEST

START_TEST(test_pdb_path_cut)
{
    char path[400];
    uint8_t record[512];
    struct avd_pdb_id id;

    /* 259 bytes fit, 260 do not; a path without its end is none. */
    memset(path, 'a', sizeof path);
    path[259] = '\0';
    build(true);
    pe_set_debug(&pe, 0x3000, 2, record, rsds(record, path, 260));
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_OK);
    ck_assert_uint_eq(strlen(id.path), 259);

    path[259] = 'a';
    path[260] = '\0';
    pe_set_debug(&pe, 0x3000, 2, record, rsds(record, path, 261));
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_OK);
    ck_assert_uint_eq(id.age, 7);
    ck_assert_str_eq(id.path, "");

    pe_set_debug(&pe, 0x3000, 2, record, rsds(record, "x.pdb", 5));
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_OK);
    ck_assert_str_eq(id.path, "");
}
END_TEST

START_TEST(test_pdb_none)
{
    uint8_t record[512];
    struct avd_pdb_id id;
    uint32_t size = rsds(record, "x.pdb", 6);

    build(true);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_NOT_FOUND);

    pe_set_debug(&pe, 0x3000, 13, record, size); /* POGO */
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_NOT_FOUND);

    /* Shorter than its header. */
    pe_set_debug(&pe, 0x3000, 2, record, 23);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_NOT_FOUND);
    ck_assert_uint_eq(id.guid[0], 0);

    /* The second of two entries, the first with another signature. */
    build(true);
    pe_set_debug(&pe, 0x3100, 2, record, size);
    memcpy(pe_rdata(&pe, 0x30e4), pe_rdata(&pe, 0x3100), 28);
    pe_put32(pe_rdata(&pe, 0x30e4), 20, PE_TEXT);
    pe_put32(pe.file, pe_directory_offset(&pe, 6), 0x30e4);
    pe_put32(pe.file, pe_directory_offset(&pe, 6) + 4, 2 * 28 + 27);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_OK);
    ck_assert_str_eq(id.path, "x.pdb");

    /* Its page is missing; a size that lies changes nothing. */
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES & ~8U), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_NOT_FOUND);
    pe_put32(pe.file, pe_directory_offset(&pe, 6) + 4, 0xffffffff);
    ck_assert_int_eq(open_memory(BASE, PE_ALL_PAGES), AVD_OK);
    ck_assert_int_eq(avd_image_pdb_id(&image, &id), AVD_OK);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_headers, 0, 2);
    tcase_add_test(tests, test_no_image);
    tcase_add_test(tests, test_headers_not_in_dump);
    tcase_add_test(tests, test_partial_headers);
    tcase_add_test(tests, test_counts);
    tcase_add_test(tests, test_section);
    tcase_add_test(tests, test_read_memory);
    tcase_add_test(tests, test_no_wrap);
    tcase_add_test(tests, test_read_file);
    tcase_add_test(tests, test_pdb_id);
    tcase_add_test(tests, test_pdb_path_cut);
    tcase_add_test(tests, test_pdb_none);
}

int main(void)
{
    return suite_main("image", add_tests);
}
