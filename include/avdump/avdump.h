/* SPDX-License-Identifier: MIT */
/*
 * avdump: why did this Windows process die?
 *
 * The public interface of libavdump. A program opens a minidump, analyzes it and writes the
 * report:
 *
 *     struct avd_error err;
 *     struct avd_dump *dump = NULL;
 *     struct avd_report *report = NULL;
 *     if (avd_dump_open("crash.dmp", NULL, &dump, &err) == AVD_OK &&
 *         avd_analyze(dump, NULL, NULL, &report, &err) == AVD_OK)
 *         avd_report_write(report, AVD_FORMAT_TEXT, NULL, write_to_stdout, NULL, &err);
 *     avd_report_free(report);
 *     avd_dump_close(dump);
 *
 * Ownership. Opaque handles come from `_open`, `_load` and `_analyze` and go to `_close` or
 * `_free`, which accept NULL. What is returned as `const ... *` belongs to its handle and dies
 * with it. Strings are UTF-8. A report copies what it needs, so its dump may be closed first. A
 * dump is immutable after it was opened, so threads may share it. The library never prints, never
 * exits and never reads the environment.
 *
 * Damage inside a dump is not an error: it becomes a note in the report and costs that part only.
 */
#ifndef AVDUMP_AVDUMP_H
#define AVDUMP_AVDUMP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an operation came to. */
enum avd_status {
    AVD_OK = 0,
    AVD_NOT_FOUND,     /* an answer, not a failure */
    AVD_E_ARG,         /* the caller passed something that cannot be */
    AVD_E_NOMEM,       /* out of memory */
    AVD_E_IO,          /* a file could not be opened, read or written */
    AVD_E_FORMAT,      /* the file is not what it should be */
    AVD_E_LIMIT,       /* a documented ceiling was reached */
    AVD_E_UNSUPPORTED, /* recognised by name, but not a minidump of a process */
    AVD_E_RULE         /* a rule file is wrong */
};

/*
 * Where and why an operation failed. The caller's own, usually on the stack; every function
 * accepts NULL in its place. Set only on failure.
 */
struct avd_error {
    enum avd_status code;
    uint64_t offset; /* bytes from the start of the file, 0 when it does not apply */
    unsigned line;   /* rule files: 1-based line and column, otherwise 0 */
    unsigned column;
    char where[160];   /* the part concerned: "header", "rules/heap.yaml", ... */
    char message[256]; /* one line, lower case, no full stop, no newline */
};

struct avd_dump;
struct avd_rules;
struct avd_report;

/* "1.2.3" */
const char *avd_version(void);

/* ---- dumps ------------------------------------------------------------------------------- */

struct avd_open_options {
    /* Ceiling for the size of a decompressed dump in bytes; 0 means the default of 64 GiB. */
    uint64_t max_unpacked_size;
};

/*
 * Opens the minidump at `utf8_path`; "-" reads standard input. A gzip-compressed dump is
 * decompressed. `options` may be NULL.
 *
 * Fails with AVD_E_IO (cannot be read), AVD_E_FORMAT (no minidump), AVD_E_UNSUPPORTED (a kernel
 * dump, a microdump, an ELF core, an archive ...: the message names it and says what to do),
 * AVD_E_LIMIT or AVD_E_NOMEM.
 */
enum avd_status avd_dump_open(const char *utf8_path, const struct avd_open_options *options,
                              struct avd_dump **out, struct avd_error *err);

/* The same for bytes in memory, which must outlive the dump. `name` is what messages call it. */
enum avd_status avd_dump_open_memory(const void *data, size_t size, const char *name,
                                     struct avd_dump **out, struct avd_error *err);

void avd_dump_close(struct avd_dump *dump);

size_t avd_dump_thread_count(const struct avd_dump *dump);
size_t avd_dump_module_count(const struct avd_dump *dump);
size_t avd_dump_stream_count(const struct avd_dump *dump);

/*
 * Reads up to `size` bytes of the process's memory at `addr`. Returns how many bytes are there:
 * fewer than `size` when the dump does not hold the rest.
 */
size_t avd_dump_read(const struct avd_dump *dump, uint64_t addr, void *buffer, size_t size);

