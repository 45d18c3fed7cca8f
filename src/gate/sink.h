/* SPDX-License-Identifier: MIT */
/*
 * Where outputs go: "KIND:PATH", PATH being "-" for standard output. A file appears whole or not at
 * all: it is written under another name beside its place and renamed at the end.
 */
#ifndef AVD_GATE_SINK_H
#define AVD_GATE_SINK_H

#include "gate/output.h"
#include "base/paths.h"

struct avd_gate_sink {
    const char *path;
    bool lines;                           /* "jsonl": a line per dump, as they come */
    const struct avd_gate_writer *writer; /* everything else; once, at the end */
    bool to_stdout;
    bool direct;  /* to_stdout, or a device: cannot be renamed */
    void *stream; /* direct: a FILE */
    bool open;
    struct avd_output file; /* otherwise */
    int error;              /* errno of the first failure of what is direct */
};

/* Parses "KIND:PATH" or "KIND", which is "KIND:-". False for an unknown kind. */
bool avd_gate_sink_parse(struct avd_gate_sink *sink, const char *text);

/* AVD_E_IO with the system's words; the sink is unusable then, and nothing is left of it. */
enum avd_status avd_gate_sink_open(struct avd_gate_sink *sink, struct avd_error *err);
enum avd_status avd_gate_sink_write(struct avd_gate_sink *sink, const char *bytes, size_t size,
                                    struct avd_error *err);
/* Hands what was written to the system: for a process that writes on behalf of the one that opened
 * and will close the sink. */
enum avd_status avd_gate_sink_flush(struct avd_gate_sink *sink, struct avd_error *err);
/* Puts the file in its place. */
enum avd_status avd_gate_sink_close(struct avd_gate_sink *sink, struct avd_error *err);
/* Leaves nothing behind. */
void avd_gate_sink_discard(struct avd_gate_sink *sink);

#endif
