/* SPDX-License-Identifier: MIT */
/*
 * A minidump as its file says it is, without opinions: decoded once at open, immutable after.
 *
 * A part that is missing has its `present` flag or its count at zero; a part that is damaged has
 * a note besides. Strings are never NULL unless a comment says so. Views point into the file.
 * Layouts: minidumpapiset.h, Breakpad's minidump_format.h, Crashpad's minidump_extensions.h.
 */
#ifndef AVD_MINIDUMP_DUMP_H
#define AVD_MINIDUMP_DUMP_H

#include "base/arena.h"
#include "base/file.h"
#include "base/notes.h"
#include "base/view.h"
#include "minidump/memory.h"

/* One entry of the stream directory. */
struct avd_stream {
    uint32_t type;
    uint32_t size;        /* as the directory says */
    uint64_t offset;      /* as the directory says */
    struct avd_view view; /* what of it lies inside the file */
    bool truncated;       /* view.size < size */
    bool duplicate;       /* a stream of this type came before; this one is not read */
};

struct avd_system {
    bool present;
    uint16_t architecture; /* PROCESSOR_ARCHITECTURE_* */
    uint16_t processor_level;
    uint16_t processor_revision;
    uint8_t processor_count;
    uint8_t product_type; /* 1 workstation, 2 domain controller, 3 server */
    uint32_t major, minor, build;
    uint32_t platform; /* VER_PLATFORM_* or MD_OS_* */
    uint16_t suite_mask;
    const char *service_pack; /* "" when none; a uname-like text on other systems */
    struct avd_view cpu;      /* CPU_INFORMATION, 24 bytes, or empty */
    const char *wine_version; /* Wine's own addition: its build id, or NULL */
};

/* A field counts only when its flag is set; see MINIDUMP_MISC1_* ... */
struct avd_misc {
    bool present;
    uint32_t flags;
    uint32_t size;
    uint32_t process_id;
    uint32_t create_time; /* unix seconds */
    uint32_t user_time;   /* seconds */
    uint32_t kernel_time; /* seconds */
    uint32_t cpu_max_mhz, cpu_current_mhz, cpu_mhz_limit;
    uint32_t integrity_level;
    uint32_t execute_flags;
    uint32_t protected_process;
    uint32_t time_zone_id;          /* 0 unknown, 1 standard, 2 daylight */
    int32_t time_zone_bias;         /* minutes to add to local time to get UTC */
    const char *build_string;       /* "" when absent */
    const char *debug_build_string; /* "" when absent */
    /* XSTATE_CONFIG_FEATURE_MSC_INFO; enabled is 0 when the writer left it empty */
    uint64_t xstate_enabled;
    uint32_t xstate_context_size;
    struct {
        uint32_t offset, size;
    } xstate[64];
    uint32_t process_cookie;
};

/* Threads are listed in any order and looked up by the thousand. */
struct avd_thread_id {
    uint32_t id;
    uint32_t index; /* of the thread */
};

struct avd_thread {
    uint32_t id;
    uint32_t suspend_count; /* 0xffffffff: the writer could not ask */
    uint32_t priority_class;
    int32_t priority;
    uint64_t teb;         /* 0 when unknown */
    uint64_t stack_start; /* what the writer calls the stack; for WOW64 often the 32-bit one */
    uint64_t stack_size;
    uint32_t stack_rva;      /* 0 in full-memory dumps; read memory by address instead */
    struct avd_view context; /* empty when absent or outside the file */
    const char *name;        /* NULL when it has none */
    /* ThreadInfoList */
    bool has_info;
    uint32_t dump_flags;
    uint32_t dump_error;
    uint32_t exit_status;            /* 0x103: still running */
    uint64_t create_time, exit_time; /* FILETIME, 100 ns since 1601 */
    uint64_t kernel_time, user_time; /* 100 ns */
    uint64_t start_address;
    uint64_t affinity;
};

enum avd_codeview_kind {
    AVD_CV_NONE = 0,
    AVD_CV_RSDS,
    AVD_CV_NB10,
    AVD_CV_BUILD_ID, /* Breakpad's ELF record */
    AVD_CV_OTHER
};

