/* SPDX-License-Identifier: MIT */
/*
 * Minidumps written in code, so that a test shows just the odd byte it is about.
 *
 * A dump is made of sections: growing pieces of the file whose place is not known until the end.
 * Where a section points to another one it holds a label that db_finish resolves. Streams, strings
 * and memory ranges are sections; typed helpers fill them. The builder aborts on misuse and when
 * out of memory: it is test code.
 *
 *     struct db *b = db_new();
 *     db_system_info(b, PROCESSOR_ARCHITECTURE_AMD64, 10, 0, 19041);
 *     db_memory(b, 0x10000, 0x1000);
 *     db_poke64(b, 0x10ff8, 0x401234);
 *     db_thread(b, &(struct db_thread){.id = 7, .stack_start = 0x10000, .stack_size = 0x1000});
 *     bytes = db_finish(b, &size);
 */
#ifndef AVD_TESTS_SUPPORT_DUMP_BUILDER_H
#define AVD_TESTS_SUPPORT_DUMP_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

struct db *db_new(void);
/* The file's bytes, to be freed with free(). The builder is gone afterwards. */
uint8_t *db_finish(struct db *b, size_t *size);

/* ---- header and directory (dump_builder.c) ---- */

struct db_header {
    uint32_t signature, version; /* 0: the right ones */
    uint32_t checksum, timestamp;
    uint64_t flags;
    bool has_stream_count; /* otherwise what was added */
    uint32_t stream_count;
    bool has_directory_rva; /* otherwise where it is */
    uint32_t directory_rva;
    unsigned unused_entries; /* empty slots behind the used ones, as dbghelp leaves them */
};
struct db_header *db_header(struct db *b);

/* From now on lists get the 4 bytes of padding behind their count that Breakpad writes. */
void db_pad_lists(struct db *b, bool on);
/* From now on lists claim this many entries more than they have (wraps, so -1 is fewer). */
void db_claim_more(struct db *b, uint32_t more);

/* ---- sections (dump_builder.c) ---- */

/* 0 stands for "none" wherever a section is asked for; pointers to it become RVA 0, size 0. */
unsigned db_section(struct db *b);
/* A new section that is the stream of `type`; twice the same type gives two directory entries. */
unsigned db_stream(struct db *b, uint32_t type);
/* A directory entry with these very numbers. */
void db_entry(struct db *b, uint32_t type, uint32_t size, uint32_t rva);
/* Lies in the directory about the stream's size. */
void db_stream_size(struct db *b, unsigned stream, uint32_t size);

void db_u8(struct db *b, unsigned section, uint8_t value);
void db_u16(struct db *b, unsigned section, uint16_t value);
void db_u32(struct db *b, unsigned section, uint32_t value);
void db_u64(struct db *b, unsigned section, uint64_t value);
void db_bytes(struct db *b, unsigned section, const void *data, size_t size);
void db_zeros(struct db *b, unsigned section, size_t size);
/* Text as UTF-16LE (ASCII in, with \x escapes taken as Latin-1), no terminator. */
void db_utf16(struct db *b, unsigned section, const char *text);
/* Overwrite bytes that are there. */
void db_set8(struct db *b, unsigned section, size_t offset, uint8_t value);
void db_set16(struct db *b, unsigned section, size_t offset, uint16_t value);
void db_set32(struct db *b, unsigned section, size_t offset, uint32_t value);
void db_set64(struct db *b, unsigned section, size_t offset, uint64_t value);
void db_set_utf16(struct db *b, unsigned section, size_t offset, const char *text);
size_t db_size(const struct db *b, unsigned section);

/* Labels: where `target` will lie in the file. */
void db_rva(struct db *b, unsigned section, unsigned target);
void db_rva64(struct db *b, unsigned section, unsigned target);
void db_location(struct db *b, unsigned section, unsigned target); /* u32 size, u32 RVA */
/* Turns four bytes that are there into a label. */
void db_set_rva(struct db *b, unsigned section, size_t offset, unsigned target);

/* MINIDUMP_STRING; MINIDUMP_UTF8_STRING. */
unsigned db_string(struct db *b, const char *text);
unsigned db_utf8(struct db *b, const char *text);

/* ---- process memory (dump_builder.c) ---- */

