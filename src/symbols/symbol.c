/* SPDX-License-Identifier: MIT */
/* Undecorated names in place of those that symbol files and export tables hold. */
#include "symbols/symbol.h"

#include "symbols/undname.h"

#include <string.h>

static enum avd_status undecorate_inlines(struct avd_symbol *symbol, struct avd_arena *arena,
                                          bool x86)
{
    struct avd_inline *inlines;
    size_t i;

    if (symbol->inline_count == 0)
        return AVD_OK;
    inlines = avd_arena_alloc(arena, symbol->inline_count, sizeof *inlines);
    if (inlines == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < symbol->inline_count; i++) {
        inlines[i] = symbol->inlines[i];
        if (inlines[i].function == NULL)
            continue;
        inlines[i].function =
            avd_undecorate(arena, inlines[i].function, AVD_UNDNAME_NAME_ONLY, x86);
        if (inlines[i].function == NULL)
            return AVD_E_NOMEM;
    }
    symbol->inlines = inlines;
    return AVD_OK;
}

enum avd_status avd_symbol_undecorate(struct avd_symbol *symbol, struct avd_arena *arena, bool x86)
{
    const char *stored = symbol->function;
    const char *name = avd_undecorate(arena, stored, AVD_UNDNAME_NAME_ONLY, x86);

    if (name == NULL)
        return AVD_E_NOMEM;
    if (strcmp(name, stored) != 0) {
        symbol->function = name;
        symbol->decorated = stored;
    }
    return undecorate_inlines(symbol, arena, x86);
}
