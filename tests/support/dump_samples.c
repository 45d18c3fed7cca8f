/* SPDX-License-Identifier: MIT */
/*
 * Three whole dumps for tests of properties: each is a crash with stacks that can be walked, and
 * together they have every stream that avdump reads.
 */
#include "support/dump_builder.h"

#include "minidump/format.h"

#include <string.h>

/* 2024-01-02 03:04:05 UTC */
static const uint32_t written_at = 1704164645;

static void add_header(struct db *b)
{
    struct db_header *header = db_header(b);

    header->version = 0xa05da793;
    header->timestamp = written_at;
    header->flags =
        0x1826; /* FullMemory, HandleData, UnloadedModules, FullMemoryInfo, ThreadInfo */
    header->unused_entries = 2;
}

/* Misc info of the newest version: all flags that have a value here. */
static void add_misc(struct db *b)
{
    unsigned s = db_misc_info(b, 1364, 0x3f7);

    db_set32(b, s, 8, 0x1234);
    db_set32(b, s, 12, written_at - 3600);
    db_set32(b, s, 24, 3500);
    db_set32(b, s, 28, 2900);
    db_set32(b, s, 32, 3500);
    db_set32(b, s, 44, 0x2000);
    db_set_utf16(b, s, 232, "19041.1.amd64fre.vb_release.191206-1406");
    db_set_utf16(b, s, 752, "dbgcore.amd64,10.0.19041.1");
    db_set32(b, s, 1360, 0x5eed);
}

/* The streams that have nothing to do with stacks. */
static void add_everything_else(struct db *b)
{
    static const uint32_t table[2][3] = {{0x10, 0x40, 0x100}, {0x40, 0x90, 0x108}};
    static const uint8_t event[8] = {1, 0, 0, 0, 0, 0, 0, 0};
    static const char *const pairs[2][2] = {{"ptype", "browser"}, {"ver", "1.2.3"}};
    unsigned event_name = db_string(b, "Event");
    unsigned file_name = db_string(b, "File");
    unsigned s;

    (void)db_handle(b, &(struct db_handle){.handle = 4,
                                           .type_name = event_name,
                                           .granted_access = 0x1f0003,
                                           .handle_count = 2,
                                           .pointer_count = 3,
                                           .object_info = db_object_info(b, 6, event, 8, 0)});
    (void)db_handle(b, &(struct db_handle){.handle = 8,
                                           .type_name = file_name,
                                           .object_name = db_string(b, "\\Device\\ConDrv"),
                                           .granted_access = 0x12019f});
    (void)db_handle(b, &(struct db_handle){.handle = 12, .type_name = event_name});
    (void)db_handle_operation(b, 8, 2, 5);
    (void)db_function_table(b, 0x20000000, 0x20001000, 0x20000000, table, 2);
    (void)db_token(b, 0x1234, 0x44, "token data", 10);
    (void)db_comment(b, "left by a test", false);
    (void)db_comment(b, "*** Unhandled exception: C0000005", true);
    (void)db_unloaded(
        b, &(struct db_module){
               .base = 0x30000000, .size = 0x8000, .timestamp = 0x4a5bc000, .path = "old.dll"});
    s = db_stream(b, SystemMemoryInfoStream);
    db_zeros(b, s, 492);
    db_set16(b, s, 0, 1);
    db_set16(b, s, 2, 2);
    db_set32(b, s, 8, 4096);
    db_set32(b, s, 12, 0x1000000);
    db_set64(b, s, 116, 1000);
    db_set64(b, s, 124, 2000);
    db_set64(b, s, 132, 3000);
    s = db_stream(b, ProcessVmCountersStream);
    db_zeros(b, s, 152);
    db_set16(b, s, 0, 2);
    db_set16(b, s, 2, 7);
    db_set64(b, s, 16, 0x500000);
    db_set64(b, s, 80, 0x2000000);
    (void)db_breakpad_info(b, 3, 0x11, 0x10);
    (void)db_breakpad_assertion(b, "p != NULL", "run", "run.c", 42, 1);
    (void)db_crashpad_info(b, 64, db_dictionary(b, pairs, 2),
                           db_crashpad_module(b, 0, "a list item", db_dictionary(b, pairs, 1),
                                              "object", 1, "its value"));
    s = db_stream(b, 0x12345678); /* a user stream */
    db_bytes(b, s, "only its writer knows", 21);
}

/* ---- x64 ---- */

/* sub rsp, 0x28, at offset 4 */
static const uint8_t unwind_alloc_28[] = {0x01, 0x04, 0x01, 0x00, 0x04, 0x42, 0x00, 0x00};
/* push rbx at 2; sub rsp, 0x20 at 6 */
static const uint8_t unwind_push_rbx[] = {0x01, 0x06, 0x02, 0x00, 0x06, 0x32, 0x02, 0x30};

