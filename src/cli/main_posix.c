/* SPDX-License-Identifier: MIT */
/* The program's entry on POSIX systems. This short because it is a platform file. */
#include "cli.h"

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    /* A reader that goes away must end in a failed write, not in a signal. */
    (void)signal(SIGPIPE, SIG_IGN);
    /* Messages are put together from pieces and must arrive as whole lines. */
    (void)setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    return avd_cli_main(argc, argv);
}
