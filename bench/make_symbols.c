/* SPDX-License-Identifier: MIT */
/*
 * Writes large symbol files of one made-up program, always the same: a PDB of about 300 MB as a
 * linker lays it out (functions, variables, lines, inlined calls, publics, types), and a Breakpad
 * .sym of about 100 MB. Layouts: microsoft-pdb's cvinfo.h, LLVM's PDB documentation, Breakpad's
 * symbol_files.md.
 *
 * usage: make_symbols pdb FILE GUID AGE    GUID: 32 hexadecimal digits as in a debug id
 *        make_symbols sym FILE ID NAME     ID and NAME: of the MODULE record
 */
#include "support/pdb_builder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MODULES = 2000,
    FUNCTIONS = 150, /* of a module */
    LINES = 24,      /* of a function, one for each 10 bytes */
    VARIABLES = 6,
    INLINEES = 100, /* functions that a module's are inlined from */
    TYPES = 600000,
    SIZE = 240, /* of a function */
    STRIDE = 256,
    TEXT = 0x1000,
    TYPE_HEADER = 56,
    FIRST_ID = 0x1000,
    SYM_MODULES = 830, /* of the .sym */
    SYM_FUNCTIONS = SYM_MODULES * FUNCTIONS,

    S_END = 0x0006,
    S_FRAMEPROC = 0x1012,
    S_PUB32 = 0x110e,
    S_GPROC32 = 0x1110,
    S_REGREL32 = 0x1111,
    S_INLINESITE = 0x114d,
    S_INLINESITE_END = 0x114e,
    LF_STRUCTURE = 0x1505,
    LF_FUNC_ID = 0x1601,
    CODE = 0x60000020
};

/* clang-format off */
enum { INFO = 1, TPI, DBI, IPI, NAMES, PUBLICS, RECORDS, SECTIONS,
       TPI_INDEX, IPI_INDEX, FIRST_MODULE };
/* clang-format on */

/* Files: two of each module, number 2 * module and the next. */
static void file_name(char *name, size_t size, unsigned number)
{
    (void)snprintf(name, size, "c:\\build\\engine\\source\\part_%04u\\%s_%04u.%s", number / 2,
                   number % 2 == 0 ? "widget" : "inline_helpers", number / 2,
                   number % 2 == 0 ? "cpp" : "h");
}

static void function_name(char *name, size_t size, unsigned module, unsigned function)
{
    (void)snprintf(name, size, "engine::part_%04u::Widget<int,%u>::handle_event_%03u", module,
                   function / 8, function);
}

static void inlinee_name(char *name, size_t size, unsigned module, unsigned inlinee)
{
    (void)snprintf(name, size, "engine::part_%04u::inlined_helper_%03u", module, inlinee);
}

static uint32_t place_of(unsigned module, unsigned function)
{
    return (module * FUNCTIONS + function) * STRIDE;
}

/* ---- names, identity, types ---------------------------------------------------------------- */

static void write_names(struct pb *b, uint32_t *offsets)
{
    char name[256];
    unsigned i;

    pb_u32(b, NAMES, 0xeffeeffe);
    pb_u32(b, NAMES, 1);
    pb_u32(b, NAMES, 0);
    pb_u8(b, NAMES, 0);
    for (i = 0; i < 2 * MODULES; i++) {
        offsets[i] = (uint32_t)pb_size(b, NAMES) - 12;
        file_name(name, sizeof name, i);
        pb_text(b, NAMES, name);
    }
    pb_align(b, NAMES);
    pb_set32(b, NAMES, 8, (uint32_t)pb_size(b, NAMES) - 12);
    pb_u32(b, NAMES, 1); /* one bucket, empty: only offsets are looked up */
    pb_u32(b, NAMES, 0);
    pb_u32(b, NAMES, 2 * MODULES);
}

