/* SPDX-License-Identifier: MIT */
/* The report's part about Application Verifier; NULL = not known, as in model.h. */
#ifndef AVD_REPORT_MODEL_VERIFIER_H
#define AVD_REPORT_MODEL_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct avd_rep_stop_line {
    uint64_t address;
    const char *text, *module;
    bool outside; /* of the verifier, Winsock and the system's lowest modules */
};

struct avd_rep_stop_value {
    bool known;
    uint64_t value;
    const char *kind;     /* static: "socket", "stack_trace" ... */
    const char *meaning;  /* NULL: the stop does not use it */
    const char *recorded; /* what the process's memory calls it */
    const char *text;     /* decoded */
    const char *reason;   /* why it is not known or not decoded */
    const struct avd_rep_stop_line *trace;
    size_t trace_count;
    size_t trace_culprit;   /* index, or AVD_NO_INDEX */
    const char *trace_note; /* why there may be more lines */
};

struct avd_rep_verifier {
    bool loaded;
    const char *engine; /* static: "Application Verifier", "page heap" ... */
    const char *const *providers;
    size_t provider_count;
    bool has_global_flag;
    uint32_t global_flag;
    bool stopped; /* nothing below counts otherwise */
    unsigned pointer_size;
    const char *generation, *way; /* static */
    bool recovered;
    const char *reason;        /* why the code is not known */
    uint32_t code, documented; /* documented 0: not in the tables */
    const char *layer, *id, *headline, *title, *message, *cause, *advice, *source;
    const char *severity, *error_report; /* static; NULL: not documented */
    int log, backtrace, one_time;        /* 1, 0, -1: not documented */
    struct avd_rep_stop_value values[4];
    const char *caller, *caller_module, *caller_note;
    const char *culprit, *culprit_module, *culprit_source;
};

#endif
