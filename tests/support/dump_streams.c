/* SPDX-License-Identifier: MIT */
/* The builder's typed streams, each laid out as minidumpapiset.h, Breakpad or Crashpad have it. */
#include "support/dump_builder_private.h"

#include "minidump/format.h"

#include <stdlib.h>
#include <string.h>

unsigned db_system_info(struct db *b, uint16_t architecture, uint32_t major, uint32_t minor,
                        uint32_t build)
{
    unsigned s = db_stream(b, SystemInfoStream);

    db_u16(b, s, architecture);
    db_u16(b, s, 6);      /* ProcessorLevel */
    db_u16(b, s, 0x3c03); /* ProcessorRevision */
    db_u8(b, s, 4);
    db_u8(b, s, 1);
    db_u32(b, s, major);
    db_u32(b, s, minor);
    db_u32(b, s, build);
    db_u32(b, s, VER_PLATFORM_WIN32_NT);
    db_u32(b, s, 0); /* CSDVersionRva */
    db_u16(b, s, 0x100);
    db_u16(b, s, 0);
    if (architecture == PROCESSOR_ARCHITECTURE_INTEL) {
        db_bytes(b, s, "GenuineIntel", 12);
        db_u32(b, s, 0x306c3);
        db_u32(b, s, 0xbfebfbff);
        db_u32(b, s, 0);
    } else {
        db_zeros(b, s, 24);
    }
    return s;
}

unsigned db_misc_info(struct db *b, uint32_t size, uint32_t flags)
{
    unsigned s = db_stream(b, MiscInfoStream);

    db_zeros(b, s, size < 8 ? 8 : size);
    db_set32(b, s, 0, size);
    db_set32(b, s, 4, flags);
    return s;
}

/* ---- threads ---- */

unsigned db_context_x64(struct db *b, const struct db_x64 *regs)
{
    const uint64_t order[16] = {regs->rax, regs->rcx, regs->rdx, regs->rbx, regs->rsp, regs->rbp,
                                regs->rsi, regs->rdi, regs->r8,  regs->r9,  regs->r10, regs->r11,
                                regs->r12, regs->r13, regs->r14, regs->r15};
    unsigned s = db_section(b);
    size_t i;

    db_zeros(b, s, 0x4d0);
    db_set32(b, s, 0x30, regs->flags != 0 ? regs->flags : 0x10001f);
    db_set16(b, s, 0x38, regs->cs != 0 ? regs->cs : 0x33);
    db_set16(b, s, 0x42, 0x2b);
    db_set32(b, s, 0x44, 0x246);
    for (i = 0; i < 16; i++)
        db_set64(b, s, 0x78 + 8 * i, order[i]);
    db_set64(b, s, 0xf8, regs->rip);
    return s;
}

static void context_x86(uint8_t out[0x2cc], const struct db_x86 *regs)
{
    /* clang-format off */
    const struct {
        size_t offset;
        uint32_t value;
    } fields[] = {{0x00, regs->flags != 0 ? regs->flags : 0x1003f},
                  {0x8c, 0x2b}, {0x90, 0x53}, {0x94, 0x2b}, {0x98, 0x2b},
                  {0x9c, regs->edi}, {0xa0, regs->esi}, {0xa4, regs->ebx}, {0xa8, regs->edx},
                  {0xac, regs->ecx}, {0xb0, regs->eax}, {0xb4, regs->ebp}, {0xb8, regs->eip},
                  {0xbc, regs->cs != 0 ? regs->cs : 0x23}, {0xc0, 0x10246},
                  {0xc4, regs->esp}, {0xc8, 0x2b}};
    /* clang-format on */
    size_t i;
    size_t k;

    memset(out, 0, 0x2cc);
    for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
        for (k = 0; k < 4; k++)
            out[fields[i].offset + k] = (uint8_t)(fields[i].value >> 8 * k);
}

unsigned db_context_x86(struct db *b, const struct db_x86 *regs)
{
    unsigned s = db_section(b);
    uint8_t bytes[0x2cc];

    context_x86(bytes, regs);
    db_bytes(b, s, bytes, sizeof bytes);
    return s;
}

void db_poke_context_x86(struct db *b, uint64_t addr, const struct db_x86 *regs)
{
    uint8_t bytes[0x2cc];

    context_x86(bytes, regs);
    db_poke(b, addr, bytes, sizeof bytes);
}

static uint32_t thread_list(const struct db *b)
{
    return b->thread_ex ? ThreadExListStream : ThreadListStream;
}

