/* SPDX-License-Identifier: MIT */
/*
 * The report as data: everything a renderer may print, copied out of the dump and the analysis, so
 * that neither is needed any more. Renderers read this and decide nothing. Strings are UTF-8 and
 * untrusted unless a comment says otherwise; a renderer escapes them. NULL = not known.
 */
#ifndef AVD_REPORT_MODEL_H
#define AVD_REPORT_MODEL_H

#include "base/arena.h"
#include "base/notes.h"
#include "base/strbuf.h"
#include "report/model_map.h"
#include "report/model_verifier.h"

#include <stdint.h>

#define AVD_NO_INDEX SIZE_MAX

struct avd_rep_stream {
    uint32_t type;
    const char *name; /* "ThreadListStream"; NULL for an unknown type */
    uint64_t offset;
    uint32_t size;
    bool truncated, duplicate;
};

struct avd_rep_dump {
    const char *file;
    uint64_t size; /* of the minidump, decompressed */
    bool compressed;
    uint32_t timestamp; /* unix seconds, 0 when not given */
    uint64_t flags;
    uint16_t version_high;
    bool full_memory;
    const char *comment_a, *comment_w;
    const struct avd_rep_stream *streams;
    size_t stream_count;
    size_t memory_range_count;
    uint64_t memory_size; /* bytes of process memory in the dump */
    size_t region_count;  /* MemoryInfoList entries */
};

struct avd_rep_system {
    const char *os;           /* rust-minidump's words: "Windows NT", "Linux", "Mac OS X" ... */
    const char *os_version;   /* "10.0.19041" */
    const char *os_ver;       /* as rust-minidump joins it: "5.1.2600 Service Pack 2" */
    const char *service_pack; /* may be "" */
    const char *cpu_arch;     /* "x86", "amd64", "arm64" ... */
    const char *cpu_info;     /* "GenuineIntel family 6 model 60 stepping 3"; NULL */
    unsigned cpu_count;
    const char *product_type; /* "workstation", "server" ...; NULL */
    const char *wine_version; /* NULL unless Wine wrote it */
    const char *build_string; /* MiscInfo 4; NULL */
};

/* What Breakpad's Linux writer stores of the system besides. */
struct avd_rep_linux {
    bool has_maps;
    size_t map_count; /* lines of /proc/self/maps */
    bool has_lsb_release;
    const char *lsb_id, *lsb_release, *lsb_codename, *lsb_description; /* NULL when not given */
};

struct avd_rep_process {
    bool has_pid;
    uint32_t pid;
    bool has_uptime;
    uint64_t uptime; /* seconds */
    bool has_create_time;
    uint32_t create_time;  /* unix seconds */
    const char *integrity; /* "medium" ...; NULL */
    unsigned pointer_size; /* 4 or 8, of the process's native half */
};

/* A call that was inlined at a frame's address; functions as in struct avd_inline. */
struct avd_rep_inline {
    const char *function;    /* NULL when not known */
    const char *source_file; /* NULL when not known */
    uint32_t line;           /* 0: not known */
};

struct avd_rep_frame {
    size_t index;
    uint64_t pc;     /* as struct avd_frame has it: the return address for callers */
    uint64_t lookup; /* what was looked up: pc, or pc - 1 for callers */
    uint64_t sp, fp, return_address;
    bool has_args;
    uint32_t args[3];  /* x86: the three dwords above the return address */
    const char *trust; /* static words of stack/walk.h */
    const char *method;
    const char *evidence; /* what speaks for a frame found by scanning; NULL: does not apply */
    unsigned percent;     /* how likely it is a frame; 0: does not apply */
    bool exact;
    bool frames_missing;       /* frames may be missing between the one before and this one */
    const char *wow64_role;    /* "transition", "turbo_thunk" (wow64/wow64.h); NULL */
    size_t module;             /* index into modules, or AVD_NO_INDEX */
    const char *module_name;   /* how it is displayed: "ntdll", "ntdll_77cc0000"; NULL */
    const char *module_file;   /* leaf: "ntdll.dll"; NULL */
    uint64_t module_offset;    /* lookup - base; pc's own offset is module_offset + (pc - lookup) */
    const char *function;      /* NULL when nothing is known */
    const char *decorated;     /* the name that it is made from; NULL: the same */
    const char *declaration;   /* with types; NULL: the decorated name does not tell */
    uint64_t function_offset;  /* pc - start of the function, as WinDbg prints it */
    bool function_approximate; /* nearest export */
    const char *function_source; /* "exports" */
    const char *source_file;
    uint32_t line;                        /* where inlined calls are: of the outermost one's call */
    const struct avd_rep_inline *inlines; /* innermost first; they come before the frame */
    size_t inline_count;
    const char *const *unloaded; /* names of unloaded modules that once were here */
    const uint64_t *unloaded_offsets;
    size_t unloaded_count;
};

