/* SPDX-License-Identifier: MIT */
/* "Did you mean": the name out of a few that a mistyped one comes closest to. */
#ifndef AVD_RULES_SUGGEST_H
#define AVD_RULES_SUGGEST_H

#include <stddef.h>

struct avd_suggestion {
    const char *typed;
    const char *best; /* NULL while nothing came close enough */
    size_t distance;
    const char *synonym; /* what other rule languages call otherwise; NULL: nothing */
    char copy[64];       /* for a candidate that does not last */
};

void avd_suggestion_init(struct avd_suggestion *suggestion, const char *typed);
void avd_suggestion_offer(struct avd_suggestion *suggestion, const char *candidate);
/* The same for a candidate that does not outlive the call. */
void avd_suggestion_offer_copy(struct avd_suggestion *suggestion, const char *candidate);

/* " (did you mean 'module'?)" in `out`, or "". Returns `out`. */
enum { AVD_SUGGESTION_SIZE = 96 };
const char *avd_suggestion_text(const struct avd_suggestion *suggestion,
                                char out[AVD_SUGGESTION_SIZE]);

#endif
