/* SPDX-License-Identifier: MIT */
/*
 * Puts the dump of the transcript together: streams, threads with their two stacks, TEBs and CPU
 * areas as Windows Server 2003 has them (facts of later versions, less what came later).
 */
#include "support/transcript.h"

#include "minidump/format.h"

#include <string.h>

enum {
    PAGE = 0x1000,
    PEB64 = 0x7efdf000,
    PEB32 = 0x7efde000,
    TEB32_DISTANCE = 0x2000,
    DUMP_TIME = 1188905774, /* Tue Sep 4 13:36:14 2007, GMT+2 */
    PROCESS_UPTIME = 114,
    EXCEPTION = 0x6d9, /* EPT_S_NOT_REGISTERED, raised by RPC */
    EXCEPTION_THREAD = 0,
    STACK_BELOW = 0x400 /* bytes of a stack below the innermost frame */
};

static void add_system(struct db *b)
{
    unsigned s = db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 5, 2, 3790);

    db_set8(b, s, 7, 3);      /* VER_NT_SERVER */
    db_set16(b, s, 28, 0x10); /* VER_SUITE_TERMINAL */
    db_set_rva(b, s, 24, db_string(b, "Service Pack 2"));
    s = db_misc_info(b, 24, 3); /* MINIDUMP_MISC1_PROCESS_ID, _PROCESS_TIMES */
    db_set32(b, s, 8, TRANSCRIPT_PID);
    db_set32(b, s, 12, DUMP_TIME - PROCESS_UPTIME);
    (void)db_comment(b,
                     "Userdump generated complete user-mode minidump with Exception Monitor "
                     "function",
                     true);
    db_header(b)->timestamp = DUMP_TIME;
    db_header(b)->flags = 2; /* MiniDumpWithFullMemory */
}

/* PEBs; the loader lists are not the transcript's, so only two modules are in the 32-bit one. */
static void add_pebs(struct db *b)
{
    const struct db_module loaded[] = {
        {.base = 0x400000, .size = 0x80000, .path = "C:\\App\\App.exe"},
        {.base = 0x7d600000, .size = 0xf0000, .path = "C:\\WINDOWS\\system32\\ntdll.dll"}};

    db_map_peb64(b, PEB64, 0x400000);
    db_poke32(b, PEB64 + 0x118, 5);
    db_poke32(b, PEB64 + 0x11c, 2);
    db_poke16(b, PEB64 + 0x120, 3790);
    db_map_peb32(b, PEB32, 0x400000, loaded, 2);
    db_poke32(b, PEB32 + 0xa4, 5);
    db_poke32(b, PEB32 + 0xa8, 2);
    db_poke16(b, PEB32 + 0xac, 3790);
}

/* The 64-bit stack: each return address below the stack pointer of its row. */
static void add_native_stack(struct db *b, const struct transcript_thread *thread)
{
    const struct transcript_row *rows = thread->native;
    const struct transcript_row *thunk = &rows[thread->native_count - 1];
    const struct transcript_row *apc = thunk - 1;
    uint64_t low = (rows[0].frame - STACK_BELOW) / PAGE * PAGE;
    uint64_t machine_frame = apc->frame + 0x4d0;
    uint64_t context = apc->frame;
    size_t i;

    (void)db_memory(b, low, (size_t)((thread->area | (0x10000 - 1)) + 1 - low));
    for (i = 0; &rows[i] != apc; i++)
        db_poke64(b, rows[i + 1].frame - 8, rows[i].return_address);
    /* KiUserApcDispatcher: the kernel left the CONTEXT to go on with and a machine frame. That its
     * cs was one of 64-bit code, although the thunk is 32-bit code, follows from WinDbg's last
     * row; the 32-bit simulation starts before it is ever gone on with. */
    db_poke32(b, context + 0x30, 0x10000b);
    db_poke16(b, context + 0x38, 0x33);
    db_poke64(b, context + 0x98, thunk->frame);
    db_poke64(b, context + 0xf8, apc->return_address);
    db_poke64(b, machine_frame, apc->return_address);
    db_poke64(b, machine_frame + 8, 0x33);
    db_poke64(b, machine_frame + 0x18, thunk->frame);
    db_poke64(b, machine_frame + 0x20, 0x2b);
    db_poke64(b, thunk->frame, thunk->return_address);
}