void db_no_threads(struct db *b)
{
    (void)db_empty_list(b, DB_LIST_THREADS, thread_list(b), 4, MINIDUMP_THREAD_SIZE);
}

void db_no_modules(struct db *b)
{
    (void)db_empty_list(b, DB_LIST_MODULES, ModuleListStream, 4, MINIDUMP_MODULE_SIZE);
}

void db_use_thread_ex(struct db *b)
{
    b->thread_ex = true;
}

unsigned db_thread(struct db *b, const struct db_thread *thread)
{
    unsigned stack = b->full_memory ? 0 : db_memory_section(b, thread->stack_start);
    unsigned s = db_list(b, DB_LIST_THREADS, thread_list(b), 4, MINIDUMP_THREAD_SIZE);

    db_u32(b, s, thread->id);
    db_u32(b, s, thread->suspend_count);
    db_u32(b, s, thread->priority_class);
    db_u32(b, s, thread->priority);
    db_u64(b, s, thread->teb);
    db_u64(b, s, thread->stack_start);
    db_u32(b, s, thread->stack_size);
    db_rva(b, s, stack);
    db_location(b, s, thread->context);
    if (b->thread_ex)
        db_zeros(b, s, 16); /* BackingStore */
    if (thread->name != NULL)
        db_thread_name(b, thread->id, db_string(b, thread->name));
    return s;
}

void db_thread_name(struct db *b, uint32_t id, unsigned string)
{
    unsigned s = db_list(b, DB_LIST_THREAD_NAMES, ThreadNamesStream, 4, MINIDUMP_THREAD_NAME_SIZE);

    db_u32(b, s, id);
    db_rva64(b, s, string);
}

unsigned db_thread_info(struct db *b, const struct db_thread_info *info)
{
    unsigned s =
        db_list(b, DB_LIST_THREAD_INFO, ThreadInfoListStream, 12, MINIDUMP_THREAD_INFO_SIZE);

    db_u32(b, s, info->id);
    db_u32(b, s, info->dump_flags);
    db_u32(b, s, info->dump_error);
    db_u32(b, s, info->exit_status);
    db_u64(b, s, info->create_time);
    db_u64(b, s, info->exit_time);
    db_u64(b, s, info->kernel_time);
    db_u64(b, s, info->user_time);
    db_u64(b, s, info->start_address);
    db_u64(b, s, info->affinity);
    return s;
}

/* ---- modules ---- */

unsigned db_module(struct db *b, const struct db_module *module)
{
    unsigned name = module->path == NULL ? 0 : db_string(b, module->path);
    unsigned s = db_list(b, DB_LIST_MODULES, ModuleListStream, 4, MINIDUMP_MODULE_SIZE);
    bool versioned = module->version_ms != 0 || module->version_ls != 0;
    size_t version;

    db_u64(b, s, module->base);
    db_u32(b, s, module->size);
    db_u32(b, s, module->checksum);
    db_u32(b, s, module->timestamp);
    db_rva(b, s, name);
    version = db_size(b, s);
    db_zeros(b, s, 52);
    if (versioned) {
        db_set32(b, s, version, 0xfeef04bd);
        db_set32(b, s, version + 4, 0x10000);
        db_set32(b, s, version + 8, module->version_ms);
        db_set32(b, s, version + 12, module->version_ls);
        db_set32(b, s, version + 16, module->version_ms);
        db_set32(b, s, version + 20, module->version_ls);
    }
    db_location(b, s, module->codeview);
    db_zeros(b, s, 24);
    return s;
}

unsigned db_unloaded(struct db *b, const struct db_module *module)
{
    unsigned name = module->path == NULL ? 0 : db_string(b, module->path);
    unsigned s =
        db_list(b, DB_LIST_UNLOADED, UnloadedModuleListStream, 12, MINIDUMP_UNLOADED_MODULE_SIZE);

    db_u64(b, s, module->base);
    db_u32(b, s, module->size);
    db_u32(b, s, module->checksum);
    db_u32(b, s, module->timestamp);
    db_rva(b, s, name);
    return s;
}

unsigned db_rsds(struct db *b, uint32_t age, const char *path)
{
    unsigned s = db_section(b);
    unsigned i;

    db_u32(b, s, CV_SIGNATURE_RSDS);
    for (i = 1; i <= 16; i++)
        db_u8(b, s, (uint8_t)i);
    db_u32(b, s, age);
    db_bytes(b, s, path, strlen(path) + 1);
    return s;
}

