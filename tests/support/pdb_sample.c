/* SPDX-License-Identifier: MIT */
/* The sample PDB of pdb_builder.h. Kinds and layouts are those of microsoft-pdb's cvinfo.h. */
#include "support/pdb_builder.h"

#include <string.h>

enum {
    S_END = 0x0006,
    S_FRAMEPROC = 0x1012,
    S_THUNK32 = 0x1102,
    S_BLOCK32 = 0x1103,
    S_PUB32 = 0x110e,
    S_LPROC32 = 0x110f,
    S_GPROC32 = 0x1110,
    S_TRAMPOLINE = 0x112c,
    S_SEPCODE = 0x1132,
    S_INLINESITE = 0x114d,
    S_INLINESITE_END = 0x114e,
    S_INLINESITE2 = 0x115d,
    LF_STRUCTURE = 0x1505,
    LF_FUNC_ID = 0x1601,
    LF_MFUNC_ID = 0x1602,
    LF_STRING_ID = 0x1605,

    TYPE_POINT = 0x1000, /* TPI: geo::Point */
    ID_SCOPE = 0x1000,   /* IPI: "ns" */
    ID_OUTER = 0x1001,   /* ns::outer */
    ID_INNER = 0x1002,   /* geo::Point::norm */

    FILE_MAIN = 0, /* ids: offsets in the checksums */
    FILE_INLINE = 24,
    NAME_MAIN = 1, /* offsets in the string table */
    CONTRIBUTION = 28,
    CODE = 0x60000020
};

static const char name_main[] = "c:\\src\\main.c";
static const char name_inline[] = "c:\\src\\inline.h";
static const char program[] = "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =";

static uint32_t name_offset(unsigned number)
{
    uint32_t at = NAME_MAIN;

    if (number > 0)
        at += sizeof name_main;
    if (number > 1)
        at += sizeof name_inline;
    return at;
}

static void write_info(struct pb *b)
{
    unsigned i;

    pb_u32(b, PS_INFO, 20000404);
    pb_u32(b, PS_INFO, PS_TIMESTAMP);
    pb_u32(b, PS_INFO, PS_AGE + 4); /* tools edited the PDB since it was linked */
    for (i = 0; i < 16; i++)
        pb_u8(b, PS_INFO, 0xa0 + i);
    pb_u32(b, PS_INFO, 17); /* named streams */
    pb_text(b, PS_INFO, "/LinkInfo");
    pb_text(b, PS_INFO, "/names");
    pb_u32(b, PS_INFO, 2);
    pb_u32(b, PS_INFO, 4);
    pb_u32(b, PS_INFO, 1); /* present */
    pb_u32(b, PS_INFO, 3);
    pb_u32(b, PS_INFO, 0); /* deleted */
    pb_u32(b, PS_INFO, 0);
    pb_u32(b, PS_INFO, 0); /* /LinkInfo */
    pb_u32(b, PS_INFO, 10);
    pb_u32(b, PS_INFO, PS_NAMES);
    pb_u32(b, PS_INFO, 0);
    pb_u32(b, PS_INFO, 20140508); /* features: an IPI stream */

    pb_u32(b, PS_NAMES, 0xeffeeffe);
    pb_u32(b, PS_NAMES, 1);
    pb_u32(b, PS_NAMES, (uint32_t)(name_offset(2) + sizeof program));
    pb_u8(b, PS_NAMES, 0);
    pb_text(b, PS_NAMES, name_main);
    pb_text(b, PS_NAMES, name_inline);
    pb_text(b, PS_NAMES, program);
    pb_u32(b, PS_NAMES, 0); /* buckets */
}

static void type_header(struct pb *b, unsigned stream, uint32_t count, unsigned index_stream)
{
    pb_clear(b, stream);
    pb_u32(b, stream, 20040203);
    pb_u32(b, stream, 56);
    pb_u32(b, stream, 0x1000);
    pb_u32(b, stream, 0x1000 + count);
    pb_u32(b, stream, 0); /* bytes of records, set later */
    pb_u16(b, stream, index_stream);
    pb_u16(b, stream, 0xffff);
    pb_u32(b, stream, 4);
    pb_u32(b, stream, 0x3ffff);
    pb_zeros(b, stream, 8);
    pb_u32(b, stream, 0); /* offset and size of the index */
    pb_u32(b, stream, index_stream != 0xffff ? 16 : 0);
    pb_zeros(b, stream, 8);
}

