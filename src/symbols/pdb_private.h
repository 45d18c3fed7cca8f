/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the PDB reader share. Formats: LLVM's docs/PDB, microsoft-pdb's cvinfo.h.
 *
 * Two address spaces occur: an address in the image (rva), and section and offset, in which a PDB
 * speaks. They differ by more than the section headers when the image was rearranged after linking
 * (OMAP): then the PDB describes the original layout.
 */
#ifndef AVD_SYMBOLS_PDB_PRIVATE_H
#define AVD_SYMBOLS_PDB_PRIVATE_H

#include "base/limits.h"
#include "symbols/msf.h"
#include "symbols/pdb.h"

/* A stream or a part of one. */
struct avd_pdb_range {
    struct avd_msf_stream stream;
    uint64_t offset;
    uint32_t size;
};

/* A place as a PDB gives it; sections count from 1. */
struct avd_pdb_place {
    uint32_t offset;
    uint16_t section;
};

struct avd_pdb_section {
    uint32_t rva; /* in the original layout */
    uint32_t size;
};

/* Entries of the optional debug header. */
enum avd_pdb_debug_stream {
    AVD_PDB_FPO = 0,
    AVD_PDB_OMAP_TO_SOURCE = 3,   /* image -> original */
    AVD_PDB_OMAP_FROM_SOURCE = 4, /* original -> image */
    AVD_PDB_SECTIONS = 5,
    AVD_PDB_NEW_FPO = 9,
    AVD_PDB_ORIGINAL_SECTIONS = 10,
    AVD_PDB_DEBUG_STREAMS = 11
};

struct avd_pdb_contribution {
    struct avd_pdb_place start;
    uint32_t size;
    uint16_t module;
};

/* S_GPROC32 and its kin, thunks, trampolines, separated code. */
struct avd_pdb_proc {
    struct avd_pdb_place start;
    uint16_t kind;
    uint32_t size;
    uint32_t record; /* offset in the module's stream */
};

/* A DEBUG_S_LINES subsection: the lines of one contribution. */
struct avd_pdb_fragment {
    struct avd_pdb_place start;
    uint32_t size;
    uint32_t data; /* offset in the module's stream, behind the subsection's header */
    uint32_t data_size;
};

/* Where an inlined function is declared. */
struct avd_pdb_inlinee {
    uint32_t id; /* in the IPI stream */
    uint32_t file;
    uint32_t line;
};

/* A module and, once somebody asked for it, indexes of its stream; each is heap memory. */
struct avd_pdb_module {
    struct avd_msf_stream stream; /* empty: no symbols */
    uint32_t symbol_size;         /* with the signature in front */
    uint32_t line_offset;         /* of the C13 subsections */
    uint32_t line_size;
    uint32_t checksums; /* offset of the file checksums; 0: none */
    uint32_t checksums_size;
    struct avd_pdb_proc *procs;
    struct avd_pdb_fragment *fragments;
    struct avd_pdb_inlinee *inlinees;
    uint32_t proc_count, fragment_count, inlinee_count;
    bool has_procs, has_lines;
};

struct avd_pdb_info {
    struct avd_msf_stream names; /* the string table "/names" */
    bool has_names, names_opened;
    uint32_t names_stream;
    uint32_t names_size; /* bytes of text */
};

/* Type records of the TPI or the IPI stream. */
struct avd_pdb_types {
    struct avd_msf_stream stream;
    struct avd_msf_stream index_stream;
    uint32_t begin, end; /* type indexes */
    uint32_t records, records_end;
    uint32_t index, index_count; /* of {type index, offset} in index_stream */
    bool opened;
};

/* The name of an inlined function, by its id; a hash table. */
struct avd_pdb_function_name {
    uint32_t id;
    bool used;
    const char *name; /* NULL: not known */
};

/* Strings and arrays handed out, each kept once; a hash table of blobs. */
struct avd_pdb_blob {
    const void *bytes;
    size_t size;
};

struct avd_pdb {
    struct avd_arena arena;
    struct avd_file file; /* empty when the bytes are the caller's */
    struct avd_msf msf;
    struct avd_pdb_identity identity;
    struct avd_pdb_info info;
    struct avd_pdb_types tpi, ipi;

