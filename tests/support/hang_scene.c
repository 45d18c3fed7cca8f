/* SPDX-License-Identifier: MIT */
#include "support/hang_scene.h"

#include "base/strbuf.h"
#include "minidump/format.h"
#include "support/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FUNCTION_BYTES = 0x40,
    TOP_AT = 0x14,    /* where an innermost function stands */
    RETURN_AT = 0x20, /* behind its call */
    MODULES = 6,
    EXPORTS = 20,
    IMAGE_SIZE = 0x10000,
    FRAME64 = 0x30, /* sub rsp, 0x28 and the return address */
    FRAME32 = 0x30,
    FIRST_SP = 0x800 /* in a thread's stack */
};
#define TEB(i) (UINT64_C(0x700000) + 0x2000 * (uint64_t)(i))

/* clang-format off */
static const struct {
    const char *name, *path;
    uint32_t base;
    const char *exports[EXPORTS + 1]; /* sorted, as linkers do */
} modules[MODULES] = {
    {"app", "C:\\app\\app.exe", 0x400000, {"DllMain", "OnClick", "Work", "main"}},
    {"ntdll", "C:\\Windows\\System32\\ntdll.dll", 0x70000000,
     {"LdrpAcquireLoaderLock", "LdrpCallInitRoutine", "LdrpInitializeProcess",
      "NtAlpcSendWaitReceivePort", "NtDelayExecution", "NtReadFile", "NtRemoveIoCompletion",
      "NtWaitForAlertByThreadId",
      "NtWaitForSingleObject", "NtWaitForWorkViaWorkerFactory", "RtlAcquireSRWLockExclusive",
      "RtlEnterCriticalSection", "RtlUserThreadStart", "RtlpEnterCriticalSectionContended",
      "RtlpWaitOnCriticalSection", "TppWorkerThread"}},
    {"kernel32", "C:\\Windows\\System32\\kernel32.dll", 0x71000000,
     {"BaseThreadInitThunk", "WaitForSingleObject"}},
    {"user32", "C:\\Windows\\System32\\user32.dll", 0x72000000,
     {"DispatchMessageW", "MessageBoxW", "MsgWaitForMultipleObjects", "NtUserGetMessage",
      "NtUserMessageCall", "SendMessageW", "UserCallWinProc"}},
    {"dbghelp", "C:\\Windows\\System32\\dbghelp.dll", 0x73000000, {"MiniDumpWriteDump"}},
    {"rpcrt4", "C:\\Windows\\System32\\rpcrt4.dll", 0x74000000,
     {"NdrClientCall2", "RecvLotsaCallsWrapper"}},
};
/* clang-format on */

static void map_module(struct hang_scene *scene, size_t m)
{
    /* UNWIND_INFO version 1, prologue of 4 bytes: sub rsp, 0x28 */
    static const uint8_t unwind[] = {0x01, 0x04, 0x01, 0x00, 0x04, 0x42, 0x00, 0x00};
    bool is64 = scene->pointer_size == 8;
    struct db_export exports[EXPORTS];
    struct db_function functions[EXPORTS];
    uint8_t text[EXPORTS * FUNCTION_BYTES];
    size_t count = 0;

    memset(text, 0x90, sizeof text);
    for (; modules[m].exports[count] != NULL; count++) {
        uint32_t rva = 0x1000 + (uint32_t)count * FUNCTION_BYTES;
        uint8_t *code = text + count * FUNCTION_BYTES;

        if (is64)
            memcpy(code, "\x48\x83\xec\x28", 4); /* sub rsp, 0x28 */
        else
            memcpy(code, "\x55\x8b\xec\x83\xec\x20", 6); /* push ebp; mov ebp, esp; sub esp, 0x20 */
        memcpy(code + RETURN_AT - 2, "\xff\xd0", 2);     /* call eax or rax */
        exports[count] = (struct db_export){modules[m].exports[count], rva};
        functions[count] = (struct db_function){rva, rva + FUNCTION_BYTES, unwind, sizeof unwind};
    }
    db_map_image(scene->b, modules[m].base,
                 &(struct db_image){.pe32 = !is64,
                                    .size = IMAGE_SIZE,
                                    .timestamp = 0x5f000000,
                                    .text = text,
                                    .text_size = count * FUNCTION_BYTES,
                                    .exports = exports,
                                    .export_count = count,
                                    .functions = functions,
                                    .function_count = is64 ? count : 0});
    (void)db_module(scene->b, &(struct db_module){.base = modules[m].base,
                                                  .size = IMAGE_SIZE,
                                                  .timestamp = 0x5f000000,
                                                  .path = modules[m].path});
}

