/* SPDX-License-Identifier: MIT */
#include "support/dump_recover.h"

#include "minidump/format.h"

#include <string.h>

#define WOW64CPU 0x74c00000u
#define NTDLL64  UINT64_C(0x7ff800000000)

static const uint32_t access_violation = 0xc0000005;

/* ---- modules ---- */

static void add_module(struct db *b, uint64_t base, const char *path)
{
    (void)db_module(b, &(struct db_module){.base = base, .size = 0x6000, .path = path});
}

static void add_image(struct db *b, bool pe32, uint64_t base, const char *path,
                      const struct db_export *exports, size_t export_count,
                      const struct db_function *functions, size_t function_count)
{
    db_map_image(b, base,
                 &(struct db_image){.pe32 = pe32,
                                    .size = 0x6000,
                                    .exports = exports,
                                    .export_count = export_count,
                                    .functions = functions,
                                    .function_count = function_count});
    add_module(b, base, path);
}

static void add_x86_modules(struct db *b)
{
    static const struct db_export app[] = {{"run", 0x1080}};
    static const struct db_export ntdll[] = {{"KiUserExceptionDispatcher", 0x1000},
                                             {"RtlUserThreadStart", 0x1200}};
    static const struct db_export kernel32[] = {{"Sleep", 0x1100},
                                                {"UnhandledExceptionFilter", 0x1000}};
    static const struct db_export dbghelp[] = {{"MiniDumpWriteDump", 0x1000}};

    add_image(b, true, RECOVER_APP, "C:\\app\\app32.exe", app, 1, NULL, 0);
    add_image(b, true, RECOVER_NTDLL, "C:\\Windows\\SysWOW64\\ntdll.dll", ntdll, 2, NULL, 0);
    add_image(b, true, RECOVER_KERNEL32, "C:\\Windows\\SysWOW64\\kernel32.dll", kernel32, 2, NULL,
              0);
    add_image(b, true, RECOVER_DBGHELP, "C:\\Windows\\SysWOW64\\dbghelp.dll", dbghelp, 1, NULL, 0);
}

struct db *recover_process_x86(void)
{
    struct db *b = db_new();

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_INTEL, 6, 1, 7601);
    add_x86_modules(b);
    return b;
}

struct db *recover_process_x64(void)
{
    /* sub rsp, 0x28 */
    static const uint8_t alloc_28[] = {0x01, 0x04, 0x01, 0x00, 0x04, 0x42, 0x00, 0x00};
    /* KiUserExceptionDispatcher's: 0x590 bytes above which the CPU's own frame lies */
    static const uint8_t dispatcher[] = {0x01, 0x00, 0x03, 0x00, 0x00, 0x01,
                                         0xb2, 0x00, 0x00, 0x0a, 0x00, 0x00};
    static const struct db_export app[] = {{"run", 0x1080}};
    static const struct db_function app_functions[] = {{0x1080, 0x10c0, alloc_28, sizeof alloc_28}};
    static const struct db_export ntdll[] = {{"KiUserExceptionDispatcher", 0x1000},
                                             {"NtWaitForSingleObject", 0x1100},
                                             {"RtlUserThreadStart", 0x1200}};
    static const struct db_function ntdll_functions[] = {
        {0x1000, 0x1080, dispatcher, sizeof dispatcher},
        {0x1200, 0x1230, alloc_28, sizeof alloc_28}};
    static const struct db_export kernelbase[] = {{"Sleep", 0x1100},
                                                  {"UnhandledExceptionFilter", 0x1000}};
    static const struct db_function kernelbase_functions[] = {
        {0x1000, 0x1080, alloc_28, sizeof alloc_28}, {0x1100, 0x1180, alloc_28, sizeof alloc_28}};
    static const struct db_export dbghelp[] = {{"MiniDumpWriteDump", 0x1000}};
    static const struct db_function dbghelp_functions[] = {
        {0x1000, 0x1080, alloc_28, sizeof alloc_28}};
    struct db *b = db_new();

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    add_image(b, false, RECOVER_APP, "C:\\app\\app.exe", app, 1, app_functions, 1);
    add_image(b, false, RECOVER_NTDLL, "C:\\Windows\\System32\\ntdll.dll", ntdll, 3,
              ntdll_functions, 2);
    add_image(b, false, RECOVER_KERNEL32, "C:\\Windows\\System32\\KERNELBASE.dll", kernelbase, 2,
              kernelbase_functions, 2);
    add_image(b, false, RECOVER_DBGHELP, "C:\\Windows\\System32\\dbghelp.dll", dbghelp, 1,
              dbghelp_functions, 1);
    return b;
}

