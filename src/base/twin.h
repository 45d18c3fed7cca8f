/* SPDX-License-Identifier: MIT */
/*
 * Inside the files for Windows, which has no fork: this program started once more with its own
 * command line. A variable of the environment tells the twin that it is one, and what it is to do;
 * it comes to the same place of the program by itself. This short because it is an interface.
 */
#ifndef AVD_BASE_TWIN_H
#define AVD_BASE_TWIN_H

#include <stdbool.h>
#include <wchar.h>

enum {
    AVD_TWIN_FAILED = 4,      /* the exit code of one that was ended by avd_twin_end */
    AVD_TWIN_TEXT_UNITS = 64, /* room for the value of the variable */
    AVD_TWIN_FOR_EVER = 0     /* for avd_twin_wait */
};

/* Handles of the system; NULL: there is none. */
struct avd_twin {
    void *process;
    void *job; /* ends the process when this one ends, whatever ends it */
};

/*
 * Starts a twin with `name` = `value` in its environment. It inherits every handle that can be
 * inherited; `output`, a handle of this process, is its standard output, or this process's own when
 * NULL. An interrupt from the console is for this process, which ends its twins.
 */
bool avd_twin_start(struct avd_twin *twin, const wchar_t *name, const wchar_t *value, void *output);
/* Waits so many milliseconds for its end. True when it has ended, with its exit code. */
bool avd_twin_wait(const struct avd_twin *twin, unsigned milliseconds, unsigned long *code);
/* Ends it, whatever it does, if there is one. */
void avd_twin_end(struct avd_twin *twin);

/* In a twin: what `name` was given, in `value`; false in a process that is none. Afterwards a crash
 * ends the process without a window. */
bool avd_twin_told(const wchar_t *name, wchar_t value[AVD_TWIN_TEXT_UNITS]);

/* Whether an exit code is that of an exception: "0xc0000005". */
bool avd_twin_crashed(unsigned long code);

#endif
