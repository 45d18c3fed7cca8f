/* SPDX-License-Identifier: MIT */
/* A set of texts, of which hashes are kept alone. This short because it is one idea. */
#ifndef AVD_GATE_SEEN_H
#define AVD_GATE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct avd_gate_seen {
    uint64_t *hashes; /* open table, 0: empty */
    size_t count, capacity;
    bool failed; /* out of memory; sticky */
};

/* A zeroed struct is an empty set. */
void avd_gate_seen_deinit(struct avd_gate_seen *seen);
/* Whether the pair is in the set. Two pairs of a million are taken for one with a chance of one in
 * 40 million. */
bool avd_gate_seen_has(const struct avd_gate_seen *seen, const char *a, const char *b);
/* Adds the pair; false when it was in. */
bool avd_gate_seen_add(struct avd_gate_seen *seen, const char *a, const char *b);

#endif