static void write_info(struct pb *b, const uint8_t guid[16], uint32_t age)
{
    pb_u32(b, INFO, 20000404);
    pb_u32(b, INFO, 0x5f3c2b1a);
    pb_u32(b, INFO, age);
    pb_bytes(b, INFO, guid, 16);
    pb_u32(b, INFO, sizeof "/names");
    pb_text(b, INFO, "/names");
    pb_u32(b, INFO, 1); /* one stream in one bucket, which is taken; no deleted ones */
    pb_u32(b, INFO, 1);
    pb_u32(b, INFO, 1);
    pb_u32(b, INFO, 1);
    pb_u32(b, INFO, 0);
    pb_u32(b, INFO, 0);
    pb_u32(b, INFO, NAMES);
    pb_u32(b, INFO, 0);
    pb_u32(b, INFO, 20140508); /* there is an IPI stream */
}

/* The index of a type stream has the hash of each type, and every 100th type's place. */
static void begin_types(struct pb *b, unsigned stream, unsigned index, uint32_t count)
{
    uint32_t places = (count + 99) / 100;

    pb_u32(b, stream, 20040203);
    pb_u32(b, stream, TYPE_HEADER);
    pb_u32(b, stream, FIRST_ID);
    pb_u32(b, stream, FIRST_ID + count);
    pb_u32(b, stream, 0);
    pb_u16(b, stream, index);
    pb_u16(b, stream, 0xffff);
    pb_u32(b, stream, 4);
    pb_u32(b, stream, 0x3ffff);
    pb_u32(b, stream, 0);
    pb_u32(b, stream, count * 4);
    pb_u32(b, stream, count * 4);
    pb_u32(b, stream, places * 8);
    pb_u32(b, stream, count * 4 + places * 8);
    pb_u32(b, stream, 0);
    pb_zeros(b, index, (size_t)count * 4);
}

static size_t begin_type(struct pb *b, unsigned stream, unsigned index, uint32_t number,
                         unsigned kind)
{
    if (number % 100 == 0) {
        pb_u32(b, index, FIRST_ID + number);
        pb_u32(b, index, (uint32_t)pb_size(b, stream) - TYPE_HEADER);
    }
    return pb_record(b, stream, kind);
}

static void write_types(struct pb *b)
{
    char name[256];
    uint32_t i;

    begin_types(b, TPI, TPI_INDEX, TYPES);
    for (i = 0; i < TYPES; i++) {
        size_t record = begin_type(b, TPI, TPI_INDEX, i, LF_STRUCTURE);

        pb_u16(b, TPI, 3);
        pb_u16(b, TPI, 0);
        pb_zeros(b, TPI, 12);
        pb_u16(b, TPI, 24);
        (void)snprintf(name, sizeof name, "engine::detail::State<engine::Event_%06u,int>",
                       (unsigned)i);
        pb_text(b, TPI, name);
        pb_end(b, TPI, record);
    }
    pb_set32(b, TPI, 16, (uint32_t)(pb_size(b, TPI) - TYPE_HEADER));
    begin_types(b, IPI, IPI_INDEX, MODULES * INLINEES);
    for (i = 0; i < MODULES * INLINEES; i++) {
        size_t record = begin_type(b, IPI, IPI_INDEX, i, LF_FUNC_ID);

        pb_u32(b, IPI, 0);
        pb_u32(b, IPI, 0);
        inlinee_name(name, sizeof name, i / INLINEES, i % INLINEES);
        pb_text(b, IPI, name);
        pb_end(b, IPI, record);
    }
    pb_set32(b, IPI, 16, (uint32_t)(pb_size(b, IPI) - TYPE_HEADER));
}

/* ---- modules ------------------------------------------------------------------------------- */

static void end_scope(struct pb *b, unsigned stream, size_t record, unsigned kind)
{
    size_t end = pb_record(b, stream, kind);

    pb_end(b, stream, end);
    pb_set32(b, stream, record + 8, (uint32_t)end);
}