/* Write the ranges as a Memory64List, their bytes last in the file. Default: a MemoryList. */
void db_full_memory(struct db *b);
/* The same, their bytes right behind the directory. */
void db_full_memory_first(struct db *b);
/* A range of zeros; the section holds its bytes. */
unsigned db_memory(struct db *b, uint64_t addr, size_t size);
/* A range whose descriptor says `size` and `rva`, with no bytes behind it (MemoryList only). */
void db_memory_raw(struct db *b, uint64_t addr, uint32_t size, uint32_t rva);
/* Write into the range that holds `addr`. */
void db_poke8(struct db *b, uint64_t addr, uint8_t value);
void db_poke16(struct db *b, uint64_t addr, uint16_t value);
void db_poke32(struct db *b, uint64_t addr, uint32_t value);
void db_poke64(struct db *b, uint64_t addr, uint64_t value);
void db_poke(struct db *b, uint64_t addr, const void *data, size_t size);
void db_poke_utf16(struct db *b, uint64_t addr, const char *text);
/* The section of the range that holds `addr`. */
unsigned db_memory_section(const struct db *b, uint64_t addr);

/* MemoryInfoList entry: MEM_* state and type, PAGE_* protect. */
void db_region(struct db *b, uint64_t base, uint64_t size, uint32_t state, uint32_t protect,
               uint32_t type);

/* ---- typed streams (dump_streams.c) ---- */

/* VER_PLATFORM_WIN32_NT, 4 processors; returns the stream for db_set*. */
unsigned db_system_info(struct db *b, uint16_t architecture, uint32_t major, uint32_t minor,
                        uint32_t build);
/* `size` bytes, SizeOfInfo set, flags set, the rest zero. */
unsigned db_misc_info(struct db *b, uint32_t size, uint32_t flags);

struct db_x64 {
    uint32_t flags; /* 0: CONTEXT_ALL */
    uint16_t cs;    /* 0: 0x33 */
    uint64_t rip, rsp, rbp;
    uint64_t rax, rcx, rdx, rbx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
};
struct db_x86 {
    uint32_t flags; /* 0: CONTEXT_ALL */
    uint32_t cs;    /* 0: 0x23 */
    uint32_t eip, esp, ebp;
    uint32_t eax, ecx, edx, ebx, esi, edi;
};
/* CONTEXT records: sections of 0x4d0 and 0x2cc bytes. */
unsigned db_context_x64(struct db *b, const struct db_x64 *regs);
unsigned db_context_x86(struct db *b, const struct db_x86 *regs);
/* The same record at an address of process memory. */
void db_poke_context_x86(struct db *b, uint64_t addr, const struct db_x86 *regs);

struct db_thread {
    uint32_t id, suspend_count, priority_class, priority;
    uint64_t teb;
    uint64_t stack_start;
    uint32_t stack_size;
    unsigned context; /* section */
    const char *name; /* also an entry of ThreadNames */
};
/* The stack's RVA leads to the memory range at stack_start when there is one and the memory is no
 * Memory64List. Returns the thread list's section. */
unsigned db_thread(struct db *b, const struct db_thread *thread);
/* A list without entries, so far; without it there is no such stream. */
void db_no_threads(struct db *b);
void db_no_modules(struct db *b);
/* The entries of a ThreadExList instead of a ThreadList. */
void db_use_thread_ex(struct db *b);
/* An entry of ThreadNames alone. */
void db_thread_name(struct db *b, uint32_t id, unsigned string);

struct db_thread_info {
    uint32_t id, dump_flags, dump_error, exit_status;
    uint64_t create_time, exit_time, kernel_time, user_time, start_address, affinity;
};
unsigned db_thread_info(struct db *b, const struct db_thread_info *info);

struct db_module {
    uint64_t base;
    uint32_t size, checksum, timestamp;
    const char *path;                /* NULL: name RVA 0 */
    uint32_t version_ms, version_ls; /* both 0: no VS_FIXEDFILEINFO */
    unsigned codeview;               /* section */
};
unsigned db_module(struct db *b, const struct db_module *module);
unsigned db_unloaded(struct db *b, const struct db_module *module);
/* CodeView records; `path` is stored with its terminator. The GUID is 01 02 03 ... 10. */
unsigned db_rsds(struct db *b, uint32_t age, const char *path);
unsigned db_nb10(struct db *b, uint32_t signature, uint32_t age, const char *path);
unsigned db_build_id(struct db *b, const void *id, size_t size);

struct db_exception {
    uint32_t thread_id, code, flags;
    uint64_t nested_record, address;
    uint32_t parameter_count;
    uint64_t parameters[15];
    unsigned context; /* section */
};
unsigned db_exception(struct db *b, const struct db_exception *exception);