static void write_types(struct pb *b)
{
    size_t record;

    type_header(b, PS_TPI, 1, 0xffff);
    record = pb_record(b, PS_TPI, LF_STRUCTURE);
    pb_u16(b, PS_TPI, 2);
    pb_u16(b, PS_TPI, 0);
    pb_zeros(b, PS_TPI, 12);
    pb_u16(b, PS_TPI, 0x8004); /* the size as a 32-bit number */
    pb_u32(b, PS_TPI, 0x12345);
    pb_text(b, PS_TPI, "geo::Point");
    pb_end(b, PS_TPI, record);
    pb_set32(b, PS_TPI, 16, (uint32_t)(pb_size(b, PS_TPI) - 56));

    type_header(b, PS_IPI, 3, PS_IPI_INDEX);
    record = pb_record(b, PS_IPI, LF_STRING_ID);
    pb_u32(b, PS_IPI, 0);
    pb_text(b, PS_IPI, "ns");
    pb_end(b, PS_IPI, record);
    pb_u32(b, PS_IPI_INDEX, ID_SCOPE);
    pb_u32(b, PS_IPI_INDEX, 0);
    record = pb_record(b, PS_IPI, LF_FUNC_ID);
    pb_u32(b, PS_IPI_INDEX, ID_OUTER);
    pb_u32(b, PS_IPI_INDEX, (uint32_t)(record - 56));
    pb_u32(b, PS_IPI, ID_SCOPE);
    pb_u32(b, PS_IPI, 0);
    pb_text(b, PS_IPI, "outer");
    pb_end(b, PS_IPI, record);
    record = pb_record(b, PS_IPI, LF_MFUNC_ID);
    pb_u32(b, PS_IPI, TYPE_POINT);
    pb_u32(b, PS_IPI, 0);
    pb_text(b, PS_IPI, "norm");
    pb_end(b, PS_IPI, record);
    pb_set32(b, PS_IPI, 16, (uint32_t)(pb_size(b, PS_IPI) - 56));
}

static size_t begin_proc(struct pb *b, unsigned kind, uint32_t offset, uint32_t size,
                         uint32_t debug_start, const char *name)
{
    size_t record = pb_record(b, PS_MODULE, kind);

    pb_zeros(b, PS_MODULE, 12); /* parent, end, next */
    pb_u32(b, PS_MODULE, size);
    pb_u32(b, PS_MODULE, debug_start);
    pb_u32(b, PS_MODULE, size - 1);
    pb_u32(b, PS_MODULE, 0);
    pb_u32(b, PS_MODULE, offset);
    pb_u16(b, PS_MODULE, 1);
    pb_u8(b, PS_MODULE, 0);
    pb_text(b, PS_MODULE, name);
    pb_end(b, PS_MODULE, record);
    return record;
}

/* Closes the scope of `record`. */
static void end_scope(struct pb *b, size_t record, unsigned kind)
{
    size_t end = pb_record(b, PS_MODULE, kind);

    pb_end(b, PS_MODULE, end);
    pb_set32(b, PS_MODULE, record + 8, (uint32_t)end);
}

static void write_frameproc(struct pb *b)
{
    size_t record = pb_record(b, PS_MODULE, S_FRAMEPROC);

    pb_u32(b, PS_MODULE, 0x48);
    pb_u32(b, PS_MODULE, 8);
    pb_u32(b, PS_MODULE, 0);
    pb_u32(b, PS_MODULE, 16);
    pb_zeros(b, PS_MODULE, 6);
    pb_u32(b, PS_MODULE, 0x114200);
    pb_end(b, PS_MODULE, record);
}

static size_t begin_site(struct pb *b, unsigned kind, uint32_t id, const uint8_t *annotations,
                         size_t size)
{
    size_t record = pb_record(b, PS_MODULE, kind);

    pb_zeros(b, PS_MODULE, 8);
    pb_u32(b, PS_MODULE, id);
    if (kind == S_INLINESITE2)
        pb_u32(b, PS_MODULE, 1);
    pb_bytes(b, PS_MODULE, annotations, size);
    pb_end(b, PS_MODULE, record);
    return record;
}

