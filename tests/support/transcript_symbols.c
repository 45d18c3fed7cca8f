/* SPDX-License-Identifier: MIT */
/*
 * Names for the modules of the transcript that WinDbg had symbols for: a Breakpad .sym file each,
 * and for rpcrt4, whose names are mostly C++, a PDB with decorated public symbols.
 */
#include "support/transcript.h"

#include "support/pdb_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RPCRT4_PDB "wrpcrt4.pdb"

static const struct transcript_module *module_with_symbols(size_t index, size_t *module)
{
    for (*module = 0; *module < transcript_module_count; ++*module)
        if (transcript_modules[*module].pdb != NULL && index-- == 0)
            return &transcript_modules[*module];
    return NULL;
}

/* MODULE and FUNC records: the identifier is that of db_rsds, whose age is 3. */
static uint8_t *sym_file(const struct transcript_code *code, size_t index, size_t *size)
{
    const struct transcript_module *module = &transcript_modules[index];
    const size_t capacity = 16384;
    char *text = malloc(capacity);
    size_t used;
    size_t i;

    if (text == NULL)
        abort();
    used =
        (size_t)snprintf(text, capacity, "MODULE windows %s 0403020106050807090A0B0C0D0E0F103 %s\n",
                         module->x64 ? "x86_64" : "x86", module->pdb);
    for (i = 0; i < code->function_count && used < capacity - 256; i++) {
        const struct transcript_function *function = &code->functions[i];

        if (function->module == index)
            used += (size_t)snprintf(text + used, capacity - used, "FUNC %x %x 0 %s\n",
                                     (unsigned)(function->start - module->base),
                                     (unsigned)(function->end - function->start), function->name);
    }
    *size = used;
    return (uint8_t *)text;
}

/* A::B -> ?B@A@@QAEJPAX@Z, a public member; B -> _B@8, as __stdcall is decorated. */
static void decorate(const char *name, char *out, size_t size)
{
    const char *member = strstr(name, "::");

    if (member != NULL)
        (void)snprintf(out, size, "?%s@%.*s@@QAEJPAX@Z", member + 2, (int)(member - name), name);
    else
        (void)snprintf(out, size, "_%s@8", name);
}

/* An entry of an OMAP: what begins at `from` begins at `to` in the other order; 0: nowhere. */
static void add_map(struct pb *b, unsigned stream, uint32_t from, uint32_t to)
{
    pb_u32(b, stream, from);
    pb_u32(b, stream, to);
}

/* Whether another function of the transcript goes on behind this one's start. */
static bool lies_inside(const struct transcript_code *code, size_t function)
{
    size_t i;

    for (i = 0; i < code->function_count; i++)
        if (code->functions[i].start < code->functions[function].start &&
            code->functions[i].end > code->functions[function].start)
            return true;
    return false;
}

/*
 * Microsoft's rpcrt4 had its code reordered after it was linked: WinDbg counted the offsets of
 * some rows in the order of the source, where functions do not overlap as they seem to here. Those
 * that lie inside another get a place of their own in the source: their first bytes and those
 * around the return address. Returns where the function begins there.
 */
static uint32_t add_moved(struct pb *b, const struct transcript_function *function, uint32_t base,
                          uint32_t source)
{
    enum { HEAD = 8, TAIL = 0x17 };
    uint32_t start = function->start - base;
    uint32_t tail = function->end - base - TAIL;

    add_map(b, PS_OMAP_TO, start, source);
    add_map(b, PS_OMAP_TO, start + HEAD, start + HEAD);
    add_map(b, PS_OMAP_TO, tail, source + (tail - start));
    add_map(b, PS_OMAP_TO, tail + TAIL, tail + TAIL);
    add_map(b, PS_OMAP_FROM, source, start);
    add_map(b, PS_OMAP_FROM, source + HEAD, 0);
    add_map(b, PS_OMAP_FROM, source + (tail - start), tail);
    add_map(b, PS_OMAP_FROM, source + (tail - start) + TAIL, 0);
    return source;
}

