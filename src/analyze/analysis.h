/* SPDX-License-Identifier: MIT */
/*
 * The analysis of one dump: the modules with their images, every thread's stacks with names, the
 * exception in words, facts, and what the rules made of them.
 */
#ifndef AVD_ANALYZE_ANALYSIS_H
#define AVD_ANALYZE_ANALYSIS_H

#include "analyze/exception_words.h"
#include "analyze/facts.h"
#include "minidump/dump.h"
#include "pe/image.h"
#include "stack/candidates.h"
#include "stack/walk.h"
#include "symbols/symbolizer.h"
#include "wow64/wow64.h"

/* A module and what became known of it. */
struct avd_an_module {
    const struct avd_module *module;
    const char *display_name; /* WinDbg's */
    const char *stem;         /* file name without its ending; NULL until asked for */
    const struct avd_an_module *overlaps;
    int image_state;         /* 0 not tried, 1 there, -1 not to be had */
    struct avd_image *image; /* from dump memory */
    int file_state;          /* the same for --images */
    struct avd_image *file;
    const char *file_path;
    bool on_stack;
};

struct avd_an_stack {
    bool present;
    const struct avd_cpu_ops *cpu;
    struct avd_stack stack;
    struct avd_symbol *symbols; /* one per frame */
    const char *source;         /* where its registers came from */
    bool start_found;           /* frame 0 is a return address that was looked for */
    bool volatile_stale;        /* x86: eax, ecx and edx may be older than the other registers */
    struct avd_regs regs;       /* of frame 0 */
    bool has_eflags;
    uint32_t eflags;
    uint64_t low, high; /* the stack's bounds, 0 when not known */
};

struct avd_an_thread {
    const struct avd_thread *thread;
    bool wow64;
    struct avd_wow64_thread wow;
    struct avd_an_stack native; /* the CPU of the dump */
    struct avd_an_stack x86;    /* WOW64's 32-bit half */
    bool has_last_error;
    uint32_t last_error;
};

/* An EXCEPTION_RECORD that another one points to. */
struct avd_nested_record {
    uint64_t at; /* address in the process */
    uint32_t code, flags;
    uint64_t address;
};

struct avd_found_exception; /* analyze/recover.h */
struct avd_verifier;
struct avd_thread_state;

struct avd_analysis {
    struct avd_arena arena;
    const struct avd_dump *dump;
    unsigned max_frames;
    size_t frame_count;                   /* of all stacks so far */
    size_t frame_ceiling;                 /* of all stacks; over it they are cut short */
    size_t code_budget;                   /* struct avd_walk's, over all stacks */
    struct avd_candidates candidates;     /* the same */
    struct avd_stack_range *whole_stacks; /* saved up to their base, by address (threads.c) */
    size_t whole_stack_count;
    const char *const *image_dirs;
    size_t image_dir_count;
    struct avd_store *store; /* where symbols come from; NULL: only the dump */
    bool symbols_loose;

    struct avd_an_module *modules; /* the stream's, then those of the loader list */
    size_t module_count;
    uint32_t *by_base; /* as struct avd_dump has it, over all of them */
    size_t by_base_count;
    struct avd_symbolizer *symbolizer;

    struct avd_wow64 wow64;
    struct avd_an_thread *threads;
    size_t thread_count;
    size_t crashing_thread; /* index or AVD_NO_MODULE */
    size_t first_thread;    /* index of the thread shown first without a crash */

    /* The exception that the report is about: the stored one, or one found on a stack. */
    bool has_exception;
    struct avd_exception exception;
    struct avd_exception_words words;
    bool exception_is_32bit;
    struct avd_crash_instruction *instruction; /* analyze/instruction.h; NULL: none to look at */
    struct avd_blame *blame;                   /* analyze/followup.h; NULL only without memory */
    const struct avd_triage *triage;           /* the user's; NULL: the shipped entries alone */
    bool exception_recovered;                  /* not from the stream */
    const char *exception_evidence; /* where it, or its registers, were found; NULL: the stream */
    const char *stored_doubt;       /* why the stored one may be none; NULL: it is sane */
    struct avd_an_stack fault;      /* its thread's stack from a context found on the stack, while
                                       the thread's own stacks show the handler */
    const struct avd_nested_record *nested;
    size_t nested_count;
    struct avd_found_exception *found; /* on stacks, the one above among them */
    size_t found_count;
    size_t chosen; /* index of the one above, or AVD_NO_MODULE */

    const struct avd_thread_state *states; /* analyze/thread_state.h; NULL until asked for */
    struct avd_verifier *verifier;         /* analyze/verifier.h; NULL only when out of memory */

    struct avd_facts facts;
    struct avd_notes notes; /* the dump's notes are not repeated here */
};

struct avd_analyze_options;

/* AVD_E_NOMEM or AVD_E_ARG. The dump must outlive the analysis. */
enum avd_status avd_analysis_run(const struct avd_dump *dump,
                                 const struct avd_analyze_options *options,
                                 struct avd_analysis **out, struct avd_error *err);
void avd_analysis_free(struct avd_analysis *analysis);

/* Index into analysis->modules, or AVD_NO_MODULE. */
size_t avd_analysis_module_at(const struct avd_analysis *analysis, uint64_t addr);
/* The module's image from dump memory, else from a file; NULL when neither is to be had. */
const struct avd_image *avd_analysis_image(struct avd_analysis *an, size_t index);
enum avd_os avd_analysis_os(const struct avd_dump *dump);
/* The stack a reader should see first: the 32-bit one of a WOW64 thread that has it. */
const struct avd_an_stack *avd_an_main_stack(const struct avd_an_thread *thread);

/* A detector publishes the facts it declares in facts_doc.c. */
struct avd_detector {
    const char *name;
    const char *doc;
    void (*run)(struct avd_analysis *analysis);
};
extern const struct avd_detector *const avd_detectors[]; /* ended by NULL */

/* ---- symbol_places.c ---- */

/* Opens analysis->store. Fails as avd_store_new does. */
enum avd_status avd_analysis_open_store(struct avd_analysis *analysis,
                                        const struct avd_symbol_options *from,
                                        struct avd_error *err);

#endif