static void write_procs(struct ps *s)
{
    /* outer, declared in line 10 of inline.h: [0x10, 0x18) is line 11, [0x18, 0x30) line 13. */
    static const uint8_t outer[] = {6, 2, 3, 0x10, 11, 4 << 4 | 8, 4, 0x18};
    /* norm, declared in line 30: [0x14, 0x18) and [0x20, 0x28) are line 31. */
    static const uint8_t inner[] = {6, 2, 12, 4, 0x14, 12, 8, 12};
    struct pb *b = s->b;
    size_t record;
    size_t block;

    pb_u32(b, PS_MODULE, 4);
    s->marks.main_record = begin_proc(b, S_GPROC32, PS_MAIN, 0x40, 4, "main");
    write_frameproc(b);
    end_scope(b, s->marks.main_record, S_END);

    s->marks.worker_record = begin_proc(b, S_GPROC32, PS_WORKER, 0x40, 0, "ns::worker");
    block = pb_record(b, PS_MODULE, S_BLOCK32);
    pb_zeros(b, PS_MODULE, 18);
    pb_text(b, PS_MODULE, "");
    pb_end(b, PS_MODULE, block);
    s->marks.outer_site = begin_site(b, S_INLINESITE, ID_OUTER, outer, sizeof outer);
    s->marks.inner_site = begin_site(b, S_INLINESITE2, ID_INNER, inner, sizeof inner);
    end_scope(b, s->marks.inner_site, S_INLINESITE_END);
    end_scope(b, s->marks.outer_site, S_INLINESITE_END);
    end_scope(b, block, S_END);
    end_scope(b, s->marks.worker_record, S_END);

    record = begin_proc(b, S_LPROC32, PS_HELPER, 0x20, 0, "helper");
    end_scope(b, record, S_END);

    record = pb_record(b, PS_MODULE, S_SEPCODE);
    pb_zeros(b, PS_MODULE, 8);
    pb_u32(b, PS_MODULE, 0x10);
    pb_u32(b, PS_MODULE, 0);
    pb_u32(b, PS_MODULE, PS_SEPARATED);
    pb_u32(b, PS_MODULE, PS_WORKER);
    pb_u16(b, PS_MODULE, 1);
    pb_u16(b, PS_MODULE, 1);
    pb_end(b, PS_MODULE, record);
    end_scope(b, record, S_END);

    pb_u32(b, PS_LINKER, 4);
    record = pb_record(b, PS_LINKER, S_TRAMPOLINE);
    pb_u16(b, PS_LINKER, 0);
    pb_u16(b, PS_LINKER, 5);
    pb_u32(b, PS_LINKER, PS_TRAMPOLINE);
    pb_u32(b, PS_LINKER, PS_MAIN);
    pb_u16(b, PS_LINKER, 1);
    pb_u16(b, PS_LINKER, 1);
    pb_end(b, PS_LINKER, record);

    pb_u32(b, PS_IMPORT, 4);
    record = pb_record(b, PS_IMPORT, S_THUNK32);
    pb_zeros(b, PS_IMPORT, 12);
    pb_u32(b, PS_IMPORT, PS_IMPORT_THUNK);
    pb_u16(b, PS_IMPORT, 1);
    pb_u16(b, PS_IMPORT, 6);
    pb_u8(b, PS_IMPORT, 0);
    pb_text(b, PS_IMPORT, "ExitProcess");
    pb_end(b, PS_IMPORT, record);
}

static size_t begin_subsection(struct pb *b, uint32_t kind)
{
    pb_u32(b, PS_MODULE, kind);
    pb_u32(b, PS_MODULE, 0);
    return pb_size(b, PS_MODULE);
}

static void end_subsection(struct pb *b, size_t start)
{
    pb_set32(b, PS_MODULE, start - 4, (uint32_t)(pb_size(b, PS_MODULE) - start));
}

static size_t begin_lines(struct pb *b, uint32_t offset, uint32_t size)
{
    size_t start = begin_subsection(b, 0xf2);

    pb_u32(b, PS_MODULE, offset);
    pb_u16(b, PS_MODULE, 1);
    pb_u16(b, PS_MODULE, 0);
    pb_u32(b, PS_MODULE, size);
    return start;
}