/* ---- rules ------------------------------------------------------------------------------- */

/*
 * Loads every *.yaml of a directory, in the order of their names. A rule whose id is one of the
 * shipped rules replaces that rule. A rule with a mistake in it is left out and the others count:
 * ask avd_rules_problem_count afterwards. Fails with AVD_E_IO or AVD_E_RULE when the directory
 * cannot be read or holds no *.yaml.
 */
enum avd_status avd_rules_load(const char *directory, struct avd_rules **out,
                               struct avd_error *err);
/* What was wrong in the files; number `index` goes to *err with file, line and column. */
size_t avd_rules_problem_count(const struct avd_rules *rules);
void avd_rules_problem(const struct avd_rules *rules, size_t index, struct avd_error *err);
/* Whether the identifier of one of them (NULL: of the shipped rules) fits `pattern`, in which `*`
 * and `?` have their usual meaning: 1 or 0. */
int avd_rules_have(const struct avd_rules *rules, const char *pattern);
void avd_rules_free(struct avd_rules *rules);

/* ---- analysis ---------------------------------------------------------------------------- */

/*
 * Where symbols (PDB, Breakpad .sym) and images come from. Only modules that appear on stacks are
 * looked up, and nothing is fetched from a server unless one is named here. What is found is
 * verified against the dump before it is used. The strings are those of the environment variables
 * of the same names, in WinDbg's grammar; the library does not read them itself.
 */
struct avd_symbol_folders;
struct avd_symbol_options {
    const char *const *paths; /* files and folders, in the order of search */
    size_t path_count;
    const char *symbol_path;     /* _NT_SYMBOL_PATH, or NULL */
    const char *alt_symbol_path; /* _NT_ALT_SYMBOL_PATH, searched before it */
    const char *image_path;      /* _NT_EXECUTABLE_IMAGE_PATH */
    const char *cache_dir;       /* where `cache*` and `srv**` keep files; NULL: nowhere */
    const char *const *maps;     /* "OLD=NEW": prefixes of recorded paths replaced */
    size_t map_count;
    int beside_dump;            /* look into the dump's own folder too */
    int offline;                /* never ask a server */
    const char *proxy;          /* "host:port" or a URL; NULL: none */
    int environment_proxy;      /* without `proxy`: http_proxy, https_proxy ... count */
    int loose;                  /* take symbols whose identifier differs, and say so */
    unsigned timeout_seconds;   /* per request to a server; 0: 30 */
    uint64_t max_download_size; /* bytes; 0: 4 GiB */
    uint64_t now;               /* seconds since 1970: what a server does not have is kept in
                                 * the cache and not asked for again for a day; 0: it is not */
    struct avd_symbol_folders *folders; /* what the folders of `paths` hold; NULL: listed anew */
};

/*
 * Lists the folders of options->paths and what is below them, for several analyses one after the
 * other: with the lists in options->folders, none of them reads the folders again. What is added to
 * the folders later is not seen. AVD_E_ARG for a path that is not there, AVD_E_NOMEM.
 */
enum avd_status avd_symbol_folders_new(const struct avd_symbol_options *options,
                                       struct avd_symbol_folders **out, struct avd_error *err);
/* After the analyses. NULL is allowed. */
void avd_symbol_folders_free(struct avd_symbol_folders *folders);

/*
 * Loads a triage file: whose frames are whose (docs/buckets.md). Its entries come before the
 * shipped ones when a frame is blamed. Fails with AVD_E_IO, AVD_E_RULE (line and column in `err`),
 * AVD_E_LIMIT or AVD_E_NOMEM.
 */
struct avd_triage;
enum avd_status avd_triage_load(const char *path, struct avd_triage **out, struct avd_error *err);
void avd_triage_free(struct avd_triage *triage);

struct avd_analyze_options {
    /* Directories with image files (.exe, .dll), searched by name, accepted only when
     * TimeDateStamp and SizeOfImage agree with the dump. AVD_E_ARG when one is not there. */
    const char *const *image_dirs;
    size_t image_dir_count;
    /* Frames per stack at most; 0 means the default of 10000. */
    unsigned max_frames;
    /* NULL: names come from export tables only. */
    const struct avd_symbol_options *symbols;
    /* NULL: the shipped triage entries alone. */
    const struct avd_triage *triage;
};