/*
 * The 32-bit stack. Every row is [ChildEBP], [ChildEBP + 4] = RetAddr and three arguments; rows
 * overlap and agree. The last two rows of thread 0 have no link of the EBP chain before them, and
 * the last is no stack at all (see transcript_code.c).
 */
static void add_x86_stack(struct db *b, const struct transcript_thread *thread)
{
    const struct transcript_row *rows = thread->x86;
    uint64_t low = (rows[0].frame - STACK_BELOW) / PAGE * PAGE;
    size_t i;
    size_t k;

    (void)db_memory(b, low, (size_t)(thread->stack32_base - low));
    for (i = 0; i < thread->x86_count && rows[i].frame < thread->stack32_base; i++) {
        const char *site = rows[i].site;
        bool linked = strcmp(site, "App+0x5a293") != 0;

        for (k = 0; k < 3; k++)
            if (rows[i].args[k] != 0)
                db_poke32(b, rows[i].frame + 8 + 4 * k, rows[i].args[k]);
        db_poke32(b, rows[i].frame + 4, (uint32_t)rows[i].return_address);
        if (linked && i + 1 < thread->x86_count)
            db_poke32(b, rows[i].frame, (uint32_t)rows[i + 1].frame);
    }
}

static void add_teb_pair(struct db *b, const struct transcript_thread *thread)
{
    uint64_t low64 = (thread->native[0].frame - STACK_BELOW) / PAGE * PAGE;
    uint64_t low32 = (thread->x86[0].frame - STACK_BELOW) / PAGE * PAGE;
    uint32_t teb32 = thread->teb64 + TEB32_DISTANCE;

    db_map_teb64(b, &(struct db_teb){.addr = thread->teb64,
                                     .stack_base = thread->area,
                                     .stack_limit = low64,
                                     .peb = PEB64,
                                     .process_id = TRANSCRIPT_PID,
                                     .thread_id = thread->id,
                                     .teb32 = teb32,
                                     .cpu_area = thread->area});
    db_map_teb32(b, &(struct db_teb){.addr = teb32,
                                     .stack_base = thread->stack32_base,
                                     .stack_limit = low32,
                                     .peb = PEB32,
                                     .process_id = TRANSCRIPT_PID,
                                     .thread_id = thread->id});
    db_poke32(b, teb32 + 0xf70, thread->teb64);
}

/* The area: a dword of flags without a machine, then the CONTEXT of the 32-bit code. */
static void add_area(struct db *b, const struct transcript_thread *thread)
{
    bool in_stub = strstr(thread->x86[0].site, "+0x15") != NULL;
    uint32_t frame = (uint32_t)thread->x86[0].frame;
    /* A stub's frame is its return address; elsewhere EBP points at the frame. */
    struct db_x86 regs = {.flags = 0x1002f,
                          .eip = thread->eip,
                          .esp = in_stub ? frame + 4 : frame - 0x50,
                          .ebp = in_stub ? (uint32_t)thread->x86[1].frame : frame};

    db_poke_context_x86(b, thread->area + 4, &regs);
}

static void add_thread(struct db *b, const struct transcript_thread *thread, bool crashed)
{
    uint64_t low32 = (thread->x86[0].frame - STACK_BELOW) / PAGE * PAGE;
    struct db_x64 regs = {.rip = thread->rip,
                          .rsp = thread->native[0].frame,
                          .r12 = thread->teb64,
                          .r13 = thread->area};
    unsigned context = db_context_x64(b, &regs);

    add_native_stack(b, thread);
    add_x86_stack(b, thread);
    add_teb_pair(b, thread);
    add_area(b, thread);
    /* dbghelp describes the 32-bit stack. */
    (void)db_thread(b, &(struct db_thread){.id = thread->id,
                                           .teb = thread->teb64,
                                           .stack_start = low32,
                                           .stack_size = (uint32_t)(thread->stack32_base - low32),
                                           .context = context});
    if (crashed)
        (void)db_exception(b, &(struct db_exception){.thread_id = thread->id,
                                                     .code = EXCEPTION,
                                                     .flags = 1,
                                                     .address = thread->eip,
                                                     .context = context});
}

uint8_t *transcript_dump(size_t *size)
{
    struct db *b = db_new();
    size_t i;

    db_full_memory(b);
    add_system(b);
    transcript_map_modules(b);
    add_pebs(b);
    for (i = 0; i < TRANSCRIPT_THREADS; i++)
        add_thread(b, &transcript_threads[i], i == EXCEPTION_THREAD);
    return db_finish(b, size);
}
