/* SPDX-License-Identifier: MIT */
#include "support/wow64_thread.h"

#include "minidump/format.h"

#include <string.h>

static void map_tebs(struct db *b, const struct wow64_thread *layout)
{
    uint32_t id = layout->teb32_thread_id != 0 ? layout->teb32_thread_id : W_THREAD_ID;

    if (!layout->no_teb64) {
        db_map_teb64(b, &(struct db_teb){.addr = W_TEB64,
                                         .stack_base = W_AREA,
                                         .stack_limit = W_STACK64,
                                         .peb = W_PEB64,
                                         .process_id = 1,
                                         .thread_id = W_THREAD_ID,
                                         .teb32 = layout->no_exception_list ? 0 : W_TEB32,
                                         .cpu_area = layout->no_slot ? 0 : W_AREA});
        db_poke32(b, W_TEB64 + 0x180c, layout->wow_teb_offset);
        db_poke64(b, W_TEB64 + 0x1480, layout->stack_ptr64);
    }
    if (layout->no_teb32)
        return;
    db_map_teb32(b, &(struct db_teb){.addr = W_TEB32,
                                     .stack_base = W_STACK32_END,
                                     .stack_limit = W_STACK32,
                                     .peb = W_PEB32,
                                     .process_id = 1,
                                     .thread_id = id});
    db_poke32(b, W_TEB32 + 0xf70, layout->no_back_pointer ? 0 : W_TEB64);
}

static void map_area(struct db *b, const struct wow64_thread *layout)
{
    struct db_x86 saved = layout->saved;

    if (layout->no_area) {
        (void)db_memory(b, W_STACK64, W_AREA - W_STACK64);
        return;
    }
    (void)db_memory(b, W_STACK64, 0x4000);
    if (saved.eip == 0)
        saved.eip = W_EIP;
    if (saved.esp == 0)
        saved.esp = W_ESP;
    if (saved.flags == 0)
        saved.flags = 0x1002f;
    db_poke16(b, W_AREA + 2, layout->machine);
    db_poke_context_x86(b, W_AREA + (layout->context_offset != 0 ? layout->context_offset : 4),
                        &saved);
}

static unsigned add_context(struct db *b, const struct wow64_thread *layout)
{
    struct db_x64 native = layout->native;

    if (layout->no_context)
        return 0;
    if (layout->x86_context)
        return db_context_x86(b, &(struct db_x86){.eip = W_EIP, .esp = W_ESP});
    if (native.rip == 0)
        native.rip = 0x75542e09;
    if (native.rsp == 0)
        native.rsp = W_STACK64 + 0x2518;
    return db_context_x64(b, &native);
}

struct db *wow64_thread_builder(const struct wow64_thread *layout)
{
    struct db *b = db_new();

    (void)db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 6, 1, 7601);
    (void)db_module(b,
                    &(struct db_module){.base = W_APP, .size = 0x6000, .path = "C:\\app\\app.exe"});
    if (!layout->no_wow64_module)
        (void)db_module(b, &(struct db_module){.base = 0x755b0000,
                                               .size = 0x3f000,
                                               .path = "C:\\Windows\\System32\\wow64.dll"});
    map_tebs(b, layout);
    map_area(b, layout);
    (void)db_memory(b, W_STACK32, W_STACK32_END - W_STACK32);
    (void)db_thread(
        b, &(struct db_thread){.id = W_THREAD_ID,
                               .teb = layout->no_entry ? 0 : W_TEB64,
                               .stack_start = layout->describes_stack32 ? W_STACK32 : W_STACK64,
                               .stack_size = layout->describes_stack32 ? 0x2000 : 0x3000,
                               .context = add_context(b, layout)});
    return b;
}

struct wow64_fixture wow64_fixture_open(const struct wow64_thread *layout)
{
    struct wow64_fixture fixture;
    const struct avd_dump *dump;

    memset(&fixture, 0, sizeof fixture);
    fixture.dump = dump_fixture_open(wow64_thread_builder(layout));
    dump = fixture.dump.dump;
    ck_assert(avd_wow64_detect(dump, &fixture.arena, &fixture.wow64));
    ck_assert(avd_wow64_thread_find(dump, &fixture.wow64, &dump->threads[0],
                                    dump->threads[0].context, &fixture.arena, &fixture.thread));
    return fixture;
}

void wow64_fixture_close(struct wow64_fixture *fixture)
{
    avd_arena_deinit(&fixture->arena);
    dump_fixture_close(&fixture->dump);
}