unsigned db_nb10(struct db *b, uint32_t signature, uint32_t age, const char *path)
{
    unsigned s = db_section(b);

    db_u32(b, s, CV_SIGNATURE_NB10);
    db_u32(b, s, 0);
    db_u32(b, s, signature);
    db_u32(b, s, age);
    db_bytes(b, s, path, strlen(path) + 1);
    return s;
}

unsigned db_build_id(struct db *b, const void *id, size_t size)
{
    unsigned s = db_section(b);

    db_u32(b, s, CV_SIGNATURE_BPEL);
    db_bytes(b, s, id, size);
    return s;
}

unsigned db_exception(struct db *b, const struct db_exception *exception)
{
    unsigned s = db_stream(b, ExceptionStream);
    size_t i;

    db_u32(b, s, exception->thread_id);
    db_u32(b, s, 0);
    db_u32(b, s, exception->code);
    db_u32(b, s, exception->flags);
    db_u64(b, s, exception->nested_record);
    db_u64(b, s, exception->address);
    db_u32(b, s, exception->parameter_count);
    db_u32(b, s, 0);
    for (i = 0; i < EXCEPTION_MAXIMUM_PARAMETERS; i++)
        db_u64(b, s, exception->parameters[i]);
    db_location(b, s, exception->context);
    return s;
}

/* ---- handles ---- */

void db_handle_size(struct db *b, uint32_t size)
{
    b->handle_size = size;
}

unsigned db_handles(struct db *b)
{
    return db_empty_list(b, DB_LIST_HANDLES, HandleDataStream, 16, b->handle_size);
}

unsigned db_handle(struct db *b, const struct db_handle *handle)
{
    unsigned s = db_list(b, DB_LIST_HANDLES, HandleDataStream, 16, b->handle_size);

    db_u64(b, s, handle->handle);
    db_rva(b, s, handle->type_name);
    db_rva(b, s, handle->object_name);
    db_u32(b, s, handle->attributes);
    db_u32(b, s, handle->granted_access);
    db_u32(b, s, handle->handle_count);
    db_u32(b, s, handle->pointer_count);
    if (b->handle_size >= MINIDUMP_HANDLE_DESCRIPTOR_2_SIZE) {
        db_rva(b, s, handle->object_info);
        db_zeros(b, s, b->handle_size - 36);
    }
    return s;
}

unsigned db_object_info(struct db *b, uint32_t type, const void *data, uint32_t size, unsigned next)
{
    unsigned s = db_section(b);

    db_rva(b, s, next);
    db_u32(b, s, type);
    db_u32(b, s, size);
    db_bytes(b, s, data, size);
    return s;
}

unsigned db_handle_operation(struct db *b, uint64_t handle, uint32_t operation, uint32_t depth)
{
    unsigned s = db_list(b, DB_LIST_HANDLE_OPERATIONS, HandleOperationListStream, 16,
                         MINIDUMP_HANDLE_OPERATION_SIZE);
    uint32_t i;

    db_u64(b, s, handle);
    db_u32(b, s, 0x1234); /* process */
    db_u32(b, s, 0x5678); /* thread */
    db_u32(b, s, operation);
    db_u32(b, s, 0);
    db_u32(b, s, depth);
    db_u32(b, s, 0);
    for (i = 0; i < 32; i++)
        db_u64(b, s, i < depth ? 0x401000 + i : 0);
    return s;
}

/* ---- function tables, tokens, comments ---- */

unsigned db_function_table(struct db *b, uint64_t minimum, uint64_t maximum, uint64_t base,
                           const uint32_t (*entries)[3], uint32_t count)
{
    unsigned s = b->function_tables;
    uint32_t i;

    if (s == 0) {
        s = b->function_tables = db_stream(b, FunctionTableStream);
        db_u32(b, s, 24);
        db_u32(b, s, 32);
        db_u32(b, s, 8); /* SizeOfNativeDescriptor */
        db_u32(b, s, 12);
        db_u32(b, s, 0); /* NumberOfDescriptors */
        db_u32(b, s, 4); /* SizeOfAlignPad */
        db_zeros(b, s, 4);
    }
    db_u64(b, s, minimum);
    db_u64(b, s, maximum);
    db_u64(b, s, base);
    db_u32(b, s, count);
    db_u32(b, s, 4);                  /* SizeOfAlignPad */
    db_u64(b, s, 0xdddddddddddddddd); /* the native descriptor, never looked at */
    for (i = 0; i < count; i++) {
        db_u32(b, s, entries[i][0]);
        db_u32(b, s, entries[i][1]);
        db_u32(b, s, entries[i][2]);
    }
    db_zeros(b, s, 4);
    b->function_table_count++;
    db_set32(b, s, 16, b->function_table_count + b->claim_more);
    return s;
}