struct avd_module {
    uint64_t base;
    uint32_t size; /* SizeOfImage */
    uint32_t checksum;
    uint32_t timestamp; /* TimeDateStamp */
    const char *path;   /* "" when unreadable */
    const char *name;   /* the path's leaf */
    bool has_version;
    uint16_t file_version[4];
    uint16_t product_version[4];
    enum avd_codeview_kind codeview;
    uint8_t guid[16];         /* RSDS, as in the file */
    uint32_t age;             /* RSDS, NB10 */
    uint32_t pdb_signature;   /* NB10: the PDB's timestamp */
    struct avd_view build_id; /* AVD_CV_BUILD_ID: the raw id, usually 20 bytes */
    const char *pdb_path;     /* "" when none */
    bool duplicate;           /* an earlier entry has the same base */
    bool from_loader_list;    /* not in the stream: found through PEB32 */
    struct avd_view entry;    /* MINIDUMP_MODULE; empty when from_loader_list */
};

struct avd_unloaded_module {
    uint64_t base;
    uint32_t size;
    uint32_t checksum;
    uint32_t timestamp;
    const char *path;
    const char *name;
};

struct avd_exception {
    bool present;
    uint32_t thread_id;
    uint32_t code;
    uint32_t flags;           /* bit 0: noncontinuable */
    uint64_t nested_record;   /* address of the next EXCEPTION_RECORD in the process, or 0 */
    uint64_t address;         /* masked to 32 bits when the process is 32-bit */
    uint32_t parameter_count; /* at most 15 */
    bool excess_parameters;   /* the record claims more */
    uint64_t parameters[15];  /* masked likewise */
    struct avd_view context;  /* empty when absent */
    uint64_t offset;          /* of the stream in the file */
};

struct avd_handle_object {
    uint32_t type; /* MINIDUMP_HANDLE_OBJECT_INFORMATION_TYPE, 1..8 known */
    struct avd_view data;
};

struct avd_handle {
    uint64_t handle;
    const char *type_name;   /* NULL when absent */
    const char *object_name; /* NULL when absent */
    uint32_t attributes;
    uint32_t granted_access;
    uint32_t handle_count;
    uint32_t pointer_count;
    const struct avd_handle_object *objects;
    size_t object_count;
};

struct avd_handle_operation {
    uint64_t handle;
    uint32_t process_id;
    uint32_t thread_id;
    uint32_t operation; /* 1 open, 2 close, 3 bad reference */
    uint32_t depth;     /* return addresses used, at most 32 */
    uint64_t return_addresses[32];
};

/* A dynamic function table (JIT code): RUNTIME_FUNCTIONs relative to `base`. */
struct avd_function_table {
    uint64_t minimum, maximum; /* addresses; maximum is exclusive */
    uint64_t base;
    uint32_t entry_count;
    uint32_t entry_size;
    struct avd_view entries;
};

struct avd_token {
    uint32_t id; /* process or thread id */
    uint64_t handle;
    struct avd_view data;
};

enum avd_annotation_kind {
    AVD_ANNOTATION_SIMPLE = 0, /* a dictionary's */
    AVD_ANNOTATION_LIST,       /* has no key */
    AVD_ANNOTATION_OBJECT      /* of a type, which is string here */
};

struct avd_annotation {
    const char *module; /* the module's name, "" when it is not listed; NULL: the process's own */
    size_t module_index;
    enum avd_annotation_kind kind;
    const char *key; /* "" for AVD_ANNOTATION_LIST */
    const char *value;
};

struct avd_crashpad {
    bool present;
    uint8_t report_id[16];
    uint8_t client_id[16];
    uint64_t address_mask;
    const struct avd_annotation *annotations;
    size_t annotation_count;
};