/* A block of lines: {offset, line} `count` times. */
static void add_block(struct pb *b, uint32_t file, const uint32_t *pairs, uint32_t count)
{
    uint32_t i;

    pb_u32(b, PS_MODULE, file);
    pb_u32(b, PS_MODULE, count);
    pb_u32(b, PS_MODULE, 12 + 8 * count);
    for (i = 0; i < count; i++) {
        pb_u32(b, PS_MODULE, pairs[2 * i]);
        pb_u32(b, PS_MODULE, pairs[2 * i + 1]);
    }
}

static void write_lines(struct ps *s)
{
    /* Two at one place (the first has no code), one that is hidden, one marked as a statement. */
    static const uint32_t in_main[] = {0, 5, 0, 6, 8, 7 | 0x80000000u, 0x20, 0xf00f00, 0x30, 9};
    static const uint32_t worker_own[] = {0, 20, 0x10, 22, 0x30, 25};
    static const uint32_t worker_other[] = {0x38, 77}; /* of another file, in between */
    static const uint32_t worker_last[] = {0x3c, 0xfeefee};
    struct pb *b = s->b;
    size_t start;

    s->marks.lines = pb_size(b, PS_MODULE);
    start = begin_subsection(b, 0xf4);
    pb_u32(b, PS_MODULE, name_offset(0));
    pb_u8(b, PS_MODULE, 16); /* an MD5 */
    pb_u8(b, PS_MODULE, 1);
    pb_zeros(b, PS_MODULE, 16);
    pb_align(b, PS_MODULE);
    pb_u32(b, PS_MODULE, name_offset(1));
    pb_u32(b, PS_MODULE, 0);
    end_subsection(b, start);

    s->marks.main_lines = begin_lines(b, PS_MAIN, 0x40);
    add_block(b, FILE_MAIN, in_main, 5);
    end_subsection(b, s->marks.main_lines);

    s->marks.worker_lines = begin_lines(b, PS_WORKER, 0x40);
    add_block(b, FILE_MAIN, worker_own, 3);
    add_block(b, FILE_INLINE, worker_other, 1);
    add_block(b, FILE_MAIN, worker_last, 1);
    end_subsection(b, s->marks.worker_lines);

    s->marks.inlinees = begin_subsection(b, 0xf6);
    pb_u32(b, PS_MODULE, 0);
    pb_u32(b, PS_MODULE, ID_INNER);
    pb_u32(b, PS_MODULE, FILE_INLINE);
    pb_u32(b, PS_MODULE, 30);
    pb_u32(b, PS_MODULE, ID_OUTER);
    pb_u32(b, PS_MODULE, FILE_INLINE);
    pb_u32(b, PS_MODULE, 10);
    end_subsection(b, s->marks.inlinees);
}

void ps_add_public(struct pb *b, uint32_t flags, uint32_t offset, const char *name)
{
    size_t record = pb_record(b, PS_RECORDS, S_PUB32);

    pb_u32(b, PS_RECORDS, flags);
    pb_u32(b, PS_RECORDS, offset);
    pb_u16(b, PS_RECORDS, 1);
    pb_text(b, PS_RECORDS, name);
    pb_end(b, PS_RECORDS, record);
    pb_u32(b, PS_PUBLICS, (uint32_t)record);
}

static void write_publics(struct pb *b)
{
    pb_u32(b, PS_PUBLICS, 16); /* bytes of the hash table */
    pb_u32(b, PS_PUBLICS, 5 * 4);
    pb_u32(b, PS_PUBLICS, 1); /* jumps of incremental linking */
    pb_u32(b, PS_PUBLICS, 5);
    pb_u16(b, PS_PUBLICS, 1);
    pb_u16(b, PS_PUBLICS, 0);
    pb_u32(b, PS_PUBLICS, 0);
    pb_u32(b, PS_PUBLICS, 1);
    pb_zeros(b, PS_PUBLICS, 16);
    ps_add_public(b, 2, PS_MAIN, "_main");
    ps_add_public(b, 2, PS_WORKER, "?worker@ns@@YAXXZ");
    ps_add_public(b, 2, PS_PUBLIC, "?pub@@YAXXZ");
    ps_add_public(b, 0, PS_PUBLIC, "some_data"); /* the same place, not marked as code */
    ps_add_public(b, 0, PS_PUBLIC_INNER, "_inner");
}