/* How bad a finding is; ordered. */
enum avd_severity { AVD_SEVERITY_INFO = 0, AVD_SEVERITY_WARNING, AVD_SEVERITY_ERROR };

/*
 * Walks all stacks, decodes the exception and evaluates the rules. `rules` may be NULL: then the
 * shipped rules alone are used. `options` may be NULL.
 */
enum avd_status avd_analyze(const struct avd_dump *dump, const struct avd_rules *rules,
                            const struct avd_analyze_options *options, struct avd_report **out,
                            struct avd_error *err);
void avd_report_free(struct avd_report *report);

size_t avd_report_finding_count(const struct avd_report *report);
/* Number `index` of the findings, the worst first; NULL or AVD_SEVERITY_INFO out of range. */
const char *avd_report_finding_id(const struct avd_report *report, size_t index);
enum avd_severity avd_report_finding_severity(const struct avd_report *report, size_t index);
/* What its rule is about, the same for every dump; NULL out of range. */
const char *avd_report_finding_title(const struct avd_report *report, size_t index);
/* What it says of this one, in one line; NULL out of range. */
const char *avd_report_finding_summary(const struct avd_report *report, size_t index);
/* Piece number `piece` of its advice; NULL past the last. */
const char *avd_report_finding_advice(const struct avd_report *report, size_t index, size_t piece);

/* Single texts of a report, for whoever gathers many. UTF-8, untrusted. */
enum avd_report_field {
    AVD_REPORT_WHAT = 0, /* the verdict: what happened, where, in which thread */
    AVD_REPORT_WHERE,
    AVD_REPORT_WHO,
    AVD_REPORT_PROCESS,   /* file name of the program */
    AVD_REPORT_VERSION,   /* its file version */
    AVD_REPORT_SIGNATURE, /* avdump's own signature of the crash's stack */
    AVD_REPORT_BUCKET,    /* in the style of WinDbg's FAILURE_BUCKET_ID */
    AVD_REPORT_FOLLOWUP,  /* "module!function" of the frame to look at */
    AVD_REPORT_OS,        /* "Windows NT", "Linux" ... */
    AVD_REPORT_OS_VERSION,
    AVD_REPORT_CPU /* "x86", "amd64" ... */
};
/* NULL when it is not known. */
const char *avd_report_text(const struct avd_report *report, enum avd_report_field field);
/* Whether there is an exception; a dump of a process that hangs has none. */
int avd_report_crashed(const struct avd_report *report);
/* When the dump was written, unix seconds; 0 when it does not say. */
uint32_t avd_report_time(const struct avd_report *report);

/* HTML is for reports and info: one file that needs nothing else. What is said below to be written
 * as text or JSON is text then. */
enum avd_format { AVD_FORMAT_TEXT = 0, AVD_FORMAT_JSON, AVD_FORMAT_HTML };

struct avd_write_options {
    int color;        /* text: ANSI colours */
    int native_first; /* text, HTML: for WOW64 show the 64-bit stack first */
    int both_stacks;  /* text: for WOW64 show both stacks of every thread shown in full, not only
                       * of the important one */
    int all_threads;  /* text: every thread's stack, not only the important one */
    int verbose;      /* text: all modules, registers, notes */
    int compact;      /* JSON: one line */
    int redact;       /* leave out names of users in paths, comments, and annotations that may say
                       * who somebody is; addresses are kept */
};

/* Receives `size` bytes; returns 0, or anything else to stop with AVD_E_IO. */
typedef int avd_write_fn(void *ctx, const char *bytes, size_t size);

/* Writes the report. `options` may be NULL. */
enum avd_status avd_report_write(const struct avd_report *report, enum avd_format format,
                                 const struct avd_write_options *options, avd_write_fn *write,
                                 void *ctx, struct avd_error *err);

/* Writes the stack that the report is about, a line per frame, at most `max_frames`. */
enum avd_status avd_report_stack_write(const struct avd_report *report, unsigned max_frames,
                                       const struct avd_write_options *options, avd_write_fn *write,
                                       void *ctx, struct avd_error *err);