/*
 * app.exe!main (RVA 0x1000) called app.exe!run (0x1080), which writes through a null pointer; the
 * thread came from kernel32!BaseThreadInitThunk and ntdll!RtlUserThreadStart.
 */
static void add_x64_modules(struct db *b, uint64_t app, uint64_t ntdll)
{
    static const struct db_export app_exports[] = {{"main", 0x1000}, {"run", 0x1080}};
    static const struct db_function app_functions[] = {
        {0x1000, 0x1040, unwind_alloc_28, sizeof unwind_alloc_28},
        {0x1080, 0x10c0, unwind_push_rbx, sizeof unwind_push_rbx}};
    static const struct db_export ntdll_exports[] = {{"NtWaitForSingleObject", 0x1100},
                                                     {"RtlUserThreadStart", 0x1000}};
    static const struct db_function ntdll_functions[] = {
        {0x1000, 0x1030, unwind_alloc_28, sizeof unwind_alloc_28}};
    uint8_t text[0x200];

    memset(text, 0xcc, sizeof text);
    memcpy(text + 0x96, "\xc7\x00\x01\x00\x00\x00", 6); /* mov dword ptr [rax], 1 */
    memcpy(text + 0x20, "\xe8\x5b\x00\x00\x00\x48\x83\xc4\x28\xc3", 10); /* call run */
    db_map_image(b, app,
                 &(struct db_image){.size = 0x6000,
                                    .timestamp = 0x65937000,
                                    .text = text,
                                    .text_size = sizeof text,
                                    .exports = app_exports,
                                    .export_count = 2,
                                    .functions = app_functions,
                                    .function_count = 2,
                                    .pdb_path = "C:\\build\\app.pdb"});
    db_map_image(b, ntdll,
                 &(struct db_image){.size = 0x6000,
                                    .timestamp = 0x4e5f6071,
                                    .exports = ntdll_exports,
                                    .export_count = 2,
                                    .functions = ntdll_functions,
                                    .function_count = 1});
    (void)db_module(b, &(struct db_module){.base = app,
                                           .size = 0x6000,
                                           .timestamp = 0x65937000,
                                           .path = "C:\\app\\app.exe",
                                           .version_ms = 0x10002,
                                           .version_ls = 0x30004,
                                           .codeview = db_rsds(b, 1, "C:\\build\\app.pdb")});
    (void)db_module(b, &(struct db_module){.base = ntdll,
                                           .size = 0x6000,
                                           .timestamp = 0x4e5f6071,
                                           .path = "C:\\Windows\\System32\\ntdll.dll",
                                           .codeview = db_rsds(b, 7, "ntdll.pdb")});
}

static void build_x64(struct db *b)
{
    const uint64_t app = UINT64_C(0x140000000);
    const uint64_t ntdll = UINT64_C(0x7ff800000000);
    const uint64_t stack = UINT64_C(0x14f000);
    const uint64_t stack2 = UINT64_C(0x24f000);
    const uint64_t teb = UINT64_C(0x7ff5ffe000);
    const uint64_t peb = UINT64_C(0x7ff5ff0000);
    struct db_x64 regs = {.rip = app + 0x1096, .rsp = stack + 0xe00, .rbx = 0xb, .rcx = 0xc};
    struct db_x64 waiting = {.rip = ntdll + 0x1114, .rsp = stack2 + 0xf00};

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    add_misc(b);
    add_x64_modules(b, app, ntdll);
    (void)db_memory(b, stack, 0x1000);
    (void)db_memory(b, stack2, 0x1000);
    db_poke64(b, stack + 0xe20, 0x1111);         /* rbx, saved by run */
    db_poke64(b, stack + 0xe28, app + 0x1025);   /* back to main */
    db_poke64(b, stack + 0xe58, ntdll + 0x1020); /* back to RtlUserThreadStart */
    db_poke64(b, stack2 + 0xf00, ntdll + 0x1020);
    db_map_peb64(b, peb, app);
    db_map_teb64(b, &(struct db_teb){.addr = teb,
                                     .stack_base = stack + 0x1000,
                                     .stack_limit = stack,
                                     .peb = peb,
                                     .process_id = 0x1234,
                                     .thread_id = 0x10,
                                     .last_error = 2});
    (void)db_thread(b, &(struct db_thread){.id = 0x10,
                                           .teb = teb,
                                           .stack_start = stack,
                                           .stack_size = 0x1000,
                                           .name = "main",
                                           .context = db_context_x64(b, &waiting)});
    (void)db_thread(b, &(struct db_thread){.id = 0x11,
                                           .stack_start = stack2,
                                           .stack_size = 0x1000,
                                           .name = "worker",
                                           .context = db_context_x64(b, &waiting)});
    (void)db_thread_info(b, &(struct db_thread_info){
                                .id = 0x10, .exit_status = 0x103, .start_address = app + 0x1000});
    (void)db_thread_info(
        b, &(struct db_thread_info){.id = 0x11, .dump_flags = 2, .exit_status = 0x103});
    (void)db_exception(b, &(struct db_exception){.thread_id = 0x10,
                                                 .code = 0xc0000005,
                                                 .address = app + 0x1096,
                                                 .parameter_count = 2,
                                                 .parameters = {1, 0},
                                                 .context = db_context_x64(b, &regs)});
    db_region(b, app + 0x1000, 0x1000, MEM_COMMIT, PAGE_EXECUTE_READ, MEM_IMAGE);
    db_region(b, stack, 0x1000, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE);
    add_everything_else(b);
}

