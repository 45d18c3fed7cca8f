/* SPDX-License-Identifier: MIT */
/*
 * avdump-triagegen OUT.c TRIAGE.yaml: turns the shipped triage entries into a static table, so that
 * avdump parses no YAML when it starts. It links the loader itself, as avdump-rulegen does. Texts
 * that would need escapes in C are refused: names and reasons need none.
 */
#include "base/memory.h"
#include "rules/triage_file.h"

#include "avdump/avdump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int put_text(FILE *file, const char *text, const char *after)
{
    if (text == NULL)
        return fprintf(file, "NULL%s", after) < 0;
    if (strpbrk(text, "\"\\?\n") != NULL) {
        (void)fprintf(stderr, "avdump-triagegen: '%s' has characters that need an escape\n", text);
        return 1;
    }
    return fprintf(file, "\"%s\"%s", text, after) < 0;
}

static int put_table(FILE *file, const struct avd_triage *triage)
{
    int bad = 0;
    size_t i;

    bad |= fputs("/* SPDX-License-Identifier: MIT */\n"
                 "/* Made by avdump-triagegen from triage/triage.yaml; edit that. */\n"
                 "#include \"analyze/triage.h\"\n\n"
                 "const struct avd_triage_entry avd_shipped_triage[] = {\n",
                 file) < 0;
    for (i = 0; i < triage->count; i++) {
        const struct avd_triage_entry *entry = &triage->items[i];

        bad |= fputs("    {", file) < 0 || put_text(file, entry->module, ", ") ||
               put_text(file, entry->function, ", ") || put_text(file, entry->owner, ", ") ||
               put_text(file, entry->why, "},\n");
    }
    bad |= fprintf(file, "};\nconst size_t avd_shipped_triage_count = %zu;\n", triage->count) < 0;
    return bad;
}

int main(int argc, char **argv)
{
    struct avd_triage *triage = NULL;
    struct avd_error err = {0};
    FILE *file;
    int bad;

    if (argc != 3) {
        (void)fputs("usage: avdump-triagegen OUT.c TRIAGE.yaml\n", stderr);
        return 2;
    }
    if (avd_triage_load(argv[2], &triage, &err) != AVD_OK) {
        (void)fprintf(stderr, "avdump-triagegen: %s:%u:%u: %s\n", err.where, err.line, err.column,
                      err.message);
        return EXIT_FAILURE;
    }
    file = fopen(argv[1], "wb");
    bad = file == NULL || put_table(file, triage);
    bad |= file != NULL && fclose(file) != 0;
    avd_triage_free(triage);
    if (bad) {
        (void)fprintf(stderr, "avdump-triagegen: %s: cannot be written\n", argv[1]);
        (void)remove(argv[1]);
    }
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