struct avd_rep_stack {
    bool present;
    unsigned pointer_size;
    const char *cpu; /* "amd64", "x86" */
    const struct avd_rep_frame *frames;
    size_t frame_count;
    const char *end; /* static: "complete", "no_memory" ... */
    const char *end_detail;
    const char *source; /* where the registers came from: "exception context", "thread
                           context", "cpu area", "live (cs 0x23)" */
    /* registers of frame 0, in display order */
    const char *const *reg_names;
    const uint64_t *reg_values;
    size_t reg_count;
    bool volatile_stale; /* x86: eax, ecx and edx may be older than the others */
};

struct avd_rep_thread {
    uint32_t id;
    const char *name;
    uint64_t teb;
    bool has_last_error;
    uint32_t last_error;
    const char *last_error_name;
    uint32_t suspend_count;
    bool exited;
    struct avd_rep_stack stack;  /* the main one: 32-bit for a WOW64 thread that has it */
    struct avd_rep_stack native; /* present only for WOW64: the 64-bit stack */
    /* WOW64 only */
    bool wow64;
    uint64_t teb32;
    const char *teb32_route; /* what led to it; "" when nothing did */
    uint64_t cpu_area;
    const char *cpu_area_route;   /* the same */
    const char *context32_source; /* "cpu area", "live (cs 0x23)", ...; or why there is none */
};

/* A place where symbols were looked for. */
struct avd_rep_attempt {
    const char *place, *result;
    bool found;
};

struct avd_rep_module {
    uint64_t base, end; /* end exclusive */
    const char *file;   /* leaf */
    const char *path;
    const char *display_name; /* WinDbg's: leaf without extension, _base added when needed */
    const char *version;      /* "6.1.7601.19135"; NULL */
    const char *debug_file;   /* leaf of the PDB, NULL */
    const char *debug_id;     /* "5A9832E5287241C1838ED98914E9B7FF1"; NULL */
    const char *code_id;      /* lower case, "4549514c16000"; NULL */
    uint32_t timestamp, checksum;
    const char *machine; /* "x86", "amd64" ... as its headers say; NULL when not known */
    bool on_stack;       /* some frame lies in it */
    bool duplicate;
    bool from_loader_list;
    const char *overlaps; /* name of a module it overlaps with; NULL */
    /* Symbols; all empty for modules that are on no stack, which are not looked up. */
    bool symbols_loaded;       /* a symbol file was read; export tables are none */
    const char *symbol_source; /* static: "pdb", "breakpad", "coff", "exports"; NULL */
    const char *symbol_path;   /* the file loaded; NULL */
    bool symbol_mismatched;    /* loaded although its identifier differs */
    const struct avd_rep_attempt *attempts;
    size_t attempt_count;
};

struct avd_rep_unloaded {
    uint64_t base, end;
    const char *file;
    const char *code_id;
};

struct avd_rep_handle {
    uint64_t handle;
    const char *type_name, *object_name;
    uint32_t granted_access, handle_count, pointer_count;
};

struct avd_rep_parameter {
    uint64_t value;
    const char *meaning;
};

/* A record that another one points to. */
struct avd_rep_nested {
    uint64_t at, address;
    uint32_t code, flags;
    const char *name; /* NULL when the code is not known */
};

/* An exception found on a thread's stack. */
struct avd_rep_found {
    size_t thread;
    uint32_t code, flags;
    const char *name; /* NULL when the code is not known */
    uint64_t address;
    const char *address_module; /* leaf name, NULL */
    uint64_t address_offset;
    uint64_t record, context; /* addresses in the process */
    const char *state;        /* static: "unhandled", "handling", "unwinding", "leftover" */
    const char *evidence;
    bool is_exception; /* it is the one that the report is about */
};