void hang_begin(struct hang_scene *scene, unsigned pointer_size)
{
    size_t m;

    memset(scene, 0, sizeof *scene);
    scene->pointer_size = pointer_size;
    scene->b = db_new();
    (void)db_system_info(
        scene->b, pointer_size == 8 ? PROCESSOR_ARCHITECTURE_AMD64 : PROCESSOR_ARCHITECTURE_INTEL,
        10, 0, 19041);
    for (m = 0; m < MODULES; m++)
        map_module(scene, m);
    (void)db_memory(scene->b, HANG_HEAP, 0x2000);
    (void)db_memory(scene->b, HANG_PEB, 0x1000);
    hang_poke(scene, HANG_PEB + (pointer_size == 8 ? 0x110 : 0xa0), HANG_LOADER);
}

void hang_poke(struct hang_scene *scene, uint64_t addr, uint64_t value)
{
    if (scene->pointer_size == 8)
        db_poke64(scene->b, addr, value);
    else
        db_poke32(scene->b, addr, (uint32_t)value);
}

uint64_t hang_function(const struct hang_scene *scene, const char *name)
{
    const char *mark = strchr(name, '!');
    size_t m;
    size_t i;

    (void)scene;
    for (m = 0; mark != NULL && m < MODULES; m++) {
        if (strlen(modules[m].name) != (size_t)(mark - name) ||
            strncmp(modules[m].name, name, (size_t)(mark - name)) != 0)
            continue;
        for (i = 0; modules[m].exports[i] != NULL; i++)
            if (strcmp(modules[m].exports[i], mark + 1) == 0)
                return modules[m].base + 0x1000 + i * FUNCTION_BYTES;
    }
    (void)fprintf(stderr, "no function %s\n", name);
    abort();
}

static uint64_t stack_of(size_t thread)
{
    return HANG_STACK + 0x10000 * (uint64_t)thread;
}

uint64_t hang_argument(const struct hang_scene *scene, size_t thread, size_t frame, size_t index)
{
    uint64_t sp = stack_of(thread) + FIRST_SP;

    if (scene->pointer_size == 8)
        return sp + FRAME64 * (frame + 1) + 8 * index;
    return sp + FRAME32 * frame + 0x28 + 4 * index; /* behind saved ebp and return address */
}

