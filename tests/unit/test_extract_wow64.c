/* SPDX-License-Identifier: MIT */
/* The x86 dump that is made of a WOW64 one: every stream of it, and what is left out. */
#include "base/memory.h"
#include "minidump/format.h"
#include "stack/walk.h"
#include "support/dump_recover.h"
#include "support/extract_run.h"
#include "support/suite.h"
#include "support/wow64_thread.h"

#include <stdlib.h>
#include <string.h>

/* Finishes `b` and extracts from it, which must succeed. */
static struct extract_run extract(struct db *b)
{
    struct dump_fixture fixture = dump_fixture_open(b);
    struct extract_run run = extract_run_do(fixture.dump, AVD_EXTRACT_WOW64);

    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    avd_dump_close(fixture.dump);
    free(fixture.bytes);
    return run;
}

static struct extract_run extract_sample(void)
{
    struct avd_dump *dump = NULL;
    size_t size;
    uint8_t *bytes = dump_builder_sample(DB_SAMPLE_WOW64, &size);
    struct extract_run run;

    ck_assert_int_eq(avd_dump_open_memory(bytes, size, "C:\\dumps\\app.dmp", &dump, NULL), AVD_OK);
    run = extract_run_do(dump, AVD_EXTRACT_WOW64);
    ck_assert_msg(run.status == AVD_OK, "%s: %s", run.err.where, run.err.message);
    avd_dump_close(dump);
    free(bytes);
    return run;
}