struct avd_rep_exception {
    bool present;
    const char *origin;   /* "exception stream", "stack" */
    const char *source;   /* static: "stream", "recovered" */
    const char *evidence; /* where record or registers were found; NULL: in the stream */
    const struct avd_rep_nested *nested;
    size_t nested_count;
    uint32_t code;
    const char *name; /* NULL when the code is not known */
    const char *meaning;
    const char *type; /* crash_info.type */
    uint32_t flags;
    bool noncontinuable;
    bool was_sent; /* a signal that a program sent: `address` is none, and not shown */
    uint64_t address;
    const char *address_module; /* leaf name, NULL */
    uint64_t address_offset;
    uint64_t nested_record;
    const struct avd_rep_parameter *parameters;
    size_t parameter_count;
    uint64_t crash_address; /* the data address for data faults, else the instruction */
    const char *access;     /* "read", "write", "execute"; "" */
    uint32_t thread_id;
    size_t thread; /* index into threads, or AVD_NO_INDEX */
};

struct avd_rep_access {
    uint64_t address;
    unsigned size;    /* bytes; 0: not known */
    const char *type; /* static: "read", "write", "readwrite"; NULL */
    bool guard_page;  /* likely */
};

struct avd_rep_bit_flip {
    uint64_t address;
    const char *source_register; /* NULL: the address itself */
    bool was_non_canonical, is_null, was_low, poison_registers;
    unsigned nearby_registers;
    double confidence;
};

/* The instruction at the exception, and what follows from it: crash_info of rust-minidump. */
struct avd_rep_instruction {
    bool tried; /* there were registers to start from */
    unsigned pointer_size;
    const char *text; /* "mov eax, dword ptr [rcx+0x10]"; NULL: not decoded */
    const char *why_not;
    const char *operands; /* "rcx = 0"; NULL: no registers to show */
    bool has_accesses;
    const struct avd_rep_access *accesses;
    size_t access_count;
    bool has_pointer_update, pointer_update_guard_page;
    uint64_t pointer_update;
    const char *adjusted_kind; /* static: "non-canonical", "misaligned", "null-pointer"; NULL */
    uint64_t adjusted_value;   /* the real address; of a null pointer the offset */
    const char *adjusted_text; /* the same in words; NULL where the reported address says it */
    const struct avd_rep_bit_flip *flips;
    size_t flip_count;
    const char *const *inconsistencies; /* static words */
    size_t inconsistency_count;
};

struct avd_rep_skipped {
    size_t frame;
    const char *why; /* goes on after the frame's name */
};

/* Frames are those of the crashing thread's stack. */
struct avd_rep_followup {
    bool found;
    const char *why_not;
    bool native; /* of its 64-bit stack, where it has both */
    size_t frame;
    const char *place; /* "module!function", "module+0x12"; NULL: in no module */
    const char *owner, *reason;
    const struct avd_rep_skipped *skipped;
    size_t skipped_count;
};

struct avd_rep_bucket {
    const char *why_not; /* all others are NULL then */
    const char *problem_class, *id, *hash_string, *hash, *legacy_id, *legacy_hash;
};

struct avd_rep_signature {
    const char *why_not; /* all others are NULL then */
    const char *id, *text, *cut, *socorro;
    size_t frame_count, named_count;
};

/* A parameter of a finding: what it is and its value, in words. */
struct avd_rep_named {
    const char *name, *value;
};

struct avd_rep_finding {
    const char *id, *title, *pattern, *reference;
    int severity; /* enum avd_severity */
    const char *severity_name;
    const char *confidence; /* static: "low", "medium", "high" */
    const char *summary;
    const char *explanation; /* may be "" */
    const char *const *tags;
    size_t tag_count;
    const char *const *references;
    size_t reference_count;
    const struct avd_rep_named *parameters;
    size_t parameter_count;
    const char *const *evidence;
    size_t evidence_count;
    const char *const *advice;
    size_t advice_count;
};

struct avd_rep_undecided {
    const char *id, *title, *fact, *reason;
};

struct avd_rep_wow64 {
    bool present;
    const char *evidence;  /* why it is believed: one line */
    uint64_t peb64, peb32; /* 0 when not known */
    size_t threads_with_context32;
};