struct db *recover_process_wow64(void)
{
    struct db *b = db_new();

    db_full_memory(b);
    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
    add_x86_modules(b);
    add_module(b, 0x74c40000, "C:\\Windows\\System32\\wow64.dll");
    add_module(b, WOW64CPU, "C:\\Windows\\System32\\wow64cpu.dll");
    add_module(b, NTDLL64, "C:\\Windows\\System32\\ntdll.dll");
    return b;
}

/* ---- 32-bit threads ---- */

static uint32_t code_of(const struct recover_thread *thread)
{
    return thread->code != 0 ? thread->code : access_violation;
}

static void poke_record_x86(struct db *b, uint32_t at, const struct recover_thread *thread)
{
    bool access = code_of(thread) == access_violation;

    db_poke32(b, at, code_of(thread));
    db_poke32(b, at + 0x0c, RECOVER_FAULT);
    db_poke32(b, at + 0x10, access ? 2 : 0);
    db_poke32(b, at + 0x14, access ? 1 : 0);
    db_poke32(b, at + 0x18, access ? RECOVER_ADDRESS : 0);
}

/*
 * Frames linked by EBP: the innermost function returns into ntdll, which returns to the thread's
 * start; the fault's own frame is linked to that start too.
 */
static void poke_stack_x86(struct db *b, const struct recover_thread *thread)
{
    uint32_t s = (uint32_t)thread->stack;

    (void)db_memory(b, s, RECOVER_STACK_SIZE);
    db_poke32(b, s + 0x800, s + 0x960);
    db_poke32(b, s + 0x804, RECOVER_NTDLL + 0x1300);
    if (thread->in_filter)
        db_poke32(b, s + RECOVER_ARGUMENT, s + RECOVER_POINTERS);
    db_poke32(b, s + RECOVER_POINTERS, s + RECOVER_RECORD);
    db_poke32(b, s + RECOVER_POINTERS + 4, s + RECOVER_CONTEXT);
    if (thread->in_filter || thread->idle) {
        db_poke32(b, s + 0x960, s + 0x1f80);
        db_poke32(b, s + 0x964, RECOVER_NTDLL + 0x1340);
    } else {
        db_poke32(b, s + 0x960, s + 0x1f80);
        db_poke32(b, s + 0x964, RECOVER_NTDLL + 0x1010); /* in KiUserExceptionDispatcher */
        db_poke32(b, s + 0x968, s + RECOVER_RECORD);
        db_poke32(b, s + 0x96c, s + RECOVER_CONTEXT);
    }
    poke_record_x86(b, s + RECOVER_RECORD, thread);
    db_poke_context_x86(b, s + RECOVER_CONTEXT,
                        &(struct db_x86){.eip = RECOVER_FAULT,
                                         .esp = s + RECOVER_SP,
                                         .ebp = s + RECOVER_SP + 0x10,
                                         .ebx = 0xbb});
    db_poke32(b, s + RECOVER_SP + 0x10, s + 0x1f80);
    db_poke32(b, s + RECOVER_SP + 0x14, RECOVER_APP + 0x1025);
    db_poke32(b, s + 0x1f84, 0);
}

static struct db_x86 handler_x86(const struct recover_thread *thread)
{
    uint32_t s = (uint32_t)thread->stack;

    return (struct db_x86){.eip = RECOVER_KERNEL32 + (thread->in_filter ? 0x1010u : 0x1110u),
                           .esp = s + 0x7f0,
                           .ebp = s + 0x800};
}

void recover_stack_x86(struct db *b, const struct recover_thread *thread)
{
    poke_stack_x86(b, thread);
    db_map_teb32(b, &(struct db_teb){.addr = thread->teb,
                                     .stack_base = thread->stack + RECOVER_STACK_SIZE,
                                     .stack_limit = thread->stack,
                                     .process_id = 4,
                                     .thread_id = thread->id});
}

void recover_thread_x86(struct db *b, const struct recover_thread *thread)
{
    struct db_x86 regs = handler_x86(thread);

    recover_stack_x86(b, thread);
    (void)db_thread(b, &(struct db_thread){.id = thread->id,
                                           .teb = thread->teb,
                                           .stack_start = thread->stack,
                                           .stack_size = RECOVER_STACK_SIZE,
                                           .context = db_context_x86(b, &regs)});
}