static void add_contribution(struct pb *b, unsigned stream, uint32_t offset, uint32_t size,
                             unsigned module)
{
    pb_u16(b, stream, 1);
    pb_u16(b, stream, 0);
    pb_u32(b, stream, offset);
    pb_u32(b, stream, size);
    pb_u32(b, stream, CODE);
    pb_u16(b, stream, module);
    pb_u16(b, stream, 0);
    pb_zeros(b, stream, 8);
}

static void write_contributions(struct pb *b)
{
    pb_u32(b, PS_CONTRIBUTIONS, 0xf12eba2d);
    add_contribution(b, PS_CONTRIBUTIONS, 0, 0x10, 1);
    add_contribution(b, PS_CONTRIBUTIONS, PS_MAIN, 0x40, 0);
    add_contribution(b, PS_CONTRIBUTIONS, PS_WORKER, 0x60, 0);
    add_contribution(b, PS_CONTRIBUTIONS, PS_IMPORT_THUNK, 6, 2);
    add_contribution(b, PS_CONTRIBUTIONS, PS_PUBLIC, 0x40, 3);
    add_contribution(b, PS_CONTRIBUTIONS, PS_STATIC, 0x20, 3);
    add_contribution(b, PS_CONTRIBUTIONS, PS_SEPARATED, 0x10, 0);
}

static void add_module(struct pb *b, unsigned stream, size_t symbols, size_t lines,
                       const char *name)
{
    pb_u32(b, PS_MODULES, 0);
    add_contribution(b, PS_MODULES, 0, 0, 0);
    pb_u16(b, PS_MODULES, 0);
    pb_u16(b, PS_MODULES, stream);
    pb_u32(b, PS_MODULES, (uint32_t)symbols);
    pb_u32(b, PS_MODULES, 0);
    pb_u32(b, PS_MODULES, (uint32_t)lines);
    pb_zeros(b, PS_MODULES, 16);
    pb_text(b, PS_MODULES, name);
    pb_text(b, PS_MODULES, name);
    pb_align(b, PS_MODULES);
}

void ps_add_section(struct pb *b, unsigned stream, const char *name, uint32_t size, uint32_t rva)
{
    char padded[8] = {0};

    memcpy(padded, name, strlen(name));
    pb_bytes(b, stream, padded, sizeof padded);
    pb_u32(b, stream, size);
    pb_u32(b, stream, rva);
    pb_zeros(b, stream, 24);
}

static void write_frames(struct pb *b)
{
    static const uint32_t starts[] = {PS_MAIN, PS_MAIN + 1, PS_WORKER};
    unsigned i;

    for (i = 0; i < 3; i++) {
        pb_u32(b, PS_FRAME_DATA, PS_TEXT + starts[i]);
        pb_u32(b, PS_FRAME_DATA, 0x40 - (i == 1 ? 1 : 0));
        pb_u32(b, PS_FRAME_DATA, 24);
        pb_u32(b, PS_FRAME_DATA, 8);
        pb_u32(b, PS_FRAME_DATA, 32);
        pb_u32(b, PS_FRAME_DATA, i == 2 ? 0 : name_offset(2));
        pb_u16(b, PS_FRAME_DATA, 6 - i);
        pb_u16(b, PS_FRAME_DATA, 12);
        pb_u32(b, PS_FRAME_DATA, i == 1 ? 0 : 4);
    }
    for (i = 0; i < 3; i++) {
        pb_u32(b, PS_FPO, PS_TEXT + PS_HELPER + i * 8);
        pb_u32(b, PS_FPO, 8);
        pb_u32(b, PS_FPO, 5);
        pb_u16(b, PS_FPO, 2);
        /* prologue of 3, two saved registers, EBP used; FPO, TRAP, NONFPO */
        pb_u16(b, PS_FPO, 3 | 2 << 8 | 1 << 12 | (i == 0 ? 0u : i == 1 ? 1u : 3u) << 14);
    }
}

