/* SPDX-License-Identifier: MIT */
/*
 * Small files that point to the same bytes again and again, so that honest reading would cost a
 * thousand times the file: what a random mutation never finds. Each must stay within the bounds of
 * robust_run.h like any other.
 */
#include "minidump/format.h"
#include "support/dump_builder.h"
#include "support/robust_run.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct db *builder(uint16_t architecture)
{
    struct db *b = db_new();

    (void)db_system_info(b, architecture, 10, 0, 19041);
    return b;
}

static void try_built(const char *name, struct db *b)
{
    size_t size;
    uint8_t *bytes = db_finish(b, &size);

    robust_run_label("%s (%zu bytes)", name, size);
    robust_run_try(bytes, size);
    free(bytes);
}

static unsigned long_string(struct db *b)
{
    unsigned s = db_section(b);
    unsigned i;

    db_u32(b, s, 65534);
    for (i = 0; i < 32767; i++)
        db_u16(b, s, (uint16_t)('A' + i % 26));
    return s;
}

/* A module whose code is all calls, so that any address in it looks like a return address. */
static void add_module_of_calls(struct db *b, uint64_t base)
{
    uint8_t text[0x800];
    size_t i;

    memset(text, 0xe8, sizeof text);
    for (i = 0; i + 1 < sizeof text; i += 2) {
        text[i] = 0xff;
        text[i + 1] = 0xd0; /* call rax */
    }
    db_map_image(b, base,
                 &(struct db_image){.size = 0x6000, .text = text, .text_size = sizeof text});
    (void)db_module(b, &(struct db_module){.base = base, .size = 0x6000, .path = "a.dll"});
}

START_TEST(threads_that_share_a_deep_stack)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned context = db_context_x64(b, &(struct db_x64){.rip = 0x140001010, .rsp = 0x10000});
    uint32_t i;

    add_module_of_calls(b, 0x140000000);
    (void)db_memory(b, 0x10000, 0x8000);
    for (i = 0; i < 0x8000; i += 8)
        db_poke64(b, 0x10000 + i, UINT64_C(0x140001002) + 2 * (i % 64));
    for (i = 0; i < 2000; i++)
        (void)db_thread(
            b, &(struct db_thread){
                   .id = i + 1, .stack_start = 0x10000, .stack_size = 0x8000, .context = context});
    try_built("threads that share a deep stack", b);
}
END_TEST

START_TEST(x86_threads_that_share_a_deep_stack)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_INTEL);
    unsigned context =
        db_context_x86(b, &(struct db_x86){.eip = 0x401010, .esp = 0x10000, .ebp = 0x10000});
    uint32_t i;

    add_module_of_calls(b, 0x400000);
    (void)db_memory(b, 0x10000, 0x8000);
    for (i = 0; i + 8 <= 0x8000; i += 8) {
        db_poke32(b, 0x10000 + i, 0x10000 + i + 8);
        db_poke32(b, 0x10000 + i + 4, 0x401002);
    }
    for (i = 0; i < 2000; i++)
        (void)db_thread(
            b, &(struct db_thread){
                   .id = i + 1, .stack_start = 0x10000, .stack_size = 0x8000, .context = context});
    try_built("x86 threads that share a deep stack", b);
}
END_TEST

/* Nothing on the stack looks like a return address, so that every thread scans in vain. */
START_TEST(threads_that_scan_in_vain)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned context = db_context_x64(b, &(struct db_x64){.rip = 0x12345678, .rsp = 0x10000});
    uint32_t i;

    add_module_of_calls(b, 0x140000000);
    (void)db_memory(b, 0x10000, 0x8000);
    for (i = 0; i < 0x8000; i += 8)
        db_poke64(b, 0x10000 + i, UINT64_C(0x140005000)); /* in the module, not behind a call */
    for (i = 0; i < 2000; i++)
        (void)db_thread(
            b, &(struct db_thread){
                   .id = i + 1, .stack_start = 0x10000, .stack_size = 0x8000, .context = context});
    try_built("threads that scan in vain", b);
}
END_TEST