/* ---- x86 ---- */

static void add_x86_module(struct db *b, uint32_t base, const char *path)
{
    static const struct db_export exports[] = {{"main", 0x1000}, {"run", 0x1080}};
    uint8_t text[0x200];

    memset(text, 0xcc, sizeof text);
    memcpy(text, "\x55\x8b\xec\x83\xec\x08", 6);            /* push ebp; mov ebp, esp; sub esp, 8 */
    memcpy(text + 0x20, "\xe8\x5b\x00\x00\x00\xc9\xc3", 7); /* call run; leave; ret */
    memcpy(text + 0x4b, "\xe8\xb0\xff\xff\xff", 5);         /* call main */
    memcpy(text + 0x80, "\x55\x8b\xec\x83\xec\x08", 6);
    memcpy(text + 0x96, "\xc7\x00\x01\x00\x00\x00", 6); /* mov dword ptr [eax], 1 */
    db_map_image(b, base,
                 &(struct db_image){.pe32 = true,
                                    .size = 0x6000,
                                    .timestamp = 0x5a5a5a5a,
                                    .text = text,
                                    .text_size = sizeof text,
                                    .exports = exports,
                                    .export_count = 2});
    (void)db_module(b, &(struct db_module){.base = base,
                                           .size = 0x6000,
                                           .timestamp = 0x5a5a5a5a,
                                           .path = path,
                                           .codeview = db_nb10(b, 0x33445566, 3, "app32.pdb")});
}

/* Frames linked by ebp: run called by main called by somewhere in main's module. */
static void poke_x86_stack(struct db *b, uint32_t stack, uint32_t base)
{
    db_poke32(b, stack + 0xe10, stack + 0xe40);
    db_poke32(b, stack + 0xe14, base + 0x1025);
    db_poke32(b, stack + 0xe40, 0);
    db_poke32(b, stack + 0xe44, base + 0x1050);
}

static void build_x86(struct db *b)
{
    const uint32_t app = 0x400000;
    const uint32_t stack = 0x18f000;
    const uint32_t teb = 0x7efdd000;
    struct db_x86 regs = {.eip = app + 0x1096, .esp = stack + 0xe08, .ebp = stack + 0xe10};
    struct db_x86 handler = {.eip = app + 0x1000, .esp = stack + 0xc00, .ebp = stack + 0xc00};

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_INTEL, 6, 1, 7601);
    add_misc(b);
    add_x86_module(b, app, "C:\\app\\app32.exe");
    (void)db_memory(b, stack, 0x1000);
    poke_x86_stack(b, stack, app);
    db_map_peb32(b, 0x7efde000, app, NULL, 0);
    db_map_teb32(b, &(struct db_teb){.addr = teb,
                                     .stack_base = stack + 0x1000,
                                     .stack_limit = stack,
                                     .peb = 0x7efde000,
                                     .process_id = 0x1234,
                                     .thread_id = 0x10,
                                     .last_error = 87});
    (void)db_thread(b, &(struct db_thread){.id = 0x10,
                                           .teb = teb,
                                           .stack_start = stack,
                                           .stack_size = 0x1000,
                                           .context = db_context_x86(b, &handler)});
    (void)db_exception(b, &(struct db_exception){.thread_id = 0x10,
                                                 .code = 0xc0000005,
                                                 .address = app + 0x1096,
                                                 .parameter_count = 2,
                                                 .parameters = {1, 0},
                                                 .context = db_context_x86(b, &regs)});
    db_region(b, app + 0x1000, 0x1000, MEM_COMMIT, PAGE_EXECUTE_READ, MEM_IMAGE);
    add_everything_else(b);
}

/* ---- WOW64 ---- */

/*
 * A 64-bit dump of a 32-bit process. Thread 0x10 waits inside a system call: its own context is
 * in 64-bit code, its 32-bit registers are in the CPU area. Thread 0x20 was running 32-bit code.
 */