static void use_streams(struct ps *s)
{
    static const unsigned cleared[] = {PS_MODULES, PS_CONTRIBUTIONS, PS_PUBLICS,
                                       PS_RECORDS, PS_SECTIONS,      PS_DEBUG_HEADER};
    static const struct {
        size_t slot;
        unsigned stream;
    } used[] = {{3, PS_OMAP_TO}, {4, PS_OMAP_FROM}, {5, PS_SECTIONS}, {10, PS_ORIGINAL_SECTIONS}};
    size_t i;

    for (i = 0; i < sizeof cleared / sizeof cleared[0]; i++)
        pb_clear(s->b, cleared[i]);
    for (i = 0; i < 16; i++)
        pb_set8(s->b, PS_INFO, 12 + i, (unsigned)i + 1);
    for (i = 0; i < 11; i++)
        pb_u16(s->b, PS_DEBUG_HEADER, 0xffff);
    for (i = 0; i < sizeof used / sizeof used[0]; i++)
        pb_set16(s->b, PS_DEBUG_HEADER, 2 * used[i].slot, used[i].stream);
    pb_zeros(s->b, PS_PUBLICS, 28);
}

static uint8_t *pdb_file(const struct transcript_code *code, size_t index, size_t *size)
{
    enum { SOURCE = 0x200000, SOURCE_SIZE = 0x10000, STEP = 0x1000 };
    const uint32_t base = transcript_modules[index].base;
    uint32_t source = SOURCE;
    uint32_t count = 0;
    unsigned moved;
    struct ps s;
    uint8_t *bytes;
    size_t i;

    ps_new(&s);
    s.machine = 0x14c;
    use_streams(&s);
    ps_add_section(s.b, PS_SECTIONS, ".text", transcript_modules[index].code_size, PS_TEXT);
    ps_add_section(s.b, PS_ORIGINAL_SECTIONS, ".text", SOURCE + SOURCE_SIZE - PS_TEXT, PS_TEXT);
    add_map(s.b, PS_OMAP_TO, PS_TEXT, PS_TEXT);
    add_map(s.b, PS_OMAP_FROM, PS_TEXT, PS_TEXT);
    add_map(s.b, PS_OMAP_FROM, PS_TEXT + transcript_modules[index].code_size, 0);
    /* The public symbols' order is that of the source. */
    for (moved = 0; moved < 2; moved++) {
        for (i = 0; i < code->function_count; i++) {
            const struct transcript_function *function = &code->functions[i];
            uint32_t rva = function->start - base;
            char name[96];

            if (function->module != index || lies_inside(code, i) != (moved != 0))
                continue;
            if (moved != 0) {
                rva = add_moved(s.b, function, base, source);
                source += STEP;
            }
            decorate(function->name, name, sizeof name);
            ps_add_public(s.b, 2, rva - PS_TEXT, name);
            count++;
        }
    }
    pb_set32(s.b, PS_PUBLICS, 4, 4 * count);
    bytes = ps_finish(&s, (struct pb_layout){0, false, 0}, size);
    ps_free(&s);
    return bytes;
}

uint8_t *transcript_symbols(size_t index, char name[32], size_t *size)
{
    struct transcript_code *code;
    size_t module;
    const struct transcript_module *found = module_with_symbols(index, &module);
    uint8_t *bytes;

    if (found == NULL)
        return NULL;
    code = malloc(sizeof *code);
    if (code == NULL)
        abort();
    transcript_code(code);
    if (strcmp(found->pdb, RPCRT4_PDB) == 0) {
        (void)snprintf(name, 32, "%s", found->pdb);
        bytes = pdb_file(code, module, size);
    } else {
        (void)snprintf(name, 32, "%.*s.sym", (int)strcspn(found->pdb, "."), found->pdb);
        bytes = sym_file(code, module, size);
    }
    free(code);
    return bytes;
}
