/* SPDX-License-Identifier: MIT */
/* Inside the gate: what a run and a merge share. This short because it is an interface. */
#ifndef AVD_GATE_RUN_PRIVATE_H
#define AVD_GATE_RUN_PRIVATE_H

#include "gate/json.h"
#include "gate/run.h"
#include "gate/seen.h"

/* A run on its way. */
struct avd_gate_state {
    struct avd_gate_options *options;
    struct avd_gate_summary summary;
    struct avd_gate_baseline baseline;
    struct avd_gate_seen seen; /* dumps that an earlier output holds: content id and name */
    struct avd_error err;      /* what stopped the run, if anything did */
    bool failed;
    bool bad_input;   /* because of a file of the command line */
    bool output_lost; /* an output could not be written; that was told of */
    bool try_again;   /* earlier lines of dumps that crashed or hung a worker do not count */
};

void avd_gate_state_init(struct avd_gate_state *state, struct avd_gate_options *options);
void avd_gate_state_deinit(struct avd_gate_state *state);
/* Opens all sinks; whoever fails says so in state->err. */
bool avd_gate_state_open(struct avd_gate_state *state);
/* Adds one result: its record to the summary, and both to the sinks of lines. `report` may be
 * empty. */
bool avd_gate_state_add(struct avd_gate_state *state, const struct avd_gate_record *record,
                        struct avd_view record_text, struct avd_view report);
/*
 * Adds the lines of an earlier output; a dump that is in the set `seen` is left out, and all get
 * into it. A last line that was cut off is passed over.
 */
bool avd_gate_state_add_file(struct avd_gate_state *state, const char *path);
/* Judges and writes everything. */
enum avd_gate_end avd_gate_state_finish(struct avd_gate_state *state, struct avd_error *err);

#endif
