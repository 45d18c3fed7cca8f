/* SPDX-License-Identifier: MIT */
/*
 * Exceptions in words: the code's name and meaning, what kind of access failed, and each
 * parameter explained. Windows codes, fast-fail codes, Linux signals and Mach exceptions.
 * Sources: ntstatus.h, winnt.h, winerror.h and the published documentation of each language
 * runtime; the type names are those of rust-minidump and Breakpad.
 */
#ifndef AVD_ANALYZE_EXCEPTION_WORDS_H
#define AVD_ANALYZE_EXCEPTION_WORDS_H

#include "base/arena.h"

#include <stdint.h>

enum avd_os { AVD_OS_OTHER = 0, AVD_OS_WINDOWS, AVD_OS_LINUX, AVD_OS_MACOS };

enum avd_access { AVD_ACCESS_NONE = 0, AVD_ACCESS_READ, AVD_ACCESS_WRITE, AVD_ACCESS_EXECUTE };

/* What a code usually stands for. */
enum avd_exception_class {
    AVD_CLASS_UNKNOWN = 0,
    AVD_CLASS_CRASH,
    AVD_CLASS_FIRST_CHANCE, /* usually handled: C++, CLR, RPC codes */
    AVD_CLASS_BENIGN,       /* thread naming, debug output */
    AVD_CLASS_STARTUP,      /* a program that could not start */
    AVD_CLASS_DEBUG         /* breakpoint, single step */
};

struct avd_exception_input {
    enum avd_os os;
    bool is_64bit; /* of the code that raised it */
    uint32_t code;
    uint32_t flags;
    uint64_t address;
    unsigned parameter_count; /* at most 15 */
    const uint64_t *parameters;
};

struct avd_exception_words {
    const char *name;    /* "STATUS_ACCESS_VIOLATION"; NULL when the code is not known */
    const char *meaning; /* one sentence for a newcomer, never NULL */
    const char *type;    /* rust-minidump's crash_info.type: "SIGSEGV / SEGV_MAPERR",
                            "EXCEPTION_ACCESS_VIOLATION_READ", "0x..."; of a fast fail the
                            name alone, as Breakpad has it */
    enum avd_exception_class class_;
    enum avd_access access;
    bool has_access_address;
    uint64_t access_address; /* what the instruction wanted to touch */
    bool was_sent; /* a signal that no error of the CPU raised: the record's address is none, the
                      system keeps who sent it there */
    bool has_fast_fail;
    uint32_t fast_fail_code;
    const char *fast_fail_name; /* "FAST_FAIL_FATAL_APP_EXIT", or NULL */
    const char *parameters[15]; /* each in words: "the instruction tried to write"; never NULL
                                   below parameter_count */
};

/* Fills *out; texts live in `arena` or are static. False only when out of memory. */
bool avd_exception_describe(const struct avd_exception_input *in, struct avd_arena *arena,
                            struct avd_exception_words *out);

/* The name of an NTSTATUS, Win32 error or exception code for display next to it ("last error"), or
 * NULL. */
const char *avd_exception_code_name(uint32_t code);
const char *avd_win32_error_name(uint32_t error);
const char *avd_access_name(enum avd_access access); /* "read", "write", "execute"; "" for none */

#endif