struct avd_breakpad {
    bool present;
    bool has_dump_thread, has_requesting_thread;
    uint32_t dump_thread_id;       /* the thread that wrote the dump */
    uint32_t requesting_thread_id; /* the thread that asked for it */
    bool has_assertion;
    const char *expression, *function, *file; /* "" when absent */
    uint32_t line;
    uint32_t assertion_type; /* 1 invalid parameter, 2 pure virtual call */
};

/* Values that the dump holds of SystemMemoryInfo and ProcessVmCounters. */
struct avd_system_memory {
    bool present;
    uint16_t revision, flags;
    uint32_t page_size;
    uint64_t physical_pages;
    uint64_t minimum_address, maximum_address;
    uint64_t available_pages, committed_pages, commit_limit, peak_commitment; /* in pages */
};

struct avd_vm_counters {
    bool present;
    uint16_t revision, flags;
    uint32_t page_fault_count;
    uint64_t peak_working_set, working_set; /* bytes, as all below */
    uint64_t pagefile_usage, peak_pagefile_usage;
    uint64_t peak_virtual_size, virtual_size; /* 0 in revision 1 */
    uint64_t private_usage;
};

struct avd_dump {
    struct avd_arena arena;
    struct avd_file file;
    struct avd_file packed; /* the compressed file, when it was one */
    struct avd_view bytes;  /* the whole minidump */
    const char *name;       /* what messages call it */
    bool compressed;

    uint16_t version_high; /* the writer's own half of Version */
    uint32_t checksum;
    uint32_t timestamp; /* unix seconds */
    uint64_t flags;     /* MINIDUMP_TYPE */

    const struct avd_stream *streams;
    size_t stream_count; /* without the unused slots */
    size_t unused_stream_count;

    struct avd_system system;
    struct avd_misc misc;
    const struct avd_thread *threads;
    const struct avd_thread_id *threads_by_id; /* of one id, in the order of `threads` */
    size_t thread_count;
    const struct avd_module *modules;
    size_t module_count;
    /* Indexes into `modules` ordered by base, duplicates and unusable entries left out; where
     * modules overlap, the one with the highest base at or below an address owns it. */
    const uint32_t *modules_by_base;
    size_t module_by_base_count;
    const struct avd_unloaded_module *unloaded;
    size_t unloaded_count;
    struct avd_memory memory;
    struct avd_exception exception;
    bool has_handles; /* a handle stream may be there and empty */
    const struct avd_handle *handles;
    size_t handle_count;
    const struct avd_handle_operation *handle_operations;
    size_t handle_operation_count;
    const struct avd_function_table *function_tables;
    size_t function_table_count;
    const struct avd_token *tokens;
    size_t token_count;
    const char *comment_a; /* NULL when absent */
    const char *comment_w;
    struct avd_system_memory system_memory;
    struct avd_vm_counters vm_counters;
    struct avd_breakpad breakpad;
    struct avd_crashpad crashpad;

    /* What texts may still cost, and how many were refused: see avd_dump_afford. */
    uint64_t text_budget;
    size_t texts_refused;

    struct avd_notes notes;
};

/* ---- the directory (directory.c) ---- */

/* The first stream of `type`, or NULL. */
const struct avd_stream *avd_dump_stream(const struct avd_dump *dump, uint32_t type);
/* "ThreadListStream" ...; NULL for a number without a public name. */
const char *avd_stream_name(uint32_t type);

/* ---- pointers and lookups ---- */

/* 4 or 8: the size of a pointer in the process's native half. */
unsigned avd_dump_pointer_size(const struct avd_dump *dump);
/* Whether the process ran on Windows (Win32s to CE); false for Linux, macOS ... */
bool avd_dump_is_windows(const struct avd_dump *dump);
/* Index of the module that owns `addr`; AVD_NO_MODULE when none does. */
#define AVD_NO_MODULE SIZE_MAX
size_t avd_dump_module_at(const struct avd_dump *dump, uint64_t addr);
/* The first thread with this id: its index, or AVD_NO_THREAD; itself, or NULL. */
#define AVD_NO_THREAD SIZE_MAX
size_t avd_dump_thread_index(const struct avd_dump *dump, uint32_t id);
const struct avd_thread *avd_dump_thread(const struct avd_dump *dump, uint32_t id);

