/* SPDX-License-Identifier: MIT */
/*
 * The stops of Application Verifier as tables: the YAML files of rules/verifier, which
 * tools/stopgen.c turns into C when avdump is built. A stop has one code or two: Microsoft's
 * documents number some layers otherwise than the verifier does (Networking 0xE001 and 0xE101), and
 * both are met.
 */
#ifndef AVD_ANALYZE_VERIFIER_STOPS_H
#define AVD_ANALYZE_VERIFIER_STOPS_H

#include <stdint.h>

/* How a parameter is to be read; the words of the YAML files in the same order (kind_names). */
enum avd_stop_kind {
    AVD_STOP_UNUSED = 0,
    AVD_STOP_RESERVED,
    AVD_STOP_VALUE,
    AVD_STOP_COUNT,           /* decimal */
    AVD_STOP_SIZE,            /* bytes */
    AVD_STOP_BYTES,           /* bytes that a call says it handled; all ones: SOCKET_ERROR */
    AVD_STOP_BYTES_REQUESTED, /* bytes that the call was asked for */
    AVD_STOP_MILLISECONDS,
    AVD_STOP_SOCKET,
    AVD_STOP_HANDLE,
    AVD_STOP_HWND,
    AVD_STOP_THREAD_ID,
    AVD_STOP_PROCESS_ID,
    AVD_STOP_STACK_TRACE, /* address of a bare array of return addresses, or 0 */
    AVD_STOP_UTF16,       /* address of a string that ends with NUL, or 0 */
    AVD_STOP_ANSI,
    AVD_STOP_MAYBE_STRING, /* one of both, or neither */
    AVD_STOP_CODE_POINTER,
    AVD_STOP_MODULE_BASE,
    AVD_STOP_ADDRESS,
    AVD_STOP_HEAP_HANDLE,
    AVD_STOP_HEAP_BLOCK,
    AVD_STOP_CRITICAL_SECTION,
    AVD_STOP_CRITICAL_SECTION_DEBUG,
    AVD_STOP_SRW_LOCK,
    AVD_STOP_EXCEPTION_RECORD,
    AVD_STOP_CONTEXT_RECORD,
    AVD_STOP_COM_POINTER,
    AVD_STOP_GUID, /* address of one */
    AVD_STOP_EXCEPTION_CODE,
    AVD_STOP_WIN32_ERROR,
    AVD_STOP_NTSTATUS,
    AVD_STOP_HRESULT,
    AVD_STOP_KIND_COUNT
};
const char *avd_stop_kind_name(enum avd_stop_kind kind); /* "stack_trace" ... */

struct avd_stop_layer {
    const char *name;     /* "Networking" */
    const char *headline; /* what a stop's name is put behind: "APPLICATION_VERIFIER_NETWORKING" */
    const char *about;    /* "use of Winsock" */
    const char *const *modules; /* the DLLs that report it; none: not known */
    unsigned module_count;
};

struct avd_stop_parameter {
    enum avd_stop_kind kind;
    const char *meaning; /* NULL: not used */
};

/* Where to look for who is to blame, in order, AVD_CULPRIT_END behind the last. */
enum avd_stop_culprit {
    AVD_CULPRIT_END = 0,
    AVD_CULPRIT_PARAMETER1,
    AVD_CULPRIT_PARAMETER2,
    AVD_CULPRIT_PARAMETER3,
    AVD_CULPRIT_PARAMETER4,
    AVD_CULPRIT_STACK
};
enum { AVD_STOP_CULPRITS = 3 };

struct avd_stop {
    const struct avd_stop_layer *layer;
    const char *name;             /* "WSA_SOCKET_ALREADY_CLOSED": the Stop ID */
    const char *title;            /* NULL: the documents give none that we keep */
    const char *cause, *advice;   /* NULL: none */
    const char *severity;         /* "error", "warning", "info"; NULL: not documented */
    const char *report;           /* "break": stops the program; "none": only logged; NULL */
    int log, backtrace, one_time; /* 1 yes, 0 no, -1 not documented */
    unsigned char culprits[AVD_STOP_CULPRITS + 1]; /* enum avd_stop_culprit */
    struct avd_stop_parameter parameters[4];
};

/* Sorted by code; a stop with two codes comes twice. */
struct avd_stop_code {
    uint32_t code;
    uint32_t documented; /* the same stop's first code: what the documents call it */
    unsigned stop;       /* index into avd_stops */
};
extern const struct avd_stop avd_stops[];
extern const unsigned avd_stop_count;
extern const struct avd_stop_code avd_stop_codes[];
extern const unsigned avd_stop_code_count;

/* NULL when the table has no such stop. `documented` may be NULL. */
const struct avd_stop *avd_stop_find(uint32_t code, uint32_t *documented);

#endif
