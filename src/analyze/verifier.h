/* SPDX-License-Identifier: MIT */
/*
 * What an analysis knows of Application Verifier: whether it or page heap alone watched the
 * process, and the stop that the dump stands at. What could not be recovered carries its reason.
 */
#ifndef AVD_ANALYZE_VERIFIER_H
#define AVD_ANALYZE_VERIFIER_H

#include "analyze/verifier_stops.h"

#include <stdbool.h>
#include <stddef.h>

/* One return address of a recorded stack. */
struct avd_stop_line {
    uint64_t address;
    const char *text;   /* "app!open+0x12", "<Unloaded_x.dll>+0x34" */
    const char *module; /* leaf; NULL: no module, loaded or unloaded */
    bool outside;       /* neither the verifier's, Winsock's nor the system's lowest modules' */
};

struct avd_stop_trace {
    const struct avd_stop_line *lines; /* innermost first */
    size_t count;
    size_t culprit;     /* index of the first line outside, or SIZE_MAX */
    const char *reason; /* why there are no lines, or why there may be more; NULL: neither */
};

struct avd_stop_value {
    bool known;
    uint64_t value;
    enum avd_stop_kind kind;
    const char *meaning;                /* NULL: not used, or the stop is not known */
    const char *recorded;               /* what the process's own memory calls it; NULL */
    const char *text;                   /* decoded by its kind; NULL: the value says it all */
    const char *reason;                 /* why it is not known or could not be decoded; NULL */
    const char *module;                 /* a code pointer's; NULL */
    const struct avd_stop_trace *trace; /* a stack trace's, not NULL when value is not 0 */
};

struct avd_verifier {
    const char *engine; /* "Application Verifier", "page heap", "verifier.dll alone" (neither
                           flag is set), "none" */
    bool loaded;        /* its DLLs are in the process */
    const char *const *providers; /* file names of the layers' DLLs */
    size_t provider_count;
    bool has_global_flag;
    uint32_t global_flag; /* PEB.NtGlobalFlag */

    bool stopped;           /* the dump stands at a stop; nothing below counts otherwise */
    unsigned pointer_size;  /* of the code that was stopped */
    const char *generation; /* "G1" to "G5": how the stop came about */
    const char *way;        /* the same in words */
    bool recovered;         /* the code is known */
    const char *reason;     /* why not */
    uint32_t code;
    uint32_t documented;         /* the code that the documents give; 0: none */
    const struct avd_stop *stop; /* NULL: a stop that the tables do not have */
    const char *layer, *name;    /* name: the Stop ID. NULL: not known */
    const char *headline;        /* "APPLICATION_VERIFIER_NETWORKING_..._CLOSED (e101)" */
    const char *message;         /* the stop's own text, out of the dump; NULL */
    const char *source;          /* where the code comes from */
    struct avd_stop_value values[4];
    const char *caller; /* first frame of the stack outside, as a line; NULL */
    const char *caller_module;
    const char *caller_reason; /* why it is not known or not certain; NULL */
    const char *culprit;       /* NULL: not known */
    const char *culprit_module;
    const char *culprit_source; /* "the stack", "parameter 2" */
};

#endif
