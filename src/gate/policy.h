/* SPDX-License-Identifier: MIT */
/*
 * What fails the gate: options for the common cases, a YAML file for allow lists. The file's
 * language is described in avdump(1).
 */
#ifndef AVD_GATE_POLICY_H
#define AVD_GATE_POLICY_H

#include "gate/baseline.h"
#include "gate/summary.h"

/* A bucket that may be there for a while. */
struct avd_gate_allow {
    const char *bucket;         /* pattern for a key or bucket id; NULL: any */
    const char *rule;           /* pattern for the id of one of its findings; NULL: any */
    const char *reason, *owner; /* reason is never NULL */
    uint32_t expires; /* the day's first second, unix time: valid before the end of that day; 0:
                         never */
    unsigned line;    /* in the file */
    uint64_t used;    /* buckets that it allowed */
};

struct avd_gate_policy {
    struct avd_arena arena;
    bool fail_new; /* a bucket that is neither known nor allowed */
    bool fail_unreadable;
    bool ignore_unreadable;
    int fail_severity;       /* enum avd_severity; above AVD_SEVERITY_ERROR: never */
    uint64_t fail_count;     /* more dumps than that in one bucket; 0: never */
    const char **fail_rules; /* patterns */
    size_t fail_rule_count;
    struct avd_gate_allow *allows;
    size_t allow_count;
    const char *file; /* for messages; NULL: none was read */
};

/* The default: new buckets fail. */
void avd_gate_policy_init(struct avd_gate_policy *policy);
void avd_gate_policy_deinit(struct avd_gate_policy *policy);
/*
 * Adds what `words` says: "new", "unreadable", "info", "warning", "error", "rule:PATTERN",
 * "count:N", "never", several separated by commas. False when it says nothing known; *wrong is
 * then the word and *wrong_size its length.
 */
bool avd_gate_policy_fail_on(struct avd_gate_policy *policy, const char *words, const char **wrong,
                             size_t *wrong_size);
/* The first "rule:PATTERN" that fits the id of none of `rules` (NULL: the shipped ones), so that
 * nothing could ever fail by it; NULL when each fits one. */
const char *avd_gate_policy_idle_rule(const struct avd_gate_policy *policy,
                                      const struct avd_rules *rules);
/* Adds a policy file. AVD_E_IO, AVD_E_RULE with line and column, AVD_E_NOMEM. */
enum avd_status avd_gate_policy_read(struct avd_gate_policy *policy, const char *path,
                                     struct avd_error *err);

/* What the gate says. */
struct avd_gate_verdict {
    bool fails;
    size_t new_count, known_count, allowed_count; /* buckets of crashes */
    const char **reasons;                         /* one line each; why it fails */
    size_t reason_count;
    const char **warnings; /* expired and unused allowances */
    size_t warning_count;
};

/*
 * Gives every bucket its standing and its verdict. `today`: unix seconds, for allowances that
 * expire. `baseline` may be NULL. False when out of memory; texts go into the summary's arena.
 */
bool avd_gate_judge(struct avd_gate_policy *policy, const struct avd_gate_baseline *baseline,
                    uint32_t today, struct avd_gate_summary *summary,
                    struct avd_gate_verdict *verdict);

#endif
