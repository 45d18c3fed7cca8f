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
    used = (size_t)snprintf(text, capacity,
                            "MODULE windows %s 0403020106050807090A0B0C0D0E0F103 %s\n",
                            module->x64 ? "x86_64" : "x86", module->pdb);
    for (i = 0; i < code->function_count && used < capacity - 256; i++) {
        const struct transcript_function *function = &code->functions[i];

        if (function->module == index)
            used += (size_t)snprintf(text + used, capacity - used, "FUNC %x %x 0 %s\n",
                                     (unsigned)(function->start - module->base),
                                     (unsigned)(function->end - function->start),
                                     function->name);
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

static uint8_t *pdb_file(const struct transcript_code *code, size_t index, size_t *size)
{
    static const unsigned unused[] = {PS_MODULES, PS_CONTRIBUTIONS, PS_PUBLICS, PS_RECORDS,
                                      PS_SECTIONS, PS_DEBUG_HEADER};
    const uint32_t text = transcript_modules[index].base + PS_TEXT;
    uint32_t count = 0;
    struct ps s;
    uint8_t *bytes;
    size_t i;

    ps_new(&s);
    s.machine = 0x14c;
    for (i = 0; i < sizeof unused / sizeof unused[0]; i++)
        pb_clear(s.b, unused[i]);
    for (i = 0; i < 16; i++)
        pb_set8(s.b, PS_INFO, 12 + i, (unsigned)i + 1);
    for (i = 0; i < 11; i++)
        pb_u16(s.b, PS_DEBUG_HEADER, i == 5 ? PS_SECTIONS : 0xffff);
    ps_add_section(s.b, PS_SECTIONS, ".text", transcript_modules[index].code_size, PS_TEXT);
    pb_zeros(s.b, PS_PUBLICS, 28);
    for (i = 0; i < code->function_count; i++) {
        const struct transcript_function *function = &code->functions[i];
        char name[96];

        if (function->module != index)
            continue;
        decorate(function->name, name, sizeof name);
        ps_add_public(s.b, 2, function->start - text, name);
        count++;
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