/* Writes what the dump holds, without analysis: streams, system, counts. */
enum avd_status avd_info_write(const struct avd_dump *dump, enum avd_format format,
                               const struct avd_write_options *options, avd_write_fn *write,
                               void *ctx, struct avd_error *err);

/*
 * Writes what became of the symbols of every module on a stack: what was loaded from where, or
 * every place tried with the reason. With `needed_only` only the modules whose symbols are
 * missing: in text one line "name.pdb ID" each, ID being GUID and age as symbol servers want them.
 */
enum avd_status avd_symbols_write(const struct avd_report *report, enum avd_format format,
                                  int needed_only, const struct avd_write_options *options,
                                  avd_write_fn *write, void *ctx, struct avd_error *err);

/* ---- writing rules ----------------------------------------------------------------------- */

/*
 * What somebody who writes rules asks for, as text or JSON; `options` may be NULL, `rules` NULL
 * means the shipped ones. All of them: AVD_E_IO when `write` fails, AVD_E_NOMEM.
 */

/* A line for each rule: id, severity, title, file. */
enum avd_status avd_rules_list_write(const struct avd_rules *rules, enum avd_format format,
                                     const struct avd_write_options *options, avd_write_fn *write,
                                     void *ctx, struct avd_error *err);
/* One rule in full; AVD_NOT_FOUND when no rule has that id. "verifier:0x13", "verifier:NAME" and
 * "NAME" stand for stops of Application Verifier (all of that name). */
enum avd_status avd_rules_show_write(const struct avd_rules *rules, const char *id,
                                     enum avd_format format,
                                     const struct avd_write_options *options, avd_write_fn *write,
                                     void *ctx, struct avd_error *err);
/* A line for each stop of Application Verifier that avdump knows, or those of one layer
 * ("Handles"): code, layer, severity, name. AVD_NOT_FOUND when there is no such layer. */
enum avd_status avd_verifier_stops_write(const char *layer, enum avd_format format,
                                         const struct avd_write_options *options,
                                         avd_write_fn *write, void *ctx, struct avd_error *err);
/* All mistakes in *.yaml files and folders of them; *problem_count is how many. */
enum avd_status avd_rules_check_write(const char *const *paths, size_t path_count,
                                      size_t *problem_count, enum avd_format format,
                                      const struct avd_write_options *options, avd_write_fn *write,
                                      void *ctx, struct avd_error *err);
/* Runs the tests that stand in rule files. *failed_count counts mistakes in the files too. */
enum avd_status avd_rules_test_write(const char *const *paths, size_t path_count,
                                     const struct avd_analyze_options *analyze,
                                     size_t *failed_count, enum avd_format format,
                                     const struct avd_write_options *options, avd_write_fn *write,
                                     void *ctx, struct avd_error *err);
/* Every condition of a rule on a dump: its result, the value it looked at, or why there is none.
 * *found is 1 when the rule holds. AVD_NOT_FOUND when no rule has that id. */
enum avd_status avd_rules_explain_write(const struct avd_rules *rules, const char *id,
                                        const struct avd_dump *dump,
                                        const struct avd_analyze_options *analyze, int *found,
                                        enum avd_format format,
                                        const struct avd_write_options *options,
                                        avd_write_fn *write, void *ctx, struct avd_error *err);
/* Everything that rules can see of a dump. */
enum avd_status avd_facts_write(const struct avd_dump *dump,
                                const struct avd_analyze_options *analyze, enum avd_format format,
                                const struct avd_write_options *options, avd_write_fn *write,
                                void *ctx, struct avd_error *err);
/* What facts there can be: names, types, meanings. */
enum avd_status avd_fact_docs_write(enum avd_format format, const struct avd_write_options *options,
                                    avd_write_fn *write, void *ctx, struct avd_error *err);

/* ---- looking inside ---------------------------------------------------------------------- */