unsigned db_token(struct db *b, uint32_t id, uint64_t handle, const void *data, uint32_t size)
{
    unsigned s = b->tokens;

    if (s == 0) {
        s = b->tokens = db_stream(b, TokenStream);
        db_u32(b, s, 0);
        db_u32(b, s, 0);
        db_u32(b, s, 16);
        db_u32(b, s, 16);
    }
    db_u32(b, s, 16 + size);
    db_u32(b, s, id);
    db_u64(b, s, handle);
    db_bytes(b, s, data, size);
    b->token_count++;
    db_set32(b, s, 0, (uint32_t)db_size(b, s));
    db_set32(b, s, 4, b->token_count + b->claim_more);
    return s;
}

unsigned db_comment(struct db *b, const char *text, bool wide)
{
    unsigned s = db_stream(b, wide ? CommentStreamW : CommentStreamA);

    if (wide) {
        db_utf16(b, s, text);
        db_u16(b, s, 0);
    } else {
        db_bytes(b, s, text, strlen(text) + 1);
    }
    return s;
}

/* ---- Breakpad, Crashpad ---- */

unsigned db_breakpad_info(struct db *b, uint32_t validity, uint32_t dump_thread,
                          uint32_t requesting_thread)
{
    unsigned s = db_stream(b, BreakpadInfoStream);

    db_u32(b, s, validity);
    db_u32(b, s, dump_thread);
    db_u32(b, s, requesting_thread);
    return s;
}

unsigned db_breakpad_assertion(struct db *b, const char *expression, const char *function,
                               const char *file, uint32_t line, uint32_t type)
{
    unsigned s = db_stream(b, BreakpadAssertionInfoStream);

    db_zeros(b, s, 768);
    db_set_utf16(b, s, 0, expression);
    db_set_utf16(b, s, 256, function);
    db_set_utf16(b, s, 512, file);
    db_u32(b, s, line);
    db_u32(b, s, type);
    return s;
}

unsigned db_crashpad_info(struct db *b, uint32_t size, unsigned dictionary, unsigned modules)
{
    unsigned s = db_stream(b, CrashpadInfoStream);
    unsigned i;

    db_u32(b, s, 1);
    for (i = 0; i < 16; i++)
        db_u8(b, s, (uint8_t)(0x10 + i)); /* report id */
    for (i = 0; i < 16; i++)
        db_u8(b, s, (uint8_t)(0x20 + i)); /* client id */
    db_location(b, s, dictionary);
    db_location(b, s, modules);
    if (size >= 64) {
        db_u32(b, s, 0);
        db_u64(b, s, UINT64_C(0xffffff8000000000)); /* address mask */
    }
    return s;
}

unsigned db_dictionary(struct db *b, const char *const (*pairs)[2], uint32_t count)
{
    unsigned s = db_section(b);
    uint32_t i;

    db_u32(b, s, count);
    for (i = 0; i < count; i++) {
        db_rva(b, s, db_utf8(b, pairs[i][0]));
        db_rva(b, s, db_utf8(b, pairs[i][1]));
    }
    return s;
}

unsigned db_crashpad_module(struct db *b, uint32_t index, const char *list_item,
                            unsigned dictionary, const char *object_name, uint16_t object_type,
                            const char *object_value)
{
    unsigned list = db_section(b);
    unsigned objects = db_section(b);
    unsigned info = db_section(b);
    unsigned modules = db_section(b);

    db_u32(b, list, 1);
    db_rva(b, list, db_utf8(b, list_item));
    db_u32(b, objects, 1);
    db_rva(b, objects, db_utf8(b, object_name));
    db_u16(b, objects, object_type);
    db_u16(b, objects, 0);
    db_rva(b, objects, db_utf8(b, object_value));
    db_u32(b, info, 1);
    db_location(b, info, list);
    db_location(b, info, dictionary);
    db_location(b, info, objects);
    db_u32(b, modules, 1);
    db_u32(b, modules, index);
    db_location(b, modules, info);
    return modules;
}