static size_t begin_site(struct pb *b, unsigned stream, size_t parent, uint32_t id,
                         const uint8_t *annotations, size_t size)
{
    size_t record = pb_record(b, stream, S_INLINESITE);

    pb_u32(b, stream, (uint32_t)parent);
    pb_u32(b, stream, 0);
    pb_u32(b, stream, id);
    pb_bytes(b, stream, annotations, size);
    pb_end(b, stream, record);
    return record;
}

/* Two inlined calls, the first of which holds another. */
static void write_sites(struct pb *b, unsigned stream, size_t proc, uint32_t ids, unsigned function)
{
    /* Operations of CodeView's binary annotations: [0x20, 0x28) and [0x28, 0x60); in them
     * [0x24, 0x28) and [0x30, 0x38); then [0x80, 0xc0). */
    static const uint8_t outer[] = {6, 2, 3, 0x20, 11, 0x48, 4, 0x38};
    static const uint8_t inner[] = {6, 2, 12, 4, 0x24, 12, 8, 12};
    static const uint8_t second[] = {6, 2, 3, 0x80, 0x80, 4, 0x40};
    size_t site = begin_site(b, stream, proc, ids + function % INLINEES, outer, sizeof outer);
    size_t nested =
        begin_site(b, stream, site, ids + (function + 1) % INLINEES, inner, sizeof inner);

    end_scope(b, stream, nested, S_INLINESITE_END);
    end_scope(b, stream, site, S_INLINESITE_END);
    site = begin_site(b, stream, proc, ids + (function + 2) % INLINEES, second, sizeof second);
    end_scope(b, stream, site, S_INLINESITE_END);
}

static void write_function(struct pb *b, unsigned stream, unsigned module, unsigned function)
{
    char name[256];
    size_t proc = pb_record(b, stream, S_GPROC32);
    size_t record;
    unsigned i;

    pb_zeros(b, stream, 12); /* parent, end, next */
    pb_u32(b, stream, SIZE);
    pb_u32(b, stream, 8);
    pb_u32(b, stream, SIZE - 8);
    pb_u32(b, stream, 0);
    pb_u32(b, stream, place_of(module, function));
    pb_u16(b, stream, 1);
    pb_u8(b, stream, 0);
    function_name(name, sizeof name, module, function);
    pb_text(b, stream, name);
    pb_end(b, stream, proc);
    record = pb_record(b, stream, S_FRAMEPROC);
    pb_u32(b, stream, 0x48);
    pb_zeros(b, stream, 18);
    pb_u32(b, stream, 0x114200);
    pb_end(b, stream, record);
    for (i = 0; i < VARIABLES; i++) {
        record = pb_record(b, stream, S_REGREL32);
        pb_u32(b, stream, 0x20 + 8 * i);
        pb_u32(b, stream, FIRST_ID + (module * FUNCTIONS + function + i) % TYPES);
        pb_u16(b, stream, 335); /* RSP */
        (void)snprintf(name, sizeof name, "local_variable_%u", i);
        pb_text(b, stream, name);
        pb_end(b, stream, record);
    }
    write_sites(b, stream, proc, FIRST_ID + module * INLINEES, function);
    end_scope(b, stream, proc, S_END);
}

static size_t begin_subsection(struct pb *b, unsigned stream, uint32_t kind)
{
    pb_u32(b, stream, kind);
    pb_u32(b, stream, 0);
    return pb_size(b, stream);
}

static void end_subsection(struct pb *b, unsigned stream, size_t start)
{
    pb_set32(b, stream, start - 4, (uint32_t)(pb_size(b, stream) - start));
}