void ps_new(struct ps *s)
{
    unsigned i;

    memset(s, 0, sizeof *s);
    s->b = pb_new();
    s->machine = 0x8664;
    for (i = 0; i < PS_STREAMS; i++)
        (void)pb_stream(s->b);
    write_info(s->b);
    write_types(s->b);
    write_procs(s);
    write_lines(s);
    write_publics(s->b);
    write_contributions(s->b);
    write_frames(s->b);
    ps_add_section(s->b, PS_SECTIONS, ".text", PS_TEXT_SIZE, PS_TEXT);
    ps_add_section(s->b, PS_SECTIONS, ".data", 0x100, 0x3000);
    add_module(s->b, PS_MODULE, s->marks.lines, pb_size(s->b, PS_MODULE) - s->marks.lines,
               "main.obj");
    add_module(s->b, PS_LINKER, pb_size(s->b, PS_LINKER), 0, "* Linker *");
    add_module(s->b, PS_IMPORT, pb_size(s->b, PS_IMPORT), 0, "KERNEL32.dll");
    add_module(s->b, 0xffff, 0, 0, "stripped.obj");
    for (i = 0; i < 11; i++)
        pb_u16(s->b, PS_DEBUG_HEADER, 0xffff);
    pb_set16(s->b, PS_DEBUG_HEADER, 0, PS_FPO);
    pb_set16(s->b, PS_DEBUG_HEADER, 2 * 5, PS_SECTIONS);
    pb_set16(s->b, PS_DEBUG_HEADER, 2 * 9, PS_FRAME_DATA);
}

void ps_free(struct ps *s)
{
    pb_free(s->b);
}

void ps_add_omap(struct ps *s)
{
    static const uint32_t to_source[] = {0x1000, 0x1000, 0x1060, 0x80000000u,
                                         0x5000, 0x1060, 0x5040, 0};
    static const uint32_t from_source[] = {0x1000, 0x1000, 0x1060, 0x5000, 0x10a0, 0};
    size_t i;

    for (i = 0; i < sizeof to_source / sizeof to_source[0]; i++)
        pb_u32(s->b, PS_OMAP_TO, to_source[i]);
    for (i = 0; i < sizeof from_source / sizeof from_source[0]; i++)
        pb_u32(s->b, PS_OMAP_FROM, from_source[i]);
    /* The image's own sections are others than those that the PDB speaks of. */
    pb_bytes(s->b, PS_ORIGINAL_SECTIONS, pb_data(s->b, PS_SECTIONS), pb_size(s->b, PS_SECTIONS));
    pb_clear(s->b, PS_SECTIONS);
    ps_add_section(s->b, PS_SECTIONS, ".hot", 0x8000, 0x4000);
    pb_set16(s->b, PS_DEBUG_HEADER, 2 * 3, PS_OMAP_TO);
    pb_set16(s->b, PS_DEBUG_HEADER, 2 * 4, PS_OMAP_FROM);
    pb_set16(s->b, PS_DEBUG_HEADER, 2 * 10, PS_ORIGINAL_SECTIONS);
}

uint8_t *ps_finish(struct ps *s, struct pb_layout layout, size_t *size)
{
    static const unsigned parts[] = {PS_MODULES, PS_CONTRIBUTIONS, PS_DEBUG_HEADER};
    struct pb *b = s->b;
    size_t i;

    pb_clear(b, PS_DBI);
    pb_u32(b, PS_DBI, UINT32_MAX);
    pb_u32(b, PS_DBI, 19990903);
    pb_u32(b, PS_DBI, PS_AGE);
    pb_u16(b, PS_DBI, 0xffff); /* globals */
    pb_u16(b, PS_DBI, 0);
    pb_u16(b, PS_DBI, PS_PUBLICS);
    pb_u16(b, PS_DBI, 0);
    pb_u16(b, PS_DBI, PS_RECORDS);
    pb_u16(b, PS_DBI, 0);
    pb_u32(b, PS_DBI, (uint32_t)pb_size(b, PS_MODULES));
    pb_u32(b, PS_DBI, (uint32_t)pb_size(b, PS_CONTRIBUTIONS));
    pb_u32(b, PS_DBI, 0);
    pb_u32(b, PS_DBI, 0);
    pb_u32(b, PS_DBI, 0);
    pb_u32(b, PS_DBI, 0);
    pb_u32(b, PS_DBI, (uint32_t)pb_size(b, PS_DEBUG_HEADER));
    pb_u32(b, PS_DBI, 0);
    pb_u16(b, PS_DBI, s->flags);
    pb_u16(b, PS_DBI, s->machine);
    pb_u32(b, PS_DBI, 0);
    for (i = 0; i < sizeof parts / sizeof parts[0]; i++)
        pb_bytes(b, PS_DBI, pb_data(b, parts[i]), pb_size(b, parts[i]));
    return pb_finish(b, layout, size);
}