    uint16_t debug_streams[AVD_PDB_DEBUG_STREAMS]; /* 0xffff: none */
    struct avd_pdb_section sections[AVD_MAX_SECTIONS];
    uint32_t section_count;
    struct avd_msf_stream omap_to_source, omap_from_source;

    struct avd_pdb_range module_info;
    struct avd_pdb_range contribution_info;
    uint32_t contribution_stride; /* 0: none */
    uint32_t contribution_count;
    bool contributions_checked;                 /* whether they are sorted */
    struct avd_pdb_contribution *contributions; /* sorted by us; NULL: as they lie */
    struct avd_pdb_module *modules;
    uint32_t module_count;
    bool modules_opened;

    struct avd_msf_stream symbol_records; /* of publics */
    struct avd_pdb_range address_map;
    struct avd_pdb_place thunk_table;
    uint32_t publics_stream;
    bool publics_opened;

    struct avd_pdb_blob *blobs;
    size_t blob_count, blob_capacity;

    struct avd_pdb_function_name *function_names;
    size_t function_name_count, function_name_capacity;

    uint8_t *record_buffer; /* for a symbol or type record that lies in pieces */
    uint8_t *text_buffer;   /* for a string that does */
    bool out_of_memory;     /* in the lookup that is going on */
    char damage[256];
};

enum { AVD_PDB_RECORD_BYTES = 65538 };

/*
 * Functions below that return NULL or false for "not known" do so as well when out of memory;
 * then `out_of_memory` is set, which avd_pdb_find and its like clear first and check last.
 */

/* ---- pdb.c --------------------------------------------------------------------------------- */

/* Remembers what is damaged, as long as there is room for the words. */
void avd_pdb_damaged(struct avd_pdb *pdb, const char *format, ...) AVD_PRINTF(2, 3);

/* Heap memory with room for item `count`, perhaps moved; NULL (the old one stays valid) when out of
 * memory. */
void *avd_pdb_grow(void *items, uint32_t count, uint32_t *capacity, size_t size);

/* qsort, unless they are sorted: linkers mostly write them so. `items` may be NULL for none. */
void avd_pdb_sort(void *items, size_t count, size_t size,
                  int (*compare)(const void *, const void *));

/* One copy of these bytes for the life of the PDB; NULL when out of memory. */
const void *avd_pdb_keep(struct avd_pdb *pdb, const void *bytes, size_t size);

/* The text of `size` bytes or up to a NUL: where it lies, when it lies in the file, ends with a NUL
 * and is UTF-8; otherwise a copy. */
const char *avd_pdb_text(struct avd_pdb *pdb, struct avd_view bytes);

/* The text at `offset` of a stream, which ends before `limit`; NULL when it is not there. */
const char *avd_pdb_stream_text(struct avd_pdb *pdb, const struct avd_msf_stream *stream,
                                uint64_t offset, uint64_t limit);

/* ---- pdb_info.c ---------------------------------------------------------------------------- */

enum avd_status avd_pdb_info_open(struct avd_pdb *pdb, struct avd_error *err);
/* The string at `offset` of "/names"; NULL when there is none. */
const char *avd_pdb_name_at(struct avd_pdb *pdb, uint32_t offset);

/* ---- pdb_dbi.c ----------------------------------------------------------------------------- */

enum avd_status avd_pdb_dbi_open(struct avd_pdb *pdb, struct avd_error *err);
/* The contribution that `place` lies in: AVD_NOT_FOUND, AVD_E_NOMEM. */
enum avd_status avd_pdb_contribution_find(struct avd_pdb *pdb, struct avd_pdb_place place,
                                          struct avd_pdb_contribution *out);
/* Module `index`; AVD_NOT_FOUND when there is none, AVD_E_NOMEM. */
enum avd_status avd_pdb_module_get(struct avd_pdb *pdb, uint32_t index,
                                   struct avd_pdb_module **out);

/* ---- pdb_address.c ------------------------------------------------------------------------- */