static void write_lines(struct pb *b, unsigned stream, unsigned module, const uint32_t *names)
{
    size_t start = begin_subsection(b, stream, 0xf4); /* files */
    unsigned i;
    unsigned k;

    for (i = 0; i < 2; i++) {
        pb_u32(b, stream, names[2 * module + i]);
        pb_u8(b, stream, 16);
        pb_u8(b, stream, 1); /* MD5 */
        pb_zeros(b, stream, 18);
    }
    end_subsection(b, stream, start);
    for (i = 0; i < FUNCTIONS; i++) {
        start = begin_subsection(b, stream, 0xf2);
        pb_u32(b, stream, place_of(module, i));
        pb_u16(b, stream, 1);
        pb_u16(b, stream, 0);
        pb_u32(b, stream, SIZE);
        pb_u32(b, stream, 0);
        pb_u32(b, stream, LINES);
        pb_u32(b, stream, 12 + 8 * LINES);
        for (k = 0; k < LINES; k++) {
            pb_u32(b, stream, k * SIZE / LINES);
            pb_u32(b, stream, (100 + 30 * i + k) | 0x80000000u);
        }
        end_subsection(b, stream, start);
    }
    start = begin_subsection(b, stream, 0xf6); /* where inlined functions are declared */
    pb_u32(b, stream, 0);
    for (i = 0; i < INLINEES; i++) {
        pb_u32(b, stream, FIRST_ID + module * INLINEES + i);
        pb_u32(b, stream, 24);
        pb_u32(b, stream, 10 + 12 * i);
    }
    end_subsection(b, stream, start);
}

static void add_contribution(struct pb *b, uint32_t place, unsigned module)
{
    pb_u16(b, DBI, 1);
    pb_u16(b, DBI, 0);
    pb_u32(b, DBI, place);
    pb_u32(b, DBI, SIZE);
    pb_u32(b, DBI, CODE);
    pb_u16(b, DBI, module);
    pb_u16(b, DBI, 0);
    pb_zeros(b, DBI, 8);
}

