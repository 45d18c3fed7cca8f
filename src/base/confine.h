/* SPDX-License-Identifier: MIT */
/*
 * Confining a process that reads hostile input: what it may still do afterwards is read some files
 * and write to what is open already. Nothing is undone: a process confines itself once, for good,
 * so whoever wants to go on unconfined does it in a child.
 *
 * On Linux: Landlock (5.13 and later) for files, seccomp for system calls. Elsewhere nothing is
 * held, and the caller says so.
 */
#ifndef AVD_BASE_CONFINE_H
#define AVD_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum avd_confined {
    /* Files are read below the readable places only, and none is written, made, removed or run. */
    AVD_CONFINED_FILES = 1,
    /* No socket, no other process, no system call that an analysis does not need: EPERM. */
    AVD_CONFINED_CALLS = 2
};

/* What avd_confine would hold here, without doing it. */
unsigned avd_confine_available(void);

/*
 * `readable`: `count` files and folders that stay readable; what does not exist is passed over.
 * The system's folders of shared libraries stay readable too. Returns what holds from now on, a
 * set of enum avd_confined.
 */
unsigned avd_confine(const char *const *readable, size_t count);

/* Ends this process's writable memory at `bytes`: allocations fail beyond. Mapped files do not
 * count. 0 is no limit. False when the system has no such limit. */
bool avd_confine_memory(uint64_t bytes);

#endif