size_t hang_add(struct hang_scene *scene, const struct hang_thread *thread)
{
    size_t t = scene->count++;
    uint64_t sp = stack_of(t) + FIRST_SP;
    bool is64 = scene->pointer_size == 8;
    struct db_teb teb = {.addr = TEB(t),
                         .stack_base = stack_of(t) + 0x2000,
                         .stack_limit = stack_of(t),
                         .peb = HANG_PEB,
                         .process_id = 4,
                         .thread_id = thread->id};
    uint64_t top = hang_function(scene, thread->frames[0]) + TOP_AT;
    unsigned context;
    size_t i;

    if (t >= HANG_THREADS)
        abort();
    (void)db_memory(scene->b, stack_of(t), 0x2000);
    for (i = 0; i < HANG_FRAMES && thread->frames[i] != NULL; i++) {
        bool last = i + 1 == HANG_FRAMES || thread->frames[i + 1] == NULL;
        uint64_t caller = last ? 0 : hang_function(scene, thread->frames[i + 1]) + RETURN_AT;
        uint64_t args = hang_argument(scene, t, i, 0);

        hang_poke(scene, args - scene->pointer_size, caller);
        if (!is64)
            hang_poke(scene, args - 8, last ? 0 : args - 8 + FRAME32);
    }
    scene->frame_counts[t] = i;
    if (is64)
        context =
            db_context_x64(scene->b, &(struct db_x64){.rip = top, .rsp = sp, .rbx = thread->rbx});
    else
        context = db_context_x86(scene->b, &(struct db_x86){.eip = (uint32_t)top,
                                                            .esp = (uint32_t)sp,
                                                            .ebp = (uint32_t)sp + 0x20,
                                                            .ebx = (uint32_t)thread->rbx});
    if (is64)
        db_map_teb64(scene->b, &teb);
    else
        db_map_teb32(scene->b, &teb);
    (void)db_thread(scene->b, &(struct db_thread){.id = thread->id,
                                                  .teb = TEB(t),
                                                  .stack_start = stack_of(t),
                                                  .stack_size = 0x2000,
                                                  .context = context,
                                                  .name = thread->name});
    return t;
}

void hang_section(struct hang_scene *scene, uint64_t addr, uint32_t owner, int32_t lock_count)
{
    bool is64 = scene->pointer_size == 8;

    hang_poke(scene, addr, is64 ? UINT64_MAX : UINT32_MAX);
    db_poke32(scene->b, addr + (is64 ? 8 : 4), (uint32_t)lock_count);
    db_poke32(scene->b, addr + (is64 ? 0xc : 8), 1);
    hang_poke(scene, addr + (is64 ? 0x10 : 0xc), owner);
    hang_poke(scene, addr + (is64 ? 0x18 : 0x10), is64 ? UINT64_MAX : UINT32_MAX);
}

void hang_run(struct hang_scene *scene)
{
    struct avd_error err;

    scene->dump = dump_fixture_open(scene->b);
    ck_assert_int_eq(avd_analysis_run(scene->dump.dump, NULL, &scene->an, &err), AVD_OK);
}

void hang_end(struct hang_scene *scene)
{
    avd_analysis_free(scene->an);
    dump_fixture_close(&scene->dump);
}

static void check_value(const struct avd_fact *fact, const char *what, const char *expected)
{
    struct avd_strbuf text;

    avd_strbuf_init(&text);
    if (fact->type == AVD_FACT_UNKNOWN)
        avd_strbuf_printf(&text, "? %s", fact->text);
    else
        avd_fact_show(fact, &text);
    ck_assert_msg(strcmp(avd_strbuf_text(&text), expected) == 0, "%s is '%s', expected '%s'", what,
                  avd_strbuf_text(&text), expected);
    avd_strbuf_deinit(&text);
}

void hang_check(const struct hang_scene *scene, const char *name, const char *expected)
{
    const struct avd_fact *fact = avd_fact_find(&scene->an->facts, name);

    ck_assert_msg(fact != NULL, "no fact %s", name);
    check_value(fact, name, expected);
}

void hang_check_thread(const struct hang_scene *scene, size_t thread, const char *column,
                       const char *expected)
{
    size_t collection = avd_collection_find("threads");
    size_t index = avd_column_find(&avd_collection_docs[collection], column);
    struct avd_fact fact;

    ck_assert_uint_ne(index, SIZE_MAX);
    avd_collection_get(&scene->an->facts, collection, 0, thread, (unsigned)index, &fact);
    check_value(&fact, column, expected);
}

void hang_check_finding(const struct hang_scene *scene, const char *rule, bool expected)
{
    struct avd_rule_results results;

    judge_run(&scene->an->facts, &scene->an->arena, &results);
    ck_assert_msg(judge_found(&results, rule) == expected, "%s was %sfound", rule,
                  expected ? "not " : "");
}