START_TEST(names_that_are_shared)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned name = long_string(b);
    unsigned i;
    unsigned s = 0;

    for (i = 0; i < 800; i++) {
        s = db_module(b,
                      &(struct db_module){.base = 0x10000 * (i + 1), .size = 0x1000, .path = "a"});
        db_set_rva(b, s, 4 + 108 * i + 20, name);
    }
    for (i = 0; i < 2000; i++) {
        s = db_unloaded(b, &(struct db_module){.base = 0x1000, .size = 0x1000});
        db_set_rva(b, s, 12 + 24 * i + 20, name);
        db_thread_name(b, i, name);
        (void)db_handle(b,
                        &(struct db_handle){.handle = i, .type_name = name, .object_name = name});
        (void)db_thread(b, &(struct db_thread){.id = i});
    }
    try_built("names that are shared", b);
}
END_TEST

START_TEST(codeview_paths_that_are_shared)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    char path[60000];
    unsigned record;
    unsigned i;

    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    record = db_rsds(b, 1, path);
    for (i = 0; i < 800; i++)
        (void)db_module(
            b, &(struct db_module){
                   .base = 0x10000 * (i + 1), .size = 0x1000, .path = "a.dll", .codeview = record});
    try_built("CodeView paths that are shared", b);
}
END_TEST

START_TEST(build_ids_that_are_shared)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    uint8_t id[60000];
    unsigned record;
    unsigned i;

    memset(id, 0xab, sizeof id);
    record = db_build_id(b, id, sizeof id);
    for (i = 0; i < 800; i++)
        (void)db_module(
            b, &(struct db_module){
                   .base = 0x10000 * (i + 1), .size = 0x1000, .path = "a.so", .codeview = record});
    try_built("build ids that are shared", b);
}
END_TEST

/*
 * Many images mapped from the same bytes, each with thousands of exports, and a stack that goes
 * through all of them.
 */
START_TEST(images_that_share_their_exports)
{
    enum { EXPORTS = 4000, IMAGES = 700 };
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    struct db_export *exports = calloc(EXPORTS, sizeof *exports);
    const uint64_t first = UINT64_C(0x180000000);
    unsigned sections[2];
    unsigned context;
    unsigned s;
    size_t i;

    ck_assert_ptr_nonnull(exports);
    for (i = 0; i < EXPORTS; i++)
        exports[i].rva = 0x1000 + (uint32_t)i;
    add_module_of_calls(b, UINT64_C(0x140000000));
    db_map_image(b, first,
                 &(struct db_image){.size = 0x20000, .exports = exports, .export_count = EXPORTS});
    sections[0] = db_memory_section(b, first);
    sections[1] = db_memory_section(b, first + 0x2000);
    /* The list of ranges is our own: the builder's would store the bytes of each. */
    s = db_stream(b, MemoryListStream);
    (void)db_memory(b, 0x10000, 0x8000);
    db_u32(b, s, 2 * IMAGES + 1);
    for (i = 0; i < IMAGES; i++) {
        size_t k;

        (void)db_module(b, &(struct db_module){
                               .base = first + 0x100000 * i, .size = 0x20000, .path = "many.dll"});
        for (k = 0; k < 2; k++) {
            db_u64(b, s, first + 0x100000 * i + 0x2000 * k);
            db_location(b, s, sections[k]);
        }
    }
    db_u64(b, s, 0x10000);
    db_location(b, s, db_memory_section(b, 0x10000));
    for (i = 0; i < 0x1000; i++)
        db_poke64(b, 0x10000 + 8 * i, first + 0x100000 * (i % IMAGES) + 0x1010);
    context =
        db_context_x64(b, &(struct db_x64){.rip = first + 0x1000, .rsp = 0x10000, .rbp = 0x10000});
    for (i = 0; i < IMAGES; i++)
        (void)db_thread(
            b, &(struct db_thread){
                   .id = (uint32_t)i + 1,
                   .stack_start = 0x10000,
                   .stack_size = 0x8000,
                   .context = i == 0 ? context
                                     : db_context_x64(
                                           b, &(struct db_x64){.rip = first + 0x100000 * i + 0x1000,
                                                               .rsp = 0x10000})});
    try_built("images that share their exports", b);
    free(exports);
}
END_TEST

