/* SPDX-License-Identifier: MIT */
/* The two commands: analysing dumps and judging them, and judging what was analysed before. */
#ifndef AVD_GATE_RUN_H
#define AVD_GATE_RUN_H

#include "gate/policy.h"
#include "gate/sink.h"
#include "gate/worker.h"

struct avd_gate_options {
    char *const *paths;
    size_t path_count;
    /* What is analysed, and how. */
    const struct avd_rules *rules;
    const struct avd_analyze_options *analyze;
    unsigned workers;            /* 0: one per processor */
    unsigned timeout_seconds;    /* per dump; 0: none */
    uint64_t max_memory;         /* per worker, bytes; 0: none */
    const char *const *readable; /* what confined workers may read; NULL: they are not confined */
    size_t readable_count;
    struct avd_gate_input_limits limits;
    unsigned shard, shard_count; /* shard is 1-based; shard_count 0: no shards */
    const char *resume;          /* an earlier "jsonl" output; NULL */
    int redact;                  /* leave personal data out of reports */
    /* How it is judged. */
    struct avd_gate_policy *policy;
    const char *baseline; /* NULL: none */
    bool update_baseline;
    uint32_t today; /* unix seconds */
    /* What comes out. */
    struct avd_gate_sink *sinks;
    size_t sink_count;
    const char *link_template;
    uint32_t fields; /* of issues; 0: the usual ones */
    size_t columns;  /* of the terminal that standard output is; 0: it is none */
    void (*complain)(const struct avd_error *err); /* of an output that is lost; NULL: nobody */
    /* Progress, about ten times a second; NULL: none. `share` of the inputs that was
     * handed out, 0 to 1, and `current`, a name or NULL. */
    void (*progress)(void *ctx, uint64_t done, double share, const char *current);
    void (*progress_end)(void *ctx); /* before anything is written that may share its terminal */
    void *progress_ctx;
};

enum avd_gate_end {
    AVD_GATE_PASSED = 0,
    AVD_GATE_FAILED,          /* the policy says so */
    AVD_GATE_SOME_UNREADABLE, /* passed, but some dumps could not be analysed */
    AVD_GATE_OUTPUT_LOST,     /* an output could not be written; `complain` was told */
    AVD_GATE_STOPPED,         /* interrupted: outputs hold what was done */
    AVD_GATE_BAD_INPUT,       /* err: a baseline or an earlier output cannot be read */
    AVD_GATE_ERROR            /* err: nothing was judged, or an output is missing */
};

/* Analyses the dumps in options->paths. */
enum avd_gate_end avd_gate_run(struct avd_gate_options *options, struct avd_error *err);
/* Joins "jsonl" outputs in options->paths; a dump that is in several counts once. */
enum avd_gate_end avd_gate_merge(struct avd_gate_options *options, struct avd_error *err);

#endif