static void build_wow64(struct db *b)
{
    static const char wow64_path[] = "C:\\Windows\\System32\\wow64.dll";
    const uint32_t app = 0x400000;
    const uint64_t wow64cpu = 0x74c00000;
    const uint64_t ntdll = UINT64_C(0x7ff800000000);
    const uint64_t stack64 = 0x8e000, area = 0x8fd00; /* the area sits above the usable stack */
    const uint32_t stack32 = 0x28f000, stack32b = 0x38f000;
    const uint64_t teb64 = 0x7efdb000, teb64b = 0x7efd8000;
    const uint64_t peb64 = 0x7efdf000, peb32 = 0x7efde000;
    const struct db_module loader_list[] = {
        {.base = app, .size = 0x6000, .timestamp = 0x5a5a5a5a, .path = "C:\\app\\app32.exe"},
        {.base = 0x10000000, .size = 0x4000, .timestamp = 1, .path = "C:\\app\\late.dll"}};
    struct db_x64 native = {
        .rip = wow64cpu + 0x1010, .rsp = stack64 + 0xc00, .r12 = teb64, .r13 = area};
    struct db_x86 in_syscall = {
        .flags = 0x1002f, .eip = app + 0x1096, .esp = stack32 + 0xe08, .ebp = stack32 + 0xe10};
    struct db_x64 live = {.cs = 0x23,
                          .rip = app + 0x1096,
                          .rsp = stack32b + 0xe08,
                          .rbp = stack32b + 0xe10,
                          .r12 = teb64b};

    db_full_memory(b);
    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    add_misc(b);
    add_x86_module(b, app, "C:\\app\\app32.exe");
    add_x64_modules(b, UINT64_C(0x7ff700000000), ntdll);
    (void)db_module(b,
                    &(struct db_module){.base = 0x74c40000, .size = 0x40000, .path = wow64_path});
    (void)db_module(b, &(struct db_module){.base = wow64cpu,
                                           .size = 0x8000,
                                           .path = "C:\\Windows\\System32\\wow64cpu.dll"});
    (void)db_memory(b, stack64, 0x2000);
    (void)db_memory(b, stack32, 0x1000);
    (void)db_memory(b, stack32b, 0x1000);
    db_poke64(b, stack64 + 0xc00, ntdll + 0x1020);
    poke_x86_stack(b, stack32, app);
    poke_x86_stack(b, stack32b, app);
    db_poke16(b, area + 2, 0x14c);
    db_poke_context_x86(b, area + 4, &in_syscall);
    db_map_peb64(b, peb64, app);
    db_map_peb32(b, peb32, app, loader_list, 2);
    db_map_teb64(b, &(struct db_teb){.addr = teb64,
                                     .stack_base = area,
                                     .stack_limit = stack64,
                                     .peb = peb64,
                                     .process_id = 0x1234,
                                     .thread_id = 0x10,
                                     .teb32 = teb64 + 0x2000,
                                     .cpu_area = area});
    db_map_teb32(b, &(struct db_teb){.addr = teb64 + 0x2000,
                                     .stack_base = stack32 + 0x1000,
                                     .stack_limit = stack32,
                                     .peb = peb32,
                                     .process_id = 0x1234,
                                     .thread_id = 0x10,
                                     .last_error = 5});
    db_map_teb64(b, &(struct db_teb){.addr = teb64b,
                                     .peb = peb64,
                                     .process_id = 0x1234,
                                     .thread_id = 0x20,
                                     .teb32 = teb64b + 0x2000});
    db_map_teb32(b, &(struct db_teb){.addr = teb64b + 0x2000,
                                     .stack_base = stack32b + 0x1000,
                                     .stack_limit = stack32b,
                                     .peb = peb32,
                                     .process_id = 0x1234,
                                     .thread_id = 0x20});
    (void)db_thread(b, &(struct db_thread){.id = 0x10,
                                           .teb = teb64,
                                           .stack_start = stack32,
                                           .stack_size = 0x1000,
                                           .context = db_context_x64(b, &native)});
    (void)db_thread(b, &(struct db_thread){.id = 0x20,
                                           .teb = teb64b,
                                           .stack_start = stack32b,
                                           .stack_size = 0x1000,
                                           .context = db_context_x64(b, &live)});
    (void)db_exception(b, &(struct db_exception){.thread_id = 0x20,
                                                 .code = 0xc0000005,
                                                 .address = app + 0x1096,
                                                 .parameter_count = 2,
                                                 .parameters = {1, 0},
                                                 .context = db_context_x64(b, &live)});
    add_everything_else(b);
}

uint8_t *dump_builder_sample(enum db_sample kind, size_t *size)
{
    struct db *b = db_new();

    add_header(b);
    switch (kind) {
    case DB_SAMPLE_X86: build_x86(b); break;
    case DB_SAMPLE_WOW64: build_wow64(b); break;
    case DB_SAMPLE_X64:
    case DB_SAMPLE_COUNT:
    default: build_x64(b); break;
    }
    return db_finish(b, size);
}