static void done(struct extract_run *run)
{
    extract_run_free(run);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static void check_note(const struct extract_run *run, const char *line)
{
    ck_assert_msg(strstr(run->notes.text, line) != NULL, "notes are: %s", run->notes.text);
}

/* What dump_builder_sample puts in, as a reader of x86 dumps sees it. */
START_TEST(test_system)
{
    struct extract_run run = extract_sample();
    const struct avd_dump *dump = run.dump;

    ck_assert_uint_eq(dump->notes.count, 0);
    ck_assert_uint_eq(dump->system.architecture, PROCESSOR_ARCHITECTURE_INTEL);
    ck_assert_uint_eq(dump->system.major, 10);
    ck_assert_uint_eq(dump->system.build, 19041);
    ck_assert_uint_eq(dump->system.platform, VER_PLATFORM_WIN32_NT);
    ck_assert_uint_eq(dump->system.processor_count, 4);
    ck_assert(dump->memory.full);
    ck_assert_uint_eq(dump->misc.process_id, 0x1234);
    ck_assert_str_eq(dump->misc.build_string, "19041.1.amd64fre.vb_release.191206-1406");
    ck_assert_uint_eq(dump->misc.process_cookie, 0x5eed);
    ck_assert_uint_eq(dump->misc.xstate_enabled, 0);
    ck_assert_uint_eq(dump->system_memory.page_size, 4096);
    ck_assert_uint_eq(dump->vm_counters.working_set, 0x500000);
    done(&run);
}
END_TEST

/* The XSTATE table of version 5 is AMD64's; other versions have none and stay as they are. */
START_TEST(test_misc)
{
    static const uint32_t sizes[][2] = {
        {24, 24}, {832, 832}, {1360, 832}, {1364, 1364}, {1500, 1364}};
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    unsigned s = db_misc_info(b, sizes[_i][0], 0x3f7);
    struct extract_run run;

    db_set32(b, s, 8, 0x1234);
    if (sizes[_i][0] > 840)
        db_set32(b, s, 832, 528); /* SizeOfInfo of XSTATE_CONFIG_FEATURE_MSC_INFO */
    if (sizes[_i][0] > 848)
        db_set32(b, s, 840, 7);
    if (sizes[_i][0] >= 1364)
        db_set32(b, s, 1360, 0x5eed);
    run = extract(b);
    ck_assert_uint_eq(avd_dump_stream(run.dump, MiscInfoStream)->size, sizes[_i][1]);
    ck_assert_uint_eq(run.dump->misc.size, sizes[_i][1]);
    ck_assert_uint_eq(run.dump->misc.process_id, 0x1234);
    ck_assert_uint_eq(run.dump->misc.xstate_enabled, 0);
    ck_assert_uint_eq(run.dump->misc.process_cookie, sizes[_i][0] >= 1364 ? 0x5eed : 0);
    done(&run);
}
END_TEST

START_TEST(test_threads)
{
    struct extract_run run = extract_sample();
    const struct avd_thread *threads = run.dump->threads;
    struct avd_context context;
    size_t i;

    ck_assert_uint_eq(run.dump->thread_count, 2);
    ck_assert_uint_eq(threads[0].id, 0x10);
    ck_assert_uint_eq(threads[0].teb, 0x7efdd000);
    ck_assert_uint_eq(threads[1].id, 0x20);
    ck_assert_uint_eq(threads[1].teb, 0x7efda000);
    for (i = 0; i < 2; i++) {
        /* in the CPU area of the first, in the live AMD64 context of the second */
        ck_assert_uint_eq(threads[i].context.size, 716);
        ck_assert(avd_cpu_x86.read_context(threads[i].context.data, 716, &context));
        ck_assert_uint_eq(context.regs.value[AVD_EIP], 0x401096);
        ck_assert_uint_eq(context.regs.value[AVD_ESP], i == 0 ? 0x28fe08 : 0x38fe08);
        ck_assert_uint_eq(context.cs, 0x23);
        ck_assert_uint_eq(threads[i].stack_start, i == 0 ? 0x28f000 : 0x38f000);
        ck_assert_uint_eq(threads[i].stack_size, 0x1000);
        ck_assert_uint_ne(threads[i].stack_rva, 0);
    }
    done(&run);
}
END_TEST

START_TEST(test_exception)
{
    struct extract_run run = extract_sample();
    const struct avd_exception *exception = &run.dump->exception;
    struct avd_context context;

    ck_assert(exception->present);
    ck_assert_uint_eq(exception->thread_id, 0x20);
    ck_assert_uint_eq(exception->code, 0xc0000005);
    ck_assert_uint_eq(exception->address, 0x401096);
    ck_assert_uint_eq(exception->parameter_count, 2);
    ck_assert_uint_eq(exception->parameters[0], 1);
    ck_assert(avd_cpu_x86.read_context(exception->context.data, exception->context.size, &context));
    ck_assert_uint_eq(context.regs.value[AVD_EIP], 0x401096);
    done(&run);
}
END_TEST

START_TEST(test_modules)
{
    struct extract_run run = extract_sample();
    const struct avd_module *modules = run.dump->modules;

    ck_assert_uint_eq(run.dump->module_count, 2);
    ck_assert_str_eq(modules[0].path, "C:\\app\\app32.exe");
    ck_assert_uint_eq(modules[0].base, 0x400000);
    ck_assert_uint_eq(modules[0].timestamp, 0x5a5a5a5a);
    ck_assert_int_eq(modules[0].codeview, AVD_CV_NB10);
    ck_assert_uint_eq(modules[0].pdb_signature, 0x33445566);
    ck_assert_str_eq(modules[0].pdb_path, "app32.pdb");
    ck_assert_str_eq(modules[1].path, "C:\\app\\late.dll"); /* of the loader list alone */
    ck_assert_uint_eq(modules[1].base, 0x10000000);
    ck_assert_uint_eq(modules[1].size, 0x4000);
    ck_assert_uint_eq(run.dump->unloaded_count, 1);
    ck_assert_str_eq(run.dump->unloaded[0].name, "old.dll");
    ck_assert_uint_eq(run.dump->unloaded[0].timestamp, 0x4a5bc000);
    done(&run);
}
END_TEST

START_TEST(test_other_streams)
{
    struct extract_run run = extract_sample();
    const struct avd_dump *dump = run.dump;

    ck_assert_uint_eq(dump->handle_count, 3);
    ck_assert_str_eq(dump->handles[0].type_name, "Event");
    ck_assert_str_eq(dump->handles[1].object_name, "\\Device\\ConDrv");
    ck_assert_uint_eq(dump->handles[1].granted_access, 0x12019f);
    ck_assert_ptr_null(dump->handles[2].object_name);
    ck_assert_uint_eq(dump->handles[0].object_count, 1);
    ck_assert_uint_eq(dump->handles[0].objects[0].type, 6);
    ck_assert_uint_eq(dump->handles[0].objects[0].data.size, 8);
    ck_assert_uint_eq(avd_view_u32(dump->handles[0].objects[0].data, 0), 1);
    ck_assert_uint_eq(dump->handle_operation_count, 1);
    ck_assert_str_eq(dump->comment_a, "left by a test"); /* not ours */
    ck_assert_str_eq(dump->comment_w, "*** Unhandled exception: C0000005");
    ck_assert_str_eq(dump->breakpad.expression, "p != NULL");
    ck_assert_uint_eq(avd_dump_stream(dump, 0x12345678)->size, 21);
    ck_assert_ptr_null(avd_dump_stream(dump, FunctionTableStream));
    ck_assert_str_eq(
        run.notes.text,
        "streams: stream 0xd FunctionTableStream is left out, 32-bit code has no such tables\n"
        "streams: stream 0x13 TokenStream is left out, what is in it depends on the writer's width "
        "and is not documented\n");
    done(&run);
}
END_TEST

/* Records of a 64-bit writer, as the fields of NtQueryObject's relatives, and what a 32-bit one
 * has. The thread is the dump's own, whose 32-bit block is known. */
START_TEST(test_object_information)
{
    static const uint64_t native_teb = UINT64_C(0x7ff512345000);
    static const struct {
        uint32_t type;
        uint32_t size64, size32;
        uint64_t fields[8]; /* as 64 bits each, which the natural alignment comes to */
        uint32_t expected[8];
    } cases[] = {
        {1,
         48,
         28,
         {0x103, native_teb, 0x1234, W_THREAD_ID, UINT64_C(0x100000002), 0xa00000008},
         {0x103, W_TEB32, 0x1234, W_THREAD_ID, 3, 8, 10}},
        {1, 48, 28, {0x103, native_teb, 0x99, 0x98, 1, 8}, {0x103, 0, 0x99, 0x98, 1, 8, 0}},
        {2, 8, 8, {UINT64_C(0x100000001)}, {1, 1}},
        {3, 16, 8, {0x1234, 0x5678}, {0x1234, 0x5678}},
        {4,
         48,
         24,
         {0x103, native_teb, 0xf, 8, 0x1234, 0x4321},
         {0x103, 0, 0xf, 8, 0x1234, 0x4321}},
        {5,
         64,
         32,
         {64, 0x103, native_teb, 0xf, 8, 0x1234, 0x4321, 2},
         {32, 0x103, 0, 0xf, 8, 0x1234, 0x4321, 2}},
        {6, 8, 8, {UINT64_C(0x100000000)}, {0, 1}},
        {7, 24, 16, {0x10000, 0x8000000, UINT64_C(0x200001000)}, {0x10000, 0x8000000, 0x1000, 2}},
        {7, 24, 16, {native_teb, 0x8000000, 0x1000}, {0, 0x8000000, 0x1000, 0}},
        {8, 8, 8, {UINT64_C(0x500000002)}, {2, 5}}};
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    size_t size = sizeof cases[_i].fields;
    uint8_t data[sizeof cases[0].fields];
    struct extract_run run;
    const struct avd_handle_object *object;
    size_t i;

    for (i = 0; i < size / 8; i++) {
        avd_put_le32(data + 8 * i, (uint32_t)cases[_i].fields[i]);
        avd_put_le32(data + 8 * i + 4, (uint32_t)(cases[_i].fields[i] >> 32));
    }
    (void)db_handle(b, &(struct db_handle){.handle = 4,
                                           .object_info = db_object_info(b, cases[_i].type, data,
                                                                         cases[_i].size64, 0)});
    run = extract(b);
    ck_assert_uint_eq(run.dump->handles[0].object_count, 1);
    object = &run.dump->handles[0].objects[0];
    ck_assert_uint_eq(object->type, cases[_i].type);
    ck_assert_uint_eq(object->data.size, cases[_i].size32);
    for (i = 0; i < cases[_i].size32 / 4; i++)
        ck_assert_uint_eq(avd_view_u32(object->data, 4 * i), cases[_i].expected[i]);
    ck_assert_ptr_null(strstr(avd_strbuf_text(&run.notes), "handles:"));
    done(&run);
}
END_TEST

/* What has not the size of a known layout is left out of its chain, and told. */
START_TEST(test_object_information_unknown)
{
    static const uint8_t data[48] = {7};
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    unsigned last = db_object_info(b, 8, data, 8, 0);
    unsigned odd = db_object_info(b, 1, data, 28, last); /* of a 32-bit writer? */
    unsigned newer = db_object_info(b, 9, data, 8, odd); /* a type to come */
    unsigned first = db_object_info(b, 6, data, 8, newer);
    struct extract_run run;

    (void)db_handle(b, &(struct db_handle){.handle = 4, .object_info = first});
    run = extract(b);
    ck_assert_uint_eq(run.dump->handles[0].object_count, 2);
    ck_assert_uint_eq(run.dump->handles[0].objects[0].type, 6);
    ck_assert_uint_eq(run.dump->handles[0].objects[1].type, 8);
    check_note(&run, "handles: information on 2 objects is left out, its layout is not known\n");
    done(&run);
}
END_TEST

/* The sample's annotations are the process's two, and three of the module that comes first. */
START_TEST(test_annotations)
{
    static const char *const expected[][3] = {{NULL, "ptype", "browser"},
                                              {NULL, "ver", "1.2.3"},
                                              {"app32.exe", "", "a list item"},
                                              {"app32.exe", "ptype", "browser"},
                                              {"app32.exe", "object", "its value"}};
    struct extract_run run = extract_sample();
    const struct avd_crashpad *crashpad = &run.dump->crashpad;
    size_t i;

    ck_assert(crashpad->present);
    ck_assert_uint_eq(avd_dump_stream(run.dump, CrashpadInfoStream)->size, 64);
    ck_assert_uint_eq(crashpad->annotation_count, 5);
    for (i = 0; i < 5; i++) {
        const struct avd_annotation *found = &crashpad->annotations[i];

        if (expected[i][0] == NULL)
            ck_assert_ptr_null(found->module);
        else
            ck_assert_str_eq(found->module, expected[i][0]);
        ck_assert_str_eq(found->key, expected[i][1]);
        ck_assert_str_eq(found->value, expected[i][2]);
    }
    ck_assert_int_eq(crashpad->annotations[2].kind, AVD_ANNOTATION_LIST);
    ck_assert_int_eq(crashpad->annotations[3].kind, AVD_ANNOTATION_SIMPLE);
    ck_assert_int_eq(crashpad->annotations[4].kind, AVD_ANNOTATION_OBJECT);
    done(&run);
}
END_TEST

/* Modules are counted anew: those of the 64-bit half go, with their annotations. */
START_TEST(test_annotations_of_modules)
{
    static const char *const pairs[1][2] = {{"key", "value"}};
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    struct extract_run run;
    uint32_t index;

    (void)db_module(b, &(struct db_module){.base = UINT64_C(0x7ff700000000),
                                           .size = 0x1000,
                                           .path = "C:\\Windows\\System32\\native.dll"});
    (void)db_module(
        b, &(struct db_module){.base = 0x77600000, .size = 0x1000, .path = "C:\\app\\plugin.dll"});
    index = 2 + (uint32_t)_i; /* behind app.exe and wow64.dll; the last is none */
    (void)db_crashpad_info(
        b, 52, 0,
        db_crashpad_module(b, index, "item", db_dictionary(b, pairs, 1), "object", 1, "its value"));
    run = extract(b);
    ck_assert(run.dump->crashpad.present);
    ck_assert_uint_eq(run.dump->crashpad.annotation_count, _i == 1 ? 3 : 0);
    if (_i == 1)
        ck_assert_str_eq(run.dump->crashpad.annotations[0].module, "plugin.dll");
    done(&run);
}
END_TEST

/* Memory and what is known of it end at 4 GiB. */
START_TEST(test_memory)
{
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    struct extract_run run;
    const struct avd_memory *memory;
    uint32_t value;

    (void)db_memory(b, 0xfffff000, 0x3000);
    (void)db_memory(b, UINT64_C(0x7ff000000000), 0x1000);
    db_poke32(b, 0xfffffffc, 0x11223344);
    db_region(b, 0x10000, 0x1000, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE);
    db_region(b, 0xf0000000, UINT64_C(0x100000000), MEM_FREE, PAGE_NOACCESS, 0);
    db_region(b, UINT64_C(0x200000000), 0x1000, MEM_COMMIT, PAGE_READWRITE, MEM_PRIVATE);
    run = extract(b);
    memory = &run.dump->memory;
    ck_assert_uint_eq(memory->ranges[memory->range_count - 1].start, 0xfffff000);
    ck_assert_uint_eq(memory->ranges[memory->range_count - 1].size, 0x1000);
    ck_assert(avd_memory_u32(memory, 0xfffffffc, &value));
    ck_assert_uint_eq(value, 0x11223344);
    ck_assert_uint_eq(memory->region_count, 2);
    ck_assert_uint_eq(memory->regions[1].size, 0x10000000);
    ck_assert(!memory->full);
    ck_assert_str_eq(run.dump->comment_a, "avdump extract --wow64 of built.dmp");
    done(&run);
}
END_TEST

static unsigned break_at(struct db *b, uint32_t code)
{
    struct db_x64 live = {.cs = 0x23, .rip = W_EIP, .rsp = W_ESP};

    return db_exception(b, &(struct db_exception){.thread_id = W_THREAD_ID,
                                                  .code = code,
                                                  .address = W_EIP,
                                                  .parameter_count = 1,
                                                  .parameters = {UINT64_C(0xffffffff00000000)},
                                                  .context = db_context_x64(b, &live)});
}

/* Windows' words for 32-bit breakpoints are for 64-bit debuggers. */
START_TEST(test_exception_codes)
{
    static const uint32_t codes[][2] = {{0x4000001f, 0x80000003},
                                        {0x4000001e, 0x80000004},
                                        {0x80000003, 0x80000003},
                                        {0xe06d7363, 0xe06d7363}};
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    struct extract_run run;

    (void)break_at(b, codes[_i][0]);
    run = extract(b);
    ck_assert_uint_eq(run.dump->exception.code, codes[_i][1]);
    ck_assert_uint_eq(run.dump->exception.parameters[0], 0);
    done(&run);
}
END_TEST

/* A fault of the 64-bit half has no place in an x86 dump. */
START_TEST(test_exception_of_64bit_code)
{
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    const uint64_t pc = UINT64_C(0x7ff800001000);
    struct db_x64 native = {.rip = pc, .rsp = W_STACK64 + 0x2518};
    struct extract_run run;

    (void)db_exception(b, &(struct db_exception){.thread_id = W_THREAD_ID,
                                                 .code = 0xc0000005,
                                                 .address = pc,
                                                 .context = db_context_x64(b, &native)});
    run = extract(b);
    ck_assert(!run.dump->exception.present);
    ck_assert_uint_eq(run.dump->thread_count, 1);
    check_note(&run,
               "exception: 0xc0000005 at 0x7ff800001000 is left out, 64-bit code raised it\n");
    done(&run);
}
END_TEST

/* An exception that only the stack holds is stored, with the registers that lie beside it. */
START_TEST(test_recovered_exception)
{
    struct db *b = recover_process_wow64();
    struct extract_run run;
    struct avd_context context;

    recover_thread_wow64(b, &(struct recover_thread){
                                .id = 7, .stack = 0x180000, .teb = 0x7efdb000, .in_filter = true});
    run = extract(b);
    ck_assert(run.dump->exception.present);
    ck_assert_uint_eq(run.dump->exception.thread_id, 7);
    ck_assert_uint_eq(run.dump->exception.address, RECOVER_FAULT);
    ck_assert(avd_cpu_x86.read_context(run.dump->exception.context.data,
                                       run.dump->exception.context.size, &context));
    ck_assert_uint_eq(context.regs.value[AVD_EIP], RECOVER_FAULT);
    ck_assert_uint_eq(context.regs.value[AVD_ESP], 0x180000 + RECOVER_SP);
    ck_assert_str_eq(run.dump->comment_a, "avdump extract --wow64 of built.dmp; the exception was "
                                          "not stored there, only on a stack");
    ck_assert_str_eq(run.notes.text,
                     "exception: 0xc0000005 is stored, which was only on the stack of "
                     "thread 0x7\n");
    done(&run);
}
END_TEST

/* The saved esp of Windows 7 still has the return address that eip stands for; where the stub's
 * code is in the dump a reader takes it off by itself. */
START_TEST(test_return_on_stack)
{
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    struct extract_run run;
    struct avd_context context;

    db_poke32(b, W_ESP, W_EIP);
    if (_i == 1)
        (void)db_memory(b, W_EIP, 16);
    run = extract(b);
    ck_assert(avd_cpu_x86.read_context(run.dump->threads[0].context.data, 716, &context));
    ck_assert_uint_eq(context.regs.value[AVD_ESP], _i == 1 ? W_ESP : W_ESP + 4);
    done(&run);
}
END_TEST

/* A thread of which nothing 32-bit is known would be taken for one of 32-bit code. */
START_TEST(test_thread_without_registers)
{
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    struct db_x64 native = {.rip = UINT64_C(0x7ff800001000), .rsp = UINT64_C(0x7ff900000000)};
    struct extract_run run;

    (void)db_thread(b, &(struct db_thread){
                           .id = 0x99, .teb = 0x7ef00000, .context = db_context_x64(b, &native)});
    run = extract(b);
    ck_assert_uint_eq(run.dump->thread_count, 1);
    check_note(&run, "threads: thread 0x99 is left out, its 32-bit registers are not known: the "
                     "64-bit TEB at 0x7ef00000 (the thread's entry) is not in the dump, so "
                     "TlsSlots[1], which points to the CPU area with the 32-bit registers, cannot "
                     "be read; r13 leads to no such area either\n");
    done(&run);
}
END_TEST

/* Without headers: the folder decides, then the name, then which of two of one name it is. */
START_TEST(test_undecided_modules)
{
    static const struct db_module modules[] = {
        {.base = 0x77000000, .size = 0x1000, .path = "C:\\Windows\\System32\\ntdll.dll"},
        {.base = 0x77200000, .size = 0x1000, .path = "C:\\Windows\\SysWOW64\\NTDLL.dll"},
        {.base = 0x77400000, .size = 0x1000, .path = "C:\\Windows\\System32\\wow64win.dll"},
        {.base = 0x77600000, .size = 0x1000, .path = "C:\\app\\plugin.dll"},
        {.base = 0xfffff000, .size = 0x2000, .path = "C:\\app\\across.dll"}};
    struct db *b = wow64_thread_builder(&(struct wow64_thread){0});
    struct extract_run run;
    size_t i;

    for (i = 0; i < sizeof modules / sizeof modules[0]; i++)
        (void)db_module(b, &modules[i]);
    run = extract(b);
    for (i = 0; i < run.dump->module_count; i++)
        ck_assert_uint_ne(run.dump->modules[i].base, 0x77000000);
    ck_assert_uint_ne(avd_dump_module_at(run.dump, 0x77200000), AVD_NO_MODULE);
    ck_assert_uint_eq(avd_dump_module_at(run.dump, 0x77400000), AVD_NO_MODULE);
    ck_assert_uint_ne(avd_dump_module_at(run.dump, 0x77600000), AVD_NO_MODULE);
    ck_assert_uint_eq(avd_dump_module_at(run.dump, 0xfffff000), AVD_NO_MODULE);
    done(&run);
}
END_TEST

static void check_refused(struct db *b, const char *message)
{
    struct dump_fixture fixture = dump_fixture_open(b);
    struct extract_run run = extract_run_do(fixture.dump, AVD_EXTRACT_WOW64);

    ck_assert_int_eq(run.status, AVD_NOT_FOUND);
    ck_assert_str_eq(run.err.message, message);
    ck_assert_uint_eq(run.bytes.size, 0);
    extract_run_free(&run);
    dump_fixture_close(&fixture);
}

START_TEST(test_refused)
{
    check_refused(dump_fixture_builder(PROCESSOR_ARCHITECTURE_INTEL),
                  "this is no 64-bit dump of a 32-bit process: the dump is not one of a 64-bit "
                  "Windows process");
    check_refused(dump_fixture_builder(PROCESSOR_ARCHITECTURE_AMD64),
                  "this is no 64-bit dump of a 32-bit process: no thread has a 32-bit TEB and "
                  "wow64.dll is not loaded");
    check_refused(wow64_thread_builder(&(struct wow64_thread){.no_slot = true}),
                  "no thread's 32-bit registers are in the dump (avdump stack says why)");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_system);
    tcase_add_loop_test(tests, test_misc, 0, 5);
    tcase_add_test(tests, test_threads);
    tcase_add_test(tests, test_exception);
    tcase_add_test(tests, test_modules);
    tcase_add_test(tests, test_other_streams);
    tcase_add_loop_test(tests, test_object_information, 0, 10);
    tcase_add_test(tests, test_object_information_unknown);
    tcase_add_test(tests, test_annotations);
    tcase_add_loop_test(tests, test_annotations_of_modules, 0, 3);
    tcase_add_test(tests, test_memory);
    tcase_add_loop_test(tests, test_exception_codes, 0, 4);
    tcase_add_test(tests, test_exception_of_64bit_code);
    tcase_add_test(tests, test_recovered_exception);
    tcase_add_loop_test(tests, test_return_on_stack, 0, 2);
    tcase_add_test(tests, test_thread_without_registers);
    tcase_add_test(tests, test_undecided_modules);
    tcase_add_test(tests, test_refused);
}

int main(void)
{
    return suite_main("extract_wow64", add_tests);
}