enum avd_inspect_what {
    AVD_INSPECT_STACK = 0, /* WinDbg's k; with write_options.all_threads ~*k */
    AVD_INSPECT_THREADS,
    AVD_INSPECT_MODULES,
    AVD_INSPECT_HANDLES,
    AVD_INSPECT_MAP,      /* which memory there was, and what of it the dump holds */
    AVD_INSPECT_MEMORY,   /* values at `place`: db, dd, dq, dp, da, du */
    AVD_INSPECT_POINTERS, /* pointers at `place` with names: dps */
    AVD_INSPECT_NEAREST,  /* the symbols around `place`: ln */
    AVD_INSPECT_STRINGS,  /* printable text, ASCII and UTF-16 */
    AVD_INSPECT_FIND      /* where `pattern` occurs */
};

/* How memory is shown, or what a pattern is. */
enum avd_inspect_form {
    AVD_FORM_AUTO = 0, /* memory: bytes; pattern: what it looks like */
    AVD_FORM_BYTES,
    AVD_FORM_DWORDS,
    AVD_FORM_QWORDS,
    AVD_FORM_POINTERS,
    AVD_FORM_ASCII,
    AVD_FORM_UTF16
};

struct avd_inspect_query {
    enum avd_inspect_what what;
    /* "0012d98c", "0x7ff6`1000", "@rsp+8", "ntdll", "ntdll+0x12", "ntdll!NtClose+4" */
    const char *place;
    /* "4d 5a ?? 00"; text, looked for as ASCII and as UTF-16; or a pointer as a place */
    const char *pattern;
    enum avd_inspect_form form;
    uint64_t count;      /* values, strings or hits at most; 0: 128 bytes or so, or all */
    unsigned min_length; /* of strings, in characters; 0: 6 */
    const char *thread;  /* whose stack and registers: "0" counted, "0x2fe4" by its id; NULL: the
                          * thread that crashed, else the one that the report shows */
};

/*
 * Writes what a reader of a dump asks for next, as text in WinDbg's columns or as JSON.
 * write_options.native_first chooses the 64-bit stack and registers of WOW64. What the dump does
 * not hold is written as "??" (JSON: null). Large answers arrive in pieces.
 *
 * Fails with AVD_E_ARG (a place or pattern that cannot be read), AVD_NOT_FOUND (no such thread,
 * module or symbol), AVD_E_IO, AVD_E_LIMIT or AVD_E_NOMEM.
 */
enum avd_status avd_inspect_write(const struct avd_dump *dump,
                                  const struct avd_analyze_options *analyze,
                                  const struct avd_inspect_query *query, enum avd_format format,
                                  const struct avd_write_options *options, avd_write_fn *write,
                                  void *ctx, struct avd_error *err);

/* ---- one dump out of another ------------------------------------------------------------- */

enum avd_extract_what {
    AVD_EXTRACT_WOW64 = 0, /* the 32-bit half of a 64-bit dump of a 32-bit process, as the x86 dump
                            * that a 32-bit writer would have made of it */
    AVD_EXTRACT_SLIM       /* of the dump's memory only what its analysis reads */
};

struct avd_extract_options {
    enum avd_extract_what what;
    /* How the dump is analyzed for that; NULL: without symbols, with the shipped rules. */
    const struct avd_analyze_options *analyze;
    const struct avd_rules *rules;
    /* Told one line for everything that the new dump has otherwise than one might think, or that
     * was left out, after it was written; may be NULL. */
    void (*note)(void *ctx, const char *text);
    void *note_ctx;
};

/*
 * Writes a new minidump, in pieces: large ones come straight from the dump's file. The same dump
 * gives the same bytes.
 *
 * Fails with AVD_NOT_FOUND when there is nothing to extract (no WOW64 process, none of its 32-bit
 * registers, no memory), AVD_E_UNSUPPORTED (a file whose parts share bytes, so that they are more
 * than it has), AVD_E_ARG, AVD_E_IO when `write` fails, AVD_E_LIMIT or AVD_E_NOMEM. What was
 * written before a failure is no dump.
 */
enum avd_status avd_dump_extract(const struct avd_dump *dump,
                                 const struct avd_extract_options *options, avd_write_fn *write,
                                 void *ctx, struct avd_error *err);

/* Writes an error in the form that a consumer of `format` expects: JSON gives an object. */
enum avd_status avd_error_write(const struct avd_error *error, const char *file,
                                enum avd_format format, const struct avd_write_options *options,
                                avd_write_fn *write, void *ctx);

#ifdef __cplusplus
}
#endif
#endif