static void write_module(struct pb *b, unsigned module, const uint32_t *names)
{
    unsigned stream = pb_stream(b);
    char name[256];
    size_t symbols;
    unsigned i;

    pb_u32(b, stream, 4);
    for (i = 0; i < FUNCTIONS; i++)
        write_function(b, stream, module, i);
    symbols = pb_size(b, stream);
    write_lines(b, stream, module, names);
    pb_u32(b, DBI, 0);
    add_contribution(b, place_of(module, 0), module);
    pb_u16(b, DBI, 0);
    pb_u16(b, DBI, stream);
    pb_u32(b, DBI, (uint32_t)symbols);
    pb_u32(b, DBI, 0);
    pb_u32(b, DBI, (uint32_t)(pb_size(b, stream) - symbols));
    pb_zeros(b, DBI, 16);
    (void)snprintf(name, sizeof name, "c:\\build\\engine\\part_%04u\\widget_%04u.obj", module,
                   module);
    pb_text(b, DBI, name);
    pb_text(b, DBI, name);
    pb_align(b, DBI);
    pb_u32(b, stream, 0); /* no references to globals */
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void write_publics(struct pb *b)
{
    uint32_t count = MODULES * FUNCTIONS;
    uint32_t *places = malloc(count * sizeof *places);
    char name[256];
    uint32_t i;

    if (places == NULL)
        abort();
    for (i = 0; i < count; i++) {
        places[i] = (uint32_t)pb_record(b, RECORDS, S_PUB32);
        pb_u32(b, RECORDS, 2);
        pb_u32(b, RECORDS, i * STRIDE);
        pb_u16(b, RECORDS, 1);
        (void)snprintf(name, sizeof name, "?handle_event_%03u@?$Widget@H@part_%04u@engine@@QEAAXXZ",
                       (unsigned)i % FUNCTIONS, (unsigned)i / FUNCTIONS);
        pb_text(b, RECORDS, name);
        pb_end(b, RECORDS, places[i]);
    }
    pb_u32(b, PUBLICS, 16 + count * 8 + 516 + 4);
    pb_u32(b, PUBLICS, count * 4);
    pb_zeros(b, PUBLICS, 20);
    /* The table by name: all in one bucket, because only addresses are looked up. */
    pb_u32(b, PUBLICS, UINT32_MAX);
    pb_u32(b, PUBLICS, 0xf12f091a);
    pb_u32(b, PUBLICS, count * 8);
    pb_u32(b, PUBLICS, 516 + 4);
    for (i = 0; i < count; i++) {
        pb_u32(b, PUBLICS, places[i] + 1);
        pb_u32(b, PUBLICS, 1);
    }
    pb_u32(b, PUBLICS, 1);
    pb_zeros(b, PUBLICS, 516);
    for (i = 0; i < count; i++)
        pb_u32(b, PUBLICS, places[i]);
    free(places);
}

static void add_section(struct pb *b, const char name[8], uint32_t size, uint32_t rva,
                        uint32_t flags)
{
    pb_bytes(b, SECTIONS, name, 8);
    pb_u32(b, SECTIONS, size);
    pb_u32(b, SECTIONS, rva);
    pb_u32(b, SECTIONS, size);
    pb_u32(b, SECTIONS, 0x400);
    pb_zeros(b, SECTIONS, 12);
    pb_u32(b, SECTIONS, flags);
}

static void write_dbi(struct pb *b, uint32_t age, const uint32_t *names)
{
    size_t start;
    unsigned i;

    pb_u32(b, DBI, UINT32_MAX);
    pb_u32(b, DBI, 19990903);
    pb_u32(b, DBI, age);
    pb_u16(b, DBI, 0xffff); /* no globals */
    pb_u16(b, DBI, 0x8e1d);
    pb_u16(b, DBI, PUBLICS);
    pb_u16(b, DBI, 0);
    pb_u16(b, DBI, RECORDS);
    pb_zeros(b, DBI, 2 + 8 * 4);
    pb_u16(b, DBI, 0);
    pb_u16(b, DBI, 0x8664);
    pb_u32(b, DBI, 0);
    start = pb_size(b, DBI);
    for (i = 0; i < MODULES; i++)
        write_module(b, i, names);
    pb_set32(b, DBI, 24, (uint32_t)(pb_size(b, DBI) - start));
    start = pb_size(b, DBI);
    pb_u32(b, DBI, 0xf12eba2d);
    for (i = 0; i < MODULES * FUNCTIONS; i++)
        add_contribution(b, i * STRIDE, i / FUNCTIONS);
    pb_set32(b, DBI, 28, (uint32_t)(pb_size(b, DBI) - start));
    start = pb_size(b, DBI);
    pb_u16(b, DBI, MODULES); /* their source files, of which none is listed */
    pb_u16(b, DBI, 0);
    pb_zeros(b, DBI, MODULES * 4);
    pb_set32(b, DBI, 36, (uint32_t)(pb_size(b, DBI) - start));
    start = pb_size(b, DBI);
    for (i = 0; i < 11; i++)
        pb_u16(b, DBI, i == 5 ? SECTIONS : 0xffff);
    pb_set32(b, DBI, 48, (uint32_t)(pb_size(b, DBI) - start));
}

static int write_pdb(FILE *file, const uint8_t guid[16], uint32_t age)
{
    static uint32_t names[2 * MODULES];
    struct pb_layout layout = {0};
    struct pb *b = pb_new();
    uint32_t text = MODULES * FUNCTIONS * STRIDE;
    uint8_t *bytes;
    size_t size;
    size_t written;
    unsigned i;

    for (i = 0; i < FIRST_MODULE; i++)
        (void)pb_stream(b);
    write_info(b, guid, age);
    write_names(b, names);
    write_types(b);
    write_dbi(b, age, names);
    write_publics(b);
    add_section(b, ".text\0\0", text, TEXT, CODE);
    add_section(b, ".data\0\0", 0x1000, TEXT + (text + 0xfff) / 0x1000 * 0x1000, 0xc0000040);
    bytes = pb_finish(b, layout, &size);
    written = fwrite(bytes, 1, size, file);
    free(bytes);
    pb_free(b);
    return written == size;
}

/* ---- Breakpad ------------------------------------------------------------------------------ */

static void write_sym_function(FILE *file, unsigned number)
{
    unsigned module = number / FUNCTIONS;
    unsigned function = number % FUNCTIONS;
    uint32_t at = TEXT + number * STRIDE;
    uint32_t origins = module * INLINEES;
    char name[256];
    unsigned i;

    function_name(name, sizeof name, module, function);
    fprintf(file, "FUNC %" PRIx32 " %x 0 %s\n", at, SIZE, name);
    fprintf(file, "INLINE 0 %u %u %u %" PRIx32 " 40\n", 104 + 30 * function, 2 * module,
            (unsigned)origins + function % INLINEES, at + 0x20);
    fprintf(file, "INLINE 1 %u %u %u %" PRIx32 " 4 %" PRIx32 " 8\n", 11 + function, 2 * module + 1,
            (unsigned)origins + (function + 1) % INLINEES, at + 0x24, at + 0x30);
    for (i = 0; i < LINES; i++)
        fprintf(file, "%" PRIx32 " %x %u %u\n", at + i * SIZE / LINES, SIZE / LINES,
                100 + 30 * function + i, 2 * module);
}

static void write_sym_unwinding(FILE *file, unsigned number)
{
    uint32_t at = TEXT + number * STRIDE;

    fprintf(file, "STACK CFI INIT %" PRIx32 " %x .cfa: $rsp 8 + .ra: .cfa -8 + ^\n", at, SIZE);
    fprintf(file, "STACK CFI %" PRIx32 " .cfa: $rsp 16 + $rbp: .cfa -16 + ^\n", at + 1);
    fprintf(file, "STACK CFI %" PRIx32 " .cfa: $rsp 80 +\n", at + 5);
}

static int write_sym(FILE *file, const char *id, const char *module_name)
{
    char name[256];
    unsigned i;

    fprintf(file, "MODULE windows x86_64 %s %s\n", id, module_name);
    for (i = 0; i < 2 * MODULES; i++) {
        file_name(name, sizeof name, i);
        fprintf(file, "FILE %u %s\n", i, name);
    }
    for (i = 0; i < SYM_MODULES * INLINEES; i++) {
        inlinee_name(name, sizeof name, i / INLINEES, i % INLINEES);
        fprintf(file, "INLINE_ORIGIN %u %s\n", i, name);
    }
    for (i = 0; i < SYM_FUNCTIONS; i++)
        write_sym_function(file, i);
    for (i = 0; i < SYM_FUNCTIONS; i += 4)
        fprintf(file, "PUBLIC %" PRIx32 " 0 exported_function_%06u\n", (uint32_t)TEXT + i * STRIDE,
                i);
    for (i = 0; i < SYM_FUNCTIONS; i++)
        write_sym_unwinding(file, i);
    return !ferror(file);
}

/* The GUID of a debug id, in the byte order of a PDB: its first three parts are numbers. */
static int parse_guid(const char *text, uint8_t guid[16])
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    unsigned byte;
    size_t i;

    for (i = 0; i < 16; i++) {
        if (strlen(text) < 2 * i + 2 || sscanf(text + 2 * i, "%2x", &byte) != 1)
            return 0;
        guid[order[i]] = (uint8_t)byte;
    }
    return 1;
}

int main(int argc, char **argv)
{
    uint8_t guid[16];
    FILE *file;
    int done;

    if (argc != 5 || (strcmp(argv[1], "pdb") != 0 && strcmp(argv[1], "sym") != 0) ||
        (strcmp(argv[1], "pdb") == 0 && !parse_guid(argv[3], guid))) {
        (void)fprintf(stderr, "usage: make_symbols pdb FILE GUID AGE | sym FILE ID NAME\n");
        return 2;
    }
    file = fopen(argv[2], "wb");
    if (file == NULL) {
        perror(argv[2]);
        return 3;
    }
    done = strcmp(argv[1], "pdb") == 0 ? write_pdb(file, guid, (uint32_t)strtoul(argv[4], NULL, 10))
                                       : write_sym(file, argv[3], argv[4]);
    if (fclose(file) != 0 || !done) {
        perror(argv[2]);
        return 3;
    }
    return 0;
}
