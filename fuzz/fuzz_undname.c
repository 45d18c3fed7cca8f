/* SPDX-License-Identifier: MIT */
/* Undecoration: each line of the input, in both forms; what comes out is no longer than allowed. */
#include "base/limits.h"
#include "symbols/undname.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void undecorate(struct avd_arena *arena, const char *name)
{
    const char *full = avd_undecorate(arena, name, AVD_UNDNAME_FULL, false);
    const char *brief = avd_undecorate(arena, name, AVD_UNDNAME_NAME_ONLY, true);

    if (full == NULL || brief == NULL)
        abort();
    /* The longest prefix and suffix come on top; what is left as it is has the name's size. */
    if (strlen(full) > AVD_MAX_UNDNAME_OUTPUT + 64 + 4 * strlen(name) ||
        strlen(brief) > AVD_MAX_UNDNAME_OUTPUT + 64 + 4 * strlen(name))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avd_arena arena = {0};
    char *text = malloc(size + 1);
    char *line;
    char *end;

    if (text == NULL)
        return 0;
    if (size != 0)
        memcpy(text, data, size);
    text[size] = '\0';
    for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        undecorate(&arena, line);
    }
    undecorate(&arena, line);
    avd_arena_deinit(&arena);
    free(text);
    return 0;
}