struct db_handle {
    uint64_t handle;
    unsigned type_name, object_name; /* strings' sections */
    uint32_t attributes, granted_access, handle_count, pointer_count;
    unsigned object_info; /* section; written when descriptors have 40 bytes or more */
};
/* SizeOfDescriptor of the handles that follow; 40 unless set. */
void db_handle_size(struct db *b, uint32_t size);
/* The stream with no handles in it, so far. */
unsigned db_handles(struct db *b);
unsigned db_handle(struct db *b, const struct db_handle *handle);
/* MINIDUMP_HANDLE_OBJECT_INFORMATION followed by its data. */
unsigned db_object_info(struct db *b, uint32_t type, const void *data, uint32_t size,
                        unsigned next);
unsigned db_handle_operation(struct db *b, uint64_t handle, uint32_t operation, uint32_t depth);

/* A function table of `count` entries of 12 bytes (begin, end, unwind triples). */
unsigned db_function_table(struct db *b, uint64_t minimum, uint64_t maximum, uint64_t base,
                           const uint32_t (*entries)[3], uint32_t count);
unsigned db_token(struct db *b, uint32_t id, uint64_t handle, const void *data, uint32_t size);
unsigned db_comment(struct db *b, const char *text, bool wide);
unsigned db_breakpad_info(struct db *b, uint32_t validity, uint32_t dump_thread,
                          uint32_t requesting_thread);
unsigned db_breakpad_assertion(struct db *b, const char *expression, const char *function,
                               const char *file, uint32_t line, uint32_t type);

/* Crashpad: `dictionary`, `modules` are sections made with the two functions below or 0. */
unsigned db_crashpad_info(struct db *b, uint32_t size, unsigned dictionary, unsigned modules);
/* MinidumpSimpleStringDictionary of `count` pairs. */
unsigned db_dictionary(struct db *b, const char *const (*pairs)[2], uint32_t count);
/* MinidumpModuleCrashpadInfoList with one module that has one annotation of each kind. */
unsigned db_crashpad_module(struct db *b, uint32_t index, const char *list_item,
                            unsigned dictionary, const char *object_name, uint16_t object_type,
                            const char *object_value);

/* ---- what lies in process memory (dump_image.c) ---- */

struct db_export {
    const char *name; /* NULL: by ordinal only */
    uint32_t rva;
};
struct db_function {
    uint32_t begin, end;
    const uint8_t *unwind; /* UNWIND_INFO as it lies in .xdata; NULL: none (size 0) */
    size_t unwind_size;
};
struct db_image {
    bool pe32; /* x86; otherwise x64 */
    uint32_t size, timestamp, checksum;
    const uint8_t *text; /* at RVA 0x1000; NULL: no bytes of code in the dump */
    size_t text_size;
    uint32_t code_size;              /* what the header says of .text, whole pages; 0: one */
    const struct db_export *exports; /* sorted by name, ordinal-only ones last */
    size_t export_count;
    const struct db_function *functions; /* x64: .pdata and .xdata */
    size_t function_count;
    const char *pdb_path; /* NULL: no debug directory; GUID and age as db_rsds(b, 1, ...) */
};
/* Maps an image at `base`: headers, .text at 0x1000, and behind it, each in a page of its own,
 * .rdata (exports, debug), .pdata and .xdata, only the bytes that are used. */
void db_map_image(struct db *b, uint64_t base, const struct db_image *image);
/* Where its .xdata is; the unwind data of the functions follow each other there, aligned to 4. */
uint32_t db_image_xdata(const struct db_image *image);

struct db_teb {
    uint64_t addr, stack_base, stack_limit, peb;
    uint32_t process_id, thread_id, last_error;
    uint64_t teb32, cpu_area; /* 64-bit TEB of a WOW64 thread */
};
void db_map_teb64(struct db *b, const struct db_teb *teb);
void db_map_teb32(struct db *b, const struct db_teb *teb);
/* PEB with its image base; a loader list when `modules` is not NULL. */
void db_map_peb64(struct db *b, uint64_t addr, uint64_t image_base);
void db_map_peb32(struct db *b, uint64_t addr, uint32_t image_base, const struct db_module *modules,
                  size_t count);

/* ---- whole dumps (dump_samples.c) ---- */

enum db_sample { DB_SAMPLE_X64 = 0, DB_SAMPLE_X86, DB_SAMPLE_WOW64, DB_SAMPLE_COUNT };

/* A crash that has every stream avdump reads, 20-60 KB; see the .c for what is in it. */
uint8_t *dump_builder_sample(enum db_sample kind, size_t *size);

#endif
