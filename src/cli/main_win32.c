/* SPDX-License-Identifier: MIT */
/*
 * The program's entry on Windows: arguments become UTF-8, streams carry bytes, and a console is
 * told that they are UTF-8. This short because it is a platform file.
 */
#include "cli.h"

#include "base/memory.h"
#include "base/wide.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

/* Shells of Windows leave *.dmp to the program; MinGW's start-up code expands what is not
 * quoted. */
int _dowildcard = -1;

int wmain(int argc, wchar_t **wide);

/* Nobody's line ends are touched: \n is what a report has everywhere. */
static void prepare_streams(void)
{
    (void)_setmode(_fileno(stdin), _O_BINARY);
    (void)_setmode(_fileno(stdout), _O_BINARY);
    (void)_setmode(_fileno(stderr), _O_BINARY);
    (void)SetConsoleOutputCP(CP_UTF8);
}

int wmain(int argc, wchar_t **wide)
{
    char **argv = avd_mem_calloc((size_t)argc + 1, sizeof *argv);
    UINT before = GetConsoleOutputCP();
    int code = AVD_EXIT_INTERNAL;
    int i;

    prepare_streams();
    avd_cli_child_hush();
    for (i = 0; argv != NULL && i < argc; i++) {
        argv[i] = avd_wide_copy_utf8(wide[i]);
        if (argv[i] == NULL)
            break;
    }
    if (argv != NULL && i == argc)
        code = avd_cli_main(argc, argv);
    else
        fputs("avdump: out of memory\n", stderr);
    (void)fflush(stdout);
    if (before != 0) /* the console is the shell's, too */
        (void)SetConsoleOutputCP(before);
    return code;
}
