/* SPDX-License-Identifier: MIT */
/* Undecorates the names on standard input, one per line, for test_undname_oracle.py. "name" as the
 * argument asks for the qualified name alone. */
#include "support/on_windows.h"
#include "symbols/undname.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 1 << 20 };

int main(int argc, char **argv)
{
    static char line[LINE_BYTES];
    enum avd_undname_form form =
        argc > 1 && strcmp(argv[1], "name") == 0 ? AVD_UNDNAME_NAME_ONLY : AVD_UNDNAME_FULL;

    avd_test_plain_streams();
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct avd_arena arena = {0};
        const char *text;

        line[strcspn(line, "\n")] = '\0';
        text = avd_undecorate(&arena, line, form, false);
        if (text == NULL || puts(text) < 0)
            return 1;
        avd_arena_deinit(&arena);
    }
    return 0;
}