/* ---- identifiers (identity.c); NULL when the module has none, or out of memory ---- */

/* "5A9832E5287241C1838ED98914E9B7FF1": GUID and age, or what Breakpad makes of a build id. */
const char *avd_module_debug_id(const struct avd_module *module, struct avd_arena *arena);
/* "45d35f6c2d000": TimeDateStamp and SizeOfImage; elsewhere than on Windows the build id. */
const char *avd_module_code_id(const struct avd_module *module, bool windows,
                               struct avd_arena *arena);
const char *avd_code_id(bool windows, uint32_t timestamp, uint32_t size, struct avd_arena *arena);

/* ---- decoding helpers shared by the stream readers ---- */

/*
 * A writer stores every name once, so that decoded they cannot exceed a few times the file; what
 * does is the work of entries that all point to the same bytes. False when `size` more bytes of
 * text are over that; open notes it once for all.
 */
bool avd_dump_afford(struct avd_dump *dump, uint64_t size);

/* MINIDUMP_STRING at file offset `rva`: UTF-8 in the arena; NULL when outside the file or when
 * avd_dump_afford refuses it. Out of memory gives NULL too, which dump->arena.failed tells and
 * open checks at its end. */
char *avd_dump_string(struct avd_dump *dump, uint64_t rva);
/* MINIDUMP_UTF8_STRING (Crashpad). */
char *avd_dump_utf8_string(struct avd_dump *dump, uint64_t rva);
/* MINIDUMP_LOCATION_DESCRIPTOR: what of [rva, rva + size) lies in the file; empty when nothing. */
struct avd_view avd_dump_location(const struct avd_dump *dump, uint64_t rva, uint64_t size);

/*
 * A list stream that starts with a u32 count (threads, modules, memory, thread names): finds where
 * its entries begin, 4 or 8 bytes in (some writers pad), and how many are really there. Notes what
 * is missing under `what`. Returns the number to read, at most `limit`.
 */
size_t avd_dump_list(struct avd_dump *dump, const struct avd_stream *stream, const char *what,
                     size_t entry_size, size_t limit, struct avd_view *entries);

/*
 * A list stream with SizeOfHeader / SizeOfEntry fields of its own (`header_min`, `entry_min`: the
 * least that must be there). `wide_count`: the count is a u64 at offset 8 (memory info).
 */
size_t avd_dump_sized_list(struct avd_dump *dump, const struct avd_stream *stream, const char *what,
                           size_t header_min, size_t entry_min, bool wide_count, size_t limit,
                           size_t *entry_size, struct avd_view *entries);

/* ---- stream readers; each is called once by avd_dump_open_memory. Damage becomes notes; only
 * running out of memory returns false. ---- */
bool avd_read_directory(struct avd_dump *dump, uint32_t count, uint32_t offset);
bool avd_read_system(struct avd_dump *dump);          /* system.c */
bool avd_read_misc(struct avd_dump *dump);            /* misc.c */
bool avd_read_threads(struct avd_dump *dump);         /* threads.c: list, ex, info, names */
bool avd_read_modules(struct avd_dump *dump);         /* modules.c */
bool avd_read_unloaded(struct avd_dump *dump);        /* modules.c */
bool avd_read_memory(struct avd_dump *dump);          /* memory.c: list, 64, info */
bool avd_read_exception(struct avd_dump *dump);       /* exception.c */
bool avd_read_handles(struct avd_dump *dump);         /* handles.c: data and operations */
bool avd_read_function_tables(struct avd_dump *dump); /* function_table.c */
bool avd_read_tokens(struct avd_dump *dump);          /* token.c */
bool avd_read_comments(struct avd_dump *dump);        /* comments.c */
bool avd_read_counters(struct avd_dump *dump);        /* counters.c: system memory, VM counters */
bool avd_read_breakpad(struct avd_dump *dump);        /* breakpad.c */
bool avd_read_crashpad(struct avd_dump *dump);        /* crashpad.c */

#endif
