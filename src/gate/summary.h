/* SPDX-License-Identifier: MIT */
/*
 * Records gathered into buckets: crashes with one signature are one crash. Memory grows with the
 * number of buckets, not of dumps, and the result does not depend on the order of the records.
 */
#ifndef AVD_GATE_SUMMARY_H
#define AVD_GATE_SUMMARY_H

#include "gate/gate.h"

/* How often something was seen in a bucket. */
struct avd_gate_tally {
    const char *text;
    int severity; /* findings only */
    uint64_t count;
};

/* What becomes of a bucket; policy.c decides. */
enum avd_gate_standing {
    AVD_GATE_NEW = 0,
    AVD_GATE_KNOWN,   /* in the baseline */
    AVD_GATE_ALLOWED, /* by the policy, with a reason */
    AVD_GATE_NO_CRASH /* dumps without an exception: nothing that could be new */
};
/* "new", "known", "allowed", "no-crash" */
const char *avd_gate_standing_name(enum avd_gate_standing standing);

struct avd_gate_bucket {
    const char *key; /* what tells buckets apart, stable over builds: the signature */
    bool crashed;
    const char *title;                             /* NULL: the key is */
    const char *bucket;                            /* in the style of FAILURE_BUCKET_ID; NULL */
    const char *what, *where, *followup, *process; /* of the example; NULL */
    const char *system, *stack;                    /* the same */
    const struct avd_gate_finding *advice;         /* the example's findings that say something */
    size_t advice_count;
    uint64_t count;
    int severity;        /* the worst of its findings; -1: none */
    const char *example; /* name of a dump: the one with the least content id */
    const char *example_id;
    uint32_t first_time, last_time;  /* when its dumps were written; 0: not known */
    struct avd_gate_tally *findings; /* by severity, then id */
    size_t finding_count;
    struct avd_gate_tally *versions; /* of the program, sorted by bytes */
    size_t version_count;
    /* Beyond the ceilings below, which the last in the order of the lists exceed. */
    uint64_t versions_left_out, findings_left_out;
    enum avd_gate_standing standing;
    const char *allow_reason, *allow_owner; /* AVD_GATE_ALLOWED */
    const char *verdict;                    /* why it fails the gate; NULL: it does not */
};
enum { AVD_GATE_MAX_VERSIONS = 64, AVD_GATE_MAX_FINDINGS = 256 };

/* A dump that was not analysed. */
struct avd_gate_failure {
    const char *name, *error;
    enum avd_gate_outcome outcome;
};
enum { AVD_GATE_MAX_FAILURES = 10000 }; /* listed; the rest is counted */

struct avd_gate_summary {
    struct avd_arena arena;
    struct avd_gate_bucket **buckets; /* after finish: crashes first, the most frequent first */
    size_t count, capacity;
    struct avd_gate_failure *failures; /* after finish: by name */
    size_t failure_count, failure_capacity;
    uint64_t dumps;   /* records added */
    uint64_t failed;  /* of them not analysed */
    uint64_t ignored; /* files that are no dumps */
    bool interrupted;
    /* The open hash table over `buckets`: index + 1, 0: empty. */
    uint32_t *slots;
    size_t slot_count;
};

/* What a bucket is called; never NULL. */
const char *avd_gate_title(const struct avd_gate_bucket *bucket);

void avd_gate_summary_init(struct avd_gate_summary *summary);
void avd_gate_summary_deinit(struct avd_gate_summary *summary);
/* False when out of memory. What the record points to is copied. */
bool avd_gate_summary_add(struct avd_gate_summary *summary, const struct avd_gate_record *record);
/* Sorts; nothing may be added afterwards. */
void avd_gate_summary_finish(struct avd_gate_summary *summary);

#endif