enum avd_status avd_pdb_address_open(struct avd_pdb *pdb, struct avd_error *err);
/* Image rva -> rva in the original layout; false when nothing of the original is there. */
bool avd_pdb_rva_to_source(struct avd_pdb *pdb, uint64_t rva, uint32_t *original);
bool avd_pdb_place_of(const struct avd_pdb *pdb, uint32_t original, struct avd_pdb_place *out);
/* Where `place` is in the image; false when it was left out, or lies in no section. */
bool avd_pdb_place_to_rva(struct avd_pdb *pdb, struct avd_pdb_place place, uint64_t *rva);
/* < 0, 0, > 0 */
int avd_pdb_place_compare(struct avd_pdb_place a, struct avd_pdb_place b);
/* Whether [start, start + size) holds `place`. */
bool avd_pdb_place_within(struct avd_pdb_place place, struct avd_pdb_place start, uint32_t size);

/* ---- pdb_symbols.c ------------------------------------------------------------------------- */

struct avd_pdb_record {
    uint16_t kind;
    uint32_t offset;      /* of the record in its stream */
    uint32_t next;        /* of the one behind it */
    struct avd_view data; /* behind the kind; valid until another record is read */
};

/* The record at `offset`, which ends before `limit`. */
bool avd_pdb_record_read(struct avd_pdb *pdb, const struct avd_msf_stream *stream, uint64_t offset,
                         uint64_t limit, struct avd_pdb_record *out);
/* The procedure, thunk ... of `module` at `place`: AVD_NOT_FOUND, AVD_E_NOMEM. */
enum avd_status avd_pdb_proc_find(struct avd_pdb *pdb, struct avd_pdb_module *module,
                                  struct avd_pdb_place place, struct avd_pdb_proc *out);
/* The name of `proc`; NULL when it has none. */
const char *avd_pdb_proc_name(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                              const struct avd_pdb_proc *proc);
/* The records inside `proc`: [*first, *last). False when it is no procedure. */
bool avd_pdb_proc_body(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                       const struct avd_pdb_proc *proc, uint32_t *first, uint32_t *last);

/* What a trampoline jumps to, or the function that separated code belongs to; false for all
 * others, which have names of their own. */
bool avd_pdb_proc_other(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                        const struct avd_pdb_proc *proc, struct avd_pdb_place *out);
/* S_FRAMEPROC of `proc`, all but function_rva; false when there is none. */
bool avd_pdb_proc_layout(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                         const struct avd_pdb_proc *proc, struct avd_proc_frame *out);

/* ---- pdb_lines.c --------------------------------------------------------------------------- */

/* Reads where the lines of `module` are: AVD_OK or AVD_E_NOMEM. */
enum avd_status avd_pdb_lines_open(struct avd_pdb *pdb, struct avd_pdb_module *module);
/* File id and line of `place`; false when there is none. */
bool avd_pdb_line_find(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                       struct avd_pdb_place place, uint32_t *file, uint32_t *line);
/* The path of a file id; NULL when not known. */
const char *avd_pdb_file_name(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                              uint32_t file);
/* Where an inlined function is declared; NULL when not known. */
const struct avd_pdb_inlinee *avd_pdb_inlinee_find(const struct avd_pdb_module *module,
                                                   uint32_t id);

/* ---- pdb_inlines.c ------------------------------------------------------------------------- */

/* The calls inlined into `proc` at `place`, innermost first: AVD_OK or AVD_E_NOMEM. */
enum avd_status avd_pdb_inlines_find(struct avd_pdb *pdb, const struct avd_pdb_module *module,
                                     const struct avd_pdb_proc *proc, struct avd_pdb_place place,
                                     struct avd_symbol *out);

/* ---- pdb_types.c --------------------------------------------------------------------------- */

/* The qualified name of the function with this IPI id; NULL when not known. */
const char *avd_pdb_function_name(struct avd_pdb *pdb, uint32_t id);

/* ---- pdb_publics.c ------------------------------------------------------------------------- */

/* The public symbol at or before `place`, in its section: AVD_NOT_FOUND, AVD_E_NOMEM. */
enum avd_status avd_pdb_public_find(struct avd_pdb *pdb, struct avd_pdb_place place,
                                    struct avd_pdb_place *start, const char **name);
/* Number `index`; *name is NULL for a damaged one. AVD_NOT_FOUND behind the last, AVD_E_NOMEM. */
enum avd_status avd_pdb_public_get(struct avd_pdb *pdb, size_t index, struct avd_pdb_place *start,
                                   const char **name);
/* Where the jumps of incremental linking begin; false when there are none. */
bool avd_pdb_thunk_table(struct avd_pdb *pdb, struct avd_pdb_place *start);

#endif
