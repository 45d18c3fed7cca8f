/* SPDX-License-Identifier: MIT */
/*
 * The tables behind exception_words.h: exception codes, fast-fail codes and the names of NTSTATUS
 * values, HRESULTs and Win32 errors. Each table is sorted by code and searched by halves.
 */
#ifndef AVD_ANALYZE_EXCEPTION_CODES_H
#define AVD_ANALYZE_EXCEPTION_CODES_H

#include "analyze/exception_words.h"

/* A code that Windows, a language runtime or a well-known program raises as an exception. */
struct avd_code_doc {
    uint32_t code;
    enum avd_exception_class class_;
    const char *name;
    const char *type; /* rust-minidump's word for it; NULL when it is the name */
    const char *meaning;
    const char *parameters[5]; /* what each is, where that does not depend on its value */
};

struct avd_fast_fail_doc {
    uint32_t code; /* the first parameter of STATUS_STACK_BUFFER_OVERRUN */
    const char *name;
    const char *meaning;
};

/* All NULL when the code is not in the table. */
const struct avd_code_doc *avd_code_find(uint32_t code);
const struct avd_fast_fail_doc *avd_fast_fail_find(uint32_t code);
/* NTSTATUS values and HRESULTs that are no exception codes of their own. */
const char *avd_ntstatus_name(uint32_t code);

/* The part of avd_exception_describe for Linux and Apple systems (exception_unix.c). *out holds
 * the defaults; false only when out of memory. */
bool avd_signal_describe(const struct avd_exception_input *in, struct avd_arena *arena,
                         struct avd_exception_words *out);
bool avd_mach_describe(const struct avd_exception_input *in, struct avd_arena *arena,
                       struct avd_exception_words *out);

#endif
