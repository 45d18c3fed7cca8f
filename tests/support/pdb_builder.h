/* SPDX-License-Identifier: MIT */
/*
 * PDB files written in code: an MSF container of growing streams, and a sample PDB with one of
 * each thing that the reader knows, which tests change at the odd byte. Aborts on misuse and when
 * out of memory: it is test code.
 */
#ifndef AVD_TESTS_SUPPORT_PDB_BUILDER_H
#define AVD_TESTS_SUPPORT_PDB_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pb;

/* ---- container (pdb_builder.c) ------------------------------------------------------------- */

struct pb *pb_new(void);
void pb_free(struct pb *b);

struct pb_layout {
    uint32_t page_size;  /* 0: 4096 */
    bool scattered;      /* no two pages of anything follow each other */
    uint32_t extra_list; /* bytes that the directory claims beyond what it has */
};
/* The file's bytes, to be freed with free(). The builder stays as it is. */
uint8_t *pb_finish(const struct pb *b, struct pb_layout layout, size_t *size);

/* A new stream; they count from 0. */
unsigned pb_stream(struct pb *b);
/* The directory calls this one deleted (size -1). */
void pb_delete(struct pb *b, unsigned stream);
size_t pb_size(const struct pb *b, unsigned stream);
const uint8_t *pb_data(const struct pb *b, unsigned stream);
void pb_clear(struct pb *b, unsigned stream);

void pb_u8(struct pb *b, unsigned stream, unsigned value);
void pb_u16(struct pb *b, unsigned stream, unsigned value);
void pb_u32(struct pb *b, unsigned stream, uint32_t value);
void pb_bytes(struct pb *b, unsigned stream, const void *bytes, size_t size);
void pb_zeros(struct pb *b, unsigned stream, size_t size);
void pb_text(struct pb *b, unsigned stream, const char *text); /* with its NUL */
void pb_align(struct pb *b, unsigned stream);                  /* to 4 */
/* Overwrite bytes that are there. */
void pb_set8(struct pb *b, unsigned stream, size_t offset, unsigned value);
void pb_set16(struct pb *b, unsigned stream, size_t offset, unsigned value);
void pb_set32(struct pb *b, unsigned stream, size_t offset, uint32_t value);

/* A symbol or type record: returns where it begins; pb_end sets its size and pads it. */
size_t pb_record(struct pb *b, unsigned stream, unsigned kind);
void pb_end(struct pb *b, unsigned stream, size_t record);

/* ---- the sample (pdb_sample.c) ------------------------------------------------------------- */

/* Streams of the sample. */
enum {
    PS_INFO = 1,
    PS_TPI,
    PS_DBI,
    PS_IPI,
    PS_NAMES,
    PS_MODULE, /* main.obj */
    PS_LINKER, /* "* Linker *" */
    PS_IMPORT, /* an import library */
    PS_PUBLICS,
    PS_RECORDS, /* of publics */
    PS_SECTIONS,
    PS_FRAME_DATA,
    PS_FPO,
    PS_IPI_INDEX,
    PS_OMAP_TO,
    PS_OMAP_FROM,
    PS_ORIGINAL_SECTIONS,
    PS_MODULES, /* these three become parts of the DBI stream */
    PS_CONTRIBUTIONS,
    PS_DEBUG_HEADER,
    PS_STREAMS
};

/* .text, section 1; everything of the sample lies in it. */
enum {
    PS_TEXT = 0x1000,
    PS_TEXT_SIZE = 0x1000,
    PS_AGE = 3,
    PS_TIMESTAMP = 0x5f3c2b1a,

    PS_TRAMPOLINE = 0x5,     /* jumps to main; the jumps begin at 0 */
    PS_MAIN = 0x10,          /* 0x40 bytes */
    PS_WORKER = 0x60,        /* ns::worker, 0x40 bytes, with inlined calls */
    PS_HELPER = 0xa0,        /* local, 0x20 bytes, no lines */
    PS_IMPORT_THUNK = 0x100, /* ExitProcess, 6 bytes */
    PS_PUBLIC = 0x120,       /* ?pub@@YAXXZ, from an object without symbols, 0x40 bytes */
    PS_PUBLIC_INNER = 0x140, /* _inner, in the same object */
    PS_STATIC = 0x180,       /* an object that no public name begins in, 0x20 bytes */
    PS_SEPARATED = 0x200     /* cold part of ns::worker, 0x10 bytes */
};

/* Offsets of records in PS_MODULE, for tests that damage them. */
struct ps_marks {
    size_t main_record;
    size_t worker_record;
    size_t outer_site, inner_site;
    size_t lines; /* the first subsection */
    size_t main_lines, worker_lines;
    size_t inlinees;
};

struct ps {
    struct pb *b;
    struct ps_marks marks;
    uint16_t machine;
    uint16_t flags; /* of the DBI stream */
};

void ps_new(struct ps *s);
void ps_free(struct ps *s);
/* A public symbol of section 1; they must come sorted by offset. Flags: 2 is a function. */
void ps_add_public(struct pb *b, uint32_t flags, uint32_t offset, const char *name);
void ps_add_section(struct pb *b, unsigned stream, const char *name, uint32_t size, uint32_t rva);
/* Puts the DBI stream together and writes the file. */
uint8_t *ps_finish(struct ps *s, struct pb_layout layout, size_t *size);

/* The tables of an image whose code was moved: .text's [0x60, 0xa0) lies at image rva 0x5000, what
 * was [0x10, 0x50) was left where it is. */
void ps_add_omap(struct ps *s);

#endif