void recover_thread_wow64(struct db *b, const struct recover_thread *thread)
{
    const uint64_t stack64 = 0x8e000, area = 0x8fd00;
    struct db_x86 regs = handler_x86(thread);
    struct db_x64 native = {
        .rip = WOW64CPU + 0x1010, .rsp = stack64 + 0xc00, .r12 = thread->teb, .r13 = area};

    regs.flags = 0x1002f;
    poke_stack_x86(b, thread);
    (void)db_memory(b, stack64, 0x2000);
    db_poke16(b, area + 2, 0x14c);
    db_poke_context_x86(b, area + 4, &regs);
    db_map_teb64(b, &(struct db_teb){.addr = thread->teb,
                                     .stack_base = area,
                                     .stack_limit = stack64,
                                     .process_id = 4,
                                     .thread_id = thread->id,
                                     .teb32 = thread->teb + 0x2000,
                                     .cpu_area = area});
    db_map_teb32(b, &(struct db_teb){.addr = thread->teb + 0x2000,
                                     .stack_base = thread->stack + RECOVER_STACK_SIZE,
                                     .stack_limit = thread->stack,
                                     .process_id = 4,
                                     .thread_id = thread->id});
    (void)db_thread(b, &(struct db_thread){.id = thread->id,
                                           .teb = thread->teb,
                                           .stack_start = thread->stack,
                                           .stack_size = RECOVER_STACK_SIZE,
                                           .context = db_context_x64(b, &native)});
}

/* ---- 64-bit threads ---- */

static void poke_context_x64(struct db *b, uint64_t at, uint64_t rip, uint64_t rsp)
{
    db_poke32(b, at + 0x30, 0x10001f);
    db_poke16(b, at + 0x38, 0x33);
    db_poke16(b, at + 0x42, 0x2b);
    db_poke32(b, at + 0x44, 0x246);
    db_poke64(b, at + 0x90, 0xbb); /* rbx */
    db_poke64(b, at + 0x98, rsp);
    db_poke64(b, at + 0xf8, rip);
}

void recover_thread_x64(struct db *b, const struct recover_thread *thread)
{
    uint64_t s = thread->stack;
    uint64_t context = s + RECOVER_CONTEXT64;
    uint64_t record = s + RECOVER_RECORD64;
    bool access = code_of(thread) == access_violation;
    struct db_x64 regs = {.rip = RECOVER_NTDLL + 0x1114, .rsp = context - 8};

    (void)db_memory(b, s, RECOVER_STACK_SIZE);
    if (thread->in_filter) { /* which the wait was called from, and ntdll called it */
        regs.rsp = s + 0x800;
        db_poke64(b, s + 0x800, RECOVER_KERNEL32 + 0x1010);
        db_poke64(b, s + 0x830, RECOVER_NTDLL + 0x1310);
    }
    if (thread->idle) { /* in a function that never handles anything */
        regs.rsp = s + 0x800;
        db_poke64(b, s + 0x800, RECOVER_KERNEL32 + 0x1110);
        db_poke64(b, s + 0x830, RECOVER_NTDLL + 0x1210);
    }
    db_poke64(b, context - 8, RECOVER_NTDLL + 0x1010); /* into KiUserExceptionDispatcher */
    db_poke64(b, s + RECOVER_POINTERS, record);
    db_poke64(b, s + RECOVER_POINTERS + 8, context);
    poke_context_x64(b, context, RECOVER_FAULT, s + RECOVER_SP);
    db_poke32(b, record, code_of(thread));
    db_poke64(b, record + 0x10, RECOVER_FAULT);
    db_poke32(b, record + 0x18, access ? 2 : 0);
    db_poke64(b, record + 0x20, access ? 1 : 0);
    db_poke64(b, record + 0x28, access ? RECOVER_ADDRESS : 0);
    db_poke64(b, context + 0x590, RECOVER_FAULT); /* the CPU's frame: rip, cs, eflags, rsp, ss */
    db_poke64(b, context + 0x598, 0x33);
    db_poke64(b, context + 0x5a0, 0x246);
    db_poke64(b, context + 0x5a8, s + RECOVER_SP);
    db_poke64(b, context + 0x5b0, 0x2b);
    db_poke64(b, s + RECOVER_SP + 0x28, RECOVER_NTDLL + 0x1210); /* back to the thread's start */
    db_map_teb64(b, &(struct db_teb){.addr = thread->teb,
                                     .stack_base = s + RECOVER_STACK_SIZE,
                                     .stack_limit = s,
                                     .process_id = 4,
                                     .thread_id = thread->id});
    (void)db_thread(b, &(struct db_thread){.id = thread->id,
                                           .teb = thread->teb,
                                           .stack_start = s,
                                           .stack_size = RECOVER_STACK_SIZE,
                                           .context = db_context_x64(b, &regs)});
}