struct avd_rep_annotation {
    const char *module, *key, *value;
};

struct avd_rep_assertion {
    bool present;
    const char *expression, *function, *file;
    uint32_t line;
};

struct avd_rep_fact {
    const char *name, *value; /* value as shown; for unknown ones the reason */
    bool known;
};

struct avd_report {
    struct avd_arena arena;
    /* The verdict in three lines: what happened, where, in which thread. Never NULL. */
    const char *what, *where, *who;
    const char *blamed; /* a fourth line, when another frame than the first is blamed; or NULL */
    struct avd_rep_dump dump;
    struct avd_rep_system system;
    struct avd_rep_linux linux_info;
    struct avd_rep_process process;
    struct avd_rep_exception exception;
    struct avd_rep_instruction instruction;
    struct avd_rep_followup followup;
    struct avd_rep_bucket bucket;
    struct avd_rep_signature signature;
    size_t crashing_thread; /* index of the thread the report is about, or AVD_NO_INDEX */
    /* That thread with the stack from a context found on it, where threads[] shows how it handles
     * the exception; NULL: as in threads[]. */
    const struct avd_rep_thread *crashed;
    const struct avd_rep_found *found; /* exceptions on stacks */
    size_t found_count;
    size_t requesting_thread; /* index shown first when nothing crashed; or AVD_NO_INDEX */
    const struct avd_rep_thread *threads;
    size_t thread_count;
    size_t main_module; /* index, or AVD_NO_INDEX */
    const struct avd_rep_module *modules;
    size_t module_count;
    const struct avd_rep_unloaded *unloaded;
    size_t unloaded_count;
    bool has_handles;
    const struct avd_rep_handle *handles;
    size_t handle_count;
    const struct avd_rep_annotation *annotations;
    size_t annotation_count;
    struct avd_rep_assertion assertion;
    struct avd_rep_wow64 wow64;
    struct avd_rep_verifier verifier;
    struct avd_rep_map map; /* of the address space; HTML draws it */
    const struct avd_rep_finding *findings;
    size_t finding_count;
    const struct avd_rep_undecided *undecided;
    size_t undecided_count;
    const struct avd_rep_fact *facts;
    size_t fact_count;
    const struct avd_note *notes;
    size_t note_count;
    size_t notes_dropped;
};

/* The stack in which the followup's frames are counted, and the frame that is blamed; NULL when
 * there is none (blame_frame.c). */
const struct avd_rep_stack *avd_rep_followup_stack(const struct avd_report *report);
const struct avd_rep_frame *avd_rep_followup_frame(const struct avd_report *report);

struct avd_dump;
struct avd_analysis;
struct avd_rule_results;
struct avd_write_options;

/* Fills a report from an analysis (build.c). AVD_E_NOMEM only; the caller frees *out. */
enum avd_status avd_report_build(const struct avd_analysis *analysis,
                                 const struct avd_rule_results *results, struct avd_report **out,
                                 struct avd_error *err);
/* The part of a report that `avdump info` shows, from the dump alone. */
enum avd_status avd_report_build_info(const struct avd_dump *dump, struct avd_report **out,
                                      struct avd_error *err);

/* A renderer writes the whole report into `out`. */
struct avd_renderer {
    const char *name;
    const char *mime;
    void (*render)(const struct avd_report *report, const struct avd_write_options *options,
                   struct avd_strbuf *out);
    /* The same for `avdump info`: what the dump holds, without an analysis. Only dump, system,
     * process, exception (raw), thread and module lists without stacks are filled. */
    void (*render_info)(const struct avd_report *report, const struct avd_write_options *options,
                        struct avd_strbuf *out);
    /* What became of the symbols of the modules on stacks; with `needed_only` those without. */
    void (*render_symbols)(const struct avd_report *report, bool needed_only,
                           const struct avd_write_options *options, struct avd_strbuf *out);
    void (*render_error)(const struct avd_error *error, const char *file,
                         const struct avd_write_options *options, struct avd_strbuf *out);
};
extern const struct avd_renderer avd_render_text; /* text.c ... */
extern const struct avd_renderer avd_render_json; /* json.c ... */
extern const struct avd_renderer avd_render_html; /* html.c ... */

#endif