START_TEST(unloaded_modules_that_overlap)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    unsigned name = db_string(b, "gone.dll");
    uint32_t i;
    unsigned s;

    for (i = 0; i < 4000; i++) {
        s = db_unloaded(b, &(struct db_module){.base = 0x100000, .size = 0x100000});
        db_set_rva(b, s, 12 + 24 * i + 20, name);
    }
    (void)db_memory(b, 0x10000, 0x8000);
    for (i = 0; i < 0x8000; i += 8)
        db_poke64(b, 0x10000 + i, 0x100010 + i);
    for (i = 0; i < 1000; i++)
        (void)db_thread(
            b, &(struct db_thread){
                   .id = i + 1,
                   .stack_start = 0x10000,
                   .stack_size = 0x8000,
                   .context = db_context_x64(
                       b, &(struct db_x64){.rip = 0x100010, .rsp = 0x10000, .rbp = 0x10000})});
    try_built("unloaded modules that overlap", b);
}
END_TEST

START_TEST(modules_that_overlap)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    uint32_t i;

    for (i = 0; i < 1000; i++)
        (void)db_module(
            b, &(struct db_module){.base = 0x100000 + i, .size = 0xffffffff, .path = "over.dll"});
    (void)db_memory(b, 0x10000, 0x4000);
    for (i = 0; i < 0x4000; i += 8)
        db_poke64(b, 0x10000 + i, 0x200010 + i);
    for (i = 0; i < 200; i++)
        (void)db_thread(
            b, &(struct db_thread){
                   .id = i + 1,
                   .stack_start = 0x10000,
                   .stack_size = 0x4000,
                   .context = db_context_x64(
                       b, &(struct db_x64){.rip = 0x200010, .rsp = 0x10000, .rbp = 0x10000})});
    try_built("modules that overlap", b);
}
END_TEST

/* A loader list in a circle, reached by a thousand WOW64 threads. */
START_TEST(wow64_threads_that_share_a_teb)
{
    struct db *b = builder(PROCESSOR_ARCHITECTURE_AMD64);
    const uint64_t teb64 = 0x7efdb000;
    struct db_module loader_list[1] = {{.base = 0x400000, .size = 0x1000, .path = "a.exe"}};
    unsigned context = db_context_x64(
        b, &(struct db_x64){.cs = 0x23, .rip = 0x401000, .rsp = 0x10000, .rbp = 0x10000});
    uint32_t i;

    db_map_peb32(b, 0x7efde000, 0x400000, loader_list, 1);
    db_map_peb64(b, 0x7efdf000, 0x400000);
    db_map_teb64(b, &(struct db_teb){.addr = teb64, .peb = 0x7efdf000, .teb32 = teb64 + 0x2000});
    db_map_teb32(b, &(struct db_teb){.addr = teb64 + 0x2000,
                                     .stack_base = 0x18000,
                                     .stack_limit = 0x10000,
                                     .peb = 0x7efde000});
    (void)db_memory(b, 0x10000, 0x8000);
    for (i = 0; i + 8 <= 0x8000; i += 8) {
        db_poke32(b, 0x10000 + i, 0x10000 + i + 8);
        db_poke32(b, 0x10000 + i + 4, 0x401002);
    }
    for (i = 0; i < 1000; i++)
        (void)db_thread(b, &(struct db_thread){.id = i + 1, .teb = teb64, .context = context});
    try_built("WOW64 threads that share a TEB", b);
}
END_TEST

static void add_tests(TCase *tests)
{
    robust_run_init();
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, threads_that_share_a_deep_stack);
    tcase_add_test(tests, x86_threads_that_share_a_deep_stack);
    tcase_add_test(tests, threads_that_scan_in_vain);
    tcase_add_test(tests, names_that_are_shared);
    tcase_add_test(tests, codeview_paths_that_are_shared);
    tcase_add_test(tests, build_ids_that_are_shared);
    tcase_add_test(tests, images_that_share_their_exports);
    tcase_add_test(tests, unloaded_modules_that_overlap);
    tcase_add_test(tests, modules_that_overlap);
    tcase_add_test(tests, wow64_threads_that_share_a_teb);
}

int main(void)
{
    return suite_main("amplification", add_tests);
}
